//! People's requests for a role. Everybody with a confirmed email address may make one, and an
//! administrator decides.

use axum::http::StatusCode;
use identity::account::{self, AccountId};
use identity::people::{self, Acting, Administrator, PeopleError};
use identity::session::signed_in::{Confirmed, SignedIn};
use jiff::Timestamp;
use platform::audit::{Entity, Entry, RequestFacts};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use web::{FieldProblem, Findings, Problem};

use super::role::Role;

platform::id!(AccessRequestId, "One request for a role.");

/// The maximum lengths of the message in a request and of the reason for a decision, in characters.
const MESSAGE: usize = 1000;
const REASON: usize = 500;
const LIMIT: i64 = 20;
const ROWS: i64 = 100;

web::words! {
    /// The state of an access request.
    State {
        /// No administrator has decided yet.
        Pending = "pending",
        Approved = "approved",
        Rejected = "rejected",
    }
}

#[derive(Clone, Debug, Row)]
pub(super) struct AccessRequest {
    pub(super) id: AccessRequestId,
    pub(super) account_id: AccountId,
    pub(super) role: Role,
    pub(super) message: String,
    pub(super) state: State,
    /// The administrator's reason for the decision; empty if none was given.
    pub(super) reason: String,
    pub(super) created_at: Timestamp,
    /// When an administrator decided or, before that, when the request was made.
    pub(super) updated_at: Timestamp,
}

