//! Sums of exponentials for exponents of any size: their logarithm, with weights too, the mean of weights under their
//! softmax, and the pair of the largest exponent and the sum relative to it.

use std::f64::consts::{LN_2, LOG2_E};

use super::{Change, Columns, Form, LaneReducer, Method, Reducer, Reduction, Seen, Slope, Term};
use crate::error;
use crate::ops::{Algebra, CONCATENATE, EQUAL, EXP, EXTRACT, IF_ELSE, Lanes, Node, Value};

pub(super) const FAMILY: &[&dyn Reducer] = &[
    &Exponentials::LogSum,
    &Exponentials::LogWeightedSum,
    &Exponentials::SoftMaxMean,
    &Exponentials::MaxAndSum,
    &Exponentials::MaxAndWeightedSum,
];

/// What becomes of a sum of exponentials. A formula with weights holds the exponent first and the weights after it.
///
/// Exponents are counted in powers of two relative to an anchor, an integer that stays fixed during a block, so that
/// one exponential per pair is enough and rescaling is exact. A block whose largest exponent is far above the anchor
/// (or, while there is nothing else, far below) is computed again with a better one; that happens about once a row.
#[derive(Debug)]
enum Exponentials {
    /// The logarithm of the sum.
    LogSum,
    /// The logarithm of the sum with weights.
    LogWeightedSum,
    /// The sum with weights over the sum without.
    SoftMaxMean,
    /// The largest exponent and the sum relative to it.
    MaxAndSum,
    /// The same with weights.
    MaxAndWeightedSum,
}

/// How far exponents may leave the anchor: well inside the range of float32, whatever the length of a block.
const REACH: f64 = 64.0;

/// The places of a state: the exponent of the anchor, or the largest one; then the sum and, where there are weights,
/// the sums with them; then what gives a maximum remembers of it.
struct Parts<'a> {
    exponent: Value,
    sums: std::slice::ChunksExact<'a, Value>,
    maximum: &'a [Value],
}

impl<'a> Parts<'a> {
    fn new(state: &'a [Value], sums: usize, width: usize) -> Self {
        let (middle, maximum) = state[1..].split_at(sums * width);
        Parts { exponent: state[0], sums: middle.chunks_exact(width), maximum }
    }
}

impl Exponentials {
    /// Whether the largest exponent is a part of the result.
    fn gives_maximum(&self) -> bool {
        matches!(self, Exponentials::MaxAndSum | Exponentials::MaxAndWeightedSum)
    }

    /// How many sums there are: one without weights, and one for each of them. What gives a maximum has the exponent
    /// of the user, which is not scaled, as the last component of the prepared formula.
    fn sums(&self, form: Form<'_>) -> usize {
        form.dim - usize::from(self.gives_maximum())
    }

    fn total_parts<'a>(&self, form: Form<'_>, total: &'a [Value]) -> Parts<'a> {
        Parts::new(total, self.sums(form), form.summation.in_total())
    }
}

