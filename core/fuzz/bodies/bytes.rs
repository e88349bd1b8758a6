//! Choices read from the bytes of a fuzzer: any bytes are some case, and small changes make similar cases.

/// What is left of the bytes. Beyond their end all choices are the first ones.
#[derive(Clone, Debug)]
pub struct Bytes<'a> {
    left: &'a [u8],
}

#[allow(dead_code)]
impl<'a> Bytes<'a> {
    /// Choices from these bytes.
    pub fn new(left: &'a [u8]) -> Self {
        Bytes { left }
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.left.split_first() else { return 0 };
        self.left = rest;
        first
    }

    /// A number below `n`, which is at most 256.
    pub fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n.max(1)
    }

    /// True once in `n` times, and not beyond the end.
    pub fn chance(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    /// Eight bytes.
    pub fn word(&mut self) -> u64 {
        (0..8).fold(0, |word, _| word << 8 | u64::from(self.byte()))
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Up to `n` bytes as they are.
    pub fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.left.split_at(n.min(self.left.len()));
        self.left = rest;
        taken
    }
}
