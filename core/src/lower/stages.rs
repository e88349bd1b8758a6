//! A plan as lane programs, one for each time at which values are known.

use rustc_hash::FxHashMap;

use super::builder::Builder;
use super::condition::Condition;
use super::fuse::fuse;
use super::masked::Masked;
use super::math;
use super::order::order;
use super::orient::orient;
use super::program::{Instruction, Machine, Op, Plane, Program, Space};
use super::results::{Origin, OutputArray, RowPart};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::formula::{Category, Kind, Variable};
use crate::ops::{Lanes, Node, Operation, Reading, Rule, Value};
use crate::plan::{self, Level, Plan, category_level};
use crate::reduction::{Axis, Form, Method, Seen, Summation, Term};

/// Where the numbers of a plane come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A component of an argument.
    Component {
        /// Position of the argument.
        index: usize,
        /// Which component.
        component: usize,
    },
    /// A component of an argument that holds integers, as an integer.
    Integer {
        /// Position of the argument.
        index: usize,
        /// Which component.
        component: usize,
    },
    /// The number of the row, as an integer.
    Position,
    /// Computed by a stage.
    Computed,
}

impl Source {
    /// Position and component of the argument, if it is one.
    pub fn argument(self) -> Option<[usize; 2]> {
        match self {
            Source::Component { index, component } | Source::Integer { index, component } => Some([index, component]),
            Source::Position | Source::Computed => None,
        }
    }
}

/// The stages of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// From the parameters, once.
    Call,
    /// From the arguments of the kept rows.
    Kept,
    /// From the arguments of the reduced rows.
    Reduced,
    /// The block after one more pair.
    Update,
    /// The values of one kept row that are reduced in plain code.
    Values,
    /// New anchors and the mask of what to compute again, in the first output plane.
    Reanchor,
    /// The totals with the block.
    Absorb,
    /// The totals with other totals.
    Merge,
    /// The results of the totals.
    Finish,
    /// The results where nothing is reduced, whatever multiplies them elsewhere.
    Nothing,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Stage; 10] = [
        Stage::Call,
        Stage::Kept,
        Stage::Reduced,
        Stage::Update,
        Stage::Values,
        Stage::Reanchor,
        Stage::Absorb,
        Stage::Merge,
        Stage::Finish,
        Stage::Nothing,
    ];
}

impl Stage {
    /// How often the program of the stage runs, in words.
    pub fn frequency(self) -> &'static str {
        match self {
            Stage::Call => "per call",
            Stage::Kept => "per kept row",
            Stage::Reduced => "per reduced row",
            Stage::Update | Stage::Values => "per pair",
            Stage::Reanchor | Stage::Absorb | Stage::Merge => "per kept row and block",
            Stage::Finish | Stage::Nothing => "per result row",
        }
    }
}

/// The lane programs of a pass and what they need around them.
#[derive(Clone, Debug)]
pub struct Stages {
    /// The format of the computation.
    pub dtype: Dtype,
    /// A program for each stage.
    pub programs: [Program; 10],
    /// Where the planes of the spaces `Call`, `Kept` and `Reduced` come from.
    pub sources: [Vec<Source>; 3],
    /// How many planes each space has.
    pub slots: [usize; 9],
    /// The bits of an empty block, of the total of nothing and of the first anchors.
    pub block: Vec<u64>,
    /// The total of nothing.
    pub total: Vec<u64>,
    /// The first anchors.
    pub anchors: Vec<u64>,
    /// The arrays of the results.
    pub outputs: Vec<OutputArray>,
    /// What is reduced in plain code.
    pub rows: Vec<RowPart>,
    /// Which pairs take part, where every result has a mask.
    pub condition: Option<Condition>,
}

impl Stages {
    /// The program of a stage.
    pub fn program(&self, stage: Stage) -> &Program {
        &self.programs[stage as usize]
    }
}

/// More lane operations than any formula needs on purpose.
const LARGEST_PROGRAM: usize = 1 << 20;

/// Lowers a plan for computation in a number format, with a way of adding, on a machine.
pub fn lower(plan: &Plan, dtype: Dtype, summation: Summation, machine: Machine) -> Result<Stages> {
    let mut lowering = Lowering {
        plan,
        summation,
        builder: Builder::new(dtype, machine),
        planes: [Vec::new(), Vec::new(), Vec::new()],
        positions: FxHashMap::default(),
        components: FxHashMap::default(),
    };
    let roots: Vec<Node> = plan.outputs.iter().flat_map(plan::Output::nodes).collect();
    lowering.formulas(&roots)?;
    lowering.stages()
}

