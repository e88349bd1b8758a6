//! What the values of a lane program may be where its planes lie between bounds: the meaning of every [`Op`] on sets of
//! lanes. A set is never too small; where nothing better is known it is everything.

use super::interval::Interval;
use super::number::Number;
use crate::lower::{Instruction, Op, Plane, Program, Table};
use crate::ops::Value;

/// A set of bits of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounds<T> {
    /// These bits alone.
    Exactly(T),
    /// Numbers.
    Numbers(Interval<T>),
    /// Integers from one to another, of which lanes hold the last digits.
    Integers(i128, i128),
    /// Masks: whether one may be set, and whether one may be clear.
    Mask([bool; 2]),
    /// Any bits.
    Anything,
}

use Bounds::{Anything, Exactly, Integers, Mask, Numbers};

/// Bits of a lane.
fn width<T: Number>() -> u32 {
    T::DTYPE.size() as u32 * 8
}

/// How many patterns a lane has.
fn patterns<T: Number>() -> i128 {
    1 << width::<T>()
}

fn sign<T: Number>() -> i128 {
    patterns::<T>() / 2
}

fn from_bits<T: Number>(bits: i128) -> T {
    T::from_bits64(bits as u64)
}

/// The bits as an integer without a sign.
fn bits<T: Number>(number: T) -> i128 {
    i128::from(number.to_bits64())
}

impl<T: Number> Bounds<T> {
    /// The integers between two, as integer lanes.
    pub fn integers(low: i64, high: i64) -> Self {
        Integers(low.into(), high.into())
    }

    /// Whether every lane is a mask that is not set.
    pub fn is_clear(self) -> bool {
        matches!(self.masks(), [false, _])
    }

    fn numbers(self) -> Interval<T> {
        match self {
            Exactly(number) => Interval::nothing().with(number),
            Numbers(interval) => interval,
            Integers(low, high) => {
                // The bits of positive numbers ascend like the numbers, those of negative ones descend.
                let first = low.rem_euclid(patterns::<T>());
                let (last, infinity) = (first + (high - low), bits(T::from_f64(f64::INFINITY)));
                if last <= infinity {
                    Interval::between(from_bits(first), from_bits(last))
                } else if first >= sign::<T>() && last <= sign::<T>() + infinity {
                    Interval::between(from_bits(last), from_bits(first))
                } else {
                    Interval::anything()
                }
            }
            Mask([false, _]) => Interval::nothing().with(T::from_f64(0.0)),
            Mask(_) | Anything => Interval::anything(),
        }
    }

    fn whole(self) -> Option<[i128; 2]> {
        match self {
            Exactly(lane) => Some([lane.to_index().into(); 2]),
            Integers(low, high) => Some([low, high]),
            // Zero has two patterns.
            Numbers(Interval { low, high, may_be_nan: false })
                if low.to_f64() > 0.0 && low.to_f64() <= high.to_f64() =>
            {
                Some([bits(low), bits(high)])
            }
            _ => None,
        }
    }

    /// The integers as those without a sign, if they do not pass the last pattern of so many bits.
    fn unsigned(self, width: u32) -> Option<[i128; 2]> {
        let [low, high] = self.whole()?;
        let first = low.rem_euclid(1 << width);
        let last = first + (high - low);
        (last < 1 << width).then_some([first, last])
    }

    /// Whether a mask may be set, and whether it may be clear.
    fn masks(self) -> [bool; 2] {
        match self {
            Mask(masks) => masks,
            Exactly(lane) if lane.to_bits64() == 0 => [false, true],
            Exactly(lane) if lane.to_index() == -1 => [true, false],
            _ => [true, true],
        }
    }

    fn is_mask(self) -> bool {
        matches!(self, Mask(_)) || self.masks() != [true, true]
    }

    fn union(self, other: Self) -> Self {
        let is_plain = |bounds: Self| match bounds {
            Exactly(lane) => lane.to_index() >= 0 && !lane.to_f64().is_nan(),
            Integers(..) => true,
            _ => false,
        };
        match (self, other) {
            (Exactly(a), Exactly(b)) if a.to_bits64() == b.to_bits64() => self,
            (Mask(_), _) | (_, Mask(_)) if self.is_mask() && other.is_mask() => {
                let ([set, clear], [also_set, also_clear]) = (self.masks(), other.masks());
                Mask([set || also_set, clear || also_clear])
            }
            // Positive numbers are in the order of their bits, so these may be either.
            _ if is_plain(self) && is_plain(other)
                || matches!((self, other), (Integers(..), Exactly(_)) | (Exactly(_), Integers(..))) =>
            {
                match (self.whole(), other.whole()) {
                    (Some([a, b]), Some([c, d])) => Integers(a.min(c), b.max(d)),
                    _ => Anything,
                }
            }
            (Anything, _) | (_, Anything) => Anything,
            _ => Numbers(self.numbers().union(other.numbers())),
        }
    }

    fn exact_bits(self) -> Option<i128> {
        if let Exactly(lane) = self { Some(bits(lane)) } else { None }
    }
}

