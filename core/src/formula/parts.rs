//! Formulas as users hold and combine them. A call makes one part that refers to its operands, however large they are;
//! the graph, in which equal parts are one node, is made where it is needed.

use std::collections::HashMap;
use std::sync::{Arc, RwLock, TryLockError};

use super::{Assignment, Category, Entry, Field, Graph, Kind, LARGEST_GRAPH, Shape, Variable};
use super::{build, eval, is_outermost, misplaced, print, shape, too_large, two_declarations};
use crate::error::{Error, ErrorKind, Result, counted};
use crate::ops::{self, Algebra, INDEX, MASK, Node, Operation};

/// A formula that can be shared between threads and never changes.
#[derive(Clone)]
pub struct Formula {
    part: Arc<Part>,
}

/// What a formula is made of. Nothing recurses on parts: they are as deep as a user's calls are many.
struct Part {
    origin: Origin,
    shape: Shape,
    /// All variables below by position, used or only declared.
    variables: Arc<Vec<(Variable, usize)>>,
    /// How many parts the formula has at least: those of its longest chain. The exact number is known with the graph.
    least_parts: usize,
}

/// Where a formula comes from.
enum Origin {
    /// A node of a graph.
    Graph { graph: Arc<Graph>, root: Node },
    /// A call.
    Applied {
        operation: &'static Operation,
        operands: Vec<Formula>,
        parameters: Vec<i64>,
        /// The graph, once it was made.
        made: RwLock<Option<(Arc<Graph>, Node)>>,
    },
}

/// Parts are freed in a loop, since those of a long chain would free each other as deep as it is long.
impl Drop for Part {
    fn drop(&mut self) {
        let mut left = self.take_operands();
        while let Some(formula) = left.pop() {
            if let Some(mut part) = Arc::into_inner(formula.part) {
                left.append(&mut part.take_operands());
            }
        }
    }
}

impl Part {
    fn take_operands(&mut self) -> Vec<Formula> {
        match &mut self.origin {
            Origin::Graph { .. } => Vec::new(),
            Origin::Applied { operands, .. } => std::mem::take(operands),
        }
    }

    fn operands(&self) -> &[Formula] {
        match &self.origin {
            Origin::Graph { .. } => &[],
            Origin::Applied { operands, .. } => operands,
        }
    }
}

impl std::fmt::Debug for Formula {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Formula({})", self.shown())
    }
}

impl Formula {
    /// The formula at a node of a graph.
    pub fn from_graph(graph: Arc<Graph>, root: Node) -> Self {
        let (shape, variables, least_parts) = (graph.shape_of(root), graph.variables().collect(), graph.len());
        let origin = Origin::Graph { graph, root };
        Formula { part: Arc::new(Part { origin, shape, variables: Arc::new(variables), least_parts }) }
    }

    /// A variable: argument number `index` of the call, of this dimension.
    pub fn variable(index: usize, dim: usize, category: Category) -> Result<Self> {
        let mut graph = Graph::default();
        let root = graph.checked_variable(index, dim, category)?;
        Ok(Formula::from_graph(graph.into(), root))
    }

    /// A scalar constant.
    pub fn constant(value: f64) -> Self {
        let mut graph = Graph::default();
        let root = graph.number_node(value);
        Formula::from_graph(graph.into(), root)
    }

    /// The number of the row of i or j, as `Index(0)` and `Index(1)` in text.
    pub fn index(category: Category) -> Result<Self> {
        Formula::apply_operation(&INDEX, &[], &[category as i64])
    }

    /// The operation of this name on these operands, with these integer parameters.
    pub fn apply(name: &str, operands: &[&Formula], parameters: &[i64]) -> Result<Self> {
        let operation = ops::find(name).ok_or_else(|| build::unknown_operation(name))?;
        Formula::apply_operation(operation, operands, parameters)
    }

