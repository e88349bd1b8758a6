//! Copies of parts of strided arrays to a device, and of results to where arrays have them.

use std::collections::BTreeMap;

use super::device::DeviceArray;
use super::pack::Place;
use super::portion::Portion;
use crate::array::{ArrayMut, ArrayRef, extent, positions, row_major, with_elements, with_results};
use crate::backend::cuda::{Device, Memory, OwnStream};
use crate::dtype::Dtype;
use crate::error::Result;

/// Which rows of a portion an array has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    None,
    Kept,
    Reduced,
}

/// Where the elements of an array lie: its first one among all, and the steps along the axes of the batch, rows and columns.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub dtype: Dtype,
    pub rows: Rows,
    origin: isize,
    batch_steps: Vec<isize>,
    row_step: isize,
    column_step: isize,
    columns: usize,
}

/// Some elements of an array: the position of the first, and extents and steps.
#[derive(Clone, Debug)]
struct View {
    first: isize,
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl Layout {
    /// The layout of an array of so many columns of numbers.
    pub(super) fn new(dtype: Dtype, rows: Rows, place: &Place, columns: usize) -> Self {
        let parts = dtype.parts() as isize;
        Layout {
            dtype,
            rows,
            origin: place.origin / parts,
            batch_steps: place.batch_steps.iter().map(|step| step / parts).collect(),
            row_step: place.row_step / parts,
            column_step: place.column_step / parts,
            columns: columns / dtype.parts(),
        }
    }

    fn view(&self, portion: &Portion) -> View {
        let mut ranges = portion.batch.clone();
        let mut strides = self.batch_steps.clone();
        match self.rows {
            Rows::None => {}
            Rows::Kept => ranges.push(portion.kept.clone()),
            Rows::Reduced => ranges.push(portion.reduced.clone()),
        }
        if self.rows != Rows::None {
            strides.push(self.row_step);
        }
        let first = ranges.iter().zip(&strides).map(|(range, stride)| range.start as isize * stride).sum::<isize>();
        let shape = ranges.iter().map(|range| range.len()).chain([self.columns]).collect();
        strides.push(self.column_step);
        View { first: self.origin + first, shape, strides }
    }

    /// Results of a portion one after another, at an address of a device, and their bytes.
    pub(super) fn compact(&self, portion: &Portion, address: u64) -> (DeviceArray, usize) {
        let shape = self.view(portion).shape;
        let bytes = shape.iter().product::<usize>() * self.dtype.size();
        (DeviceArray { address, dtype: self.dtype, strides: row_major(&shape), shape }, bytes)
    }
}

/// Elements that are copied to a device: all between the lowest and the highest, or only those that are wanted, one after another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    /// Where the lowest byte is.
    address: usize,
    /// What is copied, in bytes.
    bytes: usize,
    element: usize,
    /// Extents and steps upwards, the largest step first; none where everything between is copied.
    axes: Vec<(usize, usize)>,
}

impl View {
    /// What has to be copied, the place of the first element in the copy, and the steps there.
    fn wanted(&self, data: &[u8], size: usize) -> (Wanted, usize, Vec<isize>) {
        let (low, high) = extent(&self.shape, &self.strides).unwrap_or_default();
        let count = |(&n, &stride): (&usize, &isize)| if stride == 0 { 1 } else { n };
        let own = self.shape.iter().zip(&self.strides).map(count).product::<usize>();
        let between = if self.shape.contains(&0) { 0 } else { high.abs_diff(low) + 1 };
        let address = data.as_ptr().addr().wrapping_add_signed((self.first + low) * size as isize);
        // Twice as much is copied sooner than it is gathered.
        if between <= 2 * own {
            let wanted = Wanted { address, bytes: between * size, element: size, axes: Vec::new() };
            return (wanted, low.unsigned_abs(), self.strides.clone());
        }
        let mut order: Vec<usize> = (0..self.shape.len()).collect();
        order.retain(|&axis| self.shape[axis] > 1 && self.strides[axis] != 0);
        order.sort_by_key(|&axis| std::cmp::Reverse(self.strides[axis].unsigned_abs()));
        let (mut strides, mut step, mut first) = (vec![0; self.shape.len()], 1, 0);
        for &axis in order.iter().rev() {
            let reach = (self.shape[axis] - 1) * step;
            let is_backwards = self.strides[axis] < 0;
            (strides[axis], first) =
                if is_backwards { (-(step as isize), first + reach) } else { (step as isize, first) };
            step *= self.shape[axis];
        }
        let axes = order.iter().map(|&axis| (self.shape[axis], self.strides[axis].unsigned_abs())).collect();
        (Wanted { address, bytes: own * size, element: size, axes }, first, strides)
    }
}

