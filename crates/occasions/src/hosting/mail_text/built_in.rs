//! The texts that are used until hosts write their own.

use web::Text;

use super::{MailKind, PLACEHOLDERS};
use crate::words::Tone;

pub(super) fn speaks(text: &Text) -> bool {
    let mut known = text.catalogue().languages();
    known.any(|tag| tag == text.language().tag)
}

pub(super) fn built_in(text: &Text, kind: MailKind, part: &str) -> String {
    match (kind, part) {
        (MailKind::News, _) => String::new(),
        (MailKind::Moved, "body") => MOVED_BODY.to_owned(),
        _ => with_placeholders(text, kind, part),
    }
}

/// A paragraph with the link alone becomes a button.
const MOVED_BODY: &str = "{change}\n\n{answer}\n\n{rsvp_link}\n\n{hosts}";
const MOVED_MESSAGE: &str = "{salutation}\n\n{change}\n\n{answer}\n{rsvp_link}\n\n{hosts}";

/// The message that is handed to WhatsApp and SMS; empty for a kind that has none.
pub(super) fn built_in_message(text: &Text, kind: MailKind, tone: Tone) -> String {
    let with = |id, name: &'static str, placeholder: &str| {
        text.with(id, [(name, format!("{{{placeholder}}}").into())])
    };
    let words = match (kind, tone) {
        (MailKind::Thanks, _) => {
            return [
                "{salutation}",
                "",
                "{thanks_for_coming}",
                &with("send-thanks-gift", "gift", "gift"),
                "",
                &with("send-thanks-pictures", "link", "pictures_link"),
                "",
                &with("send-thanks-close", "hosts", "hosts"),
            ]
            .join("\n");
        }
        (MailKind::Moved, _) => return MOVED_MESSAGE.to_owned(),
        (MailKind::Reminder, _) => {
            return [
                "{salutation}",
                "",
                "{still_open}",
                "{occasion_date}",
                "",
                &with("send-link", "link", "rsvp_link"),
                &with("send-code", "code", "code"),
                &with("print-by", "date", "rsvp_deadline"),
                "",
                &with("send-remind", "hosts", "hosts"),
            ]
            .join("\n");
        }
        (MailKind::Invitation, Tone::Formal) => "send-invite-formal",
        (MailKind::Invitation, Tone::Casual) => "send-invite-casual",
        (MailKind::Invitation, Tone::Fun) => "send-invite-fun",
        _ => return String::new(),
    };
    [
        "{salutation}",
        "",
        &keep(text, words),
        "{events}",
        "",
        &with("send-link", "link", "rsvp_link"),
        &with("send-code", "code", "code"),
        &with("print-by", "date", "rsvp_deadline"),
    ]
    .join("\n")
}

/// A part of a kind's text, with the placeholders as they are.
fn with_placeholders(text: &Text, kind: MailKind, part: &str) -> String {
    keep(
        text,
        &format!("mail-{}-{part}", kind.word().replace('_', "-")),
    )
}

fn keep(text: &Text, id: &str) -> String {
    let kept = |name: &&'static str| (*name, format!("{{{name}}}").into());
    text.with(id, PLACEHOLDERS.iter().map(kept).collect::<Vec<_>>())
}
