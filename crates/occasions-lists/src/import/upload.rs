//! The content of an uploaded file.

use std::fs::File;
use std::future::poll_fn;
use std::io::Read as _;
use std::path::PathBuf;
use std::pin::pin;

use axum::body::{Body, HttpBody as _};
use occasions::hosting::Refusal;
use occasions::size_limits;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::Semaphore;
use web::one_at_a_time::run_alone;
use web::sheet::read::{self, Page, Unreadable};

use super::vcard::{self, Contacts, WithoutPictures};
use crate::household_document::Record;

/// The maximum size of a file of contacts with their pictures, in bytes. Without them, it may have
/// as many bytes as every list.
pub(crate) const MOST_BYTES_WITH_PICTURES: usize = 50 << 20;
/// By this many bytes it is known what a file is.
const BEGIN: usize = 4_096;
/// How much of a file is read at a time.
const PART: usize = 64 << 10;

/// The content of an uploaded file.
#[derive(Clone, Debug, PartialEq)]
pub enum Upload {
    Pages(Vec<Page>),
    Records(Vec<Record>),
    Contacts(Contacts),
}

/// A file while it arrives. The pictures of contacts are dropped.
#[derive(Debug, Default)]
pub(crate) struct Arriving {
    bytes: usize,
    begin: Vec<u8>,
    contacts: Option<WithoutPictures>,
}

impl Arriving {
    /// Adds the next part of the file.
    pub(crate) fn push(&mut self, part: &[u8]) -> Result<(), web::Problem> {
        let is_known = self.bytes >= BEGIN;
        self.bytes = self.bytes.saturating_add(part.len());
        if self.bytes > MOST_BYTES_WITH_PICTURES {
            return Err(unreadable(Unreadable::TooLarge));
        }
        if let Some(contacts) = &mut self.contacts {
            contacts.push(part);
        } else {
            self.begin.extend_from_slice(part);
            if !is_known && self.bytes >= BEGIN {
                self.recognize();
            }
        }
        let kept = self.contacts.as_ref().map_or(0, WithoutPictures::kept) + self.begin.len();
        if kept > read::MOST_BYTES {
            return Err(unreadable(Unreadable::TooLarge));
        }
        Ok(())
    }

    fn recognize(&mut self) {
        if vcard::is_contacts(&self.begin) {
            let mut contacts = WithoutPictures::default();
            contacts.push(&std::mem::take(&mut self.begin));
            self.contacts = Some(contacts);
        }
    }

    /// Returns the file without the pictures.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.contacts.is_none() {
            self.recognize();
        }
        match self.contacts {
            Some(contacts) => contacts.finish(),
            None => self.begin,
        }
    }

    /// Receives a file.
    pub(crate) async fn receive(body: Body) -> Result<Vec<u8>, web::Problem> {
        let mut body = pin!(body);
        let mut all = Self::default();
        while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
            // The client disconnected or broke the framing, so nobody reads this response.
            let frame = frame.map_err(|_| unreadable(Unreadable::Empty))?;
            if let Ok(part) = frame.into_data() {
                all.push(&part)?;
            }
        }
        let bytes = all.finish();
        platform::request::hold(bytes.len());
        Ok(bytes)
    }
}

fn unreadable(why: Unreadable) -> web::Problem {
    Refusal::File(why).into()
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
    pub async fn read_alone(file: Vec<u8>) -> Result<Self, web::Problem> {
        let read = run_alone(&READING, move || Self::read(&file)).await;
        read.unwrap_or_else(|| Err(unfinished()))
    }

    /// Like [`read_alone`](Self::read_alone), with a file that is stored at `path`.
    pub async fn read_stored(path: PathBuf) -> Result<Self, web::Problem> {
        let read = run_alone(&READING, move || {
            let mut file = File::open(path).map_err(web::Problem::internal)?;
            let (mut all, mut part) = (Arriving::default(), vec![0; PART]);
            loop {
                match file.read(&mut part).map_err(web::Problem::internal)? {
                    0 => break,
                    length => all.push(&part[..length])?,
                }
            }
            Self::of_content(&all.finish())
        });
        read.await.unwrap_or_else(|| Err(unfinished()))
    }

    /// Parses a CSV file, an XLSX file, contacts, or household documents in JSON.
    pub fn read(bytes: &[u8]) -> Result<Self, web::Problem> {
        let mut all = Arriving::default();
        all.push(bytes)?;
        Self::of_content(&all.finish())
    }

    fn of_content(bytes: &[u8]) -> Result<Self, web::Problem> {
        let plain = vcard::from_utf_16(bytes);
        if vcard::is_contacts(&plain) {
            let contacts = vcard::read(&plain).map_err(unreadable)?;
            return Ok(Self::Contacts(contacts));
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

fn unfinished() -> web::Problem {
    web::Problem::internal("a file could not be read to its end")
}
