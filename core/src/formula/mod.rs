//! Formulas: a typed expression graph in which equal subexpressions are one node.
//! It knows neither text nor reductions nor how anything is computed fast.

mod build;
mod eval;
mod padded;
mod parts;
mod print;
mod shape;
mod verify;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use crate::error::{Error, ErrorKind, Result};
use crate::ops::{COMPLEX, INDEX, Node, Operation, Rule};

pub(crate) use build::unknown_operation;
pub use eval::Assignment;
pub use parts::Formula;
pub(crate) use print::{LONGEST_TEXT, short_enough};
pub use shape::Field;
pub(crate) use shape::{Shape, no_cotangent};

/// Which index a variable depends on. The numbers are KeOps'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// One row per `i`.
    I = 0,
    /// One row per `j`.
    J = 1,
    /// The same for all pairs.
    Parameter = 2,
}

impl Category {
    /// The other index; parameters follow none.
    pub(crate) fn exchanged(self) -> Category {
        match self {
            Category::I => Category::J,
            Category::J => Category::I,
            Category::Parameter => Category::Parameter,
        }
    }
}

/// A variable: an argument of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variable {
    /// Position of its array among the arguments.
    pub index: usize,
    /// The index it depends on.
    pub category: Category,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An argument of the call.
    Variable(Variable),
    /// A scalar number, by its bits.
    Constant(u64),
    /// A zero vector.
    Zero,
    /// An operation on earlier nodes.
    Apply {
        /// The operation.
        operation: &'static Operation,
        /// Its operands.
        operands: Vec<Node>,
        /// Its integer parameters.
        parameters: Vec<i64>,
    },
}

/// A node with its dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Its dimension.
    pub dim: usize,
}

/// A node in numbers, those of its operation's place among them: equal nodes have equal keys. Entries would do; but where an
/// optimiser compares these, it looks at what only some kinds have before it knows the kind, which is harmless and yet what
/// valgrind looks for.
type Key = Box<[u64]>;

impl Entry {
    fn key(&self) -> Key {
        let dim = self.dim as u64;
        match &self.kind {
            Kind::Variable(Variable { index, category }) => Box::new([dim, 0, *index as u64, *category as u64]),
            Kind::Constant(bits) => Box::new([dim, 1, *bits]),
            Kind::Zero => Box::new([dim, 2]),
            Kind::Apply { operation, operands, parameters } => {
                let place = std::ptr::from_ref(*operation).addr() as u64;
                let operands = operands.iter().map(|operand| operand.0.into());
                let parameters = parameters.iter().map(|&parameter| parameter.cast_unsigned());
                [dim, 3, place, operands.len() as u64].into_iter().chain(operands).chain(parameters).collect()
            }
        }
    }
}

/// The arena of nodes. Operands come before the nodes that use them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    entries: Vec<Entry>,
    known: HashMap<Key, Node>,
    variables: BTreeMap<usize, Node>,
}

/// More nodes than any formula that a person or a program writes on purpose.
const LARGEST_GRAPH: usize = 1 << 20;

/// The error of a formula with more nodes than that.
fn too_large() -> Error {
    Error::new(ErrorKind::Size, format!("the formula has more than {LARGEST_GRAPH} parts"))
}

/// Whether no other operation may have this one as an operand.
fn is_outermost(operation: &Operation) -> bool {
    matches!(operation.rule, Rule::Outermost { .. })
}

/// The error of an operation that is not the outermost one of a reduction.
fn misplaced(operation: &Operation) -> Error {
    let message = format!("`{}` is inside a formula; expected it around all that is reduced", operation.name);
    Error::new(ErrorKind::Argument, message)
}

/// The error of two variables at one position.
fn two_declarations(known: (Variable, usize), new: (Variable, usize)) -> Error {
    let [known_text, new_text] = [known, new].map(|(variable, dim)| print::variable_text(variable, dim));
    Error::new(
        ErrorKind::Argument,
        format!(
            "variable {} is declared as `{known_text}` and as `{new_text}`; one position is one array",
            new.0.index
        ),
    )
}

impl Graph {
    /// The node with its dimension.
    pub fn entry(&self, node: Node) -> &Entry {
        &self.entries[node.0 as usize]
    }

    /// The dimension of a node.
    pub fn dim_of(&self, node: Node) -> usize {
        self.entry(node).dim
    }

