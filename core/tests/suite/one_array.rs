//! Runs in which variables of i and of j are one array, so that a pair may serve both of its rows: against the oracle, and
//! against runs on copies of the array.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::support::case::{Case, Numbers};
use crate::support::check::{Count, check, describe};
use crate::support::expression::{Expression, Variable, call1, call2, index, with_integers};
use crate::support::generate::Generator;
use crate::support::random::{Random, seeds};
use half::f16;
use rkeops_core::{
    ArrayMut, ArrayRef, CompileOptions, Dtype, ErrorKind, Kernel, Ranges, Reduction, Result, RunOptions, Summation,
    Target,
};

suite!(
    random_sums,
    integers_are_exact,
    threads_do_not_matter,
    what_is_not_finite,
    signs_of_zeros_that_matter,
    progress_and_stopping,
    half_precision
);

const FORMATS: [Dtype; 2] = [Dtype::F32, Dtype::F64];
/// Around the least rows that are worth it, and around the ends of vectors and blocks.
const ROWS: [usize; 9] = [2047, 2048, 2049, 2063, 2064, 2303, 2305, 3073, 4100];

/// Two vectors and two scalars of each index, which are one array each, and a parameter.
const VARIABLES: [Variable; 7] = [
    Variable { dim: 3, category: 0 },
    Variable { dim: 3, category: 1 },
    Variable { dim: 1, category: 0 },
    Variable { dim: 1, category: 1 },
    Variable { dim: 2, category: 1 },
    Variable { dim: 2, category: 0 },
    Variable { dim: 1, category: 2 },
];

fn v(k: usize) -> Expression {
    Expression::Variable(k)
}

/// A formula much of which is the same for the exchanged pair, times something that need not be.
fn nearly_symmetric(random: &mut Random) -> Expression {
    let (x, y) = (v(0), v(1));
    let square = call2("SqDist", x.clone(), y.clone());
    let scalar = match random.below(8) {
        0 => call1("Exp", call2("Mult", Expression::Number(-0.3), square)),
        1 => call1("Exp", call1("Minus", call1("Norm2", call2("Subtract", x.clone(), y.clone())))),
        2 => call1("Rsqrt", call2("Add", Expression::Number(1.0), square)),
        3 => call2("Mult", call2("Scalprod", x.clone(), y.clone()), call1("Exp", call1("Minus", square))),
        4 => call1("Cos", call2("Mult", v(6), square)),
        5 => call1("Exp", call1("Minus", call1("Abs", call2("Subtract", v(2), v(3))))),
        6 => call1("Tanh", call2("Add", square, call2("Mult", v(2), v(3)))),
        _ => call1("Sqrt", call2("Add", square, call1("Abs", call2("Subtract", index(0), index(1))))),
    };
    let factors = [
        v(3),
        v(2),
        v(6),
        call2("Mult", v(3), v(2)),
        with_integers("Elem", v(4), &[1]),
        with_integers("Elem", v(5), &[0]),
        call2("Subtract", v(2), v(3)),
        call2("Mult", Expression::Number(0.001), index(random.below(2))),
        call2("Add", v(2), v(3)),
    ];
    let scalar = call2("Mult", scalar, random.pick(&factors).clone());
    let vectors = [
        Expression::Number(1.0),
        Expression::Number(-2.0),
        call2("Subtract", x.clone(), y.clone()),
        call2("Subtract", y.clone(), x.clone()),
        call2("Add", x.clone(), y.clone()),
        call2("Mult", x.clone(), y.clone()),
        call1("Abs", call2("Subtract", y.clone(), x.clone())),
        y,
        x,
        v(4),
        v(5),
    ];
    call2("Mult", scalar, random.pick(&vectors).clone())
}

