//! The portable backend: runs lane programs in plain Rust, an operation over a block of lanes at a time. It is also
//! the second definition that machine code is compared with.

mod apply;
mod routine;

use std::ops::Range;
use std::sync::Arc;

use pulp::{Arch, NullaryFnOnce};

use super::number::Number;
use super::tile::{PAIR_LANES, Tile};
use super::{Code, Stage, Take, arch};
use crate::lower::{Candidate, Plane, Space, Stages};
use apply::apply;
use routine::{Fixed, Routine, Step};

/// Lanes of a block: enough to hide the choice of the operation, few enough that the registers stay in the cache.
const BLOCK: usize = PAIR_LANES;

type Register<T> = Box<[T; BLOCK]>;

/// The registers of a routine with what is in place before the first lane.
fn registers<T: Number>(routine: &Routine, tile: &mut Tile<T>, firsts: &[u32]) -> Vec<Option<Register<T>>> {
    let mut registers: Vec<Option<Register<T>>> =
        (0..routine.registers).map(|_| Some(Box::new([T::default(); BLOCK]))).collect();
    for &(register, fixed) in &routine.prologue {
        let Some(register) = &mut registers[register] else { continue };
        match fixed {
            Fixed::Constant(bits) => register.fill(T::from_bits64(bits)),
            Fixed::Table(table) => {
                let entries = table.iter().map(|&entry| T::from_bits64(u64::from(entry)));
                register.iter_mut().zip(entries.cycle()).for_each(|(lane, entry)| *lane = entry);
            }
            Fixed::Call(plane) => register.fill(tile.plane(Space::Call, plane.position(firsts))[0]),
        }
    }
    registers
}

/// The stages of a pass, interpreted.
pub(super) struct Portable {
    stages: Arc<Stages>,
    /// A routine for each part of each stage.
    routines: [Vec<Routine>; Stage::ALL.len()],
    arch: Arch,
}

impl Portable {
    pub(super) fn new(stages: &Arc<Stages>) -> Self {
        let of = |stage: Stage| stages.parts(stage).map(|part| Routine::new(part.program)).collect();
        Portable { stages: stages.clone(), routines: Stage::ALL.map(of), arch: arch() }
    }

    /// The routines of stages, each as often as it runs, with the planes that its families name.
    fn runs(&self, stages: &[Stage]) -> impl Iterator<Item = (&Routine, &[u32])> {
        let each = |&stage: &Stage| self.routines[stage as usize].iter().zip(self.stages.parts(stage));
        stages.iter().flat_map(each).flat_map(|(routine, part)| part.rows().map(move |firsts| (routine, firsts)))
    }
}

impl<T: Number> Code<T> for Portable {
    fn map(&self, stage: Stage, tile: &mut Tile<T>, lanes: usize) {
        for (routine, firsts) in self.runs(&[stage]) {
            self.arch.dispatch(Map { routine, firsts, tile, lanes });
        }
    }

    fn update(&self, tile: &mut Tile<T>, lanes: usize, count: usize) {
        for start in (0..lanes).step_by(BLOCK) {
            let width = BLOCK.min(lanes - start);
            for (routine, firsts) in self.runs(&[Stage::Contract, Stage::Update]) {
                self.arch.dispatch(Update { routine, firsts, tile, lanes: start..start + width, count });
            }
        }
    }

    fn exchanged(&self) -> usize {
        BLOCK
    }

    fn spread(&self) -> usize {
        BLOCK
    }

    fn update_row(&self, tile: &mut Tile<T>, row: usize, lane: usize, count: usize) {
        for (routine, firsts) in self.runs(&[Stage::Contract, Stage::Update]) {
            self.arch.dispatch(UpdateRow { routine, firsts, tile, row, lane, count });
        }
    }

    fn values(&self, tile: &mut Tile<T>, row: usize, count: usize) {
        for (routine, firsts) in self.runs(&[Stage::Contract, Stage::Values]) {
            self.arch.dispatch(Values { routine, firsts, tile, row, count });
        }
    }

    fn candidates(&self, tile: &mut Tile<T>, lanes: usize, parts: &[Range<usize>], take: &mut Take<'_, T>) {
        let count = parts.last().map_or(0, |part| part.end);
        for start in (0..lanes).step_by(BLOCK) {
            let lanes = start..lanes.min(start + BLOCK);
            for (routine, firsts) in self.runs(&[Stage::Contract]) {
                self.arch.dispatch(Update { routine, firsts, tile, lanes: lanes.clone(), count });
            }
            for rows in parts {
                let mut found = Vec::new();
                for (routine, _) in self.runs(&[Stage::Candidates]) {
                    let (lanes, rows) = (lanes.clone(), rows.clone());
                    self.arch.dispatch(Candidates { routine, tile, lanes, rows, found: &mut found });
                }
                take(tile, lanes.clone(), &mut found);
            }
        }
    }

