//! What people sign in with.

pub mod hashing;
pub(crate) mod id_token;
pub mod linked_identity;
pub mod passkey;
pub mod password;
pub mod provider;
pub mod second_factor;
pub(crate) mod web_authn;
