//! Batches, block-sparse ranges and ragged batches: against the oracle, and each problem and each block by itself, as a
//! run on arrays of its own, gives the same to the last bit.

use crate::support::check::SLACK;
use crate::support::oracle::Expected;
use crate::support::problem::{Problem, compact, half, met, run, same, some_half, strips};
use crate::support::random::{Random, seeds};
use rkeops_core::{Axis, CompileOptions, Dtype, ErrorKind, Half, Kernel, Ranges, Reduction, Result, Target};

const FORMATS: [Dtype; 2] = [Dtype::F32, Dtype::F64];

fn batches_are_problems_one_by_one(target: Target) {
    for seed in seeds(1, 150) {
        let problem = Problem::new(seed, true);
        for dtype in FORMATS {
            let kernel = problem.kernel(dtype, target);
            let found = run(&kernel, dtype, &problem.inputs, &problem.shapes(&kernel), None, 2).unwrap();
            let (kept, reduced): (Vec<usize>, Vec<usize>) =
                ((0..problem.case.kept()).collect(), (0..problem.case.reduced()).collect());
            let alone: Vec<_> =
                problem.items().iter().map(|item| problem.alone(&kernel, dtype, item, &kept, &reduced)).collect();
            for (k, found) in found.iter().enumerate() {
                let expected: Vec<f64> = alone.iter().flat_map(|results| results[k].clone()).collect();
                let texts = problem.case.texts();
                assert!(
                    same(found, &expected),
                    "RKEOPS_TEST_SEED={seed} {} {dtype}, batch {:?}, rows {:?}, {texts:?}: got {found:?}; expected {expected:?}",
                    target.name(),
                    problem.batch,
                    problem.rows,
                );
            }
        }
    }
}

fn ranges_are_blocks_one_by_one(target: Target) {
    for seed in seeds(1, 150) {
        let problem = Problem::new(seed, seed % 3 == 0);
        // Blocks by themselves have other row numbers.
        if !problem.has_both() || problem.reads("Index") {
            continue;
        }
        let mut random = Random::new(seed ^ 0x4a6e);
        let [i, j] = problem.rows;
        let (over_j, over_i) = (some_half(&mut random, i, j), some_half(&mut random, j, i));
        let ranges = Ranges::new(half(&over_j), half(&over_i)).unwrap();
        let lists = if problem.case.axis == 1 { &over_j } else { &over_i };
        let kept = problem.case.kept();
        let strips = strips(lists, kept);
        for dtype in FORMATS {
            let kernel = problem.kernel(dtype, target);
            let found = run(&kernel, dtype, &problem.inputs, &problem.shapes(&kernel), Some(&ranges), 2).unwrap();
            for (b, item) in problem.items().iter().enumerate() {
                let mut first = 0;
                for run in strips.chunk_by(|a, b| a == b) {
                    let rows: Vec<usize> = (first..first + run.len()).collect();
                    first += run.len();
                    let reduced: Vec<usize> = match run[0] {
                        None => Vec::new(),
                        Some(k) => met(lists, k),
                    };
                    let alone = problem.alone(&kernel, dtype, item, &rows, &reduced);
                    let arrays = kernel.outputs().iter().zip(problem.case.outputs());
                    for ((alone, found), (output, (name, _))) in alone.iter().zip(&found).zip(arrays) {
                        let found = &found[(b * kept + rows[0]) * output.dim..][..alone.len()];
                        // A row's own number stands for its place among those that are met; 0 also where none wins.
                        let row = |k: f64| reduced.get(k as usize).map_or(0.0, |&row| row as f64);
                        let is_row = |(&found, &k): (&f64, &f64)| found == row(k) || k == 0.0 && found == 0.0;
                        let repeats = (1..reduced.len()).any(|k| reduced[k] <= reduced[k - 1]);
                        let is_same = match output.dtype {
                            Dtype::I64 if !matches!(name, "Any" | "All" | "Count") => {
                                repeats || found.iter().zip(alone).all(is_row)
                            }
                            // Where a row is met twice, equal values are told apart by other indices: a zero by its sign.
                            _ => same(found, alone) || repeats && found == alone,
                        };
                        assert!(
                            is_same,
                            "RKEOPS_TEST_SEED={seed} {} {dtype}, {:?}, rows {rows:?} with {reduced:?}: got {found:?}; alone {alone:?}",
                            target.name(),
                            problem.case.texts(),
                        );
                    }
                }
            }
        }
    }
}

