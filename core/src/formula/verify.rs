//! The written specification of a formula graph, checked between passes in debug builds and tests.

use super::{Graph, Kind};
use crate::ops::{Node, Rule};

impl Graph {
    /// Checks every node below `roots`: operands come first, arities and dimensions fit, and after `expanded`
    /// no operation is left that a pass should have written out.
    ///
    /// # Panics
    /// Where the graph breaks its specification: that is a defect of the pass that made it.
    pub fn verify(&self, roots: &[Node], expanded: bool) {
        for node in self.reachable(roots) {
            let entry = self.entry(node);
            match &entry.kind {
                Kind::Constant(_) => assert_eq!(entry.dim, 1, "a number is a scalar"),
                Kind::Variable(_) | Kind::Zero => assert!(entry.dim > 0, "dimensions are positive"),
                Kind::Apply { operation, operands, parameters } => {
                    assert!(operands.iter().all(|o| *o < node), "{}: operands come first", operation.name);
                    assert_eq!(operands.len(), operation.operands, "{}: operands", operation.name);
                    assert!(operation.split(parameters).is_some(), "{}: parameters", operation.name);
                    let left = match operation.rule {
                        Rule::Shorthand { .. } | Rule::Complex { .. } => true,
                        Rule::Symbolic { .. } | Rule::Outermost { .. } => expanded,
                        _ => false,
                    };
                    assert!(!left, "{} should have been expanded", operation.name);
                    let dims: Vec<usize> = operands.iter().map(|&o| self.dim_of(o)).collect();
                    assert_eq!(operation.dim(&dims, parameters), Ok(entry.dim), "{}: dimension", operation.name);
                }
            }
        }
    }
}
