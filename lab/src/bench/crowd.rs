//! Many invitations at once: copies of the demo's household `RAHMA`, written directly to the store.
//!
//! The separate program `lab/examples/crowd.rs` writes them, so that running the tests does not
//! require building a second database driver.

use std::path::Path;

use anyhow::Result;

use crate::command::{program, run};

#[derive(Clone, Copy)]
pub(super) struct Crowd {
    pub(super) invitations: usize,
}

impl Crowd {
    /// Adds the copies to a store that contains the demo and that no process has open.
    pub(super) fn join(self, store: &str) -> Result<()> {
        run(program("cargo")
            .args(["run", "--quiet", "--locked", "-p", "lab"])
            .args(super::profile())
            .args([
                "--example",
                "crowd",
                "--",
                store,
                &self.invitations.to_string(),
            ]))
    }
}

/// Returns the URL of the store in a data folder.
pub(super) fn sqlite(data: &Path) -> String {
    format!("sqlite:{}", data.join("kenduri.db").display())
}

/// Returns the code of an invitation; invitations are counted from 1. The code has eight
/// characters, and normalization does not change it.
pub(super) fn code(number: usize) -> String {
    format!("Z{number:07}")
}
