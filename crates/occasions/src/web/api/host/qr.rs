//! The API for QR codes of invitations, as files.

use std::io::{Cursor, Write as _};

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use site::Callers::{People, Tokens};
use web::described::Routes;
use web::{Findings, Form, Problem, Site, qr_code, routes};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::call::{Call, Place, id};
use crate::hosting::Permission::SeeContacts;
use crate::hosting::listing::{self, InvitationFilter};
use crate::hosting::{Refusal, portals};
use crate::id::InvitationId;
use crate::own_domain;
use crate::token_scopes::OCCASION_READ;
use crate::web::access::may;
use crate::web::file_name::in_file_name;

/// In pixels, of a PNG.
const USUAL: i64 = 600;
/// The minimum and maximum, in pixels.
const WIDTHS: [i64; 2] = [300, 2_000];
const PACKED: usize = 600;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(svg: may(SeeContacts, Tokens(&[OCCASION_READ]))))
        .routes(routes!(png: may(SeeContacts, Tokens(&[OCCASION_READ]))))
        .routes(routes!(all: may(SeeContacts, People)))
}

/// The QR code of an invitation's link as an SVG, which can be drawn at any size.
#[utoipa::path(
    get, path = "/api/v1/invitations/id/{id}/qr.svg", tag = "invitations",
    responses((status = 200, description = "The picture.", body = String, content_type = "image/svg+xml"))
)]
async fn svg(call: Call, Path(text): Path<String>) -> Result<Response, Problem> {
    let link = link(&call, &text).await?;
    let picture = qr_code::svg(&link).ok_or_else(Problem::not_found)?;
    Ok(file(
        "image/svg+xml",
        "invitation.svg",
        picture.into_bytes(),
    ))
}

/// The QR code of an invitation's link as a PNG.
#[utoipa::path(
    get, path = "/api/v1/invitations/id/{id}/qr.png", tag = "invitations",
    params(("size" = Option<i64>, Query, description = "The width in pixels, 300–2,000; the picture may be a little wider.", minimum = 300, maximum = 2_000)),
    responses((status = 200, description = "The picture.", body = String, content_type = "image/png"),
        (status = 422))
)]
async fn png(call: Call, Path(text): Path<String>) -> Result<Response, Problem> {
    let size = size(&call.query())?;
    let link = link(&call, &text).await?;
    let picture = qr_code::png(&link, size).ok_or_else(Problem::not_found)?;
    let picture = picture.map_err(Problem::internal)?;
    Ok(file("image/png", "invitation.png", picture))
}

/// Returns a ZIP file with the QR codes of all invitations that match a filter. It contains one PNG
/// file for each invitation, named after the household and the code.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/invitations/qr.zip", tag = "invitations",
    params(InvitationFilter),
    responses((status = 200, description = "The archive.", body = String, content_type = "application/zip"),
        (status = 422))
)]
async fn all(call: Call, Path(occasion): Path<String>) -> Result<Response, Problem> {
    let (filter, _) = InvitationFilter::read(&call.query())?;
    let site = call.site.clone();
    let archive = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            let own = own_domain::served_host(tx, host.occasion())?;
            let url = own_domain::url(&site, own.as_deref());
            let links = crate::link::LinkKey::load(tx)?;
            let rows = listing::all_invitations(tx, host, &filter)?;
            let codes = rows
                .into_iter()
                .filter_map(|row| Some((row.household, row.code?)));
            let codes = codes.map(|(household, code)| {
                let link = url.join(&links.to(&code));
                (format!("{}-{code}.png", in_file_name(&household)), link)
            });
            Ok(codes.collect::<Vec<_>>())
        })
        .await?;
    let packed = tokio::task::spawn_blocking(move || pack(&archive)).await;
    let packed = packed
        .map_err(Problem::internal)?
        .map_err(Problem::internal)?;
    Ok(file("application/zip", "invitations.zip", packed))
}

fn size(query: &Form) -> Result<usize, Refusal> {
    let mut findings = Findings::default();
    let size = match query.find("size") {
        None => USUAL,
        Some(typed) => {
            let [least, most] = WIDTHS;
            findings.number("/size", typed.parse().unwrap_or_default(), least, most)
        }
    };
    findings.finish()?;
    Ok(usize::try_from(size).unwrap_or_default())
}

async fn link(call: &Call, text: &str) -> Result<String, Problem> {
    let invitation: InvitationId = id(text)?;
    let of = invitation.clone();
    let site = call.site.clone();
    call.read(Place::Invitation(invitation), move |tx, host| {
        let snapshot = portals::load(tx, host, &of)?;
        Ok::<_, Refusal>(snapshot.url(&site).join(&snapshot.link("")))
    })
    .await
}

fn pack(codes: &[(String, String)]) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // PNG files are already compressed, so the ZIP file only stores them.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, link) in codes {
        if let Some(picture) = qr_code::png(link, PACKED) {
            zip.start_file(name.as_str(), options)?;
            zip.write_all(&picture?)?;
        }
    }
    Ok(zip.finish()?.into_inner())
}

fn file(media_type: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (CONTENT_TYPE, media_type.to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (CACHE_CONTROL, "no-store, private".to_owned()),
    ];
    (headers, bytes).into_response()
}
