//! The pictures that the posts of an imported folder use.

use std::io;
use std::path::Path;

use axum::body::Bytes;
use percent_encoding::percent_decode_str;
use web::{Site, uploaded_image};

use super::FolderError;
use super::context::{Found, Reading};
use crate::image;
use crate::post::Post;

impl Reading<'_> {
    /// Finds the picture to which `address` in a file refers. Returns `None` if the picture is on
    /// another site or already stored.
    pub(super) async fn picture(
        &mut self,
        file: &Path,
        address: &str,
    ) -> Result<Option<Found>, FolderError> {
        let is_elsewhere = address.starts_with("//") || address.contains("://");
        if is_elsewhere || address.starts_with("data:") {
            return Ok(None);
        }
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
        let below = |folder: &Path| folder.join(path.trim_start_matches('/'));
        let beside = file.parent().filter(|_| !path.starts_with('/'));
        let places = beside.into_iter().map(below);
        let places = places.chain([below(&self.root), below(&self.root.join("static"))]);
        let found = places
            .filter_map(|place| place.canonicalize().ok())
            .find(|place| place.starts_with(&self.root) && place.is_file());
        let Some(found) = found else {
            let kept = image::file(address).and_then(|file| image::FOLDER.key(file).ok());
            if let Some(key) = kept
                && self.site.files.open(&key).await?.is_some()
            {
                return Ok(None);
            }
            return Ok(Some(Err(format!(
                "there is no picture {address:?}: put it there, and import again"
            ))));
        };
        if let Some(known) = self.pictures.get(&found) {
            return Ok(Some(known.clone()));
        }
        let stored = self.keep(&found).await?;
        self.pictures.insert(found, stored.clone());
        Ok(Some(stored))
    }

    /// A picture that was exported from a Kenduri site keeps its file name.
    async fn keep(&mut self, path: &Path) -> Result<Found, FolderError> {
        let sent = Bytes::from(std::fs::read(path)?);
        let shown = path.strip_prefix(&self.root).unwrap_or(path).display();
        let photo = if sent.len() > self.site.files.max_upload() {
            None
        } else {
            uploaded_image::read_again(sent).await
        };
        let Some(photo) = photo else {
            return Ok(Err(format!(
                "{shown} is not a picture (JPEG, PNG or WebP), or is too large"
            )));
        };
        let ending = format!("-{}x{}.{}", photo.width, photo.height, photo.extension);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(&ending) && image::is_name(&name) {
            match self.kept(&name).await? {
                Some(bytes) if bytes == photo.bytes => return Ok(Ok(name.into_owned())),
                Some(_) => {}
                None => {
                    let file = name.into_owned();
                    self.folder.pictures.push((file.clone(), photo.bytes));
                    return Ok(Ok(file));
                }
            }
        }
        let stem = platform::id::generate_random(&self.site.random);
        let file = format!("{stem}{ending}");
        self.folder.pictures.push((file.clone(), photo.bytes));
        Ok(Ok(file))
    }

    async fn kept(&self, file: &str) -> Result<Option<Bytes>, FolderError> {
        let mut new = self.folder.pictures.iter();
        if let Some((_, bytes)) = new.find(|(name, _)| name == file) {
            return Ok(Some(bytes.clone()));
        }
        Ok(stored(self.site, file).await?)
    }

    pub(super) async fn set_image(&self, post: &mut Post, file: String) -> Result<(), FolderError> {
        let bytes = self.kept(&file).await?.map_or(0, |bytes| bytes.len());
        let (width, height) = web::picture_folder::dimensions(&file).unwrap_or_default();
        post.image_width = width.into();
        post.image_height = height.into();
        post.image_bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        post.image = file;
        Ok(())
    }
}

pub(super) async fn stored(site: &Site, file: &str) -> io::Result<Option<Bytes>> {
    let key = image::FOLDER.key(file).map_err(io::Error::other)?;
    let Some(mut opened) = site.files.open(&key).await? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut opened, &mut bytes)?;
    Ok(Some(bytes.into()))
}
