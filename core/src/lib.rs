//! The core of rkeops: reductions of formulas `F(p, x_i, y_j)` over one index, without the matrix.
//!
//! The modules are the pipeline, in order; data flows one way.
//!
//! | module | from | to |
//! |---|---|---|
//! | [`mod@syntax`] | text | formula |
//! | [`ops`] | - | the definition of each operation |
//! | [`formula`] | operations | a graph in which equal subexpressions are one node |
//! | [`mod@derive`] | formula | its derivatives, formulas again |
//! | [`reduction`] | - | the definition of each reduction |
//! | [`plan`] | reductions | what is known when, and what leaves the reduction |
//! | [`lower`] | plan | lane programs, a stage each |
//! | `backend` | lane programs | something that runs |
//! | [`engine`] | kernel and arrays | results |
//! | [`solve`] | a sum and a right-hand side | the solution of a linear system |
//!
//! ```
//! use rkeops_core::{ArrayMut, ArrayRef, CompileOptions, Kernel, Reduction, RunOptions};
//! let text = "Sum_Reduction(Exp(-SqDist(x,y))*b,0)";
//! let reduction = Reduction::parse(text, &["x = Vi(0,1)", "y = Vj(1,1)", "b = Vj(2,1)"])?;
//! let kernel = Kernel::compile(&[reduction], &CompileOptions::default())?;
//! let (x, y, b) = ([0.0f32, 1.0], [0.0f32, 1.0, 2.0], [1.0f32, 1.0, 1.0]);
//! let mut a = [0.0f32; 2];
//! kernel.run(
//!     &[ArrayRef::f32(&x, &[2, 1]), ArrayRef::f32(&y, &[3, 1]), ArrayRef::f32(&b, &[3, 1])],
//!     &mut [ArrayMut::f32(&mut a, &[2, 1])],
//!     &RunOptions::default(),
//! )?;
//! assert!((a[0] - 1.386195).abs() < 1e-6);
//! # Ok::<(), rkeops_core::Error>(())
//! ```

#![deny(unsafe_code)]

mod array;
mod backend;
pub mod derive;
mod dtype;
pub mod engine;
mod error;
pub mod formula;
pub mod lower;
pub mod ops;
pub mod plan;
pub mod reduction;
pub mod solve;
pub mod syntax;

pub use array::{ArrayMut, ArrayRef, Bool, Data, DataMut, Element, Region, ResultElement, extent, row_major};
pub use backend::Target;
#[doc(hidden)]
pub use backend::cuda;
pub use dtype::{Dtype, NumberKind};
pub use engine::{
    CompileOptions, DeviceArray, DeviceOptions, Devices, Half, Input, Kernel, Output, Ranges, RunOptions, doctor,
    num_threads, set_num_threads,
};
pub use error::{Error, ErrorKind, Result};
pub use formula::{Category, Field, Formula};
pub use half::{bf16, f16};
pub use reduction::{Axis, Extra, Reduction, Summation};
pub use solve::{Solution, SolveOptions, Solver};

/// The version of the library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
