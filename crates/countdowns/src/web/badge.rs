//! Widgets for other sites: a badge as SVG, and a page to embed in a frame.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse as _, Response};
use platform::Tx;
use web::page::{self, Kind, Page};
use web::{Form, Problem, Site, Text, Theme, Wishes, shared};

use super::clock_view::ClockView;
use super::words;
use crate::clock::Clock;
use crate::countdown::Visibility;
use crate::public::{self, CountdownView, Viewing};
use site::moved_slugs;

/// The maximum length of a badge's label, in characters.
const LABEL: usize = 40;

web::words! {
    Style {
        /// A badge with round corners.
        Flat = "flat",
        /// A glossy badge.
        Plastic = "plastic",
        /// A badge with square corners.
        Square = "square",
    }
}

web::words! {
    /// The unit in which a badge shows the time.
    Unit {
        Days = "days",
        Weeks = "weeks",
        /// Years, months and days.
        Full = "full",
    }
}

#[derive(Template)]
#[template(path = "badge.svg")]
struct Badge<'a> {
    language: &'a str,
    label: String,
    value: String,
    color: &'a str,
    is_shiny: bool,
    radius: u32,
    left: u32,
    right: u32,
}

/// `GET /u/{account}/{countdown}/badge.svg` accepts the parameters `style`, `label`, `unit`,
/// `color` and `lang`. An invalid parameter falls back to its default.
pub(super) async fn show(
    State(site): State<Site>,
    Path((asked, countdown)): Path<(String, String)>,
    wishes: Wishes,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let (shown, clock) = find(&site, asked.clone(), countdown, &query).await?;
    if let Some(moved) = moved_slugs::lead(&uri, &asked, &shown.account, true) {
        return Ok(moved);
    }
    let text = site.speak_public(&wishes);
    let label: String = match query.text("label").trim() {
        "" => label(&shown.countdown.title),
        chosen => label(chosen),
    };
    let value = figure(
        &text,
        &clock,
        Unit::find(query.text("unit")).unwrap_or(Unit::Days),
    );
    let style = Style::find(query.text("style")).unwrap_or(Style::Flat);
    let badge = Badge {
        language: &text.language().tag,
        left: width(&label),
        right: width(&value),
        color: color(query.text("color")),
        is_shiny: style == Style::Plastic,
        radius: if style == Style::Square { 0 } else { 3 },
        label,
        value,
    };
    let headers = [
        (CONTENT_TYPE, "image/svg+xml"),
        (CACHE_CONTROL, "private, max-age=300"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ),
    ];
    let svg = badge.render().map_err(Problem::internal)?;
    Ok((headers, svg).into_response())
}

/// Finds a countdown as an anonymous visitor sees it, even if the visitor is signed in.
pub(super) async fn find(
    site: &Site,
    account: String,
    countdown: String,
    query: &Form,
) -> Result<(CountdownView, Clock), Problem> {
    let viewing = Viewing {
        who: None,
        key: query.text("k").to_owned(),
        keys: site.keys.clone(),
    };
    let look = move |tx: &mut Tx<'_>| public::find(tx, &account, &countdown, &viewing);
    let shown = site.store.read(look).await?;
    let found = shown.and_then(|shown| Some((shown.clock?, shown)));
    let (clock, shown) = found.ok_or_else(Problem::not_found)?;
    Ok((shown, clock))
}

fn label(text: &str) -> String {
    let is_allowed = |char: &char| !char.is_control() && !matches!(char, '\u{fffe}' | '\u{ffff}');
    text.chars().filter(is_allowed).take(LABEL).collect()
}

fn figure(text: &Text, clock: &Clock, unit: Unit) -> String {
    match unit {
        Unit::Weeks => text.with("countdown-weeks", [("n", (clock.days / 7).into())]),
        Unit::Full if clock.days > 0 => words::length(text, &clock.breakdown),
        Unit::Days | Unit::Full => words::days(text, clock.days),
    }
}

/// A colour's name, or three or six hexadecimal digits with or without `#`.
fn color(chosen: &str) -> &str {
    let digits = chosen.trim_start_matches('#');
    let is_hex =
        matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digits {
        "green" => "3a7d1e",
        "yellow" => "8a6d00",
        "orange" => "b35309",
        "red" => "b3261e",
        "grey" => "555",
        "black" => "111",
        _ if is_hex => digits,
        _ => "0b63a5",
    }
}

/// The approximate width of a text in Verdana at 11 pixels, with a margin. The SVG states the
/// width, so that the text fits in any font.
fn width(text: &str) -> u32 {
    let tenths = text.chars().map(|char| match char {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '!' | '|' | '\'' | ' ' => 40,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 105,
        'A'..='Z' => 80,
        '\u{1100}'.. => 115,
        _ => 70,
    });
    tenths.sum::<u32>() / 10 + 10
}

#[derive(Template)]
#[template(path = "embed.html")]
struct EmbedPage<'a> {
    shown: &'a CountdownView,
    href: String,
    clock: ClockView,
}

/// `GET /embed/{account}/{countdown}` returns the page that other sites show in a frame. The page
/// sets no cookie.
pub(super) async fn embed(
    State(site): State<Site>,
    Path((asked, countdown)): Path<(String, String)>,
    wishes: Wishes,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let (shown, clock) = find(&site, asked.clone(), countdown, &query).await?;
    if let Some(moved) = moved_slugs::lead(&uri, &asked, &shown.account, true) {
        return Ok(moved);
    }
    let text = site.speak_public(&wishes);
    let written = page::write(&Page {
        title: &shown.countdown.title,
        body: EmbedPage {
            href: words::with_key(shown.path(), query.text("k")),
            clock: ClockView::of(&text, &shown.countdown, &clock, shown.now),
            shown: &shown,
        },
        text: &text,
        theme: Theme::PLAIN,
        kind: Kind::Public { languages: &[] },
    });
    let mut response = written.map_err(Problem::internal)?.into_response();
    let headers = response.headers_mut();
    // With this header, the site would store the chosen language in a cookie.
    headers.remove(CONTENT_LANGUAGE);
    let policy = HeaderValue::from_static(web::EMBED_POLICY);
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    if shown.countdown.visibility != Visibility::Public {
        shared::keep_private(&mut response);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_color_is_known_or_the_usual_one() {
        for (chosen, found) in [
            ("red", "b3261e"),
            ("#Fa0", "Fa0"),
            ("12ab9f", "12ab9f"),
            ("12ab9", "0b63a5"),
            ("url(x)", "0b63a5"),
            ("", "0b63a5"),
        ] {
            assert_eq!(color(chosen), found, "{chosen}");
        }
    }
}
