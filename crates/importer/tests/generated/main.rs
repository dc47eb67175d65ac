//! Files as people have them, changed at random. Whatever is imported passes Kenduri's own check,
//! every host has a route, no guard opens, and what is not understood is told.
//!
//! `KENDURI_TEST_ROUNDS` sets the number of files, and `KENDURI_TEST_SEED` the seed of the first.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod nginx;
mod pm2;

use std::path::{Path, PathBuf};

/// The number of files of each kind in a usual run.
const FILES: u64 = 400;

/// Random values from a seed (`SplitMix64`).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// The seeds of the files, as whoever runs the tests has asked for.
#[expect(
    clippy::disallowed_methods,
    reason = "asked by whoever runs the tests, not by the program"
)]
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| -> Option<u64> { std::env::var(name).ok()?.parse().ok() };
    let from = number("KENDURI_TEST_SEED").unwrap_or(0);
    from..from + number("KENDURI_TEST_ROUNDS").unwrap_or(FILES)
}

/// The texts of the reviewed files in a folder, which have one of these endings.
fn corpus(folder: &str, endings: &[&str]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| {
            let ending = file.extension().unwrap_or_default();
            endings.iter().any(|one| ending == *one)
        })
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect()
}

/// The comments of a text, each on one line.
fn comments(text: &str) -> String {
    text.replace("\n#  ", "")
        .lines()
        .filter(|line| line.starts_with('#'))
        .collect::<Vec<_>>()
        .join("\n")
}
