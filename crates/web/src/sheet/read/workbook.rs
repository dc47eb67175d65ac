//! The sheets of an Excel workbook (ECMA-376, part 1, 18). Only what a table needs is read:
//! cells, the texts that they share, and which number formats show dates. What other parts hold
//! takes no memory, whatever it is.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Cursor};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::number_format::{self, Format, Formats};
use super::{Grid, MOST_COLUMNS, MOST_ROWS, Unreadable};
use crate::zip_parts::xml::{Piece, Tag, Xml};
use crate::zip_parts::{self, MOST_UNPACKED};

/// The maximum number of texts that cells share: one for each cell.
const MOST_STRINGS: usize = MOST_ROWS * MOST_COLUMNS;
/// The most sheets of a workbook.
const MOST_SHEETS: usize = 100;
/// The most ranges of merged cells that are read.
const MOST_MERGED: usize = 10_000;
const EXCEL_ROWS: usize = 1_048_576;
const EXCEL_COLUMNS: usize = 16_384;

pub(super) fn read(bytes: &[u8], grid: &mut Grid) -> Result<(), Unreadable> {
    let mut book = Book::open(bytes)?;
    let (folder, name) = book.main_part(grid)?;
    let (sheets, is_1904) = book.sheets(&format!("{folder}{name}"))?;
    let relations = book.relations(&format!("{folder}_rels/{name}.rels"), grid)?;
    let of_kind = |kind: &str| relations.iter().find(|one| one.kind.ends_with(kind));
    let part_of = |one: &Relation| Some(at(&folder, one.target.as_deref()?));
    let strings = of_kind("/sharedStrings").and_then(part_of);
    let strings = strings.map_or(Ok(None), |part| book.strings(&part, grid))?;
    let styles = of_kind("/styles").and_then(part_of);
    let formats = styles.map_or(Ok(None), |part| book.formats(&part))?;
    let cells = Cells {
        strings: strings.unwrap_or_default(),
        formats: formats.unwrap_or_default(),
        is_1904,
    };
    for sheet in sheets {
        let found = relations.iter().find(|one| one.id == sheet.relation);
        let found = found.ok_or(Unreadable::BadWorkbook)?;
        let path = part_of(found).ok_or(Unreadable::BadWorkbook)?;
        // A chart is a sheet too.
        let is_table =
            !found.kind.ends_with("/chartsheet") && !found.kind.ends_with("/dialogsheet");
        if is_table {
            let part = book.part(&path)?;
            let mut part = part.ok_or(Unreadable::BadWorkbook)?;
            cells.read(&mut part, grid)?;
            let left = part.left();
            drop(part);
            book.left = left;
            grid.turn(sheet.name, sheet.is_hidden);
        }
    }
    Ok(())
}

/// A sheet as the workbook lists it.
struct Listed {
    name: String,
    relation: String,
    is_hidden: bool,
}

/// What leads from a part to another one.
struct Relation {
    id: String,
    kind: String,
    target: Option<String>,
}

fn at(folder: &str, target: &str) -> String {
    match target.strip_prefix('/') {
        Some(whole) => whole.to_owned(),
        None => format!("{folder}{target}"),
    }
}

struct Book<'a> {
    parts: ZipArchive<Cursor<&'a [u8]>>,
    /// The bytes that the sheets may still unpack to.
    left: u64,
}

type Part<'book, 'a> = Xml<BufReader<ZipFile<'book, Cursor<&'a [u8]>>>>;

