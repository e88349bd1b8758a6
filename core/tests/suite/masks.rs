//! Row numbers and masks on every target: causal, banded and by segments, for every reduction and both indices, against
//! the oracle; numbers of rows beyond what float32 holds; and rows without any pair.

use crate::support::case::{Case, Numbers};
use crate::support::check::assert_right;
use crate::support::expression::{Expression, Variable, call1, call2, index};
use crate::support::oracle::REDUCTIONS;
use crate::support::random::some;
use rkeops_core::{ArrayMut, ArrayRef, Axis, Category, CompileOptions, Dtype, Formula, Kernel, Reduction};
use rkeops_core::{ErrorKind, Half, Ranges, RunOptions, Target};

suite!(
    every_reduction_with_every_mask,
    reductions_of_one_pass_have_masks_of_their_own,
    row_numbers_beyond_float32,
    kept_row_numbers_beyond_float32,
    nothing_left_is_as_nothing_there,
    conditions_that_are_no_comparisons,
    row_numbers_in_blocks,
);
suite!(
    devices: every_reduction_with_every_mask,
    reductions_of_one_pass_have_masks_of_their_own,
    nothing_left_is_as_nothing_there,
    conditions_that_are_no_comparisons,
);

const FORMATS: [Dtype; 2] = [Dtype::F32, Dtype::F64];

fn v(k: usize) -> Expression {
    Expression::Variable(k)
}

fn number(value: f64) -> Expression {
    Expression::Number(value)
}

/// Points, labels and weights of both indices, and a number.
fn variables() -> Vec<Variable> {
    let variable = |dim, category| Variable { dim, category };
    vec![variable(2, 0), variable(2, 1), variable(1, 0), variable(1, 1), variable(1, 2)]
}

/// Conditions as users write them, with how much they leave in.
fn masks() -> Vec<Expression> {
    let (i, j) = (|| index(0), || index(1));
    let label = |k| call1("Integer", v(k));
    let near = call2("LessOrEqual", call1("Abs", call2("Subtract", i(), j())), number(3.0));
    let causal = call2("LessOrEqual", j(), i());
    let segment = call2("Equal", label(2), label(3));
    vec![
        causal.clone(),
        call2("LessThan", j(), i()),
        near.clone(),
        segment.clone(),
        call2("Mult", causal, segment),
        call2("Mult", near, call2("NotEqual", i(), j())),
        call2("Equal", j(), call2("Add", i(), number(100.0))),
        call2("LessThan", i(), number(5.0)),
        call2("LessThan", v(2), v(3)),
        call2("LessThan", v(3), number(-1.0)),
        call2("Equal", v(4), v(4)),
        number(0.0),
        call2("LessThan", call2("Add", i(), j()), label(4)),
    ]
}

fn reduced_formula(name: &str) -> Expression {
    let difference = call2("Subtract", v(0), v(1));
    match name {
        "Sum" => call2("Mult", call2("Mult", difference, v(3)), v(2)),
        "LogSumExp" => call2("Mult", call2("SqDist", v(0), v(1)), v(3)),
        _ => difference,
    }
}

fn every_reduction_with_every_mask(target: Target) {
    let all: Vec<usize> = (0..masks().len()).collect();
    for k in some(&all) {
        let mask = &masks()[k];
        for rows in [[1, 300], [5, 40], [9, 257], [70, 64], [300, 530], [1, 1], [0, 7], [7, 0]] {
            let masked = |name| (name, call2("Mask", reduced_formula(name), mask.clone()));
            let mut case = Case::new(&variables(), REDUCTIONS.map(masked).to_vec(), rows);
            (case.numbers, case.seed) = (Numbers::Integers, k as u64);
            for axis in [0, 1] {
                case.axis = axis;
                assert_right(&case, FORMATS[(k + axis + rows[0]) % 2], target);
            }
        }
    }
}

