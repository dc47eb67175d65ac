//! Codes from an authenticator app (RFC 6238): SHA-1, six digits, a new code every 30 seconds.
//! Because of clock skew, the codes of the previous and the next 30 seconds are accepted too.

use std::fmt;

use aws_lc_rs::hmac;
use jiff::Timestamp;
use platform::key::Key;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, secret, sql};
use web::Site;

use super::base32;
use crate::account::{Account, AccountId};

/// How long the app shows a code, in seconds.
pub const STEP: i64 = 30;

/// The 160-bit secret from which the app computes its codes. `Debug` prints `***`.
pub struct AppSecret([u8; 20]);

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl AppSecret {
    /// The secret in Base32, as people type it into the app.
    pub fn text(&self) -> String {
        base32(&self.0)
    }

    /// The `otpauth:` URI with the secret, for the app to scan. The app shows the account and the
    /// site that the URI names.
    pub fn uri(&self, site: &Site, account: &Account) -> String {
        let issuer = percent_encoded(&site.settings.name);
        let account = percent_encoded(&account.email);
        let secret = self.text();
        format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}")
    }

    pub fn code(&self, at: Timestamp) -> String {
        code(&self.0, step_at(at))
    }
}

#[derive(Row)]
struct Stored {
    sealed_secret: Vec<u8>,
    last_step: i64,
}

pub(super) fn active_since(
    tx: &mut Tx<'_>,
    account: &AccountId,
) -> Result<Option<Timestamp>, StoreError> {
    let found: Option<(Timestamp,)> = sql!(
        "SELECT confirmed_at FROM totp WHERE account_id = :account AND confirmed_at IS NOT NULL",
        account
    )
    .maybe(tx)?;
    Ok(found.map(|(at,)| at))
}

pub(super) fn begin(tx: &mut Tx<'_>, site: &Site, account: &AccountId) -> Result<(), StoreError> {
    let mut secret = [0; 20];
    tx.random().fill(&mut secret);
    let sealed = key(site).seal(tx.random(), &place(account), &secret);
    sql!(
        "INSERT INTO totp (account_id, sealed_secret, last_step) VALUES (:account, :sealed, 0)
         ON CONFLICT (account_id) DO UPDATE SET sealed_secret = excluded.sealed_secret
         WHERE totp.confirmed_at IS NULL",
        account,
        sealed
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

pub(super) fn pending(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &AccountId,
) -> Result<Option<AppSecret>, StoreError> {
    let stored: Option<Stored> = sql!(
        "SELECT {Stored} FROM totp WHERE account_id = :account AND confirmed_at IS NULL",
        account
    )
    .maybe(tx)?;
    Ok(stored.and_then(|stored| open(site, account, &stored)))
}

/// Checks a code. A code is accepted if it is valid now and was not used before. The code is then
/// marked as used, and the setup as confirmed.
pub(super) fn accept(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &AccountId,
    typed: &str,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let stored: Option<Stored> = sql!(
        "SELECT {Stored} FROM totp WHERE account_id = :account",
        account
    )
    .maybe(tx)?;
    let Some(stored) = stored else {
        return Ok(false);
    };
    let Some(AppSecret(app)) = open(site, account, &stored) else {
        return Ok(false);
    };
    let typed: String = typed.split_whitespace().collect();
    let current = step_at(now);
    let mut steps = (current - 1..=current + 1).filter(|step| *step > stored.last_step);
    let Some(step) =
        steps.find(|step| secret::same(code(&app, *step).as_bytes(), typed.as_bytes()))
    else {
        return Ok(false);
    };
    let count = sql!(
        "UPDATE totp SET last_step = :step, confirmed_at = COALESCE(confirmed_at, :now)
         WHERE account_id = :account AND last_step < :step",
        account,
        step,
        now
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(count == 1)
}

fn open(site: &Site, account: &AccountId, stored: &Stored) -> Option<AppSecret> {
    let secret = key(site).open(&place(account), &stored.sealed_secret)?;
    secret.try_into().ok().map(AppSecret)
}

fn key(site: &Site) -> Key {
    site.keys.key("totp secrets")
}

fn place(account: &AccountId) -> [&str; 3] {
    ["totp", "sealed_secret", account.as_str()]
}

fn step_at(at: Timestamp) -> i64 {
    at.as_second().div_euclid(STEP)
}

/// The code for one period of 30 seconds (RFC 4226, section 5.3).
fn code(secret: &[u8; 20], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let at = bytes.last().map_or(0, |last| usize::from(last & 0xf));
    let chosen = bytes.iter().skip(at).take(4);
    let number = chosen.fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

/// Percent-encodes everything but unreserved characters, because apps read `+` literally.
fn percent_encoded(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // RFC 6238, appendix B, lists eight-digit codes for these times. The expected codes are
        // their last six digits.
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let secret = AppSecret(*b"12345678901234567890");
            assert_eq!(
                secret.code(Timestamp::from_second(second).unwrap()),
                expected
            );
        }
    }

    #[test]
    fn an_address_and_a_name_stand_in_a_uri() {
        assert_eq!(
            percent_encoded("Kenduri Kami: a+b@x"),
            "Kenduri%20Kami%3A%20a%2Bb%40x"
        );
    }
}
