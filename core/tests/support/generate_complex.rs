//! Random formulas of complex numbers, and real ones made of them.

use super::complex::FUNCTIONS;
use super::expression::{Expression, call1, call2, call3, with_integers, with_lists};
use super::generate::Generator;
use super::samples::inside_one;

impl Generator<'_> {
    /// A real formula of this dimension, made of complex numbers.
    pub(super) fn of_complex(&mut self, depth: usize, dim: usize) -> Expression {
        let halves = dim.is_multiple_of(2);
        match self.random.below(10) {
            0 if halves => call1("AsReal", self.complex(depth, dim / 2)),
            1 if halves => call2("Interleave", self.formula(depth, dim / 2), self.formula(depth, dim / 2)),
            2 if halves => call2(
                ["InverseParts", "SqrtParts"][self.random.below(2)],
                self.positive(depth, dim / 2),
                self.formula(depth, dim / 2),
            ),
            3 => with_integers("EverySecond", self.formula(depth, 2 * dim), &[self.random.below(2) as i64]),
            4 => {
                // What is not near 0, where the root has no slope, and not near the jump of the angle.
                let away = call2("Complex", self.positive(depth, dim), self.formula(depth, dim));
                call1(["ComplexAbs", "Abs", "ComplexAngle"][self.random.below(3)], away)
            }
            7 => call2("LogHypot", self.positive(depth, dim), self.formula(depth, dim)),
            5 if dim == 1 => {
                let wide = 1 + self.random.below(3);
                call1("SqNorm2", self.complex(depth, wide))
            }
            6 if dim == 1 => {
                let wide = 1 + self.random.below(3);
                let (z, w) = (self.complex(depth, wide), self.complex(depth, wide));
                match self.random.below(3) {
                    0 => call2("SqDist", z, w),
                    1 => call2("SqNormIso", self.formula(depth, 1), z),
                    _ => {
                        let weights = *self.random.pick(&[1, wide, wide * wide]);
                        call3("WeightedSqDist", self.formula(depth, weights), z, w)
                    }
                }
            }
            8 if self.integers => {
                let name = ["Equal", "NotEqual"][self.random.below(2)];
                call2(name, self.complex(0, dim), self.complex(0, dim))
            }
            _ => {
                let name = ["ComplexReal", "ComplexImag", "ComplexSquareAbs"][self.random.below(3)];
                call1(name, self.complex_or_pairs(depth, dim))
            }
        }
    }

    /// Complex numbers, or real ones that are read as such.
    fn complex_or_pairs(&mut self, depth: usize, dim: usize) -> Expression {
        if self.random.chance(0.4) { self.formula(depth, 2 * dim) } else { self.complex(depth, dim) }
    }

    /// Complex numbers away from 0.
    fn away_from_zero(&mut self, depth: usize, dim: usize) -> Expression {
        match self.random.below(4) {
            0 => call2("Complex", self.formula(depth, dim), self.positive(depth, dim)),
            1 => call1("ComplexExp", call2("Complex", self.bounded(depth, dim), self.leaf(dim))),
            _ => call2("Complex", self.positive(depth, dim), self.formula(depth, dim)),
        }
    }

    /// A complex formula of this dimension; `depth` bounds its height.
    pub fn complex(&mut self, depth: usize, dim: usize) -> Expression {
        if depth == 0 || self.random.chance(0.1) {
            return match self.random.below(4) {
                0 => call1("Real2Complex", self.leaf(dim)),
                1 => call2("Complex", self.leaf(dim), self.leaf(1)),
                _ => call1("AsComplex", self.leaf(2 * dim)),
            };
        }
        let depth = depth - 1;
        match self.random.below(if dim == 1 { 15 } else { 12 }) {
            0..3 => self.complex_arithmetic(depth, dim),
            3 => {
                let other = if self.random.chance(0.3) { 1 } else { dim };
                let (a, b) = (self.complex_or_pairs(depth, dim), self.complex_or_pairs(depth, other));
                call2(["ComplexAdd", "ComplexSubtract", "ComplexMult"][self.random.below(3)], a, b)
            }
            4 => {
                let name = ["ComplexDivide", "Divide"][self.random.below(2)];
                call2(name, self.complex(depth, dim), self.away_from_zero(depth, dim))
            }
            5 => {
                let exponent = call2("Complex", self.bounded(depth, dim), self.formula(depth, dim));
                call1(["ComplexExp", "Exp"][self.random.below(2)], exponent)
            }
            6 => {
                call1(["ComplexExp1j", "Real2Complex", "Imag2Complex"][self.random.below(3)], self.formula(depth, dim))
            }
            7 => call1(["Conj", "Minus", "Square"][self.random.below(3)], self.complex(depth, dim)),
            8 => match self.random.below(5) {
                3 => {
                    let names = ["Log", "Sqrt", "Asinh", "Rsqrt", "Sign"];
                    call1(names[self.random.below(names.len())], self.away_from_zero(depth, dim))
                }
                4 => {
                    let small = call2("Complex", inside_one(self.formula(depth, dim)), self.bounded(depth, dim));
                    let names = [
                        "Sin", "Cos", "Sinh", "Cosh", "Tanh", "Asin", "Acos", "Atan", "Atanh", "Exp2", "Expm1", "Log1p",
                    ];
                    call1(names[self.random.below(names.len())], small)
                }
                0 => call1("Inv", self.away_from_zero(depth, dim)),
                1 => with_integers("Pow", self.complex(depth, dim), &[self.random.below(4) as i64]),
                _ => with_integers("Pow", self.away_from_zero(depth, dim), &[-1 - self.random.below(2) as i64]),
            },
            9 => self.complex_scaled(depth, dim),
            10 => self.complex_moved(depth, dim),
            11 => self.complex_product(depth, dim),
            _ => {
                let wide = 1 + self.random.below(4);
                match self.random.below(3) {
                    0 => call1(["Sum", "ComplexSum"][self.random.below(2)], self.complex(depth, wide)),
                    1 => call2("Scalprod", self.complex(depth, wide), self.formula(depth, wide)),
                    _ => call2("Scalprod", self.complex(depth, wide), self.complex(depth, wide)),
                }
            }
        }
    }

    fn complex_arithmetic(&mut self, depth: usize, dim: usize) -> Expression {
        let name = ["Add", "Subtract", "Mult"][self.random.below(3)];
        let (left, right) = *self.random.pick(&[(dim, dim), (dim, 1), (1, dim)]);
        match self.random.below(4) {
            0 => call2(name, self.formula(depth, left), self.complex(depth, right)),
            1 => call2(name, self.complex(depth, left), self.formula(depth, right)),
            2 => call2("Divide", self.complex(depth, left), self.positive(depth, right)),
            _ => call2(name, self.complex(depth, left), self.complex(depth, right)),
        }
    }

    fn complex_scaled(&mut self, depth: usize, dim: usize) -> Expression {
        let is_real = self.random.chance(0.5);
        let scalar = if is_real { self.formula(depth, 1) } else { self.complex_or_pairs(depth, 1) };
        let mut operands = vec![scalar, self.complex_or_pairs(depth, dim)];
        if self.random.chance(0.5) {
            operands.reverse();
        }
        Expression::Apply(if is_real { "ComplexRealScal" } else { "ComplexScal" }, operands, vec![])
    }

    fn complex_moved(&mut self, depth: usize, dim: usize) -> Expression {
        match self.random.below(6) {
            0 => with_integers("ComplexSumT", self.complex_or_pairs(depth, 1), &[2 * dim as i64]),
            1 => with_integers("SumT", self.complex(depth, 1), &[dim as i64]),
            2 if dim > 1 => {
                let first = 1 + self.random.below(dim - 1);
                call2("Concat", self.complex(depth, first), self.formula(depth, dim - first))
            }
            3 => {
                let condition = self.positive(depth, 1);
                let condition = if self.random.chance(0.5) { condition } else { call1("Minus", condition) };
                call3("IfElse", condition, self.complex(depth, dim), self.formula(depth, dim))
            }
            4 if dim > 1 => {
                let place = self.random.below(dim) as i64;
                with_integers("ElemT", self.complex(depth, 1), &[dim as i64, place])
            }
            _ => {
                let start = self.random.below(2) as i64;
                with_integers("Extract", self.complex(depth, dim + 1), &[start, dim as i64])
            }
        }
    }

    fn complex_product(&mut self, depth: usize, dim: usize) -> Expression {
        let inner = 1 + self.random.below(2);
        match self.random.below(4) {
            0 => call2("MatVecMult", self.formula(depth, dim * inner), self.complex(depth, inner)),
            1 => call2("VecMatMult", self.complex(depth, inner), self.complex(depth, inner * dim)),
            2 => call2("TensorProd", self.complex(depth, 1), self.complex(depth, dim)),
            _ => {
                let (a, b) = (self.complex(depth, dim * inner), self.formula(depth, inner));
                with_lists("TensorDot", a, b, &[&[dim, inner], &[inner], &[1], &[0], &[]])
            }
        }
    }
}

