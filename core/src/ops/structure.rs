//! Operations that move, repeat or add the components of a vector.

use super::{Lanes, Moves, Operation, Rule, Value, expanded_before};

pub(super) const FAMILY: &[&Operation] = &[
    &SUM,
    &REPLICATE,
    &CONCATENATE,
    &EXTRACT,
    &EXTRACT_TRANSPOSE,
    &ELEMENT,
    &ELEMENT_TRANSPOSE,
    &INTERLEAVE,
    &EVERY_SECOND,
];

/// The sum of the components.
pub static SUM: Operation = Operation {
    name: "Sum",
    operands: 1,
    parameters: &[],
    summary: "sum of the components of f, a scalar",
    commutative: false,
    rule: Rule::Vector {
        dim: |_, _| Ok(1),
        meaning: |a, _| vec![a[0].iter().sum()],
        lower: |l, a, _| vec![sum(l, a[0])],
    },
    derivative: |f, u, _, e| {
        let dim = f.dim(u.operands[0]);
        Some(f.replicate(e, dim))
    },
};

/// Adds from the first component on, each addition fused with the product it adds.
fn sum(l: &mut dyn Lanes, components: &[Value]) -> Value {
    let zero = l.constant(0.0);
    components.iter().copied().reduce(|total, term| l.add(term, total)).unwrap_or(zero)
}

/// A scalar as a vector.
pub static REPLICATE: Operation = Operation {
    name: "SumT",
    operands: 1,
    parameters: &["n"],
    summary: "the scalar f repeated n times",
    commutative: false,
    rule: Rule::Gather {
        dim: |d, p| match (d[0], positive(p[0], "n")?) {
            (1, n) => Ok(n),
            (d, _) => Err(format!("the operand has dimension {d}; expected a scalar (dimension 1)")),
        },
        moves: |_, p| vec![Some([0, 0]); p[0] as usize],
    },
    derivative: |f, _, _, e| Some(f.sum(e)),
};

/// Two vectors, one after the other.
pub static CONCATENATE: Operation = Operation {
    name: "Concat",
    operands: 2,
    parameters: &[],
    summary: "the components of f, then those of g",
    commutative: false,
    rule: Rule::Gather {
        dim: |d, _| d[0].checked_add(d[1]).ok_or_else(|| "the dimension overflows".into()),
        moves: |d, _| (0..2).flat_map(|k| (0..d[k]).map(move |c| Some([k, c]))).collect(),
    },
    derivative: |f, u, which, e| {
        let (first, second) = (f.dim(u.operands[0]), f.dim(u.operands[1]));
        let (start, dim) = if which == 0 { (0, first) } else { (first, second) };
        Some(f.apply(&EXTRACT, &[e], &[start as i64, dim as i64]))
    },
};

/// Consecutive components.
pub static EXTRACT: Operation = Operation {
    name: "Extract",
    operands: 1,
    parameters: &["start", "d"],
    summary: "the d components of f from position start on (0-based)",
    commutative: false,
    rule: Rule::Gather {
        dim: |d, p| {
            let (start, dim) = (position(p[0], "start")?, positive(p[1], "d")?);
            match start.checked_add(dim) {
                Some(end) if end <= d[0] => Ok(dim),
                _ => Err(format!("got {dim} components from position {start} on; the operand has dimension {}", d[0])),
            }
        },
        moves: |_, p| (p[0] as usize..).take(p[1] as usize).map(|c| Some([0, c])).collect(),
    },
    derivative: |f, u, _, e| {
        let dim = f.dim(u.operands[0]) as i64;
        Some(f.apply(&EXTRACT_TRANSPOSE, &[e], &[u.parameters[0], dim]))
    },
};

/// A vector inside a longer one.
pub static EXTRACT_TRANSPOSE: Operation = Operation {
    name: "ExtractT",
    operands: 1,
    parameters: &["start", "n"],
    summary: "a zero vector of dimension n that holds f from position start on (0-based)",
    commutative: false,
    rule: Rule::Gather {
        dim: |d, p| {
            let (start, dim) = (position(p[0], "start")?, positive(p[1], "n")?);
            match start.checked_add(d[0]) {
                Some(end) if end <= dim => Ok(dim),
                _ => Err(format!("{} components from position {start} do not fit in dimension {dim}", d[0])),
            }
        },
        moves: |d, p| {
            let mut whole = vec![None; p[1] as usize];
            (0..d[0]).for_each(|c| whole[p[0] as usize + c] = Some([0, c]));
            whole
        },
    },
    derivative: |f, u, _, e| {
        let dim = f.dim(u.operands[0]) as i64;
        Some(f.apply(&EXTRACT, &[e], &[u.parameters[0], dim]))
    },
};

