//! The reductions as the tests see them: what they take, which arrays they give, and what these hold.

use std::sync::Arc;

use super::approximate::{Approximate, Format};
use super::check::SLACK;
use super::expression::{Expression, Variable};
use super::oracle::{Expected, REDUCTIONS, exact_sum, extreme_number, reduce, roundings, unknown};
use super::scalar::Scalar;

/// Reductions of one formula, beyond those of [`REDUCTIONS`].
pub const PLAIN: [&str; 8] = ["Mean", "Prod", "Zero", "Any", "All", "Count", "Min_ArgMin", "Max_ArgMax"];
/// Reductions of a scalar formula, with weights where `true`.
pub const EXPONENTIAL: [(&str, bool); 5] = [
    ("LogSumExp", false),
    ("LogSumExpWeight", true),
    ("SumSoftMaxWeight", true),
    ("Max_SumShiftExp", false),
    ("Max_SumShiftExpWeight", true),
];
/// Reductions that have the parameter K.
pub const NEAREST: [&str; 6] = ["KMin", "ArgKMin", "KMin_ArgKMin", "KMax", "ArgKMax", "KMax_ArgKMax"];

/// Every name.
pub fn reductions() -> impl Iterator<Item = &'static str> {
    let names = REDUCTIONS.into_iter().chain(PLAIN).chain(NEAREST);
    names.chain(EXPONENTIAL.into_iter().map(|(name, _)| name).filter(|name| *name != "LogSumExp"))
}

/// Whether the name is one of a scalar formula.
pub fn is_exponential(name: &str) -> bool {
    EXPONENTIAL.iter().any(|(other, _)| *other == name)
}

/// Whether values may come in any order without a change of the last digit.
pub fn is_order_free(name: &str) -> bool {
    !matches!(name, "Sum" | "Mean" | "Prod") && !is_exponential(name)
}

/// What stands in a case for a formula together with weights and parameters.
pub fn with_extra(formula: Expression, weights: Option<Expression>, parameters: &[i64]) -> Expression {
    Expression::Apply("With", std::iter::once(formula).chain(weights).collect(), parameters.to_vec())
}

/// The formula, the weights and the parameters.
pub fn taken(expression: &Expression) -> (&Expression, Option<&Expression>, &[i64]) {
    match expression {
        Expression::Apply("With", operands, parameters) => (&operands[0], operands.get(1), parameters),
        formula => (formula, None, &[]),
    }
}

/// The text of a reduction with this index remaining.
pub fn text(name: &str, expression: &Expression, remaining: usize) -> String {
    let (formula, weights, parameters) = taken(expression);
    let parameters: String = parameters.iter().map(|p| format!("{p},")).collect();
    let weights = weights.map_or(String::new(), |weights| format!(",{}", weights.text()));
    format!("{name}_Reduction({},{parameters}{remaining}{weights})", formula.text())
}

/// The columns of each array of the result.
pub fn columns(name: &str, expression: &Expression, variables: &[Variable]) -> Vec<usize> {
    let (formula, weights, parameters) = taken(expression);
    let dim = formula.columns(variables);
    let weights = weights.map(|weights| weights.dim(variables));
    match (name, parameters) {
        ("Min_ArgMin" | "Max_ArgMax", _) => vec![dim; 2],
        ("KMin_ArgKMin" | "KMax_ArgKMax", [k]) => vec![dim * *k as usize; 2],
        (_, [k]) => vec![dim * *k as usize],
        ("Max_SumShiftExp" | "Max_SumShiftExpWeight", _) => vec![1 + weights.unwrap_or(1)],
        _ => vec![weights.unwrap_or(dim)],
    }
}

/// What stands in a case for a reduction with a condition on its pairs.
pub fn with_mask(expression: Expression, condition: Expression) -> Expression {
    let mask = |formula| Expression::Apply("Mask", vec![formula, condition], Vec::new());
    match expression {
        Expression::Apply("With", mut operands, parameters) => {
            let formula = operands.remove(0);
            operands.insert(0, mask(formula));
            Expression::Apply("With", operands, parameters)
        }
        formula => mask(formula),
    }
}

/// The sum of those terms that take part, where that is known.
pub fn masked_sum<F: Format>(terms: &[Approximate<F>], mask: &[Option<bool>]) -> Expected {
    let values: Vec<Vec<Approximate<F>>> = terms.iter().map(|term| vec![*term]).collect();
    expected_masked("Sum", &[], &values, &[], mask, [1, 0]).remove(0).remove(0)
}

