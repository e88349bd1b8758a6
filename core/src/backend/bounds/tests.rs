//! Bounds hold what programs compute: of every operation of the library and of random formulas of them, on both formats
//! and every machine, for random boxes and points in them, whether sums are fused or not.

use super::{Bounds, Interval, Values};
use crate::backend::{Number, Target};
use crate::formula::{Category, Field, Formula};
use crate::lower::{Condition, Instruction, Op, Plane, Program, Source, Space, lower};
use crate::ops::{self, Rule};
use crate::reduction::{Axis, Reduction, Summation};
use crate::{Dtype, plan};

/// Vigna's splitmix64, which needs no library.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn number(&mut self) -> f64 {
        let ends = [0.0, -0.0, 1.0, -1.0, 0.5, 3.0, 88.0, -104.0, f64::INFINITY, f64::NEG_INFINITY, 1e-40, 1e30, -3e38];
        match self.below(3) {
            0 => ends[self.below(ends.len())],
            1 => (self.unit() - 0.5) * 20.0,
            _ => (self.unit() - 0.5) * 10f64.powf(self.unit() * 12.0 - 4.0),
        }
    }
}

/// What a plane holds, and a lane of it.
fn plane<T: Number>(random: &mut Random, source: Source) -> (Bounds<T>, Vec<T>) {
    if let Source::Component { .. } = source {
        let ends = if random.below(3) == 0 { [random.number(); 2] } else { [random.number(), random.number()] };
        let [low, high] = [ends[0].min(ends[1]), ends[0].max(ends[1])];
        let mut lanes: Vec<T> = [low, high].map(T::from_f64).to_vec();
        let inside = (0..6).map(|_| low + random.unit() * (high - low)).filter(|number| !number.is_nan());
        lanes.extend(inside.map(|number| T::from_f64(number.clamp(low, high))));
        if random.below(4) == 0 {
            lanes.push(T::from_f64(f64::NAN));
        }
        return (Bounds::Numbers(Interval::of(&lanes)), lanes);
    }
    let first = [0, 5, 65_500, (1 << 24) - 7][random.below(4)];
    let first = if source == Source::Position { first } else { first - 1000 };
    let last = first + [0, 1, 100, 70_000][random.below(4)];
    let lanes = (0..8).map(|_| first + random.below((last - first + 1) as usize) as i64).chain([first, last]);
    (Bounds::integers(first, last), lanes.map(T::from_index).collect())
}

fn apply<T: Number>(op: Op, a: T, b: T, c: T) -> T {
    match op {
        Op::Add => T::add(a, b),
        Op::Subtract => T::subtract(a, b),
        Op::Multiply => T::multiply(a, b),
        Op::Divide => T::divide(a, b),
        Op::MultiplyAdd => T::multiply_add(a, b, c),
        Op::MultiplySubtract => T::multiply_add(a, b, T::negate(c)),
        Op::NegativeMultiplyAdd => T::multiply_add(T::negate(a), b, c),
        Op::Minimum => T::minimum(a, b),
        Op::Maximum => T::maximum(a, b),
        Op::SquareRoot => T::square_root(a),
        Op::RootEstimate => T::root_estimate(a),
        Op::Exp2 => T::exp2(a),
        Op::InverseRoot => T::inverse_root(a),
        Op::Floor => T::floor(a),
        Op::Round => T::round(a),
        Op::Fraction => T::fraction(a),
        Op::Scale => T::scale(a, b),
        Op::Less => T::less(a, b),
        Op::LessEqual => T::less_equal(a, b),
        Op::Equal => T::equal(a, b),
        Op::IndexLess => T::index_less(a, b),
        Op::And => T::and(a, b),
        Op::Or => T::or(a, b),
        Op::Xor => T::xor(a, b),
        Op::Select => T::select(a, b, c),
        Op::IndexAdd => T::index_add(a, b),
        Op::IndexSubtract => T::index_subtract(a, b),
        Op::ShiftLeft(by) => T::shift_left(a, by),
        Op::ShiftRight(by) => T::shift_right(a, by),
        Op::Lookup => unreachable!("a table is no lane"),
    }
}

