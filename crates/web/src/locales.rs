//! Checks the message files in tests. Every language must have the same messages, and no message
//! may have arguments that the English message lacks.
//!
//! ```
//! let english = "yes = Coming\nhost-dishes = { $n } dishes\n";
//! let locales = [("en", english), ("it", "yes = Ci saremo\n")];
//! let must = |tag: &str, id: &str| tag == "ms" || !id.starts_with("host-");
//! assert_eq!(web::locales::differences(&locales, must), [""; 0]);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::text::Locale;

/// Compares each language's messages in one crate with the English messages, and returns the
/// differences. `must` returns whether a language must have a message. Languages that only public
/// pages use need no messages for hosts.
pub fn differences(locales: &[Locale], must: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let english = locales.iter().filter(|(tag, _)| *tag == "en");
    let english: BTreeMap<_, _> = english.flat_map(|(_, file)| messages(file)).collect();
    let mut found = Vec::new();
    let tags: BTreeSet<_> = locales.iter().map(|(tag, _)| *tag).collect();
    for tag in tags {
        let files = locales.iter().filter(|(other, _)| *other == tag);
        let said: BTreeMap<_, _> = files.flat_map(|(_, file)| messages(file)).collect();
        for (id, values) in &said {
            match english.get(id) {
                None => found.push(format!("{tag}: {id} is not in English")),
                Some(known) => found.extend(
                    values
                        .difference(known)
                        .map(|value| format!("{tag}: {id} names ${value}, which English does not")),
                ),
            }
        }
        let missing = english.keys().filter(|id| !said.contains_key(*id));
        found.extend(
            missing
                .filter(|id| must(tag, id))
                .map(|id| format!("{tag}: {id} is missing")),
        );
    }
    found
}

/// Every message of a Fluent file (`id`, and `id.attribute`) with the names of its arguments.
pub fn messages(file: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut message, mut part) = (String::new(), String::new());
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        if let Some(id) = identifier(line) {
            id.clone_into(&mut message);
            id.clone_into(&mut part);
            found.entry(part.clone()).or_default();
        } else if let Some(name) = line.trim_start().strip_prefix('.').and_then(identifier) {
            part = format!("{message}.{name}");
            found.entry(part.clone()).or_default();
        }
        let names = line.split('$').skip(1).map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
            &rest[..end.unwrap_or(rest.len())]
        });
        found
            .entry(part.clone())
            .or_default()
            .extend(names.map(str::to_owned));
    }
    found.remove("");
    found
}

/// Finds English messages in which a plural noun follows a number although the message has no
/// plural forms, such as "{ $n } dishes".
pub fn without_plural_forms(locales: &[Locale]) -> Vec<String> {
    let english = locales.iter().filter(|(tag, _)| *tag == "en");
    let mut found = Vec::new();
    for (_, file) in english {
        let mut message = "";
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            message = identifier(line).unwrap_or(message);
            let is_variant = line.trim_start().starts_with(['[', '*']);
            if !is_variant && counts_plainly(line) {
                found.push(message.to_owned());
            }
        }
    }
    found
}

/// Whether a number is followed by a plural noun, directly or after one other word.
fn counts_plainly(line: &str) -> bool {
    line.split("{ $").skip(1).any(|rest| {
        let Some((name, after)) = rest.split_once(" }") else {
            return false;
        };
        let letters = |c: char| !c.is_ascii_lowercase();
        let words = after.strip_prefix(' ').unwrap_or_default().split(letters);
        COUNTS.contains(&name)
            && words
                .take_while(|word| !word.is_empty())
                .take(2)
                .any(is_plural)
    })
}

const COUNTS: [&str; 10] = [
    "n", "count", "total", "allowed", "used", "left", "limit", "min", "max", "minutes",
];

fn is_plural(word: &str) -> bool {
    let is_noun = word.len() > 3 && word.ends_with('s') && !word.ends_with("ss");
    is_noun || ["people", "children"].contains(&word)
}

fn identifier(line: &str) -> Option<&str> {
    let (id, _) = line.split_once('=')?;
    let id = id.trim_end();
    let is_id = id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_id.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_languages_say_the_same_things() {
        // Only Malay must have every message here; `cargo xtask check` knows which messages the
        // other languages may omit.
        let mut found = differences(crate::LOCALES, |tag, _| tag == "ms");
        // Patterns for dates and times may use any of the arguments that `dates` passes.
        found.retain(|found| !found.contains(" time-") && !found.contains(" date-"));
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn differences_are_told() {
        let en = "a = A { $n }\n    .title = T\nb = B\n# c = no\n";
        let ms = "a = { $n ->\n   *[other] { $m }\n}\n    .title = T\nz = Z\n";
        assert_eq!(
            differences(&[("en", en), ("ms", ms)], |_, _| true),
            [
                "ms: a names $m, which English does not",
                "ms: z is not in English",
                "ms: b is missing"
            ]
        );
        assert_eq!(
            differences(&[("en", en), ("it", "")], |_, _| false),
            [""; 0]
        );
    }

    #[test]
    fn counts_need_plural_forms() {
        let en = "a = { $n } dishes\nb = { $n ->\n    [one] 1 dish\n   *[other] { $n } dishes\n}\n\
                  c = { $used } of { $allowed } extra places\nd = { $n } yes\ne = { $name } brings\n\
                  f = in { $n } min\ng =\n    At most { $max } people.\n";
        assert_eq!(
            without_plural_forms(&[("en", en), ("ms", "a = { $n } dishes\n")]),
            ["a", "c", "g"]
        );
    }
}
