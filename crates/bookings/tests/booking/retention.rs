//! Tests of how long records of money are kept: all goes when its years are over, what is open stays,
//! and the books agree at each step.

use identity::grant::OWNER;
use platform::sql;

use crate::credits::{offer, order, plan};
use crate::disputes::hear;
use crate::stage::{
    Booking, Person, Stage, count, go_to, on_default, prove, provider, rows, run, wrong,
};

/// How many records of money are left.
async fn left(stage: &Stage<'_>) -> i64 {
    let all = sql!(
        "SELECT (SELECT COUNT(*) FROM booking_order) + (SELECT COUNT(*) FROM payment)
             + (SELECT COUNT(*) FROM refund) + (SELECT COUNT(*) FROM ledger_entry)
             + (SELECT COUNT(*) FROM membership) + (SELECT COUNT(*) FROM credit_entry)
             + (SELECT COUNT(*) FROM payout_item) + (SELECT COUNT(*) FROM payout_batch)
             + (SELECT COUNT(*) FROM test_payment) + (SELECT COUNT(*) FROM test_refund)"
    );
    count(stage, all).await
}

/// The numbers of the receipts that are left.
async fn receipts(stage: &Stage<'_>) -> Vec<i64> {
    let all = sql!(
        "SELECT receipt_no FROM booking_order WHERE receipt_no IS NOT NULL ORDER BY receipt_no"
    );
    let all: Vec<(i64,)> = rows(stage, all).await;
    all.into_iter().map(|(number,)| number).collect()
}

async fn audited(stage: &Stage<'_>) -> i64 {
    let lines = sql!("SELECT COUNT(*) FROM audit WHERE action = 'booking_records.deleted'");
    count(stage, lines).await
}

/// Aina pays for a session of Farah's on this day. Returns the path of the booking.
async fn paid(farah: &mut Person, aina: &mut Person, day: &str) -> String {
    let slot = farah.offer(day, "09:00", 18_000).await;
    let (pay, booking) = aina.hold(&slot).await;
    aina.pay(&pay, "pay").await.expect(200);
    booking
}

#[test]
fn records_of_money_go_when_their_years_are_over() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        farah.profile("bio", "Portraits").await;
        run(stage, sql!("UPDATE provider SET payout_minor = 10000")).await;
        let plan = plan(&mut owner, 2).await;
        run(stage, sql!("UPDATE plan SET tier = 1")).await;
        let by_credit = offer(&mut farah, "2026-11-24").await;
        let unpaid = farah.offer("2026-12-11", "09:00", 9_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        aina.pay(&pay, "twice").await.expect(200);
        let credited = aina.book(&by_credit).await;
        let credited = credited.expect(303).location().unwrap().to_owned();
        let booking = paid(&mut farah, &mut aina, "2026-11-25").await;
        let cancelled = paid(&mut farah, &mut aina, "2026-12-10").await;
        aina.cancel(&cancelled).await.expect(303);
        aina.hold(&unpaid).await;
        go_to(stage, "2026-12-21T00:00:00Z").await;
        run(
            stage,
            sql!(
                "INSERT INTO payout_batch (id, currency, state, reference, created_at, changed_at)
                 VALUES ('b', 'MYR', 'settled', 'TRX-1', 1, 1)"
            ),
        )
        .await;
        run(
            stage,
            sql!("UPDATE payout_item SET state = 'paid', batch_id = 'b'"),
        )
        .await;
        assert_eq!(wrong(stage).await, [""; 0]);
        let all = left(stage).await;
        assert!(all > 20, "{all}");
        // The plan has the first receipt, and its credits ended on 20 December. Until then the other
        // receipts of its year stay too, so that there is no gap.
        go_to(stage, "2034-12-20T00:00:00Z").await;
        assert_eq!(receipts(stage).await, [1, 2, 3]);
        assert_eq!(wrong(stage).await, [""; 0]);
        assert_eq!(audited(stage).await, 1);
        go_to(stage, "2034-12-22T00:00:00Z").await;
        assert_eq!(left(stage).await, 0);
        assert_eq!(wrong(stage).await, [""; 0]);
        assert_eq!(audited(stage).await, 2);
        // The sessions stay, and say no more of money than they must.
        prove(stage, &mut aina).await;
        prove(stage, &mut farah).await;
        for page in [&credited, &booking, &cancelled] {
            let page = page.split('?').next().unwrap();
            aina.browser.get(page).await.expect(200);
        }
        for page in ["/me/bookings", "/me/credits"] {
            aina.browser.get(page).await.expect(200);
        }
        farah.browser.get("/me/slots/payouts").await.expect(200);
        prove(stage, &mut owner).await;
        for page in ["/admin/orders", "/admin/payouts", "/admin/sessions"] {
            owner.browser.get(page).await.expect(200);
        }
        // Nothing is looked for again.
        go_to(stage, "2034-12-24T00:00:00Z").await;
        assert_eq!(audited(stage).await, 2);
    });
}

