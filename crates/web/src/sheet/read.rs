//! Reads tables from other programs' files. Cells are read as text. The memory used is bounded by
//! the allowed size of a table, even if the file is malicious.

use std::io::{self, BufRead, BufReader, Cursor, Read as _};

use calamine::{DataRef, Reader as _, Xlsx, XlsxError};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};
use quick_xml::events::Event;
use zip::ZipArchive;

use super::FORMULA;

/// The maximum size of a file, in bytes.
pub const MOST_BYTES: usize = 10 << 20;
/// The maximum number of rows in a table, headings excluded.
pub const MOST_ROWS: usize = 10_000;
/// The maximum number of columns.
pub const MOST_COLUMNS: usize = 100;
/// The maximum total size of a workbook's files when unzipped, in bytes.
const MOST_UNPACKED: u64 = 64 << 20;
/// The maximum length of a cell, in characters, as in Excel.
const MOST_LETTERS: usize = 32_767;
/// The maximum total size of all cells, in bytes. The limit is needed because a workbook may refer
/// to one string many times.
const MOST_TEXT: usize = 2 * MOST_BYTES;
/// The maximum number of files in a workbook's ZIP archive.
const MOST_PARTS: usize = 1_000;

/// A table's headings, and its other rows with their row numbers in the spreadsheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The first row that is not empty.
    pub headings: Vec<String>,
    /// The non-empty rows below the headings.
    pub rows: Vec<(usize, Vec<String>)>,
}

/// The reason why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The file is larger than [`MOST_BYTES`], unpacks to more than a table needs, or has a cell
    /// longer than Excel allows.
    #[error("the file is too large")]
    TooLarge,
    /// The table has more than [`MOST_ROWS`] rows.
    #[error("the table has too many rows")]
    TooManyRows,
    /// The table has more than [`MOST_COLUMNS`] columns.
    #[error("the table has too many columns")]
    TooManyColumns,
    #[error("the file is neither text nor a workbook")]
    NotText,
    #[error("the quotation mark in line {0} is never closed")]
    UnclosedQuote(usize),
    /// The workbook is damaged or protected by a password.
    #[error("the workbook is damaged")]
    BadWorkbook,
    /// There are no headings, or no rows below them.
    #[error("there is nothing in the table")]
    Empty,
}

/// Reads a table: the first sheet of a workbook, or text separated by commas, semicolons or tabs.
pub fn read(bytes: &[u8]) -> Result<Table, Unreadable> {
    if bytes.len() > MOST_BYTES {
        return Err(Unreadable::TooLarge);
    }
    let mut grid = Grid::default();
    if bytes.starts_with(b"PK\x03\x04") {
        read_workbook(bytes, &mut grid)?;
    } else {
        let text = decode(bytes)?;
        read_text(&text, separator(&text), &mut grid)?;
    }
    grid.table()
}

#[derive(Default)]
struct Grid {
    rows: Vec<(usize, Vec<String>)>,
    /// The total size of all cells, in bytes.
    weight: usize,
}

impl Grid {
    /// Adds a cell to the row `number`, which must be the last row or a new row.
    fn put(&mut self, number: usize, column: usize, text: String) -> Result<(), Unreadable> {
        if text.is_empty() {
            return Ok(());
        }
        if column >= MOST_COLUMNS {
            return Err(Unreadable::TooManyColumns);
        }
        self.weight += text.len();
        if text.chars().nth(MOST_LETTERS).is_some() || self.weight > MOST_TEXT {
            return Err(Unreadable::TooLarge);
        }
        if self.rows.last().is_none_or(|(last, _)| *last != number) {
            // `rows` also contains the headings.
            if self.rows.len() > MOST_ROWS {
                return Err(Unreadable::TooManyRows);
            }
            self.rows.push((number, Vec::new()));
        }
        if let Some((_, row)) = self.rows.last_mut() {
            if row.len() <= column {
                row.resize(column + 1, String::new());
            }
            row[column] = text;
        }
        Ok(())
    }

    fn table(self) -> Result<Table, Unreadable> {
        let mut rows = self.rows;
        let width = rows.iter().map(|(_, row)| row.len()).max().unwrap_or(0);
        for (_, row) in &mut rows {
            row.resize(width, String::new());
        }
        let mut rows = rows.into_iter();
        let (_, headings) = rows.next().ok_or(Unreadable::Empty)?;
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() {
            return Err(Unreadable::Empty);
        }
        Ok(Table { headings, rows })
    }
}

/// Decodes a file's text; the file's first bytes determine the encoding.
fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
    let utf_16 = |encoding: &'static Encoding, bytes| {
        let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
        text.map(String::from).ok_or(Unreadable::NotText)
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf_16(UTF_16LE, rest)?,
        [0xfe, 0xff, rest @ ..] => utf_16(UTF_16BE, rest)?,
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            String::from_utf8(rest.to_vec()).map_err(|_| Unreadable::NotText)?
        }
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => WINDOWS_1252
                .decode_without_bom_handling(bytes)
                .0
                .into_owned(),
        },
    };
    // Most binary files contain NUL bytes, which text does not contain.
    if text.contains('\0') {
        return Err(Unreadable::NotText);
    }
    Ok(text)
}

