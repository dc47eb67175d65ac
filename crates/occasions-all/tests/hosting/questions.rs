//! Tests of the hosts' own questions: creating and changing them, guests' answers, and the counts
//! of answers.

use std::collections::BTreeMap;

use occasions::answer::Answer;
use occasions::code::CodeKey;
use occasions::hosting::listing::{self, filter, people};
use occasions::hosting::{portals, resource, tally};
use occasions::household_change::{GuestUpdate, HouseholdChange};
use occasions::question::Question;
use occasions::refusal::Refusal;
use occasions::rsvp::{self, Save, Saved};
use occasions::words::ReplyStatus::{No, Yes};
use occasions::words::{ExportKind, FileFormat, Progress, ReplyStatus, Source};
use occasions_lists::export::{self, Request};
use platform::{Rows, StoreError, sql};
use serde_json::{Value, json};
use web::Input;

use crate::stage::{Stage, call, code, fields, on_default};

/// A question "Which bus?" that each guest is asked, with two choices.
pub(crate) fn bus() -> Value {
    json!({
        "key": "bus",
        "asked_of": "guest",
        "kind": "one_choice",
        "title": {"en": "Which bus?"},
        "choices": [choice("early", "At nine"), choice("late", "At noon")],
    })
}

/// Returns the question of [`bus`], changed by `change`: its null fields are removed, and its other
/// fields replace the question's.
pub(crate) fn bus_but(change: &Value) -> Value {
    let mut bus = bus();
    for (name, value) in change.as_object().unwrap() {
        bus[name] = value.clone();
    }
    bus
}

fn choice(key: &str, label: &str) -> Value {
    json!({"key": key, "label": {"en": label}})
}

pub(crate) async fn create(stage: &Stage<'_>, new: Value) -> Question {
    let new = Input::from(new);
    stage
        .done(move |tx, host| resource::create(tx, host, &new))
        .await
}

/// Saves the reply and the bus of each guest in the household RAHMA, and the household's song.
pub(crate) async fn answer(stage: &Stage<'_>, given: &[(&str, ReplyStatus, Value)], song: Value) {
    let id = stage.invitation("RAHMA").await;
    let household = stage
        .done(move |tx, host| portals::load(tx, host, &id))
        .await
        .household;
    let guests = given.iter().map(|(name, status, bus)| {
        let guest = household
            .guests
            .iter()
            .find(|guest| guest.name.starts_with(name))
            .unwrap();
        GuestUpdate {
            id: Some(guest.id.clone()),
            replies: ["nikah", "reception", "brunch"]
                .map(|event| (event.to_owned(), *status))
                .into(),
            answers: BTreeMap::from([("bus".to_owned(), bus.clone())]),
            ..GuestUpdate::default()
        }
    });
    let save = Save {
        key: CodeKey::parse("RAHMA").unwrap(),
        change: HouseholdChange {
            guests: guests.collect(),
            answers: BTreeMap::from([("song".to_owned(), song)]),
            ..HouseholdChange::default()
        },
        source: Source::Web,
        repeat: None,
        request: None,
        needs_version: false,
    };
    stage.expect_confirmations();
    let saved: Result<Saved, Refusal> = stage
        .site
        .store
        .write(move |tx| rsvp::answer(tx, &save, |_| String::new()))
        .await;
    saved.unwrap();
}

