//! What depends on which pair it is: the rows' numbers, integers that compare with them exactly, and masks.

use super::{Operation, Reading, Rule, expanded_before, no_derivative};

pub(super) const FAMILY: &[&Operation] = &[&INDEX, &INTEGER, &MASK];

/// The number of a row.
pub static INDEX: Operation = Operation {
    name: "Index",
    operands: 0,
    parameters: &["c"],
    summary: "number of the row of i where c is 0, of j where c is 1, from 0 on: text may say i and j where no variable \
              has that name; sums, differences and comparisons with other integers are exact; its derivative is 0",
    commutative: false,
    rule: Rule::Read {
        dim: |_, p| match p[0] {
            0 | 1 => Ok(1),
            c => Err(format!("parameter `c` is {c}; expected 0 (i) or 1 (j)")),
        },
        reading: Reading::Row,
    },
    derivative: no_derivative,
};

/// A variable that holds integers.
pub static INTEGER: Operation = Operation {
    name: "Integer",
    operands: 1,
    parameters: &[],
    summary: "the variable f, whose numbers have to be integers, below 2^30 in size in float32 and 2^53 in float64: \
              it compares exactly with row numbers and other integers; its derivative is 0",
    commutative: false,
    rule: Rule::Read { dim: |d, _| Ok(d[0]), reading: Reading::Variable },
    derivative: no_derivative,
};

/// A choice of pairs.
pub static MASK: Operation = Operation {
    name: "Mask",
    operands: 2,
    parameters: &[],
    summary: "f for the pairs where the scalar g is neither 0 nor NaN; the others take no part in the reduction, of which \
              this has to be the outermost operation; blocks of pairs of which g rules out all are not computed",
    commutative: false,
    rule: Rule::Outermost {
        dim: |d, _| match d[1] {
            1 => Ok(d[0]),
            wide => Err(format!("the condition has dimension {wide}; expected a scalar (dimension 1)")),
        },
    },
    derivative: expanded_before,
};
