//! Soft extremes: the logarithm of a sum of exponentials, its derivative, and the alignment of two sequences by soft
//! minima.

use super::norms::SQUARED_DISTANCE;
use super::structure::{CONCATENATE, EXTRACT};
use super::{Algebra, Lanes, Node, Operation, Rule, Value, expanded_before};

pub(super) const FAMILY: &[&Operation] = &[&LOG_SUM_EXP, &SOFTMAX, &SOFT_ALIGNMENT];

/// The logarithm of the sum of exponentials.
pub static LOG_SUM_EXP: Operation = Operation {
    name: "LogSumExp",
    operands: 1,
    parameters: &[],
    summary: "log of the sum of the exponentials of the components of f, a scalar, whatever their size; -inf if all \
              are -inf, inf if one is inf, NaN if one is NaN",
    commutative: false,
    rule: Rule::Vector {
        dim: |_, _| Ok(1),
        meaning: |a, _| {
            let (shift, powers) = powers(a[0]);
            vec![shift + powers.iter().sum::<f64>().ln()]
        },
        lower: |l, a, _| {
            let (shift, _, sum) = lower_powers(l, a[0]);
            let log = l.log(sum);
            vec![l.add(shift, log)]
        },
    },
    derivative: |f, u, _, e| {
        let shares = f.apply(&SOFTMAX, u.operands, &[]);
        Some(f.multiply(e, shares))
    },
};

/// The share of each exponential in their sum.
pub static SOFTMAX: Operation = Operation {
    name: "Softmax",
    operands: 1,
    parameters: &[],
    summary: "the exponentials of the components of f over their sum, whatever their size; NaN if the largest is \
              infinite or one is NaN",
    commutative: false,
    rule: Rule::Vector {
        dim: |d, _| Ok(d[0]),
        meaning: |a, _| {
            let (_, powers) = powers(a[0]);
            let sum: f64 = powers.iter().sum();
            powers.iter().map(|power| power / sum).collect()
        },
        lower: |l, a, _| {
            let (_, powers, sum) = lower_powers(l, a[0]);
            powers.into_iter().map(|power| l.divide(power, sum)).collect()
        },
    },
    derivative: |f, u, _, e| {
        let product = f.multiply(e, u.output);
        let mean = f.sum(product);
        let rest = f.multiply(mean, u.output);
        Some(f.subtract(product, rest))
    },
};

/// The exponentials less the largest exponent, and that, or 0 where it is infinite.
fn powers(exponents: &[f64]) -> (f64, Vec<f64>) {
    let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shift = if largest.is_finite() { largest } else { 0.0 };
    (shift, exponents.iter().map(|exponent| (exponent - shift).exp()).collect())
}

/// The same in lanes, and their sum.
fn lower_powers(l: &mut dyn Lanes, exponents: &[Value]) -> (Value, Vec<Value>, Value) {
    let (zero, infinity) = (l.constant(0.0), l.constant(f64::INFINITY));
    let largest = exponents[1..].iter().fold(exponents[0], |largest, &exponent| l.maximum(exponent, largest));
    let size = l.absolute(largest);
    let is_finite = l.less(size, infinity);
    let shift = l.select(is_finite, largest, zero);
    let mut powers = Vec::new();
    for &exponent in exponents {
        let rest = l.subtract(exponent, shift);
        powers.push(l.exp(rest));
    }
    let sum = powers[1..].iter().fold(powers[0], |sum, &power| l.add(sum, power));
    (shift, powers, sum)
}

/// More cells than an alignment can be written out for.
const LARGEST_TABLE: usize = 4096;

/// The alignment of two sequences (Cuturi and Blondel, Soft-DTW: a differentiable loss function for time-series, 2017).
pub static SOFT_ALIGNMENT: Operation = Operation {
    name: "SoftDTW_SqDist",
    operands: 3,
    parameters: &[],
    summary: "soft dynamic time warping of the sequences f and g with squared differences as costs and soft minima \
              -h log(sum of exp(-cost / h)), for a scalar h above 0",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, _| {
            let [x, y, width] = [a[0], a[1], a[2]];
            let (rows, columns) = (f.dim(x), f.dim(y));
            if f.dim(width) != 1 {
                return Err(format!("the width of the minimum has dimension {}; expected 1", f.dim(width)));
            }
            if rows.saturating_mul(columns) > LARGEST_TABLE {
                return Err(format!(
                    "the sequences have {rows} and {columns} points; expected a product of at most {LARGEST_TABLE}"
                ));
            }
            let component = |f: &mut dyn Algebra, a: Node, k: usize| f.apply(&EXTRACT, &[a], &[k as i64, 1]);
            let ys: Vec<Node> = (0..columns).map(|k| component(f, y, k)).collect();
            let mut above: Vec<Node> = Vec::new();
            for k in 0..rows {
                let x = component(f, x, k);
                let mut row: Vec<Node> = Vec::new();
                for (column, &y) in ys.iter().enumerate() {
                    let cost = f.apply(&SQUARED_DISTANCE, &[x, y], &[]);
                    let before = match (row.last(), above.get(column)) {
                        (None, None) => None,
                        (Some(&one), None) | (None, Some(&one)) => Some(one),
                        (Some(&left), Some(&up)) => Some(soft_minimum(f, &[left, up, above[column - 1]], width)),
                    };
                    row.push(before.map_or(cost, |before| f.add(cost, before)));
                }
                above = row;
            }
            above.pop().ok_or_else(|| "a sequence is empty".into())
        },
    },
    derivative: expanded_before,
};

/// `-width log(sum of exp(-a / width))`
fn soft_minimum(f: &mut dyn Algebra, all: &[Node], width: Node) -> Node {
    let joined = all[1..].iter().fold(all[0], |joined, &next| f.apply(&CONCATENATE, &[joined, next], &[]));
    let scaled = f.divide(joined, width);
    let negated = f.minus(scaled);
    let log = f.apply(&LOG_SUM_EXP, &[negated], &[]);
    let product = f.multiply(width, log);
    f.minus(product)
}
