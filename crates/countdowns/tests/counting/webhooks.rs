//! Tests of webhooks, delivered to a local server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countdowns::webhook::Event;
use hmac::{Hmac, KeyInit as _, Mac as _};
use identity::person::erasure::{self, EraseError, When};
use identity::session::sudo::Sudo;
use jiff::SignedDuration;
use platform::outbound::Names;
use platform::{Outbound, Platform, StoreError, Tx, sql};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use sha2::Sha256;
use site::domains::for_identity;
use testkit::{World, rounds, together};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::stage::{API, Counting, DOMAINS, Person, Stage, in_world, limited, request, stage};

const HOOKS: &str = "/api/v1/webhooks";

/// A request that the local server received: its header lines in lower case, and its body.
#[derive(Clone, Debug)]
struct Arrived {
    head: String,
    body: Value,
    text: String,
}

impl Arrived {
    fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines();
        let found = lines.find_map(|line| line.strip_prefix(&format!("{name}: ")));
        found.unwrap_or_default()
    }
}

/// A server that responds to every request with the given status.
struct Server {
    port: u16,
    status: Arc<Mutex<&'static str>>,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Server {
    /// Starts the server. The world's outgoing requests may reach it, but no other private address.
    async fn start(world: &World) -> (Self, Stage<'_>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let names = ["hooks.example".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], PrivateKeyDer::Pkcs8(key))
            .unwrap();
        let names = HashMap::from([
            ("hooks.example".to_owned(), vec![address]),
            (
                "inside.example".to_owned(),
                vec!["10.0.0.1:443".parse().unwrap()],
            ),
        ]);
        let outbound =
            Outbound::new(Names::Listed(names), vec![address], &[cert.der().clone()]).unwrap();
        let server = Self {
            port: address.port(),
            status: Arc::new(Mutex::new("204 No Content")),
            arrived: Arc::default(),
        };
        let (status, arrived) = (server.status.clone(), server.arrived.clone());
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut stream = BufReader::new(stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    stream.read_line(&mut head).await.unwrap();
                }
                let head = head.replace('\r', "");
                let one = Arrived {
                    head,
                    body: Value::Null,
                    text: String::new(),
                };
                let length = one.header("content-length").parse().unwrap();
                let mut body = vec![0; length];
                stream.read_exact(&mut body).await.unwrap();
                arrived.lock().unwrap().push(Arrived {
                    body: serde_json::from_slice(&body).unwrap(),
                    text: String::from_utf8(body).unwrap(),
                    ..one
                });
                let status = *status.lock().unwrap();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nlocation: https://hooks.example/other\r\ncontent-length: 0\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (server, {
            let platform = Platform {
                outbound,
                ..world.platform.clone()
            };
            stage(world, platform)
        })
    }

    fn url(&self) -> String {
        format!("https://hooks.example:{}/hook?a=b", self.port)
    }

    fn answer(&self, status: &'static str) {
        *self.status.lock().unwrap() = status;
    }

    /// Takes the requests that the server received since the last call.
    fn arrived(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.arrived.lock().unwrap())
    }
}

pub(crate) async fn hook(person: &mut Person, url: &str, include_notes: bool) -> Value {
    let body = json!({"url": url, "include_notes": include_notes,
        "events": ["countdown.reset", "countdown.entry_changed", "countdown.entry_deleted",
            "countdown.changed", "countdown.reached"]});
    let made = person.call("POST", HOOKS, &body).await;
    made.expect(201);
    made.json()
}

/// How many messages about this event were stored so far.
pub(crate) async fn deliveries(stage: &Stage<'_>, event: Event) -> usize {
    let word = event.word();
    let count = move |tx: &mut Tx<'_>| -> Result<(i64,), StoreError> {
        sql!(
            "SELECT COUNT(*) FROM webhook_delivery WHERE event = :word",
            word
        )
        .one(tx)
    };
    let (count,) = stage.world.store().read(count).await.unwrap();
    usize::try_from(count).unwrap()
}

async fn state(person: &mut Person) -> String {
    let all = person.program.get(HOOKS).await.json();
    all["items"][0]["state"].as_str().unwrap().to_owned()
}

fn signature(secret: &str, one: &Arrived) -> String {
    let key = STANDARD
        .decode(secret.trim_start_matches("whsec_"))
        .unwrap();
    let id = one.header("webhook-id");
    let signed = format!("{id}.{}.{}", one.header("webhook-timestamp"), one.text);
    let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    let mac = mac.chain_update(signed.as_bytes()).finalize();
    format!("v1,{}", STANDARD.encode(mac.into_bytes()))
}

