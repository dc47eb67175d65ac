//! Imports households from files. A host uploads a list and checks it, and then a job imports it in
//! batches. An undo deletes the new households, unless somebody has changed them since. A file's
//! rows are stored for 7 days. Each household and its outcome are written in one transaction, so an
//! interrupted job continues with the right household.

mod bring;
mod check;
mod choice;
mod contacts;
mod earlier;
mod finding;
mod gather;
mod gathered;
mod identity;
mod job;
mod known;
mod layout;
mod lexicon;
mod preview;
mod question;
mod reading;
mod stored;
mod upload;
mod vcard;
mod vet;
mod warning;
mod write;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use occasions::hosting::permissions::{HostOf, Permission};
use occasions::hosting::{Refusal, history};
use occasions::id::InvitationId;
use occasions::id::OccasionId;
use platform::audit::Entity;
use platform::jobs::NewJob;
use platform::news::NewNews;
use platform::store::{Json, Row};
use platform::text_cleaning::clean_line;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::sheet::read::Table;
use web::{Catalogue, Findings, List, PageQuery, words};

use self::lexicon::Lexicon;
use self::reading::{Layout, Sheets};
use self::stored::{
    last_columns, load_first_rows, store_list, store_pages, store_rows, store_unread, table_columns,
};
use crate::household_document::table::Column;
use crate::household_document::{Ground, Standing};

pub use self::bring::bring;
pub use self::check::{Check, check};
pub(crate) use self::choice::{
    ABSENT, COMMAS, SHEETS, contact_choices, has_fewer_seats, is_number, label_key,
};
pub use self::choice::{Absent, Choice, ChoiceKind, Eater, Group, Here};
pub(crate) use self::contacts::{
    ContactFilter, ContactList, NO_LETTER, count as count_contacts, list as list_contacts,
};
pub use self::finding::Finding;
pub use self::job::{KIND, SWEEP, handler, sweep_job};
pub(crate) use self::layout::{NONE as NO_HEADINGS, OfferedSheet, headings_key, sheets};
pub(crate) use self::preview::{
    Imported, InvitedTo, Preview, PreviewedHousehold, imported, invited_to, left_out, preview,
};
pub(crate) use self::reading::{Commas, asks_event};
pub use self::upload::Upload;
pub(crate) use self::upload::{Arriving, MOST_BYTES_WITH_PICTURES};
pub use self::warning::Warning;

platform::id!(ImportId, "One list of households out of a file.");

/// How long a file's rows are stored, and for how long an import can be undone.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Per occasion. If there are more, the oldest are deleted.
const DRAFTS: i64 = 10;
/// Only an occasion's latest imports keep their stored rows, up to this many imports.
const FILES: i64 = 20;
/// A row of the database contains at most this many rows of a file.
const CHUNK: usize = 500;
/// The most characters of a file's name.
const LONGEST_NAME: usize = 120;
/// The maximum number of errors and warnings that are shown.
pub const SHOWN: usize = 200;

words! {
    /// The progress of an import.
    ImportState {
        /// Not imported yet.
        Draft = "draft" => "host-import-state-draft",
        Queued = "queued" => "host-job-waiting",
        /// Being imported.
        Running = "running" => "host-import-state-running",
        /// Imported.
        Ready = "ready" => "host-job-ready",
        /// Not imported, because the list contains errors.
        Stopped = "stopped" => "host-import-state-stopped",
        /// Being undone.
        Undoing = "undoing" => "host-import-state-undoing",
        /// The import was undone. Households that somebody has changed since the import were kept.
        Undone = "undone" => "host-import-state-undone",
    }
}

words! {
    /// The result for a household in a list.
    #[schema(as = ImportOutcome)]
    Outcome {
        /// A new invitation was created.
        Made = "made",
        /// An existing invitation was changed.
        Changed = "changed",
        /// The existing invitation already agreed with the list.
        Same = "same",
        /// The household was skipped.
        Failed = "failed",
        /// The invitation was created, and then deleted by an undo.
        Undone = "undone",
        /// The invitation was created. An undo kept it, because somebody had changed it.
        Kept = "kept",
    }
}

/// The host's choices for an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ImportOptions)]
pub struct Options {
    /// True if a single error stops the whole import. If false, only the households with errors are
    /// skipped.
    pub stop_on_errors: bool,
    /// Whether answers in the list replace stored answers.
    pub replace_answers: bool,
    /// Whether to use codes even if they are easy to guess. Only owners may set this.
    pub keep_codes: bool,
}

impl Options {
    /// Whether the list's answers and food needs replace those of this household. As long as only
    /// lists have spoken, the last one counts.
    fn replaces(self, old: &Standing) -> bool {
        self.replace_answers || old.is_as_listed
    }
}

