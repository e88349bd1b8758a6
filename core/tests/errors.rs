//! One case per error message: what is wrong, where, and what would be right.

use std::process::Command;

use rkeops_core::{
    Axis, Category, CompileOptions, Dtype, Error, ErrorKind, Formula, Kernel, Reduction, Summation, Target,
};

const ALIASES: [&str; 4] = ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,2)", "p = Pm(3,1)"];

/// The message with a caret of this width under this column.
fn pointed(message: &str, text: &str, column: usize, width: usize) -> String {
    format!("{message} (column {column})\n  {text}\n  {}{}", " ".repeat(column - 1), "^".repeat(width))
}

fn expect<T>(result: Result<T, Error>, kind: ErrorKind, message: &str) {
    let error = result.err().unwrap_or_else(|| panic!("no error; expected: {message}"));
    assert_eq!(error.message(), message);
    assert_eq!(error.kind(), kind, "{message}");
    assert_eq!(error.to_string(), message);
}

fn parse(text: &str) -> Result<Formula, Error> {
    Formula::parse(text, &ALIASES)
}

/// Text, column, width of the mark, message.
type Row = (&'static str, usize, usize, &'static str);

fn check(rows: &[Row], kind: ErrorKind) {
    for &(text, column, width, message) in rows {
        expect(parse(text), kind, &pointed(message, text, column, width));
    }
}

#[test]
fn characters_and_numbers() {
    let rows = [
        ("x$y", 2, 1, "the character '$' has no meaning in a formula"),
        ("x^2", 2, 1, "the character '^' has no meaning in a formula"),
        ("x + é", 5, 1, "the character 'é' has no meaning in a formula"),
        ("x + é*y", 5, 1, "the character 'é' has no meaning in a formula"),
        ("x.y", 2, 1, "the character '.' has no meaning in a formula"),
        ("\"x\"", 1, 1, "the character '\"' has no meaning in a formula"),
        ("1.5.2", 1, 4, "this is no number"),
        ("x*12abc", 3, 3, "this is no number"),
        ("1e", 1, 2, "this is no number"),
        ("x*1e400", 3, 5, "this number is too large"),
    ];
    check(&rows, ErrorKind::Syntax);
    let long = "x".repeat((1 << 20) + 1);
    expect(parse(&long), ErrorKind::Size, "the formula has 1048577 characters; expected at most 1048576");
}

#[test]
fn structure_of_formulas() {
    let rows = [
        ("", 1, 1, "expected a formula, found the end of the text"),
        ("   ", 4, 1, "expected a formula, found the end of the text"),
        ("x+", 3, 1, "expected a formula, found the end of the text"),
        ("x**", 4, 1, "expected a formula, found the end of the text"),
        ("-", 2, 1, "expected a formula, found the end of the text"),
        ("x+*y", 3, 1, "expected a formula, found `*`"),
        ("Exp(x,)", 7, 1, "expected a formula, found `)`"),
        ("[x]", 1, 1, "expected a formula, found `[`"),
        ("(x+y", 5, 1, "expected `)`, found the end of the text"),
        ("x y", 3, 1, "expected the end of the formula, found `y`"),
        ("x)", 2, 1, "expected the end of the formula, found `)`"),
        ("Exp(x)(y)", 7, 1, "expected the end of the formula, found `(`"),
        ("x=y", 2, 1, "expected the end of the formula, found `=`"),
        ("x 2.5", 3, 3, "expected the end of the formula, found `2.5`"),
        ("x[0]", 2, 1, "`[` has no meaning here"),
        ("x<y<x", 4, 1, "comparisons cannot be chained; multiply two of them, or use parentheses"),
        ("x>=y+x==y", 7, 2, "comparisons cannot be chained; multiply two of them, or use parentheses"),
        ("x<", 3, 1, "expected a formula, found the end of the text"),
        ("x=<y", 2, 1, "expected the end of the formula, found `=`"),
        ("Pow(x,y)", 7, 1, "expected an integer, found `y`"),
        ("Extract(x,0,1.5)", 13, 3, "expected an integer, found `1.5`"),
        ("Zero(x)", 6, 1, "expected an integer, found `x`"),
    ];
    check(&rows, ErrorKind::Syntax);
    // Only the line with the place is shown.
    let message = "there is no variable `z`; known: `b`, `p`, `x`, `y` (column 3)\n    z*2\n    ^";
    expect(parse("x\n+\n  z*2\n+y"), ErrorKind::UnknownName, message);
}

