//! Exports and deletes what occasions store about an account. An account has only roles and
//! settings in an occasion. The occasion and its answers belong to all its hosts together, and stay
//! even when the last host's account is deleted.

use identity::account::AccountId;
use identity::grant;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::{Value, json};
use site::domain::Share;

use crate::answer_notification::{self, Frequency};
use crate::hosting::{handed, member_occasions};
use crate::own_domain;
use crate::role::OCCASION;
use crate::stored_lists;

#[derive(Row, Serialize)]
struct Part {
    id: String,
    slug: String,
    role: String,
    /// How soon the account gets mails about answers; `None` if the account has chosen nothing.
    answers_by_mail: Option<Frequency>,
    answers_on_site: Option<Frequency>,
    answers_at: Option<String>,
}

/// Returns the occasions in which an account is a host. They are part of the account's data export.
pub(crate) fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Value, StoreError> {
    let all: Vec<Part> = sql!(
        "SELECT o.id, o.slug, g.role, n.by_mail AS answers_by_mail, n.on_site AS answers_on_site,
             n.at_hour AS answers_at
         FROM role_grant g JOIN occasion o ON o.id = g.scope_id
         LEFT JOIN answer_notification n ON n.account = g.account_id AND n.occasion = o.id
         WHERE g.scope_kind = 'occasion' AND g.account_id = :account ORDER BY o.slug, g.role",
        account
    )
    .all(tx)?;
    Ok(json!(all))
}

/// Returns the slugs of the occasions that have this account as their only owner.
pub(crate) fn obligations(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for id in grant::owned_alone(tx, account, &OCCASION)? {
        let found: Option<(String,)> =
            sql!("SELECT slug FROM occasion WHERE id = :id", id).maybe(tx)?;
        names.extend(found.map(|(slug,)| slug));
    }
    Ok(names)
}

/// Returns the other hosts of the occasions that the account owns.
pub(crate) fn shared(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Share>, StoreError> {
    let mut shared = Vec::new();
    for (id, rank) in grant::ranks_of_account(tx, account, &OCCASION)? {
        let found: Option<(String,)> =
            sql!("SELECT slug FROM occasion WHERE id = :id", id).maybe(tx)?;
        let Some((slug,)) = found.filter(|_| rank == OCCASION.top) else {
            continue;
        };
        let members = grant::list(tx, &OCCASION.scope(&id))?.into_iter();
        let others = members.filter(|member| member.account != *account);
        shared.extend(others.map(|member| Share {
            kind: "host-shared-member",
            label: format!("{} – {slug}", member.display_name),
            end: format!("/admin/o/{slug}/members/remove"),
            fields: vec![("account", member.account.to_string())],
        }));
    }
    Ok(shared)
}

/// Deletes what is stored about an account: its counted attempts to set codes, the time of its last
/// warning about guessed codes, its notification settings, its id in the rows of host names, and
/// the rows of its uploaded files.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!("DELETE FROM code_try WHERE account = :account", account).run(tx, Rows::AtMostOne)?;
    answer_notification::erase(tx, account)?;
    own_domain::forget_account(tx, account)?;
    member_occasions::forget_maker(tx, account)?;
    handed::forget_account(tx, account)?;
    stored_lists::forget_imports_of(tx, account)?;
    sql!("DELETE FROM guess_alarm WHERE account = :account", account).run(tx, Rows::AtMostOne)?;
    Ok(())
}
