//! Tests of trusted contacts: who may become one, who adds and removes them, and what data about
//! them remains.

use axum::http::Method;
use identity::account::{self, AccountId};
use identity::grant::{self, ACCOUNT, Scope, TRUSTED_CONTACT};
use identity::person::erasure::{self, When};
use identity::person::trusted::{self, LIMIT};
use identity::person::{export, slug};
use identity::session::sudo::{LIFETIME, Sudo};
use identity::session::token;
use platform::{StoreError, Tx, sql};
use serde_json::{Value, json};
use site::domains::for_identity;
use testkit::{Page, Visitor, World};

use crate::leaving::document;
use crate::people::browser;
use crate::stage::{
    DOMAINS, MIGRATIONS, accounts, actions, client, give, new_account, person, program, read,
    signed_in, write,
};
use crate::unconfirmed::make_pending;

const API: &str = "/api/v1/me/trusted-contacts";
const FARAH: &str = "farah@example.my";
const AINA: &str = "aina@example.my";

async fn slug_of(world: &World, id: &AccountId) -> String {
    let id = id.clone();
    write(world.store(), move |tx| slug::of(tx, &id)).await
}

async fn add(browser: &mut Visitor, slug: &str) -> Page {
    browser
        .call(Method::POST, API, &json!({ "slug": slug }))
        .await
}

async fn contacts(browser: &mut Visitor) -> Vec<Value> {
    let page = browser.get(API).await.with(200).json();
    let items = page["items"].as_array().unwrap().iter();
    items.map(|one| one["account"].clone()).collect()
}

async fn is_trusted(world: &World, who: &AccountId, by: &AccountId) -> bool {
    let (who, by) = (signed_in(world, who).await, by.clone());
    read(world.store(), move |tx| trusted::is_trusted(tx, &who, &by)).await
}

#[test]
fn somebody_is_added_by_their_slug_and_removed_on_the_page() {
    World::default_engine(&MIGRATIONS, async |world| {
        let farah = person(world, FARAH, None).await;
        let aina = person(world, AINA, None).await;
        let (own, hers) = (slug_of(world, &farah).await, slug_of(world, &aina).await);
        let mut browser = browser(world, &farah).await;
        for unknown in ["nobody-here", &own, ""] {
            let page = browser.get("/me/trusted").await.with(200);
            let mut form = page.form("/me/trusted");
            form.fill("slug", unknown);
            let refused = browser.submit(&page, &form).await.with(422);
            assert_eq!(refused.form("/me/trusted").value("slug"), Some(unknown));
        }
        let page = browser.get("/me/trusted").await;
        let mut form = page.form("/me/trusted");
        form.fill("slug", &format!(" {hers} "));
        let added = browser.submit(&page, &form).await.with(303);
        let page = browser.get(added.location().unwrap()).await.with(200);
        assert!(page.body.contains(&hers), "{}", page.body);
        assert!(is_trusted(world, &aina, &farah).await);
        assert!(!is_trusted(world, &farah, &aina).await);
        let form = page.form("/me/trusted/remove");
        browser.submit(&page, &form).await.with(303);
        assert!(!is_trusted(world, &aina, &farah).await);
        browser.submit(&page, &form).await.with(404);
        assert_eq!(
            actions(world)
                .await
                .iter()
                .filter(|one| one.starts_with("grant."))
                .count(),
            2
        );
    });
}

#[test]
fn programs_of_the_page_do_the_same_and_tokens_do_not() {
    World::default_engine(&MIGRATIONS, async |world| {
        let farah = person(world, FARAH, None).await;
        let aina = person(world, AINA, None).await;
        let (own, hers) = (slug_of(world, &farah).await, slug_of(world, &aina).await);
        let mut script = browser(world, &farah).await;
        let refused = add(&mut script, &own).await.with(422).json();
        assert_eq!(refused["errors"][0]["code"], "person_unknown");
        add(&mut script, &hers).await.with(204);
        add(&mut script, &hers).await.with(204);
        assert_eq!(contacts(&mut script).await, [json!(aina)]);
        // A person cannot remove somebody else's trusted contact.
        let mut other = browser(world, &aina).await;
        let at = format!("{API}/{aina}");
        other
            .call(Method::DELETE, &at, &Value::Null)
            .await
            .with(404);
        script
            .call(Method::DELETE, &at, &Value::Null)
            .await
            .with(204);
        assert!(contacts(&mut script).await.is_empty());
        let scopes = [token::PROFILE_READ];
        let mut token = program(&accounts(world), &farah, &scopes).await;
        add(&mut token, &hers).await.with(403);
        make_pending(world, &farah).await;
        let refused = add(&mut script, &hers).await.with(403).json();
        assert_eq!(refused["code"], "email_unverified");
    });
}

