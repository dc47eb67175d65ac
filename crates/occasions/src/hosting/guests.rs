//! Lets hosts add, change, remove and sort the guests of an invitation at any time. Guests have no
//! version. A change to a guest raises the invitation's version.

mod details;
mod places;

use std::collections::BTreeMap;

use platform::store::IdSet;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use web::{Findings, Input, fields};

pub(crate) use details::{FIELDS, fields_for};
pub use details::{GuestChange, GuestDetails, NewGuest};
pub(super) use places::fit_places;
use places::take_place;
pub use places::{drop_places, unnamed};

use super::history::{self, Changes, Ending};
use super::permissions::{HostOf, Permission};
use super::{Refusal, occasions, portals};
use crate::diet::{self, DietaryOption};
use crate::event::{self, Event};
use crate::guest::{self, Guest, Reply};
use crate::household::{GUEST_LIMIT, Household};
use crate::household_plan;
use crate::id::{EventId, GuestId, InvitationId};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::occasion::Occasion;
use crate::phone;
use crate::rsvp;
use crate::size_limits;
use crate::words::{ActedBy, GuestKind, Source};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// A new guest with valid fields. The checks that depend on the household come later.
pub struct Planned {
    pub guest: Guest,
    pub contact: Contact,
    may_exceed: bool,
}

impl From<Guest> for Planned {
    fn from(guest: Guest) -> Self {
        Self {
            guest,
            contact: Contact::default(),
            may_exceed: false,
        }
    }
}

/// The occasion's data that the checks of new guests need.
pub struct Planning<'a> {
    occasion: &'a Occasion,
    events: &'a [Event],
    diets: Vec<DietaryOption>,
    /// Whether whom the household brings needs a name.
    pub needs_names: bool,
}

impl<'a> Planning<'a> {
    pub fn new(
        tx: &mut Tx<'_>,
        occasion: &'a Occasion,
        events: &'a [Event],
    ) -> Result<Self, StoreError> {
        let diets = diet::list(tx, &occasion.id)?;
        Ok(Self::of(occasion, events, diets))
    }

    /// Like [`Planning::new`], but with dietary options that the caller has already loaded.
    pub fn of(occasion: &'a Occasion, events: &'a [Event], diets: Vec<DietaryOption>) -> Self {
        Self {
            needs_names: occasion.switches.plus_one_name_required,
            occasion,
            events,
            diets,
        }
    }

    /// Checks the fields of new guests. The JSON pointers in the errors begin with `/guests`.
    pub fn plan(
        &self,
        tx: &mut Tx<'_>,
        people: &[Input],
        invited: &[EventId],
        findings: &mut Findings,
    ) -> Vec<Planned> {
        let all = people.iter().enumerate().map(|(index, input)| {
            let mut found = Findings::default();
            let planned = self.one(tx, input, invited, &mut found);
            for one in found.finish().err().unwrap_or_default() {
                let pointer = format!("/guests/{index}{}", one.pointer);
                findings.add(&pointer, one.code, one.values);
            }
            planned
        });
        all.collect()
    }

    fn one(
        &self,
        tx: &mut Tx<'_>,
        input: &Input,
        invited: &[EventId],
        findings: &mut Findings,
    ) -> Planned {
        let blank = GuestDetails {
            events: event::keys_of(self.events, invited),
            ..GuestDetails::default()
        };
        let (new, events) = self.read(input, &blank, true, findings);
        let guest = Guest {
            id: tx.id(),
            name: new.name,
            kind: new.kind,
            is_child: new.is_child,
            child_age: new.age,
            added_by: ActedBy::Host,
            diets: new.diets,
            diet_note: new.diet_note,
            replies: events
                .into_iter()
                .filter(|event| invited.contains(event))
                .map(|event| (event, Reply::PENDING))
                .collect(),
            ..Guest::default()
        };
        Planned {
            guest,
            contact: Contact {
                email: new.email,
                phone: new.phone,
            },
            may_exceed: new.r#override,
        }
    }

