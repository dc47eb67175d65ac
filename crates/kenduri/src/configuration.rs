//! The configuration: reads `kenduri.toml` and turns it into checked settings.
//!
//! Precedence, lowest first: defaults, the file, its profile, the environment (`KENDURI_SITE_URL`),
//! flags (`--set site.url=…`). A configuration is checked as a whole. The result is either
//! [`Settings`], or all problems with file, line, key and remedy.

mod address;
mod alerts;
mod asked;
mod backup;
mod checked;
mod deep;
mod differences;
mod domain_settings;
mod files;
mod keys;
mod load;
mod mail;
mod older_programs;
mod profile;
mod providers;
mod report;
mod restart_only;
mod services;
mod settings;
mod sign_in_routes;
mod sources;
mod url_password;
mod webhooks;
mod written;

pub(crate) use address::{host_link, likely_link, link_to};
pub(crate) use asked::{Asked, Flag};
pub(crate) use differences::differences;
pub(crate) use keys::known as known_keys;
pub(crate) use load::{Configuration, Sources, data, load, load_elsewhere, load_for_worker};
pub(crate) use mail::MailRoute;
pub(crate) use older_programs::OlderSite;
pub(crate) use restart_only::is_of_all;
pub(crate) use settings::{OPERATOR_PATHS, Settings};
pub(crate) use url_password::without_password;

#[cfg(test)]
mod tests;
