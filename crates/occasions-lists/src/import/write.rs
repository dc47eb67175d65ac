//! Writes one household of an import. The caller's transaction writes the whole batch.

use occasions::answer::{self, Answers};
use occasions::event::cancelled;
use occasions::guest;
use occasions::hosting::history::{self, Ending};
use occasions::hosting::permissions::HostOf;
use occasions::hosting::{Refusal, duplicates, guests, invitations};
use occasions::household::{self, Household};
use occasions::household_plan::{self, asking};
use occasions::id::InvitationId;
use occasions::invitation;
use occasions::rsvp;
use occasions::words::{ActedBy, Source};
use platform::audit::Entity;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use web::Findings;

use super::gathered::Gathered;
use super::known::Known;
use super::vet::{self, Vetted};
use super::{Options, Outcome};
use crate::household_document::{Ground, Standing};
use crate::row_reference::{RowReference, is_of_row};

/// Changes the household that is here, or creates one. New codes have the length `length`.
pub(super) fn household(
    tx: &mut Tx<'_>,
    host: &HostOf,
    ground: &Ground,
    known: &Known,
    one: &Gathered,
    options: Options,
    length: usize,
) -> Result<(Outcome, InvitationId, i64), Refusal> {
    let mut findings = Findings::default();
    let Some(id) = &known.id else {
        let wanted = known.wanted(ground, one, None);
        let vetted = vet::vet(tx, ground, None, &wanted, options, &mut findings)?;
        findings.finish()?;
        let id = make(tx, host, ground, &vetted, length)?;
        remember(tx, ground, &id, one)?;
        return Ok((Outcome::Made, id, 1));
    };
    let locked = invitation::lock(tx, id)?.ok_or(Refusal::NotFound)?;
    if known.is_left {
        return Ok((Outcome::Same, id.clone(), locked.version));
    }
    let found = household::load(tx, locked)?;
    let old = Standing::load(tx, found)?;
    let before = old.record(ground);
    let wanted = known.wanted(ground, one, Some(&before));
    let after = before.merged(&wanted, ground, options.replaces(&old));
    let version = old.household.invitation.version;
    if after == before {
        remember(tx, ground, id, one)?;
        return Ok((Outcome::Same, id.clone(), version));
    }
    let vetted = vet::vet(tx, ground, Some(&old), &after, options, &mut findings)?;
    findings.finish()?;
    let is_same = vetted.is_already(&old);
    let version = if is_same {
        version
    } else {
        change(tx, host, ground, old, vetted)?
    };
    remember(tx, ground, id, one)?;
    let outcome = if is_same {
        Outcome::Same
    } else {
        Outcome::Changed
    };
    Ok((outcome, id.clone(), version))
}

fn remember(
    tx: &mut Tx<'_>,
    ground: &Ground,
    id: &InvitationId,
    one: &Gathered,
) -> Result<(), StoreError> {
    match &one.reference {
        Some(row) => write_row(tx, ground.occasion.id.as_str(), id, row),
        None => Ok(()),
    }
}

fn make(
    tx: &mut Tx<'_>,
    host: &HostOf,
    ground: &Ground,
    new: &Vetted,
    length: usize,
) -> Result<InvitationId, Refusal> {
    let occasion = &ground.occasion.id;
    let id = match &new.code {
        Some((shown, key)) => {
            invitation::insert(tx, occasion, shown, key, &new.details)?.ok_or(Refusal::CodeTaken)?
        }
        None => invitation::insert_with_drawn(tx, occasion, &new.details, length)?,
    };
    for event in &new.events {
        household::invite(tx, &id, event)?;
    }
    for guest in &new.guests {
        guest::insert(tx, &id, guest, Source::Import)?;
        if let Some(contact) = new.contacts.get(&guest.id) {
            guests::write_contact(tx, &guest.id, contact)?;
        }
    }
    answer::write(tx, &id, None, &Answers::new(), &new.answers)?;
    if !new.wish.is_empty() {
        write_wish(tx, &id, &new.wish)?;
    }
    write_reference(tx, occasion.as_str(), &id, new.reference.as_deref())?;
    if new.guests.iter().any(|guest| guest.answered_at().is_some()) {
        write_replied(tx, &id)?;
    }
    let made = invitation::find(tx, &id)?.ok_or(Refusal::NotFound)?;
    invitation::update_search(tx, &made, &new.guests)?;
    let changes = json!([{"field": "household", "old": null, "new": made.details.household}]);
    let entity = Entity::new("invitation", id.to_string());
    history::record(tx, host, "invitation.created", entity, changes)?;
    Ok(id)
}

fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    ground: &Ground,
    old: Standing,
    new: Vetted,
) -> Result<i64, Refusal> {
    let Standing {
        mut household,
        contacts,
        reference,
        is_as_listed: _,
    } = old;
    let id = household.invitation.id.clone();
    let mut changes = household_plan::differences(
        &household.guests,
        &new.guests,
        &ground.events,
        &ground.questions,
    );
    let answers = (&household.answers, &new.answers);
    asking::differences(answers.0, answers.1, &ground.questions, "", &mut changes);
    if !changes.is_empty() {
        // Only this row of the history still contains the replaced values.
        let version = household.invitation.version;
        rsvp::insert_submission(tx, &id, version, &changes, "host", Source::Import)?;
    }
    let before = household.invitation.details.clone();
    let fields = invitations::FIELDS;
    let mut told = web::fields::difference(fields, &before, &new.details);
    if new.details != before {
        invitation::update_details(tx, &id, &new.details)?;
    }
    if new.events != household.events {
        told.push(json!({"field": "events", "old": null, "new": null}));
        invitations::invite_to(tx, &household, &new.events)?;
        let known = std::mem::replace(&mut household.guests, guest::list(tx, &id)?);
        for (guest, known) in household.guests.iter_mut().zip(known) {
            guest.answers = known.answers;
        }
    }
    invite_guests(tx, &household, &new)?;
    rsvp::write_guests(tx, &household, &new.guests, ActedBy::Host, Source::Import)?;
    for (guest, contact) in &new.contacts {
        if contacts.get(guest).cloned().unwrap_or_default() != *contact {
            guests::write_contact(tx, guest, contact)?;
        }
    }
    answer::write(tx, &id, None, &household.answers, &new.answers)?;
    if new.wish != household.invitation.note {
        write_wish(tx, &id, &new.wish)?;
        told.push(json!({"field": "note", "old": "***", "new": "***"}));
    }
    if new.reference != reference {
        let occasion = ground.occasion.id.as_str();
        write_reference(tx, occasion, &id, new.reference.as_deref())?;
    }
    if changes
        .iter()
        .any(|change| change.field.contains("/replies/"))
    {
        write_replied(tx, &id)?;
    }
    if let serde_json::Value::Array(masked) = rsvp::masked(&changes) {
        told.extend(masked);
    }
    household.invitation.details = new.details;
    household.guests = new.guests;
    let ending = Ending {
        action: "invitation.changed",
        what: "edited",
        changes: told.into(),
        moves_seats: false,
    };
    history::finish_invitation(tx, host, &mut household, ending)?;
    Ok(household.invitation.version)
}

/// The replies of new guests are written with the guests.
fn invite_guests(tx: &mut Tx<'_>, household: &Household, new: &Vetted) -> Result<(), StoreError> {
    for old in &household.guests {
        let Some(guest) = new.guests.iter().find(|guest| guest.id == old.id) else {
            continue;
        };
        for event in old.replies.keys() {
            if !guest.replies.contains_key(event) {
                sql!(
                    "DELETE FROM reply WHERE guest = :id AND event = :event",
                    id = old.id,
                    event
                )
                .run(tx, Rows::AtMostOne)?;
            }
        }
        for (event, reply) in &guest.replies {
            if !old.replies.contains_key(event) {
                let by = ActedBy::Host;
                guest::insert_reply(tx, &old.id, event, reply, by, Source::Import)?;
            }
        }
    }
    Ok(())
}

