//! Tests of the household's calendar file. The tests parse the file as calendar software does (RFC
//! 5545 §3.6).

use jiff::Timestamp;
use jiff::civil::DateTime;
use platform::{Rows, sql};
use serde_json::json;
use testkit::Page;

use crate::stage::{Stage, answer, assert_private, id, on_default, on_sqlite, put, state};

/// A property of a calendar component: its name, parameters and value.
#[derive(Debug)]
struct Property {
    name: String,
    parameters: String,
    value: String,
}

/// A calendar component: everything between `BEGIN:name` and `END:name`.
#[derive(Debug, Default)]
struct Component {
    name: String,
    properties: Vec<Property>,
    parts: Vec<Component>,
}

impl Component {
    fn value(&self, name: &str) -> &str {
        let found = self
            .properties
            .iter()
            .filter(|property| property.name == name);
        let found: Vec<_> = found.collect();
        assert_eq!(found.len(), 1, "one {name}: {self:#?}");
        &found[0].value
    }

    fn parts<'c>(&'c self, name: &'c str) -> impl Iterator<Item = &'c Component> {
        self.parts.iter().filter(move |part| part.name == name)
    }
}

fn read(page: &Page) -> Component {
    page.expect(200);
    assert_private(page);
    assert_eq!(
        page.header("content-type"),
        "text/calendar; charset=utf-8; method=PUBLISH"
    );
    let body = &page.body;
    assert!(body.ends_with("\r\n") && !body.replace("\r\n", "").contains(['\r', '\n']));
    assert!(body.split("\r\n").all(|line| line.len() <= 75), "{body}");
    let mut open = vec![Component::default()];
    for line in body.replace("\r\n ", "").trim_end().split("\r\n") {
        let (head, value) = line.split_once(':').unwrap();
        let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
        match name {
            "BEGIN" => open.push(Component {
                name: value.to_owned(),
                ..Component::default()
            }),
            "END" => {
                let done = open.pop().unwrap();
                assert_eq!(done.name, value);
                open.last_mut().unwrap().parts.push(done);
            }
            _ => open.last_mut().unwrap().properties.push(Property {
                name: name.to_owned(),
                parameters: parameters.to_owned(),
                value: value.to_owned(),
            }),
        }
    }
    assert_eq!(open.len(), 1);
    let calendar = open.pop().unwrap().parts.pop().unwrap();
    assert_eq!(calendar.name, "VCALENDAR");
    assert_eq!(calendar.value("VERSION"), "2.0");
    assert_eq!(calendar.value("METHOD"), "PUBLISH");
    calendar
}

/// Converts a local time to UTC with the time zone that the file itself defines. Uses the last
/// offset change before the local time.
fn instant(calendar: &Component, event: &Component, name: &str) -> Timestamp {
    let property = event
        .properties
        .iter()
        .find(|property| property.name == name)
        .unwrap();
    let zone = calendar.parts("VTIMEZONE").next().unwrap();
    assert_eq!(property.parameters, format!("TZID={}", zone.value("TZID")));
    let local = |text: &str| DateTime::strptime("%Y%m%dT%H%M%S", text).unwrap();
    let wanted = local(&property.value);
    let mut changes: Vec<(DateTime, String)> = zone
        .parts
        .iter()
        .map(|part| {
            (
                local(part.value("DTSTART")),
                part.value("TZOFFSETTO").to_owned(),
            )
        })
        .collect();
    changes.sort();
    let (_, offset) = changes.iter().rfind(|(onset, _)| *onset <= wanted).unwrap();
    let (hours, minutes) = (&offset[..3], &offset[3..5]);
    format!("{}{hours}:{minutes}", wanted.strftime("%Y-%m-%dT%H:%M:%S"))
        .parse()
        .unwrap()
}

/// Moves events to the given start and end times.
async fn move_events(
    stage: &Stage<'_>,
    zone: &'static str,
    times: [(&'static str, &'static str, &'static str); 3],
) {
    stage
        .details(move |details| zone.clone_into(&mut details.time_zone))
        .await;
    for (key, from, to) in times {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (from, to) = (at(from), at(to));
        stage
            .change(move |tx| {
                tx.run(
                    sql!("UPDATE event SET starts_at = $2, ends_at = $3 WHERE key = $1"),
                    &[&key, &from, &to],
                    Rows::Exactly(1),
                )
                .map(drop)
            })
            .await;
    }
}

#[test]
fn every_event_is_there_at_its_instant() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let calendar = read(&visitor.get("/invite/RAHMA/calendar.ics").await);
        let events: Vec<_> = calendar.parts("VEVENT").collect();
        let stored = state(&mut visitor, "RAHMA").await;
        assert_eq!(events.len(), 3);
        for (event, stored) in events.iter().zip(stored["events"].as_array().unwrap()) {
            for (name, member) in [("DTSTART", "starts_at"), ("DTEND", "ends_at")] {
                let at: Timestamp = stored[member].as_str().unwrap().parse().unwrap();
                assert_eq!(instant(&calendar, event, name), at);
            }
            assert_eq!(event.value("SEQUENCE"), "0");
            assert!(event.value("UID").ends_with("@127.0.0.1"));
            assert_eq!(event.value("DTSTAMP"), "20261120T080000Z");
            let summary = event.value("SUMMARY");
            assert!(
                summary.contains("Aisyah & Daniel")
                    && summary.contains(stored["name"].as_str().unwrap()),
                "{summary}"
            );
            assert!(
                event.value("LOCATION").contains("\\, "),
                "{}",
                event.value("LOCATION")
            );
            assert!(event.value("URL").starts_with("https://"));
            for private in ["ATTENDEE", "ORGANIZER"] {
                assert!(
                    !event
                        .properties
                        .iter()
                        .any(|property| property.name == private)
                );
            }
        }
    });
}

