//! Formulas of one operation, with operands inside its domain.

use super::expression::{
    BINARY, Expression, KERNELS, OF_ORDER, TERNARY, UNARY, Variable, WITH_INTEGERS, call1, call2, call3, with_integers,
    with_lists,
};
use super::generate_complex::complex_operations;

/// Above 0.
pub fn positive(e: Expression) -> Expression {
    call2("Add", call1("Square", e), Expression::Number(0.25))
}

/// Between -1 and 1, and not near them.
pub fn inside_one(e: Expression) -> Expression {
    call2("Mult", Expression::Number(0.75), call1("Tanh", e))
}

/// An elementwise operation with one operand.
pub fn unary(name: &'static str, operand: Expression) -> Expression {
    match name {
        "Sqrt" | "Rsqrt" | "Log" | "Inv" | "Log1p" | "XLogX" | "Lgamma" | "Digamma" => call1(name, positive(operand)),
        "Asin" | "Acos" | "Atanh" => call1(name, inside_one(operand)),
        "Acosh" => call1(name, call2("Add", positive(operand), Expression::Number(1.0))),
        _ => call1(name, operand),
    }
}

/// An operation with integer parameters, with those that make a difference.
pub fn of_integers(name: &'static str, operand: &Expression) -> Vec<Expression> {
    let parameters: &[&[i64]] = match name {
        "Pow" => &[&[0], &[1], &[2], &[3], &[4], &[5], &[6], &[7]],
        "Round" => &[&[0], &[1], &[3], &[-1]],
        "SphericalBesselJ" => &[&[0], &[1], &[2], &[7]],
        "Polygamma" => &[&[0], &[1], &[2], &[7]],
        _ => &[&[0, 1], &[-1, 1], &[-2, 0]],
    };
    let operand = if name == "Polygamma" { positive(operand.clone()) } else { operand.clone() };
    parameters.iter().map(|parameters| with_integers(name, operand.clone(), parameters)).collect()
}

/// A function of an order, for those that are computed in different ways.
pub fn of_order(name: &'static str, operand: &Expression) -> Vec<Expression> {
    let orders: &[f64] = match name {
        "BesselK" => &[0.0, 0.3, 0.5, -0.8, 1.0, 2.5, 3.2],
        _ => &[0.3, 0.5, 0.8, 1.0, 1.2, 1.5, 2.5, 4.6],
    };
    let operand = if name == "BesselK" { positive(operand.clone()) } else { operand.clone() };
    orders.iter().map(|&order| call2(name, Expression::Number(order), operand.clone())).collect()
}

/// Soft extremes and splines of two vectors of dimension 3 and a number.
pub fn sequences(a: &Expression, b: &Expression, scalar: &Expression) -> Vec<Expression> {
    let join = |a: &Expression, b: &Expression| call2("Concat", a.clone(), b.clone());
    let spline = |knots: Expression, degree| Expression::Apply("BSpline", vec![knots, scalar.clone()], vec![degree]);
    let mut all: Vec<Expression> =
        ["LogSumExp", "Softmax"].into_iter().flat_map(|n| [call1(n, a.clone()), call1(n, join(a, b))]).collect();
    all.push(call1("LogSumExp", scalar.clone()));
    all.push(call1("Softmax", scalar.clone()));
    // Ascending knots around the number, some of which may move and some of which are equal.
    let number = Expression::Number;
    let moved =
        |knot: f64, by: &Expression| call2("Add", number(knot), call2("Mult", number(0.1), call1("Tanh", by.clone())));
    let moving = [-1.5, -0.5, 0.4, 1.6].map(|knot| moved(knot, scalar));
    let moving = moving.into_iter().reduce(|knots, knot| join(&knots, &knot)).expect("there are knots");
    let free = join(&moved(-2.0, &with_integers("Elem", a.clone(), &[0])), &moving);
    let equal = [-2.0, -2.0, -2.0, -0.3, 0.7, 0.7, 2.0, 2.0].map(number);
    let equal = equal.into_iter().reduce(|knots, knot| join(&knots, &knot)).expect("there are knots");
    all.extend((0..4).map(|degree| spline(free.clone(), degree)));
    all.extend((0..4).map(|degree| spline(equal.clone(), degree)));
    let width = positive(scalar.clone());
    let pair = with_integers("Extract", b.clone(), &[1, 2]);
    all.push(call3("SoftDTW_SqDist", a.clone(), b.clone(), width.clone()));
    all.push(call3("SoftDTW_SqDist", pair, a.clone(), width.clone()));
    all.push(call3("SoftDTW_SqDist", scalar.clone(), a.clone(), width));
    all
}

