//! Results of many columns by tensor cores: weights of pairs times columns, against a dense evaluation in float64.

use std::sync::Arc;

use crate::support::random::{Random, some};
use half::bf16;
use rkeops_core::{
    ArrayMut, ArrayRef, CompileOptions, Data, Half, Kernel, Ranges, Reduction, RunOptions, Target, row_major,
};

suite!(devices: sums, softmax_means, narrow_arrays, differences, infinities_and_nan, blocks_of_pairs);

struct Problem {
    dim: usize,
    columns: usize,
    items: usize,
    rows: [usize; 2],
    x: Vec<f32>,
    y: Vec<f32>,
    b: Vec<f32>,
}

impl Problem {
    fn new(seed: u64, [dim, columns, items]: [usize; 3], rows: [usize; 2]) -> Self {
        let mut random = Random::new(seed);
        let mut numbers = |count: usize| (0..count).map(|_| random.between(-1.0, 1.0) as f32).collect::<Vec<f32>>();
        let [x, y, b] = [rows[0] * dim, rows[1] * dim, rows[1] * columns].map(|count| numbers(items * count));
        Problem { dim, columns, items, rows, x, y, b }
    }

    fn kernel(&self, reduction: &str, allow_tf32: bool) -> Arc<Kernel> {
        let Problem { dim, columns, .. } = *self;
        let aliases = [format!("x=Vi(0,{dim})"), format!("y=Vj(1,{dim})"), format!("b=Vj(2,{columns})")];
        let reduction = Reduction::parse(reduction, &aliases.each_ref().map(String::as_str)).unwrap();
        let options = CompileOptions { target: Target::Cuda, allow_tf32, ..CompileOptions::default() };
        Kernel::compile(&[reduction], &options).unwrap()
    }

    fn run(&self, reduction: &str, ranges: Option<&Ranges>, allow_tf32: bool) -> Vec<f32> {
        let Problem { dim, columns, items, rows: [rows, others], .. } = *self;
        let kernel = self.kernel(reduction, allow_tf32);
        let source = kernel.device_source(80, |_| false).unwrap();
        assert!(source.contains("mma.sync") && !source.contains("#define COLUMNS 0\n"), "{columns} columns are many");
        let inputs = [
            ArrayRef::f32(&self.x, &[items, rows, dim]),
            ArrayRef::f32(&self.y, &[items, others, dim]),
            ArrayRef::f32(&self.b, &[items, others, columns]),
        ];
        let mut out = vec![9.0f32; items * rows * columns];
        let mut outputs = [ArrayMut::f32(&mut out, &[items, rows, columns])];
        kernel.run(&inputs, &mut outputs, &RunOptions { ranges, ..RunOptions::default() }).unwrap();
        out
    }

    /// The same with arrays of bfloat16 numbers, which those of the problem have to be.
    fn run_narrow(&self, reduction: &str, ranges: Option<&Ranges>, allow_tf32: bool) -> Vec<f32> {
        let Problem { dim, columns, items, rows: [rows, others], .. } = *self;
        let kernel = self.kernel(reduction, allow_tf32);
        let source = kernel.device_source(80, |_| true).unwrap();
        assert!(source.contains("#define NARROW 1"), "all factors are bfloat16");
        let narrow = |numbers: &[f32]| numbers.iter().map(|&number| bf16::from_f32(number)).collect::<Vec<bf16>>();
        let [x, y, b] = [&self.x, &self.y, &self.b].map(|numbers| narrow(numbers));
        let array = |numbers, shape: [usize; 3]| {
            let (shape, strides) = (shape.to_vec(), row_major(&shape));
            ArrayRef { data: Data::BF16(numbers), origin: 0, shape: shape.into(), strides: strides.into() }
        };
        let inputs =
            [array(&x, [items, rows, dim]), array(&y, [items, others, dim]), array(&b, [items, others, columns])];
        let mut out = vec![9.0f32; items * rows * columns];
        let mut outputs = [ArrayMut::f32(&mut out, &[items, rows, columns])];
        kernel.run(&inputs, &mut outputs, &RunOptions { ranges, ..RunOptions::default() }).unwrap();
        out
    }

    fn make_narrow(&mut self) {
        for numbers in [&mut self.x, &mut self.y, &mut self.b] {
            numbers.iter_mut().for_each(|number| *number = bf16::from_f32(*number).to_f32());
        }
    }

