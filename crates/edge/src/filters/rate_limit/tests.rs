//! Tests which clients are counted together, and when they are permitted again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::header::COOKIE;

use super::*;

fn limiter(text: &str) -> Limiter {
    let limit: Limit = toml_like(text);
    Limiter::check(&limit, &mut |key, what, _| panic!("{key}: {what}")).unwrap()
}

fn toml_like(text: &str) -> Limit {
    serde_json::from_str(text).unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn cookies(text: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(text))])
}

#[tokio::test(start_paused = true)]
async fn a_client_may_come_back_when_it_was_told() {
    let limiter = limiter(r#"{"rate": "2/s", "burst": 3}"#);
    let (one, two) = (address("192.0.2.1"), address("192.0.2.2"));
    let none = HeaderMap::new();
    for _ in 0..3 {
        limiter.admit(one, &none).unwrap();
    }
    let refused = limiter.admit(one, &none).unwrap_err();
    assert_eq!(
        refused.retry_after,
        Duration::from_secs(1),
        "half, rounded up"
    );
    limiter.admit(two, &none).unwrap();
    tokio::time::advance(refused.retry_after).await;
    limiter.admit(one, &none).unwrap();
    limiter.admit(one, &none).unwrap();
    limiter.admit(one, &none).unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_household_is_one_client() {
    let limiter = limiter(r#"{"rate": "1/h"}"#);
    let none = HeaderMap::new();
    limiter.admit(address("2001:db8:0:1::1"), &none).unwrap();
    limiter
        .admit(address("2001:db8:0:1:ffff::2"), &none)
        .unwrap_err();
    limiter.admit(address("2001:db8:0:2::1"), &none).unwrap();
    limiter.admit(address("192.0.2.1"), &none).unwrap();
    let refused = limiter
        .admit(address("::ffff:192.0.2.1"), &none)
        .unwrap_err();
    assert_eq!(refused.retry_after, Duration::from_hours(1));
}

#[tokio::test(start_paused = true)]
async fn who_sends_no_cookie_counts_by_address() {
    let limiter = limiter(r#"{"rate": "1/h", "by": "cookie:s"}"#);
    let here = address("192.0.2.1");
    limiter.admit(here, &cookies("a=1; s=one")).unwrap();
    limiter.admit(here, &cookies("s=one; b=2")).unwrap_err();
    limiter.admit(here, &cookies("s=two")).unwrap();
    limiter.admit(here, &cookies("ss=three")).unwrap();
    limiter.admit(here, &HeaderMap::new()).unwrap_err();
    limiter
        .admit(address("192.0.2.2"), &HeaderMap::new())
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn new_cookies_do_not_evade_the_limit_for_ever() {
    let limiter = limiter(r#"{"rate": "1/h", "by": "header:x-key"}"#);
    let (here, there) = (address("192.0.2.1"), address("192.0.2.2"));
    let key = |number: usize| {
        let value = HeaderValue::from(number);
        HeaderMap::from_iter([(HeaderName::from_static("x-key"), value)])
    };
    let admitted = (0..50).filter(|number| limiter.admit(here, &key(*number)).is_ok());
    assert_eq!(admitted.count(), 10);
    limiter.admit(there, &key(60)).unwrap();
    // A request that the address's limit refused does not count for its key.
    limiter.admit(there, &key(49)).unwrap();
    tokio::time::advance(Duration::from_mins(6)).await;
    limiter.admit(here, &key(70)).unwrap();
    limiter.admit(here, &key(71)).unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn outcomes_count_where_a_limit_is_on_them() {
    let limiter = limiter(r#"{"rate": "2/h", "on": "wrong-code"}"#);
    let (here, none) = (address("192.0.2.1"), HeaderMap::new());
    for outcome in ["right", "wrong-code", "right", "right", "wrong-code"] {
        let admitted = limiter.admit(here, &none).expect(outcome);
        limiter.report(admitted, &HeaderValue::from_static(outcome));
    }
    limiter.admit(here, &none).unwrap_err();
    limiter.admit(address("192.0.2.9"), &none).unwrap();

    let mut answer = HeaderMap::new();
    answer.append(OUTCOME, HeaderValue::from_static("one"));
    answer.append(OUTCOME, HeaderValue::from_static("two"));
    assert!(take_outcome(&mut answer).is_some());
    assert!(answer.is_empty());
}

#[tokio::test(start_paused = true)]
async fn racing_workers_admit_no_more_than_the_limit() {
    let limiter = Arc::new(limiter(r#"{"rate": "50/h"}"#));
    let admitted = Arc::new(AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    if limiter
                        .admit(address("192.0.2.1"), &HeaderMap::new())
                        .is_ok()
                    {
                        admitted.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    // Threads outside Tokio's runtime read the real clock. At this low rate, no further request is
    // permitted while the test runs.
    assert_eq!(admitted.load(Ordering::Relaxed), 50);
}
