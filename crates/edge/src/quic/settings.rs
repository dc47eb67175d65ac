//! The QUIC settings: the limits for a connection, and its TLS configuration.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::crypto::{CryptoError, HmacKey};
use quinn::{
    ConnectionId, ConnectionIdGenerator, EndpointConfig, IdleTimeout, ServerConfig,
    TransportConfig, VarInt,
};
use sha2::Sha256;

use crate::connection::{PING_TIME, STREAMS, Windows};
use crate::listener::ResetKey;

/// Unidirectional streams. HTTP/3 uses three, and the others may have unknown types.
const MAX_UNIDIRECTIONAL: u32 = 16;
/// For connections that wait to be accepted: their number, and the bytes of each and of all.
const NEWCOMERS: usize = 1_024;
const NEWCOMER_BUFFER: u64 = 16 * 1_024;
const NEWCOMERS_BUFFER: u64 = 4 * 1_024 * 1_024;
const IDLE_TIMEOUT: Duration = PING_TIME.saturating_mul(3);

/// Returns the settings of new connections. As much as a client may send unread, the edge buffers of
/// what the client has not acknowledged.
pub(super) fn server(crypto: Arc<QuicServerConfig>, windows: Windows) -> ServerConfig {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(STREAMS.into())
        .max_concurrent_uni_streams(MAX_UNIDIRECTIONAL.into())
        .stream_receive_window(windows.stream.into())
        .receive_window(windows.connection.into())
        .send_window(windows.connection.into())
        .keep_alive_interval(Some(PING_TIME))
        .max_idle_timeout(Some(IdleTimeout::from(milliseconds(IDLE_TIMEOUT))))
        .datagram_receive_buffer_size(None);
    let mut server = ServerConfig::with_crypto(crypto);
    server
        .transport_config(Arc::new(transport))
        .max_incoming(NEWCOMERS)
        .incoming_buffer_size(NEWCOMER_BUFFER)
        .incoming_buffer_size_total(NEWCOMERS_BUFFER);
    server
}

/// Returns the endpoint's settings. `reset_key` lets the endpoint reset connections that it does
/// not know.
pub(super) fn endpoint(reset_key: ResetKey) -> EndpointConfig {
    let mut endpoint = EndpointConfig::new(Arc::new(ResetTokens(reset_key)));
    endpoint.cid_generator(|| Box::<ConnectionIds>::default());
    endpoint
}

/// quinn's own generator recognizes IDs of other endpoints, and ignores packets with such IDs. With
/// this one, the endpoint treats every unknown ID as that of a lost connection, and resets it.
#[derive(Default)]
struct ConnectionIds {
    secret: RandomState,
    given: u64,
}

impl ConnectionIdGenerator for ConnectionIds {
    fn generate_cid(&mut self) -> ConnectionId {
        self.given += 1;
        ConnectionId::new(&self.secret.hash_one(self.given).to_be_bytes())
    }

    fn cid_len(&self) -> usize {
        size_of::<u64>()
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

struct ResetTokens(ResetKey);

impl ResetTokens {
    fn of(&self, data: &[u8]) -> Hmac<Sha256> {
        Hmac::new(&self.0.into()).chain_update(data)
    }
}

impl HmacKey for ResetTokens {
    fn sign(&self, data: &[u8], signature: &mut [u8]) {
        signature.copy_from_slice(&self.of(data).finalize().into_bytes());
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let verified = self.of(data).verify_slice(signature);
        verified.map_err(|_| CryptoError)
    }
}

fn milliseconds(time: Duration) -> VarInt {
    let time = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    VarInt::from_u32(time)
}
