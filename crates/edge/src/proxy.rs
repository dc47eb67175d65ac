//! Forwards requests to servers, and returns their responses.
//!
//! All workers share an [`Upstream`], but each worker has its own idle connections, which a
//! [`Pool`] contains. Bodies are streamed in both directions, unless `request_buffer` or
//! `response_buffer` reads them ahead.

mod health_check;
mod response_body;
mod upstream_request;

mod upstream;

mod backends;

mod balancer;
mod pool;

mod tunnel;

mod backend;
mod upstream_connection;

mod connect;
mod cookie_key;
mod health;
mod request_buffer;
mod response_buffer;
mod retry;
mod upgrade;
mod upload;

mod buffer_memory;
mod error;
mod request_head;
mod resolved;
mod settings;

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, HeaderMap, SET_COOKIE, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode, Version};
use http1::{Head, Left};

use crate::access_log::Tunnelled;
use crate::body::{Answer, Body};
use crate::client_info::ClientInfo;
use crate::filters::forwarding;

pub use backend::BackendStatus;
pub use backends::{BackendsStatus, Servers};
pub use cookie_key::CookieKey;
pub use error::{AnswerError, ProxyError, Side};
pub use health_check::Watch;
pub use pool::Pool;
pub use settings::{
    BadAddress, Balance, HealthSettings, ServerAddress, Times, UpstreamSettings, parse_address,
};
pub use tunnel::Tunnels;
pub use upstream::Upstream;

pub(crate) use backends::Backends;
pub(crate) use buffer_memory::BufferMemory;
pub(crate) use request_buffer::fill;
pub(crate) use response_buffer::{falling_behind, is_event_stream, keeping_up, read_ahead};

use backend::{ActiveRequest, Backend};
use connect::Stream;
use response_body::ResponseBody;
use retry::{Failure, Idempotency, RetryTarget};
use tunnel::UpgradedServer;
use upstream::Chosen;
use upstream_connection::{Outgoing, UpstreamConnection};
use upstream_request::{UpstreamRequest, address};

