//! The rules of hosts' changes, each with what it refuses and what it leaves
//! behind.

use jiff::SignedDuration;
use occasions::code::CodeKey;
use occasions::guest::Guest;
use occasions::hosting::answers::{self, Manner, OneReply};
use occasions::hosting::guests::{self, New};
use occasions::hosting::invitations::{self, Change};
use occasions::hosting::locks::{self, Opening};
use occasions::hosting::{
    Refusal, When, codes, diets, events, listing, members, occasions as hosted,
};
use occasions::household::GUEST_LIMIT;
use occasions::invitation::InvitationId;
use occasions::occasion;
use occasions::portal::{self, Closed, Portal};
use occasions::words::{Access, GuestKind, OccasionStatus, ReplyStatus};
use platform::StoreError;
use serde_json::json;
use web::I18n;

use crate::stage::{Stage, code, fields, on_both};

async fn portal(stage: &Stage<'_>, id: &InvitationId) -> Portal {
    let id = id.clone();
    stage
        .done(move |tx, host| invitations::load(tx, host, &id))
        .await
}

async fn version(stage: &Stage<'_>, id: &InvitationId) -> i64 {
    portal(stage, id).await.household.invitation.version
}

fn named(name: &str) -> New {
    New {
        name: name.to_owned(),
        ..New::default()
    }
}

fn brought(name: &str, may_exceed: bool) -> New {
    New {
        kind: Some(GuestKind::PlusOne),
        r#override: may_exceed,
        ..named(name)
    }
}

fn reply(status: ReplyStatus) -> OneReply {
    OneReply {
        version: None,
        status,
        r#override: false,
        mail: false,
    }
}

async fn opens(stage: &Stage<'_>, typed: &'static str) -> bool {
    let key = CodeKey::parse(typed).unwrap();
    let found = stage
        .site
        .store
        .read(move |tx| portal::open(tx, &key))
        .await;
    match found {
        Ok(_) => true,
        Err(Closed::NotFound | Closed::Expired) => false,
        Err(Closed::Store(error)) => panic!("{error}"),
    }
}

#[test]
fn every_change_of_an_invitation_raises_its_version_and_is_told_and_written_down() {
    on_both(async |stage| {
        let id = stage.invitation("RAHMA").await;
        type Step = fn(
            &mut platform::Tx<'_>,
            &occasions::hosting::HostOf,
            &InvitationId,
            &Guest,
            i64,
        ) -> Result<(), Refusal>;
        let steps: [(&str, &str, &str, Step); 9] = [
            (
                "invitation.changed",
                "invitation",
                "edited",
                |tx, host, id, _, version| {
                    let change = Change {
                        household: Some("Keluarga Baharu".to_owned()),
                        ..Change::default()
                    };
                    invitations::change(tx, host, id, version, &change).map(drop)
                },
            ),
            (
                "invitation.locked",
                "invitation",
                "locked",
                |tx, host, id, _, version| {
                    locks::lock(tx, host, id, Some(version), "tired").map(drop)
                },
            ),
            (
                "invitation.unlocked",
                "invitation",
                "unlocked",
                |tx, host, id, _, _| locks::unlock(tx, host, id, &Opening::default()).map(drop),
            ),
            (
                "guest.added",
                "invitation",
                "edited",
                |tx, host, id, _, _| {
                    guests::add(tx, host, id, None, &[named("Siti Baharu")]).map(drop)
                },
            ),
            (
                "guest.changed",
                "invitation",
                "edited",
                |tx, host, _, guest, version| {
                    let change = guests::Change {
                        name: Some("Rahman Baharu".to_owned()),
                        ..guests::Change::default()
                    };
                    guests::change(tx, host, &guest.id, version, &change).map(drop)
                },
            ),
            (
                "rsvp.saved_by_host",
                "rsvp",
                "",
                |tx, host, _, guest, version| {
                    let yes = reply(ReplyStatus::Yes);
                    answers::reply(tx, host, &guest.id, "reception", version, &yes).map(drop)
                },
            ),
            (
                "guest.removed",
                "invitation",
                "edited",
                |tx, host, _, guest, _| guests::remove(tx, host, &guest.id, None).map(drop),
            ),
            (
                "invitation.archived",
                "invitation",
                "archived",
                |tx, host, id, _, _| invitations::archive(tx, host, id, None).map(drop),
            ),
            (
                "invitation.restored",
                "invitation",
                "created",
                |tx, host, id, _, _| invitations::restore(tx, host, id, None).map(drop),
            ),
        ];
        for (action, name, what, step) in steps {
            let before = portal(stage, &id).await;
            let seen = before.household.invitation.version;
            let guest = before.household.guests[0].clone();
            let (invitation, one) = (id.clone(), guest.clone());
            stage
                .done(move |tx, host| step(tx, host, &invitation, &one, seen))
                .await;
            assert_eq!(version(stage, &id).await, seen + 1, "{action}");
            assert_eq!(stage.actions().await.last().unwrap(), action);
            let (told, payload) = stage.news().await.pop().unwrap();
            assert_eq!(
                (told.as_str(), &payload["version"]),
                (name, &json!(seen + 1)),
                "{action}"
            );
            assert_eq!(payload["what"].as_str().unwrap_or_default(), what);
            assert!(
                !payload.to_string().contains("Baharu"),
                "no names in news: {payload}"
            );
        }
        let found = stage
            .done(|tx, host| {
                let filter = listing::Filter {
                    search: "siti baharu".to_owned(),
                    ..listing::Filter::default()
                };
                listing::all_invitations(tx, host, &filter)
            })
            .await;
        assert_eq!(found.len(), 1, "searches look into what was changed");
    });
}

