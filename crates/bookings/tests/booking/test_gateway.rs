//! Tests of the test gateway: each of its buttons, and that its events pass the same checks as those
//! of other gateways.

use bookings::booking::State;
use bookings::gateway::{GATEWAYS, MODE};
use jiff::SignedDuration;
use platform::key;
use platform::sql;
use platform::text_cleaning::hexadecimal;
use serde_json::json;
use testkit::Page;
use web::setting::SettingValues;

use crate::razorpay::id;
use crate::stage::{Booking, Stage, count, held, ledger, on_default, rows, state};

/// Posts an event to the test gateway's hook, signed at `age` seconds before now.
async fn post(stage: &Stage<'_>, body: &str, age: i64, secret: &str) -> Page {
    let time = (stage.site.clock.now().as_second() - age).to_string();
    let parts: [&[u8]; 3] = [time.as_bytes(), b".", body.as_bytes()];
    let signature = hexadecimal(&key::hmac(secret.as_bytes(), &parts));
    let mut visitor = stage.visitor();
    visitor.header("test-signature", &format!("t={time},v1={signature}"));
    let kind = Some("application/json");
    let body = body.to_owned().into();
    visitor
        .send("POST".parse().unwrap(), "/hooks/pay/test", kind, body)
        .await
}

fn secret(stage: &Stage<'_>) -> String {
    let key = stage.site.keys.key("bookings.test-gateway.events");
    hexadecimal(&key.mac(&["secret"]))
}

async fn outcomes(stage: &Stage<'_>) -> Vec<(String, String)> {
    rows(
        stage,
        sql!("SELECT kind, outcome FROM gateway_event ORDER BY kind, event_id"),
    )
    .await
}

#[test]
fn the_page_says_what_each_button_does() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut aina, pay, _) = held(stage, "2026-12-01").await;
        let page = aina.browser.get(&pay).await;
        let form = page.expect(200).form(&format!("{pay}/checkout"));
        let led = aina.browser.submit(&page, &form).await;
        let gateway = led.expect(303).location().unwrap().to_owned();
        let text = aina.browser.get(&gateway).await.expect(200).text();
        for word in [
            "pay", "fail", "later", "twice", "first", "lost", "wrong", "stuck", "dispute",
        ] {
            for message in [
                format!("test-gateway-{word}"),
                format!("test-gateway-{word}-hint"),
            ] {
                let said = stage.say(&message);
                assert!(text.contains(&said), "{said}: {text}");
            }
        }
    });
}

#[test]
fn money_that_comes_later_pays_when_it_comes() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut aina, pay, booking) = held(stage, "2026-12-01").await;
        let page = aina.pay(&pay, "later").await;
        let waiting = stage.say("pay-waiting");
        assert!(page.expect(200).text().contains(&waiting));
        stage.world.clock.advance(SignedDuration::from_secs(59));
        stage.work().await;
        assert_eq!(state(stage, id(&booking)).await, State::PendingPayment);
        let authorized = sql!("SELECT COUNT(*) FROM payment WHERE state = 'authorized'");
        assert_eq!(count(stage, authorized).await, 1);
        assert_eq!(ledger(stage).await, 0);
        stage.world.clock.advance(SignedDuration::from_secs(1));
        stage.work().await;
        assert_eq!(state(stage, id(&booking)).await, State::Confirmed);
        assert_eq!(ledger(stage).await, 18_000);
    });
}

#[test]
fn an_event_that_comes_first_pays_without_the_payer() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut aina, pay, booking) = held(stage, "2026-12-01").await;
        let page = aina.press(&pay, "event_first").await;
        let told = stage.say("test-gateway-told");
        assert!(page.expect(200).text().contains(&told));
        stage.work().await;
        assert_eq!(state(stage, id(&booking)).await, State::Confirmed);
        assert_eq!(ledger(stage).await, 18_000);
        // Who goes back then pays no second time.
        let back = page
            .body
            .split("href=\"")
            .find(|part| part.contains("/return?"));
        let back = back.unwrap().split('"').next().unwrap();
        let back = back.replace("&amp;", "&").replace("&#38;", "&");
        aina.browser.get(&back).await.expect(303);
        stage.work().await;
        assert_eq!(ledger(stage).await, 18_000);
        let events = [("payment.captured".to_owned(), "done".to_owned())];
        assert_eq!(outcomes(stage).await, events);
    });
}

#[test]
fn a_payment_sends_an_event_beside_the_return_and_counts_once() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut aina, pay, booking) = held(stage, "2026-12-01").await;
        // The browser closes before it goes back.
        aina.press(&pay, "pay").await.expect(303);
        stage.work().await;
        assert_eq!(state(stage, id(&booking)).await, State::Confirmed);
        assert_eq!(ledger(stage).await, 18_000);
        assert_eq!(count(stage, sql!("SELECT COUNT(*) FROM payment")).await, 1);
    });
}

#[test]
fn an_event_counts_only_with_a_fresh_signature() {
    on_default(&async |stage: &Stage<'_>| {
        let secret = secret(stage);
        let body = json!({"id": "e1", "type": "payment.captured", "order": "test_order_x",
            "payment": "test_pay_x"});
        let body = body.to_string();
        for (age, key) in [(0, "other"), (301, &*secret), (-301, &*secret)] {
            post(stage, &body, age, key).await.expect(401);
        }
        post(stage, &body, 300, &secret).await.expect(200);
        post(stage, &body, 0, &secret).await.expect(200);
        stage.work().await;
        let events = [("payment.captured".to_owned(), "unmatched".to_owned())];
        assert_eq!(outcomes(stage).await, events);
        let large = " ".repeat(256 * 1024) + &body;
        post(stage, &large, 0, &secret).await.expect(413);
    });
}

#[test]
fn the_test_gateway_has_no_addresses_where_money_is_real() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut aina, pay, _) = held(stage, "2026-12-01").await;
        aina.press(&pay, "fail").await.expect(303);
        let gateway = pay.replace("/pay/", "/pay/test/");
        let secret = secret(stage);
        let session = aina.browser.cookie("kd_session").unwrap().to_owned();
        let mut razorpay = SettingValues::default();
        razorpay.set_word(MODE, "test").unwrap();
        razorpay.set_words(GATEWAYS, &["razorpay"]).unwrap();
        let mut live = SettingValues::default();
        live.set_word(MODE, "live").unwrap();
        for values in [razorpay, live] {
            let stage = stage.clone().with_settings(values);
            let mut browser = stage.visitor();
            browser.set_cookie("kd_session", &session);
            let token = web::csrf::token(&session, &stage.site.random);
            browser.header("x-csrf-token", &token);
            browser.get(&gateway).await.expect(404);
            browser.post(&gateway, &[("how", "pay")]).await.expect(404);
            post(&stage, "{}", 0, &secret).await.expect(404);
        }
        assert_eq!(
            count(stage, sql!("SELECT COUNT(*) FROM test_payment")).await,
            0
        );
    });
}
