//! Requests each path for hosts with each role and each set of token scopes. The results must match
//! the access lists, which say who is admitted and which error code everybody else gets.

use identity::session::token::TokenScope;
use jiff::SignedDuration;
use occasions::hosting::Permission;
use occasions::role::Role;
use occasions::token_scopes::{OCCASION_READ, RSVPS_READ};
use serde_json::{Value, json};
use site::Callers;
use testkit::{Page, Visitor};

use crate::pictures;
use crate::stage::{ALL, Stage, call, on_default};
use crate::uploads::send;

/// A path, its rule from the access list, and a request that changes as little as possible.
pub(crate) struct Route {
    pub(crate) method: String,
    /// The path as the access list spells it.
    pub(crate) listed: String,
    /// `{i}`, `{g}`, `{e}`, `{b}`, `{x}`, `{n}` and `{a}` stand for an invitation, a guest, an event,
    /// a bulk action, an export, an announcement and an account.
    pub(crate) path: String,
    pub(crate) body: Value,
    /// The lowest role that may use the path; `None` if the path belongs to no occasion.
    role: Option<Role>,
    /// The scopes that a token needs; `None` if no token is admitted.
    scopes: Option<Vec<String>>,
}

impl Route {
    /// Returns the operation's method and path, as in the API description.
    pub(crate) fn operation(&self) -> String {
        format!("{} {}", self.method, self.listed)
    }

    pub(crate) fn is_read(&self) -> bool {
        self.method == "GET"
    }

    fn is_page(&self) -> bool {
        !self.listed.starts_with("/api/")
    }

    /// Returns whether the request ends the caller's own membership. Such requests come last.
    fn is_left_to_the_end(&self) -> bool {
        let leave = [
            "DELETE /api/v1/occasions/{id}/members/{account}",
            "POST /admin/o/{slug}/members/remove",
        ];
        leave.contains(&self.operation().as_str())
    }
}

/// Path parameters from the access lists. Each is paired with the placeholder that replaces it in
/// the paths of these tests.
const PLACES: [(&str, &str); 40] = [
    ("/gifts/reservations/{id}", "/gifts/reservations/{v}"),
    ("/gifts/received/{id}", "/gifts/received/{w}"),
    ("/gifts/cash/{id}", "/gifts/cash/{y}"),
    ("/gifts/{id}", "/gifts/{z}"),
    ("/received-gifts/{gift}", "/received-gifts/{w}"),
    ("{gift}", "{z}"),
    ("{link}", "{y}"),
    ("{upload}", "{u}"),
    ("/uploads/own/{id}", "/uploads/own/{o}"),
    ("{picture}", "{o}"),
    ("{reservation}", "{v}"),
    ("/invitations/id/{id}", "/invitations/id/{i}"),
    ("/guests/{id}/replies/{event}", "/guests/{g}/replies/nikah"),
    ("/occasions/{id}/bulk/{bulk}", "/occasions/{id}/bulk/{b}"),
    ("/invites/bulk/{id}", "/invites/bulk/{b}"),
    ("/invites/{id}", "/invites/{i}"),
    ("/reports/{id}", "/reports/{x}"),
    ("/import/{id}", "/import/{m}"),
    ("/mail/{id}", "/mail/{c}"),
    ("/reminders/{id}", "/reminders/{r}"),
    ("/news/{id}", "/news/{n}"),
    ("{announcement}", "{n}"),
    ("{campaign}", "{c}"),
    ("{rule}", "{r}"),
    ("{kind}", "reminder"),
    ("/events/{id}", "/events/{e}"),
    ("/questions/{id}", "/questions/song"),
    ("/questions/{key}", "/questions/song"),
    ("/pages/{id}", "/pages/travel"),
    ("/pages/{key}", "/pages/travel"),
    ("/diets/{id}/remove", "/diets/kosher/remove"),
    ("/diets/{id}", "/diets/vegan"),
    ("options/{key}", "options/vegan"),
    ("{part}", "texts"),
    ("{guest}", "{g}"),
    ("{event}", "{e}"),
    ("{export}", "{x}"),
    ("{import}", "{m}"),
    ("{account}", "{a}"),
    ("{invite}", "none"),
];

