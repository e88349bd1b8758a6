//! Batches, block-sparse ranges and ragged batches: each problem and each block by itself, as a run on arrays of its own
//! that conformance.rs compares with the oracle, gives the same to the last bit.

mod support;

use std::ops::Range;

use rkeops_core::{
    ArrayMut, ArrayRef, Axis, CompileOptions, Data, DataMut, Dtype, ErrorKind, Half, Kernel, Ranges, Reduction, Result,
    RunOptions, Target,
};
use support::case::Case;
use support::generate::case;
use support::random::{Random, seeds};

/// An array in memory, in some order of its axes, with gaps and backwards.
#[derive(Clone)]
struct Strided {
    shape: Vec<usize>,
    strides: Vec<isize>,
    origin: usize,
    data: Vec<f64>,
}

impl Strided {
    fn new(random: &mut Random, shape: &[usize]) -> Self {
        let mut order: Vec<usize> = (0..shape.len()).collect();
        if random.chance(0.5) {
            order.sort_by_cached_key(|_| random.draw());
        }
        let mut strides = vec![0isize; shape.len()];
        let (mut step, mut origin) = (if random.chance(0.2) { 2 } else { 1 }, 0);
        for &axis in order.iter().rev() {
            let reach = step * shape[axis].max(1).cast_signed();
            let gap = if random.chance(0.2) { step } else { 0 };
            strides[axis] = step;
            if random.chance(0.2) && shape[axis] > 0 {
                strides[axis] = -step;
                origin += step * (shape[axis] - 1).cast_signed();
            }
            step = reach + gap;
        }
        let data = vec![f64::NAN; step.unsigned_abs().max(1)];
        let mut array = Strided { shape: shape.to_vec(), strides, origin: origin.unsigned_abs(), data };
        for index in array.indices() {
            let place = array.place(&index);
            array.data[place] = random.between(-1.5, 1.5);
        }
        array
    }

    fn indices(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        for &extent in &self.shape {
            all = all.iter().flat_map(|index| (0..extent).map(|k| [index.clone(), vec![k]].concat())).collect();
        }
        all
    }

    fn place(&self, index: &[usize]) -> usize {
        let steps: isize = index.iter().zip(&self.strides).map(|(&k, &s)| k.cast_signed() * s).sum();
        self.origin.checked_add_signed(steps).unwrap()
    }

    /// The numbers of some rows, for indices of the batch to which this array may be broadcast.
    fn rows(&self, batch: &[usize], rows: Option<&[usize]>) -> Vec<f64> {
        let last = if rows.is_some() { 2 } else { 1 };
        let own = self.shape.len() - last;
        let index: Vec<usize> =
            (0..own).map(|k| if self.shape[k] == 1 { 0 } else { batch[batch.len() - own + k] }).collect();
        let columns = self.shape[self.shape.len() - 1];
        let rows: Vec<Vec<usize>> = rows.map_or(vec![vec![]], |rows| rows.iter().map(|&r| vec![r]).collect());
        let places = rows.iter().flat_map(|row| (0..columns).map(|k| [&index[..], row, &[k]].concat()));
        places.map(|index| self.data[self.place(&index)]).collect()
    }
}

