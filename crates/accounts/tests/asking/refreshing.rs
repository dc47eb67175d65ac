//! Tests of API clients that sign people in: access tokens, and refresh tokens that work once.

use axum::http::Method;
use identity::account::AccountId;
use identity::grant::{OWNER, Scope, administrator};
use identity::people;
use identity::session;
use identity::session::refresh::{self, GRACE, Outcome};
use identity::session::sudo::Sudo;
use jiff::SignedDuration;
use platform::{Secret, Store, StoreError, Tx, sql};
use serde_json::{Value, json};
use site::Context;
use testkit::{Page, Visitor, World, rounds, together};

use crate::api::csrf_token;
use crate::stage::{
    MIGRATIONS, PASSWORD, accounts, begin, client, expect_sign_in_mails, give, person, read,
    signed_in, usual_hash, visitor, write,
};

const EMAIL: &str = "farah@example.my";
const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const ME: &str = "/api/v1/me";

/// Signs Farah in with an API client. Returns the response with the tokens.
pub(crate) async fn sign_in(world: &World, accounts: &Context) -> Value {
    let hash = usual_hash(world).await;
    person(world, EMAIL, Some(&hash)).await;
    expect_sign_in_mails(world, EMAIL, 1);
    let body = json!({"email": EMAIL, "password": PASSWORD, "want": "tokens"});
    let page = visitor(accounts).call(Method::POST, LOGIN, &body).await;
    page.expect(200);
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("set-cookie"), "", "a program keeps no cookie");
    page.json()
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

async fn send(accounts: &Context, tokens: &Value) -> Page {
    let body = json!({"refresh_token": tokens["refresh_token"]});
    visitor(accounts).call(Method::POST, REFRESH, &body).await
}

/// An API client that sends the access token in `tokens`.
fn program(accounts: &Context, tokens: &Value) -> Visitor {
    let mut visitor = visitor(accounts);
    let token = text(tokens, "access_token");
    visitor.header("authorization", &format!("Bearer {token}"));
    visitor
}

fn expect_reuse_mail(world: &World, accounts: &Context) {
    let site = &accounts.site;
    let spoken = site.catalogue.speak(&web::Language::of("en"));
    let values = [("site", site.settings.name.as_str().into())];
    world.expect_mail(EMAIL, &spoken.with("mail-reuse-subject", values));
}

#[test]
fn an_access_token_works_for_an_hour_and_is_renewed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let tokens = sign_in(world, &accounts).await;
        assert_eq!(tokens["expires_in"], 3600);
        assert_eq!(tokens["account"]["email"], EMAIL);
        let mut first = program(&accounts, &tokens);
        first.get(ME).await.expect(200);
        world.clock.advance(SignedDuration::from_hours(1));
        let late = first.get(ME).await;
        late.expect(401);
        assert_eq!(late.json()["code"], "token_invalid");
        let next = send(&accounts, &tokens).await;
        next.expect(200);
        program(&accounts, &next.json()).get(ME).await.expect(200);
    });
}

#[test]
fn an_access_token_is_not_for_what_only_people_do() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let tokens = sign_in(world, &accounts).await;
        let mut program = program(&accounts, &tokens);
        for path in ["/api/v1/me/tokens", "/api/v1/me/sessions"] {
            let refused = program.get(path).await;
            refused.expect(403);
            assert_eq!(refused.json()["code"], "token_not_permitted");
        }
    });
}

#[test]
fn a_repeat_gets_the_same_successor_for_a_moment() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let first = sign_in(world, &accounts).await;
        let second = send(&accounts, &first).await.json();
        world.clock.advance(SignedDuration::from_secs(4));
        let again = send(&accounts, &first).await;
        again.expect(200);
        assert_eq!(again.json()["refresh_token"], second["refresh_token"]);
        world.clock.advance(SignedDuration::from_secs(1));
        let third = send(&accounts, &second).await;
        third.expect(200);
        let third = third.json();
        // The next token was already used, so this token counts as a stolen copy even after only a
        // second.
        world.clock.advance(SignedDuration::from_secs(1));
        expect_reuse_mail(world, &accounts);
        let reused = send(&accounts, &first).await;
        reused.expect(401);
        assert_eq!(reused.json()["code"], "refresh_reused");
        let dead = send(&accounts, &third).await;
        dead.expect(401);
        assert_eq!(dead.json()["code"], "session_revoked");
        program(&accounts, &third).get(ME).await.expect(401);
    });
}

