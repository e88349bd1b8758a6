//! Any pass on any arrays, on all targets.
#![no_main]

#[path = "../bodies/bytes.rs"]
mod bytes;
#[path = "../bodies/pipeline.rs"]
mod pipeline;
#[path = "../bodies/values.rs"]
mod values;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    pipeline::pipeline(data);
});
