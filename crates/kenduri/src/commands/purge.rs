//! `kenduri purge`: answers that the front door keeps are taken out of its cache.

use anyhow::Result;
use clap::Args;

use super::{Where, give, say};
use crate::orders::{Order, Outcome};

/// Take answers that the front door keeps out of its cache
///
/// By the beginning of their path, as the program is asked for it, or by the tags that
/// programs gave them in Cache-Tag. Once this is done nobody is answered with one of them.
#[derive(Debug, Args)]
pub(super) struct Purge {
    /// What a path begins with (`/shop/`), or a tag; `*` is everything
    #[arg(required = true, value_name = "PATH|TAG")]
    names: Vec<String>,
    #[command(flatten)]
    place: Where,
}

impl Purge {
    pub(super) fn run(self) -> Result<()> {
        let order = Order::Purge { tags: self.names };
        if let Outcome::Purged { count } = give(order, &self.place)? {
            say(&format!("Answers taken out: {count}.\n"))?;
        }
        Ok(())
    }
}
