//! Derivatives through reductions against dual numbers through dense reductions: gradients, derivatives along a
//! direction and, chained by hand as a framework chains them, second derivatives.

mod support;

use rkeops_core::{ArrayMut, ArrayRef, CompileOptions, Dtype, Kernel, Reduction, RunOptions, Target};
use support::approximate::{Approximate, Double, Format, Single};
use support::dual::Dual;
use support::expression::{Expression, Variable, aliases, call1, call2};
use support::generate::{Generator, variables};
use support::random::{Random, seeds};
use support::scalar::Scalar;

suite!(
    gradients_through_reductions,
    derivatives_of_reductions_along_a_direction,
    second_derivatives_through_reductions,
    nothing_weighs_nothing,
);

/// What multiplies the oracle's bound, which is about another order of operations.
const SLACK: f64 = 64.0;

/// The reductions that have derivatives, and whether they take weights.
const REDUCTIONS: [(&str, bool); 4] =
    [("Sum", false), ("LogSumExp", false), ("LogSumExp", true), ("SumSoftMaxWeight", true)];

/// The rows of each argument, one after the other.
type Arrays = Vec<Vec<f64>>;

#[derive(Clone, Debug)]
struct Problem {
    /// Those of the formula, then the direction, the cotangent and the saved results.
    variables: Vec<Variable>,
    name: &'static str,
    formula: Expression,
    weights: Option<Expression>,
    /// The index that is reduced: 0 for i, 1 for j.
    axis: usize,
    /// What is differentiated with respect to.
    variable: usize,
    direction: usize,
    cotangent: usize,
    saved: Vec<usize>,
    rows: [usize; 2],
    arrays: Arrays,
}

fn rows_of(variable: Variable, rows: [usize; 2]) -> usize {
    if variable.category < 2 { rows[variable.category] } else { 1 }
}

/// Runs reductions over one index on arrays.
fn run(reductions: &[Reduction], problem: &Problem, dtype: Dtype, target: Target) -> Arrays {
    let kernel = Kernel::compile(reductions, &CompileOptions { dtype, target, ..CompileOptions::default() }).unwrap();
    let kept = problem.rows[1 - reductions[0].axis() as usize];
    let columns: Vec<usize> = kernel.outputs().iter().map(|output| output.dim).collect();
    let given = kernel.inputs().len();
    let shapes: Vec<Vec<usize>> = problem.variables[..given]
        .iter()
        .map(|&v| if v.category < 2 { vec![rows_of(v, problem.rows), v.dim] } else { vec![v.dim] })
        .collect();
    let inputs = problem.arrays.iter().zip(&shapes);
    if dtype == Dtype::F32 {
        let stored: Vec<Vec<f32>> = problem.arrays.iter().map(|a| a.iter().map(|&v| v as f32).collect()).collect();
        let inputs: Vec<_> = stored.iter().zip(&shapes).map(|(a, shape)| ArrayRef::f32(a, shape)).collect();
        let mut results: Vec<Vec<f32>> = columns.iter().map(|c| vec![7.0; kept * c]).collect();
        let outputs = results.iter_mut().zip(&columns);
        let mut outputs: Vec<_> = outputs.map(|(r, &c)| ArrayMut::f32(r, &[kept, c])).collect();
        kernel.run(&inputs, &mut outputs, &RunOptions::default()).unwrap();
        return results.into_iter().map(|r| r.into_iter().map(f64::from).collect()).collect();
    }
    let inputs: Vec<_> = inputs.map(|(a, shape)| ArrayRef::f64(a, shape)).collect();
    let mut results: Vec<Vec<f64>> = columns.iter().map(|c| vec![7.0; kept * c]).collect();
    let outputs = results.iter_mut().zip(&columns);
    let mut outputs: Vec<_> = outputs.map(|(r, &c)| ArrayMut::f64(r, &[kept, c])).collect();
    kernel.run(&inputs, &mut outputs, &RunOptions::default()).unwrap();
    results
}

fn total<S: Scalar>(terms: impl Iterator<Item = S>) -> S {
    terms.reduce(|sum, term| sum.add_apart(&term)).unwrap_or_else(|| S::number(0.0))
}

