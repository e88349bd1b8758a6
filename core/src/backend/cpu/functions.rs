//! The functions of a pass: a loop around each lane program. What an offset register means is said here.

use rustc_hash::FxHashMap;

use super::emit::{Addresses, Emitter};
use super::x86::{Assembler, General, Memory, Register, Width};
use crate::backend::tile::Layout;
use crate::lower::{Instruction, Plane, Program, Space, Stage, Stages, Table};
use crate::ops::Value;

/// Where the functions start in the code, and how they were made.
#[derive(Debug, Default)]
pub(super) struct Functions {
    /// `map(base, bytes)`: a stage on lanes up to an offset, by stage; none for an empty one.
    pub maps: [Option<usize>; Stage::ALL.len()],
    /// `update(base, kept bytes, reduced bytes)`.
    pub update: usize,
    /// `row(base, row offset, lane offset, start, end)` on groups of `copies` vectors of reduced rows.
    pub row_many: usize,
    /// The same on single vectors.
    pub row_one: usize,
    /// Vectors that are interleaved.
    pub copies: usize,
    /// The values that are reduced in plain code, if any are.
    pub values: Option<ValueFunctions>,
    /// Vectors of memory that the code needs for values that lose their registers.
    pub spills: usize,
}

/// `values(base, row offset, 0, start, end)`: as the functions of a row, without a state.
#[derive(Debug)]
pub(super) struct ValueFunctions {
    /// On groups of `copies` vectors of reduced rows.
    pub many: usize,
    /// On single vectors.
    pub one: usize,
    /// Vectors that are interleaved.
    pub copies: usize,
}

/// Vectors that are interleaved at most, in float32 and in float64, whose longer polynomials leave more to wait for.
const MOST_COPIES: [usize; 2] = [3, 4];
/// Registers that two interleaved vectors may lack.
const RELOADS: usize = 4;
/// Registers that an instruction may need beyond its live values.
const WORKING_REGISTERS: usize = 5;

/// Writes all functions of a pass.
pub(super) fn write(stages: &Stages, layout: &Layout, width: Width) -> (Vec<u8>, Functions) {
    let precision = usize::from(layout.size() == 8);
    let mut writer = Writer { assembler: Assembler::new(width, precision), layout, functions: Functions::default() };
    for stage in Stage::ALL {
        let program = stages.program(stage);
        if !matches!(stage, Stage::Update | Stage::Values) && !program.stores.is_empty() {
            writer.functions.maps[stage as usize] = Some(writer.map(program));
        }
    }
    let program = stages.program(Stage::Update);
    let copies = copies(program, width, MOST_COPIES[precision]);
    writer.functions.copies = copies;
    writer.functions.update = writer.update(program, copies);
    [writer.functions.row_many, writer.functions.row_one] = writer.rows(program, copies);
    let program = stages.program(Stage::Values);
    if !program.stores.is_empty() {
        let copies = self::copies(program, width, MOST_COPIES[precision]);
        let [many, one] = writer.rows(program, copies);
        writer.functions.values = Some(ValueFunctions { many, one, copies });
    }
    (writer.assembler.finish(), writer.functions)
}

/// How many vectors are interleaved: as many as leave room for their states and temporaries. Two are worth a few
/// reloads, more are not.
fn copies(program: &Program, width: Width, most: usize) -> usize {
    let needed = program.stores.len() + program.live();
    let fits = |copies: &usize| {
        let reloads = if *copies == 2 { RELOADS } else { 0 };
        copies * needed + 2 <= width.registers() + reloads
    };
    (2..=most).rev().find(fits).unwrap_or(1)
}

struct Writer<'a> {
    assembler: Assembler,
    layout: &'a Layout,
    functions: Functions,
}

/// What the offset registers of a function stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// `rax`: the lanes of every space.
    Map,
    /// `rax`: the kept rows, along lanes; `rcx`: the reduced row, the same for all lanes.
    Update,
    /// `rsi`: the kept row, the same for all lanes; `rdx`: the state; `rcx`: the reduced rows and their values, along
    /// lanes.
    Row,
}

struct Places<'a> {
    layout: &'a Layout,
    width: Width,
    mode: Mode,
}

impl Places<'_> {
    fn bytes(&self, element: usize) -> i32 {
        // The layout keeps the buffer far below 2 GiB.
        (element * self.layout.size()) as i32
    }
}

