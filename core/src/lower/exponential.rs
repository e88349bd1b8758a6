//! Powers of 2 and of e as lane programs, the same for every backend of a kind. The argument is split into a whole
//! part, which goes to the exponent of the result, and a rest that a polynomial takes; where a lookup costs little the
//! rest is an eighth as wide and a table holds the eighths (Tang, Table-driven implementation of the exponential
//! function, 1989).

use std::f64::consts::{LN_2, LOG2_E};

use super::builder::{Builder, Sign};
use super::constants::SINGLE;
use super::program::{Instruction, Op, Table};
use crate::dtype::Dtype;
use crate::ops::{Lanes, Value};

/// The nearest integer to a number, and the sum it came from where the machine does not round by itself: an addition
/// of a large number leaves the integer, plus an offset, in the low bits.
pub(super) struct Rounded {
    pub(super) whole: Value,
    biased: Option<Value>,
}

impl Builder {
    pub(super) fn rounded(&mut self, x: Value, offset: f64) -> Rounded {
        if self.machine.scales {
            return Rounded { whole: self.apply(Op::Round, &[x]), biased: None };
        }
        let rounder = self.constant(self.rounder(offset));
        let biased = self.apply(Op::Add, &[x, rounder]);
        Rounded { whole: self.apply(Op::Subtract, &[biased, rounder]), biased: Some(biased) }
    }

    /// The number whose addition rounds, and leaves the integer plus an offset in the low bits.
    fn rounder(&self, offset: f64) -> f64 {
        1.5 * 2f64.powi(i32::from(self.format().mantissa)) + offset
    }

    /// `p * 2^n` for a positive `p` near 1.
    fn scaled(&mut self, p: Value, n: &Rounded, range: &Range) -> Value {
        let Some(biased) = n.biased else {
            return self.apply_signed(Op::Scale, &[p, n.whole], Sign::Positive);
        };
        let power = self.apply_signed(Op::ShiftLeft(self.format().mantissa), &[biased], Sign::Positive);
        let product = self.apply_signed(Op::Multiply, &[p, power], Sign::Positive);
        if range.halved { self.apply_signed(Op::Add, &[product, product], Sign::Positive) } else { product }
    }
}

/// Which exponents of two are computed with; beyond them the power is 0 or infinite.
struct Range {
    lowest: f64,
    highest: Option<f64>,
    /// What the integer is offset by, so that its low bits are the exponent's.
    offset: f64,
    /// Half the power is taken and doubled at the end, so that the largest results do not overflow early.
    halved: bool,
}

/// The range for an argument: one that cannot be positive needs one bound. A machine that scales by itself gives
/// subnormal numbers; elsewhere results below the smallest normal number, or twice that, are 0.
fn range(b: &Builder, argument: Value) -> Range {
    let (bias, mantissa) = (b.format().bias, f64::from(b.format().mantissa));
    let halved = b.sign(argument) != Sign::Negative;
    let offset = if halved { bias - 1.0 } else { bias };
    let lowest = if b.machine.scales { -(bias + mantissa + 2.0) } else { -offset };
    Range { lowest, highest: halved.then_some(bias + 2.0), offset, halved }
}

/// `2^n` for integral `n` inside the range of normal numbers; 0 below.
pub(super) fn power_of_two(b: &mut Builder, n: Value) -> Value {
    let (bias, mantissa) = (b.format().bias, b.format().mantissa);
    let lowest = b.constant(-bias);
    let n = b.maximum(lowest, n);
    let rounder = b.constant(b.rounder(bias));
    let biased = b.apply(Op::Add, &[n, rounder]);
    b.apply_signed(Op::ShiftLeft(mantissa), &[biased], Sign::Positive)
}

/// `1 + x * p(x)`
pub(super) fn one_plus(b: &mut Builder, x: Value, p: &[f64]) -> Value {
    let coefficients: Vec<f64> = std::iter::once(1.0).chain(p.iter().copied()).collect();
    b.polynomial(x, &coefficients)
}

/// Clamps by comparisons that let NaN through.
pub(super) fn clamp(b: &mut Builder, x: Value, [lowest, highest]: [Option<f64>; 2]) -> Value {
    let x = match lowest {
        Some(lowest) => {
            let lowest = b.constant(lowest);
            b.maximum(lowest, x)
        }
        None => x,
    };
    match highest {
        Some(highest) => {
            let highest = b.constant(highest);
            b.minimum(highest, x)
        }
        None => x,
    }
}

pub(super) fn exp2(b: &mut Builder, x: Value) -> Value {
    if b.machine.transcends && b.dtype == Dtype::F32 {
        return b.apply_signed(Op::Exp2, &[x], Sign::Positive);
    }
    if b.machine.scales {
        // Both operations take any number: nothing has to be clamped.
        let fraction = b.apply(Op::Fraction, &[x]);
        let p = one_plus(b, fraction, b.format().exp2_unit);
        return b.apply_signed(Op::Scale, &[p, x], Sign::Positive);
    }
    let range = range(b, x);
    if b.looks_up() {
        let [biased, _, fraction] = split_product(b, x, [Some(range.lowest), range.highest_eighth()], eighths(&range));
        return by_table(b, biased, fraction, SINGLE.exp2_eighth, &range);
    }
    let bounds = [Some(range.lowest), range.highest];
    let (n, fraction) = if b.machine.looks_up {
        let [biased, whole, fraction] = split_product(b, x, bounds, b.rounder(range.offset));
        (Rounded { whole, biased: Some(biased) }, fraction)
    } else {
        // The portable backend takes powers as a whole, and knows them by this form.
        let x = clamp(b, x, bounds);
        let n = b.rounded(x, range.offset);
        let fraction = b.apply(Op::Subtract, &[x, n.whole]);
        (n, fraction)
    };
    let p = one_plus(b, fraction, b.format().exp2);
    b.scaled(p, &n, &range)
}