/// As [`expected`], of the values of those pairs alone that take part; nothing is known where that is not.
pub fn expected_masked<F: Format>(
    name: &str,
    parameters: &[i64],
    values: &[Vec<Approximate<F>>],
    weights: &[Vec<Approximate<F>>],
    mask: &[Option<bool>],
    dims: [usize; 2],
) -> Vec<Vec<Expected>> {
    let forget = |expected: &mut Expected| {
        *expected = match expected {
            Expected::Number { .. } => unknown(),
            _ => Expected::Between { low: i64::MIN, high: i64::MAX },
        }
    };
    if mask.contains(&None) {
        let mut all = expected(name, parameters, values, weights, dims);
        all.iter_mut().flatten().for_each(forget);
        return all;
    }
    let taken = |k: &usize| mask[*k] == Some(true);
    if (name.contains("Min") || name.contains("Max")) && !is_exponential(name) {
        // What takes no part keeps its place and never wins.
        let nothing = vec![Approximate::exact(f64::NAN); dims[0]];
        let values: Vec<_> =
            (0..values.len()).map(|k| if taken(&k) { values[k].clone() } else { nothing.clone() }).collect();
        return expected(name, parameters, &values, weights, dims);
    }
    let some =
        |list: &[Vec<Approximate<F>>]| -> Vec<_> { (0..list.len()).filter(taken).map(|k| list[k].clone()).collect() };
    expected(name, parameters, &some(values), &some(weights), dims)
}

/// What the arrays of a row of the result have to hold; `values` are those of the formula, `weights` those of the
/// weights, for each reduced row.
pub fn expected<F: Format>(
    name: &str,
    parameters: &[i64],
    values: &[Vec<Approximate<F>>],
    weights: &[Vec<Approximate<F>>],
    [dim, weight_dim]: [usize; 2],
) -> Vec<Vec<Expected>> {
    let column = |list: &[Vec<Approximate<F>>], k: usize| list.iter().map(|v| v[k]).collect::<Vec<_>>();
    let each = |one: &str| (0..dim).map(|k| reduce(one, &column(values, k))).collect::<Vec<Expected>>();
    if let &[k] = parameters {
        return nearest(name, k as usize, values, dim);
    }
    match name {
        "Min_ArgMin" => vec![each("Min"), each("ArgMin")],
        "Max_ArgMax" => vec![each("Max"), each("ArgMax")],
        "Mean" => vec![(0..dim).map(|k| mean(&column(values, k))).collect()],
        "Prod" => vec![(0..dim).map(|k| product(&column(values, k))).collect()],
        "Zero" => vec![vec![Expected::Number { value: 0.0, error: 0.0 }; dim]],
        "Any" | "All" | "Count" => vec![(0..dim).map(|k| counted(name, &column(values, k))).collect()],
        "LogSumExp" | "Sum" | "Min" | "Max" | "ArgMin" | "ArgMax" => vec![each(name)],
        _ => {
            let exponents = column(values, 0);
            let ones = vec![Approximate::exact(1.0); values.len()];
            let lists: Vec<_> = (0..weight_dim).map(|k| column(weights, k)).collect();
            vec![exponential(name, &exponents, &ones, &lists)]
        }
    }
}

fn mean<F: Format>(values: &[Approximate<F>]) -> Expected {
    match (reduce("Sum", values), values.len()) {
        (Expected::Number { value, error }, count @ 1..) => {
            let (mean, count) = (value / count as f64, count as f64);
            Expected::Number { value: mean, error: error / count + 4.0 * F::UNIT * mean.abs() + F::SMALL }
        }
        _ => unknown(),
    }
}

fn product<F: Format>(values: &[Approximate<F>]) -> Expected {
    let product = values.iter().fold(Approximate::exact(1.0), |product, value| product.multiply(value));
    if product.error.is_finite() { Expected::Number { value: product.value, error: product.error } } else { unknown() }
}

/// A value may be zero or not where its error reaches zero.
fn counted<F: Format>(name: &str, values: &[Approximate<F>]) -> Expected {
    let is_sure = |v: &&Approximate<F>| v.value.is_nan() || v.value.abs() > 16.0 * v.error;
    let is_zero = |v: &&Approximate<F>| v.value == 0.0 && v.error == 0.0;
    let (sure, zeros) = (values.iter().filter(is_sure).count(), values.iter().filter(is_zero).count());
    let (low, high, all) = (sure as i64, (values.len() - zeros) as i64, values.len() as i64);
    match name {
        "Count" => Expected::Between { low, high },
        "Any" => Expected::Between { low: low.min(1), high: high.min(1) },
        _ => Expected::Between { low: i64::from(low == all), high: i64::from(high == all) },
    }
}

