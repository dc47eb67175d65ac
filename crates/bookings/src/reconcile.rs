//! Reconciliation. Once a day, the site's records are compared with the gateways' records and with
//! each other. Administrators apply remedies to the findings.

use axum::http::StatusCode;
use identity::session::sudo;
use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::jobs::{Done, Handler, Job, JobError, NewJob, Queue};
use platform::{Sql, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::resource::Parent as _;
use web::{Problem, Site};

use crate::codes::FINDING_SETTLED;
use crate::finding::{self, Finding, FindingId, FindingKind, FindingState};
use crate::order::{self, GatewayName, Order, OrderId, Payment, PaymentState};
use crate::refund;
use crate::settings::Administrator;
use crate::{Refusal, booking, checkout, gateway, gateway_event, gateway_retry, payout, verify};

/// The job kind of the daily job that starts the comparisons.
pub const KIND: &str = "booking.reconcile";
/// The job kind of the job that compares one gateway's records with the site's records.
pub const COMPARE: &str = "booking.compare";
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(2);
const COMPARED: SignedDuration = SignedDuration::from_hours(3 * 24);
/// How old a recorded payment must be before the gateway is expected to list it.
const LISTED: SignedDuration = SignedDuration::from_hours(1);

#[derive(Serialize, Deserialize)]
struct Payload {
    gateway: GatewayName,
}

pub(crate) fn jobs(site: &Site) -> [Handler; 3] {
    let daily = site.clone();
    [
        Handler::each_day(KIND, move |_| {
            let site = daily.clone();
            async move {
                Ok::<_, JobError>(Done::with(move |tx: &mut Tx<'_>| {
                    for gateway in gateway::offered(&site) {
                        if gateway.is_usable(&site) {
                            plan_comparison(tx, gateway)?;
                        }
                    }
                    scan(tx)
                }))
            }
        }),
        Handler::with(COMPARE, site, compare),
        Handler::new(finding::KIND, |_| async {
            Ok::<_, JobError>(Done::with(|tx: &mut Tx<'_>| {
                scan(tx)?;
                finding::tell(tx)
            }))
        }),
    ]
}

fn plan_comparison(tx: &mut Tx<'_>, gateway: GatewayName) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        queue: Queue::Services,
        line: Some(gateway.line()),
        key: Some(format!("{COMPARE} {}", gateway.word())),
        ..NewJob::new(COMPARE, json!({"gateway": gateway}))
    })
}

/// Compares the payments that the gateway has captured with those that the site has recorded. If a
/// payment for an order of this site is not recorded, the order's state is requested from the
/// gateway at once. If the gateway does not list a recorded payment, it is asked about that
/// payment's order. Payments for unknown orders are ignored.
async fn compare(site: Site, job: Job) -> Result<Done, JobError> {
    let Payload { gateway } = job.read()?;
    let now = site.clock.now();
    let captured = gateway.list_captured(&site, now - COMPARED, now).await;
    let later = |error| gateway_retry::later(&site, &job, gateway, RETRY_AFTER, error);
    let captured = captured.map_err(later)?;
    let look = move |tx: &mut Tx<'_>| find_differences(tx, gateway, &captured, now);
    let (unknown, unlisted) = site.store.read(look).await?;
    let mut missing_here = Vec::new();
    for (payment, name) in unknown {
        let order = gateway_event::find_order(&site, gateway, &name).await;
        let order = order.map_err(later)?;
        missing_here.extend(order.map(|order| (payment, order)));
    }
    let mut missing_there = Vec::new();
    for (payment, order) in unlisted {
        let facts = gateway.list_payments(&site, &order).await;
        let facts = facts.map_err(later)?;
        let is_there = facts.iter().any(|fact| {
            fact.payment_id == payment.gateway_payment_id && fact.state == PaymentState::Captured
        });
        if !is_there {
            missing_there.push(payment);
        }
    }
    Ok(Done::with(
        move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            for (payment, order) in &missing_here {
                tracing::warn!(order = %order, "the gateway has a payment that was missing here; it is taken over, and /admin/orders/reconcile says what is left to do");
                let (kind, order_id) = (FindingKind::MissingHere, Some(order.clone()));
                finding::note(tx, kind, payment, order_id, Some(gateway))?;
                checkout::plan(tx, order, gateway, SignedDuration::ZERO)?;
            }
            for payment in &missing_there {
                let (kind, order_id) = (FindingKind::MissingThere, Some(payment.order_id.clone()));
                finding::note(tx, kind, payment.id.as_str(), order_id, Some(gateway))?;
            }
            finding::heal(tx, FindingKind::MissingThere, |one| {
                let is_missing = |payment: &Payment| payment.id.as_str() == one.subject;
                one.gateway == Some(gateway) && !missing_there.iter().any(is_missing)
            })
        },
    ))
}

