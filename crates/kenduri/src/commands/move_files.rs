//! `kenduri move-files`: copies uploads, pictures and exports from the folder into a bucket.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use configuration::{Flag, Settings};
use platform::files::FolderContent;
use platform::{Files, Tx, store};
use units::written_size;

use super::{Where, alone, refuse_while_served, say, settings_while_stopped, show};
use crate::app_setup;
use crate::domains::DOMAINS;

/// Copy uploads, pictures and exports from the folder into a bucket
///
/// Each file is read back and compared. The folder is not changed, and a file that is in the bucket
/// already is not sent again. Stop Kenduri first, on all machines, and change files.url afterwards.
/// Endpoint, region and keys of the bucket come from [files] in kenduri.toml, or from --set.
#[derive(Debug, Args)]
pub(super) struct MoveFiles {
    #[command(flatten)]
    place: Where,
    /// The bucket, such as `s3://BUCKET/PREFIX`
    #[arg(long, value_name = "URL")]
    to: String,
}

impl MoveFiles {
    pub(super) fn run(self) -> Result<()> {
        let settings = settings_while_stopped(&self.place)?;
        let to = self.target()?;
        alone(async {
            let Some(content) = settings.files.list().await? else {
                bail!(
                    "the files are not in a folder: files.url names {}\n  there is nothing to move",
                    settings.files.place()
                );
            };
            refuse_beside_others(&settings).await?;
            let bytes = copy(&settings.files, &content, &to).await?;
            say(&self.report(&settings, &content, bytes)?)
        })
    }

    /// As it will be after the move.
    fn target(&self) -> Result<Files> {
        let mut asked = self.place.asked();
        asked.allow_public_mailbox = true;
        asked.flags.push(Flag {
            typed: "--to".to_owned(),
            key: "files.url".to_owned(),
            value: self.to.clone(),
        });
        match configuration::load(DOMAINS, &asked)?.settings.files {
            files @ Files::Bucket(..) => Ok(files),
            Files::Folder(_) => bail!("--to names no bucket\n  write it as s3://BUCKET/PREFIX"),
        }
    }

    fn report(&self, settings: &Settings, content: &FolderContent, bytes: u64) -> Result<String> {
        let mut report = String::new();
        for other in &content.others {
            writeln!(
                report,
                "Left alone, because Kenduri has not written it: {}",
                other.display()
            )?;
        }
        writeln!(
            report,
            "Copied {} files with {}; each reads back equal.\n\
             Now change the settings, on all machines, and start Kenduri:\n\n  \
             [files]\n  url = \"{}\"\n\n\
             The folder {} stays as it is; keep it until you are sure.",
            content.keys.len(),
            written_size(bytes),
            self.to,
            settings.files.place()
        )?;
        Ok(report)
    }
}

/// Returns the number of bytes.
async fn copy(from: &Files, content: &FolderContent, to: &Files) -> Result<u64> {
    let mut bytes = 0;
    for key in &content.keys {
        let copied = from.copy(key, to).await;
        bytes += copied.with_context(|| {
            format!(
                "{key} was not copied to {}; run the command again, and what is there already is \
                 not sent again",
                to.place()
            )
        })?;
        show(&format!("{key}\n"))?;
    }
    Ok(bytes)
}

/// Another machine could add files to the folder meanwhile.
async fn refuse_beside_others(settings: &Settings) -> Result<()> {
    if matches!(settings.store, store::Settings::Sqlite(_)) {
        return Ok(());
    }
    let settings = settings.clone();
    let opening = settings.clone();
    let store = tokio::task::spawn_blocking(move || app_setup::open_store(&opening)).await??;
    let refuse = move |tx: &mut Tx<'_>| refuse_while_served(tx, &settings);
    store.write(refuse).await
}
