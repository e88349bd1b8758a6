//! The product.

use super::{Change, Form, LaneReducer, Method, Reducer, Reduction, Slope, Term};
use crate::error;
use crate::formula::Formula;
use crate::ops::{ABS, Algebra, EQUAL, IF_ELSE, LESS_THAN, Lanes, MINUS, Node, Value};

pub(super) const FAMILY: &[&dyn Reducer] = &[&Product];

/// The product over the reduced index.
#[derive(Debug)]
struct Product;

impl Reducer for Product {
    fn name(&self) -> &'static str {
        "Prod"
    }

    fn summary(&self) -> &'static str {
        "product; 1 where nothing is reduced; what overflows or vanishes on the way stays so"
    }

    fn method(&self) -> Method<'_> {
        Method::Lanes(self)
    }

    /// The product, that of the values that are not 0, how many are, and the sum of those: 0, but it changes as they do.
    fn saved(&self, reduction: &Reduction) -> error::Result<Vec<Reduction>> {
        let (formula, axis) = (&reduction.formula, reduction.axis);
        let (zero, one) = (Formula::constant(0.0), Formula::constant(1.0));
        let is_zero = Formula::apply_operation(&EQUAL, &[formula, &zero], &[])?;
        let is_other = Formula::apply_operation(&MINUS, &[&is_zero], &[])?;
        let apart = Formula::apply_operation(&IF_ELSE, &[&is_other, formula, &one], &[])?;
        let zeros = Formula::apply_operation(&IF_ELSE, &[&is_other, &zero, formula], &[])?;
        let saved = [("Prod", &apart), ("Count", &is_zero), ("Sum", &zeros)];
        let saved = saved.into_iter().map(|(name, formula)| Reduction::new(name, formula, axis));
        std::iter::once(Ok(reduction.clone())).chain(saved).collect()
    }

    /// A change of a value is multiplied by all others: the product over the value. Where the value is 0 that is the
    /// product of those that are not, times the other zero if there are two, which is their sum without this one. The
    /// whole product, though it is 0 where another value is, keeps what second derivatives are made of.
    fn derivative(&self, algebra: &mut dyn Algebra, change: Change<'_>) -> Result<Slope, String> {
        let &[product, apart, count, zeros] = change.saved else { return Err("it needs four saved results".into()) };
        let (zero, one, two) = (algebra.constant(0.0), algebra.constant(1.0), algebra.constant(2.0));
        let is_zero = algebra.apply(&EQUAL, &[change.formula, zero], &[]);
        let is_only = algebra.apply(&EQUAL, &[count, one], &[]);
        // An infinite product would make no number of the sum.
        let (most, size) = (algebra.constant(f64::INFINITY), algebra.apply(&ABS, &[apart], &[]));
        let is_finite = algebra.apply(&LESS_THAN, &[size, most], &[]);
        let are_two = algebra.apply(&EQUAL, &[count, two], &[]);
        let are_two = algebra.multiply(is_finite, are_two);
        let factor = choose(algebra, are_two, apart, zero);
        let other = algebra.subtract(zeros, change.formula);
        let with_other = algebra.multiply(factor, other);
        let beside_zero = choose(algebra, is_only, apart, with_other);
        let divisor = algebra.add(change.formula, is_zero);
        let rest = algebra.divide(product, divisor);
        let others = choose(algebra, is_zero, beside_zero, rest);
        Ok(Slope::of_all(algebra.multiply(others, change.slope)))
    }
}

impl LaneReducer for Product {
    fn common(&self) -> Option<usize> {
        Some(0)
    }

    fn block(&self, form: Form<'_>) -> Vec<f64> {
        vec![1.0; form.dim]
    }

    fn update(&self, l: &mut dyn Lanes, _: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value> {
        block.iter().zip(term.formula).map(|(&product, &value)| l.multiply(value, product)).collect()
    }

    fn merge(&self, l: &mut dyn Lanes, _: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value> {
        first.iter().zip(second).map(|(&a, &b)| l.multiply(a, b)).collect()
    }
}

/// `value` where a condition is 1 and `otherwise` where it is 0.
fn choose(f: &mut dyn Algebra, condition: Node, value: Node, otherwise: Node) -> Node {
    let condition = f.minus(condition);
    f.apply(&IF_ELSE, &[condition, otherwise, value], &[])
}
