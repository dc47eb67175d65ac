//! Tests of browsers that return from an identity provider, and of linked identities.

use axum::http::Method;
use identity::account::AccountId;
use identity::credential::linked_identity;
use identity::grant::administrator;
use identity::people;
use identity::person::export::{self, DOCUMENT};
use identity::person::registration::{Policy, Registration};
use identity::session::Stay;
use identity::session::sudo::{self, Sudo};
use jiff::SignedDuration;
use platform::{Tx, sql};
use serde_json::{Value, json};
use site::Context;
use site::domains::for_identity;
use testkit::{Page, Visitor, World};

use crate::api::csrf_token;
use crate::provider::{Provider, leave};
use crate::registering::{expect, link as mailed};
use crate::second_factors::{Enrolled, enrol};
use crate::stage::{
    DOMAINS, MIGRATIONS, PASSWORD, actions, begin, client, english, expect_sign_in_mails, person,
    read, signed_in, usual_hash, visitor,
};
use crate::unconfirmed::{make_pending, verify};

pub(crate) const EMAIL: &str = "farah@example.my";
const MINE: &str = "/api/v1/me/identities";

pub(crate) fn claims(subject: &str) -> Value {
    json!({"sub": subject, "email": EMAIL, "email_verified": true, "name": "Farah binti Ali"})
}

pub(crate) async fn browser(world: &World, accounts: &Context, id: &AccountId) -> Visitor {
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    let mut browser = visitor(accounts);
    browser.set_cookie("kd_session", begun.session.reveal());
    let token = csrf_token(begun.session.reveal());
    browser.header("x-csrf-token", &token);
    browser
}

pub(crate) async fn me(browser: &mut Visitor) -> Option<String> {
    let page = browser.get("/api/v1/me").await;
    (page.status.as_u16() == 200).then(|| page.json()["id"].as_str().unwrap().to_owned())
}

async fn identities(world: &World, id: &AccountId) -> Vec<String> {
    let id = id.clone();
    let found = read(world.store(), move |tx| linked_identity::list(tx, &id)).await;
    found.into_iter().map(|linked| linked.subject).collect()
}

async fn accounts_there_are(world: &World) -> i64 {
    let (count,): (i64,) = read(world.store(), |tx| {
        tx.one(sql!("SELECT COUNT(*) FROM account"), &[])
    })
    .await;
    count
}

#[track_caller]
fn says(accounts: &Context, page: &Page, status: u16, message: &str) {
    page.expect(status);
    let words = english(accounts).say(message);
    assert!(page.text().contains(&words), "{message}\n{}", page.text());
}

async fn sign_in(browser: &mut Visitor, email: &str) -> Page {
    let page = browser.get("/login").await.with(200);
    let mut form = page.form("/login");
    form.fill("email", email).fill("password", PASSWORD);
    browser.submit(&page, &form).await
}

#[test]
fn whoever_is_known_is_signed_in_whatever_their_address_is_now() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let mut first = visitor(&accounts);
        provider
            .sign_in(world, &mut first, &claims("1"))
            .await
            .with(303);
        let id = me(&mut first).await.unwrap();
        // The real name that the provider reports is copied only when the account is created.
        let page = first.get("/me/profile").await.with(200);
        let mut form = page.form("/me/profile");
        assert_eq!(form.value("real_name"), Some("Farah binti Ali"));
        form.fill("display_name", "Farah").fill("real_name", "");
        first.submit(&page, &form).await.with(303);
        let owner = person(world, "other@example.my", None).await;
        verify(world, &owner).await;
        for changed in [
            claims("1"),
            json!({"sub": "1", "email": "other@example.my", "email_verified": true}),
            json!({"sub": "1"}),
        ] {
            provider.say_of_user(json!({"sub": "1"}));
            let mut again = visitor(&accounts);
            provider
                .sign_in(world, &mut again, &changed)
                .await
                .with(303);
            assert_eq!(me(&mut again).await, Some(id.clone()), "{changed}");
            let own = again.get("/api/v1/me").await.with(200).json();
            let names = (&own["display_name"], &own["real_name"]);
            assert_eq!(names, (&json!("Farah"), &json!("")));
        }
        assert_eq!(accounts_there_are(world).await, 2);
        let of = actions(world).await;
        let of = |action: &str| of.iter().filter(|done| *done == action).count();
        assert_eq!((of("account.registered"), of("identity.linked")), (1, 1));
        expect_sign_in_mails(world, EMAIL, 3);
    });
}

