//! Derivatives of reductions, which are sums: the definition of each reducer's derivative, read forwards and backwards.
//! What they need of the result itself comes in as variables, as in KeOps; a caller that differentiates once more
//! differentiates with respect to those too.

use super::{Axis, Change, Reduction, Slope};
use crate::derive;
use crate::error::{Error, ErrorKind, Result, counted};
use crate::formula::{Category, Field, Formula, Graph, Kind, Variable};
use crate::ops::{ADD, Algebra, Calculus, DIRECTIONAL, INDEX, INTEGER, MULTIPLY, Node};

impl Reduction {
    /// The reductions whose results [`Reduction::gradient`] and [`Reduction::directional`] need: none for a sum, its own
    /// result for a log-sum-exp, the index for an extreme value. They are over the same index, so one pass computes them
    /// all, together with this one.
    pub fn saved(&self) -> Result<Vec<Reduction>> {
        let saved = self.reducer.saved(self)?.into_iter();
        // Of the same pairs.
        let of_same_pairs = |reduction: Reduction| Reduction {
            condition: self.condition.clone(),
            declared: [reduction.declared, self.declared.clone()].concat(),
            ..reduction
        };
        Ok(saved.map(of_same_pairs).collect())
    }

    /// The gradient of `<cotangent, result>` with respect to a variable: a sum over the index that the variable does not
    /// depend on. With respect to a parameter the result has a row for each row of this reduction's; their sum is the
    /// gradient. The cotangent and the results of [`Reduction::saved`] have a row for each row of the result, so they may
    /// depend on variables of the index that remains and on parameters.
    ///
    /// The gradient of the gradient takes `saved` as they are: that they change with the variable is another gradient,
    /// with respect to them.
    pub fn gradient(&self, variable: &Formula, cotangent: &Formula, saved: &[&Formula]) -> Result<Self> {
        let category = differentiable("gradient", variable)?;
        self.check_saved(saved)?;
        self.check_rows("cotangent", cotangent)?;
        let derivative = match &self.complex {
            Some(complex) => {
                let cotangent = self.scaled(cotangent, saved)?;
                (complex.gradient(variable, &cotangent)?, None)
            }
            None => {
                check_dim("cotangent", cotangent, &[self.dim(), 1])?;
                self.derived(&[(variable, cotangent)], saved, |graph, nodes| {
                    let (variable, cotangent) = nodes.pairs[0];
                    let dim = graph.dim_of(nodes.formula);
                    let slope = graph.temporary(dim);
                    let change = self.change(graph, nodes, slope)?;
                    let adjoint = graph.gradient(change.formula, slope, cotangent)?;
                    for node in std::iter::once(adjoint).chain(change.condition) {
                        derive::check_vanished(graph, node, slope)?;
                    }
                    let formula = graph.gradient(nodes.formula, variable, adjoint)?;
                    Ok(Slope { formula, ..change })
                })?
            }
        };
        self.sum_of(derivative, if category == self.axis.reduced() { self.axis.other() } else { self.axis })
    }

    /// The derivative of the result where a variable changes along `direction`, which has the variable's dimension and
    /// index, or is a scalar: a sum over the same index. `saved` are as in [`Reduction::gradient`].
    pub fn directional(&self, variable: &Formula, direction: &Formula, saved: &[&Formula]) -> Result<Self> {
        self.directional_in_all(&[(variable, direction)], saved)
    }

