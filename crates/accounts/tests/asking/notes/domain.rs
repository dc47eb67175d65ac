//! A whole test domain in one file: each board has a note, with a page and a JSON API.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use identity::DomainAccounts;
use identity::grant::{self, Role, ScopeKind};
use identity::session::signed_in::SignedIn;
use identity::session::token::TokenScope;
use platform::store::migrate::{self, Migrations, Step};
use platform::{Rows, Tx, sql};
use serde::{Deserialize, Serialize};
use site::Callers::{self, People, Tokens};
use site::asking::{Caller, Reader, Sender};
use site::domain::{Domain, debug_only};
use utoipa::ToSchema;
use web::codes::Code;
use web::described::{Description, Routes};
use web::page::{Kind, Page};
use web::{Json, Pages, Problem, Site, Text, Theme, Wishes, routes};

const EN: &str = "note-save = Save\nnote-scope = read and write notes\nnote-only = One board only\n\
    note-editor = You look after the board.\n\
    problem-note-empty = A note needs a text.\n    .title = Empty\n";
const MS: &str = "note-save = Simpan\nnote-scope = membaca dan menulis nota\n\
    note-only = Satu papan sahaja\nnote-editor = Anda menjaga papan ini.\n\
    problem-note-empty = Nota perlu ada teks.\n    .title = Kosong\n";
const TABLES: &str = "CREATE TABLE note (board TEXT NOT NULL, title TEXT NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (board));";

pub(crate) const DOMAIN: Domain = Domain {
    locales: &[("en", EN), ("ms", MS)],
    problem_codes: &[Code::new(422, "note_empty")],
    routes: |_| api::<Router<_>>().merge(pages().into_router()),
    describe: debug_only(|| api::<Description<_>>().into_openapi()),
    accounts: DomainAccounts {
        scope_kinds: &[&BOARD],
        token_scopes: &[NOTES],
        ..DomainAccounts::new("notes")
    },
    ..Domain::new(Migrations::new(
        "notes",
        &[Step {
            name: "0001_begin",
            kind: migrate::Kind::Contracting,
            text: TABLES,
        }],
    ))
};

pub(crate) static BOARD: ScopeKind = ScopeKind {
    name: "board",
    top: EDITOR,
    below: &[],
    duties: &[],
    only: "note-only",
    home: "/admin",
    makes_hosts: false,
    invites_newcomers: true,
};
pub(crate) const EDITOR: Role = Role::new("editor", "note-editor");
pub(crate) const NOTES: TokenScope = TokenScope::new("notes", "note-scope");

#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
struct Note {
    title: String,
    body: String,
}

/// Refuses callers who have no role on the board.
fn enter(tx: &mut Tx<'_>, who: &SignedIn, board: &str) -> Result<(), Problem> {
    let rank = grant::rank_in(tx, who, &BOARD.scope(board))?;
    rank.map(drop).ok_or_else(Problem::not_found)
}

fn find(tx: &mut Tx<'_>, who: &SignedIn, board: &str) -> Result<Note, Problem> {
    enter(tx, who, board)?;
    let statement = sql!("SELECT title, body FROM note WHERE board = $1");
    let (title, body) = tx.maybe(statement, &[&board])?.unwrap_or_default();
    Ok(Note { title, body })
}

fn change(tx: &mut Tx<'_>, who: &SignedIn, board: &str, note: &Note) -> Result<(), Problem> {
    enter(tx, who, board)?;
    if note.body.is_empty() {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "note_empty"));
    }
    let statement = sql!(
        "INSERT INTO note (board, title, body) VALUES ($1, $2, $3)
         ON CONFLICT (board) DO UPDATE SET title = excluded.title, body = excluded.body"
    );
    tx.run(statement, &[&board, &note.title, &note.body], Rows::Any)?;
    Ok(())
}

#[derive(Template)]
#[template(
    source = r#"<main id="main"><h1>{{ note.title }}</h1><p>{{ note.body }}</p><form method="post">
<input type="hidden" name="_csrf" value="{{ csrf }}"><input name="title"><input name="body">
<button>{{ text.say("note-save") }}</button></form></main>"#,
    ext = "html"
)]
struct NotePage<'a> {
    text: &'a Text,
    csrf: &'a str,
    note: &'a Note,
}

type Board = (State<Site>, Path<String>);

async fn show(board: Board, wishes: Wishes, reader: Reader) -> Result<Response, Problem> {
    let ((State(site), Path(board)), who) = (board, reader.who);
    let note = &site.store.read(move |tx| find(tx, &who, &board)).await?;
    let (text, csrf) = (&site.speak(&wishes), reader.csrf.as_str());
    Ok(web::page(Page {
        title: &note.title,
        body: NotePage { text, csrf, note },
        text,
        theme: Theme::PLAIN,
        kind: Kind::Public { languages: &[] },
    }))
}

async fn save((State(site), Path(board)): Board, sender: Sender) -> Result<Redirect, Problem> {
    let [title, body] = ["title", "body"].map(|name| sender.form.text(name).to_owned());
    let change = move |tx: &mut Tx<'_>| {
        let (title, body) = (title.clone(), body.clone());
        change(tx, &sender.who, &board, &Note { title, body })
    };
    site.store.write(change).await?;
    Ok(Redirect::to("?saved"))
}

fn pages() -> Pages<Site, Callers> {
    let note = "/boards/{id}/note";
    Pages::default()
        .get(note, People, show)
        .post(note, People, save)
}

fn api<R: Routes<Site>>() -> R {
    R::default().routes(routes!(read: Tokens(&[NOTES]), write: Tokens(&[NOTES])))
}

#[utoipa::path(get, path = "/api/v1/boards/{id}/note", params(("id" = String, Path,)), responses((status = 200, body = Note)))]
async fn read((State(site), Path(board)): Board, caller: Caller) -> Result<Json<Note>, Problem> {
    let who = caller.who;
    let note = site.store.read(move |tx| find(tx, &who, &board)).await?;
    Ok(Json(note))
}

#[utoipa::path(put, path = "/api/v1/boards/{id}/note", params(("id" = String, Path,)), request_body = Note, responses((status = 204)))]
async fn write(
    (State(site), Path(board)): Board,
    caller: Caller,
    Json(note): Json<Note>,
) -> Result<StatusCode, Problem> {
    let who = caller.who;
    let change = move |tx: &mut Tx<'_>| change(tx, &who, &board, &note);
    site.store.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}
