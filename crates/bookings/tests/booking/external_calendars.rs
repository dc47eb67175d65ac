//! Tests of the calendars that providers keep elsewhere: reading them, hiding times, and what goes
//! wrong.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bookings::booking::State;
use platform::Platform;
use platform::outbound::{Names, Outbound};
use platform::{StoreError, Tx, sql};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use testkit::{Page, World};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::hours::{booked, listed, offer, tuesdays};
use crate::stage::{
    self, Booking, Person, Stage, count, erase, exported, go_to, of_platform, on_default, run,
    script, state,
};

const HOST: &str = "calendar.example";
const PATH: &str = "/api/v1/me/provider";

/// A server that hands out a calendar.
struct Server {
    port: u16,
    /// The status line and the body of each response.
    answer: Arc<Mutex<(&'static str, String)>>,
    requests: Arc<Mutex<usize>>,
}

impl Server {
    /// Starts the server. The world's outgoing requests may reach it, but no other private address.
    async fn start(world: &World) -> (Self, Stage<'_>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let names = [HOST.to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], PrivateKeyDer::Pkcs8(key))
            .unwrap();
        let private = vec!["10.0.0.1:443".parse().unwrap()];
        let names = HashMap::from([
            (HOST.to_owned(), vec![address]),
            ("inside.example".to_owned(), private),
        ]);
        let trusted = [cert.der().clone()];
        let outbound = Outbound::new(Names::Listed(names), vec![address], &trusted).unwrap();
        let server = Self {
            port: address.port(),
            answer: Arc::new(Mutex::new(("200 OK", String::new()))),
            requests: Arc::default(),
        };
        let (answer, requests) = (server.answer.clone(), server.requests.clone());
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut stream = BufReader::new(stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    stream.read_line(&mut head).await.unwrap();
                }
                *requests.lock().unwrap() += 1;
                let (status, body) = answer.lock().unwrap().clone();
                let head = format!(
                    "HTTP/1.1 {status}\r\nlocation: https://{HOST}/other\r\n\
                     content-length: {}\r\n\r\n",
                    body.len()
                );
                // The client closes the connection of a body that is too long.
                drop(stream.write_all(head.as_bytes()).await);
                drop(stream.write_all(body.as_bytes()).await);
                drop(stream.shutdown().await);
            }
        });
        let platform = Platform {
            outbound,
            ..world.platform.clone()
        };
        (server, of_platform(world, platform))
    }

    fn url(&self) -> String {
        format!("https://{HOST}:{}/private-7f3a/basic.ics", self.port)
    }

    fn answer(&self, status: &'static str, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    fn hand_out(&self, events: &[&str]) {
        let body = format!(
            "BEGIN:VCALENDAR\r\n{}END:VCALENDAR\r\n",
            events.concat().replace('|', "\r\n")
        );
        self.answer("200 OK", &body);
    }

    fn requests(&self) -> usize {
        *self.requests.lock().unwrap()
    }
}

/// A provider whose times are in UTC.
async fn provider(stage: &Stage<'_>) -> Person {
    let mut farah = stage::provider(stage).await;
    farah.zone("UTC").await;
    farah
}

/// An event from 09:30 to 10:00 UTC.
fn event(day: &str) -> String {
    format!("BEGIN:VEVENT|UID:{day}|DTSTART:{day}T093000Z|DTEND:{day}T100000Z|END:VEVENT|")
}

async fn set(stage: &Stage<'_>, person: &Person, address: &Value) -> Page {
    let mut own = script(stage, person);
    let body = json!({"calendar_url": address});
    own.call("PUT".parse().unwrap(), PATH, &body).await
}

async fn status(person: &mut Person) -> Value {
    let page = person.call("GET", PATH, &Value::Null).await;
    page.expect(200).json()["calendar"].clone()
}

/// Gives the calendar's address, and checks that the provider reads that not all of it was read.
async fn is_partial(server: &Server, stage: &Stage<'_>, person: &mut Person) {
    set(stage, person, &json!(server.url())).await.expect(200);
    stage.work().await;
    assert_eq!(status(person).await["error"], "partial");
    let page = person.browser.get("/me/slots/profile").await;
    let told = stage.say("external-calendar-partial");
    assert!(page.expect(200).text().contains(&told));
}

