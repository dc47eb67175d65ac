//! Locales: every promised language has all messages of the English files, with the same arguments.
//!
//! Messages for hosts are promised in English and Malay only. Other languages may therefore omit
//! messages that begin with `host-`, and messages below a group comment in `en.ftl` that begins
//! with `## Hosts`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::Finding;
use crate::workspace::{Metadata, shown};

/// Besides English, with the users for whom each one is promised.
const PROMISED: &[(&str, Promise)] = &[
    ("ms", Promise::Everybody),
    ("it", Promise::Guests),
    ("zh-Hans", Promise::Guests),
    ("ar", Promise::Guests),
];

/// A pattern gets all parts of the date as arguments, and each language uses those it needs.
const PATTERNS: &[&str] = &["date-", "time-"];

#[derive(Clone, Copy, PartialEq)]
enum Promise {
    Everybody,
    Guests,
}

#[derive(Default)]
struct Texts {
    said: BTreeMap<String, Said>,
    /// Names that are defined twice.
    repeated: Vec<String>,
}

#[derive(Default)]
struct Said {
    arguments: BTreeSet<String>,
    for_hosts: bool,
}

pub(super) fn check(metadata: &Metadata) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in metadata.packages.iter().filter(|p| p.is_ours()) {
        for folder in package.folders("locales")? {
            findings.extend(check_folder(&folder)?);
        }
    }
    Ok(findings)
}

fn check_folder(folder: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let english = read(&folder.join("en.ftl"), &mut findings)?;
    for (language, promise) in PROMISED {
        let file = folder.join(format!("{language}.ftl"));
        let texts = read(&file, &mut findings)?;
        for what in compare(&english, &texts, *promise) {
            findings.push(Finding::new(shown(&file), what));
        }
    }
    Ok(findings)
}

/// Only promised languages must have a file.
fn read(file: &Path, findings: &mut Vec<Finding>) -> Result<Texts> {
    if !file.is_file() {
        return Ok(Texts::default());
    }
    let texts = parse(&fs::read_to_string(file)?);
    for id in &texts.repeated {
        findings.push(Finding::new(shown(file), format!("{id} is there twice")));
    }
    Ok(texts)
}

fn compare(english: &Texts, texts: &Texts, promise: Promise) -> Vec<String> {
    let mut complaints = Vec::new();
    let unsaid: Vec<_> = english
        .said
        .iter()
        .filter(|(id, said)| {
            promise == Promise::Everybody || !said.for_hosts && !id.starts_with("host-")
        })
        .map(|(id, _)| id.as_str())
        .filter(|id| !texts.said.contains_key(*id))
        .collect();
    if !unsaid.is_empty() {
        complaints.push(format!("{} missing: {}", unsaid.len(), unsaid.join(", ")));
    }
    for (id, said) in &texts.said {
        match english.said.get(id) {
            None => complaints.push(format!("{id} is not in en.ftl")),
            Some(_) if PATTERNS.iter().any(|pattern| id.starts_with(pattern)) => {}
            Some(meant) if meant.arguments == said.arguments => {}
            Some(meant) => complaints.push(format!(
                "{id} takes {:?}, in English {:?}",
                said.arguments, meant.arguments
            )),
        }
    }
    complaints
}

/// The subset of Fluent's grammar with messages and their arguments.
fn parse(file: &str) -> Texts {
    let mut texts = Texts::default();
    let mut for_hosts = false;
    let mut message = "";
    let mut current = String::new();
    for line in file.lines() {
        if let Some(group) = line.strip_prefix("## ") {
            for_hosts = group.starts_with("Hosts");
        }
        if line.starts_with('#') {
            continue;
        }
        let begun = match name_before_equals(line) {
            Some(name) if !line.starts_with(' ') => {
                message = name;
                Some(name.to_owned())
            }
            Some(name) if name.starts_with('.') => Some(format!("{message}{name}")),
            _ => None,
        };
        if let Some(name) = begun {
            let said = Said {
                arguments: BTreeSet::new(),
                for_hosts,
            };
            if texts.said.insert(name.clone(), said).is_some() {
                texts.repeated.push(name.clone());
            }
            current = name;
        }
        if let Some(said) = texts.said.get_mut(&current) {
            said.arguments.extend(list_arguments(line));
        }
    }
    texts
}

fn name_before_equals(line: &str) -> Option<&str> {
    let (name, _) = line.split_once('=')?;
    let name = name.trim();
    let is_name = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    (is_name && !name.is_empty()).then_some(name)
}

fn list_arguments(line: &str) -> impl Iterator<Item = String> {
    line.split('$').skip(1).map(|rest| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        rest.chars().take_while(|c| is_part(*c)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{Promise, compare, parse};

    const ENGLISH: &str = "# a = comment\n\
        portal-places-left = { $n ->\n    [one] { $n } place = one\n   *[other] { $n } places\n}\n\
        host-name = Name\n    .hint = As on { $card }\n\
        date-long = { $day } { $month }\n\n\
        ## Hosts and programs\n\nproblem-token = A token is needed.\n\n\
        ## Everybody\n\nproblem-name = Tell us your name.\n";

    #[test]
    fn messages_attributes_and_arguments_are_found() {
        let texts = parse(ENGLISH);
        assert!(texts.said["portal-places-left"].arguments.contains("n"));
        assert!(texts.said["host-name.hint"].arguments.contains("card"));
        assert!(texts.said["problem-token"].for_hosts);
        assert!(!texts.said["problem-name"].for_hosts);
        assert_eq!(texts.said.len(), 6);
        assert!(texts.repeated.is_empty());
    }

    #[test]
    fn a_name_that_comes_twice_is_told() {
        assert_eq!(parse("a = 1\nb = 2\na = 3\n").repeated, ["a"]);
    }

    #[test]
    fn each_reader_gets_what_was_promised() {
        let english = parse(ENGLISH);
        let italian = parse(
            "portal-places-left = { $n } posti\ndate-long = { $month }\nproblem-name = Il nome.\n",
        );
        assert_eq!(
            compare(&english, &italian, Promise::Guests),
            Vec::<String>::new()
        );
        assert_eq!(
            compare(&english, &italian, Promise::Everybody),
            ["3 missing: host-name, host-name.hint, problem-token"]
        );
        let broken =
            parse("portal-places-left = Posti\nextra = x\nproblem-name = x\ndate-long = x\n");
        assert_eq!(
            compare(&english, &broken, Promise::Guests),
            [
                "extra is not in en.ftl",
                "portal-places-left takes {}, in English {\"n\"}"
            ]
        );
    }
}
