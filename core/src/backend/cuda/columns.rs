//! Results of many columns that are sums of a weight of each pair times what is known of a reduced row: the weights of all pairs
//! times these columns are a product of two matrices, for tensor cores. Or times what a kept and a reduced row differ by, as in
//! gradients of distances, which are no such product: it would cancel. It finds them in the lane programs and knows nothing of how
//! they are computed.

use crate::lower::{Instruction, Op, Part, Plane, Program, Space, Stage, Stages};
use crate::ops::Value;

/// Columns from which on a product is worth it.
const FEWEST_COLUMNS: usize = 16;
/// Other numbers of a block at most: each thread holds them for each of its rows.
const MOST_OTHERS: usize = 8;

/// How a number that several threads have of one row becomes that of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// They are added.
    Sum,
    /// The largest.
    Largest,
    /// The smallest.
    Smallest,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The plane of a pair that holds its weight.
    pub weight: usize,
    /// The plane of a block that each column is, and that of a reduced row that it is a sum of.
    pub terms: Vec<[u32; 2]>,
    /// What of a kept row each of these is subtracted from, if it is, or what is subtracted from it.
    pub kept: Vec<u32>,
    /// Whether it is the latter.
    pub is_reversed: bool,
    /// The other planes of a block.
    pub others: Vec<(usize, Joining)>,
}

/// The columns of a pass, if its blocks are columns and few other numbers.
pub fn columns(stages: &Stages) -> Option<Columns> {
    if !stages.rows.is_empty() {
        return None;
    }
    let (mut columns, mut others) = (Columns::default(), Vec::new());
    for part in stages.parts(Stage::Update) {
        match part.repeat {
            Some(_) => add_terms(part, &mut columns)?,
            None => others = joinings(part.program)?,
        }
    }
    let (terms, kept) = (&columns.terms, &columns.kept);
    let is_other = |plane: &Plane| plane.space != Space::Block || others.iter().any(|&(k, _)| k == plane.slot as usize);
    let anchors =
        stages.parts(Stage::Reanchor).all(|part| part.repeat.is_none() && loads(part.program).all(|p| is_other(&p)));
    let all = terms.len() + others.len() == stages.slots[Space::Block as usize];
    let few = terms.len() >= FEWEST_COLUMNS && others.len() <= MOST_OTHERS;
    let alike = kept.is_empty() || kept.len() == terms.len();
    (anchors && all && few && alike).then_some(Columns { others, ..columns })
}

fn loads(program: &Program) -> impl Iterator<Item = Plane> {
    program.instructions.iter().filter_map(|instruction| match instruction {
        Instruction::Load(plane) => Some(*plane),
        _ => None,
    })
}

/// Adds what a repeated program adds to columns; nothing where it does anything else.
fn add_terms(part: Part<'_>, columns: &mut Columns) -> Option<()> {
    for &(column, value) in &part.program.stores {
        let Instruction::Apply(Op::MultiplyAdd, operands) = part.program.instruction(value) else { return None };
        let is_weight = |value: Value| match part.program.instruction(value) {
            Instruction::Load(plane) => {
                (plane.space == Space::Pair && plane.family.is_none()).then_some(plane.slot as usize)
            }
            _ => None,
        };
        let [a, b, before] = operands;
        let (own, term) = match (is_weight(a), is_weight(b)) {
            (Some(own), _) => (own, b),
            (None, own) => (own?, a),
        };
        let is_sum = part.program.instruction(before) == Instruction::Load(column) && column.space == Space::Block;
        let is_first = columns.terms.is_empty();
        if !is_sum || !(is_first || columns.weight == own) {
            return None;
        }
        columns.weight = own;
        let (kept, reduced, is_reversed) = match part.program.instruction(term) {
            Instruction::Load(reduced) => (None, reduced, false),
            Instruction::Apply(Op::Subtract, [a, b, _]) => match [a, b].map(|value| part.program.instruction(value)) {
                [Instruction::Load(a), Instruction::Load(b)] if a.space == Space::Kept => (Some(a), b, false),
                [Instruction::Load(a), Instruction::Load(b)] => (Some(b), a, true),
                _ => return None,
            },
            _ => return None,
        };
        let are_spaces = reduced.space == Space::Reduced && kept.is_none_or(|kept| kept.space == Space::Kept);
        if !are_spaces || !(is_first || columns.is_reversed == is_reversed) {
            return None;
        }
        columns.is_reversed = is_reversed;
        columns.terms.extend(part.rows().map(|firsts| [column, reduced].map(|plane| plane.position(firsts) as u32)));
        columns.kept.extend(kept.iter().flat_map(|kept| part.rows().map(|firsts| kept.position(firsts) as u32)));
    }
    Some(())
}

/// How the numbers of a block that a program stores are joined, if each is made of what it was and of the pair alone.
fn joinings(program: &Program) -> Option<Vec<(usize, Joining)>> {
    let uses = program.uses();
    let mut joinings = Vec::new();
    for &(plane, value) in program.stores.iter().filter(|(plane, _)| plane.space != Space::Pair) {
        let Instruction::Apply(op, [a, b, c]) = program.instruction(value) else { return None };
        let is_before =
            |operand| program.instruction(operand) == Instruction::Load(plane) && uses[operand.0 as usize] == 1;
        let joining = match op {
            Op::Add if is_before(a) || is_before(b) => Joining::Sum,
            Op::MultiplyAdd if is_before(c) => Joining::Sum,
            Op::Maximum if is_before(a) || is_before(b) => Joining::Largest,
            Op::Minimum if is_before(a) || is_before(b) => Joining::Smallest,
            _ => return None,
        };
        if plane.space != Space::Block || plane.family.is_some() {
            return None;
        }
        joinings.push((plane.slot as usize, joining));
    }
    let of_blocks = loads(program).filter(|plane| plane.space == Space::Block).count();
    (of_blocks == joinings.len()).then_some(joinings)
}
