//! How terms are added up: the schemes of KeOps' `sum_scheme`, as states of a sum in a block and in a total.

use crate::ops::{Lanes, Value};

/// How the terms of a sum are added, in the number format of the computation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Summation {
    /// The default: `Block`.
    #[default]
    Auto,
    /// One after the other, blocks too.
    Direct,
    /// One after the other in blocks of 256; blocks with the error of each addition kept.
    Block,
    /// With the error of each addition kept: as if in twice the digits.
    Compensated,
}

impl Summation {
    /// The name, which is KeOps'.
    pub fn name(self) -> &'static str {
        match self {
            Summation::Auto => "auto",
            Summation::Direct => "direct_sum",
            Summation::Block => "block_sum",
            Summation::Compensated => "kahan_scheme",
        }
    }

    /// Numbers of a sum in a block.
    pub(super) fn in_block(self) -> usize {
        if self == Summation::Compensated { 2 } else { 1 }
    }

    /// Numbers of a sum in a total.
    pub(super) fn in_total(self) -> usize {
        if self == Summation::Direct { 1 } else { 2 }
    }

    /// A sum of a block and one more term.
    pub(super) fn add_term(self, l: &mut dyn Lanes, sum: &[Value], term: Value) -> Vec<Value> {
        match self {
            Summation::Compensated => {
                let zero = l.constant(0.0);
                self.add(l, sum, &[term, zero])
            }
            _ => vec![l.add(term, sum[0])],
        }
    }

    /// A sum of a block as one of a total.
    pub(super) fn lift(self, l: &mut dyn Lanes, sum: &[Value]) -> Vec<Value> {
        let zero = l.constant(0.0);
        let padded = sum.iter().copied().chain([zero]);
        padded.take(self.in_total()).collect()
    }

    /// Two sums of totals.
    pub(super) fn add(self, l: &mut dyn Lanes, a: &[Value], b: &[Value]) -> Vec<Value> {
        match (self, a, b) {
            (Summation::Direct, ..) => vec![l.add(a[0], b[0])],
            (Summation::Compensated, &[high, low], &[other, other_low]) => {
                // Where the low part has grown large its digits move to the high one (Dekker 1971, fast two-sum).
                let head = l.add(high, low);
                let moved = l.subtract(head, high);
                let rest = l.subtract(low, moved);
                add_pairs(l, [head, rest], [other, other_low]).to_vec()
            }
            _ => add_pairs(l, [a[0], a[1]], [b[0], b[1]]).to_vec(),
        }
    }

    /// The number of a sum of a total.
    pub(super) fn result(self, l: &mut dyn Lanes, sum: &[Value]) -> Value {
        if let &[high, low] = sum { l.add(high, low) } else { sum[0] }
    }
}

/// The sum of `high + low` and another such pair, with the rounding error of the leading addition kept in `low`
/// (Knuth's two-sum, The Art of Computer Programming 2, section 4.2.2). Where the sum overflows or is not a number
/// the error term is dropped, so that infinity stays infinity.
fn add_pairs(l: &mut dyn Lanes, a: [Value; 2], b: [Value; 2]) -> [Value; 2] {
    let high = l.add(a[0], b[0]);
    let b_part = l.subtract(high, a[0]);
    let a_part = l.subtract(high, b_part);
    let b_error = l.subtract(b[0], b_part);
    let a_error = l.subtract(a[0], a_part);
    let error = l.add(a_error, b_error);
    let lows = l.add(a[1], b[1]);
    let low = l.add(lows, error);
    let zero = l.constant(0.0);
    let is_number = l.equal(low, low);
    [high, l.select(is_number, low, zero)]
}
