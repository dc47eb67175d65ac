//! The rules of access, of allowances and of closing answers stand in Rust, and a second time in the
//! SQL of lists and of the sweep. These tests compare both over all states.

use jiff::{SignedDuration, Timestamp};
use occasions::deadline_notices;
use occasions::hosting::listing::{self, InvitationFilter};
use occasions::hosting::portals;
use occasions::id::InvitationId;
use occasions::words::LockMode;
use platform::{Rows, StoreError, Tx, sql};

use crate::stage::{Stage, on_default};

/// What decides whether a household may answer, and the slots for guests of any age and for children.
type State = (&'static str, Option<Timestamp>, Option<Timestamp>, i64, i64);

/// No time, and the times shortly before, at, and shortly after `now`.
fn around(now: Timestamp) -> [Option<Timestamp>; 4] {
    let moment = SignedDuration::from_millis(1);
    [None, Some(now - moment), Some(now), Some(now + moment)]
}

fn states(now: Timestamp) -> Vec<State> {
    let mut states = Vec::new();
    for mode in ["auto", "locked", "open"] {
        for open_until in around(now) {
            for deadline in around(now) {
                let count = i64::try_from(states.len()).unwrap();
                states.push((mode, open_until, deadline, count % 3, count / 3 % 3));
            }
        }
    }
    states
}

async fn all(stage: &Stage<'_>) -> Vec<InvitationId> {
    let all =
        stage.done(|tx, host| listing::all_invitations(tx, host, &InvitationFilter::default()));
    all.await.into_iter().map(|row| row.id).collect()
}

/// Sets the state of these invitations. Of each household, every second guest is one whom it brings.
async fn set(stage: &Stage<'_>, changes: Vec<(InvitationId, State)>) {
    let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        for (id, (mode, open_until, deadline, plus_ones, children)) in &changes {
            sql!(
                "UPDATE invitation SET lock_mode = :mode, open_until = :open_until,
                     deadline_override = :deadline, plus_ones = :plus_ones, children = :children
                 WHERE id = :id",
                id,
                mode,
                open_until,
                deadline,
                plus_ones,
                children
            )
            .run(tx, Rows::Exactly(1))?;
        }
        Ok(())
    };
    stage.world.store().write(change).await.unwrap();
}

/// Compares both rules for all invitations. Returns how many have answers that are closed.
async fn compare(stage: &Stage<'_>, is_swept: bool) -> usize {
    let found = stage.done(|tx, host| {
        let mut found = Vec::new();
        for archived in [false, true] {
            let filter = InvitationFilter {
                archived,
                ..InvitationFilter::default()
            };
            for row in listing::all_invitations(tx, host, &filter)? {
                let snapshot = portals::load(tx, host, &row.id)?;
                let (noted,): (Option<Timestamp>,) = sql!(
                    "SELECT closed_noted_for FROM invitation WHERE id = :id",
                    id = row.id
                )
                .one(tx)?;
                found.push((row, snapshot, noted));
            }
        }
        Ok(found)
    });
    let mut closed = 0;
    for (row, snapshot, noted) in found.await {
        let said = (&snapshot.household.invitation, &snapshot.occasion);
        assert_eq!(row.access, snapshot.access, "{said:?}");
        let allowance = snapshot.household.allowance();
        let is_over = allowance.plus_ones.used > allowance.plus_ones.allowed;
        assert_eq!(row.is_over_allowance, is_over, "{said:?}");
        let closes = snapshot.closes_at().filter(|at| *at <= snapshot.now);
        let is_locked = said.0.details.lock_mode == LockMode::Locked;
        if is_swept && row.archived_at.is_none() {
            assert_eq!(noted, closes.filter(|_| !is_locked), "{said:?}");
        }
        closed += usize::from(noted.is_some());
    }
    closed
}

#[test]
fn the_lists_and_the_sweep_decide_as_the_rules_do() {
    on_default(async |stage| {
        let ids = all(stage).await;
        let archived = ids[0].clone();
        let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let archive = sql!("UPDATE invitation SET archived_at = 1 WHERE id = $1");
            tx.run(archive, &[&archived], Rows::Exactly(1))?;
            // Some guests are brought, some of these are children, and a host allowed some more.
            let guests: Vec<(String,)> = tx.all(sql!("SELECT id FROM guest ORDER BY id"), &[])?;
            for (place, (guest,)) in (0_i64..).zip(&guests) {
                sql!(
                    "UPDATE guest SET kind = :kind, is_child = :is_child,
                         beyond_allowance = :beyond WHERE id = :guest",
                    guest,
                    kind = if place % 4 == 0 { "named" } else { "plus_one" },
                    is_child = i64::from(place % 3 == 0),
                    beyond = i64::from(place % 5 == 0)
                )
                .run(tx, Rows::Exactly(1))?;
            }
            Ok(())
        };
        stage.world.store().write(change).await.unwrap();
        let (mut closed, mut swept) = (0, 0);
        for status in ["draft", "published", "closed", "archived"] {
            for place in 0..4 {
                let minute = SignedDuration::from_mins(1);
                let count = states(Timestamp::UNIX_EPOCH).len();
                for first in (0..count).step_by(ids.len()) {
                    let now = stage.world.clock.now() + minute;
                    let states = states(now).into_iter().skip(first);
                    set(stage, ids.iter().cloned().zip(states).collect()).await;
                    let deadline = around(now)[place];
                    let change = move |tx: &mut Tx<'_>| {
                        sql!(
                            "UPDATE occasion SET status = :status, rsvp_deadline = :deadline,
                                 revision = revision + 1",
                            status,
                            deadline
                        )
                        .run(tx, Rows::Any)
                    };
                    stage.world.store().write(change).await.unwrap();
                    stage.world.clock.advance(minute);
                    let sweep = deadline_notices::sweeps(stage.site.store.clone());
                    stage.working(vec![sweep]).run_due().await.unwrap();
                    closed += compare(stage, status == "published").await;
                    swept += 1;
                }
            }
        }
        assert!(closed > 20 && swept >= 16, "{closed} {swept}");
    });
}
