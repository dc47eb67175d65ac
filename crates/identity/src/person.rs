//! People's operations on their own accounts, from registration to erasure.

pub mod email_change;
pub mod erasure;
pub mod export;
pub mod group_link;
pub mod profile;
pub mod provider_sign_in;
pub mod registration;
pub mod reset;
pub mod slug;
pub mod slug_change;
pub mod suppressed;
pub mod trusted;
pub mod unregistered;
pub mod verification;
