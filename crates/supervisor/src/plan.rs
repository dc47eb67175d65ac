//! The plan: validated [`ServiceConfigs`].
//!
//! A plan exists only if every value is valid; otherwise, every error is reported with its key. A
//! plan is immutable, so a changed configuration makes a new plan.

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
pub(crate) use settings::USUAL_WEIGHT;
pub use settings::{
    Environment, HealthSettings, Listening, LogSettings, Placeholders, ServiceSettings, User,
};

use crate::service_config::ServiceConfigs;

/// The context in which a plan is checked.
#[derive(Debug, Clone)]
pub struct PlanContext<'a> {
    /// The folder of the settings file. Relative paths are relative to this folder.
    pub folder: &'a Path,
    /// The folder in which the supervisor keeps sockets and records; see
    /// [`crate::SupervisorOptions`].
    pub run: &'a Path,
    /// The inner listener of each service, by name.
    pub inner: &'a BTreeMap<String, InnerListener>,
    /// The values of this process's environment variables `PATH`, `HOME`, `LANG` and `TZ`, which
    /// services inherit. Unset variables are missing.
    pub environment: &'a BTreeMap<String, String>,
    /// The user for services that do not specify a user. `None` stands for the user of the
    /// supervisor.
    pub user: Option<User>,
    pub depth: CheckDepth,
}

/// How thoroughly a configuration is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckDepth {
    /// Checks the values, and that everything needed for a start exists: folders, programs, users
    /// and secrets.
    Whole,
    /// Checks only the values. The worker process uses this depth, because it starts no service and
    /// may not be permitted to read the files. The plan then contains neither users nor the
    /// contents of an `env_file`.
    Words,
}

/// A service's inner listener, through which other services reach its ready instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InnerListener {
    /// The socket's path, which replaces `{service.NAME.socket}` in settings.
    pub socket: PathBuf,
    /// The URL that replaces `{service.NAME.url}` in settings.
    pub url: String,
}

/// An error in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The key as in the settings file, for example `service.flask.env_file`.
    pub key: String,
    pub what: String,
    /// A hint on how to fix the error.
    pub mend: String,
}

impl Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}\n  {}", self.key, self.what, self.mend)
    }
}

#[derive(Debug, Clone, Default)]
pub struct Plan {
    services: BTreeMap<String, Arc<ServiceSettings>>,
}

impl Plan {
    /// Checks all settings and reports every error. Also reports each missing file that the
    /// settings name, unless only the values are checked.
    pub fn check(
        description: &ServiceConfigs,
        ground: &PlanContext<'_>,
    ) -> Result<Self, Vec<ConfigError>> {
        check::plan(description, ground).map(|services| Self { services })
    }

    /// Adds the program's own service, which replaces an earlier definition.
    #[must_use]
    pub fn with(mut self, own: OwnService) -> Self {
        self.services
            .insert(OWN_SERVICE.to_owned(), Arc::new(own.settings()));
        self
    }

    pub fn services(&self) -> &BTreeMap<String, Arc<ServiceSettings>> {
        &self.services
    }
}

#[cfg(test)]
mod tests;
