//! Slots, bookings, requests and feedback of the older booking site. Its local times are read in
//! the zone that the user names.

use std::collections::HashSet;

use anyhow::Result;
use bookings::booking::{self, Booking, Party, State};
use bookings::brief::Brief;
use bookings::choice::Choices;
use bookings::credit_kind::SESSION;
use bookings::feedback::{Answer, Feedback, Score, Verdict};
use bookings::feedback_criterion::{Author, Kind};
use bookings::import as bring;
use bookings::import::sessions::{self, BookingOutcome, ImportedSlot, SlotOutcome};
use bookings::payout;
use bookings::request::{Request, RequestState};
use bookings::slot::{Place, Slot, SlotId, State as SlotState};
use bookings::{choice::Choice, settings};
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use platform::Tx;

use super::names::{ANSWERS, SCORES};
use super::rows::{Row, cut, flaw};
use super::take_over::TakeOver;

const TWICE: &str = "local times that occur twice, of which the earlier counts";
const DELETED: &str = "past slots that overlap others, and come as deleted";
const BAD_LINK: &str = "Links of sessions ahead that do not lead to a meeting on an allowed host";
const NO_BOOKING: &str = "booked slots without an active booking, which are not offered";
const STILL_OPEN: &str = "past sessions that nobody had ended, which count as completed";
const WAITING: &str = "bookings that were never confirmed, which count as expired";
const NOBODY: &str = "past bookings of members who are not known any more";
const LAPSED: &str =
    "requests that were confirmed without a booking, or have no slot left, which count as lapsed";
const NO_MEMBER: &str =
    "Requests and feedback without a known member or booking, which stay behind";
const UNTITLED: &str = "Session";

#[derive(Clone, Copy)]
struct When {
    starts_at: Timestamp,
    ends_at: Timestamp,
}