impl Reducer for Exponentials {
    fn name(&self) -> &'static str {
        match self {
            Exponentials::LogSum => "LogSumExp",
            Exponentials::LogWeightedSum => "LogSumExpWeight",
            Exponentials::SoftMaxMean => "SumSoftMaxWeight",
            Exponentials::MaxAndSum => "Max_SumShiftExp",
            Exponentials::MaxAndWeightedSum => "Max_SumShiftExpWeight",
        }
    }

    fn summary(&self) -> &'static str {
        match self {
            Exponentials::LogSum => "log of the sum of exponentials of a scalar formula; -inf where nothing is reduced",
            Exponentials::LogWeightedSum => {
                "log of the sum of weights times exponentials of a scalar formula, for each component of the weights"
            }
            Exponentials::SoftMaxMean => {
                "sum of weights times exponentials of a scalar formula, over the sum of the exponentials"
            }
            Exponentials::MaxAndSum => {
                "the largest value m of a scalar formula f, and the sum of exp(f - m); -inf and 0 where nothing is reduced"
            }
            Exponentials::MaxAndWeightedSum => {
                "the largest value m of a scalar formula f, and the sums of the weights times exp(f - m); -inf and 0 \
                 where nothing is reduced"
            }
        }
    }

    fn is_weighted(&self) -> bool {
        !matches!(self, Exponentials::LogSum | Exponentials::MaxAndSum)
    }

    fn adds(&self) -> bool {
        true
    }

    fn prepare(&self, algebra: &mut dyn Algebra, formula: Node) -> Result<Node, String> {
        let dim = algebra.dim(formula);
        if !self.is_weighted() && dim != 1 {
            return Err(format!("the formula has dimension {dim}; expected a scalar (dimension 1)"));
        }
        let exponent = algebra.apply(&EXTRACT, &[formula], &[0, 1]);
        let mut parts = vec![algebra.scale(LOG2_E, exponent)];
        if self.is_weighted() {
            parts.push(algebra.apply(&EXTRACT, &[formula], &[1, dim as i64 - 1]));
        }
        if self.gives_maximum() {
            parts.push(exponent);
        }
        let first = parts.remove(0);
        Ok(parts.into_iter().fold(first, |all, part| algebra.apply(&CONCATENATE, &[all, part], &[])))
    }

    fn results(&self, form: Form<'_>) -> Vec<Columns> {
        let sums = if self.is_weighted() { form.dim - 1 } else { 1 };
        vec![Columns::numbers(usize::from(self.gives_maximum()) + sums)]
    }

    fn method(&self) -> Method<'_> {
        Method::Lanes(self)
    }

    fn saved(&self, reduction: &Reduction) -> error::Result<Vec<Reduction>> {
        if self.gives_maximum() {
            return Ok(Vec::new());
        }
        let Some((exponent, _)) = &reduction.weighted else { return Ok(vec![reduction.clone()]) };
        Ok(vec![Reduction::new("LogSumExp", exponent, reduction.axis)?, reduction.clone()])
    }

    fn derivative(&self, algebra: &mut dyn Algebra, change: Change<'_>) -> Result<Slope, String> {
        if self.gives_maximum() {
            let instead = if self.is_weighted() { "LogSumExp with weights" } else { "LogSumExp" };
            return Err(format!("it gives the parts of a sum, not their value; expected {instead}"));
        }
        let mut parts = |node: Node| {
            let weights = algebra.dim(node) as i64 - 1;
            let exponent = algebra.apply(&EXTRACT, &[node], &[0, 1]);
            (exponent, self.is_weighted().then(|| algebra.apply(&EXTRACT, &[node], &[1, weights])))
        };
        let ((exponent, weights), (exponent_slope, weights_slope)) = (parts(change.formula), parts(change.slope));
        // Where all exponents are -infinity, the weight of each is 0 and not 0 over 0.
        let log_sum = change.saved[0];
        let infinity = algebra.constant(f64::INFINITY);
        let finite = where_any(algebra, log_sum, log_sum, infinity);
        let distance = algebra.subtract(exponent, finite);
        let weight = algebra.apply(&EXP, &[distance], &[]);
        let (Some(weights), Some(weights_slope)) = (weights, weights_slope) else {
            return Ok(Slope::of_all(algebra.multiply(weight, exponent_slope)));
        };
        let (zero, result) = (algebra.constant(0.0), change.saved[1]);
        let product = match self {
            Exponentials::SoftMaxMean => {
                let mean = where_any(algebra, log_sum, result, zero);
                let deviation = algebra.subtract(weights, mean);
                algebra.multiply(deviation, exponent_slope)
            }
            _ => algebra.multiply(weights, exponent_slope),
        };
        let slope = algebra.add(weights_slope, product);
        let slope = algebra.multiply(weight, slope);
        if let Exponentials::SoftMaxMean = self {
            return Ok(Slope::of_all(slope));
        }
        // One exponential per pair, whatever the number of weights.
        let excess = algebra.subtract(log_sum, result);
        let factor = algebra.apply(&EXP, &[excess], &[]);
        let factor = where_any(algebra, result, factor, zero);
        Ok(Slope::of_all(algebra.multiply(factor, slope)))
    }
}

impl LaneReducer for Exponentials {
    fn common(&self) -> Option<usize> {
        // The exponent.
        matches!(self, Exponentials::LogWeightedSum | Exponentials::SoftMaxMean).then_some(1)
    }

    fn block(&self, form: Form<'_>) -> Vec<f64> {
        let mut block = vec![f64::NEG_INFINITY];
        block.extend(vec![0.0; self.sums(form) * form.summation.in_block()]);
        block.extend(self.gives_maximum().then_some(f64::NEG_INFINITY));
        block
    }

    fn total(&self, form: Form<'_>) -> Vec<f64> {
        let mut total = vec![0.0; 1 + self.sums(form) * form.summation.in_total()];
        let maximum: &[f64] = if self.gives_maximum() { &[f64::NEG_INFINITY; 2] } else { &[] };
        total.extend(maximum);
        total
    }

    fn anchors(&self, _: Form<'_>) -> Vec<f64> {
        vec![0.0]
    }