    /// The type of a node: complex formulas are those that apply the operation that makes complex numbers.
    pub(crate) fn shape_of(&self, node: Node) -> Shape {
        let inner = match self.applied(node) {
            Some((operation, operands, _)) if is_outermost(operation) => operands[0],
            _ => node,
        };
        let field = if self.match_operation(inner, &COMPLEX).is_some() { Field::Complex } else { Field::Real };
        Shape { dim: self.dim_of(node), field }
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// An error if there are more nodes than any formula needs that somebody meant.
    pub(crate) fn check_size(&self) -> Result<()> {
        if self.len() > LARGEST_GRAPH { Err(too_large()) } else { Ok(()) }
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The operation, operands and parameters of a node that applies one.
    pub fn applied(&self, node: Node) -> Option<(&'static Operation, &[Node], &[i64])> {
        match &self.entry(node).kind {
            Kind::Apply { operation, operands, parameters } => Some((operation, operands, parameters)),
            _ => None,
        }
    }

    /// The operands, if the node applies this operation.
    pub fn match_operation(&self, node: Node, operation: &'static Operation) -> Option<&[Node]> {
        self.applied(node).and_then(|(found, operands, _)| (found == operation).then_some(operands))
    }

    /// The node of this dimension that applies an operation without parameters to these operands, if there is one.
    pub(crate) fn find(&self, operation: &'static Operation, operands: &[Node], dim: usize) -> Option<Node> {
        let kind = Kind::Apply { operation, operands: operands.to_vec(), parameters: Vec::new() };
        self.known(&Entry { kind, dim })
    }

    /// The node of an entry, if there is one.
    fn known(&self, entry: &Entry) -> Option<Node> {
        self.known.get(&entry.key()).copied()
    }

    /// The index whose row number a node is.
    pub fn row_number(&self, node: Node) -> Option<Category> {
        match self.applied(node) {
            Some((operation, _, &[c])) if *operation == INDEX => Some(if c == 0 { Category::I } else { Category::J }),
            _ => None,
        }
    }

    /// The value of a node that is a number.
    pub fn number(&self, node: Node) -> Option<f64> {
        match self.entry(node) {
            Entry { kind: Kind::Constant(bits), .. } => Some(f64::from_bits(*bits)),
            Entry { kind: Kind::Zero, dim: 1 } => Some(0.0),
            _ => None,
        }
    }

    /// Whether a node is a zero vector.
    pub fn is_zero(&self, node: Node) -> bool {
        self.entry(node).kind == Kind::Zero
    }

    /// The variables, by position.
    pub fn variables(&self) -> impl Iterator<Item = (Variable, usize)> + '_ {
        self.variables.values().map(|&node| match self.entry(node) {
            Entry { kind: Kind::Variable(variable), dim } => (*variable, *dim),
            _ => unreachable!("only variables are listed"),
        })
    }

    /// The node of a variable; an error if its position is already taken by a different one.
    pub fn variable(&mut self, variable: Variable, dim: usize) -> Result<Node> {
        if let Some(&known) = self.variables.get(&variable.index) {
            match self.entry(known) {
                Entry { kind: Kind::Variable(found), dim: found_dim } if (*found, *found_dim) != (variable, dim) => {
                    return Err(two_declarations((*found, *found_dim), (variable, dim)));
                }
                _ => {}
            }
            return Ok(known);
        }
        let node = self.insert(Entry { kind: Kind::Variable(variable), dim });
        self.variables.insert(variable.index, node);
        Ok(node)
    }

    /// A variable that stands for no argument of a call. The pass that makes it has to make it vanish again.
    pub(crate) fn temporary(&mut self, dim: usize) -> Node {
        let variable = Variable { index: usize::MAX, category: Category::Parameter };
        self.insert(Entry { kind: Kind::Variable(variable), dim })
    }

    /// The nodes that `roots` depend on, in an order in which operands come first.
    pub fn reachable(&self, roots: &[Node]) -> Vec<Node> {
        // What comes after the last root depends on it, if on any.
        let end = roots.iter().map(|root| root.0 as usize + 1).max().unwrap_or(0);
        let mut needed = vec![false; end];
        for root in roots {
            needed[root.0 as usize] = true;
        }
        for k in (0..end).rev() {
            if !needed[k] {
                continue;
            }
            if let Kind::Apply { operands, .. } = &self.entries[k].kind {
                operands.iter().for_each(|o| needed[o.0 as usize] = true);
            }
        }
        (0..end).filter(|&k| needed[k]).map(|k| Node(k as u32)).collect()
    }

    /// Rebuilds formulas of `source` in this graph; `change` may give another node for one of the source's nodes,
    /// and is given the operands as they have become.
    pub fn rebuild(
        &mut self,
        source: &Graph,
        roots: &[Node],
        mut change: impl FnMut(&mut Graph, Node, &[Node]) -> Result<Option<Node>>,
    ) -> Result<Vec<Node>> {
        let mut became: HashMap<Node, Node> = HashMap::new();
        for node in source.reachable(roots) {
            let entry = source.entry(node);
            let operands: Vec<Node> = match &entry.kind {
                Kind::Apply { operands, .. } => operands.iter().map(|o| became[o]).collect(),
                _ => Vec::new(),
            };
            let new = match change(self, node, &operands)? {
                Some(new) => new,
                None => match &entry.kind {
                    Kind::Variable(variable) => self.variable(*variable, entry.dim)?,
                    Kind::Apply { operation, parameters, .. } => self.try_apply(operation, &operands, parameters)?,
                    _ => self.insert(entry.clone()),
                },
            };
            became.insert(node, new);
        }
        Ok(roots.iter().map(|root| became[root]).collect())
    }

    /// A text that two graphs share exactly if these formulas are equal; its length is that of the graph.
    pub fn fingerprint(&self, roots: &[Node]) -> String {
        let nodes = self.reachable(roots);
        let place = |node: &Node| nodes.binary_search(node).unwrap_or(usize::MAX);
        let mut text = String::new();
        for &node in &nodes {
            let entry = self.entry(node);
            let _ = match &entry.kind {
                Kind::Variable(v) => write!(text, "v{},{},{}", v.index, entry.dim, v.category as i32),
                Kind::Constant(bits) => write!(text, "c{bits:x}"),
                Kind::Zero => write!(text, "z{}", entry.dim),
                Kind::Apply { operation, operands, parameters } => {
                    let operands: Vec<usize> = operands.iter().map(place).collect();
                    write!(text, "{}@{:p}{operands:?}{parameters:?}", operation.name, *operation)
                }
            };
            text.push(';');
        }
        let _ = write!(text, "{:?}", roots.iter().map(place).collect::<Vec<_>>());
        text
    }

    /// Copies formulas of another graph into this one.
    pub fn import(&mut self, source: &Graph, root: Node) -> Result<Node> {
        Ok(self.rebuild(source, &[root], |_, _, _| Ok(None))?[0])
    }

    fn insert(&mut self, entry: Entry) -> Node {
        let key = entry.key();
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let node = Node(self.entries.len() as u32);
        self.known.insert(key, node);
        self.entries.push(entry);
        node
    }
}
