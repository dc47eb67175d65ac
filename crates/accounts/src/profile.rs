//! What somebody is called: their name, and their part of public addresses.

use jiff::SignedDuration;
use platform::audit::{Entry, RequestFacts};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};

use crate::account::{self, AccountId, DisplayName};
use crate::signed_in::SignedIn;
use crate::slug;

/// How long nobody else is given a slug that somebody gave up.
const HELD: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How many slugs an account may give up in [`PERIOD`].
pub const RENAMES: i64 = 3;
const PERIOD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Why nothing is changed.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// It cannot be a slug.
    #[error("it cannot be a slug")]
    SlugInvalid,
    /// Nobody may choose it.
    #[error("nobody may choose the slug")]
    SlugReserved,
    /// Somebody else is called so, or was lately.
    #[error("the slug is taken")]
    SlugTaken,
    /// The slug was changed too often.
    #[error("the slug was changed {RENAMES} times already")]
    TooManyRenames,
    /// The account may not act any more.
    #[error("not signed in")]
    NotSignedIn,
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
    let old = account::find(tx, id)?.ok_or(ProfileError::NotSignedIn)?;
    let old_slug = slug::find(tx, id)?;
    let mut changes: Vec<Value> = Vec::new();
    if old_slug.as_deref() != Some(wanted) {
        rename(tx, id, wanted)?;
        changes.push(json!({"field": "slug", "old": old_slug, "new": wanted}));
    }
    if old.display_name != name.as_str() {
        sql!(
            "UPDATE account SET display_name = :name, updated_at = :now WHERE id = :id",
            name = name.as_str(),
            now = tx.now(),
            id
        )
        .run(tx, Rows::Exactly(1))?;
        changes.push(json!({"field": "display_name", "old": null, "new": null}));
    }
    if changes.is_empty() {
        return Ok(());
    }
    tx.record(Entry {
        actor: who.actor(),
        action: "profile.changed",
        entity: ("account", id.to_string()),
        scope: None,
        changes: changes.into(),
        request: Some(request.clone()),
    })?;
    Ok(())
}

/// Gives the account another slug; the former one is held. The account's lock is held.
fn rename(tx: &mut Tx<'_>, id: &AccountId, wanted: &str) -> Result<(), ProfileError> {
    if !slug::is_valid(wanted) {
        return Err(ProfileError::SlugInvalid);
    }
    if slug::is_reserved(wanted) {
        return Err(ProfileError::SlugReserved);
    }
    let now = tx.now();
    let (renames,): (i64,) = sql!(
        "SELECT COUNT(*) FROM account_slug WHERE account_id = :id AND until > :lately",
        id,
        lately = now + HELD - PERIOD
    )
    .one(tx)?;
    if renames >= RENAMES {
        return Err(ProfileError::TooManyRenames);
    }
    // What its time is over, and what is the account's own, may be taken again.
    sql!(
        "DELETE FROM account_slug WHERE slug = :wanted AND until IS NOT NULL
         AND (until <= :now OR account_id = :id)",
        wanted,
        now,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    sql!(
        "UPDATE account_slug SET until = :until WHERE account_id = :id AND until IS NULL",
        until = now + HELD,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    if slug::take(tx, id, wanted)? {
        Ok(())
    } else {
        Err(ProfileError::SlugTaken)
    }
}
