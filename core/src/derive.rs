//! Derivatives: formula graph to formula graph. It knows no operation by name but the gradient; each operation brings
//! its own rule, and symbolic operators bring the formula that they stand for.

use std::collections::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::formula::{Formula, Graph, Kind};
use crate::ops::{Algebra, Calculus, GRADIENT, Node, Rule, Use};

impl Formula {
    /// The adjoint of the derivative with respect to `variable`, applied to `cotangent`, which has this formula's
    /// dimension or is a scalar. The result has the variable's dimension and is a formula like any other, so it can
    /// be differentiated again.
    pub fn gradient(&self, variable: &Formula, cotangent: &Formula) -> Result<Formula> {
        if variable.as_variable().is_none() {
            return Err(Error::new(
                ErrorKind::Argument,
                format!("the gradient is taken with respect to {}; expected a variable", variable.shown()),
            ));
        }
        Formula::apply_operation(&GRADIENT, &[self, variable, cotangent], &[])?.expanded()
    }

    /// Whether the formula is linear in a variable: its derivative does not depend on it, and the formula is zero by
    /// construction where the variable is.
    pub fn is_linear(&self, variable: &Formula) -> Result<bool> {
        let Some((mut graph, [root, node])) = self.with_variable(variable)? else { return Ok(false) };
        let dim = graph.dim_of(node);
        if !graph.is_affine(root, node)? {
            return Ok(false);
        }
        let mut without = Graph::default();
        let vanish = |new: &mut Graph, old: Node, _: &[Node]| Ok((old == node).then(|| Algebra::zero(new, dim)));
        let roots = without.rebuild(&graph, &[root], vanish)?;
        Ok(without.is_zero(roots[0]))
    }

    /// Whether each component of the formula depends on the same component of a variable alone, as far as operations tell:
    /// those between are component by component.
    pub fn is_componentwise(&self, variable: &Formula) -> Result<bool> {
        let Some((graph, [root, node])) = self.with_variable(variable)? else { return Ok(false) };
        let dim = graph.dim_of(node);
        let is_componentwise = |&on_path: &Node| {
            let rule = graph.applied(on_path).map(|(operation, _, _)| &operation.rule);
            on_path == node || matches!(rule, Some(Rule::Elementwise { .. })) && graph.dim_of(on_path) == dim
        };
        Ok(dim == 1 || depends(&graph, root, node).iter().all(is_componentwise))
    }

    /// The formula, expanded, and a variable in one graph; nothing if it is no variable.
    fn with_variable(&self, variable: &Formula) -> Result<Option<(Graph, [Node; 2])>> {
        let Some((variable, dim)) = variable.as_variable() else { return Ok(None) };
        let expanded = self.expanded()?;
        let mut graph = Graph::default();
        let root = graph.import(&expanded.graph(), expanded.root())?;
        let node = graph.variable(variable, dim)?;
        Ok(Some((graph, [root, node])))
    }

    /// The formula with `Grad`, `Diff`, `Laplacian` and the other symbolic operators written out.
    pub fn expanded(&self) -> Result<Formula> {
        let source = self.graph();
        let (expanded, roots) = expand(&source, &[self.root()])?;
        // What derivatives were made of and did not become a part of them stays behind.
        let mut graph = Graph::default();
        let root = graph.import(&expanded, roots[0])?;
        // An argument that vanishes in the derivative, or was never used, keeps its position.
        for (variable, dim) in source.variables() {
            graph.variable(variable, dim)?;
        }
        Ok(Formula::from_graph(graph.into(), root))
    }
}

impl Calculus for Graph {
    fn gradient(&mut self, f: Node, v: Node, e: Node) -> Result<Node> {
        gradient(self, f, v, e)
    }

    /// The gradient is linear in its cotangent, because each derivative rule is. So it has an adjoint, its own gradient
    /// with respect to the cotangent, and that is the derivative: no operation needs a second rule.
    fn directional(&mut self, f: Node, v: Node, u: Node) -> Result<Node> {
        let dim = self.dim_of(f);
        let cotangent = self.temporary(dim);
        let adjoint = gradient(self, f, v, cotangent)?;
        let derivative = gradient(self, adjoint, cotangent, u)?;
        check_vanished(self, derivative, cotangent)?;
        Ok(derivative)
    }

    fn is_affine(&mut self, f: Node, v: Node) -> Result<bool> {
        let dim = self.dim_of(f);
        let cotangent = self.temporary(dim);
        let adjoint = gradient(self, f, v, cotangent)?;
        Ok(depends(self, adjoint, v).is_empty())
    }
}

