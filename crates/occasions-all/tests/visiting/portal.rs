//! Tests of the pages that a household's code opens, and of the data that these pages hide.

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use occasions::words::OccasionStatus;
use platform::{Rows, Sql, Tx, sql};
use testkit::{Form, Page};

use crate::stage::{Stage, assert_private, on_default, on_sqlite, put, state};

const PAGES: [&str; 5] = ["", "/rsvp", "/dietary", "/notes", "/confirmation"];

/// Returns the page's forms, but not the form for forgetting the household. Every page has that
/// form.
fn own_forms(page: &Page) -> Vec<Form> {
    let mut forms = page.forms();
    forms.retain(|form| !form.fields.iter().any(|field| field.name == "forget"));
    forms
}

#[test]
fn an_open_portal_shows_all_that_a_household_needs() {
    on_default(async |stage| {
        let mut guest = stage.guest();
        let page = guest.get("/invite/RAHMA").await;
        page.expect(200);
        assert_private(&page);
        let text = page.text();
        for shown in [
            "Aisyah & Daniel",
            &stage.fill(
                "salutation-formal",
                [("household", "Keluarga Encik Rahman".into())],
            ),
            "Kami sangat berharap",
            "Akad nikah",
            "Reception",
            "Brunch",
            "Masjid Wilayah Persekutuan",
            "Dewan Seri Melati",
            "Traditional dress, gold or red",
            &stage.fill("closing-day", [("date", "20 December".into())]),
            "Rahman bin Ali",
            "Siti Aminah binti Yusof",
            "Nur Iman binti Rahman",
            &stage.fill("count-pending", [("n", 4.into())]),
            &stage.say("tile-dietary"),
            &stage.say("tile-note"),
            "RAHMA",
        ] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        assert_eq!(
            page.link(&stage.say("portal-answer")).href,
            stage.links.below("RAHMA", "/rsvp")
        );
        assert_eq!(
            page.link(&stage.say("portal-calendar")).href,
            stage.links.below("RAHMA", "/calendar.ics")
        );
        assert!(
            page.link(&stage.say("portal-map"))
                .href
                .starts_with("https://www.openstreetmap.org/")
        );
        for (app, start) in [
            (
                "portal-google-maps",
                "https://www.google.com/maps/search/?api=1&query=Masjid",
            ),
            ("portal-waze", "https://waze.com/ul?q=Masjid"),
            (
                "portal-google-calendar",
                "https://calendar.google.com/calendar/render?",
            ),
            (
                "portal-outlook",
                "https://outlook.live.com/calendar/0/action/compose?",
            ),
        ] {
            let href = page.link(&stage.say(app)).href;
            let href = href.replace("&#38;", "&");
            assert!(href.starts_with(start), "{href}");
            assert!(!href.contains("RAHMA"), "{href}");
        }
        assert!(
            !page.body.contains("<style")
                && !page.body.contains(" style=")
                && !page.body.contains("<script>")
        );

        let text = guest.get("/invite/ROSSI").await.text();
        for count in ["count-yes", "count-pending"] {
            let count = stage.fill(count, [("n", 1.into())]);
            assert!(text.contains(&count), "{count}: {text}");
        }
    });
}

