//! Outputs of many components, whose programs are repeated: against the oracle, and machine code against the portable
//! backend; by text, that they are repeated and that compiling them makes little code.

use crate::support::case::{Case, Numbers};
use crate::support::check::{Count, check, describe};
use crate::support::expression::{Expression, Variable, call1, call2, call3, index, with_integers, with_lists};
use crate::support::random::{Random, seeds};
use crate::support::reducing::{NEAREST, with_extra, with_mask};
use rkeops_core::{ArrayMut, ArrayRef, CompileOptions, Dtype, Kernel, Reduction, RunOptions, Target};

suite!(wide_results, targets_agree, kronecker_products_are_small, terms_that_are_alike);
suite!(devices: wide_results, terms_that_are_alike);

const FORMATS: [Dtype; 2] = [Dtype::F32, Dtype::F64];

/// Formulas of many components over vectors of each category: 0 to 2 of the dimension, 3 to 5 scalars, 6 to 8 of the
/// first factor of the dimension, 9 to 11 of the other.
struct Wide {
    random: Random,
    dims: [usize; 2],
}

impl Wide {
    fn variables(&self) -> Vec<Variable> {
        let [a, b] = self.dims;
        [a * b, 1, a, b].into_iter().flat_map(|dim| (0..3).map(move |category| Variable { dim, category })).collect()
    }

    fn leaf(&mut self, group: usize) -> Expression {
        Expression::Variable(3 * group + self.random.below(3))
    }

    fn formula(&mut self, depth: usize) -> Expression {
        let [a, b] = self.dims;
        if depth == 0 {
            return self.leaf(0);
        }
        match self.random.below(12) {
            0 | 1 => {
                let name = *self.random.pick(&["Add", "Subtract", "Mult", "Add"]);
                let other = self.random.below(depth);
                call2(name, self.formula(depth - 1), self.formula(other))
            }
            2 => call2("Mult", self.leaf(1), self.formula(depth - 1)),
            // What all components of a pair have in common.
            3 | 4 => {
                let wide = self.random.chance(0.5);
                let (x, y) = if wide { (self.leaf(0), self.leaf(0)) } else { (self.leaf(2), self.leaf(2)) };
                let scaled = call2("Mult", Expression::Number(-0.1), call2("SqDist", x, y));
                let kernel = call1("Exp", scaled);
                let name = *self.random.pick(&["Mult", "Mult", "Add"]);
                let kernel = if self.random.chance(0.3) { call2("Add", kernel, self.leaf(1)) } else { kernel };
                call2(name, kernel, self.formula(depth - 1))
            }
            5 => {
                let (rows, columns) = (self.leaf(2), self.leaf(3));
                call2("TensorProd", rows, columns)
            }
            6 => with_lists("Kron", self.leaf(2), self.leaf(3), &[&[1, a], &[b, 1]]),
            7 => {
                let twice = call2("Concat", self.leaf(0), self.leaf(0));
                with_integers("Extract", twice, &[self.random.below(a * b + 1) as i64, (a * b) as i64])
            }
            8 => {
                let name = *self.random.pick(&["Abs", "Square", "Step", "Minus"]);
                call1(name, self.formula(depth - 1))
            }
            9 => call3("IfElse", self.leaf(0), self.formula(depth - 1), self.leaf(0)),
            10 => with_integers("SumT", self.leaf(1), &[(a * b) as i64]),
            _ => {
                let both = call2("Interleave", self.formula(depth - 1), self.leaf(0));
                with_integers("EverySecond", both, &[self.random.below(2) as i64])
            }
        }
    }

    /// A scalar that many components add up to, and how it is reduced; or many weights of its exponential.
    fn sum(&mut self, depth: usize) -> (&'static str, Expression) {
        if self.random.chance(0.4) {
            let (name, weights) = if self.random.chance(0.5) {
                ("SumSoftMaxWeight", self.formula(depth))
            } else {
                ("LogSumExpWeight", call1("Abs", self.formula(depth)))
            };
            let exponent = call2("Mult", Expression::Number(0.1), call2("Scalprod", self.leaf(0), self.leaf(0)));
            let exponent = if self.random.chance(0.3) { self.leaf(1) } else { exponent };
            let weighted = with_extra(exponent, Some(weights), &[]);
            let condition = call2("LessThan", index(0), index(1));
            return (name, if self.random.chance(0.3) { with_mask(weighted, condition) } else { weighted });
        }
        let name = *self.random.pick(&["Sum", "Max", "ArgMin", "LogSumExp", "KMin", "KMin_ArgKMin"]);
        let (x, y) = (self.leaf(0), self.formula(depth));
        let sum = match self.random.below(4) {
            0 => call2("SqDist", x, y),
            1 => call2("Scalprod", x, y),
            2 => call1("Sum", call1("Abs", call2("Subtract", x, y))),
            // A sum inside a sum.
            _ => call2("SqDist", call2("Mult", call2("Scalprod", x.clone(), self.leaf(0)), x), self.leaf(0)),
        };
        let scaled = call2("Mult", Expression::Number(0.1), sum);
        (name, if NEAREST.contains(&name) { with_extra(scaled, None, &[3]) } else { scaled })
    }

