//! Tests of changes that may not be acknowledged, because another machine may have taken over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use platform::{Store, StoreError, Tx};
use testkit::World;

use super::{MIGRATIONS, add, count};

/// Lets the store acknowledge changes while the returned value is true.
fn gate(store: &Store) -> Arc<AtomicBool> {
    let may = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&may);
    store.acknowledge_while(move || asked.load(Ordering::SeqCst));
    may
}

async fn save(store: &Store, id: &'static str) -> Result<(), StoreError> {
    store.write(move |tx: &mut Tx<'_>| add(tx, id, 1)).await
}

#[test]
fn what_may_not_be_acknowledged_is_refused_before_it_is_made() {
    World::each_engine(&MIGRATIONS, async |world| {
        let store = &world.platform.store;
        let may = gate(store);
        save(store, "before").await.unwrap();
        may.store(false, Ordering::SeqCst);
        let refused = save(store, "refused").await.unwrap_err();
        assert!(matches!(refused, StoreError::LeaseOver), "{refused}");
        assert!(refused.is_passing() && !store.is_writable().await);
        assert!(!store.may_acknowledge());
        assert_eq!(store.read(count).await.unwrap(), 1, "pages are still read");
        may.store(true, Ordering::SeqCst);
        save(store, "after").await.unwrap();
        assert_eq!(store.read(count).await.unwrap(), 2);
    });
}

/// A process can be suspended between the first look and the commit, or after it.
#[test]
fn what_was_committed_too_late_is_unknown_and_never_called_unsaved() {
    World::each_engine(&MIGRATIONS, async |world| {
        let store = &world.platform.store;
        let may = gate(store);
        let meanwhile = Arc::clone(&may);
        let late = move |tx: &mut Tx<'_>| {
            meanwhile.store(false, Ordering::SeqCst);
            add(tx, "late", 1)
        };
        let unknown = store.write(late).await.unwrap_err();
        assert!(matches!(unknown, StoreError::Unknown), "{unknown}");
        assert_eq!(store.read(count).await.unwrap(), 1, "it is there");
        // What was rolled back is told as it is.
        may.store(true, Ordering::SeqCst);
        let meanwhile = Arc::clone(&may);
        let wrong = move |tx: &mut Tx<'_>| {
            meanwhile.store(false, Ordering::SeqCst);
            add(tx, "late", 1)
        };
        let refused = store.write(wrong).await.unwrap_err();
        assert!(
            matches!(refused, StoreError::Constraint { .. }),
            "{refused}"
        );
    });
}
