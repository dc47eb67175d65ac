//! Formats lines of the audit log as sentences. The lines are about one invitation or the whole
//! occasion.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::audit::Actor;
use platform::money::Money;
use serde_json::Value;
use web::fields::Kind;
use web::{Deadline, Field, I18n};

use super::wording::{self, Wording};
use crate::announcement::Announcement;
use crate::cash_link::CashLink;
use crate::diet::DietaryOption;
use crate::event::{Event, PlannedEvent};
use crate::gift::Gift;
use crate::hosting::log::AuditRow;
use crate::hosting::mail_text::{self, MailKind};
use crate::hosting::occasions::FIELDS;
use crate::hosting::received_gifts::ReceivedGift;
use crate::hosting::reminders::ReminderRule;
use crate::hosting::resource::Resource as _;
use crate::hosting::{guests, invitations, locks, pictures};
use crate::occasion_page::OccasionPage;
use crate::question::Question;
use crate::rsvp::HOUSEHOLD;
use crate::words::{ExportKind, OccasionStatus, ReplyStatus, Role};

pub(super) struct Sentence {
    pub(super) at: String,
    pub(super) day: String,
    pub(super) time: String,
    pub(super) who: String,
    pub(super) what: String,
    /// The name of the changed object, if known.
    pub(super) entity: Option<String>,
    pub(super) href: Option<String>,
    pub(super) changes: Vec<LoggedChange>,
}

pub(super) struct LoggedChange {
    pub(super) what: String,
    pub(super) old: String,
    pub(super) new: String,
}

/// The data that replaces the ids in audit lines with names.
pub(super) struct Telling<'a> {
    pub(super) wording: Wording<'a>,
    pub(super) events: &'a [Event],
    pub(super) questions: &'a [Question],
    /// The names of guests, by guest id.
    pub(super) guests: BTreeMap<String, String>,
}

