//! Tests of meal choices: how they are checked, which guests are asked, and how the kitchen counts
//! them.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Reader as _, Xlsx};
use occasions::code::CodeKey;
use occasions::hosting::listing::people;
use occasions::hosting::summary::Summary;
use occasions::hosting::{portals, resource, summary, tally};
use occasions::household_change::{GuestUpdate, HouseholdChange};
use occasions::question::Question;
use occasions::refusal::Refusal;
use occasions::rsvp::{self, Save, Saved};
use occasions::words::ReplyStatus::{No, Yes};
use occasions::words::{ExportKind, FileFormat, QuestionKind, ReplyStatus, Source};
use platform::{Rows, sql};
use serde_json::{Value, json};
use web::{Form, Input};

use crate::background::{ask, fetch, wanted};
use crate::pages::HOME;
use crate::questions::create;
use crate::stage::{Stage, code, fields, on_default};

pub(crate) fn main_course(change: &Value) -> Value {
    let label = |key: &str, en: &str| json!({"key": key, "label": {"en": en}});
    let mut question = json!({
        "key": "main",
        "kind": "meal",
        "asked_of": "guest",
        "title": {"en": "Main course"},
        "choices": [label("beef", "Beef"), label("fish", "Fish"), label("veg", "Vegetarian")],
        "events": ["reception"],
    });
    for (name, value) in change.as_object().unwrap() {
        question[name] = value.clone();
    }
    question
}

/// A guest's name, replies to events, and chosen meal.
type Chosen<'a> = (&'a str, &'a [(&'a str, ReplyStatus)], Value);

/// Saves the replies and meal choices of RAHMA's guests.
async fn answer(stage: &Stage<'_>, given: &[Chosen<'_>]) -> Result<Saved, Refusal> {
    let id = stage.invitation("RAHMA").await;
    let household = stage
        .done(move |tx, host| portals::load(tx, host, &id))
        .await
        .household;
    let guests = given.iter().map(|(name, replies, meal)| {
        let mut guests = household.guests.iter();
        let guest = guests.find(|guest| guest.name.starts_with(name)).unwrap();
        let replies = replies.iter();
        GuestUpdate {
            id: Some(guest.id.clone()),
            replies: replies
                .map(|(event, status)| ((*event).to_owned(), *status))
                .collect(),
            answers: BTreeMap::from([("main".to_owned(), meal.clone())]),
            ..GuestUpdate::default()
        }
    });
    let save = Save {
        key: CodeKey::parse("RAHMA").unwrap(),
        change: HouseholdChange {
            guests: guests.collect(),
            ..HouseholdChange::default()
        },
        source: Source::Web,
        repeat: None,
        request: None,
        needs_version: false,
    };
    stage.expect_confirmations();
    let store = &stage.site.store;
    store
        .write(move |tx| rsvp::answer(tx, &save, |_| String::new()))
        .await
}

/// Returns how often each main course was chosen for the reception.
async fn counted(stage: &Stage<'_>) -> Option<Value> {
    let found: Summary = stage.done(summary::load).await;
    let found = serde_json::to_value(found).unwrap();
    let mut events = found["events"].as_array().unwrap().iter();
    let event = events.find(|event| event["key"] == "reception").unwrap();
    event["meals"].get(0).cloned()
}

async fn listed(stage: &Stage<'_>, query: &'static str) -> usize {
    let filter = people::GuestFilter::read(&Form::parse(query.as_bytes()).unwrap()).unwrap();
    let look = move |tx: &mut platform::Tx<'_>, host: &occasions::hosting::HostOf| {
        people::all_people(tx, host, &filter)
    };
    stage.done(look).await.len()
}

