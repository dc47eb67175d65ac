//! Writing tables as files. A cell is either text or a number, so nothing that a guest typed
//! becomes a formula in a spreadsheet.

use std::io::{self, Write};

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::words;

pub mod read;

words! {
    /// A kind of file.
    FileFormat {
        /// Comma-separated text: UTF-8 with BOM, CRLF, RFC 4180.
        Csv = "csv",
        /// An Excel workbook.
        Xlsx = "xlsx",
        /// A list of objects, for API clients and scripts.
        Json = "json",
    }
}

impl FileFormat {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/json",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The name of the sheet, at most 31 characters.
    pub name: String,
    pub headings: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Empty,
    /// Text, even if it looks like a number or a formula.
    Text(String),
    Number(i64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        if text.is_empty() {
            Self::Empty
        } else {
            Self::Text(text.to_owned())
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Empty, Self::from)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Option<i64>> for Cell {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Empty, Self::Number)
    }
}

/// Writes tables to one file. CSV and JSON files contain only the first table.
pub fn write(sheets: &[Sheet], format: FileFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        FileFormat::Csv => sheets.first().map_or(Ok(()), |sheet| write_csv(sheet, out)),
        FileFormat::Xlsx => write_workbook(sheets, out),
        FileFormat::Json => {
            let rows = sheets.first().map_or(Vec::new(), Sheet::objects);
            write_json(&rows, out)
        }
    }
}

/// Writes a list as indented JSON.
pub fn write_json<T: Serialize>(list: &[T], out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, list)?;
    out.write_all(b"\n")
}

impl Sheet {
    fn objects(&self) -> Vec<Object<'_, String>> {
        let headings = &self.headings;
        let rows = self.rows.iter();
        rows.map(|row| Object { headings, row }).collect()
    }
}

/// A table row that serializes as an object whose keys are the headings, in the headings' order.
struct Object<'a, T> {
    headings: &'a [T],
    row: &'a [Cell],
}

impl<T: AsRef<str>> Serialize for Object<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (heading, cell) in self.headings.iter().zip(self.row) {
            match cell {
                Cell::Empty => {}
                Cell::Text(text) => map.serialize_entry(heading.as_ref(), text)?,
                Cell::Number(number) => map.serialize_entry(heading.as_ref(), number)?,
            }
        }
        map.end()
    }
}

fn write_csv(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    write_csv_lines(Some(&sheet.headings), &sheet.rows, out)
}

/// Writes one part of a streamed CSV file. Only the first part contains the headings.
pub fn csv_lines(headings: Option<&[&str]>, rows: &[Vec<Cell>]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    write_csv_lines(headings, rows, &mut out)?;
    Ok(out)
}

/// Writes each row as a JSON object on a separate line.
pub fn json_lines(headings: &[&str], rows: &[Vec<Cell>]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut out, &Object { headings, row })?;
        out.push(b'\n');
    }
    Ok(out)
}

fn write_csv_lines<T: AsRef<str>>(
    headings: Option<&[T]>,
    rows: &[Vec<Cell>],
    out: &mut dyn Write,
) -> io::Result<()> {
    if headings.is_some() {
        out.write_all("\u{feff}".as_bytes())?;
    }
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    if let Some(headings) = headings {
        writer.write_record(headings.iter().map(|heading| neutral(heading.as_ref())))?;
    }
    for row in rows {
        writer.write_record(row.iter().map(|cell| match cell {
            Cell::Empty => String::new(),
            Cell::Text(text) => neutral(text),
            Cell::Number(number) => number.to_string(),
        }))?;
    }
    writer.flush()
}

/// Characters that make a spreadsheet read a cell as a formula, including the
/// full-width signs of Chinese and Japanese keyboards.
const FORMULA: [char; 10] = [
    '=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// Escapes text that a spreadsheet could interpret as a formula. A leading apostrophe is doubled,
/// so that software that reads the file can always remove exactly one apostrophe.
fn neutral(text: &str) -> String {
    if text.starts_with(FORMULA) || text.starts_with('\'') {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn write_workbook(sheets: &[Sheet], out: &mut dyn Write) -> io::Result<()> {
    let bytes = workbook(sheets).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

fn workbook(sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let bold = Format::new().set_bold();
    // With the quote prefix, the cell stays text even after a person edits it.
    let quoted = Format::new().set_quote_prefix();
    let mut workbook = Workbook::new();
    for sheet in sheets {
        let page = workbook.add_worksheet();
        page.set_name(&sheet.name)?;
        page.set_freeze_panes(1, 0)?;
        for (column, heading) in (0_u16..).zip(&sheet.headings) {
            page.write_string_with_format(0, column, heading, &bold)?;
        }
        for (line, row) in (1_u32..).zip(&sheet.rows) {
            for (column, cell) in (0_u16..).zip(row) {
                match cell {
                    Cell::Empty => {}
                    Cell::Text(text) if text.starts_with(FORMULA) => {
                        page.write_string_with_format(line, column, text, &quoted)?;
                    }
                    Cell::Text(text) => {
                        page.write_string(line, column, text)?;
                    }
                    Cell::Number(number) => {
                        page.write_number(line, column, as_number(*number))?;
                    }
                }
            }
        }
        page.autofit();
    }
    workbook.save_to_buffer()
}

/// Converts a count to a float. Floats are exact up to 2⁵³, far above any count.
fn as_number(count: i64) -> f64 {
    i32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(cells: &[&str]) -> Sheet {
        Sheet {
            name: "Guests".to_owned(),
            headings: vec!["Name".to_owned()],
            rows: cells.iter().map(|text| vec![Cell::from(*text)]).collect(),
        }
    }

    fn text_of(sheets: &[Sheet]) -> String {
        let mut out = Vec::new();
        write(sheets, FileFormat::Csv, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_looks_like_a_formula_stays_text() {
        let cells = [
            "=1+1",
            "+60 12-345",
            "-5",
            "@SUM(A1)",
            "'quoted",
            "\u{ff1d}1+1",
            "\u{ff0b}60",
            "\u{ff0d}5",
            "\u{ff20}SUM(A1)",
            "a=b",
            "",
            "a,b",
            "a\"b",
            "a\nb",
            "Åsa",
        ];
        assert_eq!(
            text_of(&[sheet(&cells)]),
            "\u{feff}Name\r\n'=1+1\r\n'+60 12-345\r\n'-5\r\n'@SUM(A1)\r\n''quoted\r\n\
             '\u{ff1d}1+1\r\n'\u{ff0b}60\r\n'\u{ff0d}5\r\n'\u{ff20}SUM(A1)\r\na=b\r\n\
             \"\"\r\n\"a,b\"\r\n\"a\"\"b\"\r\n\"a\nb\"\r\nÅsa\r\n"
        );
    }

    #[test]
    fn one_apostrophe_taken_off_gives_back_what_was_written() {
        for text in ["=x", "'=x", "''", "x", "+1", "\u{ff1d}x"] {
            let written = neutral(text);
            let read = written.strip_prefix('\'').unwrap_or(&written);
            assert_eq!(read, text);
        }
    }

    #[test]
    fn a_workbook_is_written() {
        let mut out = Vec::new();
        write(&[sheet(&["=1+1"])], FileFormat::Xlsx, &mut out).unwrap();
        assert_eq!(&out[..2], b"PK");
    }
}
