use super::*;

const ZONE: &str = "Europe/London";

fn file(events: &str) -> String {
    let head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n";
    format!("{head}{events}END:VCALENDAR\r\n").replace('|', "\r\n")
}

fn period() -> std::ops::Range<Timestamp> {
    let from: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
    from..from + SignedDuration::from_hours(365 * 24)
}

fn found(events: &str) -> Found {
    let zone = TimeZone::get(ZONE).unwrap();
    read(&file(events), &zone, &period()).unwrap()
}

/// The beginnings and ends of the busy times, in the order of the file.
fn times(events: &str) -> Vec<String> {
    let found = found(events);
    assert!(!found.is_partial);
    let show = |one: &Busy| format!("{}/{}", one.from, one.until);
    found.busy.iter().map(show).collect()
}

#[test]
fn only_events_that_block_their_time_are_busy() {
    let rest = "DTSTART:20270105T090000Z|DTEND:20270105T100000Z|END:VEVENT|";
    let events = [
        "BEGIN:VEVENT|UID:1|",
        "BEGIN:VEVENT|UID:2|STATUS:CANCELLED|",
        "BEGIN:VEVENT|UID:3|TRANSP:TRANSPARENT|",
        "BEGIN:VEVENT|UID:4|STATUS:TENTATIVE|TRANSP:OPAQUE|",
    ]
    .map(|head| format!("{head}{rest}"));
    let found = found(&events.concat());
    let uids: Vec<&str> = found.busy.iter().map(|one| &*one.uid).collect();
    assert_eq!(uids, ["1", "4"]);
    let others = "BEGIN:VJOURNAL|UID:5|DTSTART:20270105T090000Z|END:VJOURNAL|";
    assert_eq!(times(others), [""; 0]);
}

#[test]
fn times_are_read_in_the_zone_that_they_name() {
    for (start, expected) in [
        ("DTSTART:20270105T090000Z", "2027-01-05T09:00:00Z"),
        (
            "DTSTART;TZID=Asia/Kolkata:20270105T090000",
            "2027-01-05T03:30:00Z",
        ),
        (
            "DTSTART;TZID=\"America/St_Johns\":20270714T090000",
            "2027-07-14T11:30:00Z",
        ),
        (
            "DTSTART;TZID=Singapore Standard Time:20270105T090000",
            "2027-01-05T01:00:00Z",
        ),
        // A time without a zone is in the provider's zone.
        ("DTSTART:20270714T090000", "2027-07-14T08:00:00Z"),
        (
            "DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20270714T090000",
            "2027-07-14T07:00:00Z",
        ),
        (
            "DTSTART;TZID=/mozilla.org/20050126_1/Europe/Berlin:20270714T090000",
            "2027-07-14T07:00:00Z",
        ),
        (
            "DTSTART;TZID=tzone://Microsoft/Utc:20270714T090000",
            "2027-07-14T09:00:00Z",
        ),
        (
            "DTSTART;TZID=(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna:20270714T090000",
            "2027-07-14T07:00:00Z",
        ),
        (
            "DTSTART;TZID=GMT+0200:20270714T090000",
            "2027-07-14T07:00:00Z",
        ),
        (
            "DTSTART;TZID=UTC+11:20270714T090000",
            "2027-07-13T22:00:00Z",
        ),
        (
            "DTSTART;TZID=UTC-05:30:20270714T090000",
            "2027-07-14T14:30:00Z",
        ),
        ("DTSTART:20270105T0900Z", "2027-01-05T09:00:00Z"),
    ] {
        let event = format!("BEGIN:VEVENT|UID:1|{start}|DURATION:PT30M|END:VEVENT|");
        let from: Timestamp = expected.parse().unwrap();
        let until = from + SignedDuration::from_mins(30);
        assert_eq!(times(&event), [format!("{from}/{until}")], "{start}");
    }
    // The day on which the clock goes forward has 23 hours.
    let day = "BEGIN:VEVENT|UID:1|DTSTART;VALUE=DATE:20270328|END:VEVENT|";
    assert_eq!(times(day), ["2027-03-28T00:00:00Z/2027-03-28T23:00:00Z"]);
    let days = "BEGIN:VEVENT|DTSTART;VALUE=DATE:20270101|DTEND;VALUE=DATE:20270103|END:VEVENT|";
    assert_eq!(times(days), ["2027-01-01T00:00:00Z/2027-01-03T00:00:00Z"]);
}

