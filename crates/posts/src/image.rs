//! The picture of a post.

use platform::{StoreError, Tx, sql};
use web::picture_folder::PictureFolder;

use crate::post::PostId;

/// The kind of the job that removes a file.
pub const KIND: &str = "post.image";

/// The pictures of posts.
pub(crate) const FOLDER: PictureFolder = PictureFolder {
    name: "posts",
    job_kind: KIND,
    is_used,
};

/// The path of a picture.
pub fn path(file: &str) -> String {
    format!("/blog/images/{file}")
}

fn is_used(tx: &mut Tx<'_>, file: &str) -> Result<bool, StoreError> {
    let found: Option<(PostId,)> = sql!(
        "SELECT id FROM post WHERE image = :file AND image <> ''",
        file
    )
    .maybe(tx)?;
    Ok(found.is_some())
}
