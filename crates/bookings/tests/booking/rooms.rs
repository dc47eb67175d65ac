//! Tests of the rooms that bookings reserve.

use bookings::booking::State;
use bookings::provider::PROVIDER;
use identity::grant::OWNER;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Page;

use crate::paying::withhold;
use crate::races;
use crate::stage::{
    Booking, Person, Stage, each_round, go_to, ledger, on_both, on_default, prove, provider,
    script, state,
};

const ROOMS: &str = "/api/v1/admin/rooms";

fn link(number: usize) -> String {
    format!("https://meet.jit.si/Room{number}")
}

pub(crate) async fn add_rooms(stage: &Stage<'_>, owner: &Person, count: usize) {
    let mut owner = script(stage, owner);
    for number in 1..=count {
        let body = json!({"name": format!("Room {number}"), "url": link(number)});
        let added = owner.call("POST".parse().unwrap(), ROOMS, &body).await;
        added.expect(201);
    }
}

/// Offers a one-hour session in a room.
pub(crate) async fn offer(
    provider: &mut Person,
    date: &str,
    time: &str,
    price_minor: i64,
) -> Value {
    let body = json!({
        "date": date, "time": time, "minutes": 60, "title": "Mentoring",
        "location_kind": "room_pool", "price_minor": price_minor,
    });
    let page = provider.call("POST", "/api/v1/me/slots", &body).await;
    page.expect(201);
    page.json()
}

pub(crate) async fn book(member: &mut Person, slot: &Value) -> Page {
    let body = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
    member.call("POST", "/api/v1/bookings", &body).await
}

/// Cancels the booking, and asserts that its link is hidden afterwards.
async fn cancel(member: &mut Person, booking: &Value) {
    let path = format!(
        "/api/v1/bookings/{}/cancel",
        booking["id"].as_str().unwrap()
    );
    let cancelled = member.call("POST", &path, &json!({})).await;
    assert_eq!(cancelled.expect(200).json()["location"], "");
}

#[test]
fn an_offer_in_a_room_of_the_site_needs_one() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let week = json!([{"day": "tuesday", "opens": "17:00", "closes": "20:00"}]);
        let hours = json!({"name": "Evenings", "time_zone": "Europe/Berlin", "week": week});
        let hours = farah.call("POST", "/api/v1/me/schedules", &hours).await;
        let offer = json!({"schedule_id": hours.with(201).json()["id"], "title": "Mentoring",
            "location_kind": "room_pool", "lengths": [{"minutes": 60}]});
        let refused = farah.call("POST", "/api/v1/me/offers", &offer).await;
        let codes = refused.with(422).json()["errors"][0].clone();
        assert_eq!(
            (&codes["pointer"], &codes["code"]),
            (&json!("/location_kind"), &json!("rooms_missing"))
        );
        add_rooms(stage, &owner, 1).await;
        farah
            .call("POST", "/api/v1/me/offers", &offer)
            .await
            .expect(201);
    });
}

