//! Smart constructors: they check operands and apply the identities that every stage may rely on.
//! A structural zero absorbs any factor and `f - f` is one, as in KeOps; every other identity changes rounding, the order
//! of factors and the sign of a zero at most.

use super::shape::{LARGEST_DIM, all_real, check_arity, check_kinds, lacks_cotangent, misfit, real_only, result_shape};
use super::{Category, Entry, Field, Graph, Kind, Shape, Variable, is_outermost, misplaced};
use crate::error::{Error, ErrorKind, Result};
use crate::ops::{
    self, ADD, Algebra, COMPLEX, DIVIDE, EVERY_SECOND, EXTRACT, EXTRACT_TRANSPOSE, IF_ELSE, INTERLEAVE, INVERSE, LOG,
    MINUS, MULTIPLY, Node, Operation, POWER, POWER_OF, REPLICATE, Rule, SQUARE, SUBTRACT, SUM,
};

/// Arguments beyond this number are a mistake in a position.
const LARGEST_INDEX: usize = 1 << 16;

impl Algebra for Graph {
    fn constant(&mut self, value: f64) -> Node {
        self.number_node(value)
    }

    fn zero(&mut self, dim: usize) -> Node {
        self.insert(Entry { kind: Kind::Zero, dim })
    }

    fn dim(&self, node: Node) -> usize {
        self.dim_of(node)
    }

    fn parts(&self, node: Node) -> Option<[Node; 2]> {
        self.match_operation(node, &COMPLEX).map(|parts| [parts[0], parts[1]])
    }

    fn number(&self, node: Node) -> Option<f64> {
        self.number(node)
    }

    fn apply(&mut self, operation: &'static Operation, operands: &[Node], parameters: &[i64]) -> Node {
        match self.try_apply(operation, operands, parameters) {
            Ok(node) => node,
            Err(error) => panic!("a rule of the library built a formula that does not fit: {error}"),
        }
    }
}

/// The error of a name that no operation has.
pub(crate) fn unknown_operation(name: &str) -> Error {
    let lower = name.to_lowercase();
    let near = ops::all()
        .map(|o| o.name)
        .filter(|n| edit_distance(&n.to_lowercase(), &lower) <= n.len().div_ceil(3).min(2))
        .collect::<Vec<_>>();
    let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
    let shown: String = name.chars().take(60).collect();
    Error::new(ErrorKind::UnknownName, format!("there is no operation `{shown}`{hint}"))
}

fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(40).collect(), b.chars().take(40).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

impl Graph {
    /// The node of a number. What is no finite number is the operation that gives it, as text would write it.
    pub(super) fn number_node(&mut self, value: f64) -> Node {
        if value.is_nan() {
            let minus_one = self.number_node(-1.0);
            return self.node(&LOG, &[minus_one]);
        }
        if value.is_infinite() {
            let (one, zero) = (self.number_node(value.signum()), self.number_node(0.0));
            return self.node(&DIVIDE, &[one, zero]);
        }
        if value == 0.0 {
            return self.insert(Entry { kind: Kind::Zero, dim: 1 });
        }
        self.insert(Entry { kind: Kind::Constant(value.to_bits()), dim: 1 })
    }

    /// The node of a variable whose position and dimension come from a user.
    pub fn checked_variable(&mut self, index: usize, dim: usize, category: Category) -> Result<Node> {
        if dim == 0 || dim > LARGEST_DIM {
            return Err(Error::new(
                ErrorKind::Dimension,
                format!("variable {index} has dimension {dim}; expected 1 to {LARGEST_DIM}"),
            ));
        }
        if index > LARGEST_INDEX {
            return Err(Error::new(
                ErrorKind::Argument,
                format!("a variable has position {index}; expected 0 to {LARGEST_INDEX}"),
            ));
        }
        self.variable(Variable { index, category }, dim)
    }

