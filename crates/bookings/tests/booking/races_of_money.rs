//! Race tests for payments: returns, events, jobs, ends of holds, refunds and disputes at the same
//! moment. Each is repeated `testkit::rounds` times with SQLite and PostgreSQL.

use bookings::booking::State;
use bookings::gateway::Fact;
use bookings::order::{OrderId, PaymentState};
use bookings::settle;
use identity::grant::OWNER;
use jiff::SignedDuration;
use platform::money::{Currency, Money};
use platform::{StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor, rounds, together};

use crate::credits::{credits, near, offer_at, order, plan};
use crate::races::{BOOKINGS, book, day, send, statuses, there, wish};
use crate::razorpay::{come_back_paid, id, open, post, with_razorpay};
use crate::razorpay_double::Razorpay;
use crate::stage::{
    Booking, Person, Stage, again, each_round, ledger, on_both, prove, provider, script, state,
    wrong,
};

const PRICE: i64 = 18_000;

/// The number of receipts, the highest number of one (all are of one year), and the sum of all refunds.
async fn books(stage: &Stage<'_>) -> (i64, i64, i64) {
    let look = |tx: &mut Tx<'_>| -> Result<(i64, i64, i64), StoreError> {
        let receipts =
            sql!("SELECT COUNT(receipt_no), COALESCE(MAX(receipt_no), 0) FROM booking_order");
        let (count, last): (i64, i64) = tx.one(receipts, &[])?;
        let refunds = sql!(
            "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM refund
             WHERE state = 'processed'"
        );
        let (back,): (i64,) = tx.one(refunds, &[])?;
        Ok((count, last, back))
    };
    stage.world.store().read(look).await.unwrap()
}

/// Pays on the test gateway's page. Returns the path to which the browser is sent.
pub(crate) async fn paid(person: &mut Person, pay: &str) -> String {
    let back = person.press(pay, "pay").await;
    back.expect(303).location().unwrap().to_owned()
}

pub(crate) async fn get(mut visitor: Visitor, path: String) -> Page {
    visitor.get(&path).await
}

#[test]
fn an_event_and_a_return_and_their_repeats_settle_once() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 2).await;
        let (stage, double) = with_razorpay(stage).await;
        let other = stage.beside();
        let mut farah = provider(&stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut sum = 0;
        for round in 0..rounds() {
            again(&stage).await;
            let is_plan = round % 2 == 1;
            let (pay, booking) = if is_plan {
                (order(&mut aina, &plan).await, String::new())
            } else {
                let slot = farah.offer(&day(round), "09:00", PRICE).await;
                aina.hold(&slot).await
            };
            let name = open(&mut aina, &pay).await;
            let payment = double.pay(&name, "captured");
            let (captured, paid, failed) = (
                double.event("payment.captured", &payment),
                double.event("order.paid", &payment),
                double.event("payment.failed", &payment),
            );
            // Every other time the events come in reverse.
            let events = if round % 4 < 2 {
                [&captured, &paid, &captured, &failed]
            } else {
                [&failed, &paid, &captured, &captured]
            };
            for event in events {
                post(&other, event).await.expect(200);
            }
            let fields = Razorpay::returned(&name, &payment);
            let (mut visitor, path) = (stage.visitor(), format!("{pay}/return"));
            let back = async move {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(at, value)| (*at, value.as_str()))
                    .collect();
                visitor.post(&path, &fields).await
            };
            let (back, ()) = together(back, other.work()).await;
            back.expect(303);
            come_back_paid(&stage, &pay, &name, &payment).await;
            post(&other, &failed).await.expect(200);
            stage.world.clock.advance(SignedDuration::from_mins(4));
            together(stage.work(), other.work()).await;
            if is_plan {
                sum += 30_000;
                let granted = i64::try_from(round.div_ceil(2)).unwrap() * 2;
                assert_eq!(credits(&mut aina).await, granted, "round {round}");
            } else {
                sum += PRICE;
                let now = state(&stage, id(&booking)).await;
                assert_eq!(now, State::Confirmed, "round {round}");
            }
            let receipts = i64::try_from(round + 1).unwrap();
            assert_eq!(
                books(&stage).await,
                (receipts, receipts, 0),
                "round {round}"
            );
            assert_eq!(
                (ledger(&stage).await, double.balance()),
                (sum, sum),
                "round {round}"
            );
            assert_eq!(wrong(&stage).await, [""; 0], "round {round}");
        }
    });
}

