//! How many values are not zero, whether any is, and whether all are. NaN is not zero.

use super::{Change, Columns, Form, LaneReducer, Method, Reducer, Slope, Term, winners};
use crate::ops::{Algebra, Lanes, Value};

pub(super) const FAMILY: &[&dyn Reducer] = &[&Counting::Any, &Counting::All, &Counting::Count];

/// What is asked of each component. The state counts the values that decide it, in integers.
#[derive(Debug, PartialEq)]
enum Counting {
    /// Whether there is a value that is not zero.
    Any,
    /// Whether there is no zero.
    All,
    /// How many values are not zero.
    Count,
}

impl Reducer for Counting {
    fn name(&self) -> &'static str {
        match self {
            Counting::Any => "Any",
            Counting::All => "All",
            Counting::Count => "Count",
        }
    }

    fn summary(&self) -> &'static str {
        match self {
            Counting::Any => "1 if some value is not zero, else 0; NaN is not zero; 0 where nothing is reduced; int64",
            Counting::All => "1 if no value is zero, else 0; NaN is not zero; 1 where nothing is reduced; int64",
            Counting::Count => "number of values that are not zero; NaN is not zero; 0 where nothing is reduced; int64",
        }
    }

    fn results(&self, form: Form<'_>) -> Vec<Columns> {
        vec![Columns::integers(form.dim)]
    }

    fn method(&self) -> Method<'_> {
        Method::Lanes(self)
    }

    fn derivative(&self, _: &mut dyn Algebra, _: Change<'_>) -> Result<Slope, String> {
        Err(winners::GIVES_INTEGERS.into())
    }
}

impl LaneReducer for Counting {
    fn common(&self) -> Option<usize> {
        Some(0)
    }

    fn block(&self, form: Form<'_>) -> Vec<f64> {
        vec![0.0; form.dim]
    }

    fn update(&self, l: &mut dyn Lanes, _: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value> {
        let zero = l.constant(0.0);
        let [none, one] = [0, 1].map(|n| l.index_constant(n));
        let counts = block.iter().zip(term.formula).map(|(&count, &value)| {
            let is_zero = l.equal(value, zero);
            let more = if *self == Counting::All { l.select(is_zero, one, none) } else { l.select(is_zero, none, one) };
            l.index_add(count, more)
        });
        counts.collect()
    }

    fn merge(&self, l: &mut dyn Lanes, _: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value> {
        first.iter().zip(second).map(|(&a, &b)| l.index_add(a, b)).collect()
    }

    fn finish(&self, l: &mut dyn Lanes, _: Form<'_>, total: &[Value]) -> Vec<Value> {
        let [none, one] = [0, 1].map(|n| l.index_constant(n));
        let mut result = |&count: &Value| {
            let found = l.index_less(none, count);
            match self {
                Counting::Any => l.select(found, one, none),
                Counting::All => l.select(found, none, one),
                Counting::Count => count,
            }
        };
        total.iter().map(&mut result).collect()
    }
}