impl Telling<'_> {
    pub(super) fn tell(&self, line: &AuditRow) -> Sentence {
        let wording = &self.wording;
        let record = &line.record;
        let local = wording.local(record.at);
        let is_invitation = record.entity_kind == "invitation" && line.entity.is_some();
        Sentence {
            at: wording.machine(record.at),
            day: wording.text.date(local.date()),
            time: wording.text.time_in(local.time_zone(), record.at),
            who: self.who(line),
            what: match action(&record.action) {
                Some(id) => wording.text.say(id).into_owned(),
                None => record.action.clone(),
            },
            entity: line.entity.clone(),
            href: is_invitation.then(|| wording.at(&format!("/invites/{}", record.entity_id))),
            changes: self.changes(&record.entity_kind, &line.changes),
        }
    }

    fn who(&self, line: &AuditRow) -> String {
        let say = |id: &str| self.wording.text.say(id).into_owned();
        match (line.record.actor_kind.as_str(), &line.actor) {
            (HOUSEHOLD, Some(name)) => {
                let values = [("name", name.as_str().into())];
                self.wording.text.with("host-by-household", values)
            }
            (_, Some(name)) => name.clone(),
            (Actor::TOKEN, None) => say("host-by-token"),
            (Actor::SYSTEM, None) => say("host-by-system"),
            _ => say("host-by-somebody"),
        }
    }

    fn changes(&self, entity: &str, changes: &Value) -> Vec<LoggedChange> {
        let all = changes.as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter()
            .filter_map(|change| {
                let field = change.get("field")?.as_str()?;
                let meaning = meaning(entity, field);
                let value = |name| self.value(change.get(name).unwrap_or(&Value::Null), meaning);
                Some(LoggedChange {
                    what: match own_field_words(entity, field) {
                        Some(id) => self.wording.text.say(id).into_owned(),
                        None => self.field(field),
                    },
                    old: value("old"),
                    new: value("new"),
                })
            })
            .collect()
    }

    fn field(&self, field: &str) -> String {
        let text = self.wording.text;
        let mut parts = field.split('/');
        if let (Some("guests"), Some(id)) = (parts.next(), parts.next()) {
            let name = match self.guests.get(id) {
                Some(name) if !name.is_empty() => name.clone(),
                _ => text.say("host-somebody").into_owned(),
            };
            let part = match (parts.next(), parts.next()) {
                (Some("replies"), Some(key)) => self.event(key),
                (Some("answers"), Some(key)) => self.question(key),
                (Some(part), _) => self.word(part),
                (None, _) => return name,
            };
            return format!("{name}{}{part}", text.say("list-comma"));
        }
        match field.strip_prefix("answers/") {
            Some(key) => self.question(key),
            None => self.word(field),
        }
    }

    fn question(&self, key: &str) -> String {
        let found = self.questions.iter().find(|question| question.key == key);
        found.map_or_else(
            || key.to_owned(),
            |question| self.wording.pick(&question.title).to_string(),
        )
    }

    fn event(&self, key: &str) -> String {
        let found = self.events.iter().find(|event| event.key == key);
        let default = &self.wording.occasion.default_language;
        found.map_or_else(
            || key.to_owned(),
            |event| {
                let language = self.wording.text.language();
                event.name.pick(language, default).to_string()
            },
        )
    }

    fn word(&self, field: &str) -> String {
        match field_words(field) {
            Some(id) => self.wording.text.say(id).into_owned(),
            None => field.to_owned(),
        }
    }

    fn value(&self, value: &Value, meaning: Meaning) -> String {
        let text = self.wording.text;
        match value {
            Value::Null => text.say("value-nothing").into_owned(),
            Value::Bool(true) => text.say("value-yes").into_owned(),
            Value::Bool(false) => text.say("value-no").into_owned(),
            Value::Number(number) => self.number(number, meaning),
            Value::String(word) => self.words(word, meaning),
            Value::Array(all) => {
                let all: Vec<String> = all.iter().map(|one| self.value(one, meaning)).collect();
                all.join(&text.say("list-comma"))
            }
            // This value is a line in an event's schedule.
            Value::Object(all) if all.contains_key("time") => {
                let parts = ["time", "title", "detail"].into_iter();
                let parts =
                    parts.filter_map(|part| Some(self.value(all.get(part)?, Meaning::Text)));
                parts.collect::<Vec<_>>().join(" ").trim().to_owned()
            }
            Value::Object(all) => match (all.get("name"), all.get("label")) {
                (Some(Value::String(name)), _) => name.clone(),
                (_, Some(label @ Value::Object(_))) => self.translated(label, meaning),
                _ => self.translated(value, meaning),
            },
        }
    }

    fn number(&self, number: &serde_json::Number, meaning: Meaning) -> String {
        let currency = self.wording.occasion.currency.parse().ok();
        match (meaning, number.as_i64().zip(currency)) {
            (Meaning::Money, Some((minor, currency))) => {
                self.wording.text.money(Money::new(minor, currency))
            }
            _ => number.to_string(),
        }
    }

    fn translated(&self, value: &Value, meaning: Meaning) -> String {
        let default = &self.wording.occasion.default_language;
        let part = match meaning {
            Meaning::Field(Kind::Part(fields)) => Some(fields),
            _ => None,
        };
        if part.is_none()
            && let Ok(texts) = serde_json::from_value::<I18n>(value.clone())
        {
            return texts
                .pick(self.wording.text.language(), default)
                .to_string();
        }
        let all = value.as_object().into_iter().flatten();
        let told: Vec<String> = all
            .map(|(field, value)| {
                let mut fields = part.into_iter().flatten();
                let known = fields.find(|known| known.name == field);
                let meaning = known.map_or(Meaning::Text, |known| Meaning::Field(known.kind));
                format!("{}: {}", self.word(field), self.value(value, meaning))
            })
            .collect();
        told.join(&self.wording.text.say("list-comma"))
    }

    fn words(&self, word: &str, meaning: Meaning) -> String {
        let message = match meaning {
            _ if word.is_empty() => Some("value-nothing"),
            Meaning::Reply => ReplyStatus::find(word).map(|status| wording::mark(status).message()),
            Meaning::Field(kind) => kind.message(word),
            Meaning::Text | Meaning::Money | Meaning::Day | Meaning::Zone | Meaning::Currency => {
                None
            }
        };
        if let Some(id) = message {
            return self.wording.text.say(id).into_owned();
        }
        match (meaning, word.parse::<Timestamp>()) {
            (Meaning::Zone, _) => self.wording.zone_words(word),
            (Meaning::Currency, _) => self.wording.currency_words(word),
            (Meaning::Day, Ok(at)) => {
                let day = Deadline::of(&self.wording.local(at)).day();
                self.wording.text.date_short(day)
            }
            (Meaning::Field(Kind::Day), Ok(at)) => self.wording.deadline(at),
            (Meaning::Field(Kind::Moment), Ok(at)) => self.wording.moment(at),
            _ => word.to_owned(),
        }
    }
}

