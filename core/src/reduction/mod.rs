//! Reductions over one index, a file per family: state, update, merge, finish and derivative.
//! They are written against [`Lanes`] as operations are, and know neither tiles nor threads nor backends.

mod arg;
mod extremum;
mod log_sum_exp;
mod sum;

use std::any::{Any, TypeId};
use std::fmt::Debug;

use crate::error::{Error, ErrorKind, Result};
use crate::formula::{Category, Formula, Kind, Variable, short_enough};
use crate::ops::{Algebra, CONCATENATE, Lanes, Node, Value};

/// How values of one row are reduced.
///
/// A row is reduced in blocks. Each block starts from `block()`, takes one `update` per value, and is turned into a
/// *total* by `lift`; totals are merged in ascending order of the reduced index and `finish`ed at the end. A reducer
/// may ask for *anchors*: numbers that stay fixed during a block and are chosen from what earlier blocks have seen.
/// All of it is per lane, so every backend runs the same definition.
pub trait Reducer: Any + Debug + Send + Sync {
    /// The name in formula text, before `_Reduction`.
    fn name(&self) -> &'static str;
    /// One line of documentation.
    fn summary(&self) -> &'static str;
    /// The formula whose values are reduced in place of the user's.
    fn prepare(&self, _algebra: &mut dyn Algebra, formula: Node) -> std::result::Result<Node, String> {
        Ok(formula)
    }
    /// Whether a second formula, the weights, follows the first; their components come after it.
    fn is_weighted(&self) -> bool {
        false
    }
    /// Whether factors that do not depend on the reduced index may be multiplied after the reduction.
    fn is_linear(&self) -> bool {
        false
    }
    /// Whether the result is an index.
    fn gives_index(&self) -> bool {
        false
    }
    /// Columns of the result for a formula of this dimension.
    fn output_dim(&self, dim: usize) -> usize {
        dim
    }
    /// The state of an empty block.
    fn block(&self, dim: usize) -> Vec<f64>;
    /// The total of no value at all.
    fn total(&self, dim: usize) -> Vec<f64>;
    /// The anchors of the first block.
    fn anchors(&self, _dim: usize) -> Vec<f64> {
        Vec::new()
    }
    /// The state of a block after one more value.
    fn update(&self, l: &mut dyn Lanes, block: &[Value], term: Term<'_>) -> Vec<Value>;
    /// The state of a block as a total.
    fn lift(&self, l: &mut dyn Lanes, block: &[Value], anchors: &[Value]) -> Vec<Value>;
    /// Two totals as one. Mostly `first` comes from smaller indices, but where few rows are spread over lanes the indices
    /// of the two are interleaved: what depends on the order has to carry the index.
    fn merge(&self, l: &mut dyn Lanes, first: &[Value], second: &[Value]) -> Vec<Value>;
    /// Better anchors in view of the block that was just computed, and a mask of where it must be computed again.
    fn reanchor(&self, _l: &mut dyn Lanes, _seen: Seen<'_>) -> Option<(Vec<Value>, Value)> {
        None
    }
    /// The result of a total.
    fn finish(&self, l: &mut dyn Lanes, total: &[Value]) -> Vec<Value>;
    /// The formula whose sum, over the index that the variable does not depend on, is the gradient.
    fn derivative(&self, formula: &Formula, variable: &Formula, cotangent: &Formula) -> Result<Formula>;
}

/// What tells reducers apart. Different ones may have the same name, and those without fields the same address.
pub(crate) type Identity = (TypeId, usize);

impl dyn Reducer {
    /// What only this reducer has.
    pub(crate) fn identity(&self) -> Identity {
        ((self as &dyn Any).type_id(), std::ptr::from_ref(self).addr())
    }
}

/// One value to be reduced.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a> {
    /// The components of the formula.
    pub formula: &'a [Value],
    /// The value's position along the reduced index, an integer.
    pub index: Value,
    /// The anchors of the block.
    pub anchors: &'a [Value],
}

/// What is known after a block.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The total of the blocks before.
    pub total: &'a [Value],
    /// The state of the block.
    pub block: &'a [Value],
    /// The anchors that the block was computed with.
    pub anchors: &'a [Value],
}

/// Every reducer.
pub fn all() -> impl Iterator<Item = &'static dyn Reducer> {
    [sum::FAMILY, log_sum_exp::FAMILY, extremum::FAMILY, arg::FAMILY].into_iter().flatten().copied()
}

fn find(name: &str) -> Option<&'static dyn Reducer> {
    all().find(|reducer| reducer.name() == name)
}

/// The index that is reduced; the numbers are those of pykeops' `axis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axis {
    /// The result has a row per `j`.
    I = 0,
    /// The result has a row per `i`.
    J = 1,
}

impl Axis {
    /// The category of the variables that have a row per result row.
    pub fn kept(self) -> Category {
        match self {
            Axis::I => Category::J,
            Axis::J => Category::I,
        }
    }

    /// The category of the variables that are reduced.
    pub fn reduced(self) -> Category {
        match self {
            Axis::I => Category::I,
            Axis::J => Category::J,
        }
    }
}

/// A reduction of a formula over one index.
#[derive(Clone, Debug)]
pub struct Reduction {
    pub(crate) reducer: &'static dyn Reducer,
    pub(crate) formula: Formula,
    /// The formula and its weights, where there are any; together they are what is reduced.
    pub(crate) weighted: Option<(Formula, Formula)>,
    pub(crate) axis: Axis,
    /// Arguments that were declared, whether the formula uses them or not.
    pub(crate) declared: Vec<(Variable, usize)>,
}

