//! What each operation means.

use super::complex;
use super::expression::KERNELS;
use super::scalar::{Comparison, Scalar, sign, step};
use super::tensor;

const LESS: Comparison = |a, b| a < b;
const LESS_OR_EQUAL: Comparison = |a, b| a <= b;
const GREATER: Comparison = |a, b| a > b;
const GREATER_OR_EQUAL: Comparison = |a, b| a >= b;
const EQUAL: Comparison = |a, b| a == b;
const NOT_EQUAL: Comparison = |a, b| a != b;

fn elementwise<S: Scalar>(values: &[Vec<S>], of: impl Fn(&[&S]) -> S) -> Vec<S> {
    let dim = values.iter().map(Vec::len).max().unwrap_or(1);
    (0..dim).map(|k| of(&values.iter().map(|v| &v[if v.len() == 1 { 0 } else { k }]).collect::<Vec<_>>())).collect()
}

fn total<S: Scalar>(values: &[S]) -> S {
    values.iter().skip(1).fold(values[0].clone(), |sum, v| sum.add(v))
}

/// 1 where the comparison holds, else 0.
fn truth<S: Scalar>(holds: Comparison, a: &S, b: &S) -> S {
    a.choose(holds, b, &S::number(1.0), &S::number(0.0))
}

fn clamp<S: Scalar>(x: &S, low: &S, high: &S) -> S {
    x.choose(LESS, low, low, &x.choose(GREATER, high, high, x))
}

/// Half away from zero at a decimal place.
fn round<S: Scalar>(x: &S, digits: i64) -> S {
    if digits == 0 {
        return x.step_of(f64::round);
    }
    let scale = S::number(10f64.powi(digits as i32));
    let scaled = x.multiply(&scale);
    // What overflows has no such digits.
    if scaled.value().is_infinite() { x.clone() } else { scaled.step_of(f64::round).divide(&scale) }
}

/// The first extreme component and its place; a NaN in front stays, later ones are passed over.
fn extreme<S: Scalar>(values: &[S], wins: Comparison) -> (S, S) {
    let first = (values[0].clone(), S::number(0.0));
    values.iter().enumerate().skip(1).fold(first, |(best, place), (k, v)| {
        (v.choose(wins, &best, v, &best), v.choose(wins, &best, &S::number(k as f64), &place))
    })
}

fn outer<S: Scalar>(a: &[S], b: &[S]) -> Vec<S> {
    a.iter().flat_map(|a| b.iter().map(move |b| a.multiply(b))).collect()
}

fn products<S: Scalar>(a: &[S], b: &[S]) -> Vec<S> {
    a.iter().zip(b).map(|(a, b)| a.multiply(b)).collect()
}

/// A kernel of a scalar and two points times a vector.
fn kernel<S: Scalar>(name: &str, values: &[Vec<S>]) -> Vec<S> {
    let (scale, vector) = (&values[0][0], &values[3]);
    let difference: Vec<S> = elementwise(&values[1..3], |v| v[0].subtract(v[1]));
    let square = total(&products(&difference, &difference));
    let one = S::number(1.0);
    let along = |k: usize| total(&products(vector, &difference)).multiply(&difference[k]);
    let gaussian = scale.multiply(&square).negate().exp();
    let width = one.divide(&S::number(2.0).multiply(scale));
    let component = |k: usize| match name {
        "GaussKernel" => gaussian.multiply(&vector[k]),
        "LaplaceKernel" => scale.multiply(&square.sqrt()).negate().exp().multiply(&vector[k]),
        "CauchyKernel" => vector[k].divide(&one.add(&scale.multiply(&square))),
        "InverseMultiquadricKernel" => vector[k].divide(&one.divide(scale).add(&square).sqrt()),
        "DivFreeGaussKernel" => {
            let others = S::number(difference.len() as f64 - 1.0);
            let across = others.multiply(&width).subtract(&square).multiply(&vector[k]);
            gaussian.multiply(&across.add(&along(k)))
        }
        _ => gaussian.multiply(&width.multiply(&vector[k]).subtract(&along(k))),
    };
    (0..vector.len()).map(component).collect()
}

