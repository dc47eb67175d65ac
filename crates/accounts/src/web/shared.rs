//! The page that lists what a person shares with others. A button beside each item ends the
//! sharing. After a password reset, people are sent to this page, because an intruder may have
//! shared items with themselves.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use platform::Tx;
use serde::Deserialize;
use web::{Problem, Text, Wishes};

use site::asking::Reader;
use site::domain::Share;
use site::domains;
use site::{Context, frame};

pub(super) const HERE: &str = site::addresses::SHARED;
/// The path of the sign-in page that redirects to [`HERE`] afterwards.
pub(super) const LOGIN: &str = "/login?redirect=%2Fme%2Fshared";

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "shared.html")]
struct SharedPage<'a> {
    text: &'a Text,
    done: bool,
    all: &'a [Share],
}

pub(super) async fn show(
    State(accounts): State<Context>,
    Query(done): Query<Done>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    let (id, domains) = (reader.who.account().id.clone(), accounts.domains);
    let look = move |tx: &mut Tx<'_>| domains::shared(tx, domains, &id);
    let all = accounts.site.store.read(look).await?;
    let body = SharedPage {
        text: &text,
        done: done.done.is_some(),
        all: &all,
    };
    let title = text.say("shared-title");
    frame::show(&accounts.site, &text, reader.user(), HERE, &title, body).await
}
