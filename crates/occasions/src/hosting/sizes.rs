//! Counts an occasion's invitations and guests. Every page shows these numbers in its navigation.

use platform::{StoreError, Tx, sql};

use super::permissions::HostOf;

/// The numbers of invitations and guests. Archived invitations are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    pub invitations: i64,
    /// Invitations that nobody has sent yet.
    pub unsent: i64,
    pub guests: i64,
}

pub fn load(tx: &mut Tx<'_>, host: &HostOf) -> Result<Sizes, StoreError> {
    let (invitations, unsent): (i64, i64) = sql!(
        "SELECT COUNT(*),
             COUNT(CASE WHEN i.sent_at IS NULL AND o.invitation IS NULL THEN 1 END)
         FROM invitation i LEFT JOIN open_answer o ON o.invitation = i.id
         WHERE i.occasion = :occasion AND i.archived_at IS NULL",
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
        unsent,
        guests,
    })
}
