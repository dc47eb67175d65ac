//! The API for what is still to be sent, and for what hosts hand to other apps.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use site::Callers::Tokens;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::Received;
use web::{Json, Problem, Site, routes};

use super::call::{Call, Place, id};
use crate::hosting::Permission::Invite;
use crate::hosting::campaign::Report;
use crate::hosting::channels;
use crate::hosting::handed::Channel;
use crate::hosting::listing::InvitationFilter;
use crate::hosting::mail_text::MailKind;
use crate::hosting::moved;
use crate::hosting::sending::{self, Handing, Sending};
use crate::id::{EventId, InvitationId};
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE, RSVPS_READ};
use crate::web::access::{HostAccess, may};

pub(super) fn routes<R: Routes<Site>>() -> R {
    let look = || -> HostAccess { may(Invite, Tokens(&[OCCASION_READ, RSVPS_READ])) };
    let send =
        || -> HostAccess { may(Invite, Tokens(&[OCCASION_READ, OCCASION_WRITE, RSVPS_READ])) };
    R::default()
        .routes(routes!(show_sending: look()))
        .routes(routes!(mail: send()))
        .routes(routes!(set_order: may(Invite, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(hand: may(Invite, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(ask_again: send()))
}

/// What is still to be sent, by which channel, and what stands in the way.
///
/// Each household is in exactly one line: that of the first channel that it can take.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/sending", tag = "mail", params(InvitationFilter),
    responses((status = 200, body = Sending), (status = 422))
)]
async fn show_sending(
    call: Call,
    Path(occasion): Path<String>,
    Query(filter): Query<InvitationFilter>,
) -> Result<Json<Sending>, Problem> {
    let site = call.site.clone();
    let found = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            sending::load(tx, &site, host, &filter)
        })
        .await?;
    Ok(Json(found))
}

/// An order to mail the households whose channel is email.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailToSend)]
struct MailOrder {
    /// `invitation` for households without one, `reminder` for households that have not answered, or
    /// `moved` for households that do not know that an event has moved, or `thanks` for households
    /// whose gift you have not thanked them for.
    kind: MailKind,
    /// The id of the event that has moved, for the kind `moved`; empty for others.
    #[serde(default)]
    about: String,
    /// Narrows the households down.
    #[serde(default)]
    filter: InvitationFilter,
}

/// Mails the households whose channel is email, all at once.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/sending/mail", tag = "mail", request_body = MailOrder,
    responses((status = 202, body = Report), (status = 409))
)]
async fn mail(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<MailOrder>,
) -> Result<Response, Problem> {
    let (place, site) = (Place::occasion(&occasion)?, call.site.clone());
    let MailOrder {
        kind,
        about,
        filter,
    } = body.value;
    call.once(place, &body.bytes, StatusCode::ACCEPTED, move |tx, host| {
        sending::mail(tx, &site, host, kind, &about, &filter)
    })
    .await
}

/// The order in which channels are tried.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChannelOrder)]
struct Order {
    /// The channels, the first to try first. What is not listed follows in the usual order of the
    /// home country. `other` cannot be listed.
    channels: Vec<Channel>,
}

/// Changes the order in which channels are tried for all households.
#[utoipa::path(
    put, path = "/api/v1/occasions/{id}/sending/order", tag = "mail", request_body = Order,
    responses((status = 200, body = Order))
)]
async fn set_order(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<Order>,
) -> Result<Json<Order>, Problem> {
    let channels = body.value.channels;
    let channels = call
        .write(Place::occasion(&occasion)?, move |tx, host| {
            channels::set_order(tx, host, &channels)
        })
        .await?;
    Ok(Json(Order { channels }))
}

/// A message that a host handed to another app or to the post.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HandedOver)]
struct HandedOver {
    /// The kind of message.
    kind: MailKind,
    /// The id of the event that has moved, for the kind `moved`; empty for others.
    #[serde(default)]
    about: String,
    /// How it was sent. `other` is recorded whatever stands in the way.
    channel: Channel,
    /// False to take back what was recorded about messages of this kind, because they were not sent
    /// after all.
    #[serde(default = "yes")]
    sent: bool,
    /// Whether to record it even if hosts would be asked first, as in a draft.
    #[serde(default)]
    anyway: bool,
}

fn yes() -> bool {
    true
}

/// Records that a household was handed a message, or that it was not after all.
///
/// An invitation then counts as sent, and the gifts of a household that was thanked are ticked off. Mail of this site is not recorded here.
#[utoipa::path(
    post, path = "/api/v1/invitations/id/{id}/handed", tag = "invitations",
    request_body = HandedOver, responses((status = 200, body = HandedOver), (status = 409))
)]
async fn hand(
    call: Call,
    Path(text): Path<String>,
    body: Received<HandedOver>,
) -> Result<Response, Problem> {
    let invitation: InvitationId = id(&text)?;
    let (place, site) = (Place::Invitation(invitation.clone()), call.site.clone());
    let over = body.value;
    call.once(place, &body.bytes, StatusCode::OK, move |tx, host| {
        if over.sent {
            let handing = Handing {
                kind: over.kind,
                about: over.about.clone(),
                channel: over.channel,
                was_asked: over.anyway,
            };
            sending::hand(tx, &site, host, &invitation, &handing)?;
        } else {
            sending::withdraw(tx, host, &invitation, over.kind, &over.about)?;
        }
        Ok(over.clone())
    })
    .await
}

/// How many people are asked again.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = AskedAgain)]
struct AskedAgain {
    people: i64,
}

/// Asks everybody again who said that they come to an event that has moved.
///
/// They keep the seat until answers close. Nobody is told by this: send them a message of the kind
/// `moved`.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/sending/moved/{event}/ask-again", tag = "mail",
    responses((status = 200, body = AskedAgain), (status = 409), (status = 422))
)]
async fn ask_again(
    call: Call,
    Path((occasion, event)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let event: EventId = id(&event)?;
    let place = Place::occasion(&occasion)?;
    call.once(place, b"", StatusCode::OK, move |tx, host| {
        let people = moved::ask_again(tx, host, &event)?;
        Ok(AskedAgain { people })
    })
    .await
}
