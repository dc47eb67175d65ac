//! Makes hours, and an offer in them, of single times that repeat each week. The free times that these
//! offer are removed; all others stay as they are.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde_json::{Map, Value, json};
use site::resource::{self, Resource};
use web::{Input, zone};

use crate::Refusal;
use crate::browse::computed_time::Preview;
use crate::choice::{self, Choices};
use crate::offer::{Offer, OfferLength};
use crate::provider::{Provider, ProviderId};
use crate::request::remove_slot_and_notify;
use crate::schedule::{Schedule, WeekWindow, usual_week};
use crate::slot::{Slot, SlotId, State};

/// The days ahead that an offer can be booked: at least the first, at most the second.
const HORIZON: (i64, i64) = (60, 365);

/// A single time ahead.
#[derive(Debug, Row)]
struct SingleTime {
    #[row(flatten)]
    slot: Slot,
    blocks_from: Timestamp,
    blocks_until: Timestamp,
    /// Whether a member has asked for it, and waits for an answer.
    is_asked: bool,
}

impl SingleTime {
    fn blocks(&self) -> (Timestamp, Timestamp) {
        (self.blocks_from, self.blocks_until)
    }

    /// Whether it is removed if the hours offer it.
    fn is_free(&self) -> bool {
        self.slot.state == State::Available && !self.is_asked
    }
}

/// What becomes of equal single times that repeat.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) offer: Offer,
    pub(crate) week: Vec<WeekWindow>,
    /// The free times that the hours offer, which are removed.
    pub(crate) replaced: Vec<Slot>,
    /// The free times that the hours do not offer, and those that somebody has asked for, which stay.
    pub(crate) kept: Vec<Slot>,
    /// How many times are booked or held, which stay.
    pub(crate) booked: usize,
    /// How many times the hours offer.
    pub(crate) offered: usize,
}

impl Plan {
    /// The time that stands for all of them.
    pub(crate) fn id(&self) -> &str {
        self.replaced.first().map_or("", |slot| slot.id.as_str())
    }
}

