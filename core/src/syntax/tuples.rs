//! Tuples in text: `Diff(f, (v, w), (a, b))` is the sum of the derivatives along each direction, of a formula or of a
//! reduction.

use std::ops::Range;

use super::lexer::Token;
use super::parser::{Call, Open, Parser};
use crate::error::{Error, ErrorKind, Result, counted};
use crate::ops::{ADD, DIRECTIONAL, Node};

impl Parser<'_> {
    /// Whether a parenthesis that opens here may be a tuple: as an operand of a derivative along directions.
    pub(super) fn may_be_tuple(&self) -> bool {
        matches!(self.open.last(), Some(Open::Call(call))
            if *call.operation == DIRECTIONAL && !call.operands.is_empty())
    }

    /// Reads on after an entry of what may be a tuple. Gives the value of a parenthesis, or `None` where another entry
    /// follows or a tuple has become the operands of the call around it, which goes on.
    pub(super) fn close_tuple(&mut self, mut entries: Vec<Node>, value: Node) -> Result<Option<Node>> {
        if self.accept(",") {
            entries.push(value);
            self.open.push(Open::Tuple { entries });
            return Ok(None);
        }
        self.expect(")")?;
        if entries.is_empty() {
            return Ok(Some(value));
        }
        entries.push(value);
        let Some(Open::Call(mut call)) = self.open.pop() else { unreachable!("a tuple is inside a call") };
        call.tuples.push(entries.len());
        call.operands.extend(entries);
        self.call(call)
    }

    /// The sum of the derivatives of the first operand in each of some variables along its direction.
    pub(super) fn along_directions(&mut self, call: &Call) -> Result<Node> {
        let (formula, pairs) = (call.operands[0], &call.operands[1..]);
        let count = match call.tuples[..] {
            [variables, directions] if variables == directions && pairs.len() == 2 * variables => variables,
            [variables, directions] if pairs.len() == variables + directions => {
                return Err(self.unpaired(variables, directions, call.place.clone()));
            }
            _ => return Err(self.no_directions("a tuple beside other operands", call.place.clone())),
        };
        let mut total = None;
        for (&variable, &direction) in pairs[..count].iter().zip(&pairs[count..]) {
            let part = self.apply(&DIRECTIONAL, &[formula, variable, direction], &[], call.place.clone())?;
            total = match total {
                Some(sum) => Some(self.apply(&ADD, &[sum, part], &[], call.place.clone())?),
                None => Some(part),
            };
        }
        total.ok_or_else(|| self.no_directions("no variable", call.place.clone()))
    }

    /// An expression, or several in parentheses.
    pub(super) fn tuple(&mut self) -> Result<Vec<Node>> {
        if !self.is_tuple() {
            return Ok(vec![self.expression()?]);
        }
        self.expect("(")?;
        let mut entries = vec![self.expression()?];
        while self.accept(",") {
            entries.push(self.expression()?);
        }
        self.expect(")")?;
        Ok(entries)
    }

    /// Whether a parenthesis opens here and holds a comma that is in no parentheses of its own.
    fn is_tuple(&self) -> bool {
        let mut depth = 0usize;
        for placed in &self.tokens[self.at..] {
            match placed.token {
                Token::Sign("(" | "[") => depth += 1,
                Token::Sign(")" | "]") => depth = depth.saturating_sub(1),
                Token::Sign(",") if depth == 1 => return self.is_sign("("),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        false
    }

    /// An error for so many variables and directions, which are not as many.
    pub(super) fn unpaired(&self, variables: usize, directions: usize, place: Range<usize>) -> Error {
        let found = format!("{} and {}", counted(variables, "variable"), counted(directions, "direction"));
        self.no_directions(&found, place)
    }

    fn no_directions(&self, found: &str, place: Range<usize>) -> Error {
        let message = format!("`Diff` got {found}; expected `Diff(f, (v, w), (a, b))`, a direction for each variable");
        Error::at(ErrorKind::Arity, message, self.text, place)
    }
}
