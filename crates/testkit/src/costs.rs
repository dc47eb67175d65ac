//! What an action costs, in numbers that do not depend on the machine: statements, written rows,
//! allocations.
//!
//! A test binary that counts allocations holds a single test, because it counts those of all
//! threads, and declares the allocator:
//!
//! ```ignore
//! #[global_allocator]
//! static ALLOCATOR: &Counting = &INSTRUMENTED_SYSTEM;
//! ```

use std::alloc::System;

use platform::Store;
pub use stats_alloc::INSTRUMENTED_SYSTEM;
use stats_alloc::{Region, StatsAlloc};

/// The system's allocator, which counts.
pub type Counting = StatsAlloc<System>;

/// The cost of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Statements of changes and reads.
    pub statements: u64,
    /// Rows inserted, updated or deleted.
    pub rows: u64,
    /// Bytes of the response's body.
    pub bytes: usize,
    /// Allocations and reallocations of all threads.
    pub allocations: u64,
}

impl Cost {
    /// Runs an action that returns the number of bytes of its response, and counts its cost.
    pub async fn of(store: &Store, action: impl AsyncFnOnce() -> usize) -> Self {
        let (before, region) = (store.counts(), Region::new(&INSTRUMENTED_SYSTEM));
        let bytes = action().await;
        let (after, memory) = (store.counts(), region.change());
        Self {
            statements: after.statements - before.statements,
            rows: after.rows - before.rows,
            bytes,
            allocations: (memory.allocations + memory.reallocations) as u64,
        }
    }

    /// The lower of each number: what else the process did meanwhile counts in one of the two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self {
            statements: self.statements.min(other.statements),
            rows: self.rows.min(other.rows),
            bytes: self.bytes.min(other.bytes),
            allocations: self.allocations.min(other.allocations),
        }
    }
}

/// In a line of a file of costs.
const ALLOCATIONS_COLUMN: usize = 3;

/// Compares costs with a file of this test, of which each line is a name and four numbers. None may
/// be higher, or a tenth lower. The error is what the file should say.
pub fn compare(kept: &str, costs: &[(&str, Cost)]) -> Result<(), String> {
    let mut wrong = Vec::new();
    let mut now = Vec::new();
    for (name, cost) in costs {
        let numbers = [
            cost.statements,
            cost.rows,
            cost.bytes as u64,
            cost.allocations,
        ];
        let line = kept
            .lines()
            .find(|line| line.starts_with(&format!("{name}:")));
        let most: Vec<u64> = line
            .and_then(|line| line.split_once(':'))
            .map(|(_, rest)| rest.split_whitespace())
            .into_iter()
            .flatten()
            .filter_map(|word| word.parse().ok())
            .collect();
        let fits = most.len() == numbers.len()
            && numbers
                .iter()
                .zip(&most)
                .enumerate()
                .all(|(place, (number, most))| {
                    // Threads of the store may finish something meanwhile.
                    let slack = if place == ALLOCATIONS_COLUMN {
                        most / 50
                    } else {
                        0
                    };
                    *number <= most + slack && number * 10 >= most * 9
                });
        if !fits {
            wrong.push(*name);
        }
        now.push(format!(
            "{name}: {}",
            numbers.map(|number| number.to_string()).join(" ")
        ));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the cost of {} changed; if the change is worth it, write down the numbers and say why in the commit:\n{}",
        wrong.join(", "),
        now.join("\n")
    ))
}
