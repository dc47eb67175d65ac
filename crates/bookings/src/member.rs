//! Members: the accounts that book, ask and buy.

use axum::http::StatusCode;
use identity::account::{self, AccountId};
use platform::Tx;
use web::Problem;

use crate::Refusal;

/// Locks a member's account, so that concurrent changes of the same member wait for each other.
/// Refuses a member who has left since the request began.
pub(crate) fn lock(tx: &mut Tx<'_>, member: &AccountId) -> Result<(), Refusal> {
    if account::lock(tx, member)? {
        return Ok(());
    }
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated");
    Err(Refusal::Problem(problem))
}