/// A square norm whose weights are one number, one for each component, or a matrix.
fn weighted<S: Scalar>(weights: &[S], vector: &[S]) -> S {
    if weights.len() == 1 {
        weights[0].multiply(&total(&products(vector, vector)))
    } else if weights.len() == vector.len() {
        total(&products(weights, &products(vector, vector)))
    } else {
        total(&products(weights, &outer(vector, vector)))
    }
}

/// The largest value and the exponentials of all less that.
fn powers<S: Scalar>(values: &[S]) -> (S, Vec<S>) {
    let largest = values.iter().map(S::value).fold(f64::NEG_INFINITY, f64::max);
    let shift = S::number(if largest.is_finite() { largest } else { 0.0 });
    let powers = values.iter().map(|v| v.subtract(&shift).exp()).collect();
    (shift, powers)
}

fn log_sum_exp<S: Scalar>(values: &[S]) -> S {
    let (shift, powers) = powers(values);
    shift.add(&total(&powers).log())
}

/// The spline that rises from the first of its knots and falls to the last.
fn spline<S: Scalar>(knots: &[S], x: &S) -> S {
    if let [left, right] = knots {
        return truth(LESS_OR_EQUAL, left, x).multiply(&truth(LESS, x, right));
    }
    let last = knots.len() - 1;
    let share = |knots: &[S], distance: S| {
        let (value, width) = (spline(knots, x), knots[knots.len() - 1].subtract(&knots[0]));
        if width.value() == 0.0 { S::number(0.0) } else { distance.multiply(&value).divide(&width) }
    };
    share(&knots[..last], x.subtract(&knots[0])).add(&share(&knots[1..], knots[last].subtract(x)))
}

/// Costs and soft minima of the cells to the left, above and between.
fn alignment<S: Scalar>(x: &[S], y: &[S], width: &S) -> S {
    let mut table: Vec<Vec<S>> = Vec::new();
    for (i, x) in x.iter().enumerate() {
        table.push(Vec::new());
        for (j, y) in y.iter().enumerate() {
            let difference = x.subtract(y);
            let mut cost = difference.multiply(&difference);
            let places = [(i + 1, j), (i, j + 1), (i, j)];
            let before: Vec<&S> =
                places.iter().filter(|p| p.0 > 0 && p.1 > 0).map(|p| &table[p.0 - 1][p.1 - 1]).collect();
            if let [one] = before[..] {
                cost = cost.add(one);
            } else if !before.is_empty() {
                let scaled: Vec<S> = before.iter().map(|v| v.divide(width).negate()).collect();
                cost = cost.subtract(&width.multiply(&log_sum_exp(&scaled)));
            }
            table[i].push(cost);
        }
    }
    table.pop().and_then(|mut row| row.pop()).expect("a sequence is not empty")
}

