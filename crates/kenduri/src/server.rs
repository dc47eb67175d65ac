//! The operator's page: what Kenduri keeps running and where requests go, for
//! whoever owns the installation.
//!
//! A page is drawn from what the supervisor process and the front door answer at that moment;
//! nothing is kept here. An order is sent on to the supervisor process over the worker's
//! channel, and stands in the audit log. To everybody else there is no such page.
//! Owners who do not look are told by [mail](alarm) when a service is given up.

mod act;
mod alarm;
mod desk;
mod house;
mod overview;
mod rows;
mod service;
#[cfg(test)]
mod tests;

use axum::routing::get;
use axum::{Extension, Router};
use web::{Locale, Site};

pub(crate) use alarm::Alarm;
pub(crate) use house::{Door, House, Look};

/// The messages of this crate.
pub(crate) const LOCALES: &[Locale] = &[
    ("en", include_str!("../locales/en.ftl")),
    ("ms", include_str!("../locales/ms.ftl")),
];

/// Every address of the operator's page.
pub(crate) fn routes(house: House) -> Router<Site> {
    Router::new()
        .route("/admin/server", get(overview::show))
        .route(
            "/admin/server/services/{name}",
            get(service::show).post(act::order),
        )
        .layer(Extension(house))
}