    /// The node of an operation on these operands, or what does not fit.
    pub fn try_apply(&mut self, operation: &'static Operation, operands: &[Node], parameters: &[i64]) -> Result<Node> {
        let shapes: Vec<Shape> = operands.iter().map(|&o| self.shape_of(o)).collect();
        if lacks_cotangent(operation, &shapes)? {
            let one = self.number_node(1.0);
            return self.try_apply(operation, &[operands[0], operands[1], one], parameters);
        }
        check_arity(operation, operands.len(), parameters)?;
        let inner = |&node: &Node| self.applied(node).map(|(inner, ..)| inner).filter(|inner| is_outermost(inner));
        if let Some(inner) = operands.iter().find_map(inner) {
            return Err(misplaced(inner));
        }
        match operation.rule {
            Rule::Outermost { .. } => {}
            Rule::Complex { build } => return self.build(operation, build, operands, parameters),
            _ if !all_real(&shapes) => return self.apply_to_complex(operation, operands, parameters, &shapes),
            Rule::Shorthand { build } => return self.build(operation, build, operands, parameters),
            _ => {}
        }
        let dim = result_shape(operation, &shapes, parameters)?.dim;
        check_kinds(operation, |k| (&*self, operands[k]))?;
        if let Rule::Outermost { .. } = operation.rule {
            let kind = Kind::Apply { operation, operands: operands.to_vec(), parameters: parameters.to_vec() };
            return Ok(self.insert(Entry { kind, dim }));
        }
        if let Some(folded) = self.fold(operation, operands, parameters, dim) {
            return Ok(folded);
        }
        if let Some(simpler) = self.identity(operation, operands, parameters, dim) {
            return Ok(simpler);
        }
        if operation.commutative && operands.len() == 2 {
            // Whichever order came first stands for both.
            let swapped =
                Kind::Apply { operation, operands: vec![operands[1], operands[0]], parameters: parameters.to_vec() };
            if let Some(known) = self.known(&Entry { kind: swapped, dim }) {
                return Ok(known);
            }
        }
        let kind = Kind::Apply { operation, operands: operands.to_vec(), parameters: parameters.to_vec() };
        Ok(self.insert(Entry { kind, dim }))
    }

    fn build(
        &mut self,
        operation: &Operation,
        build: ops::Shorthand,
        operands: &[Node],
        parameters: &[i64],
    ) -> Result<Node> {
        build(self, operands, parameters).map_err(|what| misfit(operation, what))
    }

    /// An operation some of whose operands are complex: dimensions fit as those of real operands do.
    fn apply_to_complex(
        &mut self,
        operation: &'static Operation,
        operands: &[Node],
        parameters: &[i64],
        shapes: &[Shape],
    ) -> Result<Node> {
        if let Rule::Symbolic { .. } = operation.rule {
            // What a cotangent has to be depends on whether it is complex: the rule knows.
            check_kinds(operation, |k| (&*self, operands[k]))?;
        } else {
            let real: Vec<Shape> = shapes.iter().map(|shape| Shape { field: Field::Real, ..*shape }).collect();
            result_shape(operation, &real, parameters)?;
        }
        let formula = ops::on_complex(self, operation, operands, parameters);
        formula.ok_or_else(|| real_only(operation, shapes))?.map_err(|what| misfit(operation, what))
    }

    /// Something of this type of which nothing else is known.
    pub(super) fn stand_in(&mut self, shape: Shape) -> Node {
        let mut variable = || {
            let kind = Kind::Variable(Variable { index: self.len(), category: Category::Parameter });
            self.insert(Entry { kind, dim: shape.dim })
        };
        match shape.field {
            Field::Real => variable(),
            Field::Complex => {
                let parts = [variable(), variable()];
                Algebra::apply(self, &COMPLEX, &parts, &[])
            }
        }
    }