#[test]
fn a_booking_takes_a_free_room_and_shows_its_link_while_it_is_confirmed() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        add_rooms(stage, &owner, 2).await;
        let mut farah = provider(stage).await;
        let mut mei = stage.person_as("Mei Lin", PROVIDER).await;
        let mut siva = stage.person_as("Siva Raman", PROVIDER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let slot = offer(&mut farah, "2026-12-01", "09:00", 0).await;
        let same_time = offer(&mut mei, "2026-12-01", "09:30", 0).await;
        let too_near = offer(&mut siva, "2026-12-01", "10:10", 0).await;
        let near_enough = offer(&mut siva, "2026-12-01", "11:15", 0).await;
        let first = book(&mut aina, &slot).await.expect(201).json();
        let second = book(&mut daniel, &same_time).await.expect(201).json();
        assert_ne!(first["location"], second["location"]);
        let links = [link(1), link(2)];
        let own = first["location"].as_str().unwrap().to_owned();
        assert!(links.contains(&own), "{own}");
        let mails = stage.world.mails().await;
        let told = mails.iter().filter(|mail| mail.text.contains(&own)).count();
        assert_eq!(told, 2, "{mails:?}");
        // The first room stays free for 15 minutes after its session, until 10:15.
        let refused = book(&mut aina, &too_near).await;
        assert_eq!(refused.expect(409).json()["code"], "room_pool_empty");
        cancel(&mut aina, &first).await;
        book(&mut aina, &too_near).await.expect(201);
        // The sessions in the two rooms end at 10:30 and at 11:10.
        let third = book(&mut daniel, &near_enough).await.expect(201).json();
        assert_eq!(third["location"], second["location"]);
        // Nobody else reads a link, neither before booking nor after the session.
        let id = near_enough["id"].as_str().unwrap();
        let offered = stage.visitor().get(&format!("/book/{id}")).await;
        assert!(!offered.body.contains("meet.jit.si"), "{}", offered.body);
        go_to(stage, "2026-12-01T06:30:00Z").await;
        let id = third["id"].as_str().unwrap();
        assert_eq!(state(stage, id).await, State::Completed);
        let path = format!("/api/v1/bookings/{id}");
        let over = daniel.call("GET", &path, &Value::Null).await;
        assert_eq!(over.expect(200).json()["location"], "");
    });
}

#[test]
fn a_moved_booking_takes_a_room_at_its_new_time() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        add_rooms(stage, &owner, 1).await;
        let mut farah = provider(stage).await;
        let mut mei = stage.person_as("Mei Lin", PROVIDER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let old = offer(&mut farah, "2026-12-01", "09:00", 0).await;
        let taken = offer(&mut farah, "2026-12-02", "09:00", 0).await;
        let next = offer(&mut farah, "2026-12-01", "10:00", 0).await;
        let other = offer(&mut mei, "2026-12-02", "09:00", 0).await;
        let other_old = offer(&mut mei, "2026-12-01", "08:00", 0).await;
        book(&mut daniel, &other).await.expect(201);
        let booking = book(&mut aina, &old).await.expect(201).json();
        let path = format!(
            "/api/v1/bookings/{}/reschedule",
            booking["id"].as_str().unwrap()
        );
        let to = |slot: &Value| json!({"slot_id": slot["id"], "slot_version": slot["version"]});
        let refused = aina.call("POST", &path, &to(&taken)).await;
        assert_eq!(refused.expect(409).json()["code"], "room_pool_empty");
        let refused = book(&mut daniel, &other_old).await;
        assert_eq!(refused.expect(409).json()["code"], "room_pool_empty");
        // The booking's own room does not hinder its move.
        let moved = aina
            .call("POST", &path, &to(&next))
            .await
            .expect(200)
            .json();
        assert_eq!(moved["location"], link(1));
        book(&mut daniel, &other_old).await.expect(201);
    });
}

#[test]
fn a_room_is_kept_with_the_time_while_the_member_pays() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        add_rooms(stage, &owner, 1).await;
        let mut farah = provider(stage).await;
        let mut mei = stage.person_as("Mei Lin", PROVIDER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let priced = offer(&mut farah, "2026-12-01", "09:00", 18_000).await;
        let free = offer(&mut mei, "2026-12-01", "09:00", 0).await;
        let (pay, booking) = aina.hold(&priced).await;
        let page = aina.browser.get(&booking).await;
        assert!(!page.expect(200).body.contains("meet.jit.si"));
        let refused = book(&mut daniel, &free).await;
        assert_eq!(refused.expect(409).json()["code"], "room_pool_empty");
        // The hold and its room end, and somebody else takes the room. The late money goes back.
        let back = aina.press(&pay, "pay").await;
        let back = back.expect(303).location().unwrap().to_owned();
        withhold(stage, true).await;
        stage.world.clock.advance(SignedDuration::from_mins(15));
        stage.work().await;
        book(&mut daniel, &free).await.expect(201);
        withhold(stage, false).await;
        aina.browser.get(&back).await.expect(303);
        stage.work().await;
        let id = booking.rsplit('/').next().unwrap();
        assert_eq!(state(stage, id).await, State::Expired);
        assert_eq!(ledger(stage).await, 0);
    });
}

