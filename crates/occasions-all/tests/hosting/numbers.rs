//! Tests that each number on the dashboard links to a list with exactly that many entries.

use jiff::{SignedDuration, Timestamp};
use occasions::hosting::handed::{self, Channel};
use occasions::hosting::listing::filter::Answered;
use occasions::hosting::listing::people::{self, Band, Status};
use occasions::hosting::listing::{self, InvitationFilter, Sort};
use occasions::hosting::mail_text::MailKind;
use occasions::hosting::summary::{self, Summary};
use occasions::hosting::{When, guests, locks};
use occasions::hosting::{invitations, portals};
use occasions::invitation_snapshot::response;
use occasions::words::{Access, ReplyStatus, Response};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use web::PageQuery;

use crate::pages::HOME;
use crate::parts::{brought, sent};
use crate::stage::{Stage, on_default};

async fn count(stage: &Stage<'_>, filter: InvitationFilter) -> i64 {
    let paging = PageQuery::read("limit=1").unwrap();
    let list = stage
        .done(move |tx, host| listing::invitations(tx, host, &filter, Sort::Household, &paging))
        .await;
    list.total.unwrap()
}

async fn people(stage: &Stage<'_>, filter: people::GuestFilter) -> i64 {
    let paging = PageQuery::read("limit=1").unwrap();
    let list = stage
        .done(move |tx, host| people::people(tx, host, &filter, &paging))
        .await;
    list.total.unwrap()
}

async fn summary(stage: &Stage<'_>) -> Summary {
    stage.done(summary::load).await
}

/// Gives the demo more cases to count: guests above a household's allowance, an archived household,
/// a household whose answers are open again, and notes.
async fn stir(stage: &Stage<'_>) {
    let rossi = stage.invitation("ROSSI").await;
    let tan = stage.invitation("TANWE").await;
    let shut = stage.invitation("SHUT1").await;
    let rahman = stage.invitation("RAHMA").await;
    stage
        .done(move |tx, host| {
            let people = [brought("Mei", false), brought("Lin", false)];
            guests::add(tx, host, &rahman, None, &people)?;
            let version = portals::load(tx, host, &rahman)?
                .household
                .invitation
                .version;
            let lower = sent(json!({ "plus_ones": 1 }));
            invitations::change(tx, host, &rahman, version, &lower)?;
            invitations::archive(tx, host, &tan, None)?;
            let opening = locks::Opening {
                open: true,
                until: Some(When("2099-01-01".to_owned())),
                ..Default::default()
            };
            locks::unlock(tx, host, &shut, &opening)?;
            locks::lock(tx, host, &rossi, None, "")?;
            tx.run(
                sql!("UPDATE invitation SET note = 'See you' WHERE id = $1"),
                &[&rossi],
                Rows::Exactly(1),
            )?;
            Ok(())
        })
        .await;
}

#[test]
fn numbers_and_lists_agree() {
    on_default(async |stage| {
        stir(stage).await;
        let counted = summary(stage).await;
        let all = counted.invitations;
        let by = |set: fn(&mut InvitationFilter)| {
            let mut filter = InvitationFilter::default();
            set(&mut filter);
            count(stage, filter)
        };
        assert_eq!(all.total, by(|_| {}).await);
        assert_eq!(
            all.open,
            by(|filter| filter.access = Some(Access::Open)).await
        );
        assert_eq!(
            all.closed,
            by(|filter| filter.access = Some(Access::Closed)).await
        );
        assert_eq!(
            all.locked,
            by(|filter| filter.access = Some(Access::Locked)).await
        );
        assert_eq!(
            all.never_opened,
            by(|filter| filter.opened = Some(false)).await
        );
        assert_eq!(
            all.answered,
            by(|filter| filter.answered = Some(true)).await
        );
        assert_eq!(
            all.pending,
            by(|filter| filter.response = Some(Answered::Pending)).await
        );
        assert_eq!(
            all.attending,
            by(|filter| filter.response = Some(Answered::Attending)).await
        );
        assert_eq!(
            all.declined,
            by(|filter| filter.response = Some(Answered::Declined)).await
        );
        assert_eq!(
            all.complete,
            by(|filter| filter.response = Some(Answered::Complete)).await
        );
        assert_eq!(
            all.partial,
            by(|filter| filter.response = Some(Answered::Partial)).await
        );
        assert_eq!(
            all.unanswered,
            by(|filter| filter.response = Some(Answered::Unanswered)).await
        );
        assert_eq!(all.complete + all.partial + all.unanswered, all.total);
        assert!(all.complete > 0 && all.partial > 0 && all.unanswered > 0);
        let look = counted.attention;
        assert_eq!(
            look.over_allowance,
            by(|filter| filter.over = Some(true)).await
        );
        assert_eq!(look.notes, by(|filter| filter.note = Some(true)).await);
        assert_eq!(
            look.without_email,
            by(|filter| filter.email = Some(false)).await
        );
        assert_eq!(
            (look.over_allowance, look.notes, all.locked, all.total),
            (1, 1, 1, 39)
        );
        assert!(all.open > 0 && all.closed > 0 && all.declined > 0 && all.pending > 0);
    });
}

