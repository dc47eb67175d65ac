//! Verification of browsers' responses for passkeys: Web Authentication Level 3, §7.1 and §7.2.
//!
//! The device's maker does not matter, so no attestation is requested. Browsers send the public key
//! of a new passkey as `SubjectPublicKeyInfo` (§5.2.1). Password managers may leave it out, and the
//! key is then read from the attestation object, which is always there.

use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use platform::key::Key;
use platform::{Random, Secret};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use web::SiteUrl;

use super::attestation_object;

/// How long a challenge is valid.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// The key that signs challenges is derived from the key file under this name.
pub const KEY: &str = "passkey challenge";

/// The accepted signature algorithms as COSE identifiers (RFC 9053), the preferred one first.
pub const ALGORITHMS: [i64; 3] = [-8, -7, RSA];
/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8812).
const RSA: i64 = -257;

/// The reason why a browser's response was rejected. The reason is only logged; the user learns
/// only that the passkey was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(&'static str);

impl Invalid {
    pub(crate) const USED: Self = Self("used before");
    pub(crate) const UNKNOWN: Self = Self("another key");
    pub(crate) const COPY: Self = Self("a copy of the key");
}

/// Creates a challenge for a passkey to sign. The challenge contains its own expiry and is valid
/// only for `browser`, so the server need not store it.
pub fn challenge(key: &Key, random: &Random, now: Timestamp, browser: &str) -> String {
    let once = URL_SAFE_NO_PAD.encode(random.token());
    let until = (now + LIFETIME).as_second().to_string();
    let signature = key.sign(&[&once, &until, browser]);
    format!("{once}.{until}.{signature}")
}

/// The expiry of a challenge; `None` if the challenge was not made for this browser.
fn until(key: &Key, challenge: &str, browser: &str) -> Option<Timestamp> {
    let (once, rest) = challenge.split_once('.')?;
    let (until, signature) = rest.split_once('.')?;
    let is_ours = key.verify(&[once, until, browser], signature);
    Timestamp::from_second(until.parse().ok()?)
        .ok()
        .filter(|_| is_ours)
}

#[derive(Clone, Copy, Debug)]
enum Ceremony {
    Create,
    Get,
}

/// The values that a browser's response must match.
pub struct Asked<'a> {
    pub url: &'a SiteUrl,
    pub key: &'a Key,
    pub now: Timestamp,
    /// The browser for which the challenge was made.
    pub browser: &'a str,
}

/// Bytes, encoded as base64url in JSON.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Base64(String);

impl Base64 {
    fn bytes(&self) -> Result<Vec<u8>, Invalid> {
        let bytes = URL_SAFE_NO_PAD.decode(self.0.trim_end_matches('='));
        bytes.map_err(|_| Invalid("not base64url"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: Base64,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

/// A challenge with a valid response. The caller must ensure that the challenge is used only once.
#[derive(Clone, Debug)]
pub struct Answered {
    pub(crate) challenge: Secret,
    pub(crate) until: Timestamp,
}

impl Asked<'_> {
    fn answered(&self, client_data: &[u8], ceremony: Ceremony) -> Result<Answered, Invalid> {
        let data: ClientData =
            serde_json::from_slice(client_data).map_err(|_| Invalid("no client data"))?;
        let kind = match ceremony {
            Ceremony::Create => "webauthn.create",
            Ceremony::Get => "webauthn.get",
        };
        if data.kind != kind {
            return Err(Invalid("another ceremony"));
        }
        if data.origin != self.url.origin() || data.cross_origin {
            return Err(Invalid("another origin"));
        }
        let challenge =
            String::from_utf8(data.challenge.bytes()?).map_err(|_| Invalid("another challenge"))?;
        let until = until(self.key, &challenge, self.browser);
        match until {
            Some(until) if until > self.now => Ok(Answered {
                challenge: Secret::new(challenge),
                until,
            }),
            Some(_) => Err(Invalid("too late")),
            None => Err(Invalid("another challenge")),
        }
    }

    fn device<'d>(&self, data: &'d [u8]) -> Result<Device<'d>, Invalid> {
        let (site, rest) = data.split_at_checked(32).ok_or(SHORT)?;
        let (flags, rest) = rest.split_first().ok_or(SHORT)?;
        let (count, rest) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
        if site != Sha256::digest(self.url.host().as_bytes()).as_slice() {
            return Err(Invalid("another site"));
        }
        if flags & PRESENT == 0 || flags & VERIFIED == 0 {
            return Err(Invalid("nobody was asked"));
        }
        Ok(Device {
            sign_count: u32::from_be_bytes(*count).into(),
            credential: (flags & CREDENTIAL != 0).then_some(rest),
        })
    }
}

const SHORT: Invalid = Invalid("too short");
const OBJECT: Invalid = Invalid("no attestation object");

/// The flags in the authenticator data (§6.1).
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const CREDENTIAL: u8 = 1 << 6;

struct Device<'a> {
    sign_count: i64,
    /// The attested credential data of a new passkey (§6.5.1). Its first 16 bytes, the AAGUID, name
    /// the authenticator's model.
    credential: Option<&'a [u8]>,
}

