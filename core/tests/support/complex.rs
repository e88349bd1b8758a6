//! Complex numbers of any scalars, and what operations on them mean.

use super::meaning::meaning;
use super::scalar::Scalar;

/// The operations on complex numbers that have names of their own.
pub const NAMED: [&str; 21] = [
    "Complex",
    "AsComplex",
    "AsReal",
    "ComplexReal",
    "ComplexImag",
    "Real2Complex",
    "Imag2Complex",
    "Conj",
    "ComplexAbs",
    "ComplexSquareAbs",
    "ComplexAngle",
    "ComplexSum",
    "ComplexSumT",
    "ComplexAdd",
    "ComplexSubtract",
    "ComplexMult",
    "ComplexDivide",
    "ComplexRealScal",
    "ComplexScal",
    "ComplexExp",
    "ComplexExp1j",
];

/// Functions of one number, which may be complex.
pub const FUNCTIONS: [&str; 19] = [
    "Log", "Sqrt", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Tanh", "Asin", "Acos", "Atan", "Asinh", "Acosh", "Atanh",
    "Rsqrt", "Sign", "Exp2", "Expm1", "Log1p",
];
/// Norms with real weights.
const WEIGHTED: [&str; 5] = ["SqNormIso", "SqNormDiag", "SymSqNorm", "WeightedSqNorm", "WeightedSqDist"];

/// Whether an operation is complex whose operands are complex or not.
pub fn is_complex(name: &str, operands: &[bool]) -> bool {
    match name {
        "AsReal" | "ComplexReal" | "ComplexImag" | "ComplexAbs" | "ComplexSquareAbs" | "ComplexAngle" => false,
        "Abs" | "SqNorm2" | "Norm2" | "SqDist" | "Equal" | "NotEqual" => false,
        name if WEIGHTED.contains(&name) => false,
        name if NAMED.contains(&name) => true,
        _ => operands.contains(&true),
    }
}

/// How many complex numbers there are in each operand, and in the result.
pub fn dim(name: &str, counts: &[usize], parameters: &[i64]) -> usize {
    match name {
        "ComplexSum" => 1,
        "ComplexSumT" => parameters[0] as usize / 2,
        "AsReal" => 2 * counts[0],
        _ => counts.iter().copied().max().unwrap_or(1),
    }
}

/// A complex number.
#[derive(Clone)]
struct Complex<S> {
    re: S,
    im: S,
}

