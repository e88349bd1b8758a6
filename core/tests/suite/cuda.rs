//! The source of kernels for GPUs, run on the processor and compared with the oracle.

use crate::support::case::Case;
use crate::support::check::assert_right;
use crate::support::expression::{Expression, Variable};
use rkeops_core::{Dtype, Target};

fn variable(dim: usize, category: usize) -> Variable {
    Variable { dim, category }
}

#[test]
fn a_gaussian() {
    let variables = [variable(3, 0), variable(3, 1), variable(1, 1)];
    let v = Expression::Variable;
    let distance = Expression::Apply("SqDist", vec![v(0), v(1)], vec![]);
    let power = Expression::Apply("Exp", vec![Expression::Apply("Minus", vec![distance], vec![])], vec![]);
    let formula = Expression::Apply("Mult", vec![power, v(2)], vec![]);
    for dtype in [Dtype::F32, Dtype::F64] {
        for rows in [[70, 300], [1, 1000], [1000, 1], [0, 3], [3, 0], [5, 5]] {
            let case = Case::new(&variables, vec![("Sum", formula.clone())], rows);
            assert_right(&case, dtype, Target::Cuda);
        }
    }
}