impl Problem {
    fn random(seed: u64, dtype: Dtype) -> Self {
        let mut random = Random::new(seed);
        let mut variables = variables(&mut random);
        let (name, is_weighted) = REDUCTIONS[seed as usize % REDUCTIONS.len()];
        let mut generator = Generator { random, variables: &variables, smooth: true, integers: false };
        let depth = 1 + generator.random.below(3);
        let dim = if name == "Sum" { 1 + generator.random.below(3) } else { 1 };
        let formula = generator.formula(depth, dim);
        let weights = is_weighted.then(|| {
            let dim = 1 + generator.random.below(3);
            let weights = generator.formula(depth, dim);
            // A logarithm needs something above 0.
            if name == "LogSumExp" { call2("Add", call1("Square", weights), Expression::Number(0.5)) } else { weights }
        });
        let mut random = generator.random;
        let (axis, variable) = (random.below(2), random.below(variables.len()));
        let columns = weights.as_ref().map_or(dim, |w| w.dim(&variables));
        let (direction, cotangent) = (variables.len(), variables.len() + 1);
        variables.push(variables[variable]);
        variables.push(Variable { dim: columns, category: 1 - axis });
        let saved: &[usize] = match (name, is_weighted) {
            ("Sum", _) => &[],
            (_, false) => &[1],
            _ => &[1, columns],
        };
        variables.extend(saved.iter().map(|&dim| Variable { dim, category: 1 - axis }));
        let rows = *random.pick(&[[4, 3], [3, 5], [1, 2], [9, 2]]);
        let mut number = || {
            let value = random.between(-1.2, 1.2);
            if dtype == Dtype::F32 { f64::from(value as f32) } else { value }
        };
        let arrays = variables.iter().map(|&v| (0..rows_of(v, rows) * v.dim).map(|_| number()).collect()).collect();
        let saved = (cotangent + 1..variables.len()).collect();
        Problem { variables, name, formula, weights, axis, variable, direction, cotangent, saved, rows, arrays }
    }

    fn parse(&self, text: &str) -> Reduction {
        let aliases = aliases(&self.variables);
        let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
        Reduction::parse(text, &aliases).unwrap_or_else(|error| panic!("{error}\n{self:?}"))
    }

    /// Whether pairs of some rows take no part.
    fn is_masked(&self) -> bool {
        self.rows[0].is_multiple_of(3)
    }

    fn reduction_text(&self) -> String {
        let weights = self.weights.as_ref().map_or(String::new(), |w| format!(",{}", w.text()));
        let formula = self.formula.text();
        let formula = if self.is_masked() { format!("Mask({formula},i+j != 2)") } else { formula };
        format!("{}_Reduction({formula},{}{weights})", self.name, 1 - self.axis)
    }

    /// `Grad(inner, variable, along, saved ...)`
    fn derivative_text(&self, operator: &str, inner: &str, variable: usize, along: usize) -> String {
        let saved: String = self.saved.iter().map(|k| format!(",v{k}")).collect();
        format!("{operator}({inner},v{variable},v{along}{saved})")
    }

    /// Computes what derivatives need, with the result in the same pass.
    fn save(&mut self, dtype: Dtype, target: Target) {
        let reduction = self.parse(&self.reduction_text());
        let mut all = vec![reduction.clone()];
        all.extend(reduction.saved().unwrap());
        assert_eq!(all.len(), 1 + self.saved.len());
        let results = run(&all, self, dtype, target);
        for (&k, result) in self.saved.iter().zip(&results[1..]) {
            self.arrays[k].clone_from(result);
        }
    }

    /// The result's row `row` in numbers that carry slopes: `number` makes one of an array's element.
    fn row<S: Scalar>(&self, row: usize, number: &dyn Fn(usize, usize) -> S) -> Vec<S> {
        let pairs = (0..self.rows[self.axis]).map(|other| if self.axis == 1 { [row, other] } else { [other, row] });
        let pairs = pairs.filter(|at| !self.is_masked() || at[0] + at[1] != 2).map(|at| {
            let values = (0..self.direction)
                .map(|k| {
                    let Variable { dim, category } = self.variables[k];
                    let start = if category < 2 { at[category] * dim } else { 0 };
                    (start..start + dim).map(|place| number(k, place)).collect()
                })
                .chain(at.map(|number| vec![S::number(number as f64)]));
            let values: Vec<Vec<S>> = values.collect();
            let weights = self.weights.as_ref().map(|weights| weights.evaluate(&values));
            (self.formula.evaluate(&values), weights)
        });
        let pairs: Vec<_> = pairs.collect();
        if self.name == "Sum" {
            return (0..pairs[0].0.len()).map(|k| total(pairs.iter().map(|(f, _)| f[k].clone()))).collect();
        }
        let largest = S::number(pairs.iter().map(|(f, _)| f[0].value()).fold(f64::NEG_INFINITY, f64::max));
        let powers: Vec<S> = pairs.iter().map(|(f, _)| f[0].subtract(&largest).exp()).collect();
        let sum = total(powers.iter().cloned());
        if self.weights.is_none() {
            return vec![sum.log().add(&largest)];
        }
        let weights = |pair: usize| pairs[pair].1.as_ref().expect("this reduction has weights");
        let columns = 0..weights(0).len();
        let of = |k: usize| total(powers.iter().enumerate().map(|(pair, p)| p.multiply(&weights(pair)[k])));
        match self.name {
            "LogSumExp" => columns.map(|k| of(k).log().add(&largest)).collect(),
            _ => columns.map(|k| of(k).divide(&sum)).collect(),
        }
    }

