//! The administrators' page with the installation's figures and the log of what happened to accounts
//! and to the installation.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::audit::Actor;
use web::cursor::PageQuery;
use web::{Problem, Text, Wishes};

use super::audit_sentences;

use identity::grant::administrator::{self, PeopleError};
use identity::people::overview::{self, Figures, Line};
use site::asking::Reader;
use site::{Context, frame};

const HERE: &str = site::addresses::AUDIT;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage<'a> {
    text: &'a Text,
    zone: TimeZone,
    figures: [(&'static str, i64); 9],
    lines: &'a [Line],
    next: Option<String>,
}

impl OverviewPage<'_> {
    fn action(&self, line: &Line) -> String {
        audit_sentences::sentence(self.text, &line.record.action)
    }

    fn actor(&self, line: &Line) -> String {
        let words = match line.record.actor_kind.as_str() {
            Actor::ACCOUNT => match &line.actor {
                Some(name) => return name.clone(),
                None => "overview-gone",
            },
            Actor::TOKEN => "overview-token",
            _ => "overview-system",
        };
        self.text.say(words).into_owned()
    }

    fn place(&self, line: &Line) -> String {
        let network = line.record.network.as_deref().unwrap_or_default();
        let at = self.text.moment_short_in(&self.zone, line.record.at);
        format!("{at} {network}")
    }
}

fn labelled(figures: &Figures) -> [(&'static str, i64); 9] {
    [
        ("overview-people", figures.people),
        ("overview-signed-in", figures.signed_in),
        ("people-unverified", figures.unverified),
        ("people-deactivated", figures.deactivated),
        ("people-leaving", figures.leaving),
        ("overview-administrators", figures.administrators),
        ("overview-sessions", figures.sessions),
        ("overview-tokens", figures.tokens),
        ("overview-suppressed", figures.suppressed),
    ]
}

pub(super) async fn show(
    State(accounts): State<Context>,
    paging: PageQuery,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let (who, request) = (reader.who.clone(), reader.request.clone());
    let before: Option<i64> = paging.after()?;
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>| {
        let by = administrator::administrator(tx, &who, &request)?;
        let figures = overview::figures(tx, &by)?;
        Ok::<_, PeopleError>((figures, overview::log(tx, &by, before, rows)?))
    };
    let (figures, lines) = accounts.site.store.read(look).await?;
    let list = paging.list(lines, |line| line.record.sequence);
    let text = accounts.site.speak(&wishes);
    let zone = TimeZone::get(&reader.who.account().time_zone);
    let body = OverviewPage {
        text: &text,
        zone: zone.unwrap_or_else(|_| accounts.site.settings.time_zone.clone()),
        figures: labelled(&figures),
        lines: &list.items,
        next: list
            .next_cursor
            .map(|cursor| format!("{HERE}?cursor={cursor}")),
    };
    let (site, title) = (&accounts.site, text.say("overview-title"));
    frame::show(site, &text, reader.user(), HERE, &title, body).await
}
