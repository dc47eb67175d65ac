//! Bulk actions, which change many invitations. A job works in batches, and records the outcome for
//! each invitation. Each invitation is changed either completely or not at all. The whole action
//! can stop in the middle.

use std::collections::BTreeMap;

use identity::account::AccountId;
use jiff::Timestamp;
use platform::audit::Entity;
use platform::jobs::{Done, Handler, Job, JobError, NewJob};
use platform::news::NewNews;
use platform::store::{IdSet, Json, Row};
use platform::{Rows, Store, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::invitations::InvitationChange;
use super::listing::{self, InvitationFilter};
use super::locks::{self, Effect, Opening};
use super::permissions::{self, HostOf, Permission};
use super::{Refusal, When, history, invitations, occasions, portals};
use crate::event;
use crate::id::{InvitationId, OccasionId};
use crate::invitation::Invitation;
use crate::words::{LockMode, Progress};
use web::{Findings, Input};

platform::id!(BulkId, "One action on many invitations.");

/// The kind of the job that runs bulk actions.
pub const KIND: &str = "occasions.bulk";
/// The maximum number of invitations in one bulk action.
pub const LIMIT: usize = 5_000;
/// Small, so that other writers wait only briefly.
const BATCH: i64 = 50;

#[derive(Clone, Debug)]
pub struct Request {
    pub target: Target,
    pub action: Action,
}

/// The invitations that an action changes.
#[derive(Clone, Debug)]
pub enum Target {
    Chosen(Vec<InvitationId>),
    Matching(InvitationFilter),
    /// All invitations that another bulk action has changed.
    ChangedBy(BulkId),
}

/// The change made to each invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "action", content = "args", rename_all = "snake_case")]
#[schema(as = BulkAction)]
pub enum Action {
    /// Adds a label.
    Tag {
        /// 1–40 characters.
        tag: String,
    },
    /// Removes a label.
    Untag {
        /// The label, exactly as stored.
        tag: String,
    },
    /// Sets the language.
    Language {
        /// One of the occasion's languages; null if unknown.
        language: Option<String>,
    },
    /// Sets how many people the household may bring.
    Allowance {
        /// 0–20; unchanged if omitted.
        #[serde(default)]
        plus_ones: Option<i64>,
        /// 0–20; unchanged if omitted.
        #[serde(default)]
        children: Option<i64>,
    },
    /// Sets the household's own deadline.
    Deadline {
        /// A time, a date (meaning the end of that day), or null for the occasion's deadline.
        deadline: Option<When>,
    },
    /// Closes the household's answers.
    Lock {
        /// The reason, up to 200 characters. Only hosts see it.
        #[serde(default)]
        reason: String,
    },
    /// Removes the lock, so that the deadline decides whether answers are open.
    Unlock {},
    /// Archives the invitation.
    Archive {},
    /// Records that the invitation was sent on paper or through a messenger.
    Sent {},
    /// Removes the mark that the invitation was sent, for example after a mistake.
    Unsent {},
    /// Invites the household to another event. The household's guests are then asked for their
    /// replies to this event.
    Invite {
        /// The event's key.
        event: String,
    },
}

/// A bulk action and its progress.
#[derive(Row, Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Bulk {
    /// The action's id.
    pub id: BulkId,
    /// The change made to each invitation.
    #[schema(value_type = Action)]
    #[row(json)]
    pub action: Action,
    /// The state of the action.
    pub state: Progress,
    /// How many invitations the action covers.
    pub total: i64,
    /// How many invitations were processed, including failed invitations.
    pub done: i64,
    /// How many invitations failed and stayed unchanged.
    pub failed: i64,
    /// The time of the request.
    pub created_at: Timestamp,
    /// When the action ended.
    pub finished_at: Option<Timestamp>,
}

