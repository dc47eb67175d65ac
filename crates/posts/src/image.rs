//! The pictures of posts: the post's main picture, and pictures in its text.

use platform::{StoreError, Tx, sql};
use web::picture_folder::{self, PictureFolder};

/// The kind of the job that removes a file.
pub const KIND: &str = "post.image";

pub(crate) const FOLDER: PictureFolder = PictureFolder {
    name: "posts",
    job_kind: KIND,
    is_used,
};

const PATH: &str = "/blog/images/";

pub fn path(file: &str) -> String {
    format!("{PATH}{file}")
}

/// Returns the file name if `address` is the path of a picture that was uploaded for a post.
/// `address` comes from a link or picture in a text.
pub(crate) fn file(address: &str) -> Option<&str> {
    let file = address.strip_prefix(PATH)?;
    is_name(file).then_some(file)
}

/// Whether a file name has the form of an uploaded picture's name, which contains a width and a
/// height.
pub(crate) fn is_name(file: &str) -> bool {
    let is_plain = !file.contains('/') && FOLDER.key(file).is_ok();
    is_plain && picture_folder::dimensions(file).is_some()
}

fn is_used(tx: &mut Tx<'_>, file: &str) -> Result<bool, StoreError> {
    let found: Option<(i64,)> = sql!(
        "SELECT CAST(1 AS BIGINT) FROM post WHERE image = :file AND image <> ''
         UNION ALL SELECT CAST(1 AS BIGINT) FROM post_picture WHERE file = :file LIMIT 1",
        file
    )
    .maybe(tx)?;
    Ok(found.is_some())
}
