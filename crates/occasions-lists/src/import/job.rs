//! The job that imports a list batch by batch. It also undoes imports.

use std::collections::BTreeSet;

use identity::account::AccountId;
use occasions::code;
use occasions::event;
use occasions::hosting::permissions::{self, HostOf, Permission};
use occasions::hosting::{self, Refusal, codes, history};
use occasions::household::GUEST_LIMIT;
use occasions::id::InvitationId;
use occasions::id::OccasionId;
use occasions::rsvp;
use occasions::size_limits;
use platform::jobs::{Done, Handler, Job, JobError};
use platform::{Platform, Rows, Store, StoreError, Tx, sql};
use serde::Deserialize;
use web::Catalogue;

use super::check::look;
use super::gathered::Gathered;
use super::known::People;
use super::stored::households;
use super::{Ground, Import, ImportId, ImportState, Outcome, forget, known, tell, write};

pub const KIND: &str = "occasions.import";
/// The kind of the job that deletes the rows of old files.
pub const SWEEP: &str = "occasions.imports_expire";
/// Small, so that other writers wait only briefly.
const BATCH: usize = 25;

pub fn handler(store: Store, catalogue: Catalogue) -> Handler {
    Handler::new(KIND, move |job| run(store.clone(), catalogue.clone(), job))
}

pub fn sweep_job(platform: Platform) -> Handler {
    Handler::each_minute(SWEEP, move |_| {
        let platform = platform.clone();
        async move {
            platform.store.write(sweep).await?;
            Ok(Done::nothing())
        }
    })
}

