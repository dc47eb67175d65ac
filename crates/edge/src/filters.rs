//! Filters of requests and responses. Each filter is a step of the [pipeline](crate::pipeline).

pub mod auth;
pub mod compression;
pub(crate) mod cors;
pub mod forwarding;
pub mod headers;
pub mod rate_limit;
