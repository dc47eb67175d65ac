//! The filters of a search for slots.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::money::Money;
use platform::{StoreError, Tx};
use serde::Serialize;
use web::{Findings, Form};

use crate::choice::{self, Choice};
use crate::credit_kind;
use crate::day_range::Days;
use crate::provider::ProviderId;
use crate::settings::{self, LONGEST_MINUTES, Reveal};
use crate::slot::{Place, SlotId};

/// The criteria of a search for slots. A slot must match all of them. An empty string or `None`
/// matches every slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    pub title: String,
    /// The slug of the provider's page.
    pub provider: String,
    /// What the slot must offer. A slot that allows any choice matches too.
    pub choice: Choice,
    /// How the two sides meet. A search for links to online meetings also finds slots that use the
    /// site's rooms.
    pub location_kind: Option<Place>,
    /// A part of the public, approximate location.
    pub area: String,
    /// The maximum price, in minor units of the site's currency.
    pub max_price: Option<i64>,
    /// The minimum length of the session, in minutes.
    pub min_minutes: Option<i64>,
    /// The code of the kind of credit with which the slot is booked.
    pub credit_kind: String,
    /// The earliest start of a slot.
    pub from: Option<Timestamp>,
    /// The time before which a slot must start.
    pub until: Option<Timestamp>,
    /// The period in which the slot was created. Its end is exclusive.
    #[serde(skip)]
    pub made: Option<(Timestamp, Timestamp)>,
    /// The provider, the price and the kind of credit that the slot must have.
    #[serde(skip)]
    pub of: Option<(ProviderId, Money, Option<String>)>,
    /// Whether dates of classes that are full are left out.
    #[serde(skip)]
    pub has_seats: bool,
    /// Whether only times match that are in no offer: no date of a class, and none that is computed.
    #[serde(skip)]
    pub is_single: bool,
    /// A slot that leaves the time of its provider free, because its member looks for another one.
    #[serde(skip)]
    pub except: Option<SlotId>,
    /// The only slot that matches.
    #[serde(skip)]
    pub only: Option<SlotId>,
    /// The start and the id of a slot. Only slots that come after it match.
    #[serde(skip)]
    pub after: Option<(Timestamp, SlotId)>,
}

impl Filter {
    /// Reads the filters of a query string, except days and the position in the list, and reports
    /// values that cannot be read.
    pub(crate) fn read(query: &Form, findings: &mut Findings) -> Self {
        let mut number = |name: &str, least: i64, most: i64| {
            let pointer = format!("/{name}");
            let Ok(number) = query.number(name) else {
                findings.add(&pointer, "wrong_type", []);
                return None;
            };
            number.map(|number| findings.number(&pointer, number, least, most))
        };
        let (max_price, min_minutes) = (
            number("max_price", 0, i64::MAX),
            number("min_minutes", 1, LONGEST_MINUTES),
        );
        let place = query.text("location_kind");
        let location_kind = Place::find(place);
        if location_kind.is_none() && !place.is_empty() {
            findings.add("/location_kind", "unknown_option", []);
        }
        Self {
            title: query.text("title").to_owned(),
            provider: query.text("provider").to_owned(),
            choice: Choice::read(query),
            location_kind,
            area: findings.line("/area", query.text("area"), 0, 80),
            max_price,
            min_minutes,
            credit_kind: query.text("credit_kind").to_owned(),
            ..Self::default()
        }
    }

    /// Reads the days `date_from` to `date_to`. Their time zone is the one that `tz` names, or else
    /// `zone`.
    pub(crate) fn read_days(&mut self, query: &Form, zone: &TimeZone, findings: &mut Findings) {
        let days = Days::read_with(query, findings);
        let zone = match query.text("tz") {
            "" => Some(zone.clone()),
            name => TimeZone::get(name).ok(),
        };
        match zone {
            Some(zone) => {
                let (from, until) = days.instants(&zone);
                self.from = days.from.map(|_| from);
                self.until = days.to.map(|_| until);
            }
            None => findings.add("/tz", "time_zone_unknown", []),
        }
    }

    /// Reports a choice, a kind of credit or a provider that does not exist. Where the site reveals
    /// providers only after booking, any provider is refused.
    pub(crate) fn check(&self, tx: &mut Tx<'_>, findings: &mut Findings) -> Result<(), StoreError> {
        choice::check_filter(tx, &self.choice, findings)?;
        let kind = &self.credit_kind;
        if !kind.is_empty() && credit_kind::all(tx)?.iter().all(|one| one.code != *kind) {
            findings.add("/credit_kind", "unknown_option", []);
        }
        if self.provider.is_empty() {
            return Ok(());
        }
        if settings::load(tx)?.reveal == Reveal::AfterBooking {
            findings.add("/provider", "not_allowed", []);
        } else if super::provider(tx, &self.provider)?.is_none() {
            findings.add("/provider", "unknown_option", []);
        }
        Ok(())
    }
}