/// A bulk action's outcome for one invitation.
#[derive(Row, Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = BulkRow)]
pub struct Outcome {
    /// The invitation's id.
    pub invitation: InvitationId,
    /// `waiting`, `done`, `unchanged` or `failed`.
    pub state: String,
    /// The error code, if the action failed for this invitation.
    pub problem: Option<String>,
}

/// Stores which invitations the action applies to, and queues the job.
pub fn start(tx: &mut Tx<'_>, host: &HostOf, request: &Request) -> Result<Bulk, Refusal> {
    host.needs(Permission::Invite)?;
    check(tx, host, &request.action)?;
    let meant = meant(tx, host, request)?;
    let id: BulkId = tx.id();
    let now = tx.now();
    let total = i64::try_from(meant.len()).unwrap_or(i64::MAX);
    sql!(
        "INSERT INTO bulk (id, occasion, account, action, state, total, done, failed,
             created_at)
         VALUES (:id, :occasion, :account, :action, 'queued', :total, 0, 0, :now)",
        id,
        occasion = host.occasion(),
        account = host.account(),
        action = Json(&request.action),
        total,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    // The rows are inserted in sets, because other changes wait meanwhile.
    let mut place: u64 = 0;
    for set in IdSet::of(meant.iter().map(InvitationId::as_str)) {
        place += sql!(
            "INSERT INTO bulk_row (bulk, place, invitation, state)
             SELECT bulk.id, CAST(:place AS BIGINT) + ROW_NUMBER() OVER (ORDER BY invitation.id) - 1,
                 invitation.id, 'waiting'
             FROM bulk CROSS JOIN invitation
             WHERE bulk.id = :id AND invitation.id IN ({:IdSet})",
            id,
            place = i64::try_from(place).unwrap_or(i64::MAX),
            IdSet = set
        )
        .run(tx, Rows::Any)?;
    }
    if place != meant.len() as u64 {
        return Err(Refusal::NotFound);
    }
    tx.enqueue(NewJob {
        key: Some(format!("bulk:{id}")),
        ..NewJob::new(KIND, json!({ "bulk": id }))
    })?;
    let changes = json!([{"field": "total", "old": null, "new": total}]);
    history::record(
        tx,
        host,
        "bulk.started",
        Entity::new("bulk", id.to_string()),
        changes,
    )?;
    let bulk = load(tx, host, &id)?;
    tell(tx, host.occasion(), &bulk)?;
    Ok(bulk)
}

/// Counts the households that could no longer answer after the action, and those that could answer
/// again.
pub fn effect(tx: &mut Tx<'_>, host: &HostOf, request: &Request) -> Result<Effect, Refusal> {
    host.needs(Permission::Invite)?;
    check(tx, host, &request.action)?;
    let ids = meant(tx, host, request)?;
    let zone = occasions::load(tx, host)?.zone();
    let action = request.action.clone();
    locks::effect_on(tx, host, &ids, move |invitation: &mut Invitation| {
        let details = &mut invitation.details;
        match &action {
            Action::Lock { .. } => details.lock_mode = LockMode::Locked,
            Action::Unlock {} => details.lock_mode = LockMode::Auto,
            Action::Deadline { deadline } => {
                let mut ignored = Findings::default();
                details.deadline_override = deadline
                    .as_ref()
                    .and_then(|when| ignored.when("", when, &zone));
            }
            Action::Archive {} => invitation.archived_at = Some(Timestamp::UNIX_EPOCH),
            Action::Tag { .. }
            | Action::Untag { .. }
            | Action::Language { .. }
            | Action::Allowance { .. }
            | Action::Sent {}
            | Action::Unsent {}
            | Action::Invite { .. } => {}
        }
    })
}

impl Bulk {
    /// Masks the reason for a lock, unless the host may see notes that are only for hosts.
    fn shown_to(mut self, host: &HostOf) -> Self {
        if let Action::Lock { reason } = &mut self.action
            && !reason.is_empty()
            && !host.may(Permission::SeeContacts)
        {
            "***".clone_into(reason);
        }
        self
    }
}

