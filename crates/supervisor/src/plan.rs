//! The plan: a [`ServiceConfigs`], checked whole.
//!
//! Either every value is right and there is a plan, or every mistake is reported
//! with its key. A plan never changes; a new one takes its place.

mod check;
mod dependency_cycle;
pub mod masking;
mod own_service;
mod settings;
mod settings_summary;
mod value_parsers;

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use own_service::{ALL_SERVICES, OWN_SERVICE, OwnService};
pub use settings::{
    Environment, HealthSettings, Listening, LogSettings, Placeholders, ServiceSettings, User,
};

use crate::service_config::ServiceConfigs;

/// What a plan is checked against.
#[derive(Debug, Clone)]
pub struct PlanContext<'a> {
    /// What relative paths are relative to: the folder of the description.
    pub folder: &'a Path,
    /// Where the supervisor keeps sockets and records; see [`crate::SupervisorOptions`].
    pub run: &'a Path,
    /// Where each service finds the others.
    pub inner: &'a BTreeMap<String, InnerListener>,
    /// `PATH`, `HOME`, `LANG` and `TZ` as services get them, so far as they are set.
    pub environment: &'a BTreeMap<String, String>,
    /// The user of services that name none; none: the user of the supervisor.
    pub user: Option<User>,
    /// How far it is looked.
    pub depth: CheckDepth,
}

/// How far a description is looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckDepth {
    /// Everything that a start needs must be there: folders, programs, users, secrets.
    Whole,
    /// The text alone: for the worker, which starts nothing and may have no right to look. The plan has neither users nor what is in an `env_file`.
    Words,
}

/// The inner listener of a service, by which other services reach its ready instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InnerListener {
    /// The value of `{service.NAME.socket}`.
    pub socket: PathBuf,
    /// The value of `{service.NAME.url}`.
    pub url: String,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// As it is written: `service.flask.env_file`.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

impl Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}\n  {}", self.key, self.what, self.mend)
    }
}

/// Everything the supervisor needs to know of its services.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    services: BTreeMap<String, Arc<ServiceSettings>>,
}

impl Plan {
    /// Checks all settings, and reports everything that is wrong.
    /// Files that are named must be there.
    pub fn check(
        description: &ServiceConfigs,
        ground: &PlanContext<'_>,
    ) -> Result<Self, Vec<ConfigError>> {
        check::plan(description, ground).map(|services| Self { services })
    }

    /// The same plan with the service that is a part of the program; it takes the place of one
    /// that was there.
    #[must_use]
    pub fn with(mut self, own: OwnService) -> Self {
        self.services
            .insert(OWN_SERVICE.to_owned(), Arc::new(own.settings()));
        self
    }

    /// The services by name.
    pub fn services(&self) -> &BTreeMap<String, Arc<ServiceSettings>> {
        &self.services
    }
}

#[cfg(test)]
mod tests;
