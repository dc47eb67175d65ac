//! Lets hosts handle answers without a code. A host can approve the answer, merge it into an
//! existing invitation, or archive it like any other invitation.

use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde_json::json;

use super::history::{self, Ending};
use super::permissions::{HostOf, Permission};
use super::{Refusal, portals};
use crate::event::{self, Seats, cancelled};
use crate::form_event;
use crate::gift_reservation;
use crate::guest::{self, Guest, Reply};
use crate::household::{GUEST_LIMIT, Household};
use crate::household_plan;
use crate::id::{GuestId, InvitationId};
use crate::invitation::{self, Invitation};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::open_rsvp;
use crate::rsvp::{self, NOTE_LIMIT};
use crate::upload;
use crate::words::{ActedBy, GuestKind, Source};

/// Approves an answer without a code. From then on its guests take seats like all other guests. So
/// approval fails if too few seats are free. The guest's note may then be published, until the
/// guest changes it.
pub fn approve(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(Permission::Invite)?;
    let mut snapshot = portals::lock(tx, host, id, version)?;
    let mark = open_rsvp::find_mark(tx, id)?.ok_or(Refusal::WrongState)?;
    if mark.approved_at.is_some() {
        return Ok(snapshot);
    }
    if snapshot.household.invitation.is_unapproved {
        confirm_seats(tx, &mut snapshot)?;
    }
    let now = tx.now();
    sql!(
        "UPDATE open_answer SET approved_at = :now, approved_note_version = :approved_note_version
         WHERE invitation = :id",
        id,
        now,
        approved_note_version = snapshot.household.invitation.note_version
    )
    .run(tx, Rows::Exactly(1))?;
    let ending = Ending {
        action: "invitation.approved",
        what: "edited",
        changes: json!([]),
        moves_seats: false,
    };
    history::finish_invitation(tx, host, &mut snapshot.household, ending)?;
    rsvp::move_up(tx, host.occasion())?;
    portals::load_changed(tx, host, id)
}

