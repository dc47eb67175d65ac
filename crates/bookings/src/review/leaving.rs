//! The export and the erasure of an account's reviews.

use identity::account::AccountId;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};

use super::{Review, ReviewState, end, files};
use crate::provider::ProviderId;

/// Lists the reviews that a provider has to complete: those that the provider has taken, and those
/// that are reserved for them.
pub(crate) fn obligations(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<Vec<String>, StoreError> {
    let open: Vec<(String,)> = sql!(
        "SELECT goal FROM review
         WHERE reviewer_id = :provider AND state IN ('pending', 'in_review')
         ORDER BY created_at, id",
        provider
    )
    .all(tx)?;
    Ok(open.into_iter().map(|(goal,)| goal).collect())
}

/// Cancels the open reviews of an account that is being erased.
pub(crate) fn leave(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    let open: Vec<Review> = sql!(
        "SELECT {Review} FROM review WHERE member_id = :account AND state IN ('pending', 'in_review')
         ORDER BY id FOR NO KEY UPDATE",
        account
    )
    .all(tx)?;
    for review in open {
        end(tx, &review, false)?;
    }
    Ok(())
}

/// Erases the documents and texts that an account submitted for review, and the texts and files
/// that it wrote as a reviewer.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    let kept: Vec<(String,)> = sql!(
        "SELECT file FROM review WHERE member_id = :account AND file <> ''
         UNION ALL SELECT reference_file FROM review
             WHERE reference_file <> '' AND (member_id = :account
                 OR reviewer_id IN (SELECT id FROM provider WHERE account_id = :account))",
        account
    )
    .all(tx)?;
    for (file,) in kept {
        files::FOLDER.remove(tx, &file)?;
    }
    sql!(
        "UPDATE review SET strengths = '', improvements = '', recommendations = '',
             reference_file = '', reference_name = '', reference_sha256 = ''
         WHERE member_id = :account
            OR reviewer_id IN (SELECT id FROM provider WHERE account_id = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    sql!(
        "UPDATE review SET member_id = NULL, file = '', file_name = '', sha256 = '', goal = '',
             focus = '', note = ''
         WHERE member_id = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Exports the reviews of an account's documents, and what its owner wrote about documents of
/// others.
pub(crate) fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Value, StoreError> {
    let all: Vec<Review> = sql!(
        "SELECT {r: Review} FROM review r LEFT JOIN provider p ON p.id = r.reviewer_id
         WHERE r.member_id = :account OR p.account_id = :account ORDER BY r.created_at, r.id",
        account
    )
    .all(tx)?;
    let copies = all.into_iter().map(|one| {
        let assessment = (one.state == ReviewState::Completed).then_some(one.assessment);
        let file = &one.reference;
        let reference = file.reference_type.map(|_| {
            json!({"file_name": file.reference_name, "bytes": file.reference_bytes,
                "sha256": file.reference_sha256})
        });
        if one.member_id.as_ref() == Some(account) {
            json!({
                "state": one.state, "file_name": one.file_name, "bytes": one.bytes,
                "sha256": one.sha256, "goal": one.goal, "focus": one.focus, "note": one.note,
                "booking_id": one.booking_id, "assessment": assessment,
                "reference": reference, "created_at": one.created_at,
            })
        } else {
            json!({
                "state": one.state, "assessment": assessment, "reference": reference,
                "started_at": one.started_at,
            })
        }
    });
    Ok(json!(copies.collect::<Vec<_>>()))
}
