//! The portable backend: runs lane programs in plain Rust, an operation over a block of lanes at a time. It is also
//! the second definition that machine code is compared with.

use std::sync::Arc;

use pulp::{Arch, NullaryFnOnce};

use super::number::Number;
use super::tile::{Layout, Tile};
use super::{Code, Stage};
use crate::lower::{Instruction, Op, Program, Space, Stages};

/// Lanes of a block: enough to hide the choice of the operation, few enough that the registers stay in the cache.
const BLOCK: usize = 128;

type Register<T> = Box<[T; BLOCK]>;

/// A program with its values placed in registers.
#[derive(Debug)]
struct Routine {
    /// What is in place before the first lane: constants and what is known per call.
    prologue: Vec<(usize, Fixed)>,
    /// The loads and operations, in order: destination and what to do.
    body: Vec<(usize, Step)>,
    /// Which register is stored where.
    stores: Vec<(Space, usize, usize)>,
    /// The registers of the block's state: before and after a row, and the slot.
    states: Vec<(usize, usize, usize)>,
    registers: usize,
}

#[derive(Clone, Copy, Debug)]
enum Fixed {
    Constant(u64),
    /// A place in the tile's buffer.
    Call(usize),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Load(Space, usize),
    Apply(Op, [usize; 3]),
}

impl Routine {
    fn new(program: &Program, layout: &Layout) -> Self {
        let mut last_use: Vec<usize> = vec![0; program.instructions.len()];
        for (k, instruction) in program.instructions.iter().enumerate() {
            Program::operands(instruction).iter().for_each(|v| last_use[v.0 as usize] = k);
        }
        program.stores.iter().for_each(|(_, v)| last_use[v.0 as usize] = usize::MAX);
        let mut routine =
            Routine { prologue: Vec::new(), body: Vec::new(), stores: Vec::new(), states: Vec::new(), registers: 0 };
        let mut place = vec![0; program.instructions.len()];
        let mut free: Vec<usize> = Vec::new();
        for (k, instruction) in program.instructions.iter().enumerate() {
            // What is loaded stays: it may be read again in the next round.
            let stays = !matches!(instruction, Instruction::Apply(..));
            let register = match free.pop().filter(|_| !stays) {
                Some(register) => register,
                None => {
                    routine.registers += 1;
                    routine.registers - 1
                }
            };
            place[k] = register;
            match instruction {
                Instruction::Constant(bits) => routine.prologue.push((register, Fixed::Constant(*bits))),
                Instruction::Load(plane) if plane.space == Space::Call => {
                    routine.prologue.push((register, Fixed::Call(layout.start(*plane))));
                }
                Instruction::Load(plane) => {
                    routine.body.push((register, Step::Load(plane.space, plane.slot as usize)));
                }
                Instruction::Apply(op, operands) => {
                    routine.body.push((register, Step::Apply(*op, operands.map(|v| place[v.0 as usize]))));
                    let mut done: Vec<usize> = Program::operands(instruction)
                        .iter()
                        .map(|v| v.0 as usize)
                        .filter(|&v| last_use[v] == k && matches!(program.instructions[v], Instruction::Apply(..)))
                        .map(|v| place[v])
                        .collect();
                    done.sort_unstable();
                    done.dedup();
                    free.extend(done);
                }
            }
        }
        let stores = program.stores.iter();
        routine.stores = stores.map(|(p, v)| (p.space, p.slot as usize, place[v.0 as usize])).collect();
        routine.carry_states();
        routine
    }

    /// Finds which registers carry the state of a block from row to row.
    fn carry_states(&mut self) {
        let loaded: Vec<(usize, usize)> = self
            .body
            .iter()
            .filter_map(|&(register, step)| match step {
                Step::Load(Space::Block, slot) => Some((slot, register)),
                _ => None,
            })
            .collect();
        for k in 0..self.stores.len() {
            let (space, slot, new) = self.stores[k];
            let Some(&(_, old)) = loaded.iter().find(|(s, _)| space == Space::Block && *s == slot) else { continue };
            self.states.push((old, new, slot));
        }
    }

    fn registers<T: Number>(&self, tile: &mut Tile<T>) -> Vec<Option<Register<T>>> {
        let mut registers: Vec<Option<Register<T>>> =
            (0..self.registers).map(|_| Some(Box::new([T::default(); BLOCK]))).collect();
        for &(register, fixed) in &self.prologue {
            let number = match fixed {
                Fixed::Constant(bits) => T::from_bits64(bits),
                Fixed::Call(start) => tile.buffer()[start],
            };
            if let Some(register) = &mut registers[register] {
                register.fill(number);
            }
        }
        registers
    }
}