/// What is wrong with a number of a result over these rows, if anything; rows are in ascending order.
fn refuse(expected: &Expected, found: f64, is_integer: bool, reduced: &[usize]) -> Option<String> {
    if !expected.is_known() {
        return None;
    }
    let Expected::Index { best: Some(best), .. } = expected else {
        return if is_integer {
            expected.refuse_index(found as i64, SLACK)
        } else {
            expected.refuse_number(found, SLACK)
        };
    };
    // Indices are numbers of rows, not places among those that are met. A row that is met twice has two places.
    let place = reduced.partition_point(|&row| row < found as usize);
    if reduced.get(place) != Some(&(found as usize)) {
        return Some(format!("got row {found}, which is not met"));
    }
    if reduced[*best] == reduced[place] { None } else { expected.refuse_index(place as i64, SLACK) }
}

/// Rows and problems of a run that are compared with the oracle: a few.
fn some(random: &mut Random, count: usize) -> Vec<usize> {
    (0..3.min(count)).map(|_| random.below(count)).collect()
}

/// Random formulas on batches, with ranges and without, against the float64 oracle.
fn batches_and_ranges_are_right(target: Target) {
    for seed in seeds(2_000_000, 150) {
        let problem = Problem::new(seed, seed % 4 != 0);
        let mut random = Random::new(seed ^ 0x0b1);
        let (kept, reduced) = (problem.case.kept(), problem.case.reduced());
        let lists = (seed % 3 != 0).then(|| some_half(&mut random, kept, reduced));
        let empty = Half { kept: &[], slices: &[], reduced: &[] };
        let ranges = lists.as_ref().map(|lists| match problem.case.axis {
            1 => Ranges::new(half(lists), empty).unwrap(),
            _ => Ranges::new(empty, half(lists)).unwrap(),
        });
        let rows_met: Vec<Vec<usize>> = match &lists {
            None => vec![(0..reduced).collect(); kept],
            Some(lists) => {
                let strips = strips(lists, kept).into_iter();
                strips.map(|strip| strip.map_or(Vec::new(), |k| met(lists, k))).collect()
            }
        };
        for dtype in FORMATS {
            let kernel = problem.kernel(dtype, target);
            let found = run(&kernel, dtype, &problem.inputs, &problem.shapes(&kernel), ranges.as_ref(), 2).unwrap();
            let items = problem.items();
            for b in some(&mut random, items.len()) {
                for row in some(&mut random, kept) {
                    let mut reduced = rows_met[row].clone();
                    reduced.sort_unstable();
                    let expected = problem.expected(dtype, &items[b], row, &reduced);
                    for ((expected, found), output) in expected.iter().zip(&found).zip(kernel.outputs()) {
                        let found = &found[(b * kept + row) * output.dim..][..output.dim];
                        for (expected, &found) in expected.iter().zip(found) {
                            let wrong = refuse(expected, found, output.dtype == Dtype::I64, &reduced);
                            assert!(
                                wrong.is_none(),
                                "RKEOPS_TEST_SEED={seed} {} {dtype}, batch {:?} at {:?}, row {row} with {reduced:?}, {:?}: {wrong:?}",
                                target.name(),
                                problem.batch,
                                items[b],
                                problem.case.texts(),
                            );
                        }
                    }
                }
            }
        }
    }
}