#[test]
fn a_late_repeat_ends_the_session() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let first = sign_in(world, &accounts).await;
        send(&accounts, &first).await.expect(200);
        world.clock.advance(GRACE + SignedDuration::from_millis(1));
        expect_reuse_mail(world, &accounts);
        let reused = send(&accounts, &first).await;
        assert_eq!(reused.json()["code"], "refresh_reused");
    });
}

#[test]
fn a_session_goes_on_sixty_times_an_hour_and_keeps_no_other_waiting() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let first = sign_in(world, &accounts).await;
        let body = json!({"email": EMAIL, "password": PASSWORD, "want": "tokens"});
        expect_sign_in_mails(world, EMAIL, 1);
        let other = visitor(&accounts).call(Method::POST, LOGIN, &body).await;
        let mut next = Value::Null;
        for _ in 0..60 {
            let again = send(&accounts, &first).await;
            again.expect(200);
            next = again.json();
        }
        let refused = send(&accounts, &next).await;
        refused.expect(429);
        assert!(!refused.header("retry-after").is_empty());
        send(&accounts, &other.json()).await.expect(200);
        world.clock.advance(SignedDuration::from_hours(2));
        // A refused attempt does not use up the refresh token.
        send(&accounts, &next).await.expect(200);
    });
}

#[test]
fn a_network_shows_a_wrong_token_six_hundred_times_an_hour_and_right_ones_go_on() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let first = sign_in(world, &accounts).await;
        let made_up = json!({"refresh_token": "kd_rt_nobody-was-given-this"});
        let mut stranger = visitor(&accounts);
        for _ in 0..600 {
            let page = stranger.call(Method::POST, REFRESH, &made_up).await;
            page.expect(401);
        }
        let refused = send(&accounts, &made_up).await;
        refused.expect(429);
        assert!(!refused.header("retry-after").is_empty());
        send(&accounts, &first).await.expect(200);
        world.clock.advance(SignedDuration::from_hours(2));
        send(&accounts, &made_up).await.expect(401);
    });
}

#[test]
fn a_session_lasts_half_a_year_however_often_it_goes_on() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let mut tokens = sign_in(world, &accounts).await;
        for _ in 0..29 {
            world.clock.advance(SignedDuration::from_hours(6 * 24));
            let next = send(&accounts, &tokens).await;
            next.expect(200);
            tokens = next.json();
        }
        // The session ends after 180 days, and 174 days have passed. So the next token is valid for
        // less than a week.
        world.clock.advance(SignedDuration::from_hours(6 * 24));
        let over = send(&accounts, &tokens).await;
        over.expect(401);
        assert_eq!(over.json()["code"], "session_expired");
    });
}

#[test]
fn what_nobody_used_in_time_or_made_up_is_refused() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let tokens = sign_in(world, &accounts).await;
        let made_up = json!({"refresh_token": "kd_rt_0123456789"});
        let unknown = send(&accounts, &made_up).await;
        unknown.expect(401);
        assert_eq!(unknown.json()["code"], "refresh_invalid");
        world.clock.advance(SignedDuration::from_hours(7 * 24));
        let late = send(&accounts, &tokens).await;
        late.expect(401);
        assert_eq!(late.json()["code"], "refresh_expired");
    });
}

#[test]
fn who_signs_out_or_ends_the_session_has_no_live_token() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let tokens = sign_in(world, &accounts).await;
        let mut program = program(&accounts, &tokens);
        program.get(ME).await.expect(200);
        let body = json!({"refresh_token": tokens["refresh_token"]});
        for _ in 0..2 {
            let ended = visitor(&accounts)
                .call(Method::POST, "/api/v1/auth/revoke", &body)
                .await;
            ended.expect(204);
        }
        let gone = program.get(ME).await;
        gone.expect(401);
        assert_eq!(gone.json()["code"], "session_expired");
        let refused = send(&accounts, &tokens).await;
        assert_eq!(refused.json()["code"], "session_revoked");
    });
}

#[test]
fn a_page_gets_an_access_token_and_no_other() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, EMAIL, None).await;
        let begun = begin(world, &id, session::Stay::Visit, client(1)).await;
        let mut script = visitor(&accounts);
        script.set_cookie("kd_session", begun.session.reveal());
        let token = "/api/v1/auth/token";
        script
            .call(Method::POST, token, &json!({}))
            .await
            .expect(403);
        script.header("x-csrf-token", &csrf_token(begun.session.reveal()));
        let made = script.call(Method::POST, token, &json!({})).await;
        made.expect(200);
        assert_eq!(made.json().get("refresh_token"), None);
        program(&accounts, &made.json()).get(ME).await.expect(200);
    });
}