#[test]
fn a_stale_version_changes_nothing_and_shows_what_is_stored() {
    on_both(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let (seen, other) = (version(stage, &id).await, id.clone());
        let rename = |name: &str| Change {
            household: Some(name.to_owned()),
            ..Change::default()
        };
        let (first, second) = (rename("First"), rename("Second"));
        stage
            .done(move |tx, host| invitations::change(tx, host, &other, seen, &first).map(drop))
            .await;
        let other = id.clone();
        let late = stage
            .act(&stage.coordinator, move |tx, host| {
                invitations::change(tx, host, &other, seen, &second).map(drop)
            })
            .await;
        let problem = web::Problem::from(late.unwrap_err());
        assert_eq!(problem.code, "version_conflict");
        assert_eq!(problem.current.as_ref().unwrap()["household"], "First");
        assert_eq!(
            portal(stage, &id)
                .await
                .household
                .invitation
                .details
                .household,
            "First"
        );
    });
}

#[test]
fn what_an_invitation_may_hold() {
    on_both(async |stage| {
        let wrong = Change {
            household: Some(" \n ".to_owned()),
            email: Some(Some("nobody".to_owned())),
            phone: Some(Some("1".repeat(33))),
            language: Some(Some("sw".to_owned())),
            plus_ones: Some(21),
            children: Some(-1),
            deadline_override: Some(Some(When("soon".to_owned()))),
            host_message: Some("x".repeat(2_001)),
            tags: Some(vec![String::new()]),
            events: Some(vec!["nikah".to_owned(), "gala".to_owned()]),
            guests: Some(vec![
                named(""),
                New {
                    age: Some(4),
                    diets: vec!["sand".to_owned()],
                    ..named("Mei")
                },
                New {
                    is_child: true,
                    age: Some(18),
                    diets: vec!["other".to_owned()],
                    ..named("Lin")
                },
            ]),
            ..Change::default()
        };
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                invitations::create(tx, host, &wrong, None).map(drop)
            })
            .await;
        let found = fields(refused);
        let expected = [
            ("/household", "required"),
            ("/phone", "too_long"),
            ("/email", "email_invalid"),
            ("/language", "unknown_option"),
            ("/plus_ones", "out_of_range"),
            ("/children", "out_of_range"),
            ("/deadline_override", "date_invalid"),
            ("/host_message", "too_long"),
            ("/tags/0", "required"),
            ("/events/1", "unknown_option"),
            ("/guests/0/name", "required"),
            ("/guests/1/age", "not_allowed"),
            ("/guests/1/diets", "unknown_option"),
            ("/guests/2/age", "out_of_range"),
            ("/guests/2/diet_note", "dietary_note_required"),
        ];
        let expected: Vec<_> = expected
            .map(|(pointer, code)| (pointer.to_owned(), code))
            .to_vec();
        assert_eq!(found, expected);
    });
}