#[test]
fn the_days_to_the_next_event_are_counted_where_it_is() {
    on_default(async |stage| {
        let mut guest = stage.guest();
        let page = guest.get("/invite/RAHMA").await;
        let (_, left) = page.body.split_once("<p class=\"days-left\">").unwrap();
        let (left, _) = left.split_once("</p>").unwrap();
        assert!(left.contains("role=\"timer\" hidden"), "{left}");
        let (_, day) = left.split_once("datetime=\"").unwrap();
        let day: Date = day[..10].parse().unwrap();
        let today = stage.world.platform.clock.now();
        let today = today.to_zoned(TimeZone::get("Asia/Kuala_Lumpur").unwrap());
        let days = i64::from(web::dates::days_between(today.date(), day));
        assert!(days > 2);
        let said = async |n: i64| {
            let mut guest = stage.guest();
            let text = guest.get("/invite/RAHMA").await.text();
            text.contains(&stage.fill("portal-days-left", [("n", n.into())]))
        };
        assert!(said(days).await);
        // 16:00 UTC is midnight in the occasion's time zone, so the next day begins.
        stage
            .world
            .clock
            .advance(SignedDuration::from_secs(8 * 3_600 - 1));
        assert!(said(days).await);
        stage.world.clock.advance(SignedDuration::from_secs(1));
        assert!(said(days - 1).await);
        let rest = SignedDuration::from_hours(24 * (days - 2));
        stage.world.clock.advance(rest);
        assert!(said(1).await);
        let mut arabic = stage.visitor();
        let page = arabic.get("/invite/RAHMA?lang=ar").await;
        assert!(page.body.contains("بقي يوم واحد"));
        stage.world.clock.advance(SignedDuration::from_hours(24));
        let text = guest.get("/invite/RAHMA").await.text();
        assert!(text.contains(&stage.say("portal-today")));

        stage.switch(|switches| switches.days_left = false).await;
        let page = guest.get("/invite/RAHMA").await;
        assert!(!page.body.contains("days-left"));
        stage.switch(|switches| switches.days_left = true).await;
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 30));
        let page = stage.guest().get("/invite/RAHMA").await;
        assert!(!page.body.contains("days-left"), "all of it is over");
    });
}

#[test]
fn only_the_events_of_the_household_are_shown() {
    on_sqlite(async |stage| {
        let (code,): (String,) = stage
            .world
            .store()
            .read(|tx| {
                tx.one(
                    sql!(
                        "SELECT code FROM invitation WHERE
                         (SELECT COUNT(*) FROM invitation_event WHERE invitation = invitation.id) = 2
                         AND EXISTS (SELECT 1 FROM guest WHERE guest.invitation = invitation.id)
                         ORDER BY code LIMIT 1"
                    ),
                    &[],
                )
            })
            .await
            .map_err(|error: platform::StoreError| error)
            .unwrap();
        let mut guest = stage.guest();
        for below in PAGES {
            let page = guest.get(&format!("/invite/{code}{below}")).await;
            assert!(!page.expect(200).body.contains("runch"), "{below}");
        }
        let state = state(&mut guest, &code).await;
        assert_eq!(state["events"].as_array().unwrap().len(), 2);
        let calendar = guest.get(&format!("/invite/{code}/calendar.ics")).await;
        assert!(!calendar.body.contains("Brunch"));
        let body = crate::stage::answer(
            state["version"].as_i64().unwrap(),
            state["guests"][0]["id"].as_str().unwrap(),
            &serde_json::json!({ "brunch": "yes" }),
        );
        let page = put(&mut guest, &code, &body).await;
        crate::stage::assert_problem(&page, 422, "event_not_invited");
    });
}

#[test]
fn a_closed_portal_is_read_and_not_changed() {
    on_default(async |stage| {
        let mut guest = stage.guest();
        for below in ["", "/rsvp", "/dietary", "/confirmation"] {
            let page = guest.get(&format!("/invite/LATE1{below}")).await;
            page.expect(200);
            assert_private(&page);
            assert!(own_forms(&page).is_empty(), "{below}");
            assert!(
                !page.links().iter().any(|link| link.href.ends_with("/rsvp")),
                "{below}"
            );
        }
        let text = guest.get("/invite/LATE1").await.text();
        assert!(
            text.contains(&stage.fill("closed-title", [("date", "19 November".into())])),
            "{text}"
        );
        assert!(
            text.contains(&stage.start("closed-ask")) && text.contains("Farah"),
            "{text}"
        );
        assert!(text.contains("Anthony Fernandez"));
        assert!(text.contains(&stage.say("reply-yes")));
        assert_eq!(state(&mut guest, "LATE1").await["access"], "closed");
        // After the deadline, a household may still change its note.
        assert_eq!(own_forms(&guest.get("/invite/LATE1/notes").await).len(), 1);
        guest
            .post("/invite/LATE1/notes", &[("note", "Sorry!")])
            .await
            .expect(303);
        stage
            .switch(|switches| switches.late_gifts_notes = false)
            .await;
        assert!(own_forms(&guest.get("/invite/LATE1/notes").await).is_empty());
        guest
            .post("/invite/LATE1/notes", &[("note", "Again")])
            .await
            .expect(423);
    });
}

