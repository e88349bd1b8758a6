//! Tokens to formulas, by operator precedence without recursion: a formula may be nested as deeply as its text is long.
//! The precedence is Python's, as KeOps' users expect: `|` binds less tightly than `+`, and `-x ** 2` is `-(x ** 2)`.

use std::collections::HashMap;
use std::ops::Range;

use super::aliases::{self, Alias};
use super::lexer::{Placed, Token, tokens};
use crate::error::{Error, ErrorKind, Result, counted};
use crate::formula::{Category, Formula, Graph, unknown_operation};
use crate::ops::{
    self, ADD, Algebra, COMPLEX, DIVIDE, EQUAL, LESS_OR_EQUAL, LESS_THAN, MINUS, MULTIPLY, NOT_EQUAL, Node, Operation,
    POWER, POWER_OF, SUBTRACT, is_list,
};

/// Parses a formula.
pub(crate) fn parse_formula(text: &str, aliases: &[&str]) -> Result<Formula> {
    let mut parser = Parser::new(text, aliases)?;
    let root = parser.expression()?;
    parser.expect_end()?;
    parser.declare_all()?;
    Ok(Formula::from_graph(parser.graph.into(), root))
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Placed>,
    pub(super) at: usize,
    aliases: HashMap<String, Alias>,
    nameless: Vec<Alias>,
    pub(super) graph: Graph,
    /// What the expression that is being read has begun, the innermost last.
    pub(super) open: Vec<Open>,
    /// Where the last comparison ended.
    compared: Option<usize>,
}

/// What has begun and waits for the value of an operand.
pub(super) enum Open {
    /// `(`
    Parenthesis,
    /// `(` where a tuple may stand, and the entries before the last.
    Tuple { entries: Vec<Node> },
    /// `+` or `-` before its operand.
    Sign { sign: &'static str, place: Range<usize> },
    /// An operator after its left operand. The right one ends before an operator that binds less tightly than `least`.
    Infix { sign: &'static str, least: u8, left: Node, place: Range<usize> },
    /// `name(` and the operands so far.
    Call(Call),
}

/// A call as far as it is read.
pub(super) struct Call {
    pub(super) operation: &'static Operation,
    pub(super) operands: Vec<Node>,
    /// How many of the operands came in each tuple.
    pub(super) tuples: Vec<usize>,
    /// Where its name stands.
    pub(super) place: Range<usize>,
}

/// Infix operators: sign, how tightly it binds, and how tightly an operator must bind to belong to its right operand.
/// An exponent may carry a sign, and powers group to the right.
const INFIX: [(&str, u8, u8); 12] = [
    ("<", COMPARISON_STRENGTH, 2),
    ("<=", COMPARISON_STRENGTH, 2),
    (">", COMPARISON_STRENGTH, 2),
    (">=", COMPARISON_STRENGTH, 2),
    ("==", COMPARISON_STRENGTH, 2),
    ("!=", COMPARISON_STRENGTH, 2),
    ("|", 2, 3),
    ("+", 4, 5),
    ("-", 4, 5),
    ("*", 6, 7),
    ("/", 6, 7),
    ("**", 9, SIGN_STRENGTH),
];
const COMPARISON_STRENGTH: u8 = 1;
const SIGN_STRENGTH: u8 = 8;

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, aliases: &[&str]) -> Result<Self> {
        let mut named = HashMap::new();
        let mut nameless = Vec::new();
        for (position, alias) in aliases.iter().enumerate() {
            let alias = aliases::parse(alias, position)?;
            match alias.name.clone() {
                None => nameless.push(alias),
                Some(name) => {
                    if named.insert(name.clone(), alias).is_some() {
                        return Err(Error::new(
                            ErrorKind::Argument,
                            format!("alias {position}: the name `{}` is declared twice", shortened(&name)),
                        ));
                    }
                }
            }
        }
        let tokens = tokens(text)?;
        Ok(Parser {
            text,
            tokens,
            at: 0,
            aliases: named,
            nameless,
            graph: Graph::default(),
            open: Vec::new(),
            compared: None,
        })
    }

    /// A node for each declared argument, used or not.
    pub(super) fn declare_all(&mut self) -> Result<Vec<Node>> {
        let mut all: Vec<Alias> = self.aliases.values().chain(&self.nameless).cloned().collect();
        // In an order of their own, so that of two that conflict the same one is always the first.
        all.sort_by_key(|alias| (alias.index, alias.category, alias.dim));
        all.iter().map(|a| self.graph.checked_variable(a.index, a.dim, a.category)).collect()
    }

    pub(super) fn peek(&self) -> &Placed {
        &self.tokens[self.at]
    }

