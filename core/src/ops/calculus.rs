//! Symbolic operators: they stand for formulas that the derivative pass writes out. Here they are defined by the
//! gradient and the directional derivative, which every formula has.

use super::structure::CONCATENATE;
use super::tensor::OUTER_PRODUCT;
use super::{Calculus, Node, Operation, Rule, expanded_before};
use crate::error::{Error, ErrorKind, Result};

pub(super) const FAMILY: &[&Operation] =
    &[&GRADIENT, &DIRECTIONAL, &JACOBIAN, &DIVERGENCE, &LAPLACIAN, &TRACE, &ADJOINT, &FACTORIZE, &AUTO_FACTORIZE];

/// The vector-Jacobian product.
pub static GRADIENT: Operation = Operation {
    name: "Grad",
    operands: 3,
    parameters: &[],
    summary: "adjoint of the derivative of f with respect to the variable g, applied to h, which has f's dimension or is \
              a scalar that stands for each component; it has g's dimension; h may be left out where f is a real scalar, \
              and is 1 then",
    commutative: false,
    rule: Rule::Symbolic {
        dim: |d, _| applied_to(("formula", d[0]), ("cotangent", d[2]), d[1]),
        expand: |c, a| c.gradient(a[0], a[1], a[2]),
    },
    derivative: expanded_before,
};

/// The Jacobian-vector product.
pub static DIRECTIONAL: Operation = Operation {
    name: "Diff",
    operands: 3,
    parameters: &[],
    summary: "derivative of f with respect to the variable g, applied to h, which has g's dimension or is a scalar that \
              stands for each component; it has f's dimension; text has Diff(f,(v,w),(a,b)) for the sum of those in \
              several variables",
    commutative: false,
    rule: Rule::Symbolic {
        dim: |d, _| applied_to(("variable", d[1]), ("direction", d[2]), d[0]),
        expand: |c, a| c.directional(a[0], a[1], a[2]),
    },
    derivative: expanded_before,
};

/// The Jacobian matrix.
pub static JACOBIAN: Operation = Operation {
    name: "GradMatrix",
    operands: 2,
    parameters: &[],
    summary: "gradients of the components of f with respect to the variable g, one after the other",
    commutative: false,
    rule: Rule::Symbolic {
        dim: |d, p| OUTER_PRODUCT.dim(d, p),
        expand: |c, a| {
            let dim = c.dim(a[0]);
            let mut rows = Vec::new();
            for k in 0..dim {
                rows.push(gradient_of_component(c, a[0], a[1], k)?);
            }
            // Joined in pairs, so that no component is copied more often than the logarithm of their number.
            while rows.len() > 1 {
                rows = rows.chunks(2).map(|pair| joined(c, pair)).collect();
            }
            Ok(rows[0])
        },
    },
    derivative: expanded_before,
};

/// The divergence.
pub static DIVERGENCE: Operation = Operation {
    name: "Divergence",
    operands: 2,
    parameters: &[],
    summary: "sum over k of the derivative of component k of f with respect to component k of the variable g",
    commutative: false,
    rule: Rule::Symbolic { dim: |d, _| trace_dim(d), expand: |c, a| divergence(c, a[0], a[1]) },
    derivative: expanded_before,
};

/// The Laplace operator.
pub static LAPLACIAN: Operation = Operation {
    name: "Laplacian",
    operands: 2,
    parameters: &[],
    summary: "sum over k of the second derivatives of the scalar f with respect to component k of the variable g",
    commutative: false,
    rule: Rule::Symbolic {
        dim: |d, _| match d[0] {
            1 => Ok(1),
            dim => Err(format!("the formula has dimension {dim}; expected a scalar (dimension 1)")),
        },
        expand: |c, a| {
            let one = c.constant(1.0);
            let gradient = c.gradient(a[0], a[1], one)?;
            divergence(c, gradient, a[1])
        },
    },
    derivative: expanded_before,
};

