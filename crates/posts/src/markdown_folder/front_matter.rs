//! Parses and writes front matter: YAML between `---`, TOML between `+++`, JSON in braces, or lines
//! `key: value`, which the blog platform Bear writes above `___`, Hexo above `---`, and Pelican
//! above an empty line.
//!
//! The keys of nested maps are joined by a dot. A list of maps is the list of their names; their
//! other values are lists too, below the list's key.

mod yaml;

use std::cell::Cell;
use std::collections::BTreeMap;

/// The maximum size of front matter in bytes.
const LONGEST: usize = 64 << 10;
/// The maximum length of a key with the keys above it, in bytes.
const LONGEST_KEY: usize = 200;

/// A value of the front matter, with the line in which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The key as it is written, with the keys of the maps that contain it.
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) value: Value,
    is_used: Cell<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
    Nothing,
    /// A value that cannot be read, with the reason.
    Unread(&'static str),
}

/// A parsed file. It has the values of the front matter by key, and the text below the front
/// matter. Keys are in lower case and without `_` and `-`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) entries: BTreeMap<String, Entry>,
    pub(super) body: String,
    /// The line in which the text begins.
    pub(super) body_line: usize,
}

/// An error: the line number and the description.
pub(super) type Fault = (usize, String);

enum Node {
    Nothing,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Pair>),
    Unread(&'static str),
}

struct Pair {
    key: String,
    line: usize,
    node: Node,
}

pub(super) fn read(file: &str) -> Result<Document, Fault> {
    let file = file.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let lines: Vec<&str> = file.split('\n').collect();
    let Some(begin) = lines.iter().position(|line| !line.trim().is_empty()) else {
        return Ok(Document::default());
    };
    let first = lines[begin].trim_end();
    let (pairs, below) = match first {
        "---" => {
            let end = end(&lines, begin, &["---", "..."])?;
            let text = bounded(&lines[begin + 1..end], begin)?;
            (yaml::read(&text, begin + 2)?, end + 1)
        }
        "+++" => {
            let end = end(&lines, begin, &["+++"])?;
            let text = bounded(&lines[begin + 1..end], begin)?;
            (toml(&text, begin + 2)?, end + 1)
        }
        "{" => json(&lines, begin)?,
        _ if first.starts_with("{\"") => json(&lines, begin)?,
        _ if is_other_language(first) => {
            let words = "front matter in this language cannot be read";
            return Err((begin + 1, words.to_owned()));
        }
        _ => plain_lines(&lines, begin)?.unwrap_or_default(),
    };
    let mut entries = BTreeMap::new();
    for pair in pairs {
        flatten(&mut entries, "", pair, false)?;
    }
    Ok(Document {
        entries,
        body: lines[below.min(lines.len())..].join("\n"),
        body_line: below + 1,
    })
}

fn end(lines: &[&str], begin: usize, ends: &[&str]) -> Result<usize, Fault> {
    let inside = lines.iter().skip(begin + 1);
    match inside
        .clone()
        .position(|line| ends.contains(&line.trim_end()))
    {
        Some(length) => Ok(begin + 1 + length),
        None => Err((
            begin + 1,
            format!("the front matter has no line {} at its end", ends[0]),
        )),
    }
}

fn bounded(lines: &[&str], begin: usize) -> Result<String, Fault> {
    let text = lines.join("\n");
    if text.len() > LONGEST {
        let words = format!("the front matter has more than {} KiB", LONGEST >> 10);
        return Err((begin + 1, words));
    }
    Ok(text)
}

/// Whether a file begins like front matter of a language that a program named, such as `---js`, or
/// of JSON between `;;;`.
fn is_other_language(first: &str) -> bool {
    first == ";;;"
        || first
            .strip_prefix("---")
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn toml(text: &str, first: usize) -> Result<Vec<Pair>, Fault> {
    let table = text.parse::<::toml::Table>().map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text[..at.min(text.len())].matches('\n').count();
        (first + line, error.message().to_owned())
    })?;
    Ok(toml_pairs(table, text, first))
}

fn toml_pairs(table: ::toml::Table, text: &str, first: usize) -> Vec<Pair> {
    let pairs = table.into_iter().map(|(key, value)| Pair {
        line: line_of(&key, text, first),
        node: toml_node(value, text, first),
        key,
    });
    pairs.collect()
}

fn toml_node(value: ::toml::Value, text: &str, first: usize) -> Node {
    match value {
        ::toml::Value::String(text) => Node::Text(text),
        ::toml::Value::Table(inner) => Node::Map(toml_pairs(inner, text, first)),
        ::toml::Value::Array(items) => {
            let items = items.into_iter();
            Node::List(items.map(|item| toml_node(item, text, first)).collect())
        }
        other => Node::Text(other.to_string()),
    }
}

/// The line of a key in TOML and JSON, whose parsers do not say it.
fn line_of(key: &str, text: &str, first: usize) -> usize {
    let is_here = |line: &str| {
        line.trim_start()
            .trim_start_matches(['"', '[', '{', ' '])
            .starts_with(key)
    };
    first + text.lines().position(is_here).unwrap_or(0)
}

