//! The arrays of the results of a pass, and what of them is reduced in plain code.

use std::ops::Range;

use crate::plan::Output;
use crate::reduction::{AnyRowReducer, Columns, Form, Method, Reducer, Summation};

/// An array of results.
#[derive(Clone, Copy, Debug)]
pub struct OutputArray {
    /// Its columns.
    pub columns: Columns,
    /// Where they come from.
    pub origin: Origin,
}

/// Where the columns of results come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Planes of the space `Output` from this one on.
    Planes(usize),
    /// The numbers or the integers of the results of a [`RowPart`], from this one on.
    Rows {
        /// Which part.
        part: usize,
        /// Position among its numbers or its integers.
        start: usize,
    },
}

/// A reduction in plain code.
#[derive(Clone, Debug)]
pub struct RowPart {
    reducer: &'static dyn Reducer,
    parameters: Vec<i64>,
    summation: Summation,
    /// The planes of the space `Values` that hold the components.
    pub planes: Range<usize>,
    /// The plane of that space that holds a mask of the pairs that take part, if not all do.
    pub mask: Option<usize>,
    /// The first of the planes of the spaces `Bound`, `Candidate` and `Chosen` that its components have.
    pub candidates: usize,
    /// Columns of all its results.
    pub columns: usize,
}

impl RowPart {
    /// The part of an output of the plan, with this many components from this plane on.
    pub(super) fn new(output: &Output, summation: Summation, [plane, candidates]: [usize; 2], dim: usize) -> Self {
        let columns = output.results.iter().map(|columns| columns.count).sum();
        let (reducer, parameters) = (output.reducer, output.parameters.clone());
        let mask = output.condition.map(|_| plane + dim);
        RowPart { reducer, parameters, summation, planes: plane..plane + dim, mask, candidates, columns }
    }

    /// The arrays of its results, as those of part number `part`.
    pub(super) fn arrays(&self, output: &Output, part: usize) -> Vec<OutputArray> {
        let mut starts = [0; 2];
        let array = |&columns: &Columns| {
            let start = &mut starts[usize::from(columns.is_integer)];
            *start += columns.count;
            OutputArray { columns, origin: Origin::Rows { part, start: *start - columns.count } }
        };
        output.results.iter().map(array).collect()
    }

    /// What it is asked to reduce.
    pub fn form(&self) -> Form<'_> {
        Form { dim: self.planes.len(), parameters: &self.parameters, summation: self.summation }
    }

    /// How it reduces; nothing for a reducer that is none of plain code.
    pub fn reducer(&self) -> Option<&dyn AnyRowReducer> {
        match self.reducer.method() {
            Method::Rows(reducer) => Some(reducer),
            Method::Lanes(_) => None,
        }
    }
}
