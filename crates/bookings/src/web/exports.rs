//! The administrators' page of exports, and the downloads of the files.

use askama::Template;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use platform::{StoreError, Tx};
use site::request::PageRequest;
use web::{Problem, Site, Text};

use super::frame::BookingPage as _;
use super::slots::HERE;
use crate::Refusal;
use crate::export::{Export, ExportKind, Rest};
use crate::settings::Administrator;

#[derive(Template)]
#[template(path = "sessions/exports.html")]
struct ExportsPage<'a> {
    text: &'a Text,
    kinds: &'static [ExportKind],
}

/// `GET /admin/orders/exports`.
pub(super) async fn list(req: PageRequest) -> Result<Response, Problem> {
    let look = |_: &mut Tx<'_>, _: &Administrator| Ok::<_, Refusal>(());
    req.read(look).await?;
    let text = &req.text;
    let body = ExportsPage {
        text,
        kinds: ExportKind::ALL,
    };
    req.show(HERE, &text.say("export-all"), body).await
}

/// `GET /admin/orders/exports/{file}`.
pub(super) async fn file(req: PageRequest) -> Result<Response, Problem> {
    let export = Export::find(req.piece("file")).ok_or_else(Problem::not_found)?;
    let begin = move |tx: &mut Tx<'_>, by: &Administrator| export.begin(tx, by);
    let rest = req.write(begin).await?;
    Ok(download(&req.site, export, rest))
}

/// Sends the file while its rows are read. If the store fails, the response is cut off, so that the
/// client notices the error.
pub(super) fn download(site: &Site, export: Export, rest: Rest) -> Response {
    let store = site.store.clone();
    let parts = stream::try_unfold(rest, move |rest| {
        let store = store.clone();
        async move {
            let part = rest.next(&store).await?;
            Ok::<_, StoreError>(part.map(|(bytes, rest)| (Bytes::from(bytes), rest)))
        }
    });
    let disposition = format!("attachment; filename=\"{}\"", export.file_name());
    let headers = [
        (CONTENT_TYPE, export.format.media_type().to_owned()),
        (CONTENT_DISPOSITION, disposition),
        (CACHE_CONTROL, "no-store, private".to_owned()),
    ];
    (headers, Body::from_stream(parts)).into_response()
}