/// One component.
pub static ELEMENT: Operation = Operation {
    name: "Elem",
    operands: 1,
    parameters: &["m"],
    summary: "component m of f (0-based), a scalar",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, p| {
            let (m, dim) = (position(p[0], "m")?, f.dim(a[0]));
            if m >= dim {
                return Err(format!("got position {m}; expected 0 to {} for an operand of dimension {dim}", dim - 1));
            }
            Ok(f.apply(&EXTRACT, a, &[m as i64, 1]))
        },
    },
    derivative: expanded_before,
};

/// A scalar inside a vector.
pub static ELEMENT_TRANSPOSE: Operation = Operation {
    name: "ElemT",
    operands: 1,
    parameters: &["n", "m"],
    summary: "a zero vector of dimension n that holds the scalar f at position m (0-based)",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, p| {
            let (n, m) = (positive(p[0], "n")?, position(p[1], "m")?);
            match f.dim(a[0]) {
                1 if m < n => Ok(f.apply(&EXTRACT_TRANSPOSE, a, &[m as i64, n as i64])),
                1 => Err(format!("got position {m}; expected 0 to {} for a vector of dimension {n}", n - 1)),
                d => Err(format!("the operand has dimension {d}; expected a scalar (dimension 1)")),
            }
        },
    },
    derivative: expanded_before,
};

/// Two vectors, in turn.
pub static INTERLEAVE: Operation = Operation {
    name: "Interleave",
    operands: 2,
    parameters: &[],
    summary: "the components of f and g in turn, f first",
    commutative: false,
    rule: Rule::Gather {
        dim: |d, _| match d[0] == d[1] {
            true => Ok(2 * d[0]),
            false => Err(format!("operands have dimensions {} and {}; expected equal dimensions", d[0], d[1])),
        },
        moves: |d, _| in_turn(d[0]),
    },
    derivative: |f, _, which, e| Some(f.apply(&EVERY_SECOND, &[e], &[which as i64])),
};

/// The components of two vectors of dimension `d` in turn.
pub(super) fn in_turn(d: usize) -> Moves {
    (0..d).flat_map(|c| [Some([0, c]), Some([1, c])]).collect()
}

/// Every second component.
pub static EVERY_SECOND: Operation = Operation {
    name: "EverySecond",
    operands: 1,
    parameters: &["start"],
    summary: "every second component of f from position start on, which is 0 or 1",
    commutative: false,
    rule: Rule::Gather {
        dim: |d, p| match (d[0], p[0]) {
            (d, 0 | 1) if d % 2 == 0 => Ok(d / 2),
            (_, 0 | 1) => Err(format!("the operand has dimension {}; expected an even one", d[0])),
            (_, start) => Err(format!("parameter `start` is {start}; expected 0 or 1")),
        },
        moves: |d, p| (p[0] as usize..d[0]).step_by(2).map(|c| Some([0, c])).collect(),
    },
    derivative: |f, u, _, e| {
        let dim = f.dim(e);
        let zero = f.zero(dim);
        let parts = if u.parameters[0] == 0 { [e, zero] } else { [zero, e] };
        Some(f.apply(&INTERLEAVE, &parts, &[]))
    },
};

/// Vectors beyond this dimension cannot come from a formula that makes sense.
pub(crate) const LARGEST_DIM: i64 = 1 << 20;

pub(super) fn positive(value: i64, name: &str) -> Result<usize, String> {
    match value {
        1..=LARGEST_DIM => Ok(value as usize),
        _ => Err(format!("parameter `{name}` is {value}; expected 1 to {LARGEST_DIM}")),
    }
}

pub(super) fn position(value: i64, name: &str) -> Result<usize, String> {
    match value {
        0..=LARGEST_DIM => Ok(value as usize),
        _ => Err(format!("parameter `{name}` is {value}; expected 0 to {LARGEST_DIM}")),
    }
}
