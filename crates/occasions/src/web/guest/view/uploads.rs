//! The page on which a household uploads pictures, and the gallery.

use askama::Template;
use web::Text;
use web::form_state::FormError;

use super::Frame;
use super::answer::titled;

/// `/invite/{code}/uploads`.
#[derive(Template)]
#[template(path = "guest/uploads.html")]
pub struct Uploads<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    /// The message of the last action, or why it was refused.
    pub done: Option<String>,
    pub trouble: Option<String>,
    /// Errors of individual files.
    pub errors: Vec<FormError>,
    /// The path to which the form is sent; `None` if nothing can be uploaded now.
    pub action: Option<String>,
    /// How many more files the household may upload.
    pub left: usize,
    /// The largest file, in MB.
    pub most_megabytes: usize,
    pub caption: String,
    pub rows: Vec<UploadRow>,
    /// The path of the gallery, once it can be seen.
    pub gallery: Option<String>,
}

/// An upload as its household sees it.
pub struct UploadRow {
    pub file: FileView,
    pub state: &'static str,
    /// The class of the tag with the state.
    pub tag: &'static str,
    /// The path of the form that removes it; `None` if it cannot be removed now.
    pub remove: Option<String>,
}

/// A picture or document in a list.
pub struct FileView {
    pub id: String,
    pub name: String,
    pub caption: String,
    /// The path of the file.
    pub href: String,
    /// The path of the small picture; `None` for a document.
    pub thumbnail: Option<String>,
}

/// `/invite/{code}/gallery`.
#[derive(Template)]
#[template(path = "guest/gallery.html")]
pub struct Gallery<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    pub files: Vec<FileView>,
    pub previous: Option<String>,
    pub next: Option<String>,
    /// The path of the page on which the household uploads, while it can.
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
    /// What the picture shows, or the file's name.
    pub fn words(&self) -> &str {
        if self.caption.is_empty() {
            &self.name
        } else {
            &self.caption
        }
    }
}