    pub(super) fn error(&self, kind: ErrorKind, message: impl AsRef<str>) -> Error {
        Error::at(kind, message, self.text, self.peek().span.clone())
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(&self.peek().token, Token::Sign(found) if *found == sign)
    }

    pub(super) fn accept(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<()> {
        if self.accept(sign) {
            return Ok(());
        }
        let found = describe(&self.peek().token);
        Err(self.error(ErrorKind::Syntax, format!("expected `{sign}`, found {found}")))
    }

    /// The comma before another operand.
    fn separator(&mut self) -> Result<()> {
        if self.accept(",") {
            return Ok(());
        }
        let found = describe(&self.peek().token);
        Err(self.error(ErrorKind::Syntax, format!("expected `,` or `)`, found {found}")))
    }

    pub(super) fn expect_end(&mut self) -> Result<()> {
        if self.peek().token == Token::End {
            return Ok(());
        }
        let found = describe(&self.peek().token);
        Err(self.error(ErrorKind::Syntax, format!("expected the end of the formula, found {found}")))
    }

    pub(super) fn integer(&mut self) -> Result<i64> {
        let negative = self.accept("-");
        let Token::Integer(value) = self.peek().token else {
            let found = describe(&self.peek().token);
            return Err(self.error(ErrorKind::Syntax, format!("expected an integer, found {found}")));
        };
        self.at += 1;
        Ok(if negative { -value } else { value })
    }

    /// An expression: up to the first token that cannot belong to it.
    pub(super) fn expression(&mut self) -> Result<Node> {
        // The value of what was read last; `None` where an operand must follow.
        let mut last = None;
        loop {
            last = match last {
                None => self.begin()?,
                Some(left) if self.infix(left)? => None,
                Some(value) => match self.open.pop() {
                    Some(innermost) => self.close(innermost, value)?,
                    None => return Ok(value),
                },
            };
        }
    }

    /// Reads the first token of an operand. Gives its value, or `None` where that is still to be read.
    fn begin(&mut self) -> Result<Option<Node>> {
        let Placed { token, span: place } = self.peek().clone();
        self.at += usize::from(token != Token::End);
        match token {
            Token::Sign(sign @ ("-" | "+")) => self.open.push(Open::Sign { sign, place }),
            Token::Sign("(") if self.may_be_tuple() => self.open.push(Open::Tuple { entries: Vec::new() }),
            Token::Sign("(") => self.open.push(Open::Parenthesis),
            Token::Integer(value) => return Ok(Some(Algebra::constant(&mut self.graph, value as f64))),
            Token::Real(value) => return Ok(Some(Algebra::constant(&mut self.graph, value))),
            Token::Imaginary(value) => return self.imaginary(value, place).map(Some),
            Token::Name(name) => return self.name(&name, place),
            other => {
                self.at -= usize::from(other != Token::End);
                let found = describe(&other);
                return Err(self.error(ErrorKind::Syntax, format!("expected a formula, found {found}")));
            }
        }
        Ok(None)
    }

    fn imaginary(&mut self, value: f64, place: Range<usize>) -> Result<Node> {
        let parts = [0.0, value].map(|part| Algebra::constant(&mut self.graph, part));
        self.apply(&COMPLEX, &parts, &[], place)
    }

    /// Reads an operator after its left operand, if one follows that binds tightly enough.
    fn infix(&mut self, left: Node) -> Result<bool> {
        let Placed { token: Token::Sign(found), span: place } = self.peek().clone() else { return Ok(false) };
        if found == "[" {
            return Err(self.error(ErrorKind::Syntax, "`[` has no meaning here"));
        }
        let wanted = match self.open.last() {
            Some(Open::Sign { .. }) => SIGN_STRENGTH,
            Some(Open::Infix { least, .. }) => *least,
            Some(Open::Parenthesis | Open::Tuple { .. } | Open::Call(_)) | None => 0,
        };
        let operator = INFIX.iter().find(|(sign, strength, _)| *sign == found && *strength >= wanted);
        let Some(&(sign, strength, least)) = operator else { return Ok(false) };
        if strength == COMPARISON_STRENGTH && self.compared == Some(self.at) {
            let message = "comparisons cannot be chained; multiply two of them, or use parentheses";
            return Err(self.error(ErrorKind::Syntax, message));
        }
        self.at += 1;
        self.open.push(Open::Infix { sign, least, left, place });
        Ok(true)
    }

    /// The value of what was begun, whose last operand is `value`, or `None` where a call has another operand.
    fn close(&mut self, innermost: Open, value: Node) -> Result<Option<Node>> {
        let closed = match innermost {
            Open::Parenthesis => self.expect(")").map(|()| value),
            Open::Tuple { entries } => return self.close_tuple(entries, value),
            Open::Sign { sign: "-", place } => self.apply(&MINUS, &[value], &[], place),
            Open::Sign { .. } => Ok(value),
            Open::Infix { sign, left, place, .. } => match sign {
                "+" => self.apply(&ADD, &[left, value], &[], place),
                "-" => self.apply(&SUBTRACT, &[left, value], &[], place),
                "*" => self.apply(&MULTIPLY, &[left, value], &[], place),
                "/" => self.apply(&DIVIDE, &[left, value], &[], place),
                "**" => self.power(left, value, place),
                "<" | "<=" | ">" | ">=" | "==" | "!=" => {
                    self.compared = Some(self.at);
                    let (operation, is_swapped) = comparison(sign);
                    let operands = if is_swapped { [value, left] } else { [left, value] };
                    self.apply(operation, &operands, &[], place)
                }
                _ => self.apply(&ops::SCALAR_PRODUCT, &[left, value], &[], place),
            },
            Open::Call(mut call) => {
                call.operands.push(value);
                return self.call(call);
            }
        };
        closed.map(Some)
    }

    fn power(&mut self, base: Node, exponent: Node, place: Range<usize>) -> Result<Node> {
        match self.graph.number(exponent) {
            Some(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                self.apply(&POWER, &[base], &[number as i64], place)
            }
            _ => self.apply(&POWER_OF, &[base, exponent], &[], place),
        }
    }

    /// Reads on after a name: a declared variable, or a call.
    fn name(&mut self, name: &str, span: Range<usize>) -> Result<Option<Node>> {
        if !self.accept("(") {
            return self.declared(name, span).map(Some);
        }
        match ops::find(name) {
            Some(operation) => self.call(Call { operation, operands: Vec::new(), tuples: Vec::new(), place: span }),
            None => self.leaf(name, span).map(Some),
        }
    }

    /// The node of a variable that an alias declares; `i` and `j` are row numbers where none does.
    fn declared(&mut self, name: &str, span: Range<usize>) -> Result<Node> {
        let Some(alias) = self.aliases.get(name) else {
            if let Some(category) = ["i", "j"].iter().position(|known| *known == name) {
                return self.apply(&ops::INDEX, &[], &[category as i64], span);
            }
            let message = format!("there is no variable `{}`; known: {}", shortened(name), self.known_names());
            return Err(Error::at(ErrorKind::UnknownName, message, self.text, span));
        };
        self.graph
            .checked_variable(alias.index, alias.dim, alias.category)
            .map_err(|error| Error::at(error.kind(), error.message(), self.text, span))
    }

    /// A variable or constant, after its name and opening parenthesis.
    fn leaf(&mut self, name: &str, span: Range<usize>) -> Result<Node> {
        let place = |error: Error, parser: &Self| Error::at(error.kind(), error.message(), parser.text, span.clone());
        match name {
            "Var" => {
                let numbers = self.integers(3, "Var(position,dimension,category)", &span)?;
                let at = Placed { token: Token::End, span: span.clone() };
                let category = aliases::category_of(numbers[2], self.text, &at)?;
                let (index, dim) =
                    (self.size("position", numbers[0], &span)?, self.size("dimension", numbers[1], &span)?);
                self.graph.checked_variable(index, dim, category).map_err(|e| place(e, self))
            }
            "Vi" | "Vj" | "Pm" => {
                let numbers = self.integers(2, &format!("{name}(position,dimension)"), &span)?;
                let category = aliases::category(name).unwrap_or(Category::Parameter);
                let (index, dim) =
                    (self.size("position", numbers[0], &span)?, self.size("dimension", numbers[1], &span)?);
                self.graph.checked_variable(index, dim, category).map_err(|e| place(e, self))
            }
            "Zero" => {
                let numbers = self.integers(1, "Zero(dimension)", &span)?;
                match numbers[0] {
                    dim @ 1..=ops::LARGEST_DIM => Ok(Algebra::zero(&mut self.graph, dim as usize)),
                    dim => Err(Error::at(
                        ErrorKind::Dimension,
                        format!("the dimension is {dim}; expected 1 to {}", ops::LARGEST_DIM),
                        self.text,
                        span,
                    )),
                }
            }
            "IntCst" => {
                let numbers = self.integers(1, "IntCst(n)", &span)?;
                Ok(Algebra::constant(&mut self.graph, numbers[0] as f64))
            }
            "RatCst" => {
                let numbers = self.integers(2, "RatCst(p,q)", &span)?;
                self.ratio(numbers[0], numbers[1], span)
            }
            "IntInv" => {
                let numbers = self.integers(1, "IntInv(n)", &span)?;
                self.ratio(1, numbers[0], span)
            }
            _ => Err(place(unknown_operation(name), self)),
        }
    }

    /// The declared names, as many as a reader will look at.
    fn known_names(&self) -> String {
        let mut names: Vec<&String> = self.aliases.keys().collect();
        names.sort();
        let mut shown: Vec<String> = names.iter().take(8).map(|name| format!("`{}`", shortened(name))).collect();
        if names.len() > shown.len() {
            shown.push(format!("and {} more", names.len() - shown.len()));
        }
        if shown.is_empty() { "no alias is declared".into() } else { shown.join(", ") }
    }

    fn ratio(&mut self, p: i64, q: i64, span: Range<usize>) -> Result<Node> {
        if q == 0 {
            return Err(Error::at(ErrorKind::Argument, "the denominator is 0", self.text, span));
        }
        Ok(Algebra::constant(&mut self.graph, p as f64 / q as f64))
    }

    fn size(&self, what: &str, value: i64, span: &Range<usize>) -> Result<usize> {
        usize::try_from(value).map_err(|_| {
            Error::at(
                ErrorKind::Argument,
                format!("the {what} is {value}; expected 0 or more"),
                self.text,
                span.clone(),
            )
        })
    }

    fn integers(&mut self, count: usize, form: &str, span: &Range<usize>) -> Result<Vec<i64>> {
        let mut numbers = Vec::new();
        while !self.accept(")") {
            if !numbers.is_empty() {
                self.separator()?;
            }
            numbers.push(self.integer()?);
        }
        if numbers.len() != count {
            let message = format!("got {}; expected `{form}`", counted(numbers.len(), "integer"));
            return Err(Error::at(ErrorKind::Arity, message, self.text, span.clone()));
        }
        Ok(numbers)
    }

    /// Reads a call on from its opening parenthesis, or from an operand that is complete. Gives the call's value, or
    /// `None` where another operand follows.
    pub(super) fn call(&mut self, call: Call) -> Result<Option<Node>> {
        let operation = call.operation;
        let (mut parameters, mut given) = (Vec::new(), 0);
        while !self.accept(")") {
            if !call.operands.is_empty() || !parameters.is_empty() {
                self.separator()?;
            }
            if call.operands.len() < operation.operands || operation.parameters.is_empty() {
                self.open.push(Open::Call(call));
                return Ok(None);
            }
            match operation.parameters.get(given) {
                Some(name) if is_list(name) => {
                    let list = self.list()?;
                    parameters.push(list.len() as i64);
                    parameters.extend(list);
                }
                _ => parameters.push(self.integer()?),
            }
            given += 1;
        }
        // Lists at the end that are left out are empty.
        let left_out = operation.parameters.iter().skip(given);
        if left_out.clone().all(|name| is_list(name)) {
            parameters.extend(left_out.map(|_| 0));
        }
        if !call.tuples.is_empty() {
            return self.along_directions(&call).map(Some);
        }
        self.apply(operation, &call.operands, &parameters, call.place).map(Some)
    }

    /// `[1, 2, 3]`
    fn list(&mut self) -> Result<Vec<i64>> {
        self.expect("[")?;
        let mut numbers = Vec::new();
        while !self.accept("]") {
            if !numbers.is_empty() && !self.accept(",") {
                let found = describe(&self.peek().token);
                return Err(self.error(ErrorKind::Syntax, format!("expected `,` or `]`, found {found}")));
            }
            numbers.push(self.integer()?);
        }
        Ok(numbers)
    }

    pub(super) fn apply(
        &mut self,
        operation: &'static Operation,
        operands: &[Node],
        parameters: &[i64],
        span: Range<usize>,
    ) -> Result<Node> {
        self.graph
            .try_apply(operation, operands, parameters)
            .map_err(|error| Error::at(error.kind(), error.message(), self.text, span))
    }
}

/// The operation of a comparison, and whether its operands change places.
fn comparison(sign: &str) -> (&'static Operation, bool) {
    match sign {
        "<" => (&LESS_THAN, false),
        "<=" => (&LESS_OR_EQUAL, false),
        ">" => (&LESS_THAN, true),
        ">=" => (&LESS_OR_EQUAL, true),
        "==" => (&EQUAL, false),
        _ => (&NOT_EQUAL, false),
    }
}

/// A name for a message, whatever its length.
fn shortened(name: &str) -> String {
    if name.chars().count() <= 60 { name.to_owned() } else { name.chars().take(57).collect::<String>() + "..." }
}

pub(super) fn describe(token: &Token) -> String {
    match token {
        Token::Name(name) => format!("`{}`", shortened(name)),
        Token::Integer(value) => format!("`{value}`"),
        Token::Real(value) => format!("`{value:?}`"),
        Token::Imaginary(value) => format!("`{value:?}j`"),
        Token::Sign(sign) => format!("`{sign}`"),
        Token::End => "the end of the text".into(),
    }
}
