//! Tests of events that are cancelled and brought back, of asking everybody again after an event has
//! moved, and of a time zone that changes.

use jiff::SignedDuration;
use occasions::deadline_notices;
use occasions::hosting::{moved, ready};
use occasions::rsvp::waitlist;
use occasions::words::ReplyStatus::{self, Pending, Waitlisted, Yes};
use platform::{Rows, Tx, sql};
use serde_json::{Value, json};
use testkit::Visitor;

use crate::pages::HOME;
use crate::parts::portal;
use crate::stage::{Stage, call, on_both, on_default};

const RECEPTION: &str = "reception";

async fn event(stage: &Stage<'_>, host: &mut Visitor) -> Value {
    let all = host.get(&stage.at("/events")).await.with(200).json();
    let mut items = all["items"].as_array().unwrap().iter();
    items.find(|one| one["key"] == RECEPTION).unwrap().clone()
}

/// Changes the reception, and returns it.
async fn change(stage: &Stage<'_>, host: &mut Visitor, mut input: Value) -> Value {
    let event = event(stage, host).await;
    input["version"] = event["version"].clone();
    let at = format!("{}/{}", stage.at("/events"), event["id"].as_str().unwrap());
    call(host, "PATCH", &at, &input).await.with(200).json()
}

/// The statuses for the reception of a household's guests; none if nobody is asked.
async fn replies(stage: &Stage<'_>, code: &'static str) -> Vec<ReplyStatus> {
    let snapshot = portal(stage, &stage.invitation(code).await).await;
    let mut events = snapshot.events.iter();
    let Some(event) = events.find(|one| one.key == RECEPTION) else {
        return Vec::new();
    };
    let guests = snapshot.household.guests.iter();
    guests
        .filter_map(|guest| Some(guest.replies.get(&event.id)?.status))
        .collect()
}

async fn taken(stage: &Stage<'_>) -> i64 {
    let look = |tx: &mut Tx<'_>| {
        let (taken,): (i64,) = tx.one(
            sql!("SELECT seats_taken FROM event WHERE key = 'reception'"),
            &[],
        )?;
        Ok::<_, platform::StoreError>(taken)
    };
    stage.site.store.read(look).await.unwrap()
}

async fn run(stage: &Stage<'_>, statements: &'static [platform::store::Sql]) {
    stage
        .change(move |tx| {
            for statement in statements {
                tx.run(*statement, &[], Rows::Any)?;
            }
            Ok(())
        })
        .await;
}

/// Everybody of RAHMA and TANWE comes to the reception, and nobody else was told of it or answered.
async fn two_come(stage: &Stage<'_>) {
    run(
        stage,
        &[
            sql!("UPDATE invitation SET sent_at = NULL"),
            sql!("UPDATE reply SET status = 'pending', answered_at = NULL, answered_by = NULL"),
            sql!("UPDATE invitation SET phone = '+60 12-345 6789' WHERE code = 'RAHMA'"),
            sql!(
                "UPDATE reply SET status = 'yes', answered_at = 1, answered_by = 'household'
                 WHERE guest IN (SELECT guest.id FROM guest
                     JOIN invitation ON invitation.id = guest.invitation
                     WHERE code IN ('RAHMA', 'TANWE'))"
            ),
            sql!(
                "UPDATE event SET capacity = 100, seats_taken = (SELECT COUNT(*) FROM reply
                     WHERE reply.event = event.id AND reply.status = 'yes')
                 WHERE key = 'reception'"
            ),
        ],
    )
    .await;
}

async fn households_to_tell(stage: &Stage<'_>) -> usize {
    let all = stage
        .done(|tx, host| Ok(moved::list(tx, host.occasion())?))
        .await;
    all.first().map_or(0, |one| one.households.len())
}

