//! Callbacks from a mail provider. With a callback, the provider reports that a mail was delivered,
//! has bounced or led to a complaint.

mod resend;
mod ses;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use platform::mail::Address;
use platform::mail::suppression::{self, Outcome};
use platform::webhook_key::{Signed, WebhookKey};
use platform::{StoreError, Tx};
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
        ("generic", Some(key), _) => {
            let body = read_signed(&context.site, key, "webhook", request).await?;
            take_generic(&context.site, &body).await
        }
        // Resend signs with Svix. The names of Svix's headers begin with `svix` instead of the
        // standard `webhook`.
        ("resend", Some(key), _) => {
            let body = read_signed(&context.site, key, "svix", request).await?;
            resend::take(&context.site, &body).await
        }
        ("ses", _, Some(topic)) => {
            let body = web::read_body(request.into_body(), LIMIT).await?;
            ses::take(&context.site, topic, &body).await
        }
        _ => Err(Problem::not_found()),
    }
}

/// The names of the signature's headers begin with `prefix`.
async fn read_signed(
    site: &Site,
    key: &WebhookKey,
    prefix: &str,
    request: Request,
) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    let body = web::read_body(body, LIMIT).await?;
    let header = |name| header(&parts.headers, &format!("{prefix}-{name}"));
    let signed = Signed {
        id: header("id"),
        timestamp: header("timestamp"),
        signatures: header("signature"),
    };
    if !key.verify(signed, &body, site.clock.now()) {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "signature_invalid"));
    }
    Ok(body)
}

async fn take_generic(site: &Site, body: &[u8]) -> Result<StatusCode, Problem> {
    let Json(said): Json<Callback> = Json::parse(body)?;
    let address: Address = said
        .address
        .parse()
        .map_err(|_| Problem::fields().field("/address", "email_invalid", []))?;
    if !(1..=MESSAGE_LIMIT).contains(&said.message_id.len()) {
        let values = [("max", 500.into())];
        return Err(Problem::fields().field("/message_id", "too_long", values));
    }
    report(site, vec![address], said.message_id, said.outcome).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn report(
    site: &Site,
    mut addresses: Vec<Address>,
    message: String,
    outcome: Outcome,
) -> Result<(), StoreError> {
    // Sorted addresses are locked in the same order by all callbacks, which prevents deadlocks.
    addresses.sort_by(|one, other| one.canonical().cmp(other.canonical()));
    let key = site.keys.key(suppression::PURPOSE);
    let change = move |tx: &mut Tx<'_>| {
        for address in &addresses {
            suppression::report(tx, &key, address, &message, outcome)?;
        }
        Ok(())
    };
    site.store.write(change).await
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}
