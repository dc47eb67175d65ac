//! People on an invitation, as hosts add, change, remove and order them. A host
//! may do so at any time; the version is the invitation's.

use std::collections::BTreeMap;

use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde::{Deserialize, Serialize};

use super::events;
use super::fields::nullable;
use super::history::{self, Changes, Ending};
use super::permissions::{HostOf, Permission};
use super::{Refusal, invitations, occasions};
use crate::diet::{self, DietaryOption};
use crate::event::{Event, EventId};
use crate::guest::{self, Guest, GuestId, Reply};
use crate::household::{self, GUEST_LIMIT, Household};
use crate::invitation::InvitationId;
use crate::occasion::{Occasion, OccasionId};
use crate::portal::Portal;
use crate::question::Answers;
use crate::refusal::Refusal as AnswerRefusal;
use crate::rsvp;
use crate::words::{ActedBy, GuestKind, Source};
use web::Findings;

/// How many guests an occasion has at most.
pub const LIMIT: i64 = 20_000;

/// Somebody to add.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NewGuest)]
pub struct New {
    /// 1–100; a plus-one's may be empty.
    pub name: String,
    /// Named by the hosts, as usual, or brought by the household.
    pub kind: Option<GuestKind>,
    /// A child.
    pub is_child: bool,
    /// 0–17, of a child.
    pub age: Option<i64>,
    /// Keys of dietary options.
    pub diets: Vec<String>,
    /// Up to 500.
    pub diet_note: String,
    /// The guest's own address.
    pub email: Option<String>,
    /// The guest's own telephone.
    pub phone: Option<String>,
    /// Keys of events; left out: all the household is invited to.
    pub events: Option<Vec<String>>,
    /// A plus-one beyond the allowance may come.
    pub r#override: bool,
}

/// What may change about a guest; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = GuestChange)]
pub struct GuestChange {
    /// The version of the invitation that was seen; `If-Match` says the same.
    pub version: Option<i64>,
    /// 1–100; a plus-one's may be empty.
    pub name: Option<String>,
    /// A child.
    pub is_child: Option<bool>,
    /// 0–17, of a child.
    #[serde(deserialize_with = "nullable")]
    pub age: Option<Option<i64>>,
    /// Keys of dietary options.
    pub diets: Option<Vec<String>>,
    /// Up to 500.
    pub diet_note: Option<String>,
    /// The guest's own address.
    #[serde(deserialize_with = "nullable")]
    pub email: Option<Option<String>>,
    /// The guest's own telephone.
    #[serde(deserialize_with = "nullable")]
    pub phone: Option<Option<String>>,
    /// Keys of the events the guest is invited to, among the household's.
    pub events: Option<Vec<String>>,
}

/// How to reach one guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// The guest's own address.
    pub email: Option<String>,
    /// The guest's own telephone.
    pub phone: Option<String>,
}

/// A guest who passed every rule that needs no household.
pub(super) struct Planned {
    pub(super) guest: Guest,
    contact: Contact,
    may_exceed: bool,
}

/// What a new guest is checked against.
pub(super) struct Planning<'a> {
    occasion: &'a Occasion,
    events: &'a [Event],
    diets: Vec<DietaryOption>,
}

impl<'a> Planning<'a> {
    pub(super) fn new(
        tx: &mut Tx<'_>,
        occasion: &'a Occasion,
        events: &'a [Event],
    ) -> Result<Self, StoreError> {
        let diets = diet::list(tx, &occasion.id)?;
        Ok(Self {
            occasion,
            events,
            diets,
        })
    }

    /// Checks people who are to be added, under `/guests`.
    pub(super) fn plan(
        &self,
        tx: &mut Tx<'_>,
        people: &[New],
        invited: &[EventId],
        fields: &mut Findings,
    ) -> Vec<Planned> {
        let all = people.iter().enumerate();
        all.map(|(index, new)| self.one(tx, new, invited, &format!("/guests/{index}"), fields))
            .collect()
    }

