//! `kenduri import markdown`: imports posts from a folder of Markdown files.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::Args;
use posts::markdown_folder::{self, Counts};

use super::{Where, say};
use crate::app_setup;
use crate::commands::{alone, settings_while_stopped};

/// Take over posts from a folder of Markdown files, with their pictures
///
/// Front matter of Hugo, Jekyll, Bear and Ghost is understood, in YAML, TOML and JSON. What cannot be
/// read, or does not fit, is reported with file and line; the other values and files are imported. A
/// post that might not be public becomes a draft. Posts of an earlier import are not changed. Stop
/// Kenduri first.
#[derive(Debug, Args)]
pub(in crate::commands) struct Markdown {
    #[command(flatten)]
    place: Where,
    /// The folder, which is searched with all its subfolders
    folder: PathBuf,
    /// Say what would be imported, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Markdown {
    pub(super) fn run(self) -> Result<()> {
        let settings = Arc::new(settings_while_stopped(&self.place)?);
        if !posts::ENABLED.of(&settings.domains) {
            bail!(
                "posts are off\n  remove {} from kenduri.toml",
                posts::ENABLED.key
            );
        }
        let (counts, remarks) = alone(async {
            let site = app_setup::open(&settings).await?.site;
            let folder = markdown_folder::read(&site, &self.folder).await?;
            Ok(markdown_folder::import(&site, folder, self.dry_run).await?)
        })?;
        for remark in remarks {
            say(&format!("{remark}\n"))?;
        }
        let Counts {
            new,
            known,
            pictures,
            left_out,
        } = counts;
        say(&format!(
            "posts {new:>8} new {known:>8} there already\npictures {pictures:>5} new\n"
        ))?;
        if left_out > 0 {
            say(&format!(
                "files {left_out:>8} not imported: correct what is said of them above, and import again\n"
            ))?;
        }
        if self.dry_run {
            say("Nothing was written: this was a dry run.\n")?;
        }
        Ok(())
    }
}
