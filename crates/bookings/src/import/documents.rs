//! Import of reviews with their documents, which must pass the same checks as uploaded documents.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use platform::text_cleaning::hexadecimal;
use platform::{Rows, StoreError, Tx, sql};
use sha2::{Digest as _, Sha256};
use web::{ArrivedFile, Site, uploaded_document};

use crate::review::files::{self, Document, FOLDER, MOST_BYTES};
use crate::review::{NAME, Review};

/// Why a document is not imported.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    #[error("it is larger than 5,242,880 bytes")]
    TooLarge,
    #[error("it is not a PDF, DOC or DOCX, its content does not match its name, or it has macros")]
    Type,
    #[error("it cannot be stored: {0}")]
    Storage(#[from] std::io::Error),
}

/// Decodes Base64, with or without padding, and with or without a prefix such as
/// `data:application/pdf;base64,`. Returns `None` if the text is not valid Base64.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let text = match text.split_once(";base64,") {
        Some((head, text)) if head.starts_with("data:") => text,
        _ => text,
    };
    let text: String = text.split_ascii_whitespace().collect();
    GeneralPurpose::new(&alphabet::STANDARD, config)
        .decode(text)
        .ok()
}

/// Checks the content of a document, without storing it.
pub async fn check(site: &Site, name: &str, content: &[u8]) -> Result<Document, DocumentError> {
    let file = arrive(site, name, content).await?;
    let found = uploaded_document::recognize(&file).await;
    Ok(files::name(site, &file, found.ok_or(DocumentError::Type)?))
}

/// Stores a document that was checked. It is deleted after a day if no review uses it by then.
pub async fn keep(site: &Site, checked: &Document, content: &[u8]) -> Result<(), DocumentError> {
    let file = arrive(site, &checked.file_name, content).await?;
    let kept = FOLDER.keep(site, &checked.file, file.content).await;
    kept.map_err(|problem| DocumentError::Storage(std::io::Error::other(problem.code)))
}

async fn arrive(site: &Site, name: &str, content: &[u8]) -> Result<ArrivedFile, DocumentError> {
    if content.len() > MOST_BYTES {
        return Err(DocumentError::TooLarge);
    }
    let mut arriving = site.files.begin().await?;
    arriving.write(content).await?;
    arriving.finish().await?;
    Ok(ArrivedFile {
        name: short_name(name),
        content: arriving,
        bytes: u64::try_from(content.len()).unwrap_or(u64::MAX),
        digest: hexadecimal(&Sha256::digest(content)),
        head: content.iter().take(16).copied().collect(),
    })
}

/// Keeps the end, because the extension has to stay.
fn short_name(name: &str) -> String {
    let name = platform::text_cleaning::clean_line(name);
    let over = name.chars().count().saturating_sub(NAME);
    name.chars().skip(over).collect()
}

/// Whether there is a review with this id.
pub fn is_known(tx: &mut Tx<'_>, id: &str) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!("SELECT COUNT(*) FROM review WHERE id = :id", id).one(tx)?;
    Ok(count > 0)
}

/// Adds a review whose id is not used yet.
pub fn add_review(tx: &mut Tx<'_>, new: &Review) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO review ({Review}) VALUES ({:Review})",
        Review = new
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}
