//! The API for importing households from files.

use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use occasions::hosting::Permission::Invite;
use occasions::token_scopes::{OCCASION_READ, OCCASION_WRITE, RSVPS_READ, RSVPS_WRITE};
use occasions::web::access::{HostAccess, may};
use occasions::web::api::host::call::{Call, Place, answer, id};
use serde::Serialize;
use site::Callers::Tokens;
use utoipa::ToSchema;
use web::described::Routes;
use web::{Json, List, PageQuery, Problem, Site, routes};

use crate::import::{self, Arriving, Change, Check, Import, ImportId, Named, Upload};

pub(super) fn routes<R: Routes<Site>>() -> R {
    let look = || -> HostAccess { may(Invite, Tokens(&[OCCASION_READ, RSVPS_READ])) };
    let write = || -> HostAccess { may(Invite, Tokens(&[OCCASION_WRITE, RSVPS_WRITE])) };
    R::default()
        .routes(routes!(list: look(), start: write()))
        .routes(routes!(show: look(), change: write()))
        .routes(routes!(check: write()))
        .routes(routes!(apply: write()))
        .routes(routes!(undo: write()))
}

/// The imports, newest first.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/imports", tag = "imports", params(PageQuery),
    responses((status = 200, body = List<Import>))
)]
async fn list(
    call: Call,
    Path(occasion): Path<String>,
    paging: PageQuery,
) -> Result<Json<List<Import>>, Problem> {
    let place = Place::occasion(&occasion)?;
    let list = call
        .read(place, move |tx, host| import::list(tx, host, &paging))
        .await?;
    Ok(Json(list))
}

/// Stores a list of households, so that a host can check it before the import. The list is a CSV
/// file, an XLSX file, a JSON array or a file of contacts (vCard), and has at most 10 MiB. Contacts
/// may have 40 MiB of pictures beside it, which are not stored.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/imports", tag = "imports",
    request_body(content( (String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/vcard"), (Vec<crate::household_document::Record> = "application/json"), )),
    responses((status = 201, body = Import))
)]
async fn start(
    call: Call,
    Path(occasion): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let place = Place::occasion(&occasion)?;
    // The caller's permission is checked before the file is received.
    call.read(place.clone(), |_, _| Ok(())).await?;
    let bytes = Arriving::receive(request.into_body()).await?;
    let upload = Upload::read_alone(bytes.clone()).await?;
    let catalogue = call.site.catalogue.clone();
    call.once(place, &bytes, StatusCode::CREATED, move |tx, host| {
        import::start(tx, host, &catalogue, &upload, "")
    })
    .await
}

/// An import. It lists the households that the import skipped, and the households that remained
/// after an undo.
#[derive(Serialize, ToSchema)]
struct ImportReport {
    #[serde(flatten)]
    import: Import,
    /// The households that the import skipped or that remained after an undo, at most 200.
    left_out: Vec<Named>,
}

/// The progress of an import.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/imports/{import}", tag = "imports",
    responses((status = 200, body = ImportReport))
)]
async fn show(
    call: Call,
    Path((occasion, import)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let import: ImportId = id(&import)?;
    let found = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            Ok(ImportReport {
                import: import::load(tx, host, &import)?,
                left_out: import::named(tx, host, &import)?,
            })
        })
        .await?;
    Ok(answer(StatusCode::OK, &found))
}

/// Sets what each column of the list means, and the host's choices for the import.
#[utoipa::path(
    patch, path = "/api/v1/occasions/{id}/imports/{import}", tag = "imports", request_body = Change,
    responses((status = 200, body = Import), (status = 409))
)]
async fn change(
    call: Call,
    Path((occasion, import)): Path<(String, String)>,
    Json(body): Json<Change>,
) -> Result<Response, Problem> {
    let import: ImportId = id(&import)?;
    let catalogue = call.site.catalogue.clone();
    let changed = call
        .write(Place::occasion(&occasion)?, move |tx, host| {
            import::change(tx, host, &catalogue, &import, &body)
        })
        .await?;
    Ok(answer(StatusCode::OK, &changed))
}

/// Returns what importing the list would do now. Writes nothing.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/imports/{import}/check", tag = "imports",
    responses((status = 200, body = Check), (status = 409))
)]
async fn check(
    call: Call,
    Path((occasion, import)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let import: ImportId = id(&import)?;
    let catalogue = call.site.catalogue.clone();
    let found = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            import::check(tx, host, &catalogue, &import)
        })
        .await?;
    Ok(answer(StatusCode::OK, &found))
}

/// Starts to import the list in the background.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/imports/{import}/apply", tag = "imports",
    responses((status = 202, body = Import), (status = 409))
)]
async fn apply(
    call: Call,
    Path((occasion, import)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let import: ImportId = id(&import)?;
    let place = Place::occasion(&occasion)?;
    call.once(place, b"", StatusCode::ACCEPTED, move |tx, host| {
        import::apply(tx, host, &import)
    })
    .await
}

/// Undoes an import of the last 7 days. Deletes the households that the import created, unless
/// somebody has changed them since.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/imports/{import}/undo", tag = "imports",
    responses((status = 202, body = Import), (status = 409))
)]
async fn undo(
    call: Call,
    Path((occasion, import)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let import: ImportId = id(&import)?;
    let place = Place::occasion(&occasion)?;
    call.once(place, b"", StatusCode::ACCEPTED, move |tx, host| {
        import::undo(tx, host, &import)
    })
    .await
}
