//! What stands in the way of sending. One function finds it. The pages and JSON show it, and what
//! sends asks it.

use platform::Tx;
use platform::mail::sender_domain;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Site, words};

use super::handed::Channel;
use super::mail_text::MailKind;
use super::permissions::HostOf;
use super::{Refusal, member_occasions, occasions};
use crate::own_domain;
use crate::words::OccasionStatus;

words! {
    /// Why a message does not reach guests, or why hosts should think twice.
    ObstacleKind {
        /// Links begin with an address that only this machine or its network can open.
        PrivateAddress = "private_address" => "host-block-address",
        /// The occasion is archived.
        Archived = "archived" => "host-block-archived",
        /// The site has no mail server, so no mail leaves it.
        NoMailServer = "no_mail_server" => "host-block-mailbox",
        /// DNS lacks records of the domain from which the site sends mail.
        Unverified = "unverified" => "host-block-dns",
        /// The site's administrators have not allowed this occasion to send mail.
        NotAllowed = "not_allowed" => "host-block-member",
        /// The occasion has sent as many mails as it may in 24 hours.
        MailsUsedUp = "mails_used_up" => "host-block-used-up",
        /// The occasion is a draft, so guests cannot open their links yet.
        Draft = "draft" => "host-block-draft",
        /// The occasion is closed: guests can read, and not answer.
        Closed = "closed" => "host-block-closed",
        /// The occasion's own host name is not served yet, so links begin with the site's address.
        OwnDomain = "own_domain" => "host-block-own-domain",
        /// Hosts have not written the message yet that this channel needs.
        NoText = "no_text" => "host-block-no-text",
    }
}

impl ObstacleKind {
    /// Whether messages of this kind cannot be sent through this channel.
    pub fn blocks(self, channel: Channel, kind: MailKind) -> bool {
        match self {
            Self::PrivateAddress | Self::Archived => true,
            Self::NoMailServer
            | Self::Unverified
            | Self::NotAllowed
            | Self::MailsUsedUp
            | Self::Draft => channel == Channel::Email,
            Self::Closed => kind == MailKind::Reminder,
            // It depends on the message, not on the occasion.
            Self::OwnDomain | Self::NoText => false,
        }
    }

    /// Whether hosts are asked before they send through this channel.
    pub fn asks(self, channel: Channel, kind: MailKind) -> bool {
        matches!(self, Self::Draft | Self::OwnDomain) && !self.blocks(channel, kind)
    }

    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::Archived | Self::Draft => Refusal::NotPublished,
            Self::NotAllowed => Refusal::MailNotAllowed,
            Self::Unverified => Refusal::SenderUnverified,
            other => Refusal::SendingOff(other.word()),
        }
    }
}

/// Everything that stands in the way, the worst first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Obstacles(pub Vec<ObstacleKind>);

impl Obstacles {
    /// Finds what stands in the way of sending anything to the occasion's guests.
    pub fn find(tx: &mut Tx<'_>, site: &Site, host: &HostOf) -> Result<Self, Refusal> {
        let occasion = occasions::load(tx, host)?;
        let id = host.occasion();
        let is_waiting = own_domain::ALLOWED.of(&site.declared.settings)
            && own_domain::find(tx, id)?.is_some_and(|one| one.verified_at.is_none());
        let is_allowed = member_occasions::sends_mail(tx, id)?;
        let is_used_up = is_allowed && member_occasions::mails_left(tx, id)? == Some(0);
        let has_mail = site.settings.has_mail;
        let is_unverified = has_mail && sender_domain::is_unverified(tx)?;
        let all = [
            (
                ObstacleKind::PrivateAddress,
                own_domain::is_private(tx, site, id)?,
            ),
            (
                ObstacleKind::Archived,
                occasion.status == OccasionStatus::Archived,
            ),
            (ObstacleKind::NoMailServer, !has_mail),
            (ObstacleKind::Unverified, is_unverified),
            (ObstacleKind::NotAllowed, !is_allowed),
            (ObstacleKind::MailsUsedUp, is_used_up),
            (
                ObstacleKind::Draft,
                occasion.status == OccasionStatus::Draft,
            ),
            (
                ObstacleKind::Closed,
                occasion.status == OccasionStatus::Closed,
            ),
            (ObstacleKind::OwnDomain, is_waiting),
        ];
        let found = all.into_iter().filter(|(_, is_there)| *is_there);
        Ok(Self(found.map(|(kind, _)| kind).collect()))
    }

