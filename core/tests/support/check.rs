//! Comparing what the library computes with what the oracle expects.

use rkeops_core::{Dtype, Target};

use super::case::{Case, Values};
use super::oracle::Expected;

/// What multiplies the oracle's bound: what first order leaves out.
pub const SLACK: f64 = 4.0;

/// The kept rows that are compared with the oracle: the ends, and those around the widths of vectors and tiles.
fn sampled(rows: usize) -> Vec<usize> {
    let marks = [0, 1, 7, 8, 15, 16, 63, 64, 127, 128, 511, 512, 1023, 1024];
    let mut chosen: Vec<usize> = marks.into_iter().chain([rows.wrapping_sub(1)]).filter(|&k| k < rows).collect();
    chosen.dedup();
    chosen
}

/// How many values were compared, and how many of them the oracle knew.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    pub compared: usize,
    pub known: usize,
    /// The largest error found, in units of the oracle's bound.
    pub worst: f64,
}

/// What is wrong with the results of a case, if anything.
pub fn refuse(case: &Case, dtype: Dtype, results: &[Values], count: &mut Count) -> Option<String> {
    refuse_with(case, dtype, results, SLACK, count)
}

pub fn refuse_with(case: &Case, dtype: Dtype, results: &[Values], slack: f64, count: &mut Count) -> Option<String> {
    let arrays = case.outputs();
    if results.len() != arrays.len() {
        return Some(format!("got {} arrays of results; expected {}", results.len(), arrays.len()));
    }
    for (k, values) in results.iter().enumerate() {
        let columns = arrays[k].1;
        let length = match values {
            Values::Numbers(v) => v.len(),
            Values::Indices(v) => v.len(),
        };
        if length != case.kept() * columns {
            return Some(format!("result {k} has {length} elements; expected {} x {columns}", case.kept()));
        }
    }
    for row in sampled(case.kept()) {
        for (k, (expected, values)) in case.expected(row, dtype).iter().zip(results).enumerate() {
            for (column, expected) in expected.iter().enumerate() {
                let place = row * arrays[k].1 + column;
                count.compared += 1;
                count.known += usize::from(expected.is_known());
                if let (Expected::Number { value, error }, Values::Numbers(v)) = (expected, values)
                    && error.is_finite()
                    && *error > 0.0
                {
                    count.worst = count.worst.max((v[place] - value).abs() / error);
                }
                let wrong = match values {
                    Values::Numbers(v) => expected.refuse_number(v[place], slack),
                    Values::Indices(v) => expected.refuse_index(v[place], slack),
                };
                if let Some(what) = wrong {
                    return Some(format!("result {k} row {row} column {column}: {what}"));
                }
            }
        }
    }
    None
}

/// Runs a case and compares it with the oracle.
pub fn check(case: &Case, dtype: Dtype, target: Target, count: &mut Count) -> Result<(), String> {
    let results = case.run(dtype, target, 0).map_err(|error| format!("refused: {error}"))?;
    refuse(case, dtype, &results, count).map_or(Ok(()), Err)
}

/// As [`check`], with a panic where it fails.
pub fn assert_right(case: &Case, dtype: Dtype, target: Target) {
    if let Err(what) = check(case, dtype, target, &mut Count::default()) {
        panic!("{} {dtype}: {what}\n{}", target.name(), describe(case));
    }
}

/// A case in words.
pub fn describe(case: &Case) -> String {
    format!(
        "{:#?}\naliases {:?}\nM {} N {} axis {} numbers {:?} data seed {}\ninputs {:?} output {:?}",
        case.texts(),
        case.aliases(),
        case.rows[0],
        case.rows[1],
        case.axis,
        case.numbers,
        case.seed,
        case.inputs,
        case.output,
    )
}
