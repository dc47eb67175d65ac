//! The rows of the pages for sending: each channel with its households, and what a host can do.

use jiff::Timestamp;

use super::send_words;
use super::wording::{self, Wording};
use crate::hosting::handed::Channel;
use crate::hosting::mail_text::MailKind;
use crate::hosting::sending::{Line, Sending};

/// How many households a row names.
const NAMED: usize = 3;

/// The households of a channel.
pub(super) struct Row {
    pub(super) channel: Channel,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) button: &'static str,
    pub(super) href: String,
    action: Action,
    pub(super) is_filled: bool,
    /// Whether the host is asked first.
    pub(super) asks: Option<&'static str>,
}

/// What a host can do about a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    /// Something makes it impossible to send.
    Off,
    Link,
    /// Cards are printed by a form, because that is recorded.
    Print,
    /// Cards are printed that nobody has handed over yet.
    Printed,
}

impl Row {
    pub(super) fn is_off(&self) -> bool {
        self.action == Action::Off
    }

    pub(super) fn is_form(&self) -> bool {
        matches!(self.action, Action::Print | Action::Printed)
    }

    pub(super) fn is_printed(&self) -> bool {
        self.action == Action::Printed
    }
}

/// The rows of the channels by which messages of a kind are to be sent.
pub(super) struct Rows<'a> {
    pub(super) wording: &'a Wording<'a>,
    /// The filter of households, as a query.
    pub(super) query: &'a str,
    pub(super) found: &'a Sending,
    pub(super) kind: MailKind,
    /// The id of the event that has moved; empty for other kinds.
    pub(super) about: &'a str,
}

impl Rows<'_> {
    pub(super) fn all(&self) -> Vec<Row> {
        let to_send = self.found.of(self.kind, self.about);
        let lines = to_send.map(|all| &*all.lines).unwrap_or_default();
        lines.iter().map(|line| self.row(line)).collect()
    }

    fn row(&self, line: &Line) -> Row {
        let (text, channel) = (self.wording.text, line.channel);
        let printed = line
            .households
            .iter()
            .filter_map(|one| one.printed_at)
            .max()
            .filter(|_| self.kind == MailKind::Invitation && channel == Channel::Paper);
        let (button, href) = self.button(channel);
        let n = count(line.households.len());
        Row {
            channel,
            title: text.with(send_words::by(self.kind, channel), [("n", n.into())]),
            about: match line.off {
                Some(off) => text.say(send_words::off(off)).into_owned(),
                None => self.about_channel(line, printed),
            },
            button,
            href,
            action: match (line.off, self.kind, channel, printed) {
                (Some(_), _, _, _) => Action::Off,
                (None, MailKind::Invitation, Channel::Paper, Some(_)) => Action::Printed,
                (None, MailKind::Invitation, Channel::Paper, None) => Action::Print,
                (None, _, _, _) => Action::Link,
            },
            is_filled: false,
            asks: line.asks.map(send_words::question),
        }
    }

    fn about_channel(&self, line: &Line, printed: Option<Timestamp>) -> String {
        let text = self.wording.text;
        let day = |at| text.date_short(self.wording.local(at).date());
        match (self.kind, line.channel, printed) {
            (MailKind::Reminder, _, _) => match self.found.last_reminded_at {
                Some(at) => text.with("host-send-last-reminded", [("day", day(at).into())]),
                None => text.say("host-send-never-reminded").into_owned(),
            },
            (kind, Channel::Paper, _) if !send_words::has_card(kind) => {
                let all = line.households.iter().take(NAMED);
                let mut names: Vec<&str> = all.map(|one| one.household.as_str()).collect();
                if line.households.len() > NAMED {
                    names.push("…");
                }
                names.join(&text.say("list-comma"))
            }
            (_, _, Some(at)) => text.with("host-send-printed", [("day", day(at).into())]),
            (_, channel, None) => text.say(send_words::about(channel)).into_owned(),
        }
    }

    fn button(&self, channel: Channel) -> (&'static str, String) {
        let by = |rest: &str| {
            let rest = self.wording.at(rest);
            let mut pairs = vec![("kind", self.kind.word()), ("by", channel.word())];
            if !self.about.is_empty() {
                pairs.push(("about", self.about));
            }
            let more = if self.query.is_empty() { "" } else { "&" };
            format!("{}{more}{}", wording::address(&rest, pairs), self.query)
        };
        match (channel, self.kind) {
            (Channel::Email, MailKind::Reminder) => ("host-send-remind-now", by("/send/mail")),
            (Channel::Email, _) => ("host-send-look", by("/send/mail")),
            (Channel::Paper, MailKind::Invitation) => {
                ("host-print", self.wording.at("/send/print"))
            }
            (_, MailKind::Reminder) => ("host-send-remind", by("/send/walk")),
            (_, _) => ("host-send-start", by("/send/walk")),
        }
    }
}

pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
