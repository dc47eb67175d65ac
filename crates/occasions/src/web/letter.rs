//! Renders a campaign's mails, each in the language of its household. A job sends the mails in
//! small batches.

use askama::Template as _;
use platform::jobs::{Done, Handler, Job, JobError};
use platform::key::Key;
use platform::mail::{Address, NewMail, suppression};
use serde::Deserialize;
use web::{Deadline, Language, Site, Text};

use super::guest::view::{Block, Letter, LetterText, Span, in_order};
use super::guest::{Reading, contact};
use crate::event::Event;
use crate::event::time_and_place::TimeAndPlace;
use crate::guest::Guest;
use crate::hosting::campaign::audience::STREAM;
use crate::hosting::campaign::sending::{self, Addressee, Batch, Rendered};
use crate::hosting::campaign::{self, CampaignId, Skip};
use crate::hosting::mail_text::{self, MailKind, MailText, Piece};
use crate::hosting::received_gifts::ReceivedGift;
use crate::hosting::thanks::DayAfter;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::phase::Phase;
use crate::words::Response;

/// The maximum length of the names that replace the placeholders `{guests}` and `{gift}`, in
/// characters.
const LONGEST_NAMES: usize = 1_000;

pub(crate) struct Parts {
    pub(crate) subject: String,
    pub(crate) html: String,
    pub(crate) plain: String,
}

/// Returns the household's language, or else the occasion's default language.
pub(crate) fn language(snapshot: &InvitationSnapshot) -> &str {
    let own = snapshot.household.invitation.details.language.as_deref();
    own.unwrap_or(&snapshot.occasion.default_language)
}

/// Renders the mail to a household, in the language of `text`. `unsubscribe` is the full URL for
/// unsubscribing.
pub(crate) fn render(
    site: &Site,
    text: &Text,
    snapshot: &InvitationSnapshot,
    own: &MailText,
    day_after: &DayAfter,
    unsubscribe: Option<&str>,
) -> Result<Parts, askama::Error> {
    let occasion = &snapshot.occasion;
    let reading = Reading::new(text, snapshot);
    let hosts = occasion
        .hosts
        .pick(text.language(), &occasion.default_language);
    let (subject, body) = own.in_language(text, occasion);
    let values = Values {
        site,
        text,
        snapshot,
        reading: &reading,
        day_after,
        unsubscribe: unsubscribe.unwrap_or_default(),
    };
    let blocks = values.blocks(&body);
    let household = &snapshot.household.invitation.details.household;
    let leads_home = body.contains("{rsvp_link}");
    let letter = Letter {
        text,
        theme: occasion.theme,
        hosts: hosts.text,
        date: reading.cover().date,
        subject: values.fill(&subject),
        salutation: reading.salutation(),
        blocks,
        events: match own.kind {
            MailKind::Invitation => reading.events(),
            _ => Vec::new(),
        },
        or: leads_home.then(|| {
            let values = [
                ("address", snapshot.url(site).authority().to_owned().into()),
                ("code", snapshot.household.invitation.code.as_str().into()),
            ];
            text.with("mail-confirmation-or", values)
        }),
        why: why(text, snapshot, household, hosts.text),
        unsubscribe: unsubscribe.map(str::to_owned),
    };
    Ok(Parts {
        html: letter.render()?,
        plain: LetterText(&letter).render()?,
        subject: letter.subject,
    })
}

fn why(text: &Text, snapshot: &InvitationSnapshot, household: &str, hosts: &str) -> String {
    let values = [("household", household.into()), ("hosts", hosts.into())];
    match contact(&snapshot.occasion).and_then(|contact| contact.phone.or(contact.email)) {
        Some(reach) => {
            let [household, hosts] = values;
            text.with(
                "mail-letter-why",
                [household, hosts, ("contact", in_order(text, &reach).into())],
            )
        }
        None => text.with("mail-letter-why-plain", values),
    }
}

/// Names gifts, such as "Six tea glasses, money". Amounts are not named.
pub(crate) fn gift_words(text: &Text, gifts: &[ReceivedGift]) -> String {
    let words = gifts.iter().map(|gift| {
        let words: Vec<&str> = gift.description.split_whitespace().collect();
        if words.is_empty() {
            text.say("gift-of-money").into_owned()
        } else {
            words.join(" ")
        }
    });
    shortened(words.collect::<Vec<_>>().join(&text.say("list-comma")))
}