    /// An elementwise operation on numbers and zero vectors is a number, where it is finite.
    fn fold(&mut self, operation: &Operation, operands: &[Node], parameters: &[i64], dim: usize) -> Option<Node> {
        let number = |&o: &Node| if self.is_zero(o) { Some(0.0) } else { self.number(o) };
        let numbers = || operands.iter().map(number).collect::<Option<Vec<f64>>>();
        let value = match operation.rule {
            Rule::Elementwise { meaning, .. } => meaning(&numbers()?, parameters),
            Rule::OfOrder { meaning, .. } => {
                let numbers = numbers()?;
                meaning(numbers[0], numbers[1])
            }
            _ => return None,
        };
        value.is_finite().then(|| {
            let number = self.number_node(value);
            self.widened(number, dim)
        })
    }

    /// A simpler formula of the same value and dimension.
    fn identity(
        &mut self,
        operation: &'static Operation,
        operands: &[Node],
        parameters: &[i64],
        dim: usize,
    ) -> Option<Node> {
        let a = *operands.first()?;
        let b = operands.get(1).copied();
        // What moves or multiplies zeros is zero.
        let zeros = operands.iter().filter(|&&o| self.is_zero(o)).count();
        let vanishes = match operation.rule {
            Rule::Contraction { .. } => zeros > 0,
            // A complex zero is no zero vector.
            Rule::Gather { .. } if *operation != COMPLEX => zeros == operands.len(),
            _ => false,
        };
        if vanishes {
            return Some(Algebra::zero(self, dim));
        }
        match (operation, b) {
            (o, Some(b)) if *o == ADD => self.add_identity(a, b, dim),
            (o, Some(b)) if *o == SUBTRACT => self.subtract_identity(a, b, dim),
            (o, Some(b)) if *o == MULTIPLY => self.multiply_identity(a, b, dim),
            (o, Some(b)) if *o == DIVIDE => self.divide_identity(a, b, dim),
            (o, Some(b)) if *o == POWER_OF => match self.number(b) {
                Some(2.0) => Some(self.node(&SQUARE, &[a])),
                Some(1.0) => Some(a),
                _ => None,
            },
            (o, Some(b)) if *o == IF_ELSE => {
                (self.is_zero(b) && self.is_zero(operands[2])).then(|| Algebra::zero(self, dim))
            }
            (o, None) if *o == MINUS => self.minus_identity(a, dim),
            (o, None) if *o == SQUARE => match self.match_operation(a, &MINUS) {
                Some(&[inner]) => Some(self.node(&SQUARE, &[inner])),
                _ => self.is_zero(a).then_some(a),
            },
            (o, None) if *o == POWER => match parameters[0] {
                1 => Some(a),
                2 => Some(self.node(&SQUARE, &[a])),
                -1 => Some(self.node(&INVERSE, &[a])),
                _ => None,
            },
            (o, None) if *o == SUM => self.sum_identity(a),
            (o, None) if *o == REPLICATE => (dim == 1).then_some(a),
            (o, None) if *o == EXTRACT => self.extract_identity(a, parameters[0] as usize, dim),
            (o, Some(b)) if *o == COMPLEX && self.dim_of(a) != self.dim_of(b) => {
                let parts = [self.widened(a, dim), self.widened(b, dim)];
                Some(Algebra::apply(self, &COMPLEX, &parts, &[]))
            }
            (o, Some(b)) if *o == INTERLEAVE => self.interleave_identity(a, b),
            (o, None) if *o == EVERY_SECOND => self.every_second_identity(a, parameters[0] as usize, dim),
            (o, None) if *o == EXTRACT_TRANSPOSE => match self.dim_of(a) == dim {
                true => Some(a),
                false => self.pad_padded(a, parameters[0] as usize, dim),
            },
            _ => None,
        }
    }

    fn node(&mut self, operation: &'static Operation, operands: &[Node]) -> Node {
        Algebra::apply(self, operation, operands, &[])
    }

    /// The node as a vector of this dimension.
    pub(super) fn widened(&mut self, node: Node, dim: usize) -> Node {
        match self.dim_of(node) == dim {
            true => node,
            false => Algebra::apply(self, &REPLICATE, &[node], &[dim as i64]),
        }
    }

    fn negated(&self, node: Node) -> Option<Node> {
        self.match_operation(node, &MINUS).map(|operands| operands[0])
    }

