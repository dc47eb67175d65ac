//! Tests of events whose day is known, but not their hour.

use occasions::event::PlannedEvent;
use occasions::hosting::{Refusal, occasions as hosted, resource};
use serde_json::{Value, json};
use web::{Deadline, Input};

use crate::pages::HOME;
use crate::stage::{Stage, on_default};

/// Changes the reception, and returns its start, its end if that is known, and whether its hour is known.
async fn change(stage: &Stage<'_>, input: Value) -> (String, String, bool) {
    let changed = stage
        .done(move |tx, host| {
            let all = resource::list::<PlannedEvent>(tx, host)?;
            let old = all.into_iter().find(|event| event.key == "reception");
            let old = old.ok_or(Refusal::NotFound)?;
            let input = Input::from(input.clone());
            resource::change::<PlannedEvent>(tx, host, old.id.as_str(), old.version, &input)
        })
        .await;
    shown(&changed)
}

fn shown(event: &PlannedEvent) -> (String, String, bool) {
    let [from, to] =
        [event.starts_at, event.ends_at].map(|at| at.map_or_else(String::new, |at| at.to_string()));
    (from, to, event.hour_known)
}

fn is(from: &str, to: &str, hour_known: bool) -> (String, String, bool) {
    (from.to_owned(), to.to_owned(), hour_known)
}

#[test]
fn without_its_hour_an_event_lasts_from_midnight_to_midnight() {
    on_default(async |stage| {
        let day = json!({"starts_at": "2027-01-16T20:00:00+08:00", "ends_at": "2027-01-17T01:00:00+08:00"});
        change(stage, day).await;
        let whole = change(stage, json!({"hour_known": false})).await;
        assert_eq!(
            whole,
            is("2027-01-15T16:00:00Z", "2027-01-16T16:00:00Z", false)
        );
        // Another day alone stays one day.
        let moved = change(stage, json!({"starts_at": "2027-03-28T00:00:00+08:00"})).await;
        assert_eq!(
            moved,
            is("2027-03-27T16:00:00Z", "2027-03-28T16:00:00Z", false)
        );
        let weekend = json!({"ends_at": "2027-03-30T00:00:00+08:00"});
        let weekend = change(stage, weekend).await;
        assert_eq!(
            weekend,
            is("2027-03-27T16:00:00Z", "2027-03-29T16:00:00Z", false)
        );
        let moved = change(stage, json!({"starts_at": "2027-04-10T00:00:00+08:00"})).await;
        assert_eq!(
            moved,
            is("2027-04-09T16:00:00Z", "2027-04-11T16:00:00Z", false)
        );
        // An hour makes it known, and the event short.
        let known = change(stage, json!({"starts_at": "2027-04-10T12:00:00+08:00"})).await;
        assert_eq!(
            known,
            is("2027-04-10T04:00:00Z", "2027-04-10T06:00:00Z", true)
        );
        // A program's end is kept, also if it is the midnight that was there.
        change(stage, json!({"hour_known": false})).await;
        let dinner = json!({"hour_known": true, "starts_at": "2027-04-10T18:00:00+08:00", "ends_at": "2027-04-11T00:00:00+08:00"});
        assert_eq!(
            change(stage, dinner).await,
            is("2027-04-10T10:00:00Z", "2027-04-10T16:00:00Z", true)
        );
    });
}

#[test]
fn a_deadline_at_the_end_of_a_day_stays_there_in_another_zone() {
    on_default(async |stage| {
        let [before, after] = stage
            .done(|tx, host| {
                let old = hosted::load(tx, host)?;
                let input = Input::from(json!({"time_zone": "Europe/Rome"}));
                let new = hosted::change(tx, host, old.version, &input)?;
                Ok::<_, Refusal>([old, new].map(|one| {
                    let deadline = one.rsvp_deadline.unwrap();
                    Deadline::of(&deadline.to_zoned(one.zone()))
                }))
            })
            .await;
        assert!(matches!(before, Deadline::EndOf(_)));
        assert_eq!(after, before);
    });
}

