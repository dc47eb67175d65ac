//! Decides whether a post of another program is public. What cannot be understood makes a draft.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::dates::{DATE, instant};
use super::front_matter::{Document, Entry, Value};

/// Flags that hide a post, and the value with which each one does.
const FLAGS: &[(&str, bool)] = &[
    ("draft", true),
    ("isdraft", true),
    ("published", false),
    ("ispublished", false),
    ("publish", false),
    ("public", false),
    ("private", true),
    ("isprivate", true),
    ("hidden", true),
    ("unpublished", true),
    ("unlisted", true),
    ("listed", false),
    ("visible", false),
    ("headless", true),
    ("render", false),
    ("membersonly", true),
    ("premium", true),
    ("paid", true),
    ("protected", true),
    ("eleventyexcludefromcollections", true),
];
/// Flags with which a program says in so many words that a post is a draft. They are not remarked.
const PLAIN: &[&str] = &["draft", "isdraft", "published", "ispublished", "publish"];
/// Words that tell who sees a post, and those of them that mean everybody.
const WORDS: &[(&str, &[&str])] = &[
    ("status", STATES),
    ("state", STATES),
    ("poststatus", STATES),
    ("visibility", AUDIENCES),
    ("access", AUDIENCES),
    ("audience", AUDIENCES),
    ("build.render", &["always", "true"]),
    ("build.list", &["always", "true"]),
];
const STATES: &[&str] = &[
    "published",
    "publish",
    "public",
    "live",
    "sent",
    "featured",
    "scheduled",
    "future",
];
const AUDIENCES: &[&str] = &["public", "everyone", "everybody", "anyone", "all"];
/// Keys whose word may say that a post is a draft, and otherwise says what the post is.
const KINDS: &[&str] = &["kind", "type", "layout"];
const EXPIRY: &[&str] = &[
    "expirydate",
    "expires",
    "expiresat",
    "expiry",
    "expire",
    "unpublishdate",
    "unpublishat",
    "unpublishedat",
];

/// Why a post is imported as a draft.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hidden {
    /// The line of the front matter; 0 if the file's folder hides the post.
    pub(super) line: usize,
    /// The reason. `None` if the front matter calls the post a draft.
    pub(super) words: Option<String>,
}

/// Finds out whether a post is hidden. `path` is the file's path within the imported folder.
pub(super) fn hidden(
    document: &Document,
    path: &Path,
    zone: &TimeZone,
    now: Timestamp,
) -> Option<Hidden> {
    let mut found = Vec::new();
    for (key, hides) in FLAGS {
        if let Some(entry) = document.find(&[key]) {
            found.extend(by_flag(entry, *hides, PLAIN.contains(key), zone));
        }
    }
    for (key, open) in WORDS {
        if let Some(entry) = document.find(&[key]) {
            found.extend(by_word(entry, open));
            let is_later = matches!(entry.text(), Some("scheduled" | "future"));
            if is_later && document.find(DATE).is_none() {
                found.push(told(entry, "a scheduled post without a date"));
            }
        }
    }
    let decisive = FLAGS.iter().map(|(key, _)| key);
    for key in decisive.chain(WORDS.iter().map(|(key, _)| key)) {
        let below = document.below(key);
        let entry = below.entries.values().next();
        found.extend(entry.map(|entry| told(entry, format!("{} cannot be read", entry.name))));
    }
    for key in KINDS {
        let entry = document.find(&[key]);
        let private = entry.filter(|entry| entry.text().is_some_and(is_private));
        found.extend(private.and_then(|entry| by_word(entry, &[])));
    }
    if let Some(entry) = document.find(&["password"]) {
        found.push(told(entry, "a password protects the post"));
    }
    // With this, Eleventy writes no page.
    if let Some(entry) = document.find(&["permalink"])
        && entry.flag() == Some(false)
    {
        found.push(told(entry, "the post has no page of its own"));
    }
    for key in EXPIRY {
        if let Some(entry) = document.find(&[key]) {
            found.extend(by_expiry(entry, zone, now));
        }
    }
    if path.iter().any(|part| part == "_drafts") {
        found.push(Hidden {
            line: 0,
            words: None,
        });
    }
    // A draft by its own words needs no other reason.
    found.sort_by_key(|hidden| hidden.words.is_some());
    found.into_iter().next()
}

fn told(entry: &Entry, words: impl Into<String>) -> Hidden {
    entry.set_used();
    Hidden {
        line: entry.line,
        words: Some(words.into()),
    }
}

