//! Counts an occasion's invitations and guests, and those that are still to be sent or answered. All
//! pages and lists take these numbers from here; the rows of [`super::sending`] add up to them.

use platform::{StoreError, Tx, sql};

use super::permissions::HostOf;
use crate::id::OccasionId;

/// The numbers of invitations and guests. Archived invitations are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    pub invitations: i64,
    /// Invitations that are still to be sent: as [`super::sending::Sending::unsent`].
    pub unsent: i64,
    pub guests: i64,
}

pub fn load(tx: &mut Tx<'_>, host: &HostOf) -> Result<Sizes, StoreError> {
    let (invitations, unsent): (i64, i64) = sql!(
        "SELECT COUNT(*),
             COUNT(CASE WHEN i.sent_at IS NULL AND i.last_opened_at IS NULL
                             AND o.invitation IS NULL
                             AND NOT (EXISTS (SELECT 1 FROM cancelled_invitation AS off
                                              WHERE off.invitation = i.id)
                                      AND NOT EXISTS (SELECT 1 FROM invitation_event AS invited
                                                      WHERE invited.invitation = i.id))
                        THEN 1 END)
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

/// Counts the households that have their invitation and have not answered everything: as
/// [`super::sending::Sending::owing`].
pub(super) fn owing(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<i64, StoreError> {
    let (owing,): (i64,) = sql!(
        "SELECT COUNT(*)
         FROM invitation AS i LEFT JOIN open_answer AS o ON o.invitation = i.id
         WHERE i.occasion = :occasion AND i.archived_at IS NULL
           AND (i.sent_at IS NOT NULL OR i.last_opened_at IS NOT NULL OR o.invitation IS NOT NULL)
           AND EXISTS (SELECT 1 FROM guest JOIN reply ON reply.guest = guest.id
                       WHERE guest.invitation = i.id
                         AND reply.status IN ('pending', 'undecided'))",
        occasion
    )
    .one(tx)?;
    Ok(owing)
}
