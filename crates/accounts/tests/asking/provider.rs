//! An identity provider for tests, to which the site connects over loopback.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use identity::credential::provider::{ProviderSettings, Providers};
use identity::person::registration::{Policy, Registration};
use jiff::Timestamp;
use platform::Secret;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use site::Context;
use testkit::{Page, Visitor, World};
use tokio::net::TcpListener;

use crate::stage::accounts;

pub(crate) const CALLBACK: &str = "/oauth/id/callback";

/// How the provider signs its ID tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    Edwards,
    Elliptic,
    Rsa,
    /// The ID token has no signature.
    None,
    /// The ID token is signed with the public key as a shared secret.
    PublicAsSecret,
    /// The ID token is signed with a key that the provider does not publish.
    Unpublished,
}

/// The provider's behaviour, and a record of the requests that it has received.
struct Told {
    signed: Signed,
    /// The id of the provider's published keys.
    kid: String,
    /// Values that override the provider's metadata.
    metadata: Value,
    userinfo: Value,
    /// The ID token and the code challenge for each authorization code.
    codes: HashMap<String, (String, String)>,
    /// How often the provider's keys were requested.
    keys_asked: usize,
}

/// An id under which the provider publishes its keys without names.
pub(crate) const UNNAMED: &str = "";

struct Pairs {
    edwards: Ed25519KeyPair,
    elliptic: EcdsaKeyPair,
    rsa: RsaKeyPair,
}

#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) issuer: String,
    told: Arc<Mutex<Told>>,
    pairs: Arc<Pairs>,
}

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let told = Told {
            signed: Signed::Edwards,
            kid: "one".to_owned(),
            metadata: json!({}),
            userinfo: Value::Null,
            codes: HashMap::new(),
            keys_asked: 0,
        };
        let pairs = Pairs {
            edwards: Ed25519KeyPair::generate().unwrap(),
            elliptic: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        };
        let provider = Self {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            told: Arc::new(Mutex::new(told)),
            pairs: Arc::new(pairs),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap()
    }

    pub(crate) fn sign(&self, signed: Signed) {
        self.told().signed = signed;
    }

    /// Publishes the provider's keys under another id.
    pub(crate) fn rename_keys(&self, kid: &str) {
        kid.clone_into(&mut self.told().kid);
    }

    pub(crate) fn keys_asked(&self) -> usize {
        self.told().keys_asked
    }

    pub(crate) fn say_of_itself(&self, metadata: Value) {
        self.told().metadata = metadata;
    }

    pub(crate) fn say_of_user(&self, userinfo: Value) {
        self.told().userinfo = userinfo;
    }

    pub(crate) fn settings(&self, is_email_trusted: bool) -> ProviderSettings {
        ProviderSettings {
            name: "id".to_owned(),
            label: "Rumah ID".to_owned(),
            issuer: self.issuer.clone(),
            client_id: "kenduri&co".to_owned(),
            client_secret: Secret::new("a:b c"),
            is_email_trusted,
            is_private: true,
        }
    }

    pub(crate) fn site(&self, world: &World, is_email_trusted: bool) -> Context {
        {
            let mut changed = accounts(world);
            changed.policy = Policy {
                registration: Registration::Open,
                has_mail: true,
            };
            changed.providers = Providers::new([self.settings(is_email_trusted)]);
            changed
        }
    }

    fn signature(&self, signed: Signed, text: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        let text = text.as_bytes();
        match signed {
            Signed::Edwards => self.pairs.edwards.sign(text).as_ref().to_vec(),
            Signed::Elliptic => self
                .pairs
                .elliptic
                .sign(&random, text)
                .unwrap()
                .as_ref()
                .to_vec(),
            Signed::Rsa => {
                let mut signature = vec![0; self.pairs.rsa.public_modulus_len()];
                let pair = &self.pairs.rsa;
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature)
                    .unwrap();
                signature
            }
            Signed::None => Vec::new(),
            Signed::PublicAsSecret => {
                let key = self.pairs.edwards.public_key();
                let mut mac = Hmac::<Sha256>::new_from_slice(key.as_ref()).unwrap();
                mac.update(text);
                mac.finalize().into_bytes().to_vec()
            }
            Signed::Unpublished => Ed25519KeyPair::generate()
                .unwrap()
                .sign(text)
                .as_ref()
                .to_vec(),
        }
    }

    fn id_token(&self, claims: &Value) -> String {
        let (signed, kid) = {
            let told = self.told();
            (told.signed, told.kid.clone())
        };
        let alg = match signed {
            Signed::Edwards | Signed::Unpublished => "EdDSA",
            Signed::Elliptic => "ES256",
            Signed::Rsa => "RS256",
            Signed::None => "none",
            Signed::PublicAsSecret => "HS256",
        };
        let header = json!({"alg": alg, "kid": format!("{kid}-{}", kind(signed))});
        let text = format!(
            "{}.{}",
            base64(header.to_string()),
            base64(claims.to_string())
        );
        let signature = self.signature(signed, &text);
        format!("{text}.{}", base64(signature))
    }

    /// Acts as a person who consents at the provider. Returns the URL to which the provider
    /// redirects the browser.
    pub(crate) fn agree(&self, location: &str, now: Timestamp, claims: &Value) -> String {
        let asked = query(location);
        assert!(
            location.starts_with(&format!("{}/authorize?", self.issuer)),
            "{location}"
        );
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], "kenduri&co");
        assert_eq!(
            asked["redirect_uri"],
            format!("http://127.0.0.1:8080{CALLBACK}")
        );
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut all = json!({
            "iss": self.issuer, "aud": "kenduri&co", "nonce": asked["nonce"],
            "exp": now.as_second() + 300, "iat": now.as_second(),
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let token = self.id_token(&all);
        let mut told = self.told();
        let code = format!("code-{}", asked["state"]);
        told.codes
            .insert(code.clone(), (token, asked["code_challenge"].clone()));
        let iss = form_urlencoded::byte_serialize(self.issuer.as_bytes()).collect::<String>();
        format!("{CALLBACK}?code={code}&state={}&iss={iss}", asked["state"])
    }

    /// Signs in with the provider, beginning on the sign-in page.
    pub(crate) async fn sign_in(
        &self,
        world: &World,
        browser: &mut Visitor,
        claims: &Value,
    ) -> Page {
        let location = leave(browser, "/login").await;
        let back = self.agree(&location, world.clock.now(), claims);
        browser.get(&back).await
    }

    /// Links an identity of the provider, beginning on the security page.
    pub(crate) async fn link(&self, world: &World, browser: &mut Visitor, claims: &Value) -> Page {
        let location = leave(browser, "/me/security").await;
        let back = self.agree(&location, world.clock.now(), claims);
        browser.get(&back).await
    }
}

