//! Arrays of C as views of the core: every field is checked here, nothing is copied.
//! It knows nothing of what a kernel expects; the core checks that.

use rkeops_core::{ArrayMut, ArrayRef, Data, DataMut, DeviceArray, Dtype, Error, ErrorKind, Input, NumberKind, Region};

use crate::error::argument;
use crate::input;
use crate::types::{
    RKEOPS_DEVICE_CPU, RKEOPS_DEVICE_CUDA, RKEOPS_DTYPE_BFLOAT, RKEOPS_DTYPE_BOOL, RKEOPS_DTYPE_COMPLEX,
    RKEOPS_DTYPE_FLOAT, RKEOPS_DTYPE_INT, RKEOPS_DTYPE_UINT, RKEOPS_MAX_RANK, rkeops_array,
};

/// An array of C after all checks that need no other array. Made from any values of the fields; holds for the
/// memory only what C vouched for.
#[derive(Debug)]
pub(crate) struct Checked {
    dtype: Dtype,
    shape: Vec<usize>,
    strides: Vec<isize>,
    /// The lowest element.
    first: *mut u8,
    /// Elements from the lowest to the highest, both included; 0 if there is none.
    span: usize,
    /// Elements from the lowest one to the one whose indices are all 0.
    origin: usize,
    place: Place,
    /// Which CUDA device it is on, if it is on one.
    device: Option<usize>,
}

/// Which array of a call it is, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Input number .. of a kernel, if it has that many.
    Input(usize, Option<Input>),
    /// Output number ..
    Output(usize),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Input(k, Some(input)) => write!(f, "input {k} ({input})"),
            Place::Input(k, None) => write!(f, "input {k}"),
            Place::Output(k) => write!(f, "output {k}"),
        }
    }
}

/// Checks an array.
///
/// # Safety
/// `shape` and `strides` of the array are NULL or lists of `rank` numbers.
pub(crate) unsafe fn check(place: Place, array: &rkeops_array) -> Result<Checked, Error> {
    // SAFETY: the caller vouches for the lists.
    unsafe { layout(place, array) }.map_err(|error| error.within(place.to_string()))
}

/// # Safety
/// As for [`check`].
unsafe fn layout(place: Place, array: &rkeops_array) -> Result<Checked, Error> {
    let fail = |kind, message: String| Err(Error::new(kind, message));
    let dtype = dtype(array)?;
    let device = device(array)?;
    // SAFETY: the caller vouches for the list.
    let shape = unsafe { shape(array) }?;
    if shape.contains(&0) {
        // Without elements strides lead nowhere, and the pointer is not looked at.
        let strides = rkeops_core::row_major(&shape);
        return Ok(Checked { dtype, shape, strides, first: std::ptr::null_mut(), span: 0, origin: 0, place, device });
    }
    let size = dtype.size();
    let bytes = shape.iter().try_fold(size, |bytes, &extent| bytes.checked_mul(extent));
    if bytes.is_none_or(|bytes| isize::try_from(bytes).is_err()) {
        let message = format!("its shape {shape:?} of {dtype} numbers is more than memory can hold");
        return fail(ErrorKind::Size, message);
    }
    // SAFETY: the caller vouches for the list.
    let strides = unsafe { strides(array, &shape) }?;
    let address = array.data.addr();
    if address == 0 {
        return fail(ErrorKind::Argument, format!("its data is NULL, but its shape {shape:?} has elements"));
    }
    let alignment = dtype.part().size();
    if !address.is_multiple_of(alignment) {
        let what = if dtype.parts() > 1 { "the bytes of a part of" } else { "the bytes of" };
        let message = format!("its data is at an address that is not a multiple of {alignment}, {what} {dtype}");
        return fail(ErrorKind::Stride, message);
    }
    let Some((origin, span)) = span(&shape, &strides, address, size) else {
        let message = format!("its strides {strides:?} with its shape {shape:?} reach further than memory");
        return fail(ErrorKind::Size, message);
    };
    let first = array.data.cast::<u8>().wrapping_sub(origin * size);
    Ok(Checked { dtype, shape, strides, first, span, origin, place, device })
}