    fn explain(&self) -> String {
        format!("portable backend, {:?}, blocks of {BLOCK} lanes, {}\n", self.arch, self.stages.dtype)
    }
}

struct Map<'a, T> {
    routine: &'a Routine,
    firsts: &'a [u32],
    tile: &'a mut Tile<T>,
    lanes: usize,
}

impl<T: Number> NullaryFnOnce for Map<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Map { routine, firsts, tile, lanes } = self;
        let mut registers = registers(routine, tile, firsts);
        for start in (0..lanes).step_by(BLOCK) {
            let width = BLOCK.min(lanes - start);
            for (register, step) in &routine.body {
                let register = *register;
                match step {
                    Step::Load(plane) => {
                        load(&mut registers, register, &at(tile, *plane, firsts)[start..], width);
                    }
                    step => apply::<T, false>(&mut registers, register, step, &[]),
                }
            }
            for &(plane, register) in &routine.stores {
                store(&registers, register, &mut at(tile, plane, firsts)[start..], width);
            }
        }
    }
}

struct Update<'a, T> {
    routine: &'a Routine,
    firsts: &'a [u32],
    tile: &'a mut Tile<T>,
    /// A block of kept rows.
    lanes: Range<usize>,
    count: usize,
}

impl<T: Number> NullaryFnOnce for Update<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Update { routine, firsts, tile, lanes, count } = self;
        let mut registers = registers(routine, tile, firsts);
        let (start, width) = (lanes.start, lanes.len());
        for (register, step) in &routine.body {
            let register = *register;
            if let Step::Load(plane) = step
                && !matches!(plane.space, Space::Reduced | Space::Pair | Space::Exchanged)
            {
                load(&mut registers, register, &at(tile, *plane, firsts)[start..], width);
            }
        }
        for row in 0..count {
            for (register, step) in &routine.body {
                let register = *register;
                match step {
                    Step::Load(plane) if plane.space == Space::Reduced => {
                        let number = at(tile, *plane, firsts)[row];
                        let scalar = routine.scalars[register];
                        if let Some(register) = &mut registers[register] {
                            register[..if scalar { 1 } else { BLOCK }].fill(number);
                        }
                    }
                    Step::Load(plane) if matches!(plane.space, Space::Pair | Space::Exchanged) => {
                        load(&mut registers, register, &at(tile, *plane, firsts)[row * BLOCK..], BLOCK);
                    }
                    Step::Load(..) => {}
                    step => apply::<T, true>(&mut registers, register, step, &routine.scalars),
                }
            }
            for &(plane, register) in &routine.pairs {
                store(&registers, register, &mut at(tile, plane, firsts)[row * BLOCK..], width);
            }
            advance(routine, &mut registers);
        }
        for &(state, _, plane) in &routine.states {
            store(&registers, state, &mut at(tile, plane, firsts)[start..], width);
        }
    }
}

struct UpdateRow<'a, T> {
    routine: &'a Routine,
    firsts: &'a [u32],
    tile: &'a mut Tile<T>,
    row: usize,
    lane: usize,
    count: usize,
}

