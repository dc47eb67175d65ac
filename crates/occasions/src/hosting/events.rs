//! Adds, changes and removes events, on behalf of hosts. A change first waits for all saves in
//! progress.

use ::web::dates::end_of_day;
use ::web::fields::{Part, flag, hour, https, key, line, lines, moment, number, rows, texts};
use ::web::{Field, Findings, Input, Limits, List, PageQuery};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use site::dates;

use super::resource::{
    Edit, History, Parent as _, Removal, Resource, TypedRemoval, free_key, history_of,
    next_position, position,
};
use super::{HostOf, Permission, Refusal, occasions, told};
use crate::event::{
    self, Event, PlannedEvent, ScheduleLine, cancelled, list, lock_limited, over, planned,
    whole_days,
};
use crate::id::{EventId, OccasionId};
use crate::invitation::wait_for_answers;
use crate::rsvp;

const USUAL_LENGTH: SignedDuration = SignedDuration::from_hours(2);

const MOST_DAYS: i64 = 7;

/// A day that moves so far has perhaps a mistyped year: 48 weeks.
const FAR_MOVE: SignedDuration = SignedDuration::from_hours(48 * 7 * 24);

/// The tick of the hosts' form that says that the year of a moved day is right.
pub(crate) const YEAR_RIGHT: &str = "year_right";

/// The tick of the hosts' form that says that an event is cancelled to which people come.
pub(crate) const CANCEL_RIGHT: &str = "cancel_right";

/// The maximum number of lines in a schedule.
pub(crate) const LINES: usize = 50;

pub(crate) const SCHEDULE: Part<ScheduleLine> = ::web::part! { ScheduleLine:
    time: hour().label("host-schedule-time").required(),
    title: texts(Limits::required(120)).label("host-schedule-title"),
    detail: texts(Limits::lines(500)).label("host-schedule-detail"),
};

/// The tick with which the households that are here are invited to an event that is new or has a day
/// since this change.
pub(crate) const INVITE_ALL: &str = "invite_all";

struct NewEvent {
    invite_all: bool,
}

impl Resource for PlannedEvent {
    type Parent = HostOf;
    const FIELDS: &'static [Field] = ::web::fields! { PlannedEvent:
        name: texts(Limits::required(120)).label("host-field-event-name").wording(),
        day_known: flag().label("host-new-day-unknown"),
        starts_at: moment().label("host-field-starts").optional(),
        ends_at: moment().label("host-field-ends").hint("host-field-ends-hint").optional(),
        hour_known: flag().label("host-field-hour-known").hint("host-field-hour-known-hint"),
        end_known: flag().label("host-field-end-known"),
        venue: line(160).label("host-field-venue"),
        address: lines(500).label("host-field-address"),
        map_url: https().label("host-field-map").hint("host-field-map-hint"),
        capacity: number(1, 100_000).optional().label("host-seats").hint("host-field-seats-hint"),
        open_to_all: flag().label("host-field-open-to-all").hint("host-field-open-to-all-hint"),
        position: position().label("host-field-position").hint("host-field-event-position-hint"),
        key: key(1, 40).label("host-field-key").hint("host-field-key-hint").fixed(),
        dress_code: texts(Limits::line(200)).label("host-field-dress").wording(),
        schedule: rows(SCHEDULE, LINES).label("host-schedule").wording(),
        cancelled: flag().label("host-field-cancelled").hint("host-field-cancelled-hint"),
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

    fn names(&self) -> Vec<&str> {
        self.name.iter().map(|(_, name)| name).collect()
    }

