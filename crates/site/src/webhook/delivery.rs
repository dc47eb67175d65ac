//! Deliveries to webhooks. Each message is sent again until it arrives, up to eight times within a
//! day.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, Job, JobError, NewJob, Queue};
use platform::outbound::OutboundError;
use platform::store::Row;
use platform::webhook_key::WebhookKey;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use web::Site;

use super::{State, Webhook, WebhookId};

use identity::account::{self, AccountId};
use identity::security_mail::SecurityMail;

platform::id!(DeliveryId, random, "One message to a webhook.");

const KIND: &str = "webhook.deliver";
/// How long a message waits if another message of the same account is being delivered.
const NEXT_TURN: SignedDuration = SignedDuration::from_secs(2);
/// The event name of test messages.
pub const TEST: &str = "webhook.test";

/// The delays between the attempts. With them, eight attempts take about a day.
pub(super) const PAUSES: [SignedDuration; 7] = [
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(10),
    SignedDuration::from_mins(40),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(6),
    SignedDuration::from_hours(15),
];
/// A webhook is disabled after this time without a successful delivery.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(5 * 24);
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
const SHOWN: i64 = 50;

web::words! {
    /// The state of a message.
    DeliveryState {
        /// The message waits for its first or next attempt.
        Waiting = "waiting" => "webhook-delivery-waiting",
        /// The receiver has accepted the message.
        Delivered = "delivered" => "webhook-delivery-delivered",
        /// All attempts have failed, and the message will not be sent again.
        Failed = "failed" => "webhook-delivery-failed",
    }
}

/// A message as shown to the webhook's owner.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
pub struct Delivery {
    /// The message's id, which is also sent as `webhook-id`.
    pub id: DeliveryId,
    /// The name of the event.
    pub event: String,
    /// The state of the delivery.
    pub state: DeliveryState,
    /// The number of attempts.
    pub attempts: i64,
    /// The result of the last attempt: an HTTP status, `unreachable`, `slow` or `not_http`.
    pub outcome: String,
    /// The time of the event.
    pub created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    delivery: DeliveryId,
}

fn attempt_later(id: &DeliveryId) -> NewJob {
    NewJob {
        queue: Queue::Calls,
        ..NewJob::new(KIND, json!({"delivery": id}))
    }
}

/// Generates the id of a message and completes its body.
pub(super) fn message(tx: &mut Tx<'_>, event: &str, mut body: Value) -> (DeliveryId, String) {
    let id: DeliveryId = tx.id();
    body["id"] = json!(id);
    body["type"] = json!(event);
    body["occurred_at"] = json!(tx.now());
    (id, body.to_string())
}

/// Stores a message. Must be called in the same transaction as the change that the message reports.
pub(super) fn enqueue(
    tx: &mut Tx<'_>,
    webhook: &WebhookId,
    event: &str,
    body: Value,
) -> Result<DeliveryId, StoreError> {
    let (id, body) = message(tx, event, body);
    let now = tx.now();
    sql!(
        "INSERT INTO webhook_delivery (id, webhook_id, event, body, state, attempts, outcome,
             created_at)
         VALUES (:id, :webhook, :event, :body, 'waiting', 0, '', :now)",
        id,
        webhook,
        event,
        body,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    tx.enqueue(attempt_later(&id))?;
    Ok(id)
}

/// Sends a test message, even to a disabled webhook.
pub fn test(tx: &mut Tx<'_>, webhook: &Webhook) -> Result<DeliveryId, StoreError> {
    enqueue(tx, &webhook.id, TEST, json!({}))
}

/// The latest deliveries of a webhook, newest first.
pub fn list(tx: &mut Tx<'_>, webhook: &Webhook) -> Result<Vec<Delivery>, StoreError> {
    sql!(
        "SELECT {Delivery} FROM webhook_delivery WHERE webhook_id = :id
         ORDER BY created_at DESC, id LIMIT :limit",
        id = webhook.id,
        limit = SHOWN
    )
    .all(tx)
}

