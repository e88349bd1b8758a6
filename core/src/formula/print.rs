//! Formula to text. The text parses back to the same node.

use super::{Category, Graph, Kind, Variable};
use crate::error::{Error, ErrorKind, Result};
use crate::ops::{ADD, DIVIDE, MINUS, MULTIPLY, Node, SUBTRACT, is_list};

/// Longer text helps nobody: it is neither printed nor read.
pub(crate) const LONGEST_TEXT: usize = 1 << 20;

/// How tightly text binds, from sums to single names.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Sum,
    Product,
    Sign,
    Name,
}

/// A piece of text that is still to be written.
enum Piece {
    Text(String),
    /// A node, in parentheses if it binds less tightly.
    Node(Node, Binding),
}

/// The text of a formula.
pub(super) fn text(graph: &Graph, root: Node) -> Result<String> {
    let mut text = String::new();
    // The next piece is last.
    let mut left = vec![Piece::Node(root, Binding::Sum)];
    while let Some(piece) = left.pop() {
        match piece {
            Piece::Text(piece) => text += &piece,
            Piece::Node(node, least) => {
                let (mut pieces, binding) = one_node(graph, node);
                if binding < least {
                    pieces.insert(0, Piece::Text("(".into()));
                    pieces.push(Piece::Text(")".into()));
                }
                left.extend(pieces.into_iter().rev());
            }
        }
        text = short_enough(text)?;
    }
    Ok(text)
}

/// The text, if the parser reads text of that length.
pub(crate) fn short_enough(text: String) -> Result<String> {
    if text.len() <= LONGEST_TEXT {
        return Ok(text);
    }
    Err(Error::new(ErrorKind::Size, format!("the text of the formula would be longer than {LONGEST_TEXT} characters")))
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

/// The pieces of a node, and how tightly they bind together.
fn one_node(graph: &Graph, node: Node) -> (Vec<Piece>, Binding) {
    let entry = graph.entry(node);
    let (operation, operands, parameters) = match &entry.kind {
        Kind::Variable(variable) => return (vec![Piece::Text(variable_text(*variable, entry.dim))], Binding::Name),
        Kind::Zero => return (vec![Piece::Text(format!("Zero({})", entry.dim))], Binding::Name),
        Kind::Constant(bits) => {
            let (text, binding) = number_text(f64::from_bits(*bits));
            return (vec![Piece::Text(text)], binding);
        }
        Kind::Apply { operation, operands, parameters } => (*operation, operands, parameters),
    };
    let sign = |text: &str| Piece::Text(text.into());
    let infix = |text: &str, left: Binding, right: Binding| {
        (vec![Piece::Node(operands[0], left), sign(text), Piece::Node(operands[1], right)], left)
    };
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
        return (vec![sign("-"), Piece::Node(operands[0], Binding::Name)], Binding::Sign);
    }
    let all = operands.iter().map(|&operand| Piece::Node(operand, Binding::Sum));
    let split = operation.split(parameters).unwrap_or_default();
    let all = all.chain(operation.parameters.iter().zip(split).map(|(name, entries)| {
        let entries: Vec<String> = entries.iter().map(i64::to_string).collect();
        let entries = entries.join(",");
        Piece::Text(if is_list(name) { format!("[{entries}]") } else { entries })
    }));
    let mut pieces = vec![Piece::Text(format!("{}(", operation.name))];
    for (k, piece) in all.enumerate() {
        pieces.extend((k > 0).then(|| sign(",")));
        pieces.push(piece);
    }
    pieces.push(sign(")"));
    (pieces, Binding::Name)
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
