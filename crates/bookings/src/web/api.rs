//! The JSON API of bookings.

mod admin;
mod feedback;
mod orders;
mod payouts;
mod provider;
mod refunds;
mod requests;
mod reviews;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use identity::session::signed_in::Confirmed;
use jiff::Timestamp;
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use site::Callers::{self, Anybody, People, Tokens};
use site::call::{Call, Maybe, answer};
use site::proof::Requester;
use site::resource::api::{ApiParent, ApiResource, Description};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use web::described::{self, Named, Routes};
use web::fields;
use web::json::{Members, Received};
use web::{Form, Input, Json, List, PageQuery, Problem, Site, routes};

use super::choices;
use crate::book::{self, NewBooking, NewTime};
use crate::booking::{self, BookingView, PartyTo};
use crate::browse::{self, Filter, Offered};
use crate::catalogue::CatalogueEntry;
use crate::choice::{self, Choices};
use crate::credit::{self, Lot};
use crate::gateway;
use crate::level::Level;
use crate::membership::{self, Membership};
use crate::outcome::{self, Outcome};
use crate::plan::{self, Plan};
use crate::provider::Provider;
use crate::room::Room;
use crate::series::{self, NewSeries};
use crate::session_type::SessionType;
use crate::settings::{self, Administrator, BookingSettings};
use crate::slot::view::SlotView;
use crate::slot::{self, NewSlot, Place, SlotId};
use crate::{READ, Refusal, WRITE, cancel as cancelling, link_change, request};

pub fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_offered: Anybody))
        .routes(routes!(show_offered: Anybody))
        .routes(routes!(list_bookings: Tokens(&[READ]), create_booking: Tokens(&[WRITE])))
        .routes(routes!(show_booking: Tokens(&[READ])))
        .routes(routes!(cancel_booking: Tokens(&[WRITE])))
        .routes(routes!(move_booking: Tokens(&[WRITE])))
        .routes(routes!(mark_outcome: Tokens(&[WRITE])))
        .routes(routes!(replace_link: Tokens(&[WRITE])))
        .merge(payouts::routes::<R>())
        .merge(admin::routes::<R>())
        .merge(refunds::routes::<R>())
        .merge(requests::routes::<R>())
        .merge(feedback::routes::<R>())
        .merge(reviews::routes::<R>())
        .routes(routes!(list_offered_plans: Anybody))
        .merge(orders::routes::<R>())
        .routes(routes!(list_credits: Tokens(&[READ])))
        .routes(routes!(list_memberships: Tokens(&[READ])))
        .merge(site::resource::api::routes::<Plan, R>())
        .merge(site::resource::api::routes::<Room, R>())
        .merge(site::resource::api::routes::<SessionType, R>())
        .merge(site::resource::api::routes::<Level, R>())
        .merge(site::resource::api::routes::<CatalogueEntry, R>())
        .routes(routes!(list_slots: Tokens(&[READ]), create_slot: Tokens(&[WRITE])))
        .routes(routes!(create_slot_series: Tokens(&[WRITE])))
        .routes(routes!(delete_slot: Tokens(&[WRITE])))
        .routes(routes!(set_slot_visibility: Tokens(&[WRITE])))
        .merge(provider::routes::<R>())
        .routes(routes!(show_booking_settings: People, change_booking_settings: People))
}

/// A slot that anybody may book.
#[derive(Serialize, ToSchema)]
struct OfferedSlot {
    #[schema(value_type = String)]
    id: SlotId,
    /// The provider's name; empty where the site reveals providers only after booking.
    provider_name: String,
    /// The slug of the provider's page, if there is one.
    provider: Option<String>,
    #[schema(value_type = String, format = "date-time")]
    starts_at: Timestamp,
    #[schema(value_type = String, format = "date-time")]
    ends_at: Timestamp,
    time_zone: String,
    title: String,
    public_note: String,
    location_kind: Place,
    area: String,
    price_minor: i64,
    currency: String,
    /// Whether the slot is booked with a credit.
    takes_credit: bool,
    #[serde(flatten)]
    choices: Choices,
    version: i64,
}

