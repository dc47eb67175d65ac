//! A provider's own slots.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, patch, put};
use bookings::choice;
use bookings::credit_kind::SESSION;
use bookings::provider::Provider;
use bookings::slot::{self, NewSlot, Place, Slot, SlotChange, SlotId, State};
use bookings::{Refusal, choice_list, request};
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use site::Context;
use site::call::Call;
use web::json::Received;
use web::{Json, Problem};

use super::offers::renamed;
use super::repeated_request;
use super::view::{Sets, Times};

const PATH: &str = "/api/mentor/slots";
/// How far the listed period extends into the past and into the future.
const LISTED: (SignedDuration, SignedDuration) = (
    SignedDuration::from_hours(30 * 24),
    SignedDuration::from_hours(366 * 24),
);

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route(PATH, get(list).post(create))
        .route(
            "/api/mentor/slots/{id}",
            put(change).patch(change).delete(remove),
        )
        .route(
            "/api/mentor/slots/{id}/availability",
            patch(set_availability),
        )
}

#[derive(Serialize)]
struct SlotShown {
    id: String,
    #[serde(flatten)]
    times: Times,
    #[serde(flatten)]
    sets: Sets,
    preparation_notes: String,
    title: String,
    meeting_link: String,
    /// A held slot is `booked`, because the front end does not support holds.
    status: &'static str,
    price_minor: i64,
    currency: String,
    takes_credit: bool,
    slot_version: i64,
}

impl SlotShown {
    fn of(tx: &mut Tx<'_>, slot: Slot) -> Result<Self, StoreError> {
        let choices = choice::of_slot(tx, slot.sets())?;
        Ok(Self {
            id: slot.id.to_string(),
            times: Times::of(slot.starts_at, slot.ends_at, &slot.time_zone),
            sets: choices.into(),
            preparation_notes: slot.public_note,
            title: slot.title,
            meeting_link: slot.location_secret,
            status: match slot.state {
                State::Held => State::Booked.word(),
                state => state.word(),
            },
            price_minor: slot.price_minor,
            currency: slot.currency.to_string(),
            takes_credit: slot.credit_kind.is_some(),
            slot_version: slot.version,
        })
    }
}

async fn list(call: Call) -> Result<Json<Vec<SlotShown>>, Problem> {
    let look = |tx: &mut Tx<'_>, provider: &Provider| {
        let now = tx.roughly_now();
        let (from, until): (Timestamp, Timestamp) = (now - LISTED.0, now + LISTED.1);
        let all = slot::list(tx, &provider.profile.id, from, until)?;
        let shown = all.into_iter().map(|one| Ok(SlotShown::of(tx, one)?));
        shown.collect::<Result<Vec<_>, Refusal>>()
    };
    Ok(Json(call.read(look).await?))
}

/// A slot without a price is booked with a credit, as on the older site.
#[derive(Clone, Deserialize)]
struct Sent {
    date: String,
    start_time: String,
    end_time: String,
    time_zone: Option<String>,
    #[serde(default)]
    interview_types: Vec<String>,
    #[serde(default)]
    experience_levels: Vec<String>,
    #[serde(default)]
    company_specializations: Vec<String>,
    #[serde(default)]
    preparation_notes: String,
    /// Without a link, each booking reserves one of the site's rooms.
    #[serde(default)]
    meeting_link: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    price_minor: i64,
    slot_version: Option<i64>,
}

impl Sent {
    fn read(&self, tx: &mut Tx<'_>, site_name: &str) -> Result<NewSlot, Refusal> {
        Ok(NewSlot {
            date: self.date.clone(),
            time: self.start_time.clone(),
            minutes: self.minutes(),
            time_zone: self.time_zone.clone(),
            title: self.title(tx, site_name)?,
            public_note: self.preparation_notes.clone(),
            prep_note: String::new(),
            location_kind: Some(if self.meeting_link.is_empty() {
                Place::RoomPool
            } else {
                Place::Online
            }),
            location: self.meeting_link.clone(),
            area: String::new(),
            price_minor: self.price_minor,
            credit_kind: (self.price_minor == 0).then(|| SESSION.to_owned()),
            session_types: self.interview_types.clone(),
            levels: self.experience_levels.clone(),
            entries: self.company_specializations.clone(),
        })
    }

    /// The length in minutes. If a time cannot be parsed, the length is 0, which validation
    /// refuses. A session may cross midnight.
    fn minutes(&self) -> i64 {
        let read = |text: &str| text.parse::<Time>().ok();
        let Some((start, end)) = read(&self.start_time).zip(read(&self.end_time)) else {
            return 0;
        };
        start.duration_until(end).as_mins().rem_euclid(24 * 60)
    }

    /// The older site's slots have none. The default is the first session type, or the site's name.
    fn title(&self, tx: &mut Tx<'_>, site_name: &str) -> Result<String, Refusal> {
        if !self.title.is_empty() {
            return Ok(self.title.clone());
        }
        let label = match self.interview_types.first() {
            Some(code) => choice_list::session_type_label(tx, code)?,
            None => None,
        };
        Ok(label.unwrap_or_else(|| site_name.chars().take(80).collect()))
    }
}

async fn create(call: Call, body: Received<Sent>) -> Result<Response, Problem> {
    let (sent, name) = (body.value, call.site.settings.name.clone());
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let new = sent.read(tx, &name)?;
        let made = slot::create(tx, provider, &new)?;
        Ok(SlotShown::of(tx, made)?)
    };
    repeated_request::post(&call, PATH, &body.bytes, StatusCode::CREATED, change)
        .await
        .map_err(renamed)
}

async fn change(call: Call, Json(sent): Json<Sent>) -> Result<Json<SlotShown>, Problem> {
    let (id, name): (SlotId, _) = (call.id("id")?, call.site.settings.name.clone());
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        // The older front end does not support the note that is shown after booking, so that note
        // stays unchanged.
        let change = SlotChange {
            prep_note: None,
            ..sent.read(tx, &name)?.into()
        };
        let changed =
            request::change_slot_and_notify(tx, provider, &id, sent.slot_version, &change)?;
        Ok(SlotShown::of(tx, changed)?)
    };
    Ok(Json(call.write(change).await.map_err(renamed)?))
}

#[derive(Serialize)]
struct Removed {
    success: bool,
}

async fn remove(call: Call) -> Result<Json<Removed>, Problem> {
    let id: SlotId = call.id("id")?;
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        request::remove_slot_and_notify(tx, provider, &id)
    };
    call.write(change).await?;
    Ok(Json(Removed { success: true }))
}

async fn set_availability(call: Call) -> Result<Json<SlotShown>, Problem> {
    let id: SlotId = call.id("id")?;
    let is_shown = match call.query().text("available") {
        "true" => true,
        "false" => false,
        _ => return Err(Problem::fields().field("/available", "unknown_option", [])),
    };
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = slot::show(tx, provider, &id, is_shown)?;
        Ok(SlotShown::of(tx, slot)?)
    };
    Ok(Json(call.write(change).await?))
}
