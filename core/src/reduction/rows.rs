//! Reducers in plain code, for what lanes cannot hold, such as the K smallest values: they take the values of a row as
//! lists.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Range;

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
    /// On which side of a [`bound`](Self::bound) values matter, if there is one: those beyond it are then left out, and the
    /// rest comes to [`take`](Self::take) and [`take_all`](Self::take_all).
    fn side(&self) -> Option<Side> {
        None
    }
    /// What a value of a component has to reach, or be equal to, to change the results of the row.
    fn bound(&self, _form: Form<'_>, _state: &Self::State, _component: usize) -> f64 {
        f64::NAN
    }
    /// Takes one value of a component, at a position.
    fn take(&self, _form: Form<'_>, _state: &mut Self::State, _component: usize, _position: usize, _value: f64) {}
    /// What the results are, if they are the best values of each component and where these are, in order; the smallest
    /// position comes first where values are equal, and NaN and what is infinite never count. Machines without plain code
    /// find them in their own way. Columns go by rank, then by component.
    fn ranks(&self, _form: Form<'_>) -> Option<Ranks> {
        None
    }
    /// Takes values of a component, each after its position.
    fn take_all(&self, form: Form<'_>, state: &mut Self::State, component: usize, values: &[(usize, f64)]) {
        values.iter().for_each(|&(position, value)| self.take(form, state, component, position, value));
    }
}

/// Which values matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Those that are not above the bound.
    Below,
    /// Those that are not below it.
    Above,
}

/// The best values of each component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranks {
    /// How many.
    pub count: usize,
    /// Whether the largest are best, rather than the smallest.
    pub largest: bool,
}

/// A value that may change the results of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The row, among those that are reduced together.
    pub row: usize,
    /// Which component of the formula.
    pub component: usize,
    /// Where it is along the reduced index.
    pub position: usize,
    /// The value.
    pub value: f64,
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
    /// On which side of a bound values matter, if there is one.
    fn side(&self) -> Option<Side>;
    /// What the results are, if they are the best values and where these are.
    fn ranks(&self, form: Form<'_>) -> Option<Ranks>;
    /// Gives rows single values: those of the components of its own among all; those of rows that there are not are left out.
    fn take_rows(&self, form: Form<'_>, states: &mut RowStates, candidates: &[Candidate], own: Range<usize>);
    /// Gives a row and component values of its own, each after its position.
    fn take_row(&self, form: Form<'_>, states: &mut RowStates, place: [usize; 2], values: &[(usize, f64)]);
    /// The bounds of a component in some rows.
    fn bounds(&self, form: Form<'_>, states: &RowStates, component: usize, rows: Range<usize>, bounds: &mut [f64]);
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

    fn side(&self) -> Option<Side> {
        RowReducer::side(self)
    }

    fn ranks(&self, form: Form<'_>) -> Option<Ranks> {
        RowReducer::ranks(self, form)
    }

    fn take_rows(&self, form: Form<'_>, states: &mut RowStates, candidates: &[Candidate], own: Range<usize>) {
        if let Some(states) = states.downcast_mut::<Vec<R::State>>() {
            for &Candidate { row, component, position, value } in candidates {
                if let Some(state) = states.get_mut(row).filter(|_| own.contains(&component)) {
                    self.take(form, state, component - own.start, position, value);
                }
            }
        }
    }

    fn take_row(&self, form: Form<'_>, states: &mut RowStates, [row, component]: [usize; 2], values: &[(usize, f64)]) {
        if let Some(states) = states.downcast_mut::<Vec<R::State>>() {
            self.take_all(form, &mut states[row], component, values);
        }
    }

    fn bounds(&self, form: Form<'_>, states: &RowStates, component: usize, rows: Range<usize>, bounds: &mut [f64]) {
        if let Some(states) = states.downcast_ref::<Vec<R::State>>() {
            let rows = states[rows].iter().zip(bounds);
            rows.for_each(|(state, bound)| *bound = self.bound(form, state, component));
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