#[test]
fn what_is_open_stays_and_receipts_have_no_gap() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        for day in ["2026-11-24", "2026-11-25", "2026-11-26"] {
            paid(&mut farah, &mut aina, day).await;
        }
        go_to(stage, "2026-12-01T00:00:00Z").await;
        run(
            stage,
            sql!(
                "INSERT INTO finding (id, kind, subject, order_id, gateway, state, times, found_at)
                 SELECT 'f', 'missing_here', 'unknown', id, 'test', 'open', 1, 1
                 FROM booking_order WHERE receipt_no = 2"
            ),
        )
        .await;
        run(
            stage,
            sql!(
                "UPDATE booking SET payout_minor = 5000
                 WHERE order_id = (SELECT id FROM booking_order WHERE receipt_no = 3)"
            ),
        )
        .await;
        run(
            stage,
            sql!(
                "INSERT INTO payout_item (id, provider_id, booking_id, amount_minor, currency,
                     state, is_adjustment, reason, available_at, created_at)
                 SELECT 'p', provider_id, id, 5000, payout_currency, 'pending', 0, '', 1, 1
                 FROM booking WHERE payout_minor = 5000"
            ),
        )
        .await;
        go_to(stage, "2035-01-01T00:00:00Z").await;
        assert_eq!(receipts(stage).await, [2, 3]);
        assert_eq!(wrong(stage).await, [""; 0]);
        run(stage, sql!("UPDATE finding SET state = 'healed'")).await;
        go_to(stage, "2035-01-02T00:00:00Z").await;
        assert_eq!(receipts(stage).await, [3]);
        assert_eq!(wrong(stage).await, [""; 0]);
        run(stage, sql!("UPDATE payout_item SET state = 'rejected'")).await;
        go_to(stage, "2035-01-03T00:00:00Z").await;
        assert_eq!(left(stage).await, 0);
    });
}

#[test]
fn who_left_is_forgotten_with_the_last_record() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        paid(&mut farah, &mut aina, "2026-11-24").await;
        go_to(stage, "2026-12-01T00:00:00Z").await;
        crate::stage::erase(stage, &aina).await;
        let parties = sql!("SELECT COUNT(*) FROM money_party");
        assert_eq!(count(stage, parties).await, 1);
        go_to(stage, "2034-12-02T00:00:00Z").await;
        assert_eq!((count(stage, parties).await, left(stage).await), (0, 0));
    });
}

#[test]
fn a_long_night_goes_on_in_turns() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        aina.hold(&slot).await;
        run(
            stage,
            sql!(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
                 INSERT INTO booking_order (id, party_id, amount_minor, currency, gateway, state,
                     expires_at, created_at)
                 SELECT 'old' || n.i, p.id, 100, 'MYR', 'test', 'expired', 1, n.i
                 FROM n CROSS JOIN money_party p"
            ),
        )
        .await;
        go_to(stage, "2026-11-22T00:00:00Z").await;
        let old = sql!("SELECT COUNT(*) FROM booking_order WHERE created_at < 1000");
        assert_eq!(count(stage, old).await, 0);
        assert_eq!(left(stage).await, 1);
        assert_eq!(audited(stage).await, 3);
    });
}