fn sweep(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = tx.now();
    let over: Vec<(ImportId,)> = sql!(
        "SELECT id FROM import
         WHERE expires_at <= :now
           AND (EXISTS (SELECT 1 FROM import_chunk WHERE import_chunk.import = import.id)
                OR EXISTS (SELECT 1 FROM import_choice WHERE import_choice.import = import.id)
                OR EXISTS (SELECT 1 FROM import_row WHERE import_row.import = import.id))
         LIMIT 10",
        now
    )
    .all(tx)?;
    for (id,) in over {
        forget(tx, &id)?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Payload {
    import: ImportId,
}

struct Task {
    import: Import,
    host: HostOf,
}

fn load(tx: &mut Tx<'_>, id: &ImportId) -> Result<Option<Task>, StoreError> {
    let found: Option<(OccasionId, AccountId)> =
        sql!("SELECT occasion, account FROM import WHERE id = :id", id).maybe(tx)?;
    let Some((occasion, account)) = found else {
        return Ok(None);
    };
    let import: Import = sql!("SELECT {Import} FROM import WHERE id = :id", id).one(tx)?;
    let host = permissions::resume(tx, &account, &occasion)?;
    let host = host.filter(|host| host.may(Permission::Invite));
    Ok(host.map(|host| Task { import, host }))
}

async fn run(store: Store, catalogue: Catalogue, job: Job) -> Result<Done, JobError> {
    let Payload { import } = job.read()?;
    work(store, catalogue, import).await
}

/// Runs an import or its undo to the end. If it was interrupted, continues where it stopped.
pub(super) async fn work(
    store: Store,
    catalogue: Catalogue,
    import: ImportId,
) -> Result<Done, JobError> {
    let id = import.clone();
    let prepared = store
        .read_at_length(move |tx| prepare(tx, &catalogue, &id))
        .await
        .map_err(JobError::from)?;
    match prepared {
        Prepared::Nothing => {
            // The account is no longer a host, so the import stops.
            let end = move |tx: &mut Tx<'_>| stop(tx, &import);
            Ok(Done::with(end))
        }
        Prepared::Stopped(faulty) => {
            let end = move |tx: &mut Tx<'_>| {
                sql!(
                    "UPDATE import SET total = :faulty, failed = :faulty WHERE id = :import",
                    import,
                    faulty
                )
                .run(tx, Rows::AtMostOne)?;
                stop(tx, &import)
            };
            Ok(Done::with(end))
        }
        Prepared::Undo => undo(&store, &import).await,
        Prepared::Apply(households) => apply(&store, &import, households).await,
    }
}

enum Prepared {
    Nothing,
    /// The number of households with errors.
    Stopped(i64),
    Undo,
    Apply(Vec<Gathered>),
}

fn prepare(tx: &mut Tx<'_>, catalogue: &Catalogue, id: &ImportId) -> Result<Prepared, StoreError> {
    let Some(Task { import, host }) = load(tx, id)? else {
        return Ok(Prepared::Nothing);
    };
    match import.state {
        ImportState::Undoing => return Ok(Prepared::Undo),
        ImportState::Queued | ImportState::Running => {}
        _ => return Ok(Prepared::Apply(Vec::new())),
    }
    let ground = Ground::load(tx, &host)?;
    let households = households(tx, catalogue, &ground, &import)?.households;
    if import.options.stop_on_errors && import.state == ImportState::Queued {
        let mut taken = BTreeSet::new();
        let people = People::load(tx, &ground)?;
        let mut faulty = 0;
        for one in &households {
            let outcome = look(tx, &ground, &people, one, import.options, &mut taken)?.outcome;
            faulty += i64::from(outcome == Outcome::Failed);
        }
        if faulty > 0 {
            return Ok(Prepared::Stopped(faulty));
        }
    }
    Ok(Prepared::Apply(households))
}

async fn apply(store: &Store, id: &ImportId, all: Vec<Gathered>) -> Result<Done, JobError> {
    let all: std::sync::Arc<[Gathered]> = all.into();
    let mut from = None;
    loop {
        let (id, all) = (id.clone(), all.clone());
        from = store
            .write(move |tx| apply_batch(tx, &id, &all, from))
            .await
            .map_err(JobError::from)?;
        if from.is_none() {
            return Ok(Done::nothing());
        }
    }
}

/// Without `from`, begins after the last stored outcome. Returns where the next batch begins.
fn apply_batch(
    tx: &mut Tx<'_>,
    id: &ImportId,
    all: &[Gathered],
    from: Option<usize>,
) -> Result<Option<usize>, StoreError> {
    let Some(Task { import, host }) = load(tx, id)? else {
        stop(tx, id)?;
        return Ok(None);
    };
    if !matches!(import.state, ImportState::Queued | ImportState::Running) {
        return Ok(None);
    }
    let from = from.unwrap_or_else(|| usize::try_from(import.done).unwrap_or(0));
    let to = all.len().min(from + BATCH);
    let occasion = match hosting::occasions::lock(tx, &host) {
        Ok(occasion) => occasion,
        Err(Refusal::Store(error)) => return Err(error),
        Err(_) => return Ok(None),
    };
    event::lock_limited(tx, &occasion.id)?;
    let ground = Ground::load(tx, &host)?;
    let mut room = Room::load(tx, &host, &ground)?;
    let mut counts = (0_i64, 0_i64, 0_i64);
    for (place, one) in all.iter().enumerate().take(to).skip(from) {
        let (outcome, invitation, version, problem) =
            match write_one(tx, &host, &ground, &import, one, &mut room) {
                Ok((outcome, id, version)) => (outcome, Some(id), version, None),
                Err(Refusal::Store(error)) => return Err(error),
                Err(refusal) => {
                    let problem = web::Problem::from(refusal);
                    let first = problem.errors.first().map(|error| error.code);
                    (
                        Outcome::Failed,
                        None,
                        0,
                        Some(first.unwrap_or(problem.code)),
                    )
                }
            };
        match outcome {
            Outcome::Made => counts.0 += 1,
            Outcome::Changed => counts.1 += 1,
            Outcome::Failed => counts.2 += 1,
            _ => {}
        }
        let name = one.record.household.clone().unwrap_or_default();
        sql!(
            "INSERT INTO import_row (import, place, list_row, household, invitation, version,
                 outcome, problem)
             VALUES (:id, :place, :list_row, :name, :invitation, :version, :outcome, :problem)",
            id,
            place = i64::try_from(place).unwrap_or(i64::MAX),
            list_row = i64::try_from(one.row).unwrap_or(i64::MAX),
            name = name.chars().take(120).collect::<String>(),
            invitation,
            version,
            outcome,
            problem
        )
        .run(tx, Rows::Exactly(1))?;
    }
    rsvp::recount_seats(tx, &occasion.id)?;
    let is_over = to == all.len();
    let state = if is_over {
        ImportState::Ready
    } else {
        ImportState::Running
    };
    let (made, changed, failed) = counts;
    sql!(
        "UPDATE import SET state = :state, total = :total, done = :done, made = made + :made,
             changed = changed + :changed, failed = failed + :failed
         WHERE id = :id",
        id,
        state,
        total = i64::try_from(all.len()).unwrap_or(i64::MAX),
        done = i64::try_from(to).unwrap_or(i64::MAX),
        made,
        changed,
        failed
    )
    .run(tx, Rows::Exactly(1))?;
    report(tx, &host, id)?;
    Ok((!is_over).then_some(to))
}

/// What is left for the next households. `refused_codes` counts all imports of the account.
struct Room {
    households: i64,
    guests: i64,
    code_length: usize,
    refused_codes: i64,
    /// Whom the households had that were here before the batch.
    people: People,
}

impl Room {
    fn load(tx: &mut Tx<'_>, host: &HostOf, ground: &Ground) -> Result<Self, StoreError> {
        let occasion = host.occasion();
        let (households, guests, live): (i64, i64, u64) = sql!(
            "SELECT (SELECT COUNT(*) FROM invitation WHERE occasion = :occasion),
                    (SELECT COUNT(*) FROM guest
                     JOIN invitation ON invitation.id = guest.invitation
                     WHERE invitation.occasion = :occasion),
                    (SELECT COUNT(*) FROM invitation WHERE archived_at IS NULL)",
            occasion
        )
        .one(tx)?;
        let (refused_codes,): (i64,) = sql!(
            "SELECT COUNT(*) FROM import_row JOIN import ON import.id = import_row.import
             WHERE import.account = :account AND import_row.problem = 'code_taken'",
            account = host.account()
        )
        .one(tx)?;
        Ok(Self {
            households: size_limits::INVITATIONS - households,
            guests: size_limits::GUESTS - guests,
            code_length: code::length_for(live + 1),
            refused_codes,
            people: People::load(tx, ground)?,
        })
    }
}

