//! The emitter and the functions around it: random programs, many of them with more live values than there are
//! registers, give the numbers of the portable backend bit for bit.

use std::collections::HashMap;
use std::sync::Arc;

use iced_x86::{Decoder, DecoderOptions, OpKind, Register as Name};

use super::Random;
use crate::backend::cpu::functions;
use crate::backend::cpu::x86::Width;
use crate::backend::{Code, Layout, Number, Target, Tile, compile};
use crate::dtype::Dtype;
use crate::lower::{
    Candidate, FamilyNumber, Instruction, Op, Plane, Program, Repeat, Source, Space, Stage, Stages, Table,
};
use crate::ops::Value;

/// How many planes each space has. The last plane of a space holds integers, the others numbers.
const SLOTS: [usize; Space::ALL.len()] = [3, 5, 4, 3, 7, 2, 2, 9, 6, 0, 2, 2, 2, 0];

fn is_integer(plane: Plane) -> bool {
    plane.slot as usize + 1 == SLOTS[plane.space as usize]
}

fn bits<T: Number>(value: f64) -> u64 {
    if T::DTYPE == Dtype::F32 { (value as f32).to_bits().into() } else { value.to_bits() }
}

/// A number as it may occur in an array.
fn number<T: Number>(random: &mut Random, ordinary: bool) -> u64 {
    let value = (random.next() >> 11) as f64 / (1u64 << 51) as f64 - 2.0;
    let tiny = if T::DTYPE == Dtype::F32 { 1e-41 } else { 1e-312 };
    let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, tiny, -tiny, 1.0, -1.0, 0.5, 2.5, -1.5];
    bits::<T>(match random.below(10) {
        0 if !ordinary => random.pick(&special),
        1 => (10.0 * value).exp2() * value.signum(),
        _ => value,
    })
}

/// Writes a random program. NaN has bits of its own on every path, so it only occurs among numbers, whose bits no
/// integer and no mask is made of.
struct Author<'a, T> {
    random: &'a mut Random,
    target: Target,
    program: Program,
    numbers: Vec<Value>,
    integers: Vec<Value>,
    masks: Vec<Value>,
    /// What stands for an instruction that the portable backend does not have.
    replaced: HashMap<usize, Instruction>,
    format: std::marker::PhantomData<T>,
}

impl<'a, T: Number> Author<'a, T> {
    fn new(random: &'a mut Random, target: Target, spaces: &[Space]) -> Self {
        let (program, replaced, format) = (Program::default(), HashMap::new(), std::marker::PhantomData);
        let (numbers, integers, masks) = (Vec::new(), Vec::new(), Vec::new());
        let mut author = Author { random, target, program, numbers, integers, masks, replaced, format };
        for &space in spaces {
            for slot in 0..SLOTS[space as usize] as u32 {
                let plane = Plane { space, slot, family: None };
                let value = author.push(Instruction::Load(plane));
                if is_integer(plane) { author.integers.push(value) } else { author.numbers.push(value) }
            }
        }
        for _ in 0..4 {
            let (constant, whole) = (number::<T>(author.random, false), author.whole());
            let value = author.push(Instruction::Constant(constant));
            author.numbers.push(value);
            let value = author.push(Instruction::Constant(whole));
            author.integers.push(value);
        }
        author
    }

    /// The bits of an integer.
    fn whole(&mut self) -> u64 {
        let bits = self.random.next() >> self.random.below(50);
        if T::DTYPE == Dtype::F32 { bits & 0xffff_ffff } else { bits }
    }

    fn push(&mut self, instruction: Instruction) -> Value {
        self.program.instructions.push(instruction);
        Value(self.program.instructions.len() as u32 - 1)
    }

    fn apply(&mut self, op: Op, operands: &[Value]) -> Value {
        let mut all = [operands[0]; 3];
        all[..operands.len()].copy_from_slice(operands);
        self.push(Instruction::Apply(op, all))
    }

