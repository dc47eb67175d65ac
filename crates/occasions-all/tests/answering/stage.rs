//! Builds a small wedding, and helps tests to save answers.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use occasions::answer::Answers;
use occasions::code::CodeKey;
use occasions::diet;
use occasions::event::Event;
use occasions::guest::{self, Guest, Reply};
use occasions::household;
use occasions::household_change::{GuestUpdate, HouseholdChange};
use occasions::id::{EventId, GuestId, InvitationId, OccasionId};
use occasions::invitation;
use occasions::invitation_snapshot::{self, InvitationSnapshot};
use occasions::occasion::{self, Occasion};
use occasions::refusal::Refusal;
use occasions::rsvp::{self, OtherBody, Repeat, Save, Saved};
use occasions::words::{ActedBy, GuestKind, LockMode, OccasionStatus, ReplyStatus, Source};
use platform::store::migrate::Migrations;
use platform::{Rows, Store, StoreError, Tx, sql};
use testkit::World;
use web::I18n;

pub(crate) const MIGRATIONS: [Migrations; 3] = [
    platform::MIGRATIONS,
    identity::MIGRATIONS,
    occasions::MIGRATIONS,
];

/// A wedding with two events: `nikah` with unlimited seats, and `reception` with limited seats.
pub(crate) struct Stage {
    pub(crate) store: Store,
    pub(crate) occasion: OccasionId,
    pub(crate) events: Vec<EventId>,
    pub(crate) deadline: Timestamp,
}

impl Stage {
    pub(crate) async fn build(world: &World, seats: Option<i64>) -> Self {
        // Most saves queue a confirmation.
        world.expect_jobs(rsvp::CONFIRM);
        let store = world.store().clone();
        let deadline = world.clock.now() + SignedDuration::from_hours(24);
        let (occasion, events) = store
            .write(move |tx| build(tx, deadline, seats))
            .await
            .unwrap();
        Self {
            store,
            occasion,
            events,
            deadline,
        }
    }

    /// Creates a household of named guests.
    pub(crate) async fn household(
        &self,
        code: &str,
        people: usize,
        plus_ones: i64,
    ) -> Vec<GuestId> {
        let (occasion, events) = (self.occasion.clone(), self.events.clone());
        let code = code.to_owned();
        self.store
            .write(move |tx| invite(tx, &occasion, &events, &code, people, plus_ones))
            .await
            .unwrap()
    }

    pub(crate) async fn portal(&self, code: &str) -> InvitationSnapshot {
        let key = key(code);
        self.store
            .read(move |tx| invitation_snapshot::open(tx, &key))
            .await
            .unwrap()
    }

    pub(crate) async fn answer(
        &self,
        code: &str,
        change: HouseholdChange,
    ) -> Result<Saved, Refusal> {
        save(&self.store, code, change, None).await
    }

    /// Counts the submissions stored for an invitation. Repeating a stored save is harmless.
    pub(crate) async fn submissions(&self, code: &str) -> i64 {
        let id = self.portal(code).await.household.invitation.id;
        self.store
            .read(move |tx| {
                tx.one::<(i64,)>(
                    sql!("SELECT COUNT(*) FROM submission WHERE invitation = $1"),
                    &[&id],
                )
            })
            .await
            .map(|(count,)| count)
            .unwrap()
    }

    /// Changes the store directly, bypassing the rules for saves.
    pub(crate) async fn change(
        &self,
        change: impl Fn(&mut Tx<'_>) -> Result<u64, StoreError> + Send + 'static,
    ) {
        let change = move |tx: &mut Tx<'_>| {
            change(tx)?;
            tx.run(
                sql!("UPDATE occasion SET revision = revision + 1"),
                &[],
                Rows::Any,
            )
        };
        self.store.write(change).await.unwrap();
    }
}

/// Saves a household's answers with the idempotency key `repeat`.
pub(crate) async fn save(
    store: &Store,
    code: &str,
    change: HouseholdChange,
    repeat: Option<&str>,
) -> Result<Saved, Refusal> {
    let save = to_save(code, change, repeat);
    store
        .write(move |tx| {
            rsvp::answer(tx, &save, |snapshot| {
                format!("version {}", snapshot.household.invitation.version)
            })
        })
        .await
}

