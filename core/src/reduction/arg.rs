//! Where the smallest and the largest value are, component by component. Ties go to the smallest index, a NaN never
//! wins, and where nothing wins the index is 0.

use super::{Change, Columns, Form, LaneReducer, Method, Reducer, Reduction, Slope, Term, winners};
use crate::error;
use crate::ops::{Algebra, Lanes, Value};

pub(super) const FAMILY: &[&dyn Reducer] = &[
    &ArgExtremum { largest: false, gives_value: false, name: "ArgMin" },
    &ArgExtremum { largest: true, gives_value: false, name: "ArgMax" },
    &ArgExtremum { largest: false, gives_value: true, name: "Min_ArgMin" },
    &ArgExtremum { largest: true, gives_value: true, name: "Max_ArgMax" },
];

/// The state holds the extreme value and its index for each component.
#[derive(Debug)]
struct ArgExtremum {
    largest: bool,
    /// Whether the values are a result too, before the indices.
    gives_value: bool,
    name: &'static str,
}

impl ArgExtremum {
    /// The mask of where `value` is strictly beyond `kept`.
    fn beyond(&self, l: &mut dyn Lanes, value: Value, kept: Value) -> Value {
        if self.largest { l.less(kept, value) } else { l.less(value, kept) }
    }
}

impl Reducer for ArgExtremum {
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        match (self.largest, self.gives_value) {
            (false, false) => {
                "index of the smallest value, the first on ties; 0 where nothing is reduced, NaN is ignored"
            }
            (true, false) => {
                "index of the largest value, the first on ties; 0 where nothing is reduced, NaN is ignored"
            }
            (false, true) => {
                "smallest value and its index, the first on ties; +inf and 0 where nothing is reduced, NaN is ignored"
            }
            (true, true) => {
                "largest value and its index, the first on ties; -inf and 0 where nothing is reduced, NaN is ignored"
            }
        }
    }

    fn results(&self, form: Form<'_>) -> Vec<Columns> {
        let values = self.gives_value.then_some(Columns::numbers(form.dim));
        values.into_iter().chain([Columns::integers(form.dim)]).collect()
    }

    fn method(&self) -> Method<'_> {
        Method::Lanes(self)
    }

    fn saved(&self, reduction: &Reduction) -> error::Result<Vec<Reduction>> {
        match self.gives_value {
            true => winners::saved(if self.largest { "ArgMax" } else { "ArgMin" }, reduction),
            false => Ok(Vec::new()),
        }
    }

    fn derivative(&self, algebra: &mut dyn Algebra, change: Change<'_>) -> Result<Slope, String> {
        match self.gives_value {
            true => Ok(winners::derivative(algebra, self.largest, change)),
            false => Err(winners::GIVES_INTEGERS.into()),
        }
    }
}

impl LaneReducer for ArgExtremum {
    fn common(&self) -> Option<usize> {
        Some(0)
    }

    fn block(&self, form: Form<'_>) -> Vec<f64> {
        let worst = if self.largest { f64::NEG_INFINITY } else { f64::INFINITY };
        [worst, 0.0].repeat(form.dim)
    }

    fn update(&self, l: &mut dyn Lanes, _: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value> {
        let mut next = Vec::with_capacity(block.len());
        for (state, &value) in block.chunks_exact(2).zip(term.formula) {
            let wins = self.beyond(l, value, state[0]);
            next.push(l.select(wins, value, state[0]));
            next.push(l.select(wins, term.index, state[1]));
        }
        next
    }

    fn merge(&self, l: &mut dyn Lanes, _: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value> {
        let mut merged = Vec::with_capacity(first.len());
        for (a, b) in first.chunks_exact(2).zip(second.chunks_exact(2)) {
            // Lanes may hold interleaved indices, so equal values are compared by index.
            let beyond = self.beyond(l, b[0], a[0]);
            let (tie, earlier) = (l.equal(a[0], b[0]), l.index_less(b[1], a[1]));
            let earlier_tie = l.both(tie, earlier);
            let wins = l.either(beyond, earlier_tie);
            merged.push(l.select(wins, b[0], a[0]));
            merged.push(l.select(wins, b[1], a[1]));
        }
        merged
    }

    fn finish(&self, _: &mut dyn Lanes, _: Form<'_>, total: &[Value]) -> Vec<Value> {
        let places = if self.gives_value { 0..2 } else { 1..2 };
        places.flat_map(|place| total.chunks_exact(2).map(move |state| state[place])).collect()
    }
}
