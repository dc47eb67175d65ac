//! Tests of the page on which an occasion is made, and of the home of an occasion without guests.

use jiff::{SignedDuration, Timestamp};
use occasions::event::{self, Event, PlannedEvent};
use occasions::occasion::{self, Occasion};
use occasions::retention;
use occasions::words::{OccasionKind, OccasionStatus};
use platform::{Rows, StoreError, Tx, sql};
use testkit::{Page, Visitor};
use web::Preset;

use crate::stage::{Stage, on_default};

async fn made(stage: &Stage<'_>, slug: &str) -> (Occasion, Vec<Event>) {
    let slug = slug.to_owned();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let id = occasion::find_by_slug(tx, &slug)?.unwrap();
        Ok((occasion::load(tx, &id)?, event::list(tx, &id)?))
    };
    stage.site.store.read(look).await.unwrap()
}

async fn undated(stage: &Stage<'_>, slug: &str) -> Vec<PlannedEvent> {
    let slug = slug.to_owned();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let id = occasion::find_by_slug(tx, &slug)?.unwrap();
        event::without_day(tx, &id)
    };
    stage.site.store.read(look).await.unwrap()
}

/// Sends the form with these values, and returns the response.
async fn send(owner: &mut Visitor, values: &[(&str, &str)]) -> Page {
    let page = owner.get("/admin/new").await;
    let mut form = page.expect(200).form("/admin/new");
    for (name, value) in values {
        match *name {
            "day_unknown" => form.tick(name, value),
            _ => form.fill(name, value),
        };
    }
    owner.submit(&page, &form).await
}

#[test]
fn names_and_a_day_make_an_occasion_and_all_else_is_proposed() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.stranger);
        owner.set_cookie("kd_zone", "Asia/Kuching");
        owner.header("accept-language", "ms-MY, en;q=0.5");
        let names = [
            ("first", "Nurul "),
            ("second", "Wei Ming"),
            ("day", "2027-01-16"),
        ];
        let done = send(&mut owner, &names).await;
        done.expect(303);
        let wall = "/admin/o/nurul-wei-ming/settings/look?done=created";
        assert_eq!(done.location(), Some(wall));
        let (occasion, events) = made(stage, "nurul-wei-ming").await;
        assert_eq!(occasion.kind, OccasionKind::Wedding);
        assert_eq!(occasion.hosts.find("ms"), Some("Nurul & Wei Ming"));
        assert_eq!(
            occasion.title.find("ms"),
            Some("Majlis perkahwinan Nurul dan Wei Ming")
        );
        assert_eq!(occasion.kicker.find("ms"), Some("Walimatulurus"));
        assert_eq!(
            (occasion.languages, occasion.default_language.as_str()),
            (vec!["ms".to_owned()], "ms")
        );
        assert_eq!(
            (occasion.time_zone.as_str(), occasion.currency.as_str()),
            ("Asia/Kuching", "MYR")
        );
        assert_eq!(occasion.country, "MY");
        assert_eq!(occasion.theme.preset, Preset::Songket);
        // Sunday, 20 December, in that zone.
        let last: Timestamp = "2026-12-20T16:00:00Z".parse().unwrap();
        assert_eq!(occasion.rsvp_deadline, Some(last));
        let [event] = &events[..] else {
            panic!("{events:?}");
        };
        assert_eq!(event.name.find("ms"), Some("Majlis resepsi"));
        assert!(!event.hour_known && !event.open_to_all);
        let midnight: Timestamp = "2027-01-15T16:00:00Z".parse().unwrap();
        assert_eq!(event.starts_at, midnight);
        stage
            .visitor(&stage.owner)
            .get("/admin/new")
            .await
            .expect(404);
    });
}

