//! An occasion's own host name, such as `aisyah-daniel.example`. Kenduri serves the name, with a
//! certificate, once a TXT record has proven that the hosts control it. The name must also resolve
//! to the same server as the site's own name.

mod check;
mod limits;

use ::web::setting::Flag;
use ::web::{Site, SiteUrl, words};
use identity::account::AccountId;
use jiff::Timestamp;
use platform::store::Row;
use platform::{Keyring, Rows, StoreError, Tx, sql};

pub(crate) use check::daily;
pub use check::{check, check_all};
pub use limits::{NAMES_A_DAY, NAMES_A_DAY_OF_ACCOUNT, ORDERS_A_DAY, ORDERS_A_WEEK_OF_ACCOUNT};

use crate::id::OccasionId;

pub const ALLOWED: Flag = Flag {
    key: "occasions.own_domains",
    built_in: false,
};

/// The maximum length of a host name, without the final dot (RFC 1035, section 2.3.4).
const LONGEST: usize = 253;
const PROOF: &str = "_kenduri-challenge.";
const PURPOSE: &str = "own domain";

words! {
    /// What the last DNS check found out about a record.
    #[schema(as = OwnDomainRecord)]
    RecordState {
        /// The record has not been checked yet.
        Unchecked = "unchecked" => "host-own-domain-unchecked",
        /// The record exists and has the right value.
        Seen = "seen" => "host-own-domain-seen",
        /// The record does not exist.
        Missing = "missing" => "host-own-domain-missing",
        /// The name resolves to another server.
        Elsewhere = "elsewhere" => "host-own-domain-elsewhere",
        /// No name server answered.
        NoAnswer = "no_answer" => "host-own-domain-no-answer",
    }
}

words! {
    /// Why a name is not served although all its records exist.
    #[schema(as = OwnDomainWait)]
    WaitsFor {
        /// The name waits for nothing.
        Nothing = "nothing",
        /// Too many certificates were ordered. The order is tried again every day.
        Limit = "limit",
        /// Another occasion has proven that it controls the name.
        Other = "other",
    }
}

/// An occasion's own host name.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct OwnDomain {
    /// The host name in lower case.
    pub host: String,
    /// The account that set the name; empty if the account was deleted.
    pub account: String,
    /// Since when the name is served; `None` while it is not served.
    pub verified_at: Option<Timestamp>,
    /// When the last DNS check began.
    pub checked_at: Option<Timestamp>,
    /// Whether the name resolves to this server.
    pub address: RecordState,
    /// Whether the TXT record exists.
    pub proof: RecordState,
    /// The addresses to which the name must resolve, separated by spaces.
    pub expected: String,
    /// Since when a record of the served name has been missing; `None` while all records exist.
    pub failing_since: Option<Timestamp>,
    pub waits_for: WaitsFor,
}

/// A host name that is served, with the slug of its occasion.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct ServedDomain {
    pub host: String,
    pub slug: String,
}

