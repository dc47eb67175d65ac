//! The questions that providers ask those who book an offer, and the answers to them.

use std::collections::BTreeMap;

use identity::account::AccountId;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use site::resource::{Edit, History, Resource, history_of, next_position, position};
use utoipa::ToSchema;
use web::fields::{choice, flag, line, words};
use web::{Field, Findings, Form, Input, List, PageQuery, Text};

use crate::provider::{Provider, ProviderId};
use crate::slot::Slot;
use crate::{Refusal, offer};

platform::id!(QuestionId, random, "One question of an offer.");

/// The most questions that an offer asks.
const MOST_ACTIVE: i64 = 10;
/// The fewest and the most options of a question. All of them together are not longer than an answer.
const OPTIONS: (usize, usize) = (2, 12);
const OPTION: usize = 80;
/// The maximum length of an answer, in characters.
const ANSWER: usize = 1_000;
const NUMBER: i64 = 1_000_000_000;

web::words! {
    /// How a question of an offer is answered.
    #[schema(as = OfferQuestionKind)]
    Kind {
        /// With one line.
        Line = "line" => "offer-question-line",
        /// With a text.
        Text = "text" => "offer-question-text",
        /// With one of the options.
        OneOf = "one_of" => "offer-question-one-of",
        /// With some of the options.
        SomeOf = "some_of" => "offer-question-some-of",
        /// With a whole number.
        Number = "number" => "offer-question-number",
        /// With a tick.
        Tick = "tick" => "offer-question-tick",
    }
}

impl Kind {
    fn takes_options(self) -> bool {
        matches!(self, Self::OneOf | Self::SomeOf)
    }
}

/// A question that is asked of those who book an offer.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "offer_question")]
pub struct OfferQuestion {
    /// The question's id.
    pub id: QuestionId,
    /// The offer whose booking form asks it.
    pub offer_id: String,
    /// The question, 1–200 characters.
    pub label: String,
    /// How it is answered.
    pub kind: Kind,
    /// For `one_of` and `some_of`, 2–12 options of up to 80 characters; otherwise empty.
    #[row(json)]
    pub options: Vec<String>,
    /// Whether nobody books without an answer; of `tick`, without the tick.
    pub is_required: bool,
    /// Whether it is asked.
    pub active: bool,
    /// The position in the form.
    pub position: i64,
    /// The version, which increases with every change.
    pub version: i64,
}