#[test]
fn clocks_that_change_between_events_and_during_one_are_followed() {
    on_sqlite(async |stage| {
        let spring = [
            // The first event is before the change to summer time. The second event crosses the
            // change, so by the clock it ends an hour later. The third event is after the change.
            ("nikah", "2027-03-27T10:00:00Z", "2027-03-27T12:00:00Z"),
            ("reception", "2027-03-27T20:00:00Z", "2027-03-28T03:30:00Z"),
            ("brunch", "2027-03-29T08:00:00Z", "2027-03-29T10:00:00Z"),
        ];
        let autumn_over_midnight = [
            ("nikah", "2027-10-30T08:00:00Z", "2027-10-30T09:00:00Z"),
            ("reception", "2027-10-30T18:00:00Z", "2027-10-31T04:30:00Z"),
            ("brunch", "2027-10-30T20:00:00Z", "2027-10-31T03:00:00Z"),
        ];
        let years = [
            ("nikah", "2027-01-10T08:00:00Z", "2027-01-10T09:00:00Z"),
            ("reception", "2027-07-10T08:00:00Z", "2027-07-10T09:00:00Z"),
            ("brunch", "2028-12-10T08:00:00Z", "2028-12-10T09:00:00Z"),
        ];
        for zone in [
            "Europe/Rome",
            "Europe/Dublin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kuala_Lumpur",
            "Asia/Kathmandu",
            "UTC",
            "Africa/Casablanca",
        ] {
            for times in [spring, autumn_over_midnight, years] {
                move_events(stage, zone, times).await;
                let calendar = read(&stage.guest().get("/invite/RAHMA/calendar.ics").await);
                assert_eq!(calendar.parts("VTIMEZONE").count(), 1);
                for (event, (_, from, to)) in calendar.parts("VEVENT").zip(times) {
                    assert_eq!(
                        instant(&calendar, event, "DTSTART").to_string(),
                        from,
                        "{zone}"
                    );
                    assert_eq!(instant(&calendar, event, "DTEND").to_string(), to, "{zone}");
                }
                let zone = calendar.parts("VTIMEZONE").next().unwrap();
                for part in &zone.parts {
                    assert!(["STANDARD", "DAYLIGHT"].contains(&part.name.as_str()));
                    for name in ["TZOFFSETFROM", "TZOFFSETTO"] {
                        let offset = part.value(name);
                        assert!(
                            offset.len() == 5 && offset.starts_with(['+', '-']),
                            "{offset}"
                        );
                    }
                }
            }
        }
    });
}

#[test]
fn what_everybody_has_declined_is_left_out_and_comes_back() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let start = state(&mut visitor, "ROSSI").await;
        let (marco, giulia) = (id(&start, "Marco"), id(&start, "Giulia"));
        put(
            &mut visitor,
            "ROSSI",
            &answer(1, &marco, &json!({ "brunch": "no" })),
        )
        .await
        .expect(200);
        let count = async |visitor: &mut testkit::Visitor| {
            let calendar = read(&visitor.get("/invite/ROSSI/calendar.ics").await);
            calendar.parts("VEVENT").count()
        };
        assert_eq!(count(&mut visitor).await, 3, "one of them may still come");
        put(
            &mut visitor,
            "ROSSI",
            &answer(2, &giulia, &json!({ "brunch": "no" })),
        )
        .await
        .expect(200);
        assert_eq!(count(&mut visitor).await, 2);
        put(
            &mut visitor,
            "ROSSI",
            &answer(3, &giulia, &json!({ "brunch": "undecided" })),
        )
        .await
        .expect(200);
        assert_eq!(count(&mut visitor).await, 3);
    });
}

#[test]
fn a_changed_date_raises_the_sequence_under_the_same_name() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let ids = |calendar: &Component| {
            let events = calendar.parts("VEVENT");
            events
                .map(|event| event.value("UID").to_owned())
                .collect::<Vec<_>>()
        };
        let before = read(&visitor.get("/invite/RAHMA/calendar.ics").await);
        stage
            .run(sql!("UPDATE event SET calendar_sequence = 3, address = 'A;B,' || address WHERE key = $1"), "nikah")
            .await;
        let after = read(&visitor.get("/invite/RAHMA/calendar.ics").await);
        assert_eq!(ids(&before), ids(&after));
        let event = after.parts("VEVENT").next().unwrap();
        assert_eq!(event.value("SEQUENCE"), "3");
        assert!(event.value("LOCATION").contains("A\\;B\\,"));
        // The calendar file is in the requested language.
        let italian = read(&visitor.get("/invite/RAHMA/calendar.ics?lang=it").await);
        assert!(
            italian
                .parts("VEVENT")
                .any(|event| event.value("SUMMARY").contains("Ricevimento"))
        );
    });
}
