//! Every rewrite rule of formulas (formula/build.rs, plan/products.rs): that it is applied, and that the formula it makes
//! has the value of the one that was written, for random operands and awkward numbers. What a rule may change beyond
//! rounding stands beside it, and in docs/accuracy.md.

use crate::support::approximate::{Approximate, Double};
use crate::support::case::Case;
use crate::support::check::SLACK;
use crate::support::expression::{Expression, Variable, aliases, call1, call2, with_integers};
use crate::support::random::{Random, seeds};
use rkeops_core::{Dtype, Formula};

/// What a rule may change beyond rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Changes {
    /// Nothing.
    Rounding,
    /// The sign of a zero, and so that of the infinity which is its inverse.
    SignOfZero,
    /// A factor that is zero by construction absorbs the others, NaN and infinity included, as in KeOps.
    ZeroAbsorbs,
    /// Where a factor is not finite: it multiplies the sum and not each term, some of which may be of the other sign or 0.
    NotFinite,
}
use Changes::{NotFinite, Rounding, SignOfZero, ZeroAbsorbs};

/// A formula as it is written, the text of what it becomes, and what that may change. Operands are `v0` and `v1`, which
/// are vectors, and the scalars `v2` and `v3`.
type Rule = (Expression, &'static str, Changes);

fn v(k: usize) -> Expression {
    Expression::Variable(k)
}

fn n(value: f64) -> Expression {
    Expression::Number(value)
}

fn zero() -> Expression {
    Expression::Zero(2)
}

fn add(a: Expression, b: Expression) -> Expression {
    call2("Add", a, b)
}

fn subtract(a: Expression, b: Expression) -> Expression {
    call2("Subtract", a, b)
}

fn times(a: Expression, b: Expression) -> Expression {
    call2("Mult", a, b)
}

fn over(a: Expression, b: Expression) -> Expression {
    call2("Divide", a, b)
}

fn minus(a: Expression) -> Expression {
    call1("Minus", a)
}

fn repeat(a: Expression) -> Expression {
    with_integers("SumT", a, &[2])
}

fn extract(a: Expression, start: i64, dim: i64) -> Expression {
    with_integers("Extract", a, &[start, dim])
}

fn rules() -> Vec<Rule> {
    vec![
        // Sums and differences.
        (add(zero(), v(0)), "v0", SignOfZero),
        (add(v(0), zero()), "v0", SignOfZero),
        (add(zero(), v(2)), "SumT(v2,2)", SignOfZero),
        (add(v(0), v(0)), "2*v0", Rounding),
        (add(v(0), minus(v(1))), "v0-v1", Rounding),
        (add(minus(v(0)), v(1)), "v1-v0", Rounding),
        (subtract(v(0), v(0)), "Zero(2)", ZeroAbsorbs),
        (subtract(v(0), zero()), "v0", Rounding),
        (subtract(zero(), v(0)), "-v0", SignOfZero),
        (subtract(v(0), minus(v(1))), "v0+v1", Rounding),
        // Products.
        (times(zero(), v(0)), "Zero(2)", ZeroAbsorbs),
        (times(v(0), v(0)), "Square(v0)", Rounding),
        (times(v(0), n(3.0)), "3*v0", Rounding),
        (times(n(1.0), v(0)), "v0", Rounding),
        (times(n(-1.0), v(0)), "-v0", Rounding),
        (times(n(3.0), times(n(0.5), v(0))), "1.5*v0", Rounding),
        (times(n(3.0), minus(v(0))), "-3*v0", Rounding),
        (times(minus(v(0)), v(1)), "-(v0*v1)", Rounding),
        (times(v(0), minus(v(1))), "-(v0*v1)", Rounding),
        (times(repeat(v(2)), v(0)), "v2*v0", Rounding),
        (times(v(0), repeat(v(2))), "v0*v2", Rounding),
        // Quotients.
        (over(v(0), n(4.0)), "0.25*v0", Rounding),
        (over(v(0), n(3.0)), "0.3333333333333333*v0", Rounding),
        (over(zero(), v(0)), "Zero(2)", ZeroAbsorbs),
        (over(n(1.0), v(0)), "Inv(v0)", Rounding),
        (over(minus(v(0)), v(1)), "-(v0/v1)", Rounding),
        (over(v(0), minus(v(1))), "-(v0/v1)", Rounding),
        (over(times(n(3.0), v(0)), v(1)), "3*(v0/v1)", Rounding),
        // Signs and powers.
        (minus(minus(v(0))), "v0", Rounding),
        (minus(times(n(3.0), v(0))), "-3*v0", Rounding),
        (minus(zero()), "Zero(2)", SignOfZero),
        (call1("Square", minus(v(0))), "Square(v0)", Rounding),
        (call1("Square", zero()), "Zero(2)", Rounding),
        (with_integers("Pow", v(0), &[1]), "v0", Rounding),
        (with_integers("Pow", v(0), &[2]), "Square(v0)", Rounding),
        (with_integers("Pow", v(0), &[-1]), "Inv(v0)", Rounding),
        (call2("Powf", v(0), n(2.0)), "Square(v0)", Rounding),
        (call2("Powf", v(0), n(1.0)), "v0", Rounding),
        // Sums of components.
        (call1("Sum", v(2)), "v2", Rounding),
        (call1("Sum", zero()), "Zero(1)", Rounding),
        (call1("Sum", repeat(v(2))), "2*v2", Rounding),
        (call1("Sum", times(v(2), v(0))), "v2*Sum(v0)", NotFinite),
        (call1("Sum", minus(v(0))), "-Sum(v0)", NotFinite),
        // Parts of vectors.
        (extract(v(0), 0, 2), "v0", Rounding),
        (extract(zero(), 1, 1), "Zero(1)", Rounding),
        (extract(repeat(v(2)), 1, 1), "v2", Rounding),
        (extract(extract(with_integers("ExtractT", v(0), &[1, 4]), 1, 3), 1, 1), "", Rounding),
        (with_integers("ExtractT", v(0), &[0, 2]), "v0", Rounding),
        (with_integers("ExtractT", zero(), &[1, 4]), "Zero(4)", Rounding),
        (repeat(v(2)), "SumT(v2,2)", Rounding),
        (repeat(n(0.0)), "Zero(2)", Rounding),
        // Numbers are computed at once.
        (add(n(2.0), times(n(3.0), n(4.0))), "14", Rounding),
        (over(n(1.0), n(4.0)), "0.25", Rounding),
    ]
}

const VARIABLES: [Variable; 4] = [
    Variable { dim: 2, category: 0 },
    Variable { dim: 2, category: 1 },
    Variable { dim: 1, category: 0 },
    Variable { dim: 1, category: 2 },
];

fn parse(text: &str) -> Formula {
    let aliases = aliases(&VARIABLES);
    let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
    Formula::parse(text, &aliases).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_rule_is_applied() {
    for (written, becomes, _) in rules().iter().filter(|rule| !rule.1.is_empty()) {
        let (found, wanted) = (parse(&written.text()).text().unwrap(), parse(becomes).text().unwrap());
        assert_eq!(found, wanted, "{}", written.text());
        // What a rule makes is as simple as it gets.
        assert_eq!(parse(&found).text().unwrap(), found, "{}", written.text());
    }
}

const AWKWARD: [f64; 14] =
    [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-310, -1e-310, 1e300, -1e300, 1.0, -1.0, 0.75, -2.5, 3.0];

/// The formula with something else in place of its variables.
fn with_operands(formula: &Expression, operands: &[Expression; 4]) -> Expression {
    match formula {
        Expression::Variable(k) => operands[*k].clone(),
        Expression::Apply(name, inner, parameters) => {
            let inner = inner.iter().map(|operand| with_operands(operand, operands)).collect();
            Expression::Apply(name, inner, parameters.clone())
        }
        other => other.clone(),
    }
}

/// Operands made of the variables, of the same dimensions.
fn random_operands(random: &mut Random) -> [Expression; 4] {
    [0, 1, 2, 3].map(|k| {
        let names = ["Abs", "Square", "Exp", "Minus", "Sqrt", "Floor", "Tanh", "Step"];
        let inner = if random.chance(0.4) { call1(names[random.below(8)], v(k)) } else { v(k) };
        match random.below(6) {
            0 => times(inner, v(3)),
            // Not of the same scalar twice, whose difference would be a zero by construction.
            1 if k != 2 => add(v(2), inner),
            2 => over(inner, v(3)),
            _ => inner,
        }
    })
}

/// Whether a value may stand for what is meant, up to the error of the meaning.
fn stands_for(found: f64, exact: f64, bound: &Approximate<Double>, changes: Changes) -> bool {
    if found == exact || found.is_nan() && exact.is_nan() {
        return true;
    }
    if !exact.is_finite() || !found.is_finite() {
        return match changes {
            ZeroAbsorbs => found == 0.0 && exact.is_nan(),
            SignOfZero => found == -exact,
            _ => false,
        };
    }
    // Where the bound knows nothing, numbers of a size at which products overflow or vanish are left.
    (found - exact).abs() <= SLACK * bound.error
}

/// Whether intermediate results of the text or of what it becomes leave the range of the format: an order of factors
/// may overflow where another does not, as docs/accuracy.md says.
fn leaves_the_range(values: &[Vec<f64>]) -> bool {
    values.iter().flatten().any(|v| v.is_finite() && *v != 0.0 && !(1e-100..1e100).contains(&v.abs()))
}

#[test]
fn rules_keep_the_value() {
    let all = rules();
    let (mut compared, mut cases) = (0, 0);
    for seed in seeds(1, 400) {
        cases += 1;
        let mut random = Random::new(seed);
        for (written, _, changes) in &all {
            let operands = if seed % 2 == 0 { [0, 1, 2, 3].map(v) } else { random_operands(&mut random) };
            let formula = with_operands(written, &operands);
            let values: Vec<Vec<f64>> = VARIABLES
                .iter()
                .map(|variable| {
                    let mut one =
                        || if random.chance(0.6) { *random.pick(&AWKWARD) } else { random.between(-2.0, 2.0) };
                    (0..variable.dim).map(|_| one()).collect()
                })
                .collect();
            if leaves_the_range(&values) && seed % 2 == 1 {
                continue;
            }
            let known = || operands.iter().map(|o| o.evaluate(&values));
            if *changes == NotFinite && known().any(|v| v.iter().any(|v| !v.is_finite() || v.abs() > 1e200)) {
                continue;
            }
            let assignment = values.iter().enumerate().map(|(k, values)| (k, &values[..])).collect();
            let found = parse(&formula.text()).evaluate(&assignment).unwrap();
            let exact: Vec<f64> = formula.evaluate(&values);
            let near: Vec<Vec<Approximate<Double>>> =
                values.iter().map(|v| v.iter().map(|&v| Approximate::exact(v)).collect()).collect();
            for ((&found, exact), bound) in found.iter().zip(exact).zip(formula.evaluate(&near)) {
                compared += usize::from(bound.error.is_finite() || !exact.is_finite());
                assert!(
                    stands_for(found, exact, &bound, *changes),
                    "RKEOPS_TEST_SEED={seed} {} with {values:?}: got {found:e}; expected {exact:e}",
                    formula.text()
                );
            }
        }
    }
    assert!(compared > 20 * cases, "{compared} in {cases} cases");
}

/// Factors of a product regrouped by when they are known, quotients by something known early, exponentials as powers of
/// two: the plan's rules, on every target. Each factor is used once, so that no identity of the formula applies.
fn plans_keep_the_value(target: rkeops_core::Target) {
    let variables = [
        Variable { dim: 1, category: 0 },
        Variable { dim: 1, category: 1 },
        Variable { dim: 1, category: 2 },
        Variable { dim: 2, category: 0 },
        Variable { dim: 2, category: 1 },
    ];
    for seed in seeds(1, 200) {
        let mut random = Random::new(seed);
        let mut factors: Vec<Expression> = (0..5).map(v).collect();
        while factors.len() > 1 {
            let (a, b) = (factors.remove(random.below(factors.len())), factors.remove(0));
            let joined = match random.below(5) {
                0 => over(a, b),
                1 => minus(times(a, b)),
                2 => times(call1("Exp", minus(call1("Abs", call1("Tanh", a)))), b),
                _ => times(a, b),
            };
            factors.push(joined);
        }
        let formula = factors.remove(0);
        for dtype in [Dtype::F32, Dtype::F64] {
            let mut case = Case::new(&variables, vec![("Max", formula.clone()), ("Sum", formula.clone())], [40, 1]);
            case.numbers = crate::support::case::Numbers::Awkward;
            case.seed = seed;
            let results = case.run(dtype, target, 1).unwrap();
            for row in 0..40 {
                let pair = case.pair(row, 0, dtype);
                // Products of subnormal numbers and their inverses leave the range.
                if pair.iter().flatten().any(|v| *v != 0.0 && v.abs() < 1e-30) {
                    continue;
                }
                for (k, meant) in formula.evaluate(&pair).into_iter().enumerate() {
                    let found = results[1].numbers()[2 * row + k];
                    let tolerance = if dtype == Dtype::F32 { 1e-5 } else { 1e-13 };
                    let close = (found - meant).abs() <= tolerance * meant.abs();
                    let same = found == meant || found.is_nan() && meant.is_nan();
                    assert!(
                        same || close,
                        "RKEOPS_TEST_SEED={seed} {} {dtype} {} with {pair:?}: got {found:e}; expected {meant:e}",
                        target.name(),
                        formula.text()
                    );
                }
            }
        }
    }
}

suite!(plans_keep_the_value);
