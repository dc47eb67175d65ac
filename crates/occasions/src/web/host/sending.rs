//! A message to a household, in the household's language and in the occasion's tone, with links to
//! the apps that can send it.

use web::share::encoded;
use web::{Language, Site, Text};

use super::wording::Wording;
use crate::hosting::mail_text::{MailKind, MailText};
use crate::hosting::moved::Moved;
use crate::hosting::thanks::DayAfter;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::phone::Phone;
use crate::web::guest::Reading;
use crate::web::letter;
use crate::words::OccasionStatus;

/// What the page for sending an invitation shows.
pub(super) struct Sending {
    /// The full URL of the invitation.
    pub(super) link: String,
    pub(super) subject: String,
    /// The message to the household. It contains the link.
    pub(super) message: String,
    pub(super) language: Language,
    pub(super) whatsapp: String,
    pub(super) sms: String,
    pub(super) mail: String,
    /// Whether the household's number cannot be read, so that WhatsApp asks for the recipient.
    pub(super) is_phone_unread: bool,
    /// The paths of the QR code as SVG and as PNG.
    pub(super) qr: [String; 2],
    /// The path of the form behind the button "mark as sent".
    pub(super) action: String,
    /// When the invitation was marked as sent, as text.
    pub(super) sent: Option<String>,
    /// Why guests cannot open the link; `None` if they can.
    pub(super) note: Option<String>,
    /// Whether the occasion is a draft. In a draft, the invitation's link does not work yet.
    pub(super) is_draft: bool,
}

impl Sending {
    /// An invitation, a reminder or a thank-you, in the hosts' own words if they wrote any.
    pub(super) fn new(
        site: &Site,
        wording: &Wording<'_>,
        snapshot: &InvitationSnapshot,
        own: &MailText,
        day_after: &DayAfter,
    ) -> Self {
        let occasion = &snapshot.occasion;
        Self::written(site, wording, snapshot, |text, _| {
            let hosts = occasion
                .hosts
                .pick(text.language(), &occasion.default_language);
            let subject = match own.kind {
                MailKind::Thanks => "mail-thanks-subject",
                _ => "send-subject",
            };
            let subject = text.with(subject, [("hosts", hosts.text.into())]);
            (
                subject,
                letter::message(site, text, snapshot, day_after, own),
            )
        })
    }

    /// The message that an event has moved.
    pub(super) fn of_moved(
        site: &Site,
        wording: &Wording<'_>,
        snapshot: &InvitationSnapshot,
        moved: &Moved,
    ) -> Self {
        Self::written(site, wording, snapshot, |text, link| {
            moved_message(text, snapshot, link, moved)
        })
    }

    /// `message` writes the subject and the message with the link.
    fn written(
        site: &Site,
        wording: &Wording<'_>,
        snapshot: &InvitationSnapshot,
        message: impl FnOnce(&Text, &str) -> (String, String),
    ) -> Self {
        let invitation = &snapshot.household.invitation;
        let details = &invitation.details;
        let tag = details.language.as_ref();
        let language = Language::of(tag.unwrap_or(&snapshot.occasion.default_language));
        let text = site.catalogue.speak(&language);
        let link = snapshot.url(site).join(&snapshot.link(""));
        let (subject, message) = message(&text, &link);
        let (phone, email) = (
            details.phone.as_deref().unwrap_or_default(),
            details.email.as_deref().unwrap_or_default(),
        );
        let phone = Phone::read(phone, snapshot.occasion.home_country());
        let (words, id) = (encoded(&message), &invitation.id);
        Self {
            whatsapp: format!("https://wa.me/{}?text={words}", phone.whatsapp()),
            sms: format!("sms:{}?body={words}", phone.dialled()),
            mail: format!(
                "mailto:{}?subject={}&body={}",
                encoded(email).replace("%40", "@"),
                encoded(&subject),
                // In mail links, line breaks must be CRLF (RFC 6068).
                encoded(&message.replace('\n', "\r\n"))
            ),
            is_phone_unread: !phone.typed.is_empty() && phone.e164.is_none(),
            qr: ["svg", "png"].map(|kind| format!("/api/v1/invitations/id/{id}/qr.{kind}")),
            action: wording.at(&format!("/invites/{id}/sent")),
            sent: None,
            note: None,
            is_draft: snapshot.occasion.status == OccasionStatus::Draft,
            language,
            subject,
            message,
            link,
        }
    }
}

fn moved_message(
    text: &Text,
    snapshot: &InvitationSnapshot,
    link: &str,
    moved: &Moved,
) -> (String, String) {
    let (reading, occasion) = (Reading::new(text, snapshot), &snapshot.occasion);
    let hosts = occasion
        .hosts
        .pick(text.language(), &occasion.default_language);
    let message = moved.message(text, occasion, link, hosts.text);
    let message = format!("{}\n\n{message}", reading.salutation());
    (moved.news(text, occasion), message)
}
