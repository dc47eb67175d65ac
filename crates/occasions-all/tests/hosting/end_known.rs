//! Tests of events whose begin is known, but not their end.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use occasions::event::{Event, PlannedEvent};
use occasions::hosting::{HostOf, moved, occasions as hosted};
use occasions::role::Role;
use occasions::words::OccasionStatus;
use occasions::{diet_deletion, retention};
use platform::{Rows, Tx, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor};
use web::{Input, Language};

use crate::pages::HOME;
use crate::stage::{Stage, call, on_both, on_default};

/// The reception as its row has it; the demo has it on 16 January, from 12 to 4 pm.
async fn reception(stage: &Stage<'_>) -> Event {
    let all = stage
        .done(|tx, host| Ok(occasions::event::list(tx, host.occasion())?))
        .await;
    all.into_iter()
        .find(|event| event.key == "reception")
        .unwrap()
}

async fn in_form(stage: &Stage<'_>) -> String {
    format!("{HOME}/settings/events/{}", reception(stage).await.id)
}

/// Types into the form of the reception, and returns what is stored then.
async fn type_in(stage: &Stage<'_>, host: &mut Visitor, typed: &[(&str, &str)]) -> Event {
    let at = in_form(stage).await;
    let page = host.get(&at).await;
    let mut form = page.form(&at);
    for (name, value) in typed {
        form.fill(name, value);
    }
    host.submit(&page, &form).await.expect(303);
    reception(stage).await
}

/// Changes the reception as a program does.
async fn send(stage: &Stage<'_>, host: &mut Visitor, mut change: Value) -> Page {
    let at = stage.at(&format!("/events/{}", reception(stage).await.id));
    change["version"] = host.get(&at).await.json()["version"].clone();
    call(host, "PATCH", &at, &change).await
}

/// Whether the hour and the end are known, and the end as stored.
fn end(event: &Event) -> (bool, bool, String) {
    let end = event.ends_at.to_string();
    (event.hour_known, event.end_known, end)
}

fn is_open(event: &Event, starts_at: &str, over_at: &str) {
    let [from, to] = [starts_at, over_at].map(|at| at.parse::<Timestamp>().unwrap());
    let expected = (false, from, to);
    assert_eq!((event.end_known, event.starts_at, event.ends_at), expected);
    assert_eq!(PlannedEvent::from(event.clone()).ends_at, None);
}

#[test]
fn a_form_leaves_the_end_open_and_it_stays_so() {
    on_both(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let open = type_in(stage, &mut host, &[("ends_at", "")]).await;
        // Until 4 am nobody is sent home.
        is_open(&open, "2027-01-16T04:00:00Z", "2027-01-16T20:00:00Z");
        assert!(open.hour_known && open.calendar_sequence > 0);
        let page = host.get(&in_form(stage).await).await;
        let form = page.form(&in_form(stage).await);
        assert_eq!(form.value("ends_at"), Some(""));
        let hint = stage.say("host-field-ends-hint");
        assert!(page.text().contains(&hint), "{}", page.text());

        // Saved as it is, nothing has changed.
        let same = type_in(stage, &mut host, &[]).await;
        assert_eq!(same, open);
        // Another day and another hour leave it open.
        let typed = [("starts_at", "2027-01-23T19:30")];
        let moved = type_in(stage, &mut host, &typed).await;
        is_open(&moved, "2027-01-23T11:30:00Z", "2027-01-23T20:00:00Z");
        let typed = [("ends_at", "2027-01-24T04:00")];
        let known = type_in(stage, &mut host, &typed).await;
        assert!(known.end_known, "a host chose 4 am");
        assert_eq!(known.ends_at, moved.ends_at);
    });
}

#[test]
fn a_new_event_has_no_end_that_nobody_typed() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let new = format!("{HOME}/settings/events/new");
        let page = host.get(&new).await;
        let mut form = page.form(&new);
        form.fill("name.en", "Tea")
            .fill("starts_at", "2027-01-18T23:30");
        host.submit(&page, &form).await.expect(303);
        let all = stage
            .done(|tx, host| Ok(occasions::event::list(tx, host.occasion())?))
            .await;
        let tea = all.last().unwrap();
        is_open(tea, "2027-01-18T15:30:00Z", "2027-01-18T20:00:00Z");
    });
}

