//! Tests that hosts can move guests to another invitation or split an invitation. Answers, seats
//! and history move along, even if two hosts act at the same time.

use occasions::hosting::moving::{self, Destination};
use occasions::hosting::{Refusal, answers, enter, invitations};
use occasions::id::{GuestId, InvitationId};
use occasions::invitation_snapshot::InvitationSnapshot;
use occasions::words::{GuestKind, ReplyStatus};
use platform::{Tx, sql};
use serde_json::json;
use testkit::{rounds, together};

use crate::pages::HOME;
use crate::parts::{portal, reply, sent, version};
use crate::stage::{Stage, call, on_both, on_default};

/// Creates an invitation. All its guests come to the Nikah. Returns the ids of the invitation and
/// of the guests.
async fn invited(
    stage: &Stage<'_>,
    household: &str,
    events: &[&str],
    people: &[&str],
) -> (InvitationId, Vec<GuestId>) {
    let people: Vec<_> = people.iter().map(|name| json!({ "name": name })).collect();
    let change = sent(json!({
        "household": household, "events": events, "guests": people, "language": "ms",
        "tags": ["Kampung"], "email": "ali@example.com",
    }));
    let made = stage.done(move |tx, host| invitations::create(tx, host, &change, None));
    let made = made.await.household;
    let guests: Vec<GuestId> = made.guests.into_iter().map(|guest| guest.id).collect();
    for guest in guests.clone() {
        if !events.contains(&"nikah") {
            continue;
        }
        let version = version(stage, &made.invitation.id).await;
        let yes = || reply(ReplyStatus::Yes);
        stage
            .done(move |tx, host| {
                answers::reply(tx, host, &guest, "nikah", version, &yes()).map(drop)
            })
            .await;
    }
    (made.invitation.id, guests)
}

async fn moved(
    stage: &Stage<'_>,
    from: &InvitationId,
    guests: &[GuestId],
    to: Destination,
) -> Result<InvitationSnapshot, Refusal> {
    let (from, guests) = (from.clone(), guests.to_vec());
    stage
        .act(&stage.coordinator, move |tx, host| {
            moving::move_guests(tx, host, &from, None, &guests, &to)
        })
        .await
}

fn status(snapshot: &InvitationSnapshot, guest: &GuestId, event: &str) -> Option<ReplyStatus> {
    let event = snapshot.events.iter().find(|one| one.key == event).unwrap();
    let mut guests = snapshot.household.guests.iter();
    let guest = guests.find(|one| one.id == *guest).unwrap();
    guest.replies.get(&event.id).map(|reply| reply.status)
}

/// Returns the stored number of taken seats, and the number counted from the stored answers.
async fn seats(stage: &Stage<'_>) -> (i64, i64) {
    let counted = stage.site.store.read(|tx: &mut Tx<'_>| {
        tx.one::<(i64, i64)>(
            sql!(
                "SELECT CAST(SUM(seats_taken) AS BIGINT),
                     (SELECT COUNT(*) FROM reply JOIN guest ON guest.id = reply.guest
                      JOIN invitation ON invitation.id = guest.invitation
                      JOIN event ON event.id = reply.event
                      WHERE reply.status = 'yes' AND event.capacity IS NOT NULL
                        AND invitation.archived_at IS NULL)
                 FROM event WHERE capacity IS NOT NULL"
            ),
            &[],
        )
    });
    counted.await.unwrap()
}

async fn limit_the_nikah(stage: &Stage<'_>) {
    let limit = |tx: &mut Tx<'_>| {
        tx.run(
            sql!(
                "UPDATE event SET capacity = 200, seats_taken = (
                     SELECT COUNT(*) FROM reply JOIN guest ON guest.id = reply.guest
                     JOIN invitation ON invitation.id = guest.invitation
                     WHERE reply.event = event.id AND reply.status = 'yes'
                       AND invitation.archived_at IS NULL)
                 WHERE key = 'nikah'"
            ),
            &[],
            platform::Rows::Exactly(1),
        )
    };
    stage.site.store.write(limit).await.unwrap();
}

