//! The sum, the product, and no sum at all.

use super::{Change, Columns, Form, LaneReducer, Method, Reducer, Term};
use crate::ops::{Algebra, Lanes, Node, Value};

pub(super) const FAMILY: &[&dyn Reducer] = &[&Sum, &Product, &Zero];

/// The sum over the reduced index.
#[derive(Debug)]
struct Sum;

impl Reducer for Sum {
    fn name(&self) -> &'static str {
        "Sum"
    }

    fn summary(&self) -> &'static str {
        "sum; 0 where nothing is reduced"
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn adds(&self) -> bool {
        true
    }

    fn method(&self) -> Method<'_> {
        Method::Lanes(self)
    }

    fn derivative(&self, _: &mut dyn Algebra, change: Change<'_>) -> Option<Node> {
        Some(change.slope)
    }
}

impl LaneReducer for Sum {
    fn block(&self, form: Form<'_>) -> Vec<f64> {
        vec![0.0; form.summation.in_block() * form.dim]
    }

    fn total(&self, form: Form<'_>) -> Vec<f64> {
        vec![0.0; form.summation.in_total() * form.dim]
    }

    fn update(&self, l: &mut dyn Lanes, form: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value> {
        let sums = block.chunks_exact(form.summation.in_block());
        sums.zip(term.formula).flat_map(|(sum, &value)| form.summation.add_term(l, sum, value)).collect()
    }

    fn lift(&self, l: &mut dyn Lanes, form: Form<'_>, block: &[Value], _: &[Value]) -> Vec<Value> {
        block.chunks_exact(form.summation.in_block()).flat_map(|sum| form.summation.lift(l, sum)).collect()
    }

    fn merge(&self, l: &mut dyn Lanes, form: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value> {
        let width = form.summation.in_total();
        let pairs = first.chunks_exact(width).zip(second.chunks_exact(width));
        pairs.flat_map(|(a, b)| form.summation.add(l, a, b)).collect()
    }

    fn finish(&self, l: &mut dyn Lanes, form: Form<'_>, total: &[Value]) -> Vec<Value> {
        total.chunks_exact(form.summation.in_total()).map(|sum| form.summation.result(l, sum)).collect()
    }
}

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
}

impl LaneReducer for Product {
    fn block(&self, form: Form<'_>) -> Vec<f64> {
        vec![1.0; form.dim]
    }

    fn total(&self, form: Form<'_>) -> Vec<f64> {
        self.block(form)
    }

    fn update(&self, l: &mut dyn Lanes, _: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value> {
        block.iter().zip(term.formula).map(|(&product, &value)| l.multiply(value, product)).collect()
    }

    fn lift(&self, _: &mut dyn Lanes, _: Form<'_>, block: &[Value], _: &[Value]) -> Vec<Value> {
        block.to_vec()
    }

    fn merge(&self, l: &mut dyn Lanes, _: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value> {
        first.iter().zip(second).map(|(&a, &b)| l.multiply(a, b)).collect()
    }

    fn finish(&self, _: &mut dyn Lanes, _: Form<'_>, total: &[Value]) -> Vec<Value> {
        total.to_vec()
    }
}

/// What KeOps makes of the sum of a zero formula.
#[derive(Debug)]
struct Zero;

impl Reducer for Zero {
    fn name(&self) -> &'static str {
        "Zero"
    }

    fn summary(&self) -> &'static str {
        "0 in as many columns as the formula has, whatever its values"
    }

    fn results(&self, form: Form<'_>) -> Vec<Columns> {
        vec![Columns::numbers(form.dim)]
    }

    fn method(&self) -> Method<'_> {
        Method::Lanes(self)
    }

    fn derivative(&self, algebra: &mut dyn Algebra, change: Change<'_>) -> Option<Node> {
        let dim = algebra.dim(change.slope);
        Some(algebra.zero(dim))
    }
}

impl LaneReducer for Zero {
    fn block(&self, _: Form<'_>) -> Vec<f64> {
        Vec::new()
    }

    fn total(&self, _: Form<'_>) -> Vec<f64> {
        Vec::new()
    }

    fn update(&self, _: &mut dyn Lanes, _: Form<'_>, _: &[Value], _: Term<'_>) -> Vec<Value> {
        Vec::new()
    }

    fn lift(&self, _: &mut dyn Lanes, _: Form<'_>, _: &[Value], _: &[Value]) -> Vec<Value> {
        Vec::new()
    }

    fn merge(&self, _: &mut dyn Lanes, _: Form<'_>, _: &[Value], _: &[Value]) -> Vec<Value> {
        Vec::new()
    }

    fn finish(&self, l: &mut dyn Lanes, form: Form<'_>, _: &[Value]) -> Vec<Value> {
        vec![l.constant(0.0); form.dim]
    }
}
