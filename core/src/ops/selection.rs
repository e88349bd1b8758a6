//! The largest and smallest component of a vector, where it is, and vectors that point at a component.

use super::{Lanes, Operation, REPLICATE, Rule, Value, no_derivative};

pub(super) const FAMILY: &[&Operation] = &[&LARGEST, &SMALLEST, &PLACE_OF_LARGEST, &PLACE_OF_SMALLEST, &ONE_HOT];

/// The component that no later one beats, and its place. A NaN beats nothing and is beaten by nothing.
fn winner(components: &[f64], beats: fn(f64, f64) -> bool) -> (usize, f64) {
    let others = components.iter().copied().enumerate().skip(1);
    others.fold((0, components[0]), |best, other| if beats(other.1, best.1) { other } else { best })
}

/// The same in lanes: the winner and, as a number, its place.
fn lower_winner(l: &mut dyn Lanes, components: &[Value], largest: bool) -> (Value, Value) {
    let mut best = (components[0], l.constant(0.0));
    for (k, &component) in components.iter().enumerate().skip(1) {
        let place = l.constant(k as f64);
        let beats = if largest { l.less(best.0, component) } else { l.less(component, best.0) };
        best = (l.select(beats, component, best.0), l.select(beats, place, best.1));
    }
    best
}

/// The largest component.
pub static LARGEST: Operation = Operation {
    name: "Max",
    operands: 1,
    parameters: &[],
    summary: "largest component of f, a scalar; its derivative goes to the first of equal ones",
    commutative: false,
    rule: Rule::Vector {
        dim: |_, _| Ok(1),
        meaning: |a, _| vec![winner(a[0], |x, y| x > y).1],
        lower: |l, a, _| vec![lower_winner(l, a[0], true).0],
    },
    derivative: |f, u, _, e| {
        let dim = f.dim(u.operands[0]) as i64;
        let place = f.apply(&PLACE_OF_LARGEST, u.operands, &[]);
        let chosen = f.apply(&ONE_HOT, &[place], &[dim]);
        Some(f.multiply(e, chosen))
    },
};

/// The smallest component.
pub static SMALLEST: Operation = Operation {
    name: "Min",
    operands: 1,
    parameters: &[],
    summary: "smallest component of f, a scalar; its derivative goes to the first of equal ones",
    commutative: false,
    rule: Rule::Vector {
        dim: |_, _| Ok(1),
        meaning: |a, _| vec![winner(a[0], |x, y| x < y).1],
        lower: |l, a, _| vec![lower_winner(l, a[0], false).0],
    },
    derivative: |f, u, _, e| {
        let dim = f.dim(u.operands[0]) as i64;
        let place = f.apply(&PLACE_OF_SMALLEST, u.operands, &[]);
        let chosen = f.apply(&ONE_HOT, &[place], &[dim]);
        Some(f.multiply(e, chosen))
    },
};

/// Where the largest component is.
pub static PLACE_OF_LARGEST: Operation = Operation {
    name: "ArgMax",
    operands: 1,
    parameters: &[],
    summary: "place of the largest component of f (0-based), the first of equal ones",
    commutative: false,
    rule: Rule::Vector {
        dim: |_, _| Ok(1),
        meaning: |a, _| vec![winner(a[0], |x, y| x > y).0 as f64],
        lower: |l, a, _| vec![lower_winner(l, a[0], true).1],
    },
    derivative: no_derivative,
};

/// Where the smallest component is.
pub static PLACE_OF_SMALLEST: Operation = Operation {
    name: "ArgMin",
    operands: 1,
    parameters: &[],
    summary: "place of the smallest component of f (0-based), the first of equal ones",
    commutative: false,
    rule: Rule::Vector {
        dim: |_, _| Ok(1),
        meaning: |a, _| vec![winner(a[0], |x, y| x < y).0 as f64],
        lower: |l, a, _| vec![lower_winner(l, a[0], false).1],
    },
    derivative: no_derivative,
};

/// A vector that points at a component.
pub static ONE_HOT: Operation = Operation {
    name: "OneHot",
    operands: 1,
    parameters: &["n"],
    summary: "vector of dimension n with 1 at the place Floor(f + 0.5), and 0 elsewhere; 0 where f is out of range",
    commutative: false,
    rule: Rule::Vector {
        dim: |d, p| REPLICATE.dim(d, p),
        meaning: |a, p| (0..p[0]).map(|k| f64::from(u8::from((a[0][0] + 0.5).floor() == k as f64))).collect(),
        lower: |l, a, p| {
            let (half, zero, one) = (l.constant(0.5), l.constant(0.0), l.constant(1.0));
            let moved = l.add(a[0][0], half);
            let place = l.floor(moved);
            (0..p[0])
                .map(|k| {
                    let k = l.constant(k as f64);
                    let is_here = l.equal(place, k);
                    l.select(is_here, one, zero)
                })
                .collect()
        },
    },
    derivative: no_derivative,
};
