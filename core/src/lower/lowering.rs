//! From a plan to the stages of its pass.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::builder::Builder;
use super::condition::Condition;
use super::extract::{Boundary, Extraction, Planes, Stores, compact};
use super::groups::Domain;
use super::masked::Masked;
use super::math;
use super::program::{Machine, Plane, Program, Space};
use super::repeat::Repeat;
use super::results::{Origin, OutputArray, RowPart};
use super::stages::{Stage, Stages};
use crate::dtype::Dtype;
use crate::error::Result;
use crate::ops::{Lanes, Node, Value};
use crate::plan::{Level, Output, Plan, extend_levels};
use crate::reduction::{AnyRowReducer, Form, Method, Seen, Side, Summation, Term};

/// Operations of a pair, for each of its roots, beside which a root and a quotient take no time of their own: they have a unit to
/// themselves (measured on Zen 4, in float32 and in float64).
const HIDING_A_ROOT: [usize; 2] = [20, 26];

/// Lowers a plan for computation in a number format, with a way of adding, on a machine.
pub fn lower(plan: &Plan, dtype: Dtype, summation: Summation, machine: Machine) -> Result<Stages> {
    let stages = lower_with(plan, dtype, summation, Machine { estimates: false, ..machine })?;
    let enough = HIDING_A_ROOT[usize::from(dtype == Dtype::F64)];
    match machine.estimates && stages.operations_per_pair() < enough * stages.roots_per_pair() {
        true => lower_with(plan, dtype, summation, machine),
        false => Ok(stages),
    }
}

fn lower_with(plan: &Plan, dtype: Dtype, summation: Summation, machine: Machine) -> Result<Stages> {
    let mut lowering = Lowering::new(plan, dtype, summation, machine);
    for output in &plan.outputs {
        lowering.output(output)?;
    }
    let conditions: Option<Vec<Node>> = plan.outputs.iter().map(|output| output.condition).collect();
    let condition = match conditions.filter(|conditions| !conditions.is_empty()) {
        None => None,
        Some(conditions) => {
            // Bounds are known of what is written out, not of what is left for each pair.
            let mut masks = Lowering { contracts: false, ..Lowering::new(plan, dtype, summation, machine) };
            masks.formulas(&conditions)?;
            let holds = conditions.iter().map(|condition| masks.builder.holds(masks.components[condition][0]));
            let holds: Vec<Value> = holds.collect();
            Some(Condition::new(masks.builder.instructions, &holds, &masks.planes.sources))
        }
    };
    Ok(lowering.stages(condition))
}

/// Values that may matter of a pair, at most.
const MOST_CANDIDATES: usize = 8;

/// What the planes of states hold before anything is reduced, as bits.
#[derive(Default)]
pub(super) struct Neutral {
    pub block: Vec<u64>,
    pub total: Vec<u64>,
    pub anchors: Vec<u64>,
}

/// The planes of the states and results of a reduction.
pub(super) struct States {
    pub block: Vec<Plane>,
    pub total: Vec<Plane>,
    pub other: Vec<Plane>,
    pub anchors: Vec<Plane>,
    /// The columns of all arrays, one array after the other.
    pub results: Vec<Plane>,
}

pub(super) struct Lowering<'a> {
    pub plan: &'a Plan,
    pub summation: Summation,
    pub builder: Builder,
    pub planes: Planes,
    /// The planes of the components of each argument, by its position.
    pub arguments: FxHashMap<usize, Rc<[Plane]>>,
    /// The row numbers of the spaces `Kept` and `Reduced`, as integers.
    pub positions: FxHashMap<Space, Value>,
    pub components: FxHashMap<Node, Vec<Value>>,
    /// How many planes the spaces of states and results have.
    pub slots: [usize; Space::ALL.len()],
    pub neutral: Neutral,
    outputs: Vec<OutputArray>,
    rows: Vec<RowPart>,
    /// What the program of each stage stores.
    pub stores: [Stores; Stage::ALL.len()],
    /// What is repeated for many components.
    pub domains: Vec<Domain>,
    /// Sums over many components, in order: one may be part of another.
    pub contractions: Vec<Domain>,
    /// Whether such sums are left for each pair.
    pub contracts: bool,
    /// Sums that are written out.
    pub written_out: FxHashSet<Node>,
    /// When each node is known.
    pub levels: Vec<Level>,
    /// The mask of what must be computed again with other anchors.
    pub again: Option<Value>,
}

