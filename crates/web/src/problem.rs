//! Refusals are errors caused by a rule. API clients get a refusal in the format of RFC 9457, and
//! people get one sentence.
//!
//! A handler returns a [`Problem`]; `web::serve` renders it in the reader's language: as
//! `application/problem+json` under `/api` and for clients that accept JSON, otherwise as a page.
//!
//! ```
//! use axum::http::StatusCode;
//! use web::Problem;
//!
//! let full = Problem::new(StatusCode::CONFLICT, "limit_reached").with("limit", 2);
//! let catalogue = web::Catalogue::build(&[web::LOCALES]);
//! let text = catalogue.speak(&web::Language::ENGLISH);
//! assert_eq!(full.detail(&text), "There can be 2 of these at most.");
//! ```

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Zoned;
use platform::StoreError;
use platform::limits::Wait;
use platform::money::Money;
use serde_json::Value as Json;

use crate::codes::{self, Code, message_id};
use crate::form::{self, Form};
use crate::text::{Text, Value};

/// A refusal. It is boxed to the size of one pointer, because every `Result` contains it.
#[derive(Clone, Debug)]
pub struct Problem(Box<Refusal>);

#[derive(Clone, Debug)]
pub struct Refusal {
    pub status: StatusCode,
    /// The stable error code, from [`codes::CODES`] or declared by a domain.
    pub code: &'static str,
    /// The arguments of the error message, which are also members of the JSON response.
    pub values: Vec<(&'static str, Argument)>,
    pub errors: Vec<FieldProblem>,
    /// The number of seconds after which a retry may succeed.
    pub retry_after: Option<u32>,
    /// The stored record, after a version conflict.
    pub current: Option<Json>,
    /// The messages in the language that the handler has chosen for the response.
    pub text: Option<Text>,
    /// The form that was refused before the handler read it.
    pub kept: Option<Kept>,
    /// The name of an additional member with the value of `detail`, for clients that expect it
    /// there. If set, the response is JSON for every client.
    pub detail_alias: Option<&'static str>,
}

/// A form that was refused before a handler read it, or that the store could not save. The error
/// page shows the form's values.
#[derive(Clone, Debug)]
pub struct Kept {
    pub form: Form,
    /// A CSRF token with which the person can submit the form again unchanged, empty for a form
    /// that needs none. It is set only if the browser does not report that another site sent the
    /// form.
    pub csrf: Option<String>,
}

const SAVING_PAUSED: &str = "saving_paused";
/// The place of the backup is as a rule away for minutes.
const PAUSE_SECONDS: u32 = 60;
/// The fields of forms that no person types.
const NOT_TYPED: [&str; 12] = [
    "submission_id",
    "version",
    "kept",
    "form_stamp",
    "action",
    "back",
    "intent",
    "kind",
    "redirect",
    "state",
    "tz",
    "username",
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// A JSON pointer into the body, such as `/dishes/0/name`.
    pub pointer: String,
    /// The stable error code, from [`codes::FIELD_CODES`] or the code of a [`Problem`].
    pub code: &'static str,
    pub values: Vec<(&'static str, Argument)>,
}

/// An argument of an error message, formatted once the language is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    Number(i64),
    /// A string that is the same in every language.
    Words(String),
    /// Several strings, each the same in every language.
    List(Vec<String>),
    /// An amount, such as "RM 180.00".
    Money(Money),
    /// A number of minutes, such as "24 hours".
    Duration(i64),
    /// A date without a year, such as "14 January".
    Day(Zoned),
    /// A time of day with its zone, such as "2:20 pm (Berlin)".
    Clock(Zoned),
}

impl Problem {
    /// Makes a problem with one of the site's codes ([`Declared`](crate::Declared)).
    pub fn new(status: StatusCode, code: &'static str) -> Self {
        Self(Box::new(Refusal {
            status,
            code,
            values: Vec::new(),
            errors: Vec::new(),
            retry_after: None,
            current: None,
            text: None,
            kept: None,
            detail_alias: None,
        }))
    }

    /// The error for a record that does not exist, or whose existence the client is not allowed to
    /// know.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found")
    }

