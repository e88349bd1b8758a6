//! Checks of the arrays of a run: number, format, rank, shape and strides. Every message names the argument.

use super::pack::{Rows, View};
use super::{Input, Kernel, Output};
use crate::array::{ArrayMut, ArrayRef, Region, extent};
use crate::error::{Error, ErrorKind, Result, counted};
use crate::formula::Category;

/// The arrays of a run, checked.
pub(super) struct Arguments<'a, T> {
    /// Inputs by position.
    pub inputs: Vec<Rows<'a, T>>,
    /// Rows of the result.
    pub kept: usize,
    /// Rows of the reduced index.
    pub reduced: usize,
}

pub(super) fn check<'a, T: View>(
    kernel: &Kernel,
    inputs: &[ArrayRef<'a>],
    outputs: &[ArrayMut<'_>],
) -> Result<Arguments<'a, T>> {
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
                "got {}; expected {}, one for each reduction",
                counted(outputs.len(), "output array"),
                kernel.outputs.len()
            ),
        ));
    }
    let mut rows: [Option<(usize, usize)>; 2] = [None; 2];
    let mut views = Vec::with_capacity(inputs.len());
    for (array, input) in inputs.iter().zip(&kernel.inputs) {
        let name = format!("input {} ({input})", input.index);
        let Some(data) = T::slice(array) else {
            let message = format!("{name} has dtype {}; expected {}", array.dtype(), T::DTYPE);
            return Err(Error::new(ErrorKind::Dtype, message));
        };
        let (count, row_step, columns, column_step) = matrix(&name, array, input.dim, input.category)?;
        if columns != input.dim {
            return Err(Error::new(
                ErrorKind::Shape,
                format!("{name} has shape {:?}; expected {} columns", array.shape, input.dim),
            ));
        }
        if let Some(seen) = rows.get_mut(input.category as usize) {
            match seen {
                None => *seen = Some((count, input.index)),
                Some((expected, first)) if *expected != count => {
                    return Err(Error::new(
                        ErrorKind::Shape,
                        format!("{name} has {count} rows; expected {expected}, as input {first} has"),
                    ));
                }
                Some(_) => {}
            }
        }
        within(&name, array.len(), array.origin, &array.shape, &array.strides)?;
        views.push(Rows { data, origin: array.origin as isize, row_step, column_step });
    }
    // An index that no variable follows has one row, as in KeOps.
    let count = |category: Category| rows[category as usize].map_or(1, |(count, _)| count);
    let (kept, reduced) = (count(kernel.axis.kept()), count(kernel.axis.reduced()));
    for (k, (array, output)) in outputs.iter().zip(&kernel.outputs).enumerate() {
        check_output(k, array, output, kept)?;
    }
    if T::DTYPE.size() == 4 && reduced > i32::MAX as usize && kernel.outputs.iter().any(|o| o.dtype != T::DTYPE) {
        let message = format!("an index among {reduced} rows needs float64 arrays; float32 carries up to {}", i32::MAX);
        return Err(Error::new(ErrorKind::Size, message));
    }
    Ok(Arguments { inputs: views, kept, reduced })
}

/// Rows, row step, columns and column step of an input.
fn matrix(name: &str, array: &ArrayRef<'_>, dim: usize, category: Category) -> Result<(usize, isize, usize, isize)> {
    check_strides(name, &array.shape, &array.strides)?;
    let form = match (category, array.shape.as_slice(), array.strides.as_slice()) {
        (Category::Parameter, [], []) if dim == 1 => Some((1, 0, 1, 0)),
        (Category::Parameter, &[columns], &[step]) => Some((1, 0, columns, step)),
        (Category::Parameter, &[1, columns], &[_, step]) => Some((1, 0, columns, step)),
        (Category::I | Category::J, &[rows], &[step]) if dim == 1 => Some((rows, step, 1, 0)),
        (Category::I | Category::J, &[rows, columns], &[row_step, step]) => Some((rows, row_step, columns, step)),
        _ => None,
    };
    form.ok_or_else(|| {
        let expected = match category {
            Category::Parameter => format!("({dim},)"),
            Category::I => format!("(M, {dim})"),
            Category::J => format!("(N, {dim})"),
        };
        Error::new(ErrorKind::Shape, format!("{name} has shape {:?}; expected {expected}", array.shape))
    })
}

fn check_strides(name: &str, shape: &[usize], strides: &[isize]) -> Result<()> {
    if strides.len() == shape.len() {
        return Ok(());
    }
    let message = format!("{name} has shape {shape:?} and strides {strides:?}; expected a stride for each extent");
    Err(Error::new(ErrorKind::Stride, message))
}

fn check_output(k: usize, array: &ArrayMut<'_>, output: &Output, rows: usize) -> Result<()> {
    let name = format!("output {k}");
    if array.dtype() != output.dtype {
        let message = format!("{name} has dtype {}; expected {}", array.dtype(), output.dtype);
        return Err(Error::new(ErrorKind::Dtype, message));
    }
    let fits = match array.shape.as_slice() {
        [m] => *m == rows && output.dim == 1,
        [m, d] => (*m, *d) == (rows, output.dim),
        _ => false,
    };
    check_strides(&name, &array.shape, &array.strides)?;
    if !fits {
        return Err(Error::new(
            ErrorKind::Shape,
            format!("{name} has shape {:?}; expected ({rows}, {})", array.shape, output.dim),
        ));
    }
    within(&name, array.len(), array.origin, &array.shape, &array.strides)?;
    let places = Region { origin: 0, element: 1, shape: &array.shape, strides: &array.strides };
    if places.overlaps_itself() {
        return Err(Error::new(
            ErrorKind::Stride,
            format!(
                "{name} has strides {:?} for shape {:?}, so that elements share memory; each needs its own",
                array.strides, array.shape
            ),
        ));
    }
    Ok(())
}

fn within(name: &str, length: usize, origin: usize, shape: &[usize], strides: &[isize]) -> Result<()> {
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

impl std::fmt::Display for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of dimension {}", self.category, self.dim)
    }
}