fn route(method: &str, listed: &str, role: Option<Role>, scopes: Option<Vec<String>>) -> Route {
    let places = PLACES.into_iter();
    let path = places.fold(listed.to_owned(), |path, (from, to)| path.replace(from, to));
    // `vegan` is used in answers, so deleting it would only deactivate it. `kosher` is unused.
    let path = if method == "DELETE" {
        path.replace("vegan", "kosher")
    } else {
        path
    };
    let rest = match listed {
        "/api/email/reminder" => "/reminder",
        _ => listed.rsplit_once("{id}").map_or("", |(_, rest)| rest),
    };
    Route {
        body: body(method, rest),
        method: method.to_owned(),
        listed: listed.to_owned(),
        path,
        role,
        scopes,
    }
}

/// Returns a request body that the API accepts. A version in the body is outdated, so that nothing
/// changes.
fn body(method: &str, rest: &str) -> Value {
    match (method, rest) {
        ("GET" | "DELETE", _) | (_, "/sent") => Value::Null,
        (_, "/guests") => json!({"invitation": "{i}", "version": 999, "guests": []}),
        (_, "/replies/{event}") => json!({"version": 999, "status": "yes"}),
        (_, "/bulk" | "/bulk/effect") => json!({"ids": [], "action": "archive"}),
        ("POST", "/imports") => json!([{"household": "A"}]),
        (_, "/reminder") => json!({"occasion": "{id}"}),
        ("POST", "/campaigns") => json!({"kind": "thanks"}),
        (_, "/sending/mail") => json!({"kind": "reminder"}),
        (_, "/sending/order") => json!({"channels": []}),
        (_, "/handed") => json!({"kind": "invitation", "channel": "other"}),
        (_, "/exports") => json!({"kind": "guests", "format": "csv"}),
        (_, "/members" | "/members/{account}") => json!({"role": "observer"}),
        (_, "/received-gifts/{gift}/thanked") => json!({"thanked": true, "version": 999}),
        (_, "/uploads/state") => json!({"uploads": [], "state": "approved"}),
        (_, "/uploads/order") => json!({"uploads": [], "place": "first"}),
        (_, "/own-domain") => json!({"own_domain": "a.example"}),
        (_, "/move") => json!({"version": 999, "guests": []}),
        (_, "/merge") => json!({"into": "01970000-0000-7000-8000-000000000000"}),
        (
            "POST",
            "/events" | "/questions" | "/announcements" | "/pages" | "/reminder-rules"
            | "/dietary-options" | "/invitations" | "/gifts" | "/cash-links" | "/received-gifts"
            | "",
        )
        | ("PATCH", "/imports/{import}" | "/pictures/{picture}") => json!({}),
        _ => json!({"version": 999}),
    }
}

/// Returns all routes in the API's access lists. Operations without an access rule are for guests,
/// and are skipped.
pub(crate) fn routes() -> Vec<Route> {
    let described = occasions_all::DOMAIN.describe.unwrap()();
    let described = serde_json::to_value(described).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, what) in methods.as_object().unwrap() {
            let is_for_guests = what["tags"][0] == "guests";
            let told = format!("{method} {path}");
            assert_eq!(what.get("security").is_none(), is_for_guests, "{told}");
            if is_for_guests {
                continue;
            }
            let access = &what["x-access"];
            let words = what["security"][0]["token"].as_array().unwrap().iter();
            let words = words
                .map(|word| word.as_str().unwrap().to_owned())
                .collect();
            routes.push(route(
                &method.to_uppercase(),
                path,
                access["role"]
                    .as_str()
                    .map(|role| Role::find(role).unwrap()),
                (access["in_person"] != true).then_some(words),
            ));
        }
    }
    // Deletions come last, because other requests need the same objects.
    routes.sort_by_key(|route| route.method == "DELETE");
    routes
}

