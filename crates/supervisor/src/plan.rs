//! The plan: a [`Description`], checked whole.
//!
//! Either every value is right and there is a plan, or every mistake is told
//! with the key that holds it. A plan never changes; a new one takes its place.

mod check;
pub mod masked;
mod order;
mod own;
mod settings;
mod values;
mod written;

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use own::{ALL, OWN, Own};
pub use settings::{
    Environment, HealthSettings, Listening, LogSettings, Placeholders, Settings, User,
};

use crate::description::Description;

/// What a plan is checked against.
#[derive(Debug, Clone)]
pub struct Ground<'a> {
    /// What relative paths are relative to: the folder of the description.
    pub folder: &'a Path,
    /// Where the supervisor keeps sockets and records; see [`crate::Means`].
    pub run: &'a Path,
    /// Where each service finds the others.
    pub inner: &'a BTreeMap<String, Inner>,
    /// `PATH`, `HOME`, `LANG` and `TZ` as services get them, so far as they are set.
    pub environment: &'a BTreeMap<String, String>,
    /// Who runs services that name nobody; none: whoever runs the supervisor.
    pub user: Option<User>,
    /// How far it is looked.
    pub depth: Depth,
}

/// How far a description is looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything that a start needs must be there: folders, programs, users, secrets.
    Whole,
    /// What is written, and nothing else: for whoever starts nothing, and may have no right to
    /// look. The plan has neither users nor what is in an `env_file`.
    Words,
}

/// The inner listener of a service: whoever holds it leads to all ready instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inner {
    /// What `{service.NAME.socket}` stands for.
    pub socket: PathBuf,
    /// What `{service.NAME.url}` stands for.
    pub url: String,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// As it is written: `service.flask.env_file`.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

impl Display for Flaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}\n  {}", self.key, self.what, self.mend)
    }
}

/// Everything the supervisor needs to know of its services.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    services: BTreeMap<String, Arc<Settings>>,
}

impl Plan {
    /// Checks everything that was written, and tells everything that is wrong.
    /// Files that are named must be there.
    pub fn check(description: &Description, ground: &Ground<'_>) -> Result<Self, Vec<Flaw>> {
        check::plan(description, ground).map(|services| Self { services })
    }

    /// The same plan with the service that is a part of the program; it takes the place of one
    /// that was there.
    #[must_use]
    pub fn with(mut self, own: Own) -> Self {
        self.services
            .insert(OWN.to_owned(), Arc::new(own.settings()));
        self
    }

    /// The services by name.
    pub fn services(&self) -> &BTreeMap<String, Arc<Settings>> {
        &self.services
    }
}

#[cfg(test)]
mod tests;
