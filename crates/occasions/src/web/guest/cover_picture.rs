//! Serves the cover pictures of occasions.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use platform::{StoreError, Tx};
use web::{Problem, Site};

use crate::{cover, occasion};

/// Handles `GET /o/{slug}/cover/{file}`. A new picture has a new path, so browsers may cache a
/// picture forever. Anybody who knows the path can load the picture, even before the occasion is
/// published.
pub(super) async fn show(
    State(site): State<Site>,
    Path((slug, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let name = file.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<bool, StoreError> {
        let Some(id) = occasion::find_by_slug(tx, &slug)? else {
            return Ok(false);
        };
        Ok(cover::is_of(&occasion::load(tx, &id)?, &name))
    };
    if !site.store.read(look).await? {
        return Err(Problem::not_found());
    }
    let (media_type, bytes) = cover::FOLDER.load(&site, &file).await?;
    let caching = "private, max-age=31536000, immutable";
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, caching)];
    Ok((headers, bytes).into_response())
}
