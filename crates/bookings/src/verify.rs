//! Consistency checks of the tables for bookings, slots, payments, payouts and the test gateway.

use std::collections::{BTreeMap, BTreeSet};

use platform::jobs::{Done, Handler, JobError, NewJob};
use platform::{Sql, StoreError, Tx, sql};
use serde_json::json;
use web::Site;

use crate::finding::{self, FindingKind};

/// The job kind of the nightly check.
pub const KIND: &str = "booking.verify";
const MOST: usize = 100;

use crate::order::{Order, OrderId};

/// Queries that must return no rows, each with the description of the inconsistency.
const CHECKS: &[(&str, Sql)] = &[
    (
        "a slot is booked, and has not one confirmed booking",
        sql!(
            "SELECT s.id FROM slot s WHERE s.state = 'booked' AND 1 <>
                 (SELECT COUNT(*) FROM booking b WHERE b.slot_id = s.id AND b.state = 'confirmed')"
        ),
    ),
    (
        "a booking is confirmed, and its slot is not booked",
        sql!(
            "SELECT b.id FROM booking b JOIN slot s ON s.id = b.slot_id
             WHERE b.state = 'confirmed' AND b.is_class = 0 AND s.state <> 'booked'"
        ),
    ),
    (
        "a slot is held, and no booking that waits for its payment holds it",
        sql!(
            "SELECT s.id FROM slot s WHERE s.state = 'held' AND 1 <>
                 (SELECT COUNT(*) FROM booking b WHERE b.slot_id = s.id
                      AND b.state = 'pending_payment' AND b.hold_token = s.hold_token)"
        ),
    ),
    (
        "a booking waits for its payment, and its slot is not held for it",
        sql!(
            "SELECT b.id FROM booking b JOIN slot s ON s.id = b.slot_id
             WHERE b.state = 'pending_payment' AND b.is_class = 0
               AND (s.state <> 'held' OR COALESCE(s.hold_token, '') <> COALESCE(b.hold_token, ''))"
        ),
    ),
    (
        "a request is confirmed, and has no booking of its member, or the reverse",
        sql!(
            "SELECT r.id FROM booking_request r LEFT JOIN booking b ON b.id = r.booking_id
             WHERE (r.state = 'confirmed' AND (b.id IS NULL OR b.member_id <> r.member_id))
                OR (r.state <> 'confirmed' AND b.id IS NOT NULL)"
        ),
    ),
    (
        "a computed time is stored as free, or rests and is live",
        sql!(
            "SELECT id FROM slot
             WHERE (offer_id IS NOT NULL AND seats = 1 AND deleted_at IS NULL
                    AND state = 'available')
                OR (is_resting = 1 AND (deleted_at IS NULL OR state <> 'available'
                                        OR offer_id IS NULL))"
        ),
    ),
    (
        "the seats that are taken of a slot are not those of its bookings, or more than there are",
        sql!(
            "SELECT s.id FROM slot s WHERE s.seats_taken > s.seats OR s.seats_taken <>
                 (SELECT CAST(COALESCE(SUM(b.seats), 0) AS BIGINT) FROM booking b
                  WHERE b.slot_id = s.id AND b.is_class = 1
                    AND b.state IN ('pending_payment', 'confirmed', 'completed',
                                    'no_show_member', 'no_show_provider'))"
        ),
    ),
    (
        "a booking of a class is not of a date of one, or the reverse",
        sql!(
            "SELECT b.id FROM booking b JOIN slot s ON s.id = b.slot_id
             WHERE b.is_class <> CASE WHEN s.seats > 1 THEN 1 ELSE 0 END OR b.seats < 1
                OR (b.is_class = 0 AND b.seats <> 1)
                OR (b.is_class = 1 AND s.state IN ('held', 'booked'))"
        ),
    ),
    (
        "the seats of a party are not its rows, or do not say what became of it",
        sql!(
            "SELECT b.id FROM booking b
             WHERE (SELECT COUNT(*) FROM booking_seat t WHERE t.booking_id = b.id
                        AND t.state <> 'cancelled') <> CASE WHEN b.is_class = 1 THEN b.seats ELSE 0 END
                OR EXISTS (SELECT 1 FROM booking_seat t WHERE t.booking_id = b.id
                           AND (t.state = 'cancelled') <> (t.cancelled_at IS NOT NULL))
                OR b.is_class = 1 AND b.state <> 'no_show_member'
                   AND NOT EXISTS (SELECT 1 FROM booking_seat t WHERE t.booking_id = b.id
                                   AND t.state IN ('taken', 'came'))
                OR b.state = 'no_show_member'
                   AND EXISTS (SELECT 1 FROM booking_seat t WHERE t.booking_id = b.id
                               AND t.state IN ('taken', 'came'))"
        ),
    ),
    (
        "a party is asked, and no booking keeps its seats",
        sql!(
            "SELECT w.id FROM waiting w LEFT JOIN booking b ON b.id = w.booking_id
             WHERE w.state = 'asked'
               AND (b.id IS NULL OR b.state <> 'pending_payment' OR b.slot_id <> w.slot_id
                    OR b.member_id <> w.member_id)"
        ),
    ),
    (
        "more parties are asked than there are seats for",
        sql!(
            "SELECT s.id FROM slot s JOIN waiting w ON w.slot_id = s.id AND w.state = 'asked'
             JOIN booking b ON b.id = w.booking_id
             GROUP BY s.id, s.seats HAVING SUM(b.seats) > s.seats"
        ),
    ),
    (
        "somebody waits for a date of a class and has seats of it",
        sql!(
            "SELECT w.id FROM waiting w JOIN booking b
                 ON b.slot_id = w.slot_id AND b.member_id = w.member_id
             WHERE w.state IN ('waiting', 'asked') AND b.state = 'confirmed'"
        ),
    ),
    (
        "a date of a class is booked and has not one room, or the reverse",
        sql!(
            "SELECT s.id FROM slot s WHERE s.seats > 1 AND s.location_kind = 'room_pool'
               AND CASE WHEN EXISTS (SELECT 1 FROM booking b WHERE b.slot_id = s.id
                                     AND b.state IN ('pending_payment', 'confirmed'))
                        THEN 1 ELSE 0 END
                 <> (SELECT COUNT(*) FROM booking c JOIN room_allocation a ON a.booking_id = c.id
                     WHERE c.slot_id = s.id
                       AND (a.state = 'reserved'
                            OR a.release_reason <> '' AND c.state = 'confirmed'))"
        ),
    ),
    (
        "two slots of a provider overlap",
        sql!(
            "SELECT w.id FROM
                 (SELECT id, blocks_from, MAX(blocks_until) OVER
                      (PARTITION BY provider_id ORDER BY blocks_from, id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
                  FROM slot WHERE deleted_at IS NULL) w
             WHERE w.busy_until > w.blocks_from"
        ),
    ),
    (
        "a member has two bookings at once",
        sql!(
            "SELECT b.id FROM booking b JOIN booking o ON o.member_id = b.member_id AND o.id > b.id
             WHERE (b.state = 'confirmed' OR b.state = 'pending_payment' AND b.order_id IS NOT NULL)
               AND (o.state = 'confirmed' OR o.state = 'pending_payment' AND o.order_id IS NOT NULL)
               AND b.starts_at < o.ends_at AND o.starts_at < b.ends_at
               AND (b.slot_id <> o.slot_id OR b.is_further = 0 AND o.is_further = 0)
               AND (SELECT member_busy FROM booking_setting) = 1"
        ),
    ),
    (
        "two bookings reserve a room at once",
        sql!(
            "SELECT a.id FROM room_allocation a
             JOIN room_allocation o ON o.room_id = a.room_id AND o.id > a.id
             WHERE a.state = 'reserved' AND o.state = 'reserved'
               AND a.starts_at < o.blocks_until AND o.starts_at < a.blocks_until"
        ),
    ),
    (
        "an active booking needs a room and has none at its time, or another one has a room",
        sql!(
            "SELECT b.id FROM booking b JOIN slot s ON s.id = b.slot_id
             LEFT JOIN room_allocation a ON a.booking_id = b.id AND a.starts_at = b.starts_at
                 AND (a.state = 'reserved' OR a.release_reason <> '' AND b.state = 'confirmed')
             WHERE b.is_class = 0 AND CASE WHEN a.id IS NULL THEN 0 ELSE 1 END
                 <> CASE WHEN s.location_kind = 'room_pool'
                          AND b.state IN ('pending_payment', 'confirmed') THEN 1 ELSE 0 END"
        ),
    ),
    (
        "an order is paid, and has not one payment of its sum that settles it",
        sql!(
            "SELECT r.id FROM booking_order r WHERE r.state IN ('paid', 'partially_refunded', 'refunded') AND 1 <>
                 (SELECT COUNT(*) FROM payment p WHERE p.order_id = r.id AND p.settles = 1
                      AND p.state = 'captured' AND p.amount_minor = r.amount_minor
                      AND p.currency = r.currency)"
        ),
    ),
    (
        "receipts of a fiscal year are not numbered without gaps",
        sql!(
            "SELECT mode || ' ' || CAST(receipt_year AS TEXT) FROM booking_order
             WHERE receipt_no IS NOT NULL GROUP BY mode, receipt_year
             HAVING MAX(receipt_no) - MIN(receipt_no) + 1 <> COUNT(*)"
        ),
    ),
    (
        "an order is paid, and there is neither a booking nor a full refund",
        sql!(
            "SELECT r.id FROM booking_order r
             WHERE r.state IN ('paid', 'partially_refunded') AND r.plan_id IS NULL
               AND NOT EXISTS (SELECT 1 FROM booking b WHERE b.order_id = r.id
                               AND (b.state IN ('confirmed', 'completed', 'no_show_member')
                                    OR b.state = 'cancelled' AND b.cancelled_by = 'member'
                                       AND b.cancelled_at > b.starts_at - b.cancel_minutes * 60000))
               AND r.amount_minor >
                   (SELECT CAST(COALESCE(SUM(f.amount_minor), 0) AS BIGINT)
                    FROM payment p JOIN refund f ON f.payment_id = p.id
                    WHERE p.order_id = r.id AND p.settles = 1)"
        ),
    ),
    (
        "an order of a membership is paid, and opened none",
        sql!(
            "SELECT r.id FROM booking_order r
             WHERE r.state IN ('paid', 'partially_refunded', 'refunded') AND r.tier > 0
               AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.order_id = r.id)
               AND NOT EXISTS (SELECT 1 FROM payment p JOIN refund f ON f.payment_id = p.id
                               WHERE p.order_id = r.id AND f.reason = 'sold_out')"
        ),
    ),
    (
        "the entries of a lot do not add up to its credits",
        sql!(
            "SELECT l.id FROM credit_lot l WHERE l.granted - l.used <>
                 (SELECT CAST(COALESCE(SUM(e.delta), 0) AS BIGINT) FROM credit_entry e
                  WHERE e.lot_id = l.id)"
        ),
    ),
    (
        "credits are frozen, and no money for them goes back, or the reverse",
        sql!(
            "SELECT l.id FROM credit_lot l WHERE l.order_id IS NOT NULL AND l.frozen <>
                 CASE WHEN EXISTS (SELECT 1 FROM payment p JOIN refund f ON f.payment_id = p.id
                                   WHERE p.order_id = l.order_id AND p.settles = 1
                                     AND f.state IN ('requested', 'submitted'))
                      THEN 1 ELSE 0 END"
        ),
    ),
    (
        "an order was refunded in full, and its credits can still be spent",
        sql!(
            "SELECT l.id FROM credit_lot l JOIN booking_order r ON r.id = l.order_id
             WHERE r.state = 'refunded' AND l.used < l.granted"
        ),
    ),
    (
        "a booking takes place, and the credit for it was not spent",
        sql!(
            "SELECT b.id FROM booking b JOIN slot s ON s.id = b.slot_id
             LEFT JOIN credit_lot l ON l.id = b.credit_lot_id
             WHERE b.state IN ('confirmed', 'completed', 'no_show_member') AND b.is_class = 0
               AND s.credit_kind IS NOT NULL AND COALESCE(l.is_closed, 0) = 0
               AND 1 <> (SELECT COUNT(*) FROM credit_entry e
                         WHERE e.subject = b.id AND e.lot_id = b.credit_lot_id
                           AND e.reason = 'booked' AND l.credit_kind = s.credit_kind)"
        ),
    ),
    (
        "a credit was given back, and its booking was neither cancelled nor missed by its provider",
        sql!(
            "SELECT b.id FROM booking b JOIN credit_entry e ON e.subject = b.id
             WHERE e.reason IN ('returned', 'replaced')
               AND b.state NOT IN ('cancelled', 'no_show_provider')
               AND COALESCE(b.outcome_by, '') <> 'administrator'"
        ),
    ),
    (
        "a seat of a class is taken, and the credit for it was not spent or came back",
        sql!(
            "SELECT b.id FROM booking_seat t JOIN booking b ON b.id = t.booking_id
             JOIN slot s ON s.id = b.slot_id LEFT JOIN credit_lot l ON l.id = t.credit_lot_id
             WHERE b.state IN ('confirmed', 'completed', 'no_show_member')
               AND t.state <> 'cancelled' AND s.credit_kind IS NOT NULL
               AND COALESCE(l.is_closed, 0) = 0
               AND (1 <> (SELECT COUNT(*) FROM credit_entry e
                          WHERE e.subject = b.id || '-' || CAST(t.position AS TEXT)
                            AND e.lot_id = t.credit_lot_id AND e.reason = 'booked'
                            AND l.credit_kind = s.credit_kind)
                    OR COALESCE(b.outcome_by, '') <> 'administrator'
                       AND EXISTS (SELECT 1 FROM credit_entry e
                                   WHERE e.subject = b.id || '-' || CAST(t.position AS TEXT)
                                     AND e.reason IN ('returned', 'replaced')))"
        ),
    ),
    (
        "a seat of a class was given back in time, and the credit for it was not",
        sql!(
            "SELECT t.booking_id FROM booking_seat t JOIN credit_lot l ON l.id = t.credit_lot_id
             WHERE t.state = 'cancelled' AND t.is_late = 0 AND l.is_closed = 0
               AND NOT EXISTS (SELECT 1 FROM credit_entry e
                               WHERE e.subject = t.booking_id || '-' || CAST(t.position AS TEXT)
                                 AND e.reason IN ('returned', 'replaced'))"
        ),
    ),
    (
        "a document was submitted for review, and not one credit for it was spent",
        sql!(
            "SELECT r.id FROM review r JOIN credit_lot k ON k.id = r.credit_lot_id
             WHERE k.is_closed = 0 AND 1 <>
                 (SELECT COUNT(*) FROM credit_entry e JOIN credit_lot l ON l.id = e.lot_id
                  WHERE e.subject = r.id AND e.lot_id = r.credit_lot_id AND e.reason = 'reviewed'
                    AND l.credit_kind = 'document_review')"
        ),
    ),
    (
        "a credit was given back, and its review was not cancelled",
        sql!(
            "SELECT r.id FROM review r JOIN credit_entry e ON e.subject = r.id
             WHERE e.reason IN ('returned', 'replaced') AND r.state <> 'cancelled'"
        ),
    ),
    (
        "a document waits for a session that does not take place, or is another member's",
        sql!(
            "SELECT r.id FROM review r JOIN booking b ON b.id = r.booking_id
             WHERE r.state IN ('pending', 'in_review')
               AND (b.member_id <> r.member_id OR b.provider_id <> r.reviewer_id
                    OR b.state IN ('pending_payment', 'expired', 'cancelled'))"
        ),
    ),
    (
        "a booking takes place that costs something, and is not paid",
        sql!(
            "SELECT b.id FROM booking b JOIN booking_order r ON r.id = b.order_id
             WHERE b.state IN ('confirmed', 'completed', 'no_show_member')
               AND r.state NOT IN ('paid', 'partially_refunded')
               AND NOT EXISTS (SELECT 1 FROM payment p JOIN refund f ON f.payment_id = p.id
                               WHERE p.order_id = r.id AND (f.reason IN ('no_show_provider', 'elsewhere')
                                                            OR f.requested_by IS NOT NULL))"
        ),
    ),
    (
        "a session took place, and what its provider is owed was not noted",
        sql!(
            "SELECT b.id FROM booking b WHERE b.state = 'completed' AND b.payout_minor > 0
               AND NOT EXISTS (SELECT 1 FROM payout_item i
                               WHERE i.booking_id = b.id AND i.is_adjustment = 0)"
        ),
    ),
    (
        "a provider is owed twice for a session",
        sql!(
            "SELECT booking_id FROM payout_item WHERE is_adjustment = 0
             GROUP BY booking_id HAVING COUNT(*) > 1"
        ),
    ),
    (
        "somebody was reminded twice of a session",
        sql!(
            "SELECT booking_id FROM session_reminder
             GROUP BY booking_id, sequence, party HAVING COUNT(*) > 1"
        ),
    ),
    (
        "a provider is owed something for a session that did not take place",
        sql!(
            "SELECT i.id FROM payout_item i JOIN booking b ON b.id = i.booking_id
             WHERE i.is_adjustment = 0 AND b.state NOT IN ('completed', 'no_show_member')
               AND NOT (b.state = 'cancelled' AND b.is_late = 1)"
        ),
    ),
    (
        "a payout is approved while a claim about its session is unsettled",
        sql!(
            "SELECT i.id FROM payout_item i JOIN claim c ON c.booking_id = i.booking_id
             WHERE i.is_adjustment = 0 AND i.state = 'approved'
               AND c.state IN ('open', 'disputed')"
        ),
    ),
    (
        "a provider is owed another sum than the booking says",
        sql!(
            "SELECT i.id FROM payout_item i JOIN booking b ON b.id = i.booking_id
             WHERE i.provider_id <> b.provider_id OR i.currency <> b.payout_currency
                OR i.is_adjustment = 0
                   AND (i.amount_minor <= 0 OR i.amount_minor > b.payout_minor
                        + b.payout_minor / b.seats * (SELECT COUNT(*) FROM booking_seat t
                                                      WHERE t.booking_id = b.id AND t.is_late = 1))
                OR i.is_adjustment = 0 AND b.state = 'completed'
                   AND i.amount_minor <> b.payout_minor
                   AND NOT EXISTS (SELECT 1 FROM booking_seat t WHERE t.booking_id = b.id
                                   AND (t.is_late = 1 OR t.state = 'missed'))"
        ),
    ),
    (
        "the adjustments of a payout are more than it was",
        sql!(
            "SELECT i.id FROM payout_item i
             WHERE i.is_adjustment = 0 AND i.amount_minor <
                 (SELECT CAST(COALESCE(SUM(-a.amount_minor), 0) AS BIGINT) FROM payout_item a
                  WHERE a.booking_id = i.booking_id AND a.is_adjustment = 1
                    AND a.state <> 'rejected')"
        ),
    ),
    (
        "a payout and its batch do not agree",
        sql!(
            "SELECT i.id FROM payout_item i LEFT JOIN payout_batch t ON t.id = i.batch_id
             WHERE CASE COALESCE(t.state, '')
                       WHEN 'settled' THEN 'paid'
                       WHEN '' THEN 'none'
                       ELSE 'batched' END
                   <> CASE WHEN i.state IN ('batched', 'paid') THEN i.state ELSE 'none' END
                OR t.currency <> i.currency OR t.state = 'failed'"
        ),
    ),
    (
        "a batch pays a provider nothing, or less",
        sql!(
            "SELECT i.batch_id FROM payout_item i WHERE i.batch_id IS NOT NULL
             GROUP BY i.batch_id, i.provider_id HAVING SUM(i.amount_minor) <= 0"
        ),
    ),
    (
        "money came in, and neither settles its order nor goes back",
        sql!(
            "SELECT p.id FROM payment p
             WHERE p.state = 'captured' AND p.settles = 0
               AND NOT EXISTS (SELECT 1 FROM refund f WHERE f.payment_id = p.id)"
        ),
    ),
    (
        "what is reserved of a payment is not the sum of its refunds",
        sql!(
            "SELECT p.id FROM payment p WHERE p.refund_reserved_minor <>
                 (SELECT CAST(COALESCE(SUM(f.amount_minor), 0) AS BIGINT) FROM refund f
                  WHERE f.payment_id = p.id AND f.state <> 'failed')"
        ),
    ),
    (
        "the ledger does not say what an order's payments and refunds say",
        sql!(
            "SELECT r.id FROM booking_order r WHERE
                 (SELECT CAST(COALESCE(SUM(l.amount_minor), 0) AS BIGINT) FROM ledger_entry l
                  WHERE l.order_id = r.id)
                 <> (SELECT CAST(COALESCE(SUM(p.amount_minor), 0) AS BIGINT) FROM payment p
                     WHERE p.order_id = r.id AND p.state = 'captured')
                  - (SELECT CAST(COALESCE(SUM(f.amount_minor), 0) AS BIGINT) FROM refund f
                     JOIN payment p ON p.id = f.payment_id
                     WHERE p.order_id = r.id AND f.state = 'processed')"
        ),
    ),
    (
        "the test gateway took money for an order, and no payment of it is known",
        sql!(
            "SELECT t.id FROM test_payment t
             JOIN booking_order r ON r.gateway_order_id = t.gateway_order_id
             WHERE r.state IN ('paid', 'partially_refunded', 'refunded')
               AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.gateway_payment_id = t.id)"
        ),
    ),
    (
        "the test gateway gave back another sum than the refunds say",
        sql!(
            "SELECT p.id FROM payment p WHERE p.gateway = 'test'
               AND (SELECT CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT) FROM test_refund t
                    WHERE t.payment_id = p.gateway_payment_id)
                   < (SELECT CAST(COALESCE(SUM(f.amount_minor), 0) AS BIGINT) FROM refund f
                      WHERE f.payment_id = p.id AND f.state = 'processed')"
        ),
    ),
];

