//! Uploaded documents. The content determines the type of a document, and the document's name must
//! have the extension of that type.

mod parts;

use std::fs::File;
use std::io::BufReader;

use tokio::sync::Semaphore;

use crate::one_at_a_time::run_alone;
use crate::{ArrivedFile, words};

/// Limits checking to one document at a time, so that uploads cannot occupy all threads.
static UNPACKING: Semaphore = Semaphore::const_new(1);

words! {
    /// The type of an uploaded document. The keyword is also the file's extension.
    DocumentType {
        Pdf = "pdf",
        /// A document of Word before 2007.
        Doc = "doc",
        Docx = "docx",
    }
}

impl DocumentType {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Doc => "application/msword",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        }
    }

    fn of_head(head: &[u8]) -> Option<Self> {
        let starts: [(&[u8], Self); 3] = [
            (b"%PDF-", Self::Pdf),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Self::Doc),
            (b"PK\x03\x04", Self::Docx),
        ];
        let found = starts
            .into_iter()
            .find(|(start, _)| head.starts_with(start));
        found.map(|(_, found)| found)
    }
}

/// Determines the type of a document. Returns `None` if the type is not supported or does not match
/// the extension of the file's name. Also returns `None` for a DOCX file that is damaged or too
/// large when unzipped, and for a document of Word that contains macros or loads others.
pub async fn recognize(file: &ArrivedFile) -> Option<DocumentType> {
    let (_, extension) = file.name.rsplit_once('.')?;
    let found = DocumentType::of_head(&file.head)?;
    if !extension.eq_ignore_ascii_case(found.word()) {
        return None;
    }
    let path = file.content.path().to_owned();
    let check = move || {
        let file = BufReader::new(File::open(path).ok()?);
        match found {
            DocumentType::Pdf => Some(()),
            DocumentType::Doc => (!parts::has_project(file)?).then_some(()),
            DocumentType::Docx => parts::check(file),
        }
    };
    run_alone(&UNPACKING, check).await??;
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_determine_the_type() {
        for (head, found) in [
            (&b"%PDF-1.7"[..], Some(DocumentType::Pdf)),
            (
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0",
                Some(DocumentType::Doc),
            ),
            (b"PK\x03\x04", Some(DocumentType::Docx)),
            (b"MZ", None),
            (b"", None),
        ] {
            assert_eq!(DocumentType::of_head(head), found);
        }
    }
}
