//! A member's own bookings.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get};
use bookings::book::{self, NewBooking};
use bookings::booking::{self, BookingView, Part, Party, PartyTo};
use bookings::brief::Brief;
use bookings::browse;
use bookings::offer_question::SentAnswers;
use bookings::slot::SlotId;
use bookings::{Refusal, cancel};
use identity::session::signed_in::Confirmed;
use platform::Tx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use site::Context;
use site::call::Call;
use site::proof::Requester;
use web::json::Received;
use web::{Json, Problem};

use super::offers::renamed;
use super::repeated_request;
use super::view::BookingShown;

const PATH: &str = "/api/mentee/bookings";

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route(PATH, get(list).post(create))
        .route("/api/mentee/bookings/{id}", delete(remove))
}

#[derive(Serialize)]
struct Own {
    upcoming: Vec<BookingShown>,
    past: Vec<BookingShown>,
}

async fn list(call: Call) -> Result<Json<Own>, Problem> {
    let look = |tx: &mut Tx<'_>, who: &Requester| {
        let mut shown = |is_past| {
            let all = booking::list(tx, &who.who.account().id, is_past, &Part::whole())?;
            let views = BookingView::list(tx, all)?.into_iter();
            Ok::<_, Refusal>(views.map(BookingShown::from).collect())
        };
        Ok(Own {
            upcoming: shown(false)?,
            past: shown(true)?,
        })
    };
    Ok(Json(call.read(look).await?))
}

/// A new booking. The slot determines the price, the provider and the time.
#[derive(Clone, Deserialize)]
struct Sent {
    slot_id: SlotId,
    /// The version of the slot that the member saw, if the front end knows it.
    slot_version: Option<i64>,
    #[serde(flatten)]
    chosen: Chosen,
    #[serde(default, alias = "specific_topics", alias = "focus_areas")]
    topics: Value,
    #[serde(default)]
    additional_notes: String,
}

/// Reads the topics of a session from a list, or from a text with commas, because front ends send
/// either. Topics beyond the maximum number and characters beyond the maximum length are dropped.
pub(super) fn read_topics(sent: &Value) -> Vec<String> {
    let all: Vec<String> = match sent {
        Value::Array(all) => {
            let texts = all.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        }
        Value::String(text) => text.split(',').map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    Brief::cut(all, "").topics
}

/// A member's choices among the options of a slot.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chosen {
    pub(super) interview_type: Option<String>,
    pub(super) experience_level: Option<String>,
    pub(super) company_id: Option<String>,
    pub(super) interview_track: Option<String>,
}

async fn create(call: Call, body: Received<Sent>) -> Result<Response, Problem> {
    let (sent, site) = (body.value, call.site.clone());
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| {
        let slot_version = match sent.slot_version {
            Some(version) => version,
            None => {
                browse::find_slot(tx, &sent.slot_id)?
                    .ok_or(Refusal::NotFound)?
                    .version
            }
        };
        let new = NewBooking {
            slot_id: sent.slot_id.clone(),
            slot_version: Some(slot_version),
            topics: read_topics(&sent.topics),
            note: sent.additional_notes.clone(),
            shows_email: false,
            session_type: sent.chosen.interview_type.clone(),
            level: sent.chosen.experience_level.clone(),
            entry: sent.chosen.company_id.clone(),
            track: sent.chosen.interview_track.clone(),
            seats: None,
            names: Vec::new(),
            answers: SentAnswers::default(),
        };
        let booked = book::book(tx, &site, member, &new)?;
        Ok(BookingShown::from(BookingView::of(tx, booked.booking)?))
    };
    repeated_request::post(&call, PATH, &body.bytes, StatusCode::CREATED, change)
        .await
        .map_err(renamed)
}

#[derive(Serialize)]
struct Cancelled {
    success: bool,
    booking: BookingShown,
}

/// Cancels one of the member's own bookings. The booking stays in the list of past bookings.
async fn remove(call: Call) -> Result<Response, Problem> {
    let site = call.site.clone();
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        if party.party != Party::Member {
            return Err(Refusal::NotFound);
        }
        let cancelled = cancel::cancel(tx, &site, party, "")?;
        Ok(Cancelled {
            success: true,
            booking: BookingView::of(tx, cancelled)?.into(),
        })
    };
    Ok(Json(call.write(change).await?).into_response())
}
