//! Every reduction on every target: boundary sizes over both axes, ties, NaN and infinities, few rows with many
//! columns and the reverse, and sums and indices that are exactly known.

use std::sync::Arc;

use crate::support::BOUNDARIES;
use crate::support::case::{Case, Numbers};
use crate::support::check::assert_right;
use crate::support::expression::{Expression, Variable, call1, call2};
use crate::support::oracle::{REDUCTIONS, first_extreme};
use crate::support::random::{Random, some};
use rkeops_core::{Dtype, Target};

suite!(
    boundary_sizes,
    every_size_up_to_two_vectors,
    exact_results_on_integers,
    ties_go_to_the_first,
    nan_and_infinities,
    few_rows_many_columns,
    many_rows_few_columns,
    formulas_of_one_index_only,
    large_exponents,
    nothing_to_reduce,
    several_at_once_as_each_alone,
);
suite!(devices: boundary_sizes, every_size_up_to_two_vectors, exact_results_on_integers, ties_go_to_the_first, nan_and_infinities, few_rows_many_columns, many_rows_few_columns, formulas_of_one_index_only, large_exponents, nothing_to_reduce, several_at_once_as_each_alone);

const FORMATS: [Dtype; 2] = [Dtype::F32, Dtype::F64];

fn v(k: usize) -> Expression {
    Expression::Variable(k)
}

fn variable(dim: usize, category: usize) -> Variable {
    Variable { dim, category }
}

/// Points, a weight per j, a weight per i and a width.
fn cloud() -> Vec<Variable> {
    vec![variable(2, 0), variable(2, 1), variable(1, 1), variable(1, 0), variable(1, 2)]
}

fn gaussian() -> Expression {
    let square = call2("Mult", call2("SqDist", v(0), v(1)), call1("Square", v(4)));
    call2("Mult", call2("Mult", call1("Exp", call1("Minus", square)), v(2)), v(3))
}

/// All reductions in one pass.
fn all_reductions() -> Vec<(&'static str, Expression)> {
    let formula = |name| match name {
        "Sum" => gaussian(),
        "LogSumExp" => call2("Mult", call2("SqDist", v(0), v(1)), v(2)),
        _ => call2("Subtract", v(0), v(1)),
    };
    REDUCTIONS.into_iter().map(|name| (name, formula(name))).collect()
}

fn sized(rows: [usize; 2], axis: usize) -> Case {
    let mut case = Case::new(&cloud(), all_reductions(), rows);
    case.axis = axis;
    case.seed = (rows[0] * 10_007 + rows[1]) as u64;
    case
}

fn boundary_sizes(target: Target) {
    for size in some(&BOUNDARIES) {
        for other in some(&[0, 1, 7, 9, 130, 1025]) {
            for rows in [[size, other], [other, size]] {
                for axis in [0, 1] {
                    let dtype = FORMATS[(size + other + axis) % 2];
                    assert_right(&sized(rows, axis), dtype, target);
                }
            }
        }
        assert_right(&sized([size, size], 1), Dtype::F32, target);
    }
}

fn every_size_up_to_two_vectors(target: Target) {
    for kept in some(&std::array::from_fn::<usize, 34, _>(|kept| kept)) {
        for reduced in some(&[1, 5, 8, 9, 17, 33]) {
            for dtype in FORMATS {
                assert_right(&sized([kept, reduced], 1), dtype, target);
            }
        }
    }
}

