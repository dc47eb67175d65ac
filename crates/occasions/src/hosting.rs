//! The hosts' side: everything that is done by somebody with a role in an
//! occasion, and what they are shown.
//!
//! Every function takes the transaction and a [`HostOf`], the proof that
//! somebody may be here at all; what the role does not allow is refused inside.

pub mod answers;
pub mod bulk;
pub mod codes;
pub mod export;
pub mod guests;
mod history;
pub mod invitations;
pub mod kitchen;
pub mod listing;
pub mod locks;
pub mod log;
pub mod members;
pub mod membership;
pub mod occasions;
pub mod open_rsvp;
pub mod permissions;
pub mod resource;
pub mod sizes;
pub mod stream;
pub mod summary;
pub mod suppressions;
pub mod tally;

pub use permissions::{HostOf, Permission, enter};
pub use web::When;

pub use crate::refusal::{Current, Refusal};

use platform::Platform;
use platform::jobs::Handler;
use web::Catalogue;

/// What runs in the background for hosts.
pub fn jobs(platform: &Platform, catalogue: &Catalogue) -> Vec<Handler> {
    vec![
        export::handler(platform.clone(), catalogue.clone()),
        bulk::handler(platform.store.clone()),
    ]
}