impl OfferedSlot {
    fn of(offered: Offered, choices: Choices) -> Self {
        let slot = offered.slot;
        Self {
            choices,
            provider_name: offered.provider,
            provider: offered.address,
            id: slot.id,
            starts_at: slot.starts_at,
            ends_at: slot.ends_at,
            time_zone: slot.time_zone,
            title: slot.title,
            public_note: slot.public_note,
            location_kind: slot.location_kind,
            area: slot.area,
            price_minor: slot.price_minor,
            currency: slot.currency.to_string(),
            takes_credit: slot.takes_credit,
            version: slot.version,
        }
    }
}

/// Slots that anybody may book, in chronological order.
#[utoipa::path(
    get, path = "/api/v1/slots", tag = "bookings",
    params(("title" = Option<String>, Query,), ("provider" = Option<String>, Query,),
        ("session_type" = Option<String>, Query,), ("level" = Option<String>, Query,),
        ("entry" = Option<String>, Query,), ("cursor" = Option<String>, Query,), ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<OfferedSlot>), (status = 400), (status = 422))
)]
async fn list_offered(
    State(site): State<Site>,
    uri: axum::http::Uri,
    paging: PageQuery,
) -> Result<Json<List<OfferedSlot>>, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let after: Option<(Timestamp, SlotId)> = paging.after()?;
    let filter = Filter {
        title: query.text("title").to_owned(),
        provider: query.text("provider").to_owned(),
        choice: choices::read_choice(&query),
        after,
        ..Filter::default()
    };
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>| browse::list_with_choices(tx, &filter, rows);
    let found = site.store.read(look).await?;
    let list = paging.list(found, |(one, _)| (one.slot.starts_at, one.slot.id.clone()));
    Ok(Json(
        list.map(|(one, choices)| OfferedSlot::of(one, choices)),
    ))
}

/// One slot that anybody may book.
#[utoipa::path(
    get, path = "/api/v1/slots/{id}", tag = "bookings", params(("id" = String, Path,)),
    responses((status = 200, body = OfferedSlot), (status = 404))
)]
async fn show_offered(
    State(site): State<Site>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: SlotId = site::call::id(&id)?;
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let Some(found) = browse::find(tx, &id)? else {
            return Ok(None);
        };
        let choices = choice::of_slot(tx, id.as_str())?;
        Ok(Some(OfferedSlot::of(found, choices)))
    };
    let found = site
        .store
        .read(look)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(answer(StatusCode::OK, &found))
}

/// The caller's own bookings: with `when=past` those that are over, the latest first; otherwise the
/// upcoming ones, the next first.
#[utoipa::path(
    get, path = "/api/v1/bookings", tag = "bookings",
    params(("when" = Option<String>, Query,)),
    responses((status = 200, body = List<BookingView>))
)]
async fn list_bookings(call: Call) -> Result<Json<List<BookingView>>, Problem> {
    let is_past = call.query().text("when") == "past";
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let mut views = Vec::new();
        for one in booking::list(tx, &who.who.account().id, is_past)? {
            views.push(BookingView::of(tx, one)?);
        }
        Ok::<_, Refusal>(List::whole(views))
    };
    Ok(Json(call.read(look).await?))
}

