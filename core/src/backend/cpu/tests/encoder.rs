//! The encoder: random instructions are read back by an independent decoder.

mod general;

use iced_x86::{Decoder, DecoderOptions, Mnemonic as M, OpKind, Register as Name};

use super::Random;
use crate::backend::cpu::x86::{
    self, Assembler, General, Instruction as Encoding, Label, Memory, Operand, Pair, Register, Width,
};

/// What the operands of an instruction are.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Form {
    Binary,
    /// Two operands and a number.
    Ternary,
    Unary,
    /// One operand and a number.
    Rounding,
    /// Three registers of which one is in the number; no EVEX form.
    Blend,
    /// Gives a mask register under EVEX; with a number or without.
    Compare(bool),
    /// The destination is the second register, the first tells which way.
    Shift(Register),
    /// Whole vectors without embedded broadcast.
    Load,
    Store,
    /// One number from memory.
    Broadcast,
    /// Of a mask register.
    FromMask,
    /// To a mask register, of a vector register.
    ToMask,
    /// To a general register, of a vector register.
    ToGeneral,
}

/// An instruction with its VEX and EVEX name for single and double precision.
type Row = (Pair, Form, [M; 2], [M; 2]);

/// Every instruction.
fn table() -> Vec<Row> {
    let one = |pair, form, names: [M; 2]| (pair, form, names, names);
    let evex = |pair, form, names: [M; 2]| (pair, form, [M::INVALID; 2], names);
    use Form::*;
    let mut all = vec![
        one(x86::ADD, Binary, [M::Vaddps, M::Vaddpd]),
        one(x86::MULTIPLY, Binary, [M::Vmulps, M::Vmulpd]),
        one(x86::SUBTRACT, Binary, [M::Vsubps, M::Vsubpd]),
        one(x86::MINIMUM, Binary, [M::Vminps, M::Vminpd]),
        one(x86::DIVIDE, Binary, [M::Vdivps, M::Vdivpd]),
        one(x86::MAXIMUM, Binary, [M::Vmaxps, M::Vmaxpd]),
        one(x86::SQUARE_ROOT, Unary, [M::Vsqrtps, M::Vsqrtpd]),
        one(x86::AND, Binary, [M::Vandps, M::Vandpd]),
        one(x86::OR, Binary, [M::Vorps, M::Vorpd]),
        one(x86::XOR, Binary, [M::Vxorps, M::Vxorpd]),
        one(x86::COMPARE, Compare(true), [M::Vcmpps, M::Vcmppd]),
        one(x86::LOAD, Load, [M::Vmovaps, M::Vmovapd]),
        one(x86::STORE, Store, [M::Vmovaps, M::Vmovapd]),
        one(x86::BROADCAST, Broadcast, [M::Vbroadcastss, M::Vbroadcastsd]),
        (x86::ROUND, Rounding, [M::Vroundps, M::Vroundpd], [M::Vrndscaleps, M::Vrndscalepd]),
        (x86::BLEND, Blend, [M::Vblendvps, M::Vblendvpd], [M::INVALID; 2]),
        one(x86::INDEX_ADD, Binary, [M::Vpaddd, M::Vpaddq]),
        one(x86::INDEX_SUBTRACT, Binary, [M::Vpsubd, M::Vpsubq]),
        one(x86::INDEX_GREATER, Compare(false), [M::Vpcmpgtd, M::Vpcmpgtq]),
        one(x86::SHIFT, Shift(x86::SHIFT_LEFT), [M::Vpslld, M::Vpsllq]),
        one(x86::SHIFT, Shift(x86::SHIFT_RIGHT), [M::Vpsrld, M::Vpsrlq]),
        evex(x86::TERNARY, Ternary, [M::Vpternlogd, M::Vpternlogq]),
        evex(x86::MASK_TO_VECTOR, FromMask, [M::Vpmovm2d, M::Vpmovm2q]),
        evex(x86::VECTOR_TO_MASK, ToMask, [M::Vpmovd2m, M::Vpmovq2m]),
        (x86::SIGNS, ToGeneral, [M::Vmovmskps, M::Vmovmskpd], [M::INVALID; 2]),
        evex(x86::MASKED_BLEND, Binary, [M::Vblendmps, M::Vblendmpd]),
        evex(x86::ROOT_ESTIMATE, Unary, [M::Vrsqrt14ps, M::Vrsqrt14pd]),
        evex(x86::REDUCE, Rounding, [M::Vreduceps, M::Vreducepd]),
        evex(x86::SCALE, Binary, [M::Vscalefps, M::Vscalefpd]),
        (x86::PERMUTE, Binary, [M::Vpermps, M::INVALID], [M::Vpermps, M::Vpermpd]),
    ];
    let fused = [
        (x86::MULTIPLY_ADD[0], [M::Vfmadd132ps, M::Vfmadd132pd]),
        (x86::MULTIPLY_ADD[1], [M::Vfmadd213ps, M::Vfmadd213pd]),
        (x86::MULTIPLY_ADD[2], [M::Vfmadd231ps, M::Vfmadd231pd]),
        (x86::MULTIPLY_SUBTRACT[0], [M::Vfmsub132ps, M::Vfmsub132pd]),
        (x86::MULTIPLY_SUBTRACT[1], [M::Vfmsub213ps, M::Vfmsub213pd]),
        (x86::MULTIPLY_SUBTRACT[2], [M::Vfmsub231ps, M::Vfmsub231pd]),
        (x86::NEGATIVE_MULTIPLY_ADD[0], [M::Vfnmadd132ps, M::Vfnmadd132pd]),
        (x86::NEGATIVE_MULTIPLY_ADD[1], [M::Vfnmadd213ps, M::Vfnmadd213pd]),
        (x86::NEGATIVE_MULTIPLY_ADD[2], [M::Vfnmadd231ps, M::Vfnmadd231pd]),
    ];
    all.extend(fused.map(|(pair, names)| one(pair, Binary, names)));
    all
}

