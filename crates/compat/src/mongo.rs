//! Reads the documents of files that `mongoexport` wrote, one at a time.
//!
//! A file contains either one document after another or an array of documents, with or without
//! `--pretty`. Values in canonical or relaxed Extended JSON become plain JSON: ids and decimals
//! become strings, dates become strings or milliseconds, other numbers become numbers, and binary
//! data becomes Base64. Only one document at a time is in memory.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use serde_json::{Map, Value};

use crate::row_error::RowError;

/// Of a line and of a document. `MongoDB` limits a stored document to 16 MiB; its JSON is longer.
const MAX_BYTES: usize = 64 << 20;

/// A file that is being read.
#[derive(Debug)]
pub(crate) struct Export {
    file: String,
    reader: BufReader<File>,
    line: Vec<u8>,
    /// The index of the next byte in `line`.
    at: usize,
    number: u64,
    /// The bytes of an unfinished document.
    text: Vec<u8>,
    begins: u64,
    scan: Scan,
    is_over: bool,
}

/// How far the scan for a document's end is: its nesting depth, and whether inside a string.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    depth: u32,
    is_in_text: bool,
    is_escaped: bool,
}

/// A document, or the reason why it is invalid.
#[derive(Debug)]
pub(crate) struct Document {
    /// The line at which the document begins.
    pub(crate) line: u64,
    pub(crate) fields: Result<Map<String, Value>, String>,
}

impl Export {
    pub(crate) fn open(file: &Path) -> Result<Self, RowError> {
        let name = file.display().to_string();
        let opened = File::open(file).map_err(|error| RowError::Unreadable {
            file: name.clone(),
            why: error.to_string(),
        })?;
        Ok(Self {
            file: name,
            reader: BufReader::new(opened),
            line: Vec::new(),
            at: 0,
            number: 0,
            text: Vec::new(),
            begins: 0,
            scan: Scan::default(),
            is_over: false,
        })
    }

    /// Returns the next document; `None` at the end of the file. Invalid text yields a [`Document`]
    /// with an error in `fields`, and the next call continues after it.
    pub(crate) fn read(&mut self) -> Result<Option<Document>, RowError> {
        loop {
            if self.at >= self.line.len() {
                if !self.read_line()? {
                    let is_broken =
                        !self.text.is_empty() && !std::mem::replace(&mut self.is_over, true);
                    return Ok(is_broken.then(|| self.give_up("the file is cut off here")));
                }
                // In each of these formats, an unindented `{` begins a new document, so the
                // previous document is incomplete.
                let is_new = self.line.starts_with(b"{") || self.line.starts_with(b"[{");
                if is_new && !self.text.is_empty() {
                    return Ok(Some(self.give_up("the document is cut off here")));
                }
            }
            if let Some(found) = self.scan_line() {
                return Ok(Some(found));
            }
        }
    }

    fn read_line(&mut self) -> Result<bool, RowError> {
        self.line.clear();
        self.at = 0;
        let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
        let read = (&mut self.reader)
            .take(most)
            .read_until(b'\n', &mut self.line)
            .map_err(|error| RowError::Unreadable {
                file: self.file.clone(),
                why: error.to_string(),
            })?;
        self.number += 1;
        if read >= MAX_BYTES || self.text.len() > MAX_BYTES {
            return Err(RowError::Malformed {
                place: format!("{}:{}", self.file, self.number),
                what: "a document is longer than 64 MB".to_owned(),
                mend: "export the collection again with mongoexport",
            });
        }
        if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        Ok(read > 0)
    }

    /// `None` if no document ends in the line.
    fn scan_line(&mut self) -> Option<Document> {
        while let Some(byte) = self.line.get(self.at).copied() {
            self.at += 1;
            if self.text.is_empty() {
                match byte {
                    b'{' => {
                        self.begins = self.number;
                        self.scan = Scan::default();
                    }
                    b'[' | b']' | b',' => continue,
                    byte if byte.is_ascii_whitespace() => continue,
                    _ => {
                        self.at = self.line.len();
                        self.begins = self.number;
                        return Some(self.give_up("it is not a document of JSON"));
                    }
                }
            }
            self.text.push(byte);
            if self.scan.read(byte) {
                return Some(self.finish());
            }
        }
        None
    }

    fn finish(&mut self) -> Document {
        let read: Result<Map<String, Value>, _> = serde_json::from_slice(&self.text);
        self.text.clear();
        Document {
            line: self.begins,
            fields: match read {
                Ok(fields) => Ok(fields
                    .into_iter()
                    .map(|(name, value)| (name, to_plain_json(value)))
                    .collect()),
                // The error's line number counts from the beginning of the document, not of the
                // file, so the error is omitted.
                Err(_) => Err("it is not a document of JSON".to_owned()),
            },
        }
    }

