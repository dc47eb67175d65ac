//! Verification of ID tokens (OpenID Connect Core 1.0, 3.1.3.7). In an ID token, an identity
//! provider states who signed in.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// How far the provider's clock may be behind this server's clock.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);
const LONGEST_SUBJECT: usize = 255;

/// The reason why an ID token was rejected. The reason is only logged; the user learns only that
/// the sign-in failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(&'static str);

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    #[serde(default, deserialize_with = "text")]
    pub(crate) email: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    pub(crate) email_verified: bool,
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
}

/// Parses a boolean. Some providers send it as a string, some capitalized. Everything else, such as
/// 1, is false: the person then confirms their address by mail.
pub(crate) fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let is_word = |text: &str| text.eq_ignore_ascii_case("true");
    Ok(value == true || value.as_str().is_some_and(is_word))
}

/// Parses a text that is not needed. A value of another type counts as absent.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// Parses a list of texts that is not needed. Values of other types count as absent.
pub(crate) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let all = value.as_array().into_iter().flatten();
    let texts = all.filter_map(|one| one.as_str().map(str::to_owned));
    Ok(texts.collect())
}

#[derive(Deserialize)]
struct Frame {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) now: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "text")]
    kid: Option<String>,
    crit: Option<Value>,
}

/// A provider's public key (RFC 7517), if its type is supported.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Key {
    #[serde(default, deserialize_with = "text")]
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    #[serde(flatten)]
    material: Material,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kty")]
enum Material {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Elliptic { crv: String, x: String, y: String },
    #[serde(rename = "OKP")]
    Edwards { crv: String, x: String },
}

impl Key {
    /// Whether an ID token with this header may have been signed with this key.
    fn is_for(&self, header: &Header) -> bool {
        let is_kind = match &self.material {
            Material::Rsa { .. } => header.alg == "RS256",
            Material::Elliptic { crv, .. } => header.alg == "ES256" && crv == "P-256",
            Material::Edwards { crv, .. } => {
                ["EdDSA", "Ed25519"].contains(&header.alg.as_str()) && crv == "Ed25519"
            }
        };
        let is_purpose = self.purpose.as_ref().is_none_or(|purpose| purpose == "sig");
        is_kind && is_purpose && self.alg.as_ref().is_none_or(|alg| *alg == header.alg)
    }

    fn is_named_by(&self, header: &Header) -> bool {
        header.kid.is_none() || header.kid == self.kid
    }

    fn verify(&self, signed: &[u8], signature: &[u8]) -> Result<(), Invalid> {
        let verified = match &self.material {
            Material::Rsa { n, e } => {
                let (n, e) = (bytes(n)?, bytes(e)?);
                let key = RsaPublicKeyComponents { n: &n, e: &e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
            }
            Material::Elliptic { x, y, .. } => {
                let (x, y) = (bytes(x)?, bytes(y)?);
                // The point is in uncompressed form (SEC 1, 2.3.3).
                let point = [&[4], &x[..], &y[..]].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }
            Material::Edwards { x, .. } => {
                UnparsedPublicKey::new(&ED25519, bytes(x)?).verify(signed, signature)
            }
        };
        verified.map_err(|_| Invalid("another signature"))
    }
}

/// Whether the key that an ID token names is among `keys`. A key without a name does not count: it
/// may have been replaced, so the keys are fetched again. Returns `true` for a token that cannot
/// be parsed, because fetching the keys again would not help.
pub(crate) fn has_key(token: &str, keys: &[Key]) -> bool {
    let header = token.split('.').next().and_then(|part| json(part).ok());
    header.is_none_or(|header: Header| {
        let mut keys = keys.iter();
        keys.any(|key| key.is_for(&header) && key.is_named_by(&header))
    })
}

/// Returns the claims of an ID token. Fails unless the provider made the token for this site and
/// this sign-in.
pub(crate) fn verify(
    token: &str,
    keys: &[Key],
    expected: &Expected<'_>,
) -> Result<Claims, Invalid> {
    let (signed, signature) = token.rsplit_once('.').ok_or(SHAPE)?;
    let (header, payload) = signed.split_once('.').ok_or(SHAPE)?;
    let header: Header = json(header)?;
    if header.crit.is_some() {
        return Err(Invalid("an extension that is not known"));
    }
    // The type of the key determines the algorithm, so an attacker cannot choose a weaker
    // algorithm.
    let fitting = keys.iter().filter(|key| key.is_for(&header));
    let named = fitting.clone().filter(|key| key.is_named_by(&header));
    // A key's name (`kid`) is optional, so a token may name the only key, which has no name.
    let unnamed = fitting.filter(|key| key.kid.is_none());
    let key = match only(named) {
        Err(NO_KEY) => only(unnamed)?,
        other => other?,
    };
    key.verify(signed.as_bytes(), &bytes(signature)?)?;
    check(&json(payload)?, expected)?;
    let claims: Claims = json(payload)?;
    if claims.sub.is_empty() || claims.sub.len() > LONGEST_SUBJECT {
        return Err(Invalid("no subject"));
    }
    Ok(claims)
}

const NO_KEY: Invalid = Invalid("another key");

fn only<'k>(mut keys: impl Iterator<Item = &'k Key>) -> Result<&'k Key, Invalid> {
    let key = keys.next().ok_or(NO_KEY)?;
    match keys.next() {
        Some(_) => Err(Invalid("one of several keys")),
        None => Ok(key),
    }
}

fn check(frame: &Frame, expected: &Expected<'_>) -> Result<(), Invalid> {
    if frame.iss != expected.issuer {
        return Err(Invalid("another issuer"));
    }
    let (is_for_us, is_for_others) = match &frame.aud {
        Audience::One(one) => (one == expected.client_id, false),
        Audience::Many(all) => (
            all.iter().any(|one| one == expected.client_id),
            all.len() > 1,
        ),
    };
    let is_asked_by_us = match &frame.azp {
        Some(azp) => azp == expected.client_id,
        None => !is_for_others,
    };
    if !is_for_us || !is_asked_by_us {
        return Err(Invalid("another audience"));
    }
    let now = (expected.now - LEEWAY).as_second();
    // The claim `exp` is a number of seconds, possibly with a fraction.
    #[expect(clippy::cast_precision_loss, reason = "exact for 285 million years")]
    if frame.exp.is_nan() || frame.exp <= now as f64 {
        return Err(Invalid("too late"));
    }
    if frame.nonce.as_deref() != Some(expected.nonce) {
        return Err(Invalid("another nonce"));
    }
    Ok(())
}

const SHAPE: Invalid = Invalid("no signed token");

fn bytes(part: &str) -> Result<Vec<u8>, Invalid> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| SHAPE)
}

fn json<T: DeserializeOwned>(part: &str) -> Result<T, Invalid> {
    serde_json::from_slice(&bytes(part)?).map_err(|_| SHAPE)
}