/// The text `no` can be a reply, which is translated, or a label that a host wrote.
#[derive(Clone, Copy)]
enum Meaning {
    Reply,
    Field(Kind),
    /// An amount in minor units.
    Money,
    /// A day, stored as the instant at which it ends.
    Day,
    /// The IANA name of a time zone.
    Zone,
    /// The code of a currency.
    Currency,
    Text,
}

fn meaning(entity: &str, field: &str) -> Meaning {
    let name = match field.strip_prefix("guests/") {
        Some(rest) => rest.split_once('/').map_or("", |(_, name)| name),
        None => field,
    };
    match (entity, name) {
        ("invitation", name) if name.starts_with("replies/") => Meaning::Reply,
        ("occasion", "status") => Meaning::Field(Kind::Choice(OccasionStatus::CHOICES)),
        ("grant", "role") => Meaning::Field(Kind::Choice(Role::CHOICES)),
        ("export", "kind") => Meaning::Field(Kind::Choice(ExportKind::CHOICES)),
        // Answers stay open until the end of a day or until a time, like a deadline.
        ("invitation", "open_until") => Meaning::Field(Kind::Day),
        ("gift", "price") => Meaning::Money,
        ("received_gift", "received_on") => Meaning::Day,
        ("occasion", "time_zone") => Meaning::Zone,
        ("occasion", "currency") => Meaning::Currency,
        ("campaign", "kind") => Meaning::Field(Kind::Choice(MailKind::CHOICES)),
        _ => {
            let mut fields = fields_of(entity).iter().copied().flatten();
            let found = fields.find(|known| known.name == name);
            found.map_or(Meaning::Text, |known| Meaning::Field(known.kind))
        }
    }
}

fn fields_of(entity: &str) -> &'static [&'static [Field]] {
    match entity {
        "occasion" => &[FIELDS],
        "invitation" => &[invitations::FIELDS, locks::FIELDS, guests::FIELDS],
        "event" => &[PlannedEvent::FIELDS],
        "question" => &[Question::FIELDS],
        "dietary_option" => &[DietaryOption::FIELDS],
        "page" => &[OccasionPage::FIELDS],
        "mail_text" => &[mail_text::FIELDS],
        "reminder_rule" => &[ReminderRule::FIELDS],
        "gift" => &[Gift::FIELDS],
        "cash_link" => &[CashLink::FIELDS],
        "received_gift" => &[ReceivedGift::FIELDS],
        "announcement" => &[Announcement::FIELDS],
        "upload" => &[pictures::FIELDS],
        _ => &[],
    }
}

/// The groups of actions. The page of the log offers them as filters.
pub(super) const FAMILIES: [(&str, &str); 13] = [
    ("rsvp", "host-family-rsvp"),
    ("invitation", "host-family-invitation"),
    ("guest", "host-family-guest"),
    ("event", "host-family-event"),
    ("question", "host-family-question"),
    ("occasion", "host-family-occasion"),
    ("bulk", "host-family-bulk"),
    ("campaign", "host-family-campaign"),
    ("gift", "host-gifts"),
    ("upload", "host-uploads"),
    ("export", "host-family-export"),
    ("grant", "host-family-grant"),
    ("invite", "host-family-invite"),
];

