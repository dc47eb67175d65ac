//! Tests of reports from Amazon SES, signed by a simulated SNS.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use platform::Outbound;
use platform::mail::SnsTopic;
use platform::mail::suppression::{Cause, Outcome};
use platform::outbound::Names;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, SigningKey as _};
use serde_json::{Value, json};
use site::Context;
use testkit::World;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::stage::{MIGRATIONS, accounts, actions, visitor};
use crate::suppressions::{FARAH, suppressed};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:mail";
const HOST: &str = "sns.eu-west-1.amazonaws.com";
const PEM: &str = "/SimpleNotificationService-1f.pem";

/// A simulated SNS, which responds to every request with its certificate.
struct Sns {
    key: KeyPair,
    /// The status of the simulated SNS's responses.
    status: Arc<Mutex<&'static str>>,
    /// The requests that the simulated SNS has received.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Sns {
    async fn start(accounts: &mut Context) -> Self {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let certificate = CertificateParams::new([HOST.to_owned()]).unwrap();
        let certificate = certificate.self_signed(&key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (der, pem) = (certificate.der().clone(), certificate.pem());
        let names = Names::Listed(HashMap::from([(HOST.to_owned(), vec![address])]));
        let trusted = std::slice::from_ref(&der);
        accounts.site.platform.outbound = Outbound::new(names, vec![address], trusted).unwrap();
        accounts.ses_topic = SnsTopic::parse(TOPIC);
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![der], private)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let sns = Self {
            key,
            status: Arc::new(Mutex::new("200 OK")),
            asked: Arc::default(),
        };
        let (status, asked) = (sns.status.clone(), sns.asked.clone());
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
                let path = head.split(' ').nth(1).unwrap();
                asked.lock().unwrap().push(path.to_owned());
                let status = *status.lock().unwrap();
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{pem}",
                    pem.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        sns
    }

    fn answer(&self, status: &'static str) {
        *self.status.lock().unwrap() = status;
    }

    /// Takes the requests that the simulated SNS has received since the last call.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// A message as SNS would send it now. `change` modifies the message before it is signed.
    fn post(&self, world: &World, message: &Value, change: impl FnOnce(&mut Value)) -> Value {
        let message = message
            .as_str()
            .map_or_else(|| message.to_string(), str::to_owned);
        let mut post = json!({
            "Type": "Notification",
            "MessageId": "22b80b92",
            "TopicArn": TOPIC,
            "Subject": "Amazon SES Email Event Notification",
            "Message": message,
            "Timestamp": world.clock.now().to_string(),
            "SignatureVersion": "2",
            "SigningCertURL": format!("https://{HOST}{PEM}"),
        });
        change(&mut post);
        let of_type: &[&str] = match post["Type"].as_str() {
            Some("Notification") => &["Subject", "Timestamp", "TopicArn", "Type"],
            _ => &["SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
        };
        let text: String = ["Message", "MessageId"]
            .iter()
            .chain(of_type)
            .filter_map(|name| Some(format!("{name}\n{}\n", post[*name].as_str()?)))
            .collect();
        post["Signature"] = STANDARD
            .encode(self.key.sign(text.as_bytes()).unwrap())
            .into();
        post
    }

    /// A message in which SNS asks the site to confirm a subscription to a topic.
    fn subscription(&self, world: &World, topic: &str, url: &str) -> Value {
        self.post(world, &json!("You have chosen to subscribe"), |post| {
            post["Type"] = "SubscriptionConfirmation".into();
            post["TopicArn"] = topic.into();
            post["Token"] = "2336".into();
            post["SubscribeURL"] = url.into();
            post.as_object_mut().unwrap().remove("Subject");
        })
    }
}

/// Sends a message to the site, as SNS does. Returns the response's status.
async fn call(accounts: &Context, post: &Value) -> u16 {
    let mut sns = visitor(accounts);
    let kind = Some("text/plain; charset=UTF-8");
    let body = post.to_string().into();
    let answer = sns.send(Method::POST, "/hooks/mail/ses", kind, body).await;
    answer.status.as_u16()
}

/// The report of SES about a mail to Farah.
fn event(outcome: Outcome, mail: &str) -> Value {
    let recipients = json!([{"emailAddress": FARAH}]);
    let bounce = |kind: &str| json!({"bounceType": kind, "bouncedRecipients": recipients});
    let (kind, name, what) = match outcome {
        Outcome::Delivered => ("Delivery", "delivery", json!({"recipients": [FARAH]})),
        Outcome::SoftBounce => ("Bounce", "bounce", bounce("Transient")),
        Outcome::HardBounce => ("Bounce", "bounce", bounce("Permanent")),
        Outcome::Complaint => (
            "Complaint",
            "complaint",
            json!({"complaintFeedbackType": "abuse", "complainedRecipients": recipients}),
        ),
    };
    json!({"notificationType": kind, name: what, "mail": {"messageId": mail, "destination": [FARAH]}})
}

#[test]
fn amazon_ses_tells_what_became_of_a_mail() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut accounts = accounts(world);
        assert_eq!(call(&accounts, &json!({})).await, 404);
        let sns = Sns::start(&mut accounts).await;
        let say = async |outcome: Outcome, mail: &str| {
            let post = sns.post(world, &event(outcome, mail), |_| {});
            assert_eq!(call(&accounts, &post).await, 204, "{outcome:?}");
        };
        for mail in ["1", "2", "2"] {
            say(Outcome::SoftBounce, mail).await;
        }
        assert_eq!(suppressed(world).await, [], "two mails");
        say(Outcome::Delivered, "3").await;
        for mail in ["4", "5"] {
            say(Outcome::SoftBounce, mail).await;
        }
        assert_eq!(suppressed(world).await, [], "one arrived in between");
        say(Outcome::SoftBounce, "6").await;
        assert_eq!(suppressed(world).await, [Cause::SoftBounce]);
        for _ in 0..2 {
            say(Outcome::HardBounce, "7").await;
        }
        assert_eq!(suppressed(world).await, [Cause::HardBounce]);
        assert_eq!(sns.asked(), [PEM], "the key is kept");
        for silent in [
            json!("Successfully validated SNS topic"),
            json!({"eventType": "Open", "mail": {"messageId": "8"}}),
            json!({"eventType": "Complaint", "mail": {"messageId": "8"}, "complaint":
                {"complaintFeedbackType": "not-spam", "complainedRecipients": [{"emailAddress": FARAH}]}}),
        ] {
            let post = sns.post(world, &silent, |_| {});
            assert_eq!(call(&accounts, &post).await, 204, "{silent}");
        }
        assert_eq!(suppressed(world).await, [Cause::HardBounce]);
        say(Outcome::Complaint, "7").await;
        assert_eq!(suppressed(world).await, [Cause::Complaint]);
        assert_eq!(actions(world).await, ["suppression.added"; 3]);
        world.clock.advance(SignedDuration::from_hours(1));
        say(Outcome::Delivered, "9").await;
        assert_eq!(sns.asked(), [PEM], "for an hour");
    });
}

