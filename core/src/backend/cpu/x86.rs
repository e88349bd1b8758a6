//! The x86-64 encoder: one constant per instruction and one `emit`, which writes VEX or EVEX (Intel 64 and IA-32
//! Architectures Software Developer's Manual 2, chapter 2). It knows no program and no register allocation.

/// A vector register, 0 to 15 (31 with EVEX).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Register(pub u8);

/// A general register that holds an address or an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum General {
    Rax = 0,
    Rcx = 1,
    Rdx = 2,
    Rbx = 3,
    Rbp = 5,
    Rsi = 6,
    Rdi = 7,
    R8 = 8,
    R9 = 9,
    R10 = 10,
    R11 = 11,
    /// No base of an address.
    R12 = 12,
    R13 = 13,
    R14 = 14,
    R15 = 15,
}

/// A place in memory: `[base + index + displacement]`, perhaps one number for all lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    /// Any register but those that are encoded as `rsp` is, 4 and 12.
    pub base: General,
    pub index: Option<General>,
    pub displacement: i32,
    pub broadcast: bool,
}

/// The last operand of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    Register(Register),
    Memory(Memory),
}

/// Vectors of 32 or 64 bytes; the encoding is VEX for the first and EVEX for the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Ymm,
    Zmm,
}

impl Width {
    pub(super) fn bytes(self) -> usize {
        match self {
            Width::Ymm => 32,
            Width::Zmm => 64,
        }
    }

    pub(super) fn registers(self) -> usize {
        match self {
            Width::Ymm => 16,
            Width::Zmm => 32,
        }
    }
}

/// An instruction: opcode map (1: 0F, 2: 0F38, 3: 0F3A), mandatory prefix (0: none, 1: 66, 2: F3), opcode and the bit
/// W under EVEX. Instructions on single and double precision come in pairs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instruction {
    pub map: u8,
    pub prefix: u8,
    pub opcode: u8,
    pub wide: bool,
    /// Whether W means something under VEX too.
    pub vex_wide: bool,
}

/// Instructions for single and double precision.
pub(super) type Pair = [Instruction; 2];

const fn both(map: u8, prefixes: [u8; 2], opcodes: [u8; 2], vex_wide: bool) -> Pair {
    [
        Instruction { map, prefix: prefixes[0], opcode: opcodes[0], wide: false, vex_wide: false },
        Instruction { map, prefix: prefixes[1], opcode: opcodes[1], wide: true, vex_wide },
    ]
}

const fn packed(opcode: u8) -> Pair {
    both(1, [0, 1], [opcode; 2], false)
}

const fn fused(opcode: u8) -> Pair {
    both(2, [1, 1], [opcode; 2], true)
}

