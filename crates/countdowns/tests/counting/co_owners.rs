//! Tests of countdowns with several owners.

use axum::http::Method;
use countdowns::countdown::CountdownId;
use countdowns::{Refusal, co_owners, countdown};
use jiff::SignedDuration;
use platform::id::Id as _;
use platform::{Store, Tx};
use serde_json::json;
use testkit::{Page, rounds, together};

use crate::stage::{API, Counting, Person, Stage, on_both, request, unconfirmed};

const MINE: &str = "/me/countdowns";

fn link(page: &Page) -> String {
    let (_, rest) = page.body.split_once("/admin/join/").unwrap();
    format!("/admin/join/{}", rest.split('<').next().unwrap())
}

async fn invite(person: &mut Person, owners: &str) -> String {
    let page = person.browser.get(owners).await;
    page.expect(200);
    let form = page.form(&format!("{owners}/invite"));
    let made = person.browser.submit(&page, &form).await;
    made.expect(200);
    link(&made)
}

async fn accept(person: &mut Person, link: &str) {
    let page = person.browser.get(link).await;
    page.expect(200);
    let form = page.form(link);
    let joined = person.browser.submit(&page, &form).await;
    joined.expect(303);
    assert_eq!(joined.location(), Some(MINE));
}

#[test]
fn who_is_invited_keeps_it_too() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let at = farah.since("Together").await;
        let owners = format!("{}/owners", at.replace(API, MINE));
        daniel.browser.get(&owners).await.expect(404);
        let link = invite(&mut farah, &owners).await;
        let second = SignedDuration::from_secs(1);
        stage.world.clock.advance(second);
        accept(&mut daniel, &link).await;
        daniel.browser.get(&link).await.expect(400);
        // The new owner has the same rights. The countdown's URL keeps the creator's slug.
        daniel.reset(&at, &json!({})).await.expect(201);
        let all = daniel.program.get(API).await.json();
        assert_eq!(all["items"][0]["title"], "Together");
        daniel
            .browser
            .get("/u/farah-ali/together")
            .await
            .expect(200);
        let page = daniel.browser.get(&owners).await;
        assert!(page.body.contains("Farah Ali") && page.body.contains("Daniel Tan"));
        // The API of owners refuses tokens.
        daniel
            .program
            .get(&format!("{at}/owners"))
            .await
            .expect(403);

        // The owner whose slug is in the URL cannot leave the countdown. Other owners can.
        let mut browser = stage.visitor();
        std::mem::swap(&mut browser, &mut daniel.browser);
        browser.header(
            "x-csrf-token",
            page.form(&format!("{owners}/invite"))
                .value("_csrf")
                .unwrap(),
        );
        let who = |person: &Person| format!("{at}/owners/{}", person.who.account().id);
        let none = json!({});
        let refused = browser.call(Method::DELETE, &who(&farah), &none).await;
        refused.expect(409);
        assert_eq!(refused.json()["code"], "named_after");
        let listed = browser.get(&format!("{at}/owners")).await.json();
        assert_eq!(listed["items"][1]["name"], "Daniel Tan");
        browser
            .call(Method::DELETE, &who(&daniel), &none)
            .await
            .expect(204);
        browser.get(&owners).await.expect(404);
        daniel.reset(&at, &json!({})).await.expect(404);
    });
}

#[test]
fn a_link_names_what_it_invites_to() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.since("Our day").await;
        let owners = format!("{}/owners", at.replace(API, MINE));
        let link = invite(&mut farah, &owners).await;
        let sentence = stage.fill(
            "account-join-to",
            [
                ("name", "Farah Ali".into()),
                ("title", "Our day".into()),
                ("role", stage.say("countdown-join-as-owner").into()),
            ],
        );
        assert!(sentence.ends_with('.') && !sentence.ends_with(".."));
        for (stage, may_register) in [(stage, false), (&stage.open(), true)] {
            let page = stage.visitor().get(&link).await;
            page.expect(200);
            assert!(page.text().contains(&sentence), "{}", page.text());
            let offered = page.links().iter().any(|link| link.href == "/register");
            assert_eq!(offered, may_register);
            let without = stage.fill("account-join-without", [("name", "Farah Ali".into())]);
            assert_eq!(page.text().contains(&without), !may_register);
        }
    });
}

