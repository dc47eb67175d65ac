//! Tests of hosts' changes to invitations: what each change does, and when it is refused.

use jiff::SignedDuration;
use occasions::event::Seats;
use occasions::guest::Guest;
use occasions::hosting::invitations;
use occasions::hosting::locks::{self, Opening};
use occasions::hosting::{Current, Refusal, answers, codes, guests, listing};
use occasions::id::InvitationId;
use occasions::words::ReplyStatus;
use platform::StoreError;
use platform::limits::guess::Try;
use serde_json::json;
use testkit::{Page, Visitor};

use crate::pages::HOME;
use crate::parts::{named, opens, portal, reply, sent, version};
use crate::stage::{Stage, call, code, fields, on_default};

/// A host's change to an invitation or to a guest on the invitation. The change is refused unless
/// the invitation has this version.
type Step = fn(
    &mut platform::Tx<'_>,
    &occasions::hosting::HostOf,
    &InvitationId,
    &Guest,
    i64,
) -> Result<(), Refusal>;

#[test]
fn every_change_of_an_invitation_raises_its_version_and_is_told_and_written_down() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let steps: [(&str, &str, &str, Step); 9] = [
            (
                "invitation.changed",
                "invitation",
                "edited",
                |tx, host, id, _, version| {
                    let change = sent(json!({ "household": "Keluarga Baharu" }));
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
                    let change = named("Rahman Baharu");
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
                |tx, host, id, _, _| {
                    invitations::restore(tx, host, id, None, Seats::Free).map(drop)
                },
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
            let (event, payload) = stage.news().await.pop().unwrap();
            assert_eq!(
                (event.as_str(), &payload["version"]),
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
                let filter = listing::InvitationFilter {
                    q: "siti baharu".to_owned(),
                    ..listing::InvitationFilter::default()
                };
                listing::all_invitations(tx, host, &filter)
            })
            .await;
        assert_eq!(found.len(), 1, "searches look into what was changed");
    });
}

#[test]
fn a_stale_version_changes_nothing_and_shows_what_is_stored() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let (seen, other) = (version(stage, &id).await, id.clone());
        let rename = |name: &str| sent(json!({ "household": name }));
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
        let Err(Refusal::VersionConflict(Current::Invitation(stored))) = late else {
            panic!("{late:?}")
        };
        assert_eq!(stored.household.invitation.details.household, "First");
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
    on_default(async |stage| {
        let wrong = sent(json!({
            "household": " \n ",
            "email": "nobody",
            "phone": "1".repeat(33),
            "language": "sw",
            "plus_ones": 21,
            "children": -1,
            "deadline_override": "soon",
            "host_message": "x".repeat(2_001),
            "tags": [""],
            "events": ["nikah", "gala"],
            "guests": [
                { "name": "" },
                { "name": "Mei", "age": 4, "diets": ["sand"] },
                { "name": "Lin", "is_child": true, "age": 18, "diets": ["other"] },
            ],
        }));
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                invitations::create(tx, host, &wrong, None).map(drop)
            })
            .await;
        let found = fields(refused);
        let expected = [
            ("/household", "required"),
            ("/language", "unknown_option"),
            ("/tags/0", "required"),
            ("/plus_ones", "out_of_range"),
            ("/children", "out_of_range"),
            ("/email", "email_invalid"),
            ("/phone", "too_long"),
            ("/deadline_override", "date_invalid"),
            ("/host_message", "too_long"),
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
fn a_number_that_has_lost_its_digits_is_refused() {
    on_default(async |stage| {
        let wrong = sent(json!({
            "household": "Keluarga Aminah",
            "phone": "6.01E+10",
            "guests": [{ "name": "Aminah", "phone": "6,01e10" }, { "name": "Bakar", "phone": "?" }],
        }));
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                invitations::create(tx, host, &wrong, None).map(drop)
            })
            .await;
        let expected = ["/phone", "/guests/0/phone"];
        let expected = expected.map(|pointer| (pointer.to_owned(), "phone_digits_lost"));
        assert_eq!(fields(refused), expected);
    });
}

#[test]
fn a_new_invitation_has_the_occasion_s_defaults_all_events_and_a_code_of_its_own() {
    on_default(async |stage| {
        let new = sent(json!({
            "household": "Keluarga Aminah",
            "guests": [{ "name": "Aminah" }, { "name": "Bakar" }],
        }));
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
                let filter = listing::InvitationFilter {
                    q: "aminah bakar".to_owned(),
                    ..listing::InvitationFilter::default()
                };
                listing::all_invitations(tx, host, &filter)
            })
            .await;
        assert_eq!(found.len(), 1);
    });
}