#[test]
fn what_a_question_may_be_is_checked_field_by_field() {
    on_default(async |stage| {
        let refused = async |new: Value| {
            let new = Input::from(new);
            let done = stage
                .act(&stage.owner, move |tx, host| {
                    resource::create::<Question>(tx, host, &new)
                })
                .await;
            fields(done)
        };
        let found = |pairs: &[(&str, &'static str)]| -> Vec<(String, &'static str)> {
            pairs
                .iter()
                .map(|(pointer, code)| ((*pointer).to_owned(), *code))
                .collect()
        };
        assert_eq!(
            refused(json!({})).await,
            found(&[
                ("/title", "required"),
                ("/kind", "required"),
                ("/asked_of", "required")
            ])
        );
        let long = bus_but(&json!({
            "key": "song",
            "title": {"en": "x".repeat(201)},
            "help": {"en": "x".repeat(501)},
            "choices": [choice("one", "One")],
            "events": ["nikah", "dinner"],
            "position": 1_001,
        }));
        assert_eq!(
            refused(long).await,
            found(&[
                ("/title/en", "too_long"),
                ("/help/en", "too_long"),
                ("/choices", "too_few"),
                ("/events/1", "unknown_option"),
                ("/position", "out_of_range"),
                ("/key", "not_unique"),
            ])
        );
        let twins = bus_but(&json!({"choices": [choice("one", "One"), choice("one", "")]}));
        assert_eq!(
            refused(twins).await,
            found(&[
                ("/choices/1/label", "required"),
                ("/choices/1/key", "not_unique")
            ])
        );
        let many: Vec<Value> = (0..60).map(|n| choice(&format!("c{n}"), "C")).collect();
        assert_eq!(
            refused(bus_but(&json!({ "choices": many }))).await,
            found(&[("/choices", "too_many")])
        );
        assert_eq!(
            refused(bus_but(&json!({"kind": "yes_no"}))).await,
            found(&[("/choices", "not_allowed")])
        );
        assert_eq!(
            refused(bus_but(&json!({"kind": "song", "asked_of": "nobody"}))).await,
            found(&[("/kind", "unknown_option"), ("/asked_of", "unknown_option")])
        );
    });
}

#[test]
fn there_are_thirty_questions_at_most() {
    on_default(async |stage| {
        let plain = || bus_but(&json!({"key": null, "kind": "yes_no", "choices": null}));
        for n in 1..30 {
            let made = create(stage, plain()).await;
            assert_eq!((made.key, made.position), (format!("question-{n}"), n));
        }
        let one_more = Input::from(plain());
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                resource::create::<Question>(tx, host, &one_more)
            })
            .await;
        assert_eq!(code(refused), "limit_reached");
    });
}

#[test]
fn what_was_answered_keeps_its_meaning() {
    on_default(async |stage| {
        let made = create(stage, bus()).await;
        let change = async |change: Value, version| {
            let change = Input::from(change);
            stage
                .act(&stage.owner, move |tx, host| {
                    resource::change::<Question>(tx, host, "bus", version, &change)
                })
                .await
        };
        let of = |kind: &str, asked_of: &str| json!({"kind": kind, "asked_of": asked_of});
        // Nobody has answered yet, so any change is allowed.
        let other = change(of("number", "household"), made.version).await;
        assert!(other.unwrap().choices.is_empty(), "a number has no choices");
        assert_eq!(
            change(bus_but(&json!({"key": null})), 2)
                .await
                .unwrap()
                .version,
            3
        );
        answer(stage, &[("Rahman", Yes, json!("late"))], Value::Null).await;
        for frozen in [
            of("short_text", "guest"),
            of("one_choice", "household"),
            json!({"choices": [choice("early", "At nine"), choice("never", "Never")]}),
        ] {
            assert_eq!(code(change(frozen, 3).await), "question_in_use");
        }
        let others = json!({
            "choices": [choice("late", "At one"), choice("", "By car")],
            "required": true,
        });
        let keys = |changed: Question| -> Vec<String> {
            let choices = changed.choices.into_iter();
            choices.map(|choice| choice.key).collect()
        };
        let changed = change(others, 3).await.unwrap();
        assert_eq!(
            keys(changed),
            ["late", "choice-1"],
            "what nobody took may go"
        );
        let anew = json!({"choices": [{"label": {"en": "By rail"}}, choice("late", "At one")]});
        let changed = change(anew, 4).await.unwrap();
        assert_eq!(keys(changed), ["choice-2", "late"], "by rail is not by car");
        let stale = change(json!({}), 3).await;
        assert_eq!(code(stale), "version_conflict");

        let remove = async |key: &'static str| {
            stage
                .act(&stage.owner, move |tx, host| {
                    resource::remove::<Question>(tx, host, key, None)
                })
                .await
                .unwrap()
        };
        assert!(remove("bus").await.is_some_and(|away| !away.active));
        assert_eq!(remove("song").await, None);
        let left = stage.done(resource::list::<Question>).await;
        assert_eq!(left.len(), 1);
        assert!(!left[0].active);
        let news: Vec<Value> = stage
            .news()
            .await
            .into_iter()
            .filter(|(name, payload)| name == "occasion" && payload["what"] == "questions")
            .map(|(_, payload)| payload)
            .collect();
        assert_eq!(news.len(), 7, "every change is heard by open pages");
    });
}