impl Addresses for Places<'_> {
    fn plane(&self, plane: Plane, copy: usize) -> (Memory, bool) {
        let start = self.bytes(self.layout.start(plane));
        let along = |index| {
            let displacement = start + (copy * self.width.bytes()) as i32;
            (Memory { index: Some(index), displacement, broadcast: false }, false)
        };
        let one = |index| (Memory { index: Some(index), displacement: start, broadcast: true }, true);
        match (self.mode, plane.space) {
            (_, Space::Call) => (Memory { index: None, displacement: start, broadcast: false }, true),
            (Mode::Map, _) => along(General::Rax),
            (Mode::Update, Space::Reduced) => one(General::Rcx),
            (Mode::Update, _) => along(General::Rax),
            (Mode::Row, Space::Reduced | Space::Values) => along(General::Rcx),
            (Mode::Row, Space::Kept) => one(General::Rsi),
            (Mode::Row, _) => along(General::Rdx),
        }
    }

    fn constant(&self, bits: u64) -> Memory {
        Memory { index: None, displacement: self.bytes(self.layout.constant(bits)), broadcast: false }
    }

    fn table(&self, table: &'static Table) -> Memory {
        Memory { index: None, displacement: self.bytes(self.layout.table(table)), broadcast: false }
    }

    fn spill(&self, slot: usize) -> Memory {
        let element = self.layout.length() + slot * self.layout.vector();
        Memory { index: None, displacement: self.bytes(element), broadcast: false }
    }
}

