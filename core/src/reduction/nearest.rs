//! The K smallest or largest values of each component, in order, and where they are. Ties go to the smallest index, a
//! NaN never wins; where fewer than K values win the rest is infinite, with index 0.

use super::{Change, Columns, Form, Method, Ranks, Reducer, Reduction, RowReducer, RowResult, Side, Slope, winners};
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
/// As many candidates are kept in order.
const FEW: usize = 32;
/// Candidates among which one is chosen that parts all.
const SAMPLE: usize = 31;

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

/// A value and its index as one number, whose order is by value and then by index: the bits of float64 numbers have their
/// order but for the sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked(u128);

const SIGN: u64 = 1 << 63;

impl Ranked {
    /// Of a value that is not NaN.
    fn new(value: f64, index: i64) -> Self {
        // Of the two zeros, which are equal, the sum is the positive one.
        let bits = (value + 0.0).to_bits();
        let ordered = if bits & SIGN == 0 { bits | SIGN } else { !bits };
        Ranked(u128::from(ordered) << 64 | u128::from(index as u64))
    }

    fn value(self) -> f64 {
        let ordered = (self.0 >> 64) as u64;
        f64::from_bits(if ordered & SIGN == 0 { !ordered } else { ordered ^ SIGN })
    }

    fn index(self) -> i64 {
        self.0 as i64
    }
}

/// The candidates of one component: at least the K best so far, and the one from which on no other can be among them;
/// positions may come in any order. Values of the opposite sign stand for the largest ones.
#[derive(Debug)]
pub struct Candidates {
    threshold: Ranked,
    /// The value of the threshold.
    bound: f64,
    /// In order, if K is small.
    ranked: Vec<Ranked>,
}

impl Candidates {
    fn new() -> Self {
        // What is infinite is never taken, as if by a strict comparison with the padding.
        Candidates { threshold: Ranked::new(f64::INFINITY, 0), bound: f64::INFINITY, ranked: Vec::new() }
    }

    fn take(&mut self, k: usize, value: f64, index: i64) {
        // A NaN is not.
        if value <= self.bound {
            self.put(k, Ranked::new(value, index));
        }
    }

    fn put(&mut self, k: usize, candidate: Ranked) {
        if candidate >= self.threshold {
            return;
        }
        if k > FEW {
            self.ranked.push(candidate);
            if self.ranked.len() == 2 * k {
                self.thin(k);
            }
            return;
        }
        // The last of K is replaced, and the new one goes up to its place.
        match self.ranked.len() == k {
            true => self.ranked[k - 1] = candidate,
            false => self.ranked.push(candidate),
        }
        let mut place = self.ranked.len() - 1;
        while place > 0 && self.ranked[place - 1] > candidate {
            self.ranked[place] = self.ranked[place - 1];
            place -= 1;
        }
        self.ranked[place] = candidate;
        if self.ranked.len() == k {
            self.end_at(self.ranked[k - 1]);
        }
    }

    /// Takes values, each after its position.
    fn take_all(&mut self, k: usize, sign: f64, mut values: &[(usize, f64)]) {
        if k <= FEW {
            values.iter().for_each(|&(position, value)| self.take(k, sign * value, position as i64));
            return;
        }
        self.ranked.reserve(2 * k - self.ranked.len());
        while !values.is_empty() {
            let (now, later) = values.split_at(values.len().min(2 * k - self.ranked.len()));
            values = later;
            let threshold = self.threshold;
            let candidates = now.iter().filter(|(_, value)| !value.is_nan());
            let candidates = candidates.map(|&(position, value)| Ranked::new(sign * value, position as i64));
            self.ranked.extend(candidates.filter(|candidate| *candidate < threshold));
            if self.ranked.len() == 2 * k {
                self.thin(k);
            }
        }
    }

