//! NVIDIA's driver: devices, memory, streams and launches. The only file that names cudarc, which finds the driver at run time
//! and panics where there is none: it is asked first.

use std::collections::HashMap;
use std::ffi::{CStr, c_void};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cudarc::driver::sys::{self, CUdevice_attribute as Attribute, CUresult};

use super::cubins;
use super::job::Step;
use super::nvrtc::{self, Kernels, Nvrtc};
use crate::error::{Error, ErrorKind, Result};

/// A queue of work on a device, as the driver names it; 0 is the one that every device has.
pub type Stream = u64;

/// Bytes of freed memory that are kept for the next run.
const KEPT_BYTES: u64 = 1 << 28;

/// A device and its context: the one that the driver's other users have too.
#[derive(Debug)]
pub struct Device {
    /// Which one.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// Its architecture: 90 for compute capability 9.0.
    pub architecture: i32,
    multiprocessors: usize,
    context: Handle<sys::CUcontext>,
    pool: Handle<sys::CUmemoryPool>,
    /// What was loaded, by a hash of its source. It stays for ever: graphs that others have captured may launch it at any time.
    modules: Mutex<HashMap<u64, Arc<Module>>>,
}

/// What the driver gave, to be given back to it.
#[derive(Debug)]
struct Handle<T>(T);

// SAFETY: the driver's handles may be used from any thread; they are not read here.
unsafe impl<T> Send for Handle<T> {}
// SAFETY: the same.
unsafe impl<T> Sync for Handle<T> {}

fn error(what: &str, result: CUresult) -> Error {
    let mut words = std::ptr::null();
    // SAFETY: the place is valid for writing; the string is never freed.
    let known = unsafe { sys::cuGetErrorString(result, &mut words) };
    let words = match known {
        // SAFETY: the same.
        CUresult::CUDA_SUCCESS => unsafe { CStr::from_ptr(words) }.to_string_lossy().into_owned(),
        _ => format!("{result:?}"),
    };
    let kind = if result == CUresult::CUDA_ERROR_OUT_OF_MEMORY { ErrorKind::Size } else { ErrorKind::Device };
    Error::new(kind, format!("CUDA: {what}: {words}"))
}

fn check(what: &str, result: CUresult) -> Result<()> {
    if result == CUresult::CUDA_SUCCESS { Ok(()) } else { Err(error(what, result)) }
}

/// The major and minor version of CUDA that the driver has.
pub fn driver_version() -> Result<[i32; 2]> {
    static STARTED: OnceLock<Result<i32>> = OnceLock::new();
    let start = || {
        // SAFETY: loading the driver runs nothing but its own initialisation.
        if !unsafe { sys::is_culib_present() } {
            let message = "the CUDA driver (libcuda) was not found; it comes with NVIDIA's driver for the GPU";
            return Err(Error::new(ErrorKind::Device, message));
        }
        let mut version = 0;
        // SAFETY: the driver is there, and the place is valid for writing.
        unsafe {
            check("the driver does not start", sys::cuInit(0))?;
            check("the driver does not tell its version", sys::cuDriverGetVersion(&mut version))?;
        }
        Ok(version)
    };
    let version = STARTED.get_or_init(start).clone()?;
    Ok([version / 1000, version % 1000 / 10])
}

/// The devices of this machine.
pub fn devices() -> Result<&'static [Arc<Device>]> {
    static DEVICES: OnceLock<Result<Vec<Arc<Device>>>> = OnceLock::new();
    let find = || {
        driver_version()?;
        let mut count = 0;
        // SAFETY: the place is valid for writing.
        check("devices cannot be counted", unsafe { sys::cuDeviceGetCount(&mut count) })?;
        (0..count as usize).map(|number| Device::open(number).map(Arc::new)).collect()
    };
    DEVICES.get_or_init(find).as_ref().map(Vec::as_slice).map_err(Error::clone)
}

/// One of them.
pub fn device(number: usize) -> Result<&'static Arc<Device>> {
    let devices = devices()?;
    devices.get(number).ok_or_else(|| {
        let message = format!("there is no CUDA device {number}; this machine has {}", devices.len());
        Error::new(ErrorKind::Device, message)
    })
}

/// The compiler for these devices.
pub fn compiler() -> Result<&'static Nvrtc> {
    nvrtc::find(driver_version()?[0])
}

/// Makes a device's context the current one, until it is dropped.
struct Current;

impl Drop for Current {
    fn drop(&mut self) {
        let mut before = std::ptr::null_mut();
        // SAFETY: the place is valid for writing, and there is a context to take away.
        unsafe { sys::cuCtxPopCurrent_v2(&mut before) };
    }
}