    /// What weights of pairs make of the columns, divided by what they add up to if it is a mean, with the sum of the sizes of
    /// the terms; `met` says which pairs count.
    fn meant(&self, weight: impl Fn(f64, f64) -> f64, mean: bool, met: impl Fn(usize, usize) -> bool) -> Vec<[f64; 2]> {
        let Problem { dim, columns, items, rows: [rows, others], .. } = *self;
        let mut meant = vec![[0.0; 2]; items * rows * columns];
        for (k, results) in meant.chunks_mut(columns).enumerate() {
            let (item, i) = (k / rows, k % rows);
            let mut total = 0.0;
            for j in (0..others).filter(|&j| met(i, j)) {
                let pair = self.x[(item * rows + i) * dim..].iter().zip(&self.y[(item * others + j) * dim..]).take(dim);
                let pair = pair.map(|(a, b)| (f64::from(*a), f64::from(*b)));
                let distance = pair.clone().map(|(a, b)| (a - b) * (a - b)).sum();
                let own = weight(distance, pair.map(|(a, b)| a * b).sum());
                total += own;
                for (result, column) in results.iter_mut().zip(&self.b[(item * others + j) * columns..]) {
                    let term = own * f64::from(*column);
                    *result = [result[0] + term, result[1] + term.abs()];
                }
            }
            if mean {
                results.iter_mut().flatten().for_each(|number| *number /= total);
            }
        }
        meant
    }

    fn compare(&self, what: &str, found: &[f32], meant: &[[f64; 2]], bound: f64) {
        for (k, (&found, &[meant, size])) in found.iter().zip(meant).enumerate() {
            let found = f64::from(found);
            let is_right = if size.is_finite() {
                (found - meant).abs() <= bound * size
            } else {
                found == meant || (found.is_nan() && meant.is_nan())
            };
            let (row, column) = (k / self.columns, k % self.columns);
            let sizes = (self.dim, self.columns, self.rows);
            assert!(is_right, "{what} {sizes:?}, row {row}, column {column}: got {found}; expected {meant}, {size}");
        }
    }
}

const GAUSSIAN: &str = "Sum_Reduction(Exp(-SqDist(x,y))*b,0)";

fn sums(_: Target) {
    let mut is_rounded = false;
    for columns in some(&[64, 24, 65, 100, 130, 300]) {
        for (dim, rows) in [(3, [70, 300]), (3, [3, 1500]), (20, [130, 70]), (3, [1, 1]), (3, [65, 33]), (20, [2, 0])] {
            let problem = Problem::new(columns as u64, [dim, columns, 1], rows);
            let meant = problem.meant(|distance, _| (-distance).exp(), false, |_, _| true);
            problem.compare("sum", &problem.run(GAUSSIAN, None, false), &meant, 1e-5);
            let rounded = problem.run(GAUSSIAN, None, true);
            is_rounded |= rounded.iter().zip(&meant).any(|(&r, &[m, size])| (f64::from(r) - m).abs() > 2e-5 * size);
            problem.compare("rounded sum", &rounded, &meant, 1e-2);
        }
    }
    assert!(is_rounded, "tensor cores computed nothing");
}

fn softmax_means(_: Target) {
    // The first scores are far from 0, so that the first anchor will not do.
    for (scale, dim) in [(1, 3), (60, 20), (-60, 3)] {
        for (columns, rows) in [(40, [70, 2500]), (128, [5, 40])] {
            let problem = Problem::new(7, [dim, columns, 1], rows);
            let text = format!("SumSoftMaxWeight_Reduction(IntCst({scale})*(x|y)+IntCst(200),0,b)");
            // In float64 what is subtracted makes no difference.
            let meant = problem.meant(|_, product| (f64::from(scale) * product).exp(), true, |_, _| true);
            problem.compare("softmax", &problem.run(&text, None, false), &meant, 1e-4);
        }
    }
}

/// Arrays of bfloat16 numbers, which are factors as they are.
fn narrow_arrays(_: Target) {
    let mut is_rounded = false;
    for (dim, columns, rows) in [(20, 40, [70, 300]), (64, 128, [5, 1100]), (33, 24, [130, 33])] {
        let mut problem = Problem::new(columns as u64, [dim, columns, 2], rows);
        problem.make_narrow();
        let text = "SumSoftMaxWeight_Reduction((x|y),0,b)";
        let meant = problem.meant(|_, product| product.exp(), true, |_, _| true);
        problem.compare("narrow softmax", &problem.run_narrow(text, None, false), &meant, 1e-5);
        let rounded = problem.run_narrow(text, None, true);
        is_rounded |= rounded.iter().zip(&meant).any(|(&r, &[m, size])| (f64::from(r) - m).abs() > 2e-5 * size);
        problem.compare("rounded softmax", &rounded, &meant, 1e-2);
        problem.b[3] = f32::INFINITY;
        let meant = problem.meant(|_, product| product.exp(), false, |i, j| i % 2 == 0 || j > 4);
        let ranges = (0..rows[0] as i64).map(|i| [i, i + 1]).collect::<Vec<_>>();
        let starts = (0..rows[0] as i64).map(|i| [if i % 2 == 0 { 0 } else { 5 }, rows[1] as i64]).collect::<Vec<_>>();
        let slices = (1..=rows[0] as i64).collect::<Vec<_>>();
        let own = Half { kept: &ranges, slices: &slices, reduced: &starts };
        let ranges = Ranges::new(own, Half { kept: &[], slices: &[], reduced: &[] }).unwrap();
        let found = problem.run_narrow("Sum_Reduction(Exp((x|y))*b,0)", Some(&ranges), false);
        problem.compare("narrow sums", &found, &meant, 1e-5);
    }
    assert!(is_rounded, "tensor cores computed nothing");
}