/// Either of both orders: the constant and what is no constant.
fn constant_and_other<T: Number>(a: Bounds<T>, b: Bounds<T>) -> Option<(i128, Bounds<T>)> {
    match (a.exact_bits(), b.exact_bits()) {
        (_, Some(constant)) => Some((constant, a)),
        (Some(constant), _) => Some((constant, b)),
        _ => None,
    }
}

fn and<T: Number>(a: Bounds<T>, b: Bounds<T>) -> Bounds<T> {
    if let (Exactly(a), Exactly(b)) = (a, b) {
        return Exactly(T::and(a, b));
    }
    if a.is_mask() && b.is_mask() {
        let ([set, clear], [also_set, also_clear]) = (a.masks(), b.masks());
        return Mask([set && also_set, clear || also_clear]);
    }
    for (mask, other) in [(a, b), (b, a)] {
        if matches!(mask, Mask(_)) {
            return select(mask, other, Exactly(T::from_bits64(0)));
        }
    }
    let Some((constant, other)) = constant_and_other(a, b) else { return Anything };
    if let (Numbers(interval), true) = (other, constant == sign::<T>() - 1) {
        return Numbers(interval.absolute());
    }
    match constant.count_ones() == constant.trailing_ones() {
        // The last digits.
        true => {
            let [low, high] = other.unsigned(constant.trailing_ones()).unwrap_or([0, constant]);
            Integers(low, high)
        }
        false => Anything,
    }
}

fn or<T: Number>(a: Bounds<T>, b: Bounds<T>) -> Bounds<T> {
    if let (Exactly(a), Exactly(b)) = (a, b) {
        return Exactly(T::or(a, b));
    }
    if a.is_mask() && b.is_mask() {
        let ([set, clear], [also_set, also_clear]) = (a.masks(), b.masks());
        return Mask([set || also_set, clear && also_clear]);
    }
    // Digits in the place of zeros.
    let Some((constant, other)) = constant_and_other(a, b) else { return Anything };
    match other.whole() {
        Some([low, high]) if low >= 0 && constant & (((high + 1) as u128).next_power_of_two() as i128 - 1) == 0 => {
            Integers(constant + low, constant + high)
        }
        _ => Anything,
    }
}

fn exclusive_or<T: Number>(a: Bounds<T>, b: Bounds<T>) -> Bounds<T> {
    if let (Exactly(a), Exactly(b)) = (a, b) {
        return Exactly(T::xor(a, b));
    }
    let Some((constant, other)) = constant_and_other(a, b) else { return Anything };
    if other.is_mask() && constant == patterns::<T>() - 1 {
        let [set, clear] = other.masks();
        return Mask([clear, set]);
    }
    if constant != sign::<T>() {
        return Anything;
    }
    match other {
        Numbers(interval) => Numbers(interval.negate()),
        Integers(low, high) => Integers(low + constant, high + constant),
        _ => Anything,
    }
}

fn select<T: Number>(mask: Bounds<T>, a: Bounds<T>, b: Bounds<T>) -> Bounds<T> {
    match mask.masks() {
        [false, _] => b,
        [_, false] => a,
        _ => a.union(b),
    }
}

fn lookup<T: Number>(place: Bounds<T>, table: &Table) -> Bounds<T> {
    let entry = |place: i128| i128::from(table[place.rem_euclid(8) as usize] as i32);
    match place.whole() {
        Some([low, high]) if low == high => Integers(entry(low), entry(low)),
        _ => (0..8).map(entry).map(|entry| Integers(entry, entry)).reduce(Bounds::union).unwrap_or(Anything),
    }
}

fn shift_left<T: Number>(a: Bounds<T>, by: u8) -> Bounds<T> {
    match a.unsigned(width::<T>() - u32::from(by)) {
        Some([low, high]) => Integers(low << by, high << by),
        None => Anything,
    }
}

fn shift_right<T: Number>(a: Bounds<T>, by: u8) -> Bounds<T> {
    let [low, high] = a.unsigned(width::<T>()).unwrap_or([0, patterns::<T>() - 1]);
    Integers(low >> by, high >> by)
}

/// The values of a program of which some are known.
struct Values<'a, T> {
    program: &'a Program,
    known: &'a [Bounds<T>],
}