fn by_flag(entry: &Entry, hides: bool, is_plain: bool, zone: &TimeZone) -> Option<Hidden> {
    if let Some(flag) = entry.flag() {
        entry.set_used();
        return (flag == hides).then(|| Hidden {
            line: entry.line,
            words: (!is_plain).then(|| format!("{}: {hides}", entry.name)),
        });
    }
    // Some programs write here when they published the post.
    let text = entry.text().filter(|_| !hides).unwrap_or_default();
    let is_date = instant(text, zone).is_some();
    (!is_date).then(|| told(entry, format!("{} is neither true nor false", entry.name)))
}

fn is_private(word: &str) -> bool {
    let words = ["draft", "drafts", "private", "hidden"];
    words.contains(&&*word.to_lowercase())
}

fn by_word(entry: &Entry, open: &[&str]) -> Option<Hidden> {
    let Some(word) = entry.text() else {
        return Some(told(entry, format!("{} cannot be read", entry.name)));
    };
    entry.set_used();
    let is_open = matches!(entry.value, Value::Text(_)) && open.contains(&&*word.to_lowercase());
    (!is_open).then(|| Hidden {
        line: entry.line,
        words: (!word.eq_ignore_ascii_case("draft")).then(|| format!("{}: {word}", entry.name)),
    })
}

fn by_expiry(entry: &Entry, zone: &TimeZone, now: Timestamp) -> Option<Hidden> {
    let text = entry.text().unwrap_or_default();
    match instant(text, zone) {
        // The import remarks values that it does not use.
        Some(at) if at > now => None,
        Some(_) => Some(told(entry, format!("the post ended on {text}"))),
        None => Some(told(
            entry,
            format!("{} is not a date: {text:?}", entry.name),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::front_matter;
    use super::*;

    fn of(front: &str, path: &str) -> Option<Hidden> {
        let document = front_matter::read(&format!("---\ntitle: x\n{front}\n---\n")).unwrap();
        let now = "2026-11-23T00:00:00Z".parse().unwrap();
        hidden(&document, Path::new(path), &TimeZone::UTC, now)
    }

    #[test]
    fn what_may_be_hidden_is_a_draft() {
        // By its own words.
        for front in [
            "draft: true",
            "draft: TRUE",
            "draft: \"true\"",
            "draft: yes",
            "draft: on",
            "draft: 'Y'",
            "draft: 1",
            "isDraft: true",
            "published: false",
            "published: no",
            "published: 'false'",
            "publish: off",
            "status: draft",
            "status: Draft",
            "type: draft",
            "draft: true\nstatus: published",
        ] {
            let words = of(front, "a.md").map(|hidden| hidden.words);
            assert_eq!(words, Some(None), "{front}");
        }
        assert_eq!(of("a: 1", "_drafts/a.md").map(|one| one.words), Some(None));
        // For another reason, or because nobody knows what is meant.
        for front in [
            "draft: maybe",
            "draft: [true]",
            "draft: {a: 1}",
            "status: {a: 1}",
            "draft: false\ndraft: true",
            "a: &x 1\ndraft: *x",
            "draft: !js yes",
            "published: soon",
            "status: private",
            "status: pending",
            "status: [published, private]",
            "status: California",
            "visibility: members",
            "visibility: private",
            "private: true",
            "hidden: true",
            "unlisted: yes",
            "headless: true",
            "_build:\n  render: never",
            "build:\n  list: local",
            "build: {render: false}",
            "status: scheduled",
            "password: abc",
            "permalink: false",
            "expiryDate: 2010-01-01",
            "expiryDate: one day",
            "unpublish_date: 2026-11-22",
        ] {
            let found = of(front, "a.md").unwrap_or_else(|| panic!("{front}"));
            assert!(
                found.words.is_some() && found.line > 2,
                "{front}: {found:?}"
            );
        }
    }

    #[test]
    fn what_is_public_stays_public() {
        for front in [
            "a: 1",
            "draft: false",
            "draft: 'No'",
            "draft:",
            "draft: ~",
            "published: true",
            "published: 2020-01-02",
            "status: published",
            "status: publish",
            "visibility: public",
            "type: post",
            "_build:\n  render: always",
            "expiryDate: 2099-01-01",
            "hidden: false",
        ] {
            assert_eq!(of(front, "drafts/a.md"), None, "{front}");
        }
    }
}
