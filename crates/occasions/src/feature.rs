//! A part of occasions that is a crate of its own, above this one. `occasions-all` lists all of
//! them.

use ::web::{Locale, Pages, Site};
use axum::Router;
use platform::jobs::Handler;
use utoipa::openapi::OpenApi;

use crate::web::access::HostAccess;

/// What a feature adds to the domain.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// The hosts' pages, with paths below `/admin/o/{slug}`.
    pub host_pages: fn() -> Pages<Site, HostAccess>,
    pub locales: &'static [Locale],
    /// The routes of the JSON API.
    pub api: fn() -> Router<Site>,
    /// The description of `api`; `None` in release builds.
    pub describe: Option<fn() -> OpenApi>,
    pub jobs: fn(&Site) -> Vec<Handler>,
    /// Jobs that delete expired data. They run even while occasions are off.
    pub deletions: fn(&Site) -> Vec<Handler>,
}
