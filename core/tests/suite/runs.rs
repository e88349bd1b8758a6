//! Running kernels on every target: strides, ranks, threads, concurrent first use, and kernels that are used again.

use std::sync::{Arc, Barrier};

use crate::support::case::{Case, Numbers, Values};
use crate::support::check::assert_right;
use crate::support::expression::{Expression, Variable, call1, call2};
use crate::support::layout::{LAYOUTS, Layout};
use rkeops_core::{
    ArrayMut, ArrayRef, CompileOptions, Data, Dtype, Error, ErrorKind, Kernel, Reduction, RunOptions, Target,
};

suite!(
    uncommon_strides,
    shapes_of_lower_rank,
    results_do_not_depend_on_threads,
    concurrent_first_use,
    concurrent_runs_of_one_kernel,
    kernels_remember_nothing,
    outputs_of_stopped_runs,
);

const FORMATS: [Dtype; 2] = [Dtype::F32, Dtype::F64];

fn v(k: usize) -> Expression {
    Expression::Variable(k)
}

/// A Gaussian sum, the logarithm of one, and the nearest point.
fn three_results(scale: f64) -> (Vec<Variable>, Vec<(&'static str, Expression)>) {
    let dims = [(3, 0), (3, 1), (2, 1), (1, 2)];
    let variables = dims.map(|(dim, category)| Variable { dim, category }).to_vec();
    let distance = call2("SqDist", v(0), v(1));
    let exponent = call2("Mult", call2("Mult", distance.clone(), Expression::Number(-scale)), call1("Square", v(3)));
    let sum = call2("Mult", call1("Exp", exponent.clone()), v(2));
    (variables, vec![("Sum", sum), ("LogSumExp", exponent), ("ArgMin", distance)])
}

fn same(a: &[Values], b: &[Values]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b, true))
}

/// The memory layout of inputs and outputs changes nothing.
fn uncommon_strides(target: Target) {
    let (variables, reductions) = three_results(0.5);
    for rows in [[70, 9], [3, 300], [300, 65], [1, 1], [0, 9], [9, 0]] {
        for axis in [0, 1] {
            for dtype in FORMATS {
                let mut compact = Case::new(&variables, reductions.clone(), rows);
                compact.axis = axis;
                let reference = compact.run(dtype, target, 1).unwrap();
                for layout in LAYOUTS {
                    for output in [layout, Layout::Rows, Layout::Columns] {
                        let case = Case { inputs: vec![layout; 4], output, ..compact.clone() };
                        let found = case.run(dtype, target, 1).unwrap();
                        assert!(same(&found, &reference), "{layout:?} {output:?} {rows:?} axis {axis} {dtype}");
                    }
                }
                // One row that stands for all.
                for k in 0..3 {
                    let mut case = compact.clone();
                    case.inputs[k] = Layout::Repeated;
                    assert_right(&case, dtype, target);
                }
            }
        }
    }
}

/// Vectors for variables of dimension 1, rows for parameters, numbers for parameters of dimension 1.
fn shapes_of_lower_rank(target: Target) {
    let text = "Sum_Reduction(x*y*p*Sum(q),0)";
    let aliases = ["x = Vi(0,1)", "y = Vj(1,1)", "p = Pm(2,1)", "q = Pm(3,2)"];
    let reduction = Reduction::parse(text, &aliases).unwrap();
    let kernel =
        Kernel::compile(&[reduction], &CompileOptions { dtype: Dtype::F64, target, ..CompileOptions::default() })
            .unwrap();
    let (x, y, p, q) = ([1.0, 2.0, 3.0], [1.0, 10.0], [2.0], [0.25, 0.25]);
    for x_shape in [&[3][..], &[3, 1]] {
        for p_shape in [&[][..], &[1], &[1, 1]] {
            for q_shape in [&[2][..], &[1, 2]] {
                for out_shape in [&[3][..], &[3, 1]] {
                    let mut out = [0.0; 3];
                    let inputs = [
                        ArrayRef::f64(&x, x_shape),
                        ArrayRef::f64(&y, &[2]),
                        ArrayRef::f64(&p, p_shape),
                        ArrayRef::f64(&q, q_shape),
                    ];
                    let mut outputs = [ArrayMut::f64(&mut out, out_shape)];
                    kernel.run(&inputs, &mut outputs, &RunOptions::default()).unwrap();
                    assert_eq!(out, [11.0, 22.0, 33.0], "{x_shape:?} {p_shape:?} {q_shape:?} {out_shape:?}");
                }
            }
        }
    }
    // A rank of 1 with any step.
    let spread = [3.0, f64::NAN, 2.0, f64::NAN, 1.0];
    let backwards = ArrayRef { data: Data::F64(&spread), origin: 4, shape: vec![3].into(), strides: vec![-2].into() };
    let mut out = [0.0; 3];
    let others = [ArrayRef::f64(&y, &[2]), ArrayRef::f64(&p, &[1]), ArrayRef::f64(&q, &[2])];
    let inputs = [backwards, others[0].clone(), others[1].clone(), others[2].clone()];
    kernel.run(&inputs, &mut [ArrayMut::f64(&mut out, &[3])], &RunOptions::default()).unwrap();
    assert_eq!(out, [11.0, 22.0, 33.0]);
}