/// The stages of a pass, interpreted.
pub(super) struct Portable {
    stages: Arc<Stages>,
    routines: Vec<Routine>,
    arch: Arch,
}

impl Portable {
    pub(super) fn new(stages: &Arc<Stages>, layout: &Layout) -> Self {
        let routines = stages.programs.iter().map(|p| Routine::new(p, layout)).collect();
        Portable { stages: stages.clone(), routines, arch: Arch::new() }
    }
}

impl<T: Number> Code<T> for Portable {
    fn map(&self, stage: Stage, tile: &mut Tile<T>, lanes: usize) {
        let routine = &self.routines[stage as usize];
        if routine.stores.is_empty() {
            return;
        }
        self.arch.dispatch(Map { routine, tile, lanes });
    }

    fn update(&self, tile: &mut Tile<T>, lanes: usize, count: usize) {
        let routine = &self.routines[Stage::Update as usize];
        self.arch.dispatch(Update { routine, tile, lanes, count });
    }

    fn spread(&self) -> usize {
        BLOCK
    }

    fn update_row(&self, tile: &mut Tile<T>, row: usize, lane: usize, count: usize) {
        let routine = &self.routines[Stage::Update as usize];
        self.arch.dispatch(UpdateRow { routine, tile, row, lane, count });
    }

    fn explain(&self) -> String {
        format!("portable backend, {:?}, blocks of {BLOCK} lanes, {}\n", self.arch, self.stages.dtype)
    }
}

struct Map<'a, T> {
    routine: &'a Routine,
    tile: &'a mut Tile<T>,
    lanes: usize,
}

impl<T: Number> NullaryFnOnce for Map<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Map { routine, tile, lanes } = self;
        let mut registers = routine.registers(tile);
        for start in (0..lanes).step_by(BLOCK) {
            let width = BLOCK.min(lanes - start);
            for &(register, step) in &routine.body {
                match step {
                    Step::Load(space, slot) => load(&mut registers, register, &tile.plane(space, slot)[start..], width),
                    Step::Apply(op, operands) => apply(&mut registers, register, op, operands),
                }
            }
            for &(space, slot, register) in &routine.stores {
                store(&registers, register, &mut tile.plane(space, slot)[start..], width);
            }
        }
    }
}

struct Update<'a, T> {
    routine: &'a Routine,
    tile: &'a mut Tile<T>,
    lanes: usize,
    count: usize,
}

impl<T: Number> NullaryFnOnce for Update<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Update { routine, tile, lanes, count } = self;
        let mut registers = routine.registers(tile);
        for start in (0..lanes).step_by(BLOCK) {
            let width = BLOCK.min(lanes - start);
            for &(register, step) in &routine.body {
                if let Step::Load(space, slot) = step
                    && space != Space::Reduced
                {
                    load(&mut registers, register, &tile.plane(space, slot)[start..], width);
                }
            }
            for row in 0..count {
                for &(register, step) in &routine.body {
                    match step {
                        Step::Load(Space::Reduced, slot) => {
                            let number = tile.plane(Space::Reduced, slot)[row];
                            if let Some(register) = &mut registers[register] {
                                register.fill(number);
                            }
                        }
                        Step::Load(..) => {}
                        Step::Apply(op, operands) => apply(&mut registers, register, op, operands),
                    }
                }
                advance(routine, &mut registers, BLOCK);
            }
            for &(state, _, slot) in &routine.states {
                store(&registers, state, &mut tile.plane(Space::Block, slot)[start..], width);
            }
        }
    }
}

struct UpdateRow<'a, T> {
    routine: &'a Routine,
    tile: &'a mut Tile<T>,
    row: usize,
    lane: usize,
    count: usize,
}