#[test]
fn a_meal_is_asked_of_each_guest_of_one_event() {
    on_default(async |stage| {
        let refused = async |change: Value| {
            let new = Input::from(main_course(&change));
            let done = stage
                .act(&stage.owner, move |tx, host| {
                    resource::create::<Question>(tx, host, &new)
                })
                .await;
            fields(done)
        };
        for (change, pointer, code) in [
            (json!({"events": []}), "/events", "required"),
            (
                json!({"events": ["nikah", "reception"]}),
                "/events",
                "too_many",
            ),
            (json!({"events": ["ball"]}), "/events/0", "unknown_option"),
            (json!({"asked_of": "household"}), "/asked_of", "not_allowed"),
            (json!({"choices": []}), "/choices", "too_few"),
        ] {
            assert_eq!(refused(change).await, [(pointer.to_owned(), code)]);
        }
        let made = create(stage, main_course(&json!({"coming_only": false}))).await;
        assert_eq!((made.kind, made.coming_only), (QuestionKind::Meal, true));
    });
}

#[test]
fn the_kitchen_counts_who_comes_to_the_event() {
    on_default(async |stage| {
        assert_eq!(counted(stage).await, None);
        create(stage, main_course(&json!({}))).await;
        let before = counted(stage).await.unwrap()["open"].as_i64().unwrap();
        let given: [Chosen<'_>; 3] = [
            (
                "Rahman",
                &[("nikah", Yes), ("reception", Yes)],
                json!("beef"),
            ),
            // Siti does not come to the reception, so she is not asked for a main course.
            ("Siti", &[("nikah", Yes), ("reception", No)], json!("fish")),
            ("Nur", &[("reception", Yes)], Value::Null),
        ];
        answer(stage, &given).await.unwrap();
        let now = counted(stage).await.unwrap();
        assert_eq!(
            now["choices"],
            json!([
                {"key": "beef", "people": 1},
                {"key": "fish", "people": 0},
                {"key": "veg", "people": 0},
            ])
        );
        assert_eq!(now["open"].as_i64().unwrap(), before + 1);
        // Each count equals the length of the list behind it.
        assert_eq!(
            listed(stage, "event=reception&status=yes&answer=main:beef").await,
            1
        );
        assert_eq!(
            listed(stage, "event=reception&status=yes&answer=main:fish").await,
            0
        );
        let open = listed(stage, "event=reception&status=yes&answer=!main").await;
        assert_eq!(i64::try_from(open).unwrap(), before + 1);
        let mut owner = stage.visitor(&stage.owner);
        for page in ["/answers", "/reports"] {
            let page = owner.get(&format!("{HOME}{page}")).await;
            assert!(page.text().contains("Main course") && page.text().contains("Vegetarian"));
            let links = page.links().into_iter().map(|link| link.href);
            let links: Vec<String> = links.map(|href| href.replace("&#38;", "&")).collect();
            for answer in ["main%3Abeef", "%21main"] {
                let mut links = links.iter().filter(|href| href.contains(answer));
                let link = links
                    .next()
                    .unwrap_or_else(|| panic!("{answer}: {links:?}"));
                assert!(
                    link.contains("status=yes") && link.contains("event=reception"),
                    "{link}"
                );
                owner.get(link).await.expect(200);
            }
        }
        // Siti comes after all, so her choice counts again.
        let again: [Chosen<'_>; 1] = [("Siti", &[("reception", Yes)], json!("fish"))];
        answer(stage, &again).await.unwrap();
        // Rahman loses his seat, so his choice counts in neither table.
        let waits = sql!(
            "UPDATE reply SET status = 'waitlisted'
             WHERE guest IN (SELECT id FROM guest WHERE name LIKE 'Rahman%')"
        );
        let wait = move |tx: &mut platform::Tx<'_>| tx.run(waits, &[], Rows::Any);
        stage.site.store.write(wait).await.unwrap();
        let tallies = stage.done(|tx, host| Ok(tally::load(tx, host)?.tallies()));
        let mut tallies = tallies.await.into_iter();
        let tally = tallies.find(|tally| tally.question.key == "main").unwrap();
        let tallied: Vec<i64> = tally.choices.iter().map(|(_, n)| *n).collect();
        assert_eq!((tally.answered, tallied), (1, vec![0, 1, 0]));
        assert_eq!(counted(stage).await.unwrap()["choices"][0]["people"], 0);
        assert_eq!(counted(stage).await.unwrap()["choices"][1]["people"], 1);
    });
}

#[test]
fn a_chosen_meal_is_neither_removed_nor_moved() {
    on_default(async |stage| {
        create(stage, main_course(&json!({}))).await;
        let given: [Chosen<'_>; 1] = [("Rahman", &[("reception", Yes)], json!("beef"))];
        answer(stage, &given).await.unwrap();
        let change = |input: Value| {
            let input = Input::from(input);
            stage.act(&stage.owner, move |tx, host| {
                resource::change::<Question>(tx, host, "main", 1, &input)
            })
        };
        let all = main_course(&json!({}))["choices"].clone();
        let without = |index: usize| {
            let mut left = all.clone();
            left.as_array_mut().unwrap().remove(index);
            left
        };
        for refused in [
            json!({"choices": without(0)}),
            json!({"events": ["nikah"]}),
            json!({"kind": "one_choice"}),
        ] {
            assert_eq!(code(change(refused).await), "question_in_use");
        }
        change(json!({"choices": without(1)})).await.unwrap();
        // Removing the question deactivates it, and existing choices still count.
        let left: Option<Question> = stage
            .done(|tx, host| resource::remove(tx, host, "main", None))
            .await;
        assert!(left.is_some_and(|question| !question.active));
        assert_eq!(counted(stage).await.unwrap()["choices"][0]["people"], 1);
    });
}

#[test]
fn a_required_meal_is_required_of_who_comes_to_the_event() {
    on_default(async |stage| {
        create(stage, main_course(&json!({"required": true}))).await;
        let elsewhere: [Chosen<'_>; 1] =
            [("Rahman", &[("nikah", Yes), ("reception", No)], Value::Null)];
        answer(stage, &elsewhere).await.unwrap();
        let coming: [Chosen<'_>; 1] = [("Rahman", &[("reception", Yes)], Value::Null)];
        let found = fields(answer(stage, &coming).await);
        assert_eq!(found, [("/guests/0/answers/main".to_owned(), "required")]);
        let unknown: [Chosen<'_>; 1] = [("Rahman", &[("reception", Yes)], json!("lamb"))];
        assert!(answer(stage, &unknown).await.is_err());
    });
}

#[test]
fn the_kitchens_file_has_the_meals() {
    on_default(async |stage| {
        create(stage, main_course(&json!({}))).await;
        let given: [Chosen<'_>; 2] = [
            ("Rahman", &[("reception", Yes)], json!("beef")),
            ("Siti", &[("reception", No)], json!("fish")),
        ];
        answer(stage, &given).await.unwrap();
        stage.expect_work();
        let request = wanted(ExportKind::Diets, FileFormat::Csv);
        let id = ask(stage, &stage.owner, request, "en").await;
        stage.worker().run_due().await.unwrap();
        let file = fetch(stage, &stage.owner, &id).await;
        let rahman = file
            .lines()
            .find(|line| line.contains("Rahman bin Ali"))
            .unwrap();
        assert!(
            rahman.starts_with("Reception,") && rahman.contains(",Beef,"),
            "{file}"
        );
        assert!(!file.contains("Fish"), "{file}");
        // A workbook also has the counts.
        let request = wanted(ExportKind::Diets, FileFormat::Xlsx);
        let id = ask(stage, &stage.owner, request, "en").await;
        stage.worker().run_due().await.unwrap();
        let mut owner = stage.visitor(&stage.owner);
        let file = owner.bytes(&stage.at(&format!("/exports/{id}/file"))).await;
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file)).unwrap();
        let sheet = book
            .worksheet_range(&stage.say("host-export-sheet-meals"))
            .unwrap();
        let rows = sheet
            .rows()
            .map(|row| row.iter().map(ToString::to_string).collect());
        let rows: Vec<Vec<String>> = rows.collect();
        assert_eq!(rows[1], ["Reception", "Main course", "Beef", "1"]);
        assert_eq!(rows[2], ["Reception", "Main course", "Fish", "0"]);
        assert_eq!(rows[4][2], stage.say("host-meal-open"));
    });
}
