//! A message to a household, in the household's language and in the occasion's tone, with links to
//! the apps that can send it.

use web::share::encoded;
use web::{Language, Site};

use super::wording::Wording;
use crate::hosting::mail_text::{MailKind, MailText};
use crate::hosting::thanks::DayAfter;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::phone::{self, Phone};
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
    /// How to write the household's number, if it cannot be read, so that WhatsApp asks for the
    /// recipient.
    pub(super) phone_example: Option<String>,
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
    /// A message of any kind, in the hosts' own words if they wrote any.
    pub(super) fn new(
        site: &Site,
        wording: &Wording<'_>,
        snapshot: &InvitationSnapshot,
        own: &MailText,
        day_after: &DayAfter,
    ) -> Self {
        let occasion = &snapshot.occasion;
        let invitation = &snapshot.household.invitation;
        let details = &invitation.details;
        let tag = details.language.as_ref();
        let language = Language::of(tag.unwrap_or(&occasion.default_language));
        let text = site.catalogue.speak(&language);
        let link = snapshot.url(site).join(&snapshot.link(""));
        let hosts = || {
            let names = &occasion.hosts;
            names.pick(text.language(), &occasion.default_language).text
        };
        let subject = match own.kind {
            MailKind::Moved | MailKind::News => letter::subject(site, &text, snapshot, own),
            MailKind::Thanks => text.with("mail-thanks-subject", [("hosts", hosts().into())]),
            _ => text.with("send-subject", [("hosts", hosts().into())]),
        };
        let message = letter::message(site, &text, snapshot, day_after, own);
        let (phone, email) = (
            details.phone.as_deref().unwrap_or_default(),
            details.email.as_deref().unwrap_or_default(),
        );
        let phone = Phone::read(phone, occasion.home_country());
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
            phone_example: (!phone.typed.is_empty() && phone.e164.is_none())
                .then(|| phone::example(occasion.home_country())),
            qr: ["svg", "png"].map(|kind| format!("/api/v1/invitations/id/{id}/qr.{kind}")),
            action: wording.at(&format!("/invites/{id}/sent")),
            sent: None,
            note: None,
            is_draft: occasion.status == OccasionStatus::Draft,
            language,
            subject,
            message,
            link,
        }
    }
}
