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
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use own_service::{ALL_SERVICES, OWN_SERVICE, OwnService};
pub(crate) use settings::USUAL_WEIGHT;
pub use settings::{
    Environment, HealthSettings, Listening, LogSettings, Placeholders, ServiceSettings, User,
};

use units::Problem;

use crate::service_config::ServiceConfigs;

/// The inputs for checking a plan, in addition to the settings.
#[derive(Debug, Clone)]
pub struct PlanContext<'a> {
    /// The settings file's folder. Relative paths in the settings are relative to it.
    pub folder: &'a Path,
    /// The folder in which the supervisor keeps sockets and records; see
    /// [`crate::SupervisorOptions`].
    pub run: &'a Path,
    /// The inner listener of each service, by the service's name.
    pub inner: &'a BTreeMap<String, InnerListener>,
    /// This process's values of `PATH`, `HOME`, `LANG` and `TZ`, which services inherit. Unset
    /// variables are missing.
    pub environment: &'a BTreeMap<String, String>,
    /// The user that runs services without a `user` setting; `None` for the supervisor's user.
    pub user: Option<User>,
    pub depth: CheckDepth,
}

/// How thoroughly a configuration is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckDepth {
    /// Checks the values, and whether everything needed for a start exists: folders, programs,
    /// users and secrets.
    Whole,
    /// Checks only the values. The worker process checks its settings in this way, because it
    /// starts no service and may lack the permission to read the files. The plan then contains
    /// neither users nor the contents of an `env_file`.
    Words,
}

/// The listener through which other services reach a service's ready instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InnerListener {
    /// The socket's path, which replaces `{service.NAME.socket}` in settings.
    pub socket: PathBuf,
    /// The URL that replaces `{service.NAME.url}` in settings.
    pub url: String,
}

#[derive(Debug, Clone, Default)]
pub struct Plan {
    services: BTreeMap<String, Arc<ServiceSettings>>,
}

impl Plan {
    /// Checks all settings and reports every error. With [`CheckDepth::Whole`], missing files are
    /// errors too.
    pub fn check(
        description: &ServiceConfigs,
        ground: &PlanContext<'_>,
    ) -> Result<Self, Vec<Problem>> {
        check::plan(description, ground).map(|services| Self { services })
    }

    /// Adds the program's own service, or replaces it if the plan already contains one.
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
