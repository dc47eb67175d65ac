//! Offers: sessions that members book at the times that a provider's hours leave free.

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use site::resource::{Edit, History, Removal, Resource, history_of, next_position, position};
use utoipa::ToSchema;
use web::fields::Unit::Minutes;
use web::fields::{
    Part, choice, currency, duration, flag, line, lines, money, number, rows, words,
};
use web::{Field, Findings, Input, List, PageQuery, Problem};

use crate::availability::Rule;
use crate::choice::Choices;
use crate::codes::TOO_MANY_OFFERS;
use crate::provider::{Provider, ProviderId, ProviderProfile};
use crate::schedule::Schedule;
use crate::slot::template::{self, DEAREST, PREP_NOTE, is_payable};
use crate::slot::{Place, Slot, SlotId, State};
use crate::{Refusal, credit_kind, room, schedule, settings};

pub use crate::slot::OfferId;

/// The most lengths of an offer.
pub(crate) const LENGTHS: usize = 6;
/// The most seats of a class.
const SEATS: i64 = 200;
/// The most seats of one booking.
const PARTY: i64 = 20;
/// The most offers of a provider that can be booked.
const MOST_ACTIVE: i64 = 30;

/// One of the lengths of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferLength {
    /// The length in minutes.
    pub minutes: i64,
    /// The price in minor units of the offer's currency; null if it costs nothing, or a credit.
    pub price_minor: Option<i64>,
}

pub(crate) const LENGTH: Part<OfferLength> = web::part! { OfferLength:
    minutes: duration(5, 1_440, Minutes).label("offer-length").required(),
    price_minor: money(0, DEAREST, "currency").optional().label("slot-price").hint("offer-price-hint"),
};

/// What a provider offers at the times that their hours leave free.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "offer")]
pub struct Offer {
    /// The offer's id.
    pub id: OfferId,
    /// The id of the hours in which it can be booked.
    pub schedule_id: String,
    /// The session's title, 1–80 characters.
    pub title: String,
    /// A public note, up to 500 characters.
    pub public_note: String,
    /// A note shown once a time is booked, up to 2,000 characters.
    pub prep_note: String,
    /// How the two sides meet.
    pub location_kind: Place,
    /// The link, address or telephone number, shown once a time is booked; up to 500 characters.
    #[row(rename = "location_secret")]
    pub location: String,
    /// The public, approximate location; up to 80 characters.
    pub area: String,
    /// The codes of the session types among which members choose, up to 10; empty for any.
    #[row(json)]
    pub session_types: Vec<String>,
    /// The codes of the levels among which members choose, up to 10; empty for any.
    #[row(json)]
    pub levels: Vec<String>,
    /// The slugs of the catalogue's entries among which members choose, up to 50; empty for any.
    #[row(json)]
    pub entries: Vec<String>,
    /// The code of the kind of credit with which it is booked; null if it is booked with money, or
    /// free.
    pub credit_kind: Option<String>,
    /// The currency (ISO 4217).
    pub currency: Currency,
    /// 1 to 6 lengths, each once.
    #[row(json)]
    pub lengths: Vec<OfferLength>,
    /// The minutes from one start to the next, at least 5; 0 if one session begins when another one
    /// ends.
    pub step_minutes: i64,
    /// Minutes that stay free before a session.
    pub buffer_before: i64,
    /// Minutes that stay free after a session.
    pub buffer_after: i64,
    /// The minimum time between a booking and its session, in minutes.
    pub min_notice: i64,
    /// How many days ahead it can be booked, 1–365.
    pub horizon_days: i64,
    /// How many of these sessions there are on a day at most; null for no limit.
    pub day_limit: Option<i64>,
    /// How many seats each session has, 1–200. With more than 1 the offer is a class: its dates are
    /// slots, which are made as far ahead as it can be booked, and it has one length.
    pub seats: i64,
    /// The most seats that one booking of a class takes, 1–20, each for the price or a credit.
    pub party_limit: i64,
    /// Whether it can be booked.
    pub active: bool,
    /// The position in the list of the provider's offers.
    pub position: i64,
    /// The version, which increases with every change.
    pub version: i64,
}