/// Makes both guests of a couple decline an event and leave the other event unanswered.
pub(crate) async fn decline_one_event(stage: &Stage<'_>) {
    let rahman = stage.invitation("RAHMA").await;
    stage
        .done(move |tx, host| {
            let snapshot = portals::load(tx, host, &rahman)?;
            for guest in &snapshot.household.guests {
                for (place, event) in (0_i64..).zip(snapshot.invited_events()) {
                    let status = if place == 0 { "no" } else { "pending" };
                    tx.run(
                        sql!("UPDATE reply SET status = $3 WHERE guest = $1 AND event = $2"),
                        &[&guest.id, &event.id, &status],
                        Rows::Exactly(1),
                    )?;
                }
            }
            Ok(())
        })
        .await;
}

/// Whether a household has partly answered is computed in SQL for the list and in Rust for a single
/// invitation. Both must agree.
#[test]
fn whoever_declined_one_event_and_left_another_has_partly_answered() {
    on_default(async |stage| {
        decline_one_event(stage).await;
        let rahman = stage.invitation("RAHMA").await;
        stage
            .done(move |tx, host| {
                let everybody = people::all_people(tx, host, &people::GuestFilter::default())?;
                for line in listing::all_invitations(tx, host, &InvitationFilter::default())? {
                    let snapshot = portals::load(tx, host, &line.id)?;
                    let mut partial = 0;
                    for guest in &snapshot.household.guests {
                        let person = everybody.iter().find(|one| one.id == guest.id).unwrap();
                        let replies = guest.replies.values();
                        let response =
                            response(replies.map(|reply| snapshot.effective_status(reply.status)));
                        let is_partial =
                            person.status == ReplyStatus::Pending && response == Response::Partial;
                        assert_eq!(person.is_partial, is_partial, "{}", guest.name);
                        partial += i64::from(is_partial);
                    }
                    assert_eq!(line.people.partial, partial, "{}", line.household);
                    if line.id == rahman {
                        assert_eq!(line.response, Response::Partial);
                        assert_eq!(line.people.pending, line.people.total, "as before");
                        assert_eq!(line.people.partial, line.people.total);
                    }
                }
                Ok(())
            })
            .await;
        let mut owner = stage.visitor(&stage.owner);
        let list = owner
            .get(&stage.at("/guests?status=partial&q=rahman"))
            .await
            .json();
        let items = list["items"].as_array().unwrap();
        assert!(!items.is_empty());
        for person in items {
            assert_eq!(person["status"], "pending", "the word of before");
            assert_eq!(person["partial"], true);
        }
    });
}

