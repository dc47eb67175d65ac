//! Second factors, which a person must prove in addition to a password or a link. The only kind is
//! a code from an authenticator app ([`totp`]), with ten [`recovery`] codes for people who lose the
//! app.

pub mod recovery;
pub mod totp;

use jiff::Timestamp;
use platform::audit::{Actor, Entity, Entry};
use platform::{Rows, Secret, StoreError, Tx, sql};
use serde_json::json;
use web::Site;

use crate::account::{Account, AccountId, unconfirmed};
use crate::client::Client;
use crate::credential::planned_reset;
use crate::security_mail::{self, Change};
use crate::session::sudo::Sudo;
use crate::session::{self, Stay};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factors {
    /// When the account began to require codes from an authenticator app; `None` if it requires
    /// none.
    pub totp_since: Option<Timestamp>,
    /// How many recovery codes were not used yet.
    pub recovery_codes: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Totp,
    RecoveryCode,
}

impl Method {
    /// The method's name in the store.
    pub fn word(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
        }
    }

    /// Recognizes the method by the typed code. Codes from the app have six digits; recovery codes
    /// are longer and contain letters.
    pub fn of(code: &str) -> Self {
        let mut letters = code.chars().filter(|letter| !letter.is_whitespace());
        if letters.all(|letter| letter.is_ascii_digit()) {
            Self::Totp
        } else {
            Self::RecoveryCode
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// The code is wrong, outdated or already used.
    #[error("the code is wrong")]
    CodeInvalid,
    /// A second factor is already set up and must be removed first.
    #[error("the account has a second factor")]
    Enrolled,
    #[error("the account has no second factor")]
    NotEnrolled,
    /// The account's email address is not confirmed. The owner of that address may still take over
    /// the account.
    #[error("the address is not confirmed")]
    EmailUnverified,
    /// The session has ended in the meantime.
    #[error("not signed in")]
    NotSignedIn,
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub fn find(tx: &mut Tx<'_>, account: &AccountId) -> Result<Factors, StoreError> {
    Ok(Factors {
        totp_since: totp::active_since(tx, account)?,
        recovery_codes: recovery::count(tx, account)?,
    })
}

/// Whether the account requires a second factor at sign-in.
pub fn is_enrolled(tx: &mut Tx<'_>, account: &AccountId) -> Result<bool, StoreError> {
    Ok(totp::active_since(tx, account)?.is_some())
}

/// Starts the setup of an authenticator app, and discards an earlier setup that was not confirmed.
pub fn begin(tx: &mut Tx<'_>, site: &Site, sudo: &Sudo) -> Result<(), FactorError> {
    let account = lock_for_enrolment(tx, sudo)?;
    Ok(totp::begin(tx, site, account)?)
}

/// The secret for the authenticator app. It can be read only until the first code is confirmed.
pub fn pending(
    tx: &mut Tx<'_>,
    site: &Site,
    sudo: &Sudo,
) -> Result<Option<totp::AppSecret>, StoreError> {
    totp::pending(tx, site, &sudo.who().account().id)
}

/// Completes the setup with a code from the authenticator app. Returns the recovery codes.
pub fn confirm(
    tx: &mut Tx<'_>,
    site: &Site,
    sudo: &Sudo,
    code: &str,
    client: &Client,
) -> Result<Vec<Secret>, FactorError> {
    let account = lock_for_enrolment(tx, sudo)?;
    if !totp::accept(tx, site, account, code)? {
        return Err(FactorError::CodeInvalid);
    }
    record(tx, sudo, "second_factor.added", client)?;
    tell(tx, site, sudo, Change::FactorAdded, client)?;
    planned_reset::forget(tx, account)?;
    Ok(recovery::create(tx, site, account)?)
}

/// Creates new recovery codes. The previous codes stop working.
pub fn renew_recovery_codes(
    tx: &mut Tx<'_>,
    site: &Site,
    sudo: &Sudo,
    client: &Client,
) -> Result<Vec<Secret>, FactorError> {
    let account = lock(tx, sudo)?;
    if !is_enrolled(tx, account)? {
        return Err(FactorError::NotEnrolled);
    }
    record(tx, sudo, "recovery_codes.renewed", client)?;
    tell(tx, site, sudo, Change::RecoveryCodesRenewed, client)?;
    Ok(recovery::create(tx, site, account)?)
}

/// Removes the second factor. As after a password change, all other sessions end, and the current
/// session gets a new secret.
pub fn remove(
    tx: &mut Tx<'_>,
    site: &Site,
    sudo: &Sudo,
    client: &Client,
) -> Result<(Secret, Stay), FactorError> {
    let account = lock(tx, sudo)?;
    if !is_enrolled(tx, account)? {
        return Err(FactorError::NotEnrolled);
    }
    erase(tx, account)?;
    session::end_others(tx, account, sudo.session(), &client.request)?;
    record(tx, sudo, "second_factor.removed", client)?;
    security_mail::factor_removed(tx, site, sudo.who().account(), client)?;
    let renewed = session::renew(tx, sudo.session())?;
    renewed.ok_or(FactorError::NotSignedIn)
}

/// Checks a code for the second factor. Each code works once. The account's owner is notified by
/// mail if a recovery code is used.
pub(crate) fn prove(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    method: Method,
    code: &Secret,
    client: &Client,
) -> Result<bool, StoreError> {
    let (id, code) = (&account.id, code.reveal());
    let is_right = is_enrolled(tx, id)?
        && match method {
            Method::Totp => totp::accept(tx, site, id, code)?,
            Method::RecoveryCode => recovery::accept(tx, site, id, code)?,
        };
    tx.record(Entry {
        actor: Actor::Account(id.to_string()),
        action: if is_right {
            "second_factor.proved"
        } else {
            "second_factor.failed"
        },
        entity: Entity::new("account", id.to_string()),
        scope: None,
        changes: json!([{ "field": "method", "new": method.word() }]),
        request: Some(client.request.clone()),
    })?;
    if is_right && method == Method::RecoveryCode {
        let left = recovery::count(tx, id)?;
        security_mail::recovery_code_used(tx, site, account, client, left)?;
    }
    Ok(is_right)
}

pub fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!("DELETE FROM totp WHERE account_id = :account", account).run(tx, Rows::AtMostOne)?;
    sql!(
        "DELETE FROM recovery_code WHERE account_id = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Removes the second factors of all accounts after the key file was replaced, because these
/// factors can no longer be decrypted. Returns how many accounts had a second factor.
pub fn erase_all(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    tx.run(sql!("DELETE FROM recovery_code"), &[], Rows::Any)?;
    tx.run(sql!("DELETE FROM totp"), &[], Rows::Any)
}

/// Locks the account. Every function that changes or proves factors must call this first.
fn lock<'a>(tx: &mut Tx<'_>, sudo: &'a Sudo) -> Result<&'a AccountId, FactorError> {
    if sudo.lock(tx)? {
        Ok(&sudo.who().account().id)
    } else {
        Err(FactorError::NotSignedIn)
    }
}

fn lock_for_enrolment<'a>(tx: &mut Tx<'_>, sudo: &'a Sudo) -> Result<&'a AccountId, FactorError> {
    let account = lock(tx, sudo)?;
    if unconfirmed::is_pending(tx, account)? {
        return Err(FactorError::EmailUnverified);
    }
    if is_enrolled(tx, account)? {
        return Err(FactorError::Enrolled);
    }
    Ok(account)
}

fn tell(
    tx: &mut Tx<'_>,
    site: &Site,
    sudo: &Sudo,
    change: Change,
    client: &Client,
) -> Result<(), StoreError> {
    let account = sudo.who().account();
    security_mail::credential_changed(tx, site, account, change, "", &client.request)
}

fn record(
    tx: &mut Tx<'_>,
    sudo: &Sudo,
    action: &'static str,
    client: &Client,
) -> Result<(), StoreError> {
    tx.record(Entry {
        actor: sudo.who().actor(),
        action,
        entity: Entity::new("account", sudo.who().account().id.to_string()),
        scope: None,
        changes: json!([]),
        request: Some(client.request.clone()),
    })
}

/// Encodes in Base32 (RFC 4648). Its letters and digits are hard to confuse.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let letters = (0..(bytes.len() * 8).div_ceil(5)).map(|group| {
        let value = (0..5).fold(0, |value, at| value << 1 | bit(group * 5 + at));
        char::from(LETTERS[usize::from(value)])
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_an_app_s() {
        for (code, method) in [
            ("123456", Method::Totp),
            ("123 456", Method::Totp),
            ("ABCD-EFGH-IJKL-MNOP", Method::RecoveryCode),
            ("2345-2345-2345-2345", Method::RecoveryCode),
        ] {
            assert_eq!(Method::of(code), method, "{code}");
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }
}
