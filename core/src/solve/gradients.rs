//! The iteration of conjugate gradients on many systems at once. It knows the matrix as a product alone.

use super::{Solution, SolveOptions};
use crate::error::{Error, ErrorKind, Result};

/// Puts the matrix times a vector in place of another.
pub(super) type Multiply<'a> = dyn FnMut(&[f64], &mut Vec<f64>) -> Result<()> + 'a;

/// Systems with one matrix, or one for each problem of a batch: element `(problem, row, column)` of each vector lies at
/// `(problem * rows + row) * columns + column`, and each problem and column is a system of its own. Vectors are kept in
/// float64 whatever the format of the products is: they take no time beside them.
pub(super) struct Systems {
    rows: usize,
    columns: usize,
    solution: Vec<f64>,
    residual: Vec<f64>,
    direction: Vec<f64>,
    /// The square of each system's residual.
    squares: Vec<f64>,
}

impl Systems {
    /// The systems with these right-hand sides, and 0 as the first iterate.
    pub(super) fn new(right: Vec<f64>, rows: usize, columns: usize) -> Self {
        let mut systems = Systems {
            rows,
            columns,
            solution: vec![0.0; right.len()],
            residual: right.clone(),
            direction: right,
            squares: Vec::new(),
        };
        systems.squares = systems.dot(&systems.residual, &systems.residual);
        systems
    }

    pub(super) fn solution(&self) -> &[f64] {
        &self.solution
    }

    fn system(&self, element: usize) -> usize {
        element / (self.rows * self.columns) * self.columns + element % self.columns
    }

    /// The scalar product of each system's parts of two vectors.
    fn dot(&self, a: &[f64], b: &[f64]) -> Vec<f64> {
        let problem = (self.rows * self.columns).max(1);
        let mut sums = vec![0.0; a.len() / problem * self.columns];
        a.iter().zip(b).enumerate().for_each(|(k, (a, b))| sums[self.system(k)] += a * b);
        sums
    }

    /// Iterates until every system is solved.
    pub(super) fn solve(&mut self, product: &mut Multiply<'_>, options: &SolveOptions<'_>) -> Result<Solution> {
        let enough = self.rows as f64 * options.tolerance * options.tolerance;
        let most = if options.iterations > 0 { options.iterations } else { 10 * self.rows + 10 };
        let mut image = vec![0.0; self.direction.len()];
        for iterations in 0.. {
            let largest = self.squares.iter().fold(0.0f64, |most, &s| if s > most || s.is_nan() { s } else { most });
            let residual = (largest / self.rows.max(1) as f64).sqrt();
            if !residual.is_finite() {
                let message =
                    format!("the residual is {residual} after {iterations} iterations; expected finite arrays");
                return Err(Error::new(ErrorKind::Convergence, message));
            }
            if iterations > 0
                && let Some(progress) = options.progress
                && !progress(iterations, residual)
            {
                let message = format!("the solver was stopped by its callback after {iterations} iterations");
                return Err(Error::new(ErrorKind::Cancelled, message));
            }
            if largest <= enough {
                return Ok(Solution { iterations, residual });
            }
            if iterations == most {
                let message = format!(
                    "after {iterations} iterations the residual is {residual:e}; expected at most {:e}",
                    options.tolerance
                );
                return Err(Error::new(ErrorKind::Convergence, message));
            }
            product(&self.direction, &mut image)?;
            image.iter_mut().zip(&self.direction).for_each(|(q, p)| *q += options.alpha * p);
            self.step(&image, enough)?;
        }
        unreachable!("the iterations are counted")
    }

    /// One iteration of the systems that are not solved yet; `image` is the matrix times the directions.
    fn step(&mut self, image: &[f64], enough: f64) -> Result<()> {
        let curvatures = self.dot(&self.direction, image);
        let is_open = |square: f64| square > enough;
        let wrong = self.squares.iter().zip(&curvatures).find(|&(&s, &c)| is_open(s) && (c <= 0.0 || c.is_nan()));
        if let Some((_, curvature)) = wrong {
            let message = format!(
                "the matrix is not positive definite: a direction p has p.(K + alpha)p = {curvature:e}; a larger alpha may help"
            );
            return Err(Error::new(ErrorKind::Convergence, message));
        }
        let steps: Vec<f64> = self
            .squares
            .iter()
            .zip(&curvatures)
            .map(|(&square, &curvature)| if is_open(square) { square / curvature } else { 0.0 })
            .collect();
        for k in 0..image.len() {
            let step = steps[self.system(k)];
            self.solution[k] += step * self.direction[k];
            self.residual[k] -= step * image[k];
        }
        let squares = self.dot(&self.residual, &self.residual);
        for k in 0..image.len() {
            let s = self.system(k);
            // A system that is solved rests.
            let ratio = if is_open(squares[s]) { squares[s] / self.squares[s] } else { 0.0 };
            let residual = if is_open(squares[s]) { self.residual[k] } else { 0.0 };
            self.direction[k] = residual + ratio * self.direction[k];
        }
        self.squares = squares;
        Ok(())
    }
}
