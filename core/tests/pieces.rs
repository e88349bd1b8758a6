//! Arrays in ordinary memory that are larger than the memory of a device, and runs on several devices: results are those of a
//! device that has room for all.
//!
//! Here the tests decide how much memory a device has, so each runs alone.

mod support;

use std::cell::Cell;
use std::sync::Arc;
use std::thread::{self, ThreadId};

use rkeops_core::cuda::device;
use rkeops_core::{
    ArrayMut, ArrayRef, CompileOptions, Devices, Dtype, ErrorKind, Half, Kernel, Ranges, Reduction, RunOptions, Target,
};
use support::case::{Case, Numbers, Values};
use support::check::{Count, describe, refuse};
use support::cuda_on_cpu::with_bytes;
use support::expression::{Expression, Variable, call1, call2, index};
use support::layout::{LAYOUTS, Layout};
use support::reducing::{NEAREST, is_exponential, reductions, with_extra, with_mask};

const FORMATS: [Dtype; 2] = [Dtype::F32, Dtype::F64];
/// Room for all of these tests at once.
const PLENTY: usize = 1 << 30;

/// With a GPU of this machine in place of the driver for tests, memory is what it is.
fn is_real() -> bool {
    std::env::var_os("RKEOPS_TEST_GPU").is_some()
}

fn v(k: usize) -> Expression {
    Expression::Variable(k)
}

/// Points, a weight per j and a width.
fn cloud() -> Vec<Variable> {
    [(2, 0), (2, 1), (1, 1), (1, 2)].map(|(dim, category)| Variable { dim, category }).to_vec()
}

fn exponent() -> Expression {
    call1("Minus", call2("Mult", call2("SqDist", v(0), v(1)), call1("Square", v(3))))
}

fn gaussian() -> Expression {
    call2("Mult", call1("Exp", exponent()), v(2))
}

type Ended = Result<(), rkeops_core::Error>;