/// Sums of one or two such formulas, now and then of any formula.
fn case(seed: u64, numbers: Numbers) -> Case {
    let mut random = Random::new(seed);
    let mut reductions = Vec::new();
    for _ in 0..1 + random.below(2) {
        reductions.push(("Sum", nearly_symmetric(&mut random)));
    }
    let mut generator = Generator { random, variables: &VARIABLES, smooth: false, integers: false };
    if numbers == Numbers::Ordinary && generator.random.chance(0.2) {
        reductions[0] = generator.reduction();
    }
    let mut random = generator.random;
    let rows = *random.pick(&ROWS);
    Case { seed, numbers, one_array: true, ..Case::new(&VARIABLES, reductions, [rows; 2]) }.laid_out(&mut random)
}

/// For each argument the first that is the same array.
fn same(case: &Case) -> Vec<usize> {
    (0..case.variables.len()).map(|k| case.same_as(k)).collect()
}

fn is_exchanged(case: &Case, dtype: Dtype, target: Target) -> bool {
    case.compile(dtype, target).unwrap().explain_one_array(&same(case)).unwrap().is_some()
}

/// The layout of an array is that of the first variable that it is.
fn with_one_layout(mut case: Case) -> Case {
    case.inputs = (0..case.inputs.len()).map(|k| case.inputs[case.same_as(k)]).collect();
    case
}

fn random_sums(target: Target) {
    let mut exchanged = 0;
    let mut count = Count::default();
    for seed in seeds(1, 12) {
        let case = with_one_layout(case(seed, Numbers::Ordinary));
        for dtype in FORMATS {
            exchanged += usize::from(is_exchanged(&case, dtype, target));
            if let Err(what) = check(&case, dtype, target, &mut count) {
                panic!("{} {dtype} seed {seed}: {what}\n{}", target.name(), describe(&case));
            }
        }
    }
    if crate::support::random::number("RKEOPS_TEST_SEED").is_none() {
        assert!(exchanged >= 8, "{exchanged} of 24 have a program for exchanged pairs");
    }
}

/// Compiles a sum over x and y of dimension 2, and b and a of dimension 1.
fn kernel(text: &str, dtype: Dtype, target: Target) -> Arc<Kernel> {
    let aliases = ["x = Vi(0,2)", "y = Vj(1,2)", "b = Vj(2,1)", "a = Vi(3,1)"];
    let options = CompileOptions { dtype, target, ..CompileOptions::default() };
    Kernel::compile(&[Reduction::parse(text, &aliases).unwrap()], &options).unwrap()
}

/// The arguments that are the same array where y is x and a is b.
const SAME: [usize; 4] = [0, 0, 2, 2];

/// A run of such a kernel on these rows.
fn run_on(kernel: &Kernel, [x, y, b, a]: [&[f64]; 4], options: &RunOptions<'_>) -> Result<Vec<f64>> {
    let (rows, dim) = (b.len(), kernel.outputs()[0].dim);
    let inputs = [(x, 2), (y, 2), (b, 1), (a, 1)].map(|(data, columns)| ArrayRef::f64(data, &[rows, columns]));
    let mut result = vec![0.0; rows * dim];
    kernel.run(&inputs, &mut [ArrayMut::f64(&mut result, &[rows, dim])], options)?;
    Ok(result)
}

/// The results where y is x and a is b, and where they are copies.
fn on_both(kernel: &Kernel, x: &[f64], b: &[f64]) -> [Vec<f64>; 2] {
    let (y, a, options) = (x.to_vec(), b.to_vec(), RunOptions::default());
    [[x, x, b, b], [x, &y, b, &a]].map(|arrays| run_on(kernel, arrays, &options).unwrap())
}

fn drawn(seed: u64, count: usize, mut draw: impl FnMut(&mut Random) -> f64) -> Vec<f64> {
    let mut random = Random::new(seed);
    (0..count).map(|_| draw(&mut random)).collect()
}

