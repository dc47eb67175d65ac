//! The files of reviewed documents: how they are received, and when they are deleted.

use axum::extract::Request;
use identity::session::signed_in::SignedIn;
use jiff::SignedDuration;
use platform::jobs::{Done, Handler, JobError};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use web::picture_folder::PictureFolder;
use web::uploaded_document::DocumentType;
use web::{ArrivedFile, Form, Part, PartReader, Problem, Site, uploaded_document};

use super::{NAME, NewReview, PartyToReview, ReviewId};
use crate::settings;

/// The maximum size of a document, in bytes.
pub const MOST_BYTES: usize = 5_242_880;
const FILE: &str = "booking.review_file";
const CLEAN: &str = "booking.review_files";
/// How long the file of an incomplete upload is kept.
const HALF_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The maximum number of files that an account may send in a day. Refused and repeated ones count.
const DAILY: u32 = 90;

const NIGHTLY: i64 = 1_000;

/// The folder for the documents of all reviews.
pub(crate) const FOLDER: PictureFolder = PictureFolder {
    name: "reviews",
    job_kind: FILE,
    is_used,
};

fn is_used(tx: &mut Tx<'_>, file: &str) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM review
         WHERE file = :file AND file <> '' OR reference_file = :file AND reference_file <> ''",
        file
    )
    .one(tx)?;
    Ok(count > 0)
}

/// A checked document in the file store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The document's name in the file store.
    pub file: String,
    /// The document's name on the device from which it was sent.
    pub file_name: String,
    pub file_type: DocumentType,
    /// The size in bytes.
    pub bytes: i64,
    /// The SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// The file that a reviewer has attached for the member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row)]
pub struct Reference {
    /// The file's name in the file store; empty if there is none, or once it is deleted.
    pub reference_file: String,
    /// The file's name on the reviewer's device.
    pub reference_name: String,
    /// `None` if the reviewer has attached nothing.
    pub reference_type: Option<DocumentType>,
    /// The size in bytes.
    pub reference_bytes: i64,
    /// The SHA-256, in hexadecimal digits.
    pub reference_sha256: String,
}

impl From<&Document> for Reference {
    fn from(document: &Document) -> Self {
        Self {
            reference_file: document.file.clone(),
            reference_name: document.file_name.clone(),
            reference_type: Some(document.file_type),
            reference_bytes: document.bytes,
            reference_sha256: document.sha256.clone(),
        }
    }
}

impl PartyToReview {
    /// The submitted document; `None` if it was deleted or the person may not read it.
    pub fn document(&self) -> Option<Document> {
        let review = &self.review;
        let document = Document {
            file: review.file.clone(),
            file_name: review.file_name.clone(),
            file_type: review.file_type,
            bytes: review.bytes,
            sha256: review.sha256.clone(),
        };
        Some(document).filter(|one| self.may_read() && !one.file.is_empty())
    }

    /// The reviewer's file; `None` if there is none, it was deleted or the person may not read it.
    pub fn reference(&self) -> Option<Document> {
        let file = &self.review.reference;
        let document = Document {
            file: file.reference_file.clone(),
            file_name: file.reference_name.clone(),
            file_type: file.reference_type?,
            bytes: file.reference_bytes,
            sha256: file.reference_sha256.clone(),
        };
        Some(document).filter(|one| self.may_read() && !one.file.is_empty())
    }
}

/// The maximum size of an upload, in bytes: [`MOST_BYTES`], or less if the site allows less.
pub(crate) fn most_bytes(site: &Site) -> usize {
    MOST_BYTES.min(site.files.max_upload())
}

/// Counts a file that an account sends.
pub(crate) fn admit(site: &Site, sender: &SignedIn) -> Result<(), Problem> {
    FOLDER.admit(site, sender.account().id.as_str(), DAILY)
}

/// Receives a multipart form with one document from `sender`, and keeps the document as [`keep`]
/// does. `known` translates the name of a field to `goal`, `focus`, `note` or `booking_id`.
pub async fn receive(
    site: &Site,
    sender: &SignedIn,
    request: Request,
    known: impl Fn(&str) -> Option<&'static str>,
) -> Result<NewReview, Problem> {
    admit(site, sender)?;
    let (form, file) = read(site, request, known).await?;
    keep(site, file, &form).await
}