fn write_wish(tx: &mut Tx<'_>, id: &InvitationId, wish: &str) -> Result<(), StoreError> {
    sql!(
        "UPDATE invitation SET note = :wish, note_version = note_version + 1 WHERE id = :id",
        id,
        wish
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn write_replied(tx: &mut Tx<'_>, id: &InvitationId) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "UPDATE invitation SET replied_at = :now WHERE id = :id",
        id,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn write_reference(
    tx: &mut Tx<'_>,
    occasion: &str,
    id: &InvitationId,
    reference: Option<&str>,
) -> Result<(), StoreError> {
    let Some(reference) = reference else {
        return Ok(());
    };
    remove_references(tx, id, |known| !is_of_row(known))?;
    insert_reference(tx, occasion, id, reference)
}

/// Remembers by which row of a list the household is found again.
fn write_row(
    tx: &mut Tx<'_>,
    occasion: &str,
    id: &InvitationId,
    row: &RowReference,
) -> Result<(), StoreError> {
    let names = row.of_names();
    let is_of_same = |known: &str| {
        known
            .strip_prefix(&names)
            .is_some_and(|rest| rest.starts_with(':'))
    };
    remove_references(tx, id, is_of_same)?;
    insert_reference(tx, occasion, id, &names)?;
    insert_reference(tx, occasion, id, &row.of_content())
}

fn remove_references(
    tx: &mut Tx<'_>,
    id: &InvitationId,
    is_removed: impl Fn(&str) -> bool,
) -> Result<(), StoreError> {
    let known: Vec<(String,)> = sql!(
        "SELECT reference FROM invitation_reference WHERE invitation = :id",
        id
    )
    .all(tx)?;
    for (reference,) in known.iter().filter(|(known,)| is_removed(known)) {
        sql!(
            "DELETE FROM invitation_reference
             WHERE invitation = :id AND reference = :reference",
            id,
            reference
        )
        .run(tx, Rows::AtMostOne)?;
    }
    Ok(())
}

fn insert_reference(
    tx: &mut Tx<'_>,
    occasion: &str,
    id: &InvitationId,
    reference: &str,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO invitation_reference (occasion, reference, invitation)
         VALUES (:occasion, :reference, :id)
         ON CONFLICT (occasion, reference) DO UPDATE SET invitation = excluded.invitation",
        occasion,
        reference,
        id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Deletes a household that an import created. Keeps the household if somebody has changed it
/// since. Returns whether it was deleted.
pub(super) fn remove(tx: &mut Tx<'_>, id: &InvitationId, version: i64) -> Result<bool, StoreError> {
    if invitation::lock(tx, id)?.is_none() {
        return Ok(false);
    }
    let untouched: Option<(i64,)> = sql!(
        "SELECT version FROM invitation
         WHERE id = :id AND version = :version AND sent_at IS NULL AND first_opened_at IS NULL
           AND archived_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM bulk_row WHERE bulk_row.invitation = invitation.id)
           AND NOT EXISTS (SELECT 1 FROM open_answer
                           WHERE open_answer.invitation = invitation.id)
           AND NOT EXISTS (SELECT 1 FROM gift_reservation
                           WHERE gift_reservation.invitation = invitation.id)
           AND NOT EXISTS (SELECT 1 FROM handed WHERE handed.invitation = invitation.id)
           AND NOT EXISTS (SELECT 1 FROM form_event
                           WHERE form_event.invitation = invitation.id)
           AND NOT EXISTS (SELECT 1 FROM upload WHERE upload.invitation = invitation.id)",
        id,
        version
    )
    .maybe(tx)?;
    if untouched.is_none() {
        return Ok(false);
    }
    sql!("DELETE FROM answer WHERE invitation = :id", id).run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM reply WHERE guest IN (SELECT id FROM guest WHERE invitation = :id)",
        id
    )
    .run(tx, Rows::Any)?;
    cancelled::forget_invitation(tx, id)?;
    sql!("DELETE FROM guest WHERE invitation = :id", id).run(tx, Rows::Any)?;
    sql!("DELETE FROM invitation_event WHERE invitation = :id", id).run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM invitation_reference WHERE invitation = :id",
        id
    )
    .run(tx, Rows::Any)?;
    sql!("DELETE FROM submission WHERE invitation = :id", id).run(tx, Rows::Any)?;
    duplicates::forget(tx, id)?;
    sql!("DELETE FROM invitation WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    Ok(true)
}