#[test]
fn one_subject_at_two_issuers_is_two_identities() {
    World::default_engine(&MIGRATIONS, async |world| {
        let (one, other) = (Provider::start().await, Provider::start().await);
        let mut farah = visitor(&one.site(world, true));
        one.sign_in(world, &mut farah, &claims("1")).await.with(303);
        let farah = me(&mut farah).await.unwrap();
        // The other provider uses the same identifier for this person.
        let accounts = other.site(world, true);
        let mut mei = visitor(&accounts);
        let page = other.sign_in(world, &mut mei, &claims("1")).await;
        says(&accounts, &page, 409, "account-link-identity");
        let own = json!({"sub": "1", "email": "mei@example.my", "email_verified": true});
        other.sign_in(world, &mut mei, &own).await.with(303);
        assert_ne!(me(&mut mei).await.unwrap(), farah);
        assert_eq!(identities(world, &farah.parse().unwrap()).await, ["1"]);
    });
}

#[test]
fn an_account_with_the_address_is_linked_by_signing_in_to_it_once() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let hash = usual_hash(world).await;
        let farah = person(world, EMAIL, Some(&hash)).await;
        verify(world, &farah).await;
        let other = person(world, "other@example.my", Some(&hash)).await;
        let mut browser = visitor(&accounts);
        let page = provider.sign_in(world, &mut browser, &claims("1")).await;
        says(&accounts, &page, 409, "account-link-identity");
        assert_eq!(me(&mut browser).await, None);
        assert_eq!(identities(world, &farah).await, [""; 0]);

        // If another person signs in with that browser, the identity is not linked to that person's
        // account.
        let mut others = browser.clone();
        sign_in(&mut others, "other@example.my").await.with(303);
        assert_eq!(identities(world, &other).await, [""; 0]);
        sign_in(&mut browser, EMAIL).await.with(303);
        assert_eq!(identities(world, &farah).await, ["1"]);
        assert!(browser.cookie("kd_oauth").is_none());
        let mut newcomer = visitor(&accounts);
        provider
            .sign_in(world, &mut newcomer, &claims("1"))
            .await
            .with(303);
        assert_eq!(me(&mut newcomer).await, Some(farah.to_string()));
        expect_sign_in_mails(world, EMAIL, 2);
        expect_sign_in_mails(world, "other@example.my", 1);
    });
}

#[test]
fn an_identity_waits_half_an_hour_for_a_sign_in_and_for_all_its_steps() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let farah = person(world, EMAIL, Some(&usual_hash(world).await)).await;
        verify(world, &farah).await;
        let mut late = visitor(&accounts);
        provider
            .sign_in(world, &mut late, &claims("1"))
            .await
            .with(409);
        world.clock.advance(linked_identity::LINK_LIFETIME);
        sign_in(&mut late, EMAIL).await.with(303);
        assert_eq!(identities(world, &farah).await, [""; 0]);

        let Enrolled { app, .. } = enrol(world, &farah).await;
        let mut browser = visitor(&accounts);
        provider
            .sign_in(world, &mut browser, &claims("1"))
            .await
            .with(409);
        let page = sign_in(&mut browser, EMAIL).await.with(303);
        assert_eq!(page.location(), Some("/login/mfa"));
        assert_eq!(identities(world, &farah).await, [""; 0]);
        second_step(world, &mut browser, &app).await.with(303);
        assert_eq!(identities(world, &farah).await, ["1"]);
        expect_sign_in_mails(world, EMAIL, 2);
    });
}

async fn second_step(
    world: &World,
    browser: &mut Visitor,
    app: &identity::credential::second_factor::totp::AppSecret,
) -> Page {
    let page = browser.get("/login/mfa").await.with(200);
    let mut form = page.form("/login/mfa");
    form.fill("code", &app.code(world.clock.now()));
    browser.submit(&page, &form).await
}

#[test]
fn a_second_factor_is_asked_for_all_the_same() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let farah = person(world, EMAIL, None).await;
        verify(world, &farah).await;
        let mut own = browser(world, &accounts, &farah).await;
        provider.link(world, &mut own, &claims("1")).await.with(303);
        let Enrolled { app, .. } = enrol(world, &farah).await;
        world.clock.advance(SignedDuration::from_mins(5));
        let mut newcomer = visitor(&accounts);
        let page = provider
            .sign_in(world, &mut newcomer, &claims("1"))
            .await
            .with(303);
        assert_eq!(page.location(), Some("/login/mfa"));
        assert_eq!(me(&mut newcomer).await, None);
        second_step(world, &mut newcomer, &app).await.with(303);
        assert_eq!(me(&mut newcomer).await, Some(farah.to_string()));
        expect_sign_in_mails(world, EMAIL, 1);
    });
}

