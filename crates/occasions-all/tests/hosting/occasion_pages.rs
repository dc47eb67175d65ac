//! Tests of the hosts' side of the pages that hosts write for their guests.

use occasions::hosting::resource;
use occasions::occasion_page::{LIMIT, OccasionPage};
use occasions::refusal::Refusal;
use occasions::words::{PageAudience, PageKind};
use serde_json::{Value, json};
use web::Input;

use crate::pages::HOME;
use crate::stage::{ALL, Stage, call, code, fields, on_default};

async fn create(stage: &Stage<'_>, new: Value) -> OccasionPage {
    let new = Input::from(new);
    stage
        .done(move |tx, host| resource::create(tx, host, &new))
        .await
}

#[test]
fn a_page_is_checked_field_by_field() {
    on_default(async |stage| {
        let refused = async |new: Value| {
            let new = Input::from(new);
            let done = stage
                .act(&stage.owner, move |tx, host| {
                    resource::create::<OccasionPage>(tx, host, &new)
                })
                .await;
            fields(done)
        };
        let found = |pairs: &[(&str, &'static str)]| -> Vec<(String, &'static str)> {
            let pairs = pairs.iter();
            pairs.map(|(at, code)| ((*at).to_owned(), *code)).collect()
        };
        // A page without text can be stored, but not shown to guests.
        assert_eq!(
            refused(json!({"kind": "stay", "audience": "everybody"})).await,
            found(&[("/body", "required")])
        );
        // Pages of the kind `other` have no built-in title.
        assert_eq!(
            refused(json!({"kind": "other", "audience": "nobody"})).await,
            found(&[("/title", "required")])
        );
        let long = "x".repeat(20_001);
        assert_eq!(
            refused(json!({"kind": "stay", "audience": "invited", "body": {"en": long}})).await,
            found(&[("/body/en", "too_long")])
        );
        assert_eq!(
            refused(json!({"kind": "stay", "audience": "nobody", "key": "travel"})).await,
            found(&[("/key", "not_unique")])
        );
    });
}

#[test]
fn the_kind_makes_the_address_and_the_order_is_that_of_the_hosts() {
    on_default(async |stage| {
        let stay = json!({"kind": "stay", "audience": "nobody"});
        let first = create(stage, stay.clone()).await;
        let second = create(stage, stay).await;
        assert_eq!((&*first.key, &*second.key), ("stay", "stay-2"));
        assert_eq!(first.audience, PageAudience::Nobody);
        let before = first.position - 1;
        let change = json!({"position": before.max(0), "kind": "story"});
        let input = Input::from(change);
        let changed: OccasionPage = stage
            .done(move |tx, host| resource::change(tx, host, "stay", first.version, &input))
            .await;
        // The page's kind changed, but its key stays the same, because guests may have bookmarked
        // the page.
        assert_eq!((&*changed.key, changed.kind), ("stay", PageKind::Story));
        let stale = stage
            .act(&stage.owner, |tx, host| {
                resource::change::<OccasionPage>(tx, host, "stay", 1, &Input::from(json!({})))
            })
            .await;
        assert_eq!(code(stale), "version_conflict");
        for n in 0..LIMIT - 3 {
            create(
                stage,
                json!({"kind": "other", "audience": "nobody", "title": {"en": n.to_string()}}),
            )
            .await;
        }
        let more = stage
            .act(&stage.owner, |tx, host| {
                let new = json!({"kind": "story", "audience": "nobody"});
                resource::create::<OccasionPage>(tx, host, &Input::from(new))
            })
            .await;
        assert!(matches!(more, Err(Refusal::LimitReached(20))), "{more:?}");
    });
}

#[test]
fn coordinators_change_words_and_only_words() {
    on_default(async |stage| {
        let text = json!({"body": {"en": "By train."}});
        let change = |input: Value| {
            let input = Input::from(input);
            stage.act(&stage.coordinator, move |tx, host| {
                resource::change::<OccasionPage>(tx, host, "travel", 1, &input)
            })
        };
        assert_eq!(
            code(change(json!({"audience": "nobody"})).await),
            "forbidden"
        );
        change(text).await.unwrap();
        let removed = stage
            .act(&stage.coordinator, |tx, host| {
                resource::remove::<OccasionPage>(tx, host, "travel", None)
            })
            .await;
        assert_eq!(code(removed), "forbidden");
    });
}

#[test]
fn pages_are_made_by_form_and_by_program() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let list = format!("{HOME}/settings/pages");
        let page = owner.get(&list).await;
        assert!(page.expect(200).text().contains(&stage.say("page-travel")));
        let page = owner.get(&format!("{list}/new")).await;
        let mut form = page.form(&format!("{list}/new"));
        form.fill("kind", "questions")
            .fill("audience", "invited")
            .fill("body.en", "## May we bring the dog?\n\nNo.");
        let done = owner.submit(&page, &form).await;
        let to = format!("{list}?done=created");
        assert_eq!(done.location(), Some(to.as_str()));
        let mut program = stage.program(&stage.owner, &ALL).await;
        let path = format!("/api/v1/occasions/{}/pages", stage.occasion);
        let all = call(&mut program, "GET", &path, &Value::Null).await.json();
        let keys = all["items"].as_array().unwrap();
        let keys: Vec<_> = keys
            .iter()
            .map(|page| page["key"].as_str().unwrap())
            .collect();
        assert_eq!(keys, ["travel", "questions"]);
        let gone = format!("{path}/questions");
        call(&mut program, "DELETE", &gone, &Value::Null)
            .await
            .expect(204);
        owner.get(&format!("{list}/questions")).await.expect(404);
    });
}