    fn read(
        &self,
        input: &Input,
        old: &GuestDetails,
        is_new: bool,
        findings: &mut Findings,
    ) -> (GuestDetails, Vec<EventId>) {
        let zone = self.occasion.zone();
        let mut new = input.apply(&fields_for(is_new), old, is_new, &zone, findings);
        phone::check_digits("/phone", new.phone.as_deref(), findings);
        // A form always sends every field. A JSON request may leave fields out.
        let is_said = |name| is_new || matches!(input, Input::Form(..)) || input.has(name);
        let had_none = !is_new && old.name.is_empty();
        let may_be_empty = new.kind == GuestKind::PlusOne && (had_none || !self.needs_names);
        if is_said("name") && new.name.is_empty() && !may_be_empty {
            findings.add("/name", "required", []);
        }
        if !new.is_child && !input.has("age") {
            new.age = None;
        }
        if !new.is_child && new.age.is_some() {
            findings.add("/age", "not_allowed", []);
        }
        if new.diets != old.diets {
            new.diets.sort();
            new.diets.dedup();
            let is_known = |key: &String| self.diets.iter().any(|option| option.key == *key);
            if new.diets.len() > 20 {
                findings.add("/diets", "too_many", [("max", 20.into())]);
            } else if !new.diets.iter().all(is_known) {
                findings.add("/diets", "unknown_option", []);
            }
        }
        let is_asked = is_said("diets") || is_said("diet_note");
        if is_asked && new.diet_note.is_empty() && new.diets.iter().any(|key| key == "other") {
            findings.add("/diet_note", "dietary_note_required", []);
        }
        let events = event::by_keys(self.events, &new.events, "/events", findings);
        new.events = event::keys_of(self.events, &events);
        findings.sort(FIELDS);
        (new, events)
    }
}

/// Adds guests to an invitation. Refuses a plus-one beyond the household's allowance, unless the
/// request explicitly allows this.
pub fn add(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
    people: &[Input],
) -> Result<(InvitationSnapshot, Vec<GuestId>), Refusal> {
    host.needs(Permission::Invite)?;
    occasions::lock(tx, host)?;
    let mut snapshot = portals::lock(tx, host, id, version)?;
    let mut findings = Findings::default();
    let planning = Planning::new(tx, &snapshot.occasion, &snapshot.events)?;
    let planned = planning.plan(tx, people, &snapshot.household.events, &mut findings);
    findings.finish()?;
    size_limits::check_guests(tx, host.occasion(), planned.len())?;
    let before = snapshot.household.clone();
    settle(tx, &mut snapshot.household, planned)?;
    let is_new = |guest: &&Guest| {
        let known = before.guests.iter().find(|known| known.id == guest.id);
        known.is_none_or(|known| known.name != guest.name)
    };
    let added = snapshot.household.guests.iter().filter(is_new);
    let added = added.map(|guest| guest.id.clone()).collect();
    let saved = finish(
        tx,
        host,
        snapshot,
        &before,
        "guest.added",
        Changes::default(),
    )?;
    Ok((saved, added))
}

pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &GuestId,
    version: i64,
    input: &Input,
) -> Result<InvitationSnapshot, Refusal> {
    let (mut snapshot, at) = lock_by_guest(tx, host, id, Some(version))?;
    let before = snapshot.household.clone();
    let mut guest = before.guests[at].clone();
    let mut findings = Findings::default();
    let planning = Planning::new(tx, &snapshot.occasion, &snapshot.events)?;
    let old = GuestDetails::of(&guest, contact(tx, id)?, &snapshot.events);
    let (new, invited) = planning.read(input, &old, false, &mut findings);
    findings.finish()?;
    if new == old {
        return Ok(snapshot);
    }
    if new.events != old.events {
        invite_guest(tx, &mut guest, &snapshot.household.events, &invited)?;
    }
    // The audit log says that contact data changed, but does not contain the data.
    let secret = FIELDS.iter().copied().filter(|field| field.is_secret);
    let mut reached = fields::difference(&secret.collect::<Vec<_>>(), &old, &new);
    for change in &mut reached {
        let field = change["field"].as_str().unwrap_or_default();
        change["field"] = format!("guests/{id}/{field}").into();
    }
    guest.name = new.name;
    guest.is_child = new.is_child;
    guest.child_age = new.age;
    guest.diets = new.diets;
    guest.diet_note = new.diet_note;
    guest::update(tx, &guest)?;
    let (email, phone) = (new.email, new.phone);
    write_contact(tx, id, &Contact { email, phone })?;
    snapshot.household.guests[at] = guest;
    let reached = Changes::from(reached);
    finish(tx, host, snapshot, &before, "guest.changed", reached)
}

/// Removes a guest and all answers of the guest, even a guest whom the hosts listed by name. The
/// household's allowance stays the same.
pub fn remove(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &GuestId,
    version: Option<i64>,
) -> Result<InvitationSnapshot, Refusal> {
    let (mut snapshot, at) = lock_by_guest(tx, host, id, version)?;
    let before = snapshot.household.clone();
    guest::remove(tx, id)?;
    snapshot.household.guests.remove(at);
    finish(
        tx,
        host,
        snapshot,
        &before,
        "guest.removed",
        Changes::default(),
    )
}

