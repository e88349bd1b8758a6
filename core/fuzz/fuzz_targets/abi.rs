//! Any calls of the C functions.
#![no_main]

#[path = "../bodies/abi.rs"]
mod abi;
#[path = "../bodies/arrays.rs"]
mod arrays;
#[path = "../bodies/bytes.rs"]
mod bytes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    abi::abi(data);
});
