use jiff::ToSpan as _;
use platform::id::Id as _;
use testkit::{Draw, seeds};

use super::*;
use crate::offer::Offer;
use crate::schedule::Weekday;
use crate::slot::Place;

fn provider(number: usize) -> ProviderId {
    ProviderId::from_text(format!("01970000-0000-4000-8000-{number:012}"))
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Starts of one provider that take more than so many bytes.
fn starts(revision: i64, bytes: usize) -> Arc<ProviderStarts> {
    let lengths = vec![LengthStarts {
        minutes: 60,
        starts: vec![Timestamp::UNIX_EPOCH; bytes / size_of::<Timestamp>()],
    }];
    let own = OfferStarts {
        step: 0,
        buffers: [0, 0],
        day_limit: None,
        schedule: String::new(),
        zone: String::new(),
        week: Vec::new(),
        lengths,
    };
    Arc::new(ProviderStarts {
        revision,
        day: day("2026-12-01"),
        offers: BTreeMap::from([(OfferId::from_text("offer".to_owned()), own)]),
    })
}

#[test]
fn what_is_kept_is_found_at_its_revision_and_on_its_day_alone() {
    let kept = KeptStarts::default();
    let today = day("2026-12-01");
    kept.keep(&provider(1), &starts(7, 100));
    assert!(kept.find(&provider(1), 7, today).is_some());
    assert!(kept.find(&provider(2), 7, today).is_none());
    assert!(kept.find(&provider(1), 8, today).is_none());
    // What is out of date makes room at once.
    assert_eq!(kept.shelf().bytes, 0);
    kept.keep(&provider(1), &starts(7, 100));
    assert!(kept.find(&provider(1), 7, day("2026-12-02")).is_none());
}

#[test]
fn the_bytes_are_bounded_and_who_was_read_last_stays() {
    let kept = KeptStarts::default();
    let today = day("2026-12-01");
    for number in 0..100 {
        kept.keep(&provider(number), &starts(1, 1 << 20));
        assert!(kept.shelf().bytes <= MOST_BYTES);
        assert!(kept.find(&provider(0), 1, today).is_some(), "{number}");
    }
    let of = |number| kept.find(&provider(number), 1, today);
    assert!(of(99).is_some() && of(90).is_some() && of(50).is_none());
    let shelf = kept.shelf();
    assert_eq!(shelf.kept.len(), shelf.order.len());
    let bytes: usize = shelf.kept.values().map(|(_, starts)| starts.bytes()).sum();
    assert_eq!(shelf.bytes, bytes);
    drop(shelf);
    // What alone is too much is not kept.
    kept.keep(&provider(0), &starts(1, MOST_BYTES));
    assert!(of(0).is_none());
}

fn offering(draw: &mut Draw) -> Offering {
    let mut minutes = |of: &[i64]| of[draw.below(of.len())];
    let offer = Offer {
        id: OfferId::from_text("01970000-0000-4000-8000-000000000001".to_owned()),
        schedule_id: "hours".to_owned(),
        title: "Lesson".to_owned(),
        public_note: String::new(),
        prep_note: String::new(),
        location_kind: Place::Phone,
        location: String::new(),
        area: String::new(),
        session_types: Vec::new(),
        levels: Vec::new(),
        entries: Vec::new(),
        credit_kind: None,
        currency: "MYR".parse().unwrap(),
        lengths: [60, 30].map(length).to_vec(),
        step_minutes: minutes(&[0, 15, 60, 90]),
        buffer_before: minutes(&[0, 10]),
        buffer_after: minutes(&[0, 15]),
        min_notice: minutes(&[0, 59, 1_440, 10_000]),
        horizon_days: minutes(&[1, 2, 60, LONGEST_HORIZON]),
        day_limit: [None, Some(1), Some(3)][draw.below(3)],
        seats: 1,
        party_limit: 1,
        active: true,
        position: 0,
        version: 1,
    };
    let zones = [
        "Pacific/Kiritimati",
        "Etc/GMT+12",
        "Europe/Berlin",
        "America/St_Johns",
        "Africa/Cairo",
        "America/Asuncion",
    ];
    let mut week = Vec::new();
    for day in Weekday::ALL {
        let mut clock = || format!("{:02}:{:02}", draw.below(24), draw.below(4) * 15);
        let (opens, closes) = (clock(), clock());
        week.push(WeekWindow {
            day: *day,
            opens,
            closes,
        });
    }
    Offering {
        offer,
        provider_id: provider(1),
        zone: draw.one(&zones).to_owned(),
        week,
        provider: String::new(),
        address: None,
        credit_label: None,
        site_currency: "MYR".parse().unwrap(),
        times_revision: 1,
    }
}

fn length(minutes: i64) -> OfferLength {
    OfferLength {
        minutes,
        price_minor: None,
    }
}

#[test]
fn what_is_kept_in_the_morning_says_at_each_time_of_the_day_what_is_free() {
    let mut all = 0;
    for seed in seeds(40) {
        let mut draw = Draw::new(seed);
        let by = offering(&mut draw);
        // Through the days on which clocks change.
        let today = day("2026-09-20") + i64::try_from(draw.below(220)).unwrap().days();
        let [begin, end] = stretch(today);
        let later = |draw: &mut Draw, minutes: usize| {
            begin + SignedDuration::from_mins(i64::try_from(draw.below(minutes)).unwrap())
        };
        let mut time = ProviderTime::default();
        for _ in 0..draw.below(60) {
            let from = later(&mut draw, 60 * 24 * 92);
            time.blocked
                .push((from, from + SignedDuration::from_mins(75)));
            time.sessions.push((by.offer.id.clone(), from));
        }
        let kept = ProviderStarts::compute(None, &[&by], &time, 1, today);
        assert!(kept.has(&[&by]));
        for _ in 0..8 {
            let now = later(&mut draw, 60 * 24);
            assert_eq!(day_of(now), today);
            let from = later(&mut draw, 60 * 24 * 70).max(now);
            let until = if draw.is(3) { end } else { from + 9.hours() };
            let found = kept.within(&by, now, from, until);
            assert_eq!(found, by.starts(&time, now, from, until), "{seed}: {by:?}");
            all += found.len();
        }
    }
    assert!(all > 1_000, "{all}");
}

#[test]
fn an_offer_in_other_hours_or_by_another_rule_is_not_known() {
    let mut draw = Draw::new(1);
    let by = offering(&mut draw);
    let (time, today) = (ProviderTime::default(), day("2026-12-01"));
    let kept = ProviderStarts::compute(None, &[&by], &time, 1, today);
    let changes: [fn(&mut Offering); 9] = [
        |one| one.offer.step_minutes += 5,
        |one| one.offer.buffer_before += 5,
        |one| one.offer.buffer_after += 5,
        |one| one.offer.day_limit = Some(9),
        |one| one.offer.schedule_id.push('2'),
        |one| one.offer.lengths.push(length(45)),
        |one| one.zone = "Asia/Tokyo".to_owned(),
        |one| one.week.truncate(1),
        |one| one.offer.id = OfferId::from_text("other".to_owned()),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut other = by.clone();
        change(&mut other);
        assert!(!kept.has(&[&by, &other]), "{number}");
        // What is computed for it is known beside the rest.
        let both = ProviderStarts::compute(Some(&kept), &[&other], &time, 1, today);
        assert!(both.has(&[&other]), "{number}");
        // With one more length, and for another offer, the former is still known.
        assert_eq!(both.has(&[&by]), [5, 8].contains(&number), "{number}");
    }
    // Notice, horizon and price are applied when it is read.
    let mut other = by.clone();
    other.offer.min_notice += 5;
    other.offer.horizon_days = 3;
    other.offer.lengths[0].price_minor = Some(5);
    assert!(kept.has(&[&other]));
}
