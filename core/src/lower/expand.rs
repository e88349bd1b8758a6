//! Rounding and scaling by powers of two, written out for machines that have no such instructions.

use std::collections::HashMap;

use super::math;
use super::program::{Instruction, Op, Program};
use super::stages::Stages;
use crate::dtype::Dtype;
use crate::ops::Value;

impl Stages {
    /// The same stages without [`Op::Round`], [`Op::Scale`] and [`Op::ScaleDown`].
    pub fn expanded(&self) -> Stages {
        let programs = self.programs.clone().map(|program| expand(&program, self.dtype));
        Stages { programs, ..self.clone() }
    }
}

fn expand(program: &Program, dtype: Dtype) -> Program {
    let mut expansion = Expansion { dtype, result: Program::default(), values: HashMap::new() };
    let mut became: Vec<Value> = Vec::with_capacity(program.instructions.len());
    // The offset that the rounding of a value leaves in its low bits, chosen by what scales with it.
    let (bias, _) = math::exponent(dtype);
    let mut offsets: HashMap<Value, f64> = HashMap::new();
    for instruction in &program.instructions {
        if let Instruction::Apply(op @ (Op::Scale | Op::ScaleDown), [_, n, _]) = instruction {
            offsets.entry(*n).or_insert(if *op == Op::Scale { bias - 1.0 } else { bias });
        }
    }
    let mut tagged: HashMap<Value, Value> = HashMap::new();
    for (k, instruction) in program.instructions.iter().enumerate() {
        let Instruction::Apply(op, operands) = instruction else {
            became.push(expansion.insert(*instruction));
            continue;
        };
        let [a, b, c] = operands.map(|v| became[v.0 as usize]);
        became.push(match op {
            Op::Round => {
                let offset = offsets.get(&Value(k as u32)).copied().unwrap_or(0.0);
                let rounder = expansion.constant(math::rounder(dtype, offset));
                let sum = expansion.apply(Op::Add, [a, rounder, a]);
                tagged.insert(Value(k as u32), sum);
                expansion.apply(Op::Subtract, [sum, rounder, sum])
            }
            Op::Scale | Op::ScaleDown => {
                let down = *op == Op::ScaleDown;
                let offset = if down { bias } else { bias - 1.0 };
                let known = tagged.get(&operands[1]).filter(|_| offsets.get(&operands[1]) == Some(&offset));
                let sum = match known {
                    Some(&sum) => sum,
                    None => {
                        let rounder = expansion.constant(math::rounder(dtype, offset));
                        expansion.apply(Op::Add, [b, rounder, b])
                    }
                };
                let (_, mantissa) = math::exponent(dtype);
                let power = expansion.apply(Op::ShiftLeft(mantissa), [sum; 3]);
                let product = expansion.apply(Op::Multiply, [a, power, a]);
                // Half the power was taken, so that the largest results do not overflow early.
                if down { product } else { expansion.apply(Op::Add, [product; 3]) }
            }
            _ => expansion.apply(*op, [a, b, c]),
        });
    }
    expansion.result.stores = program.stores.iter().map(|&(plane, v)| (plane, became[v.0 as usize])).collect();
    expansion.result.pruned()
}

struct Expansion {
    dtype: Dtype,
    result: Program,
    values: HashMap<Instruction, Value>,
}

impl Expansion {
    fn insert(&mut self, instruction: Instruction) -> Value {
        let instructions = &mut self.result.instructions;
        *self.values.entry(instruction).or_insert_with(|| {
            instructions.push(instruction);
            Value(instructions.len() as u32 - 1)
        })
    }

    fn constant(&mut self, bits: u64) -> Value {
        debug_assert!(self.dtype != Dtype::F32 || bits >> 32 == 0, "bits of the format");
        self.insert(Instruction::Constant(bits))
    }

    fn apply(&mut self, op: Op, operands: [Value; 3]) -> Value {
        self.insert(Instruction::Apply(op, operands))
    }
}
