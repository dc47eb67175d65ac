//! The JSON API of bookings.

mod admin;
mod claims;
mod feedback;
mod orders;
mod party;
mod payouts;
mod plans;
mod provider;
mod refunds;
mod requests;
mod reviews;
mod slots;
mod waiting;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use identity::session::signed_in::Confirmed;
use jiff::Timestamp;
use platform::Tx;
use serde::{Deserialize, Serialize};
use site::Callers::{Anybody, People, Tokens};
use site::call::{Call, Maybe, answer};
use site::proof::Requester;
use site::resource::api::api_parent;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::{Members, Received};
use web::{Findings, Form, Input, Json, List, PageQuery, Problem, Site, routes};

use super::ics;
use super::visitor::{self, ApiVisitor};
use crate::book::{self, NewBooking, NewTime};
use crate::booking::{self, BookingView, Part, Party, PartyTo};
use crate::browse::{self, Filter, Offered};
use crate::catalogue::{self, CatalogueEntry};
use crate::choice::{self, Choices};
use crate::choice_list::{Level, SessionType};
use crate::credit_kind::CreditKind;
use crate::offer::Offer;
use crate::offer_question::{self, OfferQuestion};
use crate::outcome::Outcome;
use crate::outcome_mark;
use crate::provider::Provider;
use crate::room::Room;
use crate::schedule::Schedule;
use crate::schedule::exception::ScheduleException;
use crate::settings::{self, Administrator, BookingSettings, Seen};
use crate::slot::{Place, SlotId};
use crate::token_scopes::{READ, WRITE};
use crate::{Refusal, cancel as cancelling, link_change, plan};

/// The parts of a declaration that are the same for all lists that administrators maintain. Only
/// people can read and change these lists, not API tokens. People read all fields of an item.
macro_rules! administered {
    () => {
        type View = Self;
        type Item = Self;
        const READS: ::site::Callers = ::site::Callers::People;
        const WRITES: ::site::Callers = ::site::Callers::People;
        const DEACTIVATES: bool = true;

        fn view(
            self,
            _: &mut ::platform::Tx<'_>,
            _: &$crate::settings::Administrator,
        ) -> Result<Self, $crate::Refusal> {
            Ok(self)
        }
    };
}
pub(super) use administered;

/// Declares the OpenAPI schema of a body that changes the fields of a record.
macro_rules! change_body {
    ($name:ident: $record:ty, $fields:expr, $description:literal) => {
        struct $name;

        impl ::utoipa::PartialSchema for $name {
            fn schema() -> ::utoipa::openapi::RefOr<::utoipa::openapi::Schema> {
                ::web::fields::schema::<$record>($fields, &[], $description)
            }
        }

        impl ::utoipa::ToSchema for $name {}
    };
}
use change_body;

pub fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_offered: Anybody))
        .routes(routes!(show_offered: Anybody))
        .routes(routes!(list_bookings: Tokens(&[READ]), create_booking: Tokens(&[WRITE])))
        .routes(routes!(show_booking: Tokens(&[READ])))
        .routes(routes!(show_calendar: Tokens(&[READ])))
        .routes(routes!(cancel_booking: Tokens(&[WRITE])))
        .routes(routes!(move_booking: Tokens(&[WRITE])))
        .routes(routes!(mark_outcome: Tokens(&[WRITE])))
        .routes(routes!(replace_link: Tokens(&[WRITE])))
        .merge(claims::routes::<R>())
        .merge(party::routes::<R>())
        .merge(payouts::routes::<R>())
        .merge(admin::routes::<R>())
        .merge(refunds::routes::<R>())
        .merge(requests::routes::<R>())
        .merge(feedback::routes::<R>())
        .merge(reviews::routes::<R>())
        .merge(plans::routes::<R>())
        .merge(orders::routes::<R>())
        .merge(site::resource::api::routes::<Room, R>())
        .merge(site::resource::api::routes::<Schedule, R>())
        .merge(site::resource::api::routes::<ScheduleException, R>())
        .merge(site::resource::api::routes::<Offer, R>())
        .merge(site::resource::api::routes::<OfferQuestion, R>())
        .merge(site::resource::api::routes::<SessionType, R>())
        .merge(site::resource::api::routes::<Level, R>())
        .merge(site::resource::api::routes::<CatalogueEntry, R>())
        .merge(site::resource::api::routes::<CreditKind, R>())
        .merge(slots::routes::<R>())
        .merge(waiting::routes::<R>())
        .merge(provider::routes::<R>())
        .routes(routes!(show_booking_settings: People, change_booking_settings: People))
}

