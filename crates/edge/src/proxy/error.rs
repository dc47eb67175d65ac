//! Why an upstream's answer could not be given.

use std::time::Duration;

use http::StatusCode;
use http1::BadAnswer;

use crate::body::BodyError;

/// When a client may come back whose body there was no memory for.
const BUFFER_RETRY: Duration = Duration::from_secs(10);

/// Whose doing a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who asked.
    Client,
    /// Who was to answer.
    Upstream,
    /// This program.
    Us,
}

/// Why an upstream's answer could not be given.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// No server was ready, and none became so.
    #[error("no server of the upstream is ready")]
    NoneReady {
        /// When it is worth another try.
        retry_after: Duration,
    },
    /// No server took a connection.
    #[error("the upstream takes no connection")]
    Connect(#[source] std::io::Error),
    /// A connection took too long.
    #[error("connecting to the upstream took too long")]
    ConnectTime,
    /// The first byte of an answer did not come in time.
    #[error("the upstream did not answer in time")]
    FirstByteTime,
    /// The upstream stopped taking the request's body.
    #[error("the upstream stopped reading the request")]
    SendTime,
    /// The connection ended before an answer had begun, or in its head.
    #[error("the upstream closed the connection instead of answering")]
    Closed(#[source] BodyError),
    /// What came is no answer (RFC 9112).
    #[error("the upstream's answer is no HTTP")]
    Garbled(#[source] BadAnswer),
    /// The framing of an answer can be read in two ways (RFC 9112, section 6.3).
    #[error("the upstream's answer has an ambiguous length")]
    Framing,
    /// Protocols were switched without a request for it, or to another one.
    #[error("the upstream's upgrade is not the one asked for")]
    Upgrade,
    /// The client's body broke off, was too slow or too large; the source says which.
    #[error("the client's body ended before its end")]
    Body(#[source] BodyError),
    /// The client stopped sending its body.
    #[error("the client stopped sending its body")]
    BodyTime,
    /// There was no memory to read the client's body into.
    #[error("the memory for bodies (proxy.buffer_memory) was in use for too long")]
    BufferFull,
    /// The request cannot be written for this upstream.
    #[error("the request cannot be forwarded")]
    Request,
}

impl From<BadAnswer> for ProxyError {
    fn from(bad: BadAnswer) -> Self {
        match bad {
            BadAnswer::Head => Self::Garbled(bad),
            BadAnswer::Framing => Self::Framing,
            BadAnswer::Body => Self::Closed(bad.into()),
        }
    }
}

impl ProxyError {
    /// Whose doing it is.
    pub fn side(&self) -> Side {
        match self {
            Self::Body(_) | Self::BodyTime => Side::Client,
            Self::BufferFull | Self::Request => Side::Us,
            _ => Side::Upstream,
        }
    }

    /// What the client is told (RFC 9110, section 15).
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoneReady { .. } | Self::BufferFull => StatusCode::SERVICE_UNAVAILABLE,
            Self::ConnectTime | Self::FirstByteTime | Self::SendTime => StatusCode::GATEWAY_TIMEOUT,
            Self::Connect(_)
            | Self::Closed(_)
            | Self::Garbled(_)
            | Self::Framing
            | Self::Upgrade => StatusCode::BAD_GATEWAY,
            Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::BodyTime => StatusCode::REQUEST_TIMEOUT,
            Self::Request => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// `Retry-After`, when it is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoneReady { retry_after } => Some(*retry_after),
            Self::BufferFull => Some(BUFFER_RETRY),
            _ => None,
        }
    }

    /// A word for the log, the same for ever.
    pub fn why(&self) -> &'static str {
        match self {
            Self::NoneReady { .. } => "upstream_not_ready",
            Self::Connect(_) => "upstream_connect",
            Self::ConnectTime => "upstream_connect_time",
            Self::FirstByteTime => "upstream_first_byte_time",
            Self::SendTime => "upstream_send_time",
            Self::Closed(_) => "upstream_closed",
            Self::Garbled(_) => "upstream_garbled",
            Self::Framing => "upstream_framing",
            Self::Upgrade => "upstream_upgrade",
            Self::Body(_) => "client_body",
            Self::BodyTime => "client_body_time",
            Self::BufferFull => "buffer_full",
            Self::Request => "request",
        }
    }
}

/// Why the body of an answer broke off.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The upstream sent nothing for too long.
    #[error("the upstream stopped sending its answer")]
    IdleTime,
    /// The connection ended in the middle, or what came is no HTTP.
    #[error("the upstream's answer broke off")]
    Broken(#[source] BodyError),
}