#[test]
fn depth_and_length() {
    for text in ["(".repeat(3000), "-".repeat(3000), "Exp(".repeat(3000), "x**".repeat(3000)] {
        let error = parse(&(text + "]")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Syntax);
        assert!(error.message().starts_with("expected a formula, found `]` (column "), "{error}");
        assert!(error.message().len() < 400, "the message shows a part of the text");
        let lines: Vec<&str> = error.message().lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[2].trim_start().starts_with('^') && lines[2].len() <= lines[1].len(), "{error}");
    }
    let error = Reduction::parse(&"Grad(".repeat(300), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Size);
    assert!(error.message().starts_with("the reduction is inside more than 200 derivatives (column "), "{error}");
    // A long line is cut around the place.
    let error = parse(&format!("{}$", "x+".repeat(500))).unwrap_err();
    let lines: Vec<&str> = error.message().lines().collect();
    assert_eq!(lines[0], "the character '$' has no meaning in a formula (column 1001)");
    assert_eq!(lines[1].chars().nth(lines[2].len() - 1), Some('$'));
}

#[test]
fn names() {
    let rows = [
        ("z", 1, 1, "there is no variable `z`; known: `b`, `p`, `x`, `y`"),
        ("Exp", 1, 3, "there is no variable `Exp`; known: `b`, `p`, `x`, `y`"),
        ("Exp(-SqDist(x,y)*z)", 18, 1, "there is no variable `z`; known: `b`, `p`, `x`, `y`"),
        ("exp(x)", 1, 3, "there is no operation `exp`; did you mean Exp or Exp2 or Expm1?"),
        ("x+SqDst(x,y)", 3, 5, "there is no operation `SqDst`; did you mean Sqrt or SqDist?"),
        ("Sum_Reduction(x,0)", 1, 13, "there is no operation `Sum_Reduction`"),
    ];
    check(&rows, ErrorKind::UnknownName);
    let text = "there is no variable `x`; known: no alias is declared";
    expect(Formula::parse("x", &[]), ErrorKind::UnknownName, &pointed(text, "x", 1, 1));
}

#[test]
fn arities() {
    let rows = [
        ("Exp()", 1, 3, "`Exp` got 0 operands and 0 integer parameters; expected `Exp(f)`"),
        ("x+Exp(x,y)", 3, 3, "`Exp` got 2 operands and 0 integer parameters; expected `Exp(f)`"),
        ("Concat(x)", 1, 6, "`Concat` got 1 operand and 0 integer parameters; expected `Concat(f, g)`"),
        ("Pow(x)", 1, 3, "`Pow` got 1 operand and 0 integer parameters; expected `Pow(f, m)`"),
        ("Extract(x,0)", 1, 7, "`Extract` got 1 operand and 1 integer parameter; expected `Extract(f, start, d)`"),
        (
            "Grad(x,y)",
            1,
            4,
            "`Grad` got no cotangent, and the formula has dimension 3; only a real scalar has one that goes without saying, 1",
        ),
        ("Zero(2,3)", 1, 4, "got 2 integers; expected `Zero(dimension)`"),
        ("IntCst()", 1, 6, "got 0 integers; expected `IntCst(n)`"),
        ("RatCst(1,2,3)", 1, 6, "got 3 integers; expected `RatCst(p,q)`"),
        ("IntInv()", 1, 6, "got 0 integers; expected `IntInv(n)`"),
        ("Var(0,3)", 1, 3, "got 2 integers; expected `Var(position,dimension,category)`"),
        ("Pm(1,2,3)", 1, 2, "got 3 integers; expected `Pm(position,dimension)`"),
    ];
    check(&rows, ErrorKind::Arity);
}

