//! Integers, and masks as values. A float32 number does not hold every row number, so a float32 program carries beside
//! such a number the integer itself, on which comparisons are made; in float64 the number is exact.

use super::builder::Builder;
use super::program::{Instruction, Op};
use crate::dtype::Dtype;
use crate::ops::{Lanes, Value};

/// Row numbers of a float32 program that uses them stay below this, so that sums of a few fit in 32 bits.
pub const ROWS_IN_SINGLE: usize = 1 << 29;
/// Integers that a float32 program takes of variables stay below this, so that they can be compared with sums.
pub const INTEGERS_IN_SINGLE: u32 = 1 << 30;
/// Every term of a sum counts as this size at least, so that the lower halves of the terms add exactly.
const SMALLEST_SIZE: u32 = 1 << 24;

/// An integer of a float32 program. It is `high + low`, both numbers without rounding: multiples of 2^16, and what is
/// left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    /// The integer as bits of the lane.
    lane: Value,
    high: Value,
    low: Value,
    /// A bound on its size.
    size: u32,
}

impl Builder {
    /// A row number from its bits.
    pub(super) fn row_number(&mut self, lane: Value) -> Value {
        if self.dtype == Dtype::F32 {
            return self.whole_lane(lane, ROWS_IN_SINGLE as u32);
        }
        // The integer as the last digits of a large number.
        let large = self.constant(2f64.powi(52));
        let tagged = self.apply(Op::Or, &[lane, large]);
        self.apply(Op::Subtract, &[tagged, large])
    }

    /// An integer of a float32 program from its bits.
    pub(super) fn integer(&mut self, lane: Value) -> Value {
        self.whole_lane(lane, INTEGERS_IN_SINGLE)
    }

    /// Both halves become numbers as the last digits of large ones, and their sum rounds once.
    fn whole_lane(&mut self, lane: Value, size: u32) -> Value {
        let (sign, half) = (self.bits(1 << 31), self.bits(0xffff));
        let (large, larger) = (self.constant(2f64.powi(23)), self.constant(2f64.powi(39)));
        let digits = self.apply(Op::And, &[lane, half]);
        let tagged = self.apply(Op::Or, &[digits, large]);
        let low = self.apply(Op::Subtract, &[tagged, large]);
        let moved = self.apply(Op::Xor, &[lane, sign]);
        let digits = self.apply(Op::ShiftRight(16), &[moved]);
        let tagged = self.apply(Op::Or, &[digits, larger]);
        let offset = self.constant(2f64.powi(39) + 2f64.powi(31));
        let high = self.apply(Op::Subtract, &[tagged, offset]);
        self.whole(Whole { lane, high, low, size })
    }

    /// The number of an integer.
    fn whole(&mut self, whole: Whole) -> Value {
        let value = self.apply(Op::Add, &[whole.high, whole.low]);
        self.wholes.insert(value, whole);
        value
    }

    /// An integer that float32 does not hold.
    pub(super) fn large_constant(&mut self, value: f64) -> Option<Value> {
        let fits = self.dtype == Dtype::F32 && value.fract() == 0.0 && value.abs() <= f64::from(i32::MAX);
        if !fits || f64::from(value as f32) == value {
            return None;
        }
        let whole = self.constant_whole(value);
        Some(self.whole(whole))
    }

    fn constant_whole(&mut self, value: f64) -> Whole {
        let high = (value / 65_536.0).trunc() * 65_536.0;
        let lane = self.bits(u64::from(value as i32 as u32));
        let size = (value.abs() as u32).max(SMALLEST_SIZE);
        let (high, low) = (self.constant(high), self.constant(value - high));
        Whole { lane, high, low, size }
    }