#[test]
fn a_locked_portal_gives_no_reason() {
    on_sqlite(async |stage| {
        stage
            .run(
                sql!("UPDATE invitation SET lock_reason = 'Quarrel' WHERE code = $1"),
                "SHUT1",
            )
            .await;
        let mut guest = stage.guest();
        for below in ["", "/rsvp", "/dietary"] {
            let page = guest.get(&format!("/invite/SHUT1{below}")).await;
            page.expect(200);
            assert!(own_forms(&page).is_empty(), "{below}");
            let text = page.text();
            assert!(text.contains(&stage.say("locked-title-none")), "{text}");
            assert!(!page.body.contains("Quarrel"));
        }
        assert_eq!(state(&mut guest, "SHUT1").await["access"], "locked");
        let lock = sql!("UPDATE invitation SET lock_mode = 'locked' WHERE code = $1");
        stage.run(lock, "ROSSI").await;
        let text = guest.get("/invite/ROSSI").await.text();
        assert!(text.contains(&stage.say("locked-title")), "{text}");
    });
}

#[test]
fn a_household_that_never_answered_is_not_told_that_the_hosts_have_its_answers() {
    on_sqlite(async |stage| {
        let lock = sql!("UPDATE invitation SET lock_mode = 'locked' WHERE code = $1");
        stage.run(lock, "RAHMA").await;
        let mut guest = stage.guest();
        let page = guest.get("/invite/RAHMA").await;
        let text = page.text();
        for shown in [
            stage.say("locked-title-none"),
            stage.say("closed-text-none"),
            format!("{} Farah", stage.start("closed-ask-none")),
        ] {
            assert!(text.contains(&shown), "{shown}: {text}");
        }
        assert!(!text.contains(&stage.say("locked-title")), "{text}");
        stage
            .details(|details| details.contact.name = String::new())
            .await;
        let text = guest.get("/invite/RAHMA").await.text();
        assert!(text.contains(&stage.say("locked-text-none")), "{text}");
        let open = sql!("UPDATE invitation SET lock_mode = 'auto' WHERE code = $1");
        stage.run(open, "RAHMA").await;
        stage.status(OccasionStatus::Closed).await;
        let text = guest.get("/invite/RAHMA").await.text();
        assert!(text.contains(&stage.say("closed-text-none")), "{text}");
        assert!(!text.contains(&stage.say("closed-text")), "{text}");
    });
}

#[test]
fn a_portal_leads_only_to_forms_that_can_be_filled_in() {
    on_sqlite(async |stage| {
        let mut guest = stage.guest();
        let forms = |page: &Page| -> Vec<String> {
            let links = page.links().into_iter().map(|link| link.href);
            links
                .filter(|href| href.contains("/dietary") || href.contains("/notes"))
                .collect()
        };
        let open = guest.get("/invite/RAHMA").await;
        assert_eq!(
            forms(&open),
            ["/dietary", "/notes"].map(|below| stage.links.below("RAHMA", below))
        );
        let locked = guest.get("/invite/SHUT1").await;
        assert_eq!(
            forms(&locked),
            [stage.links.below("SHUT1", "/notes")],
            "a note may come late"
        );
        stage
            .switch(|switches| switches.late_gifts_notes = false)
            .await;
        assert!(forms(&guest.get("/invite/SHUT1").await).is_empty());
    });
}

#[test]
fn who_declined_one_event_of_several_has_answered_in_part() {
    on_default(async |stage| {
        let mut guest = stage.guest();
        let before = state(&mut guest, "RAHMA").await;
        for (version, name) in [(1, "Rahman"), (2, "Siti")] {
            let id = crate::stage::id(&before, name);
            let body =
                crate::stage::answer(version, &id, &serde_json::json!({ "reception": "no" }));
            put(&mut guest, "RAHMA", &body).await.expect(200);
        }
        let page = guest.get("/invite/RAHMA").await;
        let text = page.text();
        assert!(
            page.body
                .contains(&format!("<title>{}", stage.say("portal-title-partly"))),
            "{}",
            page.body
        );
        let count = |id| stage.fill(id, [("n", 2.into())]);
        let counts = format!("{}, {}", count("count-partly"), count("count-pending"));
        let values = [("counts", counts.as_str().into())];
        let so_far = stage.fill("portal-partly", values);
        assert!(text.contains(&so_far), "{text}");
        let text = guest.get("/invite/RAHMA/confirmation").await.text();
        assert!(text.contains(&stage.say("saved-partly")), "{text}");
        assert!(text.contains(&counts), "{text}");
    });
}

