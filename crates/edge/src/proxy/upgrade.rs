//! Switches connections from HTTP to WebSockets (RFC 6455, and RFC 8441 for HTTP/2), or to any
//! other protocol that a client requests and a server accepts (RFC 9110, section 7.8).

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, StatusCode, request, response};
use hyper::ext::Protocol;
use sha1::{Digest as _, Sha1};
use upgrade::OnUpgrade;

use super::error::ProxyError;
use crate::filters::forwarding::names;

/// RFC 6455, section 1.3.
const WEBSOCKET_GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Not forwarded, because the edge would not see the requests in these protocols.
const NOT_FORWARDED: [&str; 4] = ["h2c", "h2", "http", "tls"];

#[derive(Debug)]
pub(super) struct Upgrade {
    protocol: HeaderValue,
    client: OnUpgrade,
    /// The `Sec-WebSocket-Accept` that the server must send. `None` unless the client uses HTTP/2:
    /// such a client sends no key, so the edge generates one.
    accept: Option<String>,
}

impl Upgrade {
    /// Takes the upgrade from a request, if its protocol may be forwarded. Converts an extended
    /// `CONNECT` into the `GET` that servers understand.
    pub(super) fn take(parts: &mut request::Parts) -> Result<Option<Self>, ProxyError> {
        let client = parts.extensions.remove::<OnUpgrade>();
        if parts.method == Method::CONNECT {
            let protocol = parts.extensions.remove::<Protocol>();
            let (Some(protocol), Some(client)) = (protocol, client) else {
                // A plain `CONNECT` asks for a tunnel to any host. A reverse proxy does not offer
                // such tunnels.
                return Err(ProxyError::Request);
            };
            if !protocol.as_str().eq_ignore_ascii_case("websocket") {
                return Err(ProxyError::Request);
            }
            parts.method = Method::GET;
            let key = websocket_key();
            let accept = websocket_accept(key.as_bytes());
            let key = HeaderValue::from_str(&key).map_err(|_| ProxyError::Request)?;
            parts.headers.insert(SEC_WEBSOCKET_KEY, key);
            return Ok(Some(Self {
                protocol: HeaderValue::from_static("websocket"),
                client,
                accept: Some(accept),
            }));
        }
        let Some(client) = client else {
            return Ok(None);
        };
        let Some(protocol) = parts.headers.get(UPGRADE) else {
            return Ok(None);
        };
        let may_pass = protocol.to_str().is_ok_and(|protocol| {
            let name = protocol.split('/').next().unwrap_or(protocol).trim();
            !protocol.contains(',')
                && !NOT_FORWARDED
                    .iter()
                    .any(|other| name.eq_ignore_ascii_case(other))
        });
        let bodied = parts.headers.contains_key(TRANSFER_ENCODING)
            || parts
                .headers
                .get(CONTENT_LENGTH)
                .is_some_and(|length| length != "0");
        if !may_pass || bodied || !names(&parts.headers, &CONNECTION, "upgrade") {
            return Ok(None);
        }
        Ok(Some(Self {
            protocol: protocol.clone(),
            client,
            accept: None,
        }))
    }

    pub(super) fn ask(&self, headers: &mut HeaderMap) {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, self.protocol.clone());
    }

    /// Fails if the server switches to another protocol than the requested one, or if the client
    /// would mistake the response for a switch.
    pub(super) fn check(&self, answer: &response::Parts) -> Result<(), ProxyError> {
        if answer.status != StatusCode::SWITCHING_PROTOCOLS {
            // The client interprets any 2xx response to an extended `CONNECT` as a tunnel.
            let tunnel = self.accept.is_some() && answer.status.is_success();
            return if tunnel {
                Err(ProxyError::Upgrade)
            } else {
                Ok(())
            };
        }
        let same = answer
            .headers
            .get(UPGRADE)
            .is_some_and(|protocol| same(protocol, &self.protocol));
        let accepted = self.accept.as_ref().is_none_or(|accept| {
            answer
                .headers
                .get(SEC_WEBSOCKET_ACCEPT)
                .is_some_and(|value| value == accept.as_str())
        });
        if same && accepted {
            Ok(())
        } else {
            Err(ProxyError::Upgrade)
        }
    }

    /// Adapts the response head to the client's HTTP version. The returned future resolves to the
    /// client's connection.
    pub(super) fn answer(self, answer: &mut response::Parts) -> OnUpgrade {
        if self.accept.is_some() {
            answer.status = StatusCode::OK;
            answer.headers.remove(SEC_WEBSOCKET_ACCEPT);
        } else {
            self.ask(&mut answer.headers);
        }
        answer.headers.remove(CONTENT_LENGTH);
        self.client
    }
}

fn same(left: &HeaderValue, right: &HeaderValue) -> bool {
    left.as_bytes().eq_ignore_ascii_case(right.as_bytes())
}

/// 16 random bytes (RFC 6455, section 4.1). It keeps old caches from mixing up responses, and is
/// not secret.
fn websocket_key() -> String {
    let half = || RandomState::new().build_hasher().finish().to_ne_bytes();
    BASE64_STANDARD.encode([half(), half()].concat())
}

/// RFC 6455, section 4.2.2.
fn websocket_accept(key: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(WEBSOCKET_GUID);
    BASE64_STANDARD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_answered_as_in_the_standard() {
        let accepted = websocket_accept(b"dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accepted, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn keys_are_sixteen_bytes_and_differ() {
        let (one, other) = (websocket_key(), websocket_key());
        assert_ne!(one, other);
        assert_eq!(BASE64_STANDARD.decode(one).unwrap().len(), 16);
    }
}
