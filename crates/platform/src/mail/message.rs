//! Builds MIME messages from stored mails.

use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;
use lettre::Message;
use lettre::message::header::{ContentDisposition, ContentType};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use super::address::{Address, NotAnAddress};
use super::{MailId, Stream};
use crate::store::Row;
use crate::text_cleaning::clean_line;

/// The sender of mails, such as `Kenduri <kenduri@example.org>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The display name, which may be empty.
    pub name: String,
    /// The email address, which also receives bounces.
    pub address: Address,
}

impl FromStr for Sender {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let (name, address) = match text.trim().strip_suffix('>') {
            Some(rest) => rest.rsplit_once('<').ok_or(NotAnAddress)?,
            None => ("", text),
        };
        Ok(Self {
            name: clean_line(name.trim().trim_matches('"')),
            address: address.parse()?,
        })
    }
}

/// A stored mail that is about to be sent.
#[derive(Clone, Debug, Row)]
pub(super) struct Outgoing {
    pub(super) id: MailId,
    pub(super) stream: Stream,
    pub(super) scope: Option<String>,
    /// Whether the mail asks the recipient to confirm the email address.
    pub(super) confirms: bool,
    #[row(rename = "recipient")]
    pub(super) to: Address,
    #[row(rename = "recipient_name")]
    to_name: String,
    sender_name: Option<String>,
    reply_to: Option<Address>,
    subject: String,
    pub(super) text: String,
    pub(super) html: Option<String>,
    pub(super) sealed_text: Option<Vec<u8>>,
    calendar: Option<String>,
    /// The origin of the unsubscribe link, such as `https://our-day.example`; `None` for the site's
    /// own origin.
    pub(super) link_origin: Option<String>,
    created_at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
#[error("the mail cannot be composed; check mail.from, and report this if it is right: {0}")]
pub(super) struct Unwritable(String);

impl Outgoing {
    /// The MIME message, identical in every attempt. `unsubscribe` is the one-click unsubscribe URL
    /// (RFC 8058).
    pub(super) fn message(
        &self,
        from: &Sender,
        message_id: &str,
        unsubscribe: Option<&str>,
    ) -> Result<Vec<u8>, Unwritable> {
        let sender = self.sender_name.as_ref().unwrap_or(&from.name);
        let mut builder = Message::builder()
            .from(mailbox(sender, &from.address)?)
            .to(mailbox(&self.to_name, &self.to)?)
            .subject(clean_line(&self.subject))
            .message_id(Some(message_id.to_owned()))
            .date(UNIX_EPOCH + Duration::from_millis(self.created_millisecond()));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(mailbox("", reply_to)?);
        }
        let mut raw = Vec::new();
        if self.stream.is_automatic() {
            raw.push(("Auto-Submitted", "auto-generated".to_owned()));
        }
        if let Some(link) = unsubscribe {
            let one_click = "List-Unsubscribe=One-Click".to_owned();
            raw.push(("List-Unsubscribe", format!("<{link}>")));
            raw.push(("List-Unsubscribe-Post", one_click));
        }
        for (name, value) in raw {
            let name = HeaderName::new_from_ascii_str(name);
            builder = builder.raw_header(HeaderValue::new(name, value));
        }
        let text = SinglePart::plain(self.text.clone());
        let html = self.html.clone().map(SinglePart::html);
        let calendar = self.calendar.as_deref().map(Calendar::read).transpose()?;
        let (invitation, file) = match calendar {
            Some(Calendar::Invitation(part)) => (Some(part), None),
            Some(Calendar::File(part)) => (None, Some(part)),
            None => (None, None),
        };
        let others: Vec<SinglePart> = html.into_iter().chain(invitation).collect();
        let message = match (others.is_empty(), file) {
            (true, None) => builder.singlepart(text),
            (true, Some(file)) => {
                let parts = MultiPart::mixed().singlepart(text);
                builder.multipart(parts.singlepart(file))
            }
            (false, file) => {
                let first = MultiPart::alternative().singlepart(text);
                let all = others.into_iter().fold(first, MultiPart::singlepart);
                match file {
                    None => builder.multipart(all),
                    Some(file) => {
                        let parts = MultiPart::mixed().multipart(all);
                        builder.multipart(parts.singlepart(file))
                    }
                }
            }
        };
        message
            .map(|message| message.formatted())
            .map_err(|error| Unwritable(error.to_string()))
    }

    fn created_millisecond(&self) -> u64 {
        u64::try_from(self.created_at.as_millisecond()).unwrap_or(0)
    }
}

enum Calendar {
    /// A request or a cancellation, sent as the last alternative, as RFC 6047 requires.
    Invitation(SinglePart),
    /// A published calendar, sent as a file attachment.
    File(SinglePart),
}

impl Calendar {
    fn read(file: &str) -> Result<Self, Unwritable> {
        let method = file.lines().find_map(|line| line.strip_prefix("METHOD:"));
        let method = method.unwrap_or("PUBLISH");
        let media_type = format!("text/calendar; charset=utf-8; method={method}");
        let media_type = ContentType::parse(&media_type);
        let media_type = media_type.map_err(|error| Unwritable(error.to_string()))?;
        let part = SinglePart::builder().header(media_type);
        Ok(if method == "PUBLISH" {
            let part = part.header(ContentDisposition::attachment("calendar.ics"));
            Self::File(part.body(file.to_owned()))
        } else {
            Self::Invitation(part.body(file.to_owned()))
        })
    }
}

