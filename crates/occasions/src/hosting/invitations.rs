//! Invitations, as hosts write, change, archive and restore them.

use jiff::{SignedDuration, Timestamp};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::codes::Chosen;
use super::fields::nullable;
use super::guests;
use super::history::{self, Changes, Ending};
use super::permissions::{HostOf, Permission};
use super::{Current, Refusal, When, events, occasions, open_rsvp};
use crate::event::{self, Event, EventId, Seats};
use crate::guest::{self, Reply};
use crate::household::{self, Household};
use crate::invitation::{self, Details, Invitation, InvitationId};
use crate::occasion::{Occasion, OccasionId};
use crate::portal::{self, Portal};
use crate::rsvp;
use crate::snapshot;
use crate::words::{ActedBy, LockMode, Source};
use web::Findings;

/// How many invitations an occasion has at most, archived ones included.
pub const LIMIT: i64 = 5_000;
/// How long an archived invitation can be brought back.
pub const RESTORABLE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What hosts may set about an invitation; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = InvitationChange)]
pub struct InvitationChange {
    /// The version that was seen; `If-Match` says the same.
    pub version: Option<i64>,
    /// 1–120.
    pub household: Option<String>,
    /// Up to 200, instead of the usual salutation.
    #[serde(deserialize_with = "nullable")]
    pub salutation: Option<Option<String>>,
    /// Up to 254.
    #[serde(deserialize_with = "nullable")]
    pub email: Option<Option<String>>,
    /// Up to 32.
    #[serde(deserialize_with = "nullable")]
    pub phone: Option<Option<String>>,
    /// Up to 500.
    #[serde(deserialize_with = "nullable")]
    pub address: Option<Option<String>>,
    /// One of the occasion's languages, or null: unknown.
    #[serde(deserialize_with = "nullable")]
    pub language: Option<Option<String>>,
    /// 0–20.
    pub plus_ones: Option<i64>,
    /// 0–20.
    pub children: Option<i64>,
    /// An instant, a date (its end), or null: the occasion's.
    #[serde(deserialize_with = "nullable")]
    pub deadline_override: Option<Option<When>>,
    /// Shown to the household, up to 2,000.
    pub host_message: Option<String>,
    /// Never shown to guests, up to 2,000.
    pub host_note: Option<String>,
    /// 0–20 of 1–40 characters.
    pub tags: Option<Vec<String>>,
    /// Keys of the events the household is invited to.
    pub events: Option<Vec<String>>,
    /// The people; only when the invitation is created.
    pub guests: Option<Vec<guests::New>>,
    /// A code chosen by hand; only when the invitation is created.
    pub code: Option<String>,
    /// The code stays although it is easy to guess.
    pub insist_on_code: Option<bool>,
}

/// What is kept beside an invitation without being part of a change.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Bookkeeping {
    /// When it was marked as sent.
    pub sent_at: Option<Timestamp>,
    /// When its household first looked.
    pub first_opened_at: Option<Timestamp>,
    /// When it last did.
    pub last_opened_at: Option<Timestamp>,
    /// How often.
    pub open_count: i64,
    /// When it was written.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
}

/// Writes an invitation with its people. Without a code chosen by hand, one is
/// drawn.
pub fn create(
    tx: &mut Tx<'_>,
    host: &HostOf,
    new: &InvitationChange,
    chosen: Option<&Chosen>,
) -> Result<Portal, Refusal> {
    host.needs(Permission::Invite)?;
    let occasion = occasions::lock(tx, host)?;
    let all = event::list(tx, &occasion.id)?;
    let mut fields = Findings::default();
    let mut details = blank(&occasion);
    if new.household.is_none() {
        fields.add("/household", "required", []);
    }
    apply(new, &occasion, &mut details, &mut fields);
    let invited = match &new.events {
        Some(keys) => events::by_keys(&all, keys, "/events", &mut fields),
        None => all.iter().map(|event| event.id.clone()).collect(),
    };
    let people = new.guests.as_deref().unwrap_or_default();
    let planned =
        guests::Planning::new(tx, &occasion, &all)?.plan(tx, people, &invited, &mut fields);
    fields.finish()?;
    check_limits(tx, &occasion.id, people.len())?;
    let names = planned.iter().map(|one| one.guest.name.as_str());
    let id = match chosen {
        Some(chosen) => {
            let (shown, key) = chosen.checked(names.chain([details.household.as_str()]))?;
            invitation::insert(tx, &occasion.id, shown, key, &details)?.ok_or(Refusal::CodeTaken)?
        }
        None => invitation::insert_with_new_code(tx, &occasion.id, &details)?,
    };
    for event in &invited {
        household::invite(tx, &id, event)?;
    }
    let mut portal = find(tx, host, &id)?.ok_or(Refusal::NotFound)?;
    guests::settle(tx, &mut portal.household, planned)?;
    invitation::update_search(tx, &portal.household.invitation, &portal.household.guests)?;
    let changes = json!([{"field": "household", "old": null, "new": details.household}]);
    let entity = ("invitation", id.to_string());
    history::record(tx, host, "invitation.created", entity, changes)?;
    history::tell_of_invitation(tx, host, &portal.household, "created")?;
    Ok(portal)
}