impl<T: Number> NullaryFnOnce for UpdateRow<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let UpdateRow { routine, tile, row, lane, count } = self;
        let mut registers = routine.registers(tile);
        for &(register, step) in &routine.body {
            match step {
                Step::Load(Space::Kept, slot) => {
                    let number = tile.plane(Space::Kept, slot)[row];
                    if let Some(register) = &mut registers[register] {
                        register.fill(number);
                    }
                }
                Step::Load(space, slot) if space != Space::Reduced => {
                    load(&mut registers, register, &tile.plane(space, slot)[lane..], BLOCK);
                }
                _ => {}
            }
        }
        for start in (0..count).step_by(BLOCK) {
            let width = BLOCK.min(count - start);
            for &(register, step) in &routine.body {
                match step {
                    Step::Load(Space::Reduced, slot) => {
                        load(&mut registers, register, &tile.plane(Space::Reduced, slot)[start..], width);
                    }
                    Step::Load(..) => {}
                    Step::Apply(op, operands) => apply(&mut registers, register, op, operands),
                }
            }
            advance(routine, &mut registers, width);
        }
        for &(state, _, slot) in &routine.states {
            store(&registers, state, &mut tile.plane(Space::Block, slot)[lane..], BLOCK);
        }
    }
}

/// Makes the new state of the block the old one of the next row, in the first `width` lanes.
#[inline(always)]
fn advance<T: Number>(routine: &Routine, registers: &mut [Option<Register<T>>], width: usize) {
    for &(state, new, _) in &routine.states {
        if state == new {
            continue;
        }
        let Some(mut old) = registers[state].take() else { continue };
        if let Some(new) = &registers[new] {
            match width {
                BLOCK => *old = **new,
                _ => old[..width].copy_from_slice(&new[..width]),
            }
        }
        registers[state] = Some(old);
    }
}

#[inline(always)]
fn load<T: Number>(registers: &mut [Option<Register<T>>], register: usize, plane: &[T], width: usize) {
    if let Some(register) = &mut registers[register] {
        register[..width].copy_from_slice(&plane[..width]);
    }
}

#[inline(always)]
fn store<T: Number>(registers: &[Option<Register<T>>], register: usize, plane: &mut [T], width: usize) {
    if let Some(register) = &registers[register] {
        plane[..width].copy_from_slice(&register[..width]);
    }
}

/// One operation on a block of lanes. The destination is taken out of the registers while it is written.
#[inline(always)]
fn apply<T: Number>(registers: &mut [Option<Register<T>>], destination: usize, op: Op, operands: [usize; 3]) {
    let Some(mut result) = registers[destination].take() else { return };
    if let [Some(a), Some(b), Some(c)] = operands.map(|k| registers[k].as_deref()) {
        macro_rules! each {
            ($k:ident, $value:expr) => {
                for $k in 0..BLOCK {
                    result[$k] = $value;
                }
            };
        }
        match op {
            Op::Add => each!(k, T::add(a[k], b[k])),
            Op::Subtract => each!(k, T::subtract(a[k], b[k])),
            Op::Multiply => each!(k, T::multiply(a[k], b[k])),
            Op::Divide => each!(k, T::divide(a[k], b[k])),
            Op::MultiplyAdd => each!(k, T::multiply_add(a[k], b[k], c[k])),
            Op::MultiplySubtract => each!(k, T::multiply_add(a[k], b[k], T::negate(c[k]))),
            Op::NegativeMultiplyAdd => each!(k, T::multiply_add(T::negate(a[k]), b[k], c[k])),
            Op::Minimum => each!(k, T::minimum(a[k], b[k])),
            Op::Maximum => each!(k, T::maximum(a[k], b[k])),
            Op::SquareRoot => each!(k, T::square_root(a[k])),
            Op::Floor => each!(k, T::floor(a[k])),
            Op::Round => each!(k, T::round(a[k])),
            Op::Scale | Op::ScaleDown => unreachable!("expanded before"),
            Op::Less => each!(k, T::less(a[k], b[k])),
            Op::LessEqual => each!(k, T::less_equal(a[k], b[k])),
            Op::Equal => each!(k, T::equal(a[k], b[k])),
            Op::IndexLess => each!(k, T::index_less(a[k], b[k])),
            Op::And => each!(k, T::and(a[k], b[k])),
            Op::Or => each!(k, T::or(a[k], b[k])),
            Op::Xor => each!(k, T::xor(a[k], b[k])),
            Op::Select => each!(k, T::select(a[k], b[k], c[k])),
            Op::IndexAdd => each!(k, T::index_add(a[k], b[k])),
            Op::IndexSubtract => each!(k, T::index_subtract(a[k], b[k])),
            Op::ShiftLeft(by) => each!(k, T::shift_left(a[k], by)),
            Op::ShiftRight(by) => each!(k, T::shift_right(a[k], by)),
        }
    }
    registers[destination] = Some(result);
}
