//! Tests of the event stream for hosts. Events arrive in order, and none is lost or repeated. A
//! host receives only events that the host's role permits.

use occasions::hosting::{guests, locks, members, portals};
use occasions::web::api::Pace;
use occasions::words::Access;
use platform::news::NewNews;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::Events;

use crate::parts::named;
use crate::stage::{Host, Stage, on_default};

#[derive(Clone, Debug, PartialEq)]
struct Heard {
    id: Option<i64>,
    name: String,
    data: Value,
}

/// Returns the next event of the stream. Skips comments and `retry` fields.
async fn hear(events: &mut Events) -> Option<Heard> {
    loop {
        let text = events.next().await?;
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        if let Some(name) = field("event:") {
            return Some(Heard {
                id: field("id:").map(|id| id.parse().unwrap()),
                name: name.to_owned(),
                data: serde_json::from_str(field("data:").unwrap()).unwrap(),
            });
        }
    }
}

/// Returns the next event that is not a counter.
async fn hear_news(events: &mut Events) -> Heard {
    loop {
        let heard = hear(events).await.unwrap();
        if heard.name != "summary" {
            return heard;
        }
    }
}

async fn listen(stage: &Stage<'_>, host: &Host, after: Option<i64>) -> Events {
    let mut visitor = stage.visitor(host);
    visitor.carry(Pace(Duration::from_millis(50)));
    if let Some(after) = after {
        visitor.header("last-event-id", &after.to_string());
    }
    visitor.listen(&stage.at("/stream")).await
}

/// Locks and unlocks an invitation in turn, `times` changes in all. Each change causes one event.
async fn rattle(stage: &Stage<'_>, times: usize) {
    let id = stage.invitation("RAHMA").await;
    for _ in 0..times {
        let id = id.clone();
        stage
            .done(move |tx, host| match portals::load(tx, host, &id)?.access {
                Access::Open => locks::lock(tx, host, &id, None, "").map(drop),
                _ => locks::unlock(tx, host, &id, &locks::Opening::default()).map(drop),
            })
            .await;
    }
}

#[test]
fn a_new_listener_is_greeted_and_then_hears_everything() {
    on_default(async |stage| {
        let mut events = listen(stage, &stage.owner, None).await;
        let hello = hear(&mut events).await.unwrap();
        assert_eq!(hello.name, "hello");
        assert_eq!(hello.id, hello.data["cursor"].as_i64());
        assert_eq!(hello.data["summary"]["invitations"]["total"], 40);
        rattle(stage, 2).await;
        let (first, second) = (hear_news(&mut events).await, hear_news(&mut events).await);
        assert_eq!(
            (first.name.as_str(), &first.data["what"]),
            ("invitation", &json!("locked"))
        );
        assert_eq!(second.data["what"], "unlocked");
        assert!(hello.id < first.id && first.id < second.id);
    });
}

#[test]
fn an_answer_is_heard_with_the_household_s_name_and_moves_the_counters() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let mut events = listen(stage, &stage.observer, None).await;
        let before = hear(&mut events).await.unwrap().data["summary"]["guests"]["total"].clone();
        stage
            .done(move |tx, host| {
                let (snapshot, added) = guests::add(tx, host, &id, None, &[named("Mei")])?;
                let yes = occasions::hosting::answers::OneReply {
                    version: None,
                    status: occasions::words::ReplyStatus::Yes,
                    r#override: false,
                    mail: false,
                };
                let version = snapshot.household.invitation.version;
                occasions::hosting::answers::reply(tx, host, &added[0], "nikah", version, &yes)
                    .map(drop)
            })
            .await;
        let (mut rsvp, mut summary) = (None, None);
        while rsvp.is_none() || summary.is_none() {
            let heard = hear(&mut events).await.unwrap();
            match heard.name.as_str() {
                "rsvp" => rsvp = Some(heard),
                "summary" if heard.data["guests"]["total"] != before => summary = Some(heard),
                _ => {}
            }
        }
        let rsvp = rsvp.unwrap();
        assert_eq!(rsvp.data["household"], "Keluarga Encik Rahman");
        assert_eq!(rsvp.data["source"], "phone");
        assert_eq!(summary.unwrap().id, None, "counters have no number");
    });
}

#[test]
fn who_comes_back_hears_what_was_missed_once_and_in_order() {
    on_default(async |stage| {
        let mut events = listen(stage, &stage.owner, None).await;
        let hello = hear(&mut events).await.unwrap().id.unwrap();
        rattle(stage, 6).await;
        let mut all = Vec::new();
        for _ in 0..6 {
            all.push(hear_news(&mut events).await);
        }
        drop(events);
        for (index, seen) in [hello]
            .into_iter()
            .chain(all.iter().map(|one| one.id.unwrap()))
            .enumerate()
        {
            let mut again = listen(stage, &stage.owner, Some(seen)).await;
            for expected in &all[index..] {
                assert_eq!(hear_news(&mut again).await, *expected);
            }
            if index == all.len() {
                let heard = hear(&mut again).await.unwrap();
                assert_eq!(
                    heard.name, "summary",
                    "nothing was missed, so only the counters come"
                );
            }
        }
    });
}

#[test]
fn a_number_that_was_never_given_resets() {
    on_default(async |stage| {
        rattle(stage, 1).await;
        for unknown in [-1, 999_999_999] {
            let mut events = listen(stage, &stage.owner, Some(unknown)).await;
            let reset = hear(&mut events).await.unwrap();
            assert_eq!(reset.name, "reset");
            assert_eq!(reset.id, reset.data["cursor"].as_i64());
            rattle(stage, 1).await;
            let next = hear_news(&mut events).await;
            assert!(next.id > reset.id, "and it goes on from there");
        }
    });
}

