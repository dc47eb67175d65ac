//! The page that people land on after signing in: what each domain has for them.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use platform::{StoreError, Tx};
use web::{Link, Problem, Text, Wishes};

use super::{frame, leaving, profile};
use site::asking::Reader;

use crate::Accounts;
use crate::domain::Card;

const HERE: &str = "/me";

#[derive(Template)]
#[template(path = "cards.html")]
struct CardsPage<'a> {
    text: &'a Text,
    name: &'a str,
    cards: &'a [Card],
}

/// `GET /me`.
pub(super) async fn show(
    State(accounts): State<Accounts>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let site = &accounts.site;
    let text = site.speak(&wishes);
    let (domains, who, language) = (accounts.domains, reader.who.clone(), text.clone());
    let here = site.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let mut all = Vec::new();
        for domain in domains {
            all.extend((domain.cards)(tx, &here, &who, &language)?);
        }
        Ok(all)
    };
    let mut cards = site.store.read(look).await?;
    cards.push(own());
    let body = CardsPage {
        text: &text,
        name: &reader.who.account().display_name,
        cards: &cards,
    };
    let title = text.say("host-home");
    let who = (&reader.who, reader.csrf.as_str());
    frame::show(site, &text, who, (HERE, &title), body).await
}

/// What everybody has.
fn own() -> Card {
    let link = |(label, href)| Link { label, href };
    let links = [
        ("profile-title", profile::HERE),
        ("account-security", "/me/security"),
        ("account-data", leaving::HERE),
    ];
    Card {
        title: "host-account",
        lines: Vec::new(),
        links: links.map(link).into(),
        form: None,
    }
}
