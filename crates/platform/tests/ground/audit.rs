//! Tests of the audit log: lines are written together with their change and can be filtered. Lines
//! about an account or the installation are chained.

use jiff::SignedDuration;
use platform::audit::chain::{self, Broken};
use platform::audit::{self, Actor, Entity, Entry, Filter, RequestFacts, forgetting};
use platform::{Rows, StoreError, sql};
use serde_json::json;
use testkit::World;

use super::MIGRATIONS;

fn business(number: usize) -> Entry {
    Entry {
        actor: Actor::Other {
            kind: "patron",
            id: format!("patron {}", number % 2),
        },
        action: ["order.saved", "order.removed", "orderly.saved"][number % 3],
        entity: Entity::new("table", format!("table {}", number % 2)),
        scope: Some(format!("scope {}", number % 4)),
        changes: json!([{"field": "reply", "old": null, "new": number}]),
        request: Some(RequestFacts {
            request_id: format!("request {number}"),
            network: Some("203.0.113.9".parse().unwrap()),
        }),
    }
}

fn account(number: usize) -> Entry {
    Entry {
        actor: Actor::Account("owner".to_owned()),
        action: "account.signed_in",
        entity: Entity::new("account", format!("account {number}")),
        scope: None,
        changes: json!([]),
        request: None,
    }
}

