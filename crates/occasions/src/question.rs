//! The hosts' own questions. A question is asked either of each household or of each guest.

mod words;

use ::web::I18n;
use jiff::civil::Date;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::answer::Answer;
use crate::event::Event;
use crate::guest::Guest;
use crate::id::{OccasionId, QuestionId};
use crate::words::{AskedOf, QuestionKind, ReplyStatus};

/// The maximum length of a text answer, in characters.
pub const ANSWER_LIMIT: usize = 2_000;

/// The largest absolute value of a numeric answer.
pub const NUMBER_LIMIT: i64 = 1_000_000_000;

/// A question that the hosts ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a tick of its own in the hosts' form"
)]
pub struct Question {
    /// The question's id.
    pub id: QuestionId,
    /// 1–40 characters of `a-z0-9-`, unique in the occasion; fixed once the question is created.
    pub key: String,
    /// Whether households or guests are asked. It cannot change once somebody has answered.
    pub asked_of: AskedOf,
    /// The kind of answer. It cannot change once somebody has answered.
    pub kind: QuestionKind,
    /// 1–200 characters.
    pub title: I18n,
    /// Up to 500 characters.
    pub help: I18n,
    /// 2–50 choices, for kinds that take choices. A choice that somebody has chosen cannot be
    /// removed.
    #[row(json)]
    pub choices: Vec<Choice>,
    /// Keys of the events that the question is about; all events if empty. A question about a meal
    /// has exactly one event.
    #[row(json)]
    pub events: Vec<String>,
    /// Whether guests who come must answer the question.
    pub required: bool,
    /// Whether only guests who say yes are asked. Always true for a meal.
    pub coming_only: bool,
    /// Whether only hosts see and answer the question.
    pub hosts_only: bool,
    /// Whether the question is asked. A question with answers is deactivated instead of deleted.
    pub active: bool,
    /// Position in lists, 0–1,000.
    pub position: i64,
    /// Increased by every change. A change must name the version it is based on.
    pub version: i64,
}

/// A choice in a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QuestionChoice)]
pub struct Choice {
    /// 1–40 characters of `a-z0-9-`, unique in the question. If the hosts choose no key, it is
    /// generated.
    #[serde(default)]
    pub key: String,
    /// 1–200 characters.
    pub label: I18n,
}

impl Question {
    pub fn insert(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
        sql!(
            "INSERT INTO question ({Question}, occasion, created_at, updated_at)
             VALUES ({:Question}, :occasion, :now, :now)",
            Question = self,
            occasion,
            now = tx.now()
        )
        .run(tx, Rows::Exactly(1))
        .map(drop)
    }

    /// Returns all possible answers. There are none for free text, numbers and dates.
    pub fn possible_answers(&self) -> Vec<Answer> {
        let keys = self.choices.iter().map(|choice| choice.key.clone());
        match self.kind {
            QuestionKind::YesNo => vec![Answer::YesNo(true), Answer::YesNo(false)],
            QuestionKind::OneChoice | QuestionKind::Meal => keys.map(Answer::Text).collect(),
            QuestionKind::SeveralChoices => keys.map(|key| Answer::Choices(vec![key])).collect(),
            QuestionKind::ShortText
            | QuestionKind::LongText
            | QuestionKind::Number
            | QuestionKind::Date => Vec::new(),
        }
    }

    pub fn is_for_guests(&self) -> bool {
        self.active && !self.hosts_only
    }

    /// Whether this guest is invited to at least one of the question's events. Other guests cannot
    /// be asked the question.
    pub fn concerns(&self, guest: &Guest, events: &[Event]) -> bool {
        self.statuses(guest, events).next().is_some()
    }

    /// Whether this guest is asked the question. This depends on the guest's current replies. A
    /// guest who declined all of the question's events is not asked, and the guest's stored answer
    /// does not count.
    pub fn counts_for(&self, guest: &Guest, events: &[Event]) -> bool {
        self.statuses(guest, events)
            .any(|status| self.counts_at(status))
    }

    /// Whether a guest's answer counts if this is the guest's reply to one of the question's
    /// events.
    pub fn counts_at(&self, status: ReplyStatus) -> bool {
        if self.coming_only {
            is_coming(status)
        } else {
            status != ReplyStatus::No
        }
    }