#[test]
fn dimensions() {
    let unequal = |name: &str| format!("`{name}`: operands have dimensions 3 and 2; expected equal dimensions, or 1");
    for (text, name, column, width) in [
        ("x+b", "Add", 2, 1),
        ("x-b", "Subtract", 2, 1),
        ("x*b", "Mult", 2, 1),
        ("x/b", "Divide", 2, 1),
        ("x|b", "Scalprod", 2, 1),
        ("Powf(x,b)", "Powf", 1, 4),
        ("SqDist(x,b)", "SqDist", 1, 6),
    ] {
        expect(parse(text), ErrorKind::Dimension, &pointed(&unequal(name), text, column, width));
    }
    let rows = [
        ("Extract(x,2,2)", 1, 7, "`Extract`: got 2 components from position 2 on; the operand has dimension 3"),
        ("Extract(x,-1,2)", 1, 7, "`Extract`: parameter `start` is -1; expected 0 to 1048576"),
        ("Extract(x,0,0)", 1, 7, "`Extract`: parameter `d` is 0; expected 1 to 1048576"),
        ("Elem(x,3)", 1, 4, "`Elem`: got position 3; expected 0 to 2 for an operand of dimension 3"),
        ("Elem(x,-1)", 1, 4, "`Elem`: parameter `m` is -1; expected 0 to 1048576"),
        ("ElemT(p,3,3)", 1, 5, "`ElemT`: got position 3; expected 0 to 2 for a vector of dimension 3"),
        ("ElemT(x,3,1)", 1, 5, "`ElemT`: the operand has dimension 3; expected a scalar (dimension 1)"),
        ("ElemT(p,0,0)", 1, 5, "`ElemT`: parameter `n` is 0; expected 1 to 1048576"),
        ("SumT(x,3)", 1, 4, "`SumT`: the operand has dimension 3; expected a scalar (dimension 1)"),
        ("SumT(p,9999999)", 1, 4, "`SumT`: parameter `n` is 9999999; expected 1 to 1048576"),
        ("ExtractT(x,2,4)", 1, 8, "`ExtractT`: 3 components from position 2 do not fit in dimension 4"),
        ("Zero(0)", 1, 4, "the dimension is 0; expected 1 to 1048576"),
        ("Vi(9,0)", 1, 2, "variable 9 has dimension 0; expected 1 to 1048576"),
        ("Var(9,2000000,0)", 1, 3, "variable 9 has dimension 2000000; expected 1 to 1048576"),
        (
            "Concat(Zero(1000000),Zero(1000000))",
            1,
            6,
            "`Concat`: the result has dimension 2000000; expected at most 1048576",
        ),
        ("Grad(x,x,b)", 1, 4, "`Grad`: the cotangent has dimension 2; expected that of the formula, 3"),
        ("Polygamma(x,-1)", 1, 9, "`Polygamma`: parameter `n` is -1; expected 0 to 1048576"),
        ("BSpline(x,b,1)", 1, 7, "`BSpline`: the second operand has dimension 2; expected a scalar (dimension 1)"),
        ("BSpline(x,p,2)", 1, 7, "`BSpline`: got 3 knots; degree 2 needs 4 or more"),
        ("BSpline(x,p,-1)", 1, 7, "`BSpline`: parameter `k` is -1; expected 0 to 1048576"),
        ("BSpline(x,p,33)", 1, 7, "`BSpline`: parameter `k` is 33; expected 0 to 32"),
        ("SoftDTW_SqDist(x,y,b)", 1, 14, "`SoftDTW_SqDist`: the width of the minimum has dimension 2; expected 1"),
        (
            "SoftDTW_SqDist(Zero(100),Zero(50),p)",
            1,
            14,
            "`SoftDTW_SqDist`: the sequences have 100 and 50 points; expected a product of at most 4096",
        ),
    ];
    check(&rows, ErrorKind::Dimension);
}

#[test]
fn values_of_arguments() {
    let rows = [
        ("RatCst(1,0)", 1, 6, "the denominator is 0"),
        ("IntInv(0)", 1, 6, "the denominator is 0"),
        ("Var(0,3,3)", 1, 3, "category 3; expected 0 (i-variable), 1 (j-variable) or 2 (parameter)"),
        ("Var(70000,1,0)", 1, 3, "a variable has position 70000; expected 0 to 65536"),
        ("Grad(x,x+y,x)", 1, 4, "`Grad`: the second operand is a formula; expected a variable"),
        ("BesselK(p,x)", 1, 7, "`BesselK`: the first operand is a formula; expected a number"),
        ("BesselK(1/0,x)", 1, 7, "`BesselK`: the first operand is a formula; expected a number"),
        ("BesselK(-101,x)", 1, 7, "`BesselK`: the order is -101; expected a number from -100 to 100"),
        ("Matern(Sum(x),x)", 1, 6, "`Matern`: the first operand is a formula; expected a number"),
        ("Matern(0,x)", 1, 6, "`Matern`: the smoothness is 0; expected a number above 0 and up to 100"),
        ("x+Var(0,3,1)", 3, 3, "variable 0 is declared as `Var(0,3,0)` and as `Var(0,3,1)`; one position is one array"),
    ];
    check(&rows, ErrorKind::Argument);
}