/// Returns the values, and the index of the line below them.
fn json(lines: &[&str], begin: usize) -> Result<(Vec<Pair>, usize), Fault> {
    let text = lines[begin..].join("\n");
    let mut read = serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>();
    let object = match read.next() {
        Some(Ok(serde_json::Value::Object(object))) => object,
        Some(Err(error)) => return Err((begin + error.line(), error.to_string())),
        _ => return Err((begin + 1, "this is not an object".to_owned())),
    };
    let length = read.byte_offset();
    let front = &text[..length];
    bounded(&[front], begin)?;
    let rest = text[length..].split('\n').next().unwrap_or_default();
    let below = begin + front.matches('\n').count();
    if !rest.trim().is_empty() {
        return Err((
            below + 1,
            "text follows the front matter in its line".to_owned(),
        ));
    }
    Ok((json_pairs(object, front, begin + 1), below + 1))
}

fn json_pairs(
    object: serde_json::Map<String, serde_json::Value>,
    text: &str,
    first: usize,
) -> Vec<Pair> {
    let pairs = object.into_iter().map(|(key, value)| Pair {
        line: line_of(&key, text, first),
        node: json_node(value, text, first),
        key,
    });
    pairs.collect()
}

fn json_node(value: serde_json::Value, text: &str, first: usize) -> Node {
    match value {
        serde_json::Value::Null => Node::Nothing,
        serde_json::Value::String(text) => Node::Text(text),
        serde_json::Value::Object(inner) => Node::Map(json_pairs(inner, text, first)),
        serde_json::Value::Array(items) => {
            let items = items.into_iter();
            Node::List(items.map(|item| json_node(item, text, first)).collect())
        }
        other => Node::Text(other.to_string()),
    }
}

/// Reads lines `key: value`. Returns `None` for a text that only begins with such a line.
fn plain_lines(lines: &[&str], begin: usize) -> Result<Option<(Vec<Pair>, usize)>, Fault> {
    let is_end = |line: &&str| matches!(line.trim_end(), "___" | "---" | "");
    let rest = &lines[begin..];
    let length = rest.iter().position(is_end).unwrap_or(rest.len());
    let is_of_bear = rest.get(length).is_some_and(|line| line.starts_with("___"));
    let is_known = |line: &str| {
        let key = key(line).map(|(key, _)| fold(key)).unwrap_or_default();
        matches!(&*key, "title" | "date" | "status" | "draft")
    };
    // What else begins so may be a heading, or a sentence.
    if key(rest[0]).is_none() || !(is_of_bear || rest[..length].iter().any(|line| is_known(line))) {
        return Ok(None);
    }
    let mut pairs: Vec<Pair> = Vec::new();
    for (at, line) in rest[..length].iter().enumerate() {
        if let Some((key, text)) = key(line) {
            let node = match text {
                "" => Node::Nothing,
                text => Node::Text(text.to_owned()),
            };
            let (key, line) = (key.to_owned(), begin + at + 1);
            pairs.push(Pair { key, line, node });
            continue;
        }
        // A value may go on in lines that are indented.
        match pairs.last_mut() {
            Some(Pair { node, .. }) if line.starts_with([' ', '\t']) => {
                let above = match node {
                    Node::Text(text) => format!("{text} "),
                    _ => String::new(),
                };
                *node = Node::Text(format!("{above}{}", line.trim()));
            }
            _ => return Err((begin + at + 1, "this is no “key: value”".to_owned())),
        }
    }
    bounded(&rest[..length], begin)?;
    Ok(Some((pairs, begin + length + 1)))
}

fn key(line: &str) -> Option<(&str, &str)> {
    let (key, rest) = line.split_once(':')?;
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_end = rest.is_empty() || rest.starts_with([' ', '\t']);
    (is_end && !key.is_empty() && key.chars().all(is_letter)).then(|| (key, rest.trim()))
}

/// One spelling for `publishDate`, `publish_date` and `publish-date`.
fn fold(key: &str) -> String {
    key.to_lowercase().replace(['_', '-'], "")
}

/// Adds a value with all values below it. In a list, values of one key are collected.
fn flatten(
    entries: &mut BTreeMap<String, Entry>,
    above: &str,
    pair: Pair,
    is_in_list: bool,
) -> Result<(), Fault> {
    let Pair { key, line, node } = pair;
    let name = format!("{above}{key}");
    if name.len() > LONGEST_KEY {
        return Err((line, "this key is too long".to_owned()));
    }
    let value = match node {
        Node::Map(pairs) => {
            for pair in pairs {
                flatten(entries, &format!("{name}."), pair, is_in_list)?;
            }
            return Ok(());
        }
        Node::List(items) => {
            put(entries, &name, line, Value::List(Vec::new()), is_in_list);
            return add_items(entries, &name, line, items);
        }
        Node::Text(text) => match text.trim() {
            "" => Value::Nothing,
            text => Value::Text(text.to_owned()),
        },
        Node::Nothing => Value::Nothing,
        Node::Unread(why) => Value::Unread(why),
    };
    put(entries, &name, line, value, is_in_list);
    Ok(())
}

