//! Formulas as the tests see them: a plain tree with its own text and its own meaning.

use super::scalar::{Scalar, sign, step};

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
pub const UNARY: [&str; 16] = [
    "Minus", "Square", "Sqrt", "Rsqrt", "Inv", "Exp", "Exp2", "Log", "Sin", "Cos", "Tanh", "Abs", "Sign", "Step",
    "ReLU", "Pow",
];
/// Elementwise operations with two operands.
pub const BINARY: [&str; 5] = ["Add", "Subtract", "Mult", "Divide", "Powf"];
/// Operations on whole vectors.
pub const VECTOR: [&str; 11] =
    ["Sum", "SumT", "Concat", "Extract", "ExtractT", "Elem", "ElemT", "Scalprod", "SqNorm2", "Norm2", "SqDist"];

/// A call with one operand.
pub fn call1(name: &'static str, a: Expression) -> Expression {
    Expression::Apply(name, vec![a], vec![])
}

/// A call with two operands.
pub fn call2(name: &'static str, a: Expression, b: Expression) -> Expression {
    Expression::Apply(name, vec![a, b], vec![])
}

impl Expression {
    pub fn dim(&self, variables: &[Variable]) -> usize {
        let (name, operands, parameters) = match self {
            Expression::Variable(k) => return variables[*k].dim,
            Expression::Number(_) => return 1,
            Expression::Zero(dim) => return *dim,
            Expression::Apply(name, operands, parameters) => (*name, operands, parameters),
        };
        match name {
            "Sum" | "Elem" | "Scalprod" | "SqNorm2" | "Norm2" | "SqDist" => 1,
            "SumT" | "ElemT" => parameters[0] as usize,
            "Extract" | "ExtractT" => parameters[1] as usize,
            "Concat" => operands.iter().map(|o| o.dim(variables)).sum(),
            _ => operands.iter().map(|o| o.dim(variables)).max().unwrap_or(1),
        }
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
                if !sign.is_empty() {
                    return format!("({}{sign}{})", operands[0].text(), operands[1].text());
                }
                self.call_text(name, operands, parameters)
            }
        }
    }

    fn call_text(&self, name: &str, operands: &[Expression], parameters: &[i64]) -> String {
        let operands = operands.iter().map(Expression::text);
        let all: Vec<String> = operands.chain(parameters.iter().map(i64::to_string)).collect();
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

    /// The values of its components.
    pub fn evaluate<S: Scalar>(&self, variables: &[Vec<S>]) -> Vec<S> {
        let (name, operands, parameters) = match self {
            Expression::Variable(k) => return variables[*k].clone(),
            Expression::Number(value) => return vec![S::number(*value)],
            Expression::Zero(dim) => return vec![S::number(0.0); *dim],
            Expression::Apply(name, operands, parameters) => (*name, operands, parameters),
        };
        let values: Vec<Vec<S>> = operands.iter().map(|o| o.evaluate(variables)).collect();
        meaning(name, &values, parameters)
    }
}

fn elementwise<S: Scalar>(values: &[Vec<S>], of: impl Fn(&[&S]) -> S) -> Vec<S> {
    let dim = values.iter().map(Vec::len).max().unwrap_or(1);
    (0..dim).map(|k| of(&values.iter().map(|v| &v[if v.len() == 1 { 0 } else { k }]).collect::<Vec<_>>())).collect()
}

fn total<S: Scalar>(values: &[S]) -> S {
    values.iter().skip(1).fold(values[0].clone(), |sum, v| sum.add(v))
}

/// What an operation means.
pub fn meaning<S: Scalar>(name: &str, values: &[Vec<S>], parameters: &[i64]) -> Vec<S> {
    let one = |of: fn(&S) -> S| elementwise(values, |a| of(a[0]));
    let two = |of: fn(&S, &S) -> S| elementwise(values, |a| of(a[0], a[1]));
    let a = &values[0];
    let place = |start: usize, dim: usize| {
        let mut whole = vec![S::number(0.0); dim];
        whole[start..start + a.len()].clone_from_slice(a);
        whole
    };
    let number = |k: usize| parameters[k] as usize;
    match name {
        "Add" => two(S::add),
        "Subtract" => two(S::subtract),
        "Mult" => two(S::multiply),
        "Divide" => two(S::divide),
        "Powf" => two(S::power_of),
        "Minus" => one(S::negate),
        "Square" => one(|a| a.multiply(a)),
        "Pow" => elementwise(values, |a| a[0].power(parameters[0])),
        "Sqrt" => one(S::sqrt),
        "Rsqrt" => one(S::rsqrt),
        "Inv" => one(|a| S::number(1.0).divide(a)),
        "Exp" => one(S::exp),
        "Exp2" => one(S::exp2),
        "Log" => one(S::log),
        "Sin" => one(S::sin),
        "Cos" => one(S::cos),
        "Tanh" => one(S::tanh),
        "Abs" => one(S::absolute),
        "Sign" => one(|a| a.step_of(sign)),
        "Step" => one(|a| a.step_of(step)),
        "ReLU" => one(S::relu),
        "Sum" => vec![total(a)],
        "SumT" => vec![a[0].clone(); number(0)],
        "Concat" => a.iter().chain(&values[1]).cloned().collect(),
        "Extract" => a[number(0)..number(0) + number(1)].to_vec(),
        "ExtractT" => place(number(0), number(1)),
        "Elem" => vec![a[number(0)].clone()],
        "ElemT" => place(number(1), number(0)),
        "Scalprod" => vec![total(&two(S::multiply))],
        "SqNorm2" => vec![total(&one(|a| a.multiply(a)))],
        "Norm2" => vec![total(&one(|a| a.multiply(a))).sqrt()],
        "SqDist" => {
            let squares = two(|a, b| {
                let difference = a.subtract(b);
                difference.multiply(&difference)
            });
            vec![total(&squares)]
        }
        _ => panic!("the oracle does not know `{name}`"),
    }
}
