//! The crates `platform`, `web`, `identity`, `site` and `accounts` are below the domains and may
//! not name any domain. So a new domain only needs a crate and a line in `kenduri`.

use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::workspace::{root, shown};

/// In the singular. A noun that a lower crate uses in another sense cannot be in this list.
const NOUNS: &[&str] = &["occasion", "rsvp", "household", "countdown", "booking"];

const BELOW: &[&str] = &[
    "crates/platform",
    "crates/web",
    "crates/identity",
    "crates/site",
    "crates/accounts",
];

/// The common passwords are not the project's own wording.
const PASSED_OVER: &[&str] = &["crates/identity/common_passwords.txt"];

pub(super) fn check(files: &[PathBuf]) -> Vec<Finding> {
    let is_below = |file: &Path, places: &[&str]| {
        places
            .iter()
            .any(|place| file.starts_with(root().join(place)))
    };
    let mut findings = Vec::new();
    for file in files {
        if !is_below(file, BELOW) || is_below(file, PASSED_OVER) {
            continue;
        }
        let Ok(text) = fs::read_to_string(file) else {
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            findings.extend(named(line).map(|noun| {
                let place = format!("{}:{}", shown(file), index + 1);
                Finding::new(place, format!("names a domain: {noun}"))
            }));
        }
    }
    findings
}

/// As words or as parts of names.
fn named(line: &str) -> impl Iterator<Item = &'static str> {
    let lower = line.to_ascii_lowercase();
    NOUNS.iter().copied().filter(move |noun| {
        lower.match_indices(noun).any(|(start, _)| {
            let rest = &lower[start + noun.len()..];
            let end = lower.len() - rest.strip_prefix('s').unwrap_or(rest).len();
            let is_letter = |index: usize| {
                let byte = lower.as_bytes().get(index);
                byte.is_some_and(u8::is_ascii_lowercase)
            };
            // `OccasionId` matches, but “occasionally” does not.
            let goes_on = is_letter(end) && line.as_bytes()[end].is_ascii_lowercase();
            let began =
                start > 0 && is_letter(start - 1) && line.as_bytes()[start].is_ascii_lowercase();
            !goes_on && !began
        })
    })
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn domains_are_recognised_in_words_and_names() {
        for (line, nouns) in [
            ("use occasions::rsvp;", &["occasion", "rsvp"][..]),
            ("struct OccasionRead;", &["occasion"]),
            ("/// What a household may.", &["household"]),
            ("const RSVPS_READ: u8 = 1;", &["rsvp"]),
            ("host-countdowns = Countdowns", &["countdown"]),
            ("Actor::BookingMember", &["booking"]),
            ("what happens occasionally, and a cookbooking", &[]),
            ("a note on a board", &[]),
        ] {
            assert_eq!(named(line).collect::<Vec<_>>(), nouns, "{line}");
        }
    }
}
