use jiff::ToSpan as _;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// A validity period of ninety days that contains a leap day.
fn ninety_days() -> Life {
    let from = at("2028-01-15T08:00:00Z");
    Life {
        from,
        until: later(from, days(90)),
    }
}

fn failures(count: u32, last: Timestamp) -> Failures {
    Failures {
        count,
        last,
        why: String::new(),
        asked_to_wait: 0,
    }
}

#[test]
fn without_a_certificate_the_order_is_due() {
    let now = at("2028-02-29T23:59:59Z");
    let next = next(&RenewalState::default(), now);
    assert_eq!(next.action, Action::Order);
    assert_eq!(next.at, now);
}

#[test]
fn two_thirds_of_the_life_are_counted_in_days_that_exist() {
    for (from, whole, due) in [
        ("2028-01-15T08:00:00Z", 90, "2028-03-15T08:00:00Z"), // across 29 February
        ("2027-01-15T08:00:00Z", 90, "2027-03-16T08:00:00Z"),
        ("2027-12-30T08:00:00Z", 6, "2028-01-03T08:00:00Z"), // short-lived, across the year
        ("2026-10-01T00:00:00Z", 47, "2026-11-01T08:00:00Z"),
    ] {
        let from = at(from);
        let known = RenewalState {
            life: Some(Life {
                from,
                until: later(from, days(whole)),
            }),
            ..RenewalState::default()
        };
        let next = next(&known, from);
        assert_eq!(next.at, at(due), "{whole} days from {from}");
        assert_eq!(next.action, Action::Order);
    }
}

#[test]
fn a_window_is_obeyed_wherever_it_lies_but_not_past_nine_tenths() {
    let life = ninety_days();
    let window = |start: i64, end: i64| Window {
        start: later(life.from, days(start)),
        end: later(life.from, days(end)),
    };
    let due = |window, jitter| {
        let known = RenewalState {
            life: Some(life),
            window: Some(window),
            jitter: Jitter(jitter),
            ..RenewalState::default()
        };
        next(&known, life.from).at
    };
    assert_eq!(due(window(40, 42), 0), later(life.from, days(40)));
    assert_eq!(due(window(40, 42), u16::MAX), later(life.from, days(42)));
    assert!(due(window(40, 42), 30_000) > later(life.from, days(40)));
    // After a revocation, the authority suggests a window in the past, so the renewal is due at
    // once.
    assert!(due(window(-5, -3), 9) < life.from);
    assert_eq!(due(window(100, 200), 9), later(life.from, days(81)));
    // A renewal window that ends before it begins is ignored.
    assert_eq!(due(window(42, 40), 9), later(life.from, days(60)));
}

#[test]
fn a_fresh_certificate_rests_whatever_the_window_says() {
    let life = ninety_days();
    let now = later(life.from, 2.hours().try_into().unwrap());
    let known = RenewalState {
        life: Some(life),
        issued: Some(now),
        window: Some(Window {
            start: life.from,
            end: now,
        }),
        ..RenewalState::default()
    };
    assert_eq!(next(&known, now).at, later(now, MIN_TIME_TO_RENEWAL));
}

#[test]
fn waits_double_up_to_what_the_certificate_can_bear() {
    let now = at("2028-02-28T12:00:00Z");
    let wait = |life: Option<Life>, count: u32| {
        let failures = failures(count, now);
        let known = RenewalState {
            life,
            failures: Some(&failures),
            jitter: Jitter(u16::MAX),
            ..RenewalState::default()
        };
        next(&known, now).at.duration_since(now)
    };
    let expired = |length: SignedDuration| {
        Some(Life {
            from: later(now, -length),
            until: now,
        })
    };
    for (life, count, seconds) in [
        (None, 1, 60),
        (None, 2, 120),
        (None, 5, 960),
        (None, 7, 3600),
        (None, u32::MAX, 3600),
        (expired(days(90)), 3, 240),
        (expired(days(90)), 30, 24 * 3600),
        (expired(days(6)), 30, 6 * 24 * 360),
        (expired(SignedDuration::from_secs(100)), 30, 10),
        (expired(SignedDuration::from_secs(5)), 30, 1),
        (expired(SignedDuration::ZERO), 30, 1),
    ] {
        assert_eq!(wait(life, count).as_secs(), seconds, "{life:?} {count}");
    }
}

#[test]
fn five_failures_do_not_fit_into_less_than_twenty_minutes() {
    let mut now = at("2028-02-28T12:00:00Z");
    let start = now;
    for count in 1..=5 {
        let failures = failures(count, now);
        let known = RenewalState {
            failures: Some(&failures),
            ..RenewalState::default()
        };
        now = next(&known, now).at;
    }
    assert!(now.duration_since(start) >= SignedDuration::from_mins(20));
}

#[test]
fn what_the_authority_asks_is_waited_for_but_not_for_ever() {
    let now = at("2028-02-28T12:00:00Z");
    for (asked, waited) in [(7_200, 7_200), (i64::MAX, 7 * 24 * 3600), (-5, 45)] {
        let failures = Failures {
            asked_to_wait: asked,
            ..failures(1, now)
        };
        let known = RenewalState {
            failures: Some(&failures),
            ..RenewalState::default()
        };
        assert_eq!(next(&known, now).at.duration_since(now).as_secs(), waited);
    }
}

