//! Reads tables from other programs' files. Cells are read as text. The memory used is bounded by
//! the allowed size of a table, even if the file is malicious.

mod number_format;
mod workbook;

use std::borrow::Cow;

use encoding_rs::{BIG5, Encoding, GB18030, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

use super::FORMULA;
use crate::zip_parts::Unopened;

/// The maximum size of a file, in bytes.
pub const MOST_BYTES: usize = 10 << 20;
/// The maximum number of rows in a table, headings excluded.
pub const MOST_ROWS: usize = 10_000;
/// The maximum number of columns.
pub const MOST_COLUMNS: usize = 100;
/// The maximum length of a cell, in characters, as in Excel.
const MOST_LETTERS: usize = 32_767;
/// The maximum total size of all cells, in bytes. The limit is needed because a workbook may refer
/// to one string many times.
const MOST_TEXT: usize = 2 * MOST_BYTES;
/// The maximum memory for a table while it is read, in bytes.
const MOST_MEMORY: usize = 64 << 20;
/// The memory that a cell's text needs beside its letters, in bytes.
const CELL: usize = 16;

/// A row with its number in the spreadsheet.
pub type Line = (usize, Vec<String>);

/// A table's headings, and its other rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub headings: Vec<String>,
    /// The non-empty rows below the headings.
    pub rows: Vec<Line>,
}

/// A sheet of a workbook, or a text of separated values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The sheet's name; empty for a text.
    pub name: String,
    pub is_hidden: bool,
    /// The rows that are not empty, all of one width.
    pub rows: Vec<Line>,
    /// The numbers of rows that the spreadsheet does not show.
    pub hidden_rows: Vec<usize>,
    /// What stands between the values of a text, if it may stand between other things as well.
    pub separated: Option<Separated>,
}

/// The commas or semicolons of a text in which no value holds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Separated {
    pub sign: char,
    /// Whether every line has as many.
    pub is_even: bool,
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

impl From<Unopened> for Unreadable {
    fn from(why: Unopened) -> Self {
        match why {
            Unopened::TooLarge => Self::TooLarge,
            Unopened::Damaged => Self::BadWorkbook,
        }
    }
}

/// Reads all sheets of a workbook, or a text separated by commas, semicolons or tabs. Sheets without
/// a row are left out; a file with a single row is empty.
pub fn read(bytes: &[u8]) -> Result<Vec<Page>, Unreadable> {
    if bytes.len() > MOST_BYTES {
        return Err(Unreadable::TooLarge);
    }
    let mut grid = Grid::default();
    if bytes.starts_with(b"PK\x03\x04") {
        workbook::read(bytes, &mut grid)?;
    } else {
        let text = decode(bytes)?;
        let named = named_separator(&text);
        let (sign, text) = named.unwrap_or_else(|| (separator(&text), &*text));
        let separated = read_text(text, sign, &mut grid)?;
        grid.turn(String::new(), false);
        if let Some(page) = grid.pages.last_mut() {
            page.separated = separated.filter(|_| named.is_none());
        }
    }
    grid.pages()
}

/// The pages of a file. All limits hold for all of them together.
#[derive(Default)]
struct Grid {
    pages: Vec<Page>,
    rows: Vec<Line>,
    hidden_rows: Vec<usize>,
    /// The number of rows on earlier pages.
    earlier: usize,
    /// The total size of the texts of all cells, in bytes.
    text: usize,
    /// The memory that was taken, in bytes.
    memory: usize,
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
        self.text += text.len();
        if text.chars().nth(MOST_LETTERS).is_some() || self.text > MOST_TEXT {
            return Err(Unreadable::TooLarge);
        }
        self.weigh(CELL + text.len())?;
        if self.rows.last().is_none_or(|(last, _)| *last != number) {
            // `rows` also contains the headings.
            if self.earlier + self.rows.len() > MOST_ROWS {
                return Err(Unreadable::TooManyRows);
            }
            self.rows.push((number, Vec::new()));
        }
        if let Some((_, row)) = self.rows.last_mut() {
            let before = row.len();
            if before <= column {
                row.resize(column + 1, String::new());
            }
            row[column] = text;
            let new = row.len() - before;
            self.weigh(new * size_of::<String>())?;
        }
        Ok(())
    }

    fn weigh(&mut self, bytes: usize) -> Result<(), Unreadable> {
        self.memory += bytes;
        if self.memory > MOST_MEMORY {
            return Err(Unreadable::TooLarge);
        }
        Ok(())
    }

    /// Repeats a cell that reaches over several rows in each of them. A number counts once.
    fn spread(&mut self, first: usize, last: usize, column: usize) -> Result<(), Unreadable> {
        let start = self.rows.partition_point(|(number, _)| *number < first);
        let end = self.rows.partition_point(|(number, _)| *number <= last);
        let above = self.rows.get(start).filter(|(number, _)| *number == first);
        let text = above
            .and_then(|(_, cells)| cells.get(column))
            .cloned()
            .unwrap_or_default();
        if text.is_empty() || text.parse::<f64>().is_ok() {
            return Ok(());
        }
        for at in start + 1..end {
            self.weigh(CELL + text.len())?;
            let row = &mut self.rows[at].1;
            if row.len() <= column {
                row.resize(column + 1, String::new());
            }
            if row[column].is_empty() {
                row[column].clone_from(&text);
            }
        }
        Ok(())
    }

    /// Ends a page.
    fn turn(&mut self, name: String, is_hidden: bool) {
        let mut rows = std::mem::take(&mut self.rows);
        let hidden_rows = std::mem::take(&mut self.hidden_rows);
        let width = rows.iter().map(|(_, row)| row.len()).max().unwrap_or(0);
        for (_, row) in &mut rows {
            row.resize(width, String::new());
        }
        self.earlier += rows.len();
        if !rows.is_empty() {
            self.pages.push(Page {
                name,
                is_hidden,
                rows,
                hidden_rows,
                separated: None,
            });
        }
    }

    fn pages(self) -> Result<Vec<Page>, Unreadable> {
        if self.earlier < 2 {
            return Err(Unreadable::Empty);
        }
        Ok(self.pages)
    }
}

