//! The basis of splines.

use super::piecewise::{EQUAL, LESS_OR_EQUAL, LESS_THAN};
use super::structure::{EXTRACT, position};
use super::{Algebra, Node, Operation, Rule, expanded_before};

pub(super) const FAMILY: &[&Operation] = &[&SPLINE_BASIS];

/// Splines of higher degree do not interpolate better.
const LARGEST_DEGREE: usize = 32;

/// The basis of splines of degree `k` (de Boor, A Practical Guide to Splines, 1978, chapter X).
pub static SPLINE_BASIS: Operation = Operation {
    name: "BSpline",
    operands: 2,
    parameters: &["k"],
    summary: "basis splines of degree k for the ascending knots f, m of them, at the scalar g, a vector of dimension \
              m - k - 1; intervals contain their left end and not their right one, and 0 / 0 between equal knots is 0",
    commutative: false,
    rule: Rule::Shorthand {
        build: |f, a, p| {
            let [knots, x] = [a[0], a[1]];
            let (degree, count) = (position(p[0], "k")?, f.dim(knots));
            if degree > LARGEST_DEGREE {
                return Err(format!("parameter `k` is {degree}; expected 0 to {LARGEST_DEGREE}"));
            }
            if f.dim(x) != 1 {
                return Err(format!("the second operand has dimension {}; expected a scalar (dimension 1)", f.dim(x)));
            }
            if count < degree + 2 {
                return Err(format!("got {count} knots; degree {degree} needs {} or more", degree + 2));
            }
            Ok(basis(f, knots, x, degree))
        },
    },
    derivative: expanded_before,
};

/// By Cox and de Boor's recurrence in the degree, for all splines at once. Its quotients are differentiable in `x` and
/// in the knots; which interval `x` lies in is a step.
fn basis(f: &mut dyn Algebra, knots: Node, x: Node, degree: usize) -> Node {
    let part =
        |f: &mut dyn Algebra, a: Node, start: usize, dim: usize| f.apply(&EXTRACT, &[a], &[start as i64, dim as i64]);
    let mut dim = f.dim(knots) - 1;
    let (left, right) = (part(f, knots, 0, dim), part(f, knots, 1, dim));
    let (begun, open) = (f.apply(&LESS_OR_EQUAL, &[left, x], &[]), f.apply(&LESS_THAN, &[x, right], &[]));
    let mut values = f.multiply(begun, open);
    for width in 1..=degree {
        // Each spline over the distance of its ends; where they are equal it is 0, and the distance counts as 1.
        let (first, last) = (part(f, knots, 0, dim), part(f, knots, width, dim));
        let distance = f.subtract(last, first);
        let zero = f.constant(0.0);
        let is_empty = f.apply(&EQUAL, &[distance, zero], &[]);
        let divisor = f.add(distance, is_empty);
        let shares = f.divide(values, divisor);
        dim -= 1;
        let (begin, end) = (part(f, knots, 0, dim), part(f, knots, width + 1, dim));
        let (risen, left) = (f.subtract(x, begin), f.subtract(end, x));
        let (share, next) = (part(f, shares, 0, dim), part(f, shares, 1, dim));
        let (rising, falling) = (f.multiply(risen, share), f.multiply(left, next));
        values = f.add(rising, falling);
    }
    values
}
