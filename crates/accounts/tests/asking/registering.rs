//! Tests of registering, and of confirming the email address.

use axum::http::Method;
use identity::account::unconfirmed;
use identity::person::registration::{self, Policy, Registration};
use identity::person::verification::{self, Confirmation, Proof};
use identity::session::Stay;
use identity::session::signed_in::confirmed;
use identity::session::token::{self, CreateError, NewToken, PROFILE_READ};
use jiff::SignedDuration;
use platform::{Secret, Tx, sql};
use serde_json::json;
use site::Context;
use testkit::{Page, Visitor, World, rounds, together};
use web::Network;

use crate::stage::{
    CLUB, MIGRATIONS, OBSERVER, PASSWORD, accounts as closed, actions, begin, client,
    count_actions, english, expect_sign_in_mails, find_session, give, in_process, person, read,
    usual_hash, visitor, write,
};

pub(crate) const EMAIL: &str = "farah@example.my";

/// A site with open registration.
pub(crate) fn open(world: &World) -> Context {
    {
        let mut changed = closed(world);
        changed.policy = Policy {
            registration: Registration::Open,
            has_mail: true,
        };
        changed
    }
}

/// Registers in a browser, some seconds after the form was opened.
pub(crate) async fn register(world: &World, visitor: &mut Visitor, fill: &[(&str, &str)]) -> Page {
    let page = visitor.get("/register").await.with(200);
    let mut form = page.form("/register");
    form.fill("display_name", "Farah binti Ali")
        .fill("email", EMAIL)
        .fill("password", PASSWORD);
    for (name, value) in fill {
        form.fill(name, value);
    }
    world.clock.advance(SignedDuration::from_secs(10));
    visitor.submit(&page, &form).await
}

/// The path of the link in the newest mail.
pub(crate) async fn link(world: &World, prefix: &str) -> String {
    let mails = world.mails().await;
    let of_mail = |text: &str| {
        let at = text.find(&format!("http://127.0.0.1:8080{prefix}"))?;
        let link = text[at..].split_whitespace().next()?;
        Some(link["http://127.0.0.1:8080".len()..].to_owned())
    };
    let mut found = mails.iter().rev().filter_map(|mail| of_mail(&mail.text));
    found.next().unwrap()
}

pub(crate) fn expect(world: &World, accounts: &Context, email: &str, subject: &str) {
    let values = [("site", accounts.site.settings.name.as_str().into())];
    world.expect_mail(email, &english(accounts).fill(subject, values));
}

pub(crate) async fn is_confirmed(accounts: &Context, email: &str) -> bool {
    let email = email.parse().unwrap();
    read(&accounts.site.store, move |tx| {
        let account = identity::account::find_by_email(tx, &email)?.unwrap();
        Ok(!unconfirmed::is_pending(tx, &account.id)?)
    })
    .await
}

pub(crate) async fn sign_in(visitor: &mut Visitor, password: &str) -> Page {
    let page = visitor.get("/login").await.with(200);
    let mut form = page.form("/login");
    form.fill("email", EMAIL).fill("password", password);
    visitor.submit(&page, &form).await
}

#[test]
fn a_closed_site_registers_nobody() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut visitor = visitor(&closed(world));
        visitor.get("/register").await.with(403);
        let page = visitor.get("/login").await.with(200);
        assert!(page.links().iter().all(|link| link.href != "/register"));
        visitor.header("x-csrf-token", page.form("/login").value("_csrf").unwrap());
        let body = json!({
            "email": EMAIL, "password": PASSWORD, "display_name": "Farah", "form_stamp": "1.x",
        });
        let answer = visitor
            .call(Method::POST, "/api/v1/auth/register", &body)
            .await
            .with(403);
        assert_eq!(answer.json()["code"], "registration_closed");
    });
}

