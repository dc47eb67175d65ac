//! Webhook signatures as specified by Standard Webhooks, for received and sent webhooks.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

/// The largest accepted clock skew between the sender and this server.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A secret that signs webhooks. `Debug` prints `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookKey([u8; 64]);

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<[u8; 32]> for WebhookKey {
    fn from(secret: [u8; 32]) -> Self {
        let mut block = [0; 64];
        block[..32].copy_from_slice(&secret);
        Self(block)
    }
}

/// The headers of a received webhook.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `webhook-id`: the message's id.
    pub id: &'a str,
    /// `webhook-timestamp`: seconds since the Unix epoch.
    pub timestamp: &'a str,
    /// `webhook-signature`: one or more signatures, separated by spaces. Each is `v1,` followed by
    /// base64.
    pub signatures: &'a str,
}

impl WebhookKey {
    /// Parses `whsec_` followed by base64 of 24 to 64 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim().strip_prefix("whsec_")?).ok()?;
        // A shorter key is padded with zeros (RFC 2104).
        let mut block = [0; 64];
        block.get_mut(..bytes.len())?.copy_from_slice(&bytes);
        (bytes.len() >= 24).then_some(Self(block))
    }

    /// The signature of an outgoing message.
    pub fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mac = self.mac(id, timestamp, body).finalize();
        format!("v1,{}", STANDARD.encode(mac.into_bytes()))
    }

    /// Whether `body` carries a valid signature with a recent timestamp.
    pub fn verify(&self, signed: Signed<'_>, body: &[u8], now: Timestamp) -> bool {
        let at = signed.timestamp.parse().ok();
        let at = at.and_then(|second| Timestamp::from_second(second).ok());
        if at.is_none_or(|at| at.duration_since(now).abs() > TOLERANCE) {
            return false;
        }
        let mac = self.mac(signed.id, signed.timestamp, body);
        let given = signed.signatures.split(' ');
        let mut given = given.filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
        given.any(|bytes| mac.clone().verify_slice(&bytes).is_ok())
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new(&self.0.into());
        mac.chain_update(format!("{id}.{timestamp}."))
            .chain_update(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These values were computed with Python's `hmac` module.
    const SECRET: &str = "whsec_a2VuZHVyaS1rZW5kdXJpLWtlbmR1cmkta2Vu";
    const SIGNATURE: &str = "v1,e0dnYbIxF9psGINRP/lQNhcffsxUR4fywplpu96VG/s=";

    fn verify(signed: Signed<'_>, body: &str, at: i64) -> bool {
        let key = WebhookKey::parse(SECRET).unwrap();
        key.verify(signed, body.as_bytes(), Timestamp::from_second(at).unwrap())
    }

    #[test]
    fn only_what_was_signed_just_now_counts() {
        let signed = Signed {
            id: "msg_1",
            timestamp: "1800000000",
            signatures: SIGNATURE,
        };
        assert!(verify(signed, "{}", 1_800_000_000));
        let key = WebhookKey::parse(SECRET).unwrap();
        assert_eq!(key.sign("msg_1", "1800000000", b"{}"), SIGNATURE);
        assert!(verify(signed, "{}", 1_800_000_299));
        let several = format!("v1,AAAA v1a,BBBB {SIGNATURE}");
        let several = Signed {
            signatures: &several,
            ..signed
        };
        assert!(verify(several, "{}", 1_800_000_000));
        for (signed, body, at) in [
            (signed, "{ }", 1_800_000_000),
            (signed, "{}", 1_800_000_301),
            (signed, "{}", 1_799_999_699),
            (
                Signed {
                    id: "msg_2",
                    ..signed
                },
                "{}",
                1_800_000_000,
            ),
            (
                Signed {
                    signatures: "",
                    ..signed
                },
                "{}",
                1_800_000_000,
            ),
            (
                Signed {
                    timestamp: "x",
                    ..signed
                },
                "{}",
                1_800_000_000,
            ),
        ] {
            assert!(!verify(signed, body, at), "{signed:?} {body} {at}");
        }
    }

    #[test]
    fn a_secret_is_long_enough_and_written_as_the_standard_says() {
        for text in [
            "",
            "whsec_",
            "whsec_AAAA",
            "a2VuZHVyaS1rZW5kdXJpLWtlbmR1cmkta2Vu",
        ] {
            assert_eq!(WebhookKey::parse(text), None, "{text}");
        }
    }
}
