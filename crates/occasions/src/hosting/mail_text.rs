//! The texts of the mails that hosts send, for each kind of mail and each language. In a language
//! without a text from the hosts, the built-in text is used.

mod built_in;

use jiff::Timestamp;
use platform::audit::Entity;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::fields::{self, texts};
use web::{Field, Findings, I18n, Input, Language, Limits, Text, words};

use self::built_in::{built_in, built_in_message, speaks};
use super::{Current, HostOf, Permission, Refusal, history, occasions};
use crate::id::OccasionId;
use crate::occasion::Occasion;
use crate::words::Tone;

words! {
    /// The kind of a mail to many households.
    MailKind {
        /// Announces the date before the invitation is sent.
        SaveTheDate = "save_the_date" => "host-mail-save-the-date",
        Invitation = "invitation" => "host-mail-invitation",
        Reminder = "reminder" => "host-mail-reminder",
        /// Thanks the guests after the celebration.
        Thanks = "thanks" => "host-mail-thanks",
        /// Any other news from the hosts, without a built-in text.
        News = "news" => "host-mail-news",
        /// Tells that an event has moved, or is cancelled.
        Moved = "moved" => "host-mail-moved",
    }
}

/// The names of placeholders. A text contains them in braces. In a household's mail, each
/// placeholder is replaced by its value.
pub const PLACEHOLDERS: &[&str] = &[
    "household",
    "name",
    "salutation",
    "guests",
    "hosts",
    "occasion_title",
    "occasion_date",
    "venue",
    "rsvp_deadline",
    "rsvp_link",
    "code",
    "status",
    "gift",
    "still_open",
    "thanks_for_coming",
    "events",
    "pictures_link",
    "unsubscribe_link",
    "news",
    "change",
    "event",
    "was",
    "now",
    "answer",
    "wedding_date", // older names of the date and the venue
    "wedding_venue",
];

/// Those that only a message about an event that has moved replaces.
const OF_MOVED: &[&str] = &["news", "change", "event", "was", "now", "answer"];

/// The placeholder of the link to the household's page.
pub(super) const LINK: &str = "{rsvp_link}";

/// One of them stands in each text about an event that has moved: the same text is used for every
/// later change, so only they say what has changed.
const SAYS_CHANGE: [&str; 3] = ["change", "news", "now"];

/// The hosts' wording for a kind of mail.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct MailText {
    /// The kind of mail.
    pub kind: MailKind,
    /// The subject, up to 150 characters.
    pub subject: I18n,
    /// Plain text, up to 8,000 characters. A paragraph that contains only the link to the
    /// household's page becomes a button. A text about an event that has moved contains `{change}`,
    /// `{news}` or `{now}`, and gets the link at its end if it has none.
    pub body: I18n,
    /// The message that hosts hand to WhatsApp and SMS, as plain text of up to 1,000 characters;
    /// empty for the built-in one, or for the body of news. A message without the link gets it at its
    /// end.
    pub message: I18n,
    /// Increased by every change.
    pub version: i64,
}

/// The most placeholders in a text, because each value can have several hundred characters.
const MOST_PLACEHOLDERS: usize = 40;

/// The fields of the form in which hosts write the text of a mail.
pub const FIELDS: &[Field] = web::fields! { MailText:
    subject: texts(Limits::line(150)).label("host-mail-subject").wording(),
    body: texts(Limits::lines(8_000)).label("host-mail-body").wording(),
    message: texts(Limits::lines(1_000))
        .label("host-mail-message")
        .hint("host-mail-message-hint")
        .wording(),
};

/// [`FIELDS`] for news, which have no built-in message.
const NEWS_FIELDS: &[Field] = web::fields! { MailText:
    subject: texts(Limits::line(150)).label("host-mail-subject").wording(),
    body: texts(Limits::lines(8_000)).label("host-mail-body").wording(),
    message: texts(Limits::lines(1_000))
        .label("host-mail-message")
        .hint("host-mail-news-message-hint")
        .wording(),
};

