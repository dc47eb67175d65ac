//! What operators see and ask for: the pages at `/admin/server`, the status page, alerts, notices of
//! new versions, metrics, and the requests that commands and pages send to the supervisor process.
//!
//! The crate has no list of domains; the program hands it in.

pub mod alerts;
pub mod channel;
pub mod control_requests;
pub mod locales;
pub mod machine;
pub mod messages;
pub mod metrics;
pub mod operators;
pub mod public_status;
pub mod server;
pub mod server_status;
#[cfg(test)]
mod test_site;
pub mod updates;
