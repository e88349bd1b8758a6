//! Checks of what a program reads as integers: row numbers and arguments that its format can carry.

use super::Kernel;
use super::arguments::Arguments;
use super::pack::View;
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::formula::Category;
use crate::lower::{INTEGERS_IN_SINGLE, ROWS_IN_SINGLE};

/// An error if there are more rows than numbers for them, or an argument of `Integer` holds something else.
pub(super) fn check<T: View>(kernel: &Kernel, arguments: &Arguments<'_, T>) -> Result<()> {
    let reads = &kernel.reads;
    let counts = [(kernel.axis.kept(), arguments.kept), (kernel.axis.reduced(), arguments.reduced)];
    for (category, count) in counts {
        if T::DTYPE == Dtype::F32 && reads.rows[category as usize] && count > ROWS_IN_SINGLE {
            let message =
                format!("the numbers of {count} rows need float64 arrays; float32 carries up to {ROWS_IN_SINGLE}");
            return Err(Error::new(ErrorKind::Size, message));
        }
    }
    let (limit, shown) =
        if T::DTYPE == Dtype::F32 { (f64::from(INTEGERS_IN_SINGLE), "2^30") } else { (2f64.powi(53), "2^53") };
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
        let numbers = (0..items).flat_map(|item| {
            let origin = rows.place.origin + batch.offset(item, &rows.place.batch_steps);
            let row = move |row| (0..input.dim).map(move |column| rows.number(origin, row, column));
            (0..count).flat_map(row)
        });
        if let Some(wrong) = numbers.map(View::real).find(|number| number.fract() != 0.0 || number.abs() >= limit) {
            let message = format!(
                "input {index} ({input}) holds {wrong:?}, and the formula takes its integers; \
                 expected integers below {shown} in size"
            );
            return Err(Error::new(ErrorKind::Argument, message));
        }
    }
    Ok(())
}