pub(crate) fn pictures_link(site: &Site, snapshot: &InvitationSnapshot) -> String {
    snapshot.url(site).join(&snapshot.link("/gallery"))
}

fn shortened(names: String) -> String {
    match names.char_indices().nth(LONGEST_NAMES) {
        Some((end, _)) => format!("{}…", &names[..end]),
        None => names,
    }
}

/// The message for WhatsApp and SMS, with the household's values. A line with a placeholder that has
/// no value is left out. If no line has a link, it is added at the end; our thanks need none.
pub(crate) fn message(
    site: &Site,
    text: &Text,
    snapshot: &InvitationSnapshot,
    day_after: &DayAfter,
    own: &MailText,
) -> String {
    let reading = Reading::new(text, snapshot);
    let values = Values {
        site,
        text,
        snapshot,
        reading: &reading,
        day_after,
        unsubscribe: "",
    };
    let has_value = |line: &&str| {
        mail_text::pieces(line)
            .into_iter()
            .all(|piece| match piece {
                Piece::Words(_) => true,
                Piece::Placeholder(name) => !values.value(name).is_empty(),
            })
    };
    let message = own.message(text, &snapshot.occasion);
    let written: Vec<&str> = message.lines().filter(has_value).collect();
    let mut lines: Vec<String> = written.iter().map(|line| values.fill(line)).collect();
    let links = ["rsvp_link", "pictures_link"].map(|name| values.value(name));
    let leads_somewhere = |line: &String| {
        let mut links = links.iter().filter(|link| !link.is_empty());
        links.any(|link| line.contains(link.as_str()))
    };
    let needs_link = own.kind != MailKind::Thanks || own.has_message(text);
    if needs_link && !lines.iter().any(leads_somewhere) {
        let link = values.value("rsvp_link");
        match mail_text::sign_off(&written) {
            Some(at) => drop(lines.splice(at..at, [link, String::new()])),
            None => lines.extend([String::new(), link]),
        }
    }
    let message = lines.join("\n").replace("\n\n\n", "\n\n");
    message.trim().to_owned()
}

/// The subject of the mail to a household, in the language of `text`.
pub(crate) fn subject(
    site: &Site,
    text: &Text,
    snapshot: &InvitationSnapshot,
    own: &MailText,
) -> String {
    let values = Values {
        site,
        text,
        snapshot,
        reading: &Reading::new(text, snapshot),
        day_after: &DayAfter::default(),
        unsubscribe: "",
    };
    let (subject, _) = own.in_language(text, &snapshot.occasion);
    values.fill(&subject)
}

struct Values<'a> {
    site: &'a Site,
    text: &'a Text,
    snapshot: &'a InvitationSnapshot,
    reading: &'a Reading<'a>,
    day_after: &'a DayAfter,
    unsubscribe: &'a str,
}