#[test]
fn aliases() {
    let form = "expected `name = Vi(dim)`, `name = Vi(position,dim)` or `name = Var(position,dim,category)`";
    for (alias, column, width) in [
        ("", 1, 1),
        ("x", 2, 1),
        ("x =", 4, 1),
        ("x = Vi", 7, 1),
        ("x = Vi(", 8, 1),
        ("x = Vi(3", 9, 1),
        ("x = Vi()", 8, 1),
        ("x = Vi(a)", 8, 1),
        ("x = Vi(2.5)", 8, 3),
        ("x = Vi(-3)", 8, 1),
        ("x = Vi(1,2,3)", 5, 2),
        ("x = Var(1,2)", 5, 3),
        ("x = Vx(3)", 5, 2),
        ("x == Vi(3)", 3, 2),
        ("3 = Vi(3)", 1, 1),
        ("x = Vi(3) y", 11, 1),
    ] {
        let message = format!("alias 1: {}", pointed(form, alias, column, width));
        expect(Formula::parse("y", &["y = Vi(3)", alias]), ErrorKind::Syntax, &message);
    }
    let category = "category 5; expected 0 (i-variable), 1 (j-variable) or 2 (parameter)";
    let message = format!("alias 0: {}", pointed(category, "x = Var(0,2,5)", 13, 1));
    expect(Formula::parse("x", &["x = Var(0,2,5)"]), ErrorKind::Argument, &message);
    let message = format!("alias 0: {}", pointed("the character ';' has no meaning in a formula", "x = Vi(3);", 10, 1));
    expect(Formula::parse("x", &["x = Vi(3);"]), ErrorKind::Syntax, &message);
    let twice = "alias 1: the name `x` is declared twice";
    expect(Formula::parse("x", &["x = Vi(3)", "x = Vj(3)"]), ErrorKind::Argument, twice);
    // An argument that the formula does not use is checked too.
    let clash = "variable 0 is declared as `Var(0,1,0)` and as `Var(0,1,1)`; one position is one array";
    let result = Reduction::parse("Sum_Reduction(x,0)", &["x=Vi(0,1)", "y=Vj(0,1)"])
        .and_then(|r| Kernel::compile(&[r], &CompileOptions::default()));
    expect(result, ErrorKind::Argument, clash);
}

#[test]
fn reductions_as_text() {
    let form = "expected a reduction such as `Sum_Reduction(formula,0)`";
    let index = "a reduction ends with the index that remains: 0 for i, 1 for j, as in `Sum_Reduction(formula,0)`";
    let along = "the cotangent `Var(1,3,1)` depends on j-variable 1, over which the reduction runs; expected i-variables \
                 and parameters only";
    let rows = [
        ("", ErrorKind::Syntax, 1, 1, form),
        ("Exp(x)", ErrorKind::Syntax, 1, 3, form),
        ("Grad(Grad(x,x,x),x,x)", ErrorKind::Syntax, 6, 4, form),
        ("Sum_Reduction", ErrorKind::Syntax, 14, 1, "expected `(`, found the end of the text"),
        ("Sum_Reduction()", ErrorKind::Syntax, 15, 1, "expected a formula, found `)`"),
        ("Sum_Reduction(x)", ErrorKind::Arity, 17, 1, index),
        ("Sum_Reduction(x,y)", ErrorKind::Syntax, 17, 1, "expected an integer, found `y`"),
        ("Sum_Reduction(x,2)", ErrorKind::Argument, 17, 1, "the index that remains is 2; expected 0 (i) or 1 (j)"),
        ("Sum_Reduction(x,0", ErrorKind::Syntax, 18, 1, "expected `)`, found the end of the text"),
        ("Sum_Reduction(x,0) y", ErrorKind::Syntax, 20, 1, "expected the end of the formula, found `y`"),
        (
            "Grad(Sum_Reduction(x,0),x)",
            ErrorKind::Arity,
            6,
            13,
            "`Grad` got no cotangent, and the result has dimension 3; only a real scalar has one that goes without saying, 1",
        ),
        ("Diff(Sum_Reduction(x,0),x)", ErrorKind::Syntax, 26, 1, "expected `,`, found `)`"),
        (
            "Diff(Sum_Reduction(x,0),(x,y),x)",
            ErrorKind::Arity,
            1,
            4,
            "`Diff` got 2 variables and 1 direction; expected `Diff(f, (v, w), (a, b))`, a direction for each variable",
        ),
        ("Diff(Sum_Reduction(x,0),(x,y)*2,x)", ErrorKind::Syntax, 30, 1, "expected `,`, found `*`"),
        ("Diff(Sum_Reduction(x,0),(x,y", ErrorKind::Syntax, 29, 1, "expected `)`, found the end of the text"),
        (
            "Grad(Sum_Reduction(x,0),x,x,x)",
            ErrorKind::Arity,
            6,
            13,
            "the derivative of the reduction `Sum` needs 0 saved results; got 1",
        ),
        ("Grad(Sum_Reduction(x,0),x,y)", ErrorKind::Argument, 6, 13, along),
    ];
    for (text, kind, column, width, message) in rows {
        expect(Reduction::parse(text, &ALIASES), kind, &pointed(message, text, column, width));
    }
}

