//! A lane program prepared for the interpreter: values placed in registers, and sequences that are worth a loop of their
//! own joined into one step.

use std::collections::HashMap;

use crate::lower::{Instruction, Op, Plane, Program, Space, Table};
use crate::ops::Value;

/// A program with its values placed in registers.
#[derive(Debug, Default)]
pub(super) struct Routine {
    /// What is in place before the first lane: constants and what is known per call.
    pub prologue: Vec<(usize, Fixed)>,
    /// The loads and operations, in order: destination and what to do.
    pub body: Vec<(usize, Step)>,
    /// Which register is stored where.
    pub stores: Vec<(Plane, usize)>,
    /// The registers of the block's state: before and after a row, and the plane.
    pub states: Vec<(usize, usize, Plane)>,
    /// Which register is left for each pair.
    pub pairs: Vec<(Plane, usize)>,
    pub registers: usize,
    /// Which registers hold reduced rows that are read as the first number of a squared difference only: along the
    /// reduced rows their first lane is enough.
    pub scalars: Vec<bool>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fixed {
    Constant(u64),
    Table(&'static Table),
    /// A plane of what is known per call.
    Call(Plane),
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Load(Plane),
    Apply(Op, [usize; 3]),
    /// A polynomial of a register, the leading coefficient first.
    Polynomial(usize, Vec<u64>),
    /// The square of a difference, plus a register if there is one.
    SquaredDifference(usize, usize, Option<usize>),
    /// A power of two: a number that rounds `x`, the polynomial of what is left, and the place of the exponent.
    Power {
        x: usize,
        rounder: u64,
        coefficients: Vec<u64>,
        shift: u8,
    },
}

/// Polynomials with this many coefficients are joined.
pub(super) const COEFFICIENTS: std::ops::RangeInclusive<usize> = 3..=14;

impl Routine {
    pub(super) fn new(program: &Program) -> Self {
        let joined = Joined::new(program);
        let mut last_use: Vec<usize> = vec![0; program.instructions.len()];
        for k in 0..program.instructions.len() {
            joined.operands(program, k).iter().for_each(|v| last_use[v.0 as usize] = k);
        }
        program.stores.iter().for_each(|(_, v)| last_use[v.0 as usize] = usize::MAX);
        // What is stored to several planes takes the first one's place.
        let stored: HashMap<Value, Plane> = program.stores.iter().rev().map(|&(plane, v)| (v, plane)).collect();
        let mut routine = Routine::default();
        let mut place = vec![0; program.instructions.len()];
        let mut free: Vec<usize> = Vec::new();
        for (k, instruction) in program.instructions.iter().enumerate() {
            if joined.skipped[k] {
                continue;
            }
            let at = |v: Value| place[v.0 as usize];
            // What is loaded stays: it may be read again in the next round. A new state may take the old one's place.
            let stays = !matches!(instruction, Instruction::Apply(..));
            let register = match replaced_state(program, &stored, &last_use, k) {
                Some(old) => at(old),
                None => free.pop().filter(|_| !stays).unwrap_or_else(|| {
                    routine.registers += 1;
                    routine.registers - 1
                }),
            };
            let step = match (instruction, &joined.steps[k]) {
                (Instruction::Constant(bits), _) => {
                    routine.prologue.push((register, Fixed::Constant(*bits)));
                    None
                }
                (Instruction::Table(table), _) => {
                    routine.prologue.push((register, Fixed::Table(table)));
                    None
                }
                (Instruction::Load(plane), _) if plane.space == Space::Call => {
                    routine.prologue.push((register, Fixed::Call(*plane)));
                    None
                }
                (Instruction::Load(plane), _) => Some(Step::Load(*plane)),
                (_, Some(Join::Polynomial(x, coefficients))) => Some(Step::Polynomial(at(*x), coefficients.clone())),
                (_, Some(Join::SquaredDifference(a, b, c))) => Some(Step::SquaredDifference(at(*a), at(*b), c.map(at))),
                (_, Some(Join::Power { x, rounder, coefficients, shift })) => Some(Step::Power {
                    x: at(*x),
                    rounder: *rounder,
                    coefficients: coefficients.clone(),
                    shift: *shift,
                }),
                (Instruction::Apply(op, operands), None) => Some(Step::Apply(*op, operands.map(at))),
            };
            place[k] = register;
            routine.body.extend(step.map(|step| (register, step)));
            let mut done: Vec<usize> = joined
                .operands(program, k)
                .iter()
                .map(|v| v.0 as usize)
                .filter(|&v| last_use[v] == k && matches!(program.instructions[v], Instruction::Apply(..)))
                .map(|v| place[v])
                .filter(|&r| r != register)
                .collect();
            done.sort_unstable();
            done.dedup();
            free.extend(done);
        }
        let stores = program.stores.iter();
        routine.stores = stores.map(|(plane, v)| (*plane, place[v.0 as usize])).collect();
        let is_of_pair = |plane: &Plane| matches!(plane.space, Space::Pair | Space::Exchanged);
        routine.pairs = routine.stores.iter().copied().filter(|(plane, _)| is_of_pair(plane)).collect();
        routine.carry_states();
        routine.find_scalars();
        routine
    }

    fn find_scalars(&mut self) {
        let mut scalars = vec![false; self.registers];
        for (register, step) in &self.body {
            scalars[*register] |= matches!(step, Step::Load(Plane { space: Space::Reduced, .. }));
        }
        for (_, step) in &self.body {
            match step {
                Step::Load(..) => {}
                Step::Apply(_, operands) => operands.iter().for_each(|r| scalars[*r] = false),
                Step::Polynomial(x, _) | Step::Power { x, .. } => scalars[*x] = false,
                Step::SquaredDifference(_, b, c) => c.iter().chain([b]).for_each(|r| scalars[*r] = false),
            }
        }
        self.stores.iter().for_each(|(_, stored)| scalars[*stored] = false);
        self.scalars = scalars;
    }

    /// Finds which registers carry the state of a block from row to row. A state that the next one does not depend on
    /// is loaded all the same, so that a block without rows keeps it.
    fn carry_states(&mut self) {
        let loads = self.body.iter().filter_map(|(register, step)| match step {
            Step::Load(plane) if plane.space == Space::Block => Some((*plane, *register)),
            _ => None,
        });
        let loaded: HashMap<Plane, usize> = loads.collect();
        for k in 0..self.stores.len() {
            let (plane, new) = self.stores[k];
            if plane.space != Space::Block {
                continue;
            }
            let old = loaded.get(&plane).copied().unwrap_or_else(|| {
                self.body.push((self.registers, Step::Load(plane)));
                self.registers += 1;
                self.registers - 1
            });
            self.states.push((old, new, plane));
        }
    }
}

/// The old state whose register a new state may take: it is the last operand that the interpreter can overwrite, is
/// read by nothing later, and is stored to the same plane.
fn replaced_state(program: &Program, stored: &HashMap<Value, Plane>, last_use: &[usize], k: usize) -> Option<Value> {
    let Instruction::Apply(op, operands) = program.instructions[k] else { return None };
    let plane = stored.get(&Value(k as u32))?;
    let candidates: &[Value] = match op {
        Op::MultiplyAdd => &operands[2..],
        Op::Add => &operands[..2],
        Op::Minimum | Op::Maximum => &operands[1..2],
        _ => &[],
    };
    let is_old = |v: &&Value| {
        program.instruction(**v) == Instruction::Load(*plane)
            && plane.space == Space::Block
            && last_use[v.0 as usize] == k
            && operands[..op.operands()].iter().filter(|o| o == v).count() == 1
    };
    candidates.iter().find(is_old).copied()
}

/// Operations that are joined with earlier ones.
enum Join {
    Polynomial(Value, Vec<u64>),
    Power { x: Value, rounder: u64, coefficients: Vec<u64>, shift: u8 },
    SquaredDifference(Value, Value, Option<Value>),
}

struct Joined {
    steps: Vec<Option<Join>>,
    skipped: Vec<bool>,
}

impl Joined {
    fn new(program: &Program) -> Self {
        let uses = program.uses();
        let count = program.instructions.len();
        let mut joined = Joined { steps: (0..count).map(|_| None).collect(), skipped: vec![false; count] };
        // From the end, so that the longest chain is found first.
        for k in (0..count).rev() {
            if joined.skipped[k] {
                continue;
            }
            joined.join_power(program, &uses, k);
            if joined.steps[k].is_none()
                && let Some(found) = polynomial(program, &uses, Value(k as u32))
            {
                found.chain.iter().for_each(|v| joined.skipped[v.0 as usize] = true);
                joined.steps[k] = Some(Join::Polynomial(found.x, found.coefficients));
            }
            joined.join_difference(program, &uses, k);
        }
        joined
    }

    /// What an instruction reads once its joined predecessors are gone.
    fn operands(&self, program: &Program, k: usize) -> Vec<Value> {
        match &self.steps[k] {
            _ if self.skipped[k] => Vec::new(),
            Some(Join::Polynomial(x, _) | Join::Power { x, .. }) => vec![*x],
            Some(Join::SquaredDifference(a, b, c)) => [*a, *b].into_iter().chain(*c).collect(),
            None => Program::operands(&program.instructions[k]).to_vec(),
        }
    }

    /// `p(x - n) * 2^n` for the integer `n` next to `x`, as the lowering writes powers of two.
    fn join_power(&mut self, program: &Program, uses: &[u32], k: usize) {
        let Instruction::Apply(Op::Multiply, [a, b, _]) = program.instructions[k] else { return };
        for (p, power) in [(a, b), (b, a)] {
            let Instruction::Apply(Op::ShiftLeft(shift), [sum, ..]) = program.instruction(power) else { continue };
            let Instruction::Apply(Op::Add, [one, other, _]) = program.instruction(sum) else { continue };
            let Some(found) = polynomial(program, uses, p) else { continue };
            let Instruction::Apply(Op::Subtract, [x, whole, _]) = program.instruction(found.x) else { continue };
            let Instruction::Apply(Op::Subtract, [same, rounder, _]) = program.instruction(whole) else { continue };
            let Instruction::Constant(bits) = program.instruction(rounder) else { continue };
            let added = (one, other) == (x, rounder) || (other, one) == (x, rounder);
            // Nothing else may read what stays inside.
            let count = |v: Value| uses[v.0 as usize] as usize;
            let inside = count(p) == 1
                && count(power) == 1
                && count(sum) == 2
                && count(whole) == 1
                && count(found.x) == found.coefficients.len() - 1;
            if added && same == sum && inside {
                let gone = found.chain.iter().chain([&p, &power, &sum, &whole, &found.x]);
                gone.for_each(|v| self.skipped[v.0 as usize] = true);
                self.steps[k] = Some(Join::Power { x, rounder: bits, coefficients: found.coefficients, shift });
                return;
            }
        }
    }

    /// `(a - b)^2 + c` and `(a - b)^2`, where the difference is used for nothing else.
    fn join_difference(&mut self, program: &Program, uses: &[u32], k: usize) {
        let Instruction::Apply(op @ (Op::MultiplyAdd | Op::Multiply), [d, same, c]) = program.instructions[k] else {
            return;
        };
        if d != same || uses[d.0 as usize] != 2 || op == Op::MultiplyAdd && c == d {
            return;
        }
        if let Instruction::Apply(Op::Subtract, [a, b, _]) = program.instruction(d) {
            self.skipped[d.0 as usize] = true;
            self.steps[k] = Some(Join::SquaredDifference(a, b, (op == Op::MultiplyAdd).then_some(c)));
        }
    }
}

/// A polynomial by Horner's rule.
struct Polynomial {
    x: Value,
    /// The leading coefficient first.
    coefficients: Vec<u64>,
    /// The operations before the last.
    chain: Vec<Value>,
}

/// `((c0 x + c1) x + c2) ...` that ends in a value.
fn polynomial(program: &Program, uses: &[u32], value: Value) -> Option<Polynomial> {
    let constant = |v: Value| match program.instruction(v) {
        Instruction::Constant(bits) => Some(bits),
        _ => None,
    };
    let term = |v: Value| match program.instruction(v) {
        Instruction::Apply(Op::MultiplyAdd, [a, b, c]) => constant(c).map(|c| (a, b, c)),
        _ => None,
    };
    let (a, b, last) = term(value)?;
    for (inner, x) in [(a, b), (b, a)] {
        let (mut coefficients, mut chain, mut next) = (vec![last], Vec::new(), inner);
        let complete = loop {
            if let Some(first) = constant(next) {
                coefficients.push(first);
                break true;
            }
            match term(next) {
                Some((a, b, c)) if uses[next.0 as usize] == 1 && (a == x || b == x) => {
                    chain.push(next);
                    coefficients.push(c);
                    next = if b == x { a } else { b };
                }
                _ => break false,
            }
        };
        if complete && COEFFICIENTS.contains(&coefficients.len()) {
            coefficients.reverse();
            return Some(Polynomial { x, coefficients, chain });
        }
    }
    None
}