impl<'a> Book<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let parts = zip_parts::open(Cursor::new(bytes))?;
        Ok(Self {
            parts,
            left: MOST_UNPACKED,
        })
    }

    /// Opens a part. Programs do not agree about capitals and slashes in the names of parts.
    fn part(&mut self, path: &str) -> Result<Option<Part<'_, 'a>>, Unreadable> {
        let plain = |name: &str| name.replace('\\', "/").to_ascii_lowercase();
        let path = plain(path);
        let mut names = self.parts.file_names();
        let place = names.position(|name| name.is_ok_and(|name| plain(&name) == path));
        drop(names);
        let Some(place) = place else {
            return Ok(None);
        };
        let part = self.parts.by_index(place);
        let part = part.map_err(|_| Unreadable::BadWorkbook)?;
        Ok(Some(Xml::within(BufReader::new(part), self.left)))
    }

    fn main_part(&mut self, grid: &mut Grid) -> Result<(String, String), Unreadable> {
        let relations = self.relations("_rels/.rels", grid)?.into_iter();
        let mut mains = relations.filter(|one| one.kind.ends_with("/officeDocument"));
        let target = mains.next().and_then(|main| main.target);
        let target = target.ok_or(Unreadable::BadWorkbook)?;
        let path = at("", &target);
        let cut = path.rfind('/').map_or(0, |slash| slash + 1);
        let (folder, name) = path.split_at(cut);
        Ok((folder.to_owned(), name.to_owned()))
    }

    fn relations(&mut self, path: &str, grid: &mut Grid) -> Result<Vec<Relation>, Unreadable> {
        let mut part = self.part(path)?.ok_or(Unreadable::BadWorkbook)?;
        let mut relations = Vec::new();
        loop {
            match part.next()? {
                Piece::Start(tag) if tag.name() == "Relationship" => {
                    let found = Relation {
                        id: tag.attribute("Id")?.unwrap_or_default(),
                        kind: tag.attribute("Type")?.unwrap_or_default(),
                        target: tag.attribute("Target")?,
                    };
                    let target = found.target.as_ref().map_or(0, String::len);
                    let text = found.id.len() + found.kind.len() + target;
                    grid.weigh(size_of::<Relation>() + text)?;
                    relations.push(found);
                }
                Piece::Over => return Ok(relations),
                _ => {}
            }
        }
    }

    /// The sheets, and whether days count from 1904.
    fn sheets(&mut self, main: &str) -> Result<(Vec<Listed>, bool), Unreadable> {
        let mut part = self.part(main)?.ok_or(Unreadable::BadWorkbook)?;
        let (mut sheets, mut is_1904) = (Vec::new(), false);
        loop {
            match part.next()? {
                Piece::Start(tag) if tag.name() == "workbookPr" => {
                    if let Some(value) = tag.attribute("date1904")? {
                        is_1904 = value == "1" || value == "true";
                    }
                }
                Piece::Start(tag) if tag.name() == "sheet" => {
                    let state = tag.attribute("state")?.unwrap_or_default();
                    sheets.push(Listed {
                        name: tag.attribute("name")?.unwrap_or_default(),
                        relation: tag.attribute("id")?.ok_or(Unreadable::BadWorkbook)?,
                        is_hidden: state.ends_with("idden"),
                    });
                    if sheets.len() > MOST_SHEETS {
                        return Err(Unreadable::TooLarge);
                    }
                }
                Piece::End(name) if name == "sheets" => break,
                Piece::Over => break,
                _ => {}
            }
        }
        if sheets.is_empty() {
            return Err(Unreadable::BadWorkbook);
        }
        Ok((sheets, is_1904))
    }

    fn strings(&mut self, path: &str, grid: &mut Grid) -> Result<Option<Strings>, Unreadable> {
        let Some(mut part) = self.part(path)? else {
            return Ok(None);
        };
        let mut strings = Strings::default();
        loop {
            match part.next()? {
                Piece::Start(tag) if tag.name() == "si" => {
                    let text = rich_text(&mut part, "si")?;
                    grid.weigh(text.len() + size_of::<usize>())?;
                    strings.text.push_str(&text);
                    strings.ends.push(strings.text.len());
                    if strings.ends.len() > MOST_STRINGS {
                        return Err(Unreadable::TooLarge);
                    }
                }
                Piece::Over => return Ok(Some(strings)),
                _ => {}
            }
        }
    }

    fn formats(&mut self, path: &str) -> Result<Option<Formats>, Unreadable> {
        let Some(mut part) = self.part(path)? else {
            return Ok(None);
        };
        number_format::read(&mut part).map(Some)
    }
}

