//! Derivatives through reductions against dual numbers through dense reductions: gradients, derivatives along a
//! direction and, chained by hand as a framework chains them, second derivatives.

use crate::support::approximate::{Approximate, Double, Format, Single};
use crate::support::differentiated::{Count, Problem, on_random_problems, plain, run};
use crate::support::dual::Dual;
use crate::support::expression::{Expression, Variable, call2};
use rkeops_core::{Dtype, Reduction, Target};

suite!(
    gradients_through_reductions,
    derivatives_of_reductions_along_a_direction,
    second_derivatives_through_reductions,
    second_derivatives_of_products_with_zeros,
    nothing_weighs_nothing,
);

fn gradient_in<F: Format>(seed: u64, dtype: Dtype, target: Target, count: &mut Count) {
    let mut problem = Problem::random(seed, dtype);
    problem.save(dtype, target);
    let v = problem.variable;
    let text = problem.derivative_text("Grad", &problem.reduction_text(), v, problem.cotangent);
    let found = problem.gradient(&text, v, dtype, target);
    for (place, &found) in found.iter().enumerate() {
        let exact = Approximate::<F>::exact;
        let number = |k: usize, at: usize| {
            Dual::new(exact(problem.arrays[k][at]), exact(f64::from(u8::from((k, at) == (v, place)))))
        };
        count.compare(found, problem.contracted(&number).slope, 1.0, &|| format!("{text} {problem:?} at {place}"));
    }
}

fn gradients_through_reductions(target: Target) {
    on_random_problems(100, target, |seed, dtype, count| match dtype {
        Dtype::F32 => gradient_in::<Single>(seed, dtype, target, count),
        _ => gradient_in::<Double>(seed, dtype, target, count),
    });
}

fn directional_in<F: Format>(seed: u64, dtype: Dtype, target: Target, count: &mut Count) {
    let mut problem = Problem::random(seed, dtype);
    problem.save(dtype, target);
    let (v, mut text) = (problem.variable, problem.reduction_text());
    // Half of them in another variable too, along itself.
    let other = (v + 1) % problem.direction;
    let is_several = seed.is_multiple_of(2) && other != v;
    text = match is_several {
        true => {
            let saved: String = problem.saved.iter().map(|k| format!(",v{k}")).collect();
            format!("Diff({text},(v{v},v{other}),(v{},v{other}){saved})", problem.direction)
        }
        false => problem.derivative_text("Diff", &text, v, problem.direction),
    };
    let derivative = problem.parse(&text);
    assert_eq!(derivative.axis() as usize, problem.axis);
    let columns = derivative.dim();
    let found = run(&[derivative], &problem, dtype, target).remove(0);
    for (row, found) in found.chunks(columns).enumerate() {
        let exact = Approximate::<F>::exact;
        let number = |k: usize, at: usize| {
            let along = match k {
                _ if k == v => problem.arrays[problem.direction][at],
                _ if k == other && is_several => problem.arrays[other][at],
                _ => 0.0,
            };
            Dual::new(exact(problem.arrays[k][at]), exact(along))
        };
        let meant = problem.row(row, &number);
        assert_eq!(meant.len(), columns);
        for (&found, meant) in found.iter().zip(meant) {
            count.compare(found, meant.slope, 1.0, &|| format!("{text} {problem:?} row {row}"));
        }
    }
}

fn derivatives_of_reductions_along_a_direction(target: Target) {
    on_random_problems(100, target, |seed, dtype, count| match dtype {
        Dtype::F32 => directional_in::<Single>(seed, dtype, target, count),
        _ => directional_in::<Double>(seed, dtype, target, count),
    });
}

