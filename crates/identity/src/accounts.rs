//! The shared state of this crate: the configuration for accounts, and counters.

use std::time::Duration;

use web::Site;

use crate::credential::hashing::Hasher;
use crate::credential::provider::Providers;
use crate::credential::require_mfa::RequireMfaFor;
use crate::limits::changes::Changes;
use crate::limits::in_flight::{self, InFlight};
use crate::limits::request_limits::RequestLimits;
use crate::scope::domain::Domains;

/// Who may create an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registration {
    /// Only people whose invite grants a role.
    #[default]
    Closed,
    /// Also people whom an owner or administrator of the site invites without a role.
    Invite,
    /// Everybody.
    Open,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    pub registration: Registration,
    /// Whether this server can send mail.
    pub has_mail: bool,
}

/// The state that all sign-ins share: the site, the password hasher and the counters for limits.
/// Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    pub site: Site,
    pub hasher: Hasher,
    /// The limit on the number of changes that an account makes.
    pub changes: Changes,
    /// The limits on requests by people who are not signed in.
    pub limits: RequestLimits,
    /// Sign-in attempts whose outcome is not known yet.
    pub in_flight: InFlight,
    /// The maximum time that a sign-in attempt waits for concurrent attempts to end.
    pub patience: Duration,
    pub policy: Policy,
    pub require_mfa_for: RequireMfaFor,
    pub providers: Providers,
    pub domain_accounts: Domains,
}

impl Accounts {
    pub fn new(site: Site, domain_accounts: Domains) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            // With several cores, one core does no hashing and stays free for pages.
            hasher: Hasher::new(cores - 1, site.random.clone()),
            changes: Changes::of(&site.limits),
            limits: RequestLimits::of(&site.limits),
            in_flight: InFlight::default(),
            patience: in_flight::PATIENCE,
            policy: Policy::default(),
            require_mfa_for: RequireMfaFor::default(),
            providers: Providers::default(),
            domain_accounts,
            site,
        }
    }
}
