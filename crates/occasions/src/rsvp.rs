//! Saves a household's answers in a single transaction. It locks the events and then the
//! invitation, and checks the change. Then it writes everything that a save causes: the replies,
//! the submission, the audit line, the news, the job for the confirmation mail, and the response
//! for repeated requests.

use identity::account::AccountId;
use jiff::Timestamp;
use platform::audit::{Actor, Entity, Entry, RequestFacts};
use platform::idempotency::{self, Found, Stored};
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde_json::{Value, json};
use web::FieldProblem;

use crate::answer;
use crate::code::CodeKey;
use crate::confirmation;
use crate::event::{self, Seats};
use crate::form_event;
use crate::guest::{self, Guest, StoredReply};
use crate::household::Household;
use crate::household_change::{HouseholdChange, NoteUpdate};
use crate::household_plan::{FieldChange, HouseholdPlan, Rules};
use crate::id::InvitationId;
use crate::invitation;
use crate::invitation_snapshot::{self, InvitationSnapshot};
use crate::occasion;
use crate::refusal::{Current, Refusal};
use crate::words::{Access, ActedBy, OccasionStatus, Source};

pub(crate) mod kept_seats;
mod news;
mod seats;
pub mod waitlist;

pub use crate::confirmation::CONFIRM;
use news::tell_of_answers;
pub(crate) use seats::{check_seats, seat, settle_seats};
pub(crate) use waitlist::move_up;
pub use waitlist::recount_seats;

/// The kind of actor that stands for a household in the audit log. The actor's id is the
/// invitation's id.
pub const HOUSEHOLD: &str = "household";

/// The maximum length of a note, in characters.
pub const NOTE_LIMIT: usize = 4_000;

#[derive(Clone, Debug)]
pub struct Save {
    /// The code that was sent with the request.
    pub key: CodeKey,
    pub change: HouseholdChange,
    /// The channel through which the change was sent.
    pub source: Source,
    /// The idempotency key, if the request has one.
    pub repeat: Option<Repeat>,
    pub request: Option<RequestFacts>,
    /// Whether the request must contain the version that the client has read.
    pub needs_version: bool,
}

/// What identifies a request that may be repeated.
#[derive(Clone, Debug)]
pub struct Repeat {
    pub route: &'static str,
    /// The header `Idempotency-Key`, or the form field `submission_id`.
    pub key: String,
    /// The request body as received.
    pub body: Vec<u8>,
    /// What happens if an earlier request had the same key and another body.
    pub other_body: OtherBody,
}

/// What happens to a request if its key was used before with another body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherBody {
    /// The request is refused. An API client that sends it has made a mistake.
    Refuse,
    /// The request counts as a new save, and must contain the version. This happens when a guest
    /// presses "Back" and changes the form.
    NewSave,
}

/// The result of a successful save.
#[derive(Debug)]
pub enum Saved {
    /// The change was stored.
    Stored(Box<After>),
    /// Everything in the change was already stored.
    Unchanged(Box<After>),
    /// The request repeats an earlier one. The value is the stored response.
    Again(Stored),
}

#[derive(Debug)]
pub struct After {
    pub snapshot: InvitationSnapshot,
    /// The response body for repeated requests, if the request has a key.
    pub body: Option<String>,
}

impl After {
    fn new(snapshot: InvitationSnapshot, body: Option<String>) -> Box<Self> {
        Box::new(Self { snapshot, body })
    }
}