    /// The derivative of the result where several variables change, each along its direction, as in
    /// [`Reduction::directional`]: the sum of those in each of them, as one reduction.
    pub fn directional_in_all(&self, pairs: &[(&Formula, &Formula)], saved: &[&Formula]) -> Result<Self> {
        for (variable, direction) in pairs {
            let category = differentiable("derivative", variable)?;
            if let Some(other) = dependence(direction, |found| found != category) {
                let (direction, variable) = (direction.shown(), variable.shown());
                let message = format!(
                    "the direction {direction} depends on {other}; expected {category}s and parameters only, as \
                     {variable} is differentiated"
                );
                return Err(Error::new(ErrorKind::Argument, message));
            }
        }
        self.check_saved(saved)?;
        let derivative = match &self.complex {
            Some(complex) => {
                let mut slope = Formula::constant(0.0);
                for (variable, direction) in pairs {
                    let part =
                        Formula::apply_operation(&DIRECTIONAL, &[complex, variable, direction], &[])?.expanded()?;
                    slope = Formula::apply_operation(&ADD, &[&slope, &part], &[])?;
                }
                (self.scaled(&slope, saved)?, None)
            }
            None => {
                for (variable, direction) in pairs {
                    check_dim("direction", direction, &[variable.dim(), 1])?;
                }
                self.derived(pairs, saved, |graph, nodes| {
                    let dim = graph.dim_of(nodes.formula);
                    let mut slope = Algebra::zero(graph, dim);
                    for &(variable, direction) in &nodes.pairs {
                        let part = graph.directional(nodes.formula, variable, direction)?;
                        slope = (graph as &mut dyn Algebra).add(slope, part);
                    }
                    self.change(graph, nodes, slope)
                })?
            }
        };
        self.sum_of(derivative, self.axis)
    }

    /// A formula times what a linear reducer multiplies all values by.
    fn scaled(&self, formula: &Formula, saved: &[&Formula]) -> Result<Formula> {
        let one = Formula::constant(1.0);
        let (factor, _) = self.derived(&[(&one, &one)], saved, |graph, nodes| {
            let (_, one) = nodes.pairs[0];
            self.change(graph, nodes, one)
        })?;
        Formula::apply_operation(&MULTIPLY, &[&factor, formula], &[])
    }

    /// What `derive` makes of this reduction's formula and what comes with it, variables each with a cotangent or a
    /// direction, and for which pairs of rows.
    fn derived(
        &self,
        pairs: &[(&Formula, &Formula)],
        saved: &[&Formula],
        derive: impl FnOnce(&mut Graph, &Nodes) -> Result<Slope>,
    ) -> Result<(Formula, Option<Formula>)> {
        let mut source = Graph::default();
        let mut import = |formula: &Formula| source.import(&formula.graph(), formula.root());
        let mut roots = vec![import(&self.formula)?];
        for (variable, along) in pairs {
            roots.extend([import(variable)?, import(along)?]);
        }
        for (formula, reduction) in saved.iter().zip(self.saved()?) {
            let mut node = source.import(&formula.graph(), formula.root())?;
            if reduction.gives_integers() && source.match_operation(node, &INTEGER).is_none() {
                node = Algebra::apply(&mut source, &INTEGER, &[node], &[]);
            }
            roots.push(node);
        }
        let (mut graph, roots) = derive::expand(&source, &roots)?;
        let (along, saved) = roots[1..].split_at(2 * pairs.len());
        let pairs = along.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        let nodes = Nodes { formula: roots[0], pairs, saved: saved.to_vec() };
        let slope = derive(&mut graph, &nodes)?;
        let part = |root: Node| {
            // What the derivative was made of and is no part of it stays behind, but arguments keep their positions.
            let mut part = Graph::default();
            let root = part.import(&graph, root)?;
            for (variable, dim) in source.variables() {
                part.variable(variable, dim)?;
            }
            Ok(Formula::from_graph(part.into(), root))
        };
        Ok((part(slope.formula)?, slope.condition.map(part).transpose()?))
    }

    fn change(&self, graph: &mut Graph, nodes: &Nodes, slope: Node) -> Result<Slope> {
        let row = Algebra::apply(graph, &INDEX, &[], &[self.axis.reduced() as i64]);
        let change = Change { formula: nodes.formula, slope, saved: &nodes.saved, row };
        self.reducer.derivative(graph, change).map_err(|why| {
            let message = format!("the gradient of the reduction `{}` is not available: {why}", self.reducer.name());
            Error::new(ErrorKind::Unsupported, message)
        })
    }