#[test]
fn coordinators_change_the_words_and_nothing_else() {
    on_default(async |stage| {
        create(stage, bus()).await;
        let change = async |change: Value, version| {
            let change = Input::from(change);
            stage
                .act(&stage.coordinator, move |tx, host| {
                    resource::change::<Question>(tx, host, "bus", version, &change)
                })
                .await
        };
        let words = json!({
            "title": {"en": "Which coach?"},
            "help": {"en": "It waits for nobody."},
            "choices": [choice("early", "9 am"), choice("late", "12 noon")],
        });
        assert_eq!(change(words, 1).await.unwrap().version, 2);
        for beyond in [
            json!({"required": true}),
            json!({"hosts_only": true}),
            json!({"active": false}),
            json!({"choices": [choice("late", "12 noon"), choice("early", "9 am")]}),
        ] {
            assert_eq!(code(change(beyond, 2).await), "forbidden");
        }
    });
}

#[test]
fn numbers_and_files_leave_out_who_declined() {
    on_default(async |stage| {
        create(stage, bus()).await;
        let plates = bus_but(&json!({
            "key": "plates",
            "kind": "number",
            "hosts_only": true,
            "choices": null,
        }));
        create(stage, plates).await;
        let given = [
            ("Rahman", Yes, json!("late")),
            ("Siti", No, json!("early")),
            ("Nur", Yes, json!("late")),
        ];
        answer(stage, &given, json!("=Getaran Jiwa")).await;
        let tallies = stage.done(tally::load).await.tallies();
        let of = |key: &str| tallies.iter().find(|one| one.question.key == key).unwrap();
        assert_eq!((of("bus").answered, of("song").answered), (2, 1));
        let counted: Vec<i64> = of("bus").choices.iter().map(|(_, n)| *n).collect();
        assert_eq!(counted, [0, 2], "Siti stays at home");
        assert_eq!(of("plates").sum, Some(0));
        // Each count of answers links to a list with that many entries.
        let mut owner = stage.visitor(&stage.owner);
        let reports = owner.get("/admin/o/aisyah-daniel/reports").await;
        let links: Vec<_> = reports.links();
        let links = links.iter().filter(|link| link.href.contains("answer="));
        let mut totals = BTreeMap::new();
        for link in links {
            let query = link.href.split('?').nth(1).unwrap();
            let list = if link.href.contains("/guests?") {
                "guests"
            } else {
                "invitations"
            };
            let found = owner.get(&stage.at(&format!("/{list}?{query}"))).await;
            totals.insert(query.to_owned(), found.json()["total"].as_i64().unwrap());
            owner.get(&link.href).await.expect(200);
        }
        let expected = [
            ("answer=bus", 2),
            ("answer=bus%3Aearly", 0),
            ("answer=bus%3Alate", 2),
            ("answer=plates", 0),
            ("answer=song", 1),
        ];
        let expected = expected.map(|(query, n)| (query.to_owned(), n));
        assert_eq!(totals, BTreeMap::from(expected));

        let file = async |kind| {
            let request = Request {
                kind,
                format: FileFormat::Csv,
                invitations: listing::InvitationFilter::default(),
                guests: people::GuestFilter::default(),
            };
            let started = stage
                .done(move |tx, host| {
                    let english = web::Language::ENGLISH;
                    export::start(tx, host, &request, &english)
                })
                .await;
            stage.worker().run_due().await.unwrap();
            let id = started.id.clone();
            let made = stage
                .done(move |tx, host| export::load(tx, host, &id))
                .await;
            assert_eq!(made.state, Progress::Ready);
            let mut visitor = stage.visitor(&stage.owner);
            let address = stage.at(&format!("/exports/{}/file", started.id));
            visitor.get(&address).await.body
        };
        let list = file(ExportKind::Questions).await;
        let lines: Vec<&str> = list.lines().collect();
        assert_eq!(lines.len(), 4, "{list}");
        assert!(
            lines[0].ends_with("Question,Household,Guest,Answer"),
            "{list}"
        );
        assert!(lines[1].contains("'=Getaran Jiwa"), "{list}");
        assert!(lines[2].ends_with("At noon"), "{list}");
        let guests = file(ExportKind::Guests).await;
        assert!(
            guests
                .lines()
                .next()
                .unwrap()
                .ends_with("Which bus?,Which bus?"),
            "{guests}"
        );
        let siti = guests
            .lines()
            .find(|line| line.contains("Siti Aminah"))
            .unwrap();
        assert!(siti.ends_with(",,"), "{siti}");
        let households = file(ExportKind::Households).await;
        assert!(
            households.contains("A song that gets you dancing?"),
            "{households}"
        );
        assert!(households.contains("'=Getaran Jiwa"), "{households}");
    });
}