/// Gradients of distances: what is subtracted does not cancel, so that a row's own point adds nothing to it.
fn differences(_: Target) {
    for (dim, rows) in [(24, [70, 300]), (40, [3, 1500]), (100, [65, 33]), (130, [1, 2])] {
        let mut problem = Problem::new(dim as u64, [dim, dim, 1], rows);
        // Points of both sides far from 0, some of them the same, and a kernel that is narrow beside their distances.
        problem.x.iter_mut().chain(&mut problem.y).for_each(|number| *number += 3.0);
        let shared = rows[0].min(rows[1]) * dim;
        problem.x[..shared].copy_from_slice(&problem.y[..shared]);
        for (text, sign) in [("x-y", 1.0), ("y-x", -1.0)] {
            let found = problem.run(&format!("Sum_Reduction(Exp(-SqDist(x,y))*({text})*Norm2(b),0)"), None, false);
            for (i, found) in found.chunks(dim).enumerate() {
                let mut meant = vec![[0.0; 2]; dim];
                for (y, b) in problem.y.chunks(dim).zip(problem.b.chunks(dim)) {
                    let pair = problem.x[i * dim..].iter().zip(y).map(|(a, b)| f64::from(*a) - f64::from(*b));
                    let size = b.iter().map(|b| f64::from(*b).powi(2)).sum::<f64>().sqrt();
                    let weight = (-pair.clone().map(|d| d * d).sum::<f64>()).exp() * size;
                    for (sum, difference) in meant.iter_mut().zip(pair) {
                        *sum = [sum[0] + sign * weight * difference, sum[1] + weight * difference.abs()];
                    }
                }
                for (&found, [meant, size]) in found.iter().zip(meant) {
                    let is_right = (f64::from(found) - meant).abs() <= 2e-4 * size + 1e-37;
                    assert!(is_right, "{text}, {dim}, {rows:?}, row {i}: got {found}; expected {meant}, {size}");
                }
            }
        }
    }
}

/// One number that is none spoils its own column, and there only what it is added to.
fn infinities_and_nan(_: Target) {
    let mut problem = Problem::new(3, [3, 40, 1], [70, 200]);
    problem.b[50 * 40 + 3] = f32::INFINITY;
    problem.b[51 * 40 + 4] = f32::NEG_INFINITY;
    problem.b[52 * 40 + 39] = f32::NAN;
    problem.b[53 * 40 + 7] = 3e38;
    let meant = problem.meant(|distance, _| (-distance).exp(), false, |_, _| true);
    problem.compare("infinite columns", &problem.run(GAUSSIAN, None, false), &meant, 1e-5);
    let mut problem = Problem::new(4, [3, 40, 1], [70, 200]);
    problem.x[9 * 3] = f32::INFINITY;
    problem.y[60 * 3] = f32::NAN;
    let weight = |_: f64, product: f64| product.max(0.0);
    let meant =
        problem.meant(|_, product| if product.is_nan() { product } else { weight(0.0, product) }, false, |_, _| true);
    problem.compare("infinite weights", &problem.run("Sum_Reduction(ReLU((x|y))*b,0)", None, false), &meant, 1e-5);
}

/// A batch, with ranges that start anywhere.
fn blocks_of_pairs(_: Target) {
    let blocks = [[[0i64, 50], [50, 51], [60, 140]], [[1, 333], [5, 9], [66, 321]]];
    let half = Half { kept: &blocks[0], slices: &[1, 2, 3], reduced: &blocks[1] };
    let ranges = Ranges::new(half, Half { kept: &[], slices: &[], reduced: &[] }).unwrap();
    let within = |[start, end]: [i64; 2], row: usize| (start..end).contains(&(row as i64));
    for (dim, columns) in [(3, 40), (20, 100)] {
        let mut problem = Problem::new(5, [dim, columns, 2], [140, 333]);
        // What does not count may be anything.
        problem.b[..columns].fill(f32::NAN);
        problem.b[332 * columns..333 * columns].fill(1.0);
        let meets = |i: usize, j: usize| (0..3).any(|k| within(blocks[0][k], i) && within(blocks[1][k], j));
        let meant = problem.meant(|distance, _| (-distance).exp(), false, meets);
        problem.compare("blocks", &problem.run(GAUSSIAN, Some(&ranges), false), &meant, 1e-5);
        problem.b[..columns].fill(0.5);
        let meant = problem.meant(|distance, _| (-distance).exp(), false, |_, _| true);
        problem.compare("batch", &problem.run(GAUSSIAN, None, false), &meant, 1e-5);
    }
}