#[test]
fn another_password_ends_what_was_signed_before() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, EMAIL, Some(&hash)).await;
        let begun = begin(world, &id, session::Stay::Visit, client(1)).await;
        let mut script = visitor(&accounts);
        script.set_cookie("kd_session", begun.session.reveal());
        script.header("x-csrf-token", &csrf_token(begun.session.reveal()));
        let made = script
            .call(Method::POST, "/api/v1/auth/token", &json!({}))
            .await;
        let mut stolen = program(&accounts, &made.json());
        stolen.get(ME).await.expect(200);
        let page = script.get("/me/security").await;
        let mut form = page.form("/me/security/password");
        form.fill("current_password", PASSWORD)
            .fill("password", "another long one");
        script.submit(&page, &form).await.expect(303);
        stolen.get(ME).await.expect(401);
        script.get("/me/security").await.expect(200);
    });
}

#[test]
fn what_is_given_again_is_kept_for_a_moment_only() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let first = sign_in(world, &accounts).await;
        send(&accounts, &first).await.expect(200);
        let kept = async || -> i64 {
            read(world.store(), |tx| {
                let statement =
                    sql!("SELECT COUNT(*) FROM refresh_token WHERE masked_successor IS NOT NULL");
                tx.one(statement, &[]).map(|(count,)| count)
            })
            .await
        };
        write(world.store(), refresh::sweep).await;
        assert_eq!(kept().await, 1);
        world.clock.advance(GRACE + SignedDuration::from_millis(1));
        write(world.store(), refresh::sweep).await;
        assert_eq!(kept().await, 0);
    });
}

#[test]
fn keys_are_published() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let keys = visitor(&accounts).get("/.well-known/jwks.json").await;
        keys.expect(200);
        assert_eq!(keys.json()["keys"][0]["crv"], "Ed25519");
    });
}

#[test]
fn the_store_holds_no_token() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let first = sign_in(world, &accounts).await;
        let second = send(&accounts, &first).await.json();
        for tokens in [&first, &second] {
            for name in ["access_token", "refresh_token"] {
                let token = text(tokens, name);
                assert!(world.places_of(&token).is_empty(), "{name}");
                let body = token.trim_start_matches("kd_rt_");
                assert!(world.places_of(body).is_empty(), "{name}");
            }
        }
    });
}

fn use_token(
    accounts: &Context,
    store: Store,
    token: &str,
) -> impl Future<Output = Outcome> + use<> {
    let (site, token) = (accounts.site.clone(), Secret::new(token));
    async move {
        let change = move |tx: &mut Tx<'_>| refresh::refresh(tx, &site, &token, &client(1));
        store.write(change).await.unwrap()
    }
}

fn next(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Refreshed(refreshed) => Some(refreshed.token.reveal().to_owned()),
        _ => None,
    }
}

#[test]
fn two_at_once_get_the_same_successor() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let tokens = sign_in(world, &accounts).await;
        let mut token = text(&tokens, "refresh_token");
        let (here, there) = (world.store().clone(), world.second_store());
        for round in 0..rounds() {
            let (one, other) = together(
                use_token(&accounts, here.clone(), &token),
                use_token(&accounts, there.clone(), &token),
            )
            .await;
            let (one, other) = (next(one).unwrap(), next(other).unwrap());
            assert_eq!(one, other, "round {round}");
            token = one;
            let (all, unused): (i64, i64) = read(&here, |tx| {
                tx.one(
                    sql!(
                        "SELECT COUNT(*), COUNT(CASE WHEN used_at IS NULL THEN 1 END)
                         FROM refresh_token"
                    ),
                    &[],
                )
            })
            .await;
            assert_eq!((all, unused), (i64::try_from(round).unwrap() + 2, 1));
        }
    });
}

/// Begins a session of a person. Returns its refresh token.
async fn begin_with_token(world: &World, id: &AccountId) -> String {
    let id = id.clone();
    write(world.store(), move |tx| {
        let stay = session::Stay::Remembered;
        let begun = session::begin(tx, &id, session::Method::Link, stay, &client(1))?.unwrap();
        let account = identity::account::find(tx, &id)?.unwrap();
        let first = refresh::begin(tx, &account, &begun.session)?;
        Ok(first.unwrap().token.reveal().to_owned())
    })
    .await
}

