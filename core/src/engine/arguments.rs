//! Checks of the arrays of a run: number, format, rank, shape and strides. Every message names the argument.

use super::batch::Batch;
use super::pack::{Place, Rows};
use super::{Input, Kernel, Output};
use crate::array::{ArrayMut, ArrayRef, Region, extent};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result, counted};
use crate::formula::{Category, Field};
use crate::lower::{Origin, OutputArray};

/// The arrays of a run, checked.
pub(super) struct Arguments<'a> {
    /// Inputs by position.
    pub inputs: Vec<Rows<'a>>,
    /// Where the results go.
    pub outputs: Vec<Place>,
    /// The problems.
    pub batch: Batch,
    /// Rows of the result.
    pub kept: usize,
    /// Rows of the reduced index.
    pub reduced: usize,
}

/// What is known of an array without looking at its numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described<'a> {
    pub dtype: Dtype,
    pub shape: &'a [usize],
    pub strides: &'a [isize],
    /// Where the element whose indices are all 0 is among those that there is memory for, and how many these are.
    pub origin: usize,
    pub length: usize,
}

impl<'a> Described<'a> {
    fn input(array: &'a ArrayRef<'_>) -> Self {
        let (shape, strides) = (&array.shape, &array.strides);
        Described { dtype: array.dtype(), shape, strides, origin: array.origin, length: array.len() }
    }

    fn output(array: &'a ArrayMut<'_>) -> Self {
        let (shape, strides) = (&array.shape, &array.strides);
        Described { dtype: array.dtype(), shape, strides, origin: array.origin, length: array.len() }
    }
}

/// What is known of the arrays of a run, checked.
pub(super) struct Places {
    /// Where the numbers of the inputs are, by position.
    pub inputs: Vec<Place>,
    /// Where the results go.
    pub outputs: Vec<Place>,
    /// The problems.
    pub batch: Batch,
    /// Rows of the result.
    pub kept: usize,
    /// Rows of the reduced index.
    pub reduced: usize,
}

