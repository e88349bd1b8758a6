//! Runs that went well against runs on their parts, which have to give the same to the last bit: each problem of a batch on
//! arrays of its own, and a problem of a ragged batch with ranges of its own.

use std::ptr::{null, null_mut};

use rkeops::*;

use super::Arrays;

/// An array, and the lists of numbers that it points to.
struct View {
    array: rkeops_array,
    shape: Vec<i64>,
    strides: Vec<i64>,
}

/// Ranges of a ragged batch that fit the rows of some arrays.
pub struct Ragged {
    offsets: [Vec<i64>; 2],
}

impl Ragged {
    /// Ranges whose problems end at these rows of i and of j, which are in ascending order.
    pub fn new(offsets: [Vec<i64>; 2], out: &mut *mut rkeops_ranges) -> (Self, *mut rkeops_error) {
        let [i, j] = offsets.each_ref().map(|offsets| offsets.as_ptr());
        // SAFETY: both lists have one entry more than there are problems.
        let error = unsafe { rkeops_ranges_ragged(i, j, offsets[0].len() - 1, out) };
        (Ragged { offsets }, error)
    }

    /// How many problems there are.
    pub fn problems(&self) -> usize {
        self.offsets[0].len() - 1
    }
}

impl Arrays {
    /// Every problem of a batch as a run without batch axes. Says how many numbers were compared.
    pub fn check_batch(&self, kernel: *mut rkeops_kernel, ranges: *const rkeops_ranges) -> usize {
        let inputs: Vec<View> = self.inputs.iter().map(View::of).collect();
        let outputs: Vec<View> = self.outputs.iter().map(View::of).collect();
        let batch = outputs[0].batch(2).to_vec();
        if batch.is_empty() || outputs[0].shape.contains(&0) {
            return 0;
        }
        let problems = 0..batch.iter().product();
        let alone = problems.map(|item| {
            let part = |(view, &axes): (&View, &usize)| view.problem(axes, &batch, item);
            let inputs: Vec<View> = inputs.iter().zip(&self.axes_of_one).map(part).collect();
            let outputs: Vec<View> = outputs.iter().map(|view| view.problem(2, &batch, item)).collect();
            compare(kernel, ranges, &inputs, &outputs, &format!("problem {item} of {batch:?}"), |_| true)
        });
        alone.sum()
    }

    /// One problem of a ragged batch as a run that reduces nothing else. Says how many numbers were compared.
    pub fn check_ragged(&self, kernel: *mut rkeops_kernel, ragged: &Ragged, problem: usize) -> usize {
        let inputs: Vec<View> = self.inputs.iter().map(View::of).collect();
        let outputs: Vec<View> = self.outputs.iter().map(View::of).collect();
        if outputs[0].shape.contains(&0) {
            return 0;
        }
        let [i, j] = ragged.offsets.each_ref().map(|offsets| [offsets[problem], offsets[problem + 1]]);
        let (mut axis, mut ranges) = (0, null_mut());
        // SAFETY: the kernel is live, and each list of blocks has one.
        unsafe {
            assert!(rkeops_kernel_axis(kernel, &mut axis).is_null());
            assert!(rkeops_ranges_from_blocks(i.as_ptr(), 1, j.as_ptr(), 1, &1, &mut ranges).is_null());
        }
        let rows = if axis == RKEOPS_AXIS_J { i } else { j };
        let is_inside = |row: i64| (rows[0]..rows[1]).contains(&row);
        let compared = compare(kernel, ranges, &inputs, &outputs, &format!("rows {i:?} with {j:?}"), is_inside);
        // SAFETY: they were made above and are freed once.
        unsafe { rkeops_ranges_free(ranges) };
        compared
    }
}

impl View {
    /// An array of a run that went well, so that its lists can be read.
    fn of(array: &rkeops_array) -> View {
        let rank = array.rank as usize;
        // SAFETY: the lists have as many numbers as the library has read.
        let list = |numbers: *const i64| (0..rank).map(|k| unsafe { numbers.add(k).read() }).collect::<Vec<_>>();
        let shape = list(array.shape);
        // Strides of nothing lead nowhere.
        let is_compact = array.strides.is_null() || shape.contains(&0);
        let strides = if is_compact { row_major(&shape) } else { list(array.strides) };
        View { array: *array, shape, strides }
    }

    /// The axes before those of a problem.
    fn batch(&self, axes_of_one: usize) -> &[i64] {
        &self.shape[..self.shape.len().saturating_sub(axes_of_one)]
    }

    /// The elements of a problem of a batch, counted with the last axis fastest.
    fn problem(&self, axes_of_one: usize, batch: &[i64], item: i64) -> View {
        let own = self.batch(axes_of_one).len();
        let (mut rest, mut offset) = (item, 0);
        for (k, extent) in batch.iter().rev().enumerate() {
            // Axes that are missing or of extent 1 stand for any extent.
            if k < own && self.shape[own - 1 - k] != 1 {
                offset += rest % extent * self.strides[own - 1 - k];
            }
            rest /= extent;
        }
        let data = self.array.data.wrapping_byte_offset(offset as isize * self.size() as isize);
        let array = rkeops_array { data, ..self.array };
        View { array, shape: self.shape[own..].to_vec(), strides: self.strides[own..].to_vec() }
    }