/// The values of a program in one lane; sums take products as they are or fused, as it happens.
fn lane<T: Number>(program: &Program, planes: impl Fn(Plane) -> T, random: &mut Random) -> Vec<T> {
    let mut values: Vec<T> = Vec::new();
    for instruction in &program.instructions {
        let value = match *instruction {
            Instruction::Load(plane) => planes(plane),
            Instruction::Constant(bits) => T::from_bits64(bits),
            Instruction::Table(_) => T::default(),
            Instruction::Apply(op, operands) => {
                let [a, b, c] = operands.map(|v| values[v.0 as usize]);
                let product = |v: ops::Value| match program.instruction(v) {
                    Instruction::Apply(Op::Multiply, [x, y, _]) => Some([x, y].map(|v| values[v.0 as usize])),
                    _ => None,
                };
                match (op, product(operands[0]), product(operands[1]), random.below(3)) {
                    (Op::Lookup, ..) => match program.instruction(operands[1]) {
                        Instruction::Table(table) => T::from_bits64(u64::from(table[(a.to_bits64() % 8) as usize])),
                        _ => unreachable!("a table is looked up"),
                    },
                    (Op::Add, Some([x, y]), _, 0) => T::multiply_add(x, y, b),
                    (Op::Add, _, Some([x, y]), 1) => T::multiply_add(x, y, a),
                    (Op::Subtract, Some([x, y]), _, 0) => T::multiply_add(x, y, T::negate(b)),
                    (Op::Subtract, _, Some([x, y]), 1) => T::multiply_add(T::negate(x), y, a),
                    _ => apply(op, a, b, c),
                }
            }
        };
        values.push(value);
    }
    values
}

fn holds<T: Number>(bounds: Bounds<T>, lane: T) -> bool {
    let patterns = super::patterns::<T>();
    match bounds {
        Bounds::Exactly(bits) => bits.to_bits64() == lane.to_bits64(),
        Bounds::Numbers(interval) if lane.to_f64().is_nan() => interval.may_be_nan,
        Bounds::Numbers(Interval { low, high, .. }) => low.to_f64() <= lane.to_f64() && lane.to_f64() <= high.to_f64(),
        Bounds::Integers(low, high) => (super::bits(lane) - low).rem_euclid(patterns) <= high - low,
        Bounds::Mask([set, clear]) => match lane.to_index() {
            0 => clear,
            -1 => set,
            _ => false,
        },
        Bounds::Anything => true,
    }
}

/// Says whether some box decided the condition.
fn check<T: Number>(condition: &Condition, random: &mut Random, what: &str) -> bool {
    let mut decided = false;
    for _ in 0..6 {
        let planes = condition
            .sources
            .clone()
            .map(|sources| sources.into_iter().map(|source| plane::<T>(random, source)).collect::<Vec<_>>());
        let mut known: Vec<Bounds<T>> = Vec::new();
        let place = |Plane { space, slot, .. }: Plane| planes[space as usize][slot as usize].0;
        decided |= super::is_clear(&condition.program, place, &mut known);
        for _ in 0..12 {
            let chosen: Vec<Vec<T>> =
                planes.iter().map(|p| p.iter().map(|(_, lanes)| lanes[random.below(lanes.len())]).collect()).collect();
            let values = lane(&condition.program, |p| chosen[p.space as usize][p.slot as usize], random);
            for (k, (&bounds, &value)) in known.iter().zip(&values).enumerate() {
                let is_table = matches!(condition.program.instructions[k], Instruction::Table(_));
                assert!(
                    is_table || holds(bounds, value),
                    "{what}, {}: v{k} is {value:?} ({:#x}) and not in {bounds:?}\n{}{known:?}",
                    T::DTYPE,
                    value.to_bits64(),
                    condition.program.text()
                );
            }
        }
    }
    decided
}

/// Checks a condition in both formats, for each machine; says whether it was decided.
fn check_everywhere(condition: &Formula, random: &mut Random) -> bool {
    let one = Formula::constant(1.0);
    let reduction = Reduction::new("Sum", &one, Axis::J).unwrap().masked(condition).unwrap();
    let Ok(plan) = plan::plan(&[reduction]) else { return false };
    let (mut decided, what) = (false, condition.text().unwrap_or_default());
    for target in [Target::Portable, Target::Avx2, Target::Avx512] {
        for dtype in [Dtype::F32, Dtype::F64] {
            let stages = lower(&plan, dtype, Summation::Block, target.machine()).unwrap();
            let condition = stages.condition.expect("the result has a mask");
            assert!(condition.sources.iter().flatten().all(|source| *source != Source::Computed));
            decided |= match dtype {
                Dtype::F32 => check::<f32>(&condition, random, &what),
                _ => check::<f64>(&condition, random, &what),
            };
        }
    }
    decided
}

