//! The configuration: reads `kenduri.toml` and turns it into checked settings.
//!
//! Precedence, lowest first: defaults, the file, its profile, the environment (`KENDURI_SITE_URL`),
//! flags (`--set site.url=…`). A configuration is checked as a whole. The result is either
//! [`Settings`], or all problems with file, line, key and remedy.

mod address;
pub mod alert_settings;
mod alerts;
mod backup;
mod differences;
mod domain_settings;
mod files;
pub mod folders;
mod inputs;
mod keys;
mod load;
pub mod log_settings;
mod mail;
mod nested_errors;
mod older_programs;
mod profile;
mod providers;
mod report;
mod restart_only;
mod services;
mod settings;
mod sign_in_routes;
mod sources;
pub mod update_source;
mod url_password;
mod value_checks;
mod webhooks;
mod written;

pub use address::{host_link, likely_link, link_to};
pub use differences::differences;
pub use inputs::{Asked, Flag};
pub use keys::known as known_keys;
pub use load::{Configuration, Sources, data, load, load_elsewhere, load_for_worker};
pub use mail::MailRoute;
pub use older_programs::OlderSite;
pub use restart_only::is_of_all;
pub use settings::{OPERATOR_PATHS, Settings};
pub use url_password::without_password;

#[cfg(test)]
mod tests;
