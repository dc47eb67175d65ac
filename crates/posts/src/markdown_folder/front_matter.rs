//! Parses and writes front matter, which is YAML between `---`, TOML between `+++`, or the lines
//! that the blog platform Bear writes above `___`.
//!
//! Only the parts of YAML that other systems use in front matter are supported: quoted and plain
//! scalars, lists, block scalars, and maps. The keys of nested maps are joined by a dot.

use std::collections::BTreeMap;
use std::iter::{Enumerate, Peekable};
use std::str::Lines;

/// A value of the front matter, with the line in which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Flag(bool),
    List(Vec<String>),
    Nothing,
}

/// A parsed file. It has the values of the front matter by lower-case key, and the text below the
/// front matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) entries: BTreeMap<String, Entry>,
    pub(super) body: String,
    /// The line in which the text begins.
    pub(super) body_line: usize,
}

/// An error: the line number and the description.
pub(super) type Fault = (usize, String);

pub(super) fn read(file: &str) -> Result<Document, Fault> {
    let file = file.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let first = file.lines().next().unwrap_or_default().trim_end();
    let ends: &[&str] = match first {
        "---" => &["---", "..."],
        "+++" => &["+++"],
        // Bear writes no delimiter above its front matter.
        _ if is_key(first) && file.lines().any(|line| line.trim_end() == "___") => &["___"],
        _ => {
            return Ok(Document {
                entries: BTreeMap::new(),
                body: file,
                body_line: 1,
            });
        }
    };
    let skipped = usize::from(ends != ["___"]);
    let lines = file.lines().skip(skipped);
    let Some(length) = lines
        .clone()
        .position(|line| ends.contains(&line.trim_end()))
    else {
        return Err((
            1,
            format!("the front matter has no line {} at its end", ends[0]),
        ));
    };
    let front: Vec<&str> = lines.take(length).collect();
    let front = front.join("\n");
    let entries = if ends == ["+++"] {
        toml(&front).map_err(|(line, words)| (line + skipped, words))?
    } else {
        let mut reader = Yaml {
            lines: front.lines().enumerate().peekable(),
            first: skipped + 1,
            entries: BTreeMap::new(),
        };
        reader.read()?;
        reader.entries
    };
    let above = length + skipped + 1;
    let body: Vec<&str> = file.lines().skip(above).collect();
    Ok(Document {
        entries,
        body: body.join("\n"),
        body_line: above + 1,
    })
}

fn is_key(line: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    line.split_once(':')
        .is_some_and(|(key, _)| !key.is_empty() && key.chars().all(is_letter))
}

fn toml(text: &str) -> Result<BTreeMap<String, Entry>, Fault> {
    let table = text.parse::<::toml::Table>().map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text[..at.min(text.len())].matches('\n').count() + 1;
        (line, error.message().to_owned())
    })?;
    let mut entries = BTreeMap::new();
    flatten(&mut entries, "", table, text);
    Ok(entries)
}

fn flatten(entries: &mut BTreeMap<String, Entry>, above: &str, table: ::toml::Table, text: &str) {
    for (key, value) in table {
        let is_here = |line: &str| {
            line.trim_start()
                .trim_start_matches(['"', '['])
                .starts_with(&*key)
        };
        // Lines are counted from 1, and the delimiter above the front matter takes one line.
        let line = text.lines().position(is_here).map_or(1, |at| at + 2);
        let name = format!("{above}{}", key.to_lowercase());
        let words = |value: ::toml::Value| match value {
            ::toml::Value::String(text) => text,
            other => other.to_string(),
        };
        let value = match value {
            ::toml::Value::Table(inner) => {
                flatten(entries, &format!("{name}."), inner, text);
                continue;
            }
            ::toml::Value::Boolean(flag) => Value::Flag(flag),
            ::toml::Value::Array(items) => Value::List(items.into_iter().map(words).collect()),
            other => Value::Text(words(other)),
        };
        entries.insert(name, Entry { line, value });
    }
}

struct Yaml<'a> {
    lines: Peekable<Enumerate<Lines<'a>>>,
    /// The line number of the first line in `lines`.
    first: usize,
    entries: BTreeMap<String, Entry>,
}

