//! What the pages and operations of every domain need, said once: the domain as one value
//! ([`Domain`]), what its routes are made with ([`Context`]), who is asking ([`asking`]), the frame
//! of pages, an operation with its two faces ([`proof`], [`request`], [`call`]) and what is kept in
//! lists ([`resource`]), webhooks, newsletters, and what becomes of mails. It knows who somebody is
//! from `identity`, and names no page but by its address ([`addresses`]).

pub mod access;
pub mod addresses;
pub mod asking;
pub mod call;
pub mod cookies;
pub mod dates;
pub mod described;
pub mod domain;
pub mod domains;
pub mod first_page;
pub mod frame;
pub mod look;
pub mod mail_callbacks;
pub mod moved;
pub mod newsletter;
pub mod own_card;
pub mod part;
pub mod proof;
pub mod question;
pub mod refusal;
pub mod request;
pub mod resource;
pub mod share;
pub mod upstream_access;
pub mod webhook;
pub mod webhook_event;

pub use access::Callers;
pub use domain::{Context, Domain, Domains};
pub use refusal::Refusal;
