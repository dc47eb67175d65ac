//! Why something was not saved: facts, each with its status and its stable code.

use axum::http::StatusCode;
use platform::StoreError;
use platform::idempotency::Reused;
use serde_json::json;
use web::{FieldProblem, Problem};

use crate::post::Post;

/// Why nothing was saved, or shown.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such post, or it is not published.
    #[error("there is no such post")]
    NotFound,
    /// The post was published and is withdrawn.
    #[error("the post is withdrawn")]
    Withdrawn,
    /// The caller is no editor of the site.
    #[error("the caller is no editor of the site")]
    NotAnEditor,
    /// Something else was saved since the caller looked.
    #[error("changed meanwhile")]
    VersionConflict(Box<Post>),
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Fields that cannot be saved as sent.
    #[error("{} fields are not right", .0.len())]
    Fields(Vec<FieldProblem>),
    /// Another post has this slug.
    #[error("another post has this slug")]
    SlugTaken,
    /// What was published is withdrawn, but never a draft again, and never deleted.
    #[error("the post was published")]
    Published,
    /// The store did not do it.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error.constraint() {
            Some("post_slug") => Self::SlugTaken,
            _ => Self::Store(error),
        }
    }
}

impl From<Reused> for Refusal {
    fn from(_: Reused) -> Self {
        Self::KeyReused
    }
}

impl From<Vec<FieldProblem>> for Refusal {
    fn from(found: Vec<FieldProblem>) -> Self {
        Self::Fields(found)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code);
        match refusal {
            Refusal::NotFound => Self::not_found(),
            Refusal::Withdrawn => Self::new(StatusCode::GONE, "gone"),
            Refusal::NotAnEditor => Self::new(StatusCode::FORBIDDEN, "forbidden"),
            Refusal::VersionConflict(stored) => conflict("version_conflict").current(json!(stored)),
            Refusal::KeyReused => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused")
            }
            Refusal::Fields(errors) => {
                let mut problem = Self::fields();
                problem.errors = errors;
                problem
            }
            Refusal::SlugTaken => conflict("slug_taken"),
            Refusal::Published => conflict("post_published"),
            Refusal::Store(error) => error.into(),
        }
    }
}
