//! Linear systems against a dense factorization in float64.

use std::cell::RefCell;

use rkeops_core::{
    ArrayMut, ArrayRef, CompileOptions, Dtype, Error, ErrorKind, Ranges, Reduction, RunOptions, Solution, SolveOptions,
    Solver, Target,
};

fn targets() -> Vec<Target> {
    [Target::Portable, Target::Avx2, Target::Avx512].into_iter().filter(|t| t.is_available()).collect()
}

fn number(seed: u64) -> f64 {
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (seed >> 3).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 29)) >> 11) as f64 / (1u64 << 53) as f64
}

fn numbers(count: usize, seed: u64) -> Vec<f64> {
    (0..count as u64).map(|k| number(seed * 1_000_003 + 7 * k + 1)).collect()
}

/// Solves a dense symmetric positive definite system by Cholesky's factorization.
fn dense(matrix: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let n = right.len();
    let mut factor = matrix.to_vec();
    for j in 0..n {
        for i in j..n {
            let sum: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            factor[i][j] = if i == j { (matrix[i][i] - sum).sqrt() } else { (matrix[i][j] - sum) / factor[j][j] };
        }
    }
    let mut x = right.to_vec();
    for i in 0..n {
        x[i] = (x[i] - (0..i).map(|k| factor[i][k] * x[k]).sum::<f64>()) / factor[i][i];
    }
    for i in (0..n).rev() {
        x[i] = (x[i] - (i + 1..n).map(|k| factor[k][i] * x[k]).sum::<f64>()) / factor[i][i];
    }
    x
}

fn gaussian(x: &[f64], alpha: f64, meets: impl Fn(usize, usize) -> bool) -> Vec<Vec<f64>> {
    let points: Vec<&[f64]> = x.chunks(3).collect();
    let entry = |i: usize, j: usize| {
        let square: f64 = points[i].iter().zip(points[j]).map(|(a, b)| (a - b) * (a - b)).sum();
        let value = if meets(i, j) { (-5.0 * square).exp() } else { 0.0 };
        value + if i == j { alpha } else { 0.0 }
    };
    (0..points.len()).map(|i| (0..points.len()).map(|j| entry(i, j)).collect()).collect()
}

/// The text of the matrix whose unknown, argument 2, has so many columns.
fn solver(columns: usize, axis: usize, dtype: Dtype, target: Target) -> Solver {
    let aliases = ["x = Vi(0,3)", "y = Vj(1,3)", &format!("b = {}(2,{columns})", ["Vi", "Vj"][axis])];
    let text = format!("Sum_Reduction(Exp(-5*SqDist(x,y))*b,{})", 1 - axis);
    let reduction = Reduction::parse(&text, &aliases).unwrap();
    Solver::compile(&reduction, 2, &CompileOptions { dtype, target, ..CompileOptions::default() }).unwrap()
}

fn solve(
    solver: &Solver,
    x: &[f64],
    b: (&[f64], &[usize]),
    shape: &[usize],
    options: &SolveOptions<'_>,
) -> Result<(Vec<f64>, Solution), (Error, Vec<f64>)> {
    let n = x.len() / 3;
    let mut out = vec![77.0; shape.iter().product()];
    let result = match solver.kernel().dtype() {
        Dtype::F32 => {
            let single = |v: &[f64]| v.iter().map(|&v| v as f32).collect::<Vec<f32>>();
            let (x, right, mut found) = (single(x), single(b.0), single(&out));
            let points = ArrayRef::f32(&x, &[n, 3]);
            let inputs = [points.clone(), points, ArrayRef::f32(&right, b.1)];
            let result = solver.solve(&inputs, &mut ArrayMut::f32(&mut found, shape), options);
            out = found.iter().map(|&v| f64::from(v)).collect();
            result
        }
        _ => {
            let points = ArrayRef::f64(x, &[n, 3]);
            let inputs = [points.clone(), points, ArrayRef::f64(b.0, b.1)];
            solver.solve(&inputs, &mut ArrayMut::f64(&mut out, shape), options)
        }
    };
    match result {
        Ok(solution) => Ok((out, solution)),
        Err(error) => Err((error, out)),
    }
}

fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst <= tolerance, "off by {worst:e}");
}

#[test]
fn solutions_are_those_of_a_factorization() {
    for target in targets() {
        for (dtype, tolerance) in [(Dtype::F64, 1e-9), (Dtype::F32, 1e-4)] {
            for (n, columns, axis) in [(1, 1, 1), (40, 1, 1), (40, 3, 0), (150, 2, 1)] {
                let x = numbers(3 * n, 5);
                let b = numbers(n * columns, 9);
                let alpha = 0.1;
                let options = SolveOptions {
                    alpha,
                    tolerance: if dtype == Dtype::F64 { 1e-12 } else { 1e-6 },
                    ..Default::default()
                };
                let solver = solver(columns, axis, dtype, target);
                let (found, solution) = solve(&solver, &x, (&b, &[n, columns]), &[n, columns], &options).unwrap();
                assert!(solution.residual <= options.tolerance && solution.iterations > 0);
                let matrix = gaussian(&x, alpha, |_, _| true);
                for c in 0..columns {
                    let of = |v: &[f64]| v.iter().skip(c).step_by(columns).copied().collect::<Vec<f64>>();
                    close(&of(&found), &dense(&matrix, &of(&b)), tolerance);
                }
            }
        }
    }
}

#[test]
fn problems_of_a_batch_are_systems_of_their_own() {
    let (n, x) = (30, numbers(90, 3));
    let b = numbers(4 * n, 8);
    let solver = solver(1, 1, Dtype::F64, Target::Auto);
    let options = SolveOptions { alpha: 0.5, tolerance: 1e-12, ..Default::default() };
    let (found, _) = solve(&solver, &x, (&b, &[2, 2, n, 1]), &[2, 2, n, 1], &options).unwrap();
    let matrix = gaussian(&x, 0.5, |_, _| true);
    for (found, b) in found.chunks(n).zip(b.chunks(n)) {
        close(found, &dense(&matrix, b), 1e-10);
    }
}

#[test]
fn ranges_leave_blocks() {
    let (n, x, b) = (24, numbers(72, 3), numbers(24, 8));
    let ranges = Ranges::ragged(&[0, 10, 24], &[0, 10, 24]).unwrap();
    let run = RunOptions { ranges: Some(&ranges), ..RunOptions::default() };
    let options = SolveOptions { alpha: 0.2, tolerance: 1e-12, run, ..Default::default() };
    let (found, _) = solve(&solver(1, 1, Dtype::F64, Target::Auto), &x, (&b, &[n]), &[n], &options).unwrap();
    close(&found, &dense(&gaussian(&x, 0.2, |i, j| (i < 10) == (j < 10)), &b), 1e-10);
}

#[test]
fn nothing_to_solve() {
    let solver = solver(2, 1, Dtype::F64, Target::Auto);
    let options = SolveOptions::default();
    let (found, solution) = solve(&solver, &[], (&[], &[0, 2]), &[0, 2], &options).unwrap();
    assert!(found.is_empty() && solution == Solution { iterations: 0, residual: 0.0 });
    let x = numbers(15, 1);
    let (found, solution) = solve(&solver, &x, (&[0.0; 10], &[5, 2]), &[5, 2], &options).unwrap();
    assert!(found == [0.0; 10] && solution.iterations == 0);
    // A column that is solved at once leaves the others alone.
    let mut b = [0.0; 10];
    (0..5).for_each(|k| b[2 * k + 1] = 1.0 + k as f64);
    let options = SolveOptions { alpha: 0.1, tolerance: 1e-12, ..options };
    let (found, _) = solve(&solver, &x, (&b, &[5, 2]), &[5, 2], &options).unwrap();
    let expected = dense(&gaussian(&x, 0.1, |_, _| true), &[1.0, 2.0, 3.0, 4.0, 5.0]);
    for (row, expected) in found.chunks(2).zip(expected) {
        assert!(row[0] == 0.0 && (row[1] - expected).abs() < 1e-10);
    }
}