impl<'a> Lowering<'a> {
    fn new(plan: &'a Plan, dtype: Dtype, summation: Summation, machine: Machine) -> Self {
        let mut levels = Vec::new();
        extend_levels(&mut levels, &plan.graph, plan.axis);
        Lowering {
            plan,
            summation,
            builder: Builder::new(dtype, machine),
            planes: Planes::default(),
            arguments: FxHashMap::default(),
            positions: FxHashMap::default(),
            components: FxHashMap::default(),
            slots: [0; Space::ALL.len()],
            neutral: Neutral::default(),
            outputs: Vec::new(),
            rows: Vec::new(),
            stores: Default::default(),
            domains: Vec::new(),
            contractions: Vec::new(),
            contracts: true,
            written_out: FxHashSet::default(),
            levels,
            again: None,
        }
    }

    /// New planes of a space of states or results.
    pub fn take(&mut self, space: Space, count: usize) -> Vec<Plane> {
        let start = self.slots[space as usize];
        self.slots[space as usize] += count;
        (start..start + count).map(|slot| Plane::new(space, slot)).collect()
    }

    fn load(&mut self, planes: &[Plane]) -> Vec<Value> {
        planes.iter().map(|&plane| self.builder.load(plane)).collect()
    }

    pub fn bits(&self, numbers: Vec<f64>) -> impl Iterator<Item = u64> + use<> {
        let dtype = self.builder.dtype;
        numbers.into_iter().map(move |number| math::bits_of(dtype, number))
    }

    fn output(&mut self, output: &Output) -> Result<()> {
        let condition: Vec<Node> = output.condition.into_iter().collect();
        self.formulas(&condition)?;
        let mask = output.condition.map(|condition| self.builder.holds(self.components[&condition][0]));
        match output.reducer.method() {
            Method::Rows(_) => self.values(output, mask),
            Method::Lanes(reducer) => {
                let masked = Masked { reducer, mask, tells_nothing: mask.is_some() && output.outer.is_some() };
                let start = self.slots[Space::Output as usize];
                if output.exchanged.is_some() || !self.columns(output, &masked)? {
                    self.whole(output, &masked)?;
                }
                self.results(output, start);
                Ok(())
            }
        }
    }

    /// An output that is reduced in plain code. Where its reducer says which values matter, they can be found for many kept
    /// rows at a time.
    fn values(&mut self, output: &Output, mask: Option<Value>) -> Result<()> {
        self.formulas(&[output.inner])?;
        let formula = self.components[&output.inner].clone();
        let firsts = [Space::Values, Space::Candidate].map(|space| self.slots[space as usize]);
        let part = RowPart::new(output, self.summation, firsts, formula.len());
        self.outputs.extend(part.arrays(output, self.rows.len()));
        if let Some(side) = part.reducer().and_then(AnyRowReducer::side) {
            let counts = [Space::Bound, Space::Candidate, Space::Chosen].map(|space| self.take(space, formula.len()));
            let [bounds, candidates, chosen] = counts;
            for (k, &value) in formula.iter().enumerate() {
                let bound = self.builder.load(bounds[k]);
                let matters = match side {
                    Side::Below => self.builder.less_equal(value, bound),
                    Side::Above => self.builder.less_equal(bound, value),
                };
                let matters = mask.map_or(matters, |mask| self.builder.both(matters, mask));
                let stores = &mut self.stores[Stage::Candidates as usize];
                stores.extend([(candidates[k], value), (chosen[k], matters)]);
            }
        }
        self.rows.push(part);
        let stored: Vec<Value> = formula.into_iter().chain(mask).collect();
        let planes = self.take(Space::Values, stored.len());
        self.stores[Stage::Values as usize].extend(planes.into_iter().zip(stored));
        Ok(())
    }

