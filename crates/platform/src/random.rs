//! A source of randomness is either the kernel or a seeded stream, which tests can repeat.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    Kernel,
    Seeded(Arc<Mutex<ChaCha20Rng>>),
}

impl Random {
    /// The operating system's generator. Only tests and demo data use another one.
    pub fn system() -> Self {
        Self(Source::Kernel)
    }

    /// A generator whose bytes depend only on the seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(
            ChaCha20Rng::seed_from_u64(seed),
        ))))
    }

    /// Fills `bytes` with random bytes.
    ///
    /// # Panics
    ///
    /// Panics if the kernel provides no randomness, because guessable codes and tokens would be
    /// worse than a failed request.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::Kernel => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the one place that asks the operating system"
                )]
                let filled = getrandom::fill(bytes);
                assert!(filled.is_ok(), "the kernel gave no randomness");
            }
            Source::Seeded(stream) => stream
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill_bytes(bytes),
        }
    }

    /// 256 random bits, for a session or a single-use link.
    pub fn token(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.fill(&mut bytes);
        bytes
    }

    /// A uniformly distributed number from 0 to `bound` − 1; 0 if `bound` is 0.
    pub fn below(&self, bound: u32) -> u32 {
        if bound == 0 {
            return 0;
        }
        // Numbers of `unfair` or more would make small results more likely, so they are discarded.
        let unfair = u32::MAX - u32::MAX % bound;
        loop {
            let mut bytes = [0; 4];
            self.fill(&mut bytes);
            let number = u32::from_le_bytes(bytes);
            if number < unfair {
                return number % bound;
            }
        }
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Kernel => "Random(kernel)",
            Source::Seeded(_) => "Random(seeded)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_a_kernel_does_not() {
        assert_eq!(Random::seeded(7).token(), Random::seeded(7).token());
        assert_ne!(Random::system().token(), Random::system().token());
    }

    #[test]
    fn every_result_below_the_bound_comes_up() {
        let random = Random::seeded(1);
        let mut seen = [0_u32; 31];
        for _ in 0..31_000 {
            seen[random.below(31) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (800..1_200).contains(count)));
        assert_eq!(random.below(0), 0);
    }
}