#[test]
fn a_registration_that_nobody_confirmed_gives_way() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let squatter = person(world, EMAIL, Some(&usual_hash(world).await)).await;
        make_pending(world, &squatter).await;
        let mut theirs = browser(world, &accounts, &squatter).await;
        let mut farah = visitor(&accounts);
        provider
            .sign_in(world, &mut farah, &claims("1"))
            .await
            .with(303);
        let id = me(&mut farah).await.unwrap();
        assert_ne!(id, squatter.to_string());
        assert_eq!(me(&mut theirs).await, None);
        assert_eq!(farah.get("/api/v1/me").await.json()["unverified"], false);
        let page = sign_in(&mut visitor(&accounts), EMAIL).await;
        page.expect(401);
    });
}

#[test]
fn an_address_that_the_provider_does_not_vouch_for_is_asked_for_and_confirmed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let untrusted = provider.site(world, false);
        let trusted = provider.site(world, true);
        let unverified = json!({"sub": "1", "email": EMAIL, "email_verified": false});
        provider.say_of_user(json!({"sub": "1", "name": "F"}));
        for (accounts, claims) in [
            (&untrusted, claims("1")),
            (&trusted, unverified),
            (&trusted, json!({"sub": "1"})),
        ] {
            let mut browser = visitor(accounts);
            let page = provider
                .sign_in(world, &mut browser, &claims)
                .await
                .with(303);
            assert_eq!(page.location(), Some("/oauth/id/address"), "{claims}");
            assert_eq!(
                (me(&mut browser).await, accounts_there_are(world).await),
                (None, 0)
            );
        }
        let accounts = untrusted;
        let mut browser = visitor(&accounts);
        let page = provider.sign_in(world, &mut browser, &claims("1")).await;
        let page = browser.follow(page).await.with(200);
        let mut form = page.form("");
        assert_eq!(form.value("display_name"), Some("Farah binti Ali"));
        assert_eq!(form.value("email"), Some(EMAIL));
        form.fill("email", "not an address")
            .fill("display_name", "");
        let page = browser.submit(&page, &form).await.with(422);
        let mut form = page.form("");
        form.fill("email", "new@example.my")
            .fill("display_name", "Farah");
        let done = browser.submit(&page, &form).await;
        says(&accounts, &done, 202, "account-check-mail-life");
        expect(world, &accounts, "new@example.my", "mail-verify-subject");
        browser.submit(&page, &form).await.with(400);

        // In the browser that registered the account, the confirmation page has only a button.
        let confirm = mailed(world, "/verify/").await;
        let page = browser.get(&confirm).await.with(200);
        browser.submit(&page, &page.form("")).await.with(303);
        let mut elsewhere = visitor(&accounts);
        provider
            .sign_in(world, &mut elsewhere, &claims("1"))
            .await
            .with(303);
        let own = browser.get("/api/v1/me").await.with(200).json();
        assert_eq!(
            (&own["email"], &own["unverified"]),
            (&json!("new@example.my"), &json!(false))
        );
        assert_eq!(
            (&own["display_name"], &own["real_name"]),
            (&json!("Farah"), &json!("Farah binti Ali"))
        );
        expect_sign_in_mails(world, "new@example.my", 1);
    });
}

#[test]
fn an_address_of_somebody_else_is_never_linked_by_saying_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, false);
        let farah = person(world, EMAIL, None).await;
        verify(world, &farah).await;
        let mut browser = visitor(&accounts);
        let page = provider.sign_in(world, &mut browser, &claims("1")).await;
        let page = browser.follow(page).await.with(200);
        let done = browser.submit(&page, &page.form("")).await;
        says(&accounts, &done, 202, "account-check-mail-life");
        expect(world, &accounts, EMAIL, "mail-known-subject");
        assert_eq!(identities(world, &farah).await, [""; 0]);
        assert_eq!(accounts_there_are(world).await, 1);
    });
}

