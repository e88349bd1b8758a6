//! The plan: when is each part of a formula known, and what leaves the reduction?
//! It works on formulas; it knows neither lanes nor tiles nor backends.

mod exchange;
mod products;

use std::collections::{BTreeMap, BTreeSet};

use crate::derive;
use crate::error::{Error, ErrorKind, Result};
use crate::formula::{Category, Formula, Graph, Kind, Variable};
use crate::ops::{INTEGER, Node};
use crate::reduction::{Axis, Columns, Reducer, Reduction};

/// When a value is known. The order matters: a value is known as late as its latest operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Once per call.
    Call,
    /// Once per row of the result.
    Kept,
    /// Once per row of the reduced index.
    Reduced,
    /// Once per pair.
    Pair,
}

impl Level {
    /// When a value that needs both is known.
    pub fn join(self, other: Level) -> Level {
        match (self, other) {
            (Level::Kept, Level::Reduced) | (Level::Reduced, Level::Kept) => Level::Pair,
            (a, b) => a.max(b),
        }
    }
}

/// One result of a plan.
#[derive(Clone, Debug)]
pub struct Output {
    /// How values are reduced.
    pub reducer: &'static dyn Reducer,
    /// What is reduced.
    pub inner: Node,
    /// What is reduced of the same pair with its rows exchanged, where a pair serves both of them.
    pub exchanged: Option<Node>,
    /// What multiplies the reduced value.
    pub outer: Option<Node>,
    /// Which pairs take part: those where it is neither 0 nor NaN.
    pub condition: Option<Node>,
    /// The integer parameters of the reduction.
    pub parameters: Vec<i64>,
    /// The arrays of the result.
    pub results: Vec<Columns>,
}

impl Output {
    /// The formulas of a result.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        [Some(self.inner), self.exchanged, self.outer, self.condition].into_iter().flatten()
    }
}

/// Several reductions over one index, ready to be lowered.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The formulas.
    pub graph: Graph,
    /// The results.
    pub outputs: Vec<Output>,
    /// The index that is reduced.
    pub axis: Axis,
    /// The arguments, by position without gaps.
    pub inputs: Vec<(Variable, usize)>,
}

/// What a plan reads of rows besides numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Whether it reads the row numbers of i and of j.
    pub rows: [bool; 2],
    /// The positions of the arguments whose integers it reads.
    pub integers: BTreeSet<usize>,
}

/// Plans one pass over the pairs for reductions over the same index.
pub fn plan(reductions: &[Reduction]) -> Result<Plan> {
    let Some(first) = reductions.first() else {
        return Err(Error::new(ErrorKind::Argument, "there is no reduction to compute; expected at least one"));
    };
    let axis = first.axis;
    if let Some(k) = reductions.iter().position(|r| r.axis != axis) {
        return Err(Error::new(
            ErrorKind::Argument,
            format!("reduction {k} is over another index than reduction 0; one pass reduces over one index"),
        ));
    }
    let mut graph = Graph::default();
    // The formulas first, then the conditions of those that have one.
    let formulas = reductions.iter().map(|r| &r.formula);
    let all = formulas.chain(reductions.iter().filter_map(|r| r.condition.as_ref()));
    let roots = all.map(|f| graph.import(&f.graph(), f.root())).collect::<Result<Vec<_>>>()?;
    let inputs = inputs(&mut graph, reductions)?;
    let (mut graph, mut roots) = derive::expand(&graph, &roots)?;
    checked(&graph, &roots);
    for (root, reduction) in roots.iter_mut().zip(reductions) {
        *root = reduction
            .reducer
            .prepare(&mut graph, *root)
            .map_err(|what| Error::new(ErrorKind::Dimension, format!("`{}`: {what}", reduction.reducer.name())))?;
    }
    let mut regrouped = products::regroup(&graph, &roots, axis)?;
    checked(&regrouped.graph, &regrouped.roots);
    let mut outputs = Vec::new();
    let roots = regrouped.roots.clone();
    let (roots, conditions) = roots.split_at(reductions.len());
    let mut conditions = conditions.iter().copied();
    for (&root, reduction) in roots.iter().zip(reductions) {
        let (inner, outer) = match reduction.reducer.is_linear() {
            true => regrouped.split_kept(root),
            false => (root, None),
        };
        let condition = reduction.condition.as_ref().and_then(|_| conditions.next());
        let (parameters, results) = (reduction.parameters.clone(), reduction.results());
        let reducer = reduction.reducer;
        outputs.push(Output { reducer, parameters, inner, exchanged: None, outer, condition, results });
    }
    let graph = regrouped.graph;
    let all: Vec<Node> = outputs.iter().flat_map(Output::nodes).collect();
    checked(&graph, &all);
    Ok(Plan { graph, outputs, axis, inputs })
}

