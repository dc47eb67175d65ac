//! The files of reviewed documents: how they are received, and when they are deleted.

use axum::extract::Request;
use jiff::SignedDuration;
use platform::jobs::{Done, Handler, JobError};
use platform::{Rows, StoreError, Tx, sql};
use web::picture_folder::PictureFolder;
use web::uploaded_document::DocumentType;
use web::{ArrivedFile, Form, Part, PartReader, Problem, Site, uploaded_document};

use super::{NewReview, ReviewId};
use crate::settings;

/// The maximum size of a document, in bytes.
pub const MOST_BYTES: usize = 5_242_880;
/// The kind of the job that deletes a document that no review uses.
const FILE: &str = "booking.review_file";
/// The kind of the daily job that deletes documents whose time is over.
const CLEAN: &str = "booking.review_files";
/// How long the file of an upload that was never completed is kept.
const HALF_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The folder for the documents of all reviews.
pub(crate) const FOLDER: PictureFolder = PictureFolder {
    name: "reviews",
    job_kind: FILE,
    is_used,
};

fn is_used(tx: &mut Tx<'_>, file: &str) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM review WHERE file = :file AND file <> ''",
        file
    )
    .one(tx)?;
    Ok(count > 0)
}

/// The size that an upload may have: that of a document, or less if the site allows less.
pub(crate) fn most_bytes(site: &Site) -> usize {
    MOST_BYTES.min(site.files.max_upload())
}

/// Receives a multipart form with one document, and keeps the document as [`keep`] does. `known`
/// translates the name of a field to `goal`, `focus`, `note` or `booking_id`; a field that it does not know is
/// refused. The document may be a field of any name.
pub async fn receive(
    site: &Site,
    request: Request,
    known: impl Fn(&str) -> Option<&'static str>,
) -> Result<NewReview, Problem> {
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
    let form: Form = fields.into_iter().collect();
    keep(site, file, &form).await
}

/// Checks the content of a received document and puts it into the file store, under a random name.
/// It is deleted after a day unless a review uses it then.
pub(crate) async fn keep(
    site: &Site,
    arrived: Option<Result<ArrivedFile, Problem>>,
    form: &Form,
) -> Result<NewReview, Problem> {
    let missing = || Problem::fields().field("/file", "required", []);
    let file = arrived.ok_or_else(missing)??;
    let found = uploaded_document::recognize(&file).await;
    let file_type = found.ok_or_else(|| {
        let status = axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Problem::new(status, "unsupported_media_type")
    })?;
    let new = NewReview {
        goal: form.text("goal").to_owned(),
        focus: form.text("focus").to_owned(),
        note: form.text("note").to_owned(),
        booking: form.text("booking_id").to_owned(),
        ..new_review(site, &file, file_type)
    };
    FOLDER.keep(site, &new.file, file.content).await?;
    Ok(new)
}

/// A review of a received document, under a random name in the file store.
pub(crate) fn new_review(site: &Site, file: &ArrivedFile, file_type: DocumentType) -> NewReview {
    let stem = platform::id::generate_random(&site.random);
    NewReview {
        file: format!("{stem}.{}", file_type.word()),
        file_name: file.name.clone(),
        file_type,
        bytes: i64::try_from(file.bytes).unwrap_or(i64::MAX),
        sha256: file.digest.clone(),
        goal: String::new(),
        focus: String::new(),
        note: String::new(),
        booking: String::new(),
    }
}

/// Deletes a received document whose submission was refused. If the deletion fails, a job deletes it
/// a day later.
pub async fn discard(site: &Site, problem: &Problem, file: &str) {
    // After an error in the store, nobody knows whether the review was saved.
    if let (true, Ok(key)) = (problem.status.is_client_error(), FOLDER.key(file)) {
        drop(site.files.remove(&key).await);
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

/// Deletes the documents of reviews that were completed long ago. Their hashes stay.
fn remove_old(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let days = settings::load(tx)?.review_file_days;
    let old: Vec<(ReviewId, String)> = sql!(
        "SELECT id, file FROM review WHERE file <> '' AND completed_at < :before",
        before = tx.now() - SignedDuration::from_hours(24 * days)
    )
    .all(tx)?;
    for (id, file) in old {
        sql!("UPDATE review SET file = '' WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
        FOLDER.remove(tx, &file)?;
    }
    Ok(())
}