fn pages() -> Vec<Route> {
    let pages = occasions_all::host_pages().into_iter().map(|page| {
        assert_eq!(page.access.callers, Callers::People, "{}", page.path);
        let role = page.access.permission.map(Permission::least_role);
        route(page.method.as_str(), &page.path, role, None)
    });
    pages.collect()
}

/// The values that replace the placeholders in the paths and bodies of [`routes`].
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
        let import = json!([{"household": "B"}]);
        let import = call(&mut owner, "POST", &stage.at("/imports"), &import)
            .await
            .json();
        let order = json!({"kind": "invitation"});
        let mut public = stage.public(&stage.owner);
        let campaign = call(&mut public, "POST", &stage.at("/campaigns"), &order)
            .await
            .json();
        let rules = stage.at("/reminder-rules");
        let rule = call(&mut owner, "POST", &rules, &json!({}))
            .await
            .with(201)
            .json();
        let news = json!({"title": {"en": "Parking"}});
        let news = call(&mut owner, "POST", &stage.at("/announcements"), &news)
            .await
            .with(201)
            .json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut names = plant_gifts(stage, "RAHMA").await;
        names.extend([
            ("{id}", stage.occasion.to_string()),
            ("{slug}", occasions::demo::SLUG.to_owned()),
            ("{i}", invitation.to_string()),
            ("{g}", text(&shown["guests"][0]["id"])),
            ("{e}", text(&events["items"][0]["id"])),
            ("{b}", text(&bulk["id"])),
            ("{x}", text(&export["id"])),
            ("{m}", text(&import["id"])),
            ("{c}", text(&campaign["id"])),
            ("{r}", text(&rule["id"])),
            ("{n}", text(&news["id"])),
            ("{look}", "garden".to_owned()),
            ("{group}", "guests".to_owned()),
            ("{a}", stage.stranger.account.to_string()),
        ]);
        Self(names)
    }

    pub(crate) fn put(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.0 {
            text = text.replace(name, value);
        }
        text
    }
}

/// Adds a reserved gift, a way to give money, a received gift and an upload. The household with the
/// code `code` reserves the gift. Returns each placeholder with its id.
pub(crate) async fn plant_gifts(stage: &Stage<'_>, code: &str) -> Vec<(&'static str, String)> {
    stage.switch(|switches| switches.gifts = true).await;
    let mut owner = stage.visitor(&stage.owner);
    let mut made = Vec::new();
    let link = json!({"kind": "duitnow", "label": "Phone", "account": "0123456789"});
    for (name, rest, body) in [
        (
            "{z}",
            "/gifts",
            json!({"name": {"en": "Cups"}, "quantity": 6}),
        ),
        ("{y}", "/cash-links", link),
        (
            "{w}",
            "/received-gifts",
            json!({"giver": "Uncle Lim", "description": "A lamp"}),
        ),
    ] {
        let one = call(&mut owner, "POST", &stage.at(rest), &body).await;
        let id = one.with(201).json()["id"].as_str().unwrap().to_owned();
        made.push((name, id));
    }
    let path = format!("/api/v1/invitations/{code}/gifts/{}", made[0].1);
    let wanted = json!({"quantity": 1, "note": "Marker note"});
    let reserved = call(&mut stage.nobody(), "PUT", &path, &wanted).await;
    reserved.expect(201);
    let all = owner.get(&stage.at("/gift-reservations")).await.json();
    made.push(("{v}", all["items"][0]["id"].as_str().unwrap().to_owned()));
    made.push(("{u}", send(stage, code, "Marker caption", 0).await));
    made.push(("{o}", pictures::add(stage, "", 0).await));
    made
}

#[derive(Debug)]
struct Answer {
    status: u16,
    /// The refusal's error code; `None` if the caller was admitted.
    refusal: Option<String>,
    body: String,
}