#[test]
fn parameters_and_weights_of_reductions() {
    let nothing = "`KMin` got 0 integer parameters; expected 1: K";
    let rows = [
        ("KMin_Reduction(x,0,0)", ErrorKind::Argument, "`KMin`: parameter `K` is 0; expected 1 to 65536"),
        ("ArgKMin_Reduction(x,-3,0)", ErrorKind::Argument, "`ArgKMin`: parameter `K` is -3; expected 1 to 65536"),
        ("KMax_Reduction(x,65537,0)", ErrorKind::Argument, "`KMax`: parameter `K` is 65537; expected 1 to 65536"),
        ("KMin_Reduction(x,0)", ErrorKind::Arity, nothing),
        ("KMin_Reduction(x,2,3,0)", ErrorKind::Arity, "`KMin` got 2 integer parameters; expected 1: K"),
        ("Sum_Reduction(x,2,0)", ErrorKind::Arity, "`Sum` got 1 integer parameter; expected none"),
        ("SoftMax_Reduction(p,0)", ErrorKind::Arity, "`SumSoftMaxWeight` needs weights after the index that remains"),
        (
            "Max_SumShiftExpWeight_Reduction(x,0,y)",
            ErrorKind::Dimension,
            "`Max_SumShiftExpWeight`: the formula has dimension 3; expected a scalar (dimension 1)",
        ),
        (
            "Max_SumShiftExp_Reduction(x,0)",
            ErrorKind::Dimension,
            "`Max_SumShiftExp`: the formula has dimension 3; expected a scalar (dimension 1)",
        ),
    ];
    for (text, kind, message) in rows {
        let width = text.find('(').unwrap();
        expect(Reduction::parse(text, &ALIASES), kind, &pointed(message, text, 1, width));
    }
    let text = "KMin_Reduction(x,2,0,y)";
    let error = Reduction::parse(text, &ALIASES).unwrap_err();
    assert!(error.message().starts_with("`KMin` takes no weights; known with weights: LogSumExp, "), "{error}");
    assert_eq!(error.kind(), ErrorKind::Arity);
}

#[test]
fn ways_of_adding() {
    let compile = |names: &[&str], options: CompileOptions| {
        let x = Formula::variable(0, 1, Category::J).unwrap();
        let reductions: Vec<Reduction> = names.iter().map(|name| Reduction::new(name, &x, Axis::J).unwrap()).collect();
        Kernel::compile(&reductions, &options)
    };
    let plain = CompileOptions::default();
    let message = "the summation `kahan_scheme` has no meaning for Min, ArgMin: nothing is added; expected auto";
    let compensated = CompileOptions { summation: Summation::Compensated, ..plain };
    expect(compile(&["Min", "ArgMin"], compensated), ErrorKind::Argument, message);
    assert!(compile(&["Min", "Sum"], compensated).is_ok());
    let message = "the summation `block_sum` has no meaning for Prod: nothing is added; expected auto";
    let block = CompileOptions { summation: Summation::Block, ..plain };
    expect(compile(&["Prod"], block), ErrorKind::Argument, message);
    assert!(compile(&["Prod"], CompileOptions { summation: Summation::Direct, ..plain }).is_ok());
    let narrow = CompileOptions { dtype: Dtype::F64, accumulator: Some(Dtype::F32), ..plain };
    expect(compile(&["Sum"], narrow), ErrorKind::Dtype, "sums of float64 numbers cannot be added in float32");
    let integer = CompileOptions { accumulator: Some(Dtype::I64), ..plain };
    expect(compile(&["Sum"], integer), ErrorKind::Dtype, "sums of float32 numbers cannot be added in int64");
    for name in ["Min", "Count", "Sum"] {
        assert!(compile(&[name], CompileOptions { accumulator: Some(Dtype::F64), ..plain }).is_ok(), "KeOps takes it");
    }
}

