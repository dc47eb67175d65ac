//! Determines the crates that are built into the program, from cargo's output.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::Release;
use crate::workspace::{cargo_says, root};

/// The program's crates, without those that are only used to build it.
pub(super) struct Crates {
    /// All crates, sorted by name and version.
    pub(super) all: Vec<Crate>,
    /// The dependencies of each crate, as package IDs.
    pub(super) uses: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Deserialize)]
pub(super) struct Crate {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) source: Option<String>,
    pub(super) license: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) manifest_path: PathBuf,
    /// The checksum of the crate's archive, as recorded in `Cargo.lock`.
    #[serde(skip)]
    pub(super) sha256: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Crate>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Crates {
    pub(super) fn read(release: &Release) -> Result<Self> {
        let target = release.machine.target();
        let metadata = [
            "metadata",
            "--locked",
            "--format-version=1",
            "--filter-platform",
            &target,
        ];
        let metadata: Metadata = serde_json::from_str(&cargo_says(&metadata)?)
            .context("cargo metadata answered something unexpected")?;
        // `cargo metadata` lists the features of the whole workspace, including tests; `cargo tree`
        // lists only the features of the program.
        let tree = cargo_says(&[
            "tree",
            "--locked",
            "--package=kenduri",
            "--edges=normal,no-proc-macro",
            "--prefix=none",
            "--format={p}",
            "--target",
            &target,
        ])?;
        let built: BTreeSet<(&str, &str)> = tree
            .lines()
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                Some((words.next()?, words.next()?.trim_start_matches('v')))
            })
            .collect();
        let sums = sums(&fs::read_to_string(root().join("Cargo.lock"))?);
        let mut all: Vec<Crate> = metadata
            .packages
            .into_iter()
            .filter(|package| built.contains(&(&*package.name, &*package.version)))
            .collect();
        all.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
        for one in &mut all {
            one.sha256 = sums.get(&(one.name.clone(), one.version.clone())).cloned();
        }
        let ids: BTreeSet<&str> = all.iter().map(|one| &*one.id).collect();
        let nodes = metadata.resolve.nodes.into_iter();
        let uses = nodes
            .filter(|node| ids.contains(&*node.id))
            .map(|node| {
                let edges = node.deps.into_iter().filter(|edge| {
                    let is_built_in = edge.dep_kinds.iter().any(|kind| kind.kind.is_none());
                    is_built_in && ids.contains(&*edge.pkg)
                });
                (node.id, edges.map(|edge| edge.pkg).collect())
            })
            .collect();
        Ok(Self { all, uses })
    }
}

/// By package name and version.
fn sums(lock: &str) -> BTreeMap<(String, String), String> {
    let packages = lock.split("[[package]]").skip(1);
    packages
        .filter_map(|package| {
            let value = |key: &str| {
                let mut lines = package.lines();
                let line = lines.find_map(|line| line.strip_prefix(key))?;
                Some(line.strip_prefix(" = ")?.trim_matches('"').to_owned())
            };
            Some(((value("name")?, value("version")?), value("checksum")?))
        })
        .collect()
}
