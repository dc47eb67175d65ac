//! Tests of the owners' settings: the occasion, its events, dietary options and members. Also tests
//! what households can do before and after the deadline.

use jiff::SignedDuration;
use occasions::diet::DietaryOption;
use occasions::event::{self, PlannedEvent};
use occasions::hosting::invitations::{self, InvitationChange};
use occasions::hosting::locks::{self, Opening};
use occasions::hosting::{HostOf, Refusal, When, listing, members, occasions as hosted};
use occasions::hosting::{portals, resource};
use occasions::occasion;
use occasions::words::{Access, OccasionStatus};
use platform::{Rows, Tx, sql};
use serde_json::{Value, json};
use site::{Domains, freeze};
use web::Input;

use crate::parts::{opens, portal};
use crate::stage::{code, fields, on_default};

#[test]
fn locks_and_deadlines_say_beforehand_whom_they_close_out() {
    on_default(async |stage| {
        let open = stage
            .done(|tx, host| {
                let filter = listing::InvitationFilter {
                    access: Some(Access::Open),
                    ..listing::InvitationFilter::default()
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
                let change = json!({"rsvp_deadline": now}).into();
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

fn remove(
    tx: &mut Tx<'_>,
    host: &HostOf,
    event: &PlannedEvent,
    typed: &str,
) -> Result<(), Refusal> {
    let confirmed = Some((event.version, typed));
    let left = resource::remove::<PlannedEvent>(tx, host, event.id.as_str(), confirmed)?;
    // What people come to is cancelled first.
    left.map_or(Ok(()), |left| remove(tx, host, &left, typed))
}

#[test]
fn a_new_event_invites_everybody_and_the_last_one_stays() {
    on_default(async |stage| {
        let new =
            Input::from(json!({"name": {"en": "Tea"}, "starts_at": "2027-01-10T10:00:00+08:00"}));
        let tea = stage
            .done(move |tx, host| resource::create::<PlannedEvent>(tx, host, &new))
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
        let all = stage.done(resource::list::<PlannedEvent>).await;
        let (last, others) = all.split_last().unwrap();
        let wrong = last.clone();
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                remove(tx, host, &wrong, "yes")
            })
            .await;
        assert_eq!(
            fields(refused),
            [("/confirm".to_owned(), "confirmation_wrong")]
        );
        for event in others.iter().cloned() {
            stage
                .done(move |tx, host| remove(tx, host, &event, &event.key))
                .await;
        }
        let last = last.clone();
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                remove(tx, host, &last, &last.key)
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
fn an_event_that_is_open_to_all_has_every_household() {
    on_default(async |stage| {
        let id = stage.invitation("ROSSI").await;
        let invited = async || {
            let id = id.clone();
            let snapshot = stage
                .done(move |tx, host| portals::load(tx, host, &id))
                .await;
            let events = snapshot.invited_events();
            let events: Vec<String> = events.map(|event| event.key.clone()).collect();
            let guests = snapshot.household.guests.iter();
            let replies: Vec<usize> = guests.map(|guest| guest.replies.len()).collect();
            (events, replies, snapshot.household.invitation.version)
        };
        let choose = async |keys: &[&str]| {
            let (_, _, version) = invited().await;
            let change: InvitationChange =
                serde_json::from_value(json!({ "events": keys })).unwrap();
            let id = id.clone();
            stage
                .done(move |tx, host| invitations::change(tx, host, &id, version, &change))
                .await;
        };
        choose(&["nikah"]).await;
        let (events, replies, _) = invited().await;
        assert_eq!(events, ["nikah"]);
        assert!(replies.iter().all(|replies| *replies == 1));

        let open = async |key: &'static str, is_open: bool| {
            stage
                .done(move |tx, host| {
                    let all = event::list(tx, host.occasion())?;
                    let one = all.iter().find(|event| event.key == key).unwrap();
                    let input = Input::from(json!({ "open_to_all": is_open }));
                    resource::change::<PlannedEvent>(tx, host, one.id.as_str(), one.version, &input)
                        .map(drop)
                })
                .await;
        };
        open("reception", true).await;
        let (events, replies, _) = invited().await;
        assert_eq!(events, ["nikah", "reception"]);
        assert!(replies.iter().all(|replies| *replies == 2));
        // The reception is open to all, so a host cannot exclude a household from it.
        choose(&["nikah"]).await;
        assert_eq!(invited().await.0, ["nikah", "reception"]);
        open("reception", false).await;
        choose(&["nikah"]).await;
        assert_eq!(invited().await.0, ["nikah"]);
    });
}

#[test]
fn what_follows_an_event_hears_that_it_is_moved_or_gone() {
    on_default(async |stage| {
        let dates = |tx: &mut Tx<'_>, host: &HostOf| -> Result<_, Refusal> {
            Ok((occasions_all::DOMAIN.dates)(tx, host.account())?)
        };
        let all = stage.done(resource::list::<PlannedEvent>).await;
        let event = all[0].clone();
        let zone = stage.done(hosted::load).await.zone();
        let begins = event.starts_at.unwrap().to_zoned(zone).datetime();
        let listed = stage.done(dates).await;
        assert_eq!(listed.len(), all.len());
        let date = listed.iter().find(|date| date.id == event.id.as_str());
        let date = date.unwrap();
        assert!(begins.to_string().starts_with(&date.at), "{date:?}");
        assert!(date.label.contains("Akad nikah"), "{date:?}");
        let none = stage.act(&stage.stranger, dates).await;
        assert!(none.is_err() || none.unwrap().is_empty());

        let change = |input: Value| {
            let (id, input) = (event.id.to_string(), Input::from(input));
            stage.done(move |tx, host| {
                let old: PlannedEvent = resource::find(tx, host, &id)?;
                resource::change::<PlannedEvent>(tx, host, &id, old.version, &input)
            })
        };
        change(json!({"venue": "Elsewhere"})).await;
        assert_eq!(stage.world.jobs().await.len(), 0);
        change(json!({"starts_at": "2027-01-10T10:00:00+08:00"})).await;
        let jobs = stage.world.jobs().await;
        assert_eq!(jobs.len(), 1);
        assert_eq!(jobs[0].kind, "date.moved");
        let moved = stage.done(dates).await;
        let date = moved.iter().find(|date| date.id == event.id.as_str());
        assert_eq!(date.unwrap().at, "2027-01-10T10:00");

        let zone = Input::from(json!({"time_zone": "Asia/Tokyo"}));
        stage
            .done(move |tx, host| {
                let version = hosted::load(tx, host)?.version;
                hosted::change(tx, host, version, &zone)
            })
            .await;
        assert_eq!(stage.world.jobs().await.len(), all.len());
        let moved = stage.done(dates).await;
        let date = moved.iter().find(|date| date.id == event.id.as_str());
        assert_eq!(date.unwrap().at, "2027-01-10T11:00");
    });
}

#[test]
fn an_occasion_that_asked_for_it_freezes_the_server_around_its_events() {
    const DOMAINS: Domains = &[occasions_all::DOMAIN];

    on_default(async |stage| {
        let next =
            |tx: &mut Tx<'_>, _: &HostOf| -> Result<_, Refusal> { Ok(freeze::next(tx, DOMAINS)?) };
        let switch = |is_on: bool| {
            let input = Input::from(json!({"switches": {"freeze": is_on}}));
            stage.done(move |tx, host| {
                let version = hosted::load(tx, host)?.version;
                hosted::change(tx, host, version, &input)
            })
        };
        assert_eq!(stage.done(next).await, None);
        switch(true).await;
        let events = stage.done(resource::list::<PlannedEvent>).await;
        let begins = events
            .iter()
            .filter_map(|event| event.starts_at)
            .min()
            .unwrap();
        let found = stage.done(next).await.unwrap();
        assert_eq!(found.from, begins - SignedDuration::from_hours(12));
        let ends = events.iter().filter_map(|event| event.ends_at);
        assert!(ends.clone().any(|end| end == found.until), "{found:?}");

        let members = |by_staff: bool, sends_mail: bool| {
            stage.done(move |tx, _| -> Result<(), Refusal> {
                sql!(
                    "UPDATE occasion SET by_staff = :by_staff, sends_mail = :sends_mail",
                    by_staff,
                    sends_mail
                )
                .run(tx, Rows::Any)?;
                Ok(())
            })
        };
        members(false, false).await;
        assert_eq!(stage.done(next).await, None, "a member's occasion");
        members(false, true).await;
        assert_eq!(stage.done(next).await, Some(found));

        switch(false).await;
        assert_eq!(stage.done(next).await, None);
        switch(true).await;
        let last = ends.max().unwrap();
        let clock = &stage.world.clock;
        clock.advance(last.duration_since(stage.world.platform.clock.now()));
        assert_eq!(stage.done(next).await, None, "all events are over");
    });
}

#[test]
fn what_an_event_may_hold() {
    on_default(async |stage| {
        let wrong = Input::from(json!({
            "key": "nikah",
            "name": {"en": " "},
            "starts_at": "2027-01-10T10:00:00Z",
            "ends_at": "2027-01-10T10:00:00Z",
            "venue": "x".repeat(161),
            "map_url": "javascript:alert(1)",
            "capacity": 0,
            "schedule": [
                {"time": "9 o'clock", "title": {"en": "Tea"}},
                {"time": "10:00", "detail": {"en": "Milk?"}, "venue": "Garden"},
            ],
        }));
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                resource::create::<PlannedEvent>(tx, host, &wrong).map(drop)
            })
            .await;
        assert_eq!(
            fields(refused),
            [
                ("/name".to_owned(), "required"),
                ("/ends_at".to_owned(), "ends_before_start"),
                ("/venue".to_owned(), "too_long"),
                ("/map_url".to_owned(), "url_invalid"),
                ("/capacity".to_owned(), "out_of_range"),
                ("/key".to_owned(), "not_unique"),
                ("/schedule/0/time".to_owned(), "invalid"),
                ("/schedule/1/venue".to_owned(), "unknown_field"),
                ("/schedule/1/title".to_owned(), "required"),
            ]
        );
    });
}

#[test]
fn coordinators_write_texts_and_nothing_else() {
    on_default(async |stage| {
        let seen = stage.done(hosted::load).await.version;
        let change = |change: Value| {
            stage.act(&stage.coordinator, move |tx, host| {
                let seen = hosted::load(tx, host)?.version;
                hosted::change(tx, host, seen, &change.clone().into())
            })
        };
        let text = json!({"welcome": {"ms": "Selamat datang"}});
        assert_eq!(change(text).await.unwrap().version, seen + 1);
        for more in [
            json!({"slug": "another"}),
            json!({"rsvp_deadline": null}),
            json!({"welcome": {"ms": "Hai"}, "switches": {"notes": false}}),
        ] {
            assert_eq!(code(change(more).await), "forbidden");
        }
        let event = stage.done(resource::list::<PlannedEvent>).await[0].clone();
        let (id, version) = (event.id.clone(), event.version);
        let moved = stage
            .act(&stage.coordinator, move |tx, host| {
                let moved = json!({"venue": "Elsewhere"}).into();
                resource::change::<PlannedEvent>(tx, host, id.as_str(), version, &moved).map(drop)
            })
            .await;
        assert_eq!(code(moved), "forbidden");
        let dressed = stage
            .act(&stage.coordinator, move |tx, host| {
                let dressed = json!({"dress_code": {"en": "Batik"}, "invite_all": true}).into();
                let id = event.id.as_str();
                resource::change::<PlannedEvent>(tx, host, id, event.version, &dressed)
            })
            .await
            .unwrap();
        assert_eq!(dressed.calendar_sequence, 0, "calendars need not be told");
    });
}

#[test]
fn a_part_is_changed_alone_and_what_follows_from_it_is_settled() {
    on_default(async |stage| {
        let before = stage.done(hosted::load).await;
        let change = |change: Value| {
            stage.act(&stage.owner, move |tx, host| {
                let seen = hosted::load(tx, host)?.version;
                hosted::change(tx, host, seen, &change.clone().into())
            })
        };
        let sent = json!({
            "contact": {"phone": "013"},
            "theme": {"ground": "nila"},
            "switches": {"notes": false},
            "time_zone": "europe/rome",
            "rsvp_deadline": "2027-01-14",
            "languages": ["it", "EN", "it"],
            "currency": " eur ",
        });
        let after = change(sent).await.unwrap();
        assert_eq!(after.contact.phone, "013");
        assert_eq!(after.contact.name, before.contact.name);
        assert_eq!(after.theme.preset, before.theme.preset);
        assert_eq!(after.theme.way, Some(web::Way::Nila));
        let switches = occasion::Switches {
            notes: false,
            ..before.switches
        };
        assert_eq!(after.switches, switches);
        assert_eq!(after.time_zone, "Europe/Rome");
        let deadline = after.rsvp_deadline.map(|at| at.to_string());
        assert_eq!(deadline.as_deref(), Some("2027-01-14T23:00:00Z"));
        assert_eq!(after.languages, ["it", "en"]);
        assert_eq!(after.default_language, "it", "ms is offered no more");
        assert_eq!(after.currency, "EUR");
        let wrong = json!({
            "time_zone": "Mars/Olympus",
            "currency": "gold",
            "languages": [],
            "default_language": "ms",
            "kind": "heist",
            "contact": {"email": "nobody", "fax": "1"},
            "theme": {"preset": null, "ground": "gold"},
            "switches": {"dietary": "on"},
            "open_party_limit": 0,
            "rsvp_deadline": "soon",
        });
        assert_eq!(
            fields(change(wrong).await),
            [
                ("/rsvp_deadline".to_owned(), "date_invalid"),
                ("/theme/ground".to_owned(), "unknown_option"),
                ("/switches/dietary".to_owned(), "wrong_type"),
                ("/contact/fax".to_owned(), "unknown_field"),
                ("/contact/email".to_owned(), "email_invalid"),
                ("/languages".to_owned(), "required"),
                ("/default_language".to_owned(), "not_allowed"),
                ("/kind".to_owned(), "unknown_option"),
                ("/time_zone".to_owned(), "time_zone_unknown"),
                ("/currency".to_owned(), "unknown_option"),
                ("/open_party_limit".to_owned(), "out_of_range"),
            ]
        );
        let none = change(json!({"theme": {"ground": null}})).await.unwrap();
        assert_eq!(none.theme, before.theme);
    });
}

#[test]
fn a_former_slug_leads_on_until_somebody_takes_it() {
    on_default(async |stage| {
        let rename = |slug: &'static str| {
            stage.act(&stage.owner, move |tx, host| {
                let seen = hosted::load(tx, host)?.version;
                let change = json!({ "slug": slug }).into();
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
            let (site, who) = (stage.site.clone(), who.clone());
            let store = site.store.clone();
            async move {
                store
                    .write(move |tx| {
                        let new = json!({
                            "slug": slug,
                            "title": {"en": "Another"},
                            "hosts": {"en": "Others"},
                            "time_zone": "asia/singapore",
                        });
                        hosted::create(tx, &site, &who, &new.into(), None)
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
    on_default(async |stage| {
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
    on_default(async |stage| {
        let remove = |key: &'static str| {
            stage.act(&stage.owner, move |tx, host| {
                resource::remove::<DietaryOption>(tx, host, key, None)
            })
        };
        assert_eq!(remove("kosher").await.unwrap(), None);
        let halal = remove("halal").await.unwrap().unwrap();
        assert!(!halal.active);
        assert_eq!(halal.version, 2);
        let left = stage.done(resource::list::<DietaryOption>).await;
        assert!(left.iter().all(|option| option.key != "kosher"));
        assert!(left.contains(&halal));
        let create = |tx: &mut Tx<'_>, host: &HostOf| {
            let new = json!({"key": "no-nuts", "label": {"en": "No nuts"}});
            resource::create::<DietaryOption>(tx, host, &new.into())
        };
        stage.done(create).await;
        let twice = stage.act(&stage.owner, create).await;
        assert_eq!(fields(twice), [("/key".to_owned(), "not_unique")]);
    });
}

#[test]
fn the_last_owner_stays() {
    on_default(async |stage| {
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
                members::change(tx, host, &owner, occasions::words::Role::Observer)
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
