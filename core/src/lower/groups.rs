//! Components that are computed alike, a few at a time: which components of its operands each needs, down to what is read,
//! and the values of a program that is repeated on other planes.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::extract::Stores;
use super::lowering::{Lowering, level_of};
use super::program::{FamilyNumber, Instruction, Plane, Program, Space};
use super::repeat::Family;
use super::stages::Stage;
use crate::error::Result;
use crate::formula::Kind;
use crate::ops::{Lanes, Node, Rule, Value};
use crate::plan::Level;

/// Families of a program at most: machine code has an address register for each.
pub const MOST_FAMILIES: usize = 7;
/// Terms of a component at most.
const MOST_TERMS: usize = 8;
/// Parts of a formula at most, each with the components that are wanted of it.
const MOST_PARTS: usize = 256;

/// What is repeated: some stages, so many times.
pub(super) struct Domain {
    /// How often.
    pub count: usize,
    /// What each stage stores.
    pub stores: Vec<(Stage, Stores)>,
    /// Whether what the repetitions of a pair have in common is computed once for all.
    pub shares: bool,
    /// The families of its planes among all.
    families: Vec<FamilyNumber>,
}

/// What repetitions need.
pub(super) struct Survey {
    /// Families of any program at most.
    pub families: usize,
    /// Operations of a pair that are the same in all repetitions.
    pub again: usize,
    /// The values among them that what differs is made of.
    pub shared: usize,
}

/// A component for each repetition, as a number among all such lists.
pub(super) type Indices = u32;

/// Components of formulas in groups.
pub(super) struct Groups {
    /// The components of each place in a group, and their numbers.
    pub lists: Vec<Vec<u32>>,
    pub numbers: Vec<Indices>,
    pub values: FxHashMap<(Node, Indices), Value>,
    pub domain: Domain,
}

/// Which components of which nodes are wanted.
#[derive(Default)]
struct Wanted {
    /// All lists of components.
    lists: Vec<Rc<[u32]>>,
    numbers: FxHashMap<Rc<[u32]>, Indices>,
    /// What is wanted of each node, with what it needs of its operands.
    of: FxHashMap<Node, Vec<(Indices, Need)>>,
}

/// What a component of a node is made of.
enum Need {
    /// The only component of a node: the same in each repetition.
    Scalar,
    Zero,
    Variable,
    /// The components of the operands.
    Operands(Vec<(Node, Indices)>),
    /// The component of one operand.
    Same(Node, Indices),
    /// A sum of products.
    Products(Vec<[(Node, Indices); 2]>),
}

impl Wanted {
    fn number(&mut self, list: Vec<u32>) -> Indices {
        let list: Rc<[u32]> = list.into();
        if let Some(&known) = self.numbers.get(&list) {
            return known;
        }
        let number = self.lists.len() as u32;
        self.numbers.insert(list.clone(), number);
        self.lists.push(list);
        number
    }
}

