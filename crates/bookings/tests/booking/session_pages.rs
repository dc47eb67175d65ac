//! The pages on which visitors find sessions: the list of all, and the calendar of one.

use identity::grant::OWNER;
use serde_json::json;
use testkit::{Page, Visitor};

use crate::classes::party;
use crate::hours::{BOOKINGS, listed, offer};
use crate::stage::{Booking, Person, Stage, in_zone, on_default, provider};
use crate::strangers::set;

/// Hours on one day of the week by the clock of Berlin. Returns their id.
async fn hours(who: &mut Person, day: &str, opens: &str, closes: &str) -> String {
    let hours = json!({"name": "Mine", "time_zone": "Europe/Berlin",
        "week": [{"day": day, "opens": opens, "closes": closes}]});
    let made = who.call("POST", "/api/v1/me/schedules", &hours).await;
    made.with(201).json()["id"].as_str().unwrap().to_owned()
}

async fn read(visitor: &mut Visitor, path: &str) -> Page {
    visitor.get(path).await.with(200)
}

/// The names of the days that are links, in the order of the calendar.
fn days(page: &Page) -> Vec<String> {
    let named = page.body.split("aria-label=\"").skip(1);
    let names = named.filter_map(|rest| rest.split('"').next());
    let is_day = |name: &str| {
        let words = ["free time", ": full", " date"];
        words.iter().any(|word| name.contains(word))
    };
    let days = names.filter(|name| is_day(name));
    days.map(str::to_owned).collect()
}

/// The free times of the day that is shown.
fn times(page: &Page) -> Vec<(String, String)> {
    let links = page.links().into_iter();
    let is_time = |href: &str| {
        let id = href.strip_prefix("/book/").unwrap_or_default();
        id.split('?').next().is_some_and(|id| id.len() == 36)
    };
    let times = links.filter(|link| is_time(&link.href));
    times.map(|link| (link.text, link.href)).collect()
}

fn labels(page: &Page) -> Vec<String> {
    times(page).into_iter().map(|(label, _)| label).collect()
}