fn reductions_of_one_pass_have_masks_of_their_own(target: Target) {
    let mut reductions: Vec<(&str, Expression)> =
        masks().into_iter().map(|mask| ("Sum", call2("Mask", reduced_formula("Sum"), mask))).collect();
    reductions.push(("Sum", reduced_formula("Sum")));
    let mut case = Case::new(&variables(), reductions, [130, 270]);
    case.numbers = Numbers::Integers;
    FORMATS.into_iter().for_each(|dtype| assert_right(&case, dtype, target));
}

/// More rows than float32 has integers.
const MANY: usize = (1 << 24) + 300;

/// The result of a reduction over `MANY` rows of j, which all hold 1, for three rows of i.
fn over_many(text: &str, target: Target) -> [f32; 3] {
    let reduction = Reduction::parse(text, &["x = Vi(0,1)", "y = Vj(1,1)"]).unwrap();
    let kernel =
        Kernel::compile(&[reduction], &CompileOptions { dtype: Dtype::F32, target, ..CompileOptions::default() })
            .unwrap();
    let ones = ArrayRef { strides: vec![0, 0].into(), shape: vec![MANY, 1].into(), ..ArrayRef::f32(&[1.0], &[1, 1]) };
    let mut out = [0.0; 3];
    let inputs = [ArrayRef::f32(&[16_777_210.0, 16_777_216.0, 2.0], &[3, 1]), ones];
    kernel.run(&inputs, &mut [ArrayMut::f32(&mut out, &[3, 1])], &RunOptions::default()).unwrap();
    out
}

fn row_numbers_beyond_float32(target: Target) {
    let rows = [
        // One row each, where rounded numbers would find two or none.
        ("Sum_Reduction(Mask(y,j == 16777217+i),0)", [1.0, 1.0, 1.0]),
        ("Sum_Reduction(y*(j-16777217 == i),0)", [1.0, 1.0, 1.0]),
        ("Sum_Reduction(Mask(y,16777217 <= j),0)", [299.0, 299.0, 299.0]),
        ("Sum_Reduction(Mask(y,Abs(j-16777301) < 3),0)", [5.0, 5.0, 5.0]),
        (
            "Sum_Reduction(Mask(y,j-Integer(x) > 4),0)",
            [(1u32 << 24) as f32 + 300.0 - 16_777_215.0, 79.0 + 216.0, 16_777_509.0],
        ),
        // A difference is exact before it is rounded, and a number rounds to the even one.
        ("Max_Reduction(j-16777217+0*y,0)", [298.0, 298.0, 298.0]),
        ("Max_Reduction(j+0*y,0)", [16_777_516.0, 16_777_516.0, 16_777_516.0]),
        ("Max_Reduction(Mask(j+0*y,j <= 16777219),0)", [16_777_220.0, 16_777_220.0, 16_777_220.0]),
        ("Min_Reduction(Clamp(16777300-j,-7,16777299)+0*y,0)", [-7.0, -7.0, -7.0]),
    ];
    for (text, expected) in rows {
        assert_eq!(over_many(text, target), expected, "{} {text}", target.name());
    }
}

fn kept_row_numbers_beyond_float32(target: Target) {
    let reduction = Reduction::parse(
        "Sum_Reduction(Mask(i-16777210+j,i == 16777215+Integer(y)),0)",
        &["x = Vi(0,1)", "y = Vj(1,1)"],
    );
    let kernel = Kernel::compile(
        &[reduction.unwrap()],
        &CompileOptions { dtype: Dtype::F32, target, ..CompileOptions::default() },
    )
    .unwrap();
    let ones = ArrayRef { strides: vec![0, 0].into(), shape: vec![MANY, 1].into(), ..ArrayRef::f32(&[1.0], &[1, 1]) };
    let mut out = vec![9.0f32; MANY];
    let inputs = [ones, ArrayRef::f32(&[2.0, 0.0], &[2, 1])];
    kernel.run(&inputs, &mut [ArrayMut::f32(&mut out, &[MANY, 1])], &RunOptions::default()).unwrap();
    let found: Vec<(usize, f32)> = out.iter().copied().enumerate().filter(|(_, value)| *value != 0.0).collect();
    assert_eq!(found, [(16_777_215, 6.0), (16_777_217, 7.0)], "{}", target.name());
}

