//! Occasions over HTTP: pages for guests and hosts, and the JSON API.

pub mod access;
pub mod alarm;
pub mod answer_notifications;
pub mod api;
mod custom_code;
mod file_name;
pub mod guest;
pub mod host;
mod host_files;
pub mod letter;
pub mod mail;
pub mod own_domain;
mod stored_files;

use axum::{Extension, Router};
use platform::jobs::Handler;
use site::Context;
use web::Site;

pub(crate) fn routes(_: &Context) -> Router<Site> {
    // This state is shared by all event streams of this process.
    let listeners = Extension(api::host::stream::Listeners::default());
    api::of_hosts::<Router<_>>()
        .layer(listeners)
        .merge(api::of_guests::<Router<_>>())
        .merge(guest::routes())
}

pub(crate) fn jobs(site: &Site) -> Vec<Handler> {
    vec![
        crate::deadline_notices::sweeps(site.store.clone()),
        mail::confirmations(site.clone()),
        mail::moves_up(site.clone()),
        letter::campaigns(site.clone()),
        crate::hosting::reminders::each_minute(
            site.store.clone(),
            site.keys.key(platform::mail::suppression::PURPOSE),
        ),
        alarm::alarms(site.clone()),
        crate::own_domain::daily(site.clone()),
        answer_notifications::each_minute(site.clone()),
        crate::hosting::bulk::handler(site.store.clone()),
        crate::phone::job(site.platform.clone()),
    ]
}
