//! Tests with a domain that exists only here. The crates `accounts`, `web` and `platform` know
//! nothing about this domain except its `Domain` value.

mod domain;

use axum::http::Method;
use domain::{BOARD, EDITOR, NOTES};
use identity::account::AccountId;
use identity::session::Stay;
use identity::session::token::PROFILE_READ;
use serde_json::{Value, json};
use site::Context;
use site::domain::Domains;
use testkit::{Visitor, World};
use utoipa::openapi::{Info, OpenApiBuilder};

use crate::stage::{accounts_of, begin, client, give, person, program, visitor};

const DOMAINS: Domains = &[accounts::DOMAIN, domain::DOMAIN];
const PAGE: &str = "/boards/kitchen/note";
const API: &str = "/api/v1/boards/kitchen/note";

/// A person's browser. With `role`, the person has a role on the board.
async fn browser(world: &World, accounts: &Context, email: &str, role: bool) -> Browser {
    let id = person(world, email, None).await;
    if role {
        give(world, &id, EDITOR, &BOARD.scope("kitchen")).await;
    }
    let begun = begin(world, &id, Stay::Visit, client(1)).await;
    let mut visitor = visitor(accounts);
    visitor.set_cookie("kd_session", begun.session.reveal());
    Browser { id, visitor }
}

struct Browser {
    id: AccountId,
    visitor: Visitor,
}

fn on_default(test: &impl AsyncFn(&World, &Context)) {
    World::default_engine(&site::domains::migrations(DOMAINS), async |world| {
        test(world, &accounts_of(world, DOMAINS)).await;
    });
}

#[test]
fn the_page_is_for_people_with_the_role() {
    on_default(&async |world: &World, accounts: &Context| {
        let mut editor = browser(world, accounts, "editor@example.my", true).await;
        let page = editor.visitor.get(PAGE).await.with(200);
        let mut form = page.form(PAGE);
        form.fill("title", "Milk").fill("body", "Two < three.");
        let saved = editor.visitor.submit(&page, &form).await.with(303);
        let shown = editor.visitor.follow(saved).await.with(200);
        assert!(shown.body.contains("<h1>Milk</h1><p>Two &#60; three.</p>"));

        let mut stranger = browser(world, accounts, "stranger@example.my", false).await;
        stranger.visitor.get(PAGE).await.expect(404);
        visitor(accounts).get(PAGE).await.expect(303);
    });
}

#[test]
fn programs_need_the_scope_and_their_owners_role() {
    on_default(&async |world: &World, accounts: &Context| {
        let editor = browser(world, accounts, "editor@example.my", true).await.id;
        let stranger = browser(world, accounts, "stranger@example.my", false).await;
        let note = json!({"title": "Milk", "body": "Two bottles."});
        let mut allowed = program(accounts, &editor, &[NOTES]).await;
        allowed.call(Method::PUT, API, &note).await.expect(204);
        assert_eq!(allowed.get(API).await.with(200).json(), note);

        for (mut program, status, code) in [
            (
                program(accounts, &editor, &[PROFILE_READ]).await,
                403,
                "scope_required",
            ),
            (
                program(accounts, &stranger.id, &[NOTES]).await,
                404,
                "not_found",
            ),
            (visitor(accounts), 401, "unauthenticated"),
        ] {
            let refused = program.get(API).await.with(status);
            assert_eq!(refused.json()["code"], code);
            let refused = program.call(Method::PUT, API, &note).await.with(status);
            assert_eq!(refused.json()["code"], code);
        }
    });
}

#[test]
fn a_refusal_is_said_in_the_readers_language() {
    on_default(&async |world: &World, accounts: &Context| {
        let mut editor = browser(world, accounts, "editor@example.my", true).await;
        let mut program = program(accounts, &editor.id, &[NOTES]).await;
        for (language, sentence) in [
            ("en", "A note needs a text."),
            ("ms", "Nota perlu ada teks."),
        ] {
            editor.visitor.header("accept-language", language);
            program.header("accept-language", language);
            let page = editor.visitor.get(PAGE).await.with(200);
            let refused = editor
                .visitor
                .submit(&page, &page.form(PAGE))
                .await
                .with(422);
            assert!(refused.body.contains(sentence), "{}", refused.body);
            let note = json!({"title": "Milk", "body": ""});
            let refused = program.call(Method::PUT, API, &note).await.with(422);
            let refused = refused.json();
            assert_eq!(
                (&refused["code"], &refused["detail"]),
                (&json!("note_empty"), &json!(sentence))
            );
            let explained = editor.visitor.get("/problems").await.with(200);
            assert!(explained.body.contains(sentence));
        }
    });
}

#[test]
fn people_make_tokens_for_one_board() {
    on_default(&async |world: &World, accounts: &Context| {
        let mut editor = browser(world, accounts, "editor@example.my", true).await;
        give(world, &editor.id, EDITOR, &BOARD.scope("garden")).await;
        let session = editor.visitor.cookie("kd_session").unwrap().to_owned();
        let csrf = web::csrf::token(&session, &world.platform.random);
        editor.visitor.header("x-csrf-token", &csrf);
        let tokens = "/api/v1/me/tokens";
        let new = json!({"name": "x", "scopes": ["notes"], "board": "garden"});
        let made = editor
            .visitor
            .call(Method::POST, tokens, &new)
            .await
            .with(201);
        let mut program = visitor(accounts);
        let token = made.json()["token"].as_str().unwrap().to_owned();
        program.header("authorization", &format!("Bearer {token}"));
        program.get("/api/v1/boards/garden/note").await.expect(200);
        program.get(API).await.expect(404);

        let listed = editor.visitor.get(tokens).await.with(200).json();
        assert_eq!(listed["items"][0]["board"], "garden");
        let page = editor.visitor.get("/me/security").await.with(200);
        for words in ["read and write notes", "One board only"] {
            assert!(page.body.contains(words), "{}", page.body);
        }
    });
}

#[test]
fn the_description_of_the_interface_has_it_all() {
    let mut api = OpenApiBuilder::new().info(Info::new("Notes", "1")).build();
    site::described::describe(DOMAINS, &mut api);
    let api = serde_json::to_value(api).unwrap();
    assert!(api["paths"][API.replace("kitchen", "{id}")]["put"].is_object());
    let schemas = &api["components"]["schemas"];
    let scopes = &schemas["TokenScope"]["enum"];
    assert_eq!(*scopes, json!(["profile:read", "notes"]));
    let described = |schema: &Value| schema["properties"]["board"]["description"].clone();
    assert_eq!(
        described(&schemas["CreateToken"]),
        "The one board it reaches, by id; none: wherever its owner is something."
    );
    assert_eq!(
        described(&schemas["TokenView"]),
        "The one board it reaches, by id."
    );
}
