//! Derivatives of extreme values: those of the pairs that have them, which the saved indices tell. A value that is equal
//! to an earlier one, NaN or the infinity that never wins has no part in them.

use super::{Change, Extra, Reduction, Slope};
use crate::error::Result;
use crate::ops::{Algebra, CONCATENATE, EQUAL, EXTRACT, IF_ELSE, LESS_THAN, Node, OUTER_PRODUCT};

/// What a reduction that gives indices has no derivative for.
pub(super) const GIVES_INTEGERS: &str = "its results are integers";

/// The reduction of this name, which gives the indices of the values that a reduction gives.
pub(super) fn saved(name: &str, reduction: &Reduction) -> Result<Vec<Reduction>> {
    let extra = Extra { parameters: &reduction.parameters, weights: None };
    Ok(vec![Reduction::with(name, &reduction.formula, extra, reduction.axis)?])
}

/// The derivative of the smallest or largest values, of as many ranks as indices were saved for each component.
pub(super) fn derivative(algebra: &mut dyn Algebra, largest: bool, change: Change<'_>) -> Slope {
    let (dim, indices) = (algebra.dim(change.formula), change.saved[0]);
    let ranks = algebra.dim(indices) / dim;
    // Where nothing wins the index is 0, but the value there is one that does not win.
    let may_win = if largest {
        let worst = algebra.constant(f64::NEG_INFINITY);
        algebra.apply(&LESS_THAN, &[worst, change.formula], &[])
    } else {
        let worst = algebra.constant(f64::INFINITY);
        algebra.apply(&LESS_THAN, &[change.formula, worst], &[])
    };
    let is_there = algebra.apply(&EQUAL, &[change.row, indices], &[]);
    let may_win = for_each_rank(algebra, may_win, ranks);
    let mut wins = algebra.multiply(is_there, may_win);
    if ranks > 1 {
        let is_first = first_zeros(algebra, indices, dim);
        wins = algebra.multiply(is_first, wins);
    }
    let condition = Some(algebra.sum(wins));
    if dim * ranks == 1 {
        return Slope { formula: change.slope, condition };
    }
    let (zero, slope) = (algebra.constant(0.0), for_each_rank(algebra, change.slope, ranks));
    let loses = algebra.minus(wins);
    Slope { formula: algebra.apply(&IF_ELSE, &[loses, zero, slope], &[]), condition }
}

/// The components of a formula once for each rank.
fn for_each_rank(f: &mut dyn Algebra, formula: Node, ranks: usize) -> Node {
    if ranks == 1 {
        return formula;
    }
    let one = f.constant(1.0);
    let ones = f.replicate(one, ranks);
    f.apply(&OUTER_PRODUCT, &[ones, formula], &[])
}

/// 0 for an index 0 that is not the first one of its component, else 1: as no row has two ranks, such an index says that
/// there are fewer values than ranks.
fn first_zeros(f: &mut dyn Algebra, indices: Node, dim: usize) -> Node {
    let (zero, one) = (f.constant(0.0), f.constant(1.0));
    let is_zero = f.apply(&EQUAL, &[indices, zero], &[]);
    let mut earlier = f.zero(dim);
    let mut firsts = Vec::new();
    for start in (0..f.dim(indices)).step_by(dim) {
        let here = f.apply(&EXTRACT, &[is_zero], &[start as i64, dim as i64]);
        let repeated = f.multiply(earlier, here);
        let first = f.subtract(one, repeated);
        firsts.push(if f.dim(first) == dim { first } else { f.replicate(first, dim) });
        let either = f.add(earlier, here);
        earlier = f.subtract(either, repeated);
    }
    // Joined in pairs, so that no component is copied more often than the logarithm of their number.
    while firsts.len() > 1 {
        let join = |pair: &[Node]| if pair.len() == 1 { pair[0] } else { f.apply(&CONCATENATE, pair, &[]) };
        firsts = firsts.chunks(2).map(join).collect();
    }
    firsts[0]
}