pub fn load(tx: &mut Tx<'_>, host: &HostOf, id: &BulkId) -> Result<Bulk, Refusal> {
    let found: Option<Bulk> = sql!(
        "SELECT {Bulk} FROM bulk WHERE id = :id AND occasion = :occasion",
        id,
        occasion = host.occasion()
    )
    .maybe(tx)?;
    let found = found.ok_or(Refusal::NotFound)?;
    Ok(found.shown_to(host))
}

/// Returns the latest bulk actions, newest first.
pub fn list(tx: &mut Tx<'_>, host: &HostOf, limit: i64) -> Result<Vec<Bulk>, Refusal> {
    host.needs(Permission::See)?;
    let found: Vec<Bulk> = sql!(
        "SELECT {Bulk} FROM bulk WHERE occasion = :occasion ORDER BY id DESC LIMIT :limit",
        occasion = host.occasion(),
        limit
    )
    .all(tx)?;
    Ok(found.into_iter().map(|bulk| bulk.shown_to(host)).collect())
}

/// Returns the outcomes of the action in the order in which the invitations are processed. Skips
/// the first `after` outcomes.
pub fn outcomes(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &BulkId,
    after: i64,
    limit: i64,
) -> Result<Vec<Outcome>, Refusal> {
    load(tx, host, id)?;
    Ok(sql!(
        "SELECT {Outcome} FROM bulk_row
         WHERE bulk = :id AND place >= :after ORDER BY place LIMIT :limit",
        id,
        after,
        limit
    )
    .all(tx)?)
}

/// Returns the invitations that the action could not change, each with the error code.
pub fn failures(tx: &mut Tx<'_>, host: &HostOf, id: &BulkId) -> Result<Vec<Outcome>, Refusal> {
    load(tx, host, id)?;
    Ok(sql!(
        "SELECT {Outcome} FROM bulk_row
         WHERE bulk = :id AND state = 'failed' ORDER BY place",
        id
    )
    .all(tx)?)
}

/// Checks the conditions that are the same for all invitations of the action.
fn check(tx: &mut Tx<'_>, host: &HostOf, action: &Action) -> Result<(), Refusal> {
    let occasion = occasions::load(tx, host)?;
    let mut fields = Findings::default();
    match action {
        Action::Tag { tag } | Action::Untag { tag } => {
            fields.tags("/args/tag", std::slice::from_ref(tag));
        }
        Action::Language {
            language: Some(tag),
        } if !occasion.languages.contains(tag) => {
            fields.add("/args/language", "unknown_option", []);
        }
        Action::Allowance {
            plus_ones,
            children,
        } => {
            for (pointer, number) in [("/args/plus_ones", plus_ones), ("/args/children", children)]
            {
                if let Some(number) = number {
                    fields.number(pointer, *number, 0, 20);
                }
            }
            if plus_ones.is_none() && children.is_none() {
                fields.add("/args/plus_ones", "required", []);
            }
        }
        Action::Deadline {
            deadline: Some(when),
        } => {
            fields.when("/args/deadline", when, &occasion.zone());
        }
        Action::Lock { reason } => {
            fields.line("/args/reason", reason, 0, 200);
        }
        Action::Invite { event } => {
            let events = event::list(tx, &occasion.id)?;
            if !events.iter().any(|one| one.key == *event) {
                fields.add("/args/event", "unknown_option", []);
            }
        }
        Action::Language { .. }
        | Action::Deadline { .. }
        | Action::Unlock {}
        | Action::Archive {}
        | Action::Sent {}
        | Action::Unsent {} => {}
    }
    Ok(fields.finish()?)
}

