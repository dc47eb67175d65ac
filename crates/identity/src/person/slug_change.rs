//! Changes to an account's slug. For some time, the former slug redirects to the account, and no
//! other account can take it.

use jiff::{SignedDuration, Timestamp};
use platform::audit::{Entity, Entry, RequestFacts};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;

use crate::account::{self, AccountId};
use crate::person::slug;
use crate::session::signed_in::Confirmed;

/// How many times an account may change its slug in [`PERIOD`].
pub const LIMIT: i64 = 3;
/// The period in which [`LIMIT`] changes are allowed.
pub const PERIOD: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a former slug redirects to the current slug.
pub const ALIAS_LIFETIME: SignedDuration = SignedDuration::from_hours(180 * 24);

#[derive(Debug, thiserror::Error)]
pub enum SlugError {
    /// The account no longer exists or is inactive.
    #[error("not signed in")]
    NotSignedIn,
    #[error("no slug")]
    Invalid,
    #[error("the word is reserved")]
    Reserved,
    /// Another account has the slug, or had it recently.
    #[error("the slug is taken")]
    Taken,
    /// The account has reached the limit on slug changes.
    #[error("too many changes")]
    LimitReached,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes the account's slug. The account may also return to one of its own former slugs.
pub fn change(
    tx: &mut Tx<'_>,
    who: &Confirmed,
    wanted: &str,
    request: &RequestFacts,
) -> Result<(), SlugError> {
    let (actor, id) = (who.who().actor(), &who.who().account().id);
    if !slug::is_valid(wanted) {
        return Err(SlugError::Invalid);
    }
    // Erasure takes the same lock, so the account cannot be erased in the meantime.
    if !account::lock(tx, id)? {
        return Err(SlugError::NotSignedIn);
    }
    let before = slug::find(tx, id)?;
    if before.as_deref() == Some(wanted) {
        return Ok(());
    }
    if slug::is_reserved_in(tx, wanted)? {
        return Err(SlugError::Reserved);
    }
    count(tx, id)?;
    let now = tx.now();
    sql!(
        "UPDATE account_slug SET until = :until WHERE account_id = :id AND until IS NULL",
        until = now + ALIAS_LIFETIME,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    let taken_back = sql!(
        "UPDATE account_slug SET until = NULL WHERE slug = :wanted AND account_id = :id",
        wanted,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    if taken_back == 0 && !slug::take(tx, id, wanted)? {
        return Err(SlugError::Taken);
    }
    tx.record(Entry {
        actor,
        action: "account.renamed",
        entity: Entity::new("account", id.to_string()),
        scope: None,
        changes: json!([{ "field": "slug", "old": before, "new": wanted }]),
        request: Some(request.clone()),
    })?;
    Ok(())
}

/// The caller holds the account's lock.
fn count(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), SlugError> {
    let now = tx.now();
    sql!(
        "DELETE FROM slug_change WHERE account_id = :id AND at <= :before",
        before = now - PERIOD,
        id
    )
    .run(tx, Rows::Any)?;
    if changes(tx, id)? >= LIMIT {
        return Err(SlugError::LimitReached);
    }
    sql!(
        "INSERT INTO slug_change (account_id, at) VALUES (:id, :now)",
        id,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn changes(tx: &mut Tx<'_>, id: &AccountId) -> Result<i64, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM slug_change WHERE account_id = :id AND at > :since",
        since = tx.roughly_now() - PERIOD,
        id
    )
    .one(tx)?;
    Ok(count)
}

/// A former slug.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Alias {
    pub slug: String,
    /// When the former slug stops redirecting.
    pub until: Timestamp,
}

/// The current and former slugs of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slugs {
    /// The current slug; `None` if the account has none, because none of its content has been
    /// public.
    pub present: Option<String>,
    /// The former slugs that redirect to the current slug.
    pub aliases: Vec<Alias>,
    /// How many more times the owner may change the slug at present.
    pub changes_left: i64,
}

pub fn find(tx: &mut Tx<'_>, id: &AccountId) -> Result<Slugs, StoreError> {
    let now = tx.roughly_now();
    let aliases: Vec<Alias> = sql!(
        "SELECT {Alias} FROM account_slug WHERE account_id = :id AND until > :now ORDER BY slug",
        id,
        now
    )
    .all(tx)?;
    Ok(Slugs {
        present: slug::find(tx, id)?,
        aliases,
        changes_left: (LIMIT - changes(tx, id)?).max(0),
    })
}
