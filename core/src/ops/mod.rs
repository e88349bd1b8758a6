//! The one definition of each operation, a file per family: text name, arity, parameters, shape rule, float64
//! meaning, derivative, lowering and one line of documentation.
//! It knows neither how formulas are stored nor how programs are: derivative rules are written against
//! [`Algebra`], lowerings against [`Lanes`].

mod algebra;
mod arithmetic;
mod bessel;
mod calculus;
mod complex;
mod contraction;
mod elementary;
mod gamma;
mod hyperbolic;
mod indexing;
mod indices;
mod kernels;
mod lanes;
mod norms;
mod piecewise;
mod powers;
mod selection;
mod soft;
mod special;
mod spline;
mod structure;
mod tensor;
mod trigonometry;

use std::hash::{Hash, Hasher};

use crate::error::Error;

pub use algebra::{Algebra, Calculus, Node};
pub use lanes::{Lanes, Value};

pub use arithmetic::{ADD, DIVIDE, MINUS, MULTIPLY, SUBTRACT};
pub use calculus::{DIRECTIONAL, GRADIENT};
pub use complex::{AS_REAL, COMPLEX, on_complex};
pub use elementary::{ABS, EXP, EXP2, LOG};
pub use indexing::{Contraction, Moves, Span, moved, product_sum};
pub use indices::{INDEX, INTEGER, MASK};
pub use norms::SCALAR_PRODUCT;
pub use piecewise::{EQUAL, IF_ELSE, LESS_OR_EQUAL, LESS_THAN, NOT_EQUAL};
pub use powers::{INVERSE, POWER, POWER_OF, SQUARE, SQUARE_ROOT};
pub(crate) use structure::LARGEST_DIM;
pub use structure::{CONCATENATE, EVERY_SECOND, EXTRACT, EXTRACT_TRANSPOSE, INTERLEAVE, REPLICATE, SUM};
pub use tensor::OUTER_PRODUCT;

/// An operation of the formula language.
#[derive(Debug)]
pub struct Operation {
    /// The name in formula text, as KeOps' users know it.
    pub name: &'static str,
    /// How many operands it takes.
    pub operands: usize,
    /// The names of its integer parameters, which follow the operands in the text. One in brackets is a list: among
    /// the parameters its length comes before its entries, and in the text lists at the end may be left out.
    pub parameters: &'static [&'static str],
    /// One line of documentation.
    pub summary: &'static str,
    /// Whether exchanging the two operands changes nothing.
    pub commutative: bool,
    /// Shape, meaning and lowering.
    pub rule: Rule,
    /// The vector-Jacobian product.
    pub derivative: Derivative,
}

/// An operation is its static value: another one may have the same name and another meaning.
impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
impl Eq for Operation {}
impl Hash for Operation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self, state);
    }
}

/// How an operation computes.
#[derive(Debug)]
pub enum Rule {
    /// Component by component; every operand has dimension 1 or the common dimension.
    Elementwise {
        /// The meaning of one component in float64.
        meaning: fn(&[f64], &[i64]) -> f64,
        /// One component as lane operations.
        lower: fn(&mut dyn Lanes, &[Value], &[i64]) -> Value,
    },
    /// Component by component of the second operand; the first is a number, the order, which a program is made for.
    OfOrder {
        /// Whether the function has this order, or what would be right.
        accepts: fn(f64) -> Result<(), String>,
        /// The meaning of one component in float64.
        meaning: fn(f64, f64) -> f64,
        /// One component as lane operations.
        lower: fn(&mut dyn Lanes, f64, Value) -> Value,
    },
    /// On whole vectors.
    Vector {
        /// The dimension of the result, or what would be right.
        dim: ShapeRule,
        /// The meaning in float64.
        meaning: fn(&[&[f64]], &[i64]) -> Vec<f64>,
        /// The components as lane operations.
        lower: VectorLowering,
    },
    /// Components moved to other places.
    Gather {
        /// The dimension of the result, or what would be right.
        dim: ShapeRule,
        /// Where each component comes from, by the dimensions of the operands and the parameters.
        moves: fn(&[usize], &[i64]) -> Moves,
    },
    /// Sums of products of components of two operands.
    Contraction {
        /// The dimension of the result, or what would be right.
        dim: ShapeRule,
        /// Which products are added, by the dimensions of the operands and the parameters.
        spans: fn(&[usize], &[i64]) -> Contraction,
    },
    /// A short name for a formula of other operations; it never becomes a node.
    Shorthand {
        /// Builds the formula, or says what would be right.
        build: Shorthand,
    },
    /// A short name for a formula that may have complex operands. All others have real ones, or the formula that
    /// [`on_complex`] gives.
    Complex {
        /// Builds the formula, or says what would be right.
        build: Shorthand,
    },
    /// Integers that are read of a row, in formats that have no such numbers too.
    Read {
        /// The dimension of the result, or what would be right.
        dim: ShapeRule,
        /// What is read.
        reading: Reading,
    },
    /// Says something of the whole reduction, which takes it off: no other operation has it as an operand. The first
    /// operand, which may be complex, is what is reduced.
    Outermost {
        /// The dimension of the result, or what would be right.
        dim: ShapeRule,
    },
    /// Stands for a formula that a later pass derives; it is gone before planning.
    Symbolic {
        /// The dimension of the result, or what would be right.
        dim: ShapeRule,
        /// Writes the formula out.
        expand: Expansion,
    },
}

