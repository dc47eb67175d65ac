//! Resend's reports on the site's mails (<https://resend.com/docs/dashboard/webhooks/event-types>).

use axum::http::StatusCode;
use platform::mail::Address;
use platform::mail::suppression::Outcome;
use serde::Deserialize;
use web::{Json, Problem, Site};

use super::{MESSAGE_LIMIT, report};

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    email_id: String,
    /// The mail's `Message-ID`, which Resend sends with newer events.
    #[serde(default)]
    message_id: String,
    #[serde(default)]
    to: Vec<String>,
    bounce: Option<Bounce>,
}

#[derive(Deserialize)]
struct Bounce {
    #[serde(rename = "type", default)]
    kind: String,
}

impl Event {
    /// The outcome of the mail; `None` for an event that says nothing about an address, such as an
    /// opened mail.
    fn outcome(&self) -> Option<Outcome> {
        let bounce = self.data.as_ref().and_then(|data| data.bounce.as_ref());
        match self.kind.as_str() {
            "email.delivered" => Some(Outcome::Delivered),
            "email.complained" => Some(Outcome::Complaint),
            "email.bounced" if bounce.is_some_and(|bounce| bounce.kind == "Permanent") => {
                Some(Outcome::HardBounce)
            }
            "email.bounced" => Some(Outcome::SoftBounce),
            _ => None,
        }
    }
}

pub(super) async fn take(site: &Site, body: &[u8]) -> Result<StatusCode, Problem> {
    let Json(event): Json<Event> = Json::parse(body)?;
    let (Some(outcome), Some(data)) = (event.outcome(), event.data) else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let name = if data.message_id.is_empty() {
        data.email_id
    } else {
        data.message_id
    };
    let addresses: Vec<Address> = data.to.iter().filter_map(|to| to.parse().ok()).collect();
    if (1..=MESSAGE_LIMIT).contains(&name.len()) {
        report(site, addresses, name, outcome).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
