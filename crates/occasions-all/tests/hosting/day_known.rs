//! Tests of events whose day is not known yet.

use occasions::event::PlannedEvent;
use occasions::hosting::resource;
use occasions::refusal::Refusal;
use platform::{Rows, Tx, sql};
use serde_json::{Value, json};
use web::Input;

use crate::moved;
use crate::pages::HOME;
use crate::stage::{Stage, call, fields, on_both, on_default};

/// The number of replies to an event, and of invitations to it.
async fn invited(stage: &Stage<'_>, key: &'static str) -> (i64, i64) {
    let look = move |tx: &mut Tx<'_>| {
        sql!(
            "SELECT (SELECT COUNT(*) FROM reply JOIN event ON event.id = reply.event
                     WHERE event.key = :key),
                 (SELECT COUNT(*) FROM invitation_event
                  JOIN event ON event.id = invitation_event.event WHERE event.key = :key)",
            key
        )
        .one(tx)
    };
    stage.site.store.read(look).await.unwrap()
}

async fn refused(
    stage: &Stage<'_>,
    key: &'static str,
    change: Value,
) -> Vec<(String, &'static str)> {
    let input = Input::from(change);
    let done = stage
        .act(&stage.owner, move |tx, host| {
            let all = resource::list::<PlannedEvent>(tx, host)?;
            let old = all.into_iter().find(|event| event.key == key).unwrap();
            resource::change::<PlannedEvent>(tx, host, old.id.as_str(), old.version, &input)
                .map(drop)
        })
        .await;
    fields(done)
}

#[test]
fn the_cover_says_the_days_of_those_one_is_invited_to() {
    on_default(async |stage| {
        let only = sql!(
            "DELETE FROM invitation_event
             WHERE invitation = (SELECT id FROM invitation WHERE code = 'ROSSI')
                 AND event = (SELECT id FROM event WHERE key = 'nikah')"
        );
        let leave = move |tx: &mut Tx<'_>| tx.run(only, &[], Rows::Any).map(drop);
        stage.site.store.write(leave).await.unwrap();
        let mut guest = stage.nobody();
        for (nikah, reception, said) in [
            (
                "01-16",
                "01-17",
                &[
                    (
                        "RAHMA?lang=en",
                        "Saturday, 16 January – Sunday, 17 January 2027",
                    ),
                    (
                        "RAHMA?lang=zh-Hans",
                        "2027年1月16日（星期六）至1月17日（星期日）",
                    ),
                    ("ROSSI?lang=en", ">Sunday, 17 January 2027"),
                ][..],
            ),
            // Nothing happens on the days between.
            (
                "01-10",
                "01-17",
                &[
                    (
                        "RAHMA?lang=en",
                        "Sunday, 10 January and Sunday, 17 January 2027",
                    ),
                    ("ROSSI?lang=en", ">Sunday, 17 January 2027"),
                ],
            ),
        ] {
            for (key, day) in [("nikah", nikah), ("reception", reception)] {
                moved::change_of(stage, key, moved::on(day)).await;
            }
            for (code, days) in said {
                let page = guest.get(&format!("/invite/{code}")).await.with(200);
                assert!(page.body.contains(days), "{code}: {}", page.body);
            }
        }
        // The list of events says who is invited to each, and leads to them.
        let mut host = stage.visitor(&stage.owner);
        let events = host.get(&format!("{HOME}/settings/events")).await.with(200);
        let invited = events.link("households: Akad nikah");
        assert_eq!(invited.href, format!("{HOME}/invites?event=nikah"));
        let list = stage.at("/invitations?event=nikah&limit=1");
        let total = host.get(&list).await.with(200).json()["total"].clone();
        assert!(
            invited.text.starts_with(&format!("{total} of ")),
            "{}",
            invited.text
        );
    });
}

