//! Delivery reports from Amazon SES, which arrive as signed notifications from Amazon SNS. SNS
//! itself serves the certificate of its signing key.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::Semaphore;
use x509_parser::pem::parse_x509_pem;

use crate::outbound::{Call, Outbound, OutboundError, Reach};

/// The maximum age of an accepted notification. SNS retries for an hour. Kenduri recognizes
/// repeated notifications for longer than this maximum age, so no notification counts twice.
const TOLERANCE: SignedDuration = SignedDuration::from_hours(24);
/// How long a fetched key is used.
const KEY_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

const NOTIFICATION: &str = "Notification";
const SUBSCRIPTION: &str = "SubscriptionConfirmation";

/// An SNS topic. Clones share its signing key.
#[derive(Clone, Debug)]
pub struct SnsTopic {
    arn: String,
    /// The base URL of SNS in the topic's region. Requests go only to this host.
    base_url: String,
    key: Arc<Mutex<Option<SigningKey>>>,
    /// Allows only one certificate to be fetched at a time, because anybody can send a notification
    /// that names a certificate.
    fetching: Arc<Semaphore>,
}

#[derive(Clone, Debug)]
struct SigningKey {
    url: String,
    since: Timestamp,
    bytes: Vec<u8>,
}

/// The JSON that SNS posts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SnsPost {
    r#type: String,
    message_id: String,
    topic_arn: String,
    subject: Option<String>,
    message: String,
    timestamp: String,
    token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SnsError {
    /// The notification is not from this topic, too old, or not signed by SNS.
    #[error("not signed by SNS for this topic")]
    Untrusted,
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("another certificate is being fetched; SNS sends the message again")]
    Busy,
    #[error("SNS answered {0}; this machine must reach https://sns.REGION.amazonaws.com")]
    Status(u16),
}

impl SnsTopic {
    /// Parses a topic's name: `arn:aws:sns:REGION:ACCOUNT:TOPIC`.
    pub fn parse(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.split(':').collect();
        let ["arn", "aws" | "aws-us-gov", "sns", region, account, topic] = parts[..] else {
            return None;
        };
        let is_word = |text: &str| {
            let mut bytes = text.bytes();
            !text.is_empty()
                && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let is_fine = [region, account, topic].into_iter().all(is_word);
        is_fine.then(|| Self {
            arn: name.to_owned(),
            base_url: format!("https://sns.{region}.amazonaws.com/"),
            key: Arc::default(),
            fetching: Arc::new(Semaphore::new(1)),
        })
    }

    /// Verifies a notification and returns its message. A subscription request is confirmed at SNS,
    /// and `None` is returned.
    pub async fn open(
        &self,
        outbound: &Outbound,
        post: SnsPost,
        now: Timestamp,
    ) -> Result<Option<String>, SnsError> {
        self.verify(outbound, &post, now).await?;
        match (post.r#type.as_str(), post.subscribe_url) {
            (NOTIFICATION, _) => Ok(Some(post.message)),
            (SUBSCRIPTION, Some(url)) if url.starts_with(&self.base_url) => {
                get(outbound, &url).await?;
                tracing::info!(
                    topic = self.arn,
                    "the subscription to the topic is confirmed"
                );
                Ok(None)
            }
            (SUBSCRIPTION, _) => Err(SnsError::Untrusted),
            _ => Ok(None),
        }
    }

    async fn verify(
        &self,
        outbound: &Outbound,
        post: &SnsPost,
        now: Timestamp,
    ) -> Result<(), SnsError> {
        let at: Option<Timestamp> = post.timestamp.parse().ok();
        let is_recent = at.is_some_and(|at| at.duration_since(now).abs() <= TOLERANCE);
        // Signatures of version 1 use SHA-1, which is not secure, so only version 2 is accepted.
        if post.topic_arn != self.arn || post.signature_version != "2" || !is_recent {
            return Err(SnsError::Untrusted);
        }
        let signature = STANDARD.decode(&post.signature);
        let signature = signature.map_err(|_| SnsError::Untrusted)?;
        let key = self.key(outbound, &post.signing_cert_url, now).await?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key.bytes)
            .verify(post.signed_text().as_bytes(), &signature)
            .map_err(|_| SnsError::Untrusted)?;
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        Ok(())
    }