/// Formulas of one operation, of two real vectors of dimension 3 and a number.
pub fn complex_operations(a: &Expression, b: &Expression, scalar: &Expression) -> Vec<Expression> {
    let z = || call2("Complex", a.clone(), b.clone());
    let w = || call2("Complex", b.clone(), call1("Sin", a.clone()));
    let pairs = || call2("Concat", b.clone(), a.clone());
    let one = || call2("Complex", scalar.clone(), Expression::Number(0.5));
    let away = || call2("Complex", call2("Add", call1("Square", a.clone()), Expression::Number(0.25)), b.clone());
    let steep = || call2("Complex", b.clone(), call2("Add", call1("Square", a.clone()), Expression::Number(0.25)));
    let mut all = vec![z(), call2("Complex", scalar.clone(), a.clone()), call1("AsComplex", pairs())];
    all.extend(["Real2Complex", "Imag2Complex", "ComplexExp1j"].map(|name| call1(name, a.clone())));
    for operand in [z(), pairs()] {
        all.extend(
            ["AsReal", "ComplexReal", "ComplexImag", "Conj", "ComplexSquareAbs", "ComplexSum", "ComplexExp"]
                .map(|name| call1(name, operand.clone())),
        );
        for other in [w(), pairs(), one()] {
            let names = ["ComplexAdd", "ComplexSubtract", "ComplexMult"];
            all.extend(names.map(|name| call2(name, operand.clone(), other.clone())));
        }
        all.push(call2("ComplexScal", one(), operand.clone()));
        all.push(call2("ComplexScal", operand.clone(), one()));
        all.push(call2("ComplexRealScal", scalar.clone(), operand.clone()));
        all.push(call2("ComplexRealScal", operand, scalar.clone()));
    }
    all.push(with_integers("ComplexSumT", one(), &[4]));
    for operand in [away(), steep()] {
        all.extend(["ComplexAbs", "Abs", "Inv"].map(|name| call1(name, operand.clone())));
        all.push(call2("ComplexDivide", z(), operand.clone()));
        all.push(call2("ComplexDivide", pairs(), operand.clone()));
        all.push(call2("Divide", a.clone(), operand.clone()));
        all.extend([-3, -2, -1].map(|n| with_integers("Pow", operand.clone(), &[n])));
    }
    all.push(call1("ComplexAngle", away()));
    for name in ["Add", "Subtract", "Mult", "Scalprod"] {
        for (left, right) in [(z(), w()), (z(), one()), (z(), a.clone()), (scalar.clone(), z()), (one(), b.clone())] {
            all.push(call2(name, left, right));
        }
    }
    all.extend(["Minus", "Square", "Exp", "Sum", "SqNorm2", "Norm2", "Normalize"].map(|name| call1(name, z())));
    all.extend([0, 1, 2, 3, 6].map(|n| with_integers("Pow", z(), &[n])));
    all.push(call2("SqDist", z(), w()));
    all.push(call2("SqDist", z(), one()));
    let matrix = || call2("Concat", a.clone(), call2("Concat", b.clone(), a.clone()));
    all.push(call2("SqNormIso", scalar.clone(), z()));
    all.push(call2("SqNormDiag", b.clone(), z()));
    all.push(call2("SymSqNorm", matrix(), z()));
    for weights in [scalar.clone(), a.clone(), matrix()] {
        all.push(call2("WeightedSqNorm", weights.clone(), z()));
        all.push(call3("WeightedSqDist", weights, z(), b.clone()));
    }
    for name in ["Equal", "NotEqual"] {
        all.push(call2(name, z(), w()));
        all.push(call2(name, z(), call2("Complex", a.clone(), scalar.clone())));
    }
    all.push(call2("Concat", a.clone(), z()));
    all.push(with_integers("Extract", z(), &[1, 2]));
    all.push(with_integers("ExtractT", z(), &[1, 5]));
    all.push(with_integers("Elem", z(), &[2]));
    all.push(with_integers("SumT", one(), &[3]));
    all.push(call3("IfElse", scalar.clone(), z(), b.clone()));
    all.push(call2("TensorProd", z(), w()));
    all.push(call2("MatVecMult", call2("Concat", z(), w()), a.clone()));
    all.push(call2("Interleave", a.clone(), b.clone()));
    all.extend([0, 1].map(|start| with_integers("EverySecond", pairs(), &[start])));
    // Away from the cuts.
    let above = || {
        let part = call2("Add", Expression::Number(0.25), call1("Square", b.clone()));
        call2("Complex", inside_one(a.clone()), part)
    };
    all.extend(FUNCTIONS.map(|name| call1(name, above())));
    all.push(call2("Powf", above(), w()));
    all.push(call2("Powf", above(), scalar.clone()));
    all.push(call2("Powf", call2("Add", call1("Square", a.clone()), Expression::Number(0.25)), z()));
    let positive = || call2("Add", call1("Square", a.clone()), Expression::Number(0.25));
    all.push(call2("SqrtParts", positive(), b.clone()));
    all.push(call2("SqrtParts", b.clone(), positive()));
    all.push(call2("LogHypot", positive(), b.clone()));
    all.push(call2("InverseParts", call2("Add", call1("Square", a.clone()), Expression::Number(0.25)), b.clone()));
    all
}
