//! Checks the DNS records of host names, and decides which names are served.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ::web::Site;
use identity::grant;
use identity::notification::{self, NewNotification};
use jiff::SignedDuration;
use platform::jobs::{Done, Handler, JobError};
use platform::{Rows, StoreError, Tx, sql};

use super::{ALLOWED, OwnDomain, PROOF, PURPOSE, RecordState, WaitsFor, find, is_taken, limits};
use crate::id::OccasionId;
use crate::occasion;
use crate::role::{self, Role};

const BETWEEN_CHECKS: SignedDuration = SignedDuration::from_mins(1);
const GRACE_PERIOD: SignedDuration = SignedDuration::from_hours(7 * 24);

struct Found {
    address: RecordState,
    proof: RecordState,
    /// The addresses of the site's own name; `None` if they could not be looked up.
    expected: Option<BTreeSet<IpAddr>>,
}

/// Returns the job that checks all names once a day.
pub(crate) fn daily(site: Site) -> Handler {
    Handler::each_day("occasions.own_domains", move |_| {
        let site = site.clone();
        async move {
            check_all(&site).await?;
            Ok(Done::nothing())
        }
    })
}

/// Checks the DNS records of all names. If one check fails, the others still run.
pub async fn check_all(site: &Site) -> Result<(), JobError> {
    if !ALLOWED.of(&site.declared.settings) {
        return Ok(());
    }
    let all = |tx: &mut Tx<'_>| -> Result<Vec<(OccasionId,)>, StoreError> {
        tx.all(
            sql!("SELECT occasion FROM own_domain ORDER BY occasion"),
            &[],
        )
    };
    let mut failure = None;
    for (occasion,) in site.store.read(all).await? {
        failure = check(site, &occasion).await.err().or(failure);
    }
    site.store.write(limits::tidy).await?;
    failure.map_or(Ok(()), |error| Err(error.into()))
}

/// Checks the DNS records of an occasion's name, and stores the result. Does nothing if the last
/// check began less than a minute ago.
pub async fn check(site: &Site, occasion: &OccasionId) -> Result<(), StoreError> {
    let id = occasion.clone();
    let begin = move |tx: &mut Tx<'_>| begin(tx, &id);
    let Some(host) = site.store.write(begin).await? else {
        return Ok(());
    };
    let found = look_up(site, occasion, &host).await;
    let (here, id) = (site.clone(), occasion.clone());
    let note = move |tx: &mut Tx<'_>| note(tx, &here, &id, &host, &found);
    site.store.write(note).await
}

/// `None` if the name was checked recently.
fn begin(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Option<String>, StoreError> {
    let now = tx.now();
    let found: Option<(String,)> = sql!(
        "UPDATE own_domain SET checked_at = :now
         WHERE occasion = :occasion AND (checked_at IS NULL OR checked_at <= :before)
         RETURNING host",
        now,
        occasion,
        before = now - BETWEEN_CHECKS
    )
    .maybe(tx)?;
    Ok(found.map(|(host,)| host))
}

/// The name resolves to this site if all its addresses also belong to the site's own name.
async fn look_up(site: &Site, occasion: &OccasionId, host: &str) -> Found {
    let (servers, random) = (&site.name_servers, &site.random);
    let proof_name = format!("{PROOF}{host}");
    let (ours, theirs, texts) = tokio::join!(
        servers.addresses(random, site.url().host()),
        servers.addresses(random, host),
        servers.texts(random, &proof_name)
    );
    let key = site.keys.key(PURPOSE);
    let is_proof = |text: &String| key.verify(&[occasion.as_str(), host], text.trim());
    let expected = ours.ok().filter(|ours| !ours.is_empty());
    Found {
        address: match (&expected, theirs) {
            (None, _) | (_, Err(_)) => RecordState::NoAnswer,
            (_, Ok(theirs)) if theirs.is_empty() => RecordState::Missing,
            (Some(ours), Ok(theirs)) if theirs.is_subset(ours) => RecordState::Seen,
            _ => RecordState::Elsewhere,
        },
        proof: match texts {
            Ok(texts) if texts.iter().any(is_proof) => RecordState::Seen,
            Ok(_) => RecordState::Missing,
            Err(_) => RecordState::NoAnswer,
        },
        expected,
    }
}

/// Does nothing if the occasion has got another name since the check began.
fn note(
    tx: &mut Tx<'_>,
    site: &Site,
    occasion: &OccasionId,
    host: &str,
    found: &Found,
) -> Result<(), StoreError> {
    if occasion::hold(tx, occasion)?.is_none() {
        return Ok(());
    }
    let Some(old) = find(tx, occasion)?.filter(|one| one.host == host) else {
        return Ok(());
    };
    let new = judge(tx, occasion, &old, found)?;
    sql!(
        "UPDATE own_domain SET {OwnDomain = :OwnDomain} WHERE occasion = :occasion",
        OwnDomain = new,
        occasion
    )
    .run(tx, Rows::Exactly(1))?;
    if new.verified_at.is_some() != old.verified_at.is_some() {
        // Pages contain links with the name. Taking the lock raises the occasion's revision, so
        // that cached pages are rendered again.
        occasion::lock(tx, occasion)?;
        if new.verified_at.is_none() {
            tell_owners(tx, site, occasion, host)?;
        }
    }
    Ok(())
}

fn judge(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    old: &OwnDomain,
    found: &Found,
) -> Result<OwnDomain, StoreError> {
    let now = tx.now();
    let mut new = OwnDomain {
        address: found.address,
        proof: found.proof,
        waits_for: WaitsFor::Nothing,
        ..old.clone()
    };
    if let Some(expected) = &found.expected {
        let texts: Vec<String> = expected.iter().map(ToString::to_string).collect();
        new.expected = texts.join(" ");
    }
    let is_complete = [found.address, found.proof] == [RecordState::Seen; 2];
    match (old.verified_at, is_complete) {
        (Some(_), true) => new.failing_since = None,
        (None, true) if is_taken(tx, occasion, &old.host)? => new.waits_for = WaitsFor::Other,
        (None, true) if !limits::take_order(tx, occasion, &old.account)? => {
            new.waits_for = WaitsFor::Limit;
        }
        (None, true) => new.verified_at = Some(now),
        (None, false) => {}
        // The site's own addresses are unknown, so they cannot be compared with the name's
        // addresses.
        (Some(_), false) if found.expected.is_none() => {}
        (Some(_), false) => {
            let since = old.failing_since.unwrap_or(now);
            new.failing_since = Some(since);
            if found.address == RecordState::Elsewhere || since + GRACE_PERIOD <= now {
                (new.verified_at, new.failing_since) = (None, None);
            }
        }
    }
    Ok(new)
}

fn tell_owners(
    tx: &mut Tx<'_>,
    site: &Site,
    id: &OccasionId,
    host: &str,
) -> Result<(), StoreError> {
    let slug = occasion::load(tx, id)?.slug;
    let href = format!("/admin/o/{slug}/settings/domain");
    for member in grant::list(tx, &role::scope(id))? {
        if Role::from(member.role) == Role::OccasionOwner {
            let lost = NewNotification {
                kind: "host-notice-own-domain",
                about: host,
                href: &href,
            };
            notification::tell(tx, site, &member.account, lost)?;
        }
    }
    Ok(())
}
