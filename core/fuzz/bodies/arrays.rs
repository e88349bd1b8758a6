//! Arrays as C passes them, chosen by bytes: right ones, wrong ones that have to be refused, and none whose memory is
//! not there, which nobody could notice.

use std::ptr::{null, null_mut};

use rkeops::*;

use super::bytes::Bytes;

#[path = "problems.rs"]
mod problems;

pub use problems::Ragged;

/// Memory that all arrays of a run lie in.
pub struct Memory {
    words: *mut [u64],
}

/// Words of the memory.
const WORDS: usize = 4096;
/// Elements of an array at most, repeated ones included.
const MOST_ELEMENTS: i128 = 10_000;

impl Memory {
    /// Ordinary numbers in either format.
    pub fn new() -> Self {
        let words: Box<[u64]> = (0..WORDS as u64).map(|k| 0x3fd0_0000_3f00_0000 + (k * 0x1357_0000_2468)).collect();
        Memory { words: Box::into_raw(words) }
    }

    /// All bytes as they are now.
    pub fn copy(&self) -> Vec<u8> {
        // SAFETY: the memory is there until the end, and no call that writes to it is under way.
        (0..8 * WORDS).map(|k| unsafe { self.start().add(k).read() }).collect()
    }

    fn start(&self) -> *mut u8 {
        self.words.cast()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: it came from a box and is dropped once.
        drop(unsafe { Box::from_raw(self.words) });
    }
}

/// What becomes of an array.
#[derive(PartialEq)]
enum Verdict {
    /// The offsets of its elements in the memory.
    Inside(Vec<usize>),
    /// Its fields alone must be refused.
    Refused,
    /// It would be taken for memory that is not there.
    Unknowable,
}

/// The lists of a call.
pub struct Arrays {
    inputs: Vec<rkeops_array>,
    outputs: Vec<rkeops_array>,
    /// Bytes of elements, by list; nothing of an array that is refused.
    places: [Vec<Vec<std::ops::Range<usize>>>; 2],
    /// Where shapes and strides are.
    #[allow(dead_code)]
    numbers: Vec<Vec<[i64; 8]>>,
    spoiled: usize,
    /// Axes of an input that has no batch axes, by position.
    axes_of_one: Vec<usize>,
    /// Rows of i-variables and of j-variables; 1 where there are none.
    pub rows: [i64; 2],
}

/// Shape, code and bits of an array that a kernel wants.
type Format = (Vec<i64>, i32, i32);
/// The formats of arrays.
const FORMATS: [(i32, i32); 15] = [
    (RKEOPS_DTYPE_FLOAT, 32),
    (RKEOPS_DTYPE_FLOAT, 64),
    (RKEOPS_DTYPE_FLOAT, 16),
    (RKEOPS_DTYPE_BFLOAT, 16),
    (RKEOPS_DTYPE_BOOL, 8),
    (RKEOPS_DTYPE_INT, 8),
    (RKEOPS_DTYPE_INT, 16),
    (RKEOPS_DTYPE_INT, 32),
    (RKEOPS_DTYPE_INT, 64),
    (RKEOPS_DTYPE_UINT, 8),
    (RKEOPS_DTYPE_UINT, 16),
    (RKEOPS_DTYPE_UINT, 32),
    (RKEOPS_DTYPE_UINT, 64),
    (RKEOPS_DTYPE_COMPLEX, 64),
    (RKEOPS_DTYPE_COMPLEX, 128),
];
/// A list and its count.
type List = (*const rkeops_array, usize);

