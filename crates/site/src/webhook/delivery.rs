//! Deliveries to webhooks: each message is sent until it arrives, at most eight times within a day.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, Job, JobError, NewJob, Queue};
use platform::outbound::OutboundError;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use utoipa::ToSchema;
use web::Site;

use super::{State, Webhook, WebhookId};

use identity::account::{self, AccountId};
use identity::notice::Notice;

platform::id!(DeliveryId, random, "One message to a webhook.");

const KIND: &str = "webhook.deliver";
/// How soon a message tries again while its account has another delivery in flight.
const NEXT_TURN: SignedDuration = SignedDuration::from_secs(2);
/// The event name of a test.
pub const TEST: &str = "webhook.test";

/// Pauses between the attempts: eight within a day.
const PAUSES: [SignedDuration; 7] = [
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
/// How long deliveries are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The number of deliveries in a list.
const SHOWN: i64 = 50;

web::words! {
    /// How it stands with a message.
    DeliveryState {
        /// It will be sent, perhaps once more.
        Waiting = "waiting" => "webhook-delivery-waiting",
        /// It has arrived.
        Delivered = "delivered" => "webhook-delivery-delivered",
        /// It has not, and will not.
        Failed = "failed" => "webhook-delivery-failed",
    }
}

/// A message, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
pub struct Delivery {
    /// Its id, which is sent as `webhook-id`.
    #[schema(value_type = String)]
    pub id: DeliveryId,
    /// What happened.
    pub event: String,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was sent.
    pub attempts: i64,
    /// What the last attempt came to: a status, `unreachable`, `slow` or `not_http`.
    pub outcome: String,
    /// When it happened.
    #[schema(value_type = String, format = "date-time")]
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

/// Writes a message in the transaction of the change that it reports.
pub(super) fn enqueue(
    tx: &mut Tx<'_>,
    webhook: &WebhookId,
    event: &str,
    mut body: Value,
) -> Result<DeliveryId, StoreError> {
    let (id, now): (DeliveryId, _) = (tx.id(), tx.now());
    body["id"] = json!(id);
    body["type"] = json!(event);
    body["occurred_at"] = json!(now);
    let body = body.to_string();
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

/// Sends a test, also where nothing else is sent any more.
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

/// The job that sends messages.
pub fn handler(site: &Site) -> Handler {
    let site = site.clone();
    let sending = Sending::default();
    Handler::new(KIND, move |job: Job| {
        let (site, sending) = (site.clone(), sending.clone());
        async move { attempt(site, sending, &job).await }
    })
}

/// The job that deletes old deliveries.
pub fn sweep_job() -> Handler {
    Handler::each_day("webhook.sweep", async |_| Ok(Done::with(sweep)))
}

fn sweep(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let oldest = tx.now() - KEPT;
    sql!(
        "DELETE FROM webhook_delivery WHERE created_at < :oldest",
        oldest
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// A message that is due.
#[derive(Clone, Debug)]
struct Due {
    id: DeliveryId,
    event: String,
    body: String,
    attempts: i64,
    account: AccountId,
    webhook: Webhook,
}

/// The accounts with a delivery in flight in this process. Each has one at a time, so that a site
/// which never answers delays only its own account's messages.
#[derive(Clone, Debug, Default)]
struct Sending(Arc<Mutex<HashSet<AccountId>>>);

/// An account's permit to send, returned when it is dropped.
struct Turn(Sending, AccountId);

impl Sending {
    fn take(&self, account: &AccountId) -> Option<Turn> {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = accounts.insert(account.clone());
        is_new.then(|| Turn(self.clone(), account.clone()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut accounts = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.remove(&self.1);
    }
}

async fn attempt(site: Site, sending: Sending, job: &Job) -> Result<Done, JobError> {
    let Payload { delivery } = job.read()?;
    let look = move |tx: &mut Tx<'_>| find_due(tx, &delivery);
    let Some(due) = site.store.read(look).await? else {
        return Ok(Done::nothing());
    };
    let Some(turn) = sending.take(&due.account) else {
        return Err(JobError::later(
            NEXT_TURN,
            "another message of the account is being sent",
        ));
    };
    let now = site.clock.now();
    let headers = [
        ("webhook-id", due.id.to_string()),
        ("webhook-timestamp", now.as_second().to_string()),
        ("webhook-signature", signatures(&site, &due, now)),
    ];
    let url = &due.webhook.url;
    let answer = site.outbound.post(url, &headers, due.body.clone()).await;
    drop(turn);
    let outcome = match &answer {
        Ok(status) => status.as_u16().to_string(),
        // One code for both: two would reveal which names exist in a private network.
        Err(OutboundError::Refused | OutboundError::Unreachable(_)) => "unreachable".to_owned(),
        Err(OutboundError::Http(_) | OutboundError::TooLong) => "not_http".to_owned(),
        Err(OutboundError::Slow) => "slow".to_owned(),
    };
    let end = match answer {
        Ok(status) if status.is_success() => End::Arrived,
        Ok(status) if status == axum::http::StatusCode::GONE => End::Gone,
        _ => End::Failed,
    };
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

/// One signature for each valid secret (Standard Webhooks).
fn signatures(site: &Site, due: &Due, now: Timestamp) -> String {
    let signed = format!("{}.{}.{}", due.id, now.as_second(), due.body);
    let secrets = due.webhook.secrets(&site.keys, now);
    let all: Vec<String> = secrets.iter().map(|secret| sign(secret, &signed)).collect();
    all.join(" ")
}

fn sign(secret: &[u8; 32], text: &str) -> String {
    // A shorter key is padded with zeros (RFC 2104).
    let mut block = [0; 64];
    block[..32].copy_from_slice(secret);
    let mac = Hmac::<Sha256>::new(&block.into());
    let mac = mac.chain_update(text.as_bytes()).finalize();
    format!("v1,{}", STANDARD.encode(mac.into_bytes()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Arrived,
    /// The webhook was deleted or disabled.
    Gone,
    Failed,
}

/// Stores the result of an attempt, once.
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
    // A test is sent once, because its owner is waiting for the result.
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

/// Disables a webhook and notifies its owner.
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
    let notice = Notice {
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
    use platform::{Random, id};

    use super::*;

    #[test]
    fn an_account_waits_for_one_answer_at_a_time() {
        let random = Random::seeded(1);
        let account = || id::generate_random(&random).parse::<AccountId>().unwrap();
        let (farah, aina) = (account(), account());
        let sending = Sending::default();
        let turn = sending.take(&farah).unwrap();
        assert!(sending.take(&farah).is_none());
        assert!(sending.take(&aina).is_some(), "others do not wait");
        drop(turn);
        assert!(sending.take(&farah).is_some());
    }
}
