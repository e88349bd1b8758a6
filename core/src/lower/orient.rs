//! A difference that is only squared may be taken either way round: as it is needed elsewhere, or with that row last which an
//! instruction can read from memory.

use rustc_hash::{FxHashMap, FxHashSet};

use super::program::{Instruction, Op, Program, Space};
use crate::ops::Value;

/// Turns differences round where nothing can tell. Last comes a number of the reduced row, the same for many lanes, where the
/// machine `repeats` it, and lanes of kept rows where it does not.
pub(super) fn orient(program: &Program, repeats: bool) -> Program {
    let last = if repeats { Space::Reduced } else { Space::Kept };
    let is_last = |v: Value| matches!(program.instruction(v), Instruction::Load(plane) if plane.space == last);
    let mut is_only_squared = vec![true; program.instructions.len()];
    for instruction in &program.instructions {
        match *instruction {
            Instruction::Apply(Op::Multiply, [a, b, _]) if a == b => {}
            _ => Program::operands(instruction).iter().for_each(|v| is_only_squared[v.0 as usize] = false),
        }
    }
    program.stores.iter().for_each(|(_, v)| is_only_squared[v.0 as usize] = false);
    let needed: FxHashSet<Instruction> = (program.instructions.iter().zip(&is_only_squared))
        .filter(|(instruction, squared)| !**squared && matches!(instruction, Instruction::Apply(Op::Subtract, _)))
        .map(|(instruction, _)| *instruction)
        .collect();
    let mut oriented = program.clone();
    for (instruction, _) in oriented.instructions.iter_mut().zip(is_only_squared).filter(|(_, squared)| *squared) {
        if let Instruction::Apply(Op::Subtract, [a, b, _]) = *instruction {
            let other = Instruction::Apply(Op::Subtract, [b, a, b]);
            if needed.contains(&other) || is_last(a) && !is_last(b) {
                *instruction = other;
            }
        }
    }
    if needed.is_empty() { oriented } else { merged(oriented) }
}

/// The program with every difference taken once.
fn merged(mut program: Program) -> Program {
    let mut first: FxHashMap<Instruction, Value> = FxHashMap::default();
    let mut became: Vec<Value> = Vec::with_capacity(program.instructions.len());
    for (k, instruction) in program.instructions.iter_mut().enumerate() {
        let mut value = Value(k as u32);
        if let Instruction::Apply(op, operands) = instruction {
            operands.iter_mut().for_each(|operand| *operand = became[operand.0 as usize]);
            if *op == Op::Subtract {
                value = *first.entry(*instruction).or_insert(value);
            }
        }
        became.push(value);
    }
    program.stores.iter_mut().for_each(|(_, value)| *value = became[value.0 as usize]);
    program.pruned()
}
