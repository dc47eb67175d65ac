//! Tests of the budget for wrong codes. All ways to enter a code share it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::Method;
use jiff::SignedDuration;
use platform::limits::guess::{Refused, Try, USED_UP};
use platform::sql;
use serde_json::json;
use testkit::{Page, Visitor};

use crate::stage::{Stage, assert_private, assert_problem, on_both, on_sqlite, state};

const WAYS: [&str; 9] = [
    "typed",
    "typed at the card",
    "link",
    "calendar",
    "form",
    "resolved",
    "read",
    "saved",
    "saved by code",
];

async fn guess(visitor: &mut Visitor, way: &str, code: &str) -> Page {
    named(visitor, way, code, "").await
}

/// Tries a code with a guest's name. If the name is empty, no name is sent.
async fn named(visitor: &mut Visitor, way: &str, code: &str, name: &str) -> Page {
    let fields = [("code", code), ("name", name)];
    let query = match name {
        "" => String::new(),
        name => format!("?name={name}"),
    };
    let mut body = json!({ "code": code });
    if !name.is_empty() {
        body["name"] = json!(name);
    }
    match way {
        "typed" => visitor.post("/", &fields).await,
        "typed at the card" => visitor.post("/o/aisyah-daniel", &fields).await,
        "link" => visitor.get(&format!("/invite/{code}{query}")).await,
        "calendar" => {
            let address = format!("/invite/{code}/calendar.ics{query}");
            visitor.get(&address).await
        }
        "form" => {
            let address = format!("/invite/{code}/rsvp{query}");
            visitor.post(&address, &[("note", "x")]).await
        }
        "resolved" => {
            visitor
                .call(Method::POST, "/api/v1/codes/resolve", &body)
                .await
        }
        "read" => {
            let address = format!("/api/v1/invitations/{code}{query}");
            visitor.get(&address).await
        }
        "saved" => {
            let address = format!("/api/v1/invitations/{code}/rsvp{query}");
            let body = json!({ "version": 1 });
            visitor.call(Method::PUT, &address, &body).await
        }
        "saved by code" => visitor.call(Method::POST, "/api/rsvp", &body).await,
        other => panic!("no way is called {other}"),
    }
}

/// Uses up the guess budget of the visitor's IP address.
async fn use_up(visitor: &mut Visitor) {
    for wrong in 0..10 {
        let code = format!("WRNG{wrong}");
        guess(visitor, "typed", &code).await.expect(404);
    }
}

#[test]
fn ten_wrong_codes_use_up_an_address_whatever_way_they_came() {
    on_both(async |stage| {
        let mut visitor = stage.visitor();
        for n in 0..10 {
            let way = WAYS[n % WAYS.len()];
            let wrong = format!("WRNG{n}");
            guess(&mut visitor, way, &wrong).await.expect(404);
            if n < 9 {
                // Repeating a wrong code does not use up the budget, in whichever way the code is
                // entered.
                for way in WAYS {
                    guess(&mut visitor, way, &wrong).await.expect(404);
                }
            }
        }
        for way in WAYS {
            let mut seen = Vec::new();
            for code in ["WRXXX", "RAHMA"] {
                let page = guess(&mut visitor, way, code).await;
                page.expect(401);
                if page.header("content-type").contains("json") {
                    assert_problem(&page, 401, "name_required");
                } else {
                    assert!(
                        page.text().contains(&stage.say("code-name-required")),
                        "{way}"
                    );
                    let place = match way {
                        "typed at the card" => "/o/aisyah-daniel",
                        _ => "/",
                    };
                    let form = page.form(place);
                    assert_eq!(form.value("code"), Some(code));
                    assert_eq!(form.value("name"), Some(""));
                }
                if !way.starts_with("typed") {
                    assert_private(&page);
                }
                seen.push(without(&page, code));
            }
            assert_eq!(seen[0], seen[1], "{way}");
        }
        // Clients at other IP addresses need no guest's name. After a while, this client needs none
        // any more.
        let mut other = stage.visitor_at("192.0.2.2");
        guess(&mut other, "typed", "RAHMA").await.expect(303);
        stage.world.clock.advance(SignedDuration::from_mins(11));
        guess(&mut visitor, "typed", "RAHMA").await.expect(303);
        guess(&mut visitor, "link", "WRXXX").await.expect(404);
    });
}

