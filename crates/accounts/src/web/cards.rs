//! The page that people see after signing in. It has a card for each domain, with the person's
//! items and forms to create new ones.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::{StoreError, Tx};
use serde::Deserialize;
use web::{Problem, Text, Wishes};

use identity::notification;
use site::asking::Reader;
use site::call::see_other;
use site::frame::Facts;
use site::own_card::{Begin, OwnCard, Side};
use site::{Context, frame};

const HERE: &str = frame::HOME;
const SHOWN: usize = 4;

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "cards.html")]
struct CardsPage<'a> {
    text: &'a Text,
    name: &'a str,
    day: String,
    is_confirmed: bool,
    unread: i64,
    cards: &'a [OwnCard],
    begins: Vec<Begin>,
    has_codes: bool,
}

impl CardsPage<'_> {
    fn notices(&self) -> String {
        let values = [("count", self.unread.into())];
        self.text.with("cards-notices", values)
    }

    fn all(&self, card: &OwnCard) -> String {
        let count = i64::try_from(card.all.0).unwrap_or(i64::MAX);
        self.text.with("cards-all", [("count", count.into())])
    }
}

/// Redirects people to the page where they start.
pub(super) async fn start(
    State(accounts): State<Context>,
    reader: Reader,
) -> Result<Response, Problem> {
    let (site, who) = (accounts.site.clone(), reader.who);
    let look = move |tx: &mut Tx<'_>| Facts::find(tx, &site, &who);
    let facts = accounts.site.store.read(look).await?;
    Ok(see_other(facts.start()))
}

pub(super) async fn show(
    State(accounts): State<Context>,
    Query(done): Query<Done>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let site = &accounts.site;
    let text = site.speak(&wishes);
    let (domains, who, language) = (accounts.domains, reader.who.clone(), text.clone());
    let here = site.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let (mut all, mut others) = (Vec::new(), Vec::new());
        for domain in domains {
            let cards = (domain.cards)(tx, &here, &who, &language)?;
            // What people work on comes before what they take part in.
            if frame::works_in(tx, &here, domain, &who)? {
                all.extend(cards);
            } else {
                others.extend(cards);
            }
        }
        all.append(&mut others);
        Ok((all, notification::count_unread(tx, &who.account().id)?))
    };
    let (mut cards, unread) = site.store.read(look).await?;
    let begins = cards.iter().flat_map(|card| card.begins.clone()).collect();
    cards.retain(|card| !card.lines.is_empty());
    for card in &mut cards {
        card.lines.truncate(SHOWN);
    }
    let zone = TimeZone::get(&reader.who.account().time_zone);
    let zone = zone.unwrap_or_else(|_| site.settings.time_zone.clone());
    let body = CardsPage {
        text: &text,
        name: &reader.who.account().display_name,
        day: text.weekday_and_day(site.clock.now().to_zoned(zone)),
        is_confirmed: done.done.as_deref() == Some("confirmed"),
        unread,
        cards: &cards,
        begins,
        has_codes: accounts
            .domains
            .iter()
            .any(|one| !one.sign_in_hints.is_empty()),
    };
    let title = text.say("host-home");
    frame::show(site, &text, reader.user(), HERE, &title, body).await
}
