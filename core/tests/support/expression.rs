//! Formulas as the tests see them: a plain tree with its own text and its own meaning.

use super::complex::{self, Operand, complex_meaning};
use super::meaning::meaning;
use super::scalar::Scalar;
use super::tensor::{from_lists, lists, shape_of_dot};

/// An argument of a formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variable {
    pub dim: usize,
    /// 0 for i, 1 for j, 2 for a parameter.
    pub category: usize,
}

impl Variable {
    /// `v3 = Vj(3,2)`
    pub fn alias(&self, position: usize) -> String {
        format!("v{position} = {}({position},{})", ["Vi", "Vj", "Pm"][self.category], self.dim)
    }
}

/// The aliases of all variables.
pub fn aliases(variables: &[Variable]) -> Vec<String> {
    variables.iter().enumerate().map(|(k, v)| v.alias(k)).collect()
}

/// A formula.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Variable(usize),
    Number(f64),
    Zero(usize),
    Apply(&'static str, Vec<Expression>, Vec<i64>),
}

/// Elementwise operations with one operand.
pub const UNARY: [&str; 35] = [
    "Minus", "Square", "Sqrt", "Rsqrt", "Inv", "Exp", "Exp2", "Log", "Sin", "Cos", "Tanh", "Abs", "Sign", "Step",
    "ReLU", "Floor", "XLogX", "SinXDivX", "Asin", "Acos", "Atan", "Log1p", "Expm1", "Erf", "Erfc", "Lgamma", "Digamma",
    "Tan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh", "Sigmoid", "Softplus",
];
/// Elementwise operations with one operand and integer parameters.
pub const WITH_INTEGERS: [&str; 6] = ["Pow", "Round", "ClampInt", "DiffClampInt", "SphericalBesselJ", "Polygamma"];
/// Functions of an order, which is a number.
pub const OF_ORDER: [&str; 2] = ["BesselK", "Matern"];
/// Elementwise operations with two operands.
pub const BINARY: [&str; 11] =
    ["Add", "Subtract", "Mult", "Divide", "Powf", "Atan2", "Equal", "NotEqual", "LessThan", "LessOrEqual", "LogHypot"];
/// Elementwise operations with three operands.
pub const TERNARY: [&str; 3] = ["Clamp", "IfElse", "Mod"];
/// Operations on whole vectors.
pub const VECTOR: [&str; 20] = [
    "Sum",
    "SumT",
    "Concat",
    "Extract",
    "ExtractT",
    "Elem",
    "ElemT",
    "Scalprod",
    "SqNorm2",
    "Norm2",
    "SqDist",
    "Max",
    "Min",
    "ArgMax",
    "ArgMin",
    "OneHot",
    "Interleave",
    "EverySecond",
    "InverseParts",
    "SqrtParts",
];
/// Norms with weights, and vectors with the norm 1.
pub const NORMS: [&str; 6] = ["Normalize", "SqNormIso", "SqNormDiag", "SymSqNorm", "WeightedSqNorm", "WeightedSqDist"];
/// Soft extremes and splines.
pub const SEQUENCES: [&str; 4] = ["LogSumExp", "Softmax", "BSpline", "SoftDTW_SqDist"];
/// Kernels times vectors: of a scalar, two points and a vector.
pub const KERNELS: [&str; 6] = [
    "GaussKernel",
    "LaplaceKernel",
    "CauchyKernel",
    "InverseMultiquadricKernel",
    "DivFreeGaussKernel",
    "CurlFreeGaussKernel",
];
/// The same with one operand more at the front.
pub const MIXTURES: [&str; 2] = ["SumGaussKernel", "TRIGaussKernel"];
/// Products of matrices and tensors.
pub const TENSORS: [&str; 5] = ["MatVecMult", "VecMatMult", "TensorProd", "TensorDot", "Kron"];
/// What stands for a formula of derivatives, or for its first operand.
pub const SYMBOLIC: [&str; 9] = [
    "Grad",
    "Diff",
    "GradMatrix",
    "Divergence",
    "Laplacian",
    "TraceOperator",
    "AdjointOperator",
    "Factorize",
    "AutoFactorize",
];
/// What depends on which pair it is.
pub const INDICES: [&str; 3] = ["Index", "Integer", "Mask"];