    /// The integer that a value is.
    fn as_whole(&mut self, value: Value) -> Option<Whole> {
        if let Some(whole) = self.wholes.get(&value) {
            return Some(*whole);
        }
        let number = self.number(value)?;
        let fits = self.dtype == Dtype::F32 && number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX);
        fits.then(|| self.constant_whole(number))
    }

    /// Both integers, if one of them is known to be one and the other may be.
    fn both_whole(&mut self, a: Value, b: Value) -> Option<[Whole; 2]> {
        if !self.wholes.contains_key(&a) && !self.wholes.contains_key(&b) {
            return None;
        }
        Some([self.as_whole(a)?, self.as_whole(b)?])
    }

    /// The sum or difference of two integers, where it is one.
    pub(super) fn whole_sum(&mut self, op: Op, a: Value, b: Value) -> Option<Value> {
        let [a, b] = self.both_whole(a, b)?;
        let size = a.size.checked_add(b.size).filter(|&size| size <= i32::MAX as u32)?;
        let lanes = if op == Op::Add { Op::IndexAdd } else { Op::IndexSubtract };
        let lane = self.apply(lanes, &[a.lane, b.lane]);
        let (high, low) = (self.apply(op, &[a.high, b.high]), self.apply(op, &[a.low, b.low]));
        Some(self.whole(Whole { lane, high, low, size }))
    }

    /// Remembers that a value is the negative of an integer.
    pub(super) fn note_negative(&mut self, value: Value, of: Value) {
        if let Some(whole) = self.wholes.get(&of).copied() {
            let zero = self.bits(0);
            let lane = self.apply(Op::IndexSubtract, &[zero, whole.lane]);
            let (high, low) = (self.negate(whole.high), self.negate(whole.low));
            self.wholes.insert(value, Whole { lane, high, low, size: whole.size });
        }
    }

    /// Remembers that a value is one of two integers. Rounding keeps their order, so the number is chosen as it is.
    pub(super) fn note_choice(&mut self, value: Value, mask: Value, a: Value, b: Value) {
        if let Some([a, b]) = self.both_whole(a, b) {
            let mut choose = |a: Value, b: Value| self.apply(Op::Select, &[mask, a, b]);
            let (lane, high, low) = (choose(a.lane, b.lane), choose(a.high, b.high), choose(a.low, b.low));
            self.wholes.insert(value, Whole { lane, high, low, size: a.size.max(b.size) });
        }
    }

    /// Mask of `a < b` where both are integers.
    pub(super) fn whole_less(&mut self, a: Value, b: Value) -> Option<Value> {
        let [a, b] = self.both_whole(a, b)?;
        Some(self.apply(Op::IndexLess, &[a.lane, b.lane]))
    }

    /// Mask of `a == b` where both are integers.
    pub(super) fn whole_equal(&mut self, a: Value, b: Value) -> Option<Value> {
        let (below, above) = (self.whole_less(a, b)?, self.whole_less(b, a)?);
        let apart = self.either(below, above);
        Some(self.complement(apart))
    }

    /// The other lanes than those of a mask.
    pub(super) fn complement(&mut self, mask: Value) -> Value {
        let all = self.bits(if self.dtype == Dtype::F32 { u64::from(u32::MAX) } else { u64::MAX });
        let complement = self.apply(Op::Xor, &[mask, all]);
        self.complements.insert(complement, mask);
        complement
    }

    /// The mask of where a value is 1, if it is 1 or 0.
    pub(super) fn truth(&mut self, value: Value) -> Option<Value> {
        let Instruction::Apply(Op::Select, [mask, a, b]) = self.instructions[value.0 as usize] else { return None };
        match (self.number(a)?, self.number(b)?) {
            (1.0, 0.0) => Some(mask),
            (0.0, 1.0) => Some(self.complement(mask)),
            _ => None,
        }
    }

    /// Mask of where a value is neither 0 nor NaN.
    pub(super) fn holds(&mut self, value: Value) -> Value {
        self.truth(value).unwrap_or_else(|| {
            let (zero, size) = (self.constant(0.0), self.absolute(value));
            self.less(zero, size)
        })
    }
}
