//! Sums over many components by tensor cores: they hold their bounds on data that is made to break them, whatever the sizes,
//! and what is done with them is right.

use std::sync::Arc;

use crate::support::case::Case;
use crate::support::check::assert_right;
use crate::support::expression::{Expression, Variable};
use crate::support::random::{Random, some};
use rkeops_core::{ArrayMut, ArrayRef, CompileOptions, Dtype, Half, Kernel, Ranges, Reduction, RunOptions, Target};

suite!(devices: squared_distances, inner_products, infinities_and_nan, every_size, every_reduction, blocks_of_pairs);

/// What the documentation says of squared distances and, relative to the sizes of the terms, of inner products.
const BOUND: f64 = 1e-5;

fn compile(text: &str, aliases: &[&str], allow_tf32: bool) -> Arc<Kernel> {
    let options = CompileOptions { target: Target::Cuda, allow_tf32, ..CompileOptions::default() };
    Kernel::compile(&[Reduction::parse(text, aliases).unwrap()], &options).unwrap()
}

fn multiplies(kernel: &Kernel) -> bool {
    kernel.device_source(80, |_| false).unwrap().contains("mma.sync")
}

fn wide(text: &str, dim: usize, allow_tf32: bool) -> Arc<Kernel> {
    let kernel = compile(text, &[&format!("x=Vi(0,{dim})"), &format!("y=Vj(1,{dim})"), "b=Vj(2,1)"], allow_tf32);
    assert!(multiplies(&kernel), "{text} of dimension {dim} is for tensor cores");
    kernel
}

/// The result for each kept row where one reduced row counts and the others have the weight 0.
fn of_one(kernel: &Kernel, [x, y]: [&[f32]; 2], dim: usize, one: usize) -> Vec<f32> {
    let (rows, columns) = (x.len() / dim, y.len() / dim);
    let mut b = vec![0.0f32; columns];
    b[one] = 1.0;
    let inputs = [ArrayRef::f32(x, &[rows, dim]), ArrayRef::f32(y, &[columns, dim]), ArrayRef::f32(&b, &[columns, 1])];
    let mut out = vec![0.0f32; rows];
    kernel.run(&inputs, &mut [ArrayMut::f32(&mut out, &[rows, 1])], &RunOptions::default()).unwrap();
    out
}

/// Points around a middle, every tenth a neighbour of another, and some that are others.
fn points(random: &mut Random, rows: usize, dim: usize, middle: f64) -> Vec<f32> {
    let mut points: Vec<f32> = Vec::with_capacity(rows * dim);
    for row in 0..rows {
        let near = if row % 10 == 9 { Some((row / 2, 1e-3)) } else { None };
        let near = if row % 25 == 24 { Some((row / 3, 0.0)) } else { near };
        for k in 0..dim {
            let number = match near {
                Some((other, distance)) => f64::from(points[other * dim + k]) + distance * random.between(-1.0, 1.0),
                None => middle + random.between(-1.0, 1.0),
            };
            points.push(number as f32);
        }
    }
    points
}

fn dims() -> Vec<usize> {
    some(&[16, 17, 31, 64, 100, 784])
}

fn squared_distances(_: Target) {
    let mut random = Random::new(1);
    let mut is_rounded = false;
    for dim in dims() {
        for middle in [0.0, 50.0, -3000.0] {
            let y = points(&mut random, 200, dim, middle);
            let mut x = points(&mut random, 150, dim, middle);
            // Kept rows that are reduced rows, too.
            x[..20 * dim].copy_from_slice(&y[40 * dim..60 * dim]);
            let kernels = [false, true].map(|allow_tf32| wide("Sum_Reduction(SqDist(x,y)*b,0)", dim, allow_tf32));
            for one in [0, 7, 40, 49, 199] {
                let found = kernels.each_ref().map(|kernel| of_one(kernel, [&x, &y], dim, one));
                for (i, row) in x.chunks(dim).enumerate() {
                    let parts = row.iter().zip(&y[one * dim..]).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
                    let meant: f64 = parts.sum();
                    is_rounded |= (f64::from(found[1][i]) - meant).abs() > 1e-4 * meant;
                    for (found, bound) in found.iter().zip([BOUND, 1e-2]) {
                        let error = (f64::from(found[i]) - meant).abs();
                        let what = format!("dimension {dim}, around {middle}, rows {i} and {one}");
                        assert!(error <= bound * meant, "{what}: got {}; expected {meant}", found[i]);
                    }
                }
            }
        }
    }
    assert!(is_rounded, "tensor cores computed nothing");
}