#[test]
fn a_name_on_the_invitation_opens_it_whatever_way_it_comes() {
    on_both(async |stage| {
        let now = stage.world.clock.now();
        for bot in 0..150 {
            let guess = Try {
                client: Ipv4Addr::new(11, bot, 0, 1).into(),
                code: "WRONG",
                name: None,
                needs_name: false,
            };
            let attempt = stage.budget.attempt_now(guess, now).unwrap();
            attempt.expect("nothing is in flight").failed(now);
        }
        let codes = codes(stage).await;
        for (n, way) in WAYS.into_iter().enumerate() {
            let mut visitor = stage.visitor_at(&format!("192.0.{n}.1"));
            guess(&mut visitor, way, "RAHMA").await.expect(401);
            // The response is the same for a right code with a wrong name and for a wrong code.
            let wrong = format!("WRXX{n}");
            let mut seen = Vec::new();
            for (code, name) in [
                (&codes[n], "Ludovico"),
                (&wrong, "Ludovico"),
                (&wrong, "Siti"),
            ] {
                let page = named(&mut visitor, way, code, name).await;
                seen.push(without(page.expect(404), code).replace(name, ""));
            }
            assert_eq!(seen[0], seen[1], "{way}");
            assert_eq!(seen[1], seen[2], "{way}");
            let page = named(&mut visitor, way, "RAHMA", "siti").await;
            let is_open = page.status.as_u16() < 400 || page.status == 409;
            assert!(is_open, "{way}: {}", page.status);
        }
    });
}

/// Returns the page's body without the request id and without the masked code.
fn without(page: &Page, code: &str) -> String {
    let body = page.body.replace(page.header("x-request-id"), "");
    body.replace(&format!("{}***", &code[..2]), "")
        .replace(code, "")
}

#[test]
fn a_guest_who_types_code_and_name_goes_on_without_cookies() {
    on_sqlite(async |stage| {
        use_up(&mut stage.guest()).await;
        let mut page = stage.guest().post("/", &[("code", "RAHMA")]).await;
        let mut form = page.expect(401).form("/");
        form.fill("name", "Ludovico");
        page = stage.guest().submit(&page, &form).await;
        page.expect(404);
        assert!(
            page.text().contains(&stage.say("code-unknown-name")),
            "{}",
            page.text()
        );
        let mut form = page.form("/");
        form.fill("name", " RAHMAN bin ali");
        page = stage.guest().submit(&page, &form).await;
        let link = stage.links.to("RAHMA");
        assert_eq!(page.expect(303).location(), Some(link.as_str()));
        // Each request comes from a new browser without cookies.
        let page = stage.guest().get(&link).await;
        let answer = page.expect(200).links().into_iter();
        let answer = answer
            .map(|link| link.href)
            .find(|href| href.contains("/rsvp"));
        let page = stage.guest().get(&answer.unwrap()).await;
        let form = page.expect(200).form("/invite/RAHMA/rsvp");
        let saved = stage.guest().submit(&page, &form).await;
        let stored = saved.expect(303).location().unwrap().to_owned();
        let page = stage.guest().get(&stored).await;
        for link in page.expect(200).links() {
            if link.href.starts_with("/invite/") {
                stage.guest().get(&link.href).await.expect(200);
            }
        }
    });
}

