//! The pictures of posts.

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use platform::Tx;
use site::asking::Viewer;
use tokio::io::AsyncReadExt as _;
use web::{Problem, Site, uploaded_image};

use crate::post::State as PostState;
use crate::{Refusal, editor_role, image, published};

/// Handles `GET /blog/images/{file}`. A changed picture gets a new file name, so browsers may cache
/// each picture forever.
pub(super) async fn show(
    State(site): State<Site>,
    Path(file): Path<String>,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let name = file.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        let is_editor = match &viewer.who {
            Some(who) => editor_role::is_editor(tx, who)?,
            None => false,
        };
        published::picture_state(tx, &name, is_editor)
    };
    let state = site.store.read(look).await?;
    let key = image::FOLDER.key(&file).map_err(|_| Problem::not_found())?;
    let media_type = uploaded_image::media_type(&file).ok_or_else(Problem::not_found)?;
    let opened = site.files.open(&key).await.map_err(Problem::internal)?;
    let mut bytes = Vec::new();
    tokio::fs::File::from_std(opened.ok_or_else(Problem::not_found)?)
        .read_to_end(&mut bytes)
        .await
        .map_err(Problem::internal)?;
    let caching = if state == PostState::Published {
        "private, max-age=31536000, immutable"
    } else {
        "no-store, private"
    };
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, caching)];
    Ok((headers, bytes).into_response())
}
