//! The rows of the older booking site's collections, as `mongoexport` wrote them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::names::{self, Names};
use crate::mongo::{self, Document};
use crate::row_error::RowError;

/// A row of a collection, with the field names of this import (see [`Names`]).
#[derive(Debug)]
pub(super) struct Row {
    file: &'static str,
    line: u64,
    /// The values by which other rows may refer to this one.
    pub(super) keys: Vec<String>,
    fields: Map<String, Value>,
}

/// The reason why a row cannot be imported. It is reported with the row's file and line, and
/// prevents the whole import.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Flaw(pub(super) String);

pub(super) fn flaw<T>(what: impl Into<String>) -> Result<T> {
    Err(Flaw(what.into()).into())
}

/// What the import leaves out of a folder. It contains the place and the problem of each invalid
/// row, and counts unknown fields, dropped fields, and documents in other collections.
#[derive(Debug, Default)]
pub(super) struct Remainder {
    pub(super) bad: Vec<(String, String)>,
    pub(super) unknown: BTreeMap<String, u64>,
    pub(super) dropped: BTreeMap<String, u64>,
    pub(super) left: BTreeMap<String, u64>,
}

/// The rows of all collections except the reviews. A review contains a document, and all documents
/// together would need too much memory.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) users: Vec<Row>,
    pub(super) companies: Vec<Row>,
    pub(super) plans: Vec<Row>,
    pub(super) links: Vec<Row>,
    pub(super) slots: Vec<Row>,
    pub(super) bookings: Vec<Row>,
    pub(super) requests: Vec<Row>,
    pub(super) feedbacks: Vec<Row>,
    pub(super) orders: Vec<Row>,
    pub(super) payouts: Vec<Row>,
    pub(super) rest: Remainder,
}

impl Rows {
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let mut rest = Remainder::default();
        let mut read = |names| -> Result<Vec<Row>> {
            let Some(mut reader) = Reader::open(folder, names)? else {
                return Ok(Vec::new());
            };
            let mut all = Vec::new();
            while let Some(row) = reader.next(&mut rest)? {
                all.push(row);
            }
            Ok(all)
        };
        let mut rows = Self {
            users: read(&names::USERS)?,
            companies: read(&names::COMPANIES)?,
            plans: read(&names::PLANS)?,
            links: read(&names::LINKS)?,
            slots: read(&names::SLOTS)?,
            bookings: read(&names::BOOKINGS)?,
            requests: read(&names::REQUESTS)?,
            feedbacks: read(&names::FEEDBACKS)?,
            orders: read(&names::ORDERS)?,
            payouts: read(&names::PAYOUTS)?,
            rest: Remainder::default(),
        };
        count_others(folder, &mut rest)?;
        rows.rest = rest;
        if rows.users.is_empty() && rows.rest.bad.is_empty() {
            return Err(RowError::Nothing {
                file: folder.display().to_string(),
                what: "there is no users.json with people in it",
                mend: "export each collection: mongoexport --db=DB --collection=users --out=FOLDER/users.json",
            }
            .into());
        }
        Ok(rows)
    }
}

fn count_others(folder: &Path, rest: &mut Remainder) -> Result<()> {
    let unreadable = |error: std::io::Error| RowError::Unreadable {
        file: folder.display().to_string(),
        why: error.to_string(),
    };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let is_json = path.extension().is_some_and(|ending| ending == "json");
        let Some(stem) = stem.filter(|_| is_json && path.is_file()) else {
            continue;
        };
        if names::ALL.iter().any(|names| names.collection == stem) {
            continue;
        }
        let mut export = mongo::Export::open(&path)?;
        while export.read()?.is_some() {
            *rest.left.entry(stem.to_owned()).or_default() += 1;
        }
    }
    Ok(())
}

/// Reads the rows in the file of a collection.
pub(super) struct Reader {
    names: &'static Names,
    export: mongo::Export,
}

impl Reader {
    /// Opens the file of a collection; `None` if there is none.
    pub(super) fn open(folder: &Path, names: &'static Names) -> Result<Option<Self>> {
        let file: PathBuf = folder.join(format!("{}.json", names.collection));
        if !file.try_exists().unwrap_or(true) {
            return Ok(None);
        }
        let export = mongo::Export::open(&file)?;
        Ok(Some(Self { names, export }))
    }

    /// Returns the next valid row. Adds invalid rows and unknown or dropped fields to `rest`.
    pub(super) fn next(&mut self, rest: &mut Remainder) -> Result<Option<Row>> {
        while let Some(Document { line, fields }) = self.export.read()? {
            let what = match fields {
                Ok(fields) => {
                    let row = self.row(line, fields, rest);
                    if !row.keys.is_empty() {
                        return Ok(Some(row));
                    }
                    format!("it has no {}", self.names.ids.join(" or "))
                }
                Err(what) => what,
            };
            rest.bad.push((place(self.names.collection, line), what));
        }
        Ok(None)
    }

