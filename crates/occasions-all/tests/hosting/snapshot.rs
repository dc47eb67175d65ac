//! Tests of the cache that holds data shown to all guests. After a host changes anything, the next
//! guest must see the new data.

use occasions::code::CodeKey;
use occasions::diet::DietaryOption;
use occasions::event::PlannedEvent;
use occasions::hosting::{HostOf, Refusal, occasions as hosted, resource};
use occasions::id::OccasionId;
use occasions::invitation_snapshot::{self, Closed};
use occasions::occasion;
use occasions::question::Question;
use occasions::words::OccasionStatus;
use platform::{StoreError, Tx};
use serde_json::json;

use crate::stage::{Stage, on_default};

type Step = fn(&mut Tx<'_>, &HostOf) -> Result<(), Refusal>;

const STEPS: [(&str, Step); 11] = [
    ("the occasion", |tx, host| {
        let seen = hosted::load(tx, host)?.version;
        let change = json!({"welcome": {"ms": "Selamat datang"}}).into();
        hosted::change(tx, host, seen, &change).map(drop)
    }),
    ("an event more", |tx, host| {
        let new = json!({"name": {"en": "Tea"}, "starts_at": "2027-01-10T10:00:00+08:00"});
        resource::create::<PlannedEvent>(tx, host, &new.into()).map(drop)
    }),
    ("an event", |tx, host| {
        let event = resource::list::<PlannedEvent>(tx, host)?.remove(0);
        let change = json!({"venue": "Elsewhere"}).into();
        resource::change(tx, host, event.id.as_str(), event.version, &change)
            .map(|_: PlannedEvent| ())
    }),
    ("an event less", |tx, host| {
        let event = resource::list::<PlannedEvent>(tx, host)?.remove(0);
        let confirmed = Some((event.version, &*event.key));
        resource::remove::<PlannedEvent>(tx, host, event.id.as_str(), confirmed).map(drop)
    }),
    ("a food need more", |tx, host| {
        let new = json!({"key": "durian-free", "label": {"en": "No durian"}});
        resource::create::<DietaryOption>(tx, host, &new.into()).map(drop)
    }),
    ("a food need", |tx, host| {
        let change = json!({"label": {"en": "No durian at all"}}).into();
        resource::change::<DietaryOption>(tx, host, "durian-free", 1, &change).map(drop)
    }),
    ("a food need less", |tx, host| {
        resource::remove::<DietaryOption>(tx, host, "durian-free", None).map(drop)
    }),
    ("a question more", |tx, host| {
        resource::create::<Question>(tx, host, &crate::questions::bus().into()).map(drop)
    }),
    ("a question", |tx, host| {
        let change = json!({"title": {"en": "Which coach?"}}).into();
        resource::change::<Question>(tx, host, "bus", 1, &change).map(drop)
    }),
    ("a question less", |tx, host| {
        resource::remove::<Question>(tx, host, "bus", None).map(drop)
    }),
    ("the state", |tx, host| {
        hosted::set_status(tx, host, None, OccasionStatus::Closed).map(drop)
    }),
];

#[test]
fn what_a_host_changes_the_next_guest_reads() {
    on_default(async |stage| {
        let mut before = read(stage).await;
        for (what, step) in STEPS {
            stage.done(step).await;
            let (read, stored) = read(stage).await;
            assert_eq!(read, stored, "{what}");
            assert_ne!(read, before.0, "{what}");
            before = (read, stored);
        }
    });
}

#[test]
fn a_change_that_is_taken_back_is_read_by_nobody() {
    on_default(async |stage| {
        let [(_, one), _, (_, another), ..] = STEPS;
        let before = read(stage).await;
        let taken_back = stage
            .act(&stage.owner, move |tx, host| {
                another(tx, host)?;
                // This transaction is rolled back, so it must not fill the cache. The next change
                // gets the same revision number, and guests would see the data that was rolled
                // back.
                open(tx).map_err(|_| Refusal::NotFound)?;
                Err::<(), _>(Refusal::NotFound)
            })
            .await;
        assert!(taken_back.is_err());
        assert_eq!(read(stage).await, before);
        stage.done(one).await;
        let (read, stored) = read(stage).await;
        assert_eq!(read, stored);
    });
}

fn open(tx: &mut Tx<'_>) -> Result<invitation_snapshot::InvitationSnapshot, Closed> {
    invitation_snapshot::open(tx, &CodeKey::parse("RAHMA").unwrap())
}

/// Returns the occasion's data twice: from a guest's page, and from the store.
async fn read(stage: &Stage<'_>) -> (String, String) {
    let store = &stage.site.store;
    let snapshot = store.read(open).await.unwrap();
    let (occasion, events) = (&snapshot.occasion, &snapshot.events);
    let (diets, questions) = (&snapshot.diets, &snapshot.questions);
    let seen = format!("{occasion:?}{events:?}{diets:?}{questions:?}");
    let id = stage.occasion.clone();
    let stored = store.read(move |tx| stored(tx, &id)).await.unwrap();
    (seen, stored)
}

fn stored(tx: &mut Tx<'_>, id: &OccasionId) -> Result<String, StoreError> {
    let occasion = occasion::load(tx, id)?;
    let events = occasions::event::list(tx, id)?;
    let diets = occasions::diet::list(tx, id)?;
    let questions = occasions::question::of(tx, id)?;
    Ok(format!("{occasion:?}{events:?}{diets:?}{questions:?}"))
}