/// The texts that cells share, one behind the other.
#[derive(Default)]
struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    fn get(&self, place: usize) -> Option<&str> {
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..*self.ends.get(place)?)
    }
}

struct Cells {
    strings: Strings,
    formats: Formats,
    is_1904: bool,
}

struct CellHead {
    row: usize,
    column: usize,
    style: Option<usize>,
    kind: Option<String>,
}

impl Cells {
    /// Where a cell does not say its place, it follows the one before it.
    fn read<R: BufRead>(&self, part: &mut Xml<R>, grid: &mut Grid) -> Result<(), Unreadable> {
        let (mut row, mut column, mut has_data, mut merged) = (0, 0, false, 0);
        loop {
            match part.next()? {
                Piece::Start(tag) if tag.name() == "sheetData" => has_data = true,
                Piece::Start(tag) if tag.name() == "row" => {
                    if let Some(place) = tag.attribute("r")? {
                        row = position(&place)?.0;
                    }
                    if tag
                        .attribute("hidden")?
                        .is_some_and(|is| is == "1" || is == "true")
                    {
                        grid.hidden_rows.push(row + 1);
                        grid.weigh(size_of::<usize>())?;
                    }
                }
                Piece::Start(tag) if tag.name() == "mergeCell" => {
                    merged += 1;
                    if merged > MOST_MERGED {
                        return Err(Unreadable::TooLarge);
                    }
                    let range = tag.attribute("ref")?.unwrap_or_default();
                    if let Some((from, to)) = range.split_once(':')
                        && let ((first, Some(column)), (last, _)) = (position(from)?, position(to)?)
                        && last > first
                    {
                        grid.spread(first + 1, last + 1, column)?;
                    }
                }
                Piece::Start(tag) if tag.name() == "c" => {
                    let head = CellHead::of(&tag, row, column)?;
                    column = head.column + 1;
                    let text = self.value(part, &head)?;
                    grid.put(head.row + 1, head.column, text)?;
                }
                Piece::End(name) if name == "row" => (row, column) = (row + 1, 0),
                Piece::End(name) if name == "worksheet" => return Ok(()),
                Piece::Over if has_data => return Ok(()),
                Piece::Over => return Err(Unreadable::BadWorkbook),
                _ => {}
            }
        }
    }

    /// The cell's value as a spreadsheet displays it. For a formula, this is the formula's result.
    fn value<R: BufRead>(&self, part: &mut Xml<R>, head: &CellHead) -> Result<String, Unreadable> {
        let kind = head.kind.as_deref();
        let mut value = String::new();
        loop {
            match part.next()? {
                Piece::Start(tag) if tag.name() == "is" => value = rich_text(part, "is")?,
                Piece::Start(tag) if tag.name() == "v" => {
                    let text = part.text()?;
                    if !matches!(kind, Some("inlineStr" | "is")) {
                        value = self.shown(text, head)?;
                    }
                }
                Piece::End(name) if name == "c" => return Ok(value),
                Piece::Over => return Err(Unreadable::BadWorkbook),
                _ => {}
            }
        }
    }

    fn shown(&self, text: String, head: &CellHead) -> Result<String, Unreadable> {
        if text.is_empty() {
            return Ok(text);
        }
        match head.kind.as_deref() {
            Some("s") => {
                let place = text.trim().parse().map_err(|_| Unreadable::BadWorkbook)?;
                let text = self.strings.get(place).ok_or(Unreadable::BadWorkbook)?;
                Ok(text.to_owned())
            }
            Some("b") => match text.trim().to_ascii_lowercase().as_str() {
                "1" | "true" => Ok("yes".to_owned()),
                "0" | "false" => Ok("no".to_owned()),
                _ => Err(Unreadable::BadWorkbook),
            },
            Some("e") => Ok(String::new()),
            Some("d") => Ok(text),
            Some("str") => Ok(unescaped(&text).into_owned()),
            None | Some("n") => match text.trim().parse::<f64>() {
                Ok(number) => Ok(match self.formats.of(head.style) {
                    Format::Date => number_format::date(number, self.is_1904).unwrap_or(text),
                    Format::Digits(digits) => number_format::padded(number, digits),
                    Format::Plain => number.to_string(),
                }),
                Err(_) if head.kind.is_none() => Ok(text),
                Err(_) => Err(Unreadable::BadWorkbook),
            },
            Some(_) => Err(Unreadable::BadWorkbook),
        }
    }
}

