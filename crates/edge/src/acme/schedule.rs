//! Decides when the next step for a name's certificate is due. All functions are pure.
//!
//! The current time and the jitter are parameters. The next step always becomes due, even if the
//! clock was set back.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Doubles with each failure. Let's Encrypt permits five failures per name and hour.
const FIRST_RETRY_DELAY: SignedDuration = SignedDuration::from_mins(1);
const MAX_RETRY_DELAY_WITHOUT_CERTIFICATE: SignedDuration = SignedDuration::from_hours(1);
const MAX_RETRY_DELAY_WITH_CERTIFICATE: SignedDuration = SignedDuration::from_hours(24);
/// The minimum delay after failures, and between a certificate's issue and its renewal.
const SHORTEST_WAIT: SignedDuration = SignedDuration::from_secs(1);
/// The maximum delay that an authority may request. For a name with a certificate, the delay is
/// also limited to a tenth of the certificate's lifetime, so the authority cannot delay the renewal
/// until the certificate expires.
pub(super) const LONGEST_ASKED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The maximum delay until the client requests the certificate's renewal window again (RFC 9773,
/// section 4.3.2).
pub(super) const LONGEST_UNASKED: SignedDuration = SignedDuration::from_hours(24);
/// Whatever window the authority suggests.
const MIN_TIME_TO_RENEWAL: SignedDuration = SignedDuration::from_hours(1);
/// An overdue renewal is logged as an error in this period before the certificate expires.
const LOUD: SignedDuration = SignedDuration::from_hours(14 * 24);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

impl Life {
    fn length(self) -> SignedDuration {
        self.until
            .duration_since(self.from)
            .max(SignedDuration::ZERO)
    }

    /// Whether a failed renewal is logged as an error. Errors begin 14 days before the certificate
    /// expires. If a third of its lifetime is no longer than 14 days, errors begin when a sixth of
    /// the lifetime is left.
    pub(crate) fn is_loud(self, now: Timestamp) -> bool {
        let left = self.length() / 3;
        let before = if left > LOUD { LOUD } else { left / 2 };
        now >= later(self.until, -before)
    }

    /// Whole days until the certificate expires; 0 if it has expired.
    pub(crate) fn days_left(self, now: Timestamp) -> i64 {
        (self.until.duration_since(now).as_hours() / 24).max(0)
    }
}

/// The renewal window that the authority suggests for a certificate (RFC 9773, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    pub count: u32,
    pub last: Timestamp,
    pub why: String,
    /// How long the authority asked the client to wait, in seconds (`Retry-After`).
    pub asked_to_wait: i64,
}

/// A random number for each name. It spreads requests that would otherwise be sent at the same
/// time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Jitter(pub(super) u16);

impl Jitter {
    fn of(self, whole: SignedDuration) -> SignedDuration {
        share(whole, i128::from(self.0), i128::from(u16::MAX))
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RenewalState<'a> {
    pub(super) life: Option<Life>,
    pub(super) issued: Option<Timestamp>,
    pub(super) window: Option<Window>,
    /// The time at which the client should request the renewal window again.
    pub(super) ask: Option<Timestamp>,
    pub(super) failures: Option<&'a Failures>,
    pub(super) jitter: Jitter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Order,
    Ask,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    pub action: Action,
    /// When the step is due. A time in the past means now.
    pub at: Timestamp,
}

pub(super) fn next(known: &RenewalState<'_>, now: Timestamp) -> Next {
    let mut order = known.life.map_or(now, |life| renewal(life, known));
    if let (Some(life), Some(issued)) = (known.life, known.issued) {
        // Without this minimum, a renewal window in the past would cause endless orders.
        let rest = share(life.length(), 1, 10).clamp(SHORTEST_WAIT, MIN_TIME_TO_RENEWAL);
        order = order.max(later(issued.min(now), rest));
    }
    if let Some(failures) = known.failures {
        let wait = wait(failures, known.life, known.jitter);
        // If the clock was set back after the failure, the failure lies in the future. The current
        // time is then used instead.
        order = order.max(later(failures.last.min(now), wait));
    }
    let ask = known.ask.map(|at| at.min(later(now, LONGEST_UNASKED)));
    match (known.life, ask) {
        (Some(_), Some(at)) if at < order && order > now => Next {
            action: Action::Ask,
            at,
        },
        _ => Next {
            action: Action::Order,
            at: order,
        },
    }
}

/// A random time in the renewal window or, without a window, two thirds into the lifetime; always
/// before its last tenth.
fn renewal(life: Life, known: &RenewalState<'_>) -> Timestamp {
    let length = life.length();
    let wanted = match known.window {
        Some(Window { start, end }) if start < end => {
            later(start, known.jitter.of(end.duration_since(start)))
        }
        _ => later(life.from, share(length, 2, 3)),
    };
    wanted.min(later(life.until, -share(length, 1, 10)))
}

fn wait(failures: &Failures, life: Option<Life>, jitter: Jitter) -> SignedDuration {
    let longest = life.map_or(MAX_RETRY_DELAY_WITHOUT_CERTIFICATE, |life| {
        share(life.length(), 1, 10).clamp(SHORTEST_WAIT, MAX_RETRY_DELAY_WITH_CERTIFICATE)
    });
    let doubled = failures.count.saturating_sub(1).min(16);
    let full = FIRST_RETRY_DELAY.saturating_mul(1 << doubled).min(longest);
    let three_quarters = share(full, 3, 4);
    let own = three_quarters + jitter.of(full - three_quarters);
    let patience = life.map_or(LONGEST_ASKED, |life| {
        share(life.length(), 1, 10).min(LONGEST_ASKED)
    });
    let asked = SignedDuration::from_secs(failures.asked_to_wait).min(patience);
    own.max(asked).max(SHORTEST_WAIT)
}

fn share(whole: SignedDuration, part: i128, of: i128) -> SignedDuration {
    let millis = whole.as_millis() * part / of;
    SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Adds `by` to `at`. The result is limited to the representable times.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(if by.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests;
