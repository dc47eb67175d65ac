//! Events from payment gateways. An event is stored before it is acknowledged. A job then requests
//! the current state from the gateway, so that reordered, repeated or late events do no harm.

use axum::http::HeaderMap;
use identity::grant::ADMIN;
use identity::notification::{self, NewNotification};
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, Job, JobError, NewJob, Queue};
use platform::store::Row;
use platform::text_cleaning::hexadecimal;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use web::{Problem, Site};

use crate::administrator_alert::{self, AlertKind};
use crate::gateway::{self, Event, GatewayError, TestEvent};
use crate::order::{self, GatewayName, OrderId, Payment};
use crate::refund::{self, Refund};
use crate::{booking, gateway_retry, payout, settle};

/// The job kind of the job that processes an event.
pub const KIND: &str = "booking.event";
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(2);

web::words! {
    /// The state of an event.
    Outcome {
        /// The job has not run yet.
        Received = "received",
        /// The job has asked the gateway for the current state.
        Done = "done",
        /// The event does not concern any order of this site.
        Unmatched = "unmatched",
    }
}

#[derive(Clone, Debug, Row)]
struct Stored {
    gateway: GatewayName,
    event_id: String,
    kind: String,
    order_ref: Option<String>,
    payment_ref: Option<String>,
    refund_ref: Option<String>,
    receipt: Option<String>,
    body_sha256: String,
    received_at: Timestamp,
    outcome: Outcome,
}

#[derive(Clone, Serialize, Deserialize)]
struct Payload {
    gateway: GatewayName,
    event: String,
}

/// Verifies an event that a gateway has posted, and stores it durably.
pub(crate) async fn accept(
    site: &Site,
    gateway: GatewayName,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), Problem> {
    let Some(event) = gateway.read_event(site, headers, body)? else {
        return Ok(());
    };
    let hash = hexadecimal(&Sha256::digest(body));
    let write = move |tx: &mut Tx<'_>| receive(tx, gateway, &event, &hash);
    Ok(site.store.write(write).await?)
}

/// Posts an event of the test gateway. It passes the same checks as the events of other gateways.
pub(crate) async fn post_test(site: &Site, event: &TestEvent) -> Result<(), Problem> {
    let (headers, body) = event.post(site);
    accept(site, GatewayName::Test, &headers, &body).await
}

/// Stores an event and schedules its job. If the event was already received and processed, nothing
/// changes; if it was received but not processed, its job runs at once.
fn receive(
    tx: &mut Tx<'_>,
    gateway: GatewayName,
    event: &Event,
    body_sha256: &str,
) -> Result<(), StoreError> {
    let new = Stored {
        gateway,
        event_id: event.id.clone(),
        kind: event.kind.clone(),
        order_ref: event.order.clone(),
        payment_ref: event.payment.clone(),
        refund_ref: event.refund.clone(),
        receipt: event.receipt.clone(),
        body_sha256: body_sha256.to_owned(),
        received_at: tx.now(),
        outcome: Outcome::Received,
    };
    sql!(
        "INSERT INTO gateway_event ({Stored}) VALUES ({:Stored}) ON CONFLICT DO NOTHING",
        Stored = new
    )
    .run(tx, Rows::AtMostOne)?;
    let (outcome,): (Outcome,) = sql!(
        "SELECT outcome FROM gateway_event WHERE gateway = :gateway AND event_id = :id",
        gateway,
        id = event.id
    )
    .one(tx)?;
    if outcome != Outcome::Received {
        return Ok(());
    }
    plan(tx, gateway, &event.id)
}

fn plan(tx: &mut Tx<'_>, gateway: GatewayName, event: &str) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        queue: Queue::Services,
        line: Some(gateway.line()),
        key: Some(format!("{KIND} {} {event}", gateway.word())),
        ..NewJob::new(KIND, json!({"gateway": gateway, "event": event}))
    })
}

