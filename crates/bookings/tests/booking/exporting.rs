//! Tests of exports: whole, safe in spreadsheets, and for administrators with a recent proof.

use std::collections::BTreeSet;

use identity::grant::OWNER;
use identity::session::sudo::LIFETIME;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};

use crate::credits;
use crate::stage::{Booking, Stage, on_default, prove, provider, script};

const EXPORT: &str = "/api/v1/admin/export";

#[test]
fn exports_hold_all_rows_and_are_safe_in_spreadsheets() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let plan = credits::plan(&mut owner, 1).await;
        let mut aina = stage.person("=Aina Yusof").await;
        let pay = credits::order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        let (pay, booking) = aina.hold(&slot).await;
        aina.pay(&pay, "pay").await.expect(200);
        aina.cancel(&booking).await.expect(303);
        stage.work().await;
        prove(stage, &mut owner).await;
        let mut admin = script(stage, &owner);
        let page = admin.get(&format!("{EXPORT}/orders.csv")).await;
        let body = page.expect(200).body.clone();
        assert_eq!(page.header("content-type"), "text/csv; charset=utf-8");
        let name = "attachment; filename=\"orders.csv\"";
        assert_eq!(page.header("content-disposition"), name);
        assert!(
            body.starts_with("\u{feff}id,created_at,paid_at,state,"),
            "{body}"
        );
        assert_eq!(body.matches("\r\n").count(), 3, "{body}");
        assert!(body.contains(",'=Aina Yusof,"), "{body}");
        assert!(body.contains(",30000,300.00,MYR,"), "{body}");
        for (kind, count, word) in [
            ("orders", 2, "partially_refunded"),
            ("payments", 2, "captured"),
            ("refunds", 1, "processed"),
            ("payouts", 0, ""),
            ("bookings", 1, "cancelled"),
            ("credits", 1, "granted"),
        ] {
            let page = admin.get(&format!("{EXPORT}/{kind}.jsonl")).await;
            let body = page.expect(200).body.clone();
            let lines: Vec<Value> = body
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            assert_eq!(lines.len(), count, "{kind}: {body}");
            assert!(
                word == "partially_refunded" || body.contains(word),
                "{kind}: {body}"
            );
        }
        // What was exported is noted, and the log is exported too.
        let page = admin.get(&format!("{EXPORT}/audit.jsonl")).await;
        let body = page.expect(200).body.clone();
        assert_eq!(body.matches("booking_export.made").count(), 8, "{body}");
        assert!(body.contains("orders.csv"), "{body}");
    });
}

#[test]
fn an_export_is_not_cut() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        farah.profile("bio", "Portraits").await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let id = slot["id"].as_str().unwrap().to_owned();
        let party = stage.person("Aina Yusof").await.who.account().id.clone();
        let add = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            for number in 0..1_203 {
                let booking = format!("b{number:05}");
                sql!(
                    "INSERT INTO booking (id, slot_id, provider_id, starts_at, ends_at, time_zone,
                         title, note, state, cancel_minutes, reschedule_limit, reschedules,
                         ics_sequence, cancel_reason, created_at, version)
                     SELECT :booking, id, provider_id, starts_at, ends_at, time_zone, title, '',
                         'cancelled', 0, 0, 0, 0, '', 1, 1 FROM slot WHERE id = :id",
                    booking,
                    id
                )
                .run(tx, Rows::Exactly(1))?;
            }
            sql!(
                "INSERT INTO money_party (id, account_id) VALUES ('p', :party)",
                party
            )
            .run(tx, Rows::Exactly(1))?;
            // Many of them were made at the same time.
            for number in 0..1_203_i64 {
                sql!(
                    "INSERT INTO booking_order (id, party_id, amount_minor, currency, gateway,
                         state, expires_at, created_at)
                     VALUES (:id, 'p', 18000, 'MYR', 'test', 'expired', 1, :at)",
                    id = format!("o{number:05}"),
                    at = number / 700
                )
                .run(tx, Rows::Exactly(1))?;
            }
            Ok(())
        };
        stage.world.store().write(add).await.unwrap();
        prove(stage, &mut owner).await;
        let page = owner
            .browser
            .get("/admin/orders/exports/bookings.csv")
            .await;
        let body = page.expect(200).body.clone();
        assert_eq!(body.matches("\r\n").count(), 1_204);
        assert_eq!(body.matches('\u{feff}').count(), 1);
        assert!(body.contains("b00000,") && body.contains("b01202,"));
        // A class's bookings say so, with their seats.
        let ends = |line: &str| line.ends_with(",is_class,seats") || line.ends_with(",0,1");
        assert!(body.lines().all(ends));
        let page = owner.browser.get("/admin/orders/exports/orders.csv").await;
        let body = page.expect(200).body.clone();
        let ids: BTreeSet<&str> = body.lines().filter_map(|line| line.get(..6)).collect();
        // The heading is one of the lines.
        assert_eq!((ids.len(), body.matches("\r\n").count()), (1_204, 1_204));
    });
}

#[test]
fn an_export_needs_an_administrator_with_a_recent_proof() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut aina = stage.person("Aina Yusof").await;
        prove(stage, &mut aina).await;
        let path = format!("{EXPORT}/orders.csv");
        script(stage, &aina).get(&path).await.expect(403);
        aina.browser.get("/admin/orders/exports").await.expect(403);
        aina.browser
            .get("/admin/orders/exports/orders.csv")
            .await
            .expect(403);
        owner.call("GET", &path, &json!(null)).await.expect(403);
        stage.world.clock.advance(LIFETIME);
        let page = script(stage, &owner).get(&path).await;
        assert_eq!(page.expect(403).json()["code"], "sudo_required");
        prove(stage, &mut owner).await;
        let page = owner.browser.get("/admin/orders/exports").await;
        let file = page.expect(200).link(&stage.say("export-csv")).href;
        owner.browser.get(&file).await.expect(200);
        for missing in ["orders", "orders.xlsx", "people.csv"] {
            let page = script(stage, &owner)
                .get(&format!("{EXPORT}/{missing}"))
                .await;
            page.expect(404);
        }
    });
}