/// The handler of the jobs that send messages.
pub fn handler(site: &Site) -> Handler {
    let site = site.clone();
    let sending = Sending::default();
    Handler::new(KIND, move |job: Job| {
        let (site, sending) = (site.clone(), sending.clone());
        async move { attempt(site, sending, &job).await }
    })
}

/// The daily job that deletes old deliveries.
pub fn sweep_job() -> Handler {
    Handler::each_day("webhook.sweep", async |_| Ok(Done::with(sweep)))
}

fn sweep(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let oldest = tx.now() - KEPT_FOR;
    sql!(
        "DELETE FROM webhook_delivery WHERE created_at < :oldest",
        oldest
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

#[derive(Clone, Debug)]
struct Due {
    id: DeliveryId,
    event: String,
    body: String,
    attempts: i64,
    account: AccountId,
    webhook: Webhook,
}

/// The accounts and declared webhooks with a delivery in flight in this process. Each of them has
/// at most one delivery at a time, so that an unresponsive receiver delays only its own messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Sending(Arc<Mutex<HashSet<String>>>);

/// A permit to deliver a message, released on drop.
pub(super) struct Turn(Sending, String);

impl Sending {
    /// Returns a permit, or an error with the time at which to try again.
    pub(super) fn take(&self, whose: &str) -> Result<Turn, JobError> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.insert(whose.to_owned()) {
            return Ok(Turn(self.clone(), whose.to_owned()));
        }
        let why = "another message of the same sender is in flight";
        Err(JobError::later(NEXT_TURN, why))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut all = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.1);
    }
}