fn leaf(random: &mut Random) -> Formula {
    let variable = |index, category| Formula::variable(index, 1, category).unwrap();
    match random.below(8) {
        0 | 1 => variable(0, Category::I),
        2 | 3 => variable(1, Category::J),
        4 => variable(2, Category::Parameter),
        5 => Formula::index(if random.below(2) == 0 { Category::I } else { Category::J }).unwrap(),
        6 => Formula::apply("Integer", &[&variable(3, Category::J)], &[]).unwrap(),
        _ => Formula::constant(random.number().clamp(-1e30, 1e30)),
    }
}

/// A scalar of an operation on random operands, where it takes such.
fn applied(operation: &'static ops::Operation, operands: &[Formula], random: &mut Random) -> Option<Formula> {
    let operands: Vec<&Formula> = operands.iter().take(operation.operands).collect();
    let parameters: Vec<i64> = operation.parameters.iter().map(|_| 1 + random.below(3) as i64).collect();
    let mut result = Formula::apply(operation.name, &operands, &parameters).ok()?;
    if result.field() == Field::Complex {
        result = Formula::apply("ComplexReal", &[&result], &[]).ok()?;
    }
    if result.dim() == 1 { Some(result) } else { Formula::apply("Sum", &[&result], &[]).ok() }
}

