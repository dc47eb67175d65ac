//! The operator's pages, for owners of the installation. They show the running services and how
//! requests are routed.
//!
//! A page shows what the supervisor process and the edge report at that moment; nothing is stored.
//! An action is sent to the supervisor process over the worker's channel, and recorded in the audit
//! log. Visitors who are not owners get "not found". When a failed service is no longer restarted,
//! owners also get a [mail](alarm).

mod actions;
mod alarm;
mod backup;
mod context;
mod mail;
mod overview;
mod rows;
mod service;
mod service_action;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ::backup::Agent;
use axum::{Extension, Router};
use site::Callers::{self, People};
use web::{Pages, Site};

use crate::updates::Source;

pub(crate) use alarm::Alarm;
pub(crate) use mail::{MailFacts, daily as look_daily};
pub(crate) use status::{EdgeStatus, ServerStatus, StatusRequest};

/// Returns the routes of the operator's pages. `updates` are the sources of newer versions.
pub(crate) fn routes(
    server: ServerStatus,
    updates: Arc<[Source]>,
    mail: Arc<MailFacts>,
    backup: Option<Arc<Agent>>,
) -> Router<Site> {
    // Every signed-in person passes this access rule. `AdminContext` then refuses everybody but
    // owners.
    Pages::<_, Callers>::default()
        .get("/admin/server", People, overview::show)
        .get("/admin/server/services/{name}", People, service::show)
        .post("/admin/server/services/{name}", People, actions::perform)
        .get("/admin/server/mail", People, mail::show)
        .post("/admin/server/mail", People, mail::make_key)
        .into_router()
        .layer(Extension(mail))
        .layer(Extension(server))
        .layer(Extension(updates))
        .layer(Extension(backup))
}
