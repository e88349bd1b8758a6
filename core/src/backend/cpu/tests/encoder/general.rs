//! Instructions on general registers and mask registers.

use iced_x86::{Mnemonic as M, Register as Name};

use super::{ALL_GENERAL, Field, Writer};
use crate::backend::cpu::x86::{General, Label, Width};

impl Writer {
    /// A new label, and how a jump to it is read back.
    pub(super) fn label(&mut self) -> (Label, Field) {
        self.labels.push((self.assembler.label(), None));
        (self.labels[self.labels.len() - 1].0, Field::Place(self.labels.len() as u64 - 1))
    }

    pub(super) fn general(&mut self) {
        let (one, two) = (self.random.pick(&ALL_GENERAL), self.random.pick(&ALL_GENERAL));
        // The one that is no base of an address may be any other operand.
        let one = if self.random.chance(8) { (General::R12, Name::R12) } else { one };
        let [a, b] = [one.1, two.1].map(Field::Register);
        let distance = self.random.pick(&[0, 1, -1, 64, i32::MIN, i32::MAX, -12345]);
        let line = match self.random.below(15) {
            0 => {
                self.assembler.clear(one.0);
                (M::Xor, vec![a.clone(), a])
            }
            1 => {
                self.assembler.copy_general(one.0, two.0);
                (M::Mov, vec![a, b])
            }
            2 => {
                self.assembler.offset(one.0, two.0, distance);
                let (index, displacement) = (Name::None, distance.into());
                (M::Lea, vec![a, Field::Memory { base: two.1, index, displacement, short: false, broadcast: false }])
            }
            3 => {
                self.assembler.advance(one.0, distance);
                (M::Add, vec![a, Field::Number(i64::from(distance) as u64)])
            }
            4 => {
                self.assembler.compare_general(one.0, two.0);
                (M::Cmp, vec![a, b])
            }
            5 => {
                self.assembler.add_general(one.0, two.0);
                (M::Add, vec![a, b])
            }
            6 => {
                let displacement = self.random.next() as i8;
                self.assembler.load_general(one.0, two.0, displacement);
                let (index, displacement) = (Name::None, displacement.into());
                (M::Mov, vec![a, Field::Memory { base: two.1, index, displacement, short: true, broadcast: false }])
            }
            7 => {
                let (memory, mut field) = self.memory(false, 1);
                if let Field::Memory { displacement, short, .. } = &mut field {
                    *short = i8::try_from(*displacement).is_ok(); // counted in bytes
                }
                self.assembler.store_general(memory, one.0);
                (M::Mov, vec![field, a])
            }
            8 => {
                let (label, place) = self.label();
                self.assembler.jump_if_zero(one.0, label);
                self.expected.push((M::Test, vec![a.clone(), a]));
                (M::Je, vec![place])
            }
            9 => {
                let from = self.register();
                self.assembler.mask_bits(one.0, from);
                let (p, vector) = (self.assembler.precision, self.vector(from));
                match self.assembler.width {
                    Width::Ymm => ([M::Vmovmskps, M::Vmovmskpd][p], vec![a, vector]),
                    Width::Zmm => {
                        let mask = Field::Register(Name::K1);
                        self.expected.push(([M::Vpmovd2m, M::Vpmovq2m][p], vec![mask.clone(), vector]));
                        (M::Kmovw, vec![a, mask])
                    }
                }
            }
            11..14 if self.assembler.width == Width::Zmm => {
                let all = [0; 3].map(|_| self.random.below(8) as u8);
                let [to, from, other] = all;
                let [to_field, from_field, other_field] = all.map(|k| Field::Register(Name::K0 + u32::from(k)));
                match self.random.below(3) {
                    0 => {
                        self.assembler.or_masks(to, from, other);
                        (M::Korw, vec![to_field, from_field, other_field])
                    }
                    1 => {
                        self.assembler.copy_mask(one.0, from);
                        (M::Kmovw, vec![a, from_field])
                    }
                    _ => {
                        let (label, place) = self.label();
                        self.assembler.jump_if_empty(to, label);
                        self.expected.push((M::Kortestw, vec![to_field.clone(), to_field]));
                        (M::Je, vec![place])
                    }
                }
            }
            10 => {
                self.assembler.push(one.0);
                (M::Push, vec![a])
            }
            _ => {
                self.assembler.pop(one.0);
                (M::Pop, vec![a])
            }
        };
        self.expected.push(line);
    }
}