    fn sum_of(&self, (formula, condition): (Formula, Option<Formula>), axis: Axis) -> Result<Self> {
        let mut declared = self.declared.clone();
        declared.extend(formula.graph().variables());
        let sum = Reduction { declared, condition: self.condition.clone(), ..Reduction::new("Sum", &formula, axis)? };
        condition.map_or(Ok(sum.clone()), |condition| sum.masked(&condition))
    }

    /// Whether the first array of the result holds integers.
    fn gives_integers(&self) -> bool {
        self.results().first().is_some_and(|columns| columns.is_integer)
    }

    fn check_saved(&self, saved: &[&Formula]) -> Result<()> {
        let wanted = self.saved()?;
        if saved.len() != wanted.len() {
            let (name, expected) = (self.reducer.name(), counted(wanted.len(), "saved result"));
            let message = format!("the derivative of the reduction `{name}` needs {expected}; got {}", saved.len());
            return Err(Error::new(ErrorKind::Arity, message));
        }
        for (formula, reduction) in saved.iter().zip(&wanted) {
            self.check_rows("saved result", formula)?;
            check_dim("saved result", formula, &[reduction.dim()])?;
            let is_integer = || formula.graph().match_operation(formula.root(), &INTEGER).is_some();
            if reduction.gives_integers() && formula.as_variable().is_none() && !is_integer() {
                let message = format!("the saved result {} holds integers; expected a variable", formula.shown());
                return Err(Error::new(ErrorKind::Argument, message));
            }
        }
        Ok(())
    }

    /// What changes along the reduced index would be multiplied into the sum as if it were a part of the formula.
    fn check_rows(&self, name: &str, formula: &Formula) -> Result<()> {
        let Some(other) = dependence(formula, |category| category == self.axis.reduced()) else { return Ok(()) };
        let message = format!(
            "the {name} {} depends on {other}, over which the reduction runs; expected {}s and parameters only",
            formula.shown(),
            self.axis.kept(),
        );
        Err(Error::new(ErrorKind::Argument, message))
    }
}

/// The formulas of a derivative in one graph.
struct Nodes {
    formula: Node,
    /// Each variable with its cotangent or its direction.
    pairs: Vec<(Node, Node)>,
    saved: Vec<Node>,
}

/// The category of a variable that a derivative is taken with respect to.
fn differentiable(what: &str, variable: &Formula) -> Result<Category> {
    variable.as_variable().map(|(variable, _)| variable.category).ok_or_else(|| {
        let message = format!("the {what} is taken with respect to {}; expected a variable", variable.shown());
        Error::new(ErrorKind::Argument, message)
    })
}

/// A variable or row number, in words, that a formula depends on and that is of a category that is wrong.
fn dependence(formula: &Formula, is_wrong: impl Fn(Category) -> bool) -> Option<String> {
    let graph = formula.graph();
    graph.reachable(&[formula.root()]).into_iter().find_map(|node| match graph.entry(node).kind {
        Kind::Variable(Variable { index, category }) if category != Category::Parameter && is_wrong(category) => {
            Some(format!("{category} {index}"))
        }
        _ => {
            let wrong = graph.row_number(node).filter(|&category| is_wrong(category))?;
            Some(format!("the row number {}", ["i", "j"][wrong as usize]))
        }
    })
}

/// The first of the dimensions is the one that a message names.
fn check_dim(name: &str, formula: &Formula, allowed: &[usize]) -> Result<()> {
    if formula.field() == Field::Complex {
        let message = format!("the {name} is complex; expected a real one");
        return Err(Error::new(ErrorKind::Argument, message));
    }
    let found = formula.dim();
    if allowed.contains(&found) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Dimension, format!("the {name} has dimension {found}; expected {}", allowed[0])))
}