#[test]
fn what_happens_is_sent_signed_and_once() {
    in_world(async |world| {
        let (server, stage) = Server::start(world).await;
        let mut farah = stage.person("Farah Ali").await;
        let made = hook(&mut farah, &server.url(), false).await;
        let secret = made["secret"].as_str().unwrap().to_owned();
        let at = farah.since("Without a cold").await;
        let reset = farah.reset(&at, &json!({"note": "Secret monsoon"})).await;
        stage.work().await;
        let arrived = server.arrived();
        assert_eq!(arrived.len(), 1);
        let one = &arrived[0];
        assert!(
            one.head.starts_with("POST /hook?a=b HTTP/1.1\n"),
            "{}",
            one.head
        );
        assert_eq!(one.header("host"), format!("hooks.example:{}", server.port));
        assert_eq!(one.header("webhook-signature"), signature(&secret, one));
        assert_eq!(one.body["id"], one.header("webhook-id"));
        assert_eq!(one.body["type"], "countdown.reset");
        assert_eq!(one.body["countdown"]["title"], "Without a cold");
        assert_eq!(one.body["entry"]["id"], reset.json()["entry"]["id"]);
        assert_eq!(one.body["stats"]["entry_count"], 1);
        assert!(!one.text.contains("monsoon"), "notes are not sent");

        // Lists do not contain the webhook's secret; only the response to its creation did.
        let listed = farah.program.get(HOOKS).await;
        assert!(!listed.body.contains("whsec_"));
        assert_eq!(
            world.places_of(secret.trim_start_matches("whsec_")),
            Vec::<String>::new()
        );

        let entry = format!(
            "{at}/entries/{}",
            reset.json()["entry"]["id"].as_str().unwrap()
        );
        farah
            .call("PATCH", &entry, &json!({"note": "x"}))
            .await
            .expect(200);
        farah.call("DELETE", &entry, &json!({})).await.expect(204);
        let change = json!({"version": 1, "title": "Other"});
        farah.call("PATCH", &at, &change).await.expect(200);
        stage.work().await;
        let mut types: Vec<_> = server
            .arrived()
            .iter()
            .map(|one| one.body["type"].to_string())
            .collect();
        types.sort();
        let expected = ["changed", "entry_changed", "entry_deleted"];
        assert_eq!(types, expected.map(|word| format!("\"countdown.{word}\"")));
        stage.work().await;
        assert!(server.arrived().is_empty());
    });
}

#[test]
fn a_day_that_comes_is_sent_and_says_when_it_is_late() {
    in_world(async |world| {
        let (server, stage) = Server::start(world).await;
        let mut farah = stage.person("Farah Ali").await;
        hook(&mut farah, &server.url(), false).await;
        farah
            .make(
                json!({"title": "Day", "kind": "until", "target": "2026-11-20T16:01",
                "time_zone": "Asia/Kuala_Lumpur", "repeat": "weekly"}),
            )
            .await;
        stage.world.clock.advance(SignedDuration::from_secs(61));
        stage.work().await;
        let arrived = server.arrived();
        assert_eq!(arrived[0].body["type"], "countdown.reached");
        assert_eq!(
            (arrived.len(), &arrived[0].body["late"]),
            (1, &json!(false))
        );
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 7 + 1));
        stage.work().await;
        let arrived = server.arrived();
        assert_eq!((arrived.len(), &arrived[0].body["late"]), (1, &json!(true)));
    });
}

