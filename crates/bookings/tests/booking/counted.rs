//! Tests that a longer list takes no more statements than a short one.

use bookings::credit;
use bookings::order::OrderMode;
use identity::grant::OWNER;
use platform::{StoreError, Tx};

use crate::credits::{order, plan};
use crate::stage::{Booking, Person, Stage, copies, on_default, provider};

/// How many statements the store runs for this page of a person.
async fn statements(stage: &Stage<'_>, person: &mut Person, path: &str) -> u64 {
    // The first request of a session also notes that it is used.
    person.browser.get(path).await.expect(200);
    let before = stage.site.store.counts().statements;
    person.browser.get(path).await.expect(200);
    stage.site.store.counts().statements - before
}

#[test]
fn twenty_bookings_are_read_with_the_statements_of_two() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        copies(stage, 25).await;
        for (is_provider, path) in [
            (false, "/api/v1/bookings?when=coming"),
            (true, "/api/v1/bookings?as=provider"),
            (false, "/me/bookings?when=coming"),
            (true, "/me/slots/bookings?when=coming"),
        ] {
            let who = if is_provider { &mut farah } else { &mut aina };
            let two = statements(stage, who, &format!("{path}&limit=2")).await;
            let twenty = statements(stage, who, &format!("{path}&limit=20")).await;
            assert_eq!(twenty, two, "{path}");
        }
    });
}

#[test]
fn the_lots_of_six_orders_are_read_with_the_statements_of_one() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 3).await;
        let mut aina = stage.person("Aina Yusof").await;
        let id = aina.who.account().id.clone();
        let read = async || {
            let (id, before) = (id.clone(), stage.site.store.counts().statements);
            let look = move |tx: &mut Tx<'_>| -> Result<usize, StoreError> {
                Ok(credit::lots(tx, &id, OrderMode::Test)?.len())
            };
            let lots = stage.site.store.read(look).await.unwrap();
            (lots, stage.site.store.counts().statements - before)
        };
        let mut counts = Vec::new();
        for orders in 1..=6 {
            let pay = order(&mut aina, &plan).await;
            aina.pay(&pay, "pay").await.expect(200);
            let (lots, statements) = read().await;
            assert_eq!(lots, orders);
            counts.push(statements);
        }
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    });
}
