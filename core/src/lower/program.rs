//! Lane programs: straight-line code on lanes of numbers, in static single assignment. Numbers, masks and integers of
//! a lane are all bits of one width.

use std::fmt::{self, Display, Write};
use std::num::NonZeroU32;

use crate::ops::Value;

/// What a lowering may use beyond what every machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Machine {
    /// [`Op::Round`], [`Op::Fraction`] and [`Op::Scale`].
    pub scales: bool,
    /// [`Op::Lookup`], in float32.
    pub looks_up: bool,
    /// [`Op::RootEstimate`].
    pub estimates: bool,
    /// [`Op::Exp2`] and [`Op::InverseRoot`], in float32.
    pub transcends: bool,
    /// One number of memory in all lanes, as the last operand of an operation.
    pub repeats: bool,
}

/// Where lanes are stored while a tile is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// What is known once per call: the same in every lane.
    Call,
    /// What is known per kept row.
    Kept,
    /// What is known per reduced row.
    Reduced,
    /// The anchors of the block, per kept row.
    Anchor,
    /// The state of the block, per kept row.
    Block,
    /// The totals of the blocks before, per kept row.
    Total,
    /// The totals to be merged into them, per kept row.
    Other,
    /// The results, per kept row.
    Output,
    /// The values of one kept row that are reduced in plain code, per reduced row.
    Values,
    /// What one program of a pair leaves for those that are repeated, per pair.
    Pair,
    /// What values that are reduced in plain code have to reach to matter, per kept row.
    Bound,
    /// The values of the reduced rows in which one matters, per pair.
    Candidate,
    /// Masks of which of these do, per pair.
    Chosen,
    /// What exchanged pairs have come to, per reduced row, in lanes of kept rows that go round.
    Exchanged,
}

impl Space {
    /// All spaces, in order.
    pub const ALL: [Space; 14] = [
        Space::Call,
        Space::Kept,
        Space::Reduced,
        Space::Anchor,
        Space::Block,
        Space::Total,
        Space::Other,
        Space::Output,
        Space::Values,
        Space::Pair,
        Space::Bound,
        Space::Candidate,
        Space::Chosen,
        Space::Exchanged,
    ];
}

/// One number per lane in a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Plane {
    /// The space.
    pub space: Space,
    /// The position in the space, counted from the plane that the family names where there is one.
    pub slot: u32,
    /// In a [`Repeat`](super::Repeat), the family that names another plane for each repetition.
    pub family: Option<FamilyNumber>,
}

/// Which of the families of a [`Repeat`](super::Repeat). That there is none is a number too, not a byte beside one that is
/// not set: planes are compared all the time, and an optimiser compares such a number before it knows whether it counts,
/// which is harmless and yet what valgrind looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FamilyNumber(NonZeroU32);

impl FamilyNumber {
    /// The family at a position.
    pub fn new(position: usize) -> Self {
        FamilyNumber(NonZeroU32::MIN.saturating_add(position as u32))
    }

    /// Its position.
    pub fn position(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl Plane {
    /// The plane at a position of a space.
    pub fn new(space: Space, slot: usize) -> Self {
        Plane { space, slot: slot as u32, family: None }
    }

    /// The position in the space in a repetition whose families name these planes.
    pub fn position(self, firsts: &[u32]) -> usize {
        (self.slot + self.family.map_or(0, |family| firsts[family.position()])) as usize
    }
}

impl Display for Plane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.family {
            None => write!(f, "{:?}[{}]", self.space, self.slot),
            Some(family) => write!(f, "{:?}[family {} + {}]", self.space, family.position(), self.slot),
        }
    }
}