/// Results of a run as numbers.
fn run(
    kernel: &Kernel,
    dtype: Dtype,
    inputs: &[Strided],
    shapes: &[Vec<usize>],
    ranges: Option<&Ranges>,
    threads: usize,
) -> Result<Vec<Vec<f64>>> {
    let single: Vec<Vec<f32>> = inputs.iter().map(|a| a.data.iter().map(|&v| v as f32).collect()).collect();
    let views: Vec<ArrayRef<'_>> = inputs
        .iter()
        .zip(&single)
        .map(|(array, single)| ArrayRef {
            data: if dtype == Dtype::F64 { Data::F64(&array.data) } else { Data::F32(single) },
            origin: array.origin,
            shape: array.shape.clone(),
            strides: array.strides.clone(),
        })
        .collect();
    let count = |shape: &Vec<usize>| shape.iter().product::<usize>();
    let mut floats: Vec<Vec<f32>> = shapes.iter().map(|s| vec![77.0; count(s)]).collect();
    let mut doubles: Vec<Vec<f64>> = shapes.iter().map(|s| vec![77.0; count(s)]).collect();
    let mut integers: Vec<Vec<i64>> = shapes.iter().map(|s| vec![77; count(s)]).collect();
    let buffers = floats.iter_mut().zip(&mut doubles).zip(&mut integers).zip(shapes);
    let mut outputs: Vec<ArrayMut<'_>> = buffers
        .zip(kernel.outputs())
        .map(|((((f, d), i), shape), output)| {
            let data = match output.dtype {
                Dtype::F32 => DataMut::F32(f),
                Dtype::F64 => DataMut::F64(d),
                _ => DataMut::I64(i),
            };
            ArrayMut { data, origin: 0, shape: shape.clone(), strides: rkeops_core::row_major(shape) }
        })
        .collect();
    kernel.run(&views, &mut outputs, &RunOptions { threads, ranges, ..RunOptions::default() })?;
    drop(outputs);
    let results = kernel.outputs().iter().enumerate().map(|(k, output)| match output.dtype {
        Dtype::F32 => floats[k].iter().map(|&v| f64::from(v)).collect(),
        Dtype::F64 => doubles[k].clone(),
        _ => integers[k].iter().map(|&v| v as f64).collect(),
    });
    Ok(results.collect())
}

fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
}

/// A compact array of these numbers.
fn compact(data: Vec<f64>, shape: &[usize]) -> Strided {
    let strides = rkeops_core::row_major(shape);
    Strided { shape: shape.to_vec(), strides, origin: 0, data: if data.is_empty() { vec![0.0] } else { data } }
}

/// A case's formulas on random arrays with batch axes, and what its kernel is.
struct Problem {
    case: Case,
    rows: [usize; 2],
    batch: Vec<usize>,
    inputs: Vec<Strided>,
}

impl Problem {
    fn new(seed: u64, with_batch: bool) -> Self {
        let mut case = case(seed);
        let mut random = Random::new(seed ^ 0xb10c);
        let rows = [0, 1].map(|_| *random.pick(&[0, 1, 2, 5, 9, 40, 130, 300]));
        case.rows = rows;
        let axes = if with_batch { random.below(4) } else { 0 };
        let mut batch: Vec<usize> = (0..axes).map(|_| *random.pick(&[1, 2, 3, 3, 4])).collect();
        if with_batch && random.chance(0.03) {
            batch.push(0);
        }
        let mut inputs = Vec::new();
        let (mut seen, mut most) = (vec![1; batch.len()], 0);
        for variable in &case.variables {
            let own = random.below(batch.len() + 1);
            let first = batch.len() - own;
            most = most.max(own);
            let mut shape: Vec<usize> =
                batch[first..].iter().map(|&extent| if random.chance(0.4) { 1 } else { extent }).collect();
            seen[first..].iter_mut().zip(&shape).filter(|(_, n)| **n != 1).for_each(|(seen, &n)| *seen = n);
            shape.extend((variable.category < 2).then(|| rows[variable.category]));
            shape.push(variable.dim);
            inputs.push(Strided::new(&mut random, &shape));
        }
        // The axes that some input has.
        let batch = seen.split_off(seen.len() - most);
        Problem { case, rows, batch, inputs }
    }

    fn kernel(&self, dtype: Dtype, target: Target) -> std::sync::Arc<Kernel> {
        self.case.compile(dtype, target).unwrap()
    }

    /// Whether a formula reads an operation of this name of its rows.
    fn reads(&self, name: &str) -> bool {
        self.case.reductions.iter().any(|(_, formula)| formula.uses(name))
    }

    /// The indices of each problem, in order.
    fn items(&self) -> Vec<Vec<usize>> {
        compact(Vec::new(), &self.batch).indices()
    }

