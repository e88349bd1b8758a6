//! Linear systems `(K + alpha I) x = b` whose matrix `K` is a sum that is linear in one of its variables, by conjugate
//! gradients (Hestenes and Stiefel, Methods of Conjugate Gradients for Solving Linear Systems, 1952). It knows kernels
//! as products with vectors, and nothing of formulas but whether they are linear.

mod gradients;

use std::borrow::Cow;
use std::sync::Arc;

use crate::array::{ArrayMut, ArrayRef, Data, DataMut, row_major};
use crate::dtype::Dtype;
use crate::engine::{CompileOptions, Kernel, RunOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::formula::{Field, Formula, Variable};
use crate::reduction::Reduction;

use gradients::Systems;

/// A sum over one index, compiled as the symmetric positive definite matrix of a linear system.
#[derive(Clone, Debug)]
pub struct Solver {
    kernel: Arc<Kernel>,
    unknown: usize,
    /// Whether a column of the product depends on other columns of the vectors: then all columns are one system.
    couples: bool,
}

/// How a system is solved.
#[derive(Clone, Copy)]
pub struct SolveOptions<'a> {
    /// What is added to the diagonal of the matrix.
    pub alpha: f64,
    /// A column is solved when the root mean square of its residual is at most this.
    pub tolerance: f64,
    /// Iterations at most; 0 stands for ten for each row, and ten.
    pub iterations: usize,
    /// How each product with the matrix is run.
    pub run: RunOptions<'a>,
    /// Called after each iteration with its number and the largest root mean square of a column's residual; `false`
    /// stops the solver.
    pub progress: Option<&'a dyn Fn(usize, f64) -> bool>,
}

impl Default for SolveOptions<'_> {
    /// The values of KeOps: a ridge of 1e-10 and a tolerance of 1e-6.
    fn default() -> Self {
        SolveOptions { alpha: 1e-10, tolerance: 1e-6, iterations: 0, run: RunOptions::default(), progress: None }
    }
}

/// How a system was solved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Solution {
    /// Products with the matrix.
    pub iterations: usize,
    /// The largest root mean square of a column's residual, as the recurrence has it.
    pub residual: f64,
}

impl Solver {
    /// Compiles the matrix `K` of `K x = Sum(formula)`, where argument number `unknown` is `x`: a variable of the index
    /// that is reduced, in which the formula is linear, with as many columns as the sum.
    pub fn compile(reduction: &Reduction, unknown: usize, options: &CompileOptions) -> Result<Self> {
        let wrong = |kind, what: String| Err(Error::new(kind, format!("the unknown, argument {unknown}, {what}")));
        if !reduction.reducer.is_linear() || !reduction.saved()?.is_empty() {
            let message = format!("the reduction is `{}`; a linear system needs a sum", reduction.reducer.name());
            return Err(Error::new(ErrorKind::Argument, message));
        }
        // Real and imaginary parts would be systems of their own.
        if reduction.stated().field() == Field::Complex {
            return Err(Error::new(ErrorKind::Argument, "the sum is complex; a linear system needs a real one"));
        }
        let formula = reduction.formula();
        let variables = formula.graph();
        let Some((variable, dim)) = variables.variables().find(|(v, _)| v.index == unknown) else {
            return wrong(ErrorKind::Argument, "is no variable of the formula".into());
        };
        let Variable { category, .. } = variable;
        if category != reduction.axis().reduced() {
            let expected = reduction.axis().reduced();
            return wrong(ErrorKind::Argument, format!("is a {category}; expected the reduced index, a {expected}"));
        }
        if dim != reduction.dim() {
            let columns = reduction.dim();
            return wrong(ErrorKind::Dimension, format!("has dimension {dim}; expected that of the sum, {columns}"));
        }
        let variable = Formula::variable(unknown, dim, category)?;
        if !formula.is_linear(&variable)? {
            return wrong(ErrorKind::Argument, "is not one in which the formula is linear".into());
        }
        let kernel = Kernel::compile(std::slice::from_ref(reduction), options)?;
        Ok(Solver { kernel, unknown, couples: !formula.is_componentwise(&variable)? })
    }

    /// The product with the matrix.
    pub fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// Which argument is the unknown.
    pub fn unknown(&self) -> usize {
        self.unknown
    }