fn inner_products(_: Target) {
    let mut random = Random::new(2);
    for dim in dims() {
        let [x, y] = [150, 200].map(|rows| points(&mut random, rows, dim, 0.3));
        let kernels = [false, true].map(|allow_tf32| wide("Sum_Reduction((x|y)*b,0)", dim, allow_tf32));
        for one in [0, 1, 63, 64, 199] {
            let found = kernels.each_ref().map(|kernel| of_one(kernel, [&x, &y], dim, one));
            for (i, row) in x.chunks(dim).enumerate() {
                let parts = row.iter().zip(&y[one * dim..]).map(|(a, b)| f64::from(*a) * f64::from(*b));
                let (meant, size) = (parts.clone().sum::<f64>(), parts.map(f64::abs).sum::<f64>());
                for (found, bound) in found.iter().zip([BOUND, 1e-2]) {
                    let error = (f64::from(found[i]) - meant).abs();
                    assert!(
                        error <= bound * size,
                        "dimension {dim}, rows {i}, {one}: got {}; expected {meant}",
                        found[i]
                    );
                }
            }
        }
    }
}

/// Numbers that splitting or cancelling would make NaN of are what they are.
fn infinities_and_nan(_: Target) {
    let dim = 20;
    let mut random = Random::new(3);
    let mut x = points(&mut random, 70, dim, 0.0);
    let mut y = points(&mut random, 90, dim, 0.0);
    for (row, value) in [(3, f32::INFINITY), (4, f32::NEG_INFINITY), (5, f32::NAN), (6, 3e38), (7, 1e20), (8, 1e-25)] {
        x[row * dim + 2] = value;
        y[(row + 60) * dim + 2] = value;
        x[(row + 30) * dim..][..dim].fill(value);
    }
    for (text, is_squared) in [("SqDist(x,y)", true), ("(x|y)", false)] {
        for (reduction, least) in [("Min", true), ("Max", false)] {
            let kernel = wide(&format!("{reduction}_Reduction({text}+b,0)"), dim, false);
            let b = vec![0.0f32; 90];
            let inputs = [ArrayRef::f32(&x, &[70, dim]), ArrayRef::f32(&y, &[90, dim]), ArrayRef::f32(&b, &[90, 1])];
            let mut out = vec![0.0f32; 70];
            kernel.run(&inputs, &mut [ArrayMut::f32(&mut out, &[70, 1])], &RunOptions::default()).unwrap();
            for (i, row) in x.chunks(dim).enumerate() {
                let value = |other: &[f32]| {
                    let parts =
                        row.iter().zip(other).map(|(&a, &b)| if is_squared { (a - b) * (a - b) } else { a * b });
                    parts.sum::<f32>()
                };
                let values = y.chunks(dim).map(value).filter(|value| !value.is_nan());
                let worst = if least { f32::INFINITY } else { f32::NEG_INFINITY };
                let meant = values.fold(worst, if least { f32::min } else { f32::max });
                let is_right = out[i] == meant || (out[i] - meant).abs() <= 1e-4 * meant.abs().max(1.0);
                assert!(is_right, "{reduction} of {text}, row {i}: got {}; expected {meant}", out[i]);
            }
        }
    }
}

fn variable(dim: usize, category: usize) -> Variable {
    Variable { dim, category }
}

fn apply(name: &'static str, operands: &[Expression]) -> Expression {
    Expression::Apply(name, operands.to_vec(), vec![])
}

/// A Gaussian of dimension 24 with weights.
fn gaussian() -> Expression {
    let v = Expression::Variable;
    let exponent = apply("Divide", &[apply("SqDist", &[v(0), v(1)]), Expression::Number(-24.0)]);
    apply("Mult", &[apply("Exp", &[exponent]), v(2)])
}

fn every_size(target: Target) {
    let variables = [variable(24, 0), variable(24, 1), variable(1, 1)];
    let sizes = [0, 1, 31, 32, 33, 127, 128, 129];
    for (kept, reduced) in sizes.into_iter().flat_map(|kept| sizes.map(|reduced| (kept, reduced))) {
        for axis in [0, 1] {
            let rows = if axis == 1 { [kept, reduced] } else { [reduced, kept] };
            let mut case = Case::new(&variables, vec![("Sum", gaussian())], rows);
            case.axis = axis;
            assert_right(&case, Dtype::F32, target);
        }
    }
}

fn every_reduction(target: Target) {
    let v = Expression::Variable;
    let variables = [variable(24, 0), variable(24, 1), variable(1, 1), variable(24, 2)];
    let distance = apply("SqDist", &[v(0), v(1)]);
    let product = apply("Scalprod", &[apply("Mult", &[v(0), v(3)]), v(1)]);
    let both = apply("Mult", &[gaussian(), apply("Cos", std::slice::from_ref(&product))]);
    for (reduction, formula) in [
        ("Sum", both),
        ("Sum", apply("Concat", &[gaussian(), product.clone()])),
        ("LogSumExp", product.clone()),
        ("Max", product.clone()),
        ("ArgMin", distance.clone()),
        ("Min_ArgMin", distance.clone()),
        ("Prod", gaussian()),
    ] {
        for (rows, axis) in [([70, 300], 1), ([3, 700], 1), ([300, 9], 0)] {
            let mut case = Case::new(&variables, vec![(reduction, formula.clone())], rows);
            case.axis = axis;
            assert_right(&case, Dtype::F32, target);
        }
    }
}

