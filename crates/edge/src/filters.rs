//! What happens to requests and answers between the client and whoever answers: each of these
//! is a step of the [pipeline](crate::pipeline) that a route may ask for.

pub mod auth;
pub mod compression;
pub mod forwarding;
pub mod headers;
pub mod rate_limit;