    /// One more operation on any earlier values, so that most of them live long.
    fn step(&mut self) {
        let [a, b, c] = [0; 3].map(|_| self.random.pick(&self.numbers));
        let [i, j] = [0; 2].map(|_| self.random.pick(&self.integers));
        let bits = [4, 8][usize::from(T::DTYPE == Dtype::F64)] * 8;
        if self.masks.is_empty() || self.random.chance(8) {
            let op = self.random.pick(&[Op::Less, Op::LessEqual, Op::Equal, Op::IndexLess]);
            let mask = self.apply(op, &if op == Op::IndexLess { [i, j] } else { [a, b] });
            return self.masks.push(mask);
        }
        let [m, n] = [0; 2].map(|_| self.random.pick(&self.masks));
        match self.random.below(40) {
            0 => {
                let op = self.random.pick(&[Op::And, Op::Or, Op::Xor]);
                let mask = self.apply(op, &[m, n]);
                self.masks.push(mask);
            }
            1..10 => {
                let by = self.random.below(bits) as u8;
                let integer = match self.random.below(9) {
                    0 => self.apply(Op::IndexAdd, &[i, j]),
                    1 => self.apply(Op::IndexSubtract, &[i, j]),
                    2 => self.apply(Op::And, &[i, j]),
                    3 => self.apply(Op::Or, &[i, j]),
                    4 => self.apply(Op::Xor, &[i, j]),
                    5 => self.apply(Op::ShiftLeft(by), &[i]),
                    6 => self.apply(Op::ShiftRight(by), &[i]),
                    7 => self.apply(Op::And, &[i, m]),
                    _ => self.apply(Op::Select, &[m, i, j]),
                };
                self.integers.push(integer);
            }
            kind => {
                let number = match kind {
                    10..13 => self.apply(Op::Add, &[a, b]),
                    13..16 => self.apply(Op::Subtract, &[a, b]),
                    16..19 => self.apply(Op::Multiply, &[a, b]),
                    19 => self.apply(Op::Divide, &[a, b]),
                    20..23 => self.apply(Op::MultiplyAdd, &[a, b, c]),
                    23..25 => self.apply(Op::MultiplySubtract, &[a, b, c]),
                    25..27 => self.apply(Op::NegativeMultiplyAdd, &[a, b, c]),
                    27..29 => self.apply(Op::Minimum, &[a, b]),
                    29..31 => self.apply(Op::Maximum, &[a, b]),
                    31 if self.target == Target::Avx512 && self.random.chance(2) => self.apply(Op::RootEstimate, &[a]),
                    31 => self.apply(Op::SquareRoot, &[a]),
                    32 => self.apply(Op::Floor, &[a]),
                    33 if self.target == Target::Avx512 && self.random.chance(2) => self.apply(Op::Fraction, &[a]),
                    33 => self.apply(Op::Round, &[a]),
                    34..36 => self.apply(Op::Select, &[m, a, b]),
                    36 => self.apply(Op::And, &[a, m]),
                    37 => self.scaled(a),
                    38 => self.looked_up(),
                    _ => self.of_integer(i, bits),
                };
                self.numbers.push(number);
            }
        }
    }

    /// A number between 1 and 2 with the low bits of an integer.
    fn of_integer(&mut self, i: Value, bits: usize) -> Value {
        let mantissa = if bits == 32 { 23 } else { 52 };
        let low = self.push(Instruction::Constant((1 << mantissa) - 1));
        let one = self.push(Instruction::Constant(self::bits::<T>(1.0)));
        let low = self.apply(Op::And, &[i, low]);
        self.apply(Op::Or, &[low, one])
    }

    /// A product with a power of two; under AVX-512 its own instruction.
    fn scaled(&mut self, a: Value) -> Value {
        let n = self.random.below(60) as f64 - 40.0;
        let (exponent, power) = (Instruction::Constant(bits::<T>(n)), Instruction::Constant(bits::<T>(n.exp2())));
        if self.target != Target::Avx512 {
            let power = self.push(power);
            return self.apply(Op::Multiply, &[a, power]);
        }
        let exponent = self.push(exponent);
        let value = self.apply(Op::Scale, &[a, exponent]);
        self.replaced.insert(exponent.0 as usize, power);
        self.replaced.insert(value.0 as usize, Instruction::Apply(Op::Multiply, [a, exponent, a]));
        value
    }

