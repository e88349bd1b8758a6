//! The CUDA backend: the lane programs of a pass become CUDA C++, which NVRTC compiles at run time for the device that it runs on.
//! Driver and compiler are found at run time too; where one is missing an error says so.

mod columns;
mod cubins;
#[allow(unsafe_code)]
mod driver;
mod job;
#[allow(unsafe_code)]
mod nvrtc;
mod products;
mod schedule;
mod source;
mod statements;
mod tensor;

pub use cubins::VARIABLE as CACHE_VARIABLE;
pub use driver::{Device, Event, Memory, Module, OwnStream, Stream, compiler, device, devices, driver_version};
pub use job::{Blocks, Job, JobArray, Piece, Sizes, Step};
pub use nvrtc::{Code, Kernels, Nvrtc, VARIABLE as NVRTC_VARIABLE};
pub use schedule::{ARCHITECTURES, Schedule};
pub use source::{AXES, source};

use crate::error::{Error, ErrorKind, Result};

/// An error that names the first thing that is missing for kernels to run, if anything is.
pub fn ready() -> Result<()> {
    if devices()?.is_empty() {
        return Err(Error::new(ErrorKind::Device, "the CUDA driver finds no device"));
    }
    compiler().map(drop)
}

/// The compiler of this machine, whether or not it has a device.
pub fn find_compiler() -> Result<&'static Nvrtc> {
    nvrtc::find(i32::MAX)
}

/// What was found of driver, devices, compiler and cache, a line each, down to the first that is missing.
pub fn describe() -> String {
    let devices = match driver_version().and_then(|version| Ok((version, devices()?))) {
        Err(error) => return format!("gpu: none: {error}\n"),
        Ok(([major, minor], [])) => return format!("gpu: none: the CUDA driver, {major}.{minor}, finds no device\n"),
        Ok(([major, minor], devices)) => {
            let device = |d: &std::sync::Arc<Device>| format!("gpu {}: {}, sm_{}\n", d.number, d.name, d.architecture);
            format!("CUDA driver: {major}.{minor}\n{}", devices.iter().map(device).collect::<String>())
        }
    };
    let compiler = match compiler() {
        Err(error) => return format!("{devices}NVRTC: none: {error}\n"),
        Ok(compiler) => {
            format!("NVRTC: {}.{}, {}", compiler.version[0], compiler.version[1], compiler.path.display())
        }
    };
    let folder = cubins::folder().map_or("none".to_owned(), |folder| folder.display().to_string());
    format!("{devices}{compiler}\ncache of kernels: {folder}\n")
}
