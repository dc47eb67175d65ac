//! The JSON API of a provider's own profile.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use platform::{StoreError, Tx};
use serde::Serialize;
use serde_json::Value;
use site::Callers::{People, Tokens};
use site::call::{Call, answer};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use web::described::Routes;
use web::fields;
use web::json::Members;
use web::{Input, Json, List, Problem, Site, routes};

use crate::Refusal;
use crate::calendar;
use crate::external_calendar::{self, ExternalCalendar};
use crate::provider::{self, Provider, ProviderProfile};
use crate::token_scopes::READ;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(show_provider: Tokens(&[READ]), change_provider: People))
        .routes(routes!(show_own_calendar: Tokens(&[READ])))
}

/// How far a calendar is shown at once.
const FURTHEST: SignedDuration = SignedDuration::from_hours(92 * 24);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The caller's calendar as a provider between two instants: hours, sessions, single times, and
/// entries of other calendars, by their start. `from` is now and `to` a week later if they are left
/// out; at most 92 days are shown.
#[utoipa::path(
    get, path = "/api/v1/me/calendar", tag = "bookings",
    params(("from" = Option<String>, Query,), ("to" = Option<String>, Query,)),
    responses((status = 200, body = List<calendar::Entry>), (status = 422))
)]
async fn show_own_calendar(call: Call) -> Result<Json<List<calendar::Entry>>, Problem> {
    let query = call.query();
    let instant = |name: &str| match query.text(name) {
        "" => Ok(None),
        text => {
            let invalid = |_| Problem::fields().field(format!("/{name}"), "wrong_type", []);
            text.parse::<Timestamp>().map(Some).map_err(invalid)
        }
    };
    let (from, to) = (instant("from")?, instant("to")?);
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let from = from.unwrap_or_else(|| tx.roughly_now());
        let after = |length| from.checked_add(length).unwrap_or(Timestamp::MAX);
        let to = to.unwrap_or_else(|| after(WEEK)).min(after(FURTHEST));
        Ok::<_, Refusal>(List::whole(calendar::entries(tx, provider, from, to)?))
    };
    Ok(Json(call.read(look).await?))
}

/// The caller's profile as a provider.
#[utoipa::path(
    get, path = "/api/v1/me/provider", tag = "bookings",
    responses((status = 200, body = ProviderView))
)]
async fn show_provider(call: Call) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, provider: &Provider| {
        Ok::<_, Refusal>(ProviderView::of(tx, provider, provider.profile.clone())?)
    };
    Ok(answer(StatusCode::OK, &call.read(look).await?))
}

/// A provider's profile, with the state of their own calendar.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnProviderProfile)]
struct ProviderView {
    #[serde(flatten)]
    profile: ProviderProfile,
    /// The IANA time zone of the caller's account, in which new slots are.
    time_zone: String,
    /// The provider's own calendar; null if there is none.
    calendar: Option<ExternalCalendar>,
}

impl ProviderView {
    fn of(
        tx: &mut Tx<'_>,
        provider: &Provider,
        profile: ProviderProfile,
    ) -> Result<Self, StoreError> {
        let calendar = external_calendar::find(tx, &profile.id)?;
        Ok(Self {
            profile,
            time_zone: provider.time_zone().to_owned(),
            calendar,
        })
    }
}

const CALENDAR_URL: &str = "calendar_url";
/// The name of a JSON field that is accepted and sets nothing: the zone is the account's.
const TIME_ZONE: &str = "time_zone";

/// The OpenAPI schema of the body that changes a provider's profile.
struct ProviderChange;

impl PartialSchema for ProviderChange {
    fn schema() -> RefOr<Schema> {
        let description = "How a provider appears, and `calendar_url`, the https address of the \
             provider's own calendar, which is never shown again; empty removes it. `time_zone` sets \
             nothing: the zone is that of the account. What is left out stays.";
        let mut schema = fields::schema::<ProviderProfile>(provider::FIELDS, &[], description);
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            let address = <Option<String>>::schema();
            let zone = <Option<String>>::schema();
            object.properties.insert(CALENDAR_URL.to_owned(), address);
            object.properties.insert(TIME_ZONE.to_owned(), zone);
        }
        schema
    }
}

impl ToSchema for ProviderChange {}

/// Changes the caller's profile as a provider; omitted fields stay unchanged.
#[utoipa::path(
    put, path = "/api/v1/me/provider", tag = "bookings", request_body = ProviderChange,
    responses((status = 200, body = ProviderView), (status = 409))
)]
async fn change_provider(call: Call, Json(body): Json<Members>) -> Result<Response, Problem> {
    let (mut input, version) = Input::of_json(body)?;
    let version = call.version_if_named(version)?;
    let address = match &mut input {
        Input::Json(sent) => {
            sent.remove(TIME_ZONE);
            sent.remove(CALENDAR_URL)
        }
        Input::Form(..) => None,
    };
    let address = match address {
        None => None,
        Some(Value::Null) => Some(String::new()),
        Some(Value::String(address)) => Some(address),
        Some(_) => return Err(Problem::fields().field("/calendar_url", "wrong_type", [])),
    };
    let site = call.site.clone();
    if address.is_some() {
        // The calendar is read at once.
        site.admit_call(call.who.account().id.as_str())?;
    }
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let profile = provider::change(tx, provider, version, &input)?;
        if let Some(address) = &address {
            external_calendar::set(tx, &site, provider, address)?;
        }
        Ok::<_, Refusal>(ProviderView::of(tx, provider, profile)?)
    };
    Ok(answer(StatusCode::OK, &call.write(change).await?))
}