/// The questions of a provider's offers: by offer, first those that are asked, in their order.
pub(crate) fn of_provider(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<Vec<OfferQuestion>, StoreError> {
    sql!(
        "SELECT {q: OfferQuestion} FROM offer_question q JOIN offer o ON o.id = q.offer_id
         WHERE o.provider_id = :provider
         ORDER BY o.position, o.id, q.active DESC, q.position, q.id",
        provider
    )
    .all(tx)
}

/// The questions that are asked of those who book a slot. Nothing is asked about single times.
pub(crate) fn of_slot(tx: &mut Tx<'_>, slot: &Slot) -> Result<Vec<OfferQuestion>, StoreError> {
    sql!(
        "SELECT {OfferQuestion} FROM offer_question WHERE offer_id = :offer AND active = 1
         ORDER BY position, id",
        offer = slot.offer_id
    )
    .all(tx)
}

/// Erases what an account wrote as questions.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM offer_question WHERE offer_id IN
             (SELECT o.id FROM offer o JOIN provider p ON p.id = o.provider_id
              WHERE p.account_id = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

impl OfferQuestion {
    fn check_options(&mut self, input: &Input, findings: &mut Findings) {
        if !self.kind.takes_options() {
            if !input.has("options") {
                self.options.clear();
            } else if !self.options.is_empty() {
                findings.add("/options", "not_allowed", []);
            }
            return;
        }
        let mut options = Vec::new();
        for option in &self.options {
            let option = findings.line("/options", option, 0, OPTION);
            if options.contains(&option) {
                findings.add("/options", "not_unique", []);
            } else if !option.is_empty() {
                options.push(option);
            }
        }
        let (least, most) = OPTIONS;
        if options.len() < least {
            findings.add("/options", "too_few", [("min", least.into())]);
        } else if options.len() > most {
            findings.add("/options", "too_many", [("max", most.into())]);
        }
        self.options = options;
    }

    /// Refuses one more question that is asked if the offer has as many as allowed. The caller holds
    /// the provider's lock.
    fn check_active(&self, tx: &mut Tx<'_>) -> Result<(), Refusal> {
        let (active,): (i64,) = sql!(
            "SELECT COUNT(*) FROM offer_question
             WHERE offer_id = :offer AND active = 1 AND id <> :id",
            offer = self.offer_id,
            id = self.id
        )
        .one(tx)?;
        if active < MOST_ACTIVE {
            return Ok(());
        }
        Err(Refusal::LimitReached(MOST_ACTIVE))
    }
}

impl Resource for OfferQuestion {
    type Parent = Provider;
    const FIELDS: &'static [Field] = web::fields! { OfferQuestion:
        offer_id: line(36).label("offer-question-offer").required().fixed(),
        label: line(200).label("offer-question-label").required(),
        kind: choice().label("offer-question-kind").required(),
        options: words(),
        is_required: flag().label("offer-question-required"),
        active: flag().label("offer-question-active"),
        position: position().label("plan-position"),
    };
    const HISTORY: History = history_of!("offer_question", named_by: "label");
    const LIMIT: Option<usize> = Some(500);

    site::row_of_table!();

    fn list(tx: &mut Tx<'_>, provider: &Provider, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(of_provider(tx, &provider.profile.id)?))
    }

    fn blank(
        tx: &mut Tx<'_>,
        _: &Provider,
        input: &Input,
        there: &[Self],
    ) -> Result<Self, Refusal> {
        let offer = input.text("offer_id");
        let there = there.iter().filter(|one| one.offer_id == offer);
        Ok(Self {
            id: tx.id(),
            offer_id: offer.to_owned(),
            label: String::new(),
            kind: Kind::Line,
            options: Vec::new(),
            is_required: false,
            active: true,
            position: next_position(there.map(|one| one.position)),
            version: 1,
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        if edit.old.is_none() && !self.offer_id.is_empty() {
            let offers = offer::of_provider(tx, &edit.parent.profile.id)?;
            if offers.iter().all(|one| one.id.as_str() != self.offer_id) {
                findings.add("/offer_id", "unknown_option", []);
            }
        }
        if self.active {
            self.check_active(tx)?;
        }
        self.check_options(edit.input, findings);
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, _: &Edit<'_, Self>) -> Result<(), Refusal> {
        tx.insert(&*self)?;
        Ok(())
    }
}

/// An answer as it was given when the session was booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BookingAnswer)]
pub struct Answer {
    /// The id of the question, which may be gone.
    pub question_id: QuestionId,
    /// The question as it was asked.
    pub label: String,
    /// How it was answered.
    pub kind: Kind,
    /// The text, the number or the chosen options, together up to 1,000 characters; `yes` for a tick.
    pub answer: Vec<String>,
}

impl Answer {
    /// The answer as it is read.
    pub(crate) fn said(&self, text: &Text) -> String {
        match self.kind {
            Kind::Tick => text.say("value-yes").into_owned(),
            _ => self.answer.join(" · "),
        }
    }
}

/// The answers to the questions of a booking form, by the ids of the questions.
pub type SentAnswers = BTreeMap<String, SentAnswer>;

/// An answer as it is sent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = NewBookingAnswer)]
pub enum SentAnswer {
    /// A text, or the chosen option.
    Text(String),
    /// The chosen options.
    Several(Vec<String>),
    /// A number.
    Number(i64),
    /// A tick.
    Tick(bool),
}

impl SentAnswer {
    fn texts(&self) -> Vec<String> {
        let texts = match self {
            Self::Text(text) => vec![text.clone()],
            Self::Several(texts) => texts.clone(),
            Self::Number(number) => vec![number.to_string()],
            Self::Tick(is_ticked) => vec![if *is_ticked { "yes" } else { "" }.to_owned()],
        };
        let texts = texts.into_iter();
        texts.filter(|text| !text.trim().is_empty()).collect()
    }
}

/// The name of the field in which a question is answered.
pub(crate) fn field_name(id: &QuestionId) -> String {
    format!("answers.{id}")
}

/// Reads the answers in the booking form.
pub(crate) fn read(form: &Form) -> SentAnswers {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, value) in form.under("answers.") {
        all.entry(id.to_owned()).or_default().push(value.to_owned());
    }
    let all = all.into_iter();
    all.map(|(id, values)| (id, SentAnswer::Several(values)))
        .collect()
}

/// Checks the answers to these questions. An answer to another question is refused, unless it is empty.
pub(crate) fn check(
    questions: &[OfferQuestion],
    sent: &SentAnswers,
) -> Result<Vec<Answer>, Refusal> {
    let mut findings = Findings::default();
    let is_asked = |id: &str| questions.iter().any(|one| one.id.as_str() == id);
    let is_lost =
        |(id, answer): (&String, &SentAnswer)| !is_asked(id) && !answer.texts().is_empty();
    if sent.iter().any(is_lost) {
        findings.add("/answers", "unknown_option", []);
    }
    let mut answers = Vec::new();
    for question in questions {
        let at = format!("/answers/{}", question.id);
        let typed = sent.get(question.id.as_str()).map(SentAnswer::texts);
        let answer = question.read(&at, &typed.unwrap_or_default(), &mut findings);
        if !answer.is_empty() {
            answers.push(Answer {
                question_id: question.id.clone(),
                label: question.label.clone(),
                kind: question.kind,
                answer,
            });
        } else if question.is_required && !findings.has(&at) {
            findings.add(&at, "required", []);
        }
    }
    findings.finish()?;
    Ok(answers)
}

impl OfferQuestion {
    /// Cleans and checks what was answered; nothing remains of no answer.
    fn read(&self, at: &str, typed: &[String], findings: &mut Findings) -> Vec<String> {
        if typed.len() > 1 && self.kind != Kind::SomeOf {
            findings.add(at, "too_many", [("max", 1.into())]);
            return Vec::new();
        }
        let mut read = |typed: &String| match self.kind {
            Kind::Line => findings.line(at, typed, 0, ANSWER),
            Kind::Text => findings.text(at, typed, ANSWER),
            Kind::Number => {
                if let Ok(number) = typed.trim().parse() {
                    findings.number(at, number, -NUMBER, NUMBER).to_string()
                } else {
                    findings.add(at, "wrong_type", []);
                    String::new()
                }
            }
            Kind::Tick if matches!(typed.as_str(), "1" | "on" | "true" | "yes") => "yes".to_owned(),
            Kind::OneOf | Kind::SomeOf if self.options.contains(typed) => typed.clone(),
            Kind::Tick | Kind::OneOf | Kind::SomeOf => {
                findings.add(at, "unknown_option", []);
                String::new()
            }
        };
        let mut answer = Vec::new();
        for text in typed.iter().map(&mut read) {
            if !text.is_empty() && !answer.contains(&text) {
                answer.push(text);
            }
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use platform::id::Id as _;

    use super::*;

    fn question(kind: Kind, is_required: bool) -> OfferQuestion {
        OfferQuestion {
            id: QuestionId::from_text("q".to_owned()),
            offer_id: String::new(),
            label: "Which?".to_owned(),
            kind,
            options: if kind.takes_options() {
                vec!["Go".to_owned(), "C, or C++".to_owned()]
            } else {
                Vec::new()
            },
            is_required,
            active: true,
            position: 0,
            version: 1,
        }
    }

    /// What is kept of an answer, or the code of its refusal.
    fn answered(question: &OfferQuestion, sent: &SentAnswers) -> Result<Vec<String>, String> {
        match check(std::slice::from_ref(question), sent) {
            Ok(answers) => Ok(answers.into_iter().flat_map(|one| one.answer).collect()),
            Err(refusal) => {
                let problem = web::Problem::from(refusal);
                let first = problem.errors.first();
                Err(first.map_or_else(String::new, |one| format!("{} {}", one.pointer, one.code)))
            }
        }
    }

    #[test]
    fn each_kind_takes_its_answers_and_no_others() {
        use SentAnswer::{Number, Several, Text, Tick};
        let text = |text: &str| Text(text.to_owned());
        let several = |all: &[&str]| Several(all.iter().map(|one| (*one).to_owned()).collect());
        let refused = |code: &str| Err(format!("/answers/q {code}"));
        let kept = |all: &[&str]| Ok(all.iter().map(|one| (*one).to_owned()).collect());
        for (kind, sent, expected) in [
            (Kind::Line, text("  Two\nwords "), kept(&["Two words"])),
            (Kind::Line, text(&"x".repeat(1_001)), refused("too_long")),
            (Kind::Line, several(&["a", "b"]), refused("too_many")),
            (Kind::Line, text(" "), refused("required")),
            (Kind::Text, text("One\nTwo"), kept(&["One\nTwo"])),
            (Kind::OneOf, text("C, or C++"), kept(&["C, or C++"])),
            (Kind::OneOf, text("Java"), refused("unknown_option")),
            (
                Kind::OneOf,
                several(&["Go", "C, or C++"]),
                refused("too_many"),
            ),
            (
                Kind::SomeOf,
                several(&["C, or C++", "Go", "Go"]),
                kept(&["C, or C++", "Go"]),
            ),
            (
                Kind::SomeOf,
                several(&["Go", "Java"]),
                refused("unknown_option"),
            ),
            (Kind::Number, Number(-3), kept(&["-3"])),
            (Kind::Number, text(" 12 "), kept(&["12"])),
            (Kind::Number, text("a dozen"), refused("wrong_type")),
            (Kind::Number, Number(2_000_000_000), refused("out_of_range")),
            (Kind::Tick, Tick(true), kept(&["yes"])),
            (Kind::Tick, several(&["1"]), kept(&["yes"])),
            (Kind::Tick, Tick(false), refused("required")),
            (Kind::Tick, text("maybe"), refused("unknown_option")),
        ] {
            let sent = SentAnswers::from([("q".to_owned(), sent)]);
            let found = answered(&question(kind, true), &sent);
            assert_eq!(found, expected, "{kind:?} {sent:?}");
        }
    }

    #[test]
    fn only_what_is_asked_is_answered_and_only_what_is_required_must_be() {
        let other = |answer: &str| {
            let answer = SentAnswer::Text(answer.to_owned());
            SentAnswers::from([("other".to_owned(), answer)])
        };
        let none = SentAnswers::default();
        let optional = question(Kind::Line, false);
        assert_eq!(answered(&optional, &none), Ok(Vec::new()));
        assert_eq!(answered(&optional, &other("")), Ok(Vec::new()));
        let refused = answered(&optional, &other("Lost"));
        assert_eq!(refused, Err("/answers unknown_option".to_owned()));
        let refused = answered(&question(Kind::Line, true), &none);
        assert_eq!(refused, Err("/answers/q required".to_owned()));
    }
}