#[test]
fn a_new_invitation_has_the_occasion_s_defaults_all_events_and_a_code_of_its_own() {
    on_both(async |stage| {
        let new = Change {
            household: Some("Keluarga Aminah".to_owned()),
            guests: Some(vec![named("Aminah"), named("Bakar")]),
            ..Change::default()
        };
        let made = stage
            .done(move |tx, host| invitations::create(tx, host, &new, None))
            .await;
        let household = &made.household;
        assert_eq!(household.invitation.code.len(), 5);
        assert_eq!(household.events.len(), 3);
        assert_eq!(household.guests.len(), 2);
        for guest in &household.guests {
            assert!(
                guest
                    .replies
                    .values()
                    .all(|reply| reply.status == ReplyStatus::Pending)
            );
            assert_eq!(guest.replies.len(), 3);
        }
        let found = stage
            .done(|tx, host| {
                let filter = listing::Filter {
                    search: "aminah bakar".to_owned(),
                    ..listing::Filter::default()
                };
                listing::all_invitations(tx, host, &filter)
            })
            .await;
        assert_eq!(found.len(), 1);
    });
}

#[test]
fn codes_set_by_hand_are_no_names_no_others_and_counted() {
    on_both(async |stage| {
        let set = |typed: &'static str, insists: bool| async move {
            let chosen = stage
                .act(&stage.owner, move |tx, host| {
                    codes::try_by_hand(tx, host, typed, insists)
                })
                .await?;
            stage
                .act(&stage.owner, move |tx, host| {
                    let new = Change {
                        household: Some("Keluarga Zulkifli".to_owned()),
                        ..Change::default()
                    };
                    invitations::create(tx, host, &new, Some(&chosen))
                })
                .await
        };
        assert_eq!(code(set("RAHMA", false).await), "code_taken");
        assert_eq!(code(set("r-ahma", false).await), "code_taken", "folded");
        assert_eq!(code(set("zulkifli", false).await), "code_guessable");
        assert_eq!(
            fields(set("four", false).await),
            [("/code".to_owned(), "code_malformed")]
        );
        let made = set("zulkifli", true).await.unwrap();
        assert_eq!(made.household.invitation.code, "ZULKIFLI");
        assert!(opens(stage, "zu1k1fli").await);
        // Four were tried; what cannot be a code tells nothing and is free.
        for round in 4..20 {
            assert_eq!(code(set("RAHMA", false).await), "code_taken", "{round}");
        }
        assert_eq!(code(set("K7PWD", false).await), "rate_limited");
        stage.world.clock.advance(SignedDuration::from_mins(59));
        assert_eq!(code(set("K7PWD", false).await), "rate_limited");
        stage.world.clock.advance(SignedDuration::from_mins(1));
        assert!(set("K7PWD", false).await.is_ok());
    });
}