fn meant(tx: &mut Tx<'_>, host: &HostOf, request: &Request) -> Result<Vec<InvitationId>, Refusal> {
    let mut fields = Findings::default();
    let mut ids: Vec<InvitationId> = match &request.target {
        Target::Chosen(ids) => ids.clone(),
        Target::Matching(filter) => listing::all_invitations(tx, host, filter)?
            .into_iter()
            .map(|line| line.id)
            .collect(),
        Target::ChangedBy(bulk) => changed_by(tx, host, bulk)?,
    };
    // All bulk actions lock invitations in the order of their ids, so they cannot deadlock.
    ids.sort();
    ids.dedup();
    if ids.len() > LIMIT {
        fields.add("/ids", "too_many", [("max", LIMIT.into())]);
    }
    fields.finish()?;
    if matches!(request.target, Target::Chosen(_)) {
        portals::find_all(tx, host, &ids)?;
    }
    Ok(ids)
}

/// Returns the invitations that this bulk action changed.
pub fn changed_by(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &BulkId,
) -> Result<Vec<InvitationId>, Refusal> {
    load(tx, host, id)?;
    let found: Vec<(InvitationId,)> = sql!(
        "SELECT invitation FROM bulk_row WHERE bulk = :id AND state = 'done' ORDER BY place",
        id
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(invitation,)| invitation).collect())
}

pub fn handler(store: Store) -> Handler {
    Handler::new(KIND, move |job| run(store.clone(), job))
}

#[derive(Deserialize)]
struct Payload {
    bulk: BulkId,
}

/// A change and its outcome share a transaction, so an interrupted job continues where it stopped.
async fn run(store: Store, job: Job) -> Result<Done, JobError> {
    let Payload { bulk } = job.read()?;
    loop {
        let id = bulk.clone();
        let left = store
            .write(move |tx| take_batch(tx, &id))
            .await
            .map_err(JobError::from)?;
        if !left {
            return Ok(Done::nothing());
        }
    }
}

/// Returns whether more invitations are waiting.
fn take_batch(tx: &mut Tx<'_>, id: &BulkId) -> Result<bool, StoreError> {
    let found: Option<(OccasionId, AccountId, String, String)> = sql!(
        "SELECT occasion, account, action, state FROM bulk WHERE id = :id",
        id
    )
    .maybe(tx)?;
    let Some((occasion, account, action, state)) = found else {
        return Ok(false);
    };
    if Progress::find(&state) == Some(Progress::Ready) {
        return Ok(false);
    }
    let rows: Vec<(i64, InvitationId)> = sql!(
        "SELECT place, invitation FROM bulk_row
         WHERE bulk = :id AND state = 'waiting' ORDER BY place LIMIT :batch",
        id,
        batch = BATCH
    )
    .all(tx)?;
    let host = permissions::resume(tx, &account, &occasion)?;
    let action = serde_json::from_str::<Action>(&action).ok();
    let mut counted: BTreeMap<&'static str, i64> = BTreeMap::new();
    for (place, invitation) in &rows {
        let outcome = match (&host, &action) {
            (Some(host), Some(action)) => apply(tx, host, invitation, action),
            _ => Err(Refusal::Forbidden),
        };
        let (state, problem) = match outcome {
            Ok(true) => ("done", None),
            Ok(false) => ("unchanged", None),
            Err(Refusal::Store(error)) => return Err(error),
            Err(refusal) => ("failed", Some(web::Problem::from(refusal).code)),
        };
        *counted.entry(state).or_default() += 1;
        sql!(
            "UPDATE bulk_row SET state = :state, problem = :problem
             WHERE bulk = :id AND place = :place",
            id,
            place,
            state,
            problem
        )
        .run(tx, Rows::Exactly(1))?;
    }
    let is_over = i64::try_from(rows.len()).unwrap_or(0) < BATCH;
    note_progress(tx, id, &occasion, &counted, is_over)?;
    Ok(!is_over)
}

