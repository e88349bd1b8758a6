//! Outputs of many components that are all computed alike: one program for a few of them, which is repeated.

use super::extract::Stores;
use super::groups::{Groups, MOST_FAMILIES, Survey};
use super::lowering::{Lowering, States};
use super::masked::Masked;
use super::program::Plane;
use super::stages::Stage;
use crate::error::Result;
use crate::formula::Kind;
use crate::ops::{Node, Rule, Value};
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

/// An output whose components are reduced one by one, each with the common ones.
struct Each<'a> {
    output: &'a Output,
    masked: &'a Masked,
    /// The values of the components at the beginning that each of the others is reduced with.
    common: Vec<Value>,
    /// How many others there are.
    count: usize,
    /// The states of the common ones, and of all others.
    states: [States; 2],
}

impl Lowering<'_> {
    /// Reduces an output by programs that are repeated, if its components allow it.
    pub(super) fn columns(&mut self, output: &Output, masked: &Masked) -> Result<bool> {
        let dim = self.plan.graph.dim_of(output.inner);
        let Some(common) = masked.reducer.common().filter(|common| dim >= common + FEWEST_COLUMNS) else {
            return Ok(false);
        };
        let nodes: Option<Vec<Node>> = (0..common).map(|k| self.scalar(output.inner, k)).collect();
        let Some(nodes) = nodes.filter(|_| common == 0 || !masked.tells_nothing) else { return Ok(false) };
        self.formulas(&nodes)?;
        let values = nodes.iter().map(|node| self.components[node][0]).collect();
        let count = dim - common;
        let [none, one] = [common, common + 1].map(|dim| self.form(output, dim));
        let own = |all: Vec<f64>, common: &[f64]| all[common.len()..].to_vec();
        let [shared_block, shared_total] = match common {
            0 => [Vec::new(), Vec::new()],
            _ => [masked.block(none), masked.total(none)],
        };
        let [block, total] = [own(masked.block(one), &shared_block), own(masked.total(one), &shared_total)];
        let anchors = masked.reducer.anchors(one);
        let (slots, domains) = (self.slots, self.domains.len());
        let results = output.results.iter().map(|columns| columns.count).sum();
        let shared = self.states([shared_block.len(), shared_total.len()], anchors.len(), 0);
        let states = [shared, self.states([count * block.len(), count * total.len()], 0, results)];
        let each = Each { output, masked, common: values, count, states };
        for group in GROUPS {
            let whole = count / group * group;
            let parts = [(0, count / group, group), (whole, 1, count - whole)];
            let mut fits = true;
            for (first, count, group) in parts.into_iter().filter(|part| part.2 > 0) {
                fits = fits && self.domain(&each, [first, count, group])?;
            }
            if fits {
                let all = [(shared_block, block), (shared_total, total)];
                let [block, total] = all.map(|(shared, own)| shared.into_iter().chain(own.repeat(count)).collect());
                self.begin([block, total, anchors]);
                if common > 0 {
                    let stores = self.reduce(masked, none, &each.states[0], &each.common, None);
                    self.stores.iter_mut().zip(stores).for_each(|(all, stores)| all.extend(stores));
                }
                return Ok(true);
            }
            self.domains.truncate(domains);
        }
        self.slots = slots;
        Ok(false)
    }

    /// What a reducer is asked to reduce of some components.
    fn form<'a>(&self, output: &'a Output, dim: usize) -> Form<'a> {
        Form { dim, parameters: &output.parameters, summation: self.summation }
    }

    /// The node of dimension 1 that is a component of another, if components only move on the way to it.
    fn scalar(&self, mut node: Node, mut component: usize) -> Option<Node> {
        let graph = &self.plan.graph;
        while graph.dim_of(node) > 1 {
            let Kind::Apply { operation, operands, parameters } = &graph.entry(node).kind else { return None };
            let Rule::Gather { moves, .. } = operation.rule else { return None };
            let dims: Vec<usize> = operands.iter().map(|&o| graph.dim_of(o)).collect();
            let [operand, from] = moves(&dims, parameters)[component]?;
            (node, component) = (operands[operand], from);
        }
        Some(node)
    }

    /// The programs for `count` groups of so many components, from one on; says whether they can be repeated.
    fn domain(&mut self, each: &Each<'_>, [first, count, group]: [usize; 3]) -> Result<bool> {
        let &Each { output, masked, .. } = each;
        let (common, [shared, states]) = (each.common.len(), &each.states);
        let roots: Vec<Node> = std::iter::once(output.inner).chain(output.outer).collect();
        let Some(Groups { lists, numbers, values, mut domain }) =
            self.groups(&roots, [common + first, count, group])?
        else {
            return Ok(false);
        };
        let form = self.form(output, common + 1);
        let again = self.again;
        let mut stores: [Stores; Stage::ALL.len()] = Default::default();
        for (list, number) in lists.iter().zip(numbers) {
            // The planes of the list's components, of which each has as many side by side, after those of the common ones.
            let mut of = |lowering: &mut Self, shared: &[Plane], all: &[Plane], columns: usize| {
                let width = all.len() / columns;
                let plane = |k: usize| {
                    let column = |&column: &u32| all[(column as usize - common) * width + k].slot;
                    lowering.family(&mut domain, all[0].space, list.iter().map(column).collect())
                };
                shared.iter().copied().chain((0..width).map(plane).collect::<Vec<Plane>>()).collect::<Vec<Plane>>()
            };
            let results = states.results.chunks(each.count);
            let own = States {
                block: of(self, &shared.block, &states.block, each.count),
                total: of(self, &shared.total, &states.total, each.count),
                other: of(self, &shared.other, &states.other, each.count),
                anchors: shared.anchors.clone(),
                results: results.flat_map(|array| of(self, &[], array, each.count)).collect(),
            };
            let outer = output.outer.map(|outer| [values[&(outer, number)]]);
            let outer = outer.as_ref().map(|outer| outer.as_slice());
            let formula: Vec<Value> = each.common.iter().copied().chain([values[&(output.inner, number)]]).collect();
            let reduced = self.reduce(masked, form, &own, &formula, outer);
            // What becomes of the common ones is no repetition's.
            let own = |(plane, _): &(Plane, Value)| plane.family.is_some();
            stores.iter_mut().zip(reduced).for_each(|(all, stores)| all.extend(stores.into_iter().filter(own)));
        }
        self.again = again;
        let stages = Stage::ALL.into_iter().zip(stores).filter(|(_, stores)| !stores.is_empty());
        domain.stores = stages.collect();
        let Survey { families, again, shared } = self.survey(&domain);
        // A device multiplies what is left for each pair by columns as matrices.
        let is_for_device = self.builder.machine.transcends;
        domain.shares = again > if is_for_device && shared <= MOST_SHARED { 0 } else { MOST_AGAIN };
        self.domains.push(domain);
        Ok(families <= MOST_FAMILIES && (again <= MOST_AGAIN || shared <= MOST_SHARED))
    }
}