#[test]
fn sessions_are_listed_once_for_all_who_give_them_and_lead_to_their_calendars() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = &in_zone(stage, "Europe/Berlin");
        let mut people = Vec::new();
        for (name, opens) in [
            ("Farah Ali", "09:00"),
            ("Mei Lin", "10:00"),
            ("Ravi Kumar", "09:00"),
        ] {
            let mut one = stage.person_as(name, bookings::provider::PROVIDER).await;
            let hours = hours(&mut one, "tuesday", opens, "12:00").await;
            people.push((one, hours));
        }
        let interview = |price: i64, note: &str| {
            json!({"title": "Mock interview", "public_note": note,
                "lengths": [{"minutes": 60, "price_minor": price}]})
        };
        let lengths =
            json!([{"minutes": 45, "price_minor": 4_000}, {"minutes": 30, "price_minor": 2_500}]);
        for (who, sent) in [
            (0, interview(6_000, "As they ask.")),
            (1, interview(6_000, "As I ask.")),
            (2, interview(9_000, "In depth.")),
            (2, json!({"title": "Career talk", "lengths": lengths})),
            (2, json!({"title": "Zone"})),
            (2, json!({"title": "面试"})),
        ] {
            let (one, hours) = &mut people[who];
            offer(one, hours, &sent).await;
        }
        let mut visitor = stage.visitor();
        let list = read(&mut visitor, "/book?tz=Asia/Tokyo").await;
        let text = list.text();
        for words in [
            "With Farah Ali, Mei Lin",
            "from RM 25",
            "30 minutes · 45 minutes",
            // 9 o'clock in Berlin.
            "Next: Tuesday, 24 November, 5 pm",
            "All times are in Tokyo (UTC+9).",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert_eq!(text.matches("Mock interview").count(), 2, "{text}");
        let sessions = |page: &Page| -> Vec<String> {
            let hrefs = page.links().into_iter().map(|link| link.href);
            hrefs.filter(|href| href.starts_with("/book/s/")).collect()
        };
        let hrefs = sessions(&list);
        assert_eq!(hrefs.len(), 5, "{hrefs:?}");
        for begin in ["mock-interview-", "career-talk?", "zone?", "session-"] {
            let begin = format!("/book/s/{begin}");
            assert!(
                hrefs.iter().any(|href| href.starts_with(&begin)),
                "{begin}: {hrefs:?}"
            );
        }
        for href in &hrefs {
            assert!(href.ends_with("?tz=Asia%2FTokyo"), "{href}");
            let page = read(&mut visitor, href).await;
            assert!(!days(&page).is_empty(), "{href}");
            page.link("All sessions");
        }
        // An address that does not say which of two is meant shows both.
        let both = read(&mut visitor, "/book/s/mock-interview").await;
        assert_eq!(sessions(&both).len(), 2);
        visitor.get("/book/s/nobody").await.expect(404);

        // A length and a provider are chosen by links.
        let talk = read(&mut visitor, "/book/s/career-talk").await;
        assert_eq!(days(&talk)[0], "Tuesday, 24 November: 6 free times");
        let longer = read(&mut visitor, &talk.link("45 minutes · RM 40").href).await;
        assert_eq!(days(&longer)[0], "Tuesday, 24 November: 4 free times");
        let shared = hrefs.iter().find(|href| href.contains("/mock-interview-"));
        let mut shared = shared.unwrap().clone();
        for href in &hrefs {
            if href.contains("mock") && read(&mut visitor, href).await.text().contains("Anyone") {
                shared.clone_from(href);
            }
        }
        let anyone = read(&mut visitor, &shared).await;
        let expected = [
            "5 pm Farah Ali",
            "6 pm Farah Ali, Mei Lin",
            "7 pm Farah Ali, Mei Lin",
        ];
        assert_eq!(labels(&anyone), expected);
        let mei = read(&mut visitor, &anyone.link("Mei Lin").href).await;
        assert_eq!(labels(&mei), ["6 pm", "7 pm"]);
        assert!(mei.text().contains("As I ask."), "{}", mei.text());

        // Where the site hides providers, no page names them.
        let owner = stage.person_as("Siti Owner", OWNER).await;
        set(stage, &owner, "reveal", json!("after_booking")).await;
        for path in ["/book", &shared] {
            let text = read(&mut visitor, path).await.text();
            assert!(!text.contains("Mei") && !text.contains("Farah"), "{text}");
        }
        let page = read(&mut visitor, &shared).await;
        assert_eq!(labels(&page), ["5 pm", "6 pm", "7 pm"]);
    });
}

#[test]
fn a_day_and_a_month_are_those_of_the_visitor() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = &in_zone(stage, "Europe/Berlin");
        let mut farah = provider(stage).await;
        let hours = hours(&mut farah, "tuesday", "00:00", "03:00").await;
        offer(&mut farah, &hours, &json!({})).await;
        let theirs = "For the provider: Tuesday, 24 November 2026, 12 midnight, Berlin (UTC+1)";
        for (zone, november, december, labels, moment, is_said) in [
            (
                "Asia/Tokyo",
                &["Tuesday, 24 November"][..],
                &["Tuesday, 1 December", "Tuesday, 8 December"][..],
                ["8 am", "9 am", "10 am"],
                "8–9 am, Tokyo (UTC+9)",
                true,
            ),
            (
                "Europe/Berlin",
                &["Tuesday, 24 November"],
                &["Tuesday, 1 December", "Tuesday, 8 December"],
                ["12 midnight", "1 am", "2 am"],
                "12 midnight – 1 am, Berlin (UTC+1)",
                false,
            ),
            (
                "America/New_York",
                &["Monday, 23 November", "Monday, 30 November"],
                &["Monday, 7 December"],
                ["6 pm", "7 pm", "8 pm"],
                "6–7 pm, New York (UTC−5)",
                true,
            ),
        ] {
            let mut visitor = stage.visitor();
            for (month, expected) in [("2026-11", november), ("2026-12", december)] {
                let path = format!("/book/s/lesson?month={month}&tz={zone}");
                let page = read(&mut visitor, &path).await;
                let expected = expected.iter().map(|day| format!("{day}: 3 free times"));
                assert_eq!(days(&page), expected.collect::<Vec<_>>(), "{zone} {month}");
                // Days without times are text.
                assert!(page.body.contains("<span>18</span>"), "{}", page.body);
                for mark in ["rel=\"prev nofollow\"", "rel=\"next nofollow\""] {
                    let is_first = month == "2026-11";
                    let is_next = mark.contains("next");
                    assert_eq!(
                        page.body.contains(mark),
                        is_first == is_next,
                        "{month} {mark}"
                    );
                }
            }
            // Of a site with one session, the first page is its calendar.
            let page = read(&mut visitor, &format!("/book?tz={zone}")).await;
            let found = times(&page);
            let said: Vec<&str> = found.iter().map(|(label, _)| label.as_str()).collect();
            assert_eq!(said, labels, "{zone}");
            let slot = read(&mut visitor, &found[0].1).await;
            let text = slot.text();
            assert!(text.contains(moment), "{zone}: {text}");
            assert_eq!(text.contains(theirs), is_said, "{text}");
        }

        // The zone is that of the account or of the device, or else the site's. No cache keeps what
        // depends on who asks.
        let path = "/book/s/lesson";
        let mut aina = stage.person("Aina Yusof").await;
        aina.zone("America/New_York").await;
        let mut device = stage.visitor();
        device.set_cookie("kd_zone", "Asia/Tokyo");
        let mut stranger = stage.visitor();
        for (visitor, first, line, is_kept) in [
            (
                &mut aina.browser,
                "Monday, 23",
                "All times are in New York (UTC−5).",
                false,
            ),
            (
                &mut device,
                "Tuesday, 24",
                "All times are in Tokyo (UTC+9), as your device says.",
                false,
            ),
            (
                &mut stranger,
                "Tuesday, 24",
                "All times are in Berlin (UTC+1).",
                true,
            ),
        ] {
            let page = read(visitor, path).await;
            assert!(days(&page)[0].starts_with(first), "{:?}", days(&page));
            assert!(page.text().contains(line), "{}", page.text());
            assert_eq!(page.header("cache-control").starts_with("public"), is_kept);
            assert_eq!(
                page.body.contains("data-zone-hint=\"Europe/Berlin\""),
                is_kept
            );
        }
    });
}

