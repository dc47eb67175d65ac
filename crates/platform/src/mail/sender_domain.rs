//! Whether the domain that mail is sent from has its DNS records. Mail to many waits for them,
//! because without them it ends as spam, and gives the domain a bad name; mail to one person does
//! not.

use crate::sql;
use crate::store::{Rows, StoreError, Tx};

/// Stores the domain that mail to many is sent from from now on; `None`: nobody checks it.
pub fn require(tx: &mut Tx<'_>, domain: Option<&str>) -> Result<(), StoreError> {
    sql!(
        "UPDATE sender_domain SET is_required = 0
         WHERE is_required = 1 AND domain <> COALESCE(CAST(:domain AS TEXT), '')",
        domain
    )
    .run(tx, Rows::Any)?;
    if let Some(domain) = domain {
        sql!(
            "INSERT INTO sender_domain (domain, is_required) VALUES (:domain, 1)
             ON CONFLICT (domain) DO UPDATE SET is_required = 1",
            domain
        )
        .run(tx, Rows::Exactly(1))?;
    }
    Ok(())
}

/// Records whether the records of a domain were there.
pub fn note(tx: &mut Tx<'_>, domain: &str, is_verified: bool) -> Result<(), StoreError> {
    let verified_at = is_verified.then(|| tx.now());
    sql!(
        "INSERT INTO sender_domain (domain, is_required, verified_at)
         VALUES (:domain, 0, :verified_at)
         ON CONFLICT (domain) DO UPDATE SET verified_at = CASE
             WHEN excluded.verified_at IS NULL THEN NULL
             ELSE COALESCE(sender_domain.verified_at, excluded.verified_at) END",
        domain,
        verified_at
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Whether mail to many has to wait, because the domain was not seen to have its records.
pub fn is_unverified(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let (waiting,): (i64,) = tx.one(
        sql!("SELECT COUNT(*) FROM sender_domain WHERE is_required = 1 AND verified_at IS NULL"),
        &[],
    )?;
    Ok(waiting > 0)
}