/// An invitation with everyone on it, archived or not.
pub fn load(tx: &mut Tx<'_>, host: &HostOf, id: &InvitationId) -> Result<Portal, Refusal> {
    host.needs(Permission::See)?;
    load_changed(tx, host, id)
}

/// As [`load`], after a change: who may make it need not have the right to see it.
pub(crate) fn load_changed(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
) -> Result<Portal, Refusal> {
    find(tx, host, id)?.ok_or(Refusal::NotFound)
}

/// When it was sent, opened, written.
pub fn bookkeeping(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Bookkeeping, StoreError> {
    sql!("SELECT {Bookkeeping} FROM invitation WHERE id = :id", id).one(tx)
}

/// Changes an invitation.
pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: i64,
    change: &InvitationChange,
) -> Result<Portal, Refusal> {
    host.needs(Permission::Invite)?;
    let mut portal = lock(tx, host, id, Some(version))?;
    let mut fields = Findings::default();
    for (pointer, given) in [
        ("/guests", change.guests.is_some()),
        ("/code", change.code.is_some()),
    ] {
        if given {
            fields.add(pointer, "not_allowed", []);
        }
    }
    let old = portal.household.invitation.details.clone();
    let mut new = old.clone();
    apply(change, &portal.occasion, &mut new, &mut fields);
    let invited = change
        .events
        .as_ref()
        .map(|keys| events::by_keys(&portal.events, keys, "/events", &mut fields));
    fields.finish()?;
    let mut changes = compare(&old, &new);
    if let Some(invited) = &invited {
        let before = keys_of(&portal.events, &portal.household.events);
        let after = keys_of(&portal.events, invited);
        changes.compare("events", &before, &after);
    }
    if changes.is_empty() {
        return Ok(portal);
    }
    update_details(tx, id, &new)?;
    if let Some(invited) = invited {
        invite_to(tx, &portal.household, &invited)?;
    }
    portal.household.invitation.details = new;
    let ending = Ending {
        action: "invitation.changed",
        what: "edited",
        changes: changes.into_json(),
        moves_seats: change.events.is_some(),
    };
    history::finish_invitation(tx, host, &mut portal.household, ending)?;
    load(tx, host, id)
}

/// Notes that an invitation was sent, by card or messenger; or that it was not.
/// Bookkeeping: the version stays.
pub fn mark_sent(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    sent: bool,
) -> Result<(), Refusal> {
    host.needs(Permission::Invite)?;
    let portal = lock(tx, host, id, None)?;
    let now = tx.now();
    let at = sent.then_some(now);
    sql!("UPDATE invitation SET sent_at = :at WHERE id = :id", id, at).run(tx, Rows::Exactly(1))?;
    history::tell_of_invitation(tx, host, &portal.household, "edited")?;
    Ok(())
}

/// Archives an invitation: its code opens nothing, its guests leave all counts,
/// nothing is deleted.
pub fn archive(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
) -> Result<Portal, Refusal> {
    host.needs(Permission::Invite)?;
    let mut portal = lock(tx, host, id, version)?;
    let now = tx.now();
    set_archived(tx, id, Some(now))?;
    portal.household.invitation.archived_at = Some(now);
    rsvp::seat(tx, &mut portal, &[], Seats::Free)?;
    let ending = Ending {
        action: "invitation.archived",
        what: "archived",
        changes: json!([{"field": "archived", "old": false, "new": true}]),
        moves_seats: false,
    };
    history::finish_invitation(tx, host, &mut portal.household, ending)?;
    load(tx, host, id)
}

