//! Types of formulas: how many components, and whether they are real or complex; and what operations ask of operands.

use std::ops::Deref;

use super::{Graph, Kind};
use crate::error::{Error, ErrorKind, Result, counted};
use crate::ops::{self, COMPLEX, GRADIENT, Node, Operation, Reading, Rule};

/// Vectors beyond this dimension cannot come from an array that makes sense.
pub(super) const LARGEST_DIM: usize = ops::LARGEST_DIM as usize;

/// What kind of numbers the components of a formula are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Real numbers.
    Real,
    /// Complex numbers; in arrays each is a real part and the imaginary part after it.
    Complex,
}

/// The type of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// How many components it has; a complex number is one.
    pub dim: usize,
    /// What they are.
    pub field: Field,
}

/// The type of an operation on operands of these types, or what does not fit.
pub(super) fn result_shape(operation: &'static Operation, shapes: &[Shape], parameters: &[i64]) -> Result<Shape> {
    check_arity(operation, shapes.len(), parameters)?;
    let shape = match operation.rule {
        Rule::Elementwise { .. }
        | Rule::OfOrder { .. }
        | Rule::Vector { .. }
        | Rule::Gather { .. }
        | Rule::Contraction { .. }
        | Rule::Read { .. }
        | Rule::Symbolic { .. }
            if all_real(shapes) =>
        {
            let dims: Vec<usize> = shapes.iter().map(|shape| shape.dim).collect();
            let dim = operation.dim(&dims, parameters).map_err(|what| misfit(operation, what))?;
            Shape { dim, field: if *operation == COMPLEX { Field::Complex } else { Field::Real } }
        }
        Rule::Outermost { .. } => {
            if !all_real(&shapes[1..]) {
                let mut others = shapes.to_vec();
                others[0].field = Field::Real;
                return Err(real_only(operation, &others));
            }
            let dims: Vec<usize> = shapes.iter().map(|shape| shape.dim).collect();
            let dim = operation.dim(&dims, parameters).map_err(|what| misfit(operation, what))?;
            Shape { dim, field: shapes[0].field }
        }
        _ => {
            // The rule is that of the formula which it stands for, and sees nothing of the operands but types.
            let mut graph = Graph::default();
            let stand_ins: Vec<Node> = shapes.iter().map(|&shape| graph.stand_in(shape)).collect();
            let node = graph.try_apply(operation, &stand_ins, parameters)?;
            graph.shape_of(node)
        }
    };
    match shape.dim {
        dim if dim > LARGEST_DIM => {
            Err(misfit(operation, format!("the result has dimension {dim}; expected at most {LARGEST_DIM}")))
        }
        _ => Ok(shape),
    }
}

/// Whether no operand is complex.
pub(super) fn all_real(shapes: &[Shape]) -> bool {
    shapes.iter().all(|shape| shape.field == Field::Real)
}

/// Whether these are the operands of a gradient without its cotangent, which then is 1: an error where it cannot be.
pub(super) fn lacks_cotangent(operation: &Operation, shapes: &[Shape]) -> Result<bool> {
    match (*operation == GRADIENT, shapes) {
        (true, [Shape { dim: 1, field: Field::Real }, _]) => Ok(true),
        (true, [formula, _]) => Err(no_cotangent("formula", formula.dim)),
        _ => Ok(false),
    }
}

/// The error of a gradient without a cotangent that is not one of a real scalar.
pub(crate) fn no_cotangent(of: &str, dim: usize) -> Error {
    let message = format!(
        "`Grad` got no cotangent, and the {of} has dimension {dim}; only a real scalar has one that goes without saying, 1"
    );
    Error::new(ErrorKind::Arity, message)
}

/// An error if the numbers of operands and parameters are not those that the operation takes.
pub(super) fn check_arity(operation: &Operation, operands: usize, parameters: &[i64]) -> Result<()> {
    if operands == operation.operands && operation.split(parameters).is_some() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Arity,
        format!(
            "`{}` got {} and {}; expected {}",
            operation.name,
            counted(operands, "operand"),
            counted(parameters.len(), "integer parameter"),
            signature(operation),
        ),
    ))
}

/// Checks what an operation asks of an operand beyond its dimension: some have to be variables or numbers.
/// `root` gives the graph and the node of an operand, which is seldom needed.
pub(super) fn check_kinds<G: Deref<Target = Graph>>(
    operation: &Operation,
    root: impl Fn(usize) -> (G, Node),
) -> Result<()> {
    let refuse = |what: String| Err(Error::new(ErrorKind::Argument, format!("`{}`: {what}", operation.name)));
    match operation.rule {
        Rule::Symbolic { .. } => match root(1) {
            (graph, node) if matches!(graph.entry(node).kind, Kind::Variable(_)) => Ok(()),
            _ => refuse("the second operand is a formula; expected a variable".into()),
        },
        Rule::Read { reading: Reading::Variable, .. } => match root(0) {
            (graph, node) if matches!(graph.entry(node).kind, Kind::Variable(_)) => Ok(()),
            _ => refuse("the operand is a formula; expected a variable".into()),
        },
        Rule::OfOrder { accepts, .. } => {
            let (graph, node) = root(0);
            match graph.number(node) {
                Some(order) => accepts(order).or_else(refuse),
                None => refuse("the first operand is a formula; expected a number".into()),
            }
        }
        _ => Ok(()),
    }
}

/// The error of operands or parameters that do not fit.
pub(super) fn misfit(operation: &Operation, what: String) -> Error {
    Error::new(ErrorKind::Dimension, format!("`{}`: {what}", operation.name))
}

/// The error of an operation that means nothing for complex numbers.
pub(super) fn real_only(operation: &Operation, shapes: &[Shape]) -> Error {
    let complex = shapes.iter().enumerate().filter(|(_, shape)| shape.field == Field::Complex);
    let places: Vec<String> = complex.map(|(k, _)| (k + 1).to_string()).collect();
    let which = match places.as_slice() {
        [place] => format!("operand {place} is"),
        _ => format!("operands {} are", places.join(" and ")),
    };
    let message = format!(
        "`{}` has no meaning for complex numbers, and {which} complex; ComplexReal, ComplexImag, ComplexAbs, \
         ComplexAngle and AsReal make real operands of it",
        operation.name
    );
    Error::new(ErrorKind::Argument, message)
}

/// `Extract(f, start, d)`: an operation with the names of what it takes.
pub(crate) fn signature(operation: &Operation) -> String {
    let operands = ["f", "g", "h", "k", "m"].iter().take(operation.operands).copied();
    let all: Vec<&str> = operands.chain(operation.parameters.iter().copied()).collect();
    format!("`{}({})`", operation.name, all.join(", "))
}
