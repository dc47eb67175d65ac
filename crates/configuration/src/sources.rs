//! The sources of settings: the settings file, the environment and command-line flags.
//!
//! Each source yields a list of [`Leaf`]s. For the same key, a later leaf overrides an earlier one.
//! Leaves are checked one by one, so that an error can name its source.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use site::domain::Domains;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use toml::{Spanned, Table, Value};
use units::{Origin, Problem, nearest};

use super::written::Written;
use super::{domain_settings, keys, nested_errors, profile};

#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) origin: Origin,
    /// The sources of the keys inside the value, if it is nested.
    pub(crate) inside: Vec<(String, Origin)>,
}

/// Such variables are not settings although they begin with `KENDURI_`.
const OTHER_VARIABLES: &str = "KENDURI_TEST_";

/// Reads the settings in the text of a `kenduri.toml`. The settings of the selected profile
/// override them. The remaining profiles are only checked. Returns `None` if the text is not TOML.
pub(crate) fn file(
    domains: Domains,
    path: &Path,
    text: &str,
    profile: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Option<Vec<Leaf>> {
    let origin = |offset: usize| Origin::File {
        path: path.to_owned(),
        line: line_of(text, offset),
    };
    let mut table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            let what = format!("not valid TOML: {}", error.message());
            let mend =
                "correct that line, or the one before it; text stands in quotes, lists in [ ]";
            problems.push(Problem::at(origin(offset), what, mend));
            return None;
        }
    };
    let profiles = match profile::take_all(&mut table) {
        Ok(profiles) => profiles,
        Err(offset) => {
            problems.push(Problem::at(
                origin(offset),
                "a profile is a section, not a value",
                "write [profile.NAME] and its keys below",
            ));
            return Some(Vec::new());
        }
    };
    let chosen = profile.and_then(|name| profiles.get(name));
    let mut found = Vec::new();
    let leaves = match chosen {
        Some(profile) => leaves(
            domains,
            &profile::with(&table, profile),
            &origin,
            &mut found,
        ),
        None => leaves(domains, &table, &origin, &mut found),
    };
    for other in profiles.values() {
        let mut wrong = Vec::new();
        self::leaves(domains, &profile::with(&table, other), &origin, &mut wrong);
        wrong.retain(|problem| !found.contains(problem));
        found.append(&mut wrong);
    }
    if let Some(name) = profile.filter(|_| chosen.is_none()) {
        let names: Vec<&str> = profiles.keys().map(String::as_str).collect();
        let mend = if names.is_empty() {
            "write it, or leave --profile and KENDURI_PROFILE out".to_owned()
        } else {
            format!("there are {}", names.join(", "))
        };
        let what = format!("there is no [profile.{name}]");
        found.push(Problem::at(origin(0), what, mend));
    }
    problems.append(&mut found);
    Some(leaves)
}

fn leaves(
    domains: Domains,
    table: &DeTable<'_>,
    origin: &impl Fn(usize) -> Origin,
    problems: &mut Vec<Problem>,
) -> Vec<Leaf> {
    let known = keys::known(domains);
    let mut leaves = Vec::new();
    walk(table, "", &mut |key, offset, value| match known.get(key) {
        Some(_) if keys::DEEP.contains(&key) || value.get_ref().as_table().is_none() => {
            let mut value_errors = nested_errors::value_errors(key, value, origin);
            let are_none = value_errors.is_empty();
            problems.append(&mut value_errors);
            match Value::deserialize(ValueDeserializer::from(value.clone())) {
                Ok(found) if are_none => {
                    let mut inside = Vec::new();
                    if keys::DEEP.contains(&key) {
                        nested_errors::visit(value, key, &mut |place, name, _| {
                            inside.push((place.to_owned(), origin(name)));
                        });
                    }
                    leaves.push(Leaf {
                        key: key.to_owned(),
                        value: found,
                        origin: origin(offset),
                        inside,
                    });
                }
                Err(error) if are_none => {
                    let what = format!("{key} is wrong: {}", error.message());
                    let mend = "docs/configure.md shows what it may be";
                    problems.push(Problem::at(origin(offset), what, mend));
                }
                _ => {}
            }
            Step::Over
        }
        Some(_) => {
            let what = format!("{key} is one value, not a section");
            let mend = format!("write {key} = VALUE");
            problems.push(Problem::at(origin(offset), what, mend));
            Step::Over
        }
        None if known.keys().any(|known| inside(known, key)) => {
            if value.get_ref().as_table().is_none() {
                problems.push(Problem::at(
                    origin(offset),
                    format!("{key} is a section, not a value"),
                    format!("write [{key}] and its keys below"),
                ));
            }
            Step::Into
        }
        None => {
            problems.push(unknown(origin(offset), key, &known));
            Step::Over
        }
    });
    drop_mistyped(domains, leaves, &known, problems)
}

