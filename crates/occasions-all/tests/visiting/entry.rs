//! Tests of how guests enter. They type a code or open a link, and the browser remembers the
//! household.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use occasions::words::OccasionStatus;
use platform::{Rows, Sql, Tx, sql};
use testkit::{Page, Visitor};

use crate::stage::{assert_private, on_default, on_sqlite};

#[test]
fn a_code_opens_however_it_is_typed() {
    on_default(async |stage| {
        for typed in [
            "RAHMA",
            "rahma",
            " ra-h.m a ",
            "ＲＡＨＭＡ",
            "Rah\u{200b}ma",
            "\u{feff}RAHMA\t",
        ] {
            let mut guest = stage.guest();
            let page = guest.get("/").await;
            let mut form = page.expect(200).form("/");
            form.fill("code", typed);
            let page = guest.submit(&page, &form).await;
            assert_eq!(
                page.expect(303).location(),
                Some(stage.links.to("RAHMA").as_str()),
                "{typed:?}"
            );
            let page = guest.follow(page).await;
            assert!(page.expect(200).text().contains("Rahman bin Ali"));
        }
        for typed in ["ROSSI", "r0ss1", "ROSSL", "rossı", "ROSSİ"] {
            let page = stage.guest().post("/", &[("code", typed)]).await;
            assert_eq!(
                page.expect(303).location(),
                Some(stage.links.to("ROSSI").as_str()),
                "{typed:?}"
            );
        }
    });
}

#[test]
fn another_spelling_leads_to_the_address_on_the_card_and_keeps_the_query() {
    on_sqlite(async |stage| {
        let mut guest = stage.visitor();
        for (asked, led) in [
            ("/invite/rahma", "/invite/RAHMA"),
            ("/invite/r0ss1?lang=it&a=%26", "/invite/ROSSI?lang=it&a=%26"),
            ("/invite/R%C4%B1ahma?x", ""),
            ("/invite/ra%20h%2Dma?x", "/invite/RAHMA?x"),
            ("/invite/ra%0Ahma", "/invite/RAHMA"),
            ("/invite/rahma/rsvp?lang=it", "/invite/RAHMA/rsvp?lang=it"),
            ("/invite/rahma/dietary", "/invite/RAHMA/dietary"),
            ("/invite/rahma/notes", "/invite/RAHMA/notes"),
            ("/invite/rahma/confirmation", "/invite/RAHMA/confirmation"),
            ("/invite/rahma/calendar.ics", "/invite/RAHMA/calendar.ics"),
        ] {
            let page = guest.get(asked).await;
            if led.is_empty() {
                page.expect(404);
                assert_eq!(
                    page.location(),
                    None,
                    "a code not found never leads anywhere"
                );
            } else {
                assert_eq!(page.expect(308).location(), Some(led));
            }
            assert_private(&page);
        }
        guest.get("/invite/RAHMA").await.expect(200);
    });
}

#[test]
fn a_form_saved_under_another_spelling_is_saved_once_and_shown() {
    on_sqlite(async |stage| {
        for (round, spelled) in ["rahma", "r%61-h%0Ama", "%EF%BC%B2AHMA", "RAHMA"]
            .into_iter()
            .enumerate()
        {
            let mut guest = stage.guest();
            let note = format!("Note {round}");
            let note = [("note", note.as_str()), ("submission_id", "again")];
            for _ in 0..2 {
                let page = guest.post(&format!("/invite/{spelled}/notes"), &note).await;
                assert_eq!(
                    page.expect(303).location(),
                    Some(stage.links.below("RAHMA", "/confirmation").as_str())
                );
            }
            let saved = stage
                .count(
                    sql!("SELECT COUNT(*) FROM submission JOIN invitation ON invitation.id = invitation AND code = $1"),
                    "RAHMA",
                )
                .await;
            assert_eq!(usize::try_from(saved).unwrap(), round + 1, "{spelled}");
        }
    });
}

#[test]
fn what_cannot_be_a_code_is_asked_again_with_what_was_typed() {
    on_sqlite(async |stage| {
        for (place, typed) in [
            ("/", ""),
            ("/", "ABC"),
            ("/", "陈志明\"<b>"),
            ("/o/aisyah-daniel", "ABCDEFGHIJK"),
        ] {
            let mut guest = stage.guest();
            let page = guest.post(place, &[("code", typed)]).await;
            page.expect(422);
            assert_eq!(page.form(place).value("code"), Some(typed));
            assert!(page.text().contains(&stage.say("code-malformed")));
        }
        // Malformed codes do not count as guesses.
        let mut guest = stage.guest();
        for n in 0..20 {
            guest
                .post("/", &[("code", &"X".repeat(n % 4))])
                .await
                .expect(422);
        }
        guest.post("/", &[("code", "WRONG")]).await.expect(404);
    });
}

