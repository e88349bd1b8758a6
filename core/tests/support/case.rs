//! A case: formulas, reductions, sizes, layouts and data, and what the library and the oracle make of it.

use std::sync::Arc;

use rkeops_core::{
    ArrayMut, ArrayRef, CompileOptions, Data, DataMut, Dtype, Kernel, Reduction, Result, RunOptions, Target,
};

use super::approximate::{Approximate, Double, Format, Single};
use super::cuda_on_cpu;
use super::expression::{Expression, Variable, aliases};
use super::layout::{Layout, position};
use super::oracle::{Expected, takes_part};
use super::random::Random;
use super::reducing;

/// Which numbers the arrays hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Numbers {
    /// Between -1.5 and 1.5.
    Ordinary,
    /// Small integers, so that sums are exact and extremes are tied.
    Integers,
    /// Ordinary ones, zeros of both signs, infinities, NaN and subnormal numbers.
    Awkward,
    /// The first variable runs through the points of [`special`], the second goes on each time it is through; the
    /// others are 1.
    Special,
}

/// Where functions have poles, jumps and ends of their range.
pub fn special(dtype: Dtype) -> Vec<f64> {
    let single = dtype == Dtype::F32;
    let (tiny, least, most) = match single {
        true => (1e-41, f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)),
        false => (1e-312, f64::MIN_POSITIVE, f64::MAX),
    };
    let positive = [0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 7.5, 80.0, 1e4, tiny, least, most, f64::INFINITY];
    let all = positive.into_iter().flat_map(|p| [p, -p]).chain([f64::NAN, 1.0 + 2.0f64.powi(-20)]);
    all.map(|v| if single { f64::from(v as f32) } else { v }).collect()
}

/// Everything that decides a run but the format, the target and the threads.
#[derive(Clone, Debug)]
pub struct Case {
    pub variables: Vec<Variable>,
    pub reductions: Vec<(&'static str, Expression)>,
    /// Rows of i-variables and of j-variables.
    pub rows: [usize; 2],
    /// The index that is reduced: 0 for i, 1 for j.
    pub axis: usize,
    pub seed: u64,
    pub numbers: Numbers,
    pub inputs: Vec<Layout>,
    pub output: Layout,
    /// The rows of variable 1, where they are given; all others are then 1.
    pub given: Option<Arc<Vec<f64>>>,
    /// Whether variables of i and of j of the same dimension are one array.
    pub one_array: bool,
}

/// One result, row after row.
#[derive(Clone, Debug)]
pub enum Values {
    Numbers(Vec<f64>),
    Indices(Vec<i64>),
}

impl Values {
    /// Whether all numbers are the same; NaN is the same as NaN, and 0 as -0 where `exactly` is not asked for.
    pub fn same(&self, other: &Values, exactly: bool) -> bool {
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) || (!exactly && a == b);
        match (self, other) {
            (Values::Numbers(a), Values::Numbers(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| same(a, b))
            }
            (Values::Indices(a), Values::Indices(b)) => a == b,
            _ => false,
        }
    }

    pub fn numbers(&self) -> &[f64] {
        match self {
            Values::Numbers(numbers) => numbers,
            Values::Indices(_) => panic!("the result is an index"),
        }
    }

    pub fn indices(&self) -> &[i64] {
        match self {
            Values::Indices(indices) => indices,
            Values::Numbers(_) => panic!("the result is a number"),
        }
    }
}

/// What outputs hold where nothing may be written.
const UNTOUCHED: f64 = -77_594_624.0;