/// Reads a multipart form with at most one file, whose field may have any name. `known` translates
/// the names of the other fields. A field with an unknown name is refused.
pub(crate) async fn read(
    site: &Site,
    request: Request,
    known: impl Fn(&str) -> Option<&'static str>,
) -> Result<(Form, Option<Result<ArrivedFile, Problem>>), Problem> {
    let most = most_bytes(site);
    let mut parts = PartReader::with_files(request, 1, most).await?;
    let (mut fields, mut file) = (Vec::new(), None);
    while let Some(part) = parts.next().await? {
        match part {
            Part::Field(name, value) => {
                let Some(name) = known(&name) else {
                    let pointer = format!("/{name}");
                    return Err(Problem::fields().field(&pointer, "unknown_field", []));
                };
                fields.push((name.to_owned(), value));
            }
            Part::File(sent) if file.is_none() => file = sent.receive(&site.files, most).await?,
            Part::File(_) => {
                return Err(Problem::fields().field("/file", "too_many", [("max", 1.into())]));
            }
        }
    }
    Ok((fields.into_iter().collect(), file))
}

/// Keeps a received document as [`accept`] does, and returns it with what its member writes about
/// it.
pub(crate) async fn keep(
    site: &Site,
    arrived: Option<Result<ArrivedFile, Problem>>,
    form: &Form,
) -> Result<NewReview, Problem> {
    let missing = || Problem::fields().field("/file", "required", []);
    Ok(NewReview {
        document: accept(site, arrived.ok_or_else(missing)?).await?,
        goal: form.text("goal").to_owned(),
        focus: form.text("focus").to_owned(),
        note: form.text("note").to_owned(),
        booking: form.text("booking_id").to_owned(),
    })
}

/// Checks the content of a received document and puts it into the file store, under a random name.
/// It is deleted after a day if no review uses it by then.
pub(crate) async fn accept(
    site: &Site,
    arrived: Result<ArrivedFile, Problem>,
) -> Result<Document, Problem> {
    let file = arrived?;
    let found = uploaded_document::recognize(&file).await;
    let file_type = found.ok_or_else(|| {
        let status = axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Problem::new(status, "unsupported_media_type")
    })?;
    let document = name(site, &file, file_type);
    FOLDER.keep(site, &document.file, file.content).await?;
    Ok(document)
}

/// Gives a received document a random name in the file store.
pub(crate) fn name(site: &Site, file: &ArrivedFile, file_type: DocumentType) -> Document {
    let stem = platform::id::generate_random(&site.random);
    Document {
        file: format!("{stem}.{}", file_type.word()),
        file_name: text_cleaning::clean(&file.name)
            .chars()
            .take(NAME)
            .collect(),
        file_type,
        bytes: i64::try_from(file.bytes).unwrap_or(i64::MAX),
        sha256: file.digest.clone(),
    }
}

/// Deletes a received document that no review uses, because its form was refused or is a
/// repetition. If the deletion fails, a job deletes it a day later.
pub async fn discard(site: &Site, problem: Option<&Problem>, file: &str) {
    // After a server error, the review may have been stored, so its document is kept.
    if problem.is_none_or(|problem| problem.status.is_client_error()) {
        FOLDER.discard(site, file).await;
    }
}

pub(crate) fn jobs(site: &Site) -> [Handler; 2] {
    let cleaned = site.clone();
    let clean = Handler::each_day(CLEAN, move |_| {
        let site = cleaned.clone();
        async move {
            let before = site.clock.now() - HALF_LIFETIME;
            let swept = site.files.sweep(before.into()).await;
            swept.map_err(JobError::retry)?;
            Ok(Done::with(remove_old))
        }
    });
    [FOLDER.job(site), clean]
}

/// The hashes of the files stay.
fn remove_old(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let days = settings::load(tx)?.review_file_days;
    let old: Vec<(ReviewId, String, String)> = sql!(
        "SELECT id, file, reference_file FROM review
         WHERE (file <> '' OR reference_file <> '') AND completed_at < :before
         ORDER BY completed_at, id LIMIT :most",
        before = tx.now() - SignedDuration::from_hours(24 * days),
        most = NIGHTLY
    )
    .all(tx)?;
    for (id, file, reference) in old {
        sql!(
            "UPDATE review SET file = '', reference_file = '' WHERE id = :id",
            id
        )
        .run(tx, Rows::Exactly(1))?;
        for one in [file, reference].iter().filter(|one| !one.is_empty()) {
            FOLDER.remove(tx, one)?;
        }
    }
    Ok(())
}