#[test]
fn new_known_waiting_and_suppressed_addresses_are_answered_alike() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let hash = usual_hash(world).await;
        person(world, "known@example.my", Some(&hash)).await;
        let keys = world
            .platform
            .keys
            .key(platform::mail::suppression::PURPOSE);
        write(world.store(), move |tx| {
            use platform::mail::suppression::{Cause, record};
            let address = "blocked@example.my".parse().unwrap();
            record(tx, &keys, &address, Cause::HardBounce)
        })
        .await;
        let mut answers = Vec::new();
        for email in [
            "new@example.my",
            "known@example.my",
            "new@example.my",
            "blocked@example.my",
        ] {
            let before = accounts.hasher.count();
            let page = register(world, &mut visitor(&accounts), &[("email", email)]).await;
            assert_eq!(accounts.hasher.count(), before + 1, "{email}");
            assert!(page.header("set-cookie").starts_with("kd_"), "{email}");
            answers.push((page.status.as_u16(), page.text().replace(email, "x")));
            world.clock.advance(SignedDuration::from_mins(10));
        }
        assert_eq!(answers[0].0, 202);
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{answers:?}"
        );
        expect(world, &accounts, "new@example.my", "mail-verify-subject");
        expect(world, &accounts, "known@example.my", "mail-known-subject");
        expect(world, &accounts, "new@example.my", "mail-known-subject");
        expect(
            world,
            &accounts,
            "blocked@example.my",
            "mail-verify-subject",
        );
        let log = actions(world).await;
        assert_eq!(log[0], "suppression.added");
        assert_eq!(log[1..], ["account.registered"; 2]);
    });
}

#[test]
fn mistakes_are_named_at_once_and_nothing_is_kept() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let mut visitor = visitor(&accounts);
        let wrong = [
            ("display_name", "a"),
            ("email", "farah"),
            ("password", "short"),
            ("slug", "Farah Ali"),
        ];
        let page = register(world, &mut visitor, &wrong).await.with(422);
        for name in ["display_name", "email", "password", "slug"] {
            assert!(page.body.contains(&format!("#{name}\"")), "{name}");
        }
        // Forms with errors do not count towards the network's limit. If they counted, three more
        // registrations would exceed it.
        for _ in 0..3 {
            register(world, &mut visitor, &wrong).await.with(422);
        }
        let reserved = [("slug", "admin")];
        register(world, &mut visitor, &reserved).await.with(422);
        for name in ["Visit http://evil.example now", "evil.example"] {
            let name = [("display_name", name)];
            let page = register(world, &mut visitor, &name).await.with(422);
            assert!(page.body.contains("#display_name\""));
            assert!(!page.body.contains("#email\""));
        }
        assert!(actions(world).await.is_empty());
    });
}

#[test]
fn a_slug_is_given_once_and_a_taken_one_is_said_to_be() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let slug = [("slug", "farah")];
        register(world, &mut visitor(&accounts), &slug)
            .await
            .with(202);
        let other = [("slug", "farah"), ("email", "other@example.my")];
        let page = register(world, &mut visitor(&accounts), &other).await;
        assert!(page.with(409).body.contains("#slug\""));
        let named = read(world.store(), |tx| {
            identity::person::slug::account(tx, "farah")
        })
        .await;
        assert!(named.is_some());
        expect(world, &accounts, EMAIL, "mail-verify-subject");
    });
}

#[test]
fn robots_and_forms_of_the_wrong_age_make_no_account() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let mut visitor = visitor(&accounts);
        let robot = [("website", "https://example.com")];
        register(world, &mut visitor, &robot).await.with(202);

        let page = visitor.get("/register").await;
        let mut form = page.form("/register");
        form.fill("display_name", "Farah binti Ali")
            .fill("email", EMAIL)
            .fill("password", PASSWORD);
        let stamp = form.value("form_stamp").unwrap().to_owned();
        for (age, is_renewed) in [(86_400_001, true)] {
            let mut form = form.clone();
            let (shown, _) = stamp.split_once('.').unwrap();
            let now = world.platform.clock.now().as_millisecond();
            let wait = shown.parse::<i64>().unwrap() + age - now;
            world.clock.advance(SignedDuration::from_millis(wait));
            let page = visitor.submit(&page, form.fill("email", EMAIL)).await;
            let page = page.with(400);
            let shown = page
                .form("/register")
                .value("form_stamp")
                .unwrap()
                .to_owned();
            assert_eq!(shown != stamp, is_renewed, "{age}");
        }
        // The time stamp in the form is refused, because the site did not sign it.
        let now = world.platform.clock.now().as_millisecond();
        form.fill("form_stamp", &format!("{}.AAAA", now - 60_000));
        visitor.submit(&page, &form).await.with(400);
        assert!(actions(world).await.is_empty());
        assert!(world.mails().await.is_empty());
    });
}

