//! Tests of arbitrary requests by API clients. No request may cause a server error. A refused
//! request may change nothing.

use jiff::SignedDuration;
use platform::{Random, StoreError, sql};
use serde_json::{Map, Value, json};

use crate::roles::{Names, routes};
use crate::stage::{Stage, call, on_both, on_default};

/// All fields that request bodies may have.
const FIELDS: [&str; 46] = [
    "version",
    "slug",
    "kind",
    "title",
    "subtitle",
    "welcome",
    "hosts",
    "time_zone",
    "currency",
    "languages",
    "default_language",
    "rsvp_deadline",
    "default_plus_ones",
    "contact",
    "theme",
    "switches",
    "retention_days",
    "key",
    "name",
    "starts_at",
    "ends_at",
    "end_known",
    "venue",
    "map_url",
    "schedule",
    "capacity",
    "label",
    "household",
    "email",
    "phone",
    "language",
    "plus_ones",
    "deadline_override",
    "tags",
    "events",
    "guests",
    "status",
    "until",
    "ids",
    "filter",
    "args",
    "asked_of",
    "help",
    "choices",
    "required",
    "hosts_only",
];

fn pick<T: Copy>(random: &Random, from: &[T]) -> T {
    from[random.below(u32::try_from(from.len()).unwrap()) as usize]
}

fn value(random: &Random, depth: u32) -> Value {
    match random.below(if depth == 0 { 9 } else { 12 }) {
        0 => Value::Null,
        1 => json!(random.below(2) == 0),
        2 => json!(pick(random, &[0_i64, -1, 1, 20, 999, i64::MAX, i64::MIN])),
        3 => json!(1.5e300),
        4 => json!("x".repeat(random.below(5_000) as usize)),
        5 => json!(pick(
            random,
            &[
                "",
                " ",
                "\u{0}",
                "\u{202e}آخر",
                "=1+1",
                "en",
                "陈\u{301}",
                "\u{feff}"
            ]
        )),
        6 => json!(pick(
            random,
            &[
                "9999-12-31",
                "-009999-01-01T00:00:00Z",
                "2027-02-30",
                "9999-12-30T22:00:00Z"
            ]
        )),
        7 => json!(pick(
            random,
            &[
                "yes", "lock", "tag", "archive", "guests", "csv", "observer", "wedding"
            ]
        )),
        8 => json!("0197f0c0-0000-7000-8000-00000000000a"),
        9 => Value::Array(
            (0..random.below(4))
                .map(|_| value(random, depth - 1))
                .collect(),
        ),
        10 => json!({"en": value(random, 0), "xx-invalid-\u{7}": "a"}),
        _ => body(random, depth - 1),
    }
}

fn body(random: &Random, depth: u32) -> Value {
    let count = random.below(5);
    let fields = (0..count).map(|_| (pick(random, &FIELDS).to_owned(), value(random, depth)));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// Returns a number that is different after any request that changed the store.
async fn traces(stage: &Stage<'_>) -> i64 {
    let counted: Result<(i64,), StoreError> = stage
        .site
        .store
        .read(|tx| {
            tx.one(
                sql!(
                    "SELECT (SELECT COUNT(*) FROM audit WHERE scope IS NOT NULL)
                          + (SELECT COUNT(*) FROM submission)
                          + (SELECT COUNT(*) FROM guest) + (SELECT COUNT(*) FROM reply)
                          + (SELECT CAST(SUM(version) AS BIGINT) FROM invitation)"
                ),
                &[],
            )
        })
        .await;
    counted.unwrap().0
}

#[test]
fn nothing_that_programs_send_is_our_fault() {
    on_both(async |stage| {
        stage.expect_work();
        let names = Names::of(stage).await;
        let random = Random::seeded(7);
        for route in routes().iter().filter(|route| !route.is_read()) {
            let path = names.put(&route.path);
            // Advancing the clock keeps the requests below the limit on changes per minute and
            // account.
            stage.world.clock.advance(SignedDuration::from_mins(5));
            for _ in 0..testkit::rounds() {
                let mut garbage = body(&random, 2);
                // Half of the request bodies start from a valid body.
                if let (Value::Object(known), Value::Object(more), 0) =
                    (&route.body, &mut garbage, random.below(2))
                {
                    for (name, value) in known {
                        more.entry(name.clone()).or_insert_with(|| value.clone());
                    }
                }
                let mut host = stage.visitor(&stage.coordinator);
                if random.below(3) == 0 {
                    host.header("if-match", pick(&random, &["\"1\"", "*", "\"-1\"", "x"]));
                }
                let before = traces(stage).await;
                let page = call(&mut host, &route.method, &path, &garbage).await;
                let told = format!("{} {path}: {garbage}: {}", route.method, page.body);
                assert!(page.status.as_u16() < 500, "{told}");
                assert_ne!(page.status.as_u16(), 429, "{told}");
                if page.status.is_client_error() {
                    assert_eq!(traces(stage).await, before, "{told}");
                }
            }
        }
    });
}

#[test]
fn nothing_that_stands_in_an_address_is_our_fault() {
    on_default(async |stage| {
        stage.expect_work();
        let random = Random::seeded(8);
        let words = [
            "q=%00",
            "q=%F0%9F%8E%89",
            "q=%25",
            "cursor=AAAA",
            "cursor=e30",
            "cursor=WzEsMl0",
            "limit=0",
            "limit=200",
            "limit=-1",
            "response=attending",
            "access=open",
            "event=nikah",
            "event=none",
            "tag=%22",
            "language=none",
            "sort=size",
            "sort=x",
            "archived=yes",
            "over=maybe",
            "status=eating",
            "band=0-2",
            "diet=%22",
            "from=2027",
            "last_event_id=x",
            "confirm=",
            "&&",
            "%",
            "=",
        ];
        let mut host = stage.visitor(&stage.owner);
        let names = Names::of(stage).await;
        for route in routes().iter().filter(|route| route.is_read()) {
            // The response of an event stream never ends, so event streams are skipped.
            if !route.path.ends_with("/stream") {
                let path = names.put(&route.path);
                for _ in 0..8 {
                    let query = [pick(&random, &words), pick(&random, &words)].join("&");
                    let page = host.get(&format!("{path}?{query}")).await;
                    assert!(page.status.as_u16() < 500, "{path}?{query}: {}", page.body);
                }
            }
        }
        for odd in [
            "x",
            "%00",
            "0197f0c0-0000-7000-8000-00000000000g",
            "..",
            "%2e%2e",
        ] {
            let page = host.get(&format!("/api/v1/invitations/id/{odd}")).await;
            assert!(page.status.is_client_error(), "{odd}: {}", page.status);
        }
    });
}
