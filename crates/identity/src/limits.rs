//! Rate limits.

pub mod changes;
pub mod in_flight;
pub(crate) mod rate_limit;
pub mod request_limits;