fn told(
    stage: &Stage<'_>,
    order: &str,
    state: PaymentState,
) -> impl Future<Output = ()> + Send + use<> {
    let (site, id): (_, OrderId) = (stage.site.clone(), order.parse().unwrap());
    let store = site.store.clone();
    let fact = Fact {
        payment_id: format!("payment of {order}"),
        state,
        amount: Money::new(PRICE, Currency::MYR),
    };
    let write = move |tx: &mut Tx<'_>| settle::settle(tx, &site, &id, &fact);
    async move { store.write(write).await.unwrap() }
}

#[test]
fn a_payment_that_was_captured_never_counts_as_failed() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.beside();
        let mut farah = provider(stage).await;
        let (mut aina, mut daniel) = (
            stage.person("Aina Yusof").await,
            stage.person("Daniel Tan").await,
        );
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", PRICE).await;
            let (pay, booking) = aina.hold(&slot).await;
            let slot = farah.offer(&day(round), "11:00", PRICE).await;
            let (second, _) = daniel.hold(&slot).await;
            let one = id(&pay).to_owned();
            together(
                told(stage, &one, PaymentState::Captured),
                told(&other, &one, PaymentState::Failed),
            )
            .await;
            assert_eq!(state(stage, id(&booking)).await, State::Confirmed);
            // Two orders at once get two receipts, without a gap.
            together(
                told(stage, id(&second), PaymentState::Captured),
                told(&other, &one, PaymentState::Captured),
            )
            .await;
            let receipts = i64::try_from(2 * (round + 1)).unwrap();
            assert_eq!(books(stage).await, (receipts, receipts, 0), "round {round}");
        })
        .await;
    });
}

#[test]
fn two_orders_that_are_paid_at_once_get_receipts_without_a_gap() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.beside();
        let mut farah = provider(stage).await;
        let (mut aina, mut daniel) = (
            stage.person("Aina Yusof").await,
            stage.person("Daniel Tan").await,
        );
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", PRICE).await;
            let (one, _) = aina.hold(&slot).await;
            let slot = farah.offer(&day(round), "11:00", PRICE).await;
            let (two, _) = daniel.hold(&slot).await;
            let one = get(stage.visitor(), paid(&mut aina, &one).await);
            let two = get(other.visitor(), paid(&mut daniel, &two).await);
            let (one, two) = together(one, two).await;
            assert_eq!(statuses(&one, &two), [303, 303], "round {round}");
            let receipts = i64::try_from(2 * (round + 1)).unwrap();
            assert_eq!(books(stage).await, (receipts, receipts, 0), "round {round}");
        })
        .await;
    });
}

#[test]
fn a_receipt_that_is_replayed_on_a_dearer_order_meanwhile_pays_nothing() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.beside();
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", 100).await;
            let (cheap, _) = aina.hold(&slot).await;
            let slot = farah.offer(&day(round), "11:00", 90_000).await;
            let (dear, booking) = aina.hold(&slot).await;
            let back = paid(&mut aina, &cheap).await;
            let replayed = back.replace(&cheap, &dear);
            let (one, two) =
                together(get(stage.visitor(), back), get(other.visitor(), replayed)).await;
            one.expect(303);
            two.expect(400);
            let now = state(stage, id(&booking)).await;
            assert_eq!(now, State::PendingPayment, "round {round}");
            let sum = 100 * i64::try_from(round + 1).unwrap();
            assert_eq!(ledger(stage).await, sum, "round {round}");
        })
        .await;
    });
}

