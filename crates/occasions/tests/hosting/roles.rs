//! Every route × every role: what each may do, and that a foreign
//! occasion is not there.

use std::collections::BTreeSet;

use accounts::token::TokenScope;
use occasions::token_scopes::{OCCASION_READ, OCCASION_WRITE, RSVPS_READ, RSVPS_WRITE};
use serde_json::{Value, json};
use web::Site;
use web::described::Description;

use crate::stage::{ALL, Stage, call, on_both};

/// One route, and what an owner, a coordinator and an observer are answered. A
/// call that is let through may still be refused by a rule: 409 for a stale
/// version, 422 for fields.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) body: Value,
    answers: [u16; 3],
    /// What a token needs; `None`: no token may.
    right: Option<TokenScope>,
}

impl Route {
    /// As the description of the API names it.
    pub(crate) fn operation(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        let path = [
            ("/invitations/id/{i}", "/invitations/id/{id}"),
            ("/guests/{g}/replies/nikah", "/guests/{id}/replies/{event}"),
            ("{g}", "{guest}"),
            ("{e}", "{event}"),
            ("{b}", "{bulk}"),
            ("{x}", "{export}"),
            ("/members/{a}", "/members/{account}"),
            ("/invites/none", "/invites/{invite}"),
            ("options/vegan", "options/{key}"),
            ("options/kosher", "options/{key}"),
            ("questions/song", "questions/{key}"),
        ]
        .into_iter()
        .fold(path.to_owned(), |path, (from, to)| path.replace(from, to));
        format!("{} /api/v1{path}", self.method)
    }
}

const READ: Option<TokenScope> = Some(OCCASION_READ);
const WRITE: Option<TokenScope> = Some(OCCASION_WRITE);
const ANSWERS: Option<TokenScope> = Some(RSVPS_READ);

fn route(
    method: &'static str,
    path: &'static str,
    body: Value,
    answers: [u16; 3],
    right: Option<TokenScope>,
) -> Route {
    Route {
        method,
        path,
        body,
        answers,
        right,
    }
}

const QUESTIONS: &str = "/occasions/{id}/questions";
const QUESTION: &str = "/occasions/{id}/questions/song";

