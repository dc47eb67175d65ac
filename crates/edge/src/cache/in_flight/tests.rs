use std::time::SystemTime;

use super::*;
use crate::cache::{DefaultLifetimes, Store, StoreSettings, StoredHead, TimedResponse};
use http::{HeaderMap, StatusCode};

fn store() -> Arc<Store> {
    let settings = StoreSettings {
        memory: 1 << 20,
        entries: 100,
        largest: 1 << 10,
        ..StoreSettings::unused()
    };
    Store::new(settings)
}

fn head() -> Arc<StoredHead> {
    let headers: HeaderMap = [(http::header::CACHE_CONTROL, "max-age=60".parse().unwrap())]
        .into_iter()
        .collect();
    let kept = TimedResponse {
        status: StatusCode::OK,
        headers: &headers,
        asked: SystemTime::UNIX_EPOCH,
        received: SystemTime::UNIX_EPOCH,
    };
    let freshness = kept.freshness(&DefaultLifetimes::default()).unwrap();
    let none = HeaderMap::new();
    let head = StoredHead::new("k".into(), &none, StatusCode::OK, headers, freshness, 0);
    Arc::new(head)
}

fn lead(store: &Arc<Store>) -> FillGuard {
    match store.join(&"k".into(), &HeaderMap::new(), |_| false) {
        Joined::Leads(guard) => guard,
        Joined::Follows(_) | Joined::Landed(_) => panic!("somebody leads"),
    }
}

fn follow(store: &Arc<Store>) -> Arc<InFlight> {
    match store.join(&"k".into(), &HeaderMap::new(), |_| false) {
        Joined::Follows(flight) => flight,
        Joined::Leads(_) | Joined::Landed(_) => panic!("nobody leads"),
    }
}

#[tokio::test]
async fn followers_are_sent_what_the_leader_was() {
    let store = store();
    let guard = lead(&store);
    let followers: Vec<_> = (0..20)
        .map(|_| {
            let flight = follow(&store);
            tokio::spawn(async move { flight.wait().await })
        })
        .collect();
    tokio::task::yield_now().await;
    let whole = store.insert(head(), "abcdef".into());
    guard.0.end(Some((whole, How::New)));
    for follower in followers {
        let (whole, how) = follower.await.unwrap().unwrap();
        assert_eq!((&whole.body[..], how), (&b"abcdef"[..], How::New));
    }
    // The previous fetch has ended, so a new one begins.
    lead(&store);
}

#[tokio::test]
async fn nobody_waits_for_a_leader_who_left() {
    let store = store();
    let guard = lead(&store);
    let follower = follow(&store);
    drop(guard);
    assert!(follower.wait().await.is_none());
    lead(&store);
}

#[tokio::test]
async fn what_varies_is_fetched_side_by_side() {
    let store = store();
    let request = |language: &'static str| -> HeaderMap {
        [(http::header::ACCEPT_LANGUAGE, language.parse().unwrap())]
            .into_iter()
            .collect()
    };
    let mut known = StoredHead::clone(&head());
    known.vary = vec![(http::header::ACCEPT_LANGUAGE, Some(b"it".to_vec()))];
    store.insert(Arc::new(known), "ciao".into());
    let key: Key = "k".into();
    let Joined::Leads(_one) = store.join(&key, &request("en"), |_| false) else {
        panic!("nobody leads")
    };
    let Joined::Leads(_other) = store.join(&key, &request("ms"), |_| false) else {
        panic!("nobody asked for this one")
    };
    assert!(matches!(
        store.join(&key, &request("en"), |_| false),
        Joined::Follows(_)
    ));
}

#[tokio::test]
async fn what_is_on_its_way_has_bounds_too() {
    let store = store();
    let mut one = store.gather(600).unwrap();
    assert!(!one.grow(500), "larger than may be kept");
    assert!(one.grow(400));
    let all: Vec<_> = std::iter::repeat_with(|| store.gather(1_000))
        .take_while(Option::is_some)
        .collect();
    assert_eq!(all.len(), (1 << 20) / 1_000 - 1);
    drop(all);
    assert!(store.gather(1_000).is_some());
}

#[tokio::test]
async fn who_looked_before_it_landed_and_joins_after_finds_it() {
    let store = store();
    let key: Key = "k".into();
    let none = HeaderMap::new();
    let guard = lead(&store);
    assert!(store.find(&key, &none).is_none());
    let whole = store.insert(head(), "abc".into());
    guard.0.end(Some((whole, How::New)));
    match store.join(&key, &none, |head| head.answers(&none)) {
        Joined::Landed(whole) => assert_eq!(whole.body, "abc"),
        Joined::Leads(_) | Joined::Follows(_) => panic!("it is there"),
    }
    // The stored response may not be used, so a new fetch begins.
    lead(&store);
}