/// Books a slot. A slot with a price is held until its order is paid, which people do in a browser.
/// A repeat for the same slot returns the same booking.
#[utoipa::path(
    post, path = "/api/v1/bookings", tag = "bookings", request_body = NewBooking,
    responses((status = 201, body = BookingView), (status = 403), (status = 404), (status = 409),
        (status = 422), (status = 429))
)]
async fn create_booking(call: Call, body: Received<NewBooking>) -> Result<Response, Problem> {
    let (new, site) = (body.value, call.site.clone());
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| {
        let booked = book::book(tx, &site, member, &new)?;
        Ok::<_, Refusal>(BookingView::of(tx, booked.booking)?)
    };
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// A booking, for its member, its provider and administrators.
#[utoipa::path(
    get, path = "/api/v1/bookings/{id}", tag = "bookings", params(("id" = String, Path,)),
    responses((status = 200, body = BookingView), (status = 404))
)]
async fn show_booking(call: Call) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, party: &PartyTo| {
        Ok::<_, Refusal>(BookingView::of(tx, party.booking.clone())?)
    };
    Ok(answer(StatusCode::OK, &call.read(look).await?))
}

/// The reason for a cancellation.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Cancellation {
    /// Up to 300 characters; shown to the other side. Administrators must give one.
    reason: String,
}

/// Cancels a booking. The payment is refunded.
#[utoipa::path(
    post, path = "/api/v1/bookings/{id}/cancel", tag = "bookings", params(("id" = String, Path,)),
    request_body = Option<Cancellation>,
    responses((status = 200, body = BookingView), (status = 403), (status = 404), (status = 409),
        (status = 422))
)]
async fn cancel_booking(call: Call, body: Maybe<Cancellation>) -> Result<Response, Problem> {
    let (reason, site) = (body.value.reason, call.site.clone());
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        check_money(party)?;
        let done = cancelling::cancel(tx, &site, party, &reason)?;
        Ok::<_, Refusal>(BookingView::of(tx, done)?)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// Moves a booking to another slot of the same provider at the same price.
#[utoipa::path(
    post, path = "/api/v1/bookings/{id}/reschedule", tag = "bookings",
    params(("id" = String, Path,)), request_body = NewTime,
    responses((status = 200, body = BookingView), (status = 403), (status = 404), (status = 409),
        (status = 422))
)]
async fn move_booking(call: Call, body: Received<NewTime>) -> Result<Response, Problem> {
    let (new, site) = (body.value, call.site.clone());
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        check_money(party)?;
        let moved = book::reschedule(tx, &site, party, &new)?;
        Ok::<_, Refusal>(BookingView::of(tx, moved)?)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// What became of a session.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OutcomeMark)]
struct Mark {
    outcome: Outcome,
}

/// Says what became of a session. Its provider says that it took place or that the member did not
/// come, its member that the provider did not come; administrators correct both.
#[utoipa::path(
    post, path = "/api/v1/bookings/{id}/outcome", tag = "bookings",
    params(("id" = String, Path,)), request_body = Mark,
    responses((status = 200, body = BookingView), (status = 403), (status = 404), (status = 409),
        (status = 422))
)]
async fn mark_outcome(call: Call, body: Received<Mark>) -> Result<Response, Problem> {
    let (outcome, site) = (body.value.outcome, call.site.clone());
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        check_money(party)?;
        let marked = outcome::mark(tx, &site, party, outcome)?;
        Ok::<_, Refusal>(BookingView::of(tx, marked)?)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// Another link for a session.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingLink)]
struct NewLink {
    /// A link to an online meeting, up to 500 characters.
    link: String,
}

/// Gives a session another link, for example because its room does not work. Its provider and
/// administrators may do so until it ends; both sides get a mail.
#[utoipa::path(
    put, path = "/api/v1/bookings/{id}/link", tag = "bookings", params(("id" = String, Path,)),
    request_body = NewLink,
    responses((status = 200, body = BookingView), (status = 403), (status = 404), (status = 409),
        (status = 422))
)]
async fn replace_link(call: Call, Json(body): Json<NewLink>) -> Result<Response, Problem> {
    let site = call.site.clone();
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        let done = link_change::replace(tx, &site, party, &body.link)?;
        Ok::<_, Refusal>(BookingView::of(tx, done)?)
    };
    Ok(answer(StatusCode::OK, &call.write(change).await?))
}

