//! Everything about a slot except its time, checked against the rules of the site.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::money::Money;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use web::problem::Argument;
use web::{Findings, Problem};

use super::{NewSlot, Place, SeriesId, Slot, SlotId, State, start};
use crate::choice::{self, Choices};
use crate::codes::CHOICE_NOT_OFFERED;
use crate::provider::{Provider, ProviderId};
use crate::settings::{self, BookingSettings};
use crate::{Refusal, credit_kind, meeting_link};

const FURTHEST: SignedDuration = SignedDuration::from_hours(365 * 24);

/// The maximum price, in minor units.
pub(crate) const DEAREST: i64 = 100_000_000_000;

/// The maximum length of the note that is shown after booking, in characters.
pub(crate) const PREP_NOTE: usize = 2_000;

const FEWEST_DIGITS: usize = 3;

/// Everything about a slot except its time.
pub(crate) struct Template {
    pub(crate) slot: Slot,
    pub(super) choices: Choices,
    pub(super) length: SignedDuration,
    pub(super) before: SignedDuration,
    pub(super) after: SignedDuration,
}

impl Template {
    /// Parses and validates the properties of a new slot that a provider sent.
    pub(crate) fn read(
        tx: &mut Tx<'_>,
        provider: &Provider,
        sent: &NewSlot,
        findings: &mut Findings,
    ) -> Result<Self, Refusal> {
        Self::read_over(tx, provider, sent, None, findings)
    }

    /// Like [`Template::read`], but `old` may be a slot that is being changed. That slot keeps the
    /// currency of its price, and may keep choices that cannot be chosen for new slots.
    pub(super) fn read_over(
        tx: &mut Tx<'_>,
        provider: &Provider,
        sent: &NewSlot,
        old: Option<(&Slot, &Choices)>,
        findings: &mut Findings,
    ) -> Result<Self, Refusal> {
        let rules = settings::load(tx)?;
        let profile = &provider.profile;
        let time_zone = sent.time_zone.clone().filter(|name| !name.is_empty());
        let time_zone = time_zone.unwrap_or_else(|| provider.time_zone().to_owned());
        if TimeZone::get(&time_zone).is_err() {
            findings.add("/time_zone", "time_zone_unknown", []);
        }
        check_length("/minutes", sent.minutes, &rules, findings);
        let price = findings.number("/price_minor", sent.price_minor, 0, DEAREST);
        let credit_kind = sent.credit_kind.clone().filter(|code| !code.is_empty());
        if let Some(code) = &credit_kind {
            let is_kept = old.is_some_and(|(slot, _)| slot.credit_kind == credit_kind);
            if !is_kept && credit_kind::find_active(tx, code)?.is_none() {
                findings.add("/credit_kind", CHOICE_NOT_OFFERED.code, []);
            }
            if sent.price_minor != 0 {
                findings.add("/price_minor", "too_high", [("max", 0.into())]);
            }
        }
        let priced = old.filter(|(slot, _)| slot.price_minor > 0);
        let currency = priced.map_or(rules.currency(), |(slot, _)| slot.currency);
        if !is_payable(Money::new(price, currency)) {
            findings.add("/price_minor", "price_invalid", []);
        }
        let kind = sent.location_kind.unwrap_or(Place::Online);
        let location = findings.line("/location", &sent.location, 0, 500);
        let area = findings.line("/area", &sent.area, 0, 80);
        check_place(kind, &location, &area, &rules.meeting_hosts, findings);
        let choices = Choices {
            session_types: sent.session_types.clone(),
            levels: sent.levels.clone(),
            entries: sent.entries.clone(),
        };
        let kept = old.map(|(_, choices)| choices);
        let choices = choice::read(tx, &choices, kept, findings)?;
        let now = tx.now();
        let slot = Slot {
            id: tx.id(),
            provider_id: profile.id.clone(),
            series_id: None,
            offer_id: None,
            starts_at: now,
            ends_at: now,
            time_zone,
            state: State::Available,
            title: findings.line("/title", &sent.title, 1, 80),
            public_note: findings.text("/public_note", &sent.public_note, 500),
            prep_note: findings.text("/prep_note", &sent.prep_note, PREP_NOTE),
            location_kind: kind,
            location_secret: location,
            area,
            price_minor: price,
            currency,
            credit_kind,
            choices: None,
            seats: 1,
            seats_taken: 0,
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
        self.stretch().find_obstacle(tx, at)
    }

    fn stretch(&self) -> Stretch<'_> {
        Stretch {
            provider: &self.slot.provider_id,
            own: self.slot.id.as_str(),
            before: self.before,
            length: self.length,
            after: self.after,
            zone: self.slot.zone(),
        }
    }

    /// Returns the start of the slot, or refuses with all errors in the sent properties. `kept` is
    /// the start of a slot that is being changed and keeps its time.
    pub(super) fn find_start(
        &self,
        tx: &mut Tx<'_>,
        sent: &NewSlot,
        kept: Option<Timestamp>,
        mut findings: Findings,
    ) -> Result<Timestamp, Refusal> {
        let (date, time) = (sent.date.as_str(), sent.time.as_str());
        let start = kept.or_else(|| read_start(date, time, &self.slot.zone(), &mut findings));
        self.stretch().check(tx, start, findings)
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
        .run(tx, Rows::Exactly(1))
        .map_err(|error| look_again(tx, error))?;
        choice::insert(tx, slot.id.as_str(), &self.choices)?;
        Ok(slot)
    }
}

