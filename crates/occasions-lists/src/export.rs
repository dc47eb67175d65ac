//! Exports lists as files. An export waits in a queue until a job writes its file from one snapshot
//! of the data. The job writes the file under a temporary name, syncs and renames it, and then
//! marks the export as ready. A restarted job writes the file again from the start. After 7 days
//! the file is deleted.

mod gifts;
mod kitchen;
mod questions;
mod table;

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use occasions::hosting::listing::{self, people};
use occasions::hosting::permissions::{self, HostOf, Permission};
use occasions::hosting::{Refusal, history};
use occasions::id::OccasionId;
use occasions::occasion;
use occasions::stored_lists;
use occasions::words::{ExportKind, FileFormat, Progress};
use platform::audit::Entity;
use platform::jobs::{Done, Handler, Job, JobError, NewJob};
use platform::news::NewNews;
use platform::store::{Json, Row};
use platform::{Files, Platform, Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::{Catalogue, Language, Text};

use crate::household_document::{self, Ground, Record};
pub use occasions::stored_lists::ExportId;
pub use web::sheet::{self, Cell, Sheet};

pub const KIND: &str = "occasions.export";
/// The kind of the job that deletes expired files.
pub const SWEEP: &str = "occasions.exports_expire";
/// How many exports of an occasion may wait at the same time.
pub const WAITING: i64 = 10;
/// An export's file can be downloaded for this long.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A request for an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExportRequest)]
pub struct Request {
    /// The list to export.
    pub kind: ExportKind,
    /// The format of the file.
    pub format: FileFormat,
    /// If set, only these invitations and their guests are exported.
    #[serde(default)]
    pub invitations: listing::InvitationFilter,
    /// If set, only these guests are exported.
    #[serde(default)]
    pub guests: people::GuestFilter,
}

/// An export and its state.
#[derive(Row, Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Export {
    /// The export's id.
    pub id: ExportId,
    /// The exported list.
    pub kind: ExportKind,
    /// The format of the file.
    pub format: FileFormat,
    /// The state of the job.
    pub state: Progress,
    /// How many rows the file has.
    #[row(rename = "row_count")]
    pub rows: Option<i64>,
    /// Whether the file contains codes and contact data.
    pub contacts: bool,
    /// The time of the request.
    pub created_at: Timestamp,
    /// The time until which the file can be downloaded.
    pub expires_at: Timestamp,
}

impl Export {
    pub fn file_name(&self, slug: &str) -> String {
        format!("{slug}-{}.{}", self.kind.word(), self.format.word())
    }

    pub async fn open(&self, files: &Files) -> std::io::Result<Option<std::fs::File>> {
        files.open(&stored_lists::key(&self.id)).await
    }
}

/// Requests an export whose headings are in `language`. An export for an observer contains no codes
/// and no contact data.
pub fn start(
    tx: &mut Tx<'_>,
    host: &HostOf,
    request: &Request,
    language: &Language,
) -> Result<Export, Refusal> {
    host.needs(Permission::See)?;
    host.needs_person()?;
    // An invalid filter is refused here, before the job runs.
    for event in [&request.invitations.event, &request.guests.event] {
        listing::filter::event_id(tx, host, event.as_deref())?;
    }
    // All requests for exports take this lock, so concurrent requests are counted too.
    occasion::lock(tx, host.occasion())?;
    let (waiting,): (i64,) = sql!(
        "SELECT COUNT(*) FROM export WHERE occasion = :occasion AND state IN ('queued', 'running')",
        occasion = host.occasion()
    )
    .one(tx)?;
    if waiting >= WAITING {
        return Err(Refusal::ExportsWaiting(WAITING));
    }
    let id: ExportId = tx.id();
    let now = tx.now();
    sql!(
        "INSERT INTO export (id, occasion, account, kind, format, filter, language, contacts,
             state, created_at, expires_at)
         VALUES (:id, :occasion, :account, :kind, :format, :filter, :language, :contacts, 'queued',
             :now, :expires_at)",
        id,
        occasion = host.occasion(),
        account = host.account(),
        kind = request.kind,
        format = request.format,
        filter = Json(request),
        language = language.tag,
        contacts = host.may(Permission::SeeContacts),
        now,
        expires_at = now + LIFETIME
    )
    .run(tx, Rows::Exactly(1))?;
    tx.enqueue(NewJob {
        key: Some(format!("export:{id}")),
        ..NewJob::new(KIND, json!({ "export": id }))
    })?;
    let changes = json!([
        {"field": "kind", "old": null, "new": request.kind},
        {"field": "contacts", "old": null, "new": host.may(Permission::SeeContacts)},
    ]);
    history::record(
        tx,
        host,
        "export.started",
        Entity::new("export", id.to_string()),
        changes,
    )?;
    let export = load(tx, host, &id)?;
    tell(tx, host.occasion(), &export)?;
    Ok(export)
}

