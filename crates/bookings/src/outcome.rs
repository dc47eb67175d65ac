//! The outcome of a session: it took place, or one side did not come.

use platform::{Rows, StoreError, Tx, sql};

use crate::booking::{self, Booking, Party, State, class_seats, seat};
use crate::order;
use crate::{payout, refund, room, slot, webhook};

web::words! {
    /// The outcome of a session.
    #[schema(as = SessionOutcome)]
    Outcome {
        /// The session took place.
        Completed = "completed" => "outcome-completed",
        /// The member did not come.
        NoShowMember = "no_show_member" => "outcome-no-show-member",
        /// The provider did not come.
        NoShowProvider = "no_show_provider" => "outcome-no-show-provider",
    }
}

impl Outcome {
    pub(crate) fn state(self) -> State {
        match self {
            Self::Completed => State::Completed,
            Self::NoShowMember => State::NoShowMember,
            Self::NoShowProvider => State::NoShowProvider,
        }
    }
}

/// Ends the slot of a session that has begun. The first booking of a class to end does it for all.
fn end_slot(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), StoreError> {
    if booking.is_class {
        slot::lock(tx, booking.slot_id.as_str())?;
        sql!(
            "UPDATE slot SET state = 'completed', version = version + 1
             WHERE id = :id AND state IN ('available', 'unavailable')",
            id = booking.slot_id
        )
        .run(tx, Rows::AtMostOne)?;
        return class_seats::leave_room(tx, booking);
    }
    sql!(
        "UPDATE slot SET state = 'completed', version = version + 1
         WHERE id = :id AND state = 'booked'",
        id = booking.slot_id
    )
    .run(tx, Rows::Exactly(1))?;
    room::release(tx, booking.id.as_str())
}

/// Ends a confirmed booking, or corrects its outcome. Returns `None` if an administrator has
/// already decided about the provider's payout. The caller holds the locks of the order and of the
/// booking.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    booking: &Booking,
    outcome: Outcome,
    by: Option<Party>,
) -> Result<Option<Booking>, StoreError> {
    let was = booking.state;
    let mut booking = booking.clone();
    booking.state = outcome.state();
    booking.outcome_by = by;
    if outcome == Outcome::NoShowProvider {
        seat::give_credits_back(tx, &booking, true)?;
        let order = match &booking.order_id {
            Some(order) => order::find(tx, order)?,
            None => None,
        };
        if let Some(order) = order.filter(order::Order::is_paid) {
            refund::request_of_order(tx, &order, "no_show_provider")?;
        }
    }
    if was == State::Confirmed {
        // If `by` is `None`, the job that completes the session runs this code. A running job must
        // not withdraw itself.
        if by.is_some() {
            booking::withdraw_jobs(tx, &booking)?;
        }
        end_slot(tx, &booking)?;
    }
    seat::follow_outcome(tx, &booking)?;
    booking::save(tx, &mut booking)?;
    if !payout::owe(tx, &booking)? {
        return Ok(None);
    }
    if booking.state == State::Completed && was != State::Completed {
        webhook::tell(tx, &webhook::COMPLETED, &booking)?;
    }
    Ok(Some(booking))
}