impl Device<'_> {
    fn id(&self) -> Result<&[u8], Invalid> {
        Ok(self.id_and_key()?.0)
    }

    /// The credential id of a new passkey, and behind it the public key as a `COSE_Key`.
    fn id_and_key(&self) -> Result<(&[u8], &[u8]), Invalid> {
        let rest = self.credential.ok_or(Invalid("no credential"))?;
        let (_, rest) = rest.split_at_checked(16).ok_or(SHORT)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(SHORT)?;
        let length = usize::from(u16::from_be_bytes(*length));
        rest.split_at_checked(length).ok_or(SHORT)
    }
}

/// The browser's response with a new passkey: `RegistrationResponseJSON`, §5.1.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    response: RegistrationResponse,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RegistrationResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: Base64,
    /// The attestation object. What the other fields lack is read from it.
    attestation_object: Option<Base64>,
    authenticator_data: Option<Base64>,
    public_key: Option<Base64>,
    /// The COSE number of the algorithm (RFC 9053).
    public_key_algorithm: Option<i64>,
}

fn given(field: Option<&Base64>) -> Result<Option<Vec<u8>>, Invalid> {
    let bytes = field.map(Base64::bytes).transpose()?;
    Ok(bytes.filter(|bytes| !bytes.is_empty()))
}

impl RegistrationResponse {
    fn authenticator_data(&self) -> Result<Vec<u8>, Invalid> {
        if let Some(data) = given(self.authenticator_data.as_ref())? {
            return Ok(data);
        }
        let object = given(self.attestation_object.as_ref())?;
        let object = object.ok_or(Invalid("no authenticator data"))?;
        let data = attestation_object::authenticator_data(&object);
        Ok(data.map_err(|_| OBJECT)?.to_vec())
    }

    fn public_key(&self, device: &Device<'_>) -> Result<(i64, Vec<u8>), Invalid> {
        let key = given(self.public_key.as_ref())?;
        if let (Some(key), Some(algorithm)) = (key, self.public_key_algorithm) {
            return Ok((algorithm, key));
        }
        attestation_object::public_key(device.id_and_key()?.1).map_err(|_| OBJECT)
    }
}

/// A new passkey whose registration has been verified.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub(crate) credential: String,
    pub(crate) public_key: Vec<u8>,
    pub(crate) algorithm: i64,
    pub(crate) sign_count: i64,
}

impl Registration {
    pub fn check(&self, asked: &Asked<'_>) -> Result<(NewKey, Answered), Invalid> {
        let response = &self.response;
        let answered = asked.answered(&response.client_data.bytes()?, Ceremony::Create)?;
        let data = response.authenticator_data()?;
        let device = asked.device(&data)?;
        let (algorithm, public_key) = response.public_key(&device)?;
        ParsedPublicKey::new(verification(algorithm)?, &public_key)
            .map_err(|_| Invalid("not a public key"))?;
        if algorithm == RSA && !is_long_enough(&public_key) {
            return Err(Invalid("a key that is too short"));
        }
        let id = device.id()?;
        if id.is_empty() || id.len() > 1023 {
            return Err(Invalid("no credential"));
        }
        let new = NewKey {
            credential: URL_SAFE_NO_PAD.encode(id),
            public_key,
            algorithm,
            sign_count: device.sign_count,
        };
        Ok((new, answered))
    }
}

/// The browser's response with a passkey's signature: `AuthenticationResponseJSON`, §5.1.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assertion {
    /// The id of the passkey that the device used.
    pub(crate) id: String,
    response: AssertionResponse,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: Base64,
    authenticator_data: Base64,
    signature: Base64,
}

impl Assertion {
    /// Verifies a signature. Returns the passkey's signature counter.
    pub(crate) fn check(
        &self,
        asked: &Asked<'_>,
        algorithm: i64,
        public_key: &[u8],
    ) -> Result<(i64, Answered), Invalid> {
        let response = &self.response;
        let client_data = response.client_data.bytes()?;
        let answered = asked.answered(&client_data, Ceremony::Get)?;
        let mut signed = response.authenticator_data.bytes()?;
        let sign_count = asked.device(&signed)?.sign_count;
        signed.extend_from_slice(&Sha256::digest(&client_data));
        let key = ParsedPublicKey::new(verification(algorithm)?, public_key)
            .map_err(|_| Invalid("not a public key"))?;
        key.verify_sig(&signed, &response.signature.bytes()?)
            .map_err(|_| Invalid("another signature"))?;
        Ok((sign_count, answered))
    }
}

/// Whether an RSA key is long enough for this server to verify its signatures. Without this check,
/// a passkey with a shorter key could be registered but never used.
fn is_long_enough(public_key: &[u8]) -> bool {
    let key = PublicEncryptingKey::from_der(public_key);
    key.is_ok_and(|key| (2048..=8192).contains(&key.key_size_bits()))
}

fn verification(algorithm: i64) -> Result<&'static dyn VerificationAlgorithm, Invalid> {
    match algorithm {
        -7 => Ok(&ECDSA_P256_SHA256_ASN1),
        -8 => Ok(&ED25519),
        RSA => Ok(&RSA_PKCS1_2048_8192_SHA256),
        _ => Err(Invalid("another algorithm")),
    }
}