impl Arrays {
    /// Arrays for a kernel, right ones where nothing spoils them, for a batch of problems now and then.
    pub fn choose(bytes: &mut Bytes<'_>, memory: &mut Memory, kernel: *mut rkeops_kernel, live: bool) -> Self {
        let rows = [0; 2].map(|_| bytes.pick(&[3i64, 1, 2, 5, 8, 9, 17, 0]));
        let Wanted { inputs, outputs, rows } = match live {
            true => wanted(kernel, rows),
            false => Wanted { inputs: vec![vec![2, 3]], outputs: vec![(vec![2, 1], 2, 32)], rows },
        };
        let mut arrays = Arrays {
            inputs: Vec::new(),
            outputs: Vec::new(),
            places: [Vec::new(), Vec::new()],
            numbers: Vec::new(),
            spoiled: bytes.below(40),
            axes_of_one: inputs.iter().map(Vec::len).collect(),
            rows,
        };
        let axes = [0, 1, 0, 2, 0, 1, 3, 0][bytes.below(8)];
        let batch: Vec<i64> = (0..axes).map(|_| bytes.pick(&[2, 3, 1, 2, 4, 2, 3, 0])).collect();
        // What the axes of all inputs together are.
        let mut joined: Vec<i64> = Vec::new();
        let bits = outputs.iter().find(|o| o.1 == RKEOPS_DTYPE_FLOAT).map_or(32, |o| o.2);
        let mut cursor = 0;
        for mut shape in inputs {
            let (code, bits) = if bytes.chance(4) { bytes.pick(&FORMATS) } else { (RKEOPS_DTYPE_FLOAT, bits) };
            if let (RKEOPS_DTYPE_COMPLEX, Some(columns)) = (code, shape.last_mut()) {
                *columns /= 2;
            }
            let own = broadcast(bytes, &batch, &mut joined);
            arrays.push(bytes, memory, 0, ([own, shape].concat(), code, bits), &mut cursor);
        }
        // Leading axes of extent 1 may be missing.
        while joined.first() == Some(&1) && bytes.chance(2) {
            joined.remove(0);
        }
        for (shape, code, bits) in outputs {
            let (code, bits) = if bytes.chance(8) { bytes.pick(&FORMATS) } else { (code, bits) };
            arrays.push(bytes, memory, 1, ([joined.clone(), shape].concat(), code, bits), &mut cursor);
        }
        if arrays.spoiled == 0 {
            arrays.inputs.pop();
            arrays.places[0].pop();
        }
        arrays
    }

    fn push(
        &mut self,
        bytes: &mut Bytes<'_>,
        memory: &mut Memory,
        list: usize,
        (shape, code, bits): Format,
        cursor: &mut usize,
    ) {
        let mut numbers = vec![[0i64; 8]; 2];
        let (size, rank) = (bits as usize / 8, shape.len());
        numbers[0][..rank].copy_from_slice(&shape);
        let is_compact = bytes.chance(2);
        let strides = strides(if is_compact { None } else { Some(bytes) }, &shape);
        numbers[1][..rank].copy_from_slice(&strides);
        let reach: Vec<i64> = shape.iter().zip(&strides).map(|(n, stride)| stride * (n - 1).max(0)).collect();
        let low: i64 = reach.iter().map(|r| r.min(&0)).sum();
        let span = reach.iter().map(|r| r.abs()).sum::<i64>() as usize + 1;
        // Beside the others, or now and then anywhere.
        *cursor = cursor.next_multiple_of(size);
        let mut start = *cursor;
        if bytes.chance(12) {
            start = bytes.below(128) * 8;
        } else {
            *cursor += span * size;
        }
        let mut array = rkeops_array {
            data: memory.start().wrapping_add(start).wrapping_offset(-low as isize * size as isize).cast(),
            dtype_code: code,
            dtype_bits: bits,
            device_type: RKEOPS_DEVICE_CPU,
            device_id: 0,
            rank: shape.len() as i32,
            shape: numbers[0].as_ptr(),
            strides: if is_compact && bytes.chance(2) { null() } else { numbers[1].as_ptr() },
        };
        if bytes.chance(10) {
            spoil(bytes, &mut array, &mut numbers);
        }
        let mut verdict = judge(&array, &numbers, memory);
        if verdict == Verdict::Unknowable {
            // Without elements every pointer is a good one.
            numbers[0][0] = 0;
            array.rank = array.rank.max(1);
            verdict = judge(&array, &numbers, memory);
        }
        assert!(verdict != Verdict::Unknowable, "an array without elements");
        let width = array.dtype_bits.unsigned_abs() as usize / 8;
        let places = match verdict {
            Verdict::Inside(offsets) => offsets.into_iter().map(|k| k..k + width).collect(),
            _ => Vec::new(),
        };
        self.places[list].push(places);
        self.numbers.push(numbers);
        if list == 0 { self.inputs.push(array) } else { self.outputs.push(array) }
    }

    /// Leaves one output, if there is any.
    pub fn with_one_output(mut self) -> Self {
        self.outputs.truncate(1);
        self.places[1].truncate(1);
        self
    }

