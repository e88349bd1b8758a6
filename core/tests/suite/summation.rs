//! The ways of adding hold their bounds on data that is made to break them, and do not depend on threads.

use crate::support::random::Random;
use rkeops_core::{ArrayMut, ArrayRef, CompileOptions, Dtype, Kernel, Reduction, RunOptions, Summation, Target};

suite!(sums_hold_their_bounds, exponentials_hold_their_bounds, results_do_not_depend_on_threads);
suite!(devices: sums_hold_their_bounds, exponentials_hold_their_bounds);

const TERMS: usize = 1_000_000;
/// Half the distance from 1 to the next float32 number.
const UNIT: f64 = 1.0 / 16_777_216.0;

/// The sum without a rounding error: a list of numbers that do not overlap (Shewchuk 1997, grow-expansion).
fn exact(values: &[f32]) -> f64 {
    let mut parts: Vec<f64> = Vec::new();
    for &value in values {
        let mut carried = f64::from(value);
        let mut kept = 0;
        for k in 0..parts.len() {
            let (mut large, mut small) = (carried, parts[k]);
            if large.abs() < small.abs() {
                std::mem::swap(&mut large, &mut small);
            }
            let high = large + small;
            let low = small - (high - large);
            if low != 0.0 {
                parts[kept] = low;
                kept += 1;
            }
            carried = high;
        }
        parts.truncate(kept);
        parts.push(carried);
    }
    parts.iter().sum()
}

fn lists() -> Vec<(&'static str, Vec<f32>)> {
    let mut random = Random::new(5);
    let positive: Vec<f32> = (0..TERMS).map(|_| random.between(0.1, 1.0) as f32).collect();
    let mut ascending: Vec<f32> = (0..TERMS).map(|_| (10.0 * random.between(-1.0, 1.0)).exp2() as f32).collect();
    ascending.sort_by(f32::total_cmp);
    let descending = ascending.iter().rev().copied().collect();
    // Each large number meets its opposite much later; what is left is small.
    let half: Vec<f32> = (0..TERMS / 2).map(|_| random.between(-1e6, 1e6) as f32).collect();
    let opposite = half.iter().map(|v| -v + 0.015_625);
    let cancelling = half.iter().copied().chain(opposite).collect();
    vec![("positive", positive), ("ascending", ascending), ("descending", descending), ("cancelling", cancelling)]
}

fn run(reduction: &str, options: &CompileOptions, y: &[f32], rows: usize, threads: usize) -> Vec<f32> {
    let reduction = Reduction::parse(reduction, &["x = Vi(0,1)", "y = Vj(1,1)"]).unwrap();
    let kernel = Kernel::compile(&[reduction], options).unwrap();
    let (x, mut out) = (vec![1.0f32; rows], vec![0.0f32; rows]);
    let inputs = [ArrayRef::f32(&x, &[rows]), ArrayRef::f32(y, &[y.len()])];
    let threads = RunOptions { threads, ..RunOptions::default() };
    kernel.run(&inputs, &mut [ArrayMut::f32(&mut out, &[rows])], &threads).unwrap();
    out
}

/// Roundings per term in the bound of each way, relative to the sum of the sizes.
fn ways() -> [(CompileOptions, f64); 5] {
    let plain = CompileOptions::default();
    let pair = TERMS as f64 * 2f64.powi(-46);
    let with = |summation| CompileOptions { summation, ..plain };
    [
        (with(Summation::Direct), TERMS as f64 * UNIT),
        (with(Summation::Block), 256.0 * UNIT),
        (plain, 256.0 * UNIT),
        (with(Summation::Compensated), pair),
        (CompileOptions { accumulator: Some(Dtype::F64), ..plain }, pair),
    ]
}

fn sums_hold_their_bounds(target: Target) {
    for (name, list) in lists() {
        let meant = exact(&list);
        let size: f64 = list.iter().map(|v| f64::from(v.abs())).sum();
        for (options, bound) in ways() {
            let options = CompileOptions { target, ..options };
            for rows in [1, 9] {
                for found in run("Sum_Reduction(x*y,0)", &options, &list, rows, 0) {
                    let off = (f64::from(found) - meant).abs();
                    let allowed = bound * size + 2.0 * UNIT * meant.abs();
                    println!("{name} {:?} {:?}: {:e} of the sizes", options.summation, options.accumulator, off / size);
                    assert!(off <= allowed, "{name} {options:?} {rows} rows: off by {off:e}, allowed {allowed:e}");
                }
            }
        }
    }
    // Where blocks are too coarse, pairs are not: the ways differ.
    let (_, cancelling) = lists().remove(3);
    let meant = exact(&cancelling);
    let plain = CompileOptions { target, ..CompileOptions::default() };
    let compensated = CompileOptions { summation: Summation::Compensated, ..plain };
    let off = |options| (f64::from(run("Sum_Reduction(x*y,0)", options, &cancelling, 1, 0)[0]) - meant).abs();
    assert!(off(&compensated) < 1e-6 * meant.abs() && off(&plain) > 1e-4 * meant.abs());
}

fn exponentials_hold_their_bounds(target: Target) {
    let mut random = Random::new(6);
    let list: Vec<f32> = (0..TERMS).map(|_| random.between(-3.0, 3.0) as f32).collect();
    let powers: Vec<f64> = list.iter().map(|&v| f64::from(v).exp()).collect();
    let meant = crate::support::oracle::exact_sum(powers.into_iter()).ln();
    for (options, bound) in ways() {
        let options = CompileOptions { target, ..options };
        for rows in [1, 9] {
            for found in run("LogSumExp_Reduction(x*y,0)", &options, &list, rows, 0) {
                let off = (f64::from(found) - meant).abs();
                assert!(off <= bound + 20.0 * UNIT * (1.0 + meant.abs()), "{options:?} {rows} rows: off by {off:e}");
            }
        }
    }
}

/// The same bits for every number of threads, in every way.
fn results_do_not_depend_on_threads(target: Target) {
    let (_, list) = lists().remove(3);
    for (options, _) in ways() {
        let options = CompileOptions { target, ..options };
        for text in ["Sum_Reduction(x*y,0)", "KMin_Reduction(x*y,1,0)", "Prod_Reduction(1+x*y/10000000000,0)"] {
            if options.summation != Summation::Auto && !text.starts_with("Sum") {
                continue;
            }
            let one = run(text, &options, &list, 3, 1);
            for threads in [2, 3, 7] {
                let bits = |list: &[f32]| list.iter().map(|v| v.to_bits()).collect::<Vec<u32>>();
                assert_eq!(bits(&run(text, &options, &list, 3, threads)), bits(&one), "{text} {options:?}");
            }
        }
    }
}