#[test]
fn news_of_other_occasions_and_of_files_with_contact_data_is_not_heard() {
    on_default(async |stage| {
        let mut observer = listen(stage, &stage.observer, None).await;
        hear(&mut observer).await.unwrap();
        let occasion = stage.occasion.to_string();
        stage
            .site
            .store
            .write(move |tx| {
                for (scope, payload) in [
                    ("elsewhere".to_owned(), json!({"id": "1", "what": "edited"})),
                    (
                        occasion.clone(),
                        json!({"id": "2", "kind": "export", "contacts": true}),
                    ),
                    (
                        occasion.clone(),
                        json!({"id": "3", "kind": "export", "contacts": false}),
                    ),
                ] {
                    tx.publish(NewNews {
                        scope,
                        name: "job",
                        payload,
                    })?;
                }
                Ok::<_, platform::StoreError>(())
            })
            .await
            .unwrap();
        assert_eq!(hear_news(&mut observer).await.data["id"], "3");
        let mut stranger = stage.visitor(&stage.stranger);
        stranger.get(&stage.at("/stream")).await.expect(404);
        stage.nobody().get(&stage.at("/stream")).await.expect(401);
    });
}

#[test]
fn who_is_a_member_no_more_or_signed_out_hears_nothing_more() {
    on_default(async |stage| {
        stage.give_password(&stage.owner).await;
        let mut events = listen(stage, &stage.observer, None).await;
        hear(&mut events).await.unwrap();
        let leaving = stage.observer.account.clone();
        stage
            .act(&stage.observer, move |tx, host| {
                members::remove(tx, host, &leaving)
            })
            .await
            .unwrap();
        rattle(stage, 1).await;
        while let Some(heard) = hear(&mut events).await {
            assert_eq!(heard.name, "summary", "no news after the role was gone");
        }
        let mut events = listen(stage, &stage.coordinator, None).await;
        hear(&mut events).await.unwrap();
        let account = stage.coordinator.account.clone();
        stage
            .site
            .store
            .write(move |tx| {
                tx.run(
                    platform::sql!("DELETE FROM session WHERE account_id = $1"),
                    &[&account],
                    platform::Rows::Any,
                )
            })
            .await
            .unwrap();
        while hear(&mut events).await.is_some() {}
    });
}

/// Streams of the same occasion share the events that were read from the store. Each stream sends
/// only the events that its host may see.
#[test]
fn hosts_who_listen_together_hear_what_each_of_them_may() {
    on_default(async |stage| {
        let mut coordinator = listen(stage, &stage.coordinator, None).await;
        let mut observer = listen(stage, &stage.observer, None).await;
        hear(&mut coordinator).await.unwrap();
        hear(&mut observer).await.unwrap();
        let occasion = stage.occasion.to_string();
        stage
            .site
            .store
            .write(move |tx| {
                for (id, contacts) in [("1", true), ("2", false)] {
                    tx.publish(NewNews {
                        scope: occasion.clone(),
                        name: "job",
                        payload: json!({"id": id, "kind": "export", "contacts": contacts}),
                    })?;
                }
                Ok::<_, platform::StoreError>(())
            })
            .await
            .unwrap();
        assert_eq!(hear_news(&mut coordinator).await.data["id"], "1");
        assert_eq!(hear_news(&mut coordinator).await.data["id"], "2");
        assert_eq!(hear_news(&mut observer).await.data["id"], "2");
        let leaving = stage.observer.account.clone();
        stage
            .act(&stage.owner, move |tx, host| {
                members::remove(tx, host, &leaving)
            })
            .await
            .unwrap();
        rattle(stage, 1).await;
        assert_eq!(hear_news(&mut coordinator).await.name, "invitation");
        while let Some(heard) = hear(&mut observer).await {
            assert_eq!(heard.name, "summary", "no news after the role was gone");
        }
    });
}

#[test]
fn counters_come_at_most_twice_a_second() {
    on_default(async |stage| {
        let mut events = listen(stage, &stage.owner, None).await;
        hear(&mut events).await.unwrap();
        let started = std::time::Instant::now();
        let mut summaries = 0;
        for _ in 0..5 {
            rattle(stage, 4).await;
            for _ in 0..4 {
                loop {
                    let heard = hear(&mut events).await.unwrap();
                    if heard.name != "summary" {
                        break;
                    }
                    summaries += 1;
                }
            }
        }
        let half_seconds = started.elapsed().as_millis() / 500;
        assert!(
            summaries <= half_seconds + 1,
            "{summaries} in {half_seconds} half seconds"
        );
        let id = stage.invitation("RAHMA").await;
        let shown = stage
            .done(move |tx, host| portals::load(tx, host, &id))
            .await;
        assert!(shown.household.invitation.version > 20);
    });
}

#[test]
fn one_stream_too_many_ends_the_oldest_of_that_account() {
    on_default(async |stage| {
        let mut others = listen(stage, &stage.coordinator, None).await;
        hear(&mut others).await.unwrap();
        let mut streams = Vec::new();
        for _ in 0..22 {
            let mut events = listen(stage, &stage.owner, None).await;
            hear(&mut events).await.unwrap();
            streams.push(events);
        }
        for events in &mut streams[..2] {
            assert_eq!(hear(events).await.unwrap().name, "end");
            assert_eq!(hear(events).await, None);
        }
        rattle(stage, 1).await;
        for events in streams[2..].iter_mut().chain([&mut others]) {
            assert_eq!(hear_news(events).await.name, "invitation");
        }
        // Disconnecting a client makes room for another stream.
        streams.truncate(10);
        let mut again = listen(stage, &stage.owner, None).await;
        hear(&mut again).await.unwrap();
        rattle(stage, 1).await;
        assert_eq!(hear_news(&mut streams[2]).await.name, "invitation");
    });
}
