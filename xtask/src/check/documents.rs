//! Checks that files, folders and modules named in documents exist.

use std::fs;

use anyhow::Result;

use super::Finding;
use crate::workspace::root;

const DOCUMENTS: &[&str] = &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];

pub(super) fn check() -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for document in DOCUMENTS {
        let path = root().join(document);
        if !path.is_file() {
            findings.push(Finding::new(*document, "is missing"));
            continue;
        }
        let text = fs::read_to_string(path)?;
        for (number, line) in text.lines().enumerate() {
            let links = list_links(line).filter(|link| !root().join(link).exists());
            let names = list_quoted(line).filter(|word| !exists(word));
            for gone in links.chain(names) {
                let place = format!("{document}:{}", number + 1);
                findings.push(Finding::new(place, format!("{gone} is not there")));
            }
        }
    }
    Ok(findings)
}

fn list_links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#', ' ']).next())
        .filter(|link| !link.is_empty() && !link.contains(':'))
}

fn list_quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Words that do not look like a file, folder or module count as existing.
fn exists(word: &str) -> bool {
    if word.contains([' ', '*', '{', '<', '…']) {
        return true;
    }
    if let Some((room, rest)) = word.split_once("::") {
        return !is_room(room) || has_module(room, rest);
    }
    match word.split_once('/') {
        Some((first, _)) if is_room(first) => root().join("crates").join(word).exists(),
        Some((first, _)) if is_folder(first) => root().join(word).exists(),
        _ => true,
    }
}

fn is_room(name: &str) -> bool {
    !name.is_empty() && root().join("crates").join(name).is_dir()
}

/// `target` is never checked, because a build may change its contents at any time.
fn is_folder(name: &str) -> bool {
    !name.is_empty() && name != "target" && root().join(name).is_dir()
}

/// The part after the crate must be a file, a folder, or an item in `lib.rs`.
fn has_module(room: &str, rest: &str) -> bool {
    let sources = root().join("crates").join(room).join("src");
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let name: String = rest.chars().take_while(|c| is_part(*c)).collect();
    let said = ["lib.rs", "main.rs"].iter().any(|file| {
        fs::read_to_string(sources.join(file))
            .is_ok_and(|text| text.split(|c| !is_part(c)).any(|word| word == name))
    });
    said || sources.join(format!("{name}.rs")).is_file() || sources.join(&name).is_dir()
}

#[cfg(test)]
mod tests {
    use super::{exists, list_links, list_quoted};

    #[test]
    fn what_is_named_must_be_there() {
        for there in [
            "xtask/src/main.rs",
            "platform/src/lib.rs",
            "platform::store",
            "serde::Serialize",
            "cargo xtask test",
            "and/or",
            "Store",
        ] {
            assert!(exists(there), "{there}");
        }
        for gone in [
            "xtask/src/gone.rs",
            "platform/src/gone.rs",
            "platform::gone",
        ] {
            assert!(!exists(gone), "{gone}");
        }
    }

    #[test]
    fn links_and_quoted_words_are_found() {
        let line = "see [how](docs/install.md#run), `a`, [there](https://example.org) and `b`";
        assert_eq!(list_links(line).collect::<Vec<_>>(), ["docs/install.md"]);
        assert_eq!(list_quoted(line).collect::<Vec<_>>(), ["a", "b"]);
    }
}
