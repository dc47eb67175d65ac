//! Reviews of documents. The files are checked before the dry run of an import, and stored between
//! the dry run and the import itself.

use std::path::{Component, Path, PathBuf};

use anyhow::Result;
use bookings::credit_kind::DOCUMENT_REVIEW;
use bookings::import::{self as bring, documents, money};
use bookings::review::files::{Document, Reference};
use bookings::review::{Assessment, Review, ReviewId, ReviewState};
use platform::Tx;
use web::Site;
use web::uploaded_document::DocumentType;

use super::names;
use super::rows::{Reader, Row, flaw};
use super::take_over::{Options, Reviews, TakeOver};

const NO_MEMBER: &str = "Reviews of members who are not known any more, which stay behind";
const WITHOUT: &str =
    "Documents that are not taken over; reviews that are done come without, others stay behind";

/// Reads the reviews, and checks their documents. Only one document is in memory at a time.
pub(super) async fn read(site: &Site, folder: &Path) -> Result<Reviews> {
    let mut found = Reviews::default();
    let Some(mut reader) = Reader::open(folder, &names::REVIEWS)? else {
        return Ok(found);
    };
    while let Some(mut row) = reader.next(&mut found.rest)? {
        let id: ReviewId = bring::id("review", row.key());
        let look = move |tx: &mut Tx<'_>| documents::is_known(tx, id.as_str());
        if !site.store.read(look).await? {
            let checked = match content(folder, &mut row) {
                Ok((name, content)) => {
                    let checked = documents::check(site, &name, &content).await;
                    checked.map_err(|error| error.to_string())
                }
                Err(what) => Err(what),
            };
            found.documents.insert(row.key().to_owned(), checked);
        }
        row.take("file_data");
        found.rows.push(row);
    }
    Ok(found)
}

/// Stores the documents that passed the check. A document that no review uses is deleted after a
/// day.
pub(super) async fn store_documents(
    site: &Site,
    options: &Options,
    reviews: &Reviews,
) -> Result<()> {
    let Some(mut reader) = Reader::open(&options.folder, &names::REVIEWS)? else {
        return Ok(());
    };
    while let Some(mut row) = reader.next(&mut super::rows::Remainder::default())? {
        let Some(Ok(checked)) = reviews.documents.get(row.key()) else {
            continue;
        };
        if let Ok((_, content)) = content(&options.folder, &mut row) {
            documents::keep(site, checked, &content).await?;
        }
    }
    Ok(())
}

/// From the row, as Base64, or from a file inside the folder. Also returns its name.
fn content(folder: &Path, row: &mut Row) -> Result<(String, Vec<u8>), String> {
    let (name, path, data) = (
        row.text("file_name"),
        row.text("file_path"),
        row.take("file_data"),
    );
    if !data.is_empty() {
        let content = documents::decode(&data).ok_or("file_data is not Base64")?;
        return Ok((name, content));
    }
    let inner: PathBuf = Path::new(&path)
        .components()
        .filter(|part| !matches!(part, Component::RootDir | Component::CurDir))
        .collect();
    let is_inside = inner
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if path.is_empty() || !is_inside {
        return Err("it has neither file_data nor a file_path in the folder".to_owned());
    }
    let content = std::fs::read(folder.join(&inner));
    let content = content.map_err(|error| format!("{}: {error}", inner.display()))?;
    let name = if name.is_empty() {
        inner
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    } else {
        name
    };
    Ok((name, content))
}

impl TakeOver<'_> {
    pub(super) fn review(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let id: ReviewId = bring::id("review", row.key());
        if documents::is_known(tx, id.as_str())? {
            self.report.count("reviews", false);
            return Ok(());
        }
        let Some(member) = self.person_of(row, "mentee_id").cloned() else {
            self.list(NO_MEMBER, row, &row.text("mentee_id"));
            return Ok(());
        };
        let state = match row.text("status").to_lowercase().replace('-', "_").as_str() {
            "pending" | "submitted" | "requested" | "" => ReviewState::Pending,
            "in_review" | "in_progress" | "assigned" => ReviewState::InReview,
            "completed" | "complete" | "reviewed" | "done" => ReviewState::Completed,
            "cancelled" | "canceled" | "rejected" => ReviewState::Cancelled,
            other => return flaw(format!("{other:?} is not a status of a review")),
        };
        let is_done = matches!(state, ReviewState::Completed | ReviewState::Cancelled);
        let checked = self.reviews.documents.get(row.key());
        let document = match checked {
            Some(Ok(document)) => document.clone(),
            other => {
                let what = match other {
                    Some(Err(what)) => what,
                    _ => "it was not read",
                };
                self.list(WITHOUT, row, what);
                if !is_done {
                    return Ok(());
                }
                without_file(row)
            }
        };
        let created_at = row.instant("created_at")?.unwrap_or(self.now);
        let ended_at = row.instant("completed_at")?.unwrap_or(created_at);
        let reviewer_id = match state {
            ReviewState::Pending | ReviewState::Cancelled => None,
            ReviewState::InReview | ReviewState::Completed => self.known_provider(row),
        };
        // A review without a reviewer is still pending.
        let state = match (state, &reviewer_id) {
            (ReviewState::InReview, None) => ReviewState::Pending,
            (state, _) => state,
        };
        let is_back = state == ReviewState::Cancelled;
        let kind = DOCUMENT_REVIEW;
        let is_counted = !member.is_new && !is_back;
        let lot = self.spend(tx, &member, kind, id.as_str(), created_at, is_counted)?;
        if is_back {
            money::give_back(tx, &lot, id.as_str(), ended_at)?;
        }
        let score = row.number("score_overall")?.unwrap_or(0).clamp(0, 100);
        let is_completed = state == ReviewState::Completed;
        let new = Review {
            id,
            member_id: Some(member.id),
            state,
            file: document.file,
            file_name: document.file_name,
            file_type: document.file_type,
            bytes: document.bytes,
            sha256: document.sha256,
            goal: row.line("goal", 200),
            focus: row.lines("focus", 500),
            note: row.lines("notes", 2_000),
            credit_lot_id: lot,
            reviewer_id,
            booking_id: None,
            assessment: Assessment {
                score_overall: if is_completed { score } else { 0 },
                strengths: row.lines("strengths", 4_000),
                improvements: row.lines("improvements", 4_000),
                recommendations: row.lines("recommendations", 4_000),
                ..Assessment::default()
            },
            reference: Reference::default(),
            created_at,
            started_at: (state != ReviewState::Pending).then_some(created_at),
            completed_at: is_completed.then_some(ended_at),
        };
        documents::add_review(tx, &new)?;
        self.report.count("reviews", true);
        Ok(())
    }
}

fn without_file(row: &Row) -> Document {
    Document {
        file: String::new(),
        file_name: row.line("file_name", 120),
        file_type: DocumentType::Pdf,
        bytes: 0,
        sha256: String::new(),
    }
}
