//! Tests of posts through the pages and the JSON API, with SQLite and PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails where it goes wrong")]

mod feeds;
mod forms;
mod generated;
mod images;
mod mailing;
mod markdown_folder;
mod pages;
mod posts;
mod races;
mod searching;
mod stage;
mod webhooks;
