//! Requests to another service's JSON API. Connections are kept for later requests. An error says
//! whether the request may have reached the server. If so, repeating the request may have a second
//! effect.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use super::{Answer, LONGEST_ANSWER, Outbound, OutboundError, Outgoing, Reach, Target, unread};

/// How long an unused connection is kept.
const KEPT: Duration = Duration::from_secs(20);
const KEPT_EACH: usize = 4;

#[derive(Clone, Debug)]
pub struct JsonCall<'a> {
    pub method: Method,
    pub url: &'a str,
    pub reach: Reach,
    pub headers: &'a [(&'static str, String)],
    pub body: CallBody<'a>,
    /// The timeout of the whole request.
    pub within: Duration,
}

#[derive(Clone, Copy, Debug)]
pub enum CallBody<'a> {
    None,
    Json(&'a Value),
    /// Fields in the encoding of HTML forms.
    Form(&'a str),
}

impl CallBody<'_> {
    fn media_type(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Json(_) => Some("application/json"),
            Self::Form(_) => Some("application/x-www-form-urlencoded"),
        }
    }

    fn text(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Json(value) => value.to_string(),
            Self::Form(fields) => fields.to_owned(),
        }
    }
}

/// The reason why a request has no response.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The server cannot have received the request, so repeating it is safe.
    #[error("the request was not sent: {0}")]
    NotSent(#[source] OutboundError),
    /// The server may have received the request and acted on it.
    #[error("the request may have arrived, but its response did not: {0}")]
    Unanswered(#[source] OutboundError),
}

impl CallError {
    /// Whether the server may have acted on the request.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Unanswered(_))
    }
}

impl Answer {
    /// The body, read as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

type Sender = SendRequest<Full<Bytes>>;
/// Scheme, host and port, and whether the server may be in a private network.
type Server = (String, bool);
/// Unused connections, each with the time of its last use.
type Unused = Vec<(Sender, Instant)>;

/// The unused connections. A connection is reused only for requests with the same reach, because it
/// may lead to a network that is forbidden to other requests.
#[derive(Default)]
pub(super) struct Connections(Mutex<HashMap<Server, Unused>>);

impl Connections {
    fn take(&self, server: &Server) -> Option<Sender> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unused = all.get_mut(server)?;
        let open =
            |(sender, since): &(Sender, Instant)| !sender.is_closed() && since.elapsed() < KEPT;
        unused.retain(open);
        unused.pop().map(|(sender, _)| sender)
    }

    fn keep(&self, server: Server, sender: Sender) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unused = all.entry(server).or_default();
        if unused.len() < KEPT_EACH {
            unused.push((sender, Instant::now()));
        }
    }
}

impl Outbound {
    /// Sends a request to a JSON API, and reads a response of up to 256 KiB with any status.
    pub async fn call_json(&self, call: JsonCall<'_>) -> Result<Answer, CallError> {
        let until = Instant::now() + call.within;
        let target = Target::of(call.url, call.reach).map_err(CallError::NotSent)?;
        let request = Outgoing {
            method: call.method,
            media_type: call.body.media_type(),
            headers: call.headers,
            body: call.body.text().into(),
            read_up_to: None,
        };
        let request = request.build(&target.uri, &target.authority);
        let mut request = request.map_err(CallError::NotSent)?;
        let server = (target.origin(), call.reach == Reach::Private);
        // The server may have closed a kept connection. The client notices this before it writes
        // the request, so it can try another connection.
        while let Some(mut sender) = self.0.connections.take(&server) {
            if !matches!(timeout_at(until, sender.ready()).await, Ok(Ok(()))) {
                continue;
            }
            match timeout_at(until, sender.try_send_request(request)).await {
                Ok(Ok(response)) => return self.read(until, server, sender, response).await,
                Ok(Err(mut error)) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(CallError::Unanswered(error.into_error().into())),
                },
                Err(_) => return Err(CallError::Unanswered(OutboundError::Slow)),
            }
        }
        let opening = timeout_at(until, self.open(&target, call.reach)).await;
        let opening = opening.unwrap_or(Err(OutboundError::Slow));
        let mut sender = opening.map_err(CallError::NotSent)?;
        match timeout_at(until, sender.try_send_request(request)).await {
            Ok(Ok(response)) => self.read(until, server, sender, response).await,
            Ok(Err(mut error)) => {
                let is_unsent = error.take_message().is_some();
                let error = OutboundError::Http(error.into_error());
                Err(if is_unsent {
                    CallError::NotSent(error)
                } else {
                    CallError::Unanswered(error)
                })
            }
            Err(_) => Err(CallError::Unanswered(OutboundError::Slow)),
        }
    }

    async fn read(
        &self,
        until: Instant,
        server: Server,
        sender: Sender,
        response: http::Response<Incoming>,
    ) -> Result<Answer, CallError> {
        let status: StatusCode = response.status();
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect();
        let body = match timeout_at(until, body).await {
            Ok(body) => body.map_err(|error| CallError::Unanswered(unread(error)))?,
            Err(_) => return Err(CallError::Unanswered(OutboundError::Slow)),
        };
        self.0.connections.keep(server, sender);
        let body = body.to_bytes();
        Ok(Answer {
            status,
            body,
            etag: None,
            date: None,
        })
    }

    async fn open(&self, target: &Target, reach: Reach) -> Result<Sender, OutboundError> {
        let stream = self.connect(&target.host, target.port, reach).await?;
        if !target.is_tls {
            return handshake(stream).await;
        }
        let name = ServerName::try_from(target.host.clone());
        let name = name.map_err(|_| OutboundError::Refused)?;
        handshake(self.0.tls.connect(name, stream).await?).await
    }
}

/// The connection stays open until its sender is dropped or the server closes it.
async fn handshake<S>(stream: S) -> Result<Sender, OutboundError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection): (Sender, _) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}
