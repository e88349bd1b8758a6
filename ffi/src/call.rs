//! The arrays and the options of a run, from C to the core and back. It does not know what is run.

use std::cell::Cell;
use std::sync::Arc;

use rkeops_core::{ArrayMut, ArrayRef, Error, ErrorKind, Kernel, RunOptions};

use crate::array::{self, Place};
use crate::aside::Aside;
use crate::error::argument;
use crate::handle;
use crate::overlap;
use crate::types::{rkeops_array, rkeops_options};

/// Does work on arrays of C: checks them, sets outputs aside that are woven into other arrays, and copies those to their
/// places at the end.
///
/// # Safety
/// The lists are arrays of C with their lengths, and the caller vouches for their memory.
pub(crate) unsafe fn with_arrays<T>(
    kernel: &Kernel,
    (inputs, input_count): (*const rkeops_array, usize),
    (outputs, output_count): (*const rkeops_array, usize),
    work: impl FnOnce(&[ArrayRef], &mut [ArrayMut]) -> Result<T, Error>,
) -> Result<T, Error> {
    let input_place = |k: usize| Place::Input(k, kernel.inputs().get(k).copied());
    // SAFETY: the caller vouches for its lists.
    let (inputs, outputs) = unsafe {
        let inputs = array::check_all("inputs", inputs, input_count, input_place)?;
        (inputs, array::check_all("outputs", outputs, output_count, Place::Output)?)
    };
    let mut aside = Vec::with_capacity(outputs.len());
    for (k, output) in outputs.iter().enumerate() {
        overlap::check_output(output)?;
        let mut woven = false;
        for other in inputs.iter().chain(&outputs[..k]) {
            woven |= overlap::check_pair(output, other)?;
        }
        aside.push(if woven { Some(Aside::new(output)?) } else { None });
    }
    // SAFETY: outputs overlap with nothing, and the caller vouches for the memory of all arrays.
    let inputs = inputs.iter().map(|input| unsafe { input.input() }).collect::<Vec<_>>();
    let places = outputs.iter().zip(&mut aside);
    let mut views: Vec<_> = places
        .map(|(output, aside)| match aside {
            // SAFETY: the same.
            None => unsafe { output.output() },
            Some(aside) => aside.view(),
        })
        .collect::<Result<_, Error>>()?;
    let result = work(&inputs, &mut views);
    drop((views, inputs));
    // A solver that gives up leaves its last iterate.
    if !result.as_ref().is_err_and(|error| error.kind() != ErrorKind::Convergence) {
        for (output, aside) in outputs.iter().zip(&aside) {
            if let Some(aside) = aside {
                // SAFETY: the same; the views are gone.
                unsafe { aside.copy_to(output) };
            }
        }
    }
    result
}

/// Does work with the options of a run.
///
/// # Safety
/// The callback of the options, if any, may be called with its user pointer; their ranges are NULL or a handle; the place
/// for the pairs that were skipped is NULL or valid for writing.
pub(crate) unsafe fn with_run_options<T>(
    options: &rkeops_options,
    work: impl FnOnce(&RunOptions<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let threads = usize::try_from(options.threads).map_err(|_| {
        argument(format!("options->threads is {}; it must be 0 (automatic) or a number of threads", options.threads))
    })?;
    // A reference of our own: the callback may free the caller's.
    let ranges = match options.ranges.is_null() {
        true => None,
        // SAFETY: C vouches for the handle.
        false => Some(Arc::clone(unsafe { handle::borrow("options->ranges", options.ranges) }?)),
    };
    let go_on = options.progress.map(|callback| {
        // SAFETY: C vouches for the callback and its user pointer during the run.
        move |done, total| unsafe { callback(done, total, options.progress_user) } == 0
    });
    // Nothing stands in it until a run has ended.
    let (unknown, wanted) = (u64::MAX, !options.skipped.is_null());
    let skipped = Cell::new(unknown);
    let result = work(&RunOptions {
        threads,
        progress: go_on.as_ref().map(|go_on| go_on as &dyn Fn(u64, u64) -> bool),
        ranges: ranges.as_deref(),
        skipped: wanted.then_some(&skipped),
    });
    if wanted && skipped.get() != unknown {
        // SAFETY: not NULL, and C vouches for the rest.
        unsafe { options.skipped.write_unaligned(skipped.get()) };
    }
    result
}
