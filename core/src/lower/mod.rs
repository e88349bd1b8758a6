//! From a plan to lane programs: one for what is known per call, per kept row, per reduced row and per pair, and those
//! that merge and finish. It knows neither machines nor memory.

mod builder;
mod condition;
mod constants;
mod exponential;
mod fuse;
mod masked;
mod math;
mod order;
mod orient;
mod program;
mod results;
mod special;
mod stages;
mod whole;

pub use condition::Condition;
pub use program::{Instruction, Machine, Op, Plane, Program, Space, Table};
pub use results::{Origin, OutputArray, RowPart};
pub use stages::{Source, Stage, Stages, lower};
pub use whole::{INTEGERS_IN_SINGLE, ROWS_IN_SINGLE};