    fn row(&self, line: u64, mut given: Map<String, Value>, rest: &mut Remainder) -> Row {
        let names = self.names;
        let mut keys: Vec<String> = Vec::new();
        for name in names.ids {
            let key = given.remove(*name).map(|value| text_of(&value));
            keys.extend(key.filter(|key| !key.is_empty()));
        }
        // Keys that are valid ids in Kenduri come first, because the imported record's id is
        // derived from the first key.
        keys.sort_by_key(|key| platform::id::parse(key).is_none());
        let mut fields = Map::new();
        for (ours, theirs) in names.fields {
            for name in [ours].into_iter().chain(*theirs) {
                match given.remove(*name) {
                    None | Some(Value::Null) => {}
                    Some(value) => {
                        fields.entry(*ours).or_insert(value);
                    }
                }
            }
        }
        for (name, _) in given {
            let counts = if names.dropped.contains(&name.as_str()) {
                &mut rest.dropped
            } else {
                &mut rest.unknown
            };
            *counts
                .entry(format!("{}.{name}", names.collection))
                .or_default() += 1;
        }
        Row {
            file: names.collection,
            line,
            keys,
            fields,
        }
    }
}

fn place(file: &str, line: u64) -> String {
    format!("{file}.json:{line}")
}

/// Empty unless the value is a scalar.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => String::new(),
    }
}

impl Row {
    /// Returns the row's id in the export. The id of the imported record is derived from it.
    pub(super) fn key(&self) -> &str {
        self.keys.first().map_or("", String::as_str)
    }

    /// The file and the line of the row.
    pub(super) fn place(&self) -> String {
        place(self.file, self.line)
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// Removes a large field from the row, and returns its text.
    pub(super) fn take(&mut self, name: &str) -> String {
        match self.fields.remove(name) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        }
    }

    /// Returns the text of a field, without spaces at its ends. Empty if the field is missing.
    pub(super) fn text(&self, name: &str) -> String {
        match self.value(name) {
            Some(Value::Array(_)) => self.words(name).join("\n"),
            Some(value) => text_of(value),
            None => String::new(),
        }
    }

    /// The text of a field on one line, cut off after `most` characters.
    pub(super) fn line(&self, name: &str, most: usize) -> String {
        let text = platform::text_cleaning::clean_line(&self.text(name));
        text.chars().take(most).collect()
    }

    /// The text of a field, cut off after `most` characters.
    pub(super) fn lines(&self, name: &str, most: usize) -> String {
        cut(&self.text(name), most)
    }

    pub(super) fn require(&self, name: &str) -> Result<String> {
        match self.text(name) {
            text if text.is_empty() => flaw(format!("it has no {name}")),
            text => Ok(text),
        }
    }

    /// Returns the texts in an array, or the parts of a text that are separated by commas.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let all: Vec<String> = match self.value(name) {
            Some(Value::Array(all)) => all.iter().map(text_of).collect(),
            Some(value) => text_of(value)
                .split(',')
                .map(|one| one.trim().to_owned())
                .collect(),
            None => Vec::new(),
        };
        all.into_iter().filter(|one| !one.is_empty()).collect()
    }

    /// Whether a flag is set. Returns `default` if the field contains neither a known word for yes
    /// nor one for no.
    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        match self.text(name).to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" | "active" => true,
            "false" | "no" | "0" | "inactive" => false,
            _ => default,
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<i64>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match whole(value) {
            Some(number) => Ok(Some(number)),
            None => flaw(format!("{name} is not a whole number: {}", text_of(value))),
        }
    }

    /// Reads a time. A time without an offset is in UTC.
    pub(super) fn instant(&self, name: &str) -> Result<Option<Timestamp>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let text = text_of(value);
        let found = match value {
            Value::Number(number) => {
                let milliseconds = number.as_i64();
                milliseconds.and_then(|number| Timestamp::from_millisecond(number).ok())
            }
            _ => instant(&text),
        };
        // The store keeps milliseconds.
        let found = found.and_then(|at| Timestamp::from_millisecond(at.as_millisecond()).ok());
        match found {
            Some(at) => Ok(Some(at)),
            None => flaw(format!("{name} is not a time: {text:?}")),
        }
    }

    /// Reads a local date. The export may contain it as a time, namely midnight in UTC.
    pub(super) fn date(&self, name: &str) -> Result<Date> {
        let text = self.require(name)?;
        let found = match self.value(name) {
            Some(Value::Number(_)) => self
                .instant(name)?
                .map(|at| at.to_zoned(TimeZone::UTC).date()),
            _ => text.get(..10).and_then(|day| day.parse().ok()),
        };
        match found {
            Some(date) => Ok(date),
            None => flaw(format!("{name} is not a date: {text:?}")),
        }
    }
}

/// Parses a whole number, such as `3`, `3.0` or the text `3`.
pub(super) fn whole(value: &Value) -> Option<i64> {
    let text = text_of(value);
    let text = match text.split_once('.') {
        Some((whole, rest)) if rest.bytes().all(|byte| byte == b'0') => whole,
        _ => &text,
    };
    text.parse().ok()
}

pub(super) fn cut(text: &str, most: usize) -> String {
    platform::text_cleaning::clean(text)
        .chars()
        .take(most)
        .collect()
}

fn instant(text: &str) -> Option<Timestamp> {
    let local = |at: DateTime| at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    let exact: Option<Timestamp> = text.parse().ok();
    let exact = exact.or_else(|| local(text.parse().ok()?));
    exact.or_else(|| local(text.parse::<Date>().ok()?.at(0, 0, 0, 0)))
}
