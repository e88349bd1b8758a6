//! Reducers in plain code, for what lanes cannot hold, such as the K smallest values: they take the values of a row as
//! lists.

use std::any::Any;
use std::fmt::Debug;

use super::Form;

/// How values of one row are reduced in plain code.
///
/// The values come in float64, which holds those of a float32 computation exactly. A row may be cut into parts, whose
/// states are merged in ascending order; how it is cut depends on sizes alone. `form` has the dimension of the prepared
/// formula.
pub trait RowReducer: Debug + Send + Sync + 'static {
    /// What is kept of the values of a row.
    type State: Send + 'static;
    /// The state before any value.
    fn start(&self, form: Form<'_>) -> Self::State;
    /// Takes the values at the positions from `first` on, later ones than before: a list for each component.
    fn absorb(&self, form: Form<'_>, state: &mut Self::State, first: usize, values: &[&[f64]]);
    /// Takes what is kept of later values.
    fn merge(&self, form: Form<'_>, state: &mut Self::State, later: Self::State);
    /// The results of the row.
    fn finish(&self, form: Form<'_>, state: Self::State) -> RowResult;
}

/// The columns of the results of a row: those of all arrays of numbers, one array after the other, and those of all
/// arrays of integers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowResult {
    /// The numbers.
    pub numbers: Vec<f64>,
    /// The integers.
    pub integers: Vec<i64>,
}

/// The states of some rows, of the type that their reducer knows.
pub type RowStates = Box<dyn Any + Send>;

/// A [`RowReducer`] of any type of state; every one is. The states are those that it has made itself.
pub trait AnyRowReducer: Debug + Send + Sync {
    /// The states of so many rows before any value.
    fn start_rows(&self, form: Form<'_>, rows: usize) -> RowStates;
    /// Gives one row more values.
    fn absorb_row(&self, form: Form<'_>, states: &mut RowStates, row: usize, first: usize, values: &[&[f64]]);
    /// Gives all rows the states of later values.
    fn merge_rows(&self, form: Form<'_>, states: &mut RowStates, later: RowStates);
    /// The results of all rows.
    fn finish_rows(&self, form: Form<'_>, states: RowStates) -> Vec<RowResult>;
}

impl<R: RowReducer> AnyRowReducer for R {
    fn start_rows(&self, form: Form<'_>, rows: usize) -> RowStates {
        Box::new((0..rows).map(|_| self.start(form)).collect::<Vec<R::State>>())
    }

    fn absorb_row(&self, form: Form<'_>, states: &mut RowStates, row: usize, first: usize, values: &[&[f64]]) {
        if let Some(states) = states.downcast_mut::<Vec<R::State>>() {
            self.absorb(form, &mut states[row], first, values);
        }
    }

    fn merge_rows(&self, form: Form<'_>, states: &mut RowStates, later: RowStates) {
        if let (Some(states), Ok(later)) = (states.downcast_mut::<Vec<R::State>>(), later.downcast::<Vec<R::State>>()) {
            states.iter_mut().zip(*later).for_each(|(state, later)| self.merge(form, state, later));
        }
    }

    fn finish_rows(&self, form: Form<'_>, states: RowStates) -> Vec<RowResult> {
        let states = states.downcast::<Vec<R::State>>().unwrap_or_default();
        states.into_iter().map(|state| self.finish(form, state)).collect()
    }
}