    /// Solves `(K + alpha I) x = b`: `b` comes in the place of the unknown, `x` goes to `output`. The problems of a batch
    /// are systems of their own, iterated together, and so are columns, unless the formula makes a column of another one
    /// (kernels whose values are matrices): then they are one system, which is counted as one column. The matrix must be
    /// symmetric and positive definite: an error where that is found not to be so, or where the iterations do not
    /// suffice; the output then holds the last iterate.
    pub fn solve(
        &self,
        inputs: &[ArrayRef<'_>],
        output: &mut ArrayMut<'_>,
        options: &SolveOptions<'_>,
    ) -> Result<Solution> {
        let right = inputs.get(self.unknown).ok_or_else(|| {
            let message =
                format!("there are {} inputs; expected the right-hand side as input {}", inputs.len(), self.unknown);
            Error::new(ErrorKind::Count, message)
        })?;
        for (name, value) in [("alpha", options.alpha), ("tolerance", options.tolerance)] {
            if !(value >= 0.0 && value.is_finite()) {
                let message = format!("{name} is {value}; expected a number from 0 on");
                return Err(Error::new(ErrorKind::Argument, message));
            }
        }
        let shape = output.shape.clone();
        let Some(right) = expanded(right, &shape) else {
            let message = format!(
                "the right-hand side, input {}, has shape {:?}; expected {shape:?}, as the output has",
                self.unknown, right.shape
            );
            return Err(Error::new(ErrorKind::Shape, message));
        };
        self.kernel.check(inputs, std::slice::from_ref(output))?;
        let right = right.numbers();
        let product = Product { solver: self, inputs, shape: &shape, options: &options.run };
        // The first product is that with the right-hand side. What it refuses is refused before anything is written.
        let mut image = vec![0.0; right.len()];
        product.multiply(&right, &mut image)?;
        let mut first = Some(image);
        let mut multiply = |p: &[f64], q: &mut Vec<f64>| match first.take() {
            Some(image) => {
                *q = image;
                Ok(())
            }
            None => product.multiply(p, q),
        };
        let columns = if shape.len() > 1 { shape[shape.len() - 1] } else { 1 };
        let rows = shape[shape.len().saturating_sub(2)];
        let (rows, columns) = if self.couples { (rows * columns, 1) } else { (rows, columns) };
        let mut systems = Systems::new(right, rows, columns);
        let result = systems.solve(&mut multiply, options);
        output.set_numbers(systems.solution());
        result
    }
}

/// An array with its batch axes repeated up to those of a shape; nothing if rows and columns differ.
fn expanded<'a>(array: &ArrayRef<'a>, shape: &[usize]) -> Option<ArrayRef<'a>> {
    let own = array.shape.len();
    let missing = shape.len().checked_sub(own).filter(|_| own == array.strides.len() && own > 0)?;
    let fits = |(k, (&extent, &wanted)): (usize, (&usize, &usize))| extent == wanted || extent == 1 && k + 2 < own;
    if !array.shape.iter().zip(&shape[missing..]).enumerate().all(fits) {
        return None;
    }
    let steps =
        array.shape.iter().zip(array.strides.iter()).map(|(&extent, &stride)| if extent == 1 { 0 } else { stride });
    let strides = std::iter::repeat_n(0, missing).chain(steps).collect();
    Some(ArrayRef { shape: shape.to_vec().into(), strides, ..*array })
}

/// Products with the matrix.
struct Product<'a, 'b> {
    solver: &'a Solver,
    inputs: &'a [ArrayRef<'b>],
    shape: &'a [usize],
    options: &'a RunOptions<'a>,
}

impl Product<'_, '_> {
    /// `q = K p`, in the number format of the kernel.
    fn multiply(&self, p: &[f64], q: &mut [f64]) -> Result<()> {
        match self.solver.kernel.dtype() {
            Dtype::F32 => {
                let single: Vec<f32> = p.iter().map(|&v| v as f32).collect();
                let mut result = vec![0.0f32; q.len()];
                self.run(Data::F32(&single), DataMut::F32(&mut result))?;
                q.iter_mut().zip(result).for_each(|(q, v)| *q = f64::from(v));
                Ok(())
            }
            _ => self.run(Data::F64(p), DataMut::F64(q)),
        }
    }

    fn run(&self, data: Data<'_>, result: DataMut<'_>) -> Result<()> {
        let (shape, strides) = (Cow::from(self.shape), Cow::from(row_major(self.shape)));
        let mut inputs = self.inputs.to_vec();
        inputs[self.solver.unknown] = ArrayRef { data, origin: 0, shape: shape.clone(), strides: strides.clone() };
        let output = ArrayMut { data: result, origin: 0, shape, strides };
        self.solver.kernel.run(&inputs, &mut [output], self.options)
    }
}