    /// Drops about half of the candidates beyond the best: those after one that a sample tells.
    fn thin(&mut self, k: usize) {
        let mut sample: [Ranked; SAMPLE] =
            std::array::from_fn(|n| self.ranked[(2 * n + 1) * self.ranked.len() / (2 * SAMPLE)]);
        let last = *sample.select_nth_unstable(SAMPLE * 5 / 8).1;
        let count = self.ranked.iter().fold(0, |count, candidate| count + usize::from(*candidate <= last));
        if count < k || count > 2 * k - k / 4 {
            return self.select(k);
        }
        // Without a branch for each, because none could be foretold.
        let mut place = 0;
        for n in 0..self.ranked.len() {
            let candidate = self.ranked[n];
            self.ranked[place] = candidate;
            place += usize::from(candidate <= last);
        }
        self.ranked.truncate(count);
        self.end_at(last);
    }

    /// Drops all candidates but the best, in time that does not grow with K for each of them.
    fn select(&mut self, k: usize) {
        if self.ranked.len() > k {
            let last = *self.ranked.select_nth_unstable(k - 1).1;
            self.ranked.truncate(k);
            self.end_at(last);
        }
    }

    fn end_at(&mut self, last: Ranked) {
        (self.threshold, self.bound) = (last, last.value());
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
        (0..form.dim).map(|_| Candidates::new()).collect()
    }

    fn absorb(&self, form: Form<'_>, state: &mut Vec<Candidates>, first: usize, values: &[&[f64]]) {
        let (k, sign) = (form.parameters[0] as usize, self.sign());
        for (candidates, values) in state.iter_mut().zip(values) {
            for (start, chunk) in (first..).step_by(TOGETHER).zip(values.chunks(TOGETHER)) {
                let threshold = candidates.bound;
                // Nearly always nothing is up to the threshold, which a few vector instructions tell.
                if chunk.iter().fold(false, |any, &value| any | (sign * value <= threshold)) {
                    for (index, &value) in (start..).zip(chunk) {
                        candidates.take(k, sign * value, index as i64);
                    }
                }
            }
        }
    }

    fn side(&self) -> Option<Side> {
        Some(if self.largest { Side::Above } else { Side::Below })
    }

    fn ranks(&self, form: Form<'_>) -> Option<Ranks> {
        Some(Ranks { count: form.parameters[0] as usize, largest: self.largest })
    }

    fn bound(&self, _: Form<'_>, state: &Vec<Candidates>, component: usize) -> f64 {
        self.sign() * state[component].bound
    }

    fn take(&self, form: Form<'_>, state: &mut Vec<Candidates>, component: usize, position: usize, value: f64) {
        state[component].take(form.parameters[0] as usize, self.sign() * value, position as i64);
    }

    fn take_all(&self, form: Form<'_>, state: &mut Vec<Candidates>, component: usize, values: &[(usize, f64)]) {
        state[component].take_all(form.parameters[0] as usize, self.sign(), values);
    }

    fn merge(&self, form: Form<'_>, state: &mut Vec<Candidates>, later: Vec<Candidates>) {
        let k = form.parameters[0] as usize;
        for (candidates, later) in state.iter_mut().zip(later) {
            later.ranked.into_iter().for_each(|ranked| candidates.put(k, ranked));
        }
    }

    fn finish(&self, form: Form<'_>, state: Vec<Candidates>) -> RowResult {
        let (k, sign) = (form.parameters[0] as usize, self.sign());
        let mut numbers = vec![sign * f64::INFINITY; k * form.dim];
        let mut integers = vec![0; k * form.dim];
        for (component, mut candidates) in state.into_iter().enumerate() {
            candidates.select(k);
            candidates.ranked.sort_unstable();
            for (rank, ranked) in candidates.ranked.into_iter().enumerate() {
                let column = rank * form.dim + component;
                (numbers[column], integers[column]) = (sign * ranked.value(), ranked.index());
            }
        }
        match self.gives {
            Gives::Values => RowResult { numbers, integers: Vec::new() },
            Gives::Indices => RowResult { numbers: Vec::new(), integers },
            Gives::Both => RowResult { numbers, integers },
        }
    }
}
