//! Random values for tests of generated input.

use std::ops::Range;

/// Random values from a seed (`SplitMix64`).
pub struct Draw(u64);

impl Draw {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from 0 to below `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    /// True once in `one_of` times.
    pub fn is(&mut self, one_of: usize) -> bool {
        self.below(one_of) == 0
    }

    pub fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// The seeds of a test: `usual` of them, or as many as `KENDURI_TEST_ROUNDS` says, from the one that
/// `KENDURI_TEST_SEED` names.
#[expect(
    clippy::disallowed_methods,
    reason = "asked by whoever runs the tests, not by the program"
)]
pub fn seeds(usual: u64) -> Range<u64> {
    let number = |name: &str| -> Option<u64> { std::env::var(name).ok()?.parse().ok() };
    let from = number("KENDURI_TEST_SEED").unwrap_or(0);
    from..from + number("KENDURI_TEST_ROUNDS").unwrap_or(usual)
}
