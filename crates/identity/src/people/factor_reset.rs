//! Removal of all second factors and passkeys of a person who has lost them. An administrator
//! requests the removal. It takes effect after [`DELAY`]. The person is notified by mail, and can
//! prevent the removal through the link in the mail or in any session that they still have. A
//! removal that is requested on the server's console takes effect at once.

use jiff::{SignedDuration, Timestamp};
use platform::audit::{Actor, Entity, Entry, RequestFacts};
use platform::jobs::{Done, Handler};
use platform::mail::{Address, Stream, suppression};
use platform::{Rows, Secret, StoreError, Tx, sql};
use serde_json::json;
use web::Site;

use crate::account::{self, Account, AccountId, State};
use crate::credential::planned_reset::{due, forget};
use crate::credential::{passkey, second_factor};
use crate::grant::administrator::{self, Acting, PeopleError};
use crate::grant::{self, SITE, Scope, owners_lock};
use crate::one_time::{self, Purpose};
use crate::security_mail::SecurityMail;
use crate::session::signed_in::SignedIn;

/// How long the person can prevent the removal.
pub const DELAY: SignedDuration = SignedDuration::from_hours(24);
const AT_ONCE: u32 = 20;

pub(crate) fn has_factors(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    Ok(second_factor::is_enrolled(tx, id)? || !passkey::list(tx, id)?.is_empty())
}

/// Plans the removal of a person's factors after [`DELAY`]. Does nothing if a removal is already
/// planned.
pub fn ask(
    tx: &mut Tx<'_>,
    site: &Site,
    by: &Acting,
    id: &AccountId,
) -> Result<Timestamp, PeopleError> {
    let held = administrator::hold_for(tx, by, id)?;
    match held.state {
        State::Active => {}
        State::Deactivated => return Err(PeopleError::Deactivated),
        State::Leaving => return Err(PeopleError::Leaving),
    }
    let account = account::find(tx, id)?.ok_or(PeopleError::NotFound)?;
    if let Some(at) = due(tx, id)? {
        return Ok(at);
    }
    if !has_factors(tx, id)? {
        return Err(PeopleError::NoFactors);
    }
    // A person who cannot receive the mail could not prevent the removal.
    if let Ok(address) = account.email.parse::<Address>() {
        let key = site.keys.key(suppression::PURPOSE);
        if suppression::find_for(tx, &key, &address, Stream::Security, None)?.is_some() {
            return Err(PeopleError::NoMail);
        }
    }
    let now = tx.now();
    let due_at = now + DELAY;
    sql!(
        "INSERT INTO factor_reset (account_id, asked_by, asked_at, due_at)
         VALUES (:id, :by, :now, :due_at)",
        id,
        by = by.account(),
        now,
        due_at
    )
    .run(tx, Rows::Exactly(1))?;
    by.record(tx, "factor_reset.asked", id)?;
    let link = one_time::create(tx, Purpose::KeepFactors, Some(id), &(), DELAY)?;
    let notice = SecurityMail {
        subject: "mail-factor-reset-subject",
        text: "mail-factor-reset-text",
        at: due_at,
        path: &format!("/factors/keep/{}", link.reveal()),
        values: Vec::new(),
    };
    notice.send(tx, site, &account)?;
    Ok(due_at)
}

/// Cancels a planned removal on behalf of an administrator. Returns `false` if no removal is
/// planned any more.
pub fn withdraw(tx: &mut Tx<'_>, by: &Acting, id: &AccountId) -> Result<bool, PeopleError> {
    administrator::hold_for(tx, by, id)?;
    let is_kept = forget(tx, id)?;
    if is_kept {
        by.record(tx, "factor_reset.cancelled", id)?;
    }
    Ok(is_kept)
}

/// Cancels a planned removal on behalf of the person. Returns `false` if no removal is planned any
/// more.
pub fn keep(tx: &mut Tx<'_>, who: &SignedIn, request: &RequestFacts) -> Result<bool, StoreError> {
    let id = &who.account().id;
    if !who.is_in_browser() || !account::lock(tx, id)? || !forget(tx, id)? {
        return Ok(false);
    }
    record(tx, "factor_reset.cancelled", id, Some(request))?;
    Ok(true)
}

/// Whether [`keep_with_link`] would accept this link.
pub fn is_link(tx: &mut Tx<'_>, link: &Secret) -> Result<bool, StoreError> {
    Ok(one_time::find::<()>(tx, Purpose::KeepFactors, link)?.is_some())
}