/// [`FIELDS`] for events that have moved, whose texts are used for every later change too.
const MOVED_FIELDS: &[Field] = web::fields! { MailText:
    subject: texts(Limits::line(150)).label("host-mail-subject").wording(),
    body: texts(Limits::lines(8_000))
        .label("host-mail-body")
        .hint("host-mail-moved-hint")
        .wording(),
    message: texts(Limits::lines(1_000))
        .label("host-mail-message")
        .hint("host-mail-moved-message-hint")
        .wording(),
};

/// [`FIELDS`] for a kind that leaves by mail alone.
const MAILED: &[Field] = FIELDS.split_at(2).0;

impl MailText {
    /// The text that hosts have not written.
    pub fn unwritten(kind: MailKind) -> Self {
        Self {
            kind,
            subject: I18n::default(),
            body: I18n::default(),
            message: I18n::default(),
            version: 1,
        }
    }

    /// Returns the message in the language of `text`. A built-in message in a household's language is
    /// better than the hosts' own in another one.
    pub fn message(&self, text: &Text, occasion: &Occasion) -> String {
        match self.message.find(&text.language().tag) {
            Some(own) if self.has_message(text) => own.to_owned(),
            _ if self.kind == MailKind::News => self.news(text, occasion),
            _ => built_in_message(text, self.kind, occasion.tone),
        }
    }

    /// News of which there is no message in the language of `text`: the mail's body in it, or else
    /// what there is in another language.
    fn news(&self, text: &Text, occasion: &Occasion) -> String {
        let letter = |body: &str| {
            let around = |name: &str| if body.contains(name) { "" } else { name }.to_owned();
            let parts = [around("{salutation}"), body.to_owned(), around("{hosts}")];
            let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
            parts.collect::<Vec<_>>().join("\n\n")
        };
        let pick = |own: &'_ I18n| {
            let picked = own.pick(text.language(), &occasion.default_language);
            picked.text.to_owned()
        };
        match self.body.find(&text.language().tag) {
            Some(body) if !body.trim().is_empty() => letter(body),
            _ if !self.message.is_empty() => pick(&self.message),
            _ if self.body.is_empty() => String::new(),
            _ => letter(&pick(&self.body)),
        }
    }

    /// Whether there is a text for a mail, or for a message. Hosts have to write that of news.
    pub fn is_written(&self, for_mail: bool) -> bool {
        if self.kind.is_built_in() {
            true
        } else if for_mail {
            !self.subject.is_empty() && !self.body.is_empty()
        } else {
            !self.message.is_empty() || !self.body.is_empty()
        }
    }

    /// Whether hosts wrote a message in the language of `text`.
    pub fn has_message(&self, text: &Text) -> bool {
        let own = self.message.find(&text.language().tag);
        own.is_some_and(|own| !own.trim().is_empty())
    }

    /// Returns the subject and the body in the language of `text`.
    pub fn in_language(&self, text: &Text, occasion: &Occasion) -> (String, String) {
        let pick = |own: &I18n, part| {
            let default = &occasion.default_language;
            match own.find(&text.language().tag) {
                Some(own) if !own.is_empty() => own.to_owned(),
                // If the hosts wrote no text in the household's language, a built-in text in that
                // language is better than the hosts' text in another language.
                _ if self.kind.is_built_in() && speaks(text) => built_in(text, self.kind, part),
                _ => match own.pick(text.language(), default) {
                    own if own.is_empty() => built_in(text, self.kind, part),
                    own => own.text.to_owned(),
                },
            }
        };
        (pick(&self.subject, "subject"), pick(&self.body, "body"))
    }

    /// Returns the texts for the form. A language without a text from the hosts gets the built-in
    /// text.
    #[must_use]
    pub fn completed(&self, text: &Text, occasion: &Occasion) -> Self {
        let mut whole = self.clone();
        for (own, built_in) in whole.parts(occasion.tone) {
            for tag in &occasion.languages {
                let text = text.catalogue().speak(&Language::of(tag));
                if own.find(tag).is_none_or(str::is_empty) && speaks(&text) {
                    own.set(tag.clone(), built_in(&text));
                }
            }
        }
        whole
    }

    /// The hosts' texts, each with the built-in text that is used until they write one.
    fn parts(&mut self, tone: Tone) -> [(&mut I18n, impl Fn(&Text) -> String); 3] {
        let kind = self.kind;
        let built_in = move |part: &'static str| {
            move |text: &Text| match part {
                "message" => built_in_message(text, kind, tone),
                _ => built_in(text, kind, part),
            }
        };
        [
            (&mut self.subject, built_in("subject")),
            (&mut self.body, built_in("body")),
            (&mut self.message, built_in("message")),
        ]
    }

    /// Whether a mail with this text may name the household's gift, or lead to the pictures.
    pub fn names_day_after(&self) -> bool {
        let mut bodies = self.body.iter();
        let is_named = |body: &str| body.contains("{gift}") || body.contains("{pictures_link}");
        self.kind == MailKind::Thanks || bodies.any(|(_, body)| is_named(body))
    }

    /// When a later version changes a built-in text, mails then use the new one.
    fn without_built_in(mut self, text: &Text, tone: Tone) -> Self {
        for (own, built_in) in self.parts(tone) {
            let tags: Vec<String> = own.iter().map(|(tag, _)| tag.to_owned()).collect();
            for tag in tags {
                let text = text.catalogue().speak(&Language::of(&tag));
                if speaks(&text) && own.find(&tag) == Some(&built_in(&text)) {
                    own.set(tag, "");
                }
            }
        }
        self
    }
}