#[test]
fn lines_are_found_by_what_they_say() {
    World::each_engine(&MIGRATIONS, async |world| {
        let store = world.store();
        let refused = store
            .write(|tx| {
                tx.record(business(0))?;
                Err::<(), _>(StoreError::Busy)
            })
            .await;
        assert!(refused.is_err());
        for number in 0..12 {
            store
                .write(move |tx| tx.record(business(number)))
                .await
                .unwrap();
            world.clock.advance(SignedDuration::from_secs(1));
        }
        let begin = world.clock.now() - SignedDuration::from_secs(12);
        let none = Filter::default;
        for (name, filter, expected) in [
            ("all", none(), vec![11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
            (
                "scope",
                Filter {
                    scope: "scope 3".to_owned(),
                    ..none()
                },
                vec![11, 7, 3],
            ),
            (
                "actor",
                Filter {
                    actor_id: "patron 1".to_owned(),
                    ..none()
                },
                vec![11, 9, 7, 5, 3, 1],
            ),
            (
                "action",
                Filter {
                    action: "order.removed".to_owned(),
                    ..none()
                },
                vec![10, 7, 4, 1],
            ),
            (
                "family",
                Filter {
                    action: "order".to_owned(),
                    ..none()
                },
                vec![10, 9, 7, 6, 4, 3, 1, 0],
            ),
            (
                "entity",
                Filter {
                    entity_id: "table 0".to_owned(),
                    ..none()
                },
                vec![10, 8, 6, 4, 2, 0],
            ),
            (
                "time",
                Filter {
                    from: Some(begin + SignedDuration::from_secs(3)),
                    until: Some(begin + SignedDuration::from_secs(5)),
                    ..none()
                },
                vec![4, 3],
            ),
            (
                "together",
                Filter {
                    scope: "scope 1".to_owned(),
                    action: "order".to_owned(),
                    from: Some(begin),
                    ..none()
                },
                vec![9, 1],
            ),
        ] {
            // Three-line pages of the audit log join without gaps or repetitions.
            let mut found = Vec::new();
            let mut before = None;
            loop {
                let asked = filter.clone();
                let page = store
                    .read(move |tx| audit::list(tx, &asked, before, 3))
                    .await
                    .unwrap();
                let Some(last) = page.last() else { break };
                before = Some(last.sequence);
                found.extend(page.iter().map(|record| {
                    record
                        .request_id
                        .as_deref()
                        .unwrap()
                        .rsplit(' ')
                        .next()
                        .unwrap()
                        .parse::<i64>()
                        .unwrap()
                }));
            }
            assert_eq!(found, expected, "{name}");
        }
        let newest = store
            .read(|tx| audit::list(tx, &Filter::default(), None, 1))
            .await
            .unwrap()
            .remove(0);
        assert_eq!(newest.actor_kind, "patron");
        assert_eq!(newest.network.as_deref(), Some("203.0.113.0/24"));
        assert_eq!(newest.changes, r#"[{"field":"reply","new":11,"old":null}]"#);
    });
}

#[test]
fn the_chain_covers_accounts_and_finds_what_was_changed() {
    World::each_engine(&MIGRATIONS, async |world| {
        let store = world.store();
        assert_eq!(store.read(chain::verify).await.unwrap(), None);
        for number in 0..5 {
            store
                .write(move |tx| {
                    tx.record(business(number))?;
                    tx.record(account(number))
                })
                .await
                .unwrap();
            if number == 2 {
                assert_eq!(store.write(chain::seal).await.unwrap(), 3);
            }
        }
        assert_eq!(store.write(chain::seal).await.unwrap(), 2);
        assert_eq!(store.write(chain::seal).await.unwrap(), 0);
        assert_eq!(store.read(chain::verify).await.unwrap(), None);

        let erased = store
            .write::<_, StoreError, _>(|tx| {
                tx.run(
                    sql!("UPDATE audit SET actor_id = 'gone', salt = NULL WHERE place = 2"),
                    &[],
                    Rows::Exactly(1),
                )
            })
            .await;
        assert!(erased.is_ok());
        assert_eq!(store.read(chain::verify).await.unwrap(), None);

        for (attack, place) in [
            (
                sql!("UPDATE audit SET actor_id = 'other' WHERE place = 3"),
                3,
            ),
            (
                sql!("UPDATE audit SET entity_id = 'account 9' WHERE place = 3"),
                3,
            ),
            (
                sql!("UPDATE audit SET scope = 'scope 9' WHERE place = 4"),
                4,
            ),
            (
                sql!("UPDATE audit SET action = 'account.other' WHERE place = 2"),
                2,
            ),
            (sql!("DELETE FROM audit WHERE place = 1"), 1),
            (sql!("DELETE FROM audit WHERE place = 5"), 5),
            (sql!("UPDATE audit SET place = 9 WHERE place = 5"), 5),
            (sql!("UPDATE audit_chain SET seal = 'x'"), 5),
        ] {
            let broken = store
                .write::<(), Seen, _>(move |tx| {
                    tx.run(attack, &[], Rows::Exactly(1))?;
                    // The chain is verified inside the transaction, which is then rolled back.
                    Err(Seen::Broken(chain::verify(tx)?))
                })
                .await;
            let Err(Seen::Broken(broken)) = broken else {
                panic!("{broken:?}")
            };
            assert_eq!(broken, Some(Broken { place }), "{attack:?}");
        }
        assert_eq!(store.read(chain::verify).await.unwrap(), None);
    });
}

#[test]
fn no_line_has_the_id_of_who_was_erased_and_the_chain_holds() {
    const ID: &str = "0197f0c0-0000-7000-8000-00000000000a";
    const STAND_IN: &str = "0197f0c0-0000-7000-8000-00000000000f";
    World::each_engine(&MIGRATIONS, async |world| {
        let store = world.store();
        let request = |number: usize| business(number).request;
        let lines = [
            Entry {
                actor: Actor::Account(ID.to_owned()),
                request: request(0),
                ..account(0)
            },
            Entry {
                entity: Entity::new("account", ID.to_owned()),
                changes: json!([{"field": "name", "new": "Farah"}]),
                request: request(1),
                ..account(1)
            },
            // A grant to a trusted contact has an account's id as its scope.
            Entry {
                entity: Entity::new("grant", "another".to_owned()),
                scope: Some(ID.to_owned()),
                ..account(2)
            },
            Entry {
                changes: json!([{"field": "owner", "old": ID, "new": "another"}]),
                request: request(3),
                ..account(3)
            },
            account(4),
        ];
        let write = move |tx: &mut platform::Tx<'_>| {
            for line in &lines {
                tx.record(line.clone())?;
            }
            chain::seal(tx)?;
            // This line is not sealed yet.
            tx.record(lines[0].clone())
        };
        store.write(write).await.unwrap();
        let forget = |tx: &mut platform::Tx<'_>| forgetting::account(tx, ID, STAND_IN);
        store.write(forget).await.unwrap();
        assert_eq!(store.write(chain::seal).await.unwrap(), 1);
        assert_eq!(store.read(chain::verify).await.unwrap(), None);
        store.checkpoint().await.unwrap();
        assert_eq!(world.places_of(ID), [""; 0]);
        let list = |tx: &mut platform::Tx<'_>| audit::list(tx, &Filter::default(), None, 10);
        let mut lines = store.read(list).await.unwrap();
        lines.reverse();
        let shown: Vec<_> = lines
            .iter()
            .map(|line| {
                let words = [line.actor_id.as_deref(), line.scope.as_deref()];
                let names = [words[0].unwrap(), &line.entity_id, words[1].unwrap_or("")];
                (names, line.network.is_some())
            })
            .collect();
        assert_eq!(
            shown,
            [
                ([STAND_IN, "account 0", ""], false),
                (["owner", STAND_IN, ""], false),
                (["owner", "another", STAND_IN], false),
                (["owner", "account 3", ""], true),
                (["owner", "account 4", ""], false),
                ([STAND_IN, "account 0", ""], false),
            ]
        );
        assert_eq!(lines[1].changes, "[]");
        assert!(lines[3].changes.contains(STAND_IN) && lines[3].changes.contains("another"));
        // The seals still protect lines that do not name an erased person.
        let broken = store
            .write::<(), Seen, _>(|tx| {
                let attack = sql!("UPDATE audit SET entity_id = 'other' WHERE place = 5");
                tx.run(attack, &[], Rows::Exactly(1))?;
                Err(Seen::Broken(chain::verify(tx)?))
            })
            .await;
        assert!(matches!(
            broken,
            Err(Seen::Broken(Some(Broken { place: 5 })))
        ));
    });
}

#[derive(Debug, thiserror::Error)]
enum Seen {
    #[error("seen")]
    Broken(Option<Broken>),
    #[error(transparent)]
    Store(#[from] StoreError),
}
