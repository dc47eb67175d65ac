//! Callbacks through which a mail provider reports that mails were delivered, bounced or led to
//! complaints.

mod ses;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use platform::Tx;
use platform::mail::Address;
use platform::mail::suppression::{self, Outcome};
use platform::webhook_key::{Signed, WebhookKey};
use serde::Deserialize;
use web::{Json, Problem, Site};

use crate::domain::Context;

/// The maximum size of a callback's body, in bytes.
const LIMIT: usize = 64 * 1024;
/// The maximum length of the message id in a callback, in bytes.
const MESSAGE_LIMIT: usize = 500;

#[derive(Deserialize)]
struct Callback {
    #[serde(rename = "type")]
    outcome: Outcome,
    address: String,
    /// The mail's `Message-ID`, or the id that the provider gave the mail.
    message_id: String,
}

/// Accepts a report about one mail from the provider whose name is in the path.
pub async fn take(
    State(context): State<Context>,
    Path(provider): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    match (
        provider.as_str(),
        &context.mail_callbacks,
        &context.ses_topic,
    ) {
        ("generic", Some(key), _) => take_generic(&context.site, key, request).await,
        ("ses", _, Some(topic)) => {
            let body = read(request.into_body()).await?;
            ses::take(&context.site, topic, &body).await
        }
        _ => Err(Problem::not_found()),
    }
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    let too_large = |_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large");
    to_bytes(body, LIMIT).await.map_err(too_large)
}

async fn take_generic(
    site: &Site,
    key: &WebhookKey,
    request: Request,
) -> Result<StatusCode, Problem> {
    let (parts, body) = request.into_parts();
    let body = read(body).await?;
    let header = |name| header(&parts.headers, name);
    let signed = Signed {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signatures: header("webhook-signature"),
    };
    if !key.verify(signed, &body, site.clock.now()) {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "signature_invalid"));
    }
    let Json(said): Json<Callback> = Json::parse(&body)?;
    let address: Address = said
        .address
        .parse()
        .map_err(|_| Problem::fields().field("/address", "email_invalid", []))?;
    if !(1..=MESSAGE_LIMIT).contains(&said.message_id.len()) {
        let values = [("max", 500.into())];
        return Err(Problem::fields().field("/message_id", "too_long", values));
    }
    let key = site.keys.key(suppression::PURPOSE);
    let change = move |tx: &mut Tx<'_>| {
        suppression::report(tx, &key, &address, &said.message_id, said.outcome)
    };
    let done: Result<(), platform::StoreError> = site.store.write(change).await;
    done?;
    Ok(StatusCode::NO_CONTENT)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}
