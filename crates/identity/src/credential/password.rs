//! Passwords: the rules for acceptable passwords, and each account's password.
//!
//! The slow hashing of passwords is in [`crate::credential::hashing`].

use std::fmt;

use platform::{Rows, Secret, StoreError, Tx, sql, text_cleaning};
use unicode_normalization::UnicodeNormalization;

use crate::account::AccountId;

/// The minimum length of a password, in Unicode scalar values.
pub const SHORTEST: usize = 10;
/// The maximum length, in Unicode scalar values.
pub const LONGEST: usize = 256;

/// The most common passwords. Attackers try them first. They are sorted and in lower case.
/// Passwords that are too short anyway are omitted.
const COMMON: &str = include_str!("../../common_passwords.txt");

/// A new password that was checked: it has an allowed length and is not easy to guess.
#[derive(Clone, Debug)]
pub struct Password(Secret);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// The password has fewer than [`SHORTEST`] characters.
    #[error("the password is too short")]
    Short,
    /// The password has more than [`LONGEST`] characters.
    #[error("the password is too long")]
    Long,
    /// The password is one of the most common passwords, or a text that an attacker would try for
    /// this person, such as their name.
    #[error("the password is easy to guess")]
    Common,
}

impl Weakness {
    pub fn code(self) -> &'static str {
        match self {
            Self::Short => "password_short",
            Self::Long => "password_long",
            Self::Common => "password_common",
        }
    }
}

impl Password {
    /// Accepts `typed` as a new password. `known` contains texts that an attacker would try for
    /// this person, such as the email address, the name and the site's name.
    pub fn choose(typed: &Secret, known: &[&str]) -> Result<Self, Weakness> {
        let text = normal(typed);
        match text_cleaning::length(text.reveal()) {
            length if length < SHORTEST => return Err(Weakness::Short),
            length if length > LONGEST => return Err(Weakness::Long),
            _ => {}
        }
        let folded = text.reveal().to_lowercase();
        let is_known = known.iter().any(|word| word.to_lowercase() == folded);
        if is_known || COMMON.lines().any(|common| common == folded) {
            return Err(Weakness::Common);
        }
        Ok(Self(text))
    }

    /// Wraps a password that was just verified. It is accepted even if it does not follow today's
    /// rules.
    pub(crate) fn proven(typed: &Secret) -> Self {
        Self(normal(typed))
    }

    pub(crate) fn text(&self) -> &Secret {
        &self.0
    }
}

/// Normalizes a typed password to NFC, so that all keyboards yield the same password. Hashes are
/// computed from this form.
pub(crate) fn normal(typed: &Secret) -> Secret {
    Secret::new(typed.reveal().nfc().collect::<String>())
}

/// A hashed password, as a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub(crate) fn from_phc(text: String) -> Self {
        Self(text)
    }

    /// The hash as a PHC string. This form is stored, and written to password files with lines of
    /// the form `NAME:HASH`.
    pub fn phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

pub fn find(tx: &mut Tx<'_>, account: &AccountId) -> Result<Option<PasswordHash>, StoreError> {
    let row: Option<(String,)> = sql!(
        "SELECT hash FROM password WHERE account_id = :account",
        account
    )
    .maybe(tx)?;
    Ok(row.map(|(hash,)| PasswordHash(hash)))
}

/// Sets or replaces the account's password.
pub fn set(tx: &mut Tx<'_>, account: &AccountId, hash: &PasswordHash) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "INSERT INTO password (account_id, hash, changed_at) VALUES (:account, :hash, :now)
         ON CONFLICT (account_id)
         DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at",
        account,
        hash = hash.0,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Replaces the hash `old` by `new`. Returns `false` if the password was changed in the meantime.
pub fn replace(
    tx: &mut Tx<'_>,
    account: &AccountId,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<bool, StoreError> {
    let now = tx.now();
    let count = sql!(
        "UPDATE password SET hash = :new, changed_at = :now
         WHERE account_id = :account AND hash = :old",
        account,
        old = old.0,
        new = new.0,
        now
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(count == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str) -> Result<(), Weakness> {
        let known = ["farah@example.com", "Farah binti Ali", "Kenduri Kami"];
        Password::choose(&Secret::new(text), &known).map(drop)
    }

    #[test]
    fn long_and_uncommon_is_enough() {
        for text in [
            "sebuah pantun lama",
            "ten letter",
            "பத்து எழுத்துகள்",
            "          ",
            &"长".repeat(256),
        ] {
            assert_eq!(choose(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn short_long_and_common_ones_are_refused() {
        for (text, weakness) in [
            ("", Weakness::Short),
            ("123456789", Weakness::Short),
            ("长长长长长长长长长", Weakness::Short),
            (&"长".repeat(257), Weakness::Long),
            ("Password123", Weakness::Common),
            ("1234567890", Weakness::Common),
            ("KENDURI2027", Weakness::Common),
            ("Farah@Example.com", Weakness::Common),
            ("farah BINTI ali", Weakness::Common),
            ("kenduri kami", Weakness::Common),
        ] {
            assert_eq!(choose(text), Err(weakness), "{text}");
        }
    }

    #[test]
    fn length_counts_composed_letters() {
        let decomposed = "e\u{301}".repeat(9);
        assert_eq!(choose(&decomposed), Err(Weakness::Short));
        let typed = Secret::new("cafe\u{301} 12345");
        assert_eq!(normal(&typed).reveal(), "caf\u{e9} 12345");
    }

    #[test]
    fn the_list_is_sorted_small_and_holds_nothing_too_short() {
        assert!(COMMON.lines().count() >= 3_000);
        assert!(COMMON.lines().is_sorted());
        for line in COMMON.lines() {
            assert!(text_cleaning::length(line) >= SHORTEST, "{line}");
            assert_eq!(line, line.to_lowercase());
        }
    }

    #[test]
    fn a_hash_is_never_printed() {
        let hash = PasswordHash::from_phc("$argon2id$".to_owned());
        assert_eq!(format!("{hash:?}"), "***");
    }
}