    /// An entry of a table; under AVX2 by its own instruction.
    fn looked_up(&mut self) -> Value {
        static TABLE: Table = [0, 1 << 30, 3 << 28, 5 << 27, 7 << 26, 0x3f80_0000, 0xc040_0000, 1 << 23];
        let index = self.whole();
        let entry = Instruction::Constant(u64::from(TABLE[(index % 8) as usize]));
        if self.target != Target::Avx2 || T::DTYPE != Dtype::F32 {
            return self.push(entry);
        }
        let table = self.push(Instruction::Table(&TABLE));
        let index = self.push(Instruction::Constant(index));
        let value = self.apply(Op::Lookup, &[index, table]);
        self.replaced.insert(table.0 as usize, entry);
        self.replaced.insert(value.0 as usize, Instruction::Apply(Op::Or, [table, table, table]));
        value
    }

    /// A new state: mostly it depends on the old one. Both may be used after it.
    fn next_state(&mut self, plane: Plane, value: Value) -> Value {
        let load = self.program.instructions.iter().position(|i| *i == Instruction::Load(plane)).unwrap();
        let old = Value(load as u32);
        let mask = self.masks[self.masks.len() - 1];
        let state = match self.random.below(8) {
            0 => return old,
            1 => return value,
            2..4 => self.apply(Op::Select, &[mask, value, old]),
            _ if is_integer(plane) => self.apply(Op::IndexAdd, &[value, old]),
            4 => self.apply(Op::Maximum, &[value, old]),
            _ => self.apply(Op::Add, &[value, old]),
        };
        if is_integer(plane) {
            self.integers.push(state)
        } else {
            self.numbers.push(state)
        }
        state
    }

    fn store(&mut self, plane: Plane) {
        let all = if is_integer(plane) { &self.integers } else { &self.numbers };
        // Values of the same space would need a copy, which the lowering puts in.
        let copied = |v: &Value| match self.program.instruction(*v) {
            Instruction::Load(from) => from.space == plane.space && from != plane,
            _ => false,
        };
        let all: Vec<Value> = all.iter().copied().filter(|v| !copied(v)).collect();
        // What was computed late depends on more.
        let late = all[all.len() - 1 - self.random.below(all.len().min(20))];
        let value = if plane.space == Space::Block { self.next_state(plane, late) } else { late };
        self.program.stores.push((plane, value));
    }

    /// A program of so many operations that says which of some values matter, and the same for the portable backend.
    fn choose(mut self, operations: usize) -> [Program; 2] {
        (0..operations.max(8)).for_each(|_| self.step());
        for slot in 0..SLOTS[Space::Candidate as usize] {
            let (value, mask) = (self.random.pick(&self.numbers), self.random.pick(&self.masks));
            self.program.stores.push((Plane::new(Space::Candidate, slot), value));
            self.program.stores.push((Plane::new(Space::Chosen, slot), mask));
        }
        let mut reference = self.program.clone();
        self.replaced.iter().for_each(|(&k, &instruction)| reference.instructions[k] = instruction);
        [self.program, reference]
    }

    /// A program of about so many operations with stores to planes of a space (some of the block's, all of another's),
    /// and the same for the portable backend.
    fn write(mut self, operations: usize, space: Space) -> [Program; 2] {
        let (slots, is_block) = (SLOTS[space as usize], space == Space::Block);
        let first = if is_block { self.random.below(slots) } else { 0 };
        let mut moments = vec![operations; slots];
        // Half of the states are known before the end.
        moments.iter_mut().filter(|_| is_block && self.random.chance(2)).for_each(|k| *k = k.div_ceil(2));
        for k in 0..=operations {
            for slot in (first..slots).filter(|&slot| moments[slot] == k) {
                self.store(Plane::new(space, slot));
            }
            self.step();
        }
        let mut reference = self.program.clone();
        self.replaced.iter().for_each(|(&k, &instruction)| reference.instructions[k] = instruction);
        let both = [self.program, reference];
        if self.random.chance(4) { both } else { both.map(|program| program.pruned()) }
    }
}

