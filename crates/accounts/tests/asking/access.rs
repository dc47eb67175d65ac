//! Sends a request to every route of this crate as every kind of caller, and checks that exactly
//! the declared callers are admitted. A route without a declaration must admit nobody.

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use identity::account::AccountId;
use identity::grant::{OWNER, Scope};
use identity::session::token::{PROFILE_READ, TokenScope};
use identity::session::{Stay, sudo};
use serde_json::{Value, json};
use site::asking::{Caller, Reader, Sender};
use site::{Callers, Context};
use testkit::{Page, Visitor, World};
use web::described::Description;
use web::{Pages, Site};

use crate::registering;
use crate::stage::{
    MIGRATIONS, SONGS_READ, accounts, begin, client, give, person, program, router, usual_hash,
};

const ALL: &[TokenScope] = &[PROFILE_READ, SONGS_READ];

struct Route {
    method: Method,
    path: String,
    callers: Callers,
}

/// All routes of this crate with their declared callers.
fn routes() -> Vec<Route> {
    let described = accounts::web::api::routes::<Description<_>>().into_openapi();
    let described = serde_json::to_value(described).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, what) in methods.as_object().unwrap() {
            let scopes = &what["security"][0]["token"];
            let callers = match (&what["x-access"]["in_person"], scopes) {
                (Value::Bool(true), _) => Callers::People,
                (_, Value::Null) => Callers::Anybody,
                // An empty list means that the required scopes depend on the webhook's events. The
                // handler checks them.
                (_, Value::Array(none)) if none.is_empty() => Callers::Tokens(&[]),
                (_, scopes) => {
                    assert_eq!(*scopes, json!([PROFILE_READ.word()]), "{path}");
                    Callers::Tokens(&[PROFILE_READ])
                }
            };
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                callers,
            });
        }
    }
    let pages = accounts::web::pages().into_iter().map(|page| Route {
        method: page.method,
        path: page.path,
        callers: page.access,
    });
    routes.extend(pages);
    routes
}

/// The error code of the refusal; `None` if the caller is admitted.
async fn refusal(mut visitor: Visitor, route: &Route) -> Option<String> {
    visitor.header("accept", "application/json");
    let path = route.path.replace("{secret}", "x").replace("{id}", "none");
    let page = if path.starts_with("/api/") {
        let body = if route.method == Method::POST {
            json!({})
        } else {
            Value::Null
        };
        visitor.call(route.method.clone(), &path, &body).await
    } else if route.method == Method::POST {
        visitor.post(&path, &[]).await
    } else {
        visitor.get(&path).await
    };
    let outside = ["unauthenticated", "scope_required", "token_not_permitted"];
    code(&page).filter(|code| outside.contains(&code.as_str()))
}

fn code(page: &Page) -> Option<String> {
    let is_problem = page.header("content-type") == "application/problem+json";
    is_problem.then(|| page.json()["code"].as_str().unwrap().to_owned())
}

/// A browser with a new session of a person.
async fn browser(world: &World, accounts: &Context, router: Router, id: &AccountId) -> Visitor {
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    let mut visitor = Visitor::new(router);
    visitor.set_cookie("kd_session", begun.session.reveal());
    let token = web::csrf::token(begun.session.reveal(), &accounts.site.random);
    visitor.header("x-csrf-token", &token);
    visitor
}

/// An API client with an access token of a person's session.
async fn access_program(
    world: &World,
    accounts: &Context,
    router: &Router,
    id: &AccountId,
) -> Visitor {
    let mut page = browser(world, accounts, router.clone(), id).await;
    let address = "/api/v1/auth/token";
    let made = page.call(Method::POST, address, &json!({})).await;
    let token = made.expect(200).json()["access_token"].clone();
    let mut program = Visitor::new(router.clone());
    let header = format!("Bearer {}", token.as_str().unwrap());
    program.header("authorization", &header);
    program
}

