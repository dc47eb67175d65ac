//! Webhooks of the whole installation, which are declared in `kenduri.toml` and receive the events
//! of all accounts. The store contains only the events to which each webhook subscribes, so that a
//! transaction can write messages. The target URLs and the signing keys are only in the running
//! configuration.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use platform::jobs::{Done, Handler, Job, JobError, NewJob, Queue};
use platform::outbound;
use platform::webhook_key::WebhookKey;
use platform::{Outbound, Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use web::Site;

use super::delivery::{self, DeliveryId, End, PAUSES, Sending};

use crate::webhook_event::WebhookEvent;

const KIND: &str = "webhook.deliver_declared";

/// A webhook of the installation.
#[derive(Clone, Debug)]
pub struct DeclaredWebhook {
    /// The target, an https URL or `service:NAME/path`. No two declared webhooks have the same
    /// target.
    pub url: String,
    /// The names of the events to which the webhook subscribes.
    pub events: Vec<String>,
    /// Whether messages contain the notes that people write.
    pub include_notes: bool,
    /// The key that signs the messages.
    pub key: WebhookKey,
    /// If the target is a service: the path of the service's Unix socket, and the URL path to
    /// request there.
    pub service: Option<(PathBuf, String)>,
}

impl DeclaredWebhook {
    /// The URL without its path, for logs. The path may contain a secret.
    fn origin(&self) -> String {
        let of_service = || self.url.split('/').next().unwrap_or_default().to_owned();
        outbound::origin(&self.url).unwrap_or_else(of_service)
    }
}

/// Stores at startup which webhooks `kenduri.toml` declares.
pub fn declare(tx: &mut Tx<'_>, all: &[DeclaredWebhook]) -> Result<(), StoreError> {
    tx.run(sql!("DELETE FROM declared_webhook"), &[], Rows::Any)?;
    for webhook in all {
        sql!(
            "INSERT INTO declared_webhook (url, events, include_notes)
             VALUES (:url, :events, :include_notes)",
            url = webhook.url,
            events = webhook.events.join(" "),
            include_notes = webhook.include_notes
        )
        .run(tx, Rows::Exactly(1))?;
    }
    Ok(())
}

#[derive(Clone, Serialize, Deserialize)]
struct Payload {
    url: String,
    delivery: DeliveryId,
    body: String,
    attempts: usize,
}

impl Payload {
    fn job(&self, run_at: Option<Timestamp>) -> NewJob {
        NewJob {
            queue: Queue::Calls,
            run_at,
            ..NewJob::new(KIND, json!(self))
        }
    }
}

/// Stores a message for each declared webhook that subscribes to the event, in the transaction that
/// causes the event.
pub(super) fn enqueue<M: Serialize>(
    tx: &mut Tx<'_>,
    event: &WebhookEvent,
    message: impl Fn(&mut Tx<'_>, bool) -> Result<M, StoreError>,
) -> Result<(), StoreError> {
    let statement = sql!("SELECT url, events, include_notes FROM declared_webhook ORDER BY url");
    let all: Vec<(String, String, bool)> = tx.all(statement, &[])?;
    for (url, events, include_notes) in all {
        if !events.split(' ').any(|name| name == event.name) {
            continue;
        }
        let message = message(tx, include_notes)?;
        let (delivery, body) = delivery::message(tx, event.name, json!(message));
        let payload = Payload {
            url,
            delivery,
            body,
            attempts: 0,
        };
        tx.enqueue(payload.job(None))?;
    }
    Ok(())
}

/// Stores a message for the declared webhook with this URL. `event` is the name of an event. No
/// domain has to declare this event.
pub fn send(tx: &mut Tx<'_>, url: &str, event: &str, body: Value) -> Result<(), StoreError> {
    let (delivery, body) = delivery::message(tx, event, body);
    let payload = Payload {
        url: url.to_owned(),
        delivery,
        body,
        attempts: 0,
    };
    tx.enqueue(payload.job(None))
}

/// The job that sends messages to declared webhooks.
pub fn handler(site: &Site, all: Vec<DeclaredWebhook>) -> Handler {
    let (site, all, sending) = (site.clone(), Arc::new(all), Sending::default());
    Handler::new(KIND, move |job: Job| {
        let (site, all, sending) = (site.clone(), Arc::clone(&all), sending.clone());
        async move { attempt(&site, &all, &sending, &job).await }
    })
}

async fn attempt(
    site: &Site,
    all: &[DeclaredWebhook],
    sending: &Sending,
    job: &Job,
) -> Result<Done, JobError> {
    let payload: Payload = job.read()?;
    let Some(webhook) = all.iter().find(|one| one.url == payload.url) else {
        // During an upgrade, another process may have the webhook in its configuration, so the job
        // is retried.
        return Err(JobError::retry(
            "kenduri.toml has no such webhook any more; put it back, or let the job end",
        ));
    };
    let turn = sending.take(&webhook.url)?;
    let (now, body) = (site.clock.now(), payload.body.clone());
    let keys = std::slice::from_ref(&webhook.key);
    let headers = delivery::headers(&payload.delivery, &body, keys, now);
    let answer = match &webhook.service {
        Some((socket, path)) => Outbound::post_to_socket(socket, path, &headers, body).await,
        None => site.outbound.post(&webhook.url, &headers, body).await,
    };
    drop(turn);
    let (end, outcome) = delivery::outcome(&answer);
    if end == End::Arrived {
        return Ok(Done::nothing());
    }
    let Some(pause) = PAUSES.get(payload.attempts) else {
        return Err(JobError::fail(outcome));
    };
    tracing::warn!(
        webhook = webhook.origin(),
        outcome,
        "a webhook did not accept a message; it is sent again; if this goes on, look at the service that gets it, or correct its url in [[webhook]]"
    );
    let next = Payload {
        attempts: payload.attempts + 1,
        ..payload
    };
    Ok(Done::with(move |tx| {
        tx.enqueue(next.job(Some(now + *pause)))
    }))
}
