use std::time::SystemTime;

use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;

use super::*;
use crate::cache::{Joined, Kept, StoreSettings, Unsaid};

fn store() -> Arc<Store> {
    let settings = StoreSettings {
        memory: 1 << 20,
        entries: 100,
        largest: 1 << 10,
        ..StoreSettings::unused()
    };
    Store::new(settings)
}

fn head() -> Arc<Head> {
    let headers: HeaderMap = [(http::header::CACHE_CONTROL, "max-age=60".parse().unwrap())]
        .into_iter()
        .collect();
    let kept = Kept {
        status: StatusCode::OK,
        headers: &headers,
        asked: SystemTime::UNIX_EPOCH,
        received: SystemTime::UNIX_EPOCH,
    };
    let freshness = kept.freshness(&Unsaid::default()).unwrap();
    let none = HeaderMap::new();
    let head = Head::new(
        "k".into(),
        &none,
        StatusCode::OK,
        headers,
        Vec::new(),
        freshness,
        0,
    );
    Arc::new(head)
}

fn lead(store: &Arc<Store>) -> Landing {
    match store.join(&"k".into(), &HeaderMap::new(), |_| false) {
        Joined::Leads(landing) => landing,
        Joined::Follows(_) | Joined::Landed(_) => panic!("somebody leads"),
    }
}

fn follow(store: &Arc<Store>) -> Arc<Flight> {
    match store.join(&"k".into(), &HeaderMap::new(), |_| false) {
        Joined::Follows(flight) => flight,
        Joined::Leads(_) | Joined::Landed(_) => panic!("nobody leads"),
    }
}

#[tokio::test]
async fn followers_are_sent_a_body_while_it_comes() {
    let store = store();
    let landing = lead(&store);
    let flight = &landing.0;
    let followers: Vec<_> = (0..20)
        .map(|_| tokio::spawn(follow(&store).heard()))
        .collect();
    tokio::task::yield_now().await;
    drop(flight.comes(&head(), Some(6), store.gather(6).unwrap()));
    let mut readers = Vec::new();
    for follower in followers {
        match follower.await.unwrap() {
            Heard::Coming(_, 6, reader) => readers.push(tokio::spawn(reader.collect())),
            _ => panic!("a body"),
        }
    }
    flight.push("abc".into());
    tokio::task::yield_now().await;
    flight.push("def".into());
    let whole = store.keep(head(), flight.gathered());
    flight.keep(whole, How::New);
    for reader in readers {
        assert_eq!(reader.await.unwrap().unwrap().to_bytes(), "abcdef");
    }
    // It is over: the next one leads.
    lead(&store);
}

#[tokio::test]
async fn a_body_of_unknown_length_is_the_leaders_until_it_is_whole() {
    let store = store();
    let landing = lead(&store);
    let flight = &landing.0;
    let follower = tokio::spawn(follow(&store).heard());
    let reader = flight.comes(&head(), None, store.gather(0).unwrap());
    flight.push("abc".into());
    tokio::task::yield_now().await;
    assert!(!follower.is_finished());
    let rest = Body::full("rest");
    flight.not_kept(Some(rest));
    assert!(matches!(follower.await.unwrap(), Heard::Nothing));
    assert_eq!(reader.collect().await.unwrap().to_bytes(), "abcrest");
}