/// The HTTP headers of a message. They contain one signature for each of `keys`.
pub(super) fn headers(
    id: &DeliveryId,
    body: &str,
    keys: &[WebhookKey],
    now: Timestamp,
) -> [(&'static str, String); 3] {
    let timestamp = now.as_second().to_string();
    let sign = |key: &WebhookKey| key.sign(id.as_str(), &timestamp, body.as_bytes());
    let signatures: Vec<String> = keys.iter().map(sign).collect();
    [
        ("webhook-id", id.to_string()),
        ("webhook-signature", signatures.join(" ")),
        ("webhook-timestamp", timestamp),
    ]
}

/// The result of an attempt, and the keyword under which the owner's list of deliveries shows it.
pub(super) fn outcome(answer: &Result<StatusCode, OutboundError>) -> (End, String) {
    let word = match answer {
        Ok(status) => status.as_str(),
        // Both errors get the same keyword, because two keywords would reveal which host names
        // exist in a private network.
        Err(OutboundError::Refused | OutboundError::Unreachable(_)) => "unreachable",
        Err(OutboundError::Http(_) | OutboundError::TooLong) => "not_http",
        Err(OutboundError::Slow) => "slow",
    };
    let end = match answer {
        Ok(status) if status.is_success() => End::Arrived,
        Ok(status) if *status == StatusCode::GONE => End::Gone,
        _ => End::Failed,
    };
    (end, word.to_owned())
}

async fn attempt(site: Site, sending: Sending, job: &Job) -> Result<Done, JobError> {
    let Payload { delivery } = job.read()?;
    let look = move |tx: &mut Tx<'_>| find_due(tx, &delivery);
    let Some(due) = site.store.read(look).await? else {
        return Ok(Done::nothing());
    };
    let turn = sending.take(due.account.as_str())?;
    let now = site.clock.now();
    let keys = due.webhook.keys(&site.keys, now);
    let headers = headers(&due.id, &due.body, &keys, now);
    let url = &due.webhook.url;
    let answer = site.outbound.post(url, &headers, due.body.clone()).await;
    drop(turn);
    let (end, outcome) = outcome(&answer);
    Ok(Done::with(move |tx| settle(tx, &site, &due, end, &outcome)))
}

fn find_due(tx: &mut Tx<'_>, id: &DeliveryId) -> Result<Option<Due>, StoreError> {
    let found: Option<(WebhookId, AccountId, String, String, i64)> = sql!(
        "SELECT d.webhook_id, w.account_id, d.event, d.body, d.attempts
         FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id
         WHERE d.id = :id AND d.state = 'waiting'",
        id
    )
    .maybe(tx)?;
    let Some((webhook, account, event, body, attempts)) = found else {
        return Ok(None);
    };
    let webhook: Webhook =
        sql!("SELECT {Webhook} FROM webhook WHERE id = :webhook", webhook).one(tx)?;
    Ok(Some(Due {
        id: id.clone(),
        account,
        event,
        body,
        attempts,
        webhook,
    }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Arrived,
    /// The receiver answered `410 Gone`, so the webhook is disabled.
    Gone,
    Failed,
}

/// Stores the result of an attempt. Does nothing if the attempt's result is already stored.
fn settle(
    tx: &mut Tx<'_>,
    site: &Site,
    due: &Due,
    end: End,
    outcome: &str,
) -> Result<(), StoreError> {
    let id = &due.webhook.id;
    let webhook: Option<Webhook> = sql!(
        "SELECT {Webhook} FROM webhook WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    let Some(webhook) = webhook else {
        return Ok(());
    };
    // A test message is sent only once, because the webhook's owner waits for the result.
    let pause = usize::try_from(due.attempts)
        .ok()
        .and_then(|past| PAUSES.get(past));
    let pause = pause.filter(|_| end == End::Failed && due.event != TEST);
    let state = match (end, pause) {
        (End::Arrived, _) => DeliveryState::Delivered,
        (End::Failed, Some(_)) => DeliveryState::Waiting,
        _ => DeliveryState::Failed,
    };
    let body = if pause.is_some() {
        due.body.as_str()
    } else {
        ""
    };
    let changed = sql!(
        "UPDATE webhook_delivery SET attempts = attempts + 1, state = :state, outcome = :outcome,
             body = :body
         WHERE id = :delivery AND state = 'waiting' AND attempts = :before",
        state,
        outcome,
        body,
        delivery = due.id,
        before = due.attempts
    )
    .run(tx, Rows::AtMostOne)?;
    if changed == 0 {
        return Ok(());
    }
    let now = tx.now();
    if end == End::Arrived {
        return set(tx, id, State::Active, None);
    }
    let since = webhook.failing_since.unwrap_or(now);
    if webhook.state == State::Disabled {
        return Ok(());
    }
    if end == End::Gone || now.duration_since(since) >= GIVEN_UP {
        return disable(tx, site, &webhook);
    }
    set(tx, id, State::Failing, Some(since))?;
    match pause {
        Some(pause) => tx.enqueue(NewJob {
            run_at: Some(now + *pause),
            ..attempt_later(&due.id)
        }),
        None => Ok(()),
    }
}

fn set(
    tx: &mut Tx<'_>,
    id: &WebhookId,
    state: State,
    failing_since: Option<Timestamp>,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE webhook SET state = :state, failing_since = :failing_since WHERE id = :id",
        state,
        failing_since,
        id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn disable(tx: &mut Tx<'_>, site: &Site, webhook: &Webhook) -> Result<(), StoreError> {
    let id = &webhook.id;
    set(tx, id, State::Disabled, webhook.failing_since)?;
    sql!(
        "UPDATE webhook_delivery SET state = 'failed', body = ''
         WHERE webhook_id = :id AND state = 'waiting'",
        id
    )
    .run(tx, Rows::Any)?;
    let (account,): (AccountId,) =
        sql!("SELECT account_id FROM webhook WHERE id = :id", id).one(tx)?;
    let Some(owner) = account::find(tx, &account)? else {
        return Ok(());
    };
    let notice = SecurityMail {
        subject: "mail-webhook-subject",
        text: "mail-webhook-text",
        at: tx.now(),
        path: "/me/webhooks",
        values: vec![("url", webhook.url.as_str().into())],
    };
    notice.send(tx, site, &owner)
}

#[cfg(test)]
mod turns {
    use super::*;

    #[test]
    fn an_account_waits_for_one_answer_at_a_time() {
        let sending = Sending::default();
        let turn = sending.take("farah").unwrap();
        assert!(sending.take("farah").is_err());
        assert!(sending.take("aina").is_ok(), "others do not wait");
        drop(turn);
        assert!(sending.take("farah").is_ok());
    }
}
