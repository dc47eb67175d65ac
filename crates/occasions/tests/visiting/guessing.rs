//! The budget of wrong codes: one for every way to try one (§8.2).

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::json;
use testkit::{Page, Visitor};

use crate::stage::{assert_private, assert_problem, on_both, on_sqlite, put, state};

/// Every way to try a code.
const WAYS: [&str; 10] = [
    "typed",
    "typed at the card",
    "link",
    "calendar",
    "form",
    "resolved",
    "read",
    "saved",
    "saved by code",
    "compatible",
];

async fn guess(visitor: &mut Visitor, way: &str, code: &str) -> Page {
    match way {
        "typed" => visitor.post("/", &[("code", code)]).await,
        "typed at the card" => visitor.post("/o/aisyah-daniel", &[("code", code)]).await,
        "link" => visitor.get(&format!("/invite/{code}")).await,
        "calendar" => visitor.get(&format!("/invite/{code}/calendar.ics")).await,
        "form" => {
            visitor
                .post(&format!("/invite/{code}/rsvp"), &[("note", "x")])
                .await
        }
        "resolved" => {
            let body = json!({ "code": code });
            visitor
                .call(Method::POST, "/api/v1/codes/resolve", &body)
                .await
        }
        "read" => visitor.get(&format!("/api/v1/invitations/{code}")).await,
        "saved" => put(visitor, code, &json!({ "version": 1 })).await,
        "saved by code" => {
            let body = json!({ "code": code, "version": 1 });
            visitor.call(Method::POST, "/api/rsvp", &body).await
        }
        "compatible" => {
            let body = json!({ "code": code, "attending": true });
            visitor.call(Method::POST, "/api/flask/rsvp", &body).await
        }
        other => panic!("no way is called {other}"),
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
                // The same mistake again costs nothing, whatever way it comes.
                for way in WAYS {
                    guess(&mut visitor, way, &wrong).await.expect(404);
                }
            }
        }
        for way in WAYS {
            for code in ["WRXXX", "RAHMA"] {
                let page = guess(&mut visitor, way, code).await;
                page.expect(429);
                let wait: u32 = page.header("retry-after").parse().unwrap();
                assert!((1..=600).contains(&wait), "{wait}");
                if way == "compatible" {
                    assert_eq!(page.json()["code"], "too_many_attempts");
                } else if page.header("content-type").contains("json") {
                    let problem = assert_problem(&page, 429, "too_many_attempts");
                    assert_eq!(problem["retry_after"], wait);
                    assert_eq!(problem["minutes"], 10);
                } else {
                    assert!(page.text().contains("Too many tries"), "{way}");
                    assert!(!page.text().contains("link"), "{way}: {}", page.text());
                }
                if !way.starts_with("typed") {
                    assert_private(&page);
                }
            }
        }
        // Others are not kept out, and neither is this one for ever.
        guess(&mut stage.visitor_at("192.0.2.2"), "typed", "RAHMA")
            .await
            .expect(303);
        stage.world.clock.advance(SignedDuration::from_mins(10));
        guess(&mut visitor, "typed", "RAHMA").await.expect(303);
        guess(&mut visitor, "link", "WRXXX").await.expect(404);
    });
}

#[test]
fn every_way_counts_alike() {
    on_sqlite(async |stage| {
        for (n, way) in WAYS.into_iter().enumerate() {
            let mut visitor = stage.visitor_at(&format!("198.51.100.{n}"));
            for wrong in 0..10 {
                guess(&mut visitor, way, &format!("W{n}AA{wrong}"))
                    .await
                    .expect(404);
            }
            guess(&mut visitor, way, "WNEXT").await.expect(429);
        }
    });
}

