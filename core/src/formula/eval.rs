//! The meaning of a formula for one pair, in float64: slow, plain, and what every backend is compared with.

use std::collections::HashMap;

use super::{Graph, Kind, misplaced};
use crate::error::{Error, ErrorKind, Result};
use crate::ops::{Node, Reading, Rule, moved};

/// The value of each variable for one pair, by the variable's position.
pub type Assignment<'a> = HashMap<usize, &'a [f64]>;

/// The value for one pair of rows of i and j, if the pair is known.
pub(super) fn evaluate(
    graph: &Graph,
    root: Node,
    assignment: &Assignment<'_>,
    pair: Option<[u64; 2]>,
) -> Result<Vec<f64>> {
    let mut values: HashMap<Node, Vec<f64>> = HashMap::new();
    for node in graph.reachable(&[root]) {
        let entry = graph.entry(node);
        let value = match &entry.kind {
            Kind::Constant(bits) => vec![f64::from_bits(*bits)],
            Kind::Zero => vec![0.0; entry.dim],
            Kind::Variable(variable) => match assignment.get(&variable.index) {
                Some(value) if value.len() == entry.dim => value.to_vec(),
                _ => {
                    return Err(Error::new(
                        ErrorKind::Count,
                        format!("variable {} needs {} numbers", variable.index, entry.dim),
                    ));
                }
            },
            Kind::Apply { operation, operands, parameters } => {
                let operands: Vec<&[f64]> = operands.iter().map(|o| values[o].as_slice()).collect();
                match operation.rule {
                    Rule::Elementwise { meaning, .. } => (0..entry.dim)
                        .map(|k| {
                            let components: Vec<f64> =
                                operands.iter().map(|o| o[if o.len() == 1 { 0 } else { k }]).collect();
                            meaning(&components, parameters)
                        })
                        .collect(),
                    Rule::OfOrder { meaning, .. } => operands[1].iter().map(|&a| meaning(operands[0][0], a)).collect(),
                    Rule::Vector { meaning, .. } => meaning(&operands, parameters),
                    Rule::Gather { moves, .. } => moved(&moves(&dims(&operands), parameters), &operands, 0.0),
                    Rule::Contraction { spans, .. } => {
                        spans(&dims(&operands), parameters).meaning(operands[0], operands[1])
                    }
                    Rule::Read { reading: Reading::Variable, .. } => operands[0].to_vec(),
                    Rule::Read { reading: Reading::Row, .. } => match pair {
                        Some(pair) => vec![pair[parameters[0] as usize] as f64],
                        None => {
                            let message = "the formula depends on row numbers; expected those of the pair";
                            return Err(Error::new(ErrorKind::Argument, message));
                        }
                    },
                    Rule::Outermost { .. } => return Err(misplaced(operation)),
                    Rule::Symbolic { .. } | Rule::Shorthand { .. } | Rule::Complex { .. } => {
                        return Err(Error::new(
                            ErrorKind::Internal,
                            format!("`{}` was not expanded before evaluation", operation.name),
                        ));
                    }
                }
            }
        };
        values.insert(node, value);
    }
    Ok(values.remove(&root).unwrap_or_default())
}

fn dims(operands: &[&[f64]]) -> Vec<usize> {
    operands.iter().map(|operand| operand.len()).collect()
}
