//! The page on which a household uploads pictures, and the gallery.

use askama::Template;
use web::Text;
use web::form_state::FormError;

use super::Frame;
use super::answer::titled;

/// The page `/invite/{code}/uploads`.
#[derive(Template)]
#[template(path = "guest/uploads.html")]
pub struct Uploads<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    /// A message about the last action, if it succeeded.
    pub done: Option<String>,
    pub trouble: Option<String>,
    /// Errors of individual files.
    pub errors: Vec<FormError>,
    /// The path to which the form is sent; `None` if nothing can be uploaded now.
    pub action: Option<String>,
    /// The number of files that the household may still upload.
    pub left: usize,
    /// The maximum size of a file, in MB.
    pub most_megabytes: usize,
    pub caption: String,
    pub rows: Vec<UploadRow>,
    /// The path of the gallery, if the household can see it already.
    pub gallery: Option<String>,
}

/// An upload as its own household sees it.
pub struct UploadRow {
    pub file: FileView,
    pub state: &'static str,
    /// The CSS class of the label that shows the state.
    pub tag: &'static str,
    /// The path of the form that removes the upload; `None` if it cannot be removed now.
    pub remove: Option<String>,
}

/// A picture or document in a list.
pub struct FileView {
    pub id: String,
    pub name: String,
    pub caption: String,
    /// Who took the picture; empty if nobody is named.
    pub credit: String,
    /// The path of the file.
    pub href: String,
    /// The path of the thumbnail; `None` for a document.
    pub thumbnail: Option<String>,
}

/// The page `/invite/{code}/gallery`.
#[derive(Template)]
#[template(path = "guest/gallery.html")]
pub struct Gallery<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    pub files: Vec<FileView>,
    pub previous: Option<String>,
    pub next: Option<String>,
    /// The path of the upload page; `None` if the household can no longer upload files.
    pub uploads: Option<String>,
}

impl Uploads<'_> {
    pub fn title(&self) -> String {
        let is_wrong = self.trouble.is_some() || !self.errors.is_empty();
        titled(self.text, "upload-title", &self.frame, is_wrong)
    }
}

impl Gallery<'_> {
    pub fn title(&self) -> String {
        titled(self.text, "gallery-title", &self.frame, false)
    }
}

impl FileView {
    /// Returns the alternative text of the picture. This is its caption, or else its file name.
    pub fn words(&self) -> &str {
        if self.caption.is_empty() {
            &self.name
        } else {
            &self.caption
        }
    }
}
