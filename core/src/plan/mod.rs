//! The plan: when is each part of a formula known, and what leaves the reduction?
//! It works on formulas; it knows neither lanes nor tiles nor backends.

mod products;

use std::collections::BTreeMap;

use crate::derive;
use crate::error::{Error, ErrorKind, Result};
use crate::formula::{Category, Formula, Graph, Kind, Variable};
use crate::ops::Node;
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
    /// What multiplies the reduced value.
    pub outer: Option<Node>,
    /// The integer parameters of the reduction.
    pub parameters: Vec<i64>,
    /// The arrays of the result.
    pub results: Vec<Columns>,
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
    let roots =
        reductions.iter().map(|r| graph.import(&r.formula.graph(), r.formula.root())).collect::<Result<Vec<_>>>()?;
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
    for (root, reduction) in regrouped.roots.clone().into_iter().zip(reductions) {
        let (inner, outer) = match reduction.reducer.is_linear() {
            true => regrouped.split_kept(root),
            false => (root, None),
        };
        let (parameters, results) = (reduction.parameters.clone(), reduction.results());
        outputs.push(Output { reducer: reduction.reducer, parameters, inner, outer, results });
    }
    let graph = regrouped.graph;
    let all: Vec<Node> = outputs.iter().flat_map(|o| [Some(o.inner), o.outer]).flatten().collect();
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

/// When a variable is known.
pub fn variable_level(variable: Variable, axis: Axis) -> Level {
    match variable.category {
        Category::Parameter => Level::Call,
        category if category == axis.kept() => Level::Kept,
        _ => Level::Reduced,
    }
}

/// When each node of a graph is known; extends what is known of a graph that has grown.
pub fn extend_levels(levels: &mut Vec<Level>, graph: &Graph, axis: Axis) {
    for k in levels.len()..graph.len() {
        let level = match &graph.entry(Node(k as u32)).kind {
            Kind::Variable(variable) => variable_level(*variable, axis),
            Kind::Constant(_) | Kind::Zero => Level::Call,
            Kind::Apply { operands, .. } => {
                operands.iter().map(|o| levels[o.0 as usize]).fold(Level::Call, Level::join)
            }
        };
        levels.push(level);
    }
}

impl Plan {
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
        }
        text
    }
}
