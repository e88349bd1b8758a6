//! The smallest and the largest value, component by component. A NaN never wins.

use super::{Change, Form, LaneReducer, Method, Reducer, Reduction, Slope, Term, winners};
use crate::error;
use crate::ops::{Algebra, Lanes, Value};

pub(super) const FAMILY: &[&dyn Reducer] =
    &[&Extremum { largest: false, name: "Min" }, &Extremum { largest: true, name: "Max" }];

#[derive(Debug)]
struct Extremum {
    largest: bool,
    name: &'static str,
}

impl Extremum {
    /// The extreme one; `kept` where they are equal or `value` is NaN.
    fn choose(&self, l: &mut dyn Lanes, value: Value, kept: Value) -> Value {
        if self.largest { l.maximum(value, kept) } else { l.minimum(value, kept) }
    }
}

impl Reducer for Extremum {
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        match self.largest {
            false => "smallest value; +inf where nothing is reduced, NaN is ignored",
            true => "largest value; -inf where nothing is reduced, NaN is ignored",
        }
    }

    fn method(&self) -> Method<'_> {
        Method::Lanes(self)
    }

    fn saved(&self, reduction: &Reduction) -> error::Result<Vec<Reduction>> {
        winners::saved(if self.largest { "ArgMax" } else { "ArgMin" }, reduction)
    }

    fn derivative(&self, algebra: &mut dyn Algebra, change: Change<'_>) -> Result<Slope, String> {
        Ok(winners::derivative(algebra, self.largest, change))
    }
}

impl LaneReducer for Extremum {
    fn common(&self) -> Option<usize> {
        Some(0)
    }

    fn block(&self, form: Form<'_>) -> Vec<f64> {
        vec![if self.largest { f64::NEG_INFINITY } else { f64::INFINITY }; form.dim]
    }

    fn update(&self, l: &mut dyn Lanes, _: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value> {
        block.iter().zip(term.formula).map(|(&kept, &value)| self.choose(l, value, kept)).collect()
    }

    fn merge(&self, l: &mut dyn Lanes, _: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value> {
        first.iter().zip(second).map(|(&a, &b)| self.choose(l, b, a)).collect()
    }
}
