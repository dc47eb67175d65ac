//! Shared code for the pages and operations of all domains: the domain as one value ([`Domain`]),
//! the data for its routes ([`Context`]), the extractors ([`asking`]), the frame of pages,
//! operations with their pages and JSON ([`proof`], [`request`], [`call`]), lists ([`resource`]),
//! webhooks, newsletters and mail callbacks. This crate gets people's data from `identity`, and
//! knows other pages only by their paths ([`addresses`]).

pub mod access;
pub mod addresses;
pub mod asking;
pub mod call;
pub mod confirmation;
pub mod cookies;
pub mod dates;
pub mod described;
pub mod domain;
pub mod domains;
pub mod file_form;
pub mod first_page;
pub mod frame;
pub mod freeze;
pub mod look;
pub mod mail_callbacks;
mod menu;
pub mod moved_slugs;
pub mod newsletter;
pub mod own_card;
pub mod page_parts;
pub mod proof;
pub mod refusal;
pub mod request;
pub mod resource;
pub mod share;
pub mod upstream_access;
pub mod webhook;
pub mod webhook_event;
pub mod without_sign_in;

pub use access::Callers;
pub use domain::{Context, Domain, Domains};
pub use refusal::Refusal;
