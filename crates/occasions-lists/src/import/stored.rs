//! The stored rows of a list, and the households that they name with the hosts' choices.

use occasions::hosting::Refusal;
use occasions::hosting::permissions::HostOf;
use platform::store::Json;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use web::Catalogue;
use web::sheet::read::Table;

use super::choice::{self, Choices};
use super::gather::Reader;
use super::gathered::Gathering;
use super::lexicon::Lexicon;
use super::{CHUNK, Finding, Import};
use crate::household_document::Ground;
use crate::household_document::table::Column;

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

pub(super) fn chunks<T: Serialize>(rows: &[T]) -> Vec<String> {
    let chunks = rows.chunks(CHUNK);
    chunks
        .map(|chunk| occasions::occasion::to_json(&chunk))
        .collect()
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
    let mut chunks: Vec<(i64, String)> = sql!(
        "SELECT place, rows FROM import_chunk WHERE import = :id ORDER BY place",
        id = import.id
    )
    .all(tx)?;
    let first_row = chunks.partition_point(|(place, _)| *place < 0);
    let rows = chunks.split_off(first_row);
    let choices = Choices::load(tx, &import.id)?;
    if import.headings.is_empty() {
        let mut gathering = Gathering {
            households: reader.records(joined(&rows)),
            ..Gathering::default()
        };
        choice::apply(&mut gathering, &choices, ground, &lexicon);
        return Ok(gathering);
    }
    let table = Table {
        headings: import.headings.clone(),
        rows: joined(&rows),
    };
    // A column whose event or question was deleted is ignored.
    let columns = import.columns.iter();
    let columns = columns.map(|word| Column::find(word, ground).unwrap_or(Column::Skip));
    let mut gathering = reader.table(&table, &columns.collect::<Vec<_>>());
    let left_out: Vec<(usize, String)> = joined(&chunks);
    let lines = left_out.iter().map(|(row, text)| Finding::line(*row, text));
    gathering.findings.extend(lines);
    choice::apply(&mut gathering, &choices, ground, &lexicon);
    Ok(gathering)
}

fn joined<T: serde::de::DeserializeOwned>(chunks: &[(i64, String)]) -> Vec<T> {
    let read = |(_, rows): &(i64, String)| serde_json::from_str::<Vec<T>>(rows).unwrap_or_default();
    chunks.iter().flat_map(read).collect()
}
