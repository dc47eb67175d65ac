//! A provider's calendar: the hours, and the sessions and days off in them.

use jiff::{SignedDuration, Timestamp};
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;

use crate::booking::{self, Booking, BookingId, State};
use crate::browse::computed_time;
use crate::provider::Provider;
use crate::schedule::exception;
use crate::slot::{self, Slot, SlotId};
use crate::{availability, external_calendar, member};

/// Nothing that stands in a calendar and began earlier than this is looked for.
const BEFORE: SignedDuration = SignedDuration::from_hours(24);

web::words! {
    /// What a part of a calendar is.
    #[schema(as = CalendarKind)]
    EntryKind {
        /// The provider's hours.
        Open = "open",
        /// A single time that members can book.
        Free = "free",
        /// A single time that the provider hides.
        Hidden = "hidden",
        /// A session that the provider has cancelled.
        Cancelled = "cancelled",
        /// A session that somebody still has to pay.
        Held = "held",
        /// A session that is booked, or was.
        Booked = "booked",
        /// A date of a class.
        Class = "class",
        /// An entry of the provider's own calendar.
        Busy = "busy",
    }
}

/// A part of a provider's calendar.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CalendarEntry)]
pub struct Entry {
    pub kind: EntryKind,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// The session's title; empty for hours and entries of the provider's own calendar.
    pub title: String,
    /// The time's slot; null for hours and entries of the provider's own calendar.
    pub slot_id: Option<SlotId>,
    /// The booking of a session that is no class.
    pub booking_id: Option<BookingId>,
    /// The name of the member who booked it; null if nobody has, or the account was erased.
    pub member: Option<String>,
    /// The seats of a class; 1 of a session, 0 otherwise.
    pub seats: i64,
    /// The seats that are booked or held.
    pub seats_taken: i64,
    /// Until when the time is kept for a member who has to pay.
    pub hold_until: Option<Timestamp>,
    #[serde(skip)]
    pub slot: Option<Slot>,
}

/// A day on which a provider is off, as the local date, and the note about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DayOff {
    pub(crate) days: [String; 2],
    pub(crate) note: String,
}

/// What stands in the calendar between two instants, in order. What begins at the same time as hours
/// stands after them.
pub(crate) fn entries(
    tx: &mut Tx<'_>,
    provider: &Provider,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Entry>, StoreError> {
    let id = &provider.profile.id;
    let plain = |kind, (starts_at, ends_at)| Entry {
        kind,
        starts_at,
        ends_at,
        title: String::new(),
        slot_id: None,
        booking_id: None,
        member: None,
        seats: 0,
        seats_taken: 0,
        hold_until: None,
        slot: None,
    };
    let hours = computed_time::hours(tx, id, from, until)?;
    let open = hours.values().flat_map(|one| one.open(from, until));
    let open = availability::united(open.collect()).into_iter();
    let mut all: Vec<Entry> = open.map(|one| plain(EntryKind::Open, one)).collect();
    for busy in external_calendar::list_busy(tx, id, from, until)? {
        all.push(plain(EntryKind::Busy, (busy.starts_at, busy.ends_at)));
    }
    let earliest = from.checked_sub(BEFORE).unwrap_or(from);
    let bookings = booking::list_between(tx, id, earliest, until)?;
    for slot in slot::list(tx, id, earliest, until)? {
        if slot.ends_at <= from {
            continue;
        }
        let own = bookings.iter().find(|one| one.slot_id == slot.id);
        let own = own.filter(|_| !slot.is_class());
        all.push(of_slot(tx, slot, own)?);
    }
    all.sort_by_key(|one| (one.starts_at, one.kind, one.ends_at));
    Ok(all)
}

fn of_slot(tx: &mut Tx<'_>, slot: Slot, own: Option<&Booking>) -> Result<Entry, StoreError> {
    let kind = match (slot.state, own.map(|one| one.state)) {
        (slot::State::Unavailable, _) if is_cancelled(tx, &slot)? => EntryKind::Cancelled,
        (slot::State::Unavailable, _) => EntryKind::Hidden,
        _ if slot.is_class() => EntryKind::Class,
        (slot::State::Held, _) | (_, Some(State::PendingPayment)) => EntryKind::Held,
        (slot::State::Available, _) => EntryKind::Free,
        (slot::State::Booked | slot::State::Completed, _) => EntryKind::Booked,
    };
    let member = match own {
        Some(one) => member::name(tx, one.member_id.as_ref())?,
        None => String::new(),
    };
    Ok(Entry {
        kind,
        starts_at: slot.starts_at,
        ends_at: slot.ends_at,
        title: slot.title.clone(),
        slot_id: Some(slot.id.clone()),
        booking_id: own.map(|one| one.id.clone()),
        member: (!member.is_empty()).then_some(member),
        seats: slot.seats,
        seats_taken: slot.seats_taken,
        hold_until: slot.hold_until,
        slot: Some(slot),
    })
}

/// A time that its provider cancels stays, so that nobody books it again.
fn is_cancelled(tx: &mut Tx<'_>, slot: &Slot) -> Result<bool, StoreError> {
    let (is_cancelled,) = sql!(
        "SELECT EXISTS (SELECT 1 FROM booking
             WHERE slot_id = :id AND state = 'cancelled' AND cancelled_by = 'provider')",
        id = slot.id
    )
    .one(tx)?;
    Ok(is_cancelled)
}

/// The days on which all hours of the provider are off.
pub(crate) fn days_off(tx: &mut Tx<'_>, provider: &Provider) -> Result<Vec<DayOff>, StoreError> {
    let all = exception::of_provider(tx, &provider.profile.id)?.into_iter();
    let off = all.filter(|one| one.hours.is_empty() && one.schedule_id.is_none());
    let off = off.map(|one| DayOff {
        days: [one.first_day, one.last_day],
        note: one.note,
    });
    Ok(off.collect())
}
