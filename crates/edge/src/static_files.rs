//! Serves the files of a folder over HTTP. No lookup can lead out of the folder. Files up to 1 MiB
//! are kept in the worker's [`Memory`].
//!
//! # What is never served
//!
//! | Request for | Response |
//! |---|---|
//! | a segment `..`, plain or encoded, once or twice | 404 |
//! | an encoded slash or any backslash, NUL or control character in a segment | 404 |
//! | a file or folder whose name begins with a dot, except `.well-known` | 404 |
//! | a symbolic link that leads out of the folder, or is absolute | 404 |
//! | a symbolic link to a file that is hidden or on a path of another route | 404 |
//! | a pipe, socket or device, or a file that may not be read | 404 |
//! | a path with an invalid percent-encoding | 400 |

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
use crate::filters::compression::Encoding;
use crate::request_id::RequestId;
use entry::Entry;
use lookup::{DiskLookup, LookupResult};
use memory::MemoryLookup;
use path::{Refused, RequestedFile};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Serves a file. `path` is percent-encoded, without the prefix that the route strips.
/// `request.uri` is as the client sent it, for redirects. `id` is logged with failures.
///
/// An error response has a status and no body. The status is 503 (with `Retry-After`) if there are
/// no free file descriptors or another process is writing the file, and 500 if the disk fails.
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
    let asked = match RequestedFile::parse(path) {
        Ok(asked) => asked,
        Err(Refused::Invalid) => return bare(StatusCode::BAD_REQUEST),
        Err(Refused::Hidden) => return bare(StatusCode::NOT_FOUND),
    };
    let first = folder.first(&asked);
    let known = first.as_deref().map_or(MemoryLookup::Nothing, |name| {
        memory.find(folder.id(), name, now)
    });
    if let MemoryLookup::Fresh(entry) = known {
        return match entry.at_hand(request, memory.encoders()) {
            Ok(form) => respond::respond(request, form, entry.modified(), memory, now),
            Err(encoding) => Box::pin(compressed(memory, &entry, encoding, request, now)).await,
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
    match Box::pin(look.run(matches!(known, MemoryLookup::Due))).await {
        Ok(LookupResult::File(entry)) => match entry.at_hand(request, memory.encoders()) {
            Ok(form) => respond::respond(request, form, entry.modified(), memory, now),
            Err(encoding) => Box::pin(compressed(memory, &entry, encoding, request, now)).await,
        },
        Ok(LookupResult::Folder) => redirect_to_slash(request),
        Ok(LookupResult::Listing(page)) => {
            let cache_control = folder.cache_control_of_listing();
            listing::answer(request, &page, cache_control, memory.encoders())
        }
        Ok(LookupResult::Nothing) => bare(StatusCode::NOT_FOUND),
        Err(error) => failed(&error, id),
    }
}

async fn compressed(
    memory: &Memory,
    entry: &Arc<Entry>,
    encoding: Encoding,
    request: &Parts,
    now: SystemTime,
) -> Answer {
    let form = memory.coded(entry, encoding).await;
    respond::respond(request, form, entry.modified(), memory, now)
}

/// Merges leading slashes, because a URL that begins with two names another host.
fn redirect_to_slash(request: &Parts) -> Answer {
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
    // The log omits the path. If the file is missing, the app may serve this path, and the app's
    // paths may contain secret codes.
    tracing::warn!(request_id = %id, %error, "cannot read a file; check the disk, and that the user that runs Kenduri may read it");
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
