//! The demo's bookings: lessons of two lengths in a teacher's hours, a class, half hours to try for three
//! weeks, one of which a member has booked, and an evening that is full, with somebody on its waiting list.

use identity::account::AccountId;
use jiff::civil::{self, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use platform::money::Currency;
use platform::{Rows, StoreError, Tx, sql};

use crate::book;
use crate::booking::{self, Booking, State, seat};
use crate::brief::Brief;
use crate::choice::{Choice, Choices};
use crate::import::sessions::{self, ImportedSlot};
use crate::offer::{Offer, OfferLength};
use crate::provider::{self, ProviderId, ProviderProfile};
use crate::schedule::{Schedule, ScheduleId, WeekWindow, Weekday};
use crate::settings;
use crate::slot::{Place, Slot, SlotId, State as SlotState};
use crate::waiting::{Waiting, WaitingState};

const DAYS: i32 = 21;
/// No reminder is due when the demo starts.
const BOOKED_AHEAD: i32 = 3;
const BIO: &str = "I teach the second form, and on some evenings everybody who wants to read the \
                   menu without help.";

struct Lesson {
    weekday: civil::Weekday,
    hour: i8,
    minutes: i64,
    title: &'static str,
    note: &'static str,
    price_minor: i64,
}

const TRIAL: Lesson = Lesson {
    weekday: civil::Weekday::Saturday,
    hour: 10,
    minutes: 30,
    title: "Malay: half an hour to try",
    note: "We find out what you know already. It is more than you think.",
    price_minor: 0,
};

const PREP_NOTE: &str = "The bell has been broken since the rain. Knock.";
const PLACE: &str = "12 Jalan Dato’ Bandar Tunggal, 70000 Seremban";
const AREA: &str = "Seremban";

/// Who comes to the evening that is full.
const SINGERS: [&str; 4] = ["Mei Lin", "Kok Leong", "Priya", "Arjun"];

/// Creates the demo's bookings. The account `teacher` offers lessons. Of the two members, the first has
/// booked one that is free of charge, and all places of an evening; the second waits for a place there.
pub fn seed(
    tx: &mut Tx<'_>,
    teacher: &AccountId,
    name: &str,
    members: [&AccountId; 2],
    zone: &str,
) -> Result<(), StoreError> {
    let [member, other] = members;
    let rules = settings::load(tx)?;
    let profile = ProviderProfile {
        bio: BIO.to_owned(),
        ..ProviderProfile::new(tx.id(), name, &rules)
    };
    let (provider, _) = sessions::provider(tx, Some(teacher), &profile)?;
    let tz = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let today = tx.now().to_zoned(tz.clone()).date();
    let mut is_booked = false;
    for days in 1..DAYS {
        let day = today.saturating_add(days.days());
        if TRIAL.weekday == day.weekday() {
            let Some(start) = sessions::start(day, time(TRIAL.hour, 0, 0, 0), &tz) else {
                continue;
            };
            let slot = slot(tx, &TRIAL, &provider, start.at, zone);
            let new = ImportedSlot {
                slot: slot.clone(),
                choices: Choices::default(),
                created_at: tx.now(),
            };
            sessions::add_slot(tx, &new, false)?;
            if days >= BOOKED_AHEAD && !is_booked {
                let brief = Brief {
                    topics: vec!["Ordering food".to_owned()],
                    note: "I can say terima kasih, and point.".to_owned(),
                    ..Brief::default()
                };
                let wishes = book::BookingWishes::of(&brief, Choice::default());
                let new = Booking {
                    state: State::Confirmed,
                    ..book::draft(tx, Some(member), &slot, wishes, &rules)?
                };
                sessions::add_booking(tx, &new)?;
                is_booked = true;
            }
        }
    }
    let evenings = [
        (Weekday::Tuesday, "17:00", "20:00"),
        (Weekday::Thursday, "17:00", "20:00"),
    ];
    let evenings = hours(tx, &provider, "Evenings", &evenings, zone)?;
    let lesson = Offer {
        title: "Malay for beginners".to_owned(),
        public_note: "At the kitchen table, with tea. Bring paper.".to_owned(),
        lengths: vec![length(30, 2_200), length(60, 4_000)],
        ..offer(tx, &evenings)
    };
    insert(tx, &provider, &lesson)?;
    let afternoon = [(Weekday::Saturday, "15:00", "16:30")];
    let afternoon = hours(tx, &provider, "Saturday class", &afternoon, zone)?;
    let class = Offer {
        title: "Malay for the market: a class".to_owned(),
        public_note: "We talk, and then we walk to the market and buy fruit.".to_owned(),
        lengths: vec![length(90, 1_500)],
        seats: 8,
        party_limit: 4,
        position: 2,
        ..offer(tx, &afternoon)
    };
    insert(tx, &provider, &class)?;
    let evening = [(Weekday::Friday, "20:00", "21:30")];
    let evening = hours(tx, &provider, "Friday evening", &evening, zone)?;
    let length = length(90, 0);
    let evening = Offer {
        title: "Songs in Malay: an evening".to_owned(),
        public_note: "Nobody has to sing alone.".to_owned(),
        lengths: vec![length.clone()],
        seats: 4,
        party_limit: 4,
        position: 3,
        ..offer(tx, &evening)
    };
    insert(tx, &provider, &evening)?;
    let mut days = (BOOKED_AHEAD..DAYS).map(|days| today.saturating_add(days.days()));
    let friday = days.find(|day| day.weekday() == civil::Weekday::Friday);
    let start = friday.and_then(|day| sessions::start(day, time(20, 0, 0, 0), &tz));
    if let Some(start) = start {
        let slot = full(tx, &provider, &evening, &length, start.at, member, zone)?;
        let party = waits(tx, slot, other);
        tx.insert(&party)?;
    }
    provider::enqueue_dates(tx, &provider)
}

/// A date of a class all of whose places a member has booked.
fn full(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
    class: &Offer,
    length: &OfferLength,
    at: Timestamp,
    member: &AccountId,
    zone: &str,
) -> Result<SlotId, StoreError> {
    let id = tx.id();
    let slot = Slot {
        seats_taken: class.seats,
        ..class.slot(id, provider, length, at, zone)
    };
    let (from, until) = class.blocks(length, at);
    sql!(
        "INSERT INTO slot ({Slot}, blocks_from, blocks_until, created_at)
         VALUES ({:Slot}, :from, :until, :now)",
        Slot = slot,
        from,
        until,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    let brief = Brief::default();
    let wishes = book::BookingWishes {
        seats: class.seats,
        ..book::BookingWishes::of(&brief, Choice::default())
    };
    let rules = settings::load(tx)?;
    let booking = Booking {
        state: State::Confirmed,
        ..book::draft(tx, Some(member), &slot, wishes, &rules)?
    };
    sql!(
        "INSERT INTO booking ({Booking}) VALUES ({:Booking})",
        Booking = booking
    )
    .run(tx, Rows::Exactly(1))?;
    booking::plan_session(tx, &booking)?;
    seat::insert(tx, &seat::draft(&booking, &SINGERS.map(str::to_owned)))?;
    Ok(slot.id)
}

fn waits(tx: &mut Tx<'_>, slot_id: SlotId, member: &AccountId) -> Waiting {
    Waiting {
        id: tx.id(),
        slot_id,
        member_id: Some(member.clone()),
        seats: 1,
        note: "I bring the guitar.".to_owned(),
        state: WaitingState::Waiting,
        books_at_once: false,
        asked_until: None,
        booking_id: None,
        created_at: tx.now(),
        version: 1,
    }
}

fn hours(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
    name: &str,
    windows: &[(Weekday, &str, &str)],
    zone: &str,
) -> Result<ScheduleId, StoreError> {
    let week = windows.iter().map(|(day, opens, closes)| WeekWindow {
        day: *day,
        opens: (*opens).to_owned(),
        closes: (*closes).to_owned(),
    });
    let schedule = Schedule {
        id: tx.id(),
        name: name.to_owned(),
        time_zone: zone.to_owned(),
        week: week.collect(),
        position: 1,
        version: 1,
    };
    sql!(
        "INSERT INTO provider_schedule (provider_id, {Schedule}) VALUES (:provider, {:Schedule})",
        provider,
        Schedule = schedule
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(schedule.id)
}

fn length(minutes: i64, price_minor: i64) -> OfferLength {
    OfferLength {
        minutes,
        price_minor: Some(price_minor),
    }
}

/// An offer in these hours, without a title and lengths.
fn offer(tx: &mut Tx<'_>, schedule: &ScheduleId) -> Offer {
    Offer {
        id: tx.id(),
        schedule_id: schedule.to_string(),
        title: String::new(),
        public_note: String::new(),
        prep_note: PREP_NOTE.to_owned(),
        location_kind: Place::InPerson,
        location: PLACE.to_owned(),
        area: AREA.to_owned(),
        session_types: Vec::new(),
        levels: Vec::new(),
        entries: Vec::new(),
        credit_kind: None,
        currency: Currency::MYR,
        lengths: Vec::new(),
        step_minutes: 30,
        buffer_before: 0,
        buffer_after: 0,
        min_notice: 60,
        horizon_days: 60,
        day_limit: None,
        seats: 1,
        party_limit: 1,
        active: true,
        position: 1,
        version: 1,
    }
}

fn insert(tx: &mut Tx<'_>, provider: &ProviderId, offer: &Offer) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO offer (provider_id, {Offer}) VALUES (:provider, {:Offer})",
        provider,
        Offer = offer
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn slot(
    tx: &mut Tx<'_>,
    lesson: &Lesson,
    provider: &ProviderId,
    starts_at: Timestamp,
    zone: &str,
) -> Slot {
    Slot {
        id: tx.id(),
        provider_id: provider.clone(),
        series_id: None,
        offer_id: None,
        starts_at,
        ends_at: starts_at + SignedDuration::from_mins(lesson.minutes),
        time_zone: zone.to_owned(),
        state: SlotState::Available,
        title: lesson.title.to_owned(),
        public_note: lesson.note.to_owned(),
        prep_note: PREP_NOTE.to_owned(),
        location_kind: Place::InPerson,
        location_secret: PLACE.to_owned(),
        area: AREA.to_owned(),
        price_minor: lesson.price_minor,
        currency: Currency::MYR,
        credit_kind: None,
        choices: None,
        seats: 1,
        seats_taken: 0,
        hold_token: None,
        hold_until: None,
        version: 1,
    }
}
