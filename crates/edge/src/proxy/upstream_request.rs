//! Converts a client's request into a request to a server.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderValue, TE, TRANSFER_ENCODING};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request, Version, request};
use http_body::Body as _;

use super::backend::Backend;
use super::error::ProxyError;
use super::request_head::no_length;
use super::upgrade::Upgrade;
use super::upload::Upload;
use super::upstream::Search;
use crate::body::Body;
use crate::client_info::ClientInfo;
use crate::filters::forwarding;
use http1::content_length;

/// A request for a server, and the state of sending it.
pub(super) struct UpstreamRequest<'a> {
    pub(super) request: Request<()>,
    pub(super) method: Method,
    /// Set if `request` still contains the client's own headers. They are then changed while they
    /// are written. `None` if the headers have already been changed.
    pub(super) raw: Option<&'a ClientInfo>,
    /// The request body, if it is in memory.
    pub(super) whole: Option<Bytes>,
    pub(super) upload: Option<Box<Upload>>,
    pub(super) upgrade: Option<Upgrade>,
    pub(super) search: Search,
}

impl<'a> UpstreamRequest<'a> {
    pub(super) fn of(
        request: Request<Body>,
        info: &'a ClientInfo,
    ) -> Result<Box<Self>, ProxyError> {
        let (mut parts, body) = request.into_parts();
        let upgrade = Upgrade::take(&mut parts)?;
        let is_raw = upgrade.is_none() && may_be_raw(&parts, &body);
        let (whole, upload) = if is_raw {
            let whole = (!body.is_end_stream()).then(|| body.into_whole());
            (whole, None)
        } else {
            forwarding::request(&mut parts.headers, info);
            if let Some(upgrade) = &upgrade {
                upgrade.ask(&mut parts.headers);
                // The bytes after an upgrade are not HTTP and have no trailers.
                parts.headers.remove(TE);
            }
            split_body(&mut parts, body, upgrade.is_some())
        };
        // The request is boxed, because it is large and moved several times.
        Ok(Box::new(Self {
            method: parts.method.clone(),
            request: Request::from_parts(parts, ()),
            raw: is_raw.then_some(info),
            whole,
            upload,
            upgrade,
            search: Search::default(),
        }))
    }
}

/// Whether the headers can be changed while they are written, so no header map is needed; usually
/// so.
fn may_be_raw(parts: &request::Parts, body: &Body) -> bool {
    let is_usual = if body.is_end_stream() {
        [Method::GET, Method::HEAD].contains(&parts.method)
    } else {
        // The body must have the length that its head states. Otherwise, the server would look for
        // the end of the request in the wrong place.
        let said = parts.headers.get(CONTENT_LENGTH).map(HeaderValue::as_bytes);
        body.is_here() && said.and_then(content_length) == body.size_hint().exact()
    };
    is_usual && parts.headers.contains_key(HOST) && !parts.headers.contains_key(TE)
}

/// At most one of the part in memory and the streamed part is present.
fn split_body(
    parts: &mut request::Parts,
    body: Body,
    upgrade: bool,
) -> (Option<Bytes>, Option<Box<Upload>>) {
    // `Expect` is not forwarded, because the edge sends `100 Continue` itself.
    parts.headers.remove(EXPECT);
    if upgrade || body.is_end_stream() {
        no_length(&parts.method, &mut parts.headers);
        return (None, None);
    }
    if body.is_here() {
        let whole = body.into_whole();
        parts.headers.insert(CONTENT_LENGTH, whole.len().into());
        return (Some(whole), None);
    }
    if !parts.headers.contains_key(CONTENT_LENGTH) {
        let (name, value) = match body.size_hint().exact() {
            Some(length) => (CONTENT_LENGTH, length.into()),
            None => (TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
        };
        parts.headers.insert(name, value);
    }
    let upload = Upload::new(body, &parts.headers);
    (None, Some(Box::new(upload)))
}

/// Sets the request target and the `Host` header for this server.
pub(super) fn address(
    request: &mut Request<()>,
    path: &PathAndQuery,
    backend: &Backend,
) -> Result<(), ProxyError> {
    let path = backend.address.below_base(path);
    *request.uri_mut() = Uri::from(path.map_err(|_| ProxyError::Request)?);
    *request.version_mut() = Version::HTTP_11;
    // `TE` applies to one connection only, so `Connection` must name it (RFC 9110, section 10.1.4).
    if request.headers().contains_key(TE) {
        let te = HeaderValue::from_static("te");
        request.headers_mut().insert(CONNECTION, te);
    }
    if !request.headers().contains_key(HOST) {
        let host = backend.authority.clone();
        request.headers_mut().insert(HOST, host);
    }
    Ok(())
}
