//! Countdowns and phrases at the addresses of the older personal site, for its front end: the same
//! rules in the shapes that it knows.

#[path = "moderation.rs"]
mod admin;
mod phrases;
mod timers;

use accounts::{Accounts, BackendPolicy};
use axum::Router;
use web::{Problem, Site};

use crate::Refusal;

/// Every address.
pub(super) fn routes(accounts: &Accounts, policy: BackendPolicy) -> Router<Site> {
    timers::routes(policy)
        .merge(phrases::routes())
        .merge(admin::routes())
        .with_state(accounts.clone())
}

/// A refusal that names fields as they are called here.
fn renamed(refusal: Refusal) -> Problem {
    let mut problem = Problem::from(refusal);
    for error in &mut problem.errors {
        let name = match error.pointer.as_str() {
            "/reset_at" => "/reset_timestamp",
            "/note" => "/notes",
            "/text" => "/phrase_text",
            "/reason" => "/admin_reason",
            "/listed" => "/timer_show_in_list",
            _ => continue,
        };
        name.clone_into(&mut error.pointer);
    }
    problem
}
