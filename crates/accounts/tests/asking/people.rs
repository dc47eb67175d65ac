//! Tests of administering people: who may do it, whom a search finds, and the effects of
//! deactivating an account.

use axum::http::Method;
use identity::account::AccountId;
use identity::grant::administrator::{self, PeopleError};
use identity::grant::{self, ADMIN, OWNER, Role, Scope};
use identity::people;
use identity::session::signed_in::SignedIn;
use identity::session::sudo::{self, Sudo};
use identity::session::token::PROFILE_READ;
use identity::session::{Method as SignIn, Stay};
use identity::sign_in::{self, SignInError, Welcome};
use jiff::SignedDuration;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor, World, rounds, together};

use crate::api::csrf_token;
use crate::stage::{
    MIGRATIONS, PASSWORD, accounts, actions, arrived, attempt, begin, client, english,
    expect_sign_in_mails, give, person, program, read, role, signed_in, usual_hash, visitor, write,
};

pub(crate) const API: &str = "/api/v1/admin/users";

pub(crate) async fn browser(world: &World, id: &AccountId) -> Visitor {
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    let mut visitor = visitor(&accounts(world));
    visitor.set_cookie("kd_session", begun.session.reveal());
    visitor.header("x-csrf-token", &csrf_token(begun.session.reveal()));
    visitor
}

pub(crate) async fn administrator(world: &World, email: &str, rank: Role) -> AccountId {
    let hash = usual_hash(world).await;
    let id = person(world, email, Some(&hash)).await;
    give(world, &id, rank, &Scope::site()).await;
    id
}

/// The proof that the person is in sudo mode, as directly after signing in.
fn proven(who: &SignedIn) -> Sudo {
    Sudo::check(who.clone(), "2026-11-20T08:00:00Z".parse().unwrap()).unwrap()
}

pub(crate) async fn post(browser: &mut Visitor, id: &AccountId, what: &str) -> (u16, Value) {
    let page = browser
        .call(Method::POST, &format!("{API}/{id}/{what}"), &Value::Null)
        .await;
    let body = serde_json::from_str(&page.body).unwrap_or(Value::Null);
    (page.status.as_u16(), body["code"].clone())
}

/// Presses a button on the page about a person.
pub(crate) async fn press(browser: &mut Visitor, id: &AccountId, fields: &[(&str, &str)]) -> Page {
    let at = format!("/admin/people/{id}");
    let page = browser.get(&at).await.with(200);
    for (name, value) in fields {
        let control = format!("name=\"{name}\"");
        assert!(page.body.contains(&control), "{name}");
        assert!(page.body.contains(&format!("value=\"{value}\"")), "{value}");
    }
    let token = page.form(&at).value("_csrf").unwrap().to_owned();
    let mut fields = fields.to_vec();
    fields.push(("_csrf", &token));
    browser.post(&at, &fields).await
}

#[test]
fn whoever_is_kept_out_is_as_if_they_were_not_there() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let boss = administrator(world, "boss@example.my", ADMIN).await;
        let hash = usual_hash(world).await;
        let id = person(world, "farah@example.my", Some(&hash)).await;
        let mut theirs = browser(world, &id).await;
        let mut robot = program(&accounts, &id, &[PROFILE_READ]).await;
        theirs.get("/api/v1/me").await.with(200);
        robot.get("/api/v1/me").await.with(200);

        let mut boss = browser(world, &boss).await;
        for _ in 0..2 {
            assert_eq!(post(&mut boss, &id, "deactivate").await.0, 204);
        }
        theirs.get("/api/v1/me").await.with(401);
        robot.get("/api/v1/me").await.with(401);
        let before = accounts.hasher.count();
        for email in ["farah@example.my", "nobody@example.my"] {
            let refused = sign_in::with_password(&accounts, attempt(email, PASSWORD, 9)).await;
            assert!(matches!(refused, Err(SignInError::Wrong)), "{email}");
        }
        assert_eq!(accounts.hasher.count() - before, 2);

        assert_eq!(post(&mut boss, &id, "activate").await.0, 204);
        theirs.get("/api/v1/me").await.with(401);
        robot.get("/api/v1/me").await.with(401);
        let back =
            sign_in::with_password(&accounts, attempt("farah@example.my", PASSWORD, 9)).await;
        expect_sign_in_mails(world, "farah@example.my", 1);
        arrived(back.unwrap());
        let told = actions(world).await;
        let told: Vec<_> = told
            .iter()
            .filter(|one| one.starts_with("account."))
            .collect();
        assert_eq!(told, ["account.deactivated", "account.activated"]);
    });
}

