//! The operations on complex numbers that have names of their own, most of them KeOps'. Like KeOps', they read a real
//! operand of even dimension as complex numbers whose real and imaginary parts alternate.

use super::functions::{LOG_OF_SIZE, ROOT_PARTS};
use super::meaning::{INVERSE_PARTS, absolute_value, add, divide, exp, multiply, square_of_absolute, subtract};
use super::{COMPLEX, Pair, real};
use crate::ops::structure::{REPLICATE, SUM, positive};
use crate::ops::trigonometry::ANGLE;
use crate::ops::{Node, Operation, Rule, Shorthand, expanded_before};

pub(in crate::ops) const FAMILY: &[&Operation] = &[
    &COMPLEX,
    &AS_COMPLEX,
    &AS_REAL,
    &REAL_PART,
    &IMAGINARY_PART,
    &FROM_REAL,
    &FROM_IMAGINARY,
    &CONJUGATE,
    &ABSOLUTE_VALUE,
    &SQUARED_ABSOLUTE_VALUE,
    &ARGUMENT,
    &COMPLEX_SUM,
    &COMPLEX_REPLICATE,
    &COMPLEX_ADD,
    &COMPLEX_SUBTRACT,
    &COMPLEX_MULTIPLY,
    &COMPLEX_DIVIDE,
    &REAL_SCALE,
    &COMPLEX_SCALE,
    &COMPLEX_EXP,
    &IMAGINARY_EXP,
    &INVERSE_PARTS,
    &ROOT_PARTS,
    &LOG_OF_SIZE,
];

const fn named(
    name: &'static str,
    operands: usize,
    parameters: &'static [&'static str],
    summary: &'static str,
    build: Shorthand,
) -> Operation {
    let commutative = false;
    Operation {
        name,
        operands,
        parameters,
        summary,
        commutative,
        rule: Rule::Complex { build },
        derivative: expanded_before,
    }
}

/// A real vector read as complex numbers.
static AS_COMPLEX: Operation = named(
    "AsComplex",
    1,
    &[],
    "the complex numbers whose real and imaginary parts alternate in the real f, as many as half its dimension",
    |f, a, _| {
        let z = real(f, a[0]).and_then(|a| Pair::read(f, a))?;
        Ok(z.node(f))
    },
);

/// Complex numbers as a real vector.
pub static AS_REAL: Operation = named(
    "AsReal",
    1,
    &[],
    "the real and imaginary parts of the complex f in turn, a real vector of twice its dimension; a real f as it is",
    |f, a, _| match f.parts(a[0]) {
        Some([re, im]) => Ok(Pair { re, im }.interleaved(f)),
        None => Ok(a[0]),
    },
);

static REAL_PART: Operation =
    named("ComplexReal", 1, &[], "real parts of the complex f", |f, a, _| Ok(Pair::read(f, a[0])?.re));

static IMAGINARY_PART: Operation =
    named("ComplexImag", 1, &[], "imaginary parts of the complex f", |f, a, _| Ok(Pair::read(f, a[0])?.im));

static FROM_REAL: Operation = named("Real2Complex", 1, &[], "the real f as complex numbers, f + 0i", |f, a, _| {
    let a = real(f, a[0])?;
    Ok(Pair::of(f, a).node(f))
});

static FROM_IMAGINARY: Operation = named("Imag2Complex", 1, &[], "0 + f i for the real f", |f, a, _| {
    let Pair { re, im } = real(f, a[0]).map(|a| Pair::of(f, a))?;
    Ok(Pair { re: im, im: re }.node(f))
});

static CONJUGATE: Operation = named("Conj", 1, &[], "complex conjugate of f", |f, a, _| {
    let Pair { re, im } = Pair::read(f, a[0])?;
    Ok(Pair { re, im: f.minus(im) }.node(f))
});

static ABSOLUTE_VALUE: Operation = named(
    "ComplexAbs",
    1,
    &[],
    "absolute value of the complex f, whose square has to be inside the number format; its derivative at 0 is 0",
    |f, a, _| {
        let z = Pair::read(f, a[0])?;
        Ok(absolute_value(f, z))
    },
);

static SQUARED_ABSOLUTE_VALUE: Operation =
    named("ComplexSquareAbs", 1, &[], "squared absolute value of the complex f", |f, a, _| {
        let z = Pair::read(f, a[0])?;
        Ok(square_of_absolute(f, z))
    });

