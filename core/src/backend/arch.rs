//! What loops of plain Rust are compiled for, on top of what every processor of the kind can do.

use pulp::Arch;

/// The vectors of this processor that are used: with AVX-512 the compiler makes slower loops than with AVX2.
pub fn arch() -> Arch {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = pulp::x86::V3::try_new() {
        return Arch::V3(machine);
    }
    Arch::new()
}
