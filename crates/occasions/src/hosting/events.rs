//! Events, as hosts add, change and remove them. All of it happens under the
//! occasion's lock; whoever answers meanwhile is waited for.

use jiff::{SignedDuration, Timestamp};
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::I18n;

use super::fields::nullable;
use super::history::{self, Changes};
use super::permissions::{HostOf, Permission};
use super::{Current, Refusal, When, occasions};
use crate::event::{self, Details, Event, EventId, ScheduleLine};
use crate::invitation::InvitationId;
use crate::occasion::{Occasion, OccasionId};
use crate::role::Role;
use web::{Findings, Limits};

/// How many events an occasion has at most.
pub const LIMIT: usize = 20;

/// What hosts may set about an event; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EventChange)]
pub struct EventChange {
    /// The version that was seen; `If-Match` says the same.
    pub version: Option<i64>,
    /// 1–40 of `a-z0-9-`; only when it is created.
    pub key: Option<String>,
    /// 1–120.
    pub name: Option<I18n>,
    /// Its first instant.
    pub starts_at: Option<When>,
    /// After the start, at most 7 days.
    pub ends_at: Option<When>,
    /// 0–160.
    pub venue: Option<String>,
    /// 0–500.
    pub address: Option<String>,
    /// https, or empty.
    pub map_url: Option<String>,
    /// 0–200.
    pub dress_code: Option<I18n>,
    /// 0–50 lines.
    pub schedule: Option<Vec<ScheduleLine>>,
    /// Seats, 1–100,000, or null: as many as come.
    #[serde(deserialize_with = "nullable")]
    pub capacity: Option<Option<i64>>,
    /// Order of showing.
    pub position: Option<i64>,
    /// Whether all invitations are invited to a new event; they are.
    pub invite_all: Option<bool>,
}

/// The events of an occasion, in the order they are shown.
pub fn list(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<Event>, Refusal> {
    Ok(event::list(tx, host.occasion())?)
}

/// The event with this id.
pub fn load(tx: &mut Tx<'_>, host: &HostOf, id: &EventId) -> Result<Event, Refusal> {
    find(tx, host.occasion(), id)?.ok_or(Refusal::NotFound)
}

/// Adds an event. Everyone who is invited to the occasion is invited to it,
/// unless said otherwise.
pub fn create(tx: &mut Tx<'_>, host: &HostOf, new: &EventChange) -> Result<Event, Refusal> {
    host.needs(Permission::Own)?;
    let occasion = occasions::lock(tx, host)?;
    let there = event::list(tx, &occasion.id)?;
    let now = tx.now();
    let mut fields = Findings::default();
    for (pointer, missing) in [
        ("/name", new.name.is_none()),
        ("/starts_at", new.starts_at.is_none()),
    ] {
        if missing {
            fields.add(pointer, "required", []);
        }
    }
    let key = choose_key(new.key.as_deref(), &there, &mut fields);
    let last = there.iter().map(|event| event.details.position + 1).max();
    let mut details = Details {
        name: I18n::default(),
        starts_at: now,
        ends_at: now,
        venue: String::new(),
        address: String::new(),
        map_url: String::new(),
        dress_code: I18n::default(),
        schedule: Vec::new(),
        capacity: None,
        position: last.unwrap_or(0),
    };
    apply(new, &occasion, &mut details, &mut fields);
    fields.finish()?;
    if there.len() >= LIMIT {
        return Err(Refusal::LimitReached(count(LIMIT)));
    }
    let id = event::insert(tx, &occasion.id, &key, &details)?;
    if new.invite_all.unwrap_or(true) {
        invite_everyone(tx, &occasion.id, &id)?;
    }
    let changes = json!([{"field": "key", "old": null, "new": key}]);
    history::record(
        tx,
        host,
        "event.created",
        ("event", id.to_string()),
        changes,
    )?;
    history::tell_of_occasion(tx, host, "events")?;
    load(tx, host, &id)
}

/// Changes an event. A coordinator may change its texts and schedule.
pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &EventId,
    version: i64,
    change: &EventChange,
) -> Result<Event, Refusal> {
    host.needs(Permission::Write)?;
    let occasion = occasions::lock(tx, host)?;
    let old = lock(tx, host, id)?;
    check_version(&old, version)?;
    let mut details = old.details.clone();
    let mut fields = Findings::default();
    if change.key.as_ref().is_some_and(|key| *key != old.key) {
        fields.add("/key", "not_allowed", []);
    }
    apply(change, &occasion, &mut details, &mut fields);
    fields.finish()?;
    if details == old.details {
        return Ok(old);
    }
    if host.role() < Role::OccasionOwner && is_beyond_texts(&old.details, &details) {
        return Err(Refusal::Forbidden);
    }
    if details.capacity != old.details.capacity {
        // Who answers just now does not know of the limit yet.
        wait_for_answers(tx, &occasion.id)?;
    }
    update(tx, &old, &details)?;
    // A limit that is new, or none any more.
    event::recount_seats(tx, host.occasion())?;
    let changes = compare(&old.details, &details).into_json();
    history::record(
        tx,
        host,
        "event.changed",
        ("event", id.to_string()),
        changes,
    )?;
    history::tell_of_occasion(tx, host, "events")?;
    load(tx, host, id)
}

