//! Slots: times that providers offer, each for one booking.

pub mod change;
pub mod view;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::{Findings, Problem};

use crate::choice::{self, Choices};
use crate::provider::{Provider, ProviderId};
use crate::settings::{self, BookingSettings};
use crate::{Refusal, SLOT_LOCKED, meeting_link};

platform::id!(SlotId, random, "One time that a provider offers.");
platform::id!(SeriesId, random, "Times that were made together.");

/// How far in the future a slot may be.
const FURTHEST: SignedDuration = SignedDuration::from_hours(365 * 24);

/// The maximum price, in minor units.
const DEAREST: i64 = 100_000_000_000;

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
        /// By a link to an online meeting that the site lends.
        RoomPool = "room_pool" => "slot-room-pool",
        /// At a place.
        InPerson = "in_person" => "slot-in-person",
        /// By telephone.
        Phone = "phone" => "slot-phone",
    }
}

/// A time that a provider offers for one booking.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
pub struct Slot {
    /// The slot's id.
    #[schema(value_type = String)]
    pub id: SlotId,
    /// The id of the provider who offers the slot.
    #[serde(skip)]
    pub provider_id: ProviderId,
    /// The series with which the slot was created, if any.
    #[schema(value_type = Option<String>)]
    pub series_id: Option<SeriesId>,
    /// When the session begins.
    #[schema(value_type = String, format = "date-time")]
    pub starts_at: Timestamp,
    /// When the session ends.
    #[schema(value_type = String, format = "date-time")]
    pub ends_at: Timestamp,
    /// The IANA zone in which the slot was created.
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
    #[schema(value_type = String)]
    pub currency: Currency,
    /// Whether the slot is booked with a credit instead of money.
    pub takes_credit: bool,
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
    pub fn price(&self) -> Money {
        Money::new(self.price_minor, self.currency)
    }

    /// Returns the time zone in which the slot was created.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}

/// The properties of a slot to create or change.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NewSlot)]
pub struct NewSlot {
    /// The local date, `2027-01-16`.
    pub date: String,
    /// The local time, `09:30`.
    pub time: String,
    /// The length in minutes.
    pub minutes: i64,
    /// An IANA zone; the provider's if omitted.
    pub time_zone: Option<String>,
    /// The session's title, 1–80 characters.
    pub title: String,
    /// A public note.
    pub public_note: String,
    /// A note shown once the slot is booked.
    pub prep_note: String,
    /// How the two sides meet; by a link if omitted.
    pub location_kind: Option<Place>,
    /// The link, address or telephone number.
    pub location: String,
    /// The public, approximate location.
    pub area: String,
    /// The price in minor units of the site's currency; 0 is free.
    pub price_minor: i64,
    /// Whether the slot is booked with a credit, in which case it has no price.
    pub takes_credit: bool,
    /// The codes of the session types among which members choose, up to 10; empty for any.
    pub session_types: Vec<String>,
    /// The codes of the levels among which members choose, up to 10; empty for any.
    pub levels: Vec<String>,
    /// The slugs of the catalogue's entries among which members choose, up to 50; empty for any.
    pub entries: Vec<String>,
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

/// Everything about a slot except its time.
pub(crate) struct Template {
    pub(crate) slot: Slot,
    choices: Choices,
    pub(crate) length: SignedDuration,
    before: SignedDuration,
    after: SignedDuration,
}

impl Template {
    /// Parses and validates the properties that a provider sent.
    pub(crate) fn read(
        tx: &mut Tx<'_>,
        provider: &Provider,
        sent: &NewSlot,
        findings: &mut Findings,
    ) -> Result<Self, Refusal> {
        let rules = settings::load(tx)?;
        let profile = &provider.profile;
        let time_zone = sent.time_zone.clone().filter(|name| !name.is_empty());
        let time_zone = time_zone.unwrap_or_else(|| profile.time_zone.clone());
        if TimeZone::get(&time_zone).is_err() {
            findings.add("/time_zone", "time_zone_unknown", []);
        }
        check_length(sent.minutes, &rules, findings);
        let price = findings.number("/price_minor", sent.price_minor, 0, DEAREST);
        if sent.takes_credit && sent.price_minor != 0 {
            findings.add("/price_minor", "too_high", [("max", 0.into())]);
        }
        if !is_payable(Money::new(price, rules.currency())) {
            findings.add("/price_minor", "price_invalid", []);
        }
        let kind = sent.location_kind.unwrap_or(Place::Online);
        let location = findings.line("/location", &sent.location, 0, 500);
        if kind == Place::Online && !location.is_empty() && !meeting_link::is_allowed(&location) {
            findings.add("/location", "link_not_allowed", []);
        }
        if kind == Place::RoomPool && !location.is_empty() {
            findings.add("/location", "location_invalid", []);
        }
        let area = findings.line("/area", &sent.area, 0, 80);
        if kind == Place::InPerson && area.is_empty() {
            findings.add("/area", "required", []);
        }
        let choices = Choices {
            session_types: sent.session_types.clone(),
            levels: sent.levels.clone(),
            entries: sent.entries.clone(),
        };
        let choices = choice::read(tx, &choices, findings)?;
        let now = tx.now();
        let slot = Slot {
            id: tx.id(),
            provider_id: profile.id.clone(),
            series_id: None,
            starts_at: now,
            ends_at: now,
            time_zone,
            state: State::Available,
            title: findings.line("/title", &sent.title, 1, 80),
            public_note: findings.text("/public_note", &sent.public_note, 500),
            prep_note: findings.text("/prep_note", &sent.prep_note, 2_000),
            location_kind: kind,
            location_secret: location,
            area,
            price_minor: price,
            currency: rules.currency(),
            takes_credit: sent.takes_credit,
            hold_token: None,
            hold_until: None,
            version: 1,
        };
        Ok(Self {
            slot,
            choices,
            length: SignedDuration::from_mins(sent.minutes.clamp(1, 1_440)),
            before: SignedDuration::from_mins(profile.buffer_before),
            after: SignedDuration::from_mins(profile.buffer_after),
        })
    }

