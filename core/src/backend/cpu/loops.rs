//! Machine code for the functions of a pass: a loop around each lane program.

use rustc_hash::FxHashMap;

use super::emit::{Addresses, Emitter};
use super::functions::{Along, accumulating};
use super::interleave::Interleaving;
use super::places::{CALLEES, FAMILIES, Mode, Places};
use super::x86::{Assembler, General, Label, Memory, Register};
use crate::backend::tile::Layout;
use crate::lower::{Instruction, Op, Plane, Program, Space};
use crate::ops::Value;

/// Registers that an instruction may need beyond its live values.
const WORKING_REGISTERS: usize = 5;

/// Writes functions one after the other.
pub(super) struct Writer<'a> {
    pub assembler: Assembler,
    layout: &'a Layout,
    /// Vectors of kept rows of which something is left for each pair together.
    pub group: usize,
    /// Families of the program that is written.
    pub families: usize,
    /// Vectors of memory that any function needs.
    pub spills: usize,
}

/// A place in the code of a loop.
enum Moment {
    /// Before it.
    Before,
    /// Where each round starts.
    Round,
    /// Where a round ends; the next starts at the label.
    End(Label),
}

impl<'a> Writer<'a> {
    pub fn new(assembler: Assembler, layout: &'a Layout, group: usize) -> Self {
        Writer { assembler, layout, group, families: 0, spills: 0 }
    }