#[test]
fn adding_somebody_asks_for_a_recent_proof() {
    World::default_engine(&MIGRATIONS, async |world| {
        let farah = person(world, FARAH, None).await;
        let aina = person(world, AINA, None).await;
        let hers = slug_of(world, &aina).await;
        let mut browser = browser(world, &farah).await;
        add(&mut browser, &hers).await.with(204);
        world.clock.advance(LIFETIME);
        let refused = add(&mut browser, &hers).await.with(403).json();
        assert_eq!(refused["code"], "sudo_required");
        let page = browser.get("/me/trusted").await.with(200);
        let mut form = page.form("/me/trusted");
        form.fill("slug", &hers);
        let asked = browser.submit(&page, &form).await;
        let onward = asked.location().unwrap_or_default();
        assert!(onward.starts_with("/sudo?"), "{onward}");
        // Removing somebody takes nothing from the account's owner.
        let form = page.form("/me/trusted/remove");
        browser.submit(&page, &form).await.with(303);
        assert!(!is_trusted(world, &aina, &farah).await);
    });
}

#[test]
fn there_are_so_many_at_most() {
    World::default_engine(&MIGRATIONS, async |world| {
        let farah = person(world, FARAH, None).await;
        let aina = person(world, AINA, None).await;
        let hers = slug_of(world, &aina).await;
        let scope = ACCOUNT.scope(&farah);
        write(world.store(), move |tx| {
            for number in 0..LIMIT {
                let new = new_account(&format!("contact-{number}@example.my"));
                let contact = account::create(tx, &new).unwrap();
                grant::give(tx, &contact, TRUSTED_CONTACT, &scope, None).unwrap();
            }
            Ok(())
        })
        .await;
        let refused = add(&mut browser(world, &farah).await, &hers).await;
        assert_eq!(refused.with(409).json()["code"], "limit_reached");
    });
}

#[test]
fn a_trusted_contact_of_the_site_is_one_of_everybody() {
    World::default_engine(&MIGRATIONS, async |world| {
        let farah = person(world, FARAH, None).await;
        let aina = person(world, AINA, None).await;
        give(world, &aina, TRUSTED_CONTACT, &Scope::site()).await;
        assert!(is_trusted(world, &aina, &farah).await);
        // The duty applies to the whole site, so it is not in any account's own list of contacts.
        assert!(contacts(&mut browser(world, &farah).await).await.is_empty());
    });
}

#[test]
fn who_is_erased_trusts_nobody_and_is_trusted_by_nobody() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut people = Vec::new();
        for email in [FARAH, AINA, "mei@example.my"] {
            let id = person(world, email, None).await;
            people.push((id.clone(), slug_of(world, &id).await));
        }
        let [(farah, _), (aina, hers), (mei, meis)] = people.try_into().unwrap();
        add(&mut browser(world, &farah).await, &hers)
            .await
            .with(204);
        add(&mut browser(world, &aina).await, &meis).await.with(204);
        let sudo = Sudo::check(signed_in(world, &aina).await, world.clock.now()).unwrap();
        let copy = {
            let (keys, sudo) = (world.platform.keys.clone(), sudo.clone());
            let create = move |tx: &mut Tx<'_>| {
                export::create(tx, &for_identity(DOMAINS), &keys, &sudo, &client(1).request)
            };
            document(&world.store().write(create).await.unwrap())
        };
        let own = &copy["account"];
        assert_eq!(own["trusted_contacts"][0]["account"], json!(mei));
        assert_eq!(own["grants"], json!([]));
        assert!(!copy.to_string().contains(farah.as_str()));

        let erase = move |tx: &mut Tx<'_>| {
            erasure::ask(
                tx,
                &for_identity(DOMAINS),
                &sudo,
                When::Now,
                &client(1).request,
            )
        };
        world.store().write(erase).await.unwrap();
        assert!(contacts(&mut browser(world, &farah).await).await.is_empty());
        let count = |tx: &mut Tx<'_>| -> Result<(i64,), StoreError> {
            tx.one(sql!("SELECT COUNT(*) FROM role_grant"), &[])
        };
        assert_eq!(read(world.store(), count).await, (0,));
    });
}
