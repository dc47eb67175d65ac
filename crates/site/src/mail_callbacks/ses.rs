//! Amazon SES's reports on the site's mails, delivered through an Amazon SNS topic.

use axum::http::StatusCode;
use platform::mail::suppression::Outcome;
use platform::mail::{Address, SnsError, SnsPost, SnsTopic};
use serde::Deserialize;
use web::{Json, Problem, Site};

use super::{MESSAGE_LIMIT, report};

/// The fields that SES's reports about deliveries, bounces and complaints have. Other reports do
/// not concern an email address.
#[derive(Deserialize)]
struct Event {
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery: Option<Delivery>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    common_headers: Option<Headers>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Headers {
    message_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complaint_feedback_type: Option<String>,
    complained_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
struct Delivery {
    recipients: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

impl Event {
    fn outcome(self) -> Option<(Outcome, Vec<String>)> {
        let addresses = |all: Vec<Recipient>| all.into_iter().map(|one| one.email_address);
        if let Some(bounce) = self.bounce {
            let outcome = if bounce.bounce_type == "Permanent" {
                Outcome::HardBounce
            } else {
                Outcome::SoftBounce
            };
            return Some((outcome, addresses(bounce.bounced_recipients).collect()));
        }
        if let Some(complaint) = self.complaint {
            // The recipient has moved the mail out of the spam folder.
            if complaint.complaint_feedback_type.as_deref() == Some("not-spam") {
                return None;
            }
            let complained = addresses(complaint.complained_recipients);
            return Some((Outcome::Complaint, complained.collect()));
        }
        self.delivery
            .map(|delivery| (Outcome::Delivered, delivery.recipients))
    }
}

/// Processes a request from Amazon SNS.
pub(super) async fn take(
    site: &Site,
    topic: &SnsTopic,
    body: &[u8],
) -> Result<StatusCode, Problem> {
    let Json(post): Json<SnsPost> = Json::parse(body)?;
    let opened = topic.open(&site.outbound, post, site.clock.now()).await;
    let message = opened.map_err(|error| match error {
        SnsError::Untrusted => Problem::new(StatusCode::UNAUTHORIZED, "signature_invalid"),
        SnsError::Outbound(_) | SnsError::Status(_) | SnsError::Busy => {
            tracing::warn!(%error, "cannot check a callback of Amazon SNS; SNS sends it again; if this goes on, this machine must reach https://sns.REGION.amazonaws.com");
            // SNS sends the request again after a 503.
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy").retry_after(60)
        }
    })?;
    // When SES starts to use the topic, it also posts a plain sentence, which is not JSON.
    let event = message.and_then(|message| serde_json::from_str::<Event>(&message).ok());
    let Some(event) = event else {
        return Ok(StatusCode::NO_CONTENT);
    };
    // SES gives each mail an id. The `Message-ID` that this site gave the mail is among the
    // headers, if SES is configured to report them.
    let own = event.mail.common_headers.as_ref();
    let own = own.and_then(|headers| headers.message_id.clone());
    let name = own.unwrap_or_else(|| event.mail.message_id.clone());
    let Some((outcome, addresses)) = event.outcome() else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let addresses: Vec<Address> = addresses
        .iter()
        .filter_map(|address| address.parse().ok())
        .collect();
    if (1..=MESSAGE_LIMIT).contains(&name.len()) {
        report(site, addresses, name, outcome).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