#[test]
fn progress_and_stopping() {
    let (n, x, b) = (50, numbers(150, 4), numbers(50, 2));
    let seen = RefCell::new(Vec::new());
    let watch = |iteration: usize, residual: f64| {
        seen.borrow_mut().push((iteration, residual));
        iteration < 3
    };
    let solver = solver(1, 1, Dtype::F64, Target::Auto);
    let options = SolveOptions { alpha: 0.01, tolerance: 1e-14, progress: Some(&watch), ..Default::default() };
    let (error, _) = solve(&solver, &x, (&b, &[n, 1]), &[n, 1], &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let seen = seen.take();
    assert_eq!(seen.iter().map(|(iteration, _)| *iteration).collect::<Vec<_>>(), [1, 2, 3]);
    let few = SolveOptions { iterations: 4, progress: None, ..options };
    let (error, out) = solve(&solver, &x, (&b, &[n, 1]), &[n, 1], &few).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Convergence);
    assert!(error.message().starts_with("after 4 iterations the residual is "), "{error}");
    assert!(out.iter().all(|&v| v != 77.0 && v.is_finite()), "the last iterate is kept");
}

/// Kernels whose values are matrices: `A(x_i, y_j) v_j`, each row of the whole matrix against a factorization.
#[test]
fn columns_that_a_formula_couples_are_one_system() {
    let aliases = ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,2)"];
    let scale = |x: &[f64], y: &[f64]| (-5.0 * x.iter().zip(y).map(|(a, b)| (a - b) * (a - b)).sum::<f64>()).exp();
    type Block = fn(f64, usize, usize) -> f64;
    let cases: [(&str, Block); 4] = [
        ("Exp(-5*SqDist(x,y))*(b+Sum(b))", |k, r, c| k * if r == c { 2.0 } else { 1.0 }),
        ("MatVecMult(Concat(Exp(-5*SqDist(x,y))*Concat(2,1),Exp(-5*SqDist(x,y))*Concat(1,2)),b)", |k, r, c| {
            k * if r == c { 2.0 } else { 1.0 }
        }),
        ("Exp(-5*SqDist(x,y))*Concat(Elem(b,1),Elem(b,0))*(1/2)+Exp(-5*SqDist(x,y))*b", |k, r, c| {
            k * if r == c { 1.0 } else { 0.5 }
        }),
        ("IfElse(SqDist(x,y)-1/10,Zero(2),Exp(-5*SqDist(x,y))*b*(IntCst(1)))", |k, r, c| {
            if r == c && k > (-0.5f64).exp() { k } else { 0.0 }
        }),
    ];
    let (n, alpha) = (7, 3.0);
    let (x, b) = (numbers(3 * n, 5), numbers(2 * n, 6));
    for (text, block) in cases {
        let reduction = Reduction::parse(&format!("Sum_Reduction({text},0)"), &aliases).unwrap();
        let options = CompileOptions { dtype: Dtype::F64, ..CompileOptions::default() };
        let solver = Solver::compile(&reduction, 2, &options).expect(text);
        let entry = |p: usize, q: usize| {
            let points = |k: usize| &x[3 * (k / 2)..][..3];
            block(scale(points(p), points(q)), p % 2, q % 2) + if p == q { alpha } else { 0.0 }
        };
        let matrix: Vec<Vec<f64>> = (0..2 * n).map(|p| (0..2 * n).map(|q| entry(p, q)).collect()).collect();
        let options = SolveOptions { alpha, tolerance: 1e-12, ..Default::default() };
        let (found, _) = solve(&solver, &x, (&b, &[n, 2]), &[n, 2], &options).unwrap();
        close(&found, &dense(&matrix, &b), 1e-9);
    }
}