/// Removes an event with every answer given for it. `confirm` is its key, typed
/// by somebody who knows what is lost.
pub fn remove(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &EventId,
    version: i64,
    confirm: &str,
) -> Result<(), Refusal> {
    host.needs(Permission::Own)?;
    let occasion = occasions::lock(tx, host)?;
    let event = lock(tx, host, id)?;
    check_version(&event, version)?;
    if event::list(tx, &occasion.id)?.len() < 2 {
        return Err(Refusal::LastEvent);
    }
    if confirm != event.key {
        let mut fields = Findings::default();
        fields.add("/confirm", "confirmation_wrong", []);
        return Ok(fields.finish()?);
    }
    wait_for_answers(tx, &occasion.id)?;
    for delete in [
        sql!("DELETE FROM reply WHERE event = :id", id),
        sql!("DELETE FROM invitation_event WHERE event = :id", id),
        sql!("DELETE FROM event WHERE id = :id", id),
    ] {
        delete.run(tx, Rows::Any)?;
    }
    let changes = json!([{"field": "key", "old": event.key, "new": null}]);
    history::record(
        tx,
        host,
        "event.removed",
        ("event", id.to_string()),
        changes,
    )?;
    history::tell_of_occasion(tx, host, "events")?;
    Ok(())
}

/// The ids behind keys of events; findings stand at `pointer`.
pub(super) fn by_keys(
    events: &[Event],
    keys: &[String],
    pointer: &str,
    fields: &mut Findings,
) -> Vec<EventId> {
    let mut found = Vec::new();
    for (index, key) in keys.iter().enumerate() {
        match events.iter().find(|event| event.key == *key) {
            Some(event) if !found.contains(&event.id) => found.push(event.id.clone()),
            Some(_) => {}
            None => fields.add(&format!("{pointer}/{index}"), "unknown_option", []),
        }
    }
    found
}

fn find(tx: &mut Tx<'_>, occasion: &OccasionId, id: &EventId) -> Result<Option<Event>, StoreError> {
    sql!(
        "SELECT {Event} FROM event WHERE id = :id AND occasion = :occasion",
        id,
        occasion
    )
    .maybe(tx)
}

fn lock(tx: &mut Tx<'_>, host: &HostOf, id: &EventId) -> Result<Event, Refusal> {
    let _: Option<(EventId,)> = sql!(
        "SELECT id FROM event WHERE id = :id AND occasion = :occasion FOR NO KEY UPDATE",
        id,
        occasion = host.occasion()
    )
    .maybe(tx)?;
    load(tx, host, id)
}

fn check_version(event: &Event, seen: i64) -> Result<(), Refusal> {
    if event.version == seen {
        return Ok(());
    }
    let current = Box::new(event.clone());
    Err(Refusal::VersionConflict(Current::Event(current)))
}

/// The key as wanted; else the first is `main`, and the others are numbered.
fn choose_key(wanted: Option<&str>, there: &[Event], fields: &mut Findings) -> String {
    let is_taken = |key: &str| there.iter().any(|event| event.key == key);
    if let Some(wanted) = wanted {
        let key = fields.slug("/key", wanted, 1, 40);
        if is_taken(&key) {
            fields.add("/key", "not_unique", []);
        }
        return key;
    }
    let numbered = (2..).map(|number| format!("event-{number}"));
    std::iter::once("main".to_owned())
        .chain(numbered)
        .find(|key| !is_taken(key))
        .unwrap_or_default()
}

fn apply(change: &EventChange, occasion: &Occasion, details: &mut Details, fields: &mut Findings) {
    if let Some(name) = &change.name {
        details.name = fields.i18n("/name", name, Limits::required(120));
    }
    if let Some(dress_code) = &change.dress_code {
        details.dress_code = fields.i18n("/dress_code", dress_code, Limits::line(200));
    }
    for (pointer, wanted, kept, most) in [
        ("/venue", &change.venue, &mut details.venue, 160),
        ("/address", &change.address, &mut details.address, 500),
    ] {
        if let Some(text) = wanted {
            *kept = fields.text(pointer, text, most);
        }
    }
    if let Some(url) = &change.map_url {
        details.map_url = fields.https("/map_url", url);
    }
    if let Some(capacity) = change.capacity {
        details.capacity = capacity.map(|seats| fields.number("/capacity", seats, 1, 100_000));
    }
    if let Some(position) = change.position {
        details.position = fields.number("/position", position, 0, 1_000);
    }
    if let Some(schedule) = &change.schedule {
        details.schedule = check_schedule(schedule, fields);
    }
    apply_hours(change, occasion, details, fields);
}