    /// The number and the rest of a product that starts with a number.
    fn scaled(&self, node: Node) -> Option<(f64, Node)> {
        match self.match_operation(node, &MULTIPLY) {
            Some(&[factor, rest]) => self.number(factor).map(|number| (number, rest)),
            _ => None,
        }
    }

    fn add_identity(&mut self, a: Node, b: Node, dim: usize) -> Option<Node> {
        match (self.is_zero(a), self.is_zero(b)) {
            (true, _) => return Some(self.widened(b, dim)),
            (_, true) => return Some(self.widened(a, dim)),
            _ => {}
        }
        if a == b {
            let two = self.number_node(2.0);
            return Some(self.node(&MULTIPLY, &[two, a]));
        }
        if let Some(sum) = self.add_padded(a, b) {
            return Some(sum);
        }
        if let Some(inner) = self.negated(b) {
            return Some(self.node(&SUBTRACT, &[a, inner]));
        }
        self.negated(a).map(|inner| self.node(&SUBTRACT, &[b, inner]))
    }

    fn subtract_identity(&mut self, a: Node, b: Node, dim: usize) -> Option<Node> {
        if a == b {
            return Some(Algebra::zero(self, dim));
        }
        match (self.is_zero(a), self.is_zero(b)) {
            (_, true) => return Some(self.widened(a, dim)),
            (true, _) => {
                let negative = self.node(&MINUS, &[b]);
                return Some(self.widened(negative, dim));
            }
            _ => {}
        }
        self.negated(b).map(|inner| self.node(&ADD, &[a, inner]))
    }

    fn multiply_identity(&mut self, a: Node, b: Node, dim: usize) -> Option<Node> {
        if self.is_zero(a) || self.is_zero(b) {
            return Some(Algebra::zero(self, dim));
        }
        if let Some(padded) = self.padded_product(a, b) {
            return Some(padded);
        }
        if a == b {
            return Some(self.node(&SQUARE, &[a]));
        }
        if let Some(number) = self.number(b) {
            return match self.number(a) {
                // Two numbers whose product is not finite stay a product.
                Some(_) => None,
                None => Some(self.times(number, a)),
            };
        }
        if let Some(number) = self.number(a) {
            if number == 1.0 {
                return Some(b);
            }
            if number == -1.0 {
                return Some(self.node(&MINUS, &[b]));
            }
            if let Some((inner, rest)) = self.scaled(b) {
                let product = number * inner;
                // A product that the smaller format cannot hold would lose what the factors one by one may keep.
                return (1e-30..1e30).contains(&product.abs()).then(|| self.times(product, rest));
            }
            return self.negated(b).map(|inner| self.times(-number, inner));
        }
        // Signs go to the front, so that products that differ in them alone share the rest.
        if let Some(inner) = self.negated(a) {
            let product = self.node(&MULTIPLY, &[inner, b]);
            return Some(self.node(&MINUS, &[product]));
        }
        if let Some(inner) = self.negated(b) {
            let product = self.node(&MULTIPLY, &[a, inner]);
            return Some(self.node(&MINUS, &[product]));
        }
        // A repeated scalar multiplies as a scalar.
        let repeated = |graph: &Graph, r: Node, other: Node| {
            let inner = graph.match_operation(r, &REPLICATE)?[0];
            (graph.dim_of(other) == dim).then_some(inner)
        };
        if let Some(inner) = repeated(self, a, b) {
            return Some(self.node(&MULTIPLY, &[inner, b]));
        }
        repeated(self, b, a).map(|inner| self.node(&MULTIPLY, &[a, inner]))
    }

    fn times(&mut self, number: f64, node: Node) -> Node {
        let number = self.number_node(number);
        self.node(&MULTIPLY, &[number, node])
    }

