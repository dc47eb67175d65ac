//! Tests of the waiting list of events with limited seats, on both engines.

use std::collections::BTreeMap;

use occasions::id::{EventId, InvitationId};
use occasions::occasion;
use occasions::refusal::Refusal;
use occasions::rsvp::{Saved, waitlist};
use occasions::words::ReplyStatus::{self, No, Undecided, Waitlisted, Yes};
use platform::{Rows, StoreError, sql};
use testkit::{World, rounds, together};

use crate::stage::{MIGRATIONS, Stage, all, newcomer, save};

/// Builds a wedding whose reception has this many seats and a waiting list.
async fn stage(world: &World, seats: i64) -> Stage {
    let stage = Stage::build(world, Some(seats)).await;
    world.expect_jobs(waitlist::MOVED_UP);
    switch(&stage, true).await;
    stage
}

async fn switch(stage: &Stage, on: bool) {
    let id = stage.occasion.clone();
    stage
        .change(move |tx| {
            let mut stored = occasion::load(tx, &id)?;
            stored.switches.waitlist = on;
            occasion::update(tx, &stored)?;
            Ok(1)
        })
        .await;
}

/// Saves the answer `status` to the reception for every guest of the household.
async fn says(stage: &Stage, code: &str, status: ReplyStatus) -> Result<Saved, Refusal> {
    let snapshot = stage.portal(code).await;
    let guests = snapshot.household.guests.iter();
    let ids: Vec<_> = guests.map(|guest| guest.id.clone()).collect();
    let version = snapshot.household.invitation.version;
    stage
        .answer(code, all(&ids, "reception", status, version))
        .await
}

/// Returns the reception replies of all guests in the household.
async fn replies(stage: &Stage, code: &str) -> Vec<ReplyStatus> {
    let snapshot = stage.portal(code).await;
    let reception = &stage.events[1];
    let guests = snapshot.household.guests.iter();
    guests
        .map(|guest| guest.replies[reception].status)
        .collect()
}

/// The numbers of a household's guests who have a seat, and who wait for a seat.
struct Found {
    yes: i64,
    waiting: i64,
}

/// An event's capacity, its counter of taken seats, and one row per household from the query in
/// [`check`].
type Counted = (Option<i64>, i64, Vec<(InvitationId, i64, i64)>);

/// Checks three rules that hold after every save: the counter of taken seats is right, the number
/// of taken seats does not exceed the capacity, and each waiting household needs more seats than
/// are free.
async fn check(stage: &Stage) {
    let event = stage.events[1].clone();
    let (capacity, counter, households): Counted = stage
        .store
        .read(move |tx| {
            let (capacity, taken): (Option<i64>, i64) = tx.one(
                sql!("SELECT capacity, seats_taken FROM event WHERE id = $1"),
                &[&event],
            )?;
            let households: Vec<(InvitationId, i64, i64)> = tx.all(
                sql!(
                    "SELECT guest.invitation, COUNT(CASE WHEN reply.status = 'yes' THEN 1 END),
                         COUNT(CASE WHEN reply.status = 'waitlisted' THEN 1 END)
                     FROM reply JOIN guest ON guest.id = reply.guest
                     JOIN invitation ON invitation.id = guest.invitation
                     WHERE reply.event = $1 AND invitation.archived_at IS NULL
                     GROUP BY guest.invitation"
                ),
                &[&event],
            )?;
            Ok::<_, StoreError>((capacity, taken, households))
        })
        .await
        .unwrap();
    let households: Vec<Found> = households
        .into_iter()
        .map(|(_, yes, waiting)| Found { yes, waiting })
        .collect();
    let taken: i64 = households.iter().map(|one| one.yes).sum();
    let waiting = || households.iter().map(|one| one.waiting).filter(|n| *n > 0);
    let Some(capacity) = capacity else {
        assert_eq!(waiting().count(), 0, "seats are unlimited");
        return;
    };
    assert_eq!(taken, counter);
    assert!(taken <= capacity, "{taken} of {capacity}");
    let free = capacity - taken;
    assert!(waiting().all(|people| people > free), "{free} are free");
}

