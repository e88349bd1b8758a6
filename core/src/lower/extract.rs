//! The one program of a pass cut into those of its stages.

use rustc_hash::FxHashMap;

use super::builder::Builder;
use super::fuse::fuse;
use super::groups::Domain;
use super::order::order;
use super::orient::orient;
use super::program::{FamilyNumber, Instruction, Op, Plane, Program, Space};
use super::repeat::{Family, Repeat};
use super::stages::Source;
use crate::ops::Value;
use crate::plan::Level;

/// What a program stores.
pub(super) type Stores = Vec<(Plane, Value)>;

/// Values that cross from an earlier stage to a later one: each is stored in a plane of its own.
#[derive(Default)]
pub(super) struct Boundary {
    planes: FxHashMap<Value, Plane>,
    /// What has to be stored to each space.
    stores: [Stores; Space::ALL.len()],
}

/// The planes of a pass as they are handed out.
#[derive(Default)]
pub(super) struct Planes {
    /// The sources of those of the first three spaces.
    pub sources: [Vec<Source>; 3],
    /// All families of programs that are repeated.
    pub families: Vec<Family>,
    /// How many the space `Pair` has.
    pub pairs: usize,
}

impl Planes {
    /// A new plane with a source.
    pub fn source(&mut self, space: Space, source: Source) -> Plane {
        let sources = &mut self.sources[space as usize];
        sources.push(source);
        Plane::new(space, sources.len() - 1)
    }

    /// A new plane for a value that is computed, or as many as there are repetitions.
    fn computed(&mut self, space: Space, repetitions: Option<usize>) -> Plane {
        if space == Space::Pair {
            self.pairs += 1;
            return Plane::new(space, self.pairs - 1);
        }
        let first = self.source(space, Source::Computed);
        let Some(count) = repetitions else { return first };
        let sources = &mut self.sources[space as usize];
        sources.resize(sources.len() + count - 1, Source::Computed);
        self.families.push(Family { space, firsts: (first.slot..).take(count).collect() });
        Plane { space, slot: 0, family: Some(FamilyNumber::new(self.families.len() - 1)) }
    }
}

impl Boundary {
    /// What has to be stored to a space.
    pub fn take(&mut self, space: Space) -> Stores {
        std::mem::take(&mut self.stores[space as usize])
    }
}

/// Cuts programs out of the one that `builder` holds. What is the same in all repetitions of a program crosses in
/// `shared`.
pub(super) struct Extraction<'a> {
    pub builder: &'a Builder,
    pub planes: &'a mut Planes,
    pub shared: Boundary,
}

impl Extraction<'_> {
    /// The part of the whole program that computes these stores. A value known earlier than `level` is loaded from a
    /// plane of its own; constants are not.
    pub fn program(&mut self, stores: &[(Plane, Value)], level: Level) -> Program {
        self.cut(stores, level, None)
    }

    /// The same for a program that runs so often. What differs in each repetition crosses in `own`; what a pair has that
    /// is the same in all of them crosses too where it `shares` that.
    pub fn repeat(
        &mut self,
        stores: &[(Plane, Value)],
        level: Level,
        own: &mut Boundary,
        domain: &Domain,
    ) -> Option<Repeat> {
        let program = self.cut(stores, level, Some((own, domain)));
        (!program.stores.is_empty()).then(|| Repeat::new(program, &self.planes.families))
    }

    fn cut(&mut self, stores: &[(Plane, Value)], level: Level, mut own: Option<(&mut Boundary, &Domain)>) -> Program {
        let mut needed = vec![false; self.builder.instructions.len()];
        stores.iter().for_each(|(_, v)| needed[v.0 as usize] = true);
        // From the last to the first.
        let mut found: Vec<(Value, Instruction)> = Vec::new();
        for k in (0..needed.len()).rev() {
            if !needed[k] {
                continue;
            }
            let instruction = self.builder.instructions[k];
            let value = Value(k as u32);
            let (known, differs) = (self.builder.level(value), self.builder.differs(value));
            let shares = own.as_ref().is_some_and(|(_, domain)| domain.shares) && !differs;
            if (known < level || shares && level == Level::Pair && known == Level::Pair)
                && matches!(instruction, Instruction::Apply(..))
            {
                let (boundary, repetitions) = match &mut own {
                    Some((own, domain)) if differs => (&mut **own, Some(domain.count)),
                    _ => (&mut self.shared, None),
                };
                let plane = match boundary.planes.get(&value) {
                    Some(&plane) => plane,
                    None => {
                        let space = match known {
                            Level::Call => Space::Call,
                            Level::Kept => Space::Kept,
                            Level::Reduced => Space::Reduced,
                            Level::Pair => Space::Pair,
                        };
                        let plane = self.planes.computed(space, repetitions);
                        boundary.planes.insert(value, plane);
                        boundary.stores[space as usize].push((plane, value));
                        plane
                    }
                };
                found.push((value, Instruction::Load(plane)));
            } else {
                Program::operands(&instruction).iter().for_each(|v| needed[v.0 as usize] = true);
                found.push((value, instruction));
            }
        }
        let mut part = Program::of(needed.len(), found.into_iter().rev(), stores);
        separate(&mut part);
        let part = order(&fuse(&orient(&part, self.builder.machine.repeats)));
        if cfg!(debug_assertions) {
            part.verify();
        }
        part
    }
}

