//! Tests of sessions: how long they last, and who can end them.

use identity::session::{self, LIMIT, Stay, signed_in};
use jiff::SignedDuration;
use platform::{Rows, sql};
use testkit::World;

use crate::stage::{
    MIGRATIONS, actions, begin, client, find_session, person, read, signed_in as sign_in, write,
};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[test]
fn a_session_ends_without_use() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        for (stay, idle) in [(Stay::Visit, HOUR * 12), (Stay::Remembered, HOUR * 24 * 7)] {
            let begun = begin(world, &id, stay, client(1)).await;
            world.clock.advance(idle - MINUTE);
            assert!(
                find_session(world, &begun.session).await.is_some(),
                "{stay:?}"
            );
            world.clock.advance(MINUTE);
            assert!(
                find_session(world, &begun.session).await.is_none(),
                "{stay:?}"
            );
        }
    });
}

#[test]
fn a_session_in_use_ends_all_the_same() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = crate::stage::accounts(world);
        let id = person(world, "farah@example.my", None).await;
        for (stay, cookie_days, step, all) in [
            (Stay::Visit, None, HOUR * 8, HOUR * 24),
            (
                Stay::Remembered,
                Some("604800"),
                HOUR * 24 * 6,
                HOUR * 24 * 180,
            ),
        ] {
            let begun = begin(world, &id, stay, client(1)).await;
            let mut visitor = crate::stage::visitor(&accounts);
            visitor.set_cookie("kd_session", begun.session.reveal());
            let start = world.clock.now();
            loop {
                world.clock.advance(step);
                let page = visitor.get("/me/security").await;
                let age = world.clock.now().duration_since(start);
                if age >= all {
                    assert_eq!(page.status.as_u16(), 303, "{stay:?} after {age}");
                    break;
                }
                let page = page.with(200);
                let renewed = page.header("set-cookie");
                match cookie_days {
                    None => assert_eq!(renewed, ""),
                    Some(days) => {
                        assert!(renewed.contains(&format!("Max-Age={days}")), "{renewed}");
                    }
                }
            }
        }
    });
}

#[test]
fn a_use_is_written_down_every_five_minutes() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = crate::stage::accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let begun = begin(world, &id, Stay::Remembered, client(1)).await;
        let mut visitor = crate::stage::visitor(&accounts);
        visitor.set_cookie("kd_session", begun.session.reveal());
        let start = world.clock.now();
        for (minutes, seen) in [(4, 0), (1, 5), (1, 5), (4, 10)] {
            world.clock.advance(MINUTE * minutes);
            visitor.get("/me/security").await.with(200);
            let of = id.clone();
            let sessions = read(world.store(), move |tx| session::list(tx, &of)).await;
            assert_eq!(sessions[0].last_seen_at, start + MINUTE * seen);
        }
    });
}

#[test]
fn the_fifty_first_session_ends_the_one_unused_longest() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let mut all = Vec::new();
        for _ in 0..LIMIT {
            all.push(begin(world, &id, Stay::Visit, client(1)).await);
            world.clock.advance(SignedDuration::from_secs(1));
        }
        assert!(find_session(world, &all[0].session).await.is_some());
        begin(world, &id, Stay::Visit, client(1)).await;
        assert!(find_session(world, &all[0].session).await.is_none());
        assert!(find_session(world, &all[1].session).await.is_some());
        assert!(actions(world).await.contains(&"session.revoked".to_owned()));
    });
}

#[test]
fn sessions_are_ended_by_their_owner_alone() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let other = person(world, "mei@example.my", None).await;
        let here = sign_in(world, &id).await;
        let there = sign_in(world, &id).await;
        let (of, one) = (other, there.session().unwrap().clone());
        let request = client(1).request;
        let ended = write(world.store(), move |tx| {
            session::end(tx, &of, &one, &request)
        });
        assert!(!ended.await, "another account's session");
        let (of, kept, request) = (
            id.clone(),
            here.session().unwrap().clone(),
            client(1).request,
        );
        let ended = write(world.store(), move |tx| {
            session::end_others(tx, &of, &kept, &request)
        });
        assert_eq!(ended.await, 1);
        let left = read(world.store(), move |tx| session::list(tx, &id)).await;
        assert_eq!(left.len(), 1);
        assert_eq!(Some(&left[0].id), here.session());
    });
}

#[test]
fn who_is_deactivated_is_signed_in_no_more() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let of = id.clone();
        write(world.store(), move |tx| {
            let sql = sql!("UPDATE account SET state = 'deactivated' WHERE id = $1");
            tx.run(sql, &[&of], Rows::Exactly(1))
        })
        .await;
        assert!(find_session(world, &begun.session).await.is_none());
        let begun = write(world.store(), move |tx| {
            let (method, stay) = (session::Method::Password, Stay::Visit);
            session::begin(tx, &id, method, stay, &client(1))
        });
        assert!(begun.await.is_none());
    });
}

#[test]
fn only_the_hash_of_a_secret_is_kept() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let rows: Vec<(Vec<u8>,)> = read(world.store(), |tx| {
            tx.all(sql!("SELECT secret_hash FROM session"), &[])
        })
        .await;
        assert_eq!(rows[0].0.len(), 32);
        assert_ne!(rows[0].0, begun.session.reveal().as_bytes());
        let wrong = platform::Secret::new("x");
        let visit = read(world.store(), move |tx| signed_in::by_session(tx, &wrong)).await;
        assert!(visit.is_none());
    });
}
