//! Thank-yous for gifts: what a message after the day can name, and whom a message has thanked.

use std::collections::HashSet;

use jiff::Timestamp;
use platform::news::NewNews;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;

use super::mail_text::{self, MailKind};
use super::received_gifts::{self, ReceivedGift};
use super::{HostOf, Refusal, reached};
use crate::gallery;
use crate::id::{InvitationId, OccasionId};
use crate::invitation_snapshot::InvitationSnapshot;

/// What a message to a household can name after the day.
#[derive(Clone, Debug, Default)]
pub struct DayAfter {
    /// The gifts of the household for which it was not thanked yet; if there are none, all its
    /// gifts.
    pub gifts: Vec<ReceivedGift>,
    /// Whether the household sees pictures in the gallery.
    pub has_pictures: bool,
}

impl DayAfter {
    pub fn load(tx: &mut Tx<'_>, snapshot: &InvitationSnapshot) -> Result<Self, StoreError> {
        let mut gifts = of_household(tx, &snapshot.household.invitation.id)?;
        let is_owed = |one: &ReceivedGift| one.thanked_at.is_none();
        if gifts.iter().any(is_owed) {
            gifts.retain(is_owed);
        }
        let has_pictures = snapshot.has_gallery() && !gallery::is_empty(tx, &snapshot.occasion.id)?;
        Ok(Self {
            gifts,
            has_pictures,
        })
    }
}

fn of_household(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
) -> Result<Vec<ReceivedGift>, StoreError> {
    sql!(
        "SELECT {ReceivedGift} FROM received_gift WHERE household = :invitation
         ORDER BY received_on, id",
        invitation
    )
    .all(tx)
}

/// The households that gave a gift for which no thank-you has left or is on its way.
pub(super) fn waiting(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<HashSet<InvitationId>, StoreError> {
    let found: Vec<(InvitationId,)> = sql!(
        "SELECT DISTINCT household FROM received_gift
         WHERE occasion = :occasion AND household IS NOT NULL AND thanked_at IS NULL
           AND NOT EXISTS
             (SELECT 1 FROM campaign_recipient AS recipient
              JOIN campaign ON campaign.id = recipient.campaign
              LEFT JOIN mail ON mail.id = recipient.mail
              WHERE recipient.invitation = received_gift.household
                AND campaign.kind = :thanks
                AND (recipient.state = 'queued'
                     OR mail.state IN ('queued', 'sending', 'deferred', 'uncertain')))",
        occasion,
        thanks = MailKind::Thanks
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// The households that come and have got no thanks.
pub(super) fn coming(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<HashSet<InvitationId>, StoreError> {
    let kind = MailKind::Thanks;
    let since = mail_text::begun_at(tx, occasion, kind)?;
    let thanked = reached::reached(tx, occasion, kind.word(), "", since)?;
    let found: Vec<(InvitationId,)> = sql!(
        "SELECT invitation.id FROM invitation
         WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL
           AND EXISTS (SELECT 1 FROM guest JOIN reply ON reply.guest = guest.id
                       WHERE guest.invitation = invitation.id AND reply.status = 'yes')",
        occasion
    )
    .all(tx)?;
    let found = found.into_iter().map(|(id,)| id);
    Ok(found.filter(|id| !thanked.contains(id)).collect())
}

/// Ticks off that a household was thanked by a message that a host handed over. The caller records
/// the message in the same transaction.
pub(super) fn hand(
    tx: &mut Tx<'_>,
    host: &HostOf,
    invitation: &InvitationId,
) -> Result<(), Refusal> {
    let gifts = of_household(tx, invitation)?.into_iter();
    for gift in gifts.filter(|one| one.thanked_at.is_none()) {
        received_gifts::thank(tx, host, &gift.id, None, true)?;
    }
    Ok(())
}

/// Takes back what [`hand`] ticked off, because the message was not sent after all. What hosts ticked
/// off themselves stays. The caller then takes the message back.
pub(super) fn withdraw(
    tx: &mut Tx<'_>,
    host: &HostOf,
    invitation: &InvitationId,
) -> Result<(), Refusal> {
    let gifts: Vec<ReceivedGift> = sql!(
        "SELECT {ReceivedGift} FROM received_gift
         WHERE household = :invitation AND thanked_at IN
             (SELECT MAX(at) FROM handed WHERE invitation = :invitation AND kind = :thanks
                AND state = 'handed')",
        invitation,
        thanks = MailKind::Thanks
    )
    .all(tx)?;
    for gift in gifts {
        received_gifts::thank(tx, host, &gift.id, None, false)?;
    }
    Ok(())
}

/// Ticks off the gifts of households to which this campaign's mails have left the site, if they were
/// entered before it started.
pub(super) fn note_sent(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    campaign: &str,
    started_at: Timestamp,
) -> Result<(), StoreError> {
    let thanked = sql!(
        "UPDATE received_gift SET thanked_at = :now, version = version + 1
         WHERE thanked_at IS NULL AND created_at <= :started_at AND household IN
             (SELECT invitation FROM campaign_recipient
              JOIN mail ON mail.id = campaign_recipient.mail
              WHERE campaign_recipient.campaign = :campaign AND mail.state = 'sent'
                AND mail.mailbox_at IS NULL)",
        campaign,
        started_at,
        now = tx.now()
    )
    .run(tx, Rows::Any)?;
    if thanked == 0 {
        return Ok(());
    }
    tx.publish(NewNews {
        scope: occasion.to_string(),
        name: "occasion",
        payload: json!({"id": occasion, "what": "gifts"}),
    })
}