#[test]
fn what_sns_has_not_signed_for_the_topic_is_refused() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut accounts = accounts(world);
        let sns = Sns::start(&mut accounts).await;
        let bounce = event(Outcome::HardBounce, "1");
        let old = (world.clock.now() - SignedDuration::from_hours(25)).to_string();
        for (name, value) in [
            ("TopicArn", "arn:aws:sns:eu-west-1:123456789012:other"),
            ("SignatureVersion", "1"),
            ("Timestamp", old.as_str()),
            ("Timestamp", "now"),
            (
                "SigningCertURL",
                "https://sns.evil.example/SimpleNotificationService-1f.pem",
            ),
            (
                "SigningCertURL",
                "https://sns.eu-west-1.amazonaws.com/?x=.pem",
            ),
        ] {
            let post = sns.post(world, &bounce, |post| post[name] = value.into());
            assert_eq!(call(&accounts, &post).await, 401, "{name} {value}");
        }
        assert_eq!(sns.asked(), [""; 0], "nothing is fetched for these");
        for name in ["Message", "MessageId", "Subject", "Type", "Signature"] {
            let mut post = sns.post(world, &bounce, |_| {});
            post[name] = "AAAA".into();
            assert_eq!(call(&accounts, &post).await, 401, "{name}");
        }
        assert_eq!(call(&accounts, &json!({"Type": "Notification"})).await, 422);

        // The certificate could not be fetched, so the response must make SNS send the message
        // again.
        let post = sns.post(world, &bounce, |_| {});
        sns.answer("500 Internal Server Error");
        assert_eq!(call(&accounts, &post).await, 503);
        assert_eq!(suppressed(world).await, []);
        sns.answer("200 OK");
        assert_eq!(call(&accounts, &post).await, 204);
        assert_eq!(suppressed(world).await, [Cause::HardBounce]);
    });
}

#[test]
fn a_subscription_is_confirmed_for_the_topic_alone() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut accounts = accounts(world);
        let sns = Sns::start(&mut accounts).await;
        let path = "/?Action=ConfirmSubscription&Token=2336";
        let url = format!("https://{HOST}{path}");
        let other = sns.subscription(world, &TOPIC.replace("mail", "other"), &url);
        assert_eq!(call(&accounts, &other).await, 401);
        let elsewhere = sns.subscription(world, TOPIC, "https://evil.example/");
        assert_eq!(call(&accounts, &elsewhere).await, 401);
        assert_eq!(sns.asked(), [PEM]);
        let post = sns.subscription(world, TOPIC, &url);
        let mut forged = post.clone();
        forged["Token"] = "1".into();
        assert_eq!(call(&accounts, &forged).await, 401);
        assert_eq!(sns.asked(), [""; 0]);
        assert_eq!(call(&accounts, &post).await, 204);
        assert_eq!(sns.asked(), [path]);
    });
}