/// Integers add without rounding, so that a number that is lost or counted twice cannot hide.
fn exact_results_on_integers(target: Target) {
    let product = call2("Mult", call2("Subtract", v(0), v(1)), v(2));
    for rows in [[1, 1025], [5, 300], [9, 257], [64, 64], [65, 1023], [300, 129], [1025, 17], [2, 70_000]] {
        for axis in [0, 1] {
            for dtype in FORMATS {
                let reductions = ["Sum", "Min", "Max", "ArgMin", "ArgMax"].map(|name| (name, product.clone()));
                let mut case = Case::new(&cloud(), reductions.to_vec(), rows);
                (case.axis, case.numbers) = (axis, Numbers::Integers);
                let results = case.run(dtype, target, 0).expect("a formula that fits");
                for row in 0..case.kept() {
                    let values: Vec<Vec<f64>> =
                        (0..case.reduced()).map(|k| product.evaluate(&case.pair(row, k, dtype))).collect();
                    for column in 0..2 {
                        let column_values = || values.iter().map(|v| v[column]);
                        let place = 2 * row + column;
                        let [first, last] =
                            [false, true].map(|largest| first_extreme(column_values(), largest).expect("a winner"));
                        let at = format!("{} {dtype} {rows:?} axis {axis} row {row}", target.name());
                        assert_eq!(results[0].numbers()[place], column_values().sum::<f64>(), "Sum {at}");
                        assert_eq!(results[1].numbers()[place], values[first][column], "Min {at}");
                        assert_eq!(results[2].numbers()[place], values[last][column], "Max {at}");
                        assert_eq!(results[3].indices()[place], first as i64, "ArgMin {at}");
                        assert_eq!(results[4].indices()[place], last as i64, "ArgMax {at}");
                    }
                }
            }
        }
    }
}

/// The results of all reductions of `x_i * y_j` for `x = 1` and these `y`.
fn reduce_list(values: &[f64], rows: usize, dtype: Dtype, target: Target) -> (Vec<Vec<f64>>, Vec<Vec<i64>>) {
    let reductions = REDUCTIONS.map(|name| (name, call2("Mult", v(0), v(1)))).to_vec();
    let mut case = Case::new(&[variable(1, 0), variable(1, 1)], reductions, [rows, values.len()]);
    case.given = Some(Arc::new(values.to_vec()));
    let results = case.run(dtype, target, 0).expect("a formula that fits");
    let numbers = results[..4].iter().map(|r| r.numbers().to_vec()).collect();
    (numbers, results[4..].iter().map(|r| r.indices().to_vec()).collect())
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-5 * (a.abs() + b.abs())
}

fn ties_go_to_the_first(target: Target) {
    for rows in [1, 3, 7, 8, 9, 70] {
        for n in [1, 2, 8, 16, 17, 127, 128, 129, 256, 257, 600, 1025] {
            for first in [0, 1, 7, 8, 15, 100, 127, 128, 129, 255, 256, 257, 500].into_iter().filter(|&k| k < n) {
                // The extreme values appear at `first` and at several later places.
                let value = |k: usize| if k >= first && (k - first).is_multiple_of(3) { 2.0 } else { 1.0 };
                let values: Vec<f64> = (0..n).map(value).collect();
                for sign in [1.0, -1.0] {
                    let values: Vec<f64> = values.iter().map(|v| sign * v).collect();
                    let (_, indices) = reduce_list(&values, rows, FORMATS[n % 2], target);
                    let expected =
                        [false, true].map(|largest| first_extreme(values.iter().copied(), largest).unwrap_or(0) as i64);
                    for k in 0..2 {
                        assert_eq!(indices[k], vec![expected[k]; rows], "{} rows, first {first} of {n}", rows);
                    }
                }
            }
        }
    }
}