    /// The arrays of an output whose columns are planes from `start` on.
    fn results(&mut self, output: &Output, mut start: usize) {
        for &columns in &output.results {
            self.outputs.push(OutputArray { columns, origin: Origin::Planes(start) });
            start += columns.count;
        }
    }

    /// An output all of whose components are reduced together.
    fn whole(&mut self, output: &Output, masked: &Masked) -> Result<()> {
        self.formulas(&output.nodes().collect::<Vec<Node>>())?;
        let formula = self.components[&output.inner].clone();
        let form = Form { dim: formula.len(), parameters: &output.parameters, summation: self.summation };
        let (block, total, anchors) = (masked.block(form), masked.total(form), masked.reducer.anchors(form));
        let count = output.results.iter().map(|columns| columns.count).sum();
        let states = self.states([block.len(), total.len()], anchors.len(), count);
        self.begin([block, total, anchors]);
        let outer = output.outer.map(|outer| self.components[&outer].clone());
        let stores = self.reduce(masked, form, &states, &formula, outer.as_deref());
        self.stores.iter_mut().zip(stores).for_each(|(all, stores)| all.extend(stores));
        if let Some(exchanged) = output.exchanged {
            let terms = self.components[&exchanged].clone();
            for (plane, term) in self.take(Space::Exchanged, terms.len()).into_iter().zip(terms) {
                let sum = self.builder.load(plane);
                let sum = self.builder.add(term, sum);
                self.stores[Stage::Update as usize].push((plane, sum));
            }
        }
        Ok(())
    }

    /// New planes for a block and a total of so many numbers, for anchors and for results.
    pub fn states(&mut self, [block, total]: [usize; 2], anchors: usize, results: usize) -> States {
        States {
            block: self.take(Space::Block, block),
            total: self.take(Space::Total, total),
            other: self.take(Space::Other, total),
            anchors: self.take(Space::Anchor, anchors),
            results: self.take(Space::Output, results),
        }
    }

    /// What the planes of the next block, total and anchors hold at first.
    pub fn begin(&mut self, [block, total, anchors]: [Vec<f64>; 3]) {
        let [block, total, anchors] = [block, total, anchors].map(|numbers| self.bits(numbers));
        self.neutral.block.extend(block);
        self.neutral.total.extend(total);
        self.neutral.anchors.extend(anchors);
    }

    /// What each stage of a reduction stores; `outer` multiplies the results.
    pub fn reduce(
        &mut self,
        masked: &Masked,
        form: Form<'_>,
        states: &States,
        formula: &[Value],
        outer: Option<&[Value]>,
    ) -> [Stores; Stage::ALL.len()] {
        let index = self.position(Space::Reduced);
        let (state, before) = (self.load(&states.block), self.load(&states.total));
        let (other, fixed) = (self.load(&states.other), self.load(&states.anchors));
        let (b, reducer) = (&mut self.builder, masked.reducer);
        let mut stores: [Stores; Stage::ALL.len()] = Default::default();
        let mut store = |stage: Stage, planes: &[Plane], values: Vec<Value>| {
            assert_eq!(planes.len(), values.len(), "{reducer:?}: values of the stage {stage:?}");
            stores[stage as usize].extend(planes.iter().copied().zip(values));
        };
        let term = Term { formula, index, anchors: &fixed };
        store(Stage::Update, &states.block, masked.update(b, form, &state, term));
        let lifted = masked.lift(b, form, &state, &fixed);
        store(Stage::Absorb, &states.total, masked.merge(b, form, &before, &lifted));
        store(Stage::Merge, &states.total, masked.merge(b, form, &before, &other));
        let ((total, any), (state, _)) = (masked.split(&before), masked.split(&state));
        let seen = Seen { total, block: state, anchors: &fixed };
        if let Some((better, mask)) = reducer.reanchor(b, form, seen) {
            store(Stage::Reanchor, &states.anchors, better);
            self.again = Some(self.again.map_or(mask, |earlier| b.either(earlier, mask)));
        }
        let count = states.results.len();
        let at = |values: &[Value], k: usize| values[if values.len() == 1 { 0 } else { k }];
        let mut results = reducer.finish(b, form, total);
        store(Stage::Nothing, &states.results, (0..count).map(|k| at(&results, k)).collect());
        if let Some(outer) = outer {
            results = (0..count).map(|k| masked.product(b, any, at(&results, k), at(outer, k))).collect();
        }
        store(Stage::Finish, &states.results, results);
        stores
    }

