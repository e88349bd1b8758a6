//! The instructions of each operation: which operands may stay in memory, and which register takes the result.

use super::emit::{Emitter, Instance, State};
use super::x86::{self, Operand, Pair, Register, Width};
use crate::lower::{Instruction, Op};
use crate::ops::Value;

/// Mask registers that comparisons may take.
const MASKS: usize = 6;

/// How numbers are compared.
fn condition(op: Op) -> Option<u8> {
    match op {
        Op::Less => Some(x86::COMPARE_LESS),
        Op::LessEqual => Some(x86::COMPARE_LESS_EQUAL),
        Op::Equal => Some(x86::COMPARE_EQUAL),
        _ => None,
    }
}

/// Whether an operation compares numbers.
pub(super) fn compares(op: Op) -> bool {
    condition(op).is_some()
}

impl Emitter<'_> {
    /// Leaves masks for [`compare`](Self::compare), if all of them are comparisons of numbers that nothing else needs.
    pub(super) fn leave_comparisons(&mut self, masks: &[(Value, usize)]) -> bool {
        let uses = self.program.uses();
        let is_comparison = |value: Value| match self.program.instruction(value) {
            Instruction::Apply(op, _) => condition(op).is_some() && uses[value.0 as usize] == 1,
            _ => false,
        };
        let fits = self.assembler.width == Width::Zmm && masks.len() <= MASKS;
        let leaves = fits && masks.iter().all(|&(value, _)| is_comparison(value));
        self.later.extend(masks.iter().map(|&(value, _)| value).filter(|_| leaves));
        leaves
    }

    /// Writes a comparison that was left, into a mask register.
    pub(super) fn compare(&mut self, value: Value, copy: usize, mask: u8) {
        let Instruction::Apply(op, [a, b, _]) = self.program.instruction(value) else { return };
        self.busy.clear();
        let [a, b] = [a, b].map(|operand| self.instance(operand, copy));
        let first = self.in_register(a);
        let last = self.anywhere(b);
        self.assembler.emit(&x86::COMPARE, Register(mask), Some(first), last, condition(op));
        self.used(a);
        self.used(b);
        self.busy.clear();
    }

    /// Writes an operation of a copy; `wanted` is the register that its result should be computed into.
    pub(super) fn operation(
        &mut self,
        op: Op,
        operands: [Value; 3],
        result: Value,
        copy: usize,
        wanted: Option<Register>,
    ) {
        if op == Op::Select && self.choices.contains(&operands[0]) {
            return self.choose(operands, result, copy, wanted);
        }
        let used = &operands[..op.operands()];
        let mut instances: Vec<Instance> = used.iter().map(|&v| self.instance(v, copy)).collect();
        self.busy.clear();
        // The last operand may stay in memory; if the first could and the other could not, they change places.
        if op.is_commutative() && op.operands() == 2 {
            let in_memory = |i: Instance| self.states[i].register.is_none();
            if in_memory(instances[0]) && !in_memory(instances[1]) {
                instances.swap(0, 1);
            }
        }
        let pair: (&Pair, Option<u8>) = match op {
            Op::Add => (&x86::ADD, None),
            Op::Subtract => (&x86::SUBTRACT, None),
            Op::Multiply => (&x86::MULTIPLY, None),
            Op::Divide => (&x86::DIVIDE, None),
            Op::Minimum => (&x86::MINIMUM, None),
            Op::Maximum => (&x86::MAXIMUM, None),
            Op::And => (&x86::AND, None),
            Op::Or => (&x86::OR, None),
            Op::Xor => (&x86::XOR, None),
            Op::IndexAdd => (&x86::INDEX_ADD, None),
            Op::IndexSubtract => (&x86::INDEX_SUBTRACT, None),
            Op::Less | Op::LessEqual | Op::Equal => (&x86::COMPARE, condition(op)),
            Op::IndexLess => {
                // The machine compares the other way round.
                instances.swap(0, 1);
                (&x86::INDEX_GREATER, None)
            }
            Op::SquareRoot => (&x86::SQUARE_ROOT, None),
            Op::RootEstimate => (&x86::ROOT_ESTIMATE, None),
            Op::Floor => (&x86::ROUND, Some(x86::ROUND_DOWN)),
            Op::Round => (&x86::ROUND, Some(x86::ROUND_NEAREST)),
            Op::Fraction => (&x86::REDUCE, Some(x86::ROUND_DOWN)),
            Op::Scale => (&x86::SCALE, None),
            Op::Lookup => (&x86::PERMUTE, None),
            Op::Exp2 | Op::InverseRoot => unreachable!("no processor has it"),
            Op::ShiftLeft(by) | Op::ShiftRight(by) => (&x86::SHIFT, Some(by)),
            Op::MultiplyAdd | Op::MultiplySubtract | Op::NegativeMultiplyAdd => {
                return self.fused(op, &instances, result, copy, wanted);
            }
            Op::Select => return self.select(&instances, result, copy, wanted),
        };
        let (pair, immediate) = pair;
        let is_shift = matches!(op, Op::ShiftLeft(_) | Op::ShiftRight(_));
        let compares = matches!(op, Op::Less | Op::LessEqual | Op::Equal | Op::IndexLess);
        let first = (instances.len() == 2).then(|| self.in_register(instances[0]));
        let last = match is_shift {
            true => Operand::Register(self.in_register(instances[instances.len() - 1])),
            false => self.anywhere(instances[instances.len() - 1]),
        };
        let to = self.destination(&instances, wanted);
        if is_shift {
            let extension = if matches!(op, Op::ShiftLeft(_)) { x86::SHIFT_LEFT } else { x86::SHIFT_RIGHT };
            self.assembler.emit(pair, extension, Some(to), last, immediate);
        } else if let (true, Some(first)) = (compares, first) {
            self.assembler.compare(pair, to, first, last, immediate);
        } else {
            self.assembler.emit(pair, to, first, last, immediate);
        }
        self.define(&instances, result, copy, to);
    }

    /// The register for a result: the wanted one, that of an operand that is not needed again, or a free one.
    fn destination(&mut self, instances: &[Instance], wanted: Option<Register>) -> Register {
        if let Some(wanted) = wanted {
            return wanted;
        }
        for &instance in instances {
            let uses = instances.iter().filter(|i| **i == instance).count();
            if self.dies(instance, uses)
                && let Some(register) = self.states[instance].register
            {
                return register;
            }
        }
        self.take_register()
    }

    fn define(&mut self, instances: &[Instance], result: Value, copy: usize, to: Register) {
        for &instance in instances {
            self.used(instance);
        }
        let instance = self.instance(result, copy);
        if self.states[instance].uses() > 0
            && self.holders[to.0 as usize].is_none_or(|holder| !self.states[holder].pinned)
        {
            self.hold(instance, to);
        } else {
            // Computed into the register of a pinned state.
            self.states[instance].register = Some(to);
        }
        self.busy.clear();
    }

    /// A fused operation `a * b + c` overwrites one of its operands; the last one written may be in memory.
    fn fused(&mut self, op: Op, instances: &[Instance], result: Value, copy: usize, wanted: Option<Register>) {
        let forms = match op {
            Op::MultiplyAdd => &x86::MULTIPLY_ADD,
            Op::MultiplySubtract => &x86::MULTIPLY_SUBTRACT,
            _ => &x86::NEGATIVE_MULTIPLY_ADD,
        };
        let [a, b, c] = [instances[0], instances[1], instances[2]];
        let count = |i: Instance| instances.iter().filter(|k| **k == i).count();
        let in_memory = |emitter: &Self, i: Instance| emitter.states[i].register.is_none();
        let overwritten = |emitter: &Self, i: Instance| {
            let is_wanted = wanted.is_some() && emitter.states[i].register == wanted;
            (is_wanted || wanted.is_none() && emitter.dies(i, count(i))) && count(i) == 1
        };
        // Which operand is overwritten, which is the other register, which may be memory, and the form of that order:
        // 132: first * third + second; 213: second * first + third; 231: second * third + first.
        let choices = [(c, a, b, 2), (c, b, a, 2), (a, b, c, 1), (b, a, c, 1), (a, c, b, 0), (b, c, a, 0)];
        let cost = |emitter: &Self, &(first, second, third, _): &(Instance, Instance, Instance, usize)| {
            let moved = u32::from(!overwritten(emitter, first));
            let loads = u32::from(in_memory(emitter, first)) + u32::from(in_memory(emitter, second));
            let third_in_register = u32::from(!in_memory(emitter, third));
            4 * (moved + loads) + third_in_register
        };
        let &(first, second, third, form) =
            choices.iter().min_by_key(|choice| cost(self, choice)).unwrap_or(&choices[0]);
        let keeps = !overwritten(self, first);
        let second_register = self.in_register(second);
        let third_operand = self.anywhere(third);
        let to = if keeps {
            // A fresh register takes the operand that would be overwritten.
            match self.states[first] {
                State { register: Some(register), .. } => {
                    self.busy.push(register);
                    let to = wanted.filter(|w| !self.busy.contains(w)).unwrap_or_else(|| self.take_register());
                    self.assembler.copy(to, register);
                    to
                }
                State { memory: Some(memory), .. } => {
                    let to = wanted.filter(|w| !self.busy.contains(w)).unwrap_or_else(|| self.take_register());
                    self.assembler.load(to, memory);
                    to
                }
                _ => unreachable!("an operand is in a register or in memory"),
            }
        } else {
            self.in_register(first)
        };
        self.assembler.emit(&forms[form], to, Some(second_register), third_operand, None);
        self.define(instances, result, copy, to);
    }

    /// A choice with its comparison.
    fn choose(&mut self, [mask, a, b]: [Value; 3], result: Value, copy: usize, wanted: Option<Register>) {
        const MASK: u8 = 1;
        self.compare(mask, copy, MASK);
        let instances = [a, b].map(|operand| self.instance(operand, copy));
        let clear = self.in_register(instances[1]);
        let set = self.anywhere(instances[0]);
        let to = self.destination(&instances, wanted);
        self.assembler.blend(to, MASK, set, clear);
        self.define(&instances, result, copy, to);
    }

    fn select(&mut self, instances: &[Instance], result: Value, copy: usize, wanted: Option<Register>) {
        let [mask, a, b] = [instances[0], instances[1], instances[2]];
        let mask_register = self.in_register(mask);
        match self.assembler.width {
            x86::Width::Ymm => {
                let false_register = self.in_register(b);
                let true_operand = self.anywhere(a);
                let to = self.destination(instances, wanted);
                let immediate = Some(mask_register.0 << 4);
                self.assembler.emit(&x86::BLEND, to, Some(false_register), true_operand, immediate);
                self.define(instances, result, copy, to);
            }
            x86::Width::Zmm => {
                let true_register = self.in_register(a);
                let false_operand = self.anywhere(b);
                // The mask is overwritten by the result.
                let uses = instances.iter().filter(|i| **i == mask).count();
                let to = if wanted.is_none() && self.dies(mask, uses) && uses == 1 {
                    mask_register
                } else {
                    let to = wanted.filter(|w| !self.busy.contains(w)).unwrap_or_else(|| self.take_register());
                    self.assembler.copy(to, mask_register);
                    to
                };
                self.assembler.emit(&x86::TERNARY, to, Some(true_register), false_operand, Some(x86::TERNARY_SELECT));
                self.define(instances, result, copy, to);
            }
        }
    }
}
