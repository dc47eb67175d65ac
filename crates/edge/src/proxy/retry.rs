//! What becomes of a request that a server did not answer.

use http::Method;

use super::error::ProxyError;

/// Why a request got no answer, and what is left of it.
pub(super) struct Failure {
    pub(super) error: ProxyError,
    pub(super) left: RetryState,
}

/// What is left of a request that got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryState {
    /// It is as it was, and nothing of it was sent.
    Unbegun,
    /// It is as it was, and the server has not read all of it, if any: systems reset what
    /// is closed with bytes unread, and end what is closed without (RFC 9293, section
    /// 3.6.1).
    Unread,
    /// It is as it was. Perhaps the server has read it; not a byte came back.
    Untouched,
    /// Some of its body was sent, a byte came back, or its time is over.
    Nothing,
}

/// How often a request may be begun (RFC 9110, section 9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Idempotency {
    /// As often as one likes, and anywhere: it changes nothing.
    Safe,
    /// Again where it was begun: it changes no more than it has changed there.
    Idempotent,
    /// Once.
    Never,
}

/// Where a request is asked next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Of the same server, on another connection: it was the connection that was gone.
    Same,
    /// Of any other that is ready.
    Other,
    /// Of one other, and then of none: some requests are the end of every server they
    /// meet.
    Second,
}

impl Idempotency {
    /// A body is read but once.
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
    /// Whether a server may have begun with it.
    pub(super) fn may_be_begun(self) -> bool {
        self != Self::Unbegun
    }

    /// Where it is asked next. None: nowhere, for nobody knows what became of it.
    ///
    /// `was_begun`: a server before this one may have begun with it.
    pub(super) fn next(
        self,
        repeats: Idempotency,
        was_reused: bool,
        was_begun: bool,
    ) -> Option<Next> {
        let may_be_begun = was_begun || self.may_be_begun();
        match self {
            Self::Nothing => None,
            _ if may_be_begun && repeats == Idempotency::Never => None,
            _ if was_reused => Some(Next::Same),
            _ if may_be_begun && repeats == Idempotency::Idempotent => None,
            Self::Unbegun | Self::Unread => Some(Next::Other),
            Self::Untouched => Some(Next::Second),
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
        let same = Some(Next::Same);
        let (other, second) = (Some(Next::Other), Some(Next::Second));
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