#[test]
fn lists_and_numbers_mean_the_same_answers() {
    on_default(async |stage| {
        let of = |kind: &str, coming_only: bool, events: &[&str]| {
            let choices = match kind {
                "yes_no" => Value::Null,
                _ => bus()["choices"].clone(),
            };
            bus_but(&json!({
                "kind": kind,
                "coming_only": coming_only,
                "events": events,
                "choices": choices,
            }))
        };
        for (asked, given, counted) in [
            (
                of("yes_no", false, &[]),
                [json!(true), json!(false), json!(true)],
                [2, 1],
            ),
            (
                of("yes_no", true, &["nikah"]),
                [json!(true), json!(false), json!(true)],
                [1, 0],
            ),
            (
                of("several_choices", false, &["reception", "brunch"]),
                [json!(["early", "late"]), json!(["late"]), json!(["early"])],
                [2, 2],
            ),
        ] {
            stage
                .site
                .store
                .write(|tx| {
                    for delete in [
                        sql!("DELETE FROM answer"),
                        sql!("DELETE FROM question WHERE key = 'bus'"),
                        sql!("UPDATE occasion SET revision = revision + 1"),
                    ] {
                        tx.run(delete, &[], Rows::Any)?;
                    }
                    Ok::<_, StoreError>(())
                })
                .await
                .unwrap();
            create(stage, asked.clone()).await;
            let statuses = [Yes, ReplyStatus::Undecided, No];
            let people = ["Rahman", "Siti", "Nur"];
            let given: Vec<_> = people
                .iter()
                .zip(statuses)
                .zip(given)
                .map(|((name, status), bus)| (*name, status, bus))
                .collect();
            answer(stage, &given, Value::Null).await;
            // Nur now comes only to the brunch.
            stage
                .site
                .store
                .write(|tx| {
                    tx.run(
                        sql!(
                            "UPDATE reply SET status = 'yes'
                             WHERE event IN (SELECT id FROM event WHERE key = 'brunch')
                               AND guest IN (SELECT id FROM guest WHERE name LIKE 'Nur%')"
                        ),
                        &[],
                        Rows::Any,
                    )
                })
                .await
                .unwrap();
            let tallies = stage.done(tally::load).await.tallies();
            let tally = tallies
                .iter()
                .find(|one| one.question.key == "bus")
                .unwrap();
            let numbers: Vec<i64> = tally.choices.iter().map(|(_, n)| *n).collect();
            assert_eq!(numbers, counted, "{asked:?}");
            for (possible, n) in tally.choices.clone() {
                let filter = people::GuestFilter {
                    answer: Some(filter::answer_word(&tally.question, Some(&possible))),
                    ..people::GuestFilter::default()
                };
                let found = stage
                    .done(move |tx, host| people::all_people(tx, host, &filter))
                    .await;
                assert_eq!(
                    i64::try_from(found.len()).unwrap(),
                    n,
                    "{possible:?} of {asked:?}"
                );
            }
        }
    });
}