/// A run that is long enough to be cut into parts and to use threads, with ranges and without.
fn long_rows(target: Target) {
    let aliases = ["x = Vi(0,1)", "y = Vj(1,1)"];
    let texts = ["Sum_Reduction(x*y,0)", "ArgMax_Reduction(y-x,0)", "LogSumExp_Reduction(x*y,0)"];
    let reductions: Vec<Reduction> = texts.iter().map(|text| Reduction::parse(text, &aliases).unwrap()).collect();
    let kernel =
        Kernel::compile(&reductions, &CompileOptions { dtype: Dtype::F64, target, ..CompileOptions::default() })
            .unwrap();
    let (m, n) = (5usize, 1_000_000usize);
    // Multiples of 1/8, so that sums are exact.
    let y: Vec<f64> = (0..n).map(|k| (k * 7919 % 1009) as f64 / 1024.0).collect();
    let x: Vec<f64> = (0..m).map(|k| k as f64).collect();
    let inputs = [compact(x, &[m, 1]), compact(y.clone(), &[n, 1])];
    let blocks = [[10, 400_000], [400_000, 400_001], [500_000, 999_999]];
    let ranges = Ranges::from_blocks(&[[0, 2], [2, 3]], &blocks, &[true, false, true, false, true, false]).unwrap();
    let shapes = [vec![m, 1], vec![m, 1], vec![m, 1]];
    let results: Vec<_> =
        [1, 2, 3].iter().map(|&t| run(&kernel, Dtype::F64, &inputs, &shapes, Some(&ranges), t).unwrap()).collect();
    assert!(results.windows(2).all(|pair| pair[0].iter().zip(&pair[1]).all(|(a, b)| same(a, b))));
    let [sums, places, logarithms] = [0, 1, 2].map(|k| &results[0][k]);
    let met = |row: usize| -> Vec<usize> {
        match row {
            0 | 1 => (10..400_000).chain(500_000..999_999).collect(),
            2 => vec![400_000],
            _ => Vec::new(),
        }
    };
    for row in 0..m {
        let met = met(row);
        let sum: f64 = met.iter().map(|&j| row as f64 * y[j]).sum();
        assert_eq!(sums[row], sum, "{row}");
        let largest = met.iter().map(|&j| y[j]).fold(f64::NEG_INFINITY, f64::max);
        let place = met.iter().find(|&&j| y[j] == largest).copied().unwrap_or(0);
        assert_eq!(places[row], place as f64, "{row}");
        let exact: f64 = met.iter().map(|&j| (row as f64 * y[j]).exp()).sum::<f64>().ln();
        let found = logarithms[row];
        assert!(found == exact || (found - exact).abs() < 1e-9, "{row}: {found} {exact}");
    }
}

suite!(batches_are_problems_one_by_one, ranges_are_blocks_one_by_one, batches_and_ranges_are_right, long_rows);
suite!(devices: batches_are_problems_one_by_one, ranges_are_blocks_one_by_one, batches_and_ranges_are_right, long_rows);

fn sum_kernel() -> std::sync::Arc<Kernel> {
    let reduction = Reduction::parse("Sum_Reduction(x*y*p,0)", &["x = Vi(0,1)", "y = Vj(1,1)", "p = Pm(2,1)"]).unwrap();
    Kernel::compile(&[reduction], &CompileOptions { dtype: Dtype::F64, ..CompileOptions::default() }).unwrap()
}

fn sums(shapes: [&[usize]; 3], output: &[usize], ranges: Option<&Ranges>) -> Result<Vec<f64>> {
    let inputs = shapes.map(|shape| compact((0..shape.iter().product()).map(|k: usize| k as f64).collect(), shape));
    run(&sum_kernel(), Dtype::F64, &inputs, &[output.to_vec()], ranges, 1).map(|mut results| results.remove(0))
}