pub(super) fn exp(b: &mut Builder, x: Value) -> Value {
    let format = b.format();
    let range = range(b, x);
    let highest = if b.looks_up() { range.highest_eighth() } else { range.highest };
    let x = clamp(b, x, [Some(range.lowest), highest].map(|bound| bound.map(|bound| bound * LN_2)));
    let log2e = b.constant(LOG2_E);
    let (high, low) = (b.constant(format.ln2[0]), b.constant(format.ln2[1]));
    let reduce = |b: &mut Builder, whole: Value| {
        let reduced = b.negative_multiply_add(whole, high, x);
        b.negative_multiply_add(whole, low, reduced)
    };
    let rounder = b.constant(if b.looks_up() { eighths(&range) } else { b.rounder(range.offset) });
    let biased = b.multiply_add(x, log2e, rounder);
    let whole = b.apply(Op::Subtract, &[biased, rounder]);
    let reduced = reduce(b, whole);
    if b.looks_up() {
        return by_table(b, biased, reduced, format.exp_eighth, &range);
    }
    let p = one_plus(b, reduced, format.exp);
    let biased = (!b.machine.scales).then_some(biased);
    b.scaled(p, &Rounded { whole, biased }, &range)
}

/// `2^(k/8)` less 1 and less `k/8`, both as bits: what is to be added to an exponent in eighths to make its low bits
/// the significand.
static EIGHTHS: Table = [0, 0xfffb_95c2, 0xfff8_37f0, 0xfff5_fed7, 0xfff5_04f3, 0xfff5_672a, 0xfff7_44fd, 0xfffa_c0c7];

impl Builder {
    fn looks_up(&self) -> bool {
        self.machine.looks_up && self.dtype == Dtype::F32
    }

    /// A value as a product with a number: a factor of ordinary size, or 1.
    fn factor(&self, value: Value) -> (Value, Option<f64>) {
        if let Instruction::Apply(Op::Multiply, [a, b, _]) = self.instructions[value.0 as usize] {
            for (number, other) in [(a, b), (b, a)] {
                if let Some(number) = self.number(number)
                    && (1e-9..1e9).contains(&number.abs())
                {
                    return (other, Some(number));
                }
            }
        }
        (value, None)
    }
}

impl Range {
    /// The power itself may not overflow before it is doubled: the table's is multiplied by 0, too.
    fn highest_eighth(&self) -> Option<f64> {
        self.highest.map(|highest| highest - 0.5)
    }
}

/// What leaves the exponent in eighths, plus the offset, in the low bits of a sum.
fn eighths(range: &Range) -> f64 {
    1.5 * 2f64.powi(i32::from(SINGLE.mantissa) - 3) + range.offset
}

/// Bounds a number and splits it into the sum that rounds it, to an integer or to eighths, what it is rounded to, and the
/// rest. The factor of a product is taken into the rounding and the rest: no product is formed, and none is rounded.
fn split_product(b: &mut Builder, x: Value, bounds: [Option<f64>; 2], rounder: f64) -> [Value; 3] {
    let (argument, factor) = b.factor(x);
    let scale = factor.unwrap_or(1.0);
    let [lowest, highest] = bounds.map(|bound| bound.map(|bound| bound / scale));
    let argument = clamp(b, argument, if scale > 0.0 { [lowest, highest] } else { [highest, lowest] });
    let rounder = b.constant(rounder);
    let factor = factor.map(|factor| b.constant(factor));
    let biased = match factor {
        Some(factor) => b.multiply_add(argument, factor, rounder),
        None => b.apply(Op::Add, &[argument, rounder]),
    };
    let whole = b.apply(Op::Subtract, &[biased, rounder]);
    let fraction = match factor {
        Some(factor) => b.apply(Op::MultiplySubtract, &[argument, factor, whole]),
        None => b.apply(Op::Subtract, &[argument, whole]),
    };
    [biased, whole, fraction]
}

/// `power + power * x * p(x)` for the power that a rounded exponent in eighths stands for.
fn by_table(b: &mut Builder, biased: Value, x: Value, p: &[f64], range: &Range) -> Value {
    let table = b.table(&EIGHTHS);
    let entry = b.apply(Op::Lookup, &[biased, table]);
    let exponent = b.apply(Op::ShiftLeft(SINGLE.mantissa - 3), &[biased]);
    let power = b.apply(Op::IndexAdd, &[exponent, entry]);
    let rest = b.polynomial(x, p);
    let part = b.apply(Op::Multiply, &[power, x]);
    let result = b.apply_signed(Op::MultiplyAdd, &[part, rest, power], Sign::Positive);
    if range.halved { b.apply_signed(Op::Add, &[result, result], Sign::Positive) } else { result }
}
