//! Many invitations at once: copies of the demo's household `RAHMA`, written directly to the store.
//!
//! This is done by `lab/examples/crowd.rs`, so that running the tests does not require building a
//! second database driver.

use std::path::Path;

use anyhow::Result;

use crate::command::{program, run};

/// The number of copies to make.
#[derive(Clone, Copy)]
pub(super) struct Crowd {
    pub(super) invitations: usize,
}

impl Crowd {
    /// Adds the copies to a store that contains the demo and that no process has open.
    pub(super) fn join(self, store: &str) -> Result<()> {
        run(program("cargo")
            .args(["run", "--quiet", "--release", "--locked", "-p", "lab"])
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

/// Returns the code of an invitation, counted from 1: eight characters that normalization does not
/// change.
pub(super) fn code(number: usize) -> String {
    format!("Z{number:07}")
}
