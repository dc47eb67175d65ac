//! Tests of the small files that machines share.

use std::collections::BTreeMap;

use platform::key::Key;
use platform::machine_news::{Heard, Listener};
use platform::shared_file::{self, CHANGED, Change, Place, SharedFile};
use platform::{Keyring, Store, StoreError, Tx};
use testkit::World;

use super::{MIGRATIONS, PATIENCE};

fn key(first: u8) -> Key {
    Keyring::new([first; 32], &[]).key(shared_file::PURPOSE)
}

fn place(name: &str) -> Place {
    Place {
        folder: "acme/ca.example".to_owned(),
        name: name.to_owned(),
    }
}

async fn put(store: &Store, name: &'static str, text: &'static str) -> i64 {
    let put = move |tx: &mut Tx<'_>| shared_file::put(tx, &key(1), &place(name), text);
    store.write(put).await.unwrap()
}

async fn texts(store: &Store, first: u8) -> Vec<String> {
    let mut found = changed(store, first, BTreeMap::new()).await;
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found.into_iter().filter_map(|file| file.text).collect()
}

async fn changed(store: &Store, first: u8, known: BTreeMap<Place, i64>) -> Vec<SharedFile> {
    let read = move |tx: &mut Tx<'_>| shared_file::changed(tx, &key(first), &known);
    store.read(read).await.unwrap()
}

#[test]
fn a_file_is_read_by_machines_with_the_same_key_alone() {
    World::each_engine(&MIGRATIONS, async |world| {
        let store = world.store();
        assert_eq!(put(store, "a", "private").await, 1);
        assert_eq!(put(store, "a", "secret").await, 2);
        assert_eq!(put(store, "b", "private").await, 1);
        let other = world.second_store();
        assert_eq!(texts(&other, 1).await, ["secret", "private"]);
        assert_eq!(texts(&other, 2).await, <[String; 0]>::default());
        assert_eq!(world.places_of("private"), <[String; 0]>::default());
    });
}

#[test]
fn what_was_changed_since_is_found_and_what_cannot_be_read_is_found_once() {
    World::each_engine(&MIGRATIONS, async |world| {
        let store = world.store();
        put(store, "a", "one").await;
        put(store, "b", "one").await;
        let mut known = BTreeMap::new();
        for file in changed(store, 1, known.clone()).await {
            known.insert(file.place, file.revision);
        }
        assert_eq!(known.len(), 2);
        assert_eq!(changed(store, 1, known.clone()).await, []);
        put(store, "b", "two").await;
        put(store, "c", "one").await;
        let mut found = changed(store, 2, known.clone()).await;
        found.sort_by(|one, other| one.place.cmp(&other.place));
        let file = |name, revision| SharedFile {
            place: place(name),
            revision,
            text: None,
        };
        assert_eq!(found, [file("b", 2), file("c", 1)]);
        known.extend(found.into_iter().map(|file| (file.place, file.revision)));
        assert_eq!(changed(store, 2, known).await, []);
    });
}

#[test]
fn a_new_key_keeps_what_the_old_one_can_read() {
    World::each_engine(&MIGRATIONS, async |world| {
        let store = world.store();
        put(store, "a", "one").await;
        put(store, "b", "two").await;
        let reseal = |tx: &mut Tx<'_>| shared_file::reseal(tx, Some(&key(1)), &key(2));
        assert_eq!(store.write(reseal).await.unwrap(), 0);
        assert_eq!(texts(store, 1).await, <[String; 0]>::default());
        assert_eq!(texts(store, 2).await, ["one", "two"]);
        // The old key is lost, so the machines put their files again.
        let reseal = |tx: &mut Tx<'_>| shared_file::reseal(tx, None, &key(3));
        assert_eq!(store.write(reseal).await.unwrap(), 2);
        put(store, "a", "one").await;
        assert_eq!(texts(store, 1).await, ["one"]);
    });
}

#[test]
fn a_file_that_is_changed_by_two_at_once_is_changed_twice() {
    World::each_engine(&MIGRATIONS, async |world| {
        let add = |store: Store, text: &'static str| async move {
            let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
                let before = shared_file::lock(tx, &key(1), &place("list"))?;
                let before = before.text.unwrap_or_default();
                shared_file::put(tx, &key(1), &place("list"), &(before + text)).map(drop)
            };
            store.write(change).await.unwrap();
        };
        tokio::join!(
            add(world.store().clone(), "x"),
            add(world.second_store(), "x")
        );
        assert_eq!(texts(world.store(), 1).await, ["xx"]);
    });
}

#[test]
fn other_machines_hear_of_a_changed_file() {
    World::each_engine(&MIGRATIONS, async |world| {
        let mut listener = Listener::new(world.store().clone());
        assert_eq!(listener.next().await, Heard::Anything);
        put(world.store(), "a", "one").await;
        put(world.store(), "b", "two").await;
        let mut heard = Vec::new();
        while heard.len() < 2 {
            let news = match listener.next().await {
                Heard::News(news) => news,
                Heard::Look => continue,
                Heard::Anything => panic!("nothing was missed"),
            };
            for one in news {
                assert_eq!(one.name, CHANGED);
                let change: Change = serde_json::from_str(&one.payload).unwrap();
                heard.push((change.place.name, change.revision));
            }
        }
        assert_eq!(heard, [("a".to_owned(), 1), ("b".to_owned(), 1)]);
    });
}

#[test]
fn a_machine_that_nobody_wakes_hears_all_the_same() {
    World::in_file(&MIGRATIONS, async |world| {
        let mut listener = Listener::new(world.store().clone());
        assert_eq!(listener.next().await, Heard::Anything);
        // On SQLite, a change wakes only those that have the same store.
        let other = world.second_store();
        put(&other, "a", "one").await;
        let (mut has_looked, mut has_heard) = (false, false);
        while !(has_looked && has_heard) {
            let heard = tokio::time::timeout(PATIENCE, listener.next()).await;
            match heard.expect("it looks by itself") {
                Heard::Look => has_looked = true,
                Heard::News(_) => has_heard = true,
                Heard::Anything => panic!("nothing was missed"),
            }
        }
    });
}
