//! Tests of events for open pages, of scheduled changes, and of limits on writing.

use countdowns::countdown::CountdownId;
use countdowns::day_reached;
use countdowns::public::Link;
use countdowns::webhook::Event;
use jiff::SignedDuration;
use platform::id::Id as _;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use testkit::{rounds, together};
use tokio::runtime::Handle;
use tokio::task::yield_now;

use crate::stage::{API, Counting, Stage, on_both, on_default, visitor_among};
use crate::webhooks::{deliveries, hook};

const PAGE: &str = "/u/farah-ali/live";

#[test]
fn a_page_hears_at_once_what_changed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.public("Live").await;
        let other = farah.public("Other").await;
        let mut visitor = stage.visitor();
        let mut events = visitor.listen(&format!("{PAGE}/events")).await;
        let mut again = visitor.listen(&format!("{PAGE}/events")).await;
        let first = events.next().await.unwrap();
        assert!(first.contains("retry: 3000\nid: "), "{first}");
        again.next().await.unwrap();
        farah.reset(&other, &json!({})).await.expect(201);
        farah.reset(&at, &json!({})).await.expect(201);
        let heard = events.next().await.unwrap();
        assert!(heard.contains("event: changed"), "{heard}");
        assert_eq!(again.next().await.unwrap(), heard);

        // A client that reports an older revision is notified at once of the changes since then.
        let late = format!("{PAGE}/events?since=1");
        let mut late = visitor.listen(&late).await;
        late.next().await.unwrap();
        assert_eq!(late.next().await.unwrap(), heard);

        let version = farah.program.get(&at).await.json()["version"].clone();
        let hide = json!({"version": version, "visibility": "private"});
        farah.call("PATCH", &at, &hide).await.expect(200);
        for mut stream in [events, again, late] {
            assert_eq!(stream.next().await, None, "it is nobody's any more");
        }
        visitor.get(&format!("{PAGE}/events")).await.expect(404);
    });
}

#[test]
fn a_stream_ends_when_its_reader_may_not_see_the_page_any_more() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.public("Live").await;
        let id = CountdownId::from_text(at.rsplit('/').next().unwrap().to_owned());
        let link = move |tx: &mut Tx<'_>| Link::load(tx, &id);
        let link = stage.world.store().read(link).await.unwrap();
        let key = link.sign(&stage.world.platform.keys);
        let mut show = async |visibility: &str| {
            let version = farah.program.get(&at).await.json()["version"].clone();
            let change = json!({"version": version, "visibility": visibility});
            farah.call("PATCH", &at, &change).await.expect(200);
        };
        let mut visitor = stage.visitor();
        let mut bare = visitor.listen(&format!("{PAGE}/events")).await;
        let mut keyed = visitor.listen(&format!("{PAGE}/events?k={key}")).await;
        bare.next().await.unwrap();
        keyed.next().await.unwrap();
        show("unlisted").await;
        assert_eq!(bare.next().await, None);
        assert!(keyed.next().await.unwrap().contains("changed"));
        show("private").await;
        assert_eq!(keyed.next().await, None);
    });
}

#[test]
fn one_task_looks_at_a_page_for_all_who_watch_it() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.public("Live").await;
        let tasks = || Handle::current().metrics().num_alive_tasks();
        let mut visitor = stage.visitor();
        let mut all = Vec::new();
        for _ in 0..3 {
            all.push(visitor.listen(&format!("{PAGE}/events")).await);
            assert_eq!(tasks(), 2, "one reads the news, the other looks");
        }
        all.push(visitor.listen(&format!("{PAGE}/events?k=other")).await);
        assert_eq!(tasks(), 3);
        for stream in &mut all {
            stream.next().await.unwrap();
        }
        farah.reset(&at, &json!({})).await.expect(201);
        for stream in &mut all {
            assert!(stream.next().await.unwrap().contains("changed"));
        }
        // The tasks notice that there are no viewers left only when the next news arrives.
        drop(all);
        for left in [1, 0] {
            farah.reset(&at, &json!({})).await.expect(201);
            while tasks() > left {
                yield_now().await;
            }
        }
    });
}

#[test]
fn a_stream_ends_and_nothing_waits_when_a_countdown_is_deleted() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let made = farah
            .make(
                json!({"title": "Live", "kind": "until", "target": "2040-01-16",
                "visibility": "public"}),
            )
            .await;
        let mut visitor = stage.visitor();
        let mut events = visitor.listen(&format!("{PAGE}/events")).await;
        events.next().await.unwrap();
        let at = format!("{API}/{}", made["id"].as_str().unwrap());
        farah.call("DELETE", &at, &json!({})).await.expect(204);
        assert_eq!(events.next().await, None);
        let count = |tx: &mut Tx<'_>| -> Result<(i64,), StoreError> {
            tx.one(
                sql!("SELECT COUNT(*) FROM job WHERE kind = 'countdown.reach'"),
                &[],
            )
        };
        let waiting = stage.world.store().read(count).await.unwrap();
        assert_eq!(waiting, (0,));
    });
}

