//! A calendar file with the day to which a countdown counts.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse as _, Response};
use jiff::ToSpan as _;
use site::moved_slugs;
use web::calendar_file::{self, CalendarEvent};
use web::{Form, Problem, Site};

use super::{badge, words};
use crate::clock::State as ClockState;

/// `GET /u/{account}/{countdown}/day.ics` returns the calendar file while the day is in the future.
/// If the countdown has no time of day, the event lasts the whole day.
pub(super) async fn show(
    State(site): State<Site>,
    Path((asked, countdown)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let (shown, clock) = badge::find(&site, asked.clone(), countdown, &query).await?;
    if clock.state != ClockState::Upcoming {
        return Err(Problem::not_found());
    }
    if let Some(moved) = moved_slugs::lead(&uri, &asked, &shown.account, true) {
        return Ok(moved);
    }
    let countdown = &shown.countdown;
    let (zone, is_day) = (countdown.zone(), countdown.target.len() <= 10);
    let begin = clock.anchor.to_zoned(zone.clone());
    let end = begin.checked_add(if is_day { 1.day() } else { 1.hour() });
    let page = words::with_key(shown.path(), query.text("k"));
    let event = CalendarEvent {
        uid: format!("{}@kenduri", countdown.id),
        sequence: shown.revision,
        starts_at: clock.anchor,
        ends_at: Some(end.map_or(clock.anchor, |end| end.timestamp())),
        is_all_day: false,
        zone,
        summary: countdown.title.clone(),
        location: String::new(),
        url: site.url().join(&page),
        is_cancelled: false,
    };
    let file = calendar_file::write(&[event], shown.now);
    let mut response = ([(CONTENT_TYPE, calendar_file::MEDIA_TYPE)], file).into_response();
    let brief = HeaderValue::from_static("private, max-age=300");
    response.headers_mut().insert(CACHE_CONTROL, brief);
    Ok(response)
}