#[test]
fn nobody_is_asked_or_counted_for_a_cancelled_event_and_answers_return_with_it() {
    on_both(async |stage| {
        let mut host = stage.public(&stage.owner);
        two_come(stage).await;
        let before = [replies(stage, "RAHMA").await, replies(stage, "TANWE").await];
        assert!(before.iter().flatten().all(|status| *status == Yes));
        let seats = taken(stage).await;
        let cancelled = change(stage, &mut host, json!({"cancelled": true})).await;
        assert_eq!(cancelled["cancelled"], true);
        assert_eq!(replies(stage, "RAHMA").await, []);
        assert_eq!(taken(stage).await, 0);
        assert_eq!(households_to_tell(stage).await, 2);

        // Guests read it on their page, in JSON and in their calendar.
        let snapshot = portal(stage, &stage.invitation("RAHMA").await).await;
        let mut guest = stage.nobody();
        let page = guest.get(&snapshot.link("")).await.with(200);
        assert!(page.text().contains("dibatalkan"), "{}", page.text());
        let state = guest
            .get("/api/v1/invitations/RAHMA")
            .await
            .with(200)
            .json();
        let keys = |list: &Value| -> Vec<String> {
            let all = list.as_array().unwrap().iter();
            all.map(|one| one["key"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(keys(&state["cancelled_events"]), [RECEPTION]);
        assert!(!keys(&state["events"]).contains(&RECEPTION.to_owned()));
        let calendar = guest.get(&snapshot.link("/calendar.ics")).await.with(200);
        assert_eq!(calendar.body.matches("STATUS:CANCELLED").count(), 1);

        // Hosts are told in their list, in what is open, and in the message for guests.
        let events = host.get(&format!("{HOME}/settings/events")).await.with(200);
        assert!(events.text().contains("Cancelled"), "{}", events.text());
        let ready = stage
            .done({
                let site = stage.site.clone();
                move |tx, host| ready::load(tx, &site, host)
            })
            .await;
        let mut points = ready.points.iter();
        assert!(points.any(|one| one.point == ready::ReadyPoint::Moved && one.count == 2));
        let id = cancelled["id"].as_str().unwrap();
        let moved = host.get(&format!("{HOME}/send/moved/{id}")).await.with(200);
        assert!(moved.text().contains("Cancelled"), "{}", moved.text());
        assert!(
            moved
                .forms()
                .iter()
                .all(|form| !form.action.ends_with("/ask"))
        );
        let walk = format!("{HOME}/send/walk?kind=moved&about={id}&by=whatsapp");
        let turn = host.get(&walk).await.with(200);
        assert!(turn.text().contains("dibatalkan"), "{}", turn.text());

        // Its day cannot be forgotten while answers are kept, and a change of it is no news.
        let at = format!("{}/{id}", stage.at("/events"));
        let version = event(stage, &mut host).await["version"].clone();
        let forget = json!({"day_known": false, "version": version});
        call(&mut host, "PATCH", &at, &forget).await.expect(422);
        change(stage, &mut host, json!({"venue": "Elsewhere"})).await;
        assert_eq!(households_to_tell(stage).await, 2);
        change(stage, &mut host, json!({"venue": cancelled["venue"]})).await;

        // Somebody joins a household meanwhile, and is asked when the event is back.
        stage.world.clock.advance(SignedDuration::from_mins(1));
        let rahma = stage.invitation("RAHMA").await;
        let rahma_version = portal(stage, &rahma).await.household.invitation.version;
        let aunt = json!({"invitation": rahma, "guests": [{"name": "Auntie Nor"}], "version": rahma_version});
        let guests = stage.at("/guests");
        call(&mut host, "POST", &guests, &aunt).await.expect(201);
        change(stage, &mut host, json!({"cancelled": false})).await;
        let mut with_aunt = before[0].clone();
        with_aunt.push(Pending);
        assert_eq!(replies(stage, "RAHMA").await, with_aunt);
        assert_eq!(replies(stage, "TANWE").await, before[1]);
        assert_eq!(taken(stage).await, seats);
        assert_eq!(households_to_tell(stage).await, 0, "nobody was told");
        let state = guest
            .get("/api/v1/invitations/RAHMA")
            .await
            .with(200)
            .json();
        assert_eq!(state["cancelled_events"], Value::Null);
        stage.expect_work();
    });
}

#[test]
fn a_form_cancels_what_people_come_to_only_if_that_is_meant() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        let id = event(stage, &mut host).await["id"].clone();
        let at = format!("{HOME}/settings/events/{}", id.as_str().unwrap());
        run(stage, &[sql!("UPDATE reply SET status = 'no'")]).await;
        for come in [true, false] {
            if come {
                two_come(stage).await;
            }
            let page = host.get(&at).await.with(200);
            let mut form = page.form(&at);
            form.tick("cancelled", "1");
            let mut saved = host.submit(&page, &form).await;
            if come {
                let asked = stage.say("host-field-cancel-right");
                assert!(saved.expect(422).text().contains(&asked));
                assert_eq!(event(stage, &mut host).await["cancelled"], false);
                let mut form = saved.form(&at);
                form.tick("cancel_right", "1");
                saved = host.submit(&saved, &form).await;
            }
            saved.expect(303);
            assert_eq!(event(stage, &mut host).await["cancelled"], true);
            change(stage, &mut host, json!({"cancelled": false})).await;
            run(stage, &[sql!("UPDATE reply SET status = 'no'")]).await;
        }
    });
}

