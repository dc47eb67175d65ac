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
mod ready_head;
mod respond;

use std::borrow::Cow;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use http::header::{ALLOW, CONTENT_LENGTH, HeaderValue, LOCATION, RETRY_AFTER};
use http::{HeaderMap, Method, Request, StatusCode, Uri};

pub use folder::{Folder, FolderError, FolderSettings};
pub use memory::Memory;

use crate::body::{self, Answer, Body};
use crate::filters::headers::Completion;
use crate::request_id::RequestId;
use lookup::{DiskLookup, LookupResult};
use memory::MemoryLookup;
use path::{Refused, RequestedFile};
use respond::respond;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// A request without its body.
#[derive(Clone, Copy)]
pub struct RequestParts<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
}

impl<'a> RequestParts<'a> {
    /// Those of this request.
    pub fn of<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
        }
    }
}

/// Serves a file. `path` is percent-encoded, without the prefix that the route strips.
/// `request.uri` is as the client sent it, for redirects. `id` is logged with failures.
///
/// With `complete`, a file in memory is answered over HTTP/1.1 with the whole head, which is the
/// same for each request then.
///
/// The error is what must be awaited for the answer, unless it is at hand.
///
/// An error response has a status and no body. The status is 503 (with `Retry-After`) if there are
/// no free file descriptors or another process is writing the file, and 500 if the disk fails.
pub fn answer<'a>(
    folder: &Arc<Folder>,
    memory: &'a Memory,
    request: RequestParts<'a>,
    path: &str,
    now: SystemTime,
    id: &'a RequestId,
    complete: Option<&dyn Fn() -> Completion<'a>>,
) -> Result<Answer, Pin<Box<impl Future<Output = Answer> + Send + use<'a>>>> {
    match *request.method {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => return Ok(allow(StatusCode::NO_CONTENT)),
        _ => return Ok(allow(StatusCode::METHOD_NOT_ALLOWED)),
    }
    let asked = match RequestedFile::parse(path) {
        Ok(asked) => asked,
        Err(Refused::Invalid) => return Ok(bare(StatusCode::BAD_REQUEST)),
        Err(Refused::Hidden) => return Ok(bare(StatusCode::NOT_FOUND)),
    };
    let first = folder.first(&asked);
    let known = first.as_deref().map_or(MemoryLookup::Nothing, |name| {
        memory.find(folder.id(), name, now)
    });
    let is_due = matches!(known, MemoryLookup::Due);
    let known = match known {
        MemoryLookup::Fresh(entry) => match entry.at_hand(request, memory.encoders()) {
            Ok(form) => {
                let modified = entry.modified();
                return Ok(respond(request, form, modified, memory, now, complete));
            }
            Err(_) => Some(entry),
        },
        MemoryLookup::Due | MemoryLookup::Nothing => None,
    };
    let first = first.map(Cow::into_owned);
    let look = DiskLookup {
        folder: Arc::clone(folder),
        memory: memory.clone(),
        asked: asked.into_owned(),
        first,
        original: request.uri.path().to_owned(),
        now,
    };
    let folder = Arc::clone(folder);
    Err(Box::pin(async move {
        let found = match known {
            Some(entry) => Ok(LookupResult::File(entry)),
            None => look.run(is_due).await,
        };
        match found {
            Ok(LookupResult::File(entry)) => {
                let form = match entry.at_hand(request, memory.encoders()) {
                    Ok(form) => form,
                    Err(encoding) => memory.coded(&entry, encoding).await,
                };
                respond(request, form, entry.modified(), memory, now, None)
            }
            Ok(LookupResult::Folder) => redirect_to_slash(request),
            Ok(LookupResult::Listing(page)) => {
                let cache_control = folder.cache_control_of_listing();
                listing::answer(request, &page, cache_control, memory.encoders())
            }
            Ok(LookupResult::Nothing) => bare(StatusCode::NOT_FOUND),
            Err(error) => failed(&error, id),
        }
    }))
}

/// Merges leading slashes, because a URL that begins with two names another host.
fn redirect_to_slash(request: RequestParts<'_>) -> Answer {
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
