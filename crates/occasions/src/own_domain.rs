//! A host name of an occasion's own, such as `aisyah-daniel.example`. It is served, and gets a
//! certificate, while its DNS records lead to the server that the site's own name leads to.

use ::web::setting::Flag;
use ::web::{Site, SiteUrl};
use jiff::Timestamp;
use platform::jobs::{Done, Handler, JobError};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};

use crate::id::OccasionId;
use crate::occasion;

/// Whether hosts may use domains of their own.
pub const ALLOWED: Flag = Flag {
    key: "occasions.own_domains",
    built_in: false,
};

/// The longest host name (RFC 1035, section 2.3.4, without the final dot).
const LONGEST: usize = 253;

/// An occasion's own host name.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct OwnDomain {
    /// The name in lower case.
    pub host: String,
    /// Since when its DNS records lead here; `None` while they do not.
    pub verified_at: Option<Timestamp>,
}

/// A host name that is served, with the slug of its occasion.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct ServedDomain {
    pub host: String,
    pub slug: String,
}

pub fn find(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Option<OwnDomain>, StoreError> {
    sql!(
        "SELECT {OwnDomain} FROM own_domain WHERE occasion = :occasion",
        occasion
    )
    .maybe(tx)
}

/// Sets or removes the host name of an occasion whose row the caller has locked. A new name is not
/// served before its DNS records were found. Returns false if another occasion has the name; the
/// caller then rolls back.
pub fn set(tx: &mut Tx<'_>, occasion: &OccasionId, host: Option<&str>) -> Result<bool, StoreError> {
    sql!(
        "DELETE FROM own_domain WHERE occasion = :occasion",
        occasion
    )
    .run(tx, Rows::Any)?;
    let Some(host) = host else {
        return Ok(true);
    };
    let inserted = sql!(
        "INSERT INTO own_domain (occasion, host, created_at) VALUES (:occasion, :host, :now)
         ON CONFLICT (host) DO NOTHING",
        occasion,
        host,
        now = tx.now()
    )
    .run(tx, Rows::Any)?;
    Ok(inserted == 1)
}

/// Stores whether the DNS records of a host name lead here. Does nothing if the occasion has another
/// name meanwhile.
pub fn note(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    host: &str,
    leads_here: bool,
) -> Result<(), StoreError> {
    // The lock also raises the revision, because pages and mails have links with the name.
    if occasion::lock(tx, occasion)?.is_none() {
        return Ok(());
    }
    let verified_at = leads_here.then(|| tx.now());
    sql!(
        "UPDATE own_domain SET verified_at = CASE
             WHEN CAST(:verified_at AS BIGINT) IS NULL THEN NULL
             ELSE COALESCE(verified_at, :verified_at) END
         WHERE occasion = :occasion AND host = :host",
        verified_at,
        occasion,
        host
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// The host name in links to an occasion; `None` for the site's own.
pub fn served_host(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Option<String>, StoreError> {
    let domain = find(tx, occasion)?;
    Ok(domain
        .filter(|one| one.verified_at.is_some())
        .map(|one| one.host))
}

/// All host names that are served.
pub fn served(tx: &mut Tx<'_>) -> Result<Vec<ServedDomain>, StoreError> {
    tx.all(
        sql!(
            "SELECT own_domain.host, occasion.slug FROM own_domain
             JOIN occasion ON occasion.id = own_domain.occasion
             WHERE own_domain.verified_at IS NOT NULL AND occasion.status <> 'archived'
             ORDER BY own_domain.host"
        ),
        &[],
    )
}

/// The URL with which links to an occasion begin. `own` is the result of [`served_host`].
pub fn url(site: &Site, own: Option<&str>) -> SiteUrl {
    match own {
        Some(host) if ALLOWED.of(&site.declared.settings) => site.url().with_host(host),
        _ => site.url().clone(),
    }
}

/// Parses a host name as typed. The error is the code of a finding.
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
    let is_name = host.len() <= LONGEST
        && host.contains('.')
        && host.split('.').all(is_label)
        // An address ends with a number.
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

/// Returns whether the DNS records of a host name lead to this server: all its addresses are
/// addresses of the site's own name. `None` if no DNS server answered.
pub async fn leads_here(site: &Site, host: &str) -> Option<bool> {
    let ours = site.outbound.addresses(site.url().host()).await?;
    let theirs = site.outbound.addresses(host).await?;
    Some(!theirs.is_empty() && theirs.is_subset(&ours))
}

/// Looks at the DNS records of a host name, and stores whether they lead here. If no DNS server
/// answered, the stored state stays.
pub async fn look(
    site: &Site,
    occasion: &OccasionId,
    domain: &OwnDomain,
) -> Result<Option<bool>, StoreError> {
    let found = leads_here(site, &domain.host).await;
    if let Some(leads_here) = found
        && leads_here != domain.verified_at.is_some()
    {
        let (occasion, host) = (occasion.clone(), domain.host.clone());
        let note = move |tx: &mut Tx<'_>| note(tx, &occasion, &host, leads_here);
        site.store.write(note).await?;
    }
    Ok(found)
}

/// Looks at the DNS records of all host names once a day, so that a name that leads elsewhere is
/// not served any more.
pub(crate) fn looks(site: Site) -> Handler {
    Handler::each_day("occasions.own_domains", move |_| {
        let site = site.clone();
        async move {
            look_at_all(&site).await?;
            Ok(Done::nothing())
        }
    })
}

/// Looks at the DNS records of all host names.
pub async fn look_at_all(site: &Site) -> Result<(), JobError> {
    if !ALLOWED.of(&site.declared.settings) {
        return Ok(());
    }
    let all =
        |tx: &mut Tx<'_>| -> Result<Vec<(OccasionId, String, Option<Timestamp>)>, StoreError> {
            tx.all(
                sql!("SELECT occasion, host, verified_at FROM own_domain ORDER BY host"),
                &[],
            )
        };
    for (occasion, host, verified_at) in site.store.read(all).await? {
        look(site, &occasion, &OwnDomain { host, verified_at }).await?;
    }
    Ok(())
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