#[test]
fn the_table_has_every_instruction_of_the_encoder() {
    let source = include_str!("../x86.rs");
    let of_type = |name: &str| source.lines().filter(|l| l.starts_with("pub(super) const") && l.contains(name)).count();
    let declared = of_type(": Pair =") + 3 * of_type(": [Pair; 3] =");
    let mut known: Vec<String> = table().iter().map(|(pair, ..)| format!("{:?}", pair as &[Encoding])).collect();
    known.sort_unstable();
    known.dedup();
    assert_eq!(known.len(), declared, "x86.rs declares an instruction that is not read back here, or one twice");
}

/// An operand as it was asked for and as it is read back.
#[derive(Clone, Debug, PartialEq)]
enum Field {
    Register(Name),
    Memory {
        base: Name,
        index: Name,
        displacement: i64,
        short: bool,
        broadcast: bool,
    },
    Number(u64),
    /// A place in the code; of a label, until all labels have one.
    Place(u64),
}

type Line = (M, Vec<Field>);

/// Writes random code and what a reader must find in it.
struct Writer {
    random: Random,
    assembler: Assembler,
    expected: Vec<Line>,
    labels: Vec<(Label, Option<usize>)>,
}

const ALL_GENERAL: [(General, Name); 14] = [
    (General::Rax, Name::RAX),
    (General::Rcx, Name::RCX),
    (General::Rdx, Name::RDX),
    (General::Rsi, Name::RSI),
    (General::Rdi, Name::RDI),
    (General::R8, Name::R8),
    (General::Rbx, Name::RBX),
    (General::Rbp, Name::RBP),
    (General::R9, Name::R9),
    (General::R10, Name::R10),
    (General::R11, Name::R11),
    (General::R13, Name::R13),
    (General::R14, Name::R14),
    (General::R15, Name::R15),
];

impl Writer {
    fn vector(&self, register: Register) -> Field {
        let first = if self.assembler.width == Width::Ymm { Name::YMM0 } else { Name::ZMM0 };
        Field::Register(first + u32::from(register.0))
    }

    fn register(&mut self) -> Register {
        Register(self.random.below(self.assembler.width.registers()) as u8)
    }

    fn number_bytes(&self) -> i32 {
        [4, 8][self.assembler.precision]
    }

    /// A place in memory, and how an operand of so many bytes is read back.
    fn memory(&mut self, broadcast: bool, whole: i32) -> (Memory, Field) {
        let random = &mut self.random;
        let index = if random.chance(3) { None } else { Some(random.pick(&ALL_GENERAL)) };
        let (base, base_name) = random.pick(&ALL_GENERAL);
        let step = random.pick(&[1, 4, 8, 32, 64]);
        let displacement = match random.below(6) {
            0 => 0,
            1 => random.below(256) as i32 - 128,
            2 => step * random.pick(&[-130, -129, -128, -127, -1, 1, 126, 127, 128, 129]),
            3 => random.next() as i32,
            4 => random.pick(&[i32::MIN, i32::MAX, -64, 64]),
            _ => step * (random.below(280) as i32 - 140),
        };
        let bytes = if broadcast { self.number_bytes() } else { whole };
        let unit = if self.assembler.width == Width::Ymm { 1 } else { bytes };
        let short = displacement % unit == 0 && (-128..128).contains(&(displacement / unit));
        let name = index.map_or(Name::None, |(_, name)| name);
        let field = Field::Memory { base: base_name, index: name, displacement: displacement.into(), short, broadcast };
        (Memory { base, index: index.map(|(general, _)| general), displacement, broadcast }, field)
    }