fn single_times(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<Vec<(SingleTime, Choices)>, StoreError> {
    let times: Vec<SingleTime> = sql!(
        "SELECT {s: Slot}, s.blocks_from, s.blocks_until,
             EXISTS (SELECT 1 FROM booking_request_slot l
                     JOIN booking_request r ON r.id = l.request_id
                     WHERE l.slot_id = s.id AND l.is_declined = 0 AND r.state = 'pending')
                 AS is_asked
         FROM slot s
         WHERE s.provider_id = :provider AND s.deleted_at IS NULL AND s.offer_id IS NULL
           AND s.state IN ('available', 'held', 'booked') AND s.starts_at > :now
         ORDER BY s.starts_at, s.id",
        provider,
        now = tx.roughly_now()
    )
    .all(tx)?;
    let mut choices = choice::of_slots(tx, times.iter().map(|one| one.slot.sets()))?;
    let times = times.into_iter().map(|one| {
        let choices = choices.remove(one.slot.id.as_str()).unwrap_or_default();
        (one, choices)
    });
    Ok(times.collect())
}

fn minutes(slot: &Slot) -> i64 {
    slot.ends_at.duration_since(slot.starts_at).as_mins()
}

/// What an offer says of a time besides when it is.
fn terms(slot: &Slot, choices: &Choices) -> String {
    json!([
        [slot.title, slot.public_note, slot.prep_note],
        [slot.location_secret, slot.area],
        slot.location_kind,
        [slot.price_minor, minutes(slot)],
        slot.currency,
        slot.credit_kind,
        choices,
    ])
    .to_string()
}

/// What can become of the provider's single times ahead: a plan for each kind of session of which some
/// repeat, in the order of their first times.
pub(crate) fn plans(tx: &mut Tx<'_>, provider: &Provider) -> Result<Vec<Plan>, Refusal> {
    let mut kinds: BTreeMap<String, Vec<(SingleTime, Choices)>> = BTreeMap::new();
    for (one, choices) in single_times(tx, &provider.profile.id)? {
        let terms = terms(&one.slot, &choices);
        kinds.entry(terms).or_default().push((one, choices));
    }
    let mut plans = Vec::new();
    for (_, times) in kinds {
        plans.extend(plan(tx, provider, times)?);
    }
    plans.sort_by_key(|plan| plan.replaced.first().map(|slot| slot.starts_at));
    Ok(plans)
}

/// `None` if none of the times repeats, or if the hours would not offer any of the free ones.
fn plan(
    tx: &mut Tx<'_>,
    provider: &Provider,
    times: Vec<(SingleTime, Choices)>,
) -> Result<Option<Plan>, Refusal> {
    let zone = provider.zone();
    let begin_and_end = times.iter();
    let begin_and_end = begin_and_end.map(|(one, _)| (one.slot.starts_at, one.slot.ends_at));
    let week = usual_week::week(&begin_and_end.collect::<Vec<_>>(), &zone);
    let Some((first, choices)) = times.first().filter(|_| !week.is_empty()) else {
        return Ok(None);
    };
    let nothing = Input::from(json!({}));
    let schedule = Schedule {
        name: first.slot.title.clone(),
        week: week.clone(),
        ..Schedule::blank(tx, provider, &nothing, &[])?
    };
    let offer = Offer {
        horizon_days: horizon(tx.roughly_now(), &zone, &times),
        ..offer(tx, provider, &first.slot, choices)?
    };
    let preview = Preview::load(tx, &provider.profile.id, &offer, &schedule)?;
    let (mut replaced, mut kept): (Vec<SingleTime>, Vec<SingleTime>) = times
        .into_iter()
        .map(|(one, _)| one)
        .partition(SingleTime::is_free);
    let booked = kept.iter().filter(|one| one.slot.state != State::Available);
    let booked = booked.count();
    kept.retain(|one| one.slot.state == State::Available);
    // A time that stays may close others that the hours would offer, so that these stay too.
    let offered = loop {
        let freed: Vec<_> = replaced.iter().map(SingleTime::blocks).collect();
        let starts = preview.starts(&freed);
        let (given, left): (Vec<_>, Vec<_>) = replaced
            .into_iter()
            .partition(|one| starts.contains(&one.slot.starts_at));
        replaced = given;
        if left.is_empty() {
            break starts.len();
        }
        kept.extend(left);
    };
    kept.sort_by_key(|one| one.slot.starts_at);
    let slots = |times: Vec<SingleTime>| times.into_iter().map(|one| one.slot).collect();
    Ok((!replaced.is_empty()).then(|| Plan {
        offer,
        week,
        replaced: slots(replaced),
        kept: slots(kept),
        booked,
        offered,
    }))
}

/// How many days ahead the last of the times is, within what offers allow.
fn horizon(now: Timestamp, zone: &TimeZone, times: &[(SingleTime, Choices)]) -> i64 {
    let last = times.iter().map(|(one, _)| one.slot.starts_at).max();
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let ahead = last.map(|last| day(last).duration_since(day(now)));
    let days = ahead.map_or(0, |ahead: SignedDuration| ahead.as_hours() / 24);
    days.clamp(HORIZON.0, HORIZON.1)
}

/// The offer that is like a single time.
fn offer(
    tx: &mut Tx<'_>,
    provider: &Provider,
    slot: &Slot,
    choices: &Choices,
) -> Result<Offer, Refusal> {
    let (slot, choices) = (slot.clone(), choices.clone());
    let length = OfferLength {
        minutes: minutes(&slot),
        price_minor: Some(slot.price_minor).filter(|price| *price != 0),
    };
    Ok(Offer {
        title: slot.title,
        public_note: slot.public_note,
        prep_note: slot.prep_note,
        location_kind: slot.location_kind,
        location: slot.location_secret,
        area: slot.area,
        session_types: choices.session_types,
        levels: choices.levels,
        entries: choices.entries,
        credit_kind: slot.credit_kind,
        currency: slot.currency,
        lengths: vec![length],
        ..Offer::blank(tx, provider, &Input::from(json!({})), &[])?
    })
}

/// The free single times ahead that are like an offer, and that it did not replace.
pub(crate) fn left(
    tx: &mut Tx<'_>,
    provider: &Provider,
    offer: &Offer,
) -> Result<Vec<Slot>, StoreError> {
    let is_like = |slot: &Slot| {
        let mut lengths = offer.lengths.iter();
        slot.state == State::Available
            && slot.title == offer.title
            && lengths.any(|length| length.minutes == minutes(slot))
    };
    let times = single_times(tx, &provider.profile.id)?.into_iter();
    let slots = times.map(|(one, _)| one.slot);
    Ok(slots.filter(is_like).collect())
}

/// What was made of single times.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) offer: Offer,
    /// How many free times were removed, because the hours offer them.
    pub(crate) replaced: usize,
}

/// Makes hours and an offer of the single times that are like the one with this id, as its [`Plan`]
/// says. The caller holds the provider's lock.
pub(crate) fn make(tx: &mut Tx<'_>, provider: &Provider, id: &str) -> Result<Made, Refusal> {
    let is_it = |plan: &Plan| plan.replaced.iter().any(|slot| slot.id.as_str() == id);
    let plan = plans(tx, provider)?.into_iter().find(is_it);
    let plan = plan.ok_or(Refusal::NotFound)?;
    let time_zone = zone::name(&provider.zone()).to_owned();
    let hours = json!({"name": plan.offer.title, "time_zone": time_zone, "week": plan.week});
    let hours = resource::create::<Schedule>(tx, provider, &Input::from(hours))?;
    let new = Offer {
        schedule_id: hours.id.to_string(),
        ..plan.offer
    };
    let new = Input::from(fields_of(&new));
    let offer = resource::create::<Offer>(tx, provider, &new)?;
    // Slots are locked in the order of their ids.
    let mut ids: Vec<&SlotId> = plan.replaced.iter().map(|slot| &slot.id).collect();
    ids.sort();
    for id in &ids {
        remove_slot_and_notify(tx, provider, id)?;
    }
    Ok(Made {
        offer,
        replaced: ids.len(),
    })
}

/// The fields of an item that may be set.
fn fields_of<R: Resource>(one: &R) -> Value {
    let all = json!(one);
    let fields = R::FIELDS.iter().filter_map(|field| {
        let value = all.get(field.name)?;
        Some((field.name.to_owned(), value.clone()))
    });
    Value::Object(fields.collect::<Map<String, Value>>())
}
