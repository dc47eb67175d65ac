//! Many invitations at once: copies of the demo's household `RAHMA`, put straight into the store.
//!
//! The work is done by `lab/examples/crowd.rs`, so that nobody who runs the tests has to build
//! a second driver for it.

use std::path::Path;

use anyhow::Result;

use crate::command::{program, run};

/// How many join.
#[derive(Clone, Copy)]
pub(super) struct Crowd {
    pub(super) invitations: usize,
}

impl Crowd {
    /// Copies them into a store that holds the demo and that nobody has open.
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

/// The address of the store in a data folder.
pub(super) fn sqlite(data: &Path) -> String {
    format!("sqlite:{}", data.join("kenduri.db").display())
}

/// The code of one of them, counted from 1. Eight characters, none of which is folded.
pub(super) fn code(number: usize) -> String {
    format!("Z{number:07}")
}