/// Refuses the change if it moves money and the caller uses an API token. Only people in a browser
/// may move money.
fn check_money(party: &PartyTo) -> Result<(), Refusal> {
    if party.booking.order_id.is_some() && !party.requester.who.is_in_browser() {
        return Err(Refusal::TokenNotPermitted);
    }
    Ok(())
}

/// The plans that are offered, in their order.
#[utoipa::path(
    get, path = "/api/v1/plans", tag = "bookings",
    responses((status = 200, body = List<Plan>))
)]
async fn list_offered_plans(State(site): State<Site>) -> Result<Json<List<Plan>>, Problem> {
    Ok(Json(List::whole(site.store.read(plan::offered).await?)))
}

/// The caller's own memberships that have not ended, in the order of their starts.
#[utoipa::path(
    get, path = "/api/v1/me/membership", tag = "bookings",
    responses((status = 200, body = List<Membership>)),
)]
async fn list_memberships(call: Call) -> Result<Json<List<Membership>>, Problem> {
    let mode = gateway::mode(&call.site);
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        Ok::<_, Refusal>(membership::of_account(tx, &who.who.account().id, mode)?)
    };
    Ok(Json(List::whole(call.read(look).await?)))
}

/// The caller's own credits that can be spent, the first to end first.
#[utoipa::path(
    get, path = "/api/v1/me/credits", tag = "bookings",
    responses((status = 200, body = List<Lot>))
)]
async fn list_credits(call: Call) -> Result<Json<List<Lot>>, Problem> {
    let mode = gateway::mode(&call.site);
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let all = credit::lots(tx, &who.who.account().id, mode)?;
        Ok::<_, Refusal>(List::whole(all))
    };
    Ok(Json(call.read(look).await?))
}

impl ApiResource for Plan {
    type View = Self;
    type Item = Self;
    const API: Description = Description {
        path: "/api/v1/admin/plans",
        one: "/api/v1/admin/plans/{id}",
        tag: "bookings",
        list: "All plans: the offered ones first, in their order.",
        show: "One plan.",
        create: "Adds a plan.",
        change: "Changes a plan. Open orders keep what they were made with.",
        remove: "Removes a plan: 204. One that somebody ordered is not offered any more: 200\n\
                 with what is left.",
        removal: &[204],
        body: "What may be set of a plan; what is left out stays.",
    };
    const READS: Callers = People;
    const WRITES: Callers = People;
    const DEACTIVATES: bool = true;

    fn view(self, _: &mut Tx<'_>, _: &Administrator) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl ApiParent for Administrator {
    type Access = Callers;
    type Saved<R: ApiResource<Parent = Self>> = R::View;

    fn saved<R: ApiResource<Parent = Self>>(
        &self,
        tx: &mut Tx<'_>,
        one: R,
    ) -> Result<R::View, Refusal> {
        one.view(tx, self)
    }

    fn describe_saved<R: ApiResource<Parent = Self>>() -> Named {
        described::schema::<R::View>()
    }
}

/// A provider's own slots in the 60 days after `from`, by default from now.
#[utoipa::path(
    get, path = "/api/v1/me/slots", tag = "bookings", params(("from" = Option<String>, Query,)),
    responses((status = 200, body = List<SlotView>), (status = 403))
)]
async fn list_slots(call: Call) -> Result<Json<List<SlotView>>, Problem> {
    let from: Option<Timestamp> = call.query().text("from").parse().ok();
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let from = from.unwrap_or_else(|| tx.roughly_now());
        let until = from.checked_add(jiff::SignedDuration::from_hours(60 * 24));
        let until = until.unwrap_or(Timestamp::MAX);
        let all = slot::list(tx, &provider.profile.id, from, until)?;
        Ok::<_, Refusal>(List::whole(SlotView::list(tx, all)?))
    };
    Ok(Json(call.read(look).await?))
}