fn stages<T: Number>(programs: Vec<(Stage, Program)>) -> Arc<Stages> {
    let mut all: [Program; Stage::ALL.len()] = Default::default();
    programs.into_iter().for_each(|(stage, program)| all[stage as usize] = program);
    let sources = [0, 1, 2].map(|space| vec![Source::Computed; SLOTS[space]]);
    let block = (0..SLOTS[Space::Block as usize]).map(|k| k as u64).collect();
    let (slots, total, anchors) = (SLOTS, Vec::new(), Vec::new());
    Arc::new(Stages {
        dtype: T::DTYPE,
        programs: all,
        repeats: Default::default(),
        sources,
        slots,
        block,
        total,
        anchors,
        outputs: Vec::new(),
        rows: Vec::new(),
        condition: None,
    })
}

/// The same with the programs of two stages as what is repeated, once, with a family for each space.
fn as_repeats(stages: &Stages) -> Arc<Stages> {
    let mut stages = stages.clone();
    for stage in [Stage::Finish, Stage::Update] {
        let mut program = std::mem::take(&mut stages.programs[stage as usize]);
        let mut spaces: Vec<Space> = Vec::new();
        program.each_plane(|plane| {
            if !spaces.contains(&plane.space) {
                spaces.push(plane.space);
            }
            plane.family = spaces.iter().position(|&space| space == plane.space).map(FamilyNumber::new);
        });
        let firsts = vec![0; spaces.len()];
        stages.repeats[stage as usize] = vec![Repeat { program, spaces, firsts }];
    }
    Arc::new(stages)
}

/// Two tiles with the same random numbers.
fn fill<T: Number>(random: &mut Random, tiles: [&mut Tile<T>; 2]) {
    let ordinary = random.chance(2);
    let [a, b] = tiles;
    for space in Space::ALL {
        for slot in 0..SLOTS[space as usize] {
            let integer = is_integer(Plane::new(space, slot));
            let mut one = || if integer { random.next() >> 8 } else { number::<T>(random, ordinary) };
            let first = T::from_bits64(one());
            for (a, b) in a.plane(space, slot).iter_mut().zip(b.plane(space, slot)) {
                *a = if space == Space::Call { first } else { T::from_bits64(one()) };
                *b = *a;
            }
        }
    }
}

/// How much was compared, so that a test that compares nothing is noticed.
#[derive(Default, Debug)]
struct Count {
    compared: usize,
    finite: usize,
    spills: usize,
    candidates: usize,
    copies: [usize; 5],
}

impl Count {
    /// Compares lanes of all planes of a space; a NaN is as good as another among numbers.
    fn compare<T: Number>(&mut self, space: Space, lanes: std::ops::Range<usize>, a: &mut Tile<T>, b: &mut Tile<T>) {
        for slot in 0..SLOTS[space as usize] {
            let integer = is_integer(Plane::new(space, slot));
            for lane in lanes.clone() {
                let (a, b) = (a.plane(space, slot)[lane], b.plane(space, slot)[lane]);
                let nan = [a, b].iter().all(|&v| T::equal(v, v).to_bits64() == 0);
                assert!(
                    a.to_bits64() == b.to_bits64() || (nan && !integer),
                    "{space:?}[{slot}] lane {lane}: {a:?} {:#x}, portable {b:?} {:#x}",
                    a.to_bits64(),
                    b.to_bits64(),
                );
                self.compared += 1;
                self.finite += usize::from(!nan);
            }
        }
    }
}