impl<S: Scalar> Complex<S> {
    fn number(value: f64) -> Self {
        Complex { re: S::number(value), im: S::number(0.0) }
    }
    fn add(&self, b: &Self) -> Self {
        Complex { re: self.re.add(&b.re), im: self.im.add(&b.im) }
    }
    fn negate(&self) -> Self {
        Complex { re: self.re.negate(), im: self.im.negate() }
    }
    fn conjugate(&self) -> Self {
        Complex { re: self.re.clone(), im: self.im.negate() }
    }
    fn multiply(&self, b: &Self) -> Self {
        Complex {
            re: self.re.multiply(&b.re).add(&self.im.multiply(&b.im).negate()),
            im: self.re.multiply(&b.im).add(&self.im.multiply(&b.re)),
        }
    }
    fn square_of_absolute(&self) -> S {
        self.re.multiply(&self.re).add(&self.im.multiply(&self.im))
    }
    fn divide(&self, b: &Self) -> Self {
        let (above, below) = (self.multiply(&b.conjugate()), b.square_of_absolute());
        Complex { re: above.re.divide(&below), im: above.im.divide(&below) }
    }
    fn power(&self, exponent: i64) -> Self {
        let power = (0..exponent.abs()).fold(Complex::number(1.0), |power, _| power.multiply(self));
        if exponent < 0 { Complex::number(1.0).divide(&power) } else { power }
    }
    fn exp(&self) -> Self {
        let size = self.re.exp();
        Complex { re: size.multiply(&self.im.cos()), im: size.multiply(&self.im.sin()) }
    }
    fn subtract(&self, b: &Self) -> Self {
        self.add(&b.negate())
    }
    fn scale(&self, factor: f64) -> Self {
        let factor = S::number(factor);
        Complex { re: self.re.multiply(&factor), im: self.im.multiply(&factor) }
    }
    /// `i z`
    fn turned(&self) -> Self {
        Complex { re: self.im.negate(), im: self.re.clone() }
    }
    fn turned_back(&self) -> Self {
        self.turned().negate()
    }
    fn log(&self) -> Self {
        Complex { re: log_of_size(&self.re, &self.im), im: self.im.atan2(&self.re) }
    }
    fn sqrt(&self) -> Self {
        let half = S::number(0.5).multiply(&self.im.atan2(&self.re));
        let size = self.square_of_absolute().sqrt().sqrt();
        Complex { re: size.multiply(&half.cos()), im: size.multiply(&half.sin()) }
    }
    /// From the definitions by exponentials, logarithms and roots.
    fn function(&self, name: &str) -> Self {
        let one = Complex::number(1.0);
        let half = |a: Self, b: Self| a.add(&b).scale(0.5);
        match name {
            "Log" => self.log(),
            "Log1p" => one.add(self).log(),
            "Exp2" => self.scale(std::f64::consts::LN_2).exp(),
            "Expm1" => self.exp().subtract(&one),
            "Sqrt" => self.sqrt(),
            "Rsqrt" => one.divide(&self.sqrt()),
            "Sign" => self.divide(&Complex { re: self.square_of_absolute().sqrt(), im: S::number(0.0) }),
            "Sinh" => half(self.exp(), self.negate().exp().negate()),
            "Cosh" => half(self.exp(), self.negate().exp()),
            "Tanh" => self.function("Sinh").divide(&self.function("Cosh")),
            "Sin" | "Tan" => self.turned().function(if name == "Sin" { "Sinh" } else { "Tanh" }).turned_back(),
            "Cos" => self.turned().function("Cosh"),
            "Atanh" => half(one.add(self).log(), one.subtract(self).log().negate()),
            "Atan" => self.turned().function("Atanh").turned_back(),
            "Asinh" => self.add(&self.multiply(self).add(&one).sqrt()).log(),
            "Asin" => self.turned().function("Asinh").turned_back(),
            "Acos" => Complex::number(std::f64::consts::FRAC_PI_2).subtract(&self.function("Asin")),
            "Acosh" => self.add(&self.add(&one).sqrt().multiply(&self.subtract(&one).sqrt())).log(),
            _ => panic!("the oracle does not know `{name}`"),
        }
    }
}

/// An operand: its numbers, real and imaginary parts in turn where it is complex.
pub struct Operand<'a, S> {
    pub numbers: &'a [S],
    pub is_complex: bool,
}

impl<S: Scalar> Operand<'_, S> {
    /// What is real among complex operands has no imaginary part.
    fn promoted(&self) -> Vec<Complex<S>> {
        if self.is_complex { self.read() } else { self.numbers.iter().map(real).collect() }
    }

    /// A real vector may hold complex numbers.
    fn read(&self) -> Vec<Complex<S>> {
        self.numbers.chunks(2).map(|pair| Complex { re: pair[0].clone(), im: pair[1].clone() }).collect()
    }
}

fn real<S: Scalar>(value: &S) -> Complex<S> {
    Complex { re: value.clone(), im: S::number(0.0) }
}

fn flat<S: Clone>(numbers: Vec<Complex<S>>) -> Vec<S> {
    numbers.into_iter().flat_map(|z| [z.re, z.im]).collect()
}

fn one<S: Scalar>(a: &[Complex<S>], of: impl Fn(&Complex<S>) -> Complex<S>) -> Vec<S> {
    flat(a.iter().map(of).collect())
}

fn two<S: Scalar>(a: &[Complex<S>], b: &[Complex<S>], of: impl Fn(&Complex<S>, &Complex<S>) -> Complex<S>) -> Vec<S> {
    let at = |v: &[Complex<S>], k: usize| v[if v.len() == 1 { 0 } else { k }].clone();
    flat((0..a.len().max(b.len())).map(|k| of(&at(a, k), &at(b, k))).collect())
}

fn total<S: Scalar>(a: &[Complex<S>]) -> Complex<S> {
    a.iter().skip(1).fold(a[0].clone(), |sum, z| sum.add(z))
}