    /// The lists of inputs and of outputs with their counts.
    pub fn lists(&mut self) -> (List, List) {
        let inputs = (self.inputs.as_ptr(), self.inputs.len());
        let outputs = (self.outputs.as_ptr(), self.outputs.len());
        match self.spoiled {
            1 => ((null(), inputs.1), outputs),
            2 => (inputs, (null(), outputs.1)),
            3 => (inputs, (outputs.0, usize::MAX / 4)),
            _ => (inputs, outputs),
        }
    }

    /// Nothing but elements of outputs was written, and nothing at all where the call was refused.
    pub fn check_writes(&self, before: &[u8], memory: &Memory, code: i32) {
        let after = memory.copy();
        let mut taken = vec![false; before.len()];
        let mut writable = vec![false; before.len()];
        self.places[0].iter().flatten().flat_map(Clone::clone).for_each(|k| taken[k] = true);
        for place in self.places[1].iter().flatten() {
            assert!(code != RKEOPS_OK || !taken[place.clone()].contains(&true), "an output shares memory");
            taken[place.clone()].fill(true);
            writable[place.clone()].fill(code == RKEOPS_OK || code == RKEOPS_ERROR_CANCELLED);
        }
        let spoiled = (0..before.len()).find(|&k| before[k] != after[k] && !writable[k]);
        assert_eq!(spoiled, None, "a byte that is no output's was written; code {code}");
    }
}

/// Some of the axes of a batch, as an array may have them: leading ones may be missing, others have extent 1. Takes them
/// into what all arrays have together.
fn broadcast(bytes: &mut Bytes<'_>, batch: &[i64], joined: &mut Vec<i64>) -> Vec<i64> {
    if batch.is_empty() {
        return Vec::new();
    }
    let missing = bytes.below(batch.len() + 1);
    let own: Vec<i64> = batch[missing..].iter().map(|&extent| if bytes.chance(3) { 1 } else { extent }).collect();
    joined.splice(0..0, vec![1; own.len().saturating_sub(joined.len())]);
    let start = joined.len() - own.len();
    for (known, &extent) in joined[start..].iter_mut().zip(&own) {
        *known = if *known == 1 { extent } else { *known };
    }
    own
}

/// Compact strides, or what bytes choose: any order of axes in memory, gaps, elements in reverse, and repeated ones.
fn strides(bytes: Option<&mut Bytes<'_>>, shape: &[i64]) -> Vec<i64> {
    let mut order: Vec<usize> = (0..shape.len()).rev().collect();
    let mut strides = vec![0; shape.len()];
    let (mut step, mut gap, mut signs, mut repeated) = (1, 0, 0, usize::MAX);
    if let Some(bytes) = bytes {
        order.rotate_left(bytes.below(shape.len()));
        if bytes.chance(4) {
            order.reverse();
        }
        (step, gap) = bytes.pick(&[(1, 0), (1, 2), (2, 0), (1, 0)]);
        signs = bytes.byte() & bytes.byte();
        repeated = bytes.below(4 * shape.len());
    }
    for &axis in &order {
        strides[axis] = match signs >> axis & 1 {
            _ if axis == repeated => 0,
            0 => step,
            _ => -step,
        };
        if axis != repeated {
            step = step * shape[axis].max(1) + gap;
        }
    }
    strides
}

/// What a kernel wants: the shapes of inputs and outputs without batch axes, the formats of outputs, and the rows.
struct Wanted {
    inputs: Vec<Vec<i64>>,
    outputs: Vec<Format>,
    rows: [i64; 2],
}

/// What a kernel wants for so many rows.
fn wanted(kernel: *mut rkeops_kernel, rows: [i64; 2]) -> Wanted {
    let (mut inputs, mut outputs, mut axis) = (0, 0, 0);
    let (mut all, mut results) = (Vec::new(), Vec::new());
    let mut followed = [1; 2];
    // SAFETY: the kernel is live, and results go to variables of this function.
    unsafe {
        assert!(rkeops_kernel_input_count(kernel, &mut inputs).is_null());
        assert!(rkeops_kernel_output_count(kernel, &mut outputs).is_null());
        assert!(rkeops_kernel_axis(kernel, &mut axis).is_null());
        for k in 0..inputs {
            let (mut dim, mut category) = (0, 0);
            assert!(rkeops_kernel_input(kernel, k, &mut dim, &mut category).is_null());
            all.push(match category {
                RKEOPS_CATEGORY_PARAMETER => vec![dim],
                index => {
                    followed[index as usize] = rows[index as usize];
                    vec![rows[index as usize], dim]
                }
            });
        }
        let kept = followed[if axis == RKEOPS_AXIS_J { 0 } else { 1 }];
        for k in 0..outputs {
            let (mut dim, mut code, mut bits) = (0, 0, 0);
            assert!(rkeops_kernel_output(kernel, k, &mut dim, &mut code, &mut bits).is_null());
            results.push((vec![kept, dim], code, bits));
        }
    }
    Wanted { inputs: all, outputs: results, rows: followed }
}

