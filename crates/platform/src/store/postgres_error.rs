//! What PostgreSQL's errors mean for a call and its connection.

use std::error::Error as Cause;
use std::io;

use postgres::Error;
use postgres::error::{DbError, Severity, SqlState};
use rustls::CertificateError::{
    BadSignature, NotValidForName, NotValidForNameContext, UnknownIssuer,
};

use super::StoreError;
use super::error::Failure;

/// PostgreSQL's error message without statement arguments, which may be personal data.
pub(crate) fn explain(error: &Error) -> String {
    if let Some(said) = error.as_db_error() {
        return format!("{}: {}", said.code().code(), said.message());
    }
    let Some(cause) = error.source().and_then(<dyn Cause>::downcast_ref) else {
        return error.to_string();
    };
    format!("{error}: {cause}{}", what_to_do(cause))
}

/// The advice if the server's certificate was not accepted.
fn what_to_do(cause: &io::Error) -> &'static str {
    let fault = cause.get_ref().and_then(|cause| cause.downcast_ref());
    match fault {
        // Another authority of the same name has signed.
        Some(rustls::Error::InvalidCertificate(UnknownIssuer | BadSignature)) => {
            "; set store.ca_file to the certificate of the authority that issued the server's"
        }
        Some(rustls::Error::InvalidCertificate(
            NotValidForName | NotValidForNameContext { .. },
        )) => "; name the server in store.url as its certificate does",
        _ => "",
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