/// A list, and the progress of its import.
#[derive(Row, Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Import {
    /// The import's id.
    pub id: ImportId,
    /// The name of the file; empty for what was pasted or sent by a program.
    pub name: String,
    /// The state of the import.
    pub state: ImportState,
    /// The table's headings; empty for a list of documents.
    #[row(json)]
    pub headings: Vec<String>,
    /// The meaning of each column: `skip`, the name of a field, `reply:EVENT`, `invited:EVENT`, or
    /// `question:KEY`.
    #[row(json)]
    pub columns: Vec<String>,
    /// The host's choices.
    #[row(json)]
    pub options: Options,
    /// The number of rows or documents in the file.
    #[row(rename = "row_count")]
    pub rows: i64,
    /// The number of households in the list; 0 until the import starts.
    pub total: i64,
    /// How many of the households were processed.
    pub done: i64,
    /// How many households became new invitations.
    pub made: i64,
    /// How many households in the list changed an existing invitation.
    pub changed: i64,
    /// How many households failed and were skipped.
    pub failed: i64,
    /// When the file was uploaded.
    pub created_at: Timestamp,
    /// Until when the import can be started or undone.
    pub expires_at: Timestamp,
}

/// Stores an uploaded list, so that the host can check it. The meanings of the columns are taken
/// from the last list with the same headings. If there is no such list, they are guessed.
pub fn start(
    tx: &mut Tx<'_>,
    host: &HostOf,
    catalogue: &Catalogue,
    upload: &Upload,
    name: &str,
) -> Result<Import, Refusal> {
    host.needs(Permission::Invite)?;
    let ground = Ground::load(tx, host)?;
    let (sheets, columns) = match upload {
        Upload::Pages(pages) => {
            let lexicon = Lexicon::new(catalogue, &ground);
            let sheets = reading::join(pages, lexicon.headings(), &Layout::default());
            let columns = table_columns(tx, host, &sheets, &lexicon)?;
            (sheets, columns)
        }
        Upload::Contacts(contacts) => {
            let columns = match last_columns(tx, host, &contacts.headings)? {
                Some(columns) => columns,
                None => contacts.columns.iter().map(Column::word).collect(),
            };
            let outside = [&contacts.outside]
                .into_iter()
                .filter(|text| !text.is_empty());
            let sheet = Sheets {
                headings: contacts.headings.clone(),
                rows: contacts.rows.clone(),
                left_out: outside.map(|text| (1, text.clone())).collect(),
                ..Sheets::default()
            };
            (sheet, columns)
        }
        Upload::Records(_) => (Sheets::default(), Vec::new()),
    };
    let count = match upload {
        Upload::Records(records) => records.len(),
        Upload::Pages(_) | Upload::Contacts(_) => sheets.rows.len(),
    };
    drop_drafts(tx, host.occasion())?;
    let (id, now): (ImportId, _) = (tx.id(), tx.now());
    sql!(
        "INSERT INTO import (id, occasion, account, state, headings, columns, options, row_count,
             total, done, made, changed, failed, created_at, expires_at, name)
         VALUES (:id, :occasion, :account, 'draft', :headings, :columns, :options, :count,
             0, 0, 0, 0, 0, :now, :expires_at, :name)",
        id,
        occasion = host.occasion(),
        account = host.account(),
        headings = Json(&sheets.headings),
        columns = Json(&columns),
        options = Json(&Options::default()),
        count = i64::try_from(count).unwrap_or(i64::MAX),
        now,
        expires_at = now + LIFETIME,
        name = clean_line(name)
            .chars()
            .take(LONGEST_NAME)
            .collect::<String>()
    )
    .run(tx, Rows::Exactly(1))?;
    match upload {
        Upload::Pages(pages) => {
            store_pages(tx, &id, pages)?;
            store_rows(tx, &id, &sheets)?;
        }
        Upload::Contacts(contacts) => {
            store_unread(tx, &id, &contacts.unread)?;
            store_rows(tx, &id, &sheets)?;
        }
        Upload::Records(records) => store_list(tx, &id, records)?,
    }
    choice::repeat(tx, host.occasion(), &id)?;
    layout::store_commas(tx, &id, sheets.commas)?;
    let changes = json!([{"field": "rows", "old": null, "new": count}]);
    history::record(
        tx,
        host,
        "import.uploaded",
        Entity::new("import", id.to_string()),
        changes,
    )?;
    load(tx, host, &id)
}

pub fn load(tx: &mut Tx<'_>, host: &HostOf, id: &ImportId) -> Result<Import, Refusal> {
    host.needs(Permission::Invite)?;
    let found: Option<Import> = sql!(
        "SELECT {Import} FROM import WHERE id = :id AND occasion = :occasion",
        id,
        occasion = host.occasion()
    )
    .maybe(tx)?;
    found.ok_or(Refusal::NotFound)
}