/// What an operation reads of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The number of the row of the index that the parameter names.
    Row,
    /// The integers of the operand, a variable.
    Variable,
}

/// The dimension of a result from the dimensions of operands and the parameters, or what would be right.
pub type ShapeRule = fn(&[usize], &[i64]) -> Result<usize, String>;

/// The components of a result from the components of operands and the parameters.
pub type VectorLowering = fn(&mut dyn Lanes, &[&[Value]], &[i64]) -> Vec<Value>;

/// A formula from operands and parameters, or what would be right.
pub type Shorthand = fn(&mut dyn Algebra, &[Node], &[i64]) -> Result<Node, String>;

/// The formula that a symbolic operation stands for; its second operand is a variable.
pub type Expansion = fn(&mut dyn Calculus, &[Node]) -> Result<Node, Error>;

/// One use of an operation, as a derivative rule sees it.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// The operands.
    pub operands: &'a [Node],
    /// The integer parameters.
    pub parameters: &'a [i64],
    /// The node itself.
    pub output: Node,
}

/// The vector-Jacobian product with respect to operand `which`, applied to a cotangent; `None` where it is zero.
/// For elementwise operations the result has the output's dimension: the sum over broadcast components is the
/// derivative pass's duty.
pub type Derivative = fn(&mut dyn Algebra, Use<'_>, which: usize, cotangent: Node) -> Option<Node>;

/// The derivative of a step function or of an integer result: zero.
pub(crate) fn no_derivative(_: &mut dyn Algebra, _: Use<'_>, _: usize, _: Node) -> Option<Node> {
    None
}

/// Shorthands are expanded before anything is derived.
pub(crate) fn expanded_before(_: &mut dyn Algebra, _: Use<'_>, _: usize, _: Node) -> Option<Node> {
    unreachable!("a shorthand or symbolic operation was left in a formula that is derived")
}

/// The families of operations, with their titles.
pub fn families() -> impl Iterator<Item = (&'static str, &'static [&'static Operation])> {
    [
        ("Arithmetic", arithmetic::FAMILY),
        ("Powers and roots", powers::FAMILY),
        ("Elementary functions", elementary::FAMILY),
        ("Special functions", special::FAMILY),
        ("Gamma functions", gamma::FAMILY),
        ("Bessel functions", bessel::FAMILY),
        ("Trigonometry", trigonometry::FAMILY),
        ("Hyperbolic and logistic functions", hyperbolic::FAMILY),
        ("Rounding, clamping, comparing and choosing", piecewise::FAMILY),
        ("Parts of vectors", structure::FAMILY),
        ("Components chosen by their values", selection::FAMILY),
        ("Norms and distances", norms::FAMILY),
        ("Soft extrema and alignments", soft::FAMILY),
        ("Kernels by their names in KeOps 1", kernels::FAMILY),
        ("Splines", spline::FAMILY),
        ("Matrices", tensor::FAMILY),
        ("Tensors", contraction::FAMILY),
        ("Complex numbers", complex::FAMILY),
        ("Row numbers and masks", indices::FAMILY),
        ("Derivatives", calculus::FAMILY),
    ]
    .into_iter()
}

/// Every operation, a family after the other.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    families().flat_map(|(_, family)| family).copied()
}

/// The operation of this name.
pub fn find(name: &str) -> Option<&'static Operation> {
    all().find(|operation| operation.name == name)
}

impl Operation {
    /// The entries of each parameter, one for those that are no lists; none if they do not fit.
    pub fn split<'a>(&self, mut parameters: &'a [i64]) -> Option<Vec<&'a [i64]>> {
        let mut split = Vec::new();
        for name in self.parameters {
            let (start, length): (usize, usize) = match (is_list(name), parameters.first()?) {
                (true, &length) => (1, usize::try_from(length).ok()?),
                (false, _) => (0, 1),
            };
            split.push(parameters.get(start..start.checked_add(length)?)?);
            parameters = &parameters[start + length..];
        }
        parameters.is_empty().then_some(split)
    }

    /// The dimension of the result for operands of these dimensions, or what would be right.
    /// Shorthands have no dimension of their own.
    pub fn dim(&self, dims: &[usize], parameters: &[i64]) -> Result<usize, String> {
        match self.rule {
            Rule::Elementwise { .. } => common_dim(dims),
            Rule::OfOrder { .. } => Ok(dims[1]),
            Rule::Vector { dim, .. }
            | Rule::Gather { dim, .. }
            | Rule::Contraction { dim, .. }
            | Rule::Read { dim, .. }
            | Rule::Outermost { dim }
            | Rule::Symbolic { dim, .. } => dim(dims, parameters),
            Rule::Shorthand { .. } | Rule::Complex { .. } => Err("a shorthand has no shape rule of its own".into()),
        }
    }
}

/// Whether a parameter of this name is a list.
pub fn is_list(name: &str) -> bool {
    name.starts_with('[')
}

/// The common dimension of elementwise operands, which are each 1 or that dimension.
pub(crate) fn common_dim(dims: &[usize]) -> Result<usize, String> {
    let dim = dims.iter().copied().max().unwrap_or(1);
    if dims.iter().all(|&d| d == 1 || d == dim) {
        return Ok(dim);
    }
    let shown: Vec<String> = dims.iter().map(usize::to_string).collect();
    Err(format!("operands have dimensions {}; expected equal dimensions, or 1", shown.join(" and ")))
}
