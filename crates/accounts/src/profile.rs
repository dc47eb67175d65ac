//! What somebody is called: their name, and with it their part of public addresses.

use platform::audit::{Entry, RequestFacts};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;

use crate::account::{self, DisplayName};
use crate::registration;
use crate::signed_in::SignedIn;
use crate::slug;
use crate::slug_change::{self, SlugError};

/// Why nothing is changed.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The account may not act any more.
    #[error("not signed in")]
    NotSignedIn,
    /// The address of the account is not confirmed.
    #[error("the address is not confirmed")]
    Unconfirmed,
    /// The slug cannot be had.
    #[error(transparent)]
    Slug(#[from] SlugError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives somebody another name, and another slug where it is not the one they have.
pub fn change(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    name: &DisplayName,
    wanted: &str,
    request: &RequestFacts,
) -> Result<(), ProfileError> {
    let id = &who.account().id;
    if !account::lock(tx, id)? {
        return Err(ProfileError::NotSignedIn);
    }
    if slug::find(tx, id)?.as_deref() != Some(wanted) {
        let confirmed = registration::confirmed(tx, who)?.ok_or(ProfileError::Unconfirmed)?;
        slug_change::change(tx, &confirmed, wanted, request)?;
    }
    let old = account::find(tx, id)?.ok_or(ProfileError::NotSignedIn)?;
    if old.display_name == name.as_str() {
        return Ok(());
    }
    sql!(
        "UPDATE account SET display_name = :name, updated_at = :now WHERE id = :id",
        name = name.as_str(),
        now = tx.now(),
        id
    )
    .run(tx, Rows::Exactly(1))?;
    tx.record(Entry {
        actor: who.actor(),
        action: "profile.changed",
        entity: ("account", id.to_string()),
        scope: None,
        changes: json!([{"field": "display_name", "old": null, "new": null}]),
        request: Some(request.clone()),
    })?;
    Ok(())
}
