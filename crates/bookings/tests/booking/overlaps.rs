//! Tests that the store itself refuses two slots of one provider at the same time.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use bookings::provider::PROVIDER;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::Engine;

use crate::races::send;
use crate::stage::{Booking, LINK, Stage, count, on_both, provider};

/// Moves a slot by so many hours without a look at the others, as no operation does.
fn shift(tx: &mut Tx<'_>, slot: &str, hours: i64) -> Result<u64, StoreError> {
    let by = hours * 3_600_000;
    sql!(
        "UPDATE slot SET starts_at = starts_at + :by, ends_at = ends_at + :by,
             blocks_from = blocks_from + :by, blocks_until = blocks_until + :by
         WHERE id = :slot",
        slot,
        by
    )
    .run(tx, Rows::Exactly(1))
}

async fn shifted(stage: &Stage<'_>, slot: &Value, hours: i64) -> Option<String> {
    let id = slot["id"].as_str().unwrap().to_owned();
    let change = move |tx: &mut Tx<'_>| shift(tx, &id, hours);
    let changed = stage.world.store().write(change).await;
    changed
        .err()
        .map(|error| error.constraint().unwrap().to_owned())
}

#[test]
fn the_store_keeps_the_slots_of_a_provider_apart() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let first = farah.offer("2026-12-01", "09:00", 0).await;
        let second = farah.offer("2026-12-01", "12:00", 0).await;
        let mut mei = stage.person_as("Mei Lin", PROVIDER).await;
        let other = mei.offer("2026-12-01", "10:00", 0).await;
        let overlap = Some("slot_overlap".to_owned());
        assert_eq!(shifted(stage, &second, -3).await, overlap);
        assert_eq!(shifted(stage, &first, 3).await, overlap);
        // Another provider's slot is not in the way, and slots may touch.
        assert_eq!(shifted(stage, &other, -1).await, None);
        assert_eq!(shifted(stage, &second, -2).await, None);
        // A hidden slot counts; a deleted one does not, and does not come back over another.
        let path = format!("/api/v1/me/slots/{}", first["id"].as_str().unwrap());
        let hidden = json!({"visible": false});
        let visibility = format!("{path}/visibility");
        let hide = farah.call("POST", &visibility, &hidden).await;
        hide.expect(200);
        assert_eq!(shifted(stage, &second, -1).await, overlap);
        let id = first["id"].as_str().unwrap().to_owned();
        let erase = move |tx: &mut Tx<'_>, at: Option<i64>| {
            sql!("UPDATE slot SET deleted_at = :at WHERE id = :id", id, at).run(tx, Rows::Any)
        };
        let delete = erase.clone();
        let store = stage.world.store();
        store.write(move |tx| delete(tx, Some(1))).await.unwrap();
        assert_eq!(shifted(stage, &second, -1).await, None);
        let back = store.write(move |tx| erase(tx, None)).await.unwrap_err();
        assert_eq!(back.constraint(), Some("slot_overlap"));
        let again = sql!(
            "INSERT INTO slot (id, provider_id, series_id, starts_at, ends_at, time_zone, blocks_from,
                 blocks_until, state, title, public_note, prep_note, location_kind, location_secret,
                 area, price_minor, currency, version, created_at)
             SELECT 'again', provider_id, series_id, starts_at, ends_at, time_zone, blocks_from,
                 blocks_until, state, title, public_note, prep_note, location_kind, location_secret,
                 area, price_minor, currency, version, created_at
             FROM slot WHERE deleted_at IS NULL"
        );
        let twice = move |tx: &mut Tx<'_>| tx.run(again, &[], Rows::Any);
        let twice = store.write(twice).await.unwrap_err();
        assert_eq!(twice.constraint(), Some("slot_overlap"));
    });
}

#[test]
fn a_time_is_free_however_many_begin_with_it() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let of = slot["id"].as_str().unwrap().to_owned();
        // They belong to one provider, so each blocks another moment of a day long ago.
        let copy = move |tx: &mut Tx<'_>| {
            for number in 0..101_i64 {
                sql!(
                    "INSERT INTO slot (id, provider_id, series_id, starts_at, ends_at, time_zone,
                         blocks_from, blocks_until, state, title, public_note, prep_note,
                         location_kind, location_secret, area, price_minor, currency, version,
                         created_at)
                     SELECT :id, provider_id, series_id, starts_at, ends_at, time_zone, :number,
                         :after, state, title, public_note, prep_note, location_kind,
                         location_secret, area, price_minor, currency, version, created_at
                     FROM slot WHERE id = :of",
                    id = format!("!{number:03}"),
                    number,
                    after = number + 1,
                    of
                )
                .run(tx, Rows::Exactly(1))?;
            }
            Ok::<_, StoreError>(())
        };
        stage.world.store().write(copy).await.unwrap();
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
    });
}

#[test]
fn who_loses_the_race_for_a_time_is_told_of_the_others_slot() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let moved = farah.offer("2026-12-02", "12:00", 0).await;
        let own = farah.offer("2026-12-03", "09:00", 0).await;
        let path = format!("/api/v1/me/slots/{}", own["id"].as_str().unwrap());
        let body = json!({
            "date": "2026-12-02", "time": "09:30", "minutes": 60, "title": "Late", "location": LINK,
        });
        let mut change = body.clone();
        change["version"] = own["version"].clone();
        for (method, path, body) in [
            ("POST", "/api/v1/me/slots", body),
            ("PATCH", path.as_str(), change),
        ] {
            // A change that takes no lock of the provider's moves a slot, and is not committed yet.
            let id = moved["id"].as_str().unwrap().to_owned();
            let (go, wait) = channel();
            let (tell, begun) = tokio::sync::mpsc::unbounded_channel();
            let (wait, mut begun) = (Mutex::new(wait), begun);
            let store = stage.world.store().clone();
            let first = tokio::spawn(async move {
                let change = move |tx: &mut Tx<'_>| {
                    shift(tx, &id, -3)?;
                    tell.send(()).unwrap();
                    wait.lock().unwrap().recv().unwrap();
                    Ok::<_, StoreError>(())
                };
                store.write(change).await
            });
            begun.recv().await.unwrap();
            let late = tokio::spawn(send(&farah.program, method, path, body));
            until_blocked(stage).await;
            go.send(()).unwrap();
            first.await.unwrap().unwrap();
            let refused = late.await.unwrap();
            let refused = refused.expect(409).json();
            assert_eq!(refused["code"], "slot_overlap");
            assert_eq!(refused["slot_id"], moved["id"]);
            assert_eq!(shifted(stage, &moved, 3).await, None);
        }
    });
}

/// Waits until a lock blocks a change. On SQLite, changes wait before they begin.
async fn until_blocked(stage: &Stage<'_>) {
    let blocked = sql!(
        "SELECT COUNT(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'"
    );
    while stage.world.engine() == Engine::Postgres && count(stage, blocked).await == 0 {
        tokio::task::yield_now().await;
    }
}