/// The ids of the slots that anybody may book.
async fn offered(stage: &Stage<'_>) -> Vec<Value> {
    let page = stage.visitor().get("/api/v1/slots").await;
    let all = page.expect(200).json()["items"].clone();
    let all = all.as_array().unwrap().iter();
    all.map(|one| one["id"].clone()).collect()
}

async fn busy_times(stage: &Stage<'_>) -> i64 {
    count(stage, sql!("SELECT COUNT(*) FROM provider_busy")).await
}

#[test]
fn what_overlaps_a_busy_time_is_neither_shown_nor_booked() {
    on_default(&async |stage: &Stage<'_>| {
        let (server, stage) = Server::start(stage.world).await;
        let mut farah = provider(&stage).await;
        let hidden = farah.offer("2026-12-01", "09:00", 0).await;
        let free = farah.offer("2026-12-02", "09:00", 0).await;
        // One that begins as the event ends.
        let next = farah.offer("2026-12-01", "10:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let path = format!("/book/{}", hidden["id"].as_str().unwrap());
        let page = aina.browser.get(&path).await;
        let form = page.expect(200).form(&path);
        let ids = json!({"slot_ids": [hidden["id"], free["id"]], "note": ""});
        let asked = aina.call("POST", "/api/v1/requests", &ids).await;
        let request = asked.expect(201).json()["id"].as_str().unwrap().to_owned();

        server.hand_out(&[&event("20261201")]);
        let told = set(&stage, &farah, &json!(server.url())).await;
        let told = told.expect(200).json();
        assert_eq!(told["calendar"], json!({"read_at": null, "error": null}));
        assert!(!told.to_string().contains("basic.ics"));
        stage.work().await;
        assert_eq!(
            offered(&stage).await,
            [next["id"].clone(), free["id"].clone()]
        );
        aina.browser.submit(&page, &form).await.expect(409);
        let body = json!({"slot_id": hidden["id"], "slot_version": 1});
        let refused = aina.call("POST", "/api/v1/bookings", &body).await;
        assert_eq!(refused.expect(409).json()["code"], "slot_taken");
        let refused = aina.call("POST", "/api/v1/requests", &ids).await;
        assert_eq!(refused.expect(409).json()["code"], "slot_taken");
        let confirm = format!("/api/v1/requests/{request}/confirm");
        let body = json!({"slot_id": hidden["id"]});
        let refused = farah.call("POST", &confirm, &body).await;
        assert_eq!(refused.expect(409).json()["code"], "slot_taken");
        let week = farah.browser.get("/me/slots?from=2026-12-01").await;
        assert!(week.expect(200).text().contains(&stage.say("slot-busy")));

        // The calendar is read again every hour.
        server.hand_out(&[]);
        go_to(&stage, "2026-11-23T22:00:00Z").await;
        assert_eq!(server.requests(), 2);
        assert_eq!(offered(&stage).await.len(), 3);
        aina.book(&hidden).await.expect(303);
    });
}

#[test]
fn repeated_events_hide_times_on_both_sides_of_a_change_of_the_clock() {
    on_default(&async |stage: &Stage<'_>| {
        let (server, stage) = Server::start(stage.world).await;
        let mut farah = provider(&stage).await;
        farah.zone("Europe/London").await;
        let mut slots = Vec::new();
        for day in ["2027-03-26", "2027-03-27", "2027-03-28", "2027-03-29"] {
            for time in ["08:00", "09:00", "10:00"] {
                slots.push(farah.offer(day, time, 0).await);
            }
        }
        // Each day at 09:00 in London, in a zone with a name of Windows.
        server.hand_out(&["BEGIN:VEVENT|UID:1|\
            DTSTART;TZID=GMT Standard Time:20260101T090000|DURATION:PT1H|\
            RRULE:FREQ=DAILY;UNTIL=20270328T080000Z|END:VEVENT|"]);
        set(&stage, &farah, &json!(server.url())).await.expect(200);
        stage.work().await;
        let seen = offered(&stage).await;
        let hidden: Vec<&Value> = slots
            .iter()
            .filter(|slot| !seen.contains(&slot["id"]))
            .map(|slot| &slot["starts_at"])
            .collect();
        assert_eq!(
            hidden,
            [
                "2027-03-26T09:00:00Z",
                "2027-03-27T09:00:00Z",
                "2027-03-28T08:00:00Z"
            ]
        );
    });
}

