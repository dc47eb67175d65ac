//! What hosts and their programs can do by JSON. A handler says which
//! scope a token needs, proves the caller a host inside the transaction, and
//! calls one noun.

mod bulk;
pub(crate) mod call;
pub(crate) mod change_response;
mod events;
pub(crate) mod exports;
mod guests;
mod invitations;
mod members;
mod occasions;
mod questions;
mod refusal;
mod reports;
mod stream;
mod view;

use web::Site;
use web::described::{Routes, problem_responses};

pub use stream::Pace;

use crate::diet::DietaryOption;
use crate::web::resource;

/// Addresses of the hosts' JSON interface.
pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .merge(occasions::routes())
        .merge(events::routes())
        .merge(resource::api::<DietaryOption, R>())
        .merge(questions::routes())
        .merge(invitations::routes())
        .merge(guests::routes())
        .merge(bulk::routes())
        .merge(exports::routes())
        .merge(members::routes())
        .merge(reports::routes())
        .merge(stream::routes())
        .describing(problem_responses::signed_in)
}