    /// The product of the result and the cotangent.
    fn contracted<S: Scalar>(&self, number: &dyn Fn(usize, usize) -> S) -> S {
        let rows = self.rows[1 - self.axis];
        let products = (0..rows).flat_map(|row| {
            let cotangent = &self.arrays[self.cotangent];
            let result = self.row(row, number);
            let dim = result.len();
            (0..dim).map(|k| S::number(cotangent[row * dim + k]).multiply(&result[k])).collect::<Vec<S>>()
        });
        total(products)
    }

    /// Adds up what a gradient with respect to a parameter has for each row.
    fn gathered(&self, variable: usize, gradient: Vec<f64>) -> Vec<f64> {
        let Variable { dim, category } = self.variables[variable];
        if category < 2 {
            return gradient;
        }
        (0..dim).map(|k| gradient.iter().skip(k).step_by(dim).sum()).collect()
    }

    fn gradient(&self, reduction: &str, variable: usize, dtype: Dtype, target: Target) -> Vec<f64> {
        let gradient = self.parse(reduction);
        assert_eq!(gradient.dim(), self.variables[variable].dim);
        self.gathered(variable, run(&[gradient], self, dtype, target).remove(0))
    }
}

/// How many values were compared, and how many of them the oracle knew.
#[derive(Default)]
struct Count {
    compared: usize,
    known: usize,
}

impl Count {
    fn compare<F: Format>(&mut self, found: f64, meant: Approximate<F>, scale: f64, what: &dyn Fn() -> String) {
        self.compared += 1;
        if !meant.error.is_finite() {
            return;
        }
        self.known += 1;
        let allowed = SLACK * (meant.error + F::UNIT * (meant.value.abs() + scale));
        let off = (found - meant.value).abs();
        assert!(
            off <= allowed,
            "got {found:e}; expected {:e} up to {allowed:e}, off by {off:e}\n{}",
            meant.value,
            what()
        );
    }
}

fn on_random_problems(cases: u64, target: Target, check: impl Fn(u64, Dtype, &mut Count)) {
    let mut count = Count::default();
    for seed in seeds(1, cases) {
        for dtype in [Dtype::F32, Dtype::F64] {
            let caught = std::panic::AssertUnwindSafe(|| check(seed, dtype, &mut count));
            if let Err(panic) = std::panic::catch_unwind(caught) {
                eprintln!("RKEOPS_TEST_SEED={seed} {dtype} {}", target.name());
                std::panic::resume_unwind(panic);
            }
        }
    }
    assert!(count.known * 100 > count.compared * 80, "the oracle knew {} of {}", count.known, count.compared);
}

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
    let text = problem.derivative_text("Diff", &problem.reduction_text(), problem.variable, problem.direction);
    let derivative = problem.parse(&text);
    assert_eq!(derivative.axis() as usize, problem.axis);
    let columns = derivative.dim();
    let found = run(&[derivative], &problem, dtype, target).remove(0);
    for (row, found) in found.chunks(columns).enumerate() {
        let exact = Approximate::<F>::exact;
        let number = |k: usize, at: usize| {
            let along = if k == problem.variable { problem.arrays[problem.direction][at] } else { 0.0 };
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
fn second_derivatives_through_reductions(target: Target) {
    on_random_problems(60, target, |seed, _, count| {
        let dtype = Dtype::F64;
        let mut problem = Problem::random(seed, dtype);
        problem.save(dtype, target);
        let (v, h) = (problem.variable, problem.direction);
        let again = seed as usize / 4 % problem.direction;
        let first = problem.derivative_text("Grad", &problem.reduction_text(), v, problem.cotangent);
        let mut found = problem.gradient(&format!("Grad({first},v{again},v{h})"), again, dtype, target);
        let reduction = problem.parse(&problem.reduction_text());
        let saved: Vec<String> = reduction.saved().unwrap().iter().map(|r| r.text().unwrap()).collect();
        for (text, &k) in saved.iter().zip(&problem.saved) {
            let through = problem.gradient(&format!("Grad({first},v{k},v{h})"), k, dtype, target);
            let mut chained = problem.clone();
            chained.arrays[problem.cotangent] = through;
            chained.variables[problem.cotangent].dim = problem.variables[k].dim;
            // The log-sum-exp of the exponents alone needs itself alone.
            let is_plain = text.starts_with("LogSumExp_");
            chained.saved.truncate(if is_plain { 1 } else { 2 });
            let text = chained.derivative_text("Grad", text, again, chained.cotangent);
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
    });
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

fn plain() -> Problem {
    Problem {
        variables: Vec::new(),
        name: "Sum",
        formula: Expression::Number(1.0),
        weights: None,
        axis: 1,
        variable: 0,
        direction: 0,
        cotangent: 0,
        saved: Vec::new(),
        rows: [1, 1],
        arrays: Vec::new(),
    }
}
