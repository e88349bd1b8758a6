//! Random formulas and cases. Formulas are built so that most of their values stay ordinary numbers: logarithms,
//! roots and divisors get something positive, exponentials something bounded.

use super::BOUNDARIES;
use super::case::{Case, Numbers};
use super::expression::{
    Expression, KERNELS, MIXTURES, Variable, call1, call2, call3, index, with_integers, with_lists,
};
use super::random::Random;
use super::reducing::{self, EXPONENTIAL, NEAREST, is_exponential, with_extra, with_mask};
use super::samples::inside_one;

/// Builds formulas over some variables.
pub struct Generator<'a> {
    pub random: Random,
    pub variables: &'a [Variable],
    /// Leave out what has jumps and kinks, for derivatives.
    pub smooth: bool,
    /// The variables hold integers, and formulas may say so.
    pub integers: bool,
}

/// Arguments of every kind; at least one of each index.
pub fn variables(random: &mut Random) -> Vec<Variable> {
    let wide = match random.below(10) {
        0 => 9 + random.below(12),
        k if k < 4 => 3,
        _ => 1 + random.below(8),
    };
    let narrow = 1 + random.below(3);
    let mut all = vec![Variable { dim: wide, category: 0 }, Variable { dim: wide, category: 1 }];
    for _ in 0..random.below(4) {
        let dim = *random.pick(&[1, 1, narrow, wide, narrow * narrow]);
        all.push(Variable { dim, category: random.below(3) });
    }
    let first = random.below(all.len());
    all.swap(0, first);
    all
}