#[test]
fn what_does_not_arrive_is_sent_eight_times_within_a_day() {
    in_world(async |world| {
        let (server, stage) = Server::start(world).await;
        let mut farah = stage.person("Farah Ali").await;
        let made = hook(&mut farah, &server.url(), true).await;
        let at = farah.since("Without a cold").await;
        // The redirect is not followed, and the message does not count as delivered.
        server.answer("307 Temporary Redirect");
        farah
            .reset(&at, &json!({"note": "Marker note"}))
            .await
            .expect(201);
        for _ in 0..30 {
            stage.work().await;
            stage.world.clock.advance(SignedDuration::from_hours(1));
        }
        let arrived = server.arrived();
        assert_eq!(arrived.len(), 8);
        assert!(arrived.iter().all(|one| one.head.starts_with("POST /hook")));
        assert!(
            arrived
                .iter()
                .all(|one| one.body["entry"]["note"] == "Marker note")
        );
        let first = arrived[0].header("webhook-id");
        assert!(arrived.iter().all(|one| one.header("webhook-id") == first));
        assert_eq!(state(&mut farah).await, "failing");
        let sent = format!("{HOOKS}/{}/deliveries", made["id"].as_str().unwrap());
        let list = farah.program.get(&sent).await.json();
        let last = &list["items"][0];
        assert_eq!(
            (&last["state"], &last["outcome"]),
            (&json!("failed"), &json!("307"))
        );
        assert_eq!(last["attempts"], 8);
        // No delivery contains the note, because the webhook does not include notes.
        let places = world.places_of("Marker note").join(" ");
        assert!(!places.contains("webhook_delivery"), "{places}");

        // After five days, the webhook is disabled, and a mail tells its owner.
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 5));
        world.expect_mail("Farah.Ali@example.my", "A webhook was turned off");
        world.expect_jobs("mail.send");
        farah.reset(&at, &json!({})).await.expect(201);
        stage.work().await;
        assert_eq!(
            (server.arrived().len(), state(&mut farah).await.as_str()),
            (1, "disabled")
        );
        farah.reset(&at, &json!({})).await.expect(201);
        stage.work().await;
        assert!(server.arrived().is_empty());

        // A test message that is delivered enables the webhook again.
        let test = format!("{HOOKS}/{}/test", made["id"].as_str().unwrap());
        farah.call("POST", &test, &json!({})).await.expect(202);
        stage.work().await;
        assert_eq!(state(&mut farah).await, "disabled");
        server.answer("200 OK");
        farah.call("POST", &test, &json!({})).await.expect(202);
        stage.work().await;
        assert_eq!(
            server.arrived().last().unwrap().body["type"],
            "webhook.test"
        );
        assert_eq!(state(&mut farah).await, "active");
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 31));
        stage.work().await;
        let list = farah.program.get(&sent).await.json();
        assert_eq!(list["items"], json!([]), "kept for 30 days");
    });
}

#[test]
fn who_wants_nothing_more_is_sent_nothing_more() {
    in_world(async |world| {
        let (server, stage) = Server::start(world).await;
        let mut farah = stage.person("Farah Ali").await;
        hook(&mut farah, &server.url(), false).await;
        let at = farah.since("Without a cold").await;
        server.answer("410 Gone");
        world.expect_mail("Farah.Ali@example.my", "A webhook was turned off");
        world.expect_jobs("mail.send");
        farah.reset(&at, &json!({})).await.expect(201);
        farah.reset(&at, &json!({})).await.expect(201);
        stage.work().await;
        assert_eq!(server.arrived().len(), 1, "what waits is not sent");
        assert_eq!(state(&mut farah).await, "disabled");
    });
}

#[test]
fn no_address_of_our_own_networks_is_called() {
    in_world(async |world| {
        let (server, stage) = Server::start(world).await;
        let mut farah = stage.person("Farah Ali").await;
        for url in [
            "http://hooks.example/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://localhost/",
            "https://169.254.169.254/latest/meta-data",
            "https://me:word@hooks.example/",
        ] {
            let body = json!({"url": url, "events": ["countdown.reset"]});
            let refused = farah.call("POST", HOOKS, &body).await;
            refused.expect(422);
            let found = crate::stage::errors(&refused);
            assert_eq!(
                found,
                [("/url".to_owned(), "webhook_url_refused".to_owned())]
            );
        }
        // The name resolves to a private address, which is detected only when a message is sent.
        let made = hook(&mut farah, "https://inside.example/", false).await;
        let id = made["id"].as_str().unwrap();
        farah
            .call("POST", &format!("{HOOKS}/{id}/test"), &json!({}))
            .await
            .expect(202);
        stage.work().await;
        let list = farah
            .program
            .get(&format!("{HOOKS}/{id}/deliveries"))
            .await
            .json();
        assert_eq!(list["items"][0]["outcome"], "unreachable");
        assert!(server.arrived().is_empty());
        let wrong = json!({"url": server.url(), "events": ["countdown.lost"]});
        let refused = farah.call("POST", HOOKS, &wrong).await;
        assert_eq!(
            crate::stage::errors(&refused),
            [("/events/0".to_owned(), "unknown_option".to_owned())]
        );
    });
}

