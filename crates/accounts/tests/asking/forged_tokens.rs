//! Tests of access tokens that are wrong in one respect, although their signature is valid.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::account::AccountId;
use identity::session::Stay;
use serde_json::{Value, json};
use site::Context;
use testkit::World;

use crate::refreshing::sign_in;
use crate::stage::{MIGRATIONS, accounts, begin, client, find_session, person, visitor};

#[derive(Clone)]
struct Parts {
    header: Value,
    claims: Value,
}

impl Parts {
    fn of(token: &str) -> Self {
        let read = |part: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
            serde_json::from_slice(&bytes).unwrap()
        };
        let parts: Vec<_> = token.split('.').collect();
        Self {
            header: read(parts[0]),
            claims: read(parts[1]),
        }
    }

    fn text(&self) -> String {
        let [header, claims] = [&self.header, &self.claims].map(|part| encode(part.to_string()));
        format!("{header}.{claims}")
    }

    /// Signs the token with a key that is derived for `purpose` and for the token's `kid`.
    fn sign(&self, accounts: &Context, purpose: &str) -> String {
        let kid = self.header["kid"].as_str().unwrap();
        let seed = accounts.site.keys.key(purpose).mac(&[kid]);
        self.sign_with(&Ed25519KeyPair::from_seed_unchecked(&seed).unwrap())
    }

    fn sign_with(&self, pair: &Ed25519KeyPair) -> String {
        let text = self.text();
        let signature = encode(pair.sign(text.as_bytes()));
        format!("{text}.{signature}")
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

const OURS: &str = "access tokens";

async fn status(accounts: &Context, token: &str) -> u16 {
    let mut program = visitor(accounts);
    program.header("authorization", &format!("Bearer {token}"));
    program.get("/api/v1/me").await.status.as_u16()
}

/// Begins a session of another person, and returns its id.
async fn other_session(world: &World, id: &AccountId) -> String {
    let begun = begin(world, id, Stay::Visit, client(2)).await;
    let who = find_session(world, &begun.session).await.unwrap();
    who.session().unwrap().to_string()
}

#[test]
fn a_token_that_is_wrong_in_one_thing_is_refused() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let tokens = sign_in(world, &accounts).await;
        let good = Parts::of(tokens["access_token"].as_str().unwrap());
        let signed = good.sign(&accounts, OURS);
        assert_eq!(status(&accounts, &signed).await, 200, "this is how");

        let mei = person(world, "mei@example.my", None).await;
        let session = other_session(world, &mei).await;
        let now = world.clock.now().as_second();
        for (name, value) in [
            ("iss", json!("https://other.example")),
            ("aud", json!("https://other.example")),
            ("exp", json!(now)),
            ("iat", json!(now + 1)),
            ("sub", json!(mei.to_string())),
            ("sid", json!(session)),
        ] {
            let mut wrong = good.clone();
            wrong.claims[name] = value;
            let forged = wrong.sign(&accounts, OURS);
            assert_eq!(status(&accounts, &forged).await, 401, "{name}");
            wrong.claims.as_object_mut().unwrap().remove(name);
            let forged = wrong.sign(&accounts, OURS);
            assert_eq!(status(&accounts, &forged).await, 401, "no {name}");
        }
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("alg", json!("ES256")),
            ("kid", json!("9999")),
        ] {
            let mut wrong = good.clone();
            wrong.header[name] = value.clone();
            let forged = wrong.sign(&accounts, OURS);
            assert_eq!(status(&accounts, &forged).await, 401, "{name} {value}");
        }
    });
}

#[test]
fn a_token_counts_by_the_signature_of_our_key_for_such_tokens_alone() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let tokens = sign_in(world, &accounts).await;
        let token = tokens["access_token"].as_str().unwrap();
        let good = Parts::of(token);
        let (_, signature) = token.rsplit_once('.').unwrap();
        let mut changed = good.clone();
        changed.claims["exp"] = json!(world.clock.now().as_second() + 7200);
        // The token contains the public key with which it is signed.
        let own = Ed25519KeyPair::generate().unwrap();
        let mut bringing = good.clone();
        bringing.header["jwk"] = json!({"kty": "OKP", "crv": "Ed25519",
            "x": encode(own.public_key().as_ref())});
        bringing.header["jku"] = json!("https://evil.example/jwks.json");
        for forged in [
            format!("{}.{signature}", changed.text()),
            format!("{}.", good.text()),
            good.text(),
            good.sign(&accounts, "passkey challenge"),
            bringing.sign_with(&own),
        ] {
            assert_eq!(status(&accounts, &forged).await, 401, "{forged}");
        }
        assert_eq!(status(&accounts, token).await, 200);
    });
}