#[test]
fn codes_set_by_hand_are_no_names_no_others_and_counted() {
    on_default(async |stage| {
        let set = |typed: &'static str, insists: bool| async move {
            let chosen = stage
                .act(&stage.owner, move |tx, host| {
                    codes::try_by_hand(tx, host, typed, insists)
                })
                .await?;
            stage
                .act(&stage.owner, move |tx, host| {
                    let new = sent(json!({ "household": "Keluarga Zulkifli" }));
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
        // The attempts above count as four guesses. A text that cannot be a code, such as `four`,
        // reveals nothing and does not count.
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
fn setting_the_codes_of_others_is_guessing_them() {
    on_default(async |stage| {
        let all = stage
            .done(|tx, host| {
                listing::all_invitations(tx, host, &listing::InvitationFilter::default())
            })
            .await;
        let mut owner = stage.visitor(&stage.owner);
        let now = stage.site.clock.now();
        let guess = Try {
            client: "192.0.2.1".parse().unwrap(),
            code: "ZZZZZ",
            name: None,
            needs_name: false,
        };
        let may_guess = || stage.budget.attempt_now(guess, now).is_ok();
        for (number, line) in all[..10].iter().enumerate() {
            assert!(may_guess());
            let page = set_by_hand(stage, &mut owner, number, line.code.as_deref().unwrap()).await;
            assert!(page.status == 409, "{number}: {}", page.body);
            assert!(
                page.body.contains("code_taken")
                    || page.text().contains(&stage.say("problem-code-taken"))
            );
        }
        assert!(!may_guess(), "the budget of that address is used up");
        for number in 0..3 {
            let page = set_by_hand(stage, &mut owner, number, "K7PWD").await;
            assert_eq!(page.status, 429, "{number}: {}", page.body);
            assert!(
                page.body
                    .contains(&stage.start("problem-too-many-attempts")),
                "{}",
                page.body
            );
        }
        assert!(!opens(stage, "K7PWD").await, "a free code is not tried");
    });
}

/// Sets a code. `number` selects one of the three operations that can set codes.
async fn set_by_hand(stage: &Stage<'_>, host: &mut Visitor, number: usize, code: &str) -> Page {
    if number.is_multiple_of(3) {
        let new = json!({"household": "Ours", "code": code, "insist_on_code": true});
        return call(host, "POST", &stage.at("/invitations"), &new).await;
    }
    let (address, action, field) = if number % 3 == 1 {
        let address = format!("{HOME}/invites/new");
        (address.clone(), address, ("household", "Ours"))
    } else {
        let id = stage.invitation("LATE1").await;
        let address = format!("{HOME}/invites/{id}");
        (
            address.clone(),
            format!("{address}/code"),
            ("confirm", "LATE1"),
        )
    };
    let page = host.get(&address).await;
    let mut form = page.form(&action);
    form.fill(field.0, field.1)
        .fill("code", code)
        .tick("insist_on_code", "1");
    if form.value("guests").is_some() {
        form.fill("guests", "Ours");
    }
    host.submit(&page, &form).await
}

#[test]
fn a_replaced_code_opens_nothing_for_nobody() {
    on_default(async |stage| {
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
    on_default(async |stage| {
        let seats = |stage: &Stage<'_>| {
            let store = stage.site.store.clone();
            let occasion = stage.occasion.clone();
            async move {
                store
                    .read(move |tx| {
                        let taken = ::occasions::event::seats_taken(tx, &occasion)?;
                        let confirmed = taken.iter().map(|(_, seats)| seats.confirmed);
                        Ok::<_, StoreError>(confirmed.sum::<i64>())
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
                    invitations::restore(tx, host, &id, None, Seats::Free).map(drop)
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
                invitations::change(tx, host, &other, seen, &sent(json!({}))).map(drop)
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
fn what_hosts_write_to_each_other_stays_out_of_the_log() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let seen = version(stage, &id).await;
        stage
            .done(move |tx, host| {
                let change = sent(json!({
                    "host_note": "Seat away from Uncle",
                    "email": "uncle@example.com",
                    "phone": "012-345",
                    "address": "1 Jalan Uncle",
                }));
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
        for field in ["host_note", "email", "phone", "address"] {
            assert!(lines[0].0.contains(field), "{field}: {lines:?}");
        }
        for value in ["Uncle", "uncle", "012"] {
            assert!(!lines[0].0.contains(value), "{value}: {lines:?}");
        }
    });
}
