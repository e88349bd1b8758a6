//! What was found on this machine and what is missing, in words for a person who looks for a cause.

use super::{CompileOptions, Kernel, threads};
use crate::backend::{self, Target, cuda};
use crate::dtype::Dtype;
use crate::error::Result;
use crate::formula::{Category, Formula};
use crate::reduction::{Axis, Reduction};

/// What was found on this machine and what is missing, in words.
pub fn doctor() -> String {
    let shown = |name: &str| match environment(name) {
        None => format!("{name}: not set\n"),
        Some(value) if name == THREADS && !is_number_of_threads(&value) => {
            format!("{name}: `{value}`, which is ignored: it is no number of threads\n")
        }
        Some(value) => format!("{name}: `{value}`\n"),
    };
    let variables: String =
        ["RKEOPS_TARGET", THREADS, "RKEOPS_DUMP", cuda::NVRTC_VARIABLE, cuda::CACHE_VARIABLE].map(shown).concat();
    format!(
        "rkeops {}\n{}\ntarget: {}\nthreads: {}\n{}{variables}",
        crate::VERSION,
        backend::describe(),
        target(),
        threads::num_threads(),
        cuda::describe(),
    )
}

const THREADS: &str = "RKEOPS_NUM_THREADS";

/// The value of a variable of the environment; an empty one counts as not set.
fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(|value| value.to_string_lossy().into_owned())
}

fn is_number_of_threads(value: &str) -> bool {
    value.trim().parse::<usize>().is_ok_and(|count| count > 0)
}

/// What a kernel is compiled for where nobody asks for a target. A small one is compiled, because only that tells
/// whether the system lets machine code run.
fn target() -> String {
    let words = Target::Auto.resolve().and_then(|wanted| {
        let found = target_of_a_kernel(wanted)?;
        let why = format!("{}, because the system refuses code for {}", found.name(), wanted.name());
        Ok(if found == wanted { wanted.name().to_owned() } else { why })
    });
    words.unwrap_or_else(|error| error.to_string())
}

fn target_of_a_kernel(wanted: Target) -> Result<Target> {
    let variable = Formula::variable(0, 1, Category::J)?;
    let sum = Reduction::new("Sum", &variable, Axis::J)?;
    Ok(Kernel::build(&[sum], CompileOptions { dtype: Dtype::F32, target: wanted, ..CompileOptions::default() })?
        .target())
}
