//! Uploaded documents. The content determines the type of a document, and the document's name must
//! have the extension of that type.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

use tokio::sync::Semaphore;
use zip::ZipArchive;

use crate::{ArrivedFile, words};

/// The maximum total size of a DOCX file's parts when unzipped, in bytes.
const MOST_UNPACKED: u64 = 64 << 20;
/// A DOCX file contains a list of the content types of its parts. This is the maximum size of that
/// list, in bytes.
const MOST_TYPES: u64 = 1 << 20;
/// The maximum number of parts in a DOCX file.
const MOST_PARTS: usize = 1_000;

/// Limits unpacking to one document at a time, so that uploads cannot occupy all threads.
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

    /// Determines the type from the first bytes of a file.
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
/// the extension of the file's name. Also returns `None` for a DOCX file that is damaged, is too
/// large when unzipped, or contains macros.
pub async fn recognize(file: &ArrivedFile) -> Option<DocumentType> {
    let (_, extension) = file.name.rsplit_once('.')?;
    let found = DocumentType::of_head(&file.head)?;
    if !extension.eq_ignore_ascii_case(found.word()) {
        return None;
    }
    if found == DocumentType::Docx {
        let path = file.content.path().to_owned();
        let _permit = UNPACKING.acquire().await.ok()?;
        let checked = tokio::task::spawn_blocking(move || check_parts(&path)).await;
        checked.ok()??;
    }
    Some(found)
}

/// Unpacks every part of a DOCX file without storing it. The sizes that the file declares are
/// ignored.
fn check_parts(path: &Path) -> Option<()> {
    let mut parts = ZipArchive::new(BufReader::new(File::open(path).ok()?)).ok()?;
    if parts.len() > MOST_PARTS {
        return None;
    }
    let (mut left, mut has_text, mut has_types) = (MOST_UNPACKED, false, false);
    for place in 0..parts.len() {
        let part = parts.by_index(place).ok()?;
        let name = part.name().ok()?.to_ascii_lowercase();
        if !is_relative(&name) || name.contains("vbaproject") || name.contains("vbadata") {
            return None;
        }
        let mut part = part.take(left + 1);
        let unpacked = if name == "[content_types].xml" {
            let mut types = String::new();
            let bytes = part.take(MOST_TYPES + 1).read_to_string(&mut types).ok()?;
            let bytes = u64::try_from(bytes).ok()?;
            if bytes > MOST_TYPES || names_macros(&types) {
                return None;
            }
            has_types = true;
            bytes
        } else {
            has_text |= name == "word/document.xml";
            io::copy(&mut part, &mut io::sink()).ok()?
        };
        left = left.checked_sub(unpacked)?;
    }
    (has_text && has_types).then_some(())
}

/// Whether the name of a part stays inside the folder into which a program unpacks the file.
fn is_relative(name: &str) -> bool {
    !name.starts_with('/')
        && !name.contains(['\\', ':', '\0'])
        && name.split('/').all(|one| one != "..")
}

/// Whether a DOCX file's list of content types mentions macros. The file name of a macro does not
/// matter, because it can be chosen freely. A list with XML entities also counts, because entities
/// could hide the content type of a macro.
fn names_macros(types: &str) -> bool {
    let types = types.to_ascii_lowercase();
    let signs = ["vbaproject", "vbadata", "macroenabled", "&#", "<!"];
    signs.iter().any(|sign| types.contains(sign))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    const TYPES: &str = "<Types><Override PartName=\"/word/document.xml\"/></Types>";

    fn is_accepted(parts: &[(&str, &str)]) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.docx");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        for (name, content) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        check_parts(&path).is_some()
    }

    #[test]
    fn a_document_has_its_parts_and_no_macros() {
        let text = ("word/document.xml", "<document/>");
        let types = ("[Content_Types].xml", TYPES);
        assert!(is_accepted(&[types, text]));
        assert!(!is_accepted(&[types]));
        assert!(!is_accepted(&[text]));
        assert!(!is_accepted(&[types, text, ("word/vbaProject.bin", "")]));
        assert!(!is_accepted(&[types, text, ("../outside.xml", "")]));
        for sign in ["application/vnd.ms-office.vbaProject", "vba&#80;roject"] {
            let types = TYPES.replace("/word/document.xml", sign);
            assert!(
                !is_accepted(&[("[Content_Types].xml", &types), text]),
                "{sign}"
            );
        }
    }

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
