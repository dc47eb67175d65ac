//! When a name's certificate is ordered, as a function of what is known of it.
//!
//! No clock is read and no die thrown here. Whatever the instants are, also after
//! a clock was set back, the answer is an instant that will come.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The first wait after a failure; it doubles from there. Five failures within an hour are what
/// the largest authority allows for a name.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(1);
/// The longest wait while there is no certificate at all.
const LONGEST_WAIT_WITHOUT: SignedDuration = SignedDuration::from_hours(1);
/// The longest wait while there is one.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);
/// The shortest wait.
const SHORTEST_WAIT: SignedDuration = SignedDuration::from_secs(1);
/// What an authority may ask us to wait at most, and never for more than a tenth of the life of
/// the certificate there is: it cannot silence us until that dies.
pub(super) const LONGEST_ASKED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The longest until the authority is asked again when to renew (RFC 9773, section 4.3.2).
pub(super) const LONGEST_UNASKED: SignedDuration = SignedDuration::from_hours(24);
/// No certificate is replaced sooner than this after it came, whatever the authority suggests.
const REST: SignedDuration = SignedDuration::from_hours(1);
/// How long before its end a certificate that should have been renewed is spoken of.
const LOUD: SignedDuration = SignedDuration::from_hours(14 * 24);

/// From when until when a certificate is good.
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

    /// When a certificate that is still there is worth an error in the log: 14 days before its
    /// end, or, if it lives so short that its renewal comes later than that, half-way from
    /// renewal to the end.
    pub(crate) fn is_loud(self, now: Timestamp) -> bool {
        let left = self.length() / 3;
        let before = if left > LOUD { LOUD } else { left / 2 };
        now >= later(self.until, -before)
    }

    /// Whole days until the end, none after it.
    pub(crate) fn days_left(self, now: Timestamp) -> i64 {
        (self.until.duration_since(now).as_hours() / 24).max(0)
    }
}

/// When the authority would like a certificate to be replaced (RFC 9773, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

/// Orders that failed since the last that did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// When the last one did.
    pub last: Timestamp,
    /// What was wrong with it.
    pub why: String,
    /// How long the authority asked us to wait, in seconds (`Retry-After`).
    pub asked_to_wait: i64,
}

/// A number for each certificate that spreads what many would do at one instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Jitter(pub(super) u16);

impl Jitter {
    fn of(self, whole: SignedDuration) -> SignedDuration {
        share(whole, i128::from(self.0), i128::from(u16::MAX))
    }
}

/// All that the time of the next step depends on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known<'a> {
    /// The certificate there is.
    pub(super) life: Option<Life>,
    /// When it came.
    pub(super) issued: Option<Timestamp>,
    /// When the authority would like it to be replaced, if it said.
    pub(super) window: Option<Window>,
    /// When to ask it that again.
    pub(super) ask: Option<Timestamp>,
    /// What went wrong.
    pub(super) failures: Option<&'a Failures>,
    /// This certificate's own.
    pub(super) jitter: Jitter,
}

/// What is done next for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Its certificate is ordered, or replaced.
    Order,
    /// The authority is asked when it would like the certificate to be replaced.
    Ask,
}

/// What is done next, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// What.
    pub action: Action,
    /// When; past instants mean at once.
    pub at: Timestamp,
}

/// What is done next for a name, and when.
pub(super) fn next(known: &Known<'_>, now: Timestamp) -> Next {
    let mut order = known.life.map_or(now, |life| renewal(life, known));
    if let (Some(life), Some(issued)) = (known.life, known.issued) {
        // Else a window that lies in the past would order again and again.
        let rest = share(life.length(), 1, 10).clamp(SHORTEST_WAIT, REST);
        order = order.max(later(issued.min(now), rest));
    }
    if let Some(failures) = known.failures {
        let wait = wait(failures, known.life, known.jitter);
        // A failure that lies ahead is one from before the clock was set back.
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

/// When to replace a certificate with which nothing went wrong: a point of the window, else when
/// two thirds of its life are over; never when less than a tenth is left.
fn renewal(life: Life, known: &Known<'_>) -> Timestamp {
    let length = life.length();
    let wanted = match known.window {
        Some(Window { start, end }) if start < end => {
            later(start, known.jitter.of(end.duration_since(start)))
        }
        _ => later(life.from, share(length, 2, 3)),
    };
    wanted.min(later(life.until, -share(length, 1, 10)))
}

/// How long to wait after failures.
fn wait(failures: &Failures, life: Option<Life>, jitter: Jitter) -> SignedDuration {
    let longest = life.map_or(LONGEST_WAIT_WITHOUT, |life| {
        share(life.length(), 1, 10).clamp(SHORTEST_WAIT, LONGEST_WAIT)
    });
    let doubled = failures.count.saturating_sub(1).min(16);
    let full = FIRST_WAIT.saturating_mul(1 << doubled).min(longest);
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

/// The instant so much later, or the last one there is.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(if by.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests;