/// Sums of integers are exact, so every row is as on copies.
fn integers_are_exact(target: Target) {
    let texts = [
        "Sum_Reduction(SqDist(x,y)*b*b*b,0)",
        "Sum_Reduction(SqDist(x,y)*b*(y-x),0)",
        "Sum_Reduction(SqDist(x,y)*Square(SqDist(x,y))*a*(x-y),0)",
        "Sum_Reduction((x|y)*Square(x|y)*(x|y)*b*y,1)",
        "Sum_Reduction((i+2*j)*Square(SqDist(x,y))*SqDist(x,y),0)",
    ];
    for (text, seed) in texts.into_iter().zip(1..) {
        let kernel = kernel(text, Dtype::F64, target);
        assert!(kernel.explain_one_array(&SAME).unwrap().is_some(), "{text}");
        for rows in ROWS {
            let integer = |random: &mut Random| random.below(7) as f64 - 3.0;
            let [one, copies] = on_both(&kernel, &drawn(seed, 2 * rows, integer), &drawn(seed + 9, rows, integer));
            let place = one.iter().zip(&copies).position(|(one, copy)| one != copy);
            assert_eq!(place, None, "{} {text} {rows} rows", target.name());
        }
    }
}

fn threads_do_not_matter(target: Target) {
    for seed in seeds(100, 3) {
        let case = with_one_layout(case(seed, Numbers::Ordinary));
        for dtype in FORMATS {
            let kernel = case.compile(dtype, target).unwrap();
            let runs = case.run_with_threads(&kernel, dtype, &[1, 2, 5, 1]).unwrap();
            let same = runs.iter().all(|run| run.iter().zip(&runs[0]).all(|(a, b)| a.same(b, true)));
            assert!(same, "{} {dtype} seed {seed}\n{}", target.name(), describe(&case));
        }
    }
}

/// What is infinite or no number in a few rows is so wherever it is on copies.
fn what_is_not_finite(target: Target) {
    let texts = ["Sum_Reduction(Exp(-SqDist(x,y))*b,0)", "Sum_Reduction(Rsqrt(SqDist(x,y))*b*(x-y),0)"];
    for text in texts {
        let kernel = kernel(text, Dtype::F64, target);
        assert!(kernel.explain_one_array(&SAME).unwrap().is_some(), "{text}");
        for awkward in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e200, f64::MAX] {
            let (mut x, mut b) = (drawn(3, 4106, |r| r.between(-1.0, 1.0)), drawn(4, 2053, |r| r.between(-1.0, 1.0)));
            x[2 * 700] = awkward;
            let results = on_both(&kernel, &x, &b);
            x[2 * 700] = 0.5;
            b[2052] = awkward;
            for [one, copies] in [results, on_both(&kernel, &x, &b)] {
                for (one, copy) in one.iter().zip(&copies) {
                    let near = (one - copy).abs() <= 1e-12 * copy.abs().max(1.0);
                    let same = one == copy || one.is_nan() && copy.is_nan() || near;
                    assert!(same, "{} {text} {awkward}: {one} is {copy} on copies", target.name());
                }
            }
        }
    }
}

/// Where the sign of a zero decides on that of an infinity, both differences are taken.
fn signs_of_zeros_that_matter(target: Target) {
    let kernel = kernel("Sum_Reduction(b*Step(b)*Inv(x-y),0)", Dtype::F64, target);
    let mut x = drawn(5, 4100, |random| random.between(-1.0, 1.0));
    x[2 * 1999] = x[2 * 3];
    let b = vec![1.0; 2050];
    let [one, copies] = on_both(&kernel, &x, &b);
    for row in [3, 1999] {
        assert_eq!((one[2 * row], copies[2 * row]), (f64::INFINITY, f64::INFINITY), "{}", target.name());
    }
}