impl Device {
    fn open(number: usize) -> Result<Device> {
        let (mut device, mut context, mut pool) = (0, std::ptr::null_mut(), std::ptr::null_mut());
        let mut name = [0 as std::ffi::c_char; 256];
        let attribute = |device, which| {
            let mut value = 0;
            // SAFETY: the place is valid for writing.
            check("a device does not tell what it is", unsafe {
                sys::cuDeviceGetAttribute(&mut value, which, device)
            })?;
            Ok::<i32, Error>(value)
        };
        // SAFETY: places are valid for writing, and the name has room.
        let name = unsafe {
            check("a device is not there", sys::cuDeviceGet(&mut device, number as i32))?;
            check("a device does not tell its name", sys::cuDeviceGetName(name.as_mut_ptr(), 255, device))?;
            CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned()
        };
        let major = attribute(device, Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
        let minor = attribute(device, Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
        let multiprocessors = attribute(device, Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)? as usize;
        // SAFETY: places are valid for writing, and the properties are plain numbers, of which 0 is allowed for all.
        unsafe {
            check("a device cannot be used", sys::cuDevicePrimaryCtxRetain(&mut context, device))?;
            let mut properties: sys::CUmemPoolProps = std::mem::zeroed();
            properties.allocType = sys::CUmemAllocationType::CU_MEM_ALLOCATION_TYPE_PINNED;
            properties.location.type_ = sys::CUmemLocationType::CU_MEM_LOCATION_TYPE_DEVICE;
            properties.location.id = device;
            check("a device has no memory to share out", sys::cuMemPoolCreate(&mut pool, &properties))?;
            let mut kept = KEPT_BYTES;
            let threshold = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
            let place = std::ptr::from_mut(&mut kept).cast::<c_void>();
            check("memory cannot be kept", sys::cuMemPoolSetAttribute(pool, threshold, place))?;
        }
        Ok(Device {
            number,
            name,
            architecture: 10 * major + minor,
            multiprocessors,
            context: Handle(context),
            pool: Handle(pool),
            modules: Mutex::default(),
        })
    }

    fn enter(&self) -> Result<Current> {
        // SAFETY: the context is retained for ever.
        check("a device cannot be used", unsafe { sys::cuCtxPushCurrent_v2(self.context.0) })?;
        Ok(Current)
    }

    /// How many blocks of threads compute at the same time, about.
    pub fn blocks_at_once(&self) -> usize {
        4 * self.multiprocessors
    }

    /// The kernels of a source: compiled, or found on disk, when they are first asked for.
    pub fn load(&self, source: &str) -> Result<Arc<Module>> {
        let hash = cubins::hash(source.as_bytes());
        let modules = || self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = modules().get(&hash) {
            return Ok(module.clone());
        }
        let module = self.compiled(source)?;
        Ok(modules().entry(hash).or_insert_with(|| Arc::new(module)).clone())
    }

    fn compiled(&self, source: &str) -> Result<Module> {
        let compiler = compiler()?;
        let architecture = compiler.architecture(self.architecture)?;
        let key = format!("sm_{architecture} NVRTC {}.{}\n{source}", compiler.version[0], compiler.version[1]);
        if let Some(codes) = cubins::find(&key)
            && let Ok(module) = self.module(codes.each_ref().map(Vec::as_slice))
        {
            return Ok(module);
        }
        let codes = compiler.compile(source, architecture)?;
        let codes = codes.each_ref().map(|code| code.bytes.as_slice());
        let module = self.module(codes)?;
        cubins::keep(&key, codes);
        Ok(module)
    }

    fn module(&self, codes: [&[u8]; Kernels::ALL.len()]) -> Result<Module> {
        let _current = self.enter()?;
        let mut modules = [std::ptr::null_mut(); Kernels::ALL.len()];
        for (module, code) in modules.iter_mut().zip(codes) {
            // SAFETY: the place is valid for writing; machine code says how long it is.
            check("kernels cannot be loaded", unsafe { sys::cuModuleLoadData(module, code.as_ptr().cast()) })?;
        }
        let [prepare, reduce, merge] = modules;
        let function = |module: sys::CUmodule, name: &CStr| {
            let mut function = std::ptr::null_mut();
            // SAFETY: the place is valid for writing, and the name ends with a zero byte.
            match unsafe { sys::cuModuleGetFunction(&mut function, module, name.as_ptr()) } {
                CUresult::CUDA_ERROR_NOT_FOUND => Ok(None),
                found => check("a kernel cannot be found", found).map(|()| Some(Handle(function))),
            }
        };
        Ok(Module {
            functions: [
                function(prepare, c"prepare_call")?,
                function(prepare, c"prepare")?,
                function(prepare, c"centre")?,
                function(prepare, c"factors")?,
                function(reduce, c"reduce")?,
                function(merge, c"merge_lanes")?,
                function(merge, c"merge")?,
            ],
        })
    }

    /// Whether what is queued on a stream becomes part of a graph instead of being done.
    pub fn is_captured(&self, stream: Stream) -> Result<bool> {
        let _current = self.enter()?;
        let mut status = sys::CUstreamCaptureStatus::CU_STREAM_CAPTURE_STATUS_NONE;
        // SAFETY: the place is valid for writing; the caller's stream is one of this device.
        check("a stream cannot be used", unsafe { sys::cuStreamIsCapturing(stream as sys::CUstream, &mut status) })?;
        Ok(status != sys::CUstreamCaptureStatus::CU_STREAM_CAPTURE_STATUS_NONE)
    }

    /// Queues a kernel of so many blocks of threads, with one argument.
    pub fn launch(
        &self,
        module: &Module,
        step: Step,
        blocks: [u32; 3],
        threads: u32,
        job: &[u64],
        stream: Stream,
    ) -> Result<()> {
        let _current = self.enter()?;
        let mut arguments = [job.as_ptr().cast_mut().cast::<c_void>()];
        let [x, y, z] = blocks;
        let missing = || Error::new(ErrorKind::Internal, format!("CUDA: a kernel for {step:?} is missing"));
        let function = module.functions[step as usize].as_ref().ok_or_else(missing)?.0;
        let (arguments, extra) = (arguments.as_mut_ptr(), std::ptr::null_mut());
        let stream = stream as sys::CUstream;
        // SAFETY: the kernel takes one argument, of as many words as the job has; the caller vouches for its arrays.
        let result = unsafe { sys::cuLaunchKernel(function, x, y, z, threads, 1, 1, 0, stream, arguments, extra) };
        check("a kernel cannot be launched", result)
    }

    /// A new stream.
    pub fn stream(&self) -> Result<OwnStream<'_>> {
        let _current = self.enter()?;
        let mut stream = std::ptr::null_mut();
        let does_not_wait = sys::CUstream_flags::CU_STREAM_NON_BLOCKING as u32;
        // SAFETY: the place is valid for writing.
        check("a stream cannot be made", unsafe { sys::cuStreamCreate(&mut stream, does_not_wait) })?;
        Ok(OwnStream { stream, device: self })
    }

    /// A new event.
    pub fn event(&self) -> Result<Event<'_>> {
        let _current = self.enter()?;
        let mut event = std::ptr::null_mut();
        let without_times = sys::CUevent_flags::CU_EVENT_DISABLE_TIMING as u32;
        // SAFETY: the place is valid for writing.
        check("an event cannot be made", unsafe { sys::cuEventCreate(&mut event, without_times) })?;
        Ok(Event { event, device: self })
    }

