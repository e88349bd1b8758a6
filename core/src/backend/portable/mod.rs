//! The portable backend: runs lane programs in plain Rust, an operation over a block of lanes at a time. It is also
//! the second definition that machine code is compared with.

mod routine;

use std::ops::Range;
use std::sync::Arc;

use pulp::{Arch, NullaryFnOnce};

use super::number::Number;
use super::tile::{PAIR_LANES, Tile};
use super::{Code, Stage};
use crate::lower::{Op, Plane, Space, Stages};
use routine::{COEFFICIENTS, Fixed, Routine, Step};

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
        Portable { stages: stages.clone(), routines: Stage::ALL.map(of), arch: Arch::new() }
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
                && !matches!(plane.space, Space::Reduced | Space::Pair)
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
                    Step::Load(plane) if plane.space == Space::Pair => {
                        load(&mut registers, register, &at(tile, *plane, firsts)[row * BLOCK..], BLOCK);
                    }
                    Step::Load(..) => {}
                    step => apply::<T, true>(&mut registers, register, step, &routine.scalars),
                }
            }
            for &(plane, register) in &routine.pairs {
                store(&registers, register, &mut at(tile, plane, firsts)[row * BLOCK..], BLOCK);
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

/// One step on a block of lanes. The destination is taken out of the registers while it is written, so an operand that
/// it overwrites is read from the result itself. `ALONG` the reduced rows, `scalars` hold one number for all lanes.
#[inline(always)]
fn apply<T: Number, const ALONG: bool>(
    registers: &mut [Option<Register<T>>],
    destination: usize,
    step: &Step,
    scalars: &[bool],
) {
    let Some(mut result) = registers[destination].take() else { return };
    macro_rules! each {
        ($k:ident, $value:expr) => {
            for $k in 0..BLOCK {
                result[$k] = $value;
            }
        };
    }
    match step {
        Step::Load(..) => {}
        Step::Polynomial(x, coefficients) => {
            if let Some(x) = &registers[*x] {
                horner(&mut result, x, coefficients, |x| x, |_, p| p);
            }
        }
        Step::Power { x, rounder, coefficients, shift } => {
            if let Some(x) = &registers[*x] {
                let rounder = T::from_bits64(*rounder);
                let sum = |x: T| T::add(x, rounder);
                let fraction = |x: T| T::subtract(x, T::subtract(sum(x), rounder));
                let scaled = |x: T, p: T| T::multiply(p, T::shift_left(sum(x), *shift));
                horner(&mut result, x, coefficients, fraction, scaled);
            }
        }
        Step::SquaredDifference(a, b, c) if ALONG && scalars[*a] => {
            if let (Some(a), Some(b)) = (&registers[*a], &registers[*b]) {
                let number = a[0];
                let difference = |k: usize| T::subtract(number, b[k]);
                match c.map(|c| registers[c].as_deref()) {
                    Some(Some(c)) => each!(k, T::multiply_add(difference(k), difference(k), c[k])),
                    Some(None) => each!(k, T::multiply_add(difference(k), difference(k), result[k])),
                    None => each!(k, T::multiply(difference(k), difference(k))),
                }
            }
        }
        Step::SquaredDifference(a, b, c) => {
            if let (Some(a), Some(b)) = (&registers[*a], &registers[*b]) {
                let difference = |k: usize| T::subtract(a[k], b[k]);
                match c.map(|c| registers[c].as_deref()) {
                    Some(Some(c)) => each!(k, T::multiply_add(difference(k), difference(k), c[k])),
                    Some(None) => each!(k, T::multiply_add(difference(k), difference(k), result[k])),
                    None => each!(k, T::multiply(difference(k), difference(k))),
                }
            }
        }
        Step::Apply(op, operands) => match (op, operands.map(|k| registers[k].as_deref())) {
            (Op::Add, [None, Some(a), _] | [Some(a), None, _]) => each!(k, T::add(a[k], result[k])),
            (Op::Minimum, [Some(a), None, _]) => each!(k, T::minimum(a[k], result[k])),
            (Op::Maximum, [Some(a), None, _]) => each!(k, T::maximum(a[k], result[k])),
            (Op::MultiplyAdd, [Some(a), Some(b), None]) => each!(k, T::multiply_add(a[k], b[k], result[k])),
            (op, [Some(a), Some(b), Some(c)]) => match op {
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
                Op::Scale => each!(k, T::scale(a[k], b[k])),
                // The table repeats in the lanes of its register.
                Op::Lookup => each!(k, b[(a[k].to_bits64() % 8) as usize]),
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
                Op::ShiftLeft(by) => each!(k, T::shift_left(a[k], *by)),
                Op::ShiftRight(by) => each!(k, T::shift_right(a[k], *by)),
            },
            (op, _) => unreachable!("{op:?} cannot overwrite an operand"),
        },
    }
    registers[destination] = Some(result);
}

/// Horner's rule with all coefficients at hand, so that a lane stays in a machine register; `before` makes the argument
/// of a number and `after` the result of a number and the polynomial.
#[inline(always)]
fn horner<T: Number>(
    result: &mut [T; BLOCK],
    x: &[T; BLOCK],
    coefficients: &[u64],
    before: impl Fn(T) -> T,
    after: impl Fn(T, T) -> T,
) {
    macro_rules! of_length {
        ($($n:literal)*) => {
            match coefficients.len() {
                $($n => {
                    let mut numbers = [T::default(); $n];
                    numbers.iter_mut().zip(coefficients).for_each(|(n, &bits)| *n = T::from_bits64(bits));
                    for k in 0..BLOCK {
                        let argument = before(x[k]);
                        let mut value = numbers[0];
                        for &number in &numbers[1..] {
                            value = T::multiply_add(value, argument, number);
                        }
                        result[k] = after(x[k], value);
                    }
                })*
                n => unreachable!("{n} coefficients; only {COEFFICIENTS:?} are joined"),
            }
        };
    }
    of_length!(3 4 5 6 7 8 9 10 11 12 13 14);
}
