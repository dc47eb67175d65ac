use std::time::UNIX_EPOCH;

use http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, VARY};
use http::{HeaderValue, StatusCode};

use super::*;
use crate::cache::rules::{DefaultLifetimes, TimedResponse};

fn store() -> Arc<Store> {
    Store::new(settings())
}

fn settings() -> StoreSettings {
    StoreSettings {
        memory: 1 << 20,
        entries: 1_000,
        largest: 1 << 19,
        wait: Duration::from_secs(1),
    }
}

fn head(key: &str, began: u64) -> Arc<StoredHead> {
    varied(key, began, &HeaderMap::new())
}

fn varied(key: &str, began: u64, request: &HeaderMap) -> Arc<StoredHead> {
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Language"));
    let kept = TimedResponse {
        status: StatusCode::OK,
        headers: &headers,
        asked: UNIX_EPOCH,
        received: UNIX_EPOCH,
    };
    let freshness = kept.freshness(&DefaultLifetimes::default()).unwrap();
    let status = StatusCode::OK;
    Arc::new(StoredHead::new(
        key.into(),
        request,
        status,
        headers,
        freshness,
        began,
    ))
}

fn body(store: &Store, key: &str) -> Option<Bytes> {
    let found = store.find(&key.into(), &HeaderMap::new());
    found.map(|stored| stored.body.clone())
}

fn large(filler: u8) -> Bytes {
    vec![filler; 100_000].into()
}

#[test]
fn memory_is_bounded_and_what_is_asked_for_stays() {
    let store = store();
    store.insert(head("favourite", 0), large(0));
    for number in 1..50 {
        assert_eq!(body(&store, "favourite"), Some(large(0)), "{number}");
        store.insert(head(&number.to_string(), 0), large(number));
        assert!(store.read().memory <= 1 << 20);
    }
    assert_eq!(body(&store, "1"), None);
    assert_eq!(body(&store, "49"), Some(large(49)));
    store.change(StoreSettings {
        memory: 250_000,
        ..settings()
    });
    assert!(store.read().memory <= 250_000);
    store.change(StoreSettings {
        entries: 1,
        ..settings()
    });
    assert_eq!(store.read().entries, 1);
    for number in 0..200 {
        store.insert(head(&number.to_string(), 0), "small".into());
        assert_eq!(store.read().entries, 1);
    }
}

#[test]
fn nothing_is_counted_or_held_that_is_gone() {
    let store = store();
    let mut bodies = Vec::new();
    for round in 0..20 {
        for number in 0..20 {
            let key = number.to_string();
            let stored = store.insert(head(&key, 0), large(round));
            bodies.push(Arc::downgrade(&stored));
        }
    }
    assert!(store.read().memory <= 1 << 20);
    let purge = Purge {
        scope: None,
        name: "*",
    };
    assert!(store.purge(&purge) > 0);
    let index = store.read();
    assert_eq!((index.entries, index.memory), (0, 0));
    assert!(bodies.iter().all(|body| body.strong_count() == 0));
}

#[test]
fn what_was_purged_on_its_way_does_not_arrive() {
    let store = store();
    let purge = |name| {
        let scope = Some("app");
        store.purge(&Purge { scope, name })
    };
    let mark = |key: &str| store.mark(&key.into());
    let a = "app\nhttp://a/";
    let began = mark(a);
    assert_eq!(purge("/"), 0);
    store.insert(head(a, began), "old".into());
    assert_eq!(body(&store, a), None);
    // These requests began after the purge, so their responses may be stored.
    for key in [a, "apple\nhttp://a/t", "app\nhttp://b/t"] {
        store.insert(head(key, mark(key)), "new".into());
        assert_eq!(body(&store, key), Some("new".into()));
    }
    // A name without a leading slash matches no path.
    assert_eq!(purge("t"), 0);
    assert_eq!(purge("/t"), 1);
    assert_eq!(purge("*"), 1);
    assert_eq!(purge("*"), 0);
    assert!(body(&store, "apple\nhttp://a/t").is_some());
    // A purge of one key must not affect running fetches for most other keys.
    let keys: Vec<Key> = (0..100).map(|number| number.to_string().into()).collect();
    let marks: Vec<u64> = keys.iter().map(|key| store.mark(key)).collect();
    store.insert(head("0", marks[0]), "old".into());
    store.purge_address(&keys[0]);
    assert_eq!(body(&store, "0"), None);
    for (key, began) in keys.iter().zip(marks) {
        store.insert(head(key, began), "old".into());
    }
    assert_eq!(body(&store, "0"), None);
    let kept = keys.iter().filter(|key| body(&store, key).is_some());
    assert!(kept.count() > 80);
}

#[test]
fn an_address_has_an_answer_for_each_variation_up_to_a_bound() {
    let store = store();
    let request = |language: &str| -> HeaderMap {
        [(ACCEPT_LANGUAGE, language.parse().unwrap())]
            .into_iter()
            .collect()
    };
    for number in 0..20 {
        let language = format!("l{number}");
        let head = varied("a", 0, &request(&language));
        store.insert(head, language.into());
    }
    assert_eq!(store.read().entries, 16);
    let said = |language: &str| {
        let found = store.find(&"a".into(), &request(language));
        found.map(|stored| stored.body.clone())
    };
    assert_eq!(said("l19"), Some("l19".into()));
    assert_eq!(said("l0"), None);
    assert_eq!(said("en"), None);
    assert_eq!(body(&store, "a"), None);
}

#[test]
fn many_threads_at_once_leave_the_sums_right() {
    let store = Store::new(StoreSettings {
        entries: 50,
        ..settings()
    });
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for round in 0..500_usize {
                    let key = ((round * 7 + thread) % 80).to_string();
                    match round % 5 {
                        0 => store.purge_address(&key.into()),
                        1 | 2 => {
                            let began = store.mark(&key.as_str().into());
                            store.insert(head(&key, began), vec![1; round].into());
                        }
                        _ => {
                            body(store, &key);
                        }
                    }
                }
            });
        }
    });
    store.purge(&Purge {
        scope: None,
        name: "*",
    });
    let index = store.read();
    assert_eq!((index.entries, index.memory), (0, 0));
}

#[test]
fn what_is_being_fetched_takes_the_room_of_what_is_stored() {
    let store = store();
    store.change(StoreSettings {
        memory: 250_000,
        ..settings()
    });
    store.insert(head("a", 0), large(0));
    store.insert(head("b", 0), large(1));
    let kept = || ["a", "b", "c"].map(|key| body(&store, key).is_some());
    let gathering = store.gather(100_000).unwrap();
    assert_eq!(kept().into_iter().filter(|is_kept| *is_kept).count(), 1);
    // A body that comes meanwhile finds only the room that is left.
    store.insert(head("c", 0), large(2));
    assert_eq!(kept().into_iter().filter(|is_kept| *is_kept).count(), 1);
    drop(gathering);
    store.insert(head("a", 0), large(0));
    assert_eq!(kept().into_iter().filter(|is_kept| *is_kept).count(), 2);
}
