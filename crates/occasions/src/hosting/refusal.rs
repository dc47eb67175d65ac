//! Why a host's change was not made: facts, each with its own code and status.

use accounts::token::TokenScope;
use platform::StoreError;
use serde_json::{Value, json};
use web::FieldProblem;

use super::resource::Resource;
use crate::event::Event;
use crate::household::Places;
use crate::occasion::Occasion;
use crate::portal::Portal;
use crate::question::Question;
use crate::refusal::Refusal as AnswerRefusal;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Not there, or not this host's to know.
    #[error("not there, or not this host's to know")]
    NotFound,
    /// The role is too low.
    #[error("this role may not do that")]
    Forbidden,
    /// The token has no scope to see this.
    #[error("the token has no scope {0}")]
    ScopeRequired(TokenScope),
    /// A token never does this.
    #[error("a token may not do that")]
    TokenNotPermitted,
    /// Something else was saved since the host looked.
    #[error("changed meanwhile")]
    VersionConflict(Current),
    /// Fields that cannot be kept as sent.
    #[error("{} fields are not right", .0.len())]
    Fields(Vec<FieldProblem>),
    /// Another occasion has this slug.
    #[error("another occasion has this slug")]
    SlugTaken,
    /// Another invitation has, or lately had, this code.
    #[error("another invitation has this code")]
    CodeTaken,
    /// The code chosen by hand is a word or a name.
    #[error("the code is easy to guess")]
    CodeGuessable,
    /// Too many codes were tried; seconds until the next may be.
    #[error("too many codes were tried")]
    TooManyTries(u32),
    /// Too many codes of others were found taken; seconds until the next may be
    /// tried.
    #[error("too many codes of others were tried")]
    Guessing(u32),
    /// An occasion keeps at least one event.
    #[error("the last event stays")]
    LastEvent,
    /// An occasion keeps at least one owner.
    #[error("the last owner stays")]
    LastOwner,
    /// As many as there may be.
    #[error("there are {0} already")]
    LimitReached(i64),
    /// As many files as there may be are still to be made.
    #[error("{0} exports wait already")]
    ExportsWaiting(i64),
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A list cannot go on from this cursor.
    #[error("not a cursor of ours")]
    CursorInvalid,
    /// The question was answered, and what would be changed gives the answers
    /// their meaning.
    #[error("the question was answered")]
    QuestionInUse,
    /// What is asked for does not follow from the present state.
    #[error("not in this state")]
    WrongState,
    /// More plus-ones than the household may bring, without override.
    #[error("no place is left for another guest")]
    PlusOneLimit(Places),
    /// The rules that hold for answers, whoever gives them.
    #[error(transparent)]
    Answer(AnswerRefusal),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is stored, where a stale version was sent.
#[derive(Debug)]
pub enum Current {
    /// An occasion.
    Occasion(Box<Occasion>),
    /// An event.
    Event(Box<Event>),
    /// One of a list, and what those are told who may not see it.
    Resource {
        /// All of it.
        whole: Value,
        /// Its key and its version.
        receipt: Value,
    },
    /// A question.
    Question(Box<Question>),
    /// An invitation with everyone on it.
    Invitation(Box<Portal>),
}

impl Current {
    pub(super) fn of<R: Resource>(one: &R) -> Self {
        Self::Resource {
            whole: json!(one),
            receipt: json!({"key": one.key(), "version": one.version()}),
        }
    }
}

impl From<Vec<FieldProblem>> for Refusal {
    fn from(findings: Vec<FieldProblem>) -> Self {
        Self::Fields(findings)
    }
}

impl From<AnswerRefusal> for Refusal {
    fn from(refusal: AnswerRefusal) -> Self {
        match refusal {
            AnswerRefusal::Store(error) => Self::Store(error),
            AnswerRefusal::VersionConflict(portal) => {
                Self::VersionConflict(Current::Invitation(portal))
            }
            other => Self::Answer(other),
        }
    }
}