/// # Safety
/// As for [`check`].
unsafe fn shape(array: &rkeops_array) -> Result<Vec<usize>, Error> {
    let fail = |kind, message: String| Err(Error::new(kind, message));
    if !(0..=RKEOPS_MAX_RANK).contains(&array.rank) {
        return fail(ErrorKind::Shape, format!("its rank is {}; it must be 0 to {RKEOPS_MAX_RANK}", array.rank));
    }
    let rank = array.rank as usize;
    if rank > 0 && array.shape.is_null() {
        return fail(ErrorKind::Argument, format!("its shape is NULL, but its rank is {rank}"));
    }
    // SAFETY: the caller vouches for the list.
    let extents = unsafe { input::list("its shape", array.shape, rank) }?;
    let mut shape = Vec::with_capacity(rank);
    for (axis, &extent) in extents.iter().enumerate() {
        let Ok(extent) = usize::try_from(extent) else {
            return fail(ErrorKind::Shape, format!("its extent {axis} is {extent}; it must not be negative"));
        };
        shape.push(extent);
    }
    Ok(shape)
}

/// # Safety
/// As for [`check`].
unsafe fn strides(array: &rkeops_array, shape: &[usize]) -> Result<Vec<isize>, Error> {
    if array.strides.is_null() {
        return Ok(rkeops_core::row_major(shape));
    }
    // SAFETY: the caller vouches for the list.
    let strides = unsafe { input::list("its strides", array.strides, shape.len()) }?;
    let narrow = |&stride: &i64| isize::try_from(stride).ok();
    strides
        .iter()
        .map(narrow)
        .collect::<Option<_>>()
        .ok_or_else(|| Error::new(ErrorKind::Size, format!("its strides {strides:?} reach further than memory")))
}

/// How many elements lie before the one whose indices are all 0, and how many from the lowest to the highest; `None`
/// if that is no size that memory can have, or if either end is outside the address space.
fn span(shape: &[usize], strides: &[isize], address: usize, size: usize) -> Option<(usize, usize)> {
    let (low, high) = rkeops_core::extent(shape, strides)?;
    let span = high.checked_sub(low)?.checked_add(1)?;
    span.checked_mul(size as isize)?;
    // Neither product overflows: both are parts of the span.
    address.checked_sub(low.unsigned_abs() * size)?;
    address.checked_add((high.unsigned_abs() + 1) * size)?;
    Some((low.unsigned_abs(), span.unsigned_abs()))
}

/// What C calls a format: its code and its bits.
pub(crate) fn code_and_bits(dtype: Dtype) -> (i32, i32) {
    let code = match dtype.kind() {
        NumberKind::Integer => RKEOPS_DTYPE_INT,
        NumberKind::Unsigned => RKEOPS_DTYPE_UINT,
        NumberKind::Float => RKEOPS_DTYPE_FLOAT,
        NumberKind::BrainFloat => RKEOPS_DTYPE_BFLOAT,
        NumberKind::Complex => RKEOPS_DTYPE_COMPLEX,
        NumberKind::Bool => RKEOPS_DTYPE_BOOL,
    };
    (code, 8 * dtype.size() as i32)
}

fn dtype(array: &rkeops_array) -> Result<Dtype, Error> {
    let (code, bits) = (array.dtype_code, array.dtype_bits);
    Dtype::ALL.into_iter().find(|&dtype| code_and_bits(dtype) == (code, bits)).ok_or_else(|| {
        let known = Dtype::ALL.map(|dtype| format!("{dtype} {:?}", code_and_bits(dtype))).join(", ");
        Error::new(ErrorKind::Dtype, format!("its dtype has code {code} and {bits} bits; arrays are {known}"))
    })
}

fn device(array: &rkeops_array) -> Result<Option<usize>, Error> {
    let message = match array.device_type {
        RKEOPS_DEVICE_CPU => return Ok(None),
        RKEOPS_DEVICE_CUDA => match usize::try_from(array.device_id) {
            Ok(number) => return Ok(Some(number)),
            Err(_) => format!("its device_id is {}; CUDA devices are counted from 0", array.device_id),
        },
        other => format!(
            "its device_type is {other}; it must be {RKEOPS_DEVICE_CPU} (CPU) or {RKEOPS_DEVICE_CUDA} (CUDA). An \
             rkeops_array that was not filled in looks like this"
        ),
    };
    Err(Error::new(ErrorKind::Device, message))
}