    fn stages(mut self, condition: Option<Condition>) -> Stages {
        let has_side = |part: &RowPart| part.reducer().and_then(AnyRowReducer::side).is_some();
        if self.slots[Space::Candidate as usize] > MOST_CANDIDATES || !self.rows.iter().all(has_side) {
            // All values are needed, or so many that what is left of a tile would be large.
            self.stores[Stage::Candidates as usize].clear();
            for space in [Space::Bound, Space::Candidate, Space::Chosen] {
                self.slots[space as usize] = 0;
            }
        }
        if let Some(mask) = self.again {
            self.stores[Stage::Reanchor as usize].push((Plane::new(Space::Output, 0), mask));
            self.slots[Space::Output as usize] = self.slots[Space::Output as usize].max(1);
        }
        let mut cut = Extraction { builder: &self.builder, planes: &mut self.planes, shared: Boundary::default() };
        let mut programs: [Program; Stage::ALL.len()] = Default::default();
        let mut repeats: [Vec<Repeat>; Stage::ALL.len()] = Default::default();
        for domain in self.contractions.iter().chain(&self.domains) {
            let mut own = Boundary::default();
            for (stage, stores) in &domain.stores {
                repeats[*stage as usize].extend(cut.repeat(stores, level_of(*stage), &mut own, domain));
            }
            // What a later stage needs of an earlier one is found before that is cut.
            for (stage, space) in EARLIER {
                let stores = own.take(space);
                repeats[stage as usize].extend(cut.repeat(&stores, level_of(stage), &mut own, domain));
            }
        }
        self.stores[Stage::Update as usize].extend(cut.shared.take(Space::Pair));
        let is_later = |stage: &Stage| EARLIER.iter().all(|(earlier, _)| earlier != stage);
        for stage in Stage::ALL.into_iter().filter(is_later) {
            programs[stage as usize] = cut.program(&self.stores[stage as usize], level_of(stage));
        }
        for (stage, space) in EARLIER {
            let stores = cut.shared.take(space);
            programs[stage as usize] = cut.program(&stores, level_of(stage));
        }
        let sources = compact(&mut programs, &mut repeats, &self.planes.sources);
        let mut slots = self.slots;
        for (count, sources) in slots.iter_mut().zip(&sources) {
            *count = sources.len();
        }
        slots[Space::Pair as usize] = self.planes.pairs;
        let (dtype, Neutral { block, total, anchors }) = (self.builder.dtype, self.neutral);
        let (outputs, rows) = (self.outputs, self.rows);
        Stages { dtype, programs, repeats, sources, slots, block, total, anchors, outputs, rows, condition }
    }
}

/// The stages before a pair, the last first, with the spaces that hold what they compute.
const EARLIER: [(Stage, Space); 3] =
    [(Stage::Kept, Space::Kept), (Stage::Reduced, Space::Reduced), (Stage::Call, Space::Call)];

/// When what a stage computes is known.
pub(super) fn level_of(stage: Stage) -> Level {
    match stage {
        Stage::Call => Level::Call,
        Stage::Reduced => Level::Reduced,
        Stage::Contract | Stage::Update | Stage::Values | Stage::Candidates => Level::Pair,
        _ => Level::Kept,
    }
}
