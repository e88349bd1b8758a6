//! Formula text: lexer and parser. It knows the grammar and nothing of derivatives or computing.

mod aliases;
mod lexer;
mod parser;
mod reduction;
mod tuples;

use crate::error::{Error, Result};
use crate::formula::{Category, Formula, no_cotangent};
use crate::reduction::{Axis, Extra, Reduction};

use reduction::OperatorText;

impl Formula {
    /// The formula of a text such as `Exp(-SqDist(x,y))*b`, with variables written as `Var(position,dim,category)`
    /// or declared by aliases such as `x = Vi(0,3)`. An error points at the column that does not fit.
    pub fn parse(text: &str, aliases: &[&str]) -> Result<Formula> {
        parser::parse_formula(text, aliases)
    }
}

impl Reduction {
    /// The reduction of a text such as `Sum_Reduction(Exp(-SqDist(x,y))*b,0)`; the trailing number is the index
    /// that remains, 0 for i and 1 for j. `Grad(reduction,variable,cotangent)` is its gradient and
    /// `Diff(reduction,variable,direction)` its derivative along a direction, or along several with tuples of variables
    /// and directions; the results that a derivative needs, such as that of `LogSumExp_Reduction` itself, follow as
    /// further arguments.
    pub fn parse(text: &str, aliases: &[&str]) -> Result<Reduction> {
        let parsed = reduction::parse_reduction(text, aliases)?;
        let place = |error: Error| Error::at(error.kind(), error.message(), text, parsed.place.clone());
        let axis = if parsed.remaining == Category::I { Axis::J } else { Axis::I };
        let extra = Extra { parameters: &parsed.options, weights: parsed.weights.as_ref() };
        let mut reduction = Reduction::with(&parsed.name, &parsed.formula, extra, axis).map_err(place)?;
        for derivative in &parsed.derivatives {
            let saved: Vec<&Formula> = derivative.saved.iter().collect();
            let derived = match &derivative.operator {
                OperatorText::Gradient { variable, cotangent } => {
                    let unit = || unit_cotangent(&reduction).map_err(place);
                    let cotangent = cotangent.clone().map_or_else(unit, Ok)?;
                    reduction.gradient(variable, &cotangent, &saved)
                }
                OperatorText::Directional { pairs } => {
                    let pairs: Vec<_> = pairs.iter().map(|(variable, along)| (variable, along)).collect();
                    reduction.directional_in_all(&pairs, &saved)
                }
            };
            reduction = derived.map_err(place)?;
        }
        reduction.declared.extend(parsed.declared.iter().flat_map(|f| f.as_variable()));
        Ok(reduction)
    }
}

/// The cotangent that stands for none.
fn unit_cotangent(reduction: &Reduction) -> Result<Formula> {
    match reduction.dim() {
        1 => Ok(Formula::constant(1.0)),
        dim => Err(no_cotangent("result", dim)),
    }
}
