//! Formula to text. The text parses back to the same node.

use std::collections::HashMap;

use super::{Category, Graph, Kind, Variable};
use crate::error::{Error, ErrorKind, Result};
use crate::ops::{ADD, DIVIDE, MINUS, MULTIPLY, Node, SUBTRACT};

/// Text beyond this many characters helps nobody.
const LONGEST_TEXT: usize = 1 << 20;

/// How tightly text binds, from sums to single names.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Sum,
    Product,
    Sign,
    Name,
}

/// The text of a formula.
pub(super) fn text(graph: &Graph, root: Node) -> Result<String> {
    let mut texts: HashMap<Node, (String, Binding)> = HashMap::new();
    for node in graph.reachable(&[root]) {
        let text = one_node(graph, node, &texts);
        if text.0.len() > LONGEST_TEXT {
            return Err(Error::new(
                ErrorKind::Size,
                format!("the text of the formula would be longer than {LONGEST_TEXT} characters"),
            ));
        }
        texts.insert(node, text);
    }
    Ok(texts.remove(&root).map(|(text, _)| text).unwrap_or_default())
}

/// The text of a variable.
pub(super) fn variable_text(variable: Variable, dim: usize) -> String {
    format!("Var({},{dim},{})", variable.index, variable.category as i32)
}

/// The text of a node for a message.
pub(super) fn node_text(graph: &Graph, node: Node) -> String {
    let Ok(text) = text(graph, node) else { return "a formula too long to print".into() };
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("`{}...`", &text[..end]),
        None => format!("`{text}`"),
    }
}

fn one_node(graph: &Graph, node: Node, texts: &HashMap<Node, (String, Binding)>) -> (String, Binding) {
    let entry = graph.entry(node);
    let (operation, operands, parameters) = match &entry.kind {
        Kind::Variable(variable) => return (variable_text(*variable, entry.dim), Binding::Name),
        Kind::Zero => return (format!("Zero({})", entry.dim), Binding::Name),
        Kind::Constant(bits) => return number_text(f64::from_bits(*bits)),
        Kind::Apply { operation, operands, parameters } => (*operation, operands, parameters),
    };
    let operand = |k: usize, least: Binding| {
        let (text, binding) = &texts[&operands[k]];
        if *binding >= least { text.clone() } else { format!("({text})") }
    };
    let infix =
        |sign: &str, left: Binding, right: Binding| (format!("{}{sign}{}", operand(0, left), operand(1, right)), left);
    if *operation == ADD {
        return infix("+", Binding::Sum, Binding::Product);
    }
    if *operation == SUBTRACT {
        return infix("-", Binding::Sum, Binding::Product);
    }
    if *operation == MULTIPLY {
        return infix("*", Binding::Product, Binding::Name);
    }
    if *operation == DIVIDE {
        return infix("/", Binding::Product, Binding::Name);
    }
    if *operation == MINUS {
        return (format!("-{}", operand(0, Binding::Name)), Binding::Sign);
    }
    let all: Vec<String> =
        (0..operands.len()).map(|k| operand(k, Binding::Sum)).chain(parameters.iter().map(i64::to_string)).collect();
    (format!("{}({})", operation.name, all.join(",")), Binding::Name)
}

fn number_text(value: f64) -> (String, Binding) {
    let text = if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value}") } else { format!("{value:?}") };
    (text, if value < 0.0 { Binding::Sign } else { Binding::Name })
}

impl std::fmt::Display for Category {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Category::I => "i-variable",
            Category::J => "j-variable",
            Category::Parameter => "parameter",
        })
    }
}
