//! Tests that nobody can sign in with a stolen database but without the key file. The tests search
//! every column for every issued secret, and try every stored hash as a secret.

pub(super) mod cells;
mod files;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use identity::account::{self, AccountId, AccountZone, NewAccount};
use identity::credential::hashing::Hasher;
use identity::credential::password::{self, Password};
use identity::credential::second_factor;
use identity::grant::{self, Scope};
use identity::people::setup;
use identity::person::registration::{Policy, Registration};
use identity::session::signed_in;
use identity::session::sudo::Sudo;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use platform::jobs::Worker;
use platform::shared_file::{self, Place};
use platform::text_cleaning::hexadecimal;
use platform::{Rows, Secret, StoreError, Tx, sql};
use serde_json::{Value, json};
use site::{Context, domains};
use testkit::{Visitor, World};
use web::client_info::Proxies;
use web::{Settings, SiteUrl};

use super::DOMAINS;
use cells::{Cell, cells, contains, spellings};

const URL: &str = "http://127.0.0.1:8080";
const PASSWORD: &str = "sebuah pantun lama";
const OWNER: &str = "owner@example.my";
const FARAH: &str = "farah@example.my";
const MEI: &str = "mei@example.my";
const LEAVING: &str = "leaving@example.my";
const NEWCOMER: &str = "newcomer@example.my";

const HASHES: &[&str] = &[
    "device.secret_hash",
    "one_time_token.hash",
    "personal_token.hash",
    "recovery_code.hash",
    "refresh_token.hash",
    "refresh_token.masked_successor",
    "refresh_token.successor_hash",
    "registration.browser_hash",
    "session.secret_hash",
];

/// The second text says why a thief cannot use the content.
const OTHER_BYTES: &[(&str, &str)] = &[
    ("dkim_key.sealed_key", "opened by the key file alone"),
    ("provider.payout_ref", "opened by the key file alone"),
    ("provider_calendar.address", "opened by the key file alone"),
    ("shared_file.sealed", "opened by the key file alone"),
    ("totp.sealed_secret", "opened by the key file alone"),
    ("passkey.public_key", "the public half"),
    ("idempotency.fingerprint", "compared with a repeat"),
    ("suppression.address", "a keyed hash of an address"),
    ("mail.recipient_hash", "a keyed hash of an address"),
    ("mail.sealed_text", "opened by the key file alone"),
    ("mail_report.address", "a keyed hash of an address"),
    (
        "installation.printed_key",
        "makes what hosts print on cards",
    ),
];

#[derive(Default)]
struct Handed(Vec<(String, String)>);

impl Handed {
    fn add(&mut self, what: &str, secret: &str) {
        assert!(secret.len() >= 12, "{what} is no secret: {secret:?}");
        self.0.push((what.to_owned(), secret.to_owned()));
    }

    fn add_cookies(&mut self, visitor: &Visitor) {
        for name in [
            "kd_session",
            "kd_device",
            "kd_before",
            "kd_registered",
            "kd_mfa",
        ] {
            if let Some(value) = visitor.cookie(name).filter(|value| !value.is_empty()) {
                self.add(name, value);
            }
        }
    }
}

fn accounts(world: &World) -> Context {
    let settings = Settings {
        url: SiteUrl::parse(URL).unwrap(),
        name: "Kenduri Kami".to_owned(),
        languages: vec!["en".to_owned(), "ms".to_owned()],
        time_zone: TimeZone::UTC,
        has_mail: true,
        proxies: Proxies::default(),
        cdn: false,
    };
    let site = domains::site(DOMAINS, &[], world.platform.clone(), settings);
    let mut accounts = Context::new(site, DOMAINS);
    accounts.policy = Policy {
        registration: Registration::Open,
        has_mail: true,
    };
    accounts.hasher = Hasher::at_normal_priority(1, world.platform.random.clone());
    accounts
}

fn visitor(accounts: &Context) -> Visitor {
    let router = accounts::web::around(accounts, domains::routes(accounts));
    Visitor::new(web::serve(&accounts.site, router))
}

/// With a new idempotency key: a reused key would return a stored response.
async fn call(visitor: &mut Visitor, method: Method, path: &str, body: Value) -> (u16, Value) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let key = format!("call-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    visitor.header("idempotency-key", &key);
    let page = visitor.call(method, path, &body).await;
    let body = serde_json::from_str(&page.body).unwrap_or(Value::Null);
    (page.status.as_u16(), body)
}

