//! One ZIP file with everything in the gallery and all pictures that hosts added, in a folder for each
//! household and each photographer. The file is written while it is sent, so it is never whole in
//! memory or on disk.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, mpsc};
use std::vec;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::files::{Content, Key};
use platform::{Files, Tx};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use web::Problem;
use web::file_response::disposition;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::request::{HostRequest, PageContext};
use crate::hosting::uploads::{self, HostUpload};
use crate::upload::FOLDER;
use crate::web::file_name::in_file_name;

/// How many archives are sent at one time, because each reads all files of an occasion.
const AT_ONCE: usize = 2;
/// When a host may try again, in seconds.
const RETRY_AFTER: u32 = 60;

/// The places for archives that are being sent. All requests of a process share them.
#[derive(Clone, Debug)]
pub struct Archives(Arc<Semaphore>);

impl Default for Archives {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// Handles `GET /admin/o/{slug}/uploads/all.zip`.
pub(super) async fn download(
    req: HostRequest,
    Extension(archives): Extension<Archives>,
) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, context: &PageContext| uploads::to_download(tx, &context.host);
    let (context, files) = req.read(look).await?;
    let busy = |_| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "downloads_busy").retry_after(RETRY_AFTER)
    };
    let place = archives.0.try_acquire_owned().map_err(busy)?;
    let (text, slug) = (&req.text, &context.occasion.slug);
    let folders = Folders {
        nameless: text.say("host-uploads-nameless").into_owned(),
        own: text.say("host-pictures-own").into_owned(),
        zone: context.occasion.zone(),
    };
    let (outbox, written) = mpsc::channel();
    let archive = Archive {
        zip: Some(ZipWriter::new_stream(Outbox(outbox))),
        written,
        files: req.site.files.clone(),
        entries: folders.entries(files).into_iter(),
        content: None,
        unread: Vec::new(),
        unread_words: text.say("host-uploads-unread").into_owned(),
        _place: place,
    };
    let name = format!("{slug}-{}.zip", text.say("host-uploads-file"));
    let headers = [
        (CONTENT_TYPE, "application/zip".parse()),
        (CONTENT_DISPOSITION, Ok(disposition("attachment", &name))),
        (CACHE_CONTROL, "no-store, private".parse()),
    ];
    let mut response =
        Body::from_stream(stream::try_unfold(archive, Archive::next)).into_response();
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, value.map_err(Problem::internal)?);
    }
    Ok(response)
}

/// A file of the archive.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    /// The path in the archive.
    path: String,
    /// The file's name in the file store.
    file: String,
    bytes: i64,
    at: DateTime,
}

/// How files are named in the archive.
struct Folders {
    /// The folder of households whose names have no letters.
    nameless: String,
    /// The folder of pictures that hosts added without saying who took them.
    own: String,
    zone: TimeZone,
}

impl Folders {
    /// Names the files by their household, with numbers in the order of the list. No two paths
    /// differ only in their case, because some file systems ignore it.
    fn entries(&self, files: Vec<HostUpload>) -> Vec<Entry> {
        let mut counts: HashMap<String, usize> = HashMap::new();
        let entry = |one: HostUpload| {
            let name = match &one.upload {
                own if own.is_own() && own.credit.is_empty() => &self.own,
                own if own.is_own() => &own.credit,
                _ => &one.household,
            };
            let folder = match in_file_name(name) {
                folder if folder.is_empty() => in_file_name(&self.nameless),
                folder => folder,
            };
            let number = counts.entry(folder.to_lowercase()).or_default();
            *number += 1;
            let name = one.upload.download_name();
            let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
            let path = match in_file_name(stem) {
                stem if stem.is_empty() => format!("{folder}/{number:03}.{extension}"),
                stem => format!("{folder}/{number:03}-{stem}.{extension}"),
            };
            Entry {
                path,
                at: self.time(one.upload.created_at),
                bytes: one.upload.bytes,
                file: one.upload.file,
            }
        };
        files.into_iter().map(entry).collect()
    }

    /// A time in a ZIP file has no zone, so it is the time of the place of the occasion.
    fn time(&self, at: Timestamp) -> DateTime {
        let local = at.to_zoned(self.zone.clone());
        let number = |part: i8| u8::try_from(part).unwrap_or_default();
        let time = DateTime::from_date_and_time(
            u16::try_from(local.year()).unwrap_or_default(),
            number(local.month()),
            number(local.day()),
            number(local.hour()),
            number(local.minute()),
            number(local.second()),
        );
        time.unwrap_or_default()
    }
}