impl<T: Number> NullaryFnOnce for UpdateRow<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let UpdateRow { routine, firsts, tile, row, lane, count } = self;
        let mut registers = registers(routine, tile, firsts);
        for (register, step) in &routine.body {
            let register = *register;
            match step {
                Step::Load(plane) if plane.space == Space::Kept => {
                    let number = at(tile, *plane, firsts)[row];
                    if let Some(register) = &mut registers[register] {
                        register.fill(number);
                    }
                }
                Step::Load(plane) if !matches!(plane.space, Space::Reduced | Space::Pair) => {
                    load(&mut registers, register, &at(tile, *plane, firsts)[lane..], BLOCK);
                }
                _ => {}
            }
        }
        for start in (0..count).step_by(BLOCK) {
            let width = BLOCK.min(count - start);
            // Lanes beyond the last row keep their state.
            let kept: Vec<Register<T>> = match width {
                BLOCK => Vec::new(),
                _ => routine.states.iter().filter_map(|&(state, ..)| registers[state].clone()).collect(),
            };
            for (register, step) in &routine.body {
                let register = *register;
                match step {
                    Step::Load(plane) if matches!(plane.space, Space::Reduced | Space::Pair) => {
                        load(&mut registers, register, &at(tile, *plane, firsts)[start..], width);
                    }
                    Step::Load(..) => {}
                    step => apply::<T, false>(&mut registers, register, step, &[]),
                }
            }
            for &(plane, register) in &routine.pairs {
                store(&registers, register, &mut at(tile, plane, firsts)[start..], width);
            }
            advance(routine, &mut registers);
            for (kept, &(state, ..)) in kept.iter().zip(&routine.states) {
                if let Some(state) = &mut registers[state] {
                    state[width..].copy_from_slice(&kept[width..]);
                }
            }
        }
        for &(state, _, plane) in &routine.states {
            store(&registers, state, &mut at(tile, plane, firsts)[lane..], BLOCK);
        }
    }
}

struct Values<'a, T> {
    routine: &'a Routine,
    firsts: &'a [u32],
    tile: &'a mut Tile<T>,
    row: usize,
    count: usize,
}

impl<T: Number> NullaryFnOnce for Values<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Values { routine, firsts, tile, row, count } = self;
        let mut registers = registers(routine, tile, firsts);
        for start in (0..count).step_by(BLOCK) {
            let width = BLOCK.min(count - start);
            for (register, step) in &routine.body {
                let register = *register;
                match step {
                    Step::Load(plane) if matches!(plane.space, Space::Reduced | Space::Pair) => {
                        load(&mut registers, register, &at(tile, *plane, firsts)[start..], width);
                    }
                    Step::Load(plane) => {
                        let number = at(tile, *plane, firsts)[row];
                        if let Some(register) = &mut registers[register] {
                            register.fill(number);
                        }
                    }
                    step => apply::<T, false>(&mut registers, register, step, &[]),
                }
            }
            for &(plane, register) in &routine.stores {
                store(&registers, register, &mut at(tile, plane, firsts)[start..], width);
            }
        }
    }
}

struct Candidates<'a, T> {
    routine: &'a Routine,
    tile: &'a mut Tile<T>,
    /// A block of kept rows.
    lanes: Range<usize>,
    rows: Range<usize>,
    found: &'a mut Vec<Candidate>,
}

impl<T: Number> NullaryFnOnce for Candidates<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Candidates { routine, tile, lanes, rows, found } = self;
        let mut registers = registers(routine, tile, &[]);
        let (start, width) = (lanes.start, lanes.len());
        for row in rows {
            for (register, step) in &routine.body {
                let register = *register;
                match step {
                    Step::Load(plane) if plane.space == Space::Reduced => {
                        let number = at(tile, *plane, &[])[row];
                        if let Some(register) = &mut registers[register] {
                            register.fill(number);
                        }
                    }
                    Step::Load(plane) if plane.space == Space::Pair => {
                        load(&mut registers, register, &at(tile, *plane, &[])[row * BLOCK..], BLOCK);
                    }
                    Step::Load(plane) => load(&mut registers, register, &at(tile, *plane, &[])[start..], width),
                    step => apply::<T, false>(&mut registers, register, step, &[]),
                }
            }
            // Each value comes before its mask.
            for pair in routine.stores.chunks_exact(2) {
                let (Some(values), Some(masks)) = (&registers[pair[0].1], &registers[pair[1].1]) else { continue };
                let chosen = (0..width).filter(|&k| masks[k].to_bits64() != 0);
                let component = pair[0].0.slot as usize;
                let candidate =
                    |k: usize| Candidate { row: start + k, component, position: row, value: values[k].to_f64() };
                found.extend(chosen.map(candidate));
            }
        }
    }
}

/// The lanes of a plane.
#[inline(always)]
fn at<'a, T: Number>(tile: &'a mut Tile<T>, plane: Plane, firsts: &[u32]) -> &'a mut [T] {
    tile.plane(plane.space, plane.position(firsts))
}

/// Makes the new state of the block the old one of the next row.
#[inline(always)]
fn advance<T: Number>(routine: &Routine, registers: &mut [Option<Register<T>>]) {
    for &(state, new, _) in &routine.states {
        if state == new {
            continue;
        }
        let Some(mut old) = registers[state].take() else { continue };
        if let Some(new) = &registers[new] {
            *old = **new;
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
