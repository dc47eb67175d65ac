//! How much there is of an occasion, counted without looking at any of it: the
//! numbers beside the sections of every page.

use platform::{StoreError, Tx, sql};

use super::permissions::HostOf;

/// How many there are, archived invitations and their guests left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Households.
    pub invitations: i64,
    /// People.
    pub guests: i64,
}

/// Counts.
pub fn load(tx: &mut Tx<'_>, host: &HostOf) -> Result<Sizes, StoreError> {
    let (invitations,): (i64,) = sql!(
        "SELECT COUNT(*) FROM invitation WHERE occasion = :occasion AND archived_at IS NULL",
        occasion = host.occasion()
    )
    .one(tx)?;
    let (guests,): (i64,) = sql!(
        "SELECT COUNT(*) FROM guest JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL",
        occasion = host.occasion()
    )
    .one(tx)?;
    Ok(Sizes {
        invitations,
        guests,
    })
}
