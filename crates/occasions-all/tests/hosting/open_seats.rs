//! Tests that an answer without a code takes no seats from invited or approved guests while it
//! waits for approval.

use occasions::code::CodeKey;
use occasions::hosting::invitations;
use occasions::hosting::{Refusal, enter, open_rsvp};
use occasions::household_change::{GuestUpdate, HouseholdChange};
use occasions::id::{GuestId, InvitationId};
use occasions::occasion;
use occasions::open_rsvp::{Respondent, WAITING_LIMIT};
use occasions::rsvp::{self, Save, Saved};
use occasions::single_answer::{Answer, IncomingAnswer};
use occasions::words::{ReplyStatus, Source};
use platform::{Rows, StoreError, sql};
use serde_json::json;
use testkit::{rounds, together};

use crate::pages::HOME;
use crate::parts::portal;
use crate::stage::{Stage, call, code, on_both, on_default};

/// Returns two numbers for the reception: the confirmed seats, and the seats of answers that wait
/// for approval.
async fn taken(stage: &Stage<'_>) -> (i64, i64) {
    let found = stage.site.store.read(|tx| {
        let counters =
            sql!("SELECT seats_taken, unapproved_seats FROM event WHERE key = 'reception'");
        let counted = sql!(
            "SELECT COUNT(CASE WHEN invitation.unapproved = 0 THEN 1 END),
                    COUNT(CASE WHEN invitation.unapproved = 1 THEN 1 END)
             FROM reply JOIN event ON event.id = reply.event
             JOIN guest ON guest.id = reply.guest
             JOIN invitation ON invitation.id = guest.invitation
             WHERE event.key = 'reception' AND reply.status = 'yes'
               AND invitation.archived_at IS NULL"
        );
        let counters: (i64, i64) = tx.one(counters, &[])?;
        let counted: (i64, i64) = tx.one(counted, &[])?;
        assert_eq!(counters, counted);
        Ok::<_, StoreError>(counters)
    });
    found.await.unwrap()
}

/// Sets the reception's seat limit to the number of confirmed seats plus `free`.
async fn leave(stage: &Stage<'_>, free: i64) {
    let occasion = stage.occasion.clone();
    let set = stage.site.store.write(move |tx| {
        // Changes to an event must hold the occasion's lock.
        occasion::lock(tx, &occasion)?;
        occasions::event::recount_seats(tx, &occasion)?;
        tx.run(
            sql!("UPDATE event SET capacity = seats_taken + $1 WHERE key = 'reception'"),
            &[&free],
            Rows::Exactly(1),
        )
    });
    set.await.unwrap();
}

/// Answers yes to every event without a code, each time from another network.
fn stranger(
    stage: &Stage<'_>,
    name: &str,
    attending: ReplyStatus,
) -> impl Future<Output = Result<InvitationId, Refusal>> + Send + use<> {
    let (store, occasion) = (stage.site.store.clone(), stage.occasion.clone());
    let stranger = Respondent {
        name: name.to_owned(),
        network: name.to_owned(),
        ..Respondent::default()
    };
    let incoming = IncomingAnswer {
        answer: Answer {
            attending,
            replies: None,
            party: Some(1),
            wish: String::new(),
        },
        wrong: Vec::new(),
        source: Source::Web,
        repeat: None,
        request: None,
    };
    async move {
        let answer = store.write(move |tx| {
            occasions::open_rsvp::answer(tx, &occasion, &stranger, &incoming).map(|made| made.id)
        });
        answer.await
    }
}

async fn rahman(stage: &Stage<'_>) -> GuestId {
    let id = stage.invitation("RAHMA").await;
    portal(stage, &id).await.household.guests[0].id.clone()
}

/// Saves a guest's reply for the reception with the code RAHMA.
fn save(
    stage: &Stage<'_>,
    guest: &GuestId,
    status: ReplyStatus,
) -> impl Future<Output = Result<Saved, Refusal>> + Send + use<> {
    let store = stage.site.store.clone();
    let save = Save {
        key: CodeKey::parse("RAHMA").unwrap(),
        change: HouseholdChange {
            guests: vec![GuestUpdate {
                id: Some(guest.clone()),
                replies: [("reception".to_owned(), status)].into(),
                ..GuestUpdate::default()
            }],
            ..HouseholdChange::default()
        },
        source: Source::Web,
        repeat: None,
        request: None,
        needs_version: false,
    };
    stage.expect_confirmations();
    async move {
        store
            .write(move |tx| rsvp::answer(tx, &save, |_| String::new()))
            .await
    }
}

fn approve(
    stage: &Stage<'_>,
    id: &InvitationId,
) -> impl Future<Output = Result<(), Refusal>> + Send + use<> {
    let (store, who) = (stage.site.store.clone(), stage.owner.who.clone());
    let (occasion, id) = (stage.occasion.clone(), id.clone());
    async move {
        let approved = store.write(move |tx| {
            let host = enter(tx, &who, &occasion, None)?;
            open_rsvp::approve(tx, &host, &id, None).map(drop)
        });
        approved.await
    }
}

async fn archive(stage: &Stage<'_>, id: &InvitationId) {
    let id = id.clone();
    let archived = move |tx: &mut platform::Tx<'_>, host: &occasions::hosting::HostOf| {
        invitations::archive(tx, host, &id, None).map(drop)
    };
    stage.done(archived).await;
}