struct Lowering<'a> {
    plan: &'a Plan,
    summation: Summation,
    builder: Builder,
    /// The sources of the planes of the first three spaces.
    planes: [Vec<Source>; 3],
    /// The row numbers of the spaces `Kept` and `Reduced`, as integers.
    positions: FxHashMap<Space, Value>,
    components: FxHashMap<Node, Vec<Value>>,
}

/// Where what follows an index is stored.
fn space_of(category: Category, axis: Axis) -> Space {
    match category_level(category, axis) {
        Level::Call => Space::Call,
        Level::Kept => Space::Kept,
        _ => Space::Reduced,
    }
}

impl Lowering<'_> {
    fn source(&mut self, space: Space, source: Source) -> Plane {
        let planes = &mut self.planes[space as usize];
        planes.push(source);
        Plane { space, slot: planes.len() as u32 - 1 }
    }

    /// The row numbers of a space, as integers.
    fn position(&mut self, space: Space) -> Value {
        if let Some(&known) = self.positions.get(&space) {
            return known;
        }
        let plane = self.source(space, Source::Position);
        let value = self.builder.load(plane);
        self.positions.insert(space, value);
        value
    }

    /// The components of an argument, each from a plane of its own.
    fn argument(&mut self, variable: Variable, dim: usize, source: fn(usize, usize) -> Source) -> Vec<Value> {
        let space = space_of(variable.category, self.plan.axis);
        let load = |component: usize| {
            let plane = self.source(space, source(variable.index, component));
            self.builder.load(plane)
        };
        (0..dim).map(load).collect()
    }

    /// The components of every node below the roots.
    fn formulas(&mut self, roots: &[Node]) -> Result<()> {
        for node in self.plan.graph.reachable(roots) {
            let entry = self.plan.graph.entry(node);
            let values = match &entry.kind {
                Kind::Constant(bits) => vec![self.builder.constant(f64::from_bits(*bits))],
                Kind::Zero => vec![self.builder.constant(0.0); entry.dim],
                Kind::Variable(variable) => {
                    self.argument(*variable, entry.dim, |index, component| Source::Component { index, component })
                }
                Kind::Apply { operation: Operation { rule: Rule::Read { reading, .. }, .. }, operands, .. } => {
                    self.read(node, *reading, operands)
                }
                Kind::Apply { operation, operands: all, parameters } => {
                    let operands: Vec<&[Value]> = all.iter().map(|o| self.components[o].as_slice()).collect();
                    match operation.rule {
                        Rule::Elementwise { lower, .. } => (0..entry.dim)
                            .map(|k| {
                                let one: Vec<Value> =
                                    operands.iter().map(|o| o[if o.len() == 1 { 0 } else { k }]).collect();
                                lower(&mut self.builder, &one, parameters)
                            })
                            .collect(),
                        Rule::OfOrder { lower, .. } => {
                            let order = self.plan.graph.number(all[0]).expect("an order is a number");
                            operands[1].iter().map(|&value| lower(&mut self.builder, order, value)).collect()
                        }
                        Rule::Vector { lower, .. } => lower(&mut self.builder, &operands, parameters),
                        _ => unreachable!("`{}` is expanded before lowering", operation.name),
                    }
                }
            };
            if self.builder.instructions.len() > LARGEST_PROGRAM {
                return Err(Error::new(
                    ErrorKind::Size,
                    format!("the formula needs more than {LARGEST_PROGRAM} operations per pair"),
                ));
            }
            self.components.insert(node, values);
        }
        Ok(())
    }

    /// The integers that a node reads of a row.
    fn read(&mut self, node: Node, reading: Reading, operands: &[Node]) -> Vec<Value> {
        let graph = &self.plan.graph;
        let category = graph.row_number(node);
        match (reading, category, operands) {
            (Reading::Row, Some(category), _) => {
                let lane = self.position(space_of(category, self.plan.axis));
                vec![self.builder.row_number(lane)]
            }
            (Reading::Variable, _, &[operand]) => match &graph.entry(operand).kind {
                Kind::Variable(variable) if self.builder.dtype == Dtype::F32 => {
                    let integer = |index, component| Source::Integer { index, component };
                    let lanes = self.argument(*variable, graph.dim_of(operand), integer);
                    lanes.into_iter().map(|lane| self.builder.integer(lane)).collect()
                }
                _ => self.components[&operand].clone(),
            },
            _ => unreachable!("only a row number and a variable can be read"),
        }
    }

    fn stages(mut self) -> Result<Stages> {
        let mut slots = [0usize; Space::ALL.len()];
        let (mut block, mut total, mut anchors) = (Vec::new(), Vec::new(), Vec::new());
        let (mut outputs, mut rows) = (Vec::new(), Vec::new());
        let [mut update, mut values, mut reanchor, mut absorb, mut merge, mut finish, mut nothing]: [Vec<(
            Plane,
            Value,
        )>; 7] = Default::default();
        let (mut again, mut masks): (Option<Value>, Vec<Value>) = Default::default();
        let index = self.position(Space::Reduced);
        for output in &self.plan.outputs {
            let formula = self.components[&output.inner].clone();
            let (parameters, summation) = (output.parameters.as_slice(), self.summation);
            let form = Form { dim: formula.len(), parameters, summation };
            let b = &mut self.builder;
            let mask = output.condition.map(|condition| b.holds(self.components[&condition][0]));
            masks.extend(mask);
            let mut planes = |space: Space, count: usize| {
                let start = slots[space as usize];
                slots[space as usize] += count;
                (start..start + count).map(|slot| Plane { space, slot: slot as u32 }).collect::<Vec<_>>()
            };
            let reducer = match output.reducer.method() {
                Method::Lanes(reducer) => reducer,
                Method::Rows(_) => {
                    let part = RowPart::new(output, summation, values.len(), formula.len());
                    outputs.extend(part.arrays(output, rows.len()));
                    rows.push(part);
                    let stored: Vec<Value> = formula.into_iter().chain(mask).collect();
                    values.extend(planes(Space::Values, stored.len()).into_iter().zip(stored));
                    continue;
                }
            };
            let masked = Masked { reducer, mask, tells_nothing: mask.is_some() && output.outer.is_some() };
            let bits = |numbers: Vec<f64>| numbers.into_iter().map(|n| math::bits_of(b.dtype, n)).collect::<Vec<u64>>();
            let (empty, neutral, first) = (masked.block(form), masked.total(form), reducer.anchors(form));
            let block_planes = planes(Space::Block, empty.len());
            let total_planes = planes(Space::Total, neutral.len());
            let other_planes = planes(Space::Other, neutral.len());
            let anchor_planes = planes(Space::Anchor, first.len());
            block.extend(bits(empty));
            total.extend(bits(neutral));
            anchors.extend(bits(first));
            let load = |b: &mut Builder, planes: &[Plane]| planes.iter().map(|&p| b.load(p)).collect::<Vec<Value>>();
            let (state, before) = (load(b, &block_planes), load(b, &total_planes));
            let (other, fixed) = (load(b, &other_planes), load(b, &anchor_planes));
            let term = Term { formula: &formula, index, anchors: &fixed };
            update.extend(block_planes.iter().copied().zip(masked.update(b, form, &state, term)));
            let lifted = masked.lift(b, form, &state, &fixed);
            absorb.extend(total_planes.iter().copied().zip(masked.merge(b, form, &before, &lifted)));
            merge.extend(total_planes.iter().copied().zip(masked.merge(b, form, &before, &other)));
            let ((total, any), (state, _)) = (masked.split(&before), masked.split(&state));
            let seen = Seen { total, block: state, anchors: &fixed };
            if let Some((better, mask)) = reducer.reanchor(b, form, seen) {
                reanchor.extend(anchor_planes.iter().copied().zip(better));
                again = Some(again.map_or(mask, |earlier| b.either(earlier, mask)));
            }
            let mut results = reducer.finish(b, form, total);
            let at = |values: &[Value], k: usize| values[if values.len() == 1 { 0 } else { k }];
            let count = output.results.iter().map(|columns| columns.count).sum();
            let columns = planes(Space::Output, count);
            nothing.extend(columns.iter().enumerate().map(|(k, &plane)| (plane, at(&results, k))));
            if let Some(outer) = output.outer {
                let outer = &self.components[&outer];
                let product = |k: usize| {
                    let product = b.multiply(at(&results, k), at(outer, k));
                    any.map_or(product, |any| b.select(any, product, at(&results, k)))
                };
                results = (0..count).map(product).collect();
            }
            assert_eq!(results.len(), count, "{}: columns of the result", output.reducer.name());
            finish.extend(columns.into_iter().zip(results));
            let mut start = slots[Space::Output as usize] - count;
            for &columns in &output.results {
                outputs.push(OutputArray { columns, origin: Origin::Planes(start) });
                start += columns.count;
            }
        }
        if let Some(mask) = again {
            reanchor.push((Plane { space: Space::Output, slot: 0 }, mask));
            slots[Space::Output as usize] = slots[Space::Output as usize].max(1);
        }
        let is_masked = masks.len() == self.plan.outputs.len();
        let condition = is_masked.then(|| Condition::new(&self.builder.instructions, &masks, &self.planes));
        // What a later stage needs of an earlier one is stored in a plane of its own.
        let mut boundary = Boundary { planes: FxHashMap::default(), stores: Default::default() };
        let update = self.extract(&update, Level::Pair, &mut boundary);
        let values = self.extract(&values, Level::Pair, &mut boundary);
        let [reanchor, absorb, merge, finish, nothing] =
            [reanchor, absorb, merge, finish, nothing].map(|stores| self.extract(&stores, Level::Kept, &mut boundary));
        let kept_stores = std::mem::take(&mut boundary.stores[Space::Kept as usize]);
        let kept = self.extract(&kept_stores, Level::Kept, &mut boundary);
        let reduced_stores = std::mem::take(&mut boundary.stores[Space::Reduced as usize]);
        let reduced = self.extract(&reduced_stores, Level::Reduced, &mut boundary);
        let call_stores = std::mem::take(&mut boundary.stores[Space::Call as usize]);
        let call = self.extract(&call_stores, Level::Call, &mut boundary);
        let mut programs = [call, kept, reduced, update, values, reanchor, absorb, merge, finish, nothing];
        let sources = compact(&mut programs, &self.planes);
        for (count, sources) in slots.iter_mut().zip(&sources) {
            *count = sources.len();
        }
        let dtype = self.builder.dtype;
        Ok(Stages { dtype, programs, sources, slots, block, total, anchors, outputs, rows, condition })
    }

    /// The part of the whole program that computes these stores. A value known earlier than `level` is loaded from a
    /// plane of its own; constants are not.
    fn extract(&mut self, stores: &[(Plane, Value)], level: Level, boundary: &mut Boundary) -> Program {
        let mut needed = vec![false; self.builder.instructions.len()];
        stores.iter().for_each(|(_, v)| needed[v.0 as usize] = true);
        // From the last to the first.
        let mut found: Vec<(Value, Instruction)> = Vec::new();
        for k in (0..needed.len()).rev() {
            if !needed[k] {
                continue;
            }
            let instruction = self.builder.instructions[k];
            let value = Value(k as u32);
            let known = self.builder.level(value);
            if known < level && matches!(instruction, Instruction::Apply(..)) {
                let plane = match boundary.planes.get(&value) {
                    Some(&plane) => plane,
                    None => {
                        let space = match known {
                            Level::Call => Space::Call,
                            Level::Kept => Space::Kept,
                            _ => Space::Reduced,
                        };
                        let plane = self.source(space, Source::Computed);
                        boundary.planes.insert(value, plane);
                        boundary.stores[space as usize].push((plane, value));
                        plane
                    }
                };
                found.push((value, Instruction::Load(plane)));
            } else {
                Program::operands(&instruction).iter().for_each(|v| needed[v.0 as usize] = true);
                found.push((value, instruction));
            }
        }
        let mut part = Program::of(needed.len(), found.into_iter().rev(), stores);
        separate(&mut part);
        let part = order(&fuse(&orient(&part)));
        if cfg!(debug_assertions) {
            part.verify();
        }
        part
    }
}

