//! Why a request to an upstream failed.

use std::time::Duration;

use http::StatusCode;
use http1::BadAnswer;
use rustix::io::Errno;

use crate::body::BodyError;

const RETRY_AFTER_NO_MEMORY: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Upstream,
    Us,
}

#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// No server was ready, and none became ready in time.
    #[error("no server of the upstream is ready; look at `kenduri ps`, or start the program there")]
    NoneReady {
        /// The value of `Retry-After`.
        retry_after: Duration,
    },
    /// No server accepted a connection.
    #[error("cannot connect to the upstream: {0}; start the program there, or correct the address")]
    Connect(#[source] std::io::Error),
    #[error("connecting to the upstream took too long; check its address and the firewall")]
    ConnectTime,
    /// The first byte of the response did not arrive in time.
    #[error("the upstream did not answer in time; make it faster, or raise first_byte_time")]
    FirstByteTime,
    /// The server stopped reading the request body.
    #[error("the upstream stopped reading the request; look into its log")]
    SendTime,
    /// The server closed the connection before or within the head of its response.
    #[error("the upstream closed the connection instead of answering: {0}; look into its log")]
    Closed(#[source] BodyError),
    /// The response is not valid HTTP (RFC 9112).
    #[error(
        "the upstream's response is not valid HTTP; check that the address leads to its HTTP port"
    )]
    Garbled(#[source] BadAnswer),
    /// The framing of the response is ambiguous (RFC 9112, section 6.3).
    #[error(
        "the upstream's response says its length twice, or in an unknown encoding; correct the program there"
    )]
    Framing,
    /// The server switched protocols although the client had not requested a switch, or switched to
    /// a protocol that the client had not requested.
    #[error("the upstream switched to a protocol that nobody asked for; correct the program there")]
    Upgrade,
    /// The client's request body ended early, was too slow or was too large. The source error says
    /// which of these happened.
    #[error("the client's body broke off")]
    Body(#[source] BodyError),
    /// The client stopped sending its request body.
    #[error("the client stopped sending its body")]
    BodyTime,
    /// Others needed the memory that the client's body held.
    #[error("the client's body came slowly, and its memory was needed for others")]
    BodyGivenUp,
    #[error("the memory for bodies was full for too long; raise proxy.buffer_memory")]
    BufferFull,
    /// The request cannot be converted into a valid request to this upstream.
    #[error("the request cannot be forwarded; please report this")]
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
    pub fn side(&self) -> Side {
        match self {
            Self::Body(_) | Self::BodyTime | Self::BodyGivenUp => Side::Client,
            Self::BufferFull | Self::Request => Side::Us,
            _ => Side::Upstream,
        }
    }

    /// Whether this machine lacks what a connection needs, such as a file descriptor or a port. This
    /// says nothing about the server.
    pub(super) fn is_local(&self) -> bool {
        const LACKS: [Errno; 5] = [
            Errno::MFILE,
            Errno::NFILE,
            Errno::ADDRNOTAVAIL,
            Errno::NOMEM,
            Errno::NOBUFS,
        ];
        let Self::Connect(error) = self else {
            return false;
        };
        let code = error.raw_os_error();
        code.is_some_and(|code| LACKS.iter().any(|lack| lack.raw_os_error() == code))
    }

    /// The status of the response to the client (RFC 9110, section 15).
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
            Self::BodyTime | Self::BodyGivenUp => StatusCode::REQUEST_TIMEOUT,
            Self::Request => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The `Retry-After` of the response to the client; `None` if the response needs none.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoneReady { retry_after } => Some(*retry_after),
            Self::BufferFull => Some(RETRY_AFTER_NO_MEMORY),
            _ => None,
        }
    }

    /// A stable identifier for logs.
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
            Self::BodyGivenUp => "client_body_given_up",
            Self::BufferFull => "buffer_full",
            Self::Request => "request",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The server sent nothing for too long.
    #[error("the upstream stopped sending its response; look into its log")]
    IdleTime,
    /// The server closed the connection within the body, or the body is not valid HTTP.
    #[error("the upstream's response broke off; look into its log")]
    Broken(#[source] BodyError),
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_this_machine_lacks_is_no_fault_of_a_server() {
        for (error, is_local) in [
            (Errno::MFILE, true),
            (Errno::ADDRNOTAVAIL, true),
            (Errno::CONNREFUSED, false),
            (Errno::CONNRESET, false),
            (Errno::NOENT, false),
        ] {
            let error = io::Error::from(error);
            let failure = ProxyError::Connect(error);
            assert_eq!(failure.is_local(), is_local, "{failure:?}");
        }
        assert!(!ProxyError::ConnectTime.is_local());
    }
}
