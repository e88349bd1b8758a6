//! NVIDIA's run-time compiler: found at run time, in every version that this machine has; source becomes machine code for one
//! architecture. It knows nothing of devices.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::thread;

use libloading::Library;

use crate::error::{Error, ErrorKind, Result};

/// Versions of the library that are looked for, the newest first.
const MAJORS: [i32; 3] = [13, 12, 11];
/// The variable of the environment that names the library.
pub const VARIABLE: &str = "RKEOPS_NVRTC";

type Program = *mut c_void;

/// The compiler's functions.
#[derive(Debug)]
pub struct Nvrtc {
    /// Its version.
    pub version: [i32; 2],
    /// The file that it was found as.
    pub path: PathBuf,
    create:
        unsafe extern "C" fn(*mut Program, *const c_char, *const c_char, c_int, *const c_void, *const c_void) -> c_int,
    compile: unsafe extern "C" fn(Program, c_int, *const *const c_char) -> c_int,
    log_size: unsafe extern "C" fn(Program, *mut usize) -> c_int,
    log: unsafe extern "C" fn(Program, *mut c_char) -> c_int,
    code_size: unsafe extern "C" fn(Program, *mut usize) -> c_int,
    code: unsafe extern "C" fn(Program, *mut c_char) -> c_int,
    destroy: unsafe extern "C" fn(*mut Program) -> c_int,
    message: unsafe extern "C" fn(c_int) -> *const c_char,
    architectures: Vec<i32>,
}

/// Kernels of a source that are compiled together; the numbers are those of `kernels/math.cuh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// What comes before `reduce`.
    Prepare = 1,
    /// `reduce`
    Reduce = 2,
    /// What comes after it.
    Merge = 4,
}

impl Kernels {
    /// All of a source.
    pub const ALL: [Kernels; 3] = [Kernels::Prepare, Kernels::Reduce, Kernels::Merge];
}

/// Machine code, or what the driver makes machine code of, and what the compiler said.
#[derive(Clone, Debug)]
pub struct Code {
    /// The code.
    pub bytes: Vec<u8>,
    /// The compiler's words.
    pub log: String,
}

/// Where the library may be.
fn candidates(majors: &[i32]) -> Vec<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        return vec![path.into()];
    }
    let mut names: Vec<String> = Vec::new();
    for major in majors {
        match (cfg!(windows), major) {
            (true, 11) => names.push("nvrtc64_112_0.dll".into()),
            (true, _) => names.push(format!("nvrtc64_{major}0_0.dll")),
            (false, 11) => names.push("libnvrtc.so.11.2".into()),
            (false, _) => names.push(format!("libnvrtc.so.{major}")),
        }
    }
    names.push(if cfg!(windows) { "nvrtc.dll" } else { "libnvrtc.so" }.into());
    let homes = ["CUDA_HOME", "CUDA_PATH"].iter().filter_map(std::env::var_os).map(PathBuf::from);
    let homes: Vec<PathBuf> = homes.chain([PathBuf::from("/usr/local/cuda")]).collect();
    let folder = if cfg!(windows) { "bin" } else { "lib64" };
    let inside = names.iter().flat_map(|name| homes.iter().map(move |home| home.join(folder).join(name)));
    names.iter().map(PathBuf::from).chain(inside).collect()
}

/// The compiler for a driver of this major version: one that is no newer where there is one.
pub fn find(driver: i32) -> Result<&'static Nvrtc> {
    static FOUND: OnceLock<Result<Nvrtc>> = OnceLock::new();
    let look = || {
        let (mut majors, newer): (Vec<i32>, Vec<i32>) = MAJORS.iter().partition(|major| **major <= driver);
        majors.extend(newer);
        let mut tried = Vec::new();
        for path in candidates(&majors) {
            match Nvrtc::open(path.clone()) {
                Ok(found) => return Ok(found),
                Err(why) => tried.push(format!("  {}: {why}", path.display())),
            }
        }
        let message = format!(
            "NVIDIA's run-time compiler (NVRTC) was not found. It comes with the CUDA toolkit, or as the Python package \
             nvidia-cuda-nvrtc; {VARIABLE} may name its file. Tried:\n{}",
            tried.join("\n")
        );
        Err(Error::new(ErrorKind::Device, message))
    };
    FOUND.get_or_init(look).as_ref().map_err(Error::clone)
}