/// Copies what is loaded from one plane and stored to another of the same space, so that stores may come in any order.
fn separate(program: &mut Program) {
    for k in 0..program.stores.len() {
        let (plane, value) = program.stores[k];
        if let Instruction::Load(from) = program.instruction(value)
            && from.space == plane.space
            && from != plane
        {
            let copy = Value(program.instructions.len() as u32);
            program.instructions.push(Instruction::Apply(Op::Or, [value; 3]));
            program.stores[k].1 = copy;
        }
    }
}

/// Values that cross from an earlier stage to a later one.
struct Boundary {
    planes: FxHashMap<Value, Plane>,
    /// What the stages of the spaces `Call`, `Kept` and `Reduced` have to store.
    stores: [Vec<(Plane, Value)>; 3],
}

/// Renumbers the planes of the first three spaces so that only those that are used remain.
pub(super) fn compact(programs: &mut [Program], sources: &[Vec<Source>; 3]) -> [Vec<Source>; 3] {
    let mut used: [Vec<bool>; 3] = [0, 1, 2].map(|k| vec![false; sources[k].len()]);
    for program in programs.iter() {
        for instruction in &program.instructions {
            if let Instruction::Load(plane) = instruction
                && let Some(used) = used.get_mut(plane.space as usize)
            {
                used[plane.slot as usize] = true;
            }
        }
    }
    let mut became: [Vec<u32>; 3] = Default::default();
    let mut kept: [Vec<Source>; 3] = Default::default();
    for space in 0..3 {
        for (slot, &source) in sources[space].iter().enumerate() {
            became[space].push(kept[space].len() as u32);
            if used[space][slot] {
                kept[space].push(source);
            }
        }
    }
    let rename = |plane: &mut Plane| {
        if let Some(became) = became.get(plane.space as usize) {
            plane.slot = became[plane.slot as usize];
        }
    };
    for program in programs {
        for instruction in &mut program.instructions {
            if let Instruction::Load(plane) = instruction {
                rename(plane);
            }
        }
        program.stores.iter_mut().for_each(|(plane, _)| rename(plane));
    }
    kept
}