impl Lowering<'_> {
    /// The components of formulas in `count` groups of so many, from one on, if they can be repeated.
    pub(super) fn groups(&mut self, roots: &[Node], [first, count, group]: [usize; 3]) -> Result<Option<Groups>> {
        let mut wanted = Wanted::default();
        let lists: Vec<Vec<u32>> =
            (0..group).map(|g| (0..count).map(|k| (first + k * group + g) as u32).collect()).collect();
        let numbers: Vec<Indices> = lists.iter().map(|list| wanted.number(list.clone())).collect();
        let all: Vec<(Node, Indices)> =
            roots.iter().flat_map(|&root| numbers.iter().map(move |&n| (root, n))).collect();
        let Some(scalars) = self.want(&mut wanted, &all) else { return Ok(None) };
        self.formulas(&scalars)?;
        let mut domain = Domain { count, stores: Vec::new(), shares: false, families: Vec::new() };
        let values = self.wanted_values(&wanted, roots, &mut domain);
        Ok(Some(Groups { lists, numbers, values, domain }))
    }

    /// Notes what is wanted of all parts of formulas; the nodes that are the same in each repetition, or nothing if the
    /// repetitions differ in more than what they read.
    fn want(&self, wanted: &mut Wanted, roots: &[(Node, Indices)]) -> Option<Vec<Node>> {
        let graph = &self.plan.graph;
        let mut scalars = Vec::new();
        let mut asked: FxHashMap<Node, Vec<Indices>> = FxHashMap::default();
        roots.iter().for_each(|&(root, number)| asked.entry(root).or_default().push(number));
        let nodes: Vec<Node> = roots.iter().map(|&(root, _)| root).collect();
        let mut parts = 0;
        for node in graph.reachable(&nodes).into_iter().rev() {
            let Some(mut numbers) = asked.remove(&node) else { continue };
            numbers.sort_unstable();
            numbers.dedup();
            parts += numbers.len();
            if parts > MOST_PARTS {
                return None;
            }
            let mut found = Vec::new();
            for number in numbers {
                let need = self.need(wanted, node, number)?;
                let mut ask = |(node, number): (Node, Indices)| asked.entry(node).or_default().push(number);
                match &need {
                    Need::Operands(operands) => operands.iter().copied().for_each(&mut ask),
                    Need::Same(node, number) => ask((*node, *number)),
                    Need::Products(factors) => factors.iter().flatten().copied().for_each(&mut ask),
                    Need::Scalar => scalars.push(node),
                    Need::Zero | Need::Variable => {}
                }
                found.push((number, need));
            }
            wanted.of.insert(node, found);
        }
        Some(scalars)
    }

    /// What components of a node are made of, if all of them of the same.
    fn need(&self, wanted: &mut Wanted, node: Node, number: Indices) -> Option<Need> {
        let graph = &self.plan.graph;
        let entry = graph.entry(node);
        if entry.dim == 1 {
            return Some(Need::Scalar);
        }
        let (operation, operands, parameters) = match &entry.kind {
            Kind::Constant(_) => return Some(Need::Scalar),
            Kind::Zero => return Some(Need::Zero),
            Kind::Variable(_) => return Some(Need::Variable),
            Kind::Apply { operation, operands, parameters } => (operation, operands, parameters),
        };
        let list = wanted.lists[number as usize].clone();
        let dims: Vec<usize> = operands.iter().map(|&o| graph.dim_of(o)).collect();
        match operation.rule {
            Rule::Elementwise { .. } => Some(Need::Operands(operands.iter().map(|&o| (o, number)).collect())),
            Rule::OfOrder { .. } => Some(Need::Operands(vec![(operands[1], number)])),
            Rule::Gather { moves, .. } => {
                let moves = moves(&dims, parameters);
                let from: Vec<Option<[usize; 2]>> = list.iter().map(|&k| moves[k as usize]).collect();
                let operand = from[0].map(|[operand, _]| operand);
                if from.iter().any(|from| from.map(|[operand, _]| operand) != operand) {
                    return None;
                }
                let Some(operand) = operand else { return Some(Need::Zero) };
                let components = from.iter().flatten().map(|&[_, k]| k as u32).collect();
                Some(Need::Same(operands[operand], wanted.number(components)))
            }
            Rule::Contraction { spans, .. } => {
                let contraction = spans(&dims, parameters);
                let (starts, terms) = (contraction.starts(), contraction.terms());
                if terms.len() > MOST_TERMS {
                    return None;
                }
                let factors = terms.iter().map(|term| {
                    [0, 1].map(|t| {
                        let at = |&k: &u32| (starts[k as usize][t] + term[t]) as u32;
                        (operands[t], wanted.number(list.iter().map(at).collect()))
                    })
                });
                Some(Need::Products(factors.collect()))
            }
            _ => None,
        }
    }

    /// The values of all that is wanted.
    fn wanted_values(
        &mut self,
        wanted: &Wanted,
        roots: &[Node],
        domain: &mut Domain,
    ) -> FxHashMap<(Node, Indices), Value> {
        let mut values: FxHashMap<(Node, Indices), Value> = FxHashMap::default();
        for node in self.plan.graph.reachable(roots) {
            for (number, need) in wanted.of.get(&node).into_iter().flatten() {
                let entry = self.plan.graph.entry(node);
                let value = match (need, &entry.kind) {
                    (Need::Scalar, _) => self.components[&node][0],
                    (Need::Same(operand, of_operand), _) => values[&(*operand, *of_operand)],
                    (Need::Products(factors), _) => {
                        let factors = factors.iter().map(|pair| pair.map(|factor| values[&factor]));
                        crate::ops::product_sum(&mut self.builder, factors)
                    }
                    (Need::Variable, Kind::Variable(variable)) => {
                        let planes = self.argument(*variable, entry.dim);
                        let list = &wanted.lists[*number as usize];
                        let firsts = list.iter().map(|&k| planes[k as usize].slot).collect();
                        let plane = self.family(domain, planes[0].space, firsts);
                        self.builder.load(plane)
                    }
                    (Need::Operands(operands), Kind::Apply { operation, operands: all, parameters }) => {
                        let operands: Vec<Value> = operands.iter().map(|operand| values[operand]).collect();
                        match operation.rule {
                            Rule::Elementwise { lower, .. } => lower(&mut self.builder, &operands, parameters),
                            Rule::OfOrder { lower, .. } => {
                                let order = self.plan.graph.number(all[0]).expect("an order is a number");
                                lower(&mut self.builder, order, operands[0])
                            }
                            _ => unreachable!("only these are wanted by their operands"),
                        }
                    }
                    _ => self.builder.constant(0.0),
                };
                values.insert((node, *number), value);
            }
        }
        values
    }

    /// The plane that stands for these planes of a space, one for each repetition.
    pub(super) fn family(&mut self, domain: &mut Domain, space: Space, firsts: Vec<u32>) -> Plane {
        for &family in &domain.families {
            let known = &self.planes.families[family.position()];
            if known.space == space
                && let Some(distance) = firsts[0].checked_sub(known.firsts[0])
                && firsts.iter().zip(&known.firsts).all(|(own, known)| *own == known + distance)
            {
                return Plane { space, slot: distance, family: Some(family) };
            }
        }
        let family = FamilyNumber::new(self.planes.families.len());
        self.planes.families.push(Family { space, firsts });
        domain.families.push(family);
        Plane { space, slot: 0, family: Some(family) }
    }

    /// What the stages need to be computed again and again.
    pub(super) fn survey(&self, domain: &Domain) -> Survey {
        let mut crossing: FxHashSet<Value> = FxHashSet::default();
        let mut shared: FxHashSet<Value> = FxHashSet::default();
        let (mut most, mut again) = (0, 0);
        for (stage, stores) in &domain.stores {
            let level = level_of(*stage);
            let mut families: FxHashSet<FamilyNumber> = stores.iter().filter_map(|(plane, _)| plane.family).collect();
            let mut needed = vec![false; self.builder.instructions.len()];
            stores.iter().for_each(|(_, value)| needed[value.0 as usize] = true);
            for k in (0..needed.len()).rev() {
                if !needed[k] {
                    continue;
                }
                let (instruction, value) = (&self.builder.instructions[k], Value(k as u32));
                match (instruction, self.builder.differs(value)) {
                    (Instruction::Load(plane), _) => families.extend(plane.family),
                    // What is known earlier has a family of its own, in the stage that computes it too.
                    (Instruction::Apply(..), true) if self.builder.level(value) < level => {
                        crossing.insert(value);
                    }
                    (Instruction::Apply(..), false) if level == Level::Pair => {
                        again += usize::from(self.is_common(value));
                    }
                    _ => {}
                }
                let operands = Program::operands(instruction);
                operands.iter().for_each(|operand| needed[operand.0 as usize] = true);
                if self.builder.differs(value) && level == Level::Pair {
                    let is_common = |operand: &&Value| self.is_common(**operand);
                    shared.extend(operands.iter().filter(is_common));
                }
            }
            let stored = stores.iter().map(|(_, value)| *value);
            shared.extend(stored.filter(|&value| level == Level::Pair && self.is_common(value)));
            most = most.max(families.len());
        }
        Survey { families: most + crossing.len(), again, shared: shared.len() }
    }

    /// Whether a value is computed for each pair and the same in all repetitions.
    fn is_common(&self, value: Value) -> bool {
        let is_computed = matches!(self.builder.instructions[value.0 as usize], Instruction::Apply(..));
        is_computed && !self.builder.differs(value) && self.builder.level(value) == Level::Pair
    }
}