#[test]
fn numbers_of_people_and_their_lists_agree() {
    on_default(async |stage| {
        stir(stage).await;
        decline_one_event(stage).await;
        let counted = summary(stage).await;
        for (status, number) in [
            (None, counted.guests.total),
            (Some(Status::Yes), counted.guests.yes),
            (Some(Status::No), counted.guests.no),
            (Some(Status::Undecided), counted.guests.undecided),
            (Some(Status::Pending), counted.guests.pending),
            (Some(Status::Partial), counted.guests.partial),
            (
                Some(Status::Unanswered),
                counted.guests.pending - counted.guests.partial,
            ),
            (Some(Status::Waitlisted), counted.guests.waitlisted),
        ] {
            let filter = people::GuestFilter {
                status,
                ..Default::default()
            };
            assert_eq!(number, people(stage, filter).await, "{status:?}");
            for event in &counted.events {
                let filter = people::GuestFilter {
                    status,
                    event: Some(event.key.clone()),
                    ..Default::default()
                };
                let number = match status {
                    None => event.guests.total,
                    Some(Status::Yes) => event.guests.yes,
                    Some(Status::No) => event.guests.no,
                    Some(Status::Undecided) => event.guests.undecided,
                    Some(Status::Waitlisted) => event.guests.waitlisted,
                    Some(Status::Partial) => event.guests.partial,
                    Some(_) => event.guests.pending,
                };
                assert_eq!(
                    number,
                    people(stage, filter).await,
                    "{} {status:?}",
                    event.key
                );
            }
        }
        assert!(counted.guests.partial > 0);
        let coming = |child, band| people::GuestFilter {
            status: Some(Status::Yes),
            child,
            band,
            ..Default::default()
        };
        assert_eq!(
            counted.coming.adults,
            people(stage, coming(Some(false), None)).await
        );
        assert_eq!(
            counted.coming.children,
            people(stage, coming(Some(true), None)).await
        );
        for &band in Band::ALL {
            let number = counted.coming.by_age[band.word()];
            assert_eq!(
                number,
                people(stage, coming(None, Some(band))).await,
                "{band:?}"
            );
        }
        assert!(!counted.diets.is_empty());
        for diet in &counted.diets {
            let filter = people::GuestFilter {
                status: Some(Status::Eating),
                diet: Some(diet.key.clone()),
                ..Default::default()
            };
            assert_eq!(diet.people, people(stage, filter).await, "{}", diet.key);
        }
        let brought = people::GuestFilter {
            plus_one: Some(true),
            ..Default::default()
        };
        assert_eq!(counted.plus_ones.used, people(stage, brought).await);
    });
}

#[test]
fn seats_that_are_left_are_those_that_households_meet() {
    on_default(async |stage| {
        let counted = summary(stage).await;
        let rahman = stage.invitation("RAHMA").await;
        let snapshot = stage
            .done(move |tx, host| portals::load(tx, host, &rahman))
            .await;
        for event in snapshot.invited_events() {
            let numbers = counted
                .events
                .iter()
                .find(|one| one.key == event.key)
                .unwrap();
            assert_eq!(numbers.left, snapshot.seats_left(event), "{}", event.key);
        }
    });
}

#[test]
fn with_not_sure_switched_off_who_was_not_sure_has_not_answered() {
    on_default(async |stage| {
        let before = summary(stage).await.guests;
        assert!(before.undecided > 0);
        stage
            .done(|tx, host| {
                let occasion = occasions::hosting::occasions::load(tx, host)?;
                let off = serde_json::json!({"switches": {"undecided": false}}).into();
                occasions::hosting::occasions::change(tx, host, occasion.version, &off).map(drop)
            })
            .await;
        let after = summary(stage).await.guests;
        assert_eq!(after.undecided, 0);
        assert_eq!(after.pending, before.pending + before.undecided);
        assert_eq!(after.total, before.total);
    });
}

#[test]
fn the_curve_ends_at_what_is_so_now() {
    on_default(async |stage| {
        let guests = summary(stage).await.guests;
        let curve = stage.done(summary::curve).await;
        let last = curve.last().unwrap();
        assert_eq!(
            (last.yes, last.no, last.undecided),
            (guests.yes, guests.no, guests.undecided)
        );
        assert!(curve.is_sorted_by_key(|day| day.date) && curve.len() > 7);
        assert!(curve.is_sorted_by(|one, next| one.yes <= next.yes && one.no <= next.no));
    });
}

