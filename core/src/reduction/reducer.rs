//! What a reduction is made of: the traits that a reducer implements, and what they are told.

use std::any::{Any, TypeId};
use std::fmt::Debug;

use super::{AnyRowReducer, Reduction, Summation};
use crate::error::Result;
use crate::formula::Field;
use crate::ops::{Algebra, Lanes, Node, Value};

/// A way of reducing the values of a row: what formulas, texts and results know of it.
pub trait Reducer: Any + Debug + Send + Sync {
    /// The name in formula text, before `_Reduction`.
    fn name(&self) -> &'static str;
    /// One line of documentation.
    fn summary(&self) -> &'static str;
    /// The names of its integer parameters, which text has between the formula and the index.
    fn parameters(&self) -> &'static [&'static str] {
        &[]
    }
    /// Whether a second formula, the weights, follows the first; their components come after it.
    fn is_weighted(&self) -> bool {
        false
    }
    /// Whether factors that do not depend on the reduced index may be multiplied after the reduction, and complex values
    /// be reduced as their real and imaginary parts.
    fn is_linear(&self) -> bool {
        false
    }
    /// Whether it adds values, so that it matters how.
    fn adds(&self) -> bool {
        false
    }
    /// What is wrong with the parameters or the dimension, if anything.
    fn check(&self, _form: Form<'_>) -> std::result::Result<(), String> {
        Ok(())
    }
    /// The formula whose values are reduced in place of the user's.
    fn prepare(&self, _algebra: &mut dyn Algebra, formula: Node) -> std::result::Result<Node, String> {
        Ok(formula)
    }
    /// The arrays of the result; `form` has the dimension of the user's formula and its weights together.
    fn results(&self, form: Form<'_>) -> Vec<Columns> {
        vec![Columns::numbers(form.dim)]
    }
    /// How values are reduced.
    fn method(&self) -> Method<'_>;
    /// The reductions over the same index whose results the derivative is made of.
    fn saved(&self, _reduction: &Reduction) -> Result<Vec<Reduction>> {
        Ok(Vec::new())
    }
    /// How the first array of the result changes with the values, or why it does not say. All derivatives follow from it.
    fn derivative(&self, _algebra: &mut dyn Algebra, _change: Change<'_>) -> std::result::Result<Slope, String> {
        Err("it defines none".into())
    }
}

/// A change of the values that are reduced.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The user's formula, and its weights after it.
    pub formula: Node,
    /// Its derivative along the change, of the same dimension.
    pub slope: Node,
    /// The results of [`Reducer::saved`]; those that are integers are read as [`INTEGER`](crate::ops::INTEGER) reads them.
    pub saved: &'a [Node],
    /// The number of the reduced row, as [`INDEX`](crate::ops::INDEX) gives it.
    pub row: Node,
}

/// The derivative of the result: a sum over pairs.
#[derive(Clone, Copy, Debug)]
pub struct Slope {
    /// What is added. It is linear in the derivative of the formula.
    pub formula: Node,
    /// Which pairs are, if not all: those where it is neither 0 nor NaN. It does not depend on the derivative.
    pub condition: Option<Node>,
}

impl Slope {
    /// The sum of a formula over all pairs.
    pub fn of_all(formula: Node) -> Self {
        Slope { formula, condition: None }
    }
}

