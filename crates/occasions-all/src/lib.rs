//! All of occasions: the crate `occasions`, and the features that are crates of their own, as one
//! domain. The tests through pages and the JSON API are here.

#[cfg(test)]
mod locales;

use axum::{Extension, Router};
use occasions::feature::Feature;
use occasions::web::access::HostAccess;
use occasions::web::host;
use occasions::web::host::picture_archive::Archives;
use site::Context;
use site::domain::{self, Domain};
use utoipa::openapi::OpenApi;
use web::{Locale, Pages, Site};

const FEATURES: &[Feature] = &[occasions_lists::FEATURE];

pub const DOMAIN: Domain = Domain {
    routes,
    jobs: |site| {
        let jobs = FEATURES.iter().flat_map(|feature| (feature.jobs)(site));
        (occasions::BASE.jobs)(site)
            .into_iter()
            .chain(jobs)
            .collect()
    },
    deletions: |site| {
        let jobs = FEATURES
            .iter()
            .flat_map(|feature| (feature.deletions)(site));
        (occasions::BASE.deletions)(site)
            .into_iter()
            .chain(jobs)
            .collect()
    },
    describe: domain::debug_only(|| {
        let features = FEATURES.iter().filter_map(|feature| feature.describe);
        let all = occasions::BASE.describe.into_iter().chain(features);
        let all = all.map(|describe| describe());
        all.reduce(OpenApi::merge_from).unwrap_or_default()
    }),
    locales: &LOCALES,
    ..occasions::BASE
};

const LOCALES: [Locale; count_locales()] = {
    let mut all = [occasions::LOCALES[0]; count_locales()];
    let (mut count, mut at) = (0, 0);
    while count < occasions::LOCALES.len() {
        all[count] = occasions::LOCALES[count];
        count += 1;
    }
    while at < FEATURES.len() {
        let mut file = 0;
        while file < FEATURES[at].locales.len() {
            all[count] = FEATURES[at].locales[file];
            (count, file) = (count + 1, file + 1);
        }
        at += 1;
    }
    all
};

const fn count_locales() -> usize {
    let (mut count, mut at) = (occasions::LOCALES.len(), 0);
    while at < FEATURES.len() {
        count += FEATURES[at].locales.len();
        at += 1;
    }
    count
}

fn routes(context: &Context) -> Router<Site> {
    // This state is shared by all downloads of this process.
    let archives = Extension(Archives::default());
    let api = FEATURES.iter().map(|feature| (feature.api)());
    api.fold((occasions::BASE.routes)(context), Router::merge)
        .merge(host_pages().into_router().layer(archives))
}

/// All paths of the hosts' pages, with the permission that each requires.
pub fn host_pages() -> Pages<Site, HostAccess> {
    let pages = FEATURES.iter().map(|feature| (feature.host_pages)());
    pages.fold(host::pages(), |all, more| all.nest(host::OF_OCCASION, more))
}