    /// The first that makes it impossible to send messages of this kind through this channel.
    pub fn blocking(&self, channel: Channel, kind: MailKind) -> Option<ObstacleKind> {
        self.0.iter().copied().find(|one| one.blocks(channel, kind))
    }

    /// The first about which hosts are asked before they send.
    pub fn asking(&self, channel: Channel, kind: MailKind) -> Option<ObstacleKind> {
        self.0.iter().copied().find(|one| one.asks(channel, kind))
    }
}

/// Refuses to send messages of this kind through this channel if something stands in the way. What
/// hosts are only asked about stands in the way unless they were asked.
pub fn check(
    tx: &mut Tx<'_>,
    site: &Site,
    host: &HostOf,
    channel: Channel,
    kind: MailKind,
    was_asked: bool,
) -> Result<(), Refusal> {
    let all = Obstacles::find(tx, site, host)?;
    let asking = all.asking(channel, kind).filter(|_| !was_asked);
    match all.blocking(channel, kind).or(asking) {
        Some(obstacle) => Err(obstacle.refusal()),
        None => Ok(()),
    }
}

/// What makes it impossible to order a campaign. Where no mail leaves the site, one does no harm: its
/// mails stay in the mailbox, do not count as sent, and can be sent later.
pub fn of_campaign(
    tx: &mut Tx<'_>,
    site: &Site,
    host: &HostOf,
    kind: MailKind,
) -> Result<Option<ObstacleKind>, Refusal> {
    let has_mail = site.settings.has_mail;
    let is_harmless = |one: &ObstacleKind| {
        !has_mail
            && matches!(
                one,
                ObstacleKind::PrivateAddress | ObstacleKind::NoMailServer
            )
    };
    let all = Obstacles::find(tx, site, host)?.0.into_iter();
    let mut blocking = all.filter(|one| one.blocks(Channel::Email, kind) && !is_harmless(one));
    Ok(blocking.next())
}

/// Refuses to order a campaign or to go on with it if [`of_campaign`] finds anything.
pub fn check_campaign(
    tx: &mut Tx<'_>,
    site: &Site,
    host: &HostOf,
    kind: MailKind,
) -> Result<(), Refusal> {
    match of_campaign(tx, site, host, kind)? {
        Some(obstacle) => Err(obstacle.refusal()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_obstacle_switches_off_what_it_spoils_and_nothing_else() {
        use ObstacleKind::{
            Archived, Closed, Draft, MailsUsedUp, NoMailServer, NotAllowed, OwnDomain,
            PrivateAddress, Unverified,
        };
        let (invitation, reminder) = (MailKind::Invitation, MailKind::Reminder);
        for kind in [PrivateAddress, Archived] {
            for channel in Channel::ALL {
                assert!(kind.blocks(*channel, invitation), "{kind:?} {channel:?}");
            }
        }
        for kind in [NoMailServer, Unverified, NotAllowed, MailsUsedUp, Draft] {
            for channel in Channel::ALL {
                let is_mail = *channel == Channel::Email;
                assert_eq!(kind.blocks(*channel, invitation), is_mail, "{kind:?}");
            }
        }
        assert!(Closed.blocks(Channel::Sms, reminder));
        assert!(!Closed.blocks(Channel::Sms, invitation));
        assert!(!OwnDomain.blocks(Channel::Email, reminder));
        for channel in [Channel::WhatsApp, Channel::Sms, Channel::Paper] {
            assert!(Draft.asks(channel, invitation) && OwnDomain.asks(channel, invitation));
        }
        assert!(!Draft.asks(Channel::Email, invitation));
    }
}
