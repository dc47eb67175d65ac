//! Cross-origin resource sharing (CORS, in the Fetch standard). It determines whose pages may read
//! the responses of a route.
//!
//! Pages of other origins identify their user with a token. Browsers may also send the user's
//! cookies. The edge removes these cookies, and never sends `Access-Control-Allow-Credentials`.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, COOKIE,
    ORIGIN, SET_COOKIE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};

use crate::client_info::ClientInfo;
use crate::filters::forwarding::remove;
use crate::filters::headers::vary_by;

const PREFLIGHT: [(HeaderName, HeaderValue); 3] = [
    (
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"),
    ),
    (
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, range",
        ),
    ),
    // Two hours. Browsers based on Chromium do not cache a preflight response for longer.
    (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200")),
];

const EXPOSED: HeaderValue = HeaderValue::from_static(
    "content-disposition, content-range, etag, link, location, retry-after, www-authenticate, x-request-id",
);

/// The origins whose pages may read a route's responses.
#[derive(Debug)]
pub(crate) struct Cors(Vec<HeaderValue>);

/// The properties of a request that determine the CORS headers of its response.
#[derive(Debug)]
pub(crate) struct CorsAnswer {
    /// The origin of the page that sent the request; `None` if the route does not permit this
    /// origin.
    origin: Option<HeaderValue>,
    pub(crate) is_preflight: bool,
}

impl Cors {
    pub(crate) fn new(origins: Vec<HeaderValue>) -> Self {
        Self(origins)
    }

    /// Reads the origin of a request. If the route permits this origin, removes the request's
    /// cookies.
    pub(crate) fn admit<B>(&self, request: &mut Request<B>, info: &ClientInfo) -> CorsAnswer {
        let headers = request.headers();
        let mut sent = headers.get_all(ORIGIN).iter();
        let only = sent.next().filter(|_| sent.next().is_none());
        let is_named = |origin: &&HeaderValue| self.0.contains(origin) && !is_same(origin, info);
        let origin = only.filter(is_named).cloned();
        let is_preflight = *request.method() == Method::OPTIONS
            && headers.contains_key(ORIGIN)
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if origin.is_some() {
            request.headers_mut().remove(COOKIE);
        }
        CorsAnswer {
            origin,
            is_preflight,
        }
    }
}

impl CorsAnswer {
    /// Sets the CORS headers of a response, and removes those that the route's target has set.
    pub(crate) fn complete(&self, answer: &mut HeaderMap) {
        remove(answer, is_own);
        vary_by(answer, "Origin");
        let Some(origin) = &self.origin else {
            return;
        };
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.remove(SET_COOKIE);
        if self.is_preflight {
            answer.extend(PREFLIGHT);
        } else {
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

/// Whether the header is part of the CORS protocol. The name must be in lower case.
pub(crate) fn is_own(name: &str) -> bool {
    name.starts_with("access-control-")
}

fn is_same(origin: &HeaderValue, info: &ClientInfo) -> bool {
    let rest = origin
        .as_bytes()
        .strip_prefix(info.scheme.as_str().as_bytes());
    rest.and_then(|rest| rest.strip_prefix(b"://")) == Some(info.host.as_bytes())
}