/// Returns the payments that the gateway lists but the site has not recorded, each with the order's
/// id at the gateway, and the recorded payments of the same period that the gateway does not list,
/// each with its order. Payments with open findings are checked again, however old they are.
#[expect(clippy::type_complexity, reason = "two lists of pairs")]
fn find_differences(
    tx: &mut Tx<'_>,
    gateway: GatewayName,
    captured: &[(String, String)],
    now: Timestamp,
) -> Result<(Vec<(String, String)>, Vec<(Payment, Order)>), StoreError> {
    let mut unknown = Vec::new();
    for (payment, order) in captured {
        let found: Option<(String,)> = sql!(
            "SELECT id FROM payment WHERE gateway = :gateway
                 AND gateway_payment_id = :payment AND state = 'captured'",
            gateway,
            payment
        )
        .maybe(tx)?;
        if found.is_none() {
            unknown.push((payment.clone(), order.clone()));
        }
    }
    let ours: Vec<Payment> = sql!(
        "SELECT {Payment} FROM payment WHERE gateway = :gateway AND state = 'captured'
             AND (captured_at > :from AND captured_at < :until
                  OR id IN (SELECT subject FROM finding
                            WHERE kind = 'missing_there' AND state = 'open'))
         ORDER BY id",
        gateway,
        from = now - COMPARED,
        until = now - LISTED
    )
    .all(tx)?;
    let mut unlisted = Vec::new();
    for payment in ours {
        let is_listed = captured
            .iter()
            .any(|(name, _)| *name == payment.gateway_payment_id);
        if !is_listed && let Some(order) = order::find(tx, &payment.order_id)? {
            unlisted.push((payment, order));
        }
    }
    Ok((unknown, unlisted))
}

/// Each query returns the subjects of a kind of finding, with their orders and gateways.
const SCANS: &[(FindingKind, Sql)] = &[
    (
        FindingKind::AmountMismatch,
        sql!(
            "SELECT p.id, p.order_id, p.gateway FROM payment p
             JOIN booking_order o ON o.id = p.order_id
             WHERE p.state = 'captured' AND p.settles = 0
               AND p.refund_reserved_minor < p.amount_minor
               AND (p.amount_minor <> o.amount_minor OR p.currency <> o.currency)"
        ),
    ),
    (
        FindingKind::DuplicateCapture,
        sql!(
            "SELECT p.id, p.order_id, p.gateway FROM payment p
             JOIN booking_order o ON o.id = p.order_id
             WHERE p.state = 'captured' AND p.settles = 0
               AND p.refund_reserved_minor < p.amount_minor
               AND p.amount_minor = o.amount_minor AND p.currency = o.currency"
        ),
    ),
    (
        FindingKind::StateMismatch,
        sql!(
            "SELECT p.order_id, p.order_id, p.gateway FROM payment p
             JOIN booking_order o ON o.id = p.order_id
             LEFT JOIN (SELECT payment_id, SUM(amount_minor) AS back FROM refund
                        WHERE state = 'processed' GROUP BY payment_id) f ON f.payment_id = p.id
             WHERE p.settles = 1 AND o.state <> CASE
                 WHEN f.back IS NULL THEN 'paid'
                 WHEN f.back < p.amount_minor THEN 'partially_refunded'
                 ELSE 'refunded' END"
        ),
    ),
    (
        FindingKind::UnmatchedEvent,
        sql!(
            "SELECT event_id, NULL, gateway FROM gateway_event
             WHERE outcome = 'unmatched'
               AND (kind IN ('payment.captured', 'order.paid', 'checkout.session.completed',
                        'checkout.session.async_payment_succeeded')
                    OR kind LIKE '%.dispute.%')"
        ),
    ),
    (
        FindingKind::RefundDrift,
        sql!(
            "SELECT f.id, p.order_id, p.gateway FROM refund f
             JOIN payment p ON p.id = f.payment_id
             WHERE f.state = 'failed'
               AND p.refund_reserved_minor + f.amount_minor <= p.amount_minor"
        ),
    ),
    (
        FindingKind::PayoutDrift,
        sql!(
            "SELECT b.id, b.order_id, NULL FROM booking b
             LEFT JOIN payout_item i ON i.booking_id = b.id AND i.is_adjustment = 0
             WHERE (i.id IS NULL AND b.state = 'completed' AND b.payout_minor > 0)
                OR (i.state = 'pending'
                    AND (b.state NOT IN ('completed', 'no_show_member')
                         OR b.state = 'completed' AND i.amount_minor <> b.payout_minor))"
        ),
    ),
];