    /// As [`Formula::apply`], for an operation that need not be one of the library's, but has a name of its own.
    pub fn apply_operation(operation: &'static Operation, operands: &[&Formula], parameters: &[i64]) -> Result<Self> {
        if ops::find(operation.name).is_some_and(|known| known != operation) {
            return Err(Error::new(
                ErrorKind::Argument,
                format!("`{}` is an operation of the library; expected another name", operation.name),
            ));
        }
        let variables = all_variables(operands)?;
        let shapes: Vec<Shape> = operands.iter().map(|f| f.part.shape).collect();
        if shape::lacks_cotangent(operation, &shapes)? {
            let one = Formula::constant(1.0);
            return Formula::apply_operation(operation, &[operands[0], operands[1], &one], parameters);
        }
        let shape = shape::result_shape(operation, &shapes, parameters)?;
        if let Some(inner) = operands.iter().find_map(|f| f.outermost()) {
            return Err(misplaced(inner));
        }
        shape::check_kinds(operation, |k| operands[k].in_graph())?;
        let operands: Vec<Formula> = operands.iter().map(|&f| f.clone()).collect();
        let least_parts = 1 + operands.iter().map(|f| f.part.least_parts).max().unwrap_or(0);
        if least_parts > LARGEST_GRAPH {
            return Err(too_large());
        }
        let origin = Origin::Applied { operation, operands, parameters: parameters.to_vec(), made: RwLock::new(None) };
        Ok(Formula { part: Arc::new(Part { origin, shape, variables, least_parts }) })
    }

    /// The same formula of other arguments: what was argument `k` is argument `positions[k]`. An error if an argument has no new
    /// position, or two different ones have the same.
    pub fn renumbered(&self, positions: &[usize]) -> Result<Self> {
        let place = |variable: Variable| match positions.get(variable.index) {
            Some(&index) => Ok(Variable { index, ..variable }),
            None => Err(Error::new(
                ErrorKind::Count,
                format!(
                    "{} given; expected one for argument {} too",
                    counted(positions.len(), "position"),
                    variable.index
                ),
            )),
        };
        self.with_variables(place, |category| category)
    }

    /// The same formula with i and j exchanged: that of the transposed matrix.
    pub fn transposed(&self) -> Result<Self> {
        let exchanged = |variable: Variable| Variable { category: variable.category.exchanged(), ..variable };
        self.with_variables(|variable| Ok(exchanged(variable)), Category::exchanged)
    }

    /// The same formula of other variables, also of those that are only declared, and of other row numbers.
    fn with_variables(
        &self,
        variable: impl Fn(Variable) -> Result<Variable>,
        row_number: impl Fn(Category) -> Category,
    ) -> Result<Self> {
        let (source, root) = self.in_graph();
        let mut graph = Graph::default();
        let roots =
            graph.rebuild(&source, &[root], |graph, node, _| match (source.entry(node), source.row_number(node)) {
                (Entry { kind: Kind::Variable(old), dim }, _) => graph.variable(variable(*old)?, *dim).map(Some),
                (_, Some(category)) => graph.try_apply(&INDEX, &[], &[row_number(category) as i64]).map(Some),
                _ => Ok(None),
            })?;
        for &(old, dim) in self.part.variables.iter() {
            graph.variable(variable(old)?, dim)?;
        }
        Ok(Formula::from_graph(graph.into(), roots[0]))
    }

    /// The graph that holds the formula.
    pub fn graph(&self) -> Arc<Graph> {
        self.in_graph().0
    }

    /// The node of the formula in its graph.
    pub fn root(&self) -> Node {
        self.in_graph().1
    }

    /// The graph and the node. A graph that another thread is about to store is made again, which gives the same: a
    /// child that was forked in that moment would wait for ever.
    fn in_graph(&self) -> (Arc<Graph>, Node) {
        let made = match &self.part.origin {
            Origin::Graph { graph, root } => return (graph.clone(), *root),
            Origin::Applied { made, .. } => made,
        };
        let known = match made.try_read() {
            Ok(known) => known.clone(),
            Err(TryLockError::Poisoned(known)) => known.into_inner().clone(),
            Err(TryLockError::WouldBlock) => None,
        };
        known.unwrap_or_else(|| {
            let new = self.make_graph();
            if let Ok(mut place) = made.try_write() {
                *place = Some(new.clone());
            }
            new
        })
    }