impl Values<'_> {
    fn value(&self, name: &str) -> String {
        let (text, snapshot) = (self.text, self.snapshot);
        let occasion = &snapshot.occasion;
        let invitation = &snapshot.household.invitation;
        let pick = |texts: &web::I18n| {
            let picked = texts.pick(text.language(), &occasion.default_language);
            picked.text.to_owned()
        };
        match name {
            "salutation" => self.reading.salutation(),
            "household" | "name" => invitation.details.household.clone(),
            "guests" => {
                let guests = snapshot.household.guests.iter();
                let names = guests.map(|guest| guest.name.as_str());
                let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
                shortened(names.join(&text.say("list-comma")))
            }
            "hosts" => pick(&occasion.hosts),
            "occasion_title" => pick(&occasion.title),
            "occasion_date" | "wedding_date" => self.reading.cover().date,
            "venue" | "wedding_venue" => {
                let first = snapshot
                    .invited_events()
                    .min_by_key(|event| event.starts_at);
                first.map_or_else(String::new, |event| event.venue.clone())
            }
            "rsvp_deadline" => match snapshot.closes_at().map(|at| at.to_zoned(occasion.zone())) {
                Some(at) => match Deadline::of(&at) {
                    Deadline::EndOf(day) => text.date(day),
                    Deadline::Within(_) => text.moment_in(at.time_zone(), at.timestamp()),
                },
                None => String::new(),
            },
            "rsvp_link" => snapshot.url(self.site).join(&snapshot.link("")),
            "code" => invitation.code.clone(),
            "status" => {
                let status = match snapshot.response() {
                    Response::Unanswered => "mail-status-unanswered",
                    Response::Partial => "mail-status-partial",
                    Response::Complete => "mail-status-complete",
                };
                text.say(status).into_owned()
            }
            "still_open" => match snapshot.response() {
                Response::Unanswered => text.say("send-open-all").into_owned(),
                Response::Partial => {
                    let events = snapshot.open_events();
                    let names: Vec<String> = events.map(|event| pick(&event.name)).collect();
                    let events = shortened(names.join(&text.say("list-comma")));
                    text.with("send-open", [("events", events.into())])
                }
                Response::Complete => String::new(),
            },
            "events" => self.events(),
            "thanks_for_coming" => {
                // Whoever is thanked for a gift that arrived before the day has not come yet.
                let is_ahead = matches!(snapshot.phase(), Phase::Before | Phase::Day);
                let is_early = is_ahead && !self.day_after.gifts.is_empty();
                let came = !is_early && snapshot.household.guests.iter().any(Guest::comes);
                let words = came.then(|| text.say("send-thanks").into_owned());
                words.unwrap_or_default()
            }
            "gift" => gift_words(text, &self.day_after.gifts),
            "pictures_link" if self.day_after.has_pictures => pictures_link(self.site, snapshot),
            "unsubscribe_link" => self.unsubscribe.to_owned(),
            _ => String::new(),
        }
    }

    /// When and where each event of the household is, in their order; the day of the occasion while no
    /// event has one.
    fn events(&self) -> String {
        let (text, occasion) = (self.text, &self.snapshot.occasion);
        let mut events: Vec<&Event> = self.snapshot.invited_events().collect();
        events.sort_by_key(|event| (event.starts_at, event.position));
        let say = |event: &Event| TimeAndPlace::of_event(event).say(text, &occasion.zone());
        match &events[..] {
            [] => self.reading.cover().date,
            [only] => say(only),
            several => {
                let named = |event: &&Event| {
                    let default = &occasion.default_language;
                    let name = event.name.pick(text.language(), default);
                    let values = [("name", name.text.into()), ("words", say(event).into())];
                    text.with("send-event", values)
                };
                several.iter().map(named).collect::<Vec<_>>().join("\n")
            }
        }
    }

    fn fill(&self, line: &str) -> String {
        let pieces = mail_text::pieces(line).into_iter();
        let filled = pieces.map(|piece| match piece {
            Piece::Words(words) => words.to_owned(),
            Piece::Placeholder(name) => self.value(name),
        });
        filled.collect()
    }

    /// If a placeholder has no value for this household, its line is left out.
    fn blocks(&self, body: &str) -> Vec<Block> {
        let mut blocks = Vec::new();
        for paragraph in body.split("\n\n") {
            if paragraph.trim() == "{rsvp_link}" {
                blocks.push(Block::Button(self.value("rsvp_link")));
                continue;
            }
            let lines = paragraph.trim_matches('\n').lines();
            let lines: Vec<Vec<Span>> = lines.filter_map(|line| self.line(line)).collect();
            if lines.iter().any(|line| !line.is_empty()) {
                blocks.push(Block::Paragraph(lines));
            }
        }
        blocks
    }

    fn line(&self, line: &str) -> Option<Vec<Span>> {
        let mut spans = Vec::new();
        for piece in mail_text::pieces(line) {
            match piece {
                // Only URLs in the hosts' own text become links. URLs in a placeholder's value,
                // such as a guest's name, stay text.
                Piece::Words(words) => spans.extend(linked(words)),
                Piece::Placeholder(name) => {
                    let value = self.value(name);
                    // Each mail begins with the salutation.
                    let is_twice = line.trim() == "{salutation}";
                    if value.is_empty() || is_twice {
                        return None;
                    }
                    spans.push(match name {
                        "rsvp_link" | "pictures_link" | "unsubscribe_link" => Span::Link(value),
                        // A paragraph of a mail has no lines within a placeholder.
                        _ => Span::Words(value.replace('\n', "; ")),
                    });
                }
            }
        }
        Some(spans)
    }
}