impl Offer {
    /// An offer before anything is said about it.
    pub(crate) fn begin(
        id: OfferId,
        profile: &ProviderProfile,
        rules: &settings::BookingSettings,
        hours: Option<&Schedule>,
    ) -> Self {
        Self {
            id,
            schedule_id: hours.map_or_else(String::new, |hours| hours.id.to_string()),
            title: String::new(),
            public_note: String::new(),
            prep_note: String::new(),
            location_kind: Place::Online,
            location: String::new(),
            area: String::new(),
            session_types: Vec::new(),
            levels: Vec::new(),
            entries: Vec::new(),
            credit_kind: None,
            currency: rules.currency(),
            lengths: Vec::new(),
            step_minutes: 0,
            buffer_before: profile.buffer_before,
            buffer_after: profile.buffer_after,
            min_notice: profile.min_notice,
            horizon_days: rules.horizon_days,
            day_limit: None,
            seats: 1,
            party_limit: 1,
            active: true,
            position: 0,
            version: 1,
        }
    }

    pub(crate) fn choices(&self) -> Choices {
        Choices {
            session_types: self.session_types.clone(),
            levels: self.levels.clone(),
            entries: self.entries.clone(),
        }
    }

    pub(crate) fn price(&self, length: &OfferLength) -> Money {
        Money::new(length.price_minor.unwrap_or_default(), self.currency)
    }

    /// The slot that the offer makes of one of its times.
    pub(crate) fn slot(
        &self,
        id: SlotId,
        provider: &ProviderId,
        length: &OfferLength,
        at: Timestamp,
        zone: &str,
    ) -> Slot {
        let price = self.price(length);
        Slot {
            id,
            provider_id: provider.clone(),
            series_id: None,
            offer_id: Some(self.id.clone()),
            starts_at: at,
            ends_at: at + SignedDuration::from_mins(length.minutes),
            time_zone: zone.to_owned(),
            state: State::Available,
            title: self.title.clone(),
            public_note: self.public_note.clone(),
            prep_note: self.prep_note.clone(),
            location_kind: self.location_kind,
            location_secret: self.location.clone(),
            area: self.area.clone(),
            price_minor: price.minor,
            currency: price.currency,
            credit_kind: self.credit_kind.clone(),
            choices: Some(self.choices()),
            seats: self.seats,
            seats_taken: 0,
            hold_token: None,
            hold_until: None,
            version: self.version,
        }
    }

    /// How the offer uses its hours.
    pub(crate) fn rule(&self, length: &OfferLength) -> Rule {
        Rule {
            step: self.step_minutes,
            length: length.minutes,
            buffers: [self.buffer_before, self.buffer_after],
            notice: self.min_notice,
            horizon: self.horizon_days,
            day_limit: self.day_limit,
        }
    }

    /// The time that one of its sessions takes, with the buffers.
    pub(crate) fn blocks(&self, length: &OfferLength, at: Timestamp) -> (Timestamp, Timestamp) {
        let [before, length, after] =
            [self.buffer_before, length.minutes, self.buffer_after].map(SignedDuration::from_mins);
        (at - before, at + length + after)
    }

    pub(crate) fn is_class(&self) -> bool {
        self.seats > 1
    }

    fn check_class(&self, findings: &mut Findings) {
        if self.is_class() && self.lengths.len() > 1 {
            findings.add("/lengths", "too_many", [("max", 1.into())]);
        }
        if self.party_limit > self.seats {
            findings.add("/party_limit", "too_high", [("max", self.seats.into())]);
        }
    }