#[test]
fn money_that_lands_as_the_hold_ends_is_a_session_or_goes_back() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.beside();
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let daniel = stage.person("Daniel Tan").await;
        let mut sum = 0;
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", PRICE).await;
            let (pay, booking) = aina.hold(&slot).await;
            let back = paid(&mut aina, &pay).await;
            stage.world.clock.advance(SignedDuration::from_mins(15));
            // The hold and its end each raise the slot's version.
            let mut free = slot.clone();
            free["version"] = (slot["version"].as_i64().unwrap() + 2).into();
            let next = book(other.site.store.clone(), &other, &daniel, &free);
            let ending = other.work();
            let (settled, next) = together(get(stage.visitor(), back), async move {
                ending.await;
                next.await
            })
            .await;
            settled.expect(303);
            stage.work().await;
            let now = state(stage, id(&booking)).await;
            let expected = if next.is_ok() {
                State::Expired
            } else {
                sum += PRICE;
                State::Confirmed
            };
            assert_eq!(now, expected, "round {round}: {next:?}");
            assert_eq!(ledger(stage).await, sum, "round {round}");
        })
        .await;
    });
}

#[test]
fn an_order_that_is_paid_in_two_tabs_is_settled_once_and_the_rest_goes_back() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.beside();
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", PRICE).await;
            let (pay, booking) = aina.hold(&slot).await;
            let page = aina.browser.get(&pay).await;
            let form = page.expect(200).form(&format!("{pay}/checkout"));
            let led = aina.browser.submit(&page, &form).await;
            let gateway = led.expect(303).location().unwrap().to_owned();
            let page = aina.browser.get(&gateway).await;
            let mut form = page.expect(200).form(&gateway);
            form.press("how", "pay");
            let tab = |visitor: Visitor| {
                let (mut visitor, page, form) = (visitor, page.clone(), form.clone());
                async move {
                    let back = visitor.submit(&page, &form).await;
                    back.expect(303).location().unwrap().to_owned()
                }
            };
            let (one, two) =
                together(tab(aina.browser.clone()), tab(there(&aina.browser, &other))).await;
            let (one, two) = together(get(stage.visitor(), one), get(other.visitor(), two)).await;
            assert_eq!(statuses(&one, &two), [303, 303], "round {round}");
            together(stage.work(), other.work()).await;
            let now = state(stage, id(&booking)).await;
            assert_eq!(now, State::Confirmed, "round {round}");
            let count = i64::try_from(round + 1).unwrap();
            let expected = (count, count, PRICE * count);
            assert_eq!(books(stage).await, expected, "round {round}");
            assert_eq!(ledger(stage).await, PRICE * count, "round {round}");
        })
        .await;
    });
}

#[test]
fn two_who_cancel_what_was_paid_give_the_money_back_once() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.beside();
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", PRICE).await;
            let (pay, booking) = aina.hold(&slot).await;
            aina.pay(&pay, "pay").await.expect(200);
            let path = format!("{BOOKINGS}/{}/cancel", id(&booking));
            let why = json!({"reason": "Fever"});
            let (one, two) = together(
                send(&script(stage, &aina), "POST", &path, Value::Null),
                send(&script(&other, &farah), "POST", &path, why),
            )
            .await;
            assert_eq!(statuses(&one, &two), [200, 200], "round {round}");
            together(stage.work(), other.work()).await;
            let count = i64::try_from(round + 1).unwrap();
            assert_eq!(books(stage).await.2, PRICE * count, "round {round}");
            assert_eq!(ledger(stage).await, 0, "round {round}");
        })
        .await;
    });
}

