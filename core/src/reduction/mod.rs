//! Reductions over one index, a file per family: state, update, merge, finish and derivative.
//! They are written against [`Lanes`](crate::ops::Lanes) as operations are, and know neither tiles nor threads nor backends.

mod arg;
mod counting;
mod derivative;
mod extremum;
mod log_sum_exp;
mod nearest;
mod product;
mod reducer;
mod rows;
mod sum;
mod summation;
mod winners;

use std::any::Any;

use crate::error::{Error, ErrorKind, Result, counted};
use crate::formula::{Category, Field, Formula, Variable, short_enough};
use crate::ops::{AS_REAL, CONCATENATE, MASK};

pub(crate) use reducer::Identity;
pub use reducer::{Change, Columns, Form, LaneReducer, Method, Reducer, Seen, Slope, Term};
pub use rows::{AnyRowReducer, Candidate, Ranks, RowReducer, RowResult, RowStates, Side};
pub use summation::Summation;

/// Every reducer.
pub fn all() -> impl Iterator<Item = &'static dyn Reducer> {
    let families: [&[&'static dyn Reducer]; 7] = [
        sum::FAMILY,
        product::FAMILY,
        log_sum_exp::FAMILY,
        extremum::FAMILY,
        arg::FAMILY,
        nearest::FAMILY,
        counting::FAMILY,
    ];
    families.into_iter().flatten().copied()
}

/// Names that stand for another reduction, and whether that is so with weights only.
const ALIASES: [(&str, &str, bool); 2] =
    [("SoftMax", "SumSoftMaxWeight", false), ("LogSumExp", "LogSumExpWeight", true)];

fn find(name: &str, is_weighted: bool) -> Option<&'static dyn Reducer> {
    let alias = ALIASES.iter().find(|(alias, _, with_weights)| *alias == name && (is_weighted || !with_weights));
    let name = alias.map_or(name, |(_, name, _)| name);
    all().find(|reducer| reducer.name() == name)
}