fn kind(signed: Signed) -> &'static str {
    match signed {
        Signed::Elliptic => "ec",
        Signed::Rsa => "rsa",
        _ => "ed",
    }
}

/// Presses the provider's button on a page. Returns the provider's URL to which the browser is
/// redirected.
pub(crate) async fn leave(browser: &mut Visitor, page: &str) -> String {
    let page = browser.get(page).await.with(200);
    let form = page.form("/oauth/id/start");
    let page = browser.submit(&page, &form).await.with(303);
    page.location().unwrap().to_owned()
}

pub(crate) fn query(address: &str) -> HashMap<String, String> {
    let (_, query) = address.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

async fn discovery(State(provider): State<Provider>) -> Json<Value> {
    let issuer = &provider.issuer;
    let mut all = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "authorization_response_iss_parameter_supported": true,
    });
    for (name, value) in provider.told().metadata.as_object().unwrap() {
        all[name] = value.clone();
    }
    Json(all)
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    let pairs = &provider.pairs;
    let mut told = provider.told();
    told.keys_asked += 1;
    let kid = &told.kid;
    let named = |kind: &str| match kid.as_str() {
        UNNAMED => Value::Null,
        kid => json!(format!("{kid}-{kind}")),
    };
    let point = pairs.elliptic.public_key().as_ref();
    // A DER-encoded RSAPublicKey (RFC 8017, A.1.1) of 2,048 bits.
    let rsa = pairs.rsa.public_key().as_ref();
    Json(json!({"keys": [
        {"kty": "oct", "k": "AAAA"},
        {"kty": "RSA", "kid": format!("{kid}-enc"), "use": "enc", "n": "AAAA", "e": "AQAB"},
        {"kty": "OKP", "crv": "Ed25519", "kid": named("ed"), "use": "sig",
            "x": base64(pairs.edwards.public_key())},
        {"kty": "EC", "crv": "P-256", "kid": named("ec"), "alg": "ES256",
            "x": base64(&point[1..33]), "y": base64(&point[33..])},
        {"kty": "RSA", "kid": named("rsa"), "n": base64(&rsa[9..265]), "e": "AQAB"},
    ]}))
}

async fn token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Form(fields): Form<HashMap<String, String>>,
) -> Result<Json<Value>, StatusCode> {
    let basic = format!("Basic {}", STANDARD.encode("kenduri%26co:a%3Ab+c"));
    let is_known = headers["authorization"] == basic;
    let granted = provider.told().codes.remove(&fields["code"]);
    let (id_token, challenge) = granted.ok_or(StatusCode::BAD_REQUEST)?;
    let is_same = base64(Sha256::digest(&fields["code_verifier"])) == challenge
        && fields["redirect_uri"].ends_with(CALLBACK);
    if !is_known || !is_same || fields["grant_type"] != "authorization_code" {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok(Json(json!({
        "id_token": id_token, "access_token": "for-userinfo", "token_type": "Bearer",
    })))
}

async fn userinfo(
    State(provider): State<Provider>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    let userinfo = provider.told().userinfo.clone();
    if headers["authorization"] != "Bearer for-userinfo" || userinfo.is_null() {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(Json(userinfo))
}