#[test]
fn guests_read_only_when_it_begins() {
    on_default(async |stage| {
        let mut guest = stage.nobody();
        let page = guest.get("/invite/RAHMA?lang=en").await;
        assert!(page.text().contains("12 noon – 4 pm"), "{}", page.text());
        let ends = |file: &str| file.matches("DTEND").count();
        let before = guest.get("/invite/RAHMA/calendar.ics").await.body;
        let mut host = stage.visitor(&stage.owner);
        type_in(stage, &mut host, &[("ends_at", "")]).await;

        for path in [
            "/invite/RAHMA?lang=en",
            "/invite/RAHMA/rsvp?lang=en",
            "/o/aisyah-daniel?lang=en",
        ] {
            let text = guest.get(path).await.with(200).text();
            assert!(!text.contains("4 pm") && !text.contains("4 am"), "{text}");
            assert!(!text.contains("noon –"), "{text}");
        }
        let page = guest.get("/invite/RAHMA?lang=en").await;
        assert!(page.text().contains("12 noon"), "{}", page.text());
        let file = guest.get("/invite/RAHMA/calendar.ics").await.body;
        assert_eq!(ends(&file), ends(&before) - 1, "{file}");
        let start = "DTSTART;TZID=Asia/Kuala_Lumpur:20270116T120000";
        assert!(file.contains(start), "{file}");
        let state = guest.get("/api/v1/invitations/RAHMA").await.json();
        let mut events = state["events"].as_array().unwrap().iter();
        let event = events.find(|event| event["key"] == "reception").unwrap();
        assert_eq!(
            (&event["ends_at"], &event["end_known"]),
            (&Value::Null, &json!(false))
        );

        let list = host.get(&format!("{HOME}/settings/events")).await.text();
        assert_eq!(list.matches(&stage.say("host-no-end")).count(), 1, "{list}");
        assert!(list.contains("12 noon, Kuala Lumpur (UTC+8)"), "{list}");
    });
}

#[test]
fn guests_who_were_told_an_end_hear_that_it_is_open() {
    on_default(async |stage| {
        let tell =
            |tx: &mut Tx<'_>| tx.run(sql!("UPDATE invitation SET sent_at = 1"), &[], Rows::Any);
        stage.site.store.write(tell).await.unwrap();
        let mut host = stage.visitor(&stage.owner);
        type_in(stage, &mut host, &[("ends_at", "")]).await;
        let text = stage.site.catalogue.speak(&Language::ENGLISH);
        let told = async || {
            let all = stage
                .done(|tx, host| Ok(moved::list(tx, host.occasion())?))
                .await;
            let zone = TimeZone::get("Asia/Kuala_Lumpur").unwrap();
            let both = |one: &moved::Moved| [&one.was, &one.now].map(|one| one.say(&text, &zone));
            all.first().map(both)
        };
        let [was, now] = told().await.unwrap();
        assert!(was.contains("12 noon – 4 pm, Kuala Lumpur"), "{was}");
        assert!(now.contains("12 noon, Kuala Lumpur"), "{now}");
        // As it was, nothing is to be told.
        type_in(stage, &mut host, &[("ends_at", "2027-01-16T16:00")]).await;
        assert_eq!(told().await, None);
    });
}

#[test]
fn another_zone_moves_only_the_morning_in_which_it_is_over() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let before = type_in(stage, &mut host, &[("ends_at", "")]).await;
        let version = host.get(&stage.at("")).await.json()["version"].clone();
        let rome = json!({"time_zone": "Europe/Rome", "version": version});
        call(&mut host, "PATCH", &stage.at(""), &rome)
            .await
            .expect(200);
        let after = reception(stage).await;
        // From 5 am in Rome.
        is_open(&after, "2027-01-16T04:00:00Z", "2027-01-17T03:00:00Z");
        let heard = |event: &Event| (event.version, event.calendar_sequence);
        assert_eq!(heard(&after), heard(&before));
    });
}