impl<'a> Yaml<'a> {
    fn read(&mut self) -> Result<(), Fault> {
        // The indentation and the key of each map that contains the current line.
        let mut above: Vec<(usize, String)> = Vec::new();
        while let Some((at, line)) = self.lines.next() {
            let (number, indent) = (self.first + at, indent(line));
            let text = line.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if line.trim_start_matches(' ').starts_with('\t') {
                return Err((
                    number,
                    "a tab indents this line; YAML takes spaces".to_owned(),
                ));
            }
            above.retain(|(depth, _)| *depth < indent);
            if indent > 0 && above.is_empty() {
                return Err((
                    number,
                    "this line is indented, and nothing holds it".to_owned(),
                ));
            }
            let Some((key, rest)) = key(text) else {
                return Err((number, "this is no “key: value”".to_owned()));
            };
            let path = above.iter().map(|(_, key)| key.as_str());
            let name = path
                .chain([&*key])
                .collect::<Vec<_>>()
                .join(".")
                .to_lowercase();
            if rest.is_empty() && self.holds_map(indent) {
                above.push((indent, key));
                continue;
            }
            let value = self.value(rest, indent, number)?;
            let entry = Entry {
                line: number,
                value,
            };
            if self.entries.insert(name, entry).is_some() {
                return Err((number, format!("{key:?} stands here twice")));
            }
        }
        Ok(())
    }

