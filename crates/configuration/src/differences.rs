//! Finds the keys that differ between two configurations.

use toml::{Table, Value};

/// Returns the keys with different values. Inside a nested value, a key is a path such as
/// `route[2].to`.
pub fn differences(before: &Table, after: &Table) -> Vec<String> {
    let mut keys = Vec::new();
    tables("", before, after, &mut keys);
    keys
}

fn tables(prefix: &str, before: &Table, after: &Table, keys: &mut Vec<String>) {
    let added = after.keys().filter(|name| !before.contains_key(*name));
    for name in before.keys().chain(added) {
        let key = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        values(key, before.get(name), after.get(name), keys);
    }
}

fn values(key: String, before: Option<&Value>, after: Option<&Value>, keys: &mut Vec<String>) {
    match (before, after) {
        (Some(Value::Table(before)), Some(Value::Table(after))) => {
            tables(&key, before, after, keys);
        }
        (Some(Value::Array(before)), Some(Value::Array(after)))
            if before.iter().chain(after).any(Value::is_table) =>
        {
            for number in 0..before.len().max(after.len()) {
                let key = format!("{key}[{number}]");
                values(key, before.get(number), after.get(number), keys);
            }
        }
        (before, after) if before != after => keys.push(key),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn each_difference_is_told_by_its_key() {
        let table = |text: &str| text.parse::<toml::Table>().expect(text);
        let before = table(
            "data = \"d\"\n[listen]\nhttp = [\"a\"]\n[[route]]\nto = \"app\"\n[[route]]\npath = \"/x\"\nto = \"status:404\"\n",
        );
        assert_eq!(differences(&before, &before), [""; 0]);
        let after = table(
            "data = \"e\"\n[listen]\nhttp = [\"a\", \"b\"]\n[[route]]\nto = \"app\"\nstrip = \"/y\"\n[upstream.x]\nto = []\n",
        );
        assert_eq!(
            differences(&before, &after),
            [
                "data",
                "listen.http",
                "route[0].strip",
                "route[1]",
                "upstream"
            ]
        );
    }
}
