//! The picture of a post.

use platform::{StoreError, Tx, sql};
use web::picture_folder::{PictureFolder, StoredPicture};

use crate::post::PostId;

/// The kind of the job that removes a file.
pub const KIND: &str = "post.image";

/// The pictures of posts.
pub(crate) const FOLDER: PictureFolder = PictureFolder {
    name: "posts",
    job_kind: KIND,
    is_used,
};

/// What becomes of the picture of a post that is saved.
#[derive(Clone, Debug)]
pub enum ImageChange {
    /// It stays, if there is one.
    Keep,
    /// It goes.
    Remove,
    /// This one takes its place.
    Set(StoredPicture),
}

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