async fn post(visitor: &mut Visitor, path: &str, body: Value) -> Value {
    let (status, answer) = call(visitor, Method::POST, path, body).await;
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    answer
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}: {value}"))
}

async fn person(world: &World, accounts: &Context, email: &str) -> AccountId {
    let password = Password::choose(&Secret::new(PASSWORD), &[]).unwrap();
    let hash = accounts.hasher.hash(&password).await.unwrap();
    let new = NewAccount {
        name: "Farah binti Ali".parse().unwrap(),
        email: email.parse().unwrap(),
        locale: "en".to_owned(),
        zone: AccountZone::chosen("Asia/Kuala_Lumpur"),
    };
    let create = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let id = account::create(tx, &new).unwrap();
        password::set(tx, &id, &hash)?;
        sql!(
            "UPDATE email SET verified_by = 'mail' WHERE account_id = :id",
            id
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(id)
    };
    world.store().write(create).await.unwrap()
}

async fn sign_in(accounts: &Context, handed: &mut Handed, email: &str) -> Visitor {
    let mut browser = visitor(accounts);
    let page = browser.get("/login").await;
    handed.add_cookies(&browser);
    let mut form = page.form("/login");
    form.fill("email", email)
        .fill("password", PASSWORD)
        .tick("remember", "1");
    browser.submit(&page, &form).await.expect(303);
    handed.add_cookies(&browser);
    let session = browser.cookie("kd_session").unwrap().to_owned();
    let token = web::csrf::token(&session, &accounts.site.random);
    browser.header("x-csrf-token", &token);
    browser
}

async fn run_jobs(world: &World, accounts: &Context) {
    let (store, clock) = (world.store().clone(), world.platform.clock.clone());
    let handlers = (accounts::DOMAIN.jobs)(&accounts.site);
    let worker = Worker::new(store, clock, world.platform.random.clone(), handlers);
    worker.run_due().await.unwrap();
}

/// Returns the kinds of links that were found.
async fn add_links(world: &World, handed: &mut Handed) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for mail in world.mails().await {
        let links = mail.text.split_whitespace();
        for link in links.filter_map(|word| word.strip_prefix(URL)) {
            let (kind, secret) = link.rsplit_once('/').unwrap();
            if secret.len() > 30 {
                kinds.insert(kind.to_owned());
                handed.add(kind, secret);
            }
        }
    }
    kinds
}

/// The actions are ordered so that most secrets stay valid.
async fn share_certificate(accounts: &Context, handed: &mut Handed) {
    let key = accounts.site.keys.key(shared_file::PURPOSE);
    let place = Place {
        folder: "acme/ca.example".to_owned(),
        name: "kad.example.certificate.pem".to_owned(),
    };
    let private = "MC4CAQAwBQYDK2VwBCIEIHRoZSBwcml2YXRlIGtleSBvZiBhIHRlc3Q";
    handed.add("a certificate's private key", private);
    let put = move |tx: &mut Tx<'_>| shared_file::put(tx, &key, &place, private);
    accounts.site.store.write(put).await.unwrap();
}