/// The ranks of each component: all components of the first rank come first.
fn nearest<F: Format>(name: &str, k: usize, values: &[Vec<Approximate<F>>], dim: usize) -> Vec<Vec<Expected>> {
    let largest = name.contains("Max");
    let sign = if largest { -1.0 } else { 1.0 };
    let (mut numbers, mut indices) = (vec![unknown(); k * dim], vec![unknown(); k * dim]);
    for component in 0..dim {
        let list: Arc<Vec<(f64, f64)>> =
            Arc::new(values.iter().map(|v| (v[component].value, v[component].error)).collect());
        let mut order: Vec<usize> = (0..list.len()).filter(|&at| sign * list[at].0 < f64::INFINITY).collect();
        order.sort_by(|&a, &b| (sign * list[a].0).partial_cmp(&(sign * list[b].0)).expect("no NaN"));
        let reach = list.iter().map(|v| v.1).fold(0.0, f64::max);
        for rank in 0..k {
            let place = order.get(rank).copied();
            let value = place.map_or(sign * f64::INFINITY, |at| list[at].0);
            let rivals = list.iter().filter(|v| (v.0 - value).abs() <= reach + v.1);
            // What is not known may win any rank.
            let error = if reach.is_finite() { rivals.map(|v| v.1).fold(0.0, f64::max) } else { f64::INFINITY };
            numbers[rank * dim + component] = Expected::Number { value, error };
            // Whatever may be on either side of an exact value moves the ranks of all values that are equal to it.
            let is_beside = |v: &(f64, f64)| v.1 > 0.0 && (v.0 - value).abs() <= SLACK * v.1;
            let is_exact = place.is_some_and(|at| list[at].1 == 0.0);
            let values = match is_exact && list.iter().any(is_beside) {
                true => Arc::new(vec![(value, f64::INFINITY)]),
                false => list.clone(),
            };
            indices[rank * dim + component] = Expected::Index { values, best: place };
        }
    }
    match name {
        "KMin" | "KMax" => vec![numbers],
        "ArgKMin" | "ArgKMax" => vec![indices],
        _ => vec![numbers, indices],
    }
}

/// The sum of weights times exponentials relative to the largest exponent, with its error.
fn shifted_sum<F: Format>(exponents: &[Approximate<F>], weights: &[Approximate<F>], most: f64) -> (f64, f64) {
    let powers: Vec<f64> = exponents.iter().map(|v| (v.value - most).exp()).collect();
    let sum = exact_sum(powers.iter().zip(weights).map(|(power, weight)| power * weight.value));
    let each = exponents.iter().zip(weights).zip(&powers).map(|((exponent, weight), power)| {
        let shift = exponent.error + 4.0 * F::UNIT * (exponent.value.abs() + most.abs() + 1.0);
        power * (weight.error + weight.value.abs() * (shift + roundings(exponents.len()) * F::UNIT))
    });
    (sum, each.sum::<f64>() + F::SMALL)
}

fn exponential<F: Format>(
    name: &str,
    exponents: &[Approximate<F>],
    ones: &[Approximate<F>],
    weights: &[Vec<Approximate<F>>],
) -> Vec<Expected> {
    let lists = if weights.is_empty() { vec![ones.to_vec()] } else { weights.to_vec() };
    let reach = exponents.iter().map(|v| v.error).fold(0.0, f64::max);
    let all: Vec<(f64, f64)> = exponents.iter().map(|v| (v.value, v.error)).collect();
    let most = extreme_number(&all, true);
    let is_known = reach.is_finite() && most < f64::INFINITY;
    let gives_maximum = name.starts_with("Max_");
    let mut results = Vec::new();
    if gives_maximum {
        let error = if is_known { reach + 4.0 * F::UNIT * most.abs() } else { f64::INFINITY };
        results.push(Expected::Number { value: most, error: if most.is_infinite() { 0.0 } else { error } });
    }
    let plain = shifted_sum(exponents, ones, most);
    for list in &lists {
        let fine = is_known && list.iter().all(|weight| weight.error.is_finite());
        let (sum, error) = shifted_sum(exponents, list, most);
        results.push(match name {
            _ if !fine => unknown(),
            "Max_SumShiftExp" | "Max_SumShiftExpWeight" if most == f64::NEG_INFINITY => {
                Expected::Number { value: 0.0, error: 0.0 }
            }
            "Max_SumShiftExp" | "Max_SumShiftExpWeight" => {
                let size = shifted_sum(exponents, &list.iter().map(|w| w.magnitude()).collect::<Vec<_>>(), most).0;
                Expected::Number { value: sum, error: error + 2.0 * size * (reach + 4.0 * F::UNIT) }
            }
            "SumSoftMaxWeight" if most.is_finite() => {
                let mean = sum / plain.0;
                let error = (error + mean.abs() * plain.1) / plain.0 + 2.0 * F::UNIT * mean.abs();
                Expected::Number { value: mean, error }
            }
            "LogSumExpWeight" if most == f64::NEG_INFINITY => Expected::Number { value: most, error: 0.0 },
            "LogSumExpWeight" if sum > 4.0 * error => {
                let value = most + sum.ln();
                let own = 4.0 * (value.abs() + most.abs() + sum.ln().abs() + 1.0) * F::UNIT;
                Expected::Number { value, error: 2.0 * error / sum + own }
            }
            _ => unknown(),
        });
    }
    results
}
