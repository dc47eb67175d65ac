//! Locking an account together with all owners of the installation.

use platform::{StoreError, Tx, sql};

use crate::account::{AccountId, State};
use crate::grant::{self, GrantError};
use crate::scope::{Role, Scope};

/// A locked account. All owners of the installation are locked too.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) state: State,
    pub(crate) rank: Option<Role>,
}

impl Held {
    /// Fails if a change in this transaction has left the installation without an owner.
    pub(crate) fn keep_an_owner(&self, tx: &mut Tx<'_>) -> Result<(), GrantError> {
        match self.rank {
            Some(rank) => grant::keep_an_owner(tx, &Scope::site(), rank),
            None => Ok(()),
        }
    }
}

/// Locks an account in any state, and all owners of the installation.
pub(crate) fn hold(tx: &mut Tx<'_>, id: &AccountId) -> Result<Option<Held>, StoreError> {
    let found: Option<(State,)> = sql!(
        "SELECT state FROM account WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    let Some((state,)) = found else {
        return Ok(None);
    };
    grant::lock_owners(tx, &Scope::site())?;
    Ok(Some(Held {
        state,
        rank: grant::rank_of(tx, id, &Scope::site())?,
    }))
}