#[test]
fn three_wrong_names_close_a_code_for_an_hour_if_it_exists_or_not() {
    on_both(async |stage| {
        let mut visitor = stage.visitor();
        use_up(&mut visitor).await;
        for code in ["RAHMA", "WRXXX"] {
            for name in ["Lee", "Rossi", "Ludovico"] {
                named(&mut visitor, "typed", code, name).await.expect(404);
            }
            let page = named(&mut visitor, "typed", code, "Rahman").await;
            let wait: u32 = page.expect(429).header("retry-after").parse().unwrap();
            assert!((3_600..=3_960).contains(&wait), "{wait}");
            assert!(
                page.text()
                    .contains(&stage.fill("code-too-many", [("minutes", 66.into())])),
                "{}",
                page.text()
            );
        }
        named(&mut visitor, "typed", "ROSSI", "Rossi")
            .await
            .expect(303);
    });
}

#[test]
fn links_are_never_asked_for_more_and_cannot_be_made_up() {
    on_both(async |stage| {
        use_up(&mut stage.visitor()).await;
        let check = stage.links.check_of("RAHMA").unwrap();
        assert_eq!(check.len(), 10);
        for code in ["RAHMA", "rahma", "R-A-H-M-A"] {
            for below in ["", "/rsvp", "/calendar.ics", "/confirmation"] {
                let mut visitor = stage.visitor();
                let page = visitor
                    .get(&format!("/invite/{code}{below}?k={check}&lang=it"))
                    .await;
                let page = match page.location() {
                    Some(_) => visitor.follow(page).await,
                    None => page,
                };
                page.expect(200);
            }
        }
        let body = json!({ "code": "RAHMA", "k": check });
        let mut program = stage.visitor();
        let resolved = program
            .call(Method::POST, "/api/v1/codes/resolve", &body)
            .await;
        assert_eq!(resolved.expect(200).json()["k"], check);
        let saved = program.call(Method::POST, "/api/rsvp", &body).await;
        assert_ne!(saved.status, 401, "{}", saved.body);
        for wrong in [
            String::new(),
            format!("{}x", &check[..9]),
            check[..9].to_owned(),
            stage.links.check_of("ROSSI").unwrap(),
        ] {
            let page = stage
                .visitor()
                .get(&format!("/invite/RAHMA?k={wrong}"))
                .await;
            page.expect(401);
        }
    });
}

#[test]
fn every_way_counts_alike() {
    on_sqlite(async |stage| {
        for (n, way) in WAYS.into_iter().enumerate() {
            let mut visitor = stage.visitor_at(&format!("198.51.{n}.1"));
            for wrong in 0..10 {
                guess(&mut visitor, way, &format!("W{n}AA{wrong}"))
                    .await
                    .expect(404);
            }
            guess(&mut visitor, way, "WNEXT").await.expect(401);
        }
    });
}

#[test]
fn right_codes_cost_nothing_and_buy_nothing() {
    on_sqlite(async |stage| {
        for wrong in 0..9 {
            for way in WAYS {
                let page = guess(&mut stage.visitor(), way, "RAHMA").await;
                assert_ne!(page.status, 401, "{way}");
            }
            guess(&mut stage.visitor(), "typed", &format!("WRNG{wrong}"))
                .await
                .expect(404);
        }
        guess(&mut stage.visitor(), "typed", "WRNGX")
            .await
            .expect(404);
        guess(&mut stage.visitor(), "typed", "WRNGY")
            .await
            .expect(401);
        guess(&mut stage.visitor(), "typed", "RAHMA")
            .await
            .expect(401);
    });
}

#[test]
fn every_household_a_browser_remembers_still_opens() {
    on_both(async |stage| {
        let mut visitor = stage.guest();
        for code in ["ROSSI", "RAHMA", "TANWE"] {
            visitor.get(&format!("/invite/{code}")).await.expect(200);
        }
        use_up(&mut visitor).await;
        for code in ["RAHMA", "ROSSI", "TANWE"] {
            visitor.get(&format!("/invite/{code}")).await.expect(200);
            state(&mut visitor, code).await;
            let page = visitor
                .post(&format!("/invite/{code}/notes"), &[("note", "Hello")])
                .await;
            page.expect(303);
            guess(&mut visitor, "typed", code).await.expect(303);
        }
        visitor.get("/invite/SHUT1").await.expect(401);
        visitor.get("/invite/WRXXX").await.expect(401);
        crate::remembering::replace_code(stage).await;
        visitor.get("/invite/RAHMA").await.expect(401);
        visitor.get("/invite/NEW01").await.expect(401);
    });
}

