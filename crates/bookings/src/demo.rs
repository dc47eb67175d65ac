//! The demo's bookings: lessons for three weeks, and one that a member has booked.

use identity::account::AccountId;
use jiff::civil::{Weekday, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use platform::money::Currency;
use platform::{StoreError, Tx};

use crate::book;
use crate::booking::{Booking, State};
use crate::brief::Brief;
use crate::choice::{Choice, Choices};
use crate::import::sessions::{self, ImportedSlot};
use crate::provider::{ProviderId, ProviderProfile};
use crate::settings;
use crate::slot::{Place, Slot, State as SlotState};

const DAYS: i32 = 21;
/// No reminder is due when the demo starts.
const BOOKED_AHEAD: i32 = 3;
const BIO: &str = "I teach the second form, and on some evenings everybody who wants to read the \
                   menu without help.";

struct Lesson {
    weekday: Weekday,
    hour: i8,
    minutes: i64,
    title: &'static str,
    note: &'static str,
    price_minor: i64,
}

const TRIAL: Lesson = Lesson {
    weekday: Weekday::Saturday,
    hour: 10,
    minutes: 30,
    title: "Malay: half an hour to try",
    note: "We find out what you know already. It is more than you think.",
    price_minor: 0,
};

const fn lesson(weekday: Weekday, hour: i8) -> Lesson {
    Lesson {
        weekday,
        hour,
        minutes: 60,
        title: "Malay for beginners",
        note: "At the kitchen table, with tea. Bring paper.",
        price_minor: 4_000,
    }
}

const LESSONS: &[Lesson] = &[
    lesson(Weekday::Tuesday, 17),
    lesson(Weekday::Tuesday, 19),
    lesson(Weekday::Thursday, 17),
    TRIAL,
    lesson(Weekday::Saturday, 11),
];

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
        for lesson in LESSONS.iter().filter(|one| one.weekday == day.weekday()) {
            let Some(start) = sessions::start(day, time(lesson.hour, 0, 0, 0), &tz) else {
                continue;
            };
            let slot = slot(tx, lesson, &provider, start.at, zone);
            let new = ImportedSlot {
                slot: slot.clone(),
                choices: Choices::default(),
                created_at: tx.now(),
            };
            sessions::add_slot(tx, &new, false)?;
            if lesson.price_minor == 0 && days >= BOOKED_AHEAD && !is_booked {
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
        prep_note: "The bell has been broken since the rain. Knock.".to_owned(),
        location_kind: Place::InPerson,
        location_secret: "12 Jalan Dato’ Bandar Tunggal, 70000 Seremban".to_owned(),
        area: "Seremban".to_owned(),
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