async fn issue_every_secret(world: &World, accounts: &Context) -> Handed {
    let mut handed = Handed::default();
    let keys = world.platform.keys.clone();
    let adopt = move |tx: &mut Tx<'_>| platform::key::adopt(tx, &keys);
    assert!(world.store().write(adopt).await.unwrap());
    register(world, accounts, &mut handed).await;
    let owner = person(world, accounts, OWNER).await;
    let farah = person(world, accounts, FARAH).await;
    for email in [MEI, LEAVING] {
        person(world, accounts, email).await;
    }
    let give = move |tx: &mut Tx<'_>| {
        grant::give(tx, &owner, grant::OWNER, &Scope::site(), None).unwrap();
        Ok::<_, StoreError>(())
    };
    world.store().write(give).await.unwrap();
    let mut boss = sign_in(accounts, &mut handed, OWNER).await;
    use_tokens_and_webhooks(&mut boss, &mut handed).await;
    factors(world, accounts, &mut handed).await;
    post(
        &mut boss,
        &format!("/api/v1/admin/users/{farah}/factor-reset"),
        Value::Null,
    )
    .await;
    change_email(world, accounts, &mut handed).await;
    tokens(accounts, &mut handed).await;
    share_certificate(accounts, &mut handed).await;

    let mut leaving = sign_in(accounts, &mut handed, LEAVING).await;
    let (status, _) = call(&mut leaving, Method::DELETE, "/api/v1/me", Value::Null).await;
    assert_eq!(status, 202);
    let login = json!({ "email": LEAVING, "password": PASSWORD, "want": "tokens" });
    let offered = post(&mut visitor(accounts), "/api/v1/auth/login", login).await;
    handed.add("restore token", text(&offered, "restore_token"));
    for (email, wanted) in [(OWNER, "reset"), (FARAH, "sign_in"), (LEAVING, "sign_in")] {
        let body = json!({ "email": email, "wanted": wanted });
        post(&mut visitor(accounts), "/api/v1/auth/forgot", body).await;
    }
    run_jobs(world, accounts).await;
    let kinds = add_links(world, &mut handed).await;
    assert_eq!(
        kinds.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "/admin/join",
            "/email/confirm",
            "/email/undo",
            "/factors/keep",
            "/reset",
            "/sign-in",
            "/verify",
        ]
    );
    handed
}

async fn register(world: &World, accounts: &Context, handed: &mut Handed) {
    let key = world.store().write(setup::make_key).await.unwrap();
    handed.add("setup key", key.unwrap().reveal());
    let mut browser = visitor(accounts);
    let page = browser.get("/register").await;
    let mut form = page.form("/register");
    form.fill("display_name", "Aminah")
        .fill("email", NEWCOMER)
        .fill("password", PASSWORD);
    world.clock.advance(SignedDuration::from_secs(10));
    browser.submit(&page, &form).await;
    handed.add_cookies(&browser);
    assert!(browser.cookie("kd_registered").is_some());
}

async fn use_tokens_and_webhooks(boss: &mut Visitor, handed: &mut Handed) {
    let invite = json!({ "email": "invited@example.my", "role": "member" });
    post(boss, "/api/v1/admin/invites", invite).await;
    let token = json!({ "name": "Kitchen", "scopes": ["profile:read"] });
    let token = post(boss, "/api/v1/me/tokens", token).await;
    handed.add("personal token", text(&token, "token"));

    let countdown = json!({ "title": "Our day", "kind": "until", "target": "2030-01-16" });
    let countdown = post(boss, "/api/v1/countdowns", countdown).await;
    let path = format!("/api/v1/countdowns/{}/owners", text(&countdown, "id"));
    let link = post(boss, &path, json!({})).await;
    add_link_of(handed, "link to a countdown", &link);
    let webhook = json!({ "url": "https://hooks.example/x", "events": ["countdown.reset"] });
    let webhook = post(boss, "/api/v1/webhooks", webhook).await;
    add_webhook_secret(handed, &webhook);
    let path = format!("/api/v1/webhooks/{}/rotate", text(&webhook, "id"));
    let rotated = post(boss, &path, Value::Null).await;
    add_webhook_secret(handed, &rotated);
}

fn add_link_of(handed: &mut Handed, what: &str, answer: &Value) {
    let all = answer.as_object().unwrap().values();
    let link = all
        .filter_map(Value::as_str)
        .find_map(|text| text.split_once("/admin/join/"));
    handed.add(what, link.unwrap_or_else(|| panic!("no link: {answer}")).1);
}

fn add_webhook_secret(handed: &mut Handed, webhook: &Value) {
    let secret = text(webhook, "secret");
    handed.add("webhook secret", secret);
    let key = secret.strip_prefix("whsec_").unwrap_or(secret);
    handed.add("webhook key", key);
}