#[test]
fn an_event_without_a_day_is_in_no_list_and_nobody_is_asked_until_it_has_one() {
    on_both(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let events = stage.at("/events");
        let tea = json!({"key": "tea", "name": {"en": "Tea"}, "day_known": false, "open_to_all": true, "capacity": 9});
        let made = call(&mut host, "POST", &events, &tea)
            .await
            .with(201)
            .json();
        let one = format!("{events}/{}", made["id"].as_str().unwrap());
        let shown = call(&mut host, "GET", &one, &Value::Null)
            .await
            .with(200)
            .json();
        assert_eq!(
            [&shown["day_known"], &shown["starts_at"], &shown["ends_at"]],
            [&json!(false), &Value::Null, &Value::Null]
        );
        assert_eq!(invited(stage, "tea").await, (0, 0));
        let mut guest = stage.nobody();
        for path in [
            "/invite/RAHMA",
            "/invite/RAHMA/rsvp",
            "/invite/RAHMA/calendar.ics",
        ] {
            let page = guest.get(path).await;
            assert!(!page.expect(200).body.contains("Tea"), "{path}");
        }
        let dates = stage
            .done(|tx, host| Ok::<_, Refusal>((occasions_all::DOMAIN.dates)(tx, host.account())?))
            .await;
        assert!(dates.iter().all(|date| !date.label.contains("Tea")));
        let list = host.get("/admin/o/aisyah-daniel/settings/events").await;
        assert!(list.text().contains(&stage.say("date-to-follow")));

        // A start is enough to make the day known, and then everybody is invited.
        let dated = json!({"starts_at": "2027-01-18T15:00:00+08:00", "version": made["version"]});
        let dated = call(&mut host, "PATCH", &one, &dated)
            .await
            .with(200)
            .json();
        assert_eq!(dated["day_known"], true);
        assert_eq!(dated["ends_at"], "2027-01-18T09:00:00Z");
        let (replies, invitations) = invited(stage, "tea").await;
        assert!(replies > 5 && invitations > 2, "{replies} {invitations}");
        let page = guest.get("/invite/RAHMA/rsvp").await;
        assert!(page.body.contains("Tea"), "{}", page.text());

        // It can be forgotten again, because nobody has answered.
        let forgotten = json!({"day_known": false, "version": dated["version"]});
        let forgotten = call(&mut host, "PATCH", &one, &forgotten)
            .await
            .with(200)
            .json();
        assert_eq!(forgotten["starts_at"], Value::Null);
        assert_eq!(invited(stage, "tea").await, (0, 0));
    });
}

#[test]
fn a_day_that_was_answered_for_or_chosen_for_is_not_forgotten() {
    on_default(async |stage| {
        let at = |pointer: &str, code| vec![(pointer.to_owned(), code)];
        let unknown = json!({"day_known": false});
        assert_eq!(
            refused(stage, "reception", unknown.clone()).await,
            at("/day_known", "day_answered")
        );
        let both = json!({"day_known": false, "starts_at": "2027-02-01T10:00:00+08:00"});
        assert_eq!(
            refused(stage, "reception", both).await,
            at("/starts_at", "day_and_unknown")
        );
        stage
            .done(|tx, host| {
                let tea = json!({"key": "tea", "name": {"en": "Tea"}, "invite_all": false,
                    "starts_at": "2027-01-18T15:00:00+08:00"});
                resource::create::<PlannedEvent>(tx, host, &Input::from(tea))
            })
            .await;
        assert_eq!(
            refused(stage, "tea", unknown).await,
            at("/day_known", "day_chosen")
        );
    });
}

#[test]
fn a_new_event_is_proposed_on_no_day_and_at_no_hour() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let new = "/admin/o/aisyah-daniel/settings/events/new";
        let page = host.get(new).await;
        let mut form = page.form(new);
        assert_eq!(form.value("starts_at"), Some(""));
        form.fill("name.en", "Tea")
            .fill("starts_at", "2027-01-16T00:00")
            .untick("hour_known", "1");
        host.submit(&page, &form).await.expect(303);
        let page = host.get(new).await;
        let mut form = page.form(new);
        form.fill("name.en", "Dinner")
            .fill("starts_at", "2027-01-16T19:00");
        host.submit(&page, &form).await.expect(303);
        // Nobody is invited to it unseen, unless the host ticks it.
        let page = host.get(new).await;
        let mut form = page.form(new);
        form.fill("name.en", "Lunch")
            .fill("starts_at", "2027-01-16T12:00")
            .tick("invite_all", "1");
        host.submit(&page, &form).await.expect(303);
        let invited = stage
            .done(|tx, host| {
                let all: Vec<(String, i64)> = sql!(
                    "SELECT event.name, COUNT(invitation_event.invitation) FROM event
                     LEFT JOIN invitation_event ON invitation_event.event = event.id
                     WHERE event.occasion = :occasion GROUP BY event.id, event.name",
                    occasion = host.occasion()
                )
                .all(tx)?;
                Ok(all)
            })
            .await;
        let number = |name: &str| {
            let one = invited.iter().find(|(text, _)| text.contains(name));
            one.map(|(_, number)| *number)
        };
        assert_eq!((number("Tea"), number("Dinner")), (Some(0), Some(0)));
        assert!(number("Lunch") > Some(10));
        let page = host.get(new).await;
        let mut form = page.form(new);
        form.fill("name.en", "Supper").tick("day_unknown", "1");
        host.submit(&page, &form).await.expect(303);
        let all = stage.done(resource::list::<PlannedEvent>).await;
        let known = |name: &str| {
            let mut all = all.iter();
            let one = all.find(|event| event.name.find("en") == Some(name));
            one.map(|event| (event.day_known, event.day_known && event.hour_known))
        };
        let [tea, dinner, supper] = ["Tea", "Dinner", "Supper"].map(known);
        let expected = [(true, false), (true, true), (false, false)].map(Some);
        assert_eq!([tea, dinner, supper], expected);
    });
}