    /// Bytes that could be allocated now, about: what nobody has, and what was freed and kept.
    pub fn free_bytes(&self) -> Result<usize> {
        let _current = self.enter()?;
        let (mut free, mut total) = (0, 0);
        // SAFETY: the places are valid for writing.
        check("a device does not tell its free memory", unsafe { sys::cuMemGetInfo_v2(&mut free, &mut total) })?;
        let of_pool = |which| {
            let mut bytes = 0u64;
            let place = std::ptr::from_mut(&mut bytes).cast::<c_void>();
            // SAFETY: both attributes that are asked for are numbers of 64 bits.
            check("a device does not tell its kept memory", unsafe {
                sys::cuMemPoolGetAttribute(self.pool.0, which, place)
            })?;
            Ok::<usize, Error>(bytes as usize)
        };
        let reserved = of_pool(sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT)?;
        let used = of_pool(sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_USED_MEM_CURRENT)?;
        Ok(free + reserved.saturating_sub(used))
    }

    /// Memory for what is queued on a stream from now on, until it is dropped.
    pub fn allocate(&self, bytes: usize, stream: Stream) -> Result<Memory<'_>> {
        let _current = self.enter()?;
        let mut address = 0;
        // SAFETY: the place is valid for writing; the caller's stream is one of this device.
        let result =
            unsafe { sys::cuMemAllocFromPoolAsync(&mut address, bytes.max(1), self.pool.0, stream as sys::CUstream) };
        check(&format!("{bytes} bytes cannot be allocated on device {}", self.number), result)?;
        Ok(Memory { address, stream, device: self })
    }

    /// Queues a copy to memory of the device. The bytes have to stay what they are until the stream has come so far.
    pub fn upload(&self, to: u64, from: &[u8], stream: Stream) -> Result<()> {
        let _current = self.enter()?;
        let (bytes, stream) = (from.as_ptr().cast(), stream as sys::CUstream);
        // SAFETY: there are so many bytes to read; the library writes to memory that it has allocated for them.
        check("a copy to the device failed", unsafe { sys::cuMemcpyHtoDAsync_v2(to, bytes, from.len(), stream) })
    }

    /// Queues a copy of words to memory of the device, for which they are kept as long as it takes: there are systems on which devices
    /// read ordinary memory themselves, and later.
    pub fn upload_words(&self, to: u64, words: Vec<u64>, stream: Stream) -> Result<()> {
        extern "C" fn forget(words: *mut c_void) {
            // SAFETY: a box that was given away below, once.
            drop(unsafe { Box::from_raw(words.cast::<Vec<u64>>()) });
        }
        let words = Box::new(words);
        self.upload(to, bytemuck::cast_slice(&words), stream)?;
        let (_current, words) = (self.enter()?, Box::into_raw(words));
        // SAFETY: the function calls no driver and may be called from any thread, when the copy is done.
        let queued = unsafe { sys::cuLaunchHostFunc(stream as sys::CUstream, Some(forget), words.cast()) };
        if queued != CUresult::CUDA_SUCCESS {
            // What cannot be given back in order is given back when nothing is left to read it.
            // SAFETY: a stream of this device; then the box of above.
            unsafe {
                sys::cuStreamSynchronize(stream as sys::CUstream);
                drop(Box::from_raw(words));
            }
        }
        check("a copy to the device failed", queued)
    }

    /// Copies from memory of the device when all that was queued is done.
    pub fn download(&self, to: &mut [u8], from: u64, stream: Stream) -> Result<()> {
        let _current = self.enter()?;
        let (bytes, stream) = (to.as_mut_ptr().cast(), stream as sys::CUstream);
        // SAFETY: there is room for so many bytes; the library reads memory that it has allocated for them.
        let result = unsafe { sys::cuMemcpyDtoHAsync_v2(bytes, from, to.len(), stream) };
        // SAFETY: a stream of this device. Nothing may be left to write to the bytes.
        check("a run failed", unsafe { sys::cuStreamSynchronize(stream) })?;
        check("a copy from the device failed", result)
    }
}

