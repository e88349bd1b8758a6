//! Random reductions to be differentiated, and what their derivatives are: dual numbers through dense reductions.

use rkeops_core::{ArrayMut, ArrayRef, CompileOptions, Dtype, Kernel, Output, Reduction, RunOptions, Target};

use super::approximate::{Approximate, Format};
use super::expression::{Expression, Variable, aliases, call1, call2};
use super::generate::{Generator, variables};
use super::random::{Random, seeds};
use super::reducing::is_exponential;
use super::scalar::{Comparison, Scalar};

/// What multiplies the oracle's bound, which is about another order of operations.
const SLACK: f64 = 64.0;

/// The reductions that have derivatives, and whether they take weights.
const REDUCTIONS: [(&str, bool); 14] = [
    ("Sum", false),
    ("LogSumExp", false),
    ("LogSumExp", true),
    ("SumSoftMaxWeight", true),
    ("Min", false),
    ("Max", false),
    ("KMin", false),
    ("Prod", false),
    ("Mean", false),
    ("Min_ArgMin", false),
    ("Max_ArgMax", false),
    ("KMax", false),
    ("KMin_ArgKMin", false),
    ("KMax_ArgKMax", false),
];

/// The rows of each argument, one after the other.
pub type Arrays = Vec<Vec<f64>>;

#[derive(Clone, Debug)]
pub struct Problem {
    /// Those of the formula, then the direction, the cotangent and the saved results.
    pub variables: Vec<Variable>,
    pub name: &'static str,
    pub formula: Expression,
    pub weights: Option<Expression>,
    pub parameters: Vec<i64>,
    /// The index that is reduced: 0 for i, 1 for j.
    pub axis: usize,
    /// What is differentiated with respect to.
    pub variable: usize,
    pub direction: usize,
    pub cotangent: usize,
    pub saved: Vec<usize>,
    pub rows: [usize; 2],
    pub arrays: Arrays,
}

fn rows_of(variable: Variable, rows: [usize; 2]) -> usize {
    if variable.category < 2 { rows[variable.category] } else { 1 }
}

/// Runs reductions over one index on arrays.
pub fn run(reductions: &[Reduction], problem: &Problem, dtype: Dtype, target: Target) -> Arrays {
    let kernel = Kernel::compile(reductions, &CompileOptions { dtype, target, ..CompileOptions::default() }).unwrap();
    let kept = problem.rows[1 - reductions[0].axis() as usize];
    let columns: Vec<usize> = kernel.outputs().iter().map(|output| output.dim).collect();
    let given = kernel.inputs().len();
    let shapes: Vec<Vec<usize>> = problem.variables[..given]
        .iter()
        .map(|&v| if v.category < 2 { vec![rows_of(v, problem.rows), v.dim] } else { vec![v.dim] })
        .collect();
    let inputs = problem.arrays.iter().zip(&shapes);
    let stored: Vec<Vec<f32>> = problem.arrays.iter().map(|a| a.iter().map(|&v| v as f32).collect()).collect();
    let inputs: Vec<ArrayRef> = match dtype {
        Dtype::F32 => stored.iter().zip(&shapes).map(|(a, shape)| ArrayRef::f32(a, shape)).collect(),
        _ => inputs.map(|(a, shape)| ArrayRef::f64(a, shape)).collect(),
    };
    let mut single: Vec<Vec<f32>> = columns.iter().map(|c| vec![7.0; kept * c]).collect();
    let mut double: Arrays = columns.iter().map(|c| vec![7.0; kept * c]).collect();
    let mut integers: Vec<Vec<i64>> = columns.iter().map(|c| vec![7; kept * c]).collect();
    let places = kernel.outputs().iter().zip(single.iter_mut().zip(&mut double).zip(&mut integers));
    let mut outputs: Vec<ArrayMut> = places
        .map(|(output, ((single, double), integers))| {
            let shape = [kept, output.dim];
            match output.dtype {
                Dtype::F32 => ArrayMut::f32(single, &shape),
                Dtype::F64 => ArrayMut::f64(double, &shape),
                _ => ArrayMut::i64(integers, &shape),
            }
        })
        .collect();
    kernel.run(&inputs, &mut outputs, &RunOptions::default()).unwrap();
    drop(outputs);
    let taken = |(k, output): (usize, &Output)| match output.dtype {
        Dtype::F32 => single[k].iter().map(|&value| f64::from(value)).collect(),
        Dtype::F64 => double[k].clone(),
        _ => integers[k].iter().map(|&index| index as f64).collect(),
    };
    kernel.outputs().iter().enumerate().map(taken).collect()
}