/// Lists the inconsistencies, one per line; empty if there are none.
pub fn find(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for (what, query) in CHECKS {
        let rows: Vec<(String,)> = tx.all(*query, &[])?;
        found.extend(rows.into_iter().map(|(id,)| format!("{what}: {id}")));
    }
    let ungranted = find_ungranted(tx)?.into_iter();
    found.extend(
        ungranted.map(|id| {
            format!("an order of a plan is paid, and did not grant its credits once: {id}")
        }),
    );
    Ok(found)
}

/// The nightly check. Each inconsistency becomes a finding, and administrators are notified once
/// while it is open.
pub(crate) fn job(site: &Site) -> Handler {
    let site = site.clone();
    Handler::each_day(KIND, move |_| {
        let site = site.clone();
        async move {
            let mut found = site.store.read_at_length(find).await?;
            found.truncate(MOST);
            Ok::<_, JobError>(Done::with(move |tx: &mut Tx<'_>| note(tx, &found)))
        }
    })
}

fn note(tx: &mut Tx<'_>, found: &[String]) -> Result<(), StoreError> {
    for one in found {
        finding::note(tx, FindingKind::Contradiction, one, None, None)?;
    }
    finding::heal(tx, FindingKind::Contradiction, |one| {
        !found.contains(&one.subject)
    })
}

/// Schedules the check to run at once.
pub(crate) fn plan(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        key: Some(KIND.to_owned()),
        ..NewJob::new(KIND, json!({}))
    })
}