impl TakeOver<'_> {
    /// Returns the slots with active bookings, and the other slots. The first list must be imported
    /// before the second: if two slots overlap, the one that was imported earlier is kept.
    pub(super) fn slots_by_use<'r>(&self) -> (Vec<&'r Row>, Vec<&'r Row>)
    where
        Self: 'r,
    {
        let rows = self.rows;
        let used = rows
            .bookings
            .iter()
            .filter(|row| occupies_slot(&row.text("status")));
        let used: HashSet<String> = used.map(|row| row.text("slot_id")).collect();
        let is_used = |row: &&Row| row.keys.iter().any(|key| used.contains(key));
        rows.slots.iter().partition(is_used)
    }

    /// Refuses a local time that does not exist, because clocks are set forward past it. If a local
    /// time occurs twice, uses the earlier one. The length of a session is its end minus its start
    /// on the clock, even if clocks change in between.
    fn when(&mut self, row: &Row) -> Result<Option<When>> {
        if let Some(starts_at) = row.instant("starts_at")? {
            let Some(ends_at) = row.instant("ends_at")?.filter(|end| *end > starts_at) else {
                return flaw("it has no end after its beginning");
            };
            return Ok(Some(When { starts_at, ends_at }));
        }
        if row.text("date").is_empty() {
            return Ok(None);
        }
        let date = row.date("date")?;
        let (from, until) = (time(row, "start_time")?, time(row, "end_time")?);
        let Some(start) = sessions::start(date, from, &self.options.zone) else {
            let zone = self.options.zone.iana_name().unwrap_or("UTC");
            return flaw(format!("{date} {from} does not exist in {zone}"));
        };
        if start.is_twice {
            self.report.remark(TWICE);
        }
        let mut length = until.duration_since(from);
        if !length.is_positive() {
            length += SignedDuration::from_hours(24);
        }
        Ok(Some(When {
            starts_at: start.at,
            ends_at: start.at + length,
        }))
    }

    pub(super) fn slot(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let Some(when) = self.when(row)? else {
            return flaw("it has no date");
        };
        let status = row.text("status").to_lowercase();
        let is_free = match status.as_str() {
            "" | "available" | "open" | "free" => row.flag("is_available", true),
            _ => false,
        };
        let id: SlotId = bring::id("slot", row.key());
        let link = self.usable_link(tx, row, when)?;
        let slot = self.new_slot(tx, row, id, when, is_free, &link)?;
        let outcome = sessions::add_slot(tx, &slot, false)?;
        let id = &slot.slot.id;
        let keys = row.keys.iter().map(|key| (key.clone(), id.clone()));
        self.slots.extend(keys);
        self.slot_places.insert(id.clone(), row.place());
        self.count_slot(&outcome)
    }

    fn count_slot(&mut self, outcome: &SlotOutcome) -> Result<()> {
        match outcome {
            SlotOutcome::Added => self.report.count("slots", true),
            SlotOutcome::Known => self.report.count("slots", false),
            SlotOutcome::Deleted => {
                self.report.count("slots", true);
                self.report.remark(DELETED);
            }
            SlotOutcome::Overlaps(other) => {
                let place = self.slot_places.get(other).cloned();
                let place = place.unwrap_or_else(|| format!("slot {other} here"));
                return flaw(format!("it is not over, and overlaps {place}"));
            }
        }
        Ok(())
    }

    /// Empty if the session is over or the link is not allowed.
    fn usable_link(&mut self, tx: &mut Tx<'_>, row: &Row, when: When) -> Result<String> {
        let link = row.text("meeting_link");
        if link.is_empty() || when.ends_at <= self.now {
            return Ok(String::new());
        }
        if link.chars().count() <= 500 && sessions::is_meeting(tx, &link)? {
            return Ok(link);
        }
        self.list(BAD_LINK, row, &link);
        Ok(String::new())
    }

    fn new_slot(
        &mut self,
        tx: &mut Tx<'_>,
        row: &Row,
        id: SlotId,
        when: When,
        is_free: bool,
        link: &str,
    ) -> Result<ImportedSlot> {
        let provider_id = self.provider_of(tx, row, when.ends_at <= self.now)?;
        let choices = self.choices(tx, row)?;
        let types = row.words("interview_types").join(", ").replace('_', " ");
        let title = cut(&types, 80);
        let notes = row.text("preparation_notes");
        let has_pool = link.is_empty() && bring::has_rooms(tx)?;
        Ok(ImportedSlot {
            slot: Slot {
                id,
                provider_id,
                series_id: None,
                offer_id: None,
                starts_at: when.starts_at,
                ends_at: when.ends_at,
                time_zone: self.options.zone.iana_name().unwrap_or("UTC").to_owned(),
                state: if is_free {
                    SlotState::Available
                } else {
                    SlotState::Unavailable
                },
                title: if title.is_empty() {
                    UNTITLED.to_owned()
                } else {
                    title
                },
                public_note: cut(&notes, 500),
                prep_note: if notes.chars().count() > 500 {
                    cut(&notes, 2_000)
                } else {
                    String::new()
                },
                location_kind: if has_pool && is_free {
                    Place::RoomPool
                } else {
                    Place::Online
                },
                location_secret: link.to_owned(),
                area: String::new(),
                price_minor: 0,
                currency: self.currency,
                credit_kind: Some(SESSION.to_owned()),
                choices: None,
                seats: 1,
                seats_taken: 0,
                hold_token: None,
                hold_until: None,
                version: 1,
            },
            choices,
            created_at: row.instant("created_at")?.unwrap_or(self.now),
        })
    }

    pub(super) fn booking(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let id = bring::id("booking", row.key());
        if booking::find(tx, &id)?.is_some() {
            self.report.count("bookings", false);
            self.bookings
                .extend(row.keys.iter().map(|key| (key.clone(), id.clone())));
            return Ok(());
        }
        let mut slot = self.slot_of(tx, row)?;
        let state = self.state_of(row, slot.ends_at)?;
        let member = self.person_of(row, "mentee_id").cloned();
        if member.is_none() && state == State::Confirmed {
            return flaw("it is ahead, and its member is not known");
        }
        if member.is_none() {
            self.report.remark(NOBODY);
        }
        let rules = settings::load(tx)?;
        let created_at = row.instant("created_at")?.unwrap_or(slot.starts_at);
        let is_cancelled = state == State::Cancelled;
        let cancelled_at = match (row.instant("cancelled_at")?, row.instant("updated_at")?) {
            (Some(at), _) | (None, Some(at)) => at,
            (None, None) => created_at,
        };
        let brief = Brief::cut(row.words("topics"), &row.lines("notes", 2_000));
        let mut new = Booking {
            id,
            slot_id: slot.id.clone(),
            member_id: member.as_ref().map(|one| one.id.clone()),
            provider_id: slot.provider_id.clone(),
            starts_at: slot.starts_at,
            ends_at: slot.ends_at,
            time_zone: slot.time_zone.clone(),
            title: slot.title.clone(),
            brief,
            choice: self.choice(tx, row)?,
            answers: Vec::new(),
            seats: 1,
            is_class: false,
            is_further: false,
            state,
            order_id: None,
            credit_lot_id: None,
            hold_token: None,
            hold_until: None,
            cancel_minutes: rules.cancel_minutes,
            reschedule_limit: rules.reschedule_limit,
            reschedules: 0,
            ics_sequence: 0,
            cancelled_at: is_cancelled.then_some(cancelled_at),
            cancelled_by: is_cancelled.then(|| cancelled_by(&row.text("cancelled_by"))),
            cancel_reason: if is_cancelled {
                row.line("cancel_reason", 300)
            } else {
                String::new()
            },
            payout_minor: 0,
            payout_currency: self.currency,
            no_show_bps: payout::rate(tx, &slot.provider_id)?.no_show_bps,
            late_refund_bps: rules.late_refund_bps,
            is_late: false,
            outcome_by: None,
            created_at,
            version: 1,
        };
        if let (Some(member), State::Confirmed | State::Completed | State::NoShowMember) =
            (&member, state)
        {
            let (id, is_counted) = (new.id.as_str(), !member.is_new);
            let lot = self.spend(tx, member, SESSION, id, created_at, is_counted)?;
            new.credit_lot_id = Some(lot);
        }
        let mut outcome = sessions::add_booking(tx, &new)?;
        if matches!(outcome, BookingOutcome::SlotTaken(_)) && slot.ends_at <= self.now {
            // The past slot already has a booking, so the second booking gets its own hidden slot.
            slot.id = bring::id("second slot", row.key());
            new.slot_id = slot.id.clone();
            let second = ImportedSlot {
                slot,
                choices: Choices::default(),
                created_at,
            };
            sessions::add_slot(tx, &second, true)?;
            self.report.remark(DELETED);
            outcome = sessions::add_booking(tx, &new)?;
        }
        match outcome {
            BookingOutcome::Added | BookingOutcome::Known => {}
            BookingOutcome::SlotTaken(other) => {
                return flaw(format!(
                    "it is not over, and its slot has booking {other} too"
                ));
            }
            BookingOutcome::MemberBusy(other) => {
                return flaw(format!(
                    "it is not over, and its member has booking {other} then"
                ));
            }
        }
        self.report.count("bookings", true);
        self.bookings
            .extend(row.keys.iter().map(|key| (key.clone(), new.id.clone())));
        let link = row.text("meeting_link");
        if state == State::Confirmed && !link.is_empty() && !sessions::place(tx, &new, &link)? {
            self.list(BAD_LINK, row, &link);
        } else if state == State::Confirmed && link.is_empty() {
            sessions::keep_own_link(tx, &new.slot_id)?;
        }
        Ok(())
    }

    /// If the slot is missing in the export, creates one at the booking's own time.
    fn slot_of(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<Slot> {
        let key = row.text("slot_id");
        if let Some(id) = self.slots.get(&key)
            && let Some(slot) = sessions::find_slot(tx, id)?
        {
            return Ok(slot);
        }
        let Some(when) = self.when(row)? else {
            return flaw(format!(
                "there is no slot {key}, and it has no date of its own"
            ));
        };
        let id = bring::id("slot of booking", row.key());
        let slot = self.new_slot(tx, row, id, when, false, "")?;
        let outcome = sessions::add_slot(tx, &slot, false)?;
        self.slot_places.insert(slot.slot.id.clone(), row.place());
        self.count_slot(&outcome)?;
        Ok(slot.slot)
    }

    fn state_of(&mut self, row: &Row, ends_at: Timestamp) -> Result<State> {
        let word = row.text("status").to_lowercase().replace([' ', '-'], "_");
        let is_over = ends_at <= self.now;
        Ok(match word.as_str() {
            "completed" | "complete" | "done" if is_over => State::Completed,
            _ if occupies_slot(&word) && is_over && !word.contains("show") => {
                self.report.remark(STILL_OPEN);
                State::Completed
            }
            "mentor_no_show" | "no_show_mentor" | "no_show_provider" => State::NoShowProvider,
            "no_show" | "noshow" | "mentee_no_show" | "no_show_mentee" | "no_show_member" => {
                State::NoShowMember
            }
            _ if occupies_slot(&word) => State::Confirmed,
            "cancelled" | "canceled" | "rejected" | "declined" => State::Cancelled,
            "pending" | "pending_payment" | "requested" | "expired" => {
                self.report.remark(WAITING);
                State::Expired
            }
            _ => return flaw(format!("{word:?} is not a status of a booking")),
        })
    }

    pub(super) fn request(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let Some(member) = self.person_of(row, "mentee_id").map(|one| one.id.clone()) else {
            self.list(NO_MEMBER, row, &row.text("mentee_id"));
            return Ok(());
        };
        let keys = row.words("preferred_slots");
        let mut slots: Vec<SlotId> = Vec::new();
        for id in keys.iter().filter_map(|key| self.slots.get(key)) {
            if !slots.contains(id) {
                slots.push(id.clone());
            }
        }
        let made = self.bookings.get(&row.text("booking_id")).cloned();
        let made = match made {
            Some(id) => {
                booking::find(tx, &id)?.filter(|one| one.member_id.as_ref() == Some(&member))
            }
            None => None,
        };
        let created_at = row.instant("created_at")?.unwrap_or(self.now);
        let hours = settings::load(tx)?.request_hours;
        let expires_at = created_at + SignedDuration::from_hours(hours);
        let state = match row.text("status").to_lowercase().as_str() {
            "confirmed" | "accepted" | "approved" | "booked" if made.is_some() => {
                RequestState::Confirmed
            }
            "declined" | "rejected" => RequestState::Declined,
            "withdrawn" | "cancelled" | "canceled" => RequestState::Withdrawn,
            "pending" | "requested" | "" if expires_at > self.now && !slots.is_empty() => {
                RequestState::Pending
            }
            "confirmed" | "accepted" | "approved" | "booked" | "pending" | "requested" | ""
            | "expired" | "lapsed" => {
                self.report.remark(LAPSED);
                RequestState::Lapsed
            }
            other => return flaw(format!("{other:?} is not a status of a request")),
        };
        let new = Request {
            id: bring::id("request", row.key()),
            member_id: Some(member),
            state,
            brief: Brief::cut(row.words("topics"), &row.lines("notes", 2_000)),
            choice: match state {
                RequestState::Pending => self.choice(tx, row)?,
                _ => Choice::default(),
            },
            expires_at,
            booking_id: made
                .filter(|_| state == RequestState::Confirmed)
                .map(|one| one.id),
            created_at,
        };
        let is_new = sessions::add_request(tx, &new, &slots)?;
        self.report.count("requests", is_new);
        Ok(())
    }

    pub(super) fn feedback(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let Some(booking_id) = self.bookings.get(&row.text("booking_id")).cloned() else {
            self.list(NO_MEMBER, row, &row.text("booking_id"));
            return Ok(());
        };
        // A missing rating is an error, because there is no sensible default.
        let Some(rating) = row
            .number("rating")?
            .filter(|rating| (1..=5).contains(rating))
        else {
            return flaw("it has no rating from 1 to 5");
        };
        let author = match row.text("author_role").to_lowercase().as_str() {
            "mentee" | "member" | "student" | "user" => Author::Member,
            _ => Author::Provider,
        };
        let mut scores = Vec::new();
        for (name, label) in SCORES {
            let Some(score) = row.number(name)?.filter(|_| author == Author::Provider) else {
                continue;
            };
            if !(0..=5).contains(&score) {
                return flaw(format!("{name} is not from 0 to 5"));
            }
            let criterion = bring::add_criterion(tx, Kind::Score, name, label)?;
            scores.push(Score { criterion, score });
        }
        // Only feedback by providers has criteria. In a member's feedback, the answers are appended
        // to the text.
        let (mut answers, mut text) = (Vec::new(), vec![row.text("comments")]);
        for (name, label) in ANSWERS {
            let answer = row.lines(name, 4_000);
            if answer.is_empty() {
                continue;
            }
            if author == Author::Provider {
                let criterion = bring::add_criterion(tx, Kind::Text, name, label)?;
                answers.push(Answer {
                    criterion,
                    text: answer,
                });
            } else {
                text.push(answer);
            }
        }
        text.retain(|part| !part.is_empty());
        let verdict = match row.text("verdict").to_lowercase().as_str() {
            "recommended" | "yes" | "hire" | "strong_hire" | "strong hire" => {
                Some(Verdict::Recommended)
            }
            "with_reservations" | "maybe" | "lean_hire" => Some(Verdict::WithReservations),
            "not_recommended" | "no" | "no_hire" | "no hire" => Some(Verdict::NotRecommended),
            _ => None,
        };
        let new = Feedback {
            id: bring::id("feedback", row.key()),
            booking_id,
            author,
            rating,
            verdict,
            text: cut(&text.join("\n\n"), 4_000),
            private_note: row.lines("private_note", 2_000),
            scores,
            answers,
            revisions: 0,
            created_at: row.instant("created_at")?.unwrap_or(self.now),
        };
        let is_new = sessions::add_feedback(tx, &new)?;
        self.report.count("feedback", is_new);
        Ok(())
    }

    /// Counts the slots that are marked as booked although their booking is missing. They are not
    /// offered.
    pub(super) fn count_unbooked(&mut self) {
        let used: HashSet<String> = {
            let held = self
                .rows
                .bookings
                .iter()
                .filter(|row| occupies_slot(&row.text("status")));
            held.map(|row| row.text("slot_id")).collect()
        };
        for row in &self.rows.slots {
            let is_booked = row.text("status").eq_ignore_ascii_case("booked");
            if is_booked && !row.keys.iter().any(|key| used.contains(key)) {
                self.report.remark(NO_BOOKING);
            }
        }
    }
}