/// Brings an archived invitation back, within 30 days. Whoever said yes on it
/// needs a seat again, like anybody who says yes now.
pub fn restore(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
    seats: Seats,
) -> Result<Portal, Refusal> {
    host.needs(Permission::Invite)?;
    let mut portal = lock_any(tx, host, id, version)?;
    let now = tx.now();
    let Some(archived_at) = portal.household.invitation.archived_at else {
        return Err(Refusal::WrongState);
    };
    if now.duration_since(archived_at) >= RESTORABLE || open_rsvp::is_merged(tx, id)? {
        return Err(Refusal::WrongState);
    }
    let mut changes = Changes::default();
    changes.compare("archived", &true, &false);
    // Archived, it has none.
    let guests = std::mem::take(&mut portal.household.guests);
    match (rsvp::check_seats(&portal, &guests), seats) {
        (Ok(()), _) => {}
        (Err(_), Seats::Beyond) => {
            changes.compare("override", &false, &true);
        }
        (Err(full), Seats::Free) => return Err(full.into()),
    }
    rsvp::seat(tx, &mut portal, &guests, seats)?;
    portal.household.guests = guests;
    set_archived(tx, id, None)?;
    portal.household.invitation.archived_at = None;
    let ending = Ending {
        action: "invitation.restored",
        what: "created",
        changes: changes.into_json(),
        moves_seats: false,
    };
    history::finish_invitation(tx, host, &mut portal.household, ending)?;
    load(tx, host, id)
}

/// Holds the lock of an invitation that is not archived, at the version its
/// host has seen.
pub(super) fn lock(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
) -> Result<Portal, Refusal> {
    let portal = lock_any(tx, host, id, version)?;
    if portal.household.invitation.archived_at.is_some() {
        return Err(Refusal::WrongState);
    }
    Ok(portal)
}

fn lock_any(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
) -> Result<Portal, Refusal> {
    event::lock_limited(tx, host.occasion())?;
    let locked = invitation::lock(tx, id)?.ok_or(Refusal::NotFound)?;
    let portal = open(tx, host, locked)?.ok_or(Refusal::NotFound)?;
    if version.is_some_and(|seen| seen != portal.household.invitation.version) {
        return Err(Refusal::VersionConflict(Current::Invitation(Box::new(
            portal,
        ))));
    }
    Ok(portal)
}

fn find(tx: &mut Tx<'_>, host: &HostOf, id: &InvitationId) -> Result<Option<Portal>, StoreError> {
    match invitation::find(tx, id)? {
        Some(found) => open(tx, host, found),
        None => Ok(None),
    }
}

fn open(
    tx: &mut Tx<'_>,
    host: &HostOf,
    invitation: Invitation,
) -> Result<Option<Portal>, StoreError> {
    if invitation.occasion != *host.occasion() {
        return Ok(None);
    }
    let snapshot = snapshot::load(tx, host.occasion())?;
    portal::load(tx, snapshot, invitation).map(Some)
}

fn blank(occasion: &Occasion) -> Details {
    Details {
        household: String::new(),
        salutation: None,
        email: None,
        phone: None,
        address: None,
        language: None,
        plus_ones: occasion.details.default_plus_ones,
        children: occasion.details.default_children,
        deadline_override: None,
        lock_mode: LockMode::Auto,
        open_until: None,
        lock_reason: String::new(),
        host_message: String::new(),
        host_note: String::new(),
        tags: Vec::new(),
    }
}

