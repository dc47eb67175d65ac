//! What hosts and their programs can do by JSON. Beside a handler stands which
//! permission it takes, and which scopes a token needs; [`Call`](call::Call) proves the caller
//! such a host inside the transaction, and the handler calls one noun.

mod bulk;
pub(crate) mod call;
pub(crate) mod change_response;
pub(crate) mod exports;
mod guests;
mod invitations;
mod members;
mod occasions;
mod refusal;
mod reports;
pub(crate) mod stream;
mod view;

use web::Site;
use web::described::Routes;

pub use stream::Pace;

use crate::diet::DietaryOption;
use crate::event::Event;
use crate::question::Question;
use crate::web::resource;

/// Addresses of the hosts' JSON interface.
pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .merge(occasions::routes())
        .merge(resource::api::<Event, R>())
        .merge(resource::api::<DietaryOption, R>())
        .merge(resource::api::<Question, R>())
        .merge(invitations::routes())
        .merge(guests::routes())
        .merge(bulk::routes())
        .merge(exports::routes())
        .merge(members::routes())
        .merge(reports::routes())
        .merge(stream::routes())
}