#[test]
fn an_occasion_may_always_ask_for_a_name() {
    on_both(async |stage| {
        stage
            .other_occasion("OTHER1", occasions::words::OccasionStatus::Published)
            .await;
        guess(&mut stage.visitor(), "typed", "RAHMA")
            .await
            .expect(303);
        stage.switch(|switches| switches.ask_name = true).await;
        stage.world.clock.advance(SignedDuration::from_secs(5));
        let page = stage.visitor().get("/").await;
        assert_eq!(page.form("/").value("name"), Some(""));
        for code in ["RAHMA", "OTHER1", "WRXXX"] {
            for way in WAYS {
                guess(&mut stage.visitor(), way, code).await.expect(401);
            }
        }
        named(&mut stage.visitor(), "typed", "RAHMA", "Rahman")
            .await
            .expect(303);
        stage
            .visitor()
            .get(&stage.links.to("RAHMA"))
            .await
            .expect(200);
        // Only one occasion requires guests' names. After it is archived, codes work without a name
        // again.
        stage
            .status(occasions::words::OccasionStatus::Archived)
            .await;
        stage.world.clock.advance(SignedDuration::from_secs(5));
        guess(&mut stage.visitor(), "typed", "OTHER1")
            .await
            .expect(303);
    });
}

#[test]
fn addresses_of_one_network_are_one_and_nobodys_word_is_taken() {
    on_sqlite(async |stage| {
        for wrong in 0..10 {
            let mut visitor = stage.visitor_at(&format!("2001:db8:1:2::{wrong}"));
            visitor.header("x-forwarded-for", &format!("203.0.113.{wrong}"));
            guess(&mut visitor, "link", &format!("WRNG{wrong}"))
                .await
                .expect(404);
        }
        let mut visitor = stage.visitor_at("2001:db8:1:2:ffff::1");
        guess(&mut visitor, "link", "WRXXX").await.expect(401);
        let mut visitor = stage.visitor_at("2001:db8:1:3::1");
        guess(&mut visitor, "link", "WRXXX").await.expect(404);
    });
}

#[test]
fn the_code_of_an_ended_occasion_is_no_guess() {
    on_sqlite(async |stage| {
        stage
            .other_occasion("ENDED1", occasions::words::OccasionStatus::Archived)
            .await;
        let mut visitor = stage.visitor();
        for _ in 0..20 {
            guess(&mut visitor, "link", "ENDED1").await.expect(200);
        }
        for wrong in 0..10 {
            guess(&mut visitor, "link", &format!("WRNG{wrong}"))
                .await
                .expect(404);
        }
        guess(&mut visitor, "link", "RAHMA").await.expect(401);
        assert!(
            !stage.budget.is_used_up(stage.world.clock.now()),
            "only this address"
        );
    });
}

#[test]
fn many_guests_share_one_address_from_the_first_moment() {
    on_both(async |stage| {
        let codes = codes(stage).await;
        for _ in 0..10 {
            let guests = codes.iter().map(|code| {
                let mut guest = stage.visitor();
                async move { guest.get(&format!("/invite/{code}")).await }
            });
            for seen in together(guests).await {
                seen.expect(200);
            }
            let guests = codes.iter().map(|code| {
                let mut guest = stage.visitor_at("192.0.2.7");
                async move {
                    let address = format!("/invite/{code}/notes");
                    guest.post(&address, &[("note", "Hello")]).await
                }
            });
            for saved in together(guests).await {
                saved.expect(303);
            }
        }
    });
}

