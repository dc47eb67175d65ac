//! The stored rows of a list, and the households that they name with the hosts' choices.

use occasions::hosting::Refusal;
use occasions::hosting::permissions::HostOf;
use platform::store::Json;
use platform::{Rows, StoreError, Tx, sql};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use web::Catalogue;
use web::sheet::read::{Line, Page, Separated, Table};

use super::choice::{self, Choices};
use super::gather::Reader;
use super::gathered::Gathering;
use super::lexicon::Lexicon;
use super::reading::{self, Sheets};
use super::{CHUNK, Finding, Import, ImportId};
use crate::household_document::Ground;
use crate::household_document::table::Column;

/// The place of the lines that belong to no list, before the rows.
const LEFT_OUT: i64 = -1;
/// The place of what else contacts have. Only a list of contacts has it.
const CONTACTS: i64 = -2;
/// The place of the first sheet as it is in the file. There are at most 100 sheets with 20 chunks of
/// rows.
const PAGES: i64 = -10_000;

/// Some rows of a sheet.
#[derive(Serialize, Deserialize)]
struct PagePart {
    page: usize,
    name: String,
    is_hidden: bool,
    hidden_rows: Vec<usize>,
    #[serde(default)]
    separated: Option<Separated>,
    rows: Vec<Line>,
}

/// Stores the sheets of a file, so that a host may choose which of them are read.
pub(super) fn store_pages(
    tx: &mut Tx<'_>,
    id: &ImportId,
    pages: &[Page],
) -> Result<(), StoreError> {
    let parts = pages.iter().enumerate().flat_map(|(page, one)| {
        one.rows.chunks(CHUNK).map(move |rows| PagePart {
            page,
            name: one.name.clone(),
            is_hidden: one.is_hidden,
            hidden_rows: one.hidden_rows.clone(),
            separated: one.separated,
            rows: rows.to_vec(),
        })
    });
    for (place, part) in (PAGES..).zip(parts) {
        store_chunk(tx, id, place, &occasions::occasion::to_json(&[part]))?;
    }
    Ok(())
}

/// Empty for documents, for contacts, and after the rows were deleted.
pub(super) fn load_pages(tx: &mut Tx<'_>, id: &ImportId) -> Result<Vec<Page>, StoreError> {
    let mut pages: Vec<Page> = Vec::new();
    for part in load::<PagePart>(tx, id, PAGES, CONTACTS - 1)? {
        if part.page == pages.len() {
            pages.push(Page {
                name: part.name,
                is_hidden: part.is_hidden,
                rows: Vec::new(),
                hidden_rows: part.hidden_rows,
                separated: part.separated,
            });
        }
        if let Some(page) = pages.get_mut(part.page) {
            page.rows.extend(part.rows);
        }
    }
    Ok(pages)
}

/// Stores the rows of a list, and the lines that belong to none, instead of those that are stored.
pub(super) fn store_rows(
    tx: &mut Tx<'_>,
    id: &ImportId,
    sheets: &Sheets,
) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM import_chunk WHERE import = :id AND place >= :place",
        id,
        place = LEFT_OUT
    )
    .run(tx, Rows::Any)?;
    if !sheets.left_out.is_empty() {
        let lines = occasions::occasion::to_json(&sheets.left_out);
        store_chunk(tx, id, LEFT_OUT, &lines)?;
    }
    store_list(tx, id, &sheets.rows)
}

/// Stores rows or documents.
pub(super) fn store_list<T: Serialize>(
    tx: &mut Tx<'_>,
    id: &ImportId,
    rows: &[T],
) -> Result<(), StoreError> {
    for (place, rows) in (0..).zip(rows.chunks(CHUNK)) {
        store_chunk(tx, id, place, &occasions::occasion::to_json(&rows))?;
    }
    Ok(())
}

/// Stores what else contacts have, and by that, that the list is one of contacts.
pub(super) fn store_unread(
    tx: &mut Tx<'_>,
    id: &ImportId,
    unread: &[(String, usize)],
) -> Result<(), StoreError> {
    store_chunk(tx, id, CONTACTS, &occasions::occasion::to_json(&unread))
}

/// Returns what else contacts have; `None` if the list is not one of contacts.
pub(super) fn load_unread(
    tx: &mut Tx<'_>,
    id: &ImportId,
) -> Result<Option<Vec<(String, usize)>>, StoreError> {
    let chunks = chunks(tx, id, CONTACTS, CONTACTS)?;
    Ok((!chunks.is_empty()).then(|| joined(&chunks)))
}

