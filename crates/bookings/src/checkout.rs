//! Paying an order: the redirect to the gateway's page, the payer's return, and polling the gateway
//! for the result.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, Job, JobError, NewJob, Queue};
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::{Form, Problem, Site};

use crate::gateway::{Checkout, Fact, GatewayError};
use crate::order::{
    self, CLOSE, END, GatewayName, Order, OrderId, OrderState, Payment, PaymentState,
};
use crate::{booking, gateway, gateway_retry, settle};

/// The job kind of the job that polls a gateway.
pub const KIND: &str = "booking.poll";
/// How long a request has the exclusive right to call a gateway about an order.
const CLAIM: SignedDuration = SignedDuration::from_secs(60);
/// A gateway is polled about an order until this long after the order's creation.
const ASKED: SignedDuration = SignedDuration::from_hours(48);
const FIRST_POLL: SignedDuration = SignedDuration::from_mins(3);
/// How soon a gateway is polled again if it did not respond when the payer returned.
const SOON: SignedDuration = SignedDuration::from_secs(10);
/// The minimum time between two requests to a gateway while somebody looks at an order that is not
/// paid.
pub(crate) const WATCHED: SignedDuration = SignedDuration::from_secs(15);
/// The minimum time between two requests to a gateway when somebody presses the button that checks
/// the payment.
pub(crate) const PRESSED: SignedDuration = SignedDuration::from_secs(5);
const STRIPE_MINIMUM: SignedDuration = SignedDuration::from_mins(40);

/// Returns the gateway's page for an order. The order is stored before the gateway creates its own
/// order, whose id is stored last. So after a crash the polling job finds the order, and a repeated
/// call returns the same page. The payer can choose another gateway until one has created an order.
pub async fn open(site: &Site, id: &OrderId, chosen: GatewayName) -> Result<Checkout, Problem> {
    let claim = {
        let (id, mode, site) = (id.clone(), gateway::mode(site), site.clone());
        move |tx: &mut Tx<'_>| -> Result<Result<Order, Problem>, StoreError> {
            let Some(order) = order::lock(tx, &id)? else {
                return Ok(Err(Problem::not_found()));
            };
            if order.state != OrderState::Created || order.expires_at <= tx.now() {
                return Ok(Err(crate::codes::ORDER_CLOSED.into()));
            }
            let now = tx.now();
            let claimed = sql!(
                "UPDATE booking_order SET claimed_until = :until
                 WHERE id = :id AND (claimed_until IS NULL OR claimed_until <= :now)",
                id,
                until = now + CLAIM,
                now
            )
            .run(tx, Rows::AtMostOne)?;
            if claimed == 0 {
                let code = "idempotency_in_progress";
                return Ok(Err(Problem::new(StatusCode::CONFLICT, code)));
            }
            // An order that exists at a gateway keeps its gateway and its mode. An order of the
            // test mode is created anew once the site uses real money.
            let gateway_order_id = order.gateway_order_id.clone();
            let gateway_order_id = gateway_order_id.filter(|_| !gateway::is_void(&site, &order));
            let (gateway, mode) = match &gateway_order_id {
                Some(_) => (order.gateway, order.mode),
                None => (chosen, mode),
            };
            let mut order = Order {
                gateway,
                mode,
                gateway_order_id,
                ..order
            };
            tx.update(&order)?;
            plan(tx, &id, gateway, FIRST_POLL)?;
            if gateway == GatewayName::Stripe {
                order.expires_at = extend(tx, &order)?;
            }
            Ok(Ok(order))
        }
    };
    let order = site.store.write(claim).await??;
    let made = order.gateway.create_checkout(site, &order).await;
    let name = made.as_ref().ok().map(|made| made.gateway_order_id.clone());
    let id = id.clone();
    let write = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        sql!(
            "UPDATE booking_order SET claimed_until = NULL,
                 gateway_order_id = COALESCE(:name, gateway_order_id)
             WHERE id = :id",
            id,
            name = name.as_deref()
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(())
    };
    site.store.write(write).await?;
    Ok(made?)
}

