//! Reads a guest list as people have it: which row holds the headings, what the columns mean, and
//! the households, people and places that the rows name. It knows no store and no occasion.
//!
//! Every cell that is not empty ends in a field, in a household's note, or in a line that names it.

mod columns;
mod commas;
mod contacts;
mod counts;
mod households;
mod name_cell;
mod row;
mod sheets;
mod words;

pub(crate) use self::columns::asks_event;
pub(super) use self::columns::{HeadingRow, Meanings, guess, known};
pub(crate) use self::commas::Commas;
pub(super) use self::households::{Guest, Household, LONGEST_FOOD, ONE_OF, fits, read};
pub(super) use self::row::{Table, Told};
pub(super) use self::sheets::{Layout, Sheets, first_rows, join};
pub(super) use self::words::{is_cancelled, is_no_need};

#[cfg(test)]
mod tests;