impl MailKind {
    /// Whether there is a built-in text for this kind of mail, which hosts may replace.
    pub fn is_built_in(self) -> bool {
        self != Self::News
    }

    /// Whether hosts also hand messages of this kind to WhatsApp and SMS, in their own words.
    pub fn is_handed(self) -> bool {
        self != Self::SaveTheDate
    }

    /// What hosts write of this kind.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::SaveTheDate => MAILED,
            Self::News => NEWS_FIELDS,
            Self::Moved => MOVED_FIELDS,
            _ => FIELDS,
        }
    }

    /// Whether hosts can mail this kind to the households that they choose. Who is told that an event
    /// has moved follows from the event.
    pub fn is_for_all(self) -> bool {
        self != Self::Moved
    }
}

/// A part of a text with placeholders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Words(&'a str),
    Placeholder(&'a str),
}

/// Splits a text at its placeholders. Braces around an unknown name stay ordinary text.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while let Some(open) = text[at..].find('{').map(|found| at + found) {
        at = open + 1;
        let Some(close) = text[at..].find('}').map(|found| at + found) else {
            break;
        };
        let name = &text[at..close];
        if PLACEHOLDERS.contains(&name) {
            pieces.push(Piece::Words(&text[begin..open]));
            pieces.push(Piece::Placeholder(name));
            (begin, at) = (close + 1, close + 1);
        }
    }
    pieces.push(Piece::Words(&text[begin..]));
    pieces.retain(|piece| *piece != Piece::Words(""));
    pieces
}

/// Where the last paragraph begins, if it is the hosts' names alone or after a line such as "Warmly,".
pub(crate) fn sign_off(lines: &[&str]) -> Option<usize> {
    let last = lines.iter().rposition(|line| !line.trim().is_empty())?;
    let before = lines[..last]
        .iter()
        .rposition(|line| line.trim().is_empty())?;
    let is_short = last - before <= 2;
    (is_short && lines[last].trim_end().ends_with("{hosts}")).then_some(before + 1)
}

/// Whether the text says what has changed, or is empty, so that a built-in text does.
fn says_change(text: &str) -> bool {
    let says = |name: &&str| text.contains(&format!("{{{name}}}"));
    text.trim().is_empty() || SAYS_CHANGE.iter().any(says)
}

