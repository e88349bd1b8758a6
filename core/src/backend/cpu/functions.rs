//! The functions of a pass: which there are for each stage, how many vectors of rows each works on, and how they are called.

use super::loops::Writer;
use super::x86::{Assembler, Width};
use crate::backend::tile::{CANDIDATE_LANES, Layout, MOST_CONTRACTED, PAIR_LANES};
use crate::lower::{Instruction, Part, Plane, Program, Space, Stage, Stages};

/// Where the functions start in the code, and how they were made. Each takes the tile's buffer as `base`, and as its last
/// argument, in `r9`, the places that the families of a repeated program name.
#[derive(Debug, Default)]
pub(super) struct Functions {
    /// `map(base, bytes)`: the programs of a stage on lanes up to an offset, by stage.
    pub maps: [Vec<Function>; Stage::ALL.len()],
    /// The programs that leave sums for each pair.
    pub contractions: Vec<Contraction>,
    /// The programs that update a block.
    pub updates: Vec<Update>,
    /// The values that are reduced in plain code, if any are.
    pub values: Option<Along>,
    /// Those of them that matter.
    pub candidates: Option<Filter>,
    /// Vectors of kept rows for which programs leave something for each pair, if any do.
    pub group: Option<usize>,
    /// Vectors of memory that the code needs for values that lose their registers.
    pub spills: usize,
}

impl Functions {
    /// Vectors of reduced rows that are interleaved in an update.
    pub fn copies(&self) -> usize {
        self.all_rows().map(|(row, _)| row.copies).max().unwrap_or(1)
    }

