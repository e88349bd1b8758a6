//! The logarithm of a sum of exponentials, for exponents of any size.

use std::f64::consts::{LN_2, LOG2_E};

use super::sum::add_compensated;
use super::{Reducer, Seen, Term, no_derivative};
use crate::error::Result;
use crate::formula::Formula;
use crate::ops::{Algebra, Lanes, Node, Value};

pub(super) const FAMILY: &[&dyn Reducer] = &[&LogSumExp];

/// Exponents are counted in powers of two relative to an anchor, an integer that stays fixed during a block, so that
/// one exponential per pair is enough and rescaling is exact. A block whose largest exponent is far above the anchor
/// (or, while there is nothing else, far below) is computed again with a better one; that happens about once a row.
#[derive(Debug)]
struct LogSumExp;

/// How far exponents may leave the anchor: well inside the range of float32, whatever the length of a block.
const REACH: f64 = 64.0;

impl Reducer for LogSumExp {
    fn name(&self) -> &'static str {
        "LogSumExp"
    }

    fn summary(&self) -> &'static str {
        "log of the sum of exponentials of a scalar formula; -inf where nothing is reduced"
    }

    fn prepare(&self, algebra: &mut dyn Algebra, formula: Node) -> std::result::Result<Node, String> {
        match algebra.dim(formula) {
            1 => Ok(algebra.scale(LOG2_E, formula)),
            dim => Err(format!("the formula has dimension {dim}; expected a scalar (dimension 1)")),
        }
    }

    fn block(&self, _: usize) -> Vec<f64> {
        vec![f64::NEG_INFINITY, 0.0]
    }

    fn total(&self, _: usize) -> Vec<f64> {
        vec![0.0; 3]
    }

    fn anchors(&self, _: usize) -> Vec<f64> {
        vec![0.0]
    }

    fn update(&self, l: &mut dyn Lanes, block: &[Value], term: Term<'_>) -> Vec<Value> {
        let exponent = term.formula[0];
        let relative = l.subtract(exponent, term.anchors[0]);
        let power = l.exp2(relative);
        // The exponent itself is remembered: as it is used twice, it is rounded before the anchor is subtracted, and
        // the largest exponent becomes an anchor without any error, however large it is.
        vec![l.maximum(exponent, block[0]), l.add(power, block[1])]
    }

    fn lift(&self, l: &mut dyn Lanes, block: &[Value], anchors: &[Value]) -> Vec<Value> {
        vec![anchors[0], block[1], l.constant(0.0)]
    }

    fn merge(&self, l: &mut dyn Lanes, first: &[Value], second: &[Value]) -> Vec<Value> {
        let (zero, infinity) = (l.constant(0.0), l.constant(f64::INFINITY));
        let far = l.constant(f64::NEG_INFINITY);
        // A total of nothing must not decide the common exponent.
        let mut weighty = |total: &[Value]| {
            let empty = l.equal(total[1], zero);
            l.select(empty, far, total[0])
        };
        let (a, b) = (weighty(first), weighty(second));
        let common = l.maximum(a, b);
        let mut rescaled = |exponent: Value, total: &[Value]| {
            let shift = l.subtract(exponent, common);
            let factor = l.power_of_two(shift);
            // Nothing stays nothing and infinity stays infinity, however far apart the exponents are.
            let [empty, full] = [zero, infinity].map(|bound| l.equal(total[1], bound));
            let fixed = l.either(empty, full);
            [total[1], total[2]].map(|part| {
                let product = l.multiply(part, factor);
                l.select(fixed, part, product)
            })
        };
        let (a, b) = (rescaled(a, first), rescaled(b, second));
        let [high, low] = add_compensated(l, a, b);
        vec![common, high, low]
    }

    fn reanchor(&self, l: &mut dyn Lanes, seen: Seen<'_>) -> Option<(Vec<Value>, Value)> {
        let (zero, reach, back) = (l.constant(0.0), l.constant(REACH), l.constant(-REACH));
        let largest = seen.block[0];
        let relative = l.subtract(largest, seen.anchors[0]);
        let above = l.less(reach, relative);
        let below = l.less(relative, back);
        let nothing_yet = l.equal(seen.total[1], zero);
        let below = l.both(below, nothing_yet);
        let far = l.either(above, below);
        // An infinite exponent is told by its power, which is 0 or infinite with any anchor.
        let difference = l.subtract(largest, largest);
        let finite = l.equal(difference, zero);
        let again = l.both(far, finite);
        let whole = l.floor(largest);
        let anchor = l.select(again, whole, seen.anchors[0]);
        Some((vec![anchor], again))
    }

    fn finish(&self, l: &mut dyn Lanes, total: &[Value]) -> Vec<Value> {
        let sum = l.add(total[1], total[2]);
        let log = l.log(sum);
        let ln2 = l.constant(LN_2);
        let shift = l.multiply(total[0], ln2);
        vec![l.add(shift, log)]
    }

    fn derivative(&self, _: &Formula, _: &Formula, _: &Formula) -> Result<Formula> {
        Err(no_derivative(self.name()))
    }
}