/// Why a host name was not set.
#[derive(Debug, thiserror::Error)]
pub enum NotSet {
    #[error("another occasion has proven the name")]
    Taken,
    /// Too many names were set. The value is the number of seconds until another name may be set.
    #[error("too many names")]
    Limited(u32),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub fn find(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Option<OwnDomain>, StoreError> {
    sql!(
        "SELECT {OwnDomain} FROM own_domain WHERE occasion = :occasion",
        occasion
    )
    .maybe(tx)
}

/// Sets or removes an occasion's host name. The caller must have locked the occasion's row. A new
/// name is served only after a check has found its DNS records.
pub fn set(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    account: &AccountId,
    host: Option<&str>,
) -> Result<(), NotSet> {
    sql!(
        "DELETE FROM own_domain WHERE occasion = :occasion",
        occasion
    )
    .run(tx, Rows::AtMostOne)?;
    let Some(host) = host else {
        return Ok(());
    };
    if is_taken(tx, occasion, host)? {
        return Err(NotSet::Taken);
    }
    limits::take_name(tx, occasion, account)?.map_err(NotSet::Limited)?;
    let new = OwnDomain {
        host: host.to_owned(),
        account: account.to_string(),
        verified_at: None,
        checked_at: None,
        address: RecordState::Unchecked,
        proof: RecordState::Unchecked,
        expected: String::new(),
        failing_since: None,
        waits_for: WaitsFor::Nothing,
    };
    sql!(
        "INSERT INTO own_domain (occasion, created_at, {OwnDomain})
         VALUES (:occasion, :now, {:OwnDomain})",
        occasion,
        now = tx.now(),
        OwnDomain = new
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn is_taken(tx: &mut Tx<'_>, occasion: &OccasionId, host: &str) -> Result<bool, StoreError> {
    let (others,): (i64,) = sql!(
        "SELECT COUNT(*) FROM own_domain
         WHERE host = :host AND verified_at IS NOT NULL AND occasion <> :occasion",
        host,
        occasion
    )
    .one(tx)?;
    Ok(others > 0)
}

/// Returns the name of the TXT record that proves control of a host name.
pub fn proof_name(host: &str) -> String {
    format!("{PROOF}{host}")
}

/// Returns the value of the TXT record that proves that an occasion's hosts control a host name.
pub fn proof_value(keys: &Keyring, occasion: &OccasionId, host: &str) -> String {
    keys.key(PURPOSE).sign(&[occasion.as_str(), host])
}

/// Returns the host name for links to an occasion; `None` if they use the site's own name.
pub fn served_host(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Option<String>, StoreError> {
    let domain = find(tx, occasion)?;
    Ok(domain
        .filter(|one| one.verified_at.is_some())
        .map(|one| one.host))
}

/// Lists all host names that are served. This includes names of archived occasions, because their
/// links stay readable.
pub fn served(tx: &mut Tx<'_>) -> Result<Vec<ServedDomain>, StoreError> {
    tx.all(
        sql!(
            "SELECT own_domain.host, occasion.slug FROM own_domain
             JOIN occasion ON occasion.id = own_domain.occasion
             WHERE own_domain.verified_at IS NOT NULL
             ORDER BY own_domain.host"
        ),
        &[],
    )
}

/// Removes the account's id from the names that the account has set.
pub(crate) fn forget_account(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE own_domain SET account = '' WHERE account = :account",
        account
    )
    .run(tx, Rows::Any)?;
    limits::forget_account(tx, account)
}

/// Returns the base URL for links to an occasion. `own` must be the result of [`served_host`].
pub fn url(site: &Site, own: Option<&str>) -> SiteUrl {
    match own {
        Some(host) if ALLOWED.of(&site.declared.settings) => site.url().with_host(host),
        _ => site.url().clone(),
    }
}

/// Whether guests cannot open the links to an occasion, because they begin with an address of this
/// machine or its network.
pub fn is_private(tx: &mut Tx<'_>, site: &Site, occasion: &OccasionId) -> Result<bool, StoreError> {
    Ok(site.url().is_private() && url(site, served_host(tx, occasion)?.as_deref()).is_private())
}

/// Parses a host name that somebody typed. An `Err` contains the error code for the field.
pub fn parse(typed: &str) -> Result<String, &'static str> {
    let host = typed.trim().trim_end_matches('.').to_ascii_lowercase();
    let is_label = |label: &str| {
        let is_known =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_known)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = host.rsplit('.').next().unwrap_or_default();
    let is_name = PROOF.len() + host.len() <= LONGEST
        && host.contains('.')
        && host.split('.').all(is_label)
        // The last part of an IP address is a number. So this check refuses IP addresses.
        && top.bytes().any(|byte| byte.is_ascii_lowercase());
    let is_private = ["localhost", "local", "internal", "home.arpa", "onion"]
        .iter()
        .any(|ending| {
            host.strip_suffix(ending)
                .is_some_and(|rest| rest.ends_with('.'))
        });
    if is_name && !is_private {
        Ok(host)
    } else {
        Err("invalid")
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_host_name_is_a_public_one() {
        for (typed, host) in [
            ("aisyah-daniel.example", "aisyah-daniel.example"),
            (" WWW.Our-Day.com.my. ", "www.our-day.com.my"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(parse(typed).as_deref(), Ok(host));
        }
        let long = format!("{}.example", "a".repeat(64));
        for typed in [
            "",
            "example",
            "192.0.2.1",
            "[2001:db8::1]",
            "a..example",
            "-a.example",
            "a-.example",
            "a_b.example",
            "https://a.example",
            "a.example:8443",
            "a.example/x",
            "*.example.com",
            "a.localhost",
            "printer.local",
            "bücher.example",
            "a b.example",
            &long,
        ] {
            assert!(parse(typed).is_err(), "{typed}");
        }
    }
}
