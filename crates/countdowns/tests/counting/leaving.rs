//! Tests of countdowns whose owner is deactivated or leaves.

use countdowns::DOMAIN;
use countdowns::countdown::{COUNTDOWN, OWNER};
use identity::account::AccountId;
use identity::person::erasure::{self, DELAY, When};
use identity::person::slug;
use identity::session::sudo::Sudo;
use identity::{grant, people};
use jiff::SignedDuration;
use platform::audit::Entity;
use platform::mail::{NewMail, Stream};
use platform::{Rows, StoreError, Tx, audit, sql};
use serde_json::{Value, json};
use site::domains::for_identity;

use crate::stage::{Counting, DOMAINS, Person, Stage, on_both, on_default, request};

/// The text that the test enters into every field.
const MARK: &str = "marker-5b1c";

const PAGES: [&str; 4] = [
    "/u/marker-5b1c",
    "/u/marker-5b1c/marker-5b1c-swim",
    "/marker-5b1c/incident-timer",
    "/api/v1/public/marker-5b1c/marker-5b1c-swim",
];

/// Creates a person whose data contains the mark in every field.
async fn marked(stage: &Stage<'_>) -> Person {
    let mut person = stage.person(MARK).await;
    let at = person.since(&format!("{MARK} swim")).await;
    let note = json!({ "note": format!("{MARK} note") });
    person.reset(&at, &note).await.expect(201);
    person
        .reset(&at, &json!({ "note": MARK }))
        .await
        .expect(201);
    let version = person.program.get(&at).await.json()["version"].clone();
    let public = json!({
        "visibility": "public", "listed": true, "is_primary": true, "version": version,
    });
    person.call("PATCH", &at, &public).await.expect(200);
    let deleted = person.since(&format!("{MARK} deleted")).await;
    person
        .call("DELETE", &deleted, &Value::Null)
        .await
        .expect(204);
    let until = json!({"title": format!("{MARK} until"), "kind": "until", "target": "2028-01-01"});
    person.make(until).await;
    person
}

async fn write<T, F>(stage: &Stage<'_>, change: F) -> T
where
    F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    stage.world.store().write(change).await.unwrap()
}

/// Writes the mark into columns that the person's pages did not fill in.
async fn mark_the_rest(stage: &Stage<'_>, id: &AccountId) {
    let id = id.clone();
    write(stage, move |tx| {
        let now = tx.now();
        sql!(
            "UPDATE account SET locale = :mark, time_zone = :mark WHERE id = :id",
            mark = MARK,
            id
        )
        .run(tx, Rows::Exactly(1))?;
        sql!(
            "UPDATE session SET user_agent = :mark, network = :mark, auth_method = :mark
             WHERE account_id = :id",
            mark = MARK,
            id
        )
        .run(tx, Rows::Any)?;
        sql!(
            "UPDATE personal_token SET name = :mark WHERE account_id = :id",
            mark = MARK,
            id
        )
        .run(tx, Rows::Exactly(1))?;
        sql!(
            "INSERT INTO password (account_id, hash, changed_at) VALUES (:id, :mark, :now)",
            mark = MARK,
            id,
            now
        )
        .run(tx, Rows::Exactly(1))?;
        sql!(
            "INSERT INTO one_time_token (hash, purpose, account_id, data, expires_at)
             VALUES (:hash, 'sign_in', :id, :mark, :now)",
            hash = MARK.as_bytes(),
            mark = MARK,
            id,
            now
        )
        .run(tx, Rows::Exactly(1))?;
        sql!(
            "INSERT INTO refresh_token (hash, session_id, account_id, expires_at)
             VALUES (:hash, :mark, :id, :now)",
            hash = MARK.as_bytes(),
            mark = MARK,
            id,
            now
        )
        .run(tx, Rows::Exactly(1))?;
        sql!(
            "INSERT INTO email (account_id, address, canonical, verified_by, is_primary)
             VALUES (:id, :address, :address, 'none', 0)",
            address = format!("{MARK}@other.example"),
            id
        )
        .run(tx, Rows::Exactly(1))?;
        for statement in [
            sql!(
                "INSERT INTO webhook (id, account_id, url, events, include_notes, state, generation,
                 rotated_at, created_at)
             VALUES ('hook', $1, $2, '', 0, 'active', 1, 0, 0)"
            ),
            sql!(
                "INSERT INTO webhook_delivery (id, webhook_id, event, body, state, attempts, outcome,
                 created_at)
             SELECT 'sent', id, $2, $2, 'failed', 1, $2, 0 FROM webhook WHERE account_id = $1"
            ),
            sql!(
                "INSERT INTO phrase (id, text, folded_text, active, author_id, created_at)
             SELECT 'phrase', 'Keep going', 'keep going', 1, id, 0 FROM account
             WHERE id = $1 AND $2 <> ''"
            ),
            sql!(
                "INSERT INTO phrase_exclusion (account_id, phrase_id)
             SELECT id, 'phrase' FROM account WHERE id = $1 AND $2 <> ''"
            ),
            sql!(
                "INSERT INTO phrase_suggestion (id, account_id, text, folded_text, state, reason,
                 decided_by, created_at)
             VALUES ('suggestion', $1, $2, $2, 'rejected', $2, $1, 0)"
            ),
        ] {
            tx.run(statement, &[&id, &MARK], Rows::Exactly(1))?;
        }
        tx.record(audit::Entry {
            actor: audit::Actor::Account(id.to_string()),
            action: "account.renamed",
            entity: Entity::new("account", id.to_string()),
            scope: None,
            changes: json!([{ "field": "display_name", "new": MARK }]),
            request: Some(request()),
        })?;
        tx.send_mail(NewMail {
            to: format!("{MARK}@example.my").parse().unwrap(),
            to_name: MARK.to_owned(),
            sender_name: None,
            reply_to: None,
            stream: Stream::Security,
            scope: None,
            subject: MARK.to_owned(),
            text: MARK.to_owned(),
            html: None,
            seal: None,
            stranger: None,
        })?;
        audit::chain::seal(tx)?;
        Ok(())
    })
    .await;
}

