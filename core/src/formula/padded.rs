//! Identities of vectors that are made of parts. Most are about padded vectors, whose components are zero by construction
//! but for some that follow each other: what is made of them is computed where they are not zero. Derivatives of
//! components are full of them.

use super::Graph;
use crate::ops::{
    ADD, Algebra, CONCATENATE, DIVIDE, EXTRACT, EXTRACT_TRANSPOSE, MINUS, MULTIPLY, Node, REPLICATE, SUM,
};

/// A vector with `inner` from position `start` on.
struct Padded {
    inner: Node,
    start: usize,
    dim: usize,
}

impl Graph {
    fn padded(&self, node: Node) -> Option<Padded> {
        match self.applied(node) {
            Some((operation, &[inner], parameters)) if *operation == EXTRACT_TRANSPOSE => {
                Some(Padded { inner, start: parameters[0] as usize, dim: parameters[1] as usize })
            }
            _ => None,
        }
    }

    fn pad(&mut self, inner: Node, start: usize, dim: usize) -> Node {
        Algebra::apply(self, &EXTRACT_TRANSPOSE, &[inner], &[start as i64, dim as i64])
    }

    fn part(&mut self, a: Node, start: usize, dim: usize) -> Node {
        Algebra::apply(self, &EXTRACT, &[a], &[start as i64, dim as i64])
    }

    /// A component for each of a padded vector's own.
    fn beside(&mut self, padded: &Padded, other: Node) -> Node {
        match self.dim_of(other) {
            1 => other,
            _ => self.part(other, padded.start, self.dim_of(padded.inner)),
        }
    }

    /// The product of a padded vector and another: zeros absorb the other factor.
    pub(super) fn padded_product(&mut self, a: Node, b: Node) -> Option<Node> {
        let dim = self.dim_of(a).max(self.dim_of(b));
        let (mut factors, mut start) = ([a, b], None);
        // What remains of the other factor may be padded too.
        while let Some(k) = (0..2).find(|&k| self.padded(factors[k]).is_some()) {
            let padded = self.padded(factors[k])?;
            factors = [padded.inner, self.beside(&padded, factors[1 - k])];
            start = Some(start.unwrap_or(0) + padded.start);
        }
        let start = start?;
        let product = Algebra::apply(self, &MULTIPLY, &factors, &[]);
        Some(self.pad(product, start, dim))
    }

    /// The quotient of a padded vector by another.
    pub(super) fn padded_quotient(&mut self, a: Node, b: Node) -> Option<Node> {
        let padded = self.padded(a)?;
        let divisor = self.beside(&padded, b);
        let quotient = Algebra::apply(self, &DIVIDE, &[padded.inner, divisor], &[]);
        Some(self.pad(quotient, padded.start, padded.dim))
    }

    /// The sum of two vectors that are padded in the same way.
    pub(super) fn add_padded(&mut self, a: Node, b: Node) -> Option<Node> {
        let (a, b) = (self.padded(a)?, self.padded(b)?);
        if (a.start, self.dim_of(a.inner), a.dim) != (b.start, self.dim_of(b.inner), b.dim) {
            return None;
        }
        let sum = Algebra::apply(self, &ADD, &[a.inner, b.inner], &[]);
        Some(self.pad(sum, a.start, a.dim))
    }

    pub(super) fn minus_padded(&mut self, a: Node) -> Option<Node> {
        let Padded { inner, start, dim } = self.padded(a)?;
        let negative = Algebra::apply(self, &MINUS, &[inner], &[]);
        Some(self.pad(negative, start, dim))
    }

    pub(super) fn sum_padded(&mut self, a: Node) -> Option<Node> {
        let Padded { inner, .. } = self.padded(a)?;
        Some(Algebra::apply(self, &SUM, &[inner], &[]))
    }

    pub(super) fn pad_padded(&mut self, a: Node, start: usize, dim: usize) -> Option<Node> {
        let Padded { inner, start: inside, .. } = self.padded(a)?;
        Some(self.pad(inner, start + inside, dim))
    }

    /// The components from `start` on of what is made of parts: those of the part that holds them.
    pub(super) fn extract_identity(&mut self, whole: Node, start: usize, dim: usize) -> Option<Node> {
        let (mut a, mut start) = (whole, start);
        while self.dim_of(a) != dim {
            if self.is_zero(a) {
                return Some(Algebra::zero(self, dim));
            }
            match self.applied(a) {
                Some((operation, &[inner], _)) if *operation == REPLICATE => return Some(self.widened(inner, dim)),
                Some((operation, &[inner], parameters)) if *operation == EXTRACT => {
                    (a, start) = (inner, start + parameters[0] as usize);
                }
                Some((operation, &[inner], parameters)) if *operation == EXTRACT_TRANSPOSE => {
                    let (first, last) = (parameters[0] as usize, parameters[0] as usize + self.dim_of(inner));
                    if start + dim <= first || last <= start {
                        return Some(Algebra::zero(self, dim));
                    }
                    if start < first || last < start + dim {
                        break;
                    }
                    (a, start) = (inner, start - first);
                }
                Some((operation, &[left, right], _)) if *operation == CONCATENATE => {
                    let border = self.dim_of(left);
                    if start + dim <= border {
                        a = left;
                    } else if start >= border {
                        (a, start) = (right, start - border);
                    } else {
                        break;
                    }
                }
                _ => break,
            }
        }
        match (self.dim_of(a) == dim, a == whole) {
            (true, _) => Some(a),
            (_, true) => None,
            _ => Some(self.part(a, start, dim)),
        }
    }
}