fn add_items(
    entries: &mut BTreeMap<String, Entry>,
    name: &str,
    line: usize,
    items: Vec<Node>,
) -> Result<(), Fault> {
    for item in items {
        match item {
            Node::Map(mut pairs) => {
                // The map's name stands for the map.
                let is_name = |pair: &Pair| {
                    let is_text = matches!(pair.node, Node::Text(_));
                    is_text && matches!(&*fold(&pair.key), "name" | "title" | "label")
                };
                if let Some(at) = pairs.iter().position(is_name) {
                    let label = pairs.remove(at);
                    add_items(entries, name, label.line, vec![label.node])?;
                }
                for pair in pairs {
                    flatten(entries, &format!("{name}."), pair, true)?;
                }
            }
            Node::List(items) => add_items(entries, name, line, items)?,
            Node::Text(text) => put(entries, name, line, Value::Text(text), true),
            Node::Unread(why) => put(entries, name, line, Value::Unread(why), true),
            Node::Nothing => {}
        }
    }
    Ok(())
}

fn put(
    entries: &mut BTreeMap<String, Entry>,
    name: &str,
    line: usize,
    value: Value,
    is_in_list: bool,
) {
    let value = match value {
        Value::Text(text) if is_in_list => Value::List(vec![text]),
        value => value,
    };
    let Some(entry) = entries.get_mut(&fold(name)) else {
        let entry = Entry {
            name: name.to_owned(),
            line,
            value,
            is_used: Cell::new(false),
        };
        entries.insert(fold(name), entry);
        return;
    };
    match (&mut entry.value, value) {
        (Value::List(all), Value::List(more)) if is_in_list => all.extend(more),
        (known, new) if *known == new => {}
        (Value::Unread(_), _) => {}
        (known, Value::Unread(why)) => *known = Value::Unread(why),
        (Value::Nothing, new) => entry.value = new,
        (_, Value::Nothing) => {}
        (known, _) => *known = Value::Unread("stands here twice"),
    }
}

impl Document {
    /// Finds the first of these keys that has a value.
    pub(super) fn find(&self, keys: &[&str]) -> Option<&Entry> {
        let mut found = keys.iter().filter_map(|key| self.entries.get(*key));
        found.find(|entry| entry.value != Value::Nothing)
    }

    /// Uses the text of the first of these keys that has one. Returns its line too.
    pub(super) fn text(&self, keys: &[&str]) -> Option<(usize, String)> {
        let found = keys.iter().filter_map(|key| self.entries.get(*key));
        let mut found = found.filter_map(|entry| Some((entry, entry.text()?)));
        let (entry, text) = found.next()?;
        if !matches!(&entry.value, Value::List(items) if items.len() > 1) {
            entry.set_used();
        }
        Some((entry.line, text.to_owned()))
    }

    /// Uses all texts of the first of these keys that has a value. The items of one text stand
    /// between commas.
    pub(super) fn list(&self, keys: &[&str]) -> Vec<String> {
        let Some(entry) = self.find(keys) else {
            return Vec::new();
        };
        let items = match &entry.value {
            Value::List(items) => items.clone(),
            Value::Text(text) => vec![text.clone()],
            Value::Nothing | Value::Unread(_) => return Vec::new(),
        };
        entry.set_used();
        let items = items.iter().flat_map(|item| web::tags::split(item));
        items.map(str::to_owned).collect()
    }

    /// The values that the import has not used.
    pub(super) fn unused(&self) -> impl Iterator<Item = &Entry> {
        let all = self.entries.values();
        all.filter(|entry| !entry.is_used.get() && entry.value != Value::Nothing)
    }

    /// The values below a key, as the front matter of another file.
    pub(super) fn below(&self, key: &str) -> Self {
        let entries = self.entries.iter().filter_map(|(name, entry)| {
            let rest = name.strip_prefix(key)?.strip_prefix('.')?;
            Some((rest.to_owned(), entry.clone()))
        });
        Self {
            entries: entries.collect(),
            ..Self::default()
        }
    }
}

impl Entry {
    /// The text, or the first item of a list.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::List(items) => items.first().map(String::as_str),
            Value::Nothing | Value::Unread(_) => None,
        }
    }

    /// Reads a flag in any of the spellings of YAML 1.1, TOML and people. `None` if it is none of
    /// them.
    pub(super) fn flag(&self) -> Option<bool> {
        let Value::Text(text) = &self.value else {
            return None;
        };
        match &*text.to_lowercase() {
            "true" | "yes" | "y" | "on" | "t" | "1" => Some(true),
            "false" | "no" | "n" | "off" | "f" | "0" => Some(false),
            _ => None,
        }
    }

    /// The value is in the imported post, or a remark names it.
    pub(super) fn set_used(&self) {
        self.is_used.set(true);
    }
}

/// Formats a string as a YAML scalar.
pub(super) fn write_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
