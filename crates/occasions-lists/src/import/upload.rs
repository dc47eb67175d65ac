//! The content of an uploaded file.

use axum::body::Bytes;
use occasions::hosting::Refusal;
use occasions::size_limits;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::Semaphore;
use web::one_at_a_time::run_alone;
use web::sheet::read::{self, Page, Unreadable};

use crate::household_document::Record;

/// The content of an uploaded file.
#[derive(Clone, Debug, PartialEq)]
pub enum Upload {
    Pages(Vec<Page>),
    Records(Vec<Record>),
}

/// A household document that is parsed only to count its guests.
#[derive(Deserialize)]
struct Counted {
    #[serde(default)]
    guests: Vec<IgnoredAny>,
}

/// Lets only one file be parsed at a time, because parsing needs much memory.
static READING: Semaphore = Semaphore::const_new(1);

impl Upload {
    /// Waits until no other file is being parsed. Then runs [`read`](Self::read) on a thread that
    /// may block.
    pub async fn read_alone(file: Bytes) -> Result<Self, web::Problem> {
        let read = run_alone(&READING, move || Self::read(&file)).await;
        read.unwrap_or_else(|| {
            Err(web::Problem::internal(
                "a file could not be read to its end",
            ))
        })
    }

    /// Parses a CSV file, an XLSX file, or household documents in JSON.
    pub fn read(bytes: &[u8]) -> Result<Self, web::Problem> {
        let unreadable = |why| web::Problem::from(Refusal::File(why));
        if bytes.len() > read::MOST_BYTES {
            return Err(unreadable(Unreadable::TooLarge));
        }
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if !text.trim_ascii_start().starts_with(b"[") {
            return read::read(bytes).map(Self::Pages).map_err(unreadable);
        }
        let limit = |limit: i64| usize::try_from(limit).unwrap_or(usize::MAX);
        // A parsed document needs much more memory than its text. So the documents are counted
        // before they are parsed.
        let web::Json(all) = web::Json::<Vec<IgnoredAny>>::parse(text)?;
        if all.len() > limit(size_limits::INVITATIONS) {
            return Err(unreadable(Unreadable::TooManyRows));
        }
        let web::Json(all) = web::Json::<Vec<Counted>>::parse(text)?;
        if all.iter().map(|one| one.guests.len()).sum::<usize>() > limit(size_limits::GUESTS) {
            return Err(unreadable(Unreadable::TooManyRows));
        }
        let web::Json(records) = web::Json::<Vec<Record>>::parse(text)?;
        if records.is_empty() {
            return Err(unreadable(Unreadable::Empty));
        }
        Ok(Self::Records(records))
    }
}