/// How values are reduced.
#[derive(Clone, Copy, Debug)]
pub enum Method<'a> {
    /// By lane programs.
    Lanes(&'a dyn LaneReducer),
    /// In plain code that takes the values of a row as lists.
    Rows(&'a dyn AnyRowReducer),
}

/// How values of one row are reduced by lane programs.
///
/// A row is reduced in blocks. Each block starts from `block()`, takes one `update` per value, and is turned into a
/// *total* by `lift`; totals are merged in ascending order of the reduced index and `finish`ed at the end. A reducer
/// may ask for *anchors*: numbers that stay fixed during a block and are chosen from what earlier blocks have seen.
/// All of it is per lane, so every backend runs the same definition. `form` has the dimension of the prepared formula.
///
/// Merging the total of an empty block twice must be as merging it once: blocks that a mask rules out are merged as one.
pub trait LaneReducer: Debug {
    /// Where components can be reduced one by one, how many at the beginning each of the others is reduced with. The state and
    /// the total of several components are then those of the common ones, and after them, one component after the other, what
    /// the common ones and that component have beyond; the results are those of the others; and only the common ones have
    /// anchors. Many components are then reduced by one program.
    fn common(&self) -> Option<usize> {
        None
    }
    /// Whether the state of a block is no more than the sums of the components of its values, which may then be added in any
    /// other place first.
    fn is_sum(&self, _form: Form<'_>) -> bool {
        false
    }
    /// The state of an empty block.
    fn block(&self, form: Form<'_>) -> Vec<f64>;
    /// The total of no value at all. Where nothing else is said totals are as blocks are.
    fn total(&self, form: Form<'_>) -> Vec<f64> {
        self.block(form)
    }
    /// The anchors of the first block.
    fn anchors(&self, _form: Form<'_>) -> Vec<f64> {
        Vec::new()
    }
    /// The state of a block after one more value.
    fn update(&self, l: &mut dyn Lanes, form: Form<'_>, block: &[Value], term: Term<'_>) -> Vec<Value>;
    /// The state of a block as a total.
    fn lift(&self, _l: &mut dyn Lanes, _form: Form<'_>, block: &[Value], _anchors: &[Value]) -> Vec<Value> {
        block.to_vec()
    }
    /// Two totals as one. Mostly `first` comes from smaller indices, but where few rows are spread over lanes the indices
    /// of the two are interleaved: what depends on the order has to carry the index.
    fn merge(&self, l: &mut dyn Lanes, form: Form<'_>, first: &[Value], second: &[Value]) -> Vec<Value>;
    /// Better anchors in view of the block that was just computed, and a mask of where it must be computed again.
    fn reanchor(&self, _l: &mut dyn Lanes, _form: Form<'_>, _seen: Seen<'_>) -> Option<(Vec<Value>, Value)> {
        None
    }
    /// The results of a total: the columns of all arrays, one array after the other.
    fn finish(&self, _l: &mut dyn Lanes, _form: Form<'_>, total: &[Value]) -> Vec<Value> {
        total.to_vec()
    }
}

/// What a reducer is asked to reduce.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// Components of the formula, and of its weights where there are any.
    pub dim: usize,
    /// The integer parameters, as many as [`Reducer::parameters`] names.
    pub parameters: &'a [i64],
    /// How terms are added, where the reducer adds.
    pub summation: Summation,
}

impl<'a> Form<'a> {
    pub(super) fn of(dim: usize, parameters: &'a [i64]) -> Self {
        Form { dim, parameters, summation: Summation::Auto }
    }
}

/// One array of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Columns {
    /// How many columns it has.
    pub count: usize,
    /// Whether its elements are 64-bit integers; they are numbers of the computation's format otherwise.
    pub is_integer: bool,
    /// What they are: complex numbers take two columns each, a real part and the imaginary part after it.
    pub field: Field,
}

impl Columns {
    /// Columns of numbers.
    pub const fn numbers(count: usize) -> Self {
        Columns { count, is_integer: false, field: Field::Real }
    }

    /// Columns of integers.
    pub const fn integers(count: usize) -> Self {
        Columns { count, is_integer: true, field: Field::Real }
    }
}

/// What tells reducers apart. Different ones may have the same name, and those without fields the same address.
pub(crate) type Identity = (TypeId, usize);

impl dyn Reducer {
    /// What only this reducer has.
    pub(crate) fn identity(&self) -> Identity {
        ((self as &dyn Any).type_id(), std::ptr::from_ref(self).addr())
    }
}

/// One value to be reduced.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a> {
    /// The components of the formula.
    pub formula: &'a [Value],
    /// The value's position along the reduced index, an integer.
    pub index: Value,
    /// The anchors of the block.
    pub anchors: &'a [Value],
}

/// What is known after a block.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The total of the blocks before.
    pub total: &'a [Value],
    /// The state of the block.
    pub block: &'a [Value],
    /// The anchors that the block was computed with.
    pub anchors: &'a [Value],
}
