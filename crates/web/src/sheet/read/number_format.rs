//! What the format of a cell makes of its number. A date is a number with a format that has a day or
//! an hour.

use std::collections::HashMap;
use std::io::BufRead;

use jiff::SignedDuration;
use jiff::civil::{Date, date as civil_date};

use super::Unreadable;
use crate::zip_parts::xml::{Piece, Xml};

/// The maximum number of styles of cells in a workbook, as in Excel.
const MOST_STYLES: usize = 65_490;
/// Milliseconds in a day.
const DAY: f64 = 86_400_000.0;
/// 31 December 9999 in days since 1900.
const LAST_DAY: f64 = 2_958_465.0;
/// The first day after 29 February 1900, which Excel believes to have been.
const MARCH_1900: f64 = 61.0;

/// The most digits that a format asks for, as in a telephone number.
const MOST_DIGITS: usize = 15;

/// What a style of cells makes of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Plain,
    Date,
    /// With zeros in front, up to this many digits: a postcode, or a telephone number.
    Digits(u8),
}

/// The format of each style of cells.
#[derive(Default)]
pub(super) struct Formats(Vec<Format>);

impl Formats {
    pub(super) fn of(&self, style: Option<usize>) -> Format {
        let found = style.and_then(|style| self.0.get(style));
        found.copied().unwrap_or_default()
    }
}

/// Reads the formats of numbers in the styles of a workbook. Of each format it keeps only its kind.
pub(super) fn read<R: BufRead>(part: &mut Xml<R>) -> Result<Formats, Unreadable> {
    let (mut own, mut formats) = (HashMap::new(), Vec::new());
    let (mut is_formats, mut is_cells) = (false, false);
    loop {
        match part.next()? {
            Piece::Start(tag) => match tag.name() {
                "numFmts" => is_formats = true,
                "cellXfs" => is_cells = true,
                "numFmt" if is_formats => {
                    let id = tag.attribute("numFmtId")?;
                    if let (Some(id), Some(code)) = (id, tag.attribute("formatCode")?) {
                        let id: u32 = id.parse().map_err(|_| Unreadable::BadWorkbook)?;
                        own.insert(id, format(&code));
                    }
                }
                "xf" if is_cells => {
                    let id = tag.attribute("numFmtId")?.and_then(|id| id.parse().ok());
                    formats.push(id.map_or(Format::Plain, |id: u32| {
                        own.get(&id).copied().unwrap_or_else(|| built_in(id))
                    }));
                }
                _ => {}
            },
            Piece::End(name) if name == "numFmts" => is_formats = false,
            Piece::End(name) if name == "cellXfs" => is_cells = false,
            Piece::Over => return Ok(Formats(formats)),
            Piece::End(_) | Piece::Text(_) => {}
        }
        if own.len() > MOST_STYLES || formats.len() > MOST_STYLES {
            return Err(Unreadable::TooLarge);
        }
    }
}

/// Whether a format that every program knows by its number shows a date (ECMA-376, part 1,
/// 18.8.30).
fn built_in(id: u32) -> Format {
    if matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58) {
        Format::Date
    } else {
        Format::Plain
    }
}

fn format(code: &str) -> Format {
    let is_zeros = code.chars().all(|letter| letter == '0');
    match u8::try_from(code.len()) {
        Ok(digits) if is_zeros && (2..=MOST_DIGITS).contains(&code.len()) => Format::Digits(digits),
        _ if shows_dates(code) => Format::Date,
        _ => Format::Plain,
    }
}

/// A whole number with zeros in front.
pub(super) fn padded(number: f64, digits: u8) -> String {
    let text = number.to_string();
    let is_whole = text.chars().all(|letter| letter.is_ascii_digit());
    if is_whole {
        format!("{text:0>width$}", width = usize::from(digits))
    } else {
        text
    }
}

/// Whether a format shows dates. It may have several sections, of which the first one decides.
fn shows_dates(code: &str) -> bool {
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter.to_ascii_lowercase() {
            ';' => return false,
            // The next letter is shown as it is, or gives its width or its repetition.
            '\\' | '_' | '*' => drop(letters.next()),
            '"' => drop(letters.by_ref().find(|letter| *letter == '"')),
            // A colour, a condition or a currency, unless it is a number of hours such as `[hh]`.
            '[' => {
                let inside: String = letters
                    .by_ref()
                    .take_while(|letter| *letter != ']')
                    .collect();
                let is_all = |unit: &char| inside.chars().all(|one| one.eq_ignore_ascii_case(unit));
                if !inside.is_empty() && ['h', 'm', 's'].iter().any(is_all) {
                    return true;
                }
            }
            'd' | 'm' | 'y' | 'h' | 's' => return true,
            _ => {}
        }
    }
    false
}

/// A number of days as a date, with its time where it is not midnight.
pub(super) fn date(days: f64, is_1904: bool) -> Option<String> {
    let days = days.clamp(0.0, LAST_DAY + 1.0);
    let epoch: Date = match is_1904 {
        true => civil_date(1904, 1, 1),
        false if days < MARCH_1900 => civil_date(1899, 12, 31),
        false => civil_date(1899, 12, 30),
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the number is limited above"
    )]
    let passed = SignedDuration::from_millis((days * DAY).round() as i64);
    let at = epoch.at(0, 0, 0, 0).checked_add(passed).ok()?;
    let format = if (at.hour(), at.minute()) == (0, 0) {
        "%Y-%m-%d"
    } else {
        "%Y-%m-%d %H:%M"
    };
    Some(at.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_with_a_day_or_an_hour_shows_dates() {
        for code in [
            "yyyy-mm-dd",
            "[$-409]d-mmm-yy;@",
            "[h]:mm",
            "[ss].0",
            "hh:mm AM/PM",
            "m/d",
        ] {
            assert!(shows_dates(code), "{code}");
        }
        for code in [
            "General",
            "0.00",
            "#,##0 ;[Red](#,##0)",
            "0\\d",
            "0\" days\"",
            "_d0",
            "[Red]0",
            "0;d",
            "[$USD] 0",
            "[",
            "\"",
            "",
        ] {
            assert!(!shows_dates(code), "{code}");
        }
    }

    #[test]
    fn a_format_of_zeros_keeps_them_in_front() {
        for (code, wanted) in [
            ("00000", Format::Digits(5)),
            ("0", Format::Plain),
            ("00.00", Format::Plain),
            ("yyyy", Format::Date),
        ] {
            assert_eq!(format(code), wanted, "{code}");
        }
        assert_eq!(padded(123.0, 5), "00123");
        assert_eq!(padded(123_456.0, 5), "123456");
        assert_eq!(padded(1.5, 5), "1.5");
        assert_eq!(padded(-1.0, 5), "-1");
    }

    #[test]
    fn days_become_dates() {
        for (days, is_1904, wanted) in [
            (0.5, false, "1899-12-31 12:00"),
            (1.0, false, "1900-01-01"),
            (59.0, false, "1900-02-28"),
            (61.0, false, "1900-03-01"),
            (46_000.75, false, "2025-12-09 18:00"),
            (44_538.0, true, "2025-12-09"),
            (-1.0, false, "1899-12-31"),
            (f64::NAN, true, "1904-01-01"),
        ] {
            assert_eq!(date(days, is_1904).as_deref(), Some(wanted), "{days}");
        }
        assert_eq!(date(f64::MAX, true), None);
    }
}