#[test]
fn whole_days_follow_the_zone_and_hours_do_not() {
    on_default(async |stage| {
        change(
            stage,
            json!({"hour_known": false, "starts_at": "2027-03-28T00:00:00+08:00"}),
        )
        .await;
        for (zone, from, to) in [
            // The clocks are set forward on that day, which has 23 hours.
            (
                "Europe/Rome",
                "2027-03-27T23:00:00Z",
                "2027-03-28T22:00:00Z",
            ),
            (
                "America/New_York",
                "2027-03-28T04:00:00Z",
                "2027-03-29T04:00:00Z",
            ),
            (
                "Pacific/Kiritimati",
                "2027-03-27T10:00:00Z",
                "2027-03-28T10:00:00Z",
            ),
        ] {
            let events = stage
                .done(move |tx, host| {
                    let version = hosted::load(tx, host)?.version;
                    let input = Input::from(json!({"time_zone": zone}));
                    hosted::change(tx, host, version, &input)?;
                    resource::list::<PlannedEvent>(tx, host)
                })
                .await;
            let moved = events
                .iter()
                .find(|event| event.key == "reception")
                .unwrap();
            assert_eq!(shown(moved), is(from, to, false), "{zone}");
            let other = events.iter().find(|event| event.key == "nikah").unwrap();
            assert!(other.hour_known);
            assert!(moved.calendar_sequence > other.calendar_sequence);
        }
        // An event of whole days counts for those who follow it as a day.
        let dates = stage
            .done(|tx, host| Ok::<_, Refusal>((occasions_all::DOMAIN.dates)(tx, host.account())?))
            .await;
        assert!(
            dates.iter().any(|date| date.at == "2027-03-28"),
            "{dates:?}"
        );
    });
}

#[test]
fn guests_read_the_day_alone_and_calendars_get_it_whole() {
    on_default(async |stage| {
        change(
            stage,
            json!({"hour_known": false, "starts_at": "2027-01-16T00:00:00+08:00"}),
        )
        .await;
        let mut guest = stage.nobody();
        let page = guest.get("/invite/RAHMA").await;
        assert!(
            page.body.contains("<time datetime=\"2027-01-16\""),
            "{}",
            page.text()
        );
        assert!(!page.text().contains("12 midnight"), "{}", page.text());
        let file = guest.get("/invite/RAHMA/calendar.ics").await.body;
        let dates = "DTSTART;VALUE=DATE:20270116\r\nDTEND;VALUE=DATE:20270117\r\n";
        assert!(file.contains(dates), "{file}");
        let mut host = stage.visitor(&stage.owner);
        let events = host.get("/admin/o/aisyah-daniel/settings/events").await;
        assert!(
            events.text().contains(&stage.say("host-no-hour")),
            "{}",
            events.text()
        );
        assert!(!events.text().contains("12 midnight"), "{}", events.text());
    });
}

#[test]
fn a_host_gives_an_event_its_hour_by_typing_it() {
    on_default(async |stage| {
        change(
            stage,
            json!({"hour_known": false, "starts_at": "2027-01-16T00:00:00+08:00"}),
        )
        .await;
        let event = stage
            .done(|tx, host| {
                let all = resource::list::<PlannedEvent>(tx, host)?;
                Ok::<_, Refusal>(
                    all.into_iter()
                        .find(|event| event.key == "reception")
                        .unwrap(),
                )
            })
            .await;
        let path = format!("/admin/o/aisyah-daniel/settings/events/{}", event.id);
        let mut host = stage.visitor(&stage.owner);
        let page = host.get(&path).await;
        let mut form = page.form(&path);
        form.fill("starts_at", "2027-01-16T12:30");
        host.submit(&page, &form).await.expect(303);
        // Nobody has chosen an end.
        let known = change(stage, json!({"venue": "Dewan"})).await;
        assert_eq!(known, is("2027-01-16T04:30:00Z", "", true));
        // Without the tick, the hour is forgotten again.
        let page = host.get(&path).await;
        let mut form = page.form(&path);
        form.untick("hour_known", "1");
        host.submit(&page, &form).await.expect(303);
        let whole = change(stage, json!({"venue": "Hall"})).await;
        assert_eq!(
            whole,
            is("2027-01-15T16:00:00Z", "2027-01-16T16:00:00Z", false)
        );
    });
}

#[test]
fn a_form_that_moves_the_day_takes_the_end_along() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let all = owner.get(&stage.at("/events")).await.with(200).json();
        let mut events = all["items"].as_array().unwrap().iter();
        let event = events.find(|one| one["key"] == "reception").unwrap();
        let at = format!("{HOME}/settings/events/{}", event["id"].as_str().unwrap());
        // The reception is on 16 January, from 12 to 4 pm.
        for (starts, expected) in [
            (
                "2027-01-23T12:00",
                is("2027-01-23T04:00:00Z", "2027-01-23T08:00:00Z", true),
            ),
            (
                "2027-01-09T12:00",
                is("2027-01-09T04:00:00Z", "2027-01-09T08:00:00Z", true),
            ),
            // Who begins later on the same day still ends when they did.
            (
                "2027-01-09T13:00",
                is("2027-01-09T05:00:00Z", "2027-01-09T08:00:00Z", true),
            ),
        ] {
            let page = owner.get(&at).await;
            let mut form = page.form(&at);
            form.fill("starts_at", starts);
            owner.submit(&page, &form).await.expect(303);
            let all = stage.done(resource::list::<PlannedEvent>).await;
            let event = all.into_iter().find(|event| event.key == "reception");
            assert_eq!(shown(&event.unwrap()), expected, "{starts}");
        }
    });
}
