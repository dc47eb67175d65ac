//! Migrations must be numbered from 0001 without gaps, and registered in their crates. Each CHECK
//! constraint must have a name, because the code recognizes a violation by that name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::Finding;
use crate::workspace::{Metadata, Package, files_below, shown};

pub(super) fn check(metadata: &Metadata) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in metadata.packages.iter().filter(|p| p.is_ours()) {
        for folder in package.folders("migrations")? {
            findings.extend(check_folder(package, &folder)?);
        }
    }
    Ok(findings)
}

fn check_folder(package: &Package, folder: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let stems = list_stems(folder)?;
    let place = shown(folder);
    let numbers: BTreeSet<Option<u32>> = stems.iter().map(|stem| number(stem)).collect();
    let expected: BTreeSet<Option<u32>> = (1..).take(numbers.len()).map(Some).collect();
    if numbers != expected {
        findings.push(Finding::new(
            &place,
            format!("not numbered 0001, 0002, … without gaps: {stems:?}"),
        ));
    }
    for file in files_below(folder)? {
        for line in fs::read_to_string(&file)?.lines() {
            if line.contains("CHECK (") && !has_name(line) {
                findings.push(Finding::new(
                    shown(&file),
                    format!("a CHECK without a name: {}", line.trim()),
                ));
            }
        }
    }
    let sources = files_below(&package.folder().join("src"))?;
    let sources: String = sources
        .iter()
        .map(fs::read_to_string)
        .collect::<std::io::Result<_>>()?;
    for stem in stems {
        if !sources.contains(&format!("\"{stem}\"")) {
            findings.push(Finding::new(
                &place,
                format!("{stem} is not registered in src/"),
            ));
        }
    }
    Ok(findings)
}

/// As in `CONSTRAINT name CHECK (`.
fn has_name(line: &str) -> bool {
    let mut words = line.split_whitespace().rev();
    words.any(|word| word == "CHECK") && words.nth(1) == Some("CONSTRAINT")
}

/// Such as `0001_begin` for `0001_begin.sql`.
fn list_stems(folder: &Path) -> Result<BTreeSet<String>> {
    Ok(files_below(folder)?
        .iter()
        .filter_map(|file| Some(file.file_name()?.to_str()?.split('.').next()?.to_owned()))
        .collect())
}

fn number(stem: &str) -> Option<u32> {
    let (digits, name) = stem.split_once('_')?;
    (digits.len() == 4 && !name.is_empty())
        .then(|| digits.parse().ok())
        .flatten()
}
