//! Limits on an occasion's invitations and guests.

use platform::{Tx, sql};

use crate::id::OccasionId;
use crate::refusal::Refusal;

/// The maximum number of invitations in an occasion, including archived ones.
pub const INVITATIONS: i64 = 5_000;
/// The maximum number of guests in an occasion.
pub const GUESTS: i64 = 20_000;

/// Checks that the occasion has room for one more invitation with `people` guests. The caller must
/// hold the occasion's lock.
pub fn check_invitation(
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

/// Checks that the occasion has room for `more` guests. The caller must hold the occasion's lock.
pub fn check_guests(tx: &mut Tx<'_>, occasion: &OccasionId, more: usize) -> Result<(), Refusal> {
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
