//! Tests of passkeys. A software device signs like real devices.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::account::AccountId;
use identity::credential::passkey;
use identity::credential::require_mfa::RequireMfaFor;
use identity::session::{Stay, sudo};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use site::Context;
use testkit::{Page, Visitor, World, rounds, together};

use crate::api::csrf_token;
use crate::stage::{
    MIGRATIONS, accounts, actions, begin, client, english, expect_sign_in_mails, find_session,
    person, read, usual_hash, visitor,
};

const URL: &str = "http://127.0.0.1:8080";
const HOST: &str = "127.0.0.1";
pub(crate) const OPTIONS: &str = "/api/v1/auth/passkey/options";
const VERIFY: &str = "/api/v1/auth/passkey/verify";
const MINE: &str = "/api/v1/me/passkeys";
/// The subject of the mail about a new passkey.
const ADDED: &str = "A passkey was added to your account at Kenduri Kami";

enum Pair {
    Edwards(Ed25519KeyPair),
    Nist(EcdsaKeyPair),
}

/// A passkey on a person's device, with the data that the device reports when it signs.
pub(crate) struct Device {
    pair: Pair,
    id: String,
    /// The signature counter; `None` if the device has no counter.
    count: Option<u32>,
    origin: &'static str,
    host: &'static str,
    flags: u8,
}

impl Device {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            pair: Pair::Edwards(Ed25519KeyPair::generate().unwrap()),
            id: id.to_owned(),
            count: None,
            origin: URL,
            host: HOST,
            flags: 0b101,
        }
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let count = self.count.unwrap_or(0).to_be_bytes();
        let site: [u8; 32] = Sha256::digest(self.host).into();
        [&site[..], &[flags], &count].concat()
    }

    fn client_data(&self, kind: &str, challenge: &str) -> String {
        json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false})
            .to_string()
    }

    /// The public key as a `COSE_Key` (RFC 9053).
    fn cose_key(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Edwards(pair) => {
                let head = b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20";
                [head, pair.public_key().as_ref()].concat()
            }
            Pair::Nist(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                let head = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20";
                [head, x, b"\x22\x58\x20", y].concat()
            }
        }
    }

    /// Like [`Self::register`], from a password manager that sends nothing but what is required.
    fn register_briefly(&self, challenge: &str) -> Value {
        let mut credential = self.register(challenge);
        let response = credential["response"].as_object_mut().unwrap();
        let data = response.remove("authenticatorData").unwrap();
        let data = URL_SAFE_NO_PAD.decode(data.as_str().unwrap()).unwrap();
        let length = u8::try_from(data.len()).unwrap();
        let head = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58";
        let object = [&head[..], &[length], &data].concat();
        response.insert("attestationObject".to_owned(), base64(object).into());
        response["publicKey"] = Value::Null;
        response.remove("publicKeyAlgorithm");
        credential
    }

    /// The browser's response to the request to create a passkey.
    fn register(&self, challenge: &str) -> Value {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let made = [&[0; 16], &length[..], self.id.as_bytes(), &self.cose_key()].concat();
        let (algorithm, key) = match &self.pair {
            Pair::Edwards(pair) => {
                // The DER prefix of an Ed25519 public key (RFC 8410).
                let head = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
                (-8, [head, pair.public_key().as_ref()].concat())
            }
            Pair::Nist(pair) => {
                // The DER prefix of a P-256 public key (RFC 5480).
                let head = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\
                    \x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
                (-7, [head, pair.public_key().as_ref()].concat())
            }
        };
        json!({"response": {
            "clientDataJSON": base64(self.client_data("webauthn.create", challenge)),
            "authenticatorData": base64([self.data(self.flags | 0b100_0000), made].concat()),
            "publicKey": base64(key), "publicKeyAlgorithm": algorithm,
        }})
    }

    /// The browser's response to a signature request.
    pub(crate) fn sign(&mut self, challenge: &str) -> Value {
        self.count = self.count.map(|count| count + 1);
        let (client, data) = (
            self.client_data("webauthn.get", challenge),
            self.data(self.flags),
        );
        let signed = [&data, &Sha256::digest(&client)[..]].concat();
        let signature = match &self.pair {
            Pair::Edwards(pair) => base64(pair.sign(&signed)),
            Pair::Nist(pair) => base64(pair.sign(&SystemRandom::new(), &signed).unwrap()),
        };
        json!({"id": base64(&self.id), "response": {
            "clientDataJSON": base64(client), "authenticatorData": base64(data),
            "signature": signature,
        }})
    }
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Creates a person with a password, and a browser in which they are signed in.
async fn farah(world: &World, accounts: &Context) -> (AccountId, Visitor) {
    let id = person(world, "farah@example.my", Some(&usual_hash(world).await)).await;
    let mut browser = visitor(accounts);
    signed_in(world, &id, &mut browser).await;
    (id, browser)
}

