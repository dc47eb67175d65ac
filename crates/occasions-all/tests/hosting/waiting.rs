//! Tests of the hosts' view of the waiting list: which households wait, and which households get
//! seats when hosts change something.

use occasions::event::{Event, PlannedEvent};
use occasions::hosting::answers::{self, OneReply, Overrides};
use occasions::hosting::{guests, invitations, resource, summary};
use occasions::household_change::{GuestUpdate, HouseholdChange};
use occasions::id::InvitationId;
use occasions::rsvp::waitlist;
use occasions::words::ReplyStatus::{self, No, Waitlisted, Yes};
use occasions::words::{ExportKind, FileFormat};
use platform::{Rows, sql};
use serde_json::json;
use web::Input;

use crate::background::{ask, fetch, wanted};
use crate::pages::HOME;
use crate::parts::{portal, reply, version};
use crate::stage::{Stage, on_default};

const RECEPTION: &str = "reception";

/// Turns the waiting list on, and leaves `free` seats at the reception.
async fn leave(stage: &Stage<'_>, free: i64) {
    stage.world.expect_jobs(waitlist::MOVED_UP);
    stage.switch(|switches| switches.waitlist = true).await;
    let occasion = stage.occasion.clone();
    stage
        .change(move |tx| {
            occasions::occasion::lock(tx, &occasion)?;
            let set = sql!("UPDATE event SET capacity = seats_taken + $1 WHERE key = 'reception'");
            tx.run(set, &[&free], Rows::Exactly(1)).map(drop)
        })
        .await;
}

/// Saves the same reply to the reception for all guests of a household, as a host.
async fn say(stage: &Stage<'_>, id: &InvitationId, status: ReplyStatus) {
    let household = portal(stage, id).await.household;
    let people = household.guests.iter().map(|guest| GuestUpdate {
        id: Some(guest.id.clone()),
        replies: [(RECEPTION.to_owned(), status)].into(),
        ..GuestUpdate::default()
    });
    let change = HouseholdChange {
        version: Some(household.invitation.version),
        guests: people.collect(),
        ..HouseholdChange::default()
    };
    let id = id.clone();
    stage
        .done(move |tx, host| answers::save(tx, host, &id, &change, Overrides::default()).map(drop))
        .await;
}

async fn replies(stage: &Stage<'_>, id: &InvitationId) -> Vec<ReplyStatus> {
    let snapshot = portal(stage, id).await;
    let mut events = snapshot.events.iter();
    let event = events.find(|one| one.key == RECEPTION).unwrap();
    let guests = snapshot.household.guests.iter();
    guests
        .map(|guest| guest.replies[&event.id].status)
        .collect()
}

/// Finds another household. All its guests come to the reception.
async fn other(stage: &Stage<'_>) -> InvitationId {
    let find = sql!(
        "SELECT invitation.id FROM invitation JOIN guest ON guest.invitation = invitation.id
         JOIN reply ON reply.guest = guest.id JOIN event ON event.id = reply.event
         WHERE event.key = 'reception' AND invitation.archived_at IS NULL
         GROUP BY invitation.id HAVING COUNT(*) > 1 AND MIN(reply.status) = 'yes'
             AND MAX(reply.status) = 'yes'
         ORDER BY invitation.id LIMIT 1"
    );
    let found = stage
        .site
        .store
        .read(move |tx| tx.one::<(InvitationId,)>(find, &[]));
    found.await.unwrap().0
}

#[test]
fn hosts_see_who_waits_wherever_they_see_seats() {
    on_default(async |stage| {
        leave(stage, 3).await;
        let id = stage.invitation("RAHMA").await;
        say(stage, &id, Yes).await;
        assert_eq!(replies(stage, &id).await, [Waitlisted; 4]);

        let words = stage.fill(
            "host-seats-waiting",
            [("n", 4.into()), ("households", 1.into())],
        );
        let mut observer = stage.visitor(&stage.observer);
        let overview = observer.get(&format!("{HOME}/answers")).await;
        let link = format!("{HOME}/invites?response=waitlisted&event=reception");
        let mut visitor = stage.visitor(&stage.coordinator);
        let events = visitor.get(&format!("{HOME}/settings/events")).await;
        for page in [&overview, &events] {
            assert!(page.text().contains(&words), "{}", page.text());
            assert!(
                page.links().iter().any(|one| one.href == link),
                "{}",
                page.body
            );
        }
        let list = observer.get(&link).await.with(200);
        assert!(list.text().contains("Keluarga Encik Rahman"));
        for (query, total) in [
            ("response=waitlisted", 1),
            ("response=waitlisted&event=reception", 1),
            ("response=waitlisted&event=nikah", 0),
        ] {
            let page = visitor
                .get(&stage.at(&format!("/invitations?{query}&limit=1")))
                .await;
            assert_eq!(page.with(200).json()["total"], total, "{query}");
        }
        let summary = stage.done(summary::load).await;
        let mut numbers = summary.events.iter();
        let numbers = numbers.find(|one| one.key == RECEPTION).unwrap();
        assert_eq!(
            (numbers.waiting_households, numbers.guests.waitlisted),
            (1, 4)
        );
        let ready = visitor.get(&stage.at("/ready")).await.with(200).json();
        let mut points = ready["points"].as_array().unwrap().iter();
        let waiting = points.find(|one| one["point"] == "waiting").unwrap();
        assert_eq!(
            (&waiting["count"], &waiting["of"]),
            (&json!(1), &json!(RECEPTION))
        );
        let kind = wanted(ExportKind::Guests, FileFormat::Csv);
        stage.expect_work();
        let file = ask(stage, &stage.owner, kind, "en").await;
        stage.worker().run_due().await.unwrap();
        let file = fetch(stage, &stage.owner, &file).await;
        let waiting = file
            .lines()
            .filter(|line| line.contains(&*stage.say("reply-waitlisted")));
        assert_eq!(waiting.count(), 4, "{file}");
    });
}

