//! Why there is nobody to send a message to, so that hosts know what to do instead.

use web::words;

use super::handed::Channel;
use super::listing::InvitationFilter;
use super::mail_text::MailKind;
use super::sending::{EVERYBODY, Sending};

words! {
    /// Why there is nobody to send a message to.
    Nobody {
        /// There are no households yet.
        NoHouseholds = "no_households" => "host-nobody-households",
        /// No household matches what the host has chosen.
        NoneMatch = "none_match" => "host-nobody-match",
        /// The invitations are on their way.
        OnTheWay = "on_the_way" => "host-nobody-on-the-way",
        /// Of the invitations that are left, nobody knows whether they left the site.
        Uncertain = "uncertain" => "host-nobody-uncertain",
        /// Every household has its invitation.
        AllInvited = "all_invited" => "host-nobody-invited",
        /// Nobody can be reminded before there are invitations.
        NoneInvited = "none_invited" => "host-nobody-not-invited",
        /// Everybody who owes an answer was reminded a short while ago.
        JustReminded = "just_reminded" => "host-nobody-reminded",
        /// Everybody who can answer has answered.
        AllAnswered = "all_answered" => "host-nobody-answered",
        /// Everybody knows what has changed.
        AllTold = "all_told" => "host-nobody-told",
        /// Nobody has said yes.
        NobodyComes = "nobody_comes" => "host-nobody-comes",
        /// None of the chosen households has said yes.
        NoneOfThemComes = "none_of_them_comes" => "host-nobody-of-them-comes",
        /// Gifts are thanked for when the last event is over.
        NotOver = "not_over" => "host-nobody-not-over",
        /// Everybody was thanked.
        AllThanked = "all_thanked" => "host-nobody-thanked",
        /// Everybody has the message of the hosts' own.
        AllHaveNews = "all_have_news" => "host-nobody-news",
        /// There are households, but none by this channel.
        OtherWays = "other_ways" => "host-nobody-this-way",
    }
}

impl Nobody {
    /// Why no message of this kind can go through this channel, or through any if it is `None`. Of
    /// thanks and moved events, `about` says the same as in [`Sending::of`].
    pub fn why(
        found: &Sending,
        filter: &InvitationFilter,
        kind: MailKind,
        about: &str,
        channel: Option<Channel>,
    ) -> Option<Self> {
        if let Some(all) = found.of(kind, about).filter(|all| all.households > 0) {
            let is_none = channel.is_some_and(|one| all.line(one).is_none());
            return is_none.then_some(Self::OtherWays);
        }
        let so_far = &found.so_far;
        Some(match kind {
            _ if found.places.is_empty() && *filter == InvitationFilter::default() => {
                Self::NoHouseholds
            }
            _ if found.places.is_empty() => Self::NoneMatch,
            MailKind::Invitation | MailKind::SaveTheDate if so_far.queued > 0 => Self::OnTheWay,
            MailKind::Invitation | MailKind::SaveTheDate if so_far.uncertain > 0 => Self::Uncertain,
            MailKind::Invitation | MailKind::SaveTheDate => Self::AllInvited,
            MailKind::Reminder if so_far.sent == 0 => Self::NoneInvited,
            MailKind::Reminder if found.reminded > 0 => Self::JustReminded,
            MailKind::Reminder => Self::AllAnswered,
            MailKind::Moved => Self::AllTold,
            MailKind::Thanks if about != EVERYBODY && !found.is_over => Self::NotOver,
            MailKind::Thanks if about == EVERYBODY && found.to_thank == 0 => {
                if *filter == InvitationFilter::default() {
                    Self::NobodyComes
                } else {
                    Self::NoneOfThemComes
                }
            }
            MailKind::Thanks => Self::AllThanked,
            MailKind::News => Self::AllHaveNews,
        })
    }
}
