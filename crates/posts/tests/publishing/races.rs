//! Race tests for posts, each repeated `testkit::rounds` times with SQLite and PostgreSQL.

use platform::{Store, Tx};
use posts::post::{Post, PostId};
use posts::{Refusal, editor_role};
use serde_json::{Value, json};
use site::resource;
use testkit::{rounds, together};
use web::Input;
use web::codes::SLUG_TAKEN;

use crate::stage::{Person, Stage, editor, on_both, request};

fn create(
    store: Store,
    person: &Person,
    sent: Value,
) -> impl Future<Output = Result<Post, Refusal>> + use<> {
    let (who, input) = (person.who.clone(), Input::from(sent));
    let change = move |tx: &mut Tx<'_>| {
        let editor = editor_role::enter(tx, &who, &request())?;
        resource::create(tx, &editor, &input)
    };
    async move { store.write(change).await }
}

fn change(
    store: Store,
    person: &Person,
    id: &PostId,
    sent: Value,
) -> impl Future<Output = Result<Post, Refusal>> + use<> {
    let (who, id, input) = (person.who.clone(), id.clone(), Input::from(sent));
    let change = move |tx: &mut Tx<'_>| {
        let editor = editor_role::enter(tx, &who, &request())?;
        resource::change(tx, &editor, id.as_str(), 1, &input)
    };
    async move { store.write(change).await }
}

#[test]
fn two_of_one_title_have_two_addresses() {
    on_both(&async |stage: &Stage<'_>| {
        let farah = editor(stage).await;
        let other = stage.world.second_store();
        for round in 1..=rounds() {
            let title = json!({"title": format!("Round {round}")});
            let one = create(stage.world.store().clone(), &farah, title.clone());
            let two = create(other.clone(), &farah, title);
            let (one, two) = together(one, two).await;
            let mut slugs = [one.unwrap().slug, two.unwrap().slug];
            slugs.sort();
            let base = format!("round-{round}");
            assert_eq!(slugs, [base.clone(), format!("{base}-2")]);
        }
    });
}

#[test]
fn of_two_changes_of_one_version_one_is_refused() {
    on_both(&async |stage: &Stage<'_>| {
        let farah = editor(stage).await;
        let (store, other) = (stage.world.store(), stage.world.second_store());
        for _ in 0..rounds() {
            let made = create(store.clone(), &farah, json!({"title": "Race"})).await;
            let id = made.unwrap().id;
            let one = change(store.clone(), &farah, &id, json!({"title": "One"}));
            let two = change(other.clone(), &farah, &id, json!({"title": "Two"}));
            let (one, two) = together(one, two).await;
            let results = [one, two];
            let saved = results.iter().filter(|done| done.is_ok()).count();
            let refused = results
                .iter()
                .filter(|done| matches!(done, Err(Refusal::VersionConflict(_))));
            assert_eq!((saved, refused.count()), (1, 1));
        }
    });
}

#[test]
fn a_slug_that_two_choose_is_one_s() {
    on_both(&async |stage: &Stage<'_>| {
        let farah = editor(stage).await;
        let (store, other) = (stage.world.store(), stage.world.second_store());
        for round in 1..=rounds() {
            let mut ids = Vec::new();
            for title in ["A", "B"] {
                let sent = json!({"title": format!("{title} {round}")});
                ids.push(create(store.clone(), &farah, sent).await.unwrap().id);
            }
            let slug = json!({"slug": format!("chosen-{round}")});
            let one = change(store.clone(), &farah, &ids[0], slug.clone());
            let two = change(other.clone(), &farah, &ids[1], slug);
            let (one, two) = together(one, two).await;
            let results = [one, two];
            let saved = results.iter().filter(|done| done.is_ok()).count();
            let refused = results.iter();
            let refused = refused.filter(|done| matches!(done, Err(Refusal::Rule(SLUG_TAKEN))));
            assert_eq!((saved, refused.count()), (1, 1), "{results:?}");
        }
    });
}