#[derive(Debug, Row)]
pub(super) struct SignedRequest {
    #[row(flatten)]
    pub(super) request: AccessRequest,
    pub(super) name: String,
    pub(super) email: String,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum AccessError {
    #[error("there is no such request")]
    NotFound,
    #[error("the address is not confirmed")]
    EmailUnverified,
    #[error("a request for the role waits already")]
    Pending,
    #[error("somebody decided on it already")]
    Decided,
    #[error("the account has made {LIMIT} requests")]
    LimitReached,
    #[error("some fields are invalid")]
    Fields(Vec<FieldProblem>),
    #[error(transparent)]
    People(#[from] PeopleError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code);
        match error {
            AccessError::NotFound => Self::not_found(),
            AccessError::EmailUnverified => identity::problem::email_unverified(),
            AccessError::Pending => conflict("request_pending"),
            AccessError::Decided => conflict("request_decided"),
            AccessError::LimitReached => conflict("limit_reached").with("limit", LIMIT),
            AccessError::Fields(errors) => {
                let mut problem = Self::fields();
                problem.errors = errors;
                problem
            }
            AccessError::People(error) => error.into(),
            AccessError::Store(error) => error.into(),
        }
    }
}

/// Checks that a person may request a role, which requires a confirmed email address.
pub(super) fn asker(tx: &mut Tx<'_>, who: &SignedIn) -> Result<Confirmed, AccessError> {
    identity::session::signed_in::confirmed(tx, who)?.ok_or(AccessError::EmailUnverified)
}

pub(super) fn create(
    tx: &mut Tx<'_>,
    who: &Confirmed,
    role: Role,
    message: &str,
) -> Result<AccessRequest, AccessError> {
    let mut findings = Findings::default();
    let message = findings.text("/message", message, MESSAGE);
    if message.is_empty() {
        findings.add("/message", "required", []);
    }
    findings.finish().map_err(AccessError::Fields)?;
    let account_id = who.who().account().id.clone();
    // The lock makes concurrent requests of an account wait for each other, so that each is
    // counted.
    account::lock(tx, &account_id)?;
    let (all, alike): (i64, i64) = sql!(
        "SELECT COUNT(*), COUNT(CASE WHEN state = 'pending' AND role = :role THEN 1 END)
         FROM access_request WHERE account_id = :account_id",
        role,
        account_id
    )
    .one(tx)?;
    if alike > 0 {
        return Err(AccessError::Pending);
    }
    if all >= LIMIT {
        return Err(AccessError::LimitReached);
    }
    let request = AccessRequest {
        id: tx.id(),
        account_id,
        role,
        message,
        state: State::Pending,
        reason: String::new(),
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    sql!(
        "INSERT INTO access_request ({AccessRequest}) VALUES ({:AccessRequest})",
        AccessRequest = request
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(request)
}

/// The requests of one account, newest first.
pub(super) fn list_own(
    tx: &mut Tx<'_>,
    account: &AccountId,
) -> Result<Vec<AccessRequest>, StoreError> {
    sql!(
        "SELECT {AccessRequest} FROM access_request WHERE account_id = :account
         ORDER BY created_at DESC, id",
        account
    )
    .all(tx)
}

/// Lists the oldest pending requests.
pub(super) fn pending(
    tx: &mut Tx<'_>,
    _: &Administrator,
) -> Result<Vec<SignedRequest>, StoreError> {
    sql!(
        "SELECT {r: AccessRequest}, a.display_name AS name, e.address AS email
         FROM access_request r
         JOIN account a ON a.id = r.account_id
         JOIN email e ON e.account_id = a.id AND e.is_primary = 1
         WHERE r.state = 'pending' ORDER BY r.created_at, r.id LIMIT :rows",
        rows = ROWS
    )
    .all(tx)
}

/// The number of pending requests, and the number of all requests.
pub(super) fn count(tx: &mut Tx<'_>) -> Result<(i64, i64), StoreError> {
    tx.one(
        sql!("SELECT COUNT(CASE WHEN state = 'pending' THEN 1 END), COUNT(*) FROM access_request"),
        &[],
    )
}

/// The administrator who decides on a request for a role, with the facts of the HTTP request for
/// the audit log.
pub(super) struct Decider {
    pub(super) who: SignedIn,
    pub(super) request: RequestFacts,
}

pub(super) fn approve(
    tx: &mut Tx<'_>,
    by: &Acting,
    decider: &Decider,
    id: &AccessRequestId,
    reason: &str,
) -> Result<(), AccessError> {
    let found = decide(tx, decider, id, State::Approved, reason)?;
    Ok(found.role.set(tx, by, &found.account_id, true)?)
}

pub(super) fn reject(
    tx: &mut Tx<'_>,
    decider: &Decider,
    id: &AccessRequestId,
    reason: &str,
) -> Result<(), AccessError> {
    people::administrator(tx, &decider.who, &decider.request)?;
    decide(tx, decider, id, State::Rejected, reason).map(drop)
}

fn decide(
    tx: &mut Tx<'_>,
    decider: &Decider,
    id: &AccessRequestId,
    state: State,
    reason: &str,
) -> Result<AccessRequest, AccessError> {
    let mut findings = Findings::default();
    let reason = findings.text("/admin_reason", reason, REASON);
    findings.finish().map_err(AccessError::Fields)?;
    let found: Option<AccessRequest> = sql!(
        "SELECT {AccessRequest} FROM access_request WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    let found = found.ok_or(AccessError::NotFound)?;
    if found.state != State::Pending {
        return Err(AccessError::Decided);
    }
    sql!(
        "UPDATE access_request SET state = :state, reason = :reason, decided_by = :by,
             updated_at = :now
         WHERE id = :id",
        state,
        reason,
        by = decider.who.account().id,
        now = tx.now(),
        id
    )
    .run(tx, Rows::Exactly(1))?;
    tx.record(Entry {
        actor: decider.who.actor(),
        action: match state {
            State::Approved => "access_request.approved",
            _ => "access_request.rejected",
        },
        entity: Entity::new("access_request", id.to_string()),
        scope: None,
        changes: json!([]),
        request: Some(decider.request.clone()),
    })?;
    Ok(found)
}

/// The requests of an account, for the export of the account's data.
pub(super) fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Value, StoreError> {
    let all = list_own(tx, account)?.into_iter().map(|one| {
        json!({
            "role": one.role, "message": one.message, "state": one.state, "reason": one.reason,
            "created_at": one.created_at, "updated_at": one.updated_at,
        })
    });
    Ok(json!({ "access_requests": all.collect::<Vec<_>>() }))
}

/// Deletes an account's requests, and removes the account as the decider of other requests.
pub(super) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM access_request WHERE account_id = :account",
        account
    )
    .run(tx, Rows::Any)?;
    sql!(
        "UPDATE access_request SET decided_by = NULL WHERE decided_by = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
