//! The sum: a block adds in the number format of the computation; totals are compensated.

use super::{Change, Form, LaneReducer, Method, Reducer, Term};
use crate::ops::{Algebra, Lanes, Node, Value};

pub(super) const FAMILY: &[&dyn Reducer] = &[&Sum];

/// The sum over the reduced index.
#[derive(Debug)]
pub(super) struct Sum;

/// The sum of `high + low` and another such pair, with the rounding error of the leading addition kept in `low`
/// (Knuth's two-sum, The Art of Computer Programming 2, section 4.2.2). Where the sum overflows or is not a number
/// the error term is dropped, so that infinity stays infinity.
pub(super) fn add_compensated(l: &mut dyn Lanes, a: [Value; 2], b: [Value; 2]) -> [Value; 2] {
    let high = l.add(a[0], b[0]);
    let b_part = l.subtract(high, a[0]);
    let a_part = l.subtract(high, b_part);
    let b_error = l.subtract(b[0], b_part);
    let a_error = l.subtract(a[0], a_part);
    let error = l.add(a_error, b_error);
    let lows = l.add(a[1], b[1]);
    let low = l.add(lows, error);
    let zero = l.constant(0.0);
    let is_number = l.equal(low, low);
    [high, l.select(is_number, low, zero)]
}

impl Reducer for Sum {
    fn name(&self) -> &'static str {
        "Sum"
    }

    fn summary(&self) -> &'static str {
        "sum; 0 where nothing is reduced"
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn method(&self) -> Method<'_> {
        Method::Lanes(self)
    }

    fn derivative(&self, _: &mut dyn Algebra, change: Change<'_>) -> Option<Node> {
        Some(change.slope)
    }
}

impl LaneReducer for Sum {
    fn block(&self, form: Form<'_>) -> Vec<f64> {
        vec![0.0; form.dim]
    }

    fn total(&self, form: Form<'_>) -> Vec<f64> {
        vec![0.0; 2 * form.dim]
    }

    fn update(&self, l: &mut dyn Lanes, _: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value> {
        block.iter().zip(term.formula).map(|(&sum, &value)| l.add(value, sum)).collect()
    }

    fn lift(&self, l: &mut dyn Lanes, _: Form<'_>, block: &[Value], _: &[Value]) -> Vec<Value> {
        let zero = l.constant(0.0);
        block.iter().flat_map(|&sum| [sum, zero]).collect()
    }

    fn merge(&self, l: &mut dyn Lanes, _: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value> {
        let pairs = first.chunks_exact(2).zip(second.chunks_exact(2));
        pairs.flat_map(|(a, b)| add_compensated(l, [a[0], a[1]], [b[0], b[1]])).collect()
    }

    fn finish(&self, l: &mut dyn Lanes, _: Form<'_>, total: &[Value]) -> Vec<Value> {
        total.chunks_exact(2).map(|pair| l.add(pair[0], pair[1])).collect()
    }
}