#[test]
fn unknown_revoked_draft_and_malformed_look_the_same() {
    on_default(async |stage| {
        stage.other_occasion("DRAFT1", OccasionStatus::Draft).await;
        stage
            .run(
                sql!("UPDATE invitation SET archived_at = 1 WHERE code = $1"),
                "SHUT1",
            )
            .await;
        stage
            .run(
                sql!("UPDATE invitation SET code = 'NEW01', code_key = 'NEW01' WHERE code = $1"),
                "TANWE",
            )
            .await;
        for below in [
            "",
            "/rsvp",
            "/dietary",
            "/notes",
            "/confirmation",
            "/calendar.ics",
        ] {
            let mut seen = Vec::new();
            for code in ["WRONG", "DRAFT1", "SHUT1", "TANWE", "A", "%FF"] {
                let page = stage.visitor().get(&format!("/invite/{code}{below}")).await;
                page.expect(404);
                assert!(
                    page.text()
                        .contains(&stage.say("problem-invitation-not-found"))
                );
                assert_private(&page);
                seen.push((code, without_ids(&page)));
            }
            assert_all_the_same(&seen);
        }
        for below in ["/rsvp", "/dietary", "/notes"] {
            let mut seen = Vec::new();
            for code in ["WRONG", "DRAFT1", "SHUT1", "TANWE", "A", "%FF"] {
                let address = format!("/invite/{code}{below}");
                let page = stage.visitor().post(&address, &[("note", "Hello")]).await;
                page.expect(404);
                seen.push((code, without_ids(&page)));
            }
            assert_all_the_same(&seen);
        }
        for method in ["GET", "PUT"] {
            let mut seen = Vec::new();
            for code in ["WRONG", "DRAFT1", "SHUT1", "TANWE", "AB", "%FF"] {
                let page = by_program(&mut stage.visitor(), method, code).await;
                page.expect(404);
                assert_private(&page);
                // The error response repeats the requested path, but shows only the first two
                // characters of the code.
                let (headers, body) = without_ids(&page);
                let own: String = code.chars().take(2).collect();
                let own = if code == "%FF" { "%F".to_owned() } else { own };
                seen.push((code, (headers, body.replace(&format!("/{own}***"), "/***"))));
            }
            assert_all_the_same(&seen);
        }
        let mut seen = Vec::new();
        for code in ["WRONG", "DRAFT1", "SHUT1", "TANWE"] {
            let page = stage.guest().post("/", &[("code", code)]).await;
            seen.push((
                code,
                (
                    String::new(),
                    without_ids(&page.expect(404).clone()).1.replace(code, ""),
                ),
            ));
        }
        assert_all_the_same(&seen);
    });
}

async fn by_program(visitor: &mut Visitor, method: &str, code: &str) -> Page {
    if method == "GET" {
        return visitor.get(&format!("/api/v1/invitations/{code}")).await;
    }
    crate::stage::put(visitor, code, &serde_json::json!({ "version": 1 })).await
}

/// Returns the response's headers and body without the request id.
fn without_ids(page: &Page) -> (String, String) {
    let id = page.header("x-request-id");
    let headers = format!("{:?}", page.headers).replace(id, "");
    (headers, page.body.replace(id, ""))
}

#[track_caller]
fn assert_all_the_same(seen: &[(&str, (String, String))]) {
    for (code, answer) in seen {
        assert_eq!(answer, &seen[0].1, "{code} against {}", seen[0].0);
    }
}

