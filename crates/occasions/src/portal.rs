//! What a code opens: everything a household may see of its invitation (§8.1),
//! and nothing else.

use jiff::Timestamp;
use platform::{StoreError, Tx};

use crate::code::CodeKey;
use crate::diet::{self, DietaryOption};
use crate::event::{self, Event};
use crate::household::{self, Household};
use crate::invitation::{self, Invitation};
use crate::occasion::{self, Occasion};
use crate::words::{Access, OccasionStatus, ReplyStatus, Response};

/// A household, its occasion, and what it may do now.
#[derive(Clone, Debug)]
pub struct Portal {
    /// What it is invited to.
    pub occasion: Occasion,
    /// The occasion's events; shown are those in `household.events`.
    pub events: Vec<Event>,
    /// What food needs can be ticked.
    pub diets: Vec<DietaryOption>,
    /// The invitation and everyone on it.
    pub household: Household,
    /// What the household may do.
    pub access: Access,
    /// The instant all this was true.
    pub now: Timestamp,
}

/// Why a code opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum Closed {
    /// Unknown, revoked, or the occasion is in draft: all the same to a guest.
    #[error("no invitation has this code")]
    NotFound,
    /// The occasion is archived.
    #[error("the occasion has ended")]
    Expired,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the portal behind a code.
pub fn open(tx: &mut Tx<'_>, key: &CodeKey) -> Result<Portal, Closed> {
    let invitation = invitation::find_by_code(tx, key)?.ok_or(Closed::NotFound)?;
    let occasion = occasion::load(tx, &invitation.occasion)?;
    if invitation.archived_at.is_some() || occasion.status == OccasionStatus::Draft {
        return Err(Closed::NotFound);
    }
    if occasion.status == OccasionStatus::Archived {
        return Err(Closed::Expired);
    }
    Ok(load(tx, occasion, invitation)?)
}

/// The portal of an invitation, whatever its state: for hosts' previews, and
/// inside a save.
pub fn load(
    tx: &mut Tx<'_>,
    occasion: Occasion,
    invitation: Invitation,
) -> Result<Portal, StoreError> {
    let now = tx.now();
    let events = event::list(tx, &occasion.id)?;
    let diets = if occasion.details.switches.dietary {
        diet::list(tx, &occasion.id)?
    } else {
        Vec::new()
    };
    let access = invitation.access(&occasion, now);
    Ok(Portal {
        household: household::load(tx, invitation)?,
        occasion,
        events,
        diets,
        access,
        now,
    })
}

impl Portal {
    /// The events this household is invited to, in the order they are shown.
    pub fn invited_events(&self) -> impl Iterator<Item = &Event> {
        self.events
            .iter()
            .filter(|event| self.household.events.contains(&event.id))
    }

    /// How much is answered (§1.2).
    pub fn response(&self) -> Response {
        response(
            self.household
                .guests
                .iter()
                .flat_map(|guest| guest.replies.values())
                .map(|reply| self.shown(reply.status)),
        )
    }

    /// A stored status as it counts now: with "not sure" switched off, who was
    /// not sure has not answered.
    pub fn shown(&self, status: ReplyStatus) -> ReplyStatus {
        if status == ReplyStatus::Undecided && !self.occasion.details.switches.undecided {
            return ReplyStatus::Pending;
        }
        status
    }

    /// The instant answers close by themselves, if they do.
    pub fn closes_at(&self) -> Option<Timestamp> {
        self.household.invitation.closes_at(&self.occasion)
    }
}

/// How much of a list of replies is answered.
pub fn response(replies: impl Iterator<Item = ReplyStatus>) -> Response {
    let (mut answered, mut open) = (false, false);
    for status in replies {
        match status {
            ReplyStatus::Pending => open = true,
            ReplyStatus::Undecided => (answered, open) = (true, true),
            ReplyStatus::Yes | ReplyStatus::No | ReplyStatus::Waitlisted => answered = true,
        }
    }
    match (answered, open) {
        (false, _) => Response::Unanswered,
        (true, true) => Response::Partial,
        (true, false) => Response::Complete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_derived_from_the_replies() {
        use ReplyStatus::{No, Pending, Undecided, Waitlisted, Yes};
        for (replies, expected) in [
            (vec![], Response::Unanswered),
            (vec![Pending, Pending], Response::Unanswered),
            (vec![Pending, Yes], Response::Partial),
            (vec![Undecided], Response::Partial),
            (vec![Yes, Undecided], Response::Partial),
            (vec![Yes, No, Waitlisted], Response::Complete),
        ] {
            assert_eq!(response(replies.iter().copied()), expected, "{replies:?}");
        }
    }
}
