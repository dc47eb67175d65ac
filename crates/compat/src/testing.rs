//! What tests of imports share.

use site::Domains;

/// Into which data is imported.
pub(crate) const DOMAINS: Domains = &[
    accounts::DOMAIN,
    occasions_all::DOMAIN,
    countdowns::DOMAIN,
    posts::DOMAIN,
    bookings::DOMAIN,
];
