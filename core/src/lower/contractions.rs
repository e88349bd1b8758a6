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
        let plane = Plane::new(Space::Pair, self.planes.pairs);
        self.planes.pairs += 1;
        // What is computed earlier of each term takes a family, so that fewer terms may fit where more do not.
        let sizes = if self.builder.machine.transcends { &[TERMS, TERMS / 2] } else { &[TERMS][..] };
        for &terms in sizes {
            if self.contract_by(operand, plane, terms)? {
                let sum = self.builder.load(plane);
                self.components.insert(node, vec![sum]);
                return Ok(());
            }
        }
        self.written_out.insert(node);
        self.planes.pairs -= 1;
        Ok(())
    }

    /// The programs that add so many terms at a time to the sum in a plane; says whether there are any.
    fn contract_by(&mut self, operand: Node, plane: Plane, terms: usize) -> Result<bool> {
        let dim = self.plan.graph.dim_of(operand);
        // The first terms start the sum.
        let start = if dim <= TERMS_AT_ONCE && terms == TERMS { dim } else { (dim - 1) % terms + 1 };
        let before = self.contractions.len();
        let parts = [(0, 1, start), (start, (dim - start) / terms, terms)];
        for (first, count, group) in parts.into_iter().filter(|&(_, count, _)| count > 0) {
            let Some(Groups { numbers, values, mut domain, .. }) = self.groups(&[operand], [first, count, group])?
            else {
                self.contractions.truncate(before);
                return Ok(false);
            };
            let mut total = (first > 0).then(|| self.builder.load(plane));
            for number in numbers {
                let term = values[&(operand, number)];
                total = Some(total.map_or(term, |total| self.builder.add(term, total)));
            }
            domain.stores = vec![(Stage::Contract, total.map(|total| (plane, total)).into_iter().collect())];
            let Survey { families, shared, .. } = self.survey(&domain);
            // Terms that are all the same are no repetition on other planes.
            if !(1..=MOST_FAMILIES).contains(&families) || shared > 0 {
                self.contractions.truncate(before);
                return Ok(false);
            }
            self.contractions.push(domain);
        }
        Ok(true)
    }
}