    async fn key(
        &self,
        outbound: &Outbound,
        url: &str,
        now: Timestamp,
    ) -> Result<SigningKey, SnsError> {
        let known = self
            .key
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(known) = known
            && known.url == url
            && known.since + KEY_LIFETIME > now
        {
            return Ok(known);
        }
        if !self.is_certificate(url) {
            return Err(SnsError::Untrusted);
        }
        let _turn = self.fetching.try_acquire().map_err(|_| SnsError::Busy)?;
        let pem = get(outbound, url).await?;
        Ok(SigningKey {
            url: url.to_owned(),
            since: now,
            bytes: public_key(&pem).ok_or(SnsError::Untrusted)?,
        })
    }

    /// Whether `url` is the URL of an SNS certificate. Other paths on the same host may contain
    /// strangers' files.
    fn is_certificate(&self, url: &str) -> bool {
        let name = url.strip_prefix(&self.base_url);
        let name = name.and_then(|path| path.strip_prefix("SimpleNotificationService-"));
        let name = name.and_then(|name| name.strip_suffix(".pem"));
        name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }
}

impl SnsPost {
    /// The text that SNS signs: the name and value of each field, sorted by name.
    fn signed_text(&self) -> String {
        let is_notification = self.r#type == NOTIFICATION;
        let subscribe_url = self.subscribe_url.as_deref();
        let fields = [
            ("Message", Some(self.message.as_str())),
            ("MessageId", Some(self.message_id.as_str())),
            (
                "Subject",
                self.subject.as_deref().filter(|_| is_notification),
            ),
            ("SubscribeURL", subscribe_url.filter(|_| !is_notification)),
            ("Timestamp", Some(self.timestamp.as_str())),
            ("Token", self.token.as_deref().filter(|_| !is_notification)),
            ("TopicArn", Some(self.topic_arn.as_str())),
            ("Type", Some(self.r#type.as_str())),
        ];
        let lines = fields.into_iter();
        lines
            .filter_map(|(name, value)| Some(format!("{name}\n{}\n", value?)))
            .collect()
    }
}

async fn get(outbound: &Outbound, url: &str) -> Result<Bytes, SnsError> {
    let call = Call {
        url,
        reach: Reach::Public,
        headers: &[],
        form: None,
    };
    let answer = outbound.call(call).await?;
    if answer.status.is_success() {
        Ok(answer.body)
    } else {
        Err(SnsError::Status(answer.status.as_u16()))
    }
}

fn public_key(pem: &[u8]) -> Option<Vec<u8>> {
    let (_, pem) = parse_x509_pem(pem).ok()?;
    let certificate = pem.parse_x509().ok()?;
    let key = &certificate.public_key().subject_public_key;
    Some(key.data.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_named_whole() {
        let topic = SnsTopic::parse("arn:aws:sns:eu-west-1:123456789012:ses_mail-1").unwrap();
        assert_eq!(topic.base_url, "https://sns.eu-west-1.amazonaws.com/");
        for wrong in [
            "",
            "ses-mail",
            "arn:aws:sqs:eu-west-1:123456789012:mail",
            "arn:aws:sns::123456789012:mail",
            "arn:aws:sns:eu-west-1:123456789012",
            "arn:aws:sns:evil.example/:123456789012:mail",
            "arn:aws:sns:eu-west-1:123456789012:mail:0e2b",
        ] {
            assert!(SnsTopic::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_certificate_is_taken_from_the_place_of_certificates_alone() {
        let topic = SnsTopic::parse("arn:aws:sns:eu-west-1:123456789012:mail").unwrap();
        let host = "https://sns.eu-west-1.amazonaws.com";
        assert!(topic.is_certificate(&format!("{host}/SimpleNotificationService-9c6465fa.pem")));
        for wrong in [
            "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-9c6465fa.pem",
            "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
            "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
            "https://s3.amazonaws.com/SimpleNotificationService-1.pem",
            "https://sns.eu-west-1.amazonaws.com/mail.pem",
            "https://sns.eu-west-1.amazonaws.com/?Action=X&SimpleNotificationService-1.pem",
            "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1/../x.pem",
            "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem?x=.pem",
        ] {
            assert!(!topic.is_certificate(wrong), "{wrong}");
        }
    }
}