async fn signed_in(world: &World, id: &AccountId, browser: &mut Visitor) {
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    browser.set_cookie("kd_session", begun.session.reveal());
    let token = csrf_token(begun.session.reveal());
    browser.header("x-csrf-token", &token);
}

pub(crate) async fn ask(browser: &mut Visitor, address: &str) -> String {
    let page = browser
        .call(Method::POST, address, &Value::Null)
        .await
        .with(200);
    page.json()["challenge"].as_str().unwrap().to_owned()
}

pub(crate) async fn register(browser: &mut Visitor, device: &Device) -> Page {
    let challenge = ask(browser, "/api/v1/me/passkeys/options").await;
    let body = json!({"name": "Telefon", "credential": device.register(&challenge)});
    browser.call(Method::POST, MINE, &body).await
}

#[test]
fn a_short_rsa_key_is_refused_when_it_is_added() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (_, mut browser) = farah(world, &accounts).await;
        // The first RSA key has 1,024 bits, the second 2,048.
        let short = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCuyvrBKonmbxJeo0zxnynqknJMgyd2fh2hzbaE\
            UTSkCOs6oTE5L2Eu8jYgPjvWpaG9EW8fLLtK8ED-l3pwx-iXiPWKLzXuz1336tevp86hpX8uwF3RqSOy_RkO\
            ARAMkxO4g3uQ6Rr44_ILJ7pdtL6rgOPpaUMr7jfyTkHvTTMpZQIDAQAB";
        let long = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let long: PublicKeyX509Der<'_> = long.public_key().as_der().unwrap();
        for (key, status) in [(short, 401), (&base64(long.as_ref()), 201)] {
            let challenge = ask(&mut browser, "/api/v1/me/passkeys/options").await;
            let mut credential = Device::new("rsa").register(&challenge);
            credential["response"]["publicKey"] = key.into();
            credential["response"]["publicKeyAlgorithm"] = (-257).into();
            let body = json!({"name": "Telefon", "credential": credential});
            let added = browser.call(Method::POST, MINE, &body).await;
            added.with(status);
        }
    });
}

pub(crate) async fn newcomer(accounts: &Context) -> Visitor {
    let mut browser = visitor(accounts);
    let page = browser.get("/login").await.with(200);
    let token = page.form("/login").value("_csrf").unwrap().to_owned();
    browser.header("x-csrf-token", &token);
    browser
}

pub(crate) async fn sign_in(browser: &mut Visitor, credential: &Value) -> Page {
    let body = json!({"credential": credential});
    browser.call(Method::POST, VERIFY, &body).await
}

#[test]
fn a_key_is_read_from_the_attestation_object_where_nothing_else_is_sent() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (_, mut browser) = farah(world, &accounts).await;
        let nist = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let nist = Device {
            pair: Pair::Nist(nist),
            ..Device::new("nist")
        };
        for mut device in [Device::new("edwards"), nist] {
            let challenge = ask(&mut browser, "/api/v1/me/passkeys/options").await;
            let credential = device.register_briefly(&challenge);
            let body = json!({"name": device.id, "credential": credential});
            browser.call(Method::POST, MINE, &body).await.with(201);
            let mut newcomer = newcomer(&accounts).await;
            let credential = device.sign(&ask(&mut newcomer, OPTIONS).await);
            sign_in(&mut newcomer, &credential).await.with(200);
        }
        expect_sign_in_mails(world, "farah@example.my", 2);
        let mails = world.mails().await;
        let added = mails.iter().filter(|mail| mail.subject == ADDED);
        let texts: Vec<&str> = added.map(|mail| mail.text.as_str()).collect();
        assert_eq!(texts.len(), 2, "{mails:?}");
        for name in ["edwards", "nist"] {
            let name = format!("“{name}”");
            assert!(texts.iter().any(|text| text.contains(&name)), "{texts:?}");
        }
    });
}