/// Returns the rows of a table.
pub(super) fn load_rows(tx: &mut Tx<'_>, id: &ImportId) -> Result<Vec<Line>, StoreError> {
    load(tx, id, 0, i64::MAX)
}

/// Returns the first rows of a table.
pub(super) fn load_first_rows(tx: &mut Tx<'_>, id: &ImportId) -> Result<Vec<Line>, StoreError> {
    load(tx, id, 0, 0)
}

fn store_chunk(tx: &mut Tx<'_>, id: &ImportId, place: i64, rows: &str) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO import_chunk (import, place, rows) VALUES (:id, :place, :rows)",
        id,
        place,
        rows
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn load<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    id: &ImportId,
    from: i64,
    to: i64,
) -> Result<Vec<T>, StoreError> {
    Ok(joined(&chunks(tx, id, from, to)?))
}

fn chunks(
    tx: &mut Tx<'_>,
    id: &ImportId,
    from: i64,
    to: i64,
) -> Result<Vec<(String,)>, StoreError> {
    sql!(
        "SELECT rows FROM import_chunk
         WHERE import = :id AND place BETWEEN :from AND :to ORDER BY place",
        id,
        from,
        to
    )
    .all(tx)
}

/// Returns the meanings of the columns: those of the last list with the same headings, or else a
/// guess.
pub(super) fn table_columns(
    tx: &mut Tx<'_>,
    host: &HostOf,
    sheets: &Sheets,
    lexicon: &Lexicon,
) -> Result<Vec<String>, Refusal> {
    if let Some(columns) = last_columns(tx, host, &sheets.headings)? {
        return Ok(columns);
    }
    let guessed = reading::guess(&sheets.headings, &sheets.rows, lexicon.headings());
    Ok(guessed.iter().map(Column::word).collect())
}

pub(super) fn last_columns(
    tx: &mut Tx<'_>,
    host: &HostOf,
    headings: &[String],
) -> Result<Option<Vec<String>>, Refusal> {
    // Without headings, lists cannot be told apart.
    if headings.iter().all(|heading| heading.trim().is_empty()) {
        return Ok(None);
    }
    let found: Option<(String,)> = sql!(
        "SELECT columns FROM import
         WHERE occasion = :occasion AND headings = :headings AND state <> 'draft'
         ORDER BY id DESC LIMIT 1",
        occasion = host.occasion(),
        headings = Json(headings)
    )
    .maybe(tx)?;
    Ok(found.and_then(|(columns,)| serde_json::from_str(&columns).ok()))
}

/// Empty if the stored rows were deleted.
pub(super) fn households(
    tx: &mut Tx<'_>,
    catalogue: &Catalogue,
    ground: &Ground,
    import: &Import,
) -> Result<Gathering, StoreError> {
    let lexicon = Lexicon::new(catalogue, ground);
    let reader = Reader {
        ground,
        lexicon: &lexicon,
    };
    let choices = Choices::load(tx, &import.id)?;
    if import.headings.is_empty() {
        let mut gathering = Gathering {
            households: reader.records(load(tx, &import.id, 0, i64::MAX)?),
            ..Gathering::default()
        };
        choice::apply(&mut gathering, &choices, ground, &lexicon);
        return Ok(gathering);
    }
    let rows = load_rows(tx, &import.id)?;
    let (rows, of_contacts) = match load_unread(tx, &import.id)? {
        Some(unread) => choice::chosen_contacts(rows, unread, &choices),
        None => (rows, Vec::new()),
    };
    let table = Table {
        headings: import.headings.clone(),
        rows,
    };
    // A column whose event or question was deleted is ignored.
    let columns = import.columns.iter();
    let columns = columns.map(|word| Column::find(word, ground).unwrap_or(Column::Skip));
    let mut gathering = reader.table(&table, &columns.collect::<Vec<_>>());
    let left_out: Vec<(usize, String)> = load(tx, &import.id, LEFT_OUT, LEFT_OUT)?;
    gathering.commas = choices.commas();
    gathering.findings.extend(of_contacts);
    let lines = left_out.iter().map(|(row, text)| Finding::line(*row, text));
    gathering.findings.extend(lines);
    choice::apply(&mut gathering, &choices, ground, &lexicon);
    Ok(gathering)
}

fn joined<T: DeserializeOwned>(chunks: &[(String,)]) -> Vec<T> {
    let read = |(rows,): &(String,)| serde_json::from_str::<Vec<T>>(rows).unwrap_or_default();
    chunks.iter().flat_map(read).collect()
}
