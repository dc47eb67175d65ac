//! Tests of lists that are longer than a page.

use std::collections::BTreeSet;

use bookings::payout::Payout;
use bookings::payout::batch::{Batch, BatchState};
use bookings::review::Review;
use identity::grant::OWNER;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::Value;

use crate::payouts::{OVER, booked, mark};
use crate::reviews::{member, reviewer, submit};
use crate::stage::{Person, Stage, go_to, on_default, prove, run};

#[test]
fn a_queue_of_101_reviews_is_counted_and_read_to_its_end() {
    on_default(&async |stage: &Stage<'_>| {
        let mut aina = member(stage, "Aina Yusof", 1).await;
        let mut farah = reviewer(stage).await;
        let id = submit(&mut aina).await;
        let copy = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let one: Review = tx.one(sql!("SELECT {Review} FROM review"), &[])?;
            for _ in 0..100 {
                let mut copy = one.clone();
                copy.id = tx.id();
                sql!(
                    "INSERT INTO review ({Review}) VALUES ({:Review})",
                    Review = copy
                )
                .run(tx, Rows::Exactly(1))?;
            }
            Ok(())
        };
        stage.world.store().write(copy).await.unwrap();
        for person in [&mut aina, &mut farah] {
            let home = person.browser.get("/me").await;
            assert!(home.expect(200).body.contains("101"), "{}", home.body);
        }
        let (mut ids, mut path) = (BTreeSet::new(), "/me/slots/reviews".to_owned());
        loop {
            let page = farah.browser.get(&path).await;
            let links = page.expect(200).body.split("href=\"/me/reviews/").skip(1);
            let found = links.map(|rest| rest.split('"').next().unwrap().to_owned());
            ids.extend(found.filter(|id| id != "new"));
            let next = page.body.split("\" rel=\"next\"").next().unwrap();
            if next.len() == page.body.len() {
                break;
            }
            path = next.rsplit("href=\"").next().unwrap().replace("&#38;", "&");
        }
        assert_eq!(ids.len(), 101);
        let clear = move |tx: &mut Tx<'_>| {
            sql!("DELETE FROM review WHERE id <> :id", id).run(tx, Rows::Exactly(100))
        };
        stage.world.store().write(clear).await.unwrap();
    });
}

/// Reads a list of pages to its end, and counts the links to its items.
async fn walk(person: &mut Person, path: &str, item: &str) -> usize {
    let (mut path, mut count) = (path.to_owned(), 0);
    loop {
        let page = person.browser.get(&path).await;
        count += page.expect(200).body.matches(item).count();
        let Some((before, _)) = page.body.rsplit_once("\" rel=\"next\"") else {
            return count;
        };
        path = before
            .rsplit("href=\"")
            .next()
            .unwrap()
            .replace("&#38;", "&");
        path = path.split('#').next().unwrap().to_owned();
    }
}

#[test]
fn a_long_list_of_payouts_and_of_batches_is_read_to_its_end() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, aina, id) = booked(stage, 0).await;
        let mut owner = stage.person_as("Mei Lin", OWNER).await;
        go_to(stage, OVER).await;
        mark(stage, &farah, &id, "completed").await.expect(200);
        drop(aina);
        let copy = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let one: Payout = tx.one(sql!("SELECT {Payout} FROM payout_item"), &[])?;
            for _ in 0..204 {
                let mut copy = one.clone();
                copy.id = tx.id();
                copy.is_adjustment = true;
                tx.insert(&copy)?;
            }
            for _ in 0..101 {
                let batch = Batch {
                    id: tx.id(),
                    currency: one.currency,
                    state: BatchState::Settled,
                    reference: String::new(),
                    two_people: false,
                    created_at: one.created_at,
                    changed_at: one.created_at,
                };
                tx.insert(&batch)?;
            }
            Ok(())
        };
        stage.world.store().write(copy).await.unwrap();
        let title = "<b><bdi>Portrait on the veranda</bdi></b>";
        assert_eq!(walk(&mut farah, "/me/slots/payouts", title).await, 205);
        prove(stage, &mut owner).await;
        let batch = "href=\"/admin/payouts/batches/";
        let path = "/admin/payouts?state=paid";
        assert_eq!(walk(&mut owner, path, batch).await, 101);
        let (mut ids, mut path) = (Vec::new(), "/api/v1/me/payouts?limit=50".to_owned());
        loop {
            let page = farah.call("GET", &path, &Value::Null).await.json();
            let items = page["items"].as_array().unwrap();
            ids.extend(
                items
                    .iter()
                    .map(|one| one["id"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            path = format!("/api/v1/me/payouts?limit=50&cursor={next}");
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 205);
        run(
            stage,
            sql!("DELETE FROM payout_item WHERE is_adjustment = 1"),
        )
        .await;
        run(stage, sql!("DELETE FROM payout_batch")).await;
    });
}
