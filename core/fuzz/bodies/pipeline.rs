//! Any pass on any arrays: the machine code of every target that this machine has gives what its lane programs give on
//! the portable backend, bit for bit where lanes are kept rows, and within the bound of a sum in another order where few
//! rows are spread over lanes.

use std::sync::Arc;

use rkeops_core::reduction::Axis;
use rkeops_core::{
    ArrayMut, ArrayRef, CompileOptions, DataMut, Dtype, ErrorKind, Formula, Kernel, Reduction, Result, RunOptions,
    Target, row_major,
};

use super::bytes::Bytes;
use super::values::{Case, Element, Kind, case};

/// Lane operations of a run at most.
const BUDGET: usize = 1 << 20;

/// Runs the case of these bytes. Says how many results were compared.
pub fn pipeline(data: &[u8]) -> usize {
    let mut bytes = Bytes::new(data);
    let double = bytes.chance(2);
    match case(&mut bytes) {
        None => 0,
        Some(case) if double => compare_targets::<f64>(case),
        Some(case) => compare_targets::<f32>(case),
    }
}

fn compile<T: Element>(reductions: &[Reduction], target: Target) -> Result<Arc<Kernel>> {
    Kernel::compile(reductions, &CompileOptions { dtype: T::DTYPE, target, ..CompileOptions::default() })
}

fn compare_targets<T: Element>(mut case: Case) -> usize {
    let others = [Target::Avx2, Target::Avx512].into_iter().filter(|t| t.is_available());
    let reference = match compile::<T>(&case.reductions, Target::Portable) {
        Ok(kernel) => kernel,
        Err(error) => {
            assert!(error.kind() != ErrorKind::Internal, "{error}");
            for target in others {
                let other = compile::<T>(&case.reductions, target).expect_err("as on the portable target");
                assert_eq!(other.kind(), error.kind());
            }
            return 0;
        }
    };
    let operations = reference.operations_per_pair() + 10;
    while (case.rows[0] * case.rows[1]).saturating_mul(operations) > BUDGET {
        let longer = usize::from(case.rows[1] > case.rows[0]);
        case.rows[longer] /= 2;
    }
    let mut compared = 0;
    for target in others {
        let options = CompileOptions { dtype: T::DTYPE, target, ..CompileOptions::default() };
        let reference = Kernel::compile_reference(&case.reductions, &options).expect("as on the portable target");
        let known = run::<T>(&case, &reference);
        let kernel = compile::<T>(&case.reductions, target).expect("as on the portable target");
        assert_eq!((kernel.inputs(), kernel.outputs()), (reference.inputs(), reference.outputs()));
        let found = run::<T>(&case, &kernel);
        for (k, (known, found)) in known.iter().zip(&found).enumerate() {
            agree::<T>(&case, k, &kernel, known, found);
            compared += known.len();
        }
    }
    compared
}

/// The numbers of each result, row after row.
fn run<T: Element>(case: &Case, kernel: &Kernel) -> Vec<Vec<f64>> {
    let stored: Vec<_> = (0..case.variables.len()).map(|k| case.store::<T>(k)).collect();
    let inputs: Vec<ArrayRef<'_>> = stored.iter().map(|stored| stored.view()).collect();
    let rows = case.rows_of(case.axis.kept());
    let untouched = -77_594_624.0;
    let mut buffers: Vec<(Vec<T>, Vec<i64>)> = kernel
        .outputs()
        .iter()
        .map(|o| (vec![T::of(untouched); rows * o.dim], vec![untouched as i64; rows * o.dim]))
        .collect();
    let outputs = buffers.iter_mut().zip(kernel.outputs());
    let mut outputs: Vec<ArrayMut<'_>> = outputs
        .map(|((numbers, indices), output)| {
            let shape = [rows, output.dim];
            match output.dtype {
                Dtype::I64 => {
                    let (shape, strides) = (shape.to_vec(), row_major(&shape));
                    ArrayMut { data: DataMut::I64(indices), origin: 0, shape: shape.into(), strides: strides.into() }
                }
                _ => T::output(numbers, &shape),
            }
        })
        .collect();
    kernel.run(&inputs, &mut outputs, &RunOptions::default()).expect("arrays of the right shapes");
    let arrays = buffers.into_iter().zip(kernel.outputs()).enumerate();
    let results = arrays.map(|(k, ((numbers, indices), output))| match output.dtype {
        Dtype::I64 => {
            let name = owner(case, k).text().unwrap_or_default();
            let counts = ["Any_", "All_", "Count_"].iter().any(|start| name.starts_with(start));
            let limit = case.rows_of(case.axis.reduced()).max(1) as i64 + i64::from(counts);
            assert!(indices.iter().all(|&i| (0..limit).contains(&i)), "an index that no row has: {indices:?}");
            indices.into_iter().map(|i| i as f64).collect()
        }
        _ => numbers.into_iter().map(|n| n.value()).collect::<Vec<f64>>(),
    });
    results.collect()
}

