//! What stays of exported and imported lists until it expires, for those who delete what a list may
//! contain: the files of exports, and the rows of imports.

use identity::account::AccountId;
use platform::files::Key;
use platform::jobs::JobError;
use platform::{Platform, Rows, StoreError, Tx, sql};

use crate::id::OccasionId;

platform::id!(ExportId, "One list as a file.");

/// Lets all files of an occasion expire. Called when data is deleted, because the files may contain
/// it.
pub fn expire(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "UPDATE export SET expires_at = :now WHERE occasion = :occasion AND expires_at > :now",
        occasion,
        now
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Returns whether an occasion has an exported file, or an export is in preparation.
pub fn are_files_left(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM export
         WHERE occasion = :occasion AND state NOT IN ('expired', 'failed')",
        occasion
    )
    .one(tx)?;
    Ok(count > 0)
}

pub async fn remove_expired(platform: &Platform) -> Result<(), JobError> {
    let over: Vec<(ExportId,)> = platform
        .store
        .read(|tx| {
            let now = tx.now();
            sql!(
                "SELECT id FROM export WHERE state = 'ready' AND expires_at <= :now LIMIT 100",
                now
            )
            .all(tx)
        })
        .await
        .map_err(|error: StoreError| JobError::from(error))?;
    if over.is_empty() {
        return Ok(());
    }
    for (id,) in &over {
        platform
            .files
            .remove(&key(id))
            .await
            .map_err(JobError::retry)?;
    }
    let expired = platform.store.write(move |tx| {
        for (id,) in &over {
            sql!("UPDATE export SET state = 'expired' WHERE id = :id", id)
                .run(tx, Rows::AtMostOne)?;
        }
        Ok::<(), StoreError>(())
    });
    Ok(expired.await?)
}

/// The id contains only lower-case letters, digits and hyphens, so the key is always valid.
pub fn key(id: &ExportId) -> Key {
    let name = format!("exports/{id}");
    name.parse()
        .unwrap_or_else(|_| unreachable!("{name} is made of what a key may hold"))
}

/// Deletes the stored rows of an occasion's uploaded files and what hosts answered about them,
/// because they may contain dietary requirements. Returns how many database rows were deleted.
pub fn forget_imports(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<u64, StoreError> {
    let answers = sql!(
        "DELETE FROM import_choice
         WHERE import IN (SELECT id FROM import WHERE occasion = :occasion)",
        occasion
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM import_chunk
         WHERE import IN (SELECT id FROM import WHERE occasion = :occasion)",
        occasion
    )
    .run(tx, Rows::Any)
    .map(|rows| rows + answers)
}

/// Deletes the stored rows of the files whose import this account started.
pub fn forget_imports_of(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM import_choice
         WHERE import IN (SELECT id FROM import WHERE account = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM import_chunk
         WHERE import IN (SELECT id FROM import WHERE account = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
