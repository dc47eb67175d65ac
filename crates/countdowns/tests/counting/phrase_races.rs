//! Race tests for phrases, each repeated `testkit::rounds` times with SQLite and PostgreSQL.

use countdowns::Refusal;
use countdowns::codes::{ALREADY_MODERATED, PHRASE_EXISTS};
use countdowns::phrase::MODERATOR;
use countdowns::suggestion::{self, PENDING, State, Suggestion, SuggestionId};
use countdowns::{countdown, phrase};
use platform::{Store, Tx};
use testkit::{rounds, together};

use crate::phrases::{expect_decision, give};
use crate::stage::{Person, Stage, on_both, request};

fn suggest(
    store: Store,
    person: &Person,
    text: String,
) -> impl Future<Output = Result<Suggestion, Refusal>> + use<> {
    let who = person.who.clone();
    let change = move |tx: &mut Tx<'_>| {
        let who = countdown::maker(tx, &who)?;
        suggestion::create(tx, &who, &text)
    };
    async move { store.write(change).await }
}

fn approve(
    (stage, store): (&Stage<'_>, &Store),
    person: &Person,
    id: &SuggestionId,
) -> impl Future<Output = Result<Suggestion, Refusal>> + use<> {
    let (who, id) = (person.who.clone(), id.clone());
    let (site, store) = (stage.site.clone(), store.clone());
    let change = move |tx: &mut Tx<'_>| {
        let moderator = phrase::moderate(tx, &who, &request())?;
        suggestion::approve(tx, &site, &moderator, &id, None)
    };
    async move { store.write(change).await }
}

fn reject(
    (stage, store): (&Stage<'_>, &Store),
    person: &Person,
    id: &SuggestionId,
) -> impl Future<Output = Result<Suggestion, Refusal>> + use<> {
    let (who, id) = (person.who.clone(), id.clone());
    let (site, store) = (stage.site.clone(), store.clone());
    let change = move |tx: &mut Tx<'_>| {
        let moderator = phrase::moderate(tx, &who, &request())?;
        suggestion::reject(tx, &site, &moderator, &id, "")
    };
    async move { store.write(change).await }
}

async fn phrases(stage: &Stage<'_>, person: &Person) -> usize {
    let who = person.who.clone();
    let look = move |tx: &mut Tx<'_>| phrase::list(tx, &who, None, 1000);
    stage.world.store().read(look).await.unwrap().len()
}

fn a_day_later(stage: &Stage<'_>) {
    let day = jiff::SignedDuration::from_hours(24);
    stage.world.clock.advance(day);
}

#[test]
fn a_suggestion_is_taken_or_turned_down_once() {
    on_both(&async |stage: &Stage<'_>| {
        let farah = stage.person("Farah Ali").await;
        give(stage, &farah, MODERATOR).await;
        let (store, other) = (stage.world.store(), stage.world.second_store());
        let mut taken = 0;
        for round in 1..=rounds() {
            a_day_later(stage);
            let text = format!("Suggestion {round}");
            let made = suggest(store.clone(), &farah, text).await.unwrap();
            let (one, two) = if round % 2 == 0 {
                let one = approve((stage, store), &farah, &made.id);
                together(one, approve((stage, &other), &farah, &made.id)).await
            } else {
                let one = approve((stage, store), &farah, &made.id);
                together(one, reject((stage, &other), &farah, &made.id)).await
            };
            let results = [one, two];
            let lost = results
                .iter()
                .filter(|done| matches!(done, Err(Refusal::Rule(ALREADY_MODERATED))));
            assert_eq!(lost.count(), 1, "{results:?}");
            let won = results.iter().flatten();
            taken += won.filter(|one| one.state == State::Approved).count();
            assert_eq!(phrases(stage, &farah).await, taken);
        }
    });
}

#[test]
fn two_like_suggestions_become_one_phrase() {
    on_both(&async |stage: &Stage<'_>| {
        let farah = stage.person("Farah Ali").await;
        let aina = stage.person("Aina Ali").await;
        give(stage, &farah, MODERATOR).await;
        let (store, other) = (stage.world.store(), stage.world.second_store());
        for round in 1..=rounds() {
            a_day_later(stage);
            let text = format!("Suggestion {round}");
            let one = suggest(store.clone(), &farah, text.clone()).await.unwrap();
            let two = suggest(store.clone(), &aina, text).await.unwrap();
            let approval = approve((stage, store), &farah, &one.id);
            let (a, b) = together(approval, approve((stage, &other), &farah, &two.id)).await;
            let results = [a, b];
            let refused = results.iter();
            let refused = refused.filter(|done| matches!(done, Err(Refusal::Rule(PHRASE_EXISTS))));
            assert_eq!(refused.count(), 1, "{results:?}");
            assert_eq!(phrases(stage, &farah).await, round);
            // The suggestion whose approval lost the race is still pending, and is decided again.
            let left = if results[0].is_err() {
                expect_decision(stage, &aina, "accepted");
                &one.id
            } else {
                expect_decision(stage, &aina, "not accepted");
                &two.id
            };
            reject((stage, store), &farah, left).await.unwrap();
        }
    });
}

#[test]
fn there_is_no_eleventh_that_waits() {
    on_both(&async |stage: &Stage<'_>| {
        let farah = stage.person("Farah Ali").await;
        give(stage, &farah, MODERATOR).await;
        let (store, other) = (stage.world.store(), stage.world.second_store());
        for round in 0..rounds() {
            a_day_later(stage);
            let mut ids = Vec::new();
            for number in 1..PENDING {
                let text = format!("Suggestion {round} {number}");
                ids.push(suggest(store.clone(), &farah, text).await.unwrap().id);
            }
            let tenth = suggest(store.clone(), &farah, format!("One more {round}"));
            let last = suggest(other.clone(), &farah, format!("Yet another {round}"));
            let (one, two) = together(tenth, last).await;
            let results = [one, two];
            let refused = results
                .iter()
                .filter(|done| matches!(done, Err(Refusal::LimitReached(PENDING))));
            assert_eq!(refused.count(), 1, "{results:?}");
            ids.extend(results.into_iter().flatten().map(|made| made.id));
            for id in &ids {
                reject((stage, store), &farah, id).await.unwrap();
            }
        }
    });
}
