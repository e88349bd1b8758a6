//! What the fuzz targets and the short runs on stable do with a run of bytes.

pub mod bytes;
pub mod cases;
pub mod parse;
pub mod pipeline;
pub mod values;
