//! A short run of the fuzz target `abi` of `core/fuzz`, the same on every machine.

#[path = "../../core/fuzz/bodies/abi.rs"]
mod abi;
#[path = "../../core/fuzz/bodies/arrays.rs"]
mod arrays;
#[path = "../../core/fuzz/bodies/bytes.rs"]
mod bytes;

/// Bytes of a case: SplitMix64 (Steele, Lea and Flood 2014).
fn bytes(case: u64) -> Vec<u8> {
    let mut state = case;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let length = next() % 1200;
    (0..length).map(|_| (next() >> 32) as u8).collect()
}

#[test]
fn any_calls_give_results_or_errors() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.trim().parse::<u64>().ok());
    let first = number("RKEOPS_FUZZ_FIRST").unwrap_or(0);
    for case in first..first + number("RKEOPS_FUZZ_CASES").unwrap_or(1500) {
        if let Err(payload) = std::panic::catch_unwind(|| abi::abi(&bytes(case))) {
            eprintln!("this was case {case}");
            std::panic::resume_unwind(payload);
        }
    }
}
