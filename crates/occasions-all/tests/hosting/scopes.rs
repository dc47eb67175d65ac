//! Tests which personal data API tokens reveal. For each scope, a token calls every API operation,
//! and the test records which personal fields the responses contain. `scopes.txt` contains the
//! expected table. If the table differs, the test rewrites that file for a developer to review and
//! commit.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use identity::session::token::{PROFILE_READ, TokenScope};
use occasions::token_scopes::{OCCASION_READ, OCCASION_WRITE, RSVPS_READ, RSVPS_WRITE};
use occasions::web::api::Pace;
use serde_json::{Value, json};
use testkit::{Page, Visitor};
use utoipa::openapi::{Info, OpenApi, Paths};

use crate::roles::{plant_gifts, routes};
use crate::stage::{ALL, DOMAINS, Stage, call, on_default};
use crate::without_token::WITHOUT_TOKEN;

/// The personal fields. Each entry has the texts that reveal the field in a response, and the
/// scopes that allow it to be shown.
const FIELDS: &[(&str, &[&str], &[TokenScope])] = &[
    (
        "account",
        &["owner@example.com"],
        &[PROFILE_READ, OCCASION_READ],
    ),
    ("contact", &["Marker Contact"], &[OCCASION_READ]),
    (
        "household",
        &["Marker Household", "Marker Open"],
        &[OCCASION_READ, RSVPS_READ],
    ),
    ("code", &["MARK-7Q9X", "MARK7Q9X"], &[OCCASION_READ]),
    ("email", &["marker.mail@example.com"], &[OCCASION_READ]),
    (
        "phone",
        &["+60 12-777 1234", "+60127771234"],
        &[OCCASION_READ],
    ),
    ("address", &["Marker Street"], &[OCCASION_READ]),
    ("host_note", &["Marker remark"], &[OCCASION_READ]),
    ("lock_reason", &["Marker reason"], &[OCCASION_READ]),
    ("guest", &["Marker Guest"], &[OCCASION_READ, RSVPS_READ]),
    (
        "guest_email",
        &["marker.guest@example.com"],
        &[OCCASION_READ],
    ),
    (
        "guest_phone",
        &["+60 12-777 5678", "+60127775678"],
        &[OCCASION_READ],
    ),
    (
        "reply",
        &[
            "\"replies\":{",
            "\"response\":",
            "\"people\":{",
            "\"status\":\"yes\"",
        ],
        &[RSVPS_READ],
    ),
    ("food", &["Marker food"], &[RSVPS_READ]),
    ("answer", &["Marker song"], &[RSVPS_READ]),
    ("note", &["Marker note", "Marker wish"], &[RSVPS_READ]),
];

const SCOPES: [(&str, &[TokenScope]); 6] = [
    ("profile:read", &[PROFILE_READ]),
    ("occasion:read", &[OCCASION_READ]),
    ("occasion:write", &[OCCASION_WRITE]),
    ("rsvps:read", &[RSVPS_READ]),
    ("rsvps:write", &[RSVPS_WRITE]),
    ("all of them", &ALL),
];

/// A request to one operation of the API.
struct Call {
    operation: String,
    method: String,
    path: String,
    body: Value,
    /// The version that the request sends in `If-Match`.
    version: Version,
}

enum Version {
    None,
    Stale,
    At(String),
}