/// The block of one kept row after some reduced rows spread over lanes, by a map over lanes: `rows[lane]` are the
/// reduced rows of a lane, in order.
fn spread<T: Number>(code: &dyn Code<T>, tile: &mut Tile<T>, row: usize, lane: usize, rows: &[Vec<usize>]) {
    let state = |tile: &mut Tile<T>| -> Vec<Vec<T>> {
        (0..SLOTS[Space::Block as usize]).map(|slot| tile.plane(Space::Block, slot).to_vec()).collect()
    };
    let lanes = rows.len();
    let mut laid = Tile::new(tile.layout());
    for slot in 0..SLOTS[Space::Call as usize] {
        laid.plane(Space::Call, slot).copy_from_slice(tile.plane(Space::Call, slot));
    }
    for slot in 0..SLOTS[Space::Kept as usize] {
        laid.plane(Space::Kept, slot).fill(tile.plane(Space::Kept, slot)[row]);
    }
    for space in [Space::Anchor, Space::Block] {
        for slot in 0..SLOTS[space as usize] {
            laid.plane(space, slot)[..lanes].copy_from_slice(&tile.plane(space, slot)[lane..lane + lanes]);
        }
    }
    for step in 0..rows.iter().map(Vec::len).max().unwrap_or(0) {
        for slot in 0..SLOTS[Space::Reduced as usize] {
            for (l, rows) in rows.iter().enumerate() {
                let number = tile.plane(Space::Reduced, slot)[rows.get(step).copied().unwrap_or(0)];
                laid.plane(Space::Reduced, slot)[l] = number;
            }
        }
        let before = state(&mut laid);
        code.map(Stage::Absorb, &mut laid, lanes);
        for (slot, before) in before.iter().enumerate() {
            for (l, _) in rows.iter().enumerate().filter(|(_, rows)| rows.len() <= step) {
                laid.plane(Space::Block, slot)[l] = before[l];
            }
        }
    }
    for (slot, after) in state(&mut laid).iter().enumerate() {
        tile.plane(Space::Block, slot)[lane..lane + lanes].copy_from_slice(&after[..lanes]);
    }
}

/// All memory operands of the code are inside the buffer, before the offset registers are added.
fn stays_inside(code: &[u8], layout: &Layout, width: Width) {
    for decoded in Decoder::with_ip(64, code, 0, DecoderOptions::NONE).iter() {
        assert!(!decoded.is_invalid());
        if (0..decoded.op_count()).any(|k| decoded.op_kind(k) == OpKind::Memory) && decoded.memory_base() == Name::RDI {
            let bytes = decoded.memory_size().size().min(width.bytes());
            let start = usize::try_from(decoded.memory_displacement64() as i64).expect("no negative displacement");
            assert!(start + bytes <= layout.length() * layout.size(), "{decoded:?} is outside the buffer");
        }
    }
}