#[test]
fn calls() {
    let known = "there is no reduction `Foo`; known: Sum, Mean, Zero, Prod, LogSumExp, LogSumExpWeight, \
                 SumSoftMaxWeight, Max_SumShiftExp, Max_SumShiftExpWeight, Min, Max, ArgMin, ArgMax, Min_ArgMin, \
                 Max_ArgMax, KMin, ArgKMin, KMin_ArgKMin, KMax, ArgKMax, KMax_ArgKMax, Any, All, Count";
    expect(Reduction::new("Foo", &Formula::constant(1.0), Axis::I), ErrorKind::UnknownName, known);
    let x = Formula::variable(0, 3, Category::I).unwrap();
    let wide = "`LogSumExp`: the formula has dimension 3; expected a scalar (dimension 1)";
    expect(Reduction::new("LogSumExp", &x, Axis::I), ErrorKind::Dimension, wide);
    for name in ["ArgMin", "ArgMax", "Any", "All", "Count"] {
        let message = format!("the gradient of the reduction `{name}` is not available: its results are integers");
        let reduction = Reduction::new(name, &x, Axis::J).unwrap();
        expect(reduction.gradient(&x, &x, &[]), ErrorKind::Unsupported, &message);
    }
    let one = Formula::constant(1.0);
    let no_variable = "the gradient is taken with respect to `1`; expected a variable";
    expect(x.gradient(&one, &one), ErrorKind::Argument, no_variable);
    let sum = Reduction::new("Sum", &x, Axis::J).unwrap();
    expect(sum.gradient(&one, &one, &[]), ErrorKind::Argument, no_variable);
    let two = Formula::variable(1, 2, Category::I).unwrap();
    let cotangent = "`Grad`: the cotangent has dimension 2; expected that of the formula, 3";
    expect(x.gradient(&x, &two), ErrorKind::Dimension, cotangent);
    let along = Formula::variable(1, 3, Category::J).unwrap();
    let message = "the cotangent `Var(1,3,1)` depends on j-variable 1, over which the reduction runs; \
                   expected i-variables and parameters only";
    expect(sum.gradient(&x, &along, &[]), ErrorKind::Argument, message);
    let product = Formula::apply("Mult", &[&x, &along], &[]).unwrap();
    let columns = Reduction::new("Sum", &product, Axis::I).unwrap();
    let message = "the cotangent `Var(0,3,0)*Var(1,3,1)` depends on i-variable 0, over which the reduction \
                   runs; expected j-variables and parameters only";
    expect(columns.gradient(&x, &product, &[]), ErrorKind::Argument, message);
    assert!(columns.gradient(&x, &along, &[]).is_ok() && columns.gradient(&along, &one, &[]).is_ok());
    let other = Formula::variable(0, 3, Category::J).unwrap();
    let clash = "variable 0 is declared as `Var(0,3,0)` and as `Var(0,3,1)`; one position is one array";
    expect(Formula::apply("Add", &[&x, &other], &[]), ErrorKind::Argument, clash);
    let zero = "variable 0 has dimension 0; expected 1 to 1048576";
    expect(Formula::variable(0, 0, Category::I), ErrorKind::Dimension, zero);
    let far = "a variable has position 1048576; expected 0 to 65536";
    expect(Formula::variable(1 << 20, 1, Category::I), ErrorKind::Argument, far);
    // Sharing makes a formula whose text would not end.
    let mut shared = x;
    for _ in 0..25 {
        let apply = |name, operands: &[&Formula]| Formula::apply(name, operands, &[]).unwrap();
        shared = apply("Mult", &[&apply("Sin", &[&shared]), &apply("Cos", &[&shared])]);
    }
    expect(shared.text(), ErrorKind::Size, "the text of the formula would be longer than 1048576 characters");
    let order = "`Matern`: the first operand is a formula; expected a number";
    expect(Formula::apply("Matern", &[&along, &along], &[]), ErrorKind::Argument, order);
    let order = "`BesselK`: the order is 1000; expected a number from -100 to 100";
    expect(Formula::apply("BesselK", &[&Formula::constant(1e3), &along], &[]), ErrorKind::Argument, order);
    let count = "variable 0 needs 3 numbers";
    expect(shared.evaluate(&[(0, &[1.0, 2.0][..])].into()), ErrorKind::Count, count);
}