#[tokio::test]
async fn a_body_that_breaks_off_breaks_off_for_all() {
    let store = store();
    let landing = lead(&store);
    let flight = &landing.0;
    let reader = flight.comes(&head(), Some(6), store.gather(6).unwrap());
    flight.push("abc".into());
    let (flight, follower) = (Arc::clone(flight), follow(&store));
    drop(landing);
    let error = reader.collect().await.unwrap_err();
    assert!(error.to_string().contains("broke off"), "{error}");
    assert!(matches!(flight.heard().await, Heard::Nothing));
    assert!(matches!(follower.heard().await, Heard::Nothing));
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
    let mut known = Head::clone(&head());
    known.vary = vec![(http::header::ACCEPT_LANGUAGE, Some(b"it".to_vec()))];
    store.keep(Arc::new(known), "ciao".into());
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

/// Whether there is room for so many bodies of the largest size.
fn has_room(store: &Arc<Store>, count: usize) -> bool {
    let all: Vec<_> = std::iter::repeat_with(|| store.gather(1 << 10))
        .take(count)
        .collect();
    all.iter().all(Option::is_some)
}

#[tokio::test]
async fn a_slow_reader_takes_room_until_it_has_read_all() {
    const FITS: usize = 1 << 10;
    let store = store();
    let landing = lead(&store);
    let flight = Arc::clone(&landing.0);
    let mut slow = flight.comes(&head(), Some(6), store.gather(6).unwrap());
    assert!(flight.push("abc".into()));
    let first = slow.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "abc");
    assert!(flight.push("def".into()));
    let whole = store.keep(head(), flight.gathered());
    let body = whole.body.clone();
    flight.keep(whole, How::New);
    drop((landing, flight));
    assert!(!has_room(&store, FITS), "somebody reads it yet");
    let rest = slow.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(rest, "def");
    assert_eq!(rest.as_ptr(), body[3..].as_ptr(), "there is no other copy");
    assert!(slow.frame().await.is_none());
    drop(slow);
    assert!(has_room(&store, FITS));
}

#[tokio::test]
async fn what_is_too_large_takes_no_room_once_its_client_has_what_came() {
    const FITS: usize = 1 << 10;
    let store = store();
    let landing = lead(&store);
    let reader = landing.0.comes(&head(), None, store.gather(0).unwrap());
    assert!(landing.0.push(vec![b'x'; 1_000].into()));
    assert!(!landing.0.push(vec![b'x'; 1_000].into()));
    landing.0.not_kept(Some(Body::full("rest")));
    drop(landing);
    assert!(!has_room(&store, FITS));
    let mut reader = std::pin::pin!(reader);
    for length in [1_000, 1_000, 4] {
        let data = reader.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(data.len(), length);
    }
    assert!(has_room(&store, FITS));
    assert!(reader.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_any_more_is_told() {
    let store = store();
    let landing = lead(&store);
    let flight = Arc::clone(&landing.0);
    let follower = tokio::spawn(follow(&store).heard());
    tokio::task::yield_now().await;
    let reader = flight.comes(&head(), None, store.gather(0).unwrap());
    let mut deserted = std::pin::pin!(flight.is_deserted());
    let is_it = tokio::time::timeout(LOOK * 10, deserted.as_mut());
    assert!(is_it.await.is_err(), "two wait");
    drop(reader);
    let is_it = tokio::time::timeout(LOOK * 10, deserted.as_mut());
    assert!(is_it.await.is_err(), "one waits");
    follower.abort();
    assert!(follower.await.is_err());
    deserted.await;
    // Between the looks somebody may come back.
    let mut deserted = std::pin::pin!(flight.is_deserted());
    let soon = tokio::time::timeout(LOOK + LOOK / 2, deserted.as_mut());
    assert!(soon.await.is_err());
    let follower = tokio::spawn(follow(&store).heard());
    let is_it = tokio::time::timeout(LOOK * 10, deserted);
    assert!(is_it.await.is_err(), "it is waited for again");
    follower.abort();
}

#[tokio::test]
async fn who_looked_before_it_landed_and_joins_after_finds_it() {
    let store = store();
    let key: Key = "k".into();
    let none = HeaderMap::new();
    let landing = lead(&store);
    assert!(store.find(&key, &none).is_none());
    let whole = store.keep(head(), "abc".into());
    landing.0.keep(whole, How::New);
    match store.join(&key, &none, |head| head.answers(&none)) {
        Joined::Landed(whole) => assert_eq!(whole.body, "abc"),
        Joined::Leads(_) | Joined::Follows(_) => panic!("it is there"),
    }
    // What is there and may not be used is asked for.
    lead(&store);
}