impl Wanted {
    /// The bytes among those of the array, gathered where there are others between.
    fn bytes<'b>(&self, data: &'b [u8], gathered: &'b mut Vec<u8>) -> &'b [u8] {
        let (start, size) = (self.address.wrapping_sub(data.as_ptr().addr()), self.element);
        let Some((&(count, step), outer)) = self.axes.split_last() else {
            return data.get(start..start + self.bytes).unwrap_or_default();
        };
        gathered.clear();
        gathered.reserve_exact(self.bytes);
        let (shape, strides): (Vec<usize>, Vec<isize>) = outer.iter().map(|&(n, step)| (n, step as isize)).unzip();
        for place in positions(0, &shape, &strides, 1) {
            let run = &data[start + place * size..];
            match step {
                1 => gathered.extend_from_slice(&run[..count * size]),
                _ => (0..count).for_each(|k| gathered.extend_from_slice(&run[k * step * size..][..size])),
            }
        }
        gathered
    }
}

/// An input of a run.
pub(super) struct Input<'a> {
    pub data: &'a [u8],
    pub layout: Layout,
}

impl<'a> Input<'a> {
    pub(super) fn new(array: &ArrayRef<'a>, layout: Layout) -> Self {
        Input { data: with_elements!(array.data, elements => bytemuck::cast_slice(elements)), layout }
    }

    fn wanted(&self, portion: &Portion) -> (Wanted, DeviceArray) {
        let view = self.layout.view(portion);
        let (dtype, size) = (self.layout.dtype, self.layout.dtype.size());
        let (wanted, first, strides) = view.wanted(self.data, size);
        // The address is added when it is known.
        (wanted, DeviceArray { address: (first * size) as u64, dtype, shape: view.shape, strides })
    }
}

/// The arrays of a portion without addresses, and the bytes to copy for those inputs that have these rows: what several have in
/// common is copied once.
pub(super) fn described(inputs: &[Input<'_>], portion: &Portion, of: &[Rows]) -> (Vec<DeviceArray>, Vec<usize>) {
    let mut different = BTreeMap::new();
    let describe = |input: &Input<'_>| {
        let (wanted, array) = input.wanted(portion);
        if of.contains(&input.layout.rows) {
            different.insert(wanted.clone(), wanted.bytes);
        }
        array
    };
    let arrays = inputs.iter().map(describe).collect();
    (arrays, different.into_values().collect())
}

/// What has been copied to a device and is still wanted there.
pub(super) struct Uploads<'d> {
    known: BTreeMap<Wanted, Memory<'d>>,
    gathered: Vec<u8>,
}

impl<'d> Uploads<'d> {
    pub(super) fn new() -> Self {
        Uploads { known: BTreeMap::new(), gathered: Vec::new() }
    }

    /// The inputs of a portion on a device. What is not there yet is copied on a stream; what only other portions have is given up.
    pub(super) fn bring(
        &mut self,
        device: &'d Device,
        stream: &OwnStream<'d>,
        inputs: &[Input<'_>],
        portion: &Portion,
    ) -> Result<Vec<DeviceArray>> {
        let wanted: Vec<(Wanted, DeviceArray)> = inputs.iter().map(|input| input.wanted(portion)).collect();
        self.known.retain(|known, _| wanted.iter().any(|(wanted, _)| wanted == known));
        let mut arrays = Vec::with_capacity(inputs.len());
        for (input, (wanted, mut array)) in inputs.iter().zip(wanted) {
            let address = match self.known.get(&wanted) {
                Some(memory) => memory.address,
                None => {
                    let memory = device.allocate(wanted.bytes, stream.name())?;
                    let bytes = wanted.bytes(input.data, &mut self.gathered);
                    device.upload(memory.address, bytes, stream.name())?;
                    if !wanted.axes.is_empty() {
                        // They are gathered anew for the next.
                        stream.synchronize()?;
                    }
                    self.known.entry(wanted).or_insert(memory).address
                }
            };
            array.address += address;
            arrays.push(array);
        }
        Ok(arrays)
    }
}

/// Copies the results of a portion, which are one after another at an address, to where an array has them.
pub(super) fn download(
    device: &Device,
    stream: &OwnStream<'_>,
    address: u64,
    layout: &Layout,
    portion: &Portion,
    to: &mut ArrayMut<'_>,
) -> Result<()> {
    let view = layout.view(portion);
    let from = From { device, stream, address, view, parts: layout.dtype.parts() };
    with_results!(&mut to.data, indices => from.copy(indices), numbers => from.copy(numbers))
}

struct From<'a> {
    device: &'a Device,
    stream: &'a OwnStream<'a>,
    address: u64,
    view: View,
    parts: usize,
}

impl From<'_> {
    fn copy<E: bytemuck::Pod>(&self, to: &mut [E]) -> Result<()> {
        let View { first, shape, strides } = &self.view;
        let (origin, count) = (first.unsigned_abs(), shape.iter().product::<usize>() * self.parts);
        if count == 0 {
            return Ok(());
        }
        let compact = row_major(shape);
        if (0..shape.len()).all(|k| shape[k] == 1 || strides[k] == compact[k]) {
            let own = &mut to[origin * self.parts..][..count];
            return self.device.download(bytemuck::cast_slice_mut(own), self.address, self.stream.name());
        }
        let mut compact = vec![E::zeroed(); count];
        self.device.download(bytemuck::cast_slice_mut(&mut compact), self.address, self.stream.name())?;
        let places = positions(origin, shape, strides, self.parts);
        places.zip(compact).for_each(|(place, number)| to[place] = number);
        Ok(())
    }
}
