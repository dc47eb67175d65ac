//! Adds, changes and removes events, on behalf of hosts. A change first waits for all saves in
//! progress.

use ::web::fields::{Part, flag, hour, https, key, line, lines, moment, number, rows, texts};
use ::web::{Field, Findings, Input, Limits, List, PageQuery};
use jiff::{SignedDuration, Timestamp};
use platform::{Rows, StoreError, Tx, sql};
use site::dates;

use super::resource::{
    Edit, History, Parent as _, Removal, Resource, TypedRemoval, free_key, history_of,
    next_position,
};
use super::{HostOf, Permission, Refusal};
use crate::event::{Event, ScheduleLine, list, lock_limited, whole_days};
use crate::id::{EventId, OccasionId};
use crate::invitation::wait_for_answers;
use crate::rsvp;

const USUAL_LENGTH: SignedDuration = SignedDuration::from_hours(2);

const MOST_DAYS: i64 = 7;

/// The maximum number of lines in a schedule.
pub(crate) const LINES: usize = 50;

pub(crate) const SCHEDULE: Part<ScheduleLine> = ::web::part! { ScheduleLine:
    time: hour().label("host-schedule-time").required(),
    title: texts(Limits::required(120)).label("host-schedule-title"),
    detail: texts(Limits::lines(500)).label("host-schedule-detail"),
};

struct NewEvent {
    invite_all: bool,
}

