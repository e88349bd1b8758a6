//! The order of a lane program: every value as close before its first use as can be, so that few are needed at a time.
//! Of several operands the one that needs most values on its way comes first (Sethi and Ullman, The Generation of
//! Optimal Code for Arithmetic Expressions, 1970, for a graph instead of a tree).

use super::program::Program;
use crate::ops::Value;

/// The same program in an order that needs few values at a time: the one in which it was written if that is better, as
/// it can be where operands have much in common.
pub(super) fn order(program: &Program) -> Program {
    let ordered = by_need(program);
    if program.live() < ordered.live() { program.clone() } else { ordered }
}

fn by_need(program: &Program) -> Program {
    let needs = needs(program);
    let count = program.instructions.len();
    let (mut is_written, mut written) = (vec![false; count], Vec::with_capacity(count));
    // What remains to be done, the next last: a value is met first to put its operands before it, then to be written.
    let mut left: Vec<(Value, bool)> = program.stores.iter().rev().map(|&(_, value)| (value, false)).collect();
    while let Some((value, is_ready)) = left.pop() {
        let k = value.0 as usize;
        if is_written[k] {
            continue;
        }
        let instruction = program.instructions[k];
        if !is_ready {
            left.push((value, true));
            let operands = Program::operands(&instruction);
            let mut sorted = [Value(0); 3];
            sorted[..operands.len()].copy_from_slice(operands);
            let sorted = &mut sorted[..operands.len()];
            // The neediest is pushed last and so comes first.
            sorted.sort_by_key(|v| needs[v.0 as usize]);
            left.extend(sorted.iter().map(|&operand| (operand, false)));
            continue;
        }
        is_written[k] = true;
        written.push((value, instruction));
    }
    Program::of(count, written.into_iter(), &program.stores)
}

/// How many values are needed at a time to compute each value, as if nothing were shared. Ties are broken by depth, so
/// that a running sum comes before the term that is added to it.
fn needs(program: &Program) -> Vec<(u32, u32)> {
    let mut needs: Vec<(u32, u32)> = Vec::with_capacity(program.instructions.len());
    for instruction in &program.instructions {
        let operands = Program::operands(instruction);
        let mut sorted = [(0, 0); 3];
        sorted.iter_mut().zip(operands).for_each(|(place, v)| *place = needs[v.0 as usize]);
        let operands = &mut sorted[..operands.len()];
        operands.sort_unstable_by(|a, b| b.cmp(a));
        let count = operands.iter().enumerate().map(|(k, (count, _))| count + k as u32).max();
        let depth = operands.iter().map(|(_, depth)| depth + 1).max();
        needs.push((count.unwrap_or(0).max(u32::from(depth.is_some())), depth.unwrap_or(0)));
    }
    needs
}
