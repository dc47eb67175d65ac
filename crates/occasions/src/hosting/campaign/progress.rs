//! The progress of a campaign, as totals and for each recipient.

use std::collections::BTreeMap;

use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;
use web::words;

use super::{CampaignId, load};
use crate::hosting::{HostOf, Refusal};
use crate::id::InvitationId;

/// The number of mails in each state. A state without mails is left out.
pub type Counts = BTreeMap<String, i64>;

words! {
    /// The progress of a campaign's mail to one recipient.
    RecipientState {
        /// Waiting in the queue.
        Queued = "queued" => "host-mail-queued",
        /// The mail is being passed to the mail server.
        Sending = "sending" => "host-mail-sending",
        /// The mail server accepted the mail.
        Sent = "sent" => "host-mail-sent",
        /// The site has no mail server, so the mail stays in its mailbox. It can be sent later.
        Mailbox = "mailbox" => "host-mail-mailbox",
        /// The mail server asked Kenduri to try again later.
        Deferred = "deferred" => "host-mail-deferred",
        Bounced = "bounced" => "host-mail-bounced",
        Failed = "failed" => "host-mail-failed",
        /// The email address is on the suppression list.
        Suppressed = "suppressed" => "host-mail-suppressed",
        /// Kenduri was killed while it sent the mail, so nobody knows whether the mail was sent. It
        /// is not sent again.
        Uncertain = "uncertain" => "host-mail-uncertain",
        /// The mail is not sent. `reason` says why.
        Skipped = "skipped" => "host-mail-skipped",
        /// The campaign was cancelled before this mail was sent.
        Cancelled = "cancelled" => "host-mail-cancelled",
    }
}

words! {
    /// Why a household gets no mail of a campaign.
    #[schema(as = SkipReason)]
    Skip {
        /// The household has no address.
        NoAddress = "no_address" => "host-skip-no-address",
        /// The household has unsubscribed.
        Unsubscribed = "unsubscribed" => "host-skip-unsubscribed",
        /// A mail to the address bounced or was marked as spam.
        Bounced = "bounced" => "host-skip-bounced",
        /// The household has answered, so it is not reminded.
        Answered = "answered" => "host-skip-answered",
        /// The household can no longer answer.
        Closed = "closed" => "host-skip-closed",
        /// The invitation is archived.
        Archived = "archived" => "host-skip-archived",
    }
}

/// A recipient of a campaign.
#[derive(Row, Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CampaignRecipient)]
pub struct Recipient {
    /// The recipient's position in the order in which the mails are sent.
    pub place: i64,
    /// The invitation's id.
    pub invitation: InvitationId,
    /// The household's name; empty if the invitation was deleted.
    pub household: String,
    /// The name of the guest to whose own address the mail goes; null if the mail goes to the
    /// household's address.
    pub guest: Option<String>,
    /// The progress of the recipient's mail.
    pub state: RecipientState,
    /// The reason why the recipient gets no mail.
    pub reason: Option<Skip>,
    /// The mail server's last response.
    pub answer: Option<String>,
}

pub(super) fn count(tx: &mut Tx<'_>, id: &CampaignId) -> Result<Counts, StoreError> {
    let counted: Vec<(RecipientState, i64)> = sql!(
        "SELECT CASE WHEN recipient.state <> 'written' THEN recipient.state
                     WHEN mail.mailbox_at IS NOT NULL THEN 'mailbox'
                     ELSE COALESCE(mail.state, 'sent') END AS state, COUNT(*)
         FROM campaign_recipient AS recipient LEFT JOIN mail ON mail.id = recipient.mail
         WHERE recipient.campaign = :id GROUP BY 1",
        id
    )
    .all(tx)?;
    let counted = counted.into_iter();
    Ok(counted
        .map(|(state, n)| (state.word().to_owned(), n))
        .collect())
}

/// Returns up to `limit` recipients of a campaign, beginning after the position `after`. If `state`
/// is set, returns only recipients in this state.
pub fn recipients(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &CampaignId,
    state: Option<RecipientState>,
    after: i64,
    limit: i64,
) -> Result<Vec<Recipient>, Refusal> {
    load(tx, host, id)?;
    let wanted = state.map_or("", RecipientState::word);
    Ok(sql!(
        "SELECT {Recipient} FROM
             (SELECT recipient.place, recipient.invitation, recipient.reason, mail.answer,
                  COALESCE(invitation.household, '') AS household, guest.name AS guest,
                  CASE WHEN recipient.state <> 'written' THEN recipient.state
                       WHEN mail.mailbox_at IS NOT NULL THEN 'mailbox'
                       ELSE COALESCE(mail.state, 'sent') END AS state
              FROM campaign_recipient AS recipient
              LEFT JOIN mail ON mail.id = recipient.mail
              LEFT JOIN invitation ON invitation.id = recipient.invitation
              LEFT JOIN guest ON guest.id = recipient.guest
              WHERE recipient.campaign = :id AND recipient.place > :after) AS found
         WHERE :wanted = '' OR state = :wanted ORDER BY place LIMIT :limit",
        id,
        after,
        wanted,
        limit
    )
    .all(tx)?)
}