    fn address(&self) -> &str {
        self.id.as_str()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn list(tx: &mut Tx<'_>, host: &HostOf, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(planned(tx, host.occasion())?))
    }

    fn blank(tx: &mut Tx<'_>, _: &HostOf, _: &Input, there: &[Self]) -> Result<Self, Refusal> {
        let is_taken = |key: &str| there.iter().any(|event| event.key == key);
        let key = if is_taken("main") {
            free_key("event", 2.., is_taken)
        } else {
            "main".to_owned()
        };
        let blank = Event {
            id: tx.id(),
            key,
            hour_known: true,
            end_known: true,
            position: next_position(there.iter().map(|event| event.position)),
            version: 1,
            ..Event::default()
        };
        Ok(Self {
            starts_at: None,
            ends_at: None,
            ..blank.into()
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        self.check_day(edit, findings);
        if let (Some(old), Input::Form(form, _)) = (edit.old, edit.input)
            && (self.cancelled && !old.cancelled)
            && !form.is_ticked(CANCEL_RIGHT)
        {
            let coming = event::said_yes(tx, edit.parent.occasion())?;
            if let Some(coming) = coming.get(&self.id) {
                let values = [("n", coming.people.into())];
                findings.add("/cancelled", "cancels_for_coming", values);
            }
        }
        let zone = edit.parent.zone(tx)?;
        if let Some(mut event) = self.clone().dated(&zone) {
            let old = edit.old.cloned().and_then(|old| old.dated(&zone));
            set_times(&mut event, old.as_ref(), &zone, edit, findings);
            if let (Some(old), Input::Form(form, _)) = (&old, edit.input)
                && is_year_doubtful(old, &event, tx.now())
                && !form.is_ticked(YEAR_RIGHT)
            {
                findings.add("/starts_at", "year_doubtful", []);
            }
            self.starts_at = Some(event.starts_at);
            self.ends_at = event.known_end();
            (self.hour_known, self.end_known) = (event.hour_known, event.end_known);
        }
        if let Some(old) = edit.old
            && (self.when() != old.when()
                || (&self.venue, &self.address) != (&old.venue, &old.address))
        {
            self.calendar_sequence += 1;
        }
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        let (occasion, zone) = (edit.parent.occasion(), edit.parent.zone(tx)?);
        Self::insert(self, tx, occasion, &zone)?;
        if self.day_known && (self.open_to_all || invites_all(edit)) {
            self.invite_all(tx, occasion)?;
        }
        Ok(())
    }

    fn update(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        let (occasion, zone) = (edit.parent.occasion(), edit.parent.zone(tx)?);
        // The events must be locked before the invitations, as in every save. Households that move
        // up from the waiting list are locked later.
        lock_limited(tx, occasion)?;
        event::lock(tx, &self.id)?;
        let date = |event: &Self| (event.starts_at, event.hour_known);
        if edit.old.is_some_and(|old| date(old) != date(self)) {
            dates::moved(tx, self.id.as_str())?;
            keep_seats_until(tx, &self.id, self.starts_at)?;
        }
        if edit.old.is_some_and(|old| old.capacity != self.capacity) {
            // Saves in progress do not know the new number of seats, so the change waits until they
            // are done.
            wait_for_answers(tx, occasion)?;
        }
        if let Some(old) = edit.old {
            self.invite(tx, edit, old)?;
        }
        if let Some(old) = edit.old {
            told::note(tx, occasion, [old, self], &zone)?;
        }
        self.version += 1;
        Self::update(self, tx, &zone)?;
        // Taken seats are not counted while seats are unlimited. If the change has set a limit,
        // they must be counted now.
        rsvp::recount_seats(tx, occasion)?;
        Ok(())
    }

    /// An event to which people come is cancelled first, so that hosts can tell them.
    fn removal(&self, tx: &mut Tx<'_>, host: &HostOf, there: &[Self]) -> Result<Removal, Refusal> {
        event::lock(tx, &self.id)?;
        if there.iter().all(|event| event.id == self.id) {
            return Err(Refusal::LastEvent);
        }
        let (now, zone) = (tx.now(), host.zone(tx)?);
        let said_yes = event::said_yes(tx, host.occasion())?;
        if self.is_ahead(&zone, now) && said_yes.contains_key(&self.id) {
            return Ok(Removal::Deactivate);
        }
        Ok(Removal::Delete)
    }

    fn deactivation() -> Input {
        Input::from(json!({ "cancelled": true }))
    }

    fn delete(&self, tx: &mut Tx<'_>, host: &HostOf) -> Result<(), Refusal> {
        let occasion = host.occasion();
        dates::moved(tx, self.id.as_str())?;
        forget_invitations(tx, occasion, &self.id)?;
        cancelled::forget(tx, &self.id)?;
        told::forget(tx, &self.id)?;
        sql!("DELETE FROM event WHERE id = :id", id = self.id).run(tx, Rows::Any)?;
        Ok(())
    }
}

impl PlannedEvent {
    /// When the event is, as calendars have it.
    fn when(&self) -> (Option<Timestamp>, Option<Timestamp>, bool, bool) {
        (
            self.starts_at,
            self.ends_at,
            self.hour_known,
            self.cancelled,
        )
    }

    /// Changes who is invited to the event, because it is open to all, has a day, or is cancelled
    /// since this change. The caller must hold the event's lock.
    fn invite(&self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>, old: &Self) -> Result<(), Refusal> {
        let occasion = edit.parent.occasion();
        if old.day_known && !self.day_known {
            forget_day(tx, edit, old)?;
        }
        if old.cancelled != self.cancelled {
            wait_for_answers(tx, occasion)?;
            if self.cancelled {
                cancelled::set_aside(tx, &self.id)?;
            } else {
                cancelled::bring_back(tx, &self.id)?;
            }
        }
        let is_newly_open = self.open_to_all && (!old.open_to_all || old.cancelled);
        let is_newly_dated = !old.day_known && (self.open_to_all || invites_all(edit));
        if (self.day_known && is_newly_dated) || (self.takes_place() && is_newly_open) {
            self.invite_all(tx, occasion)?;
        }
        Ok(())
    }

    /// While the event is cancelled, the invitations are set aside.
    fn invite_all(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
        if self.cancelled {
            cancelled::invite_everyone(tx, occasion, &self.id)
        } else {
            invite_everyone(tx, occasion, &self.id)
        }
    }

    /// Agrees whether there is a day. A start that is new says so, and so does none; a start beside
    /// the statement that the day is not known is an error.
    fn check_day(&mut self, edit: &Edit<'_, Self>, findings: &mut Findings) {
        let had_day = edit.old.is_none_or(|old| old.day_known);
        let old_start = edit.old.and_then(|old| old.starts_at);
        let has_new_start = self.starts_at.is_some() && self.starts_at != old_start;
        if has_new_start && !had_day {
            self.day_known = true;
        }
        let is_json = matches!(edit.input, Input::Json(..));
        if is_json && self.starts_at.is_none() && old_start.is_some() {
            self.day_known = false;
        }
        if !self.day_known {
            if has_new_start {
                findings.add("/starts_at", "day_and_unknown", []);
            }
            (self.starts_at, self.ends_at) = (None, None);
        } else if self.starts_at.is_none() && !findings.has("/starts_at") {
            findings.add("/starts_at", "required", []);
        }
    }
}

/// Whether the households that are here are invited to an event that is new or has a day since this
/// change. Hosts tick it in the form.
fn invites_all(edit: &Edit<'_, PlannedEvent>) -> bool {
    match edit.input {
        Input::Form(form, _) => form.is_ticked(INVITE_ALL),
        json @ Input::Json(..) => json.flag(INVITE_ALL, true),
    }
}

/// A day that guests have answered for cannot be forgotten, nor can a choice of those who are
/// invited to it: both would be lost. The caller must hold the events' locks.
fn forget_day(
    tx: &mut Tx<'_>,
    edit: &Edit<'_, PlannedEvent>,
    old: &PlannedEvent,
) -> Result<(), Refusal> {
    let event = &old.id;
    let occasion = edit.parent.occasion();
    wait_for_answers(tx, occasion)?;
    let (answered, left_out): (i64, i64) = sql!(
        "SELECT COUNT(CASE WHEN reply.status <> 'pending' THEN 1 END),
             COUNT(CASE WHEN reply.status IS NULL THEN 1 END)
         FROM guest JOIN invitation ON invitation.id = guest.invitation
         LEFT JOIN reply ON reply.guest = guest.id AND reply.event = :event
         WHERE invitation.occasion = :occasion",
        event,
        occasion
    )
    .one(tx)?;
    let is_last = list(tx, occasion)?.iter().all(|one| one.id == *event);
    let is_answered = answered > 0 || cancelled::is_answered(tx, event)?;
    let is_chosen = if old.cancelled {
        cancelled::is_chosen(tx, occasion, event)?
    } else {
        left_out > 0
    };
    let mut findings = Findings::default();
    let at = match edit.input {
        Input::Json(..) => "/day_known",
        Input::Form(..) => "/day_unknown",
    };
    if is_answered {
        findings.add(at, "day_answered", []);
    } else if is_chosen {
        findings.add(at, "day_chosen", []);
    } else if is_last && occasions::load(tx, edit.parent)?.rsvp_deadline.is_some() {
        findings.add(at, "deadline_without_day", []);
    }
    findings.finish().map_err(Refusal::Fields)?;
    forget_invitations(tx, occasion, event)?;
    Ok(cancelled::forget(tx, event)?)
}

/// Guests who are asked again keep their seats until the event begins.
fn keep_seats_until(
    tx: &mut Tx<'_>,
    event: &EventId,
    begin: Option<Timestamp>,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE reply SET seat_until = COALESCE(:begin, seat_until)
         WHERE event = :event AND seat_until IS NOT NULL",
        event,
        begin
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Whether a day has moved so far, or into the past, that a host has perhaps mistyped the year. An end
/// alone may be over: hosts note it on the day.
fn is_year_doubtful(old: &Event, new: &Event, now: Timestamp) -> bool {
    let moved = new.starts_at.duration_since(old.starts_at);
    let is_into_past = new.ends_at <= now && old.ends_at > now;
    (is_into_past && !moved.is_zero()) || moved.abs() >= FAR_MOVE
}

/// Whether a form shows the end, which may be typed or emptied there.
fn shows_end(input: &Input) -> bool {
    matches!(input, Input::Form(_, shown) if shown.iter().any(|field| field.name == "ends_at"))
}

fn set_times(
    event: &mut Event,
    old: Option<&Event>,
    zone: &TimeZone,
    edit: &Edit<'_, PlannedEvent>,
    findings: &mut Findings,
) {
    let had_hour = old.is_some_and(|old| old.hour_known);
    let has_moved = old.is_none_or(|old| old.starts_at != event.starts_at);
    // A form sends the end too. If it is as before, it says nothing about another day to which the
    // event is moved. That of one whole day is not shown, so whoever sends it has typed it.
    let sends_end = edit.input.has("ends_at");
    let is_form = matches!(edit.input, Input::Form(..));
    let old_in_form = old.filter(|old| is_form && !old.is_open_ended());
    let same_end = old_in_form.filter(|old| sends_end && old.ends_at == event.ends_at);
    let mut has_end = sends_end
        && match same_end {
            Some(old) if old.hour_known => !is_moved_whole(old, event, zone),
            Some(old) => whole_days::is_one_day(old, zone),
            None => true,
        };
    let [first, _] = whole_days::days_of(event, zone);
    if !event.hour_known {
        let mut day = event.clone();
        whole_days::set_days(&mut day, [first, first], zone);
        event.hour_known = !had_hour && has_moved && day.starts_at != event.starts_at;
        if !event.hour_known && (!has_end || event.starts_at < event.ends_at) {
            let is_emptied = shows_end(edit.input) && !sends_end;
            let days = match old {
                _ if has_end => whole_days::days_of(event, zone),
                Some(old) if !is_emptied => whole_days::as_many_days(old, first, zone),
                _ => [first, first],
            };
            whole_days::set_days(event, days, zone);
        }
    }
    // An hour that several whole days are given leaves them as many.
    if let Some(old) = same_end
        && event.hour_known
        && !has_end
        && !had_hour
    {
        let [_, last] = whole_days::as_many_days(old, first, zone);
        event.ends_at = end_of_day(last, zone).unwrap_or(event.ends_at);
        has_end = true;
    }
    event.end_known = is_end_known(event, edit, findings);
    if event.is_open_ended() {
        event.ends_at = over::open_end(event.starts_at, zone);
        return;
    }
    if event.hour_known && !has_end && old.is_some_and(Event::is_open_ended) {
        findings.add("/ends_at", "required", []);
        return;
    }
    // A host who changes only the start moves the whole event, so its length stays the same.
    let was_given_hour = event.hour_known && !had_hour;
    if event.hour_known && !has_end && (has_moved || was_given_hour) {
        let length = old.filter(|_| had_hour).map_or(USUAL_LENGTH, |old| {
            old.ends_at.duration_since(old.starts_at)
        });
        event.ends_at = event
            .starts_at
            .checked_add(length)
            .unwrap_or(Timestamp::MAX);
    }
    let length = event.ends_at.duration_since(event.starts_at);
    // The last of whole days has 25 hours if the clocks are set back.
    let most = MOST_DAYS * 24 + i64::from(!event.hour_known);
    if !length.is_positive() {
        findings.add("/ends_at", "ends_before_start", []);
    } else if length > SignedDuration::from_hours(most) {
        let values = [("min", 0.into()), ("max", MOST_DAYS.into())];
        findings.add("/ends_at", "out_of_range", values);
    }
}

/// Whether the end is known after the change. An end beside the statement that it is not known is an
/// error, unless either is only what a program has read and sends back.
fn is_end_known(event: &Event, edit: &Edit<'_, PlannedEvent>, findings: &mut Findings) -> bool {
    if !event.hour_known {
        return true;
    }
    let sends_end = edit.input.has("ends_at");
    match edit.input {
        // An empty end says that nobody knows it.
        Input::Form(..) if shows_end(edit.input) => sends_end,
        Input::Json(sent) if !edit.input.has("end_known") => {
            sends_end || (event.end_known && !sent.contains_key("ends_at"))
        }
        Input::Json(_) if sends_end && !event.end_known => {
            if edit.old.is_some_and(|old| !old.end_known) {
                return true;
            }
            let is_sent_back = edit
                .old
                .is_some_and(|old| old.ends_at == Some(event.ends_at));
            if !is_sent_back {
                findings.add("/ends_at", "end_and_unknown", []);
            }
            false
        }
        Input::Form(..) | Input::Json(_) => event.end_known,
    }
}

/// Whether an event of one day begins on another day, or later than it ended.
fn is_moved_whole(old: &Event, new: &Event, zone: &TimeZone) -> bool {
    let day = |event: &Event| event.starts_at.to_zoned(zone.clone()).date();
    let length = old.ends_at.duration_since(old.starts_at);
    let is_short = length <= SignedDuration::from_hours(24);
    (is_short && day(old) != day(new)) || new.starts_at >= old.ends_at
}

/// Deletes the replies to an event, and who is invited to it.
fn forget_invitations(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
) -> Result<(), StoreError> {
    wait_for_answers(tx, occasion)?;
    sql!("DELETE FROM reply WHERE event = :event", event).run(tx, Rows::Any)?;
    sql!("DELETE FROM invitation_event WHERE event = :event", event).run(tx, Rows::Any)?;
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
