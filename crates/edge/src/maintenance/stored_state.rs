//! What is remembered of maintenance mode, on disk and in what machines share.

use std::collections::{BTreeSet, VecDeque};
use std::io;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::ChangeError;

/// If there are more, the oldest become invalid.
pub(super) const MAX_PASSES: usize = 64;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredState {
    /// The hosts under maintenance; empty for all hosts.
    pub(super) hosts: BTreeSet<String>,
    /// The SHA-256 of each pass, in hexadecimal, newest last. A slow digest is unnecessary, because
    /// a pass is long and random.
    pub(super) passes: VecDeque<String>,
    /// The revision of what all machines share from which this state comes; `None` if this machine
    /// has not told the others, or has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shared: Option<i64>,
}

impl StoredState {
    /// Reads what machines share. Empty text means that maintenance is over.
    pub(super) fn read(text: Option<&str>) -> Result<Option<Self>, ChangeError> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let read = serde_json::from_str(text).map_err(io::Error::from);
        read.map(Some).map_err(ChangeError::Unchanged)
    }

    pub(super) fn write(&self) -> Result<String, ChangeError> {
        let text = serde_json::to_string(self).map_err(io::Error::from);
        text.map_err(ChangeError::Unchanged)
    }

    pub(super) fn close(before: Option<&Self>, host: Option<&str>, pass: &str) -> Self {
        let mut state = before.cloned().unwrap_or_default();
        match host {
            // All hosts are already under maintenance.
            Some(_) if before.is_some_and(|state| state.hosts.is_empty()) => {}
            Some(host) => {
                state.hosts.insert(host.to_ascii_lowercase());
            }
            None => state.hosts.clear(),
        }
        state.passes.push_back(digest(pass.as_bytes()));
        state.forget_old_passes();
        state
    }

    /// `None` if no host is left.
    pub(super) fn open(before: Option<&Self>, host: &str) -> Result<Option<Self>, ChangeError> {
        let host = host.to_ascii_lowercase();
        let not_closed = || ChangeError::NotClosed(host.clone());
        let mut state = before.cloned().ok_or_else(not_closed)?;
        if state.hosts.is_empty() {
            return Err(ChangeError::AllClosed);
        }
        if !state.hosts.remove(&host) {
            return Err(not_closed());
        }
        Ok((!state.hosts.is_empty()).then_some(state))
    }

    /// Adds what this machine alone was told.
    pub(super) fn add(&mut self, own: &Self) {
        if own.hosts.is_empty() {
            self.hosts.clear();
        } else if !self.hosts.is_empty() {
            self.hosts.extend(own.hosts.iter().cloned());
        }
        self.passes.extend(own.passes.iter().cloned());
        self.forget_old_passes();
    }

    fn forget_old_passes(&mut self) {
        while self.passes.len() > MAX_PASSES {
            self.passes.pop_front();
        }
    }
}

pub(super) fn digest(pass: &[u8]) -> String {
    hexadecimal(&Sha256::digest(pass))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_opened_is_told_with_its_own_remedy() {
        let refused = |before: Option<&StoredState>| {
            let error = StoredState::open(before, "a.example").unwrap_err();
            error.to_string()
        };
        assert!(refused(None).contains("\n  if it answers 503 all the same"));
        let all = StoredState::close(None, None, "pass");
        assert!(refused(Some(&all)).contains("\n  end it for all: kenduri maintenance off"));
        let other = StoredState::close(None, Some("b.example"), "pass");
        assert!(refused(Some(&other)).starts_with("a.example is not in maintenance mode"));
    }
}
