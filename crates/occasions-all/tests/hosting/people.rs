//! Tests of guests on an invitation, and of answers that hosts record for them.

use occasions::event::PlannedEvent;
use occasions::hosting::answers::{self, OneReply, Overrides};
use occasions::hosting::guests;
use occasions::hosting::resource;
use occasions::hosting::{invitations, portals};
use occasions::household::GUEST_LIMIT;
use occasions::words::{Access, ReplyStatus};
use platform::sql;
use serde_json::json;
use web::Input;

use crate::parts::{brought, named, portal, reply, sent, version};
use crate::stage::{code, fields, on_both, on_default};

#[test]
fn hosts_add_people_within_the_allowance_or_beyond_it_by_override() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let add = |people: Vec<Input>| {
            let id = id.clone();
            stage.act(&stage.coordinator, move |tx, host| {
                guests::add(tx, host, &id, None, &people).map(|(snapshot, _)| snapshot)
            })
        };
        add(vec![brought("", false), brought("Mei", false)])
            .await
            .unwrap();
        let refused = add(vec![brought("Lin", false)]).await;
        assert_eq!(code(refused), "plus_one_limit");
        let after = add(vec![brought("Lin", true), named("Aunt")])
            .await
            .unwrap();
        let lin = after
            .household
            .guests
            .iter()
            .find(|guest| guest.name == "Lin")
            .unwrap();
        assert!(lin.beyond_allowance);
        let places = after.household.allowance().plus_ones;
        assert_eq!(
            (places.allowed, places.used),
            (2, 2),
            "whom a host allows uses no place"
        );
        let many: Vec<Input> = (0..GUEST_LIMIT)
            .map(|number| named(&format!("{number}")))
            .collect();
        assert_eq!(code(add(many).await), "guest_limit");
    });
}

#[test]
fn hosts_remove_and_order_people_and_keep_what_they_answered() {
    on_default(async |stage| {
        let id = stage.invitation("ROSSI").await;
        let people = portal(stage, &id).await.household.guests;
        let (first, second) = (people[0].id.clone(), people[1].id.clone());
        let (other, wanted) = (id.clone(), vec![second.clone(), first.clone()]);
        let ordered = stage
            .done(move |tx, host| guests::order(tx, host, &other, None, &wanted))
            .await;
        assert_eq!(ordered.household.guests[0].id, second);
        let gone = first.clone();
        stage
            .done(move |tx, host| guests::remove(tx, host, &gone, None))
            .await;
        assert_eq!(
            portal(stage, &id).await.household.guests.len(),
            people.len() - 1
        );
        let again = stage
            .act(&stage.owner, move |tx, host| {
                guests::remove(tx, host, &first, None).map(drop)
            })
            .await;
        assert_eq!(code(again), "guest_not_found");
        let store = stage.site.store.clone();
        let kept = store
            .read(move |tx| {
                tx.all::<(String,)>(
                    platform::sql!(
                        "SELECT changes FROM submission WHERE invitation = $1 AND actor = 'host'"
                    ),
                    &[&id],
                )
            })
            .await
            .unwrap();
        assert!(
            kept.iter()
                .any(|(changes,)| changes.contains("\"replies\"")),
            "{kept:?}"
        );
    });
}

#[test]
fn on_the_telephone_neither_deadline_nor_lock_holds_but_seats_do() {
    on_default(async |stage| {
        for shut in ["LATE1", "SHUT1"] {
            let id = stage.invitation(shut).await;
            let before = portal(stage, &id).await;
            assert_ne!(before.access, Access::Open);
            let (guest, seen) = (
                before.household.guests[0].clone(),
                before.household.invitation.version,
            );
            let to = match guest.replies.values().next().unwrap().status {
                ReplyStatus::No => ReplyStatus::Yes,
                _ => ReplyStatus::No,
            };
            let saved = stage
                .act(&stage.coordinator, move |tx, host| {
                    answers::reply(tx, host, &guest.id, "nikah", seen, &reply(to))
                })
                .await
                .unwrap();
            assert_eq!(saved.household.invitation.version, seen + 1);
        }
        assert!(stage.world.jobs().await.is_empty(), "nobody is mailed");
        let id = stage.invitation("RAHMA").await;
        let guest = portal(stage, &id).await.household.guests[0].clone();
        stage
            .done(|tx, host| {
                let events = resource::list::<PlannedEvent>(tx, host)?;
                let nikah = events.iter().find(|event| event.key == "nikah").unwrap();
                let full = json!({"capacity": 1}).into();
                let id = nikah.id.as_str();
                resource::change::<PlannedEvent>(tx, host, id, nikah.version, &full).map(drop)
            })
            .await;
        let seen = version(stage, &id).await;
        let answer = |may_exceed: bool, mail: bool| {
            let guest = guest.id.clone();
            stage.act(&stage.owner, move |tx, host| {
                let wanted = OneReply {
                    r#override: may_exceed,
                    mail,
                    ..reply(ReplyStatus::Yes)
                };
                answers::reply(tx, host, &guest, "nikah", seen, &wanted)
            })
        };
        assert_eq!(code(answer(false, false).await), "event_full");
        stage.expect_confirmations();
        answer(true, true).await.unwrap();
        let jobs = stage.world.jobs().await;
        assert_eq!(
            jobs.len(),
            1,
            "the household is told, because that was ticked"
        );
        assert_eq!(jobs[0].kind, "occasions.confirm");
    });
}