#[test]
fn an_event_over_a_booking_is_told_once_and_cancels_nothing() {
    on_default(&async |stage: &Stage<'_>| {
        let (server, stage) = Server::start(stage.world).await;
        let mut farah = provider(&stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let other = farah.offer("2026-12-02", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let booking = aina.coming().await;
        let id = booking["id"].as_str().unwrap();
        let mails = async || {
            let subject = stage.start("external-calendar-notice");
            let all = stage.world.mails().await;
            let told = all.iter().filter(|mail| mail.subject.starts_with(&subject));
            told.map(|mail| mail.recipient.clone()).collect::<Vec<_>>()
        };
        // The calendar has the booking itself from our mail, also at a time from which it was moved.
        let own = |day: &str| {
            let uid = format!("UID:{id}@{}", stage.site.url().host());
            event(day).replace(&format!("UID:{day}"), &uid)
        };
        server.hand_out(&[&own("20261201"), &own("20261202")]);
        set(&stage, &farah, &json!(server.url())).await.expect(200);
        stage.work().await;
        assert_eq!(mails().await, [""; 0]);
        assert_eq!(offered(&stage).await, [other["id"].clone()]);

        server.hand_out(&[&event("20261201")]);
        for hour in ["2026-11-23T22:00:00Z", "2026-11-23T23:30:00Z"] {
            go_to(&stage, hour).await;
            assert_eq!(mails().await, ["Farah.Ali@example.my"]);
        }
        assert_eq!(server.requests(), 3);
        assert_eq!(state(&stage, id).await, State::Confirmed);
        let notices = farah.browser.get("/me/notices").await;
        let notice = stage.start("external-calendar-notice");
        assert!(
            notices.expect(200).text().contains(&notice),
            "{}",
            notices.body
        );
    });
}

#[test]
fn an_own_class_in_the_calendar_takes_no_time() {
    on_default(&async |stage: &Stage<'_>| {
        let (server, stage) = Server::start(stage.world).await;
        let mut farah = provider(&stage).await;
        let hours = tuesdays(&mut farah).await;
        offer(&mut farah, &hours, &json!({"seats": 5})).await;
        stage.work().await;
        let mut aina = stage.person("Aina Yusof").await;
        let class = listed(&mut aina).await[4].clone();
        booked(&mut aina, &class).await;
        let slot = farah.offer("2026-12-09", "09:00", 0).await;
        let uid = format!(
            "UID:{}@{}",
            class["id"].as_str().unwrap(),
            stage.site.url().host()
        );
        let own = event("20261209").replace("UID:20261209", &uid);
        server.hand_out(&[&own]);
        set(&stage, &farah, &json!(server.url())).await.expect(200);
        stage.work().await;
        assert!(offered(&stage).await.contains(&slot["id"]));
    });
}

