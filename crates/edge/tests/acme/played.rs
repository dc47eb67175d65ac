//! A small simulated authority for behaviour that Pebble lacks. It can suggest renewal windows,
//! reject some requests, or never respond.

use std::convert::Infallible;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use bytes::Bytes;
use edge::Challenge;
use edge::acme::Action;
use http::{Method, Request, Response, StatusCode, response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::authority::make_certificates;
use crate::house::{House, has_failed, set, wait};

/// The requests to the simulated authority: their paths, and the payloads of orders.
#[derive(Default)]
struct Heard {
    asked_when: Vec<String>,
    orders: Vec<Value>,
}

struct Played {
    directory: String,
    certificates: TempDir,
    heard: Arc<Mutex<Heard>>,
}

impl Played {
    async fn start() -> Self {
        let certificates = TempDir::with_prefix("kenduri-played-").unwrap();
        make_certificates(certificates.path());
        let file = |name: &str| certificates.path().join(name);
        let chain = vec![CertificateDer::from_pem_file(file("server.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        let heard = Arc::<Mutex<Heard>>::default();
        tokio::spawn(serve(listener, config, base.clone(), Arc::clone(&heard)));
        Self {
            directory: format!("{base}/dir"),
            certificates,
            heard,
        }
    }

    fn root(&self) -> String {
        self.certificates
            .path()
            .join("root.pem")
            .display()
            .to_string()
    }
}

async fn serve(
    listener: TcpListener,
    config: ServerConfig,
    base: String,
    heard: Arc<Mutex<Heard>>,
) {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, base, heard) = (acceptor.clone(), base.clone(), Arc::clone(&heard));
        tokio::spawn(async move {
            let stream = acceptor.accept(stream).await.unwrap();
            let service = service_fn(|request| answer(request, &base, &heard));
            drop(
                http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await,
            );
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    base: &str,
    heard: &Mutex<Heard>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let path = parts.uri.path();
    let answer = Response::builder().header("Replay-Nonce", "once");
    let answer = match (parts.method, path) {
        (Method::GET, "/dir") => answer.body(json!({
            "newNonce": format!("{base}/nonce"),
            "newAccount": format!("{base}/account"),
            "newOrder": format!("{base}/order"),
            "renewalInfo": format!("{base}/when"),
        })),
        (Method::HEAD, "/nonce") => answer.body(json!({})),
        (Method::POST, "/account") => answer
            .status(StatusCode::CREATED)
            .header("Location", format!("{base}/account/1"))
            .body(json!({ "status": "valid" })),
        (Method::GET, when) if when.starts_with("/when/") => {
            heard.lock().unwrap().asked_when.push(when.to_owned());
            answer.header("Retry-After", "3600").body(json!({
                "suggestedWindow": {
                    "start": "2026-01-20T00:00:00Z",
                    "end": "2026-01-22T00:00:00Z",
                },
            }))
        }
        (Method::POST, "/order") => {
            let signed: Value = serde_json::from_slice(&body).unwrap();
            let payload = BASE64_URL_SAFE_NO_PAD
                .decode(signed["payload"].as_str().unwrap())
                .unwrap();
            let payload: Value = serde_json::from_slice(&payload).unwrap();
            let replaces = payload.get("replaces").is_some();
            heard.lock().unwrap().orders.push(payload);
            if replaces {
                let answer = answer.status(StatusCode::TOO_MANY_REQUESTS);
                let answer = answer.header("Retry-After", "7200");
                refuse(answer, "rateLimited", "too many certificates")
            } else {
                answer
                    .status(StatusCode::CREATED)
                    .header("Location", format!("{base}/order/1"))
                    .body(order(base))
            }
        }
        (Method::POST, "/order/1") => answer.body(order(base)),
        (Method::POST, "/authorization") => answer.body(json!({
            "identifier": { "type": "dns", "value": "a.example" },
            "status": "pending",
            "challenges": [{
                "type": "http-01",
                "url": format!("{base}/challenge"),
                "token": "token",
                "status": "pending",
            }],
        })),
        (Method::POST, "/challenge") => {
            let answer = answer.status(StatusCode::BAD_REQUEST);
            refuse(answer, "badNonce", "already used")
        }
        _ => answer.status(StatusCode::NOT_FOUND).body(json!({})),
    };
    Ok(answer.unwrap().map(|json| Full::from(json.to_string())))
}

fn order(base: &str) -> Value {
    json!({
        "status": "pending",
        "identifiers": [{ "type": "dns", "value": "a.example" }],
        "authorizations": [format!("{base}/authorization")],
        "finalize": format!("{base}/finalize"),
    })
}

/// Reports a temporary problem.
fn refuse(answer: response::Builder, problem: &str, detail: &str) -> http::Result<Response<Value>> {
    answer
        .header("Content-Type", "application/problem+json")
        .body(json!({
            "type": format!("urn:ietf:params:acme:error:{problem}"),
            "detail": detail,
        }))
}

/// The key and then the certificate in PEM, valid for ninety days in 2026.
pub(crate) fn ninety_days() -> String {
    let mut issuer = CertificateParams::new(Vec::new()).unwrap();
    issuer.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(issuer, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut leaf = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    leaf.not_before = date_time_ymd(2026, 1, 1);
    leaf.not_after = date_time_ymd(2026, 4, 1);
    leaf.use_authority_key_identifier_extension = true;
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    format!("{}{}", key.serialize_pem(), leaf.pem())
}

#[tokio::test]
async fn the_authority_says_when_and_is_waited_for() {
    let played = Played::start().await;
    let mut house = House::alone(Challenge::Http01, played.directory.clone(), played.root()).await;
    house.asked.force = true;
    let asked: Timestamp = "2026-01-11T00:00:00Z".parse().unwrap();
    house.set_clock(asked);
    // Only creates the storage folder.
    let acme = house.start(&[]);
    house.stop.cancel();
    acme.stopped().await;
    fs::write(
        house.storage().join("a.example.certificate.pem"),
        ninety_days(),
    )
    .unwrap();
    let acme = house.start(&["a.example"]);
    let standing = wait(&acme, "a.example", |it| {
        it.next
            .is_some_and(|next| next.action == Action::Ask && next.at > asked)
    })
    .await;
    // The authority's `Retry-After` determines the next attempt.
    let again = standing.next.unwrap().at;
    let pause = again.duration_since(asked);
    let hour = SignedDuration::from_hours(1);
    assert!(pause <= hour && pause > hour - SignedDuration::from_secs(5));
    assert_eq!(standing.failures, None);
    assert!(played.heard.lock().unwrap().orders.is_empty());
    // The renewal window has begun, long before two thirds of the lifetime have passed.
    let end: Timestamp = "2026-01-22T00:00:00Z".parse().unwrap();
    house.set_clock(end);
    acme.set_names(set(&["a.example"]));
    let standing = wait(&acme, "a.example", has_failed).await;
    let failures = standing.failures.unwrap();
    assert_eq!(failures.asked_to_wait, 7_200);
    assert!(
        failures.why.contains("too many certificates"),
        "{failures:?}"
    );
    let orders = std::mem::take(&mut played.heard.lock().unwrap().orders);
    assert_eq!(orders.len(), 1);
    let replaced = orders[0]["replaces"].as_str().unwrap();
    assert!(played.heard.lock().unwrap().asked_when[0].ends_with(replaced));
    // The client must send no order before the time that the authority requested.
    house.set_clock(end + SignedDuration::from_secs(7_199));
    acme.set_names(set(&["a.example"]));
    wait(&acme, "a.example", |it| {
        it.next
            .is_some_and(|next| next.action == Action::Order && next.at > end)
    })
    .await;
    assert!(played.heard.lock().unwrap().orders.is_empty());
    house.set_clock(end + SignedDuration::from_secs(7_200));
    acme.set_names(set(&["a.example"]));
    wait(&acme, "a.example", |it| {
        it.failures.as_ref().is_some_and(|it| it.count == 2)
    })
    .await;
    assert_eq!(played.heard.lock().unwrap().orders.len(), 1);
}

/// The authority does not know that the challenge response is ready, so no validation will come.
#[tokio::test]
async fn a_proof_that_could_not_be_announced_is_not_waited_for() {
    let played = Played::start().await;
    let mut house = House::alone(Challenge::Http01, played.directory.clone(), played.root()).await;
    house.asked.force = true;
    let acme = house.start(&["a.example"]);
    // The failure must come long before the timeout of a validation.
    let standing = wait(&acme, "a.example", has_failed).await;
    assert!(standing.failures.unwrap().why.contains("badNonce"));
    // The order is still valid and is resumed.
    house.set_clock(standing.next.unwrap().at);
    acme.set_names(set(&["a.example"]));
    wait(&acme, "a.example", |it| {
        it.failures.as_ref().is_some_and(|it| it.count == 2)
    })
    .await;
    assert_eq!(played.heard.lock().unwrap().orders.len(), 1);
}

#[tokio::test]
async fn an_authority_that_never_answers_does_not_hold_up_a_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let directory = format!("https://localhost:{port}/dir");
    let mut house = House::alone(Challenge::Http01, directory, String::new()).await;
    let acme = house.start(&["a.example"]);
    let _open = listener.accept().await.unwrap();
    house.stop.cancel();
    // The stop must not wait for the request timeout.
    timeout(Duration::from_secs(20), acme.stopped())
        .await
        .unwrap();
}
