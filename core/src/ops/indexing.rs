//! Operations that indices say all about: which components are moved where, and which products are added up. What is
//! said once serves their meaning and every way of computing them.

use super::{Lanes, Value};

/// For each component of a result the operand and its component that it is; none for a zero.
pub type Moves = Vec<Option<[usize; 2]>>;

/// The components of a result that is moved together.
pub fn moved<T: Copy>(moves: &Moves, operands: &[&[T]], zero: T) -> Vec<T> {
    moves.iter().map(|from| from.map_or(zero, |[operand, component]| operands[operand][component])).collect()
}

/// An axis of a contraction: its size, and how far apart neighbours along it are in each operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How many indices it has.
    pub size: usize,
    /// The distance of neighbours, in components of each operand; 0 where the operand lacks the axis.
    pub strides: [usize; 2],
}

/// Sums of products of components of two operands: `result[kept] = sum over summed of f[..] * g[..]`, in row-major order
/// of the axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contraction {
    /// The axes of the result.
    pub kept: Vec<Span>,
    /// The axes that are summed over.
    pub summed: Vec<Span>,
}

impl Contraction {
    /// The first factors of each component of the result, as components of the operands.
    pub fn starts(&self) -> Vec<[usize; 2]> {
        offsets(&self.kept)
    }

    /// How far from the first factors those of each further term are.
    pub fn terms(&self) -> Vec<[usize; 2]> {
        offsets(&self.summed)
    }

    /// The meaning in float64.
    pub fn meaning(&self, f: &[f64], g: &[f64]) -> Vec<f64> {
        let terms = self.terms();
        let sum = |[a, b]: [usize; 2]| terms.iter().map(|[i, k]| f[a + i] * g[b + k]).sum();
        self.starts().into_iter().map(sum).collect()
    }

    /// The components as lane operations, each product fused with its addition.
    pub fn lower(&self, l: &mut dyn Lanes, f: &[Value], g: &[Value]) -> Vec<Value> {
        let terms = self.terms();
        let sum = |[a, b]: [usize; 2]| product_sum(l, terms.iter().map(|[i, k]| [f[a + i], g[b + k]]));
        self.starts().into_iter().map(sum).collect()
    }
}

/// The sum of products, each fused with its addition.
pub fn product_sum(l: &mut dyn Lanes, factors: impl Iterator<Item = [Value; 2]>) -> Value {
    let mut total = None;
    for [a, b] in factors {
        let product = l.multiply(a, b);
        total = Some(match total {
            Some(total) => l.add(product, total),
            None => product,
        });
    }
    total.unwrap_or_else(|| l.constant(0.0))
}

/// The offsets that all indices of axes reach, in row-major order of the axes.
fn offsets(axes: &[Span]) -> Vec<[usize; 2]> {
    let mut all = vec![[0, 0]];
    for &Span { size, strides } in axes {
        let more = all.iter().flat_map(|at| (0..size).map(move |k| [at[0] + k * strides[0], at[1] + k * strides[1]]));
        all = more.collect();
    }
    all
}
