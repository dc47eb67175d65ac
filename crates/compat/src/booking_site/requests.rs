//! Requests for one of several slots, and their confirmation by a slot's owner.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use bookings::Refusal;
use bookings::booking::Party;
use bookings::codes::QUOTA_EXHAUSTED;
use bookings::offer_question::SentAnswers;
use bookings::provider::Provider;
use bookings::request::view::{self, RequestView};
use bookings::request::{self, NewRequest, PartyToRequest, RequestId};
use bookings::slot::SlotId;
use identity::session::signed_in::Confirmed;
use jiff::Timestamp;
use platform::Tx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use site::Context;
use site::call::Call;
use site::proof::Requester;
use web::json::Received;
use web::{Json, Problem};

use super::bookings::{Chosen, read_topics};
use super::offers::renamed;
use super::repeated_request;
use super::view::{self as shown, ALL, Times};

const CREATE: &str = "/api/mentee/booking-request";
const CONFIRM: &str = "/api/mentor/confirm-booking";

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route(CREATE, post(create))
        .route("/api/mentee/booking-requests", get(list_own))
        .route("/api/mentor/booking-requests", get(list_asked))
        .route(CONFIRM, post(confirm_own))
}

#[derive(Serialize)]
struct RequestShown {
    id: String,
    status: &'static str,
    mentee_name: String,
    preferred_slots: Vec<PreferredShown>,
    #[serde(flatten)]
    chosen: shown::Chosen,
    topics: Vec<String>,
    additional_notes: String,
    /// The booking, once a slot is confirmed.
    booking_id: Option<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct PreferredShown {
    id: String,
    #[serde(flatten)]
    times: Times,
    title: String,
    /// The provider's name; empty while the site hides it from members.
    mentor_name: String,
    is_open: bool,
}

impl From<RequestView> for RequestShown {
    fn from(view: RequestView) -> Self {
        let slots = view.slots.into_iter().map(|one| PreferredShown {
            id: one.slot_id.to_string(),
            times: Times::of(one.starts_at, one.ends_at, &one.time_zone),
            title: one.title,
            mentor_name: one.provider,
            is_open: one.is_open,
        });
        Self {
            id: view.id.to_string(),
            status: view.state.word(),
            mentee_name: view.member,
            preferred_slots: slots.collect(),
            chosen: view.choice.into(),
            topics: view.brief.topics,
            additional_notes: view.brief.note,
            booking_id: view.booking_id.map(|id| id.to_string()),
            created_at: view.created_at,
            expires_at: view.expires_at,
        }
    }
}

async fn list_own(call: Call) -> Result<Json<Vec<RequestShown>>, Problem> {
    let look = |tx: &mut Tx<'_>, who: &Requester| view::list(tx, who, Party::Member, None, ALL);
    let all = call.read(look).await?.into_iter();
    Ok(Json(all.map(RequestShown::from).collect()))
}

async fn list_asked(call: Call) -> Result<Json<Vec<RequestShown>>, Problem> {
    let who = call.requester.clone();
    let look =
        move |tx: &mut Tx<'_>, _: &Provider| view::list(tx, &who, Party::Provider, None, ALL);
    let all = call.read(look).await?.into_iter();
    Ok(Json(all.map(RequestShown::from).collect()))
}

#[derive(Clone, Deserialize)]
struct Sent {
    /// The slots, starting with the preferred one. The request goes to the owners of these slots.
    #[serde(alias = "slot_ids")]
    preferred_slots: Vec<SlotId>,
    #[serde(flatten)]
    chosen: Chosen,
    #[serde(default, alias = "specific_topics", alias = "focus_areas")]
    topics: Value,
    #[serde(default)]
    additional_notes: String,
}

async fn create(call: Call, body: Received<Sent>) -> Result<Response, Problem> {
    let (sent, site, who) = (body.value, call.site.clone(), call.requester.clone());
    let new = NewRequest {
        slot_ids: sent.preferred_slots,
        answers: SentAnswers::new(),
        topics: read_topics(&sent.topics),
        note: sent.additional_notes,
        shows_email: false,
        session_type: sent.chosen.interview_type,
        level: sent.chosen.experience_level,
        entry: sent.chosen.company_id,
        track: sent.chosen.interview_track,
    };
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| {
        let made = request::create(tx, &site, member, &new)?;
        Ok(RequestShown::from(RequestView::of(tx, &who, made)?))
    };
    repeated_request::post(&call, CREATE, &body.bytes, StatusCode::CREATED, change)
        .await
        .map_err(renamed)
}

/// The confirmation of one slot of a request. Without `slot_id`, the server takes the slot that the
/// member prefers among those that the caller can confirm.
#[derive(Clone, Deserialize)]
pub(super) struct Confirmation {
    #[serde(alias = "booking_request_id")]
    request_id: RequestId,
    slot_id: Option<SlotId>,
}

async fn confirm_own(call: Call, body: Received<Confirmation>) -> Result<Response, Problem> {
    confirm(call, body, Party::Provider).await
}

/// Books one of a request's slots for its member, as the slot's owner or as an administrator.
pub(super) async fn confirm(
    call: Call,
    body: Received<Confirmation>,
    party: Party,
) -> Result<Response, Problem> {
    let (sent, site) = (body.value.clone(), call.site.clone());
    let change = move |tx: &mut Tx<'_>, who: &Requester| {
        let (found, slot) = enter(tx, who, &sent, party)?;
        let confirmed = request::confirm(tx, &site, &found, &slot)?;
        Ok(RequestShown::from(RequestView::of(tx, who, confirmed)?))
    };
    let answer = repeated_request::post(&call, CONFIRM, &body.bytes, StatusCode::OK, change).await;
    if let Err(problem) = &answer
        && problem.code == QUOTA_EXHAUSTED.code
    {
        let (sent, site) = (body.value, call.site.clone());
        let change = move |tx: &mut Tx<'_>, who: &Requester| {
            let (found, slot) = enter(tx, who, &sent, party)?;
            request::tell_no_credit(tx, &site, &found, &slot)
        };
        call.write(change).await?;
    }
    answer
}

fn enter(
    tx: &mut Tx<'_>,
    who: &Requester,
    sent: &Confirmation,
    party: Party,
) -> Result<(PartyToRequest, SlotId), Refusal> {
    let found = PartyToRequest::lock(tx, who, &sent.request_id)?;
    // An administrator may own the slot.
    let is_owner = found.party == Party::Provider;
    if found.party != party && !is_owner {
        return Err(Refusal::NotFound);
    }
    let slot = match &sent.slot_id {
        Some(slot) => slot.clone(),
        None => found
            .preferred()
            .ok_or(bookings::codes::PREFERRED_INVALID)?,
    };
    Ok((found, slot))
}