    /// The results of some kept rows over some reduced rows of one problem, on arrays of their own.
    fn alone(&self, kernel: &Kernel, dtype: Dtype, item: &[usize], kept: &[usize], reduced: &[usize]) -> Vec<Vec<f64>> {
        let of = |category: usize| if category == self.case.axis { reduced } else { kept };
        let inputs: Vec<Strided> = self
            .case
            .variables
            .iter()
            .zip(&self.inputs)
            .map(|(variable, array)| {
                let rows = (variable.category < 2).then(|| of(variable.category));
                let mut shape: Vec<usize> = rows.iter().map(|rows| rows.len()).collect();
                shape.push(variable.dim);
                compact(array.rows(item, rows), &shape)
            })
            .collect();
        let shapes: Vec<Vec<usize>> = kernel.outputs().iter().map(|o| vec![kept.len(), o.dim]).collect();
        run(kernel, dtype, &inputs, &shapes, None, 1).unwrap()
    }

    /// Whether both indices are followed by a variable, so that their rows can be chosen.
    fn has_both(&self) -> bool {
        [0, 1].iter().all(|c| self.case.variables.iter().any(|v| v.category == *c))
    }

    fn shapes(&self, kernel: &Kernel) -> Vec<Vec<usize>> {
        let rows = self.case.kept();
        kernel.outputs().iter().map(|o| [&self.batch[..], &[rows, o.dim]].concat()).collect()
    }
}

const FORMATS: [Dtype; 2] = [Dtype::F32, Dtype::F64];

fn batches_are_problems_one_by_one(target: Target) {
    for seed in seeds(1, 150) {
        let problem = Problem::new(seed, true);
        if problem.reads("Integer") {
            continue;
        }
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

/// Intervals of rows, in any order, perhaps overlapping.
fn some_intervals(random: &mut Random, rows: usize, most: usize) -> Vec<[i64; 2]> {
    (0..random.below(most + 1))
        .map(|_| {
            let (a, b) = (random.below(rows + 1), random.below(rows + 1));
            [a.min(b) as i64, a.max(b) as i64]
        })
        .collect()
}

/// Lists in KeOps' form: kept intervals, where the slices end, reduced intervals.
type Lists = (Vec<[i64; 2]>, Vec<i64>, Vec<[i64; 2]>);

fn some_half(random: &mut Random, kept: usize, reduced: usize) -> Lists {
    let kept = some_intervals(random, kept, 6);
    let (mut slices, mut all) = (Vec::new(), Vec::new());
    for _ in &kept {
        all.extend(some_intervals(random, reduced, 4));
        slices.push(all.len() as i64);
    }
    (kept, slices, all)
}

fn rows_of(interval: &[i64; 2]) -> Range<usize> {
    interval[0] as usize..interval[1] as usize
}

/// The place of each kept row's strip in the lists: the last that names it.
fn strips(lists: &Lists, kept: usize) -> Vec<Option<usize>> {
    let mut strips = vec![None; kept];
    for (k, interval) in lists.0.iter().enumerate() {
        strips[rows_of(interval)].fill(Some(k));
    }
    strips
}

fn ranges_are_blocks_one_by_one(target: Target) {
    for seed in seeds(1, 150) {
        let problem = Problem::new(seed, seed % 3 == 0);
        // Blocks by themselves have other row numbers.
        if !problem.has_both() || problem.reads("Integer") || problem.reads("Index") {
            continue;
        }
        let mut random = Random::new(seed ^ 0x4a6e);
        let [i, j] = problem.rows;
        let (over_j, over_i) = (some_half(&mut random, i, j), some_half(&mut random, j, i));
        fn half((kept, slices, reduced): &Lists) -> Half<'_> {
            Half { kept, slices, reduced }
        }
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
                        Some(k) => {
                            let start = if k == 0 { 0 } else { lists.1[k - 1] as usize };
                            lists.2[start..lists.1[k] as usize].iter().flat_map(rows_of).collect()
                        }
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
                            _ => same(found, alone),
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

suite!(batches_are_problems_one_by_one, ranges_are_blocks_one_by_one, long_rows);

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
