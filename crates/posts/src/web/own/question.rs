//! The pages that ask for confirmation before a post is withdrawn or deleted.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use serde_json::json;
use site::request::{FormPost, PageRequest};
use site::resource;
use web::form_state::number;
use web::{Input, Problem, Text};

use super::HERE;
use crate::editor_role::Editor;
use crate::post::{Post, State};
use crate::web::public::name;

#[derive(Template)]
#[template(path = "own/question.html")]
struct Question<'a> {
    text: &'a Text,
    submission: String,
    title: String,
    effect: &'static str,
    /// How long others may still see a published post.
    note: Option<String>,
    action: String,
    button: &'static str,
    back: String,
    version: i64,
}

pub(crate) async fn delete(req: PageRequest) -> Result<Response, Problem> {
    let words = ["post-delete-title", "post-delete-effect", "post-delete"];
    ask(&req, "delete", words).await
}

pub(crate) async fn withdraw(req: PageRequest) -> Result<Response, Problem> {
    let words = [
        "post-withdraw-title",
        "post-withdraw-effect",
        "post-withdraw",
    ];
    ask(&req, "withdraw", words).await
}

async fn ask(
    req: &PageRequest,
    act: &str,
    [title, effect, button]: [&'static str; 3],
) -> Result<Response, Problem> {
    let id = req.address().to_owned();
    let look = move |tx: &mut Tx<'_>, editor: &Editor| resource::find::<Post>(tx, editor, &id);
    let post = req.read(look).await?;
    let text = &req.text;
    let is_public = post.clone().at(req.site.clock.now()).state == State::Published;
    let title = text.with(title, [("title", name(&post).into())]);
    let back = format!("{HERE}/{}", post.id);
    let body = Question {
        text,
        submission: req.submission(),
        title: title.clone(),
        effect,
        note: is_public.then(|| req.site.cache_note(text)).flatten(),
        action: format!("{back}/{act}"),
        button,
        back,
        version: post.version,
    };
    req.page(HERE, &title, body).await
}

pub(crate) async fn withdrawn(posted: FormPost) -> Result<Response, Problem> {
    let id = posted.req.address().to_owned();
    let version = number(&posted.form, "version").unwrap_or_default();
    let change = move |tx: &mut Tx<'_>, editor: &Editor| {
        let withdrawn = Input::from(json!({ "state": "withdrawn" }));
        resource::change::<Post>(tx, editor, &id, version, &withdrawn)?;
        Ok(format!("{HERE}/{id}?done=withdrawn"))
    };
    Ok(posted.once(change).await?)
}
