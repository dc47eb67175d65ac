//! Race tests for countdowns, each repeated `testkit::rounds` times with SQLite and PostgreSQL.

use axum::http::Method;
use countdowns::countdown::{self, CountdownId, Kind};
use countdowns::entry::{self, Entry, EntryId};
use countdowns::own_countdowns;
use countdowns::reset::{self, Sent};
use countdowns::webhook::Event;
use countdowns::{Refusal, countdown::Countdown};
use platform::{Store, Tx};
use serde_json::json;
use testkit::{Visitor, rounds, together};
use web::Input;

use crate::stage::{Counting, DATES, Person, Stage, on_both, request};
use crate::webhooks::{deliveries, hook};

async fn make(stage: &Stage<'_>, person: &Person, title: String) -> CountdownId {
    let who = person.who.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<CountdownId, Refusal> {
        let input = Input::from(json!({"title": title, "kind": Kind::Since.word()}));
        let maker = countdown::maker(tx, &who)?;
        Ok(own_countdowns::create(tx, &maker, &request(), DATES, &input)?.id)
    };
    stage.world.store().write(change).await.unwrap()
}

fn reset(
    store: Store,
    person: &Person,
    id: &CountdownId,
) -> impl Future<Output = Result<Entry, Refusal>> + use<> {
    let (who, id) = (person.who.clone(), id.clone());
    let change = move |tx: &mut Tx<'_>| {
        let owner = countdown::enter_locked(tx, &who, &id, &request())?;
        reset::create(tx, &owner, &Sent::default())
    };
    async move { store.write(change).await }
}

fn change(
    store: Store,
    person: &Person,
    id: &CountdownId,
    version: i64,
    input: Input,
) -> impl Future<Output = Result<Countdown, Refusal>> + use<> {
    let (who, id) = (person.who.clone(), id.clone());
    let change = move |tx: &mut Tx<'_>| {
        let owner = countdown::enter_locked(tx, &who, &id, &request())?;
        own_countdowns::change(tx, &owner, version, DATES, &input)
    };
    async move { store.write(change).await }
}

#[test]
fn two_resets_at_once_are_both_kept() {
    on_both(&async |stage: &Stage<'_>| {
        let farah = stage.person("Farah Ali").await;
        let other = stage.world.second_store();
        let id = make(stage, &farah, "Race".to_owned()).await;
        for round in 1..=rounds() {
            let store = stage.world.store().clone();
            let (one, two) =
                together(reset(store, &farah, &id), reset(other.clone(), &farah, &id)).await;
            let (one, two) = (one.unwrap(), two.unwrap());
            assert_ne!(one.reset_at, two.reset_at, "round {round}");
            let at = id.clone();
            let look =
                move |tx: &mut Tx<'_>| -> Result<_, Refusal> { Ok(entry::summary(tx, &at)?) };
            let summary = stage.world.store().read(look).await.unwrap();
            assert_eq!(summary.count, 2 * i64::try_from(round).unwrap());
            assert_eq!(summary.newest, Some(one.reset_at.max(two.reset_at)));
        }
    });
}

#[test]
fn of_two_main_countdowns_one_is_left() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.world.second_store();
        for round in 0..rounds() {
            let farah = stage.person(&format!("Farah Ali {round}")).await;
            let one = make(stage, &farah, format!("One {round}")).await;
            let two = make(stage, &farah, format!("Two {round}")).await;
            let input = || Input::from(json!({"is_primary": true}));
            let store = stage.world.store().clone();
            let (first, second) = together(
                change(store, &farah, &one, 1, input()),
                change(other.clone(), &farah, &two, 1, input()),
            )
            .await;
            assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
            let who = farah.who.clone();
            let look =
                move |tx: &mut Tx<'_>| -> Result<_, Refusal> { Ok(countdown::list(tx, &who)?) };
            let all = stage.world.store().read(look).await.unwrap();
            assert_eq!(
                all.iter().filter(|one| one.is_primary).count(),
                1,
                "round {round}"
            );
        }
    });
}

fn edit(
    store: Store,
    person: &Person,
    countdown: &CountdownId,
    id: &EntryId,
) -> impl Future<Output = Result<Entry, Refusal>> + use<> {
    let (who, countdown, id) = (person.who.clone(), countdown.clone(), id.clone());
    let change = move |tx: &mut Tx<'_>| {
        let owner = countdown::enter_locked(tx, &who, &countdown, &request())?;
        let note = Some("edited".to_owned());
        let sent = Sent {
            note,
            ..Sent::default()
        };
        reset::change(tx, &owner, &id, &sent)
    };
    async move { store.write(change).await }
}