#[test]
fn nobody_books_with_a_credit_whose_payment_is_disputed() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 2).await;
        let (stage, double) = with_razorpay(stage).await;
        let other = stage.beside();
        let mut farah = provider(&stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        each_round(&stage, async |round| {
            let pay = order(&mut aina, &plan).await;
            let name = open(&mut aina, &pay).await;
            let payment = double.pay(&name, "captured");
            come_back_paid(&stage, &pay, &name, &payment).await;
            let (day, hour) = near(round);
            let one = offer_at(&mut farah, &day, hour).await;
            let two = offer_at(&mut farah, &day, hour + 1).await;
            let event = double.event("payment.dispute.created", &payment);
            let mut visitor = other.visitor();
            visitor.header("x-razorpay-signature", &event.signature);
            visitor.header("x-razorpay-event-id", &event.id);
            let body = event.body.clone().into();
            let dispute = async move {
                let kind = Some("application/json");
                let path = "/hooks/pay/razorpay";
                visitor
                    .send("POST".parse().unwrap(), path, kind, body)
                    .await
            };
            let (made, told) = together(
                send(&aina.program, "POST", BOOKINGS, wish(&one, 0)),
                dispute,
            )
            .await;
            told.expect(200);
            assert!(matches!(made.status.as_u16(), 201 | 422), "{}", made.body);
            let later = aina.call("POST", BOOKINGS, &wish(&two, 0)).await;
            let code = later.expect(422).json()["code"].clone();
            assert_eq!(code, "credit_frozen", "round {round}");
            together(stage.work(), other.work()).await;
        })
        .await;
    });
}

#[test]
fn a_plan_that_changes_while_it_is_bought_is_paid_and_granted_in_one_version() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 2).await;
        let other = stage.beside();
        let mut aina = stage.person("Aina Yusof").await;
        let mut owned = 0;
        each_round(stage, async |round| {
            prove(stage, &mut owner).await;
            let (count, price) = [(2, "300.00"), (1, "900.00")][(round + 1) % 2];
            let path = format!("/admin/plans/{plan}");
            let page = owner.browser.get(&path).await;
            let mut form = page.expect(200).form(&path);
            form.fill("grants.0.quantity", &count.to_string());
            form.fill("price_minor", price);
            let mut browser = there(&owner.browser, &other);
            let change = async move { browser.submit(&page, &form).await };
            let wish = json!({"plan_code": "three-sessions"});
            let (made, changed) = together(
                send(&script(stage, &aina), "POST", "/api/v1/orders", wish),
                change,
            )
            .await;
            changed.expect(303);
            let made = made.expect(201).json();
            let granted = match made["amount_minor"].as_i64() {
                Some(30_000) => 2,
                Some(90_000) => 1,
                sum => panic!("round {round}: {sum:?}"),
            };
            let pay = format!("/pay/{}", made["id"].as_str().unwrap());
            aina.pay(&pay, "pay").await.expect(200);
            owned += granted;
            assert_eq!(credits(&mut aina).await, owned, "round {round}");
        })
        .await;
    });
}

#[test]
fn what_somebody_pays_who_leaves_meanwhile_goes_back() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.beside();
        let mut farah = provider(stage).await;
        for round in 0..rounds() {
            let slot = farah.offer(&day(round), "09:00", PRICE).await;
            let mut member = stage.person(&format!("Member {round}")).await;
            let (pay, booking) = member.hold(&slot).await;
            let back = paid(&mut member, &pay).await;
            // Every other time the money comes after the end of the hold.
            if round % 2 == 1 {
                stage.world.clock.advance(SignedDuration::from_mins(15));
                crate::paying::withhold(stage, true).await;
                stage.work().await;
                crate::paying::withhold(stage, false).await;
                prove(stage, &mut member).await;
            }
            let leave = json!({"immediately": true});
            let (settled, left) = together(
                get(stage.visitor(), back),
                send(&script(&other, &member), "DELETE", "/api/v1/me", leave),
            )
            .await;
            assert_eq!(statuses(&settled, &left), [202, 303], "round {round}");
            together(stage.work(), other.work()).await;
            let now = state(stage, id(&booking)).await;
            assert!(
                matches!(now, State::Cancelled | State::Expired),
                "round {round}: {now:?}"
            );
            assert_eq!(ledger(stage).await, 0, "round {round}");
            let count = i64::try_from(round + 1).unwrap();
            assert_eq!(
                books(stage).await,
                (count, count, PRICE * count),
                "round {round}"
            );
            assert_eq!(wrong(stage).await, [""; 0], "round {round}");
        }
    });
}
