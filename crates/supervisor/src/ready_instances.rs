//! Which instances take requests, for the edge.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::state::RunId;

/// Where an instance listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Address {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A port of 127.0.0.1.
    Tcp(u16),
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
            Self::Tcp(port) => write!(out, "http://127.0.0.1:{port}"),
        }
    }
}

/// An instance that takes requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceAddress {
    /// The number of the instance.
    pub instance: u32,
    /// Its process, to be named to [`crate::Control::drained`].
    pub run: RunId,
    /// Where it listens; none: it takes no connections.
    pub address: Option<Address>,
    /// Whose (uid) socket it must be there; none: it cannot be another user's.
    pub owner: Option<u32>,
}

/// One service, as the edge sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceInstances {
    /// Instances that take requests; none: requests may wait a moment.
    pub ready: Vec<InstanceAddress>,
    /// Replaced instances that finish their requests and are then stopped.
    pub draining: Vec<InstanceAddress>,
    /// It was given up: there is no use in waiting.
    pub failed: bool,
    /// An instance of it was, if not all.
    pub given_up: Option<GivenUp>,
}

/// Instances that failed so often that they are not started again, from the first one on until
/// there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// Since when.
    pub since: Timestamp,
    /// What went wrong with the first.
    pub reason: String,
}

impl ServiceInstances {
    /// Where requests may go, each address once.
    pub fn addresses(&self) -> Vec<Address> {
        let mut addresses: Vec<Address> = self
            .ready
            .iter()
            .filter_map(|member| member.address.clone())
            .collect();
        addresses.dedup();
        addresses
    }
}

/// All services. Each value is whole, so a slow reader misses nothing that still counts.
pub type ReadyInstances = BTreeMap<Arc<str>, ServiceInstances>;