#[test]
fn the_deadline_closes_at_its_very_instant_and_opens_again_when_moved() {
    on_default(async |stage| {
        let mut guest = stage.guest();
        let closes_at = state(&mut guest, "RAHMA").await["closes_at"].clone();
        assert_eq!(
            closes_at, "2026-12-20T16:00:00Z",
            "midnight in Kuala Lumpur"
        );
        let deadline: jiff::Timestamp = closes_at.as_str().unwrap().parse().unwrap();
        stage
            .world
            .clock
            .set(deadline - jiff::SignedDuration::from_millis(1));
        assert_eq!(state(&mut guest, "RAHMA").await["access"], "open");
        assert_eq!(own_forms(&guest.get("/invite/RAHMA/rsvp").await).len(), 1);
        stage.world.clock.set(deadline);
        assert_eq!(state(&mut guest, "RAHMA").await["access"], "closed");
        assert!(own_forms(&guest.get("/invite/RAHMA/rsvp").await).is_empty());
        stage
            .run(
                sql!("UPDATE invitation SET deadline_override = 4000000000000 WHERE code = $1"),
                "RAHMA",
            )
            .await;
        assert_eq!(state(&mut guest, "RAHMA").await["access"], "open");
    });
}

#[test]
fn a_closed_occasion_is_read_and_not_changed() {
    on_sqlite(async |stage| {
        stage.status(OccasionStatus::Closed).await;
        let mut guest = stage.guest();
        for below in PAGES {
            let page = guest.get(&format!("/invite/RAHMA{below}")).await;
            page.expect(200);
            assert!(own_forms(&page).is_empty(), "{below}");
        }
        guest
            .post("/invite/RAHMA/notes", &[("note", "x")])
            .await
            .expect(423);
    });
}

#[test]
fn what_is_switched_off_is_absent_and_refused() {
    on_default(async |stage| {
        let mut guest = stage.guest();
        let before = guest.get("/invite/RAHMA/rsvp").await;
        let names = field_names(&before);
        for part in ["diet.", "diet_note.", "note", "new.0.child", "new.0.age"] {
            assert!(
                names.iter().any(|name| name.starts_with(part)),
                "{part}: {names:?}"
            );
        }
        stage
            .switch(|switches| {
                switches.dietary = false;
                switches.notes = false;
                switches.children = false;
                switches.undecided = false;
            })
            .await;
        let names = field_names(&guest.get("/invite/RAHMA/rsvp").await);
        for part in ["diet", "note", "new.0.child", "new.0.age"] {
            assert!(
                !names.iter().any(|name| name.starts_with(part)),
                "{part}: {names:?}"
            );
        }
        let page = guest.get("/invite/RAHMA").await;
        assert!(
            !page
                .links()
                .iter()
                .any(|link| link.href.ends_with("dietary") || link.href.ends_with("notes"))
        );
        assert!(
            !guest
                .get("/invite/RAHMA/rsvp")
                .await
                .body
                .contains("value=\"undecided\"")
        );
        for part in ["dietary", "notes"] {
            let address = format!("/invite/RAHMA/{part}");
            let page = guest.get(&address).await;
            assert_private(page.expect(404));
            let fields = [("note", "Hello"), ("diet_note.x", "")];
            guest.post(&address, &fields).await.expect(404);
        }
        off_for_programs(stage).await;
    });
}