fn occupies_slot(word: &str) -> bool {
    let word = word.to_lowercase().replace([' ', '-'], "_");
    matches!(
        word.as_str(),
        "confirmed"
            | "scheduled"
            | "upcoming"
            | "booked"
            | "accepted"
            | "in_progress"
            | "completed"
            | "complete"
            | "done"
            | "no_show"
            | "noshow"
            | "mentee_no_show"
            | "no_show_mentee"
            | "no_show_member"
            | "mentor_no_show"
            | "no_show_mentor"
            | "no_show_provider"
    )
}

/// An unknown word means an administrator.
fn cancelled_by(word: &str) -> Party {
    match word.to_lowercase().as_str() {
        "mentee" | "member" | "user" | "student" => Party::Member,
        "mentor" | "provider" | "interviewer" => Party::Provider,
        _ => Party::Administrator,
    }
}

/// Such as `09:30`, `09:30:00` or `9:30 AM`.
fn time(row: &Row, name: &str) -> Result<Time> {
    let text = row.require(name)?;
    let upper = text.to_ascii_uppercase();
    let half = ["AM", "PM"].into_iter().find(|half| upper.ends_with(half));
    let digits = half
        .map_or(upper.as_str(), |half| upper.trim_end_matches(half))
        .trim();
    let mut parts = digits.split(':').map(str::parse::<i8>);
    let (hour, minute) = (parts.next(), parts.next().unwrap_or(Ok(0)));
    let found = match (hour, minute, half) {
        (Some(Ok(hour)), Ok(minute), None) => Time::new(hour, minute, 0, 0).ok(),
        (Some(Ok(hour @ 1..=12)), Ok(minute), Some(half)) => {
            let later = if half == "PM" { 12 } else { 0 };
            Time::new(hour % 12 + later, minute, 0, 0).ok()
        }
        _ => None,
    };
    match found {
        Some(time) => Ok(time),
        None => flaw(format!("{name} is not a clock time: {text:?}")),
    }
}