/// The trace.
pub static TRACE: Operation = Operation {
    name: "TraceOperator",
    operands: 2,
    parameters: &[],
    summary: "trace of f, which is linear in the variable g; an error where the derivative of f depends on g",
    commutative: false,
    rule: Rule::Symbolic {
        dim: |d, _| trace_dim(d),
        expand: |c, a| {
            check_linear(c, &TRACE, a)?;
            divergence(c, a[0], a[1])
        },
    },
    derivative: expanded_before,
};

/// The adjoint.
pub static ADJOINT: Operation = Operation {
    name: "AdjointOperator",
    operands: 3,
    parameters: &[],
    summary: "adjoint of f, which is linear in the variable g, applied to h; an error where the derivative of f depends \
              on g",
    commutative: false,
    rule: Rule::Symbolic {
        dim: |d, _| applied_to(("formula", d[0]), ("cotangent", d[2]), d[1]),
        expand: |c, a| {
            check_linear(c, &ADJOINT, a)?;
            c.gradient(a[0], a[1], a[2])
        },
    },
    derivative: expanded_before,
};

/// What computes a common part once, which every formula does.
pub static FACTORIZE: Operation = Operation {
    name: "Factorize",
    operands: 2,
    parameters: &[],
    summary: "f: equal parts such as g are computed once in any formula",
    commutative: false,
    rule: Rule::Shorthand { build: |_, a, _| Ok(a[0]) },
    derivative: expanded_before,
};

/// The same for any part.
pub static AUTO_FACTORIZE: Operation = Operation {
    name: "AutoFactorize",
    operands: 1,
    parameters: &[],
    summary: "f: equal parts are computed once in any formula",
    commutative: false,
    rule: Rule::Shorthand { build: |_, a, _| Ok(a[0]) },
    derivative: expanded_before,
};

/// The dimension of a linear map's value. What it is applied to has the dimension of what it takes, or is a scalar.
fn applied_to(taken: (&str, usize), found: (&str, usize), result: usize) -> std::result::Result<usize, String> {
    if found.1 == taken.1 || found.1 == 1 {
        return Ok(result);
    }
    let ((whose, taken), (name, found)) = (taken, found);
    Err(format!("the {name} has dimension {found}; expected that of the {whose}, {taken}"))
}

fn trace_dim(dims: &[usize]) -> std::result::Result<usize, String> {
    if dims[0] == dims[1] {
        return Ok(1);
    }
    Err(format!("the formula has dimension {}; expected that of the variable, {}", dims[0], dims[1]))
}

fn joined(c: &mut dyn Calculus, parts: &[Node]) -> Node {
    if parts.len() == 1 { parts[0] } else { c.apply(&CONCATENATE, parts, &[]) }
}

fn gradient_of_component(c: &mut dyn Calculus, f: Node, v: Node, k: usize) -> Result<Node> {
    let dim = c.dim(f);
    let algebra: &mut dyn super::Algebra = c;
    let unit = algebra.unit(dim, k);
    c.gradient(f, v, unit)
}

fn divergence(c: &mut dyn Calculus, f: Node, v: Node) -> Result<Node> {
    let mut total = c.zero(1);
    for k in 0..c.dim(v) {
        let gradient = gradient_of_component(c, f, v, k)?;
        let algebra: &mut dyn super::Algebra = c;
        let element = algebra.element(gradient, k);
        total = algebra.add(total, element);
    }
    Ok(total)
}

fn check_linear(c: &mut dyn Calculus, operation: &Operation, operands: &[Node]) -> Result<()> {
    if c.is_affine(operands[0], operands[1])? {
        return Ok(());
    }
    let message = format!(
        "`{}`: the derivative of the first operand with respect to the variable depends on the variable; expected a \
         formula that is linear in it",
        operation.name
    );
    Err(Error::new(ErrorKind::Argument, message))
}
