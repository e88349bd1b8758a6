//! What KeOps 2.3 gets wrong in single operations, each as a test of what is right.

use crate::support::targets;
use rkeops_core::{
    ArrayMut, ArrayRef, CompileOptions, Dtype, ErrorKind, Formula, Kernel, Reduction, RunOptions, Target,
};

/// The formula of `x`, or its gradient, for one row of float64 numbers and one reduced row.
fn run(text: &str, aliases: &[&str], inputs: &[&[f64]], target: Target) -> Vec<f64> {
    let reduction = Reduction::parse(text, aliases).unwrap_or_else(|e| panic!("{e}"));
    let dim = reduction.dim();
    let kernel =
        Kernel::compile(&[reduction], &CompileOptions { dtype: Dtype::F64, target, ..CompileOptions::default() })
            .unwrap();
    let shapes: Vec<[usize; 2]> = inputs.iter().map(|input| [1, input.len()]).collect();
    let inputs: Vec<_> = inputs.iter().zip(&shapes).map(|(input, shape)| ArrayRef::f64(input, shape)).collect();
    let mut out = vec![9.0; dim];
    kernel.run(&inputs, &mut [ArrayMut::f64(&mut out, &[1, dim])], &RunOptions::default()).unwrap();
    out
}

fn each(test: impl Fn(&dyn Fn(&str, &[&[f64]]) -> Vec<f64>)) {
    for target in targets() {
        test(&|text, inputs| {
            let aliases: Vec<String> = inputs
                .iter()
                .enumerate()
                .map(|(k, input)| format!("{} = Vi({k},{})", ["x", "y", "e"][k], input.len()))
                .collect();
            let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
            run(text, &aliases, inputs, target)
        });
    }
}

/// KeOps rounds numbers and exponents to float32.
#[test]
fn float64_keeps_its_digits() {
    each(|run| {
        let third = run("Sum_Reduction(x/3,0)", &[&[10.0]])[0];
        assert!((third - 10.0 / 3.0).abs() <= 1e-15 * third, "{third}");
        assert_eq!(run("Sum_Reduction(x*16777217,0)", &[&[1.0]]), [16_777_217.0]);
        let sum = run("Sum_Reduction(x+RatCst(1,3)+IntCst(1),0)", &[&[1.0]])[0];
        assert!((sum - 7.0 / 3.0).abs() <= 1e-15, "{sum}");
        let power = run("Sum_Reduction(Powf(x,y),0)", &[&[1.1], &[2.3]])[0];
        assert!((power - 1.1f64.powf(2.3)).abs() <= 1e-15, "{power}");
    });
}

/// KeOps gives a vector in place of the scalar's gradient.
#[test]
fn gradients_of_what_is_broadcast_are_sums() {
    each(|run| {
        for formula in ["Powf(x,y)", "Powf(y,x)", "Atan2(x,y)", "Atan2(y,x)", "IfElse(y,x,2*y)"] {
            let whole = run(&format!("Grad(Sum_Reduction({formula},0),x,e)"), &[&[1.5], &[0.5, 2.0], &[1.0, 3.0]]);
            let parts = [(0.5, 1.0), (2.0, 3.0)]
                .map(|(y, e)| run(&format!("Grad(Sum_Reduction({formula},0),x,e)"), &[&[1.5], &[y], &[e]])[0]);
            assert_eq!(whole.len(), 1, "{formula}");
            assert!((whole[0] - parts[0] - parts[1]).abs() < 1e-14, "{formula}: {whole:?}, expected {parts:?}");
        }
    });
}

/// KeOps divides 0 by 0.
#[test]
fn gradients_where_quotients_have_no_value() {
    each(|run| {
        let slope = |formula: &str, x: f64, y: f64| {
            run(&format!("Grad(Sum_Reduction({formula},0),x,e)"), &[&[x], &[y], &[1.0]])[0]
        };
        assert_eq!(slope("SinXDivX(x)", 0.0, 0.0), 0.0);
        assert_eq!([0.5, 1.0, 1.5].map(|x| slope("Clamp(x,y,y)", x, 1.0)), [0.0, 1.0, 0.0]);
        assert_eq!([0.5, 1.0, 1.5].map(|x| slope("Clamp(y,x,x)", x, 1.0)), [1.0, 0.0, 1.0]);
    });
}

