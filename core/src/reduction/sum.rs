//! The sum, the mean, and no sum at all.

use super::{Change, Columns, Form, LaneReducer, Method, Reducer, Reduction, Slope, Term};
use crate::error;
use crate::formula::Formula;
use crate::ops::{Algebra, Lanes, Value};

pub(super) const FAMILY: &[&dyn Reducer] = &[&Adding::Sum, &Adding::Mean, &Zero];

/// What adds values over the reduced index.
#[derive(Debug, PartialEq)]
enum Adding {
    Sum,
    /// Over the number of values, which is one more sum, of ones.
    Mean,
}

impl Adding {
    /// How many sums there are.
    fn sums(&self, form: Form<'_>) -> usize {
        form.dim + usize::from(*self == Adding::Mean)
    }
}

impl Reducer for Adding {
    fn name(&self) -> &'static str {
        match self {
            Adding::Sum => "Sum",
            Adding::Mean => "Mean",
        }
    }

    fn summary(&self) -> &'static str {
        match self {
            Adding::Sum => "sum; 0 where nothing is reduced",
            Adding::Mean => "sum over the number of pairs that are reduced; NaN where there is none",
        }
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn adds(&self) -> bool {
        true
    }

    fn method(&self) -> Method<'_> {
        Method::Lanes(self)
    }

    fn saved(&self, reduction: &Reduction) -> error::Result<Vec<Reduction>> {
        match self {
            Adding::Sum => Ok(Vec::new()),
            Adding::Mean => Ok(vec![Reduction::new("Count", &Formula::constant(1.0), reduction.axis)?]),
        }
    }

    fn derivative(&self, algebra: &mut dyn Algebra, change: Change<'_>) -> Result<Slope, String> {
        Ok(Slope::of_all(match self {
            Adding::Sum => change.slope,
            Adding::Mean => algebra.divide(change.slope, change.saved[0]),
        }))
    }
}

impl LaneReducer for Adding {
    fn common(&self) -> Option<usize> {
        (*self == Adding::Sum).then_some(0)
    }

    fn is_sum(&self, form: Form<'_>) -> bool {
        *self == Adding::Sum && form.summation.in_block() == 1
    }

    fn block(&self, form: Form<'_>) -> Vec<f64> {
        vec![0.0; form.summation.in_block() * self.sums(form)]
    }

    fn total(&self, form: Form<'_>) -> Vec<f64> {
        vec![0.0; form.summation.in_total() * self.sums(form)]
    }

    fn update(&self, l: &mut dyn Lanes, form: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value> {
        let one = l.constant(1.0);
        let terms = term.formula.iter().copied().chain([one]);
        let sums = block.chunks_exact(form.summation.in_block());
        sums.zip(terms).flat_map(|(sum, value)| form.summation.add_term(l, sum, value)).collect()
    }

    fn lift(&self, l: &mut dyn Lanes, form: Form<'_>, block: &[Value], _: &[Value]) -> Vec<Value> {
        block.chunks_exact(form.summation.in_block()).flat_map(|sum| form.summation.lift(l, sum)).collect()
    }

    fn merge(&self, l: &mut dyn Lanes, form: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value> {
        let width = form.summation.in_total();
        let pairs = first.chunks_exact(width).zip(second.chunks_exact(width));
        pairs.flat_map(|(a, b)| form.summation.add(l, a, b)).collect()
    }

    fn finish(&self, l: &mut dyn Lanes, form: Form<'_>, total: &[Value]) -> Vec<Value> {
        let sums = total.chunks_exact(form.summation.in_total());
        let mut sums: Vec<Value> = sums.map(|sum| form.summation.result(l, sum)).collect();
        if *self == Adding::Mean {
            let count = sums.split_off(form.dim)[0];
            sums.iter_mut().for_each(|sum| *sum = l.divide(*sum, count));
        }
        sums
    }
}

/// What KeOps makes of the sum of a zero formula.
#[derive(Debug)]
struct Zero;

impl Reducer for Zero {
    fn name(&self) -> &'static str {
        "Zero"
    }

    fn summary(&self) -> &'static str {
        "0 in as many columns as the formula has, whatever its values"
    }

    fn results(&self, form: Form<'_>) -> Vec<Columns> {
        vec![Columns::numbers(form.dim)]
    }

    fn method(&self) -> Method<'_> {
        Method::Lanes(self)
    }

    fn derivative(&self, algebra: &mut dyn Algebra, change: Change<'_>) -> Result<Slope, String> {
        let dim = algebra.dim(change.slope);
        Ok(Slope::of_all(algebra.zero(dim)))
    }
}

impl LaneReducer for Zero {
    fn block(&self, _: Form<'_>) -> Vec<f64> {
        Vec::new()
    }

    fn update(&self, _: &mut dyn Lanes, _: Form<'_>, _: &[Value], _: Term<'_>) -> Vec<Value> {
        Vec::new()
    }

    fn merge(&self, _: &mut dyn Lanes, _: Form<'_>, _: &[Value], _: &[Value]) -> Vec<Value> {
        Vec::new()
    }

    fn finish(&self, l: &mut dyn Lanes, form: Form<'_>, _: &[Value]) -> Vec<Value> {
        vec![l.constant(0.0); form.dim]
    }
}