impl Pool {
    /// Forwards a request to a server of `upstream`. `path` is the request target for the server.
    ///
    /// [`forwarding`] changes the headers, so callers must pass them as the client sent them. For
    /// an upgrade, the request's extensions must contain an `OnUpgrade`.
    pub fn forward<'a>(
        &'a self,
        upstream: &'a Arc<Upstream>,
        request: Request<Body>,
        info: &'a ClientInfo,
        path: PathAndQuery,
    ) -> impl Future<Output = Result<Answer, ProxyError>> + Send + 'a {
        // The request is converted before the future is made, so the future does not contain the
        // whole request.
        let outgoing = UpstreamRequest::of(request, info);
        self.hand_on(upstream, outgoing, info, path)
    }

    async fn hand_on(
        &self,
        upstream: &Arc<Upstream>,
        outgoing: Result<Box<UpstreamRequest<'_>>, ProxyError>,
        info: &ClientInfo,
        path: PathAndQuery,
    ) -> Result<Answer, ProxyError> {
        let mut outgoing = outgoing?;
        let UpstreamRequest {
            request,
            method,
            raw,
            whole,
            upload,
            upgrade,
            search,
        } = &mut *outgoing;
        let mut chosen = match upstream.choose(request.headers(), info, search) {
            Some(chosen) => chosen,
            None => Box::pin(upstream.wait(request.headers(), info, search)).await?,
        };
        let is_streamed = upload.is_some();
        let is_bodiless = whole.is_none() && !is_streamed;
        let repeats = Idempotency::of(method, is_bodiless);
        // Whether no other server may get the request once one server may have read it.
        let care = repeats != Idempotency::Safe;
        let mut fresh = false;
        // The error of a server that may have begun to process the request.
        let mut begun = None;
        let (connection, head) = loop {
            let backend = Arc::clone(chosen.running.backend());
            let mut connection = match self.take_connection(upstream, &backend, fresh).await {
                Ok(connection) => connection,
                Err(error) => {
                    if !error.is_local() {
                        backend.vitals.failed(upstream.now());
                    }
                    if let Some(begun) = begun {
                        return Err(begun);
                    }
                    // No byte was sent, so any other server may get the request.
                    let other =
                        upstream.find_other(request.headers(), info, search, &backend, error);
                    chosen = Box::pin(other).await?;
                    continue;
                }
            };
            let reused = connection.reused();
            address(request, &path, &backend)?;
            let body = if is_streamed {
                Outgoing::Streamed(upload)
            } else {
                Outgoing::Here(whole.as_ref())
            };
            match connection
                .ask(request, raw, body, &upstream.times, care)
                .await
            {
                Ok(head) => {
                    backend.vitals.succeeded();
                    break (connection, head);
                }
                Err(Failure { error, left }) => {
                    // A reused connection that was already closed says nothing about the server's
                    // health.
                    if !reused && error.side() == Side::Upstream {
                        count_failure(&backend, upstream, &error);
                    }
                    let next = left.next(repeats, reused, begun.is_some());
                    let is_begun = begun.is_some() || left.may_be_begun();
                    let Some(next) = next else {
                        return Err(error);
                    };
                    fresh = true;
                    match next {
                        // This server may have begun to process an unsafe request, so the request
                        // must not be sent to another server.
                        RetryTarget::Same => {
                            begun = (is_begun && repeats != Idempotency::Safe).then_some(error);
                        }
                        RetryTarget::Other => {
                            let other = upstream.find_other(
                                request.headers(),
                                info,
                                search,
                                &backend,
                                error,
                            );
                            chosen = Box::pin(other).await?;
                        }
                        RetryTarget::Second => {
                            let second =
                                upstream.find_second(request.headers(), info, search, &backend);
                            chosen = Box::pin(second).await.ok_or(error)?;
                        }
                    }
                }
            }
        };
        let Head {
            parts: mut head,
            first,
            left,
            ..
        } = head;
        if let Some(upgrade) = upgrade {
            upgrade.check(&head)?;
        }
        check_framing(method, head.status, &mut head.headers)?;
        if !is_framed(&head.headers) {
            head.extensions.insert(Unframed);
        }
        forwarding::response(head.status, &mut head.headers);
        head.version = Version::HTTP_11;
        let Chosen { running, cookie } = chosen;
        if let Some(cookie) = cookie {
            head.headers.append(SET_COOKIE, cookie);
        }
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            // If the client has not requested a switch, the response is an error: the bytes after
            // it are not HTTP.
            let upgrade = upgrade.take().ok_or(ProxyError::Upgrade)?;
            let client = upgrade.answer(&mut head);
            let idle = upstream.times.idle;
            let server = UpgradedServer {
                server: connection.into_stream(),
                early: first,
                running,
            };
            let told = Arc::new(Tunnelled::default());
            head.extensions.insert(Arc::clone(&told));
            self.tunnels.run(client, server, idle, told);
            return Ok(Response::from_parts(head, Body::Empty));
        }
        let body = if let Left::Length(0) = left {
            self.return_to_pool(upstream, &running, connection);
            Body::full(first)
        } else {
            let (idle, upstream) = (self.idle.clone(), Arc::clone(upstream));
            let relay = ResponseBody::new(first, left, connection, idle, upstream, running);
            Box::pin(relay.into_body()).await?
        };
        Ok(Response::from_parts(head, body))
    }

    /// Drops a connection that cannot be used again.
    fn return_to_pool(
        &self,
        upstream: &Upstream,
        running: &ActiveRequest,
        connection: Box<UpstreamConnection>,
    ) {
        if let Some(connection) = connection.rest() {
            let (keep, most) = (upstream.times.keep, upstream.idle_connections);
            self.idle.put(running.backend(), connection, keep, most);
        }
    }

    /// The most recently used idle connection, or a new one.
    async fn take_connection(
        &self,
        upstream: &Upstream,
        backend: &Backend,
        fresh: bool,
    ) -> Result<Box<UpstreamConnection>, ProxyError> {
        if !fresh && let Some(connection) = self.idle.take(backend, upstream.times.keep) {
            return Ok(connection);
        }
        // The future is large and seldom needed, so it is boxed.
        let connecting = Box::pin(Stream::connect(&backend.address, &backend.resolved));
        let stream = tokio::time::timeout(upstream.times.connect, connecting)
            .await
            .map_err(|_| ProxyError::ConnectTime)?
            .map_err(ProxyError::Connect)?;
        Ok(Box::new(UpstreamConnection::new(stream)))
    }
}

/// A response that is merely late does not suggest that the server is down.
fn count_failure(backend: &Backend, upstream: &Upstream, error: &ProxyError) {
    if matches!(error, ProxyError::Closed(_) | ProxyError::Garbled(_)) {
        backend.vitals.failed(upstream.now());
    }
}

/// Marks a response whose body ends when the connection is closed. Such a body may be incomplete
/// without any sign of it (RFC 9112, section 8).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unframed;

fn is_framed(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// RFC 9112, section 6.3.
fn check_framing(
    method: &Method,
    status: StatusCode,
    headers: &mut HeaderMap,
) -> Result<(), ProxyError> {
    if status.is_informational() || status == StatusCode::NO_CONTENT {
        headers.remove(CONTENT_LENGTH);
        headers.remove(TRANSFER_ENCODING);
        return Ok(());
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let length = lengths.next();
    let plain = length.is_none_or(|length| length.as_bytes().iter().all(u8::is_ascii_digit));
    if !plain || lengths.next().is_some() {
        return Err(ProxyError::Framing);
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else {
        return Ok(());
    };
    let chunked = coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    let bodiless = *method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    if (chunked && length.is_none() && codings.next().is_none()) || bodiless {
        Ok(())
    } else {
        Err(ProxyError::Framing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// glibc's malloc(3) finds a block of at most this many bytes without a search.
    const FOUND_AT_ONCE: usize = 1_032;

    fn size_of_answer<'a, F>(
        _: impl Fn(&'a Pool, &'a Arc<Upstream>, Request<Body>, &'a ClientInfo, PathAndQuery) -> F,
    ) -> usize {
        size_of::<F>()
    }

    #[test]
    fn handing_on_takes_no_memory_that_has_to_be_searched_for() {
        let size = size_of_answer(Pool::forward);
        assert!(size <= FOUND_AT_ONCE, "{size} bytes");
    }
}
