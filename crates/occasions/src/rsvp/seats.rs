//! Checks and takes seats at events with limited seats, as part of a save.

use platform::{StoreError, Tx};

use crate::event::{self, Seats};
use crate::guest::Guest;
use crate::id::EventId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::refusal::Refusal;
use crate::words::ReplyStatus;

/// Checks the seats for a save. The household gets all the seats that it needs or none. Seats that
/// it already has stay, even if the limit was lowered.
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

/// Takes and frees seats under the locks of their events, and updates the portal's counts.
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