fn total<S: Scalar>(terms: impl Iterator<Item = S>) -> S {
    terms.reduce(|sum, term| sum.add_apart(&term)).unwrap_or_else(|| S::number(0.0))
}

impl Problem {
    pub fn random(seed: u64, dtype: Dtype) -> Self {
        let mut random = Random::new(seed);
        let mut variables = variables(&mut random);
        let (name, is_weighted) = REDUCTIONS[seed as usize % REDUCTIONS.len()];
        let mut generator = Generator { random, variables: &variables, smooth: true, integers: false };
        let depth = 1 + generator.random.below(3);
        let dim = if is_exponential(name) { 1 } else { 1 + generator.random.below(3) };
        let formula = generator.formula(depth, dim);
        let weights = is_weighted.then(|| {
            let dim = 1 + generator.random.below(3);
            let weights = generator.formula(depth, dim);
            // A logarithm needs something above 0.
            if name == "LogSumExp" { call2("Add", call1("Square", weights), Expression::Number(0.5)) } else { weights }
        });
        let mut random = generator.random;
        let (axis, variable) = (random.below(2), random.below(variables.len()));
        let parameters: Vec<i64> = if name.contains('K') { vec![1 + random.below(4) as i64] } else { Vec::new() };
        let ranks = parameters.iter().product::<i64>() as usize;
        let columns = weights.as_ref().map_or(ranks * dim, |w| w.dim(&variables));
        let (direction, cotangent) = (variables.len(), variables.len() + 1);
        variables.push(variables[variable]);
        variables.push(Variable { dim: columns, category: 1 - axis });
        let rows = *random.pick(&[[4, 3], [3, 5], [1, 2], [9, 2]]);
        let mut number = || {
            let value = random.between(-1.2, 1.2);
            if dtype == Dtype::F32 { f64::from(value as f32) } else { value }
        };
        let arrays = variables.iter().map(|&v| (0..rows_of(v, rows) * v.dim).map(|_| number()).collect()).collect();
        let saved = Vec::new();
        Problem {
            variables,
            name,
            formula,
            weights,
            parameters,
            axis,
            variable,
            direction,
            cotangent,
            saved,
            rows,
            arrays,
        }
    }

    pub fn parse(&self, text: &str) -> Reduction {
        let aliases = aliases(&self.variables);
        let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
        Reduction::parse(text, &aliases).unwrap_or_else(|error| panic!("{error}\n{self:?}"))
    }

    /// Whether pairs of some rows take no part.
    fn is_masked(&self) -> bool {
        self.rows[0].is_multiple_of(3)
    }

    pub fn reduction_text(&self) -> String {
        let weights = self.weights.as_ref().map_or(String::new(), |w| format!(",{}", w.text()));
        let formula = self.formula.text();
        let formula = if self.is_masked() { format!("Mask({formula},i+j != 2)") } else { formula };
        let parameters: String = self.parameters.iter().map(|p| format!("{p},")).collect();
        format!("{}_Reduction({formula},{parameters}{}{weights})", self.name, 1 - self.axis)
    }

    /// `Grad(inner, variable, along, saved ...)`
    pub fn derivative_text(&self, operator: &str, inner: &str, variable: usize, along: usize) -> String {
        let saved: String = self.saved.iter().map(|k| format!(",v{k}")).collect();
        format!("{operator}({inner},v{variable},v{along}{saved})")
    }

    pub fn reduction(&self) -> Reduction {
        self.parse(&self.reduction_text())
    }

    /// Computes what derivatives need, with the result in the same pass.
    pub fn save(&mut self, dtype: Dtype, target: Target) {
        self.save_for(&self.reduction_text(), dtype, target);
    }

    fn save_for(&mut self, text: &str, dtype: Dtype, target: Target) {
        let reduction = self.parse(text);
        let saved = reduction.saved().unwrap();
        let first = reduction.results().len();
        let all: Vec<Reduction> = std::iter::once(reduction).chain(saved.iter().cloned()).collect();
        let results = run(&all, self, dtype, target).split_off(first);
        assert_eq!(results.len(), saved.len());
        for (reduction, result) in saved.iter().zip(results) {
            self.saved.push(self.variables.len());
            self.variables.push(Variable { dim: reduction.dim(), category: 1 - self.axis });
            self.arrays.push(result);
        }
    }