/// Sorts the guests of an invitation in the order of `wanted`. Guests missing from `wanted` come
/// last.
pub fn order(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
    wanted: &[GuestId],
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(Permission::Invite)?;
    let mut snapshot = portals::lock(tx, host, id, version)?;
    let before = snapshot.household.clone();
    let there = |id: &GuestId| before.guests.iter().any(|guest| guest.id == *id);
    if !wanted.iter().all(there) {
        return Err(Refusal::GuestNotFound);
    }
    snapshot.household.guests.sort_by_key(|guest| {
        let place = wanted.iter().position(|id| *id == guest.id);
        place.unwrap_or(wanted.len())
    });
    for (position, guest) in (0_i64..).zip(&mut snapshot.household.guests) {
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
        snapshot,
        &before,
        "guest.ordered",
        Changes::default(),
    )
}

/// Returns the contact data of an invitation's guests. Guests without contact data are left out.
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

/// Like [`contacts`], for these invitations. Invitations without contact data are left out.
pub fn contacts_of_all<'a>(
    tx: &mut Tx<'_>,
    invitations: impl Iterator<Item = &'a InvitationId>,
) -> Result<BTreeMap<InvitationId, BTreeMap<GuestId, Contact>>, StoreError> {
    let mut all: BTreeMap<InvitationId, BTreeMap<GuestId, Contact>> = BTreeMap::new();
    for set in IdSet::of(invitations.map(InvitationId::as_str)) {
        let found: Vec<(InvitationId, GuestId, Option<String>, Option<String>)> = sql!(
            "SELECT invitation, id, email, phone FROM guest
             WHERE invitation IN ({:IdSet}) AND (email IS NOT NULL OR phone IS NOT NULL)",
            IdSet = set
        )
        .all(tx)?;
        for (invitation, guest, email, phone) in found {
            let contacts = all.entry(invitation).or_default();
            contacts.insert(guest, Contact { email, phone });
        }
    }
    Ok(all)
}

/// Locks the invitation to which a guest belongs. Returns the invitation, and the guest's index in
/// it.
pub(super) fn lock_by_guest(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &GuestId,
    version: Option<i64>,
) -> Result<(InvitationSnapshot, usize), Refusal> {
    host.needs(Permission::Invite)?;
    let found: Option<(InvitationId,)> =
        tx.maybe(sql!("SELECT invitation FROM guest WHERE id = $1"), &[id])?;
    let (invitation,) = found.ok_or(Refusal::GuestNotFound)?;
    let snapshot = portals::lock(tx, host, &invitation, version)?;
    let guests = &snapshot.household.guests;
    // Before the lock was taken, the household may have removed the guest.
    let at = guests
        .iter()
        .position(|guest| guest.id == *id)
        .ok_or(Refusal::GuestNotFound)?;
    Ok((snapshot, at))
}

/// Adds new guests to a household, within the household's allowance and the occasion's limits. The
/// caller must hold the invitation's lock.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    household: &mut Household,
    planned: Vec<Planned>,
) -> Result<(), Refusal> {
    let names_nobody = household.names_nobody();
    for mut one in planned {
        if names_nobody && take_place(tx, household, &one)? {
            continue;
        }
        if household.guests.len() >= GUEST_LIMIT {
            return Err(Refusal::GuestLimit);
        }
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

fn contact(tx: &mut Tx<'_>, id: &GuestId) -> Result<Contact, StoreError> {
    let (email, phone) = sql!("SELECT email, phone FROM guest WHERE id = :id", id).one(tx)?;
    Ok(Contact { email, phone })
}

pub fn write_contact(tx: &mut Tx<'_>, id: &GuestId, contact: &Contact) -> Result<(), StoreError> {
    let email = contact.email.as_deref().map(text_cleaning::clean_line);
    tx.run(
        sql!("UPDATE guest SET email = $2, phone = $3, phone_e164 = NULL WHERE id = $1"),
        &[id, &email, &contact.phone],
        Rows::Exactly(1),
    )?;
    phone::note_of_guest(tx, id, contact.phone.as_deref())
}

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

fn finish(
    tx: &mut Tx<'_>,
    host: &HostOf,
    mut snapshot: InvitationSnapshot,
    before: &Household,
    action: &'static str,
    reached: Changes,
) -> Result<InvitationSnapshot, Refusal> {
    let household = &mut snapshot.household;
    let changes = household_plan::differences(
        &before.guests,
        &household.guests,
        &snapshot.events,
        &snapshot.questions,
    );
    let (id, version) = (
        household.invitation.id.clone(),
        household.invitation.version,
    );
    if !changes.is_empty() {
        // Only this row of the history still contains the deleted answers.
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
    portals::load(tx, host, &id)
}