/// Extends the time for payment once, because a Stripe session lasts at least 30 minutes. Later
/// calls do not change the time, because a repeated request to Stripe must equal the first. The
/// caller holds the order's lock.
fn extend(tx: &mut Tx<'_>, order: &Order) -> Result<Timestamp, StoreError> {
    let until = order.expires_at.max(tx.now() + STRIPE_MINIMUM);
    let extended = sql!(
        "UPDATE booking_order SET expires_at = :until, is_extended = 1
         WHERE id = :id AND is_extended = 0",
        id = order.id,
        until
    )
    .run(tx, Rows::AtMostOne)?;
    if extended == 0 {
        return Ok(order.expires_at);
    }
    if let Some(booking) = booking::lock_of_order(tx, &order.id)? {
        sql!(
            "UPDATE slot SET hold_until = :until
             WHERE id = :slot AND state = 'held' AND hold_token = :token",
            slot = booking.slot_id,
            token = booking.hold_token.as_deref(),
            until
        )
        .run(tx, Rows::AtMostOne)?;
        booking::plan_hold(tx, &booking, until)?;
    }
    Ok(until)
}

/// Handles a payer's return from the gateway's page. The returned values only identify the payment.
/// The paid amount is requested from the gateway, but at most once every few seconds: the page to
/// which the payer returns asks again. If the gateway does not respond, it is polled again soon.
pub async fn come_back(site: &Site, id: &OrderId, sent: &Form) -> Result<(), Problem> {
    let at = id.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<Option<Order>, StoreError> { order::find(tx, &at) };
    let order = site.store.read(look).await?;
    let order = order.ok_or_else(Problem::not_found)?;
    order.gateway.check_return(site, &order, sent)?;
    claim_and_ask(site, id, PRESSED, true).await?;
    Ok(())
}

/// Asks the gateway about an order that is not paid, unless it was asked within `pause`. If the
/// gateway does not answer, returns `false`, and the gateway is polled again soon.
pub async fn check(site: &Site, id: &OrderId, pause: SignedDuration) -> Result<bool, Problem> {
    claim_and_ask(site, id, pause, false).await
}

/// Like [`check`]. If the payer has returned, also asks about an old order, and about one whose id
/// at the gateway was lost.
async fn claim_and_ask(
    site: &Site,
    id: &OrderId,
    pause: SignedDuration,
    is_return: bool,
) -> Result<bool, Problem> {
    let id = id.clone();
    let claim = move |tx: &mut Tx<'_>| -> Result<Option<Order>, StoreError> {
        let now = tx.now();
        let asks = sql!(
            "UPDATE booking_order SET asked_at = :now
             WHERE id = :id AND state IN ('created', 'expired')
               AND (:is_return = 1 OR gateway_order_id IS NOT NULL AND created_at > :since)
               AND (asked_at IS NULL OR asked_at <= :before)",
            id,
            now,
            is_return = i64::from(is_return),
            since = now - ASKED,
            before = now - pause
        )
        .run(tx, Rows::AtMostOne)?;
        if asks == 1 {
            order::find(tx, &id)
        } else {
            Ok(None)
        }
    };
    match site.store.write(claim).await? {
        Some(order) if !gateway::is_void(site, &order) => ask(site, order).await,
        _ => Ok(true),
    }
}

async fn ask(site: &Site, order: Order) -> Result<bool, Problem> {
    match order.gateway.list_payments(site, &order).await {
        Ok(facts) => {
            settle_all(site, &order, facts).await?;
            Ok(true)
        }
        Err(GatewayError::Store(error)) => Err(error.into()),
        Err(error) => {
            tracing::warn!(order = %order.id, %error, "cannot ask the gateway about a payment; it is asked again; if this goes on, check the gateway's keys in kenduri.toml, and its status page");
            let write = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
                sql!(
                    "UPDATE booking_order SET asked_at = :now WHERE id = :id",
                    id = order.id,
                    now = tx.now()
                )
                .run(tx, Rows::Exactly(1))?;
                plan(tx, &order.id, order.gateway, SOON)
            };
            site.store.write(write).await?;
            Ok(false)
        }
    }
}

/// Handles a payer's return without a payment. Once an attempt to pay has failed, Razorpay may
/// refuse further attempts to pay the same Razorpay order, and records no payment for them. The
/// next attempt then creates a new order at Razorpay.
pub async fn come_back_refused(site: &Site, id: &OrderId, sent: &Form) -> Result<(), Problem> {
    if sent.text("error[metadata]").contains("payment_id") || !check(site, id, PRESSED).await? {
        return Ok(());
    }
    let id = id.clone();
    let write = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        let Some(order) = order::lock(tx, &id)? else {
            return Ok(());
        };
        let payments = order::payments(tx, &id)?;
        let is_failed = |payment: &Payment| payment.state == PaymentState::Failed;
        let is_refused = order.state == OrderState::Created
            && order.gateway == GatewayName::Razorpay
            && payments.iter().all(is_failed)
            && payments.len() > order::earlier(tx, &id)?.len();
        match &order.gateway_order_id {
            Some(name) if is_refused => order::renew(tx, &order, name),
            _ => Ok(()),
        }
    };
    Ok(site.store.write(write).await?)
}

