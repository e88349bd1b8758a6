//! Derivatives of extreme values, products and means where values are equal, infinite, NaN or 0, or where there are none.

use crate::support::differentiated::{Problem, plain, run};
use crate::support::expression::Variable;
use rkeops_core::{Dtype, ErrorKind, Reduction, Target};

suite!(
    the_first_of_equal_values_has_all,
    what_never_wins_leaves_no_trace,
    ranks_that_are_not_there,
    products_with_zeros,
    means_of_some_and_of_none,
    gradients_with_respect_to_parameters,
);

const ALIASES: [&str; 3] = ["x = Vi(0,1)", "y = Vj(1,1)", "e = Vi(2,1)"];

/// A gradient with the saved results that it needs, on both formats; `e` has as many columns as it needs.
fn gradient(reduction: &str, variable: &str, [x, y, e]: [&[f64]; 3], target: Target) -> Vec<f64> {
    let columns = e.len() / x.len();
    let wide = format!("e = Vi(2,{columns})");
    let aliases: Vec<String> = [ALIASES[0], ALIASES[1], &wide].map(str::to_owned).to_vec();
    let parse = |text: &str, aliases: &[String]| {
        Reduction::parse(text, &aliases.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
    };
    let results = [Dtype::F32, Dtype::F64].map(|dtype| {
        let mut aliases = aliases.clone();
        let dims = [(1, 0), (1, 1), (columns, 0)].map(|(dim, category)| Variable { dim, category });
        let arrays = [x, y, e].map(<[f64]>::to_vec).to_vec();
        let mut problem = Problem { variables: dims.to_vec(), arrays, rows: [x.len(), y.len()], ..plain() };
        let mut names = String::new();
        for saved in parse(reduction, &aliases).saved().unwrap() {
            let result = run(std::slice::from_ref(&saved), &problem, dtype, target).remove(0);
            let place = aliases.len();
            aliases.push(format!("s{place} = Vi({place},{})", saved.dim()));
            names += &format!(",s{place}");
            problem.variables.push(Variable { dim: saved.dim(), category: 0 });
            problem.arrays.push(result);
        }
        run(&[parse(&format!("Grad({reduction},{variable},e{names})"), &aliases)], &problem, dtype, target).remove(0)
    });
    assert_eq!(results[0].len(), results[1].len());
    for (single, double) in results[0].iter().zip(&results[1]) {
        let is_close = (single - double).abs() <= 1e-5 * double.abs();
        assert!(is_close || single.to_bits() == double.to_bits(), "{reduction} {variable}: {results:?}");
    }
    results[1].clone()
}

fn the_first_of_equal_values_has_all(target: Target) {
    let (x, y, e) = ([1.0, -1.0], [2.0, -1.0, 2.0, -1.0], [10.0, 100.0]);
    let of = |text: &str, variable: &str| gradient(text, variable, [&x, &y, &e], target);
    assert_eq!(of("Min_Reduction(x*y,0)", "y"), [-100.0, 10.0, 0.0, 0.0]);
    assert_eq!(of("Max_ArgMax_Reduction(x*y,0)", "y"), [10.0, -100.0, 0.0, 0.0]);
    assert_eq!(of("Max_Reduction(x*y,0)", "x"), [20.0, -100.0]);
    let two = [1.0, 10.0, 100.0, 1000.0];
    let of = |text: &str, variable: &str| gradient(text, variable, [&x, &y, &two], target);
    assert_eq!(of("KMin_Reduction(x*y,2,0)", "y"), [-100.0, 1.0, -1000.0, 10.0]);
    assert_eq!(of("KMax_ArgKMax_Reduction(x*y,2,0)", "x"), [22.0, -1100.0]);
    // Each component has a winner of its own.
    assert_eq!(of("Max_Reduction(Concat(x*y,y),0)", "y"), [1011.0, -100.0, 0.0, 0.0]);
}

/// Though its derivative is infinite.
fn what_never_wins_leaves_no_trace(target: Target) {
    let (x, y, e) = ([0.5, 2.0], [0.0, 1.0, 4.0], [10.0, 100.0]);
    let of = |text: &str, variable: &str| gradient(text, variable, [&x, &y, &e], target);
    assert_eq!(of("Min_Reduction(x*Inv(y),0)", "y"), [0.0, 0.0, -5.0 / 16.0 - 200.0 / 16.0]);
    assert_eq!(of("Max_Reduction(x*Log(y),0)", "y"), [0.0, 0.0, 1.25 + 50.0]);
    // Nothing wins where all is NaN, masked or the infinity of nothing; the index 0 then means nothing.
    for text in
        ["Min_Reduction(x*Inv(Floor(y/8)),0)", "Max_Reduction(Log(-1-y)*x,0)", "Min_Reduction(Mask(x*Inv(y),j < 0),0)"]
    {
        for variable in ["x", "y"] {
            assert!(of(text, variable).iter().all(|&v| v == 0.0), "{text} {variable}");
        }
    }
    assert_eq!(of("Min_Reduction(Mask(x*y,j > i),0)", "y"), [0.0, 5.0, 200.0]);
}

fn ranks_that_are_not_there(target: Target) {
    let (x, e) = ([1.0, 2.0], [1.0, 10.0, 100.0, 1000.0, 1.0, 10.0, 100.0, 1000.0]);
    let of = |y: &[f64], text: &str, variable: &str| gradient(text, variable, [&x, y, &e], target);
    // Two values of four: the first row has a rank of its own, which the index 0 of the missing ones does not repeat.
    assert_eq!(of(&[3.0, 5.0], "KMin_Reduction(x*y,4,0)", "y"), [3.0, 30.0]);
    assert_eq!(of(&[5.0, 3.0], "KMin_Reduction(x*y,4,0)", "y"), [30.0, 3.0]);
    assert_eq!(of(&[5.0, 3.0], "KMax_Reduction(x*y,4,0)", "x"), [35.0, 35.0]);
    // The first row has no rank at all.
    assert_eq!(of(&[f64::NAN, 3.0], "KMin_Reduction(x*y,4,0)", "y"), [0.0, 3.0]);
    assert_eq!(of(&[7.0, 3.0, 2.0], "KMin_Reduction(Mask(x*y,0 < j),4,0)", "y"), [0.0, 30.0, 3.0]);
    // Two components with two ranks each.
    assert_eq!(of(&[5.0], "KMin_Reduction(Concat(x,y),2,0)", "y"), [20.0]);
    assert_eq!(of(&[5.0], "KMin_Reduction(Concat(x*x,y),2,0)", "x"), [2.0, 4.0]);
}

fn products_with_zeros(target: Target) {
    let (x, e) = ([1.0, 2.0], [10.0, 100.0]);
    let of = |y: &[f64], variable: &str| gradient("Prod_Reduction(x*y,0)", variable, [&x, y, &e], target);
    assert_eq!(of(&[3.0, 5.0], "y"), [50.0 + 2000.0, 30.0 + 1200.0]);
    assert_eq!(of(&[3.0, 5.0], "x"), [2.0 * 15.0 * 10.0, 2.0 * 15.0 * 2.0 * 100.0]);
    // One zero: only it changes the product. Two: nothing does.
    assert_eq!(of(&[3.0, 0.0, 5.0], "y"), [0.0, 150.0 + 2.0 * 6.0 * 10.0 * 100.0, 0.0]);
    assert_eq!(of(&[0.0, 0.0, 5.0], "y"), [0.0; 3]);
    let masked = gradient("Prod_Reduction(Mask(x*y,j != 1),0)", "y", [&x, &[3.0, 0.0, 5.0], &e], target);
    assert_eq!(masked, [2050.0, 0.0, 1230.0]);
}

fn means_of_some_and_of_none(target: Target) {
    let (x, y, e) = ([1.0, 2.0], [3.0, 6.0, 9.0], [12.0, 120.0]);
    let of = |text: &str, variable: &str| gradient(text, variable, [&x, &y, &e], target);
    assert_eq!(of("Mean_Reduction(x*y,0)", "x"), [72.0, 720.0]);
    assert_eq!(of("Mean_Reduction(Mask(x*y,j <= i),0)", "y"), [132.0, 120.0, 0.0]);
    // A row without pairs gives nothing, though it is divided by 0.
    assert_eq!(of("Mean_Reduction(Mask(x*y,j < i),0)", "y"), [240.0, 0.0, 0.0]);
    assert_eq!(of("Mean_Reduction(Mask(x*y,j < i),0)", "x"), [0.0, 360.0]);
    let means = |dtype: Dtype| {
        let text = "Mean_Reduction(Mask(Concat(x,y),j < i),0)";
        let variables = [(1, 0), (1, 1)].map(|(dim, category)| Variable { dim, category }).to_vec();
        let problem = Problem { variables, arrays: vec![x.to_vec(), y.to_vec()], rows: [2, 3], ..plain() };
        run(&[Reduction::parse(text, &ALIASES[..2]).unwrap()], &problem, dtype, target).remove(0)
    };
    for found in [means(Dtype::F32), means(Dtype::F64)] {
        assert!(found[0].is_nan() && found[1].is_nan(), "{found:?}");
        assert_eq!(found[2..], [2.0, 3.0]);
    }
}

/// The rows of a gradient with respect to a parameter are added by another reduction.
fn gradients_with_respect_to_parameters(target: Target) {
    let aliases = ["x = Vi(0,1)", "y = Vj(1,1)", "p = Pm(2,2)", "s = Vi(3,1)"];
    let dims = [(1, 0), (1, 1), (2, 2), (1, 0)].map(|(dim, category)| Variable { dim, category });
    let (x, y) = ([1.0, 2.0, 3.0], [1.0, -1.0, 4.0]);
    for dtype in [Dtype::F32, Dtype::F64] {
        let arrays = vec![x.to_vec(), y.to_vec(), vec![2.0, 0.5], vec![2.0; 3]];
        let problem = Problem { variables: dims.to_vec(), arrays, rows: [3, 3], ..plain() };
        for (text, total) in [
            ("Grad(Sum_Reduction((p|Concat(x,y*y)),0),p)", [18.0, 54.0]),
            ("Grad(Max_Reduction((p|Concat(x,y*y)),0),p,1,s)", [6.0, 48.0]),
        ] {
            let rows = run(&[Reduction::parse(text, &aliases).unwrap()], &problem, dtype, target).remove(0);
            assert_eq!(rows.len(), 6, "{text}");
            let adding = Reduction::parse("Sum_Reduction(Var(0,2,1),0)", &[]).unwrap();
            let variables = vec![Variable { dim: 2, category: 1 }];
            let problem = Problem { variables, arrays: vec![rows], rows: [1, 3], ..plain() };
            assert_eq!(run(&[adding], &problem, dtype, target), [total], "{text}");
        }
    }
}

#[test]
fn what_does_not_fit() {
    let aliases = ["x = Vi(0,1)", "y = Vj(1,1)", "e = Vi(2,1)", "a = Vi(3,1)"];
    let expect = |text: &str, kind: ErrorKind, message: &str| {
        let error = Reduction::parse(text, &aliases).map(|_| ()).expect_err(text);
        assert_eq!(error.kind(), kind, "{text}");
        assert!(error.message().starts_with(message), "{text}: {}", error.message());
    };
    let count = "the derivative of the reduction `Min` needs 1 saved result; got 0";
    expect("Grad(Min_Reduction(x*y,0),x,e)", ErrorKind::Arity, count);
    let formula = "the saved result `Square(Var(3,1,0))` holds integers; expected a variable";
    expect("Grad(Min_Reduction(x*y,0),x,e,a*a)", ErrorKind::Argument, formula);
    let ranks = "the saved result has dimension 1; expected 2";
    expect("Grad(KMin_Reduction(x*y,2,0),x,1,a)", ErrorKind::Dimension, ranks);
    let raw = "the gradient of the reduction `Max_SumShiftExp` is not available: it gives the parts of a sum, not their \
               value; expected LogSumExp";
    expect("Grad(Max_SumShiftExp_Reduction(x*y,0),x,1)", ErrorKind::Unsupported, raw);
    assert!(Reduction::parse("Grad(Min_Reduction(x*y,0),x,e,Integer(a))", &aliases).is_ok());
    // The text of a gradient is text.
    let gradient = Reduction::parse("Grad(KMin_Reduction(x*y,2,0),x,1,Var(4,2,0))", &aliases).unwrap();
    let again = Reduction::parse(&gradient.text().unwrap(), &[]).unwrap();
    assert_eq!(again.text().unwrap(), gradient.text().unwrap());
}
