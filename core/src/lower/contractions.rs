//! Sums over many components of a pair: a program for a few terms, which is repeated and leaves the sum for each pair.

use super::groups::{Groups, MOST_FAMILIES, Survey};
use super::lowering::Lowering;
use super::program::{Plane, Space};
use super::stages::Stage;
use crate::error::Result;
use crate::ops::{Lanes, Node, SUM};
use crate::plan::Level;

/// Terms from which on a sum over components is left for each pair.
const FEWEST_TERMS: usize = 8;
/// Terms that a program adds at a time.
const TERMS: usize = 8;
/// Terms that are added by one program, without repetition.
const TERMS_AT_ONCE: usize = 16;
/// Sums that are left for each pair at most: each takes a plane of the tile for the pairs.
const MOST_SUMS: usize = 16;

impl Lowering<'_> {
    /// Leaves a sum over many components for each pair, if it is one and can be repeated.
    pub(super) fn contract(&mut self, node: Node) -> Result<()> {
        let graph = &self.plan.graph;
        let is_known = self.components.contains_key(&node) || self.written_out.contains(&node);
        let Some(&[operand]) = graph.match_operation(node, &SUM).filter(|_| self.contracts && !is_known) else {
            return Ok(());
        };
        let dim = graph.dim_of(operand);
        if dim < FEWEST_TERMS || self.planes.pairs == MOST_SUMS || self.levels[operand.0 as usize] != Level::Pair {
            return Ok(());
        }
        // The first terms start the sum.
        let start = if dim <= TERMS_AT_ONCE { dim } else { (dim - 1) % TERMS + 1 };
        let plane = Plane::new(Space::Pair, self.planes.pairs);
        self.planes.pairs += 1;
        let before = self.contractions.len();
        let parts = [(0, 1, start), (start, (dim - start) / TERMS, TERMS)];
        let parts = parts.into_iter().filter(|&(_, count, _)| count > 0);
        let mut fits = true;
        for (first, count, group) in parts {
            let Some(Groups { numbers, values, mut domain, .. }) = self.groups(&[operand], [first, count, group])?
            else {
                fits = false;
                break;
            };
            let mut total = (first > 0).then(|| self.builder.load(plane));
            for number in numbers {
                let term = values[&(operand, number)];
                total = Some(total.map_or(term, |total| self.builder.add(term, total)));
            }
            domain.stores = vec![(Stage::Contract, total.map(|total| (plane, total)).into_iter().collect())];
            let Survey { families, shared, .. } = self.survey(&domain);
            // Terms that are all the same are no repetition on other planes.
            fits = (1..=MOST_FAMILIES).contains(&families) && shared == 0;
            if !fits {
                break;
            }
            self.contractions.push(domain);
        }
        if !fits {
            self.contractions.truncate(before);
            self.written_out.insert(node);
            self.planes.pairs -= 1;
            return Ok(());
        }
        let sum = self.builder.load(plane);
        self.components.insert(node, vec![sum]);
        Ok(())
    }
}