#[test]
fn whoever_confirms_an_address_elsewhere_keeps_nobody_else_s_identity() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, false);
        let mut attacker = visitor(&accounts);
        let page = provider.sign_in(world, &mut attacker, &claims("1")).await;
        let page = attacker.follow(page).await.with(200);
        attacker.submit(&page, &page.form("")).await.with(202);
        expect(world, &accounts, EMAIL, "mail-verify-subject");
        let confirm = mailed(world, "/verify/").await;
        let mut victim = visitor(&accounts);
        let page = victim.get(&confirm).await.with(200);
        let mut form = page.form("");
        form.fill("new_password", PASSWORD);
        victim.submit(&page, &form).await.with(200);
        sign_in(&mut victim, EMAIL).await.with(303);
        let farah = me(&mut victim).await.unwrap();
        assert_eq!(identities(world, &farah.parse().unwrap()).await, [""; 0]);
        // The identity was unlinked, so it again belongs to no account.
        let page = provider
            .sign_in(world, &mut attacker, &claims("1"))
            .await
            .with(303);
        assert_eq!(page.location(), Some("/oauth/id/address"));
        expect_sign_in_mails(world, EMAIL, 1);
    });
}

#[test]
fn where_registration_is_closed_nobody_new_comes_in() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        for (registration, is_trusted) in [
            (Registration::Closed, true),
            (Registration::Closed, false),
            (Registration::Invite, true),
            (Registration::Invite, false),
        ] {
            let accounts = {
                let mut changed = provider.site(world, is_trusted);
                changed.policy = Policy {
                    registration,
                    has_mail: true,
                };
                changed
            };
            let page = provider
                .sign_in(world, &mut visitor(&accounts), &claims("1"))
                .await;
            says(&accounts, &page, 403, "problem-registration-closed");
        }
        assert_eq!(accounts_there_are(world).await, 0);
        // Although registration is closed, a person with an account can link an identity and sign
        // in with it.
        let mut accounts = provider.site(world, true);
        accounts.policy = Policy::default();
        let farah = person(world, EMAIL, None).await;
        let mut own = browser(world, &accounts, &farah).await;
        provider.link(world, &mut own, &claims("1")).await.with(303);
        let mut newcomer = visitor(&accounts);
        provider
            .sign_in(world, &mut newcomer, &claims("1"))
            .await
            .with(303);
        assert_eq!(me(&mut newcomer).await, Some(farah.to_string()));
        expect_sign_in_mails(world, EMAIL, 1);
    });
}

#[test]
fn who_is_kept_out_stays_out_and_who_leaves_may_come_back() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let mut farah = visitor(&accounts);
        provider
            .sign_in(world, &mut farah, &claims("1"))
            .await
            .with(303);
        let id: AccountId = me(&mut farah).await.unwrap().parse().unwrap();
        let mut own = browser(world, &accounts, &id).await;
        own.call(Method::DELETE, "/api/v1/me", &json!({}))
            .await
            .with(202);
        let page = provider
            .sign_in(world, &mut farah, &claims("1"))
            .await
            .with(303);
        assert!(page.location().unwrap().starts_with("/restore/"));
        let page = farah.follow(page).await.with(200);
        farah.submit(&page, &page.form("")).await;
        provider
            .sign_in(world, &mut farah, &claims("1"))
            .await
            .with(303);
        assert!(me(&mut farah).await.is_some());

        let boss = person(world, "boss@example.my", None).await;
        crate::stage::give(
            world,
            &boss,
            identity::grant::OWNER,
            &identity::grant::Scope::site(),
        )
        .await;
        let sudo = Sudo::check(signed_in(world, &boss).await, world.clock.now()).unwrap();
        let kept_out = id.clone();
        world
            .store()
            .write(move |tx: &mut Tx<'_>| {
                let acting = administrator::acting(tx, &sudo, &client(1).request)?;
                people::deactivate(tx, &acting, &kept_out)
            })
            .await
            .unwrap();
        let page = provider.sign_in(world, &mut farah, &claims("1")).await;
        says(&accounts, &page, 400, "problem-oauth-denied");
        assert_eq!(me(&mut farah).await, None);
    });
}