    /// All that is done for a block with lanes along the reduced rows, in order.
    pub fn all_rows(&self) -> impl Iterator<Item = (Along, &Calls)> {
        let contractions = self.contractions.iter().map(|contraction| (contraction.row, &contraction.calls));
        contractions.chain(self.updates.iter().map(|update| (update.row, &update.calls)))
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

    /// The places for calls that go through so many repetitions each.
    pub fn several(&self, repetitions: usize) -> impl Iterator<Item = &[usize]> {
        self.places.chunks(self.families.max(1) * repetitions)
    }

    /// The places for each call.
    pub fn each(&self) -> impl Iterator<Item = &[usize]> {
        let once: Option<&[usize]> = (self.families == 0).then_some(&[]);
        once.into_iter().chain(self.places.chunks_exact(self.families.max(1)))
    }
}

/// The functions of a program that adds to sums of each pair: a block of kept and reduced rows at a time, whose sums stay
/// in registers while the program is repeated.
#[derive(Debug)]
pub(super) struct Contraction {
    /// `contract(base, kept offset, reduced bytes, bytes of places, offset among the pairs, places)` on a group of vectors and
    /// on a single one.
    pub starts: [usize; 2],
    /// With lanes along the reduced rows.
    pub row: Along,
    pub calls: Calls,
}

/// The functions of a program that updates a block.
#[derive(Debug)]
pub(super) struct Update {
    /// `update(base, kept bytes, reduced bytes)`; or, where programs leave something for each pair, `update(base, kept
    /// offset, reduced bytes, 0, offset among the pairs)` on `copies` vectors of a group and on a single one.
    pub starts: [usize; 2],
    pub copies: usize,
    /// With lanes along the reduced rows.
    pub row: Along,
    pub calls: Calls,
}

/// `filter(base, kept offset, end of reduced bytes, their start, offset among the pairs)`, which gives the bytes of the records
/// that it has left, on `copies` vectors and on a single one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    pub starts: [usize; 2],
    pub copies: usize,
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

/// Vectors that are interleaved at most, in float32 and in float64, whose longer polynomials leave more to wait for.
const MOST_COPIES: [usize; 2] = [3, 4];
/// Registers that two interleaved vectors may lack.
const RELOADS: usize = 4;
/// Operations of a program from which on any number of interleaved vectors may lack as many registers as there are, where there
/// are 16: there is more to wait for than to reload.
const LONG: usize = 24;
/// Vectors of kept rows for which sums are added together, with 16 registers and with 32.
const CONTRACTED: [usize; 2] = [2, 4];

/// Writes all functions of a pass.
pub(super) fn write(stages: &Stages, layout: &Layout, width: Width) -> (Vec<u8>, Functions) {
    let precision = usize::from(layout.size() == 8);
    let most = MOST_COPIES[precision];
    let mut functions = Functions { group: group(stages, width, most), ..Functions::default() };
    let mut writer = Writer::new(Assembler::new(width, precision), layout, functions.group.unwrap_or(1));
    // What is reduced together is spread over lanes alike.
    let updates = [Stage::Contract, Stage::Update].into_iter().flat_map(|stage| stages.parts(stage));
    let along = updates.map(|part| copies(part.program, width, most)).min().unwrap_or(1);
    for stage in Stage::ALL {
        for part in stages.parts(stage) {
            let (program, calls) = (part.program, Calls::new(part, layout));
            writer.families = calls.families;
            let fitting = copies(program, width, most);
            let divisor = (1..=fitting).rev().find(|copies| writer.group.is_multiple_of(*copies)).unwrap_or(1);
            match stage {
                Stage::Contract => {
                    let blocks = [writer.group, 1].map(|vectors| (vectors, rows(program, width, vectors)));
                    let starts = blocks.map(|(vectors, rows)| writer.contraction(program, vectors, rows));
                    functions.contractions.push(Contraction { starts, row: writer.rows(program, along), calls });
                }
                Stage::Update => {
                    let (starts, copies) = match functions.group {
                        Some(_) => ([divisor, 1].map(|copies| writer.update_group(program, copies)), divisor),
                        None => ([writer.update(program, fitting); 2], fitting),
                    };
                    functions.updates.push(Update { starts, copies, row: writer.rows(program, along), calls });
                }
                Stage::Values => functions.values = Some(writer.rows(program, fitting)),
                Stage::Candidates => {
                    let fitting = if functions.group.is_some() { divisor } else { fitting };
                    let copies = fitting.min(CANDIDATE_LANES * layout.size() / width.bytes());
                    let starts = [copies, 1].map(|copies| writer.candidates(program, copies));
                    functions.candidates = Some(Filter { starts, copies });
                }
                _ => functions.maps[stage as usize].push(Function { start: writer.map(program), calls }),
            }
        }
    }
    functions.spills = writer.spills;
    (writer.assembler.finish(), functions)
}

/// Vectors of kept rows that programs which leave something for each pair go through together, if there are any.
fn group(stages: &Stages, width: Width, most: usize) -> Option<usize> {
    let all = |stage| stages.parts(stage).map(|part| part.program);
    let room = PAIR_LANES * stages.dtype.size() / width.bytes();
    let group = match stages.has(Stage::Contract) {
        true => CONTRACTED[usize::from(width == Width::Zmm)],
        false => all(Stage::Update).map(|program| copies(program, width, most)).max()?,
    };
    (stages.slots[Space::Pair as usize] > 0).then_some(group.min(room))
}

/// How many vectors are interleaved: as many as leave room for their states and temporaries, or more where that is worth a few
/// reloads.
fn copies(program: &Program, width: Width, most: usize) -> usize {
    // What exchanged pairs come to is in memory.
    let states = program.stores.iter().filter(|(plane, _)| plane.space != Space::Exchanged).count();
    let is_applied = |instruction: &&Instruction| matches!(instruction, Instruction::Apply(..));
    let is_long = program.instructions.iter().filter(is_applied).count() >= LONG;
    let fits = |&copies: &usize| {
        if program.accumulates() {
            return copies * program.stores.len() + accumulating(program, copies) <= width.registers();
        }
        let reloads = match copies {
            _ if is_long && width == Width::Ymm => width.registers(),
            2 => RELOADS,
            _ => 0,
        };
        copies * (states + program.live()) + 2 <= width.registers() + reloads
    };
    (2..=most).rev().find(fits).unwrap_or(1)
}

/// Registers that a program which accumulates needs beyond its states: for what a pair of each vector has, for a number of the
/// reduced row, and as many as an instruction may need.
pub(super) fn accumulating(program: &Program, copies: usize) -> usize {
    let is_pair = |i: &&Instruction| matches!(i, Instruction::Load(plane) if plane.space == Space::Pair);
    (copies * program.instructions.iter().filter(is_pair).count() + 1).max(3)
}

/// How many reduced rows sums are added for together, so that they and what is read stay in registers.
fn rows(program: &Program, width: Width, vectors: usize) -> usize {
    let count = |wanted: fn(&Instruction) -> bool| program.instructions.iter().filter(|i| wanted(i)).count();
    let constants = count(|i| matches!(i, Instruction::Constant(_) | Instruction::Table(_)));
    // A term reads a number of the reduced row and one of each vector of kept rows.
    let others = constants + program.live() + 1 + vectors;
    (width.registers().saturating_sub(others) / vectors).clamp(1, MOST_CONTRACTED)
}
