//! The CUDA backend: the lane programs of a pass become CUDA C++, which NVRTC compiles at run time for the device that it runs on.
//! Driver and compiler are found at run time too; where one is missing an error says so.

mod cubins;
#[allow(unsafe_code)]
mod driver;
mod job;
#[allow(unsafe_code)]
mod nvrtc;
mod schedule;
mod source;
mod statements;

pub use driver::{Device, Memory, Module, OwnStream, Stream, compiler, device, devices, driver_version};
pub use job::{Blocks, Job, JobArray, Sizes};
pub use nvrtc::{Code, Nvrtc};
pub use schedule::Schedule;
pub use source::{AXES, source};

use crate::error::{Error, ErrorKind, Result};

/// An error that names the first thing that is missing for kernels to run, if anything is.
pub fn ready() -> Result<()> {
    if devices()?.is_empty() {
        return Err(Error::new(ErrorKind::Device, "the CUDA driver finds no device"));
    }
    compiler().map(drop)
}
