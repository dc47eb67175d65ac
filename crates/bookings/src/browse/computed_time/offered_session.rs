//! Sessions that members can book at computed times, and classes at their dates: who gives them, and
//! when they can begin.

use std::collections::{BTreeMap, BTreeSet};

use identity::person::slug;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::{StoreError, Tx};

use super::class_date::{ListedDate, class_dates};
use super::{Offering, STRETCH, Seats, Times, with_classes};
use crate::offer::{Offer, OfferId, OfferLength};
use crate::schedule::zone_of;
use crate::slot::{Place, Slot, SlotId};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
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

/// A free time, or a date of a class. If several providers give a session that is no class then, it
/// is the time of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FreeTime {
    pub(crate) at: Timestamp,
    pub(crate) id: SlotId,
    /// The names of all who give the session then; none where the site hides them.
    pub(crate) names: BTreeSet<String>,
    /// `None` if the session is no class.
    pub(crate) date: Option<ListedDate>,
}

/// When a session can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Start {
    pub(crate) at: Timestamp,
    /// `None` if the session is no class.
    pub(crate) seats: Option<Seats>,
}

impl Start {
    pub(crate) fn is_full(&self) -> bool {
        self.seats.is_some_and(|seats| seats.left < 1)
    }
}

/// The time of a booking for which another one is looked for.
#[derive(Clone, Debug)]
pub(crate) struct MovedTime {
    pub(crate) slot: Slot,
    /// How many seats of a class are moved; otherwise 1.
    pub(crate) seats: i64,
    /// Whether the other time must be as long.
    pub(crate) keeps_length: bool,
}

impl MovedTime {
    fn minutes(&self) -> i64 {
        let slot = &self.slot;
        slot.ends_at.duration_since(slot.starts_at).as_mins()
    }

    fn is_as_long(&self, minutes: i64) -> bool {
        !self.keeps_length || minutes == self.minutes()
    }

    fn allows_date(&self, date: &ListedDate) -> bool {
        let slot = &self.slot;
        date.id != slot.id
            && date.seats().left >= self.seats
            && (date.price(), &date.credit_kind) == (slot.price(), &slot.credit_kind)
            && self.is_as_long(date.minutes())
    }

    /// Whether a computed time is the one that the booking has.
    fn is_at(&self, offer: &OfferId, minutes: i64, at: Timestamp) -> bool {
        let slot = &self.slot;
        (slot.offer_id.as_ref(), slot.starts_at) == (Some(offer), at) && minutes == self.minutes()
    }
}