#[test]
fn a_new_secret_takes_the_place_of_the_old_one_in_a_day() {
    in_world(async |world| {
        let (server, stage) = Server::start(world).await;
        let mut farah = stage.person("Farah Ali").await;
        let made = hook(&mut farah, &server.url(), false).await;
        let at = format!("{HOOKS}/{}", made["id"].as_str().unwrap());
        let rotated = farah
            .call("POST", &format!("{at}/rotate"), &json!({}))
            .await;
        rotated.expect(200);
        let rotated = rotated.json();
        let secrets = [&rotated, &made].map(|one| one["secret"].as_str().unwrap().to_owned());
        assert_ne!(secrets[0], secrets[1]);
        for hours in [0, 25] {
            stage.world.clock.advance(SignedDuration::from_hours(hours));
            farah
                .call("POST", &format!("{at}/test"), &json!({}))
                .await
                .expect(202);
            stage.work().await;
            let arrived = server.arrived();
            let all: Vec<_> = secrets
                .iter()
                .map(|secret| signature(secret, &arrived[0]))
                .collect();
            let expected = if hours == 0 {
                all.join(" ")
            } else {
                all[0].clone()
            };
            assert_eq!(arrived[0].header("webhook-signature"), expected);
        }
        let mut other = stage.person("Somebody Else").await;
        for rest in ["/test", "/rotate"] {
            other
                .call("POST", &format!("{at}{rest}"), &json!({}))
                .await
                .expect(404);
        }
        other.call("DELETE", &at, &json!({})).await.expect(404);
        farah.call("DELETE", &at, &json!({})).await.expect(204);
        let one = farah.since("One").await;
        let mut limited = limited(&stage, &farah, one.trim_start_matches(&format!("{API}/"))).await;
        limited.get(HOOKS).await.expect(403);
    });
}

#[test]
fn webhooks_are_kept_on_a_page() {
    in_world(async |world| {
        let (server, stage) = Server::start(world).await;
        let mut farah = stage.person("Farah Ali").await;
        let browser = &mut farah.browser;
        let page = browser.get("/me/webhooks").await;
        page.expect(200);
        let mut form = page.form("/me/webhooks");
        form.fill("url", "https://127.0.0.1/");
        browser.submit(&page, &form).await.expect(422);
        form.fill("url", &server.url())
            .tick("events", "countdown.changed");
        let made = browser.submit(&page, &form).await;
        made.expect(200);
        assert!(made.body.contains("whsec_"));
        let all = farah.program.get(HOOKS).await.json();
        assert_eq!(
            all["items"][0]["events"],
            json!(["countdown.reset", "countdown.changed"])
        );
        let at = format!("/me/webhooks/{}", all["items"][0]["id"].as_str().unwrap());
        let browser = &mut farah.browser;
        let page = browser.get("/me/webhooks").await;
        assert!(!page.body.contains("whsec_"));
        browser
            .submit(&page, &page.form(&format!("{at}/test")))
            .await
            .expect(303);
        stage.work().await;
        assert_eq!(server.arrived().len(), 1);
        let page = browser.get("/me/webhooks").await;
        assert!(page.body.contains("webhook.test"));
        let rotated = browser
            .submit(&page, &page.form(&format!("{at}/rotate")))
            .await;
        assert!(rotated.body.contains("whsec_"));
        browser
            .submit_surely(&page, &page.form(&format!("{at}/delete")))
            .await
            .expect(303);
        let all = farah.program.get(HOOKS).await.json();
        assert_eq!(all["items"], json!([]));
    });
}

#[test]
fn whoever_is_gone_is_sent_nothing_more() {
    in_world(async |world| {
        let (server, stage) = Server::start(world).await;
        let second = world.second_store();
        for round in 0..rounds() {
            let mut farah = stage.person(&format!("Farah Ali {round}")).await;
            hook(&mut farah, &server.url(), false).await;
            let at = farah.since("Without a cold").await;
            for _ in 0..3 {
                farah.reset(&at, &json!({})).await.expect(201);
            }
            let sudo = Sudo::check(farah.who.clone(), world.clock.now()).unwrap();
            let erase = move |tx: &mut Tx<'_>| {
                erasure::ask(tx, &for_identity(DOMAINS), &sudo, When::Now, &request())
            };
            let (second, seen) = (second.clone(), Arc::clone(&server.arrived));
            let (before, ()) = together(
                async move {
                    let _: () = Result::<_, EraseError>::unwrap(second.write(erase).await);
                    seen.lock().unwrap().len()
                },
                stage.work(),
            )
            .await;
            // Messages to a webhook are sent one after another, so at most one was in flight.
            let arrived = server.arrived().len();
            assert!(arrived <= before + 1, "round {round}: {arrived} {before}");
            stage.work().await;
            assert!(server.arrived().is_empty(), "round {round}");
            assert_eq!(deliveries(&stage, Event::Reset).await, 0, "round {round}");
        }
    });
}