/// Cancels a planned removal through the link in the mail. Returns whether the link was valid.
pub fn keep_with_link(
    tx: &mut Tx<'_>,
    link: &Secret,
    request: &RequestFacts,
) -> Result<bool, StoreError> {
    // The account is locked before its links, in the same order as in the removal. The opposite
    // order could cause a deadlock.
    let found = one_time::find::<()>(tx, Purpose::KeepFactors, link)?;
    let Some(id) = found.and_then(|link| link.account) else {
        return Ok(false);
    };
    owners_lock::hold(tx, &id)?;
    let taken = one_time::take::<()>(tx, Purpose::KeepFactors, link)?;
    if taken.is_none() || !forget(tx, &id)? {
        return Ok(false);
    }
    record(tx, "factor_reset.cancelled", &id, Some(request))?;
    Ok(true)
}

/// Removes the factors of the person with this email address at once, for a command on the server's
/// console.
pub fn reset_now(tx: &mut Tx<'_>, site: &Site, email: &Address) -> Result<Reset, StoreError> {
    let Some(account) = account::find_by_email(tx, email)? else {
        return Ok(Reset::Nobody);
    };
    owners_lock::hold(tx, &account.id)?;
    if remove(tx, site, &account)? {
        Ok(Reset::Done)
    } else {
        Ok(Reset::Nothing)
    }
}

/// The result of [`reset_now`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// The factors were removed.
    Done,
    /// The person had no factors.
    Nothing,
    /// No account has the email address.
    Nobody,
}

fn remove(tx: &mut Tx<'_>, site: &Site, account: &Account) -> Result<bool, StoreError> {
    let id = &account.id;
    forget(tx, id)?;
    if !has_factors(tx, id)? {
        return Ok(false);
    }
    passkey::erase(tx, id)?;
    second_factor::erase(tx, id)?;
    one_time::remove_of(tx, Purpose::SecondStep, id)?;
    sql!("DELETE FROM session WHERE account_id = :id", id).run(tx, Rows::Any)?;
    record(tx, "factor_reset.done", id, None)?;
    let notice = SecurityMail {
        subject: "mail-factors-reset-subject",
        text: "mail-factors-reset-text",
        at: tx.now(),
        path: "/forgot",
        values: Vec::new(),
    };
    notice.send(tx, site, account)?;
    Ok(true)
}

fn record(
    tx: &mut Tx<'_>,
    action: &'static str,
    id: &AccountId,
    request: Option<&RequestFacts>,
) -> Result<(), StoreError> {
    let actor = match request {
        Some(_) => Actor::Account(id.to_string()),
        None => Actor::System,
    };
    tx.record(Entry {
        actor,
        action,
        entity: Entity::new("account", id.to_string()),
        scope: None,
        changes: json!([]),
        request: request.cloned(),
    })
}

/// The job that removes factors when their removal is due.
pub fn job(site: &Site) -> Handler {
    let site = site.clone();
    Handler::each_minute("accounts.reset_factors", move |_| {
        let site = site.clone();
        async move {
            run(&site).await?;
            Ok(Done::nothing())
        }
    })
}

/// Runs [`job`] once.
pub async fn run(site: &Site) -> Result<(), StoreError> {
    let look = |tx: &mut Tx<'_>| {
        let now = tx.roughly_now();
        sql!(
            "SELECT account_id FROM factor_reset WHERE due_at <= :now
             ORDER BY due_at, account_id LIMIT :most",
            now,
            most = AT_ONCE
        )
        .all(tx)
    };
    let due: Vec<(AccountId,)> = site.store.read(look).await?;
    for (id,) in due {
        let site_there = site.clone();
        let account = id.clone();
        let change = move |tx: &mut Tx<'_>| reset_due(tx, &site_there, &id);
        if let Err(error) = site.store.write(change).await {
            tracing::warn!(%account, %error, "cannot remove second factors; it is tried again; if this goes on, check the store's disk or database server");
        }
    }
    Ok(())
}

fn reset_due(tx: &mut Tx<'_>, site: &Site, id: &AccountId) -> Result<(), StoreError> {
    owners_lock::hold(tx, id)?;
    // The removal may have been cancelled and planned again since the list was read.
    let now = tx.now();
    if due(tx, id)?.is_none_or(|at| at > now) {
        return Ok(());
    }
    match account::find(tx, id)? {
        Some(account) if may_still_ask(tx, id)? => remove(tx, site, &account).map(drop),
        // Nobody can sign in to an account that is deactivated or about to be erased, so its
        // factors need no removal.
        _ => forget(tx, id).map(drop),
    }
}

/// Whether the administrator who requested the removal still has the right to do so.
fn may_still_ask(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    let (by,): (AccountId,) = sql!(
        "SELECT asked_by FROM factor_reset WHERE account_id = :id",
        id
    )
    .one(tx)?;
    if account::find(tx, &by)?.is_none() {
        return Ok(false);
    }
    let by = grant::rank_of(tx, &by, &Scope::site())?;
    let of = grant::rank_of(tx, id, &Scope::site())?;
    Ok(match (by, of) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(by), Some(of)) => SITE.at_least(by, of),
    })
}