fn mailbox(name: &str, address: &Address) -> Result<Mailbox, Unwritable> {
    let address = address
        .for_transport()
        .map_err(|error| Unwritable(error.to_string()))?;
    let name = clean_line(name);
    let name = (!name.is_empty()).then_some(name);
    Ok(Mailbox::new(name, address))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All header fields that a mail may contain.
    const HEADERS: [&str; 9] = [
        "From",
        "To",
        "Subject",
        "Message-ID",
        "Date",
        "Reply-To",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    ];

    fn outgoing() -> Outgoing {
        Outgoing {
            id: "0197f0c0-0000-7000-8000-00000000000a".parse().unwrap(),
            stream: Stream::Transactional,
            scope: None,
            confirms: false,
            to: "rahma@example.my".parse().unwrap(),
            to_name: "Keluarga Rahma".to_owned(),
            sender_name: Some("Aisyah & Daniel".to_owned()),
            reply_to: Some("farah@example.my".parse().unwrap()),
            subject: "Terima kasih".to_owned(),
            text: "Terima kasih\n".to_owned(),
            html: None,
            sealed_text: None,
            calendar: None,
            link_origin: None,
            created_at: "2027-01-14T16:00:00Z".parse().unwrap(),
        }
    }

    fn sender() -> Sender {
        "Kenduri <kenduri@example.org>".parse().unwrap()
    }

    #[test]
    fn a_message_names_itself_and_its_makers() {
        let mail = Outgoing {
            subject: "Terima kasih: jawapan anda – 感谢".to_owned(),
            html: Some("<p>Terima kasih</p>".to_owned()),
            ..outgoing()
        };
        let bytes = mail
            .message(&sender(), "<a.b@kenduri.example>", None)
            .unwrap();
        let text = String::from_utf8(bytes).unwrap();
        for line in [
            "From: =?utf-8?b?QWlzeWFoICYgRGFuaWVs?= <kenduri@example.org>\r\n",
            "To: \"Keluarga Rahma\" <rahma@example.my>\r\n",
            "Reply-To: farah@example.my\r\n",
            "Message-ID: <a.b@kenduri.example>\r\n",
            "Date: Thu, 14 Jan 2027 16:00:00 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "multipart/alternative",
        ] {
            assert!(text.contains(line), "{line:?} in {text}");
        }
        assert!(text.is_ascii());
    }

    #[test]
    fn a_calendar_file_is_the_last_alternative() {
        let file = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:陈\r\nEND:VCALENDAR\r\n";
        let mail = Outgoing {
            calendar: Some(file.to_owned()),
            ..outgoing()
        };
        let bytes = mail
            .message(&sender(), "<a.b@kenduri.example>", None)
            .unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let parts = ["multipart/alternative", "text/plain", "text/calendar"];
        let places = parts.map(|part| text.find(part).unwrap());
        assert!(places.is_sorted(), "{text}");
        assert!(text.contains("method=REQUEST") && text.is_ascii(), "{text}");
    }

    #[test]
    fn a_published_calendar_is_a_file() {
        let file = "BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n";
        for html in [None, Some("<p>Terima kasih</p>".to_owned())] {
            let mail = Outgoing {
                calendar: Some(file.to_owned()),
                html,
                ..outgoing()
            };
            let bytes = mail.message(&sender(), "kenduri.example", None).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            let alternative = mail.html.as_ref().map(|_| "multipart/alternative");
            let parts = ["multipart/mixed"].into_iter().chain(alternative);
            let parts = parts.chain([
                "text/plain",
                "text/calendar; charset=utf-8; method=PUBLISH",
                "Content-Disposition: attachment; filename=\"calendar.ics\"",
            ]);
            let places: Vec<_> = parts.map(|part| text.find(part).unwrap()).collect();
            assert!(places.is_sorted(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_value_can_add_a_header_line(
            start in "\\PC{0,80}",
            end in "[\\r\\n\\x00-\\x1f\u{85}\u{2028}]{0,3}Bcc: spy@example.my\\PC{0,80}",
        ) {
            let value = start + &end;
            let mail = Outgoing {
                to_name: value.clone(),
                sender_name: Some(value.clone()),
                subject: value.clone(),
                text: value.clone(),
                html: Some(value),
                ..outgoing()
            };
            let bytes = mail.message(&sender(), "<a.b@kenduri.example>", None).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            prop_assert!(text.is_ascii());
            prop_assert!(text.lines().all(|line| line.len() <= 998));
            let (head, _) = text.split_once("\r\n\r\n").unwrap();
            for line in head.split("\r\n") {
                let name = line.split(':').next().unwrap_or("");
                prop_assert!(
                    line.starts_with(' ') || HEADERS.contains(&name),
                    "{line:?} in {head}"
                );
            }
        }
    }

    #[test]
    fn senders_are_read_as_people_write_them() {
        for (text, name, address) in [
            ("Kenduri <a@b.my>", "Kenduri", "a@b.my"),
            ("\"Aisyah & Daniel\" <a@b.my>", "Aisyah & Daniel", "a@b.my"),
            ("a@b.my", "", "a@b.my"),
            ("<a@b.my>", "", "a@b.my"),
        ] {
            let sender: Sender = text.parse().unwrap();
            assert_eq!(
                (sender.name.as_str(), sender.address.as_str()),
                (name, address)
            );
        }
        for text in [
            "",
            "Kenduri",
            "Kenduri a@b.my",
            "Kenduri <a@b.my",
            "a@b.my>",
        ] {
            assert!(text.parse::<Sender>().is_err(), "{text}");
        }
    }
}