#[test]
fn a_replaced_code_opens_nothing_for_nobody() {
    on_both(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let epoch = portal(stage, &id).await.household.invitation.access_epoch;
        assert!(opens(stage, "RAHMA").await);
        let other = id.clone();
        let after = stage
            .done(move |tx, host| codes::replace(tx, host, &other, None, None))
            .await;
        let invitation = &after.household.invitation;
        assert_ne!(invitation.code, "RAHMA");
        assert_eq!(
            invitation.access_epoch,
            epoch + 1,
            "guests who had it open are out"
        );
        assert!(!opens(stage, "RAHMA").await);
        let chosen = stage
            .done(|tx, host| codes::try_by_hand(tx, host, "RAHMA", true))
            .await;
        let again = stage
            .act(&stage.owner, move |tx, host| {
                codes::replace(tx, host, &id, None, Some(&chosen)).map(drop)
            })
            .await;
        assert_eq!(code(again), "code_taken", "not for 24 months");
    });
}

#[test]
fn an_archived_invitation_leaves_and_comes_back_within_30_days() {
    on_both(async |stage| {
        let seats = |stage: &Stage<'_>| {
            let store = stage.site.store.clone();
            let occasion = stage.occasion.clone();
            async move {
                store
                    .read(move |tx| {
                        let events = ::occasions::event::list(tx, &occasion)?;
                        Ok::<_, StoreError>(
                            events.iter().map(|event| event.seats_taken).sum::<i64>(),
                        )
                    })
                    .await
                    .unwrap()
            }
        };
        let id = stage.invitation("ROSSI").await;
        let before = seats(stage).await;
        let act = |archive: bool| {
            let id = id.clone();
            stage.act(&stage.coordinator, move |tx, host| {
                if archive {
                    invitations::archive(tx, host, &id, None).map(drop)
                } else {
                    invitations::restore(tx, host, &id, None).map(drop)
                }
            })
        };
        act(true).await.unwrap();
        assert!(!opens(stage, "ROSSI").await);
        assert!(seats(stage).await < before, "their seats are free");
        assert_eq!(code(act(true).await), "wrong_state");
        let (other, seen) = (id.clone(), version(stage, &id).await);
        let changed = stage
            .act(&stage.owner, move |tx, host| {
                invitations::change(tx, host, &other, seen, &Change::default()).map(drop)
            })
            .await;
        assert_eq!(code(changed), "wrong_state");
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(30 * 24) - SignedDuration::from_millis(1));
        act(false).await.unwrap();
        assert!(opens(stage, "ROSSI").await);
        assert_eq!(seats(stage).await, before);
        act(true).await.unwrap();
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(30 * 24));
        assert_eq!(code(act(false).await), "wrong_state");
    });
}