const CENTRAL: &str = "BEGIN:STANDARD|DTSTART:16010101T030000|TZOFFSETFROM:+0200|\
    TZOFFSETTO:+0100|RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10|END:STANDARD|\
    BEGIN:DAYLIGHT|DTSTART:16010101T020000|TZOFFSETFROM:+0100|TZOFFSETTO:+0200|\
    RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3|END:DAYLIGHT|";

fn event_in(zone: &str, start: &str) -> String {
    format!("BEGIN:VEVENT|UID:1|DTSTART;TZID={zone}:{start}|DURATION:PT1H|END:VEVENT|")
}

#[test]
fn zones_that_the_calendar_defines_are_read() {
    for name in [
        "Customized Time Zone",
        "Mitteleuropäische Zeit",
        "Eastern Standard Time 1",
        "GMT+0200",
        "EST",
        "tzone://Microsoft/Custom",
        "custom_America/New_York",
    ] {
        let zone = format!("BEGIN:VTIMEZONE|TZID:{name}|{CENTRAL}END:VTIMEZONE|");
        for (start, expected) in [
            ("20270714T090000", "2027-07-14T07:00:00Z"),
            ("20270105T090000", "2027-01-05T08:00:00Z"),
            // The last hours before and the first ones after the clock changes.
            ("20270328T013000", "2027-03-28T00:30:00Z"),
            ("20270328T033000", "2027-03-28T01:30:00Z"),
            ("20271031T033000", "2027-10-31T02:30:00Z"),
        ] {
            let from: Timestamp = expected.parse().unwrap();
            let until = from + SignedDuration::from_hours(1);
            let times = times(&format!("{zone}{}", event_in(name, start)));
            assert_eq!(times, [format!("{from}/{until}")], "{name} {start}");
        }
    }
    // Dates instead of rules, and a rule that has ended.
    let dates = "BEGIN:VTIMEZONE|TZID:Own|BEGIN:STANDARD|DTSTART:20000101T000000|\
        TZOFFSETFROM:+0000|TZOFFSETTO:+0000|END:STANDARD|BEGIN:DAYLIGHT|\
        DTSTART:20100101T000000|TZOFFSETFROM:+0000|TZOFFSETTO:+0500|\
        RRULE:FREQ=YEARLY;UNTIL=20120101T000000Z|RDATE:20270601T000000|END:DAYLIGHT|\
        BEGIN:STANDARD|DTSTART:20120601T000000|TZOFFSETFROM:+0500|TZOFFSETTO:+0030|\
        END:STANDARD|END:VTIMEZONE|";
    for (start, expected) in [
        (
            "20270105T090000",
            "2027-01-05T08:30:00Z/2027-01-05T09:30:00Z",
        ),
        (
            "20270714T090000",
            "2027-07-14T04:00:00Z/2027-07-14T05:00:00Z",
        ),
    ] {
        assert_eq!(
            times(&format!("{dates}{}", event_in("Own", start))),
            [expected]
        );
    }
    let named = "BEGIN:VTIMEZONE|TZID:Home|X-LIC-LOCATION:Asia/Kolkata|END:VTIMEZONE|";
    let times = times(&format!("{named}{}", event_in("Home", "20270105T090000")));
    assert_eq!(times, ["2027-01-05T03:30:00Z/2027-01-05T04:30:00Z"]);
}