    fn places(&self, mode: Mode) -> Places<'a> {
        Places { layout: self.layout, width: self.assembler.width, mode, group: self.group }
    }

    /// Bytes of so many vectors.
    fn vectors(&self, count: usize) -> i32 {
        (count * self.assembler.width.bytes()) as i32
    }

    /// The families' registers that belong to whoever calls.
    fn callers(&self) -> &'static [General] {
        &FAMILIES[CALLEES.min(self.families)..self.families]
    }

    /// Starts a function.
    fn enter(&mut self) -> usize {
        self.assembler.align(32);
        let entry = self.assembler.code.len();
        self.callers().iter().for_each(|&register| self.assembler.push(register));
        entry
    }

    /// Starts a function: the families' registers hold where their planes are.
    fn start(&mut self) -> usize {
        let entry = self.enter();
        find(&mut self.assembler, self.families, General::R9);
        entry
    }

    fn finish(&mut self) {
        self.assembler.clear_upper();
        self.callers().iter().rev().for_each(|&register| self.assembler.pop(register));
        self.assembler.finish_function();
    }

    pub fn map(&mut self, program: &Program) -> usize {
        let entry = self.start();
        let places = self.places(Mode::Map);
        self.assembler.clear(General::Rax);
        let top = self.assembler.label();
        self.assembler.bind(top);
        let mut emitter = Emitter::new(&mut self.assembler, program, &places, 1, Interleaving::Operations);
        emitter.run(|_, _, _| None);
        for &(plane, value) in &program.stores {
            let register = emitter.result(value, 0);
            emitter.assembler.store(places.plane(plane, 0), register);
            emitter.stored(value, 0);
        }
        self.spills = self.spills.max(emitter.spills());
        let bytes = self.vectors(1);
        self.assembler.advance(General::Rax, bytes);
        self.assembler.compare_general(General::Rax, General::Rsi);
        self.assembler.jump_below(top);
        self.finish();
        entry
    }

    pub fn update(&mut self, program: &Program, copies: usize) -> usize {
        let entry = self.start();
        self.assembler.clear(General::Rax);
        let mut groups = vec![copies, 1];
        groups.dedup();
        for copies in groups {
            let (top, next, done) = (self.assembler.label(), self.assembler.label(), self.assembler.label());
            self.assembler.bind(top);
            let bytes = self.vectors(copies);
            self.assembler.offset(General::R8, General::Rax, bytes);
            self.assembler.compare_general(General::R8, General::Rsi);
            self.assembler.jump_above(next);
            let steps = self.update_steps(program);
            self.state_loop(program, Mode::Update, copies, |assembler, moment| {
                walk_from_zero(assembler, moment, &steps, &[], General::Rdx, done);
            });
            self.assembler.copy_general(General::Rax, General::R8);
            self.assembler.jump(top);
            self.assembler.bind(next);
        }
        self.finish();
        entry
    }

    /// How an update goes from one reduced row to the next.
    fn update_steps(&self, program: &Program) -> Vec<(General, i32)> {
        let is_exchanged = program.stores.iter().any(|(plane, _)| plane.space == Space::Exchanged);
        let exchanged = is_exchanged.then(|| (General::R9, self.vectors(1)));
        std::iter::once((General::Rcx, self.layout.size() as i32)).chain(exchanged).collect()
    }

    /// An update of some vectors of a group of kept rows.
    pub fn update_group(&mut self, program: &Program, copies: usize) -> usize {
        let entry = self.start();
        self.assembler.copy_general(General::Rax, General::Rsi);
        let done = self.assembler.label();
        let (steps, pairs) = (self.update_steps(program), [(General::R8, self.vectors(self.group))]);
        self.state_loop(program, Mode::Update, copies, |assembler, moment| {
            walk_from_zero(assembler, moment, &steps, &pairs, General::Rdx, done);
        });
        self.finish();
        entry
    }

    /// Sums for each pair of some vectors of a group of kept rows: blocks of so many reduced rows, one after the other. What
    /// the last block has beyond the last row is for nobody.
    pub fn contraction(&mut self, program: &Program, vectors: usize, rows: usize) -> usize {
        let entry = self.enter();
        let (families, end) = (self.families, General::R12);
        self.assembler.push(end);
        self.assembler.copy_general(General::Rax, General::Rsi);
        self.assembler.copy_general(end, General::R9);
        self.assembler.add_general(end, General::Rcx);
        let (block, done) = (self.assembler.label(), self.assembler.label());
        self.assembler.clear(General::Rcx);
        let steps =
            [(General::Rcx, (rows * self.layout.size()) as i32), (General::R8, self.vectors(rows * self.group))];
        walk(&mut self.assembler, Moment::Before, &steps, General::Rdx, done);
        self.assembler.bind(block);
        self.state_loop(program, Mode::Contract { vectors }, vectors * rows, |assembler, moment| match moment {
            Moment::Before => assembler.copy_general(General::Rsi, General::R9),
            Moment::Round => find(assembler, families, General::Rsi),
            Moment::End(round) => {
                assembler.advance(General::Rsi, 8 * families as i32);
                assembler.compare_general(General::Rsi, end);
                assembler.jump_below(round);
            }
        });
        walk(&mut self.assembler, Moment::End(block), &steps, General::Rdx, done);
        self.assembler.pop(end);
        self.finish();
        entry
    }

    /// Leaves the values of those reduced rows in which one of so many vectors of kept rows matters, and a record of each: the
    /// place of the row and the bits of all masks.
    pub fn candidates(&mut self, program: &Program, copies: usize) -> usize {
        let entry = self.start();
        self.assembler.copy_general(General::Rax, General::Rsi);
        self.assembler.clear(General::Rsi);
        self.assembler.clear(General::R9);
        let places = self.places(Mode::Candidates);
        let (step, vectors) = (self.layout.size(), self.vectors(copies));
        let steps = [(General::Rcx, step as i32), (General::R8, self.vectors(self.group))];
        let (round, next, done) = (self.assembler.label(), self.assembler.label(), self.assembler.label());
        let registers = self.assembler.width.registers();
        let mut emitter = Emitter::new(&mut self.assembler, program, &places, copies, Interleaving::Operations);
        let temporaries = (copies * program.live()).min(registers / 2).max(WORKING_REGISTERS) + 1;
        for (value, copy) in invariants(program, &emitter, Mode::Candidates) {
            if emitter.free_count() > temporaries {
                emitter.pin(value, copy);
            }
        }
        walk(emitter.assembler, Moment::Before, &steps, General::Rdx, done);
        emitter.assembler.align(32);
        emitter.assembler.bind(round);
        // Values and their masks take turns.
        let of = |space| program.stores.iter().filter(move |(plane, _)| plane.space == space);
        let each = |space| of(space).flat_map(|&(plane, value)| (0..copies).map(move |copy| (plane, value, copy)));
        let masks: Vec<(Value, usize)> = each(Space::Chosen).map(|(_, value, copy)| (value, copy)).collect();
        let compares = emitter.leave_comparisons(&masks);
        emitter.run(|_, _, _| None);
        // The first mask register takes all together.
        let register = |k: usize| k as u8 + 2;
        if compares {
            for (k, &(mask, copy)) in masks.iter().enumerate() {
                emitter.compare(mask, copy, register(k));
                let before = if k == 0 { register(0) } else { 1 };
                emitter.assembler.or_masks(1, before, register(k));
            }
            emitter.assembler.jump_if_empty(1, next);
        } else {
            let any = emitter.any(&masks);
            emitter.assembler.mask_bits(General::R10, any);
            emitter.assembler.jump_if_zero(General::R10, next);
        }
        for (plane, value, copy) in each(Space::Candidate) {
            let register = emitter.result(value, copy);
            emitter.assembler.store(places.plane(plane, copy), register);
            emitter.stored(value, copy);
        }
        let record = places.bytes(self.layout.start(Plane::new(Space::Chosen, 0)));
        let entry_at = |k: usize| {
            let displacement = record + (k * step) as i32;
            Memory { base: General::Rdi, index: Some(General::Rsi), displacement, broadcast: false }
        };
        emitter.assembler.store_general(entry_at(0), General::Rcx);
        for (k, &(mask, copy)) in masks.iter().enumerate() {
            if compares {
                emitter.assembler.copy_mask(General::R10, register(k));
            } else {
                let vector = emitter.result(mask, copy);
                emitter.assembler.mask_bits(General::R10, vector);
                emitter.stored(mask, copy);
            }
            emitter.assembler.store_general(entry_at(1 + k), General::R10);
        }
        let spills = emitter.spills();
        self.spills = self.spills.max(spills);
        self.assembler.advance(General::Rsi, ((1 + masks.len()) * step) as i32);
        self.assembler.advance(General::R9, vectors);
        self.assembler.bind(next);
        walk(&mut self.assembler, Moment::End(round), &steps, General::Rdx, done);
        self.assembler.copy_general(General::Rax, General::Rsi);
        self.finish();
        entry
    }

    /// A row on groups of `copies` vectors and on single ones, which may be the same function.
    pub fn rows(&mut self, program: &Program, copies: usize) -> Along {
        let many = self.row(program, copies);
        Along { many, one: if copies == 1 { many } else { self.row(program, 1) }, copies }
    }

    fn row(&mut self, program: &Program, copies: usize) -> usize {
        let entry = self.start();
        let done = self.assembler.label();
        let steps = [(General::Rcx, self.vectors(copies))];
        self.state_loop(program, Mode::Row, copies, |assembler, moment| {
            walk(assembler, moment, &steps, General::R8, done);
        });
        self.finish();
        entry
    }

    /// A loop that carries the state of a block in registers, as far as they go. `control` writes what goes around it.
    fn state_loop(&mut self, program: &Program, mode: Mode, copies: usize, control: impl Fn(&mut Assembler, Moment)) {
        let places = self.places(mode);
        let round = self.assembler.label();
        let registers = self.assembler.width.registers();
        let contracts = matches!(mode, Mode::Contract { .. });
        // Where whole parts are written for one copy after the other, only one copy has temporaries.
        let needed = if contracts { 1 } else { copies } * program.live();
        let temporaries = match program.accumulates() && mode == Mode::Update {
            true => accumulating(program, copies),
            false => needed.min(registers / 2).max(WORKING_REGISTERS),
        };
        let interleaving = if contracts { Interleaving::Parts } else { Interleaving::Operations };
        let mut emitter = Emitter::new(&mut self.assembler, program, &places, copies, interleaving);
        let loads = loads(program);
        // What is left for a pair is another number in each round, unless rounds add to it.
        let moves = |plane: &Plane| matches!(plane.space, Space::Pair | Space::Exchanged);
        let state = |plane: &Plane| loads.get(plane).copied().filter(|_| contracts || !moves(plane));
        let old: Vec<Option<Value>> = program.stores.iter().map(|(plane, _)| state(plane)).collect();
        for value in old.iter().flatten() {
            for copy in 0..copies {
                if emitter.free_count() > temporaries {
                    emitter.pin(*value, copy);
                }
            }
        }
        for (value, copy) in invariants(program, &emitter, mode) {
            // One register more takes the constant of the moment for all copies: a load instead of one for each.
            if emitter.free_count() > (needed + 1).max(temporaries + 1) {
                emitter.pin(value, copy);
            }
        }
        control(emitter.assembler, Moment::Before);
        emitter.assembler.align(32);
        emitter.assembler.bind(round);
        control(emitter.assembler, Moment::Round);
        // What is stored to several planes is computed for the first; what leads to it alone may be where it goes.
        let mut replaced: FxHashMap<Value, Value> = FxHashMap::default();
        for (&(_, new), old) in program.stores.iter().zip(&old).rev() {
            let Some(old) = old else { continue };
            replaced.extend(std::iter::once(new).chain(chain(program, new, *old)).map(|value| (value, *old)));
        }
        let target = |emitter: &Emitter<'_>, value: Value, copy: usize| -> Option<Register> {
            let old = *replaced.get(&value)?;
            emitter.pinned(old, copy).filter(|_| emitter.last_use_now(old, copy))
        };
        emitter.run(target);
        // States without a register of their own are stored first, while all registers still hold what they held.
        for pass in [false, true] {
            for (&(plane, new), old) in program.stores.iter().zip(&old) {
                for copy in emitter.stored_copies(plane) {
                    let home = old.and_then(|old| emitter.pinned(old, copy));
                    if home.is_some() != pass {
                        continue;
                    }
                    let register = emitter.result(new, copy);
                    match home {
                        Some(home) if home != register => emitter.assembler.copy(home, register),
                        Some(_) => {}
                        None => emitter.assembler.store(places.plane(plane, copy), register),
                    }
                    emitter.stored(new, copy);
                }
            }
        }
        control(emitter.assembler, Moment::End(round));
        for (&(plane, _), old) in program.stores.iter().zip(&old) {
            for copy in 0..copies {
                if let Some(home) = old.and_then(|old| emitter.pinned(old, copy)) {
                    emitter.assembler.store(places.plane(plane, copy), home);
                }
            }
        }
        let spills = emitter.spills();
        self.spills = self.spills.max(spills);
    }
}

