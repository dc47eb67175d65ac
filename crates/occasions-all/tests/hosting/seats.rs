//! Tests of an event's limited seats when whole households are archived and restored.

use occasions::event::{self, Seats};
use occasions::hosting::bulk::{self, Action, Request, Target};
use occasions::hosting::listing::InvitationFilter;
use occasions::hosting::{answers, invitations};
use occasions::id::EventId;
use occasions::occasion;
use occasions::words::ReplyStatus;
use platform::{Rows, StoreError, sql};
use serde_json::json;

use crate::pages::HOME;
use crate::parts::{portal, reply, version};
use crate::stage::{Stage, call, on_default};

/// Returns the reception's id and the number of its taken seats.
async fn reception(stage: &Stage<'_>) -> (EventId, i64) {
    let find = sql!("SELECT id, seats_taken FROM event WHERE key = 'reception'");
    let found = stage.site.store.read(move |tx| tx.one(find, &[])).await;
    found.map_err(|error: StoreError| error).unwrap()
}

/// Returns the reception's counter of taken seats. Fails if the counter differs from the number of
/// guests who said yes.
async fn taken(stage: &Stage<'_>) -> i64 {
    let counted = stage
        .site
        .store
        .read(|tx| {
            tx.one::<(i64,)>(
                sql!(
                    "SELECT COUNT(*) FROM reply
                     JOIN event ON event.id = reply.event
                     JOIN guest ON guest.id = reply.guest
                     JOIN invitation ON invitation.id = guest.invitation
                     WHERE event.key = 'reception' AND reply.status = 'yes'
                       AND invitation.archived_at IS NULL"
                ),
                &[],
            )
        })
        .await
        .unwrap();
    let (_, taken) = reception(stage).await;
    assert_eq!(counted.0, taken);
    taken
}

/// Sets the reception's seat limit to the number of taken seats.
async fn fill(stage: &Stage<'_>) {
    let occasion = stage.occasion.clone();
    let filled = stage.site.store.write(move |tx| {
        // Changes to an event must hold the occasion's lock.
        occasion::lock(tx, &occasion)?;
        let fill = sql!("UPDATE event SET capacity = seats_taken WHERE key = 'reception'");
        tx.run(fill, &[], Rows::Exactly(1))
    });
    filled.await.unwrap();
}

#[test]
fn a_household_that_comes_back_needs_its_seats_again() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let guest = portal(stage, &id).await.household.guests[0].id.clone();
        let seen = version(stage, &id).await;
        stage
            .done(move |tx, host| {
                let yes = reply(ReplyStatus::Yes);
                answers::reply(tx, host, &guest, "reception", seen, &yes).map(drop)
            })
            .await;
        let before = taken(stage).await;
        let other = id.clone();
        stage
            .done(move |tx, host| invitations::archive(tx, host, &other, None).map(drop))
            .await;
        let without = taken(stage).await;
        assert!(without < before);
        fill(stage).await;

        let mut owner = stage.visitor(&stage.owner);
        let path = format!("/api/v1/invitations/id/{id}/restore");
        let refused = call(&mut owner, "POST", &path, &json!({})).await;
        assert_eq!(refused.expect(409).json()["code"], "event_full");
        let address = format!("{HOME}/invites/{id}");
        let page = owner.get(&address).await;
        let mut form = page.form(&format!("{address}/restore"));
        let refused = owner.submit(&page, &form).await;
        assert!(
            refused
                .expect(409)
                .text()
                .contains(&stage.fill("problem-event-full", [("left", 0.into())])),
            "{}",
            refused.text()
        );
        assert_eq!(taken(stage).await, without);
        form.tick("exceed", "1");
        owner.submit(&page, &form).await.expect(303);
        assert_eq!(taken(stage).await, before);
        let audit = owner.get(&stage.at("/audit?kind=invitation")).await;
        assert!(
            audit.body.contains("\"field\":\"override\""),
            "{}",
            audit.body
        );
    });
}

#[test]
fn what_is_full_is_full_whoever_forgot_to_look() {
    on_default(async |stage| {
        fill(stage).await;
        let (event, taken) = reception(stage).await;
        let take = |more: i64, seats: Seats| {
            let id = event.clone();
            let store = &stage.site.store;
            store.write(move |tx| event::take_seats(tx, &id, more, seats))
        };
        let refused = take(1, Seats::Free).await;
        assert!(matches!(refused, Err(StoreError::Rows { .. })));
        assert_eq!(reception(stage).await.1, taken);
        take(2, Seats::Beyond).await.unwrap();
        take(-1, Seats::Free).await.unwrap();
        assert!(take(1, Seats::Free).await.is_err());
    });
}

#[test]
fn archived_in_bulk_households_give_back_their_own_seats() {
    on_default(async |stage| {
        assert!(taken(stage).await > 0);
        let archive = |search: &str| Request {
            target: Target::Matching(InvitationFilter {
                q: search.to_owned(),
                ..InvitationFilter::default()
            }),
            action: Action::Archive {},
        };
        for search in ["keluarga", ""] {
            let request = archive(search);
            stage
                .done(move |tx, host| bulk::start(tx, host, &request).map(drop))
                .await;
            stage.worker().run_due().await.unwrap();
            taken(stage).await;
        }
        assert_eq!(taken(stage).await, 0);
    });
}