#[test]
fn signing_somebody_out_ends_sessions_and_tokens_and_nothing_else() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let boss = administrator(world, "boss@example.my", ADMIN).await;
        let id = person(world, "farah@example.my", None).await;
        let mut theirs = [browser(world, &id).await, browser(world, &id).await];
        let mut robot = program(&accounts, &id, &[PROFILE_READ]).await;
        let mut boss = browser(world, &boss).await;
        let page = boss
            .call(Method::POST, &format!("{API}/{id}/sign-out"), &Value::Null)
            .await;
        assert_eq!(page.with(200).json(), json!({ "revoked": 2 }));
        for browser in &mut theirs {
            browser.get("/api/v1/me").await.with(401);
        }
        robot.get("/api/v1/me").await.with(401);
        browser(world, &id).await.get("/api/v1/me").await.with(200);
        boss.get("/api/v1/me").await.with(200);
    });
}

#[test]
fn nobody_acts_on_those_above_them_and_others_on_nobody() {
    World::default_engine(&MIGRATIONS, async |world| {
        let owner = administrator(world, "owner@example.my", OWNER).await;
        let admin = administrator(world, "admin@example.my", ADMIN).await;
        let farah = person(world, "farah@example.my", None).await;
        let at = |id: &AccountId| format!("{API}/{id}");
        let mut nobody = browser(world, &farah).await;
        for what in ["deactivate", "activate", "sign-out"] {
            let refused = post(&mut nobody, &admin, what).await;
            assert_eq!(refused, (403, json!("role_required")), "{what}");
            let mut admin = browser(world, &admin).await;
            let refused = post(&mut admin, &owner, what).await;
            assert_eq!(refused, (403, json!("role_above_own")), "{what}");
        }
        for path in [API, &at(&farah)] {
            let refused = nobody.get(path).await.with(403).json();
            assert_eq!(refused["code"], "role_required");
        }
        nobody.get("/admin/people").await.with(403);
        nobody
            .get(&format!("/admin/people/{admin}"))
            .await
            .with(403);

        let mut by_admin = browser(world, &admin).await;
        let body = json!({ "role": "admin" });
        let path = format!("{}/role", at(&farah));
        let refused = by_admin.call(Method::PUT, &path, &body).await.with(403);
        assert_eq!(refused.json()["role"], "owner");
        let refused = by_admin
            .call(Method::DELETE, &at(&owner), &Value::Null)
            .await;
        assert_eq!(refused.with(403).json()["code"], "role_above_own");
        assert_eq!(role(world, &farah, &Scope::site()).await, None);

        let mut by_owner = browser(world, &owner).await;
        for (given, kept) in [("admin", Some(ADMIN)), ("owner", Some(OWNER))] {
            let body = json!({ "role": given });
            by_owner.call(Method::PUT, &path, &body).await.with(204);
            assert_eq!(role(world, &farah, &Scope::site()).await, kept);
        }
        by_owner
            .call(Method::PUT, &path, &json!({ "role": null }))
            .await
            .with(204);
        assert_eq!(role(world, &farah, &Scope::site()).await, None);
        by_owner
            .call(Method::PUT, &path, &json!({ "role": "king" }))
            .await
            .with(422);
        by_owner.get(&format!("{API}/none")).await.with(404);
    });
}