/// Even where a factor that the plan takes out of the sum is not finite.
fn nothing_left_is_as_nothing_there(target: Target) {
    let aliases = ["x = Vi(0,1)", "y = Vj(1,1)", "b = Vj(2,2)"];
    let run = |text: &str, rows: usize, dim: usize| {
        let kernel = Kernel::compile(
            &[Reduction::parse(text, &aliases).unwrap()],
            &CompileOptions { dtype: Dtype::F32, target, ..CompileOptions::default() },
        );
        let x: Vec<f32> = (0..rows).map(|k| k.saturating_sub(2) as f32).collect();
        let (y, b) = ([3.0f32, 2.0, 1.0], [1.0f32, -1.0, 2.0, -2.0, 4.0, -4.0]);
        let mut out = vec![7.0f32; rows * dim];
        let inputs = [ArrayRef::f32(&x, &[rows, 1]), ArrayRef::f32(&y, &[3, 1]), ArrayRef::f32(&b, &[3, 2])];
        kernel.unwrap().run(&inputs, &mut [ArrayMut::f32(&mut out, &[rows, dim])], &RunOptions::default()).unwrap();
        out
    };
    let infinite = f32::NEG_INFINITY;
    for rows in [4, 40] {
        let sums = run("Sum_Reduction(Mask(Log(x)*y,j < i),0)", rows, 1);
        assert_eq!(sums[..3], [0.0, infinite, infinite], "{} {rows}", target.name());
        let sums = run("Sum_Reduction(Mask(Log(x)*b,j < i),0)", rows, 2);
        assert_eq!(sums[..4], [0.0, 0.0, infinite, f32::INFINITY], "{} {rows}", target.name());
        assert_eq!(run("LogSumExp_Reduction(Mask(y,j < i),0)", rows, 1)[..2], [infinite, 3.0], "{}", target.name());
        // A huge exponent that takes no part leaves no trace.
        let weighted = run("SumSoftMaxWeight_Reduction(Mask(y*IfElse(j-2,1e30,1),j <= 1),0,b)", rows, 2);
        let mean = (3f32.exp() + 2.0 * 2f32.exp()) / (3f32.exp() + 2f32.exp());
        assert!((weighted[0] - mean).abs() < 1e-5, "{} {weighted:?}", target.name());
    }
}

/// NaN is out, anything else but 0 is in.
fn conditions_that_are_no_comparisons(target: Target) {
    let reduction = Reduction::parse("Sum_Reduction(Mask(1+0*y,y),0)", &["y = Vj(0,1)"]).unwrap();
    let kernel =
        Kernel::compile(&[reduction], &CompileOptions { dtype: Dtype::F32, target, ..CompileOptions::default() })
            .unwrap();
    let y = [0.0, -0.0, f32::NAN, 1.0, -1e-40, f32::MIN_POSITIVE, 3.0, -7.0];
    let mut out = [0.0f32];
    kernel.run(&[ArrayRef::f32(&y, &[8, 1])], &mut [ArrayMut::f32(&mut out, &[1, 1])], &RunOptions::default()).unwrap();
    assert_eq!(out, [5.0], "{}", target.name());
}