    /// Returns the reason why a slot cannot begin at this instant, or `None` if it can.
    pub(crate) fn find_obstacle(
        &self,
        tx: &mut Tx<'_>,
        at: Timestamp,
    ) -> Result<Option<Obstacle>, StoreError> {
        let now = tx.now();
        if at <= now {
            return Ok(Some(Obstacle::Past));
        }
        if at.duration_since(now) > FURTHEST {
            return Ok(Some(Obstacle::TooFar));
        }
        let found: Option<(SlotId,)> = sql!(
            "SELECT id FROM slot
             WHERE provider_id = :provider AND deleted_at IS NULL
               AND id <> :id AND blocks_from < :until AND blocks_until > :from
             ORDER BY starts_at LIMIT 1",
            provider = self.slot.provider_id,
            id = self.slot.id,
            from = at - self.before,
            until = at + self.length + self.after
        )
        .maybe(tx)?;
        Ok(found.map(|(id,)| Obstacle::Overlap(id)))
    }

    /// Reads when the slot begins, and refuses all that is wrong with what was sent.
    fn find_start(
        &self,
        tx: &mut Tx<'_>,
        sent: &NewSlot,
        mut findings: Findings,
    ) -> Result<Timestamp, Refusal> {
        let start = read_start(sent, &self.slot.zone(), &mut findings);
        let mut overlap = None;
        if let Some(at) = start {
            match self.find_obstacle(tx, at)? {
                Some(Obstacle::Overlap(id)) => overlap = Some(id),
                Some(obstacle) => findings.add("/date", obstacle.code(), []),
                None => {}
            }
        }
        findings.finish()?;
        if let Some(id) = overlap {
            return Err(overlaps(&id));
        }
        Ok(start.unwrap_or_default())
    }

    /// Whether a slot that begins at `one` does not overlap a slot that begins at `later`,
    /// including their buffers.
    pub(crate) fn is_clear_of(&self, one: Timestamp, later: Timestamp) -> bool {
        one + self.length + self.after <= later - self.before
    }

    /// Inserts a slot that begins at this instant. The caller holds the provider's lock and has
    /// checked that there is no obstacle.
    pub(crate) fn insert(
        &self,
        tx: &mut Tx<'_>,
        at: Timestamp,
        series: Option<&SeriesId>,
    ) -> Result<Slot, StoreError> {
        let slot = Slot {
            id: tx.id(),
            series_id: series.cloned(),
            starts_at: at,
            ends_at: at + self.length,
            ..self.slot.clone()
        };
        sql!(
            "INSERT INTO slot ({Slot}, blocks_from, blocks_until, created_at)
             VALUES ({:Slot}, :from, :until, :now)",
            Slot = slot,
            from = slot.starts_at - self.before,
            until = slot.ends_at + self.after,
            now = tx.now()
        )
        .run(tx, Rows::Exactly(1))?;
        choice::insert(tx, slot.id.as_str(), &self.choices)?;
        Ok(slot)
    }
}

/// The reason why no slot can begin at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The clock skips this local time.
    Missing,
    Past,
    /// The instant is more than a year in the future.
    TooFar,
    /// The slot would overlap this one.
    Overlap(SlotId),
}

impl Obstacle {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Missing => "local_time_missing",
            Self::Past => "slot_in_past",
            Self::TooFar => "slot_too_far",
            Self::Overlap(_) => "slot_overlap",
        }
    }
}