/// A slot that anybody may book.
#[derive(Serialize, ToSchema)]
struct OfferedSlot {
    id: SlotId,
    /// The provider's name; empty where the site reveals providers only after booking.
    provider_name: String,
    /// The slug of the provider's page, if there is one.
    provider: Option<String>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    time_zone: String,
    title: String,
    public_note: String,
    location_kind: Place,
    area: String,
    /// The price of one seat in minor units.
    price_minor: i64,
    currency: String,
    /// The code of the kind of credit with which the slot is booked; null if the slot is booked
    /// with money or is free.
    credit_kind: Option<String>,
    /// How many seats there are: more than 1 if the slot is a date of a class.
    seats: i64,
    /// How many seats can still be booked; 0 if the class is full.
    seats_left: i64,
    #[serde(flatten)]
    choices: Choices,
    version: i64,
}

impl OfferedSlot {
    fn of(offered: Offered, choices: Choices) -> Self {
        let slot = offered.slot;
        Self {
            choices,
            seats: slot.seats,
            seats_left: slot.seats_left(),
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
            credit_kind: slot.credit_kind,
            version: slot.version,
        }
    }
}

/// Slots that anybody may book and that match all filters, in chronological order. The days are
/// those of the zone `tz`, by default the site's; `area` is a part of the location, `max_price` is
/// in minor units of the site's currency, and `location_kind=online_link` includes the site's
/// rooms. Dates of classes are among them also if they are full. A cursor is valid only with the same
/// filters.
#[utoipa::path(
    get, path = "/api/v1/slots", tag = "bookings",
    params(("title" = Option<String>, Query,), ("provider" = Option<String>, Query,),
        ("session_type" = Option<String>, Query,), ("level" = Option<String>, Query,),
        ("entry" = Option<String>, Query,), ("date_from" = Option<String>, Query,),
        ("date_to" = Option<String>, Query,), ("tz" = Option<String>, Query,),
        ("location_kind" = Option<Place>, Query,), ("area" = Option<String>, Query,),
        ("max_price" = Option<i64>, Query,), ("min_minutes" = Option<i64>, Query,),
        ("credit_kind" = Option<String>, Query,), ("cursor" = Option<String>, Query,),
        ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<OfferedSlot>), (status = 401), (status = 429))
)]
async fn list_offered(
    State(site): State<Site>,
    ApiVisitor(who): ApiVisitor,
    uri: axum::http::Uri,
    paging: PageQuery,
) -> Result<Json<List<OfferedSlot>>, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let mut findings = Findings::default();
    let mut filter = Filter::read(&query, &mut findings);
    filter.read_days(&query, &site.settings.time_zone, &mut findings);
    findings.finish().map_err(Refusal::from)?;
    let paging = paging.under(&filter);
    filter.after = paging.after()?;
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>| {
        visitor::check(&settings::load(tx)?, who.is_some())?;
        browse::list_with_choices(tx, &filter, rows)
    };
    let found = site.store.read(look).await?;
    let list = paging.list(found, |(one, _)| (one.slot.starts_at, one.slot.id.clone()));
    Ok(Json(
        list.map(|(one, choices)| OfferedSlot::of(one, choices)),
    ))
}

/// A slot that anybody may book, with the entries of the catalogue that it offers, and what is asked
/// of those who book it.
#[derive(Serialize, ToSchema)]
struct OfferedSlotDetails {
    #[serde(flatten)]
    slot: OfferedSlot,
    /// The entries of the catalogue among which members choose.
    catalogue: Vec<CatalogueEntry>,
    /// The questions that a booking answers.
    questions: Vec<OfferQuestion>,
}

