//! Tools for tests: a [`World`] with a manual clock on either database engine, a [`Stage`] that
//! sets up a site with some domains in a world, accounts, a [`Visitor`] with cookies and no
//! JavaScript, and a scanner that finds every SQL statement in the workspace.
//!
//! Errors in this crate panic and so fail the test.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    reason = "everything here runs inside a test, which is to fail and to say why"
)]

pub mod clock_times;
pub mod costs;
mod draw;
mod english;
mod form;
mod html;
pub mod imap;
mod log;
mod name_server;
mod page;
pub mod people;
mod postgres;
mod search;
mod sqlite;
pub mod stage;
mod statements;
mod together;
mod visitor;
mod world;

pub use draw::{Draw, seeds};
pub use english::English;
pub use form::{Field, Form};
pub use log::Log;
pub use name_server::NameServer;
pub use page::{Link, Page, assert_private, errors, shape};
pub use postgres::Database;
pub use stage::{Person, Stage};
pub use statements::{Statement, prepare_all, statements};
pub use together::{first_round, rounds, together};
pub use visitor::{Events, Visitor};
pub use world::{Engine, MAX_UPLOAD, SentMail, WaitingJob, World};
