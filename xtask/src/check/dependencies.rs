//! Checks third-party crates: their licences and sources, that no crate occurs in two versions,
//! that there is only one TLS provider, and that every dependency is used.
//!
//! `cargo metadata` lists every crate that could be built on any machine; `cargo tree` lists the
//! crates that are built on this machine. Only the crates from `cargo tree` are checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Finding, licence};
use crate::workspace::{Metadata, Package, cargo_says, files_below, shown};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// With the reason.
const REFUSED: &[(&str, &str)] = &[
    ("native-tls", "TLS is rustls"),
    ("openssl", "TLS is rustls"),
    ("openssl-sys", "TLS is rustls"),
    ("ring", "the one provider of TLS is aws-lc-rs"),
    ("libsqlite3-sys-sqlx", "only rusqlite may link SQLite"),
];

/// With the crate that needs the older version.
const TWICE: &[(&str, &str)] = &[
    (
        "base64",
        "metrics-exporter-prometheus and postgres-protocol are at 0.22",
    ),
    (
        "const-oid",
        "x509-cert, for channel binding with PostgreSQL, is at 0.9",
    ),
    ("fallible-iterator", "postgres is at 0.2, rusqlite at 0.3"),
    (
        "foldhash",
        "petgraph of prost-build, for rlibphonenumber's build only, is at 0.1",
    ),
    ("getrandom", "rand_core 0.9 of metrics-util is at 0.3"),
    ("hashbrown", "metrics-util is at 0.16"),
    (
        "logos",
        "protox-parse, for rlibphonenumber's build only, is at 0.15",
    ),
    (
        "logos-codegen",
        "protox-parse, for rlibphonenumber's build only, is at 0.15",
    ),
    (
        "logos-derive",
        "protox-parse, for rlibphonenumber's build only, is at 0.15",
    ),
    ("matchit", "axum is at 0.8, socketioxide at 0.9"),
    ("miniz_oxide", "png of image is at 0.8, flate2 at 0.9"),
    ("nom", "asn1-rs of x509-parser is at 7, lettre at 8"),
    ("phf", "chrono-tz of calcard is at 0.12, postgres at 0.13"),
    (
        "phf_shared",
        "chrono-tz of calcard is at 0.12, postgres at 0.13",
    ),
    ("rand", "metrics-util is at 0.9"),
    ("rand_chacha", "rand 0.9 of metrics-util and proptest"),
    ("rand_core", "rand 0.9 of metrics-util and proptest"),
    (
        "syn",
        "tracing-attributes and der_derive are at 2; built for macros only",
    ),
    (
        "synstructure",
        "asn1-rs-derive of x509-parser is at 0.13; built for macros only",
    ),
    ("thiserror", "rlibphonenumber is at 1"),
    ("thiserror-impl", "rlibphonenumber is at 1"),
    (
        "untrusted",
        "instant-acme turns on the parts of aws-lc-rs that are like ring, which are at 0.7",
    ),
];

/// No source file names them.
const USED_BY_MACROS: &[(&str, &str)] = &[("linkme", "sql! registers each statement through it")];

pub(super) fn check(metadata: &Metadata) -> Result<Vec<Finding>> {
    let built = list_built(metadata)?;
    let mut findings: Vec<Finding> = built.iter().flat_map(|package| judge(package)).collect();
    findings.extend(find_twins(&built));
    for package in metadata.packages.iter().filter(|p| p.is_ours()) {
        findings.extend(find_unused(package)?);
    }
    Ok(findings)
}

fn list_built(metadata: &Metadata) -> Result<Vec<&Package>> {
    let tree = cargo_says(&[
        "tree",
        "--workspace",
        "--locked",
        "--edges=normal,build,dev",
        "--prefix=none",
        "--format={p}",
    ])?;
    let names: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?.trim_start_matches('v')))
        })
        .collect();
    names
        .into_iter()
        .map(|(name, version)| {
            metadata
                .packages
                .iter()
                .find(|package| package.name == name && package.version == version)
                .with_context(|| {
                    format!("cargo tree and cargo metadata disagree on {name} {version}")
                })
        })
        .collect()
}

fn judge(package: &Package) -> Vec<Finding> {
    let place = format!("{} {}", package.name, package.version);
    let mut findings = Vec::new();
    let licence = package.license.as_deref().unwrap_or_default();
    if !licence::is_allowed(licence) {
        findings.push(Finding::new(&place, format!("licence “{licence}”")));
    }
    if let Some(source) = &package.source
        && source != REGISTRY
    {
        findings.push(Finding::new(&place, format!("comes from {source}")));
    }
    if let Some((_, why)) = REFUSED.iter().find(|(name, _)| *name == package.name) {
        findings.push(Finding::new(&place, format!("refused: {why}")));
    }
    findings
}

fn find_twins(built: &[&Package]) -> Vec<Finding> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in built {
        versions
            .entry(&package.name)
            .or_default()
            .push(&package.version);
    }
    let twins = versions.iter().filter(|(_, versions)| versions.len() > 1);
    let unexpected = twins
        .filter(|(name, _)| !TWICE.iter().any(|(known, _)| known == *name))
        .map(|(name, versions)| Finding::new(*name, format!("twice: {}", versions.join(", "))));
    let outlived = TWICE
        .iter()
        .filter(|(known, _)| versions.get(known).is_none_or(|all| all.len() < 2))
        .map(|(known, _)| Finding::new(*known, "no longer there twice: take it off the list"));
    unexpected.chain(outlived).collect()
}

fn find_unused(package: &Package) -> Result<Option<Finding>> {
    let sources = read_sources(package.folder())?;
    let unused: BTreeSet<&str> = package
        .dependencies
        .iter()
        .map(|dependency| dependency.name.as_str())
        .filter(|name| !USED_BY_MACROS.iter().any(|(excused, _)| excused == name))
        .filter(|name| !mentions(&sources, &name.replace('-', "_")))
        .collect();
    Ok((!unused.is_empty()).then(|| {
        let names: Vec<_> = unused.into_iter().collect();
        let what = format!("named but not used: {}", names.join(", "));
        Finding::new(shown(&package.manifest_path), what)
    }))
}

fn read_sources(folder: &Path) -> Result<String> {
    let mut sources = String::new();
    for file in files_below(folder)? {
        if file.extension().is_some_and(|end| end == "rs") {
            sources.push_str(&fs::read_to_string(file)?);
        }
    }
    Ok(sources)
}

/// As a separate word.
fn mentions(sources: &str, name: &str) -> bool {
    let part_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    sources.match_indices(name).any(|(at, _)| {
        !sources[..at].ends_with(part_of_a_word)
            && !sources[at + name.len()..].starts_with(part_of_a_word)
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn a_crate_is_used_when_its_name_is_a_word() {
        assert!(mentions("use serde::Deserialize;", "serde"));
        assert!(!mentions("use serde_json::Value;", "serde"));
        assert!(!mentions("let my_serde = 1;", "serde"));
    }
}
