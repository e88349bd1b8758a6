//! Dense reductions in float64 with a bound on what rounding may do to them.

use std::sync::Arc;

use super::approximate::{Approximate, Format};
use super::expression::Expression;

/// What a column of a result has to be.
#[derive(Clone, Debug)]
pub enum Expected {
    /// A number up to an error; an infinite error means that nothing is known.
    Number { value: f64, error: f64 },
    /// The place of a value among these values, each known up to an error; 0 where no value has the place.
    Index { values: Arc<Vec<(f64, f64)>>, best: Option<usize> },
    /// An integer from `low` to `high`.
    Between { low: i64, high: i64 },
}

/// The reductions without parameters or weights that KeOps' users know best.
pub const REDUCTIONS: [&str; 6] = ["Sum", "LogSumExp", "Min", "Max", "ArgMin", "ArgMax"];

/// Rows that are added one after the other in the computation's format.
const BLOCK: f64 = 256.0;

/// How many roundings a sum of so many terms is expected to suffer, generously for errors that are independent.
pub fn roundings(terms: usize) -> f64 {
    4.0 + 2.0 * (terms as f64).min(BLOCK).sqrt()
}

pub fn unknown() -> Expected {
    Expected::Number { value: f64::NAN, error: f64::INFINITY }
}

/// A sum without rounding errors that matter (Neumaier's).
pub fn exact_sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0f64, 0.0f64);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

/// The reduction of one component's values.
pub fn reduce<F: Format>(name: &str, values: &[Approximate<F>]) -> Expected {
    let all = || values.iter().map(|v| (v.value, v.error)).collect::<Vec<_>>();
    match name {
        "Sum" => {
            let value = exact_sum(values.iter().map(|v| v.value));
            let size: f64 = values.iter().map(|v| v.value.abs()).sum();
            let inherited: f64 = values.iter().map(|v| v.error).sum();
            // A factor that leaves the sum multiplies it once more.
            let error = inherited + (roundings(values.len()) + 2.0) * F::UNIT * size + F::SMALL;
            if error.is_nan() { unknown() } else { Expected::Number { value, error } }
        }
        "LogSumExp" => log_sum_exp(values),
        "Min" | "Max" => {
            let best = extreme_number(&all(), name == "Max");
            // Whoever may win brings its own error.
            let reach = values.iter().map(|v| v.error).fold(0.0, f64::max);
            let rivals = values.iter().filter(|v| (v.value - best).abs() <= reach + v.error);
            Expected::Number { value: best, error: rivals.map(|v| v.error).fold(0.0, f64::max) }
        }
        "ArgMin" | "ArgMax" => {
            let best = first_extreme(values.iter().map(|v| v.value), name == "ArgMax");
            Expected::Index { values: Arc::new(all()), best }
        }
        _ => panic!("the oracle does not know the reduction `{name}`"),
    }
}

/// Whether a pair takes part in a reduction with this condition, if that is known.
pub fn takes_part<F: Format>(condition: Option<&Expression>, pair: &[Vec<Approximate<F>>]) -> Option<bool> {
    let Some(condition) = condition else { return Some(true) };
    let found = condition.evaluate(pair)[0];
    if found.value.abs() > found.error {
        return Some(true);
    }
    (found.error == 0.0).then_some(false)
}

/// The extreme value that is not NaN.
pub fn extreme_number(values: &[(f64, f64)], largest: bool) -> f64 {
    let numbers = values.iter().map(|v| v.0).filter(|v| !v.is_nan());
    if largest { numbers.fold(f64::NEG_INFINITY, f64::max) } else { numbers.fold(f64::INFINITY, f64::min) }
}

/// Minus infinity where there is nothing or nothing else, infinity where one value is, NaN where one value is.
fn log_sum_exp<F: Format>(values: &[Approximate<F>]) -> Expected {
    if values.iter().any(|v| v.error.is_infinite()) {
        return unknown();
    }
    let largest = values.iter().map(|v| v.value).fold(f64::NEG_INFINITY, f64::max);
    if largest.is_infinite() {
        return Expected::Number { value: largest, error: 0.0 };
    }
    let weights: Vec<f64> = values.iter().map(|v| (v.value - largest).exp()).collect();
    let sum = exact_sum(weights.iter().copied());
    let value = largest + sum.ln();
    let inherited: f64 = values.iter().zip(&weights).map(|(v, w)| (v.error + 4.0 * F::UNIT * v.value.abs()) * w).sum();
    let own = roundings(values.len()) + 4.0 * (value.abs() + largest.abs() + sum.ln().abs() + 1.0);
    Expected::Number { value, error: inherited / sum + own * F::UNIT }
}

impl Expected {
    /// Whether anything is known.
    pub fn is_known(&self) -> bool {
        match self {
            Expected::Number { error, .. } => error.is_finite(),
            Expected::Index { values, .. } => values.iter().all(|v| v.1.is_finite()),
            Expected::Between { low, high } => low == high,
        }
    }

    /// What is wrong with a number, if anything; `slack` multiplies the error.
    pub fn refuse_number(&self, found: f64, slack: f64) -> Option<String> {
        let Expected::Number { value, error } = *self else { return Some("an index was expected".into()) };
        if !error.is_finite() || found == value || (found - value).abs() <= slack * error {
            return None;
        }
        Some(format!(
            "got {found:e}; expected {value:e} up to {:e} (off by {:e})",
            slack * error,
            (found - value).abs()
        ))
    }

    /// What is wrong with an index, if anything.
    pub fn refuse_index(&self, found: i64, slack: f64) -> Option<String> {
        let (values, best) = match self {
            Expected::Index { values, best } => (values, best),
            Expected::Between { low, high } => {
                let wrong = !(low..=high).contains(&&found);
                return wrong.then(|| format!("got {found}; expected {low} to {high}"));
            }
            Expected::Number { .. } => return Some("a number was expected".into()),
        };
        if !self.is_known() {
            return None;
        }
        let Some(best) = *best else {
            return (found != 0).then(|| format!("got index {found} where no value has the place; expected 0"));
        };
        let Some(&(value, error)) = usize::try_from(found).ok().and_then(|k| values.get(k)) else {
            return Some(format!("got index {found} among {} rows", values.len()));
        };
        if found as usize == best {
            return None;
        }
        // Another place only where rounding can put its value first, and never a later equal one.
        let (best_value, best_error) = values[best];
        let distance = (value - best_value).abs();
        let possible = distance <= slack * (error + best_error) && (error + best_error > 0.0);
        (!possible).then(|| format!("got index {found} ({value:e}); expected {best} ({best_value:e})"))
    }
}

/// The place of the first extreme value, if any wins: NaN does not, nor does the infinity that everything is beyond.
pub fn first_extreme(values: impl Iterator<Item = f64>, largest: bool) -> Option<usize> {
    let (mut best, mut place) = (if largest { f64::NEG_INFINITY } else { f64::INFINITY }, None);
    for (k, value) in values.enumerate() {
        if (largest && value > best) || (!largest && value < best) {
            (best, place) = (value, Some(k));
        }
    }
    place
}
