//! Backends: something that runs the lane programs of a pass on tiles. It knows neither formulas nor arrays.

mod arch;
mod bounds;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod cpu;
pub mod cuda;
mod interval;
mod number;
mod portable;
mod tile;

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::lower::{Candidate, Machine, Stage, Stages};

pub use arch::arch;
pub use bounds::{Bounds, is_clear};
pub use interval::Interval;
pub use number::Number;
pub use tile::{Layout, Planes, Tile};

/// What runs a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The fastest that this processor can run.
    Auto,
    /// Plain Rust, on every processor.
    Portable,
    /// Machine code for x86-64 with AVX2 and FMA.
    Avx2,
    /// Machine code for x86-64 with AVX-512 (F, DQ).
    Avx512,
    /// Kernels for NVIDIA GPUs, compiled by NVRTC.
    Cuda,
}

impl Target {
    /// Every target.
    pub const ALL: [Target; 5] = [Target::Auto, Target::Portable, Target::Avx2, Target::Avx512, Target::Cuda];

    /// The name that `RKEOPS_TARGET` takes.
    pub fn name(self) -> &'static str {
        match self {
            Target::Auto => "auto",
            Target::Portable => "portable",
            Target::Avx2 => "avx2",
            Target::Avx512 => "avx512",
            Target::Cuda => "cuda",
        }
    }

    /// The target of a name.
    pub fn from_name(name: &str) -> Option<Target> {
        Target::ALL.into_iter().find(|target| target.name() == name)
    }

    /// What lane programs for the target may use.
    pub fn machine(self) -> Machine {
        let is_wide = self == Target::Avx512;
        Machine {
            scales: is_wide,
            looks_up: self == Target::Avx2,
            estimates: is_wide,
            transcends: self == Target::Cuda,
            repeats: is_wide,
        }
    }

    /// Whether this machine can run the target.
    pub fn is_available(self) -> bool {
        match self {
            Target::Auto | Target::Portable => true,
            Target::Cuda => cuda::ready().is_ok(),
            #[cfg(target_arch = "x86_64")]
            Target::Avx2 | Target::Avx512 => cpu::is_available(self),
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The target itself, the one that the environment forces, or the fastest one; an error if it cannot run here.
    pub fn resolve(self) -> Result<Target> {
        let mut target = self;
        if target == Target::Auto
            && let Ok(name) = std::env::var("RKEOPS_TARGET")
            && !name.is_empty()
        {
            target = Target::from_name(&name).ok_or_else(|| {
                Error::new(
                    ErrorKind::Argument,
                    format!("RKEOPS_TARGET is `{name}`; expected auto, portable, avx2, avx512 or cuda"),
                )
            })?;
        }
        if target == Target::Auto {
            let fastest = [Target::Avx512, Target::Avx2].into_iter().find(|t| t.is_available());
            return Ok(fastest.unwrap_or(Target::Portable));
        }
        if target == Target::Cuda {
            cuda::ready()?;
        }
        if target.is_available() {
            return Ok(target);
        }
        Err(Error::new(
            ErrorKind::Unsupported,
            format!("the target {} cannot run on this processor; portable always can", target.name()),
        ))
    }
}

/// Takes values that may matter for some kept rows. Their components are planes of the space `Candidate`, rows and positions
/// are those of the tile; there may be some of lanes beyond the last row.
pub type Take<'a, T> = dyn FnMut(&mut Tile<T>, Range<usize>, &mut [Candidate]) + 'a;

/// The compiled stages of a pass.
///
/// A *tile* holds rows of both indices. By default a lane is a kept row and `update` walks along the reduced rows;
/// where there are few kept rows, `update_row` spreads the reduced rows of one kept row over lanes.
pub trait Code<T: Number>: Send + Sync {
    /// Runs a stage other than `Update` and `Values` on the first `lanes` lanes.
    fn map(&self, stage: Stage, tile: &mut Tile<T>, lanes: usize);

    /// Updates the block of each of the first `lanes` kept rows with the first `count` reduced rows.
    fn update(&self, tile: &mut Tile<T>, lanes: usize, count: usize);

    /// In how many lanes the kept rows of exchanged pairs go round: for each reduced row the space `Exchanged` has as many
    /// numbers, one row after the other, and an update adds to them. Only kept rows that fill vectors may be updated then.
    fn exchanged(&self) -> usize;

    /// How many lanes `update_row` uses.
    fn spread(&self) -> usize;

    /// Updates the block of one kept row with the first `count` reduced rows. Its state is the totality of the
    /// `spread` lanes from `lane` on, in the spaces `Block` and `Anchor`.
    fn update_row(&self, tile: &mut Tile<T>, row: usize, lane: usize, count: usize);

    /// Computes the planes of the space `Values` for one kept row and the first `count` reduced rows, along lanes.
    fn values(&self, tile: &mut Tile<T>, row: usize, count: usize);

    /// Computes the values of the first `lanes` kept rows, and of the reduced rows in these parts, one part after the other,
    /// and gives those that matter, as the planes of the space `Bound` say, to `take`: with the tile, where it may change the
    /// bounds of the kept rows that it is told of.
    fn candidates(&self, tile: &mut Tile<T>, lanes: usize, parts: &[Range<usize>], take: &mut Take<'_, T>);

    /// What was compiled, for a reader.
    fn explain(&self) -> String;

    /// The machine code, if there is any.
    fn machine_code(&self) -> &[u8] {
        &[]
    }
}

/// Compiles the stages of a pass, lowered for a target that can run here.
pub fn compile<T: Number>(stages: &Arc<Stages>, layout: &mut Layout, target: Target) -> Result<Box<dyn Code<T>>> {
    match target {
        #[cfg(target_arch = "x86_64")]
        Target::Avx2 | Target::Avx512 => cpu::compile::<T>(stages, layout, target),
        _ => Ok(Box::new(portable::Portable::new(stages))),
    }
}

/// What the machine offers, in words.
pub fn describe() -> String {
    #[cfg(target_arch = "x86_64")]
    return cpu::describe();
    #[cfg(not(target_arch = "x86_64"))]
    return format!(
        "processor: {}; machine code is made for x86-64 only, so the portable backend runs",
        std::env::consts::ARCH
    );
}