static ARGUMENT: Operation = named(
    "ComplexAngle",
    1,
    &[],
    "angle of the complex f, Atan2 of its imaginary and real part; its derivative at 0 is NaN",
    |f, a, _| {
        let Pair { re, im } = Pair::read(f, a[0])?;
        Ok(f.apply(&ANGLE, &[im, re], &[]))
    },
);

static COMPLEX_SUM: Operation =
    named("ComplexSum", 1, &[], "sum of the components of the complex f, a complex scalar", |f, a, _| {
        let z = Pair::read(f, a[0])?;
        Ok(z.map(|part| f.apply(&SUM, &[part], &[])).node(f))
    });

static COMPLEX_REPLICATE: Operation = named(
    "ComplexSumT",
    1,
    &["n"],
    "the complex scalar f repeated n/2 times: n counts real and imaginary parts, as KeOps has it",
    |f, a, p| {
        let (z, n) = (Pair::read(f, a[0])?, positive(p[0], "n")?);
        match f.dim(z.re) {
            _ if n % 2 == 1 => Err(format!("parameter `n` is {n}; expected an even number, two for each component")),
            1 => Ok(z.map(|part| f.apply(&REPLICATE, &[part], &[n as i64 / 2])).node(f)),
            dim => Err(format!("the operand has {dim} complex components; expected one")),
        }
    },
);

static COMPLEX_ADD: Operation =
    named("ComplexAdd", 2, &[], "f + g for complex f and g; a complex scalar is broadcast", |f, a, _| {
        let [z, w] = Pair::read_two(f, a)?;
        Ok(add(f, z, w).node(f))
    });

static COMPLEX_SUBTRACT: Operation =
    named("ComplexSubtract", 2, &[], "f - g for complex f and g; a complex scalar is broadcast", |f, a, _| {
        let [z, w] = Pair::read_two(f, a)?;
        Ok(subtract(f, z, w).node(f))
    });

static COMPLEX_MULTIPLY: Operation =
    named("ComplexMult", 2, &[], "f g for complex f and g; a complex scalar is broadcast", |f, a, _| {
        let [z, w] = Pair::read_two(f, a)?;
        Ok(multiply(f, z, w).node(f))
    });

static COMPLEX_DIVIDE: Operation = named(
    "ComplexDivide",
    2,
    &[],
    "f / g for complex f and g, as f times 1 / g, which is NaN at 0; a complex scalar is broadcast",
    |f, a, _| {
        let [z, w] = Pair::read_two(f, a)?;
        Ok(divide(f, z, w).node(f))
    },
);

static REAL_SCALE: Operation =
    named("ComplexRealScal", 2, &[], "a real scalar f times a complex g; the scalar may come second", |f, a, _| {
        let is_scalar = |node: Node| f.parts(node).is_none() && f.dim(node) == 1;
        let (scalar, other) = match (is_scalar(a[0]), is_scalar(a[1])) {
            (true, _) => (a[0], a[1]),
            (_, true) => (a[1], a[0]),
            _ => return Err("neither operand is a real scalar; expected a real scalar and complex numbers".into()),
        };
        let z = Pair::read(f, other)?;
        Ok(z.map(|part| f.multiply(scalar, part)).node(f))
    });

static COMPLEX_SCALE: Operation =
    named("ComplexScal", 2, &[], "a complex scalar f times a complex g; the scalar may come second", |f, a, _| {
        let [z, w] = Pair::read_two(f, a)?;
        match (f.dim(z.re), f.dim(w.re)) {
            (1, _) | (_, 1) => Ok(multiply(f, z, w).node(f)),
            (d, _) => Err(format!("both operands have {d} complex components; expected one and any number")),
        }
    });

static COMPLEX_EXP: Operation = named(
    "ComplexExp",
    1,
    &[],
    "exponential of the complex f: that of its real part times cosine and sine of its imaginary part",
    |f, a, _| {
        let z = Pair::read(f, a[0])?;
        Ok(exp(f, z).node(f))
    },
);

static IMAGINARY_EXP: Operation = named("ComplexExp1j", 1, &[], "cos(f) + i sin(f) for the real f", |f, a, _| {
    let a = real(f, a[0])?;
    let zero = Pair::of(f, a).im;
    Ok(exp(f, Pair { re: zero, im: a }).node(f))
});