#[test]
fn an_authority_cannot_ask_for_more_than_a_tenth_of_a_life() {
    for (whole, waited) in [(6, 6 * 24 * 360), (47, 47 * 24 * 360), (90, 7 * 24 * 3600)] {
        let life = Life {
            from: ninety_days().from,
            until: later(ninety_days().from, days(whole)),
        };
        let now = later(life.from, days(whole) * 2 / 3);
        let failures = Failures {
            asked_to_wait: i64::MAX,
            ..failures(1, now)
        };
        let known = RenewalState {
            life: Some(life),
            failures: Some(&failures),
            ..RenewalState::default()
        };
        let wait = next(&known, now).at.duration_since(now);
        assert_eq!(wait.as_secs(), waited, "{whole} days");
    }
}

#[test]
fn a_clock_that_was_set_back_delays_nothing() {
    let failed = at("2028-02-28T12:00:00Z");
    let now = at("2020-01-01T00:00:00Z");
    let failures = failures(1, failed);
    let known = RenewalState {
        failures: Some(&failures),
        ..RenewalState::default()
    };
    assert!(next(&known, now).at <= later(now, SignedDuration::from_mins(1)));
    let known = RenewalState {
        life: Some(ninety_days()),
        ask: Some(failed),
        ..RenewalState::default()
    };
    let asked = next(&known, now);
    assert_eq!(asked.action, Action::Ask);
    assert_eq!(asked.at, later(now, LONGEST_UNASKED));
}

#[test]
fn the_authority_is_asked_only_while_nothing_is_due() {
    let life = ninety_days();
    let known = RenewalState {
        life: Some(life),
        ask: Some(life.from),
        ..RenewalState::default()
    };
    assert_eq!(next(&known, life.from).action, Action::Ask);
    assert_eq!(
        next(&known, later(life.from, days(61))).action,
        Action::Order
    );
    let none = RenewalState {
        ask: Some(life.from),
        ..RenewalState::default()
    };
    assert_eq!(next(&none, life.from).action, Action::Order);
}

#[test]
fn a_certificate_is_loud_fourteen_days_before_its_end() {
    let life = ninety_days();
    assert!(!life.is_loud(later(life.until, -days(14) - SignedDuration::from_secs(1))));
    assert!(life.is_loud(later(life.until, -days(14))));
    assert!(life.is_loud(later(life.until, days(3))));
    assert_eq!(life.days_left(later(life.until, -days(14))), 14);
    assert_eq!(life.days_left(later(life.until, days(3))), 0);
    let short = Life {
        from: life.from,
        until: later(life.from, days(6)),
    };
    assert!(!short.is_loud(later(short.from, days(4))));
    assert!(short.is_loud(later(short.from, days(5))));
}

fn any_instant() -> impl Strategy<Value = Timestamp> {
    (Timestamp::MIN.as_second()..=Timestamp::MAX.as_second())
        .prop_map(|second| Timestamp::from_second(second).unwrap())
}

prop_compose! {
    fn any_life()(from in any_instant(), seconds in 0_i64..400 * 86_400) -> Life {
        Life { from, until: later(from, SignedDuration::from_secs(seconds)) }
    }
}

proptest! {
    #[test]
    fn whatever_is_known_the_answer_is_an_instant(
        now in any_instant(),
        life in proptest::option::of(any_life()),
        issued in proptest::option::of(any_instant()),
        window in proptest::option::of((any_instant(), any_instant())),
        ask in proptest::option::of(any_instant()),
        failed in proptest::option::of((any::<u32>(), any_instant(), any::<i64>())),
        jitter in any::<u16>(),
    ) {
        let failures = failed.map(|(count, last, asked_to_wait)| Failures {
            asked_to_wait,
            ..failures(count, last)
        });
        let known = RenewalState {
            life,
            issued,
            window: window.map(|(start, end)| Window { start, end }),
            ask,
            failures: failures.as_ref(),
            jitter: Jitter(jitter),
        };
        let found = next(&known, now);
        // An authority can delay a due order by at most `LONGEST_ASKED`.
        if life.is_none_or(|life| life.until <= now) {
            prop_assert!(found.at <= later(now, LONGEST_ASKED));
        }
        if let Some(life) = life && failures.is_none() && issued.is_none() {
            prop_assert!(found.at <= life.until);
        }
        if let Some(life) = life {
            life.is_loud(now);
            prop_assert!(life.days_left(now) >= 0);
        }
    }

    #[test]
    fn a_failure_is_waited_out_for_a_second_to_a_tenth_of_the_life(
        life in any_life(), count in 1_u32.., jitter in any::<u16>(),
    ) {
        let now = life.until;
        let failures = failures(count, now);
        let known = RenewalState {
            life: Some(life),
            failures: Some(&failures),
            jitter: Jitter(jitter),
            ..RenewalState::default()
        };
        let wait = next(&known, now).at.duration_since(now);
        let tenth = share(life.length(), 1, 10).max(SHORTEST_WAIT);
        prop_assume!(now < later(Timestamp::MAX, -days(60)));
        prop_assert!(wait >= SHORTEST_WAIT && wait <= tenth, "{wait:?} of {tenth:?}");
    }
}