#[test]
fn a_network_registers_ten_in_an_hour() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let mut done = 0;
        for minute in 0..40 {
            let email = format!("{minute}@example.my");
            let page = register(world, &mut visitor(&accounts), &[("email", &email)]).await;
            match page.status.as_u16() {
                202 => {
                    done += 1;
                    expect(world, &accounts, &email, "mail-verify-subject");
                }
                429 => {
                    assert!(page.header("retry-after").parse::<u32>().unwrap() > 0);
                    // It is about the network, not about a field.
                    assert!(!page.body.contains("aria-invalid"), "{}", page.body);
                    let said = page.text();
                    assert!(
                        said.contains("Several people have just registered"),
                        "{said}"
                    );
                    // When to try again, in the site's zone, which is named.
                    assert!(said.contains(" (UTC), or use a group link."), "{said}");
                }
                other => panic!("{other}"),
            }
            world.clock.advance(SignedDuration::from_secs(50));
        }
        assert_eq!(done, 10);
    });
}

#[test]
fn the_browser_that_registered_confirms_with_the_button_alone() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let mut farah = visitor(&accounts);
        register(world, &mut farah, &[]).await.with(202);
        let link = link(world, "/verify/").await;
        let page = farah.get(&link).await.with(200);
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert!(
            !is_confirmed(&accounts, EMAIL).await,
            "looking changes nothing"
        );
        let form = page.form("");
        assert_eq!(form.value("current_password"), None);
        let mut again = farah.clone();
        let done = farah.submit(&page, &form).await;
        assert_eq!(done.location(), Some("/me?done=confirmed"));
        assert!(is_confirmed(&accounts, EMAIL).await);
        let home = farah.follow(done).await.with(200);
        let english = english(&accounts);
        assert!(home.text().contains(&english.say("cards-confirmed")));
        assert!(
            home.forms()
                .iter()
                .all(|form| form.action != "/me/email/verify")
        );
        // Within ten minutes, a second click gets the same response, and does not sign anybody in.
        let done = again.submit(&page, &form).await.with(200);
        assert!(again.cookie("kd_session").is_none());
        assert!(done.links().iter().any(|link| link.href == "/login"));
        again.get(&link).await.with(200);
        let mut farah = again;
        world.clock.advance(SignedDuration::from_mins(10));
        farah.submit(&page, &form).await.with(400);
        farah.get(&link).await.with(400);
        assert_eq!(
            actions(world).await,
            ["account.registered", "email.verified", "sign_in.succeeded"]
        );
        expect(world, &accounts, EMAIL, "mail-verify-subject");
    });
}

#[test]
fn another_browser_shows_the_password_or_shuts_out_who_registered() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        // A thief registers with somebody else's email address, and signs in.
        let mut thief = visitor(&accounts);
        register(world, &mut thief, &[]).await.with(202);
        assert_eq!(sign_in(&mut thief, PASSWORD).await.status, 303);
        let me = thief.get("/api/v1/me").await.with(200);
        assert_eq!(me.json()["unverified"], true);
        let inside = thief.cookie("kd_session").unwrap().to_owned();

        let mut owner = visitor(&accounts);
        let link = link(world, "/verify/").await;
        let page = owner.get(&link).await.with(200);
        let form = page.form("");
        owner.submit(&page, &form).await.with(403);
        let mut wrong = page.form("");
        wrong.fill("current_password", "something else");
        owner.submit(&page, &wrong).await.with(400);
        let mut weak = page.form("");
        weak.fill("new_password", "short");
        owner.submit(&page, &weak).await.with(422);
        assert!(!is_confirmed(&accounts, EMAIL).await);
        let mut new = page.form("");
        new.fill("new_password", "dua pantun lama");
        owner.submit(&page, &new).await.with(200);
        assert!(is_confirmed(&accounts, EMAIL).await);

        let inside = Secret::new(inside);
        assert!(find_session(world, &inside).await.is_none());
        assert_eq!(sign_in(&mut thief, PASSWORD).await.status, 401);
        assert_eq!(sign_in(&mut owner, "dua pantun lama").await.status, 303);
        let me = owner.get("/api/v1/me").await.with(200);
        assert_eq!(me.json()["unverified"], false);
        expect_sign_in_mails(world, EMAIL, 1);
        expect(world, &accounts, EMAIL, "mail-verify-subject");
    });
}