impl Generator<'_> {
    pub(super) fn number(&mut self) -> Expression {
        let exact = [0.5, 1.0, 2.0, 3.0, -1.0, -2.0, 0.25];
        let value = if self.random.chance(0.6) {
            *self.random.pick(&exact)
        } else {
            (self.random.between(-3.0, 3.0) * 1000.0).round() / 1000.0
        };
        if value == 0.0 { Expression::Number(1.5) } else { Expression::Number(value) }
    }

    /// A variable, in the dimension that is asked for.
    pub(super) fn leaf(&mut self, dim: usize) -> Expression {
        if dim == 1 && self.random.chance(0.15) {
            return self.number();
        }
        if self.random.chance(0.02) {
            let number = 1 + self.random.below(9) as i64;
            return if dim > 1 { Expression::Zero(dim) } else { Expression::Apply("IntInv", vec![], vec![number]) };
        }
        if dim == 1 && self.random.chance(0.08) {
            let fraction = Expression::Number(1.0 / 256.0);
            return call2("Mult", fraction, self.integer(1));
        }
        let fitting: Vec<usize> = (0..self.variables.len()).filter(|&k| self.variables[k].dim == dim).collect();
        if self.integers && !fitting.is_empty() && self.random.chance(0.3) {
            return call1("Integer", Expression::Variable(*self.random.pick(&fitting)));
        }
        if !fitting.is_empty() && self.random.chance(0.85) {
            return Expression::Variable(*self.random.pick(&fitting));
        }
        let k = self.random.below(self.variables.len());
        let (variable, found) = (Expression::Variable(k), self.variables[k].dim);
        let apply = |name, parameters: [usize; 2], count: usize| {
            let parameters = parameters[..count].iter().map(|&p| p as i64).collect();
            Expression::Apply(name, vec![variable.clone()], parameters)
        };
        match found {
            _ if found == dim => variable,
            _ if found > dim => {
                let start = self.random.below(found - dim + 1);
                if dim == 1 { apply("Elem", [start, 0], 1) } else { apply("Extract", [start, dim], 2) }
            }
            1 if self.random.chance(0.5) => apply("SumT", [dim, 0], 1),
            1 => apply("ElemT", [dim, self.random.below(dim)], 2),
            _ => apply("ExtractT", [self.random.below(dim - found + 1), dim], 2),
        }
    }

    /// Something of moderate size.
    pub(super) fn bounded(&mut self, depth: usize, dim: usize) -> Expression {
        match self.random.below(4) {
            0 => call1("Minus", call1("Square", self.formula(depth, dim))),
            1 if !self.smooth => call1("Minus", call1("Abs", self.formula(depth, dim))),
            2 => call1("Tanh", self.formula(depth, dim)),
            _ => self.leaf(dim),
        }
    }

    /// Something above 0.
    pub(super) fn positive(&mut self, depth: usize, dim: usize) -> Expression {
        let offset = Expression::Number(*self.random.pick(&[0.25, 0.5, 1.0]));
        let positive = match self.random.below(4) {
            0 => return call1("Exp", self.bounded(depth, dim)),
            1 if !self.smooth => call1("Abs", self.formula(depth, dim)),
            2 if dim == 1 => {
                let wide = self.any_dim();
                call2("SqDist", self.formula(depth, wide), self.formula(depth, wide))
            }
            _ => call1("Square", self.formula(depth, dim)),
        };
        call2("Add", positive, offset)
    }

    pub(super) fn any_dim(&mut self) -> usize {
        let k = self.random.below(self.variables.len());
        self.variables[k].dim
    }

    /// A formula of this dimension; `depth` bounds its height.
    pub fn formula(&mut self, depth: usize, dim: usize) -> Expression {
        if depth == 0 || self.random.chance(0.12) {
            return self.leaf(dim);
        }
        let depth = depth - 1;
        match self.random.below(if dim == 1 { 29 } else { 22 }) {
            0..5 => self.arithmetic(depth, dim),
            5 if self.random.chance(0.2) => self.kernel(depth, dim),
            5 => call1("Minus", self.formula(depth, dim)),
            6 => call1("Square", self.formula(depth, dim)),
            7 => call1(["Exp", "Exp2"][self.random.below(2)], self.bounded(depth, dim)),
            8 => call1(["Log", "Sqrt", "Rsqrt", "Inv"][self.random.below(4)], self.positive(depth, dim)),
            9 => call1(["Sin", "Cos", "Tanh"][self.random.below(3)], self.formula(depth, dim)),
            10 if !self.smooth => {
                call1(["Abs", "Sign", "Step", "ReLU"][self.random.below(4)], self.formula(depth, dim))
            }
            11 => self.power(depth, dim),
            12 if dim > 1 => {
                let first = 1 + self.random.below(dim - 1);
                call2("Concat", self.formula(depth, first), self.formula(depth, dim - first))
            }
            13 => {
                let longer = dim + self.random.below(3);
                let start = self.random.below(longer - dim + 1) as i64;
                Expression::Apply("Extract", vec![self.formula(depth, longer)], vec![start, dim as i64])
            }
            14 if dim > 1 => {
                let shorter = 1 + self.random.below(dim);
                let start = self.random.below(dim - shorter + 1) as i64;
                Expression::Apply("ExtractT", vec![self.formula(depth, shorter)], vec![start, dim as i64])
            }
            15 if dim > 1 => Expression::Apply("SumT", vec![self.formula(depth, 1)], vec![dim as i64]),
            16 => self.elementary(depth, dim),
            17 if !self.smooth => self.piecewise(depth, dim),
            18 => self.product(depth, dim),
            19 => call1("Normalize", self.formula(depth, dim)),
            20..22 => self.of_complex(depth, dim),
            22.. => self.scalar(depth),
            _ => self.arithmetic(depth, dim),
        }
    }

    /// A row number, or a sum or difference of such and small integers.
    fn integer(&mut self, depth: usize) -> Expression {
        if depth > 0 && self.random.chance(0.4) {
            let name = *self.random.pick(&["Add", "Subtract", "Subtract"]);
            let joined = call2(name, self.integer(depth - 1), self.integer(depth - 1));
            return match self.random.below(4) {
                0 if !self.smooth => call1("Abs", joined),
                1 => call1("Minus", joined),
                _ => joined,
            };
        }
        if self.random.chance(0.3) {
            return Expression::Number(*self.random.pick(&[1.0, 2.0, 5.0, -3.0, 64.0]));
        }
        let scalars: Vec<usize> = (0..self.variables.len()).filter(|&k| self.variables[k].dim == 1).collect();
        if self.integers && !scalars.is_empty() && self.random.chance(0.5) {
            return call1("Integer", Expression::Variable(*self.random.pick(&scalars)));
        }
        index(self.random.below(2))
    }

    /// A scalar that is 0 for some pairs, or for none or all.
    pub fn condition(&mut self, depth: usize) -> Expression {
        let comparison = *self.random.pick(&["LessThan", "LessOrEqual", "LessOrEqual", "Equal", "NotEqual"]);
        match self.random.below(8) {
            0..4 => call2(comparison, self.integer(2), self.integer(2)),
            4 => call2(comparison, self.formula(depth, 1), self.formula(depth, 1)),
            5 => call2("Mult", self.condition(depth), self.condition(depth)),
            6 => self.integer(2),
            _ => self.leaf(1),
        }
    }

    fn arithmetic(&mut self, depth: usize, dim: usize) -> Expression {
        // One operand may be a scalar.
        let (left, right) = match self.random.below(4) {
            0 => (1, dim),
            1 => (dim, 1),
            _ => (dim, dim),
        };
        let a = self.formula(depth, left);
        match self.random.below(8) {
            0..2 => call2("Add", a, self.formula(depth, right)),
            2..4 => call2("Subtract", a, self.formula(depth, right)),
            4..7 => call2("Mult", a, self.formula(depth, right)),
            _ => call2("Divide", a, self.positive(depth, right)),
        }
    }

    fn power(&mut self, depth: usize, dim: usize) -> Expression {
        match self.random.below(4) {
            0 => {
                let exponent = self.random.below(4) as i64;
                Expression::Apply("Pow", vec![self.formula(depth, dim)], vec![exponent])
            }
            1 => {
                let exponent = self.random.below(9) as i64 - 4;
                Expression::Apply("Pow", vec![self.positive(depth, dim)], vec![exponent])
            }
            2 => call2("Powf", self.positive(depth, dim), self.number()),
            _ => call2("Powf", self.positive(depth, dim), self.bounded(depth, 1)),
        }
    }

    /// Less common functions without jumps.
    fn elementary(&mut self, depth: usize, dim: usize) -> Expression {
        match self.random.below(14) {
            0 => call1(["Asin", "Acos", "Atanh"][self.random.below(3)], inside_one(self.formula(depth, dim))),
            1 => call1(["Log1p", "XLogX"][self.random.below(2)], self.positive(depth, dim)),
            2 => call1("Expm1", self.bounded(depth, dim)),
            3 => {
                let scalar = self.random.chance(0.3);
                call2("Atan2", self.formula(depth, dim), self.positive(depth, if scalar { 1 } else { dim }))
            }
            4 => {
                // A condition that is not near its jump.
                let condition = self.positive(depth, 1);
                let condition = if self.random.chance(0.5) { condition } else { call1("Minus", condition) };
                call3("IfElse", condition, self.formula(depth, dim), self.formula(depth, dim))
            }
            5 => with_integers("SphericalBesselJ", self.formula(depth, dim), &[self.random.below(4) as i64]),
            6 => call1(["Lgamma", "Digamma"][self.random.below(2)], self.positive(depth, dim)),
            7 => with_integers("Polygamma", self.positive(depth, dim), &[self.random.below(4) as i64]),
            8 if self.random.chance(0.5) => {
                let order = *self.random.pick(&[0.0, 0.3, 0.5, 1.0, -1.7, 2.5]);
                call2("BesselK", Expression::Number(order), self.positive(depth, dim))
            }
            8 => {
                let order = *self.random.pick(&[0.5, 0.8, 1.0, 1.5, 2.5, 3.3]);
                call2("Matern", Expression::Number(order), self.formula(depth, dim))
            }
            9 => call1("Softmax", self.formula(depth, dim)),
            10 => call1(["Sinh", "Cosh", "Tan"][self.random.below(3)], self.bounded(depth, dim)),
            11 => call1(["Asinh", "Sigmoid", "Softplus"][self.random.below(3)], self.formula(depth, dim)),
            12 if self.random.chance(0.5) => {
                let above = call2("Add", self.positive(depth, dim), Expression::Number(1.0));
                call1("Acosh", above)
            }
            _ => call1(["Atan", "Erf", "Erfc", "SinXDivX"][self.random.below(4)], self.formula(depth, dim)),
        }
    }

    /// Functions with jumps or kinks.
    fn piecewise(&mut self, depth: usize, dim: usize) -> Expression {
        let a = self.formula(depth, dim);
        let other = if self.random.chance(0.3) { 1 } else { dim };
        match self.random.below(8) {
            0 => call1("Floor", a),
            1 => with_integers("Round", a, &[self.random.below(3) as i64]),
            2 => {
                with_integers(["ClampInt", "DiffClampInt"][self.random.below(2)], a, &[-1, self.random.below(3) as i64])
            }
            3 => {
                let low = call1("Minus", self.positive(depth, other));
                call3("Clamp", a, low, self.positive(depth, 1))
            }
            4 => call3("IfElse", self.formula(depth, other), a, self.formula(depth, dim)),
            5 => call3("Mod", a, self.positive(depth, other), self.number()),
            6 if dim > 1 => {
                let index = [self.scalar(depth), call2("Mult", self.number(), self.bounded(depth, 1))];
                with_integers("OneHot", index[self.random.below(2)].clone(), &[dim as i64])
            }
            _ => {
                let name = ["Equal", "NotEqual", "LessThan", "LessOrEqual"][self.random.below(4)];
                call2(name, a, self.formula(depth, other))
            }
        }
    }

    /// A product of matrices or vectors with this many elements.
    fn product(&mut self, depth: usize, dim: usize) -> Expression {
        let inner = if dim > 12 { 1 } else { 1 + self.random.below(3) };
        let divisor = |generator: &mut Self, n: usize| {
            let divisors: Vec<usize> = (1..=n).filter(|d| n.is_multiple_of(*d)).collect();
            *generator.random.pick(&divisors)
        };
        let rows = divisor(self, dim);
        let columns = dim / rows;
        match self.random.below(5) {
            0 => call2("MatVecMult", self.formula(depth, dim * inner), self.formula(depth, inner)),
            1 => call2("VecMatMult", self.formula(depth, inner), self.formula(depth, inner * dim)),
            2 => call2("TensorProd", self.formula(depth, rows), self.formula(depth, columns)),
            3 => {
                let (a, b) = (self.formula(depth, rows * inner), self.formula(depth, columns * inner));
                let (left, right) = (self.random.below(2), self.random.below(2));
                let shapes = [[[inner, rows], [rows, inner]][left], [[inner, columns], [columns, inner]][right]];
                let places: &[usize] = [&[][..], &[0, 1], &[1, 0]][self.random.below(3)];
                with_lists("TensorDot", a, b, &[&shapes[0], &shapes[1], &[left], &[right], places])
            }
            _ => {
                let (height, width) = (divisor(self, rows), divisor(self, columns));
                let (a, b) = (self.formula(depth, rows), self.formula(depth, columns));
                with_lists("Kron", a, b, &[&[height, rows / height], &[width, columns / width]])
            }
        }
    }

    /// A reduction of any kind with what it takes.
    pub fn reduction(&mut self) -> (&'static str, Expression) {
        let names: Vec<&'static str> = reducing::reductions().collect();
        let name = if self.random.chance(0.4) { "Sum" } else { *self.random.pick(&names) };
        let dim = if is_exponential(name) { 1 } else { self.any_dim() };
        let depth = 1 + self.random.below(4);
        if name == "Prod" {
            // Factors near 1, so that long products stay in range.
            let small = call2("Mult", Expression::Number(0.01), self.bounded(depth, dim));
            return (name, call2("Add", Expression::Number(1.0), small));
        }
        if ["Sum", "Mean"].contains(&name) && self.random.chance(0.15) {
            return (name, self.complex(depth, dim));
        }
        let formula = self.formula(depth, dim);
        if NEAREST.contains(&name) {
            let k = if self.random.chance(0.05) { 1000 } else { 1 + self.random.below(40) as i64 };
            return (name, with_extra(formula, None, &[k]));
        }
        if EXPONENTIAL.contains(&(name, true)) {
            let dim = self.any_dim();
            // Mostly positive, so that logarithms of sums are known.
            let weights = if self.random.chance(0.7) { self.positive(depth, dim) } else { self.formula(depth, dim) };
            return (name, with_extra(formula, Some(weights), &[]));
        }
        (name, formula)
    }

    /// A kernel of near points times a vector.
    fn kernel(&mut self, depth: usize, dim: usize) -> Expression {
        let name = *self.random.pick(&[&KERNELS[..], &MIXTURES].concat());
        let is_field = !["GaussKernel", "SumGaussKernel"].contains(&name) && name.contains("Gauss");
        let points = if is_field { dim } else { 1 + self.random.below(3) };
        let scales = if name == "SumGaussKernel" { 1 + self.random.below(2) } else { 1 };
        let mut operands =
            vec![self.positive(0, scales), self.leaf(points), self.leaf(points), self.formula(depth, dim)];
        match name {
            "SumGaussKernel" => operands.insert(1, self.leaf(scales)),
            "TRIGaussKernel" => operands.insert(0, self.leaf(1)),
            _ => {}
        }
        Expression::Apply(name, operands, vec![])
    }

    fn scalar(&mut self, depth: usize) -> Expression {
        let dim = self.any_dim();
        let a = self.formula(depth, dim);
        match self.random.below(13) {
            0 => call1("Sum", a),
            1 => call1("SqNorm2", a),
            2 => call1("Norm2", a),
            3 => {
                let other = *self.random.pick(&[1, dim, dim]);
                call2("Scalprod", a, self.formula(depth, other))
            }
            4 => with_integers("Elem", a, &[self.random.below(dim) as i64]),
            5 => call2("SqDist", a, self.formula(depth, dim)),
            6 if !self.smooth => call1(["Max", "Min", "ArgMax", "ArgMin"][self.random.below(4)], a),
            7 => call2("SqNormIso", self.formula(depth, 1), a),
            8 => call2("SqNormDiag", self.formula(depth, dim), a),
            9 => call1("LogSumExp", a),
            10 => {
                let [x, y] = [0, 1].map(|_| 1 + self.random.below(3));
                call3("SoftDTW_SqDist", self.formula(depth, x), self.formula(depth, y), self.positive(depth, 1))
            }
            11 => {
                let degree = self.random.below(3);
                let ascending = (0..degree + 3).map(|k| Expression::Number(k as f64 - 1.3 - 0.5 * degree as f64));
                let knots = ascending.reduce(|knots, knot| call2("Concat", knots, knot)).expect("there are knots");
                let basis = Expression::Apply("BSpline", vec![knots, self.formula(depth, 1)], vec![degree as i64]);
                call2("Scalprod", basis, self.formula(depth, 2))
            }
            _ => self.weighted(depth),
        }
    }

    fn weighted(&mut self, depth: usize) -> Expression {
        let dim = 1 + self.random.below(3);
        let (weights, a) = (*self.random.pick(&[1, dim, dim * dim]), self.formula(depth, dim));
        match self.random.below(3) {
            0 => call2("SymSqNorm", self.formula(depth, dim * dim), a),
            1 => call2("WeightedSqNorm", self.formula(depth, weights), a),
            _ => call3("WeightedSqDist", self.formula(depth, weights), a, self.formula(depth, dim)),
        }
    }
}

/// A random case; sizes are such that the oracle takes milliseconds.
pub fn case(seed: u64) -> Case {
    let mut random = Random::new(seed);
    let variables = variables(&mut random);
    let numbers = if random.chance(0.1) { Numbers::Integers } else { Numbers::Ordinary };
    let integers = numbers == Numbers::Integers;
    let mut generator = Generator { random, variables: &variables, smooth: false, integers };
    let mut reductions = Vec::new();
    for _ in 0..*generator.random.clone().pick(&[1, 1, 1, 2, 3]) {
        let (name, expression) = generator.reduction();
        let masked = generator.random.chance(0.3);
        reductions.push((name, if masked { with_mask(expression, generator.condition(2)) } else { expression }));
    }
    let mut random = generator.random;
    let rows = loop {
        let rows = [*random.pick(&BOUNDARIES), *random.pick(&BOUNDARIES)];
        if rows[0] * rows[1] <= 80_000 {
            break rows;
        }
    };
    Case { seed, numbers, ..Case::new(&variables, reductions, rows) }.laid_out(&mut random)
}