/// The number of credits that the lots of an order contained originally, by order and kind of
/// credits.
type Granted = BTreeMap<(OrderId, String), i64>;

fn find_ungranted(tx: &mut Tx<'_>) -> Result<BTreeSet<OrderId>, StoreError> {
    let orders = sql!(
        "SELECT {r: Order} FROM booking_order r
         WHERE r.plan_id IS NOT NULL AND r.state IN ('paid', 'partially_refunded', 'refunded')
           AND NOT EXISTS (SELECT 1 FROM payment p JOIN refund f ON f.payment_id = p.id
                           WHERE p.order_id = r.id AND f.reason = 'sold_out')"
    );
    let orders: Vec<Order> = tx.all(orders, &[])?;
    let lots = sql!(
        "SELECT l.order_id, l.credit_kind, l.granted -
             (SELECT CAST(COALESCE(SUM(e.delta), 0) AS BIGINT) FROM credit_entry e
              WHERE e.lot_id = l.id AND e.reason IN ('adjusted', 'refunded'))
         FROM credit_lot l JOIN booking_order r ON r.id = l.order_id
         WHERE r.plan_id IS NOT NULL"
    );
    let lots: Vec<(OrderId, String, i64)> = tx.all(lots, &[])?;
    let mut lots: Granted = lots
        .into_iter()
        .map(|(order, kind, count)| ((order, kind), count))
        .collect();
    let mut wrong = BTreeSet::new();
    for order in orders {
        for one in order.grant.grants {
            let key = (order.id.clone(), one.credit_kind);
            if lots.remove(&key) != Some(one.quantity) {
                wrong.insert(order.id.clone());
            }
        }
    }
    wrong.extend(lots.into_keys().map(|(order, _)| order));
    Ok(wrong)
}
