//! What derivative rules and shorthands are written in: formulas without their storage.

use super::Operation;
use super::arithmetic::{ADD, DIVIDE, MINUS, MULTIPLY, SUBTRACT};
use super::powers::SQUARE;
use super::structure::{REPLICATE, SUM};

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
    /// An operation on operands that fit it; a rule of the library that passes others is a defect of the library.
    fn apply(&mut self, operation: &'static Operation, operands: &[Node], parameters: &[i64]) -> Node;
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
    /// `factor * a` for a number.
    pub fn scale(&mut self, factor: f64, a: Node) -> Node {
        let factor = self.constant(factor);
        self.multiply(factor, a)
    }
}
