//! Writes uploaded files into the file store. A file is deleted after a day if no record uses it.

use platform::files::Arriving;
use web::{Problem, Site, uploaded_image};

use crate::upload::{FOLDER, StoredFile, THUMBNAIL};

impl StoredFile {
    /// Writes a picture, of which only the pixels are kept, and its thumbnail. Returns `None` if
    /// the content is no picture or too large.
    pub(crate) async fn picture(site: &Site, content: Arriving) -> Result<Option<Self>, Problem> {
        let path = content.path().to_owned();
        let Some((photo, small)) = uploaded_image::read_with_cut(path, THUMBNAIL).await else {
            return Ok(None);
        };
        drop(content);
        let stem = platform::id::generate_random(&site.random);
        let stored = Self {
            file: format!(
                "{stem}-{}x{}.{}",
                photo.width, photo.height, photo.extension
            ),
            bytes: size(photo.bytes.len()),
            thumbnail: format!("{stem}-thumbnail.jpg"),
            thumbnail_bytes: size(small.bytes.len()),
        };
        FOLDER.put(site, &stored.file, photo.bytes).await?;
        FOLDER.put(site, &stored.thumbnail, small.bytes).await?;
        Ok(Some(stored))
    }

    /// Keeps a document as it was sent.
    pub(crate) async fn document(
        site: &Site,
        content: Arriving,
        bytes: u64,
    ) -> Result<Self, Problem> {
        let stem = platform::id::generate_random(&site.random);
        let stored = Self {
            file: format!("{stem}.pdf"),
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            ..Self::default()
        };
        FOLDER.keep(site, &stored.file, content).await?;
        Ok(stored)
    }

    /// Deletes the files at once, because no record will use them.
    pub(crate) async fn discard(&self, site: &Site) {
        for name in [&self.file, &self.thumbnail] {
            // If the deletion fails, a job deletes the file a day later.
            if let Ok(key) = FOLDER.key(name) {
                drop(site.files.remove(&key).await);
            }
        }
    }
}

fn size(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
