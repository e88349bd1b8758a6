//! A lane program as a run of machine instructions: several copies of the program, each on a vector of its own, are
//! interleaved operation by operation, and values are given registers on the way. It knows nothing of loops.

use super::x86::{self, Assembler, Memory, Operand, Pair, Register};
use crate::lower::{Instruction, Op, Plane, Program, Table};
use crate::ops::Value;

/// Where the number of a load is, for each copy of the program.
pub(super) trait Addresses {
    /// The place of a plane's lanes for a copy, and whether all copies share it.
    fn plane(&self, plane: Plane, copy: usize) -> (Memory, bool);
    /// The place of a constant.
    fn constant(&self, bits: u64) -> Memory;
    /// The place of a table.
    fn table(&self, table: &'static Table) -> Memory;
    /// The place of a register that had to be given up.
    fn spill(&self, slot: usize) -> Memory;
}

/// A value of one copy, as its place among all states; values that the copies share belong to copy 0.
type Instance = usize;

/// What is known of an instance while code is written.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    register: Option<Register>,
    /// Where it can be loaded from.
    memory: Option<Memory>,
    /// Which entries of the emitter's uses are still ahead.
    next: u32,
    end: u32,
    /// It keeps its register for the whole loop.
    pinned: bool,
}

impl State {
    /// How often it is still needed.
    fn uses(&self) -> usize {
        (self.end - self.next) as usize
    }
}

/// Code generation for one run of instructions.
pub(super) struct Emitter<'a> {
    pub assembler: &'a mut Assembler,
    program: &'a Program,
    addresses: &'a dyn Addresses,
    copies: usize,
    states: Vec<State>,
    /// Of each value, whether the copies share it.
    is_shared: Vec<bool>,
    /// Where in the instruction stream each instance is needed, in order, one instance after the other.
    uses: Vec<u32>,
    holders: Vec<Option<Instance>>,
    /// Registers that must not be given up while an instruction is put together.
    busy: Vec<Register>,
    spills: usize,
    position: u32,
}

const NEVER: u32 = u32::MAX;

impl<'a> Emitter<'a> {
    pub(super) fn new(
        assembler: &'a mut Assembler,
        program: &'a Program,
        addresses: &'a dyn Addresses,
        copies: usize,
    ) -> Self {
        let is_shared = program.instructions.iter().map(|instruction| match instruction {
            Instruction::Constant(_) | Instruction::Table(_) => true,
            Instruction::Load(plane) => addresses.plane(*plane, 0).1,
            Instruction::Apply(..) => false,
        });
        let is_shared = is_shared.collect();
        let holders = vec![None; assembler.width.registers()];
        let mut emitter = Emitter {
            assembler,
            program,
            addresses,
            copies,
            states: vec![State::default(); copies * program.instructions.len()],
            is_shared,
            uses: Vec::new(),
            holders,
            busy: Vec::new(),
            spills: 0,
            position: 0,
        };
        emitter.find_uses();
        emitter
    }

    /// The instance of a value for a copy.
    fn instance(&self, value: Value, copy: usize) -> Instance {
        let k = value.0 as usize;
        k * self.copies + if self.is_shared[k] { 0 } else { copy }
    }