#[test]
fn a_zone_comes_from_the_device_or_the_account_or_the_language_or_is_asked_for() {
    on_default(async |stage| {
        let account_zone = async |zone: &'static str| {
            let id = stage.stranger.account.clone();
            let change = move |tx: &mut Tx<'_>| {
                sql!(
                    "UPDATE account SET time_zone = :zone WHERE id = :id",
                    zone,
                    id
                )
                .run(tx, Rows::Exactly(1))
            };
            stage.site.store.write(change).await.unwrap();
        };
        for (device, account, languages, expected) in [
            (
                "Asia/Tokyo",
                "Asia/Kuala_Lumpur",
                "ms-MY",
                Some(("Asia/Tokyo", "JPY", "JP")),
            ),
            (
                "Asia/Calcutta",
                "UTC",
                "en",
                Some(("Asia/Kolkata", "INR", "IN")),
            ),
            (
                "US/Pacific",
                "UTC",
                "en",
                Some(("America/Los_Angeles", "USD", "US")),
            ),
            (
                "Mars/Olympus",
                "Asia/Singapore",
                "ms-MY",
                Some(("Asia/Singapore", "SGD", "SG")),
            ),
            ("", "UTC", "ms-MY", Some(("Asia/Kuala_Lumpur", "MYR", "MY"))),
            (
                "",
                "UTC",
                "de-AT, en;q=0.1",
                Some(("Europe/Vienna", "EUR", "AT")),
            ),
            // The site's zone is UTC, and the country has several zones.
            ("", "UTC", "en-US", None),
            ("", "UTC", "en", None),
        ] {
            account_zone(account).await;
            let mut owner = stage.visitor(&stage.stranger);
            if !device.is_empty() {
                owner.set_cookie("kd_zone", device);
            }
            owner.header("accept-language", languages);
            let page = owner.get("/admin/new").await;
            let form = page.expect(200).form("/admin/new");
            let zone = expected.map_or("", |(zone, ..)| zone);
            assert_eq!(form.value("time_zone"), Some(zone), "{device} {languages}");
            assert_eq!(page.body.contains("<details open"), expected.is_none());
            assert_eq!(page.body.contains("data-zone-hint"), device.is_empty());
            let first = format!("Tea {}{}", zone.replace('/', " "), languages.len());
            let values = [("first", first.as_str()), ("day", "2027-02-20")];
            let done = send(&mut owner, &values).await;
            let Some((zone, currency, country)) = expected else {
                done.expect(422);
                assert!(
                    done.body.contains("<a href=\"#time_zone\">"),
                    "{}",
                    done.text()
                );
                continue;
            };
            let to = done.expect(303).location().unwrap().to_owned();
            let slug = to.split('/').nth(3).unwrap();
            let (occasion, _) = made(stage, slug).await;
            let found = [occasion.time_zone, occasion.currency, occasion.country];
            assert_eq!(found, [zone, currency, country], "{device} {languages}");
        }
    });
}

#[test]
fn all_errors_of_a_new_occasion_are_told_at_once() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.stranger);
        let typed = [
            ("day", "2026-01-16"),
            ("slug", "No Address!"),
            ("deadline", "2026-01-01"),
        ];
        let refused = send(&mut owner, &typed).await;
        refused.expect(422);
        let over = stage.fill("host-new-day-over", [("day", "16 January 2027".into())]);
        for words in [
            stage.say("host-new-nobody"),
            over,
            stage.say("host-new-deadline-over"),
        ] {
            assert!(
                refused.text().contains(&words),
                "{words}: {}",
                refused.text()
            );
        }
        for field in ["first", "day", "deadline", "slug"] {
            assert!(
                refused.body.contains(&format!("<a href=\"#{field}\">")),
                "{field}"
            );
        }
        assert!(refused.body.contains("value=\"No Address!\""));
        for (values, words) in [
            (&[("first", "Mei")][..], stage.say("host-new-no-day")),
            (
                &[("first", "Mei"), ("day", "2038-01-16")],
                stage.fill("host-new-day-far", [("n", 12.into())]),
            ),
            (
                &[
                    ("first", "Mei"),
                    ("day", "2027-01-16"),
                    ("day_unknown", "1"),
                ],
                stage.say("host-new-day-and-unknown"),
            ),
            (
                &[
                    ("first", "Mei"),
                    ("day_unknown", "1"),
                    ("deadline", "2027-01-16"),
                ],
                stage.say("host-new-deadline-without-day"),
            ),
            (
                &[
                    ("first", "Mei"),
                    ("day", "2027-01-16"),
                    ("deadline", "2027-01-17"),
                ],
                stage.say("host-new-deadline-late"),
            ),
        ] {
            let refused = send(&mut owner, values).await;
            refused.expect(422);
            assert!(
                refused.text().contains(&words),
                "{words}: {}",
                refused.text()
            );
        }
        let (count,): (i64,) = stage
            .site
            .store
            .read(|tx: &mut Tx<'_>| tx.one(sql!("SELECT COUNT(*) FROM occasion"), &[]))
            .await
            .unwrap();
        assert_eq!(count, 1, "nothing was made");
    });
}

