//! Slots: times that providers offer, each for one booking. A free time of an offer is a slot that is
//! computed, and stored once somebody holds it or has booked it.

pub mod change;
mod sent;
pub(crate) mod template;
pub mod view;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use platform::audit::Entity;
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use web::Findings;

use crate::Refusal;
use crate::choice::{Choices, SlotSets};
use crate::codes::SLOT_LOCKED;
use crate::credit::Wanted;
use crate::provider::{self, Provider, ProviderId};
use crate::settings::BookingSettings;

pub use sent::{NewSlot, SlotChange};
pub(crate) use template::{Obstacle, Template, is_payable};

platform::id!(SlotId, random, "One time that a provider offers.");
platform::id!(OfferId, random, "One offer of a provider.");
platform::id!(SeriesId, random, "Times that were made together.");

web::words! {
    /// The state of a slot.
    #[schema(as = SlotState)]
    State {
        /// Every member can book the slot.
        Available = "available" => "slot-available",
        /// The slot is held for a member who has not paid yet.
        Held = "held" => "slot-held",
        /// A member has booked the slot.
        Booked = "booked" => "slot-booked",
        /// The provider has hidden the slot.
        Unavailable = "unavailable" => "slot-unavailable",
        /// The session is over.
        Completed = "completed" => "slot-completed",
    }
}

web::words! {
    /// How the two sides meet.
    #[schema(as = SlotPlace)]
    Place {
        /// By a link to an online meeting.
        Online = "online_link" => "slot-online",
        /// By a link to one of the site's rooms for online meetings.
        RoomPool = "room_pool" => "slot-room-pool",
        /// In person, at a place.
        InPerson = "in_person" => "slot-in-person",
        /// By telephone.
        Phone = "phone" => "slot-phone",
    }
}

/// A time that a provider offers for one booking, or a date of a class, for several.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[row(table = "slot")]
pub struct Slot {
    /// The slot's id.
    pub id: SlotId,
    /// The id of the provider who offers the slot.
    #[serde(skip)]
    pub provider_id: ProviderId,
    /// The series with which the slot was created, if any.
    pub series_id: Option<SeriesId>,
    /// The offer in whose hours the slot is; null for a single time.
    pub offer_id: Option<OfferId>,
    /// When the session begins.
    pub starts_at: Timestamp,
    /// When the session ends.
    pub ends_at: Timestamp,
    /// The IANA time zone in which the slot was created.
    pub time_zone: String,
    /// The state of the slot.
    pub state: State,
    /// The session's title, 1–80 characters.
    pub title: String,
    /// A public note, up to 500 characters.
    pub public_note: String,
    /// A note shown once the slot is booked, up to 2,000 characters.
    pub prep_note: String,
    /// How the two sides meet.
    pub location_kind: Place,
    /// The link, address or telephone number, shown once the slot is booked; up to 500 characters.
    pub location_secret: String,
    /// The public, approximate location; up to 80 characters.
    pub area: String,
    /// The price in minor units.
    pub price_minor: i64,
    /// The currency (ISO 4217).
    pub currency: Currency,
    /// The code of the kind of credit with which the slot is booked; null if it is booked with
    /// money, or free.
    pub credit_kind: Option<String>,
    /// The sets among which members choose, if the slot is of an offer. Those of single times have
    /// tables of their own.
    #[row(json)]
    #[serde(skip)]
    pub choices: Option<Choices>,
    /// How many seats there are: more than 1 if the slot is a date of a class.
    pub seats: i64,
    /// How many seats of a class are booked or held; 0 for other slots.
    pub seats_taken: i64,
    /// The token of the booking for which the slot is held; `None` if the slot is not held.
    #[serde(skip)]
    pub hold_token: Option<String>,
    /// The time at which the hold ends; `None` if the slot is not held.
    #[serde(skip)]
    pub hold_until: Option<Timestamp>,
    /// The version, which increases with every change.
    pub version: i64,
}

impl Slot {
    /// The price of one seat.
    pub fn price(&self) -> Money {
        self.price_of(1)
    }

    /// The price of so many seats.
    pub fn price_of(&self, seats: i64) -> Money {
        Money::new(self.price_minor * seats, self.currency)
    }

    /// The credit with which the slot is booked; `None` if it takes none.
    pub fn credit<'a>(&'a self, rules: &'a BookingSettings) -> Option<Wanted<'a>> {
        let starts_at = self.starts_at;
        let kind = self.credit_kind.as_deref();
        kind.map(|kind| Wanted {
            kind,
            starts_at,
            rules,
        })
    }

