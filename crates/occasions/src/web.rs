//! What occasions look like from outside: pages for guests and hosts, and the
//! JSON interface.

pub mod alarm;
pub mod api;
pub mod compat;
mod custom_code;
pub mod guest;
pub mod host;
pub mod mail;
pub(crate) mod resource;
