//! Access tokens, which API clients send with each request. A token for the API is valid for an
//! hour, or until its session ends. A token is a signed JWT (RFC 7519, RFC 8037) with the ids of
//! the account and the session.
//!
//! A new signing key is derived from the key file for each period of 90 days, so processes need not
//! exchange keys. The next key is published before it is used, and the previous key is accepted
//! while its tokens are valid.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use platform::key::Keyring;
use platform::{Random, Secret};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::account::AccountId;
use crate::session::SessionId;

/// How long a token for the API is valid.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(1);
/// How long one key signs new tokens, in seconds.
const PERIOD: i64 = 90 * 86_400;
/// A safety margin, in seconds. A key is published and accepted not only during its signing period,
/// but also for a token's lifetime plus this margin before and after that period.
const MARGIN: i64 = 5 * 60;

/// The purpose of an access token. A signer accepts only tokens for its own audience, and each
/// audience has its own keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audience {
    /// The text that follows the site's URL in the claim `aud`; empty for the API.
    pub name: &'static str,
    /// How long a token is valid.
    pub lifetime: SignedDuration,
}

impl Audience {
    /// The audience of tokens for the API.
    pub const API: Self = Self {
        name: "",
        lifetime: LIFETIME,
    };
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The issuer: the site's URL.
    pub iss: String,
    /// The audience: the site's URL, followed by [`Audience::name`].
    pub aud: String,
    pub sub: AccountId,
    pub sid: SessionId,
    /// When the token was issued, in seconds since 1970.
    pub iat: i64,
    /// When the token expires, in seconds since 1970.
    pub exp: i64,
    /// The token's unique id.
    pub jti: String,
    /// When the person signed in, in seconds since 1970. Only set if the token was issued in the
    /// response to the sign-in ([`Given::AtSignIn`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
}

/// When a token is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// In the response to a sign-in, for a front end that has no session cookie.
    AtSignIn,
    /// Later in a session, or in a session that has a cookie.
    InSession,
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

#[derive(Clone, Debug)]
pub struct Signer {
    keys: Keyring,
    /// The site's URL.
    issuer: String,
    audience: Audience,
}

impl Signer {
    /// A signer of tokens for the API.
    pub fn new(keys: Keyring, issuer: impl Into<String>) -> Self {
        Self::of(keys, issuer, Audience::API)
    }

    pub fn of(keys: Keyring, issuer: impl Into<String>, audience: Audience) -> Self {
        Self {
            keys,
            issuer: issuer.into(),
            audience,
        }
    }

    fn aud(&self) -> String {
        format!("{}{}", self.issuer, self.audience.name)
    }

    pub fn sign(
        &self,
        account: &AccountId,
        session: &SessionId,
        given: Given,
        now: Timestamp,
        random: &Random,
    ) -> Option<Secret> {
        let kid = now.as_second().div_euclid(PERIOD);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.aud(),
            sub: account.clone(),
            sid: session.clone(),
            iat: now.as_second(),
            exp: (now + self.audience.lifetime).as_second(),
            jti: URL_SAFE_NO_PAD.encode(&random.token()[..16]),
            auth_time: (given == Given::AtSignIn).then_some(now.as_second()),
        };
        let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": kid.to_string()});
        let claims = serde_json::to_string(&claims).ok()?;
        let [header, claims] =
            [header.to_string(), claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        let message = format!("{header}.{claims}");
        let signature = self.pairs(kid).next()?.sign(message.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Some(Secret::new(format!("{message}.{signature}")))
    }

    /// Returns the claims of a token; `None` if the token has expired or this site did not sign it.
    pub fn verify(&self, token: &Secret, now: Timestamp) -> Option<Claims> {
        let (message, signature) = token.reveal().rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header: Header = read(header)?;
        let kid: i64 = header.kid.parse().ok()?;
        if header.alg != "EdDSA" || !self.periods(now).contains(&kid) {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let is_ours = self.pairs(kid).any(|pair| {
            let key = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref());
            key.verify(message.as_bytes(), &signature).is_ok()
        });
        let claims: Claims = read(claims).filter(|_| is_ours)?;
        let is_for_us = claims.iss == self.issuer && claims.aud == self.aud();
        let is_now = (claims.iat..claims.exp).contains(&now.as_second());
        (is_for_us && is_now).then_some(claims)
    }

    /// The current public keys as a JWK set (RFC 7517).
    pub fn published(&self, now: Timestamp) -> Value {
        let keys = self.periods(now).into_iter().flat_map(|kid| {
            self.pairs(kid).map(move |pair| {
                let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
                json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                    "kid": kid.to_string(), "x": x})
            })
        });
        json!({"keys": keys.collect::<Vec<_>>()})
    }

    /// The keys of a signing period. The first key signs. The other keys are derived from older
    /// secrets in the key file, and only verify.
    fn pairs(&self, kid: i64) -> impl Iterator<Item = Ed25519KeyPair> {
        let key = self
            .keys
            .key(&format!("access tokens{}", self.audience.name));
        let seeds: Vec<_> = key.macs(&[&kid.to_string()]).collect();
        let pairs = seeds.into_iter();
        pairs.filter_map(|seed| Ed25519KeyPair::from_seed_unchecked(&seed).ok())
    }

    fn periods(&self, now: Timestamp) -> Vec<i64> {
        let (now, overlap) = (now.as_second(), self.audience.lifetime.as_secs() + MARGIN);
        let of = |second: i64| second.div_euclid(PERIOD);
        let mut all = vec![of(now - overlap), of(now), of(now + overlap)];
        all.dedup();
        all
    }
}