fn action(action: &str) -> Option<&'static str> {
    Some(match action {
        "rsvp.saved" => "host-log-rsvp-saved",
        "rsvp.moved_up" => "host-log-rsvp-moved-up",
        "rsvp.saved_by_host" => "host-log-rsvp-by-host",
        "invitation.created" => "host-log-invitation-created",
        "invitation.changed" => "host-log-invitation-changed",
        "invitation.archived" => "host-log-invitation-archived",
        "invitation.approved" => "host-log-invitation-approved",
        "invitation.merged" => "host-log-invitation-merged",
        "invitation.kept_apart" => "host-log-invitation-apart",
        "invitation.restored" => "host-log-invitation-restored",
        "invitation.locked" => "host-log-invitation-locked",
        "invitation.unlocked" => "host-log-invitation-unlocked",
        "invitation.code_replaced" => "host-log-code-replaced",
        "invitations.swept" => "host-log-swept",
        "guest.added" => "host-log-guest-added",
        "guest.changed" => "host-log-guest-changed",
        "guest.removed" => "host-log-guest-removed",
        "guest.ordered" => "host-log-guest-ordered",
        "event.created" => "host-log-event-created",
        "event.changed" => "host-log-event-changed",
        "event.removed" => "host-log-event-removed",
        "event.not_told" => "host-log-event-not-told",
        "event.asked_again" => "host-log-event-asked-again",
        "occasion.created" => "host-log-occasion-created",
        "occasion.let_send" => "host-log-let-send",
        "occasion.changed" => "host-log-occasion-changed",
        "occasion.moved" => "host-log-occasion-moved",
        "occasion.diets_deleted" => "host-log-diets-deleted",
        "occasion.deletion_announced" => "host-log-deletion-announced",
        "occasion.deletion_confirmed" => "host-log-deletion-confirmed",
        "announcement.created" => "host-log-news-created",
        "announcement.changed" => "host-log-news-changed",
        "announcement.removed" => "host-log-news-removed",
        "bulk.started" => "host-log-bulk",
        "campaign.ordered" => "host-log-campaign-ordered",
        "campaign.paused" => "host-log-campaign-paused",
        "campaign.resumed" => "host-log-campaign-resumed",
        "campaign.cancelled" => "host-log-campaign-cancelled",
        "campaign.retried" => "host-log-campaign-retried",
        "mail_text.changed" => "host-log-mail-text",
        "reminder_rule.created" | "reminder_rule.changed" | "reminder_rule.removed" => {
            "host-log-reminders"
        }
        "gift.created" | "gift.changed" | "gift.removed" => "host-log-gifts",
        "gift.reserved" => "host-log-gift-reserved",
        "gift.released" => "host-log-gift-released",
        "gift.given" => "host-log-gift-given",
        "upload.added" => "host-log-upload-added",
        "upload.removed" => "host-log-upload-removed",
        "upload.ordered" => "host-log-upload-ordered",
        "upload.approved" => "host-log-upload-approved",
        "upload.rejected" => "host-log-upload-rejected",
        "upload.returned" => "host-log-upload-returned",
        "upload.added_by_host" => "host-log-upload-added-by-host",
        "upload.described" => "host-log-upload-described",
        "upload.hidden" => "host-log-upload-hidden",
        "upload.deleted" => "host-log-upload-deleted",
        "cash_link.created" | "cash_link.changed" | "cash_link.removed" => "host-log-cash",
        "received_gift.created" | "received_gift.changed" | "received_gift.removed" => {
            "host-log-received"
        }
        "received_gift.thanked" => "host-log-thanked",
        "export.started" => "host-log-export",
        "export.fetched" => "host-log-export-fetched",
        "grant.given" => "host-log-grant-given",
        "grant.changed" => "host-log-grant-changed",
        "grant.removed" => "host-log-grant-removed",
        "invite.created" => "host-log-invite-created",
        "invite.withdrawn" => "host-log-invite-withdrawn",
        "question.created" => "host-log-question-created",
        "question.changed" => "host-log-question-changed",
        "question.removed" => "host-log-question-removed",
        "dietary_option.created" | "dietary_option.changed" | "dietary_option.removed" => {
            "host-log-diets"
        }
        "page.created" | "page.changed" | "page.removed" => "host-log-pages",
        _ => return None,
    })
}

fn own_field_words(entity: &str, field: &str) -> Option<&'static str> {
    Some(match (entity, field) {
        ("export", "kind") => "host-export-kind",
        ("export", "contacts") => "host-export-contacts",
        ("campaign", "kind") => "host-mail",
        ("invitation", "gift") => "host-field-gift-name",
        ("invitation", "quantity") => "host-field-gift-quantity",
        ("received_gift", "thanked") => "host-thanked",
        (
            "mail_text" | "reminder_rule" | "announcement" | "page" | "gift" | "cash_link"
            | "received_gift" | "upload",
            _,
        ) => {
            let mut fields = fields_of(entity).iter().copied().flatten();
            fields.find(|known| known.name == field)?.label
        }
        ("question", _) => Question::field(field)?.label,
        _ => return None,
    })
}

pub fn field_words(field: &str) -> Option<&'static str> {
    Some(match field {
        "code" => "host-code",
        "archived" => "host-access-revoked",
        "note" => "host-household-note",
        "own_domain" => "host-own-domain",
        "status" => "host-state",
        "role" => "host-role",
        "cover" => "host-cover",
        "total" | "invitations" => "host-invitations",
        _ => {
            let fields = FIELDS.iter().chain(invitations::FIELDS);
            let fields = fields.chain(locks::FIELDS);
            let fields = fields.chain(guests::FIELDS).chain(DietaryOption::FIELDS);
            let fields = fields.chain(Question::FIELDS).chain(PlannedEvent::FIELDS);
            let mut fields = fields.chain(OccasionPage::FIELDS).chain(pictures::FIELDS);
            return fields
                .find(|known| known.name == field)
                .map(|known| known.label);
        }
    })
}