    /// Operations in the order in which they are written: each for all copies before the next.
    fn order(&self) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        let (program, copies) = (self.program, self.copies);
        let applied =
            (0..program.instructions.len()).filter(|&k| matches!(program.instructions[k], Instruction::Apply(..)));
        applied.flat_map(move |k| (0..copies).map(move |copy| (k, copy)))
    }

    /// Each use of an instance with its place in the instruction stream, in order.
    fn each_use(&self, mut take: impl FnMut(Instance, u32)) {
        for (position, (k, copy)) in self.order().enumerate() {
            for &operand in Program::operands(&self.program.instructions[k]) {
                take(self.instance(operand, copy), position as u32);
            }
        }
        for &(_, value) in &self.program.stores {
            (0..self.copies).for_each(|copy| take(self.instance(value, copy), NEVER - 1));
        }
    }

    fn find_uses(&mut self) {
        // Counted first, so that all of them lie in one list.
        let mut counts = vec![0; self.states.len()];
        self.each_use(|instance, _| counts[instance] += 1);
        let mut total = 0;
        for (state, count) in self.states.iter_mut().zip(&counts) {
            (state.next, state.end) = (total, total);
            total += count;
        }
        let mut uses = vec![0; total as usize];
        let mut ends: Vec<u32> = self.states.iter().map(|state| state.end).collect();
        self.each_use(|instance, position| {
            uses[ends[instance] as usize] = position;
            ends[instance] += 1;
        });
        self.uses = uses;
        self.states.iter_mut().zip(ends).for_each(|(state, end)| state.end = end);
        for (k, instruction) in self.program.instructions.iter().enumerate() {
            for copy in 0..self.copies {
                let memory = match instruction {
                    Instruction::Load(plane) => self.addresses.plane(*plane, copy).0,
                    Instruction::Constant(bits) => self.addresses.constant(*bits),
                    Instruction::Table(table) => self.addresses.table(table),
                    Instruction::Apply(..) => continue,
                };
                let instance = self.instance(Value(k as u32), copy);
                self.states[instance].memory = Some(memory);
            }
        }
    }

    /// Gives a load or constant a register for the whole loop, and loads it.
    pub(super) fn pin(&mut self, value: Value, copy: usize) {
        let instance = self.instance(value, copy);
        let Some(free) = self.free_register() else { return };
        let state = &mut self.states[instance];
        if let Some(memory) = state.memory
            && !state.pinned
        {
            state.register = Some(free);
            state.pinned = true;
            self.holders[free.0 as usize] = Some(instance);
            self.assembler.load(free, memory);
        }
    }

    /// The register that a pinned value has.
    pub(super) fn pinned(&self, value: Value, copy: usize) -> Option<Register> {
        let state = &self.states[self.instance(value, copy)];
        state.register.filter(|_| state.pinned)
    }

    /// How many registers are free.
    pub(super) fn free_count(&self) -> usize {
        self.holders.iter().filter(|holder| holder.is_none()).count()
    }

    fn free_register(&self) -> Option<Register> {
        let free = |r: &usize| self.holders[*r].is_none() && !self.busy.contains(&Register(*r as u8));
        (0..self.holders.len()).find(free).map(|r| Register(r as u8))
    }

    fn next_use(&self, instance: Instance) -> u32 {
        let state = &self.states[instance];
        if state.uses() > 0 { self.uses[state.next as usize] } else { NEVER }
    }

    /// A register to write to; if none is free, the value that is needed last gives its own up.
    fn take_register(&mut self) -> Register {
        if let Some(free) = self.free_register() {
            return free;
        }
        let mut best: Option<(u64, Register, Instance)> = None;
        for (r, holder) in self.holders.iter().enumerate() {
            let register = Register(r as u8);
            let Some(instance) = *holder else { continue };
            let state = &self.states[instance];
            if state.pinned || self.busy.contains(&register) {
                continue;
            }
            // What is in memory already costs no store: it goes before what is needed a little later.
            let distance = u64::from(self.next_use(instance).saturating_sub(self.position));
            let weight = if state.memory.is_some() { 4 * distance + 4 } else { distance };
            if best.is_none_or(|(most, ..)| weight > most) {
                best = Some((weight, register, instance));
            }
        }
        let (_, register, instance) = best.expect("an instruction holds at most four registers");
        if self.states[instance].memory.is_none() {
            let memory = self.addresses.spill(self.spills);
            self.spills += 1;
            self.assembler.store(memory, register);
            self.states[instance].memory = Some(memory);
        }
        self.release(instance);
        register
    }

    fn release(&mut self, instance: Instance) {
        let Some(register) = self.states[instance].register.take() else { return };
        // A new state may sit in the register of the pinned old one, which goes on holding it.
        let holder = &mut self.holders[register.0 as usize];
        if *holder == Some(instance) {
            *holder = None;
        }
    }

    fn hold(&mut self, instance: Instance, register: Register) {
        self.holders[register.0 as usize] = Some(instance);
        self.states[instance].register = Some(register);
    }

    /// The register of an operand, loaded if it has none.
    fn in_register(&mut self, instance: Instance) -> Register {
        let state = self.states[instance];
        let register = match state.register {
            Some(register) => register,
            None => {
                let register = self.take_register();
                let memory = state.memory.expect("a value without a register is in memory");
                self.assembler.load(register, memory);
                self.hold(instance, register);
                register
            }
        };
        self.busy.push(register);
        register
    }

    /// An operand where it is, if an instruction can read it there.
    fn anywhere(&mut self, instance: Instance) -> Operand {
        let state = self.states[instance];
        if let (None, Some(memory)) = (state.register, state.memory) {
            let embeds = !memory.broadcast || self.assembler.width == x86::Width::Zmm;
            // What is needed again is worth a free register.
            let again = state.uses() > 1 && self.free_count() > 0;
            if embeds && !again {
                return Operand::Memory(memory);
            }
        }
        Operand::Register(self.in_register(instance))
    }

    /// Counts a use; a register whose value is needed no more becomes free.
    fn used(&mut self, instance: Instance) {
        let state = &mut self.states[instance];
        state.next = state.end.min(state.next + 1);
        if state.uses() == 0 && !state.pinned {
            self.release(instance);
        }
    }

    /// Whether this use is the last and the register may be overwritten.
    fn dies(&self, instance: Instance, uses: usize) -> bool {
        let state = &self.states[instance];
        !state.pinned && state.register.is_some() && state.uses() <= uses
    }

    /// Writes all operations. New states of the program's stores stay in registers or spills.
    /// `target` names the register that a stored value should be computed into, if it is free to be overwritten then.
    pub(super) fn run(&mut self, mut target: impl FnMut(&Self, Value, usize) -> Option<Register>) {
        for (position, (k, copy)) in self.order().enumerate() {
            self.position = position as u32;
            let Instruction::Apply(op, operands) = self.program.instructions[k] else { continue };
            let wanted = target(self, Value(k as u32), copy);
            self.operation(op, operands, Value(k as u32), copy, wanted);
        }
        self.position = NEVER - 1;
    }

    /// Whether nothing after the instruction being written reads a value any more.
    pub(super) fn last_use_now(&self, value: Value, copy: usize) -> bool {
        let state = &self.states[self.instance(value, copy)];
        self.uses[state.next as usize..state.end as usize].iter().all(|&position| position == self.position)
    }

    fn operation(&mut self, op: Op, operands: [Value; 3], result: Value, copy: usize, wanted: Option<Register>) {
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
            Op::Less => (&x86::COMPARE, Some(x86::COMPARE_LESS)),
            Op::LessEqual => (&x86::COMPARE, Some(x86::COMPARE_LESS_EQUAL)),
            Op::Equal => (&x86::COMPARE, Some(x86::COMPARE_EQUAL)),
            Op::IndexLess => {
                // The machine compares the other way round.
                instances.swap(0, 1);
                (&x86::INDEX_GREATER, None)
            }
            Op::SquareRoot => (&x86::SQUARE_ROOT, None),
            Op::Floor => (&x86::ROUND, Some(x86::ROUND_DOWN)),
            Op::Round => (&x86::ROUND, Some(x86::ROUND_NEAREST)),
            Op::Scale => (&x86::SCALE, None),
            Op::Lookup => (&x86::PERMUTE, None),
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

    /// The register of a value at the end, loaded if it is in memory.
    pub(super) fn result(&mut self, value: Value, copy: usize) -> Register {
        let instance = self.instance(value, copy);
        self.busy.clear();
        self.in_register(instance)
    }

    /// Says that a store has been written.
    pub(super) fn stored(&mut self, value: Value, copy: usize) {
        let instance = self.instance(value, copy);
        self.used(instance);
        self.busy.clear();
    }

    /// How many values had to be kept in memory.
    pub(super) fn spills(&self) -> usize {
        self.spills
    }
}
