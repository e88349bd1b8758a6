//! The rule of outputs: each element has a place of its own, which no other array of the call has. Whether elements
//! share a place is the core's to find out; what that means for a call is decided here.

use rkeops_core::{Error, ErrorKind};

use crate::array::Checked;

/// An output must have each of its elements at a place of its own.
pub(crate) fn check_output(output: &Checked) -> Result<(), Error> {
    let region = output.region();
    if !region.overlaps_itself() {
        return Ok(());
    }
    let message = format!(
        "its strides {:?} put several elements of its shape {:?} at one place, which an output must not do",
        region.strides, region.shape
    );
    Err(Error::new(ErrorKind::Stride, message).within(output.place().to_string()))
}

/// An output must share no element with another array. Whether the two are woven into each other: elements of one lie
/// between elements of the other.
pub(crate) fn check_pair(output: &Checked, other: &Checked) -> Result<bool, Error> {
    let (region, other_region) = (output.region(), other.region());
    if !region.spans_meet(&other_region) {
        return Ok(false);
    }
    if !region.shares_memory_with(&other_region) {
        return Ok(true);
    }
    let message = format!("it shares memory with {}; an output needs memory of its own", other.place());
    Err(Error::new(ErrorKind::Overlap, message).within(output.place().to_string()))
}
