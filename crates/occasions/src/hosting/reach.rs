//! How each household can be reached, and what was sent to it.

use std::collections::HashMap;

use jiff::Timestamp;
use platform::key::Key;
use platform::mail::Address;
use platform::mail::suppression::Blocked;
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use web::Region;

use super::Refusal;
use super::campaign::progress::RecipientState;
use super::handed::{Channel, HandedState};
use super::listing::InvitationRow;
use super::mail_text::MailKind;
use super::permissions::{HostOf, Permission};
use crate::id::InvitationId;
use crate::phone::Phone;

/// What is stored about what was sent to a household.
#[derive(Row)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of one row")]
pub(super) struct Facts {
    pub(super) id: InvitationId,
    pub(super) phone: Option<String>,
    pub(super) own_channel: String,
    pub(super) printed_at: Option<Timestamp>,
    pub(super) reminded_at: Option<Timestamp>,
    pub(super) remind_mail_at: Option<Timestamp>,
    /// Whether all that the household was invited to is cancelled.
    pub(super) is_off: bool,
    /// The states of the mails with the invitation, separated by spaces.
    pub(super) queued: bool,
    pub(super) uncertain: bool,
    pub(super) came_back: bool,
}

/// The channels of the order that the household can take.
pub(super) fn possible(
    order: &[Channel],
    row: &InvitationRow,
    facts: &Facts,
    blocked: &Blocked,
    key: &Key,
    home: Option<Region>,
) -> Vec<Channel> {
    let typed = facts.phone.as_deref().unwrap_or_default();
    let phone = Phone::read(typed, home);
    let has_digits = typed.chars().filter(char::is_ascii_digit).count() > 4;
    let takes_mail = || {
        let address = row.email.as_deref()?.parse::<Address>().ok()?;
        Some(blocked.find(key, &address).is_none())
    };
    let can = |channel: &Channel| match channel {
        Channel::WhatsApp => phone.is_mobile,
        // Where no country is known, a number is dialled as it was typed. A number that the known
        // country does not have would reach a stranger, or nobody.
        Channel::Sms => phone.is_mobile || (phone.e164.is_none() && home.is_none() && has_digits),
        Channel::Email => takes_mail() == Some(true),
        Channel::Paper => true,
        Channel::Other => false,
    };
    order.iter().copied().filter(can).collect()
}

pub(super) fn facts(
    tx: &mut Tx<'_>,
    host: &HostOf,
) -> Result<HashMap<InvitationId, Facts>, StoreError> {
    let found: Vec<Facts> = sql!(
        "SELECT id, phone, channel AS own_channel,
             (SELECT MAX(at) FROM handed WHERE handed.invitation = invitation.id
                  AND handed.kind = 'invitation' AND handed.state = 'printed') AS printed_at,
             (SELECT MAX(at) FROM handed WHERE handed.invitation = invitation.id
                  AND handed.kind = 'reminder' AND handed.state = 'handed') AS reminded_at,
             (SELECT MAX(campaign.started_at) FROM campaign_recipient AS recipient
              JOIN campaign ON campaign.id = recipient.campaign
              WHERE recipient.invitation = invitation.id AND campaign.kind = 'reminder'
                AND recipient.state IN ('queued', 'written')) AS remind_mail_at,
             (EXISTS (SELECT 1 FROM cancelled_invitation AS off
                      WHERE off.invitation = invitation.id)
              AND NOT EXISTS (SELECT 1 FROM invitation_event AS invited
                              WHERE invited.invitation = invitation.id)) AS is_off,
             EXISTS (SELECT 1 FROM campaign_recipient AS recipient
                     JOIN campaign ON campaign.id = recipient.campaign
                     LEFT JOIN mail ON mail.id = recipient.mail
                     WHERE recipient.invitation = invitation.id AND campaign.kind = 'invitation'
                       AND invitation.sent_at IS NULL
                       AND (recipient.state = 'queued'
                            OR (mail.mailbox_at IS NULL
                                AND mail.state IN ('queued', 'sending', 'deferred', 'sent'))))
                 AS queued,
             EXISTS (SELECT 1 FROM campaign_recipient AS recipient
                     JOIN campaign ON campaign.id = recipient.campaign
                     JOIN mail ON mail.id = recipient.mail
                     WHERE recipient.invitation = invitation.id AND campaign.kind = 'invitation'
                       AND invitation.sent_at IS NULL AND mail.state = 'uncertain') AS uncertain,
             EXISTS (SELECT 1 FROM campaign_recipient AS recipient
                     JOIN campaign ON campaign.id = recipient.campaign
                     JOIN mail ON mail.id = recipient.mail
                     WHERE recipient.invitation = invitation.id AND campaign.kind = 'invitation'
                       AND mail.state IN ('bounced', 'failed')) AS came_back
         FROM invitation WHERE occasion = :occasion AND archived_at IS NULL",
        occasion = host.occasion()
    )
    .all(tx)?;
    Ok(found.into_iter().map(|one| (one.id.clone(), one)).collect())
}

/// A message to a household, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Message {
    pub kind: MailKind,
    pub channel: Channel,
    /// What hosts recorded; `None` for a mail of this site.
    pub state: Option<HandedState>,
    /// The progress of a mail of this site.
    pub mail: Option<RecipientState>,
    pub at: Timestamp,
}

/// Lists what was sent to a household, the newest first, without what was taken back.
pub fn of_household(
    tx: &mut Tx<'_>,
    host: &HostOf,
    invitation: &InvitationId,
) -> Result<Vec<Message>, Refusal> {
    host.needs(Permission::See)?;
    Ok(sql!(
        "SELECT kind, channel, state, mail, at FROM
             (SELECT handed.kind, handed.channel, handed.state, CAST(NULL AS TEXT) AS mail,
                  handed.at
              FROM handed JOIN invitation ON invitation.id = handed.invitation
              WHERE handed.invitation = :invitation AND handed.state <> 'withdrawn'
                AND invitation.occasion = :occasion
              UNION ALL
              SELECT campaign.kind, 'email' AS channel, CAST(NULL AS TEXT) AS state,
                  CASE WHEN recipient.state <> 'written' THEN recipient.state
                       WHEN mail.mailbox_at IS NOT NULL THEN 'mailbox'
                       ELSE COALESCE(mail.state, 'sent') END AS mail,
                  campaign.due_at AS at
              FROM campaign_recipient AS recipient
              JOIN campaign ON campaign.id = recipient.campaign
              LEFT JOIN mail ON mail.id = recipient.mail
              WHERE recipient.invitation = :invitation AND campaign.occasion = :occasion
                AND recipient.state <> 'cancelled') AS message
         ORDER BY at DESC, channel LIMIT 20",
        invitation,
        occasion = host.occasion()
    )
    .all(tx)?)
}