/// Saves a household's change. If the request has a key, `answer` builds the response body for
/// repeated requests.
pub fn answer(
    tx: &mut Tx<'_>,
    save: &Save,
    answer: impl Fn(&InvitationSnapshot) -> String,
) -> Result<Saved, Refusal> {
    let touches_seats = save.change.touches_seats();
    let mut locks_events = false;
    let mut snapshot = invitation_snapshot::open_locked(tx, &save.key, |tx, sought| {
        locks_events = touches_seats && sought.has_limited_events;
        if locks_events {
            event::lock_limited(tx, &sought.occasion)?;
        }
        Ok(())
    })?;
    if touches_seats && !locks_events && snapshot.has_limited_events() {
        // A host has just limited the seats.
        return Err(tx.run_again().into());
    }
    check_features(&snapshot, &save.change)?;
    let owner = snapshot.household.invitation.id.as_str();
    let repeat = match recognise(tx, save.repeat.as_ref(), owner)? {
        Recognised::Answered(stored) => return Ok(Saved::Again(stored)),
        Recognised::New(key) => key,
    };
    check_access(&snapshot, &save.change)?;
    let could_double = repeat.is_none() && adds_guests(&save.change);
    if (save.needs_version || could_double) && !names_version(&save.change) {
        return Err(Refusal::VersionRequired);
    }
    let rules = Rules {
        switches: snapshot.occasion.switches,
        events: &snapshot.events,
        diets: &snapshot.diets,
        questions: &snapshot.questions,
        by: ActedBy::Household,
        speaker: ActedBy::Household,
        now: snapshot.now,
    };
    let household = &snapshot.household;
    let stale = save
        .change
        .version
        .is_some_and(|seen| seen != household.invitation.version);
    let planned = household.plan(&save.change, rules, || tx.id());
    let planned = match planned {
        // Only a save that may take or free seats holds the locks of the events.
        Ok(plan) if touches_seats => seats::settle_plan(&snapshot, plan),
        planned => planned,
    };
    let note = plan_note(&snapshot, save.change.note.as_ref());
    if stale {
        // A client repeats a request when the response was lost. So the change may already be
        // stored.
        return match (planned, note) {
            (Ok(plan), Ok(None)) if plan.changes.is_empty() && save.change.wrong.is_empty() => {
                Ok(Saved::Unchanged(After::new(snapshot, None)))
            }
            _ => Err(Refusal::VersionConflict(Current::Invitation(Box::new(
                snapshot,
            )))),
        };
    }
    let mut wrong = save.change.wrong.clone();
    for refusal in [planned.as_ref().err(), note.as_ref().err()] {
        if let Some(Refusal::Answers(fields)) = refusal {
            wrong.extend_from_slice(fields);
        }
    }
    if !wrong.is_empty() {
        return Err(Refusal::Answers(wrong));
    }
    // If both the note and the seats have errors, the error about the note is reported.
    let note = note?;
    let plan = planned?;
    if plan.changes.is_empty() && note.is_none() {
        let body = store_response(tx, repeat, || answer(&snapshot))?;
        return Ok(Saved::Unchanged(After::new(snapshot, body)));
    }
    write(tx, save, &mut snapshot, plan, note)?;
    let body = store_response(tx, repeat, || answer(&snapshot))?;
    Ok(Saved::Stored(After::new(snapshot, body)))
}

/// Whether a request is repeated.
pub(crate) enum Recognised {
    /// It is. The value is the stored response.
    Answered(Stored),
    /// It is not. The response is stored under the key.
    New(Option<idempotency::Key>),
}

/// Looks for a stored response to a repeated request. `owner` is the sender, because different
/// clients may choose the same idempotency key, such as `1`.
pub(crate) fn recognise(
    tx: &mut Tx<'_>,
    repeat: Option<&Repeat>,
    owner: &str,
) -> Result<Recognised, Refusal> {
    let Some(repeat) = repeat else {
        return Ok(Recognised::New(None));
    };
    let Some(key) = idempotency::Key::new(owner, repeat.route, &repeat.key, &repeat.body) else {
        return Ok(Recognised::New(None));
    };
    Ok(match idempotency::find(tx, &key)? {
        Found::Nothing => Recognised::New(Some(key)),
        Found::Answer(stored) => Recognised::Answered(stored),
        Found::Reused => match repeat.other_body {
            OtherBody::Refuse => return Err(Refusal::KeyReused),
            OtherBody::NewSave => Recognised::New(None),
        },
    })
}