#[test]
fn a_form_without_the_end_says_nothing_of_it() {
    on_default(async |stage| {
        let mut coordinator = stage.visitor(&stage.coordinator);
        let known = type_in(stage, &mut coordinator, &[("dress_code.en", "Batik")]).await;
        assert_eq!(known.ends_at.to_string(), "2027-01-16T08:00:00Z");
        assert!(known.end_known);
        let mut owner = stage.visitor(&stage.owner);
        type_in(stage, &mut owner, &[("ends_at", "")]).await;
        let open = type_in(stage, &mut coordinator, &[("dress_code.en", "Silk")]).await;
        assert!(!open.end_known);
        // So do the lines of the schedule.
        let at = format!("{}/schedule", in_form(stage).await);
        let page = coordinator.get(&at).await;
        let mut form = page.form(&at);
        form.fill("schedule.0.time", "01:00")
            .fill("schedule.2.time", "11:30");
        coordinator.submit(&page, &form).await.expect(303);
        let saved = reception(stage).await;
        assert!(!saved.end_known);
        // It goes on past midnight, and a line is before it begins.
        let times = saved.schedule.iter().map(|line| line.time.as_str());
        assert_eq!(times.collect::<Vec<_>>(), ["11:30", "12:45", "01:00"]);
        assert_eq!(saved.schedule[2].title.find("en"), Some("Guests arrive"));
    });
}

#[test]
fn programs_leave_the_end_open_by_saying_so() {
    on_both(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let all = stage.at("/events");
        let tea = json!({"key": "tea", "name": {"en": "Tea"}, "end_known": false,
            "starts_at": "2027-01-18T19:30:00+08:00"});
        let made = call(&mut host, "POST", &all, &tea).await.with(201).json();
        let is_open = |event: &Value| event["end_known"] == false && event["ends_at"].is_null();
        assert!(is_open(&made), "{made}");
        let at = format!("{all}/{}", made["id"].as_str().unwrap());
        let change = async |host: &mut Visitor, mut change: Value| {
            change["version"] = host.get(&at).await.json()["version"].clone();
            call(host, "PATCH", &at, &change).await
        };
        let moved = json!({"starts_at": "2027-01-25T19:30:00+08:00"});
        let moved = change(&mut host, moved).await.with(200).json();
        assert!(is_open(&moved), "{moved}");
        // Nobody knows what end is meant.
        let refused = change(&mut host, json!({"end_known": true})).await;
        let error = &refused.expect(422).json()["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!("/ends_at"), &json!("required"))
        );
        let end = json!({"ends_at": "2027-01-25T22:00:00+08:00"});
        let known = change(&mut host, end).await.with(200).json();
        assert_eq!(
            (&known["end_known"], &known["ends_at"]),
            (&json!(true), &json!("2027-01-25T14:00:00Z"))
        );
        // A program that sends back all that it has read may say that the end is open.
        let both = json!({"ends_at": known["ends_at"], "end_known": false});
        let open = change(&mut host, both).await.with(200).json();
        assert!(is_open(&open), "{open}");

        // What was read makes the same event again, also without its day for a while.
        let mut copy = open.clone();
        for name in ["id", "version", "calendar_sequence"] {
            copy.as_object_mut().unwrap().remove(name);
        }
        copy["key"] = json!("copy");
        let copy = call(&mut host, "POST", &all, &copy).await.with(201).json();
        assert!(is_open(&copy), "{copy}");
        let undated = change(&mut host, json!({"day_known": false})).await;
        assert!(is_open(&undated.with(200).json()));
        let dated = json!({"starts_at": "2027-01-25T19:30:00+08:00"});
        let dated = change(&mut host, dated).await.with(200).json();
        assert!(is_open(&dated), "{dated}");

        // A day without its hour lasts the whole day, and older programs still get their two hours.
        let whole = json!({"hour_known": false, "end_known": false});
        let whole = change(&mut host, whole).await.with(200).json();
        assert_eq!(
            (&whole["end_known"], &whole["ends_at"]),
            (&json!(true), &json!("2027-01-25T16:00:00Z"))
        );
        let older = json!({"key": "older", "name": {"en": "Tea"}, "starts_at": "2027-01-18T19:30:00+08:00"});
        let older = call(&mut host, "POST", &all, &older).await.with(201).json();
        assert_eq!(
            (&older["end_known"], &older["ends_at"]),
            (&json!(true), &json!("2027-01-18T13:30:00Z"))
        );
    });
}