#[test]
fn an_event_that_is_given_its_day_invites_everybody_where_the_host_ticks_it() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let new = "/admin/o/aisyah-daniel/settings/events/new";
        for (name, key, is_invited) in [("Tea", "main", true), ("Supper", "event-2", false)] {
            let page = host.get(new).await;
            let mut form = page.form(new);
            form.fill("name.en", name).tick("day_unknown", "1");
            host.submit(&page, &form).await.expect(303);
            let all = stage.done(resource::list::<PlannedEvent>).await;
            let made = all.iter().find(|event| event.name.find("en") == Some(name));
            let made = made.unwrap();
            assert_eq!(made.key, key);
            let path = format!("/admin/o/aisyah-daniel/settings/events/{}", made.id);
            let page = host.get(&path).await;
            let mut form = page.form(&path);
            assert_eq!(form.value("invite_all"), Some("1"));
            form.untick("day_unknown", "1")
                .fill("starts_at", "2027-01-18T15:00");
            if !is_invited {
                form.untick("invite_all", "1");
            }
            host.submit(&page, &form).await.expect(303);
            let (replies, invitations) = invited(stage, key).await;
            assert_eq!(
                (replies > 0, invitations > 0),
                (is_invited, is_invited),
                "{name}"
            );
            // Whom to invite is then chosen under Households.
            let page = host.get(&path).await;
            assert_eq!(page.form(&path).value("invite_all"), None);
        }
    });
}

#[test]
fn a_host_ticks_that_the_day_is_not_known() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let new = "/admin/o/aisyah-daniel/settings/events/new";
        let page = host.get(new).await;
        let mut form = page.form(new);
        form.fill("name.en", "Tea").fill("starts_at", "");
        let refused = host.submit(&page, &form).await;
        refused.expect(422);
        assert!(refused.body.contains("<a href=\"#starts_at\">"));
        form.tick("day_unknown", "1")
            .fill("starts_at", "2027-01-18T15:00");
        let refused = host.submit(&page, &form).await;
        refused.expect(422);
        let words = stage.say("problem-day-and-unknown");
        assert!(refused.text().contains(&words), "{}", refused.text());
        form.fill("starts_at", "");
        host.submit(&page, &form).await.expect(303);

        let all = stage.done(resource::list::<PlannedEvent>).await;
        let [dated, undated] =
            ["reception", "event-2"].map(|key| all.iter().find(|event| event.key == key));
        let undated = undated.or(all.last()).unwrap();
        assert!(!undated.day_known && undated.starts_at.is_none(), "{all:?}");
        let path = format!(
            "/admin/o/aisyah-daniel/settings/events/{}",
            dated.unwrap().id
        );
        let page = host.get(&path).await;
        let mut form = page.form(&path);
        assert_eq!(form.value("day_unknown"), None);
        form.tick("day_unknown", "1");
        let refused = host.submit(&page, &form).await;
        refused.expect(422);
        assert!(refused.body.contains("<a href=\"#day_unknown\">"));
        let words = stage.say("problem-day-answered");
        assert!(refused.text().contains(&words), "{}", refused.text());
    });
}

#[test]
fn a_day_in_the_past_or_a_year_away_asks_whether_the_year_is_right() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let all = stage.done(resource::list::<PlannedEvent>).await;
        let reception = all.iter().find(|event| event.key == "reception").unwrap();
        let path = format!("/admin/o/aisyah-daniel/settings/events/{}", reception.id);
        for (day, asks) in [
            ("2026-01-17T12:00", true),
            ("2028-01-15T12:00", true),
            ("2028-01-22T12:00", false),
        ] {
            let page = host.get(&path).await;
            let mut form = page.form(&path);
            form.fill("starts_at", day).fill("ends_at", "");
            let saved = host.submit(&page, &form).await;
            if !asks {
                saved.expect(303);
                continue;
            }
            let words = stage.say("problem-year-doubtful");
            assert!(saved.expect(422).text().contains(&words), "{day}");
            let mut form = saved.form(&path);
            form.tick("year_right", "1");
            host.submit(&saved, &form).await.expect(303);
        }
    });
}