/// Builds a save with the idempotency key `repeat`.
pub(crate) fn to_save(code: &str, change: HouseholdChange, repeat: Option<&str>) -> Save {
    Save {
        key: key(code),
        repeat: repeat.map(|repeat| Repeat {
            route: "test",
            key: repeat.to_owned(),
            body: format!("{change:?}").into_bytes(),
            other_body: OtherBody::Refuse,
        }),
        change,
        source: Source::Api,
        request: None,
        needs_version: false,
    }
}

pub(crate) fn key(code: &str) -> CodeKey {
    CodeKey::parse(code).unwrap()
}

/// Builds a change in which every guest answers `status` to `event`.
pub(crate) fn all(
    guests: &[GuestId],
    event: &str,
    status: ReplyStatus,
    version: i64,
) -> HouseholdChange {
    HouseholdChange {
        version: Some(version),
        guests: guests
            .iter()
            .map(|id| GuestUpdate {
                id: Some(id.clone()),
                replies: BTreeMap::from([(event.to_owned(), status)]),
                ..GuestUpdate::default()
            })
            .collect(),
        ..HouseholdChange::default()
    }
}

pub(crate) fn newcomer(name: &str, version: i64) -> HouseholdChange {
    HouseholdChange {
        version: Some(version),
        guests: vec![GuestUpdate {
            name: Some(name.to_owned()),
            ..GuestUpdate::default()
        }],
        ..HouseholdChange::default()
    }
}

fn build(
    tx: &mut Tx<'_>,
    deadline: Timestamp,
    seats: Option<i64>,
) -> Result<(OccasionId, Vec<EventId>), StoreError> {
    let id: OccasionId = tx.id();
    let occasion = Occasion {
        slug: format!("wedding-{}", tx.random().below(u32::MAX)),
        title: I18n::one("en", "Our wedding"),
        hosts: I18n::one("en", "Aisyah & Daniel"),
        time_zone: "Asia/Kuala_Lumpur".to_owned(),
        currency: "MYR".to_owned(),
        rsvp_deadline: Some(deadline),
        ..Occasion::blank(id.clone())
    };
    occasion::insert(tx, &occasion)?;
    occasion::set_status(tx, &id, OccasionStatus::Published)?;
    diet::insert_built_in(tx, &id)?;
    let event = |id, key: &str, capacity| Event {
        id,
        key: key.to_owned(),
        name: I18n::one("en", "Event"),
        starts_at: deadline,
        ends_at: deadline + SignedDuration::from_hours(2),
        hour_known: true,
        end_known: true,
        venue: String::new(),
        address: String::new(),
        map_url: String::new(),
        dress_code: I18n::default(),
        schedule: Vec::new(),
        capacity,
        open_to_all: false,
        position: 0,
        calendar_sequence: 0,
        version: 1,
    };
    let events = [
        event(tx.id(), "nikah", None),
        event(tx.id(), "reception", seats),
    ];
    for event in &events {
        event.insert(tx, &id)?;
    }
    Ok((id, events.map(|event| event.id).into()))
}

fn invite(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    events: &[EventId],
    code: &str,
    people: usize,
    plus_ones: i64,
) -> Result<Vec<GuestId>, StoreError> {
    let details = invitation::Details {
        household: format!("Household {code}"),
        salutation: None,
        email: Some("household@example.com".to_owned()),
        phone: None,
        address: None,
        language: None,
        plus_ones,
        children: 0,
        deadline_override: None,
        lock_mode: LockMode::Auto,
        open_until: None,
        lock_reason: String::new(),
        host_message: String::new(),
        host_note: String::new(),
        tags: Vec::new(),
    };
    let id: InvitationId = invitation::insert(tx, occasion, code, &key(code), &details)?.unwrap();
    for event in events {
        household::invite(tx, &id, event)?;
    }
    (0..people)
        .map(|position| {
            let guest = Guest {
                id: tx.id(),
                name: format!("Guest {position}"),
                kind: GuestKind::Named,
                is_child: false,
                child_age: None,
                added_by: ActedBy::Host,
                beyond_allowance: false,
                position: i64::try_from(position).unwrap(),
                diets: Vec::new(),
                diet_note: String::new(),
                answers: Answers::new(),
                replies: events
                    .iter()
                    .map(|event| (event.clone(), Reply::PENDING))
                    .collect(),
            };
            guest::insert(tx, &id, &guest, Source::Import)?;
            Ok(guest.id)
        })
        .collect()
}