impl Resource for Event {
    type Parent = HostOf;
    const FIELDS: &'static [Field] = ::web::fields! { Event:
        name: texts(Limits::required(120)).label("host-field-event-name").wording(),
        starts_at: moment().label("host-field-starts").required(),
        ends_at: moment().label("host-field-ends").hint("host-field-ends-hint"),
        hour_known: flag().label("host-field-hour-known").hint("host-field-hour-known-hint"),
        venue: line(160).label("host-field-venue"),
        address: lines(500).label("host-field-address"),
        map_url: https().label("host-field-map").hint("host-field-map-hint"),
        capacity: number(1, 100_000).optional().label("host-seats").hint("host-field-seats-hint"),
        open_to_all: flag().label("host-field-open-to-all").hint("host-field-open-to-all-hint"),
        position: number(0, 1_000).label("host-field-position").hint("host-field-event-position-hint"),
        key: key(1, 40).label("host-field-key").hint("host-field-key-hint").fixed(),
        dress_code: texts(Limits::line(200)).label("host-field-dress").wording(),
        schedule: rows(SCHEDULE, LINES).label("host-schedule").wording(),
    };
    const OPTIONS: &'static [Field] = ::web::fields! { NewEvent: invite_all: flag() };
    const HISTORY: History = history_of!("event", named_by: "key");
    const NEWS: &'static str = "events";
    const LIMIT: Option<usize> = Some(20);
    const WRITERS: Permission = Permission::Write;
    const TYPED_REMOVAL: TypedRemoval = TypedRemoval::Everybody;

    fn key(&self) -> &str {
        &self.key
    }

    fn address(&self) -> &str {
        self.id.as_str()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn list(tx: &mut Tx<'_>, host: &HostOf, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(list(tx, host.occasion())?))
    }

    fn blank(tx: &mut Tx<'_>, _: &HostOf, _: &Input, there: &[Self]) -> Result<Self, Refusal> {
        let is_taken = |key: &str| there.iter().any(|event| event.key == key);
        let key = if is_taken("main") {
            free_key("event", 2.., is_taken)
        } else {
            "main".to_owned()
        };
        Ok(Self {
            id: tx.id(),
            key,
            starts_at: tx.now(),
            ends_at: tx.now() + USUAL_LENGTH,
            hour_known: true,
            position: next_position(there.iter().map(|event| event.position)),
            version: 1,
            ..Self::default()
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let had_hour = edit.old.is_some_and(|old| old.hour_known);
        let has_moved = edit.old.is_none_or(|old| old.starts_at != self.starts_at);
        // A form sends the end too. That of whole days says nothing about an hour that is now known.
        let has_end = edit.input.has("ends_at")
            && edit
                .old
                .filter(|_| matches!(edit.input, Input::Form(..)))
                .is_none_or(|old| old.hour_known || old.ends_at != self.ends_at);
        if !self.hour_known {
            let zone = edit.parent.zone(tx)?;
            let [first, _] = whole_days::days_of(self, &zone);
            let mut day = self.clone();
            whole_days::set_days(&mut day, [first, first], &zone);
            self.hour_known = !had_hour && has_moved && day.starts_at != self.starts_at;
            if !self.hour_known && (!has_end || self.starts_at < self.ends_at) {
                let days = match edit.old {
                    _ if has_end => whole_days::days_of(self, &zone),
                    Some(old) => whole_days::as_many_days(old, first, &zone),
                    None => [first, first],
                };
                whole_days::set_days(self, days, &zone);
            }
        }
        // A host who changes only the start moves the whole event, so its length stays the same.
        let was_given_hour = self.hour_known && !had_hour;
        if self.hour_known && !has_end && (has_moved || was_given_hour) {
            let length = edit.old.filter(|_| had_hour).map_or(USUAL_LENGTH, |old| {
                old.ends_at.duration_since(old.starts_at)
            });
            self.ends_at = self.starts_at.checked_add(length).unwrap_or(Timestamp::MAX);
        }
        let length = self.ends_at.duration_since(self.starts_at);
        // The last of whole days has 25 hours if the clocks are set back.
        let most = MOST_DAYS * 24 + i64::from(!self.hour_known);
        if !length.is_positive() {
            findings.add("/ends_at", "ends_before_start", []);
        } else if length > SignedDuration::from_hours(most) {
            let values = [("min", 0.into()), ("max", MOST_DAYS.into())];
            findings.add("/ends_at", "out_of_range", values);
        }
        if let Some(old) = edit.old
            && ((self.starts_at, self.ends_at, self.hour_known)
                != (old.starts_at, old.ends_at, old.hour_known)
                || (&self.venue, &self.address) != (&old.venue, &old.address))
        {
            self.calendar_sequence += 1;
        }
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        let occasion = edit.parent.occasion();
        Self::insert(self, tx, occasion)?;
        if self.open_to_all || edit.input.flag("invite_all", true) {
            invite_everyone(tx, occasion, &self.id)?;
        }
        Ok(())
    }

    fn update(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        let occasion = edit.parent.occasion();
        // The events must be locked before the invitations, as in every save. Households that move
        // up from the waiting list are locked later.
        lock_limited(tx, occasion)?;
        lock(tx, &self.id)?;
        let date = |event: &Self| (event.starts_at, event.hour_known);
        if edit.old.is_some_and(|old| date(old) != date(self)) {
            dates::moved(tx, self.id.as_str())?;
        }
        if edit.old.is_some_and(|old| old.capacity != self.capacity) {
            // Saves in progress do not know the new number of seats, so the change waits until they
            // are done.
            wait_for_answers(tx, occasion)?;
        }
        if self.open_to_all && edit.old.is_some_and(|old| !old.open_to_all) {
            invite_everyone(tx, occasion, &self.id)?;
        }
        self.version += 1;
        sql!(
            "UPDATE event SET {Event = :Event}, updated_at = :now
             WHERE id = :id AND version = :version - 1",
            Event = self,
            now = tx.now(),
            id = self.id,
            version = self.version
        )
        .run(tx, Rows::Exactly(1))?;
        // Taken seats are not counted while seats are unlimited. If the change has set a limit,
        // they must be counted now.
        rsvp::recount_seats(tx, occasion)?;
        Ok(())
    }

    fn removal(&self, tx: &mut Tx<'_>, _: &HostOf, there: &[Self]) -> Result<Removal, Refusal> {
        lock(tx, &self.id)?;
        if there.len() < 2 {
            return Err(Refusal::LastEvent);
        }
        Ok(Removal::Delete)
    }

    fn delete(&self, tx: &mut Tx<'_>, host: &HostOf) -> Result<(), Refusal> {
        let occasion = host.occasion();
        wait_for_answers(tx, occasion)?;
        dates::moved(tx, self.id.as_str())?;
        for delete in [
            sql!("DELETE FROM reply WHERE event = :id", id = self.id),
            sql!(
                "DELETE FROM invitation_event WHERE event = :id",
                id = self.id
            ),
            sql!("DELETE FROM event WHERE id = :id", id = self.id),
        ] {
            delete.run(tx, Rows::Any)?;
        }
        Ok(())
    }
}

fn lock(tx: &mut Tx<'_>, id: &EventId) -> Result<(), StoreError> {
    let _: Option<(EventId,)> =
        sql!("SELECT id FROM event WHERE id = :id FOR NO KEY UPDATE", id).maybe(tx)?;
    Ok(())
}

/// In a household that was not invited before, all guests are invited.
fn invite_everyone(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
) -> Result<(), StoreError> {
    wait_for_answers(tx, occasion)?;
    // Households that were already invited stay unchanged, because a host may have left out some of
    // their guests.
    sql!(
        "INSERT INTO reply (guest, event, status)
         SELECT guest.id, :event, 'pending' FROM guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.occasion = :occasion
           AND NOT EXISTS (SELECT 1 FROM invitation_event
               WHERE invitation_event.invitation = guest.invitation
                 AND invitation_event.event = :event)",
        event,
        occasion
    )
    .run(tx, Rows::Any)?;
    sql!(
        "INSERT INTO invitation_event (invitation, event)
         SELECT id, :event FROM invitation WHERE occasion = :occasion
           AND NOT EXISTS (SELECT 1 FROM invitation_event
               WHERE invitation_event.invitation = invitation.id
                 AND invitation_event.event = :event)",
        event,
        occasion
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