/// Bit for bit the same with 1, 2, 3 and 7 threads, whichever index is long.
fn results_do_not_depend_on_threads(target: Target) {
    let (variables, reductions) = three_results(0.25);
    for (rows, axis) in [([1025, 3000], 1), ([3, 700_003], 1), ([9, 400_001], 1), ([90_001, 31], 1), ([600_007, 2], 0)]
    {
        for dtype in FORMATS {
            let mut case = Case::new(&variables, reductions.clone(), rows);
            case.axis = axis;
            // Data are made once: making them takes longer than the runs.
            case.inputs = vec![Layout::Rows; 4];
            let kernel = case.compile(dtype, target).unwrap();
            let results = case.run_with_threads(&kernel, dtype, &[1, 2, 3, 7, 2, 0]).unwrap();
            for (k, found) in results.iter().enumerate().skip(1) {
                assert!(same(found, &results[0]), "{} {dtype} {rows:?} axis {axis}, run {k}", target.name());
            }
        }
    }
}

/// Sixteen threads compile and run a formula that nobody has compiled before: one kernel, one result.
fn concurrent_first_use(target: Target) {
    for round in 0..5 {
        // A number that no other test uses makes the formula new.
        let (variables, reductions) = three_results(1.0 + target as u32 as f64 + f64::from(round) / 1024.0);
        let case = Arc::new(Case::new(&variables, reductions, [100, 130]));
        let barrier = Arc::new(Barrier::new(16));
        let threads: Vec<_> = (0..16)
            .map(|k| {
                let (case, barrier) = (case.clone(), barrier.clone());
                std::thread::spawn(move || {
                    let dtype = FORMATS[round as usize % 2];
                    barrier.wait();
                    let kernel = case.compile(dtype, target).unwrap();
                    let result = case.run_kernel(&kernel, dtype, 1 + k % 3).unwrap();
                    (kernel, result)
                })
            })
            .collect();
        let results: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        for (kernel, result) in &results {
            assert!(Arc::ptr_eq(kernel, &results[0].0), "one formula became two kernels");
            assert!(same(result, &results[0].1));
        }
        assert_right(&case, FORMATS[round as usize % 2], target);
    }
}

/// One kernel on different arrays from many threads at once.
fn concurrent_runs_of_one_kernel(target: Target) {
    let (variables, reductions) = three_results(0.75);
    let case = Case::new(&variables, reductions, [0, 0]);
    let kernel = case.compile(Dtype::F32, target).unwrap();
    std::thread::scope(|scope| {
        for k in 0..16usize {
            let (case, kernel) = (&case, &kernel);
            scope.spawn(move || {
                for round in 0..10 {
                    let rows = [[300, 70], [3, 500], [1025, 300]][(k + round) % 3];
                    let case = Case { rows, seed: (k * 100 + round) as u64, ..case.clone() };
                    let found = case.run_kernel(kernel, Dtype::F32, 1 + round % 4).unwrap();
                    let again = case.run_kernel(kernel, Dtype::F32, 1).unwrap();
                    assert!(same(&found, &again));
                    if round == 0 && k < 3 {
                        assert_right(&case, Dtype::F32, target);
                    }
                }
            });
        }
    });
}