#[test]
fn what_cannot_be_read_keeps_the_last_good_times_and_says_why() {
    on_default(&async |stage: &Stage<'_>| {
        let (server, stage) = Server::start(stage.world).await;
        let mut farah = provider(&stage).await;
        let hidden = farah.offer("2026-12-01", "09:00", 0).await;
        server.hand_out(&[&event("20261201")]);
        set(&stage, &farah, &json!(server.url())).await.expect(200);
        stage.work().await;
        let read = status(&mut farah).await;
        assert_eq!(read["error"], Value::Null);
        let long = format!(
            "BEGIN:VCALENDAR\r\nX-A:{}\r\nEND:VCALENDAR\r\n",
            "x".repeat(1 << 20)
        );
        let whole = server.answer.lock().unwrap().1.clone();
        let cut = &whole[..whole.len() - 20];
        let mut at = stage.site.clock.now();
        for (status_line, body, error) in [
            ("200 OK", long.as_str(), "too_long"),
            ("200 OK", cut, "broken"),
            ("200 OK", "<!doctype html>", "broken"),
            ("302 Found", whole.as_str(), "status"),
            ("500 Internal Server Error", "", "status"),
        ] {
            server.answer(status_line, body);
            at += jiff::SignedDuration::from_hours(2);
            go_to(&stage, &at.to_string()).await;
            let now = status(&mut farah).await;
            assert_eq!(
                (&now["error"], &now["read_at"]),
                (&json!(error), &read["read_at"])
            );
            assert!(!offered(&stage).await.contains(&hidden["id"]), "{error}");
            let page = farah.browser.get("/me/slots/profile").await;
            let id = match error {
                "too_long" => "external-calendar-too-long",
                "broken" => "external-calendar-broken",
                _ => "external-calendar-status",
            };
            assert!(page.expect(200).text().contains(&stage.say(id)), "{error}");
            assert!(!page.body.contains("basic.ics"));
        }
        assert_eq!(server.requests(), 6, "a redirect is not followed");
    });
}

#[test]
fn only_public_servers_are_read_and_the_address_is_sealed() {
    on_default(&async |stage: &Stage<'_>| {
        let (server, stage) = Server::start(stage.world).await;
        let mut farah = provider(&stage).await;
        for wrong in [
            json!("http://calendar.example/a.ics"),
            json!("https://127.0.0.1/a.ics"),
            json!("https://user@calendar.example/a.ics"),
            json!("calendar"),
        ] {
            let refused = set(&stage, &farah, &wrong).await;
            let refused = refused.expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], "/calendar_url", "{wrong}");
        }
        set(&stage, &farah, &json!(5)).await.expect(422);
        // A name of an internal network is answered as one that does not exist.
        for name in ["inside", "nowhere"] {
            let address = json!(format!("https://{name}.example/a.ics"));
            set(&stage, &farah, &address).await.expect(200);
            stage.work().await;
            assert_eq!(status(&mut farah).await["error"], "unreachable", "{name}");
        }

        // Members have no calendar of their own, and tokens set none.
        let aina = stage.person("Aina Yusof").await;
        set(&stage, &aina, &json!(server.url())).await.expect(403);
        let body = json!({"calendar_url": server.url()});
        farah.call("PUT", PATH, &body).await.expect(403);

        set(&stage, &farah, &json!(server.url())).await.expect(200);
        let look = |tx: &mut Tx<'_>| -> Result<(Vec<u8>,), StoreError> {
            tx.one(sql!("SELECT address FROM provider_calendar"), &[])
        };
        let (sealed,) = stage.world.store().read(look).await.unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("basic.ics"));
        server.hand_out(&[]);
        stage.work().await;
        assert_eq!(status(&mut farah).await["error"], Value::Null);
    });
}

