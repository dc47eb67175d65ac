//! The pages that everybody may look at.

use accounts::web::asking::Viewer;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use jiff::Timestamp;
use platform::{StoreError, Tx};
use web::page::{Kind, Page};
use web::{Form, Problem, Site, Text, Theme, Wishes};

use super::words;
use crate::calendar::Breakdown;
use crate::clock::{Clock, State as ClockState};
use crate::countdown::{Countdown, Visibility};
use crate::public::{self, Listed, Shown, Viewing};

/// How many countdowns the directory shows.
const DIRECTORY: i64 = 100;

/// `GET /u/{account}/{countdown}`.
pub(super) async fn show(
    State(site): State<Site>,
    Path((account, countdown)): Path<(String, String)>,
    wishes: Wishes,
    uri: Uri,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let viewing = viewing(&site, viewer, &uri)?;
    let look = move |tx: &mut Tx<'_>| public::find(tx, &account, &countdown, &viewing);
    countdown_page(&site, &wishes, site.store.read(look).await?)
}

/// `GET /{account}/incident-timer`.
pub(super) async fn show_primary(
    State(site): State<Site>,
    Path(account): Path<String>,
    wishes: Wishes,
    uri: Uri,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let viewing = viewing(&site, viewer, &uri)?;
    let look = move |tx: &mut Tx<'_>| public::find_primary(tx, &account, &viewing);
    countdown_page(&site, &wishes, site.store.read(look).await?)
}

fn viewing(site: &Site, viewer: Viewer, uri: &Uri) -> Result<Viewing, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    Ok(Viewing {
        who: viewer.who,
        key: query.text("k").to_owned(),
        keys: site.keys.clone(),
    })
}

/// `GET /u/{account}`. An account that shows nothing is not there.
pub(super) async fn account(
    State(site): State<Site>,
    Path(account): Path<String>,
    wishes: Wishes,
) -> Result<Response, Problem> {
    let look = move |tx: &mut Tx<'_>| public::list_of(tx, &account);
    let found = site.store.read(look).await?;
    let found = found.filter(|(_, all)| !all.is_empty());
    let (name, all) = found.ok_or_else(Problem::not_found)?;
    Ok(list_page(&site, &site.speak(&wishes), &name, &all, false))
}

/// `GET /countdowns`.
pub(super) async fn directory(
    State(site): State<Site>,
    wishes: Wishes,
) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>| -> Result<_, StoreError> { public::directory(tx, DIRECTORY) };
    let all = site.store.read(look).await?;
    let text = site.speak(&wishes);
    let title = text.say("countdown-directory");
    Ok(list_page(&site, &text, &title, &all, true))
}

#[derive(Template)]
#[template(path = "countdowns.html")]
struct ListPage<'a> {
    text: &'a Text,
    title: &'a str,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    title: String,
    /// Whose it is, where the page is of many.
    by: Option<String>,
    figure: String,
}

fn list_page(site: &Site, text: &Text, title: &str, all: &[Listed], is_of_many: bool) -> Response {
    let rows = all.iter().map(|one| Row {
        href: words::path(&one.account, &one.countdown.slug),
        title: one.countdown.title.clone(),
        by: is_of_many.then(|| one.name.clone()),
        figure: words::days(text, one.clock.days),
    });
    let body = ListPage {
        text,
        title,
        rows: rows.collect(),
    };
    plain(site, text, title, body)
}

#[derive(Template)]
#[template(path = "countdown.html")]
struct CountdownPage<'a> {
    text: &'a Text,
    shown: &'a Shown,
    clock: Option<ClockView>,
    stats: Vec<(&'static str, String)>,
    entries: Vec<(String, &'a str)>,
}

/// What the script goes on with; instants in milliseconds since 1970.
pub(super) struct ClockView {
    pub(super) number: String,
    pub(super) unit: String,
    pub(super) length: String,
    /// Hours, minutes and seconds.
    pub(super) time: String,
    pub(super) anchor: String,
    pub(super) machine: String,
    pub(super) now: i64,
    pub(super) zero: i64,
    pub(super) turn: i64,
    pub(super) is_frozen: bool,
}

impl ClockView {
    pub(super) fn of(text: &Text, countdown: &Countdown, clock: &Clock, now: Timestamp) -> Self {
        let Breakdown {
            hours,
            minutes,
            seconds,
            ..
        } = clock.breakdown;
        let zone = countdown.zone();
        let at = clock.anchor.to_zoned(zone);
        Self {
            number: text.number(clock.days),
            unit: words::unit(text, clock.days),
            length: words::length(text, &clock.breakdown),
            time: format!("{hours:02}:{minutes:02}:{seconds:02}"),
            anchor: words::anchor(text, countdown, clock.state, &at),
            machine: web::dates::machine(&at),
            now: now.as_millisecond(),
            zero: clock.zero.as_millisecond(),
            turn: clock.turn.as_millisecond(),
            is_frozen: clock.state == ClockState::Frozen,
        }
    }
}

fn countdown_page(site: &Site, wishes: &Wishes, shown: Option<Shown>) -> Result<Response, Problem> {
    let shown = shown.ok_or_else(Problem::not_found)?;
    let text = site.speak(wishes);
    let zone = shown.countdown.zone();
    let entries = shown.entries.iter().map(|entry| {
        let at = entry.reset_at.to_zoned(zone.clone());
        (text.moment_short(&at), entry.note.as_str())
    });
    let body = CountdownPage {
        text: &text,
        clock: shown
            .clock
            .map(|clock| ClockView::of(&text, &shown.countdown, &clock, shown.now)),
        stats: if shown.countdown.show_stats {
            words::statistics(&text, &shown.summary.at(shown.now))
        } else {
            Vec::new()
        },
        entries: entries.collect(),
        shown: &shown,
    };
    let mut page = plain(site, &text, &shown.countdown.title, body);
    if shown.countdown.visibility != Visibility::Public {
        let noindex = HeaderValue::from_static("noindex");
        page.headers_mut().insert("x-robots-tag", noindex);
    }
    Ok(page)
}

fn plain<B: Template>(site: &Site, text: &Text, title: &str, body: B) -> Response {
    web::page(Page {
        title: &format!("{title} – {}", site.settings.name),
        body,
        text,
        theme: Theme::PLAIN,
        kind: Kind::Plain {
            site: &site.settings.name,
            languages: &site.languages(),
        },
    })
}
