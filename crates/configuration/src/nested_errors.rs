//! Finds all parse errors in keys with nested values, because the parser itself reports only the
//! first one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};
use units::{Origin, Problem, nearest};

use super::written::{Provider, Webhook};

/// Returns all parse errors in the value of `key`, which is one of [`DEEP`](super::keys::DEEP).
/// `origin` returns the place of an offset in the settings file.
pub(super) fn value_errors(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    origin: &impl Fn(usize) -> Origin,
) -> Vec<Problem> {
    let found = match key {
        "accounts.provider" => of_list::<Provider>(key, value),
        "route" => of_list::<edge::Route>(key, value),
        "service" => of_table::<supervisor::ServiceConfig>(key, value),
        "tls.acme" => of_one::<edge::Acme>(key, value),
        "tls.certificate" => of_list::<edge::Certificate>(key, value),
        "upstream" => of_table::<edge::Upstream>(key, value),
        "webhook" => of_list::<Webhook>(key, value),
        _ => Vec::new(),
    };
    let found = found.into_iter();
    let placed = found.map(|(offset, what, mend)| Problem::at(origin(offset), what, mend));
    placed.collect()
}

/// Its offset in the settings file, what is wrong, and what to do about it.
type ValueError = (usize, String, String);

fn of_list<'de, T: Deserialize<'de>>(key: &str, value: &Spanned<DeValue<'de>>) -> Vec<ValueError> {
    let Some(list) = value.get_ref().as_array() else {
        return of_one::<Vec<T>>(key, value);
    };
    let each = list.iter().enumerate();
    each.flat_map(|(number, value)| of_one::<T>(&format!("{key}[{number}]"), value))
        .collect()
}

fn of_table<'de, T: Deserialize<'de>>(key: &str, value: &Spanned<DeValue<'de>>) -> Vec<ValueError> {
    let Some(table) = value.get_ref().as_table() else {
        return of_one::<BTreeMap<String, T>>(key, value);
    };
    let each = table.iter();
    each.flat_map(|(name, value)| of_one::<T>(&format!("{key}.{}", name.get_ref()), value))
        .collect()
}

fn of_one<'de, T: Deserialize<'de>>(key: &str, value: &Spanned<DeValue<'de>>) -> Vec<ValueError> {
    let mut value = value.clone();
    let mut value_errors = Vec::new();
    let mut incomplete = BTreeSet::new();
    while let Err(error) = T::deserialize(ValueDeserializer::from(value.clone())) {
        let offset = error.span().map_or(value.span().start, |span| span.start);
        let place = place(&value, key, offset);
        let message = error.message().lines().next().unwrap_or_default();
        let is_ours = message.starts_with("missing field") && incomplete.contains(&place);
        if !is_ours {
            value_errors.push(value_error(offset, &place, message));
        }
        // The parser stops at the first error. Without the invalid part, it finds the next error.
        if !take_out(value.get_mut(), offset) {
            break;
        }
        let end = place.rfind(['.', '[']).unwrap_or_default();
        incomplete.insert(place[..end].to_owned());
    }
    value_errors
}

fn value_error(offset: usize, place: &str, message: &str) -> ValueError {
    // In the parser's message, the unknown key and the allowed keys are in backticks.
    let mut names = message.split('`').skip(1).step_by(2);
    let written = names
        .next()
        .filter(|_| message.starts_with("unknown field"));
    let Some(written) = written else {
        let is_server = place.contains(".to[") && message.starts_with("invalid type: map");
        let mend = if is_server {
            "write the address only: all servers get equal shares"
        } else {
            ""
        };
        return (offset, format!("{place}: {message}"), mend.to_owned());
    };
    let known: Vec<&str> = names.collect();
    let mend = nearest(written, known.iter().copied()).map_or_else(
        || format!("there are {}", known.join(", ")),
        |near| format!("did you mean {near}?"),
    );
    (offset, format!("unknown key {place}"), mend)
}

/// Of the innermost key that has its name or its value at this offset.
fn place(value: &Spanned<DeValue<'_>>, key: &str, offset: usize) -> String {
    let mut found = key.to_owned();
    visit(value, key, &mut |place, name, value| {
        if name == offset || value == offset {
            place.clone_into(&mut found);
        }
    });
    found
}

/// Returns whether a key with its name or its value at this offset was removed.
fn take_out(value: &mut DeValue<'_>, offset: usize) -> bool {
    match value {
        DeValue::Table(table) => {
            let mut entries = table.iter();
            let found = entries
                .find(|(name, value)| [name.span().start, value.span().start].contains(&offset));
            if let Some(name) = found.map(|(name, _)| name.clone()) {
                return table.remove(&name).is_some();
            }
            table
                .iter_mut()
                .any(|(_, value)| take_out(value.get_mut(), offset))
        }
        DeValue::Array(list) => list
            .iter_mut()
            .any(|value| take_out(value.get_mut(), offset)),
        _ => false,
    }
}

/// Visits all keys inside a value, outer keys first, with the offsets of their names and values.
pub(super) fn visit(
    value: &Spanned<DeValue<'_>>,
    prefix: &str,
    told: &mut impl FnMut(&str, usize, usize),
) {
    if let Some(table) = value.get_ref().as_table() {
        for (name, value) in table {
            let key = format!("{prefix}.{}", name.get_ref());
            told(&key, name.span().start, value.span().start);
            visit(value, &key, told);
        }
    }
    if let Some(list) = value.get_ref().as_array() {
        for (number, value) in list.iter().enumerate() {
            let key = format!("{prefix}[{number}]");
            told(&key, value.span().start, value.span().start);
            visit(value, &key, told);
        }
    }
}
