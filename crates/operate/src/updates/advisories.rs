//! Reads security advisories in the OSV format (<https://ossf.github.io/osv-schema/>): a single
//! advisory, a list, or a response of the API at osv.dev.
//!
//! Only advisories about the package `kenduri` itself count. Its dependencies are listed in a
//! `CycloneDX` file, so that other tools can check them.

use std::cmp::Ordering;

use anyhow::{Context as _, Result};
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{link, short_line};

/// An advisory that affects this version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisory {
    pub id: String,
    pub summary: String,
    pub link: Option<String>,
    /// The versions in which the problem is fixed.
    pub fixed: Vec<String>,
}

#[derive(Deserialize)]
struct Written {
    id: String,
    withdrawn: Option<String>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    references: Vec<Reference>,
    #[serde(default)]
    affected: Vec<Affected>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: String,
    url: String,
}

#[derive(Deserialize)]
struct Affected {
    package: Option<Package>,
    #[serde(default)]
    ranges: Vec<Range>,
    #[serde(default)]
    versions: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct Range {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Introduced(String),
    Fixed(String),
    LastAffected(String),
    Limit(String),
}

/// Returns the number of all advisories in the text, and the advisories about the version `ours`.
pub(super) fn concerning(text: &str, ours: &Version) -> Result<(usize, Vec<Advisory>)> {
    let all = read(text).context("it is not a list of advisories as OSV writes them")?;
    let mut concerning = Vec::new();
    for written in &all {
        let concerns = written.concerns(ours);
        if concerns.with_context(|| {
            format!(
                "the advisory {} is faulty; read it at its publisher, and tell them",
                written.id
            )
        })? {
            concerning.push(written.shown(ours)?);
        }
    }
    Ok((all.len(), concerning))
}

fn read(text: &str) -> serde_json::Result<Vec<Written>> {
    let mut value: Value = serde_json::from_str(text)?;
    if let Some(answered) = value.get_mut("vulns") {
        value = answered.take();
    }
    match value {
        Value::Array(_) => serde_json::from_value(value),
        one => Ok(vec![serde_json::from_value(one)?]),
    }
}

impl Written {
    fn concerns(&self, ours: &Version) -> Result<bool> {
        if self.withdrawn.is_some() {
            return Ok(false);
        }
        for affected in self.of_kenduri() {
            if affected.concerns(ours)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn of_kenduri(&self) -> impl Iterator<Item = &Affected> {
        self.affected.iter().filter(|affected| {
            let package = affected.package.as_ref();
            package.is_some_and(|package| {
                package.name == "kenduri" && package.ecosystem == "crates.io"
            })
        })
    }

    fn shown(&self, ours: &Version) -> Result<Advisory> {
        let mut fixed = Vec::new();
        let ranges = self.of_kenduri().flat_map(|affected| &affected.ranges);
        for event in ranges.flat_map(|range| &range.events) {
            if let Event::Fixed(at) = event {
                let at = version(at)?;
                if at.cmp_precedence(ours) == Ordering::Greater {
                    fixed.push(at);
                }
            }
        }
        fixed.sort();
        fixed.dedup();
        let is_advisory = |reference: &&Reference| reference.kind == "ADVISORY";
        let reference = self.references.iter().find(is_advisory);
        let reference = reference.or_else(|| self.references.first());
        let first_line = self.details.lines().next().unwrap_or_default();
        let summary = if self.summary.is_empty() {
            first_line
        } else {
            &self.summary
        };
        Ok(Advisory {
            id: short_line(&self.id),
            summary: short_line(summary),
            link: reference.and_then(|reference| link(&reference.url)),
            fixed: fixed.iter().map(ToString::to_string).collect(),
        })
    }
}

impl Affected {
    fn concerns(&self, ours: &Version) -> Result<bool> {
        if self.versions.iter().any(|one| *one == ours.to_string()) {
            return Ok(true);
        }
        for range in &self.ranges {
            if range.concerns(ours)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Range {
    /// According to OSV, the last event at or before the version decides.
    fn concerns(&self, ours: &Version) -> Result<bool> {
        // Only these two kinds contain SemVer versions. The third kind contains git commits.
        if !["SEMVER", "ECOSYSTEM"].contains(&&*self.kind) {
            return Ok(false);
        }
        let mut turns = Vec::new();
        let (mut has_limit, mut is_within) = (false, false);
        for event in &self.events {
            match event {
                Event::Introduced(at) => turns.push((version(at)?, true, true)),
                Event::Fixed(at) => turns.push((version(at)?, true, false)),
                Event::LastAffected(at) => turns.push((version(at)?, false, false)),
                Event::Limit(at) => {
                    has_limit = true;
                    is_within |= at == "*" || ours.cmp_precedence(&version(at)?).is_lt();
                }
            }
        }
        turns.sort_by(|one, other| one.0.cmp_precedence(&other.0));
        let mut concerns = false;
        for (at, itself, is_affected) in turns {
            let order = ours.cmp_precedence(&at);
            if order.is_gt() || itself && order.is_eq() {
                concerns = is_affected;
            }
        }
        Ok(concerns && (is_within || !has_limit))
    }
}

/// OSV writes `0` for the version before all others.
fn version(written: &str) -> Result<Version> {
    let text = if written == "0" { "0.0.0-0" } else { written };
    Version::parse(text).with_context(|| format!("{written:?} is not a version"))
}