/// If a concurrent change has created an overlapping slot, makes the transaction run again, so that
/// it finds and names that slot.
pub(crate) fn look_again(tx: &mut Tx<'_>, error: StoreError) -> StoreError {
    if error.constraint() == Some("slot_overlap") {
        tx.run_again()
    } else {
        error
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
    /// The slot would overlap this other slot.
    Overlap(OtherSlot),
}

/// A slot that another one would overlap.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub(crate) struct OtherSlot {
    id: SlotId,
    starts_at: Timestamp,
    ends_at: Timestamp,
    blocks_from: Timestamp,
    blocks_until: Timestamp,
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

/// Whether an amount is 0 or accepted by the gateways. In rupees, the minimum is one rupee. In
/// currencies with three decimals, the last digit must be 0. Amounts in ariary must be whole.
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

/// Reports what is missing or wrong about how the two sides meet. `hosts` are the hosts of links that
/// the site allows.
pub(crate) fn check_place(
    kind: Place,
    location: &str,
    area: &str,
    hosts: &[String],
    findings: &mut Findings,
) {
    if kind == Place::InPerson && area.is_empty() {
        findings.add("/area", "required", []);
    }
    let digits = location.chars().filter(char::is_ascii_digit).count();
    match kind {
        Place::RoomPool if location.is_empty() => {}
        Place::RoomPool => findings.add("/location", "location_invalid", []),
        Place::Online | Place::InPerson | Place::Phone if location.is_empty() => {
            findings.add("/location", "location_required", []);
        }
        Place::Online => meeting_link::check("/location", location, hosts, findings),
        Place::Phone if digits < FEWEST_DIGITS => {
            findings.add("/location", "location_required", []);
        }
        Place::InPerson | Place::Phone => {}
    }
}

pub(crate) fn check_length(
    at: &str,
    minutes: i64,
    rules: &BookingSettings,
    findings: &mut Findings,
) {
    let (least, most) = (rules.shortest_minutes, rules.longest_minutes);
    // What cannot be read is said already, and is no number here.
    if findings.has(at) {
        return;
    }
    if minutes < least {
        findings.add(at, "slot_too_short", [("min", least.into())]);
    } else if minutes > most {
        findings.add(at, "slot_too_long", [("max", most.into())]);
    }
}

/// Reads the local date and time at which a slot begins.
pub(crate) fn read_start(
    date: &str,
    time: &str,
    zone: &TimeZone,
    findings: &mut Findings,
) -> Option<Timestamp> {
    let (date, time) = (date.parse::<Date>(), time.parse::<Time>());
    if date.is_err() {
        findings.add("/date", "date_invalid", []);
    }
    if time.is_err() {
        findings.add("/time", "time_invalid", []);
    }
    let found = start(date.ok()?, time.ok()?, zone);
    if found.is_none() {
        findings.add("/time", Obstacle::Missing.code(), []);
    }
    found.map(|start| start.at)
}

/// The time that a slot is to take of its provider's.
pub(crate) struct Stretch<'a> {
    pub(crate) provider: &'a ProviderId,
    /// The id of the slot, which does not stand in its own way; empty for a new one.
    pub(crate) own: &'a str,
    pub(crate) before: SignedDuration,
    pub(crate) length: SignedDuration,
    pub(crate) after: SignedDuration,
    /// The zone in which a refusal says when another session is.
    pub(crate) zone: TimeZone,
}

impl Stretch<'_> {
    /// Returns the start, if nothing stands in its way and there are no findings; otherwise refuses
    /// with all of them.
    pub(crate) fn check(
        &self,
        tx: &mut Tx<'_>,
        start: Option<Timestamp>,
        mut findings: Findings,
    ) -> Result<Timestamp, Refusal> {
        let mut overlap = None;
        if let Some(at) = start {
            match self.find_obstacle(tx, at)? {
                Some(Obstacle::Overlap(other)) => overlap = Some(self.overlaps(at, &other)),
                Some(obstacle) => findings.add("/date", obstacle.code(), []),
                None => {}
            }
        }
        findings.finish()?;
        match overlap {
            Some(problem) => Err(Refusal::Problem(problem)),
            None => Ok(start.unwrap_or_default()),
        }
    }

    /// The error for a start at `at`, which names the other session and the time that stays free
    /// between the two.
    fn overlaps(&self, at: Timestamp, other: &OtherSlot) -> Problem {
        let (side, free) = if at < other.starts_at {
            let before = other.starts_at.duration_since(other.blocks_from);
            ("before", before + self.after)
        } else {
            let after = other.blocks_until.duration_since(other.ends_at);
            ("after", after + self.before)
        };
        let side = if free.is_zero() { "session" } else { side };
        let starts_at = other.starts_at.to_zoned(self.zone.clone());
        Problem::from(crate::codes::SLOT_OVERLAP)
            .with("slot_id", other.id.to_string())
            .with("starts_at", Argument::Clock(starts_at))
            .with("side", side)
            .with("free_minutes", free.as_mins())
    }

    fn find_obstacle(
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
        let found: Option<OtherSlot> = sql!(
            "SELECT id, starts_at, ends_at, blocks_from, blocks_until FROM slot
             WHERE provider_id = :provider AND deleted_at IS NULL
               AND id <> :own AND blocks_from < :until AND blocks_until > :from
             ORDER BY starts_at LIMIT 1",
            provider = self.provider,
            own = self.own,
            from = at - self.before,
            until = at + self.length + self.after
        )
        .maybe(tx)?;
        Ok(found.map(Obstacle::Overlap))
    }
}