/// `{i}`, `{g}`, `{e}`, `{b}`, `{x}` and `{a}` stand for an invitation, a guest,
/// an event, a bulk action, an export and an account.
pub(crate) fn routes() -> Vec<Route> {
    let none = || Value::Null;
    let stale = || json!({"version": 999});
    vec![
        route("GET", "/occasions/{id}", none(), [200; 3], READ),
        route("PATCH", "/occasions/{id}", stale(), [409, 409, 403], WRITE),
        route(
            "DELETE",
            "/occasions/{id}?stale",
            none(),
            [409, 403, 403],
            WRITE,
        ),
        route(
            "POST",
            "/occasions/{id}/publish",
            stale(),
            [409, 403, 403],
            WRITE,
        ),
        route(
            "POST",
            "/occasions/{id}/unpublish",
            stale(),
            [409, 403, 403],
            WRITE,
        ),
        route(
            "POST",
            "/occasions/{id}/close",
            stale(),
            [409, 403, 403],
            WRITE,
        ),
        route(
            "POST",
            "/occasions/{id}/archive",
            stale(),
            [409, 403, 403],
            WRITE,
        ),
        route("GET", "/occasions/{id}/events", none(), [200; 3], READ),
        route(
            "POST",
            "/occasions/{id}/events",
            json!({}),
            [422, 403, 403],
            WRITE,
        ),
        route("GET", "/occasions/{id}/events/{e}", none(), [200; 3], READ),
        route(
            "PATCH",
            "/occasions/{id}/events/{e}",
            stale(),
            [409, 409, 403],
            WRITE,
        ),
        route(
            "DELETE",
            "/occasions/{id}/events/{e}?stale",
            none(),
            [409, 403, 403],
            WRITE,
        ),
        route(
            "GET",
            "/occasions/{id}/dietary-options",
            none(),
            [200; 3],
            READ,
        ),
        route(
            "POST",
            "/occasions/{id}/dietary-options",
            json!({}),
            [422, 403, 403],
            WRITE,
        ),
        route(
            "PATCH",
            "/occasions/{id}/dietary-options/vegan",
            stale(),
            [409, 403, 403],
            WRITE,
        ),
        route(
            "DELETE",
            "/occasions/{id}/dietary-options/kosher",
            none(),
            [204, 403, 403],
            WRITE,
        ),
        route("GET", QUESTIONS, none(), [200; 3], READ),
        route("POST", QUESTIONS, json!({}), [422, 403, 403], WRITE),
        route("PATCH", QUESTION, stale(), [409, 409, 403], WRITE),
        route("DELETE", QUESTION, none(), [204, 403, 403], WRITE),
        route("GET", "/occasions/{id}/invitations", none(), [200; 3], READ),
        route(
            "POST",
            "/occasions/{id}/invitations",
            json!({}),
            [422, 422, 403],
            WRITE,
        ),
        route("GET", "/invitations/id/{i}", none(), [200; 3], READ),
        route(
            "PATCH",
            "/invitations/id/{i}",
            stale(),
            [409, 409, 403],
            WRITE,
        ),
        route(
            "DELETE",
            "/invitations/id/{i}?stale",
            none(),
            [409, 409, 403],
            WRITE,
        ),
        route(
            "POST",
            "/invitations/id/{i}/restore",
            stale(),
            [409, 409, 403],
            WRITE,
        ),
        route(
            "POST",
            "/invitations/id/{i}/lock",
            stale(),
            [409, 409, 403],
            WRITE,
        ),
        route(
            "POST",
            "/invitations/id/{i}/unlock",
            stale(),
            [409, 409, 403],
            WRITE,
        ),
        route(
            "POST",
            "/invitations/id/{i}/approve",
            stale(),
            [409, 409, 403],
            WRITE,
        ),
        route(
            "POST",
            "/invitations/id/{i}/merge",
            json!({ "into": "01970000-0000-7000-8000-000000000000" }),
            [404, 404, 403],
            WRITE,
        ),
        route(
            "POST",
            "/invitations/id/{i}/replace-code",
            stale(),
            [409, 403, 403],
            None,
        ),
        route(
            "POST",
            "/invitations/id/{i}/sent",
            none(),
            [200, 200, 403],
            WRITE,
        ),
        route("GET", "/occasions/{id}/guests", none(), [200; 3], ANSWERS),
        route(
            "POST",
            "/occasions/{id}/guests",
            json!({"invitation": "{i}", "version": 999, "guests": []}),
            [409, 409, 403],
            WRITE,
        ),
        route(
            "GET",
            "/occasions/{id}/guests/{g}",
            none(),
            [200; 3],
            ANSWERS,
        ),
        route(
            "PATCH",
            "/occasions/{id}/guests/{g}",
            stale(),
            [409, 409, 403],
            WRITE,
        ),
        route(
            "DELETE",
            "/occasions/{id}/guests/{g}?stale",
            none(),
            [409, 409, 403],
            WRITE,
        ),
        route(
            "PUT",
            "/guests/{g}/replies/nikah",
            json!({"version": 999, "status": "yes"}),
            [409, 409, 403],
            Some(RSVPS_WRITE),
        ),
        route(
            "POST",
            "/occasions/{id}/bulk",
            json!({"ids": [], "action": "archive"}),
            [202, 202, 403],
            WRITE,
        ),
        route(
            "POST",
            "/occasions/{id}/bulk/effect",
            json!({"ids": [], "action": "archive"}),
            [200, 200, 403],
            WRITE,
        ),
        route("GET", "/occasions/{id}/bulk/{b}", none(), [200; 3], READ),
        route(
            "GET",
            "/occasions/{id}/bulk/{b}/rows",
            none(),
            [200; 3],
            READ,
        ),
        route("GET", "/occasions/{id}/jobs", none(), [200; 3], READ),
        route("GET", "/occasions/{id}/exports", none(), [200; 3], None),
        route(
            "POST",
            "/occasions/{id}/exports",
            json!({"kind": "guests", "format": "csv"}),
            [202; 3],
            None,
        ),
        // Made by the owner, with contact data: an observer must not know it.
        route(
            "GET",
            "/occasions/{id}/exports/{x}",
            none(),
            [200, 200, 404],
            None,
        ),
        route(
            "GET",
            "/occasions/{id}/exports/{x}/file",
            none(),
            [409, 409, 404],
            None,
        ),
        route("GET", "/occasions/{id}/members", none(), [200; 3], READ),
        route(
            "POST",
            "/occasions/{id}/members",
            json!({"role": "observer"}),
            [201, 403, 403],
            None,
        ),
        route(
            "PATCH",
            "/occasions/{id}/members/{a}",
            json!({"role": "observer"}),
            [404, 403, 403],
            None,
        ),
        route(
            "DELETE",
            "/occasions/{id}/members/{a}",
            none(),
            [404, 403, 403],
            None,
        ),
        route(
            "GET",
            "/occasions/{id}/members/invites",
            none(),
            [200, 403, 403],
            None,
        ),
        route(
            "DELETE",
            "/occasions/{id}/members/invites/none",
            none(),
            [404, 403, 403],
            None,
        ),
        route("GET", "/occasions/{id}/summary", none(), [200; 3], ANSWERS),
        route(
            "GET",
            "/occasions/{id}/audit",
            none(),
            [200, 200, 403],
            READ,
        ),
    ]
}