#[test]
fn the_password_confirms_in_another_browser() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        register(world, &mut visitor(&accounts), &[])
            .await
            .with(202);
        let link = link(world, "/verify/").await;
        let token = link.rsplit_once('/').unwrap().1;
        let mut program = visitor(&accounts);
        let verify = "/api/v1/auth/verify";
        let answer = program
            .call(Method::POST, verify, &json!({"token": token}))
            .await
            .with(403);
        assert_eq!(answer.json()["code"], "password_required");
        let right = json!({"token": token, "current_password": PASSWORD});
        program.call(Method::POST, verify, &right).await.with(204);
        assert!(is_confirmed(&accounts, EMAIL).await);
        program.call(Method::POST, verify, &right).await.with(204);
        expect(world, &accounts, EMAIL, "mail-verify-subject");
    });
}

#[test]
fn a_newer_link_ends_the_older_and_a_day_ends_both() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let mut farah = visitor(&accounts);
        register(world, &mut farah, &[]).await.with(202);
        let older = link(world, "/verify/").await;
        sign_in(&mut farah, PASSWORD).await.with(303);
        let session = farah.cookie("kd_session").unwrap().to_owned();
        farah.header("x-csrf-token", &crate::api::csrf_token(&session));
        let resend = "/api/v1/auth/verify/resend";
        let nothing = json!({});
        farah.call(Method::POST, resend, &nothing).await.with(202);
        farah.call(Method::POST, resend, &nothing).await.with(429);
        farah.get(&older).await.with(400);
        for _ in 0..4 {
            world.clock.advance(SignedDuration::from_hours(1));
            farah.call(Method::POST, resend, &nothing).await.with(202);
        }
        world.clock.advance(SignedDuration::from_mins(2));
        farah.call(Method::POST, resend, &nothing).await.with(429);
        let newest = link(world, "/verify/").await;
        farah.get(&newest).await.with(200);
        world.clock.advance(verification::LIFETIME);
        farah.get(&newest).await.with(400);
        for _ in 0..6 {
            expect(world, &accounts, EMAIL, "mail-verify-subject");
        }
    });
}

#[test]
fn who_is_not_confirmed_makes_nothing_until_they_are_or_are_made_a_member() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        register(world, &mut visitor(&accounts), &[])
            .await
            .with(202);
        let email = EMAIL.parse().unwrap();
        let find = move |tx: &mut Tx<'_>| identity::account::find_by_email(tx, &email);
        let id = read(world.store(), find).await.unwrap().id;
        let who = crate::stage::signed_in(world, &id).await;
        let may = async || {
            let who = who.clone();
            let proof = read(world.store(), move |tx| confirmed(tx, &who)).await;
            let id = id.clone();
            let create = move |tx: &mut Tx<'_>| {
                let new = NewToken {
                    name: "test".to_owned(),
                    scopes: vec![PROFILE_READ],
                    scope: None,
                    days: 1,
                };
                token::create(tx, &id, &new, None)
            };
            match world.store().write(create).await {
                Ok(_) => assert!(proof.is_some()),
                Err(CreateError::EmailUnverified) => assert!(proof.is_none()),
                Err(other) => panic!("{other}"),
            }
            proof.is_some()
        };
        assert!(!may().await);
        give(world, &id, OBSERVER, &CLUB.scope("choir")).await;
        assert!(may().await);
        expect(world, &accounts, EMAIL, "mail-verify-subject");

        // An account that the operator or an invite created never waits for confirmation.
        let id = person(world, "invited@example.my", None).await;
        let who = crate::stage::signed_in(world, &id).await;
        assert!(
            read(world.store(), move |tx| confirmed(tx, &who))
                .await
                .is_some()
        );
    });
}

