//! What hosts can do in an occasion. Every function takes the transaction and a [`HostOf`], which
//! proves that the caller is a host. A function refuses actions that the host's role does not
//! allow.

pub mod announcements;
pub mod answer_notifications;
pub mod answers;
pub mod bulk;
pub mod campaign;
pub mod cash_links;
pub mod channels;
pub mod codes;
pub mod dietary_options;
pub mod duplicates;
pub mod events;
pub mod gifts;
pub mod guests;
pub mod handed;
pub mod history;
pub mod invitations;
pub mod kitchen;
pub mod listing;
pub mod locks;
pub mod log;
pub mod mail_text;
pub mod meals;
pub mod member_occasions;
pub mod members;
pub mod moved;
pub mod moving;
pub mod new_occasion;
pub mod nobody;
pub mod obstacles;
pub mod occasion_pages;
pub mod occasions;
pub mod open_rsvp;
pub mod own_domains;
pub mod permissions;
pub mod pictures;
pub mod portals;
pub mod questions;
pub mod reach;
mod reached;
pub mod ready;
pub mod received_gifts;
pub mod reminders;
pub mod resource;
pub mod sending;
pub mod sizes;
pub mod stream;
pub mod summary;
pub mod suppressions;
pub mod tally;
pub mod thanks;
pub mod told;
pub mod unanswered;
pub mod uploads;

pub use permissions::{HostOf, Permission, enter};
pub use web::When;

pub use crate::refusal::{Current, Refusal};
