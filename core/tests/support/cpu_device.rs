//! A device that is the processor: the source of kernels, compiled by the C++ compiler with a shim.

use std::collections::hash_map::DefaultHasher;
use std::ffi::CString;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use libloading::Library;
use rkeops_core::cuda::{Device, Memory, Module, Stream};
use rkeops_core::{Error, ErrorKind, Result};

/// Numbers behind each allocation that nobody may change.
const GUARD: usize = 64;
/// What memory holds before anything is written: NaN in every format.
const UNWRITTEN: u8 = 0xff;

/// Compiles with a shim and calls what comes out.
#[derive(Debug)]
pub struct CpuDevice {
    /// What is told to the compiler besides.
    pub options: &'static [&'static str],
    /// How many blocks are said to compute at a time: few, so that small problems are cut into parts.
    pub blocks: usize,
}

impl Default for CpuDevice {
    fn default() -> Self {
        CpuDevice { options: &[], blocks: 2 }
    }
}

#[derive(Debug)]
struct Compiled {
    library: Library,
    /// Kernels have memory that is static.
    running: Mutex<()>,
}

struct Bytes {
    words: Vec<u64>,
    bytes: usize,
}

/// The folder of this repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn failed(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, what.to_string())
}

impl Device for CpuDevice {
    fn number(&self) -> usize {
        0
    }

    fn blocks_at_once(&self) -> usize {
        self.blocks
    }

    fn load(&self, source: &str) -> Result<Arc<dyn Module>> {
        let shim = root().join("tests/cuda_on_cpu");
        let headers = ["shim.h", "launch.h"].map(|name| std::fs::read_to_string(shim.join(name)).expect("a header"));
        let text = format!("#include \"shim.h\"\n{source}\n#include \"launch.h\"\n");
        let mut hasher = DefaultHasher::new();
        (&text, headers, self.options).hash(&mut hasher);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda_on_cpu");
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let place = folder.join(format!("{:016x}", hasher.finish()));
        let library = place.with_extension("so");
        if !library.exists() {
            let own = place.with_extension(format!("{}.{:?}.cpp", std::process::id(), std::thread::current().id()));
            std::fs::write(&own, text).map_err(failed)?;
            let made = own.with_extension("so");
            let compiler = std::env::var("CXX").unwrap_or("c++".into());
            let output = Command::new(compiler)
                .args(["-std=c++20", "-O0", "-ffp-contract=off", "-mfma", "-shared", "-fPIC", "-w", "-I"])
                .arg(&shim)
                .args(self.options)
                .arg("-o")
                .args([&made, &own])
                .output()
                .map_err(failed)?;
            if !output.status.success() {
                let errors = String::from_utf8_lossy(&output.stderr);
                return Err(failed(format!("{}:\n{errors}", own.display())));
            }
            std::fs::rename(&made, &library).map_err(failed)?;
            std::fs::remove_file(&own).map_err(failed)?;
        }
        // SAFETY: what was just compiled does nothing when it is loaded.
        let library = unsafe { Library::new(&library) }.map_err(failed)?;
        Ok(Arc::new(Compiled { library, running: Mutex::new(()) }))
    }

    fn allocate(&self, bytes: usize, _: Stream) -> Result<Box<dyn Memory>> {
        let words = vec![u64::from_ne_bytes([UNWRITTEN; 8]); bytes.div_ceil(8) + 2 + GUARD];
        Ok(Box::new(Bytes { words, bytes }))
    }

    fn upload(&self, to: u64, from: &[u8], _: Stream) -> Result<()> {
        // SAFETY: the library copies to memory that it has allocated here.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to as *mut u8, from.len()) };
        Ok(())
    }

    fn download(&self, to: &mut [u8], from: u64, _: Stream) -> Result<()> {
        // SAFETY: the library copies from memory that it has allocated here.
        unsafe { std::ptr::copy_nonoverlapping(from as *const u8, to.as_mut_ptr(), to.len()) };
        Ok(())
    }
}

impl Memory for Bytes {
    fn address(&self) -> u64 {
        (self.words.as_ptr() as u64).next_multiple_of(16)
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        let first = self.words.len() - GUARD;
        let untouched = self.words[first..].iter().all(|word| word.to_ne_bytes() == [UNWRITTEN; 8]);
        assert!(untouched || std::thread::panicking(), "a kernel wrote behind its {} bytes", self.bytes);
    }
}

impl Module for Compiled {
    fn launch(&self, function: &str, blocks: [u32; 3], threads: u32, job: &[u64], _: Stream) -> Result<()> {
        let _running = self.running.lock();
        let name = CString::new(function).map_err(failed)?;
        type Launch = unsafe extern "C" fn(*const i8, *const u64, usize, *const u32, u32);
        // SAFETY: `launch.h` defines the function with these arguments, and the job names memory that is there.
        unsafe {
            let launch = self.library.get::<Launch>(b"rkeops_launch\0").map_err(failed)?;
            launch(name.as_ptr(), job.as_ptr(), job.len(), blocks.as_ptr(), threads);
        }
        Ok(())
    }
}