impl Checked {
    /// The array as an input.
    ///
    /// # Safety
    /// The elements are readable, and nobody writes from the lowest to the highest, gaps included, during `'a`.
    pub(crate) unsafe fn input<'a>(&'a self) -> ArrayRef<'a> {
        macro_rules! view {
            ($($name:ident)*) => {
                match self.dtype {
                    // SAFETY: `check` made sure that the span is not NULL, aligned and of a size that a slice may have, and
                    // every pattern of bits is a number of each format; C vouches for the memory.
                    $(Dtype::$name => Data::$name(unsafe { std::slice::from_raw_parts(self.start(), self.length()) }),)*
                }
            };
        }
        let data = view!(I8 I16 I32 I64 U8 U16 U32 U64 Bool F16 BF16 F32 F64 C64 C128);
        ArrayRef { data, origin: self.origin, shape: (&self.shape).into(), strides: (&self.strides).into() }
    }

    /// The array as an output.
    ///
    /// # Safety
    /// The elements are writable, and nobody else reads or writes from the lowest to the highest, gaps included,
    /// during `'a`.
    pub(crate) unsafe fn output<'a>(&'a self) -> Result<ArrayMut<'a>, Error> {
        macro_rules! view {
            ($($name:ident)*) => {
                match self.dtype {
                    // SAFETY: as in `input`.
                    $(Dtype::$name => DataMut::$name(unsafe {
                        std::slice::from_raw_parts_mut(self.start(), self.length())
                    }),)*
                    other => {
                        let message = format!("it holds {other} numbers; results are floating-point, complex or int64");
                        return Err(Error::new(ErrorKind::Dtype, message).within(self.place.to_string()));
                    }
                }
            };
        }
        let data = view!(I64 F16 BF16 F32 F64 C64 C128);
        Ok(ArrayMut { data, origin: self.origin, shape: (&self.shape).into(), strides: (&self.strides).into() })
    }

    /// An array like this one, compact and row-major, at another place.
    pub(crate) fn compact(&self, first: *mut u8) -> Checked {
        let (shape, strides) = (self.shape.clone(), rkeops_core::row_major(&self.shape));
        let (span, place, device) = (shape.iter().product(), self.place, self.device);
        Checked { dtype: self.dtype, span, shape, strides, first, origin: 0, place, device }
    }

    /// Which CUDA device it is on, if it is on one.
    pub(crate) fn device(&self) -> Option<usize> {
        self.device
    }

    /// The array as one of its device.
    pub(crate) fn on_device(&self) -> DeviceArray {
        let address = (self.first.addr() + self.origin * self.dtype.size()) as u64;
        DeviceArray { address, dtype: self.dtype, shape: self.shape.clone(), strides: self.strides.clone() }
    }

    /// The number format.
    pub(crate) fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The extent of each axis.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The place of each element, in row-major order.
    pub(crate) fn elements(&self) -> impl Iterator<Item = *mut u8> + '_ {
        let count: usize = self.shape.iter().product();
        (0..count).map(move |mut position| {
            let mut offset = self.origin as isize;
            for (&extent, &stride) in self.shape.iter().zip(&self.strides).rev() {
                offset += (position % extent) as isize * stride;
                position /= extent;
            }
            self.first.wrapping_offset(offset * self.dtype.size() as isize)
        })
    }

    /// Where the elements lie, for the check that outputs share none.
    pub(crate) fn region(&self) -> Region<'_> {
        let element = self.dtype.size();
        let origin = self.first.addr() + self.origin * element;
        Region { origin, element, shape: &self.shape, strides: &self.strides }
    }

    /// Which array of the call it is.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// How long a slice of the array is; parts of complex numbers count on their own.
    fn length(&self) -> usize {
        self.span * self.dtype.parts()
    }

    /// Where a slice of the array starts; an empty slice needs an address that is aligned and not NULL.
    fn start<T>(&self) -> *mut T {
        if self.span == 0 { std::ptr::dangling_mut() } else { self.first.cast() }
    }
}

/// The arrays of a list.
///
/// # Safety
/// `arrays` is NULL or a list of `count` arrays, each as [`check`] wants it.
pub(crate) unsafe fn check_all(
    name: &str,
    arrays: *const rkeops_array,
    count: usize,
    place: impl Fn(usize) -> Place,
) -> Result<Vec<Checked>, Error> {
    // SAFETY: the caller vouches for the list.
    let arrays = unsafe { input::list(name, arrays, count) }?;
    if count > 1 << 16 {
        return Err(argument(format!("the count {count} of {name} is absurd")));
    }
    let each = arrays.iter().enumerate();
    // SAFETY: the caller vouches for each array.
    each.map(|(k, array)| unsafe { check(place(k), array) }).collect()
}
