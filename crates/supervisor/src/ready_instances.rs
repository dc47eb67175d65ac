//! The instances that take requests, as published to the edge.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::state::RunId;

/// An instance's listening address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Address {
    Unix(PathBuf),
    /// A TCP port on 127.0.0.1.
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceAddress {
    pub instance: u32,
    /// The run of the instance's process, for [`crate::Control::drained`].
    pub run: RunId,
    /// The instance's listening address; `None` if it accepts no connections.
    pub address: Option<Address>,
    /// The uid that must own the listening socket. If `None`, the owner need not be checked,
    /// because no other user can listen at the address.
    pub owner: Option<u32>,
}

/// The instances of one service, as the edge sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceInstances {
    /// The instances that take requests. If there are none, the edge lets requests wait for a
    /// moment.
    pub ready: Vec<InstanceAddress>,
    /// Replaced instances that finish their requests before they are stopped.
    pub draining: Vec<InstanceAddress>,
    /// Whether all instances are abandoned. Requests then need not wait, because no instance will
    /// become ready.
    pub failed: bool,
    /// `Some` if at least one instance is abandoned.
    pub given_up: Option<GivenUp>,
}

/// When and why instances of a service were abandoned: they failed too often and are no longer
/// restarted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// When the first of the abandoned instances was abandoned.
    pub since: Timestamp,
    /// The reason of that instance's last failure.
    pub reason: String,
}

impl ServiceInstances {
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

/// The instances of all services, by service name. Each value is a complete snapshot, so a receiver
/// that misses updates still gets the current state.
pub type ReadyInstances = BTreeMap<Arc<str>, ServiceInstances>;