fn note_progress(
    tx: &mut Tx<'_>,
    id: &BulkId,
    occasion: &OccasionId,
    counted: &BTreeMap<&'static str, i64>,
    is_over: bool,
) -> Result<(), StoreError> {
    let now = tx.now();
    let (done, failed) = (
        counted.values().sum::<i64>(),
        counted.get("failed").copied().unwrap_or(0),
    );
    let state = if is_over {
        Progress::Ready
    } else {
        Progress::Running
    };
    let finished_at = is_over.then_some(now);
    sql!(
        "UPDATE bulk SET state = :state, done = done + :done, failed = failed + :failed,
             finished_at = :finished_at
         WHERE id = :id",
        id,
        state,
        done,
        failed,
        finished_at
    )
    .run(tx, Rows::Exactly(1))?;
    let bulk: Bulk = sql!("SELECT {Bulk} FROM bulk WHERE id = :id", id).one(tx)?;
    tell(tx, occasion, &bulk)
}

/// Returns whether the invitation may have changed.
fn apply(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    action: &Action,
) -> Result<bool, Refusal> {
    let change = match action {
        Action::Lock { reason } => {
            locks::lock(tx, host, id, None, reason)?;
            return Ok(true);
        }
        Action::Unlock {} => {
            locks::unlock(tx, host, id, &Opening::default())?;
            return Ok(true);
        }
        Action::Archive {} => {
            invitations::archive(tx, host, id, None)?;
            return Ok(true);
        }
        Action::Sent {} | Action::Unsent {} => {
            let is_sent = matches!(action, Action::Sent {});
            // The invitation is locked first, so that the data read next cannot change.
            portals::lock(tx, host, id, None)?;
            let is_already = invitations::bookkeeping(tx, id)?.sent_at.is_some() == is_sent;
            if !is_already {
                invitations::mark_sent(tx, host, id, is_sent)?;
            }
            return Ok(!is_already);
        }
        Action::Invite { event } => {
            // While the invitation is locked, no other host can change its events.
            let snapshot = portals::lock(tx, host, id, None)?;
            let mut keys = event::keys_of(&snapshot.events, &snapshot.household.events);
            if keys.contains(event) {
                return Ok(false);
            }
            keys.push(event.clone());
            let version = snapshot.household.invitation.version;
            let mut change = InvitationChange::from(Input::from(json!({})));
            change.events = Some(keys);
            invitations::change(tx, host, id, version, &change)?;
            return Ok(true);
        }
        Action::Tag { tag } => {
            let mut tags = tags_of(tx, host, id)?;
            tags.push(tag.clone());
            json!({ "tags": tags })
        }
        Action::Untag { tag } => {
            let mut tags = tags_of(tx, host, id)?;
            tags.retain(|one| one != tag);
            json!({ "tags": tags })
        }
        Action::Language { language } => json!({ "language": language }),
        Action::Allowance {
            plus_ones,
            children,
        } => {
            let snapshot = portals::lock(tx, host, id, None)?;
            if snapshot.household.names_nobody() {
                return Err(Refusal::NamesNobody);
            }
            json!({ "plus_ones": plus_ones, "children": children })
        }
        Action::Deadline { deadline } => json!({ "deadline_override": deadline }),
    };
    let version = portals::lock(tx, host, id, None)?
        .household
        .invitation
        .version;
    let change = Input::from(change).into();
    invitations::change(tx, host, id, version, &change)?;
    Ok(true)
}

fn tags_of(tx: &mut Tx<'_>, host: &HostOf, id: &InvitationId) -> Result<Vec<String>, Refusal> {
    let snapshot = portals::lock(tx, host, id, None)?;
    Ok(snapshot.household.invitation.details.tags)
}

fn tell(tx: &mut Tx<'_>, occasion: &OccasionId, bulk: &Bulk) -> Result<(), StoreError> {
    tx.publish(NewNews {
        scope: occasion.to_string(),
        name: "job",
        payload: json!({
            "id": bulk.id,
            "kind": "bulk",
            "state": bulk.state,
            "done": bulk.done,
            "total": bulk.total,
            "failed": bulk.failed,
        }),
    })
}