async fn off_for_programs(stage: &Stage<'_>) {
    use serde_json::json;
    let mut guest = stage.guest();
    let state = state(&mut guest, "RAHMA").await;
    let id = crate::stage::id(&state, "Rahman");
    for (wanted, status, code) in [
        (
            json!({ "version": 1, "guests": [{ "id": id, "diets": ["halal"] }] }),
            404,
            "feature_disabled",
        ),
        (
            json!({ "version": 1, "guests": [{ "id": id, "diet_note": "none" }] }),
            404,
            "feature_disabled",
        ),
        (
            json!({ "version": 1, "note": { "text": "Hello" } }),
            404,
            "feature_disabled",
        ),
        (
            json!({ "version": 1, "guests": [{ "id": id, "replies": { "nikah": "undecided" } }] }),
            422,
            "validation_failed",
        ),
        (
            json!({ "version": 1, "guests": [{ "name": "Mei", "is_child": true }] }),
            422,
            "validation_failed",
        ),
    ] {
        let page = put(&mut guest, "RAHMA", &wanted).await;
        crate::stage::assert_problem(&page, status, code);
    }
    // Gifts and uploads are switched off, and the last two pages do not exist. Requests for them
    // are not logged as errors.
    for part in ["gifts", "uploads", "news", "my-data"] {
        guest
            .get(&format!("/invite/RAHMA/{part}"))
            .await
            .expect(404);
    }
}

fn field_names(page: &Page) -> Vec<String> {
    let form = page.expect(200).form("/invite/RAHMA/rsvp");
    form.fields.into_iter().map(|field| field.name).collect()
}

#[test]
fn who_was_not_sure_has_not_answered_where_that_is_no_answer() {
    on_sqlite(async |stage| {
        let mut guest = stage.guest();
        let id = crate::stage::id(&state(&mut guest, "ROSSI").await, "Marco");
        let body = crate::stage::answer(1, &id, &serde_json::json!({ "nikah": "undecided" }));
        put(&mut guest, "ROSSI", &body).await.expect(200);
        stage.switch(|switches| switches.undecided = false).await;
        let state = state(&mut guest, "ROSSI").await;
        assert_eq!(
            crate::stage::guest(&state, "Marco")["replies"]["nikah"],
            "pending"
        );
        let form = guest
            .get("/invite/ROSSI/rsvp")
            .await
            .form("/invite/ROSSI/rsvp");
        assert_eq!(form.value(&format!("reply.{id}.nikah")), None);
        stage.switch(|switches| switches.undecided = true).await;
        let form = guest
            .get("/invite/ROSSI/rsvp")
            .await
            .form("/invite/ROSSI/rsvp");
        assert_eq!(
            form.value(&format!("reply.{id}.nikah")),
            Some("undecided"),
            "nothing is lost"
        );
    });
}

#[test]
fn what_people_open_is_counted_and_robots_are_not() {
    on_default(async |stage| {
        let opened = sql!("SELECT open_count FROM invitation WHERE code = $1");
        for robot in [
            "WhatsApp/2.23",
            "facebookexternalhit/1.1",
            "Googlebot/2.1",
            "curl/8.5",
        ] {
            let mut visitor = stage.visitor();
            visitor.header("user-agent", robot);
            visitor.get("/invite/RAHMA").await.expect(200);
        }
        let mut person = stage.visitor();
        person.header("user-agent", "Mozilla/5.0 (Linux; Android 14)");
        for address in [
            "/invite/RAHMA",
            "/invite/RAHMA",
            "/invite/rahma",
            "/invite/RAHMA/rsvp",
        ] {
            person.get(address).await;
        }
        // While the store fails, page views are kept in memory. They are recorded once the store
        // works again.
        let rename = async |change: Sql| {
            let change = move |tx: &mut Tx<'_>| tx.run(change, &[], Rows::Any).map(drop);
            stage.change(change).await;
        };
        rename(sql!("ALTER TABLE invitation RENAME TO hidden")).await;
        assert!(stage.opens.write(stage.world.store()).await.is_err());
        rename(sql!("ALTER TABLE hidden RENAME TO invitation")).await;
        person.get("/invite/RAHMA").await.expect(200);
        stage.opens.write(stage.world.store()).await.unwrap();
        assert_eq!(stage.count(opened, "RAHMA").await, 3);
        assert_eq!(
            state(&mut person, "RAHMA").await["version"],
            1,
            "bookkeeping is no change"
        );
    });
}