#[test]
fn an_end_that_is_typed_for_a_whole_day_counts() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let whole = json!({"hour_known": false});
        send(stage, &mut host, whole).await.expect(200);
        let at = in_form(stage).await;
        let page = host.get(&at).await;
        assert_eq!(page.form(&at).value("ends_at"), Some(""));
        let day = (false, true, "2027-01-16T16:00:00Z".to_owned());
        assert_eq!(end(&type_in(stage, &mut host, &[]).await), day);
        // The midnight at which the day ends is meant if it is typed.
        let typed = [
            ("starts_at", "2027-01-16T19:00"),
            ("ends_at", "2027-01-17T00:00"),
        ];
        let known = type_in(stage, &mut host, &typed).await;
        assert_eq!(end(&known), (true, true, "2027-01-16T16:00:00Z".to_owned()));
    });
}

#[test]
fn several_days_stay_as_many_unless_their_end_is_emptied() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let days = json!({"hour_known": false, "starts_at": "2027-01-16T00:00:00+08:00",
            "ends_at": "2027-01-19T00:00:00+08:00"});
        for (typed, expected) in [
            // An hour alone.
            (
                vec![("starts_at", "2027-01-16T19:00")],
                (true, true, "2027-01-18T16:00:00Z"),
            ),
            // An hour on another day.
            (
                vec![("starts_at", "2027-01-23T19:00")],
                (true, true, "2027-01-25T16:00:00Z"),
            ),
            // Another day.
            (
                vec![("starts_at", "2027-01-23T00:00")],
                (false, true, "2027-01-25T16:00:00Z"),
            ),
            (vec![("ends_at", "")], (false, true, "2027-01-16T16:00:00Z")),
            // An hour without an end.
            (
                vec![("starts_at", "2027-01-16T19:00"), ("ends_at", "")],
                (true, false, "2027-01-16T20:00:00Z"),
            ),
        ] {
            send(stage, &mut host, days.clone()).await.expect(200);
            let at = in_form(stage).await;
            let page = host.get(&at).await;
            assert_eq!(page.form(&at).value("ends_at"), Some("2027-01-19T00:00"));
            let changed = type_in(stage, &mut host, &typed).await;
            let (hour_known, end_known, ends_at) = expected;
            let expected = (hour_known, end_known, ends_at.to_owned());
            assert_eq!(end(&changed), expected, "{typed:?}");
        }
    });
}

