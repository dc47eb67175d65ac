//! How many invitations and guests an occasion holds.

use platform::{Tx, sql};

use crate::id::OccasionId;
use crate::refusal::Refusal;

/// How many invitations an occasion has at most, archived ones included.
pub(crate) const INVITATIONS: i64 = 5_000;
/// How many guests an occasion has at most.
pub(crate) const GUESTS: i64 = 20_000;

/// Whether an occasion whose lock is held has room for one more invitation with `people` guests.
pub(crate) fn check_invitation(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    people: usize,
) -> Result<(), Refusal> {
    let (invitations,): (i64,) = sql!(
        "SELECT COUNT(*) FROM invitation WHERE occasion = :occasion",
        occasion
    )
    .one(tx)?;
    if invitations >= INVITATIONS {
        return Err(Refusal::LimitReached(INVITATIONS));
    }
    check_guests(tx, occasion, people)
}

/// Whether an occasion whose lock is held has room for `more` guests.
pub(crate) fn check_guests(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    more: usize,
) -> Result<(), Refusal> {
    let (there,): (i64,) = tx.one(
        sql!(
            "SELECT COUNT(*) FROM guest JOIN invitation ON invitation.id = guest.invitation
             WHERE invitation.occasion = $1"
        ),
        &[occasion],
    )?;
    if there + i64::try_from(more).unwrap_or(i64::MAX) > GUESTS {
        return Err(Refusal::LimitReached(GUESTS));
    }
    Ok(())
}
