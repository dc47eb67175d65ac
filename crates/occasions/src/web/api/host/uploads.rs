//! The API with which hosts approve, reject and delete the files that guests uploaded.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use site::Callers::Tokens;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::Received;
use web::{Json, List, PageQuery, Problem, Site, routes};

use super::call::{Call, Place, id};
use crate::gallery::Filter;
use crate::hosting::Permission::{SeeAnswers, Write};
use crate::hosting::uploads::{self, Decided, Decision, GalleryPlace, HostUpload};
use crate::id::{InvitationId, UploadId};
use crate::token_scopes::{OCCASION_WRITE, RSVPS_READ};
use crate::upload::UploadState;
use crate::web::access::may;
use crate::web::guest::upload_view::UploadView;

pub(super) fn routes<R: Routes<Site>>() -> R {
    let write = || may(Write, Tokens(&[OCCASION_WRITE]));
    R::default()
        .routes(routes!(list: may(SeeAnswers, Tokens(&[RSVPS_READ]))))
        .routes(routes!(decide: write()))
        .routes(routes!(order: write()))
        .routes(routes!(delete: write()))
}

/// An upload, with the household that made it.
#[derive(Serialize, ToSchema)]
struct HostUploadView {
    #[serde(flatten)]
    upload: UploadView,
    /// The household's invitation.
    invitation: InvitationId,
    /// The household's name.
    household: String,
}

impl HostUploadView {
    fn of(site: &Site, one: HostUpload) -> Self {
        Self {
            upload: UploadView::of(site, &one.upload),
            invitation: one.upload.invitation.unwrap_or_default(),
            household: one.household,
        }
    }
}

/// The uploads of all households, the oldest first. The pictures of the hosts are a list of their
/// own.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/uploads", tag = "uploads",
    params(PageQuery,
        ("state" = Option<UploadState>, Query, description = "Only uploads in this state.")),
    responses((status = 200, body = List<HostUploadView>))
)]
async fn list(
    call: Call,
    Path(occasion): Path<String>,
    paging: PageQuery,
) -> Result<Json<List<HostUploadView>>, Problem> {
    let query = call.query();
    let state = match query.find("state") {
        None => None,
        Some(word) => Some(
            UploadState::find(word)
                .ok_or_else(|| Problem::fields().field("/state", "unknown_option", []))?,
        ),
    };
    let place = Place::occasion(&occasion)?;
    let list = call
        .read(place, move |tx, host| {
            let with_own = false;
            uploads::list(tx, host, Filter { state, with_own }, &paging)
        })
        .await?;
    Ok(Json(list.map(|one| HostUploadView::of(&call.site, one))))
}

/// A request that sets the state of uploads.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DecideBody {
    /// The ids of uploads, and of pictures that hosts added, at most 200.
    uploads: Vec<UploadId>,
    /// `approved` puts the uploads into the gallery. `rejected` and `pending` keep them out of it.
    state: UploadState,
}

/// Approves or rejects uploads. Repeating the request changes nothing.
#[utoipa::path(
    put, path = "/api/v1/occasions/{id}/uploads/state", tag = "uploads", request_body = DecideBody,
    responses((status = 200, body = Decided), (status = 409))
)]
async fn decide(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<DecideBody>,
) -> Result<Json<Decided>, Problem> {
    let DecideBody {
        uploads: ids,
        state,
    } = body.value;
    let place = Place::occasion(&occasion)?;
    let change = move |tx: &mut platform::Tx<'_>, host: &crate::hosting::HostOf| {
        uploads::decide(tx, host, &ids, Decision::State(state))
    };
    Ok(Json(call.write(place, change).await?))
}

/// A request that gives files a place in the gallery.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrderBody {
    /// The ids of uploads, and of pictures that hosts added, at most 200.
    uploads: Vec<UploadId>,
    place: GalleryPlace,
}

/// Puts files before all others in the gallery, or back into the order of time.
#[utoipa::path(
    put, path = "/api/v1/occasions/{id}/uploads/order", tag = "uploads", request_body = OrderBody,
    responses((status = 200, body = Decided), (status = 409))
)]
async fn order(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<OrderBody>,
) -> Result<Json<Decided>, Problem> {
    let OrderBody {
        uploads: ids,
        place: to,
    } = body.value;
    let change = move |tx: &mut platform::Tx<'_>, host: &crate::hosting::HostOf| {
        uploads::order(tx, host, &ids, to)
    };
    Ok(Json(call.write(Place::occasion(&occasion)?, change).await?))
}

/// Deletes an upload. Its files are deleted within a day.
#[utoipa::path(
    delete, path = "/api/v1/occasions/{id}/uploads/{upload}", tag = "uploads",
    responses((status = 204))
)]
async fn delete(
    call: Call,
    Path((occasion, upload)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let upload: UploadId = id(&upload)?;
    let place = Place::occasion(&occasion)?;
    call.write(place, move |tx, host| uploads::delete(tx, host, &upload))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
