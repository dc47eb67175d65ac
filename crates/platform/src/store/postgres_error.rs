//! What PostgreSQL's errors mean for a call and its connection.

use std::error::Error as Cause;
use std::io;

use postgres::Error;
use postgres::error::{DbError, Severity, SqlState};

use super::StoreError;
use super::error::Failure;

/// PostgreSQL's error message without statement arguments, which may be personal data.
pub(super) fn explain(error: &Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{}: {}", said.code().code(), said.message()),
        None => error.to_string(),
    }
}

/// The name of the violated constraint, if SQLite can also name constraints of this kind.
fn constraint(error: &Error) -> Option<String> {
    let said = error.as_db_error()?;
    [
        SqlState::UNIQUE_VIOLATION,
        SqlState::CHECK_VIOLATION,
        SqlState::EXCLUSION_VIOLATION,
    ]
    .contains(said.code())
    .then(|| said.constraint().map(ToOwned::to_owned))
    .flatten()
}

/// Whether the connection must not be used again: it is lost (class 08), it is in a state that no
/// statement expects, such as that of a standby (25), or an operator intervened (57). PostgreSQL
/// documentation, appendix A.
pub(super) fn breaks(error: &Error) -> bool {
    is_dead(error)
        || error
            .code()
            .is_none_or(|code| matches!(&code.code()[..2], "08" | "25" | "57"))
}

/// Whether the server has ended the session, and perhaps itself.
fn is_dead(error: &Error) -> bool {
    let said = error.as_db_error().and_then(DbError::parsed_severity);
    matches!(said, Some(Severity::Panic | Severity::Fatal))
}

pub(super) fn failed(sql: &'static str, error: &Error) -> (StoreError, Failure) {
    let Some(code) = error.code() else {
        let is_lost = error.is_closed() || error.source().is_some_and(<dyn Cause>::is::<io::Error>);
        let failure = if is_lost {
            Failure::Lost
        } else {
            Failure::Final
        };
        return (StoreError::Unavailable(explain(error)), failure);
    };
    if *code == SqlState::T_R_DEADLOCK_DETECTED
        || *code == SqlState::T_R_SERIALIZATION_FAILURE
        || *code == SqlState::LOCK_NOT_AVAILABLE
        || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
    {
        return (StoreError::Busy, Failure::Again);
    }
    let is_lost = is_dead(error)
        || *code == SqlState::READ_ONLY_SQL_TRANSACTION
        || code.code().starts_with("08")
        || code.code().starts_with("57P");
    let failure = if is_lost {
        Failure::Lost
    } else {
        Failure::Final
    };
    let kind = match &code.code()[..2] {
        "23" => StoreError::Constraint {
            name: constraint(error),
            reason: explain(error),
        },
        "53" | "57" | "58" | "08" | "25" => StoreError::Unavailable(explain(error)),
        "55" => StoreError::Busy,
        _ => StoreError::Statement {
            reason: explain(error),
            sql,
        },
    };
    (kind, failure)
}
