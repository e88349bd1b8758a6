//! From a plan to lane programs: one for what is known per call, per kept row, per reduced row and per pair, and those
//! that merge and finish. It knows neither machines nor memory.

mod builder;
mod columns;
mod components;
mod condition;
mod constants;
mod contractions;
mod exponential;
mod extract;
mod fuse;
mod groups;
mod lowering;
mod masked;
mod math;
mod order;
mod orient;
mod program;
mod repeat;
mod results;
mod special;
mod stages;
mod whole;

pub use crate::reduction::Candidate;
pub use condition::Condition;
pub use groups::MOST_FAMILIES;
pub use lowering::lower;
pub use program::{FamilyNumber, Instruction, Machine, Op, Plane, Program, Space, Table};
pub use repeat::Repeat;
pub use results::{Origin, OutputArray, RowPart};
pub use stages::{Part, Source, Stage, Stages};
pub use whole::{INTEGERS_IN_SINGLE, ROWS_IN_SINGLE};
