//! Deletion of old records of money and of gateways' events. Orders, payments, refunds, payouts,
//! receipts and credit entries are deleted `money_years` after their last change, unless something
//! about them is still open. The ids in events are removed after [`EVENTS`].
//!
//! One run deletes at most [`TURN`] records of each kind, and enqueues the next run if more are
//! left. Each run searches for the remaining records anew, so a run that was interrupted does no
//! harm.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use platform::audit::{Actor, Entity, Entry};
use platform::jobs::{Done, Handler, JobError, NewJob};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use web::Site;

use crate::booking::BookingId;
use crate::credit::LotId;
use crate::order::{self, GatewayName, OrderId, OrderMode, PartyId};
use crate::payout::PayoutId;
use crate::payout::batch::BatchId;
use crate::settings;

/// The job kind of the nightly job.
pub const KIND: &str = "booking.retention";
/// How long an event keeps the ids of its order, payment and refund.
const EVENTS: SignedDuration = SignedDuration::from_hours(90 * 24);
const TURN: usize = 100;

pub(crate) fn job(site: &Site) -> Handler {
    let zone = site.settings.time_zone.clone();
    Handler::each_day(KIND, move |_| {
        let zone = zone.clone();
        async move { Ok::<_, JobError>(Done::with(move |tx: &mut Tx<'_>| turn(tx, &zone))) }
    })
}

fn turn(tx: &mut Tx<'_>, zone: &TimeZone) -> Result<(), StoreError> {
    let years = Span::new().try_years(settings::load(tx)?.money_years);
    let today = tx.now().to_zoned(zone.clone());
    let before = years.and_then(|years| today.checked_sub(years));
    let before = before.map_or(Timestamp::UNIX_EPOCH, |day| day.timestamp());
    let counts = [
        (
            "payouts",
            delete_batches(tx, before)? + delete_rejected(tx, before)?,
        ),
        ("orders", delete_orders(tx, before)?),
        ("credits", close_lots(tx, before)?),
        ("events", empty_events(tx)?),
    ];
    let changes = counts.iter().filter(|(_, count)| *count > 0);
    let changes: Vec<_> = changes
        .map(|(field, count)| json!({"field": field, "old": count, "new": null}))
        .collect();
    if changes.is_empty() {
        return Ok(());
    }
    tx.record(Entry {
        actor: Actor::System,
        action: "booking_records.deleted",
        entity: Entity::new("setting", "bookings".to_owned()),
        scope: None,
        changes: changes.into(),
        request: None,
    })?;
    if counts.iter().any(|(_, count)| *count >= TURN) {
        tx.enqueue(NewJob {
            key: Some(KIND.to_owned()),
            ..NewJob::new(KIND, json!({}))
        })?;
    }
    Ok(())
}

fn most(done: usize) -> i64 {
    i64::try_from(TURN.saturating_sub(done)).unwrap_or_default()
}

/// Deletes batches that ended long ago, each with all its items, so that the sums of a batch never
/// change. A batch stays while something about one of its sessions is open.
fn delete_batches(tx: &mut Tx<'_>, before: Timestamp) -> Result<usize, StoreError> {
    let old: Vec<(BatchId,)> = sql!(
        "SELECT t.id FROM payout_batch t
         WHERE t.state IN ('settled', 'failed') AND t.changed_at < :before AND NOT EXISTS
             (SELECT 1 FROM payout_item i JOIN booking b ON b.id = i.booking_id
              WHERE i.batch_id = t.id
                AND (i.created_at >= :before OR b.ends_at >= :before
                     OR b.state IN ('pending_payment', 'confirmed')
                     OR EXISTS (SELECT 1 FROM payout_item o WHERE o.booking_id = b.id
                                AND o.state IN ('pending', 'approved', 'batched'))
                     OR EXISTS (SELECT 1 FROM finding f
                                WHERE f.subject = b.id AND f.state = 'open')))
         ORDER BY t.changed_at, t.id LIMIT :most",
        before,
        most = most(0)
    )
    .all(tx)?;
    for (batch,) in &old {
        sql!(
            "UPDATE booking SET payout_minor = 0 WHERE id IN
                 (SELECT booking_id FROM payout_item WHERE batch_id = :batch AND is_adjustment = 0)",
            batch
        )
        .run(tx, Rows::Any)?;
        sql!("DELETE FROM payout_item WHERE batch_id = :batch", batch).run(tx, Rows::Any)?;
        sql!("DELETE FROM payout_batch WHERE id = :batch", batch).run(tx, Rows::Exactly(1))?;
    }
    Ok(old.len())
}

fn delete_rejected(tx: &mut Tx<'_>, before: Timestamp) -> Result<usize, StoreError> {
    let old: Vec<(PayoutId, BookingId, bool)> = sql!(
        "SELECT i.id, i.booking_id, i.is_adjustment
         FROM payout_item i JOIN booking b ON b.id = i.booking_id
         WHERE i.state = 'rejected' AND i.created_at < :before AND b.ends_at < :before
           AND b.state NOT IN ('pending_payment', 'confirmed')
           AND NOT EXISTS (SELECT 1 FROM payout_item o WHERE o.booking_id = b.id
                           AND o.state IN ('pending', 'approved', 'batched'))
           AND NOT EXISTS (SELECT 1 FROM finding f WHERE f.subject = b.id AND f.state = 'open')
         ORDER BY i.created_at, i.id LIMIT :most",
        before,
        most = most(0)
    )
    .all(tx)?;
    for (id, booking, is_adjustment) in &old {
        sql!("DELETE FROM payout_item WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
        if !is_adjustment {
            sql!(
                "UPDATE booking SET payout_minor = 0 WHERE id = :booking",
                booking
            )
            .run(tx, Rows::Exactly(1))?;
        }
    }
    Ok(old.len())
}

/// Deletes orders with all that belongs to them. Orders with a receipt are deleted in the order of
/// the receipts' numbers, so that the remaining numbers of a fiscal year have no gap.
fn delete_orders(tx: &mut Tx<'_>, before: Timestamp) -> Result<usize, StoreError> {
    let years: Vec<(OrderMode, i64)> = tx.all(
        sql!(
            "SELECT DISTINCT mode, receipt_year FROM booking_order
             WHERE receipt_no IS NOT NULL AND receipt_year IS NOT NULL ORDER BY receipt_year, mode"
        ),
        &[],
    )?;
    let mut done = 0;
    for (mode, year) in years {
        let next: Vec<(OrderId,)> = sql!(
            "SELECT id FROM booking_order WHERE mode = :mode AND receipt_year = :year
             ORDER BY receipt_no LIMIT :most",
            mode,
            year,
            most = most(done)
        )
        .all(tx)?;
        for (id,) in next {
            if !is_over(tx, &id, before)? {
                break;
            }
            delete_order(tx, &id)?;
            done += 1;
        }
    }
    let others: Vec<(OrderId,)> = sql!(
        "SELECT o.id FROM booking_order o
         WHERE o.receipt_no IS NULL AND o.state <> 'created' AND o.created_at < :before
         ORDER BY o.created_at, o.id",
        before
    )
    .all(tx)?;
    for (id,) in others {
        if done >= TURN {
            break;
        }
        if is_over(tx, &id, before)? {
            delete_order(tx, &id)?;
            done += 1;
        }
    }
    Ok(done)
}

fn is_over(tx: &mut Tx<'_>, id: &OrderId, before: Timestamp) -> Result<bool, StoreError> {
    let over: Option<(OrderId,)> = sql!(
        "SELECT o.id FROM booking_order o
         WHERE o.id = :id AND o.state <> 'created' AND o.created_at < :before
           AND (o.paid_at IS NULL OR o.paid_at < :before)
           AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.order_id = o.id
                           AND p.captured_at >= :before)
           AND NOT EXISTS (SELECT 1 FROM payment p JOIN refund f ON f.payment_id = p.id
                           WHERE p.order_id = o.id
                             AND (f.changed_at >= :before OR f.state IN ('requested', 'submitted')))
           AND NOT EXISTS (SELECT 1 FROM finding f WHERE f.order_id = o.id AND f.state = 'open')
           AND NOT EXISTS (SELECT 1 FROM refund_request q WHERE q.order_id = o.id
                           AND (q.state = 'open' OR q.created_at >= :before))
           AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.order_id = o.id
                           AND m.ends_at >= :before)
           AND NOT EXISTS (SELECT 1 FROM booking b WHERE b.order_id = o.id
                           AND (b.state IN ('pending_payment', 'confirmed') OR b.ends_at >= :before
                                OR EXISTS (SELECT 1 FROM payout_item i WHERE i.booking_id = b.id
                                           AND i.state IN ('pending', 'approved', 'batched'))))",
        id,
        before
    )
    .maybe(tx)?;
    if over.is_none() {
        return Ok(false);
    }
    for (lot,) in lots_of(tx, id)? {
        if !is_lot_over(tx, &lot, before)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn lots_of(tx: &mut Tx<'_>, order: &OrderId) -> Result<Vec<(LotId,)>, StoreError> {
    sql!(
        "SELECT id FROM credit_lot WHERE order_id = :order ORDER BY id",
        order
    )
    .all(tx)
}

fn is_lot_over(tx: &mut Tx<'_>, id: &LotId, before: Timestamp) -> Result<bool, StoreError> {
    let over: Option<(LotId,)> = sql!(
        "SELECT l.id FROM credit_lot l
         WHERE l.id = :id AND l.expires_at < :before
           AND NOT EXISTS (SELECT 1 FROM credit_entry e WHERE e.lot_id = l.id
                           AND e.created_at >= :before)
           AND NOT EXISTS (SELECT 1 FROM booking b WHERE (b.credit_lot_id = l.id OR b.id IN
                               (SELECT t.booking_id FROM booking_seat t WHERE t.credit_lot_id = l.id))
                           AND (b.state IN ('pending_payment', 'confirmed') OR b.ends_at >= :before
                                OR EXISTS (SELECT 1 FROM payout_item i WHERE i.booking_id = b.id
                                           AND i.state IN ('pending', 'approved', 'batched'))))
           AND NOT EXISTS (SELECT 1 FROM review r WHERE r.credit_lot_id = l.id
                           AND r.state IN ('pending', 'in_review'))",
        id,
        before
    )
    .maybe(tx)?;
    Ok(over.is_some())
}

fn delete_order(tx: &mut Tx<'_>, id: &OrderId) -> Result<(), StoreError> {
    let Some(order) = order::lock(tx, id)? else {
        return Ok(());
    };
    for (lot,) in lots_of(tx, id)? {
        close_lot(tx, &lot)?;
    }
    for delete in [
        sql!(
            "DELETE FROM test_refund WHERE payment_id IN
                 (SELECT t.id FROM test_payment t
                  JOIN booking_order o ON o.gateway_order_id = t.gateway_order_id
                  WHERE o.id = $1 AND o.gateway = 'test')"
        ),
        sql!(
            "DELETE FROM test_payment WHERE gateway_order_id IN
                 (SELECT gateway_order_id FROM booking_order WHERE id = $1 AND gateway = 'test')"
        ),
        sql!("DELETE FROM membership WHERE order_id = $1"),
        sql!("DELETE FROM finding WHERE order_id = $1"),
        sql!("DELETE FROM refund_request WHERE order_id = $1"),
        sql!("DELETE FROM ledger_entry WHERE order_id = $1"),
        sql!("DELETE FROM refund WHERE payment_id IN (SELECT id FROM payment WHERE order_id = $1)"),
        sql!("DELETE FROM payment WHERE order_id = $1"),
        sql!("DELETE FROM earlier_gateway_order WHERE order_id = $1"),
        sql!("UPDATE booking SET order_id = NULL WHERE order_id = $1"),
        sql!("DELETE FROM booking_order WHERE id = $1"),
    ] {
        tx.run(delete, &[id], Rows::Any)?;
    }
    forget_party(tx, &order.party_id)
}

fn forget_party(tx: &mut Tx<'_>, party: &PartyId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM money_party WHERE id = :party AND account_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM booking_order o WHERE o.party_id = :party)
           AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.party_id = :party)
           AND NOT EXISTS (SELECT 1 FROM credit_lot l WHERE l.party_id = :party)",
        party
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Closes lots that belong to no order, such as those that replaced credits.
fn close_lots(tx: &mut Tx<'_>, before: Timestamp) -> Result<usize, StoreError> {
    let old: Vec<(LotId,)> = sql!(
        "SELECT id FROM credit_lot
         WHERE order_id IS NULL AND is_closed = 0 AND expires_at < :before ORDER BY expires_at, id",
        before
    )
    .all(tx)?;
    let mut done = 0;
    for (lot,) in old {
        if done >= TURN {
            break;
        }
        if is_lot_over(tx, &lot, before)? {
            close_lot(tx, &lot)?;
            done += 1;
        }
    }
    Ok(done)
}

/// Deletes a lot's entries. The lot itself stays, empty, while a booking or a review refers to it.
fn close_lot(tx: &mut Tx<'_>, lot: &LotId) -> Result<(), StoreError> {
    sql!("DELETE FROM credit_entry WHERE lot_id = :lot", lot).run(tx, Rows::Any)?;
    let (party,): (PartyId,) = sql!(
        "SELECT party_id FROM credit_lot WHERE id = :lot FOR NO KEY UPDATE",
        lot
    )
    .one(tx)?;
    sql!(
        "UPDATE credit_lot SET order_id = NULL, granted = 0, used = 0, frozen = 0, is_closed = 1
         WHERE id = :lot",
        lot
    )
    .run(tx, Rows::Exactly(1))?;
    sql!(
        "DELETE FROM credit_lot WHERE id = :lot
           AND NOT EXISTS (SELECT 1 FROM booking b WHERE b.credit_lot_id = :lot)
           AND NOT EXISTS (SELECT 1 FROM booking_seat t WHERE t.credit_lot_id = :lot)
           AND NOT EXISTS (SELECT 1 FROM review r WHERE r.credit_lot_id = :lot)",
        lot
    )
    .run(tx, Rows::AtMostOne)?;
    forget_party(tx, &party)
}

/// Removes the ids of orders, payments and refunds from old events. An event stays unchanged if it
/// is not processed yet, has an open finding, or is about the dispute of a payment that is kept,
/// because nothing else records that dispute.
fn empty_events(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    let old: Vec<(GatewayName, String)> = sql!(
        "SELECT e.gateway, e.event_id FROM gateway_event e
         WHERE (e.order_ref IS NOT NULL OR e.payment_ref IS NOT NULL OR e.refund_ref IS NOT NULL
                OR e.receipt IS NOT NULL)
           AND e.received_at < :before AND e.outcome <> 'received'
           AND NOT EXISTS (SELECT 1 FROM finding f WHERE f.kind = 'unmatched_event'
                           AND f.subject = e.event_id AND f.state = 'open')
           AND NOT (e.kind LIKE '%.dispute.%' AND EXISTS
                    (SELECT 1 FROM payment p WHERE p.gateway = e.gateway
                     AND p.gateway_payment_id = e.payment_ref))
         ORDER BY e.received_at, e.event_id LIMIT :most",
        before = tx.now() - EVENTS,
        most = most(0)
    )
    .all(tx)?;
    for (gateway, event) in &old {
        sql!(
            "UPDATE gateway_event
             SET order_ref = NULL, payment_ref = NULL, refund_ref = NULL, receipt = NULL
             WHERE gateway = :gateway AND event_id = :event",
            gateway,
            event
        )
        .run(tx, Rows::Exactly(1))?;
    }
    Ok(old.len())
}