/// How many integer parameters a reduction of the library takes, and whether it takes weights.
pub(crate) fn arity(name: &str) -> Option<(usize, bool)> {
    [true, false].iter().find_map(|&with| find(name, with)).map(|r| (r.parameters().len(), r.is_weighted()))
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

    /// The other one.
    pub fn other(self) -> Axis {
        match self {
            Axis::I => Axis::J,
            Axis::J => Axis::I,
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
    /// What is reduced: real values.
    pub(crate) formula: Formula,
    /// The formula of complex values whose real and imaginary parts are reduced.
    pub(crate) complex: Option<Formula>,
    pub(crate) parameters: Vec<i64>,
    /// The formula and its weights, where there are any; together they are what is reduced.
    pub(crate) weighted: Option<(Formula, Formula)>,
    /// Which pairs take part, if not all: those where it is neither 0 nor NaN.
    pub(crate) condition: Option<Formula>,
    pub(crate) axis: Axis,
    /// Arguments that were declared, whether the formula uses them or not.
    pub(crate) declared: Vec<(Variable, usize)>,
}

/// What a reduction takes beyond its formula.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extra<'a> {
    /// Integer parameters, such as the K of `KMin`.
    pub parameters: &'a [i64],
    /// The weights of a scalar formula, which may be a vector.
    pub weights: Option<&'a Formula>,
}

impl Reduction {
    /// The reduction of this name (`"Sum"`, `"LogSumExp"` ...) of a formula over an index.
    pub fn new(name: &str, formula: &Formula, axis: Axis) -> Result<Self> {
        Reduction::with(name, formula, Extra::default(), axis)
    }

    /// The reduction of this name of a formula with weights or parameters. `"LogSumExp"` takes weights or not.
    pub fn with(name: &str, formula: &Formula, extra: Extra<'_>, axis: Axis) -> Result<Self> {
        if extra.weights.is_some() && arity(name).is_some_and(|(_, is_weighted)| !is_weighted) {
            let known: Vec<&str> = all().filter(|r| r.is_weighted()).map(|r| r.name()).collect();
            let message = format!("`{name}` takes no weights; known with weights: LogSumExp, {}", known.join(", "));
            return Err(Error::new(ErrorKind::Arity, message));
        }
        let reducer = find(name, extra.weights.is_some()).ok_or_else(|| {
            let known: Vec<&str> = all().map(|r| r.name()).collect();
            let shown: String = name.chars().take(60).collect();
            Error::new(ErrorKind::UnknownName, format!("there is no reduction `{shown}`; known: {}", known.join(", ")))
        })?;
        Reduction::of(reducer, formula, extra, axis)
    }

    /// As [`Reduction::with`], for a reducer that need not be one of the library's, but has a name of its own.
    pub fn with_reducer(
        reducer: &'static dyn Reducer,
        formula: &Formula,
        extra: Extra<'_>,
        axis: Axis,
    ) -> Result<Self> {
        let kind = |reducer: &'static dyn Reducer| (reducer as &dyn Any).type_id();
        if find(reducer.name(), false).is_some_and(|known| kind(known) != kind(reducer)) {
            return Err(Error::new(
                ErrorKind::Argument,
                format!("`{}` is a reduction of the library; expected another name", reducer.name()),
            ));
        }
        Reduction::of(reducer, formula, extra, axis)
    }

    fn of(reducer: &'static dyn Reducer, formula: &Formula, extra: Extra<'_>, axis: Axis) -> Result<Self> {
        let name = reducer.name();
        let (names, given) = (reducer.parameters(), extra.parameters.len());
        if names.len() != given {
            let mut message = format!("`{name}` got {}; expected ", counted(given, "integer parameter"));
            message += &match names {
                [] => "none".to_owned(),
                names => format!("{}: {}", names.len(), names.join(", ")),
            };
            return Err(Error::new(ErrorKind::Arity, message));
        }
        let (formula, condition) = formula.unmasked();
        let weighted = match (reducer.is_weighted(), extra.weights) {
            (false, None) => None,
            (true, Some(weights)) => Some((formula.clone(), weights.clone())),
            (true, None) => {
                let message = format!("`{name}` needs weights after the index that remains");
                return Err(Error::new(ErrorKind::Arity, message));
            }
            (false, Some(_)) => return Err(Error::new(ErrorKind::Arity, format!("`{name}` takes no weights"))),
        };
        let dimension_error = |what| Error::new(ErrorKind::Dimension, format!("`{name}`: {what}"));
        if weighted.is_some() && formula.dim() != 1 {
            let what = format!("the formula has dimension {}; expected a scalar (dimension 1)", formula.dim());
            return Err(dimension_error(what));
        }
        if formula.field() == Field::Complex && !reducer.is_linear() {
            let what = "has no meaning for complex values; ComplexReal, ComplexAbs and AsReal make real ones of them";
            return Err(Error::new(ErrorKind::Argument, format!("`{name}` {what}")));
        }
        if extra.weights.is_some_and(|weights| weights.field() == Field::Complex) {
            let message = format!("`{name}`: the weights are complex; expected real ones");
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let complex = (formula.field() == Field::Complex).then(|| formula.clone());
        let formula = match extra.weights {
            _ if complex.is_some() => Formula::apply_operation(&AS_REAL, &[&formula], &[])?,
            Some(weights) => Formula::apply_operation(&CONCATENATE, &[&formula, weights], &[])?,
            None => formula,
        };
        let form = Form::of(formula.dim(), extra.parameters);
        reducer.check(form).map_err(|what| Error::new(ErrorKind::Argument, format!("`{name}`: {what}")))?;
        let mut graph = (*formula.graph()).clone();
        graph.check_size()?;
        reducer.prepare(&mut graph, formula.root()).map_err(dimension_error)?;
        let declared = formula.graph().variables().collect();
        let parameters = extra.parameters.to_vec();
        let reduction = Reduction { reducer, formula, complex, parameters, weighted, condition: None, axis, declared };
        match condition {
            Some(condition) => reduction.masked(&condition),
            None => Ok(reduction),
        }
    }

    /// The reduction of those pairs alone where a scalar formula is neither 0 nor NaN, as `Mask(formula, condition)` in
    /// text. All reductions may have a condition, and reductions of one pass may have different ones. A reduction that
    /// has one already is left with the pairs where both hold.
    ///
    /// Where all reductions of a pass have conditions, blocks of some 128 by 256 pairs that bounds of the row numbers and
    /// arguments rule out are not computed: a causal or banded condition, or equal labels in sorted order, costs about
    /// what the pairs do that it leaves in.
    pub fn masked(&self, condition: &Formula) -> Result<Self> {
        let condition = match &self.condition {
            None => condition.clone(),
            Some(earlier) => {
                let zero = Formula::constant(0.0);
                let holds = |f: &Formula| Formula::apply("LessThan", &[&zero, &Formula::apply("Abs", &[f], &[])?], &[]);
                Formula::apply("Mult", &[&holds(earlier)?, &holds(condition)?], &[])?
            }
        };
        // Checks the dimensions, and that the variables are the same.
        let whole = Formula::apply_operation(&MASK, &[&self.formula, &condition], &[])?;
        let mut declared = self.declared.clone();
        declared.extend(whole.graph().variables());
        Ok(Reduction { condition: Some(condition), declared, ..self.clone() })
    }

    /// What is reduced, weights included, before complex values are taken apart.
    pub(crate) fn stated(&self) -> &Formula {
        self.complex.as_ref().unwrap_or(&self.formula)
    }

    /// The formula that is reduced; where values are complex, their real and imaginary parts in turn.
    pub fn formula(&self) -> &Formula {
        &self.formula
    }

    /// Which pairs take part, if not all: those where it is neither 0 nor NaN.
    pub fn condition(&self) -> Option<&Formula> {
        self.condition.as_ref()
    }

    /// The index that is reduced.
    pub fn axis(&self) -> Axis {
        self.axis
    }

    /// The arrays of the result.
    pub fn results(&self) -> Vec<Columns> {
        let mut results = self.reducer.results(Form::of(self.formula.dim(), &self.parameters));
        results.iter_mut().for_each(|columns| columns.field = self.stated().field());
        results
    }

    /// Columns of the first array of the result.
    pub fn dim(&self) -> usize {
        self.results().first().map_or(0, |columns| columns.count)
    }

    /// Text that parses to the same reduction, without the arguments that were declared but are not used.
    pub fn text(&self) -> Result<String> {
        let formula = self.weighted.as_ref().map_or(self.stated(), |(formula, _)| formula);
        let mut arguments = vec![match &self.condition {
            Some(condition) => format!("Mask({},{})", formula.text()?, condition.text()?),
            None => formula.text()?,
        }];
        arguments.extend(self.parameters.iter().map(i64::to_string));
        arguments.push((self.axis.kept() as i32).to_string());
        if let Some((_, weights)) = &self.weighted {
            arguments.push(weights.text()?);
        }
        short_enough(format!("{}_Reduction({})", self.reducer.name(), arguments.join(",")))
    }
}