#[test]
fn nothing_is_left_of_whoever_leaves_and_the_log_holds() {
    on_default(&async |stage: &Stage<'_>| {
        let person = marked(stage).await;
        let id = person.who.account().id.clone();
        let mut other = stage.person("Someone Else").await;
        let theirs = other.since("Shared").await;
        // The person has also reset another person's countdown, and has made somebody an owner.
        let (by, shared) = (id.clone(), theirs.rsplit_once('/').unwrap().1.to_owned());
        let (at, granter) = (shared.clone(), other.who.account().id.clone());
        write(stage, move |tx| {
            grant::give(tx, &by, OWNER, &COUNTDOWN.scope(&at), Some(&granter)).unwrap();
            slug::of(tx, &by)
        })
        .await;
        let mut program = person.program.clone();
        let reset = program
            .call(
                "POST".parse().unwrap(),
                &format!("{theirs}/entries"),
                &json!({}),
            )
            .await;
        reset.expect(201);
        mark_the_rest(stage, &id).await;
        for place in [
            "account",
            "email",
            "session",
            "countdown",
            "countdown_entry",
            "audit",
            "mail",
            "idempotency",
            "one_time_token",
            "refresh_token",
            "personal_token",
            "password",
            "webhook",
            "webhook_delivery",
            "phrase_suggestion",
        ] {
            let found = stage.world.places_of(MARK);
            let is_there = found.iter().any(|found| found == place);
            assert!(is_there || place == "idempotency", "{place}: {found:?}");
        }
        let sudo = Sudo::check(person.who.clone(), stage.world.clock.now()).unwrap();
        let ask = move |tx: &mut Tx<'_>| {
            erasure::ask(tx, &for_identity(DOMAINS), &sudo, When::Later, &request())
        };
        stage.world.store().write(ask).await.unwrap();
        for page in PAGES {
            stage.visitor().get(page).await.expect(404);
        }
        stage.world.clock.advance(DELAY);
        erasure::run(for_identity(DOMAINS).leak(), stage.world.store())
            .await
            .unwrap();
        // Only the slug contains the mark, because it stays reserved for a while.
        let held = |found: &String| found == "account_slug" || found.contains("kenduri.db");
        let left = stage.world.places_of(MARK);
        assert!(left.iter().all(held), "{left:?}");
        stage.world.clock.advance(erasure::SLUG_HELD);
        erasure::run(for_identity(DOMAINS).leak(), stage.world.store())
            .await
            .unwrap();
        assert_eq!(stage.world.places_of(MARK), [""; 0]);
        let entries = write(stage, |tx| {
            audit::chain::seal(tx)?;
            assert_eq!(audit::chain::verify(tx)?, None);
            let statement = sql!("SELECT created_by FROM countdown_entry");
            tx.all::<(Option<String>,)>(statement, &[])
        })
        .await;
        assert_eq!(
            entries,
            [(None,)],
            "the reset of the other's countdown stays"
        );
    });
}

