//! Text to tokens with their places.

use std::ops::Range;

use crate::error::{Error, ErrorKind, Result};
use crate::formula::LONGEST_TEXT;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Integer(i64),
    Real(f64),
    /// A number before `j`, the imaginary unit.
    Imaginary(f64),
    Sign(&'static str),
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub token: Token,
    pub span: Range<usize>,
}

/// Longer signs come first, so that `**` is not read as `*` twice.
const SIGNS: [&str; 18] =
    ["**", "<=", ">=", "==", "!=", "+", "-", "*", "/", "|", "(", ")", "[", "]", ",", "=", "<", ">"];

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>> {
    if text.len() > LONGEST_TEXT {
        return Err(Error::new(
            ErrorKind::Size,
            format!("the formula has {} characters; expected at most {LONGEST_TEXT}", text.len()),
        ));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, end) = one_token(text, at, first)?;
        tokens.push(Placed { token, span: at..end });
        at = end;
    }
    tokens.push(Placed { token: Token::End, span: text.len()..text.len() });
    Ok(tokens)
}

fn one_token(text: &str, at: usize, first: char) -> Result<(Token, usize)> {
    let rest = &text[at..];
    let while_true = |rest: &str, test: fn(char) -> bool| rest.find(|c| !test(c)).unwrap_or(rest.len());
    if first.is_ascii_alphabetic() || first == '_' {
        let length = while_true(rest, |c| c.is_ascii_alphanumeric() || c == '_');
        return Ok((Token::Name(rest[..length].to_owned()), at + length));
    }
    if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
        let length = number_length(rest);
        let unit = usize::from(rest[length..].starts_with('j'));
        let span = at..at + length + unit;
        if rest[length + unit..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
            return Err(Error::at(ErrorKind::Syntax, "this is no number", text, span.start..span.end + 1));
        }
        let digits = &rest[..length];
        let token = match (digits.parse::<i64>(), digits.parse::<f64>()) {
            (_, Ok(real)) if unit == 1 && real.is_finite() => Token::Imaginary(real),
            (Ok(integer), _) => Token::Integer(integer),
            (_, Ok(real)) if real.is_finite() => Token::Real(real),
            _ => return Err(Error::at(ErrorKind::Syntax, "this number is too large", text, span)),
        };
        return Ok((token, at + length + unit));
    }
    match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => Ok((Token::Sign(sign), at + sign.len())),
        None => Err(Error::at(
            ErrorKind::Syntax,
            format!("the character {first:?} has no meaning in a formula"),
            text,
            at..at + first.len_utf8(),
        )),
    }
}

/// The length of `12`, `1.5`, `.5`, `2e-3` at the start of a text, without the `j` of an imaginary number.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut k: usize| {
        while bytes.get(k).is_some_and(u8::is_ascii_digit) {
            k += 1;
        }
        k
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let signed = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let after = digits(signed);
        if after > signed {
            end = after;
        }
    }
    end
}