/// Reads the settings in environment variables that begin with `KENDURI_`.
pub(crate) fn environment(
    domains: Domains,
    variables: &[(String, String)],
    problems: &mut Vec<Problem>,
) -> Vec<Leaf> {
    let known = keys::known(domains);
    let by_name: BTreeMap<String, &String> =
        known.keys().map(|key| (keys::variable(key), key)).collect();
    let mut leaves = Vec::new();
    for (name, text) in variables {
        let is_setting = name.starts_with("KENDURI_") && name != profile::VARIABLE;
        if !is_setting || name.starts_with(OTHER_VARIABLES) {
            continue;
        }
        let origin = Origin::Environment(name.clone());
        if let Some(key) = by_name.get(name) {
            leaves.extend(from_text(key, text, origin, &known, problems));
            continue;
        }
        let near = || {
            nearest(name, by_name.keys().map(String::as_str))
                .map_or_else(String::new, |near| format!("did you mean {near}?"))
        };
        let mend = keys::instead_of(name).map_or_else(near, str::to_owned);
        let what = format!("{name} is not a setting");
        problems.push(Problem::at(origin, what, mend));
    }
    drop_mistyped(domains, leaves, &known, problems)
}

/// Reads the setting in a flag: `--set key=value`, or another flag that sets one key.
pub(crate) fn flag(
    domains: Domains,
    key: &str,
    text: &str,
    flag: &str,
    problems: &mut Vec<Problem>,
) -> Vec<Leaf> {
    let known = keys::known(domains);
    let origin = Origin::Flag(flag.to_owned());
    if !known.contains_key(key) {
        problems.push(unknown(origin, key, &known));
        return Vec::new();
    }
    let leaves = from_text(key, text, origin, &known, problems)
        .into_iter()
        .collect();
    drop_mistyped(domains, leaves, &known, problems)
}

/// As several settings, or as the value of one setting.
enum Step {
    Into,
    Over,
}

fn walk<'a>(
    table: &DeTable<'a>,
    prefix: &str,
    visit: &mut impl FnMut(&str, usize, &Spanned<DeValue<'a>>) -> Step,
) {
    // The parser sorts tables by key. Errors are reported in the order of the lines.
    let mut entries: Vec<(&Spanned<std::borrow::Cow<'a, str>>, &Spanned<DeValue<'a>>)> =
        table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    for (name, value) in entries {
        let key = if prefix.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{prefix}.{}", name.get_ref())
        };
        let inner = value.get_ref().as_table();
        if let (Step::Into, Some(inner)) = (visit(&key, name.span().start, value), inner) {
            walk(inner, &key, visit);
        }
    }
}

fn inside(key: &str, section: &str) -> bool {
    key.strip_prefix(section)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// List items are separated by commas, and strings need no quotes.
fn from_text(
    key: &str,
    text: &str,
    origin: Origin,
    known: &BTreeMap<String, Value>,
    problems: &mut Vec<Problem>,
) -> Option<Leaf> {
    let value = match known.get(key) {
        Some(Value::Array(_)) if !text.trim_start().starts_with('[') => Some(Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Value::String(item.to_owned()))
                .collect(),
        )),
        Some(Value::String(_)) | None => Some(Value::String(text.to_owned())),
        Some(_) => format!("value = {text}")
            .parse::<Table>()
            .ok()
            .and_then(|mut table| table.remove("value")),
    };
    let Some(value) = value else {
        let what = format!("{key} cannot be {text:?}");
        problems.push(Problem::at(origin, what, expected(key, known)));
        return None;
    };
    Some(Leaf {
        key: key.to_owned(),
        value,
        origin,
        inside: Vec::new(),
    })
}

/// Reports the leaves with a value of the wrong type.
fn drop_mistyped(
    domains: Domains,
    leaves: Vec<Leaf>,
    known: &BTreeMap<String, Value>,
    problems: &mut Vec<Problem>,
) -> Vec<Leaf> {
    leaves
        .into_iter()
        .filter(|leaf| {
            let mut alone = Table::new();
            keys::place(&mut alone, &leaf.key, leaf.value.clone());
            let error = match domain_settings::check_kind(domains, &leaf.key, &leaf.value) {
                Some(checked) => checked.err(),
                None => Written::deserialize(alone)
                    .err()
                    .map(|error| error.message().to_owned()),
            };
            let Some(error) = error else {
                return true;
            };
            let what = error.lines().next().unwrap_or_default();
            problems.push(Problem::at(
                leaf.origin.clone(),
                format!("{} is wrong: {what}", leaf.key),
                expected(&leaf.key, known),
            ));
            false
        })
        .collect()
}

fn expected(key: &str, known: &BTreeMap<String, Value>) -> String {
    known.get(key).map_or_else(String::new, |value| {
        format!("write it like the built-in {key} = {value}")
    })
}

fn unknown(origin: Origin, key: &str, known: &BTreeMap<String, Value>) -> Problem {
    let near = || {
        let sections = known.keys().filter_map(|known| known.split_once('.'));
        let sections = sections.map(|(section, _)| section);
        match nearest(key, known.keys().map(String::as_str).chain(sections)) {
            None => {
                "docs/configure.md and docs/edge-reference.md list the keys there are".to_owned()
            }
            Some(near) if known.contains_key(near) => format!("did you mean {near}?"),
            Some(near) => format!("did you mean [{near}]?"),
        }
    };
    let mend = keys::instead_of(key).map_or_else(near, str::to_owned);
    Problem::at(origin, format!("unknown key {key}"), mend)
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}