/// Returns a page of the imports, newest first.
pub fn list(tx: &mut Tx<'_>, host: &HostOf, paging: &PageQuery) -> Result<List<Import>, Refusal> {
    host.needs(Permission::Invite)?;
    let before: Option<ImportId> = paging.after().map_err(|_| Refusal::CursorInvalid)?;
    let found = sql!(
        "SELECT {Import} FROM import WHERE occasion = :occasion AND id < :before
         ORDER BY id DESC LIMIT :rows",
        occasion = host.occasion(),
        // Ids are hexadecimal, so every id sorts before `"g"`.
        before = before.as_ref().map_or("g", ImportId::as_str),
        rows = paging.rows()
    )
    .all(tx)?;
    Ok(paging.list(found, |one: &Import| one.id.clone()))
}

/// A change to the columns' meanings or to the host's choices. An omitted field stays unchanged.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ImportChange)]
pub struct Change {
    /// The meaning of each column, in the order of the headings.
    pub columns: Option<Vec<String>>,
    /// The host's choices.
    pub options: Option<Options>,
    /// Answers about the list, by the keys of its questions; `null` takes an answer back. `events`
    /// names the events of new households where the list does not, by key and separated by commas;
    /// `events:LABEL` those of the households with this label. `contact:N` is `import` for the
    /// contacts that are imported; the first card of the file is 1. `sheets` holds the numbers of the
    /// sheets that are read, separated by commas, and `headings:N` the row of a sheet's headings, or
    /// `none`; the first sheet is 1. `commas` says what the commas of a text part: `people` or
    /// `columns`. After a choice of sheets, headings or commas, the columns are guessed anew.
    /// `absent` is what becomes of all who do not come: `keep`, `decline` or `leave_out`.
    pub choices: BTreeMap<String, Option<String>>,
}

/// Sets the meanings of the columns, and the host's choices for the import.
pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    catalogue: &Catalogue,
    id: &ImportId,
    change: &Change,
) -> Result<Import, Refusal> {
    let mut import = draft(tx, host, id)?;
    let ground = Ground::load(tx, host)?;
    let mut findings = Findings::default();
    let is_arranged = change.choices.keys().any(|key| choice::is_of_layout(key));
    let ensure_fit = |import: &Import, findings: &mut Findings| {
        let columns = change.columns.as_ref();
        if columns.is_some_and(|columns| columns.len() != import.headings.len()) {
            findings.add("/columns", "invalid", []);
        }
    };
    if !is_arranged {
        ensure_fit(&import, &mut findings);
    }
    if let Some(columns) = &change.columns {
        for (at, word) in columns.iter().enumerate() {
            if Column::find(word, &ground).is_none() {
                findings.add(&format!("/columns/{at}"), "unknown_option", []);
            }
        }
    }
    let options = change.options.unwrap_or(import.options);
    if options.keep_codes && !host.may(Permission::Own) {
        findings.add("/options/keep_codes", "not_allowed", []);
    }
    let stored = choice::count(tx, id)?;
    choice::vet(&change.choices, stored, &ground, &mut findings);
    if is_arranged {
        layout::vet(tx, id, &change.choices, &mut findings)?;
    }
    findings.finish()?;
    choice::store(tx, id, &change.choices)?;
    if is_arranged {
        import = layout::arrange(tx, host, catalogue, &ground, &import)?;
        let mut findings = Findings::default();
        ensure_fit(&import, &mut findings);
        findings.finish()?;
    }
    sql!(
        "UPDATE import SET columns = :columns, options = :options WHERE id = :id",
        id,
        columns = Json(change.columns.as_ref().unwrap_or(&import.columns)),
        options = Json(&options)
    )
    .run(tx, Rows::Exactly(1))?;
    load(tx, host, id)
}

/// Returns the first rows of the list. The page shows them next to the headings.
pub fn samples(tx: &mut Tx<'_>, host: &HostOf, id: &ImportId) -> Result<Table, Refusal> {
    let import = load(tx, host, id)?;
    Ok(Table {
        headings: import.headings,
        rows: load_first_rows(tx, id)?,
    })
}

/// Queues the job that imports the list.
pub fn apply(tx: &mut Tx<'_>, host: &HostOf, id: &ImportId) -> Result<Import, Refusal> {
    let import = draft(tx, host, id)?;
    contacts::ensure_chosen(tx, id)?;
    let changes = json!([{"field": "rows", "old": null, "new": import.rows}]);
    queue(tx, host, id, "queued")?;
    history::record(
        tx,
        host,
        "import.started",
        Entity::new("import", id.to_string()),
        changes,
    )?;
    load(tx, host, id)
}

