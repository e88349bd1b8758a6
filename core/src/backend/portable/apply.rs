//! One step of a routine on a block of lanes.

use super::routine::{COEFFICIENTS, Step};
use super::{BLOCK, Register};
use crate::backend::number::Number;
use crate::lower::Op;

/// One step on a block of lanes. The destination is taken out of the registers while it is written, so an operand that
/// it overwrites is read from the result itself. `ALONG` the reduced rows, `scalars` hold one number for all lanes.
#[inline(always)]
pub(super) fn apply<T: Number, const ALONG: bool>(
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
                Op::RootEstimate => each!(k, T::root_estimate(a[k])),
                Op::Exp2 => each!(k, T::exp2(a[k])),
                Op::InverseRoot => each!(k, T::inverse_root(a[k])),
                Op::Floor => each!(k, T::floor(a[k])),
                Op::Round => each!(k, T::round(a[k])),
                Op::Fraction => each!(k, T::fraction(a[k])),
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
