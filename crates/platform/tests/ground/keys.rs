//! Tests that a key file belonging to another store is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use platform::key_file::{KeyError, KeyFile};
use platform::{Keyring, Random, Store, StoreError, key};
use testkit::World;

use super::MIGRATIONS;

const PROCESSES: u64 = 4;

/// Opens the key file as a separate process would.
async fn open(store: &Store, path: &Path, seed: u64) -> Result<Keyring, KeyError> {
    KeyFile::at(path).open(store, &Random::seeded(seed)).await
}

/// A value that differs between keys.
fn signature(keys: &Keyring) -> String {
    keys.key("test").sign(&[])
}

fn write(path: &Path, secrets: &[u8]) {
    let lines = secrets
        .iter()
        .map(|byte| STANDARD.encode([*byte; 32]) + "\n");
    fs::write(path, lines.collect::<String>()).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn of_many_that_open_a_new_store_all_have_the_keys_of_one() {
    World::each_engine(&MIGRATIONS, async |world| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let all = (0..PROCESSES).map(|process| {
            let (store, path) = (world.second_store(), path.clone());
            tokio::spawn(async move { signature(&open(&store, &path, process).await.unwrap()) })
        });
        let mut signatures = Vec::new();
        for one in all.collect::<Vec<_>>() {
            signatures.push(one.await.unwrap());
        }
        let kept = open(world.store(), &path, PROCESSES).await.unwrap();
        assert_eq!(signatures, vec![signature(&kept); 4]);
    });
}

#[test]
fn without_the_keys_of_its_store_nothing_begins() {
    World::each_engine(&MIGRATIONS, async |world| {
        let (store, folder) = (world.store(), tempfile::tempdir().unwrap());
        let path = folder.path().join("secret.key");
        // A new store adopts a key file that already exists.
        write(&path, &[1]);
        let first = open(store, &path, 1).await.unwrap();
        assert_eq!(signature(&first), signature(&Keyring::new([1; 32], &[])));

        write(&path, &[2]);
        let other = open(store, &path, 1).await;
        assert!(matches!(other, Err(KeyError::Other(_))), "{other:?}");
        fs::remove_file(&path).unwrap();
        let missing = open(store, &path, 1).await;
        assert!(matches!(missing, Err(KeyError::Missing(_))), "{missing:?}");
        assert!(!path.exists());
        // Another machine created a key file of its own, so its file does not belong to this store.
        let elsewhere = folder.path().join("other.key");
        write(&elsewhere, &[3]);
        let other = open(store, &elsewhere, 1).await;
        assert!(matches!(other, Err(KeyError::Other(_))), "{other:?}");

        write(&path, &[1]);
        assert_eq!(
            signature(&open(store, &path, 1).await.unwrap()),
            signature(&first)
        );
    });
}

#[test]
fn a_new_first_line_becomes_the_key_of_the_store() {
    World::each_engine(&MIGRATIONS, async |world| {
        let (store, folder) = (world.store(), tempfile::tempdir().unwrap());
        let path = folder.path().join("secret.key");
        write(&path, &[1]);
        let before = open(store, &path, 1).await.unwrap().key("test");
        write(&path, &[2, 1]);
        let both = open(store, &path, 1).await.unwrap().key("test");
        assert!(both.verify(&["a"], &before.sign(&["a"])));
        assert_ne!(both.sign(&["a"]), before.sign(&["a"]));
        // From now on, a file that has only the old key is refused.
        write(&path, &[1]);
        assert!(matches!(
            open(store, &path, 1).await,
            Err(KeyError::Other(_))
        ));
        write(&path, &[2]);
        let after = open(store, &path, 1).await.unwrap().key("test");
        assert!(!after.verify(&["a"], &before.sign(&["a"])));
    });
}

#[test]
fn what_is_printed_outlives_the_keys() {
    World::each_engine(&MIGRATIONS, async |world| {
        let (store, folder) = (world.store(), tempfile::tempdir().unwrap());
        let path = folder.path().join("secret.key");
        let printed = async || {
            let read = store.read(|tx| key::printed(tx, "links")).await;
            let key = read.unwrap_or_else(|error: StoreError| panic!("{error}"));
            key.map(|key| key.sign(&["RAHMA"]))
        };
        assert_eq!(printed().await, None);
        let old = open(store, &path, 1).await.unwrap();
        let before = printed().await;
        assert!(before.is_some());

        let fresh = KeyFile::at(&path).prepare(&Random::seeded(2)).unwrap();
        let keys = fresh.keys.clone();
        let replaced = store.write(move |tx| key::replace(tx, &keys)).await;
        replaced.unwrap();
        fresh.put().unwrap();
        let new = open(store, &path, 1).await.unwrap();
        assert_ne!(signature(&new), signature(&old));
        assert_eq!(printed().await, before);
    });
}
