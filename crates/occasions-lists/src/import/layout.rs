//! Where a file holds its list: the sheets that are read, and the rows of their headings. Hosts may
//! choose others than those that were found.

use std::collections::{BTreeMap, BTreeSet};

use occasions::hosting::Refusal;
use occasions::hosting::permissions::HostOf;
use platform::store::Json;
use platform::{Rows, StoreError, Tx, sql};
use web::sheet::read::Page;
use web::{Catalogue, Findings};

use super::choice::{self, COMMAS, Choices, HEADINGS, SHEETS, is_of_layout};
use super::lexicon::Lexicon;
use super::reading::{self, Commas, HeadingRow, Layout, Sheets};
use super::stored::{load_pages, store_rows, table_columns};
use super::{Import, ImportId, draft};
use crate::household_document::Ground;

/// The row of headings of a sheet without any.
pub(crate) const NONE: &str = "none";
/// The most characters of a row that are shown.
const LONGEST_ROW: usize = 60;

/// The key of the choice of a sheet's headings.
pub(crate) fn headings_key(sheet: usize) -> String {
    format!("{HEADINGS}{sheet}")
}

fn numbers(value: &str) -> Option<BTreeSet<usize>> {
    let all = value.split(',').map(|number| number.trim().parse().ok());
    all.collect()
}

fn heading_row(value: &str) -> Option<HeadingRow> {
    if value == NONE {
        return Some(HeadingRow::Nowhere);
    }
    value.parse().ok().map(HeadingRow::At)
}

/// Returns what hosts have chosen.
fn layout(choices: &Choices) -> Layout {
    let sheets = choices.value(SHEETS).and_then(numbers);
    let headings = choices.under(HEADINGS).filter_map(|(sheet, value)| {
        let sheet: usize = sheet.parse().ok()?;
        Some((sheet.checked_sub(1)?, heading_row(value)?))
    });
    Layout {
        sheets: sheets.map(|all| all.iter().filter_map(|one| one.checked_sub(1)).collect()),
        headings: headings.collect(),
        commas: choices.commas(),
    }
}

/// Stores what the commas of a list part, which its page says.
pub(super) fn store_commas(
    tx: &mut Tx<'_>,
    id: &ImportId,
    commas: Option<Commas>,
) -> Result<(), StoreError> {
    let word = commas.map(|one| one.word().to_owned());
    choice::store(tx, id, &BTreeMap::from([(COMMAS.to_owned(), word)]))
}

/// Checks the choices of sheets and headings, each at its place below `/choices`.
pub(super) fn vet(
    tx: &mut Tx<'_>,
    id: &ImportId,
    new: &BTreeMap<String, Option<String>>,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let pages = load_pages(tx, id)?;
    let shown = |number: usize| {
        let page = number.checked_sub(1).and_then(|at| pages.get(at));
        page.filter(|page| !page.is_hidden)
    };
    for (key, value) in new.iter().filter(|(key, _)| is_of_layout(key)) {
        let sheet = key.strip_prefix(HEADINGS);
        let is_known = match (sheet, value) {
            (None, value) if key == COMMAS => value
                .as_deref()
                .is_none_or(|word| Commas::find(word).is_some()),
            (None, None) => true,
            (None, Some(value)) => {
                numbers(value).is_some_and(|all| all.iter().all(|one| shown(*one).is_some()))
            }
            (Some(sheet), value) => {
                let page = sheet.parse().ok().and_then(shown);
                page.is_some_and(|page| {
                    value
                        .as_deref()
                        .is_none_or(|value| match heading_row(value) {
                            Some(HeadingRow::At(row)) => {
                                reading::first_rows(page).any(|(number, _)| *number == row)
                            }
                            Some(HeadingRow::Nowhere) => true,
                            None => false,
                        })
                })
            }
        };
        if !is_known {
            let pointer = format!("/choices/{}", web::findings::token(key));
            findings.add(&pointer, "unknown_option", []);
        }
    }
    Ok(())
}

/// Reads the sheets again, as hosts have chosen. The columns are guessed anew.
pub(super) fn arrange(
    tx: &mut Tx<'_>,
    host: &HostOf,
    catalogue: &Catalogue,
    ground: &Ground,
    import: &Import,
) -> Result<Import, Refusal> {
    let pages = load_pages(tx, &import.id)?;
    let layout = layout(&Choices::load(tx, &import.id)?);
    let lexicon = Lexicon::new(catalogue, ground);
    let sheets = reading::join(&pages, lexicon.headings(), &layout);
    let columns = table_columns(tx, host, &sheets, &lexicon)?;
    store_rows(tx, &import.id, &sheets)?;
    store_commas(tx, &import.id, sheets.commas)?;
    sql!(
        "UPDATE import SET headings = :headings, columns = :columns, row_count = :count
         WHERE id = :id",
        id = import.id,
        headings = Json(&sheets.headings),
        columns = Json(&columns),
        count = i64::try_from(sheets.rows.len()).unwrap_or(i64::MAX)
    )
    .run(tx, Rows::Exactly(1))?;
    draft(tx, host, &import.id)
}

/// A sheet of a file, as the page offers it.
pub(crate) struct OfferedSheet {
    /// The place in the file; the first one is 1.
    pub(crate) number: usize,
    pub(crate) name: String,
    pub(crate) is_hidden: bool,
    /// Whether it is read.
    pub(crate) is_read: bool,
    /// The number of the row of headings, if it is read and has one.
    pub(crate) headings: Option<usize>,
    /// The rows that may hold the headings, with their beginning.
    pub(crate) rows: Vec<(usize, String)>,
}

/// Returns the sheets of a file; nothing for a list that has none.
pub(crate) fn sheets(
    tx: &mut Tx<'_>,
    host: &HostOf,
    catalogue: &Catalogue,
    id: &ImportId,
) -> Result<Vec<OfferedSheet>, Refusal> {
    draft(tx, host, id)?;
    let pages = load_pages(tx, id)?;
    if pages.is_empty() {
        return Ok(Vec::new());
    }
    let ground = Ground::load(tx, host)?;
    let lexicon = Lexicon::new(catalogue, &ground);
    let layout = layout(&Choices::load(tx, id)?);
    let Sheets { read, .. } = reading::join(&pages, lexicon.headings(), &layout);
    let all = pages.iter().enumerate().map(|(at, page)| OfferedSheet {
        number: at + 1,
        name: page.name.clone(),
        is_hidden: page.is_hidden,
        is_read: read.contains_key(&at),
        headings: read.get(&at).copied().flatten(),
        rows: offered_rows(page),
    });
    Ok(all.collect())
}

fn offered_rows(page: &Page) -> Vec<(usize, String)> {
    let rows = reading::first_rows(page).map(|(number, cells)| {
        let cells = cells.iter().map(|cell| cell.trim());
        let filled: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
        let text = filled.join(" · ");
        let is_long = text.chars().nth(LONGEST_ROW).is_some();
        let short: String = text.chars().take(LONGEST_ROW).collect();
        (*number, if is_long { short + "…" } else { short })
    });
    rows.collect()
}