#[test]
fn a_taken_address_gets_the_year_and_then_a_number() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.stranger);
        for slug in [
            "mei-tan",
            "mei-tan-2027",
            "mei-tan-2027-2",
            "mei-tan-2027-3",
        ] {
            let names = [("first", "Mei"), ("second", "Tan"), ("day", "2027-01-16")];
            let done = send(&mut owner, &names).await;
            let wall = format!("/admin/o/{slug}/settings/look?done=created");
            assert_eq!(done.location(), Some(wall.as_str()));
        }
        // An address that somebody typed is taken or refused, never changed.
        let typed = [("first", "Mei"), ("day", "2027-01-16"), ("slug", "mei-tan")];
        let refused = send(&mut owner, &typed).await;
        refused.expect(409);
        assert!(refused.body.contains("<a href=\"#slug\">"));
    });
}

#[test]
fn an_occasion_whose_day_is_not_known_says_so_and_asks_nobody() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.stranger);
        let done = send(
            &mut owner,
            &[
                ("first", "Ella"),
                ("kind", "children"),
                ("day_unknown", "1"),
            ],
        )
        .await;
        done.expect(303);
        let (occasion, events) = made(stage, "ella").await;
        assert_eq!((occasion.rsvp_deadline, events.len()), (None, 0));
        let planned = undated(stage, "ella").await;
        let [party] = &planned[..] else {
            panic!("{planned:?}");
        };
        assert_eq!(party.name.find("en"), Some("Party"));
        assert_eq!(occasion.title.find("en"), Some("Party for Ella"));
        let card = owner.get("/admin/o/ella/preview/page").await;
        assert!(
            card.expect(200)
                .text()
                .contains(&stage.say("date-to-follow"))
        );
        let home = owner.get("/admin/o/ella").await;
        let names = home.link(&stage.say("host-home-names"));
        let at = format!("/admin/o/ella/settings/events/{}", party.id);
        assert_eq!(names.href, at);
        let wall = owner.get("/admin/o/ella/settings/look").await;
        assert!(
            wall.expect(200)
                .text()
                .contains(&stage.say("date-to-follow"))
        );
        let list = owner.get("/admin/o/ella/settings/events").await;
        assert!(list.text().contains(&stage.say("date-to-follow")));
        let state = owner.get("/admin/o/ella/settings/state").await.text();
        assert!(state.contains(&stage.say("host-publish-no-day")), "{state}");
        let deadline = "/admin/o/ella/settings/deadline";
        let page = owner.get(deadline).await;
        let mut form = page.form(deadline);
        form.fill("rsvp_deadline", "2027-01-01");
        let refused = owner.submit(&page, &form).await;
        refused.expect(422);
        assert!(
            refused
                .text()
                .contains(&stage.say("problem-deadline-without-day")),
            "{}",
            refused.text()
        );
        let ready = owner.get("/admin/o/ella/ready").await;
        assert!(
            !ready.text().contains(&stage.say("host-ready-over")),
            "{}",
            ready.text()
        );

        // It can be published, and its guests are asked once it has a day.
        let page = owner.get("/admin/o/ella/invites/new").await;
        let mut form = page.form("/admin/o/ella/invites/new");
        form.fill("household", "The Lims").fill("guests", "Lim");
        owner.submit(&page, &form).await.expect(303);
        let publish = [("status", "published")];
        let published = owner.post("/admin/o/ella/settings/state", &publish).await;
        published.expect(303);
        let (code,): (String,) = stage
            .site
            .store
            .read(|tx: &mut Tx<'_>| {
                tx.one(
                    sql!("SELECT code FROM invitation WHERE household = 'The Lims'"),
                    &[],
                )
            })
            .await
            .unwrap();
        let mut guest = stage.nobody();
        for path in [format!("/invite/{code}"), format!("/invite/{code}/rsvp")] {
            let page = guest.get(&path).await;
            let text = page.expect(200).text();
            for words in ["date-to-follow", "date-to-follow-text"] {
                assert!(text.contains(&stage.say(words)), "{path}: {text}");
            }
            assert!(!page.body.contains("name=\"reply."), "{path}");
        }
        let events = owner.get(&at).await;
        let mut form = events.form(&at);
        assert_eq!(form.value("day_unknown"), Some("1"));
        form.fill("starts_at", "2027-01-16T15:00");
        owner.submit(&events, &form).await.expect(303);
        assert_eq!(made(stage, "ella").await.1.len(), 1);
        let page = guest.get(&format!("/invite/{code}/rsvp")).await;
        assert!(page.body.contains("name=\"reply."), "{}", page.text());
    });
}