/// Writes a loop whose rounds move registers on, the first of them up to an end; `done` is the place after it.
fn walk(assembler: &mut Assembler, moment: Moment, steps: &[(General, i32)], end: General, done: Label) {
    match moment {
        Moment::Before => {
            assembler.compare_general(steps[0].0, end);
            assembler.jump_not_below(done);
        }
        Moment::Round => {}
        Moment::End(round) => {
            steps.iter().for_each(|&(register, step)| assembler.advance(register, step));
            assembler.compare_general(steps[0].0, end);
            assembler.jump_below(round);
            assembler.bind(done);
        }
    }
}

/// The same with registers that start from zero, and others that have their start.
fn walk_from_zero(
    assembler: &mut Assembler,
    moment: Moment,
    from_zero: &[(General, i32)],
    others: &[(General, i32)],
    end: General,
    done: Label,
) {
    if let Moment::Before = moment {
        from_zero.iter().for_each(|&(register, _)| assembler.clear(register));
    }
    walk(assembler, moment, &[from_zero, others].concat(), end, done);
}

/// Writes where the planes of a program's families are to their registers, from a list of places.
fn find(assembler: &mut Assembler, families: usize, list: General) {
    for (k, &register) in FAMILIES[..families].iter().enumerate() {
        assembler.load_general(register, list, 8 * k as i8);
        assembler.add_general(register, General::Rdi);
    }
}