/// Copies what is loaded from one plane and stored to another of the same space, so that stores may come in any order.
fn separate(program: &mut Program) {
    for k in 0..program.stores.len() {
        let (plane, value) = program.stores[k];
        if let Instruction::Load(from) = program.instruction(value)
            && from.space == plane.space
            && from != plane
        {
            let copy = Value(program.instructions.len() as u32);
            program.instructions.push(Instruction::Apply(Op::Or, [value; 3]));
            program.stores[k].1 = copy;
        }
    }
}

/// The planes that a program loads.
fn loads(program: &Program) -> impl Iterator<Item = Plane> {
    program.instructions.iter().filter_map(|instruction| match instruction {
        Instruction::Load(plane) => Some(*plane),
        _ => None,
    })
}

/// Renumbers the planes of the first three spaces so that only those that are used remain.
pub(super) fn compact(
    programs: &mut [Program],
    repeats: &mut [Vec<Repeat>],
    sources: &[Vec<Source>; 3],
) -> [Vec<Source>; 3] {
    let mut used: [Vec<bool>; 3] = [0, 1, 2].map(|k| vec![false; sources[k].len()]);
    let mut mark = |space: Space, first: usize, last: usize| {
        if let Some(used) = used.get_mut(space as usize) {
            used[first..=last].fill(true);
        }
    };
    for plane in programs.iter().flat_map(loads) {
        mark(plane.space, plane.slot as usize, plane.slot as usize);
    }
    for repeat in repeats.iter().flatten() {
        // Planes keep their distance from the one that the family names, so those between stay too.
        let mut farthest = vec![0; repeat.spaces.len()];
        for plane in loads(&repeat.program) {
            match plane.family {
                Some(family) => farthest[family.position()] = plane.slot.max(farthest[family.position()]),
                None => mark(plane.space, plane.slot as usize, plane.slot as usize),
            }
        }
        for firsts in repeat.rows() {
            for ((&space, &first), &distance) in repeat.spaces.iter().zip(firsts).zip(&farthest) {
                mark(space, first as usize, (first + distance) as usize);
            }
        }
    }
    let mut became: [Vec<u32>; 3] = Default::default();
    let mut kept: [Vec<Source>; 3] = Default::default();
    for space in 0..3 {
        for (slot, &source) in sources[space].iter().enumerate() {
            became[space].push(kept[space].len() as u32);
            if used[space][slot] {
                kept[space].push(source);
            }
        }
    }
    let rename = |plane: &mut Plane| {
        if plane.family.is_none()
            && let Some(became) = became.get(plane.space as usize)
        {
            plane.slot = became[plane.slot as usize];
        }
    };
    programs.iter_mut().for_each(|program| program.each_plane(rename));
    for repeat in repeats.iter_mut().flatten() {
        repeat.program.each_plane(rename);
        let families = repeat.spaces.len();
        for (k, first) in repeat.firsts.iter_mut().enumerate() {
            if let Some(became) = became.get(repeat.spaces[k % families] as usize) {
                *first = became[*first as usize];
            }
        }
    }
    kept
}