#[test]
fn a_calendar_that_is_removed_or_whose_owner_leaves_takes_its_times_along() {
    on_default(&async |stage: &Stage<'_>| {
        let (server, stage) = Server::start(stage.world).await;
        let mut farah = provider(&stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        server.hand_out(&[&event("20261201"), &event("20261203")]);
        let page = farah.browser.get("/me/slots/profile").await;
        let path = "/me/slots/profile/calendar";
        let mut form = page.expect(200).form(path);
        // An address as some programs show it.
        form.fill("calendar_url", &server.url().replace("https", "webcal"));
        farah.browser.submit(&page, &form).await.expect(303);
        stage.work().await;
        assert_eq!(busy_times(&stage).await, 2);
        // Saving the page without an address leaves the calendar, and so does the JSON.
        let page = farah.browser.get("/me/slots/profile").await;
        let form = page.expect(200).form(path);
        farah.browser.submit(&page, &form).await.expect(303);
        farah.profile("bio", "Pictures").await;
        assert_eq!(busy_times(&stage).await, 2);
        let copy = exported(&stage, &farah).await;
        let busy = &copy["calendar"]["busy"];
        assert_eq!(busy[0]["starts_at"], "2026-12-01T09:30:00Z", "{copy}");
        let page = farah.browser.get("/me/slots/profile").await;
        let mut form = page.expect(200).form(path);
        form.press("do", "end");
        farah.browser.submit(&page, &form).await.expect(303);
        assert_eq!(busy_times(&stage).await, 0);
        assert_eq!(status(&mut farah).await, Value::Null);
        assert_eq!(offered(&stage).await, [slot["id"].clone()]);
        let read = server.requests();
        go_to(&stage, "2026-11-24T10:00:00Z").await;
        assert_eq!(server.requests(), read);

        set(&stage, &farah, &json!(server.url())).await.expect(200);
        stage.work().await;
        assert_eq!(busy_times(&stage).await, 2);
        erase(&stage, &farah).await;
        assert_eq!(busy_times(&stage).await, 0);
        let read = server.requests();
        go_to(&stage, "2026-11-25T10:00:00Z").await;
        assert_eq!(server.requests(), read);
    });
}

#[test]
fn a_rule_with_too_many_instants_hides_days_and_is_told() {
    on_default(&async |stage: &Stage<'_>| {
        let (server, stage) = Server::start(stage.world).await;
        let mut farah = provider(&stage).await;
        let before = farah.offer("2026-12-01", "07:00", 0).await;
        farah.offer("2026-12-02", "22:00", 0).await;
        let after = farah.offer("2026-12-08", "09:00", 0).await;
        server.hand_out(
            &["BEGIN:VEVENT|UID:1|DTSTART:20261201T090000Z|DURATION:PT1M|\
            RRULE:FREQ=MINUTELY;UNTIL=20261207T180000Z|END:VEVENT|"],
        );
        is_partial(&server, &stage, &mut farah).await;
        assert_eq!(
            offered(&stage).await,
            [before["id"].clone(), after["id"].clone()]
        );
    });
}

#[test]
fn a_time_in_an_unknown_zone_hides_every_hour_that_it_may_be_and_is_told() {
    on_default(&async |stage: &Stage<'_>| {
        let (server, stage) = Server::start(stage.world).await;
        let mut farah = provider(&stage).await;
        let before = farah.offer("2026-12-01", "07:00", 0).await;
        farah.offer("2026-12-02", "08:00", 0).await;
        farah.offer("2026-12-03", "00:30", 0).await;
        let after = farah.offer("2026-12-08", "09:00", 0).await;
        server.hand_out(&[
            "BEGIN:VEVENT|UID:1|DTSTART;TZID=Here:20261202T120000|DURATION:PT1H|END:VEVENT|",
        ]);
        is_partial(&server, &stage, &mut farah).await;
        assert_eq!(
            offered(&stage).await,
            [before["id"].clone(), after["id"].clone()]
        );
    });
}

#[test]
fn a_reading_that_ends_its_worker_is_started_three_times() {
    on_default(&async |stage: &Stage<'_>| {
        let (server, stage) = Server::start(stage.world).await;
        let mut farah = provider(&stage).await;
        server.hand_out(&[]);
        set(&stage, &farah, &json!(server.url())).await.expect(200);
        let starts = sql!("UPDATE job SET starts = 3 WHERE kind = 'booking.calendar'");
        run(&stage, starts).await;
        stage.work().await;
        assert_eq!(server.requests(), 0);
        let now = status(&mut farah).await;
        assert_eq!(now, json!({"read_at": null, "error": "too_much"}));
        // It is tried again after a day, or when the address is set again.
        let at = stage.site.clock.now();
        for (hours, requests) in [(23, 0), (25, 1)] {
            let later = at + jiff::SignedDuration::from_hours(hours);
            go_to(&stage, &later.to_string()).await;
            assert_eq!(server.requests(), requests);
        }
        assert_eq!(status(&mut farah).await["error"], Value::Null);
    });
}