/// Rows keep their numbers where blocks of them meet.
fn row_numbers_in_blocks(target: Target) {
    let aliases = ["x = Vi(0,1)", "y = Vj(1,1)"];
    let (m, n) = (90, 400);
    let (kept, slices, reduced) = ([[10, 40], [50, 90]], [1, 3], [[5, 25], [300, 380], [0, 7]]);
    let half = Half { kept: &kept, slices: &slices, reduced: &reduced };
    let ranges = Ranges::new(half, Half { kept: &[], slices: &[], reduced: &[] }).unwrap();
    for dtype in FORMATS {
        let run = |text: &str, ranges: Option<&Ranges>| {
            let reduction = Reduction::parse(text, &aliases).unwrap();
            let kernel =
                Kernel::compile(&[reduction], &CompileOptions { dtype, target, ..CompileOptions::default() }).unwrap();
            let options = RunOptions { ranges, ..RunOptions::default() };
            if dtype == Dtype::F64 {
                let (x, mut out) = (vec![1.0; m.max(n)], vec![0.0; m]);
                let inputs = [ArrayRef::f64(&x[..m], &[m, 1]), ArrayRef::f64(&x[..n], &[n, 1])];
                kernel.run(&inputs, &mut [ArrayMut::f64(&mut out, &[m, 1])], &options).unwrap();
                return out;
            }
            let (x, mut out) = (vec![1.0f32; m.max(n)], vec![0.0f32; m]);
            let inputs = [ArrayRef::f32(&x[..m], &[m, 1]), ArrayRef::f32(&x[..n], &[n, 1])];
            kernel.run(&inputs, &mut [ArrayMut::f32(&mut out, &[m, 1])], &options).unwrap();
            out.into_iter().map(f64::from).collect()
        };
        let found = run("Sum_Reduction(Mask(x*y*(100*i+j),j<4*i),0)", Some(&ranges));
        let first = "(10 <= i)*(i < 40)*(5 <= j)*(j < 25)";
        let second = "(50 <= i)*((300 <= j)*(j < 380)+(j < 7))";
        let expected = run(&format!("Sum_Reduction(Mask(x*y*(100*i+j),(j<4*i)*({first}+{second})),0)"), None);
        assert_eq!(found, expected, "{} {dtype}", target.name());
    }
}

#[test]
fn calls_and_texts_agree() {
    let aliases = ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,2)"];
    let parse = |text: &str| Reduction::parse(text, &aliases).unwrap();
    let formula = |text: &str| Formula::parse(text, &aliases).unwrap();
    let (i, j) = (Formula::index(Category::I).unwrap(), Formula::index(Category::J).unwrap());
    let causal = Formula::apply("LessOrEqual", &[&j, &i], &[]).unwrap();
    let text =
        "Sum_Reduction(Mask(Exp(-Sum(Square(Var(0,3,0)-Var(1,3,1))))*Var(2,2,1),LessOrEqual(Index(1),Index(0))),0)";
    let masked = Reduction::new("Sum", &formula("Exp(-SqDist(x,y))*b"), Axis::J).unwrap().masked(&causal).unwrap();
    assert_eq!(masked.text().unwrap(), text);
    assert_eq!(parse("Sum_Reduction(Mask(Exp(-SqDist(x,y))*b, j<=i),0)").text().unwrap(), text);
    assert_eq!(Reduction::parse(text, &[]).unwrap().text().unwrap(), text);
    let mask = Formula::apply("Mask", &[&formula("Exp(-SqDist(x,y))*b"), &causal], &[]).unwrap();
    assert_eq!(Reduction::new("Sum", &mask, Axis::J).unwrap().text().unwrap(), text);
    let weighted = "LogSumExpWeight_Reduction(Mask(Sum(Var(0,3,0)*Var(1,3,1)),LessThan(Index(0),3)),0,Var(2,2,1))";
    assert_eq!(parse("LogSumExp_Reduction(Mask(x|y,i<3),0,b)").text().unwrap(), weighted);
    assert_eq!(Reduction::parse(weighted, &[]).unwrap().text().unwrap(), weighted);
    // The gradient has the condition of what it is the gradient of.
    let gradient = parse("Grad(Sum_Reduction(Mask(x*y,j<=i),0),y,x)");
    assert_eq!(gradient.text().unwrap(), "Sum_Reduction(Mask(Square(Var(0,3,0)),LessOrEqual(Index(1),Index(0))),1)");
    // A variable may be called i.
    let own = Reduction::parse("Sum_Reduction(Mask(i,j<i),0)", &["i = Vj(0,1)"]).unwrap();
    assert_eq!(own.text().unwrap(), "Sum_Reduction(Mask(Var(0,1,1),LessThan(Index(1),Var(0,1,1))),0)");
    // Two conditions are both.
    let twice = parse("Sum_Reduction(Mask(x,j<i),0)").masked(&formula("b|b")).unwrap();
    let both = "LessThan(Zero(1),Abs(LessThan(Index(1),Index(0))))*LessThan(Zero(1),Abs(Sum(Square(Var(2,2,1)))))";
    assert_eq!(twice.condition().unwrap().text().unwrap(), both);
}

