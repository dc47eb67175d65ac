//! Looks for newer versions of Kenduri and for security advisories about this version. The operator
//! configures files or URLs as sources. Without sources, nothing is requested.
//!
//! A job reads the sources once a day and keeps the result in one row. `kenduri check --advisories`
//! reads them once and keeps nothing.

mod advisories;
mod releases;
#[cfg(test)]
mod tests;

use anyhow::{Context as _, Result, bail, ensure};
use configuration::update_source::Source;
use jiff::Timestamp;
use platform::jobs::{Done, Handler};
use platform::outbound::{self, Call, Outbound, Reach};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use semver::Version;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;
use web::Site;

pub use advisories::Advisory;
pub use releases::Release;

pub const OURS: &str = env!("CARGO_PKG_VERSION");
const MAX_BYTES: u64 = 4 << 20;

async fn read(source: &Source, outbound: &Outbound) -> Result<String> {
    let bytes = match source {
        Source::File(path) => {
            let mut bytes = Vec::new();
            let file = tokio::fs::File::open(path).await?;
            file.take(MAX_BYTES + 1).read_to_end(&mut bytes).await?;
            ensure!(bytes.len() as u64 <= MAX_BYTES, "it is longer than 4 MiB");
            bytes
        }
        Source::Url(url) => {
            let call = Call {
                url,
                reach: Reach::Private,
                headers: &[],
                form: None,
            };
            let answer = outbound.call(call).await?;
            if answer.status.is_redirection() {
                bail!("it answers {}: name the address it leads to", answer.status);
            }
            ensure!(
                answer.status.is_success(),
                "it answers {}: check the address in updates.advisories",
                answer.status
            );
            answer.body.into()
        }
    };
    String::from_utf8(bytes).context("it is not UTF-8 text")
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The number of releases and advisories in the sources.
    pub read: usize,
    /// Newer versions, newest first.
    pub newer: Vec<Release>,
    /// The advisories about this version.
    pub advisories: Vec<Advisory>,
}

impl Found {
    /// `ours` is the version of this program.
    fn in_text(text: &str, ours: &Version) -> Result<Self> {
        let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        if text.starts_with(['{', '[']) {
            let (read, advisories) = advisories::concerning(text, ours)?;
            return Ok(Self {
                read,
                advisories,
                ..Self::default()
            });
        }
        ensure!(
            text.starts_with('<'),
            "it is neither a feed (RSS, Atom) nor a list of advisories (OSV)"
        );
        let (read, newer) = releases::newer_than(text, ours)?;
        Ok(Self {
            read,
            newer,
            ..Self::default()
        })
    }

    fn log(&self) {
        for release in &self.newer {
            tracing::info!(version = %release.version, "there is a newer Kenduri");
        }
        for advisory in &self.advisories {
            tracing::warn!(id = %advisory.id, "an advisory affects this version of Kenduri; `kenduri check --advisories` shows it and the version to install");
        }
    }
}

/// Reads all sources. Fails if one of them cannot be read.
pub async fn look(sources: &[Source], outbound: &Outbound) -> Result<Found> {
    let ours = Version::parse(OURS)?;
    let mut all = Found::default();
    for source in sources {
        let read = read(source, outbound).await;
        let found = read.and_then(|text| Found::in_text(&text, &ours));
        let found = found.with_context(|| {
            format!(
                "cannot read versions or advisories from {source}\n  \
                     if it answers, it must be a feed of releases or a list of advisories"
            )
        })?;
        all.read += found.read;
        all.newer.extend(found.newer);
        all.advisories.extend(found.advisories);
    }
    Ok(all)
}

/// The error and its causes. Some errors repeat the text of their cause.
fn why(error: &anyhow::Error) -> String {
    let mut all = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !all.contains(&text) {
            all.push_str(if all.is_empty() { "" } else { ": " });
            all.push_str(&text);
        }
    }
    all
}

/// Returns the handler of the daily job that looks for updates and stores the result.
pub fn job(site: &Site, sources: &[Source]) -> Handler {
    let (sources, outbound) = (sources.to_vec(), site.outbound.clone());
    Handler::each_day("updates.look", move |_| {
        let (sources, outbound) = (sources.clone(), outbound.clone());
        async move {
            let outcome = look(&sources, &outbound).await;
            let outcome = outcome.map_err(|error| why(&error));
            match &outcome {
                Ok(found) => found.log(),
                Err(why) => tracing::warn!(
                    why,
                    "cannot look for newer versions; it is tried again tomorrow; check updates.advisories and the network"
                ),
            }
            Ok(Done::with(move |tx| store_outcome(tx, &sources, &outcome)))
        }
    })
}

/// The results that the daily job has stored.
#[derive(Debug, Default)]
pub struct Known {
    /// The last result and its time.
    pub found: Option<(Timestamp, Found)>,
    /// When and why the last attempt failed; `None` if it succeeded.
    pub failure: Option<(Timestamp, String)>,
}

#[derive(Row)]
struct Stored {
    found_at: Option<Timestamp>,
    found: Option<String>,
    failed_at: Option<Timestamp>,
    failure: Option<String>,
}

/// Returns the stored results. Ignores results for another version of Kenduri or for other sources.
pub fn known(tx: &mut Tx<'_>, sources: &[Source]) -> Result<Known, StoreError> {
    let stored: Option<Stored> = sql!(
        "SELECT {Stored} FROM update_check WHERE version = :version AND sources = :sources",
        version = OURS,
        sources = listed(sources)
    )
    .maybe(tx)?;
    let Some(stored) = stored else {
        return Ok(Known::default());
    };
    let found = stored
        .found
        .and_then(|found| serde_json::from_str(&found).ok());
    Ok(Known {
        found: stored.found_at.zip(found),
        failure: stored.failed_at.zip(stored.failure),
    })
}

fn store_outcome(
    tx: &mut Tx<'_>,
    sources: &[Source],
    outcome: &Result<Found, String>,
) -> Result<(), StoreError> {
    let now = tx.now();
    let before = known(tx, sources)?;
    let known = match outcome {
        Ok(found) => Known {
            found: Some((now, found.clone())),
            failure: None,
        },
        Err(why) => Known {
            failure: Some((now, why.clone())),
            ..before
        },
    };
    let (found_at, found) = known.found.unzip();
    // Plain structs can always be serialized to JSON.
    let found = found.and_then(|found| serde_json::to_string(&found).ok());
    let (failed_at, failure) = known.failure.unzip();
    sql!(
        "INSERT INTO update_check (id, version, sources, found_at, found, failed_at, failure)
         VALUES (1, :version, :sources, :found_at, :found, :failed_at, :failure)
         ON CONFLICT (id) DO UPDATE SET version = :version, sources = :sources,
            found_at = :found_at, found = :found, failed_at = :failed_at, failure = :failure",
        version = OURS,
        sources = listed(sources),
        found_at,
        found,
        failed_at,
        failure
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn listed(sources: &[Source]) -> String {
    let listed: Vec<_> = sources.iter().map(ToString::to_string).collect();
    listed.join("\n")
}

/// Sources are not trusted, so their text becomes one short line.
fn short_line(text: &str) -> String {
    let line = platform::text_cleaning::clean_line(text);
    line.chars().take(200).collect()
}

/// `None` if a page must not contain it.
fn link(written: &str) -> Option<String> {
    let is_web = ["https://", "http://"]
        .iter()
        .any(|scheme| written.starts_with(scheme));
    (is_web && written.len() <= outbound::LONGEST).then(|| written.to_owned())
}