fn store_response(
    tx: &mut Tx<'_>,
    key: Option<idempotency::Key>,
    body: impl FnOnce() -> String,
) -> Result<Option<String>, StoreError> {
    let Some(key) = key else {
        return Ok(None);
    };
    let stored = Stored {
        status: 200,
        body: body(),
    };
    idempotency::keep(tx, &key, &stored)?;
    Ok(Some(stored.body))
}

fn check_features(snapshot: &InvitationSnapshot, change: &HouseholdChange) -> Result<(), Refusal> {
    let switches = snapshot.occasion.switches;
    if (change.touches_diets() && !switches.dietary) || (change.note.is_some() && !switches.notes) {
        return Err(Refusal::FeatureDisabled);
    }
    Ok(())
}

/// Checks whether the change can be saved now. If the hosts allow late notes, the note can still be
/// changed after answers have closed, until the occasion closes.
pub(crate) fn check_access(
    snapshot: &InvitationSnapshot,
    change: &HouseholdChange,
) -> Result<(), Refusal> {
    let occasion_closed = snapshot.occasion.status == OccasionStatus::Closed;
    let late_note = change.is_note_alone() && snapshot.occasion.switches.late_gifts_notes;
    let stored = || Box::new(snapshot.clone());
    match snapshot.access {
        Access::Open if snapshot.is_cancelled() && !change.is_note_alone() => {
            Err(Refusal::OccasionClosed(stored()))
        }
        Access::Open => Ok(()),
        Access::Closed if occasion_closed => Err(Refusal::OccasionClosed(stored())),
        Access::Closed | Access::Locked if late_note => Ok(()),
        Access::Closed => Err(Refusal::DeadlinePassed(stored())),
        Access::Locked => Err(Refusal::Locked(stored())),
        Access::Expired => Err(Refusal::Expired),
        Access::Revoked => Err(Refusal::InvitationNotFound),
    }
}

fn adds_guests(change: &HouseholdChange) -> bool {
    change.guests.iter().any(|guest| guest.id.is_none())
}

/// If only the note changes, the note's own version is enough.
fn names_version(change: &HouseholdChange) -> bool {
    let of_note = change.note.as_ref().and_then(|note| note.version);
    change.version.is_some() || (change.is_note_alone() && of_note.is_some())
}

/// `None` if the note stays the same.
fn plan_note(
    snapshot: &InvitationSnapshot,
    update: Option<&NoteUpdate>,
) -> Result<Option<String>, Refusal> {
    let Some(update) = update else {
        return Ok(None);
    };
    let text = text_cleaning::clean(&update.text);
    let stored = &snapshot.household.invitation;
    if text_cleaning::length(&text) > NOTE_LIMIT {
        let values = [("max", NOTE_LIMIT.into())];
        let field = FieldProblem::new("/note/text", "too_long", values);
        return Err(Refusal::Answers(vec![field]));
    }
    if text == stored.note {
        return Ok(None);
    }
    if update
        .version
        .is_some_and(|seen| seen != stored.note_version)
    {
        let current = Current::Invitation(Box::new(snapshot.clone()));
        return Err(Refusal::VersionConflict(current));
    }
    Ok(Some(text))
}