/// Processes an event again if it did not concern any order of this site before.
pub(crate) fn read_again(
    tx: &mut Tx<'_>,
    gateway: GatewayName,
    event: &str,
) -> Result<(), StoreError> {
    let waits = sql!(
        "UPDATE gateway_event SET outcome = 'received'
         WHERE gateway = :gateway AND event_id = :event AND outcome = 'unmatched'",
        gateway,
        event
    )
    .run(tx, Rows::AtMostOne)?;
    if waits == 1 {
        plan(tx, gateway, event)?;
    }
    Ok(())
}

/// The job that processes an event, and the one that posts an event of the test gateway later.
pub(crate) fn jobs(site: &Site) -> [Handler; 2] {
    let post = |site: Site, job: Job| async move {
        let posted = post_test(&site, &job.read()?).await;
        posted.map_err(|problem| JobError::retry(problem.code))?;
        Ok(Done::nothing())
    };
    [
        Handler::with(KIND, site, handle),
        Handler::with(gateway::TEST_EVENT, site, post),
    ]
}

async fn handle(site: Site, job: Job) -> Result<Done, JobError> {
    let Payload { gateway, event } = job.read()?;
    let later = |error| gateway_retry::later(&site, &job, gateway, RETRY_AFTER, error);
    let look = move |tx: &mut Tx<'_>| -> Result<Option<Stored>, StoreError> {
        sql!(
            "SELECT {Stored} FROM gateway_event
             WHERE gateway = :gateway AND event_id = :event AND outcome = 'received'",
            gateway,
            event
        )
        .maybe(tx)
    };
    let Some(event) = site.store.read(look).await? else {
        return Ok(Done::nothing());
    };
    if event.kind.starts_with("refund.") {
        let done = handle_refund(site.clone(), event).await;
        return done.map_err(later);
    }
    let found = match event.order_ref.as_deref() {
        Some(name) => find_order(&site, gateway, name).await.map_err(later)?,
        None => find_order_of_payment(&site, &event).await?,
    };
    let Some(id) = found else {
        return Ok(Done::with(move |tx: &mut Tx<'_>| {
            end(tx, &event, Outcome::Unmatched)
        }));
    };
    if event.kind.contains(".dispute.") {
        return Ok(Done::with(move |tx: &mut Tx<'_>| {
            let about = describe_order(tx, &id, &event)?;
            administrator_alert::raise(tx, AlertKind::Dispute, "booking-notice-dispute", &about)?;
            follow_dispute(tx, &id, &event)?;
            end(tx, &event, Outcome::Done)
        }));
    }
    let look = move |tx: &mut Tx<'_>| order::find(tx, &id);
    let Some(order) = site.store.read(look).await? else {
        return Ok(Done::with(move |tx: &mut Tx<'_>| {
            end(tx, &event, Outcome::Unmatched)
        }));
    };
    let facts = gateway.list_payments(&site, &order).await;
    let facts = facts.map_err(later)?;
    let site = site.clone();
    Ok(Done::with(move |tx: &mut Tx<'_>| {
        for fact in &facts {
            settle::settle(tx, &site, &order.id, fact)?;
        }
        end(tx, &event, Outcome::Done)
    }))
}

/// Finds an order by its id at the gateway. If the event arrived before that id was stored, asks
/// the gateway for Kenduri's id of the order.
pub(crate) async fn find_order(
    site: &Site,
    gateway: GatewayName,
    name: &str,
) -> Result<Option<OrderId>, GatewayError> {
    let name = name.to_owned();
    let look = {
        let name = name.clone();
        move |tx: &mut Tx<'_>| order::find_by_gateway(tx, gateway, &name)
    };
    if let Some(id) = site.store.read(look).await? {
        return Ok(Some(id));
    }
    let Some(id) = gateway.find_order(site, &name).await? else {
        return Ok(None);
    };
    let look = move |tx: &mut Tx<'_>| order::find(tx, &id);
    let found = site.store.read(look).await?;
    Ok(found
        .filter(|order| order.gateway == gateway)
        .map(|order| order.id))
}