#[test]
fn a_time_in_an_unknown_zone_is_busy_wherever_it_may_be() {
    let without_offset = "BEGIN:VTIMEZONE|TZID:Here|BEGIN:STANDARD|DTSTART:16010101T030000|\
        END:STANDARD|END:VTIMEZONE|";
    let every_second = "BEGIN:VTIMEZONE|TZID:Here|BEGIN:STANDARD|DTSTART:16010101T030000|\
        TZOFFSETFROM:+0200|TZOFFSETTO:+0100|RRULE:FREQ=SECONDLY|END:STANDARD|END:VTIMEZONE|";
    for (zone, name) in [
        ("", "Here"),
        (without_offset, "Here"),
        (every_second, "Here"),
        ("", "(UTC+01:00) Elsewhere"),
    ] {
        let found = found(&format!("{zone}{}", event_in(name, "20270105T090000")));
        assert!(found.is_partial, "{zone}");
        let [one] = &found.busy[..] else {
            panic!("{found:?}");
        };
        assert_eq!(one.from.to_string(), "2027-01-04T19:00:00Z");
        assert_eq!(one.until.to_string(), "2027-01-05T22:00:00Z");
    }
    // An exception in another zone removes nothing; one in the same zone does.
    let series = "BEGIN:VEVENT|UID:1|DTSTART;TZID=Here:20270105T090000|DURATION:PT1H|\
        RRULE:FREQ=WEEKLY;COUNT=3|EXDATE;TZID=Here:20270112T090000|\
        EXDATE:20270119T090000Z|END:VEVENT|";
    let found = found(series);
    assert!(found.is_partial && found.busy.len() == 2, "{found:?}");
}

#[test]
fn every_end_that_programs_write_is_read() {
    let at = |start: &str, end: &str| found(&format!("BEGIN:VEVENT|{start}|{end}|END:VEVENT|"));
    let day = ["2027-01-05T00:00:00Z", "2027-01-06T00:00:00Z"];
    for (start, end, expected, is_partial) in [
        (
            "DTSTART;VALUE=DATE:20270105",
            "DTEND;VALUE=DATE:20270105",
            day,
            false,
        ),
        (
            "DTSTART;VALUE=DATE:20270105",
            "DTEND:20270105T230000Z",
            day,
            false,
        ),
        (
            "DTSTART;VALUE=DATE:20270105",
            "DTEND:20270106T000000Z",
            day,
            false,
        ),
        ("DTSTART;VALUE=DATE:20270105", "DURATION:PT0S", day, false),
        ("DTSTART;VALUE=DATE:20270105", "DTEND:some day", day, true),
        (
            "DTSTART:20270105T090000Z",
            "DTEND;VALUE=DATE:20270105",
            ["2027-01-05T09:00:00Z", day[1]],
            false,
        ),
        (
            "DTSTART:20270105T090000Z",
            "DTEND;VALUE=DATE:20270107",
            ["2027-01-05T09:00:00Z", "2027-01-07T00:00:00Z"],
            false,
        ),
        (
            "DTSTART:20270105T090000Z",
            "DTEND:20270105T080000Z",
            ["2027-01-05T08:00:00Z", "2027-01-05T10:00:00Z"],
            true,
        ),
        (
            "DTSTART:20270105T090000Z",
            "DURATION:-PT1H",
            ["2027-01-05T08:00:00Z", "2027-01-05T10:00:00Z"],
            true,
        ),
        (
            "DTSTART;VALUE=DATE:20270328",
            "DURATION:P1D",
            ["2027-03-28T00:00:00Z", "2027-03-28T23:00:00Z"],
            false,
        ),
        (
            "DTSTART;TZID=Europe/London:20270327T120000",
            "DURATION:P1DT1H",
            ["2027-03-27T12:00:00Z", "2027-03-28T12:00:00Z"],
            false,
        ),
    ] {
        let found = at(start, end);
        let times = found.busy.iter().map(|one| [one.from, one.until]);
        let times: Vec<_> = times.map(|all| all.map(|at| at.to_string())).collect();
        assert_eq!(times, [expected.map(str::to_owned)], "{start} {end}");
        assert_eq!(found.is_partial, is_partial, "{start} {end}");
    }
}

#[test]
fn added_periods_have_their_own_length() {
    let event = "BEGIN:VEVENT|DTSTART:20270104T090000Z|DURATION:PT1H|\
        RDATE;VALUE=PERIOD:20270106T090000Z/20270106T110000Z,20270107T090000Z/PT3H|END:VEVENT|";
    let expected = [
        "2027-01-04T09:00:00Z/2027-01-04T10:00:00Z",
        "2027-01-06T09:00:00Z/2027-01-06T11:00:00Z",
        "2027-01-07T09:00:00Z/2027-01-07T12:00:00Z",
    ];
    assert_eq!(times(event), expected);
}