/// An elementwise operation with two operands.
pub fn binary(name: &'static str, a: Expression, b: Expression) -> Expression {
    match name {
        "Divide" => call2(name, a, positive(b)),
        "Powf" => call2(name, positive(a), b),
        _ => call2(name, a, b),
    }
}

/// An elementwise operation with three operands.
pub fn ternary(name: &'static str, a: Expression, b: Expression, c: Expression) -> Expression {
    match name {
        "Clamp" => call3(name, a, call1("Minus", positive(b)), positive(c)),
        "Mod" => call3(name, a, positive(b), c),
        _ => call3(name, a, b, c),
    }
}

/// Norms with weights of each kind, products of matrices and what chooses components, of two vectors of dimension 3
/// and a number.
pub fn tensors(a: &Expression, b: &Expression, scalar: &Expression) -> Vec<Expression> {
    let join = |a: &Expression, b: &Expression| call2("Concat", a.clone(), b.clone());
    let two_by_three = join(b, a);
    let square = join(b, &join(a, b));
    let pair = with_integers("Extract", b.clone(), &[1, 2]);
    let index = call2("Add", call2("Mult", scalar.clone(), Expression::Number(2.0)), Expression::Number(1.0));
    let mut all: Vec<Expression> = ["Normalize", "Max", "Min", "ArgMax", "ArgMin"].map(|n| call1(n, a.clone())).into();
    all.push(with_integers("OneHot", index, &[4]));
    all.push(call2("SqNormIso", scalar.clone(), a.clone()));
    all.push(call2("SqNormDiag", b.clone(), a.clone()));
    all.push(call2("SymSqNorm", square.clone(), a.clone()));
    for weights in [scalar, b, &square] {
        all.push(call2("WeightedSqNorm", weights.clone(), a.clone()));
        all.push(call3("WeightedSqDist", weights.clone(), a.clone(), b.clone()));
    }
    all.push(call2("MatVecMult", two_by_three.clone(), a.clone()));
    all.push(call2("MatVecMult", square.clone(), b.clone()));
    all.push(call2("VecMatMult", pair.clone(), two_by_three.clone()));
    all.push(call2("VecMatMult", a.clone(), square.clone()));
    for (left, right) in [(a, b), (scalar, b), (&pair, a), (a, &pair)] {
        all.push(call2("TensorProd", left.clone(), right.clone()));
    }
    let dot = |a: &Expression, b: &Expression, lists: &[&[usize]]| with_lists("TensorDot", a.clone(), b.clone(), lists);
    all.push(dot(a, b, &[&[3], &[3], &[0], &[0], &[]]));
    all.push(dot(a, b, &[&[3], &[3], &[], &[], &[1, 0]]));
    all.push(dot(scalar, b, &[&[1], &[3], &[], &[], &[]]));
    all.push(dot(&two_by_three, &square, &[&[2, 3], &[3, 3], &[1], &[0], &[]]));
    all.push(dot(&two_by_three, &square, &[&[2, 3], &[3, 3], &[1], &[1], &[1, 0]]));
    all.push(dot(&square, &two_by_three, &[&[3, 1, 3], &[3, 2], &[2], &[0], &[2, 0, 1]]));
    all.push(dot(&two_by_three, &two_by_three, &[&[1, 2, 3], &[3, 2], &[1, 2], &[1, 0], &[]]));
    let shapes: [[&[usize]; 2]; 3] = [[&[3], &[3]], [&[3, 1], &[1, 3]], [&[1, 3], &[3, 1]]];
    for shapes in shapes {
        all.push(with_lists("Kron", a.clone(), b.clone(), &shapes));
    }
    all.push(with_lists("Kron", two_by_three, square, &[&[2, 3], &[3, 3]]));
    all.extend(kernels(a, b, scalar));
    all
}

