//! Sets and shows an occasion's own host name, on behalf of hosts.

use platform::audit::Entity;
use platform::{Keyring, Tx};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use web::Findings;

use super::permissions::{HostOf, Permission};
use super::{Refusal, history, occasions};
use crate::own_domain::{self, NotSet, OwnDomain, RecordState, WaitsFor};

/// The name of this field in forms, in JSON and in the audit log.
pub const FIELD: &str = "own_domain";

/// An occasion's own host name, with the DNS records that it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OwnDomain)]
pub struct OwnDomainView {
    /// The host name, such as `our-day.example`.
    pub own_domain: String,
    /// When the name began to lead guests to the occasion; null while it does not lead there.
    pub verified_at: Option<jiff::Timestamp>,
    /// When the DNS records were last checked; null before the first check.
    pub checked_at: Option<jiff::Timestamp>,
    /// Whether the name resolves to this server.
    pub address: RecordState,
    /// Whether the TXT record that proves control of the name exists.
    pub proof: RecordState,
    /// Since when records of a verified name have been missing. After 7 days, the name is no longer
    /// verified.
    pub failing_since: Option<jiff::Timestamp>,
    /// Why the name is not verified although all its records exist.
    pub waits_for: WaitsFor,
    /// The name of the TXT record that proves control of the host name.
    pub proof_name: String,
    /// The value of the TXT record that proves control of the host name.
    pub proof_value: String,
    /// The IP addresses to which the name must resolve; empty before the first check.
    pub addresses: Vec<String>,
}

impl OwnDomainView {
    fn new(keys: &Keyring, host: &HostOf, found: OwnDomain) -> Self {
        Self {
            proof_name: own_domain::proof_name(&found.host),
            proof_value: own_domain::proof_value(keys, host.occasion(), &found.host),
            addresses: found
                .expected
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            own_domain: found.host,
            verified_at: found.verified_at,
            checked_at: found.checked_at,
            address: found.address,
            proof: found.proof,
            failing_since: found.failing_since,
            waits_for: found.waits_for,
        }
    }
}

pub fn find(
    tx: &mut Tx<'_>,
    keys: &Keyring,
    host: &HostOf,
) -> Result<Option<OwnDomainView>, Refusal> {
    host.needs(Permission::Own)?;
    let found = own_domain::find(tx, host.occasion())?;
    Ok(found.map(|found| OwnDomainView::new(keys, host, found)))
}

/// Sets an occasion's host name, or removes it if `typed` is empty. `is_reserved` returns whether
/// this server already uses a name for something else.
pub fn set(
    tx: &mut Tx<'_>,
    host: &HostOf,
    typed: &str,
    is_reserved: impl Fn(&str) -> bool,
) -> Result<(), Refusal> {
    host.needs(Permission::Own)?;
    occasions::lock(tx, host)?;
    let refused = |code| {
        let mut findings = Findings::default();
        findings.add(&format!("/{FIELD}"), code, []);
        findings.finish()
    };
    let wanted = match typed.trim() {
        "" => None,
        typed => match own_domain::parse(typed) {
            Ok(name) if is_reserved(&name) => return Ok(refused("not_unique")?),
            Ok(name) => Some(name),
            Err(code) => return Ok(refused(code)?),
        },
    };
    let before = own_domain::find(tx, host.occasion())?.map(|one| one.host);
    if before == wanted {
        return Ok(());
    }
    match own_domain::set(tx, host.occasion(), host.account(), wanted.as_deref()) {
        Ok(()) => {}
        Err(NotSet::Taken) => return Ok(refused("not_unique")?),
        Err(NotSet::Limited(seconds)) => return Err(Refusal::RateLimited(seconds)),
        Err(NotSet::Store(error)) => return Err(error.into()),
    }
    let changes = json!([{"field": FIELD, "old": before, "new": wanted}]);
    let entity = Entity::new("occasion", host.occasion().to_string());
    history::record(tx, host, "occasion.changed", entity, changes)?;
    history::tell_of_occasion(tx, host, "edited")?;
    Ok(())
}
