//! The functions of a pass: a loop around each lane program. What an offset register means is said here.

use rustc_hash::FxHashMap;

use super::emit::{Addresses, Emitter};
use super::x86::{Assembler, General, Memory, Register, Width};
use crate::backend::tile::Layout;
use crate::lower::{Instruction, MOST_FAMILIES, Part, Plane, Program, Space, Stage, Stages, Table};
use crate::ops::Value;

/// Where the functions start in the code, and how they were made. Each takes the tile's buffer as `base`, and as its last
/// argument, in `r9`, the places that the families of a repeated program name.
#[derive(Debug, Default)]
pub(super) struct Functions {
    /// `map(base, bytes)`: the programs of a stage on lanes up to an offset, by stage.
    pub maps: [Vec<Function>; Stage::ALL.len()],
    /// The programs that leave sums for each pair.
    pub contractions: Vec<Update>,
    /// The programs that update a block.
    pub updates: Vec<Update>,
    /// The values that are reduced in plain code, if any are.
    pub values: Option<Along>,
    /// Vectors that are interleaved where programs leave something for each pair, which is then there for as many.
    pub group: Option<usize>,
    /// Vectors of memory that the code needs for values that lose their registers.
    pub spills: usize,
}

impl Functions {
    /// All that is done for a block, in order.
    pub fn all_updates(&self) -> impl Iterator<Item = &Update> {
        self.contractions.iter().chain(&self.updates)
    }

    /// Vectors that are interleaved in an update at most.
    pub fn copies(&self) -> usize {
        self.all_updates().map(|update| update.row.copies).max().unwrap_or(1)
    }
}

/// A function, and how often it is called.
#[derive(Debug)]
pub(super) struct Function {
    pub start: usize,
    pub calls: Calls,
}

/// What a function is called with.
#[derive(Debug, Default)]
pub(super) struct Calls {
    families: usize,
    /// The places of the planes that the families name, in bytes, call by call.
    places: Vec<usize>,
}

impl Calls {
    fn new(part: Part<'_>, layout: &Layout) -> Self {
        let Some(repeat) = part.repeat else { return Calls::default() };
        let families = repeat.spaces.len();
        let place = |(k, &first): (usize, &u32)| {
            layout.start(Plane::new(repeat.spaces[k % families], first as usize)) * layout.size()
        };
        Calls { families, places: repeat.firsts.iter().enumerate().map(place).collect() }
    }

    /// The places for each call.
    pub fn each(&self) -> impl Iterator<Item = &[usize]> {
        let once: Option<&[usize]> = (self.families == 0).then_some(&[]);
        once.into_iter().chain(self.places.chunks_exact(self.families.max(1)))
    }
}

/// The functions of a program that updates a block.
#[derive(Debug)]
pub(super) struct Update {
    /// `update(base, kept bytes, reduced bytes)`; or, where programs leave something for each pair, `update(base, kept
    /// offset, reduced bytes)` on a group of `copies` vectors and on a single one.
    pub starts: [usize; 2],
    /// With lanes along the reduced rows.
    pub row: Along,
    pub calls: Calls,
}

/// `row(base, row offset, lane offset, start, end)`: a program with lanes along the reduced rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Along {
    /// On groups of `copies` vectors of reduced rows.
    pub many: usize,
    /// On single vectors.
    pub one: usize,
    /// Vectors that are interleaved.
    pub copies: usize,
}

/// The registers that hold where a family's plane is; the first of them belong to whoever is called.
const FAMILIES: [General; MOST_FAMILIES] =
    [General::R10, General::R11, General::Rbx, General::Rbp, General::R13, General::R14, General::R15];
/// How many of these belong to whoever is called.
const CALLEES: usize = 2;

/// Vectors that are interleaved at most, in float32 and in float64, whose longer polynomials leave more to wait for.
const MOST_COPIES: [usize; 2] = [3, 4];
/// Registers that two interleaved vectors may lack.
const RELOADS: usize = 4;
/// Registers that an instruction may need beyond its live values.
const WORKING_REGISTERS: usize = 5;

/// Writes all functions of a pass.
pub(super) fn write(stages: &Stages, layout: &Layout, width: Width) -> (Vec<u8>, Functions) {
    let precision = usize::from(layout.size() == 8);
    let assembler = Assembler::new(width, precision);
    let mut writer = Writer { assembler, layout, families: 0, spills: 0 };
    let mut functions = Functions::default();
    if stages.slots[Space::Pair as usize] > 0 {
        let parts = [Stage::Contract, Stage::Update].into_iter().flat_map(|stage| stages.parts(stage));
        functions.group = parts.map(|part| copies(part.program, width, MOST_COPIES[precision])).min();
    }
    for stage in Stage::ALL {
        for part in stages.parts(stage) {
            let (program, calls) = (part.program, Calls::new(part, layout));
            writer.families = calls.families;
            match stage {
                Stage::Contract | Stage::Update => {
                    let copies = functions.group.unwrap_or_else(|| copies(program, width, MOST_COPIES[precision]));
                    let starts = match functions.group {
                        Some(group) => [group, 1].map(|copies| writer.group(program, copies)),
                        None => [writer.update(program, copies); 2],
                    };
                    let update = Update { starts, row: writer.rows(program, copies), calls };
                    match stage {
                        Stage::Contract => functions.contractions.push(update),
                        _ => functions.updates.push(update),
                    }
                }
                Stage::Values => {
                    let copies = copies(program, width, MOST_COPIES[precision]);
                    functions.values = Some(writer.rows(program, copies));
                }
                _ => functions.maps[stage as usize].push(Function { start: writer.map(program), calls }),
            }
        }
    }
    functions.spills = writer.spills;
    (writer.assembler.finish(), functions)
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
    /// Families of the program that is written.
    families: usize,
    /// Vectors of memory that any function needs.
    spills: usize,
}

