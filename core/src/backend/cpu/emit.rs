//! A lane program as a run of machine instructions: several copies of the program, each on a vector of its own, are
//! interleaved operation by operation, and values are given registers on the way. It knows nothing of loops.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::interleave::{Interleaving, order};
use super::operations::compares;
use super::x86::{self, Assembler, Memory, Operand, Register};
use crate::lower::{Instruction, Op, Plane, Program, Table};
use crate::ops::Value;

/// Where the number of a load is, for each copy of the program.
pub(super) trait Addresses {
    /// The place of a plane's lanes for a copy. Copies that read the same place share what is read.
    fn plane(&self, plane: Plane, copy: usize) -> Memory;
    /// The place of a constant.
    fn constant(&self, bits: u64) -> Memory;
    /// The place of a table.
    fn table(&self, table: &'static Table) -> Memory;
    /// The place of a register that had to be given up.
    fn spill(&self, slot: usize) -> Memory;
}

/// A value of one copy, as its place among all states; what copies share belongs to the first of them.
pub(super) type Instance = usize;

/// What is known of an instance while code is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    pub(super) register: Option<Register>,
    /// Where it can be loaded from.
    pub(super) memory: Option<Memory>,
    /// Which entries of the emitter's uses are still ahead.
    next: u32,
    end: u32,
    /// It keeps its register for the whole loop.
    pub(super) pinned: bool,
}

impl State {
    /// How often it is still needed.
    pub(super) fn uses(&self) -> usize {
        (self.end - self.next) as usize
    }
}

/// Code generation for one run of instructions.
pub(super) struct Emitter<'a> {
    pub assembler: &'a mut Assembler,
    pub(super) program: &'a Program,
    addresses: &'a dyn Addresses,
    copies: usize,
    pub(super) states: Vec<State>,
    /// The copy that each instance belongs to.
    owners: Vec<u8>,
    /// What is loaded from a place that copies share and replaced there: the value that the next copy finds instead.
    carried: FxHashMap<Value, Value>,
    /// The operations in the order in which they are written: each with its copy.
    order: Vec<(u32, u8)>,
    /// Where in the instruction stream each instance is needed, in order, one instance after the other.
    uses: Vec<u32>,
    pub(super) holders: Vec<Option<Instance>>,
    /// Registers that must not be given up while an instruction is put together.
    pub(super) busy: Vec<Register>,
    spills: usize,
    position: u32,
    /// Comparisons that are written at the end, into mask registers.
    pub(super) later: Vec<Value>,
    /// Comparisons that are written where alone they are needed, into a mask register, to choose between two values.
    pub(super) choices: FxHashSet<Value>,
}

const NEVER: u32 = u32::MAX;

impl<'a> Emitter<'a> {
    pub(super) fn new(
        assembler: &'a mut Assembler,
        program: &'a Program,
        addresses: &'a dyn Addresses,
        copies: usize,
        interleaving: Interleaving,
    ) -> Self {
        let owner = |instruction: &Instruction, copy: usize| match instruction {
            Instruction::Constant(_) | Instruction::Table(_) => 0,
            Instruction::Load(plane) => {
                let place = addresses.plane(*plane, copy);
                (0..copy).find(|&earlier| addresses.plane(*plane, earlier) == place).unwrap_or(copy)
            }
            Instruction::Apply(..) => copy,
        };
        let instructions = program.instructions.iter();
        let owners = instructions.flat_map(|instruction| (0..copies).map(move |copy| owner(instruction, copy) as u8));
        let owners: Vec<u8> = owners.collect();
        let carried = carried(program, |value| copies > 1 && owners[value.0 as usize * copies + 1] == 0);
        let holders = vec![None; assembler.width.registers()];
        let choices = if assembler.width == x86::Width::Zmm { choices(program) } else { FxHashSet::default() };
        let mut emitter = Emitter {
            assembler,
            program,
            addresses,
            copies,
            states: vec![State::default(); copies * program.instructions.len()],
            owners,
            carried,
            order: order(program, copies, interleaving),
            uses: Vec::new(),
            holders,
            busy: Vec::new(),
            spills: 0,
            position: 0,
            later: Vec::new(),
            choices,
        };
        emitter.find_uses();
        emitter
    }

    /// The instance of a value for a copy.
    pub(super) fn instance(&self, value: Value, copy: usize) -> Instance {
        match self.carried.get(&value).filter(|_| copy > 0) {
            Some(&replaced) => self.own(replaced, copy - 1),
            None => self.own(value, copy),
        }
    }

    fn own(&self, value: Value, copy: usize) -> Instance {
        let first = value.0 as usize * self.copies;
        first + usize::from(self.owners[first + copy])
    }

    /// The copies that have an instance of their own, with how many share it.
    pub(super) fn owners(&self, value: Value) -> impl Iterator<Item = (usize, u32)> + use<> {
        let first = value.0 as usize * self.copies;
        let owners = self.owners[first..first + self.copies].to_vec();
        (0..self.copies).filter_map(move |copy| {
            let sharing = owners.iter().filter(|&&owner| usize::from(owner) == copy).count();
            (sharing > 0).then_some((copy, sharing as u32))
        })
    }

    /// Each use of an instance with its place in the instruction stream, in order.
    fn each_use(&self, mut take: impl FnMut(Instance, u32)) {
        for (position, &(k, copy)) in self.order.iter().enumerate() {
            if self.choices.contains(&Value(k)) {
                continue;
            }
            let mut all = |operands: &[Value]| {
                operands.iter().for_each(|&operand| take(self.instance(operand, copy.into()), position as u32));
            };
            let operands = Program::operands(&self.program.instructions[k as usize]);
            match operands.first().filter(|first| self.choices.contains(first)) {
                // A choice needs what is compared.
                Some(first) => {
                    all(Program::operands(&self.program.instructions[first.0 as usize]));
                    all(&operands[1..]);
                }
                None => all(operands),
            }
        }
        for &(plane, value) in &self.program.stores {
            self.stored_copies(plane).for_each(|copy| take(self.instance(value, copy), NEVER - 1));
        }
    }