/// Loads an export of this occasion. Fails if the host may not see what the file contains.
pub fn load(tx: &mut Tx<'_>, host: &HostOf, id: &ExportId) -> Result<Export, Refusal> {
    let found: Option<Export> = sql!(
        "SELECT {Export} FROM export WHERE id = :id AND occasion = :occasion",
        id,
        occasion = host.occasion()
    )
    .maybe(tx)?;
    let now = tx.now();
    found
        .filter(|export| !export.contacts || host.may(Permission::SeeContacts))
        .map(|export| aged(export, now))
        .ok_or(Refusal::NotFound)
}

/// Returns the latest exports that this host may see, newest first.
pub fn list(tx: &mut Tx<'_>, host: &HostOf, limit: i64) -> Result<Vec<Export>, Refusal> {
    host.needs(Permission::See)?;
    let found: Vec<Export> = sql!(
        "SELECT {Export} FROM export WHERE occasion = :occasion AND contacts <= :contacts
         ORDER BY id DESC LIMIT :limit",
        occasion = host.occasion(),
        contacts = host.may(Permission::SeeContacts),
        limit
    )
    .all(tx)?;
    let now = tx.now();
    Ok(found.into_iter().map(|export| aged(export, now)).collect())
}

/// Returns an export if its file can be downloaded now. Records the download in the audit log.
pub fn fetch(tx: &mut Tx<'_>, host: &HostOf, id: &ExportId) -> Result<Export, Refusal> {
    host.needs_person()?;
    let export = load(tx, host, id)?;
    if export.state != Progress::Ready {
        return Err(Refusal::WrongState);
    }
    let changes = json!([{"field": "kind", "old": null, "new": export.kind}]);
    history::record(
        tx,
        host,
        "export.fetched",
        Entity::new("export", id.to_string()),
        changes,
    )?;
    Ok(export)
}

/// Marks an export as expired from `expires_at` on, even if its file still exists.
fn aged(mut export: Export, now: Timestamp) -> Export {
    if export.state == Progress::Ready && now >= export.expires_at {
        export.state = Progress::Expired;
    }
    export
}

pub fn handler(platform: Platform, catalogue: Catalogue) -> Handler {
    Handler::new(KIND, move |job| {
        make(platform.clone(), catalogue.clone(), job)
    })
}

pub(crate) fn sweep_job(platform: Platform) -> Handler {
    Handler::each_minute(SWEEP, move |_| {
        let platform = platform.clone();
        async move {
            stored_lists::remove_expired(&platform).await?;
            Ok(Done::nothing())
        }
    })
}

#[derive(Deserialize)]
struct Payload {
    export: ExportId,
}

struct Order {
    host: HostOf,
    request: Request,
    language: String,
    contacts: bool,
}

async fn make(platform: Platform, catalogue: Catalogue, job: Job) -> Result<Done, JobError> {
    let Payload { export } = job.read()?;
    let id = export.clone();
    let read = platform
        .store
        .read_at_length(move |tx| read(tx, &catalogue, &id))
        .await;
    let (occasion, format, content) = match read {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Done::nothing()),
        Err(Refusal::Store(error)) => return Err(error.into()),
        Err(refusal) => {
            // Either the account is no longer a host, or the data to export was deleted.
            let failed = move |tx: &mut Tx<'_>| set_failed(tx, &export);
            return Err(JobError::fail(refusal).with(failed));
        }
    };
    let rows = content.rows();
    let written = platform
        .files
        .put(&stored_lists::key(&export), move |out| {
            content.write(format, out)
        })
        .await;
    match written {
        Ok(()) => Ok(Done::with(move |tx: &mut Tx<'_>| {
            set_ready(
                tx,
                &export,
                &occasion,
                i64::try_from(rows).unwrap_or(i64::MAX),
            )
        })),
        Err(error) if job.attempts < 2 => Err(JobError::retry(error)),
        Err(error) => {
            let failed = move |tx: &mut Tx<'_>| set_failed(tx, &export);
            Err(JobError::retry(error).with(failed))
        }
    }
}