/// Changes something, mostly into what must be refused.
fn spoil(bytes: &mut Bytes<'_>, array: &mut rkeops_array, numbers: &mut [[i64; 8]]) {
    let number = bytes.pick(&[i64::MAX, i64::MIN, 1 << 62, 1 << 61, 1 << 40, -1, 0, 1, 4, -(1 << 59), 100_000]);
    let small = bytes.pick(&[0, 1, 2, 3, 4, 8, 9, 64, 16, -1, i32::MAX, i32::MIN]);
    match bytes.below(10) {
        0 => array.data = null_mut(),
        1 => array.data = array.data.wrapping_byte_add(1 + bytes.below(9)),
        2 => array.dtype_code = small,
        3 => array.dtype_bits = small.wrapping_mul(bytes.pick(&[1, 16])),
        4 => array.device_type = small,
        5 => array.rank = small,
        6 => array.shape = null(),
        7 => numbers[0][bytes.below(3)] = number,
        8 => {
            array.strides = numbers[1].as_ptr();
            numbers[1][bytes.below(3)] = number;
        }
        _ => {
            let k = bytes.below(3);
            numbers[0][k] += bytes.below(3) as i64 - 1;
        }
    }
}

fn judge(array: &rkeops_array, numbers: &[[i64; 8]], memory: &Memory) -> Verdict {
    if !FORMATS.contains(&(array.dtype_code, array.dtype_bits)) {
        return Verdict::Refused;
    }
    let size = i128::from(array.dtype_bits / 8);
    let is_somewhere =
        array.device_type == RKEOPS_DEVICE_CPU || array.device_type == RKEOPS_DEVICE_CUDA && array.device_id >= 0;
    if !is_somewhere || !(0..=RKEOPS_MAX_RANK).contains(&array.rank) {
        return Verdict::Refused;
    }
    let rank = array.rank as usize;
    let shape: Vec<i128> = numbers[0][..rank].iter().map(|&n| n.into()).collect();
    if (rank > 0 && array.shape.is_null()) || shape.iter().any(|&n| n < 0) {
        return Verdict::Refused;
    }
    if shape.contains(&0) {
        return Verdict::Inside(Vec::new());
    }
    let limit = isize::MAX as i128;
    let mut bytes = size;
    for extent in &shape {
        bytes *= extent;
        if bytes > limit {
            return Verdict::Refused;
        }
    }
    let address = array.data.addr() as i128;
    let parts = if array.dtype_code == RKEOPS_DTYPE_COMPLEX { 2 } else { 1 };
    if address == 0 || address % (size / parts) != 0 {
        return Verdict::Refused;
    }
    let mut strides: Vec<i128> = numbers[1][..rank].iter().map(|&n| n.into()).collect();
    if array.strides.is_null() {
        let mut step = 1;
        for (stride, extent) in strides.iter_mut().zip(&shape).rev() {
            *stride = step;
            step *= extent;
        }
    }
    let reach: Vec<i128> = shape.iter().zip(&strides).map(|(n, stride)| (n - 1) * stride).collect();
    let low: i128 = reach.iter().map(|r| *r.min(&0)).sum();
    let high: i128 = reach.iter().map(|r| *r.max(&0)).sum();
    let (first, last) = (address + low * size, address + (high + 1) * size);
    if (high - low + 1) * size > limit || first < 0 || last > usize::MAX as i128 {
        return Verdict::Refused;
    }
    let start = memory.start().addr() as i128;
    let count: i128 = shape.iter().product();
    if first < start || last > start + 8 * WORDS as i128 || count > MOST_ELEMENTS {
        return Verdict::Unknowable;
    }
    let offsets = (0..count).map(|mut position| {
        let mut offset = address - start;
        for (extent, stride) in shape.iter().zip(&strides).rev() {
            offset += position % extent * stride * size;
            position /= extent;
        }
        offset as usize
    });
    Verdict::Inside(offsets.collect())
}