#[test]
fn the_last_owner_who_can_sign_in_stays() {
    World::default_engine(&MIGRATIONS, async |world| {
        let owner = administrator(world, "owner@example.my", OWNER).await;
        // This person is another owner, who has no password yet.
        let other = person(world, "other@example.my", None).await;
        give(world, &other, OWNER, &Scope::site()).await;
        let mut theirs = browser(world, &other).await;
        let last = (409, json!("last_owner"));
        assert_eq!(post(&mut theirs, &owner, "deactivate").await, last);
        let path = format!("{API}/{owner}");
        let refused = theirs.call(Method::DELETE, &path, &Value::Null).await;
        assert_eq!(refused.with(409).json()["code"], "last_owner");
        let body = json!({ "role": "admin" });
        let refused = theirs
            .call(Method::PUT, &format!("{path}/role"), &body)
            .await;
        assert_eq!(refused.with(409).json()["code"], "last_owner");
        assert_eq!(post(&mut theirs, &other, "deactivate").await.0, 204);
        let state = browser(world, &owner)
            .await
            .get(&path)
            .await
            .with(200)
            .json();
        assert_eq!(state["state"], "active");
    });
}

#[test]
fn of_two_last_owners_who_act_on_each_other_one_stays() {
    World::each_engine(&MIGRATIONS, async |world| {
        let [one, other] = ["one@example.my", "other@example.my"];
        let ids = [
            administrator(world, one, OWNER).await,
            administrator(world, other, OWNER).await,
        ];
        let who = [
            signed_in(world, &ids[0]).await,
            signed_in(world, &ids[1]).await,
        ];
        let second = world.second_store();
        for round in 0..rounds() {
            let act = |store: platform::Store, who: SignedIn, on: AccountId| async move {
                let change = move |tx: &mut Tx<'_>| {
                    let by = administrator::acting(tx, &proven(&who), &client(1).request)?;
                    if round % 2 == 0 {
                        people::deactivate(tx, &by, &on)
                    } else {
                        people::set_rank(tx, &by, &on, Some(ADMIN))
                    }
                };
                store.write(change).await
            };
            let (first, last) = together(
                act(world.store().clone(), who[0].clone(), ids[1].clone()),
                act(second.clone(), who[1].clone(), ids[0].clone()),
            )
            .await;
            let won = [&first, &last].iter().filter(|done| done.is_ok()).count();
            assert_eq!(won, 1, "{first:?} {last:?}");
            let lost = first.err().or(last.err()).unwrap();
            // Only one of the two changes can succeed. The other fails, because it would remove the
            // last owner, or because its caller is no longer an owner.
            assert!(
                matches!(lost, PeopleError::LastOwner | PeopleError::Rank(_)),
                "{lost:?}"
            );
            write(world.store(), |tx| {
                tx.run(sql!("UPDATE account SET state = 'active'"), &[], Rows::Any)?;
                tx.run(sql!("UPDATE role_grant SET role = 'owner'"), &[], Rows::Any)
            })
            .await;
        }
    });
}

#[test]
fn people_are_found_by_name_and_address_a_piece_at_a_time() {
    World::default_engine(&MIGRATIONS, async |world| {
        let boss = administrator(world, "boss@example.my", OWNER).await;
        for number in 0..5 {
            world.clock.advance(SignedDuration::from_millis(1));
            person(world, &format!("guest_{number}@example.my"), None).await;
        }
        let mut boss = browser(world, &boss).await;
        let emails = |page: &Value| -> Vec<String> {
            let items = page["items"].as_array().unwrap();
            let email = |one: &Value| one["email"].as_str().unwrap().to_owned();
            items.iter().map(email).collect()
        };
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("{API}?limit=2&query=GUEST_&cursor={cursor}");
            let page = boss.get(&path).await.with(200).json();
            found.extend(emails(&page));
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        let expected: Vec<_> = (0..5)
            .rev()
            .map(|n| format!("guest_{n}@example.my"))
            .collect();
        assert_eq!(found, expected);
        for (query, count) in [
            ("query=binti+ALI", 6),
            ("query=%25", 0),
            ("role=owner", 1),
            ("role=admin", 0),
            ("state=active", 6),
            ("state=deactivated", 0),
        ] {
            let page = boss.get(&format!("{API}?{query}")).await.with(200).json();
            assert_eq!(emails(&page).len(), count, "{query}");
        }
        boss.get(&format!("{API}?cursor=x")).await.with(400);

        let page = boss.get("/admin/people?query=guest_3").await.with(200);
        assert!(
            page.text().contains("guest_3@example.my"),
            "{}",
            page.text()
        );
        assert!(!page.text().contains("guest_2@example.my"));
    });
}