impl Nvrtc {
    fn open(path: PathBuf) -> std::result::Result<Nvrtc, String> {
        // SAFETY: loading NVRTC runs nothing but its own initialisation.
        let library = unsafe { Library::new(&path) }.map_err(|error| {
            // Its own words are that it failed; the system's say why.
            std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
        })?;
        macro_rules! function {
            ($name:literal) => {{
                // SAFETY: the types are those of nvrtc.h, the same in all these versions.
                let symbol = unsafe { library.get(concat!($name, "\0")) };
                *symbol.map_err(|error| error.to_string())?
            }};
        }
        let version: unsafe extern "C" fn(*mut c_int, *mut c_int) -> c_int = function!("nvrtcVersion");
        let count: unsafe extern "C" fn(*mut c_int) -> c_int = function!("nvrtcGetNumSupportedArchs");
        let list: unsafe extern "C" fn(*mut c_int) -> c_int = function!("nvrtcGetSupportedArchs");
        let (mut numbers, mut architectures) = ([0; 2], 0);
        let [major, minor] = &mut numbers;
        // SAFETY: the places are valid for writing.
        if unsafe { version(major, minor) != 0 || count(&mut architectures) != 0 } {
            return Err("it does not tell its version".into());
        }
        let mut known = vec![0; architectures.max(0) as usize];
        // SAFETY: there is room for as many as were counted.
        unsafe { list(known.as_mut_ptr()) };
        let found = Nvrtc {
            version: numbers,
            create: function!("nvrtcCreateProgram"),
            compile: function!("nvrtcCompileProgram"),
            log_size: function!("nvrtcGetProgramLogSize"),
            log: function!("nvrtcGetProgramLog"),
            code_size: function!("nvrtcGetCUBINSize"),
            code: function!("nvrtcGetCUBIN"),
            destroy: function!("nvrtcDestroyProgram"),
            message: function!("nvrtcGetErrorString"),
            architectures: known,
            path,
        };
        // The functions are used until the process ends.
        std::mem::forget(library);
        Ok(found)
    }

    /// The architecture to compile for, for a device of one: its own, or the newest of the same kind that is known here, on
    /// whose code newer devices of that major version run.
    pub fn architecture(&self, device: i32) -> Result<i32> {
        let usable = self.architectures.iter().copied().filter(|known| known / 10 == device / 10 && *known <= device);
        usable.max().ok_or_else(|| {
            let message = format!(
                "NVRTC {}.{} ({}) does not know the architecture sm_{device} of this device; expected a newer one",
                self.version[0],
                self.version[1],
                self.path.display()
            );
            Error::new(ErrorKind::Device, message)
        })
    }

    /// Compiles all kernels of a source, in groups at the same time, in the order of [`Kernels::ALL`].
    pub fn compile(&self, source: &str, architecture: i32) -> Result<[Code; Kernels::ALL.len()]> {
        let some = |kernels| move || self.compile_some(source, architecture, kernels);
        let codes = thread::scope(|scope| {
            let threads = Kernels::ALL.map(|kernels| thread::Builder::new().spawn_scoped(scope, some(kernels)));
            threads.map(|thread| {
                let thread =
                    thread.map_err(|error| Error::new(ErrorKind::Internal, format!("no thread for NVRTC: {error}")))?;
                let ended = |_| Error::new(ErrorKind::Internal, "a thread for NVRTC has ended early");
                thread.join().map_err(ended)?
            })
        });
        let [prepare, reduce, merge] = codes;
        Ok([prepare?, reduce?, merge?])
    }

    /// Compiles some kernels of a source to machine code for an architecture.
    fn compile_some(&self, source: &str, architecture: i32, kernels: Kernels) -> Result<Code> {
        let fail = |message: String| Error::new(ErrorKind::Internal, message);
        let source = CString::new(source).map_err(|_| fail("source with a zero byte".into()))?;
        let options =
            [format!("--gpu-architecture=sm_{architecture}"), format!("--define-macro=KERNELS={}", kernels as i32)];
        let options: Vec<CString> = options.into_iter().filter_map(|option| CString::new(option).ok()).collect();
        let more = [c"--fmad=false", c"--std=c++17", c"--ptxas-options=-v", c"--disable-warnings"];
        let pointers: Vec<*const c_char> =
            options.iter().map(|option| option.as_ptr()).chain(more.map(CStr::as_ptr)).collect();
        let mut program: Program = std::ptr::null_mut();
        let no_headers = std::ptr::null();
        // SAFETY: strings end with a zero byte, places are valid for writing, and the program is destroyed once.
        unsafe {
            let created =
                (self.create)(&mut program, source.as_ptr(), c"rkeops.cu".as_ptr(), 0, no_headers, no_headers);
            if created != 0 {
                return Err(fail(format!("NVRTC: {}", self.words(created))));
            }
            let compiled = (self.compile)(program, pointers.len() as c_int, pointers.as_ptr());
            let log = self.text(program, self.log_size, self.log);
            let log = String::from_utf8_lossy(&log).trim_end_matches('\0').to_owned();
            let bytes = if compiled == 0 { self.text(program, self.code_size, self.code) } else { Vec::new() };
            (self.destroy)(&mut program);
            match compiled {
                0 => Ok(Code { bytes, log }),
                _ => Err(fail(format!("NVRTC: {}\n{log}", self.words(compiled)))),
            }
        }
    }

    /// What one function writes as many bytes of as another says.
    ///
    /// # Safety
    /// The program is one of this compiler.
    unsafe fn text(
        &self,
        program: Program,
        size: unsafe extern "C" fn(Program, *mut usize) -> c_int,
        write: unsafe extern "C" fn(Program, *mut c_char) -> c_int,
    ) -> Vec<u8> {
        let mut count = 0;
        // SAFETY: the place is valid for writing.
        if unsafe { size(program, &mut count) } != 0 {
            return Vec::new();
        }
        let mut bytes = vec![0u8; count];
        // SAFETY: there is room for as many bytes as were counted.
        unsafe { write(program, bytes.as_mut_ptr().cast()) };
        bytes
    }

    fn words(&self, code: c_int) -> String {
        // SAFETY: the function gives a string that is never freed for every number.
        unsafe { CStr::from_ptr((self.message)(code)) }.to_string_lossy().into_owned()
    }
}
