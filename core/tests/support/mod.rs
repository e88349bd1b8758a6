//! What the test crates share: an oracle that knows nothing of the library, seeded formulas and data, and a runner.
//!
//! `RKEOPS_TEST_SEED` chooses the first case and `RKEOPS_TEST_CASES` how many there are. A failure prints the seed of
//! its case, which as `RKEOPS_TEST_SEED` with `RKEOPS_TEST_CASES=1` gives that case alone.
#![allow(dead_code)]

pub mod approximate;
pub mod case;
pub mod check;
pub mod complex;
pub mod cuda_on_cpu;
pub mod differentiated;
pub mod dual;
pub mod expression;
pub mod functions;
pub mod generate;
pub mod generate_complex;
pub mod layout;
pub mod meaning;
pub mod oracle;
pub mod problem;
pub mod random;
pub mod reducing;
pub mod samples;
pub mod scalar;
pub mod shrink;
pub mod tensor;

use rkeops_core::Target;

/// Sizes around the widths of vectors and tiles.
pub const BOUNDARIES: [usize; 21] =
    [0, 1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300, 1023, 1025];

/// The targets that this machine can run, the reference first.
pub fn targets() -> Vec<Target> {
    [Target::Portable, Target::Avx2, Target::Avx512].into_iter().filter(|t| t.is_available()).collect()
}

/// A share of the random cases where each compiles with the compiler of a whole language.
pub const SHARE_ON_DEVICES: u64 = 16;

/// Makes a test of each of these functions for each target of processors, or of devices.
#[macro_export]
macro_rules! suite {
    (devices: $($name:ident),* $(,)?) => {
        mod cuda {
            $(
                #[test]
                fn $name() {
                    $crate::support::cuda_on_cpu::start();
                    $crate::support::random::share($crate::support::SHARE_ON_DEVICES, || {
                        super::$name(rkeops_core::Target::Cuda);
                    });
                }
            )*
        }
    };
    ($($name:ident),* $(,)?) => {
        $crate::suite!(portable Portable $($name)*);
        $crate::suite!(avx2 Avx2 $($name)*);
        $crate::suite!(avx512 Avx512 $($name)*);
    };
    ($module:ident $target:ident $($name:ident)*) => {
        mod $module {
            $(
                #[test]
                fn $name() {
                    let target = rkeops_core::Target::$target;
                    if target.is_available() {
                        super::$name(target);
                    } else {
                        eprintln!("{} cannot run here", target.name());
                    }
                }
            )*
        }
    };
}
