//! What PostgreSQL's errors mean for a call and its connection.

use postgres::Error;
use postgres::error::SqlState;

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
    error
        .code()
        .is_none_or(|code| matches!(&code.code()[..2], "08" | "25" | "57"))
}

pub(super) fn failed(sql: &'static str, error: &Error) -> (StoreError, Failure) {
    let Some(code) = error.code() else {
        let lost = StoreError::Unavailable(explain(error));
        return (lost, Failure::Lost);
    };
    if *code == SqlState::T_R_DEADLOCK_DETECTED
        || *code == SqlState::T_R_SERIALIZATION_FAILURE
        || *code == SqlState::LOCK_NOT_AVAILABLE
        || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
    {
        return (StoreError::Busy, Failure::Again);
    }
    let failure = match code.code() {
        "25006" => Failure::Lost,
        code if code.starts_with("08") || code.starts_with("57P") => Failure::Lost,
        _ => Failure::Final,
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
