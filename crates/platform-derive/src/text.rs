//! Parses the placeholders in an SQL statement. The test that prepares every statement also
//! compiles this file, so that it parses statements exactly as the macro does.

/// One part of a statement passed to `sql!`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Sql(String),
    /// An argument, `:name`.
    Argument(String),
    /// The columns of a row type, `{Row}` or `{alias: Row}`.
    Columns {
        /// The row type's path, as written between the braces.
        row: String,
        /// The table alias followed by a dot, such as `e.`; empty if there is no alias.
        alias: String,
    },
    /// The values of a row, `{:Row}`. The argument has the name of the row type.
    Values(String),
    /// The values of several rows, `{(:Row), ...}`, each row in parentheses.
    ManyValues(String),
    /// Assignments to all columns of a row, `{Row = :Row}`.
    Assignments(String),
}

/// How many rows the statements for `{(:Row), ...}` insert. Each row has so few columns that even
/// the largest statement stays below the engines' limit of 32,766 parameters.
pub(crate) const WIDTHS: [usize; 4] = [64, 16, 4, 1];

/// Splits an SQL statement into its parts. Does not look inside string literals (`'…'`).
pub(crate) fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut sql = String::new();
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let after = &rest[sign.len_utf8()..];
        let (part, next) = match sign {
            '\'' => {
                let end = after.find('\'').ok_or("a `'` is never closed")? + 1;
                sql.push(sign);
                sql.push_str(&after[..end]);
                rest = &after[end..];
                continue;
            }
            '{' => {
                let end = after.find('}').ok_or("a `{` is never closed")?;
                (braced(&after[..end])?, &after[end + 1..])
            }
            ':' if after.starts_with(':') => {
                sql.push_str("::");
                rest = &after[1..];
                continue;
            }
            ':' if after.starts_with(|first: char| first.is_ascii_lowercase()) => {
                let is_name = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
                let end = after.find(|sign| !is_name(sign)).unwrap_or(after.len());
                (Part::Argument(after[..end].to_owned()), &after[end..])
            }
            _ => {
                sql.push(sign);
                rest = after;
                continue;
            }
        };
        if !sql.is_empty() {
            parts.push(Part::Sql(std::mem::take(&mut sql)));
        }
        parts.push(part);
        rest = next;
    }
    if !sql.is_empty() {
        parts.push(Part::Sql(sql));
    }
    Ok(parts)
}

fn braced(inner: &str) -> Result<Part, String> {
    let inner = inner.trim();
    if let Some((row, value)) = inner.split_once(" = :") {
        if row != value {
            return Err(format!("`{{{inner}}}` names two types"));
        }
        return Ok(Part::Assignments(row.to_owned()));
    }
    if let Some(row) = inner
        .strip_prefix("(:")
        .and_then(|row| row.strip_suffix("), ..."))
    {
        return Ok(Part::ManyValues(row.to_owned()));
    }
    if let Some(row) = inner.strip_prefix(':') {
        return Ok(Part::Values(row.to_owned()));
    }
    Ok(match inner.split_once(": ") {
        Some((alias, row)) => Part::Columns {
            row: row.trim().to_owned(),
            alias: format!("{alias}."),
        },
        None => Part::Columns {
            row: inner.to_owned(),
            alias: String::new(),
        },
    })
}

/// The statements for rows of the type `row` in the table `table`, each with the name of its
/// constant in `platform::store::Table`. The table's primary key is `id`, the row's first column.
pub(crate) fn of_table(table: &str, row: &str) -> Vec<(&'static str, String)> {
    let texts = [
        ("FIND", "SELECT {Row} FROM TABLE WHERE id = $1"),
        (
            "LOCK",
            "SELECT {Row} FROM TABLE WHERE id = $1 FOR NO KEY UPDATE",
        ),
        ("INSERT", "INSERT INTO TABLE ({Row}) VALUES ({:Row})"),
        (
            "INSERT_NEW",
            "INSERT INTO TABLE ({Row}) VALUES ({:Row}) ON CONFLICT DO NOTHING",
        ),
        ("UPDATE", "UPDATE TABLE SET {Row = :Row} WHERE id = $1"),
        ("DELETE", "DELETE FROM TABLE WHERE id = $1"),
    ];
    let written = texts.map(|(name, text)| {
        let text = text.replace("Row", row).replace("TABLE", table);
        (name, text)
    });
    written.into()
}

/// Returns the name of the argument for a row type: the last segment of the type's path.
pub(crate) fn argument_of(row: &str) -> &str {
    row.rsplit(':').next().unwrap_or(row)
}
