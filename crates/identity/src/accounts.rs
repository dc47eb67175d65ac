//! What identity works with: what the configuration says of people, and what is counted.

use std::time::Duration;

use web::Site;

use crate::credential::hashing::Hasher;
use crate::credential::provider::Providers;
use crate::credential::require_mfa::RequireMfaFor;
use crate::limits::changes::Changes;
use crate::limits::in_flight::{self, InFlight};
use crate::limits::request_limits::RequestLimits;
use crate::scope::domain::Domains;

/// Who may have an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registration {
    /// Who is invited to help.
    #[default]
    Closed,
    /// They, and whoever an owner or administrator invites.
    Invite,
    /// Everybody.
    Open,
}

/// What the configuration says of new accounts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// Who may have one.
    pub registration: Registration,
    /// Whether mail leaves this machine.
    pub has_mail: bool,
}

/// What signing in needs beside the site: the one place where passwords are
/// hashed, and the counters of changes. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    /// What every handler shares.
    pub site: Site,
    /// Where passwords are hashed.
    pub hasher: Hasher,
    /// How often somebody may change something.
    pub changes: Changes,
    /// How often people who are not signed in may ask for something.
    pub limits: RequestLimits,
    /// The tries to sign in whose outcome is not known yet.
    pub in_flight: InFlight,
    /// How long a try waits for those that are in flight.
    pub patience: Duration,
    /// What the configuration says of new accounts.
    pub policy: Policy,
    /// Who must have a second factor.
    pub require_mfa_for: RequireMfaFor,
    /// With whom people may sign in.
    pub providers: Providers,
    /// What the domains have to do with people.
    pub domain_accounts: Domains,
}

impl Accounts {
    /// For a site on this machine.
    pub fn new(site: Site, domain_accounts: Domains) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            // One core stays free for pages, where there are several.
            hasher: Hasher::new(cores - 1, site.random.clone()),
            changes: Changes::default(),
            limits: RequestLimits::default(),
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
