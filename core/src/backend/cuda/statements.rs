//! Lane programs as statements of CUDA C++. It knows neither kernels nor schedules.

use std::fmt::Write;

use crate::dtype::Dtype;
use crate::lower::{Instruction, Op, Plane, Program, Space};
use crate::ops::Value;

/// The name of what holds the planes of a space.
pub(super) fn name(space: Space) -> &'static str {
    match space {
        Space::Call => "call",
        Space::Kept => "kept",
        Space::Reduced => "reduced",
        Space::Anchor => "anchor",
        Space::Block => "block",
        Space::Total => "total",
        Space::Other => "other",
        Space::Output => "output",
        Space::Values => "values",
        Space::Pair => "pair",
        Space::Bound | Space::Candidate | Space::Chosen | Space::Exchanged => "unused",
    }
}

/// As what a value is held.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Number,
    Bits,
    Mask,
    Constant(u64),
}

/// Translates one program.
struct Writer<'a> {
    program: &'a Program,
    dtype: Dtype,
    /// Whether quotients and roots may be approximations, which cost a fraction.
    is_fast: bool,
    kinds: Vec<Kind>,
    text: String,
}

/// The statements of a program, each on a line. Planes of families are counted from `f0`, `f1` ...; those of a pair use
/// the machine's approximations.
pub(super) fn statements(program: &Program, dtype: Dtype, is_of_pair: bool) -> String {
    let is_fast = is_of_pair && dtype == Dtype::F32;
    let mut writer = Writer { program, dtype, is_fast, kinds: Vec::new(), text: String::new() };
    for k in 0..program.instructions.len() {
        writer.instruction(k);
    }
    for &(plane, value) in &program.stores {
        let _ = writeln!(writer.text, "    {} = {};", place(plane), writer.number(value));
    }
    writer.text
}

fn place(plane: Plane) -> String {
    match plane.family {
        None => format!("{}[{}]", name(plane.space), plane.slot),
        Some(family) => format!("{}[f{} + {}]", name(plane.space), family.position(), plane.slot),
    }
}

/// A number as C++ reads it back to the last bit.
pub(super) fn literal(bits: u64, dtype: Dtype) -> String {
    match dtype {
        Dtype::F32 => match f32::from_bits(bits as u32) {
            number if number.is_finite() => format!("{number:?}f"),
            _ => format!("number_of({:#x}u)", bits as u32),
        },
        _ => match f64::from_bits(bits) {
            number if number.is_finite() => format!("{number:?}"),
            _ => format!("number_of({bits:#x}ull)"),
        },
    }
}