#[test]
fn a_key_is_added_signs_in_and_is_removed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (_, mut browser) = farah(world, &accounts).await;
        let mut edwards = Device::new("edwards");
        let nist = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let mut nist = Device {
            pair: Pair::Nist(nist),
            count: Some(0),
            ..Device::new("nist")
        };
        for device in [&mut edwards, &mut nist] {
            // The list is in the order in which the passkeys were added.
            world.clock.advance(SignedDuration::from_secs(1));
            let added = register(&mut browser, device).await.with(201);
            assert_eq!(added.json()["name"], "Telefon");
            for _ in 0..2 {
                let mut newcomer = newcomer(&accounts).await;
                let credential = device.sign(&ask(&mut newcomer, OPTIONS).await);
                let page = sign_in(&mut newcomer, &credential).await.with(200);
                assert_eq!(page.json()["email"], "farah@example.my");
                newcomer.get("/api/v1/me").await.with(200);
            }
        }
        expect_sign_in_mails(world, "farah@example.my", 4);
        let listed = browser.get(MINE).await.with(200).json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 2);
        assert!(listed["items"][0]["last_used_at"].is_string());

        let page = browser.get("/me/security").await.with(200);
        let csrf = page.form("/me/security/passkeys/remove");
        let fields = [
            ("_csrf", csrf.value("_csrf").unwrap()),
            ("passkey", listed["items"][0]["id"].as_str().unwrap()),
            ("sure", "1"),
        ];
        let done = browser.post("/me/security/passkeys/remove", &fields).await;
        browser.follow(done).await.with(200);
        let mut newcomer = newcomer(&accounts).await;
        let credential = edwards.sign(&ask(&mut newcomer, OPTIONS).await);
        let page = sign_in(&mut newcomer, &credential).await.with(401);
        assert_eq!(page.json()["code"], "passkey_invalid");
        let done = actions(world).await;
        let of = |action: &str| done.iter().filter(|done| *done == action).count();
        assert_eq!((of("passkey.added"), of("passkey.removed")), (2, 1));
    });
}

#[test]
fn what_is_not_true_signs_nobody_in() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (_, mut browser) = farah(world, &accounts).await;
        let mut device = Device::new("one");
        register(&mut browser, &device).await.with(201);
        let mut newcomer = newcomer(&accounts).await;
        let mut changed: Vec<Value> = Vec::new();
        for (origin, host, flags) in [
            ("http://127.0.0.1:8081", HOST, 0b101),
            (URL, "example.com", 0b101),
            (URL, HOST, 0b001),
            (URL, HOST, 0b100),
        ] {
            (device.origin, device.host, device.flags) = (origin, host, flags);
            changed.push(device.sign(&ask(&mut newcomer, OPTIONS).await));
        }
        (device.origin, device.host, device.flags) = (URL, HOST, 0b101);
        let challenge = ask(&mut newcomer, OPTIONS).await;
        // The first challenge belongs to another browser, the second is invented, and the last
        // signature is by another key.
        changed.push(device.sign(&ask(&mut visitor(&accounts), OPTIONS).await));
        changed.push(device.sign(&base64("made.up.here")));
        changed.push(Device::new("one").sign(&challenge));
        changed.push(Device::new("two").sign(&challenge));
        let mut other_kind = device.sign(&challenge);
        other_kind["response"]["clientDataJSON"] =
            json!(base64(device.client_data("webauthn.create", &challenge)));
        changed.push(other_kind);
        let mut cut = device.sign(&challenge);
        cut["response"]["authenticatorData"] = json!("AAAA");
        changed.push(cut);
        for credential in &changed {
            let page = sign_in(&mut newcomer, credential).await.with(401);
            assert_eq!(page.json()["code"], "passkey_invalid");
        }
        let credential = device.sign(&challenge);
        world.clock.advance(SignedDuration::from_mins(5));
        sign_in(&mut newcomer, &credential).await.with(401);
        let credential = device.sign(&ask(&mut newcomer, OPTIONS).await);
        sign_in(&mut newcomer, &credential).await.with(200);
        expect_sign_in_mails(world, "farah@example.my", 1);
    });
}

#[test]
fn a_copy_that_lags_behind_is_refused_and_told_of() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (_, mut browser) = farah(world, &accounts).await;
        let mut device = Device::new("one");
        device.count = Some(7);
        register(&mut browser, &device).await.with(201);
        device.count = Some(6);
        let mut newcomer = newcomer(&accounts).await;
        let credential = device.sign(&ask(&mut newcomer, OPTIONS).await);
        sign_in(&mut newcomer, &credential).await.with(401);
        let credential = device.sign(&ask(&mut newcomer, OPTIONS).await);
        sign_in(&mut newcomer, &credential).await.with(200);
        assert!(actions(world).await.contains(&"passkey.copied".to_owned()));
        expect_sign_in_mails(world, "farah@example.my", 1);
        let subject = english(&accounts).say("mail-passkey-copied-subject");
        world.expect_mail("farah@example.my", &subject);
    });
}

