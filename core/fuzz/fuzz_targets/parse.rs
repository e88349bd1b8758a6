//! Formula text of any kind.
#![no_main]

#[path = "../bodies/bytes.rs"]
mod bytes;
#[path = "../bodies/parse.rs"]
mod parse;

libfuzzer_sys::fuzz_target!(|data: &[u8]| parse::parse(data));