/// Every operation of formulas that are not derivatives.
pub fn operations() -> impl Iterator<Item = &'static str> {
    let elementwise = UNARY.into_iter().chain(WITH_INTEGERS).chain(BINARY).chain(TERNARY);
    let vectors = VECTOR.into_iter().chain(NORMS).chain(SEQUENCES).chain(KERNELS).chain(MIXTURES).chain(TENSORS);
    elementwise.chain(OF_ORDER).chain(vectors).chain(complex::NAMED).chain(INDICES)
}

/// The row number of i or j.
pub fn index(category: usize) -> Expression {
    Expression::Apply("Index", vec![], vec![category as i64])
}

/// A call with one operand.
pub fn call1(name: &'static str, a: Expression) -> Expression {
    Expression::Apply(name, vec![a], vec![])
}

/// A call with two operands.
pub fn call2(name: &'static str, a: Expression, b: Expression) -> Expression {
    Expression::Apply(name, vec![a, b], vec![])
}

/// A call with three operands.
pub fn call3(name: &'static str, a: Expression, b: Expression, c: Expression) -> Expression {
    Expression::Apply(name, vec![a, b, c], vec![])
}

/// A call with two operands and lists.
pub fn with_lists(name: &'static str, a: Expression, b: Expression, lists: &[&[usize]]) -> Expression {
    Expression::Apply(name, vec![a, b], from_lists(lists))
}

/// A call with one operand and integer parameters.
pub fn with_integers(name: &'static str, a: Expression, parameters: &[i64]) -> Expression {
    Expression::Apply(name, vec![a], parameters.to_vec())
}

impl Expression {
    /// Whether its components are complex numbers.
    pub fn is_complex(&self) -> bool {
        let Expression::Apply(name, operands, _) = self else { return false };
        complex::is_complex(name, &operands.iter().map(Expression::is_complex).collect::<Vec<_>>())
    }

    /// The numbers of its components; complex ones have two each.
    pub fn columns(&self, variables: &[Variable]) -> usize {
        self.dim(variables) * if self.is_complex() { 2 } else { 1 }
    }

    /// The complex numbers in an operand that may hold them as real ones.
    fn complex_count(&self, variables: &[Variable]) -> usize {
        self.columns(variables) / 2
    }

    pub fn dim(&self, variables: &[Variable]) -> usize {
        let (name, operands, parameters) = match self {
            Expression::Variable(k) => return variables[*k].dim,
            Expression::Number(_) => return 1,
            Expression::Zero(dim) => return *dim,
            Expression::Apply(name, operands, parameters) => (*name, operands, parameters),
        };
        let dim = |k: usize| operands[k].dim(variables);
        match name {
            "Mask" => dim(0),
            "Sum" | "Elem" | "Scalprod" | "SqNorm2" | "Norm2" | "SqDist" => 1,
            "SqNormIso" | "SqNormDiag" | "SymSqNorm" | "WeightedSqNorm" | "WeightedSqDist" => 1,
            "Max" | "Min" | "ArgMax" | "ArgMin" | "LogSumExp" | "SoftDTW_SqDist" => 1,
            name if KERNELS.contains(&name) || MIXTURES.contains(&name) => dim(operands.len() - 1),
            "BSpline" => dim(0) - parameters[0] as usize - 1,
            "SumT" | "ElemT" | "OneHot" => parameters[0] as usize,
            "MatVecMult" => dim(0) / dim(1),
            "VecMatMult" => dim(1) / dim(0),
            "TensorProd" | "Kron" => dim(0) * dim(1),
            "TensorDot" => shape_of_dot(parameters).iter().product(),
            "Extract" | "ExtractT" => parameters[1] as usize,
            "Complex" | "Real2Complex" | "Imag2Complex" | "ComplexExp1j" => {
                operands.iter().map(|o| o.dim(variables)).max().unwrap_or(1)
            }
            "AsReal" if !operands[0].is_complex() => dim(0),
            "ComplexRealScal" if self.scalar_comes_first(variables) => operands[1].complex_count(variables),
            "ComplexRealScal" => operands[0].complex_count(variables),
            name if complex::NAMED.contains(&name) => {
                let counts: Vec<usize> = operands.iter().map(|o| o.complex_count(variables)).collect();
                complex::dim(name, &counts, parameters)
            }
            "Interleave" | "InverseParts" | "SqrtParts" => 2 * dim(0),
            "EverySecond" => dim(0) / 2,
            "Concat" => operands.iter().map(|o| o.dim(variables)).sum(),
            _ => operands.iter().map(|o| o.dim(variables)).max().unwrap_or(1),
        }
    }

