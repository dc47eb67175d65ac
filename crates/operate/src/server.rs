//! The operator's pages, for owners of the installation. They show the running services and how
//! requests are routed.
//!
//! A page shows the current reports of the supervisor process and the edge, which are not stored.
//! An action is sent to the supervisor process over the worker's channel, and recorded in the audit
//! log. Visitors who are not owners get "not found".

mod actions;
mod alerts;
mod backup;
mod context;
mod instance_table;
mod machine;
mod machines;
mod mail;
mod overview;
mod readiness;
mod service;
mod service_action;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ::backup::Agent;
use axum::{Extension, Router};
use configuration::alert_settings::Limits;
use configuration::update_source::Source;
use jiff::SignedDuration;
use platform::machines::Membership;
use site::Callers::{self, People};
use site::Domains;
use web::{Pages, Site};

use crate::machine::Machine;
use crate::server_status::ServerStatus;

pub use mail::{MailFacts, daily as look_daily};

/// The sources of the data on the operator's pages.
#[derive(Clone)]
pub struct AdminParts {
    pub server: ServerStatus,
    /// The configured sources of newer versions and security advisories.
    pub updates: Arc<[Source]>,
    pub mail: Arc<MailFacts>,
    pub backup: Option<Arc<Agent>>,
    pub machine: Machine,
    /// This process in the list of machines.
    pub membership: Membership,
    pub domains: Domains,
    /// The thresholds of alerts.
    pub limits: Limits,
    /// The time between two snapshots of the backup.
    pub backup_every: SignedDuration,
}

pub fn routes(parts: AdminParts) -> Router<Site> {
    // This access rule admits every signed-in person. `AdminContext` then refuses everybody except
    // owners.
    Pages::<_, Callers>::default()
        .get("/admin/server", People, overview::show)
        .get("/admin/server/services/{name}", People, service::show)
        .post("/admin/server/services/{name}", People, actions::perform)
        .get("/admin/server/machines", People, machines::show)
        .get("/admin/server/mail", People, mail::show)
        .post("/admin/server/mail", People, mail::make_key)
        .into_router()
        .layer(Extension(Arc::clone(&parts.mail)))
        .layer(Extension(Arc::new(parts)))
}