#[test]
fn shapes_of_batches() {
    // Axes are matched from the last; what is missing or 1 is repeated.
    let found = sums([&[2, 1, 2, 1], &[3, 2, 1], &[1]], &[2, 3, 2, 1], None).unwrap();
    assert_eq!(found, vec![0.0; 12], "the parameter is 0");
    let found = sums([&[2, 1], &[2, 1], &[3, 1]], &[3, 2, 1], None).unwrap();
    assert_eq!(found, [0.0, 0.0, 0.0, 1.0, 0.0, 2.0]);
    // Leading axes of extent 1 may be left out.
    assert_eq!(sums([&[1, 2, 1], &[2, 1], &[1, 1]], &[2, 1], None).unwrap(), [0.0, 0.0]);
    assert_eq!(sums([&[0, 2, 1], &[2, 1], &[1]], &[0, 2, 1], None).unwrap(), []);
    let refused = |shapes: [&[usize]; 3], output: &[usize], message: &str| {
        let error = sums(shapes, output, None).expect_err(message);
        assert_eq!((error.kind(), error.message()), (ErrorKind::Shape, message));
    };
    let message = "input 1 (j-variable of dimension 1) has batch axes [3]; expected what can be broadcast with [2]";
    refused([&[2, 2, 1], &[3, 2, 1], &[1]], &[2, 2, 1], message);
    refused([&[2, 2, 1], &[2, 1], &[1]], &[2, 1], "output 0 has shape [2, 1]; expected (2, 2, 1)");
    refused([&[2, 1], &[2, 1], &[1]], &[1, 2, 1], "output 0 has shape [1, 2, 1]; expected (2, 1)");
}

#[test]
fn ragged_batches() {
    let ranges = Ranges::ragged(&[0, 2, 2, 3], &[0, 1, 3, 4]).unwrap();
    // Rows 0 to 3 of both; the parameter is 0, so the batch of two parameters tells them apart.
    let found = sums([&[3, 1], &[4, 1], &[2, 1]], &[2, 3, 1], Some(&ranges)).unwrap();
    assert_eq!(found, [0.0, 0.0, 0.0, 0.0, 0.0, 6.0]);
    let back = ranges.transposed();
    let error = sums([&[3, 1], &[4, 1], &[1]], &[3, 1], Some(&back)).unwrap_err();
    assert_eq!(error.message(), "the ranges name rows 3 to 4 of index i, which has 3 rows");
    assert_eq!(error.kind(), ErrorKind::Size);
}

#[test]
fn errors_of_ranges() {
    let empty = Half { kept: &[], slices: &[], reduced: &[] };
    let refused = |kind: ErrorKind, half: Half<'_>, message: &str| {
        let error = Ranges::new(half, empty).expect_err(message);
        assert_eq!((error.kind(), error.message()), (kind, message));
    };
    let (kept, reduced) = ([[0, 2], [2, 4]], [[0, 9], [3, 3]]);
    let message = "slices_i has 1 entries; expected 2, one for each row of ranges_i";
    refused(ErrorKind::Shape, Half { kept: &kept, slices: &[1], reduced: &reduced }, message);
    let message = "entry 1 of slices_i is 3; expected 1 to 2";
    refused(ErrorKind::Argument, Half { kept: &kept, slices: &[1, 3], reduced: &reduced }, message);
    let message = "entry 1 of slices_i is 0; expected 1 to 2";
    refused(ErrorKind::Argument, Half { kept: &kept, slices: &[1, 0], reduced: &reduced }, message);
    let message = "interval 0 of redranges_j is from 5 to 4; expected 0 <= start <= end";
    refused(ErrorKind::Argument, Half { kept: &kept, slices: &[0, 1], reduced: &[[5, 4]] }, message);
    let message = "interval 1 of ranges_i is from -1 to 4; expected 0 <= start <= end";
    refused(ErrorKind::Argument, Half { kept: &[[0, 1], [-1, 4]], slices: &[0, 1], reduced: &reduced }, message);
    let error = Ranges::from_blocks(&[[0, 2]], &[[0, 1], [1, 2]], &[true]).unwrap_err();
    assert_eq!(error.message(), "keep has 1 entries; expected 1 times 2, one for each pair of blocks");
    let error = Ranges::ragged(&[0, 1], &[0]).unwrap_err();
    let message = "offsets_i has 2 entries and offsets_j 1; expected equally many, one more than problems";
    assert_eq!(error.message(), message);
    let error = Ranges::ragged(&[0, 3, 1], &[0, 1, 2]).unwrap_err();
    assert_eq!(error.message(), "interval 1 of offsets_i is from 3 to 1; expected 0 <= start <= end");
    assert_eq!(sum_kernel().axis(), Axis::J);
}