/// What the offset registers of a function stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// `rax`: the lanes of every space.
    Map,
    /// `rax`: the kept rows, along lanes; `rcx`: the reduced row, the same for all lanes; `r8`: what is left for each
    /// pair, along the lanes of the kept rows.
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

    /// A vector at a place of the buffer.
    fn fixed(&self, element: usize) -> Memory {
        Memory { base: General::Rdi, index: None, displacement: self.bytes(element), broadcast: false }
    }
}

impl Addresses for Places<'_> {
    fn plane(&self, plane: Plane, copy: usize) -> (Memory, bool) {
        let start = self.bytes(self.layout.start(plane));
        let base = plane.family.map_or(General::Rdi, |family| FAMILIES[family.position()]);
        let along = |index| {
            let displacement = start + (copy * self.width.bytes()) as i32;
            (Memory { base, index: Some(index), displacement, broadcast: false }, false)
        };
        let one = |index| (Memory { base, index: Some(index), displacement: start, broadcast: true }, true);
        match (self.mode, plane.space) {
            (_, Space::Call) => (Memory { base, index: None, displacement: start, broadcast: false }, true),
            (Mode::Map, _) => along(General::Rax),
            (Mode::Update, Space::Reduced) => one(General::Rcx),
            (Mode::Update, Space::Pair) => along(General::R8),
            (Mode::Update, _) => along(General::Rax),
            (Mode::Row, Space::Reduced | Space::Values | Space::Pair) => along(General::Rcx),
            (Mode::Row, Space::Kept) => one(General::Rsi),
            (Mode::Row, _) => along(General::Rdx),
        }
    }

    fn constant(&self, bits: u64) -> Memory {
        self.fixed(self.layout.constant(bits))
    }

    fn table(&self, table: &'static Table) -> Memory {
        self.fixed(self.layout.table(table))
    }

    fn spill(&self, slot: usize) -> Memory {
        self.fixed(self.layout.length() + slot * self.layout.vector())
    }
}

impl Writer<'_> {
    /// The families' registers that belong to whoever calls.
    fn callers(&self) -> &'static [General] {
        &FAMILIES[CALLEES.min(self.families)..self.families]
    }

    /// Starts a function: the families' registers hold where their planes are.
    fn start(&mut self) -> usize {
        self.assembler.align(32);
        let entry = self.assembler.code.len();
        self.callers().iter().for_each(|&register| self.assembler.push(register));
        for (k, &register) in FAMILIES[..self.families].iter().enumerate() {
            self.assembler.load_general(register, General::R9, 8 * k as i8);
            self.assembler.add_general(register, General::Rdi);
        }
        entry
    }

    fn finish(&mut self) {
        self.assembler.clear_upper();
        self.callers().iter().rev().for_each(|&register| self.assembler.pop(register));
        self.assembler.finish_function();
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
        self.spills = self.spills.max(emitter.spills());
        let bytes = self.assembler.width.bytes() as i32;
        self.assembler.advance(General::Rax, bytes);
        self.assembler.compare_general(General::Rax, General::Rsi);
        self.assembler.jump_below(top);
        self.finish();
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
        self.finish();
        entry
    }

    /// An update of as many vectors of kept rows.
    fn group(&mut self, program: &Program, copies: usize) -> usize {
        let entry = self.start();
        self.assembler.copy_general(General::Rax, General::Rsi);
        let done = self.assembler.label();
        let (step, pair) = (self.layout.size() as i32, (copies * self.assembler.width.bytes()) as i32);
        self.state_loop(program, Mode::Update, copies, |assembler, inner| match inner {
            None => {
                assembler.clear(General::Rcx);
                assembler.clear(General::R8);
                assembler.compare_general(General::Rcx, General::Rdx);
                assembler.jump_not_below(done);
            }
            Some(inner) => {
                assembler.advance(General::Rcx, step);
                assembler.advance(General::R8, pair);
                assembler.compare_general(General::Rcx, General::Rdx);
                assembler.jump_below(inner);
                assembler.bind(done);
            }
        });
        self.finish();
        entry
    }

    /// A row on groups of `copies` vectors and on single ones, which may be the same function.
    fn rows(&mut self, program: &Program, copies: usize) -> Along {
        let many = self.row(program, copies);
        Along { many, one: if copies == 1 { many } else { self.row(program, 1) }, copies }
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
        self.finish();
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
        // What is left for a pair is another number in each round.
        let state = |plane: &Plane| loads.get(plane).copied().filter(|_| plane.space != Space::Pair);
        let old: Vec<Option<Value>> = program.stores.iter().map(|(plane, _)| state(plane)).collect();
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
        self.spills = self.spills.max(spills);
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
            Instruction::Load(plane) if !matches!(plane.space, Space::Reduced | Space::Block | Space::Pair) => {
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