#[test]
fn an_occasion_without_a_day_ends_18_months_after_its_last_change() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.stranger);
        let values = [("first", "Ella"), ("day_unknown", "1")];
        send(&mut owner, &values).await.expect(303);
        let publish = [("status", "published")];
        let published = owner.post("/admin/o/ella/settings/state", &publish).await;
        published.expect(303);
        for (days, status) in [
            (577, OccasionStatus::Published),
            (2, OccasionStatus::Archived),
        ] {
            stage
                .world
                .clock
                .advance(SignedDuration::from_hours(days * 24));
            retention::run(&stage.site).await.unwrap();
            assert_eq!(made(stage, "ella").await.0.status, status);
        }
        for mail in stage.world.mails().await {
            stage.world.expect_mail(&mail.recipient, &mail.subject);
        }
    });
}

#[test]
fn the_home_of_a_new_occasion_shows_the_card_and_what_is_next() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.stranger);
        let names = [("first", "Mei"), ("second", "Tan"), ("day", "2027-01-16")];
        send(&mut owner, &names).await.expect(303);
        let home = owner.get("/admin/o/mei-tan").await;
        home.expect(200);
        assert!(
            home.body
                .contains("<iframe class=\"guests-view\" src=\"/admin/o/mei-tan/preview/page\"")
        );
        let card = owner.get("/admin/o/mei-tan/preview/page").await;
        assert!(
            card.text().contains("Saturday, 16 January 2027"),
            "{}",
            card.text()
        );
        let done = |n: i64| stage.fill("host-home-done", [("n", n.into()), ("total", 6.into())]);
        // Names and day, look, answer by.
        assert!(home.text().contains(&done(3)), "{}", home.text());
        for (label, href) in [
            ("host-home-photo", "/settings/cover"),
            ("host-home-look", "/settings/look"),
            ("host-home-import", "/import"),
            ("host-home-add", "/invites/new"),
        ] {
            let link = home.link(&stage.say(label));
            assert_eq!(link.href, format!("/admin/o/mei-tan{href}"));
        }
        let (_, events) = made(stage, "mei-tan").await;
        let path = format!("/admin/o/mei-tan/settings/events/{}", events[0].id);
        let page = owner.get(&path).await;
        let mut form = page.form(&path);
        form.fill("starts_at", "2027-01-16T12:00")
            .fill("venue", "Dewan");
        owner.submit(&page, &form).await.expect(303);
        let home = owner.get("/admin/o/mei-tan").await;
        assert!(home.text().contains(&done(4)), "{}", home.text());
        let photo = sql!("UPDATE occasion SET cover = 'photo' WHERE slug = $1");
        stage.run(photo, "mei-tan").await;
        let home = owner.get("/admin/o/mei-tan").await;
        let change = home.link(&stage.say("host-photo-change"));
        assert_eq!(change.href, "/admin/o/mei-tan/settings/cover");
        assert!(!home.text().contains(&stage.say("host-home-photo")));
        // With guests, the home has numbers.
        let page = owner.get("/admin/o/aisyah-daniel").await;
        assert!(!page.body.contains("class=\"guests-view\""));
    });
}

#[test]
fn hosts_alone_see_the_draft_as_guests_will() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.stranger);
        let names = [("first", "Mei"), ("second", "Tan"), ("day", "2027-01-16")];
        send(&mut owner, &names).await.expect(303);
        let draft = owner.get("/o/mei-tan").await;
        let strip = stage.say("card-preparing-host");
        assert!(
            draft.expect(200).text().contains(&strip),
            "{}",
            draft.text()
        );
        assert!(draft.text().contains("Saturday, 16 January 2027"));
        assert_eq!(
            draft.link(&stage.say("card-back-host")).href,
            "/admin/o/mei-tan"
        );
        testkit::assert_private(&draft);
        // Whom they invite will see more, with names that are made up.
        let see = owner.get("/admin/o/mei-tan/see").await.with(200);
        let frame = see.body.split_once("<iframe").unwrap().1;
        let (_, frame) = frame.split_once("src=\"").unwrap();
        let frame = frame.split_once('"').unwrap().0.to_owned();
        let invited = owner.get(&frame).await.with(200);
        let household = stage.say("preview-household");
        assert!(invited.text().contains(&household), "{}", invited.text());
        let public = see.link(&stage.say("host-see-public")).href;
        assert_eq!(public, "/o/mei-tan");
        for mut visitor in [stage.nobody(), stage.visitor(&stage.owner)] {
            let page = visitor.get("/o/mei-tan").await;
            assert!(page.text().contains(&stage.say("card-preparing")));
            assert!(!page.text().contains("January"), "{}", page.text());
        }
    });
}
