//! Formulas as lanes: the components of each node.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::lowering::Lowering;
use super::program::{Plane, Space};
use super::stages::Source;
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::formula::{Category, Kind, Variable};
use crate::ops::{Lanes, Node, Operation, Reading, Rule, Value, moved};
use crate::plan::{Level, category_level};
use crate::reduction::Axis;

/// More lane operations than any formula needs on purpose.
const LARGEST_PROGRAM: usize = 1 << 20;

/// Where what follows an index is stored.
fn space_of(category: Category, axis: Axis) -> Space {
    match category_level(category, axis) {
        Level::Call => Space::Call,
        Level::Kept => Space::Kept,
        _ => Space::Reduced,
    }
}

impl Lowering<'_> {
    /// The row numbers of a space, as integers.
    pub(super) fn position(&mut self, space: Space) -> Value {
        if let Some(&known) = self.positions.get(&space) {
            return known;
        }
        let plane = self.planes.source(space, Source::Position);
        let value = self.builder.load(plane);
        self.positions.insert(space, value);
        value
    }

    /// The planes of the components of an argument, each its own.
    pub(super) fn argument(&mut self, variable: Variable, dim: usize) -> Rc<[Plane]> {
        if let Some(known) = self.arguments.get(&variable.index) {
            return known.clone();
        }
        let space = space_of(variable.category, self.plan.axis);
        let index = variable.index;
        let planes: Rc<[Plane]> =
            (0..dim).map(|component| self.planes.source(space, Source::Component { index, component })).collect();
        self.arguments.insert(index, planes.clone());
        planes
    }

    /// The components of every node below the roots that they are made of.
    pub(super) fn formulas(&mut self, roots: &[Node]) -> Result<()> {
        let graph = &self.plan.graph;
        let below = graph.reachable(roots);
        for &node in &below {
            self.contract(node)?;
        }
        let mut is_needed: FxHashSet<Node> = roots.iter().copied().collect();
        for &node in below.iter().rev() {
            if is_needed.contains(&node)
                && !self.components.contains_key(&node)
                && let Kind::Apply { operands, .. } = &graph.entry(node).kind
            {
                is_needed.extend(operands);
            }
        }
        for node in below {
            if !is_needed.contains(&node) || self.components.contains_key(&node) {
                continue;
            }
            let entry = self.plan.graph.entry(node);
            let values = match &entry.kind {
                Kind::Constant(bits) => vec![self.builder.constant(f64::from_bits(*bits))],
                Kind::Zero => vec![self.builder.constant(0.0); entry.dim],
                Kind::Variable(variable) => {
                    let planes = self.argument(*variable, entry.dim);
                    planes.iter().map(|&plane| self.builder.load(plane)).collect()
                }
                Kind::Apply { operation: Operation { rule: Rule::Read { reading, .. }, .. }, operands, .. } => {
                    self.read(node, *reading, operands)
                }
                Kind::Apply { operation, operands: all, parameters } => {
                    let operands: Vec<&[Value]> = all.iter().map(|o| self.components[o].as_slice()).collect();
                    let dims = || operands.iter().map(|operand| operand.len()).collect::<Vec<usize>>();
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
                        Rule::Gather { moves, .. } => {
                            let zero = self.builder.constant(0.0);
                            moved(&moves(&dims(), parameters), &operands, zero)
                        }
                        Rule::Contraction { spans, .. } => {
                            spans(&dims(), parameters).lower(&mut self.builder, operands[0], operands[1])
                        }
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
                    let (space, index) = (space_of(variable.category, self.plan.axis), variable.index);
                    let mut integer = |component| {
                        let plane = self.planes.source(space, Source::Integer { index, component });
                        let lane = self.builder.load(plane);
                        self.builder.integer(lane)
                    };
                    (0..graph.dim_of(operand)).map(&mut integer).collect()
                }
                _ => self.components[&operand].clone(),
            },
            _ => unreachable!("only a row number and a variable can be read"),
        }
    }
}