/// Holds what a pass has made against its specification, where tests or a developer run it.
fn checked(graph: &Graph, roots: &[Node]) {
    if cfg!(debug_assertions) {
        graph.verify(roots, true);
    }
}

/// All arguments of the reductions, declared or used, by position.
fn inputs(graph: &mut Graph, reductions: &[Reduction]) -> Result<Vec<(Variable, usize)>> {
    for &(variable, dim) in reductions.iter().flat_map(|r| &r.declared) {
        graph.variable(variable, dim)?;
    }
    let all: BTreeMap<usize, (Variable, usize)> = graph.variables().map(|(v, dim)| (v.index, (v, dim))).collect();
    for (expected, &index) in all.keys().enumerate() {
        if index != expected {
            return Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "no variable has position {expected}, but one has position {index}; positions are 0, 1, 2 ... \
                     without a gap"
                ),
            ));
        }
    }
    Ok(all.into_values().collect())
}

/// When what follows an index is known.
pub fn category_level(category: Category, axis: Axis) -> Level {
    match category {
        Category::Parameter => Level::Call,
        category if category == axis.kept() => Level::Kept,
        _ => Level::Reduced,
    }
}

/// When each node of a graph is known; extends what is known of a graph that has grown.
pub fn extend_levels(levels: &mut Vec<Level>, graph: &Graph, axis: Axis) {
    for k in levels.len()..graph.len() {
        let node = Node(k as u32);
        let level = match &graph.entry(node).kind {
            Kind::Variable(variable) => category_level(variable.category, axis),
            Kind::Constant(_) | Kind::Zero => Level::Call,
            Kind::Apply { operands, .. } => match graph.row_number(node) {
                Some(category) => category_level(category, axis),
                None => operands.iter().map(|o| levels[o.0 as usize]).fold(Level::Call, Level::join),
            },
        };
        levels.push(level);
    }
}

impl Plan {
    /// What is read of rows besides numbers.
    pub fn reads(&self) -> Reads {
        let roots: Vec<Node> = self.outputs.iter().flat_map(Output::nodes).collect();
        let mut reads = Reads::default();
        for node in self.graph.reachable(&roots) {
            if let Some(category) = self.graph.row_number(node) {
                reads.rows[category as usize] = true;
            }
            if let Some(&[operand]) = self.graph.match_operation(node, &INTEGER)
                && let Kind::Variable(variable) = self.graph.entry(operand).kind
            {
                reads.integers.insert(variable.index);
            }
        }
        reads
    }

    /// The plan in words.
    pub fn text(&self) -> String {
        let shown = |node: Node| {
            let formula = Formula::from_graph(self.graph.clone().into(), node);
            formula.text().unwrap_or_else(|_| "a formula too long to print".into())
        };
        let mut text = format!("reduce over {}\n", if self.axis == Axis::J { "j" } else { "i" });
        for (k, output) in self.outputs.iter().enumerate() {
            let parameters: String = output.parameters.iter().map(|p| format!(" {p}")).collect();
            text += &format!("output {k}: {}{parameters} of {}\n", output.reducer.name(), shown(output.inner));
            if let Some(outer) = output.outer {
                text += &format!("          times {}\n", shown(outer));
            }
            if let Some(condition) = output.condition {
                text += &format!("          where {}\n", shown(condition));
            }
        }
        text
    }
}
