//! `kenduri purge`: removes responses from the edge's cache.

use anyhow::Result;
use clap::Args;
use operate::control_requests::{ControlRequest, ControlResponse};

use super::{Where, say, send};

/// Remove answers from the edge's cache
///
/// Answers are chosen by the beginning of their path, as the program behind the edge sees it. When
/// the command has finished, none of these answers is sent any more. Other machines on the same
/// PostgreSQL remove theirs within a second or two.
#[derive(Debug, Args)]
pub(super) struct Purge {
    /// The beginning of a path (`/shop/`); `*` is everything
    #[arg(required = true, value_name = "PATH", value_parser = path)]
    names: Vec<String>,
    #[command(flatten)]
    place: Where,
}

impl Purge {
    pub(super) fn run(self) -> Result<()> {
        let order = ControlRequest::Purge { tags: self.names };
        if let ControlResponse::Purged { count } = send(order, &self.place)? {
            say(&format!("Responses removed: {count}.\n"))?;
        }
        Ok(())
    }
}

fn path(name: &str) -> Result<String, &'static str> {
    if name == "*" || name.starts_with('/') {
        Ok(name.to_owned())
    } else {
        Err("name the beginning of a path, as in /shop/")
    }
}