/// NaN never wins and makes sums NaN; infinities are values like others.
fn nan_and_infinities(target: Target) {
    const INF: f64 = f64::INFINITY;
    let lists: [&[f64]; 12] = [
        &[f64::NAN, 1.0, 2.0],
        &[1.0, f64::NAN],
        &[f64::NAN, f64::NAN],
        &[-INF, 1.0, 2.0],
        &[1.0, 2.0, -INF],
        &[-INF, -INF],
        &[INF, 1.0],
        &[1.0, INF],
        &[INF, INF],
        &[INF, -INF],
        &[f64::NAN, INF, -INF],
        &[INF, f64::NAN, 3.0, 3.0],
    ];
    let mut random = Random::new(7);
    for list in lists {
        for n in [list.len(), 9, 130, 300, 700] {
            // The list somewhere among ordinary numbers, or filling everything.
            for filled in [false, true] {
                let start = random.below(n - list.len() + 1);
                let values: Vec<f64> = (0..n)
                    .map(|k| match filled {
                        true => list[k % list.len()],
                        false if (start..start + list.len()).contains(&k) => list[k - start],
                        false => 0.5,
                    })
                    .collect();
                let sum: f64 = values.iter().sum();
                let numbers = || values.iter().copied().filter(|v| !v.is_nan());
                let (least, most) = (numbers().fold(INF, f64::min), numbers().fold(-INF, f64::max));
                let log = match (values.iter().any(|v| v.is_nan()), most.is_infinite()) {
                    (true, _) => f64::NAN,
                    (_, true) => most,
                    _ => most + values.iter().map(|v| (v - most).exp()).sum::<f64>().ln(),
                };
                for rows in [1, 7, 9, 65] {
                    for dtype in FORMATS {
                        let (found, indices) = reduce_list(&values, rows, dtype, target);
                        let at = format!("{} {dtype} {rows} rows, {n} values, {list:?} from {start}", target.name());
                        for row in 0..rows {
                            for (k, meant) in [sum, log, least, most].into_iter().enumerate() {
                                let found = found[k][row];
                                assert!(same(found, meant), "{}: {found}, expected {meant}: {at}", REDUCTIONS[k]);
                            }
                            for (k, largest) in [false, true].into_iter().enumerate() {
                                let first = first_extreme(values.iter().copied(), largest).unwrap_or(0) as i64;
                                assert_eq!(indices[k][row], first, "{}: {at}", REDUCTIONS[4 + k]);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Long enough that the reduced index is cut into parts that are merged.
fn few_rows_many_columns(target: Target) {
    let n = 1_500_007;
    let y: Vec<f64> = (0..n).map(|k| f64::from(((k * 7919) % 10_007) as f32 / 10_007.0)).collect();
    let mut y = y;
    (y[n - 2], y[n / 2]) = (-3.0, 3.0);
    for (rows, dtype) in [(1, Dtype::F32), (2, Dtype::F64)] {
        let (found, indices) = reduce_list(&y, rows, dtype, target);
        let sum: f64 = y.iter().sum();
        let log = y.iter().map(|v| v.exp()).sum::<f64>().ln();
        for row in 0..rows {
            for (k, meant) in [sum, log, -3.0, 3.0].into_iter().enumerate() {
                let tolerance = if dtype == Dtype::F32 { 1e-6 } else { 1e-14 };
                let off = (found[k][row] - meant).abs() / meant.abs();
                assert!(off <= tolerance, "{} {dtype}: relative error {off:e}", REDUCTIONS[k]);
            }
            assert_eq!((indices[0][row], indices[1][row]), ((n - 2) as i64, (n / 2) as i64));
        }
    }
}

fn many_rows_few_columns(target: Target) {
    for (dtype, axis) in [(Dtype::F32, 1), (Dtype::F64, 0)] {
        for few in some(&[1, 2, 7, 9]) {
            let rows = if axis == 1 { [70_001, few] } else { [few, 70_001] };
            let mut case = sized(rows, axis);
            assert_right(&case, dtype, target);
            // Every row, on exact values.
            case.numbers = Numbers::Integers;
            case.reductions = vec![("Sum", call2("Subtract", v(0), v(1)))];
            let results = case.run(dtype, target, 0).unwrap();
            for row in 0..case.kept() {
                let mut sum = [0.0; 2];
                for k in 0..few {
                    let value = case.reductions[0].1.evaluate(&case.pair(row, k, dtype));
                    (sum[0], sum[1]) = (sum[0] + value[0], sum[1] + value[1]);
                }
                assert_eq!(results[0].numbers()[2 * row..2 * row + 2], sum, "row {row}");
            }
        }
    }
}

/// Formulas that depend on one index, on parameters or on nothing.
fn formulas_of_one_index_only(target: Target) {
    let scalars = [variable(1, 0), variable(1, 1), variable(1, 2)];
    let large = |e: Expression| call2("Mult", e, Expression::Number(70.0));
    for rows in [[5, 9], [9, 5], [70, 300], [300, 70], [1, 1], [3, 40], [5, 0]] {
        for axis in [0, 1] {
            for dtype in FORMATS {
                for formula in [v(0), v(1), v(2), Expression::Number(1.5), Expression::Zero(1)] {
                    for formula in [formula.clone(), call1("Exp", formula.clone()), large(formula.clone())] {
                        let reductions = REDUCTIONS.map(|name| (name, formula.clone())).to_vec();
                        let mut case = Case::new(&scalars, reductions, rows);
                        case.axis = axis;
                        assert_right(&case, dtype, target);
                    }
                }
            }
        }
    }
    // No variable of an index: one row.
    for variables in [vec![], vec![variable(1, 0)], vec![variable(1, 1)], vec![variable(1, 2)]] {
        let formula = if variables.is_empty() { Expression::Number(2.5) } else { v(0) };
        for axis in [0, 1] {
            let reductions = REDUCTIONS.map(|name| (name, formula.clone())).to_vec();
            let mut case = Case::new(&variables, reductions, [20, 20]);
            case.axis = axis;
            assert_right(&case, Dtype::F32, target);
        }
    }
}

/// LogSumExp for exponents of any size that the format holds.
fn large_exponents(target: Target) {
    for dtype in FORMATS {
        // The exponent times log2(e) has to be inside the format.
        let ends = if dtype == Dtype::F32 { 2e38 } else { 1e308 };
        for size in [1.0, 40.0, 60.0, 100.0, 700.0, 1e4, 1e6, 1e9, 1.2345678e11, 3.3e15, 1e20, 7e29, 2e31, ends] {
            for sign in [1.0, -1.0] {
                for values in [vec![1.0], vec![1.0, 1.0], vec![0.1, 1.0, 0.3], vec![1.0, 0.0], vec![0.0; 5]] {
                    for (rows, n) in [(1, 1), (1, 20), (9, 1), (9, 700)] {
                        let values: Vec<f64> = (0..n.max(values.len()))
                            .map(|k| values[k % values.len()] * sign * size)
                            .map(|v| if dtype == Dtype::F32 { f64::from(v as f32) } else { v })
                            .collect();
                        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                        let meant = most + values.iter().map(|v| (v - most).exp()).sum::<f64>().ln();
                        let (found, _) = reduce_list(&values, rows, dtype, target);
                        let tolerance = if dtype == Dtype::F32 { 1e-6 } else { 2e-15 } * (most.abs() + 10.0);
                        for found in &found[1] {
                            assert!(
                                (found - meant).abs() <= tolerance,
                                "{} {dtype}: LogSumExp of {n} values of size {:e} is {found:e}; expected {meant:e}",
                                target.name(),
                                sign * size,
                            );
                        }
                    }
                }
            }
        }
    }
}

fn nothing_to_reduce(target: Target) {
    for rows in [1, 7, 9, 300] {
        for dtype in FORMATS {
            let (found, indices) = reduce_list(&[], rows, dtype, target);
            let meant = [0.0, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY];
            for (found, meant) in found.iter().zip(meant) {
                assert_eq!(*found, vec![meant; rows]);
            }
            assert_eq!(indices, [vec![0; rows], vec![0; rows]]);
        }
    }
    // A factor that leaves the sum must not make it NaN.
    for formula in [call2("Divide", v(1), v(0)), call2("Mult", v(1), call1("Log", v(0)))] {
        let variables = [variable(1, 0), variable(1, 1)];
        let mut case = Case::new(&variables, vec![("Sum", formula)], [9, 0]);
        case.numbers = Numbers::Special;
        let found = case.run(Dtype::F64, target, 1).unwrap();
        assert_eq!(found[0].numbers(), [0.0; 9], "{}", case.texts()[0]);
    }
}

/// Reductions that share a pass do not disturb one another.
fn several_at_once_as_each_alone(target: Target) {
    for rows in [[5, 300], [300, 70], [0, 4], [70, 0]] {
        for axis in [0, 1] {
            for dtype in FORMATS {
                let mut together = sized(rows, axis);
                // Twice the same, and the same formula in several reductions.
                let again = call2("SqDist", v(0), v(1));
                together.reductions.extend([("Sum", gaussian()), ("ArgMin", again.clone()), ("Min", again)]);
                let results = together.run(dtype, target, 1).unwrap();
                assert!(results[0].same(&results[6], true), "the same sum twice");
                assert_right(&together, dtype, target);
                for (k, reduction) in together.reductions.iter().enumerate().skip(2).take(4) {
                    let mut alone = together.clone();
                    alone.reductions = vec![reduction.clone()];
                    let result = &alone.run(dtype, target, 1).unwrap()[0];
                    assert!(result.same(&results[k], true), "{} alone and with others", reduction.0);
                }
            }
        }
    }
}