/// Ids to put into the paths of [`routes`].
pub(crate) struct Names(Vec<(&'static str, String)>);

impl Names {
    pub(crate) async fn of(stage: &Stage<'_>) -> Self {
        let invitation = stage.invitation("RAHMA").await;
        let mut owner = stage.visitor(&stage.owner);
        let shown = owner
            .get(&format!("/api/v1/invitations/id/{invitation}"))
            .await
            .json();
        let events = owner.get(&stage.at("/events")).await.json();
        let bulk = json!({"ids": [], "action": "archive"});
        let bulk = call(&mut owner, "POST", &stage.at("/bulk"), &bulk)
            .await
            .json();
        let export = json!({"kind": "guests", "format": "csv"});
        let export = call(&mut owner, "POST", &stage.at("/exports"), &export)
            .await
            .json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self(vec![
            ("{id}", stage.occasion.to_string()),
            ("{i}", invitation.to_string()),
            ("{g}", text(&shown["guests"][0]["id"])),
            ("{e}", text(&events["items"][0]["id"])),
            ("{b}", text(&bulk["id"])),
            ("{x}", text(&export["id"])),
            ("{a}", stage.stranger.account.to_string()),
        ])
    }

    pub(crate) fn put(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.0 {
            text = text.replace(name, value);
        }
        text
    }
}

#[test]
fn every_route_answers_each_role_as_the_table_says() {
    on_both(async |stage| {
        let names = Names::of(stage).await;
        let hosts = [&stage.owner, &stage.coordinator, &stage.observer];
        for route in routes() {
            let (path, stale) = match route.path.split_once('?') {
                Some((path, _)) => (path, true),
                None => (route.path, false),
            };
            let path = format!("/api/v1{}", names.put(path));
            let body: Value = serde_json::from_str(&names.put(&route.body.to_string())).unwrap();
            let told = format!("{} {}", route.method, route.path);
            let mut nobody = stage.nobody();
            let page = call(&mut nobody, route.method, &path, &body).await;
            assert_eq!(page.status.as_u16(), 401, "{told}: nobody: {}", page.body);
            let mut stranger = stage.visitor(&stage.stranger);
            if stale {
                stranger.header("if-match", "\"999\"");
            }
            let page = call(&mut stranger, route.method, &path, &body).await;
            assert_eq!(page.status.as_u16(), 404, "{told}: stranger: {}", page.body);
            for (host, expected) in hosts.into_iter().zip(route.answers).rev() {
                let mut visitor = stage.visitor(host);
                if stale {
                    visitor.header("if-match", "\"999\"");
                }
                let page = call(&mut visitor, route.method, &path, &body).await;
                let role = &host.who.account().email;
                assert_eq!(
                    page.status.as_u16(),
                    expected,
                    "{told}: {role}: {}",
                    page.body
                );
            }
        }
    });
}

#[test]
fn a_token_may_what_it_was_made_for_and_nothing_that_is_for_people() {
    on_both(async |stage| {
        let names = Names::of(stage).await;
        let all = ALL;
        for route in routes() {
            let (path, stale) = match route.path.split_once('?') {
                Some((path, _)) => (path, true),
                None => (route.path, false),
            };
            let path = format!("/api/v1{}", names.put(path));
            let body: Value = serde_json::from_str(&names.put(&route.body.to_string())).unwrap();
            let told = format!("{} {}", route.method, route.path);
            let others: Vec<TokenScope> = all
                .into_iter()
                .filter(|right| Some(*right) != route.right)
                .collect();
            let page = ask(stage, &others, &route, &path, &body, stale).await;
            let expected = match route.right {
                Some(_) => "scope_required",
                None => "token_not_permitted",
            };
            assert_eq!((page.0, page.1.as_str()), (403, expected), "{told}");
            if let Some(right) = route.right {
                // The log shows answers too.
                let rights = [right, RSVPS_READ];
                let page = ask(stage, &rights, &route, &path, &body, stale).await;
                assert_eq!(page.0, route.answers[0], "{told}: {}", page.1);
            }
        }
    });
}

async fn ask(
    stage: &Stage<'_>,
    rights: &[TokenScope],
    route: &Route,
    path: &str,
    body: &Value,
    stale: bool,
) -> (u16, String) {
    stage.forget_tokens().await;
    let mut program = stage.program(&stage.owner, rights).await;
    if stale {
        program.header("if-match", "\"999\"");
    }
    let page = call(&mut program, route.method, path, body).await;
    let code = if page.status.is_success() || page.body.is_empty() {
        String::new()
    } else {
        page.json()["code"].as_str().unwrap_or_default().to_owned()
    };
    (page.status.as_u16(), code)
}

/// A route that the tables above do not know has no test of its roles.
#[test]
fn the_table_knows_every_route() {
    let described = occasions::web::api::routes::<Description<Site>>().into_openapi();
    let described = serde_json::to_value(described).unwrap();
    let mut there = BTreeSet::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, what) in methods.as_object().unwrap() {
            if what["tags"][0] != "guests" {
                there.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let known: BTreeSet<String> = routes()
        .iter()
        .map(Route::operation)
        // Tested by themselves: they belong to no occasion, or stay open.
        .chain(
            [
                "GET /api/v1/occasions",
                "POST /api/v1/occasions",
                "GET /api/v1/occasions/{id}/stream",
            ]
            .map(str::to_owned),
        )
        .collect();
    assert_eq!(there, known);
}

#[test]
fn administrators_make_occasions_and_then_own_them() {
    on_both(async |stage| {
        let new = json!({
            "slug": "second", "title": {"en": "A birthday"}, "hosts": {"en": "Mei"},
            "time_zone": "Asia/Singapore", "kind": "birthday",
        });
        let mut owner = stage.visitor(&stage.owner);
        call(&mut owner, "POST", "/api/v1/occasions", &new)
            .await
            .expect(403);
        let mut administrator = stage.visitor(&stage.stranger);
        administrator.header("idempotency-key", "one");
        let made = call(&mut administrator, "POST", "/api/v1/occasions", &new).await;
        made.expect(201);
        assert_eq!(made.header("etag"), "\"1\"");
        assert_eq!(made.json()["role"], "occasion_owner");
        let again = call(&mut administrator, "POST", "/api/v1/occasions", &new).await;
        assert_eq!(
            again.expect(201).json(),
            made.json(),
            "a repeat is not a second one"
        );
        let mut other = new.clone();
        other["slug"] = "third".into();
        let reused = call(&mut administrator, "POST", "/api/v1/occasions", &other).await;
        assert_eq!(reused.expect(422).json()["code"], "idempotency_key_reused");
        let list = administrator.get("/api/v1/occasions").await.json();
        assert_eq!(list["total"], 1);
        assert_eq!(list["items"][0]["slug"], "second");
    });
}

#[test]
fn a_cookie_alone_changes_nothing() {
    on_both(async |stage| {
        let mut visitor = stage.visitor(&stage.owner);
        visitor.header("x-csrf-token", "wrong");
        let path = stage.at("/publish");
        let page = call(&mut visitor, "POST", &path, &Value::Null).await;
        assert_eq!(page.expect(403).json()["code"], "csrf_failed");
        assert_eq!(visitor.get(&stage.at("")).await.status.as_u16(), 200);
    });
}
