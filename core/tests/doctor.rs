//! What the library says of itself on this machine: environment, target and threads are what they really are, also
//! where the system refuses executable memory. Each case is a process of its own.

use std::process::Command;

use rkeops_core::{CompileOptions, Kernel, Reduction, doctor};

/// Tells a child what it is.
const INSIDE: &str = "RKEOPS_TEST_INSIDE";

/// The target of a kernel and what the doctor says, in a process with these variables of the environment.
fn asked(inside: &str, variables: &[(&str, &str)]) -> (String, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"]);
    for name in ["RKEOPS_TARGET", "RKEOPS_NUM_THREADS", "RKEOPS_DUMP"] {
        command.env_remove(name);
    }
    let output = command.env(INSIDE, inside).envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, rest) = text.split_once("kernel: ").unwrap_or_else(|| panic!("{text}"));
    let (target, rest) = rest.split_once('\n').unwrap();
    (target.to_owned(), rest.to_owned())
}

/// The line of a text that starts so.
fn line<'a>(text: &'a str, start: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_else(|| panic!("no {start} in {text}"))
}

#[test]
#[ignore = "a part of the others, in a process of its own"]
fn child() {
    let Ok(inside) = std::env::var(INSIDE) else { return };
    if inside == "refused" {
        refuse::executable_memory();
    }
    let reduction = Reduction::parse("Sum_Reduction(Var(0,1,0)*Var(1,1,1),0)", &[]).unwrap();
    let target = Kernel::compile(&[reduction], &CompileOptions::default()).map(|kernel| kernel.target().name());
    println!("\nkernel: {}\n{}", target.unwrap_or("none"), doctor());
}

#[test]
fn the_environment_is_told() {
    let (kernel, text) = asked("", &[]);
    assert_eq!(line(&text, "target: "), kernel);
    for name in ["RKEOPS_TARGET: ", "RKEOPS_NUM_THREADS: ", "RKEOPS_DUMP: "] {
        assert_eq!(line(&text, name), "not set");
    }
    let threads = line(&text, "threads: ").to_owned();
    let variables = [("RKEOPS_TARGET", "portable"), ("RKEOPS_NUM_THREADS", " 3 "), ("RKEOPS_DUMP", "none")];
    let (kernel, text) = asked("", &variables);
    assert_eq!((kernel.as_str(), line(&text, "target: "), line(&text, "threads: ")), ("portable", "portable", "3"));
    for (name, value) in variables {
        assert_eq!(line(&text, &format!("{name}: ")), format!("`{value}`"));
    }
    for wrong in ["many", "0", "-1", "2.5"] {
        let (_, text) = asked("", &[("RKEOPS_NUM_THREADS", wrong)]);
        let words = format!("`{wrong}`, which is ignored: it is no number of threads");
        assert_eq!(line(&text, "RKEOPS_NUM_THREADS: "), words);
        assert_eq!(line(&text, "threads: "), threads);
    }
    let (_, text) = asked("", &[("RKEOPS_TARGET", "fast")]);
    assert!(line(&text, "target: ").contains("expected auto, portable, avx2, avx512 or cuda"), "{text}");
}

/// A kernel whose machine code was refused is a portable one and says so.
#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn refused_memory_is_told() {
    use rkeops_core::Target;
    for wanted in [Target::Avx2, Target::Avx512].into_iter().filter(|target| target.is_available()) {
        let (kernel, text) = asked("refused", &[("RKEOPS_TARGET", wanted.name())]);
        assert_eq!(kernel, "portable");
        let words = format!("portable, because the system refuses code for {}", wanted.name());
        assert_eq!(line(&text, "target: "), words);
        assert!(line(&text, "executable memory: ").starts_with("no ("), "{text}");
    }
    let (kernel, text) = asked("refused", &[("RKEOPS_TARGET", "portable")]);
    assert_eq!((kernel.as_str(), line(&text, "target: ")), ("portable", "portable"));
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod refuse {
    use std::ffi::{c_int, c_long, c_void};
    use std::sync::atomic::{AtomicBool, Ordering};

    static REFUSED: AtomicBool = AtomicBool::new(false);

    /// From now on this process is one in which no memory becomes executable.
    pub fn executable_memory() {
        REFUSED.store(true, Ordering::Relaxed);
    }

    unsafe extern "C" {
        fn syscall(number: c_long, ...) -> c_long;
        fn __errno_location() -> *mut c_int;
    }

    /// Stands before that of the C library, for this program alone.
    ///
    /// # Safety
    /// As for that of the C library.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn mprotect(start: *mut c_void, length: usize, access: c_int) -> c_int {
        const EXECUTABLE: c_int = 4;
        const NOT_ALLOWED: c_int = 13;
        const NUMBER: c_long = 10;
        if access & EXECUTABLE != 0 && REFUSED.load(Ordering::Relaxed) {
            // SAFETY: the place belongs to this thread.
            unsafe { __errno_location().write(NOT_ALLOWED) };
            return -1;
        }
        // SAFETY: the system's own call, with the arguments of the caller.
        unsafe { syscall(NUMBER, start, length, access) as c_int }
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod refuse {
    pub fn executable_memory() {}
}
