//! The SQL text of a migration, as each engine gets it.

/// The lines that begin and end an SQL section for one engine.
pub(super) const SQLITE: &str = "-- only sqlite";
pub(super) const POSTGRESQL: &str = "-- only postgresql";
const END: &str = "-- end";

/// `None` if sections are nested or unclosed.
pub(super) fn only(engine: &str, text: &str) -> Option<String> {
    let mut shown = String::with_capacity(text.len());
    let mut section = None;
    for line in text.lines() {
        match (section, line) {
            (None, SQLITE | POSTGRESQL) => section = Some(line),
            (Some(_), END) => section = None,
            (Some(_), SQLITE | POSTGRESQL) | (None, END) => return None,
            (Some(other), _) if other != engine => {}
            _ => {
                shown.push_str(line);
                shown.push('\n');
            }
        }
    }
    section.is_none().then_some(shown)
}

pub(super) fn for_sqlite(text: &str) -> String {
    let types = replace_word(text, "COUNTER", "INTEGER PRIMARY KEY");
    let types = replace_word(&types, "BIGINT", "INTEGER");
    replace_word(&types, "BYTEA", "BLOB")
        .lines()
        .map(|line| match line {
            ");" => ") STRICT;",
            ") CLUSTERED;" => ") STRICT, WITHOUT ROWID;",
            other => other,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

pub(super) fn for_postgres(text: &str) -> String {
    let types = replace_word(
        text,
        "COUNTER",
        "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    );
    replace_word(&types, "TEXT", "TEXT COLLATE \"C\"").replace("\n) CLUSTERED;", "\n);")
}

fn replace_word(text: &str, word: &str, by: &str) -> String {
    let mut result = String::with_capacity(text.len() + 256);
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = at + word.len();
        let whole = !rest[..at].ends_with(part) && !rest[end..].starts_with(part);
        result.push_str(&rest[..at]);
        result.push_str(if whole { by } else { word });
        rest = &rest[end..];
    }
    result + rest
}

pub(super) fn extensions(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("-- needs extension "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "CREATE TABLE a (\n    id TEXT PRIMARY KEY,\n    BIGINTS BIGINT,\n    c BYTEA\n);\nCREATE INDEX i ON a (id);";

    #[test]
    fn one_text_becomes_two() {
        assert_eq!(
            for_sqlite(TEXT),
            "CREATE TABLE a (\n    id TEXT PRIMARY KEY,\n    BIGINTS INTEGER,\n    c BLOB\n) STRICT;\nCREATE INDEX i ON a (id);"
        );
        assert!(for_postgres(TEXT).contains("id TEXT COLLATE \"C\" PRIMARY KEY"));
        let pairs =
            "CREATE TABLE b (\n    a BIGINT,\n    b BIGINT,\n    PRIMARY KEY (a, b)\n) CLUSTERED;";
        assert!(for_sqlite(pairs).ends_with("\n) STRICT, WITHOUT ROWID;"));
        assert!(for_postgres(pairs).ends_with("\n);"));
    }

    #[test]
    fn an_engine_is_shown_its_own_sections() {
        let text = "a;\n-- only sqlite\nb;\n-- end\n-- only postgresql\nc;\n-- end\nd;";
        assert_eq!(only(SQLITE, text).as_deref(), Some("a;\nb;\nd;\n"));
        assert_eq!(only(POSTGRESQL, text).as_deref(), Some("a;\nc;\nd;\n"));
        for broken in [
            "-- only sqlite\na;",
            "a;\n-- end",
            "-- only sqlite\n-- only postgresql\n-- end",
        ] {
            assert_eq!(only(SQLITE, broken), None, "{broken}");
        }
    }
}