    fn one(
        &self,
        tx: &mut Tx<'_>,
        new: &New,
        invited: &[EventId],
        pointer: &str,
        fields: &mut Findings,
    ) -> Planned {
        let events = match &new.events {
            Some(keys) => events::by_keys(self.events, keys, &format!("{pointer}/events"), fields),
            None => invited.to_vec(),
        };
        let mut guest = Guest {
            id: tx.id(),
            name: String::new(),
            kind: new.kind.unwrap_or(GuestKind::Named),
            is_child: new.is_child,
            child_age: new.age,
            added_by: ActedBy::Host,
            beyond_allowance: false,
            position: 0,
            diets: Vec::new(),
            diet_note: String::new(),
            answers: Answers::new(),
            replies: events
                .into_iter()
                .filter(|event| invited.contains(event))
                .map(|event| (event, Reply::PENDING))
                .collect(),
        };
        self.name(&mut guest, &new.name, pointer, fields);
        check_age(&guest, pointer, fields);
        self.diets(
            &mut guest,
            Some(&new.diets),
            Some(&new.diet_note),
            pointer,
            fields,
        );
        let contact = Contact {
            email: fields.email(&format!("{pointer}/email"), new.email.as_deref()),
            phone: fields.optional_line(&format!("{pointer}/phone"), new.phone.as_deref(), 32),
        };
        Planned {
            guest,
            contact,
            may_exceed: new.r#override,
        }
    }

    fn name(&self, guest: &mut Guest, typed: &str, pointer: &str, fields: &mut Findings) {
        let switches = self.occasion.details.switches;
        let may_be_empty = guest.kind == GuestKind::PlusOne && !switches.plus_one_name_required;
        let least = usize::from(!may_be_empty);
        guest.name = fields.line(&format!("{pointer}/name"), typed, least, 100);
    }

    fn diets(
        &self,
        guest: &mut Guest,
        keys: Option<&[String]>,
        note: Option<&str>,
        pointer: &str,
        fields: &mut Findings,
    ) {
        if let Some(keys) = keys {
            let mut chosen = keys.to_vec();
            chosen.sort();
            chosen.dedup();
            let is_known = |key: &String| self.diets.iter().any(|option| option.key == *key);
            let at = format!("{pointer}/diets");
            if chosen.len() > 20 {
                fields.add(&at, "too_many", [("max", 20.into())]);
            } else if !chosen.iter().all(is_known) {
                fields.add(&at, "unknown_option", []);
            } else {
                guest.diets = chosen;
            }
        }
        if let Some(note) = note {
            guest.diet_note = fields.text(&format!("{pointer}/diet_note"), note, 500);
        }
        let is_asked = keys.is_some() || note.is_some();
        if is_asked && guest.diet_note.is_empty() && guest.diets.iter().any(|key| key == "other") {
            fields.add(&format!("{pointer}/diet_note"), "dietary_note_required", []);
        }
    }
}

/// Adds people to an invitation. A plus-one needs a place of the allowance, or
/// the host's override.
pub fn add(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
    people: &[New],
) -> Result<(Portal, Vec<GuestId>), Refusal> {
    host.needs(Permission::Invite)?;
    occasions::lock(tx, host)?;
    let mut portal = invitations::lock(tx, host, id, version)?;
    let mut fields = Findings::default();
    let planning = Planning::new(tx, &portal.occasion, &portal.events)?;
    let planned = planning.plan(tx, people, &portal.household.events, &mut fields);
    fields.finish()?;
    check_limit(tx, host.occasion(), planned.len())?;
    let before = portal.household.clone();
    settle(tx, &mut portal.household, planned)?;
    let added = portal.household.guests[before.guests.len()..]
        .iter()
        .map(|guest| guest.id.clone())
        .collect();
    let saved = finish(tx, host, portal, &before, "guest.added", Changes::default())?;
    Ok((saved, added))
}

/// Changes what is known of a guest.
pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &GuestId,
    version: i64,
    change: &GuestChange,
) -> Result<Portal, Refusal> {
    let (mut portal, at) = lock_by_guest(tx, host, id, Some(version))?;
    let before = portal.household.clone();
    let mut guest = before.guests[at].clone();
    let mut fields = Findings::default();
    let planning = Planning::new(tx, &portal.occasion, &portal.events)?;
    if let Some(name) = &change.name {
        planning.name(&mut guest, name, "", &mut fields);
    }
    guest.is_child = change.is_child.unwrap_or(guest.is_child);
    match change.age {
        Some(age) => guest.child_age = age,
        None if !guest.is_child => guest.child_age = None,
        None => {}
    }
    check_age(&guest, "", &mut fields);
    let (diets, note) = (change.diets.as_deref(), change.diet_note.as_deref());
    planning.diets(&mut guest, diets, note, "", &mut fields);
    let invited = change
        .events
        .as_ref()
        .map(|keys| events::by_keys(&portal.events, keys, "/events", &mut fields));
    let contact = plan_contact(tx, id, change, &mut fields)?;
    fields.finish()?;
    if let Some(invited) = invited {
        invite_guest(tx, &mut guest, &portal.household.events, &invited)?;
    }
    let mut reached = Changes::default();
    if let Some((old, new)) = contact {
        write_contact(tx, id, &new)?;
        reached = compare_contacts(id, &old, &new);
    }
    if guest == before.guests[at] && reached.is_empty() {
        return Ok(portal);
    }
    guest::update(tx, &guest)?;
    portal.household.guests[at] = guest;
    finish(tx, host, portal, &before, "guest.changed", reached)
}

