//! Kenduri: a server for invitations, countdowns, bookings and posts.
//!
//! This crate is the binary, with the command line, the configuration and the wiring. It depends on
//! every other crate, and no crate depends on it. Exit codes: 0 for success, 1 for a refusal or
//! failure (the reason is on standard error), 2 for wrong usage, and 3 if Kenduri is not running.

mod api;
mod app_service;
mod app_setup;
mod background;
mod body_deadlines;
mod commands;
mod control;
mod demo;
mod descriptors;
mod domains;
mod log;
mod masked_access_log;
mod parent;
mod program_io;
#[cfg(test)]
mod public_pages;
mod request_context;
mod router;
mod sd_notify;
mod shared_files;
mod sockets;
mod worker;

use std::process::ExitCode;

use clap::Parser as _;

use commands::Kenduri;

fn main() -> ExitCode {
    supervisor::shim::run_if_asked();
    commands::finish(Kenduri::parse().run())
}