/// The ids that replace placeholders in the requests.
struct Planted {
    names: Vec<(&'static str, String)>,
}

impl Planted {
    fn put(&self, text: &str) -> String {
        let names = self.names.iter();
        names.fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
    }
}

async fn done(visitor: &mut Visitor, method: &str, path: &str, body: Value) -> Value {
    let page = call(visitor, method, path, &body).await;
    assert!(page.status.is_success(), "{method} {path}: {}", page.body);
    if page.body.is_empty() {
        Value::Null
    } else {
        page.json()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Creates two invitations: a household with every field filled in, and an answer without a code.
async fn plant(stage: &Stage<'_>) -> Planted {
    stage.expect_confirmations();
    stage.expect_work();
    let mut owner = stage.visitor(&stage.owner);
    let seen = owner.get(&stage.at("")).await.json()["version"].clone();
    let contact = json!({"version": seen,
        "contact": {"name": "Marker Contact", "email": "", "phone": ""}});
    done(&mut owner, "PATCH", &stage.at(""), contact).await;
    let new = json!({
        "household": "Marker Household", "code": "MARK7Q9X", "insist_on_code": true,
        "email": "marker.mail@example.com", "phone": "+60 12-777 1234",
        "address": "Marker Street 1", "host_note": "Marker remark", "plus_ones": 2,
        "guests": [
            {"name": "Marker Guest", "email": "marker.guest@example.com", "phone": "+60 12-777 5678"},
            {"name": "Somebody Else"},
        ],
    });
    let made = done(&mut owner, "POST", &stage.at("/invitations"), new).await;
    let other = json!({"household": "Put together", "guests": [{"name": "Third Person"}]});
    let other = done(&mut owner, "POST", &stage.at("/invitations"), other).await;
    let (invitation, code) = (text(&made["id"]), text(&made["code"]));
    let replies: serde_json::Map<String, Value> = made["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (text(event), json!("yes")))
        .collect();
    let answer = json!({
        "version": made["version"], "answers": {"song": "Marker song"},
        "note": {"text": "Marker note"},
        "guests": [{"id": made["guests"][0]["id"], "replies": replies, "diets": ["other"],
            "diet_note": "Marker food"}],
    });
    let mut nobody = stage.nobody();
    let path = format!("/api/v1/invitations/{code}/rsvp");
    done(&mut nobody, "PUT", &path, answer).await;
    let open = json!({"name": "Marker Open", "attending": true, "wish": "Marker wish"});
    let open = stage.answer(open).await.unwrap();
    let lock = format!("/api/v1/invitations/id/{invitation}/lock");
    done(
        &mut owner,
        "POST",
        &lock,
        json!({"reason": "Marker reason"}),
    )
    .await;
    let events = owner.get(&stage.at("/events")).await.json();
    let bulk = json!({"ids": [invitation], "action": "lock", "args": {"reason": "Marker reason"}});
    let bulk = done(&mut owner, "POST", &stage.at("/bulk"), bulk).await;
    let export = json!({"kind": "guests", "format": "csv"});
    let export = done(&mut owner, "POST", &stage.at("/exports"), export).await;
    let import = json!([{"household": "Marker Household"}]);
    let import = done(&mut owner, "POST", &stage.at("/imports"), import).await;
    let mut names = plant_gifts(stage, &code).await;
    names.extend([
        ("{id}", stage.occasion.to_string()),
        ("{i}", invitation),
        ("{j}", text(&other["id"])),
        ("{k}", open.id.to_string()),
        ("{g}", text(&made["guests"][0]["id"])),
        ("{h}", text(&made["guests"][1]["id"])),
        ("{e}", text(&events["items"][0]["id"])),
        ("{b}", text(&bulk["id"])),
        ("{x}", text(&export["id"])),
        ("{m}", text(&import["id"])),
        ("{a}", stage.stranger.account.to_string()),
    ]);
    Planted { names }
}

/// Requests that change something, in an order in which each request succeeds.
fn changes() -> Vec<Call> {
    let invitation = "/api/v1/invitations/id/{i}";
    let occasion = "/api/v1/occasions/{id}";
    let none = || Value::Null;
    let of = |method, operation: &str, path: &str, body, version| Call {
        operation: format!("{method} {operation}"),
        method: String::from(method),
        path: path.to_owned(),
        body,
        version,
    };
    let on_invitation = |method, rest: &str, body, version| {
        let operation = format!("/api/v1/invitations/id/{{id}}{rest}");
        of(
            method,
            &operation,
            &format!("{invitation}{rest}"),
            body,
            version,
        )
    };
    let on_occasion = |method, rest: &str, path: &str, body, version| {
        let operation = format!("{occasion}{rest}");
        of(
            method,
            &operation,
            &format!("{occasion}{path}"),
            body,
            version,
        )
    };
    let seen = || Version::At(invitation.to_owned());
    let here = || Version::At(occasion.to_owned());
    vec![
        on_occasion("PATCH", "", "", json!({"retention_days": 90}), here()),
        on_occasion("POST", "/close", "/close", none(), Version::None),
        on_occasion("POST", "/publish", "/publish", none(), Version::None),
        on_occasion("POST", "/unpublish", "/unpublish", none(), Version::None),
        on_occasion("POST", "/publish", "/publish", none(), Version::None),
        on_invitation(
            "POST",
            "/lock",
            json!({"reason": "Marker reason"}),
            Version::None,
        ),
        on_invitation("PATCH", "", json!({"tags": ["friends"]}), seen()),
        on_invitation("POST", "/sent", none(), Version::None),
        on_invitation("DELETE", "", none(), Version::None),
        on_invitation("POST", "/restore", none(), Version::None),
        of(
            "POST",
            "/api/v1/invitations/id/{id}/approve",
            "/api/v1/invitations/id/{k}/approve",
            none(),
            Version::None,
        ),
        of(
            "POST",
            "/api/v1/invitations/id/{id}/merge",
            "/api/v1/invitations/id/{j}/merge",
            json!({"into": "{i}"}),
            Version::None,
        ),
        on_occasion(
            "POST",
            "/guests",
            "/guests",
            json!({"invitation": "{i}", "guests": [{"name": "Fourth Person"}]}),
            Version::None,
        ),
        on_occasion(
            "PATCH",
            "/guests/{guest}",
            "/guests/{g}",
            json!({"name": "Marker Guest"}),
            seen(),
        ),
        of(
            "PUT",
            "/api/v1/guests/{id}/replies/{event}",
            "/api/v1/guests/{g}/replies/nikah",
            json!({"status": "yes"}),
            seen(),
        ),
        on_occasion(
            "DELETE",
            "/guests/{guest}",
            "/guests/{h}",
            none(),
            Version::None,
        ),
        on_invitation("POST", "/unlock", json!({}), Version::None),
        on_occasion(
            "POST",
            "/invitations",
            "/invitations",
            json!({"household": "Marker Household", "email": "marker.mail@example.com",
                "guests": [{"name": "Marker Guest"}]}),
            Version::None,
        ),
        on_occasion(
            "POST",
            "/bulk",
            "/bulk",
            json!({"filter": {"q": "Marker"}, "action": "lock", "args": {"reason": "x"}}),
            Version::None,
        ),
        on_occasion(
            "POST",
            "/bulk/effect",
            "/bulk/effect",
            json!({"filter": {"q": "Marker"}, "action": "lock", "args": {"reason": "x"}}),
            Version::None,
        ),
    ]
}

/// Requests that only read, and requests with an outdated version. When a version conflicts, the
/// response contains the stored values.
fn others() -> Vec<Call> {
    let of_hosts = routes().into_iter().map(|route| Call {
        operation: route.operation(),
        version: if route.method == "DELETE" {
            Version::Stale
        } else {
            Version::None
        },
        method: route.method,
        path: route.path,
        body: route.body,
    });
    let more = [
        ("GET", "/api/v1/me", "/api/v1/me"),
        ("GET", "/api/v1/me/notices", "/api/v1/me/notices"),
        ("POST", "/api/v1/me/notices/read", "/api/v1/me/notices/read"),
        ("GET", "/api/v1/me/sessions", "/api/v1/me/sessions"),
        (
            "DELETE",
            "/api/v1/me/sessions/{id}",
            "/api/v1/me/sessions/none",
        ),
        ("GET", "/api/v1/me/tokens", "/api/v1/me/tokens"),
        ("POST", "/api/v1/me/tokens", "/api/v1/me/tokens"),
        ("DELETE", "/api/v1/me/tokens/{id}", "/api/v1/me/tokens/none"),
        ("GET", "/api/v1/webhooks", "/api/v1/webhooks"),
        ("POST", "/api/v1/webhooks", "/api/v1/webhooks"),
        ("DELETE", "/api/v1/webhooks/{id}", "/api/v1/webhooks/none"),
        (
            "POST",
            "/api/v1/webhooks/{id}/test",
            "/api/v1/webhooks/none/test",
        ),
        (
            "POST",
            "/api/v1/webhooks/{id}/rotate",
            "/api/v1/webhooks/none/rotate",
        ),
        (
            "GET",
            "/api/v1/webhooks/{id}/deliveries",
            "/api/v1/webhooks/none/deliveries",
        ),
        ("POST", "/api/v1/auth/logout", "/api/v1/auth/logout"),
        (
            "GET",
            "/api/v1/occasions/{id}/invitations",
            "/api/v1/occasions/{id}/invitations?limit=200",
        ),
        (
            "GET",
            "/api/v1/occasions/{id}/guests",
            "/api/v1/occasions/{id}/guests?limit=200",
        ),
        (
            "POST",
            "/api/v1/occasions/{id}/archive",
            "/api/v1/occasions/{id}/archive",
        ),
    ];
    let more = more.into_iter().map(|(method, operation, path)| Call {
        operation: format!("{method} {operation}"),
        method: method.to_owned(),
        path: path.to_owned(),
        body: if method == "POST" {
            json!({})
        } else {
            Value::Null
        },
        version: Version::None,
    });
    of_hosts.chain(more).collect()
}

/// Sends a request with a token whose scopes are `rights`.
async fn ask(stage: &Stage<'_>, rights: &[TokenScope], one: &Call, planted: &Planted) -> Page {
    let path = planted.put(&one.path);
    let body: Value = serde_json::from_str(&planted.put(&one.body.to_string())).unwrap();
    stage.forget_tokens().await;
    let mut program = stage.program(&stage.owner, rights).await;
    match &one.version {
        Version::None => {}
        Version::Stale => {
            program.header("if-match", "\"999\"");
        }
        Version::At(address) => {
            let mut owner = stage.visitor(&stage.owner);
            let stored = owner.get(&planted.put(address)).await;
            program.header("if-match", stored.header("etag"));
        }
    }
    if !path.ends_with("/stream") || !rights.contains(&RSVPS_READ) {
        return call(&mut program, &one.method, &path, &body).await;
    }
    // Reads the stream until the event about the household's answer.
    program.carry(Pace(Duration::from_millis(50)));
    let mut events = program.listen(&format!("{path}?last_event_id=0")).await;
    let mut page = call(&mut program, "GET", "/api/v1/me", &Value::Null).await;
    page.body.clear();
    while let Some(event) = events.next().await {
        page.body += &event;
        if event.contains("event: rsvp") && event.contains("Marker Household") {
            break;
        }
    }
    page
}

fn fields(page: &Page) -> Vec<&'static str> {
    let found = FIELDS.iter().filter(|(_, markers, _)| {
        let mut markers = markers.iter();
        markers.any(|marker| page.body.contains(marker))
    });
    found.map(|(name, ..)| *name).collect()
}

/// Sends all requests with a token whose scopes are `rights`. Returns for each request the personal
/// fields in its response. Must be called with a new store.
async fn shown_to(stage: &Stage<'_>, rights: &[TokenScope]) -> Vec<Vec<&'static str>> {
    let planted = plant(stage).await;
    let all = rights.len() == ALL.len();
    let mut shown = Vec::new();
    for one in changes() {
        let page = ask(stage, rights, &one, &planted).await;
        assert!(
            !all || page.status.is_success(),
            "{}: {}",
            one.operation,
            page.body
        );
        shown.push(fields(&page));
    }
    for one in others() {
        shown.push(fields(&ask(stage, rights, &one, &planted).await));
    }
    shown
}

#[test]
fn a_token_shows_what_its_scopes_are_for() {
    let calls: Vec<String> = changes()
        .into_iter()
        .chain(others())
        .map(|one| one.operation)
        .collect();
    let mut table: Vec<String> = calls.clone();
    for (scope, rights) in SCOPES {
        let on_engines = Mutex::new(Vec::new());
        on_default(async |stage| {
            let shown = shown_to(stage, rights).await;
            on_engines.lock().unwrap().push(shown);
        });
        let on_engines = on_engines.into_inner().unwrap();
        assert!(on_engines.iter().all(|shown| *shown == on_engines[0]));
        for ((row, call), shown) in table.iter_mut().zip(&calls).zip(&on_engines[0]) {
            for field in shown {
                let scopes = FIELDS.iter().find(|(name, ..)| name == field).unwrap().2;
                assert!(
                    scopes.iter().any(|scope| rights.contains(scope)),
                    "{call}: {scope} shows {field}"
                );
            }
            if !shown.is_empty() {
                write!(row, "\n    {scope}: {}", shown.join(" ")).unwrap();
            }
        }
    }
    let table = table.join("\n") + "\n";
    if table != include_str!("scopes.txt") {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hosting/scopes.txt");
        std::fs::write(file, table).unwrap();
        panic!(
            "scopes.txt was not what tokens show, and now is: read the difference and commit it"
        );
    }
}

/// Fails when an operation is neither requested above nor in [`WITHOUT_TOKEN`].
#[test]
fn every_operation_is_in_the_table() {
    let mut described = OpenApi::new(Info::new("", ""), Paths::new());
    site::described::describe(DOMAINS, &mut described);
    let described = serde_json::to_value(described).unwrap();
    let described: BTreeSet<String> = described["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let called = changes().into_iter().chain(others());
    let called: BTreeSet<String> = called
        .map(|one| one.operation)
        .chain(WITHOUT_TOKEN.iter().map(|one| (*one).to_owned()))
        .collect();
    assert_eq!(described, called);
}

#[test]
fn what_a_token_may_not_see_it_may_not_look_for_either() {
    on_default(async |stage| {
        plant(stage).await;
        let rows = async |rights: &[TokenScope], path: &str| {
            stage.forget_tokens().await;
            let mut program = stage.program(&stage.owner, rights).await;
            let page = program.get(&stage.at(path)).await;
            match page.status.as_u16() {
                200 => Some(page.json()["items"].as_array().unwrap().len()),
                403 => {
                    assert_eq!(page.json()["code"], "scope_required");
                    None
                }
                _ => panic!("{path}: {}", page.body),
            }
        };
        let both = [OCCASION_READ, RSVPS_READ];
        for query in [
            "response=attending",
            "answered=yes",
            "note=yes",
            "answer=song:Marker%20song",
            "sort=replied",
        ] {
            let path = format!("/invitations?{query}");
            assert_eq!(rows(&[OCCASION_READ], &path).await, None, "{query}");
            assert!(rows(&both, &path).await.unwrap() > 0, "{query}");
        }
        let path = "/guests?q=marker.mail";
        assert_eq!(rows(&[RSVPS_READ], path).await, Some(0));
        assert_eq!(rows(&both, path).await, Some(2));
        let mut writer = stage.program(&stage.coordinator, &[OCCASION_WRITE]).await;
        let bulk = json!({"filter": {"q": "Marker"}, "action": "archive"});
        for path in ["/bulk", "/bulk/effect"] {
            let refused = call(&mut writer, "POST", &stage.at(path), &bulk).await;
            assert_eq!(refused.expect(403).json()["code"], "scope_required");
        }
    });
}

#[test]
fn a_kept_answer_is_for_the_token_that_it_was_given_to() {
    on_default(async |stage| {
        let new = json!({"household": "Marker Household"});
        let path = stage.at("/invitations");
        let mut made = Vec::new();
        for rights in [&ALL[..], &[OCCASION_WRITE]] {
            stage.forget_tokens().await;
            let mut program = stage.program(&stage.owner, rights).await;
            program.header("idempotency-key", "one");
            let first = call(&mut program, "POST", &path, &new).await;
            let again = call(&mut program, "POST", &path, &new).await;
            assert_eq!(first.expect(201).body, again.expect(201).body);
            made.push(first.json());
        }
        assert_eq!(made[0]["household"], "Marker Household");
        let keys: Vec<&String> = made[1].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["id", "version"]);
        assert_ne!(made[0]["id"], made[1]["id"]);
    });
}