/// What an instruction does with its operands `a`, `b`, `c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `a / b`
    Divide,
    /// `a * b + c`, rounded once
    MultiplyAdd,
    /// `a * b - c`, rounded once
    MultiplySubtract,
    /// `c - a * b`, rounded once
    NegativeMultiplyAdd,
    /// `a < b ? a : b`
    Minimum,
    /// `a > b ? a : b`
    Maximum,
    /// the square root
    SquareRoot,
    /// the inverse of the square root of `a`, wrong by 2^-14 of it at most; where the machine has it
    RootEstimate,
    /// `2^a`, wrong by 2 ulp at most, 0 for what is below the smallest normal number; where the machine has it
    Exp2,
    /// the inverse of the square root of `a`, wrong by 2 ulp at most; where the machine has it
    InverseRoot,
    /// the largest integer not above `a`
    Floor,
    /// the nearest integer, the even one of two; where the machine has it
    Round,
    /// `a` less the largest integer not above it, rounded down, and 0 of infinities; where the machine has it
    Fraction,
    /// `a * 2^n` for the largest integer `n` not above `b`, rounded once; where the machine has it
    Scale,
    /// the entry of the table `b` that the low bits of `a` name; where the machine has it
    Lookup,
    /// mask of `a < b`
    Less,
    /// mask of `a <= b`
    LessEqual,
    /// mask of `a == b`
    Equal,
    /// mask of `a < b` for integers
    IndexLess,
    /// bitwise and
    And,
    /// bitwise or
    Or,
    /// bitwise exclusive or
    Xor,
    /// bits of `b` where the mask `a` is set, else of `c`
    Select,
    /// `a + b` for integers
    IndexAdd,
    /// `a - b` for integers
    IndexSubtract,
    /// bits moved up
    ShiftLeft(u8),
    /// bits moved down, zeros from above
    ShiftRight(u8),
}

impl Op {
    /// How many operands it takes.
    pub fn operands(self) -> usize {
        match self {
            Op::SquareRoot | Op::RootEstimate | Op::Exp2 | Op::InverseRoot | Op::Floor | Op::Round | Op::Fraction => 1,
            Op::ShiftLeft(_) | Op::ShiftRight(_) => 1,
            Op::MultiplyAdd | Op::MultiplySubtract | Op::NegativeMultiplyAdd | Op::Select => 3,
            _ => 2,
        }
    }

    /// Whether `a` and `b` can be exchanged.
    pub fn is_commutative(self) -> bool {
        matches!(
            self,
            Op::Add
                | Op::Multiply
                | Op::MultiplyAdd
                | Op::MultiplySubtract
                | Op::NegativeMultiplyAdd
                | Op::Equal
                | Op::And
                | Op::Or
                | Op::Xor
                | Op::IndexAdd
        )
    }
}

/// As many entries as a lookup can choose from.
pub type Table = [u32; 8];

/// One value of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instruction {
    /// A number from memory.
    Load(Plane),
    /// The same bits in every lane.
    Constant(u64),
    /// A table for [`Op::Lookup`].
    Table(&'static Table),
    /// An operation on earlier values; operands that it does not take repeat the first.
    Apply(Op, [Value; 3]),
}

/// Straight-line code that ends with stores.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Program {
    /// The values, in order.
    pub instructions: Vec<Instruction>,
    /// What is stored where at the end.
    pub stores: Vec<(Plane, Value)>,
}

impl Program {
    /// The instruction of a value.
    pub fn instruction(&self, value: Value) -> Instruction {
        self.instructions[value.0 as usize]
    }

    /// The operands of an instruction.
    pub fn operands(instruction: &Instruction) -> &[Value] {
        match instruction {
            Instruction::Apply(op, operands) => &operands[..op.operands()],
            _ => &[],
        }
    }

    /// Gives every plane that is loaded or stored, to be renamed.
    pub fn each_plane(&mut self, mut take: impl FnMut(&mut Plane)) {
        for instruction in &mut self.instructions {
            if let Instruction::Load(plane) = instruction {
                take(plane);
            }
        }
        self.stores.iter_mut().for_each(|(plane, _)| take(plane));
    }

    /// How many instructions compute.
    pub fn operations(&self) -> usize {
        self.instructions.iter().filter(|i| matches!(i, Instruction::Apply(..))).count()
    }

    /// How often each value is used, stores included.
    pub fn uses(&self) -> Vec<u32> {
        let mut uses = vec![0; self.instructions.len()];
        for instruction in &self.instructions {
            Program::operands(instruction).iter().for_each(|v| uses[v.0 as usize] += 1);
        }
        self.stores.iter().for_each(|(_, v)| uses[v.0 as usize] += 1);
        uses
    }