impl Writer<'_> {
    fn start(&mut self) -> usize {
        self.assembler.align(32);
        self.assembler.code.len()
    }

    fn map(&mut self, program: &Program) -> usize {
        let entry = self.start();
        let places = Places { layout: self.layout, width: self.assembler.width, mode: Mode::Map };
        self.assembler.clear(General::Rax);
        let top = self.assembler.label();
        self.assembler.bind(top);
        let mut emitter = Emitter::new(&mut self.assembler, program, &places, 1);
        emitter.run(|_, _, _| None);
        for &(plane, value) in &program.stores {
            let register = emitter.result(value, 0);
            emitter.assembler.store(places.plane(plane, 0).0, register);
            emitter.stored(value, 0);
        }
        self.functions.spills = self.functions.spills.max(emitter.spills());
        let bytes = self.assembler.width.bytes() as i32;
        self.assembler.advance(General::Rax, bytes);
        self.assembler.compare_general(General::Rax, General::Rsi);
        self.assembler.jump_below(top);
        self.assembler.finish_function();
        entry
    }

    fn update(&mut self, program: &Program, copies: usize) -> usize {
        let entry = self.start();
        self.assembler.clear(General::Rax);
        let mut groups = vec![copies, 1];
        groups.dedup();
        for copies in groups {
            let (top, next, done) = (self.assembler.label(), self.assembler.label(), self.assembler.label());
            self.assembler.bind(top);
            let bytes = (copies * self.assembler.width.bytes()) as i32;
            self.assembler.offset(General::R8, General::Rax, bytes);
            self.assembler.compare_general(General::R8, General::Rsi);
            self.assembler.jump_above(next);
            let step = self.layout.size() as i32;
            self.state_loop(program, Mode::Update, copies, |assembler, inner| match inner {
                None => {
                    assembler.clear(General::Rcx);
                    assembler.compare_general(General::Rcx, General::Rdx);
                    assembler.jump_not_below(done);
                }
                Some(inner) => {
                    assembler.advance(General::Rcx, step);
                    assembler.compare_general(General::Rcx, General::Rdx);
                    assembler.jump_below(inner);
                    assembler.bind(done);
                }
            });
            self.assembler.copy_general(General::Rax, General::R8);
            self.assembler.jump(top);
            self.assembler.bind(next);
        }
        self.assembler.finish_function();
        entry
    }

    /// A row on groups of `copies` vectors and on single ones, which may be the same function.
    fn rows(&mut self, program: &Program, copies: usize) -> [usize; 2] {
        let many = self.row(program, copies);
        [many, if copies == 1 { many } else { self.row(program, 1) }]
    }

    fn row(&mut self, program: &Program, copies: usize) -> usize {
        let entry = self.start();
        let done = self.assembler.label();
        let step = (copies * self.assembler.width.bytes()) as i32;
        self.state_loop(program, Mode::Row, copies, |assembler, inner| match inner {
            None => {
                assembler.compare_general(General::Rcx, General::R8);
                assembler.jump_not_below(done);
            }
            Some(inner) => {
                assembler.advance(General::Rcx, step);
                assembler.compare_general(General::Rcx, General::R8);
                assembler.jump_below(inner);
                assembler.bind(done);
            }
        });
        self.assembler.finish_function();
        entry
    }

    /// A loop that carries the state of a block in registers, as far as they go. `control` writes what comes before
    /// the loop (for none) and what ends it (for its label).
    fn state_loop(
        &mut self,
        program: &Program,
        mode: Mode,
        copies: usize,
        control: impl Fn(&mut Assembler, Option<super::x86::Label>),
    ) {
        let places = Places { layout: self.layout, width: self.assembler.width, mode };
        let inner = self.assembler.label();
        let registers = self.assembler.width.registers();
        let needed = copies * program.live();
        let temporaries = needed.min(registers / 2).max(WORKING_REGISTERS);
        let mut emitter = Emitter::new(&mut self.assembler, program, &places, copies);
        let loads = loads(program);
        let old: Vec<Option<Value>> = program.stores.iter().map(|(plane, _)| loads.get(plane).copied()).collect();
        for value in old.iter().flatten() {
            for copy in 0..copies {
                if emitter.free_count() > temporaries {
                    emitter.pin(*value, copy);
                }
            }
        }
        for (value, copy) in invariants(program, &places, copies) {
            // One register more takes the constant of the moment for all copies: a load instead of one for each.
            if emitter.free_count() > (needed + 1).max(temporaries + 1) {
                emitter.pin(value, copy);
            }
        }
        control(emitter.assembler, None);
        emitter.assembler.align(32);
        emitter.assembler.bind(inner);
        // What is stored to several planes is computed for the first.
        let mut replaced: FxHashMap<Value, Value> = FxHashMap::default();
        for (&(_, new), old) in program.stores.iter().zip(&old).rev() {
            replaced.extend(old.map(|old| (new, old)));
        }
        let target = |emitter: &Emitter<'_>, value: Value, copy: usize| -> Option<Register> {
            let old = *replaced.get(&value)?;
            emitter.pinned(old, copy).filter(|_| emitter.last_use_now(old, copy))
        };
        emitter.run(target);
        // States without a register of their own are stored first, while all registers still hold what they held.
        for pass in [false, true] {
            for (&(plane, new), old) in program.stores.iter().zip(&old) {
                for copy in 0..copies {
                    let home = old.and_then(|old| emitter.pinned(old, copy));
                    if home.is_some() != pass {
                        continue;
                    }
                    let register = emitter.result(new, copy);
                    match home {
                        Some(home) if home != register => emitter.assembler.copy(home, register),
                        Some(_) => {}
                        None => emitter.assembler.store(places.plane(plane, copy).0, register),
                    }
                    emitter.stored(new, copy);
                }
            }
        }
        control(emitter.assembler, Some(inner));
        for (&(plane, _), old) in program.stores.iter().zip(&old) {
            for copy in 0..copies {
                if let Some(home) = old.and_then(|old| emitter.pinned(old, copy)) {
                    emitter.assembler.store(places.plane(plane, copy).0, home);
                }
            }
        }
        let spills = emitter.spills();
        self.functions.spills = self.functions.spills.max(spills);
    }
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

/// What stays the same during the loop, the most used first: constants, what is known per call, and the kept rows.
fn invariants(program: &Program, places: &Places<'_>, copies: usize) -> Vec<(Value, usize)> {
    let uses = program.uses();
    let mut all: Vec<(u32, Value, usize)> = Vec::new();
    for (k, instruction) in program.instructions.iter().enumerate() {
        let value = Value(k as u32);
        match instruction {
            Instruction::Constant(_) | Instruction::Table(_) => all.push((uses[k] * copies as u32, value, 0)),
            Instruction::Load(plane) if !matches!(plane.space, Space::Reduced | Space::Block) => {
                let shared = places.plane(*plane, 0).1;
                let each = if shared { 1 } else { copies };
                let weight = if shared { uses[k] * copies as u32 } else { uses[k] };
                all.extend((0..each).map(|copy| (weight, value, copy)));
            }
            _ => {}
        }
    }
    all.sort_by_key(|(weight, value, copy)| (std::cmp::Reverse(*weight), *value, *copy));
    all.into_iter().map(|(_, value, copy)| (value, copy)).collect()
}