    fn divide_identity(&mut self, a: Node, b: Node, dim: usize) -> Option<Node> {
        if let Some(number) = self.number(b) {
            // Both the number and its inverse must be normal in float32 too.
            let safe = f64::from(f32::MIN_POSITIVE)..=1.0 / f64::from(f32::MIN_POSITIVE);
            if !safe.contains(&number.abs()) || self.number(a).is_some() {
                return None;
            }
            return Some(self.times(1.0 / number, a));
        }
        if self.is_zero(a) {
            return Some(Algebra::zero(self, dim));
        }
        if let Some(padded) = self.padded_quotient(a, b) {
            return Some(padded);
        }
        if self.number(a) == Some(1.0) {
            return Some(self.node(&INVERSE, &[b]));
        }
        if let Some(inner) = self.negated(a) {
            let quotient = self.node(&DIVIDE, &[inner, b]);
            return Some(self.node(&MINUS, &[quotient]));
        }
        if let Some(inner) = self.negated(b) {
            let quotient = self.node(&DIVIDE, &[a, inner]);
            return Some(self.node(&MINUS, &[quotient]));
        }
        // Numbers whose product is not finite stay one around the other, as many as the user wrote.
        let (mut numbers, mut rest) = (Vec::new(), a);
        while let Some((number, inner)) = self.scaled(rest) {
            numbers.push(number);
            rest = inner;
        }
        if numbers.is_empty() {
            return None;
        }
        let quotient = self.node(&DIVIDE, &[rest, b]);
        Some(numbers.into_iter().rev().fold(quotient, |product, number| self.times(number, product)))
    }

    fn minus_identity(&mut self, a: Node, dim: usize) -> Option<Node> {
        if self.is_zero(a) {
            return Some(Algebra::zero(self, dim));
        }
        if let Some(inner) = self.negated(a) {
            return Some(inner);
        }
        if let Some((number, rest)) = self.scaled(a) {
            return Some(self.times(-number, rest));
        }
        self.minus_padded(a)
    }

    fn sum_identity(&mut self, a: Node) -> Option<Node> {
        let dim = self.dim_of(a);
        if dim == 1 {
            return Some(a);
        }
        if self.is_zero(a) {
            return Some(self.number_node(0.0));
        }
        if let Some(&[inner]) = self.match_operation(a, &REPLICATE) {
            return Some(self.times(dim as f64, inner));
        }
        if let Some(sum) = self.sum_padded(a) {
            return Some(sum);
        }
        // Scalar factors and signs leave the sum, as many as there are one around the other.
        let (mut factors, mut vector) = (Vec::new(), a);
        while let Some((factor, inner)) = self.scalar_factor(vector) {
            factors.push(factor);
            vector = inner;
        }
        if factors.is_empty() {
            return None;
        }
        let total = self.node(&SUM, &[vector]);
        Some(factors.into_iter().rev().fold(total, |total, factor| match factor {
            Some(scalar) => self.node(&MULTIPLY, &[scalar, total]),
            None => self.node(&MINUS, &[total]),
        }))
    }

    /// A scalar and a vector whose product the node is; `None` in place of a scalar is a sign.
    fn scalar_factor(&self, node: Node) -> Option<(Option<Node>, Node)> {
        if let Some(inner) = self.negated(node) {
            return Some((None, inner));
        }
        let &[left, right] = self.match_operation(node, &MULTIPLY)? else { return None };
        match (self.dim_of(left), self.dim_of(right)) {
            (1, 2..) => Some((Some(left), right)),
            (2.., 1) => Some((Some(right), left)),
            _ => None,
        }
    }

    fn interleave_identity(&mut self, a: Node, b: Node) -> Option<Node> {
        match (self.applied(a), self.applied(b)) {
            (Some((first, &[even], &[0])), Some((second, &[odd], &[1]))) => {
                (*first == EVERY_SECOND && *second == EVERY_SECOND && even == odd).then_some(even)
            }
            _ => None,
        }
    }

    fn every_second_identity(&mut self, a: Node, start: usize, dim: usize) -> Option<Node> {
        if let Some(parts) = self.match_operation(a, &INTERLEAVE) {
            return Some(parts[start]);
        }
        let inner = self.match_operation(a, &REPLICATE)?[0];
        Some(self.widened(inner, dim))
    }
}
