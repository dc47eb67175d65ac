//! The API for exports as files. API tokens cannot use these paths, because a token may not
//! download whole lists.

use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use occasions::hosting::Permission::See;
use occasions::hosting::{self, Refusal};
use occasions::web::access::may;
use occasions::web::api::host::call::{Call, Place, answer, id};
use site::Callers::People;
use tokio::io::AsyncReadExt;
use web::described::Routes;
use web::json::Received;
use web::{Json, Language, List, Problem, Site, Wishes, routes};

use crate::export::{self, Export, ExportId};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list: may(See, People), start: may(See, People)))
        .routes(routes!(show: may(See, People)))
        .routes(routes!(file: may(See, People)))
}

/// The latest exports, newest first.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/exports", tag = "exports",
    responses((status = 200, body = List<Export>))
)]
async fn list(call: Call, Path(occasion): Path<String>) -> Result<Json<List<Export>>, Problem> {
    let place = Place::occasion(&occasion)?;
    let items = call
        .write(place, |tx, host| export::list(tx, host, 50))
        .await?;
    Ok(Json(List {
        items,
        next_cursor: None,
        previous_cursor: None,
        total: None,
    }))
}

/// Requests an export. An export for an observer contains no codes and no contact data.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/exports", tag = "exports", request_body = export::Request,
    responses((status = 202, body = Export), (status = 409))
)]
async fn start(
    call: Call,
    Path(occasion): Path<String>,
    wishes: Wishes,
    body: Received<export::Request>,
) -> Result<Response, Problem> {
    let place = Place::occasion(&occasion)?;
    let language: Language = call.site.speak(&wishes).language().clone();
    let wanted = body.value;
    call.once(place, &body.bytes, StatusCode::ACCEPTED, move |tx, host| {
        export::start(tx, host, &wanted, &language)
    })
    .await
}

/// The state of an export.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/exports/{export}", tag = "exports",
    responses((status = 200, body = Export))
)]
async fn show(
    call: Call,
    Path((occasion, export)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let export: ExportId = id(&export)?;
    let place = Place::occasion(&occasion)?;
    let found = call
        .write(place, move |tx, host| export::load(tx, host, &export))
        .await?;
    Ok(answer(StatusCode::OK, &found))
}

/// The file of an export. It can be downloaded until 7 days after the export was requested.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/exports/{export}/file", tag = "exports",
    responses((status = 200, description = "The file.", content( (String = "text/csv"), (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<serde_json::Value> = "application/json"), )),
        (status = 409))
)]
async fn file(
    call: Call,
    Path((occasion, export)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let export: ExportId = id(&export)?;
    let place = Place::occasion(&occasion)?;
    let (export, slug) = call
        .write(place, move |tx, host| {
            let slug = hosting::occasions::load(tx, host)?.slug;
            Ok::<_, Refusal>((export::fetch(tx, host, &export)?, slug))
        })
        .await?;
    download(&call.site, &export, &slug).await
}

/// Sends an export's file as a download.
pub(crate) async fn download(
    site: &Site,
    export: &Export,
    slug: &str,
) -> Result<Response, Problem> {
    let opened = export.open(&site.files).await.map_err(Problem::internal)?;
    let mut bytes = Vec::new();
    let file = opened.ok_or_else(Problem::not_found)?;
    tokio::fs::File::from_std(file)
        .read_to_end(&mut bytes)
        .await
        .map_err(Problem::internal)?;
    let mut response = Body::from(bytes).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static(export.format.media_type());
    headers.insert(CONTENT_TYPE, kind);
    // A slug contains only letters, digits and hyphens. So the quoted file name needs no escaping.
    let name = format!("attachment; filename=\"{}\"", export.file_name(slug));
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    headers.insert(
        "cache-control",
        HeaderValue::from_static("no-store, private"),
    );
    Ok(response)
}