/// What an operation means.
pub fn meaning<S: Scalar>(name: &str, values: &[Vec<S>], parameters: &[i64]) -> Vec<S> {
    let one = |of: fn(&S) -> S| elementwise(values, |a| of(a[0]));
    let two = |of: fn(&S, &S) -> S| elementwise(values, |a| of(a[0], a[1]));
    if name == "IntInv" {
        return vec![S::number(1.0).divide(&S::number(parameters[0] as f64))];
    }
    let a = &values[0];
    let place = |start: usize, dim: usize| {
        let mut whole = vec![S::number(0.0); dim];
        whole[start..start + a.len()].clone_from_slice(a);
        whole
    };
    let number = |k: usize| parameters[k] as usize;
    let integer = |k: usize| S::number(parameters[k] as f64);
    let compare = |holds| elementwise(values, |a| truth(holds, a[0], a[1]));
    match name {
        "Add" => two(S::add),
        "Subtract" => two(S::subtract),
        "Mult" => two(S::multiply),
        "Divide" => two(S::divide),
        "Powf" => two(S::power_of),
        "Minus" => one(S::negate),
        "Square" => one(|a| a.multiply(a)),
        "Pow" => elementwise(values, |a| a[0].power(parameters[0])),
        "Sqrt" => one(S::sqrt),
        "Rsqrt" => one(S::rsqrt),
        "Inv" => one(|a| S::number(1.0).divide(a)),
        "Exp" => one(S::exp),
        "Exp2" => one(S::exp2),
        "Log" => one(S::log),
        "Sin" => one(S::sin),
        "Cos" => one(S::cos),
        "Tanh" => one(S::tanh),
        "Abs" => one(S::absolute),
        "Sign" => one(|a| a.step_of(sign)),
        "Step" => one(|a| a.step_of(step)),
        "ReLU" => one(S::relu),
        "Floor" => one(|a| a.step_of(f64::floor)),
        "Round" => elementwise(values, |a| round(a[0], parameters[0])),
        "XLogX" => one(S::x_log_x),
        "SinXDivX" => one(|a| a.spherical_bessel(0)),
        "SphericalBesselJ" => elementwise(values, |a| a[0].spherical_bessel(number(0))),
        "Asin" => one(S::asin),
        "Acos" => one(S::acos),
        "Atan" => one(S::atan),
        "Atan2" => two(S::atan2),
        "Log1p" => one(S::log1p),
        "Expm1" => one(S::expm1),
        "Erf" => one(S::erf),
        "Erfc" => one(S::erfc),
        "Tan" | "Sinh" | "Cosh" | "Asinh" | "Acosh" | "Atanh" | "Sigmoid" | "Softplus" => {
            elementwise(values, |a| a[0].named(name))
        }
        "Lgamma" => one(S::log_gamma),
        "Digamma" => one(|a| a.polygamma(0)),
        "Polygamma" => elementwise(values, |a| a[0].polygamma(number(0))),
        "BesselK" => values[1].iter().map(|x| x.bessel_k(a[0].value())).collect(),
        "Matern" => values[1].iter().map(|x| x.matern(a[0].value())).collect(),
        "Clamp" => elementwise(values, |a| clamp(a[0], a[1], a[2])),
        "ClampInt" => elementwise(values, |a| clamp(a[0], &integer(0), &integer(1))),
        "DiffClampInt" => elementwise(values, |a| {
            let (zero, one) = (S::number(0.0), S::number(1.0));
            a[0].choose(LESS, &integer(0), &zero, &a[0].choose(GREATER, &integer(1), &zero, &one))
        }),
        "IfElse" => elementwise(values, |a| a[0].choose(GREATER_OR_EQUAL, &S::number(0.0), a[1], a[2])),
        "Mod" => elementwise(values, |a| {
            let periods = a[0].subtract(a[2]).divide(a[1]).step_of(f64::floor);
            a[0].subtract(&a[1].multiply(&periods))
        }),
        "Equal" => compare(EQUAL),
        "NotEqual" => compare(NOT_EQUAL),
        "LessThan" => compare(LESS),
        "LessOrEqual" => compare(LESS_OR_EQUAL),
        "LogHypot" => two(complex::log_of_size),
        "SqrtParts" => complex::root_parts(a, &values[1]),
        "Integer" => a.clone(),
        "Sum" => vec![total(a)],
        "SumT" => vec![a[0].clone(); number(0)],
        "Concat" => a.iter().chain(&values[1]).cloned().collect(),
        "Extract" => a[number(0)..number(0) + number(1)].to_vec(),
        "ExtractT" => place(number(0), number(1)),
        "Elem" => vec![a[number(0)].clone()],
        "ElemT" => place(number(1), number(0)),
        "Scalprod" => vec![total(&two(S::multiply))],
        "SqNorm2" => vec![total(&products(a, a))],
        "Norm2" => vec![total(&products(a, a)).sqrt()],
        "SqDist" => {
            let squares = two(|a, b| {
                let difference = a.subtract(b);
                difference.multiply(&difference)
            });
            vec![total(&squares)]
        }
        "Normalize" => {
            let inverse = total(&products(a, a)).rsqrt();
            a.iter().map(|a| inverse.multiply(a)).collect()
        }
        "SqNormIso" | "SqNormDiag" | "WeightedSqNorm" => vec![weighted(a, &values[1])],
        "SymSqNorm" => vec![total(&products(a, &outer(&values[1], &values[1])))],
        "WeightedSqDist" => {
            let difference: Vec<S> = elementwise(&values[1..], |v| v[0].subtract(v[1]));
            vec![weighted(a, &difference)]
        }
        "Max" => vec![extreme(a, GREATER).0],
        "Min" => vec![extreme(a, LESS).0],
        "ArgMax" => vec![extreme(a, GREATER).1],
        "ArgMin" => vec![extreme(a, LESS).1],
        "OneHot" => {
            let place = a[0].add(&S::number(0.5)).step_of(f64::floor);
            (0..number(0)).map(|k| truth(EQUAL, &place, &S::number(k as f64))).collect()
        }
        "LogSumExp" => vec![log_sum_exp(a)],
        "Softmax" => {
            let powers = powers(a).1;
            let sum = total(&powers);
            powers.iter().map(|power| power.divide(&sum)).collect()
        }
        "BSpline" => (0..a.len() - number(0) - 1).map(|k| spline(&a[k..k + number(0) + 2], &values[1][0])).collect(),
        "SoftDTW_SqDist" => vec![alignment(a, &values[1], &values[2][0])],
        "TRIGaussKernel" => {
            let rest = S::number(1.0).subtract(&a[0]);
            let fields = ["DivFreeGaussKernel", "CurlFreeGaussKernel"].map(|name| kernel(name, &values[1..]));
            let mixed = |(first, second): (&S, &S)| a[0].multiply(first).add(&rest.multiply(second));
            fields[0].iter().zip(&fields[1]).map(mixed).collect()
        }
        "SumGaussKernel" => {
            let weighted = |(scale, weight): (&S, &S)| {
                let one = [vec![scale.clone()], values[2].clone(), values[3].clone(), vec![weight.clone()]];
                kernel("GaussKernel", &one)[0].clone()
            };
            let factor = total(&a.iter().zip(&values[1]).map(weighted).collect::<Vec<S>>());
            values[4].iter().map(|component| factor.multiply(component)).collect()
        }
        name if KERNELS.contains(&name) => kernel(name, values),
        "MatVecMult" => a.chunks(values[1].len()).map(|row| total(&products(row, &values[1]))).collect(),
        "VecMatMult" => {
            let columns = values[1].len() / a.len();
            let column = |k: usize| values[1].iter().skip(k).step_by(columns).cloned().collect::<Vec<S>>();
            (0..columns).map(|k| total(&products(a, &column(k)))).collect()
        }
        "TensorProd" => outer(a, &values[1]),
        "TensorDot" => tensor::dot(a, &values[1], parameters),
        "Kron" => tensor::kronecker(a, &values[1], parameters),
        "Interleave" => a.iter().zip(&values[1]).flat_map(|(a, b)| [a.clone(), b.clone()]).collect(),
        "EverySecond" => a.iter().skip(parameters[0] as usize).step_by(2).cloned().collect(),
        "InverseParts" => {
            let both = || a.iter().zip(&values[1]);
            let square = |a: &S, b: &S| a.multiply(a).add(&b.multiply(b));
            let re = both().map(|(a, b)| a.divide(&square(a, b)));
            re.chain(both().map(|(a, b)| b.negate().divide(&square(a, b)))).collect()
        }
        _ => panic!("the oracle does not know `{name}`"),
    }
}