fn one_program<T: Number>(target: Target, seed: u64, count: &mut Count) {
    let mut random = Random(seed);
    let width = if target == Target::Avx2 { Width::Ymm } else { Width::Zmm };
    let operations = random.pick(&[3, 8, 30, 120, 400, 900]);
    let mut write = |spaces: &[Space], store| Author::<T>::new(&mut random, target, spaces).write(operations, store);
    let [finish, reference] = write(&[Space::Call, Space::Kept, Space::Total], Space::Output);
    let [update, lanewise] =
        write(&[Space::Call, Space::Kept, Space::Reduced, Space::Anchor, Space::Block], Space::Block);
    let [values, plain_values] = write(&[Space::Call, Space::Kept, Space::Reduced], Space::Values);
    let spaces = [Space::Call, Space::Kept, Space::Reduced, Space::Bound];
    let [chosen, plain_chosen] = Author::<T>::new(&mut random, target, &spaces).choose(operations.min(120));
    let made = [(Stage::Finish, finish), (Stage::Update, update), (Stage::Values, values), (Stage::Candidates, chosen)];
    let made = stages::<T>(made.to_vec());
    let (update, values) = ((Stage::Update, lanewise.clone()), (Stage::Values, plain_values));
    let (absorb, chosen) = ((Stage::Absorb, lanewise), (Stage::Candidates, plain_chosen));
    let known = stages::<T>(vec![(Stage::Finish, reference), update, absorb, values, chosen]);
    let (mut layout, mut plain) = (Layout::new(&made), Layout::new(&known));
    let made = if random.chance(3) { as_repeats(&made) } else { made };
    let (code, functions) = functions::write(&made, &layout, width);
    let (spills, copies) = (functions.spills, functions.copies());
    count.spills += spills;
    count.copies[copies] += 1;
    let mut whole = layout.clone();
    whole.reserve(spills);
    stays_inside(&code, &whole, width);
    if !target.is_available() {
        return;
    }
    let machine = compile::<T>(&made, &mut layout, target).unwrap();
    let portable = compile::<T>(&known, &mut plain, Target::Portable).unwrap();
    let (mut a, mut b) = (Tile::new(&layout), Tile::new(&plain));
    fill(&mut random, [&mut a, &mut b]);
    let lanes = 1 + random.below(layout.kept.min(100));
    machine.map(Stage::Finish, &mut a, lanes);
    portable.map(Stage::Finish, &mut b, lanes);
    count.compare(Space::Output, 0..lanes, &mut a, &mut b);
    let (lanes, rows) = (1 + random.below(layout.kept.min(150)), random.below(6));
    machine.update(&mut a, lanes, rows);
    portable.update(&mut b, lanes, rows);
    count.compare(Space::Block, 0..lanes, &mut a, &mut b);
    let (row, reduced) = (random.below(layout.kept), random.below(layout.reduced));
    machine.values(&mut a, row, reduced);
    portable.values(&mut b, row, reduced);
    count.compare(Space::Values, 0..reduced, &mut a, &mut b);
    let rows = random.below(layout.reduced.min(60));
    let parts = [0..rows / 3, rows / 3..rows];
    let [found, known_found] = [(&machine, &mut a), (&portable, &mut b)].map(|(code, tile)| {
        let mut all: Vec<Candidate> = Vec::new();
        code.candidates(tile, lanes, &parts, &mut |_, _, found| all.extend(found.iter().filter(|c| c.row < lanes)));
        all.sort_by_key(|candidate| (candidate.row, candidate.component, candidate.position));
        all
    });
    let bits =
        |c: &Candidate| (c.row, c.component, c.position, if c.value.is_nan() { None } else { Some(c.value.to_bits()) });
    assert!(found.iter().map(bits).eq(known_found.iter().map(bits)), "candidates differ");
    count.candidates += found.len();
    // One row spread over lanes.
    fill(&mut random, [&mut a, &mut b]);
    let (row, reduced, vector) =
        (random.below(layout.kept), random.below(layout.reduced), width.bytes() / size_of::<T>());
    let (all, group) = (machine.spread(), machine.spread() - vector);
    assert_eq!(group, copies * vector);
    let lane = all * random.below(layout.kept / all);
    let (many, singles) = (reduced / group * group, reduced / vector * vector);
    let mut rows = vec![Vec::new(); all];
    (0..many).for_each(|r| rows[r % group].push(r));
    (many..singles).for_each(|r| rows[(r - many) % vector].push(r));
    (singles..reduced).for_each(|r| rows[group + r - singles].push(r));
    machine.update_row(&mut a, row, lane, reduced);
    spread(&*portable, &mut b, row, lane, &rows);
    if reduced > singles {
        b.fill(Space::Block, lane + group + reduced - singles..lane + all, &known.block);
    }
    count.compare(Space::Block, lane..lane + all, &mut a, &mut b);
}

fn stress(target: Target) {
    for precision in [Dtype::F32, Dtype::F64] {
        let mut count = Count::default();
        for seed in 0..150 {
            match precision {
                Dtype::F32 => one_program::<f32>(target, seed, &mut count),
                _ => one_program::<f64>(target, seed, &mut count),
            }
        }
        eprintln!("{} {precision}: {count:?}", target.name());
        assert!(count.spills > 100 && count.copies[1] > 0 && count.copies[2..].iter().sum::<usize>() > 0, "{count:?}");
        assert!(!target.is_available() || 3 * count.finite > count.compared && count.candidates > 1000, "{count:?}");
    }
}

#[test]
fn avx2_gives_the_numbers_of_the_portable_backend() {
    stress(Target::Avx2);
}

#[test]
fn avx512_gives_the_numbers_of_the_portable_backend() {
    stress(Target::Avx512);
}
