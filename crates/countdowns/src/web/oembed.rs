//! The oEmbed 1.0 response, from which other sites learn how to frame a countdown.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;
use web::{Form, Json, Problem, Site, Wishes};

use super::{badge, public};

/// The size of the frame, in pixels.
const SIZE: (u32, u32) = (360, 260);

/// The query parameters of an oEmbed request.
#[derive(Deserialize)]
pub(super) struct OembedQuery {
    url: String,
    #[serde(default)]
    format: String,
    maxwidth: Option<u32>,
    maxheight: Option<u32>,
}

/// `GET /oembed?url=`, for the full URL of a public countdown.
pub(super) async fn show(
    State(site): State<Site>,
    Query(asked): Query<OembedQuery>,
    wishes: Wishes,
) -> Result<Response, Problem> {
    if !["", "json"].contains(&asked.format.as_str()) {
        return Ok(StatusCode::NOT_IMPLEMENTED.into_response());
    }
    let path = asked.url.strip_prefix(site.url().origin());
    let path = path.and_then(|path| path.strip_prefix("/u/"));
    let path = path.and_then(|path| path.split(['?', '#']).next()?.split_once('/'));
    let (account, countdown) = path.ok_or_else(Problem::not_found)?;
    let (account, countdown) = (account.to_owned(), countdown.to_owned());
    let (shown, clock) = badge::find(&site, account, countdown, &Form::default()).await?;
    let share = public::share(&site, &site.speak_public(&wishes), &shown, &clock, "");
    let width = asked.maxwidth.unwrap_or(SIZE.0).min(SIZE.0);
    let height = asked.maxheight.unwrap_or(SIZE.1).min(SIZE.1);
    let answer = json!({
        "type": "rich",
        "version": "1.0",
        "title": share.title,
        "author_name": shown.name,
        "author_url": site.url().join(&format!("/u/{}", shown.account)),
        "provider_name": site.settings.name,
        "provider_url": site.url().origin(),
        "html": share.frame(width, height),
        "width": width,
        "height": height,
        "thumbnail_url": share.image,
        "thumbnail_width": web::drawn_picture::WIDTH,
        "thumbnail_height": web::drawn_picture::HEIGHT,
    });
    Ok(([(CACHE_CONTROL, "private, max-age=300")], Json(answer)).into_response())
}