/// Writes a valid plan with all its consequences, and updates `snapshot`.
pub(crate) fn write(
    tx: &mut Tx<'_>,
    save: &Save,
    snapshot: &mut InvitationSnapshot,
    plan: HouseholdPlan,
    note: Option<String>,
) -> Result<(), StoreError> {
    let HouseholdPlan {
        guests,
        answers,
        mut changes,
    } = plan;
    let household = &mut snapshot.household;
    write_guests(tx, household, &guests, ActedBy::Household, save.source)?;
    let id = &household.invitation.id;
    answer::write(tx, id, None, &household.answers, &answers)?;
    household.answers = answers;
    if let Some(text) = note {
        changes.push(write_note(tx, snapshot, text)?);
    }
    seat(tx, snapshot, &guests, Seats::Free)?;
    snapshot.household.guests = guests;
    let commit = Commit {
        source: save.source,
        action: "rsvp.saved",
        actor: Actor::Other {
            kind: HOUSEHOLD,
            id: snapshot.household.invitation.id.to_string(),
        },
        host: None,
        request: save.request.clone(),
        replied_at: Some(snapshot.now),
    };
    commit_answers(tx, snapshot, &changes, commit)?;
    confirmation::schedule(tx, snapshot, save.request.as_ref())?;
    if snapshot.has_limited_events() && changes.iter().any(FieldChange::is_of_reply) {
        move_up(tx, &snapshot.occasion.id)?;
    }
    Ok(())
}

/// Compares a household's stored guests with `after`, and writes the differences.
pub fn write_guests(
    tx: &mut Tx<'_>,
    household: &Household,
    after: &[Guest],
    by: ActedBy,
    source: Source,
) -> Result<(), StoreError> {
    for old in &household.guests {
        if after.iter().all(|guest| guest.id != old.id) {
            guest::remove(tx, &old.id)?;
        }
    }
    let mut replies = Vec::new();
    for new in after {
        let Some(old) = household.guests.iter().find(|guest| guest.id == new.id) else {
            guest::insert(tx, &household.invitation.id, new, source)?;
            continue;
        };
        if !is_same_person(old, new) {
            guest::update(tx, new)?;
        }
        let id = &household.invitation.id;
        answer::write(tx, id, Some(&new.id), &old.answers, &new.answers)?;
        for (event, reply) in &new.replies {
            if old.replies.get(event) != Some(reply) {
                replies.push(StoredReply::changed(&new.id, event, reply, by, source));
            }
        }
    }
    guest::write_replies(tx, &replies)
}

/// Whether everything but replies and answers is equal.
fn is_same_person(old: &Guest, new: &Guest) -> bool {
    let Guest {
        id,
        name,
        kind,
        is_child,
        child_age,
        added_by,
        beyond_allowance,
        position,
        diets,
        diet_note,
        answers: _,
        replies: _,
    } = new;
    (id, name, diets, diet_note) == (&old.id, &old.name, &old.diets, &old.diet_note)
        && (*kind, *is_child, *child_age) == (old.kind, old.is_child, old.child_age)
        && (*added_by, *beyond_allowance) == (old.added_by, old.beyond_allowance)
        && *position == old.position
}

fn write_note(
    tx: &mut Tx<'_>,
    snapshot: &mut InvitationSnapshot,
    text: String,
) -> Result<FieldChange, StoreError> {
    let invitation = &mut snapshot.household.invitation;
    sql!(
        "UPDATE invitation SET note = :text, note_version = note_version + 1
         WHERE id = :id AND note_version = :note_version",
        id = invitation.id,
        text,
        note_version = invitation.note_version
    )
    .run_later(tx, Rows::Exactly(1))?;
    invitation.note_version += 1;
    let old = std::mem::replace(&mut invitation.note, text);
    Ok(FieldChange {
        field: "note".to_owned(),
        old: json!(old),
        new: json!(invitation.note),
    })
}

/// What the records of a save say about it.
pub(crate) struct Commit<'a> {
    pub(crate) source: Source,
    /// The action in the audit log, such as `rsvp.saved`.
    pub(crate) action: &'static str,
    pub(crate) actor: Actor,
    /// The host who saved, if a host did.
    pub(crate) host: Option<&'a AccountId>,
    pub(crate) request: Option<RequestFacts>,
    /// See [`Invitation::replied_at`](crate::invitation::Invitation::replied_at).
    pub(crate) replied_at: Option<Timestamp>,
}