#[test]
fn people_move_with_their_answers() {
    on_default(async |stage| {
        limit_the_nikah(stage).await;
        let all = ["nikah", "reception"];
        let (from, guests) = invited(stage, "Ali", &all, &["Ali", "Siti", "Abu"]).await;
        let before = seats(stage).await;
        assert_eq!(before.0, before.1);
        let split = moved(
            stage,
            &from,
            &guests[1..2],
            Destination::New("Siti".to_owned()),
        );
        let split = split.await.unwrap();
        let details = &split.household.invitation.details;
        assert_eq!(details.household, "Siti");
        assert_eq!(details.language.as_deref(), Some("ms"));
        assert_eq!(details.tags, ["Kampung"]);
        assert_eq!(details.email, None, "an address belongs to one household");
        assert_eq!(split.household.guests.len(), 1);
        assert_eq!(split.household.guests[0].kind, GuestKind::Named);
        assert_eq!(status(&split, &guests[1], "nikah"), Some(ReplyStatus::Yes));
        assert_eq!(
            status(&split, &guests[1], "reception"),
            Some(ReplyStatus::Pending)
        );
        let code = split.household.invitation.code.clone();
        let page = stage.nobody().get(&stage.links.to(&code)).await;
        assert!(page.expect(200).text().contains("Siti"));
        assert_eq!(portal(stage, &from).await.household.guests.len(), 2);
        assert_eq!(seats(stage).await, before);

        // The destination is invited only to the reception, so the reply to the Nikah is deleted.
        let (other, _) = invited(stage, "Zain", &["reception"], &[]).await;
        let there = Destination::Existing(other.clone());
        let joined = moved(stage, &from, &guests[2..3], there).await.unwrap();
        assert_eq!(status(&joined, &guests[2], "nikah"), None);
        assert_eq!(
            status(&joined, &guests[2], "reception"),
            Some(ReplyStatus::Pending)
        );
        let after = seats(stage).await;
        assert_eq!(after, (before.0 - 1, before.1 - 1));
        // The history of both invitations names the guest who moved.
        for id in [from, other] {
            let told = testkit::people::read(&stage.site.store, move |tx| {
                sql!(
                    "SELECT changes FROM submission WHERE invitation = :id
                     ORDER BY version_after DESC LIMIT 1",
                    id
                )
                .one::<(String,)>(tx)
            });
            let (told,) = told.await;
            assert!(told.contains("Abu"), "{told}");
        }
    });
}

#[test]
fn what_cannot_move_stays() {
    on_default(async |stage| {
        let (from, guests) = invited(stage, "Ali", &["nikah"], &["Ali", "Siti"]).await;
        let (other, strangers) = invited(stage, "Zain", &["nikah"], &["Zain", "Maya"]).await;
        let there = || Destination::Existing(other.clone());
        let fields = |refusal: Result<InvitationSnapshot, Refusal>| match refusal {
            Err(Refusal::Fields(fields)) => fields[0].pointer.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            fields(moved(stage, &from, &guests, there()).await),
            "/guests"
        );
        assert_eq!(fields(moved(stage, &from, &[], there()).await), "/guests");
        let unnamed = Destination::New(String::new());
        assert_eq!(
            fields(moved(stage, &from, &guests[..1], unnamed).await),
            "/household"
        );
        let wrong = moved(stage, &from, &strangers[..1], there()).await;
        assert!(matches!(wrong, Err(Refusal::GuestNotFound)), "{wrong:?}");
        let itself = Destination::Existing(from.clone());
        let wrong = moved(stage, &from, &guests[..1], itself).await;
        assert!(matches!(wrong, Err(Refusal::WrongState)), "{wrong:?}");
        // A refused split creates no invitation.
        let (count,): (i64,) = testkit::people::read(&stage.site.store, |tx| {
            tx.one(
                sql!("SELECT COUNT(*) FROM invitation WHERE household = 'Nobody'"),
                &[],
            )
        })
        .await;
        let refused = moved(stage, &from, &guests, Destination::New("Nobody".to_owned())).await;
        assert_eq!((fields(refused).as_str(), count), ("/guests", 0));
        let mut owner = stage.visitor(&stage.owner);
        let address = format!("/api/v1/invitations/id/{from}/move");
        let body = json!({ "version": 999, "guests": [guests[0]], "into": other });
        call(&mut owner, "POST", &address, &body).await.expect(409);
        let (before, after) = (portal(stage, &from).await, portal(stage, &other).await);
        assert_eq!(before.household.guests.len(), 2);
        assert_eq!(after.household.guests.len(), 2);
    });
}

