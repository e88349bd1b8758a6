//! Memory for an output whose elements lie between those of another array. Two slices of Rust must not share a byte,
//! used or not, so such an output is computed aside and copied to its place at the end.

use rkeops_core::{ArrayMut, Error, ErrorKind};

use crate::array::Checked;

/// Bytes with the alignment of every element.
type Block = u128;

pub(crate) struct Aside {
    memory: Vec<Block>,
    /// The array as it lies there.
    compact: Checked,
}

impl Aside {
    pub(crate) fn new(output: &Checked) -> Result<Self, Error> {
        let shape = output.shape();
        let bytes = shape.iter().product::<usize>() * output.dtype().size();
        let blocks = bytes.div_ceil(size_of::<Block>());
        let mut memory: Vec<Block> = Vec::new();
        memory.try_reserve_exact(blocks).map_err(|_| {
            Error::new(ErrorKind::Size, format!("there is no memory for an output of shape {shape:?} set aside"))
        })?;
        memory.resize(blocks, 0);
        let compact = output.compact(memory.as_mut_ptr().cast());
        Ok(Aside { memory, compact })
    }

    pub(crate) fn view(&mut self) -> Result<ArrayMut<'_>, Error> {
        // SAFETY: the memory is this value's, which is borrowed, and holds all elements.
        unsafe { self.compact.output() }
    }

    /// # Safety
    /// The elements of `output`, the one that this was made for, are writable, and nobody else reads or writes them.
    pub(crate) unsafe fn copy_to(&self, output: &Checked) {
        let size = output.dtype().size();
        let source = self.memory.as_ptr().cast::<u8>();
        for (k, place) in output.elements().enumerate() {
            // SAFETY: element `k` of as many, in memory of its own; the caller vouches for the place.
            unsafe { source.add(k * size).copy_to_nonoverlapping(place, size) };
        }
    }
}
