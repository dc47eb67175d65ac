//! Rules for every file, such as its size and forbidden words, and the lints that every manifest
//! must inherit.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Finding;
use crate::workspace::{Metadata, shown};

const MAX_LINES: usize = 600;
/// Longer files are reported; they usually mix two topics.
const LONG_FILE: usize = 400;

/// In characters: a longer line contains several elements.
const TEMPLATE_LINE: usize = 160;

/// Split so that this file does not contain them.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("unimple", "mented!"),
    concat!("#[ig", "nore"),
    concat!(".on", "ly("),
];

const MACHINE_PATHS: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/wo", "rk/"),
    concat!("/Us", "ers/"),
];

pub(super) fn check_lints(metadata: &Metadata) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in metadata.packages.iter().filter(|p| p.is_ours()) {
        let manifest = fs::read_to_string(&package.manifest_path)?;
        let words: Vec<_> = manifest.lines().map(str::trim).collect();
        let held = words.contains(&"lints.workspace = true")
            || words
                .windows(2)
                .any(|pair| pair == ["[lints]", "workspace = true"]);
        if !held {
            findings.push(Finding::new(
                shown(&package.manifest_path),
                "does not say `lints.workspace = true`",
            ));
        }
    }
    Ok(findings)
}

pub(super) fn check_sizes(files: &[PathBuf]) -> Result<Vec<Finding>> {
    let counted = count_lines(files)?;
    Ok(counted
        .into_iter()
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(file, lines)| {
            let what = format!("{lines} lines; more than {MAX_LINES} are refused");
            Finding::new(shown(file), what)
        })
        .collect())
}

/// Describes the number of long but permitted files, and the longest of them.
pub(super) fn describe_long(files: &[PathBuf]) -> Result<Option<String>> {
    let counted = count_lines(files)?;
    let long = counted
        .iter()
        .filter(|(_, lines)| *lines > LONG_FILE)
        .count();
    let longest = counted.into_iter().max_by_key(|(_, lines)| *lines);
    Ok(longest.filter(|_| long > 0).map(|(file, lines)| {
        let file = shown(file);
        format!(
            "{long} files have more than {LONG_FILE} lines: is a second noun hiding in {file} ({lines})?"
        )
    }))
}

fn count_lines(files: &[PathBuf]) -> Result<Vec<(&Path, usize)>> {
    files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "rs"))
        .map(|file| Ok((file.as_path(), fs::read_to_string(file)?.lines().count())))
        .collect()
}

/// Checks that templates have one element per line, so that they stay readable.
pub(super) fn check_templates(files: &[PathBuf]) -> Result<Vec<Finding>> {
    let is_template = |file: &&PathBuf| {
        file.components()
            .any(|part| part.as_os_str() == "templates")
    };
    let mut findings = Vec::new();
    for file in files.iter().filter(is_template) {
        for (number, line) in fs::read_to_string(file)?.lines().enumerate() {
            let length = line.chars().count();
            if length > TEMPLATE_LINE {
                let place = format!("{}:{}", shown(file), number + 1);
                let what = format!("{length} characters; more than {TEMPLATE_LINE} are refused");
                findings.push(Finding::new(place, what));
            }
        }
    }
    Ok(findings)
}

pub(super) fn check_words(files: &[PathBuf]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_written_here(file)) {
        for (number, line) in fs::read_to_string(file)?.lines().enumerate() {
            if let Some(what) = complaint(line) {
                let place = format!("{}:{}", shown(file), number + 1);
                findings.push(Finding::new(place, what));
            }
        }
    }
    Ok(findings)
}

fn is_written_here(file: &Path) -> bool {
    let by_a_tool = ["Cargo.lock", "package-lock.json"]
        .iter()
        .any(|name| file.ends_with(name));
    let text = [
        "c", "css", "ftl", "html", "js", "json", "md", "mjs", "rs", "sh", "sql", "toml", "yml",
    ];
    !by_a_tool
        && file
            .extension()
            .is_some_and(|end| text.iter().any(|known| end == *known))
}

fn complaint(line: &str) -> Option<String> {
    let unfinished = UNFINISHED.iter().find(|mark| line.contains(**mark));
    if let Some(mark) = unfinished {
        return Some(format!("unfinished: {mark}"));
    }
    MACHINE_PATHS
        .iter()
        .find(|path| begins_a_path(line, path))
        .map(|path| format!("a path of one machine: {path}"))
}

/// An occurrence within a longer path or after a host name does not count.
fn begins_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || ".-_}".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn unfinished_work_and_machine_paths_are_named() {
        for line in [
            concat!("// TO", "DO later"),
            concat!("let path = \"/ro", "ot/x\";"),
            concat!("/ho", "me/farah/kenduri"),
        ] {
            assert!(complaint(line).is_some(), "{line}");
        }
    }

    #[test]
    fn addresses_of_the_program_are_no_machine_paths() {
        for line in [
            concat!("see docs/ho", "me/index.md"),
            "/invite/RAHMA",
            "todos",
        ] {
            assert_eq!(complaint(line), None, "{line}");
        }
    }
}
