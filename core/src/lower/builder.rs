//! Builds the one lane program of a pass, in which equal values are one value and each knows when it is known.
//! Signs are moved to where they cost nothing.

use rustc_hash::FxHashMap;

use super::program::{Instruction, Machine, Op, Plane, Program, Space, Table};
use super::whole::Whole;
use super::{exponential, math, special};
use crate::dtype::Dtype;
use crate::ops::{Lanes, Value};
use crate::plan::Level;

/// What is known about the sign of a number that is not NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Any,
    /// The bit of the sign is clear: +0 or above.
    Positive,
    /// The bit of the sign is set: -0 or below.
    Negative,
}

impl Sign {
    fn flipped(self) -> Sign {
        match self {
            Sign::Any => Sign::Any,
            Sign::Positive => Sign::Negative,
            Sign::Negative => Sign::Positive,
        }
    }

    fn times(self, other: Sign) -> Sign {
        match (self, other) {
            (Sign::Any, _) | (_, Sign::Any) => Sign::Any,
            (a, b) if a == b => Sign::Positive,
            _ => Sign::Negative,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Known {
    level: Level,
    sign: Sign,
    /// Whether it is another number in each repetition.
    differs: bool,
}

/// The program under construction.
pub(super) struct Builder {
    pub(super) dtype: Dtype,
    pub(super) machine: Machine,
    pub(super) instructions: Vec<Instruction>,
    values: FxHashMap<Instruction, Value>,
    known: Vec<Known>,
    /// The value that a negation negates.
    negations: FxHashMap<Value, Value>,
    /// The integers that values of a float32 program are.
    pub(super) wholes: FxHashMap<Value, Whole>,
    /// The mask that a mask is the complement of.
    pub(super) complements: FxHashMap<Value, Value>,
}

impl Builder {
    pub(super) fn new(dtype: Dtype, machine: Machine) -> Self {
        Builder {
            dtype,
            machine,
            instructions: Vec::new(),
            values: FxHashMap::default(),
            known: Vec::new(),
            negations: FxHashMap::default(),
            wholes: FxHashMap::default(),
            complements: FxHashMap::default(),
        }
    }

    pub(super) fn level(&self, value: Value) -> Level {
        self.known[value.0 as usize].level
    }

    /// Whether a value is another one in each repetition of a program.
    pub(super) fn differs(&self, value: Value) -> bool {
        self.known[value.0 as usize].differs
    }

    pub(super) fn sign(&self, value: Value) -> Sign {
        self.known[value.0 as usize].sign
    }

    pub(super) fn load(&mut self, plane: Plane) -> Value {
        let level = match plane.space {
            Space::Call => Level::Call,
            Space::Kept | Space::Total | Space::Other | Space::Output => Level::Kept,
            Space::Reduced => Level::Reduced,
            // Anchors and bounds change from block to block, so nothing that depends on them is computed once per row.
            Space::Block | Space::Anchor | Space::Values | Space::Pair | Space::Exchanged => Level::Pair,
            Space::Bound | Space::Candidate | Space::Chosen => Level::Pair,
        };
        self.insert(Instruction::Load(plane), level, Sign::Any)
    }

    pub(super) fn bits(&mut self, bits: u64) -> Value {
        let negative = match self.dtype {
            Dtype::F32 => (bits as u32 as i32) < 0,
            _ => (bits as i64) < 0,
        };
        let sign = if negative { Sign::Negative } else { Sign::Positive };
        self.insert(Instruction::Constant(bits), Level::Call, sign)
    }

    pub(super) fn table(&mut self, table: &'static Table) -> Value {
        self.insert(Instruction::Table(table), Level::Call, Sign::Any)
    }

    /// The number of a value that is constant.
    pub(super) fn number(&self, value: Value) -> Option<f64> {
        match self.instructions[value.0 as usize] {
            Instruction::Constant(bits) => Some(match self.dtype {
                Dtype::F32 => f64::from(f32::from_bits(bits as u32)),
                _ => f64::from_bits(bits),
            }),
            _ => None,
        }
    }

    fn insert(&mut self, instruction: Instruction, level: Level, sign: Sign) -> Value {
        if let Some(&value) = self.values.get(&instruction) {
            return value;
        }
        let value = Value(self.instructions.len() as u32);
        let differs = match instruction {
            Instruction::Load(plane) => plane.family.is_some(),
            _ => Program::operands(&instruction).iter().any(|&operand| self.differs(operand)),
        };
        self.instructions.push(instruction);
        self.known.push(Known { level, sign, differs });
        self.values.insert(instruction, value);
        value
    }

    pub(super) fn apply(&mut self, op: Op, operands: &[Value]) -> Value {
        self.apply_signed(op, operands, Sign::Any)
    }

    pub(super) fn apply_signed(&mut self, op: Op, operands: &[Value], sign: Sign) -> Value {
        let mut all = [operands[0]; 3];
        all[..operands.len()].copy_from_slice(operands);
        if op.is_commutative() && all[1] < all[0] {
            all.swap(0, 1);
            if op.operands() == 2 {
                all[2] = all[0];
            }
        }
        let level = operands.iter().map(|&v| self.level(v)).fold(Level::Call, Level::join);
        self.insert(Instruction::Apply(op, all), level, sign)
    }

    fn negated(&self, value: Value) -> Option<Value> {
        self.negations.get(&value).copied()
    }

    /// The value without its sign change, and whether there was one.
    fn unsigned(&self, value: Value) -> (Value, bool) {
        self.negated(value).map_or((value, false), |inner| (inner, true))
    }
}

impl Lanes for Builder {
    fn epsilon(&self) -> f64 {
        2f64.powi(-i32::from(self.format().mantissa))
    }

    fn constant(&mut self, value: f64) -> Value {
        if let Some(whole) = self.large_constant(value) {
            return whole;
        }
        let bits = math::bits_of(self.dtype, value);
        self.bits(bits)
    }

    fn add(&mut self, a: Value, b: Value) -> Value {
        if self.number(a) == Some(0.0) && self.number(b) == Some(0.0) {
            return a;
        }
        if let Some(inner) = self.negated(b) {
            return self.subtract(a, inner);
        }
        if let Some(inner) = self.negated(a) {
            return self.subtract(b, inner);
        }
        if let Some(sum) = self.whole_sum(Op::Add, a, b) {
            return sum;
        }
        let sign = if self.sign(a) == self.sign(b) { self.sign(a) } else { Sign::Any };
        self.apply_signed(Op::Add, &[a, b], sign)
    }

    fn subtract(&mut self, a: Value, b: Value) -> Value {
        if let Some(inner) = self.negated(b) {
            return self.add(a, inner);
        }
        if let Some(difference) = self.whole_sum(Op::Subtract, a, b) {
            return difference;
        }
        let sign = if self.sign(a) == self.sign(b).flipped() { self.sign(a) } else { Sign::Any };
        self.apply_signed(Op::Subtract, &[a, b], sign)
    }

    fn multiply(&mut self, a: Value, b: Value) -> Value {
        let ((a, a_flipped), (b, b_flipped)) = (self.unsigned(a), self.unsigned(b));
        if a_flipped != b_flipped {
            let product = self.multiply(a, b);
            return self.negate(product);
        }
        for (one, other) in [(a, b), (b, a)] {
            match self.number(one) {
                Some(1.0) => return other,
                Some(-1.0) => return self.negate(other),
                _ => {}
            }
        }
        if let (Some(first), Some(second)) = (self.truth(a), self.truth(b)) {
            let (mask, one, zero) = (self.both(first, second), self.constant(1.0), self.constant(0.0));
            return self.select(mask, one, zero);
        }
        let sign = if a == b { Sign::Positive } else { self.sign(a).times(self.sign(b)) };
        self.apply_signed(Op::Multiply, &[a, b], sign)
    }

    fn divide(&mut self, a: Value, b: Value) -> Value {
        let ((a, a_flipped), (b, b_flipped)) = (self.unsigned(a), self.unsigned(b));
        if a_flipped != b_flipped {
            let quotient = self.divide(a, b);
            return self.negate(quotient);
        }
        let sign = self.sign(a).times(self.sign(b));
        self.apply_signed(Op::Divide, &[a, b], sign)
    }

    fn negate(&mut self, a: Value) -> Value {
        if let Some(inner) = self.negated(a) {
            return inner;
        }
        if let Some(number) = self.number(a) {
            return self.constant(-number);
        }
        let mask = self.bits(math::sign_bit(self.dtype));
        let value = self.apply_signed(Op::Xor, &[a, mask], self.sign(a).flipped());
        self.negations.insert(value, a);
        self.note_negative(value, a);
        value
    }

    fn absolute(&mut self, a: Value) -> Value {
        let (a, _) = self.unsigned(a);
        if self.sign(a) == Sign::Positive {
            return a;
        }
        let mask = self.bits(math::sign_bit(self.dtype) - 1);
        let size = self.apply_signed(Op::And, &[a, mask], Sign::Positive);
        let zero = self.constant(0.0);
        if let Some(below) = self.whole_less(a, zero) {
            let negative = self.negate(a);
            self.note_choice(size, below, negative, a);
        }
        size
    }

    fn minimum(&mut self, a: Value, b: Value) -> Value {
        let sign = if self.sign(a) == self.sign(b) { self.sign(a) } else { Sign::Any };
        self.apply_signed(Op::Minimum, &[a, b], sign)
    }

    fn maximum(&mut self, a: Value, b: Value) -> Value {
        let sign = if self.sign(a) == self.sign(b) { self.sign(a) } else { Sign::Any };
        self.apply_signed(Op::Maximum, &[a, b], sign)
    }

    fn square_root(&mut self, a: Value) -> Value {
        // The root of -0 is -0.
        let sign = if self.sign(a) == Sign::Positive { Sign::Positive } else { Sign::Any };
        self.apply_signed(Op::SquareRoot, &[a], sign)
    }

    fn inverse_square_root(&mut self, a: Value) -> Value {
        math::inverse_root(self, a)
    }

    fn floor(&mut self, a: Value) -> Value {
        self.apply_signed(Op::Floor, &[a], self.sign(a))
    }

    fn less(&mut self, a: Value, b: Value) -> Value {
        self.whole_less(a, b).unwrap_or_else(|| self.apply(Op::Less, &[a, b]))
    }

    fn less_equal(&mut self, a: Value, b: Value) -> Value {
        match self.whole_less(b, a) {
            Some(above) => self.complement(above),
            None => self.apply(Op::LessEqual, &[a, b]),
        }
    }

    fn equal(&mut self, a: Value, b: Value) -> Value {
        self.whole_equal(a, b).unwrap_or_else(|| self.apply(Op::Equal, &[a, b]))
    }

    fn index_constant(&mut self, value: i32) -> Value {
        let bits = match self.dtype {
            Dtype::F32 => u64::from(value as u32),
            _ => i64::from(value) as u64,
        };
        self.bits(bits)
    }

    fn index_add(&mut self, a: Value, b: Value) -> Value {
        self.apply(Op::IndexAdd, &[a, b])
    }

    fn index_less(&mut self, a: Value, b: Value) -> Value {
        self.apply(Op::IndexLess, &[a, b])
    }

    fn both(&mut self, a: Value, b: Value) -> Value {
        if let (Some(&a), Some(&b)) = (self.complements.get(&a), self.complements.get(&b)) {
            let either = self.either(a, b);
            return self.complement(either);
        }
        self.apply(Op::And, &[a, b])
    }

    fn either(&mut self, a: Value, b: Value) -> Value {
        self.apply(Op::Or, &[a, b])
    }

    fn select(&mut self, mask: Value, a: Value, b: Value) -> Value {
        if a == b {
            return a;
        }
        if let Some(&inner) = self.complements.get(&mask) {
            return self.select(inner, b, a);
        }
        let sign = if self.sign(a) == self.sign(b) { self.sign(a) } else { Sign::Any };
        let value = self.apply_signed(Op::Select, &[mask, a, b], sign);
        self.note_choice(value, mask, a, b);
        value
    }

    fn exp(&mut self, a: Value) -> Value {
        exponential::exp(self, a)
    }

    fn exp2(&mut self, a: Value) -> Value {
        exponential::exp2(self, a)
    }

    fn power_of_two(&mut self, n: Value) -> Value {
        exponential::power_of_two(self, n)
    }

    fn log(&mut self, a: Value) -> Value {
        math::log(self, a)
    }

    fn sin(&mut self, a: Value) -> Value {
        math::sin_cos(self, a, false)
    }

    fn cos(&mut self, a: Value) -> Value {
        math::sin_cos(self, a, true)
    }

    fn tanh(&mut self, a: Value) -> Value {
        math::tanh(self, a)
    }

    fn arc_tangent(&mut self, y: Value, x: Value) -> Value {
        special::atan2(self, y, x)
    }

    fn log_plus_one(&mut self, a: Value) -> Value {
        special::log1p(self, a)
    }

    fn exp_minus_one(&mut self, a: Value) -> Value {
        special::expm1(self, a)
    }

    fn error_function(&mut self, a: Value) -> Value {
        special::erf(self, a)
    }

    fn complementary_error_function(&mut self, a: Value) -> Value {
        special::erfc(self, a)
    }

    fn power(&mut self, a: Value, b: Value) -> Value {
        math::power(self, a, b)
    }
}