/// What an operation means some of whose operands are complex, or whose name says so; the numbers of the result in turn.
pub fn complex_meaning<S: Scalar>(name: &str, operands: &[Operand<'_, S>], parameters: &[i64]) -> Vec<S> {
    if NAMED.contains(&name) {
        return named(name, operands, parameters);
    }
    let all: Vec<Vec<Complex<S>>> = operands.iter().map(Operand::promoted).collect();
    let a = &all[0];
    match name {
        "Mult" => two(a, &all[1], Complex::multiply),
        "Divide" => two(a, &all[1], Complex::divide),
        "Inv" => one(a, |z| Complex::number(1.0).divide(z)),
        "Square" => one(a, |z| z.multiply(z)),
        "Pow" => one(a, |z| z.power(parameters[0])),
        "Exp" => one(a, Complex::exp),
        "Powf" => two(a, &all[1], |z, w| w.multiply(&z.log()).exp()),
        name if FUNCTIONS.contains(&name) => one(a, |z| z.function(name)),
        "Abs" => a.iter().map(|z| z.square_of_absolute().sqrt()).collect(),
        "SqNorm2" | "Norm2" | "Normalize" => meaning(name, &[flat(a.clone())], &[]),
        "Equal" | "NotEqual" => {
            let equal = two(a, &all[1], |z, w| {
                let [re, im] = [(&z.re, &w.re), (&z.im, &w.im)]
                    .map(|(a, b)| meaning("Equal", &[vec![a.clone()], vec![b.clone()]], &[]).remove(0));
                let both = re.multiply(&im);
                real(&if name == "Equal" { both } else { S::number(1.0).subtract(&both) })
            });
            equal.into_iter().step_by(2).collect()
        }
        "WeightedSqDist" => {
            let difference = two(&all[1], &all[2], Complex::subtract);
            vec![weighted_norm(operands[0].numbers, &Operand { numbers: &difference, is_complex: true }.read())]
        }
        name if WEIGHTED.contains(&name) => vec![weighted_norm(operands[0].numbers, &all[1])],
        "SqDist" => {
            let difference = two(a, &all[1], |z, w| z.add(&w.negate()));
            meaning("SqNorm2", &[difference], &[])
        }
        "IfElse" => {
            let condition = operands[0].numbers.to_vec();
            apart(&all[1..], |parts| meaning(name, &[std::slice::from_ref(&condition), parts].concat(), &[]))
        }
        "Scalprod" | "MatVecMult" | "VecMatMult" | "TensorProd" | "TensorDot" | "Kron" => {
            let parts = |v: &[Complex<S>]| {
                let re = v.iter().map(|z| z.re.clone()).collect::<Vec<S>>();
                (re, v.iter().map(|z| z.im.clone()).collect::<Vec<S>>())
            };
            let ((a_re, a_im), (b_re, b_im)) = (parts(a), parts(&all[1]));
            let of = |a: &Vec<S>, b: &Vec<S>| meaning(name, &[a.clone(), b.clone()], parameters);
            let (reals, imaginaries) = (of(&a_re, &b_re), of(&a_im, &b_im));
            let (left, right) = (of(&a_re, &b_im), of(&a_im, &b_re));
            let re = reals.iter().zip(&imaginaries).map(|(a, b)| a.add(&b.negate()));
            let im = left.iter().zip(&right).map(|(a, b)| a.add(b));
            flat(re.zip(im).map(|(re, im)| Complex { re, im }).collect())
        }
        // What adds and moves components does so with their parts.
        _ => apart(&all, |parts| meaning(name, parts, parameters)),
    }
}

/// The real part of the sum over k and l of `w_kl conj(z_k) z_l`, where what is not given of the matrix is 0.
fn weighted_norm<S: Scalar>(weights: &[S], z: &[Complex<S>]) -> S {
    let n = z.len();
    let weight = |k: usize, l: usize| match weights.len() {
        1 => (k == l).then(|| weights[0].clone()),
        length if length == n => (k == l).then(|| weights[k].clone()),
        _ => Some(weights[k * n + l].clone()),
    };
    let terms = (0..n * n).filter_map(|place| {
        let (k, l) = (place / n, place % n);
        Some(weight(k, l)?.multiply(&z[k].conjugate().multiply(&z[l]).re))
    });
    terms.reduce(|sum, term| sum.add(&term)).expect("a vector has components")
}

/// The same of real parts as of imaginary parts.
fn apart<S: Scalar>(all: &[Vec<Complex<S>>], of: impl Fn(&[Vec<S>]) -> Vec<S>) -> Vec<S> {
    let part =
        |part: fn(&Complex<S>) -> S| -> Vec<Vec<S>> { all.iter().map(|v| v.iter().map(part).collect()).collect() };
    let (re, im) = (of(&part(|z| z.re.clone())), of(&part(|z| z.im.clone())));
    flat(re.into_iter().zip(im).map(|(re, im)| Complex { re, im }).collect())
}

fn named<S: Scalar>(name: &str, operands: &[Operand<'_, S>], parameters: &[i64]) -> Vec<S> {
    let numbers = operands[0].numbers;
    // The operands that have to be real.
    match name {
        "Complex" => {
            let pair = [0, 1].map(|k| operands[k].numbers.iter().map(real).collect::<Vec<_>>());
            return two(&pair[0], &pair[1], |a, b| Complex { re: a.re.clone(), im: b.re.clone() });
        }
        "AsComplex" | "AsReal" => return numbers.to_vec(),
        "Real2Complex" => return flat(numbers.iter().map(real).collect()),
        "Imag2Complex" => return one(&numbers.iter().map(real).collect::<Vec<_>>(), |z| swapped(z)),
        "ComplexExp1j" => return one(&numbers.iter().map(real).collect::<Vec<_>>(), |z| swapped(z).exp()),
        "ComplexRealScal" => {
            let scalar = if operands[0].is_complex || numbers.len() > 1 { 1 } else { 0 };
            return two(&[real(&operands[scalar].numbers[0])], &operands[1 - scalar].read(), Complex::multiply);
        }
        _ => {}
    }
    let a = operands[0].read();
    let b = operands.get(1).map(Operand::read).unwrap_or_default();
    match name {
        "ComplexReal" => a.into_iter().map(|z| z.re).collect(),
        "ComplexImag" => a.into_iter().map(|z| z.im).collect(),
        "Conj" => one(&a, Complex::conjugate),
        "ComplexAbs" => a.iter().map(|z| z.square_of_absolute().sqrt()).collect(),
        "ComplexSquareAbs" => a.iter().map(Complex::square_of_absolute).collect(),
        "ComplexAngle" => a.iter().map(|z| z.im.atan2(&z.re)).collect(),
        "ComplexSum" => flat(vec![total(&a)]),
        "ComplexSumT" => flat(vec![a[0].clone(); parameters[0] as usize / 2]),
        "ComplexAdd" => two(&a, &b, Complex::add),
        "ComplexSubtract" => two(&a, &b, |z, w| z.add(&w.negate())),
        "ComplexMult" | "ComplexScal" => two(&a, &b, Complex::multiply),
        "ComplexDivide" => two(&a, &b, Complex::divide),
        "ComplexExp" => one(&a, Complex::exp),
        _ => panic!("the oracle does not know `{name}`"),
    }
}

/// A real number as an imaginary one.
fn swapped<S: Scalar>(z: &Complex<S>) -> Complex<S> {
    Complex { re: z.im.clone(), im: z.re.clone() }
}

/// The logarithm of the size of a complex number, whose square may leave the range.
pub fn log_of_size<S: Scalar>(re: &S, im: &S) -> S {
    let exponent = match re.value().abs().max(im.value().abs()) {
        size if size < 1e-100 => 800,
        size if size > 1e100 => -800,
        _ => 0,
    };
    let scale = S::number(2f64.powi(exponent));
    let [re, im] = [re, im].map(|part| part.multiply(&scale));
    let log = S::number(0.5).multiply(&re.multiply(&re).add(&im.multiply(&im)).log());
    log.subtract(&S::number(f64::from(exponent) * std::f64::consts::LN_2))
}

/// The real parts of square roots, then the imaginary ones.
pub fn root_parts<S: Scalar>(re: &[S], im: &[S]) -> Vec<S> {
    let pairs = re.iter().zip(im).map(|(re, im)| Complex { re: re.clone(), im: im.clone() }.sqrt());
    let roots: Vec<Complex<S>> = pairs.collect();
    let part = |part: fn(&Complex<S>) -> S| roots.iter().map(part).collect::<Vec<S>>();
    [part(|z| z.re.clone()), part(|z| z.im.clone())].concat()
}