pub(super) fn check<'a>(kernel: &Kernel, inputs: &[ArrayRef<'a>], outputs: &[ArrayMut<'_>]) -> Result<Arguments<'a>> {
    let described: Vec<Described<'_>> = inputs.iter().map(Described::input).collect();
    let Places { inputs: places, outputs, batch, kept, reduced } =
        places(kernel, &described, &outputs.iter().map(Described::output).collect::<Vec<_>>())?;
    let inputs = inputs.iter().zip(places).map(|(array, place)| Rows { data: array.data, place }).collect();
    Ok(Arguments { inputs, outputs, batch, kept, reduced })
}

/// Checks arrays by what is known of them.
pub(super) fn places(kernel: &Kernel, inputs: &[Described<'_>], outputs: &[Described<'_>]) -> Result<Places> {
    let compute = kernel.dtype();
    if inputs.len() != kernel.inputs.len() {
        let expected = kernel.inputs.iter().map(Input::to_string).collect::<Vec<_>>().join(", ");
        return Err(Error::new(
            ErrorKind::Count,
            format!("got {}; expected {}: {expected}", counted(inputs.len(), "input array"), kernel.inputs.len()),
        ));
    }
    if outputs.len() != kernel.outputs.len() {
        return Err(Error::new(
            ErrorKind::Count,
            format!(
                "got {}; expected {}, in the order of the reductions",
                counted(outputs.len(), "output array"),
                kernel.outputs.len()
            ),
        ));
    }
    let mut rows: [Option<(usize, usize)>; 2] = [None; 2];
    let mut batch = Batch::default();
    let mut found = Vec::with_capacity(inputs.len());
    for (array, input) in inputs.iter().zip(&kernel.inputs) {
        let name = Name::Input(input);
        let (dtype, parts) = (array.dtype, array.dtype.parts());
        if !dtype.is_taken_by(compute) {
            let message =
                format!("{name} has dtype {dtype}; expected {compute}, as the kernel computes, or a narrower one");
            return Err(Error::new(ErrorKind::Dtype, message));
        }
        if !input.dim.is_multiple_of(parts) {
            let message = format!("{name} has dtype {dtype}; expected {}, as its dimension is odd", dtype.part());
            return Err(Error::new(ErrorKind::Dtype, message));
        }
        let columns = input.dim / parts;
        let form = form(name, array, columns, input.category)?;
        if form.columns != columns {
            return Err(Error::new(
                ErrorKind::Shape,
                format!("{name} has shape {:?}; expected {columns} columns", array.shape),
            ));
        }
        if let Some(seen) = rows.get_mut(input.category as usize) {
            match seen {
                None => *seen = Some((form.rows, input.index)),
                Some((expected, first)) if *expected != form.rows => {
                    return Err(Error::new(
                        ErrorKind::Shape,
                        format!("{name} has {} rows; expected {expected}, as input {first} has", form.rows),
                    ));
                }
                Some(_) => {}
            }
        }
        within(name, array)?;
        batch.join(name, &array.shape[..form.batch_axes])?;
        found.push(form);
    }
    let views = inputs.iter().zip(found).map(|(array, form)| {
        let batch_steps = batch.steps(&array.shape[..form.batch_axes], array.strides);
        place(array.dtype, array.origin, &batch_steps, [form.row_step, form.column_step])
    });
    let views = views.collect();
    // An index that no variable follows has one row, as in KeOps.
    let count = |category: Category| rows[category as usize].map_or(1, |(count, _)| count);
    let (kept, reduced) = (count(kernel.axis.kept()), count(kernel.axis.reduced()));
    let all = outputs.iter().zip(&kernel.outputs).enumerate();
    let places = all.map(|(k, (array, output))| check_output(k, array, output, kept, &batch)).collect::<Result<_>>()?;
    let by_lanes = |o: &OutputArray| o.columns.is_integer && matches!(o.origin, Origin::Planes(_));
    let has_small_index = compute == Dtype::F32 && kernel.compiled.stages().outputs.iter().any(by_lanes);
    if has_small_index && reduced > i32::MAX as usize {
        let message = format!("an index among {reduced} rows needs float64 arrays; float32 carries up to {}", i32::MAX);
        return Err(Error::new(ErrorKind::Size, message));
    }
    Ok(Places { inputs: views, outputs: places, batch, kept, reduced })
}

/// How the axes of an input are read.
struct Form {
    /// How many axes come before rows and columns.
    batch_axes: usize,
    rows: usize,
    row_step: isize,
    columns: usize,
    column_step: isize,
}

/// The axes of an input: batch axes, rows, columns. Where there are no batch axes, that of one column may be missing.
fn form(name: Name<'_>, array: &Described<'_>, dim: usize, category: Category) -> Result<Form> {
    check_strides(name, array.shape, array.strides)?;
    let has_rows = category != Category::Parameter;
    match (array.shape, array.strides) {
        ([batch @ .., rows, columns], &[.., row_step, column_step]) if has_rows => {
            Ok(Form { batch_axes: batch.len(), rows: *rows, row_step, columns: *columns, column_step })
        }
        ([rows], &[row_step]) if has_rows && dim == 1 => {
            Ok(Form { batch_axes: 0, rows: *rows, row_step, columns: 1, column_step: 0 })
        }
        ([batch @ .., columns], &[.., column_step]) if !has_rows => {
            Ok(Form { batch_axes: batch.len(), rows: 1, row_step: 0, columns: *columns, column_step })
        }
        ([], []) if !has_rows && dim == 1 => {
            Ok(Form { batch_axes: 0, rows: 1, row_step: 0, columns: 1, column_step: 0 })
        }
        _ => {
            let expected = match category {
                Category::Parameter => format!("({dim},)"),
                Category::I => format!("(M, {dim})"),
                Category::J => format!("(N, {dim})"),
            };
            let message = format!("{name} has shape {:?}; expected {expected}", array.shape);
            Err(Error::new(ErrorKind::Shape, message))
        }
    }
}

fn check_strides(name: Name<'_>, shape: &[usize], strides: &[isize]) -> Result<()> {
    if strides.len() == shape.len() {
        return Ok(());
    }
    let message = format!("{name} has shape {shape:?} and strides {strides:?}; expected a stride for each extent");
    Err(Error::new(ErrorKind::Stride, message))
}

fn check_output(k: usize, array: &Described<'_>, output: &Output, rows: usize, batch: &Batch) -> Result<Place> {
    let name = Name::Output(k);
    if !takes(array.dtype, output) {
        let mut formats = Dtype::ALL.into_iter().rev().filter(|&dtype| takes(dtype, output)).map(Dtype::name);
        let (first, mut rest) = (formats.next().unwrap_or_default(), formats.collect::<Vec<_>>());
        let last = rest.pop().map_or(String::new(), |last| format!(" or {last}"));
        let expected = [&[first], rest.as_slice()].concat().join(", ") + &last;
        let message = format!("{name} has dtype {}; expected {expected}", array.dtype);
        return Err(Error::new(ErrorKind::Dtype, message));
    }
    let columns = output.dim / array.dtype.parts();
    check_strides(name, array.shape, array.strides)?;
    let batch_axes = match array.shape {
        [m] if *m == rows && columns == 1 && batch.is(&[]) => Some(0),
        [own @ .., m, d] if (*m, *d) == (rows, columns) && batch.is(own) => Some(own.len()),
        _ => None,
    };
    let Some(batch_axes) = batch_axes else {
        let axes: String = batch.shape().iter().map(|extent| format!("{extent}, ")).collect();
        return Err(Error::new(
            ErrorKind::Shape,
            format!("{name} has shape {:?}; expected ({axes}{rows}, {columns})", array.shape),
        ));
    };
    within(name, array)?;
    let places = Region { origin: 0, element: 1, shape: array.shape, strides: array.strides };
    if places.overlaps_itself() {
        return Err(Error::new(
            ErrorKind::Stride,
            format!(
                "{name} has strides {:?} for shape {:?}, so that elements share memory; each needs its own",
                array.strides, array.shape
            ),
        ));
    }
    let column_step = array.strides.get(batch_axes + 1).copied().unwrap_or(0);
    let batch_steps = batch.steps(&array.shape[..batch_axes], array.strides);
    Ok(place(array.dtype, array.origin, &batch_steps, [array.strides[batch_axes], column_step]))
}

/// Whether results may go to an array of this format.
fn takes(dtype: Dtype, output: &Output) -> bool {
    match output.dtype {
        Dtype::I64 => dtype == Dtype::I64,
        compute => {
            let is_shaped = dtype.parts() == 1 || output.field == Field::Complex;
            is_shaped && dtype.is_fractional() && dtype.is_taken_by(compute)
        }
    }
}

/// Where the numbers of an array lie whose elements have these steps.
fn place(dtype: Dtype, origin: usize, batch_steps: &[isize], [row_step, column_step]: [isize; 2]) -> Place {
    let parts = dtype.parts() as isize;
    Place {
        origin: origin as isize * parts,
        batch_steps: batch_steps.iter().map(|step| step * parts).collect(),
        row_step: row_step * parts,
        column_step: column_step * parts,
        parts: dtype.parts(),
    }
}

fn within(name: Name<'_>, array: &Described<'_>) -> Result<()> {
    let &Described { shape, strides, origin, length, .. } = array;
    let inside = extent(shape, strides).is_some_and(|(low, high)| {
        let first = (origin as isize).checked_add(low);
        let last = (origin as isize).checked_add(high);
        shape.contains(&0)
            || (first.is_some_and(|p| p >= 0) && last.is_some_and(|p| usize::try_from(p).is_ok_and(|p| p < length)))
    });
    if inside {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Size,
        format!("{name} reaches outside its {length} numbers with shape {shape:?} and strides {strides:?}"),
    ))
}

/// An argument, as messages name it: names are written when something is wrong, because writing them takes longer than checks.
#[derive(Clone, Copy)]
enum Name<'a> {
    Input(&'a Input),
    Output(usize),
}

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Name::Input(input) => write!(f, "input {} ({input})", input.index),
            Name::Output(k) => write!(f, "output {k}"),
        }
    }
}

impl std::fmt::Display for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of dimension {}", self.category, self.dim)
    }
}