/// Completes a save whose guests and answers are written. Raises the version, and writes the
/// submission, the audit line and the news.
pub(crate) fn commit_answers(
    tx: &mut Tx<'_>,
    snapshot: &mut InvitationSnapshot,
    changes: &[FieldChange],
    commit: Commit<'_>,
) -> Result<(), StoreError> {
    let household = &mut snapshot.household;
    let invitation = &mut household.invitation;
    let before = invitation.version;
    invitation.replied_at = commit.replied_at;
    sql!(
        "UPDATE invitation SET version = version + 1, replied_at = :replied_at, updated_at = :now
         WHERE id = :id AND version = :before",
        id = invitation.id,
        replied_at = invitation.replied_at,
        now = snapshot.now,
        before
    )
    .run_later(tx, Rows::Exactly(1))?;
    invitation.version += 1;
    form_event::delete(tx, &invitation.id)?;
    if changes.iter().any(FieldChange::is_of_names) {
        invitation::update_search(tx, invitation, &household.guests)?;
    }
    let actor = match (&commit.actor, commit.host) {
        (_, Some(_)) => "host",
        (Actor::System, None) => "system",
        (_, None) => "household",
    };
    insert_submission(tx, &invitation.id, before, changes, actor, commit.source)?;
    tx.record(Entry {
        actor: commit.actor,
        action: commit.action,
        entity: Entity::new("invitation", invitation.id.to_string()),
        scope: Some(snapshot.occasion.id.to_string()),
        changes: masked(changes),
        request: commit.request,
    })?;
    tell_of_answers(tx, snapshot, changes, commit.source, commit.host)
}

pub fn insert_submission(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
    before: i64,
    changes: &[FieldChange],
    actor: &str,
    source: Source,
) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "INSERT INTO submission (invitation, version_before, version_after, changes,
             actor, source, created_at)
         VALUES (:invitation, :before, :version_after, :changes, :actor, :source, :now)",
        invitation,
        before,
        version_after = before + 1,
        changes = occasion::to_json(&changes),
        actor,
        source,
        now
    )
    .run_later(tx, Rows::Any)
}

/// Returns the changes in the form in which the audit log stores them. Some values are masked:
/// dietary requirements are health data, answers can contain anything, and notes are private.
pub fn masked(changes: &[FieldChange]) -> Value {
    // The log may show that a masked value is empty.
    let hide = |value: &Value| {
        let is_nothing = match value {
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            other => other.is_null(),
        };
        if is_nothing {
            Value::Null
        } else {
            json!("***")
        }
    };
    let whole_guest = |value: &Value| match value {
        Value::Object(told) => {
            let mut told = told.clone();
            for secret in ["diets", "diet_note", "answers"] {
                if let Some(value) = told.get_mut(secret) {
                    *value = json!("***");
                }
            }
            Value::Object(told)
        }
        other => other.clone(),
    };
    changes
        .iter()
        .map(|change| {
            let secret = ["/diets", "/diet_note", "note"]
                .iter()
                .any(|end| change.field.ends_with(end))
                || change.is_of_question();
            let show = |value: &Value| {
                if secret {
                    hide(value)
                } else {
                    whole_guest(value)
                }
            };
            json!({ "field": change.field, "old": show(&change.old), "new": show(&change.new) })
        })
        .collect()
}

/// Returns the fields that have changed since version `seen`, each with its value in that version.
pub fn changed_since(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
    seen: i64,
) -> Result<Vec<FieldChange>, StoreError> {
    let saves: Vec<(String,)> = sql!(
        "SELECT changes FROM submission
         WHERE invitation = :invitation AND version_before >= :seen ORDER BY version_after",
        invitation,
        seen
    )
    .all(tx)?;
    let mut earliest: Vec<FieldChange> = Vec::new();
    for (json,) in saves {
        let changes: Vec<FieldChange> = serde_json::from_str(&json).unwrap_or_default();
        for change in changes {
            if earliest.iter().all(|known| known.field != change.field) {
                earliest.push(change);
            }
        }
    }
    Ok(earliest)
}