/// Kernels between two points of dimension 3, times vectors.
fn kernels(a: &Expression, b: &Expression, scalar: &Expression) -> Vec<Expression> {
    let apply =
        |name, operands: &[&Expression]| Expression::Apply(name, operands.iter().copied().cloned().collect(), vec![]);
    let (scale, scales) = (positive(scalar.clone()), positive(b.clone()));
    let mut all: Vec<Expression> = KERNELS.map(|name| apply(name, &[&scale, a, b, b])).into();
    all.push(apply("GaussKernel", &[&scale, b, a, scalar]));
    all.push(apply("SumGaussKernel", &[&scales, a, a, b, scalar]));
    all.push(apply("TRIGaussKernel", &[scalar, &scale, a, b, a]));
    all
}

/// Vectors and scalars of every category, and formulas of one operation on them.
pub fn single_operations() -> (Vec<Variable>, Vec<Expression>) {
    let variables: Vec<Variable> = (0..3).flat_map(|category| [3, 1].map(|dim| Variable { dim, category })).collect();
    let v = Expression::Variable;
    let apply =
        |name, operand: Expression, parameters: &[i64]| Expression::Apply(name, vec![operand], parameters.to_vec());
    let mut formulas = Vec::new();
    for operand in [v(0), v(3), call2("Subtract", v(0), v(2)), call2("Mult", v(1), v(2))] {
        formulas.extend(UNARY.map(|name| unary(name, operand.clone())));
        formulas.extend(WITH_INTEGERS.into_iter().flat_map(|name| of_integers(name, &operand)));
        formulas.extend(OF_ORDER.into_iter().flat_map(|name| of_order(name, &operand)));
        formulas.extend((-3..0).map(|m| apply("Pow", positive(operand.clone()), &[m])));
    }
    // Broadcasting both ways: what was repeated forwards is summed backwards.
    for (a, b) in [(0, 2), (0, 1), (1, 0), (3, 0), (0, 3), (0, 4), (4, 0), (5, 2), (1, 3)] {
        formulas.extend(BINARY.map(|name| binary(name, v(a), v(b))));
        formulas.extend(["Scalprod", "SqDist", "Concat"].map(|name| call2(name, v(a), v(b))));
    }
    for (a, b, c) in [(0, 2, 4), (1, 0, 2), (0, 3, 2), (2, 0, 5), (2, 1, 3), (1, 3, 0), (1, 3, 5)] {
        formulas.extend(TERNARY.map(|name| ternary(name, v(a), v(b), v(c))));
    }
    for (a, b, scalar) in [(0, 2, 5), (2, 4, 1), (4, 0, 3)] {
        formulas.extend(tensors(&v(a), &v(b), &v(scalar)));
        formulas.extend(sequences(&v(a), &v(b), &v(scalar)));
        formulas.extend(complex_operations(&v(a), &v(b), &v(scalar)));
    }
    let difference = call2("Subtract", v(0), v(2));
    formulas.extend(["Sum", "SqNorm2", "Norm2"].map(|name| call1(name, difference.clone())));
    formulas.push(apply("Elem", call1("Square", difference.clone()), &[1]));
    formulas.push(apply("Extract", call1("Square", difference.clone()), &[1, 2]));
    formulas.push(apply("ExtractT", call1("Square", difference), &[1, 5]));
    formulas.push(apply("SumT", call2("Mult", v(1), v(3)), &[4]));
    formulas.push(apply("ElemT", call2("Mult", v(1), v(3)), &[4, 2]));
    // The same variable in many places.
    formulas.push(call2("Mult", call2("Divide", v(0), positive(v(0))), call1("Exp", v(0))));
    formulas.push(call2("Powf", positive(v(0)), v(0)));
    (variables, formulas)
}
