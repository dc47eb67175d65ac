//! Tests of changes that share a flush on SQLite, and of a full disk.

use std::sync::{Mutex, mpsc};

use platform::store::{Settings, SqliteSettings};
use platform::{Clock, Random, Rows, Store, StoreError, sql};

use super::{MIGRATIONS, add, count};

fn open(file: &std::path::Path, batch: usize) -> Store {
    Store::open(
        &Settings::Sqlite(SqliteSettings {
            batch,
            ..SqliteSettings::file(file)
        }),
        &MIGRATIONS,
        Clock::System,
        Random::seeded(1),
    )
    .unwrap()
}

/// Enqueues `number` changes while another change keeps the writer busy. Returns the number of
/// commits in which all of them were written.
async fn commits_of(store: &Store, number: u64) -> u64 {
    let (entered, has_entered) = mpsc::channel();
    let (open, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let first = {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .write::<_, StoreError, _>(move |_| {
                    entered.send(()).unwrap();
                    let _ = gate.lock().unwrap().recv();
                    Ok(())
                })
                .await
        })
    };
    tokio::task::spawn_blocking(move || has_entered.recv())
        .await
        .unwrap()
        .unwrap();
    let before = store.counts().commits;
    let mut changes: Vec<_> = (0..number)
        .map(|number| {
            let store = store.clone();
            Box::pin(async move { store.write(move |tx| add(tx, &number.to_string(), 0)).await })
        })
        .collect();
    for change in &mut changes {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(change.as_mut().poll(context).is_pending())
        })
        .await;
    }
    drop(open);
    first.await.unwrap().unwrap();
    for change in changes {
        change.await.unwrap();
    }
    let after = store.counts().commits;
    after - before
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_wait_share_a_flush() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("many.db"), 512);
    let commits = commits_of(&store, 300).await;
    assert!(
        (1..=30).contains(&commits),
        "{commits} commits for 300 changes"
    );

    let store = open(&folder.path().join("one.db"), 1);
    assert_eq!(commits_of(&store, 50).await, 51);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_what_does_not_fit_and_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("full.db"), 512);
    let limit = |store: Store, pages: u32| async move {
        store
            .write::<_, StoreError, _>(move |tx| match pages {
                0 => tx.one::<(i64,)>(sql!("PRAGMA max_page_count = 1000000"), &[]),
                _ => tx.one::<(i64,)>(sql!("PRAGMA max_page_count = 80"), &[]),
            })
            .await
            .unwrap();
    };
    limit(store.clone(), 80).await;
    let changes: Vec<_> = (0..200_usize)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                // Every fifth change is large, so that small changes share a batch with a large
                // one.
                let size = if number % 5 == 0 { 20_000 } else { 10 };
                let outcome = store
                    .write::<_, StoreError, _>(move |tx| {
                        tx.run(
                            sql!("INSERT INTO thing (id, amount, data) VALUES ($1, 0, $2)"),
                            &[&number.to_string(), &vec![7_u8; size]],
                            Rows::Exactly(1),
                        )
                    })
                    .await;
                (number, outcome)
            })
        })
        .collect();
    let mut kept = Vec::new();
    let mut refused = 0;
    for change in changes {
        match change.await.unwrap() {
            (number, Ok(_)) => kept.push((number.to_string(),)),
            (_, Err(StoreError::Unavailable(_))) => refused += 1,
            (_, Err(other)) => panic!("{other}"),
        }
    }
    assert!(refused > 0, "the disk was never full");
    let mut found: Vec<(String,)> = store
        .read::<_, StoreError, _>(|tx| tx.all(sql!("SELECT id FROM thing"), &[]))
        .await
        .unwrap();
    found.sort();
    kept.sort();
    assert_eq!(found, kept);

    limit(store.clone(), 0).await;
    store.write(|tx| add(tx, "again", 0)).await.unwrap();
    let (problems,): (String,) = store
        .read::<_, StoreError, _>(|tx| tx.one(sql!("PRAGMA integrity_check"), &[]))
        .await
        .unwrap();
    assert_eq!(problems, "ok");
    assert!(store.read(count).await.unwrap() > 0);
}
