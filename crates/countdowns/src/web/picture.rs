//! The preview picture (Open Graph) that other sites show beside a link to a countdown.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use web::card_picture::{self, CardPicture, written};
use web::{Form, Language, Problem, Site, Text, Wishes};

use super::badge;
use super::words;
use crate::clock::Clock;
use crate::countdown::Countdown;
use crate::public::CountdownView;

fn card(site: &Site, text: &Text, countdown: &Countdown, clock: &Clock) -> CardPicture {
    let said = |text: &Text| {
        let at = clock.anchor.to_zoned(countdown.zone());
        let anchor = words::anchor(text, countdown, clock.state, &at);
        let caption = format!("{} {anchor}", words::unit(text, clock.days));
        [text.number(clock.days), caption].map(|words| written(&words))
    };
    // A title in a script that the font lacks is omitted. If the page's language uses such a
    // script, the picture's other words are in English.
    let mut own = said(text);
    if own.iter().any(String::is_empty) {
        own = said(&site.catalogue.speak(&Language::of("en")));
    }
    let [number, caption] = own;
    CardPicture {
        title: written(&countdown.title),
        number,
        caption,
    }
}

/// The picture's URL, which changes with the picture's content, so that other sites fetch the new
/// picture.
pub(super) fn address(site: &Site, text: &Text, shown: &CountdownView, clock: &Clock) -> String {
    let language = &text.language().tag;
    let (state, days, anchor) = (clock.state.word(), clock.days, clock.anchor.as_second());
    let version = format!("{}-{state}-{days}-{anchor}", shown.revision);
    let path = format!("{}/og.png?lang={language}&v={version}", shown.path());
    site.url().join(&path)
}

/// `GET /u/{account}/{countdown}/og.png`, with the parameter `lang`. The parameter `v` only makes
/// the URL unique.
pub(super) async fn show(
    State(site): State<Site>,
    Path((account, countdown)): Path<(String, String)>,
    wishes: Wishes,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let (shown, clock) = badge::find(&site, account, countdown, &query).await?;
    let words = card(&site, &site.speak_public(&wishes), &shown.countdown, &clock);
    card_picture::answer(&site, &headers, words).await
}