    /// Whether each operation adds to what a store replaces, so that none needs a register of its own.
    pub fn accumulates(&self) -> bool {
        let replaces = |(k, instruction): (usize, &Instruction)| match instruction {
            Instruction::Apply(Op::Add | Op::MultiplyAdd, operands) => self.stores.iter().any(|&(plane, value)| {
                let is_old = |v: &Value| self.instruction(*v) == Instruction::Load(plane);
                value.0 as usize == k && operands.iter().any(is_old)
            }),
            Instruction::Apply(..) => false,
            _ => true,
        };
        self.instructions.iter().enumerate().all(replaces)
    }

    /// The largest number of computed values that are needed at one time.
    pub fn live(&self) -> usize {
        let mut last: Vec<usize> = vec![0; self.instructions.len()];
        for (k, instruction) in self.instructions.iter().enumerate() {
            Program::operands(instruction).iter().for_each(|v| last[v.0 as usize] = k);
        }
        let mut ends = vec![0usize; self.instructions.len() + 1];
        let (mut count, mut most) = (0usize, 0usize);
        for (k, instruction) in self.instructions.iter().enumerate() {
            count -= ends[k];
            if matches!(instruction, Instruction::Apply(..)) {
                // A new state takes the old one's register.
                if last[k] > k {
                    count += 1;
                    ends[last[k]] += 1;
                }
                most = most.max(count);
            }
        }
        most.max(1)
    }

    /// The program without values that nothing needs.
    pub fn pruned(&self) -> Program {
        let mut needed = vec![false; self.instructions.len()];
        self.stores.iter().for_each(|(_, v)| needed[v.0 as usize] = true);
        for k in (0..needed.len()).rev() {
            if needed[k] {
                Program::operands(&self.instructions[k]).iter().for_each(|v| needed[v.0 as usize] = true);
            }
        }
        let values = (0..needed.len() as u32).map(Value).filter(|v| needed[v.0 as usize]);
        Program::of(needed.len(), values.map(|value| (value, self.instruction(value))), &self.stores)
    }

    /// A program of some of `count` values, each with its instruction and after its operands; it stores what is stored.
    pub(super) fn of(
        count: usize,
        values: impl Iterator<Item = (Value, Instruction)>,
        stores: &[(Plane, Value)],
    ) -> Program {
        let mut became = vec![Value(0); count];
        let mut instructions = Vec::with_capacity(values.size_hint().0);
        for (value, instruction) in values {
            became[value.0 as usize] = Value(instructions.len() as u32);
            instructions.push(match instruction {
                Instruction::Apply(op, operands) => Instruction::Apply(op, operands.map(|v| became[v.0 as usize])),
                other => other,
            });
        }
        let stores = stores.iter().map(|&(plane, v)| (plane, became[v.0 as usize])).collect();
        Program { instructions, stores }
    }

    /// The program in words, a value a line.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (k, instruction) in self.instructions.iter().enumerate() {
            let _ = match instruction {
                Instruction::Load(plane) => writeln!(text, "  v{k} = {plane}"),
                Instruction::Constant(bits) => writeln!(text, "  v{k} = bits {bits:#x}"),
                Instruction::Table(entries) => writeln!(text, "  v{k} = table {entries:#x?}"),
                Instruction::Apply(op, _) => {
                    let operands: Vec<String> =
                        Program::operands(instruction).iter().map(|v| format!("v{}", v.0)).collect();
                    writeln!(text, "  v{k} = {op:?} {}", operands.join(" "))
                }
            };
        }
        for (plane, value) in &self.stores {
            let _ = writeln!(text, "  {plane} = v{}", value.0);
        }
        text
    }

    /// Checks the program: operands come first and stores name values.
    ///
    /// # Panics
    /// Where the program breaks its specification.
    pub fn verify(&self) {
        for (k, instruction) in self.instructions.iter().enumerate() {
            assert!(Program::operands(instruction).iter().all(|v| (v.0 as usize) < k), "operands come first");
        }
        assert!(self.stores.iter().all(|(_, v)| (v.0 as usize) < self.instructions.len()), "stores name values");
    }
}
