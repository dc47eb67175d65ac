//! What the commas of a text without headings part: its columns, or the people of a line.

use std::collections::BTreeSet;

use web::sheet::read::{Page, Separated};
use web::words;

use super::columns::{self, Content, HeadingRow, Meanings};
use super::words as known;
use crate::household_document::field::folded;

words! {
    /// What the commas or semicolons of a text part.
    Commas {
        Columns = "columns",
        /// Each line is one household.
        People = "people",
    }
}

/// Returns what the commas of a page part, judged by all of its lines; `None` if they can only part
/// columns.
pub(crate) fn found(page: &Page, meanings: &Meanings, said: Option<HeadingRow>) -> Option<Commas> {
    let Separated { is_even, .. } = page.separated?;
    let has_headings = match said {
        Some(said) => said != HeadingRow::Nowhere,
        None => columns::known_headings(&page.rows, meanings).is_some(),
    };
    if has_headings {
        return None;
    }
    let are_people = if is_even {
        is_spaced(page) && are_names(page)
    } else {
        !has_data_column(page)
    };
    Some(if are_people {
        Commas::People
    } else {
        Commas::Columns
    })
}

fn later_cells(page: &Page) -> impl Iterator<Item = &str> {
    let cells = page.rows.iter().flat_map(|(_, cells)| cells.iter().skip(1));
    let cells = cells.map(String::as_str);
    cells.filter(|cell| !cell.trim().is_empty())
}

/// Programs put no space behind a comma, people do.
fn is_spaced(page: &Page) -> bool {
    let spaced = later_cells(page).filter(|cell| cell.starts_with(char::is_whitespace));
    spaced.count() * 2 > later_cells(page).count()
}

/// Whether what stands behind the commas may be names: of few words, and no value that recurs.
fn are_names(page: &Page) -> bool {
    let is_name = |cell: &str| {
        let plain = folded(cell);
        let is_small = cell.trim_start().starts_with(char::is_lowercase);
        !plain.contains(|sign: char| sign.is_ascii_digit())
            && !plain.is_empty()
            && !is_small
            && plain.split(' ').count() <= 5
            && !known::is_section(cell, &plain)
            && !known::is_food_note(&plain)
            && !known::TICKS.contains(&plain.as_str())
            && !known::CROSSES.contains(&plain.as_str())
    };
    let seen: BTreeSet<String> = later_cells(page).map(folded).collect();
    later_cells(page).all(is_name) && seen.len() * 4 >= later_cells(page).count() * 3
}

fn has_data_column(page: &Page) -> bool {
    let width = page.rows.first().map_or(0, |(_, cells)| cells.len());
    (0..width).any(|at| {
        let filled = page.rows.iter().filter(|(_, cells)| {
            let cell = cells.get(at).map(|cell| cell.trim());
            cell.is_some_and(|cell| !cell.is_empty())
        });
        let is_usual = filled.count() * 2 > page.rows.len();
        is_usual
            && matches!(
                columns::content(&page.rows, at),
                Content::Emails | Content::Phones | Content::Numbers
            )
    })
}

/// Makes one cell of each line again.
pub(crate) fn as_lines(page: &Page) -> Page {
    let sign = page.separated.map_or(',', |separated| separated.sign);
    let lines = page.rows.iter().map(|(number, cells)| {
        let line = cells.join(&sign.to_string());
        (*number, vec![line.trim_end_matches(sign).to_owned()])
    });
    Page {
        rows: lines.collect(),
        ..page.clone()
    }
}
