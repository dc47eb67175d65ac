//! The page on which administrators see the suppressed email addresses, to which no mail is sent.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::mail::suppression::{After, Cause, Listed, Place};
use serde::Deserialize;
use web::cursor::PageQuery;
use web::{Problem, Text, Wishes};

use identity::grant::administrator::{self, PeopleError};
use identity::person::suppressed;
use site::asking::{Reader, Sender};
use site::call::{self, see_other};
use site::{Context, frame};

pub(super) const HERE: &str = site::addresses::SUPPRESSED;

#[derive(Template)]
#[template(path = "suppressed.html")]
struct ListPage<'a> {
    text: &'a Text,
    zone: TimeZone,
    done: bool,
    rows: Vec<(Listed, bool)>,
    next: Option<String>,
}

impl ListPage<'_> {
    fn since(&self, listed: &Listed) -> String {
        self.moment(listed.suppression.last_at)
    }

    fn moment(&self, at: Timestamp) -> String {
        self.text.moment_short_in(&self.zone, at)
    }
}

pub(super) fn cause_words(cause: Cause) -> &'static str {
    match cause {
        Cause::SoftBounce => "suppressed-soft-bounce",
        Cause::Unsubscribe => "suppressed-unsubscribe",
        Cause::HardBounce => "suppressed-hard-bounce",
        Cause::Complaint => "suppressed-complaint",
        Cause::Manual => "suppressed-manual",
    }
}

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

pub(super) async fn list(
    State(accounts): State<Context>,
    Query(done): Query<Done>,
    paging: PageQuery,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let (who, request) = (reader.who.clone(), reader.request.clone());
    let after: Option<After> = paging.after()?;
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>| {
        let by = administrator::administrator(tx, &who, &request)?;
        let found = suppressed::list(tx, &by, after.as_ref(), rows)?.into_iter();
        let row = |one: Listed| (suppressed::may_lift(&by, one.suppression.cause), one);
        Ok::<_, PeopleError>(found.map(row).collect::<Vec<_>>())
    };
    let found = accounts.site.store.read(look).await?;
    let found = paging.list(found, |(_, one)| After::of(one));
    let next = found
        .next_cursor
        .map(|cursor| format!("{HERE}?cursor={cursor}"));
    let rows = found.items.into_iter().map(|(may, one)| (one, may));
    let text = accounts.site.speak(&wishes);
    let body = ListPage {
        text: &text,
        zone: accounts.site.settings.time_zone.clone(),
        done: done.done.is_some(),
        rows: rows.collect(),
        next,
    };
    let (site, title) = (&accounts.site, text.say("suppressed-title"));
    frame::show(site, &text, reader.user(), HERE, &title, body).await
}

pub(super) async fn lift(
    State(accounts): State<Context>,
    sender: Sender,
) -> Result<Response, Problem> {
    let place: Place = call::id(sender.form.text("id"))?;
    let (who, request) = (sender.who.clone(), sender.request.clone());
    let change = move |tx: &mut Tx<'_>| {
        let by = administrator::administrator(tx, &who, &request)?;
        suppressed::lift(tx, &by, &place)
    };
    accounts.site.store.write(change).await?;
    Ok(see_other(&format!("{HERE}?done=1")))
}