/// Returns the codes of all households that may write notes.
async fn codes(stage: &Stage<'_>) -> Vec<String> {
    let rows = stage
        .world
        .store()
        .read::<_, platform::StoreError, _>(|tx| {
            tx.all(
                sql!(
                    "SELECT code FROM invitation WHERE lock_mode <> 'locked'
                     AND deadline_override IS NULL ORDER BY id LIMIT 30"
                ),
                &[],
            )
        });
    let rows: Vec<(String,)> = rows.await.unwrap();
    rows.into_iter().map(|(code,)| code).collect()
}

/// Simulates a day of attacks on 200 codes with the test's own clock. The guesses come from an IPv6
/// /32 and from 10,000 IPv4 networks.
#[test]
fn a_days_attack_looks_up_few_codes_and_keeps_nobody_out() {
    const CODES: f64 = 200.0;
    const SPACE: f64 = 28_629_151.0;
    on_sqlite(async |stage| {
        stage.world.expect_jobs(USED_UP);
        let clock = &stage.world.clock;
        let mut known = stage.visitor_at("203.0.113.1");
        known.get("/invite/RAHMA").await.expect(200);
        let (mut alone, mut with_name, mut refused, mut tried) = (0, 0, 0, 0_u32);
        for minute in 0..1_440 {
            let now = clock.now();
            for _ in 0..100 {
                tried += 1;
                let client = if tried.is_multiple_of(2) {
                    let bits = (0x2001_0db8_u128 << 96) | u128::from(tried.reverse_bits()) << 64;
                    IpAddr::from(Ipv6Addr::from_bits(bits))
                } else {
                    Ipv4Addr::from_bits(0x0b00_0000 + ((tried % 20_000) << 8)).into()
                };
                let code = format!("{tried:07}");
                let mut guess = Try {
                    client,
                    code: &code,
                    name: None,
                    needs_name: false,
                };
                match stage.budget.attempt_now(guess, now) {
                    Ok(attempt) => {
                        attempt.expect("nothing is in flight").failed(now);
                        alone += 1;
                        continue;
                    }
                    Err(Refused::NameRequired(_)) => guess.name = Some("ahmad"),
                    Err(refused) => panic!("{refused}"),
                }
                match stage.budget.attempt_now(guess, now) {
                    Ok(attempt) => {
                        attempt.expect("nothing is in flight").failed(now);
                        with_name += 1;
                    }
                    Err(_) => refused += 1,
                }
            }
            if minute % 60 == 59 {
                stage.budget.sync(stage.world.store(), now).await.unwrap();
                let guest = format!("198.51.100.{}", minute / 60);
                let mut guest = stage.visitor_at(&guest);
                guest.get(&stage.links.to("RAHMA")).await.expect(200);
                known.get("/invite/RAHMA").await.expect(200);
                let mut guest = stage.visitor_at("198.18.0.1");
                named(&mut guest, "typed", "ROSSI", "rossi")
                    .await
                    .expect(303);
            }
            clock.advance(SignedDuration::from_mins(1));
        }
        let chance = 1.0 - (1.0 - CODES / SPACE).powi(alone);
        println!(
            "{tried} tries in a day: {alone} codes looked up without a name, {with_name} with \
             one, {refused} not at all; one of 200 codes was found with {:.2} %",
            chance * 100.0
        );
        assert!(alone <= 1_500, "{alone}");
        assert!(chance <= 0.011, "{chance}");
        let used_up = guess(&mut stage.visitor_at("198.18.0.2"), "typed", "ROSSI").await;
        used_up.expect(401);
    });
}

/// Runs all futures concurrently.
async fn together<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        let mut ready = true;
        for (future, done) in &mut running {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(output) => *done = Some(output),
                    std::task::Poll::Pending => ready = false,
                }
            }
        }
        if ready {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    running.into_iter().filter_map(|(_, done)| done).collect()
}