#[test]
fn whoever_was_told_of_the_cancelling_hears_that_the_event_takes_place() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        two_come(stage).await;
        let event = change(stage, &mut host, json!({"cancelled": true})).await;
        let id = event["id"].as_str().unwrap();
        let rahma = stage.invitation("RAHMA").await;
        let handed = json!({"kind": "moved", "about": id, "channel": "whatsapp"});
        let at = format!("/api/v1/invitations/id/{rahma}/handed");
        call(&mut host, "POST", &at, &handed).await.expect(200);
        stage.world.clock.advance(SignedDuration::from_mins(1));
        change(stage, &mut host, json!({"cancelled": false})).await;
        assert_eq!(households_to_tell(stage).await, 2);
        let walk = format!("{HOME}/send/walk?kind=moved&about={id}&by=whatsapp");
        let turn = host.get(&walk).await.with(200);
        assert!(
            turn.text().contains("tidak jadi dibatalkan"),
            "{}",
            turn.text()
        );
    });
}

#[test]
fn an_occasion_whose_only_event_is_cancelled_says_so_and_asks_nothing() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        two_come(stage).await;
        let all = host.get(&stage.at("/events")).await.with(200).json();
        for one in all["items"].as_array().unwrap() {
            let at = format!("{}/{}", stage.at("/events"), one["id"].as_str().unwrap());
            let cancel = json!({"cancelled": true, "version": one["version"]});
            call(&mut host, "PATCH", &at, &cancel).await.expect(200);
        }
        let snapshot = portal(stage, &stage.invitation("RAHMA").await).await;
        let mut guest = stage.nobody();
        let page = guest.get(&snapshot.link("")).await.with(200);
        assert!(page.text().contains("dibatalkan"), "{}", page.text());
        let answer = snapshot.link("/rsvp");
        assert!(!page.links().iter().any(|link| link.href == answer));
        let public = guest.get("/o/aisyah-daniel?lang=en").await.with(200);
        assert!(public.text().contains("is cancelled."), "{}", public.text());
        for page in [
            "",
            "/settings/events",
            "/send",
            "/answers",
            "/ready",
            "/print",
        ] {
            host.get(&format!("{HOME}{page}")).await.expect(200);
        }
        stage.expect_work();
    });
}