/// Removes a guest, named or not, with all answers; the allowance stays.
pub fn remove(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &GuestId,
    version: Option<i64>,
) -> Result<Portal, Refusal> {
    let (mut portal, at) = lock_by_guest(tx, host, id, version)?;
    let before = portal.household.clone();
    guest::remove(tx, id)?;
    portal.household.guests.remove(at);
    finish(
        tx,
        host,
        portal,
        &before,
        "guest.removed",
        Changes::default(),
    )
}

/// Puts the guests of an invitation into this order; who is not named follows.
pub fn order(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
    wanted: &[GuestId],
) -> Result<Portal, Refusal> {
    host.needs(Permission::Invite)?;
    let mut portal = invitations::lock(tx, host, id, version)?;
    let before = portal.household.clone();
    let there = |id: &GuestId| before.guests.iter().any(|guest| guest.id == *id);
    if !wanted.iter().all(there) {
        return Err(Refusal::Answer(AnswerRefusal::GuestNotFound));
    }
    portal.household.guests.sort_by_key(|guest| {
        let place = wanted.iter().position(|id| *id == guest.id);
        place.unwrap_or(wanted.len())
    });
    for (position, guest) in (0_i64..).zip(&mut portal.household.guests) {
        guest.position = position;
        tx.run(
            sql!("UPDATE guest SET position = $2 WHERE id = $1"),
            &[&guest.id, &position],
            Rows::Exactly(1),
        )?;
    }
    finish(
        tx,
        host,
        portal,
        &before,
        "guest.ordered",
        Changes::default(),
    )
}

/// How the guests of an invitation can be reached, those who can.
pub fn contacts(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
) -> Result<BTreeMap<GuestId, Contact>, StoreError> {
    let found: Vec<(GuestId, Option<String>, Option<String>)> = tx.all(
        sql!(
            "SELECT id, email, phone FROM guest
             WHERE invitation = $1 AND (email IS NOT NULL OR phone IS NOT NULL)"
        ),
        &[invitation],
    )?;
    Ok(found
        .into_iter()
        .map(|(id, email, phone)| (id, Contact { email, phone }))
        .collect())
}

/// The invitation of a guest, locked, and the guest's place on it.
pub(super) fn lock_by_guest(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &GuestId,
    version: Option<i64>,
) -> Result<(Portal, usize), Refusal> {
    host.needs(Permission::Invite)?;
    let missing = || Refusal::Answer(AnswerRefusal::GuestNotFound);
    let found: Option<(InvitationId,)> =
        tx.maybe(sql!("SELECT invitation FROM guest WHERE id = $1"), &[id])?;
    let (invitation,) = found.ok_or_else(missing)?;
    let portal = invitations::lock(tx, host, &invitation, version)?;
    let guests = &portal.household.guests;
    // Between the look and the lock the household may have removed them.
    let at = guests
        .iter()
        .position(|guest| guest.id == *id)
        .ok_or_else(missing)?;
    Ok((portal, at))
}

/// Puts new people on a household whose lock is held, as far as limits and
/// allowance let them.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    household: &mut Household,
    planned: Vec<Planned>,
) -> Result<(), Refusal> {
    if household.guests.len() + planned.len() > GUEST_LIMIT {
        return Err(Refusal::Answer(AnswerRefusal::GuestLimit));
    }
    for mut one in planned {
        let last = household
            .guests
            .iter()
            .map(|guest| guest.position + 1)
            .max();
        one.guest.position = last.unwrap_or(0);
        let is_brought = one.guest.kind == GuestKind::PlusOne;
        household.guests.push(one.guest);
        let places = household.allowance().plus_ones;
        if is_brought && places.used > places.allowed {
            if !one.may_exceed {
                return Err(Refusal::PlusOneLimit(places));
            }
            if let Some(guest) = household.guests.last_mut() {
                guest.beyond_allowance = true;
            }
        }
        if let Some(guest) = household.guests.last() {
            guest::insert(tx, &household.invitation.id, guest, Source::Web)?;
            if one.contact != Contact::default() {
                write_contact(tx, &guest.id, &one.contact)?;
            }
        }
    }
    Ok(())
}