/// Also the token of a half-finished sign-in.
async fn factors(world: &World, accounts: &Context, handed: &mut Handed) {
    let mut own = sign_in(accounts, handed, FARAH).await;
    let options = post(&mut own, "/api/v1/me/passkeys/options", Value::Null).await;
    let challenge = text(&options, "challenge");
    handed.add("challenge of a passkey", challenge);
    let credential = passkey(challenge);
    let new = json!({ "name": "Phone", "credential": credential });
    post(&mut own, "/api/v1/me/passkeys", new).await;
    let begun = post(&mut own, "/api/v1/me/totp", Value::Null).await;
    handed.add("secret of an app", text(&begun, "secret"));
    let session = Secret::new(own.cookie("kd_session").unwrap());
    let (site, now) = (accounts.site.clone(), world.clock.now());
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let visit = signed_in::by_session(tx, &session)?.unwrap();
        second_factor::pending(tx, &site, &Sudo::check(visit.who, now).unwrap())
    };
    let app = world.store().read(look).await.unwrap().unwrap();
    let code = json!({ "code": app.code(now) });
    let codes = post(&mut own, "/api/v1/me/totp/confirm", code).await;
    for code in codes["codes"].as_array().unwrap() {
        let code = code.as_str().unwrap();
        handed.add("recovery code", code);
        handed.add("recovery code", &code.replace('-', ""));
    }
    let token = second_step(accounts).await;
    handed.add("token of the second step", &token);
}

async fn second_step(accounts: &Context) -> String {
    let login = json!({ "email": FARAH, "password": PASSWORD, "want": "tokens" });
    let asked = post(&mut visitor(accounts), "/api/v1/auth/login", login).await;
    text(&asked, "mfa_token").to_owned()
}

/// As a browser sends it after the device has created a passkey.
fn passkey(challenge: &str) -> Value {
    let host = "12ca17b49af2289436f303e0166030a21e525d266e209267433801a8fd4071a0";
    let mut data: Vec<u8> = (0..host.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&host[at..at + 2], 16).unwrap())
        .collect();
    data.extend([0b100_0101, 0, 0, 0, 0]);
    data.extend([0; 16]);
    data.extend([0, 3]);
    data.extend(b"one");
    let client = json!({
        "type": "webauthn.create", "challenge": challenge, "origin": URL, "crossOrigin": false,
    });
    let key = rcgen::KeyPair::generate().unwrap();
    json!({ "response": {
        "clientDataJSON": URL_SAFE_NO_PAD.encode(client.to_string()),
        "authenticatorData": URL_SAFE_NO_PAD.encode(data),
        "publicKey": URL_SAFE_NO_PAD.encode(rcgen::PublicKeyData::subject_public_key_info(&key)),
        "publicKeyAlgorithm": -7,
    }})
}

/// One mailed link confirms the change, and the other one undoes it.
async fn change_email(world: &World, accounts: &Context, handed: &mut Handed) {
    let mut own = sign_in(accounts, handed, MEI).await;
    let new = json!({ "email": "other@example.my" });
    post(&mut own, "/api/v1/me/email", new).await;
    let mails = world.mails().await;
    let confirm = format!("{URL}/email/confirm/");
    let link = mails.iter().find_map(|mail| mail.text.split_once(&confirm));
    let token = link.unwrap().1.split_whitespace().next().unwrap();
    let body = json!({ "token": token, "current_password": PASSWORD });
    post(&mut own, "/api/v1/auth/email/confirm", body).await;
    world.clock.advance(SignedDuration::from_mins(2));
    let mut own = sign_in(accounts, handed, "other@example.my").await;
    let third = json!({ "email": "third@example.my" });
    post(&mut own, "/api/v1/me/email", third).await;
}

async fn tokens(accounts: &Context, handed: &mut Handed) {
    let mut program = visitor(accounts);
    let login = json!({ "email": OWNER, "password": PASSWORD, "want": "tokens" });
    let mut pair = post(&mut program, "/api/v1/auth/login", login).await;
    for _ in 0..2 {
        let access = text(&pair, "access_token");
        handed.add("access token", access);
        let (_, signature) = access.rsplit_once('.').unwrap();
        handed.add("signature of an access token", signature);
        let refresh = text(&pair, "refresh_token").to_owned();
        handed.add("refresh token", &refresh);
        let body = json!({ "refresh_token": refresh });
        pair = post(&mut program, "/api/v1/auth/refresh", body).await;
    }
}

