//! The arrays and the options of a run, from C to the core and back. It does not know what is run.

use std::cell::Cell;
use std::sync::Arc;

use rkeops_core::{
    ArrayMut, ArrayRef, DeviceArray, DeviceOptions, Devices, Error, ErrorKind, Kernel, Ranges, RunOptions,
};

use crate::array::{self, Checked, Place};
use crate::aside::Aside;
use crate::error::argument;
use crate::handle;
use crate::overlap;
use crate::types::{RKEOPS_ALL_DEVICES, rkeops_array, rkeops_options};

/// The arrays of a call, checked.
pub(crate) struct Arrays {
    inputs: Vec<Checked>,
    outputs: Vec<Checked>,
    /// Whether elements of each output lie between those of another array.
    woven: Vec<bool>,
    /// The CUDA device that all of them are on, if they are not in ordinary memory.
    pub(crate) device: Option<usize>,
}

impl Arrays {
    /// Checks the arrays of a call.
    ///
    /// # Safety
    /// The lists are arrays of C with their lengths.
    pub(crate) unsafe fn new(
        kernel: &Kernel,
        (inputs, input_count): (*const rkeops_array, usize),
        (outputs, output_count): (*const rkeops_array, usize),
    ) -> Result<Arrays, Error> {
        let input_place = |k: usize| Place::Input(k, kernel.inputs().get(k).copied());
        // SAFETY: the caller vouches for its lists.
        let (inputs, outputs) = unsafe {
            let inputs = array::check_all("inputs", inputs, input_count, input_place)?;
            (inputs, array::check_all("outputs", outputs, output_count, Place::Output)?)
        };
        let mut woven = vec![false; outputs.len()];
        for (k, output) in outputs.iter().enumerate() {
            overlap::check_output(output)?;
            for other in inputs.iter().chain(&outputs[..k]) {
                woven[k] |= overlap::check_pair(output, other)?;
            }
        }
        let mut all = inputs.iter().chain(&outputs);
        let first = all.next();
        if let Some(first) = first
            && let Some(other) = all.find(|other| other.device() != first.device())
        {
            let name = |array: &Checked| match array.device() {
                None => "in ordinary memory".to_owned(),
                Some(number) => format!("on CUDA device {number}"),
            };
            let message =
                format!("it is {}, but {} is {}; all have to be in one place", name(other), first.place(), name(first));
            return Err(Error::new(ErrorKind::Device, message).within(other.place().to_string()));
        }
        let device = first.and_then(Checked::device);
        Ok(Arrays { inputs, outputs, woven, device })
    }

    /// Does work on arrays in ordinary memory: sets outputs aside that are woven into other arrays, and copies those to their
    /// places at the end.
    ///
    /// # Safety
    /// The caller vouches for the memory of all arrays.
    pub(crate) unsafe fn with_memory<T>(
        &self,
        work: impl FnOnce(&[ArrayRef], &mut [ArrayMut]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(device) = self.device {
            let message = format!("the arrays are on CUDA device {device}; this takes arrays in ordinary memory");
            return Err(Error::new(ErrorKind::Device, message));
        }
        let outputs = self.outputs.iter().zip(&self.woven);
        let aside = outputs.map(|(output, woven)| woven.then(|| Aside::new(output)).transpose());
        let mut aside: Vec<Option<Aside>> = aside.collect::<Result<_, Error>>()?;
        // SAFETY: outputs overlap with nothing, and the caller vouches for the memory of all arrays.
        let inputs = self.inputs.iter().map(|input| unsafe { input.input() }).collect::<Vec<_>>();
        let places = self.outputs.iter().zip(&mut aside);
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
            for (output, aside) in self.outputs.iter().zip(&aside) {
                if let Some(aside) = aside {
                    // SAFETY: the same; the views are gone.
                    unsafe { aside.copy_to(output) };
                }
            }
        }
        result
    }

    /// The arrays as those of their device.
    pub(crate) fn on_device(&self) -> [Vec<DeviceArray>; 2] {
        [&self.inputs, &self.outputs].map(|arrays| arrays.iter().map(Checked::on_device).collect())
    }
}

/// The blocks of pairs that the options name, if any.
///
/// # Safety
/// The ranges of the options are NULL or a handle.
pub(crate) unsafe fn ranges(options: &rkeops_options) -> Result<Option<Arc<Ranges>>, Error> {
    match options.ranges.is_null() {
        true => Ok(None),
        // SAFETY: C vouches for the handle.
        false => Ok(Some(Arc::clone(unsafe { handle::borrow("options->ranges", options.ranges) }?))),
    }
}

/// Queues a run of a kernel on the device of its arrays.
///
/// # Safety
/// As for [`with_run_options`]; the stream and the workspace are the device's.
pub(crate) unsafe fn run_on_device(
    kernel: &Kernel,
    arrays: &Arrays,
    device: usize,
    options: &rkeops_options,
) -> Result<(), Error> {
    if options.device == RKEOPS_ALL_DEVICES {
        let message = "options->device is RKEOPS_ALL_DEVICES, but the arrays are on CUDA device";
        return Err(argument(format!("{message} {device}; only arrays in ordinary memory are shared out")));
    }
    // SAFETY: the caller vouches for the handle.
    let ranges = unsafe { ranges(options) }?;
    let workspace = match options.workspace.is_null() {
        true => None,
        false => Some((options.workspace.addr() as u64, options.workspace_bytes)),
    };
    if let Some((address, _)) = workspace.filter(|(address, _)| !address.is_multiple_of(256)) {
        return Err(argument(format!("options->workspace is at {address:#x}, which is no multiple of 256")));
    }
    let stream = options.stream.addr() as u64;
    let [inputs, outputs] = arrays.on_device();
    kernel.run_on_device(device, &inputs, &outputs, &DeviceOptions { stream, workspace, ranges: ranges.as_deref() })?;
    if !options.skipped.is_null() {
        // SAFETY: not NULL, and C vouches for the rest.
        unsafe { options.skipped.write_unaligned(0) };
    }
    Ok(())
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
    let devices = match (options.device, usize::try_from(options.device)) {
        (RKEOPS_ALL_DEVICES, _) => Devices::All,
        (_, Ok(number)) => Devices::One(number),
        (number, Err(_)) => {
            let message = format!("options->device is {number}; CUDA devices are counted from 0");
            return Err(argument(format!("{message}, and RKEOPS_ALL_DEVICES is {RKEOPS_ALL_DEVICES}")));
        }
    };
    // A reference of our own: the callback may free the caller's.
    // SAFETY: C vouches for the handle.
    let ranges = unsafe { ranges(options) }?;
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
        devices,
        skipped: wanted.then_some(&skipped),
    });
    if wanted && skipped.get() != unknown {
        // SAFETY: not NULL, and C vouches for the rest.
        unsafe { options.skipped.write_unaligned(skipped.get()) };
    }
    result
}