    pub fn sets(&self) -> SlotSets<'_> {
        SlotSets {
            id: self.id.as_str(),
            of_offer: self.choices.as_ref(),
        }
    }

    /// Returns the time zone in which the slot was created.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// The zone of the place of a session in person; `None` for other sessions.
    pub(crate) fn place_zone(&self) -> Option<TimeZone> {
        (self.location_kind == Place::InPerson).then(|| self.zone())
    }

    /// Whether the slot is a date of a class, which several members book. Such a slot is available
    /// while it can be booked, also if it is full.
    pub fn is_class(&self) -> bool {
        self.seats > 1
    }

    /// How many seats can still be booked. A slot that is no class has one until it is held or
    /// booked.
    pub fn seats_left(&self) -> i64 {
        match self.state {
            State::Available => self.seats - self.seats_taken,
            _ => 0,
        }
    }

    /// Whether nobody holds or has booked the slot, and the hours of its offer decide about it.
    pub(crate) fn is_computed(&self) -> bool {
        self.offer_id.is_some() && !self.is_class() && self.state == State::Available
    }

    /// Whether the slot is available or hidden, and nobody has a seat, so that it can be changed.
    pub(crate) fn is_free(&self) -> bool {
        matches!(self.state, State::Available | State::Unavailable) && self.seats_taken == 0
    }

    /// Whether the local time at which the slot begins occurs twice, because the clock is set back.
    pub(crate) fn is_twice(&self) -> bool {
        let local = self.starts_at.to_zoned(self.zone());
        start(local.date(), local.time(), &self.zone()).is_some_and(|start| start.is_twice)
    }
}

/// The instant at which a slot begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    pub at: Timestamp,
    /// Whether the local time occurs twice. If so, `at` is the earlier instant.
    pub is_twice: bool,
}

/// Converts a local time to an instant; `None` if the clock skips this time.
pub fn start(date: Date, time: Time, zone: &TimeZone) -> Option<Start> {
    let ambiguous = zone.to_ambiguous_timestamp(DateTime::from_parts(date, time));
    let is_twice = match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => return None,
        AmbiguousOffset::Fold { .. } => true,
        AmbiguousOffset::Unambiguous { .. } => false,
    };
    let at = ambiguous.earlier().ok()?;
    Some(Start { at, is_twice })
}

pub fn create(tx: &mut Tx<'_>, provider: &Provider, sent: &NewSlot) -> Result<Slot, Refusal> {
    let mut findings = Findings::default();
    let template = Template::read(tx, provider, sent, &mut findings)?;
    let start = template.find_start(tx, sent, None, findings)?;
    let slot = template.insert(tx, start, None)?;
    record(tx, provider, &slot, "slot.created")?;
    provider.take_slug(tx)?;
    Ok(slot)
}

/// Finds a stored slot that was not deleted.
pub fn find(tx: &mut Tx<'_>, id: &SlotId) -> Result<Option<Slot>, StoreError> {
    sql!(
        "SELECT {Slot} FROM slot WHERE id = :id AND deleted_at IS NULL",
        id
    )
    .maybe(tx)
}

/// Whether what members are shown of a slot has changed since an instant. Notes and links that only
/// a booked slot shows do not count.
pub(crate) fn has_changed_since(
    tx: &mut Tx<'_>,
    id: &SlotId,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let (changed_at,): (Timestamp,) =
        sql!("SELECT offer_changed_at FROM slot WHERE id = :id", id).one(tx)?;
    Ok(changed_at > since)
}

/// Locks the slot with this id, if there is one, so that nobody deletes it meanwhile. Callers lock
/// several slots in the order of their ids.
pub(crate) fn lock(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    let _: Option<(SlotId,)> =
        sql!("SELECT id FROM slot WHERE id = :id FOR NO KEY UPDATE", id).maybe(tx)?;
    Ok(())
}

/// Locks two slots in the order of their ids.
pub(crate) fn lock_both(tx: &mut Tx<'_>, one: &SlotId, other: &SlotId) -> Result<(), StoreError> {
    let [first, second] = if one <= other {
        [one, other]
    } else {
        [other, one]
    };
    lock(tx, first.as_str())?;
    lock(tx, second.as_str())
}

pub fn own(tx: &mut Tx<'_>, provider: &Provider, id: &SlotId) -> Result<Slot, Refusal> {
    let found = find(tx, id)?.filter(|slot| slot.provider_id == provider.profile.id);
    found.ok_or(Refusal::NotFound)
}

/// Whether the provider has ever offered a slot that is not deleted.
pub(crate) fn has_any(tx: &mut Tx<'_>, provider: &ProviderId) -> Result<bool, StoreError> {
    let found: Vec<(SlotId,)> = sql!(
        "SELECT id FROM slot WHERE provider_id = :provider AND deleted_at IS NULL LIMIT 1",
        provider
    )
    .all(tx)?;
    Ok(!found.is_empty())
}

