//! Generates requests that resemble valid ones but contain mistakes of every kind: in paths,
//! headers, forms and JSON bodies.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

/// Codes of the demo occasion, one of them also in lower case.
pub(crate) const CODES: [&str; 6] = ["RAHMA", "ROSSI", "LATE1", "SHUT1", "TANWE", "rahma"];

/// Percent-encodes all characters except unreserved characters (RFC 3986, section 2.3).
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.as_bytes()
        .iter()
        .map(|byte| {
            if plain(byte) {
                char::from(*byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// Generates real codes in any spelling, nearly right codes, and arbitrary text.
pub(crate) fn code() -> impl Strategy<Value = String> {
    let dressed = (
        select(&CODES[..]),
        prop::collection::vec((any::<Index>(), "[ \\-.\u{200b}\u{ad}\n\t‐ａ]"), 0..4),
    )
        .prop_map(|(code, extra)| {
            let mut code: Vec<char> = code.chars().collect();
            for (at, with) in extra {
                let at = at.index(code.len() + 1);
                code.splice(at..at, with.chars());
            }
            encoded(&code.into_iter().collect::<String>())
        });
    prop_oneof![
        3 => dressed,
        1 => select(&CODES[..]).prop_map(str::to_owned),
        1 => "[0-9A-Z]{5,8}".prop_map(|code| encoded(&code)),
        1 => "\\PC{0,12}".prop_map(|code| encoded(&code)),
        1 => "(%[0-9A-Fa-f]{2}){1,6}",
        1 => "[!-~]{1,20}".prop_map(|code| code.replace(['?', '#', '/'], "")),
    ]
}

pub(crate) fn address() -> impl Strategy<Value = String> {
    let below = select(vec![
        "",
        "/rsvp",
        "/dietary",
        "/notes",
        "/confirmation",
        "/calendar.ics",
        "/gifts",
        "/%2e%2e",
        "/",
    ]);
    let query = prop_oneof![
        Just(String::new()),
        "\\?[!-~&&[^#]]{0,20}",
        "\\?lang=[a-zA-Z\\-]{0,10}",
        "\\?lang=(%[0-9A-Fa-f]{2}){1,3}",
    ];
    (code(), below, query).prop_map(|(code, below, query)| format!("/invite/{code}{below}{query}"))
}

pub(crate) fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let name = select(vec![
        "accept-language",
        "accept",
        "cookie",
        "if-match",
        "if-none-match",
        "idempotency-key",
        "origin",
        "sec-fetch-site",
        "referer",
        "user-agent",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-request-id",
        "host",
        "range",
        "content-language",
        "authorization",
    ]);
    let value = prop_oneof![
        "[ -~]{0,60}",
        "kd_guest=[0-9a-f\\-]{36}\\.[0-9]{1,20}\\.[A-Za-z0-9_\\-]{22}(~[ -~]{0,20})?",
        "kd_lang=[a-zA-Z\\-]{0,12}",
        "(W/)?\"-?[0-9]{1,25}\"",
        "[a-z]{2}(-[A-Z]{2})?(;q=[0-9.]{0,5})?(,[a-z\\-*]{0,8}){0,5}",
        Just("x".repeat(8_000)),
    ];
    prop::collection::vec((name, value.prop_map(String::into_bytes)), 0..4)
}

/// Generates names of form fields: fields of the guests `people`, and other names.
pub(crate) fn field(people: Vec<String>) -> impl Strategy<Value = String> {
    let person = select(people);
    let known = (
        select(vec![
            "reply",
            "name",
            "child",
            "age",
            "diet",
            "diet_note",
            "remove",
        ]),
        person,
        select(vec!["", ".nikah", ".reception", ".brunch", ".gala", "."]),
    )
        .prop_map(|(what, who, event)| {
            if what == "reply" {
                format!("{what}.{who}{event}")
            } else {
                format!("{what}.{who}")
            }
        });
    let new = (
        0_u32..45,
        select(vec![
            "name",
            "comes",
            "child",
            "age",
            "reply.nikah",
            "reply.x",
            "",
        ]),
    )
        .prop_map(|(n, what)| format!("new.{n}.{what}"));
    prop_oneof![
        6 => known,
        3 => new,
        2 => select(vec!["version", "note", "note_version", "submission_id", "code", "forget", "_csrf"]).prop_map(str::to_owned),
        1 => "\\PC{0,20}",
    ]
}

pub(crate) fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(vec!["yes", "no", "undecided", "", "1", "2", "on", "halal", "other", "17", "pending", "waitlisted"]).prop_map(str::to_owned),
        1 => "-?[0-9]{1,25}",
        1 => "\\PC{0,40}",
        1 => "[\\x00-\\x1f\\u{7f}-\\u{9f}\\u{200b}-\\u{200f}\\u{202e}]{0,6}",
        1 => Just("ż".repeat(5_000)),
    ]
}

/// Generates arbitrary JSON values, mostly of wrong types and with huge numbers.
fn junk() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(vec![
            "yes",
            "no",
            "undecided",
            "nikah",
            "halal",
            "other",
            "",
            "\u{0}",
            "RAHMA"
        ])
        .prop_map(Value::from),
        "\\PC{0,30}".prop_map(Value::from),
        Just(Value::from("x".repeat(10_000))),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A change to one element of a JSON body.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    Replace(Index, Value),
    Remove(Index),
    Add(Index, String, Value),
    Repeat(Index, usize),
}

pub(crate) fn mutation() -> impl Strategy<Value = Mutation> {
    let name = prop_oneof![
        select(vec![
            "version",
            "guests",
            "remove",
            "note",
            "id",
            "name",
            "age",
            "is_child",
            "diets",
            "diet_note",
            "replies",
            "answers",
            "code"
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ];
    prop_oneof![
        4 => (any::<Index>(), junk()).prop_map(|(at, value)| Mutation::Replace(at, value)),
        1 => any::<Index>().prop_map(Mutation::Remove),
        2 => (any::<Index>(), name, junk()).prop_map(|(at, name, value)| Mutation::Add(at, name, value)),
        1 => (any::<Index>(), 1_usize..40).prop_map(|(at, times)| Mutation::Repeat(at, times)),
    ]
}

pub(crate) fn mutate(body: &mut Value, mutation: &Mutation) {
    let mut places = vec![String::new()];
    collect(body, "", &mut places);
    let (Mutation::Replace(at, _)
    | Mutation::Remove(at)
    | Mutation::Add(at, ..)
    | Mutation::Repeat(at, _)) = mutation;
    let place = places[at.index(places.len())].clone();
    let Some(target) = body.pointer_mut(&place) else {
        return;
    };
    match (mutation, target) {
        (Mutation::Replace(_, value), target) => *target = value.clone(),
        (Mutation::Add(_, name, value), Value::Object(map)) => {
            map.insert(name.clone(), value.clone());
        }
        (Mutation::Repeat(_, times), Value::Array(list)) => {
            let all = list.clone();
            for _ in 0..*times {
                list.extend(all.iter().take(4).cloned());
            }
        }
        (Mutation::Remove(_), Value::Object(map)) => {
            let first = map.keys().next().cloned();
            first.and_then(|first| map.remove(&first));
        }
        (_, target) => *target = Value::Null,
    }
}

/// Collects JSON pointers to all elements of a value.
fn collect(value: &Value, here: &str, places: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let place = format!("{here}/{key}");
        places.push(place.clone());
        collect(child, &place, places);
    }
}