    /// Bytes of an element.
    fn size(&self) -> usize {
        self.array.dtype_bits as usize / 8
    }

    /// The array as C has it.
    fn array(&self) -> rkeops_array {
        let (shape, strides) = (self.shape.as_ptr(), self.strides.as_ptr());
        rkeops_array { rank: self.shape.len() as i32, shape, strides, ..self.array }
    }

    /// The row and the bytes of each element, in row-major order.
    fn elements(&self) -> impl Iterator<Item = (i64, Vec<u8>)> + '_ {
        let row_axis = self.shape.len().saturating_sub(2);
        (0..self.shape.iter().product()).map(move |position: i64| {
            let (mut rest, mut offset, mut row) = (position, 0, 0);
            for (axis, (extent, stride)) in self.shape.iter().zip(&self.strides).enumerate().rev() {
                offset += rest % extent * stride;
                row = if axis == row_axis { rest % extent } else { row };
                rest /= extent;
            }
            let start = self.array.data.cast::<u8>().wrapping_offset(offset as isize * self.size() as isize);
            // SAFETY: an element of an array that a run has written.
            (row, (0..self.size()).map(|k| unsafe { start.add(k).read() }).collect())
        })
    }

    /// Whether two elements are the same number, or both no number.
    fn same(&self, one: &[u8], other: &[u8]) -> bool {
        let parts = if self.array.dtype_code == RKEOPS_DTYPE_COMPLEX { 2 } else { 1 };
        let width = self.size() / parts;
        let fraction = match (self.array.dtype_code, width) {
            (RKEOPS_DTYPE_FLOAT, 2) => 10,
            (RKEOPS_DTYPE_BFLOAT, 2) => 7,
            (_, 4) => 23,
            _ => 52,
        };
        let is_nan = |part: &[u8]| {
            let bits = part.iter().rev().fold(0u64, |bits, &byte| bits << 8 | u64::from(byte));
            let without_sign = bits & ((1 << (8 * width - 1)) - 1);
            self.array.dtype_code != RKEOPS_DTYPE_INT
                && without_sign >> fraction << fraction != without_sign
                && (without_sign >> fraction) + 1 == 1 << (8 * width - 1 - fraction)
        };
        let mut pairs = one.chunks(width).zip(other.chunks(width));
        pairs.all(|(one, other)| one == other || (is_nan(one) && is_nan(other)))
    }
}

/// Runs a kernel once more, with results in memory of their own, and compares those of some rows. Says how many.
fn compare(
    kernel: *mut rkeops_kernel,
    ranges: *const rkeops_ranges,
    inputs: &[View],
    outputs: &[View],
    what: &str,
    is_compared: impl Fn(i64) -> bool,
) -> usize {
    let elements = |view: &View| view.shape.iter().product::<i64>() as usize;
    let mut memory: Vec<Vec<u64>> =
        outputs.iter().map(|view| vec![0; (elements(view) * view.size()).div_ceil(8).max(1)]).collect();
    let fresh = |(view, memory): (&View, &mut Vec<u64>)| View {
        array: rkeops_array { data: memory.as_mut_ptr().cast(), ..view.array },
        shape: view.shape.clone(),
        strides: row_major(&view.shape),
    };
    let results: Vec<View> = outputs.iter().zip(&mut memory).map(fresh).collect();
    let arrays = |views: &[View]| views.iter().map(View::array).collect::<Vec<_>>();
    let (taken, given) = (arrays(inputs), arrays(&results));
    let options = rkeops_options { ranges, ..Default::default() };
    let inputs = if taken.is_empty() { null() } else { taken.as_ptr() };
    // SAFETY: the kernel and the ranges are live, the inputs are parts of those of a run, and the outputs live here.
    unsafe {
        let error = rkeops_kernel_run(kernel, inputs, taken.len(), given.as_ptr(), given.len(), &options);
        let message = std::ffi::CStr::from_ptr(rkeops_error_message(error)).to_string_lossy();
        assert!(error.is_null(), "{what} was refused: {message}");
    }
    let mut compared = 0;
    for (k, (found, alone)) in outputs.iter().zip(&results).enumerate() {
        let pairs = found.elements().zip(alone.elements());
        for ((row, found_element), (_, element)) in pairs.filter(|((row, _), _)| is_compared(*row)) {
            let fits = found.same(&found_element, &element);
            assert!(fits, "output {k}, {what}, row {row}: got {found_element:?}; alone {element:?}");
            compared += 1;
        }
    }
    compared
}

/// Compact strides; of nothing they may be any.
fn row_major(shape: &[i64]) -> Vec<i64> {
    let mut strides = vec![1i64; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].wrapping_mul(shape[axis].max(1));
    }
    strides
}