#[test]
fn a_host_splits_an_invitation_on_its_page() {
    on_default(async |stage| {
        let (from, guests) = invited(stage, "Ali", &["nikah"], &["Ali", "Siti"]).await;
        let mut owner = stage.visitor(&stage.owner);
        let page = format!("{HOME}/invites/{from}");
        assert!(
            owner
                .get(&page)
                .await
                .body
                .contains(&format!("{page}/split"))
        );
        let address = format!("{page}/split");
        let shown = owner.get(&address).await;
        let mut form = shown.expect(200).form(&address);
        form.tick("guests", guests[1].as_str())
            .fill("into", "WRONG9");
        let refused = owner.submit(&shown, &form).await;
        refused.expect(422);
        let mut form = refused.form(&address);
        form.fill("into", "").fill("household", "Siti sekeluarga");
        let done = owner.submit(&refused, &form).await;
        let done = owner.follow(done).await;
        assert!(done.expect(200).text().contains("Siti sekeluarga"));
        assert_eq!(portal(stage, &from).await.household.guests.len(), 1);
        let mut observer = stage.visitor(&stage.observer);
        observer.get(&address).await.expect(403);
    });
}

/// Two hosts move guests between the same two invitations, in opposite directions. No guest may be
/// lost or duplicated, and the seat counter must stay correct.
#[test]
fn opposite_moves_lose_nobody() {
    on_both(async |stage| {
        limit_the_nikah(stage).await;
        let (one, first) = invited(stage, "Ali", &["nikah"], &["Ali", "Siti"]).await;
        let (other, second) = invited(stage, "Zain", &["nikah"], &["Zain", "Maya"]).await;
        let (mut here, mut there) = (first[1].clone(), second[1].clone());
        for _ in 0..rounds() {
            let go = |host: &crate::stage::Host, guest: &GuestId, from, into| {
                let (store, who) = (stage.site.store.clone(), host.who.clone());
                let (occasion, guest) = (stage.occasion.clone(), guest.clone());
                let (from, into): (InvitationId, InvitationId) = (from, into);
                async move {
                    let change = move |tx: &mut Tx<'_>| {
                        let host = enter(tx, &who, &occasion, None)?;
                        let guests = std::slice::from_ref(&guest);
                        let to = Destination::Existing(into.clone());
                        moving::move_guests(tx, &host, &from, None, guests, &to).map(drop)
                    };
                    store.write(change).await
                }
            };
            let (a, b) = together(
                go(&stage.owner, &here, one.clone(), other.clone()),
                go(&stage.coordinator, &there, other.clone(), one.clone()),
            )
            .await;
            a.unwrap();
            b.unwrap();
            std::mem::swap(&mut here, &mut there);
            let (left, right) = (portal(stage, &one).await, portal(stage, &other).await);
            assert_eq!(left.household.guests.len(), 2);
            assert_eq!(right.household.guests.len(), 2);
            assert!(left.household.guests.iter().any(|guest| guest.id == here));
            assert!(right.household.guests.iter().any(|guest| guest.id == there));
            let (taken, needed) = seats(stage).await;
            assert_eq!(taken, needed);
        }
    });
}