#[test]
fn a_program_makes_changes_and_reads_answers() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let at = stage.at("/questions");
        let body = json!({ "asked_of": "guest", "kind": "several_choices", "title": { "en": "Bus?" },
            "key": "bus", "choices": [{ "label": { "en": "There" } }, { "label": { "en": "Back" } }] });
        let made = call(&mut owner, "POST", &at, &body).await;
        let made = made.expect(201).json();
        assert_eq!(made["choices"][1]["key"], "choice-2");
        let list = owner.get(&at).await.json();
        assert_eq!(
            (&list["total"], &list["items"][0]["key"]),
            (&json!(2), &json!("song"))
        );
        let one = format!("{at}/bus");
        assert_eq!(owner.get(&one).await.expect(200).json(), made);
        let missing = call(&mut owner, "PATCH", &one, &json!({ "required": true })).await;
        missing.expect(428);
        let body = json!({ "version": 1, "required": true, "coming_only": true });
        let changed = call(&mut owner, "PATCH", &one, &body)
            .await
            .expect(200)
            .json();
        assert_eq!(
            (&changed["version"], &changed["required"]),
            (&json!(2), &json!(true))
        );
        let stale = call(&mut owner, "PATCH", &one, &body).await;
        assert_eq!(stale.expect(409).json()["current"]["version"], 2);
        answer(
            stage,
            &[("Rahman", Yes, json!(["choice-2"]))],
            json!("ABBA"),
        )
        .await;
        let id = stage.invitation("RAHMA").await;
        let invitation = owner
            .get(&format!("/api/v1/invitations/id/{id}"))
            .await
            .json();
        assert_eq!(invitation["answers"], json!({ "song": "ABBA" }));
        assert_eq!(
            invitation["guests"][0]["answers"],
            json!({ "bus": ["choice-2"] })
        );
        let away = call(&mut owner, "DELETE", &one, &Value::Null).await;
        assert_eq!(away.expect(200).json()["active"], json!(false));
    });
}

#[test]
fn the_log_says_that_something_was_answered_and_not_what() {
    on_default(async |stage| {
        create(stage, bus()).await;
        answer(
            stage,
            &[("Rahman", Yes, json!("late"))],
            json!("Very private"),
        )
        .await;
        let choices = json!([choice("early", "At ten"), choice("late", "At noon")]);
        let change = Input::from(json!({ "choices": choices }));
        stage
            .done(move |tx, host| resource::change::<Question>(tx, host, "bus", 1, &change))
            .await;
        let mut owner = stage.visitor(&stage.owner);
        let log = owner.get("/admin/o/aisyah-daniel/audit").await;
        let text = log.expect(200).text();
        assert!(text.contains("At ten, At noon"), "{text}");
        assert!(text.contains("A song that gets you dancing?"), "{text}");
        assert!(
            text.contains("Which bus?") && text.contains(&stage.say("host-log-question-created")),
            "{text}"
        );
        assert!(
            !text.contains("Very private") && !text.contains("late"),
            "{text}"
        );
        let answers = Answer::Text("Very private".to_owned());
        let id = stage.invitation("RAHMA").await;
        let snapshot = stage
            .done(move |tx, host| portals::load(tx, host, &id))
            .await;
        assert!(
            snapshot
                .household
                .answers
                .values()
                .any(|one| *one == answers)
        );
    });
}
