//! Pairs that serve both of their rows. Where arguments of i and of j are one array, what is reduced of the pair (i, j) and
//! of the pair (j, i) has much in common: all of it but a sign where the formula is symmetric or antisymmetric.

use std::collections::HashSet;

use super::{Output, Plan};
use crate::error::Result;
use crate::formula::{Category, Graph, Kind, Variable};
use crate::ops::{ABS, ADD, Algebra, DIVIDE, INDEX, MINUS, MULTIPLY, Node, Operation, Rule, SQUARE, SUBTRACT, SUM};
use crate::reduction::{Form, Method, Summation};

/// Components of a result at most: the state of each is kept twice.
const MOST_COMPONENTS: usize = 8;

impl Plan {
    /// The plan for calls in which argument `k` is the same array as argument `same[k]`, the first such one. What is reduced of a
    /// pair is given for the exchanged pair too. Its arguments are the arrays twice: argument `n + k` of `2 n` is argument `k`,
    /// whose rows follow the other index.
    ///
    /// There is none where no array is an argument of both indices, where something else than sums is asked for, or where
    /// the sign of a zero would matter.
    pub fn exchanged(&self, same: &[usize], summation: Summation) -> Result<Option<Plan>> {
        let categories: Vec<Category> = self.inputs.iter().map(|(variable, _)| variable.category).collect();
        let has_both = (0..same.len()).any(|k| categories[k] != categories[same[k]]);
        if !has_both || !self.outputs.iter().all(|output| self.is_plain_sum(output, summation)) {
            return Ok(None);
        }
        let roles = Roles { categories, same };
        let mut outputs = self.outputs.clone();
        let roots: Vec<Node> = outputs.iter().flat_map(Output::nodes).collect();
        let mut graph = Graph::default();
        let roots = graph.rebuild(&self.graph, &roots, |graph, node, _| match self.graph.entry(node).kind {
            Kind::Variable(variable) => graph.variable(roles.merged(variable), self.graph.dim_of(node)).map(Some),
            _ => Ok(None),
        })?;
        let mut roots = roots.into_iter();
        for output in &mut outputs {
            output.inner = roots.next().unwrap_or(output.inner);
            output.outer = output.outer.and_then(|_| roots.next());
        }
        let inner: Vec<Node> = outputs.iter().map(|output| output.inner).collect();
        let source = graph.clone();
        let mut turned: HashSet<Node> = HashSet::new();
        let exchanged = graph.rebuild(&source, &inner, |graph, node, operands| {
            let entry = source.entry(node);
            match (&entry.kind, operands, source.row_number(node)) {
                (Kind::Variable(variable), ..) => graph.variable(roles.exchanged(*variable), entry.dim).map(Some),
                (_, _, Some(category)) => {
                    let other = category.exchanged() as i64;
                    graph.try_apply(&INDEX, &[], &[other]).map(Some)
                }
                (Kind::Apply { operation, .. }, &[a, b], _) if **operation == SUBTRACT => {
                    let Some(known) = graph.find(&SUBTRACT, &[b, a], entry.dim) else { return Ok(None) };
                    let node = Algebra::apply(graph, &MINUS, &[known], &[]);
                    turned.insert(node);
                    Ok(Some(node))
                }
                _ => Ok(None),
            }
        })?;
        if !keeps_values(&graph, &exchanged, turned) {
            return Ok(None);
        }
        outputs.iter_mut().zip(exchanged).for_each(|(output, node)| output.exchanged = Some(node));
        let others = self.inputs.iter().map(|&(variable, dim)| (roles.exchanged(variable), dim));
        let inputs = self.inputs.iter().copied().chain(others).collect();
        Ok(Some(Plan { graph, outputs, axis: self.axis, inputs }))
    }

    fn is_plain_sum(&self, output: &Output, summation: Summation) -> bool {
        let dim = self.graph.dim_of(output.inner);
        let form = Form { dim, parameters: &output.parameters, summation };
        let is_sum = matches!(output.reducer.method(), Method::Lanes(reducer) if reducer.is_sum(form));
        is_sum && output.condition.is_none() && dim <= MOST_COMPONENTS
    }
}

/// Which arguments stand for which.
struct Roles<'a> {
    categories: Vec<Category>,
    same: &'a [usize],
}

impl Roles<'_> {
    /// The variable of the first argument that is the same array, with rows of the same index.
    fn merged(&self, variable: Variable) -> Variable {
        let first = self.same[variable.index];
        let index = if self.categories[first] == variable.category { first } else { first + self.same.len() };
        Variable { index, ..variable }
    }

    /// The variable of the same array with rows of the other index.
    fn exchanged(&self, variable: Variable) -> Variable {
        let count = self.same.len();
        let index = if variable.index < count { variable.index + count } else { variable.index - count };
        match variable.category {
            Category::Parameter => variable,
            category => Variable { index, category: category.exchanged() },
        }
    }
}

/// Whether formulas have the values that they would have with `b - a` in place of the nodes that are `-(a - b)`: these differ in
/// the sign of zero, and that must not become another infinity.
fn keeps_values(graph: &Graph, roots: &[Node], mut turned: HashSet<Node>) -> bool {
    for node in graph.reachable(roots) {
        let Some((operation, operands, _)) = graph.applied(node) else { continue };
        let is_turned: Vec<bool> = operands.iter().map(|operand| turned.contains(operand)).collect();
        if !is_turned.contains(&true) || turned.contains(&node) {
            continue;
        }
        if *operation == SQUARE || *operation == ABS {
            continue;
        }
        let divides = *operation == DIVIDE && !is_turned[1];
        if !divides && !carries_sign(operation) {
            return false;
        }
        turned.insert(node);
    }
    true
}

/// Whether a zero among the operands can change no more than the sign of a zero in the result.
fn carries_sign(operation: &Operation) -> bool {
    let is_moved = matches!(operation.rule, Rule::Gather { .. } | Rule::Contraction { .. });
    is_moved || [&ADD, &SUBTRACT, &MULTIPLY, &MINUS, &SUM].contains(&operation)
}