#[test]
fn an_hour_that_the_visitor_s_clocks_show_twice_says_which_it_is() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = &in_zone(stage, "Europe/Berlin");
        let mut farah = provider(stage).await;
        let hours = hours(&mut farah, "sunday", "06:00", "09:00").await;
        offer(&mut farah, &hours, &json!({"horizon_days": 365})).await;
        let mut visitor = stage.visitor();
        let change = "The clocks change on this day.";
        for (zone, date, labels, is_changing) in [
            (
                "America/New_York",
                "2027-11-07",
                ["1 am (UTC−4)", "1 am (UTC−5)", "2 am"],
                true,
            ),
            (
                "Europe/Berlin",
                "2027-11-07",
                ["6 am", "7 am", "8 am"],
                false,
            ),
            // Berlin's clocks changed in the night.
            (
                "Europe/Berlin",
                "2027-10-31",
                ["6 am", "7 am", "8 am"],
                true,
            ),
            (
                "America/New_York",
                "2027-10-31",
                ["1 am", "2 am", "3 am"],
                false,
            ),
        ] {
            let path = format!("/book/s/lesson?date={date}&tz={zone}");
            let page = read(&mut visitor, &path).await;
            let found: Vec<String> = times(&page).into_iter().map(|(label, _)| label).collect();
            assert_eq!(found, labels, "{zone} {date}");
            assert_eq!(page.text().contains(change), is_changing, "{zone} {date}");
        }
        // The line names the offset of the day that is shown.
        let summer = "/book/s/lesson?date=2027-07-04&tz=America/New_York";
        let text = read(&mut visitor, summer).await.text();
        assert!(
            text.contains("All times are in New York (UTC−4)."),
            "{text}"
        );
    });
}