#[test]
fn everybody_can_be_asked_again_and_keeps_the_seat_until_answers_close() {
    on_both(async |stage| {
        stage.world.expect_jobs(waitlist::MOVED_UP);
        let mut host = stage.public(&stage.owner);
        two_come(stage).await;
        // The event is full, and LATE1 waits.
        stage.switch(|switches| switches.waitlist = true).await;
        run(
            stage,
            &[
                sql!("UPDATE event SET capacity = seats_taken WHERE key = 'reception'"),
                sql!(
                    "UPDATE reply SET status = 'waitlisted', answered_at = 2
                     WHERE event IN (SELECT id FROM event WHERE key = 'reception')
                       AND guest IN (SELECT guest.id FROM guest
                           JOIN invitation ON invitation.id = guest.invitation
                           WHERE code = 'LATE1')"
                ),
            ],
        )
        .await;
        let seats = taken(stage).await;
        let event = event(stage, &mut host).await;
        let id = event["id"].as_str().unwrap();
        let at = stage.at(&format!("/sending/moved/{id}/ask-again"));
        call(&mut host, "POST", &at, &Value::Null).await.expect(404);
        let later = json!({"starts_at": "2027-01-23T12:00:00+08:00"});
        change(stage, &mut host, later).await;
        let asked = call(&mut host, "POST", &at, &Value::Null).await.with(200);
        let people = asked.json()["people"].as_i64().unwrap();
        assert_eq!(people, seats);
        for code in ["RAHMA", "TANWE"] {
            let all = replies(stage, code).await;
            assert!(all.iter().all(|one| *one == Pending), "{code}: {all:?}");
        }
        let waits = replies(stage, "LATE1").await;
        assert!(waits.iter().all(|one| *one == Waitlisted), "{waits:?}");
        assert_eq!(taken(stage).await, seats, "seats are kept");
        assert_eq!(households_to_tell(stage).await, 3);
        // Nobody is asked twice.
        call(&mut host, "POST", &at, &Value::Null).await.expect(409);
        let page = format!("{HOME}/send/moved/{id}");
        let page = host.get(&page).await.with(200);
        assert!(
            page.text().contains("asks them to answer again"),
            "{}",
            page.text()
        );
        let walk = format!("{HOME}/send/walk?kind=moved&about={id}&by=whatsapp");
        let turn = host.get(&walk).await.with(200);
        assert!(
            turn.text().contains("dapat hadir pada masa itu"),
            "{}",
            turn.text()
        );

        // RAHMA says yes once more, and takes no further seat.
        let mut guest = stage.nobody();
        let state = guest
            .get("/api/v1/invitations/RAHMA")
            .await
            .with(200)
            .json();
        let guests: Vec<Value> = state["guests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| json!({"id": one["id"], "replies": {RECEPTION: "yes"}}))
            .collect();
        let answer = json!({"version": state["version"], "guests": guests});
        let rsvp = "/api/v1/invitations/RAHMA/rsvp".to_owned();
        call(&mut guest, "PUT", &rsvp, &answer).await.expect(200);
        assert!(replies(stage, "RAHMA").await.iter().all(|one| *one == Yes));
        assert_eq!(taken(stage).await, seats);

        // The event moves once more: RAHMA, who has answered for the day between, can be asked again, and
        // TANWE, who has not, still is.
        stage.world.clock.advance(SignedDuration::from_mins(1));
        let once_more = json!({"starts_at": "2027-01-24T12:00:00+08:00"});
        change(stage, &mut host, once_more).await;
        let shown = host.get(&stage.at("/sending")).await.with(200).json();
        let moved = &shown["moved"][0];
        let count = |all: Vec<ReplyStatus>| i64::try_from(all.len()).unwrap();
        let of_rahma = count(replies(stage, "RAHMA").await);
        assert_eq!(
            [&moved["askable"], &moved["is_asked"]],
            [&json!(of_rahma), &json!(true)]
        );
        assert_eq!(households_to_tell(stage).await, 3);

        // TANWE does not answer in time: the seats go to LATE1, who fits into them.
        let freed = count(replies(stage, "TANWE").await);
        let waiting = count(replies(stage, "LATE1").await);
        assert!(freed >= waiting, "{freed} {waiting}");
        let day = SignedDuration::from_hours(24);
        let close = stage.world.clock.now() + day;
        stage
            .details(move |occasion| occasion.rsvp_deadline = Some(close))
            .await;
        stage.expect_work();
        stage.expect_confirmations();
        let sweep = async || {
            let sweep = deadline_notices::sweeps(stage.site.store.clone());
            stage.world.clock.advance(SignedDuration::from_mins(1));
            stage.working(vec![sweep]).run_due().await.unwrap();
        };
        sweep().await;
        assert_eq!(taken(stage).await, seats, "not yet");
        stage.world.clock.advance(day);
        sweep().await;
        let tanwe = replies(stage, "TANWE").await;
        assert!(tanwe.iter().all(|one| *one == Pending), "{tanwe:?}");
        let moved_up = replies(stage, "LATE1").await;
        assert!(moved_up.iter().all(|one| *one == Yes), "{moved_up:?}");
        assert_eq!(taken(stage).await, seats - freed + waiting);
    });
}

#[test]
fn nobody_is_asked_again_after_the_last_day_to_answer() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        two_come(stage).await;
        change(
            stage,
            &mut host,
            json!({"starts_at": "2027-01-23T12:00:00+08:00"}),
        )
        .await;
        run(
            stage,
            &[sql!(
                "UPDATE occasion SET rsvp_deadline = 1000, revision = revision + 1"
            )],
        )
        .await;
        let event = event(stage, &mut host).await;
        let id = event["id"].as_str().unwrap();
        let at = stage.at(&format!("/sending/moved/{id}/ask-again"));
        let refused = call(&mut host, "POST", &at, &Value::Null).await.with(422);
        assert_eq!(refused.json()["errors"][0]["code"], "deadline_over");
        let page = host.get(&format!("{HOME}/send/moved/{id}")).await.with(200);
        assert!(
            page.forms()
                .iter()
                .all(|form| !form.action.ends_with("/ask"))
        );
        let mut links = page.links().into_iter();
        assert!(links.any(|link| link.href == format!("{HOME}/settings/deadline")));
        assert!(replies(stage, "RAHMA").await.iter().all(|one| *one == Yes));
    });
}

