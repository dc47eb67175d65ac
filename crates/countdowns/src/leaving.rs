//! What of countdowns belongs to a person: the copy of it, and its erasure with the account.

use accounts::account::AccountId;
use accounts::grant;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, audit, sql};
use serde_json::{Value, json};

use crate::countdown::{Countdown, CountdownId, scope};
use crate::entry::{self, Entry};

/// The countdowns of an account, with all their resets.
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
    Ok(exported.into())
}

#[derive(Row)]
struct Owned {
    id: CountdownId,
}

/// Erases the countdowns of an account. Of what it did to those of others, they keep the resets.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    let all: Vec<Owned> = sql!(
        "SELECT {Owned} FROM countdown WHERE account_id = :account ORDER BY id FOR NO KEY UPDATE",
        account
    )
    .all(tx)?;
    for Owned { id } in all {
        sql!("DELETE FROM countdown_entry WHERE countdown_id = :id", id).run(tx, Rows::Any)?;
        grant::remove_scope(tx, &scope(&id))?;
        sql!("DELETE FROM countdown WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
        audit::forgetting::scope(tx, id.as_str())?;
    }
    sql!(
        "UPDATE countdown_entry SET created_by = NULL WHERE created_by = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