impl Answer {
    fn of(page: Page) -> Self {
        let status = page.status.as_u16();
        assert!(status < 500, "{}: {}", page.address, page.body);
        let is_problem = page.header("content-type") == "application/problem+json";
        let code = is_problem.then(|| page.json()["code"].as_str().unwrap().to_owned());
        let keeps_out = |code: &String| {
            let codes = ["forbidden", "scope_required", "token_not_permitted"];
            match status {
                401 => code == "unauthenticated",
                403 => codes.contains(&code.as_str()),
                404 => code == "not_found",
                _ => false,
            }
        };
        let refusal = code.filter(keeps_out);
        let is_explained = refusal.is_some() || ![401, 403].contains(&status);
        assert!(is_explained, "{}: {}", page.address, page.body);
        Self {
            status,
            refusal,
            body: page.body,
        }
    }

    /// Returns the refusal's error code, but leaves out `not_found`. An object can be missing for
    /// reasons that have nothing to do with the role.
    fn refusal_but_missing(&self) -> Option<&str> {
        self.refusal.as_deref().filter(|code| *code != "not_found")
    }
}

/// Sends the route's request. `own` is the account of the host who sends it.
async fn ask(visitor: &Visitor, route: &Route, names: &Names, own: &str, is_in: bool) -> Answer {
    let mut visitor = visitor.clone();
    visitor.header("accept", "application/json");
    let path = names.put(&route.path.replace("{a}", own));
    if is_in && path.ends_with("/stream") {
        // The response of an event stream never ends, so only its head is read.
        visitor.listen(&path).await;
        return Answer {
            status: 200,
            refusal: None,
            body: String::new(),
        };
    }
    if !route.is_read() {
        visitor.header("if-match", "\"999\"");
    }
    if route.is_page() && !route.is_read() {
        let fields = [
            ("version", "999"),
            ("account", own),
            ("role", "observer"),
            ("kind", "guests"),
            ("format", "csv"),
        ];
        return Answer::of(visitor.post(&path, &fields).await);
    }
    let body = serde_json::from_str(&names.put(&route.body.to_string())).unwrap();
    Answer::of(call(&mut visitor, &route.method, &path, &body).await)
}

/// Requests each route as every kind of caller. Signed-out visitors and hosts of other occasions
/// must be refused. Members are admitted only if their role is high enough.
async fn try_every_role(stage: &Stage<'_>, mut routes: Vec<Route>) {
    stage.expect_work();
    let names = Names::of(stage).await;
    let another = json!({
        "slug": "second", "title": {"en": "A birthday"}, "hosts": {"en": "Mei"},
        "time_zone": "Asia/Singapore", "kind": "birthday",
    });
    let mut foreign = stage.visitor(&stage.stranger);
    let made = call(&mut foreign, "POST", "/api/v1/occasions", &another).await;
    made.expect(201);
    routes.sort_by_key(Route::is_left_to_the_end);
    for route in &routes {
        let told = route.operation();
        let own = stage.stranger.account.as_str();
        let answer = ask(&stage.nobody(), route, &names, own, false).await;
        assert_eq!(answer.refusal.as_deref(), Some("unauthenticated"), "{told}");
        let answer = ask(&foreign, route, &names, own, false).await;
        let Some(least) = route.role else {
            // This route belongs to no occasion. The stranger is an administrator, and in this test
            // only administrators may create occasions.
            assert_eq!(answer.refusal, None, "{told}");
            continue;
        };
        assert_eq!(answer.refusal.as_deref(), Some("not_found"), "{told}");
        for (host, role) in [
            (&stage.observer, Role::Observer),
            (&stage.coordinator, Role::Coordinator),
            (&stage.owner, Role::OccasionOwner),
        ] {
            let is_in = role >= least;
            let (visitor, own) = (stage.visitor(host), host.account.as_str());
            let answer = ask(&visitor, route, &names, own, is_in).await;
            let told = format!("{told}: {role:?}: {}", answer.body);
            if is_in {
                assert_eq!(answer.refusal_but_missing(), None, "{told}");
            } else {
                assert_eq!(answer.refusal.as_deref(), Some("forbidden"), "{told}");
            }
            // The framed preview and the printed sheets do not use the layout of hosts' pages.
            let is_own = answer.body.starts_with("<!doctype html>")
                && !route.path.ends_with("/preview/page")
                && !route.path.contains("/print/");
            if is_in && is_own {
                assert!(answer.body.contains("action=\"/logout\""), "{told}");
            }
            // The download of the owner's export (`{x}`) is not checked. It fails until the export
            // is ready, and for hosts who may not see all of its data.
            if is_in && route.is_read() && !route.path.contains("{x}") {
                let status = match route.path.strip_prefix("/admin/o/{slug}") {
                    Some("/more" | "/invites/send") => 308,
                    // The event is where it was.
                    Some("/send/moved/{e}") => 303,
                    // The list is not one of contacts, and there is no photo.
                    Some("/import/{m}/contacts" | "/settings/cover/small") => 404,
                    _ => 200,
                };
                assert_eq!(answer.status, status, "{told}");
            }
        }
    }
    // A test mail is sent to the host who requests it.
    for mail in stage.world.mails().await {
        if mail.subject.starts_with("[Test]") {
            stage.world.expect_mail(&mail.recipient, &mail.subject);
        }
    }
}

