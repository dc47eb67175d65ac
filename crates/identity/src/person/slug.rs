//! Slugs: the names of accounts in public URLs, such as `/u/farah-ali`.

use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use unicode_normalization::UnicodeNormalization as _;

use crate::account::{self, AccountId};

const MOST: usize = 50;

/// Slugs that nobody can choose, because they are paths of the site, look like names of the site's
/// own pages, or are names by which people write to whoever runs a site (RFC 2142).
pub const RESERVED: &[&str] = &[
    "abuse",
    "admin",
    "administrator",
    "api",
    "app",
    "assets",
    "auth",
    "autoconfig",
    "autodiscover",
    "badge",
    "billing",
    "blog",
    "book",
    "bounce",
    "bounces",
    "cal",
    "contact",
    "dashboard",
    "do-not-reply",
    "docs",
    "email",
    "embed",
    "events",
    "factors",
    "feed",
    "forgot",
    "ftp",
    "group",
    "health",
    "healthz",
    "help",
    "hooks",
    "hostmaster",
    "imap",
    "img",
    "info",
    "invite",
    "jobs",
    "kenduri",
    "legal",
    "livez",
    "login",
    "logout",
    "mail",
    "mailbox",
    "mailer-daemon",
    "marketing",
    "me",
    "metrics",
    "new",
    "news",
    "no-reply",
    "noc",
    "noreply",
    "notes",
    "oauth",
    "openapi",
    "owner",
    "pay",
    "pop",
    "pop3",
    "post",
    "postmaster",
    "privacy",
    "problems",
    "profile",
    "public",
    "readyz",
    "register",
    "reset",
    "restore",
    "robots",
    "root",
    "sales",
    "search",
    "security",
    "session",
    "sessions",
    "settings",
    "setup",
    "sign-in",
    "site",
    "sitemap",
    "smtp",
    "ssl-admin",
    "ssladmin",
    "static",
    "status",
    "sudo",
    "support",
    "sysadmin",
    "system",
    "tags",
    "terms",
    "unsubscribe",
    "usenet",
    "user",
    "users",
    "uucp",
    "verify",
    "webhooks",
    "webmail",
    "webmaster",
    "well-known",
    "wpad",
    "www",
];

/// Whether `text` is a valid slug: 2 to 50 characters of `a-z0-9-`, with a letter or digit at both
/// ends and no two hyphens in a row.
pub fn is_valid(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (2..=MOST).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

/// Whether this crate reserves the slug.
pub fn is_reserved(slug: &str) -> bool {
    RESERVED.contains(&slug)
}

/// Whether this crate or a domain reserves the slug.
pub(crate) fn is_reserved_in(tx: &mut Tx<'_>, slug: &str) -> Result<bool, StoreError> {
    if is_reserved(slug) {
        return Ok(true);
    }
    let found: Option<(String,)> =
        sql!("SELECT word FROM reserved_slug WHERE word = :slug", slug).maybe(tx)?;
    Ok(found.is_some())
}

/// Stores at startup the slugs that domains reserve. Returns the reserved slugs that accounts
/// already have. These accounts keep their slugs.
pub fn reserve(tx: &mut Tx<'_>, words: &[&str]) -> Result<Vec<String>, StoreError> {
    tx.run(sql!("DELETE FROM reserved_slug"), &[], Rows::Any)?;
    let mut held = Vec::new();
    for word in words {
        sql!(
            "INSERT INTO reserved_slug (word) VALUES (:word) ON CONFLICT (word) DO NOTHING",
            word
        )
        .run(tx, Rows::AtMostOne)?;
    }
    for word in RESERVED.iter().chain(words) {
        let holder: Option<(String,)> = sql!(
            "SELECT slug FROM account_slug
             WHERE slug = :word AND account_id IS NOT NULL AND until IS NULL",
            word
        )
        .maybe(tx)?;
        held.extend(holder.map(|(slug,)| slug));
    }
    Ok(held)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    Free,
    /// Another account has the slug, or had it recently.
    Taken,
    Reserved,
}

/// Makes a slug from a name. Letters become lower case and lose their diacritics, and all
/// characters other than `a-z0-9` become hyphens. The result is empty if only hyphens remain, for
/// example for a name in a non-Latin script.
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

/// Returns the account's slug. If the account has none, generates one from the account's name.
pub fn of(tx: &mut Tx<'_>, id: &AccountId) -> Result<String, StoreError> {
    if let Some(slug) = find(tx, id)? {
        return Ok(slug);
    }
    account::lock(tx, id)?;
    // A concurrent transaction may have created the slug.
    if let Some(slug) = find(tx, id)? {
        return Ok(slug);
    }
    let name = account::find_in_any_state(tx, id)?.map(|account| from_name(&account.display_name));
    let base = name
        .filter(|slug| is_valid(slug))
        .unwrap_or_else(|| format!("user-{}", suffix(tx, 6)));
    let mut slug = base.clone();
    for number in 2.. {
        if !is_reserved_in(tx, &slug)? && take(tx, id, &slug)? {
            break;
        }
        let ending = match number {
            2..=99 => number.to_string(),
            _ => suffix(tx, 5),
        };
        slug = with_ending(&base, &ending);
    }
    Ok(slug)
}

pub fn find(tx: &mut Tx<'_>, id: &AccountId) -> Result<Option<String>, StoreError> {
    let found: Option<(String,)> = sql!(
        "SELECT slug FROM account_slug WHERE account_id = :id AND until IS NULL",
        id
    )
    .maybe(tx)?;
    Ok(found.map(|(slug,)| slug))
}

/// An account that was found by its current or former slug.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Named {
    pub id: AccountId,
    pub slug: String,
}