/// The separator that occurs most often in the first line, outside quotation marks.
fn separator(text: &str) -> char {
    let (mut counts, mut is_quoted) = ([(',', 0), (';', 0), ('\t', 0)], false);
    for letter in text.trim_start_matches(['\r', '\n']).chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            '\r' | '\n' if !is_quoted => break,
            _ if is_quoted => {}
            other => {
                for (separator, count) in &mut counts {
                    *count += usize::from(*separator == other);
                }
            }
        }
    }
    let [comma, others @ ..] = counts;
    // If two separators occur equally often, the first one wins, so the comma comes first.
    let most = |most: (char, usize), one: (char, usize)| if one.1 > most.1 { one } else { most };
    others.into_iter().fold(comma, most).0
}

/// Parses a text of separated values (RFC 4180). The separator need not be a comma, and any kind of
/// line break is accepted.
fn read_text(text: &str, separator: char, grid: &mut Grid) -> Result<(), Unreadable> {
    let mut letters = text.chars().peekable();
    let (mut number, mut line, mut column) = (1, 1, 0);
    let mut cell = String::new();
    let mut put = |number, column, cell: &mut String| {
        let whole = std::mem::take(cell);
        grid.put(number, column, plain(whole))
    };
    while let Some(letter) = letters.next() {
        match letter {
            '"' if cell.is_empty() => {
                let opened = line;
                loop {
                    match letters.next() {
                        Some('"') if letters.next_if_eq(&'"').is_some() => cell.push('"'),
                        Some('"') => break,
                        Some('\r') if letters.peek() == Some(&'\n') => {}
                        Some(inner) => {
                            line += usize::from(inner == '\n');
                            cell.push(inner);
                        }
                        None => return Err(Unreadable::UnclosedQuote(opened)),
                    }
                }
            }
            '\r' if letters.peek() == Some(&'\n') => {}
            '\r' | '\n' => {
                put(number, column, &mut cell)?;
                (number, line, column) = (number + 1, line + 1, 0);
            }
            other if other == separator => {
                put(number, column, &mut cell)?;
                column += 1;
            }
            other => cell.push(other),
        }
    }
    put(number, column, &mut cell)
}

/// Removes the apostrophe that [`neutral`](super::neutral) puts before text that looks like a
/// formula.
fn plain(cell: String) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) || rest.starts_with('\'') => rest.to_owned(),
        _ => cell,
    }
}

fn read_workbook(bytes: &[u8], grid: &mut Grid) -> Result<(), Unreadable> {
    check_size(bytes)?;
    let bad = |_: XlsxError| Unreadable::BadWorkbook;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(bad)?;
    let first = book.sheet_names().into_iter().next();
    let first = first.ok_or(Unreadable::BadWorkbook)?;
    // A file can claim a huge range, and the library would allocate memory for all of it. The cell
    // reader yields only existing cells.
    let mut cells = book.worksheet_cells_reader(&first).map_err(bad)?;
    while let Some(cell) = cells.next_cell().map_err(bad)? {
        let (row, column) = cell.get_position();
        let text = value(cell.get_value());
        grid.put(row as usize + 1, column as usize, text)?;
    }
    Ok(())
}

/// Unpacks every part without storing it. So a small file that unpacks to a large one is refused
/// before its table is read. The sizes that the file declares are ignored.
fn check_size(bytes: &[u8]) -> Result<(), Unreadable> {
    let mut parts = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Unreadable::BadWorkbook)?;
    if parts.len() > MOST_PARTS {
        return Err(Unreadable::TooLarge);
    }
    let mut left = MOST_UNPACKED;
    for place in 0..parts.len() {
        let part = parts.by_index(place).map_err(|_| Unreadable::BadWorkbook)?;
        let name = part.name().map_err(|_| Unreadable::BadWorkbook)?;
        let name = name.to_ascii_lowercase();
        let holds_strings = name.ends_with("sharedstrings.xml");
        let unpacked = io::copy(&mut part.take(left + 1), &mut io::sink());
        let unpacked = unpacked.map_err(|_| Unreadable::BadWorkbook)?;
        left = left.checked_sub(unpacked).ok_or(Unreadable::TooLarge)?;
        if holds_strings {
            let part = parts.by_index(place).map_err(|_| Unreadable::BadWorkbook)?;
            check_count(BufReader::new(part))?;
        }
    }
    Ok(())
}

/// Refuses a part that declares more shared strings than a table has cells, because the reader
/// reserves memory for all strings before it reads the first one.
fn check_count(part: impl BufRead) -> Result<(), Unreadable> {
    let mut events = quick_xml::Reader::from_reader(part);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = events.read_event_into(&mut buffer);
        match event.map_err(|_| Unreadable::BadWorkbook)? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "sst" => {
                let count = tag.try_get_attribute("uniqueCount");
                let count = count.map_err(|_| Unreadable::BadWorkbook)?;
                let count = count.and_then(|count| count.value.trim().parse::<usize>().ok());
                return match count {
                    Some(count) if count > MOST_ROWS * MOST_COLUMNS => Err(Unreadable::TooLarge),
                    _ => Ok(()),
                };
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The cell's value as a spreadsheet displays it. For a formula, this is the formula's result.
fn value(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Empty | DataRef::Error(_) => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, ..) = at.to_ymd_hms_milli();
            if (hour, minute) == (0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
            }
        }
    }
}

#[cfg(test)]
mod tests;
