//! Refusals of the hosts' side as the problems that people and programs read.

use accounts::signed_in::ScopeMissing;
use axum::http::StatusCode;
use serde_json::Value;
use web::Problem;

use super::change_response::{Saved, Sees};
use super::view;
use crate::hosting::{Current, Refusal};
use crate::web::api::guest;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        problem(refusal, Sees::default())
    }
}

/// The problem, with what is stored as far as the caller may see it.
pub(super) fn problem(refusal: Refusal, sees: Sees) -> Problem {
    use StatusCode as S;
    match refusal {
        Refusal::NotFound => Problem::not_found(),
        Refusal::Forbidden => Problem::new(S::FORBIDDEN, "forbidden"),
        Refusal::ScopeRequired(scope) => ScopeMissing(scope).into(),
        Refusal::TokenNotPermitted => Problem::new(S::FORBIDDEN, "token_not_permitted"),
        Refusal::VersionConflict(current) => Problem::conflict(stored(&current, sees)),
        Refusal::Fields(fields) => {
            let mut problem = Problem::fields();
            problem.errors = fields;
            problem
        }
        Refusal::SlugTaken => Problem::new(S::CONFLICT, "slug_taken"),
        Refusal::CodeTaken => Problem::new(S::CONFLICT, "code_taken"),
        Refusal::CodeGuessable => Problem::new(S::UNPROCESSABLE_ENTITY, "code_guessable"),
        Refusal::TooManyTries(seconds) => Problem::new(S::TOO_MANY_REQUESTS, "rate_limited")
            .with("minutes", seconds.div_ceil(60))
            .retry_after(seconds),
        Refusal::Guessing(seconds) => Problem::new(S::TOO_MANY_REQUESTS, "too_many_attempts")
            .with("minutes", seconds.div_ceil(60))
            .retry_after(seconds),
        Refusal::LastEvent => Problem::new(S::CONFLICT, "last_event"),
        Refusal::LastOwner => Problem::new(S::CONFLICT, "last_owner"),
        Refusal::LimitReached(limit) => {
            Problem::new(S::CONFLICT, "limit_reached").with("limit", limit)
        }
        Refusal::ExportsWaiting(limit) => {
            Problem::new(S::CONFLICT, "exports_waiting").with("limit", limit)
        }
        Refusal::CursorInvalid => Problem::new(S::BAD_REQUEST, "cursor_invalid"),
        Refusal::QuestionInUse => Problem::new(S::CONFLICT, "question_in_use"),
        Refusal::WrongState => Problem::new(S::CONFLICT, "wrong_state"),
        Refusal::KeyReused => Problem::new(S::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
        Refusal::PlusOneLimit(places) => Problem::new(S::CONFLICT, "plus_one_limit")
            .with("allowed", places.allowed)
            .with("used", places.used),
        Refusal::Answer(refusal) => guest::plain_problem(refusal),
        Refusal::Store(error) => error.into(),
    }
}

/// What is stored, as its own address shows it to somebody who may change it.
fn stored(current: &Current, sees: Sees) -> Value {
    let shown = match current {
        Current::Occasion(occasion) => Saved::of(view::occasion(occasion), sees).to_json(),
        Current::Event(event) => Saved::of(view::event(event), sees).to_json(),
        Current::Resource { whole, receipt } => {
            return if sees.occasion { whole } else { receipt }.clone();
        }
        Current::Question(question) => Saved::of(view::question(question), sees).to_json(),
        Current::Invitation(portal) => Saved::of(view::invitation(portal, sees), sees).to_json(),
    };
    shown.unwrap_or_default()
}