/// A stream that is the library's own.
#[derive(Debug)]
pub struct OwnStream<'a> {
    stream: sys::CUstream,
    device: &'a Device,
}

impl OwnStream<'_> {
    /// Its name for the driver.
    pub fn name(&self) -> Stream {
        self.stream as Stream
    }

    /// Waits until all that is queued is done.
    pub fn synchronize(&self) -> Result<()> {
        let _current = self.device.enter()?;
        // SAFETY: a stream of this device.
        check("a run failed", unsafe { sys::cuStreamSynchronize(self.stream) })
    }

    /// What is queued from now on waits for what an event has recorded.
    pub fn wait(&self, event: &Event<'_>) -> Result<()> {
        let _current = self.device.enter()?;
        // SAFETY: a stream and an event of this device.
        check("a stream cannot wait", unsafe { sys::cuStreamWaitEvent(self.stream, event.event, 0) })
    }
}

impl Drop for OwnStream<'_> {
    fn drop(&mut self) {
        if let Ok(_current) = self.device.enter() {
            // SAFETY: made here, and dropped once; the driver waits for what is queued.
            unsafe { sys::cuStreamDestroy_v2(self.stream) };
        }
    }
}

/// A place in the queue of a stream; as long as none is recorded there is nothing to wait for.
#[derive(Debug)]
pub struct Event<'a> {
    event: sys::CUevent,
    device: &'a Device,
}

impl Event<'_> {
    /// Records what is queued on a stream so far.
    pub fn record(&self, stream: &OwnStream<'_>) -> Result<()> {
        let _current = self.device.enter()?;
        // SAFETY: a stream and an event of this device.
        check("an event cannot be recorded", unsafe { sys::cuEventRecord(self.event, stream.stream) })
    }

    /// Waits until what was recorded is done.
    pub fn synchronize(&self) -> Result<()> {
        let _current = self.device.enter()?;
        // SAFETY: an event of this device.
        check("a run failed", unsafe { sys::cuEventSynchronize(self.event) })
    }
}

impl Drop for Event<'_> {
    fn drop(&mut self) {
        if let Ok(_current) = self.device.enter() {
            // SAFETY: made here, and dropped once; the driver keeps what streams wait for.
            unsafe { sys::cuEventDestroy_v2(self.event) };
        }
    }
}

/// Memory of a device, given back in the order of its stream.
#[derive(Debug)]
pub struct Memory<'a> {
    /// Its address.
    pub address: u64,
    stream: Stream,
    device: &'a Device,
}

impl Drop for Memory<'_> {
    fn drop(&mut self) {
        if let Ok(_current) = self.device.enter() {
            // SAFETY: allocated here, and dropped once.
            unsafe { sys::cuMemFreeAsync(self.address, self.stream as sys::CUstream) };
        }
    }
}

/// Compiled kernels on a device, by their step.
#[derive(Debug)]
pub struct Module {
    /// In the order of [`Step`]; a pass has only those that it needs.
    functions: [Option<Handle<sys::CUfunction>>; 7],
}