fn apply(
    new: &InvitationChange,
    occasion: &Occasion,
    details: &mut Details,
    fields: &mut Findings,
) {
    if let Some(household) = &new.household {
        details.household = fields.line("/household", household, 1, 120);
    }
    for (pointer, wanted, kept, most) in [
        ("/salutation", &new.salutation, &mut details.salutation, 200),
        ("/phone", &new.phone, &mut details.phone, 32),
    ] {
        if let Some(text) = wanted {
            *kept = fields.optional_line(pointer, text.as_deref(), most);
        }
    }
    if let Some(email) = &new.email {
        details.email = fields.email("/email", email.as_deref());
    }
    if let Some(address) = &new.address {
        let text = fields.text("/address", address.as_deref().unwrap_or_default(), 500);
        details.address = (!text.is_empty()).then_some(text);
    }
    if let Some(language) = &new.language {
        details.language = language.clone().filter(|tag| !tag.is_empty());
        let offered = &occasion.details.languages;
        if details
            .language
            .as_ref()
            .is_some_and(|tag| !offered.contains(tag))
        {
            fields.add("/language", "unknown_option", []);
        }
    }
    for (pointer, wanted, kept) in [
        ("/plus_ones", new.plus_ones, &mut details.plus_ones),
        ("/children", new.children, &mut details.children),
    ] {
        if let Some(number) = wanted {
            *kept = fields.number(pointer, number, 0, 20);
        }
    }
    if let Some(deadline) = &new.deadline_override {
        details.deadline_override = deadline
            .as_ref()
            .and_then(|when| fields.when("/deadline_override", when, &occasion.zone()));
    }
    for (pointer, wanted, kept) in [
        (
            "/host_message",
            &new.host_message,
            &mut details.host_message,
        ),
        ("/host_note", &new.host_note, &mut details.host_note),
    ] {
        if let Some(text) = wanted {
            *kept = fields.text(pointer, text, 2_000);
        }
    }
    if let Some(tags) = &new.tags {
        details.tags = fields.tags("/tags", tags);
    }
}

fn compare(old: &Details, new: &Details) -> Changes {
    let text = |known: &Option<String>| known.clone().unwrap_or_default();
    let mut changes = Changes::default();
    changes
        .compare("household", &old.household, &new.household)
        .compare("salutation", &old.salutation, &new.salutation)
        .compare_secret("email", &text(&old.email), &text(&new.email))
        .compare_secret("phone", &text(&old.phone), &text(&new.phone))
        .compare_secret("address", &text(&old.address), &text(&new.address))
        .compare("language", &old.language, &new.language)
        .compare("plus_ones", &old.plus_ones, &new.plus_ones)
        .compare("children", &old.children, &new.children)
        .compare(
            "deadline_override",
            &old.deadline_override,
            &new.deadline_override,
        )
        .compare("tags", &old.tags, &new.tags)
        .compare_secret("host_message", &old.host_message, &new.host_message)
        .compare_secret("host_note", &old.host_note, &new.host_note);
    changes
}

fn keys_of(events: &[Event], ids: &[EventId]) -> Vec<String> {
    events
        .iter()
        .filter(|event| ids.contains(&event.id))
        .map(|event| event.key.clone())
        .collect()
}

/// Writes what hosts fill in.
pub(super) fn update_details(
    tx: &mut Tx<'_>,
    id: &InvitationId,
    details: &Details,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE invitation SET {invitation::Details = :invitation::Details} WHERE id = :id",
        Details = details,
        id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Invites a household to these events and no others: answers for others go,
/// for new ones everybody is asked.
fn invite_to(
    tx: &mut Tx<'_>,
    household: &Household,
    invited: &[EventId],
) -> Result<(), StoreError> {
    let id = &household.invitation.id;
    for event in household
        .events
        .iter()
        .filter(|event| !invited.contains(event))
    {
        sql!(
            "DELETE FROM invitation_event WHERE invitation = :id AND event = :event",
            id,
            event
        )
        .run(tx, Rows::Exactly(1))?;
        for guest in &household.guests {
            sql!(
                "DELETE FROM reply WHERE guest = :id AND event = :event",
                id = guest.id,
                event
            )
            .run(tx, Rows::AtMostOne)?;
        }
    }
    for event in invited
        .iter()
        .filter(|event| !household.events.contains(event))
    {
        household::invite(tx, id, event)?;
        for guest in &household.guests {
            guest::insert_reply(
                tx,
                &guest.id,
                event,
                &Reply::PENDING,
                ActedBy::Host,
                Source::Web,
            )?;
        }
    }
    Ok(())
}

fn set_archived(
    tx: &mut Tx<'_>,
    id: &InvitationId,
    at: Option<Timestamp>,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE invitation SET archived_at = :at WHERE id = :id",
        id,
        at
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Whether an occasion, whose lock is held, has room for one more invitation
/// with `people`.
pub(crate) fn check_limits(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    people: usize,
) -> Result<(), Refusal> {
    let (invitations,): (i64,) = sql!(
        "SELECT COUNT(*) FROM invitation WHERE occasion = :occasion",
        occasion
    )
    .one(tx)?;
    if invitations >= LIMIT {
        return Err(Refusal::LimitReached(LIMIT));
    }
    guests::check_limit(tx, occasion, people)
}