/// Whether the gateways accept this amount, or nothing is to be paid. The least sum in rupees is one
/// rupee. In currencies with three decimals, the last digit must be 0; ariary are paid whole.
pub(crate) fn is_payable(price: Money) -> bool {
    let divisor = match (price.currency.code(), price.currency.decimals()) {
        ("MGA", _) => 100,
        (_, 3) => 10,
        _ => 1,
    };
    let least = if price.currency.code() == "INR" {
        100
    } else {
        0
    };
    price.minor == 0 || price.minor >= least && price.minor % divisor == 0
}

fn check_length(minutes: i64, rules: &BookingSettings, findings: &mut Findings) {
    let (least, most) = (rules.shortest_minutes, rules.longest_minutes);
    if minutes < least {
        findings.add("/minutes", "slot_too_short", [("min", least.into())]);
    } else if minutes > most {
        findings.add("/minutes", "slot_too_long", [("max", most.into())]);
    }
}

pub fn create(tx: &mut Tx<'_>, provider: &Provider, sent: &NewSlot) -> Result<Slot, Refusal> {
    let mut findings = Findings::default();
    let template = Template::read(tx, provider, sent, &mut findings)?;
    let start = template.find_start(tx, sent, findings)?;
    let slot = template.insert(tx, start, None)?;
    record(tx, provider, &slot, "slot.created")?;
    Ok(slot)
}

fn read_start(sent: &NewSlot, zone: &TimeZone, findings: &mut Findings) -> Option<Timestamp> {
    let (date, time) = (sent.date.parse::<Date>(), sent.time.parse::<Time>());
    if date.is_err() {
        findings.add("/date", "date_invalid", []);
    }
    if time.is_err() {
        findings.add("/time", "date_invalid", []);
    }
    let found = start(date.ok()?, time.ok()?, zone);
    if found.is_none() {
        findings.add("/time", Obstacle::Missing.code(), []);
    }
    found.map(|start| start.at)
}

fn overlaps(other: &SlotId) -> Refusal {
    let status = axum::http::StatusCode::CONFLICT;
    let problem = Problem::new(status, "slot_overlap").with("slot_id", other.to_string());
    Refusal::Problem(problem)
}

/// Finds a slot that was not deleted.
pub fn find(tx: &mut Tx<'_>, id: &SlotId) -> Result<Option<Slot>, StoreError> {
    sql!(
        "SELECT {Slot} FROM slot WHERE id = :id AND deleted_at IS NULL",
        id
    )
    .maybe(tx)
}

/// Locks a slot, if there is one of this id, so that nobody deletes it meanwhile. Several are locked
/// in the order of their ids.
pub(crate) fn lock(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    let _: Option<(SlotId,)> =
        sql!("SELECT id FROM slot WHERE id = :id FOR NO KEY UPDATE", id).maybe(tx)?;
    Ok(())
}

pub fn own(tx: &mut Tx<'_>, provider: &Provider, id: &SlotId) -> Result<Slot, Refusal> {
    let found = find(tx, id)?.filter(|slot| slot.provider_id == provider.profile.id);
    found.ok_or(Refusal::NotFound)
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

/// Counts a provider's free slots that lie ahead, and loads the next two.
pub(crate) fn next_free(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<(usize, Vec<Slot>), StoreError> {
    let now = tx.roughly_now();
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM slot WHERE provider_id = :provider AND deleted_at IS NULL
             AND state = 'available' AND starts_at > :now",
        provider,
        now
    )
    .one(tx)?;
    let next = sql!(
        "SELECT {Slot} FROM slot WHERE provider_id = :provider AND deleted_at IS NULL
             AND state = 'available' AND starts_at > :now
         ORDER BY starts_at, id LIMIT 2",
        provider,
        now
    )
    .all(tx)?;
    Ok((usize::try_from(count).unwrap_or_default(), next))
}

/// Hides a free slot, or shows it again. Held and booked slots stay unchanged.
pub fn show(
    tx: &mut Tx<'_>,
    provider: &Provider,
    id: &SlotId,
    is_shown: bool,
) -> Result<Slot, Refusal> {
    own(tx, provider, id)?;
    let (from, to) = if is_shown {
        (State::Unavailable, State::Available)
    } else {
        (State::Available, State::Unavailable)
    };
    let changed = sql!(
        "UPDATE slot SET state = :to, version = version + 1
         WHERE id = :id AND state IN (:from, :to)",
        id,
        from,
        to
    )
    .run(tx, Rows::AtMostOne)?;
    if changed == 0 {
        return Err(SLOT_LOCKED.into());
    }
    let slot = own(tx, provider, id)?;
    let action = if is_shown {
        "slot.shown"
    } else {
        "slot.hidden"
    };
    record(tx, provider, &slot, action)?;
    Ok(slot)
}

pub(crate) fn record(
    tx: &mut Tx<'_>,
    provider: &Provider,
    slot: &Slot,
    action: &'static str,
) -> Result<(), StoreError> {
    let changes = json!([{"field": "starts_at", "new": slot.starts_at}]);
    provider.record(tx, ("slot", slot.id.to_string()), action, changes)
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