#[test]
fn a_month_without_times_leads_on_and_an_address_of_nothing_is_not_found() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = &in_zone(stage, "Europe/Berlin");
        let mut farah = provider(stage).await;
        let hours = hours(&mut farah, "tuesday", "09:00", "12:00").await;
        offer(&mut farah, &hours, &json!({})).await;
        let mut visitor = stage.visitor();
        let page = read(&mut visitor, "/book/s/lesson?month=2027-01&tz=Asia/Tokyo").await;
        assert!(
            page.text().contains("Nothing is free in January 2027."),
            "{}",
            page.text()
        );
        let next = page.link("Next: Tuesday, 24 November").href;
        assert!(
            next.contains("date=2026-11-24") && next.contains("tz=Asia%2FTokyo"),
            "{next}"
        );
        assert_eq!(times(&read(&mut visitor, &next).await).len(), 3);
        for query in [
            "month=x",
            "month=2026-13",
            "date=2026-11-31",
            "minutes=61",
            "minutes=x",
            "with=nobody",
        ] {
            let page = visitor.get(&format!("/book/s/lesson?{query}")).await;
            page.expect(404);
        }
        // What is over is not shown.
        let past = read(&mut visitor, "/book/s/lesson?date=2026-10-01").await;
        assert_eq!(days(&past), ["Tuesday, 24 November: 3 free times"]);

        let off = json!({"first_day": "2026-11-20", "last_day": "2027-02-01"});
        farah
            .call("POST", "/api/v1/me/exceptions", &off)
            .await
            .expect(201);
        let page = read(&mut visitor, "/book").await;
        assert!(
            page.text().contains("Nothing is free at present."),
            "{}",
            page.text()
        );
        assert_eq!(
            page.link(&stage.say("new-slots-newsletter")).href,
            "/me/email"
        );
    });
}

#[test]
fn somebody_abroad_books_from_the_list_by_links_and_single_times_stay_in_reach() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = &in_zone(stage, "Europe/Berlin");
        let mut farah = provider(stage).await;
        let hours = hours(&mut farah, "tuesday", "09:00", "12:00").await;
        offer(&mut farah, &hours, &json!({})).await;
        farah.offer("2026-12-02", "15:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.zone("America/New_York").await;
        let list = read(&mut aina.browser, "/book").await;
        let week = list.link("Single times, week by week").href;
        assert_eq!(week, "/book?from=2026-11-20");
        let week = read(&mut aina.browser, &week).await;
        assert!(week.forms().iter().any(|form| form.action == "/book"));
        let calendar = read(&mut aina.browser, &list.link("Lesson").href).await;
        assert_eq!(labels(&calendar), ["3 am", "4 am", "5 am"]);
        assert!(calendar.text().contains("Night"), "{}", calendar.text());
        let path = times(&calendar)[1].1.clone();
        let slot = read(&mut aina.browser, &path).await;
        let back = read(&mut aina.browser, &slot.link("Another time").href).await;
        assert_eq!(labels(&back), labels(&calendar));
        let form = slot.form(&path);
        let booked = aina.browser.submit(&slot, &form).await;
        let booking = booked.with(303).location().unwrap().to_owned();
        aina.sees(&booking, "4–5 am, New York (UTC−5)").await;
        let calendar = read(&mut aina.browser, "/book/s/lesson").await;
        assert_eq!(labels(&calendar), ["3 am", "5 am"]);
        assert_eq!(days(&calendar)[0], "Tuesday, 24 November: 2 free times");
    });
}

