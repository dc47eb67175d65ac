//! Fetches and caches one response for all requests that wait for it. See [`cache`](crate::cache).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::body::{self, Answer, Body};
use crate::cache::{
    FillGuard, Gathering, How, Key, Stored, StoredHead, TimedResponse, confirms, has_validator,
    is_fault, renewed,
};
use crate::client_info::ClientInfo;
use crate::context::Running;
use crate::proxy::Unframed;
use crate::route::{NormalPath, Route};

use super::target::ask_and_purge;
use super::{Exchange, RequestOutcome, bare};
use crate::context::WorkerContext;

/// What a fetch reports to the request that started it.
pub(super) struct FillResult {
    pub(super) outcome: RequestOutcome,
    pub(super) answered: FetchedResponse,
}

/// The response that was fetched. It is `Whole` if it was cached, and `NotKept` if it was not.
pub(super) enum FetchedResponse {
    Whole(Arc<Stored>, How),
    NotKept(Answer),
}

pub(super) struct CacheFill {
    pub(super) here: Arc<WorkerContext>,
    pub(super) running: Arc<Running>,
    pub(super) route: Arc<Route>,
    pub(super) info: ClientInfo,
    pub(super) key: Key,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    /// How often the key had been purged when the fetch began.
    pub(super) began: u64,
    /// The app's number of changes when the request arrived.
    pub(super) changes: u64,
    /// The cached response. The fetch may revalidate it, or send it although it is stale.
    pub(super) old: Option<Arc<Stored>>,
    pub(super) guard: FillGuard,
}

impl CacheFill {
    /// Fetches and caches the response. Sends it to the request that started the fetch, if there is
    /// one.
    pub(super) async fn run(mut self, lead: Option<oneshot::Sender<FillResult>>) {
        let flight = Arc::clone(&self.guard.0);
        let store = Arc::clone(&self.here.shared.cache);
        let mut outcome = RequestOutcome::default();
        let hear = |outcome, answered| {
            if let Some(lead) = lead {
                // An error means that the client has disconnected.
                let _ = lead.send(FillResult { outcome, answered });
            }
        };
        let (answer, asked) = self.fetch(&mut outcome).await;
        let received = (self.here.shared.clock)();
        let old = self.old.take();
        if let Some(old) = &old {
            let head = &old.head;
            if answer.status() == StatusCode::NOT_MODIFIED {
                let headers = renewed(&head.headers, answer.headers(), received);
                let headers_of_one = headers.clone();
                if let Some(head) = self.head_to_store(head.status, headers, asked, received) {
                    let whole = store.insert(Arc::new(head), old.body.clone());
                    flight.end(Some((Arc::clone(&whole), How::Renewed)));
                    return hear(outcome, FetchedResponse::Whole(whole, How::Renewed));
                }
                // The target confirms the cached response but no longer permits caching. Only this
                // client gets the response.
                if !self.is_refused_for_cookie_only(head.status, &headers_of_one, received) {
                    store.remove(old);
                }
                flight.end(None);
                let body = Body::full(old.body.clone());
                let answer = body::answer(head.status, headers_of_one, body);
                return hear(outcome, FetchedResponse::NotKept(answer));
            }
            if is_fault(answer.status())
                && head.changes == self.changes
                && head.freshness.stands_in(received)
            {
                let how = How::StandsIn(answer.status().as_u16());
                flight.end(Some((Arc::clone(old), how)));
                outcome.why = "";
                return hear(outcome, FetchedResponse::Whole(Arc::clone(old), how));
            }
        }
        let status = answer.status();
        let is_framed = answer.extensions().get::<Unframed>().is_none();
        let length = answer.body().size_hint().exact();
        let head = is_framed
            .then(|| self.head_to_store(status, answer.headers().clone(), asked, received))
            .flatten();
        let Some((head, room)) =
            head.and_then(|head| Some((Arc::new(head), store.gather(length.unwrap_or(0))?)))
        else {
            if !self.is_refused_for_cookie_only(status, answer.headers(), received) {
                self.forget(old.as_ref(), status, received);
            }
            flight.end(None);
            return hear(outcome, FetchedResponse::NotKept(answer));
        };
        let (parts, body) = answer.into_parts();
        match gather(body, room, length, store.settings().wait).await {
            Ok(bytes) => {
                let whole = store.insert(head, bytes);
                flight.end(Some((Arc::clone(&whole), How::New)));
                hear(outcome, FetchedResponse::Whole(whole, How::New));
            }
            Err(Some(body)) => {
                self.forget(old.as_ref(), status, (self.here.shared.clock)());
                flight.end(None);
                let answer = Answer::from_parts(parts, body);
                hear(outcome, FetchedResponse::NotKept(answer));
            }
            Err(None) => {
                flight.end(None);
                outcome.why = "upstream_closed";
                hear(
                    outcome,
                    FetchedResponse::NotKept(bare(StatusCode::BAD_GATEWAY)),
                );
            }
        }
    }

