//! The decision of a machine that follows, when it takes over by itself. It has no input or output.
//!
//! The holder acknowledges nothing once its last renewal is [`VALID`](super::contender::VALID) old.
//! A watcher that has seen the same lease for [`EXPIRY`] therefore knows that nothing is
//! acknowledged any more. It measures by the clock of the place and by its own, and takes the
//! shorter time, so that neither clock alone can be wrong to anybody's loss. If the place was away
//! from the watcher, it may have been away from the holder too, which goes on as soon as it is back.
//! So the watcher begins anew.

use std::time::Duration;

use super::contender::EXPIRY;

/// Between two readings, at most. Otherwise, the watcher begins anew.
const MAX_GAP: Duration = Duration::from_secs(15);

/// The lease at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// `None` if there is no lease.
    pub(crate) found: Option<FoundLease>,
    /// `None` if the place does not say what time it is.
    pub(crate) at: Option<Moment>,
}

#[derive(Clone, Debug)]
pub(crate) struct FoundLease {
    pub(crate) tag: String,
    /// `None` if the lease cannot be read.
    pub(crate) holder: Option<FoundHolder>,
}

/// What the lease says of its holder.
#[derive(Clone, Debug)]
pub(crate) struct FoundHolder {
    pub(crate) host: String,
    /// It acknowledges nothing without the lease.
    pub(crate) stops: bool,
    pub(crate) is_released: bool,
    /// It is the watcher itself, whose take-over was not completed.
    pub(crate) is_own: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// By the clock of the place.
    pub(crate) there: Duration,
    /// By the watcher's own clock, since the machine was started.
    pub(crate) here: Duration,
}

/// Whether a machine that follows takes over by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The other machine has renewed its lease lately, or this is not known.
    Wait,
    TakeOver {
        /// Of the lease that has expired.
        tag: String,
    },
    /// Only an order lets this machine take over.
    ByOrder(Obstacle),
}

/// Why a machine does not take over by itself, however long the lease does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The machine of this name would go on answering.
    GoesOn(String),
    /// The machine of this name has given the lease back.
    Ended(String),
    /// There is no lease, or it cannot be read.
    NoLease,
    /// The place does not say what time it is.
    NoClock,
}

#[derive(Debug, Default)]
pub(crate) struct Watch(Option<Seen>);

#[derive(Debug)]
struct Seen {
    tag: String,
    first: Moment,
    last: Moment,
}

impl Watch {
    pub(crate) fn judge(&mut self, reading: Reading) -> Verdict {
        let Reading { found, at } = reading;
        let Some(FoundLease {
            tag,
            holder: Some(holder),
        }) = found
        else {
            self.0 = None;
            return Verdict::ByOrder(Obstacle::NoLease);
        };
        if holder.is_own {
            return Verdict::TakeOver { tag };
        }
        let Some(at) = at else {
            self.0 = None;
            return Verdict::ByOrder(Obstacle::NoClock);
        };
        let first = match self.0.take() {
            Some(seen) if seen.tag == tag && seen.last.until(at) <= MAX_GAP => seen.first,
            _ => at,
        };
        self.0 = Some(Seen {
            tag: tag.clone(),
            first,
            last: at,
        });
        if holder.is_released {
            return Verdict::ByOrder(Obstacle::Ended(holder.host));
        }
        if !holder.stops {
            return Verdict::ByOrder(Obstacle::GoesOn(holder.host));
        }
        let there = at.there.saturating_sub(first.there);
        let here = at.here.saturating_sub(first.here);
        if there.min(here) >= EXPIRY {
            Verdict::TakeOver { tag }
        } else {
            Verdict::Wait
        }
    }
}

impl Moment {
    /// The longer time of the two clocks.
    fn until(self, later: Self) -> Duration {
        let there = later.there.saturating_sub(self.there);
        there.max(later.here.saturating_sub(self.here))
    }
}

#[cfg(test)]
mod tests;