#[test]
fn old_events_keep_no_more_than_their_id_and_hash() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        paid(&mut farah, &mut aina, "2026-11-24").await;
        stage.work().await;
        // One that was done, one that waits, and one whose order is unknown.
        run(
            stage,
            sql!(
                "INSERT INTO gateway_event (gateway, event_id, kind, order_ref, payment_ref,
                     refund_ref, receipt, body_sha256, received_at, outcome)
                 SELECT 'stripe', outcome, 'payment.captured', 'o', 'p', 'r', 'x', 'hash',
                     created_at, outcome
                 FROM booking_order
                 CROSS JOIN (SELECT 'done' AS outcome UNION SELECT 'received'
                             UNION SELECT 'unmatched') outcomes"
            ),
        )
        .await;
        hear(stage, "payment.dispute.created").await;
        let full = async || -> Vec<(String, String)> {
            let all = sql!(
                "SELECT gateway, event_id FROM gateway_event
                 WHERE order_ref IS NOT NULL OR payment_ref IS NOT NULL OR refund_ref IS NOT NULL
                     OR receipt IS NOT NULL
                 ORDER BY gateway, event_id"
            );
            let all: Vec<(String, String)> = rows(stage, all).await;
            let name = |id: String| match id.split_once("test_pay_") {
                Some((start, _)) => start.to_owned(),
                None => id,
            };
            let all = all.into_iter();
            all.map(|(gateway, id)| (gateway, name(id))).collect()
        };
        let is = |gateway: &str, id: &str| (gateway.to_owned(), id.to_owned());
        let dispute = is("test", "payment.dispute.created");
        go_to(stage, "2027-02-17T00:00:00Z").await;
        assert_eq!(full().await.len(), 5);
        go_to(stage, "2027-03-01T00:00:00Z").await;
        let open = [is("stripe", "received"), is("stripe", "unmatched"), dispute];
        assert_eq!(full().await, open);
        let kept = sql!(
            "SELECT COUNT(*) FROM gateway_event
             WHERE event_id = 'done' AND body_sha256 = 'hash' AND kind = 'payment.captured'"
        );
        assert_eq!(count(stage, kept).await, 1);
        // The dispute is still known, and its event goes after its payment.
        let disputed = sql!("SELECT COUNT(*) FROM booking_order WHERE state = 'paid'");
        assert_eq!(count(stage, disputed).await, 1);
        run(stage, sql!("UPDATE finding SET state = 'applied'")).await;
        run(stage, sql!("UPDATE gateway_event SET outcome = 'done'")).await;
        go_to(stage, "2034-12-02T00:00:00Z").await;
        go_to(stage, "2034-12-03T00:00:00Z").await;
        assert!(full().await.is_empty());
        assert_eq!(left(stage).await, 0);
    });
}

#[test]
fn added_credits_end_with_their_years_too() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        paid(&mut farah, &mut aina, "2026-11-24").await;
        run(
            stage,
            sql!(
                "INSERT INTO credit_lot (id, party_id, granted, used, expires_at)
                 SELECT 'l', id, 2, 0, 1700000000000 FROM money_party"
            ),
        )
        .await;
        run(
            stage,
            sql!(
                "INSERT INTO credit_entry (id, lot_id, delta, reason, subject, created_at)
                 VALUES ('e', 'l', 2, 'adjusted', 'e', 1700000000000)"
            ),
        )
        .await;
        let lots = sql!("SELECT COUNT(*) FROM credit_lot");
        // The lot ended in November 2023.
        go_to(stage, "2031-11-01T00:00:00Z").await;
        assert_eq!(count(stage, lots).await, 1);
        go_to(stage, "2031-12-01T00:00:00Z").await;
        assert_eq!(count(stage, lots).await, 0);
        assert_eq!(receipts(stage).await, [1]);
    });
}