    /// The last operand: a register, a vector in memory, or under EVEX one number for all lanes.
    fn last(&mut self, embeds: bool) -> (Operand, Field) {
        if self.random.chance(3) {
            let register = self.register();
            return (Operand::Register(register), self.vector(register));
        }
        let broadcast = embeds && self.assembler.width == Width::Zmm && self.random.chance(2);
        let (memory, field) = self.memory(broadcast, self.assembler.width.bytes() as i32);
        (Operand::Memory(memory), field)
    }

    /// One instruction of the table through `emit`.
    fn emit(&mut self, pair: &Pair, form: Form, name: M) {
        let zmm = self.assembler.width == Width::Zmm;
        let mask = |r: Register| Field::Register(Name::K0 + u32::from(r.0));
        let (mut first, second, byte) = (self.register(), self.register(), self.random.next() as u8);
        let (mut last, mut last_field) = self.last(!matches!(form, Form::Load | Form::Store));
        let [mut a, b] = [first, second].map(|r| self.vector(r));
        let (mut two, mut immediate) = (Some(second), Some(byte));
        let number = Field::Number(byte.into());
        let fields = match form {
            Form::Binary | Form::Compare(false) => {
                immediate = None;
                vec![a, b, last_field]
            }
            Form::Ternary | Form::Compare(true) => vec![a, b, last_field, number],
            Form::Blend => vec![a, b, last_field, self.vector(Register(byte >> 4))],
            Form::Rounding => {
                two = None;
                vec![a, last_field, number]
            }
            Form::Shift(way) => {
                first = way;
                // Only EVEX shifts what is in memory.
                if !zmm {
                    let from = self.register();
                    (last, last_field) = (Operand::Register(from), self.vector(from));
                }
                vec![b, last_field, number]
            }
            Form::ToMask | Form::ToGeneral => {
                (two, immediate) = (None, None);
                let from = self.register();
                (last, last_field) = (Operand::Register(from), self.vector(from));
                let (general, name) = self.random.pick(&ALL_GENERAL);
                first = if form == Form::ToMask { Register(general as u8 & 7) } else { Register(general as u8) };
                vec![if form == Form::ToMask { mask(first) } else { Field::Register(name) }, last_field]
            }
            Form::Unary | Form::Load | Form::Store | Form::Broadcast | Form::FromMask => {
                (two, immediate) = (None, None);
                if form == Form::Broadcast {
                    let (memory, field) = self.memory(false, self.number_bytes());
                    (last, last_field) = (Operand::Memory(memory), field);
                } else if form == Form::FromMask {
                    let from = Register(self.random.below(8) as u8);
                    (last, last_field) = (Operand::Register(from), mask(from));
                }
                if form == Form::Store {
                    std::mem::swap(&mut a, &mut last_field);
                }
                vec![a, last_field]
            }
        };
        let mut fields = fields;
        if matches!(form, Form::Compare(_)) && zmm {
            first = Register(self.random.below(8) as u8);
            fields[0] = mask(first);
        }
        self.assembler.emit(pair, first, two, last, immediate);
        self.expected.push((name, fields));
    }

    /// What the rest of the backend calls instead of `emit`.
    fn helper(&mut self, rows: &[Row]) {
        let (p, zmm) = (self.assembler.precision, self.assembler.width == Width::Zmm);
        let (to, from) = (self.register(), self.register());
        let [a, b] = [to, from].map(|r| self.vector(r));
        let whole = self.assembler.width.bytes() as i32;
        match self.random.below(5) {
            0 => {
                self.assembler.copy(to, from);
                self.expected.push(([M::Vmovaps, M::Vmovapd][p], vec![a, b]));
            }
            1 => {
                let (memory, field) = self.memory(false, whole);
                self.assembler.load(to, memory);
                self.expected.push(([M::Vmovaps, M::Vmovapd][p], vec![a, field]));
            }
            2 => {
                // The broadcast is the instruction's own.
                let (memory, field) = self.memory(false, self.number_bytes());
                self.assembler.load(to, Memory { broadcast: true, ..memory });
                self.expected.push(([M::Vbroadcastss, M::Vbroadcastsd][p], vec![a, field]));
            }
            3 => {
                let (memory, field) = self.memory(false, whole);
                self.assembler.store(memory, from);
                self.expected.push(([M::Vmovaps, M::Vmovapd][p], vec![field, b]));
            }
            _ => {
                let compares: Vec<_> = rows.iter().filter(|row| matches!(row.1, Form::Compare(_))).collect();
                let (pair, form, names, _) = compares[self.random.below(compares.len())];
                let how = (*form == Form::Compare(true)).then_some(self.random.next() as u8 & 31);
                let (last, field) = self.last(true);
                self.assembler.compare(pair, to, from, last, how);
                let found = if zmm { Field::Register(Name::K1) } else { a.clone() };
                let number = how.map(|how| Field::Number(how.into()));
                self.expected.push((names[p], [found.clone(), b, field].into_iter().chain(number).collect()));
                if zmm {
                    self.expected.push(([M::Vpmovm2d, M::Vpmovm2q][p], vec![a, found]));
                }
            }
        }
    }

