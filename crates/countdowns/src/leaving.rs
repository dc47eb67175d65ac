//! The export and the erasure of an account's data about countdowns.

use identity::account::AccountId;
use identity::grant;
use identity::person::{erasure, slug};
use platform::id::Id as _;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, audit, sql};
use serde_json::{Value, json};
use site::domain::Share;

use crate::countdown::{self, COUNTDOWN, Countdown, CountdownId, scope};
use crate::entry::{self, Entry};
use crate::{day_reached, suggestion};

/// Exports the countdowns of an account with all their resets, and the account's data about
/// phrases.
pub(crate) fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Value, StoreError> {
    let all: Vec<Countdown> = sql!(
        "SELECT {Countdown} FROM countdown WHERE account_id = :account ORDER BY id",
        account
    )
    .all(tx)?;
    let mut exported = Vec::new();
    for countdown in all {
        let entries: Vec<Entry> = sql!(
            "SELECT {entry::Entry} FROM countdown_entry WHERE countdown_id = :id ORDER BY reset_at",
            id = countdown.id
        )
        .all(tx)?;
        exported.push(json!({ "countdown": countdown, "entries": entries }));
    }
    let mut copy = suggestion::export(tx, account)?;
    copy["countdowns"] = exported.into();
    Ok(copy)
}

/// Lists the other owners of the account's countdowns as shares. The owner whose slug is in a
/// countdown's URL is omitted, because that owner cannot be removed.
pub(crate) fn shared(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Share>, StoreError> {
    let mut shared = Vec::new();
    for (id, _) in grant::ranks_of_account(tx, account, &COUNTDOWN)? {
        let id = CountdownId::from_text(id);
        let Some(countdown) = countdown::load(tx, &id)? else {
            continue;
        };
        let named_after = countdown::account_of(tx, &id)?;
        let owners = grant::list(tx, &scope(&id))?.into_iter();
        let others = owners.filter(|owner| ![account, &named_after].contains(&&owner.account));
        shared.extend(others.map(|owner| Share {
            kind: "countdown-shared-owner",
            label: format!("{} – {}", owner.display_name, countdown.title),
            end: format!("/me/countdowns/{id}/owners/remove"),
            fields: vec![("account", owner.account.to_string())],
        }));
    }
    Ok(shared)
}

#[derive(Row)]
struct Owned {
    id: CountdownId,
}

/// Erases an account's data. Each countdown passes to another owner, or is deleted if there is no
/// other owner. Resets that the account made in other people's countdowns are kept.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    let all: Vec<Owned> = sql!(
        "SELECT {Owned} FROM countdown WHERE account_id = :account ORDER BY id FOR NO KEY UPDATE",
        account
    )
    .all(tx)?;
    for Owned { id } in all {
        match erasure::next_owner(tx, &scope(&id), account)? {
            Some(other) => hand_over(tx, &id, account, &other)?,
            None => remove(tx, &id)?,
        }
    }
    sql!(
        "UPDATE countdown_entry SET created_by = NULL WHERE created_by = :account",
        account
    )
    .run(tx, Rows::Any)?;
    suggestion::erase(tx, account)
}

/// The caller holds the locks of the countdown and of the new owner.
fn hand_over(
    tx: &mut Tx<'_>,
    id: &CountdownId,
    from: &AccountId,
    to: &AccountId,
) -> Result<(), StoreError> {
    grant::forget(tx, from, &scope(id))?;
    slug::of(tx, to)?;
    let (old,): (String,) = sql!("SELECT slug FROM countdown WHERE id = :id", id).one(tx)?;
    sql!(
        "UPDATE countdown SET account_id = :to, slug = :slug, is_primary = 0, follows = '',
             version = version + 1, updated_at = :now
         WHERE id = :id",
        to,
        slug = countdown::free_slug(tx, to, &old)?,
        now = tx.now(),
        id
    )
    .run(tx, Rows::Exactly(1))?;
    day_reached::announce(tx, id)
}

/// Deletes a countdown with all its resets, and closes its page's event streams. The caller holds
/// the countdown's lock.
pub(crate) fn remove(tx: &mut Tx<'_>, id: &CountdownId) -> Result<(), StoreError> {
    day_reached::announce(tx, id)?;
    day_reached::withdraw(tx, id)?;
    sql!("DELETE FROM countdown_entry WHERE countdown_id = :id", id).run(tx, Rows::Any)?;
    grant::remove_scope(tx, &scope(id))?;
    sql!("DELETE FROM countdown WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    // The countdown's texts are removed from the audit log. Later, their owner would be unknown, so
    // they could not be erased together with the owner's data.
    audit::forgetting::scope(tx, id.as_str())
}