    /// Returns the next line, without consuming it, if it can belong to the value of a key that is
    /// indented by `depth` spaces. The line must not be blank. It must be indented by more than
    /// `depth` spaces, or be a list item that is indented by `depth` spaces.
    fn next_below(&mut self, depth: usize) -> Option<&'a str> {
        let (_, line) = self.lines.peek()?;
        let is_item = line.trim_start().starts_with("- ") || line.trim() == "-";
        let is_below = indent(line) > depth || (is_item && indent(line) == depth);
        (is_below && !line.trim().is_empty()).then_some(*line)
    }

    fn holds_map(&mut self, depth: usize) -> bool {
        self.next_below(depth).is_some_and(|line| {
            let text = line.trim();
            !text.starts_with('-') && key(text).is_some()
        })
    }

    fn value(&mut self, rest: &str, depth: usize, number: usize) -> Result<Value, Fault> {
        match rest.chars().next() {
            None => {
                let mut items = Vec::new();
                while let Some(line) = self.next_below(depth) {
                    let Some(item) = line.trim().strip_prefix('-') else {
                        break;
                    };
                    self.lines.next();
                    items.push(scalar_text(item.trim(), number)?);
                }
                Ok(if items.is_empty() {
                    Value::Nothing
                } else {
                    Value::List(items)
                })
            }
            Some(fold @ ('|' | '>')) => {
                let mut lines = Vec::new();
                while let Some((_, line)) = self.lines.peek() {
                    if !line.trim().is_empty() && indent(line) <= depth {
                        break;
                    }
                    lines.push(line.trim());
                    self.lines.next();
                }
                let text = lines.join(if fold == '|' { "\n" } else { " " });
                Ok(Value::Text(text.trim().to_owned()))
            }
            Some('[') => {
                let mut text = rest.to_owned();
                while !text.trim_end().ends_with(']') {
                    let Some((_, line)) = self.lines.next() else {
                        return Err((number, "this list has no ] at its end".to_owned()));
                    };
                    text.push(' ');
                    text.push_str(line.trim());
                }
                let inside = text
                    .trim_end()
                    .trim_start_matches('[')
                    .trim_end_matches(']');
                let items = items(inside).into_iter();
                let items = items.map(|item| scalar_text(item, number));
                items.collect::<Result<_, _>>().map(Value::List)
            }
            Some('{') => Ok(Value::Nothing),
            Some(_) => {
                let mut text = rest.to_owned();
                while let Some(line) = self.next_below(depth) {
                    text.push(' ');
                    text.push_str(line.trim());
                    self.lines.next();
                }
                scalar(&text, number)
            }
        }
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Splits a line into its key and the text after the colon.
fn key(text: &str) -> Option<(String, &str)> {
    let (key, rest) = text.split_once(':')?;
    let is_end = rest.is_empty() || rest.starts_with([' ', '\t']);
    let key = key.trim_matches(['"', '\'']);
    (is_end && !key.is_empty() && !key.starts_with(['-', '[', '{']))
        .then(|| (key.to_owned(), rest.trim()))
}

/// Splits the inside of a list at the commas outside quotation marks.
fn items(inside: &str) -> Vec<&str> {
    let (mut quote, mut begin, mut all) = (None, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match quote {
            Some(open) if open == c => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c == ',' => {
                all.push(&inside[begin..at]);
                begin = at + 1;
            }
            Some(_) | None => {}
        }
    }
    all.push(&inside[begin..]);
    let all = all.into_iter().map(str::trim);
    all.filter(|item| !item.is_empty()).collect()
}

fn scalar(text: &str, line: usize) -> Result<Value, Fault> {
    if text.starts_with(['"', '\'']) {
        return quoted(text, line).map(Value::Text);
    }
    let text = text.split(" #").next().unwrap_or_default().trim();
    Ok(match text {
        "true" | "True" => Value::Flag(true),
        "false" | "False" => Value::Flag(false),
        "" | "~" | "null" => Value::Nothing,
        text => Value::Text(text.to_owned()),
    })
}

fn scalar_text(text: &str, line: usize) -> Result<String, Fault> {
    Ok(match scalar(text, line)? {
        Value::Text(text) => text,
        Value::Flag(flag) => flag.to_string(),
        Value::List(_) | Value::Nothing => String::new(),
    })
}

/// Parses a quoted string, which may be followed by a comment.
fn quoted(text: &str, line: usize) -> Result<String, Fault> {
    let open = || (line, "this quotation mark is not closed".to_owned());
    if let Some(rest) = text.strip_prefix('\'') {
        let mut words = String::new();
        let mut letters = rest.chars().peekable();
        while let Some(c) = letters.next() {
            if c != '\'' {
                words.push(c);
            } else if letters.next_if_eq(&'\'').is_some() {
                words.push('\'');
            } else {
                return Ok(words);
            }
        }
        return Err(open());
    }
    // A double-quoted scalar is parsed as a JSON string. The two differ only in escapes that are
    // rarely used.
    let mut parsed = serde_json::Deserializer::from_str(text).into_iter::<String>();
    match parsed.next() {
        Some(Ok(words)) => Ok(words),
        _ => Err(open()),
    }
}

/// Formats a string as a YAML scalar.
pub(super) fn write_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &str) -> Value {
        Value::Text(words.to_owned())
    }

    fn list(items: &[&str]) -> Value {
        Value::List(items.iter().map(|item| (*item).to_owned()).collect())
    }

    fn values(file: &str) -> (Vec<(String, usize, Value)>, String) {
        let document = read(file).unwrap();
        let entries = document.entries.into_iter();
        let entries = entries.map(|(key, entry)| (key, entry.line, entry.value));
        (entries.collect(), document.body)
    }

    #[test]
    fn yaml_is_read_as_programs_write_it() {
        let (found, body) = values(
            "---\ntitle: \"Rain: \\\"heavy\\\"\"\r\ndate: 2024-01-02 03:04:05 +0800 # local\n\
             tags:\n- a\n- 'b, it''s'\ncategories: [One, \"Two, too\",\n  three]\n\n# no\n\
             draft: true\ncover:\n  image: a.jpg\n  alt: ~\nsummary: >-\n  two\n  lines\n\
             long: goes\n  on\nempty:\n---\n\nText\n\n---\nmore",
        );
        let expected = [
            ("categories", 7, list(&["One", "Two, too", "three"])),
            ("cover.alt", 14, Value::Nothing),
            ("cover.image", 13, text("a.jpg")),
            ("date", 3, text("2024-01-02 03:04:05 +0800")),
            ("draft", 11, Value::Flag(true)),
            ("empty", 20, Value::Nothing),
            ("long", 18, text("goes on")),
            ("summary", 15, text("two lines")),
            ("tags", 4, list(&["a", "b, it's"])),
            ("title", 2, text("Rain: \"heavy\"")),
        ];
        assert_eq!(
            found,
            expected.map(|(key, line, value)| (key.to_owned(), line, value))
        );
        assert_eq!(body, "\nText\n\n---\nmore");
    }

    #[test]
    fn toml_and_bear_are_read() {
        let (found, body) = values(
            "+++\ntitle = 'Rain'\ndate = 2024-01-02T03:04:05Z\ntags = ['a']\ndraft = false\n[params]\nx = 1\n+++\nText",
        );
        let expected = [
            ("date", 3, text("2024-01-02T03:04:05Z")),
            ("draft", 5, Value::Flag(false)),
            ("params.x", 7, text("1")),
            ("tags", 4, list(&["a"])),
            ("title", 2, text("Rain")),
        ];
        assert_eq!(
            found,
            expected.map(|(key, line, value)| (key.to_owned(), line, value))
        );
        assert_eq!(body, "Text");
        let (found, body) = values("title: Rain\nlink: rain\n___\nText");
        assert_eq!(found[1], ("title".to_owned(), 1, text("Rain")));
        assert_eq!(body, "Text");
        assert_eq!(values("Text: only").0, []);
    }

    #[test]
    fn what_does_not_parse_is_named_by_its_line() {
        for (file, line) in [
            ("---\ntitle: a\n", 1),
            ("---\ntitle: a\nno colon\n---\n", 3),
            ("---\ntitle: \"a\n---\n", 2),
            ("---\na: 1\n\n\tb: 2\n---\n", 4),
            ("---\na: [1\n---\n", 2),
            ("---\na: 1\na: 2\n---\n", 3),
            ("---\n  a: 1\n---\n", 2),
            ("+++\na = 1\nb =\n+++\n", 3),
        ] {
            assert_eq!(read(file).unwrap_err().0, line, "{file}");
        }
    }
}