pub(super) const ADD: Pair = packed(0x58);
pub(super) const MULTIPLY: Pair = packed(0x59);
pub(super) const SUBTRACT: Pair = packed(0x5c);
pub(super) const MINIMUM: Pair = packed(0x5d);
pub(super) const DIVIDE: Pair = packed(0x5e);
pub(super) const MAXIMUM: Pair = packed(0x5f);
pub(super) const SQUARE_ROOT: Pair = packed(0x51);
pub(super) const AND: Pair = packed(0x54);
pub(super) const OR: Pair = packed(0x56);
pub(super) const XOR: Pair = packed(0x57);
pub(super) const COMPARE: Pair = packed(0xc2);
pub(super) const LOAD: Pair = packed(0x28);
pub(super) const STORE: Pair = packed(0x29);
pub(super) const BROADCAST: Pair = both(2, [1, 1], [0x18, 0x19], false);
pub(super) const ROUND: Pair = both(3, [1, 1], [0x08, 0x09], false);
pub(super) const BLEND: Pair = both(3, [1, 1], [0x4a, 0x4b], false);
pub(super) const INDEX_ADD: Pair = both(1, [1, 1], [0xfe, 0xd4], false);
pub(super) const INDEX_SUBTRACT: Pair = both(1, [1, 1], [0xfa, 0xfb], false);
pub(super) const INDEX_GREATER: Pair = [both(1, [1, 1], [0x66; 2], false)[0], both(2, [1, 1], [0x37; 2], false)[1]];
pub(super) const SHIFT: Pair = both(1, [1, 1], [0x72, 0x73], false);
pub(super) const MULTIPLY_ADD: [Pair; 3] = [fused(0x98), fused(0xa8), fused(0xb8)];
pub(super) const MULTIPLY_SUBTRACT: [Pair; 3] = [fused(0x9a), fused(0xaa), fused(0xba)];
pub(super) const NEGATIVE_MULTIPLY_ADD: [Pair; 3] = [fused(0x9c), fused(0xac), fused(0xbc)];
/// EVEX only: bits of three operands by a table; the table that selects by the first.
pub(super) const TERNARY: Pair = both(3, [1, 1], [0x25; 2], false);
pub(super) const TERNARY_SELECT: u8 = 0xca;
/// EVEX only: lanes of two operands by a mask register.
pub(super) const MASKED_BLEND: Pair = both(2, [1, 1], [0x65; 2], false);
/// EVEX only: a mask register as a vector.
pub(super) const MASK_TO_VECTOR: Pair = both(2, [2, 2], [0x38; 2], false);
/// EVEX only: the signs of a vector as a mask register.
pub(super) const VECTOR_TO_MASK: Pair = both(2, [2, 2], [0x39; 2], false);
/// VEX only: the signs of a vector in a general register.
pub(super) const SIGNS: Pair = packed(0x50);
/// EVEX only: the inverse of the square root, about.
pub(super) const ROOT_ESTIMATE: Pair = both(2, [1, 1], [0x4e; 2], false);
/// EVEX only: what rounding takes away.
pub(super) const REDUCE: Pair = both(3, [1, 1], [0x56; 2], false);
/// EVEX only: the first operand times two to the second's integral part.
pub(super) const SCALE: Pair = both(2, [1, 1], [0x2c; 2], false);
/// VEX only: entries of the last operand that the low bits of the first name.
pub(super) const PERMUTE: Pair = both(2, [1, 1], [0x16; 2], false);
/// Round to the nearest, ties to even, without exceptions.
pub(super) const ROUND_NEAREST: u8 = 8;
/// Round down without exceptions.
pub(super) const ROUND_DOWN: u8 = 9;
/// Ordered, quiet comparisons.
pub(super) const COMPARE_EQUAL: u8 = 0;
pub(super) const COMPARE_LESS: u8 = 0x11;
pub(super) const COMPARE_LESS_EQUAL: u8 = 0x12;
/// The field that tells shifts apart.
pub(super) const SHIFT_LEFT: Register = Register(6);
pub(super) const SHIFT_RIGHT: Register = Register(2);

/// A place in the code that jumps go to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label(usize);

/// Machine code under construction.
#[derive(Debug)]
pub(super) struct Assembler {
    pub code: Vec<u8>,
    pub width: Width,
    /// 0 for single, 1 for double precision.
    pub precision: usize,
    /// The mask register of the instruction that is written, 0 for none.
    mask: u8,
    labels: Vec<Option<usize>>,
    /// Where a 32-bit distance to a label is still missing.
    jumps: Vec<(usize, Label)>,
}

impl Assembler {
    pub(super) fn new(width: Width, precision: usize) -> Self {
        Assembler { code: Vec::new(), width, precision, mask: 0, labels: Vec::new(), jumps: Vec::new() }
    }

    /// Writes an instruction: `first` is the destination or the opcode's extension, `second` the operand that VEX adds,
    /// `last` a register or memory.
    pub(super) fn emit(
        &mut self,
        pair: &Pair,
        first: Register,
        second: Option<Register>,
        last: Operand,
        immediate: Option<u8>,
    ) {
        let instruction = pair[self.precision];
        let second = second.map_or(0, |r| r.0);
        let (r, v) = (first.0, second);
        let (x, b) = match last {
            // Under EVEX a register operand takes a fourth bit from the index.
            Operand::Register(m) => (m.0 >> 4 & 1, m.0 >> 3 & 1),
            Operand::Memory(m) => (m.index.map_or(0, |i| i as u8 >> 3 & 1), m.base as u8 >> 3),
        };
        let low = instruction.prefix;
        match self.width {
            Width::Ymm => {
                let w = instruction.wide && instruction.vex_wide;
                let third = u8::from(w) << 7 | (!v & 15) << 3 | 1 << 2 | low;
                if x == 0 && b == 0 && !w && instruction.map == 1 {
                    self.code.extend([0xc5, (!r >> 3 & 1) << 7 | (third & 0x7f)]);
                } else {
                    let inverted = (!r >> 3 & 1) << 7 | (!x & 1) << 6 | (!b & 1) << 5;
                    self.code.extend([0xc4, inverted | instruction.map, third]);
                }
            }
            Width::Zmm => {
                let broadcast = matches!(last, Operand::Memory(m) if m.broadcast);
                let inverted =
                    (!r >> 3 & 1) << 7 | (!x & 1) << 6 | (!b & 1) << 5 | (!r >> 4 & 1) << 4 | instruction.map;
                let third = u8::from(instruction.wide) << 7 | (!v & 15) << 3 | 1 << 2 | low;
                let fourth = 2 << 5 | u8::from(broadcast) << 4 | (!v >> 4 & 1) << 3 | self.mask;
                self.code.extend([0x62, inverted, third, fourth]);
            }
        }
        self.code.push(instruction.opcode);
        match last {
            Operand::Register(m) => self.code.push(0xc0 | (r & 7) << 3 | m.0 & 7),
            Operand::Memory(m) => self.address(r, m, self.displacement_unit(pair, m)),
        }
        self.code.extend(immediate);
    }