/// Queues the undo of an import. The undo deletes the new households, unless somebody has changed
/// them since.
pub fn undo(tx: &mut Tx<'_>, host: &HostOf, id: &ImportId) -> Result<Import, Refusal> {
    let import = load(tx, host, id)?;
    let is_kept = tx.now() < import.expires_at;
    if import.state != ImportState::Ready || !is_kept {
        return Err(Refusal::WrongState);
    }
    queue(tx, host, id, "undoing")?;
    let changes = json!([{"field": "made", "old": import.made, "new": null}]);
    history::record(
        tx,
        host,
        "import.undone",
        Entity::new("import", id.to_string()),
        changes,
    )?;
    load(tx, host, id)
}

fn queue(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &ImportId,
    state: &'static str,
) -> Result<(), Refusal> {
    // The import runs as the host who starts it. Another host may have uploaded the file.
    sql!(
        "UPDATE import SET state = :state, account = :account, expires_at = :expires_at
         WHERE id = :id",
        id,
        state,
        account = host.account(),
        expires_at = tx.now() + LIFETIME
    )
    .run(tx, Rows::Exactly(1))?;
    tx.enqueue(NewJob {
        key: Some(format!("import:{id}")),
        ..NewJob::new(KIND, json!({ "import": id }))
    })?;
    let import: Import = sql!("SELECT {Import} FROM import WHERE id = :id", id).one(tx)?;
    Ok(tell(tx, host.occasion(), &import)?)
}

/// A household that an import report names.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[schema(as = ImportedHousehold)]
pub struct Named {
    /// The household's row in the list.
    #[row(rename = "list_row")]
    pub row: i64,
    /// The household's name.
    pub household: String,
    /// The household's invitation, if there is one.
    pub invitation: Option<InvitationId>,
    /// The outcome for the household.
    pub outcome: Outcome,
    /// The error code, if the household was skipped.
    pub problem: Option<String>,
}

/// Returns the households that the import skipped and those that an undo kept, in the order of the
/// list.
pub fn named(tx: &mut Tx<'_>, host: &HostOf, id: &ImportId) -> Result<Vec<Named>, Refusal> {
    load(tx, host, id)?;
    let limit = i64::try_from(SHOWN).unwrap_or(i64::MAX);
    Ok(sql!(
        "SELECT {Named} FROM import_row
         WHERE import = :id AND outcome IN ('failed', 'kept') ORDER BY place LIMIT :limit",
        id,
        limit
    )
    .all(tx)?)
}

fn draft(tx: &mut Tx<'_>, host: &HostOf, id: &ImportId) -> Result<Import, Refusal> {
    let import = load(tx, host, id)?;
    if import.state != ImportState::Draft || tx.now() >= import.expires_at {
        return Err(Refusal::WrongState);
    }
    Ok(import)
}

fn drop_drafts(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    let old: Vec<(ImportId,)> = sql!(
        "SELECT id FROM import WHERE occasion = :occasion AND state = 'draft'
         ORDER BY id DESC LIMIT 1000 OFFSET :kept",
        occasion,
        kept = DRAFTS - 1
    )
    .all(tx)?;
    for (id,) in old {
        forget(tx, &id)?;
        sql!("DELETE FROM import WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    }
    let over: Vec<(ImportId,)> = sql!(
        "SELECT id FROM import
         WHERE occasion = :occasion AND state IN ('ready', 'stopped', 'undone')
         ORDER BY id DESC LIMIT 1000 OFFSET :kept",
        occasion,
        kept = FILES
    )
    .all(tx)?;
    for (id,) in over {
        forget_rows(tx, &id)?;
    }
    Ok(())
}

/// Deletes the stored rows of a list, and what hosts answered about them.
fn forget_rows(tx: &mut Tx<'_>, id: &ImportId) -> Result<(), StoreError> {
    sql!("DELETE FROM import_chunk WHERE import = :id", id).run(tx, Rows::Any)?;
    sql!("DELETE FROM import_choice WHERE import = :id", id).run(tx, Rows::Any)?;
    Ok(())
}

fn forget(tx: &mut Tx<'_>, id: &ImportId) -> Result<(), StoreError> {
    forget_rows(tx, id)?;
    sql!("DELETE FROM import_row WHERE import = :id", id).run(tx, Rows::Any)?;
    Ok(())
}

fn tell(tx: &mut Tx<'_>, occasion: &OccasionId, import: &Import) -> Result<(), StoreError> {
    tx.publish(NewNews {
        scope: occasion.to_string(),
        name: "job",
        payload: json!({
            "id": import.id,
            "kind": "import",
            "state": import.state,
            "done": import.done,
            "total": import.total,
            "failed": import.failed,
        }),
    })
}