impl Reduction {
    /// The reduction of this name (`"Sum"`, `"LogSumExp"` ...) of a formula over an index.
    pub fn new(name: &str, formula: &Formula, axis: Axis) -> Result<Self> {
        let reducer = find(name).ok_or_else(|| {
            let known: Vec<&str> = all().map(|r| r.name()).collect();
            let shown: String = name.chars().take(60).collect();
            Error::new(ErrorKind::UnknownName, format!("there is no reduction `{shown}`; known: {}", known.join(", ")))
        })?;
        Reduction::with_reducer(reducer, formula, axis)
    }

    /// The reduction of this name of a scalar formula with weights, which may be a vector: `"LogSumExp"` or
    /// `"SumSoftMaxWeight"`.
    pub fn with_weights(name: &str, formula: &Formula, weights: &Formula, axis: Axis) -> Result<Self> {
        let reducer = find(if name == "LogSumExp" { "LogSumExpWeight" } else { name });
        let Some(reducer) = reducer.filter(|reducer| reducer.is_weighted()) else {
            let known: Vec<&str> = all().filter(|r| r.is_weighted()).map(|r| r.name()).collect();
            let message = format!("`{name}` takes no weights; known with weights: LogSumExp, {}", known.join(", "));
            return Err(Error::new(ErrorKind::Arity, message));
        };
        if formula.dim() != 1 {
            let message =
                format!("`{name}`: the formula has dimension {}; expected a scalar (dimension 1)", formula.dim());
            return Err(Error::new(ErrorKind::Dimension, message));
        }
        let both = Formula::apply_operation(&CONCATENATE, &[formula, weights], &[])?;
        let mut reduction = Reduction::of(reducer, &both, axis)?;
        reduction.weighted = Some((formula.clone(), weights.clone()));
        Ok(reduction)
    }

    /// As [`Reduction::new`], for a reducer that need not be one of the library's, but has a name of its own.
    pub fn with_reducer(reducer: &'static dyn Reducer, formula: &Formula, axis: Axis) -> Result<Self> {
        let kind = |reducer: &'static dyn Reducer| (reducer as &dyn Any).type_id();
        if find(reducer.name()).is_some_and(|known| kind(known) != kind(reducer)) {
            return Err(Error::new(
                ErrorKind::Argument,
                format!("`{}` is a reduction of the library; expected another name", reducer.name()),
            ));
        }
        if reducer.is_weighted() {
            let message = format!("`{}` needs weights after the index that remains", reducer.name());
            return Err(Error::new(ErrorKind::Arity, message));
        }
        Reduction::of(reducer, formula, axis)
    }

    fn of(reducer: &'static dyn Reducer, formula: &Formula, axis: Axis) -> Result<Self> {
        let mut graph = (*formula.graph()).clone();
        graph.check_size()?;
        reducer
            .prepare(&mut graph, formula.root())
            .map_err(|what| Error::new(ErrorKind::Dimension, format!("`{}`: {what}", reducer.name())))?;
        let declared = formula.graph().variables().collect();
        Ok(Reduction { reducer, formula: formula.clone(), weighted: None, axis, declared })
    }

    /// The gradient of `<cotangent, result>` with respect to a variable: a sum over the index that the variable
    /// does not depend on. With respect to a parameter the result has a row for each row of this reduction's; their
    /// sum is the gradient. The cotangent has a row for each row of the result, so it may depend on variables of the
    /// index that remains and on parameters.
    pub fn gradient(&self, variable: &Formula, cotangent: &Formula) -> Result<Self> {
        let Some((found, _)) = variable.as_variable() else {
            return Err(Error::new(
                ErrorKind::Argument,
                format!("the gradient is taken with respect to {}; expected a variable", variable.shown()),
            ));
        };
        let formula = self.reducer.derivative(&self.formula, variable, cotangent)?;
        self.check_cotangent(cotangent)?;
        let axis = if found.category == self.axis.reduced() {
            if self.axis == Axis::J { Axis::I } else { Axis::J }
        } else {
            self.axis
        };
        let mut declared = self.declared.clone();
        declared.extend(formula.graph().variables());
        declared.extend(cotangent.graph().variables());
        let sum = Reduction::new("Sum", &formula, axis)?;
        Ok(Reduction { declared, ..sum })
    }

    /// A cotangent that changes along the reduced index would be multiplied into the sum as if it were a part of the
    /// formula.
    fn check_cotangent(&self, cotangent: &Formula) -> Result<()> {
        let (graph, reduced) = (cotangent.graph(), self.axis.reduced());
        for node in graph.reachable(&[cotangent.root()]) {
            match graph.entry(node).kind {
                Kind::Variable(Variable { index, category }) if category == reduced => {
                    let kept = self.axis.kept();
                    let message = format!(
                        "the cotangent {} depends on {reduced} {index}, over which the reduction runs; \
                         expected {kept}s and parameters only",
                        cotangent.shown()
                    );
                    return Err(Error::new(ErrorKind::Argument, message));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The formula that is reduced.
    pub fn formula(&self) -> &Formula {
        &self.formula
    }

    /// The index that is reduced.
    pub fn axis(&self) -> Axis {
        self.axis
    }

    /// Columns of the result.
    pub fn dim(&self) -> usize {
        self.reducer.output_dim(self.formula.dim())
    }

    /// Text that parses to the same reduction, without the arguments that were declared but are not used.
    pub fn text(&self) -> Result<String> {
        let remaining = self.axis.kept() as i32;
        if let Some((formula, weights)) = &self.weighted {
            let (formula, weights) = (formula.text()?, weights.text()?);
            return short_enough(format!("{}_Reduction({formula},{remaining},{weights})", self.reducer.name()));
        }
        short_enough(format!("{}_Reduction({},{remaining})", self.reducer.name(), self.formula.text()?))
    }
}

/// The error of a reduction whose derivative is not available.
fn no_derivative(name: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("the gradient of the reduction `{name}` is not available"))
}