#[test]
fn a_new_time_zone_is_told_where_guests_read_another_hour() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        two_come(stage).await;
        let occasion = stage.at("");
        let zone = async |host: &mut Visitor, zone: &str| {
            let version = host.get(&occasion).await.with(200).json()["version"].clone();
            let change = json!({"time_zone": zone, "version": version});
            call(host, "PATCH", &occasion, &change).await.expect(200);
        };
        zone(&mut host, "Asia/Singapore").await;
        assert_eq!(households_to_tell(stage).await, 0, "the same clock");
        zone(&mut host, "Asia/Bangkok").await;
        assert_eq!(households_to_tell(stage).await, 2);
        let all = stage
            .done(|tx, host| Ok(moved::list(tx, host.occasion())?))
            .await;
        let text = stage.site.catalogue.speak(&web::Language::ENGLISH);
        let bangkok = jiff::tz::TimeZone::get("Asia/Bangkok").unwrap();
        let first = &all[0];
        let [was, now] = [&first.was, &first.now].map(|one| one.say(&text, &bangkok));
        assert_ne!(was, now);
        // Readers could take the old hour for one of the new zone's clock.
        let occasion = stage.done(occasions::hosting::occasions::load).await;
        let [_, (_, was), (_, now)] = first.values(&text, &occasion);
        assert!(
            was.contains("Singapore") && now.contains("Bangkok"),
            "{was} {now}"
        );
        zone(&mut host, "Asia/Kuala_Lumpur").await;
        assert_eq!(households_to_tell(stage).await, 0, "as it was");
    });
}

#[test]
fn everybody_can_still_be_asked_again_when_everybody_knows() {
    on_default(async |stage| {
        let mut host = stage.public(&stage.owner);
        two_come(stage).await;
        let later = json!({"starts_at": "2027-01-23T12:00:00+08:00"});
        let event = change(stage, &mut host, later).await;
        let id = event["id"].as_str().unwrap();
        for code in ["RAHMA", "TANWE"] {
            let household = stage.invitation(code).await;
            let handed = json!({"kind": "moved", "about": id, "channel": "other"});
            let at = format!("/api/v1/invitations/id/{household}/handed");
            call(&mut host, "POST", &at, &handed).await.expect(200);
        }
        assert_eq!(households_to_tell(stage).await, 0);
        let page = format!("{HOME}/send/moved/{id}");
        let send = host.get(&format!("{HOME}/send")).await.with(200);
        assert!(
            send.links().iter().any(|link| link.href == page),
            "{}",
            send.text()
        );
        let shown = host.get(&page).await.with(200);
        assert!(
            shown.text().contains(&stage.say("host-nobody-told")),
            "{}",
            shown.text()
        );
        stage.world.clock.advance(SignedDuration::from_mins(1));
        let asked = host
            .submit(&shown, &shown.form(&format!("{page}/ask")))
            .await;
        host.follow(asked).await.expect(200);
        assert!(
            replies(stage, "RAHMA")
                .await
                .iter()
                .all(|one| *one == Pending)
        );
        assert_eq!(
            households_to_tell(stage).await,
            2,
            "they are told that they are asked"
        );
        // Nobody is asked twice about one change.
        let at = stage.at(&format!("/sending/moved/{id}/ask-again"));
        call(&mut host, "POST", &at, &Value::Null).await.expect(409);
        stage.expect_work();
    });
}