fn linked(words: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    for (at, part) in words.split(' ').enumerate() {
        if at > 0 {
            spans.push(Span::Words(" ".to_owned()));
        }
        let address = part.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        if address.starts_with("https://") && address.len() > "https://".len() {
            spans.push(Span::Link(address.to_owned()));
            spans.push(Span::Words(part[address.len()..].to_owned()));
        } else {
            spans.push(Span::Words(part.to_owned()));
        }
    }
    spans
}

pub(crate) fn mail(
    snapshot: &InvitationSnapshot,
    parts: Parts,
    to: Address,
    hosts: &Text,
) -> NewMail {
    let occasion = &snapshot.occasion;
    let names = occasion
        .hosts
        .pick(hosts.language(), &occasion.default_language);
    NewMail {
        to_name: snapshot.household.invitation.details.household.clone(),
        sender_name: Some(names.text.to_owned()),
        reply_to: occasion.contact.email.parse().ok(),
        scope: Some(occasion.id.to_string()),
        subject: parts.subject,
        text: parts.plain,
        html: Some(parts.html),
        ..NewMail::new(to, STREAM)
    }
}

#[derive(Deserialize)]
struct Payload {
    campaign: CampaignId,
}

/// Returns the handler of the job that sends a campaign's mails.
pub fn campaigns(site: Site) -> Handler {
    Handler::new(campaign::KIND, move |job| {
        let site = site.clone();
        async move { send(&site, &job).await }
    })
}

async fn send(site: &Site, job: &Job) -> Result<Done, JobError> {
    let Payload { campaign: id } = job.read()?;
    let key = site.keys.key(suppression::PURPOSE);
    let (of, its_key) = (id.clone(), key.clone());
    let batch = site
        .store
        .write(move |tx| sending::advance(tx, &its_key, &of))
        .await?;
    let Some(Batch { campaign, next }) = batch else {
        return Ok(Done::nothing());
    };
    if next.is_empty() {
        return Ok(Done::nothing());
    }
    let own = MailText {
        subject: campaign.subject,
        body: campaign.body,
        ..MailText::unwritten(campaign.kind)
    };
    let (wanted, names_day_after) = (next.clone(), own.names_day_after());
    let found = site
        .store
        .read_at_length(move |tx| {
            let wanted = wanted.iter();
            let read = wanted.map(|next| sending::read(tx, next, names_day_after));
            read.collect::<Result<Vec<_>, platform::StoreError>>()
        })
        .await?;
    let mut rendered = Vec::new();
    for (recipient, found) in next.into_iter().zip(found) {
        if let Some(one) = prepare(site, &key, &own, found) {
            rendered.push((recipient, one));
        }
    }
    let write = move |tx: &mut platform::Tx<'_>| {
        for (next, one) in &rendered {
            sending::write(tx, &key, &id, next, one)?;
        }
        Ok::<(), platform::StoreError>(())
    };
    Ok(Done::with(write))
}

/// `None` if rendering fails.
fn prepare(site: &Site, key: &Key, own: &MailText, found: Option<Addressee>) -> Option<Rendered> {
    let Some(found) = found else {
        return Some(Rendered::Skipped(Skip::Archived));
    };
    let Addressee {
        snapshot,
        revision,
        email,
        name,
        day_after,
    } = found;
    if let Some(reason) = sending::needs_none(own.kind, &snapshot) {
        return Some(Rendered::Skipped(reason));
    }
    let invitation = &snapshot.household.invitation;
    let Some(to) = email.and_then(|email| email.parse::<Address>().ok()) else {
        return Some(Rendered::Skipped(Skip::NoAddress));
    };
    let scope = snapshot.occasion.id.as_str();
    let path = suppression::unsubscribe_link(key, &to, STREAM, Some(scope));
    let unsubscribe = snapshot.url(site).join(&path);
    let text = site.catalogue.speak(&Language::of(language(&snapshot)));
    match render(site, &text, &snapshot, own, &day_after, Some(&unsubscribe)) {
        Ok(parts) => {
            let version = (invitation.version, revision);
            let mail = NewMail {
                to_name: name,
                ..mail(&snapshot, parts, to, &text)
            };
            let origin = snapshot.url(site).to_string();
            Some(Rendered::Mail(Box::new(mail), version, origin))
        }
        // If a template cannot be rendered, Kenduri has a bug.
        Err(cause) => {
            tracing::error!(%cause, "cannot render a mail of a campaign; please report this");
            None
        }
    }
}