fn unknown(text: &str, kind: MailKind) -> Vec<&str> {
    let after = text.split('{').skip(1);
    let names = after.filter_map(|after| after.split_once('}'));
    let names = names.map(|(name, _)| name);
    names
        .filter(|name| is_name(name) && !replaces(kind, name))
        .collect()
}

/// The placeholder that begins most like an unknown one.
fn nearest(unknown: &str, kind: MailKind) -> Option<&'static str> {
    let alike = |name: &str| {
        let pairs = name.bytes().zip(unknown.bytes());
        pairs.take_while(|(one, other)| one == other).count()
    };
    let known = PLACEHOLDERS.iter().copied();
    let known = known.filter(|name| replaces(kind, name) && alike(name) >= 3);
    known.max_by_key(|name| alike(name))
}

/// Whether messages of this kind replace the placeholder.
pub fn replaces(kind: MailKind, name: &str) -> bool {
    PLACEHOLDERS.contains(&name) && (kind == MailKind::Moved || !OF_MOVED.contains(&name))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 40
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

pub fn load(tx: &mut Tx<'_>, host: &HostOf, kind: MailKind) -> Result<MailText, Refusal> {
    host.needs(Permission::See)?;
    let found: Option<MailText> = sql!(
        "SELECT {MailText} FROM mail_text WHERE occasion = :occasion AND kind = :kind",
        occasion = host.occasion(),
        kind
    )
    .maybe(tx)?;
    Ok(found.unwrap_or(MailText::unwritten(kind)))
}

pub fn list(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<MailText>, Refusal> {
    let all = MailKind::ALL.iter();
    all.map(|kind| load(tx, host, *kind)).collect()
}

/// Applies the form's values to the stored texts. Saves nothing.
pub fn apply(
    old: &MailText,
    occasion: &Occasion,
    input: &Input,
    text: &Text,
) -> Result<MailText, Refusal> {
    let mut findings = Findings::default();
    let new = input.apply(
        old.kind.fields(),
        old,
        false,
        &occasion.zone(),
        &mut findings,
    );
    let all = [&new.subject, &new.body, &new.message];
    for (field, texts) in ["subject", "body", "message"].into_iter().zip(all) {
        for (tag, written) in texts.iter() {
            if let Some(name) = unknown(written, old.kind).first() {
                let near = nearest(name, old.kind);
                let near = near.map_or_else(|| "none".to_owned(), |near| format!("{{{near}}}"));
                let values = [
                    ("name", format!("{{{name}}}").into()),
                    ("near", near.into()),
                ];
                findings.add(&format!("/{field}/{tag}"), "placeholder_unknown", values);
            }
            if old.kind == MailKind::Moved && field != "subject" && !says_change(written) {
                findings.add(&format!("/{field}/{tag}"), "invalid", []);
            }
            let pieces = pieces(written).into_iter();
            let placeholders = pieces.filter(|piece| matches!(piece, Piece::Placeholder(_)));
            if placeholders.count() > MOST_PLACEHOLDERS {
                let values = [("max", MOST_PLACEHOLDERS.into())];
                findings.add(&format!("/{field}/{tag}"), "too_many", values);
            }
        }
    }
    findings.finish()?;
    Ok(new.without_built_in(text, occasion.tone))
}

pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    kind: MailKind,
    version: i64,
    input: &Input,
    text: &Text,
) -> Result<MailText, Refusal> {
    host.needs(Permission::Write)?;
    let occasion = occasions::lock(tx, host)?;
    let old = load(tx, host, kind)?;
    if old.version != version {
        let receipt = serde_json::json!({"kind": kind, "version": old.version});
        let whole = serde_json::to_value(&old).unwrap_or_default();
        return Err(Refusal::VersionConflict(Current::Resource {
            whole,
            receipt,
        }));
    }
    let new = apply(&old, &occasion, input, text)?;
    store(tx, host, &old, new)
}

/// When hosts began the message of this kind that they have now: who got one before it has not got
/// this one.
pub fn begun_at(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    kind: MailKind,
) -> Result<Timestamp, StoreError> {
    let found: Option<(Option<Timestamp>,)> = sql!(
        "SELECT begun_at FROM mail_text WHERE occasion = :occasion AND kind = :kind",
        occasion,
        kind
    )
    .maybe(tx)?;
    let begun_at = found.and_then(|(begun_at,)| begun_at);
    Ok(begun_at.unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Begins another message, without a text: every household gets it, also who has the one before.
pub fn begin_news(tx: &mut Tx<'_>, host: &HostOf) -> Result<MailText, Refusal> {
    host.needs(Permission::Write)?;
    occasions::lock(tx, host)?;
    let kind = MailKind::News;
    let old = load(tx, host, kind)?;
    let blank = MailText {
        version: old.version,
        ..MailText::unwritten(kind)
    };
    let new = store(tx, host, &old, blank)?;
    // There is no text yet if hosts have never written one.
    sql!(
        "INSERT INTO mail_text (occasion, {MailText}, updated_at, begun_at)
         VALUES (:occasion, {:MailText}, :now, :now)
         ON CONFLICT (occasion, kind) DO UPDATE SET begun_at = excluded.begun_at",
        occasion = host.occasion(),
        MailText = new,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(new)
}

/// Begins another message if the one before is still that of this version. Returns whether it has.
pub fn begin_news_after(tx: &mut Tx<'_>, host: &HostOf, version: i64) -> Result<bool, Refusal> {
    host.needs(Permission::Write)?;
    occasions::lock(tx, host)?;
    if load(tx, host, MailKind::News)?.version != version {
        return Ok(false);
    }
    begin_news(tx, host)?;
    Ok(true)
}

fn store(
    tx: &mut Tx<'_>,
    host: &HostOf,
    old: &MailText,
    mut new: MailText,
) -> Result<MailText, Refusal> {
    let kind = old.kind;
    let changes = fields::difference(FIELDS, old, &new);
    if changes.is_empty() {
        return Ok(new);
    }
    new.version += 1;
    sql!(
        "INSERT INTO mail_text (occasion, {MailText}, updated_at)
         VALUES (:occasion, {:MailText}, :now)
         ON CONFLICT (occasion, kind) DO UPDATE SET subject = excluded.subject,
             body = excluded.body, message = excluded.message, version = excluded.version, updated_at = excluded.updated_at",
        occasion = host.occasion(),
        MailText = new,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    let entity = Entity::new("mail_text", kind.word().to_owned());
    history::record(tx, host, "mail_text.changed", entity, changes.into())?;
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_words_and_placeholders() {
        use Piece::{Placeholder as P, Words as W};
        for (text, expected) in [
            (
                "Dear {household},",
                vec![W("Dear "), P("household"), W(",")],
            ),
            ("{code}{code}", vec![P("code"), P("code")]),
            ("{nobody} {CODE} {", vec![W("{nobody} {CODE} {")]),
            ("{{code}}", vec![W("{"), P("code"), W("}")]),
            ("}{", vec![W("}{")]),
            ("", vec![]),
        ] {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_is_signed_where_its_last_paragraph_is_the_names() {
        for (lines, at) in [
            (&["Hello", "", "{hosts}"][..], Some(2)),
            (&["Hello", "", "Warmly,", "{hosts}", ""], Some(2)),
            (&["Hello", "", "Until then", "we are", "{hosts}"], None),
            (&["Hello", "", "{hosts} wait for you."], None),
            (&["{hosts}"], None),
            (&[], None),
        ] {
            assert_eq!(sign_off(lines), at, "{lines:?}");
        }
    }

    #[test]
    fn only_names_that_something_replaces_are_known() {
        let text = "{household} {rsvp_lnk} {x y} {change} {";
        assert_eq!(unknown(text, MailKind::Moved), ["rsvp_lnk"]);
        assert_eq!(unknown(text, MailKind::News), ["rsvp_lnk", "change"]);
    }
}
