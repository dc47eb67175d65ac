//! Reviews in a call: the document is reviewed in a session that its member has booked.

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::{Rows, StoreError, Tx, sql};
use web::{MailMessages, Site};

use super::{Review, ReviewState, ask, tell};
use crate::booking::{self, Booking, BookingId, Part, State};
use crate::order::OrderMode;
use crate::{credit, membership, provider, settings};

/// Whether an account may have documents reviewed in a call, by its membership or by its credits.
pub(crate) fn is_allowed(
    tx: &mut Tx<'_>,
    account: &AccountId,
    mode: OrderMode,
) -> Result<bool, StoreError> {
    Ok(membership::allows_calls(tx, account, mode)? || credit::allows_calls(tx, account, mode)?)
}

/// Locks the booking with this id, if there is one.
pub(super) fn lock(tx: &mut Tx<'_>, id: &str) -> Result<Option<Booking>, StoreError> {
    match id.parse::<BookingId>() {
        Ok(id) => Ok(booking::lock(tx, &id)?.map(|(_, booking)| booking)),
        Err(_) => Ok(None),
    }
}

/// Whether a booking is one of the member's confirmed future sessions, and has exactly this length.
pub(super) fn suits(booking: &Booking, member: &AccountId, minutes: i64, now: Timestamp) -> bool {
    booking.member_id.as_ref() == Some(member)
        && booking.state == State::Confirmed
        && booking.starts_at > now
        && booking.ends_at.duration_since(booking.starts_at) == SignedDuration::from_mins(minutes)
}

/// Lists a member's bookings in which a document can be reviewed, soonest first.
pub(crate) fn bookings(tx: &mut Tx<'_>, member: &AccountId) -> Result<Vec<Booking>, StoreError> {
    let minutes = settings::load(tx)?.review_call_minutes;
    let now = tx.roughly_now();
    let mut free = Vec::new();
    for one in booking::list(tx, member, false, &Part::whole())? {
        if suits(&one, member, minutes, now) && review_of(tx, &one.id)?.is_none() {
            free.push(one);
        }
    }
    Ok(free)
}

/// Finds the review that takes place in the session of a booking, unless the review was cancelled.
pub(crate) fn review_of(
    tx: &mut Tx<'_>,
    booking: &BookingId,
) -> Result<Option<Review>, StoreError> {
    sql!(
        "SELECT {Review} FROM review WHERE booking_id = :booking AND state <> 'cancelled'",
        booking
    )
    .maybe(tx)
}

/// Whether a review that is not completed takes place in the session of a booking. If so, the
/// booking can only be moved to a slot of the same length.
pub(crate) fn is_open(tx: &mut Tx<'_>, booking: &BookingId) -> Result<bool, StoreError> {
    let review = review_of(tx, booking)?;
    Ok(review.as_ref().is_some_and(Review::is_open))
}

/// Turns the open review of a booking that is being cancelled into a written review, and notifies
/// its member. If no provider has taken the review, any provider may take it from now on. The
/// caller holds the booking's lock.
pub(crate) fn end(tx: &mut Tx<'_>, site: &Site, booking: &BookingId) -> Result<(), StoreError> {
    let found: Option<Review> = sql!(
        "SELECT {Review} FROM review WHERE booking_id = :booking
             AND state IN ('pending', 'in_review') FOR NO KEY UPDATE",
        booking
    )
    .maybe(tx)?;
    let Some(mut review) = found else {
        return Ok(());
    };
    review.booking_id = None;
    let mut told = review.member_id.clone().into_iter().collect::<Vec<_>>();
    if review.state == ReviewState::Pending {
        review.reviewer_id = None;
        ask(tx, site, &review)?;
    } else if let Some(reviewer) = &review.reviewer_id {
        told.extend(provider::account_of(tx, reviewer)?);
    }
    sql!(
        "UPDATE review SET {Review = :Review} WHERE id = :id",
        Review = review,
        id = review.id
    )
    .run(tx, Rows::Exactly(1))?;
    for account in told {
        let messages = MailMessages {
            subject: "review-notice-written",
            text: "review-said-written",
        };
        tell(tx, site, &account, messages, &review)?;
    }
    Ok(())
}