#[test]
fn identities_are_linked_and_unlinked_by_who_has_just_proved_who_they_are() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let hash = usual_hash(world).await;
        let farah = person(world, EMAIL, Some(&hash)).await;
        let other = person(world, "other@example.my", None).await;
        let mut own = browser(world, &accounts, &farah).await;
        let mut others = browser(world, &accounts, &other).await;
        let page = provider.link(world, &mut own, &claims("1")).await.with(303);
        assert_eq!(page.location(), Some("/me/security?done=identity"));
        let page = own.follow(page).await.with(200);
        assert!(page.text().contains("Rumah ID"));
        // The account already has an identity at this provider, so the page only offers to unlink
        // it.
        assert!(
            page.forms()
                .iter()
                .all(|form| form.action != "/oauth/id/start")
        );
        let page = provider.link(world, &mut others, &claims("1")).await;
        says(&accounts, &page, 409, "problem-identity-in-use");
        assert_eq!(identities(world, &other).await, [""; 0]);
        provider
            .link(world, &mut others, &claims("2"))
            .await
            .with(303);

        let listed = own.get(MINE).await.with(200).json();
        let item = &listed["items"][0];
        assert_eq!(
            (&item["subject"], &item["provider"]),
            (&json!("1"), &json!("id"))
        );
        assert_eq!(item["issuer"], provider.issuer);
        let one = format!("{MINE}/{}", item["id"].as_str().unwrap());
        others
            .call(Method::DELETE, &one, &Value::Null)
            .await
            .with(404);
        let mut elsewhere = browser(world, &accounts, &farah).await;
        let page = own.get("/me/security").await.with(200);
        let id = item["id"].as_str().unwrap();
        let mut form = page.form("/me/security/identities/remove");
        form.press("identity", id);
        let page = own.submit(&page, &form).await.with(303);
        own.follow(page).await.with(200);
        assert_eq!(me(&mut elsewhere).await, None);
        assert_eq!(identities(world, &farah).await, [""; 0]);
        // The account has no other credential, so its last identity cannot be unlinked.
        let listed = others.get(MINE).await.json();
        let last = format!("{MINE}/{}", listed["items"][0]["id"].as_str().unwrap());
        let refused = others
            .call(Method::DELETE, &last, &Value::Null)
            .await
            .with(409);
        assert_eq!(refused.json()["code"], "last_credential");
        assert_eq!(identities(world, &other).await, ["2"]);

        world.clock.advance(sudo::LIFETIME);
        let refused = others
            .call(Method::DELETE, &last, &Value::Null)
            .await
            .with(403);
        assert_eq!(refused.json()["code"], "sudo_required");
        let page = own.get("/me/security").await.with(200);
        let form = page.form("/oauth/id/start");
        let page = own.submit(&page, &form).await;
        assert!(page.location().is_none_or(|to| to.starts_with("/sudo")));
        let of = actions(world).await;
        let of = |action: &str| of.iter().filter(|done| *done == action).count();
        assert_eq!((of("identity.linked"), of("identity.removed")), (2, 1));
    });
}

#[test]
fn a_link_belongs_to_the_session_that_asked_for_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let farah = person(world, EMAIL, None).await;
        let other = person(world, "other@example.my", None).await;
        let mut own = browser(world, &accounts, &farah).await;
        let back = provider.agree(
            &leave(&mut own, "/me/security").await,
            world.clock.now(),
            &claims("1"),
        );
        // Before the browser returns from the provider, another person signs in with that browser.
        let begun = begin(world, &other, Stay::Visit, client(1)).await;
        own.set_cookie("kd_session", begun.session.reveal());
        let page = own.get(&back).await;
        says(&accounts, &page, 400, "problem-oauth-state-invalid");
        // The real owner of an unconfirmed email address may still take the account over, so no
        // identity can be linked.
        make_pending(world, &other).await;
        let page = provider.link(world, &mut own, &claims("1")).await;
        says(&accounts, &page, 403, "problem-email-unverified");
        for id in [&farah, &other] {
            assert_eq!(identities(world, id).await, [""; 0]);
        }
    });
}

#[test]
fn identities_are_in_the_copy_and_erased() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let farah = person(world, EMAIL, None).await;
        let mut own = browser(world, &accounts, &farah).await;
        provider
            .link(world, &mut own, &claims("subject-of-farah"))
            .await
            .with(303);
        let who = Sudo::check(signed_in(world, &farah).await, world.clock.now()).unwrap();
        let keys = world.platform.keys.clone();
        let zip = world.store().write(move |tx: &mut Tx<'_>| {
            export::create(tx, &for_identity(DOMAINS), &keys, &who, &client(1).request)
        });
        let zip = zip.await.unwrap();
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
        let copy: Value = serde_json::from_reader(zip.by_name(DOCUMENT).unwrap()).unwrap();
        let own_copy = &copy["account"]["identities"];
        assert_eq!(own_copy[0]["subject"], "subject-of-farah");
        assert_eq!(own_copy[0]["issuer"], provider.issuer);
        let now = json!({ "immediately": true });
        own.call(Method::DELETE, "/api/v1/me", &now).await.with(202);
        assert_eq!(world.places_of("subject-of-farah"), [""; 0]);
    });
}
