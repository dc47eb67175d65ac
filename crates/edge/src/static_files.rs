//! Serves the files of a folder over HTTP.
//!
//! # What is never served
//! | Request for | Response |
//! |---|---|
//! | a segment `..`, plain or encoded, once or twice | 404 |
//! | an encoded slash or any backslash, NUL or control character in a segment | 404 |
//! | a file or folder whose name begins with a dot, except `.well-known` | 404 |
//! | a symbolic link that leads out of the folder, or is absolute | 404 |
//! | a symbolic link to a file that is hidden or on a path of another route | 404 |
//! | a pipe, socket or device, or a file that may not be read | 404 |
//! | a path with an invalid percent-encoding | 400 |
//!
//! The kernel keeps lookups within the folder (`openat2`, `RESOLVE_BENEATH`), so a link that is
//! moved during a check cannot lead out of it. Where the kernel cannot do so (Linux before 5.6,
//! some sandboxes), segments are opened one by one and no symbolic link is followed. The folder
//! itself may be a link, and may be replaced at any time.
//!
//! # Memory
//! Files up to 1 MiB are kept in the worker's [`Memory`] and compared with the disk at most once a
//! second. Larger files are read in pieces while they are sent, or are sent by the kernel itself in
//! clear text. A text file is compressed when a client first requests it compressed. That client,
//! and other clients that request the file in the meantime, wait a few milliseconds. This is
//! worthwhile, since most files of most sites are requested rarely, and the bytes saved on a slow
//! connection outweigh the wait. If there are compressed files next to a file (`app.js.br`,
//! `app.js.gz`, each at least as new), only these codings are offered.

mod caching;
mod entry;
mod folder;
mod listing;
mod lookup;
mod media_types;
mod memory;
mod open;
mod path;
mod respond;

use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use http::header::{ALLOW, CONTENT_LENGTH, HeaderValue, LOCATION, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

pub use folder::{Folder, FolderError, FolderSettings};
pub use memory::Memory;

use crate::body::{self, Answer, Body};
use crate::client_info::RequestId;
use crate::filters::compression::Encoding;
use entry::Entry;
use lookup::{DiskLookup, LookupResult};
use memory::Known;
use path::{Asked, Refused};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Serves a file. `path` is percent-encoded, without the prefix that the route strips.
/// `request.uri` is as the client sent it, for redirects. `now` is the time of this request, and
/// `id` its id, which is logged with failures.
///
/// Responses other than files, redirects and listings have a status and no body: 400 for an invalid
/// percent-encoding, 404 for a missing file, 405 (with `Allow`) for another method, 412 and 416
/// according to RFC 9110, 503 (with `Retry-After`) if there are no free file descriptors or the
/// file is being written, 500 if the disk fails.
pub async fn answer(
    folder: &Arc<Folder>,
    memory: &Memory,
    request: &Parts,
    path: &str,
    now: SystemTime,
    id: &RequestId,
) -> Answer {
    match request.method {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => return allow(StatusCode::NO_CONTENT),
        _ => return allow(StatusCode::METHOD_NOT_ALLOWED),
    }
    let asked = match Asked::parse(path) {
        Ok(asked) => asked,
        Err(Refused::Invalid) => return bare(StatusCode::BAD_REQUEST),
        Err(Refused::Hidden) => return bare(StatusCode::NOT_FOUND),
    };
    let first = folder.first(&asked);
    let known = first
        .as_deref()
        .map_or(Known::Nothing, |name| memory.find(folder.id(), name, now));
    if let Known::Fresh(entry) = known {
        return match entry.at_hand(request) {
            Ok(form) => respond::respond(request, form, entry.modified(), memory, now),
            Err(encoding) => Box::pin(coded(memory, &entry, encoding, request, now)).await,
        };
    }
    let first = first.map(Cow::into_owned);
    let look = DiskLookup {
        folder: Arc::clone(folder),
        memory: memory.clone(),
        asked: asked.into_owned(),
        first,
        original: request.uri.path().to_owned(),
        now,
    };
    match Box::pin(look.run(matches!(known, Known::Due))).await {
        Ok(LookupResult::File(entry)) => match entry.at_hand(request) {
            Ok(form) => respond::respond(request, form, entry.modified(), memory, now),
            Err(encoding) => Box::pin(coded(memory, &entry, encoding, request, now)).await,
        },
        Ok(LookupResult::Folder) => with_slash(request),
        Ok(LookupResult::Listing(page)) => {
            listing::answer(request, &page, folder.cache_control_of_listing())
        }
        Ok(LookupResult::Nothing) => bare(StatusCode::NOT_FOUND),
        Err(error) => failed(&error, id),
    }
}

/// Responds with the file in a coding for which the compressed variant must first be made.
async fn coded(
    memory: &Memory,
    entry: &Arc<Entry>,
    encoding: Encoding,
    request: &Parts,
    now: SystemTime,
) -> Answer {
    let form = memory.coded(entry, encoding).await;
    respond::respond(request, form, entry.modified(), memory, now)
}

/// Redirects to the same path with a trailing slash. Leading slashes are merged, because a URL that
/// begins with two slashes names another host.
fn with_slash(request: &Parts) -> Answer {
    let path = request.uri.path().trim_start_matches('/');
    let mut location = format!("/{path}/");
    if let Some(query) = request.uri.query() {
        location.push('?');
        location.push_str(query);
    }
    let mut answer = bare(StatusCode::PERMANENT_REDIRECT);
    match HeaderValue::try_from(location) {
        Ok(location) => {
            answer.headers_mut().insert(LOCATION, location);
            answer
        }
        Err(_) => bare(StatusCode::BAD_REQUEST),
    }
}

fn failed(error: &io::Error, id: &RequestId) -> Answer {
    let busy = error.kind() == io::ErrorKind::ResourceBusy
        || [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE]
            .iter()
            .any(|full| error.raw_os_error() == Some(full.raw_os_error()));
    // The path is not logged, because it may be meant for the app, which responds if there is no
    // file. It may then contain a code or a token.
    tracing::warn!(request_id = %id, %error, "a file could not be read");
    if !busy {
        return bare(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let mut answer = bare(StatusCode::SERVICE_UNAVAILABLE);
    let headers = answer.headers_mut();
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

fn allow(status: StatusCode) -> Answer {
    let mut answer = bare(status);
    answer.headers_mut().insert(ALLOW, METHODS);
    answer
}

fn bare(status: StatusCode) -> Answer {
    let mut headers = HeaderMap::new();
    if status != StatusCode::NO_CONTENT {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    body::answer(status, headers, Body::Empty)
}

#[cfg(test)]
mod tests;
