//! Kenduri: invitations that are answered, and nothing is lost.
//!
//! This crate is the program: command line, configuration and wiring. It knows
//! every room; no room knows it. Exit codes: 0 done, 1 refused or failed (the
//! reason is on standard error), 2 bad usage, 3 Kenduri is not running.

mod access;
mod api;
mod background;
mod bodies;
mod channel;
mod commands;
mod configuration;
mod control;
mod demo;
mod descriptors;
mod figures;
mod folders;
mod import;
mod install;
mod installation;
mod keeper;
mod log;
mod mounted;
mod operators;
mod orders;
mod reload;
mod router;
mod server;
mod sockets;
mod words;
mod worker;

use std::process::ExitCode;

use clap::Parser as _;

use commands::Kenduri;

fn main() -> ExitCode {
    supervisor::shim::run_if_asked();
    commands::finish(Kenduri::parse().run())
}