#[test]
fn a_countdown_goes_to_another_owner_or_with_its_account() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let shared = farah.public("Together").await;
        farah.public("Alone").await;
        daniel.public("Together").await;
        let (id, to) = (
            shared.rsplit_once('/').unwrap().1.to_owned(),
            daniel.who.account().id.clone(),
        );
        let by = farah.who.account().id.clone();
        write(stage, move |tx| {
            grant::give(tx, &to, OWNER, &COUNTDOWN.scope(&id), Some(&by)).unwrap();
            Ok(())
        })
        .await;
        let mut events = stage.visitor().listen("/u/farah-ali/together/events").await;
        events.next().await.unwrap();
        let sudo = Sudo::check(farah.who.clone(), stage.world.clock.now()).unwrap();
        let ask = move |tx: &mut Tx<'_>| {
            erasure::ask(tx, &for_identity(DOMAINS), &sudo, When::Now, &request())
        };
        stage.world.store().write(ask).await.unwrap();
        assert_eq!(events.next().await, None);
        let page = stage.visitor().get("/u/daniel-tan/together-2").await;
        page.expect(200);
        assert!(!page.body.contains("Farah Ali"));
        daniel.reset(&shared, &json!({})).await.expect(201);
        let all = daniel.program.get("/api/v1/countdowns").await.json();
        assert_eq!(all["total"], 2);
    });
}

/// Makes `with` another owner of a countdown.
async fn share(stage: &Stage<'_>, shared: &str, from: &Person, with: &Person) {
    let id = shared.rsplit_once('/').unwrap().1.to_owned();
    let (by, to) = (from.who.account().id.clone(), with.who.account().id.clone());
    write(stage, move |tx| {
        grant::give(tx, &to, OWNER, &COUNTDOWN.scope(&id), Some(&by)).unwrap();
        Ok(())
    })
    .await;
}

async fn ask_for_erasure(stage: &Stage<'_>, person: &Person, when: When) {
    let sudo = Sudo::check(person.who.clone(), stage.world.clock.now()).unwrap();
    let ask =
        move |tx: &mut Tx<'_>| erasure::ask(tx, &for_identity(DOMAINS), &sudo, when, &request());
    stage.world.store().write(ask).await.unwrap();
}

/// For each remaining countdown, the account whose slug is in its URL.
async fn names(stage: &Stage<'_>) -> Vec<AccountId> {
    let all: Vec<(AccountId,)> = write(stage, |tx| {
        tx.all(sql!("SELECT account_id FROM countdown ORDER BY id"), &[])
    })
    .await;
    all.into_iter().map(|(account,)| account).collect()
}

#[test]
fn an_owner_who_is_kept_out_gets_a_countdown_after_those_who_may_act() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let daniel = stage.person("Daniel Tan").await;
        let aisyah = stage.person("Aisyah").await;
        let boss = stage.person("The Boss").await;
        let shared = farah.public("Together").await;
        farah.reset(&shared, &json!({})).await.expect(201);
        share(stage, &shared, &farah, &daniel).await;
        stage.world.clock.advance(SignedDuration::from_secs(1));
        share(stage, &shared, &farah, &aisyah).await;
        let (id, by) = (daniel.who.account().id.clone(), boss.who.clone());
        let rank = by.account().id.clone();
        write(stage, move |tx| {
            grant::give(tx, &rank, grant::ADMIN, &grant::Scope::site(), None).unwrap();
            Ok(())
        })
        .await;
        let sudo = Sudo::check(by, stage.world.clock.now()).unwrap();
        let set = async |activate: bool| {
            let (sudo, id) = (sudo.clone(), id.clone());
            let change = move |tx: &mut Tx<'_>| {
                let by = people::acting(tx, &sudo, &request())?;
                if activate {
                    people::activate(tx, &by, &id)
                } else {
                    people::deactivate(tx, &by, &id)
                }
            };
            stage.world.store().write(change).await.unwrap();
        };
        set(false).await;
        ask_for_erasure(stage, &farah, When::Now).await;
        assert_eq!(names(stage).await, [aisyah.who.account().id.clone()]);
        ask_for_erasure(stage, &aisyah, When::Now).await;
        assert_eq!(names(stage).await, [daniel.who.account().id.clone()]);
        let page = "/u/daniel-tan/together";
        stage.visitor().get(page).await.expect(404);
        set(true).await;
        stage.visitor().get(page).await.expect(200);
        let (resets,) = write(stage, |tx| {
            tx.one::<(i64,)>(sql!("SELECT COUNT(*) FROM countdown_entry"), &[])
        })
        .await;
        assert_eq!(resets, 2);
    });
}

