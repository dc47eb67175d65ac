//! Which households have got a message of one kind, handed over or by mail.

use std::collections::HashSet;

use jiff::Timestamp;
use platform::{StoreError, Tx, sql};

use crate::id::{InvitationId, OccasionId};

/// The households that have got a message of this kind since then, by any way. A mail that failed,
/// came back or never left the site has reached nobody.
pub(super) fn reached(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    kind: &str,
    about: &str,
    since: Timestamp,
) -> Result<HashSet<InvitationId>, StoreError> {
    let found: Vec<(InvitationId,)> = sql!(
        "SELECT handed.invitation FROM handed JOIN invitation ON invitation.id = handed.invitation
         WHERE invitation.occasion = :occasion AND handed.kind = :kind AND handed.about = :about
           AND handed.state = 'handed' AND handed.at >= :since
         UNION
         SELECT recipient.invitation FROM campaign
         JOIN campaign_recipient AS recipient ON recipient.campaign = campaign.id
         LEFT JOIN mail ON mail.id = recipient.mail
         WHERE campaign.occasion = :occasion AND campaign.kind = :kind AND campaign.about = :about
           AND campaign.created_at >= :since AND recipient.state IN ('queued', 'written')
           AND mail.mailbox_at IS NULL
           AND COALESCE(mail.state, 'sent') NOT IN ('failed', 'bounced', 'suppressed')",
        occasion,
        kind,
        about,
        since
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Whether a household got a message of this kind before then, or a mail of this kind was ordered.
pub(super) fn is_any_before(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    kind: &str,
    about: &str,
    before: Timestamp,
) -> Result<bool, StoreError> {
    let (found,): (i64,) = sql!(
        "SELECT (SELECT COUNT(*) FROM handed
                 JOIN invitation ON invitation.id = handed.invitation
                 WHERE invitation.occasion = :occasion AND handed.kind = :kind
                   AND handed.about = :about AND handed.state = 'handed' AND handed.at < :before)
              + (SELECT COUNT(*) FROM campaign
                 WHERE occasion = :occasion AND kind = :kind AND about = :about
                   AND created_at < :before) AS found",
        occasion,
        kind,
        about,
        before
    )
    .one(tx)?;
    Ok(found > 0)
}
