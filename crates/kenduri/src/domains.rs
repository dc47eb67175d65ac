//! The domains of the program. What is read of each says [`accounts::Domain`].

use accounts::Domains;

/// All of them, in the order of their dependencies.
pub(crate) const DOMAINS: Domains = &[accounts::DOMAIN, occasions::DOMAIN];
