//! The CUDA backend: the lane programs of a pass become CUDA C++, which NVRTC compiles at run time.

mod device;
mod job;
mod schedule;
mod source;
mod statements;

pub use device::{Device, Memory, Module, Stream};
pub use job::{Blocks, Job, JobArray, Sizes};
pub use schedule::Schedule;
pub use source::{AXES, source};
