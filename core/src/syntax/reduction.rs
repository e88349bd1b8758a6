//! `Name_Reduction(formula, options, index, weights)`, perhaps inside derivatives.

use std::ops::Range;

use super::aliases;
use super::lexer::{Placed, Token};
use super::parser::Parser;
use crate::error::{Error, ErrorKind, Result};
use crate::formula::{Category, Formula};
use crate::ops::{DIRECTIONAL, GRADIENT, Node};
use crate::reduction;

/// Every derivative around a reduction is derived when it is read, from what the one inside has grown to.
const MOST_DERIVATIVES: usize = 200;

/// A reduction as text states it.
#[derive(Debug)]
pub(crate) struct ReductionText {
    /// Its name, without `_Reduction`.
    pub name: String,
    /// Where the name stands.
    pub place: Range<usize>,
    /// What is reduced.
    pub formula: Formula,
    /// What follows the index that remains.
    pub weights: Option<Formula>,
    /// Integer options between the formula and the index.
    pub options: Vec<i64>,
    /// The index that remains: 0 for i, 1 for j.
    pub remaining: Category,
    /// What is around it, the innermost first.
    pub derivatives: Vec<DerivativeText<Formula>>,
    /// All declared arguments: position, dimension, category.
    pub declared: Vec<Formula>,
}

/// A derivative around a reduction, and the results of the reductions that it needs.
#[derive(Debug)]
pub(crate) struct DerivativeText<T> {
    /// What is derived.
    pub operator: OperatorText<T>,
    /// The results of the reductions that it needs.
    pub saved: Vec<T>,
}

/// `Grad(reduction, variable, cotangent)` or `Diff(reduction, variable, direction)`.
#[derive(Debug)]
pub(crate) enum OperatorText<T> {
    /// With respect to a variable; no cotangent stands for 1.
    Gradient { variable: T, cotangent: Option<T> },
    /// With respect to variables, each with its direction.
    Directional { pairs: Vec<(T, T)> },
}

/// Parses `Name_Reduction(formula, options, index, weights)`, possibly inside derivatives.
pub(crate) fn parse_reduction(text: &str, aliases: &[&str]) -> Result<ReductionText> {
    let mut parser = Parser::new(text, aliases)?;
    let mut outer = Vec::new();
    while names_derivative(parser.peek()) && parser.tokens.get(parser.at + 2).is_some_and(may_be_inside) {
        outer.push(parser.peek().clone());
        parser.at += 1;
        parser.expect("(")?;
        if outer.len() > MOST_DERIVATIVES {
            let message = format!("the reduction is inside more than {MOST_DERIVATIVES} derivatives");
            return Err(parser.error(ErrorKind::Size, message));
        }
    }
    let here = parser.peek().clone();
    let Token::Name(name) = &here.token else {
        return Err(parser.error(ErrorKind::Syntax, "expected a reduction such as `Sum_Reduction(formula,0)`"));
    };
    let Some(name) = name.strip_suffix("_Reduction") else {
        return Err(parser.error(ErrorKind::Syntax, "expected a reduction such as `Sum_Reduction(formula,0)`"));
    };
    parser.at += 1;
    parser.expect("(")?;
    let root = parser.expression()?;
    let (mut numbers, mut weights) = (Vec::new(), None);
    // Weights may be a number: they are told from options by what the reduction takes.
    let before_weights = match reduction::arity(name) {
        Some((options, true)) => options + 1,
        _ => usize::MAX,
    };
    while parser.accept(",") {
        if numbers.len() == before_weights || !numbers.is_empty() && !is_number(&parser) {
            weights = Some(parser.expression()?);
            break;
        }
        numbers.push((parser.integer()?, parser.tokens[parser.at - 1].clone()));
    }
    parser.expect(")")?;
    let Some((code, at)) = numbers.pop() else {
        return Err(parser.error(
            ErrorKind::Arity,
            "a reduction ends with the index that remains: 0 for i, 1 for j, as in `Sum_Reduction(formula,0)`",
        ));
    };
    let remaining = match aliases::category_of(code, text, &at) {
        Ok(category) if category != Category::Parameter => category,
        _ => {
            return Err(Error::at(
                ErrorKind::Argument,
                format!("the index that remains is {code}; expected 0 (i) or 1 (j)"),
                text,
                at.span,
            ));
        }
    };
    let mut derivatives = Vec::new();
    for operator in outer.into_iter().rev() {
        derivatives.push(derivative(&mut parser, &operator)?);
    }
    parser.expect_end()?;
    let declared = parser.declare_all()?;
    let graph = std::sync::Arc::new(parser.graph);
    let formula = |node| Formula::from_graph(graph.clone(), node);
    Ok(ReductionText {
        name: name.to_owned(),
        place: here.span.clone(),
        formula: formula(root),
        weights: weights.map(&formula),
        options: numbers.into_iter().map(|(value, _)| value).collect(),
        remaining,
        derivatives: derivatives.into_iter().map(|derivative| derivative.map(formula)).collect(),
        declared: declared.into_iter().map(&formula).collect(),
    })
}

impl<T> DerivativeText<T> {
    fn map<U>(self, change: impl Fn(T) -> U) -> DerivativeText<U> {
        let operator = match self.operator {
            OperatorText::Gradient { variable, cotangent } => {
                OperatorText::Gradient { variable: change(variable), cotangent: cotangent.map(&change) }
            }
            OperatorText::Directional { pairs } => OperatorText::Directional {
                pairs: pairs.into_iter().map(|(variable, along)| (change(variable), change(along))).collect(),
            },
        };
        DerivativeText { operator, saved: self.saved.into_iter().map(&change).collect() }
    }
}

/// Reads a derivative on after the reduction inside it.
fn derivative(parser: &mut Parser<'_>, name: &Placed) -> Result<DerivativeText<Node>> {
    parser.expect(",")?;
    let operator = if name.token == Token::Name(DIRECTIONAL.name.into()) {
        let variables = parser.tuple()?;
        parser.expect(",")?;
        let directions = parser.tuple()?;
        if variables.len() != directions.len() {
            return Err(parser.unpaired(variables.len(), directions.len(), name.span.clone()));
        }
        OperatorText::Directional { pairs: variables.into_iter().zip(directions).collect() }
    } else {
        let variable = parser.expression()?;
        let cotangent = if parser.is_sign(")") {
            None
        } else {
            parser.expect(",")?;
            Some(parser.expression()?)
        };
        OperatorText::Gradient { variable, cotangent }
    };
    let mut saved = Vec::new();
    while parser.accept(",") {
        saved.push(parser.expression()?);
    }
    parser.expect(")")?;
    Ok(DerivativeText { operator, saved })
}

/// Whether an integer comes next, and then a comma or the end.
fn is_number(parser: &Parser<'_>) -> bool {
    let at = parser.at + usize::from(parser.is_sign("-"));
    let token = |k: usize| parser.tokens.get(k).map(|placed| &placed.token);
    matches!((token(at), token(at + 1)), (Some(Token::Integer(_)), Some(Token::Sign("," | ")"))))
}

fn names_derivative(placed: &Placed) -> bool {
    matches!(&placed.token, Token::Name(name) if [GRADIENT.name, DIRECTIONAL.name].contains(&name.as_str()))
}

/// Whether what stands inside of a derivative makes it one of a reduction.
fn may_be_inside(placed: &Placed) -> bool {
    names_derivative(placed) || matches!(&placed.token, Token::Name(name) if name.ends_with("_Reduction"))
}