impl Case {
    /// A case with compact arrays of ordinary numbers.
    pub fn new(variables: &[Variable], reductions: Vec<(&'static str, Expression)>, rows: [usize; 2]) -> Case {
        Case {
            variables: variables.to_vec(),
            reductions,
            rows,
            axis: 1,
            seed: 1,
            numbers: Numbers::Ordinary,
            inputs: vec![Layout::Rows; variables.len()],
            output: Layout::Rows,
            given: None,
            one_array: false,
        }
    }

    /// The same with arrays that lie in memory anyhow, reduced over either index.
    pub fn laid_out(self, random: &mut Random) -> Case {
        let inputs = self.variables.iter().map(|_| Layout::random(random, true)).collect();
        let output = Layout::random(random, false);
        Case { inputs, output, axis: random.below(2), ..self }
    }

    /// The rows of an index: 1 where no variable follows it.
    pub fn rows_of(&self, category: usize) -> usize {
        let followed = self.variables.iter().any(|v| v.category == category);
        if followed && category < 2 { self.rows[category] } else { 1 }
    }

    /// Rows of the result.
    pub fn kept(&self) -> usize {
        self.rows_of(1 - self.axis)
    }

    /// Rows that are reduced.
    pub fn reduced(&self) -> usize {
        self.rows_of(self.axis)
    }

    /// The first variable that is the same array.
    pub fn same_as(&self, variable: usize) -> usize {
        let Variable { dim, category } = self.variables[variable];
        let is_same = |other: &Variable| self.one_array && other.dim == dim && category < 2 && other.category < 2;
        self.variables.iter().position(is_same).unwrap_or(variable)
    }

    /// An element of an argument.
    pub fn element(&self, variable: usize, row: usize, column: usize, dtype: Dtype) -> f64 {
        let variable = self.same_as(variable);
        let row = if self.inputs[variable] == Layout::Repeated { 0 } else { row };
        if let Some(given) = &self.given {
            let value = if variable == 1 { given[row] } else { 1.0 };
            return if dtype == Dtype::F32 { f64::from(value as f32) } else { value };
        }
        if self.numbers == Numbers::Special {
            let points = special(dtype);
            return match variable {
                0 => points[row % points.len()],
                1 => points[row / points.len() % points.len()],
                _ => 1.0,
            };
        }
        let place = (variable as u64) << 48 ^ (row as u64) << 16 ^ column as u64;
        let mut random = Random::new(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ place);
        let ordinary = random.between(-1.5, 1.5);
        let value = match self.numbers {
            Numbers::Ordinary => ordinary,
            Numbers::Integers => random.below(7) as f64 - 3.0,
            Numbers::Special => unreachable!("taken from the points above"),
            Numbers::Awkward => {
                let tiny = if dtype == Dtype::F32 { 1e-41 } else { 1e-312 };
                let special =
                    [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, tiny, -tiny, 1.0, -1.0, -2.0, 3.0];
                if random.chance(0.7) { *random.pick(&special) } else { ordinary }
            }
        };
        if dtype == Dtype::F32 { f64::from(value as f32) } else { value }
    }

    /// The values of a variable for one pair.
    fn values(&self, variable: usize, pair: [usize; 2], dtype: Dtype) -> Vec<f64> {
        let Variable { dim, category } = self.variables[variable];
        let row = if category < 2 { pair[category] } else { 0 };
        (0..dim).map(|column| self.element(variable, row, column, dtype)).collect()
    }

    /// The values of all variables for kept row `row` and reduced row `other`, and the row numbers of i and j.
    pub fn pair(&self, row: usize, other: usize, dtype: Dtype) -> Vec<Vec<f64>> {
        let pair = if self.axis == 1 { [row, other] } else { [other, row] };
        let numbers = pair.map(|number| vec![number as f64]);
        (0..self.variables.len()).map(|k| self.values(k, pair, dtype)).chain(numbers).collect()
    }

    /// Whether a formula takes the integers of variables.
    pub fn takes_integers(&self) -> bool {
        self.reductions.iter().any(|(_, formula)| formula.uses("Integer"))
    }

    /// The text of each reduction.
    pub fn texts(&self) -> Vec<String> {
        self.reductions.iter().map(|(name, f)| reducing::text(name, f, 1 - self.axis)).collect()
    }

    /// The arrays of results: the reduction that each belongs to, and its columns.
    pub fn outputs(&self) -> Vec<(&'static str, usize)> {
        let arrays = self.reductions.iter().map(|(name, f)| (*name, reducing::columns(name, f, &self.variables)));
        arrays.flat_map(|(name, columns)| columns.into_iter().map(move |columns| (name, columns))).collect()
    }

    pub fn aliases(&self) -> Vec<String> {
        aliases(&self.variables)
    }

    /// The reductions as the library has them.
    pub fn parse(&self) -> Result<Vec<Reduction>> {
        let aliases = self.aliases();
        let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
        self.texts().iter().map(|text| Reduction::parse(text, &aliases)).collect()
    }

    pub fn compile(&self, dtype: Dtype, target: Target) -> Result<Arc<Kernel>> {
        if target == Target::Cuda {
            cuda_on_cpu::start();
        }
        Kernel::compile(&self.parse()?, &CompileOptions { dtype, target, ..CompileOptions::default() })
    }

    /// What the library computes.
    pub fn run(&self, dtype: Dtype, target: Target, threads: usize) -> Result<Vec<Values>> {
        let kernel = self.compile(dtype, target)?;
        self.run_kernel(&kernel, dtype, threads)
    }

    pub fn run_kernel(&self, kernel: &Kernel, dtype: Dtype, threads: usize) -> Result<Vec<Values>> {
        Ok(self.run_with_threads(kernel, dtype, &[threads])?.remove(0))
    }

    /// The results of several runs on the same arrays, with these numbers of threads.
    pub fn run_with_threads(&self, kernel: &Kernel, dtype: Dtype, threads: &[usize]) -> Result<Vec<Vec<Values>>> {
        let options = |&threads: &usize| RunOptions { threads, ..RunOptions::default() };
        self.run_with(kernel, dtype, &threads.iter().map(options).collect::<Vec<_>>())
    }

    /// The same with these options.
    pub fn run_with(&self, kernel: &Kernel, dtype: Dtype, options: &[RunOptions<'_>]) -> Result<Vec<Vec<Values>>> {
        match dtype {
            Dtype::F32 => self.run_in::<f32>(kernel, options),
            _ => self.run_in::<f64>(kernel, options),
        }
    }

    fn run_in<T: Element>(&self, kernel: &Kernel, options: &[RunOptions<'_>]) -> Result<Vec<Vec<Values>>> {
        let stored: Vec<_> = (0..self.variables.len()).map(|k| self.store::<T>(k)).collect();
        let inputs: Vec<ArrayRef<'_>> = (0..stored.len()).map(|k| stored[self.same_as(k)].view()).collect();
        options.iter().map(|options| self.run_on(kernel, &inputs, options, T::of(UNTOUCHED))).collect()
    }

    fn run_on<T: Element>(
        &self,
        kernel: &Kernel,
        inputs: &[ArrayRef<'_>],
        options: &RunOptions<'_>,
        untouched: T,
    ) -> Result<Vec<Values>> {
        let rows = self.kept();
        let mut numbers: Vec<Vec<T>> = Vec::new();
        let mut indices: Vec<Vec<i64>> = Vec::new();
        for output in kernel.outputs() {
            let length = self.output.place(rows, output.dim).2;
            numbers.push(vec![untouched; length]);
            indices.push(vec![UNTOUCHED as i64; length]);
        }
        let buffers = numbers.iter_mut().zip(&mut indices);
        let mut outputs: Vec<ArrayMut<'_>> = buffers
            .zip(kernel.outputs())
            .map(|((numbers, indices), output)| {
                let (origin, strides, _) = self.output.place(rows, output.dim);
                let data = if output.dtype == Dtype::I64 { DataMut::I64(indices) } else { T::data_mut(numbers) };
                ArrayMut { data, origin, shape: vec![rows, output.dim].into(), strides: strides.to_vec().into() }
            })
            .collect();
        kernel.run(inputs, &mut outputs, options)?;
        drop(outputs);
        let results = kernel.outputs().iter().zip(numbers.iter().zip(&indices)).map(|(output, (numbers, indices))| {
            let integer = output.dtype == Dtype::I64;
            let numbers: Vec<f64> = numbers.iter().map(|n| n.value()).collect();
            let taken = |k: usize| if integer { indices[k] as f64 } else { numbers[k] };
            let (origin, strides, length) = self.output.place(rows, output.dim);
            let places: Vec<usize> =
                (0..rows * output.dim).map(|k| position(origin, strides, k / output.dim, k % output.dim)).collect();
            let mut free = vec![true; length];
            places.iter().for_each(|&k| free[k] = false);
            let spoiled = (0..length).find(|&k| free[k] && taken(k) != UNTOUCHED);
            assert_eq!(spoiled, None, "an element outside the output was written");
            match integer {
                true => Values::Indices(places.iter().map(|&k| indices[k]).collect()),
                false => Values::Numbers(places.iter().map(|&k| numbers[k]).collect()),
            }
        });
        Ok(results.collect())
    }

    /// An argument in memory; what no element covers is NaN.
    fn store<T: Element>(&self, variable: usize) -> Stored<T> {
        let Variable { dim, category } = self.variables[variable];
        let rows = if category < 2 { self.rows[category] } else { 1 };
        let (origin, strides, length) = self.inputs[variable].place(rows, dim);
        let mut data = vec![T::of(f64::NAN); length];
        for row in 0..rows {
            for column in 0..dim {
                data[position(origin, strides, row, column)] = T::of(self.element(variable, row, column, T::DTYPE));
            }
        }
        let (shape, strides) = match category {
            2 => (vec![dim], vec![strides[1]]),
            _ => (vec![rows, dim], strides.to_vec()),
        };
        Stored { data, origin, shape, strides }
    }

    /// What the columns of row `row` of each array of results have to be.
    pub fn expected(&self, row: usize, dtype: Dtype) -> Vec<Vec<Expected>> {
        self.expected_of((0..self.reduced()).map(|other| self.pair(row, other, dtype)).collect(), dtype)
    }

    /// What the columns of each array of results have to be for these pairs, each as from [`Case::pair`].
    pub fn expected_of(&self, pairs: Vec<Vec<Vec<f64>>>, dtype: Dtype) -> Vec<Vec<Expected>> {
        match dtype {
            Dtype::F32 => self.expected_in::<Single>(pairs),
            _ => self.expected_in::<Double>(pairs),
        }
    }

    fn expected_in<F: Format>(&self, pairs: Vec<Vec<Vec<f64>>>) -> Vec<Vec<Expected>> {
        let exact = |values: Vec<f64>| values.into_iter().map(Approximate::exact).collect();
        let pairs: Vec<Vec<Vec<Approximate<F>>>> =
            pairs.into_iter().map(|pair| pair.into_iter().map(exact).collect()).collect();
        let results = |(name, expression): &(&'static str, Expression)| {
            let (formula, weights, parameters) = reducing::taken(expression);
            let (formula, condition) = formula.unmasked();
            let mask: Vec<Option<bool>> = pairs.iter().map(|pair| takes_part(condition, pair)).collect();
            let values = |f: &Expression| -> Vec<Vec<Approximate<F>>> { pairs.iter().map(|p| f.evaluate(p)).collect() };
            let dims = [formula.columns(&self.variables), weights.map_or(0, |weights| weights.dim(&self.variables))];
            reducing::expected_masked(
                name,
                parameters,
                &values(formula),
                &weights.map_or(Vec::new(), values),
                &mask,
                dims,
            )
        };
        self.reductions.iter().flat_map(results).collect()
    }
}

/// An argument in memory.
pub struct Stored<T> {
    data: Vec<T>,
    origin: usize,
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl<T: Element> Stored<T> {
    pub fn view(&self) -> ArrayRef<'_> {
        ArrayRef {
            data: T::data(&self.data),
            origin: self.origin,
            shape: self.shape.clone().into(),
            strides: self.strides.clone().into(),
        }
    }
}

/// A number format of arrays.
pub trait Element: Copy {
    const DTYPE: Dtype;
    fn of(value: f64) -> Self;
    fn value(self) -> f64;
    fn data(slice: &[Self]) -> Data<'_>;
    fn data_mut(slice: &mut [Self]) -> DataMut<'_>;
}

impl Element for f32 {
    const DTYPE: Dtype = Dtype::F32;
    fn of(value: f64) -> f32 {
        value as f32
    }
    fn value(self) -> f64 {
        f64::from(self)
    }
    fn data(slice: &[f32]) -> Data<'_> {
        Data::F32(slice)
    }
    fn data_mut(slice: &mut [f32]) -> DataMut<'_> {
        DataMut::F32(slice)
    }
}

impl Element for f64 {
    const DTYPE: Dtype = Dtype::F64;
    fn of(value: f64) -> f64 {
        value
    }
    fn value(self) -> f64 {
        self
    }
    fn data(slice: &[f64]) -> Data<'_> {
        Data::F64(slice)
    }
    fn data_mut(slice: &mut [f64]) -> DataMut<'_> {
        DataMut::F64(slice)
    }
}