    /// Applies the operations of the parts one after the other, operands first.
    fn make_graph(&self) -> (Arc<Graph>, Node) {
        let mut graph = Graph::default();
        let mut became: HashMap<*const Part, Node> = HashMap::new();
        let mut left = vec![self];
        while let Some(&formula) = left.last() {
            let key = Arc::as_ptr(&formula.part);
            let before = left.len();
            left.extend(formula.part.operands().iter().rev().filter(|f| !became.contains_key(&Arc::as_ptr(&f.part))));
            if left.len() > before {
                continue;
            }
            left.pop();
            if became.contains_key(&key) {
                continue;
            }
            let node = match &formula.part.origin {
                Origin::Graph { graph: source, root } => {
                    graph.import(source, *root).expect("one position is one array: apply_operation has seen to it")
                }
                Origin::Applied { operation, operands, parameters, .. } => {
                    let nodes: Vec<Node> = operands.iter().map(|f| became[&Arc::as_ptr(&f.part)]).collect();
                    Algebra::apply(&mut graph, operation, &nodes, parameters)
                }
            };
            became.insert(key, node);
        }
        for &(variable, dim) in self.part.variables.iter() {
            graph.variable(variable, dim).expect("one position is one array: apply_operation has seen to it");
        }
        (Arc::new(graph), became[&Arc::as_ptr(&self.part)])
    }

    /// The dimension of its value; a complex number counts as one.
    pub fn dim(&self) -> usize {
        self.part.shape.dim
    }

    /// Whether its value is real or complex.
    pub fn field(&self) -> Field {
        self.part.shape.field
    }

    /// The variable and its dimension, if the formula is one.
    pub fn as_variable(&self) -> Option<(Variable, usize)> {
        let (graph, root) = self.in_graph();
        match graph.entry(root) {
            Entry { kind: Kind::Variable(variable), dim } => Some((*variable, *dim)),
            _ => None,
        }
    }

    /// The text of the formula, shortened for a message.
    pub(crate) fn shown(&self) -> String {
        let (graph, root) = self.in_graph();
        print::node_text(&graph, root)
    }

    /// Text that parses to the same formula. An error if it would be absurdly long, because the text repeats what
    /// the formula shares.
    pub fn text(&self) -> Result<String> {
        let (graph, root) = self.in_graph();
        print::text(&graph, root)
    }

    /// The value for one pair, in float64: the meaning of a formula that does not depend on row numbers. Real and
    /// imaginary parts of complex numbers alternate.
    pub fn evaluate(&self, assignment: &Assignment<'_>) -> Result<Vec<f64>> {
        let (graph, root) = self.in_graph();
        eval::evaluate(&graph, root, assignment, None)
    }

    /// The value for the pair of these rows of i and j, in float64: the meaning of the formula.
    pub fn evaluate_at(&self, assignment: &Assignment<'_>, pair: [u64; 2]) -> Result<Vec<f64>> {
        let (graph, root) = self.in_graph();
        eval::evaluate(&graph, root, assignment, Some(pair))
    }

    /// The outermost operation, if no other may have it as an operand.
    fn outermost(&self) -> Option<&'static Operation> {
        let operation = match &self.part.origin {
            Origin::Graph { graph, root } => graph.applied(*root).map(|(operation, ..)| operation)?,
            Origin::Applied { operation, .. } => operation,
        };
        is_outermost(operation).then_some(operation)
    }

    /// The formula and the condition of a mask around it.
    pub(crate) fn unmasked(&self) -> (Formula, Option<Formula>) {
        let (graph, root) = self.in_graph();
        match graph.match_operation(root, &MASK) {
            Some(&[formula, condition]) => {
                let at = |node| Formula::from_graph(graph.clone(), node);
                (at(formula), Some(at(condition)))
            }
            _ => (self.clone(), None),
        }
    }
}

/// The variables of all operands; an error if two have one position. A list that holds the others' is shared.
fn all_variables(operands: &[&Formula]) -> Result<Arc<Vec<(Variable, usize)>>> {
    let lists = operands.iter().map(|f| &f.part.variables);
    let mut all = lists.clone().rev().max_by_key(|list| list.len()).cloned().unwrap_or_default();
    for list in lists {
        if Arc::ptr_eq(list, &all) {
            continue;
        }
        for &(variable, dim) in list.iter() {
            match all.binary_search_by_key(&variable.index, |(known, _)| known.index) {
                Ok(k) if all[k] == (variable, dim) => {}
                Ok(k) => return Err(two_declarations(all[k], (variable, dim))),
                Err(k) => Arc::make_mut(&mut all).insert(k, (variable, dim)),
            }
        }
    }
    Ok(all)
}