    /// Jumps forwards and backwards, ends and alignment.
    fn flow(&mut self) {
        let k = self.random.below(self.labels.len() + 1);
        if k == self.labels.len() {
            self.label();
        }
        let label = self.labels[k].0;
        let name = match self.random.below(7) {
            0 => {
                self.assembler.jump(label);
                M::Jmp
            }
            1 => {
                self.assembler.jump_below(label);
                M::Jb
            }
            2 => {
                self.assembler.jump_not_below(label);
                M::Jae
            }
            3 => {
                self.assembler.jump_above(label);
                M::Ja
            }
            4 => {
                self.assembler.clear_upper();
                self.assembler.finish_function();
                return self.expected.extend([(M::Vzeroupper, vec![]), (M::Ret, vec![])]);
            }
            5 => {
                let (before, to) = (self.assembler.code.len(), self.random.pick(&[1, 16, 32, 64]));
                self.assembler.align(to);
                let added = self.assembler.code.len() - before;
                assert!(added < to && self.assembler.code.len().is_multiple_of(to));
                return self.expected.extend(std::iter::repeat_n((M::Nop, vec![]), added));
            }
            _ => return self.bind(k),
        };
        self.expected.push((name, vec![Field::Place(k as u64)]));
    }

    fn bind(&mut self, k: usize) {
        if self.labels[k].1.is_none() {
            self.assembler.bind(self.labels[k].0);
            self.labels[k].1 = Some(self.assembler.code.len());
        }
    }
}

fn read(decoded: &iced_x86::Instruction) -> Line {
    assert_eq!((decoded.op_mask(), decoded.zeroing_masking()), (Name::None, false));
    assert_eq!(
        (decoded.rounding_control(), decoded.suppress_all_exceptions()),
        (iced_x86::RoundingControl::None, false)
    );
    let field = |k: u32| match decoded.op_kind(k) {
        // Writing half of a general register clears the other half.
        OpKind::Register if decoded.op_register(k).is_gpr32() => {
            Field::Register(decoded.op_register(k).full_register())
        }
        OpKind::Register => Field::Register(decoded.op_register(k)),
        OpKind::Memory => {
            assert_eq!(decoded.memory_index_scale(), 1);
            Field::Memory {
                base: decoded.memory_base(),
                index: decoded.memory_index(),
                displacement: decoded.memory_displacement64() as i64,
                short: decoded.memory_displ_size() == 1,
                broadcast: decoded.is_broadcast(),
            }
        }
        OpKind::NearBranch64 => Field::Place(decoded.near_branch64()),
        _ => Field::Number(decoded.immediate(k)),
    };
    (decoded.mnemonic(), (0..decoded.op_count()).map(field).collect())
}

#[test]
fn random_instructions_are_read_back_as_they_were_meant() {
    let rows = table();
    for (width, precision) in [(Width::Ymm, 0), (Width::Ymm, 1), (Width::Zmm, 0), (Width::Zmm, 1)] {
        let random = Random(precision as u64 + 10 * width.bytes() as u64);
        let assembler = Assembler::new(width, precision);
        let mut writer = Writer { random, assembler, expected: Vec::new(), labels: Vec::new() };
        while writer.expected.len() < 30_000 {
            match writer.random.below(10) {
                0 => writer.helper(&rows),
                1 => writer.general(),
                2 => writer.flow(),
                _ => {
                    let (pair, form, vex, evex) = writer.random.pick(&rows);
                    let name = if width == Width::Ymm { vex } else { evex }[precision];
                    if name != M::INVALID {
                        writer.emit(&pair, form, name);
                    }
                }
            }
        }
        (0..writer.labels.len()).for_each(|k| writer.bind(k));
        let Writer { assembler, expected, labels, .. } = writer;
        let code = assembler.finish();
        let mut decoder = Decoder::with_ip(64, &code, 0, DecoderOptions::NONE);
        for (mnemonic, mut fields) in expected {
            let decoded = decoder.decode();
            if let [Field::Place(place)] = fields.as_mut_slice() {
                *place = labels[*place as usize].1.unwrap() as u64;
            }
            let bytes = &code[decoded.ip() as usize..decoder.ip() as usize];
            assert_eq!(read(&decoded), (mnemonic, fields), "{width:?} {precision} {bytes:02x?}");
        }
        assert!(!decoder.can_decode(), "code is left over");
    }
}
