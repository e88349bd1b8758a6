//! The order in which the operations of interleaved copies of a program are written.

use crate::lower::{Instruction, Plane, Program};

/// In which order the operations of the copies are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interleaving {
    /// Each operation for all copies before the next.
    Operations,
    /// As long as nothing but results is alive, all copies of a part before the next part, so that many copies need the
    /// registers of their results and of one part.
    Parts,
}

/// The operations of so many copies of a program in the order in which they are written.
pub(super) fn order(program: &Program, copies: usize, interleaving: Interleaving) -> Vec<(u32, u8)> {
    let is_applied = |k: &usize| matches!(program.instructions[*k], Instruction::Apply(..));
    let applied: Vec<usize> = (0..program.instructions.len()).filter(is_applied).collect();
    let parts = match interleaving {
        Interleaving::Operations => applied.chunks(1).collect(),
        Interleaving::Parts => parts(program, &applied),
    };
    let copies = || 0..copies as u8;
    parts
        .into_iter()
        .flat_map(|part| copies().flat_map(move |copy| part.iter().map(move |&k| (k as u32, copy))))
        .collect()
}

/// Cuts operations where no more values are alive than the program stores.
fn parts<'p>(program: &Program, applied: &'p [usize]) -> Vec<&'p [usize]> {
    let mut last = vec![0; program.instructions.len()];
    for &k in applied {
        Program::operands(&program.instructions[k]).iter().for_each(|v| last[v.0 as usize] = k);
    }
    program.stores.iter().for_each(|(_, value)| last[value.0 as usize] = usize::MAX);
    let (mut parts, mut start) = (Vec::new(), 0);
    // Values that are needed later, old states among them, and how many of them are needed until when.
    let is_state = |k: &usize| matches!(program.instructions[*k], Instruction::Load(plane) if stored(program, plane));
    let (mut alive, mut until) = (0, vec![0; program.instructions.len()]);
    for state in (0..program.instructions.len()).filter(is_state) {
        alive += 1;
        until[last[state]] += 1;
    }
    for (position, &k) in applied.iter().enumerate() {
        alive += usize::from(last[k] > k);
        alive -= until[k];
        if let Some(until) = until.get_mut(last[k]).filter(|_| last[k] > k) {
            *until += 1;
        }
        if alive <= program.stores.len() {
            parts.push(&applied[start..=position]);
            start = position + 1;
        }
    }
    parts
}

/// Whether a program stores to a plane.
fn stored(program: &Program, plane: Plane) -> bool {
    program.stores.iter().any(|(to, _)| *to == plane)
}