#[test]
fn values_without_a_kernel() {
    let formula = Formula::parse("Elem(x,1)*(i-2*j)+Integer(x)", &["x = Vi(0,2)"]).unwrap();
    let x = [3.0, 2.0];
    assert_eq!(formula.evaluate_at(&[(0, &x[..])].into(), [9, 2]).unwrap(), [13.0, 12.0]);
    let error = formula.evaluate(&[(0, &x[..])].into()).unwrap_err();
    assert_eq!(error.message(), "the formula depends on row numbers; expected those of the pair");
}

#[test]
fn what_does_not_fit() {
    let aliases = ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)"];
    let expect = |text: &str, kind: ErrorKind, message: &str| {
        let error = Reduction::parse(text, &aliases).and_then(|r| Kernel::compile(&[r], &CompileOptions::default()));
        let error = error.map(|_| ()).expect_err(text);
        assert_eq!((error.kind(), error.message().lines().next().unwrap()), (kind, message), "{text}");
    };
    let inside = "`Mask` is inside a formula; expected it around all that is reduced";
    for (text, column) in [
        ("Sum_Reduction(2*Mask(x,j<i),0)", 16),
        ("Sum_Reduction(Mask(Mask(x,j<i),i<3),0)", 15),
        ("Sum_Reduction(Mask(x,Mask(b,j<i)),0)", 15),
        ("LogSumExp_Reduction(x|y,0,Mask(b,j<i))", 1),
        ("Sum_Reduction(Grad(Mask(x,j<i),x,y),0)", 15),
        ("Sum_Reduction(Mask(x,Grad(Mask(b,j<i),b,1)),0)", 22),
    ] {
        expect(text, ErrorKind::Argument, &format!("{inside} (column {column})"));
    }
    let complex = "`Mask` has no meaning for complex numbers, and operand 2 is complex; ComplexReal, ComplexImag, \
                   ComplexAbs, ComplexAngle and AsReal make real operands of it (column 15)";
    expect("Sum_Reduction(Mask(x,Real2Complex(b)),0)", ErrorKind::Argument, complex);
    let wide = "`Mask`: the condition has dimension 3; expected a scalar (dimension 1) (column 15)";
    expect("Sum_Reduction(Mask(x,x<y),0)", ErrorKind::Dimension, wide);
    let which = "`Index`: parameter `c` is 2; expected 0 (i) or 1 (j) (column 15)";
    expect("Sum_Reduction(Index(2)*x,0)", ErrorKind::Dimension, which);
    let operand = "`Integer`: the operand is a formula; expected a variable (column 15)";
    expect("Sum_Reduction(Integer(2*x),0)", ErrorKind::Argument, operand);
    let arity = "`Index` got 0 operands and 0 integer parameters; expected `Index(c)` (column 15)";
    expect("Sum_Reduction(Index(),0)", ErrorKind::Arity, arity);
    let along = "the cotangent `Index(1)*Var(0,3,0)` depends on the row number j, over which the reduction runs; \
                 expected i-variables and parameters only (column 6)";
    expect("Grad(Sum_Reduction(x,0),x,j*x)", ErrorKind::Argument, along);
    let formula = Formula::parse("Mask(x,j<i)", &aliases).unwrap();
    assert_eq!(formula.evaluate_at(&[(0, &[0.0; 3][..])].into(), [0, 0]).unwrap_err().message(), inside);
    let x = Formula::variable(0, 3, Category::I).unwrap();
    assert_eq!(formula.gradient(&x, &x).unwrap_err().message(), inside);
    let sum = Reduction::new("Sum", &x, Axis::J).unwrap();
    let clash = sum.masked(&Formula::variable(0, 1, Category::I).unwrap()).unwrap_err();
    assert_eq!(clash.kind(), ErrorKind::Argument);
    assert_eq!(Formula::index(Category::Parameter).unwrap_err().kind(), ErrorKind::Dimension);
}