    fn update(&self, l: &mut dyn Lanes, form: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value> {
        let (exponent, sums) = (term.formula[0], self.sums(form));
        let mut parts = Parts::new(block, sums, form.summation.in_block());
        let relative = l.subtract(exponent, term.anchors[0]);
        let power = l.exp2(relative);
        // The exponent itself is remembered: as it is used twice, it is rounded before the anchor is subtracted, and
        // the largest exponent becomes an anchor without any error, however large it is.
        let mut next = vec![l.maximum(exponent, parts.exponent)];
        if let Some(sum) = parts.sums.next() {
            next.extend(form.summation.add_term(l, sum, power));
        }
        for (&weight, sum) in term.formula[1..sums].iter().zip(parts.sums) {
            let product = l.multiply(power, weight);
            next.extend(form.summation.add_term(l, sum, product));
        }
        for (&value, &most) in term.formula[sums..].iter().zip(parts.maximum) {
            next.push(l.maximum(value, most));
        }
        next
    }

    fn lift(&self, l: &mut dyn Lanes, form: Form<'_>, block: &[Value], anchors: &[Value]) -> Vec<Value> {
        let parts = Parts::new(block, self.sums(form), form.summation.in_block());
        let mut total = vec![anchors[0]];
        total.extend(parts.sums.flat_map(|sum| form.summation.lift(l, sum)));
        if let Some(&most) = parts.maximum.first() {
            total.extend([parts.exponent, most]);
        }
        total
    }

    fn merge(&self, l: &mut dyn Lanes, form: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value> {
        let zero = l.constant(0.0);
        let far = l.constant(f64::NEG_INFINITY);
        // A total of nothing must not decide the common exponent.
        let mut weighty = |total: &[Value]| {
            let empty = l.equal(total[1], zero);
            l.select(empty, far, total[0])
        };
        let (a, b) = (weighty(first), weighty(second));
        let common = l.maximum(a, b);
        let [factor_a, factor_b] = [a, b].map(|exponent| {
            let shift = l.subtract(exponent, common);
            l.power_of_two(shift)
        });
        let [first, second] = [first, second].map(|total| self.total_parts(form, total));
        let mut merged = vec![common];
        for (a, b) in first.sums.zip(second.sums) {
            let (a, b) = (rescaled(l, a, factor_a), rescaled(l, b, factor_b));
            merged.extend(form.summation.add(l, &a, &b));
        }
        merged.extend(first.maximum.iter().zip(second.maximum).map(|(&a, &b)| l.maximum(b, a)));
        merged
    }

    fn reanchor(&self, l: &mut dyn Lanes, _: Form<'_>, seen: Seen<'_>) -> Option<(Vec<Value>, Value)> {
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

    fn finish(&self, l: &mut dyn Lanes, form: Form<'_>, total: &[Value]) -> Vec<Value> {
        let parts = self.total_parts(form, total);
        let sums: Vec<Value> = parts.sums.map(|sum| form.summation.result(l, sum)).collect();
        let wanted = if self.is_weighted() { &sums[1..] } else { &sums[..] };
        if let Exponentials::SoftMaxMean = self {
            return wanted.iter().map(|&sum| l.divide(sum, sums[0])).collect();
        }
        if let &[largest, most] = parts.maximum {
            // An infinite exponent has left its mark on the sum: 0 or infinity, which are not rescaled.
            let shift = l.subtract(parts.exponent, largest);
            let (zero, difference) = (l.constant(0.0), l.subtract(largest, largest));
            let finite = l.equal(difference, zero);
            let shift = l.select(finite, shift, zero);
            let factor = l.exp2(shift);
            return std::iter::once(most).chain(wanted.iter().map(|&sum| l.multiply(sum, factor))).collect();
        }
        let ln2 = l.constant(LN_2);
        let shift = l.multiply(parts.exponent, ln2);
        let mut result = |&sum: &Value| {
            let log = l.log(sum);
            l.add(shift, log)
        };
        wanted.iter().map(&mut result).collect()
    }
}

/// `value` where anything was added, so that the logarithm of the sum is not -infinity, and else `otherwise`.
fn where_any(f: &mut dyn Algebra, log_sum: Node, value: Node, otherwise: Node) -> Node {
    let nothing = f.constant(f64::NEG_INFINITY);
    let is_nothing = f.apply(&EQUAL, &[log_sum, nothing], &[]);
    let condition = f.minus(is_nothing);
    f.apply(&IF_ELSE, &[condition, value, otherwise], &[])
}

/// A sum and its rounding error times a power of two. Nothing stays nothing and infinity stays infinity, however far
/// apart the exponents are.
fn rescaled(l: &mut dyn Lanes, sum: &[Value], factor: Value) -> Vec<Value> {
    let (zero, infinity) = (l.constant(0.0), l.constant(f64::INFINITY));
    let size = l.absolute(sum[0]);
    let [empty, full] = [zero, infinity].map(|bound| l.equal(size, bound));
    let fixed = l.either(empty, full);
    let scaled = sum.iter().map(|&part| {
        let product = l.multiply(part, factor);
        l.select(fixed, part, product)
    });
    scaled.collect()
}
