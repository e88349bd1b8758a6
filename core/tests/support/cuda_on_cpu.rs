//! The CUDA driver and compiler whose device is the processor, in place of those that this machine may have.

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, Once, PoisonError};

use libloading::Library;

/// Makes them, once, and loads them before the library looks for any. With `RKEOPS_TEST_GPU` this machine's own are taken.
pub fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        if std::env::var_os("RKEOPS_TEST_GPU").is_some() {
            return;
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cuda_on_cpu/build.sh");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda_on_cpu");
        let made = Command::new(script).arg(&folder).status().expect("the script runs");
        assert!(made.success(), "the driver for tests is made");
        for name in ["libcuda.so", "libnvrtc.so.12"] {
            // SAFETY: they do nothing when they are loaded. They are found by their names from now on.
            let library = unsafe { Library::new(folder.join(name)) }.expect("the driver for tests is loaded");
            std::mem::forget(library);
        }
    });
}

/// Does work while each device has so much memory. What does it alone may run in a process, since it is the environment that
/// tells the driver.
pub fn with_bytes<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    const VARIABLE: &str = "CUDA_ON_CPU_BYTES";
    static ONE: Mutex<()> = Mutex::new(());
    struct Unset;
    impl Drop for Unset {
        fn drop(&mut self) {
            // SAFETY: as below.
            unsafe { std::env::remove_var(VARIABLE) };
        }
    }
    start();
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: whoever reads the environment in C is called by tests that do so under this lock.
    unsafe { std::env::set_var(VARIABLE, bytes.to_string()) };
    let _unset = Unset;
    work()
}
