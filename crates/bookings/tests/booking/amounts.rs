//! Tests that people type amounts, shares and durations as they write them.

use identity::grant::OWNER;
use platform::{Rows, StoreError, Tx, sql};
use testkit::Form;

use crate::payouts::booked;
use crate::stage::{Booking, Person, Stage, count, on_default, prove, rows};

const SETTINGS: &str = "/admin/sessions/settings";
const PAYING: &str = "/admin/sessions/settings/paying";

/// Fills and sends the form at `path`, which leads to `action`. Returns the status.
async fn send(person: &mut Person, path: &str, action: &str, fields: &[(&str, &str)]) -> u16 {
    let page = person.browser.get(path).await;
    let mut form: Form = page.expect(200).form(action);
    for (name, value) in fields {
        form.fill(name, value);
    }
    person.browser.submit(&page, &form).await.status.as_u16()
}

#[test]
fn a_price_is_never_a_hundredth_or_a_hundredfold_of_what_was_typed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let new = "/admin/plans/new";
        for (typed, currency, minor) in [
            ("180", "EUR", 18_000),
            ("180.00", "EUR", 18_000),
            ("180,00", "EUR", 18_000),
            ("1.234,5", "EUR", 123_450),
            ("1500", "JPY", 1_500),
            ("RM 250,00", "MYR", 25_000),
            ("€ 10", "EUR", 1_000),
            ("10 EUR", "EUR", 1_000),
        ] {
            let fields = [
                ("name", typed),
                ("price_minor", typed),
                ("currency", currency),
            ];
            assert_eq!(send(&mut owner, new, new, &fields).await, 303, "{typed}");
            let newest = sql!("SELECT price_minor FROM plan ORDER BY position DESC LIMIT 1");
            assert_eq!(count(stage, newest).await, minor, "{typed} {currency}");
        }
        for typed in ["€ 250,00", "1.800", "RM 1.800", "-5", "", "15.00 JPY"] {
            let fields = [("name", "No"), ("price_minor", typed)];
            assert_eq!(send(&mut owner, new, new, &fields).await, 422, "{typed}");
        }
        let page = owner.browser.get(new).await;
        let mut form = page.form(new);
        form.fill("name", "No").fill("price_minor", "€ 250,00");
        let text = owner.browser.submit(&page, &form).await.expect(422).text();
        let said = stage.fill("field-amount-invalid", [("example", "180.00".into())]);
        assert!(text.contains(&said), "{text}");
    });
}

#[test]
fn rates_refunds_taxes_and_deadlines_are_typed_as_people_say_them() {
    on_default(&async |stage: &Stage<'_>| {
        let (_, mut aina, _) = booked(stage, 18_000).await;
        let mut owner = stage.person_as("Siti Boss", OWNER).await;
        let provider: Vec<(String,)> = rows(stage, sql!("SELECT id FROM provider")).await;
        let rate = format!("/admin/payouts/providers/{}", provider[0].0);
        let page = owner.browser.get(&rate).await;
        let form = page.expect(200).form(&rate);
        assert_eq!(form.value("payout_minor"), Some("100.00"));
        assert_eq!(form.value("no_show_bps"), Some("50"));
        let fields = [("payout_minor", "45"), ("no_show_bps", "33,3 %")];
        assert_eq!(send(&mut owner, &rate, &rate, &fields).await, 303);
        let found: Vec<(i64, i64)> = rows(
            stage,
            sql!("SELECT payout_minor, no_show_bps FROM provider"),
        )
        .await;
        assert_eq!(found, [(4_500, 3_330)]);

        let [cancelling, tax] = ["cancelling", "tax"].map(|group| format!("{SETTINGS}/{group}"));
        let page = owner.browser.get(&cancelling).await;
        let form = page.expect(200).form(&cancelling);
        assert_eq!(form.value("cancel_minutes"), Some("24"));
        // For the page on which the owner proves who they are.
        let what = format!(
            "{}: {}",
            stage.say("rules-cancelling"),
            stage.say("rules-save")
        );
        assert_eq!(form.value("ask.what"), Some(what.as_str()));
        assert_eq!(form.value("cancel_minutes.unit"), Some("hours"));
        let fields = [
            ("cancel_minutes", "2"),
            ("cancel_minutes.unit", "days"),
            ("late_refund_bps", "50"),
        ];
        assert_eq!(
            send(&mut owner, &cancelling, &cancelling, &fields).await,
            303
        );
        let fields = [("tax_bps", "19"), ("tax_label", "VAT")];
        assert_eq!(send(&mut owner, &tax, &tax, &fields).await, 303);
        let found: Vec<(i64, i64, i64)> = rows(
            stage,
            sql!("SELECT cancel_minutes, tax_bps, late_refund_bps FROM booking_setting"),
        )
        .await;
        assert_eq!(found, [(2_880, 1_900, 5_000)]);
        let refused = send(&mut owner, &tax, &tax, &[("tax_bps", "1900")]).await;
        assert_eq!(refused, 422);

        let payment: Vec<(String,)> = rows(stage, sql!("SELECT id FROM payment")).await;
        let refund = format!("/admin/refunds/{}", payment[0].0);
        let page = owner.browser.get(&refund).await;
        assert_eq!(
            page.expect(200).form(&refund).value("amount_minor"),
            Some("180.00")
        );
        for (typed, status) in [("60.000", 422), ("180.01", 422), ("60", 303)] {
            let fields = [("amount_minor", typed), ("reason", "A kindness")];
            assert_eq!(
                send(&mut owner, &refund, &refund, &fields).await,
                status,
                "{typed}"
            );
        }
        assert_eq!(
            count(stage, sql!("SELECT amount_minor FROM refund")).await,
            6_000
        );
        stage.work().await;
        aina.sees("/me/orders", "RM 60.00").await;
    });
}

