//! Why a household's wish was not fulfilled: facts, each with its own
//! code and status.

use platform::StoreError;

use crate::household::Places;
use crate::portal::{Closed, Portal};

/// One field that cannot be saved as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Where (RFC 6901): `/guests/0/name`.
    pub pointer: String,
    /// What is wrong.
    pub code: &'static str,
}

/// Why nothing was saved.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No such code, or the occasion is in draft, or the invitation archived.
    #[error("no invitation has this code")]
    NotFound,
    /// The occasion is archived.
    #[error("the occasion has ended")]
    Expired,
    /// The deadline had come when the change was decided. Carries what says
    /// when that was, and whom to ask.
    #[error("the deadline has passed")]
    DeadlinePassed(Box<Portal>),
    /// A host locked the invitation.
    #[error("the invitation is locked")]
    Locked(Box<Portal>),
    /// The occasion is view-only.
    #[error("the occasion is closed")]
    OccasionClosed(Box<Portal>),
    /// This part is switched off.
    #[error("this part is switched off")]
    FeatureDisabled,
    /// Something else was saved since the household looked. Carries what is
    /// stored now.
    #[error("changed meanwhile")]
    VersionConflict(Box<Portal>),
    /// A change must say which version it has seen.
    #[error("the version is missing")]
    VersionRequired,
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A guest id that is not on this invitation.
    #[error("no such guest on this invitation")]
    GuestNotFound,
    /// A household cannot remove whom the hosts named.
    #[error("a named guest cannot be removed")]
    NamedGuest,
    /// Fields that cannot be saved as sent.
    #[error("{} fields are not right", .0.len())]
    Fields(Vec<FieldError>),
    /// More people than the household may bring.
    #[error("no place is left for another guest")]
    PlusOneLimit(Places),
    /// More children than the household may bring.
    #[error("no place is left for another child")]
    ChildrenLimit(Places),
    /// More than thirty on one invitation.
    #[error("an invitation holds 30 guests")]
    GuestLimit,
    /// Not enough seats for the whole household.
    #[error("{event} has {left} seats left")]
    EventFull {
        /// Key of the event.
        event: String,
        /// Seats that are free.
        left: i64,
    },
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Closed> for Refusal {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::NotFound => Self::NotFound,
            Closed::Expired => Self::Expired,
            Closed::Store(error) => Self::Store(error),
        }
    }
}
