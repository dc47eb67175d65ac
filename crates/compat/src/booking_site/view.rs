//! Times, slots and bookings, in the format of several routes of the older booking site.

use axum::http::HeaderValue;
use axum::http::header::LINK;
use axum::response::{IntoResponse as _, Response};
use bookings::booking::BookingView;
use bookings::choice::Choices;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use site::call::Call;
use web::share::encoded;
use web::{Form, Json, List, PageQuery, Problem};

/// The number of rows of a list that the front end reads in a single response. It is bounded by
/// what one person does.
pub(super) const ALL: i64 = i64::MAX;

/// The page that the caller requests of a list that grows with the site, by default 100 items.
pub(super) fn page_query(call: &Call) -> Result<PageQuery, Problem> {
    let mut paging = call.page_query()?;
    if call.query().find("limit").is_none() {
        paging.limit = 100;
    }
    Ok(paging)
}

/// One page of a list at `path`, as an array, because the front end expects one. The header `Link`
/// (RFC 8288) contains the URL of the next page.
pub(super) fn page<T: Serialize>(list: List<T>, path: &str, query: &Form) -> Response {
    let next = list.next_cursor.as_ref().and_then(|cursor| {
        let kept = query.iter().filter(|(name, _)| *name != "cursor");
        let kept = kept.chain([("cursor", cursor.as_str())]);
        let pairs = kept.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let query = pairs.collect::<Vec<_>>().join("&");
        HeaderValue::try_from(format!("<{path}?{query}>; rel=\"next\"")).ok()
    });
    let mut response = Json(list.items).into_response();
    if let Some(next) = next {
        response.headers_mut().insert(LINK, next);
    }
    response
}

/// A period in the provider's local time, as the front end expects it, and also as instants.
#[derive(Debug, Serialize)]
pub(super) struct Times {
    /// The local date, `2027-01-16`.
    date: String,
    /// The local time, `09:30`.
    start_time: String,
    end_time: String,
    time_zone: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

impl Times {
    pub(super) fn of(starts_at: Timestamp, ends_at: Timestamp, time_zone: &str) -> Self {
        let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
        let (start, end) = (starts_at.to_zoned(zone.clone()), ends_at.to_zoned(zone));
        Self {
            date: start.date().to_string(),
            start_time: start.strftime("%H:%M").to_string(),
            end_time: end.strftime("%H:%M").to_string(),
            time_zone: time_zone.to_owned(),
            starts_at,
            ends_at,
        }
    }
}

/// The options among which members choose. Companies are identified by their slugs.
#[derive(Debug, Serialize)]
pub(super) struct Sets {
    interview_types: Vec<String>,
    experience_levels: Vec<String>,
    company_specializations: Vec<String>,
}

impl From<Choices> for Sets {
    fn from(choices: Choices) -> Self {
        Self {
            interview_types: choices.session_types,
            experience_levels: choices.levels,
            company_specializations: choices.entries,
        }
    }
}

/// A member's choices.
#[derive(Debug, Serialize)]
pub(super) struct Chosen {
    interview_type: Option<String>,
    experience_level: Option<String>,
    company_id: Option<String>,
    interview_track: Option<String>,
}

impl From<bookings::choice::Choice> for Chosen {
    fn from(choice: bookings::choice::Choice) -> Self {
        Self {
            interview_type: choice.session_type,
            experience_level: choice.level,
            company_id: choice.entry,
            interview_track: choice.track,
        }
    }
}

/// A booking, as one of its parties sees it.
#[derive(Debug, Serialize)]
pub(super) struct BookingShown {
    id: String,
    slot_id: String,
    #[serde(flatten)]
    times: Times,
    #[serde(flatten)]
    chosen: Chosen,
    title: String,
    status: &'static str,
    /// The provider's name; empty while the site hides it.
    mentor_name: String,
    /// The member's name; only for the provider and for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    mentee_name: Option<String>,
    /// The link or address of the session; empty until the booking is confirmed.
    meeting_link: String,
    preparation_notes: String,
    topics: Vec<String>,
    additional_notes: String,
    /// The order to pay, and the page on this site where it is paid; null if there is none.
    order_id: Option<String>,
    payment_url: Option<String>,
    cancel_deadline: Timestamp,
    cancel_reason: String,
}

impl From<BookingView> for BookingShown {
    fn from(view: BookingView) -> Self {
        let order = view.order.map(|order| order.id.to_string());
        Self {
            id: view.id.to_string(),
            slot_id: view.slot_id.to_string(),
            times: Times::of(view.starts_at, view.ends_at, &view.time_zone),
            chosen: view.choice.into(),
            title: view.title,
            status: view.state.word(),
            mentor_name: view.provider,
            mentee_name: None,
            meeting_link: view.location,
            preparation_notes: view.prep_note,
            topics: view.brief.topics,
            additional_notes: view.brief.note,
            payment_url: order.as_ref().map(|order| format!("/pay/{order}")),
            order_id: order,
            cancel_deadline: view.cancel_deadline,
            cancel_reason: view.cancel_reason,
        }
    }
}

impl BookingShown {
    pub(super) fn with_member(mut self, name: Option<String>) -> Self {
        self.mentee_name = name;
        self
    }
}