    /// Which operand of `ComplexRealScal` is the scalar.
    fn scalar_comes_first(&self, variables: &[Variable]) -> bool {
        let first = &self.children()[0];
        !first.is_complex() && first.dim(variables) == 1
    }

    /// The formula's text, with variables by their aliases.
    pub fn text(&self) -> String {
        match self {
            Expression::Variable(k) => format!("v{k}"),
            Expression::Number(value) if *value < 0.0 => format!("({value:?})"),
            Expression::Number(value) => format!("{value:?}"),
            Expression::Zero(dim) => format!("Zero({dim})"),
            Expression::Apply(name, operands, parameters) => {
                let sign = match *name {
                    "Add" => "+",
                    "Subtract" => "-",
                    "Mult" => "*",
                    "Divide" => "/",
                    _ => "",
                };
                if *name == "Index" {
                    return ["i", "j"][parameters[0] as usize].into();
                }
                if !sign.is_empty() {
                    return format!("({}{sign}{})", operands[0].text(), operands[1].text());
                }
                self.call_text(name, operands, parameters)
            }
        }
    }

    fn call_text(&self, name: &str, operands: &[Expression], parameters: &[i64]) -> String {
        let operands = operands.iter().map(Expression::text);
        let parameters: Vec<String> = match name {
            "TensorDot" | "Kron" => lists(parameters).iter().map(|list| format!("{list:?}")).collect(),
            _ => parameters.iter().map(i64::to_string).collect(),
        };
        let all: Vec<String> = operands.chain(parameters).collect();
        format!("{name}({})", all.join(","))
    }

    /// The operands.
    pub fn children(&self) -> &[Expression] {
        match self {
            Expression::Apply(_, operands, _) => operands,
            _ => &[],
        }
    }

    /// The number of nodes.
    pub fn size(&self) -> usize {
        1 + self.children().iter().map(Expression::size).sum::<usize>()
    }

    /// The formula and the condition of a mask around it.
    pub fn unmasked(&self) -> (&Expression, Option<&Expression>) {
        match self {
            Expression::Apply("Mask", operands, _) => (&operands[0], Some(&operands[1])),
            all => (all, None),
        }
    }

    /// Whether an operation of this name is somewhere in it.
    pub fn uses(&self, name: &str) -> bool {
        let here = matches!(self, Expression::Apply(found, ..) if *found == name);
        here || self.children().iter().any(|child| child.uses(name))
    }

    /// The values of its components; real and imaginary parts of complex numbers in turn. The row numbers of i and j
    /// follow the variables.
    pub fn evaluate<S: Scalar>(&self, variables: &[Vec<S>]) -> Vec<S> {
        let (name, operands, parameters) = match self {
            Expression::Variable(k) => return variables[*k].clone(),
            Expression::Number(value) => return vec![S::number(*value)],
            Expression::Zero(dim) => return vec![S::number(0.0); *dim],
            Expression::Apply(name, operands, parameters) => (*name, operands, parameters),
        };
        if name == "Index" {
            return variables[variables.len() - 2 + parameters[0] as usize].clone();
        }
        let values: Vec<Vec<S>> = operands.iter().map(|o| o.evaluate(variables)).collect();
        let is_complex: Vec<bool> = operands.iter().map(Expression::is_complex).collect();
        if is_complex.contains(&true) || complex::NAMED.contains(&name) {
            let operands = values.iter().zip(&is_complex);
            let operands: Vec<Operand<'_, S>> =
                operands.map(|(numbers, &is_complex)| Operand { numbers, is_complex }).collect();
            return complex_meaning(name, &operands, parameters);
        }
        meaning(name, &values, parameters)
    }
}