/// The adjoint of the derivative of `formula` with respect to `variable`, applied to `cotangent` (reverse
/// accumulation: every shared subexpression is visited once). The result has the variable's dimension.
///
/// `cotangent` has the formula's dimension, or is a scalar that stands for each component. An error if the graph becomes
/// larger than any formula needs: a derivative of a derivative may be several times as large as what it is taken of.
pub fn gradient(graph: &mut Graph, formula: Node, variable: Node, cotangent: Node) -> Result<Node> {
    let dim = graph.dim_of(variable);
    let mut cotangents: HashMap<Node, Node> = HashMap::new();
    let on_path = depends(graph, formula, variable);
    let seed = match graph.dim_of(cotangent) == graph.dim_of(formula) {
        true => cotangent,
        false => {
            let wide = graph.dim_of(formula);
            (graph as &mut dyn Algebra).replicate(cotangent, wide)
        }
    };
    cotangents.insert(formula, seed);
    for &node in on_path.iter().rev() {
        graph.check_size()?;
        let Some(&cotangent) = cotangents.get(&node) else { continue };
        let Kind::Apply { operation, operands, parameters } = graph.entry(node).kind.clone() else { continue };
        for (which, &operand) in operands.iter().enumerate() {
            if on_path.binary_search(&operand).is_err() {
                continue;
            }
            let used = Use { operands: &operands, parameters: &parameters, output: node };
            let algebra: &mut dyn Algebra = graph;
            let Some(mut part) = (operation.derivative)(algebra, used, which, cotangent) else { continue };
            // What was broadcast forwards is summed backwards.
            let (wanted, got) = (algebra.dim(operand), algebra.dim(part));
            if wanted == 1 && got > 1 {
                part = algebra.sum(part);
            } else if got == 1 && wanted > 1 {
                part = algebra.replicate(part, wanted);
            }
            let total = match cotangents.get(&operand) {
                Some(&earlier) => algebra.add(earlier, part),
                None => part,
            };
            cotangents.insert(operand, total);
        }
    }
    Ok(cotangents.get(&variable).copied().unwrap_or_else(|| Algebra::zero(graph, dim)))
}

/// An error where a temporary variable is left in a derivative.
pub(crate) fn check_vanished(graph: &Graph, derivative: Node, temporary: Node) -> Result<()> {
    if depends(graph, derivative, temporary).is_empty() {
        return Ok(());
    }
    let message = "the derivative of an operation or a reduction is not linear in what it is applied to";
    Err(Error::new(ErrorKind::Internal, message))
}

/// The nodes below `formula` that depend on `variable`, in ascending order.
fn depends(graph: &Graph, formula: Node, variable: Node) -> Vec<Node> {
    let mut found: Vec<Node> = Vec::new();
    for node in graph.reachable(&[formula]) {
        let depends = node == variable
            || graph
                .applied(node)
                .is_some_and(|(_, operands, _)| operands.iter().any(|o| found.binary_search(o).is_ok()));
        if depends {
            found.push(node);
        }
    }
    found
}

/// Writes out every symbolic operator below `roots`, the innermost first.
pub fn expand(graph: &Graph, roots: &[Node]) -> Result<(Graph, Vec<Node>)> {
    let mut expanded = Graph::default();
    let roots = expanded.rebuild(graph, roots, |new, node, operands| {
        let rule = graph.applied(node).map(|(operation, _, _)| &operation.rule);
        let Some(Rule::Symbolic { expand, .. }) = rule else { return Ok(None) };
        expand(new, operands).map(Some)
    })?;
    expanded.check_size()?;
    Ok((expanded, roots))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::{Category, Formula};

    #[test]
    fn the_gradient_of_a_gaussian_reuses_its_exponential() {
        let mut graph = Graph::default();
        let x = graph.checked_variable(0, 3, Category::I).unwrap();
        let y = graph.checked_variable(1, 3, Category::J).unwrap();
        let e = graph.checked_variable(2, 1, Category::I).unwrap();
        let formula = Formula::parse("Exp(-SqDist(Var(0,3,0),Var(1,3,1)))", &[]).unwrap();
        let f = graph.import(&formula.graph(), formula.root()).unwrap();
        let g = gradient(&mut graph, f, x, e).unwrap();
        let exponentials =
            graph.reachable(&[g]).into_iter().filter(|&n| graph.match_operation(n, &crate::ops::EXP).is_some());
        assert_eq!(exponentials.count(), 1);
        assert_eq!(graph.dim_of(g), 3);
        assert!(graph.reachable(&[g]).contains(&y));
    }
}