#[test]
fn who_finds_an_event_full_waits_and_moves_up_in_order() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = stage(world, 4).await;
        for (code, people) in [("AAAAA", 3), ("BBBBB", 3), ("CCCCC", 2), ("DDDDD", 1)] {
            stage.household(code, people, 0).await;
            says(&stage, code, Yes).await.unwrap();
            world.clock.advance(jiff::SignedDuration::from_secs(60));
        }
        // The two larger households wait. The small household gets the last seat.
        assert_eq!(replies(&stage, "AAAAA").await, [Yes; 3]);
        assert_eq!(replies(&stage, "BBBBB").await, [Waitlisted; 3]);
        assert_eq!(replies(&stage, "CCCCC").await, [Waitlisted; 2]);
        assert_eq!(replies(&stage, "DDDDD").await, [Yes]);
        check(&stage).await;
        // A household that waits keeps its position when it saves the same answer again.
        let again = says(&stage, "BBBBB", Yes).await;
        assert!(matches!(again, Ok(Saved::Unchanged(_))), "{again:?}");
        assert_eq!(stage.submissions("BBBBB").await, 1);
        // One free seat is too few for either waiting household.
        says(&stage, "DDDDD", No).await.unwrap();
        assert_eq!(replies(&stage, "CCCCC").await, [Waitlisted; 2]);
        // Four seats are free. The household that asked first gets three of them. One seat is left,
        // which is too few for the next household.
        says(&stage, "AAAAA", No).await.unwrap();
        assert_eq!(replies(&stage, "BBBBB").await, [Yes; 3]);
        assert_eq!(replies(&stage, "CCCCC").await, [Waitlisted; 2]);
        assert_eq!(
            stage.submissions("BBBBB").await,
            2,
            "the history has the move"
        );
        assert_eq!(stage.portal("BBBBB").await.household.invitation.version, 3);
        check(&stage).await;
        let jobs = world.jobs().await;
        let told = jobs.iter().filter(|job| job.kind == waitlist::MOVED_UP);
        assert_eq!(told.count(), 1);
    });
}

#[test]
fn a_household_has_all_its_seats_or_none() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = stage(world, 2).await;
        let guests = stage.household("AAAAA", 2, 1).await;
        stage.household("BBBBB", 1, 0).await;
        says(&stage, "BBBBB", Yes).await.unwrap();
        says(&stage, "AAAAA", Yes).await.unwrap();
        assert_eq!(replies(&stage, "AAAAA").await, [Waitlisted; 2]);
        // The household is smaller now, so its guest gets a seat.
        let version = stage.portal("AAAAA").await.household.invitation.version;
        let fewer = all(&guests[..1], "reception", No, version);
        stage.answer("AAAAA", fewer).await.unwrap();
        assert_eq!(replies(&stage, "AAAAA").await, [No, Yes]);
        // An additional guest must wait, and the guest who has a seat keeps it.
        let version = stage.portal("AAAAA").await.household.invitation.version;
        stage
            .answer("AAAAA", newcomer("Mei", version))
            .await
            .unwrap();
        assert_eq!(replies(&stage, "AAAAA").await, [No, Yes, Waitlisted]);
        // One guest gives up a seat, and another guest of the same household gets it.
        let version = stage.portal("AAAAA").await.household.invitation.version;
        let swap = all(&guests[1..], "reception", Undecided, version);
        stage.answer("AAAAA", swap).await.unwrap();
        assert_eq!(replies(&stage, "AAAAA").await, [No, Undecided, Yes]);
        check(&stage).await;
    });
}

#[test]
fn without_a_waiting_list_nobody_new_waits_and_who_waits_keeps_the_place() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = stage(world, 1).await;
        for code in ["AAAAA", "BBBBB", "CCCCC"] {
            stage.household(code, 1, 0).await;
        }
        says(&stage, "AAAAA", Yes).await.unwrap();
        says(&stage, "BBBBB", Yes).await.unwrap();
        switch(&stage, false).await;
        let refused = says(&stage, "CCCCC", Yes).await;
        assert!(
            matches!(refused, Err(Refusal::EventFull { left: 0, .. })),
            "{refused:?}"
        );
        says(&stage, "BBBBB", Yes).await.unwrap();
        assert_eq!(replies(&stage, "BBBBB").await, [Waitlisted]);
        says(&stage, "AAAAA", No).await.unwrap();
        assert_eq!(replies(&stage, "BBBBB").await, [Yes]);
    });
}

