//! The page on which people unsubscribe from a mail stream. Mail programs can also unsubscribe by
//! sending a POST request, without cookies and without opening the page (RFC 8058). The link can be
//! used any number of times.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use platform::mail::suppression::{self, Place};
use platform::{StoreError, Tx};
use web::page::{Kind, Page};
use web::{Problem, Site, Text, Theme, Wishes};

use site::Context;
use site::asking::Browser;

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct UnsubscribePage<'a> {
    text: &'a Text,
    site: &'a str,
    is_done: bool,
}

pub(super) async fn show(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    wishes: Wishes,
) -> Result<Response, Problem> {
    find(&accounts.site, &link)?;
    Ok(page(&accounts.site, &wishes, false))
}

pub(super) async fn unsubscribe(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    wishes: Wishes,
    Browser(client): Browser,
) -> Result<Response, Problem> {
    let place = find(&accounts.site, &link)?;
    let change = move |tx: &mut Tx<'_>| suppression::unsubscribe(tx, &place, &client.request);
    let done: Result<(), StoreError> = accounts.site.store.write(change).await;
    done?;
    Ok(page(&accounts.site, &wishes, true))
}

fn find(site: &Site, link: &str) -> Result<Place, Problem> {
    let key = site.keys.key(suppression::PURPOSE);
    suppression::find_unsubscribe(&key, link).ok_or_else(Problem::not_found)
}

fn page(site: &Site, wishes: &Wishes, is_done: bool) -> Response {
    let text = site.speak(wishes);
    let body = UnsubscribePage {
        text: &text,
        site: &site.settings.name,
        is_done,
    };
    web::page(Page {
        title: &format!("{} – {}", text.say("unsubscribe-title"), site.settings.name),
        body,
        text: &text,
        theme: Theme::PLAIN,
        kind: Kind::Plain {
            site,
            languages: &site.languages(),
        },
    })
}
