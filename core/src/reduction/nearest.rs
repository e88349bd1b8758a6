//! The K smallest or largest values of each component, in order, and where they are. Ties go to the smallest index, a
//! NaN never wins; where fewer than K values win the rest is infinite, with index 0.

use std::cmp::Ordering;

use super::{Change, Columns, Form, Method, Reducer, Reduction, RowReducer, RowResult, Slope, winners};
use crate::error;
use crate::ops::Algebra;

pub(super) const FAMILY: &[&dyn Reducer] = &[
    &Nearest { largest: false, gives: Gives::Values, name: "KMin" },
    &Nearest { largest: false, gives: Gives::Indices, name: "ArgKMin" },
    &Nearest { largest: false, gives: Gives::Both, name: "KMin_ArgKMin" },
    &Nearest { largest: true, gives: Gives::Values, name: "KMax" },
    &Nearest { largest: true, gives: Gives::Indices, name: "ArgKMax" },
    &Nearest { largest: true, gives: Gives::Both, name: "KMax_ArgKMax" },
];

/// The largest K: what a task holds of its rows stays far below the memory of a small computer.
const MOST: i64 = 1 << 16;
/// Values that are compared with the threshold together.
const TOGETHER: usize = 32;
/// Candidates beyond K at least, so that a small K is not selected again and again.
const SPARE: usize = 64;

#[derive(Debug, PartialEq)]
enum Gives {
    Values,
    Indices,
    Both,
}

#[derive(Debug)]
struct Nearest {
    largest: bool,
    gives: Gives,
    name: &'static str,
}

/// The candidates of one component: at least the K best values so far, with their indices, and the pair from which on
/// no other can be among them; positions may come in any order. Values of the opposite sign stand for the largest ones.
#[derive(Debug)]
pub struct Candidates {
    threshold: (f64, i64),
    pairs: Vec<(f64, i64)>,
}

/// By value, then by index. There is no NaN.
fn order(a: &(f64, i64), b: &(f64, i64)) -> Ordering {
    a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal).then(a.1.cmp(&b.1))
}

impl Candidates {
    fn take(&mut self, k: usize, pair: (f64, i64)) {
        if pair.0 <= self.threshold.0 && order(&pair, &self.threshold).is_lt() {
            self.pairs.push(pair);
            if self.pairs.len() == k + k.max(SPARE) {
                self.select(k);
            }
        }
    }

    /// Drops all candidates but the best, in time that does not grow with K for each of them.
    fn select(&mut self, k: usize) {
        if self.pairs.len() > k {
            self.threshold = self.pairs.select_nth_unstable_by(k - 1, order).1.to_owned();
            self.pairs.truncate(k);
        }
    }
}

impl Nearest {
    fn sign(&self) -> f64 {
        if self.largest { -1.0 } else { 1.0 }
    }
}

impl Reducer for Nearest {
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        match (self.largest, &self.gives) {
            (false, Gives::Values) => {
                "the K smallest values, ascending; columns by rank, then by component; +inf where there are fewer, NaN is \
                 ignored"
            }
            (false, Gives::Indices) => {
                "indices of the K smallest values, ascending, the first on ties; columns by rank, then by component; 0 \
                 where there are fewer, NaN and +inf are ignored"
            }
            (false, Gives::Both) => "the results of KMin and of ArgKMin",
            (true, Gives::Values) => {
                "the K largest values, descending; columns by rank, then by component; -inf where there are fewer, NaN is \
                 ignored"
            }
            (true, Gives::Indices) => {
                "indices of the K largest values, descending, the first on ties; columns by rank, then by component; 0 \
                 where there are fewer, NaN and -inf are ignored"
            }
            (true, Gives::Both) => "the results of KMax and of ArgKMax",
        }
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["K"]
    }

    fn check(&self, form: Form<'_>) -> Result<(), String> {
        match form.parameters {
            [1..=MOST] => Ok(()),
            k => Err(format!("parameter `K` is {}; expected 1 to {MOST}", k[0])),
        }
    }

    fn results(&self, form: Form<'_>) -> Vec<Columns> {
        let count = form.parameters[0] as usize * form.dim;
        match self.gives {
            Gives::Values => vec![Columns::numbers(count)],
            Gives::Indices => vec![Columns::integers(count)],
            Gives::Both => vec![Columns::numbers(count), Columns::integers(count)],
        }
    }

    fn method(&self) -> Method<'_> {
        Method::Rows(self)
    }

    fn saved(&self, reduction: &Reduction) -> error::Result<Vec<Reduction>> {
        match self.gives {
            Gives::Indices => Ok(Vec::new()),
            _ => winners::saved(if self.largest { "ArgKMax" } else { "ArgKMin" }, reduction),
        }
    }

    fn derivative(&self, algebra: &mut dyn Algebra, change: Change<'_>) -> Result<Slope, String> {
        match self.gives {
            Gives::Indices => Err(winners::GIVES_INTEGERS.into()),
            _ => Ok(winners::derivative(algebra, self.largest, change)),
        }
    }
}

impl RowReducer for Nearest {
    type State = Vec<Candidates>;

    fn start(&self, form: Form<'_>) -> Vec<Candidates> {
        // What is infinite is never taken, as if by a strict comparison with the padding.
        let threshold = (f64::INFINITY, i64::MIN);
        (0..form.dim).map(|_| Candidates { threshold, pairs: Vec::new() }).collect()
    }

    fn absorb(&self, form: Form<'_>, state: &mut Vec<Candidates>, first: usize, values: &[&[f64]]) {
        let (k, sign) = (form.parameters[0] as usize, self.sign());
        for (candidates, values) in state.iter_mut().zip(values) {
            for (start, chunk) in (first..).step_by(TOGETHER).zip(values.chunks(TOGETHER)) {
                let threshold = candidates.threshold.0;
                // Nearly always nothing is up to the threshold, which a few vector instructions tell.
                if chunk.iter().fold(false, |any, &value| any | (sign * value <= threshold)) {
                    for (index, &value) in (start..).zip(chunk) {
                        candidates.take(k, (sign * value, index as i64));
                    }
                }
            }
        }
    }

    fn merge(&self, form: Form<'_>, state: &mut Vec<Candidates>, later: Vec<Candidates>) {
        let k = form.parameters[0] as usize;
        for (candidates, later) in state.iter_mut().zip(later) {
            later.pairs.into_iter().for_each(|pair| candidates.take(k, pair));
        }
    }

    fn finish(&self, form: Form<'_>, state: Vec<Candidates>) -> RowResult {
        let (k, sign) = (form.parameters[0] as usize, self.sign());
        let mut numbers = vec![sign * f64::INFINITY; k * form.dim];
        let mut integers = vec![0; k * form.dim];
        for (component, mut candidates) in state.into_iter().enumerate() {
            candidates.select(k);
            candidates.pairs.sort_unstable_by(order);
            for (rank, (value, index)) in candidates.pairs.into_iter().enumerate() {
                let column = rank * form.dim + component;
                (numbers[column], integers[column]) = (sign * value, index);
            }
        }
        match self.gives {
            Gives::Values => RowResult { numbers, integers: Vec::new() },
            Gives::Indices => RowResult { numbers: Vec::new(), integers },
            Gives::Both => RowResult { numbers, integers },
        }
    }
}