#[test]
fn a_person_s_page_does_what_its_buttons_say() {
    World::default_engine(&MIGRATIONS, async |world| {
        let boss = administrator(world, "boss@example.my", OWNER).await;
        let id = person(world, "farah@example.my", None).await;
        begin(world, &id, Stay::Visit, client(1)).await;
        let at = format!("/admin/people/{id}");
        let mut boss = browser(world, &boss).await;
        let page = boss.get(&at).await.with(200);
        let signed_in = english(&accounts(world)).say("event-sign-in-succeeded");
        assert!(page.text().contains(&signed_in), "{}", page.text());
        let token = page.form(&at).value("_csrf").unwrap().to_owned();
        let mut press = async |fields: &[(&str, &str)]| {
            let fields: Vec<_> = fields
                .iter()
                .copied()
                .chain([("_csrf", token.as_str())])
                .collect();
            boss.post(&at, &fields).await
        };
        let state = async || {
            let id = id.clone();
            read(world.store(), move |tx| {
                sql!("SELECT state FROM account WHERE id = :id", id).one::<(String,)>(tx)
            })
            .await
            .0
        };
        press(&[("action", "deactivate")]).await.with(200);
        assert_eq!(state().await, "active", "asked first");
        let sure = [("action", "deactivate"), ("sure", "1")];
        press(&sure).await.with(303);
        assert_eq!(state().await, "deactivated");
        press(&[("action", "activate")]).await.with(303);
        assert_eq!(state().await, "active");
        press(&[("action", "rank"), ("rank", "admin")])
            .await
            .with(303);
        press(&[("action", "rank"), ("rank", "king")])
            .await
            .with(422);
        press(&[("action", "rank")]).await.with(422);
        assert_eq!(role(world, &id, &Scope::site()).await, Some(grant::ADMIN));
        press(&[("action", "rank"), ("rank", "")]).await.with(303);
        assert_eq!(role(world, &id, &Scope::site()).await, None);
        press(&[("action", "erase")]).await.with(200);
        assert_eq!(state().await, "active");
        press(&[("action", "erase"), ("sure", "1")]).await.with(303);
        assert_eq!(state().await, "pending_deletion");
        press(&sure).await.with(409);
        press(&[("action", "activate")]).await.with(303);
        assert_eq!(state().await, "active");
        press(&[("action", "dance")]).await.with(404);
    });
}

#[test]
fn who_administers_shows_who_they_are_before_anything_is_changed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let boss = administrator(world, "boss@example.my", OWNER).await;
        let id = person(world, "farah@example.my", None).await;
        let mut boss = browser(world, &boss).await;
        world.clock.advance(sudo::LIFETIME);
        let at = format!("{API}/{id}");
        boss.get(&at).await.with(200);
        for what in [
            "deactivate",
            "activate",
            "sign-out",
            "factor-reset",
            "export",
        ] {
            assert_eq!(
                post(&mut boss, &id, what).await,
                (403, json!("sudo_required")),
                "{what}"
            );
        }
        let body = json!({ "role": "admin" });
        boss.call(Method::PUT, &format!("{at}/role"), &body)
            .await
            .with(403);
        boss.call(Method::DELETE, &at, &Value::Null).await.with(403);
        assert_eq!(role(world, &id, &Scope::site()).await, None);
        assert_eq!(boss.get(&at).await.with(200).json()["state"], "active");
    });
}

