//! The demo's bookings: lessons of two lengths in a teacher's hours, a class, and half hours to try for
//! three weeks, one of which a member has booked.

use identity::account::AccountId;
use jiff::civil::{self, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use platform::money::Currency;
use platform::{Rows, StoreError, Tx, sql};

use crate::book;
use crate::booking::{Booking, State};
use crate::brief::Brief;
use crate::choice::{Choice, Choices};
use crate::import::sessions::{self, ImportedSlot};
use crate::offer::{Offer, OfferLength};
use crate::provider::{self, ProviderId, ProviderProfile};
use crate::schedule::{Schedule, ScheduleId, WeekWindow, Weekday};
use crate::settings;
use crate::slot::{Place, Slot, State as SlotState};

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

/// Creates the demo's bookings. The account `teacher` offers lessons, and the account `member` has
/// booked a later one that is free of charge.
pub fn seed(
    tx: &mut Tx<'_>,
    teacher: &AccountId,
    name: &str,
    member: &AccountId,
    zone: &str,
) -> Result<(), StoreError> {
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
                let wishes = book::BookingWishes {
                    brief: &brief,
                    choice: Choice::default(),
                    answers: Vec::new(),
                    seats: 1,
                    names: &[],
                    is_further: false,
                };
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
    provider::enqueue_dates(tx, &provider)
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