fn write_one(
    tx: &mut Tx<'_>,
    host: &HostOf,
    ground: &Ground,
    import: &Import,
    one: &Gathered,
    room: &mut Room,
) -> Result<(Outcome, InvitationId, i64), Refusal> {
    if let Some(problem) = one
        .findings
        .iter()
        .find_map(|finding| finding.problem.clone())
    {
        return Err(Refusal::Fields(vec![problem]));
    }
    let options = import.options;
    let mut known = known::find(tx, ground, &room.people, one, options, |_| false)?;
    if let Some(id) = &known.id
        && one.record.code.is_none()
        && is_taken(tx, &import.id, id)?
    {
        let taken = already_written(tx, &import.id)?;
        known = known::find(tx, ground, &room.people, one, options, |id| {
            taken.contains(id)
        })?;
    }
    let limit = |people: i64| people.min(i64::try_from(GUEST_LIMIT).unwrap_or(i64::MAX));
    let more = match i64::try_from(one.record.guests.len()).unwrap_or(i64::MAX) {
        0 if known.id.is_none() => limit(super::choice::places(&one.record)),
        named => named,
    };
    if known.id.is_none() {
        if room.households < 1 {
            return Err(Refusal::LimitReached(size_limits::INVITATIONS));
        }
        // The error "taken" reveals that another household has this code, and stored results can be
        // read for a week. So each account gets only a few of these errors.
        if one.record.code.is_some() && room.refused_codes >= codes::TRIES {
            return Err(Refusal::RateLimited(86_400));
        }
    }
    if room.guests < more {
        return Err(Refusal::LimitReached(size_limits::GUESTS));
    }
    let written = write::household(tx, host, ground, &known, one, options, room.code_length);
    match &written {
        Ok((Outcome::Made, ..)) => {
            room.households -= 1;
            room.guests -= more;
        }
        Err(Refusal::CodeTaken) => room.refused_codes += 1,
        _ => {}
    }
    written
}

fn is_taken(tx: &mut Tx<'_>, import: &ImportId, id: &InvitationId) -> Result<bool, StoreError> {
    let found: Option<(i64,)> = sql!(
        "SELECT place FROM import_row WHERE import = :import AND invitation = :id LIMIT 1",
        import,
        id
    )
    .maybe(tx)?;
    Ok(found.is_some())
}

fn already_written(
    tx: &mut Tx<'_>,
    import: &ImportId,
) -> Result<BTreeSet<InvitationId>, StoreError> {
    let all: Vec<(InvitationId,)> = sql!(
        "SELECT invitation FROM import_row WHERE import = :import AND invitation IS NOT NULL",
        import
    )
    .all(tx)?;
    Ok(all.into_iter().map(|(id,)| id).collect())
}

async fn undo(store: &Store, id: &ImportId) -> Result<Done, JobError> {
    loop {
        let id = id.clone();
        let left = store
            .write(move |tx| undo_batch(tx, &id))
            .await
            .map_err(JobError::from)?;
        if !left {
            return Ok(Done::nothing());
        }
    }
}

/// Returns whether more households are left.
fn undo_batch(tx: &mut Tx<'_>, id: &ImportId) -> Result<bool, StoreError> {
    let Some(Task { import, host }) = load(tx, id)? else {
        return Ok(false);
    };
    if import.state != ImportState::Undoing {
        return Ok(false);
    }
    let rows: Vec<(i64, InvitationId, i64)> = sql!(
        "SELECT place, invitation, version FROM import_row
         WHERE import = :id AND outcome = 'made' ORDER BY place LIMIT :batch",
        id,
        batch = i64::try_from(BATCH).unwrap_or(i64::MAX)
    )
    .all(tx)?;
    event::lock_limited(tx, host.occasion())?;
    for (place, invitation, version) in &rows {
        let removed = write::remove(tx, invitation, *version)?;
        let outcome = if removed {
            Outcome::Undone
        } else {
            Outcome::Kept
        };
        sql!(
            "UPDATE import_row SET outcome = :outcome WHERE import = :id AND place = :place",
            id,
            place,
            outcome
        )
        .run(tx, Rows::Exactly(1))?;
    }
    rsvp::recount_seats(tx, host.occasion())?;
    let is_over = rows.len() < BATCH;
    if is_over {
        sql!("UPDATE import SET state = 'undone' WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    }
    report(tx, &host, id)?;
    Ok(!is_over)
}

fn report(tx: &mut Tx<'_>, host: &HostOf, id: &ImportId) -> Result<(), StoreError> {
    let import: Import = sql!("SELECT {Import} FROM import WHERE id = :id", id).one(tx)?;
    tell(tx, host.occasion(), &import)?;
    history::tell_of_occasion(tx, host, "edited")
}

fn stop(tx: &mut Tx<'_>, id: &ImportId) -> Result<(), StoreError> {
    sql!(
        "UPDATE import SET state = 'stopped' WHERE id = :id AND state IN ('queued', 'running')",
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}
