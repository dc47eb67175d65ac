//! What an account is called in public addresses: `/u/farah-ali`.

use platform::{Rows, StoreError, Tx, sql};
use unicode_normalization::UnicodeNormalization as _;

use crate::account::{self, AccountId};

/// How long a slug may be.
const MOST: usize = 50;

/// Words that lead elsewhere, or that people would take for the site's own.
pub const RESERVED: &[&str] = &[
    "admin",
    "api",
    "app",
    "assets",
    "auth",
    "backend",
    "badge",
    "billing",
    "blog",
    "book",
    "cal",
    "dashboard",
    "docs",
    "email",
    "embed",
    "events",
    "feed",
    "forgot",
    "health",
    "help",
    "hooks",
    "img",
    "invite",
    "jobs",
    "legal",
    "login",
    "logout",
    "mail",
    "me",
    "metrics",
    "new",
    "notes",
    "oauth",
    "openapi",
    "pay",
    "post",
    "privacy",
    "profile",
    "public",
    "register",
    "reset",
    "robots",
    "search",
    "session",
    "sessions",
    "settings",
    "setup",
    "sign-in",
    "sitemap",
    "static",
    "status",
    "support",
    "system",
    "tags",
    "terms",
    "unsubscribe",
    "user",
    "users",
    "verify",
    "webhooks",
    "well-known",
    "www",
];

/// Whether `text` may be a slug: 2 to 50 of `a-z0-9-`, a letter or digit at both ends, no two
/// hyphens in a row.
pub fn is_valid(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (2..=MOST).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

/// Whether nobody may choose it.
pub fn is_reserved(slug: &str) -> bool {
    RESERVED.contains(&slug)
}

/// What a name gives: its letters without their marks, and a hyphen for all else. Empty where
/// nothing is left, as of names in other scripts.
pub fn from_name(name: &str) -> String {
    let plain: String = name
        .nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let mut slug = words.join("-");
    slug.truncate(MOST);
    slug.trim_end_matches('-').to_owned()
}

/// The account's slug. One who has none is given one made of the name.
pub fn of(tx: &mut Tx<'_>, id: &AccountId) -> Result<String, StoreError> {
    if let Some(slug) = find(tx, id)? {
        return Ok(slug);
    }
    account::lock(tx, id)?;
    // Meanwhile somebody else may have asked.
    if let Some(slug) = find(tx, id)? {
        return Ok(slug);
    }
    let name = account::find(tx, id)?.map(|account| account.display_name);
    first(tx, &name.unwrap_or_default(), |tx, slug| {
        Ok(!is_reserved(slug) && take(tx, id, slug)?)
    })
}

/// The slug that an account of this name would be given now.
pub fn propose(tx: &mut Tx<'_>, name: &str) -> Result<String, StoreError> {
    first(tx, name, is_free)
}

/// The first slug made of a name that `fits`.
fn first(
    tx: &mut Tx<'_>,
    name: &str,
    fits: impl Fn(&mut Tx<'_>, &str) -> Result<bool, StoreError>,
) -> Result<String, StoreError> {
    let base = Some(from_name(name)).filter(|slug| is_valid(slug));
    let base = base.unwrap_or_else(|| format!("user-{}", suffix(tx, 6)));
    let mut slug = base.clone();
    for number in 2.. {
        if fits(tx, &slug)? {
            break;
        }
        let ending = match number {
            2..=99 => number.to_string(),
            _ => suffix(tx, 5),
        };
        let kept = base.len().min(MOST - ending.len() - 1);
        slug = format!("{}-{ending}", base[..kept].trim_end_matches('-'));
    }
    Ok(slug)
}

/// The account's slug, if it has one.
pub fn find(tx: &mut Tx<'_>, id: &AccountId) -> Result<Option<String>, StoreError> {
    let found: Option<(String,)> = sql!(
        "SELECT slug FROM account_slug WHERE account_id = :id AND until IS NULL",
        id
    )
    .maybe(tx)?;
    Ok(found.map(|(slug,)| slug))
}

/// The active account that is called so now.
pub fn account(tx: &mut Tx<'_>, slug: &str) -> Result<Option<AccountId>, StoreError> {
    let found: Option<(AccountId,)> = sql!(
        "SELECT a.id FROM account_slug s JOIN account a ON a.id = s.account_id
         WHERE s.slug = :slug AND s.until IS NULL AND a.state = 'active'",
        slug
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}

/// Whether nobody has it, had it lately, or may not choose it.
pub fn is_free(tx: &mut Tx<'_>, slug: &str) -> Result<bool, StoreError> {
    let (count,): (i64,) =
        sql!("SELECT COUNT(*) FROM account_slug WHERE slug = :slug", slug).one(tx)?;
    Ok(count == 0 && !is_reserved(slug))
}

/// Gives it to the account, unless it is somebody's.
pub(crate) fn take(tx: &mut Tx<'_>, id: &AccountId, slug: &str) -> Result<bool, StoreError> {
    let count = sql!(
        "INSERT INTO account_slug (slug, account_id, until) VALUES (:slug, :id, NULL)
         ON CONFLICT (slug) DO NOTHING",
        slug,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(count == 1)
}

/// So many letters and digits that say nothing.
fn suffix(tx: &mut Tx<'_>, length: usize) -> String {
    let mut bytes = [0; 16];
    tx.random().fill(&mut bytes);
    let letters = b"abcdefghijkmnpqrstuvwxyz23456789";
    let drawn = bytes.iter().take(length);
    drawn
        .map(|byte| char::from(letters[usize::from(*byte) % letters.len()]))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_leads_elsewhere_is_reserved() {
        for word in ["blog", "notes"] {
            assert!(is_reserved(word), "{word}");
        }
    }

    #[test]
    fn a_name_gives_a_slug() {
        for (name, slug) in [
            ("Farah binti Ali", "farah-binti-ali"),
            ("  Zoë  Ångström! ", "zoe-angstrom"),
            ("陈志明", ""),
            ("--", ""),
            ("Ünal (2)", "unal-2"),
        ] {
            assert_eq!(from_name(name), slug);
        }
    }

    proptest! {
        #[test]
        fn what_a_name_gives_is_valid_or_too_short(name in "\\PC{0,80}") {
            let slug = from_name(&name);
            prop_assert!(slug.len() < 2 || is_valid(&slug), "{}", slug);
        }
    }
}
