//! Sums over the components of a pair that are entries of a product of two matrices: inner products of what is known of a kept
//! and of a reduced row, and squared distances, which are made of them. Tensor cores compute such products. It finds them in
//! the lane programs and knows nothing of how they are computed.

use crate::lower::{Instruction, Op, Part, Plane, Program, Space, Stage, Stages};
use crate::ops::Value;

/// Terms from which on a sum is worth it.
const FEWEST_TERMS: usize = 16;

/// A sum over components.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The plane of a pair that holds it.
    pub plane: usize,
    /// The planes of a kept and of a reduced row that make each term.
    pub terms: Vec<[u32; 2]>,
    /// Whether the terms are squares of differences, not products.
    pub is_squared: bool,
}

/// What one program adds to a sum.
struct Terms {
    planes: Vec<[Plane; 2]>,
    is_squared: bool,
    /// The sum that it goes on with.
    before: Option<Plane>,
}

/// All sums that are left for each pair, if each of them is such a product; none if another is.
pub fn products(stages: &Stages) -> Vec<Product> {
    let mut products: Vec<Product> = Vec::new();
    for part in stages.parts(Stage::Contract) {
        if add(part, &mut products).is_none() {
            return Vec::new();
        }
    }
    if products.iter().any(|product| product.terms.len() < FEWEST_TERMS) { Vec::new() } else { products }
}

/// Adds what a program sums to its sum.
fn add(part: Part<'_>, products: &mut Vec<Product>) -> Option<()> {
    let &[(sum, value)] = part.program.stores.as_slice() else { return None };
    let found = terms(part.program, value)?;
    let plane = sum.slot as usize;
    let known = products.iter().position(|product| product.plane == plane);
    let product = match (known, found.before) {
        (None, None) => {
            products.push(Product { plane, terms: Vec::new(), is_squared: found.is_squared });
            products.last_mut()?
        }
        (Some(known), Some(before)) if before == sum => &mut products[known],
        _ => return None,
    };
    if sum.family.is_some() || product.is_squared != found.is_squared {
        return None;
    }
    for firsts in part.rows() {
        let planes = found.planes.iter().map(|planes| planes.map(|plane| plane.position(firsts) as u32));
        product.terms.extend(planes);
    }
    Some(())
}

/// The terms whose sum a value is.
fn terms(program: &Program, value: Value) -> Option<Terms> {
    let (mut planes, mut squared, mut before) = (Vec::new(), Vec::new(), None);
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        let factors = match program.instruction(value) {
            Instruction::Apply(Op::Add, [a, b, _]) => {
                open.extend([a, b]);
                continue;
            }
            Instruction::Apply(Op::MultiplyAdd, [a, b, c]) => {
                open.push(c);
                [a, b]
            }
            Instruction::Apply(Op::Multiply, [a, b, _]) => [a, b],
            Instruction::Load(plane) if plane.space == Space::Pair && before.is_none() => {
                before = Some(plane);
                continue;
            }
            _ => return None,
        };
        let (pair, is_squared) = match (factors[0] == factors[1], program.instruction(factors[0])) {
            (true, Instruction::Apply(Op::Subtract, [a, b, _])) => ([a, b], true),
            (true, _) => return None,
            (false, _) => (factors, false),
        };
        planes.push(kept_and_reduced(program, pair)?);
        squared.push(is_squared);
    }
    let is_squared = *squared.first()?;
    squared.iter().all(|&one| one == is_squared).then_some(Terms { planes, is_squared, before })
}

/// Two numbers as planes of a kept and a reduced row, if they are.
fn kept_and_reduced(program: &Program, values: [Value; 2]) -> Option<[Plane; 2]> {
    match values.map(|value| program.instruction(value)) {
        [Instruction::Load(a), Instruction::Load(b)] => match (a.space, b.space) {
            (Space::Kept, Space::Reduced) => Some([a, b]),
            (Space::Reduced, Space::Kept) => Some([b, a]),
            _ => None,
        },
        _ => None,
    }
}
