//! What a run needs of a device: memory, copies and launches in the order of a stream. The driver has real ones; tests have one
//! that runs the same source on the processor.

use std::fmt::Debug;
use std::sync::Arc;

use crate::error::Result;

/// A queue of work on a device, as the driver names it; 0 is the one that every device has.
pub type Stream = u64;

/// A device that computes.
pub trait Device: Debug + Send + Sync {
    /// Which one, for messages and for what is remembered of it.
    fn number(&self) -> usize;
    /// How many blocks of threads compute at the same time, about.
    fn blocks_at_once(&self) -> usize;
    /// Compiles source, or finds what was compiled of it before.
    fn load(&self, source: &str) -> Result<Arc<dyn Module>>;
    /// Memory for what is queued on a stream from now on, until it is dropped.
    fn allocate(&self, bytes: usize, stream: Stream) -> Result<Box<dyn Memory>>;
    /// Queues a copy to memory of the device. The bytes may be changed as soon as this returns.
    fn upload(&self, to: u64, from: &[u8], stream: Stream) -> Result<()>;
    /// Copies from memory of the device when all that was queued is done.
    fn download(&self, to: &mut [u8], from: u64, stream: Stream) -> Result<()>;
}

/// Memory of a device.
pub trait Memory {
    /// Its address there.
    fn address(&self) -> u64;
}

/// Compiled kernels on a device.
pub trait Module: Debug + Send + Sync {
    /// Queues a kernel of so many blocks of threads.
    fn launch(&self, function: &str, blocks: [u32; 3], threads: u32, job: &[u64], stream: Stream) -> Result<()>;
}
