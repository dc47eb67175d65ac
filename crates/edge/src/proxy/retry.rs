//! Decides whether and where a request that got no response is sent again.
//!
//! A request that changes nothing is sent to another server too. Without that, each rolling update
//! and each killed instance would cost some client a 502.

use http::Method;

use super::error::ProxyError;

/// Why a request has no response, and whether it can be retried.
pub(super) struct Failure {
    pub(super) error: ProxyError,
    pub(super) left: RetryState,
}

/// How far the sending of a failed request may have progressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryState {
    /// The request is intact. No byte of it was sent.
    Unbegun,
    /// The request is intact, and the server has not read all of it. The server's kernel has reset
    /// the connection, as a kernel does if a connection is closed with unread bytes (RFC 9293,
    /// section 3.6.1).
    Unread,
    /// The request is intact. The server may have read it, but no byte of a response has arrived.
    Untouched,
    /// The request cannot be retried. Part of its body was sent, part of a response has arrived, or
    /// the request has timed out.
    Nothing,
}

/// How often a request may be sent (RFC 9110, section 9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Idempotency {
    /// The request changes nothing. It may be sent to any server any number of times.
    Safe,
    /// Repeating the request has no further effect. It may be sent to the same server again.
    Idempotent,
    /// The request may be sent once.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryTarget {
    /// The same server, over a new connection.
    Same,
    /// Any other ready server.
    Other,
    /// One other server, but not a third one, because some requests crash every server.
    Second,
}

impl Idempotency {
    /// A request with a body is never repeated, because its body can be read only once.
    pub(super) fn of(method: &Method, is_bodiless: bool) -> Self {
        if !is_bodiless {
            Self::Never
        } else if method.is_safe() {
            Self::Safe
        } else if method.is_idempotent() {
            Self::Idempotent
        } else {
            Self::Never
        }
    }
}

impl RetryState {
    /// Whether the server may have begun to process the request.
    pub(super) fn may_be_begun(self) -> bool {
        self != Self::Unbegun
    }

    /// Returns where to repeat the request; `None` if it must not be repeated. `was_begun` means
    /// that an earlier server may have begun to process the request.
    pub(super) fn next(
        self,
        repeats: Idempotency,
        was_reused: bool,
        was_begun: bool,
    ) -> Option<RetryTarget> {
        let may_be_begun = was_begun || self.may_be_begun();
        match self {
            Self::Nothing => None,
            _ if may_be_begun && repeats == Idempotency::Never => None,
            _ if was_reused => Some(RetryTarget::Same),
            _ if may_be_begun && repeats == Idempotency::Idempotent => None,
            Self::Unbegun | Self::Unread => Some(RetryTarget::Other),
            Self::Untouched => Some(RetryTarget::Second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [RetryState; 4] = [
        RetryState::Unbegun,
        RetryState::Unread,
        RetryState::Untouched,
        RetryState::Nothing,
    ];

    #[test]
    fn what_may_have_begun_is_asked_no_oftener_than_it_may() {
        let same = Some(RetryTarget::Same);
        let (other, second) = (Some(RetryTarget::Other), Some(RetryTarget::Second));
        for (repeats, was_reused, expected) in [
            (Idempotency::Safe, true, [same, same, same, None]),
            (Idempotency::Safe, false, [other, other, second, None]),
            (Idempotency::Idempotent, true, [same, same, same, None]),
            (Idempotency::Idempotent, false, [other, None, None, None]),
            (Idempotency::Never, true, [same, None, None, None]),
            (Idempotency::Never, false, [other, None, None, None]),
        ] {
            let next = KINDS.map(|left| left.next(repeats, was_reused, false));
            assert_eq!(next, expected, "{repeats:?} {was_reused}");
        }
    }

    #[test]
    fn what_one_server_may_have_begun_no_other_one_does() {
        let fresh = |repeats| KINDS.map(|left| left.next(repeats, false, true));
        assert_eq!(fresh(Idempotency::Idempotent), [None; 4]);
        assert_eq!(fresh(Idempotency::Never), [None; 4]);
        let safe = KINDS.map(|left| left.next(Idempotency::Safe, false, false));
        assert_eq!(fresh(Idempotency::Safe), safe);
    }

    #[test]
    fn only_what_changes_nothing_more_may_be_asked_again() {
        for (method, is_bodiless, repeats) in [
            (Method::GET, true, Idempotency::Safe),
            (Method::HEAD, true, Idempotency::Safe),
            (Method::PUT, true, Idempotency::Idempotent),
            (Method::DELETE, true, Idempotency::Idempotent),
            (Method::POST, true, Idempotency::Never),
            (Method::PATCH, true, Idempotency::Never),
            (Method::GET, false, Idempotency::Never),
            (Method::PUT, false, Idempotency::Never),
        ] {
            assert_eq!(Idempotency::of(&method, is_bodiless), repeats, "{method}");
        }
    }
}