impl CellHead {
    fn of(tag: &Tag<'_>, row: usize, column: usize) -> Result<Self, Unreadable> {
        let (row, column) = match tag.attribute("r")? {
            Some(place) => {
                let (row, column) = position(&place)?;
                (row, column.ok_or(Unreadable::BadWorkbook)?)
            }
            None => (row, column),
        };
        Ok(Self {
            row,
            column,
            style: tag.attribute("s")?.and_then(|style| style.parse().ok()),
            kind: tag.attribute("t")?,
        })
    }
}

/// Counted from zero. A row's place has no column.
fn position(place: &str) -> Result<(usize, Option<usize>), Unreadable> {
    let digits = place.find(|letter: char| letter.is_ascii_digit());
    let (letters, digits) = place.split_at(digits.unwrap_or(place.len()));
    let mut column = 0;
    for letter in letters.chars() {
        let digit = letter.to_digit(36).filter(|digit| *digit >= 10);
        let digit = digit.ok_or(Unreadable::BadWorkbook)? - 9;
        column = column * 26 + digit as usize;
        if column > EXCEL_COLUMNS {
            return Err(Unreadable::BadWorkbook);
        }
    }
    let row: usize = digits.parse().map_err(|_| Unreadable::BadWorkbook)?;
    if row == 0 || row > EXCEL_ROWS {
        return Err(Unreadable::BadWorkbook);
    }
    Ok((row - 1, column.checked_sub(1)))
}

/// The text of the element that has just begun, without its formatting and without phonetic text.
fn rich_text<R: BufRead>(part: &mut Xml<R>, element: &str) -> Result<String, Unreadable> {
    let (mut text, mut is_phonetic) = (String::new(), false);
    loop {
        match part.next()? {
            Piece::Start(tag) if tag.name() == "rPh" => is_phonetic = true,
            Piece::End(name) if name == "rPh" => is_phonetic = false,
            Piece::Start(tag) if tag.name() == "t" && !is_phonetic => {
                let keeps_space = tag.attribute("space")?.is_some_and(|is| is == "preserve");
                let more = part.text()?;
                let more = if keeps_space {
                    more.as_str()
                } else {
                    more.trim_matches([' ', '\t', '\r', '\n'])
                };
                text.push_str(&unescaped(more));
                if text.len() > super::MOST_TEXT {
                    return Err(Unreadable::TooLarge);
                }
            }
            Piece::End(name) if name == element => return Ok(text),
            Piece::Over => return Err(Unreadable::BadWorkbook),
            _ => {}
        }
    }
}

/// Replaces `_xHHHH_`, by which workbooks write UTF-16 units that XML does not allow (ECMA-376,
/// part 1, 22.9.2.19).
fn unescaped(text: &str) -> Cow<'_, str> {
    let unit = |at: &str| {
        let digits = at.strip_prefix("_x")?.get(..4)?;
        (at.get(6..7) == Some("_")).then_some(())?;
        u16::from_str_radix(digits, 16).ok()
    };
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let (mut units, mut rest) = (Vec::new(), text);
    while let Some(letter) = rest.chars().next() {
        if let Some(unit) = unit(rest) {
            units.push(unit);
            rest = &rest[7..];
        } else {
            units.extend_from_slice(letter.encode_utf16(&mut [0; 2]));
            rest = &rest[letter.len_utf8()..];
        }
    }
    Cow::Owned(String::from_utf16_lossy(&units))
}