fn progress_and_stopping(target: Target) {
    let kernel = kernel("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", Dtype::F64, target);
    let (x, b) = (vec![0.5; 6000], vec![1.0; 3000]);
    for threads in [1, 3] {
        let (seen, skipped) = (RefCell::new(Vec::new()), Cell::new(7));
        let note = |done: u64, all: u64| {
            seen.borrow_mut().push((done, all));
            true
        };
        let options = RunOptions { threads, progress: Some(&note), skipped: Some(&skipped), ..RunOptions::default() };
        assert_eq!(run_on(&kernel, [&x, &x, &b, &b], &options).unwrap(), vec![3000.0; 3000]);
        let seen = seen.into_inner();
        assert!(seen.is_sorted() && seen.iter().all(|&(done, all)| done <= all), "{seen:?}");
        assert_eq!((seen.last(), skipped.get()), (Some(&(9_000_000, 9_000_000)), 0));
    }
    // Long enough that the callback is heard before the end.
    let slow =
        self::kernel(&format!("Sum_Reduction(Exp(-SqDist(x,y)){}*b,0)", "*Sin(x|y)".repeat(9)), Dtype::F64, target);
    let (x, b) = (vec![0.5; 2 * 200_000], vec![1.0; 200_000]);
    for threads in [1, 3] {
        let stop = |_: u64, _: u64| false;
        let options = RunOptions { threads, progress: Some(&stop), ..RunOptions::default() };
        let error = run_on(&slow, [&x, &x, &b, &b], &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
    }
}

/// Storage of another format than that of the computation.
fn half_precision(target: Target) {
    let kernel = kernel("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", Dtype::F32, target);
    let half = |count: usize, seed| -> Vec<f16> {
        drawn(seed, count, |random| random.between(-1.0, 1.0)).into_iter().map(f16::from_f64).collect()
    };
    let (x, b) = (half(4200, 1), half(2100, 2));
    let (y, a) = (x.clone(), b.clone());
    let run = |y: &[f16], a: &[f16]| {
        let mut result = vec![0f32; 2100];
        let inputs = [(&x[..], 2), (y, 2), (&b[..], 1), (a, 1)].map(|(data, c)| ArrayRef::new(data, &[2100, c]));
        kernel.run(&inputs, &mut [ArrayMut::f32(&mut result, &[2100])], &RunOptions::default()).unwrap();
        result
    };
    for (one, copy) in run(&x, &b).iter().zip(run(&y, &a)) {
        assert!((one - copy).abs() < 1e-3, "{} {one} {copy}", target.name());
    }
}

/// What an exchanged pair has nothing to share with, or what is no sum of blocks, runs as it always does.
#[test]
fn others_have_no_such_program() {
    let has = |text: &str, options: CompileOptions| {
        let aliases = ["x = Vi(0,2)", "y = Vj(1,2)", "b = Vj(2,1)", "a = Vi(3,1)"];
        let kernel = Kernel::compile(&[Reduction::parse(text, &aliases).unwrap()], &options).unwrap();
        kernel.explain_one_array(&SAME).unwrap().is_some()
    };
    let options = CompileOptions::default();
    assert!(has("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", options));
    for text in [
        "Max_Reduction(Exp(-SqDist(x,y))*b,0)",
        "LogSumExp_Reduction(-SqDist(x,y),0)",
        "Mean_Reduction(Exp(-SqDist(x,y))*b,0)",
        "KMin_Reduction(SqDist(x,y),3,0)",
        "Sum_Reduction(Mask(Exp(-SqDist(x,y))*b,i<j),0)",
        "Sum_Reduction(b*Inv(x-y),0)",
        // The exponential of the exchanged pair is another one.
        "Sum_Reduction(Exp(x-2*y),0)",
    ] {
        assert!(!has(text, options), "{text}");
    }
    let compensated = CompileOptions { summation: Summation::Compensated, ..options };
    assert!(!has("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", compensated));
    let kernel = kernel("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", Dtype::F32, Target::Auto);
    assert!(kernel.explain_one_array(&[0, 1, 2, 3]).unwrap().is_none(), "no array is an argument of both indices");
    assert!(kernel.explain_one_array(&[0, 0, 2, 3]).unwrap().is_some());
}

/// Blocks of pairs are as they always are.
#[test]
fn ranges_of_one_array() {
    let kernel = kernel("Sum_Reduction(1+SqDist(x,y)*b,0)", Dtype::F64, Target::Auto);
    let (x, b) = (vec![1.0; 4100], vec![1.0; 2050]);
    let ranges = Ranges::from_blocks(&[[0, 2050]], &[[0, 10], [10, 2050]], &[true, false]).unwrap();
    let options = RunOptions { ranges: Some(&ranges), ..RunOptions::default() };
    assert_eq!(run_on(&kernel, [&x, &x, &b, &b], &options).unwrap(), vec![10.0; 2050]);
}
