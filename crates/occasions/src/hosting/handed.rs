//! What was sent to households, and how. What hosts hand to another app or to the post is recorded
//! here. The progress of the site's own mail is not: it is read from where the mail is.

use jiff::Timestamp;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use web::words;

use super::mail_text::{self, MailKind};
use super::permissions::{HostOf, Permission};
use super::{Refusal, history, portals, reached};
use crate::id::InvitationId;

platform::id!(HandedId, "A message that a host handed over.");

words! {
    /// How a message reaches a household.
    Channel {
        /// A message that a host sends through WhatsApp.
        WhatsApp = "whatsapp" => "host-channel-whatsapp",
        /// A text message that a host sends.
        Sms = "sms" => "host-channel-sms",
        /// A mail. The site sends it, unless a host has sent it with another program.
        Email = "email" => "host-channel-email",
        /// A printed card.
        Paper = "paper" => "host-channel-paper",
        /// Another way, or one that is not known.
        Other = "other" => "host-channel-other",
    }
}

words! {
    /// What became of a message that a host handed over. What the recipient's app or the post did
    /// with it cannot be known.
    HandedState {
        /// A host has handed it to an app or to the post.
        Handed = "handed",
        /// A card is printed, and not yet handed over.
        Printed = "printed",
        /// A host took it back, because it was not sent after all.
        Withdrawn = "withdrawn",
    }
}

#[derive(Row)]
struct NewHanded {
    id: HandedId,
    invitation: InvitationId,
    kind: MailKind,
    about: String,
    channel: Channel,
    state: HandedState,
}

/// Records that a host handed a message of this kind over. `about` says what it is about, such as
/// the id of an event that was moved; empty if nothing else. An invitation then counts as sent.
pub fn record(
    tx: &mut Tx<'_>,
    host: &HostOf,
    invitation: &InvitationId,
    kind: MailKind,
    about: &str,
    channel: Channel,
) -> Result<(), Refusal> {
    host.needs(Permission::Invite)?;
    let snapshot = portals::lock(tx, host, invitation, None)?;
    let new = NewHanded {
        id: tx.id(),
        invitation: invitation.clone(),
        kind,
        about: about.to_owned(),
        channel,
        state: HandedState::Handed,
    };
    insert(tx, host, &new)?;
    if kind == MailKind::Invitation {
        sql!(
            "UPDATE invitation SET sent_at = :now WHERE id = :invitation AND sent_at IS NULL",
            invitation,
            now = tx.now()
        )
        .run(tx, Rows::AtMostOne)?;
    }
    history::tell_of_invitation(tx, host, &snapshot.household, "edited")?;
    Ok(())
}

/// Records that a card is printed for the household. It has not left yet, so nothing counts as sent.
pub fn print(
    tx: &mut Tx<'_>,
    host: &HostOf,
    invitation: &InvitationId,
    kind: MailKind,
) -> Result<(), Refusal> {
    host.needs(Permission::Invite)?;
    let snapshot = portals::lock(tx, host, invitation, None)?;
    let new = NewHanded {
        id: tx.id(),
        invitation: invitation.clone(),
        kind,
        about: String::new(),
        channel: Channel::Paper,
        state: HandedState::Printed,
    };
    insert(tx, host, &new)?;
    history::tell_of_invitation(tx, host, &snapshot.household, "edited")?;
    Ok(())
}

/// Takes back what hosts recorded last about messages of this kind, because it was not sent after
/// all. Of invitations, that is everything; of news, nothing about a message before the present one.
/// An invitation still counts as sent if a mail of this site left.
pub fn withdraw(
    tx: &mut Tx<'_>,
    host: &HostOf,
    invitation: &InvitationId,
    kind: MailKind,
    about: &str,
) -> Result<(), Refusal> {
    host.needs(Permission::Invite)?;
    let snapshot = portals::lock(tx, host, invitation, None)?;
    let since = match kind {
        MailKind::Invitation => Timestamp::UNIX_EPOCH,
        _ => newest(tx, host, invitation, kind, about)?,
    };
    sql!(
        "UPDATE handed SET state = 'withdrawn'
         WHERE invitation = :invitation AND kind = :kind AND about = :about
           AND state <> 'withdrawn' AND at >= :since",
        invitation,
        kind,
        about,
        since
    )
    .run(tx, Rows::Any)?;
    if kind == MailKind::Invitation {
        sql!(
            "UPDATE invitation SET sent_at =
                 (SELECT MIN(campaign.started_at)
                  FROM campaign_recipient AS recipient
                  JOIN campaign ON campaign.id = recipient.campaign
                  LEFT JOIN mail ON mail.id = recipient.mail
                  WHERE recipient.invitation = :invitation AND campaign.kind = 'invitation'
                    AND recipient.state = 'written' AND COALESCE(mail.state, 'sent') = 'sent'
                    AND mail.mailbox_at IS NULL)
             WHERE id = :invitation",
            invitation
        )
        .run(tx, Rows::Exactly(1))?;
    }
    history::tell_of_invitation(tx, host, &snapshot.household, "edited")?;
    Ok(())
}

/// When hosts last recorded a message of this kind, but not before they began it.
fn newest(
    tx: &mut Tx<'_>,
    host: &HostOf,
    invitation: &InvitationId,
    kind: MailKind,
    about: &str,
) -> Result<Timestamp, StoreError> {
    let begun_at = mail_text::begun_at(tx, host.occasion(), kind)?;
    let (newest,): (Option<Timestamp>,) = sql!(
        "SELECT MAX(at) FROM handed
         WHERE invitation = :invitation AND kind = :kind AND about = :about
           AND state <> 'withdrawn'",
        invitation,
        kind,
        about
    )
    .one(tx)?;
    Ok(newest.unwrap_or(begun_at).max(begun_at))
}

/// How many households have got the message of the hosts' own that they have now.
pub fn with_news(tx: &mut Tx<'_>, host: &HostOf) -> Result<usize, Refusal> {
    host.needs(Permission::See)?;
    let since = mail_text::begun_at(tx, host.occasion(), MailKind::News)?;
    Ok(reached::reached(tx, host.occasion(), MailKind::News.word(), "", since)?.len())
}

fn insert(tx: &mut Tx<'_>, host: &HostOf, new: &NewHanded) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO handed ({NewHanded}, at, account) VALUES ({:NewHanded}, :now, :account)",
        NewHanded = new,
        now = tx.now(),
        account = host.account()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Removes an erased account from what it handed over.
pub(crate) fn forget_account(
    tx: &mut Tx<'_>,
    account: &identity::account::AccountId,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE handed SET account = NULL WHERE account = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