/// How much memory a run needs at least: the error of one that has hardly any says so.
fn smallest(run: impl Fn(&RunOptions<'_>) -> Ended) -> usize {
    let error = with_bytes(256, || run(&RunOptions::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Size, "{error}");
    let (start, bytes) = error.message().rsplit_once(' ').unwrap();
    assert!(start.ends_with("the smallest pieces of this run take"), "{error}");
    // One part in sixteen is left free.
    bytes.parse::<usize>().unwrap() * 16 / 15 + 16
}

/// Runs with more and more memory, from as little as it needs. Returns how many pieces there were at most.
fn with_more_and_more(run: impl Fn(&RunOptions<'_>) -> Ended) -> usize {
    if is_real() {
        run(&RunOptions::default()).unwrap();
        return usize::MAX;
    }
    let (least, mut most) = (smallest(&run), 0);
    for bytes in [least, least * 9 / 8, least * 3 / 2, least * 3, PLENTY] {
        with_bytes(bytes, || {
            let reports = Cell::new(0);
            let count = |_, _| {
                reports.set(reports.get() + 1);
                true
            };
            run(&RunOptions { progress: Some(&count), ..RunOptions::default() }).unwrap();
            most = most.max(reports.get() - 1);
            assert_eq!(device(0).unwrap().free_bytes().unwrap(), bytes, "all memory is given back");
        });
    }
    most
}

/// A case in pieces, compared with the oracle.
fn assert_right_in_pieces(case: &Case, dtype: Dtype, pieces: usize) {
    let kernel = case.compile(dtype, Target::Cuda).unwrap();
    let most = with_more_and_more(|options| {
        let results = case.run_with(&kernel, dtype, &[*options])?.remove(0);
        if let Some(what) = refuse(case, dtype, &results, &mut Count::default()) {
            panic!("{dtype}: {what}\n{}", describe(case));
        }
        Ok(())
    });
    assert!(most >= pieces, "{most} pieces at most\n{}", describe(case));
}

/// Values of every kind of state, some reductions in a pass: sums in blocks, exponents with anchors, extremes, lists in registers
/// and in memory.
#[test]
fn every_reduction() {
    let difference = || call2("Subtract", v(0), v(1));
    let mut all: Vec<(&str, Expression)> = Vec::new();
    for name in reductions() {
        match name {
            _ if NEAREST.contains(&name) => {
                all.extend([3, 20].map(|length| (name, with_extra(difference(), None, &[length]))));
            }
            _ if name.ends_with("Weight") => all.push((name, with_extra(exponent(), Some(v(2)), &[]))),
            _ if is_exponential(name) => all.push((name, exponent())),
            "Sum" | "Prod" => all.push((name, gaussian())),
            _ => all.push((name, difference())),
        }
    }
    for some in all.chunks(4) {
        for (axis, dtype) in [(1, Dtype::F32), (0, Dtype::F64)] {
            let rows = if axis == 1 { [420, 200] } else { [200, 420] };
            let case = Case { axis, ..Case::new(&cloud(), some.to_vec(), rows) };
            assert_right_in_pieces(&case, dtype, 6);
        }
    }
}

/// NaN and infinities, numbers of rows in values and in conditions, ties, and several reductions in one pass.
#[test]
fn special_numbers_and_row_numbers() {
    let numbers = call2("Add", call2("Mult", index(0), Expression::Number(1000.0)), index(1));
    let below = call2("LessThan", call2("Mult", index(1), Expression::Number(0.4)), index(0));
    let difference = call2("Subtract", v(0), v(1));
    let reductions = vec![
        ("Sum", with_mask(numbers.clone(), below.clone())),
        ("ArgMin", difference.clone()),
        ("Max_ArgMax", with_mask(difference.clone(), below)),
        ("ArgKMin", with_extra(difference, None, &[4])),
        ("LogSumExp", call2("SqDist", v(0), v(1))),
    ];
    for numbers in [Numbers::Ordinary, Numbers::Integers, Numbers::Awkward] {
        for dtype in FORMATS {
            let case = Case { numbers, ..Case::new(&cloud(), reductions.clone(), [130, 400]) };
            assert_right_in_pieces(&case, dtype, 8);
        }
    }
}

/// An anchor of a piece is no anchor of the next: exponents that are far apart in each, and that fall or rise.
#[test]
fn exponents_far_apart() {
    for sign in [1.0, -1.0] {
        let far = call2("Mult", index(1), Expression::Number(sign * 7.0));
        let exponent = call2("Add", call2("SqDist", v(0), v(1)), far);
        let case = Case::new(&cloud(), vec![("LogSumExp", exponent)], [70, 500]);
        FORMATS.into_iter().for_each(|dtype| assert_right_in_pieces(&case, dtype, 6));
    }
}

/// Rows of many components, and many columns, are factors of products, which are taken from a centre of some piece.
#[test]
fn wide_rows() {
    let variables = [(60, 0), (60, 1), (1, 1), (40, 1)].map(|(dim, category)| Variable { dim, category });
    let distance = call2("SqDist", v(0), v(1));
    let near = call1("Exp", call2("Mult", distance.clone(), Expression::Number(-0.05)));
    let all = [
        (1, "Sum", call2("Mult", near.clone(), v(2))),
        (0, "LogSumExp", call2("Scalprod", v(0), v(1))),
        (1, "ArgMin", distance),
        (1, "Sum", call2("Mult", near, v(3))),
    ];
    for (axis, name, formula) in all {
        let rows = if axis == 1 { [200, 500] } else { [500, 200] };
        let case = Case { axis, ..Case::new(&variables, vec![(name, formula)], rows) };
        let kernel = with_bytes(PLENTY, || case.compile(Dtype::F32, Target::Cuda).unwrap());
        assert!(!kernel.device_source(90, |_| false).unwrap().contains("#define PRODUCTS 0"));
        FORMATS.into_iter().for_each(|dtype| assert_right_in_pieces(&case, dtype, 6));
    }
}

/// Arrays that are not row after row are gathered; a row that stands for all stays one.
#[test]
fn strides() {
    let reductions = vec![("Sum", gaussian()), ("ArgMin", call2("SqDist", v(0), v(1)))];
    for layout in LAYOUTS.into_iter().chain([Layout::Repeated]) {
        let output = if layout == Layout::Repeated { Layout::Rows } else { layout };
        for (axis, rows) in [(1, [140, 300]), (0, [300, 140])] {
            let case = Case { inputs: vec![layout; 4], output, axis, ..Case::new(&cloud(), reductions.clone(), rows) };
            assert_right_in_pieces(&case, Dtype::F32, 4);
        }
    }
}

/// The results of two reductions of arrays of several axes, and of indices of the second.
struct Problem {
    arrays: Vec<(Vec<f64>, Vec<usize>, Vec<isize>)>,
    results: Vec<usize>,
}

impl Problem {
    fn new(shapes: &[&[usize]], strides: &[&[isize]], results: &[usize]) -> Problem {
        let array = |(k, (shape, strides)): (usize, (&&[usize], &&[isize]))| {
            let last: isize = shape.iter().zip(*strides).map(|(&n, &step)| (n as isize - 1) * step).sum();
            let number = |place: isize| ((place * 37 + 11 * k as isize) % 101) as f64 / 50.0 - 1.0;
            ((0..=last).map(number).collect(), shape.to_vec(), strides.to_vec())
        };
        Problem { arrays: shapes.iter().zip(strides).enumerate().map(array).collect(), results: results.to_vec() }
    }

    fn kernel(target: Target) -> Arc<Kernel> {
        let aliases = ["x = Vi(0,2)", "y = Vj(1,2)", "b = Vj(2,1)", "p = Pm(3,1)"];
        let texts = ["Sum_Reduction(Exp(-SqDist(x,y)*p)*b,0)", "ArgMin_Reduction(SqDist(x,y),0)"];
        let reductions: Vec<_> = texts.iter().map(|text| Reduction::parse(text, &aliases).unwrap()).collect();
        Kernel::compile(&reductions, &CompileOptions { dtype: Dtype::F64, target, ..CompileOptions::default() })
            .unwrap()
    }

    /// A run, and how often it reports its progress.
    fn run_counted(&self, kernel: &Kernel) -> ((Vec<f64>, Vec<i64>), usize) {
        let reports = Cell::new(0);
        let count = |_, _| {
            reports.set(reports.get() + 1);
            true
        };
        let options = RunOptions { progress: Some(&count), ..RunOptions::default() };
        (self.run(kernel, &options).unwrap(), reports.get())
    }

    fn run(&self, kernel: &Kernel, options: &RunOptions<'_>) -> Result<(Vec<f64>, Vec<i64>), rkeops_core::Error> {
        let count = self.results.iter().product();
        let (mut sums, mut places) = (vec![f64::NAN; count], vec![-1; count]);
        let shape = [self.results.as_slice(), &[1]].concat();
        let views = self.arrays.iter().map(|(data, shape, strides)| {
            let (shape, strides) = (shape.clone(), strides.clone());
            ArrayRef { shape: shape.into(), strides: strides.into(), ..ArrayRef::f64(data, &[data.len()]) }
        });
        let inputs: Vec<_> = views.collect();
        kernel.run(&inputs, &mut [ArrayMut::f64(&mut sums, &shape), ArrayMut::i64(&mut places, &shape)], options)?;
        Ok((sums, places))
    }

    /// Runs in pieces and on several devices, compared with a processor.
    fn assert_right(&self, ranges: Option<&Ranges>, pieces: usize) {
        let options = RunOptions { ranges, ..RunOptions::default() };
        let wanted = self.run(&Problem::kernel(Target::Portable), &options).unwrap();
        let kernel = with_bytes(PLENTY, || Problem::kernel(Target::Cuda));
        let compare = |options: &RunOptions<'_>| {
            assert_close(&self.run(&kernel, options)?, &wanted);
            Ok(())
        };
        let most = with_more_and_more(|options| compare(&RunOptions { ranges, ..*options }));
        assert!(most >= pieces, "{most} pieces at most");
        with_more_and_more(|options| compare(&RunOptions { ranges, devices: Devices::All, ..*options }));
    }
}

/// The same rows, and the same sums but for rounding.
fn assert_close((sums, places): &(Vec<f64>, Vec<i64>), (wanted_sums, wanted_places): &(Vec<f64>, Vec<i64>)) {
    assert_eq!(places, wanted_places);
    let is_close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-11 * b.abs().max(1.0);
    assert!(sums.iter().zip(wanted_sums).all(is_close), "{sums:?}\n{wanted_sums:?}");
}

/// Problems of a batch, some arrays of which are the same for all, or lie between those of others.
#[test]
fn batches() {
    let (m, n) = (70, 150);
    let shapes: [&[usize]; 4] = [&[3, 1, m, 2], &[2, n, 2], &[3, 2, n, 1], &[1]];
    let strides: [&[isize]; 4] = [&[2 * m as isize, 0, 2, 1], &[1, 4, 2], &[1, 3, 6, 1], &[1]];
    Problem::new(&shapes, &strides, &[3, 2, m]).assert_right(None, 12);
    // More problems than rows: devices share them.
    let shapes: [&[usize]; 4] = [&[9, 3, 2], &[5, 2], &[9, 5, 1], &[9, 1]];
    let strides: [&[isize]; 4] = [&[6, 2, 1], &[2, 1], &[5, 1, 1], &[1, 1]];
    Problem::new(&shapes, &strides, &[9, 3]).assert_right(None, 3);
}

/// The last problems are fewer, so each is in more parts, whose totals take more memory than those of the others.
#[test]
fn few_problems_at_the_end() {
    let (items, m, n) = (33, 256, 2100);
    let shapes: [&[usize]; 4] = [&[items, m, 2], &[n, 2], &[n, 1], &[1]];
    let strides: [&[isize]; 4] = [&[2 * m as isize, 2, 1], &[2, 1], &[1, 1], &[1]];
    let problem = Problem::new(&shapes, &strides, &[items, m]);
    let kernel = with_bytes(PLENTY, || Problem::kernel(Target::Cuda));
    let (results, _) = with_bytes(PLENTY, || problem.run_counted(&kernel));
    for bytes in [640, 700, 760, 820].map(|kilobytes| kilobytes << 10) {
        let (found, reports) = with_bytes(bytes, || problem.run_counted(&kernel));
        assert_close(&found, &results);
        assert!(reports > 2 || is_real(), "{bytes} bytes, {reports} reports");
    }
}

/// Ranges are cut with the rows; a row that meets nothing in a piece, or in all, is right too.
#[test]
fn ranges_in_pieces() {
    let (m, n) = (200, 500);
    let shapes: [&[usize]; 4] = [&[m, 2], &[n, 2], &[n, 1], &[1]];
    let problem = Problem::new(&shapes, &[&[2, 1], &[2, 1], &[1, 1], &[1]], &[m]);
    let kept = [[10, 60], [60, 61], [100, 180], [190, 200]];
    let reduced = [[5, 80], [300, 480], [0, 7], [20, 20], [499, 500], [0, 500], [63, 65]];
    let half = Half { kept: &kept, slices: &[2, 4, 6, 7], reduced: &reduced };
    let none = Half { kept: &[], slices: &[], reduced: &[] };
    problem.assert_right(Some(&Ranges::new(half, none).unwrap()), 6);
    let labels = |rows: usize, size: i64| (0..rows as i64).map(|row| row / size).collect::<Vec<_>>();
    let clusters = Ranges::from_labels(&labels(m, 9), &labels(n, 21), &[[0, 1], [3, 7], [3, 8], [20, 0], [4, 22]]);
    problem.assert_right(Some(&clusters), 6);
}

/// Several devices give what one gives, and no more threads hear of progress than the one that called.
#[test]
fn several_devices() {
    let reductions = vec![("Sum", gaussian()), ("ArgMin", call2("SqDist", v(0), v(1)))];
    for rows in [[1, 300], [70, 150], [301, 40], [0, 4], [4, 0]] {
        let case = Case::new(&cloud(), reductions.clone(), rows);
        with_bytes(PLENTY, || {
            let kernel = case.compile(Dtype::F32, Target::Cuda).unwrap();
            let threads: Cell<Option<ThreadId>> = Cell::new(None);
            let last = Cell::new((0, 0));
            let progress = |done, total| {
                threads.set(Some(thread::current().id()));
                last.set((done, total));
                true
            };
            let all = RunOptions { devices: Devices::All, progress: Some(&progress), ..RunOptions::default() };
            let second = RunOptions { devices: Devices::One(usize::from(!is_real())), ..RunOptions::default() };
            let results = case.run_with(&kernel, Dtype::F32, &[all, second, RunOptions::default()]).unwrap();
            let same = |a: &[Values], b: &[Values]| a.iter().zip(b).all(|(a, b)| a.same(b, true));
            assert!(same(&results[1], &results[2]));
            for results in &results {
                assert_eq!(refuse(&case, Dtype::F32, results, &mut Count::default()), None);
            }
            assert_eq!(threads.get(), Some(thread::current().id()));
            let pairs = (rows[0] * rows[1]) as u64;
            assert_eq!(last.get(), (pairs, pairs));
        });
    }
}

/// A run that is stopped between pieces says so and leaves nothing behind.
#[test]
fn stopped_between_pieces() {
    let case = Case::new(&cloud(), vec![("Sum", gaussian())], [200, 600]);
    let kernel = with_bytes(PLENTY, || case.compile(Dtype::F32, Target::Cuda).unwrap());
    if is_real() {
        return;
    }
    let bytes = smallest(|options| case.run_with(&kernel, Dtype::F32, &[*options]).map(drop));
    for devices in [Devices::One(0), Devices::All] {
        with_bytes(bytes, || {
            let calls = Cell::new(0);
            let stop = |done, total| {
                assert!(done < total, "nothing is said after the wish to stop");
                calls.set(calls.get() + 1);
                calls.get() < 3
            };
            let options = RunOptions { devices, progress: Some(&stop), ..RunOptions::default() };
            let error = case.run_with(&kernel, Dtype::F32, &[options]).unwrap_err();
            assert_eq!((error.kind(), calls.get()), (ErrorKind::Cancelled, 3), "{error}");
            for number in [0, 1] {
                assert_eq!(device(number).unwrap().free_bytes().unwrap(), bytes);
            }
        });
    }
}

/// Large inputs are copied in pieces where there is room for all, too, and small ones are not.
#[test]
fn large_inputs_overlap() {
    let kernel = with_bytes(PLENTY, || Problem::kernel(Target::Cuda));
    let reports = |m: usize, n: usize| {
        let shapes: [&[usize]; 4] = [&[m, 2], &[n, 2], &[n, 1], &[1]];
        let problem = Problem::new(&shapes, &[&[2, 1], &[2, 1], &[1, 1], &[1]], &[m]);
        let (sums, places) = problem.run(&Problem::kernel(Target::Portable), &RunOptions::default()).unwrap();
        with_bytes(PLENTY, || {
            let ((found, found_places), reports) = problem.run_counted(&kernel);
            assert_eq!(found_places, places);
            assert!(found.iter().zip(&sums).all(|(a, b)| (a - b).abs() <= 1e-8 * b.abs().max(1.0)));
            reports
        })
    };
    assert_eq!(reports(3, 10_000), 2);
    assert_eq!(reports(3, 1_500_000), 5);
    assert_eq!(reports(2_500_000, 2), 5);
}

/// On a GPU of this machine, whose memory is taken but for a little: copies and kernels really overlap there.
#[test]
fn little_memory_of_a_real_device() {
    if !is_real() {
        return;
    }
    let kernel = Problem::kernel(Target::Cuda);
    let (device, little) = (device(0).unwrap(), 256 << 20);
    for [m, n] in [[30_000, 5_000_000], [5_000_000, 300]] {
        let shapes: [&[usize]; 4] = [&[m, 2], &[n, 2], &[n, 1], &[1]];
        let problem = Problem::new(&shapes, &[&[2, 1], &[1, n as isize], &[1, 1], &[1]], &[m]);
        let (sums, places) = problem.run(&kernel, &RunOptions::default()).unwrap();
        let _taken = device.allocate(device.free_bytes().unwrap() - little, 0).unwrap();
        let ((found, found_places), reports) = problem.run_counted(&kernel);
        assert_eq!(found_places, places);
        assert!(found.iter().zip(&sums).all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs().max(1.0)));
        assert!(reports > 4, "{reports} reports");
    }
}