    /// For a while, requests for the key do not wait for each other. Does nothing after a server
    /// error, because the next response may differ.
    fn forget(&self, old: Option<&Arc<Stored>>, status: StatusCode, now: SystemTime) {
        if status.is_server_error() {
            return;
        }
        let store = &self.here.shared.cache;
        if let Some(old) = old {
            store.remove(old);
        }
        store.pass(&self.key, now);
    }

    /// If so, responses to other requests may be cached.
    fn is_refused_for_cookie_only(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        received: SystemTime,
    ) -> bool {
        let kept = TimedResponse {
            status,
            headers,
            asked: received,
            received,
        };
        self.route.shared_cache.as_ref().is_some_and(|policy| {
            policy.unsaid_to(&self.headers) != policy.unsaid
                && kept.freshness(&policy.unsaid).is_some()
        })
    }

    /// With validators if there is a cached response. Also returns the time of the request.
    async fn fetch(&mut self, outcome: &mut RequestOutcome) -> (Answer, SystemTime) {
        loop {
            let asked_at = (self.here.shared.clock)();
            let mut request = self.request();
            let Ok(path) = NormalPath::parse(self.uri.path()) else {
                return (bare(StatusCode::BAD_REQUEST), asked_at);
            };
            let mut exchange = Exchange {
                here: &self.here,
                peer: None,
                running: &self.running,
                info: &self.info,
                request: &mut request,
                outcome,
            };
            let answer = ask_and_purge(&mut exchange, &self.route, &path).await;
            match &self.old {
                Some(old)
                    if answer.status() == StatusCode::NOT_MODIFIED
                        && !confirms(answer.headers(), &old.head.headers) =>
                {
                    // The 304 is about another version than the cached one, so the cached response
                    // is removed.
                    self.here.shared.cache.remove(old);
                    self.old = None;
                }
                _ => return (answer, asked_at),
            }
        }
    }

    /// For the whole, uncompressed response; conditional only if there is a cached one.
    fn request(&self) -> Request<Body> {
        let mut headers = self.headers.clone();
        for name in [IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_RANGE, RANGE] {
            headers.remove(name);
        }
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(old) = &self.old {
            let kept = &old.head.headers;
            if has_validator(kept) {
                for (validator, condition) in
                    [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)]
                {
                    if let Some(value) = kept.get(validator) {
                        headers.insert(condition, value.clone());
                    }
                }
            }
        }
        let mut request = Request::new(Body::Empty);
        *request.method_mut() = Method::GET;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = headers;
        request
    }

    fn head_to_store(
        &self,
        status: StatusCode,
        headers: HeaderMap,
        asked: SystemTime,
        received: SystemTime,
    ) -> Option<StoredHead> {
        let policy = self.route.shared_cache.as_ref()?;
        let kept = TimedResponse {
            status,
            headers: &headers,
            asked,
            received,
        };
        let freshness = kept.freshness(&policy.unsaid_to(&self.headers))?;
        let mut head = StoredHead::new(
            Arc::clone(&self.key),
            &self.headers,
            status,
            headers,
            freshness,
            self.began,
        );
        head.changes = self.changes;
        Some(head)
    }
}

/// If there is no room for the body or reading takes too long, the error contains the body,
/// including the bytes read so far. If the body ends early, the error is `None`.
async fn gather(
    mut body: Body,
    mut room: Gathering,
    length: Option<u64>,
    wait: Duration,
) -> Result<Bytes, Option<Body>> {
    let deadline = Instant::now() + wait;
    let mut pieces: Vec<Bytes> = Vec::new();
    while let Ok(frame) = timeout_at(deadline, body.frame()).await {
        match frame.transpose() {
            Ok(None) => return Ok(pieces.concat().into()),
            Ok(Some(frame)) => {
                // Trailers are not cached (RFC 9111, section 3.1).
                let Ok(data) = frame.into_data() else {
                    continue;
                };
                let has_room = length.is_some() || room.grow(data.len() as u64);
                pieces.push(data);
                if !has_room {
                    break;
                }
            }
            Err(error) => {
                tracing::debug!(%error, "a response for the cache broke off");
                return Err(None);
            }
        }
    }
    let pieces = pieces.into_iter().map(|piece| Ok(Frame::data(piece)));
    Err(Some(Body::begun(pieces.collect(), body)))
}
