//! The page for the private calendar URL, and the calendar itself.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use platform::Tx;
use site::proof::Requester;
use site::request::{FormPost, PageRequest};
use web::calendar_file;
use web::{Problem, Site, Text};

use super::frame::BookingPage as _;
use super::own;
use crate::{Refusal, calendar_feed};

const HERE: &str = "/me/bookings/calendar";

#[derive(Template)]
#[template(path = "own/calendar.html")]
struct CalendarPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    address: Option<String>,
}

/// `GET /me/bookings/calendar`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    let site = req.site.clone();
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let path = calendar_feed::path(tx, &site, &who.who.account().id)?;
        Ok::<_, Refusal>(path.map(|path| site.url().join(&path)))
    };
    let body = CalendarPage {
        text: &req.text,
        done: req.done(&[("saved", "slot-saved")]),
        address: req.read(look).await?,
    };
    req.show(own::HERE, &req.text.say("calendar-feed"), body)
        .await
}

/// `POST /me/bookings/calendar`: creates a new private URL, or invalidates the current one.
pub(super) async fn change(posted: FormPost) -> Result<Response, Problem> {
    let is_end = posted.form.text("do") == "end";
    let change = move |tx: &mut Tx<'_>, who: &Requester| {
        if is_end {
            calendar_feed::end(tx, &who.who.account().id)?;
        } else {
            calendar_feed::renew(tx, who)?;
        }
        Ok::<_, Refusal>(format!("{HERE}?done=saved"))
    };
    Ok(posted.once(change).await?)
}

/// `GET /cal/{token}`.
pub(super) async fn calendar(
    State(site): State<Site>,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let reading = site.clone();
    let look = move |tx: &mut Tx<'_>| calendar_feed::read(tx, &reading, &token);
    let found = site.store.read(look).await?;
    let events = found.ok_or_else(Problem::not_found)?;
    let file = calendar_file::write(&events, site.clock.now());
    Ok(([(CONTENT_TYPE, calendar_file::MEDIA_TYPE)], file).into_response())
}