/// An event that says only when it starts keeps its length, or takes two hours.
fn apply_hours(
    change: &EventChange,
    occasion: &Occasion,
    details: &mut Details,
    fields: &mut Findings,
) {
    let zone = occasion.zone();
    let length = details.ends_at.duration_since(details.starts_at);
    let length = if length.is_positive() {
        length
    } else {
        SignedDuration::from_hours(2)
    };
    if let Some(starts_at) = &change.starts_at
        && let Some(starts_at) = fields.when("/starts_at", starts_at, &zone)
    {
        details.starts_at = starts_at;
        details.ends_at = starts_at.checked_add(length).unwrap_or(Timestamp::MAX);
    }
    if let Some(ends_at) = &change.ends_at
        && let Some(ends_at) = fields.when("/ends_at", ends_at, &zone)
    {
        details.ends_at = ends_at;
        let length = ends_at.duration_since(details.starts_at);
        if !length.is_positive() {
            fields.add("/ends_at", "ends_before_start", []);
        } else if length > SignedDuration::from_hours(7 * 24) {
            fields.add(
                "/ends_at",
                "out_of_range",
                [("min", 0.into()), ("max", 7.into())],
            );
        }
    }
}

fn check_schedule(lines: &[ScheduleLine], fields: &mut Findings) -> Vec<ScheduleLine> {
    if lines.len() > 50 {
        fields.add("/schedule", "too_many", [("max", 50.into())]);
        return Vec::new();
    }
    let mut kept = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let at = |field: &str| format!("/schedule/{index}/{field}");
        let time = line.time.trim().to_owned();
        if time.len() != 5 || time.parse::<jiff::civil::Time>().is_err() {
            fields.add(&at("time"), "invalid", []);
        }
        kept.push(ScheduleLine {
            time,
            title: fields.i18n(&at("title"), &line.title, Limits::required(120)),
            detail: fields.i18n(&at("detail"), &line.detail, Limits::lines(500)),
        });
    }
    kept
}

fn is_beyond_texts(old: &Details, new: &Details) -> bool {
    let with_texts = Details {
        name: new.name.clone(),
        dress_code: new.dress_code.clone(),
        schedule: new.schedule.clone(),
        ..old.clone()
    };
    with_texts != *new
}

fn compare(old: &Details, new: &Details) -> Changes {
    let mut changes = Changes::default();
    changes
        .compare("name", &old.name, &new.name)
        .compare("starts_at", &old.starts_at, &new.starts_at)
        .compare("ends_at", &old.ends_at, &new.ends_at)
        .compare("venue", &old.venue, &new.venue)
        .compare("address", &old.address, &new.address)
        .compare("map_url", &old.map_url, &new.map_url)
        .compare("dress_code", &old.dress_code, &new.dress_code)
        .compare(
            "schedule",
            &schedule_texts(&old.schedule),
            &schedule_texts(&new.schedule),
        )
        .compare("capacity", &old.capacity, &new.capacity)
        .compare("position", &old.position, &new.position);
    changes
}

/// The lines of a schedule as the log shows them.
fn schedule_texts(schedule: &[ScheduleLine]) -> Vec<I18n> {
    let lines = schedule.iter().map(|line| {
        let said = line.title.iter().map(|(tag, title)| {
            let detail = line.detail.find(tag).unwrap_or_default();
            let words = format!("{} {title} {detail}", line.time);
            (tag.to_owned(), words.trim().to_owned())
        });
        said.collect()
    });
    lines.collect()
}

fn update(tx: &mut Tx<'_>, old: &Event, new: &Details) -> Result<(), StoreError> {
    let was = &old.details;
    let moved = (was.starts_at, was.ends_at, &was.venue, &was.address)
        != (new.starts_at, new.ends_at, &new.venue, &new.address);
    sql!(
        "UPDATE event SET {event::Details = :event::Details},
             calendar_sequence = calendar_sequence + :moved,
             version = version + 1, updated_at = :now
         WHERE id = :id",
        Details = new,
        moved,
        now = tx.now(),
        id = old.id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn invite_everyone(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
) -> Result<(), StoreError> {
    wait_for_answers(tx, occasion)?;
    sql!(
        "INSERT INTO invitation_event (invitation, event)
         SELECT id, :event FROM invitation WHERE occasion = :occasion",
        event,
        occasion
    )
    .run(tx, Rows::Any)?;
    sql!(
        "INSERT INTO reply (guest, event, status)
         SELECT guest.id, :event, 'pending' FROM guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.occasion = :occasion",
        event,
        occasion
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Takes the lock of every invitation: a save that is under way may be adding
/// somebody who would be left out.
pub(super) fn wait_for_answers(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    let _: Vec<(InvitationId,)> = sql!(
        "SELECT id FROM invitation WHERE occasion = :occasion FOR NO KEY UPDATE",
        occasion
    )
    .all(tx)?;
    Ok(())
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