fn cases() -> u64 {
    std::env::var("RKEOPS_TEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200)
}

#[test]
fn of_every_operation() {
    let mut random = Random(1);
    let mut checked = 0;
    for operation in ops::all().filter(|o| !matches!(o.rule, Rule::Outermost { .. })) {
        for _ in 0..4 {
            let operands: Vec<Formula> = (0..operation.operands).map(|_| leaf(&mut random)).collect();
            if let Some(formula) = applied(operation, &operands, &mut random) {
                check_everywhere(&formula, &mut random);
                checked += 1;
            }
        }
    }
    assert!(checked > 200, "{checked} formulas were checked");
}

#[test]
fn of_random_formulas() {
    let all: Vec<_> =
        ops::all().filter(|o| matches!(o.rule, Rule::Elementwise { .. } | Rule::Shorthand { .. })).collect();
    let (cases, mut decided) = (cases(), 0);
    for seed in 0..cases {
        let mut random = Random(seed);
        let mut known: Vec<Formula> = (0..4).map(|_| leaf(&mut random)).collect();
        for _ in 0..6 {
            let operands: Vec<Formula> = (0..3).map(|_| known[random.below(known.len())].clone()).collect();
            let operation = match random.below(2) {
                0 => ops::find(["LessThan", "LessOrEqual", "Equal", "Mult", "Add", "Abs"][random.below(6)]).unwrap(),
                _ => all[random.below(all.len())],
            };
            known.extend(applied(operation, &operands, &mut random));
        }
        decided += u64::from(check_everywhere(&known[known.len() - 1], &mut random));
    }
    assert!(decided * 20 > cases, "{decided} of {cases} conditions were ruled out somewhere");
}

/// What bounds say of a condition on a box of rows and numbers.
fn is_ruled_out<T: Number>(condition: &str, rows: [[i64; 2]; 2], numbers: [[f64; 2]; 2]) -> bool {
    let aliases = ["x = Vi(0,1)", "y = Vj(1,1)"];
    let reduction = Reduction::parse(&format!("Sum_Reduction(Mask(1+0*x*y,{condition}),0)"), &aliases).unwrap();
    let plan = plan::plan(&[reduction]).unwrap();
    let condition = lower(&plan, T::DTYPE, Summation::Block, Target::Portable.machine()).unwrap().condition.unwrap();
    let place = |Plane { space, slot, .. }: Plane| {
        let which = usize::from(space == Space::Reduced);
        let ([first, last], [low, high]) = (rows[which], numbers[which]);
        match condition.sources[space as usize][slot as usize] {
            Source::Position => Bounds::integers(first, last),
            Source::Integer { .. } => Bounds::integers(low as i64, high as i64),
            _ => Bounds::Numbers(Interval::of(&[low, high].map(T::from_f64))),
        }
    };
    super::is_clear(&condition.program, place, &mut Vec::new())
}

#[test]
fn conditions_as_users_write_them_are_seen_through() {
    let large = 1 << 24;
    let table = [
        ("j <= i", [[0, 127], [128, 383]], [[0.0; 2]; 2], true),
        ("j <= i", [[0, 127], [127, 383]], [[0.0; 2]; 2], false),
        ("j < i+1", [[large, large], [large + 1, large + 2]], [[0.0; 2]; 2], true),
        ("Abs(i-j) <= 50", [[1000, 1127], [1178, 1300]], [[0.0; 2]; 2], true),
        ("Abs(i-j) <= 50", [[1000, 1127], [1177, 1300]], [[0.0; 2]; 2], false),
        ("Abs(i-j) <= 50", [[1000, 1127], [0, 949]], [[0.0; 2]; 2], true),
        ("x == y", [[0, 9]; 2], [[1.0, 2.0], [3.0, 7.0]], true),
        ("x == y", [[0, 9]; 2], [[1.0, 3.0], [3.0, 7.0]], false),
        ("Integer(x) == Integer(y)", [[0, 9]; 2], [[1.0, 2.0], [3.0, 7.0]], true),
        ("(j <= i)*(x == y)", [[0, 9], [5, 9]], [[1.0, 2.0], [3.0, 7.0]], true),
        ("(j <= i)+(x == y)", [[0, 9], [10, 19]], [[1.0, 2.0], [3.0, 7.0]], true),
        ("Square(x-y) <= 2", [[0, 9]; 2], [[1.0, 2.0], [3.5, 7.0]], true),
        ("Square(x-y) <= 2", [[0, 9]; 2], [[1.0, 2.0], [-0.5, 0.0]], false),
        ("SqDist(x,y)+1 < 2", [[0, 9]; 2], [[-1.0, 0.0], [1.0, 9.0]], true),
        ("Floor(x/8) == Floor(y/8)", [[0, 9]; 2], [[0.0, 7.5], [8.0, 30.0]], true),
        ("IfElse(x-y,i<j,0)", [[0, 9], [0, 9]], [[1.0, 2.0], [3.0, 7.0]], true),
        ("x < i", [[0, 90], [0, 9]], [[90.0, 100.0], [0.0; 2]], true),
        ("Exp(-SqDist(x,y)) > 0.01", [[0, 9]; 2], [[0.0, 1.0], [11.0, 12.0]], true),
    ];
    for (condition, rows, numbers, expected) in table {
        assert_eq!(
            is_ruled_out::<f32>(condition, rows, numbers),
            expected,
            "float32: {condition} {rows:?} {numbers:?}"
        );
        assert_eq!(
            is_ruled_out::<f64>(condition, rows, numbers),
            expected,
            "float64: {condition} {rows:?} {numbers:?}"
        );
    }
}

#[test]
fn operations_on_lanes_that_formulas_seldom_meet() {
    let program = Program { instructions: vec![Instruction::Constant(0); 3], stores: Vec::new() };
    let known = [Bounds::<f32>::integers(-3, 5), Bounds::Mask([true, false]), Bounds::Anything];
    let values = Values { program: &program, known: &known };
    let [a, b, c] = [0, 1, 2].map(ops::Value);
    assert_eq!(values.apply(Op::IndexAdd, [a, a, a]), Bounds::Integers(-6, 10));
    assert_eq!(values.apply(Op::IndexSubtract, [a, a, a]), Bounds::Integers(-8, 8));
    assert_eq!(values.apply(Op::ShiftRight(1), [a, a, a]), Bounds::Integers(0, 0x7fff_ffff));
    assert_eq!(values.apply(Op::Select, [b, a, c]), known[0]);
    assert_eq!(values.apply(Op::Select, [c, a, b]), Bounds::Numbers(Interval::anything()));
    assert_eq!(values.apply(Op::Add, [c, c, c]), Bounds::Numbers(Interval::anything()));
}