/// Whether a household may answer is computed in SQL for the list and in Rust for a single
/// invitation. Both must agree at every time.
#[test]
fn the_list_and_the_portal_agree_on_who_may_answer() {
    on_default(async |stage| {
        let now = stage.site.clock.now();
        let at = |hours: i64| Some(now + SignedDuration::from_hours(hours));
        let none: Option<Timestamp> = None;
        let cases = [
            ("auto", none, none),
            ("auto", at(-1), none),
            ("auto", at(0), none),
            ("auto", at(1), none),
            ("locked", at(1), at(1)),
            ("open", at(-1), none),
            ("open", at(-1), at(1)),
            ("open", at(-1), at(0)),
            ("open", at(1), at(-1)),
            ("open", none, at(-1)),
        ];
        let ids = stage
            .done(move |tx, host| {
                let lines = listing::all_invitations(tx, host, &InvitationFilter::default())?;
                for (line, (mode, own, until)) in lines.iter().zip(cases) {
                    tx.run(
                        sql!(
                            "UPDATE invitation SET lock_mode = $2, deadline_override = $3,
                                 open_until = $4 WHERE id = $1"
                        ),
                        &[&line.id, &mode, &own, &until],
                        Rows::Exactly(1),
                    )?;
                }
                Ok(lines.into_iter().map(|line| line.id).collect::<Vec<_>>())
            })
            .await;
        for deadline in [none, at(-2), at(0), at(2)] {
            for status in ["draft", "published", "closed", "archived"] {
                let ids = ids.clone();
                stage
                    .done(move |tx, host| {
                        tx.run(
                            sql!(
                                "UPDATE occasion SET rsvp_deadline = $2, status = $3,
                                     revision = revision + 1 WHERE id = $1"
                            ),
                            &[host.occasion(), &deadline, &status],
                            Rows::Exactly(1),
                        )?;
                        let lines =
                            listing::all_invitations(tx, host, &InvitationFilter::default())?;
                        for id in &ids {
                            let line = lines.iter().find(|line| line.id == *id).unwrap();
                            let snapshot = portals::load(tx, host, id)?;
                            assert_eq!(line.access, snapshot.access, "{status} {deadline:?} {id}");
                            assert_eq!(line.response, snapshot.response());
                            let places = snapshot.household.allowance().plus_ones;
                            assert_eq!(line.is_over_allowance, places.used > places.allowed);
                        }
                        Ok(())
                    })
                    .await;
            }
        }
    });
}

#[test]
fn who_has_not_answered_is_as_many_on_every_page() {
    on_default(async |stage| {
        let change = |tx: &mut Tx<'_>| {
            for change in [
                sql!("UPDATE invitation SET sent_at = 1"),
                sql!("UPDATE invitation SET sent_at = NULL WHERE code = 'RAHMA'"),
                sql!("UPDATE invitation SET lock_mode = 'locked' WHERE code = 'ROSSI'"),
            ] {
                tx.run(change, &[], Rows::Any)?;
            }
            Ok::<(), StoreError>(())
        };
        stage.site.store.write(change).await.unwrap();
        let mut host = stage.public(&stage.coordinator);
        let found = host.get(&stage.at("/sending")).await.json();
        let summary = host.get(&stage.at("/summary")).await.json();
        let parts = [
            &found["reminders"]["households"],
            &found["reminded"],
            &found["not_invited"],
            &found["too_late"],
        ];
        let parts = parts.map(|part| part.as_u64().unwrap());
        let all = &summary["summary"]["invitations"];
        let owing = ["unanswered", "partial"].map(|name| all[name].as_u64().unwrap());
        let owing = owing[0] + owing[1];
        assert_eq!(parts.iter().sum::<u64>(), owing, "{parts:?}");
        assert_eq!(all["pending"].as_u64(), Some(owing));
        assert!(parts[2] > 0 && parts[3] > 0, "{parts:?}");
        let page = host.get(&format!("{HOME}/send")).await;
        for (id, at) in [("host-send-not-invited", 2), ("host-send-too-late", 3)] {
            let words = stage.fill(id, [("n", parts[at].into())]);
            assert!(page.text().contains(&words), "{words}: {}", page.text());
        }
    });
}

