//! The keys that a `kenduri.toml` can contain.

use std::collections::BTreeMap;

use site::domain::Domains;
use toml::{Table, Value};
use web::setting::Setting;

use super::written::Written;

/// Returns every key, as `section.name`, with its default value.
pub fn known(domains: Domains) -> BTreeMap<String, Value> {
    // Plain structs can always be serialized to TOML.
    let mut known = flatten(&Table::try_from(Written::default()).unwrap_or_default());
    known.extend(domain_defaults(domains));
    for key in ["service", "tls.acme", "upstream"] {
        known.insert(key.to_owned(), Value::Table(Table::new()));
    }
    known
}

fn domain_defaults(domains: Domains) -> BTreeMap<String, Value> {
    let text = |text: &str| Value::String(text.to_owned());
    let all = site::domains::settings(domains).flat_map(|setting| {
        let value = match setting {
            Setting::Flag(flag) => Value::Boolean(flag.built_in),
            Setting::Number(number) => Value::Integer(number.built_in.into()),
            Setting::Word(word) => text(word.built_in()),
            Setting::Words(words) => {
                let first = words.words.first().map(|word| text(word));
                Value::Array(first.into_iter().collect())
            }
            Setting::Line(line) => text(line.built_in),
            Setting::Secret(_) => text(""),
        };
        let file = setting.file_key().map(|key| (key.to_owned(), text("")));
        [(setting.key().to_owned(), value)].into_iter().chain(file)
    });
    all.collect()
}

/// Returns a table with the default values of all keys.
pub(crate) fn built_in(domains: Domains) -> Table {
    let mut built_in = Table::new();
    for (key, value) in known(domains) {
        // An empty table stands for a key without a default value.
        if !value.is_table() {
            place(&mut built_in, &key, value);
        }
    }
    built_in
}

/// Keys with nested values. Each key inside a nested value has a path, for example `route[2].to` or
/// `upstream.flask.balance`.
pub(crate) const DEEP: [&str; 7] = [
    "accounts.provider",
    "route",
    "service",
    "tls.acme",
    "tls.certificate",
    "upstream",
    "webhook",
];

const REMOVED: [(&str, &str); 1] = [(
    "cache.disk",
    "remove it: responses are cached in memory only; cache.memory sets how much",
)];

/// Returns the advice for a removed key or environment variable.
pub(crate) fn instead_of(written: &str) -> Option<&'static str> {
    let mut removed = REMOVED.iter();
    let (_, instead) = removed.find(|(key, _)| *key == written || variable(key) == written)?;
    Some(instead)
}

pub(crate) fn find<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((section, rest)) => find(table.get(section)?.as_table()?, rest),
    }
}

/// Returns all values in a table, by keys such as `site.url`.
pub(crate) fn flatten(table: &Table) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    for (name, value) in table {
        match value {
            Value::Table(section) => {
                for (key, leaf) in flatten(section) {
                    leaves.insert(format!("{name}.{key}"), leaf);
                }
            }
            leaf => {
                leaves.insert(name.clone(), leaf.clone());
            }
        }
    }
    leaves
}

pub(crate) fn section(key: &str) -> &str {
    key.split_once('.').map_or(key, |(section, _)| section)
}

/// Whether the path `key` is inside the value of the key `deep`.
pub(crate) fn lies_in(key: &str, deep: &str) -> bool {
    key.strip_prefix(deep)
        .is_some_and(|rest| rest.starts_with(['.', '[']))
}

pub(crate) fn place(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            let entry = table
                .entry(section)
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = entry {
                place(inner, rest, value);
            }
        }
    }
}

pub(crate) fn variable(key: &str) -> String {
    format!("KENDURI_{}", key.to_uppercase().replace('.', "_"))
}

#[cfg(test)]
mod tests {
    use units::nearest;

    use super::{known, variable};

    #[test]
    fn the_nearest_key_is_the_one_meant() {
        let keys = known(&[]);
        let find = |written| nearest(written, keys.keys().map(String::as_str));
        assert_eq!(find("site.ur"), Some("site.url"));
        assert_eq!(find("mail.pasword_file"), Some("mail.password_file"));
        assert_eq!(find("dat"), Some("data"));
        assert_eq!(find("completely.different.thing"), None);
    }

    #[test]
    fn variables_are_named_after_keys_and_none_collide() {
        assert_eq!(
            variable("store.password_file"),
            "KENDURI_STORE_PASSWORD_FILE"
        );
        let keys = known(&[]);
        let mut names: Vec<String> = keys.keys().map(|key| variable(key)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), keys.len());
    }
}