#[test]
fn a_stolen_database_opens_nothing() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let accounts = accounts(world);
        world.expect_jobs("countdown.reach");
        let handed = issue_every_secret(world, &accounts).await;
        for mail in world.mails().await {
            assert_eq!(mail.state, "queued", "so all have their text");
            world.expect_mail(&mail.recipient, &mail.subject);
        }
        let cells = cells(world);
        for (what, secret) in &handed.0 {
            for spelling in spellings(secret) {
                let mut cells = cells.iter();
                let found = cells.find(|cell| contains(&cell.bytes, &spelling));
                let place = found.map(|cell| &cell.place);
                assert_eq!(place, None, "{what}: {secret}");
            }
        }
        let bytes: BTreeSet<&str> = cells
            .iter()
            .filter(|cell| cell.is_bytes)
            .map(|cell| cell.place.as_str())
            .collect();
        let known = HASHES
            .iter()
            .chain(OTHER_BYTES.iter().map(|(place, _)| place));
        assert_eq!(
            bytes,
            known.copied().collect(),
            "a new column: hash or not?"
        );
        try_hashes(&accounts, &cells).await;
    });
}

/// Nobody can sign in with a stored value in place of the secret.
async fn try_hashes(accounts: &Context, cells: &[Cell]) {
    let of = |place: &str| {
        let all = cells.iter().filter(|cell| cell.place == place);
        let all: Vec<_> = all.filter(|cell| !cell.bytes.is_empty()).collect();
        assert!(!all.is_empty(), "nothing is in {place}");
        let spellings = all.into_iter().flat_map(|cell| {
            let (hex, base64) = (
                hexadecimal(&cell.bytes),
                URL_SAFE_NO_PAD.encode(&cell.bytes),
            );
            [hex, base64, STANDARD.encode(&cell.bytes)]
        });
        spellings.collect::<Vec<_>>()
    };
    let refused = async |visitor: &mut Visitor, path: &str, body: Value| {
        let (status, answer) = call(visitor, Method::POST, path, body).await;
        assert!(
            [400, 401, 403].contains(&status),
            "{path}: {status} {answer}"
        );
    };
    for place in ["session.secret_hash", "device.secret_hash"] {
        for secret in of(place) {
            let mut thief = visitor(accounts);
            thief.set_cookie("kd_session", &secret);
            thief.set_cookie("kd_device", &secret);
            thief.get("/api/v1/me").await.expect(401);
        }
    }
    for secret in of("personal_token.hash") {
        for token in [secret.clone(), format!("kd_pat_{secret}")] {
            let mut thief = visitor(accounts);
            thief.header("authorization", &format!("Bearer {token}"));
            thief.get("/api/v1/me").await.expect(401);
        }
    }
    for secret in of("one_time_token.hash") {
        let mut thief = visitor(accounts);
        let secret = secret.replace('/', "%2F");
        for kind in [
            "/setup",
            "/reset",
            "/sign-in",
            "/verify",
            "/admin/join",
            "/restore",
            "/email/confirm",
            "/email/undo",
            "/factors/keep",
        ] {
            let page = thief.get(&format!("{kind}/{secret}")).await;
            let status = page.status.as_u16();
            assert!([400, 404].contains(&status), "{kind}: {status}");
        }
        let step = json!({ "mfa_token": secret, "method": "totp", "code": "000000" });
        refused(&mut thief, "/api/v1/auth/mfa", step).await;
    }
    for place in ["hash", "successor_hash", "masked_successor"] {
        for secret in of(&format!("refresh_token.{place}")) {
            let body = json!({ "refresh_token": secret });
            refused(&mut visitor(accounts), "/api/v1/auth/refresh", body).await;
        }
    }
    let token = second_step(accounts).await;
    for code in of("recovery_code.hash").into_iter().take(3) {
        let step = json!({ "mfa_token": token, "method": "recovery_code", "code": code });
        refused(&mut visitor(accounts), "/api/v1/auth/mfa", step).await;
    }
    for cell in cells.iter().filter(|cell| cell.place == "password.hash") {
        let password = String::from_utf8_lossy(&cell.bytes);
        for email in [OWNER, FARAH] {
            let login = json!({ "email": email, "password": password, "want": "tokens" });
            if !password.is_empty() {
                let path = "/api/v1/auth/login";
                let (status, _) = call(&mut visitor(accounts), Method::POST, path, login).await;
                assert!([401, 429].contains(&status), "{status}");
            }
        }
    }
}