#[test]
fn right_codes_cost_nothing_and_buy_nothing() {
    on_sqlite(async |stage| {
        let mut visitor = stage.visitor();
        for wrong in 0..9 {
            for way in WAYS {
                assert_ne!(guess(&mut visitor, way, "RAHMA").await.status, 429, "{way}");
            }
            guess(&mut visitor, "typed", &format!("WRNG{wrong}"))
                .await
                .expect(404);
        }
        guess(&mut visitor, "typed", "WRNGX").await.expect(404);
        guess(&mut visitor, "typed", "WRNGY").await.expect(429);
    });
}

#[test]
fn whoever_used_a_code_is_not_kept_out_by_others_of_the_same_address() {
    on_sqlite(async |stage| {
        for (n, way) in WAYS.into_iter().enumerate() {
            let address = format!("198.51.100.{n}");
            // Nothing that a browser remembers helps.
            let ask = async |code: &str| {
                let mut visitor = stage.visitor_at(&address);
                guess(&mut visitor, way, code).await
            };
            ask("RAHMA").await;
            // As many tries are under way as there may be.
            let now = stage.world.clock.now();
            let under_way: Vec<_> = (0..10)
                .map(|n| stage.budget.attempt(&address, &format!("WRNG{n}"), now))
                .collect();
            assert!(under_way.iter().all(Result::is_ok));
            ask("ROSSI").await.expect(429);
            let again = ask("RAHMA").await;
            assert_ne!(again.status, 429, "{way}");
        }
    });
}

#[test]
fn every_household_a_browser_remembers_still_opens() {
    on_both(async |stage| {
        let mut visitor = stage.guest();
        for code in ["ROSSI", "RAHMA", "TANWE"] {
            visitor.get(&format!("/invite/{code}")).await.expect(200);
        }
        for wrong in 0..10 {
            guess(&mut visitor, "typed", &format!("WRNG{wrong}"))
                .await
                .expect(404);
        }
        for code in ["RAHMA", "ROSSI", "TANWE"] {
            visitor.get(&format!("/invite/{code}")).await.expect(200);
            state(&mut visitor, code).await;
            let page = visitor
                .post(&format!("/invite/{code}/notes"), &[("note", "Hello")])
                .await;
            page.expect(303);
            guess(&mut visitor, "typed", code).await.expect(303);
        }
        visitor.get("/invite/SHUT1").await.expect(429);
        visitor.get("/invite/WRXXX").await.expect(429);
        crate::remembering::replace_code(stage).await;
        visitor.get("/invite/RAHMA").await.expect(429);
        visitor.get("/invite/NEW01").await.expect(429);
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
        guess(&mut visitor, "link", "WRXXX").await.expect(429);
        let mut visitor = stage.visitor_at("2001:db8:1:3::1");
        guess(&mut visitor, "link", "WRXXX").await.expect(404);
    });
}

#[test]
fn an_ended_occasion_counts_as_a_wrong_code() {
    on_sqlite(async |stage| {
        stage
            .other_occasion("ENDED1", occasions::words::OccasionStatus::Archived)
            .await;
        let mut visitor = stage.visitor();
        guess(&mut visitor, "link", "ENDED1").await.expect(410);
        for wrong in 0..9 {
            guess(&mut visitor, "link", &format!("WRNG{wrong}"))
                .await
                .expect(404);
        }
        guess(&mut visitor, "link", "RAHMA").await.expect(429);
        assert!(
            !stage.budget.is_used_up(stage.world.clock.now()),
            "only this address"
        );
    });
}

#[test]
fn a_hall_full_of_guests_shares_one_address() {
    on_both(async |stage| {
        for code in ["RAHMA", "ROSSI"] {
            let page = stage.visitor().get(&format!("/invite/{code}")).await;
            page.expect(200);
        }
        let guests = (0..100).map(|n| {
            let mut guest = stage.visitor();
            async move {
                let note = format!("From guest {n}");
                let fields = [("note", note.as_str())];
                let saved = guest.post("/invite/RAHMA/notes", &fields).await;
                [saved, guest.get("/invite/ROSSI").await]
            }
        });
        for [saved, seen] in together(guests).await {
            saved.expect(303);
            seen.expect(200);
        }
    });
}

/// All of them at once.
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