impl Writer<'_> {
    fn kind(&self, value: Value) -> Kind {
        self.kinds[value.0 as usize]
    }

    fn is_constant(&self, value: Value, bits: u64) -> bool {
        self.kind(value) == Kind::Constant(bits)
    }

    fn hexadecimal(&self, bits: u64) -> String {
        if self.dtype == Dtype::F32 { format!("{:#x}u", bits as u32) } else { format!("{bits:#x}ull") }
    }

    fn number(&self, value: Value) -> String {
        match self.kind(value) {
            Kind::Number => format!("v{}", value.0),
            Kind::Bits => format!("number_of(v{})", value.0),
            Kind::Mask => format!("number_of(mask_bits(v{}))", value.0),
            Kind::Constant(bits) => literal(bits, self.dtype),
        }
    }

    fn bits(&self, value: Value) -> String {
        match self.kind(value) {
            Kind::Number => format!("bits_of(v{})", value.0),
            Kind::Bits => format!("v{}", value.0),
            Kind::Mask => format!("mask_bits(v{})", value.0),
            Kind::Constant(bits) => self.hexadecimal(bits),
        }
    }

    fn mask(&self, value: Value) -> String {
        match self.kind(value) {
            Kind::Mask => format!("v{}", value.0),
            Kind::Constant(bits) => (bits != 0).to_string(),
            _ => format!("({} != 0)", self.bits(value)),
        }
    }

    fn instruction(&mut self, k: usize) {
        let (kind, text) = match self.program.instructions[k] {
            Instruction::Constant(bits) => return self.kinds.push(Kind::Constant(bits)),
            Instruction::Table(_) => unreachable!("this machine looks nothing up"),
            Instruction::Load(plane) => (Kind::Number, place(plane)),
            Instruction::Apply(op, operands) => self.apply(op, operands),
        };
        let name = match kind {
            Kind::Bits => "Bits",
            Kind::Mask => "bool",
            _ => "Number",
        };
        let _ = writeln!(self.text, "    const {name} v{k} = {text};");
        self.kinds.push(kind);
    }

    fn apply(&self, op: Op, [a, b, c]: [Value; 3]) -> (Kind, String) {
        let number = |text: String| (Kind::Number, text);
        let of = |value: Value| self.number(value);
        let comparison = |sign: &str| (Kind::Mask, format!("{} {sign} {}", of(a), of(b)));
        let whole = |text: String| (Kind::Bits, text);
        match op {
            Op::Add => number(format!("{} + {}", of(a), of(b))),
            Op::Subtract => number(format!("{} - {}", of(a), of(b))),
            Op::Multiply => number(format!("{} * {}", of(a), of(b))),
            Op::Divide if self.is_fast => number(format!("fast_quotient({}, {})", of(a), of(b))),
            Op::Divide => number(format!("{} / {}", of(a), of(b))),
            Op::MultiplyAdd => number(format!("multiply_add({}, {}, {})", of(a), of(b), of(c))),
            Op::MultiplySubtract => number(format!("multiply_add({}, {}, -({}))", of(a), of(b), of(c))),
            Op::NegativeMultiplyAdd => number(format!("multiply_add(-({}), {}, {})", of(a), of(b), of(c))),
            Op::Minimum => number(format!("minimum({}, {})", of(a), of(b))),
            Op::Maximum => number(format!("maximum({}, {})", of(a), of(b))),
            Op::SquareRoot if self.is_fast => number(format!("fast_square_root({})", of(a))),
            Op::SquareRoot => number(format!("square_root({})", of(a))),
            Op::Exp2 => number(format!("power_of_two({})", of(a))),
            Op::InverseRoot => number(format!("inverse_root({})", of(a))),
            Op::Floor => number(format!("lower_integer({})", of(a))),
            Op::Round => number(format!("nearest_integer({})", of(a))),
            Op::RootEstimate | Op::Fraction | Op::Scale | Op::Lookup => unreachable!("this machine has no {op:?}"),
            Op::Less => comparison("<"),
            Op::LessEqual => comparison("<="),
            Op::Equal => comparison("=="),
            Op::IndexLess => (Kind::Mask, format!("(Integer)({}) < (Integer)({})", self.bits(a), self.bits(b))),
            Op::And | Op::Or | Op::Xor => self.bitwise(op, a, b),
            Op::Select => self.select(a, b, c),
            Op::IndexAdd => whole(format!("{} + {}", self.bits(a), self.bits(b))),
            Op::IndexSubtract => whole(format!("{} - {}", self.bits(a), self.bits(b))),
            Op::ShiftLeft(by) => whole(format!("{} << {by}", self.bits(a))),
            Op::ShiftRight(by) => whole(format!("{} >> {by}", self.bits(a))),
        }
    }

    /// Bits are bits; but masks are truth values, and signs are the machine's business where nothing else is changed.
    fn bitwise(&self, op: Op, a: Value, b: Value) -> (Kind, String) {
        let sign = if self.dtype == Dtype::F32 { 1 << 31 } else { 1u64 << 63 };
        let pairs = [(a, b), (b, a)];
        if a == b && op == Op::Or {
            return match self.kind(a) {
                Kind::Constant(_) => (Kind::Number, self.number(a)),
                kind => (kind, format!("v{}", a.0)),
            };
        }
        if self.kind(a) == Kind::Mask && self.kind(b) == Kind::Mask {
            let symbol = ["&&", "||", "!="][[Op::And, Op::Or, Op::Xor].iter().position(|o| *o == op).unwrap_or(0)];
            return (Kind::Mask, format!("{} {symbol} {}", self.mask(a), self.mask(b)));
        }
        for (number, other) in pairs.into_iter().filter(|(number, _)| self.kind(*number) == Kind::Number) {
            if op == Op::And && self.is_constant(other, sign - 1) {
                return (Kind::Number, format!("absolute({})", self.number(number)));
            }
            if op == Op::Xor && self.is_constant(other, sign) {
                return (Kind::Number, format!("-{}", self.number(number)));
            }
        }
        let masked = pairs.into_iter().find(|(mask, _)| op == Op::And && self.kind(*mask) == Kind::Mask);
        if let Some((mask, other)) = masked {
            let is_bits = self.kind(other) == Kind::Bits;
            let (kind, text) =
                if is_bits { (Kind::Bits, self.bits(other)) } else { (Kind::Number, self.number(other)) };
            return (kind, format!("{} ? {text} : 0", self.mask(mask)));
        }
        let symbol = ["&", "|", "^"][[Op::And, Op::Or, Op::Xor].iter().position(|o| *o == op).unwrap_or(0)];
        (Kind::Bits, format!("{} {symbol} {}", self.bits(a), self.bits(b)))
    }

    fn select(&self, mask: Value, a: Value, b: Value) -> (Kind, String) {
        let kinds = [self.kind(a), self.kind(b)];
        let choice = |a: String, b: String| format!("{} ? {a} : {b}", self.mask(mask));
        if kinds == [Kind::Mask; 2] {
            return (Kind::Mask, choice(self.mask(a), self.mask(b)));
        }
        if kinds.contains(&Kind::Bits) || kinds.contains(&Kind::Mask) {
            return (Kind::Bits, choice(self.bits(a), self.bits(b)));
        }
        (Kind::Number, choice(self.number(a), self.number(b)))
    }
}