#[test]
fn of_two_copies_that_come_too_late_one_is_told() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, EMAIL, None).await;
        let (here, there) = (world.store().clone(), world.second_store());
        for round in 0..rounds() {
            let token = begin_with_token(world, &id).await;
            let last = next(use_token(&accounts, here.clone(), &token).await).unwrap();
            world.clock.advance(GRACE + SignedDuration::from_millis(1));
            expect_reuse_mail(world, &accounts);
            let (one, other) = together(
                use_token(&accounts, here.clone(), &token),
                use_token(&accounts, there.clone(), &token),
            )
            .await;
            assert!(
                matches!(
                    (&one, &other),
                    (Outcome::Reused, Outcome::SessionEnded)
                        | (Outcome::SessionEnded, Outcome::Reused)
                ),
                "round {round}: {one:?} {other:?}"
            );
            let after = use_token(&accounts, here.clone(), &last).await;
            assert!(matches!(after, Outcome::SessionEnded), "{after:?}");
        }
    });
}

#[test]
fn the_owner_and_a_thief_end_the_session_whoever_is_first() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, EMAIL, None).await;
        let (here, there) = (world.store().clone(), world.second_store());
        for round in 0..rounds() {
            let token = begin_with_token(world, &id).await;
            let successor = next(use_token(&accounts, here.clone(), &token).await).unwrap();
            world.clock.advance(GRACE + SignedDuration::from_millis(1));
            expect_reuse_mail(world, &accounts);
            let (owner, thief) = together(
                use_token(&accounts, here.clone(), &successor),
                use_token(&accounts, there.clone(), &token),
            )
            .await;
            assert!(matches!(thief, Outcome::Reused), "round {round}: {thief:?}");
            let last = next(owner).unwrap_or(successor);
            let after = use_token(&accounts, here.clone(), &last).await;
            assert!(matches!(after, Outcome::SessionEnded), "{after:?}");
        }
    });
}

#[test]
fn a_refresh_that_is_cut_off_has_not_begun() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, EMAIL, None).await;
        let token = begin_with_token(world, &id).await;
        let (site, shown) = (accounts.site.clone(), Secret::new(&token));
        let cut_off = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let outcome = refresh::refresh(tx, &site, &shown, &client(1))?;
            assert!(matches!(outcome, Outcome::Refreshed(_)), "{outcome:?}");
            Err(StoreError::Busy)
        };
        world.store().write(cut_off).await.unwrap_err();
        let rows = read(world.store(), |tx| {
            tx.all::<(Option<i64>,)>(sql!("SELECT used_at FROM refresh_token"), &[])
        });
        assert_eq!(rows.await, [(None,)]);
        // A day later, the refresh token is still valid.
        world.clock.advance(SignedDuration::from_hours(24));
        let after = use_token(&accounts, world.store().clone(), &token).await;
        assert!(next(after).is_some());
    });
}

#[test]
fn who_ends_all_sessions_leaves_no_live_token() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, EMAIL, Some(&hash)).await;
        let there = world.second_store();
        for round in 0..rounds() {
            let account = id.clone();
            let token = begin_with_token(world, &id).await;
            let end = {
                let there = there.clone();
                async move {
                    write(&there, move |tx| {
                        for session in session::list(tx, &account)? {
                            session::end(tx, &account, &session.id, &client(1).request)?;
                        }
                        Ok(())
                    })
                    .await;
                }
            };
            let (outcome, ()) =
                together(use_token(&accounts, world.store().clone(), &token), end).await;
            // Whichever request came first, the session has ended.
            let last = next(outcome).unwrap_or(token);
            let after = use_token(&accounts, world.store().clone(), &last).await;
            assert!(
                matches!(after, Outcome::SessionEnded),
                "round {round}: {after:?}"
            );
            let owner = id.clone();
            let left = read(world.store(), move |tx| session::list(tx, &owner)).await;
            assert_eq!(left, []);
        }
    });
}

#[test]
fn a_refresh_beside_a_deactivation_leaves_no_live_token() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let boss = person(world, "boss@example.my", None).await;
        give(world, &boss, OWNER, &Scope::site()).await;
        let boss = signed_in(world, &boss).await;
        let there = world.second_store();
        for round in 0..rounds() {
            let id = person(world, &format!("p{round}@example.my"), None).await;
            let token = begin_with_token(world, &id).await;
            let sudo = Sudo::check(boss.clone(), world.clock.now()).unwrap();
            let store = there.clone();
            let deactivate = async move {
                let change = move |tx: &mut Tx<'_>| {
                    let by = administrator::acting(tx, &sudo, &client(1).request)?;
                    people::deactivate(tx, &by, &id)
                };
                store.write(change).await.unwrap();
            };
            let here = world.store().clone();
            let (outcome, ()) =
                together(use_token(&accounts, here.clone(), &token), deactivate).await;
            let last = next(outcome).unwrap_or(token);
            let after = use_token(&accounts, here, &last).await;
            assert!(next(after).is_none(), "round {round}");
        }
    });
}