#[test]
fn whatever_frees_seats_gives_them_to_who_waits() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let waits = async || {
            say(stage, &id, No).await;
            leave(stage, 3).await;
            say(stage, &id, Yes).await;
            assert_eq!(replies(stage, &id).await, [Waitlisted; 4]);
        };
        waits().await;
        let leaving = other(stage).await;
        let gone = leaving.clone();
        stage
            .done(move |tx, host| invitations::archive(tx, host, &gone, None).map(drop))
            .await;
        assert_eq!(replies(stage, &id).await, [Yes; 4], "archived");
        let log = stage
            .visitor(&stage.owner)
            .get(&format!("{HOME}/audit"))
            .await;
        assert!(log.text().contains(&stage.say("host-log-rsvp-moved-up")));

        waits().await;
        let guest = portal(stage, &other(stage).await).await.household.guests[0]
            .id
            .clone();
        let of = portal(stage, &other(stage).await)
            .await
            .household
            .invitation;
        let (gone, seen) = (guest.clone(), of.version);
        stage
            .done(move |tx, host| {
                answers::reply(tx, host, &gone, RECEPTION, seen, &reply(No)).map(drop)
            })
            .await;
        assert_eq!(
            replies(stage, &id).await,
            [Yes; 4],
            "an answer by telephone"
        );

        waits().await;
        let leaving = other(stage).await;
        let guest = portal(stage, &leaving).await.household.guests[0].id.clone();
        let seen = version(stage, &leaving).await;
        stage
            .done(move |tx, host| guests::remove(tx, host, &guest, Some(seen)).map(drop))
            .await;
        assert_eq!(
            replies(stage, &id).await,
            [Yes; 4],
            "a guest who is deleted"
        );

        waits().await;
        for capacity in [json!(1_000), json!(null)] {
            let event = portal(stage, &id)
                .await
                .events
                .iter()
                .find(|one| one.key == RECEPTION)
                .cloned();
            let event: Event = event.unwrap();
            stage
                .done(move |tx, host| {
                    let more = Input::from(json!({ "capacity": capacity }));
                    let (id, version) = (event.id.as_str(), event.version);
                    resource::change::<PlannedEvent>(tx, host, id, version, &more).map(drop)
                })
                .await;
            assert_eq!(replies(stage, &id).await, [Yes; 4], "more seats");
            if event_is_limited(stage).await {
                waits().await;
            }
        }
    });
}

async fn event_is_limited(stage: &Stage<'_>) -> bool {
    let counted = sql!("SELECT COUNT(*) FROM event WHERE key = $1 AND capacity IS NOT NULL");
    stage.count(counted, RECEPTION).await > 0
}

#[test]
fn a_host_seats_somebody_beyond_the_limit_and_puts_nobody_on_the_list() {
    on_default(async |stage| {
        leave(stage, 0).await;
        let id = stage.invitation("RAHMA").await;
        say(stage, &id, Yes).await;
        assert_eq!(replies(stage, &id).await, [Waitlisted; 4]);
        let guest = portal(stage, &id).await.household.guests[0].id.clone();
        let seen = version(stage, &id).await;
        let (other, wanted) = (guest.clone(), reply(Waitlisted));
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                answers::reply(tx, host, &other, RECEPTION, seen, &wanted).map(drop)
            })
            .await;
        let not_allowed = [("/status".to_owned(), "not_allowed")];
        assert_eq!(crate::stage::fields(refused), not_allowed);
        stage
            .done(move |tx, host| {
                let beyond = OneReply {
                    r#override: true,
                    ..reply(Yes)
                };
                answers::reply(tx, host, &guest, RECEPTION, seen, &beyond).map(drop)
            })
            .await;
        let now = replies(stage, &id).await;
        assert_eq!(now, [Yes, Waitlisted, Waitlisted, Waitlisted]);
    });
}

#[test]
fn an_archived_household_waits_no_more_and_waits_again_once_restored() {
    on_default(async |stage| {
        leave(stage, 3).await;
        let id = stage.invitation("RAHMA").await;
        say(stage, &id, Yes).await;
        let gone = id.clone();
        stage
            .done(move |tx, host| invitations::archive(tx, host, &gone, None).map(drop))
            .await;
        let leaving = other(stage).await;
        say(stage, &leaving, No).await;
        assert_eq!(replies(stage, &id).await, [Waitlisted; 4], "it is archived");
        let back = id.clone();
        stage
            .done(move |tx, host| {
                let seats = occasions::event::Seats::Free;
                invitations::restore(tx, host, &back, None, seats).map(drop)
            })
            .await;
        assert_eq!(replies(stage, &id).await, [Yes; 4]);
    });
}
