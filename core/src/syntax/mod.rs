//! Formula text: lexer and parser. It knows the grammar and nothing of derivatives or computing.

mod aliases;
mod lexer;
mod parser;
mod reduction;

use crate::error::{Error, ErrorKind, Result};
use crate::formula::{Category, Formula};
use crate::reduction::{Axis, Reduction};

impl Formula {
    /// The formula of a text such as `Exp(-SqDist(x,y))*b`, with variables written as `Var(position,dim,category)`
    /// or declared by aliases such as `x = Vi(0,3)`. An error points at the column that does not fit.
    pub fn parse(text: &str, aliases: &[&str]) -> Result<Formula> {
        parser::parse_formula(text, aliases)
    }
}

impl Reduction {
    /// The reduction of a text such as `Sum_Reduction(Exp(-SqDist(x,y))*b,0)`; the trailing number is the index
    /// that remains, 0 for i and 1 for j. `Grad(reduction,variable,cotangent)` is its gradient.
    pub fn parse(text: &str, aliases: &[&str]) -> Result<Reduction> {
        let parsed = reduction::parse_reduction(text, aliases)?;
        let place = |error: Error| Error::at(error.kind(), error.message(), text, parsed.place.clone());
        if let [option, ..] = parsed.options.as_slice() {
            let message = format!("`{}_Reduction` takes no option; got {option} before the index", parsed.name);
            return Err(place(Error::new(ErrorKind::Arity, message)));
        }
        let axis = if parsed.remaining == Category::I { Axis::J } else { Axis::I };
        let reduction = match &parsed.weights {
            Some(weights) => Reduction::with_weights(&parsed.name, &parsed.formula, weights, axis),
            None => Reduction::new(&parsed.name, &parsed.formula, axis),
        };
        let mut reduction = reduction.map_err(place)?;
        for (variable, cotangent) in &parsed.gradients {
            reduction = reduction.gradient(variable, cotangent).map_err(place)?;
        }
        reduction.declared.extend(parsed.declared.iter().flat_map(|f| f.as_variable()));
        Ok(reduction)
    }
}