fn delete(
    store: Store,
    person: &Person,
    countdown: &CountdownId,
    id: &EntryId,
) -> impl Future<Output = Result<(), Refusal>> + use<> {
    let (who, countdown, id) = (person.who.clone(), countdown.clone(), id.clone());
    let change = move |tx: &mut Tx<'_>| {
        let owner = countdown::enter_locked(tx, &who, &countdown, &request())?;
        reset::delete(tx, &owner, &id)
    };
    async move { store.write(change).await }
}

async fn entries(stage: &Stage<'_>, id: &CountdownId) -> Vec<Entry> {
    let id = id.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> { Ok(entry::list(tx, &id, None, 10)?) };
    stage.world.store().read(look).await.unwrap()
}

#[test]
fn an_entry_that_is_deleted_while_it_is_edited_stays_deleted() {
    on_both(&async |stage: &Stage<'_>| {
        let farah = stage.person("Farah Ali").await;
        let (here, there) = (stage.world.store().clone(), stage.world.second_store());
        let id = make(stage, &farah, "Race".to_owned()).await;
        for round in 0..rounds() {
            let made = reset(here.clone(), &farah, &id).await.unwrap();
            let (edited, deleted) = together(
                edit(here.clone(), &farah, &id, &made.id),
                delete(there.clone(), &farah, &id, &made.id),
            )
            .await;
            deleted.unwrap();
            let is_fine = matches!(edited, Ok(_) | Err(Refusal::NotFound));
            assert!(is_fine, "round {round}: {edited:?}");
            assert_eq!(entries(stage, &id).await, []);
        }
    });
}

#[test]
fn a_reset_beside_the_deletion_of_the_newest_is_what_runs() {
    on_both(&async |stage: &Stage<'_>| {
        let farah = stage.person("Farah Ali").await;
        let (here, there) = (stage.world.store().clone(), stage.world.second_store());
        let id = make(stage, &farah, "Race".to_owned()).await;
        let mut newest = reset(here.clone(), &farah, &id).await.unwrap();
        for _ in 0..rounds() {
            let (made, deleted) = together(
                reset(here.clone(), &farah, &id),
                delete(there.clone(), &farah, &id, &newest.id),
            )
            .await;
            deleted.unwrap();
            newest = made.unwrap();
            assert_eq!(entries(stage, &id).await, [newest.clone()]);
        }
    });
}

#[test]
fn a_reset_of_a_countdown_that_is_hidden_meanwhile_is_kept_and_not_shown() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let (here, there) = (stage.world.store().clone(), stage.world.second_store());
        let id = make(stage, &farah, "Race".to_owned()).await;
        hook(&mut farah, "https://hooks.example/", false).await;
        stage.world.expect_jobs("webhook.deliver");
        let mut version = 1;
        for round in 1..=rounds() {
            let public = Input::from(json!({"visibility": "public"}));
            change(here.clone(), &farah, &id, version, public)
                .await
                .unwrap();
            let private = Input::from(json!({"visibility": "private"}));
            let (made, hidden) = together(
                reset(here.clone(), &farah, &id),
                change(there.clone(), &farah, &id, version + 1, private),
            )
            .await;
            made.unwrap();
            version = hidden.unwrap().version;
            let at = id.clone();
            let look =
                move |tx: &mut Tx<'_>| -> Result<_, Refusal> { Ok(entry::summary(tx, &at)?) };
            let summary = here.read(look).await.unwrap();
            assert_eq!(summary.count, i64::try_from(round).unwrap());
            stage.visitor().get("/u/farah-ali/race").await.expect(404);
            // The owner's own webhook still gets the event.
            assert_eq!(deliveries(stage, Event::Reset).await, round);
        }
    });
}

#[test]
fn a_reset_that_is_sent_twice_at_once_is_one() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.beside();
        for round in 0..rounds() {
            let mut farah = stage.person(&format!("Farah Ali {round}")).await;
            let at = format!("{}/entries", farah.since("Once").await);
            let press = |mut program: Visitor| {
                let (at, token) = (at.clone(), farah.token.clone());
                async move {
                    program.header("authorization", &token);
                    program.header("idempotency-key", "one-press");
                    program.call(Method::POST, &at, &json!({})).await
                }
            };
            let (one, two) = together(press(stage.visitor()), press(other.visitor())).await;
            one.expect(201);
            two.expect(201);
            assert_eq!(one.json(), two.json(), "round {round}");
            assert_eq!(one.json()["stats"]["entry_count"], 1);
        }
    });
}
