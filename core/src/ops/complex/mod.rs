//! Complex numbers: a complex formula is a pair of real ones, and an operation on complex operands is written out as
//! real operations on their parts when it is applied. So derivatives, plans and programs are those of real formulas.

mod functions;
mod meaning;
mod named;

use super::structure::{EVERY_SECOND, INTERLEAVE, in_turn};
use super::{Algebra, Node, Operation, Rule, common_dim, expanded_before};

pub use meaning::on_complex;
pub use named::AS_REAL;
pub(super) use named::FAMILY;

/// What every complex formula is an application of.
pub static COMPLEX: Operation = Operation {
    name: "Complex",
    operands: 2,
    parameters: &[],
    summary: "the complex numbers f + i g, of the dimension of the real f and g; a scalar is broadcast",
    commutative: false,
    rule: Rule::Gather { dim: |d, _| common_dim(d), moves: |d, _| in_turn(d[0]) },
    derivative: expanded_before,
};

/// A complex formula by its parts, which have one dimension.
#[derive(Clone, Copy)]
struct Pair {
    re: Node,
    im: Node,
}

impl Pair {
    /// The parts of a complex formula; those of a real one are itself and zero.
    fn of(f: &mut dyn Algebra, node: Node) -> Pair {
        match f.parts(node) {
            Some([re, im]) => Pair { re, im },
            None => {
                let dim = f.dim(node);
                Pair { re: node, im: f.zero(dim) }
            }
        }
    }

    /// The parts of a complex formula, or of the complex numbers whose real and imaginary parts alternate in a real
    /// one.
    fn read(f: &mut dyn Algebra, node: Node) -> Result<Pair, String> {
        if let Some([re, im]) = f.parts(node) {
            return Ok(Pair { re, im });
        }
        match f.dim(node) {
            dim if dim % 2 == 1 => Err(format!(
                "an operand is real and has dimension {dim}; expected complex numbers, or a real and an imaginary part \
                 for each of them, so an even dimension"
            )),
            _ => Ok(Pair { re: f.apply(&EVERY_SECOND, &[node], &[0]), im: f.apply(&EVERY_SECOND, &[node], &[1]) }),
        }
    }

    /// As [`Pair::read`], for two operands that fit each other.
    fn read_two(f: &mut dyn Algebra, a: &[Node]) -> Result<[Pair; 2], String> {
        let pairs = [Pair::read(f, a[0])?, Pair::read(f, a[1])?];
        common_dim(&pairs.map(|pair| f.dim(pair.re)))?;
        Ok(pairs)
    }

    /// The complex formula.
    fn node(self, f: &mut dyn Algebra) -> Node {
        f.apply(&COMPLEX, &[self.re, self.im], &[])
    }

    /// The same operation on both parts.
    fn map(self, mut operation: impl FnMut(Node) -> Node) -> Pair {
        Pair { re: operation(self.re), im: operation(self.im) }
    }

    /// Real and imaginary parts in turn.
    fn interleaved(self, f: &mut dyn Algebra) -> Node {
        f.apply(&INTERLEAVE, &[self.re, self.im], &[])
    }
}

/// A formula that has to be real.
fn real(f: &dyn Algebra, node: Node) -> Result<Node, String> {
    match f.parts(node) {
        None => Ok(node),
        Some(_) => Err("an operand is complex; expected a real formula".into()),
    }
}

/// Whether a formula is zero by construction.
fn is_zero(f: &mut dyn Algebra, node: Node) -> bool {
    // Equal formulas are one node.
    let dim = f.dim(node);
    f.zero(dim) == node
}
