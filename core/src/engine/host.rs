//! Runs on a GPU of arrays in ordinary memory: they are copied there and the results back.

use std::collections::BTreeMap;

use super::device::{DeviceArray, DeviceOptions};
use super::{Kernel, RunOptions, arguments, integers};
use crate::array::{ArrayMut, ArrayRef, Data, row_major, with_elements, with_results};
use crate::backend::cuda::{self, Device, Memory, Stream};
use crate::error::{Error, ErrorKind, Result};

fn bytes<'a>(data: &Data<'a>) -> &'a [u8] {
    with_elements!(*data, elements => bytemuck::cast_slice(elements))
}

/// Uploads the memory of arrays, that of several arrays once.
struct Uploads<'a, 'd> {
    device: &'d Device,
    stream: Stream,
    /// By address and length.
    known: BTreeMap<(usize, usize), Memory<'d>>,
    arrays: &'a [ArrayRef<'a>],
}

impl Uploads<'_, '_> {
    fn all(&mut self) -> Result<Vec<DeviceArray>> {
        let mut uploaded = Vec::with_capacity(self.arrays.len());
        for array in self.arrays {
            let bytes = bytes(&array.data);
            let key = (bytes.as_ptr().addr(), bytes.len());
            let address = match self.known.get(&key) {
                Some(memory) => memory.address,
                None => {
                    let memory = self.device.allocate(bytes.len(), self.stream)?;
                    self.device.upload(memory.address, bytes, self.stream)?;
                    self.known.entry(key).or_insert(memory).address
                }
            };
            let (shape, strides) = (array.shape.clone(), array.strides.clone());
            let address = address + (array.origin * array.dtype().size()) as u64;
            uploaded.push(DeviceArray { address, dtype: array.dtype(), shape, strides });
        }
        Ok(uploaded)
    }
}

/// Runs a kernel for devices on arrays in ordinary memory.
pub(super) fn run(
    kernel: &Kernel,
    inputs: &[ArrayRef<'_>],
    outputs: &mut [ArrayMut<'_>],
    options: &RunOptions<'_>,
) -> Result<()> {
    let checked = arguments::check(kernel, inputs, outputs)?;
    integers::check(kernel, &checked)?;
    let pairs = [checked.kept, checked.reduced, checked.batch.items().unwrap_or(usize::MAX)];
    let pairs = pairs.into_iter().fold(1u64, |all, count| all.saturating_mul(count as u64));
    let goes_on = |done| options.progress.is_none_or(|progress| progress(done, pairs));
    let stopped = || Error::new(ErrorKind::Cancelled, "the progress callback asked to stop");
    if !goes_on(0) {
        return Err(stopped());
    }
    let device = cuda::device(options.device)?;
    let stream = device.stream()?;
    let mut uploads = Uploads { device, stream: stream.name(), known: BTreeMap::new(), arrays: inputs };
    let on_device = uploads.all()?;
    let mut results = Vec::with_capacity(outputs.len());
    for output in outputs.iter() {
        let (dtype, shape) = (output.dtype(), output.shape.clone());
        let bytes = shape.iter().product::<usize>() * dtype.size();
        let memory = device.allocate(bytes, stream.name())?;
        let array = DeviceArray { address: memory.address, dtype, strides: row_major(&shape), shape };
        results.push((memory, array, bytes));
    }
    let arrays: Vec<DeviceArray> = results.iter().map(|(_, array, _)| array.clone()).collect();
    let on_stream = DeviceOptions { stream: stream.name(), workspace: None, ranges: options.ranges };
    kernel.run_on_device(options.device, &on_device, &arrays, &on_stream)?;
    for ((memory, _, bytes), output) in results.iter().zip(outputs) {
        download(device, memory, *bytes, stream.name(), output)?;
    }
    if let Some(skipped) = options.skipped {
        skipped.set(0);
    }
    if goes_on(pairs) { Ok(()) } else { Err(stopped()) }
}

/// Copies compact results to where an array has them.
fn download(device: &Device, from: &Memory<'_>, bytes: usize, stream: Stream, to: &mut ArrayMut<'_>) -> Result<()> {
    let parts = to.dtype().parts();
    let is_compact = to.strides == row_major(&to.shape);
    let (origin, count) = (to.origin * parts, bytes / to.dtype().size() * parts);
    let (shape, strides) = (to.shape.clone(), to.strides.clone());
    with_results!(&mut to.data,
        indices => copy(device, from, stream, indices, Place { origin, count, shape, strides, parts, is_compact }),
        numbers => copy(device, from, stream, numbers, Place { origin, count, shape, strides, parts, is_compact }))
}

/// Where results go.
struct Place {
    /// In numbers, as the count is.
    origin: usize,
    count: usize,
    shape: Vec<usize>,
    strides: Vec<isize>,
    parts: usize,
    is_compact: bool,
}

fn copy<E: bytemuck::Pod>(
    device: &Device,
    from: &Memory<'_>,
    stream: Stream,
    to: &mut [E],
    place: Place,
) -> Result<()> {
    if place.count == 0 {
        return Ok(());
    }
    if place.is_compact {
        let own = &mut to[place.origin..place.origin + place.count];
        return device.download(bytemuck::cast_slice_mut(own), from.address, stream);
    }
    let mut compact = vec![E::zeroed(); place.count];
    device.download(bytemuck::cast_slice_mut(&mut compact), from.address, stream)?;
    let Place { origin, shape, strides, parts, .. } = place;
    let places = crate::array::positions(origin / parts, &shape, &strides, parts);
    places.zip(compact).for_each(|(place, number)| to[place] = number);
    Ok(())
}
