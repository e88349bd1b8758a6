//! A difference that is only squared may be taken either way round: then the kept row comes last, where an instruction
//! can read it from memory.

use super::program::{Instruction, Op, Program, Space};

/// Turns differences of a kept row and something else round where nothing can tell.
pub(super) fn orient(program: &Program) -> Program {
    let is_kept = |k: usize| matches!(program.instructions[k], Instruction::Load(plane) if plane.space == Space::Kept);
    let mut is_only_squared = vec![true; program.instructions.len()];
    for instruction in &program.instructions {
        match *instruction {
            Instruction::Apply(Op::Multiply, [a, b, _]) if a == b => {}
            _ => Program::operands(instruction).iter().for_each(|v| is_only_squared[v.0 as usize] = false),
        }
    }
    program.stores.iter().for_each(|(_, v)| is_only_squared[v.0 as usize] = false);
    let mut oriented = program.clone();
    for (instruction, _) in oriented.instructions.iter_mut().zip(is_only_squared).filter(|(_, squared)| *squared) {
        if let Instruction::Apply(Op::Subtract, [a, b, _]) = *instruction
            && is_kept(a.0 as usize)
            && !is_kept(b.0 as usize)
        {
            *instruction = Instruction::Apply(Op::Subtract, [b, a, b]);
        }
    }
    oriented
}
