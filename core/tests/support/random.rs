//! A small generator of pseudo-random numbers (SplitMix64; Steele, Lea and Flood 2014).

use std::cell::Cell;

/// A stream of numbers that its seed decides.
#[derive(Clone, Debug)]
pub struct Random(u64);

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(mix(seed ^ 0x5851_f42d_4c95_7f2d))
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// An integer below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.draw() % n.max(1) as u64) as usize
    }

    /// A number from `low` to `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.draw() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.between(0.0, 1.0) < probability
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// A number that the environment gives.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.trim().parse().ok()
}

thread_local! {
    static SHARE: Cell<u64> = const { Cell::new(1) };
}

/// Runs a test with one of so many random cases; with all of them on a GPU.
pub fn share(of: u64, test: impl FnOnce()) {
    SHARE.set(if std::env::var_os("RKEOPS_TEST_GPU").is_some() { 1 } else { of });
    test();
}

/// Some of a list where a test runs a share of its cases, the last among them; all of it otherwise.
pub fn some<T: Copy>(all: &[T]) -> Vec<T> {
    let step = if SHARE.get() > 1 { 3 } else { 1 };
    let picked = |k: &usize| k.is_multiple_of(step) || k + 1 == all.len();
    (0..all.len()).filter(picked).map(|k| all[k]).collect()
}

/// The seeds of a test: `cases` of them where the environment says nothing else.
pub fn seeds(first: u64, cases: u64) -> impl Iterator<Item = u64> {
    let first = number("RKEOPS_TEST_SEED").unwrap_or(first);
    let cases = number("RKEOPS_TEST_CASES").unwrap_or(cases.div_ceil(SHARE.get()));
    (0..cases).map(move |k| first.wrapping_add(k))
}