#[test]
fn who_is_erased_there_keeps_no_part_in_a_countdown_that_goes_to_another() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let daniel = stage.person("Daniel Tan").await;
        let shared = farah.public("Together").await;
        share(stage, &shared, &farah, &daniel).await;
        // The other owner takes over the countdown with its data.
        let id = farah.who.account().id.clone();
        write(stage, move |tx| (DOMAIN.accounts.erase)(tx, &id)).await;
        assert_eq!(names(stage).await, [daniel.who.account().id.clone()]);
        let id = farah.who.account().id.clone();
        let (parts,) = write(stage, move |tx| {
            sql!(
                "SELECT COUNT(*) FROM role_grant WHERE account_id = :id AND scope_kind = 'countdown'",
                id
            )
            .one::<(i64,)>(tx)
        })
        .await;
        assert_eq!(parts, 0);
    });
}

#[test]
fn a_countdown_of_owners_who_all_leave_goes_with_the_last() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let daniel = stage.person("Daniel Tan").await;
        let shared = farah.public("Together").await;
        share(stage, &shared, &farah, &daniel).await;
        ask_for_erasure(stage, &daniel, When::Later).await;
        ask_for_erasure(stage, &farah, When::Now).await;
        assert_eq!(names(stage).await, [daniel.who.account().id.clone()]);
        stage.world.clock.advance(DELAY);
        erasure::run(for_identity(DOMAINS).leak(), stage.world.store())
            .await
            .unwrap();
        assert_eq!(names(stage).await, []);

        let mut third = stage.person("Third").await;
        let fourth = stage.person("Fourth").await;
        let shared = third.public("Together").await;
        share(stage, &shared, &third, &fourth).await;
        ask_for_erasure(stage, &third, When::Later).await;
        ask_for_erasure(stage, &fourth, When::Later).await;
        stage.world.clock.advance(DELAY);
        let store = stage.world.store();
        let (one, other) = tokio::join!(
            erasure::run(for_identity(DOMAINS).leak(), store),
            erasure::run(for_identity(DOMAINS).leak(), store)
        );
        one.unwrap();
        other.unwrap();
        assert_eq!(names(stage).await, []);
    });
}

#[test]
fn a_copy_has_the_countdowns_with_all_resets() {
    on_default(&async |stage: &Stage<'_>| {
        let person = marked(stage).await;
        let mut other = stage.person("Someone Else").await;
        other.since("Not yours").await;
        let id = person.who.account().id.clone();
        let copy = write(stage, move |tx| {
            (countdowns::DOMAIN.accounts.export)(tx, &id)
        })
        .await;
        let all = copy["countdowns"].as_array().unwrap();
        assert_eq!(all.len(), 2);
        let swim = format!("{MARK} swim");
        let mut swims = all.iter().filter(|one| one["countdown"]["title"] == swim);
        assert_eq!(
            swims.next().unwrap()["entries"].as_array().unwrap().len(),
            2
        );
        assert!(!copy.to_string().contains("Not yours"));
    });
}

#[test]
fn whoever_is_kept_out_has_no_pages_until_they_are_let_in_again() {
    on_default(&async |stage: &Stage<'_>| {
        let person = marked(stage).await;
        let boss = stage.person("The Boss").await;
        let (id, by) = (person.who.account().id.clone(), boss.who.clone());
        let rank = by.account().id.clone();
        write(stage, move |tx| {
            grant::give(tx, &rank, grant::ADMIN, &grant::Scope::site(), None).unwrap();
            Ok(())
        })
        .await;
        let sudo = Sudo::check(by, stage.world.clock.now()).unwrap();
        for (deactivate, status) in [(true, 404), (false, 200)] {
            let (sudo, id) = (sudo.clone(), id.clone());
            let change = move |tx: &mut Tx<'_>| {
                let by = people::acting(tx, &sudo, &request())?;
                if deactivate {
                    people::deactivate(tx, &by, &id)
                } else {
                    people::activate(tx, &by, &id)
                }
            };
            stage.world.store().write(change).await.unwrap();
            for page in PAGES {
                stage.visitor().get(page).await.expect(status);
            }
            let directory = stage.visitor().get("/countdowns").await;
            assert_eq!(directory.body.contains(MARK), status == 200);
        }
    });
}