    pub fn is_about(&self, event: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|key| key == event)
    }

    pub fn is_required_of(&self, guest: &Guest, events: &[Event]) -> bool {
        self.required && self.is_for_guests() && self.statuses(guest, events).any(is_coming)
    }

    fn statuses(&self, guest: &Guest, events: &[Event]) -> impl Iterator<Item = ReplyStatus> {
        events
            .iter()
            .filter(|event| self.is_about(&event.key))
            .filter_map(|event| guest.replies.get(&event.id))
            .map(|reply| reply.status)
    }

    /// Parses an answer. Forms send every answer as text, so every kind accepts text. `Ok(None)`
    /// means that the stored answer is removed.
    pub fn read(&self, given: &Value) -> Result<Option<Answer>, &'static str> {
        use QuestionKind as Kind;
        let typed = match given {
            Value::String(text) => Some(text_cleaning::clean(text)),
            _ => None,
        };
        let is_nothing = match given {
            Value::Array(all) => all.is_empty(),
            other => other.is_null() || typed.as_ref().is_some_and(String::is_empty),
        };
        if is_nothing {
            return Ok(None);
        }
        let answer = match (self.kind, given, typed) {
            (Kind::ShortText, _, Some(text)) => short_enough(text_cleaning::clean_line(&text))?,
            (Kind::LongText, _, Some(text)) => short_enough(text)?,
            (Kind::OneChoice | Kind::Meal, _, Some(key)) => {
                self.choose(&[&key])?;
                Answer::Text(key)
            }
            (Kind::SeveralChoices, _, Some(key)) => self.choose(&[&key])?,
            (Kind::SeveralChoices, Value::Array(all), _) => {
                let keys: Option<Vec<&str>> = all.iter().map(Value::as_str).collect();
                self.choose(&keys.ok_or("wrong_type")?)?
            }
            (Kind::YesNo, Value::Bool(yes), _) => Answer::YesNo(*yes),
            (Kind::YesNo, _, Some(word)) => match word.as_str() {
                "yes" => Answer::YesNo(true),
                "no" => Answer::YesNo(false),
                _ => return Err("unknown_option"),
            },
            (Kind::Number, Value::Number(number), _) => within(number.as_i64())?,
            (Kind::Number, _, Some(text)) => within(written_number(&text))?,
            (Kind::Date, _, Some(text)) => {
                let day: Option<Date> = (text.len() == 10).then(|| text.parse().ok()).flatten();
                Answer::Text(day.ok_or("date_invalid")?.to_string())
            }
            _ => return Err("wrong_type"),
        };
        Ok(Some(answer))
    }

    /// The keys keep the order of the question's choices.
    fn choose(&self, keys: &[&str]) -> Result<Answer, &'static str> {
        let is_known = |key: &&str| self.choices.iter().any(|choice| choice.key == **key);
        if !keys.iter().all(is_known) {
            return Err("unknown_option");
        }
        let keys = self
            .choices
            .iter()
            .map(|choice| choice.key.clone())
            .filter(|key| keys.contains(&key.as_str()));
        Ok(Answer::Choices(keys.collect()))
    }
}

/// Guests on the waiting list have also said yes.
fn is_coming(status: ReplyStatus) -> bool {
    matches!(status, ReplyStatus::Yes | ReplyStatus::Waitlisted)
}

fn short_enough(text: String) -> Result<Answer, &'static str> {
    if text_cleaning::length(&text) > ANSWER_LIMIT {
        return Err("too_long");
    }
    Ok(Answer::Text(text))
}

fn within(number: Option<i64>) -> Result<Answer, &'static str> {
    let number = number.ok_or("invalid")?;
    if !(-NUMBER_LIMIT..=NUMBER_LIMIT).contains(&number) {
        return Err("out_of_range");
    }
    Ok(Answer::Number(number))
}

fn written_number(typed: &str) -> Option<i64> {
    let ascii = |sign: char| {
        let zero = match sign {
            '٠'..='٩' => '٠',
            '۰'..='۹' => '۰',
            _ => return sign,
        };
        char::from_digit(u32::from(sign) - u32::from(zero), 10).unwrap_or(sign)
    };
    typed.chars().map(ascii).collect::<String>().parse().ok()
}

pub fn of(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Question>, StoreError> {
    sql!(
        "SELECT {Question} FROM question WHERE occasion = :occasion ORDER BY position, id",
        occasion
    )
    .all(tx)
}

#[cfg(test)]
mod tests;