#[test]
fn numbers_that_are_no_integers() {
    let aliases = ["x = Vi(0,1)", "y = Vj(1,1)"];
    let refused = |value: f64, dtype: Dtype| {
        let reduction = Reduction::parse("Sum_Reduction(Mask(y,j < Integer(x)),0)", &aliases).unwrap();
        let kernel = Kernel::compile(&[reduction], &CompileOptions { dtype, ..CompileOptions::default() }).unwrap();
        let result = if dtype == Dtype::F32 {
            let (mut out, x) = ([0.0f32; 2], [1.0, value as f32]);
            let inputs = [ArrayRef::f32(&x, &[2, 1]), ArrayRef::f32(&[1.0], &[1, 1])];
            kernel.run(&inputs, &mut [ArrayMut::f32(&mut out, &[2, 1])], &RunOptions::default())
        } else {
            let (mut out, x) = ([0.0f64; 2], [1.0, value]);
            let inputs = [ArrayRef::f64(&x, &[2, 1]), ArrayRef::f64(&[1.0], &[1, 1])];
            kernel.run(&inputs, &mut [ArrayMut::f64(&mut out, &[2, 1])], &RunOptions::default())
        };
        result.err().map(|error| error.message().to_owned())
    };
    let message = |value: &str, limit: &str| {
        Some(format!(
            "input 0 (i-variable of dimension 1) holds {value}, and the formula takes its integers; \
             expected integers below {limit} in size"
        ))
    };
    assert_eq!(refused(1.5, Dtype::F32), message("1.5", "2^30"));
    assert_eq!(refused(f64::NAN, Dtype::F32), message("NaN", "2^30"));
    assert_eq!(refused(-1073741824.0, Dtype::F32), message("-1073741824.0", "2^30"));
    assert_eq!(refused(1073741760.0, Dtype::F32), None);
    assert_eq!(refused(2147483648.0, Dtype::F64), None);
    assert_eq!(refused(-0.25, Dtype::F64), message("-0.25", "2^53"));
    assert_eq!(refused(f64::INFINITY, Dtype::F64), message("inf", "2^53"));
}

#[test]
fn more_rows_than_integers() {
    let reduction = Reduction::parse("Sum_Reduction(Mask(y,j < 3),0)", &["y = Vj(0,1)"]).unwrap();
    let kernel = Kernel::compile(&[reduction], &CompileOptions::default()).unwrap();
    let rows = (1 << 29) + 1;
    let ones = ArrayRef { strides: vec![0, 0].into(), shape: vec![rows, 1].into(), ..ArrayRef::f32(&[1.0], &[1, 1]) };
    let mut out = [0.0f32];
    let error = kernel.run(&[ones], &mut [ArrayMut::f32(&mut out, &[1, 1])], &RunOptions::default()).unwrap_err();
    assert_eq!(error.message(), "the numbers of 536870913 rows need float64 arrays; float32 carries up to 536870912");
}