/// KeOps reads and writes outside arrays.
#[test]
fn places_outside_vectors() {
    let aliases = ["x = Vi(0,3)"];
    for text in ["Elem(x,-1)", "Elem(x,3)", "ElemT(Sum(x),3,3)", "ElemT(Sum(x),3,-1)", "Extract(x,-1,2)"] {
        assert_eq!(Formula::parse(text, &aliases).unwrap_err().kind(), ErrorKind::Dimension, "{text}");
    }
    each(|run| {
        for place in [-1.0, -0.6, 2.5, 3.0, 1e10, -1e10, f64::INFINITY, f64::NAN] {
            assert_eq!(run("Sum_Reduction(OneHot(x,3),0)", &[&[place]]), [0.0; 3], "{place}");
        }
        assert_eq!(run("Sum_Reduction(OneHot(x,3),0)", &[&[2.4]]), [0.0, 0.0, 1.0]);
    });
}

/// KeOps has splines in float32 only, and without derivatives.
#[test]
fn splines() {
    each(|run| {
        let knots = [0.0, 1.0, 2.0, 4.0, 4.0];
        let basis = |x: f64| run("Sum_Reduction(BSpline(x,y,1),0)", &[&knots, &[x]]);
        assert_eq!(basis(1.25), [0.75, 0.25, 0.0]);
        assert_eq!(basis(3.0), [0.0, 0.5, 0.5]);
        assert_eq!(basis(0.0), [0.0; 3]);
        assert_eq!([-0.5, 4.0].map(basis), [[0.0; 3]; 2]);
        assert_eq!(run("Grad(Sum_Reduction(BSpline(x,y,1),0),y,e)", &[&knots, &[3.0], &[1.0, 1.0, 3.0]]), [1.0]);
        let cubic = run("Sum_Reduction(BSpline(x,y,3),0)", &[&[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0], &[0.25]]);
        let polynomials = [27.0, 27.0, 9.0, 1.0].map(|c| c / 64.0);
        assert!(cubic.iter().zip(polynomials).all(|(a, b)| (a - b).abs() < 1e-15), "{cubic:?}");
    });
}

/// KeOps mixes up the indices of rows and of cells, and has neither the width's derivative nor second ones.
#[test]
fn soft_alignments() {
    each(|run| {
        let (x, y) = ([1.0, 3.0, 2.0], [1.0, 2.5]);
        let soft = |a: f64, b: f64, c: f64| -0.5 * ((-2.0 * a).exp() + (-2.0 * b).exp() + (-2.0 * c).exp()).ln();
        let first = [0.0, 4.0, 5.0];
        let second = [2.25, 0.25 + soft(4.0, 2.25, 0.0)];
        let last = 0.25 + soft(first[2], second[1], first[1]);
        let found = run("Sum_Reduction(SoftDTW_SqDist(x,y,0.5),0)", &[&x, &y])[0];
        assert!((found - last).abs() < 1e-14, "{found}, expected {last}");
        // A narrow width gives the hard alignment, without overflow.
        let found = run("Sum_Reduction(SoftDTW_SqDist(x,y,1e-9),0)", &[&x, &y])[0];
        assert!((found - 0.5).abs() < 1e-7, "{found}");
        let slope = |width: f64| {
            run("Grad(Sum_Reduction(SoftDTW_SqDist(Concat(1,Concat(3,2)),Concat(1,2.5),x),0),x,y)", &[&[width], &[1.0]])
                [0]
        };
        let value = |width: f64| run(&format!("Sum_Reduction(SoftDTW_SqDist(x,y,{width}),0)"), &[&x, &y])[0];
        let difference = (value(0.5001) - value(0.4999)) / 2e-4;
        assert!((slope(0.5) - difference).abs() < 1e-6, "{} and {difference}", slope(0.5));
    });
}
