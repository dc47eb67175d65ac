//! Migrations must be numbered from 0001 without gaps, and registered in their crates. Each CHECK
//! constraint must have a name, because the code recognizes a violation by that name. A migration
//! that is declared as expanding must not contain what breaks older programs.

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
        let Some(is_expanding) = is_expanding(&sources, &stem) else {
            findings.push(Finding::new(
                &place,
                format!("{stem} is not registered in src/ as expanding or contracting"),
            ));
            continue;
        };
        let text = fs::read_to_string(folder.join(format!("{stem}.sql")))?;
        if let Some(line) = breaking_line(&text).filter(|_| is_expanding) {
            findings.push(Finding::new(
                &place,
                format!("{stem} is declared as expanding, but may break older programs: {line}"),
            ));
        }
    }
    Ok(findings)
}

/// `None` if the step is not declared, or not with one of the two words.
fn is_expanding(sources: &str, stem: &str) -> Option<bool> {
    let quoted = format!("\"{stem}\"");
    sources.match_indices(&quoted).find_map(|(at, _)| {
        // The word of `migrations!`, or the field of a `Step`.
        let rest = sources[at + quoted.len()..].trim_start();
        let rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        let rest = rest.strip_prefix("kind: Kind::").unwrap_or(rest);
        match rest.split(|c: char| !c.is_alphabetic()).next()? {
            "expanding" | "Expanding" => Some(true),
            "contracting" | "Contracting" => Some(false),
            _ => None,
        }
    })
}

/// Returns the first line that may make statements of older programs fail. Statements about tables
/// that the same migration creates are not excepted, because they can be written differently there.
fn breaking_line(text: &str) -> Option<&str> {
    let breaks = |line: &str| {
        let part = |c: char| c.is_alphanumeric() || c == '_';
        let words = line
            .split(|c: char| !part(c))
            .filter(|word| !word.is_empty());
        let words: Vec<&str> = words.collect();
        let has = |expected: &[&str]| words.windows(expected.len()).any(|found| found == expected);
        let is_comment = line.trim_start().starts_with("--");
        let is_needed = has(&["ADD", "COLUMN"]) && has(&["NOT", "NULL"]) && !has(&["DEFAULT"]);
        !is_comment
            && (is_needed
                || has(&["DROP"])
                || has(&["RENAME"])
                || has(&["ALTER", "COLUMN"])
                || has(&["ADD", "CONSTRAINT"])
                || has(&["DELETE", "FROM"])
                || has(&["CREATE", "TRIGGER"]))
    };
    text.lines().map(str::trim).find(|line| breaks(line))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_its_word() {
        let sources = "migrations!(\"a\",\n \"0001_begin\" contracting,\n\"0002_more\" expanding\n)
            name: \"0003_field\",\n kind: Kind::Expanding,\n \"0004_none\", \"0005_other\" shrinking";
        for (stem, is) in [
            ("0001_begin", Some(false)),
            ("0002_more", Some(true)),
            ("0003_field", Some(true)),
            ("0004_none", None),
            ("0005_other", None),
            ("0006_missing", None),
        ] {
            assert_eq!(is_expanding(sources, stem), is, "{stem}");
        }
    }

    #[test]
    fn what_breaks_older_programs_is_found() {
        for line in [
            "ALTER TABLE guest DROP COLUMN name;",
            "DROP TABLE guest;",
            "ALTER TABLE guest RENAME TO person;",
            "ALTER TABLE guest ADD COLUMN age BIGINT NOT NULL;",
            "ALTER TABLE guest ALTER COLUMN age SET NOT NULL;",
            "DELETE FROM guest WHERE age = 0;",
        ] {
            assert_eq!(breaking_line(line), Some(line));
        }
        for line in [
            "CREATE TABLE guest (id TEXT NOT NULL);",
            "ALTER TABLE guest ADD COLUMN age BIGINT NOT NULL DEFAULT 0;",
            "ALTER TABLE guest ADD COLUMN age BIGINT;",
            "CREATE INDEX guest_age ON guest (age);",
            "-- DROP nothing",
        ] {
            assert_eq!(breaking_line(line), None);
        }
    }
}