fn compiled(texts: &[&str]) -> Result<std::sync::Arc<Kernel>, Error> {
    let reductions: Vec<Reduction> = texts.iter().map(|t| Reduction::parse(t, &[]).unwrap()).collect();
    Kernel::compile(&reductions, &CompileOptions::default())
}

#[test]
fn compiling() {
    expect(compiled(&[]), ErrorKind::Argument, "there is no reduction to compute; expected at least one");
    let both = ["Sum_Reduction(Var(0,1,0),0)", "Sum_Reduction(Var(0,1,0),1)"];
    let axes = "reduction 1 is over another index than reduction 0; one pass reduces over one index";
    expect(compiled(&both), ErrorKind::Argument, axes);
    let gap = "no variable has position 1, but one has position 2; positions are 0, 1, 2 ... without a gap";
    expect(compiled(&["Sum_Reduction(Var(0,1,0)*Var(2,1,1),0)"]), ErrorKind::Argument, gap);
    let clash = "variable 0 is declared as `Var(0,1,0)` and as `Var(0,2,0)`; one position is one array";
    let result = compiled(&["Sum_Reduction(Var(0,1,0),0)", "Sum_Reduction(Var(0,2,0),0)"]);
    expect(result, ErrorKind::Argument, clash);
    let size = "the formula needs more than 1048576 operations per pair";
    expect(compiled(&["Sum_Reduction(Exp(Var(0,200000,0)),0)"]), ErrorKind::Size, size);
    let reduction = Reduction::parse("Sum_Reduction(Var(0,1,0),0)", &[]).unwrap();
    let options = CompileOptions { dtype: Dtype::I64, target: Target::Portable, ..CompileOptions::default() };
    let integer = "the compute dtype is int64; expected float32 or float64";
    expect(Kernel::compile(std::slice::from_ref(&reduction), &options), ErrorKind::Dtype, integer);
    for target in [Target::Avx2, Target::Avx512].into_iter().filter(|t| !t.is_available()) {
        let message = format!("the target {} cannot run on this processor; portable always can", target.name());
        let options = CompileOptions { dtype: Dtype::F32, target, ..CompileOptions::default() };
        expect(Kernel::compile(std::slice::from_ref(&reduction), &options), ErrorKind::Unsupported, &message);
    }
}

/// What a process of its own sees with `RKEOPS_TARGET` set.
#[test]
fn the_target_that_the_environment_forces() {
    const INSIDE: &str = "RKEOPS_TEST_INSIDE";
    if std::env::var(INSIDE).is_ok() {
        match compiled(&["Sum_Reduction(Var(0,1,0),0)"]) {
            Ok(kernel) => println!("\nresult: {}", kernel.target().name()),
            Err(error) => println!("\nresult: {:?} {error}", error.kind()),
        }
        return;
    }
    let result = |forced: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "the_target_that_the_environment_forces", "--nocapture"]);
        let output = command.env(INSIDE, "1").env("RKEOPS_TARGET", forced).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("result: "));
        line.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let unknown = "Argument RKEOPS_TARGET is `fast`; expected auto, portable, avx2, avx512 or cuda";
    assert_eq!(result("fast"), unknown);
    for target in [Target::Portable, Target::Avx2, Target::Avx512] {
        let name = target.name();
        let refused = format!("Unsupported the target {name} cannot run on this processor; portable always can");
        assert_eq!(result(name), if target.is_available() { name.to_owned() } else { refused });
    }
    let fastest = [Target::Avx512, Target::Avx2, Target::Portable].into_iter().find(|t| t.is_available()).unwrap();
    assert_eq!(result(""), fastest.name());
    assert_eq!(result("auto"), fastest.name());
}