#[test]
fn strangers_take_no_seat_from_invited_households() {
    on_default(async |stage| {
        let rahman = rahman(stage).await;
        save(stage, &rahman, ReplyStatus::No).await.unwrap();
        leave(stage, 3).await;
        let (confirmed, _) = taken(stage).await;
        let mut waiting = Vec::new();
        for number in 0..100 {
            match stranger(stage, &format!("Respondent {number}"), ReplyStatus::Yes).await {
                Ok(id) => waiting.push(id),
                Err(Refusal::NoSeats { event, left }) => {
                    assert_eq!((event.as_str(), left), ("reception", 0));
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(waiting.len(), 3);
        assert_eq!(taken(stage).await, (confirmed, 3));
        save(stage, &rahman, ReplyStatus::Yes).await.unwrap();
        assert_eq!(taken(stage).await, (confirmed + 1, 3));
        // Three answers wait for approval, and seats are left for two of them.
        approve(stage, &waiting[0]).await.unwrap();
        approve(stage, &waiting[1]).await.unwrap();
        assert_eq!(taken(stage).await, (confirmed + 3, 1));
        assert_eq!(code(approve(stage, &waiting[2]).await), "event_full");
        let mut owner = stage.visitor(&stage.owner);
        let summary = call(&mut owner, "GET", &stage.at("/summary"), &json!({})).await;
        let summary = summary.expect(200).json();
        let events = summary["summary"]["events"].as_array().unwrap();
        let reception = events.iter().find(|event| event["key"] == "reception");
        let reception = reception.unwrap();
        assert_eq!(
            (&reception["left"], &reception["unapproved"]),
            (&json!(0), &json!(1))
        );
        let overview = owner.get(&format!("{HOME}/answers")).await.text();
        let unapproved = stage.fill("host-seats-unapproved", [("n", 1.into())]);
        assert!(overview.contains(&unapproved), "{overview}");
        // The page names the reason for the refusal.
        let address = format!("{HOME}/invites/{}", waiting[2]);
        let page = owner.get(&address).await;
        let refused = owner
            .submit(&page, &page.form(&format!("{address}/approve")))
            .await;
        let words = refused.expect(409).text();
        assert!(
            words.contains(&stage.fill("problem-event-full", [("left", 0.into())])),
            "{words}"
        );
        // Merging the third answer into an invited household is refused for the same reason: no
        // seats are left.
        let (from, into) = (waiting[2].clone(), stage.invitation("RAHMA").await);
        let merged = stage
            .act(&stage.owner, move |tx, host| {
                open_rsvp::merge(tx, host, &from, &into, None).map(drop)
            })
            .await;
        assert_eq!(code(merged), "event_full");
        archive(stage, &waiting[0]).await;
        let (from, into) = (waiting[2].clone(), waiting[1].clone());
        let merged = stage.done(move |tx, host| open_rsvp::merge(tx, host, &from, &into, None));
        assert!(!merged.await.household.invitation.is_unapproved);
        assert_eq!(taken(stage).await, (confirmed + 3, 0));
    });
}

#[test]
fn what_waits_never_uses_up_the_invitations_of_an_occasion() {
    on_default(async |stage| {
        for number in 0..WAITING_LIMIT {
            let name = format!("Respondent {number}");
            stranger(stage, &name, ReplyStatus::No).await.unwrap();
        }
        let refused = stranger(stage, "One more", ReplyStatus::No).await;
        assert!(
            matches!(refused, Err(Refusal::TooManyWaiting)),
            "{refused:?}"
        );
        let page = "/o/aisyah-daniel/rsvp";
        let fields = [
            ("name", "One more"),
            ("event.nikah", "no"),
            ("event.reception", "no"),
            ("event.brunch", "no"),
        ];
        let mut guest = stage.nobody();
        guest.set_cookie("kd_lang", "en");
        let refused = guest.post(page, &fields).await;
        let full = stage.say("problem-open-full");
        assert!(refused.expect(409).text().contains(&full));
        let found = stage.site.store.read(|tx| {
            tx.one::<(InvitationId,)>(
                sql!("SELECT MIN(id) FROM invitation WHERE unapproved = 1"),
                &[],
            )
        });
        let (first,) = found.await.map_err(|error: StoreError| error).unwrap();
        approve(stage, &first).await.unwrap();
        stranger(stage, "One more", ReplyStatus::No).await.unwrap();
    });
}

#[test]
fn whoever_comes_first_confirmed_guests_fit() {
    on_both(async |stage| {
        let rahman = rahman(stage).await;
        let (mut approved_first, mut saved_first) = (0, 0);
        for round in 0..rounds() {
            save(stage, &rahman, ReplyStatus::No).await.unwrap();
            leave(stage, 1).await;
            let (confirmed, waiting) = taken(stage).await;
            assert_eq!(waiting, 0);
            let first = stranger(stage, &format!("First {round}"), ReplyStatus::Yes);
            let first = first.await.unwrap();
            let other = stranger(stage, &format!("Other {round}"), ReplyStatus::Yes);
            let host = approve(stage, &first);
            let guest = save(stage, &rahman, ReplyStatus::Yes);
            let both = async move { together(host, other).await };
            let (saved, (approved, other)) = together(guest, both).await;
            assert!(
                matches!(other, Err(Refusal::NoSeats { .. })),
                "{round}: {other:?}"
            );
            match (saved, approved) {
                (Ok(_), Err(Refusal::EventFull { left: 0, .. })) => {
                    saved_first += 1;
                    assert_eq!(taken(stage).await, (confirmed + 1, 1));
                }
                (Err(Refusal::EventFull { left: 0, .. }), Ok(())) => {
                    approved_first += 1;
                    assert_eq!(taken(stage).await, (confirmed + 1, 0));
                }
                found => panic!("round {round}: {found:?}"),
            }
            archive(stage, &first).await;
        }
        assert_eq!(approved_first + saved_first, rounds());
    });
}