    /// Makes a refusal because of invalid fields, which [`Problem::field`] adds.
    pub fn fields() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed")
    }

    /// A server error. The cause is logged and not shown.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed because of an internal error; do what `cause` says; if it is about a file, check the disk, and who may write there; otherwise please report it");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    }

    /// Adds an argument for the message's `{ $name }`, which is also a JSON member.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Argument>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn field(
        mut self,
        pointer: impl Into<String>,
        code: &'static str,
        values: impl Into<Vec<(&'static str, Argument)>>,
    ) -> Self {
        self.errors.push(FieldProblem::new(pointer, code, values));
        self
    }

    /// Sets the time after which a retry may succeed.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    #[must_use]
    pub fn current(mut self, current: Json) -> Self {
        self.current = Some(current);
        self
    }

    /// Sets the language of the error message.
    #[must_use]
    pub fn said_in(mut self, text: &Text) -> Self {
        self.text = Some(text.clone());
        self
    }

    /// Shows the values of the refused form on the error page.
    #[must_use]
    pub fn keeping(mut self, form: Form, csrf: Option<String>) -> Self {
        self.kept = Some(Kept { form, csrf });
        self
    }

    pub fn title(&self, text: &Text) -> String {
        title(text, self.code)
    }

    pub fn detail(&self, text: &Text) -> String {
        sentence(text, "problem", self.code, &self.values)
    }
}

impl Kept {
    /// The texts that a person typed into the form, without hidden fields, numbers and single
    /// characters.
    pub fn typed(&self) -> impl Iterator<Item = &str> {
        self.fields()
            .filter(|(name, _)| !NOT_TYPED.contains(name))
            .filter(|(name, _)| !name.starts_with("ask."))
            .map(|(_, value)| value.trim())
            .filter(|value| value.chars().any(char::is_alphabetic) && value.chars().count() > 1)
    }

    /// The form's fields without the CSRF token and passwords, to submit them again.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.form.iter();
        fields.filter(|(name, _)| *name != form::CSRF_FIELD && !name.contains("password"))
    }

    /// The form's fields in URL encoding, to be put into a hidden field of another form.
    /// [`Form::parse`] decodes them.
    pub fn encoded(&self) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(self.fields()).finish()
    }
}

impl FieldProblem {
    /// An error in one field; `values` are the arguments of its message.
    pub fn new(
        pointer: impl Into<String>,
        code: &'static str,
        values: impl Into<Vec<(&'static str, Argument)>>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            values: values.into(),
        }
    }

    /// The error message that is shown beside the field.
    pub fn detail(&self, text: &Text) -> String {
        let is_of_field = codes::FIELD_CODES.contains(&self.code);
        let prefix = if is_of_field { "field" } else { "problem" };
        sentence(text, prefix, self.code, &self.values)
    }
}

pub(crate) fn title(text: &Text, code: &str) -> String {
    text.attribute(&message_id("problem", code), "title", [])
}

