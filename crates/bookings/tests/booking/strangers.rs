//! Tests of who sees the offered slots, and how often; and of how often members order.

use std::net::IpAddr;

use identity::grant::OWNER;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Page, Visitor};
use web::Peer;

use crate::catalogue::send;
use crate::credits::{order, plan};
use crate::stage::{Booking, Person, Stage, on_default, provider, script};

const SETTINGS: &str = "/api/v1/admin/booking-settings";

pub(crate) async fn set(stage: &Stage<'_>, owner: &Person, name: &str, value: Value) {
    let mut owner = script(stage, owner);
    let rules = owner.get(SETTINGS).await.expect(200).json();
    let change = json!({name: value, "version": rules["version"]});
    send(&mut owner, "PATCH", SETTINGS, &change)
        .await
        .expect(200);
}

pub(crate) fn from(stage: &Stage<'_>, address: &str) -> Visitor {
    let mut visitor = stage.visitor();
    visitor.carry(Peer(address.parse::<IpAddr>().unwrap()));
    visitor
}

#[test]
fn a_stranger_looks_sixty_times_a_minute() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let one = slot["id"].as_str().unwrap();
        let paths = [
            "/api/v1/slots",
            "/book",
            &format!("/book/{one}"),
            &format!("/api/v1/slots/{one}"),
        ];
        let mut stranger = from(stage, "203.0.113.7");
        // After a quarter without a cookie the browser gets one, by which it then counts.
        for number in 0..16 + 60 {
            stranger.get(paths[number % 4]).await.expect(200);
        }
        for path in paths {
            let page = stranger.get(path).await;
            assert!(!page.expect(429).header("retry-after").is_empty(), "{path}");
        }
        let page = stranger.get("/api/v1/slots").await;
        assert_eq!(page.json()["code"], "rate_limited");
        // Another network, a person of the site and a program on this machine go on.
        from(stage, "203.0.113.8").get("/book").await.expect(200);
        let aina = stage.person("Aina Yusof").await;
        let session = aina.browser.cookie("kd_session").unwrap().to_owned();
        let mut here = stranger.clone();
        here.set_cookie("kd_session", &session);
        here.get("/book").await.expect(200);
        let mut near = from(stage, "127.0.0.1");
        for _ in 0..70 {
            near.get("/api/v1/slots").await.expect(200);
        }
        // A token counts as its network does.
        let mut program = stranger.clone();
        program.header("authorization", &aina.token);
        program.get("/api/v1/slots").await.expect(429);
        stage.world.clock.advance(SignedDuration::from_secs(70));
        stranger.get("/book").await.expect(200);
    });
}

#[test]
fn where_slots_are_not_public_only_people_of_the_site_see_them() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let one = slot["id"].as_str().unwrap();
        let mut stranger = stage.visitor();
        assert!(stranger.get("/sitemap.xml").await.body.contains("/book"));
        // Beside the menu's, the page has a link of its own.
        let count = |page: &Page| page.body.matches("href=\"/book\"").count();
        let moment = SignedDuration::from_secs(3);
        stage.world.clock.advance(moment);
        assert_eq!(count(&stranger.get("/book/plans").await), 2);
        let owner = stage.person_as("Siti Owner", OWNER).await;
        set(stage, &owner, "browse_public", json!(false)).await;
        for path in [
            "/book".to_owned(),
            format!("/book/{one}"),
            "/book/nobody".to_owned(),
        ] {
            let page = stranger.get(&path).await;
            let led = page.expect(303).location().unwrap().to_owned();
            assert!(led.starts_with("/login?redirect="), "{path}: {led}");
        }
        for path in ["/api/v1/slots".to_owned(), format!("/api/v1/slots/{one}")] {
            let page = stranger.get(&path).await;
            assert_eq!(page.expect(401).json()["code"], "unauthenticated", "{path}");
        }
        assert!(!stranger.get("/sitemap.xml").await.body.contains("/book"));
        stage.world.clock.advance(moment);
        assert_eq!(count(&stranger.get("/book/plans").await), 1);
        let mut aina = stage.person("Aina Yusof").await;
        for path in ["/book?from=2026-12-01".to_owned(), format!("/book/{one}")] {
            let page = aina.browser.get(&path).await;
            assert!(page.expect(200).body.contains("Portrait on the veranda"));
        }
        let list = aina.call("GET", "/api/v1/slots", &Value::Null).await;
        assert_eq!(list.expect(200).json()["items"][0]["id"], one);
        aina.book(&slot).await.expect(303);
    });
}

#[test]
fn a_member_orders_so_often_in_an_hour() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 2).await;
        set(stage, &owner, "order_hour_limit", json!(2)).await;
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 5_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        order(&mut aina, &plan).await;
        stage.world.clock.advance(SignedDuration::from_mins(20));
        order(&mut aina, &plan).await;
        let mut own = script(stage, &aina);
        let body = json!({"plan_code": "three-sessions"});
        let page = send(&mut own, "POST", "/api/v1/orders", &body).await;
        assert_eq!(page.expect(429).json()["code"], "too_many_orders");
        assert_eq!(page.header("retry-after"), "2400");
        let text = aina.book(&slot).await;
        assert!(
            text.expect(429)
                .text()
                .contains("as often as an hour allows"),
            "{}",
            text.body
        );
        // Another member does, and the same one an hour after the first order.
        let mut daniel = stage.person("Daniel Tan").await;
        order(&mut daniel, &plan).await;
        stage.world.clock.advance(SignedDuration::from_mins(41));
        order(&mut aina, &plan).await;
    });
}
