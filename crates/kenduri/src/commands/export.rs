//! `kenduri export`: writes the site's content to files that other software can read.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::{Args, Subcommand};
use posts::markdown_folder;

use super::{Where, alone, say, settings_while_stopped};
use crate::app_setup;

/// Export the site's contents, for other programs
#[derive(Debug, Subcommand)]
pub(super) enum Export {
    Markdown(Markdown),
}

/// Write all posts as Markdown with front matter, and their pictures, into a new folder
///
/// Drafts are included and marked as drafts. `kenduri import markdown` reads the folder again. Stop
/// Kenduri first.
#[derive(Debug, Args)]
pub(super) struct Markdown {
    #[command(flatten)]
    place: Where,
    /// A new or empty folder to write into
    folder: PathBuf,
}

impl Export {
    pub(super) fn run(self) -> Result<()> {
        let Self::Markdown(markdown) = self;
        let settings = Arc::new(settings_while_stopped(&markdown.place)?);
        let counts = alone(async {
            let site = app_setup::open(&settings).await?.site;
            Ok(markdown_folder::write(&site, &markdown.folder).await?)
        })?;
        say(&format!(
            "{} posts and {} pictures are in {}\n",
            counts.new,
            counts.pictures,
            markdown.folder.display()
        ))
    }
}
