//! What the pages for sending say about channels and about what stands in the way.

use web::Form;

use super::publishing;
use super::request::{HostRequest, PageContext};
use crate::hosting::Permission;
use crate::hosting::campaign::audience::Audience;
use crate::hosting::handed::Channel;
use crate::hosting::listing::InvitationFilter;
use crate::hosting::mail_text::{self, MailKind, MailText};
use crate::hosting::nobody::Nobody;
use crate::hosting::obstacles::{ObstacleKind, Obstacles};
use crate::hosting::sending::EVERYBODY;

/// What stands in the way, and where hosts can mend it.
pub(super) struct Banner {
    pub(super) kind: ObstacleKind,
    pub(super) title: &'static str,
    pub(super) text: String,
    /// The page on which this host can mend it, and the label of its link.
    pub(super) link: Option<(String, &'static str)>,
    /// What publishing does, if the host can do it with a button.
    pub(super) publishes: Option<String>,
}

pub(super) fn banners(req: &HostRequest, context: &PageContext, all: &Obstacles) -> Vec<Banner> {
    // Where no link can be opened, nothing else matters yet.
    let is_private = all.0.contains(&ObstacleKind::PrivateAddress);
    let said = |kind: &&ObstacleKind| !is_private || **kind == ObstacleKind::PrivateAddress;
    all.0
        .iter()
        .filter(said)
        .map(|kind| banner(req, context, *kind))
        .collect()
}

pub(super) fn banner(req: &HostRequest, context: &PageContext, kind: ObstacleKind) -> Banner {
    let wording = req.wording(context);
    let address = req.site.url().origin().to_owned();
    let server = |rest: &str, label| {
        context
            .owns_site
            .then(|| (format!("/admin/server{rest}"), label))
    };
    let own = |rest: &str, label| {
        context
            .may(Permission::Own)
            .then(|| (wording.at(rest), label))
    };
    let link = match kind {
        ObstacleKind::PrivateAddress => server("#address", "host-block-address-do"),
        ObstacleKind::NoMailServer => server("/mail", "host-block-mailbox-do"),
        ObstacleKind::Unverified => server("/mail", "host-block-dns-do"),
        ObstacleKind::NotAllowed => context
            .owns_site
            .then(|| ("/admin".to_owned(), "host-block-member-do")),
        ObstacleKind::MailsUsedUp | ObstacleKind::Draft => None,
        ObstacleKind::Archived | ObstacleKind::Closed => {
            own("/settings/state", "host-block-state-do")
        }
        ObstacleKind::OwnDomain => own("/settings/domain", "host-block-own-domain-do"),
        ObstacleKind::NoText => context.may(Permission::Write).then(|| {
            let page = wording.at(&format!("/mail/texts/{}", MailKind::News.word()));
            (page, "host-block-no-text-do")
        }),
    };
    Banner {
        kind,
        title: kind.label(),
        text: req
            .text
            .with(why(kind, context.owns_site), [("address", address.into())]),
        link,
        publishes: (kind == ObstacleKind::Draft && context.may(Permission::Own))
            .then(|| publishing::effect(&req.site, &wording, context)),
    }
}

impl Banner {
    pub(super) fn class(&self) -> &'static str {
        match self.kind {
            ObstacleKind::PrivateAddress | ObstacleKind::Archived => "error",
            _ => "maybe",
        }
    }
}

fn why(kind: ObstacleKind, owns_site: bool) -> &'static str {
    match kind {
        ObstacleKind::PrivateAddress if !owns_site => "host-block-address-ask",
        ObstacleKind::PrivateAddress => "host-block-address-text",
        ObstacleKind::Archived => "host-block-archived-text",
        ObstacleKind::NoMailServer => "host-block-mailbox-text",
        ObstacleKind::Unverified => "host-block-dns-text",
        ObstacleKind::NotAllowed => "host-block-member-text",
        ObstacleKind::MailsUsedUp => "host-block-used-up-text",
        ObstacleKind::Draft => "host-block-draft-text",
        ObstacleKind::Closed => "host-block-closed-text",
        ObstacleKind::OwnDomain => "host-block-own-domain-text",
        ObstacleKind::NoText => "host-block-no-text-text",
    }
}

/// Why a row is switched off, in a few words.
pub(super) fn off(kind: ObstacleKind) -> &'static str {
    match kind {
        ObstacleKind::PrivateAddress => "host-off-address",
        ObstacleKind::Archived => "host-off-archived",
        ObstacleKind::NoMailServer => "host-off-mailbox",
        ObstacleKind::Unverified => "host-off-dns",
        ObstacleKind::NotAllowed => "host-off-member",
        ObstacleKind::MailsUsedUp => "host-off-used-up",
        ObstacleKind::Draft => "host-off-draft",
        ObstacleKind::Closed => "host-off-closed",
        ObstacleKind::OwnDomain => "host-off-own-domain",
        ObstacleKind::NoText => "host-off-no-text",
    }
}

/// What is asked before something is sent all the same.
pub(super) fn question(kind: ObstacleKind) -> &'static str {
    match kind {
        ObstacleKind::OwnDomain => "host-ask-own-domain",
        _ => "host-ask-draft",
    }
}

pub(super) fn by(kind: MailKind, channel: Channel) -> &'static str {
    match channel {
        Channel::Paper if kind == MailKind::Moved => "host-moved-by-call",
        Channel::Paper if !has_card(kind) => "host-by-neither",
        Channel::WhatsApp => "host-by-whatsapp",
        Channel::Sms => "host-by-sms",
        Channel::Email => "host-by-email",
        Channel::Paper => "host-by-paper",
        Channel::Other => "host-by-other",
    }
}

/// Whether a card is printed for households that take neither a message nor a mail. Of other kinds,
/// hosts tell them in another way.
pub(super) fn has_card(kind: MailKind) -> bool {
    matches!(kind, MailKind::Invitation | MailKind::Reminder)
}

/// Which messages a query or a form is about: their kind, and the id of the event that has moved, or
/// whether thanks go to everybody.
pub(super) fn topic(form: &Form) -> (MailKind, String) {
    match MailKind::find(form.text("kind")) {
        Some(MailKind::Moved) => (MailKind::Moved, form.text("about").to_owned()),
        Some(MailKind::Thanks) => {
            let is_for_all = form.text("about") == EVERYBODY;
            let about = if is_for_all { EVERYBODY } else { "" };
            (MailKind::Thanks, about.to_owned())
        }
        Some(kind @ (MailKind::Reminder | MailKind::News)) => (kind, String::new()),
        _ => (MailKind::Invitation, String::new()),
    }
}

pub(super) fn about(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "host-about-email",
        Channel::Paper => "host-about-paper",
        _ => "host-about-phone",
    }
}

/// Why nobody can get this mail.
pub(super) fn no_mail(
    own: &MailText,
    filter: &InvitationFilter,
    audience: &Audience,
) -> Option<&'static str> {
    let has_none = audience.without_address == audience.households;
    match audience.mails {
        _ if !own.is_written(true) => Some("host-mail-unwritten"),
        0 if audience.households > 0 && has_none => Some("host-nobody-address"),
        0 if audience.households > 0 => Some("host-nobody-mail"),
        0 if *filter == InvitationFilter::default() => Some(Nobody::NoHouseholds.label()),
        0 => Some(Nobody::NoneMatch.label()),
        _ => None,
    }
}

/// The labels of what may be wrong and is no field of the page.
pub(super) fn field_words(field: &str) -> Option<&'static str> {
    let mut fields = mail_text::FIELDS.iter();
    fields
        .find(|known| known.name == field)
        .map(|known| known.label)
}