#[test]
fn matrices_that_are_not_positive_definite() {
    let aliases = ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,1)"];
    let reduction = Reduction::parse("Sum_Reduction(-Exp(-SqDist(x,y))*b,0)", &aliases).unwrap();
    let options = CompileOptions { dtype: Dtype::F64, ..CompileOptions::default() };
    let negative = Solver::compile(&reduction, 2, &options).unwrap();
    let x = numbers(30, 4);
    let (error, _) = solve(&negative, &x, (&[1.0; 10], &[10, 1]), &[10, 1], &Default::default()).unwrap_err();
    assert!(error.message().starts_with("the matrix is not positive definite"), "{error}");
    let good = solver(1, 1, Dtype::F64, Target::Auto);
    for wrong in [f64::NAN, f64::INFINITY] {
        let mut b = [1.0; 10];
        b[3] = wrong;
        let (error, _) = solve(&good, &x, (&b, &[10, 1]), &[10, 1], &Default::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Convergence, "{error}");
    }
}

#[test]
fn errors_of_systems() {
    let aliases = ["x = Vi(0,3)", "y = Vj(1,3)", "b = Vj(2,2)", "p = Pm(3,1)"];
    let refused = |text: &str, unknown: usize, message: &str| {
        let reduction = Reduction::parse(text, &aliases).unwrap();
        let error = Solver::compile(&reduction, unknown, &CompileOptions::default()).expect_err(text);
        assert_eq!(error.message(), message);
    };
    refused("Max_Reduction(x|y,0)", 1, "the reduction is `Max`; a linear system needs a sum");
    refused("Sum_Reduction(1j*b,0)", 2, "the sum is complex; a linear system needs a real one");
    refused("Sum_Reduction((x|y)*b,0)", 7, "the unknown, argument 7, is no variable of the formula");
    let message = "the unknown, argument 0, is a i-variable; expected the reduced index, a j-variable";
    refused("Sum_Reduction((x|y)*b,0)", 0, message);
    let message = "the unknown, argument 1, has dimension 3; expected that of the sum, 2";
    refused("Sum_Reduction((x|y)*b,0)", 1, message);
    let message = "the unknown, argument 2, is not one in which the formula is linear";
    refused("Sum_Reduction((x|y)*Exp(b),0)", 2, message);
    refused("Sum_Reduction((x|y)*b+p,0)", 2, message);
    refused("Sum_Reduction((x|y)*b*b,0)", 2, message);
    let linear = solver(2, 1, Dtype::F64, Target::Auto);
    let x = numbers(15, 1);
    let run = |b: (&[f64], &[usize]), shape: &[usize], options: SolveOptions<'_>| {
        let (error, out) = solve(&linear, &x, b, shape, &options).unwrap_err();
        assert!(out.iter().all(|&v| v == 77.0), "nothing is written");
        error.message().to_owned()
    };
    let b = [0.5; 10];
    let options = SolveOptions::default;
    let message = "the right-hand side, input 2, has shape [4, 2]; expected [5, 2], as the output has";
    assert_eq!(run((&b[..8], &[4, 2]), &[5, 2], options()), message);
    assert_eq!(
        run((&b, &[5, 2]), &[5, 2], SolveOptions { alpha: -1.0, ..options() }),
        "alpha is -1; expected a number from 0 on"
    );
    let message = "tolerance is NaN; expected a number from 0 on";
    assert_eq!(run((&b, &[5, 2]), &[5, 2], SolveOptions { tolerance: f64::NAN, ..options() }), message);
    assert_eq!(
        run((&b, &[10, 1]), &[10, 1], options()),
        "input 2 (j-variable of dimension 2) has shape [10, 1]; expected 2 columns"
    );
}