    fn case(seed: u64, numbers: Numbers) -> Case {
        let mut random = Random::new(seed);
        let dims = [1 + random.below(9), 1 + random.below(9)];
        let mut wide = Wide { random, dims };
        let variables = wide.variables();
        let names = ["Sum", "Sum", "Sum", "Max", "Min", "ArgMin", "Max_ArgMax", "Count", "Any", "Mean", "Prod"];
        let mut reductions = Vec::new();
        for _ in 0..1 + wide.random.below(2) {
            let depth = wide.random.below(4);
            if wide.random.chance(0.25) {
                let sum = wide.sum(depth);
                reductions.push(sum);
                continue;
            }
            let name = *wide.random.pick(&names);
            let formula = if name == "Prod" { wide.leaf(0) } else { wide.formula(depth) };
            let masked = wide.random.chance(0.3);
            let condition = call2("LessThan", index(0), index(1));
            reductions.push((name, if masked { with_mask(formula, condition) } else { formula }));
        }
        let mut random = wide.random;
        let rows = *random.pick(&[[70, 9], [3, 40], [1, 300], [129, 17], [9, 0], [0, 9], [65, 1]]);
        Case { seed, numbers, ..Case::new(&variables, reductions, rows) }.laid_out(&mut random)
    }
}

fn is_repeated(case: &Case, dtype: Dtype) -> bool {
    case.compile(dtype, Target::Portable).is_ok_and(|kernel| kernel.explain().contains(" times:"))
}

fn wide_results(target: Target) {
    let (mut count, mut repeated) = (Count::default(), 0);
    let mut cases = 0;
    for seed in seeds(1, 120) {
        cases += 1;
        let case = Wide::case(seed, Numbers::Ordinary);
        for dtype in FORMATS {
            if let Err(what) = check(&case, dtype, target, &mut count) {
                panic!("RKEOPS_TEST_SEED={seed} {} {dtype}: {what}\n{}", target.name(), describe(&case));
            }
            repeated += usize::from(is_repeated(&case, dtype));
        }
    }
    assert!(cases < 100 || repeated > cases / 2, "{repeated} of {} were repeated", 2 * cases);
}

/// Machine code gives what its lane programs give on the portable backend, bit for bit, where no row is spread.
fn targets_agree(target: Target) {
    for seed in seeds(9000, 60) {
        let case = Wide::case(seed, if seed % 2 == 0 { Numbers::Ordinary } else { Numbers::Awkward });
        for dtype in FORMATS {
            if (1..8).contains(&case.kept()) {
                continue;
            }
            let options = CompileOptions { dtype, target, ..CompileOptions::default() };
            let reference = Kernel::compile_reference(&case.parse().unwrap(), &options).unwrap();
            let found = case.run(dtype, target, 1).unwrap();
            let reference = case.run_kernel(&reference, dtype, 1).unwrap();
            let same = found.iter().zip(&reference).all(|(a, b)| a.same(b, true));
            assert!(same, "RKEOPS_TEST_SEED={seed} {} {dtype}\n{}", target.name(), describe(&case));
        }
    }
}

/// The largest formula of KeOps' tests is as much code as a small one.
fn kronecker_products_are_small(target: Target) {
    let variables = ["x = Vi(0,90)", "y = Vj(1,180)"];
    let product = Reduction::parse("Sum_Reduction(Kron(x,y,[3,5,3,2],[3,3,5,4]),0)", &variables).unwrap();
    let options = CompileOptions { target, ..CompileOptions::default() };
    let kernel = Kernel::compile(std::slice::from_ref(&product), &options).unwrap();
    assert_eq!(kernel.operations_per_pair(), 16_200, "a multiply-add for each component");
    assert!(kernel.machine_code().len() < 4096, "{} bytes", kernel.machine_code().len());
}

/// A sum over components that are all the same has as many of them.
fn terms_that_are_alike(target: Target) {
    for dim in [7, 8, 11, 16, 17, 40] {
        let variables = [&format!("v = Vi(0,{dim})"), "x = Vj(1,2)", "y = Vj(2,2)"];
        let sum = Reduction::parse("Sum_Reduction(SqNorm2(SqDist(x,y)*Pow(v,0)),0)", &variables).unwrap();
        let kernel = Kernel::compile(&[sum], &CompileOptions { target, ..CompileOptions::default() }).unwrap();
        let (v, x, y) = (vec![0.5; dim], [1.0, 2.0], [3.0, 3.0]);
        let mut result = [0.0f32];
        let inputs = [ArrayRef::f32(&v, &[1, dim]), ArrayRef::f32(&x, &[1, 2]), ArrayRef::f32(&y, &[1, 2])];
        let taken: Vec<ArrayRef<'_>> = kernel.inputs().iter().map(|input| inputs[input.index].clone()).collect();
        kernel.run(&taken, &mut [ArrayMut::f32(&mut result, &[1, 1])], &RunOptions::default()).unwrap();
        assert_eq!(result, [25.0 * dim as f32], "{} {dim}", target.name());
    }
}