#[test]
fn a_class_is_a_session_whose_dates_say_how_many_places_are_left() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = &in_zone(stage, "Europe/Berlin");
        let mut farah = provider(stage).await;
        let hours = hours(&mut farah, "tuesday", "09:00", "11:00").await;
        let class = json!({"title": "Wheel throwing", "seats": 3, "party_limit": 3});
        let made = offer(&mut farah, &hours, &class).await;
        stage.work().await;
        // Of a site with one session, the first page is its calendar.
        let mut visitor = stage.visitor();
        let page = read(&mut visitor, "/book").await;
        assert!(page.text().contains("3 places"), "{}", page.text());
        assert_eq!(days(&page), ["Tuesday, 24 November: 2 dates"]);
        assert_eq!(labels(&page), ["9 am 3 of 3 left", "10 am 3 of 3 left"]);

        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let dates = listed(&mut aina).await;
        let wish = party(&dates[0], 3);
        aina.call("POST", BOOKINGS, &wish).await.expect(201);
        let page = read(&mut visitor, "/book").await;
        assert_eq!(days(&page), ["Tuesday, 24 November: 2 dates"]);
        assert!(page.text().contains("1 free"), "{}", page.text());
        assert_eq!(labels(&page), ["9 am full", "10 am 3 of 3 left"]);
        // A full date keeps its link, and its page leads back to the others.
        let full = read(&mut visitor, &times(&page)[0].1).await;
        assert!(full.text().contains(&stage.say("booking-full")));
        let back = read(&mut visitor, &full.link("Another time").href).await;
        assert_eq!(labels(&back), labels(&page));

        // A date that is booked keeps its price and its title, and says so.
        let path = format!("/api/v1/me/offers/{}", made["id"].as_str().unwrap());
        let dearer = json!({"version": made["version"], "title": "Throwing",
            "lengths": [{"minutes": 60, "price_minor": 2_000}]});
        farah.call("PATCH", &path, &dearer).await.expect(200);
        stage.work().await;
        let page = read(&mut visitor, "/book").await;
        assert_eq!(
            labels(&page),
            ["9 am full · Free of charge", "10 am 3 of 3 left"]
        );
        let full = read(&mut visitor, &times(&page)[0].1).await;
        let back = read(&mut visitor, &full.link("Another time").href).await;
        assert_eq!(labels(&back), labels(&page));

        // Where all dates of a day are full, another one is shown first, and the next one is named.
        let free = json!({"version": made["version"].as_i64().unwrap() + 1,
            "lengths": [{"minutes": 60, "price_minor": 0}]});
        farah.call("PATCH", &path, &free).await.expect(200);
        stage.work().await;
        let dates = listed(&mut mei).await;
        let wish = party(&dates[1], 3);
        mei.call("POST", BOOKINGS, &wish).await.expect(201);
        let page = read(&mut visitor, "/book/s/throwing?month=2026-11").await;
        assert_eq!(days(&page), ["Tuesday, 24 November: full"]);
        let text = page.text();
        assert!(text.contains("Nothing is free in November 2026."), "{text}");
        let next = read(&mut visitor, &page.link("Next: Tuesday, 1 December").href).await;
        assert_eq!(labels(&next), ["9 am 3 of 3 left", "10 am 3 of 3 left"]);
        let first = read(&mut visitor, "/book").await;
        assert_eq!(labels(&first), labels(&next));
        // Beside others, it is listed as they are.
        offer(&mut farah, &hours, &json!({})).await;
        let list = read(&mut visitor, "/book").await;
        let text = list.text();
        for words in [
            "Next: Tuesday, 1 December, 9 am · 3 of 3 left",
            "1 hour · 3 places",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("week by week"), "{text}");
        let calendar = read(&mut visitor, &list.link("Throwing").href).await;
        assert_eq!(labels(&calendar), labels(&next));
    });
}

#[test]
fn a_session_in_person_is_read_by_the_clock_of_its_place() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = &in_zone(stage, "Europe/Berlin");
        let mut farah = provider(stage).await;
        let opens = hours(&mut farah, "tuesday", "09:00", "11:00").await;
        let there = json!({"location_kind": "in_person", "area": "Mitte", "location": "No. 1"});
        for title in ["Portrait", "Portrait of two"] {
            let mut session = there.clone();
            session["title"] = title.into();
            offer(&mut farah, &opens, &session).await;
        }
        let mut visitor = stage.visitor();
        // 9 am in Berlin is the evening of Monday in Honolulu.
        let far = "?tz=Pacific/Honolulu";
        let list = read(&mut visitor, &format!("/book{far}")).await;
        let next = "Next: Tue 24 Nov, 9 am (Berlin)";
        assert!(list.text().contains(next), "{}", list.text());
        let page = read(&mut visitor, &format!("/book/s/portrait{far}")).await;
        assert_eq!(labels(&page), ["9 am", "10 am"]);
        assert_eq!(days(&page)[0], "Tuesday, 24 November: 2 free times");
        let line = "All times are in Berlin (UTC+1), where it takes place.";
        let text = page.text();
        assert!(text.contains(line), "{text}");
        // Another zone would change nothing.
        assert!(!text.contains("Change the zone"), "{text}");
        let (_, time) = times(&page)[0].clone();
        let shown = read(&mut visitor, &time).await;
        let both = "9–10 am, Berlin (UTC+1) (Mon 23 Nov 2026, 10 pm, Honolulu (UTC−10))";
        assert!(shown.text().contains(both), "{}", shown.text());
        let back = "/book/s/portrait?minutes=60&date=2026-11-24&tz=Pacific%2FHonolulu";
        assert!(shown.links().iter().any(|link| link.href == back));
        let near = read(&mut visitor, "/book/s/portrait?tz=Europe/Rome").await;
        assert!(near.text().contains("All times are in Rome (UTC+1)."));
    });
}
