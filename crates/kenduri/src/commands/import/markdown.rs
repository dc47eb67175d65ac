//! `kenduri import markdown`: imports posts from a folder of Markdown files.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::Args;
use posts::markdown_folder::{self, Counts, Folder};

use super::{Where, say};
use crate::app_setup;
use crate::commands::{alone, stopped};

/// Take over posts from a folder of Markdown files, with their pictures
///
/// Front matter of Hugo, Jekyll, Bear and Ghost is understood, in YAML and TOML. If something
/// cannot be read, it is reported with file and line, and nothing is imported. Posts of an earlier
/// import are not changed. Stop Kenduri first.
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
        let settings = Arc::new(stopped(&self.place)?);
        if !posts::ENABLED.of(&settings.domains) {
            bail!("posts are off\n  leave {} out", posts::ENABLED.key);
        }
        let (remarks, counts) = alone(async {
            let site = app_setup::open(&settings).await?.site;
            let mut folder: Folder = markdown_folder::read(&site, &self.folder).await?;
            let remarks = std::mem::take(&mut folder.remarks);
            let counts = markdown_folder::import(&site, folder, self.dry_run).await?;
            Ok((remarks, counts))
        })?;
        for remark in remarks {
            say(&format!("{remark}\n"))?;
        }
        let Counts {
            new,
            known,
            pictures,
        } = counts;
        say(&format!(
            "posts {new:>8} new {known:>8} there already\npictures {pictures:>5} new\n"
        ))?;
        if self.dry_run {
            say("Nothing was written: this was a dry run.\n")?;
        }
        Ok(())
    }
}