#[test]
fn the_last_seat_goes_to_one_household_and_the_others_wait() {
    World::each_engine(&MIGRATIONS, async |world| {
        for round in 0..rounds() {
            let stage = stage(world, 2).await;
            let codes: Vec<String> = (0..4).map(|n| format!("J{n}{round:04}")).collect();
            let mut saves = Vec::new();
            for (n, code) in codes.iter().enumerate() {
                let guests = stage.household(code, 1 + n % 2, 0).await;
                let (store, code) = (stage.store.clone(), code.clone());
                let change = all(&guests, "reception", Yes, 1);
                saves.push(async move { save(&store, &code, change, None).await });
            }
            let mut saves = saves.into_iter();
            let mut next = || saves.next().unwrap();
            let (first, second) = (next(), next());
            let (third, fourth) = (next(), next());
            let two = async move { together(first, second).await };
            let others = async move { together(third, fourth).await };
            let ((one, two), (three, four)) = together(two, others).await;
            for saved in [one, two, three, four] {
                assert!(
                    matches!(saved, Ok(Saved::Stored(_))),
                    "round {round}: {saved:?}"
                );
            }
            check(&stage).await;
            for code in &codes {
                let replies = replies(&stage, code).await;
                assert!(replies.iter().all(|one| *one == replies[0]), "{replies:?}");
            }
            // One household gives up its seats while another household asks for seats. No seat may
            // be given to both.
            let portals = [stage.portal(&codes[0]).await, stage.portal(&codes[1]).await];
            let leave = |at: usize, status| {
                let guests = portals[at].household.guests.iter();
                let ids: Vec<_> = guests.map(|guest| guest.id.clone()).collect();
                let version = portals[at].household.invitation.version;
                let (store, code) = (stage.store.clone(), codes[at].clone());
                let change = all(&ids, "reception", status, version);
                async move { save(&store, &code, change, None).await }
            };
            let (one, other) = together(leave(0, No), leave(1, Undecided)).await;
            for saved in [one, other] {
                // When seats became free, the waiting list may have moved this household up and
                // raised its version.
                let moved = matches!(saved, Err(Refusal::VersionConflict(_)));
                assert!(saved.is_ok() || moved, "round {round}: {saved:?}");
            }
            check(&stage).await;
        }
    });
}

#[test]
fn whatever_happens_no_seat_is_given_twice_and_none_stays_empty() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = stage(world, 5).await;
        let codes: Vec<String> = (0..8).map(|n| format!("P{n}00")).map(|c| c + "X").collect();
        for (n, code) in codes.iter().enumerate() {
            stage.household(code, 1 + n % 4, 0).await;
        }
        let mut seed: u64 = 20_270_116;
        let mut random = move |below: u64| {
            // A linear congruential generator (Knuth, MMIX).
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from((seed >> 33) % below).unwrap()
        };
        let mut seen: BTreeMap<ReplyStatus, u32> = BTreeMap::new();
        for _ in 0..rounds() * 20 {
            let code = &codes[random(8)];
            let snapshot = stage.portal(code).await;
            let version = snapshot.household.invitation.version;
            let mut change = all(&[], "reception", Yes, version);
            for guest in &snapshot.household.guests {
                let status = [Yes, Yes, No, Undecided][random(4)];
                let one = all(
                    std::slice::from_ref(&guest.id),
                    "reception",
                    status,
                    version,
                );
                if random(4) > 0 {
                    change.guests.extend(one.guests);
                }
            }
            let saved = stage.answer(code, change).await;
            assert!(saved.is_ok(), "{saved:?}");
            if random(10) == 0 {
                let (event, seats) = (stage.events[1].clone(), i64::try_from(random(9)).unwrap());
                let occasion = stage.occasion.clone();
                raise(&stage, event, seats, occasion).await;
            }
            check(&stage).await;
            for status in replies(&stage, code).await {
                *seen.entry(status).or_default() += 1;
            }
            world.clock.advance(jiff::SignedDuration::from_millis(1));
        }
        assert!(seen[&Waitlisted] > 10 && seen[&Yes] > 10, "{seen:?}");
    });
}

/// Sets the number of seats, but never below the number of taken seats.
async fn raise(stage: &Stage, event: EventId, seats: i64, occasion: occasions::id::OccasionId) {
    stage
        .change(move |tx| {
            occasion::lock(tx, &occasion)?;
            tx.run(
                sql!(
                    "UPDATE event SET capacity = CASE WHEN seats_taken > $2 THEN seats_taken
                                                      ELSE $2 END WHERE id = $1"
                ),
                &[&event, &seats],
                Rows::Exactly(1),
            )?;
            waitlist::recount_seats(tx, &occasion)?;
            Ok(1)
        })
        .await;
}
