//! Outputs of many components that are all computed alike: one program for a few of them, which is repeated.

use super::extract::Stores;
use super::groups::{Groups, MOST_FAMILIES, Survey};
use super::lowering::{Lowering, States};
use super::masked::Masked;
use super::program::{Plane, Space};
use super::stages::Stage;
use crate::error::Result;
use crate::ops::Node;
use crate::plan::Output;
use crate::reduction::Form;

/// Components from which on an output is repeated.
const FEWEST_COLUMNS: usize = 8;
/// Components that a program computes at a time, which share what they read.
const GROUPS: [usize; 2] = [4, 1];
/// Operations of a pair that each repetition does again rather than reading what one program leaves.
const MOST_AGAIN: usize = 2;
/// Values that one program leaves for each pair at most.
const MOST_SHARED: usize = 4;

impl Lowering<'_> {
    /// Reduces an output by programs that are repeated, if its components allow it.
    pub(super) fn columns(&mut self, output: &Output, masked: &Masked) -> Result<bool> {
        let dim = self.plan.graph.dim_of(output.inner);
        if dim < FEWEST_COLUMNS || !masked.reducer.is_componentwise() {
            return Ok(false);
        }
        let form = Form { dim: 1, parameters: &output.parameters, summation: self.summation };
        let (empty, neutral) = (masked.block(form), masked.total(form));
        let (slots, domains) = (self.slots, self.domains.len());
        let block = self.take(Space::Block, dim * empty.len());
        let total = self.take(Space::Total, dim * neutral.len());
        let other = self.take(Space::Other, dim * neutral.len());
        let results = self.take(Space::Output, output.results.iter().map(|columns| columns.count).sum());
        let states = States { block, total, other, anchors: Vec::new(), results };
        for group in GROUPS {
            let whole = dim / group * group;
            let parts = [(0, dim / group, group), (whole, 1, dim - whole)];
            let mut fits = true;
            for (first, count, group) in parts.into_iter().filter(|part| part.2 > 0) {
                fits = fits && self.domain(output, masked, &states, [first, count, group])?;
            }
            if fits {
                let [empty, neutral] = [empty, neutral].map(|state| self.bits(state).collect::<Vec<u64>>());
                self.neutral.block.extend(empty.repeat(dim));
                self.neutral.total.extend(neutral.repeat(dim));
                return Ok(true);
            }
            self.domains.truncate(domains);
        }
        self.slots = slots;
        Ok(false)
    }

    /// The programs for `count` groups of so many components, from one on; says whether they can be repeated.
    fn domain(
        &mut self,
        output: &Output,
        masked: &Masked,
        states: &States,
        [first, count, group]: [usize; 3],
    ) -> Result<bool> {
        let roots: Vec<Node> = std::iter::once(output.inner).chain(output.outer).collect();
        let Some(Groups { lists, numbers, values, mut domain }) = self.groups(&roots, [first, count, group])? else {
            return Ok(false);
        };
        let form = Form { dim: 1, parameters: &output.parameters, summation: self.summation };
        let dim = self.plan.graph.dim_of(output.inner);
        let mut stores: [Stores; Stage::ALL.len()] = Default::default();
        for (list, number) in lists.iter().zip(numbers) {
            // The planes of the list's components, of which each has `width` side by side.
            let mut of = |lowering: &mut Self, all: &[Plane], width: usize| {
                let plane = |k: usize| {
                    let firsts = list.iter().map(|&column| all[column as usize * width + k].slot).collect();
                    lowering.family(&mut domain, all[0].space, firsts)
                };
                (0..width).map(plane).collect::<Vec<Plane>>()
            };
            let own = States {
                block: of(self, &states.block, states.block.len() / dim),
                total: of(self, &states.total, states.total.len() / dim),
                other: of(self, &states.other, states.other.len() / dim),
                anchors: Vec::new(),
                results: states.results.chunks(dim).flat_map(|array| of(self, array, 1)).collect(),
            };
            let outer = output.outer.map(|outer| [values[&(outer, number)]]);
            let outer = outer.as_ref().map(|outer| outer.as_slice());
            let reduced = self.reduce(masked, form, &own, &[values[&(output.inner, number)]], outer);
            stores.iter_mut().zip(reduced).for_each(|(all, stores)| all.extend(stores));
        }
        let stages = Stage::ALL.into_iter().zip(stores).filter(|(_, stores)| !stores.is_empty());
        domain.stores = stages.collect();
        let Survey { families, again, shared } = self.survey(&domain);
        domain.shares = again > MOST_AGAIN;
        self.domains.push(domain);
        Ok(families <= MOST_FAMILIES && (again <= MOST_AGAIN || shared <= MOST_SHARED))
    }
}