/// The values on the way from an old state to the new one, where that is a sum that they are each used for once.
fn chain(program: &Program, new: Value, old: Value) -> Vec<Value> {
    let uses = program.uses();
    let mut values = Vec::new();
    let mut value = new;
    while let Instruction::Apply(Op::Add | Op::MultiplyAdd, _) = program.instruction(value) {
        let instruction = program.instruction(value);
        let operands = Program::operands(&instruction);
        if operands.contains(&old) {
            return values;
        }
        let is_sum = |v: &&Value| {
            uses[v.0 as usize] == 1
                && matches!(program.instruction(**v), Instruction::Apply(Op::Add | Op::MultiplyAdd, _))
        };
        let summands = if operands.len() == 3 { &operands[2..] } else { operands };
        let Some(&next) = summands.iter().find(is_sum) else { break };
        values.push(next);
        value = next;
    }
    Vec::new()
}

/// The loads of a program.
fn loads(program: &Program) -> FxHashMap<Plane, Value> {
    let instructions = program.instructions.iter().enumerate();
    let load = |(k, instruction): (usize, &Instruction)| match instruction {
        Instruction::Load(plane) => Some((*plane, Value(k as u32))),
        _ => None,
    };
    instructions.filter_map(load).collect()
}

/// What stays the same during the loop, the most used first: constants, what is known per call, and the kept rows; while
/// a program is repeated, what is no family's.
fn invariants(program: &Program, emitter: &Emitter<'_>, mode: Mode) -> Vec<(Value, usize)> {
    let uses = program.uses();
    let mut all: Vec<(u32, Value, usize)> = Vec::new();
    for (k, instruction) in program.instructions.iter().enumerate() {
        let value = Value(k as u32);
        let stays = match instruction {
            Instruction::Constant(_) | Instruction::Table(_) => true,
            Instruction::Load(plane) => match mode {
                Mode::Contract { .. } => plane.family.is_none(),
                _ => {
                    let moves = [Space::Reduced, Space::Pair, Space::Candidate, Space::Exchanged];
                    plane.space != Space::Block && !moves.contains(&plane.space)
                }
            },
            Instruction::Apply(..) => false,
        };
        if stays {
            all.extend(emitter.owners(value).map(|(copy, sharing)| (uses[k] * sharing, value, copy)));
        }
    }
    all.sort_by_key(|(weight, value, copy)| (std::cmp::Reverse(*weight), *value, *copy));
    all.into_iter().map(|(_, value, copy)| (value, copy)).collect()
}