/// One slot that anybody may book, with the entries of the catalogue among which members choose, and
/// the questions that a booking answers.
#[utoipa::path(
    get, path = "/api/v1/slots/{id}", tag = "bookings",
    responses((status = 200, body = OfferedSlotDetails), (status = 401), (status = 429))
)]
async fn show_offered(
    State(site): State<Site>,
    ApiVisitor(who): ApiVisitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id: SlotId = site::call::id(&id)?;
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        visitor::check(&settings::load(tx)?, who.is_some())?;
        let Some(found) = browse::find(tx, &id)? else {
            return Ok(None);
        };
        let choices = choice::of_slot(tx, found.slot.sets())?;
        Ok(Some(OfferedSlotDetails {
            catalogue: catalogue::of_slot(tx, &choices.entries)?,
            questions: offer_question::of_slot(tx, &found.slot)?,
            slot: OfferedSlot::of(found, choices),
        }))
    };
    let found = site
        .store
        .read(look)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(answer(StatusCode::OK, &found))
}

/// The caller's own bookings, or with `as=provider` the bookings of the caller's slots. With
/// `when=past` these are the past and the cancelled bookings, the latest first; otherwise they are
/// the upcoming bookings, the soonest first.
#[utoipa::path(
    get, path = "/api/v1/bookings", tag = "bookings",
    params(("as" = Option<String>, Query,), ("when" = Option<String>, Query,), PageQuery),
    responses((status = 200, body = List<BookingView>))
)]
async fn list_bookings(call: Call) -> Result<Json<List<BookingView>>, Problem> {
    let query = call.query();
    let is_past = query.text("when") == "past";
    let is_provider = query.text("as") == Party::Provider.word();
    let paging = call.page_query()?.under(&(is_past, is_provider));
    let part = Part {
        after: paging.after()?,
        rows: paging.rows(),
    };
    let found = if is_provider {
        let look = move |tx: &mut Tx<'_>, provider: &Provider| {
            let id = &provider.profile.id;
            let all = booking::list_with_provider(tx, id, is_past, &part)?;
            Ok::<_, Refusal>(BookingView::list(tx, all)?)
        };
        call.read(look).await?
    } else {
        let look = move |tx: &mut Tx<'_>, who: &Requester| {
            let all = booking::list(tx, &who.who.account().id, is_past, &part)?;
            Ok::<_, Refusal>(BookingView::list(tx, all)?)
        };
        call.read(look).await?
    };
    Ok(Json(
        paging.list(found, |one| (one.starts_at, one.id.clone())),
    ))
}

/// Books a slot. A slot with a price is held until its order is paid, which people do in a browser.
/// Returns 201, or 200 with the existing booking if the caller has already booked the slot.
#[utoipa::path(
    post, path = "/api/v1/bookings", tag = "bookings", request_body = NewBooking,
    responses((status = 200, body = BookingView), (status = 201, body = BookingView),
        (status = 404), (status = 409), (status = 428))
)]
async fn create_booking(call: Call, body: Received<NewBooking>) -> Result<Response, Problem> {
    let (mut new, site) = (body.value, call.site.clone());
    new.slot_version = call.version_if_named(new.slot_version)?;
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| {
        let booked = book::book(tx, &site, member, &new)?;
        let status = if booked.is_repeat {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        };
        Ok::<_, Refusal>((status, BookingView::of(tx, booked.booking)?))
    };
    call.post_as(&body.bytes, change).await
}

/// A booking, for its member, its provider and administrators.
#[utoipa::path(
    get, path = "/api/v1/bookings/{id}", tag = "bookings",
    responses((status = 200, body = BookingView))
)]
async fn show_booking(call: Call) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, party: &PartyTo| {
        Ok::<_, Refusal>(BookingView::of(tx, party.booking.clone())?)
    };
    Ok(answer(StatusCode::OK, &call.read(look).await?))
}

/// A confirmed booking as a calendar file, for its member, its provider and administrators.
#[utoipa::path(
    get, path = "/api/v1/bookings/{id}/calendar.ics", tag = "bookings",
    operation_id = "show_booking_calendar",
    responses((status = 200, content_type = "text/calendar", body = String))
)]
async fn show_calendar(call: Call) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, party: &PartyTo| {
        let location = booking::location(tx, &party.booking)?;
        Ok::<_, Refusal>((party.booking.clone(), party.party, location))
    };
    let (booking, party, location) = call.read(look).await?;
    ics::file(&call.site, &booking, party, &location)
}

/// The reason for a cancellation.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Cancellation {
    /// The reason, up to 300 characters, which is shown to the other side. Providers and
    /// administrators must give one.
    reason: String,
}