/// Whether an occasion, whose lock is held, has room for `more` people.
pub(super) fn check_limit(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    more: usize,
) -> Result<(), Refusal> {
    let (there,): (i64,) = tx.one(
        sql!(
            "SELECT COUNT(*) FROM guest JOIN invitation ON invitation.id = guest.invitation
             WHERE invitation.occasion = $1"
        ),
        &[occasion],
    )?;
    if there + i64::try_from(more).unwrap_or(i64::MAX) > LIMIT {
        return Err(Refusal::LimitReached(LIMIT));
    }
    Ok(())
}

fn check_age(guest: &Guest, pointer: &str, fields: &mut Findings) {
    let at = format!("{pointer}/age");
    if let Some(age) = guest.child_age {
        if guest.is_child {
            fields.number(&at, age, 0, 17);
        } else {
            fields.add(&at, "not_allowed", []);
        }
    }
}

fn plan_contact(
    tx: &mut Tx<'_>,
    id: &GuestId,
    change: &GuestChange,
    fields: &mut Findings,
) -> Result<Option<(Contact, Contact)>, StoreError> {
    if change.email.is_none() && change.phone.is_none() {
        return Ok(None);
    }
    let (email, phone) = tx.one(sql!("SELECT email, phone FROM guest WHERE id = $1"), &[id])?;
    let old = Contact { email, phone };
    let mut contact = old.clone();
    if let Some(email) = &change.email {
        contact.email = fields.email("/email", email.as_deref());
    }
    if let Some(phone) = &change.phone {
        contact.phone = fields.optional_line("/phone", phone.as_deref(), 32);
    }
    Ok(Some((old, contact)))
}

/// That a contact changed is written down, and not to what: the log is kept
/// longer than the guest.
fn compare_contacts(id: &GuestId, old: &Contact, new: &Contact) -> Changes {
    let text = |known: &Option<String>| known.clone().unwrap_or_default();
    let mut changes = Changes::default();
    for (field, old, new) in [
        ("email", &old.email, &new.email),
        ("phone", &old.phone, &new.phone),
    ] {
        let field = format!("guests/{id}/{field}");
        changes.compare_secret(&field, &text(old), &text(new));
    }
    changes
}

fn write_contact(tx: &mut Tx<'_>, id: &GuestId, contact: &Contact) -> Result<(), StoreError> {
    let email = contact.email.as_deref().map(text_cleaning::clean_line);
    tx.run(
        sql!("UPDATE guest SET email = $2, phone = $3 WHERE id = $1"),
        &[id, &email, &contact.phone],
        Rows::Exactly(1),
    )?;
    Ok(())
}

/// Invites one guest to these of the household's events and to no others.
fn invite_guest(
    tx: &mut Tx<'_>,
    guest: &mut Guest,
    household: &[EventId],
    invited: &[EventId],
) -> Result<(), Refusal> {
    if invited.iter().any(|event| !household.contains(event)) {
        let mut fields = Findings::default();
        fields.add("/events", "event_not_invited", []);
        return Ok(fields.finish()?);
    }
    let gone: Vec<EventId> = guest
        .replies
        .keys()
        .filter(|event| !invited.contains(event))
        .cloned()
        .collect();
    for event in gone {
        guest.replies.remove(&event);
        tx.run(
            sql!("DELETE FROM reply WHERE guest = $1 AND event = $2"),
            &[&guest.id, &event],
            Rows::Exactly(1),
        )?;
    }
    for event in invited {
        if !guest.replies.contains_key(event) {
            guest.replies.insert(event.clone(), Reply::PENDING);
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

/// Ends a change of people: its history, and what follows from every change.
fn finish(
    tx: &mut Tx<'_>,
    host: &HostOf,
    mut portal: Portal,
    before: &Household,
    action: &'static str,
    reached: Changes,
) -> Result<Portal, Refusal> {
    let household = &mut portal.household;
    let changes = household::differences(
        &before.guests,
        &household.guests,
        &portal.events,
        &portal.questions,
    );
    let (id, version) = (
        household.invitation.id.clone(),
        household.invitation.version,
    );
    if !changes.is_empty() {
        // Answers that go are kept here and nowhere else.
        rsvp::insert_submission(tx, &id, version, &changes, "host", Source::Web)?;
    }
    let mut told = reached;
    if !changes.is_empty() {
        told.extend(rsvp::masked(&changes));
    }
    let ending = Ending {
        action,
        what: "edited",
        changes: told.into_json(),
        moves_seats: true,
    };
    history::finish_invitation(tx, host, household, ending)?;
    invitations::load(tx, host, &id)
}