#[test]
fn all_later_times_may_be_moved_or_cancelled() {
    let series = "BEGIN:VEVENT|UID:1|DTSTART;TZID=Europe/Berlin:20270326T090000|DURATION:PT1H|\
        RRULE:FREQ=DAILY;COUNT=5|END:VEVENT|";
    let change = |change: &str| {
        format!(
            "{series}BEGIN:VEVENT|UID:1|\
            RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20270327T090000|\
            DTSTART;TZID=Europe/Berlin:20270327T150000|DURATION:PT2H|{change}END:VEVENT|"
        )
    };
    let mut moved = times(&change(""));
    moved.sort();
    moved.dedup();
    let expected = [
        "2027-03-26T08:00:00Z/2027-03-26T09:00:00Z",
        "2027-03-27T14:00:00Z/2027-03-27T16:00:00Z",
        "2027-03-28T13:00:00Z/2027-03-28T15:00:00Z",
        "2027-03-29T13:00:00Z/2027-03-29T15:00:00Z",
        "2027-03-30T13:00:00Z/2027-03-30T15:00:00Z",
    ];
    assert_eq!(moved, expected);
    assert_eq!(times(&change("STATUS:CANCELLED|")), expected[..1]);
    // One of the later times has an event of its own.
    let one = "BEGIN:VEVENT|UID:1|RECURRENCE-ID;TZID=Europe/Berlin:20270329T090000|\
        DTSTART:20270329T200000Z|DURATION:PT1H|END:VEVENT|";
    let mut with_own = times(&format!("{}{one}", change("")));
    with_own.sort();
    with_own.dedup();
    let mut expected = expected;
    expected[3] = "2027-03-29T20:00:00Z/2027-03-29T21:00:00Z";
    assert_eq!(with_own, expected);
}

#[test]
fn what_is_moved_stays_at_its_local_time_where_the_clock_goes_forward() {
    // On 28 March there is no 02:30 in Berlin.
    for (from, to, later) in [("023000", "033000", "01"), ("013000", "023000", "00")] {
        for first in ["27", "28"] {
            let mut moved = times(&format!(
                "BEGIN:VEVENT|UID:1|DTSTART;TZID=Europe/Berlin:20270327T{from}|DURATION:PT15M|\
                RRULE:FREQ=DAILY;COUNT=3|END:VEVENT|BEGIN:VEVENT|UID:1|\
                RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:202703{first}T{from}|\
                DTSTART;TZID=Europe/Berlin:202703{first}T{to}|DURATION:PT15M|END:VEVENT|"
            ));
            moved.sort();
            moved.dedup();
            let at = |day: u8, hour: &str| {
                format!("2027-03-{day}T{hour}:30:00Z/2027-03-{day}T{hour}:45:00Z")
            };
            // 02:30 of that day is read as 03:30, which is 01:30 in UTC.
            assert_eq!(moved[1..], [at(28, "01"), at(29, later)], "{from} {first}");
        }
    }
}

#[test]
fn repeated_events_keep_their_local_time_over_a_change_of_the_clock() {
    let weekly = "BEGIN:VEVENT|UID:1|DTSTART;TZID=Europe/London:20270314T090000|\
        DTEND;TZID=Europe/London:20270314T100000|RRULE:FREQ=WEEKLY;COUNT=4|\
        EXDATE;TZID=Europe/London:20270321T090000|END:VEVENT|";
    assert_eq!(
        times(weekly),
        [
            "2027-03-14T09:00:00Z/2027-03-14T10:00:00Z",
            "2027-03-28T08:00:00Z/2027-03-28T09:00:00Z",
            "2027-04-04T08:00:00Z/2027-04-04T09:00:00Z",
        ]
    );
}

