//! Tests in which hosts and households change the same data at the same moment. Each test runs many
//! times on both engines.

use occasions::code::CodeKey;
use occasions::event::Seats;
use occasions::hosting::{Refusal, enter, guests, locks, resource};
use occasions::hosting::{invitations, portals};
use occasions::household_change::{GuestUpdate, HouseholdChange};
use occasions::id::InvitationId;
use occasions::question::Question;
use occasions::rsvp::{self, Save, Saved};
use occasions::words::{Access, ReplyStatus, Source};
use platform::{Rows, sql};
use serde_json::json;
use testkit::{rounds, together};
use web::Input;

use crate::parts::{named, sent};
use crate::stage::{Host, Stage, on_both};

/// Makes a future of a host's change to an invitation, to run it at the same moment as others.
fn by<T, F>(
    stage: &Stage<'_>,
    host: &Host,
    change: F,
) -> impl Future<Output = Result<T, Refusal>> + Send + use<T, F>
where
    T: Send + 'static,
    F: Fn(&mut platform::Tx<'_>, &occasions::hosting::HostOf) -> Result<T, Refusal>
        + Send
        + 'static,
{
    let (store, who, occasion) = (
        stage.site.store.clone(),
        host.who.clone(),
        stage.occasion.clone(),
    );
    async move {
        store
            .write(move |tx| {
                let host = enter(tx, &who, &occasion, None)?;
                change(tx, &host)
            })
            .await
    }
}

/// Removes all guests that the household brought. The request has no version, so it cannot be
/// outdated.
fn household(
    stage: &Stage<'_>,
    code: &'static str,
    change: HouseholdChange,
) -> impl Future<Output = Result<Saved, Refusal>> + Send + use<> {
    stage.expect_confirmations();
    let store = stage.site.store.clone();
    let save = Save {
        key: CodeKey::parse(code).unwrap(),
        change,
        source: Source::Web,
        needs_version: false,
        repeat: None,
        request: None,
    };
    async move {
        store
            .write(move |tx| rsvp::answer(tx, &save, |_| String::new()))
            .await
    }
}

async fn portal(
    stage: &Stage<'_>,
    id: &InvitationId,
) -> occasions::invitation_snapshot::InvitationSnapshot {
    let id = id.clone();
    stage
        .done(move |tx, host| portals::load(tx, host, &id))
        .await
}

#[test]
fn a_save_and_a_lock_whichever_commits_first() {
    on_both(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let (mut saved_first, mut locked_first) = (0, 0);
        for round in 0..rounds() {
            let before = portal(stage, &id).await;
            let guest = &before.household.guests[0];
            let reception = before
                .events
                .iter()
                .find(|event| event.key == "reception")
                .unwrap();
            let wanted = match guest.replies[&reception.id].status {
                ReplyStatus::Yes => ReplyStatus::No,
                _ => ReplyStatus::Yes,
            };
            let change = HouseholdChange {
                guests: vec![GuestUpdate {
                    id: Some(guest.id.clone()),
                    replies: [("reception".to_owned(), wanted)].into(),
                    ..GuestUpdate::default()
                }],
                ..HouseholdChange::default()
            };
            let other = id.clone();
            let lock = by(stage, &stage.coordinator, move |tx, host| {
                locks::lock(tx, host, &other, None, "").map(drop)
            });
            let (saved, locked) = together(household(stage, "RAHMA", change), lock).await;
            locked.unwrap();
            let after = portal(stage, &id).await;
            let stands = after.household.guests[0].replies[&reception.id].status;
            assert_eq!(after.access, Access::Locked);
            match saved {
                Ok(_) => {
                    assert_eq!(
                        stands, wanted,
                        "round {round}: a save that was taken is there"
                    );
                    saved_first += 1;
                }
                Err(Refusal::Locked(_)) => {
                    assert_ne!(stands, wanted, "round {round}: a refused save left nothing");
                    locked_first += 1;
                }
                Err(other) => panic!("round {round}: {other}"),
            }
            let other = id.clone();
            stage
                .done(move |tx, host| {
                    locks::unlock(tx, host, &other, &locks::Opening::default()).map(drop)
                })
                .await;
        }
        assert_eq!(saved_first + locked_first, rounds());
    });
}

#[test]
fn of_two_hosts_who_edit_one_form_exactly_one_saves() {
    on_both(async |stage| {
        let id = stage.invitation("ROSSI").await;
        for round in 0..rounds() {
            let before = portal(stage, &id).await;
            let seen = before.household.invitation.version;
            let edit = |host: &Host, name: String| {
                let id = id.clone();
                by(stage, host, move |tx, host| {
                    let change = sent(json!({ "household": name }));
                    invitations::change(tx, host, &id, seen, &change).map(drop)
                })
            };
            let mine = format!("Mine {round}");
            let theirs = format!("Theirs {round}");
            let (one, other) = together(
                edit(&stage.owner, mine.clone()),
                edit(&stage.coordinator, theirs.clone()),
            )
            .await;
            let conflict =
                |outcome: &Result<(), Refusal>| matches!(outcome, Err(Refusal::VersionConflict(_)));
            assert!(
                (one.is_ok() && conflict(&other)) || (other.is_ok() && conflict(&one)),
                "round {round}: {one:?} {other:?}"
            );
            let after = portal(stage, &id).await.household.invitation;
            assert_eq!(after.version, seen + 1);
            let winner = if one.is_ok() { mine } else { theirs };
            assert_eq!(after.details.household, winner);
        }
    });
}

