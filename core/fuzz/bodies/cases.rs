//! The cases of a short run: bytes that the number of the case decides, the same on every machine.
//!
//! `RKEOPS_FUZZ_CASES` asks for more cases than the usual number. A failure prints its case, which
//! `RKEOPS_FUZZ_FIRST` and `RKEOPS_FUZZ_CASES=1` give alone.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

#[allow(dead_code)]
#[path = "../../tests/support/random.rs"]
mod random;

use random::{Random, number};

/// Runs each case, with its number and fewer than `longest` bytes. Says how many there were.
pub fn each(cases: u64, longest: usize, mut run: impl FnMut(u64, Vec<u8>)) -> u64 {
    let first = number("RKEOPS_FUZZ_FIRST").unwrap_or(0);
    let cases = number("RKEOPS_FUZZ_CASES").unwrap_or(cases);
    for case in first..first + cases {
        let mut random = Random::new(case);
        let bytes = (0..random.below(longest)).map(|_| (random.draw() >> 32) as u8).collect();
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| run(case, bytes))) {
            eprintln!("this was case {case}");
            resume_unwind(payload);
        }
    }
    cases
}
