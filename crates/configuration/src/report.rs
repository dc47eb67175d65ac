//! Formats the active settings for `kenduri check`, as TOML with the source of each value in a
//! comment.

use std::collections::BTreeMap;
use std::fmt::Write;

use site::domain::Domains;
use supervisor::plan::masking;
use toml::{Table, Value};
use units::Origin;

use super::url_password::without_password;
use super::{domain_settings, keys};

/// Besides passwords and the domains' keys.
const SECRETS: [&str; 4] = [
    "also_secret_key",
    "callback_secret",
    "secret_key",
    "webhook_secret",
];

/// If the value is short enough.
const COMMENT_COLUMN: usize = 44;

/// Formats settings as TOML. Secrets appear as `***`.
pub(super) fn report(
    domains: Domains,
    merged: &Table,
    origins: &BTreeMap<String, Origin>,
) -> String {
    let mut text = String::new();
    let leaves = keys::flatten(merged);
    // In TOML, keys outside a section must come first.
    let mut sorted: Vec<(&String, &Value)> = leaves.iter().collect();
    sorted.sort_by_key(|(key, _)| key.contains('.'));
    let mut current = "";
    for (key, value) in sorted {
        let (section, name) = key.split_once('.').unwrap_or(("", key));
        if section != current {
            let _ = write!(text, "\n[{section}]\n");
            current = section;
        }
        let value = match section {
            "service" => without_secrets(name, value),
            "accounts" => without(value, "client_secret"),
            "" if name == "webhook" => without(value, "secret"),
            _ if domain_settings::is_secret(domains, key) && value.as_str() != Some("") => {
                Value::String("***".to_owned())
            }
            _ => without_password_in(name, value),
        };
        let line = format!("{name} = {value}");
        let origin = origins.get(key).unwrap_or(&Origin::BuiltIn);
        let _ = writeln!(text, "{line:COMMENT_COLUMN$} # {origin}");
    }
    text
}

/// Masked in the same way as in `kenduri describe`.
fn without_secrets(name: &str, value: &Value) -> Value {
    let key = name.split_once('.').map_or("", |(_, key)| key);
    match (key, value) {
        (_, _) if key.starts_with("env.") => Value::String("***".to_owned()),
        ("run", Value::String(line)) => Value::String(masking::line(line)),
        ("run", Value::Array(words)) => {
            let words = words.iter().filter_map(Value::as_str).map(str::to_owned);
            masking::command(&words.collect::<Vec<_>>()).into()
        }
        ("health.path", Value::String(path)) => Value::String(masking::query(path)),
        (_, other) => other.clone(),
    }
}

/// In each table of a list. A value that is not a list of tables is not changed.
fn without(value: &Value, key: &str) -> Value {
    let mut value = value.clone();
    let tables = value.as_array_mut().into_iter().flatten();
    for secret in tables.filter_map(|table| table.get_mut(key)) {
        *secret = Value::String("***".to_owned());
    }
    value
}

fn without_password_in(name: &str, value: &Value) -> Value {
    match value {
        Value::String(text)
            if (name.ends_with("password") || SECRETS.contains(&name)) && !text.is_empty() =>
        {
            Value::String("***".to_owned())
        }
        Value::String(text) if name == "url" => match without_password(text) {
            (bare, Some(_)) => Value::String(bare.replacen('@', ":***@", 1)),
            (bare, None) => Value::String(bare),
        },
        other => other.clone(),
    }
}