#[test]
fn archiving_and_saving_never_revive_an_invitation() {
    on_both(async |stage| {
        let id = stage.invitation("TANWE").await;
        for round in 0..rounds() {
            let before = portal(stage, &id).await;
            let guest = before.household.guests[0].id.clone();
            let to = if round % 2 == 0 {
                ReplyStatus::Yes
            } else {
                ReplyStatus::No
            };
            let change = HouseholdChange {
                guests: vec![GuestUpdate {
                    id: Some(guest),
                    replies: [("nikah".to_owned(), to)].into(),
                    ..GuestUpdate::default()
                }],
                ..HouseholdChange::default()
            };
            let other = id.clone();
            let archive = by(stage, &stage.owner, move |tx, host| {
                invitations::archive(tx, host, &other, None).map(drop)
            });
            let (saved, archived) = together(household(stage, "TANWE", change), archive).await;
            archived.unwrap();
            assert!(
                matches!(saved, Ok(_) | Err(Refusal::InvitationNotFound)),
                "round {round}: {saved:?}"
            );
            let after = portal(stage, &id).await;
            assert!(
                after.household.invitation.archived_at.is_some(),
                "round {round}"
            );
            let other = id.clone();
            stage
                .done(move |tx, host| {
                    invitations::restore(tx, host, &other, None, Seats::Beyond).map(drop)
                })
                .await;
        }
    });
}

#[test]
fn hosts_and_household_never_bring_more_than_thirty_together() {
    on_both(async |stage| {
        let id = stage.invitation("RAHMA").await;
        for round in 0..20 {
            let there = portal(stage, &id).await.household.guests.len();
            let fill: Vec<Input> = (there..29)
                .map(|number| named(&format!("Guest {number}")))
                .collect();
            let other = id.clone();
            stage
                .done(move |tx, host| guests::add(tx, host, &other, None, &fill).map(drop))
                .await;
            let other = id.clone();
            let add = by(stage, &stage.owner, move |tx, host| {
                guests::add(tx, host, &other, None, &[named("The last one")]).map(drop)
            });
            let version = portal(stage, &id).await.household.invitation.version;
            let change = HouseholdChange {
                version: Some(version),
                guests: vec![GuestUpdate {
                    name: Some("Mei".to_owned()),
                    ..GuestUpdate::default()
                }],
                ..HouseholdChange::default()
            };
            let (brought, added) = together(household(stage, "RAHMA", change), add).await;
            let after = portal(stage, &id).await.household.guests;
            assert_eq!(after.len(), 30, "round {round}: {brought:?} {added:?}");
            let other = id.clone();
            stage
                .done(move |tx, host| {
                    for guest in &after[4..] {
                        guests::remove(tx, host, &guest.id, None)?;
                    }
                    portals::load(tx, host, &other).map(drop)
                })
                .await;
        }
    });
}

#[test]
fn a_question_takes_another_kind_or_an_answer_and_never_both() {
    on_both(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let (mut changed, mut answered) = (0, 0);
        for round in 0..rounds() {
            stage
                .site
                .store
                .write(|tx| {
                    tx.run(sql!("DELETE FROM answer"), &[], Rows::Any)?;
                    for reset in [
                        sql!("UPDATE question SET kind = 'short_text', version = 1"),
                        sql!("UPDATE occasion SET revision = revision + 1"),
                    ] {
                        tx.run(reset, &[], Rows::Exactly(1))?;
                    }
                    Ok::<_, platform::StoreError>(())
                })
                .await
                .unwrap();
            let number = Input::from(json!({"kind": "number"}));
            let change = by(stage, &stage.owner, move |tx, host| {
                resource::change::<Question>(tx, host, "song", 1, &number)
            });
            let household_change = HouseholdChange {
                answers: [("song".to_owned(), format!("Song {round}").into())].into(),
                ..HouseholdChange::default()
            };
            let answer = household(stage, "RAHMA", household_change);
            let (change, answer) = together(change, answer).await;
            let stored = portal(stage, &id).await;
            match (change, answer) {
                (Ok(_), Err(Refusal::Answers(_))) => {
                    changed += 1;
                    assert!(stored.household.answers.is_empty());
                }
                (Err(Refusal::QuestionInUse), Ok(_)) => {
                    answered += 1;
                    assert_eq!(stored.household.answers.len(), 1);
                }
                other => panic!("round {round}: {other:?}"),
            }
        }
        println!("changed {changed}, answered {answered}");
    });
}