#[test]
fn every_address_is_for_whom_its_list_says() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        // This person is the last owner, so the account is not erased, although the test calls
        // every route.
        let hash = usual_hash(world).await;
        let id = person(world, "farah@example.my", Some(&hash)).await;
        give(world, &id, OWNER, &Scope::site()).await;
        let programs = [
            program(&accounts, &id, &[SONGS_READ]).await,
            program(&accounts, &id, ALL).await,
        ];
        let router = router(&accounts);
        for route in routes() {
            let told = format!("{} {}", route.method, route.path);
            let [but_profile, all] = match route.callers {
                Callers::Anybody | Callers::Tokens([]) => [None, None],
                Callers::People => [Some("token_not_permitted"); 2],
                Callers::Tokens(_) => [Some("scope_required"), None],
            };
            for (program, expected) in programs.iter().zip([but_profile, all]) {
                let refused = refusal(program.clone(), &route).await;
                assert_eq!(refused.as_deref(), expected, "{told}");
            }
            let program = access_program(world, &accounts, &router, &id).await;
            let refused = refusal(program, &route).await;
            assert_eq!(refused.as_deref(), all, "{told}: an access token");
            let refused = refusal(Visitor::new(router.clone()), &route).await;
            // Signing out succeeds even if nobody is signed in.
            let is_open = route.callers == Callers::Anybody || told.ends_with("/logout");
            let expected = (!is_open).then_some("unauthenticated");
            assert_eq!(refused.as_deref(), expected, "{told}");
            let person = browser(world, &accounts, router.clone(), &id).await;
            assert_eq!(refusal(person, &route).await, None, "{told}");
        }
        // One of the routes mails another confirmation link.
        registering::expect(world, &accounts, "farah@example.my", "mail-verify-subject");
    });
}

/// The document `docs/security.md` must list every route that is open to everybody.
#[test]
fn what_anybody_may_call_is_in_the_documentation() {
    let documentation = include_str!("../../../../docs/security.md");
    for Route { path, callers, .. } in routes() {
        let is_told = documentation.contains(&format!("`{path}`"));
        assert!(is_told || callers != Callers::Anybody, "{path}");
    }
}

#[test]
fn every_page_for_people_has_the_way_out() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        give(world, &id, OWNER, &Scope::site()).await;
        let mut visitor = browser(world, &accounts, router(&accounts), &id).await;
        // The clock is advanced until sudo mode has ended. The loop then also covers the pages that
        // ask for a proof.
        world.clock.advance(sudo::LIFETIME);
        let is_page = |route: &Route| {
            // The preview shows the first page as visitors see it. It lacks the frame that
            // signed-in people see.
            let has_own_frame =
                !route.path.starts_with("/api/") && !route.path.ends_with("/preview");
            route.method == Method::GET && route.callers == Callers::People && has_own_frame
        };
        let mut shown = Vec::new();
        for route in routes().into_iter().filter(is_page) {
            let page = visitor.get(&route.path.replace("{id}", id.as_str())).await;
            if page.location().is_none() {
                page.expect(200);
                assert_eq!(page.form("/logout").method, "post", "{}", route.path);
                shown.push(route.path);
            }
        }
        assert!(
            shown.contains(&"/sudo".to_owned()) && shown.len() > 5,
            "{shown:?}"
        );
    });
}

#[test]
fn an_address_that_no_list_names_lets_nobody_in() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let unlisted = Router::<Site>::new()
            .route("/reader", get(async |_: Reader| "in"))
            .route("/sender", post(async |_: Sender| "in"))
            .route("/caller", get(async |_: Caller| "in"));
        let listed = Pages::<Site, Callers>::default()
            .get("/for-tokens", Callers::Tokens(&[]), async |_: Reader| "in")
            .get("/for-people", Callers::People, async |_: Reader| "in")
            .into_router();
        let router = accounts::web::around(&accounts, unlisted.merge(listed));
        let router = web::serve(&accounts.site, router);
        let mut visitor = browser(world, &accounts, router, &id).await;
        visitor.get("/for-people").await.expect(200);
        visitor.post("/sender", &[]).await.expect(500);
        for path in ["/reader", "/caller", "/for-tokens"] {
            visitor.get(path).await.expect(500);
        }
    });
}