#[test]
fn who_does_not_confirm_within_a_week_was_never_there() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let hash = usual_hash(world).await;
        let invited = person(world, "invited@example.my", Some(&hash)).await;
        let mut farah = visitor(&accounts);
        register(world, &mut farah, &[("slug", "farah")])
            .await
            .with(202);
        sign_in(&mut farah, PASSWORD).await.with(303);
        let member = [("email", "member@example.my")];
        register(world, &mut visitor(&accounts), &member)
            .await
            .with(202);
        let email = "member@example.my".parse().unwrap();
        let find = move |tx: &mut Tx<'_>| identity::account::find_by_email(tx, &email);
        let member = read(world.store(), find).await.unwrap().id;
        give(world, &member, OBSERVER, &CLUB.scope("choir")).await;

        world
            .clock
            .advance(registration::LIFETIME - SignedDuration::from_mins(1));
        registration::purge(accounts.domain_accounts, world.store())
            .await
            .unwrap();
        let is_there = async |email: &str| {
            let email = email.parse().unwrap();
            let find = move |tx: &mut Tx<'_>| identity::account::find_by_email(tx, &email);
            read(world.store(), find).await.is_some()
        };
        assert!(is_there(EMAIL).await);
        world.clock.advance(SignedDuration::from_mins(1));
        registration::purge(accounts.domain_accounts, world.store())
            .await
            .unwrap();
        assert!(!is_there(EMAIL).await);
        assert!(is_there("member@example.my").await && is_there("invited@example.my").await);
        let free = read(world.store(), |tx| {
            identity::person::slug::availability(tx, "farah")
        })
        .await;
        assert_eq!(free, identity::person::slug::Availability::Free);
        begin(world, &invited, Stay::Visit, client(1)).await;
        expect(world, &accounts, "member@example.my", "mail-verify-subject");
    });
}

#[test]
fn of_two_registrations_of_one_address_one_makes_the_account() {
    World::each_engine(&MIGRATIONS, async |world| {
        let second = world.second_store();
        for round in 0..rounds() {
            let accounts = open(world);
            let email = format!("{round}@example.my");
            let mut filled = Vec::new();
            for accounts in [&accounts, &in_process(&accounts, &second)] {
                let mut browser = visitor(accounts);
                let page = browser.get("/register").await.with(200);
                let mut form = page.form("/register");
                form.fill("display_name", "Farah binti Ali")
                    .fill("email", &email)
                    .fill("password", PASSWORD);
                filled.push(async move { browser.submit(&page, &form).await });
            }
            world.clock.advance(SignedDuration::from_secs(10));
            let mut filled = filled.into_iter();
            let (first, second) = together(filled.next().unwrap(), filled.next().unwrap()).await;
            assert_eq!(first.with(202).text(), second.with(202).text());
            let (made,): (i64,) = read(world.store(), |tx| {
                tx.one(sql!("SELECT COUNT(*) FROM account"), &[])
            })
            .await;
            assert_eq!(made, i64::try_from(round).unwrap() + 1);
            expect(world, &accounts, &email, "mail-verify-subject");
            expect(world, &accounts, &email, "mail-known-subject");
            // Without the pause, the network would exceed its limit on registrations.
            world.clock.advance(SignedDuration::from_hours(1));
        }
    });
}

#[test]
fn of_two_clicks_on_one_link_both_are_answered_and_one_is_written_down() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let second = in_process(&accounts, &world.second_store());
        for round in 0..rounds() {
            let email = format!("{round}@example.my");
            let mut farah = visitor(&accounts);
            register(world, &mut farah, &[("email", &email)])
                .await
                .with(202);
            let sent = link(world, "/verify/").await;
            let asked = Confirmation {
                link: Secret::new(sent.rsplit_once('/').unwrap().1),
                browser: farah.cookie("kd_registered").map(Secret::new),
                proof: Proof::None,
                network: Network::of([203, 0, 113, 1].into()),
                client: client(1),
                begins_session: true,
            };
            let (here, there, again) = (accounts.clone(), second.clone(), asked.clone());
            let (first, second) = together(
                async move { verification::confirm(&here, asked).await },
                async move { verification::confirm(&there, again).await },
            )
            .await;
            assert!(first.is_ok() && second.is_ok(), "round {round}");
            expect(world, &accounts, &email, "mail-verify-subject");
            world.clock.advance(SignedDuration::from_mins(10));
        }
        assert_eq!(count_actions(world, "email.verified").await, rounds());
    });
}