#[test]
fn a_whole_household_is_answered_in_one_save() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let before = portal(stage, &id).await;
        let change = ::occasions::household_change::HouseholdChange {
            version: Some(before.household.invitation.version),
            guests: before
                .household
                .guests
                .iter()
                .map(|guest| ::occasions::household_change::GuestUpdate {
                    id: Some(guest.id.clone()),
                    replies: [("reception".to_owned(), ReplyStatus::Yes)].into(),
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        };
        let saved = stage
            .done(move |tx, host| answers::save(tx, host, &id, &change, Overrides::default()))
            .await;
        let reception = saved
            .events
            .iter()
            .find(|event| event.key == "reception")
            .unwrap();
        for guest in &saved.household.guests {
            assert_eq!(guest.replies[&reception.id].status, ReplyStatus::Yes);
        }
        assert_eq!(
            saved.household.invitation.version,
            before.household.invitation.version + 1
        );
        assert!(saved.household.invitation.replied_at.is_some());
        let source = stage
            .site
            .store
            .read(|tx| {
                tx.all::<(String,)>(
                    platform::sql!("SELECT DISTINCT source FROM submission WHERE actor = 'host'"),
                    &[],
                )
            })
            .await
            .unwrap();
        assert_eq!(source, [("phone".to_owned(),)]);
    });
}

#[test]
fn a_household_is_invited_to_some_events_and_no_others() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let invite = |keys: &[&str]| {
            let (id, keys) = (
                id.clone(),
                keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>(),
            );
            stage.done(move |tx, host| {
                let seen = portals::load(tx, host, &id)?.household.invitation.version;
                let change = sent(json!({ "events": keys }));
                invitations::change(tx, host, &id, seen, &change)
            })
        };
        let after = invite(&["nikah"]).await;
        assert!(
            after
                .household
                .guests
                .iter()
                .all(|guest| guest.replies.len() == 1)
        );
        let after = invite(&["nikah", "brunch"]).await;
        assert!(
            after
                .household
                .guests
                .iter()
                .all(|guest| guest.replies.len() == 2)
        );
        let guest = after.household.guests[0].id.clone();
        let seen = after.household.invitation.version;
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                answers::reply(
                    tx,
                    host,
                    &guest,
                    "reception",
                    seen,
                    &reply(ReplyStatus::Yes),
                )
            })
            .await;
        assert_eq!(
            fields(refused),
            [("/event".to_owned(), "event_not_invited")]
        );
    });
}

#[test]
fn how_a_guest_is_reached_changes_with_a_trace_and_without_the_address_in_it() {
    on_both(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let guest = portal(stage, &id).await.household.guests[0].id.clone();
        let mut seen = version(stage, &id).await;
        for (email, phone, told) in [
            (Some("mei@example.com"), Some("012-345"), 2),
            (Some("mei@example.com"), Some("012-345"), 0),
            (None, Some("012-345"), 1),
        ] {
            let change = json!({ "email": email, "phone": phone }).into();
            let one = guest.clone();
            let after = stage
                .done(move |tx, host| guests::change(tx, host, &one, seen, &change))
                .await;
            let now = after.household.invitation.version;
            assert_eq!(now, seen + i64::from(told > 0), "nothing new is no change");
            seen = now;
            let (changes,): (String,) = stage
                .site
                .store
                .read(|tx| {
                    tx.one::<(String,)>(
                        sql!(
                            "SELECT changes FROM audit WHERE action = 'guest.changed'
                             ORDER BY sequence DESC LIMIT 1"
                        ),
                        &[],
                    )
                })
                .await
                .unwrap();
            assert!(!changes.contains("mei@") && !changes.contains("012"));
            if told > 0 {
                assert_eq!(changes.matches("\"***\"").count(), told, "{changes}");
                let field = format!("guests/{guest}/email");
                assert!(changes.contains(&field), "{changes}");
            }
        }
    });
}
