//! How many times hours and offers make, as their forms and lists say it before and after saving.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use platform::id::Id as _;
use site::resource::Resource as _;
use web::fields::Input;
use web::form_state;
use web::{Findings, Form, Text, dates};

use super::provider_context::{AHEAD, ProviderContext};
use super::week_in_words::week_in_short;
use super::words;
use crate::availability::{self, Rule, Taken};
use crate::browse::computed_time::OfferedSession;
use crate::offer::{Offer, OfferId, OfferLength};
use crate::schedule::{Schedule, ScheduleId, zone_of};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The id of what a form says before it is stored.
const UNSTORED: &str = "00000000-0000-0000-0000-000000000000";

/// How many times an offer has in its hours, as long as nobody books and nothing else is in the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) all: usize,
    /// On the day that has the most.
    pub(super) of_a_day: usize,
}

fn count(
    context: &ProviderContext,
    hours: &Schedule,
    offer: &Offer,
    length: &OfferLength,
) -> Count {
    let now = context.now;
    let rule = Rule {
        day_limit: None,
        ..offer.rule(length)
    };
    let hours = context
        .time
        .hours(hours.id.as_str(), &hours.time_zone, &hours.week);
    let day = |at: Timestamp| at.to_zoned(hours.zone.clone()).date();
    // Whole days, so that each weekday counts four times.
    let days = day(now + DAY)..=day(now + AHEAD);
    let starts = availability::free(&hours, &rule, &Taken::default(), now, &days);
    let mut of_days: BTreeMap<Date, usize> = BTreeMap::new();
    let mut free_from = Timestamp::MIN;
    for at in starts {
        let (from, until) = offer.blocks(length, at);
        let of_day = of_days.entry(day(at)).or_default();
        let limit = offer
            .day_limit
            .and_then(|limit| usize::try_from(limit).ok());
        // Dates of a class take their time whether or not somebody books.
        let is_taken = offer.is_class() && from < free_from;
        if !is_taken && limit.is_none_or(|limit| *of_day < limit) {
            *of_day += 1;
            free_from = until;
        }
    }
    Count {
        all: of_days.values().sum(),
        of_a_day: of_days.into_values().max().unwrap_or_default(),
    }
}

impl ProviderContext {
    /// The offer as a form says it. What cannot be read is as in a new one.
    pub(super) fn typed_offer(&self, form: &Form) -> Offer {
        let blank = self.blank_offer();
        let input = Input::Form(form.clone(), Offer::FIELDS.to_vec());
        let mut findings = Findings::default();
        input.apply(Offer::FIELDS, &blank, false, &self.zone(), &mut findings)
    }

    fn blank_offer(&self) -> Offer {
        let id = OfferId::from_text(UNSTORED.to_owned());
        Offer::begin(id, self.profile(), &self.rules, self.hours.first())
    }

    /// The hours as a form says them.
    pub(super) fn typed_hours(&self, form: &Form, one: Option<&Schedule>) -> Schedule {
        let blank = Schedule {
            id: ScheduleId::from_text(UNSTORED.to_owned()),
            name: String::new(),
            time_zone: web::zone::name(&self.zone()).to_owned(),
            week: Vec::new(),
            position: 0,
            version: 0,
        };
        let input = Input::Form(form.clone(), Schedule::FIELDS.to_vec());
        let mut findings = Findings::default();
        let base = one.unwrap_or(&blank);
        let typed = input.apply(Schedule::FIELDS, base, false, &self.zone(), &mut findings);
        let zone = web::zone::read(&typed.time_zone, self.now).unwrap_or_else(|_| self.zone());
        Schedule {
            time_zone: web::zone::name(&zone).to_owned(),
            ..typed
        }
    }

    fn hours_of(&self, offer: &Offer) -> Option<&Schedule> {
        let mut hours = self.hours.iter();
        hours.find(|one| one.id.as_str() == offer.schedule_id)
    }

    /// How many times an offer has, in its shortest length.
    pub(super) fn count(&self, offer: &Offer) -> Count {
        match (self.hours_of(offer), shortest(offer)) {
            (Some(hours), Some(length)) => count(self, hours, offer, length),
            _ => Count::default(),
        }
    }

    /// Says when an offer can be booked, and how often; empty if its hours or its length are not known.
    pub(super) fn say_times(&self, text: &Text, offer: &Offer) -> String {
        let hours = self.hours_of(offer);
        hours.map_or_else(String::new, |hours| say(text, self, hours, offer))
    }

    /// Says what the hours make of each offer in them; where there is none, of one as long as is usual.
    pub(super) fn say_hours(&self, text: &Text, hours: &Schedule) -> Vec<String> {
        let of_hours = self.offers.iter();
        let of_hours = of_hours.filter(|one| one.active && one.schedule_id == hours.id.as_str());
        let said = of_hours.map(|offer| {
            let times = say(text, self, hours, offer);
            let values = [
                ("title", offer.title.as_str().into()),
                ("times", times.into()),
            ];
            text.with("offered-times-of", values)
        });
        let said: Vec<String> = said.collect();
        if !said.is_empty() {
            return said;
        }
        let usual = Offer {
            lengths: vec![OfferLength {
                minutes: self.rules.proposed_length(),
                price_minor: None,
            }],
            ..self.blank_offer()
        };
        vec![say(text, self, hours, &usual)]
    }
}

fn shortest(offer: &Offer) -> Option<&OfferLength> {
    offer.lengths.iter().min_by_key(|length| length.minutes)
}

fn say(text: &Text, context: &ProviderContext, hours: &Schedule, offer: &Offer) -> String {
    let Some(length) = shortest(offer) else {
        return String::new();
    };
    let count = count(context, hours, offer, length);
    let zone = zone_of(&hours.time_zone);
    let message = match (count.all, offer.is_class()) {
        (0, _) => "offered-times-none",
        (_, true) => "offered-times-class",
        (_, false) => "offered-times",
    };
    let values = [
        ("week", week_in_short(text, &hours.week).into()),
        ("zone", dates::zone_name(&zone, context.now).into()),
        ("count", count.all.into()),
        ("most", count.of_a_day.into()),
        ("length", words::length_of(text, length.minutes).into()),
    ];
    text.with(message, values)
}

/// Whether the form of a class makes more dates than people mean who think of one lesson, and has not
/// said how many. Then it is shown again before it is saved.
pub(super) fn asks(context: &ProviderContext, form: &Form) -> bool {
    let offer = context.typed_offer(form);
    let count = context.count(&offer);
    let seen = form_state::number(form, COUNTED);
    offer.active && offer.is_class() && count.of_a_day > 1 && seen != i64::try_from(count.all).ok()
}

/// The hidden field with the number that a form has said.
pub(super) const COUNTED: &str = "counted";

/// The page of an offer, as visitors see it.
pub(super) struct PublicLink {
    pub(super) path: String,
    pub(super) url: String,
}

/// `None` if nobody can book the offer.
pub(super) fn public_link(
    url: &web::SiteUrl,
    sessions: &[OfferedSession],
    offer: &OfferId,
) -> Option<PublicLink> {
    let session = sessions.iter().find(|one| one.includes(offer))?;
    let path = format!("/book/s/{}", session.slug);
    Some(PublicLink {
        url: url.join(&path),
        path,
    })
}