#[test]
fn every_operation_is_for_the_roles_that_its_list_says() {
    on_default(async |stage| try_every_role(stage, routes()).await);
}

#[test]
fn every_page_is_for_the_roles_that_its_list_says() {
    on_default(async |stage| try_every_role(stage, pages()).await);
}

/// Returns the sets of token scopes to try: each scope alone, all scopes but one, and all scopes.
/// One more set has the two scopes that the audit log requires because it contains answers.
fn scope_sets() -> Vec<Vec<TokenScope>> {
    let but = |scope| ALL.into_iter().filter(move |other| *other != scope);
    let mut sets: Vec<Vec<TokenScope>> = ALL.into_iter().map(|scope| vec![scope]).collect();
    sets.extend(ALL.into_iter().map(|scope| but(scope).collect()));
    sets.extend([ALL.to_vec(), vec![OCCASION_READ, RSVPS_READ]]);
    sets
}

#[test]
fn a_token_may_what_its_scopes_are_for_and_nothing_that_is_for_people() {
    on_default(async |stage| {
        stage.expect_work();
        let names = Names::of(stage).await;
        for scopes in scope_sets() {
            // Advancing the clock keeps the requests below the limit on changes per minute and
            // account.
            stage.world.clock.advance(SignedDuration::from_mins(5));
            stage.forget_tokens().await;
            let owner = stage.program(&stage.owner, &scopes).await;
            let administrator = stage.program(&stage.stranger, &scopes).await;
            for route in routes().into_iter().chain(pages()) {
                let has = |word: &String| scopes.iter().any(|scope| scope.word() == word);
                let expected = match &route.scopes {
                    None => Some("token_not_permitted"),
                    Some(needed) if needed.iter().all(has) => None,
                    Some(_) => Some("scope_required"),
                };
                let program = route.role.map_or(&administrator, |_| &owner);
                let own = stage.owner.account.as_str();
                let answer = ask(program, &route, &names, own, expected.is_none()).await;
                let told = format!("{}: {scopes:?}: {}", route.operation(), answer.body);
                assert_eq!(answer.refusal_but_missing(), expected, "{told}");
            }
        }
    });
}

#[test]
fn a_page_leads_to_the_sign_in_page() {
    on_default(async |stage| {
        stage.expect_work();
        let names = Names::of(stage).await;
        for page in pages().iter().filter(|page| page.is_read()) {
            let shown = stage.nobody().get(&names.put(&page.path)).await;
            shown.expect(303);
            assert!(
                shown.location().unwrap().starts_with("/login"),
                "{}",
                page.path
            );
        }
    });
}

#[test]
fn administrators_make_occasions_and_then_own_them() {
    on_default(async |stage| {
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
    on_default(async |stage| {
        let mut visitor = stage.visitor(&stage.owner);
        visitor.header("x-csrf-token", "wrong");
        let path = stage.at("/publish");
        let page = call(&mut visitor, "POST", &path, &Value::Null).await;
        assert_eq!(page.expect(403).json()["code"], "csrf_failed");
        assert_eq!(visitor.get(&stage.at("")).await.status.as_u16(), 200);
    });
}