    /// EVEX counts short displacements in units of what is read.
    fn displacement_unit(&self, pair: &Pair, memory: Memory) -> i32 {
        let number = [4, 8][self.precision];
        match self.width {
            Width::Ymm => 1,
            Width::Zmm if memory.broadcast || pair[0].opcode == BROADCAST[0].opcode && pair[0].map == 2 => number,
            Width::Zmm => 64,
        }
    }

    fn address(&mut self, r: u8, memory: Memory, unit: i32) {
        let displacement = memory.displacement;
        let short = (displacement % unit == 0).then_some(displacement / unit).and_then(|d| i8::try_from(d).ok());
        let mode = if short.is_some() { 1 } else { 2 };
        let base = memory.base as u8 & 7;
        match memory.index {
            None => self.code.push(mode << 6 | (r & 7) << 3 | base),
            Some(index) => self.code.extend([mode << 6 | (r & 7) << 3 | 4, (index as u8 & 7) << 3 | base]),
        }
        match short {
            Some(short) => self.code.push(short as u8),
            None => self.code.extend(displacement.to_le_bytes()),
        }
    }

    /// The mask of a comparison as a vector.
    pub(super) fn compare(&mut self, pair: &Pair, to: Register, a: Register, b: Operand, how: Option<u8>) {
        match self.width {
            Width::Ymm => self.emit(pair, to, Some(a), b, how),
            Width::Zmm => {
                self.emit(pair, Register(1), Some(a), b, how);
                self.emit(&MASK_TO_VECTOR, to, None, Operand::Register(Register(1)), None);
            }
        }
    }

    /// Lanes of `set` where a mask register is set, of `clear` where it is not.
    pub(super) fn blend(&mut self, to: Register, mask: u8, set: Operand, clear: Register) {
        self.mask = mask;
        self.emit(&MASKED_BLEND, to, Some(clear), set, None);
        self.mask = 0;
    }

    pub(super) fn copy(&mut self, to: Register, from: Register) {
        self.emit(&LOAD, to, None, Operand::Register(from), None);
    }

    pub(super) fn load(&mut self, to: Register, from: Memory) {
        let pair = if from.broadcast { &BROADCAST } else { &LOAD };
        // The broadcast is part of the instruction here, not of the operand.
        self.emit(pair, to, None, Operand::Memory(Memory { broadcast: false, ..from }), None);
    }

    pub(super) fn store(&mut self, to: Memory, from: Register) {
        self.emit(&STORE, from, None, Operand::Memory(to), None);
    }

    /// The bit of the sign of each lane.
    pub(super) fn mask_bits(&mut self, to: General, from: Register) {
        // A general register takes the place of a vector register.
        match self.width {
            Width::Ymm => self.emit(&SIGNS, Register(to as u8), None, Operand::Register(from), None),
            Width::Zmm => {
                self.emit(&VECTOR_TO_MASK, Register(1), None, Operand::Register(from), None);
                self.copy_mask(to, 1);
            }
        }
    }

    /// `to = a | b`, for mask registers.
    pub(super) fn or_masks(&mut self, to: u8, a: u8, b: u8) {
        self.code.extend([0xc5, 0x84 | (!a & 15) << 3, 0x45, 0xc0 | to << 3 | b]);
    }

    /// Jumps if a mask register is empty.
    pub(super) fn jump_if_empty(&mut self, mask: u8, label: Label) {
        self.code.extend([0xc5, 0xf8, 0x98, 0xc0 | mask << 3 | mask, 0x0f, 0x84]);
        self.distance(label);
    }

    /// The bits of a mask register.
    pub(super) fn copy_mask(&mut self, to: General, mask: u8) {
        let high = (!(to as u8) >> 3 & 1) << 7;
        self.code.extend([0xc5, high | 0x78, 0x93, 0xc0 | (to as u8 & 7) << 3 | mask]);
    }

    /// Stores as many bytes as a number has.
    pub(super) fn store_general(&mut self, to: Memory, from: General) {
        let index = to.index.map_or(0, |index| index as u8 >> 3);
        let wide = (self.precision as u8) << 3;
        self.code.extend([0x40 | wide | (from as u8 >> 3) << 2 | index << 1 | to.base as u8 >> 3, 0x89]);
        self.address(from as u8, to, 1);
    }