/// The message for an error code. A missing optional argument is filled in as "none".
pub(crate) fn sentence(
    text: &Text,
    prefix: &str,
    code: &str,
    given: &[(&'static str, Argument)],
) -> String {
    let given = given
        .iter()
        .map(|(name, value)| (*name, value.spoken(text)));
    let given: Vec<_> = given.collect();
    text.with_rest(&message_id(prefix, code), &given, |_| "none")
}

impl Argument {
    fn spoken(&self, text: &Text) -> Value<'static> {
        match self {
            Self::Number(number) => (*number).into(),
            Self::Words(words) => words.clone().into(),
            Self::List(all) => all.join(", ").into(),
            Self::Money(sum) => text.money(*sum).into(),
            Self::Duration(minutes) => text.duration(*minutes).into(),
            Self::Day(day) => text.day_and_month(day).into(),
            Self::Clock(at) => text.time_in(at.time_zone(), at.timestamp()).into(),
        }
    }

    /// The argument as a member of the JSON response.
    pub(crate) fn json(&self) -> Json {
        match self {
            Self::Number(number) => (*number).into(),
            Self::Words(words) => words.clone().into(),
            Self::List(all) => all.clone().into(),
            Self::Money(sum) => sum.minor.into(),
            Self::Duration(minutes) => (*minutes).into(),
            Self::Day(at) => at.date().to_string().into(),
            Self::Clock(at) => at.timestamp().to_string().into(),
        }
    }
}

impl From<&str> for Argument {
    fn from(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

impl From<String> for Argument {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

impl From<Vec<String>> for Argument {
    fn from(all: Vec<String>) -> Self {
        Self::List(all)
    }
}

impl From<i64> for Argument {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for Argument {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Argument {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Argument {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl Deref for Problem {
    type Target = Refusal;

    fn deref(&self) -> &Refusal {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Refusal {
        &mut self.0
    }
}

/// A busy store becomes a response with Retry-After, a change of which nobody knows whether it was
/// saved one without; every other store error becomes a server
/// error.
impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        match StatusCode::from_u16(code.status) {
            Ok(status) => Self::new(status, code.code),
            Err(cause) => Self::internal(cause),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(cause: StoreError) -> Self {
        if matches!(cause, StoreError::LeaseOver) {
            tracing::warn!(%cause, "a request was answered with 503, because nothing is saved here; do what `cause` says");
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, SAVING_PAUSED)
                .retry_after(PAUSE_SECONDS);
        }
        if cause.is_passing() {
            tracing::warn!(%cause, "the store is busy or cannot save; the request was answered with 503; if this goes on, check the store's disk or database server");
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_busy").retry_after(5);
        }
        if matches!(cause, StoreError::Unknown) {
            tracing::error!(%cause, "it is not known whether a change was saved, and the person was told to look; nothing needs to be done here");
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "outcome_unknown");
        }
        Self::internal(cause)
    }
}

impl From<Wait> for Problem {
    fn from(Wait { seconds }: Wait) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited")
            .with("minutes", seconds.div_ceil(60))
            .retry_after(seconds)
    }
}

/// Whether it says that nothing was saved, so that the same form can be sent again.
pub(crate) fn says_unsaved(problem: &Problem) -> bool {
    matches!(problem.code, "store_busy" | SAVING_PAUSED)
}

/// A response extension that carries a problem from the handler to `web::serve`.
#[derive(Clone)]
pub(crate) struct Carried(pub(crate) Arc<Problem>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Carried(Arc::new(self)));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalogue, Language, testing};

    #[test]
    fn a_problem_is_one_pointer() {
        assert_eq!(size_of::<Problem>(), size_of::<usize>());
    }

    #[test]
    fn sentences_are_filled_in_the_reader_s_language() {
        let files = [
            (
                "en",
                "problem-shut = { $day ->\n    [none] Shut.\n   *[other] Shut on { $day }.\n} { $contact ->\n    [none] Ask us.\n   *[other] Ask { $contact }.\n}\n",
            ),
            ("ms", "problem-shut = Tutup pada { $day }: { $contact }.\n"),
        ];
        let catalogue = Catalogue::build(&[crate::LOCALES, &files]);
        let text = |tag| catalogue.speak(&Language::of(tag));
        let closed: Zoned = "2027-01-14T23:00[Asia/Kuala_Lumpur]".parse().unwrap();
        let problem = Problem::new(StatusCode::LOCKED, "shut")
            .with("day", Argument::Day(closed))
            .with("contact", "Farah");
        assert_eq!(
            problem.detail(&text("en")),
            "Shut on 14 January. Ask Farah."
        );
        assert_eq!(problem.detail(&text("ms")), "Tutup pada 14 Januari: Farah.");
        assert_eq!(
            Problem::new(StatusCode::LOCKED, "shut").detail(&text("en")),
            "Shut. Ask us."
        );
    }

    #[test]
    fn fields_speak_with_their_own_codes_or_with_a_problem_s() {
        let problem = Problem::fields()
            .field("/dishes/0/name", "too_long", [("max", 100.into())])
            .field("/dishes/0/slug", "slug_taken", []);
        let text = testing::text("en");
        assert_eq!(problem.errors[0].detail(&text), "At most 100 characters.");
        assert_eq!(
            problem.errors[1].detail(&text),
            sentence(&text, "problem", "slug_taken", &[])
        );
    }

    #[test]
    fn a_busy_store_says_when_to_come_back() {
        let problem = Problem::from(StoreError::Busy);
        assert_eq!((problem.code, problem.retry_after), ("store_busy", Some(5)));
        let unknown = Problem::from(StoreError::Unknown);
        assert_eq!(
            (unknown.code, unknown.retry_after),
            ("outcome_unknown", None)
        );
        let paused = Problem::from(StoreError::LeaseOver);
        let expected = ("saving_paused", Some(PAUSE_SECONDS));
        assert_eq!((paused.code, paused.retry_after), expected);
        assert!(says_unsaved(&problem) && says_unsaved(&paused) && !says_unsaved(&unknown));
        let fault = Problem::from(StoreError::rule("unique"));
        assert_eq!(fault.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
}
