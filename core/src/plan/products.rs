//! Products regrouped by when their factors are known, so that only what depends on both indices is multiplied per
//! pair. It changes rounding only: factors are multiplied in another order, and a quotient by something known
//! earlier becomes a product with its inverse.

use std::collections::HashSet;
use std::f64::consts::LOG2_E;

use super::{Level, extend_levels};
use crate::error::Result;
use crate::formula::Graph;
use crate::ops::{Algebra, DIVIDE, EXP, EXP2, INVERSE, MINUS, MULTIPLY, Node, Operation};
use crate::reduction::Axis;

/// Rebuilds formulas with every product regrouped, and exponentials of products as powers of two whose factor
/// log2(e) joins the factors known earliest.
pub(super) fn regroup(source: &Graph, roots: &[Node], axis: Axis) -> Result<Regrouped> {
    let inner = inner_products(source, roots);
    let mut graph = Graph::default();
    let mut context = Context { axis, levels: Vec::new(), groups: HashSet::new() };
    let roots = graph.rebuild(source, roots, |graph, node, operands| {
        let Some((operation, _, _)) = source.applied(node) else { return Ok(None) };
        if is_product(operation) {
            if inner[node.0 as usize] {
                return Ok(None);
            }
            let applied = Algebra::apply(graph, operation, operands, &[]);
            let factors = context.factors(graph, applied);
            return Ok(Some(context.product(graph, &factors)));
        }
        if *operation == EXP && context.level(graph, operands[0]) == Level::Pair {
            let log2e = Algebra::constant(graph, LOG2_E);
            let mut factors = context.factors(graph, operands[0]);
            factors.push(log2e);
            let exponent = context.product(graph, &factors);
            return Ok(Some(Algebra::apply(graph, &EXP2, &[exponent], &[])));
        }
        Ok(None)
    })?;
    Ok(Regrouped { graph, roots, context })
}

/// Formulas whose products are regrouped.
pub(super) struct Regrouped {
    pub graph: Graph,
    pub roots: Vec<Node>,
    context: Context,
}

impl Regrouped {
    /// A product as its part that depends on the reduced index and, if there is one, the factor that does not.
    pub fn split_kept(&mut self, root: Node) -> (Node, Option<Node>) {
        let Regrouped { graph, context, .. } = self;
        let factors = context.factors(graph, root);
        let (outer, inner): (Vec<Node>, Vec<Node>) =
            factors.into_iter().partition(|&f| context.level(graph, f) <= Level::Kept);
        if outer.is_empty() {
            return (root, None);
        }
        let inner = context.product(graph, &inner);
        let outer = context.product(graph, &outer);
        (inner, Some(outer))
    }
}

fn is_product(operation: &Operation) -> bool {
    *operation == MULTIPLY || *operation == DIVIDE || *operation == MINUS
}

/// Which products are used by one other product alone: they are regrouped as a part of that.
fn inner_products(graph: &Graph, roots: &[Node]) -> Vec<bool> {
    let (mut users, mut in_product) = (vec![0u32; graph.len()], vec![false; graph.len()]);
    roots.iter().for_each(|root| users[root.0 as usize] += 2);
    for node in graph.reachable(roots) {
        let Some((operation, operands, _)) = graph.applied(node) else { continue };
        for operand in operands {
            users[operand.0 as usize] += 1;
            in_product[operand.0 as usize] = is_product(operation);
        }
    }
    (0..graph.len()).map(|k| users[k] == 1 && in_product[k]).collect()
}

struct Context {
    axis: Axis,
    /// Levels of the nodes of the graph under construction, extended as it grows.
    levels: Vec<Level>,
    /// Products of what is known at the same time. They are factors of other products as they are: multiplied out, what
    /// products share would be repeated in each, and what those share again, without end.
    groups: HashSet<Node>,
}

impl Context {
    fn level(&mut self, graph: &Graph, node: Node) -> Level {
        extend_levels(&mut self.levels, graph, self.axis);
        self.levels[node.0 as usize]
    }

    /// The factors of a product.
    fn factors(&mut self, graph: &mut Graph, node: Node) -> Vec<Node> {
        let (mut found, mut left) = (Vec::new(), vec![node]);
        while let Some(node) = left.pop() {
            if self.groups.contains(&node) {
                found.push(node);
            } else if let Some(&[a, b]) = graph.match_operation(node, &MULTIPLY) {
                left.extend([b, a]);
            } else if let Some(&[a]) = graph.match_operation(node, &MINUS) {
                found.push(Algebra::constant(graph, -1.0));
                left.push(a);
            } else if let Some(&[a, b]) = graph.match_operation(node, &DIVIDE)
                && self.level(graph, b) < Level::Pair
                && graph.number(a) != Some(1.0)
            {
                // One division per row, or per call, and a multiplication per pair.
                let inverse = Algebra::apply(graph, &INVERSE, &[b], &[]);
                left.extend([inverse, a]);
            } else {
                found.push(node);
            }
        }
        found
    }

    /// The product of factors: scalars before vectors, and what is known early before what is known late.
    fn product(&mut self, graph: &mut Graph, factors: &[Node]) -> Node {
        let mut groups: [Option<Node>; 8] = [None; 8];
        for &factor in factors {
            let wide = usize::from(graph.dim_of(factor) > 1);
            let group = &mut groups[4 * wide + self.level(graph, factor) as usize];
            *group = Some(match *group {
                Some(product) => (graph as &mut dyn Algebra).multiply(product, factor),
                None => factor,
            });
        }
        self.groups.extend(groups.iter().flatten());
        let order = [0, 1, 4, 5, 2, 6, 3, 7];
        let mut known: [Option<Node>; 2] = [None; 2];
        let all = order.map(|k| groups[k]);
        // Scalars with scalars, vectors with vectors, then the two: a product of scalars is one multiplication.
        for node in all.into_iter().flatten() {
            let side = &mut known[usize::from(graph.dim_of(node) > 1)];
            *side = Some(match *side {
                Some(product) => (graph as &mut dyn Algebra).multiply(product, node),
                None => node,
            });
        }
        match known {
            [Some(scalar), Some(vector)] => (graph as &mut dyn Algebra).multiply(scalar, vector),
            [Some(one), None] | [None, Some(one)] => one,
            [None, None] => Algebra::constant(graph, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::formula::{Category, Formula};
    use crate::reduction::{Axis, Reduction};
    use crate::{CompileOptions, Kernel};

    #[test]
    fn what_products_share_is_not_repeated() {
        let x = Formula::variable(0, 1, Category::I).unwrap();
        let y = Formula::variable(1, 1, Category::J).unwrap();
        let two = Formula::constant(2.0);
        let mut p = Formula::apply("Add", &[&x, &y], &[]).unwrap();
        for _ in 0..20 {
            let twice = Formula::apply("Mult", &[&two, &p], &[]).unwrap();
            p = Formula::apply("Mult", &[&p, &twice], &[]).unwrap();
        }
        let reduction = Reduction::new("Sum", &p, Axis::J).unwrap();
        let kernel = Kernel::compile(&[reduction], &CompileOptions::default()).unwrap();
        assert!(kernel.operations_per_pair() < 1000, "{}", kernel.operations_per_pair());
    }
}