    /// The copies whose value is stored to a plane: all, or the last.
    pub(super) fn stored_copies(&self, plane: Plane) -> Range<usize> {
        let is_carried = |value: &Value| self.program.instruction(*value) == Instruction::Load(plane);
        let first = if self.carried.keys().any(is_carried) { self.copies - 1 } else { 0 };
        first..self.copies
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
                    Instruction::Load(plane) => self.addresses.plane(*plane, copy),
                    Instruction::Constant(bits) => self.addresses.constant(*bits),
                    Instruction::Table(table) => self.addresses.table(table),
                    Instruction::Apply(..) => continue,
                };
                let instance = self.own(Value(k as u32), copy);
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
    pub(super) fn take_register(&mut self) -> Register {
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

    pub(super) fn hold(&mut self, instance: Instance, register: Register) {
        self.holders[register.0 as usize] = Some(instance);
        self.states[instance].register = Some(register);
    }

    /// The register of an operand, loaded if it has none.
    pub(super) fn in_register(&mut self, instance: Instance) -> Register {
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
    pub(super) fn anywhere(&mut self, instance: Instance) -> Operand {
        let state = self.states[instance];
        if let (None, Some(memory)) = (state.register, state.memory) {
            let repeats = memory.broadcast && self.assembler.width == x86::Width::Zmm;
            // What is needed again is worth a free register, but not where repeating a number on the way is for nothing and
            // repeating it in a register takes the time of an operation (measured on Zen 4).
            let again = state.uses() > 1 && self.free_count() > 0;
            if repeats || !memory.broadcast && !again {
                return Operand::Memory(memory);
            }
        }
        Operand::Register(self.in_register(instance))
    }

    /// Counts a use; a register whose value is needed no more becomes free.
    pub(super) fn used(&mut self, instance: Instance) {
        let state = &mut self.states[instance];
        state.next = state.end.min(state.next + 1);
        if state.uses() == 0 && !state.pinned {
            self.release(instance);
        }
    }

    /// Whether this use is the last and the register may be overwritten.
    pub(super) fn dies(&self, instance: Instance, uses: usize) -> bool {
        let state = &self.states[instance];
        !state.pinned && state.register.is_some() && state.uses() <= uses
    }

    /// Writes all operations. New states of the program's stores stay in registers or spills.
    /// `target` names the register that a stored value should be computed into, if it is free to be overwritten then.
    pub(super) fn run(&mut self, mut target: impl FnMut(&Self, Value, usize) -> Option<Register>) {
        for position in 0..self.order.len() {
            self.position = position as u32;
            let (k, copy) = (self.order[position].0, usize::from(self.order[position].1));
            let Instruction::Apply(op, operands) = self.program.instructions[k as usize] else { continue };
            if self.later.contains(&Value(k)) || self.choices.contains(&Value(k)) {
                continue;
            }
            let wanted = target(self, Value(k), copy);
            self.operation(op, operands, Value(k), copy, wanted);
        }
        self.position = NEVER - 1;
    }

    /// Whether nothing after the instruction being written reads a value any more.
    pub(super) fn last_use_now(&self, value: Value, copy: usize) -> bool {
        let state = &self.states[self.instance(value, copy)];
        self.uses[state.next as usize..state.end as usize].iter().all(|&position| position == self.position)
    }

    /// The register of a value at the end, loaded if it is in memory.
    pub(super) fn result(&mut self, value: Value, copy: usize) -> Register {
        let instance = self.instance(value, copy);
        self.busy.clear();
        self.in_register(instance)
    }

    /// A register with all of these masks together.
    pub(super) fn any(&mut self, masks: &[(Value, usize)]) -> Register {
        self.busy.clear();
        let masks: Vec<Instance> = masks.iter().map(|&(value, copy)| self.instance(value, copy)).collect();
        let mut all = self.in_register(masks[0]);
        for (k, &mask) in masks[1..].iter().enumerate() {
            let to = if k == 0 { self.take_register() } else { all };
            self.busy.push(to);
            let other = self.anywhere(mask);
            self.assembler.emit(&x86::OR, to, Some(all), other, None);
            all = to;
        }
        all
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

/// What each load of a plane that the program stores to is replaced by there, for loads that copies share.
fn carried(program: &Program, is_shared: impl Fn(Value) -> bool) -> FxHashMap<Value, Value> {
    let instructions = program.instructions.iter().enumerate();
    let replaced = instructions.filter_map(|(k, instruction)| {
        let Instruction::Load(plane) = instruction else { return None };
        let (_, stored) = program.stores.iter().find(|(to, _)| to == plane)?;
        Some((Value(k as u32), *stored))
    });
    replaced.filter(|(load, _)| is_shared(*load)).collect()
}

/// The comparisons that a single choice alone needs.
fn choices(program: &Program) -> FxHashSet<Value> {
    let uses = program.uses();
    let masks = program.instructions.iter().filter_map(|instruction| match instruction {
        Instruction::Apply(Op::Select, [mask, ..]) => Some(*mask),
        _ => None,
    });
    let compares = |mask: &Value| matches!(program.instruction(*mask), Instruction::Apply(op, _) if compares(op));
    masks.filter(|mask| uses[mask.0 as usize] == 1).filter(compares).collect()
}