/// For events that do not contain an order's id.
async fn find_order_of_payment(site: &Site, event: &Stored) -> Result<Option<OrderId>, JobError> {
    let (gateway, payment) = (event.gateway, event.payment_ref.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<Option<(OrderId,)>, StoreError> {
        sql!(
            "SELECT order_id FROM payment
             WHERE gateway = :gateway AND gateway_payment_id = :payment",
            gateway,
            payment = payment.as_deref()
        )
        .maybe(tx)
    };
    Ok(site.store.read(look).await?.map(|(id,)| id))
}

/// If the dispute is lost, takes back payouts that are already in a batch or paid.
fn follow_dispute(tx: &mut Tx<'_>, order: &OrderId, event: &Stored) -> Result<(), StoreError> {
    order::lock(tx, order)?;
    let bookings = match booking::lock_of_order(tx, order)? {
        Some(booking) => vec![booking],
        None => booking::lock_of_plan(tx, order)?,
    };
    let is_disputed = order::is_disputed(tx, order)?;
    for booking in bookings {
        payout::follow_dispute(tx, &booking.id, is_disputed)?;
        if event.kind.rsplit('.').next() == Some("lost") {
            payout::take_back(tx, &booking.id)?;
        }
    }
    Ok(())
}

async fn handle_refund(site: Site, event: Stored) -> Result<Done, GatewayError> {
    let sought = event.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<(Option<Refund>, Option<Payment>), StoreError> {
        let refund = refund::find_by_gateway(
            tx,
            sought.gateway,
            sought.refund_ref.as_deref().unwrap_or_default(),
            sought.receipt.as_deref().unwrap_or_default(),
        )?;
        // A refund concerns this site only if the site has a captured payment with this id.
        let payment = sql!(
            "SELECT {Payment} FROM payment
             WHERE gateway = :gateway AND gateway_payment_id = :name AND captured_at IS NOT NULL",
            gateway = sought.gateway,
            name = sought.payment_ref.as_deref()
        )
        .maybe(tx)?;
        Ok((refund, payment))
    };
    let (found, payment) = site.store.read(look).await?;
    if let Some(refund) = found {
        return Ok(Done::with(move |tx: &mut Tx<'_>| {
            refund::wake(tx, &refund, event.gateway)?;
            end(tx, &event, Outcome::Done)
        }));
    }
    let (Some(payment), Some(name)) = (payment, event.refund_ref.clone()) else {
        return Ok(Done::with(move |tx: &mut Tx<'_>| {
            end(tx, &event, Outcome::Unmatched)
        }));
    };
    // Somebody made this refund on the gateway's website.
    let made = event.gateway.find_refund(&site, &name).await?;
    Ok(Done::with(move |tx: &mut Tx<'_>| {
        let said = match refund::adopt(tx, &payment, &made)? {
            Some(true) => Some("booking-notice-refund-elsewhere"),
            Some(false) => Some("booking-notice-refund-unlike"),
            None => None,
        };
        if let Some(said) = said {
            tell(tx, &site, said, &payment.gateway_payment_id)?;
        }
        end(tx, &event, Outcome::Done)
    }))
}

fn describe_order(tx: &mut Tx<'_>, order: &OrderId, event: &Stored) -> Result<String, StoreError> {
    let (title, payer): (String, Option<String>) = sql!(
        "SELECT COALESCE(n.name, b.title, ''), a.display_name
         FROM booking_order o LEFT JOIN booking b ON b.order_id = o.id
         LEFT JOIN plan n ON n.id = o.plan_id
         JOIN money_party p ON p.id = o.party_id LEFT JOIN account a ON a.id = p.account_id
         WHERE o.id = :order",
        order
    )
    .one(tx)?;
    let parts = [Some(title), payer, event.payment_ref.clone()];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    Ok(parts.join(", "))
}

fn tell(tx: &mut Tx<'_>, site: &Site, kind: &'static str, about: &str) -> Result<(), StoreError> {
    let told = NewNotification {
        kind,
        about,
        href: "/admin/orders",
    };
    notification::tell_site(tx, site, ADMIN, told)
}

fn end(tx: &mut Tx<'_>, event: &Stored, outcome: Outcome) -> Result<(), StoreError> {
    sql!(
        "UPDATE gateway_event SET outcome = :outcome
         WHERE gateway = :gateway AND event_id = :id",
        gateway = event.gateway,
        id = event.event_id,
        outcome
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}
