//! Describes the client of a request, as far as the peer and trusted proxies reveal it.
//!
//! The app gets a typed value and not headers, because a value in the same process cannot be
//! forged. Claims of clients are removed from the headers first.

use std::net::IpAddr;
use std::sync::Arc;

use crate::request_id::RequestId;

#[derive(Debug, Clone)]
pub struct ClientInfo {
    /// The peer's IP address, or the client's IP address as a trusted proxy reports it.
    pub client: IpAddr,
    /// Whether the request arrived without `Forwarded` and `X-Forwarded-For`, regardless of whether
    /// the peer is trusted.
    pub is_direct: bool,
    /// Whether the peer is a trusted proxy, which may set `Forwarded` and `X-Forwarded-*`.
    pub peer_is_trusted: bool,
    /// The scheme of the client's request to the first proxy, or to the edge if there is no proxy.
    pub scheme: Scheme,
    /// The requested host in lower case, with the port if the client sent one; empty if there is no
    /// host.
    pub host: Arc<str>,
    pub id: RequestId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