enum Content {
    Sheets(Vec<Sheet>),
    Records(Vec<Record>),
}

impl Content {
    fn rows(&self) -> usize {
        match self {
            Self::Sheets(sheets) => sheets.iter().map(|sheet| sheet.rows.len()).sum(),
            Self::Records(records) => records.len(),
        }
    }

    fn write(&self, format: FileFormat, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        match self {
            Self::Sheets(sheets) => sheet::write(sheets, format, out),
            Self::Records(records) => sheet::write_json(records, out),
        }
    }
}

/// Reads the data of an export from one snapshot. Returns `None` if the export is not waiting.
fn read(
    tx: &mut Tx<'_>,
    catalogue: &Catalogue,
    id: &ExportId,
) -> Result<Option<(OccasionId, FileFormat, Content)>, Refusal> {
    let row: Option<ExportRequestRow> =
        sql!("SELECT {ExportRequestRow} FROM export WHERE id = :id", id).maybe(tx)?;
    let Some(asked) = row.filter(|asked| asked.state == Progress::Queued) else {
        return Ok(None);
    };
    let host =
        permissions::resume(tx, &asked.account, &asked.occasion)?.ok_or(Refusal::Forbidden)?;
    let contacts = asked.contacts && host.may(Permission::SeeContacts);
    let format = asked.request.format;
    let text = catalogue.speak(&Language::of(&asked.language));
    let order = Order {
        host,
        request: asked.request,
        language: asked.language,
        contacts,
    };
    let content = if order.request.kind == ExportKind::Everything {
        everything(tx, &order, &text)?
    } else {
        let mut sheets = table::build(tx, &order, &text)?;
        if format != FileFormat::Xlsx {
            sheets.truncate(1);
        }
        Content::Sheets(sheets)
    };
    Ok(Some((asked.occasion, format, content)))
}

fn everything(tx: &mut Tx<'_>, order: &Order, text: &Text) -> Result<Content, Refusal> {
    let ground = Ground::load(tx, &order.host)?;
    let lines = listing::all_invitations(tx, &order.host, &order.request.invitations)?;
    let ids = lines.into_iter().map(|line| line.id);
    let records = household_document::all(tx, &ground, ids)?;
    let mut records: Vec<Record> = records.into_iter().map(|(_, record)| record).collect();
    if !order.contacts {
        let masked = records.into_iter().map(Record::without_contacts);
        records = masked.collect();
    }
    Ok(match order.request.format {
        FileFormat::Json => Content::Records(records),
        FileFormat::Csv | FileFormat::Xlsx => {
            let sheet = household_document::table::of(&records, &ground, text, order.contacts);
            Content::Sheets(vec![sheet])
        }
    })
}

#[derive(Row)]
struct ExportRequestRow {
    occasion: OccasionId,
    account: AccountId,
    #[row(rename = "filter", json)]
    request: Request,
    language: String,
    contacts: bool,
    state: Progress,
}

fn set_ready(
    tx: &mut Tx<'_>,
    id: &ExportId,
    occasion: &OccasionId,
    rows: i64,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE export SET state = 'ready', row_count = :rows WHERE id = :id AND state = 'queued'",
        id,
        rows
    )
    .run(tx, Rows::AtMostOne)?;
    tell_state(tx, id, occasion)
}

fn set_failed(tx: &mut Tx<'_>, id: &ExportId) -> Result<(), StoreError> {
    let found: Option<(OccasionId,)> = sql!(
        "UPDATE export SET state = 'failed' WHERE id = :id RETURNING occasion",
        id
    )
    .maybe(tx)?;
    match found {
        Some((occasion,)) => tell_state(tx, id, &occasion),
        None => Ok(()),
    }
}

fn tell_state(tx: &mut Tx<'_>, id: &ExportId, occasion: &OccasionId) -> Result<(), StoreError> {
    let export: Export = sql!("SELECT {Export} FROM export WHERE id = :id", id).one(tx)?;
    tell(tx, occasion, &export)
}

fn tell(tx: &mut Tx<'_>, occasion: &OccasionId, export: &Export) -> Result<(), StoreError> {
    tx.publish(NewNews {
        scope: occasion.to_string(),
        name: "job",
        payload: json!({
            "id": export.id,
            "kind": "export",
            "state": export.state,
            "contacts": export.contacts,
        }),
    })
}