/// Finds the sessions that members can book, in the order of their offers.
pub(crate) fn sessions(tx: &mut Tx<'_>) -> Result<Vec<OfferedSession>, StoreError> {
    let (mut all, mut known) = (Vec::<OfferedSession>::new(), Vec::new());
    for one in with_classes(tx, "")? {
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
        let is_enough = slug::is_valid(&base) && titles.get(&base) == Some(&1);
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
        (offer.title.clone(), lengths, offer.currency, offer.seats),
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

    pub(crate) fn includes(&self, offer: &OfferId) -> bool {
        self.offerings.iter().any(|one| one.offer.id == *offer)
    }

    /// As of a slot: the zone of the place where it is given in person. `None` also where those who give
    /// it are in several zones.
    pub(crate) fn place_zone(&self) -> Option<TimeZone> {
        let [first, others @ ..] = self.offerings.as_slice() else {
            return None;
        };
        let is_one = others.iter().all(|other| other.zone == first.zone);
        let is_there = is_one && self.offer.location_kind == Place::InPerson;
        is_there.then(|| zone_of(&first.zone))
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

    pub(crate) fn is_class(&self) -> bool {
        self.offer.is_class()
    }

    /// The session as the provider of a booked time gives it, in the lengths to which the booking may
    /// be moved. `None` if the time is of another session.
    pub(crate) fn instead_of(&self, moved: &MovedTime) -> Option<Self> {
        let slot = &moved.slot;
        let is_own = |one: &Offering| Some(&one.offer.id) == slot.offer_id.as_ref();
        let own = self.offerings.iter().find(|one| is_own(one))?;
        let is_theirs = |one: &Offering| one.provider_id == slot.provider_id;
        let theirs = self.offerings.iter();
        let theirs = theirs.filter(|one| is_own(one) || (!self.is_class() && is_theirs(one)));
        let mut offer = own.offer.clone();
        // Each date of a class has its own length and price.
        if !self.is_class() {
            let is_alike = |one: &OfferLength| {
                own.offer.price(one) == slot.price() && moved.is_as_long(one.minutes)
            };
            offer.lengths.retain(is_alike);
        }
        Some(Self {
            offer,
            offerings: theirs.cloned().collect(),
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
    times: Times,
    dates: BTreeMap<OfferId, Vec<ListedDate>>,
    moved: Option<MovedTime>,
}

/// A time at which somebody gives a session.
struct Given<'a> {
    by: &'a Offering,
    at: Timestamp,
    what: What<'a>,
}

enum What<'a> {
    Computed(&'a OfferLength),
    Date(&'a ListedDate),
}

impl KnownTimes {
    /// With `moved`, only the times are known to which that booking may be moved, of a session as
    /// [`OfferedSession::instead_of`] returns it.
    pub(crate) fn load(
        tx: &mut Tx<'_>,
        sessions: &[OfferedSession],
        moved: Option<MovedTime>,
    ) -> Result<Self, StoreError> {
        let now = tx.roughly_now();
        let offerings = sessions.iter().flat_map(|session| &session.offerings);
        let (classes, others): (Vec<_>, Vec<_>) = offerings.partition(|one| one.offer.is_class());
        let dates = class_dates(tx, classes.iter().map(|one| &one.offer.id))?;
        let horizon = sessions.iter().map(OfferedSession::horizon).max();
        let until = now + horizon.unwrap_or_default();
        let except = moved.as_ref().map_or("", |moved| moved.slot.id.as_str());
        let times = Times::load(tx, others, except, now, until)?;
        Ok(Self {
            now,
            times,
            dates,
            moved,
        })
    }

    fn dates(&self, one: &Offering) -> &[ListedDate] {
        self.dates.get(&one.offer.id).map_or(&[], Vec::as_slice)
    }

    /// The instant after which the session cannot begin. Booked dates of a class may be further ahead
    /// than it can be booked since.
    pub(crate) fn end(&self, session: &OfferedSession) -> Timestamp {
        let lasts = session.offerings.iter();
        let lasts = lasts.filter_map(|one| Some(self.dates(one).last()?.starts_at + MINUTE));
        let furthest = self.now + session.horizon();
        lasts.max().unwrap_or(furthest).max(furthest)
    }

    /// A class has one length, so `minutes` says nothing about it.
    fn each<'s>(
        &'s self,
        session: &'s OfferedSession,
        minutes: Option<i64>,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<Given<'s>> {
        let mut all = Vec::new();
        let until = until.min(self.end(session));
        if from >= until {
            return all;
        }
        for by in &session.offerings {
            if by.offer.is_class() {
                let dates = self.dates(by).iter().filter(|date| {
                    let is_allowed = |moved: &MovedTime| moved.allows_date(date);
                    (from..until).contains(&date.starts_at)
                        && self.moved.as_ref().is_none_or(is_allowed)
                });
                all.extend(dates.map(|date| Given {
                    by,
                    at: date.starts_at,
                    what: What::Date(date),
                }));
            } else {
                self.compute(by, minutes, from, until, &mut all);
            }
        }
        all
    }

    fn compute<'s>(
        &self,
        by: &'s Offering,
        minutes: Option<i64>,
        from: Timestamp,
        until: Timestamp,
        all: &mut Vec<Given<'s>>,
    ) {
        let starts = self.times.starts(by, from, until).into_iter();
        let meant = starts.filter(|(length, at)| {
            let is_own = |moved: &MovedTime| moved.is_at(&by.offer.id, length.minutes, *at);
            minutes.is_none_or(|own| length.minutes == own)
                && !self.moved.as_ref().is_some_and(is_own)
        });
        all.extend(meant.map(|(length, at)| Given {
            by,
            at,
            what: What::Computed(length),
        }));
    }

    /// When the session can begin from one instant until before another, in the order of time: each
    /// start once, but each date of a class; of one length if `minutes` says it.
    pub(crate) fn starts(
        &self,
        session: &OfferedSession,
        minutes: Option<i64>,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<Start> {
        let all = self.each(session, minutes, from, until).into_iter();
        let mut all: Vec<Start> = all
            .map(|one| Start {
                at: one.at,
                seats: match one.what {
                    What::Computed(_) => None,
                    What::Date(date) => Some(date.seats()),
                },
            })
            .collect();
        all.sort();
        if !session.is_class() {
            all.dedup();
        }
        all
    }

    /// Like [`KnownTimes::starts`], with what is booked at each.
    pub(crate) fn times(
        &self,
        session: &OfferedSession,
        minutes: i64,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<FreeTime> {
        let mut all: BTreeMap<(Timestamp, Option<SlotId>), FreeTime> = BTreeMap::new();
        for one in self.each(session, Some(minutes), from, until) {
            let at = one.at;
            let (id, date) = match one.what {
                What::Date(date) => (date.id.clone(), Some(date.clone())),
                What::Computed(length) => match one.by.slot(length, at) {
                    Some(slot) => (slot.id, None),
                    None => continue,
                },
            };
            let key = (at, date.as_ref().map(|date| date.id.clone()));
            let time = all.entry(key).or_insert_with(|| FreeTime {
                at,
                id: id.clone(),
                names: BTreeSet::new(),
                date,
            });
            // The ids of one time are hashes of the offers, so each provider has the same chance.
            time.id = id.min(time.id.clone());
            time.names.extend(Some(one.by.provider.clone()));
            time.names.remove("");
        }
        all.into_values().collect()
    }

    /// The first start from an instant on that is not full.
    pub(crate) fn next(
        &self,
        session: &OfferedSession,
        minutes: Option<i64>,
        from: Timestamp,
    ) -> Option<Start> {
        let (end, mut from, mut stretch) = (self.end(session), from.max(self.now), STRETCH);
        while from < end {
            let until = end.min(from + stretch);
            let mut starts = self.starts(session, minutes, from, until).into_iter();
            let first = starts.find(|start| !start.is_full());
            if first.is_some() {
                return first;
            }
            (from, stretch) = (until, stretch * 2);
        }
        None
    }
}