/// Cancels a booking. The payment is refunded.
#[utoipa::path(
    post, path = "/api/v1/bookings/{id}/cancel", tag = "bookings",
    request_body = Option<Cancellation>,
    responses((status = 200, body = BookingView), (status = 409))
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
    post, path = "/api/v1/bookings/{id}/reschedule", tag = "bookings", request_body = NewTime,
    responses((status = 200, body = BookingView), (status = 409), (status = 428))
)]
async fn move_booking(call: Call, body: Received<NewTime>) -> Result<Response, Problem> {
    let (mut new, site) = (body.value, call.site.clone());
    new.slot_version = call.version_if_named(new.slot_version)?;
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        check_money(party)?;
        let moved = book::reschedule(tx, &site, party, &new)?;
        Ok::<_, Refusal>(BookingView::of(tx, moved)?)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// The outcome of a session.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OutcomeMark)]
struct Mark {
    outcome: Outcome,
    /// What a member or a provider says who claims that the other side did not come, up to 500
    /// characters.
    #[serde(default)]
    note: String,
}

/// Marks the outcome of a session. The provider can mark that the session took place or that the
/// member did not come. If the member says that the provider did not come, that is a claim: the
/// booking stays as it is, and contains the claim. Administrators can mark and correct every
/// outcome.
#[utoipa::path(
    post, path = "/api/v1/bookings/{id}/outcome", tag = "bookings", request_body = Mark,
    responses((status = 200, body = BookingView), (status = 409))
)]
async fn mark_outcome(call: Call, body: Received<Mark>) -> Result<Response, Problem> {
    let (mark, site) = (body.value, call.site.clone());
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        check_money(party)?;
        let marked = outcome_mark::mark(tx, &site, party, mark.outcome, &mark.note)?;
        Ok::<_, Refusal>(BookingView::of(tx, marked)?)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// The new link of a session.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingLink)]
struct NewLink {
    /// A link to an online meeting, up to 500 characters.
    link: String,
}

/// Replaces the link of a session, for example because its room does not work. The provider and
/// administrators may do so until the session ends; both sides get a mail.
#[utoipa::path(
    put, path = "/api/v1/bookings/{id}/link", tag = "bookings", request_body = NewLink,
    responses((status = 200, body = BookingView), (status = 409))
)]
async fn replace_link(call: Call, Json(body): Json<NewLink>) -> Result<Response, Problem> {
    let site = call.site.clone();
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        let done = link_change::replace(tx, &site, party, &body.link)?;
        Ok::<_, Refusal>(BookingView::of(tx, done)?)
    };
    Ok(answer(StatusCode::OK, &call.write(change).await?))
}

/// Only people in a browser may move money.
fn check_money(party: &PartyTo) -> Result<(), Refusal> {
    if party.booking.order_id.is_some() && !party.requester.who.is_in_browser() {
        return Err(Refusal::TokenNotPermitted);
    }
    Ok(())
}

api_parent!(Administrator);

/// The rules of bookings.
#[utoipa::path(
    get, path = "/api/v1/admin/booking-settings", tag = "bookings",
    responses((status = 200, body = BookingSettings))
)]
async fn show_booking_settings(call: Call) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, _: &Administrator| Ok::<_, Refusal>(settings::load(tx)?);
    Ok(answer(StatusCode::OK, &call.read(look).await?))
}

change_body! {
    BookingSettingsChange: BookingSettings, settings::FIELDS,
    "The rules of bookings; what is left out stays."
}

/// Changes the rules of bookings; omitted fields stay unchanged.
#[utoipa::path(
    patch, path = "/api/v1/admin/booking-settings", tag = "bookings",
    request_body = BookingSettingsChange,
    responses((status = 200, body = BookingSettings), (status = 409), (status = 428))
)]
async fn change_booking_settings(
    call: Call,
    Json(body): Json<Members>,
) -> Result<Response, Problem> {
    let (input, version) = Input::of_json(body)?;
    let version = call.version(version)?;
    let seen = Seen::Version(version);
    let change =
        move |tx: &mut Tx<'_>, by: &Administrator| plan::change_rules(tx, by, &seen, &input);
    Ok(answer(StatusCode::OK, &call.write(change).await?))
}
