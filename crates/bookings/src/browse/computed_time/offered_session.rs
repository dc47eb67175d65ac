//! Sessions that members can book at computed times: who gives them, and when they can begin.

use std::collections::{BTreeMap, BTreeSet};

use identity::person::slug;
use jiff::{SignedDuration, Timestamp};
use platform::{StoreError, Tx};

use super::{Offering, ProviderTime, STRETCH, offerings, provider_times};
use crate::offer::{Offer, OfferId, OfferLength};
use crate::provider::ProviderId;
use crate::slot::{Place, SlotId};

/// Words that no session's slug is, because they name other pages below `/book`.
const RESERVED: [&str; 5] = ["confirm", "date", "plans", "s", "zone"];
/// How many characters of an offer's id a slug contains where the title is not enough.
const ENDING: usize = 8;

/// What members choose by its name: the offers that differ only in who gives the session, in their
/// notes and in their times.
#[derive(Clone, Debug)]
pub(crate) struct OfferedSession {
    /// The last part of its address: made from the title, with a part of an offer's id where other
    /// sessions have the same title, or where the title makes none.
    pub(crate) slug: String,
    /// The first of its offers.
    pub(crate) offer: Offer,
    /// As in [`Offered`](crate::browse::Offered).
    pub(crate) credit_label: Option<String>,
    offerings: Vec<Offering>,
}

/// Somebody who gives a session, where visitors may know who does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Giver {
    pub(crate) name: String,
    /// The slug of the provider's page.
    pub(crate) address: String,
}

/// A free time. If several providers give the session then, it is one of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FreeTime {
    pub(crate) at: Timestamp,
    pub(crate) id: SlotId,
    /// The names of all who give the session then; none where the site hides them.
    pub(crate) names: BTreeSet<String>,
}

/// Finds the sessions that members can book, in the order of their offers.
pub(crate) fn sessions(tx: &mut Tx<'_>) -> Result<Vec<OfferedSession>, StoreError> {
    let (mut all, mut known) = (Vec::<OfferedSession>::new(), Vec::new());
    for one in offerings(tx, "")? {
        let own = terms(&one.offer);
        let place = known.iter().position(|other| *other == own);
        if let Some(session) = place.and_then(|place| all.get_mut(place)) {
            session.offerings.push(one);
        } else {
            all.push(OfferedSession::of(one));
            known.push(own);
        }
    }
    let mut titles: BTreeMap<String, usize> = BTreeMap::new();
    for session in &all {
        *titles.entry(session.base()).or_default() += 1;
    }
    for session in &mut all {
        let base = session.base();
        let is_enough = slug::is_valid(&base)
            && !RESERVED.contains(&base.as_str())
            && titles.get(&base) == Some(&1);
        session.slug = if is_enough {
            base
        } else {
            with_ending(&base, &session.ending())
        };
    }
    Ok(all)
}

/// Finds the sessions to which an address leads: the one that has the slug, or else all whose title
/// makes it, or the one of an offer whose slug once ended like this.
pub(crate) fn with_slug(all: &[OfferedSession], wanted: &str) -> Vec<OfferedSession> {
    let having = |is: &dyn Fn(&OfferedSession) -> bool| -> Vec<OfferedSession> {
        all.iter().filter(|one| is(one)).cloned().collect()
    };
    let end = wanted.rsplit('-').next().unwrap_or_default();
    let own = having(&|one| one.slug == wanted);
    if !own.is_empty() {
        return own;
    }
    let titled = having(&|one| one.base() == wanted);
    if !titled.is_empty() {
        return titled;
    }
    having(&|one| one.offerings.iter().any(|of| ending(&of.offer.id) == end))
}

fn with_ending(base: &str, ending: &str) -> String {
    let base = if base.is_empty() { "session" } else { base };
    format!("{base}-{ending}")
}

/// What must be equal for offers to be one session.
fn terms(offer: &Offer) -> impl PartialEq + use<> {
    let mut lengths = offer.lengths.clone();
    lengths.sort_by_key(|length| length.minutes);
    let place = match offer.location_kind {
        Place::RoomPool => Place::Online,
        other => other,
    };
    let choices = offer.choices();
    (
        (offer.title.clone(), lengths, offer.currency),
        (offer.credit_kind.clone(), place, offer.area.clone()),
        (choices.session_types, choices.levels, choices.entries),
    )
}

fn ending(offer: &OfferId) -> String {
    let digits = offer.as_str().chars().filter(|digit| *digit != '-');
    digits.take(ENDING).collect()
}

impl OfferedSession {
    fn of(offering: Offering) -> Self {
        Self {
            slug: String::new(),
            offer: offering.offer.clone(),
            credit_label: offering.credit_label.clone(),
            offerings: vec![offering],
        }
    }

    fn base(&self) -> String {
        slug::from_name(&self.offer.title)
    }

    /// Of the offer with the smallest id, so that it does not depend on the order of the offers.
    fn ending(&self) -> String {
        let endings = self.offerings.iter().map(|one| ending(&one.offer.id));
        endings.min().unwrap_or_default()
    }