#[test]
fn a_preset_asks_for_the_currency_and_plans_that_nobody_bought_follow_it() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let page = owner.browser.get(SETTINGS).await;
        let mut form = page.expect(200).form("/admin/sessions/preset");
        // The zone of the person proposes it.
        assert_eq!(form.value("preset_currency"), Some("MYR"));
        for (zone, currency) in [("Asia/Tokyo", "JPY"), ("Europe/Rome", "EUR")] {
            owner.zone(zone).await;
            let page = owner.browser.get(SETTINGS).await;
            let form = page.expect(200).form("/admin/sessions/preset");
            assert_eq!(form.value("preset_currency"), Some(currency));
        }
        form.fill("preset_currency", "EUR")
            .press("preset", "mentoring");
        owner.browser.submit(&page, &form).await.expect(303);
        let plans = || sql!("SELECT currency, price_minor FROM plan ORDER BY position, id LIMIT 2");
        let euro = [("EUR".to_owned(), 10_000_i64), ("EUR".to_owned(), 27_000)];
        assert_eq!(rows::<(String, i64)>(stage, plans()).await, euro);

        let mut aina = stage.person("Aina Yusof").await;
        let plan: Vec<(String,)> = rows(
            stage,
            sql!("SELECT id FROM plan ORDER BY position, id LIMIT 1"),
        )
        .await;
        // Nobody buys at an example price before it is put on sale.
        let offered = aina.browser.get("/book/plans").await;
        assert!(!offered.expect(200).body.contains(&plan[0].0));
        let on_sale = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            tx.run(sql!("UPDATE plan SET active = 1"), &[], Rows::Any)?;
            Ok(())
        };
        stage.world.store().write(on_sale).await.unwrap();
        crate::credits::order(&mut aina, &plan[0].0).await;
        prove(stage, &mut owner).await;
        // A price that the new currency cannot say changes nothing.
        let set = async |from: i64, to: i64| {
            let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
                sql!(
                    "UPDATE plan SET price_minor = :to WHERE price_minor = :from",
                    from,
                    to
                )
                .run(tx, Rows::Exactly(1))?;
                Ok(())
            };
            stage.world.store().write(change).await.unwrap();
        };
        set(27_000, 27_050).await;
        assert_eq!(
            send(&mut owner, PAYING, PAYING, &[("currency", "JPY")]).await,
            422
        );
        let euro = [("EUR".to_owned(), 10_000_i64), ("EUR".to_owned(), 27_050)];
        assert_eq!(rows::<(String, i64)>(stage, plans()).await, euro);
        set(27_050, 27_000).await;
        assert_eq!(
            send(&mut owner, PAYING, PAYING, &[("currency", "JPY")]).await,
            303
        );
        let followed = [("EUR".to_owned(), 10_000_i64), ("JPY".to_owned(), 270)];
        assert_eq!(rows::<(String, i64)>(stage, plans()).await, followed);
        // A plan has a currency of its own, and former currencies are offered nowhere.
        let path = format!("/admin/plans/{}", plan[0].0);
        let page = owner.browser.get(&path).await;
        assert!(!page.body.contains("value=\"BGN\"") && page.body.contains("value=\"XCG\""));
        let fields = [("currency", "USD"), ("price_minor", "90")];
        assert_eq!(send(&mut owner, &path, &path, &fields).await, 303);
        let changed = [("USD".to_owned(), 9_000_i64), ("JPY".to_owned(), 270)];
        assert_eq!(rows::<(String, i64)>(stage, plans()).await, changed);
    });
}

#[test]
fn a_site_begins_with_the_currency_of_its_zone() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = &crate::stage::in_zone(stage, "Europe/Berlin");
        stage.work().await;
        let currency = async || {
            let all = sql!("SELECT currency FROM booking_setting");
            rows::<(String,)>(stage, all).await[0].0.clone()
        };
        assert_eq!(currency().await, "EUR");
        // Whoever has chosen another one keeps it.
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        prove(stage, &mut owner).await;
        let chosen = [("currency", "SGD")];
        assert_eq!(send(&mut owner, PAYING, PAYING, &chosen).await, 303);
        crate::stage::go_to(stage, "2026-11-25T12:00:00Z").await;
        stage.work().await;
        assert_eq!(currency().await, "SGD");
    });
}