/// An archive that is being sent. When the client is gone, it is dropped and nothing more is read.
struct Archive {
    /// `None` once the archive is complete. Dropped before `written`, because an incomplete writer
    /// writes when it is dropped.
    zip: Option<ZipWriter<StreamWriter<Outbox>>>,
    written: mpsc::Receiver<Vec<u8>>,
    files: Files,
    entries: vec::IntoIter<Entry>,
    /// What follows of the current entry.
    content: Option<Content>,
    /// The paths of files that are not in the file store.
    unread: Vec<String>,
    unread_words: String,
    _place: OwnedSemaphorePermit,
}

impl Archive {
    /// Returns the next bytes; `None` at the end. If a file breaks off, so does the response, so
    /// that the client notices the error.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        loop {
            let ready = self.written.try_iter().collect::<Vec<_>>().concat();
            if !ready.is_empty() {
                return Ok(Some((ready.into(), self)));
            }
            if !self.go_on().await? {
                return Ok(None);
            }
        }
    }

    /// Writes the next part. Returns `false` after the end.
    async fn go_on(&mut self) -> io::Result<bool> {
        let Some(zip) = &mut self.zip else {
            return Ok(false);
        };
        // Pictures are compressed already, so the archive only stores them.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        if let Some(content) = &mut self.content {
            match content.next().await? {
                Some(part) => zip.write_all(&part)?,
                None => self.content = None,
            }
        } else if let Some(entry) = self.entries.next() {
            let bytes = u64::try_from(entry.bytes).unwrap_or_default();
            self.content = read(&self.files, &entry.file, bytes).await?;
            if self.content.is_none() {
                tracing::error!(file = %entry.file, "a picture is not in the file store; restore it from a backup");
                self.unread.push(entry.path);
                return Ok(true);
            }
            let options = options.last_modified_time(entry.at);
            let options = options.large_file(u32::try_from(bytes).is_err());
            zip.start_file(entry.path, options)?;
        } else if self.unread.is_empty() {
            if let Some(zip) = self.zip.take() {
                zip.finish()?;
            }
        } else {
            zip.start_file("unread.txt", options)?;
            let names = std::mem::take(&mut self.unread).join("\r\n");
            write!(zip, "{}\r\n\r\n{names}\r\n", self.unread_words)?;
        }
        Ok(true)
    }
}

async fn read(files: &Files, file: &str, bytes: u64) -> io::Result<Option<Content>> {
    let key: Key = FOLDER.key(file).map_err(io::Error::other)?;
    files.read(&key, 0..bytes).await
}

/// Takes what the ZIP writer writes.
struct Outbox(mpsc::Sender<Vec<u8>>);

impl Write for Outbox {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        let sent = self.0.send(part.to_vec());
        sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery::GalleryEntry;
    use crate::sample;

    fn upload(household: &str, name: &str) -> HostUpload {
        let upload = GalleryEntry {
            name: name.to_owned(),
            ..sample::upload().into()
        };
        HostUpload {
            upload,
            household: household.to_owned(),
        }
    }

    #[test]
    fn files_stand_in_folders_by_household_in_the_order_of_time() {
        let folders = Folders {
            nameless: "A household".to_owned(),
            own: "Your own".to_owned(),
            zone: TimeZone::get("Asia/Kuala_Lumpur").unwrap(),
        };
        let own = |credit: &str| {
            let mut one = upload("", "a.jpg");
            one.upload.invitation = None;
            credit.clone_into(&mut one.upload.credit);
            one
        };
        let entries = folders.entries(vec![
            upload("Keluarga Rahman", "IMG 1.PNG"),
            upload("✿", "../../etc/passwd"),
            upload("keluarga rahman", "陈.jpg"),
            upload("Keluarga Rahman", "✿.jpg"),
            own(""),
            own("Studio Cahaya"),
        ]);
        let paths: Vec<_> = entries.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "Keluarga-Rahman/001-IMG-1.jpg",
                "A-household/001.jpg",
                "keluarga-rahman/002-陈.jpg",
                "Keluarga-Rahman/003.jpg",
                "Your-own/001-a.jpg",
                "Studio-Cahaya/001-a.jpg",
            ]
        );
        let at = "2027-01-16T20:30:05Z".parse().unwrap();
        let time = folders.time(at);
        // ZIP files count seconds in steps of two.
        assert_eq!((time.day(), time.hour(), time.minute()), (17, 4, 30));
    }
}
