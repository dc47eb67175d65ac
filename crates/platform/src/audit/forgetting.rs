//! What the log keeps of a person who is erased: that things were done, not by whom, to whom, from
//! where, or with which words about them. The chain holds, because its seals cover those parts by a salted
//! digest, and the salt goes with them.

use crate::sql;
use crate::store::{Rows, StoreError, Tx};

/// Takes a person out of the log. What an account did, and what was done to it, names `tombstone`
/// instead, which leads to nobody: no line has the id any more.
pub fn account(tx: &mut Tx<'_>, account: &str, tombstone: &str) -> Result<(), StoreError> {
    lock(tx)?;
    // Its programs' lines, while the lines that tell of their tokens still name it.
    sql!(
        "UPDATE audit SET network = NULL, salt = NULL
         WHERE actor_kind = 'token' AND actor_id IN (
             SELECT entity_id FROM audit
             WHERE entity_kind = 'token' AND actor_kind = 'account' AND actor_id = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    // An id is in no text by chance.
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

/// Takes all values out of the lines of a scope that is erased with its owner.
pub fn scope(tx: &mut Tx<'_>, scope: &str) -> Result<(), StoreError> {
    lock(tx)?;
    sql!(
        "UPDATE audit SET network = NULL, salt = NULL, changes = '[]' WHERE scope = :scope",
        scope
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Sealing locks this row too, so no line changes between its reading and its seal.
fn lock(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let statement = sql!("SELECT place FROM audit_chain WHERE id = 1 FOR NO KEY UPDATE");
    let _: (i64,) = tx.one(statement, &[])?;
    Ok(())
}