    /// Jumps if a register is 0.
    pub(super) fn jump_if_zero(&mut self, register: General, label: Label) {
        self.rex(register, register);
        self.code.extend([0x85, 0xc0 | (register as u8 & 7) << 3 | register as u8 & 7, 0x0f, 0x84]);
        self.distance(label);
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    pub(super) fn bind(&mut self, label: Label) {
        self.labels[label.0] = Some(self.code.len());
    }

    fn rex(&mut self, register: General, base: General) {
        self.code.push(0x48 | (register as u8 >> 3) << 2 | base as u8 >> 3);
    }

    /// `register = 0`
    pub(super) fn clear(&mut self, register: General) {
        self.rex(register, register);
        self.code.extend([0x31, 0xc0 | (register as u8 & 7) << 3 | register as u8 & 7]);
    }

    /// `to = from`
    pub(super) fn copy_general(&mut self, to: General, from: General) {
        self.rex(from, to);
        self.code.extend([0x89, 0xc0 | (from as u8 & 7) << 3 | to as u8 & 7]);
    }

    /// `to = from + distance`
    pub(super) fn offset(&mut self, to: General, from: General, distance: i32) {
        self.rex(to, from);
        self.code.extend([0x8d, 0x80 | (to as u8 & 7) << 3 | from as u8 & 7]);
        self.code.extend(distance.to_le_bytes());
    }

    /// `register += distance`
    pub(super) fn advance(&mut self, register: General, distance: i32) {
        self.rex(General::Rax, register);
        self.code.extend([0x81, 0xc0 | register as u8 & 7]);
        self.code.extend(distance.to_le_bytes());
    }

    /// `to = [from + displacement]`, a number of 64 bits.
    pub(super) fn load_general(&mut self, to: General, from: General, displacement: i8) {
        self.rex(to, from);
        self.code.extend([0x8b, 0x40 | (to as u8 & 7) << 3 | from as u8 & 7, displacement as u8]);
    }

    /// `to += from`
    pub(super) fn add_general(&mut self, to: General, from: General) {
        self.rex(from, to);
        self.code.extend([0x01, 0xc0 | (from as u8 & 7) << 3 | to as u8 & 7]);
    }

    /// Puts a register on the stack.
    pub(super) fn push(&mut self, register: General) {
        self.code.extend([0x40 | register as u8 >> 3, 0x50 | register as u8 & 7]);
    }

    /// Takes a register from the stack.
    pub(super) fn pop(&mut self, register: General) {
        self.code.extend([0x40 | register as u8 >> 3, 0x58 | register as u8 & 7]);
    }

    /// Compares unsigned numbers for the jump that follows.
    pub(super) fn compare_general(&mut self, a: General, b: General) {
        self.rex(b, a);
        self.code.extend([0x39, 0xc0 | (b as u8 & 7) << 3 | a as u8 & 7]);
    }

    pub(super) fn jump(&mut self, label: Label) {
        self.code.push(0xe9);
        self.distance(label);
    }

    /// Jumps if `a < b` in the last comparison.
    pub(super) fn jump_below(&mut self, label: Label) {
        self.code.extend([0x0f, 0x82]);
        self.distance(label);
    }

    /// Jumps if `a >= b` in the last comparison.
    pub(super) fn jump_not_below(&mut self, label: Label) {
        self.code.extend([0x0f, 0x83]);
        self.distance(label);
    }

    /// Jumps if `a > b` in the last comparison.
    pub(super) fn jump_above(&mut self, label: Label) {
        self.code.extend([0x0f, 0x87]);
        self.distance(label);
    }

    fn distance(&mut self, label: Label) {
        self.jumps.push((self.code.len(), label));
        self.code.extend([0; 4]);
    }

    /// Leaves no vector state that slows the caller's older instructions.
    pub(super) fn clear_upper(&mut self) {
        self.code.extend([0xc5, 0xf8, 0x77]);
    }

    /// Returns to the caller.
    pub(super) fn finish_function(&mut self) {
        self.code.push(0xc3);
    }

    /// Aligns the next function or loop.
    pub(super) fn align(&mut self, to: usize) {
        while !self.code.len().is_multiple_of(to) {
            self.code.push(0x90);
        }
    }

    /// The code with all distances filled in.
    pub(super) fn finish(mut self) -> Vec<u8> {
        for (place, label) in std::mem::take(&mut self.jumps) {
            let target = self.labels[label.0].unwrap_or(place) as i64;
            let distance = (target - (place as i64 + 4)) as i32;
            self.code[place..place + 4].copy_from_slice(&distance.to_le_bytes());
        }
        self.code
    }
}
