//! The events about which the two sides of a booking are notified.

use jiff::Timestamp;

/// An event about which the member and the provider are notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The session will take place.
    Confirmed,
    /// The session was moved to another time. It would have begun then.
    Moved(Timestamp),
    /// The link of the session was replaced.
    LinkReplaced,
    /// The provider changed the note that the member sees after booking.
    NoteChanged,
    Cancelled,
    /// The member gave back so many of the seats of a class, and keeps others.
    SeatsCancelled(i64),
    /// The member added so many seats of a class.
    SeatsAdded(i64),
    /// A booking was cancelled before it was paid. The member may not know the provider yet.
    HoldCancelled,
    /// The session takes place soon.
    Reminder,
}

impl Event {
    /// The message ids of the subject, of the first sentence, and of the notification.
    pub(super) fn messages(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Confirmed => (
                "booking-mail-confirmed",
                "booking-said-confirmed",
                "booking-notice-confirmed",
            ),
            Self::Moved(_) => (
                "booking-mail-moved",
                "booking-said-moved",
                "booking-notice-moved",
            ),
            Self::LinkReplaced => (
                "booking-mail-link",
                "booking-said-link",
                "booking-notice-link",
            ),
            Self::NoteChanged => (
                "booking-mail-note",
                "booking-said-note",
                "booking-notice-note",
            ),
            Self::Cancelled => (
                "booking-mail-cancelled",
                "booking-said-cancelled",
                "booking-notice-cancelled",
            ),
            Self::SeatsCancelled(_) => (
                "booking-mail-seats-cancelled",
                "booking-said-seats-cancelled",
                "booking-notice-seats-cancelled",
            ),
            Self::SeatsAdded(_) => (
                "booking-mail-seats-added",
                "booking-said-seats-added",
                "booking-notice-seats-added",
            ),
            Self::HoldCancelled => (
                "booking-mail-cancelled",
                "booking-said-hold-cancelled",
                "booking-notice-cancelled",
            ),
            Self::Reminder => (
                "booking-mail-reminder",
                "booking-said-reminder",
                "booking-notice-reminder",
            ),
        }
    }

    /// How many seats were given back or added.
    pub(super) fn seats(self) -> i64 {
        match self {
            Self::SeatsCancelled(seats) | Self::SeatsAdded(seats) => seats,
            _ => 0,
        }
    }

    pub(super) fn changes_calendar(self) -> bool {
        !matches!(
            self,
            Self::Reminder | Self::NoteChanged | Self::SeatsCancelled(_) | Self::SeatsAdded(_)
        )
    }

    pub(super) fn is_cancelled(self) -> bool {
        matches!(self, Self::Cancelled | Self::HoldCancelled)
    }
}