    /// The problem with another reduction in place of this one, and its cotangent.
    pub fn chained(&self, text: &str, cotangent: Vec<f64>, dtype: Dtype, target: Target) -> Problem {
        let mut chained = self.clone();
        chained.variables.truncate(self.cotangent);
        chained.arrays.truncate(self.cotangent);
        chained.saved.clear();
        let dim = self.parse(text).dim();
        chained.variables.push(Variable { dim, category: 1 - self.axis });
        chained.arrays.push(cotangent);
        chained.save_for(text, dtype, target);
        chained
    }

    /// The result's row `row` in numbers that carry slopes: `number` makes one of an array's element.
    pub fn row<S: Scalar>(&self, row: usize, number: &dyn Fn(usize, usize) -> S) -> Vec<S> {
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
        let column = |k: usize| pairs.iter().map(move |(f, _)| f[k].clone());
        let dim = pairs[0].0.len();
        match self.name {
            "Sum" => return (0..dim).map(|k| total(column(k))).collect(),
            "Mean" => {
                let count = S::number(pairs.len() as f64);
                return (0..dim).map(|k| total(column(k)).divide(&count)).collect();
            }
            "Prod" => {
                let product = |k| column(k).reduce(|product, value| product.multiply(&value)).expect("some value");
                return (0..dim).map(product).collect();
            }
            name if !is_exponential(name) => {
                let ranks = self.parameters.first().map_or(1, |&k| k as usize);
                let best: Vec<Vec<S>> = (0..dim).map(|k| self.best(column(k), ranks)).collect();
                return (0..ranks).flat_map(|rank| best.iter().map(move |best| best[rank].clone())).collect();
            }
            _ => {}
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

    /// The first of these values by size, those of the same size in their order, and infinity where there are fewer.
    fn best<S: Scalar>(&self, values: impl Iterator<Item = S>, ranks: usize) -> Vec<S> {
        let largest = self.name.contains("Max");
        let is_better: Comparison = if largest { |a, b| a > b } else { |a, b| a < b };
        let mut best: Vec<S> = Vec::new();
        for mut value in values {
            for kept in &mut best {
                let better = value.choose(is_better, kept, &value, kept);
                let worse = value.choose(is_better, kept, kept, &value);
                (*kept, value) = (better, worse);
            }
            if best.len() < ranks {
                best.push(value);
            }
        }
        best.resize(ranks, S::number(if largest { f64::NEG_INFINITY } else { f64::INFINITY }));
        best
    }

    /// The product of the result, where it is finite, and the cotangent.
    pub fn contracted<S: Scalar>(&self, number: &dyn Fn(usize, usize) -> S) -> S {
        let rows = self.rows[1 - self.axis];
        let products = (0..rows).flat_map(|row| {
            let cotangent = &self.arrays[self.cotangent];
            let result = self.row(row, number);
            let dim = result.len();
            let finite = (0..dim).filter(|&k| result[k].value().is_finite());
            finite.map(|k| S::number(cotangent[row * dim + k]).multiply(&result[k])).collect::<Vec<S>>()
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

    pub fn gradient(&self, reduction: &str, variable: usize, dtype: Dtype, target: Target) -> Vec<f64> {
        let gradient = self.parse(reduction);
        assert_eq!(gradient.dim(), self.variables[variable].dim);
        self.gathered(variable, run(&[gradient], self, dtype, target).remove(0))
    }
}

/// How many values were compared, and how many of them the oracle knew.
#[derive(Default)]
pub struct Count {
    compared: usize,
    known: usize,
}

impl Count {
    pub fn compare<F: Format>(&mut self, found: f64, meant: Approximate<F>, scale: f64, what: &dyn Fn() -> String) {
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

pub fn on_random_problems(cases: u64, target: Target, check: impl Fn(u64, Dtype, &mut Count)) {
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

/// A problem to start from.
pub fn plain() -> Problem {
    Problem {
        variables: Vec::new(),
        name: "Sum",
        formula: Expression::Number(1.0),
        weights: None,
        parameters: Vec::new(),
        axis: 1,
        variable: 0,
        direction: 0,
        cotangent: 0,
        saved: Vec::new(),
        rows: [1, 1],
        arrays: Vec::new(),
    }
}
