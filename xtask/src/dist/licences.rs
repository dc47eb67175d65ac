//! Collects the licences of everything built into the program in one file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Release;
use super::crates::{Crate, Crates};
use crate::workspace::{files_below, root};

/// Of licence files.
const NAMES: &[&str] = &[
    "LICENSE",
    "LICENCE",
    "UNLICENSE",
    "COPYING",
    "COPYRIGHT",
    "NOTICE",
    "OFL",
];

/// Without a licence text, each with a crate of the same authors and licence, whose text is used.
const BORROWED: &[(&str, &str)] = &[("alloc-stdlib", "alloc-no-stdlib")];

/// Of what Rust's standard library and the linker add to the program.
const ADDED: &str = "Rust's standard library is licensed under MIT or Apache-2.0 \
    (https://www.rust-lang.org/policies/licenses), LLVM's compiler-rt and libunwind under \
    Apache-2.0 with LLVM exceptions (https://llvm.org/LICENSE.txt).\n";

pub(super) fn text(release: &Release) -> Result<String> {
    let crates = Crates::read(release)?;
    let mut all = String::from("What is built into Kenduri, and under which licences.\n\n");
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in &crates.all {
        let name = format!("{} {}", one.name, one.version);
        for text in texts_of(one, &crates)? {
            texts.entry(text).or_default().push(name.clone());
        }
        if one.source.is_some() {
            let licence = one.license.as_deref().unwrap_or_default();
            writeln!(all, "{name}: {licence}")?;
        }
    }
    write!(all, "\n{ADDED}")?;
    let mut texts: Vec<_> = texts.into_iter().map(|(text, of)| (of, text)).collect();
    texts.sort();
    for (of, text) in texts {
        write!(all, "\n{}\n{}\n\n{text}\n", "-".repeat(80), of.join(", "))?;
    }
    Ok(all)
}

/// A crate of this workspace may also contain licence texts for fonts and scripts.
fn texts_of(one: &Crate, crates: &Crates) -> Result<Vec<String>> {
    let texts = found(one)?;
    if one.source.is_none() || !texts.is_empty() {
        return Ok(texts);
    }
    let lender = BORROWED.iter().find(|(name, _)| *name == one.name);
    if let Some((_, lender)) = lender {
        let lender = crates.all.iter().find(|other| other.name == *lender);
        return found(lender.context("who lends a text is gone")?);
    }
    let licence = one.license.as_deref().unwrap_or_default();
    let alternatives: Vec<_> = licence.split([' ', '/']).collect();
    if alternatives.contains(&"Apache-2.0") {
        Ok(vec![read(&root().join("LICENSE-APACHE"))?])
    } else if alternatives == ["MIT"] {
        let ours = read(&root().join("LICENSE-MIT"))?;
        let rest = ours.split_once("Permission is");
        let (_, rest) = rest.context("LICENSE-MIT begins in another way")?;
        let authors = one.authors.join(", ");
        let text = format!("MIT License\n\nCopyright (c) {authors}\n\nPermission is{rest}");
        Ok(vec![text])
    } else {
        anyhow::bail!("{} has no text of its licence, {licence}", one.name)
    }
}

fn found(one: &Crate) -> Result<Vec<String>> {
    let folder = one.manifest_path.parent().context("it has no folder")?;
    let files = files_below(folder)?;
    files
        .iter()
        .filter(|file| is_licence(file.strip_prefix(folder).unwrap_or(file)))
        .map(|file| read(file))
        .collect()
}

fn is_licence(path: &Path) -> bool {
    let is_code = path
        .extension()
        .is_some_and(|end| ["rs", "c", "h", "py", "go"].iter().any(|code| end == *code));
    let is_of_tests = ["tests", "benches", "examples"]
        .iter()
        .any(|folder| path.starts_with(folder));
    let name = path.file_name().map(|name| name.to_string_lossy());
    let name = name.map(|name| name.to_uppercase()).unwrap_or_default();
    !is_code && !is_of_tests && NAMES.iter().any(|begin| name.starts_with(begin))
}

/// Without differences between copies of the same licence.
fn read(file: &Path) -> Result<String> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    Ok(lines.join("\n").trim_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::is_licence;

    #[test]
    fn licences_are_known_by_their_names() {
        for name in [
            "LICENSE-MIT",
            "license.txt",
            "fonts/OFL-x.txt",
            "zstd/COPYING",
        ] {
            assert!(is_licence(name.as_ref()), "{name}");
        }
        for name in [
            "src/license.rs",
            "tests/LICENSE",
            "README.md",
            "src/notice.rs",
        ] {
            assert!(!is_licence(name.as_ref()), "{name}");
        }
    }
}