#[test]
fn administrators_keep_the_rooms() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        for path in ["/admin/rooms", ROOMS] {
            farah.browser.get(path).await.expect(403);
        }
        prove(stage, &mut owner).await;
        let page = owner.browser.get("/admin/rooms/new").await;
        let mut form = page.expect(200).form("/admin/rooms/new");
        form.fill("name", "Blue room");
        for wrong in [
            "http://meet.jit.si/Blue",
            "https://meet.jit.si.example/Blue",
        ] {
            form.fill("url", wrong);
            owner.browser.submit(&page, &form).await.expect(422);
        }
        form.fill("url", "https://meet.jit.si/Blue");
        owner.browser.submit(&page, &form).await.expect(303);
        let mut own = script(stage, &owner);
        let body = json!({"name": "Green room", "url": "https://meet.jit.si/Blue"});
        let refused = own.call("POST".parse().unwrap(), ROOMS, &body).await;
        assert_eq!(
            refused.expect(422).json()["errors"][0]["code"],
            "room_exists"
        );
        let text = owner.browser.get("/admin/rooms").await.text();
        assert!(text.contains("Blue room") && text.contains("https://meet.jit.si/Blue"));
        // A provider cannot give such a time a link of its own.
        let both = json!({
            "date": "2026-12-01", "time": "09:00", "minutes": 60, "title": "Mentoring",
            "location_kind": "room_pool", "location": "https://meet.jit.si/Own",
        });
        let refused = farah.call("POST", "/api/v1/me/slots", &both).await;
        assert_eq!(
            refused.expect(422).json()["errors"][0]["code"],
            "location_invalid"
        );
        // A room that a booking took is deactivated, and the booking keeps it.
        let slot = offer(&mut farah, "2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        book(&mut aina, &slot).await.expect(201);
        let all = own.get(ROOMS).await.json();
        let id = all["items"][0]["id"].as_str().unwrap();
        let path = format!("{ROOMS}/{id}");
        let left = own
            .call("DELETE".parse().unwrap(), &path, &Value::Null)
            .await;
        assert_eq!(left.expect(200).json()["active"], false);
        assert_eq!(aina.coming().await["location"], "https://meet.jit.si/Blue");
        let later = offer(&mut farah, "2026-12-02", "09:00", 0).await;
        let refused = book(&mut aina, &later).await;
        assert_eq!(refused.expect(409).json()["code"], "room_pool_empty");
    });
}

/// Of three bookings at one time and two rooms, two get a room each.
#[test]
fn as_many_book_at_once_as_there_are_rooms() {
    on_both(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        add_rooms(stage, &owner, 2).await;
        let (mut providers, mut members) = (Vec::new(), Vec::new());
        for number in 1..=3 {
            let name = format!("Provider {number}");
            providers.push(stage.person_as(&name, PROVIDER).await);
            members.push(stage.person(&format!("Member {number}")).await);
        }
        let (here, there) = (stage.world.store().clone(), stage.world.second_store());
        each_round(stage, async |round| {
            let mut tasks = Vec::new();
            for (number, member) in members.iter().enumerate() {
                let slot = offer(&mut providers[number], &races::day(round), "09:00", 0).await;
                let store = if number == 0 { &there } else { &here };
                tasks.push(races::book(store.clone(), stage, member, &slot));
            }
            let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
            let mut refused = Vec::new();
            for task in tasks {
                refused.extend(task.await.unwrap().err());
            }
            assert_eq!(refused.len(), 1, "round {round}: {refused:?}");
            let refused = format!("{refused:?}");
            assert!(
                refused.contains("room_pool_empty"),
                "round {round}: {refused}"
            );
        })
        .await;
    });
}
