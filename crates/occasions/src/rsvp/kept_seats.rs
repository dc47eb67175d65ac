//! Seats that guests keep while they are asked again, because an event has moved: until answers close
//! for their household, or the event begins.

use platform::{Rows, Store, StoreError, Tx, sql};

use super::waitlist;
use crate::event;
use crate::id::OccasionId;

/// Frees the seats of guests who have not answered in time.
pub(crate) async fn release_due(store: &Store) -> Result<(), StoreError> {
    for occasion in store.read(due).await? {
        store.write(move |tx| release(tx, &occasion)).await?;
    }
    Ok(())
}

fn due(tx: &mut Tx<'_>) -> Result<Vec<OccasionId>, StoreError> {
    let found: Vec<(OccasionId,)> = sql!(
        "SELECT DISTINCT invitation.occasion FROM reply
         JOIN guest ON guest.id = reply.guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE reply.seat_until IS NOT NULL
           AND (reply.seat_until <= :now OR invitation.closed_noted_for IS NOT NULL)
         ORDER BY invitation.occasion",
        now = tx.now()
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

fn release(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    event::lock_limited(tx, occasion)?;
    sql!(
        "UPDATE reply SET seat_until = NULL
         WHERE seat_until IS NOT NULL
           AND event IN (SELECT id FROM event WHERE occasion = :occasion)
           AND (seat_until <= :now
                OR guest IN (SELECT guest.id FROM guest
                             JOIN invitation ON invitation.id = guest.invitation
                             WHERE invitation.occasion = :occasion
                               AND invitation.closed_noted_for IS NOT NULL))",
        now = tx.now(),
        occasion
    )
    .run(tx, Rows::Any)?;
    waitlist::recount_seats(tx, occasion)
}
