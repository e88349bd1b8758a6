//! The masks of a pass as one program of their own, from which bounds tell where no pair takes part.

use super::extract::compact;
use super::program::{Instruction, Plane, Program, Space};
use super::stages::Source;
use crate::ops::Value;

/// What decides which pairs take part, where every result of a pass has a mask.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Stores the mask of each result. It has what the stages compute from row numbers and arguments in one program, and
    /// products and sums as they were before any were fused.
    pub program: Program,
    /// Where the planes of the spaces `Call`, `Kept` and `Reduced` come from. None is computed.
    pub sources: [Vec<Source>; 3],
}

impl Condition {
    /// The program of these masks among the values of a pass.
    pub(super) fn new(instructions: Vec<Instruction>, masks: &[Value], sources: &[Vec<Source>; 3]) -> Self {
        let place = |(slot, &mask): (usize, &Value)| (Plane::new(Space::Output, slot), mask);
        let stores = masks.iter().enumerate().map(place).collect();
        let mut program = Program { instructions, stores }.pruned();
        let sources = compact(std::slice::from_mut(&mut program), &mut [], sources);
        Condition { program, sources }
    }
}