/// Compares a result with that of the portable backend.
fn agree<T: Element>(case: &Case, k: usize, kernel: &Kernel, known: &[f64], found: &[f64]) {
    let (kept, reduced) = (case.rows_of(case.axis.kept()), case.rows_of(case.axis.reduced()));
    let same = |a: &f64, b: &f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    if known.iter().zip(found).all(|(a, b)| same(a, b)) {
        return;
    }
    let spread = kept < 8 && reduced > 8;
    // Only the sum of a result's own magnitudes tells how far sums in another order may be apart.
    let magnitudes = if spread { magnitudes::<T>(case, k) } else { None };
    for (place, (&a, &b)) in known.iter().zip(found).enumerate() {
        let magnitude = magnitudes.as_ref().map_or(f64::INFINITY, |m| m[place]);
        if same(&a, &b) || (spread && close::<T>(case, k, a, b, magnitude)) {
            continue;
        }
        let texts: Vec<String> = case.reductions.iter().map(|r| r.text().unwrap_or_default()).collect();
        panic!(
            "{} {}: result {k} at {place}: {b:e}, portable {a:e} (magnitude {magnitude:e})\n{}\n{} of {} and {} rows, \
             seed {:#x}, {:?}",
            kernel.target().name(),
            T::DTYPE,
            texts.join("\n"),
            if case.axis == Axis::J { "over j" } else { "over i" },
            case.rows[0],
            case.rows[1],
            case.seed,
            case.kind,
        );
    }
}

/// The reduction that an array of results belongs to.
fn owner(case: &Case, k: usize) -> &Reduction {
    let mut owners = case.reductions.iter().flat_map(|r| r.results().into_iter().map(move |_| r));
    owners.nth(k).expect("an array for each result")
}

/// Whether two results may differ because rows were taken in another order.
fn close<T: Element>(case: &Case, k: usize, a: f64, b: f64, magnitude: f64) -> bool {
    let text = owner(case, k).text().unwrap_or_default();
    let terms = case.rows_of(case.axis.reduced()) as f64 + 64.0;
    match text.split_once("_Reduction").map_or("", |(name, _)| name) {
        "Min" | "Max" | "Min_ArgMin" | "Max_ArgMax" | "KMin" | "KMax" | "KMin_ArgKMin" | "KMax_ArgKMax" => a == b,
        "ArgMin" | "ArgMax" | "ArgKMin" | "ArgKMax" | "Any" | "All" | "Count" => false,
        // A product in another order may leave the range on the way, and come back with fewer digits.
        "Prod" if case.kind != Kind::Ordinary || a == 0.0 || b == 0.0 || !a.is_finite() || !b.is_finite() => true,
        "Prod" => (a - b).abs() <= 4.0 * terms * T::UNIT * a.abs() + terms * T::SMALLEST_NORMAL,
        "LogSumExp" => (a - b).abs() <= terms * T::UNIT * (1.0 + a.abs()),
        // Where magnitudes overflow, sums in another order may overflow or not.
        _ if magnitude.is_nan() || magnitude > T::LARGEST * 1e-8 => true,
        _ => (a - b).abs() <= 2.0 * terms * (T::UNIT * magnitude + T::SMALLEST_NORMAL),
    }
}

/// For each number of a sum the sum of its terms' magnitudes; nothing for other reductions.
fn magnitudes<T: Element>(case: &Case, k: usize) -> Option<Vec<f64>> {
    let reduction = owner(case, k);
    let formula = Formula::apply("Abs", &[reduction.formula()], &[]).ok()?;
    let mut sum = Reduction::new("Sum", &formula, reduction.axis()).ok()?;
    if let Some(condition) = reduction.condition() {
        sum = sum.masked(condition).ok()?;
    }
    if sum.dim() != reduction.dim() {
        return None;
    }
    let kernel = compile::<T>(&[sum], Target::Portable).ok()?;
    run::<T>(case, &kernel).pop()
}