    fn check_lengths(&self, rules: &settings::BookingSettings, findings: &mut Findings) {
        if self.lengths.is_empty() {
            findings.add("/lengths", "required", []);
        }
        for (index, one) in self.lengths.iter().enumerate() {
            let at = |field: &str| format!("/lengths/{index}/{field}");
            template::check_length(&at("minutes"), one.minutes, rules, findings);
            let mut before = self.lengths.iter().take(index);
            if before.any(|other| other.minutes == one.minutes) {
                findings.add(&at("minutes"), "not_unique", []);
            }
            let price = self.price(one);
            if self.credit_kind.is_some() && price.minor != 0 {
                findings.add(&at("price_minor"), "price_and_credit", []);
            } else if !is_payable(price) {
                findings.add(&at("price_minor"), "price_invalid", []);
            }
        }
    }
}

/// What the provider offers: first what can be booked, in its order.
pub(crate) fn of_provider(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<Vec<Offer>, StoreError> {
    sql!(
        "SELECT {Offer} FROM offer WHERE provider_id = :provider
         ORDER BY active DESC, position, id",
        provider
    )
    .all(tx)
}

/// Whether the provider offers anything, or did.
pub(crate) fn has_any(tx: &mut Tx<'_>, provider: &ProviderId) -> Result<bool, StoreError> {
    let (found,): (bool,) = sql!(
        "SELECT EXISTS (SELECT 1 FROM offer WHERE provider_id = :provider)",
        provider
    )
    .one(tx)?;
    Ok(found)
}

/// Refuses one more offer that can be booked if there are as many as allowed. The caller holds the
/// provider's lock.
fn check_active(tx: &mut Tx<'_>, provider: &ProviderId) -> Result<(), Refusal> {
    let (active,): (i64,) = sql!(
        "SELECT COUNT(*) FROM offer WHERE provider_id = :provider AND active = 1",
        provider
    )
    .one(tx)?;
    if active < MOST_ACTIVE {
        return Ok(());
    }
    let problem = Problem::from(TOO_MANY_OFFERS);
    Err(Refusal::Problem(problem.with("limit", MOST_ACTIVE)))
}

impl Resource for Offer {
    type Parent = Provider;
    const FIELDS: &'static [Field] = web::fields! { Offer:
        title: line(80).label("slot-title").required(),
        public_note: lines(500).label("slot-public-note"),
        location_kind: choice().label("slot-place"),
        location: line(500).label("slot-location").secret(),
        area: line(80).label("slot-area").hint("slot-area-hint"),
        prep_note: lines(PREP_NOTE).label("slot-prep-note").secret(),
        currency: currency("currency_unknown"),
        lengths: rows(LENGTH, LENGTHS).label("offer-lengths"),
        credit_kind: line(40).optional().label("booking-way"),
        session_types: words(),
        levels: words(),
        entries: words(),
        schedule_id: line(36).label("offer-hours").section("offer-when"),
        step_minutes: number(0, 1_440).label("offer-step").section("offer-when"),
        buffer_before: duration(0, 240, Minutes).label("booking-profile-before").section("offer-when"),
        buffer_after: duration(0, 240, Minutes).label("booking-profile-after").section("offer-when"),
        min_notice: duration(0, 43_200, Minutes).label("booking-profile-notice").section("offer-when"),
        horizon_days: number(1, settings::LONGEST_HORIZON).label("offer-horizon").section("offer-when"),
        day_limit: number(1, 100).optional().label("offer-day-limit").hint("offer-day-limit-hint").section("offer-when"),
        seats: number(1, SEATS).label("offer-seats").hint("offer-seats-hint").section("offer-when"),
        party_limit: number(1, PARTY).label("offer-party").hint("offer-party-hint").section("offer-when"),
        active: flag().label("offer-active").section("offer-when"),
        position: position(),
    };
    const HISTORY: History = history_of!("offer", named_by: "title");
    /// An offer of which a time was ever booked is never deleted, so there may be many more than can
    /// be booked.
    const LIMIT: Option<usize> = Some(500);

    site::row_of_table!();

    fn list(tx: &mut Tx<'_>, provider: &Provider, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(of_provider(tx, &provider.profile.id)?))
    }

    fn blank(
        tx: &mut Tx<'_>,
        provider: &Provider,
        _: &Input,
        there: &[Self],
    ) -> Result<Self, Refusal> {
        let rules = settings::load(tx)?;
        let hours = schedule::of_provider(tx, &provider.profile.id)?;
        let begun = Self::begin(tx.id(), &provider.profile, &rules, hours.first());
        Ok(Self {
            position: next_position(there.iter().map(|one| one.position)),
            ..begun
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        if self.active && !edit.old.is_some_and(|old| old.active) {
            check_active(tx, &edit.parent.profile.id)?;
        }
        let rules = settings::load(tx)?;
        let hours = schedule::of_provider(tx, &edit.parent.profile.id)?;
        if hours.iter().all(|one| one.id.as_str() != self.schedule_id) {
            findings.add("/schedule_id", "unknown_option", []);
        }
        // What was right when it was written does not keep an offer from being changed or taken away.
        let is_new = |field: fn(&Self, &Self) -> bool| edit.old.is_none_or(|old| !field(old, self));
        if is_new(|old, new| old.lengths == new.lengths && old.credit_kind == new.credit_kind) {
            self.check_lengths(&rules, findings);
        }
        if is_new(|old, new| old.currency == new.currency) && self.currency != rules.currency() {
            findings.add("/currency", "currency_unknown", []);
        }
        self.check_class(findings);
        if (1..5).contains(&self.step_minutes) {
            findings.add("/step_minutes", "too_low", [("min", 5.into())]);
        }
        if let Some(code) = &self.credit_kind
            && edit.old.and_then(|old| old.credit_kind.as_ref()) != Some(code)
            && credit_kind::find_active(tx, code)?.is_none()
        {
            findings.add("/credit_kind", "choice_not_offered", []);
        }
        let is_same_place = |old: &Self| {
            old.location_kind == self.location_kind
                && old.location == self.location
                && old.area == self.area
        };
        let is_reopened = !edit.old.is_some_and(|old| old.active);
        if self.active
            && self.location_kind == Place::RoomPool
            && (is_reopened || !edit.old.is_some_and(is_same_place))
            && !room::has_any(tx)?
        {
            findings.add("/location_kind", "rooms_missing", []);
        }
        if !edit.old.is_some_and(is_same_place) {
            let hosts = &rules.meeting_hosts;
            template::check_place(
                self.location_kind,
                &self.location,
                &self.area,
                hosts,
                findings,
            );
        }
        let kept = edit.old.map(Self::choices);
        let choices = crate::choice::read(tx, &self.choices(), kept.as_ref(), findings)?;
        self.session_types = choices.session_types;
        self.levels = choices.levels;
        self.entries = choices.entries;
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        sql!(
            "INSERT INTO offer (provider_id, {Offer}) VALUES (:provider, {:Offer})",
            provider = edit.parent.profile.id,
            Offer = self
        )
        .run(tx, Rows::Exactly(1))?;
        edit.parent.take_slug(tx)?;
        Ok(())
    }

    fn removal(&self, tx: &mut Tx<'_>, _: &Provider, _: &[Self]) -> Result<Removal, Refusal> {
        let (slots,): (i64,) = sql!(
            "SELECT COUNT(*) FROM slot WHERE offer_id = :id",
            id = self.id
        )
        .one(tx)?;
        Ok(Removal::of_uses(slots))
    }
}

/// Erases what an account wrote about its offers.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE offer SET title = '', public_note = '', prep_note = '', location_secret = '',
             area = '', active = 0
         WHERE provider_id IN (SELECT id FROM provider WHERE account_id = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
