//! A reducer of those pairs alone where a mask is set, whatever the reducer is.

use super::builder::Builder;
use crate::ops::{Lanes, Value};
use crate::reduction::{Form, LaneReducer, Term};

/// How one result is reduced.
pub(super) struct Masked {
    pub(super) reducer: &'static dyn LaneReducer,
    /// Which pairs take part, if not all.
    pub(super) mask: Option<Value>,
    /// Whether the state ends with a mask of whether any pair took part: a factor that multiplies the result elsewhere
    /// may not be finite, and does not belong to a row without pairs.
    pub(super) tells_nothing: bool,
}

impl Masked {
    /// A state of the reducer, and that nothing was seen.
    fn state(&self, mut state: Vec<f64>) -> Vec<f64> {
        state.extend(self.tells_nothing.then_some(0.0));
        state
    }

    pub(super) fn block(&self, form: Form<'_>) -> Vec<f64> {
        self.state(self.reducer.block(form))
    }

    pub(super) fn total(&self, form: Form<'_>) -> Vec<f64> {
        self.state(self.reducer.total(form))
    }

    /// The state of the reducer, and the mask after it.
    pub(super) fn split<'a>(&self, state: &'a [Value]) -> (&'a [Value], Option<Value>) {
        match state {
            [own @ .., seen] if self.tells_nothing => (own, Some(*seen)),
            own => (own, None),
        }
    }

    pub(super) fn update(&self, b: &mut Builder, form: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value> {
        let (own, seen) = self.split(block);
        let next = self.reducer.update(b, form, own, term);
        let Some(mask) = self.mask else { return next };
        let mut next: Vec<Value> = next.iter().zip(own).map(|(&new, &old)| b.select(mask, new, old)).collect();
        next.extend(seen.map(|seen| b.either(seen, mask)));
        next
    }

    pub(super) fn lift(&self, b: &mut Builder, form: Form<'_>, block: &[Value], anchors: &[Value]) -> Vec<Value> {
        let (own, seen) = self.split(block);
        let mut lifted = self.reducer.lift(b, form, own, anchors);
        lifted.extend(seen);
        lifted
    }

    pub(super) fn merge(&self, b: &mut Builder, form: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value> {
        let ((first, seen), (second, also_seen)) = (self.split(first), self.split(second));
        let mut merged = self.reducer.merge(b, form, first, second);
        merged.extend(seen.zip(also_seen).map(|(seen, also_seen)| b.either(seen, also_seen)));
        merged
    }

    /// A result times what multiplies it elsewhere, for rows that `any` pair has taken part in.
    pub(super) fn product(&self, b: &mut Builder, any: Option<Value>, result: Value, outer: Value) -> Value {
        let product = b.multiply(result, outer);
        any.map_or(product, |any| b.select(any, product, result))
    }
}
