//! Recovery codes: ten codes, each of which can be used once instead of a code from the
//! authenticator app.

use platform::key::Key;
use platform::{Rows, Secret, StoreError, Tx, sql};
use web::Site;

use super::base32;
use crate::account::AccountId;

pub const COUNT: usize = 10;
/// The number of random bytes in a recovery code. 120 bits cannot be guessed, so an unsalted hash
/// is enough.
const BYTES: usize = 15;

/// Creates ten recovery codes, and deletes the previous codes. The codes are shown once; only their
/// hashes are stored.
pub(super) fn create(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &AccountId,
) -> Result<Vec<Secret>, StoreError> {
    sql!(
        "DELETE FROM recovery_code WHERE account_id = :account",
        account
    )
    .run(tx, Rows::Any)?;
    let mut codes = Vec::new();
    for _ in 0..COUNT {
        let mut bytes = [0; BYTES];
        tx.random().fill(&mut bytes);
        let code = base32(&bytes);
        sql!(
            "INSERT INTO recovery_code (hash, account_id) VALUES (:hash, :account)",
            hash = key(site).mac(&[account.as_str(), &code]),
            account
        )
        .run(tx, Rows::Exactly(1))?;
        codes.push(Secret::new(grouped(&code)));
    }
    Ok(codes)
}

pub(super) fn count(tx: &mut Tx<'_>, account: &AccountId) -> Result<i64, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM recovery_code WHERE account_id = :account AND used_at IS NULL",
        account
    )
    .one(tx)?;
    Ok(count)
}

/// Checks a typed code. An unused recovery code of the account is accepted and marked as used.
pub(super) fn accept(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &AccountId,
    typed: &str,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let code = typed.chars().filter(char::is_ascii_alphanumeric);
    let code: String = code.map(|letter| letter.to_ascii_uppercase()).collect();
    for hash in key(site).macs(&[account.as_str(), &code]) {
        let count = sql!(
            "UPDATE recovery_code SET used_at = :now
             WHERE hash = :hash AND account_id = :account AND used_at IS NULL",
            account,
            hash,
            now
        )
        .run(tx, Rows::AtMostOne)?;
        if count == 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

fn key(site: &Site) -> Key {
    site.keys.key("recovery codes")
}

fn grouped(code: &str) -> String {
    let groups: Vec<String> = code
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_in_groups() {
        assert_eq!(grouped("ABCDEFGHIJKLMNOP"), "ABCD-EFGH-IJKL-MNOP");
    }
}