#[test]
fn hosts_add_people_within_the_allowance_or_beyond_it_by_override() {
    on_both(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let add = |people: Vec<New>| {
            let id = id.clone();
            stage.act(&stage.coordinator, move |tx, host| {
                guests::add(tx, host, &id, None, &people).map(|(portal, _)| portal)
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
        let many: Vec<New> = (0..GUEST_LIMIT)
            .map(|number| named(&format!("{number}")))
            .collect();
        assert_eq!(code(add(many).await), "guest_limit");
    });
}

#[test]
fn hosts_remove_and_order_people_and_keep_what_they_answered() {
    on_both(async |stage| {
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
    on_both(async |stage| {
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
                let events = events::list(tx, host)?;
                let nikah = events.iter().find(|event| event.key == "nikah").unwrap();
                let full = events::Change {
                    capacity: Some(Some(1)),
                    ..events::Change::default()
                };
                events::change(tx, host, &nikah.id, nikah.version, &full).map(drop)
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
    on_both(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let before = portal(stage, &id).await;
        let wish = ::occasions::wish::Wish {
            version: Some(before.household.invitation.version),
            guests: before
                .household
                .guests
                .iter()
                .map(|guest| ::occasions::wish::GuestWish {
                    id: Some(guest.id.clone()),
                    replies: [("reception".to_owned(), ReplyStatus::Yes)].into(),
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        };
        let saved = stage
            .done(move |tx, host| answers::save(tx, host, &id, &wish, Manner::default()))
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
    on_both(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let invite = |keys: &[&str]| {
            let (id, keys) = (
                id.clone(),
                keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>(),
            );
            stage.done(move |tx, host| {
                let seen = invitations::load(tx, host, &id)?
                    .household
                    .invitation
                    .version;
                let change = Change {
                    events: Some(keys.clone()),
                    ..Change::default()
                };
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
fn locks_and_deadlines_say_beforehand_whom_they_close_out() {
    on_both(async |stage| {
        let open = stage
            .done(|tx, host| {
                let filter = listing::Filter {
                    access: Some(Access::Open),
                    ..listing::Filter::default()
                };
                listing::all_invitations(tx, host, &filter)
            })
            .await;
        let now = stage.site.clock.now();
        let effect = stage
            .done(move |tx, host| locks::effect_of_deadline(tx, host, Some(now)))
            .await;
        assert_eq!(effect.closes, i64::try_from(open.len()).unwrap());
        assert_eq!(effect.reopens, 0);
        stage
            .done(move |tx, host| {
                let seen = hosted::load(tx, host)?.version;
                let change = hosted::Change {
                    rsvp_deadline: Some(Some(When(now.to_string()))),
                    ..hosted::Change::default()
                };
                hosted::change(tx, host, seen, &change).map(drop)
            })
            .await;
        let effect = stage
            .done(|tx, host| locks::effect_of_deadline(tx, host, None))
            .await;
        assert_eq!(effect.reopens, i64::try_from(open.len()).unwrap());
        let id = stage.invitation("RAHMA").await;
        let other = id.clone();
        let opening = Opening {
            open: true,
            until: Some(When("2099-12-31".to_owned())),
            ..Opening::default()
        };
        let after = stage
            .done(move |tx, host| locks::unlock(tx, host, &other, &opening))
            .await;
        assert_eq!(after.access, Access::Open);
    });
}

#[test]
fn a_new_event_invites_everybody_and_the_last_one_stays() {
    on_both(async |stage| {
        let new = events::Change {
            name: Some(I18n::one("en", "Tea")),
            starts_at: Some(When("2027-01-10T10:00:00+08:00".to_owned())),
            ..events::Change::default()
        };
        let tea = stage
            .done(move |tx, host| events::create(tx, host, &new))
            .await;
        assert_eq!(tea.key, "main", "the first name that is free");
        let rahman = stage.invitation("RAHMA").await;
        let invited = portal(stage, &rahman).await;
        assert!(invited.household.events.contains(&tea.id));
        assert!(
            invited
                .household
                .guests
                .iter()
                .all(|guest| guest.replies.contains_key(&tea.id))
        );
        let all = stage.done(events::list).await;
        let (last, others) = all.split_last().unwrap();
        let wrong = last.clone();
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                events::remove(tx, host, &wrong.id, wrong.version, "yes")
            })
            .await;
        assert_eq!(
            fields(refused),
            [("/confirm".to_owned(), "confirmation_wrong")]
        );
        for event in others.to_vec() {
            stage
                .done(move |tx, host| {
                    events::remove(tx, host, &event.id, event.version, &event.key)
                })
                .await;
        }
        let last = last.clone();
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                events::remove(tx, host, &last.id, last.version, &last.key)
            })
            .await;
        assert_eq!(code(refused), "last_event");
        let left = portal(stage, &rahman).await;
        assert!(
            left.household
                .guests
                .iter()
                .all(|guest| guest.replies.len() == 1)
        );
    });
}

#[test]
fn what_an_event_may_hold() {
    on_both(async |stage| {
        let wrong = events::Change {
            key: Some("nikah".to_owned()),
            name: Some(I18n::one("en", " ")),
            starts_at: Some(When("2027-01-10T10:00:00Z".to_owned())),
            ends_at: Some(When("2027-01-10T10:00:00Z".to_owned())),
            venue: Some("x".repeat(161)),
            map_url: Some("javascript:alert(1)".to_owned()),
            capacity: Some(Some(0)),
            ..events::Change::default()
        };
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                events::create(tx, host, &wrong).map(drop)
            })
            .await;
        assert_eq!(
            fields(refused),
            [
                ("/key".to_owned(), "not_unique"),
                ("/name".to_owned(), "required"),
                ("/venue".to_owned(), "too_long"),
                ("/map_url".to_owned(), "url_invalid"),
                ("/capacity".to_owned(), "out_of_range"),
                ("/ends_at".to_owned(), "ends_before_start"),
            ]
        );
    });
}

#[test]
fn coordinators_write_texts_and_nothing_else() {
    on_both(async |stage| {
        let seen = stage.done(hosted::load).await.version;
        let change = |change: hosted::Change| {
            stage.act(&stage.coordinator, move |tx, host| {
                let seen = hosted::load(tx, host)?.version;
                hosted::change(tx, host, seen, &change)
            })
        };
        let text = hosted::Change {
            welcome: Some(I18n::one("ms", "Selamat datang")),
            ..hosted::Change::default()
        };
        assert_eq!(change(text).await.unwrap().version, seen + 1);
        for more in [
            hosted::Change {
                slug: Some("another".to_owned()),
                ..hosted::Change::default()
            },
            hosted::Change {
                rsvp_deadline: Some(None),
                ..hosted::Change::default()
            },
            hosted::Change {
                welcome: Some(I18n::one("ms", "Hai")),
                switches: Some([(hosted::Switch::Notes, false)].into()),
                ..hosted::Change::default()
            },
        ] {
            assert_eq!(code(change(more).await), "forbidden");
        }
        let event = stage.done(events::list).await[0].clone();
        let (id, version) = (event.id.clone(), event.version);
        let moved = stage
            .act(&stage.coordinator, move |tx, host| {
                let moved = events::Change {
                    venue: Some("Elsewhere".to_owned()),
                    ..events::Change::default()
                };
                events::change(tx, host, &id, version, &moved).map(drop)
            })
            .await;
        assert_eq!(code(moved), "forbidden");
        let dressed = stage
            .act(&stage.coordinator, move |tx, host| {
                let dressed = events::Change {
                    dress_code: Some(I18n::one("en", "Batik")),
                    ..events::Change::default()
                };
                events::change(tx, host, &event.id, event.version, &dressed)
            })
            .await
            .unwrap();
        assert_eq!(dressed.calendar_sequence, 0, "calendars need not be told");
    });
}

#[test]
fn a_former_slug_leads_on_until_somebody_takes_it() {
    on_both(async |stage| {
        let rename = |slug: &'static str| {
            stage.act(&stage.owner, move |tx, host| {
                let seen = hosted::load(tx, host)?.version;
                let change = hosted::Change {
                    slug: Some(slug.to_owned()),
                    ..hosted::Change::default()
                };
                hosted::change(tx, host, seen, &change)
            })
        };
        let leads_to = |slug: &'static str| {
            let store = stage.site.store.clone();
            async move {
                store
                    .read(move |tx| occasion::find_by_slug(tx, slug))
                    .await
                    .unwrap()
            }
        };
        rename("our-day").await.unwrap();
        assert_eq!(leads_to("our-day").await.as_ref(), Some(&stage.occasion));
        assert_eq!(
            leads_to("aisyah-daniel").await.as_ref(),
            Some(&stage.occasion)
        );
        assert_eq!(
            fields(rename("No!").await),
            [("/slug".to_owned(), "slug_invalid")]
        );
        let who = stage.stranger.who.clone();
        let make = move |slug: &'static str| {
            let (store, who) = (stage.site.store.clone(), who.clone());
            async move {
                store
                    .write(move |tx| {
                        let new = hosted::Change {
                            slug: Some(slug.to_owned()),
                            title: Some(I18n::one("en", "Another")),
                            hosts: Some(I18n::one("en", "Others")),
                            time_zone: Some("asia/singapore".to_owned()),
                            ..hosted::Change::default()
                        };
                        hosted::create(tx, &who, &new, None)
                    })
                    .await
            }
        };
        assert_eq!(code(make("our-day").await), "slug_taken");
        let other = make("aisyah-daniel").await.unwrap();
        assert_eq!(leads_to("aisyah-daniel").await, Some(other));
        assert_eq!(code(rename("aisyah-daniel").await), "slug_taken");
    });
}

#[test]
fn an_occasion_moves_forward_and_back_but_is_not_closed_before_it_was_open() {
    on_both(async |stage| {
        use OccasionStatus::{Archived, Closed, Draft, Published};
        let to = |status| {
            stage.act(&stage.owner, move |tx, host| {
                hosted::set_status(tx, host, None, status).map(|occasion| occasion.status)
            })
        };
        for status in [Closed, Archived, Published, Draft, Published, Draft] {
            assert_eq!(to(status).await.unwrap(), status);
            assert_eq!(
                opens(stage, "RAHMA").await,
                matches!(status, Published | Closed)
            );
        }
        assert_eq!(code(to(Closed).await), "wrong_state");
    });
}

#[test]
fn a_food_need_that_somebody_has_is_put_away_and_not_deleted() {
    on_both(async |stage| {
        let remove = |key: &'static str| {
            stage.act(&stage.owner, move |tx, host| diets::remove(tx, host, key))
        };
        assert_eq!(remove("kosher").await.unwrap(), diets::Removed::Deleted);
        assert_eq!(remove("halal").await.unwrap(), diets::Removed::Deactivated);
        let left = stage.done(diets::list).await;
        assert!(left.iter().all(|(option, _)| option.key != "kosher"));
        let (halal, version) = left
            .into_iter()
            .find(|(option, _)| option.key == "halal")
            .unwrap();
        assert!(!halal.active);
        assert_eq!(version, 2);
        let new = |key: &str| diets::Change {
            key: Some(key.to_owned()),
            label: Some(I18n::one("en", "No nuts")),
            ..diets::Change::default()
        };
        let (first, second) = (new("no-nuts"), new("no-nuts"));
        stage
            .done(move |tx, host| diets::create(tx, host, &first))
            .await;
        let twice = stage
            .act(&stage.owner, move |tx, host| {
                diets::create(tx, host, &second)
            })
            .await;
        assert_eq!(fields(twice), [("/key".to_owned(), "not_unique")]);
    });
}

#[test]
fn the_last_owner_stays() {
    on_both(async |stage| {
        stage.give_password(&stage.owner).await;
        let (owner, coordinator) = (
            stage.owner.account.clone(),
            stage.coordinator.account.clone(),
        );
        let leave = owner.clone();
        let left = stage
            .act(&stage.owner, move |tx, host| {
                members::remove(tx, host, &leave)
            })
            .await;
        assert_eq!(code(left), "last_owner");
        let lower = stage
            .act(&stage.owner, move |tx, host| {
                members::change(tx, host, &owner, accounts::grant::Role::Observer)
            })
            .await;
        assert_eq!(code(lower), "last_owner");
        stage
            .act(&stage.coordinator, move |tx, host| {
                members::remove(tx, host, &coordinator)
            })
            .await
            .unwrap();
        let gone = stage.act(&stage.coordinator, members::list).await;
        assert_eq!(code(gone), "not_found", "who left is nobody there");
    });
}

#[test]
fn what_hosts_write_to_each_other_stays_out_of_the_log() {
    on_both(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let seen = version(stage, &id).await;
        stage
            .done(move |tx, host| {
                let change = Change {
                    host_note: Some("Seat away from Uncle".to_owned()),
                    ..Change::default()
                };
                invitations::change(tx, host, &id, seen, &change).map(drop)
            })
            .await;
        let lines = stage
            .site
            .store
            .read(|tx| {
                tx.all::<(String,)>(
                    platform::sql!("SELECT changes FROM audit WHERE action = 'invitation.changed'"),
                    &[],
                )
            })
            .await
            .unwrap();
        assert!(
            lines[0].0.contains("host_note") && !lines[0].0.contains("Uncle"),
            "{lines:?}"
        );
    });
}
