//! Angles: the tangent, inverse trigonometric functions and the cardinal sine.

use super::powers::{INVERSE, RECIPROCAL_SQUARE_ROOT};
use super::structure::LARGEST_DIM;
use super::{Algebra, Lanes, Node, Operation, Rule, Value, expanded_before};

pub(super) const FAMILY: &[&Operation] =
    &[&TANGENT, &ARC_SINE, &ARC_COSINE, &ARC_TANGENT, &ANGLE, &CARDINAL_SINE, &SPHERICAL_BESSEL];

/// `1 / sqrt(1 - f^2)`; 0 at -1 and 1.
fn slope_of_arcs(f: &mut dyn Algebra, a: Node) -> Node {
    let one = f.constant(1.0);
    let square = f.square(a);
    let rest = f.subtract(one, square);
    f.apply(&RECIPROCAL_SQUARE_ROOT, &[rest], &[])
}

/// `sqrt(1 - a^2)`
fn other_leg(l: &mut dyn Lanes, a: Value) -> Value {
    let one = l.constant(1.0);
    let (below, above) = (l.subtract(one, a), l.add(one, a));
    let product = l.multiply(below, above);
    l.square_root(product)
}

/// The tangent.
pub static TANGENT: Operation = Operation {
    name: "Tan",
    operands: 1,
    parameters: &[],
    summary: "tangent of an angle in radians",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| a[0].tan(),
        lower: |l, a, _| {
            let (sine, cosine) = (l.sin(a[0]), l.cos(a[0]));
            l.divide(sine, cosine)
        },
    },
    derivative: |f, u, _, e| {
        let (one, square) = (f.constant(1.0), f.square(u.output));
        let slope = f.add(one, square);
        Some(f.multiply(e, slope))
    },
};

/// The arcsine.
pub static ARC_SINE: Operation = Operation {
    name: "Asin",
    operands: 1,
    parameters: &[],
    summary: "arcsine, NaN beyond -1 and 1; its derivative at -1 and 1 is 0, as KeOps has it",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| a[0].asin(),
        lower: |l, a, _| {
            let leg = other_leg(l, a[0]);
            l.arc_tangent(a[0], leg)
        },
    },
    derivative: |f, u, _, e| {
        let slope = slope_of_arcs(f, u.operands[0]);
        Some(f.multiply(e, slope))
    },
};

/// The arccosine.
pub static ARC_COSINE: Operation = Operation {
    name: "Acos",
    operands: 1,
    parameters: &[],
    summary: "arccosine, NaN beyond -1 and 1; its derivative at -1 and 1 is 0, as KeOps has it",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| a[0].acos(),
        lower: |l, a, _| {
            let leg = other_leg(l, a[0]);
            l.arc_tangent(leg, a[0])
        },
    },
    derivative: |f, u, _, e| {
        let slope = slope_of_arcs(f, u.operands[0]);
        let product = f.multiply(e, slope);
        Some(f.minus(product))
    },
};

/// The arctangent.
pub static ARC_TANGENT: Operation = Operation {
    name: "Atan",
    operands: 1,
    parameters: &[],
    summary: "arctangent",
    commutative: false,
    rule: Rule::Elementwise {
        meaning: |a, _| a[0].atan(),
        lower: |l, a, _| {
            let one = l.constant(1.0);
            l.arc_tangent(a[0], one)
        },
    },
    derivative: |f, u, _, e| {
        let one = f.constant(1.0);
        let square = f.square(u.operands[0]);
        let denominator = f.add(one, square);
        Some(f.divide(e, denominator))
    },
};

/// The angle of a point.
pub static ANGLE: Operation = Operation {
    name: "Atan2",
    operands: 2,
    parameters: &[],
    summary: "angle of the point (g, f), from -pi to pi; its derivative at the origin is NaN",
    commutative: false,
    rule: Rule::Elementwise { meaning: |a, _| a[0].atan2(a[1]), lower: |l, a, _| l.arc_tangent(a[0], a[1]) },
    derivative: |f, u, which, e| {
        let [y, x] = [u.operands[0], u.operands[1]];
        let (first, second) = (f.square(x), f.square(y));
        let square = f.add(first, second);
        let inverse = f.apply(&INVERSE, &[square], &[]);
        let factor = if which == 0 { x } else { f.minus(y) };
        let slope = f.multiply(factor, inverse);
        Some(f.multiply(e, slope))
    },
};