/// Stores what the checks in [`SCANS`] find, and closes the findings that they no longer report.
pub(crate) fn scan(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    for (kind, query) in SCANS {
        let found: Vec<(String, Option<OrderId>, Option<GatewayName>)> = tx.all(*query, &[])?;
        for (subject, order, gateway) in &found {
            finding::note(tx, *kind, subject, order.clone(), *gateway)?;
        }
        finding::heal(tx, *kind, |one| {
            !found.iter().any(|(subject, ..)| *subject == one.subject)
        })?;
    }
    let known = sql!(
        "SELECT f.subject FROM finding f
         JOIN payment p ON p.gateway_payment_id = f.subject AND p.gateway = f.gateway
         WHERE f.kind = 'missing_here' AND f.state = 'open' AND p.state = 'captured'
             AND (f.order_id IS NULL OR f.order_id = p.order_id)"
    );
    let known: Vec<(String,)> = tx.all(known, &[])?;
    finding::heal(tx, FindingKind::MissingHere, |one| {
        known.iter().any(|(subject,)| *subject == one.subject)
    })
}

/// Applies the remedy of an open finding. A remedy gives nobody more than they are owed, and has no
/// effect if it was already applied.
pub fn apply(tx: &mut Tx<'_>, by: &Administrator, id: &FindingId) -> Result<Finding, Refusal> {
    let who = &by.requester().who;
    sudo::require::<Refusal>(tx, who)?;
    let found = finding::find(tx, id)?.ok_or(Refusal::NotFound)?;
    if found.state != FindingState::Open {
        return Err(FINDING_SETTLED.into());
    }
    remedy(tx, &found)?;
    if !finding::settle(tx, id, &who.account().id)? {
        return Err(FINDING_SETTLED.into());
    }
    let changes = json!([{"field": "kind", "old": found.kind, "new": found.kind},
        {"field": "subject", "old": found.subject, "new": found.subject}]);
    by.record(
        tx,
        Entity::new("finding", id.to_string()),
        "finding.applied",
        changes,
    )?;
    finding::find(tx, id)?.ok_or(Refusal::NotFound)
}

fn remedy(tx: &mut Tx<'_>, found: &Finding) -> Result<(), Refusal> {
    let order = match &found.order_id {
        Some(order) => order::lock(tx, order)?,
        None => None,
    };
    match (found.kind, order) {
        (FindingKind::MissingHere, Some(order)) => {
            checkout::plan(tx, &order.id, order.gateway, SignedDuration::ZERO)?;
        }
        (FindingKind::MissingThere, Some(order)) => plan_comparison(tx, order.gateway)?,
        (FindingKind::AmountMismatch | FindingKind::DuplicateCapture, Some(order)) => {
            let payments = order::payments(tx, &order.id)?;
            let payment = payments.iter().find(|one| one.id.as_str() == found.subject);
            if let Some(payment) = payment.filter(|one| !one.settles) {
                refund::request(tx, payment, found.kind.word())?;
            }
        }
        (FindingKind::StateMismatch, Some(order)) => refund::follow(tx, &order)?,
        (FindingKind::RefundDrift, Some(_)) => {
            let id = found.subject.parse().map_err(|_| Refusal::NotFound)?;
            if !refund::submit_again(tx, &id)? {
                return Err(refused("refund_exceeds"));
            }
        }
        (FindingKind::PayoutDrift, _) => {
            let id = found.subject.parse().map_err(|_| Refusal::NotFound)?;
            let (_, booking) = booking::lock(tx, &id)?.ok_or(Refusal::NotFound)?;
            if !payout::owe(tx, &booking)? {
                return Err(crate::codes::PAYOUT_STATE.into());
            }
        }
        (FindingKind::Contradiction, _) => verify::plan(tx)?,
        (FindingKind::UnmatchedEvent, _) => {
            if let Some(gateway) = found.gateway {
                gateway_event::read_again(tx, gateway, &found.subject)?;
            }
        }
        (_, None) => return Err(Refusal::NotFound),
    }
    Ok(())
}

fn refused(code: &'static str) -> Refusal {
    Refusal::Problem(Problem::new(StatusCode::CONFLICT, code))
}
