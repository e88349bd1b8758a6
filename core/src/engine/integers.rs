//! Checks of what a program reads as integers: row numbers and arguments that its format can carry.

use super::Kernel;
use super::arguments::Arguments;
use crate::array::{Element, with_elements};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::formula::Category;
use crate::lower::{INTEGERS_IN_SINGLE, ROWS_IN_SINGLE};

/// An error if there are more rows than numbers for them, or an argument of `Integer` holds something else.
pub(super) fn check(kernel: &Kernel, arguments: &Arguments<'_>) -> Result<()> {
    let reads = &kernel.reads;
    let is_single = kernel.dtype() == Dtype::F32;
    let counts = [(kernel.axis.kept(), arguments.kept), (kernel.axis.reduced(), arguments.reduced)];
    for (category, count) in counts {
        if is_single && reads.rows[category as usize] && count > ROWS_IN_SINGLE {
            let message =
                format!("the numbers of {count} rows need float64 arrays; float32 carries up to {ROWS_IN_SINGLE}");
            return Err(Error::new(ErrorKind::Size, message));
        }
    }
    let (limit, shown) = if is_single { (u64::from(INTEGERS_IN_SINGLE), "2^30") } else { (1 << 53, "2^53") };
    for &index in &reads.integers {
        let (input, rows) = (&kernel.inputs[index], &arguments.inputs[index]);
        let count = match input.category {
            Category::Parameter => 1,
            category if category == kernel.axis.kept() => arguments.kept,
            _ => arguments.reduced,
        };
        let batch = &arguments.batch;
        let is_shared = rows.place.batch_steps.iter().all(|&step| step == 0);
        let items = batch.items().unwrap_or(0).min(if is_shared { 1 } else { usize::MAX });
        let places = (0..items).flat_map(|item| {
            let origin = rows.place.origin + batch.offset(item, &rows.place.batch_steps);
            let row = move |row| (0..input.dim).map(move |column| rows.place.of(origin, row, column) as usize);
            (0..count).flat_map(row)
        });
        if let Some(wrong) = with_elements!(rows.data, elements => first_beyond(limit, elements, places)) {
            let message = format!(
                "input {index} ({input}) holds {wrong}, and the formula takes its integers; \
                 expected integers below {shown} in size"
            );
            return Err(Error::new(ErrorKind::Argument, message));
        }
    }
    Ok(())
}

/// The first element at these places that is no integer below a limit, in words.
fn first_beyond<E: Element>(limit: u64, elements: &[E], mut places: impl Iterator<Item = usize>) -> Option<String> {
    let is_beyond = |&k: &usize| elements[k].to_integer().is_none_or(|integer| integer.unsigned_abs() >= limit);
    let wrong = elements[places.find(is_beyond)?];
    Some(if E::DTYPE.is_fractional() { format!("{:?}", wrong.to_double()) } else { format!("{wrong:?}") })
}
