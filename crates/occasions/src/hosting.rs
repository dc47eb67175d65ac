//! The hosts' side: everything that is done by somebody with a role in an
//! occasion (§5), and what they are shown.
//!
//! Every function takes the transaction and a [`HostOf`], the proof that
//! somebody may be here at all; what the role does not allow is refused inside.

pub mod access;
pub mod answers;
pub mod codes;
pub mod diets;
pub mod events;
mod fields;
pub mod guests;
mod history;
pub mod invitations;
pub mod listing;
pub mod locks;
pub mod occasions;
pub mod refusal;
pub mod summary;

pub use access::{HostOf, Leave, enter};
pub use fields::When;
pub use refusal::{Current, Refusal};
