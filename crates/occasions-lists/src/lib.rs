//! Guest lists in and out: lists of households that hosts import from files, and lists that they
//! export as files.
//!
//! [`record`] is a household as a document or as the row of a table, [`import`] reads it and
//! [`export`] writes it. What stays of a list is deleted by `occasions::stored_lists`.

pub mod export;
pub mod household_document;
pub mod import;
mod row_reference;
mod web;

use occasions::feature::Feature;
use site::domain;

use ::web::described::Description;

pub const FEATURE: Feature = Feature {
    host_pages: web::host_pages,
    locales: &[
        ("en", include_str!("../locales/en.ftl")),
        ("ms", include_str!("../locales/ms.ftl")),
    ],
    api: web::api::routes,
    describe: domain::debug_only(|| web::api::routes::<Description<_>>().into_openapi()),
    jobs: |site| {
        vec![
            export::handler(site.platform.clone(), site.catalogue.clone()),
            import::handler(site.store.clone(), site.catalogue.clone()),
        ]
    },
    deletions: |site| {
        vec![
            export::sweep_job(site.platform.clone()),
            import::sweep_job(site.platform.clone()),
        ]
    },
};