/// The caller must hold the locks of the events and the invitation.
fn confirm_seats(tx: &mut Tx<'_>, snapshot: &mut InvitationSnapshot) -> Result<(), Refusal> {
    rsvp::seat(tx, snapshot, &[], Seats::Free)?;
    let guests = std::mem::take(&mut snapshot.household.guests);
    snapshot.household.invitation.is_unapproved = false;
    rsvp::check_seats(snapshot, &guests)?;
    rsvp::seat(tx, snapshot, &guests, Seats::Free)?;
    snapshot.household.guests = guests;
    sql!(
        "UPDATE invitation SET unapproved = 0 WHERE id = :id",
        id = snapshot.household.invitation.id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Finds an invitation of the host's occasion by the code that the host typed.
pub fn find_by_code(
    tx: &mut Tx<'_>,
    host: &HostOf,
    typed: &str,
) -> Result<Option<InvitationId>, Refusal> {
    host.needs(Permission::SeeContacts)?;
    let Ok(key) = crate::code::CodeKey::parse(typed) else {
        return Ok(None);
    };
    let found = invitation::find_by_code(tx, &key)?;
    let found = found.filter(|one| one.occasion == *host.occasion());
    Ok(found.map(|one| one.id))
}

/// Moves the guests of the invitation `from` to `into`. `into` keeps its code, its name and its
/// other data. From then on, the code of `from` opens `into`.
///
/// Guests with the same name on both invitations, in whichever order of its parts, are treated as one
/// person. Guests without names
/// are paired one to one. If both have replied to an event, the later reply counts. The duplicate
/// guests stay on `from`, which is archived. Unless both invitations wait for approval, the merged
/// answer counts as approved, and the events must have enough seats for it.
pub fn merge(
    tx: &mut Tx<'_>,
    host: &HostOf,
    from: &InvitationId,
    into: &InvitationId,
    version: Option<i64>,
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(Permission::Invite)?;
    if from == into {
        return Err(Refusal::WrongState);
    }
    // Both invitations are always locked in the order of their ids. So two merges in opposite
    // directions cannot deadlock.
    event::lock_limited(tx, host.occasion())?;
    let (first, second) = if from < into {
        (from, into)
    } else {
        (into, from)
    };
    for id in [first, second] {
        invitation::lock(tx, id)?.ok_or(Refusal::NotFound)?;
    }
    let mut leaving = portals::lock(tx, host, from, version)?;
    let mut staying = portals::lock(tx, host, into, None)?;
    let plan = unite(&staying.household, &leaving.household);
    if plan.after.len() > GUEST_LIMIT {
        return Err(Refusal::GuestLimit);
    }
    let before = staying.household.guests.clone();
    for guest in &plan.moved {
        move_guest(tx, guest, into)?;
    }
    for (staying, leaving) in &plan.same {
        cancelled::take_answers(tx, staying, leaving)?;
    }
    update_staying(tx, &staying.household, &plan)?;
    let merged = merge_details(&leaving.household.invitation, &staying.household.invitation);
    keep(tx, &merged)?;
    leave(tx, from, into)?;
    gift_reservation::hand_over(tx, host.occasion(), from, into)?;
    form_event::hand_over(tx, from, into)?;
    upload::hand_over(tx, from, into)?;
    staying.household.guests.clone_from(&plan.after);
    staying.household.invitation = merged;
    let mut changes: Vec<serde_json::Value> = vec![
        json!({"field": "household", "old": leaving.household.invitation.details.household,
            "new": staying.household.invitation.details.household}),
    ];
    let differences = household_plan::differences(
        &before,
        &staying.household.guests,
        &staying.events,
        &staying.questions,
    );
    if let serde_json::Value::Array(more) = rsvp::masked(&differences) {
        changes.extend(more);
    }
    rsvp::insert_submission(
        tx,
        into,
        staying.household.invitation.version,
        &differences,
        "host",
        Source::Web,
    )?;
    let ending = Ending {
        action: "invitation.merged",
        what: "edited",
        changes: changes.into(),
        moves_seats: true,
    };
    history::finish_invitation(tx, host, &mut staying.household, ending)?;
    check_merged_seats(tx, &staying)?;
    let moved = |guest: &Guest| plan.moved.iter().any(|one| one.id == guest.id);
    leaving.household.guests.retain(|guest| !moved(guest));
    let ending = Ending {
        action: "invitation.archived",
        what: "archived",
        changes: json!([{"field": "archived", "old": false, "new": true}]),
        moves_seats: false,
    };
    history::finish_invitation(tx, host, &mut leaving.household, ending)?;
    portals::load_changed(tx, host, into)
}

/// The caller must have loaded `before` under the locks, and must still hold them.
fn check_merged_seats(tx: &mut Tx<'_>, before: &InvitationSnapshot) -> Result<(), Refusal> {
    for (id, after) in event::seats_taken(tx, &before.occasion.id)? {
        let taken = before.seats_taken.get(&id).copied().unwrap_or_default();
        let event = before.events.iter().find(|event| event.id == id);
        let Some((event, capacity)) = event.and_then(|one| Some((one, one.capacity?))) else {
            continue;
        };
        if after.confirmed > capacity && after.confirmed > taken.confirmed {
            return Err(Refusal::EventFull {
                event: event.key.clone(),
                left: taken.remaining(capacity, false),
            });
        }
    }
    Ok(())
}

struct United {
    after: Vec<Guest>,
    /// The guests in `after` who were on the merged invitation.
    moved: Vec<Guest>,
    /// Guests who are on both invitations: the one who stays, and the other.
    same: Vec<(GuestId, GuestId)>,
}

fn unite(staying: &Household, leaving: &Household) -> United {
    let mut after = staying.guests.clone();
    let mut known: Vec<bool> = vec![false; after.len()];
    let (mut moved, mut same_people) = (Vec::new(), Vec::new());
    for other in &leaving.guests {
        let same =
            (0..known.len()).find(|at| !known[*at] && same_name(&after[*at].name, &other.name));
        match same {
            Some(at) => {
                known[at] = true;
                same_people.push((after[at].id.clone(), other.id.clone()));
                take_answers(&mut after[at], other);
            }
            None => moved.push(other.clone()),
        }
    }
    // Whoever has a name is one of those of whom hosts knew only the number.
    let is_same = |guest: &Guest| same_people.iter().any(|(one, _)| *one == guest.id);
    let count = |guests: &[Guest]| {
        let named = guests
            .iter()
            .filter(|one| !one.name.is_empty() && !is_same(one));
        named.count()
    };
    let (stay, come) = (count(&after), count(&moved));
    for (is_nameless, places, people) in [
        (staying.names_nobody(), &mut after, come),
        (leaving.names_nobody(), &mut moved, stay),
    ] {
        for _ in 0..if is_nameless { people } else { 0 } {
            let at = places
                .iter()
                .position(|one| one.is_place() && !is_same(one));
            at.map(|at| places.remove(at));
        }
    }
    let next = after.iter().map(|one| one.position + 1).max().unwrap_or(0);
    for (position, guest) in (next..).zip(&mut moved) {
        guest.position = position;
        // A guest without a name counts as brought by the household.
        guest.kind = if guest.name.is_empty() {
            GuestKind::PlusOne
        } else {
            guest.kind
        };
        let invited = staying.events.iter();
        let invited = invited.map(|event| {
            let reply = guest.replies.get(event).cloned();
            (event.clone(), reply.unwrap_or(Reply::PENDING))
        });
        guest.replies = invited.collect();
        after.push(guest.clone());
    }
    United {
        after,
        moved,
        same: same_people,
    }
}

/// Whether two names are one, whichever part stands first: "Müller, Klaus" and "Klaus Müller".
fn same_name(one: &str, other: &str) -> bool {
    let parts = |name: &str| {
        let folded = text_cleaning::fold(name);
        let parts = folded.split(|sign: char| !sign.is_alphanumeric());
        let mut parts: Vec<String> = parts
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        parts.sort();
        parts
    };
    let (first, second) = (parts(one), parts(other));
    first == second && (!first.is_empty() || text_cleaning::fold(one) == text_cleaning::fold(other))
}

/// The later reply wins. Dietary requirements are copied only if `guest` has none.
fn take_answers(guest: &mut Guest, other: &Guest) {
    for (event, reply) in &mut guest.replies {
        if let Some(theirs) = other.replies.get(event)
            && theirs.answered_at > reply.answered_at
        {
            *reply = theirs.clone();
        }
    }
    if guest.diets.is_empty() && guest.diet_note.is_empty() {
        guest.diets.clone_from(&other.diets);
        guest.diet_note.clone_from(&other.diet_note);
    }
}

/// Moves a guest to another invitation, together with all replies and answers.
pub(super) fn move_guest(
    tx: &mut Tx<'_>,
    guest: &Guest,
    into: &InvitationId,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE guest SET invitation = :into, position = :position, kind = :kind WHERE id = :id",
        id = guest.id,
        into,
        position = guest.position,
        kind = guest.kind
    )
    .run(tx, Rows::Exactly(1))?;
    sql!(
        "UPDATE answer SET invitation = :into WHERE guest = :guest",
        guest = guest.id,
        into
    )
    .run(tx, Rows::Any)?;
    sql!("DELETE FROM reply WHERE guest = :guest", guest = guest.id).run(tx, Rows::Any)?;
    for (event, reply) in &guest.replies {
        let by = ActedBy::Household;
        guest::insert_reply(tx, &guest.id, event, reply, by, Source::Web)?;
    }
    Ok(())
}

fn update_staying(tx: &mut Tx<'_>, staying: &Household, plan: &United) -> Result<(), StoreError> {
    let there: Vec<Guest> = plan
        .after
        .iter()
        .filter(|guest| staying.guests.iter().any(|old| old.id == guest.id))
        .cloned()
        .collect();
    let by = ActedBy::Household;
    rsvp::write_guests(tx, staying, &there, by, Source::Web)
}

fn merge_details(leaving: &Invitation, staying: &Invitation) -> Invitation {
    let mut merged = staying.clone();
    let details = &mut merged.details;
    for (mine, theirs) in [
        (&mut details.email, &leaving.details.email),
        (&mut details.phone, &leaving.details.phone),
        (&mut details.language, &leaving.details.language),
    ] {
        if mine.is_none() {
            mine.clone_from(theirs);
        }
    }
    let both = [staying.note.as_str(), leaving.note.as_str()];
    let both: Vec<&str> = both.into_iter().filter(|note| !note.is_empty()).collect();
    let note = both.join("\n\n");
    // If the two notes are too long together, the merged invitation's note is kept only on that
    // invitation, in the archive.
    if note != merged.note && text_cleaning::length(&note) <= NOTE_LIMIT {
        merged.note = note;
        merged.note_version += 1;
    }
    merged.replied_at = staying.replied_at.max(leaving.replied_at);
    merged.is_unapproved = staying.is_unapproved && leaving.is_unapproved;
    merged
}

fn keep(tx: &mut Tx<'_>, merged: &Invitation) -> Result<(), StoreError> {
    invitation::update_details(tx, &merged.id, &merged.details)?;
    sql!(
        "UPDATE invitation SET note = :note, note_version = :note_version,
             replied_at = :replied_at, unapproved = :unapproved
         WHERE id = :id",
        id = merged.id,
        note = merged.note,
        note_version = merged.note_version,
        replied_at = merged.replied_at,
        unapproved = merged.is_unapproved
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// All codes that opened the merged invitation now open the remaining one.
fn leave(tx: &mut Tx<'_>, from: &InvitationId, into: &InvitationId) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "UPDATE invitation SET archived_at = :now, merged_into = :into WHERE id = :from",
        from,
        into,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    sql!(
        "UPDATE invitation SET merged_into = :into WHERE merged_into = :from",
        from,
        into
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
