//! Records whether the sender domain's DNS records exist. Mail to many people waits for the
//! records. Without the records, such mail would end as spam and harm the domain's reputation. Mail
//! to one person does not wait.

use crate::sql;
use crate::store::{Rows, StoreError, Tx};

/// Sets the sender domain of future mail to many people. With `None`, no domain is checked.
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

/// Records whether a domain's DNS records were found.
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

/// Whether mail to many people must wait, because the domain's DNS records have not been found yet.
pub fn is_unverified(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let (waiting,): (i64,) = tx.one(
        sql!("SELECT COUNT(*) FROM sender_domain WHERE is_required = 1 AND verified_at IS NULL"),
        &[],
    )?;
    Ok(waiting > 0)
}
