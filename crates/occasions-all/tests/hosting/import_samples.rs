//! Generates arbitrary questions and households.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::stage::{Stage, call};

pub(crate) async fn ask_questions(stage: &Stage<'_>) {
    let mut owner = stage.visitor(&stage.owner);
    for body in [
        json!({"key": "my-song", "asked_of": "household", "kind": "short_text",
               "title": {"en": "Which song?"}}),
        json!({"key": "my-bus", "asked_of": "guest", "kind": "several_choices",
               "title": {"en": "Which bus?"},
               "choices": [{"key": "there", "label": {"en": "There, early"}},
                           {"key": "back", "label": {"en": "Back"}}]}),
        json!({"key": "my-nights", "asked_of": "guest", "kind": "number",
               "title": {"en": "How many nights?"}}),
        json!({"key": "my-dance", "asked_of": "guest", "kind": "yes_no",
               "title": {"en": "Do you dance?"}}),
    ] {
        call(&mut owner, "POST", &stage.at("/questions"), &body)
            .await
            .expect(201);
    }
}

/// Generates households in the JSON form of an import file.
pub(crate) fn households() -> impl Strategy<Value = Vec<Value>> {
    let text = || "[ -~£é\u{4e2d}'=+@-]{1,20}";
    let several = || "[a-zé'=+ ]{1,9}(\n[a-z,;\"]{1,9}){0,2}";
    let guest = (
        prop_oneof![
            text().prop_map(|name| json!({"name": name, "kind": "named"})),
            Just(json!({"name": "", "kind": "plus_one"}))
        ],
        (any::<bool>(), 0_i64..18),
        prop::option::of(several()),
        prop::sample::select(vec![json!([]), json!(["halal"]), json!(["halal", "vegan"])]),
        prop::sample::select(vec!["yes", "no", "pending"]),
        prop::sample::select(vec![json!({}), json!({"nikah": "yes"})]),
        prop::option::of(0_i64..9),
        prop::sample::select(vec![
            json!(["there"]),
            json!(["there", "back"]),
            Value::Null,
        ]),
        prop::option::of(any::<bool>()),
        prop::sample::select(vec![Value::Null, json!([]), json!(["reception"])]),
    );
    let guest = guest.prop_map(
        |(mut guest, (child, age), note, diets, reply, more, nights, bus, dance, events)| {
            guest["child"] = child.into();
            if child {
                guest["age"] = age.into();
            }
            let mut set = |name: &str, value: Value| {
                if !value.is_null() {
                    guest[name] = value;
                }
            };
            set("diet_note", json!(note));
            set("diets", diets);
            set("events", events);
            let mut replies = json!({"reception": reply});
            if more != json!({}) {
                replies["nikah"] = more["nikah"].clone();
            }
            set("replies", replies);
            let mut answers = json!({});
            for (key, value) in [
                ("my-nights", json!(nights)),
                ("my-bus", bus),
                ("my-dance", json!(dance)),
            ] {
                if !value.is_null() {
                    answers[key] = value;
                }
            }
            set("answers", answers);
            guest
        },
    );
    let household = (
        text(),
        prop::option::of(text()),
        prop::option::of(several()),
        prop::option::of(several()),
        prop::sample::select(vec![
            Value::Null,
            json!(["Side, hers".replace(',', "")]),
            json!(["a", "b c"]),
        ]),
        (0_i64..4, 0_i64..4),
        prop::sample::select(vec![
            Value::Null,
            json!("2026-12-01"),
            json!("2026-12-01T10:00:00Z"),
        ]),
        prop::sample::select(vec![Value::Null, json!([]), json!(["reception"])]),
        prop::option::of(text()),
        prop::collection::vec(guest, 0..4),
    );
    let household = household.prop_map(
        |(
            name,
            salutation,
            address,
            note,
            tags,
            (more, children),
            deadline,
            events,
            song,
            guests,
        )| {
            let mut all = json!({"household": name, "plus_ones": more, "children": children,
                                 "guests": guests});
            for (field, value) in [
                ("salutation", json!(salutation)),
                ("address", json!(address)),
                ("note", json!(note)),
                ("wish", json!(note)),
                ("message", json!(salutation)),
                ("tags", tags),
                ("deadline", deadline),
                ("events", events),
            ] {
                if !value.is_null() {
                    all[field] = value;
                }
            }
            if let Some(song) = song {
                all["answers"] = json!({"my-song": song});
            }
            all
        },
    );
    prop::collection::vec(household, 1..6)
}