#[test]
fn a_rule_ends_at_the_instant_that_it_names_and_at_the_end_of_the_period() {
    // The last repetition is at 18:00 in Kuala Lumpur, which is 10:00 in UTC.
    let daily = "BEGIN:VEVENT|DTSTART;TZID=Asia/Kuala_Lumpur:20261201T180000|DURATION:PT1H|\
        RRULE:FREQ=DAILY;UNTIL=20261203T100000Z|END:VEVENT|";
    assert_eq!(times(daily).len(), 3);
    let day = "BEGIN:VEVENT|DTSTART:20261201T180000|DURATION:PT1H|\
        RRULE:FREQ=DAILY;UNTIL=20261203|END:VEVENT|";
    assert_eq!(times(day).len(), 3);
    // A rule that began long ago and never ends.
    let long = "BEGIN:VEVENT|DTSTART:20100101T180000Z|DURATION:PT1H|RRULE:FREQ=DAILY|END:VEVENT|";
    assert_eq!(times(long).len(), 365);
    let monthly = "BEGIN:VEVENT|DTSTART:20260101T180000Z|DURATION:PT1H|\
        RRULE:FREQ=MONTHLY;BYDAY=-1FR|END:VEVENT|";
    assert_eq!(times(monthly).len(), 12);
    assert_eq!(
        times(monthly)[0],
        "2026-11-27T18:00:00Z/2026-11-27T19:00:00Z"
    );
}

#[test]
fn one_time_of_a_repeated_event_may_be_moved_or_cancelled() {
    let series = "BEGIN:VEVENT|UID:1|SEQUENCE:3|DTSTART:20261201T090000Z|DURATION:PT1H|\
        RRULE:FREQ=DAILY;COUNT=3|RDATE:20261224T090000Z|END:VEVENT|\
        BEGIN:VEVENT|UID:1|RECURRENCE-ID:20261202T090000Z|DTSTART:20261202T150000Z|\
        DURATION:PT1H|END:VEVENT|\
        BEGIN:VEVENT|UID:1|RECURRENCE-ID:20261203T090000Z|DTSTART:20261203T090000Z|\
        DURATION:PT1H|STATUS:CANCELLED|END:VEVENT|";
    assert_eq!(
        times(series),
        [
            "2026-12-01T09:00:00Z/2026-12-01T10:00:00Z",
            "2026-12-24T09:00:00Z/2026-12-24T10:00:00Z",
            "2026-12-02T15:00:00Z/2026-12-02T16:00:00Z",
        ]
    );
}

#[test]
fn an_event_that_cannot_be_read_does_not_hide_the_others() {
    let good = "BEGIN:VEVENT|DTSTART:20270105T090000Z|DURATION:PT1H|END:VEVENT|";
    for (bad, count) in [
        ("BEGIN:VEVENT|UID:1|DURATION:PT1H|END:VEVENT|", 1),
        // What can be read of an event counts.
        (
            "BEGIN:VEVENT|DTSTART:20270105T090000Z|DURATION:PT1S|RRULE:1|END:VEVENT|",
            2,
        ),
        (
            "BEGIN:VEVENT|DTSTART:20270105T090000Z|DURATION:PT1S|RDATE:x|END:VEVENT|",
            2,
        ),
        (
            "BEGIN:VEVENT|DTSTART:19000105T090000Z|DURATION:PT1S|RRULE:FREQ=DAILY|END:VEVENT|",
            1,
        ),
    ] {
        let found = found(&format!("{bad}{good}"));
        assert!(
            found.is_partial && found.busy.len() == count,
            "{bad} {found:?}"
        );
    }
}

#[test]
fn what_is_no_whole_calendar_is_broken() {
    let whole = file("BEGIN:VEVENT|DTSTART:20270105T090000Z|DURATION:PT1H|END:VEVENT|");
    let zone = TimeZone::UTC;
    assert!(read(&whole, &zone, &period()).is_ok());
    for cut in 0..whole.len() - "\r\n".len() {
        assert_eq!(
            read(&whole[..cut], &zone, &period()),
            Err(ReadError::Broken)
        );
    }
    for other in ["<!doctype html>", "<p>\r\nEND:VCALENDAR", "END:VCALENDAR"] {
        assert_eq!(
            read(other, &zone, &period()),
            Err(ReadError::Broken),
            "{other}"
        );
    }
    let one = "BEGIN:VEVENT|DTSTART:20100101T090000Z|DURATION:PT1H|RRULE:FREQ=DAILY|END:VEVENT|";
    let many = file(&one.repeat(60));
    assert_eq!(read(&many, &zone, &period()), Err(ReadError::TooMuch));
}