/// Makes households of which several pages could say something else: one has opened what nobody
/// marked as sent, one answered without a code, one is invited to nothing but a cancelled event, one
/// was reminded just now, and one can no longer answer.
async fn make_a_mess(stage: &Stage<'_>) {
    crate::sending::only_four(stage).await;
    stage
        .answer(json!({ "name": "Mei", "attending": true }))
        .await
        .unwrap();
    let late = stage.invitation("LATE1").await;
    let rossi = stage.invitation("ROSSI").await;
    let shut = stage.invitation("SHUT1").await;
    stage
        .done(move |tx, host| {
            let all = [
                sql!("UPDATE reply SET status = 'pending'"),
                sql!("UPDATE invitation SET last_opened_at = 5 WHERE code = 'RAHMA'"),
                sql!("UPDATE invitation SET deadline_override = 5 WHERE code = 'SHUT1'"),
            ];
            for statement in all {
                tx.run(statement, &[], Rows::Any)?;
            }
            for statement in [
                sql!(
                    "DELETE FROM reply WHERE guest IN (SELECT id FROM guest WHERE invitation = $1)"
                ),
                sql!("DELETE FROM invitation_event WHERE invitation = $1"),
                sql!(
                    "INSERT INTO cancelled_invitation (invitation, event)
                     SELECT $1, id FROM event WHERE key = 'brunch'"
                ),
            ] {
                tx.run(statement, &[&rossi], Rows::Any)?;
            }
            handed::record(tx, host, &shut, MailKind::Reminder, "", Channel::WhatsApp)?;
            invitations::archive(tx, host, &late, None)?;
            Ok(())
        })
        .await;
}

#[test]
fn every_page_says_the_same_of_what_is_to_be_sent_and_answered() {
    on_default(async |stage| {
        make_a_mess(stage).await;
        let mut owner = stage.public(&stage.owner);
        let listed = async |owner: &mut testkit::Visitor, query: &str| {
            let list = stage.at(&format!("/invitations?{query}&limit=1"));
            owner.get(&list).await.with(200).json()["total"]
                .as_i64()
                .unwrap()
        };
        let unsent = listed(&mut owner, "invited=no").await;
        let owing = listed(&mut owner, "invited=yes&response=pending").await;
        let pending = listed(&mut owner, "response=pending").await;
        assert!(
            unsent > 0 && owing > 0 && pending > owing,
            "{unsent} {owing} {pending}"
        );
        let n = |id: &str, n: i64| stage.fill(id, [("count", n.into()), ("n", n.into())]);
        let (to_send, owe) = (n("host-menu-unsent", unsent), n("host-send-owing", owing));
        for (page, says) in [
            ("", vec![to_send.clone(), n("host-ready-not-sent", unsent)]),
            (
                "/ready",
                vec![
                    n("host-ready-not-sent", unsent),
                    n("host-ready-owing", owing),
                ],
            ),
            ("/send", vec![n("host-send-unsent", unsent), owe.clone()]),
            ("/send/unanswered", vec![owe.clone()]),
            ("/answers", vec![owe]),
            ("/invites", vec![n("host-preset-pending", owing)]),
            ("/menu/send", vec![to_send]),
        ] {
            let shown = owner.get(&format!("{HOME}{page}")).await.with(200);
            for words in says {
                assert!(
                    shown.text().contains(&words),
                    "{page}: {words}: {}",
                    shown.text()
                );
            }
        }
        let send = owner.get(&format!("{HOME}/send")).await.with(200).links();
        let so_far = send.iter().filter(|link| link.href.contains("sent=yes"));
        let so_far: Vec<_> = so_far.collect();
        let ids = ["sent", "opened", "answered"].map(|one| format!("host-so-far-{one}"));
        assert_eq!(so_far.len(), ids.len());
        for (link, id) in so_far.into_iter().zip(ids) {
            let (_, query) = link.href.split_once('?').unwrap();
            let counted = listed(&mut owner, query).await;
            assert_eq!(link.text, n(&id, counted), "{query}");
        }
        let counted = summary(stage).await.invitations;
        assert_eq!((counted.owing, counted.pending), (owing, pending));
        let home = owner.get(HOME).await.with(200);
        let mut links = home.links().into_iter();
        let figure = links
            .find(|link| link.href.ends_with("/send/unanswered"))
            .unwrap();
        assert!(figure.text.contains(&owing.to_string()), "{}", figure.text);
    });
}
