//! Products that are added once become part of the addition: one rounding and one instruction less.

use super::program::{Instruction, Op, Program};

/// Fuses products into the sums and differences that alone use them.
pub(super) fn fuse(program: &Program) -> Program {
    let uses = program.uses();
    let mut fused = program.clone();
    for k in 0..program.instructions.len() {
        let Instruction::Apply(op, [a, b, _]) = program.instructions[k] else { continue };
        // The factors of an operand that is a product used here alone. A product that was itself fused is none.
        let factors = |v: crate::ops::Value| match fused.instructions[v.0 as usize] {
            Instruction::Apply(Op::Multiply, [x, y, _]) if uses[v.0 as usize] == 1 => Some((x, y)),
            _ => None,
        };
        let replacement = match op {
            Op::Add if a == b => None,
            // The later of two products is fused, so that a running sum is the addend.
            Op::Add if b > a => factors(b)
                .map(|(x, y)| (Op::MultiplyAdd, [x, y, a]))
                .or_else(|| factors(a).map(|(x, y)| (Op::MultiplyAdd, [x, y, b]))),
            Op::Add => factors(a)
                .map(|(x, y)| (Op::MultiplyAdd, [x, y, b]))
                .or_else(|| factors(b).map(|(x, y)| (Op::MultiplyAdd, [x, y, a]))),
            Op::Subtract if a == b => None,
            Op::Subtract => factors(b)
                .map(|(x, y)| (Op::NegativeMultiplyAdd, [x, y, a]))
                .or_else(|| factors(a).map(|(x, y)| (Op::MultiplySubtract, [x, y, b]))),
            _ => None,
        };
        if let Some((op, operands)) = replacement {
            fused.instructions[k] = Instruction::Apply(op, operands);
        }
    }
    fused.pruned()
}
