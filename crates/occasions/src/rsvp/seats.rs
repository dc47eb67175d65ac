//! Checks and takes seats at events with a limited number of seats, when answers are saved.

use platform::{StoreError, Tx};

use crate::event::{self, Seats};
use crate::guest::Guest;
use crate::id::EventId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::refusal::Refusal;
use crate::words::ReplyStatus;

/// Checks whether the events have enough seats for a save. The household gets either all the seats
/// that it needs or none. Seats that it already has stay, even if the hosts have lowered the limit.
pub(crate) fn check_seats(portal: &InvitationSnapshot, after: &[Guest]) -> Result<(), Refusal> {
    for event in portal.events.iter() {
        let Some(left) = portal.seats_left(event) else {
            continue;
        };
        let wanted = coming(after, &event.id) - coming(&portal.household.guests, &event.id);
        if wanted > left {
            return Err(Refusal::EventFull {
                event: event.key.clone(),
                left,
            });
        }
    }
    Ok(())
}

/// Takes and frees seats while holding the locks of the events. Updates the counts in `portal`.
pub(crate) fn seat(
    tx: &mut Tx<'_>,
    portal: &mut InvitationSnapshot,
    after: &[Guest],
    seats: Seats,
) -> Result<(), StoreError> {
    for event in portal.events.iter() {
        let more = coming(after, &event.id) - coming(&portal.household.guests, &event.id);
        if event.capacity.is_none() || more == 0 {
            continue;
        }
        let taken = portal.seats_taken.entry(event.id.clone()).or_default();
        if portal.household.invitation.is_unapproved {
            event::take_unapproved_seats(tx, &event.id, more, seats)?;
            taken.unapproved += more;
        } else {
            event::take_seats(tx, &event.id, more, seats)?;
            taken.confirmed += more;
        }
    }
    Ok(())
}

fn coming(guests: &[Guest], event: &EventId) -> i64 {
    let yes = guests
        .iter()
        .filter_map(|guest| guest.replies.get(event))
        .filter(|reply| reply.status == ReplyStatus::Yes)
        .count();
    i64::try_from(yes).unwrap_or(i64::MAX)
}
