//! Smaller cases that fail in the same way.

use super::case::{Case, Numbers};
use super::expression::Expression;
use super::layout::Layout;
use super::reducing::{is_exponential, taken, with_extra};

/// The smallest case that can be reached by single steps and still fails, with what is wrong with it.
pub fn shrink(case: &Case, what: String, fails: &dyn Fn(&Case) -> Option<String>) -> (Case, String) {
    let (mut smallest, mut what) = (case.clone(), what);
    let mut budget = 2000;
    'again: loop {
        for candidate in smaller(&smallest) {
            budget -= 1;
            if budget == 0 {
                break 'again;
            }
            if let Some(found) = fails(&candidate) {
                (smallest, what) = (candidate, found);
                continue 'again;
            }
        }
        break;
    }
    (smallest, what)
}

fn smaller(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Case)| {
        let mut candidate = case.clone();
        change(&mut candidate);
        all.push(candidate);
    };
    if case.reductions.len() > 1 {
        for k in 0..case.reductions.len() {
            with(&|c| drop(c.reductions.remove(k)));
        }
    }
    for k in 0..case.reductions.len() {
        let (name, whole) = &case.reductions[k];
        let (formula, weights, parameters) = taken(whole);
        let rest = |formula: &Expression| match whole {
            Expression::Apply("With", ..) => with_extra(formula.clone(), weights.cloned(), parameters),
            _ => formula.clone(),
        };
        for simpler in simpler(formula, case) {
            if is_exponential(name) && simpler.dim(&case.variables) != 1 {
                continue;
            }
            if *name != "Sum" && simpler.is_complex() {
                continue;
            }
            with(&|c| c.reductions[k].1 = rest(&simpler));
        }
        for simpler in weights.map_or(Vec::new(), |weights| simpler(weights, case)) {
            with(&|c| c.reductions[k].1 = with_extra(formula.clone(), Some(simpler.clone()), parameters));
        }
        if let &[k_nearest] = parameters
            && k_nearest > 1
        {
            for fewer in [1, k_nearest / 2] {
                with(&|c| c.reductions[k].1 = with_extra(formula.clone(), weights.cloned(), &[fewer]));
            }
        }
    }
    for index in 0..2 {
        for fewer in [1, 2, case.rows[index] / 2, case.rows[index].saturating_sub(1)] {
            if fewer < case.rows[index] {
                with(&|c| c.rows[index] = fewer);
            }
        }
    }
    for k in 0..case.inputs.len() {
        if case.inputs[k] != Layout::Rows {
            with(&|c| c.inputs[k] = Layout::Rows);
        }
    }
    if case.output != Layout::Rows {
        with(&|c| c.output = Layout::Rows);
    }
    if case.numbers == Numbers::Ordinary {
        with(&|c| c.numbers = Numbers::Integers);
    }
    all
}

/// Formulas with one node less or so.
fn simpler(formula: &Expression, case: &Case) -> Vec<Expression> {
    let mut all: Vec<Expression> = formula.children().to_vec();
    if let Expression::Apply(name, operands, parameters) = formula {
        for (k, operand) in operands.iter().enumerate() {
            let type_of = |e: &Expression| (e.dim(&case.variables), e.is_complex());
            let wanted = type_of(operand);
            for replacement in simpler(operand, case) {
                if type_of(&replacement) == wanted {
                    let mut operands = operands.clone();
                    operands[k] = replacement;
                    all.push(Expression::Apply(name, operands, parameters.clone()));
                }
            }
        }
    }
    all
}
