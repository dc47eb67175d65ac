//! Erases a person from the audit log. The log keeps each action, but not who acted, on whom, from
//! which network or with which values. A chained line's seal covers these values only through a
//! salted digest, so the chain still verifies. The salt is deleted as well.

use crate::sql;
use crate::store::{Rows, StoreError, Tx};

/// Removes an account from the audit log. In every line about the account, `tombstone` replaces the
/// account's id. The tombstone cannot be traced back to the account.
pub fn account(tx: &mut Tx<'_>, account: &str, tombstone: &str) -> Result<(), StoreError> {
    lock(tx)?;
    // This statement must run first, because it finds the lines about the account's tokens while
    // they still name the account.
    sql!(
        "UPDATE audit SET network = NULL, salt = NULL
         WHERE actor_kind = 'token' AND actor_id IN (
             SELECT entity_id FROM audit
             WHERE entity_kind = 'token' AND actor_kind = 'account' AND actor_id = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    // Ids are long and random enough never to occur in other text by chance.
    sql!(
        "UPDATE audit SET
             actor_id = replace(actor_id, :account, :tombstone),
             entity_id = replace(entity_id, :account, :tombstone),
             scope = replace(scope, :account, :tombstone),
             changes = CASE WHEN entity_id = :account THEN '[]'
                            ELSE replace(changes, :account, :tombstone) END,
             network = CASE WHEN actor_id = :account OR entity_id = :account THEN NULL
                            ELSE network END,
             salt = NULL
         WHERE actor_id = :account OR entity_id = :account OR scope = :account
            OR replace(changes, :account, '') <> changes",
        account,
        tombstone
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Clears values and networks in all lines of a scope. Called when the scope is erased together
/// with its owner.
pub fn scope(tx: &mut Tx<'_>, scope: &str) -> Result<(), StoreError> {
    lock(tx)?;
    sql!(
        "UPDATE audit SET network = NULL, salt = NULL, changes = '[]' WHERE scope = :scope",
        scope
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Locks the row that [`super::chain::seal`] also locks, so that no line changes while it is being
/// sealed.
fn lock(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let statement = sql!("SELECT place FROM audit_chain WHERE id = 1 FOR NO KEY UPDATE");
    let _: (i64,) = tx.one(statement, &[])?;
    Ok(())
}