/// `<h, gradient>` differentiated once more: directly, and through every saved result, whose own gradient is taken along
/// what the gradient's gradient with respect to it is.
fn check_second(problem: &mut Problem, again: usize, target: Target, count: &mut Count) {
    let dtype = Dtype::F64;
    problem.save(dtype, target);
    let (v, h) = (problem.variable, problem.direction);
    let first = problem.derivative_text("Grad", &problem.reduction_text(), v, problem.cotangent);
    let mut found = problem.gradient(&format!("Grad({first},v{again},v{h})"), again, dtype, target);
    for (reduction, k) in problem.reduction().saved().unwrap().into_iter().zip(problem.saved.clone()) {
        let through = problem.gradient(&format!("Grad({first},v{k},v{h})"), k, dtype, target);
        if reduction.results()[0].is_integer {
            assert!(through.iter().all(|&value| value == 0.0), "integers do not change\n{problem:?}");
            continue;
        }
        let chained = problem.chained(&reduction.text().unwrap(), through, dtype, target);
        let text = chained.derivative_text("Grad", &reduction.text().unwrap(), again, chained.cotangent);
        let part = chained.gradient(&text, again, dtype, target);
        found.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    for (place, &found) in found.iter().enumerate() {
        let exact = Approximate::<Double>::exact;
        let number = |k: usize, at: usize| {
            let along = if k == v { problem.arrays[h][at] } else { 0.0 };
            let unit = f64::from(u8::from((k, at) == (again, place)));
            let value = Dual::new(exact(problem.arrays[k][at]), exact(along));
            Dual::new(value, Dual::new(exact(unit), exact(0.0)))
        };
        let meant = problem.contracted(&number).slope.slope;
        count.compare(found, meant, 10.0, &|| format!("{first} {problem:?} {again} at {place}"));
    }
}

fn second_derivatives_through_reductions(target: Target) {
    on_random_problems(60, target, |seed, dtype, count| {
        let mut problem = Problem::random(seed, dtype);
        let again = seed as usize / 4 % problem.direction;
        check_second(&mut problem, again, target, count);
    });
}

/// Products of which no factor is 0, one, two, three or all.
fn second_derivatives_of_products_with_zeros(target: Target) {
    let mut count = Count::default();
    let variables = [(5, 0), (5, 1)].map(|(dim, category)| Variable { dim, category });
    let numbers = |count: usize| (1..=count).map(|k| (k as f64 * 1.7).sin() + 0.1).collect::<Vec<f64>>();
    for (axis, v, again, i) in (0..16).map(|k| (k & 1, k >> 1 & 1, k >> 2 & 1, 2 + (k >> 3))) {
        let (mut x, mut y) = (numbers(5 * i), numbers(5 * 4));
        // As many rows of a column are 0 as its number says; a number of x is 0 too, so one more in its row.
        (0..20).filter(|place| place / 5 < place % 5).for_each(|place| y[place] = 0.0);
        x[7] = 0.0;
        let cotangent = Variable { dim: 5, category: 1 - axis };
        let rows = [i, 4];
        let mut problem = Problem {
            variables: [variables.as_slice(), &[variables[v], cotangent]].concat(),
            name: "Prod",
            formula: call2("Mult", Expression::Variable(0), Expression::Variable(1)),
            axis,
            variable: v,
            direction: 2,
            cotangent: 3,
            rows,
            arrays: vec![x, y, numbers(5 * rows[v]), numbers(5 * rows[1 - axis])],
            ..plain()
        };
        check_second(&mut problem, again, target, &mut count);
    }
}

/// Where every exponent is -infinity, derivatives are 0 and no NaN; elsewhere what is -infinity has no weight.
fn nothing_weighs_nothing(target: Target) {
    let names = ["x = Vi(0,1)", "y = Vj(1,1)", "b = Vj(2,1)", "e = Vi(3,1)", "L = Vi(4,1)", "S = Vi(5,1)"];
    let variables = [(1, 0), (1, 1), (1, 1), (1, 0), (1, 0), (1, 0)].map(|(dim, category)| Variable { dim, category });
    for b in [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]] {
        for (reduction, saved) in [
            ("LogSumExp_Reduction(Log(b)+x*y,0)", "L"),
            ("LogSumExp_Reduction(Log(b)+x*y,0,1+x*x)", "L,S"),
            ("SumSoftMaxWeight_Reduction(Log(b)+x*y,0,x*y)", "L,S"),
        ] {
            for variable in ["x", "y"] {
                for dtype in [Dtype::F32, Dtype::F64] {
                    let arrays = vec![vec![0.5, -1.0], vec![1.0, 2.0, 3.0], b.to_vec(), vec![1.0, 2.0], vec![], vec![]];
                    let mut problem = Problem { arrays, rows: [2, 3], variables: variables.to_vec(), ..plain() };
                    let parse = |text: &str| Reduction::parse(text, &names).unwrap();
                    let forward = parse(reduction).saved().unwrap();
                    problem.arrays[4..].fill(vec![0.0; 2]);
                    let results = run(&forward, &problem, dtype, target);
                    problem.arrays.truncate(4);
                    problem.arrays.extend(results);
                    problem.arrays.resize(6, vec![0.0; 2]);
                    let text = format!("Grad({reduction},{variable},e,{saved})");
                    let found = run(&[parse(&text)], &problem, dtype, target).remove(0);
                    // Only the second pair has weight, and there the result is `x * 2` with a slope of 2 in x.
                    let is_empty = b[1] == 0.0;
                    let meant = match (is_empty, variable) {
                        (true, _) => vec![0.0; found.len()],
                        (_, "x") if reduction.contains("1+x*x") => vec![2.0 + 2.0 * 0.5 / 1.25, 2.0 * (2.0 - 1.0)],
                        (_, "x") => vec![2.0, 4.0],
                        _ => vec![0.0, 0.5 - 2.0, 0.0],
                    };
                    let close = found.iter().zip(&meant).all(|(a, b)| (a - b).abs() < 1e-5);
                    assert!(close && found.len() == meant.len(), "{text} {b:?} {dtype}: {found:?}, expected {meant:?}");
                }
            }
        }
    }
}