impl<T: Number> Values<'_, T> {
    fn of(&self, value: Value) -> Bounds<T> {
        self.known[value.0 as usize]
    }

    fn numbers(&self, value: Value) -> Interval<T> {
        self.of(value).numbers()
    }

    /// The factors of a product, which a stage may fuse into the addition or not, and whether they are one value.
    fn factors(&self, value: Value) -> Option<([Interval<T>; 2], bool)> {
        match self.program.instruction(value) {
            Instruction::Apply(Op::Multiply, [a, b, _]) => Some(([a, b].map(|v| self.numbers(v)), a == b)),
            _ => None,
        }
    }

    /// `a + b`, or `a - b`, rounded as often as a stage may.
    fn sum(&self, a: Value, b: Value, is_difference: bool) -> Interval<T> {
        let signed = |interval: Interval<T>| if is_difference { interval.negate() } else { interval };
        let (first, second) = (self.numbers(a), signed(self.numbers(b)));
        let mut sum = first.add(second);
        if let Some(([x, y], is_square)) = self.factors(a) {
            sum = sum.union(x.multiply_add(y, second, is_square));
        }
        if let Some(([x, y], is_square)) = self.factors(b) {
            let fused = x.multiply_add(y, signed(first), is_square);
            sum = sum.union(signed(fused));
        }
        sum
    }

    fn apply(&self, op: Op, [a, b, c]: [Value; 3]) -> Bounds<T> {
        let numbers = |value: Value| self.numbers(value);
        match op {
            Op::Add => Numbers(self.sum(a, b, false)),
            Op::Subtract => Numbers(self.sum(a, b, true)),
            Op::Multiply if a == b => Numbers(numbers(a).square()),
            Op::Multiply => Numbers(numbers(a).multiply(numbers(b))),
            Op::Divide => Numbers(numbers(a).divide(numbers(b))),
            Op::MultiplyAdd => Numbers(numbers(a).multiply_add(numbers(b), numbers(c), a == b)),
            Op::MultiplySubtract => Numbers(numbers(a).multiply_add(numbers(b), numbers(c).negate(), a == b)),
            Op::NegativeMultiplyAdd => {
                Numbers(numbers(a).multiply_add(numbers(b), numbers(c).negate(), a == b).negate())
            }
            Op::Minimum => Numbers(numbers(a).minimum(numbers(b))),
            Op::Maximum => Numbers(numbers(a).maximum(numbers(b))),
            Op::SquareRoot => Numbers(numbers(a).square_root()),
            Op::RootEstimate => Numbers(numbers(a).root_estimate()),
            // Nothing is skipped on machines that have these.
            Op::Exp2 | Op::InverseRoot => Anything,
            Op::Floor => Numbers(numbers(a).ascending(T::floor)),
            Op::Round => Numbers(numbers(a).ascending(T::round)),
            Op::Fraction => Numbers(numbers(a).fraction()),
            Op::Scale => Numbers(numbers(a).scale(numbers(b))),
            Op::Lookup => match self.program.instruction(b) {
                Instruction::Table(table) => lookup(self.of(a), table),
                _ => Anything,
            },
            Op::Less => Mask(numbers(a).less(numbers(b))),
            Op::LessEqual => Mask(numbers(a).less_equal(numbers(b))),
            Op::Equal => Mask(numbers(a).equal(numbers(b), a == b)),
            Op::IndexLess => self.index_less(a, b),
            Op::And => and(self.of(a), self.of(b)),
            Op::Or if a == b => self.of(a),
            Op::Or => or(self.of(a), self.of(b)),
            Op::Xor => exclusive_or(self.of(a), self.of(b)),
            Op::Select => select(self.of(a), self.of(b), self.of(c)),
            Op::IndexAdd => self.whole(a, b, |[a, b], [c, d]| [a + c, b + d]),
            Op::IndexSubtract => self.whole(a, b, |[a, b], [c, d]| [a - d, b - c]),
            Op::ShiftLeft(by) => shift_left(self.of(a), by),
            Op::ShiftRight(by) => shift_right(self.of(a), by),
        }
    }

    /// An operation on integers; what exceeds a lane many times is not followed.
    fn whole(&self, a: Value, b: Value, operation: fn([i128; 2], [i128; 2]) -> [i128; 2]) -> Bounds<T> {
        let (Some(a), Some(b)) = (self.of(a).whole(), self.of(b).whole()) else { return Anything };
        let [low, high] = operation(a, b);
        if low.abs().max(high.abs()) < patterns::<T>() << 8 { Integers(low, high) } else { Anything }
    }

    fn index_less(&self, a: Value, b: Value) -> Bounds<T> {
        let lane = |value: Value| {
            let [low, high] = self.of(value).whole()?;
            (low >= -sign::<T>() && high < sign::<T>()).then_some([low, high])
        };
        match (lane(a), lane(b)) {
            (Some([low, high]), Some([other_low, other_high])) => Mask([low < other_high, high >= other_low]),
            _ => Mask([true, true]),
        }
    }
}

/// Whether everything that a program stores is a mask that is not set, in every lane whose planes have these bounds.
/// `known` is memory to work in.
pub fn is_clear<T: Number>(program: &Program, planes: impl Fn(Plane) -> Bounds<T>, known: &mut Vec<Bounds<T>>) -> bool {
    known.clear();
    for instruction in &program.instructions {
        let bounds = match *instruction {
            Instruction::Load(plane) => planes(plane),
            Instruction::Constant(bits) => Exactly(T::from_bits64(bits)),
            Instruction::Table(_) => Anything,
            Instruction::Apply(op, operands) => Values { program, known }.apply(op, operands),
        };
        known.push(bounds);
    }
    program.stores.iter().all(|(_, value)| known[value.0 as usize].is_clear())
}

#[cfg(test)]
mod tests;
