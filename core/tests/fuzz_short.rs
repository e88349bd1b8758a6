//! A short run of the fuzz targets of `core/fuzz`, the same on every machine; the long runs are for nightly toolchains.
//!
//! `RKEOPS_FUZZ_CASES` asks for more cases than the usual number. A failure prints its case, which
//! `RKEOPS_FUZZ_FIRST` and `RKEOPS_FUZZ_CASES=1` give alone.

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;

use bodies::{parse, pipeline};

/// Bytes of a case: SplitMix64 (Steele, Lea and Flood 2014).
fn bytes(case: u64, longest: u64) -> Vec<u8> {
    let mut state = case;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let length = next() % longest;
    (0..length).map(|_| (next() >> 32) as u8).collect()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.trim().parse().ok()
}

fn each(cases: u64, mut run: impl FnMut(u64)) {
    let first = number("RKEOPS_FUZZ_FIRST").unwrap_or(0);
    for case in first..first + number("RKEOPS_FUZZ_CASES").unwrap_or(cases) {
        if let Err(payload) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(case))) {
            eprintln!("this was case {case}");
            std::panic::resume_unwind(payload);
        }
    }
}

#[test]
fn any_text_is_a_formula_or_an_error() {
    each(6000, |case| {
        let mut data = bytes(case, 160);
        if let Some(first) = data.first_mut() {
            // Formulas that are mostly well formed; noise finds less, so it is tried less often.
            *first |= if case % 8 > 0 { 128 } else { 0 };
        }
        parse::parse(&data);
    });
}

#[test]
fn all_targets_agree_on_any_pass() {
    let mut compared = 0;
    each(1500, |case| compared += pipeline::pipeline(&bytes(case, 240)));
    assert!(compared > 0 || number("RKEOPS_FUZZ_CASES").is_some(), "nothing was compared");
}