    fn give_up(&mut self, what: &str) -> Document {
        self.text.clear();
        Document {
            line: self.begins,
            fields: Err(what.to_owned()),
        }
    }
}

impl Scan {
    /// Returns `true` if the document ends with the byte.
    fn read(&mut self, byte: u8) -> bool {
        if self.is_in_text {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_in_text = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.is_in_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => return false,
        }
        !self.is_in_text && self.depth == 0
    }
}

fn to_plain_json(value: Value) -> Value {
    match value {
        Value::Array(all) => all.into_iter().map(to_plain_json).collect(),
        Value::Object(all) => {
            if let Some(found) = extended(&all) {
                return found;
            }
            let all = all
                .into_iter()
                .map(|(name, value)| (name, to_plain_json(value)));
            Value::Object(all.collect())
        }
        other => other,
    }
}

/// `{"$oid": "…"}` and the like; `None` for any other object.
fn extended(all: &Map<String, Value>) -> Option<Value> {
    let (name, value) = all.iter().find(|(name, _)| name.starts_with('$'))?;
    match (name.as_str(), all.len()) {
        ("$oid" | "$numberDecimal" | "$uuid" | "$symbol", 1) => Some(value.clone()),
        ("$numberInt" | "$numberLong" | "$numberDouble", 1) => {
            let text = value.as_str()?;
            let number: Value = serde_json::from_str(text).ok()?;
            number.is_number().then_some(number)
        }
        ("$date", 1) => match value {
            Value::Object(inner) => extended(inner).filter(Value::is_number),
            other => Some(other.clone()),
        },
        ("$binary", _) => Some(match value {
            Value::Object(inner) => inner.get("base64")?.clone(),
            other => other.clone(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Vec<(u64, Result<Value, String>)> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users.json");
        std::fs::write(&file, text).unwrap();
        let mut export = Export::open(&file).unwrap();
        let mut all = Vec::new();
        while let Some(found) = export.read().unwrap() {
            all.push((found.line, found.fields.map(Value::Object)));
        }
        all
    }

    #[test]
    fn lines_arrays_and_pretty_documents_are_alike() {
        let expected = [json!({"a": 1, "b": {"c": "}{"}}), json!({"a": 2})];
        for (text, lines) in [
            ("{\"a\":1,\"b\":{\"c\":\"}{\"}}\n{\"a\":2}\n", [1, 2]),
            ("[{\"a\":1,\"b\":{\"c\":\"}{\"}},{\"a\":2}]", [1, 1]),
            ("[{\"a\":1,\"b\":{\"c\":\"}{\"}},\n{\"a\":2}]\n", [1, 2]),
            (
                "\u{feff}[\n  {\n  \"a\": 1, \"b\": {\n \"c\": \"}{\"}\n},\n  {\n\"a\": 2}\n]\n",
                [2, 6],
            ),
        ] {
            let found = read(text);
            let places: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
            assert_eq!(places, lines, "{text}");
            let values = found.into_iter().map(|(_, value)| value.unwrap());
            assert_eq!(values.collect::<Vec<_>>(), expected, "{text}");
        }
        assert_eq!(read("").len(), 0);
        assert_eq!(read("[]\n").len(), 0);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line_and_the_rest_is_read() {
        let found = read("{\"a\":1}\nnonsense\n{\"a\":\"br\n{\"a\":,}\n{\"a\":2}\n{\"a\":");
        let places: Vec<(u64, bool)> = found
            .iter()
            .map(|(line, one)| (*line, one.is_ok()))
            .collect();
        assert_eq!(
            places,
            [
                (1, true),
                (2, false),
                (3, false),
                (4, false),
                (5, true),
                (6, false)
            ]
        );
    }

    #[test]
    fn extended_values_become_plain_ones() {
        let text = r#"{"_id": {"$oid": "65f0"}, "at": {"$date": "2026-01-02T03:04:05Z"},
            "then": {"$date": {"$numberLong": "1767323045000"}}, "count": {"$numberInt": "3"},
            "price": {"$numberDecimal": "14.99"}, "many": [{"$numberDouble": "1.5"}],
            "file": {"$binary": {"base64": "aGk=", "subType": "00"}},
            "old": {"$binary": "aGk=", "$type": "00"}, "odd": {"$numberInt": "x"}}"#;
        let found = read(text).remove(0).1.unwrap();
        assert_eq!(
            found,
            json!({"_id": "65f0", "at": "2026-01-02T03:04:05Z", "then": 1_767_323_045_000_i64,
                "count": 3, "price": "14.99", "many": [1.5], "file": "aGk=", "old": "aGk=",
                "odd": {"$numberInt": "x"}})
        );
    }
}
