//! Tests of operations for which the person must have confirmed their identity within the last ten
//! minutes: giving others access, and setting up things that continue without their owner.

use axum::http::Method;
use countdowns::countdown::{COUNTDOWN, OWNER, READ, WRITE};
use identity::account::AccountId;
use identity::grant;
use identity::session::sudo::LIFETIME;
use platform::{StoreError, Tx};
use serde_json::{Value, json};
use testkit::{Page, Visitor};

use crate::stage::{API, Counting, Person, Stage, on_default};

const HOOKS: &str = "/api/v1/webhooks";

fn hook(include_notes: bool) -> Value {
    json!({
        "url": "https://hooks.example/", "events": ["countdown.reset"],
        "include_notes": include_notes,
    })
}

/// A client that calls the API with a person's session cookie, like a script on the site's own
/// pages.
fn script(stage: &Stage<'_>, person: &Person) -> Visitor {
    let session = person.browser.cookie("kd_session").unwrap();
    let mut script = stage.visitor();
    script.set_cookie("kd_session", session);
    let token = web::csrf::token(session, &stage.site.random);
    script.header("x-csrf-token", &token);
    script
}

async fn make_owner(stage: &Stage<'_>, at: &str, account: &AccountId) {
    let (id, account) = (at.replace(&format!("{API}/"), ""), account.clone());
    let give = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        grant::give(tx, &account, OWNER, &COUNTDOWN.scope(&id), None).unwrap();
        Ok(())
    };
    stage.world.store().write(give).await.unwrap();
}

fn expect_refusal(page: &Page) {
    page.expect(403);
    assert_eq!(page.json()["code"], "sudo_required", "{}", page.address);
}

#[test]
fn what_lets_others_in_or_goes_on_alone_asks_for_a_recent_proof() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let daniel = stage.person("Daniel Tan").await;
        let at = farah.since("Together").await;
        make_owner(stage, &at, &daniel.who.account().id).await;
        let mut own = script(stage, &farah);
        let made = own.call(Method::POST, HOOKS, &hook(true)).await;
        made.expect(201);
        let rotate = format!("{HOOKS}/{}/rotate", made.json()["id"].as_str().unwrap());
        let owners = format!("{at}/owners");
        let other = format!("{owners}/{}", daniel.who.account().id);

        stage.world.clock.advance(LIFETIME);
        let token = own.call(Method::POST, "/api/v1/auth/token", &Value::Null);
        let token = token.await.json()["access_token"].take();
        let none = &Value::Null;
        for (method, path, body) in [
            (Method::POST, owners.as_str(), none),
            (Method::DELETE, &other, none),
            (Method::POST, HOOKS, &hook(false)),
            (Method::POST, &rotate, none),
            (Method::DELETE, &at, none),
        ] {
            expect_refusal(&own.call(method, path, body).await);
        }
        // The pages' forms require sudo mode too. The typed values are kept while the person
        // confirms their identity.
        let page_at = at.replace(API, "/me/countdowns");
        let page = farah.browser.get(&format!("{page_at}/owners")).await;
        for (form, is_asked) in [("invite", false), ("remove", true)] {
            let form = page.form(&format!("{page_at}/owners/{form}"));
            let asked = if is_asked {
                farah.browser.submit_surely(&page, &form).await
            } else {
                farah.browser.submit(&page, &form).await
            };
            assert!(asked.location().unwrap().starts_with("/sudo?"));
        }
        let page = farah.browser.get("/me/webhooks").await;
        let mut form = page.form("/me/webhooks");
        form.fill("url", "https://hooks.example/");
        let asked = farah.browser.submit(&page, &form).await;
        assert!(asked.location().unwrap().starts_with("/sudo?"));
        let page = farah.browser.get(&format!("{page_at}/settings")).await;
        let mut form = page.form(&format!("{page_at}/delete"));
        form.fill("confirm", "Together");
        let asked = farah.browser.submit(&page, &form).await;
        assert!(asked.location().unwrap().starts_with("/sudo?"));

        // An access token is not enough. A personal token is enough, because it could only be
        // created in sudo mode.
        let mut program = stage.visitor();
        let token = format!("Bearer {}", token.as_str().unwrap());
        program.header("authorization", &token);
        expect_refusal(&program.call(Method::POST, HOOKS, &hook(false)).await);
        expect_refusal(&program.call(Method::DELETE, &at, none).await);
        let made = farah.program.call(Method::POST, HOOKS, &hook(true)).await;
        made.expect(201);
        // Leaving a countdown takes nothing from others, so it does not require sudo mode.
        let mut others = script(stage, &daniel);
        others.call(Method::DELETE, &other, none).await.expect(204);
        farah
            .program
            .call(Method::DELETE, &at, none)
            .await
            .expect(204);
    });
}

#[test]
fn a_token_that_reads_nothing_makes_no_webhook_that_tells_notes() {
    on_default(&async |stage: &Stage<'_>| {
        let mut writer = stage
            .clone()
            .with_tokens_for(&[WRITE])
            .person("Farah Ali")
            .await;
        let refused = writer.program.call(Method::POST, HOOKS, &hook(true)).await;
        refused.expect(403);
        assert_eq!(refused.json()["code"], "scope_required");
        assert!(refused.body.contains(READ.word()), "{}", refused.body);
        let made = writer.program.call(Method::POST, HOOKS, &hook(false)).await;
        made.expect(201);
    });
}

#[test]
fn ten_tests_are_sent_in_ten_minutes() {
    on_default(&async |stage: &Stage<'_>| {
        stage.world.expect_jobs("webhook.deliver");
        let mut farah = stage.person("Farah Ali").await;
        let mut tests = Vec::new();
        for _ in 0..2 {
            let made = farah.program.call(Method::POST, HOOKS, &hook(false)).await;
            made.expect(201);
            let id = made.json()["id"].as_str().unwrap().to_owned();
            tests.push(format!("{HOOKS}/{id}/test"));
        }
        for number in 0..10 {
            let test = &tests[number % 2];
            let sent = farah.program.call(Method::POST, test, &Value::Null).await;
            sent.expect(202);
        }
        let refused = farah.program.call(Method::POST, &tests[0], &Value::Null);
        let refused = refused.await;
        refused.expect(429);
        assert_eq!(refused.json()["code"], "rate_limited");
        assert_ne!(refused.header("retry-after"), "");
        let page = farah.browser.get("/me/webhooks").await;
        let form = page.form(&tests[1].replace(HOOKS, "/me/webhooks"));
        // The page and the API count together.
        farah.browser.submit(&page, &form).await.expect(429);
        // The limit applies to each account separately.
        let mut daniel = stage.person("Daniel Tan").await;
        let made = daniel.program.call(Method::POST, HOOKS, &hook(false)).await;
        let test = format!("{HOOKS}/{}/test", made.json()["id"].as_str().unwrap());
        let sent = daniel.program.call(Method::POST, &test, &Value::Null).await;
        sent.expect(202);
    });
}
