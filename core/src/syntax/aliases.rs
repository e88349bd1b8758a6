//! Aliases: `x = Vi(3)`, `x = Vi(0,3)`, `x = Var(0,3,0)` or the same without a name.

use super::lexer::{Placed, Token, tokens};
use crate::error::{Error, ErrorKind, Result};
use crate::formula::Category;

/// A declared argument.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    pub name: Option<String>,
    pub index: usize,
    pub dim: usize,
    pub category: Category,
}

/// The category of `Vi`, `Vj` and `Pm`.
pub(super) fn category(name: &str) -> Option<Category> {
    match name {
        "Vi" => Some(Category::I),
        "Vj" => Some(Category::J),
        "Pm" => Some(Category::Parameter),
        _ => None,
    }
}

/// Reads the alias at `position` of the list.
pub(super) fn parse(text: &str, position: usize) -> Result<Alias> {
    read(text, position).map_err(|error| error.within(format!("alias {position}")))
}

fn read(text: &str, position: usize) -> Result<Alias> {
    let tokens = tokens(text)?;
    let bad = |message: String, at: &Placed| Error::at(ErrorKind::Syntax, message, text, at.span.clone());
    let form = "expected `name = Vi(dim)`, `name = Vi(position,dim)` or `name = Var(position,dim,category)`";
    let mut rest = tokens.iter();
    let mut next = || rest.next().unwrap_or(&tokens[tokens.len() - 1]);
    let mut first = next();
    let Token::Name(mut constructor) = first.token.clone() else { return Err(bad(form.into(), first)) };
    let mut sign = next();
    let mut name = None;
    if sign.token == Token::Sign("=") {
        name = Some(constructor);
        first = next();
        let Token::Name(second) = first.token.clone() else { return Err(bad(form.into(), first)) };
        constructor = second;
        sign = next();
    }
    if sign.token != Token::Sign("(") {
        return Err(bad(form.into(), sign));
    }
    let mut numbers = Vec::new();
    loop {
        let number = next();
        let Token::Integer(value) = number.token else { return Err(bad(form.into(), number)) };
        numbers.push((value, number));
        let after = next();
        match after.token {
            Token::Sign(",") => {}
            Token::Sign(")") => break,
            _ => return Err(bad(form.into(), after)),
        }
    }
    let end = next();
    if end.token != Token::End {
        return Err(bad(form.into(), end));
    }
    let size = |(value, at): (i64, &Placed), what: &str| {
        usize::try_from(value).map_err(|_| bad(format!("{what} is {value}; expected 0 or more"), at))
    };
    let (index, dim, category) = match (category(&constructor), numbers.as_slice()) {
        (Some(category), &[dim]) => (position, size(dim, "the dimension")?, category),
        (Some(category), &[index, dim]) => (size(index, "the position")?, size(dim, "the dimension")?, category),
        (None, &[index, dim, (code, at)]) if constructor == "Var" => {
            (size(index, "the position")?, size(dim, "the dimension")?, category_of(code, text, at)?)
        }
        _ => return Err(bad(form.into(), first)),
    };
    Ok(Alias { name, index, dim, category })
}

/// The category of the number that `Var` takes.
pub(super) fn category_of(code: i64, text: &str, at: &Placed) -> Result<Category> {
    match code {
        0 => Ok(Category::I),
        1 => Ok(Category::J),
        2 => Ok(Category::Parameter),
        _ => Err(Error::at(
            ErrorKind::Argument,
            format!("category {code}; expected 0 (i-variable), 1 (j-variable) or 2 (parameter)"),
            text,
            at.span.clone(),
        )),
    }
}