#[test]
fn a_sign_in_at_the_same_moment_leaves_no_session() {
    World::each_engine(&MIGRATIONS, async |world| {
        let boss = administrator(world, "boss@example.my", ADMIN).await;
        let boss = signed_in(world, &boss).await;
        let second = world.second_store();
        for round in 0..rounds() {
            let id = person(world, &format!("p{round}@example.my"), None).await;
            let (one, on) = (id.clone(), id.clone());
            let (by, store) = (boss.clone(), world.store().clone());
            let (done, _) = together(
                async move {
                    let change = move |tx: &mut Tx<'_>| {
                        let by = administrator::acting(tx, &proven(&by), &client(1).request)?;
                        people::deactivate(tx, &by, &on)
                    };
                    store.write(change).await
                },
                {
                    let store = second.clone();
                    async move {
                        let begin = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
                            identity::session::begin(
                                tx,
                                &one,
                                SignIn::Link,
                                Stay::Visit,
                                &client(2),
                            )
                        };
                        store.write(begin).await.unwrap()
                    }
                },
            )
            .await;
            done.unwrap();
            let (left,): (i64,) = read(world.store(), move |tx| {
                sql!("SELECT COUNT(*) FROM session WHERE account_id = :id", id).one(tx)
            })
            .await;
            assert_eq!(left, 0);
        }
    });
}

#[test]
fn a_link_that_takes_a_change_back_survives_and_invites_end_with_the_account() {
    World::default_engine(&MIGRATIONS, async |world| {
        let boss = administrator(world, "boss@example.my", OWNER).await;
        let id = person(world, "farah@example.my", None).await;
        let mut boss = browser(world, &boss).await;
        let kinds = [
            "sign_in",
            "reset_password",
            "verify_email",
            "change_email",
            "restore",
            "mfa",
            "invite",
            "undo_email",
        ];
        let make = async |kind: &'static str| {
            let of = id.clone();
            write(world.store(), move |tx| {
                sql!(
                    "INSERT INTO one_time_token (hash, purpose, account_id, data, expires_at)
                     VALUES (:hash, :kind, :of, '{}', :until)",
                    hash = kind.as_bytes().to_vec(),
                    until = tx.now() + SignedDuration::from_hours(1),
                    kind,
                    of
                )
                .run(tx, Rows::Exactly(1))
            })
            .await;
        };
        for kind in kinds {
            make(kind).await;
        }
        let left = async || -> Vec<String> {
            let rows: Vec<(String,)> = read(world.store(), |tx| {
                let all = sql!("SELECT purpose FROM one_time_token ORDER BY purpose");
                tx.all(all, &[])
            })
            .await;
            rows.into_iter().map(|(kind,)| kind).collect()
        };
        assert_eq!(post(&mut boss, &id, "sign-out").await.0, 200);
        assert_eq!(left().await, ["undo_email"]);
        make("invite").await;
        assert_eq!(post(&mut boss, &id, "deactivate").await.0, 204);
        assert_eq!(left().await, ["undo_email"]);
        make("invite").await;
        let path = format!("{API}/{id}");
        let ordered = boss.call(Method::DELETE, &path, &Value::Null).await;
        ordered.with(202);
        assert_eq!(left().await, ["undo_email"]);
    });
}

#[test]
fn who_was_kept_out_is_not_offered_to_come_back_when_they_are_to_be_erased() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let boss = administrator(world, "boss@example.my", OWNER).await;
        let mut boss = browser(world, &boss).await;
        let hash = usual_hash(world).await;
        for (email, is_kept_out) in [("out@example.my", true), ("in@example.my", false)] {
            let id = person(world, email, Some(&hash)).await;
            if is_kept_out {
                assert_eq!(post(&mut boss, &id, "deactivate").await.0, 204);
            }
            let path = format!("{API}/{id}");
            let ordered = boss.call(Method::DELETE, &path, &Value::Null).await;
            ordered.with(202);
            let tried = sign_in::with_password(&accounts, attempt(email, PASSWORD, 9)).await;
            let is_offered = matches!(tried, Ok(Welcome::Leaving(_)));
            assert_eq!(is_offered, !is_kept_out, "{tried:?}");
        }
    });
}