/// The nearest rows, in lists in registers and in memory, of a batch, with and without ranges.
fn blocks_of_pairs(_: Target) {
    let (dim, items, rows, columns) = (40, 3, 140, 333);
    let mut random = Random::new(4);
    let x = points(&mut random, items * rows, dim, 2.0);
    let y = points(&mut random, items * columns, dim, 2.0);
    let aliases = [format!("x=Vi(0,{dim})"), format!("y=Vj(1,{dim})")];
    let blocks = [[[0, 50], [50, 51], [60, 140]], [[0, 333], [5, 9], [64, 321]]];
    let half = Half { kept: &blocks[0], slices: &[1, 2, 3], reduced: &blocks[1] };
    let other = Half { kept: &[], slices: &[], reduced: &[] };
    let ranges = Ranges::new(half, other).unwrap();
    for count in [3, 20] {
        let text = format!("ArgKMin_Reduction(SqDist(x,y),{count},0)");
        let kernel = compile(&text, &[&aliases[0], &aliases[1]], false);
        assert!(multiplies(&kernel));
        for (shared, ranges) in [(false, None), (true, None), (true, Some(&ranges))] {
            let mut out = vec![-1i64; items * rows * count];
            let first = if shared { 1 } else { items };
            let inputs = [
                ArrayRef::f32(&x[..first * rows * dim], &[first, rows, dim]),
                ArrayRef::f32(&y, &[items, columns, dim]),
            ];
            let options = RunOptions { ranges, ..RunOptions::default() };
            let mut outputs = [ArrayMut::i64(&mut out, &[items, rows, count])];
            kernel.run(&inputs, &mut outputs, &options).unwrap();
            for item in 0..items {
                for row in 0..rows {
                    let own = &x[(if shared { 0 } else { item } * rows + row) * dim..][..dim];
                    let distance = |j: usize| -> f64 {
                        let other = &y[(item * columns + j) * dim..][..dim];
                        own.iter().zip(other).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
                    };
                    let block = (0..3).find(|b| (blocks[0][*b][0]..blocks[0][*b][1]).contains(&(row as i64)));
                    let met: Vec<usize> = match (ranges, block) {
                        (None, _) => (0..columns).collect(),
                        (_, Some(block)) => (blocks[1][block][0] as usize..blocks[1][block][1] as usize).collect(),
                        (_, None) => Vec::new(),
                    };
                    let mut meant: Vec<f64> = met.iter().map(|&j| distance(j)).collect();
                    meant.sort_by(f64::total_cmp);
                    let found = &out[(item * rows + row) * count..][..count];
                    for (k, &j) in found.iter().enumerate().take(meant.len()) {
                        // Of neighbours at nearly one distance either may come first.
                        let (found, meant) = (distance(j as usize), meant[k]);
                        assert!(met.contains(&(j as usize)), "row {row}: {j} is not among the rows that it meets");
                        assert!((found - meant).abs() <= 4.0 * BOUND * meant, "row {row}, {k}: {found}, not {meant}");
                    }
                }
            }
        }
    }
}

/// Where they are used, and that only an option makes them less exact.
#[test]
fn which_sums_are_for_tensor_cores() {
    let reduction = |text: &str, dim: usize| {
        let aliases = ["x=Vi(0", "y=Vj(1", "p=Pm(3"].map(|start| format!("{start},{dim})"));
        Reduction::parse(text, &[&aliases[0], &aliases[1], "b=Vj(2,1)", &aliases[2]]).unwrap()
    };
    let with = |text: &str, dim: usize, options: &CompileOptions| {
        let kernel = Kernel::compile_for_devices(&[reduction(text, dim)], options).unwrap();
        kernel.device_source(80, |_| false).unwrap().to_owned()
    };
    let plain = CompileOptions::default();
    for text in
        ["Sum_Reduction(Exp(-SqDist(x,y))*b,0)", "Sum_Reduction(Exp((x|y))*b,1)", "ArgKMin_Reduction(SqDist(x,y),5,0)"]
    {
        for dim in [16, 33, 1024] {
            let source = with(text, dim, &plain);
            assert!(source.contains("mma.sync") && source.contains("#define SPLIT 1"), "{text}, {dim}");
        }
        assert!(!with(text, 15, &plain).contains("mma.sync"), "{text}");
        let double = CompileOptions { dtype: Dtype::F64, ..plain };
        assert!(!with(text, 64, &double).contains("mma.sync"), "{text}");
        let older = Kernel::compile_for_devices(&[reduction(text, 64)], &plain).unwrap();
        assert!(!older.device_source(75, |_| false).unwrap().contains("mma.sync"), "{text}");
        let rounded = with(text, 64, &CompileOptions { allow_tf32: true, ..plain });
        assert!(rounded.contains("mma.sync") && rounded.contains("#define SPLIT 0"), "{text}");
    }
}
