//! The list of erasures is needed after a backup is restored. Data that was erased after the backup
//! was made must be erased again before the restored store is served.
//!
//! The list contains only hashes of ids, so it reveals nothing about the erased data.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::sql;
use crate::store::{Row, Rows, StoreError, Tx};
use crate::text_cleaning::hexadecimal;

#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct Erased {
    /// The erasure's position in the list.
    pub number: i64,
    /// The kind of the erased data, such as `account` or `diets`, as named by the code that erases
    /// the data.
    pub kind: String,
    /// The hash of the erased entity's id, from the function [`subject`].
    pub subject: String,
    /// When the data was erased, in milliseconds since 1970.
    pub at: i64,
}

/// Returns the hash that stands for an entity in the list of erasures.
pub fn subject(kind: &str, id: &str) -> String {
    let hash = Sha256::new().chain_update(kind).chain_update([0]);
    hexadecimal(&hash.chain_update(id).finalize()[..16])
}

/// Records an erasure. Must be called in the transaction that erases the data.
pub fn note(tx: &mut Tx<'_>, kind: &str, id: &str) -> Result<(), StoreError> {
    let at = tx.now().as_millisecond();
    insert(tx, kind, &subject(kind, id), at, false)
}

pub fn after(tx: &mut Tx<'_>, number: i64) -> Result<Vec<Erased>, StoreError> {
    sql!(
        "SELECT {Erased} FROM erased WHERE number > :number ORDER BY number",
        number
    )
    .all(tx)
}

/// Imports a backup's list of erasures into a restored store. If the store's own list lacks an
/// erasure, the erasure is marked, because it must be repeated.
pub fn import(tx: &mut Tx<'_>, all: &[Erased]) -> Result<(), StoreError> {
    for one in all {
        insert(tx, &one.kind, &one.subject, one.at, true)?;
    }
    Ok(())
}

/// The hashed ids of the entities of this kind that must be erased again.
pub fn to_repeat(tx: &mut Tx<'_>, kind: &str) -> Result<Vec<String>, StoreError> {
    let all: Vec<(String,)> = sql!(
        "SELECT subject FROM erased WHERE kind = :kind AND is_to_repeat = 1 ORDER BY number",
        kind
    )
    .all(tx)?;
    Ok(all.into_iter().map(|(subject,)| subject).collect())
}

/// Records that all data of this kind was erased again.
pub fn repeated(tx: &mut Tx<'_>, kind: &str) -> Result<(), StoreError> {
    sql!(
        "UPDATE erased SET is_to_repeat = 0 WHERE kind = :kind AND is_to_repeat = 1",
        kind
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// A later erasure of the same subject replaces an earlier one.
fn insert(
    tx: &mut Tx<'_>,
    kind: &str,
    subject: &str,
    at: i64,
    is_to_repeat: bool,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO erased (number, kind, subject, at, is_to_repeat)
         SELECT COALESCE(MAX(number), 0) + 1, :kind, :subject, :at, :is_to_repeat
         FROM erased WHERE 1 = 1
         ON CONFLICT (kind, subject) DO UPDATE SET number = excluded.number, at = excluded.at,
             is_to_repeat = excluded.is_to_repeat WHERE erased.at < excluded.at",
        kind,
        subject,
        at,
        is_to_repeat
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}