#[test]
fn programs_say_with_null_that_the_end_is_open() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let refused = |page: Page| {
            let error = &page.expect(422).json()["errors"][0];
            (error["pointer"].clone(), error["code"].clone())
        };
        let both = (json!("/ends_at"), json!("end_and_unknown"));
        let is_open = |event: &Value| event["end_known"] == false && event["ends_at"].is_null();
        let null = json!({"ends_at": null});
        let open = send(stage, &mut host, null.clone()).await.with(200).json();
        assert!(is_open(&open), "{open}");
        let end_at = |end: &str| json!({"ends_at": end, "end_known": false});
        // Who has read that it is open, and sends that back with an end, means the end.
        let known = send(stage, &mut host, end_at("2027-01-16T17:00:00+08:00"));
        let known = known.await.with(200).json();
        assert_eq!(
            (&known["end_known"], &known["ends_at"]),
            (&json!(true), &json!("2027-01-16T09:00:00Z"))
        );
        let other = send(stage, &mut host, end_at("2027-01-16T18:00:00+08:00")).await;
        assert_eq!(refused(other), both);

        // Whole days stay what they are, until their hour is known.
        let whole = json!({"hour_known": false});
        send(stage, &mut host, whole).await.expect(200);
        let whole = send(stage, &mut host, null).await.with(200).json();
        assert_eq!(whole["ends_at"], "2027-01-16T16:00:00Z");
        let hour = json!({"starts_at": "2027-01-16T12:00:00+08:00", "ends_at": null});
        let hour = send(stage, &mut host, hour).await.with(200).json();
        assert!(is_open(&hour), "{hour}");

        let mut tea = json!({"key": "tea", "name": {"en": "Tea"}, "ends_at": null,
            "starts_at": "2027-01-18T19:30:00+08:00"});
        let all = stage.at("/events");
        let made = call(&mut host, "POST", &all, &tea).await.with(201).json();
        assert!(is_open(&made), "{made}");
        tea["key"] = json!("more-tea");
        tea["end_known"] = json!(false);
        tea["ends_at"] = json!("2027-01-18T21:30:00+08:00");
        let made = call(&mut host, "POST", &all, &tea).await;
        assert_eq!(refused(made), both);
    });
}

#[test]
fn an_end_is_noted_after_it_without_a_question() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        type_in(stage, &mut host, &[("ends_at", "")]).await;
        // At 8 pm of the day.
        let evening = "2027-01-16T12:00:00Z".parse().unwrap();
        stage.world.clock.set(evening);
        let late = stage.another("late", Role::OccasionOwner).await;
        let mut host = stage.visitor(&late);
        let typed = [("ends_at", "2027-01-16T18:00")];
        let known = type_in(stage, &mut host, &typed).await;
        assert_eq!(end(&known), (true, true, "2027-01-16T10:00:00Z".to_owned()));
    });
}

/// The last event, the brunch, is on 17 January, so all is due on 16 February.
#[test]
fn days_are_counted_from_the_day_of_an_open_event() {
    on_both(async |stage| {
        let open = |tx: &mut Tx<'_>, _: &HostOf| {
            // Until 4 am.
            let ends_at: Timestamp = "2027-01-17T20:00:00Z".parse().unwrap();
            sql!(
                "UPDATE event SET end_known = 0, ends_at = :ends_at WHERE key = 'brunch'",
                ends_at
            )
            .run(tx, Rows::Exactly(1))?;
            let noted = sql!("UPDATE guest SET diet_note = 'No nuts'");
            tx.run(noted, &[], Rows::Any)?;
            Ok(())
        };
        stage.done(open).await;
        let is_due = async |now: &str| {
            stage.world.clock.set(now.parse().unwrap());
            retention::run(&stage.site).await.unwrap();
            diet_deletion::run(&stage.site.platform).await.unwrap();
            let look = |tx: &mut Tx<'_>| -> Result<(i64,), _> {
                tx.one(
                    sql!("SELECT COUNT(*) FROM guest WHERE diet_note <> ''"),
                    &[],
                )
            };
            let (notes,) = testkit::people::read(&stage.site.store, look).await;
            let occasion = stage.done(hosted::load).await;
            (occasion.status == OccasionStatus::Archived, notes == 0)
        };
        assert_eq!(is_due("2027-02-15T15:59:59Z").await, (false, false));
        assert_eq!(is_due("2027-02-15T16:00:00Z").await, (true, true));

        // Another zone moves only the hour at which it is over, so it is not archived again.
        let reopen = |tx: &mut Tx<'_>, host: &HostOf| {
            hosted::set_status(tx, host, None, OccasionStatus::Closed)?;
            let version = hosted::load(tx, host)?.version;
            let rome = Input::from(json!({"time_zone": "Europe/Rome"}));
            hosted::change(tx, host, version, &rome).map(drop)
        };
        stage.done(reopen).await;
        assert_eq!(is_due("2027-02-20T00:00:00Z").await, (false, true));
    });
}