#[test]
fn the_page_names_its_stream_and_a_network_has_five() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        farah.public("Live").await;
        let mut visitor = stage.visitor();
        let page = visitor.get(PAGE).await;
        let (_, rest) = page.body.split_once("data-events=\"").unwrap();
        let path = rest.split('"').next().unwrap().to_owned();
        let mut all = Vec::new();
        for _ in 0..5 {
            all.push(visitor.listen(&path).await);
        }
        let refused = visitor.get(&path).await;
        refused.expect(503);
        drop(all.pop());
        all.push(visitor.listen(&path).await);
    });
}

#[test]
fn an_operator_says_how_many_watch() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        farah.public("Live").await;
        let path = format!("{PAGE}/events");
        for (total, of_network, places) in [(500, 7, 7), (2, 5, 2), (0, 5, 0)] {
            let mut visitor = visitor_among(stage, total, of_network);
            let mut all = Vec::new();
            for _ in 0..places {
                all.push(visitor.listen(&path).await);
            }
            visitor.get(&path).await.expect(503);
        }
    });
}

#[test]
fn a_day_comes_once() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let made = farah
            .make(
                json!({"title": "Live", "kind": "until", "target": "2026-11-25",
                "repeat": "weekly", "visibility": "public"}),
            )
            .await;
        let id = CountdownId::from_text(made["id"].as_str().unwrap().to_owned());
        hook(&mut farah, "https://hooks.example/", false).await;
        stage.world.expect_jobs("webhook.deliver");
        stage.work().await;
        let mut visitor = stage.visitor();
        let mut events = visitor.listen(&format!("{PAGE}/events")).await;
        events.next().await.unwrap();
        let week = SignedDuration::from_hours(24 * 7);
        stage.world.clock.advance(week);
        let other = stage.world.second_store();
        for round in 0..rounds() {
            let reach = |store: platform::Store| {
                let id = id.clone();
                let change = move |tx: &mut Tx<'_>| day_reached::reach(tx, &id);
                async move { store.write(change).await.unwrap() }
            };
            let store = stage.world.store().clone();
            let (one, two) = together(reach(store), reach(other.clone())).await;
            assert!(one != two, "round {round}: {one} {two}");
            assert_eq!(deliveries(stage, Event::Reached).await, round + 1);
            if round == 0 {
                assert!(events.next().await.unwrap().contains("changed"));
            }
            // The test makes the countdown's day due a second time.
            let (id, now) = (id.clone(), stage.world.platform.clock.now());
            let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
                sql!(
                    "UPDATE countdown SET reach_at = :now WHERE id = :id",
                    now,
                    id
                )
                .run(tx, Rows::Exactly(1))
            };
            stage.world.store().write(change).await.unwrap();
        }
    });
}

#[test]
fn a_day_that_is_put_off_is_waited_for() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let made = farah
            .make(
                json!({"title": "Live", "kind": "until", "target": "2026-11-25",
                "visibility": "public", "listed": true, "after": "hide"}),
            )
            .await;
        let at = format!("{API}/{}", made["id"].as_str().unwrap());
        let later = json!({"version": 1, "target": "2026-12-25"});
        farah.call("PATCH", &at, &later).await.expect(200);
        let found = async || {
            let all = stage.visitor().get("/api/v1/public/directory").await;
            all.json()["total"].as_i64().unwrap()
        };
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        stage.world.clock.advance(days(10));
        stage.work().await;
        assert_eq!(found().await, 1);
        stage.world.clock.advance(days(40));
        stage.work().await;
        assert_eq!(found().await, 0);
        stage.visitor().get(PAGE).await.expect(404);
    });
}

#[test]
fn resets_are_written_thirty_times_in_ten_minutes() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.since("Often").await;
        for _ in 0..30 {
            farah.reset(&at, &json!({})).await.expect(201);
        }
        let refused = farah.reset(&at, &json!({})).await;
        refused.expect(429);
        assert!(!refused.header("retry-after").is_empty());
        let mut other = stage.person("Somebody Else").await;
        let theirs = other.since("Often").await;
        other.reset(&theirs, &json!({})).await.expect(201);
        stage.world.clock.advance(SignedDuration::from_mins(11));
        farah.reset(&at, &json!({})).await.expect(201);
    });
}