/// The cardinal sine.
pub static CARDINAL_SINE: Operation = Operation {
    name: "SinXDivX",
    operands: 1,
    parameters: &[],
    summary: "sin(f) / f, and 1 at 0; its derivative at 0 is 0",
    commutative: false,
    rule: Rule::Shorthand { build: |f, a, _| Ok(f.apply(&SPHERICAL_BESSEL, a, &[0])) },
    derivative: expanded_before,
};

/// The derivatives of the cardinal sine are sums of these, without a quotient that loses its digits next to 0 (NIST
/// Digital Library of Mathematical Functions, 10.49 and 10.51).
pub static SPHERICAL_BESSEL: Operation = Operation {
    name: "SphericalBesselJ",
    operands: 1,
    parameters: &["n"],
    summary: "spherical Bessel function of the first kind of order n",
    commutative: false,
    rule: Rule::Vector {
        dim: |d, p| super::structure::position(p[0], "n").map(|_| d[0]),
        meaning: |a, p| a[0].iter().map(|&x| meaning_of_bessel(x, p[0] as usize)).collect(),
        lower: |l, a, p| a[0].iter().map(|&x| lower_bessel(l, x, p[0] as usize)).collect(),
    },
    derivative: |f, u, _, e| {
        let n = u.parameters[0];
        if n == 0 {
            let next = f.apply(&SPHERICAL_BESSEL, u.operands, &[1]);
            let product = f.multiply(e, next);
            return Some(f.minus(product));
        }
        let all = (2 * n + 1) as f64;
        let (before, after) = (
            f.apply(&SPHERICAL_BESSEL, u.operands, &[n - 1]),
            f.apply(&SPHERICAL_BESSEL, u.operands, &[(n + 1).min(LARGEST_DIM)]),
        );
        let (left, right) = (f.scale(n as f64 / all, before), f.scale((n + 1) as f64 / all, after));
        let slope = f.subtract(left, right);
        Some(f.multiply(e, slope))
    },
};

/// Where the ascending series is better than the recurrence that starts with sine and cosine.
fn series_end(n: usize) -> f64 {
    1.0 + 0.9 * n as f64
}

/// The coefficients of `x^n (c0 + c1 x^2 + ...)`.
fn series(n: usize) -> Vec<f64> {
    let mut coefficient = (0..n).fold(1.0, |c, k| c / (2 * k + 3) as f64);
    let end = series_end(n);
    let (mut coefficients, mut size) = (Vec::new(), 1.0);
    while size > 1e-18 {
        coefficients.push(coefficient);
        let k = coefficients.len();
        let step = 1.0 / (2 * k * (2 * (n + k) + 1)) as f64;
        coefficient *= -step;
        size *= step * end * end;
    }
    coefficients
}

fn meaning_of_bessel(x: f64, n: usize) -> f64 {
    if x.abs() < series_end(n) {
        return x.powi(n as i32) * series(n).iter().rev().fold(0.0, |sum, c| sum * x * x + c);
    }
    let (mut before, mut value) = (x.cos() / x, x.sin() / x);
    for k in 0..n {
        (before, value) = (value, (2 * k + 1) as f64 / x * value - before);
    }
    value
}

fn lower_bessel(l: &mut dyn Lanes, x: Value, n: usize) -> Value {
    let square = l.multiply(x, x);
    let coefficients: Vec<Value> = series(n).into_iter().map(|c| l.constant(c)).collect();
    let mut near = l.constant(0.0);
    for (k, &coefficient) in coefficients.iter().rev().enumerate() {
        let product = l.multiply(near, square);
        near = if k == 0 { coefficient } else { l.add(product, coefficient) };
    }
    for _ in 0..n {
        near = l.multiply(near, x);
    }
    let one = l.constant(1.0);
    let (sine, cosine, inverse) = (l.sin(x), l.cos(x), l.divide(one, x));
    let (mut before, mut value) = (l.multiply(cosine, inverse), l.multiply(sine, inverse));
    for k in 0..n {
        let factor = l.constant((2 * k + 1) as f64);
        let factor = l.multiply(factor, inverse);
        let product = l.multiply(factor, value);
        (before, value) = (value, l.subtract(product, before));
    }
    let (end, size) = (l.constant(series_end(n)), l.absolute(x));
    let is_near = l.less(size, end);
    l.select(is_near, near, value)
}
