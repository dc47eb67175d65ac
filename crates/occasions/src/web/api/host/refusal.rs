//! Refusals of the hosts' side as the problems that people and programs read.

use axum::http::StatusCode;
use serde_json::Value;
use web::Problem;

use super::view;
use crate::hosting::{Current, Refusal};
use crate::web::api::guest;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        use StatusCode as S;
        match refusal {
            Refusal::NotFound => Self::not_found(),
            Refusal::Forbidden => Self::new(S::FORBIDDEN, "forbidden"),
            Refusal::TokenNotPermitted => Self::new(S::FORBIDDEN, "token_not_permitted"),
            Refusal::VersionConflict(current) => Self::conflict(stored(&current)),
            Refusal::Fields(fields) => {
                let mut problem = Self::fields();
                problem.errors = fields;
                problem
            }
            Refusal::SlugTaken => Self::new(S::CONFLICT, "slug_taken"),
            Refusal::CodeTaken => Self::new(S::CONFLICT, "code_taken"),
            Refusal::CodeGuessable => Self::new(S::UNPROCESSABLE_ENTITY, "code_guessable"),
            Refusal::TooManyTries(seconds) => Self::new(S::TOO_MANY_REQUESTS, "rate_limited")
                .with("minutes", seconds.div_ceil(60))
                .retry_after(seconds),
            Refusal::Guessing(seconds) => Self::new(S::TOO_MANY_REQUESTS, "too_many_attempts")
                .with("minutes", seconds.div_ceil(60))
                .retry_after(seconds),
            Refusal::LastEvent => Self::new(S::CONFLICT, "last_event"),
            Refusal::LastOwner => Self::new(S::CONFLICT, "last_owner"),
            Refusal::LimitReached(limit) => {
                Self::new(S::CONFLICT, "limit_reached").with("limit", limit)
            }
            Refusal::ExportsWaiting(limit) => {
                Self::new(S::CONFLICT, "exports_waiting").with("limit", limit)
            }
            Refusal::CursorInvalid => Self::new(S::BAD_REQUEST, "cursor_invalid"),
            Refusal::QuestionInUse => Self::new(S::CONFLICT, "question_in_use"),
            Refusal::WrongState => Self::new(S::CONFLICT, "wrong_state"),
            Refusal::KeyReused => Self::new(S::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
            Refusal::PlusOneLimit(places) => Self::new(S::CONFLICT, "plus_one_limit")
                .with("allowed", places.allowed)
                .with("used", places.used),
            Refusal::Answer(refusal) => guest::plain_problem(refusal),
            Refusal::Store(error) => error.into(),
        }
    }
}

/// What is stored, as its own address shows it to somebody who may change it.
fn stored(current: &Current) -> Value {
    let shown = match current {
        Current::Occasion(occasion) => serde_json::to_value(view::occasion(occasion)),
        Current::Event(event) => serde_json::to_value(view::event(event)),
        Current::DietaryOption(option, version) => {
            serde_json::to_value(view::dietary_option(option, *version))
        }
        Current::Question(question) => serde_json::to_value(view::question(question)),
        Current::Invitation(portal) => serde_json::to_value(view::invitation(portal, true)),
    };
    shown.unwrap_or_default()
}