    /// The lengths, from the shortest on.
    pub(crate) fn lengths(&self) -> Vec<OfferLength> {
        let mut lengths = self.offer.lengths.clone();
        lengths.sort_by_key(|length| length.minutes);
        lengths
    }

    /// Those who give the session, by name, each once; nobody where the site hides providers.
    pub(crate) fn givers(&self) -> Vec<Giver> {
        let mut givers: Vec<Giver> = Vec::new();
        for one in &self.offerings {
            let giver = Giver {
                name: one.provider.clone(),
                address: one.address.clone().unwrap_or_default(),
            };
            if !giver.name.is_empty() && !givers.contains(&giver) {
                givers.push(giver);
            }
        }
        givers.sort();
        givers
    }

    /// The session as one provider gives it; `None` if they do not.
    pub(crate) fn given_by(&self, address: &str) -> Option<Self> {
        let is_theirs = |one: &&Offering| one.address.as_deref() == Some(address);
        let own: Vec<Offering> = self.offerings.iter().filter(is_theirs).cloned().collect();
        let offer = own.first()?.offer.clone();
        Some(Self {
            offer,
            offerings: own,
            ..self.clone()
        })
    }

    /// How far ahead the session can begin.
    fn horizon(&self) -> SignedDuration {
        let days = self.offerings.iter().map(|one| one.offer.horizon_days);
        // More, because the days are those of the hours' zone.
        SignedDuration::from_hours(24 * (days.max().unwrap_or_default() + 2))
    }
}

/// What is known of the time of those who give some sessions.
#[derive(Debug)]
pub(crate) struct KnownTimes {
    now: Timestamp,
    times: BTreeMap<ProviderId, ProviderTime>,
}

impl KnownTimes {
    pub(crate) fn load(tx: &mut Tx<'_>, sessions: &[OfferedSession]) -> Result<Self, StoreError> {
        let now = tx.roughly_now();
        let offerings = sessions.iter().flat_map(|session| &session.offerings);
        let providers: BTreeSet<&ProviderId> = offerings.map(|one| &one.provider_id).collect();
        let providers: Vec<&ProviderId> = providers.into_iter().collect();
        let horizon = sessions.iter().map(OfferedSession::horizon).max();
        let until = now + horizon.unwrap_or_default();
        let times = provider_times(tx, &providers, "", now, until)?;
        Ok(Self { now, times })
    }

    /// The instant after which the session cannot begin.
    pub(crate) fn end(&self, session: &OfferedSession) -> Timestamp {
        self.now + session.horizon()
    }

    fn each<'s>(
        &self,
        session: &'s OfferedSession,
        minutes: Option<i64>,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<(&'s Offering, &'s OfferLength, Timestamp)> {
        let (unknown, mut all) = (ProviderTime::default(), Vec::new());
        let until = until.min(self.end(session));
        if from >= until {
            return all;
        }
        for one in &session.offerings {
            let time = self.times.get(&one.provider_id).unwrap_or(&unknown);
            let starts = one.starts(time, self.now, from, until).into_iter();
            let meant =
                starts.filter(|(length, _)| minutes.is_none_or(|own| length.minutes == own));
            all.extend(meant.map(|(length, at)| (one, length, at)));
        }
        all
    }

    /// The free starts from one instant until before another, in the order of time, each once; of one
    /// length if `minutes` says it.
    pub(crate) fn starts(
        &self,
        session: &OfferedSession,
        minutes: Option<i64>,
        from: Timestamp,
        until: Timestamp,
    ) -> BTreeSet<Timestamp> {
        let all = self.each(session, minutes, from, until);
        all.into_iter().map(|(_, _, at)| at).collect()
    }

    /// Like [`KnownTimes::starts`], with what is booked at each.
    pub(crate) fn times(
        &self,
        session: &OfferedSession,
        minutes: i64,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<FreeTime> {
        let mut all: BTreeMap<Timestamp, FreeTime> = BTreeMap::new();
        for (one, length, at) in self.each(session, Some(minutes), from, until) {
            let Some(slot) = one.slot(length, at) else {
                continue;
            };
            let time = all.entry(at).or_insert_with(|| FreeTime {
                at,
                id: slot.id.clone(),
                names: BTreeSet::new(),
            });
            // The ids of one time are hashes of the offers, so each provider has the same chance.
            time.id = slot.id.min(time.id.clone());
            time.names.extend(Some(one.provider.clone()));
            time.names.remove("");
        }
        all.into_values().collect()
    }

    /// The first free start from an instant on.
    pub(crate) fn next(
        &self,
        session: &OfferedSession,
        minutes: Option<i64>,
        from: Timestamp,
    ) -> Option<Timestamp> {
        let (end, mut from, mut stretch) = (self.end(session), from.max(self.now), STRETCH);
        while from < end {
            let until = end.min(from + stretch);
            let first = self.starts(session, minutes, from, until).pop_first();
            if first.is_some() {
                return first;
            }
            (from, stretch) = (until, stretch * 2);
        }
        None
    }
}