/// Lists the provider's slots that begin in this period, in chronological order.
pub fn list(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Slot>, StoreError> {
    sql!(
        "SELECT {Slot} FROM slot
         WHERE provider_id = :provider AND deleted_at IS NULL
           AND starts_at >= :from AND starts_at < :until
         ORDER BY starts_at, id",
        provider,
        from,
        until
    )
    .all(tx)
}

/// Counts a provider's free slots in the future, and loads the next two.
pub(crate) fn next_free(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<(usize, Vec<Slot>), StoreError> {
    let now = tx.roughly_now();
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM slot WHERE provider_id = :provider AND deleted_at IS NULL
             AND state = 'available' AND starts_at > :now AND seats_taken < seats",
        provider,
        now
    )
    .one(tx)?;
    let next = sql!(
        "SELECT {Slot} FROM slot WHERE provider_id = :provider AND deleted_at IS NULL
             AND state = 'available' AND starts_at > :now AND seats_taken < seats
         ORDER BY starts_at, id LIMIT 2",
        provider,
        now
    )
    .all(tx)?;
    Ok((usize::try_from(count).unwrap_or_default(), next))
}

/// Whether nobody has booked the slot any more because its provider or an administrator cancelled.
pub(crate) fn was_cancelled(tx: &mut Tx<'_>, slot: &Slot) -> Result<bool, StoreError> {
    if slot.state != State::Unavailable || slot.seats_taken > 0 {
        return Ok(false);
    }
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM booking WHERE slot_id = :slot AND state = 'cancelled'
           AND cancelled_by IN ('provider', 'administrator')",
        slot = slot.id
    )
    .one(tx)?;
    Ok(count > 0)
}

/// Hides a free slot, or shows it again. Held and booked slots stay unchanged. A hidden date of a
/// class keeps its bookings.
pub fn show(
    tx: &mut Tx<'_>,
    provider: &Provider,
    id: &SlotId,
    is_shown: bool,
) -> Result<Slot, Refusal> {
    let old = own(tx, provider, id)?;
    if old.offer_id.is_some() && !old.is_class() && is_shown {
        return rest(tx, provider, old);
    }
    let (from, to) = if is_shown {
        (State::Unavailable, State::Available)
    } else {
        (State::Available, State::Unavailable)
    };
    let changed = sql!(
        "UPDATE slot SET state = :to, version = version + 1
         WHERE id = :id AND state IN (:from, :to) AND deleted_at IS NULL",
        id,
        from,
        to
    )
    .run(tx, Rows::AtMostOne)?;
    if changed == 0 {
        return Err(SLOT_LOCKED.into());
    }
    let slot = own(tx, provider, id)?;
    if is_shown && slot.is_class() {
        // Seats that became free meanwhile are for those who wait.
        provider::enqueue_dates(tx, &slot.provider_id)?;
    }
    let action = if is_shown {
        "slot.shown"
    } else {
        "slot.hidden"
    };
    record(tx, provider, &slot, action)?;
    Ok(slot)
}

/// Leaves a time that the provider had closed to the hours of its offer again.
fn rest(tx: &mut Tx<'_>, provider: &Provider, old: Slot) -> Result<Slot, Refusal> {
    let slot = Slot {
        state: State::Available,
        version: old.version + 1,
        ..old
    };
    let rested = sql!(
        "UPDATE slot SET state = :state, deleted_at = :now, is_resting = 1, version = :version
         WHERE id = :id AND state = 'unavailable' AND deleted_at IS NULL",
        id = slot.id,
        state = slot.state,
        version = slot.version,
        now = tx.now()
    )
    .run(tx, Rows::AtMostOne)?;
    if rested == 0 {
        return Err(SLOT_LOCKED.into());
    }
    record(tx, provider, &slot, "slot.shown")?;
    Ok(slot)
}

pub(crate) fn record(
    tx: &mut Tx<'_>,
    provider: &Provider,
    slot: &Slot,
    action: &'static str,
) -> Result<(), StoreError> {
    let changes = json!([{"field": "starts_at", "new": slot.starts_at}]);
    provider.requester().record(
        tx,
        Entity::new("slot", slot.id.to_string()),
        action,
        changes,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(date: &str, time: &str, zone: &str) -> Option<(String, bool)> {
        let zone = TimeZone::get(zone).unwrap();
        let found = start(date.parse().unwrap(), time.parse().unwrap(), &zone)?;
        Some((found.at.to_string(), found.is_twice))
    }

    #[test]
    fn a_time_that_does_not_exist_is_none_and_of_two_the_earlier_counts() {
        let said = |at: &str, is_twice| Some((at.to_owned(), is_twice));
        for (date, time, zone, expected) in [
            ("2027-03-28", "01:30", "Europe/London", None),
            (
                "2027-03-28",
                "00:30",
                "Europe/London",
                said("2027-03-28T00:30:00Z", false),
            ),
            (
                "2027-03-28",
                "02:30",
                "Europe/London",
                said("2027-03-28T01:30:00Z", false),
            ),
            (
                "2027-10-31",
                "01:30",
                "Europe/London",
                said("2027-10-31T00:30:00Z", true),
            ),
            ("2027-03-14", "02:30", "America/St_Johns", None),
            (
                "2027-03-14",
                "09:00",
                "America/St_Johns",
                said("2027-03-14T11:30:00Z", false),
            ),
            (
                "2027-03-13",
                "09:00",
                "America/St_Johns",
                said("2027-03-13T12:30:00Z", false),
            ),
            (
                "2027-11-07",
                "01:30",
                "America/St_Johns",
                said("2027-11-07T04:00:00Z", true),
            ),
            (
                "2027-03-28",
                "01:30",
                "Asia/Kolkata",
                said("2027-03-27T20:00:00Z", false),
            ),
        ] {
            assert_eq!(at(date, time, zone), expected, "{date} {time} {zone}");
        }
    }
}