#[test]
fn pages_without_a_code_wear_the_theme_of_the_only_occasion() {
    on_default(async |stage| {
        for address in ["/", "/invite", "/invite/", "/invite/WRONG"] {
            let page = stage.visitor().get(address).await;
            page.expect(if address.ends_with("WRONG") { 404 } else { 200 });
            assert!(page.body.contains("theme-songket"), "{address}");
            assert!(page.body.contains(r#"<header class="slim">"#), "{address}");
            assert_eq!(page.form("/").value("code"), Some(""), "{address}");
            assert!(page.body.contains(r#"<a href="/login">"#), "{address}");
            assert!(!page.text().contains("Aisyah"), "{address}");
        }
        // With two published occasions, the site cannot know which occasion a visitor without a
        // code wants.
        stage
            .other_occasion("OTHR1", OccasionStatus::Published)
            .await;
        let page = stage.visitor().get("/").await;
        let body = &page.expect(200).body;
        assert!(body.contains(r#"class="site "#) && !body.contains("theme-songket"));
    });
}

/// Links of an archived occasion still show a page, but nothing can be changed there.
#[test]
fn an_archived_occasion_shows_the_hosts_thanks() {
    on_default(async |stage| {
        stage
            .details(|occasion| {
                let farewell = [("en", "What a day it was!"), ("ms", "Indahnya hari itu!")];
                occasion.farewell = farewell
                    .map(|(tag, text)| (tag.to_owned(), text.to_owned()))
                    .into_iter()
                    .collect();
            })
            .await;
        stage.status(OccasionStatus::Archived).await;
        let first: Timestamp = "2027-01-16T04:00:00Z".parse().unwrap();
        stage.world.clock.set(first);
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(40 * 24));
        let page = stage.guest().get("/invite/RAHMA").await;
        page.expect(200);
        assert!(page.text().contains("Rahman"), "{}", page.text());
        assert!(page.text().contains("What a day it was!"));
        let days = stage.fill("thanks-days-since", [("n", 40.into())]);
        assert!(page.text().contains(&days), "{}", page.text());
        assert!(page.forms().is_empty(), "nothing can be sent");
        assert_private(&page);
        // All pages below the invitation's page answer "gone", with the same text.
        let mut gone = Vec::new();
        for below in ["rsvp", "notes", "dietary", "confirmation", "calendar.ics"] {
            gone.push(stage.guest().get(&format!("/invite/RAHMA/{below}")).await);
        }
        let note = [("note", "Too late to be kept")];
        gone.push(stage.guest().post("/invite/RAHMA/notes", &note).await);
        assert!(gone.last().unwrap().text().contains("Too late to be kept"));
        for page in gone {
            page.expect(410);
            assert!(
                page.text().contains("What a day it was!"),
                "{}",
                page.address
            );
            assert_private(&page);
        }
        let typed = stage.guest().post("/", &[("code", "rahma")]).await;
        assert_eq!(
            typed.expect(303).header("location"),
            stage.links.to("RAHMA")
        );
        let page = stage.guest().get("/o/aisyah-daniel").await;
        page.expect(200);
        assert!(page.text().contains("What a day it was!") && page.text().contains(&days));
        assert!(!page.text().contains("Rahman") && page.forms().is_empty());
        stage.guest().get("/o/aisyah-daniel/rsvp").await.expect(410);
        let mut malay = stage.guest();
        let page = malay.get("/o/aisyah-daniel?lang=ms").await;
        assert!(page.text().contains("Indahnya hari itu!"));
        // The hosts wrote no farewell, so the page shows the built-in one.
        stage
            .details(|occasion| occasion.farewell = web::I18n::default())
            .await;
        let page = stage.guest().get("/invite/RAHMA").await;
        assert!(page.text().contains(&stage.say("after-missed")));
    });
}

#[test]
fn the_public_page_counts_the_days_to_the_first_event() {
    on_default(async |stage| {
        let mut guest = stage.guest();
        let first = async |column: Sql| {
            let look = move |tx: &mut Tx<'_>| tx.one::<(Timestamp,)>(column, &[]);
            stage.world.store().read(look).await.unwrap().0
        };
        let starts_at = first(sql!("SELECT MIN(starts_at) FROM event")).await;
        let zone = TimeZone::get("Asia/Kuala_Lumpur").unwrap();
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let days = web::dates::days_between(day(stage.world.clock.now()), day(starts_at));
        assert!(days > 2);
        let page = guest.get("/o/aisyah-daniel").await;
        let words = stage.fill("portal-days-left", [("n", days.into())]);
        assert!(page.text().contains(&words), "{words}: {}", page.text());
        assert!(
            page.body
                .contains(&format!("data-zero=\"{}\"", starts_at.as_millisecond()))
        );

        // The occasion's card says "today" on the day of the event, and shows no countdown
        // afterwards.
        let left = starts_at.duration_since(stage.world.clock.now());
        stage
            .world
            .clock
            .advance(left + SignedDuration::from_mins(1));
        let page = guest.get("/o/aisyah-daniel").await;
        assert!(page.text().contains(&stage.say("portal-today")));
        assert!(!page.body.contains("data-zero"));
        stage.world.clock.advance(SignedDuration::from_hours(24));
        let page = guest.get("/o/aisyah-daniel").await;
        assert!(!page.body.contains("class=\"days-left\""));
    });
}

#[test]
fn the_public_page_tells_nobody_the_day_of_an_event_for_few() {
    on_default(async |stage| {
        let zone = TimeZone::get("Asia/Kuala_Lumpur").unwrap();
        let columns = sql!("SELECT starts_at FROM event WHERE key = $1");
        let starts = async |key: &'static str| {
            let look = move |tx: &mut Tx<'_>| tx.one::<(Timestamp,)>(columns, &[&key]);
            stage.world.store().read(look).await.unwrap().0
        };
        // The solemnization is on the day before, and was entered later.
        let before = starts("reception").await - SignedDuration::from_hours(24);
        let change = move |tx: &mut Tx<'_>| {
            let move_to = sql!("UPDATE event SET starts_at = $2, position = 9 WHERE key = $1");
            tx.run(move_to, &[&"nikah", &before], Rows::Exactly(1))
        };
        stage.world.store().write(change).await.unwrap();
        let shown = async || {
            let page = stage.guest().get("/o/aisyah-daniel").await;
            let days = [before, starts("reception").await];
            days.map(|at| {
                let day = at.to_zoned(zone.clone()).date();
                page.body.contains(&format!("datetime=\"{day}\""))
            })
        };
        let first = sql!("UPDATE event SET open_to_all = $2, position = 0 WHERE key = $1");
        let open = async |key: &'static str, open: i64| {
            let change = move |tx: &mut Tx<'_>| tx.run(first, &[&key, &open], Rows::Exactly(1));
            stage.world.store().write(change).await.unwrap();
        };
        stage.switch(|switches| switches.open_rsvp = false).await;
        assert_eq!(shown().await, [false, true]);
        open("reception", 1).await;
        assert_eq!(shown().await, [false, true], "the one that is open to all");
        open("nikah", 1).await;
        assert_eq!(
            shown().await,
            [true, false],
            "the first that is open to all"
        );
    });
}

#[test]
fn hosts_may_switch_the_countdown_off() {
    on_default(async |stage| {
        let change = |tx: &mut Tx<'_>| {
            let found = occasions::occasion::find_by_slug(tx, "aisyah-daniel")?.unwrap();
            let mut occasion = occasions::occasion::load(tx, &found)?;
            occasion.switches.days_left = false;
            occasions::occasion::update(tx, &occasion)
        };
        stage.world.store().write(change).await.unwrap();
        let page = stage.guest().get("/o/aisyah-daniel").await;
        assert!(!page.body.contains("class=\"days-left\""));
    });
}

#[test]
fn an_occasion_has_a_page_of_its_own() {
    on_sqlite(async |stage| {
        let mut guest = stage.guest();
        let page = guest.get("/o/aisyah-daniel").await;
        assert!(page.expect(200).text().contains("Aisyah & Daniel"));
        assert_eq!(page.header("x-robots-tag"), "noindex");
        let page = guest.post("/o/aisyah-daniel", &[("code", "WRONG")]).await;
        assert!(page.expect(404).text().contains("Farah"), "whom to ask");
        let page = guest.post("/o/aisyah-daniel", &[("code", "rahma")]).await;
        let link = stage.links.to("RAHMA");
        assert_eq!(page.expect(303).location(), Some(link.as_str()));
        guest.get("/o/nobody").await.expect(404);

        stage
            .run(sql!("INSERT INTO occasion_alias (slug, occasion) SELECT 'old-name', id FROM occasion WHERE slug = $1"), "aisyah-daniel")
            .await;
        let page = guest.get("/o/old-name?lang=it").await;
        assert_eq!(
            page.expect(308).location(),
            Some("/o/aisyah-daniel?lang=it")
        );

        stage.status(OccasionStatus::Draft).await;
        let page = guest.get("/o/aisyah-daniel").await;
        assert!(
            page.expect(200)
                .text()
                .contains(&stage.say("card-preparing"))
        );
        assert_eq!(page.header("x-robots-tag"), "noindex");
        assert!(!page.body.contains("Reception"));
    });
}
