//! The API for guests, and for answers that hosts record for guests.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use platform::{Tx, sql};
use serde::{Deserialize, Serialize};
use site::Callers::Tokens;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::{Members, Received};
use web::{Input, Json, List, PageQuery, Problem, Site, routes};

use super::call::{Call, Place, answer, id};
use super::change_response::{ChangedView, Receipt, Saved, Sees};
use super::invitations::{load_view, saved};
use super::view::{GuestView, InvitationView, PersonView};
use crate::hosting::Permission::{Invite, See};
use crate::hosting::listing::people;
use crate::hosting::permissions::HostOf;
use crate::hosting::{Refusal, answers, guests, portals};
use crate::id::{GuestId, InvitationId};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::token_scopes::{OCCASION_WRITE, RSVPS_READ, RSVPS_WRITE};
use crate::web::access::may;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(
            list: may(See, Tokens(&[RSVPS_READ])),
            add: may(Invite, Tokens(&[OCCASION_WRITE])),
        ))
        .routes(routes!(
            show: may(See, Tokens(&[RSVPS_READ])),
            change: may(Invite, Tokens(&[OCCASION_WRITE])),
            remove: may(Invite, Tokens(&[OCCASION_WRITE])),
        ))
        .routes(routes!(reply: may(Invite, Tokens(&[RSVPS_WRITE]))))
}

/// The guests of an occasion. They can be searched and filtered.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/guests", tag = "guests of an occasion",
    params(PageQuery, people::GuestFilter), responses((status = 200, body = List<PersonView>))
)]
async fn list(
    call: Call,
    Path(occasion): Path<String>,
    paging: PageQuery,
) -> Result<Json<List<PersonView>>, Problem> {
    let filter = people::GuestFilter::read(&call.query())?;
    let found = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            people::people(tx, host, &filter, &paging)
        })
        .await?;
    Ok(Json(found.map(PersonView::from)))
}

/// Guests to add to an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddBody {
    /// The invitation's id.
    invitation: InvitationId,
    /// The version of the invitation that the client has read; optional.
    #[serde(default)]
    version: Option<i64>,
    /// The guests to add.
    #[schema(value_type = Vec<guests::NewGuest>)]
    guests: Vec<Input>,
}

/// Adds guests to an invitation.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/guests", tag = "guests of an occasion",
    request_body = AddBody, responses((status = 201, body = Saved<InvitationView>), (status = 409))
)]
async fn add(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<AddBody>,
) -> Result<Response, Problem> {
    let AddBody {
        invitation,
        version,
        guests: people,
    } = body.value;
    let version = call.version_if_named(version)?;
    let place = Place::occasion(&occasion)?;
    call.once(place, &body.bytes, StatusCode::CREATED, move |tx, host| {
        let (snapshot, _) = guests::add(tx, host, &invitation, version, &people)?;
        saved(tx, host, &snapshot)
    })
    .await
}

/// A guest, and the version of the guest's invitation.
#[derive(Serialize, ToSchema)]
struct OneGuest {
    /// The id of the invitation.
    invitation: InvitationId,
    /// The version of the invitation.
    version: i64,
    /// The guest.
    guest: GuestView,
}

impl ChangedView for OneGuest {
    /// A token sees guests if it has at least one of the scopes `occasion:read` and `rsvps:read`.
    fn is_for(sees: Sees) -> bool {
        sees.occasion || sees.answers
    }

    fn receipt(&self) -> Receipt {
        Receipt::of_guest(&self.invitation, self.version)
    }
}

/// One guest.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/guests/{guest}", tag = "guests of an occasion",
    responses((status = 200, body = OneGuest))
)]
async fn show(
    call: Call,
    Path((occasion, guest)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let guest: GuestId = id(&guest)?;
    let found = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            let found: Option<(InvitationId,)> = tx.maybe(
                sql!("SELECT invitation FROM guest WHERE id = $1"),
                &[&guest],
            )?;
            let (invitation,) = found.ok_or(Refusal::NotFound)?;
            let snapshot = portals::load(tx, host, &invitation)?;
            one(tx, host, &snapshot, &guest)
        })
        .await?;
    Ok(answer(StatusCode::OK, &found))
}

/// Changes a guest's details.
#[utoipa::path(
    patch, path = "/api/v1/occasions/{id}/guests/{guest}", tag = "guests of an occasion",
    request_body = guests::GuestChange,
    responses((status = 200, body = Saved<OneGuest>), (status = 409), (status = 428))
)]
async fn change(
    call: Call,
    Path((occasion, guest)): Path<(String, String)>,
    Json(body): Json<Members>,
) -> Result<Response, Problem> {
    let (input, version) = Input::of_json(body)?;
    let version = call.version(version)?;
    let guest: GuestId = id(&guest)?;
    let changed = call
        .write(Place::occasion(&occasion)?, move |tx, host| {
            let snapshot = guests::change(tx, host, &guest, version, &input)?;
            Ok(Saved::of(one(tx, host, &snapshot, &guest)?, Sees::of(host)))
        })
        .await?;
    Ok(answer(StatusCode::OK, &changed))
}

/// Removes a guest and all answers of the guest.
#[utoipa::path(
    delete, path = "/api/v1/occasions/{id}/guests/{guest}", tag = "guests of an occasion",
    responses((status = 204), (status = 409))
)]
async fn remove(
    call: Call,
    Path((occasion, guest)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let version = call.version_if_named(None)?;
    let guest: GuestId = id(&guest)?;
    call.write(Place::occasion(&occasion)?, move |tx, host| {
        guests::remove(tx, host, &guest, version).map(drop)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Records the answer that a guest gave to a host, even after the deadline. With `override`, the
/// answer is saved even if the event has too few free seats.
#[utoipa::path(
    put, path = "/api/v1/guests/{id}/replies/{event}", tag = "guests of an occasion",
    request_body = answers::OneReply,
    responses((status = 200, body = Saved<OneGuest>), (status = 409), (status = 428))
)]
async fn reply(
    call: Call,
    Path((guest, event)): Path<(String, String)>,
    Json(body): Json<answers::OneReply>,
) -> Result<Response, Problem> {
    let version = call.version(body.version)?;
    let guest: GuestId = id(&guest)?;
    let place = Place::Guest(guest.clone());
    let saved = call
        .write(place, move |tx, host| {
            let snapshot = answers::reply(tx, host, &guest, &event, version, &body)?;
            Ok(Saved::of(one(tx, host, &snapshot, &guest)?, Sees::of(host)))
        })
        .await?;
    Ok(answer(StatusCode::OK, &saved))
}

fn one(
    tx: &mut Tx<'_>,
    host: &HostOf,
    snapshot: &InvitationSnapshot,
    guest: &GuestId,
) -> Result<OneGuest, Refusal> {
    let stored = &snapshot.household.invitation;
    let found = load_view(tx, host, snapshot)?.into_guest(guest);
    Ok(OneGuest {
        invitation: stored.id.clone(),
        version: stored.version,
        guest: found.ok_or(Refusal::NotFound)?,
    })
}