/// Decodes a file's text; the file's first bytes determine the encoding.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    let utf_16 = |encoding: &'static Encoding, bytes| {
        let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
        text.ok_or(Unreadable::NotText)
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf_16(UTF_16LE, rest)?,
        [0xfe, 0xff, rest @ ..] => utf_16(UTF_16BE, rest)?,
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            Cow::Borrowed(std::str::from_utf8(rest).map_err(|_| Unreadable::NotText)?)
        }
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => {
                chinese(bytes).unwrap_or_else(|| WINDOWS_1252.decode_without_bom_handling(bytes).0)
            }
        },
    };
    // Most binary files contain NUL bytes, which text does not contain.
    if text.contains('\0') {
        return Err(Unreadable::NotText);
    }
    Ok(text)
}

/// Decodes GBK, GB 18030 or Big5. Both encodings give the most common signs certain first bytes; what
/// is neither for the most part, or has Chinese signs beside Latin letters, is no Chinese text.
fn chinese(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let (mut pairs, mut simplified, mut traditional) = (0, 0, 0);
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first < 0x81 {
            continue;
        }
        let (second, after) = rest.split_first()?;
        rest = after;
        pairs += 1;
        let is_upper = *second >= 0xa1;
        simplified += usize::from(matches!(first, 0xa1..=0xa3 | 0xb0..=0xd7) && is_upper);
        traditional += usize::from(matches!(first, 0xa1..=0xc6));
    }
    let (encoding, common) = if simplified >= traditional {
        (GB18030, simplified)
    } else {
        (BIG5, traditional)
    };
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    let signs: Vec<char> = text.chars().collect();
    let beside = signs.windows(2).filter(|pair| {
        let is_latin = |sign: &char| sign.is_ascii_alphabetic();
        (is_latin(&pair[0]) && !pair[1].is_ascii()) || (!pair[0].is_ascii() && is_latin(&pair[1]))
    });
    (common * 10 >= pairs * 7 && beside.count() * 5 < pairs).then_some(text)
}

/// The separator that a first line `sep=;` names, as Excel writes it, and the text below that line.
fn named_separator(text: &str) -> Option<(char, &str)> {
    let (line, rest) = text.split_once('\n')?;
    let line = line.trim().trim_matches('"').trim_end_matches([',', ';']);
    let typed = text.trim_start_matches('"').strip_prefix("sep=")?;
    let separator = typed.chars().next()?;
    let is_one = line
        .strip_prefix("sep=")
        .is_some_and(|rest| rest.chars().count() <= 1);
    (is_one && matches!(separator, ',' | ';' | '\t' | '|')).then_some((separator, rest))
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
fn read_text(
    text: &str,
    separator: char,
    grid: &mut Grid,
) -> Result<Option<Separated>, Unreadable> {
    let mut letters = text.chars().peekable();
    let (mut number, mut line, mut column) = (1, 1, 0);
    let mut cell = String::new();
    let mut widths = Widths::default();
    let mut is_alone = matches!(separator, ',' | ';');
    let mut put = |number, column, cell: &mut String| {
        let whole = std::mem::take(cell);
        is_alone &= !whole.contains([separator, '\n']);
        if column > 0 || !whole.trim().is_empty() {
            widths.put(number, column);
        }
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
    put(number, column, &mut cell)?;
    let (least, most) = widths.range();
    Ok((is_alone && most > 0).then_some(Separated {
        sign: separator,
        is_even: least == most,
    }))
}

/// The fewest and the most separators of a line. Empty lines do not count.
#[derive(Default)]
struct Widths {
    /// The line that is read, with its last column.
    last: Option<(usize, usize)>,
    range: Option<(usize, usize)>,
}

impl Widths {
    fn put(&mut self, number: usize, column: usize) {
        if self.last.is_some_and(|(last, _)| last != number) {
            self.range = Some(self.range());
        }
        self.last = Some((number, column));
    }

    fn range(&self) -> (usize, usize) {
        let (_, width) = self.last.unwrap_or_default();
        let (least, most) = self.range.unwrap_or((width, width));
        (least.min(width), most.max(width))
    }
}

/// Removes the apostrophe that [`neutral`](super::neutral) puts before text that looks like a
/// formula.
fn plain(cell: String) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) || rest.starts_with('\'') => rest.to_owned(),
        _ => cell,
    }
}

#[cfg(test)]
mod tests;