#[test]
fn keys_are_changed_by_who_has_just_proved_who_they_are() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let mut browser = visitor(&accounts);
        signed_in(world, &id, &mut browser).await;
        let device = Device::new("one");
        let challenge = ask(&mut browser, "/api/v1/me/passkeys/options").await;
        let body = json!({"name": "", "credential": device.register(&challenge)});
        browser.call(Method::POST, MINE, &body).await.with(422);
        let added = register(&mut browser, &device).await.with(201).json();
        register(&mut browser, &device).await.with(401);
        let one = format!("{MINE}/{}", added["id"].as_str().unwrap());
        let refused = browser
            .call(Method::DELETE, &one, &Value::Null)
            .await
            .with(409);
        assert_eq!(refused.json()["code"], "last_credential");
        for number in 1..passkey::LIMIT {
            let another = Device::new(&number.to_string());
            register(&mut browser, &another).await.with(201);
        }
        let refused = register(&mut browser, &Device::new("x")).await.with(409);
        assert_eq!(refused.json()["code"], "limit_reached");

        let challenge = ask(&mut browser, "/api/v1/me/passkeys/options").await;
        world.clock.advance(sudo::LIFETIME);
        let body = json!({"name": "Late", "credential": Device::new("y").register(&challenge)});
        for page in [
            browser.call(Method::POST, MINE, &body).await,
            browser.call(Method::DELETE, &one, &Value::Null).await,
            browser
                .call(Method::POST, "/api/v1/me/passkeys/options", &Value::Null)
                .await,
        ] {
            assert_eq!(page.with(403).json()["code"], "sudo_required");
        }
    });
}

#[test]
fn who_removes_a_key_ends_other_sessions_and_has_proved_nothing() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (id, mut browser) = farah(world, &accounts).await;
        let elsewhere = begin(world, &id, Stay::Visit, client(2)).await.session;
        let mut keys = Vec::new();
        for id in ["one", "two"] {
            let added = register(&mut browser, &Device::new(id)).await.with(201);
            keys.push(format!("{MINE}/{}", added.json()["id"].as_str().unwrap()));
        }
        let second = SignedDuration::from_secs(1);
        world.clock.advance(sudo::LIFETIME - second);
        let removed = browser.call(Method::DELETE, &keys[0], &Value::Null).await;
        removed.with(204);
        assert!(find_session(world, &elsewhere).await.is_none());
        let token = csrf_token(browser.cookie("kd_session").unwrap());
        browser.header("x-csrf-token", &token);
        world.clock.advance(second);
        let refused = browser.call(Method::DELETE, &keys[1], &Value::Null).await;
        assert_eq!(refused.with(403).json()["code"], "sudo_required");
    });
}

#[test]
fn a_key_is_the_second_factor_that_is_required() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = {
            let mut changed = accounts(world);
            changed.require_mfa_for = RequireMfaFor::All;
            changed
        };
        let (_, mut browser) = farah(world, &accounts).await;
        let refused = browser.get("/api/v1/me").await.with(403).json();
        assert_eq!(refused["code"], "mfa_enrolment_required");
        register(&mut browser, &Device::new("one")).await.with(201);
        browser.get("/api/v1/me").await.with(200);
    });
}

#[test]
fn challenges_that_were_used_are_kept_until_they_prove_nothing_more() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (_, mut browser) = farah(world, &accounts).await;
        let mut device = Device::new("one");
        register(&mut browser, &device).await.with(201);
        for _ in 0..3 {
            world.clock.advance(SignedDuration::from_mins(10));
            let mut newcomer = newcomer(&accounts).await;
            let credential = device.sign(&ask(&mut newcomer, OPTIONS).await);
            sign_in(&mut newcomer, &credential).await.with(200);
        }
        let (kept,): (i64,) = read(world.store(), |tx| {
            tx.one(platform::sql!("SELECT COUNT(*) FROM one_time_token"), &[])
        })
        .await;
        assert_eq!(kept, 1);
        expect_sign_in_mails(world, "farah@example.my", 3);
    });
}

#[test]
fn of_two_uses_of_one_challenge_one_signs_in() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let (id, mut browser) = farah(world, &accounts).await;
        let mut device = Device::new("one");
        register(&mut browser, &device).await.with(201);
        let count = rounds();
        for _ in 0..count {
            let mut newcomer = newcomer(&accounts).await;
            let credential = device.sign(&ask(&mut newcomer, OPTIONS).await);
            let [one, other] = [newcomer.clone(), newcomer].map(|mut browser| {
                let credential = credential.clone();
                async move { sign_in(&mut browser, &credential).await.status.as_u16() }
            });
            let (one, other) = together(one, other).await;
            assert_eq!(one.min(other)..=one.max(other), 200..=401);
        }
        expect_sign_in_mails(world, "farah@example.my", count);
        let own = read(world.store(), move |tx| passkey::list(tx, &id)).await;
        assert_eq!(own.len(), 1);
    });
}
