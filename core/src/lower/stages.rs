//! The lane programs of a pass, one or more for each time at which values are known.

use super::condition::Condition;
use super::program::{Instruction, Op, Program, Space};
use super::repeat::Repeat;
use super::results::{OutputArray, RowPart};
use crate::dtype::Dtype;

/// Where the numbers of a plane come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A component of an argument.
    Component {
        /// Position of the argument.
        index: usize,
        /// Which component.
        component: usize,
    },
    /// A component of an argument that holds integers, as an integer.
    Integer {
        /// Position of the argument.
        index: usize,
        /// Which component.
        component: usize,
    },
    /// The number of the row, as an integer.
    Position,
    /// Computed by a stage.
    Computed,
}

impl Source {
    /// How many of the sources from this one on are neighbouring components of one argument, or computed.
    pub fn neighbours(self, sources: &[Source]) -> usize {
        let follows = |(k, &source): (usize, &Source)| match self {
            Source::Component { index, component } => source == Source::Component { index, component: component + k },
            Source::Computed => source == Source::Computed,
            _ => k == 0,
        };
        sources.iter().enumerate().take_while(|&each| follows(each)).count()
    }

    /// Position and component of the argument, if it is one.
    pub fn argument(self) -> Option<[usize; 2]> {
        match self {
            Source::Component { index, component } | Source::Integer { index, component } => Some([index, component]),
            Source::Position | Source::Computed => None,
        }
    }
}

/// The stages of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// From the parameters, once.
    Call,
    /// From the arguments of the kept rows.
    Kept,
    /// From the arguments of the reduced rows.
    Reduced,
    /// Sums over many components, which are left for each pair in the space `Pair`.
    Contract,
    /// The block after one more pair.
    Update,
    /// The values of one kept row that are reduced in plain code.
    Values,
    /// The same values of many kept rows, those that matter: each with a mask of whether it does.
    Candidates,
    /// New anchors and the mask of what to compute again, in the first output plane.
    Reanchor,
    /// The totals with the block.
    Absorb,
    /// The totals with other totals.
    Merge,
    /// The results of the totals.
    Finish,
    /// The results where nothing is reduced, whatever multiplies them elsewhere.
    Nothing,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Stage; 12] = [
        Stage::Call,
        Stage::Kept,
        Stage::Reduced,
        Stage::Contract,
        Stage::Update,
        Stage::Values,
        Stage::Candidates,
        Stage::Reanchor,
        Stage::Absorb,
        Stage::Merge,
        Stage::Finish,
        Stage::Nothing,
    ];
}

impl Stage {
    /// How often the program of the stage runs, in words.
    pub fn frequency(self) -> &'static str {
        match self {
            Stage::Call => "per call",
            Stage::Kept => "per kept row",
            Stage::Reduced => "per reduced row",
            Stage::Contract | Stage::Update | Stage::Values | Stage::Candidates => "per pair",
            Stage::Reanchor | Stage::Absorb | Stage::Merge => "per kept row and block",
            Stage::Finish | Stage::Nothing => "per result row",
        }
    }
}

/// The lane programs of a pass and what they need around them.
#[derive(Clone, Debug)]
pub struct Stages {
    /// The format of the computation.
    pub dtype: Dtype,
    /// A program for each stage.
    pub programs: [Program; Stage::ALL.len()],
    /// What each stage repeats for many components, after its program.
    pub repeats: [Vec<Repeat>; Stage::ALL.len()],
    /// Where the planes of the spaces `Call`, `Kept` and `Reduced` come from.
    pub sources: [Vec<Source>; 3],
    /// How many planes each space has.
    pub slots: [usize; Space::ALL.len()],
    /// The bits of an empty block, of the total of nothing and of the first anchors.
    pub block: Vec<u64>,
    /// The total of nothing.
    pub total: Vec<u64>,
    /// The first anchors.
    pub anchors: Vec<u64>,
    /// The arrays of the results.
    pub outputs: Vec<OutputArray>,
    /// What is reduced in plain code.
    pub rows: Vec<RowPart>,
    /// Which pairs take part, where every result has a mask.
    pub condition: Option<Condition>,
}

impl Stages {
    /// The program of a stage.
    pub fn program(&self, stage: Stage) -> &Program {
        &self.programs[stage as usize]
    }

    /// What a stage does, in order. Where totals are merged, what is repeated comes before the program, because it reads what
    /// the program replaces; elsewhere it comes after, because it reads what the program leaves.
    pub fn parts(&self, stage: Stage) -> impl Iterator<Item = Part<'_>> {
        let once = Some(self.program(stage)).filter(|program| !program.stores.is_empty());
        let once = once.map(|program| Part { program, repeat: None });
        let (first, last) = match stage {
            Stage::Absorb | Stage::Merge => (None, once),
            _ => (once, None),
        };
        let repeats = self.repeats[stage as usize].iter();
        let repeats = repeats.map(|repeat| Part { program: &repeat.program, repeat: Some(repeat) });
        first.into_iter().chain(repeats).chain(last)
    }

    /// Whether a stage does anything.
    pub fn has(&self, stage: Stage) -> bool {
        self.parts(stage).next().is_some()
    }

    /// The programs in words, with their operations.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for stage in Stage::ALL {
            if self.has(stage) {
                text += &format!("{stage:?}: {} operations {}\n", self.operations(stage), stage.frequency());
            }
            for part in self.parts(stage) {
                text += &part.repeat.map_or_else(|| part.program.text(), Repeat::text);
            }
        }
        text
    }

    /// How many operations a pair takes.
    pub fn operations_per_pair(&self) -> usize {
        [Stage::Contract, Stage::Update, Stage::Values].map(|stage| self.operations(stage)).into_iter().sum()
    }

    /// How many square roots a pair takes that are written once.
    pub(super) fn roots_per_pair(&self) -> usize {
        let programs = [Stage::Update, Stage::Values].map(|stage| self.program(stage));
        let instructions = programs.into_iter().flat_map(|program| &program.instructions);
        instructions.filter(|instruction| matches!(instruction, Instruction::Apply(Op::SquareRoot, _))).count()
    }

    /// How many operations a stage takes for a lane.
    pub fn operations(&self, stage: Stage) -> usize {
        self.parts(stage).map(|part| part.repeat.map_or(1, Repeat::count) * part.program.operations()).sum()
    }
}

/// A program of a stage.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The program.
    pub program: &'a Program,
    /// What it is repeated on, if it is.
    pub repeat: Option<&'a Repeat>,
}

impl<'a> Part<'a> {
    /// The planes that the families name each time that it runs.
    pub fn rows(self) -> impl Iterator<Item = &'a [u32]> {
        let once: Option<&[u32]> = self.repeat.is_none().then_some(&[]);
        once.into_iter().chain(self.repeat.into_iter().flat_map(Repeat::rows))
    }
}