/// Nothing of an earlier run is left: neither its sizes nor its numbers.
fn kernels_remember_nothing(target: Target) {
    let (variables, reductions) = three_results(1.5);
    for dtype in FORMATS {
        let kernel = Case::new(&variables, reductions.clone(), [1, 1]).compile(dtype, target).unwrap();
        let fresh = |rows, numbers| Case { numbers, ..Case::new(&variables, reductions.clone(), rows) };
        let mut first: Vec<Vec<Values>> = Vec::new();
        let sizes = [[300, 257], [1, 1], [9, 3], [3, 9], [70, 1], [2, 300]];
        for round in 0..3 {
            for (k, rows) in sizes.into_iter().enumerate() {
                // What is run between must leave no trace.
                let _ = fresh([1025, 300], Numbers::Awkward).run_kernel(&kernel, dtype, 1).unwrap();
                let _ = fresh([5, 300], Numbers::Awkward).run_kernel(&kernel, dtype, 1).unwrap();
                let found = fresh(rows, Numbers::Ordinary).run_kernel(&kernel, dtype, 1).unwrap();
                match first.get(k) {
                    None => first.push(found),
                    Some(earlier) => assert!(same(&found, earlier), "round {round} {rows:?} {dtype}"),
                }
            }
        }
    }
}

/// Progress rises to the total; a callback that says no stops the run with an error, and the kernel stays usable.
fn outputs_of_stopped_runs(target: Target) {
    let text = "Sum_Reduction(Exp(-SqDist(x,y))*Sin(Cos(Sin(Cos(Exp(-SqDist(x,y)))))),0)";
    let reduction = Reduction::parse(text, &["x = Vi(0,3)", "y = Vj(1,3)"]).unwrap();
    let kernel =
        Kernel::compile(&[reduction], &CompileOptions { dtype: Dtype::F64, target, ..CompileOptions::default() })
            .unwrap();
    let (x, y) = (vec![0.5; 3 * 2000], vec![0.25; 3 * 8000]);
    let (m, n) = ([2000, 3], [8000, 3]);
    let inputs = [ArrayRef::f64(&x, &m), ArrayRef::f64(&y, &n)];
    let mut out = vec![0.0; 2000];
    for threads in [1, 2, 3] {
        let seen = std::sync::Mutex::new(Vec::new());
        let main = std::thread::current().id();
        let watch = |done: u64, total: u64| {
            assert_eq!(std::thread::current().id(), main, "progress is told by the calling thread");
            seen.lock().unwrap().push((done, total));
            true
        };
        let options = RunOptions { threads, progress: Some(&watch), ..RunOptions::default() };
        kernel.run(&inputs, &mut [ArrayMut::f64(&mut out, &[2000, 1])], &options).unwrap();
        let seen = seen.into_inner().unwrap();
        assert!(seen.windows(2).all(|w| w[0].0 <= w[1].0), "progress goes back: {seen:?}");
        assert!(seen.iter().all(|s| s.0 <= s.1 && s.1 == 16_000_000), "{seen:?}");
        assert_eq!(seen.last(), Some(&(16_000_000, 16_000_000)));
        let expected = out.clone();

        let stop = |_: u64, _: u64| false;
        let options = RunOptions { threads, progress: Some(&stop), ..RunOptions::default() };
        let stopped = kernel.run(&inputs, &mut [ArrayMut::f64(&mut out, &[2000, 1])], &options);
        // A run may be over before it hears of the wish.
        if let Err(error) = stopped {
            assert_eq!(Error::kind(&error), ErrorKind::Cancelled);
            let message = error.message();
            assert!(message.starts_with("the run was stopped by its progress callback after "), "{message}");
            assert!(message.ends_with(" of 16000000 pairs"), "{message}");
        }
        kernel
            .run(&inputs, &mut [ArrayMut::f64(&mut out, &[2000, 1])], &RunOptions { threads, ..RunOptions::default() })
            .unwrap();
        assert_eq!(out, expected);
    }
}