/// Finds the active account with this current or former slug.
pub fn account(tx: &mut Tx<'_>, slug: &str) -> Result<Option<Named>, StoreError> {
    let now = tx.roughly_now();
    sql!(
        "SELECT a.id, p.slug FROM account_slug s
         JOIN account a ON a.id = s.account_id AND a.state = 'active'
         JOIN account_slug p ON p.account_id = a.id AND p.until IS NULL
         WHERE s.slug = :slug AND (s.until IS NULL OR s.until > :now)",
        slug,
        now
    )
    .maybe(tx)
}

/// Whether a slug is available to an account that does not have the slug yet.
pub fn availability(tx: &mut Tx<'_>, slug: &str) -> Result<Availability, StoreError> {
    if is_reserved_in(tx, slug)? {
        return Ok(Availability::Reserved);
    }
    let now = tx.roughly_now();
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM account_slug WHERE slug = :slug AND (until IS NULL OR until > :now)",
        slug,
        now
    )
    .one(tx)?;
    Ok(if count == 0 {
        Availability::Free
    } else {
        Availability::Taken
    })
}

/// Assigns the slug to the account. Returns `false` if another account has the slug.
pub(crate) fn take(tx: &mut Tx<'_>, id: &AccountId, slug: &str) -> Result<bool, StoreError> {
    sql!(
        "DELETE FROM account_slug WHERE slug = :slug AND until <= :now",
        slug,
        now = tx.now()
    )
    .run(tx, Rows::AtMostOne)?;
    let count = sql!(
        "INSERT INTO account_slug (slug, account_id, until) VALUES (:slug, :id, NULL)
         ON CONFLICT (slug) DO NOTHING",
        slug,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(count == 1)
}

/// Makes a slug from a name, and returns one that is available. Returns an empty string if the name
/// contains no usable characters.
pub fn propose(tx: &mut Tx<'_>, name: &str) -> Result<String, StoreError> {
    let base = from_name(name);
    if !is_valid(&base) {
        return Ok(String::new());
    }
    let mut slug = base.clone();
    for number in 2..=99 {
        if availability(tx, &slug)? == Availability::Free {
            return Ok(slug);
        }
        slug = with_ending(&base, &number.to_string());
    }
    Ok(with_ending(&base, &suffix(tx, 5)))
}

/// Appends an ending to `base`. Shortens `base` if the result would be too long.
fn with_ending(base: &str, ending: &str) -> String {
    let kept = base.len().min(MOST - ending.len() - 1);
    format!("{}-{ending}", base[..kept].trim_end_matches('-'))
}

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
    fn nobody_is_called_like_those_who_run_a_site() {
        for word in [
            "abuse",
            "administrator",
            "hostmaster",
            "kenduri",
            "mailer-daemon",
            "noreply",
            "owner",
            "postmaster",
            "root",
            "security",
            "webmaster",
        ] {
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
