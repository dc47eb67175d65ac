//! What occasions look like from outside: pages for guests and hosts, and the
//! JSON interface.

pub mod alarm;
pub mod api;
mod by_hand;
pub mod compat;
pub mod guest;
pub mod host;
pub mod mail;