/// Offers a slot. If a local time occurs twice, the earlier instant is used.
#[utoipa::path(
    post, path = "/api/v1/me/slots", tag = "bookings", request_body = NewSlot,
    responses((status = 201, body = SlotView), (status = 403), (status = 409), (status = 422))
)]
async fn create_slot(call: Call, body: Received<NewSlot>) -> Result<Response, Problem> {
    let new = body.value;
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let made = slot::create(tx, provider, &new)?;
        Ok::<_, Refusal>(SlotView::of(tx, made)?)
    };
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// Offers slots at the same local time on some days of the week, for some weeks: all of them or
/// none.
#[utoipa::path(
    post, path = "/api/v1/me/slots/series", tag = "bookings", request_body = NewSeries,
    responses((status = 201, body = List<SlotView>), (status = 403), (status = 422))
)]
async fn create_slot_series(call: Call, body: Received<NewSeries>) -> Result<Response, Problem> {
    let new = body.value;
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let made = series::create(tx, provider, &new)?;
        Ok::<_, Refusal>(List::whole(SlotView::list(tx, made)?))
    };
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// Removes a free slot.
#[utoipa::path(
    delete, path = "/api/v1/me/slots/{id}", tag = "bookings", params(("id" = String, Path,)),
    responses((status = 204), (status = 403), (status = 404), (status = 409))
)]
async fn delete_slot(call: Call) -> Result<StatusCode, Problem> {
    let id: SlotId = call.id("id")?;
    let change =
        move |tx: &mut Tx<'_>, provider: &Provider| request::remove_slot(tx, provider, &id);
    call.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a slot is offered.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlotVisibility)]
struct Visibility {
    visible: bool,
}

/// Hides a free slot, or shows it again.
#[utoipa::path(
    post, path = "/api/v1/me/slots/{id}/visibility", tag = "bookings",
    params(("id" = String, Path,)), request_body = Visibility,
    responses((status = 200, body = SlotView), (status = 403), (status = 404), (status = 409))
)]
async fn set_slot_visibility(call: Call, body: Received<Visibility>) -> Result<Response, Problem> {
    let (id, visible): (SlotId, bool) = (call.id("id")?, body.value.visible);
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = slot::show(tx, provider, &id, visible)?;
        Ok::<_, Refusal>(SlotView::of(tx, slot)?)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// The rules of bookings.
#[utoipa::path(
    get, path = "/api/v1/admin/booking-settings", tag = "bookings",
    responses((status = 200, body = BookingSettings), (status = 403))
)]
async fn show_booking_settings(call: Call) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, _: &Administrator| Ok::<_, Refusal>(settings::load(tx)?);
    Ok(answer(StatusCode::OK, &call.read(look).await?))
}

/// The OpenAPI schema of the body that changes the rules of bookings.
struct SettingsChange;

impl PartialSchema for SettingsChange {
    fn schema() -> RefOr<Schema> {
        let description = "The rules of bookings; what is left out stays.";
        fields::schema::<BookingSettings>(settings::FIELDS, &[], description)
    }
}

impl ToSchema for SettingsChange {
    fn name() -> std::borrow::Cow<'static, str> {
        "BookingSettingsChange".into()
    }
}

/// Changes the rules of bookings; omitted fields stay unchanged.
#[utoipa::path(
    patch, path = "/api/v1/admin/booking-settings", tag = "bookings",
    request_body = SettingsChange,
    responses((status = 200, body = BookingSettings), (status = 403), (status = 409), (status = 422), (status = 428))
)]
async fn change_booking_settings(
    call: Call,
    Json(body): Json<Members>,
) -> Result<Response, Problem> {
    let (input, version) = Input::of_json(body)?;
    let version = call.version(version)?;
    let change =
        move |tx: &mut Tx<'_>, by: &Administrator| settings::change(tx, by, version, &input);
    Ok(answer(StatusCode::OK, &call.write(change).await?))
}