/// The gateway at which an order is paid: the chosen one, or else the first that the site offers.
/// Returns `None` if the site does not offer the chosen one.
pub fn choose(site: &Site, chosen: Option<GatewayName>) -> Option<GatewayName> {
    let mut offered = gateway::offered(site).into_iter();
    match chosen {
        Some(chosen) => offered.find(|one| *one == chosen),
        None => offered.next(),
    }
}

async fn settle_all(site: &Site, order: &Order, facts: Vec<Fact>) -> Result<(), StoreError> {
    let (to, id) = (site.clone(), order.id.clone());
    let write = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        for fact in &facts {
            settle::settle(tx, &to, &id, fact)?;
        }
        Ok(())
    };
    site.store.write(write).await
}

#[derive(Serialize, Deserialize)]
struct Payload {
    order: OrderId,
}

/// Schedules a job that polls the gateway about an order.
pub(crate) fn plan(
    tx: &mut Tx<'_>,
    id: &OrderId,
    gateway: GatewayName,
    pause: SignedDuration,
) -> Result<(), StoreError> {
    let at = tx.now() + pause;
    tx.enqueue(NewJob {
        queue: Queue::Services,
        line: Some(gateway.line()),
        key: Some(format!("{KIND} {id}")),
        run_at: Some(at),
        ..NewJob::new(KIND, json!({"order": id}))
    })
}

pub(crate) fn jobs(site: &Site) -> [Handler; 3] {
    [
        poll(site),
        close(site),
        Handler::new(END, |job: Job| async move { end(&job) }),
    ]
}

fn end(job: &Job) -> Result<Done, JobError> {
    let Payload { order: id } = job.read()?;
    Ok(Done::with(move |tx: &mut Tx<'_>| {
        match order::lock(tx, &id)? {
            // The time for payment was extended after this job was scheduled.
            Some(order) if order.expires_at > tx.now() => order::plan_end(tx, &order),
            Some(_) => order::expire(tx, &id),
            None => Ok(()),
        }
    }))
}

fn close(site: &Site) -> Handler {
    Handler::with(CLOSE, site, |site: Site, job: Job| async move {
        let Payload { order: id } = job.read()?;
        let look = move |tx: &mut Tx<'_>| order::find(tx, &id);
        if let Some(order) = site.store.read(look).await?
            && let Some(name) = &order.gateway_order_id
        {
            let closed = order.gateway.close_checkout(&site, name).await;
            // The job tries again until it is as old as `LONGEST`. By then, the gateway has closed
            // the page itself.
            if job.age(site.clock.now()) < gateway_retry::LONGEST {
                let gateway = order.gateway;
                let later = |error| gateway_retry::later(&site, &job, gateway, FIRST_POLL, error);
                closed.map_err(later)?;
            }
        }
        Ok(Done::nothing())
    })
}

fn poll(site: &Site) -> Handler {
    Handler::with(KIND, site, |site: Site, job: Job| async move {
        let Payload { order: id } = job.read()?;
        let look =
            move |tx: &mut Tx<'_>| -> Result<Option<Order>, StoreError> { order::find(tx, &id) };
        let found = site.store.read(look).await?;
        let Some(order) = found.filter(|order| !gateway::is_void(&site, order)) else {
            return Ok(Done::nothing());
        };
        let facts = order.gateway.list_payments(&site, &order).await;
        let later = |error| gateway_retry::later(&site, &job, order.gateway, FIRST_POLL, error);
        let facts = facts.map_err(later)?;
        let write = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            for fact in &facts {
                settle::settle(tx, &site, &order.id, fact)?;
            }
            let age = tx.now().duration_since(order.created_at);
            let is_open = order::find(tx, &order.id)?.is_some_and(|order| order.is_unpaid());
            // The intervals between polls become longer.
            if is_open && age < ASKED {
                plan(tx, &order.id, order.gateway, FIRST_POLL.max(age / 4))?;
            }
            Ok(())
        };
        Ok(Done::with(write))
    })
}