#[test]
fn only_confirmed_accounts_take_an_invite() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.since("Together").await;
        let owners = format!("{}/owners", at.replace(API, MINE));
        let link = invite(&mut farah, &owners).await;
        // Accepting the invite creates no account, whatever the client sends.
        let mut visitor = stage.open().visitor();
        let page = visitor.get(&link).await;
        page.expect(200);
        assert!(!page.body.contains("name=\"password\""));
        let page = visitor.get("/register").await;
        let mut form = page.form("/register");
        form.action.clone_from(&link);
        form.fill("display_name", "Mei Lin")
            .fill("email", "new@example.my")
            .fill("password", "sebuah pantun lama");
        let mut fields = form.fields.iter_mut();
        let name = fields.find(|field| field.name == "display_name");
        "name".clone_into(&mut name.unwrap().name);
        visitor.submit(&page, &form).await.expect(403);
        // Accepting the invite does not confirm an email address.
        let mut pending = unconfirmed(stage, "mei@example.my").await;
        let page = pending.get(&link).await;
        let form = page.form(&link);
        pending.submit(&page, &form).await.expect(403);
        let mut daniel = stage.person("Daniel Tan").await;
        accept(&mut daniel, &link).await;
    });
}

#[test]
fn an_invite_is_withdrawn_and_an_owner_is_removed() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let at = farah.since("Together").await;
        let owners = format!("{}/owners", at.replace(API, MINE));
        let withdrawn = invite(&mut farah, &owners).await;
        let page = farah.browser.get(&owners).await;
        let mut form = page.form(&format!("{owners}/withdraw"));
        let (_, rest) = page.body.split_once("name=\"invite\" value=\"").unwrap();
        form.press("invite", rest.split('"').next().unwrap());
        farah.browser.submit(&page, &form).await.expect(303);
        daniel.browser.get(&withdrawn).await.expect(400);
        let link = invite(&mut farah, &owners).await;
        accept(&mut daniel, &link).await;
        let page = farah.browser.get(&owners).await;
        let mut form = page.form(&format!("{owners}/remove"));
        form.press("account", daniel.who.account().id.as_str());
        let done = farah.browser.submit_surely(&page, &form).await;
        done.expect(303);
        daniel.program.get(&at).await.expect(404);
        for _ in 0..co_owners::LIMIT - 1 {
            invite(&mut farah, &owners).await;
        }
        let page = farah.browser.get(&owners).await;
        let form = page.form(&format!("{owners}/invite"));
        farah.browser.submit(&page, &form).await.expect(409);
    });
}

#[test]
fn what_somebody_shares_is_listed_and_one_press_ends_each() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let at = farah.since("Together").await;
        let owners = format!("{}/owners", at.replace(API, MINE));
        let link = invite(&mut farah, &owners).await;
        accept(&mut daniel, &link).await;
        let hook = json!({"url": "https://hooks.example/", "events": ["countdown.reset"]});
        let hook = farah.program.call(Method::POST, "/api/v1/webhooks", &hook);
        hook.await.expect(201);

        // Daniel cannot remove the owner whose slug is in the URL, so his page does not list that
        // owner.
        let page = daniel.browser.get("/me/shared").await;
        assert!(page.body.contains("You share nothing"), "{}", page.body);
        let page = farah.browser.get("/me/shared").await;
        assert!(page.body.contains("Daniel Tan – Together"), "{}", page.body);
        let mut ends = page.forms().into_iter();
        let hook = ends.find(|form| form.action.starts_with("/me/webhooks/"));
        for form in [page.form(&format!("{owners}/remove")), hook.unwrap()] {
            let ended = farah.browser.submit(&page, &form).await;
            assert_eq!(ended.location(), Some("/me/shared?done=ended"));
        }
        daniel.program.get(&at).await.expect(404);
        let hooks = farah.program.get("/api/v1/webhooks").await.json();
        assert_eq!(hooks["items"], json!([]));
        let page = farah.browser.get("/me/shared").await;
        assert!(page.body.contains("You share nothing"), "{}", page.body);
    });
}

#[test]
fn of_two_owners_who_remove_each_other_one_stays() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut one = stage.person("Daniel Tan").await;
        let mut two = stage.person("Mei Lim").await;
        let at = farah.since("Together").await;
        let owners = format!("{}/owners", at.replace(API, MINE));
        let id = CountdownId::from_text(at.replace(&format!("{API}/"), ""));
        let other = stage.world.second_store();
        let remove = |store: Store, by: &Person, whom: &Person| {
            let (who, id) = (by.who.clone(), id.clone());
            let account = whom.who.account().id.clone();
            let change = move |tx: &mut Tx<'_>| {
                let owner = countdown::enter_locked(tx, &who, &id, &request())?;
                co_owners::remove(tx, &owner, &account)
            };
            async move { store.write(change).await }
        };
        for round in 0..rounds() {
            for person in [&mut one, &mut two] {
                if person.program.get(&at).await.status != 200 {
                    let link = invite(&mut farah, &owners).await;
                    accept(person, &link).await;
                }
            }
            let store = stage.world.store().clone();
            let (first, second) =
                together(remove(store, &one, &two), remove(other.clone(), &two, &one)).await;
            assert!(
                first.is_ok() != second.is_ok(),
                "round {round}: {first:?} {second:?}"
            );
            let lost = first.err().or(second.err()).unwrap();
            assert!(matches!(lost, Refusal::NotFound), "{lost:?}");
        }
    });
}
