//! What derivative rules and shorthands are written in: formulas without their storage.

use super::Operation;
use super::arithmetic::{ADD, DIVIDE, MINUS, MULTIPLY, SUBTRACT};
use super::powers::SQUARE;
use super::structure::{EXTRACT, EXTRACT_TRANSPOSE, REPLICATE, SUM};
use crate::error::Result;

/// A formula inside its graph. Equal formulas of one graph are the same node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(pub(crate) u32);

/// Builds formulas.
pub trait Algebra {
    /// A scalar constant.
    fn constant(&mut self, value: f64) -> Node;
    /// A zero vector.
    fn zero(&mut self, dim: usize) -> Node;
    /// The dimension of a formula.
    fn dim(&self, node: Node) -> usize;
    /// The real and the imaginary part of a complex formula; `None` for a real one.
    fn parts(&self, node: Node) -> Option<[Node; 2]>;
    /// The value of a formula that is a number.
    fn number(&self, node: Node) -> Option<f64>;
    /// An operation on operands that fit it; a rule of the library that passes others is a defect of the library.
    fn apply(&mut self, operation: &'static Operation, operands: &[Node], parameters: &[i64]) -> Node;
}

/// Builds derivatives of formulas. Errors are those of formulas that grow too large.
pub trait Calculus: Algebra {
    /// The adjoint of the derivative of `f` with respect to the variable `v`, applied to `e`, which has the dimension
    /// of `f` or is a scalar that stands for each component.
    fn gradient(&mut self, f: Node, v: Node, e: Node) -> Result<Node>;
    /// The derivative of `f` with respect to the variable `v`, applied to `u`, which has the dimension of `v` or is a
    /// scalar.
    fn directional(&mut self, f: Node, v: Node, u: Node) -> Result<Node>;
    /// Whether the derivative of `f` with respect to the variable `v` is the same everywhere.
    fn is_affine(&mut self, f: Node, v: Node) -> Result<bool>;
}

impl dyn Algebra + '_ {
    /// `a + b`
    pub fn add(&mut self, a: Node, b: Node) -> Node {
        self.apply(&ADD, &[a, b], &[])
    }
    /// `a - b`
    pub fn subtract(&mut self, a: Node, b: Node) -> Node {
        self.apply(&SUBTRACT, &[a, b], &[])
    }
    /// `a * b`
    pub fn multiply(&mut self, a: Node, b: Node) -> Node {
        self.apply(&MULTIPLY, &[a, b], &[])
    }
    /// `a / b`
    pub fn divide(&mut self, a: Node, b: Node) -> Node {
        self.apply(&DIVIDE, &[a, b], &[])
    }
    /// `-a`
    pub fn minus(&mut self, a: Node) -> Node {
        self.apply(&MINUS, &[a], &[])
    }
    /// `a * a`
    pub fn square(&mut self, a: Node) -> Node {
        self.apply(&SQUARE, &[a], &[])
    }
    /// The sum of the components.
    pub fn sum(&mut self, a: Node) -> Node {
        self.apply(&SUM, &[a], &[])
    }
    /// A scalar repeated `dim` times.
    pub fn replicate(&mut self, a: Node, dim: usize) -> Node {
        self.apply(&REPLICATE, &[a], &[dim as i64])
    }
    /// Component `k`, a scalar.
    pub fn element(&mut self, a: Node, k: usize) -> Node {
        self.apply(&EXTRACT, &[a], &[k as i64, 1])
    }
    /// The vector with 1 at the place `k` and 0 elsewhere.
    pub fn unit(&mut self, dim: usize, k: usize) -> Node {
        let one = self.constant(1.0);
        self.apply(&EXTRACT_TRANSPOSE, &[one], &[k as i64, dim as i64])
    }
    /// `factor * a` for a number.
    pub fn scale(&mut self, factor: f64, a: Node) -> Node {
        let factor = self.constant(factor);
        self.multiply(factor, a)
    }
}
