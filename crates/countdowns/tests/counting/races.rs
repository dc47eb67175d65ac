//! Races that really race: `testkit::rounds` each, on both engines.

use countdowns::countdown::{self, CountdownId, Kind};
use countdowns::entry::{self, Entry, Sent};
use countdowns::{Refusal, countdown::Countdown, primary};
use platform::{Store, Tx};
use serde_json::json;
use testkit::{rounds, together};
use web::Input;

use crate::stage::{Person, Stage, on_both, request};

async fn make(stage: &Stage<'_>, person: &Person, title: String) -> CountdownId {
    let who = person.who.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<CountdownId, Refusal> {
        let input = Input::from(json!({"title": title, "kind": Kind::Since.word()}));
        let maker = countdown::maker(tx, &who)?;
        Ok(countdown::create(tx, &maker, &request(), &input)?.id)
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
        entry::create(tx, &owner, &Sent::default())
    };
    async move { store.write(change).await }
}

fn change(
    store: Store,
    person: &Person,
    id: &CountdownId,
    input: Input,
) -> impl Future<Output = Result<Countdown, Refusal>> + use<> {
    let (who, id) = (person.who.clone(), id.clone());
    let change = move |tx: &mut Tx<'_>| {
        let owner = countdown::enter_locked(tx, &who, &id, &request())?;
        countdown::change(tx, &owner, 1, &input)
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
        let farah = stage.person("Farah Ali").await;
        let other = stage.world.second_store();
        // Somebody has 100 countdowns at most.
        for round in 0..rounds().min(45) {
            let one = make(stage, &farah, format!("One {round}")).await;
            let two = make(stage, &farah, format!("Two {round}")).await;
            let input = || Input::from(json!({"is_primary": true}));
            let store = stage.world.store().clone();
            let (first, second) = together(
                change(store, &farah, &one, input()),
                change(other.clone(), &farah, &two, input()),
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

#[test]
fn two_first_resets_make_one_primary_countdown() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.world.second_store();
        for round in 0..rounds() {
            let farah = stage.person(&format!("Farah Ali {round}")).await;
            let first = |store: Store| {
                let who = farah.who.clone();
                let change = move |tx: &mut Tx<'_>| -> Result<Entry, Refusal> {
                    let maker = countdown::maker(tx, &who)?;
                    let owner = primary::enter_or_create(tx, &maker, "Since then", &request())?;
                    entry::create(tx, &owner, &Sent::default())
                };
                async move { store.write(change).await }
            };
            let store = stage.world.store().clone();
            let (one, two) = together(first(store), first(other.clone())).await;
            assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
            let who = farah.who.clone();
            let look = move |tx: &mut Tx<'_>| countdown::list(tx, &who);
            let all = stage.world.store().read(look).await.unwrap();
            assert_eq!(all.len(), 1, "{all:?}");
        }
    });
}