fn read<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use platform::id::Id as _;

    use super::*;

    const URL: &str = "https://kenduri.example";
    const FARAH: &str = "01a2063d-2ad2-7465-9b6d-b82dcada22a5";
    const SESSION: &str = "01a2063d-37ed-751c-b148-2fdff6c4cfef";

    fn signer() -> Signer {
        Signer::new(Keyring::new([7; 32], &[]), URL)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sign(signer: &Signer, now: Timestamp) -> Secret {
        let (account, session) = (
            AccountId::from_text(FARAH.to_owned()),
            SessionId::from_text(SESSION.to_owned()),
        );
        signer
            .sign(
                &account,
                &session,
                Given::InSession,
                now,
                &Random::seeded(1),
            )
            .unwrap()
    }

    #[test]
    fn a_token_says_who_it_is_for_an_hour() {
        let now = at(1_800_000_000);
        let token = sign(&signer(), now);
        let claims = signer().verify(&token, now).unwrap();
        assert_eq!((claims.sub.as_str(), claims.sid.as_str()), (FARAH, SESSION));
        assert_eq!((claims.iss.as_str(), claims.exp - claims.iat), (URL, 3600));
        let last = now + SignedDuration::from_secs(3599);
        assert!(signer().verify(&token, last).is_some());
        assert!(signer().verify(&token, now + LIFETIME).is_none());
        assert!(signer().verify(&token, at(1_799_999_999)).is_none());
    }

    #[test]
    fn a_token_is_good_for_its_own_audience_alone() {
        let day = Audience {
            name: "/day",
            lifetime: SignedDuration::from_hours(24),
        };
        let other = Signer::of(Keyring::new([7; 32], &[]), URL, day);
        // The token outlives the period of its key.
        let now = at(20_833 * PERIOD - 60);
        let token = sign(&other, now);
        let last = now + SignedDuration::from_secs(86_399);
        assert_eq!(
            other.verify(&token, last).unwrap().aud,
            format!("{URL}/day")
        );
        assert!(other.verify(&token, now + day.lifetime).is_none());
        assert!(signer().verify(&token, now).is_none());
        assert!(other.verify(&sign(&signer(), now), now).is_none());
        assert!(
            signer().pairs(1).next().unwrap().public_key().as_ref()
                != other.pairs(1).next().unwrap().public_key().as_ref()
        );
    }

    #[test]
    fn what_we_did_not_sign_for_us_is_nothing() {
        let now = at(1_800_000_000);
        let token = sign(&signer(), now);
        let other_key = Signer::new(Keyring::new([8; 32], &[]), URL);
        assert!(other_key.verify(&token, now).is_none());
        let other_site = Signer::new(Keyring::new([7; 32], &[]), "https://other.example");
        assert!(other_site.verify(&token, now).is_none());
        let [header, claims, signature] = token
            .reveal()
            .split('.')
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let forged = |header: Value| {
            let header = URL_SAFE_NO_PAD.encode(header.to_string());
            Secret::new(format!("{header}.{claims}.{signature}"))
        };
        for header in [
            json!({"alg": "none", "kid": "231"}),
            json!({"alg": "HS256", "kid": "231"}),
            json!({"alg": "EdDSA", "kid": "9999"}),
            json!({"alg": "EdDSA"}),
        ] {
            assert!(signer().verify(&forged(header), now).is_none());
        }
        for text in ["", ".", "..", "a.b.c", &format!("{header}.{claims}.")] {
            assert!(signer().verify(&Secret::new(text), now).is_none(), "{text}");
        }
    }

    #[test]
    fn an_older_secret_verifies_and_the_first_one_signs() {
        let now = at(1_800_000_000);
        let old = sign(&signer(), now);
        let both = Signer::new(Keyring::new([8; 32], &[[7; 32]]), URL);
        assert!(both.verify(&old, now).is_some());
        assert!(signer().verify(&sign(&both, now), now).is_none());
    }

    #[test]
    fn keys_change_and_nothing_signed_is_lost() {
        let turn = at(PERIOD * 231);
        let before = turn - SignedDuration::from_secs(1);
        let token = sign(&signer(), before);
        let late = turn + SignedDuration::from_mins(59);
        assert!(signer().verify(&token, late).is_some());
        let kids = |now: Timestamp| {
            let keys = signer().published(now)["keys"].as_array().unwrap().clone();
            let kids = keys
                .iter()
                .map(|key| key["kid"].as_str().unwrap().to_owned());
            kids.collect::<Vec<_>>()
        };
        assert_eq!(
            kids(before),
            ["230", "231"],
            "the next one is known already"
        );
        assert_eq!(kids(turn), ["230", "231"], "the last one still is");
        let hours_later = turn + SignedDuration::from_hours(2);
        assert_eq!(kids(hours_later), ["231"]);
        let distant = sign(&signer(), at(PERIOD * 225));
        assert!(signer().verify(&distant, turn).is_none());
    }
}
